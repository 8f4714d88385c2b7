// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unmapping: areas go in batches, each with one synchronisation of each page table.
 *
 * Before the first area goes it is certain that no area would be cut, and that no access endpoint
 * has pins in the range or gets some. For the usual unmap, of what one call mapped and with no
 * access attached, taking the area out of READY is enough for that.
 */
#include <linux/sched/signal.h>

#include "access.h"
#include "hwpt.h"
#include "introspect.h"

/* A batch is full with so many areas, or so many bytes: others may wait until all of it is gone. */
#define BATCH_AREAS	64
#define BATCH_BYTES	(64UL << 20)

/**
 * struct unmap_job - an unmap in progress
 * @ioas: the IOAS
 * @first: first IOVA of what is left to unmap; never goes back, so that what is mapped anew stays
 * @last: last IOVA
 * @unmapped: so many bytes were mapped in what is done
 * @more: there may be areas in what is left
 * @leaving: keeps new pins away, while @announced
 * @announced: somebody might pin something in what is left, but for @leaving
 */
struct unmap_job {
	struct iommufd_ioas *ioas;
	unsigned long first;
	unsigned long last;
	unsigned long unmapped;
	bool more;
	struct iommufd_leaving leaving;
	bool announced;
};

/*
 * Page tables stay the same from the moment an area is no longer ready, so that a new one doesn't
 * miss the area and still see it removed; but nobody is waited for with that lock held.
 */
static void lock_areas(struct iommufd_ioas *ioas)
{
	down_read(&ioas->domains_sem);
	mutex_lock(&ioas->tree_lock);
}

static void unlock_areas(struct iommufd_ioas *ioas)
{
	mutex_unlock(&ioas->tree_lock);
	up_read(&ioas->domains_sem);
}

static bool area_is_cut(const struct iommufd_area *area, unsigned long first, unsigned long last)
{
	return area && (area->first < first || area->last > last);
}

/* Whether a range would cut an area, @area being its lowest; only those at its ends can be cut. */
static bool range_cuts_area(struct iommufd_ioas *ioas, const struct iommufd_area *area,
			    unsigned long first, unsigned long last)
{
	if (area_is_cut(area, first, last))
		return true;
	return area && area->last < last &&
	       area_is_cut(iommufd_area_find(ioas, last, last), first, last);
}

/* Whether an area can be removed now. Returns -EAGAIN if it must be waited for. */
static int check_removal(const struct iommufd_area *area, const struct unmap_job *job)
{
	if (area_is_cut(area, job->first, job->last))
		return -ENOENT;
	if (area->state == IOMMUFD_AREA_MAPPING)
		return -EBUSY;
	return area->state == IOMMUFD_AREA_READY ? 0 : -EAGAIN;
}

static struct iommufd_area *lowest_area(const struct unmap_job *job)
{
	return iommufd_area_find(job->ioas, job->first, job->last);
}

/*
 * Takes areas for removal from @area, the lowest, up to the first that can't be taken. An error is
 * that of the very first.
 */
static int take_areas(struct unmap_job *job, struct iommufd_area *area, struct list_head *areas)
{
	unsigned int room = BATCH_AREAS;
	unsigned long length = 0;
	int rc = 0;

	while (area && room-- && length < BATCH_BYTES) {
		rc = check_removal(area, job);
		if (rc)
			break;
		area->state = IOMMUFD_AREA_REMOVING;
		list_add_tail(&area->batch, areas);
		length += area_length(area);
		job->first = area->last + 1;
		area = area->last == job->last ? NULL : iommufd_area_next(area, job->last);
	}
	job->unmapped += length;
	job->more = area;
	return length ? 0 : rc;
}

/*
 * Begins an unmap: nothing in the range is cut or has pins, and it stays so until the areas are
 * taken. Locks are as after lock_areas(), but may be dropped meanwhile. Returns the lowest area.
 */
static struct iommufd_area *announce(struct unmap_job *job)
{
	struct iommufd_area *area = lowest_area(job);
	struct iommufd_ioas *ioas = job->ioas;
	int rc;

