// SPDX-License-Identifier: GPL-2.0-only
/*
 * Single pages of a backing, for access endpoints, which need some pages and not all.
 *
 * backing->pages remembers each page that is pinned by itself, and how often. That record and the
 * runs of a backing that is pinned as a whole don't depend on each other: each has pins of its own,
 * and a page may be in both. Only in the accounting they meet: backing->counted says that all pages
 * are counted already.
 *
 * Nothing is faulted in with pages_lock held, nor is the user waited for otherwise, so a page can
 * be unpinned at any time.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "backing.h"

/* A recorded page is a number: the page frame number above, the number of users below. */
#define RECORD_USERS_BITS	20
#define RECORD_MAX_USERS	(BIT(RECORD_USERS_BITS) - 1)

/* How many pages are worked on between two looks at signals. */
#define PAGES_BATCH		512UL

/* How many pages are taken out of the record under one lock. */
#define UNPIN_BATCH		16UL

static void *record_make(unsigned long pfn, unsigned long users)
{
	return xa_mk_value(pfn << RECORD_USERS_BITS | users);
}

static struct page *record_page(void *record)
{
	return pfn_to_page(xa_to_value(record) >> RECORD_USERS_BITS);
}

static unsigned long record_users(void *record)
{
	return xa_to_value(record) & RECORD_MAX_USERS;
}

/* Changes the number of users of a recorded page, which needs no memory. */
static void record_set_users(struct iommufd_backing *backing, unsigned long index, void *record,
			     unsigned long users)
{
	lockdep_assert_held(&backing->pages_lock);
	xa_store(&backing->pages, index, record_make(page_to_pfn(record_page(record)), users),
		 GFP_KERNEL);
}

/* The page if it is recorded, with one user more; NULL if it isn't; ERR_PTR(-EOVERFLOW). */
static struct page *recorded_page_get(struct iommufd_backing *backing, unsigned long index)
{
	void *record = xa_load(&backing->pages, index);

	lockdep_assert_held(&backing->pages_lock);
	if (!record)
		return NULL;
	if (record_users(record) == RECORD_MAX_USERS)
		return ERR_PTR(-EOVERFLOW);
	record_set_users(backing, index, record, record_users(record) + 1);
	return record_page(record);
}

/* One user less of a recorded page. Returns the page if that was the last. */
static struct page *recorded_page_put(struct iommufd_backing *backing, unsigned long index)
{
	void *record = xa_load(&backing->pages, index);

	lockdep_assert_held(&backing->pages_lock);
	if (WARN_ON_ONCE(!record))
		return NULL;
	if (record_users(record) > 1) {
		record_set_users(backing, index, record, record_users(record) - 1);
		return NULL;
	}
	xa_erase(&backing->pages, index);
	backing->nr_recorded--;
	return record_page(record);
}

/* Takes recorded pages from @first on. Returns how many there are in a row, or a negative errno. */
static long get_recorded(struct iommufd_backing *backing, unsigned long first, unsigned long nr,
			 struct page **pages)
{
	unsigned long i;

	guard(mutex)(&backing->pages_lock);
	for (i = 0; i < nr; i++) {
		struct page *page = recorded_page_get(backing, first + i);

		if (IS_ERR(page) && !i)
			return PTR_ERR(page);
		if (IS_ERR_OR_NULL(page))
			break;
		pages[i] = page;
	}
	return i;
}

/* Records a pinned page, unless it has been meanwhile: then that one takes its place. */
static int record_one(struct iommufd_backing *backing, unsigned long index, struct page **page)
{
	struct page *other = recorded_page_get(backing, index);
	int rc;

	if (IS_ERR(other))
		return PTR_ERR(other);
	if (other) {
		unpin_user_page(*page);
		*page = other;
		return 0;
	}
	rc = xa_err(xa_store(&backing->pages, index, record_make(page_to_pfn(*page), 1),
			     GFP_KERNEL_ACCOUNT));
	if (!rc)
		backing->nr_recorded++;
	return rc;
}

/*
 * Records pinned pages; @charged says that they are counted. Returns how many, the others being
 * unpinned; a negative errno if none, with all still pinned: -EAGAIN if counting them has to wait.
 */
