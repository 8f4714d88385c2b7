// SPDX-License-Identifier: GPL-2.0-only
/*
 * PASIDs as numbers: whose they are, how many there may be, and when they go back. pasid.h tells
 * what kinds there are.
 */
#include <linux/export.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "introspect.h"
#include "pasid.h"

/* PASIDs have 20 bits in PCIe. */
#define PASID_NUMBERS	BIT(20)

static unsigned int max_pasids = 4096;
module_param(max_pasids, uint, 0644);
MODULE_PARM_DESC(max_pasids, "How many PASIDs a context may have at a time (default: 4096)");

static int pasid_charge(struct iommufd_ctx *ictx)
{
	if ((unsigned int)atomic_inc_return(&ictx->nr_pasids) <= READ_ONCE(max_pasids))
		return 0;
	atomic_dec(&ictx->nr_pasids);
	iommufd_event_quota(ictx, IOMMUFD_QUOTA_PASIDS);
	return -EDQUOT;
}

static void pasid_free(struct iommufd_object *obj)
{
	struct iommufd_pasid *entry = container_of(obj, struct iommufd_pasid, obj);
	struct iommufd_group *igroup = entry->group;

	mutex_lock(&igroup->lock);
	/* It ended with the endpoint, or ends here, while that is still there. */
	if (entry->idev)
		iommufd_pasid_end(entry->idev, entry, true);
	mutex_unlock(&igroup->lock);
	atomic_dec(&obj->ictx->nr_pasids);
	iommufd_group_put(igroup);
	iommufd_reservations_free(&entry->resv);
	kfree_rcu(entry, rcu);
}

/**
 * iommufd_pasid_new() - the memory for a PASID, which counts towards the context's quota
 * @idev: the endpoint that is to have it
 * @pasid: its number, if it is known
 *
 * Return: the PASID with one reference, not inserted; ERR_PTR of -EDQUOT or -ENOMEM.
 */
struct iommufd_pasid *iommufd_pasid_new(struct iommufd_device *idev, u32 pasid)
{
	struct iommufd_ctx *ictx = idev->ep.obj.ictx;
	struct iommufd_pasid *entry;
	int rc;

	rc = pasid_charge(ictx);
	if (rc)
		return ERR_PTR(rc);
	entry = kzalloc(sizeof(*entry), GFP_KERNEL_ACCOUNT);
	if (!entry) {
		atomic_dec(&ictx->nr_pasids);
		return ERR_PTR(-ENOMEM);
	}
	entry->obj.ictx = ictx;
	entry->obj.free = pasid_free;
	refcount_set(&entry->obj.refs, 1);
	entry->pasid = pasid;
	iommufd_reservations_init(&entry->resv, NULL);
	/* Put by pasid_free() */
	iommufd_group_hold(idev->group);
	entry->group = idev->group;
	return entry;
}

/**
 * iommufd_pasid_insert() - let an endpoint have a PASID
 * @idev: the endpoint; its group's lock is held
 * @entry: the PASID, of a number that is known
 *
 * Return: 0; -ENODEV (the endpoint is released), -EBUSY (the number is in use on the device),
 * -EEXIST (the endpoint has the guest's number), -ENOMEM.
 */
int iommufd_pasid_insert(struct iommufd_device *idev, struct iommufd_pasid *entry)
{
	struct iommufd_group *igroup = idev->group;
	int rc;

	lockdep_assert_held(&igroup->lock);
	if (idev->released)
		return -ENODEV;
	/* All that a lookup looks at is set before the PASID is found. */
	entry->idev = idev;
	rc = xa_insert(&igroup->pasids, entry->pasid, entry, GFP_KERNEL_ACCOUNT);
	if (rc)
		goto clear_idev;
	if (entry->guest) {
		rc = xa_insert(&idev->guests, entry->guest, entry, GFP_KERNEL_ACCOUNT);
		if (rc)
			goto erase;
	}
	list_add_tail(&entry->link, &idev->pasids);
	return 0;

erase:
	xa_erase(&igroup->pasids, entry->pasid);
	rc = rc == -EBUSY ? -EEXIST : rc;
clear_idev:
	WRITE_ONCE(entry->idev, NULL);
	return rc;
}

/**
 * iommufd_pasid_end() - take a PASID from its endpoint, and give the number back
 * @idev: the endpoint; its group's lock is held
 * @entry: the PASID; detached. Its references are left alone.
 * @drain: the driver's device may be using it; else the driver has closed that
 */
