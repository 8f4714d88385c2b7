/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vfio devices that migrate, for tests: one for each set of abilities that there is.
 */
#ifndef __IOMMUFD_MOCK_MIGRATE_H
#define __IOMMUFD_MOCK_MIGRATE_H

#include <linux/platform_device.h>

#define MOCK_MIGRATE_DEVICES	4

extern struct platform_driver mock_migrate_driver;

#endif
