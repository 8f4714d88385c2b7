/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __IOMMUFD_FAULT_H
#define __IOMMUFD_FAULT_H

#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/mutex.h>

#include "iommufd_private.h"

struct iommufd_device;
struct iommufd_group;
struct iommufd_hwpt;

/* How many page requests may wait in a queue; it is part of the uAPI's documentation. */
#define IOMMUFD_FAULT_QUEUE_MAX	4096

/* Queues and their files: fault.c */

struct iommufd_fault_queue;

struct iommufd_fault_queue *iommufd_fault_queue_get(struct iommufd_ctx *ictx, u32 id);
void iommufd_fault_queue_hold(struct iommufd_fault_queue *queue);
void iommufd_fault_queue_put(struct iommufd_fault_queue *queue);
void iommufd_fault_queue_add(struct iommufd_fault_queue *queue, struct iopf_group *group,
			     const struct iommufd_hwpt *hwpt, const struct iommufd_device *idev);
void iommufd_fault_queue_cancel(struct iommufd_fault_queue *queue,
				const struct iommufd_hwpt *hwpt, const struct iommufd_group *igroup,
				const struct iommufd_device *idev);
void iommufd_fault_queues_end(struct iommufd_ctx *ictx);
int iommufd_fault_queue_alloc_ioctl(struct iommufd_ucmd *ucmd);

/* Where page requests come from: fault_source.c */

/**
 * struct iommufd_fault_source - the page requests of an IOMMU group
 * @handle: by which the IOMMU core finds the source. A part of the group, so that it stays however
 *          late an IOMMU driver looks at it.
 * @lock: protects what follows. Written with group->lock held too, so either is enough to read.
 * @hwpt: the page table whose fault queue gets them; NULL: none
 * @endpoints: those that send page requests, by fault_link; not empty only while there is a @hwpt,
 *             or group->lock is held, and then all that are attached
 */
struct iommufd_fault_source {
	struct iommu_attach_handle handle;
	struct mutex lock;
	const struct iommufd_hwpt *hwpt;
	struct list_head endpoints;
};

void iommufd_fault_source_init(struct iommufd_fault_source *source);
int iommufd_fault_report(struct iopf_group *group);
int iommufd_fault_endpoint_enable(struct iommufd_device *idev);
void iommufd_fault_endpoint_disable(struct iommufd_device *idev);
int iommufd_fault_group_set_hwpt(struct iommufd_group *igroup, struct iommufd_device *idev,
				 struct iommufd_hwpt *hwpt);
void iommufd_fault_group_detach(struct iommufd_group *igroup);

#endif
