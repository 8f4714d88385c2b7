/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * More about binding devices than a userspace driver wants to know.
 */
#ifndef IOMMUFD_BIND_H
#define IOMMUFD_BIND_H

#include <stdbool.h>
#include <stdint.h>

/* A driver of the stock kernel that takes any PCI function, and uses the kernel's own DMA. */
#define IOMMUFD_NATIVE_DRIVER "uio_pci_generic"

bool iommufd_native_driver_load(void);
bool iommufd_device_is_parked(int fd);
bool iommufd_device_is_bound(int fd);
int iommufd_bind_elsewhere(int fd);
bool iommufd_becomes_bindable(int fd);

#endif
