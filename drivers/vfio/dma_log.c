// SPDX-License-Identifier: GPL-2.0-only
/*
 * A log of written memory: ranges of IOVAs, and a bit for each page in them.
 *
 * Pages of the log are as large as the driver wants them, or larger, so that the bits of all
 * ranges are no more than LOG_BITS_MAX. The pages that a report speaks of may be of another size.
 * A page of the log that a report covers in part is reported, and stays marked.
 *
 * Nothing here depends on how long ranges are, but on how many bits they have.
 */
#include <linux/bitmap.h>
#include <linux/slab.h>

#include "vfio_private.h"

#define LOG_BITS_MAX	BIT_ULL(26)
#define LOG_SHIFT_MIN	12

/**
 * struct log_range - one of the ranges of a log
 * @first: its first page
 * @last: its last page
 * @bit: the bit of @first
 */
struct log_range {
	u64 first;
	u64 last;
	u64 bit;
};

/**
 * struct vfio_dma_log - the log
 * @shift: log2 of the size of a page in bytes
 * @bits: a bit for each page of each range; set: it was written
 * @count: how many ranges there are
 * @ranges: the ranges, in order, none overlapping another
 */
struct vfio_dma_log {
	unsigned int shift;
	unsigned long *bits;
	unsigned int count;
	struct log_range ranges[] __counted_by(count);
};

/* Gives the ranges their bits. Large pages may be of two ranges, and go to the first. */
static u64 log_lay_out(struct vfio_dma_log *log,
		       const struct vfio_device_feature_dma_logging_range *ranges,
		       unsigned int count)
{
	u64 bits = 0, first, last;
	unsigned int i, n = 0;

	for (i = 0; i < count; i++) {
		first = ranges[i].iova >> log->shift;
		last = (ranges[i].iova + ranges[i].length - 1) >> log->shift;
		if (n && first <= log->ranges[n - 1].last)
			first = log->ranges[n - 1].last + 1;
		if (first > last)
			continue;
		log->ranges[n++] = (struct log_range){ .first = first, .last = last, .bit = bits };
		bits += last - first + 1;
	}
	while (n < count)
		log->ranges[n++] = (struct log_range){ .first = 1, .last = 0 };
	return bits;
}

/**
 * vfio_dma_log_create() - make an empty log
 * @ranges: what it is of: in order, none empty, none overlapping another
 * @count: how many they are
 * @page_size: bytes to tell apart, a power of two; may become larger
 *
 * Return: the log, or ERR_PTR(-ENOMEM).
 */
struct vfio_dma_log *
vfio_dma_log_create(const struct vfio_device_feature_dma_logging_range *ranges, unsigned int count,
		    u64 *page_size)
{
	struct vfio_dma_log *log = kzalloc(struct_size(log, ranges, count), GFP_KERNEL_ACCOUNT);
	u64 bits;

	if (!log)
		return ERR_PTR(-ENOMEM);
	log->count = count;
	log->shift = max_t(unsigned int, __ffs64(*page_size), LOG_SHIFT_MIN);
	for (;;) {
		bits = log_lay_out(log, ranges, count);
		if (bits <= LOG_BITS_MAX)
			break;
		log->shift++;
	}
	log->bits = kvcalloc(BITS_TO_LONGS(bits), sizeof(long), GFP_KERNEL_ACCOUNT);
	if (!log->bits) {
		kfree(log);
		return ERR_PTR(-ENOMEM);
	}
	*page_size = BIT_ULL(log->shift);
	return log;
}

void vfio_dma_log_free(struct vfio_dma_log *log)
{
	if (!log)
		return;
	kvfree(log->bits);
	kfree(log);
}

/**
 * vfio_dma_log_mark() - memory was written
 * @log: the log
 * @iova: the first byte
 * @last: the last byte
 */
void vfio_dma_log_mark(struct vfio_dma_log *log, u64 iova, u64 last)
{
	unsigned int i;

	for (i = 0; i < log->count; i++) {
		const struct log_range *range = &log->ranges[i];
		u64 from = max(range->first, iova >> log->shift);
		u64 to = min(range->last, last >> log->shift);

		if (from <= to)
			bitmap_set(log->bits, range->bit + (from - range->first), to - from + 1);
	}
}

/**
 * struct log_page - a page that was written
 * @page: its number
 * @bit: its bit
 * @range: the range that it is in, where the search for the next one begins
 */
struct log_page {
	u64 page;
	u64 bit;
	unsigned int range;
};

/* The next page with bytes from @iova to @last that was written. */
static bool log_find(const struct vfio_dma_log *log, u64 iova, u64 last, struct log_page *found)
{
	for (; found->range < log->count; found->range++) {
		const struct log_range *range = &log->ranges[found->range];
		u64 from = max(range->first, iova >> log->shift);
		u64 to = min(range->last, last >> log->shift);
		u64 end = range->bit + (to - range->first) + 1;

		if (from > to)
			continue;
		found->bit = find_next_bit(log->bits, end, range->bit + (from - range->first));
		if (found->bit >= end)
			continue;
		found->page = range->first + (found->bit - range->bit);
		return true;
	}
	return false;
}

/* Where the window that has the bit of @iova begins and ends, both in bytes. */
static void window_place(struct vfio_log_window *window, u64 iova, u64 *start, u64 *end)
{
	u64 bit = (iova - window->iova) >> window->shift;

	window->first = round_down(bit, (u64)VFIO_LOG_WINDOW_BITS);
	*start = window->iova + (window->first << window->shift);
	if ((window->last - *start) >> window->shift < VFIO_LOG_WINDOW_BITS)
		*end = window->last;
	else
		*end = *start + ((u64)VFIO_LOG_WINDOW_BITS << window->shift) - 1;
}

static void window_set(struct vfio_log_window *window, u64 iova, u64 last)
{
	u64 from = ((iova - window->iova) >> window->shift) - window->first;
	u64 to = ((last - window->iova) >> window->shift) - window->first;

	bitmap_set((unsigned long *)window->bits, from, to - from + 1);
}

/**
 * vfio_dma_log_take() - take the next bits that are set
 * @log: the log
 * @window: gets bits of the report, from its @pos on, which moves behind them; the next window
 *          with any is chosen
 *
 * Return: whether there was something to take.
 */
bool vfio_dma_log_take(struct vfio_dma_log *log, struct vfio_log_window *window)
{
	struct log_page found = {};
	u64 start, end, page, page_last;

	if (!log_find(log, window->pos, window->last, &found))
		return false;
	window_place(window, max(found.page << log->shift, window->pos), &start, &end);
	memset(window->bits, 0, PAGE_SIZE);
	do {
		page = found.page << log->shift;
		page_last = page + (BIT_ULL(log->shift) - 1);
		window_set(window, max(page, start), min(page_last, end));
		if (page >= window->iova && page_last <= end)
			__clear_bit(found.bit, log->bits);
	} while (page_last < end && log_find(log, page_last + 1, end, &found));
	window->pos = end == window->last ? 0 : end + 1;
	return true;
}
