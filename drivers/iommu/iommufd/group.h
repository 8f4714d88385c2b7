/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __IOMMUFD_GROUP_H
#define __IOMMUFD_GROUP_H

#include "endpoint.h"
#include "hwpt.h"

struct iommufd_pasid;

/**
 * struct iommufd_group - an IOMMU group with endpoints in a context
 * @ictx: the context
 * @link: in ictx->groups
 * @refs: one for each endpoint; falls to zero only under ictx->groups_lock
 * @claims: endpoints through which the context owns the group's DMA, under ictx->groups_lock
 * @group: the IOMMU core's group
 * @lock: protects what follows, and the endpoints' attached, released and links
 * @hwpt: the page table that all attached endpoints use; a reference. NULL: DMA is blocked.
 * @hwpt_id: its number, or 0; looked at without the lock, too
 * @attached: endpoints that are attached, by link
 * @regions: struct iommu_resv_region, what the group's devices can't translate, if @regions_known
 * @regions_known: no endpoint has come since they were asked for. The IOMMU core owns the group for
 *                 the context, so that no other device of it does DMA.
 * @resv: what the group's devices reserve in the IOAS of @hwpt; the other one is for a replace
 * @resv_now: which of them is in use
 * @pasids: struct iommufd_pasid by PASID: those that belong to the endpoints. Changed under @lock;
 *          looked at under RCU too.
 * @nr_pasids_attached: how many of them are attached
 * @faults: page requests of the group's devices
 */
struct iommufd_group {
	struct iommufd_ctx *ictx;
	struct list_head link;
	unsigned int refs;
	unsigned int claims;
	struct iommu_group *group;
	struct mutex lock;
	struct iommufd_hwpt *hwpt;
	u32 hwpt_id;
	struct list_head attached;
	struct list_head regions;
	bool regions_known;
	struct iommufd_reservations resv[2];
	bool resv_now;
	struct xarray pasids;
	unsigned int nr_pasids_attached;
	struct iommufd_fault_source faults;
};

/**
 * struct iommufd_device - a device or a PASID endpoint: hardware does DMA
 * @ep: what all kinds of endpoints have
 * @dev: the device, or its parent whose requester ID it shares; not to be touched once @released
 * @group: its group; a reference
 * @link: in group->attached, while @attached
 * @fault_link: in group->faults.endpoints, while the device may request pages
 * @fault_users: attachments for which the device may request pages; group->lock
 * @rid_requests: the group's page table is one of them; protected as the source is
 * @pasids: its PASIDs, struct iommufd_pasid; group->lock
 * @guests: those that have a guest's number, by that; as group->pasids
 * @own_pasid: of a PASID endpoint, what it uses unless told otherwise; 0: a device endpoint
 * @own: that PASID; NULL once @released
 * @pasid_ops: of the driver of a PASID endpoint; may be NULL
 * @pasid_data: for @pasid_ops
 * @enforce_coherency: the device can ask for DMA that bypasses caches, and the IOMMU can refuse
 * @attached: DMA goes through group->hwpt; looked at without the lock, too
 * @released: the device is gone from here for good
 * @internal: belongs to an object of the context, so doesn't hold the context's file
 */
struct iommufd_device {
	struct iommufd_endpoint ep;
	struct device *dev;
	struct iommufd_group *group;
	struct list_head link;
	struct list_head fault_link;
	unsigned int fault_users;
	bool rid_requests;
	struct list_head pasids;
	struct xarray guests;
	u32 own_pasid;
	struct iommufd_pasid *own;
	const struct iommufd_pasid_ops *pasid_ops;
	void *pasid_data;
	bool enforce_coherency;
	bool attached;
	bool released;
	bool internal;
};

static inline struct iommufd_device *device_from_object(struct iommufd_object *obj)
{
	return container_of(obj, struct iommufd_device, ep.obj);
}

static inline struct iommufd_device *device_from_endpoint(struct iommufd_endpoint *ep)
{
	return container_of(ep, struct iommufd_device, ep);
}

struct iommufd_endpoint *iommufd_endpoint_bind_internal(struct iommufd_ctx *ictx,
							struct device *dev);

struct iommu_domain *iommufd_device_alloc_domain(struct iommufd_device *idev, u32 flags,
						 struct iommu_domain *parent,
						 const struct iommu_user_data *data);

struct iommufd_group *iommufd_group_get(struct iommufd_ctx *ictx, struct device *dev);
void iommufd_group_hold(struct iommufd_group *igroup);
void iommufd_group_put(struct iommufd_group *igroup);
void iommufd_group_regions_changed(struct iommufd_ctx *ictx, struct device *dev);
int iommufd_group_reserve(struct iommufd_group *igroup, struct iommufd_reservations *resv,
			  phys_addr_t *msi_start);
void iommufd_group_claimed(struct iommufd_group *igroup, bool claimed);
bool iommufd_group_is_owned(struct iommufd_ctx *ictx, struct device *dev);
int iommufd_group_attach(struct iommufd_group *igroup, struct iommufd_device *idev,
			 struct iommufd_hwpt *hwpt);
void iommufd_group_detach(struct iommufd_group *igroup, struct iommufd_device *idev, bool release);

#endif