void iommufd_pasid_end(struct iommufd_device *idev, struct iommufd_pasid *entry, bool drain)
{
	struct iommufd_group *igroup = idev->group;

	lockdep_assert_held(&igroup->lock);
	WARN_ON(entry->hwpt);
	xa_erase(&igroup->pasids, entry->pasid);
	if (entry->guest)
		xa_erase(&idev->guests, entry->guest);
	list_del(&entry->link);
	WRITE_ONCE(entry->idev, NULL);
	if (!entry->shared)
		return;
	if (drain && idev->pasid_ops)
		idev->pasid_ops->drain(idev->pasid_data, entry->pasid);
	iommu_free_global_pasid(entry->pasid);
}

/* The number comes from where all shared ones come from. Undone by iommufd_pasid_end(). */
static int insert_shared(struct iommufd_device *idev, struct iommufd_pasid *entry, u32 max)
{
	ioasid_t pasid = iommu_alloc_global_pasid(idev->dev);
	int rc = -ENOSPC;

	if (pasid == IOMMU_PASID_INVALID)
		return -ENOSPC;
	entry->pasid = pasid;
	entry->shared = true;
	/* The lowest that is free: if it isn't low enough, none is. */
	if (pasid <= max)
		rc = iommufd_pasid_insert(idev, entry);
	if (rc)
		iommu_free_global_pasid(pasid);
	return rc;
}

/* Any number that isn't in use on the device. The kernel uses none there but 0. */
static int insert_exclusive(struct iommufd_device *idev, struct iommufd_pasid *entry, u32 min,
			    u32 max)
{
	struct iommufd_group *igroup = idev->group;
	int rc;

	rc = xa_alloc(&igroup->pasids, &entry->pasid, NULL, XA_LIMIT(min, max), GFP_KERNEL_ACCOUNT);
	if (rc)
		return rc == -EBUSY ? -ENOSPC : rc;
	xa_release(&igroup->pasids, entry->pasid);
	return iommufd_pasid_insert(idev, entry);
}

/**
 * iommufd_pasid_bind_own() - give a PASID endpoint the PASID that it uses unless told otherwise
 * @idev: the endpoint, which nobody knows yet
 *
 * Return: 0, -ENOSPC, -EDQUOT or -ENOMEM.
 */
int iommufd_pasid_bind_own(struct iommufd_device *idev)
{
	struct iommufd_pasid *entry = iommufd_pasid_new(idev, 0);
	int rc;

	if (IS_ERR(entry))
		return PTR_ERR(entry);
	mutex_lock(&idev->group->lock);
	rc = insert_shared(idev, entry, PASID_NUMBERS - 1);
	if (!rc) {
		idev->own = entry;
		idev->own_pasid = entry->pasid;
	}
	mutex_unlock(&idev->group->lock);
	/* Else the reference is the endpoint's, until iommufd_pasids_release(). */
	if (rc)
		iommufd_object_put(&entry->obj);
	return rc;
}

/* Ends one PASID of a released endpoint. Returns whether there was one. */
static bool release_one(struct iommufd_device *idev)
{
	struct iommufd_hwpt *old = NULL;
	struct iommufd_pasid *entry;
	bool held = true;

	mutex_lock(&idev->group->lock);
	entry = list_first_entry_or_null(&idev->pasids, struct iommufd_pasid, link);
	if (entry) {
		/* The attachment's reference, or one that can't be had while pasid_free() waits. */
		if (entry->hwpt)
			old = iommufd_pasid_leave(idev, entry);
		else
			held = refcount_inc_not_zero(&entry->obj.refs);
		iommufd_pasid_end(idev, entry, false);
	}
	mutex_unlock(&idev->group->lock);
	if (!entry)
		return false;
	if (old)
		iommufd_hwpt_put(old);
	if (held) {
		iommufd_object_unpublish(&entry->obj);
		iommufd_object_put(&entry->obj);
	}
	return true;
}

/**
 * iommufd_pasids_release() - detach and end all PASIDs of an endpoint
 * @idev: the endpoint, released; its driver's device does no DMA any more
 */
void iommufd_pasids_release(struct iommufd_device *idev)
{
	while (release_one(idev))
		cond_resched();
	if (idev->own)
		iommufd_object_put(&idev->own->obj);
	idev->own = NULL;
}

static int check_alloc(const struct iommu_pasid_alloc *cmd)
{
	const bool has_guest = cmd->flags & IOMMU_PASID_ALLOC_GUEST;

	if (cmd->flags & ~IOMMU_PASID_ALLOC_GUEST || cmd->__reserved)
		return -EOPNOTSUPP;
	if (cmd->scope > IOMMU_PASID_SCOPE_SHARED || has_guest != !!cmd->guest_pasid ||
	    cmd->guest_pasid >= PASID_NUMBERS)
		return -EINVAL;
	return 0;
}

/* What is wanted, made definite: the lowest and the highest number */
static int alloc_range(struct iommufd_device *idev, const struct iommu_pasid_alloc *cmd, u32 *min,
		       u32 *max)
{
	const u32 last = min(idev->dev->iommu->max_pasids, PASID_NUMBERS) - 1;

	*min = cmd->min_pasid ?: 1;
	*max = cmd->max_pasid ?: last;
	if (*min > *max || *max > last)
		return -EINVAL;
	return 0;
}