static long try_record_pages(struct iommufd_backing *backing, unsigned long first,
			     unsigned long nr, struct page **pages, bool charged)
{
	unsigned long before, needed, i = 0;
	int rc = 0;

	guard(mutex)(&backing->pages_lock);
	if (!backing->counted && !charged) {
		rc = iommufd_account_try_charge(backing->account, !backing->file, nr);
		if (rc)
			return rc;
		charged = true;
	}
	before = backing->nr_recorded;
	while (i < nr && !rc) {
		rc = record_one(backing, first + i, pages + i);
		i += !rc;
	}
	needed = backing->counted ? 0 : backing->nr_recorded - before;
	if (charged && needed < nr)
		iommufd_account_uncharge(backing->account, !backing->file, nr - needed);
	if (i && i < nr)
		unpin_user_pages(pages + i, nr - i);
	return i ?: rc;
}

/*
 * Counts pages of a process that has its mmap_lock taken. It may keep it, and the driver that needs
 * the pages may have to stop, so this tries again until it does.
 */
static int charge_cancellably(struct iommufd_backing *backing, unsigned long nr,
			      struct iommufd_canceller *canceller)
{
	long rc;

	while ((rc = iommufd_account_try_charge(backing->account, !backing->file, nr)) == -EAGAIN) {
		rc = wait_event_killable_timeout(canceller->wait, iommufd_is_cancelled(canceller),
						 1);
		if (rc)
			return rc < 0 ? -EINTR : -ENODEV;
	}
	return rc;
}

/* Records pinned pages. Returns how many, the others being unpinned; a negative errno if none. */
static long record_pages(struct iommufd_backing *backing, unsigned long first, unsigned long nr,
			 struct page **pages, struct iommufd_canceller *canceller)
{
	long rc = try_record_pages(backing, first, nr, pages, false);

	if (rc == -EAGAIN) {
		rc = charge_cancellably(backing, nr, canceller);
		if (!rc)
			rc = try_record_pages(backing, first, nr, pages, true);
	}
	if (rc < 0)
		unpin_user_pages(pages, nr);
	return rc;
}

/* How many pages from @first on, which isn't recorded, can be looked up in one go. */
static unsigned long count_unrecorded(struct iommufd_backing *backing, unsigned long first,
				      unsigned long nr)
{
	unsigned long next = first;

	if (xa_find(&backing->pages, &next, first + nr - 1, XA_PRESENT))
		nr = max(next - first, 1);
	return min(nr, PAGES_BATCH);
}

static long pin_unrecorded(struct iommufd_backing *backing, unsigned long first, unsigned long nr,
			   struct page **pages, struct iommufd_canceller *canceller)
{
	unsigned int flags = FOLL_LONGTERM | (backing->writeable ? FOLL_WRITE : 0);
	long rc;

	if (fatal_signal_pending(current))
		return -EINTR;
	nr = count_unrecorded(backing, first, nr);
	rc = iommufd_lookup_pages(backing, first, nr, flags, pages, canceller);
	if (rc <= 0)
		return rc ?: -EFAULT;
	return record_pages(backing, first, rc, pages, canceller);
}

/**
 * iommufd_backing_pin_pages() - need some of the pages
 * @backing: the backing
 * @first: number of the first page
 * @nr: how many, not zero
 * @pages: set to the pages
 * @canceller: ends waits
 *
 * Context: may wait for user memory.
 * Return: 0, or as iommufd_backing_pin(); -EOVERFLOW if somebody pins the same page too often;
 * -ENODEV if cancelled.
 */
int iommufd_backing_pin_pages(struct iommufd_backing *backing, unsigned long first,
			      unsigned long nr, struct page **pages,
			      struct iommufd_canceller *canceller)
{
	unsigned long done = 0;

	while (done < nr) {
		unsigned long left = nr - done;
		long rc;

		rc = get_recorded(backing, first + done, min(left, PAGES_BATCH), pages + done);
		if (!rc)
			rc = pin_unrecorded(backing, first + done, left, pages + done, canceller);
		if (rc < 0) {
			iommufd_backing_unpin_pages(backing, first, done);
			return rc;
		}
		done += rc;
		cond_resched();
	}
	return 0;
}

