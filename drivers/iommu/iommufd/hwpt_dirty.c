// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty tracking: which pages devices have written through a page table.
 *
 * A kernel that is built without iommufd compiles the bitmap that IOMMU drivers report to into
 * nothing; but they still widen the iommu_iotlb_gather that comes with it to all that they find
 * dirty. So the bits are found by bisection: a query of a range gives the first and the last dirty
 * page in it, and what is between them is halved and asked again.
 *
 * Nothing is lost if the user's bitmap can't be written: bits are read without clearing them, given
 * to the user, and only then cleared, page by page. A page that is written again meanwhile stays
 * dirty or is dirty anyway in what the user has just got.
 */
#include <linux/bitmap.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "hwpt.h"

/* Bits that are worked on at a time: one page of bitmap. */
#define CHUNK_BITS	(PAGE_SIZE * BITS_PER_BYTE)

/* Deep enough to halve CHUNK_BITS down to one bit, with a pending half at each step. */
#define STACK_DEPTH	(2 * (PAGE_SHIFT + 3) + 2)

/**
 * struct dirty_query - a stretch of the user's bitmap in progress
 * @domain: the page table
 * @iova: of the first bit
 * @shift: log2 of the bytes that a bit stands for
 * @bits: the bits found so far
 */
struct dirty_query {
	struct iommu_domain *domain;
	unsigned long iova;
	unsigned int shift;
	unsigned long *bits;
};

static int read_and_clear(struct iommu_domain *domain, unsigned long iova, unsigned long length,
			  unsigned long flags, struct iommu_iotlb_gather *gather)
{
	struct iommu_dirty_bitmap dirty;

	iommu_dirty_bitmap_init(&dirty, NULL, gather);
	return domain->dirty_ops->read_and_clear_dirty(domain, iova, length, flags, &dirty);
}

/*
 * Asks for bits [*first, *last], and narrows them to the first and the last that are dirty.
 * Returns 0, 1 if none is, or an errno.
 */
static int query_narrow(struct dirty_query *query, unsigned int *first, unsigned int *last)
{
	unsigned long start = query->iova + ((unsigned long)*first << query->shift);
	unsigned long length = (unsigned long)(*last - *first + 1) << query->shift;
	struct iommu_iotlb_gather gather;
	int rc;

	rc = read_and_clear(query->domain, start, length, IOMMU_DIRTY_NO_CLEAR, &gather);
	if (rc)
		return rc;
	if (gather.start > gather.end)
		return 1;
	/* A huge page may reach beyond what was asked for. */
	gather.start = max(gather.start, start);
	gather.end = min(gather.end, start + length - 1);
	*first = (gather.start - query->iova) >> query->shift;
	*last = (gather.end - query->iova) >> query->shift;
	return 0;
}

/* Finds the dirty ones of the first @nr bits. */
static int query_bits(struct dirty_query *query, unsigned int nr)
{
	struct { unsigned int first, last; } stack[STACK_DEPTH];
	unsigned int depth = 0;

	stack[depth].first = 0;
	stack[depth++].last = nr - 1;
	while (depth) {
		unsigned int first = stack[--depth].first, last = stack[depth].last, middle;
		int rc;

		rc = query_narrow(query, &first, &last);
		if (rc < 0)
			return rc;
		if (rc)
			continue;
		__set_bit(first, query->bits);
		__set_bit(last, query->bits);
		if (last - first < 2)
			continue;
		middle = first + (last - first) / 2;
		if (WARN_ON_ONCE(depth + 2 > STACK_DEPTH))
			return -EINVAL;
		stack[depth].first = first + 1;
		stack[depth++].last = middle;
		if (middle + 1 < last) {
			stack[depth].first = middle + 1;
			stack[depth++].last = last - 1;
		}
		cond_resched();
	}
	return 0;
}

