// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>

#include "runs.h"

struct iommufd_run_chunk {
	unsigned long first_page;
	u64 run[];
};

#define RUNS_PER_CHUNK	((PAGE_SIZE - sizeof(struct iommufd_run_chunk)) / sizeof(u64))

static u64 run_make(unsigned long pfn, unsigned long nr)
{
	return (u64)pfn << RUN_PAGES_BITS | (nr - 1);
}

static unsigned long run_pfn(u64 run)
{
	return run >> RUN_PAGES_BITS;
}

static unsigned long run_pages(u64 run)
{
	return (run & (RUN_MAX_PAGES - 1)) + 1;
}

static u64 *runs_at(const struct iommufd_runs *runs, unsigned long index)
{
	if (!runs->nr_chunks)
		return (u64 *)&runs->single;
	return &runs->chunks[index / RUNS_PER_CHUNK]->run[index % RUNS_PER_CHUNK];
}

/**
 * iommufd_runs_init() - an empty list
 * @runs: the list
 * @expected: how many pages will be appended at most
 */
void iommufd_runs_init(struct iommufd_runs *runs, unsigned long expected)
{
	*runs = (struct iommufd_runs) { .expected = expected };
}

static int runs_grow_index(struct iommufd_runs *runs)
{
	unsigned int max = runs->max_chunks ? runs->max_chunks * 2 : 4;
	struct iommufd_run_chunk **chunks;

	chunks = kvmalloc_array(max, sizeof(*chunks), GFP_KERNEL_ACCOUNT);
	if (!chunks)
		return -ENOMEM;
	if (runs->nr_chunks)
		memcpy(chunks, runs->chunks, runs->nr_chunks * sizeof(*chunks));
	kvfree(runs->chunks);
	runs->chunks = chunks;
	runs->max_chunks = max;
	return 0;
}

/* Adds a chunk for the runs from page @first_page on, no larger than those can need. */
static int runs_add_chunk(struct iommufd_runs *runs, unsigned long first_page)
{
	unsigned long max = min(runs->expected - first_page, RUNS_PER_CHUNK);
	struct iommufd_run_chunk *chunk;

	if (runs->nr_chunks == runs->max_chunks) {
		int rc = runs_grow_index(runs);

		if (rc)
			return rc;
	}
	chunk = kmalloc(struct_size(chunk, run, max), GFP_KERNEL_ACCOUNT);
	if (!chunk)
		return -ENOMEM;
	chunk->first_page = first_page;
	runs->chunks[runs->nr_chunks++] = chunk;
	return 0;
}

static int runs_push(struct iommufd_runs *runs, u64 run)
{
	int rc;

	if (!runs->nr_runs) {
		runs->single = run;
		goto done;
	}
	if (!runs->nr_chunks) {
		rc = runs_add_chunk(runs, 0);
		if (rc)
			return rc;
		runs->chunks[0]->run[0] = runs->single;
	} else if (runs->nr_runs % RUNS_PER_CHUNK == 0) {
		rc = runs_add_chunk(runs, runs->nr_pages);
		if (rc)
			return rc;
	}
	*runs_at(runs, runs->nr_runs) = run;
done:
	runs->nr_runs++;
	runs->nr_pages += run_pages(run);
	return 0;
}

/**
 * iommufd_runs_append() - add contiguous pages to the end
 * @runs: the list
 * @pfn: the first page frame
 * @nr: how many, 1 to RUN_MAX_PAGES
 *
 * Return: 0, or -ENOMEM with the list as it was.
 */
int iommufd_runs_append(struct iommufd_runs *runs, unsigned long pfn, unsigned long nr)
{
	if (runs->nr_runs) {
		u64 *last = runs_at(runs, runs->nr_runs - 1);
		unsigned long have = run_pages(*last);

		if (run_pfn(*last) + have == pfn && have + nr <= RUN_MAX_PAGES) {
			*last = run_make(run_pfn(*last), have + nr);
			runs->nr_pages += nr;
			return 0;
		}
	}
	return runs_push(runs, run_make(pfn, nr));
}

void iommufd_runs_free(struct iommufd_runs *runs)
{
	while (runs->nr_chunks)
		kfree(runs->chunks[--runs->nr_chunks]);
	kvfree(runs->chunks);
	iommufd_runs_init(runs, runs->expected);
}

/* The chunk that holds page @page: the last one that does not start after it. */
static unsigned int runs_find_chunk(const struct iommufd_runs *runs, unsigned long page)
{
	unsigned int low = 0, high = runs->nr_chunks;

	while (high - low > 1) {
		unsigned int mid = low + (high - low) / 2;

		if (runs->chunks[mid]->first_page <= page)
			low = mid;
		else
			high = mid;
	}
	return low;
}

/**
 * iommufd_runs_seek() - go to a page
 * @iter: the position to set
 * @runs: the list
 * @page: number of the page from the start, below runs->nr_pages
 */
void iommufd_runs_seek(struct iommufd_runs_iter *iter, const struct iommufd_runs *runs,
		       unsigned long page)
{
	unsigned int chunk;

	*iter = (struct iommufd_runs_iter) { .runs = runs, .skip = page };
	if (!runs->nr_chunks)
		return;
	chunk = runs_find_chunk(runs, page);
	iter->run = chunk * RUNS_PER_CHUNK;
	iter->skip = page - runs->chunks[chunk]->first_page;
	while (iter->skip >= run_pages(*runs_at(runs, iter->run)))
		iter->skip -= run_pages(*runs_at(runs, iter->run++));
}

/**
 * iommufd_runs_next() - the contiguous pages at a position, and step over them
 * @iter: the position
 * @max: at most so many pages
 * @pfn: set to the first page frame
 *
 * Return: how many pages are contiguous from there, 0 at the end.
 */
unsigned long iommufd_runs_next(struct iommufd_runs_iter *iter, unsigned long max,
				unsigned long *pfn)
{
	unsigned long nr;
	u64 run;

	if (iter->run >= iter->runs->nr_runs || !max)
		return 0;
	run = *runs_at(iter->runs, iter->run);
	*pfn = run_pfn(run) + iter->skip;
	nr = run_pages(run) - iter->skip;
	if (nr > max) {
		iter->skip += max;
		return max;
	}
	iter->run++;
	iter->skip = 0;
	return nr;
}