/* Takes pages of @nr that nobody needs any more out of the record, into @pages. */
static unsigned long put_recorded(struct iommufd_backing *backing, unsigned long first,
				  unsigned long nr, struct page **pages)
{
	unsigned long i, last_users = 0;

	guard(mutex)(&backing->pages_lock);
	for (i = 0; i < nr; i++) {
		struct page *page = recorded_page_put(backing, first + i);

		if (page)
			pages[last_users++] = page;
	}
	if (last_users && !backing->counted)
		iommufd_account_uncharge(backing->account, !backing->file, last_users);
	return last_users;
}

/**
 * iommufd_backing_unpin_pages() - undo iommufd_backing_pin_pages()
 * @backing: the backing
 * @first: number of the first page
 * @nr: how many; they may have been pinned in several calls
 */
void iommufd_backing_unpin_pages(struct iommufd_backing *backing, unsigned long first,
				 unsigned long nr)
{
	struct page *pages[UNPIN_BATCH];

	while (nr) {
		unsigned long part = min(nr, UNPIN_BATCH);
		unsigned long last_users = put_recorded(backing, first, part, pages);

		unpin_user_pages_dirty_lock(pages, last_users, backing->writeable);
		first += part;
		nr -= part;
		cond_resched();
	}
}

/**
 * iommufd_backing_list_pages() - the pages of a backing that is pinned as a whole
 * @backing: a backing on which the caller has a pin
 * @first: number of the first page
 * @nr: how many
 * @pages: set to the pages
 */
void iommufd_backing_list_pages(struct iommufd_backing *backing, unsigned long first,
				unsigned long nr, struct page **pages)
{
	struct iommufd_runs_iter iter;
	unsigned long pfn;

	iommufd_runs_seek(&iter, &backing->runs, first);
	while (nr-- && iommufd_runs_next(&iter, 1, &pfn))
		*pages++ = pfn_to_page(pfn);
}

static struct page *backing_get_recorded(struct iommufd_backing *backing, unsigned long index)
{
	guard(mutex)(&backing->pages_lock);
	return recorded_page_get(backing, index);
}

/* The page as others have it pinned. Returns false if nobody has. */
static bool hold_pinned(struct iommufd_backing *backing, unsigned long index,
			struct iommufd_page_hold *hold)
{
	if (iommufd_backing_pin_if_pinned(backing)) {
		hold->kind = IOMMUFD_HOLD_WHOLE;
		iommufd_backing_list_pages(backing, index, 1, &hold->page);
		return true;
	}
	hold->kind = IOMMUFD_HOLD_RECORDED;
	hold->page = backing_get_recorded(backing, index);
	return !IS_ERR_OR_NULL(hold->page);
}

/**
 * iommufd_backing_hold_page() - have a page for a moment
 * @backing: the backing
 * @index: number of the page
 * @write: whether it will be written to
 * @fresh: look it up even if it is pinned
 * @hold: set to the page, for iommufd_backing_release_page()
 * @canceller: ends waits
 *
 * Not accounted: nobody can make it last.
 *
 * Context: may wait for user memory.
 * Return: 0, -EFAULT, -ENOMEM, -EINTR or -ENODEV.
 */
int iommufd_backing_hold_page(struct iommufd_backing *backing, unsigned long index, bool write,
			      bool fresh, struct iommufd_page_hold *hold,
			      struct iommufd_canceller *canceller)
{
	long rc;

	hold->write = write;
	hold->index = index;
	if (!fresh && hold_pinned(backing, index, hold))
		return 0;
	hold->kind = IOMMUFD_HOLD_LOOKED_UP;
	rc = iommufd_lookup_pages(backing, index, 1, write ? FOLL_WRITE : 0, &hold->page,
				  canceller);
	if (rc < 0)
		return rc;
	return rc == 1 ? 0 : -EFAULT;
}

void iommufd_backing_release_page(struct iommufd_backing *backing, struct iommufd_page_hold *hold)
{
	switch (hold->kind) {
	case IOMMUFD_HOLD_WHOLE:
		iommufd_backing_unpin(backing);
		break;
	case IOMMUFD_HOLD_RECORDED:
		iommufd_backing_unpin_pages(backing, hold->index, 1);
		break;
	case IOMMUFD_HOLD_LOOKED_UP:
		unpin_user_pages_dirty_lock(&hold->page, 1, hold->write);
		break;
	}
}
