/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The older way to a device: by its IOMMU group (/dev/vfio/N) and a container (/dev/vfio/vfio).
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise.
 */
#ifndef IV_GROUP_H
#define IV_GROUP_H

#include <stdint.h>
#include <linux/vfio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IV_CONTAINER_PATH "/dev/vfio/vfio"

int iv_container_open(void);
int iv_container_has(int container, unsigned long extension);
int iv_container_set_type(int container, unsigned long type);
int iv_container_map(int container, const void *va, uint64_t iova, uint64_t size, uint32_t flags);
int iv_container_unmap(int container, uint64_t iova, uint64_t size, uint32_t flags,
		       uint64_t *unmapped);

int iv_group_open(const char *pci_addr);
int iv_group_status(int group);
int iv_group_set_container(int group, int container);
int iv_group_unset_container(int group);
int iv_group_device(int group, const char *name);

#ifdef __cplusplus
}
#endif

#endif
