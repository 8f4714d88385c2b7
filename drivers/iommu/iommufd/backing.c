// SPDX-License-Identifier: GPL-2.0-only
/*
 * Backings: memory of a process, pinned as a whole while somebody maps it.
 *
 * Pinning faults user memory in and may therefore wait for as long as the user likes (userfaultfd,
 * FUSE). It happens under backing->lock, but only for the first pin; a pin is taken away only from
 * those who have one, so taking away never waits for a fault.
 */
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "backing.h"

/* Pages that are looked up in one go: one page of pointers. */
#define PIN_BATCH	(PAGE_SIZE / sizeof(struct page *))

/**
 * iommufd_backing_alloc_user() - memory of the calling process
 * @ictx: the context, for accounting
 * @uptr: its address; pages are taken whole
 * @length: in bytes, not zero; the caller has checked that it doesn't wrap around
 * @writeable: whether DMA may write
 *
 * Pins nothing yet.
 *
 * Return: the backing with a reference for the caller, or ERR_PTR(-ENOMEM).
 */
struct iommufd_backing *iommufd_backing_alloc_user(struct iommufd_ctx *ictx, unsigned long uptr,
						   unsigned long length, bool writeable)
{
	struct iommufd_backing *backing;

	backing = kzalloc(sizeof(*backing), GFP_KERNEL_ACCOUNT);
	if (!backing)
		return ERR_PTR(-ENOMEM);
	refcount_set(&backing->refs, 1);
	mutex_init(&backing->lock);
	iommufd_account_init(&backing->account, ictx);
	backing->start = uptr & PAGE_MASK;
	backing->nr_pages = ((uptr + length - 1) >> PAGE_SHIFT) - (uptr >> PAGE_SHIFT) + 1;
	backing->writeable = writeable;
	iommufd_runs_init(&backing->runs, backing->nr_pages);
	return backing;
}

void iommufd_backing_put(struct iommufd_backing *backing)
{
	if (!refcount_dec_and_test(&backing->refs))
		return;
	WARN_ON(backing->pins);
	iommufd_account_destroy(&backing->account);
	kfree(backing);
}

/* Pins up to @nr pages from page @first on. Returns how many, or a negative errno. */
static long backing_pin_batch(struct iommufd_backing *backing, unsigned long first,
			      unsigned long nr, struct page **pages)
{
	unsigned int flags = FOLL_LONGTERM | (backing->writeable ? FOLL_WRITE : 0);
	unsigned long uptr = backing->start + (first << PAGE_SHIFT);
	struct mm_struct *mm = backing->account.mm;
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
static int backing_record(struct iommufd_backing *backing, struct page **pages, unsigned long nr)
{
	unsigned long i, end;
	int rc;

	for (i = 0; i < nr; i = end) {
		unsigned long pfn = page_to_pfn(pages[i]);

		for (end = i + 1; end < nr; end++)
			if (page_to_pfn(pages[end]) != pfn + (end - i))
				break;
		rc = iommufd_runs_append(&backing->runs, pfn, end - i);
		if (rc) {
			unpin_user_pages(pages + i, nr - i);
			return rc;
		}
	}
	return 0;
}

static void backing_unpin_runs(struct iommufd_backing *backing)
{
	struct iommufd_runs_iter iter;
	unsigned long nr, pfn;

	iommufd_runs_seek(&iter, &backing->runs, 0);
	while ((nr = iommufd_runs_next(&iter, RUN_MAX_PAGES, &pfn))) {
		unpin_user_page_range_dirty_lock(pfn_to_page(pfn), nr, backing->writeable);
		cond_resched();
	}
	iommufd_runs_free(&backing->runs);
}

static int backing_pin_runs(struct iommufd_backing *backing, struct page **pages)
{
	while (backing->runs.nr_pages < backing->nr_pages) {
		unsigned long done = backing->runs.nr_pages;
		long nr;
		int rc;

		if (fatal_signal_pending(current))
			return -EINTR;
		nr = backing_pin_batch(backing, done, min(backing->nr_pages - done, PIN_BATCH),
				       pages);
		if (nr <= 0)
			return nr ?: -EFAULT;
		rc = backing_record(backing, pages, nr);
		if (rc)
			return rc;
		cond_resched();
	}
	return 0;
}

static int backing_pin_first(struct iommufd_backing *backing)
{
	struct page **pages;
	int rc;

	pages = (struct page **)__get_free_page(GFP_KERNEL_ACCOUNT);
	if (!pages)
		return -ENOMEM;
	rc = iommufd_account_charge(&backing->account, backing->nr_pages);
	if (rc)
		goto free_pages;
	rc = backing_pin_runs(backing, pages);
	if (rc)
		goto unpin;
	free_page((unsigned long)pages);
	return 0;

unpin:
	backing_unpin_runs(backing);
	iommufd_account_uncharge(&backing->account, backing->nr_pages);
free_pages:
	free_page((unsigned long)pages);
	return rc;
}

/**
 * iommufd_backing_pin() - need the pages, and thereby backing->runs
 * @backing: the backing
 *
 * Context: may wait for user memory; no lock held that anybody needs to take something away.
 * Return: 0; -ENOMEM (limit, or no memory), -EFAULT (no such memory, or not of a kind that can be
 * pinned), -EINTR (fatal signal).
 */
int iommufd_backing_pin(struct iommufd_backing *backing)
{
	int rc = mutex_lock_killable(&backing->lock);

	if (rc)
		return rc;
	if (!backing->pins)
		rc = backing_pin_first(backing);
	if (!rc)
		backing->pins++;
	mutex_unlock(&backing->lock);
	return rc;
}

/**
 * iommufd_backing_unpin() - no longer need the pages; nothing maps them for the caller any more
 * @backing: a backing that the caller has pinned
 */
void iommufd_backing_unpin(struct iommufd_backing *backing)
{
	mutex_lock(&backing->lock);
	if (!--backing->pins) {
		backing_unpin_runs(backing);
		iommufd_account_uncharge(&backing->account, backing->nr_pages);
	}
	mutex_unlock(&backing->lock);
}
