// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include <libiommufd.h>
#include "test_memory.h"
#include "test_wait.h"

#define PINNED_TIMEOUT_MS 2000

/**
 * iommufd_ioas_exists() - whether a number names an IOAS
 * @iommufd: the context
 * @ioas_id: the number
 */
bool iommufd_ioas_exists(int iommufd, uint32_t ioas_id)
{
	struct iommu_iova_range ranges[IOMMUFD_RANGES_MAX];
	uint32_t count = IOMMUFD_RANGES_MAX;
	uint64_t alignment;

	return iv_ioas_ranges(iommufd, ioas_id, ranges, &count, &alignment) == 0;
}

/**
 * iommufd_is_empty() - whether a context owns no object at all
 * @iommufd: the context, in its default accounting mode
 *
 * The accounting mode can be set only while there is no object.
 */
bool iommufd_is_empty(int iommufd)
{
	return iv_option_set(iommufd, IOMMU_OPTION_RLIMIT_MODE, 0, 0) == 0;
}

/**
 * iommufd_iova_is_free() - whether a page at an IOVA could be mapped, found out by mapping it
 * @iommufd: the context
 * @ioas_id: the IOAS
 * @iova: a multiple of the page size
 */
bool iommufd_iova_is_free(int iommufd, uint32_t ioas_id, uint64_t iova)
{
	static char page[IOMMUFD_PAGE] __attribute__((aligned(IOMMUFD_PAGE)));

	if (iv_ioas_map(iommufd, ioas_id, page, IOMMUFD_PAGE, iova, IV_DMA_RW))
		return false;
	return iv_ioas_unmap(iommufd, ioas_id, iova, IOMMUFD_PAGE, NULL) == 0;
}

/**
 * iommufd_ioas_is_empty() - whether nothing was mapped, found out by unmapping everything
 * @iommufd: the context
 * @ioas_id: the IOAS
 */
bool iommufd_ioas_is_empty(int iommufd, uint32_t ioas_id)
{
	uint64_t unmapped = 1;

	return iv_ioas_unmap(iommufd, ioas_id, 0, UINT64_MAX, &unmapped) == 0 && !unmapped;
}

/**
 * iommufd_iova_is_usable() - whether an IOVA is in the ranges that an IOAS offers
 * @iommufd: the context
 * @ioas_id: the IOAS
 * @iova: any address
 */
bool iommufd_iova_is_usable(int iommufd, uint32_t ioas_id, uint64_t iova)
{
	struct iommu_iova_range ranges[IOMMUFD_RANGES_MAX];
	uint32_t i, count = IOMMUFD_RANGES_MAX;
	uint64_t alignment;

	if (iv_ioas_ranges(iommufd, ioas_id, ranges, &count, &alignment))
		return false;
	for (i = 0; i < count; i++)
		if (ranges[i].start <= iova && iova <= ranges[i].last)
			return true;
	return false;
}

static bool pinned_is(void *pages)
{
	return test_pinned_pages() == *(int64_t *)pages;
}

/**
 * iommufd_pinned_becomes() - whether the count of pinned pages reaches a value within two seconds
 * @pages: the value
 *
 * For counts that change after a process has died: its files are closed a moment later.
 */
bool iommufd_pinned_becomes(int64_t pages)
{
	return test_wait_until(pinned_is, &pages, PINNED_TIMEOUT_MS);
}

/**
 * iommufd_next_id() - the number that the next object gets, found out by making one
 * @iommufd: the context
 *
 * Numbers are given out lowest first, so it is the same as before if and only if no object has come
 * or gone below it.
 *
 * Return: the number, or 0 if none can be made.
 */
uint32_t iommufd_next_id(int iommufd)
{
	uint32_t id;

	if (iv_ioas_alloc(iommufd, &id) || iv_iommufd_destroy(iommufd, id))
		return 0;
	return id;
}
