// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the pages of a backing are pinned, and turned into runs.
 *
 * page by page     any memory of a process, in batches; each page has a pin of its own
 * by huge page     a hugetlb mapping: one page of each huge page is looked up, and its pin holds
 *                  the whole, as such a mapping never maps huge pages in part
 * by mapped file   a shared mapping of a shmem file: pages are taken from the file while they are
 *                  there, as they can't be others than those that are mapped; else page by page
 * files            backing_pin_file.c
 *
 * There is a pin for each page, but one for each folio in hugetlb.
 */
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/mmu_context.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>
#include <linux/userfaultfd_k.h>

#include "backing.h"
#include "folio_pin.h"

/* So few pages are pinned one by one: looking for a better way would cost more. */
#define PIN_FEW		16

/* So many pages are unpinned between two looks at the clock. */
#define UNPIN_BATCH	4096UL

/**
 * iommufd_backing_check_signal() - have a break in a long call
 *
 * Return: 0, or -EINTR for a fatal signal.
 */
int iommufd_backing_check_signal(void)
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
	unsigned long before = backing->runs.nr_pages;
	int rc = iommufd_runs_append_pages(&backing->runs, pages, nr);

	if (rc) {
		unsigned long recorded = backing->runs.nr_pages - before;

		unpin_user_pages(pages + recorded, nr - recorded);
	}
	return rc;
}

static int pin_single_page(struct iommufd_backing *backing)
{
	struct page *page;
	long nr = pin_user_batch(backing, 0, 1, &page);

	return nr == 1 ? record_pages(backing, &page, 1) : nr ?: -EFAULT;
}

/* Pins and records pages, up to PIN_BATCH of them. Returns how many, or a negative errno. */
static long pin_some_pages(struct iommufd_backing *backing, struct page **pages)
{
	unsigned long done = backing->runs.nr_pages;
	long nr = pin_user_batch(backing, done, min(backing->nr_pages - done, PIN_BATCH), pages);

	return nr > 0 ? record_pages(backing, pages, nr) ?: nr : nr ?: -EFAULT;
}

static int pin_by_page(struct iommufd_backing *backing, struct page **pages)
{
	while (!iommufd_backing_is_filled(backing)) {
		long rc = pin_some_pages(backing, pages);

		if (rc >= 0)
			rc = iommufd_backing_check_signal();
		if (rc)
			return rc;
	}
	return 0;
}

static int pin_by_huge_page(struct iommufd_backing *backing)
{
	while (!iommufd_backing_is_filled(backing)) {
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
		rc = iommufd_backing_record_folio(backing, folio, folio_page_idx(folio, page)) ?:
		     iommufd_backing_check_signal();
		if (rc)
			return rc;
	}
	return 0;
}

/* What user memory is: how it can be pinned. */
enum user_kind {
	USER_ANY,
	USER_HUGETLB,
	USER_SHMEM,
};

/*
 * Whether what is seen through a mapping is what is in its shmem file, the mapping allows the
 * access, and nobody waits to see it.
 */
static bool vma_is_shmem_file(struct vm_area_struct *vma, bool write, bool foreign)
{
	const vm_flags_t needed = VM_SHARED | VM_READ | (write ? VM_WRITE : 0);

	return (vma->vm_flags & needed) == needed &&
	       !(vma->vm_flags & (VM_IO | VM_PFNMAP | VM_MIXEDMAP)) && !userfaultfd_armed(vma) &&
	       vma->vm_file && shmem_mapping(vma->vm_file->f_mapping) &&
	       arch_vma_access_permitted(vma, write, false, foreign);
}

/* The mapping at page @index of memory of a process, with its mmap_lock. */
static struct vm_area_struct *lock_vma(struct iommufd_backing *backing, unsigned long index)
{
	struct mm_struct *mm = backing->account->payer.mm;
	struct vm_area_struct *vma;
	int rc;

	/* The process that mapped the memory may be gone, and its memory with it. */
	if (!mmget_not_zero(mm))
		return ERR_PTR(-EFAULT);
	rc = mmap_read_lock_killable(mm);
	if (rc) {
		mmput(mm);
		return ERR_PTR(rc);
	}
	vma = vma_lookup(mm, backing->start + (index << PAGE_SHIFT));
	if (vma)
		return vma;
	mmap_read_unlock(mm);
	mmput(mm);
	return ERR_PTR(-EFAULT);
}

static void unlock_vma(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;

	mmap_read_unlock(mm);
	mmput(mm);
}

static bool user_is_shmem(struct iommufd_backing *backing, struct vm_area_struct *vma)
{
	return vma_is_shmem_file(vma, backing->writeable, vma->vm_mm != current->mm);
}

/*
 * What kind of memory a range begins with. hugetlb counts if it is in one mapping, and if userspace
 * does not want to see each fault (userfaultfd), as most pages would not be faulted.
 */
static enum user_kind user_kind(struct iommufd_backing *backing)
{
	unsigned long end = backing->start + (backing->nr_pages << PAGE_SHIFT);
	struct vm_area_struct *vma = lock_vma(backing, 0);
	enum user_kind kind = USER_ANY;

	if (IS_ERR(vma))
		return USER_ANY;
	if (is_vm_hugetlb_page(vma) && end <= vma->vm_end && !userfaultfd_armed(vma))
		kind = USER_HUGETLB;
	else if (user_is_shmem(backing, vma))
		kind = USER_SHMEM;
	unlock_vma(vma);
	return kind;
}

/*
 * Pins pages of a shmem file that is mapped there, some at a time. Returns how many, 0 if the first
 * has to be faulted in or is of another kind, or a negative errno.
 */
