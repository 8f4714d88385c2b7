/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What tests and demo have in common: libiommufd, and drivers for the devices that they drive,
 * which are no part of it. Those have the library's prefix, too, as they are written like it.
 */
#ifndef IV_H
#define IV_H

#include <libiommufd.h>
#include "iv_edu.h"
#include "iv_migration.h"
#include "iv_nvme.h"
#include "iv_vblk.h"
#include "iv_virtq.h"

#endif
