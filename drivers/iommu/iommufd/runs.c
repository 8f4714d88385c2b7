// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>

#include "runs.h"

struct iommufd_run_chunk {
	unsigned long first_page;
	u64 run[];
};

/* Most chunks are a page, which the page allocator has at hand with less ado than kmalloc() has. */
#define RUNS_PER_CHUNK	((PAGE_SIZE - sizeof(struct iommufd_run_chunk)) / sizeof(u64))

static u64 run_make(unsigned long pfn, unsigned long nr)
{
	return (u64)pfn << RUN_PAGES_BITS | (nr - 1);
}

/**
 * iommufd_runs_init() - an empty list
 * @runs: the list
 * @expected: how many pages will be appended at most
 */
void iommufd_runs_init(struct iommufd_runs *runs, unsigned long expected)
{
	*runs = (struct iommufd_runs) { .expected = expected, .next_pfn = ULONG_MAX };
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

/* How many runs a chunk has room for that begins with page @first_page: no more than can come. */
static unsigned long chunk_room(const struct iommufd_runs *runs, unsigned long first_page)
{
	return min(runs->expected - first_page, RUNS_PER_CHUNK);
}

static struct iommufd_run_chunk *chunk_alloc(unsigned long room)
{
	struct iommufd_run_chunk *chunk;

	if (room == RUNS_PER_CHUNK)
		return (void *)__get_free_page(GFP_KERNEL_ACCOUNT);
	return kmalloc(struct_size(chunk, run, room), GFP_KERNEL_ACCOUNT);
}

static void chunk_free(const struct iommufd_runs *runs, struct iommufd_run_chunk *chunk)
{
	if (chunk_room(runs, chunk->first_page) == RUNS_PER_CHUNK)
		free_page((unsigned long)chunk);
	else
		kfree(chunk);
}

/* Adds a chunk for the runs from page @first_page on. */
static int runs_add_chunk(struct iommufd_runs *runs, unsigned long first_page)
{
	unsigned long room = chunk_room(runs, first_page);
	struct iommufd_run_chunk *chunk;

	if (runs->nr_chunks == runs->max_chunks) {
		int rc = runs_grow_index(runs);

		if (rc)
			return rc;
	}
	chunk = chunk_alloc(room);
	if (!chunk)
		return -ENOMEM;
	chunk->first_page = first_page;
	runs->chunks[runs->nr_chunks++] = chunk;
	runs->room = room;
	runs->last = chunk->run - 1;
	return 0;
}

/* Makes room for another run behind the last. */
static int runs_make_room(struct iommufd_runs *runs)
{
	int rc;

	if (!runs->nr_runs) {
		/* The first one needs no chunk. */
		runs->last = &runs->single - 1;
		runs->room = 1;
		return 0;
	}
	if (runs->nr_chunks)
		return runs_add_chunk(runs, runs->nr_pages);
	rc = runs_add_chunk(runs, 0);
	if (rc)
		return rc;
	*++runs->last = runs->single;
	runs->room--;
	return 0;
}

/**
 * iommufd_runs_append_run() - the part of iommufd_runs_append() for a run of its own
 * @runs: the list
 * @pfn: the first page frame
 * @nr: how many, 1 to RUN_MAX_PAGES
 *
 * Return: 0, or -ENOMEM with the list as it was.
 */
int iommufd_runs_append_run(struct iommufd_runs *runs, unsigned long pfn, unsigned long nr)
{
	if (!runs->room) {
		int rc = runs_make_room(runs);

		if (rc)
			return rc;
	}
	*++runs->last = run_make(pfn, nr);
	runs->next_pfn = pfn + nr;
	runs->room--;
	runs->nr_runs++;
	runs->nr_pages += nr;
	return 0;
}

/* How many of the pages follow the first in memory, with it. */
static unsigned long count_contiguous(struct page **pages, unsigned long nr)
{
	struct page *next = *pages + 1;
	unsigned long i = 1;

	/* Structures of pages lie in one table, in the order of the pages. */
	BUILD_BUG_ON(IS_ENABLED(CONFIG_SPARSEMEM) && !IS_ENABLED(CONFIG_SPARSEMEM_VMEMMAP));
	/* Four at a time, for huge pages. */
	while (i + 4 <= nr && pages[i] == next && pages[i + 1] == next + 1 &&
	       pages[i + 2] == next + 2 && pages[i + 3] == next + 3) {
		next += 4;
		i += 4;
	}
	while (i < nr && pages[i] == next) {
		next++;
		i++;
	}
	return i;
}

/*
 * Adds pages for as long as none of them follows another in memory, and there is room. Returns how
 * many. This is all that there is to do for each page of scattered memory.
 */
static unsigned long append_lone_pages(struct iommufd_runs *runs, struct page **pages,
				       unsigned long nr)
{
	unsigned long next = runs->next_pfn, i;
	u64 *last = runs->last;

	nr = min(nr, runs->room);
	for (i = 0; i < nr; i++) {
		unsigned long pfn = page_to_pfn(pages[i]);

		if (pfn == next)
			break;
		*++last = run_make(pfn, 1);
		next = pfn + 1;
	}
	runs->last = last;
	runs->next_pfn = next;
	runs->room -= i;
	runs->nr_runs += i;
	runs->nr_pages += i;
	return i;
}

/**
 * iommufd_runs_append_pages() - add pages to the end
 * @runs: the list
 * @pages: the pages
 * @nr: how many, no more than RUN_MAX_PAGES
 *
 * Return: 0; or -ENOMEM with some of them added.
 */
int iommufd_runs_append_pages(struct iommufd_runs *runs, struct page **pages, unsigned long nr)
{
	unsigned long i = 0;

	while (i < nr) {
		unsigned long length = count_contiguous(pages + i, nr - i);
		int rc = iommufd_runs_append(runs, page_to_pfn(pages[i]), length);

		if (rc)
			return rc;
		i += length;
		if (length == 1)
			i += append_lone_pages(runs, pages + i, nr - i);
	}
	return 0;
}

/**
 * iommufd_runs_free_chunks() - the part of iommufd_runs_free() for more than one run
 * @runs: the list
 */
void iommufd_runs_free_chunks(struct iommufd_runs *runs)
{
	while (runs->nr_chunks)
		chunk_free(runs, runs->chunks[--runs->nr_chunks]);
	kvfree(runs->chunks);
	runs->chunks = NULL;
	runs->max_chunks = 0;
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

/* Goes to the start of a chunk, or of the only run. */
static void iter_set_chunk(struct iommufd_runs_iter *iter, unsigned int chunk)
{
	const struct iommufd_runs *runs = iter->runs;

	iter->chunk = chunk;
	if (!runs->nr_chunks) {
		iter->run = &runs->single;
		iter->end = iter->run + runs->nr_runs;
		return;
	}
	iter->run = runs->chunks[chunk]->run;
	iter->end = iter->run + min(runs->nr_runs - chunk * RUNS_PER_CHUNK, RUNS_PER_CHUNK);
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
	iter->runs = runs;
	iter->skip = page;
	if (!runs->nr_chunks) {
		iter_set_chunk(iter, 0);
		return;
	}
	iter_set_chunk(iter, runs_find_chunk(runs, page));
	iter->skip = page - runs->chunks[iter->chunk]->first_page;
	while (iter->skip >= iommufd_run_pages(*iter->run))
		iter->skip -= iommufd_run_pages(*iter->run++);
}

/**
 * iommufd_runs_next_chunk() - go from the end of a chunk to the next
 * @iter: the position
 *
 * Return: whether there is one.
 */
bool iommufd_runs_next_chunk(struct iommufd_runs_iter *iter)
{
	if (iter->chunk + 1 >= iter->runs->nr_chunks)
		return false;
	iter_set_chunk(iter, iter->chunk + 1);
	return true;
}
