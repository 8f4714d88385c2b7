// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a hardware page table holds: areas, handed to the IOMMU driver in the longest pieces that
 * it can take, with one synchronisation for each area.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "hwpt.h"

/* The page size to map @left bytes with at @iova and @phys, and how many such pages in a row. */
static size_t choose_page_size(unsigned long sizes, unsigned long iova, phys_addr_t phys,
			       unsigned long left, size_t *count)
{
	unsigned long usable = sizes & GENMASK(__fls(left), 0);
	unsigned long align = iova | phys;
	unsigned long page, next;

	if (align)
		usable &= GENMASK(__ffs(align), 0);
	page = 1UL << __fls(usable);
	/* Stop where a larger page could be used from: both addresses reach it at once or never. */
	sizes &= ~GENMASK(__fls(page), 0);
	if (sizes) {
		next = 1UL << __ffs(sizes);
		if (!((iova ^ phys) & (next - 1))) {
			unsigned long until = next - (iova & (next - 1));

			if (until + next <= left)
				left = until;
		}
	}
	*count = left / page;
	return page;
}

/* Maps contiguous memory. @done counts up what is mapped, also on failure. */
static int map_run(struct iommu_domain *domain, unsigned long sizes, unsigned long iova,
		   phys_addr_t phys, unsigned long length, int prot, unsigned long *done)
{
	while (length) {
		size_t count, size, mapped = 0;
		int rc;

		size = choose_page_size(sizes, iova, phys, length, &count);
		rc = domain->ops->map_pages(domain, iova, phys, size, count, prot,
					    GFP_KERNEL_ACCOUNT, &mapped);
		*done += mapped;
		if (rc)
			return rc;
		if (WARN_ON_ONCE(!mapped))
			return -EINVAL;
		iova += mapped;
		phys += mapped;
		length -= mapped;
	}
	return 0;
}

static unsigned long hwpt_page_sizes(struct iommufd_hwpt *hwpt)
{
	unsigned long sizes = hwpt->domain->pgsize_bitmap;

	return hwpt->ioas->small_pages ? sizes & GENMASK(PAGE_SHIFT, 0) : sizes;
}

static int map_runs(struct iommufd_hwpt *hwpt, struct iommufd_area *area, unsigned long *done)
{
	const unsigned long sizes = hwpt_page_sizes(hwpt);
	const unsigned long iova = area->node.start;
	const unsigned long length = area_length(area);
	struct iommufd_runs_iter iter;

	iommufd_runs_seek(&iter, &area->backing->runs, area->offset >> PAGE_SHIFT);
	while (*done < length) {
		unsigned long nr, pfn;
		int rc;

		nr = iommufd_runs_next(&iter, (length - *done) >> PAGE_SHIFT, &pfn);
		if (WARN_ON_ONCE(!nr))
			return -EINVAL;
		rc = map_run(hwpt->domain, sizes, iova + *done, PFN_PHYS(pfn), nr << PAGE_SHIFT,
			     area->prot, done);
		if (rc)
			return rc;
		if (need_resched()) {
			if (fatal_signal_pending(current))
				return -EINTR;
			cond_resched();
		}
	}
	return 0;
}

/**
 * iommufd_hwpt_map_area() - put an area into a page table
 * @hwpt: the page table
 * @area: an area that is pinned; page-aligned, as the IOAS' alignment demands
 *
 * Return: 0; -ENOMEM, -EINTR or an errno of the IOMMU driver, with the page table as it was.
 */
int iommufd_hwpt_map_area(struct iommufd_hwpt *hwpt, struct iommufd_area *area)
{
	struct iommu_domain *domain = hwpt->domain;
	unsigned long done = 0;
	int rc;

	rc = map_runs(hwpt, area, &done);
	if (!rc && domain->ops->iotlb_sync_map)
		rc = domain->ops->iotlb_sync_map(domain, area->node.start, done);
	if (rc && done)
		iommu_unmap(domain, area->node.start, done);
	return rc;
}

/**
 * iommufd_hwpt_unmap_area() - take an area out of a page table
 * @hwpt: the page table
 * @area: an area that is in it
 *
 * When this returns, no device can reach the memory through @hwpt.
 */
void iommufd_hwpt_unmap_area(struct iommufd_hwpt *hwpt, struct iommufd_area *area)
{
	size_t unmapped = iommu_unmap(hwpt->domain, area->node.start, area_length(area));

	WARN_ON_ONCE(unmapped != area_length(area));
}