	if (range_cuts_area(ioas, area, job->first, job->last))
		return ERR_PTR(-ENOENT);
	if (list_empty(&ioas->accesses))
		return area;
	unlock_areas(ioas);
	rc = iommufd_access_ask(ioas, &job->leaving, job->first, job->last);
	job->announced = !rc;
	lock_areas(ioas);
	return rc ? ERR_PTR(rc) : lowest_area(job);
}

/*
 * Removes areas of what is left, from @area on, the lowest. Locks are as after lock_areas(), and
 * are dropped.
 */
static int unmap_batch(struct unmap_job *job, struct iommufd_area *area)
{
	struct iommufd_ioas *ioas = job->ioas;
	LIST_HEAD(areas);
	int rc;

	rc = take_areas(job, area, &areas);
	if (job->more && !job->announced) {
		/* No access has been attached until now: there is nobody to ask. */
		iommufd_access_announce(ioas, &job->leaving, job->first, job->last);
		job->announced = true;
	}
	if (rc == -EAGAIN) {
		up_read(&ioas->domains_sem);
		rc = iommufd_area_wait(ioas);
		mutex_unlock(&ioas->tree_lock);
		return rc;
	}
	if (list_empty(&areas)) {
		unlock_areas(ioas);
		return rc;
	}
	mutex_unlock(&ioas->tree_lock);
	iommufd_hwpts_unmap_areas(ioas, &areas);
	up_read(&ioas->domains_sem);
	iommufd_areas_end(ioas, &areas);
	return 0;
}

/**
 * iommufd_ioas_unmap() - remove the areas in a range
 * @ioas: the IOAS
 * @first: first IOVA
 * @last: last IOVA
 * @unmapped: set to the number of bytes that were mapped in the range, also after a failure
 *
 * Context: may wait for drivers that have pinned something there, but not for ever.
 * Return: 0, also if there was nothing; -ENOENT if the range would cut an area, and then nothing is
 * changed unless that area appeared meanwhile; -EBUSY if another thread is still mapping there, or
 * a driver keeps its pins; -EINTR for a fatal signal.
 */
int iommufd_ioas_unmap(struct iommufd_ioas *ioas, unsigned long first, unsigned long last,
		       unsigned long *unmapped)
{
	struct unmap_job job __uninitialized;
	struct iommufd_area *area;
	int rc;

	job.ioas = ioas;
	job.first = first;
	job.last = last;
	job.unmapped = 0;
	job.announced = false;
	lock_areas(ioas);
	area = announce(&job);
	if (IS_ERR(area)) {
		unlock_areas(ioas);
		*unmapped = 0;
		return PTR_ERR(area);
	}
	for (;;) {
		rc = unmap_batch(&job, area);
		if (rc || !job.more)
			break;
		if (fatal_signal_pending(current)) {
			rc = -EINTR;
			break;
		}
		cond_resched();
		lock_areas(ioas);
		area = lowest_area(&job);
	}
	if (job.announced)
		iommufd_access_ask_end(ioas, &job.leaving);
	*unmapped = job.unmapped;
	if (job.unmapped)
		iommufd_count_unmap(ioas->obj.ictx, job.unmapped >> PAGE_SHIFT);
	return rc;
}

/**
 * iommufd_ioas_destroy_areas() - free all areas of an IOAS that nobody uses any more
 * @ioas: the IOAS
 */
void iommufd_ioas_destroy_areas(struct iommufd_ioas *ioas)
{
	struct unmap_job job = { .ioas = ioas, .last = ULONG_MAX };
	LIST_HEAD(areas);
	int rc;

	do {
		mutex_lock(&ioas->tree_lock);
		rc = take_areas(&job, lowest_area(&job), &areas);
		mutex_unlock(&ioas->tree_lock);
		/* Nobody is left who could be working on one. */
		if (WARN_ON(rc))
			return;
		iommufd_areas_end(ioas, &areas);
		cond_resched();
	} while (job.more);
}