/* Clears what was found, and makes the IOMMU look at the page tables again. */
static int clear_bits(struct dirty_query *query, unsigned int nr)
{
	unsigned int first, last;
	struct iommu_iotlb_gather gather, all;
	int rc = 0;

	iommu_iotlb_gather_init(&all);
	for_each_set_bitrange(first, last, query->bits, nr) {
		unsigned long start = query->iova + ((unsigned long)first << query->shift);
		unsigned long length = (unsigned long)(last - first) << query->shift;

		rc = read_and_clear(query->domain, start, length, 0, &gather);
		if (rc)
			break;
		iommu_iotlb_gather_add_range(&all, start, length);
	}
	if (all.start <= all.end)
		iommu_iotlb_sync(query->domain, &all);
	return rc;
}

/* Gives the bits to the user, added to those that are set there. */
static int give_bits(unsigned long *bits, unsigned int nr, u8 __user *ubytes)
{
	const unsigned int bytes = DIV_ROUND_UP(nr, BITS_PER_BYTE);
	u8 *found = (u8 *)bits;
	unsigned int i;
	u8 byte;

	for (i = 0; i < bytes; i++) {
		if (!found[i])
			continue;
		if (get_user(byte, ubytes + i) || put_user(byte | found[i], ubytes + i))
			return -EFAULT;
	}
	return 0;
}

static int get_chunk(struct iommufd_hwpt *hwpt, struct dirty_query *query, unsigned int nr,
		     u8 __user *ubytes, bool clear)
{
	struct rw_semaphore *domains_sem = &hwpt->ioas->domains_sem;
	int rc;

	/* A bitmap that can't be written is an error also where there is nothing to write. */
	if (fault_in_safe_writeable(ubytes, DIV_ROUND_UP(nr, BITS_PER_BYTE)))
		return -EFAULT;
	bitmap_zero(query->bits, CHUNK_BITS);
	/* Nothing is unmapped meanwhile, which could free the tables that the driver walks. */
	down_write(domains_sem);
	rc = query_bits(query, nr);
	up_write(domains_sem);
	if (!rc)
		rc = give_bits(query->bits, nr, ubytes);
	if (rc || !clear)
		return rc;
	down_write(domains_sem);
	rc = clear_bits(query, nr);
	up_write(domains_sem);
	return rc;
}

static int get_bitmap(struct iommufd_hwpt *hwpt, struct dirty_query *query,
		      const struct iommu_hwpt_get_dirty_bitmap *cmd)
{
	u8 __user *ubytes = u64_to_user_ptr(cmd->data);
	unsigned long left = cmd->length >> query->shift;
	bool clear = !(cmd->flags & IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR);

	while (left) {
		unsigned int nr = min(left, CHUNK_BITS);
		int rc = get_chunk(hwpt, query, nr, ubytes, clear);

		if (rc)
			return rc;
		if (fatal_signal_pending(current))
			return -EINTR;
		query->iova += (unsigned long)nr << query->shift;
		ubytes += CHUNK_BITS / BITS_PER_BYTE;
		left -= nr;
	}
	return 0;
}

/* Whether all of the range is mapped. */
static bool range_is_mapped(struct iommufd_ioas *ioas, unsigned long first, unsigned long last)
{
	struct iommufd_area *area;

	guard(mutex)(&ioas->tree_lock);
	for (;;) {
		area = iommufd_area_find(ioas, first, last);
		if (!area || area->first > first)
			return false;
		if (area->last >= last)
			return true;
		first = area->last + 1;
	}
}

