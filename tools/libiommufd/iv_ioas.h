/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Address spaces: an IOAS maps IOVAs, which devices use, to memory.
 *
 * Addresses and lengths are in bytes; both ends of a mapping are multiples of the alignment that
 * iv_ioas_ranges() tells. Functions return 0 (or what they say) on success and a negative errno
 * otherwise; iv_error_message() says more.
 */
#ifndef IV_IOAS_H
#define IV_IOAS_H

#include <stdint.h>
#include <linux/iommufd.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IV_DMA_READ IOMMU_IOAS_MAP_READABLE
#define IV_DMA_WRITE IOMMU_IOAS_MAP_WRITEABLE
#define IV_DMA_RW (IV_DMA_READ | IV_DMA_WRITE)

int iv_ioas_alloc(int iommufd, uint32_t *ioas_id);
int iv_ioas_map(int iommufd, uint32_t ioas_id, const void *va, uint64_t length, uint64_t iova,
		uint32_t prot);
int iv_ioas_map_anywhere(int iommufd, uint32_t ioas_id, const void *va, uint64_t length,
			 uint32_t prot, uint64_t *iova);
int iv_ioas_map_file(int iommufd, uint32_t ioas_id, int fd, uint64_t start, uint64_t length,
		     uint64_t iova, uint32_t prot);
int iv_ioas_copy(int iommufd, uint32_t dst_ioas_id, uint64_t dst_iova, uint32_t src_ioas_id,
		 uint64_t src_iova, uint64_t length, uint32_t prot);
int iv_ioas_unmap(int iommufd, uint32_t ioas_id, uint64_t iova, uint64_t length,
		  uint64_t *unmapped);
int iv_ioas_ranges(int iommufd, uint32_t ioas_id, struct iommu_iova_range *ranges,
		   uint32_t *count, uint64_t *alignment);
int iv_ioas_allow(int iommufd, uint32_t ioas_id, const struct iommu_iova_range *ranges,
		  uint32_t count);

#ifdef __cplusplus
}
#endif

#endif
