// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a hardware page table holds: areas, handed to the IOMMU driver in the longest pieces that
 * it can take, with one synchronisation for each area.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "hwpt.h"

/* How many runs are mapped between two looks at the clock and at signals. */
#define RUNS_BETWEEN_BREAKS	256UL
/* How much of a run is mapped at once while pages are mapped one by one. */
#define PAGES_ONE_BY_ONE	256UL

/**
 * struct map_job - mapping an area in progress
 * @domain: the page table
 * @sizes: page sizes that may be used
 * @iova: where the next run goes
 * @prot: IOMMU_READ, IOMMU_WRITE, IOMMU_CACHE
 * @one_by_one: hand out no two pages together: the VT-d driver makes large pages of them, whatever
 *              size it was told, and what is mapped with small pages must be unmappable by pages
 */
struct map_job {
	struct iommu_domain *domain;
	unsigned long sizes;
	unsigned long iova;
	int prot;
	bool one_by_one;
};

static unsigned long lowest_bit(unsigned long bits)
{
	return bits & -bits;
}

/* The page size to map @left bytes with at @iova and @phys, and how many such pages in a row. */
static __always_inline size_t choose_page_size(unsigned long sizes, unsigned long iova,
					       phys_addr_t phys, unsigned long left, size_t *count)
{
	unsigned long align = iova | phys;
	unsigned long page = lowest_bit(sizes), larger = sizes ^ page;

	/* Too short for any but the smallest pages, or there are no others */
	if (left < lowest_bit(larger) || !larger)
		goto count;
	sizes &= GENMASK(__fls(left), 0);
	if (align)
		sizes &= GENMASK(__ffs(align), 0);
	page = 1UL << __fls(sizes);
	/* Stop where a larger page could be used from: both addresses reach it at once or never. */
	larger &= ~GENMASK(__fls(page), 0);
	if (larger) {
		unsigned long next = lowest_bit(larger);
		unsigned long until = next - (iova & (next - 1));

		if (!((iova ^ phys) & (next - 1)) && until + next <= left)
			left = until;
	}
count:
	*count = left >> __ffs(page);
	return page;
}

/*
 * How many of @count pages of @size at @iova one call may map: no more than lie in one table of 512
 * entries. A driver may fail half-way and not say how far it got, as VT-d's does: what is in the
 * page table then would stay there, with the memory unpinned. It fails where it lacks memory for a
 * table, and in a call that needs only one of the lowest level it does so before its first entry.
 */
static size_t count_in_table(unsigned long iova, size_t size, size_t count)
{
	unsigned long table = size << (PAGE_SHIFT - 3);

	return table ? min(count, (table - (iova & (table - 1))) >> __ffs(size)) : count;
}

