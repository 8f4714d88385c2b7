// SPDX-License-Identifier: GPL-2.0-only
/*
 * How pages of a file are pinned: of hugetlbfs, and of shmem, also where a process has mapped it.
 *
 * Pages of shmem that are in memory are taken from the page cache, many at a time. A folio is
 * locked while it is looked at and pinned. So it is not being truncated, swapped out, collapsed or
 * moved, and whoever wants to do so next finds the pin, as it finds the pins of the kernel's own
 * functions. What is not that plain is left to those: what is not in memory, has no contents yet,
 * is locked by somebody, can't stay where it is, or is broken.
 */
#include <linux/fs.h>
#include <linux/falloc.h>
#include <linux/hugetlb.h>
#include <linux/memfd.h>
#include <linux/pagemap.h>
#include <linux/pagevec.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>

#include "backing.h"
#include "folio_pin.h"

/**
 * iommufd_backing_record_folio() - record what a pinned folio has of a backing
 * @backing: the backing
 * @folio: the folio, with one pin
 * @first: the page in it that is the backing's next; as many are recorded as are wanted
 *
 * Return: 0, or -ENOMEM, and then the folio is unpinned.
 */
int iommufd_backing_record_folio(struct iommufd_backing *backing, struct folio *folio,
				 unsigned long first)
{
	unsigned long nr = min(folio_nr_pages(folio) - first,
			       backing->nr_pages - backing->runs.nr_pages);
	int rc = iommufd_runs_append(&backing->runs, folio_pfn(folio) + first, nr);

	if (rc)
		unpin_folio(folio);
	return rc;
}

/*
 * The huge page of a hugetlbfs file that holds page @index, with a reference. One that does not
 * exist yet is allocated as a write to a mapping would, which needs a descriptor that is open for
 * writing.
 */
static struct folio *hugetlb_file_folio(struct file *file, pgoff_t index)
{
	const loff_t size = huge_page_size(hstate_file(file));
	const loff_t pos = round_down((loff_t)index << PAGE_SHIFT, size);
	struct folio *folio = filemap_get_folio(file->f_mapping, index);
	int rc;

	if (!IS_ERR(folio) || !(file->f_mode & FMODE_WRITE))
		return folio;
	rc = vfs_fallocate(file, FALLOC_FL_KEEP_SIZE, pos, size);
	return rc ? ERR_PTR(rc) : filemap_get_folio(file->f_mapping, index);
}

/*
 * Pins the huge page of a file that holds page @index. memfd_pin_folios() is not for hugetlbfs: in
 * Linux 6.12 it runs into a BUG() where a huge page has to be allocated for which no reservation is
 * left.
 */
static struct folio *pin_hugetlb_folio(struct file *file, pgoff_t index)
{
	struct iommufd_pin_count count = { .item = NR_FOLL_PIN_ACQUIRED };
	struct folio *folio = hugetlb_file_folio(file, index);

	if (IS_ERR(folio))
		return PTR_ERR(folio) == -ENOSPC ? ERR_PTR(-ENOMEM) : ERR_PTR(-EFAULT);
	/* Memory that is to stay movable can't be pinned for long, nor moved from here. */
	if (folio_is_zone_movable(folio)) {
		folio_put(folio);
		return ERR_PTR(-EFAULT);
	}
	iommufd_folio_pin(folio, 1, &count);
	iommufd_pin_count_flush(&count);
	return folio;
}

static int pin_hugetlb_file(struct iommufd_backing *backing)
{
	while (!iommufd_backing_is_filled(backing)) {
		pgoff_t index = (backing->start >> PAGE_SHIFT) + backing->runs.nr_pages;
		struct folio *folio = pin_hugetlb_folio(backing->file, index);
		int rc;

		if (IS_ERR(folio))
			return PTR_ERR(folio);
		rc = iommufd_backing_record_folio(backing, folio, index - folio->index) ?:
		     iommufd_backing_check_signal();
		if (rc)
			return rc;
	}
	return 0;
}

/* Whether pages may be taken from the page cache: whether one can be seen to be able to stay. */
static bool can_pin_cached(void)
{
	/* Which pages are in a CMA area the kernel doesn't tell modules. */
	return !IS_ENABLED(CONFIG_CMA) && iommufd_pins_are_known;
}

/*
 * How many pages a locked folio of @mapping has to offer from page @index of the file on: 0 if it
 * has not that page, or should not be pinned as it is.
 */
