// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the pages of a backing are pinned, and turned into runs.
 *
 * page by page   any memory of a process, in batches; each page has a pin of its own
 * by huge page   a hugetlb mapping: one page of each huge page is looked up, and its pin holds the
 *                whole, as such a mapping never maps huge pages in part
 * by folio       a file: folios are taken from it, without anybody's page tables
 *
 * The last two leave one pin for each folio. A file that a process has mapped is pinned page by
 * page all the same: looking pages up in its page tables is quicker than looking them up in the
 * file, and huge pages are found as such there, too.
 */
#include <linux/fs.h>
#include <linux/falloc.h>
#include <linux/hugetlb.h>
#include <linux/memfd.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/userfaultfd_k.h>

#include "backing.h"

/* How many pages or folios are looked up in one go: one page of pointers. */
#define PIN_BATCH	(PAGE_SIZE / sizeof(void *))

/* So few pages are pinned one by one: looking for a better way would cost more. */
#define PIN_FEW		16

static bool pinned_all(const struct iommufd_backing *backing)
{
	return backing->runs.nr_pages == backing->nr_pages;
}

static int check_signal(void)
{
	if (fatal_signal_pending(current))
		return -EINTR;
	cond_resched();
	return 0;
}

/* Pins up to @nr pages from page @first on. Returns how many, or a negative errno. */
static long pin_user_batch(struct iommufd_backing *backing, unsigned long first, unsigned long nr,
			   struct page **pages)
{
	unsigned int flags = FOLL_LONGTERM | (backing->writeable ? FOLL_WRITE : 0);
	unsigned long uptr = backing->start + (first << PAGE_SHIFT);
	struct mm_struct *mm = backing->account->payer.mm;
	int locked = 1;
	long rc;

	if (mm == current->mm)
		return pin_user_pages_fast(uptr, nr, flags, pages);
	/* The process that mapped the memory may be gone, and its memory with it. */
	if (!mmget_not_zero(mm))
		return -EFAULT;
	rc = mmap_read_lock_killable(mm);
	if (!rc) {
		rc = pin_user_pages_remote(mm, uptr, nr, flags, pages, &locked);
		if (locked)
			mmap_read_unlock(mm);
	}
	mmput(mm);
	return rc;
}

/* Moves pinned pages into runs. On failure unpins those that did not get there. */
static int record_pages(struct iommufd_backing *backing, struct page **pages, unsigned long nr)
{
	unsigned long i, end;
	int rc;

	for (i = 0; i < nr; i = end) {
		unsigned long pfn = page_to_pfn(pages[i]);

		for (end = i + 1; end < nr; end++)
			if (pages[end] != nth_page(pages[i], end - i))
				break;
		rc = iommufd_runs_append(&backing->runs, pfn, end - i);
		if (rc) {
			unpin_user_pages(pages + i, nr - i);
			return rc;
		}
	}
	return 0;
}

static int pin_single_page(struct iommufd_backing *backing)
{
	struct page *page;
	long nr = pin_user_batch(backing, 0, 1, &page);

	return nr == 1 ? record_pages(backing, &page, 1) : nr ?: -EFAULT;
}

static int pin_by_page(struct iommufd_backing *backing, struct page **pages)
{
	while (!pinned_all(backing)) {
		unsigned long done = backing->runs.nr_pages;
		long nr;
		int rc;

		nr = pin_user_batch(backing, done, min(backing->nr_pages - done, PIN_BATCH), pages);
		if (nr <= 0)
			return nr ?: -EFAULT;
		rc = record_pages(backing, pages, nr) ?: check_signal();
		if (rc)
			return rc;
	}
	return 0;
}

/*
 * Records what a pinned folio has of the backing: pages from page @first of the folio on, as many
 * as are wanted. On failure unpins it.
 */
static int record_folio(struct iommufd_backing *backing, struct folio *folio, unsigned long first)
{
	unsigned long nr = min(folio_nr_pages(folio) - first,
			       backing->nr_pages - backing->runs.nr_pages);
	int rc = iommufd_runs_append(&backing->runs, folio_pfn(folio) + first, nr);

	if (rc)
		unpin_folio(folio);
	return rc;
}

static int pin_by_huge_page(struct iommufd_backing *backing)
{
	while (!pinned_all(backing)) {
		struct folio *folio;
		struct page *page;
		long nr;
		int rc;

		nr = pin_user_batch(backing, backing->runs.nr_pages, 1, &page);
		if (nr <= 0)
			return nr ?: -EFAULT;
		folio = page_folio(page);
		/* Another mapping has taken the place of the one that was looked at. */
		if (!folio_test_hugetlb(folio)) {
			unpin_folio(folio);
			return -EFAULT;
		}
		rc = record_folio(backing, folio, folio_page_idx(folio, page)) ?: check_signal();
		if (rc)
			return rc;
	}
	return 0;
}

