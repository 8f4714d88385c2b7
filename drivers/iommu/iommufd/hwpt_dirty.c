// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty tracking: which pages devices have written through a page table.
 *
 * A kernel that is built without iommufd compiles the bitmap that IOMMU drivers report to into
 * nothing; but they still widen the iommu_iotlb_gather that comes with it to all that they find
 * dirty. So the bits are found by bisection: a query of a range gives the first and the last dirty
 * page in it, and what is between them is halved and asked again.
 *
 * Only naturally aligned blocks of a power of two are asked for. Drivers go through a range from
 * where it is said to begin, in steps of the pages that they find there: whoever begins inside a
 * huge page is told of it, and of all that come after it, at the wrong place. A block has either
 * pages that are no larger, and is gone through from page to page, or it is part of one larger
 * page, and the answer is that page, as if it began with the block; which tells how large it is.
 *
 * Nothing is lost if the user's bitmap can't be written: bits are read without clearing them, given
 * to the user, and only then cleared, page by page. A page that is written again meanwhile stays
 * dirty or is dirty anyway in what the user has just got.
 *
 * A page has one bit in the page table, however many of the user's it has. So it is cleared only
 * when all of these were given by the same call. One that reaches over the end of a chunk is
 * cleared with the last chunk that it reaches into, and only if it was dirty already in the first.
 * One that reaches out of what the user asks about is reported and stays dirty.
 */
#include <linux/bitmap.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "hwpt.h"

/* Bits that are worked on at a time: one page of bitmap. */
#define CHUNK_BITS	(PAGE_SIZE * BITS_PER_BYTE)

/* All is cleared in such steps. A page that reaches over more of them is cleared with each. */
#define CLEAR_BLOCK	SZ_1G

/*
 * A chunk is a span of at most 2^(PAGE_SHIFT + 3) bits. Each look at a span puts up to two in its
 * place, which lie in blocks of at most half its size.
 */
#define STACK_DEPTH	(PAGE_SHIFT + 3 + 4)

/*
 * Bits that are asked for at once. More would save queries where nothing is dirty; but where
 * something is, the driver goes through all of them again each time that they are halved.
 */
#define QUERY_BITS	1024UL

/* No page begins there. */
#define NOWHERE		ULONG_MAX

/**
 * struct span - a stretch of an address space
 * @from: number of its first bit, counted from IOVA 0
 * @to: number of the bit behind it; not above @from if the span is empty
 */
struct span {
	unsigned long from;
	unsigned long to;
};

/**
 * struct dirty_query - a request for dirty bits in progress
 * @domain: the page table
 * @shift: log2 of the bytes that a bit stands for, here and in all spans; IOVAs are multiples of it
 * @fold: log2 of how many bits are one of the user's
 * @all: what the user wants to know about
 * @chunk: what is being worked on
 * @bits: of @chunk, those that are dirty
 * @head: the dirty page that begins before @chunk and reaches into it, or empty
 * @tail: the dirty page that reaches over the end of @chunk, or empty; may be the same
 * @given_from: where a page begins that reaches into @chunk and was given from its first bit on
 */
struct dirty_query {
	struct iommu_domain *domain;
	unsigned int shift;
	unsigned int fold;
	struct span all;
	struct span chunk;
	unsigned long *bits;
	struct span head;
	struct span tail;
	unsigned long given_from;
};

static bool span_is_empty(struct span span)
{
	return span.from >= span.to;
}

static unsigned int chunk_size(const struct dirty_query *query)
{
	return query->chunk.to - query->chunk.from;
}

static int read_and_clear(struct iommu_domain *domain, unsigned long iova, unsigned long length,
			  unsigned long flags, struct iommu_iotlb_gather *gather)
{
	struct iommu_dirty_bitmap dirty;

	iommu_dirty_bitmap_init(&dirty, NULL, gather);
	return domain->dirty_ops->read_and_clear_dirty(domain, iova, length, flags, &dirty);
}

/* The smallest naturally aligned block that holds a span. */
static struct span span_block(struct span span)
{
	unsigned long differing = span.from ^ (span.to - 1);
	unsigned long size = differing ? 2UL << __fls(differing) : 1;
	unsigned long from = span.from & ~(size - 1);

	return (struct span){ from, from + size };
}

static void set_bits(struct dirty_query *query, struct span span)
{
	bitmap_set(query->bits, span.from - query->chunk.from, span.to - span.from);
}

/* Notes a page of which @block is part, if it is not all within the chunk. */
static void note_page(struct dirty_query *query, struct span block, unsigned long bytes)
{
	unsigned long size = bytes >> query->shift;
	struct span page = { .from = block.from & ~(size - 1) };

	page.to = page.from + size;
	if (page.from < query->chunk.from)
		query->head = page;
	if (page.to > query->chunk.to)
		query->tail = page;
}

