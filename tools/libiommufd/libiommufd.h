/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libiommufd: iommufd and vfio devices for programs, on the kernel's public interface alone.
 *
 * iv_ is the library's prefix, IV_ that of its macros. All its functions return 0 (or what they
 * say) on success and a negative errno otherwise. Nothing but file descriptors is shared between
 * its calls, so they may be made from any thread as the system calls below them may.
 * libiommufd(7) explains it with an example.
 */
#ifndef LIBIOMMUFD_H
#define LIBIOMMUFD_H

#include "iv_config.h"
#include "iv_device.h"
#include "iv_dma.h"
#include "iv_error.h"
#include "iv_feature.h"
#include "iv_group.h"
#include "iv_hot_reset.h"
#include "iv_hwpt.h"
#include "iv_ioas.h"
#include "iv_iommufd.h"
#include "iv_irq.h"
#include "iv_netlink.h"
#include "iv_pasid.h"
#include "iv_region.h"
#include "iv_sysfs.h"

#endif