static int alloc_locked(struct iommufd_device *idev, const struct iommu_pasid_alloc *cmd,
			struct iommufd_pasid *entry)
{
	u32 min, max;
	int rc;

	lockdep_assert_held(&idev->group->lock);
	/* Any PASID will do for asking whether there are any. */
	rc = iommufd_pasid_check(idev, 1);
	if (rc)
		return rc;
	if (cmd->scope != (idev->own_pasid ? IOMMU_PASID_SCOPE_SHARED :
					     IOMMU_PASID_SCOPE_EXCLUSIVE))
		return -EINVAL;
	rc = alloc_range(idev, cmd, &min, &max);
	if (rc)
		return rc;
	if (!idev->own_pasid)
		return insert_exclusive(idev, entry, min, max);
	/* A driver that can't drain its device can have no PASIDs that come and go. */
	if (!idev->pasid_ops || min > 1)
		return -EOPNOTSUPP;
	return insert_shared(idev, entry, max);
}

/* Userspace can name the PASID from now on, unless it has ended meanwhile. */
static int alloc_publish(struct iommufd_pasid *entry)
{
	guard(mutex)(&entry->group->lock);
	if (!entry->idev)
		return -ENODEV;
	iommufd_object_publish(&entry->obj);
	return 0;
}

static int alloc_for(struct iommufd_ucmd *ucmd, struct iommufd_device *idev)
{
	struct iommu_pasid_alloc *cmd = ucmd->cmd;
	struct iommufd_pasid *entry;
	int rc;

	entry = iommufd_pasid_new(idev, 0);
	if (IS_ERR(entry))
		return PTR_ERR(entry);
	entry->guest = cmd->guest_pasid;
	rc = iommufd_object_reserve(ucmd->ictx, &entry->obj, IOMMUFD_OBJ_PASID, pasid_free);
	if (rc)
		goto put;
	mutex_lock(&idev->group->lock);
	rc = alloc_locked(idev, cmd, entry);
	mutex_unlock(&idev->group->lock);
	if (rc)
		goto cancel;
	cmd->out_pasid_id = entry->obj.id;
	cmd->out_pasid = entry->pasid;
	rc = iommufd_ucmd_respond(ucmd, sizeof(*cmd));
	if (!rc)
		rc = alloc_publish(entry);
	if (rc)
		goto cancel;
	return 0;

put:
	iommufd_object_put(&entry->obj);
	return rc;
cancel:
	iommufd_object_cancel(&entry->obj);
	return rc;
}

int iommufd_pasid_alloc_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_pasid_alloc *cmd = ucmd->cmd;
	struct iommufd_object *dev;
	int rc;

	rc = check_alloc(cmd);
	if (rc)
		return rc;
	dev = iommufd_object_get(ucmd->ictx, cmd->dev_id, IOMMUFD_OBJ_DEVICE);
	if (IS_ERR(dev))
		return PTR_ERR(dev);
	rc = alloc_for(ucmd, device_from_object(dev));
	iommufd_object_put(dev);
	return rc;
}

bool iommufd_pasid_owned(const struct iommufd_endpoint *ep, u32 pasid)
{
	const struct iommufd_device *idev = container_of(ep, struct iommufd_device, ep);
	const struct iommufd_pasid *entry;

	if (ep->obj.type != IOMMUFD_OBJ_DEVICE)
		return false;
	guard(rcu)();
	entry = xa_load(&idev->group->pasids, pasid);
	return entry && READ_ONCE(entry->idev) == idev;
}
EXPORT_SYMBOL_GPL(iommufd_pasid_owned);

int iommufd_pasid_from_guest(const struct iommufd_endpoint *ep, u32 guest, u32 *pasid)
{
	struct iommufd_device *idev = container_of(ep, struct iommufd_device, ep);
	const struct iommufd_pasid *entry;

	if (ep->obj.type != IOMMUFD_OBJ_DEVICE)
		return -ENOENT;
	guard(rcu)();
	entry = xa_load(&idev->guests, guest);
	if (!entry)
		return -ENOENT;
	*pasid = entry->pasid;
	return 0;
}
EXPORT_SYMBOL_GPL(iommufd_pasid_from_guest);

u32 iommufd_endpoint_pasid(const struct iommufd_endpoint *ep)
{
	const struct iommufd_device *idev = container_of(ep, struct iommufd_device, ep);

	return ep->obj.type == IOMMUFD_OBJ_DEVICE ? idev->own_pasid : IOMMU_NO_PASID;
}
EXPORT_SYMBOL_GPL(iommufd_endpoint_pasid);
