/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libiv: userspace side of iommufd and vfio devices, on the public uAPI alone.
 */
#ifndef IV_H
#define IV_H

#include "iv_config.h"
#include "iv_device.h"
#include "iv_dma.h"
#include "iv_edu.h"
#include "iv_feature.h"
#include "iv_group.h"
#include "iv_hot_reset.h"
#include "iv_iommufd.h"
#include "iv_irq.h"
#include "iv_migration.h"
#include "iv_netlink.h"
#include "iv_nvme.h"
#include "iv_region.h"
#include "iv_sysfs.h"
#include "iv_vblk.h"
#include "iv_virtq.h"

#endif
