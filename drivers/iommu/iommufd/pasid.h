/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PASIDs: numbers that a context owns, and what DMA with them goes through.
 *
 * A PASID belongs to one endpoint, and ends with it at the latest. There are three kinds:
 *
 *  allocated   by IOMMU_PASID_ALLOC; an object, which IOMMU_DESTROY ends
 *  own         of a PASID endpoint, from its bind on
 *  implicit    attached without having been allocated, which only the owner of a whole requester ID
 *              may do; ends when it is detached
 *
 * A PASID whose requester ID is shared is from the kernel's global allocator, so that it is nobody
 * else's on any device. It goes back when nothing can do DMA with it: it is detached, the driver
 * finds it no longer, and the driver has drained its device of it, or has closed that.
 */
#ifndef __IOMMUFD_PASID_H
#define __IOMMUFD_PASID_H

#include "group.h"

/**
 * struct iommufd_pasid - a PASID
 * @obj: its number, if it was allocated. References: the table's of one that was allocated, the
 *       endpoint's of its own, and one while it is attached.
 * @rcu: frees it, after those who look PASIDs up without locks
 * @group: of the endpoint; a reference
 * @pasid: what hardware calls it
 * @guest: what a guest calls it; 0: nothing
 * @shared: from the global allocator
 * @implicit: see above
 * @idev: whose it is; NULL once it has ended. Written under group->lock.
 * @link: in idev->pasids
 * @hwpt: what it is attached to; a reference. NULL: DMA is blocked. This and what follows is
 *        protected by group->lock.
 * @hwpt_id: its number, or 0; looked at without the lock, too
 * @resv: what the device reserves in the IOAS of @hwpt
 */
struct iommufd_pasid {
	struct iommufd_object obj;
	struct rcu_head rcu;
	struct iommufd_group *group;
	u32 pasid;
	u32 guest;
	bool shared;
	bool implicit;
	struct iommufd_device *idev;
	struct list_head link;
	struct iommufd_hwpt *hwpt;
	u32 hwpt_id;
	struct iommufd_reservations resv;
};

/* Numbers: pasid.c */

struct iommufd_pasid *iommufd_pasid_new(struct iommufd_device *idev, u32 pasid);
int iommufd_pasid_insert(struct iommufd_device *idev, struct iommufd_pasid *entry);
void iommufd_pasid_end(struct iommufd_device *idev, struct iommufd_pasid *entry, bool drain);
int iommufd_pasid_bind_own(struct iommufd_device *idev);
void iommufd_pasids_release(struct iommufd_device *idev);
int iommufd_pasid_alloc_ioctl(struct iommufd_ucmd *ucmd);

/* Attachments: pasid_attach.c */

/**
 * enum iommufd_attach_mode - what there may be before
 * @IOMMUFD_ATTACH_ANY: attach, or replace what is attached
 * @IOMMUFD_ATTACH_FIRST: nothing is attached, or fail with -EBUSY
 * @IOMMUFD_ATTACH_REPLACE: something is attached, or fail with -EINVAL
 */
enum iommufd_attach_mode {
	IOMMUFD_ATTACH_ANY,
	IOMMUFD_ATTACH_FIRST,
	IOMMUFD_ATTACH_REPLACE,
};

bool iommufd_pasid_available(struct device *dev);
int iommufd_pasid_check(struct iommufd_device *idev, u32 pasid);
int iommufd_pasid_attach(struct iommufd_device *idev, u32 pasid, struct iommufd_hwpt *hwpt,
			 enum iommufd_attach_mode mode);
struct iommufd_hwpt *iommufd_pasid_leave(struct iommufd_device *idev, struct iommufd_pasid *entry);
bool iommufd_pasid_detach(struct iommufd_device *idev, u32 pasid);

/* Endpoints: device.c, pasid_endpoint.c */

int iommufd_device_attach(struct iommufd_device *idev, u32 pasid, u32 *pt_id,
			  enum iommufd_attach_mode mode);
int iommufd_endpoint_attach_pasid_mode(struct iommufd_endpoint *ep, u32 pasid, u32 *pt_id,
				       enum iommufd_attach_mode mode);
int iommufd_device_attach_pasid(struct iommufd_endpoint *ep, u32 pasid, u32 *pt_id);
int iommufd_device_detach_pasid(struct iommufd_endpoint *ep, u32 pasid);
int iommufd_pasid_check_parent(struct device *parent);

extern const struct iommufd_endpoint_ops iommufd_pasid_endpoint_ops;

#endif