static unsigned long folio_usable_pages(struct folio *folio, struct address_space *mapping,
					pgoff_t index)
{
	unsigned long skip = index - folio->index;

	if (folio->mapping != mapping || skip >= folio_nr_pages(folio))
		return 0;
	/* Space that was only reserved holds what was in that memory before. */
	if (!folio_test_uptodate(folio) || folio_contain_hwpoisoned_page(folio))
		return 0;
	/* The same page can be pinned so often that another pin would overflow. */
	if (folio_ref_count(folio) <= 0 || folio_is_zone_movable(folio))
		return 0;
	return folio_nr_pages(folio) - skip;
}

/*
 * Pins up to @nr pages from @index on in a folio to which the caller has a reference, which is
 * consumed. Returns how many, or 0.
 */
static unsigned long pin_cached_folio(struct folio *folio, struct address_space *mapping,
				      pgoff_t index, unsigned long nr,
				      struct iommufd_pin_count *count)
{
	unsigned long pages = 0;

	if (folio_trylock(folio)) {
		pages = min(folio_usable_pages(folio, mapping, index), nr);
		if (pages)
			iommufd_folio_pin(folio, pages, count);
		folio_unlock(folio);
	}
	if (!pages)
		folio_put(folio);
	return pages;
}

/* Records pinned pages of a folio. On failure unpins them. */
static int record_cached(struct iommufd_backing *backing, struct folio *folio, pgoff_t index,
			 unsigned long nr)
{
	struct iommufd_pin_count released = { .item = NR_FOLL_PIN_RELEASED };
	int rc = iommufd_runs_append(&backing->runs, folio_pfn(folio) + index - folio->index, nr);

	if (rc) {
		iommufd_folio_unpin(folio, nr, &released);
		iommufd_pin_count_flush(&released);
	}
	return rc;
}

/* As iommufd_backing_pin_cached(), for as many folios as are found in one go. */
static long pin_cached_some(struct iommufd_backing *backing, struct address_space *mapping,
			    pgoff_t index, unsigned long nr, struct iommufd_pin_count *count)
{
	unsigned long done = 0, pages = nr;
	struct folio_batch batch;
	pgoff_t next = index;
	unsigned int i;
	int rc = 0;

	folio_batch_init(&batch);
	filemap_get_folios_contig(mapping, &next, index + nr - 1, &batch);
	for (i = 0; i < folio_batch_count(&batch) && done < nr && pages && !rc; i++) {
		struct folio *folio = batch.folios[i];

		pages = pin_cached_folio(folio, mapping, index + done, nr - done, count);
		if (pages)
			rc = record_cached(backing, folio, index + done, pages);
		done += rc ? 0 : pages;
	}
	for (; i < folio_batch_count(&batch); i++)
		folio_put(batch.folios[i]);
	return rc ?: done;
}

/**
 * iommufd_backing_pin_cached() - pin and record pages of a shmem file that are in memory
 * @backing: the backing; each page gets a pin of its own
 * @mapping: the file's page cache
 * @index: number in the file of the backing's next page
 * @nr: how many pages at most, not zero
 *
 * Return: how many, which is less than @nr where the kernel has to be asked for a page: because it
 * is not there, or is not as it should be. 0: for the first. Or -ENOMEM.
 */
long iommufd_backing_pin_cached(struct iommufd_backing *backing, struct address_space *mapping,
				pgoff_t index, unsigned long nr)
{
	unsigned long size = DIV_ROUND_UP(i_size_read(mapping->host), PAGE_SIZE), done = 0;
	struct iommufd_pin_count count = { .item = NR_FOLL_PIN_ACQUIRED };
	long rc;

	/* There may be pages beyond the file's end, which nobody is to see. */
	if (!can_pin_cached() || index >= size)
		return 0;
	nr = min(nr, size - index);
	do {
		rc = pin_cached_some(backing, mapping, index + done, nr - done, &count);
		done += max(rc, 0);
	} while (rc > 0 && done < nr);
	iommufd_pin_count_flush(&count);
	return rc < 0 ? rc : done;
}

/*
 * Whether the first @nr pages are in the file, which may have shrunk. Beyond its end nothing is
 * allocated.
 */
static bool file_has_pages(const struct iommufd_backing *backing, unsigned long nr)
{
	loff_t size = i_size_read(file_inode(backing->file));

	return (backing->start >> PAGE_SHIFT) + nr <= DIV_ROUND_UP(size, PAGE_SIZE);
}

