/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * adi: work queues of one device for several users, as Intel's scalable I/O virtualization has
 * them.
 *
 * The device, behind the mock IOMMU, is the parent; each queue is a mediated device, and does DMA
 * under the parent's requester ID with PASIDs of its user. All that is emulated is a page of
 * registers. What keeps users apart are the IOMMU, which has page tables by PASID, and
 * adi_queue_submit(), which lets no descriptor through whose PASID isn't the user's.
 */
#ifndef ADI_H
#define ADI_H

#include <linux/mdev.h>
#include <linux/mutex.h>
#include <linux/vfio.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "adi_regs.h"

/**
 * struct adi_work - a descriptor that was accepted
 * @pasid: as the hardware calls it
 * @iova: where to fill
 * @length: how much, in bytes
 * @value: with what
 */
struct adi_work {
	u32 pasid;
	u32 length;
	u64 iova;
	u8 value;
};

/**
 * struct adi_queue - a work queue
 * @vdev: as the vfio core knows it
 * @parent: whose requester ID its DMA has
 * @work: does what waits; the "hardware"
 * @irq: signalled when a descriptor is done
 * @idle: wakes up when @executing changes
 * @lock: protects what follows
 * @ring: what waits
 * @head: where in @ring the oldest is
 * @count: how many wait
 * @executing: the PASID of what is being done; 0: nothing is
 * @completed: ADI_REG_COMPLETED
 * @dropped: ADI_REG_DROPPED
 * @result: ADI_REG_RESULT
 */
struct adi_queue {
	struct vfio_device vdev;
	struct device *parent;
	struct work_struct work;
	struct vfio_trigger irq;
	wait_queue_head_t idle;
	struct mutex lock;
	struct adi_work ring[ADI_DEPTH];
	unsigned int head;
	unsigned int count;
	u32 executing;
	u64 completed;
	u64 dropped;
	s32 result;
};

/* The device that users see: device.c */
extern const struct vfio_device_ops adi_device_ops;

/* What the hardware does: queue.c */
void adi_queue_init(struct adi_queue *queue, struct device *parent);
void adi_queue_reset(struct adi_queue *queue);
int adi_queue_submit(struct adi_queue *queue, const struct adi_descriptor *desc);
void adi_queue_drain(struct adi_queue *queue, u32 pasid);

extern struct workqueue_struct *adi_workqueue;

#endif