/* Takes off a span what an answer about a block tells: the first and the last that is dirty. */
static void narrow(struct dirty_query *query, struct span *span, unsigned long first,
		   unsigned long last)
{
	if (first >= span->to || last < span->from) {
		span->to = span->from;
		return;
	}
	/* One that is outside of the span says nothing about the first or last in it. */
	if (last < span->to) {
		set_bits(query, (struct span){ last, last + 1 });
		span->to = last;
	}
	if (first >= span->from) {
		set_bits(query, (struct span){ first, first + 1 });
		span->from = first + 1;
	}
}

/* Asks about the block of @span, and leaves of @span what is still unknown. */
static int query_span(struct dirty_query *query, struct span *span)
{
	const struct span block = span_block(*span);
	const unsigned long start = block.from << query->shift;
	const unsigned long length = (block.to - block.from) << query->shift;
	struct iommu_iotlb_gather gather;
	int rc;

	/* What is not in the chunk is not asked for, and may not even be mapped. */
	if (block.from < query->chunk.from || block.to > query->chunk.to ||
	    block.to - block.from > QUERY_BITS)
		return 0;
	rc = read_and_clear(query->domain, start, length, IOMMU_DIRTY_NO_CLEAR, &gather);
	if (rc)
		return rc;
	if (gather.start > gather.end) {
		span->to = span->from;
	} else if (gather.end - start >= length) {
		note_page(query, block, gather.end - start + 1);
		set_bits(query, *span);
		span->to = span->from;
	} else {
		narrow(query, span, gather.start >> query->shift, gather.end >> query->shift);
	}
	return 0;
}

/*
 * Puts the parts of @span on the stack. Usually it is known that something in its block is dirty,
 * so that only asking for the halves tells more. Returns how many they are.
 */
static unsigned int split_span(struct span span, struct span *stack)
{
	struct span block = span_block(span);
	unsigned long middle = block.from + (block.to - block.from) / 2;

	if (span.from == block.from && span.to == block.to && span.to - span.from <= QUERY_BITS) {
		stack[0] = span;
		return 1;
	}
	stack[0] = (struct span){ middle, span.to };
	stack[1] = (struct span){ span.from, middle };
	return 2;
}

/* Finds the dirty ones of the chunk's bits. */
static int query_chunk(struct dirty_query *query)
{
	struct span stack[STACK_DEPTH], span;
	unsigned int depth = 0;
	int rc;

	bitmap_zero(query->bits, CHUNK_BITS);
	query->head = (struct span){};
	query->tail = (struct span){};
	stack[depth++] = query->chunk;
	while (depth) {
		span = stack[--depth];
		rc = query_span(query, &span);
		if (rc)
			return rc;
		if (span_is_empty(span))
			continue;
		if (WARN_ON_ONCE(depth + 2 > STACK_DEPTH))
			return -EINVAL;
		depth += split_span(span, &stack[depth]);
		cond_resched();
	}
	return 0;
}

static int clear_span(struct dirty_query *query, struct span span, struct iommu_iotlb_gather *all)
{
	const unsigned long start = span.from << query->shift;
	const unsigned long length = (span.to - span.from) << query->shift;
	struct iommu_iotlb_gather gather;
	int rc = read_and_clear(query->domain, start, length, 0, &gather);

	if (!rc)
		iommu_iotlb_gather_add_range(all, start, length);
	cond_resched();
	return rc;
}

/*
 * Clears what was found and given, and makes the IOMMU look at the page tables again. Each span
 * that is cleared begins and ends with a page.
 */
static int clear_chunk(struct dirty_query *query)
{
	const struct span chunk = query->chunk;
	struct iommu_iotlb_gather all;
	struct span whole = chunk;
	unsigned int first, last;
	int rc = 0;

	iommu_iotlb_gather_init(&all);
	if (!span_is_empty(query->tail))
		whole.to = query->tail.from;
	if (!span_is_empty(query->head)) {
		whole.from = query->head.to;
		if (query->head.from == query->given_from && query->head.to <= chunk.to)
			rc = clear_span(query, query->head, &all);
	}
	for_each_set_bitrange(first, last, query->bits, chunk_size(query)) {
		const struct span span = {
			.from = max(chunk.from + first, whole.from),
			.to = min(chunk.from + last, whole.to),
		};

		if (rc)
			break;
		if (!span_is_empty(span))
			rc = clear_span(query, span, &all);
	}
	if (all.start <= all.end)
		iommu_iotlb_sync(query->domain, &all);
	return rc;
}

/* Sets bits [@first, @last] of the user's bitmap. */
static int set_user_bits(u8 __user *ubytes, unsigned long first, unsigned long last)
{
	unsigned long i;

	for (i = first / BITS_PER_BYTE; i <= last / BITS_PER_BYTE; i++) {
		unsigned long base = i * BITS_PER_BYTE;
		unsigned int low = max(first, base) - base, high = min(last - base, 7UL);
		u8 byte;

		if (get_user(byte, ubytes + i) ||
		    put_user(byte | (u8)GENMASK(high, low), ubytes + i))
			return -EFAULT;
	}
	return 0;
}

/* The number of a bit in the user's bitmap. */
static unsigned long user_bit(const struct dirty_query *query, unsigned long bit)
{
	return (bit - query->all.from) >> query->fold;
}

