// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ring of descriptors: memory of the user that stays pinned while the queue is enabled.
 */
#include <linux/highmem.h>
#include <linux/iommufd.h>
#include <linux/log2.h>

#include "mblk.h"

static unsigned long ring_size(const struct mblk *mblk)
{
	return mblk->queue_size * sizeof(struct mblk_desc);
}

static void ring_unpin(struct mblk *mblk)
{
	lockdep_assert_held(&mblk->lock);
	iommufd_access_unpin(vfio_device_access(&mblk->vdev), mblk->queue_iova, ring_size(mblk));
	mblk->ring = MBLK_RING_OFF;
	mblk->status &= ~MBLK_STATUS_ENABLED;
}

/* Where a descriptor is; it never crosses a page. */
static struct page *ring_locate(struct mblk *mblk, unsigned int slot, size_t *offset)
{
	size_t start = slot * sizeof(struct mblk_desc);

	lockdep_assert_held(&mblk->lock);
	*offset = offset_in_page(start);
	return mblk->ring_pages[start >> PAGE_SHIFT];
}

void mblk_queue_init(struct mblk *mblk)
{
	mutex_init(&mblk->setup_lock);
	mutex_init(&mblk->lock);
	init_waitqueue_head(&mblk->idle);
	INIT_WORK(&mblk->work, mblk_work);
}

/* Says that the ring is about to be pinned, so that an unmap knows. */
static int ring_begin(struct mblk *mblk)
{
	guard(mutex)(&mblk->lock);
	if (mblk->ring != MBLK_RING_OFF)
		return 1;
	if (!is_power_of_2(mblk->queue_size) || mblk->queue_size > MBLK_MAX_QUEUE ||
	    !PAGE_ALIGNED(mblk->queue_iova))
		return -EINVAL;
	if (mblk->busy)
		return -EBUSY;
	mblk->ring = MBLK_RING_PINNING;
	mblk->ring_wanted_back = false;
	return 0;
}

static int ring_finish(struct mblk *mblk, int rc)
{
	guard(mutex)(&mblk->lock);
	if (rc) {
		mblk->ring = MBLK_RING_OFF;
		return rc;
	}
	mblk->head = 0;
	mblk->tail = 0;
	mblk->status = MBLK_STATUS_ENABLED;
	mblk->ring = MBLK_RING_ON;
	if (mblk->ring_wanted_back) {
		ring_unpin(mblk);
		mblk->status |= MBLK_STATUS_LOST;
		return -EBUSY;
	}
	return 0;
}

/**
 * mblk_queue_enable() - pin the ring
 * @mblk: the instance
 *
 * Return: 0, also if it is enabled; -EINVAL if the registers make no sense; -EBUSY while a request
 * of the last ring goes on, or if the memory is being unmapped; an errno of iommufd_access_pin().
 */
int mblk_queue_enable(struct mblk *mblk)
{
	int rc;

	rc = mutex_lock_killable(&mblk->setup_lock);
	if (rc)
		return rc;
	rc = ring_begin(mblk);
	if (!rc)
		rc = ring_finish(mblk, iommufd_access_pin(vfio_device_access(&mblk->vdev),
							  mblk->queue_iova, ring_size(mblk),
							  mblk->ring_pages, IOMMUFD_ACCESS_WRITE));
	mutex_unlock(&mblk->setup_lock);
	return min(rc, 0);
}

static void set_stopping(struct mblk *mblk, bool stopping)
{
	guard(mutex)(&mblk->lock);
	mblk->stopping = stopping;
}

static void ring_end(struct mblk *mblk)
{
	guard(mutex)(&mblk->lock);
	if (mblk->ring == MBLK_RING_ON)
		ring_unpin(mblk);
}

/* Lets the request in progress end, then lets go of the ring; setup_lock is held. */
static int queue_stop(struct mblk *mblk)
{
	int rc;

	lockdep_assert_held(&mblk->setup_lock);
	set_stopping(mblk, true);
	/* The request may be waiting for memory of the user. It is the last one, while we stop. */
	rc = wait_event_killable(mblk->idle, !READ_ONCE(mblk->busy));
	if (!rc)
		ring_end(mblk);
	set_stopping(mblk, false);
	if (rc)
		queue_work(mblk_workqueue, &mblk->work);
	return rc;
}

/**
 * mblk_queue_disable() - let go of the ring
 * @mblk: the instance
 *
 * Return: 0, or -EINTR for a fatal signal.
 */
int mblk_queue_disable(struct mblk *mblk)
{
	int rc;

	rc = mutex_lock_killable(&mblk->setup_lock);
	if (rc)
		return rc;
	rc = queue_stop(mblk);
	mutex_unlock(&mblk->setup_lock);
	return rc;
}

static void queue_forget(struct mblk *mblk)
{
	guard(mutex)(&mblk->lock);
	mblk->queue_iova = 0;
	mblk->queue_size = 0;
	mblk->status = 0;
	mblk->head = 0;
	mblk->tail = 0;
}

/**
 * mblk_queue_reset() - bring the queue back to its initial state
 * @mblk: the instance
 *
 * Return: 0, or -EINTR for a fatal signal.
 */