static long pin_mapped_file(struct iommufd_backing *backing)
{
	unsigned long done = backing->runs.nr_pages, uptr = backing->start + (done << PAGE_SHIFT);
	unsigned long nr = min(backing->nr_pages - done, PIN_BATCH);
	struct vm_area_struct *vma = lock_vma(backing, done);
	long rc = 0;

	if (IS_ERR(vma))
		return PTR_ERR(vma);
	if (user_is_shmem(backing, vma))
		rc = iommufd_backing_pin_cached(backing, vma->vm_file->f_mapping,
						linear_page_index(vma, uptr),
						min(nr, (vma->vm_end - uptr) >> PAGE_SHIFT));
	unlock_vma(vma);
	return rc;
}

/*
 * A shmem file that a process has mapped: what is in memory is found quickest in the file, the rest
 * is faulted in.
 */
static int pin_by_mapped_file(struct iommufd_backing *backing, struct page **pages)
{
	while (!iommufd_backing_is_filled(backing)) {
		long rc = pin_mapped_file(backing);

		if (!rc)
			rc = pin_some_pages(backing, pages);
		if (rc >= 0)
			rc = iommufd_backing_check_signal();
		if (rc)
			return rc;
	}
	return 0;
}

static int pin_user(struct iommufd_backing *backing, void *batch)
{
	switch (user_kind(backing)) {
	case USER_HUGETLB:
		backing->by_folio = true;
		return pin_by_huge_page(backing);
	case USER_SHMEM:
		return pin_by_mapped_file(backing, batch);
	default:
		return pin_by_page(backing, batch);
	}
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
	rc = pin_user(backing, batch);
	free_page((unsigned long)batch);
	return rc;
}

/* Where a device's memory is doesn't change while it is the user's: there is nothing to pin. */
static int record_device_memory(struct iommufd_backing *backing)
{
	int rc = 0;

	while (!rc && !iommufd_backing_is_filled(backing)) {
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
	else if (backing->file)
		rc = iommufd_backing_pin_file(backing);
	else if (backing->nr_pages == 1)
		rc = pin_single_page(backing);
	else if (backing->nr_pages <= PIN_FEW)
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

/*
 * Whether the kernel's own function is to unpin a folio: what is not ordinary memory, and where
 * pins aren't known.
 */
static __always_inline bool unpin_is_kernels(const struct folio *folio, unsigned long pfn)
{
	return unlikely(!iommufd_pins_are_known || is_zero_pfn(pfn) ||
			folio_is_zone_device(folio));
}

/* Unpins contiguous pages. */
static __always_inline void unpin_pages(unsigned long pfn, unsigned long nr, bool dirty,
					struct iommufd_pin_count *count)
{
	while (nr) {
		struct page *page = pfn_to_page(pfn);
		struct folio *folio = page_folio(page);
		unsigned long part = 1;

		if (folio_test_large(folio))
			part = min_t(unsigned long, nr,
				     folio_nr_pages(folio) - folio_page_idx(folio, page));
		if (unpin_is_kernels(folio, pfn)) {
			unpin_user_page_range_dirty_lock(page, part, dirty);
		} else {
			if (dirty && !folio_test_dirty(folio))
				set_page_dirty_lock(&folio->page);
			iommufd_folio_unpin(folio, part, count);
		}
		pfn += part;
		nr -= part;
	}
}

/* The usual page of a small mapping; @count costs as much as all of it. */
static bool unpin_only_page(struct iommufd_backing *backing)
{
	unsigned long pfn = iommufd_run_pfn(backing->runs.single);
	struct folio *folio = page_folio(pfn_to_page(pfn));

	if (folio_test_large(folio) || unpin_is_kernels(folio, pfn))
		return false;
	if (backing->writeable && !folio_test_dirty(folio))
		set_page_dirty_lock(&folio->page);
	mod_node_page_state(folio_pgdat(folio), NR_FOLL_PIN_RELEASED, 1);
	folio_put_refs(folio, GUP_PIN_COUNTING_BIAS);
	return true;
}

static noinline void unpin_by_page(struct iommufd_backing *backing)
{
	struct iommufd_pin_count count = { .item = NR_FOLL_PIN_RELEASED };
	unsigned long left = UNPIN_BATCH, pfn, nr;
	struct iommufd_runs_iter iter;

	iommufd_runs_seek(&iter, &backing->runs, 0);
	while ((nr = iommufd_runs_next(&iter, left, &pfn))) {
		unpin_pages(pfn, nr, backing->writeable, &count);
		left -= nr;
		if (!left) {
			left = UNPIN_BATCH;
			cond_resched();
		}
	}
	iommufd_pin_count_flush(&count);
}

static noinline void unpin_by_folio(struct iommufd_backing *backing)
{
	struct iommufd_runs_iter iter;
	unsigned long pfn, nr;

	iommufd_runs_seek(&iter, &backing->runs, 0);
	while ((nr = iommufd_runs_next(&iter, RUN_MAX_PAGES, &pfn))) {
		unpin_run_folios(pfn, nr, backing->writeable);
		cond_resched();
	}
}

/**
 * iommufd_backing_unpin_runs() - unpin what the runs say, and forget it
 * @backing: the backing; lock held, unless the caller has the only reference
 */
void iommufd_backing_unpin_runs(struct iommufd_backing *backing)
{
	/* Memory of a device has no pages. */
	if (!backing->device && backing->by_folio)
		unpin_by_folio(backing);
	else if (!backing->device && !(backing->runs.nr_pages == 1 && unpin_only_page(backing)))
		unpin_by_page(backing);
	iommufd_runs_free(&backing->runs);
}
