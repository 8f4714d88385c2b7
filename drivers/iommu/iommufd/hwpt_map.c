// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a hardware page table holds: areas, handed to the IOMMU driver in the longest pieces that
 * it can take, with one synchronisation for each area.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "hwpt.h"

/* How many runs are mapped between two looks at the clock and at signals. */
#define RUNS_BETWEEN_BREAKS	256
/* How much of a run is mapped at once while pages are mapped one by one. */
#define PAGES_ONE_BY_ONE	256UL

/**
 * struct map_job - mapping an area in progress
 * @domain: the page table
 * @sizes: page sizes that may be used
 * @smallest: log2 of the smallest of them
 * @next_size: the second smallest; shorter runs need no choice. 0: there is only one.
 * @iova: where the next run goes
 * @prot: IOMMU_READ, IOMMU_WRITE, IOMMU_CACHE
 * @one_by_one: hand out no two pages together: the VT-d driver makes large pages of them, whatever
 *              size it was told, and what is mapped with small pages must be unmappable by pages
 */
struct map_job {
	struct iommu_domain *domain;
	unsigned long sizes;
	unsigned int smallest;
	unsigned long next_size;
	unsigned long iova;
	int prot;
	bool one_by_one;
};

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
	*count = left >> __ffs(page);
	return page;
}

/* Maps contiguous memory. @job->iova counts up by what is mapped, also on failure. */
static int map_run(struct map_job *job, phys_addr_t phys, unsigned long length)
{
	while (length) {
		size_t size = 1UL << job->smallest, count = length >> job->smallest, mapped = 0;
		int rc;

		if (length >= job->next_size && job->next_size)
			size = choose_page_size(job->sizes, job->iova, phys, length, &count);
		if (job->one_by_one)
			count = 1;
		rc = job->domain->ops->map_pages(job->domain, job->iova, phys, size, count,
						 job->prot, GFP_KERNEL_ACCOUNT, &mapped);
		job->iova += mapped;
		if (rc)
			return rc;
		if (WARN_ON_ONCE(!mapped))
			return -EINVAL;
		phys += mapped;
		length -= mapped;
	}
	return 0;
}

static int take_break(void)
{
	cond_resched();
	return fatal_signal_pending(current) ? -EINTR : 0;
}

static int map_runs(struct map_job *job, struct iommufd_area *area)
{
	unsigned long skip = offset_in_page(area->offset);
	unsigned long left = area_length(area);
	unsigned long pages = PFN_UP(skip + left);
	unsigned long most = job->one_by_one ? PAGES_ONE_BY_ONE : ULONG_MAX;
	struct iommufd_runs_iter iter;
	unsigned int runs = 0;

	iommufd_runs_seek(&iter, &area->backing->runs, area->offset >> PAGE_SHIFT);
	while (left) {
		unsigned long pfn, nr = iommufd_runs_next(&iter, min(pages, most), &pfn);
		unsigned long length = min(left, (nr << PAGE_SHIFT) - skip);
		int rc;

		if (WARN_ON_ONCE(!nr))
			return -EINVAL;
		rc = map_run(job, PFN_PHYS(pfn) + skip, length);
		if (!rc && !(++runs % RUNS_BETWEEN_BREAKS))
			rc = take_break();
		if (rc)
			return rc;
		/* Only the first page may be used from its middle on. */
		skip = 0;
		left -= length;
		pages -= nr;
	}
	return 0;
}

static void job_init(struct map_job *job, struct iommufd_hwpt *hwpt, struct iommufd_area *area)
{
	unsigned long sizes = hwpt->domain->pgsize_bitmap, larger;

	if (hwpt->ioas->small_pages)
		sizes &= GENMASK(PAGE_SHIFT, 0);
	larger = sizes & (sizes - 1);
	*job = (struct map_job) {
		.domain = hwpt->domain,
		.sizes = sizes,
		.smallest = __ffs(sizes),
		.next_size = larger ? 1UL << __ffs(larger) : 0,
		.iova = area->node.start,
		.prot = area->prot,
		.one_by_one = hwpt->ioas->small_pages,
	};
}

/**
 * iommufd_hwpt_map_area() - put an area into a page table
 * @hwpt: the page table
 * @area: an area that is pinned; aligned as the IOAS demands it
 *
 * Return: 0; -ENOMEM, -EINTR or an errno of the IOMMU driver, with the page table as it was.
 */
int iommufd_hwpt_map_area(struct iommufd_hwpt *hwpt, struct iommufd_area *area)
{
	const unsigned long iova = area->node.start;
	struct iommu_domain *domain = hwpt->domain;
	struct map_job job;
	int rc;

	job_init(&job, hwpt, area);
	rc = map_runs(&job, area);
	if (!rc && domain->ops->iotlb_sync_map)
		rc = domain->ops->iotlb_sync_map(domain, iova, job.iova - iova);
	if (rc && job.iova != iova)
		iommu_unmap(domain, iova, job.iova - iova);
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