static int check_get(struct iommufd_hwpt *hwpt, const struct iommu_hwpt_get_dirty_bitmap *cmd)
{
	const unsigned long mask = hwpt_min_page_size(hwpt) - 1;
	u64 last;

	if (!hwpt->dirty_tracking)
		return -EOPNOTSUPP;
	if (!READ_ONCE(hwpt->tracks_dirty) || !cmd->length)
		return -EINVAL;
	if (!is_power_of_2(cmd->page_size) || cmd->page_size <= mask)
		return -EINVAL;
	if (check_add_overflow(cmd->iova, cmd->length - 1, &last) || last >= ULONG_MAX)
		return -EOVERFLOW;
	/* The bitmap counts in its own pages, which needn't be the page table's. */
	if ((cmd->iova | cmd->length) & mask || cmd->length & (cmd->page_size - 1))
		return -EINVAL;
	return range_is_mapped(hwpt->ioas, cmd->iova, last) ? 0 : -EINVAL;
}

/* A page table that can track: a nested one is none, as its pages are its parent's. */
static struct iommufd_hwpt *hwpt_get_paging(struct iommufd_ctx *ictx, u32 id)
{
	struct iommufd_hwpt *hwpt = iommufd_hwpt_get(ictx, id);

	if (!IS_ERR(hwpt) && hwpt->parent) {
		iommufd_hwpt_put(hwpt);
		return ERR_PTR(-ENOENT);
	}
	return hwpt;
}

int iommufd_hwpt_get_dirty_bitmap_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_hwpt_get_dirty_bitmap *cmd = ucmd->cmd;
	struct dirty_query query = { .iova = cmd->iova };
	struct iommufd_hwpt *hwpt;
	int rc;

	if (cmd->flags & ~IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR || cmd->__reserved)
		return -EOPNOTSUPP;
	hwpt = hwpt_get_paging(ucmd->ictx, cmd->hwpt_id);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	rc = check_get(hwpt, cmd);
	if (rc)
		goto put_hwpt;
	query.domain = hwpt->domain;
	query.shift = __ffs(cmd->page_size);
	query.bits = kmalloc(CHUNK_BITS / BITS_PER_BYTE, GFP_KERNEL_ACCOUNT);
	rc = query.bits ? get_bitmap(hwpt, &query, cmd) : -ENOMEM;
	kfree(query.bits);
put_hwpt:
	iommufd_hwpt_put(hwpt);
	return rc;
}

/* Forgets what was written before tracking began. */
static int clear_all(struct iommufd_hwpt *hwpt)
{
	struct iommufd_ioas *ioas = hwpt->ioas;
	struct iommu_iotlb_gather gather;
	struct iommufd_area *area;
	int rc = 0;

	down_write(&ioas->domains_sem);
	mutex_lock(&ioas->tree_lock);
	for (area = iommufd_area_find(ioas, 0, ULONG_MAX); area && !rc;
	     area = iommufd_area_next(area, ULONG_MAX))
		rc = read_and_clear(hwpt->domain, area->first, area_length(area), 0, &gather);
	mutex_unlock(&ioas->tree_lock);
	up_write(&ioas->domains_sem);
	iommu_flush_iotlb_all(hwpt->domain);
	return rc;
}

static int set_tracking(struct iommufd_hwpt *hwpt, bool enable)
{
	const struct iommu_dirty_ops *ops = hwpt->domain->dirty_ops;
	int rc = 0;

	if (!ops)
		return -EOPNOTSUPP;
	if (enable)
		rc = clear_all(hwpt);
	if (!rc)
		rc = ops->set_dirty_tracking(hwpt->domain, enable);
	if (!rc)
		WRITE_ONCE(hwpt->tracks_dirty, enable);
	return rc;
}

int iommufd_hwpt_set_dirty_tracking_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_hwpt_set_dirty_tracking *cmd = ucmd->cmd;
	struct iommufd_hwpt *hwpt;
	int rc;

	if (cmd->flags & ~IOMMU_HWPT_DIRTY_TRACKING_ENABLE || cmd->__reserved)
		return -EOPNOTSUPP;
	hwpt = hwpt_get_paging(ucmd->ictx, cmd->hwpt_id);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	rc = set_tracking(hwpt, cmd->flags & IOMMU_HWPT_DIRTY_TRACKING_ENABLE);
	iommufd_hwpt_put(hwpt);
	return rc;
}