int mblk_queue_reset(struct mblk *mblk)
{
	int rc;

	rc = mutex_lock_killable(&mblk->setup_lock);
	if (rc)
		return rc;
	rc = queue_stop(mblk);
	if (!rc)
		queue_forget(mblk);
	mutex_unlock(&mblk->setup_lock);
	return rc;
}

/**
 * mblk_queue_close() - end all that a user has begun
 * @mblk: the instance; no other call of its callbacks is possible
 *
 * Waits for no user: accesses fail by now.
 */
void mblk_queue_close(struct mblk *mblk)
{
	set_stopping(mblk, true);
	cancel_work_sync(&mblk->work);
	ring_end(mblk);
	queue_forget(mblk);
	set_stopping(mblk, false);
}

void mblk_queue_set_tail(struct mblk *mblk, u32 tail)
{
	mutex_lock(&mblk->lock);
	if (mblk->ring == MBLK_RING_ON && tail - mblk->head <= mblk->queue_size)
		mblk->tail = tail;
	else if (mblk->ring == MBLK_RING_ON)
		mblk->status |= MBLK_STATUS_BAD_TAIL;
	mutex_unlock(&mblk->lock);
	queue_work(mblk_workqueue, &mblk->work);
}

static bool ring_intersects(struct mblk *mblk, unsigned long iova, unsigned long length)
{
	return mblk->queue_iova <= iova + (length - 1) &&
	       iova <= mblk->queue_iova + (ring_size(mblk) - 1);
}

/**
 * mblk_queue_unmap() - memory is being unmapped
 * @data: the instance
 * @iova: the first IOVA
 * @length: in bytes
 *
 * The ring is let go of here. What a request has pinned is let go of by itself soon: it takes no
 * longer than a copy.
 */
void mblk_queue_unmap(void *data, unsigned long iova, unsigned long length)
{
	struct mblk *mblk = data;

	if (READ_ONCE(mblk_stubborn))
		return;
	mutex_lock(&mblk->lock);
	if (mblk->ring != MBLK_RING_OFF && ring_intersects(mblk, iova, length)) {
		if (mblk->ring == MBLK_RING_ON)
			ring_unpin(mblk);
		mblk->ring_wanted_back = true;
		mblk->status |= MBLK_STATUS_LOST;
		vfio_trigger_signal(&mblk->irq);
	}
	mutex_unlock(&mblk->lock);
}

/* Reads a descriptor; the ring is there, and the lock held. */
static void ring_read(struct mblk *mblk, unsigned int slot, struct mblk_desc *desc)
{
	struct page *page;
	size_t offset;

	page = ring_locate(mblk, slot, &offset);
	memcpy_from_page((char *)desc, page, offset, sizeof(*desc));
}

/**
 * mblk_queue_next() - begin with the next request
 * @mblk: the instance
 * @desc: set to its first descriptor
 *
 * Return: whether there is one; mblk_queue_complete() then.
 */
bool mblk_queue_next(struct mblk *mblk, struct mblk_desc *desc)
{
	guard(mutex)(&mblk->lock);
	if (mblk->ring != MBLK_RING_ON || mblk->stopping || mblk->head == mblk->tail ||
	    mblk->status & MBLK_STATUS_BAD_TAIL)
		return false;
	WRITE_ONCE(mblk->busy, true);
	ring_read(mblk, mblk->head & (mblk->queue_size - 1), desc);
	return true;
}

/**
 * mblk_queue_read() - read a further descriptor of a request
 * @mblk: the instance
 * @slot: its number, as the user says
 * @desc: set to it
 *
 * Return: 0; -EINVAL if there is no such descriptor, or no ring any more.
 */
int mblk_queue_read(struct mblk *mblk, unsigned int slot, struct mblk_desc *desc)
{
	guard(mutex)(&mblk->lock);
	if (mblk->ring != MBLK_RING_ON || slot >= mblk->queue_size)
		return -EINVAL;
	ring_read(mblk, slot, desc);
	return 0;
}

/**
 * mblk_queue_complete() - tell the user about the end of a request
 * @mblk: the instance
 * @desc: its first descriptor
 * @status: MBLK_OK and others
 * @done: bytes
 */
void mblk_queue_complete(struct mblk *mblk, const struct mblk_desc *desc, u32 status, u32 done)
{
	struct mblk_desc answer = *desc;
	struct page *page;
	size_t offset;

	answer.status = cpu_to_le32(status);
	answer.done = cpu_to_le32(done);
	mutex_lock(&mblk->lock);
	/* If the ring is gone, nobody is left to be told. */
	if (mblk->ring == MBLK_RING_ON) {
		page = ring_locate(mblk, mblk->head & (mblk->queue_size - 1), &offset);
		memcpy_to_page(page, offset, (char *)&answer, sizeof(answer));
		mblk->head++;
		if (desc->flags & MBLK_DESC_INTERRUPT)
			vfio_trigger_signal(&mblk->irq);
	}
	WRITE_ONCE(mblk->busy, false);
	mutex_unlock(&mblk->lock);
	wake_up_all(&mblk->idle);
}
