// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors on their way from the portal to memory.
 *
 * A descriptor is checked and put into the ring in one critical section. So when a PASID is taken
 * from the queue, draining finds all that was let through before, and nothing follows.
 */
#include <linux/iommufd.h>
#include <linux/iommufd_mock.h>
#include <linux/slab.h>

#include "adi.h"

static bool ring_take(struct adi_queue *queue, struct adi_work *work)
{
	guard(mutex)(&queue->lock);
	if (!queue->count)
		return false;
	*work = queue->ring[queue->head];
	queue->head = (queue->head + 1) % ADI_DEPTH;
	queue->count--;
	queue->executing = work->pasid;
	return true;
}

static void work_done(struct adi_queue *queue, int result)
{
	mutex_lock(&queue->lock);
	queue->executing = 0;
	queue->completed++;
	queue->result = result;
	mutex_unlock(&queue->lock);
	wake_up_all(&queue->idle);
	vfio_trigger_signal(&queue->irq);
}

static int execute(struct adi_queue *queue, const struct adi_work *work, void *buffer)
{
	memset(buffer, work->value, work->length);
	return iommufd_mock_dma(queue->parent, work->pasid, work->iova, buffer, work->length, true);
}

static void queue_run(struct work_struct *run)
{
	struct adi_queue *queue = container_of(run, struct adi_queue, work);
	void *buffer = kmalloc(ADI_LENGTH_MAX, GFP_KERNEL);
	struct adi_work work;

	while (ring_take(queue, &work)) {
		work_done(queue, buffer ? execute(queue, &work, buffer) : -ENOMEM);
		cond_resched();
	}
	kfree(buffer);
}

void adi_queue_init(struct adi_queue *queue, struct device *parent)
{
	queue->parent = parent;
	INIT_WORK(&queue->work, queue_run);
	init_waitqueue_head(&queue->idle);
	mutex_init(&queue->lock);
}

/**
 * adi_queue_reset() - forget all descriptors; on return no DMA is in progress
 * @queue: the queue, to which nothing is submitted meanwhile
 */
void adi_queue_reset(struct adi_queue *queue)
{
	mutex_lock(&queue->lock);
	queue->count = 0;
	mutex_unlock(&queue->lock);
	cancel_work_sync(&queue->work);
	mutex_lock(&queue->lock);
	queue->completed = 0;
	queue->dropped = 0;
	queue->result = 0;
	mutex_unlock(&queue->lock);
}

/* Whose memory a descriptor means, if it is the user's. */
static int resolve_pasid(struct adi_queue *queue, u32 flags, u32 pasid, u32 *resolved)
{
	const struct iommufd_endpoint *ep = vfio_device_endpoint(&queue->vdev);

	if (flags & ADI_GUEST_PASID)
		return iommufd_pasid_from_guest(ep, pasid, resolved);
	*resolved = pasid ?: iommufd_endpoint_pasid(ep);
	return iommufd_pasid_owned(ep, *resolved) ? 0 : -EPERM;
}

/**
 * adi_queue_submit() - accept a descriptor
 * @queue: the queue
 * @desc: as the user wrote it
 *
 * Return: 0; -EPERM (the PASID isn't the user's), -ENOENT (no such guest's PASID), -EINVAL, -EAGAIN
 * (too many are waiting).
 */
int adi_queue_submit(struct adi_queue *queue, const struct adi_descriptor *desc)
{
	const u32 flags = le32_to_cpu(desc->flags);
	struct adi_work work = {
		.iova = le64_to_cpu(desc->iova),
		.length = le32_to_cpu(desc->length),
		.value = desc->value,
	};
	int rc;

	if (flags & ~ADI_GUEST_PASID || desc->reserved[0] || desc->reserved[1] ||
	    desc->reserved[2] || !work.length || work.length > ADI_LENGTH_MAX)
		return -EINVAL;
	guard(mutex)(&queue->lock);
	rc = resolve_pasid(queue, flags, le32_to_cpu(desc->pasid), &work.pasid);
	if (rc)
		return rc;
	if (queue->count == ADI_DEPTH)
		return -EAGAIN;
	queue->ring[(queue->head + queue->count) % ADI_DEPTH] = work;
	queue->count++;
	queue_work(adi_workqueue, &queue->work);
	return 0;
}

/* Takes what has this PASID out of the ring. */
static void ring_drop(struct adi_queue *queue, u32 pasid)
{
	unsigned int i, kept = 0;

	lockdep_assert_held(&queue->lock);
	for (i = 0; i < queue->count; i++) {
		const struct adi_work *work = &queue->ring[(queue->head + i) % ADI_DEPTH];

		if (work->pasid != pasid)
			queue->ring[(queue->head + kept++) % ADI_DEPTH] = *work;
	}
	queue->dropped += queue->count - kept;
	queue->count = kept;
}

/**
 * adi_queue_drain() - end all use of a PASID
 * @queue: the queue
 * @pasid: a PASID that adi_queue_submit() doesn't let through any more
 */
void adi_queue_drain(struct adi_queue *queue, u32 pasid)
{
	mutex_lock(&queue->lock);
	ring_drop(queue, pasid);
	mutex_unlock(&queue->lock);
	wait_event(queue->idle, READ_ONCE(queue->executing) != pasid);
}