/* Brings a page of a shmem file into memory, with contents. It may be gone on return. */
static int read_shmem_page(struct file *file, pgoff_t index)
{
	unsigned int flags = memalloc_pin_save();
	struct folio *folio = shmem_read_folio(file->f_mapping, index);

	memalloc_pin_restore(flags);
	if (IS_ERR(folio))
		return PTR_ERR(folio);
	folio_put(folio);
	return 0;
}

/* Pins the folio that has a page of a shmem file. */
static long pin_shmem_folio(struct file *file, loff_t pos, struct folio **folio, pgoff_t *offset)
{
	loff_t size = i_size_read(file_inode(file));

	/* What is asked for has to be in the file, though the last page may be only in part. */
	if (pos >= size)
		return -EFAULT;
	return memfd_pin_folios(file, pos, min_t(loff_t, pos + PAGE_SIZE, size) - 1, folio, 1,
				offset);
}

/*
 * Pins a page of a shmem file, wherever it is. memfd_pin_folios() knows how to move it to where it
 * can stay. But it also pins what fallocate(2) has reserved and nobody has cleared yet: devices
 * would see what was in that memory before, and the first to look at the file would clear what
 * devices have written.
 */
static struct page *pin_shmem_page(struct file *file, pgoff_t index)
{
	const loff_t pos = (loff_t)index << PAGE_SHIFT;
	struct folio *folio;
	pgoff_t offset;
	long rc;

	for (;;) {
		rc = read_shmem_page(file, index);
		if (rc)
			return ERR_PTR(rc);
		rc = pin_shmem_folio(file, pos, &folio, &offset);
		if (rc <= 0)
			return ERR_PTR(rc ?: -EFAULT);
		if (folio_test_uptodate(folio))
			return folio_page(folio, offset >> PAGE_SHIFT);
		/* It has been replaced meanwhile. */
		unpin_folio(folio);
		rc = iommufd_backing_check_signal();
		if (rc)
			return ERR_PTR(rc);
	}
}

static int pin_and_record_shmem_page(struct iommufd_backing *backing, pgoff_t index)
{
	struct page *page = pin_shmem_page(backing->file, index);
	int rc;

	if (IS_ERR(page))
		return PTR_ERR(page);
	rc = iommufd_runs_append(&backing->runs, page_to_pfn(page), 1);
	if (rc)
		unpin_user_page(page);
	return rc;
}

static int pin_shmem_file(struct iommufd_backing *backing)
{
	while (!iommufd_backing_is_filled(backing)) {
		unsigned long done = backing->runs.nr_pages;
		pgoff_t index = (backing->start >> PAGE_SHIFT) + done;
		long rc;

		rc = iommufd_backing_pin_cached(backing, backing->file->f_mapping, index,
						min(backing->nr_pages - done, PIN_BATCH));
		if (!rc)
			rc = pin_and_record_shmem_page(backing, index);
		if (rc >= 0)
			rc = iommufd_backing_check_signal();
		if (rc)
			return rc;
	}
	return 0;
}

/**
 * iommufd_backing_pin_file() - iommufd_backing_pin_runs() for a file
 * @backing: a backing that is a file
 *
 * Return: 0, or an errno with what was pinned in the runs.
 */
int iommufd_backing_pin_file(struct iommufd_backing *backing)
{
	if (!file_has_pages(backing, backing->nr_pages))
		return -EFAULT;
	backing->by_folio = is_file_hugepages(backing->file);
	return backing->by_folio ? pin_hugetlb_file(backing) : pin_shmem_file(backing);
}

/**
 * iommufd_backing_look_up_file_page() - pin a page of a file, and leave it to the caller
 * @backing: a backing that is a file
 * @index: number of the page
 * @page: set to the page, for unpin_user_page()
 *
 * Return: 1, or a negative errno.
 */
long iommufd_backing_look_up_file_page(struct iommufd_backing *backing, unsigned long index,
				       struct page **page)
{
	pgoff_t in_file = (backing->start >> PAGE_SHIFT) + index;
	struct folio *folio;

	if (!file_has_pages(backing, index + 1))
		return -EFAULT;
	if (is_file_hugepages(backing->file)) {
		folio = pin_hugetlb_folio(backing->file, in_file);
		if (IS_ERR(folio))
			return PTR_ERR(folio);
		*page = folio_page(folio, in_file - folio->index);
		return 1;
	}
	*page = pin_shmem_page(backing->file, in_file);
	return IS_ERR(*page) ? PTR_ERR(*page) : 1;
}
