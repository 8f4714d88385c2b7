/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ioctls of a VFIO container, as a context of /dev/iommu answers them.
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise.
 */
#ifndef TYPE1_H
#define TYPE1_H

#include <stddef.h>
#include <stdint.h>
#include <linux/vfio.h>

#define TYPE1_MAP_RW (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)
#define TYPE1_UNMAP_SIZE offsetof(struct vfio_iommu_type1_dma_unmap, data)

int type1_set(int iommufd, unsigned long type);
int type1_check_extension(int iommufd, unsigned long extension);
int type1_ioas_set(int iommufd, uint32_t ioas_id);
int type1_ioas_clear(int iommufd);
int64_t type1_ioas_get(int iommufd);
int type1_map(int iommufd, const void *va, uint64_t iova, uint64_t size, uint32_t flags);
int64_t type1_unmap(int iommufd, uint64_t iova, uint64_t size, uint32_t flags);
int64_t type1_unmap_all(int iommufd);

#endif
