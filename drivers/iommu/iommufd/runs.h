/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs: the physical pages of a backing, remembered as stretches that are contiguous.
 *
 * Page number i of a backing is found by its position; a run says "the next n pages start at this
 * page frame". Contiguous memory costs one run however large it is (up to RUN_MAX_PAGES); the worst
 * case is 8 bytes a page. Runs lie in chunks of at most one page of memory each, so that a chunk is
 * cheap to allocate, and a position is found by bisection over the chunks.
 */
#ifndef __IOMMUFD_RUNS_H
#define __IOMMUFD_RUNS_H

#include <linux/bits.h>
#include <linux/mm.h>
#include <linux/types.h>

/* A run is one u64: the page frame number above, the number of pages minus one below. */
#define RUN_PAGES_BITS	20
#define RUN_MAX_PAGES	BIT(RUN_PAGES_BITS)

static inline unsigned long iommufd_run_pfn(u64 run)
{
	return run >> RUN_PAGES_BITS;
}

static inline unsigned long iommufd_run_pages(u64 run)
{
	return (run & (RUN_MAX_PAGES - 1)) + 1;
}

/* Whether a run is a page by itself. */
static inline bool iommufd_run_is_page(u64 run)
{
	return !(run & (RUN_MAX_PAGES - 1));
}

struct iommufd_run_chunk;

/**
 * struct iommufd_runs - a growing list of runs; does not move in memory
 * @nr_pages: pages in all runs
 * @expected: pages that will be appended in all; sizes the allocations
 * @nr_runs: number of runs
 * @next_pfn: the page frame with which the last run would go on, or ULONG_MAX
 * @single: the only run, while @nr_runs is 1 and there is no chunk
 * @last: the last run, if there is one
 * @room: how many more fit behind @last
 * @nr_chunks: chunks in use
 * @max_chunks: room in @chunks
 * @chunks: the chunks, all full but the last
 */
struct iommufd_runs {
	unsigned long nr_pages;
	unsigned long expected;
	unsigned long nr_runs;
	unsigned long next_pfn;
	u64 single;
	u64 *last;
	unsigned int room;
	unsigned int nr_chunks;
	unsigned int max_chunks;
	struct iommufd_run_chunk **chunks;
};

/**
 * struct iommufd_runs_iter - a position in a list of runs
 * @runs: the list; must not change
 * @run: the run
 * @end: behind the last run of the chunk
 * @chunk: index of the chunk
 * @skip: pages of the run before the position
 */
struct iommufd_runs_iter {
	const struct iommufd_runs *runs;
	const u64 *run;
	const u64 *end;
	unsigned int chunk;
	unsigned long skip;
};

/* Whether all pages are in @runs->single. */
static inline bool iommufd_runs_are_single(const struct iommufd_runs *runs)
{
	return runs->nr_runs == 1;
}

void iommufd_runs_init(struct iommufd_runs *runs, unsigned long expected);
int iommufd_runs_append_run(struct iommufd_runs *runs, unsigned long pfn, unsigned long nr);
int iommufd_runs_append_pages(struct iommufd_runs *runs, struct page **pages, unsigned long nr);
void iommufd_runs_free_chunks(struct iommufd_runs *runs);

/**
 * iommufd_runs_append() - add contiguous pages to the end
 * @runs: the list
 * @pfn: the first page frame
 * @nr: how many, 1 to RUN_MAX_PAGES
 *
 * Return: 0, or -ENOMEM with the list as it was.
 */
static inline int iommufd_runs_append(struct iommufd_runs *runs, unsigned long pfn,
				      unsigned long nr)
{
	if (pfn != runs->next_pfn || iommufd_run_pages(*runs->last) + nr > RUN_MAX_PAGES)
		return iommufd_runs_append_run(runs, pfn, nr);
	*runs->last += nr;
	runs->next_pfn += nr;
	runs->nr_pages += nr;
	return 0;
}

/**
 * iommufd_runs_free() - make a list empty
 * @runs: the list
 */
static inline void iommufd_runs_free(struct iommufd_runs *runs)
{
	if (runs->chunks)
		iommufd_runs_free_chunks(runs);
	runs->nr_pages = 0;
	runs->nr_runs = 0;
	runs->next_pfn = ULONG_MAX;
	runs->room = 0;
}

void iommufd_runs_seek(struct iommufd_runs_iter *iter, const struct iommufd_runs *runs,
		       unsigned long page);
bool iommufd_runs_next_chunk(struct iommufd_runs_iter *iter);

/**
 * iommufd_runs_next() - the contiguous pages at a position, and step over them
 * @iter: the position
 * @max: at most so many pages
 * @pfn: set to the first page frame
 *
 * Return: how many pages are contiguous from there, 0 at the end.
 */
static inline unsigned long iommufd_runs_next(struct iommufd_runs_iter *iter, unsigned long max,
					      unsigned long *pfn)
{
	unsigned long nr;

	if (iter->run == iter->end && !iommufd_runs_next_chunk(iter))
		return 0;
	*pfn = iommufd_run_pfn(*iter->run) + iter->skip;
	nr = iommufd_run_pages(*iter->run) - iter->skip;
	if (nr > max) {
		iter->skip += max;
		return max;
	}
	iter->run++;
	iter->skip = 0;
	return nr;
}

#endif
