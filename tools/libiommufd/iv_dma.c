// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Memory for DMA.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "iv_dma.h"
#include "iv_ioas.h"
#include "private.h"

/**
 * iv_dma_alloc() - allocate zeroed memory that a device may read and write
 * @dma: to be filled; iv_dma_free() it
 * @iommufd: a context
 * @ioas_id: an address space in it
 * @iova: where the device is to see the memory
 * @size: in bytes, rounded up to whole pages
 *
 * Return: 0, or a negative errno; then @dma is empty.
 */
int iv_dma_alloc(struct iv_dma *dma, int iommufd, uint32_t ioas_id, uint64_t iova, size_t size)
{
	size_t page = sysconf(_SC_PAGESIZE);
	int ret;
	void *va;

	*dma = (struct iv_dma) { 0 };
	size = (size + page - 1) / page * page;
	va = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (va == MAP_FAILED)
		return iv_fail(-errno, NULL, "memory of %zu bytes: allocate", size);
	ret = iv_ioas_map(iommufd, ioas_id, va, size, iova, IV_DMA_RW);
	if (ret) {
		munmap(va, size);
		return ret;
	}
	*dma = (struct iv_dma) {
		.va = va,
		.size = size,
		.iova = iova,
		.iommufd = iommufd,
		.ioas_id = ioas_id,
	};
	return 0;
}

/**
 * iv_dma_free() - undo iv_dma_alloc()
 * @dma: the memory; an empty one is left alone
 */
void iv_dma_free(struct iv_dma *dma)
{
	if (!dma->va)
		return;
	iv_ioas_unmap(dma->iommufd, dma->ioas_id, dma->iova, dma->size, NULL);
	munmap(dma->va, dma->size);
	*dma = (struct iv_dma) { 0 };
}