/* Gives the bits to the user, added to those that are set there. */
static int give_chunk(const struct dirty_query *query, u8 __user *ubytes)
{
	const unsigned long from = query->chunk.from;
	unsigned int first, last;
	int rc;

	for_each_set_bitrange(first, last, query->bits, chunk_size(query)) {
		rc = set_user_bits(ubytes, user_bit(query, from + first),
				   user_bit(query, from + last - 1));
		if (rc)
			return rc;
	}
	return 0;
}

/* A bitmap that can't be written is an error also where there is nothing to write. */
static int check_bitmap(const struct dirty_query *query, u8 __user *ubytes)
{
	unsigned long first = user_bit(query, query->chunk.from) / BITS_PER_BYTE;
	unsigned long last = user_bit(query, query->chunk.to - 1) / BITS_PER_BYTE;

	return fault_in_safe_writeable(ubytes + first, last - first + 1) ? -EFAULT : 0;
}

static int get_chunk(struct iommufd_hwpt *hwpt, struct dirty_query *query, u8 __user *ubytes,
		     bool clear)
{
	struct rw_semaphore *domains_sem = &hwpt->ioas->domains_sem;
	int rc = check_bitmap(query, ubytes);

	if (rc)
		return rc;
	/* Nothing is unmapped meanwhile, which could free the tables that the driver walks. */
	down_write(domains_sem);
	rc = query_chunk(query);
	up_write(domains_sem);
	if (!rc)
		rc = give_chunk(query, ubytes);
	if (rc || !clear)
		return rc;
	down_write(domains_sem);
	rc = clear_chunk(query);
	up_write(domains_sem);
	return rc;
}

/* Where the page begins that the next chunk may clear, if it goes on there and ends. */
static unsigned long next_given_from(const struct dirty_query *query)
{
	const struct span *tail = &query->tail;

	if (span_is_empty(*tail))
		return NOWHERE;
	return tail->from >= query->chunk.from || tail->from == query->given_from ?
	       tail->from : NOWHERE;
}

static int get_bitmap(struct iommufd_hwpt *hwpt, struct dirty_query *query,
		      const struct iommu_hwpt_get_dirty_bitmap *cmd)
{
	u8 __user *ubytes = u64_to_user_ptr(cmd->data);
	bool clear = !(cmd->flags & IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR);
	int rc;

	query->given_from = NOWHERE;
	query->chunk.from = query->all.from;
	while (query->chunk.from < query->all.to) {
		query->chunk.to = min(query->all.to, query->chunk.from + CHUNK_BITS);
		rc = get_chunk(hwpt, query, ubytes, clear);
		if (rc)
			return rc;
		if (fatal_signal_pending(current))
			return -EINTR;
		query->given_from = next_given_from(query);
		query->chunk.from = query->chunk.to;
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
		cond_resched();
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
	struct dirty_query query = {};
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
	/* The range needn't be aligned to what a bit stands for. */
	query.shift = __ffs(cmd->iova | cmd->page_size);
	query.fold = __ffs(cmd->page_size) - query.shift;
	query.all.from = cmd->iova >> query.shift;
	query.all.to = (cmd->iova + cmd->length) >> query.shift;
	query.bits = kmalloc(CHUNK_BITS / BITS_PER_BYTE, GFP_KERNEL_ACCOUNT);
	rc = query.bits ? get_bitmap(hwpt, &query, cmd) : -ENOMEM;
	kfree(query.bits);
put_hwpt:
	iommufd_hwpt_put(hwpt);
	return rc;
}

/* In steps, so that others get the processor in between. */
static int clear_area(struct iommu_domain *domain, const struct iommufd_area *area,
		      struct iommu_iotlb_gather *gather)
{
	unsigned long first, last = area->first - 1;
	int rc;

	do {
		first = last + 1;
		last = min(area->last, first | (CLEAR_BLOCK - 1));
		rc = read_and_clear(domain, first, last - first + 1, 0, gather);
		cond_resched();
	} while (!rc && last != area->last);
	return rc;
}

/* Forgets what was written before tracking began. */
static int clear_all(struct iommufd_hwpt *hwpt)
{
	struct iommufd_ioas *ioas = hwpt->ioas;
	struct iommu_iotlb_gather gather;
	struct iommufd_area *area;
	int rc = 0;

	lockdep_assert_held_write(&ioas->domains_sem);
	mutex_lock(&ioas->tree_lock);
	for (area = iommufd_area_find(ioas, 0, ULONG_MAX); area && !rc;
	     area = iommufd_area_next(area, ULONG_MAX))
		rc = clear_area(hwpt->domain, area, &gather);
	mutex_unlock(&ioas->tree_lock);
	iommu_flush_iotlb_all(hwpt->domain);
	return rc;
}

static int set_tracking(struct iommufd_hwpt *hwpt, bool enable)
{
	const struct iommu_dirty_ops *ops = hwpt->domain->dirty_ops;
	int rc = 0;

	if (!ops)
		return -EOPNOTSUPP;
	/* What the page table does and what we say that it does change as one. */
	guard(rwsem_write)(&hwpt->ioas->domains_sem);
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