static int record_folios(struct iommufd_backing *backing, struct folio **folios, long nr,
			 unsigned long first)
{
	long i;
	int rc;

	for (i = 0; i < nr; i++) {
		rc = record_folio(backing, folios[i], first);
		if (rc) {
			unpin_folios(folios + i + 1, nr - i - 1);
			return rc;
		}
		first = 0;
	}
	return 0;
}

static int pin_shmem_folios(struct iommufd_backing *backing, struct folio **folios)
{
	const loff_t start = backing->start;
	const loff_t last = start + ((loff_t)backing->nr_pages << PAGE_SHIFT) - 1;

	while (!pinned_all(backing)) {
		loff_t next = start + ((loff_t)backing->runs.nr_pages << PAGE_SHIFT);
		pgoff_t offset;
		long nr;
		int rc;

		nr = memfd_pin_folios(backing->file, next, last, folios, PIN_BATCH, &offset);
		if (nr <= 0)
			return nr ?: -EFAULT;
		rc = record_folios(backing, folios, nr, offset >> PAGE_SHIFT) ?: check_signal();
		if (rc)
			return rc;
	}
	return 0;
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

/* Makes a reference to a huge page a pin, for unpin_folio(). */
static void hugetlb_folio_pin(struct folio *folio)
{
	atomic_inc(&folio->_pincount);
	mod_node_page_state(folio_pgdat(folio), NR_FOLL_PIN_ACQUIRED, 1);
}

/*
 * Pins the huge page of a file that holds page @index. memfd_pin_folios() is not for hugetlbfs: in
 * Linux 6.12 it runs into a BUG() where a huge page has to be allocated for which no reservation is
 * left.
 */
static struct folio *pin_hugetlb_folio(struct file *file, pgoff_t index)
{
	struct folio *folio = hugetlb_file_folio(file, index);

	if (IS_ERR(folio))
		return PTR_ERR(folio) == -ENOSPC ? ERR_PTR(-ENOMEM) : ERR_PTR(-EFAULT);
	/* Memory that is to stay movable can't be pinned for long, nor moved from here. */
	if (folio_is_zone_movable(folio)) {
		folio_put(folio);
		return ERR_PTR(-EFAULT);
	}
	hugetlb_folio_pin(folio);
	return folio;
}

static int pin_hugetlb_folios(struct iommufd_backing *backing)
{
	while (!pinned_all(backing)) {
		pgoff_t index = (backing->start >> PAGE_SHIFT) + backing->runs.nr_pages;
		struct folio *folio = pin_hugetlb_folio(backing->file, index);
		int rc;

		if (IS_ERR(folio))
			return PTR_ERR(folio);
		rc = record_folio(backing, folio, index - folio->index) ?: check_signal();
		if (rc)
			return rc;
	}
	return 0;
}

/*
 * Whether a range of user memory is in one hugetlb mapping. One in which userspace wants to see
 * each fault (userfaultfd) doesn't count, as most pages would not be faulted.
 */
static bool user_is_hugetlb(struct iommufd_backing *backing)
{
	unsigned long end = backing->start + (backing->nr_pages << PAGE_SHIFT);
	struct mm_struct *mm = backing->account->payer.mm;
	struct vm_area_struct *vma;
	bool hugetlb = false;

	if (!mmget_not_zero(mm))
		return false;
	if (!mmap_read_lock_killable(mm)) {
		vma = vma_lookup(mm, backing->start);
		hugetlb = vma && end <= vma->vm_end && is_vm_hugetlb_page(vma) &&
			  !userfaultfd_armed(vma);
		mmap_read_unlock(mm);
	}
	mmput(mm);
	return hugetlb;
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

static int pin_file(struct iommufd_backing *backing, void *batch)
{
	if (!file_has_pages(backing, backing->nr_pages))
		return -EFAULT;
	backing->by_folio = true;
	if (is_file_hugepages(backing->file))
		return pin_hugetlb_folios(backing);
	return pin_shmem_folios(backing, batch);
}

static int pin_user(struct iommufd_backing *backing, void *batch)
{
	backing->by_folio = user_is_hugetlb(backing);
	if (backing->by_folio)
		return pin_by_huge_page(backing);
	return pin_by_page(backing, batch);
}

/* Not inlined, for its large frame. */
static noinline_for_stack int pin_few(struct iommufd_backing *backing)
{
	struct page *pages[PIN_FEW];

	return pin_by_page(backing, pages);
}

static int pin_many(struct iommufd_backing *backing)
{
	void *batch = (void *)__get_free_page(GFP_KERNEL_ACCOUNT);
	int rc;

	if (!batch)
		return -ENOMEM;
	if (backing->file)
		rc = pin_file(backing, batch);
	else
		rc = pin_user(backing, batch);
	free_page((unsigned long)batch);
	return rc;
}

/* Where a device's memory is doesn't change while it is the user's: there is nothing to pin. */
static int record_device_memory(struct iommufd_backing *backing)
{
	int rc = 0;

	while (!rc && !pinned_all(backing)) {
		unsigned long done = backing->runs.nr_pages;

		rc = iommufd_runs_append(&backing->runs, PHYS_PFN(backing->start) + done,
					 min(backing->nr_pages - done, RUN_MAX_PAGES));
	}
	return rc;
}

/**
 * iommufd_backing_pin_runs() - pin all pages of a backing and fill its runs
 * @backing: the backing, with no page pinned; lock held, unless the caller has the only reference
 *
 * Return: 0; -EFAULT, -ENOMEM or -EINTR, with no page pinned.
 */
int iommufd_backing_pin_runs(struct iommufd_backing *backing)
{
	int rc;

	backing->by_folio = false;
	if (backing->device)
		rc = record_device_memory(backing);
	else if (!backing->file && backing->nr_pages == 1)
		rc = pin_single_page(backing);
	else if (!backing->file && backing->nr_pages <= PIN_FEW)
		rc = pin_few(backing);
	else
		rc = pin_many(backing);
	if (rc)
		iommufd_backing_unpin_runs(backing);
	return rc;
}

/* Unpins the folios that a run is made of; it may start and end in the middle of one. */
static void unpin_run_folios(unsigned long pfn, unsigned long nr, bool dirty)
{
	unsigned long end = pfn + nr;

	while (pfn < end) {
		struct folio *folio = page_folio(pfn_to_page(pfn));

		if (dirty && !folio_test_dirty(folio))
			set_page_dirty_lock(&folio->page);
		pfn = folio_pfn(folio) + folio_nr_pages(folio);
		unpin_folio(folio);
	}
}

static void unpin_page(struct page *page, bool dirty)
{
	if (dirty && !PageDirty(page))
		set_page_dirty_lock(page);
	unpin_user_page(page);
}

static inline void unpin_run(struct iommufd_backing *backing, unsigned long pfn, unsigned long nr)
{
	if (backing->by_folio)
		unpin_run_folios(pfn, nr, backing->writeable);
	else if (nr == 1)
		unpin_page(pfn_to_page(pfn), backing->writeable);
	else
		unpin_user_page_range_dirty_lock(pfn_to_page(pfn), nr, backing->writeable);
}

/**
 * iommufd_backing_unpin_runs() - unpin what the runs say, and forget it
 * @backing: the backing; lock held, unless the caller has the only reference
 */
void iommufd_backing_unpin_runs(struct iommufd_backing *backing)
{
	struct iommufd_runs_iter iter;
	unsigned long nr, pfn;

	if (backing->device) {
		iommufd_runs_free(&backing->runs);
		return;
	}
	if (iommufd_runs_are_single(&backing->runs)) {
		unpin_run(backing, iommufd_run_pfn(backing->runs.single), backing->runs.nr_pages);
		iommufd_runs_free(&backing->runs);
		return;
	}
	iommufd_runs_seek(&iter, &backing->runs, 0);
	while ((nr = iommufd_runs_next(&iter, RUN_MAX_PAGES, &pfn))) {
		unpin_run(backing, pfn, nr);
		cond_resched();
	}
	iommufd_runs_free(&backing->runs);
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
	loff_t pos = backing->start + ((loff_t)index << PAGE_SHIFT);
	struct folio *folio;
	pgoff_t offset;
	long nr;

	if (!file_has_pages(backing, index + 1))
		return -EFAULT;
	if (is_file_hugepages(backing->file)) {
		folio = pin_hugetlb_folio(backing->file, pos >> PAGE_SHIFT);
		if (IS_ERR(folio))
			return PTR_ERR(folio);
		*page = folio_page(folio, (pos >> PAGE_SHIFT) - folio->index);
		return 1;
	}
	nr = memfd_pin_folios(backing->file, pos, pos + PAGE_SIZE - 1, &folio, 1, &offset);
	if (nr <= 0)
		return nr ?: -EFAULT;
	*page = folio_page(folio, offset >> PAGE_SHIFT);
	return 1;
}
