/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hot resets of PCI devices: of the slot or the bus, with all functions there.
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise.
 */
#ifndef IV_HOT_RESET_H
#define IV_HOT_RESET_H

#include <stdint.h>
#include <linux/vfio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IV_HOT_RESET_MAX 64

/**
 * struct iv_hot_reset - what a hot reset would reset
 * @flags: VFIO_PCI_HOT_RESET_FLAG_*
 * @count: elements of @devices
 * @devices: the functions
 */
struct iv_hot_reset {
	uint32_t flags;
	uint32_t count;
	struct vfio_pci_dependent_device devices[IV_HOT_RESET_MAX];
};

int iv_hot_reset_info(int fd, struct iv_hot_reset *info);
int iv_hot_reset(int fd);
const struct vfio_pci_dependent_device *iv_hot_reset_find(const struct iv_hot_reset *info,
							  const char *pci_addr);

#ifdef __cplusplus
}
#endif

#endif
