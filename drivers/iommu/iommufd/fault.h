/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __IOMMUFD_FAULT_H
#define __IOMMUFD_FAULT_H

#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/xarray.h>

#include "iommufd_private.h"

struct iommufd_device;
struct iommufd_group;
struct iommufd_hwpt;

/* How many page requests may wait in a queue; it is part of the uAPI's documentation. */
#define IOMMUFD_FAULT_QUEUE_MAX	4096

/* Queues and their files: fault.c */

struct iommufd_fault_handle;
struct iommufd_fault_queue;

struct iommufd_fault_queue *iommufd_fault_queue_get(struct iommufd_ctx *ictx, u32 id);

/**
 * struct iommufd_fault_queue_state - a queue at one moment
 * @pending: page requests that await an answer
 * @closed: nobody will answer
 */
struct iommufd_fault_queue_state {
	unsigned int pending;
	bool closed;
};

void iommufd_fault_queue_describe(struct iommufd_object *obj,
				  struct iommufd_fault_queue_state *state);
u32 iommufd_fault_queue_id(const struct iommufd_fault_queue *queue);
void iommufd_fault_queue_hold(struct iommufd_fault_queue *queue);
void iommufd_fault_queue_put(struct iommufd_fault_queue *queue);
void iommufd_fault_queue_add(struct iommufd_fault_queue *queue, struct iopf_group *group,
			     const struct iommufd_fault_handle *handle,
			     const struct iommufd_device *idev);
void iommufd_fault_queue_cancel(struct iommufd_fault_queue *queue,
				const struct iommufd_fault_handle *handle,
				const struct iommufd_hwpt *hwpt, const struct iommufd_device *idev);
void iommufd_fault_queues_end(struct iommufd_ctx *ictx);
int iommufd_fault_queue_alloc_ioctl(struct iommufd_ucmd *ucmd);

/* Where page requests come from: fault_source.c */

struct iommufd_fault_source;

/**
 * struct iommufd_fault_handle - by what the IOMMU core finds who answers a page request
 * @handle: the IOMMU core's side
 * @source: the group's
 * @hwpt: the page table whose fault queue gets the requests; NULL: none. Protected by source->lock,
 *        as is @idev.
 * @idev: who attached the PASID; NULL for requests without PASID, where any of the source may ask
 */
struct iommufd_fault_handle {
	struct iommu_attach_handle handle;
	struct iommufd_fault_source *source;
	const struct iommufd_hwpt *hwpt;
	const struct iommufd_device *idev;
};

/**
 * struct iommufd_fault_source - the page requests of an IOMMU group
 * @rid: for those without PASID. A part of the group, so that it stays however late an IOMMU driver
 *       looks at it.
 * @pasids: struct iommufd_fault_handle by PASID. They stay as long as the group does, too, and so
 *          are not given up with the PASID. Protected by group->lock.
 * @nr_pasids: how many of them there are
 * @lock: protects what follows, and what is in the handles. Written with group->lock held too, so
 *        either is enough to read.
 * @endpoints: those that may send page requests, by fault_link: because of the group's page table,
 *             or of a PASID's
 */
struct iommufd_fault_source {
	struct iommufd_fault_handle rid;
	struct xarray pasids;
	unsigned int nr_pasids;
	struct mutex lock;
	struct list_head endpoints;
};

void iommufd_fault_source_init(struct iommufd_fault_source *source);
void iommufd_fault_source_destroy(struct iommufd_fault_source *source);
int iommufd_fault_report(struct iopf_group *group);
int iommufd_fault_endpoint_enable(struct iommufd_device *idev);
void iommufd_fault_endpoint_disable(struct iommufd_device *idev);
int iommufd_fault_group_set_hwpt(struct iommufd_group *igroup, struct iommufd_device *idev,
				 struct iommufd_hwpt *hwpt);
void iommufd_fault_group_detach(struct iommufd_group *igroup);

/* The same for PASIDs: fault_pasid.c */

int iommufd_fault_device_enable(struct iommufd_device *idev);
void iommufd_fault_device_disable(struct iommufd_device *idev);
int iommufd_fault_pasid_attach(struct iommufd_device *idev, u32 pasid, struct iommufd_hwpt *hwpt);
void iommufd_fault_pasid_detach(struct iommufd_device *idev, u32 pasid, struct iommufd_hwpt *hwpt);

/* Stands in for a domain that may be freed soon. */
extern struct iommu_domain iommufd_fault_leaving_domain;

#endif
