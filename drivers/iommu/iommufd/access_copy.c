// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copying by IOVA, for access endpoints.
 *
 * Memory is looked up and copied in one step under ioas->tree_lock, so that nothing is copied after
 * an unmap has returned. If it isn't pinned, a page is pinned for the copy before, without that
 * lock, and it is looked up again afterwards.
 *
 * Nor is anything copied by way of an IOAS after the access has left it: a copy that meets a detach
 * fails, and one that meets a replace goes on in the next IOAS.
 */
#include <linux/export.h>
#include <linux/highmem.h>
#include <linux/sched/signal.h>

#include "access.h"

/* How much is copied at most while the lock is held, in bytes. */
#define COPY_MAX	SZ_64K

/* Says within this file that the access has left the IOAS. */
#define LEFT		(-ESTALE)

/**
 * struct copy_job - a copy in progress
 * @access: the access
 * @ioas: the IOAS, a reference
 * @iova: where it goes on
 * @last: the last IOVA
 * @data: the driver's memory, where it goes on
 * @prot: IOMMU_WRITE to write to @iova, IOMMU_READ to read
 * @fresh: don't use what is pinned already
 */
struct copy_job {
	struct iommufd_access *access;
	struct iommufd_ioas *ioas;
	unsigned long iova;
	unsigned long last;
	void *data;
	int prot;
	bool fresh;
};

/* As iommufd_access_find(), for where the copy goes on; or LEFT. */
static struct iommufd_area *find_memory(const struct copy_job *job, struct iommufd_span *span)
{
	if (!iommufd_access_is_at(job->access, job->ioas))
		return ERR_PTR(LEFT);
	return iommufd_access_find(job->ioas, job->iova, job->last, job->prot, span);
}

static void copy_in_page(const struct copy_job *job, struct page *page, size_t offset,
			 size_t skip, size_t length)
{
	if (job->prot == IOMMU_WRITE)
		memcpy_to_page(page, offset, job->data + skip, length);
	else
		memcpy_from_page(job->data + skip, page, offset, length);
}

/* Copies what a backing that stays pinned as a whole has of the range. Returns how many bytes. */
static size_t copy_runs(const struct copy_job *job, const struct iommufd_span *span)
{
	size_t length = min(span->last - span->first, COPY_MAX - 1) + 1, done = 0;
	size_t offset = offset_in_page(span->offset);
	struct iommufd_runs_iter iter;
	unsigned long pfn;

	iommufd_runs_seek(&iter, &span->backing->runs, span->offset >> PAGE_SHIFT);
	while (done < length && iommufd_runs_next(&iter, 1, &pfn)) {
		size_t part = min(length - done, PAGE_SIZE - offset);

		copy_in_page(job, pfn_to_page(pfn), offset, done, part);
		done += part;
		offset = 0;
	}
	return done;
}

/* Copies if the area is pinned. Returns how many bytes, 0 if it isn't, or a negative errno. */
static long copy_pinned(const struct copy_job *job)
{
	struct iommufd_area *area;
	struct iommufd_span span;

	guard(mutex)(&job->ioas->tree_lock);
	area = find_memory(job, &span);
	if (IS_ERR(area))
		return PTR_ERR(area);
	/* A ready area keeps its pin while the lock is held. */
	if (job->fresh || area->state != IOMMUFD_AREA_READY || !area->pinned)
		return 0;
	return copy_runs(job, &span);
}

/* The memory from where the copy goes on to the end of the page, with a reference. */
static int find_in_page(const struct copy_job *job, struct iommufd_span *span)
{
	struct iommufd_area *area;
	unsigned long more;

	guard(mutex)(&job->ioas->tree_lock);
	area = find_memory(job, span);
	if (IS_ERR(area))
		return PTR_ERR(area);
	/* Not by adding first: the page may reach beyond the last IOVA that there is. */
	more = min(span->last - span->first, PAGE_SIZE - 1 - offset_in_page(span->offset));
	span->last = span->first + more;
	refcount_inc(&span->backing->refs);
	return 0;
}

