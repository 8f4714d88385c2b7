/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mblk, an example of a device that is all software: a block device whose disk is kernel memory,
 * and which reads and writes the user's memory by IOVA.
 *
 * The ring stays pinned while the queue is enabled. Data is pinned for the time of a transfer, or
 * just copied, as the descriptor says. Requests are worked on by a work item, one at a time, so
 * that a write to a register never takes long.
 *
 * Users change the ring and the memory whenever they like. So a descriptor is copied before it is
 * checked, and no number in it is used unchecked.
 *
 * Locks, outermost first
 * ----------------------
 *  setup_lock   enabling, disabling and resetting the queue. Taken killably, since memory of the
 *               user may be waited for with it held; not by @close, when nobody has it any more
 *  lock         the state of the queue. Also taken when memory is unmapped, so nothing is pinned
 *               with it held, but the ring is accessed and unpinned
 */
#ifndef _MBLK_H
#define _MBLK_H

#include <linux/mdev.h>
#include <linux/mutex.h>
#include <linux/vfio.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "mblk_regs.h"

#define MBLK_RING_PAGES	(MBLK_MAX_QUEUE * sizeof(struct mblk_desc) / PAGE_SIZE)
#define MBLK_DATA_PAGES	64

enum mblk_ring_state {
	MBLK_RING_OFF,
	MBLK_RING_PINNING,
	MBLK_RING_ON,
};

/**
 * struct mblk - an instance
 * @vdev: the vfio device
 * @disk: what is stored
 * @disk_size: in bytes
 * @irq: the interrupt; set with @lock held
 * @work: works on requests
 * @data_pages: of @work
 * @setup_lock: see above
 * @lock: protects what follows
 * @queue_iova: register
 * @queue_size: register
 * @status: register
 * @head: register
 * @tail: register
 * @ring: whether the ring is pinned
 * @ring_wanted_back: it is being unmapped while it is being pinned
 * @ring_pages: the ring, while @ring is ON
 * @stopping: @work is to stop after its request
 * @busy: @work has a request
 * @idle: woken when it hasn't any more
 */
struct mblk {
	struct vfio_device vdev;
	void *disk;
	size_t disk_size;
	struct vfio_trigger irq;
	struct work_struct work;
	struct page *data_pages[MBLK_DATA_PAGES + 1];
	struct mutex setup_lock;
	struct mutex lock;
	u64 queue_iova;
	u32 queue_size;
	u32 status;
	u32 head;
	u32 tail;
	enum mblk_ring_state ring;
	bool ring_wanted_back;
	struct page *ring_pages[MBLK_RING_PAGES];
	bool stopping;
	bool busy;
	wait_queue_head_t idle;
};

static inline struct mblk *mblk_from(struct vfio_device *vdev)
{
	return container_of(vdev, struct mblk, vdev);
}

/* Registers and interrupt: device.c */
extern const struct vfio_device_ops mblk_device_ops;

/* The ring: queue.c */
void mblk_queue_init(struct mblk *mblk);
int mblk_queue_enable(struct mblk *mblk);
int mblk_queue_disable(struct mblk *mblk);
int mblk_queue_reset(struct mblk *mblk);
void mblk_queue_close(struct mblk *mblk);
void mblk_queue_set_tail(struct mblk *mblk, u32 tail);
void mblk_queue_unmap(void *data, unsigned long iova, unsigned long length);
bool mblk_queue_next(struct mblk *mblk, struct mblk_desc *desc);
int mblk_queue_read(struct mblk *mblk, unsigned int slot, struct mblk_desc *desc);
void mblk_queue_complete(struct mblk *mblk, const struct mblk_desc *desc, u32 status, u32 done);

/* Transfers: request.c */
void mblk_work(struct work_struct *work);

/* main.c */
extern struct workqueue_struct *mblk_workqueue;
extern bool mblk_stubborn;

#endif