/* Maps contiguous memory. @job->iova counts up by what is mapped, also on failure. */
static int map_run(struct map_job *job, phys_addr_t phys, unsigned long length)
{
	while (length) {
		size_t count, mapped = 0;
		size_t size = choose_page_size(job->sizes, job->iova, phys, length, &count);
		int rc;

		count = job->one_by_one ? 1 : count_in_table(job->iova, size, count);
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

/*
 * Maps runs of one page each for as long as such follow, up to @most. This is all that there is to
 * do for each page of scattered memory: nothing is chosen here.
 */
static noinline int map_lone_pages(struct map_job *job, struct iommufd_runs_iter *iter,
				   unsigned long most)
{
	struct iommu_domain *domain = job->domain;
	typeof(domain->ops->map_pages) map_pages = domain->ops->map_pages;
	const u64 *run = iter->run, *end = run + min_t(unsigned long, most, iter->end - run);
	unsigned long iova = job->iova;
	const int prot = job->prot;
	int rc = 0;

	for (; run < end && iommufd_run_is_page(*run); run++) {
		size_t mapped = 0;

		rc = map_pages(domain, iova, PFN_PHYS(iommufd_run_pfn(*run)), PAGE_SIZE, 1, prot,
			       GFP_KERNEL_ACCOUNT, &mapped);
		iova += mapped;
		if (!rc && WARN_ON_ONCE(mapped != PAGE_SIZE))
			rc = -EINVAL;
		if (rc)
			break;
	}
	job->iova = iova;
	iter->run = run;
	return rc;
}

/*
 * Maps pages from the position of @iter on that lie by themselves, if there are some. Returns a
 * negative errno, or how many bytes it has mapped.
 */
static long map_some_lone_pages(struct map_job *job, struct iommufd_runs_iter *iter,
				unsigned long left)
{
	const unsigned long iova = job->iova;
	int rc;

	if (iter->skip || iter->run == iter->end || !iommufd_run_is_page(*iter->run) ||
	    !(job->sizes & PAGE_SIZE) || !PAGE_ALIGNED(iova))
		return 0;
	rc = map_lone_pages(job, iter, min(left >> PAGE_SHIFT, RUNS_BETWEEN_BREAKS));
	return rc ?: take_break() ?: job->iova - iova;
}

/* Maps the next run, or what is left of it, but no more than @left bytes. Returns how many. */
static long map_next_run(struct map_job *job, struct iommufd_runs_iter *iter, unsigned long skip,
			 unsigned long left)
{
	unsigned long most = job->one_by_one ? PAGES_ONE_BY_ONE : ULONG_MAX;
	unsigned long pfn, nr = iommufd_runs_next(iter, min(PFN_UP(skip + left), most), &pfn);
	unsigned long length = min(left, (nr << PAGE_SHIFT) - skip);

	if (WARN_ON_ONCE(!nr))
		return -EINVAL;
	return map_run(job, PFN_PHYS(pfn) + skip, length) ?: length;
}

static int map_runs(struct map_job *job, struct iommufd_area *area)
{
	unsigned long skip = offset_in_page(area->offset);
	unsigned long left = area_length(area);
	struct iommufd_runs_iter iter;
	unsigned int runs = 0;

	iommufd_runs_seek(&iter, &area->backing->runs, area->offset >> PAGE_SHIFT);
	while (left) {
		long done = skip ? 0 : map_some_lone_pages(job, &iter, left);

		if (!done)
			done = map_next_run(job, &iter, skip, left);
		if (done > 0 && !(++runs % RUNS_BETWEEN_BREAKS))
			done = take_break() ?: done;
		if (done < 0)
			return done;
		/* Only the first page may be used from its middle on. */
		skip = 0;
		left -= done;
	}
	return 0;
}

/* Maps an area that is part of a single run. */
static int map_single_run(struct map_job *job, struct iommufd_area *area)
{
	unsigned long pfn = iommufd_run_pfn(area->backing->runs.single);

	return map_run(job, PFN_PHYS(pfn) + area->offset, area_length(area));
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
	const unsigned long iova = area->first;
	struct iommu_domain *domain = hwpt->domain;
	struct map_job job = {
		.domain = domain,
		.sizes = domain->pgsize_bitmap,
		.iova = iova,
		.prot = area->prot,
		.one_by_one = hwpt->ioas->small_pages,
	};
	int rc;

	if (job.one_by_one)
		job.sizes &= GENMASK(PAGE_SHIFT, 0);
	if (iommufd_runs_are_single(&area->backing->runs) && !job.one_by_one)
		rc = map_single_run(&job, area);
	else
		rc = map_runs(&job, area);
	if (!rc && domain->ops->iotlb_sync_map)
		rc = domain->ops->iotlb_sync_map(domain, iova, job.iova - iova);
	if (rc && job.iova != iova)
		iommu_unmap(domain, iova, job.iova - iova);
	return rc;
}

/*
 * Takes a range out of a page table, but for what the IOMMU may still have cached of it. The pages
 * that it is mapped with are found by the IOMMU driver; how it is cut up here only has to fit them.
 */
static inline void unmap_range(struct iommu_domain *domain, unsigned long iova,
			       unsigned long length, struct iommu_iotlb_gather *gather)
{
	while (length) {
		size_t count, size, unmapped;

		size = choose_page_size(domain->pgsize_bitmap, iova, iova, length, &count);
		unmapped = domain->ops->unmap_pages(domain, iova, size, count, gather);
		if (WARN_ON_ONCE(!unmapped || unmapped > length))
			return;
		iova += unmapped;
		length -= unmapped;
	}
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
	struct iommu_iotlb_gather gather;

	iommu_iotlb_gather_init(&gather);
	unmap_range(hwpt->domain, area->first, area_length(area), &gather);
	iommu_iotlb_sync(hwpt->domain, &gather);
}

/**
 * iommufd_hwpts_unmap_areas() - take areas out of all page tables, with one synchronisation of each
 * @ioas: what the page tables follow, domains_sem held
 * @areas: list of areas that are in all of them, ascending
 *
 * When this returns, no device can reach the memory through any of them.
 */
void iommufd_hwpts_unmap_areas(struct iommufd_ioas *ioas, struct list_head *areas)
{
	struct iommu_iotlb_gather gather __uninitialized;
	struct iommufd_area *area;
	struct iommufd_hwpt *hwpt;

	lockdep_assert_held(&ioas->domains_sem);
	list_for_each_entry(hwpt, &ioas->hwpts, ioas_link) {
		iommu_iotlb_gather_init(&gather);
		list_for_each_entry(area, areas, batch)
			unmap_range(hwpt->domain, area->first, area_length(area), &gather);
		iommu_iotlb_sync(hwpt->domain, &gather);
	}
}