static long copy_if_mapped(const struct copy_job *job, const struct iommufd_span *span,
			   struct page *page)
{
	size_t length = span->last - span->first + 1;

	guard(mutex)(&job->ioas->tree_lock);
	if (!iommufd_access_is_at(job->access, job->ioas))
		return LEFT;
	if (!iommufd_span_is_mapped(job->ioas, span, job->prot))
		return -ENOENT;
	copy_in_page(job, page, offset_in_page(span->offset), 0, length);
	return length;
}

/* Copies within one page, which is pinned for that. Returns how many bytes, or a negative errno. */
static long copy_unpinned(const struct copy_job *job)
{
	struct iommufd_page_hold hold;
	struct iommufd_span span;
	long rc;

	rc = find_in_page(job, &span);
	if (rc)
		return rc;
	rc = iommufd_backing_hold_page(span.backing, span.offset >> PAGE_SHIFT,
				       job->prot == IOMMU_WRITE, job->fresh, &hold,
				       &job->access->canceller);
	if (!rc) {
		rc = copy_if_mapped(job, &span, hold.page);
		iommufd_backing_release_page(span.backing, &hold);
	}
	iommufd_backing_put(span.backing);
	return rc;
}

/* Goes on where the access is attached now. */
static int copy_move_on(struct copy_job *job)
{
	struct iommufd_ioas *ioas = iommufd_access_ioas_get(job->access);

	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	iommufd_object_put(&job->ioas->obj);
	job->ioas = ioas;
	return 0;
}

static int copy_all(struct copy_job *job)
{
	for (;;) {
		long done = copy_pinned(job) ?: copy_unpinned(job);

		if (done == LEFT)
			done = copy_move_on(job);
		if (done < 0)
			return done;
		if (done && done - 1 == job->last - job->iova)
			return 0;
		job->iova += done;
		job->data += done;
		if (fatal_signal_pending(current))
			return -EINTR;
		if (iommufd_is_cancelled(&job->access->canceller))
			return -ENODEV;
		cond_resched();
	}
}

/**
 * iommufd_access_copy() - copy to or from memory that is mapped
 * @access: the access
 * @iova: the first IOVA
 * @data: the driver's memory
 * @length: in bytes
 * @flags: IOMMUFD_ACCESS_WRITE: to the IOVA; IOMMUFD_ACCESS_FRESH
 *
 * Return: as iommufd_access_read().
 */
int iommufd_access_copy(struct iommufd_access *access, unsigned long iova, void *data,
			size_t length, unsigned int flags)
{
	struct copy_job job = {
		.access = access,
		.iova = iova,
		.data = data,
		.prot = flags & IOMMUFD_ACCESS_WRITE ? IOMMU_WRITE : IOMMU_READ,
		.fresh = flags & IOMMUFD_ACCESS_FRESH,
	};
	int rc;

	if (!length)
		return -EINVAL;
	if (check_add_overflow(iova, length - 1, &job.last))
		return -EOVERFLOW;
	job.ioas = iommufd_access_ioas_get(access);
	if (IS_ERR(job.ioas))
		return PTR_ERR(job.ioas);
	rc = copy_all(&job);
	iommufd_object_put(&job.ioas->obj);
	return rc;
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_copy, IOMMUFD_VFIO_TEST);

int iommufd_access_read(struct iommufd_access *access, unsigned long iova, void *data,
			size_t length)
{
	return iommufd_access_copy(access, iova, data, length, 0);
}
EXPORT_SYMBOL_GPL(iommufd_access_read);

int iommufd_access_write(struct iommufd_access *access, unsigned long iova, const void *data,
			 size_t length)
{
	return iommufd_access_copy(access, iova, (void *)data, length, IOMMUFD_ACCESS_WRITE);
}
EXPORT_SYMBOL_GPL(iommufd_access_write);
