/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory for DMA: anonymous, zeroed, page-aligned, mapped into an IOAS.
 */
#ifndef IV_DMA_H
#define IV_DMA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct iv_dma - a buffer that this process and a device share
 * @va: where the process sees it; NULL when there is none
 * @size: in bytes, a multiple of the page size
 * @iova: where the device sees it
 * @iommufd: the context it is mapped in
 * @ioas_id: the address space it is mapped in
 */
struct iv_dma {
	void *va;
	size_t size;
	uint64_t iova;
	int iommufd;
	uint32_t ioas_id;
};

int iv_dma_alloc(struct iv_dma *dma, int iommufd, uint32_t ioas_id, uint64_t iova, size_t size);
void iv_dma_free(struct iv_dma *dma);

#ifdef __cplusplus
}
#endif

#endif
