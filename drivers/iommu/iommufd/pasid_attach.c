// SPDX-License-Identifier: GPL-2.0-only
/*
 * What DMA with a PASID goes through.
 *
 * PASIDs are for devices that are alone in their IOMMU group. Of others the IOMMU can't tell who
 * has sent a request, and the IOMMU core would give each of them the PASID.
 *
 * The IOMMU core of these kernels can attach a PASID and detach it, but not replace what it is
 * attached to. A replace is a detach and an attach then. In between DMA is blocked; nobody else can
 * attach the PASID: the group is the context's, or the PASID came from the global allocator.
 */
#include "compat.h"
#include "pasid.h"

static int count_device(struct device *dev, void *data)
{
	return ++*(unsigned int *)data > 1;
}

/**
 * iommufd_pasid_available() - whether the PASIDs of a device can be used here
 * @dev: the device
 */
bool iommufd_pasid_available(struct device *dev)
{
	unsigned int nr = 0;

	if (!dev->iommu->max_pasids)
		return false;
	iommu_group_for_each_dev(dev->iommu_group, &nr, count_device);
	return nr == 1;
}

/**
 * iommufd_pasid_check() - whether a device has a PASID at all
 * @idev: the endpoint; its group's lock is held
 * @pasid: the PASID
 *
 * Return: 0; -ENODEV (released), -EOPNOTSUPP (it has none), -EINVAL (out of its range).
 */
int iommufd_pasid_check(struct iommufd_device *idev, u32 pasid)
{
	lockdep_assert_held(&idev->group->lock);
	if (idev->released)
		return -ENODEV;
	if (!iommufd_pasid_available(idev->dev))
		return -EOPNOTSUPP;
	if (pasid == IOMMU_NO_PASID || pasid >= idev->dev->iommu->max_pasids)
		return -EINVAL;
	return 0;
}

/* The endpoint's PASID; NULL if it may have it, but hasn't. */
static struct iommufd_pasid *pasid_find(struct iommufd_device *idev, u32 pasid)
{
	struct iommufd_pasid *entry = xa_load(&idev->group->pasids, pasid);

	lockdep_assert_held(&idev->group->lock);
	if (!entry)
		return idev->own_pasid ? ERR_PTR(-EPERM) : NULL;
	return entry->idev == idev ? entry : ERR_PTR(-EBUSY);
}

/* Whether a PASID of @idev may go to @hwpt. */
static int check_hwpt(struct iommufd_device *idev, struct iommufd_hwpt *hwpt)
{
	const struct iommufd_hwpt *rid = idev->group->hwpt;

	if (!hwpt->for_pasids || (rid && !rid->for_pasids))
		return -EINVAL;
	if (hwpt->domain->owner != iommufd_dev_iommu_ops(idev->dev))
		return -EINVAL;
	/* A device that has other users too can't have its page requests switched on and off. */
	if (hwpt->faults && idev->own_pasid)
		return -EOPNOTSUPP;
	return 0;
}

static int check_mode(const struct iommufd_pasid *entry, enum iommufd_attach_mode mode)
{
	const bool attached = entry && entry->hwpt;

	if (mode == IOMMUFD_ATTACH_FIRST && attached)
		return -EBUSY;
	if (mode == IOMMUFD_ATTACH_REPLACE && !attached)
		return -EINVAL;
	return 0;
}

static int connect(struct iommufd_device *idev, u32 pasid, struct iommufd_hwpt *hwpt)
{
	int rc;

	if (hwpt->faults)
		rc = iommufd_fault_pasid_attach(idev, pasid, hwpt);
	else
		rc = iommu_attach_device_pasid(hwpt->domain, idev->dev, pasid, NULL);
	/* That says that the device is gone. */
	return rc == -ENODEV ? -EOPNOTSUPP : rc;
}

static void disconnect(struct iommufd_device *idev, u32 pasid, struct iommufd_hwpt *hwpt)
{
	if (hwpt->faults)
		iommufd_fault_pasid_detach(idev, pasid, hwpt);
	else
		iommu_detach_device_pasid(hwpt->domain, idev->dev, pasid);
}

/**
 * struct attaching - an attach in progress
 * @idev: the endpoint
 * @pasid: its PASID
 * @hwpt: the new page table
 * @mode: what there may be before
 * @spare: for a PASID that isn't known yet; NULL if it has been used, or none was made
 * @resv: what the device reserves in the new IOAS, then what it had in the old one
 * @old: the page table that was replaced; its reference
 * @lost: a replace has failed, and the old page table could not be attached again either
 * @gone: a PASID that isn't attached any more; the attachment's reference
 */
struct attaching {
	struct iommufd_device *idev;
	u32 pasid;
	struct iommufd_hwpt *hwpt;
	enum iommufd_attach_mode mode;
	struct iommufd_pasid *spare;
	struct iommufd_reservations resv;
	struct iommufd_hwpt *old;
	bool lost;
	struct iommufd_pasid *gone;
};

/* Leaves the old page table for the new one, or stays with it if that fails. */
static int reconnect(struct attaching *a, struct iommufd_pasid *entry)
{
	int rc;

	disconnect(a->idev, a->pasid, entry->hwpt);
	rc = connect(a->idev, a->pasid, a->hwpt);
	if (!rc || !connect(a->idev, a->pasid, entry->hwpt))
		return rc;
	dev_warn_ratelimited(a->idev->dev,
			     "iommufd: PASID %u is detached: its page table could not be replaced (%pe), nor attached again\n",
			     a->pasid, ERR_PTR(rc));
	a->lost = true;
	return -EIO;
}

/* As reconnect(), with the device's page requests on throughout if both page tables want them. */
static int replace(struct attaching *a, struct iommufd_pasid *entry)
{
	const bool requests = a->hwpt->faults && entry->hwpt->faults;
	int rc;

	if (requests) {
		rc = iommufd_fault_device_enable(a->idev);
		if (rc)
			return rc;
	}
	rc = reconnect(a, entry);
	if (requests)
		iommufd_fault_device_disable(a->idev);
	return rc;
}

/* Forgets what the hardware has forgotten. Returns the page table with the entry's reference. */
static struct iommufd_hwpt *entry_clear(struct iommufd_device *idev, struct iommufd_pasid *entry)
{
	struct iommufd_hwpt *old = entry->hwpt;

	entry->hwpt = NULL;
	WRITE_ONCE(entry->hwpt_id, 0);
	idev->group->nr_pasids_attached--;
	iommufd_reservations_drop(&entry->resv);
	return old;
}

/**
 * iommufd_pasid_leave() - detach a PASID
 * @idev: the endpoint; its group's lock is held
 * @entry: its PASID, attached
 *
 * Return: the page table. The caller has its reference now, and the one on @entry that is there
 * while it is attached, and puts them without the lock.
 */
struct iommufd_hwpt *iommufd_pasid_leave(struct iommufd_device *idev, struct iommufd_pasid *entry)
{
	lockdep_assert_held(&idev->group->lock);
	disconnect(idev, entry->pasid, entry->hwpt);
	return entry_clear(idev, entry);
}

/* Attaches a PASID that isn't, or replaces. */
static int attach_entry(struct attaching *a, struct iommufd_pasid *entry)
{
	struct iommufd_hwpt *old = entry->hwpt;
	phys_addr_t msi_start;
	int rc;

	rc = iommufd_group_reserve(a->idev->group, &a->resv, &msi_start);
	if (rc)
		return rc;
	rc = old ? replace(a, entry) : connect(a->idev, a->pasid, a->hwpt);
	if (a->lost) {
		a->old = entry_clear(a->idev, entry);
		a->gone = entry;
		if (entry->implicit)
			iommufd_pasid_end(a->idev, entry, false);
	}
	if (rc)
		return rc;
	refcount_inc(&a->hwpt->obj.refs);
	entry->hwpt = a->hwpt;
	WRITE_ONCE(entry->hwpt_id, a->hwpt->obj.id);
	iommufd_reservations_swap(&entry->resv, &a->resv);
	if (!old)
		a->idev->group->nr_pasids_attached++;
	a->old = old;
	return 0;
}

/* Attaches a PASID that the user hasn't allocated. */
static int attach_spare(struct attaching *a)
{
	int rc;

	rc = iommufd_pasid_insert(a->idev, a->spare);
	if (rc)
		return rc;
	a->spare->implicit = true;
	rc = attach_entry(a, a->spare);
	if (rc)
		iommufd_pasid_end(a->idev, a->spare, false);
	else
		a->spare = NULL;	/* Its reference is the attachment's. */
	return rc;
}

/* Returns -EAGAIN if a spare PASID is needed. */
static int attach_locked(struct attaching *a)
{
	struct iommufd_pasid *entry;
	int rc;

	rc = iommufd_pasid_check(a->idev, a->pasid);
	if (rc)
		return rc;
	entry = pasid_find(a->idev, a->pasid);
	if (IS_ERR(entry))
		return PTR_ERR(entry);
	rc = check_mode(entry, a->mode) ?: check_hwpt(a->idev, a->hwpt);
	if (rc)
		return rc;
	if (!entry)
		return a->spare ? attach_spare(a) : -EAGAIN;
	if (entry->hwpt == a->hwpt)
		return 0;
	if (entry->hwpt)
		return attach_entry(a, entry);
	/* It may be on its way to pasid_free(). */
	if (!refcount_inc_not_zero(&entry->obj.refs))
		return -EBUSY;
	rc = attach_entry(a, entry);
	if (rc)
		a->gone = entry;
	return rc;
}

/**
 * iommufd_pasid_attach() - attach a PASID, or move it to another page table
 * @idev: the endpoint
 * @pasid: the PASID
 * @hwpt: the page table; the attachment takes a reference of its own
 * @mode: what there may be before
 *
 * Return: 0; -ENODEV (released), -EOPNOTSUPP (no PASIDs, or the page table has a fault queue that
 * the device can't feed), -EINVAL (not in range, @hwpt isn't for PASIDs, or the device's own page
 * table isn't, or @mode), -EPERM (not the context's), -EBUSY (another endpoint's, in use by the
 * kernel, about to be destroyed, or @mode), -EADDRINUSE, -EDQUOT, -ENOSPC, -ENOMEM; -EIO if a
 * replace has failed and the PASID could not be attached again to what it was, so that its DMA is
 * blocked.
 */
int iommufd_pasid_attach(struct iommufd_device *idev, u32 pasid, struct iommufd_hwpt *hwpt,
			 enum iommufd_attach_mode mode)
{
	struct attaching a = { .idev = idev, .pasid = pasid, .hwpt = hwpt, .mode = mode };
	int rc;

	iommufd_reservations_init(&a.resv, hwpt->ioas);
	mutex_lock(&idev->group->lock);
	rc = attach_locked(&a);
	if (rc == -EAGAIN) {
		mutex_unlock(&idev->group->lock);
		a.spare = iommufd_pasid_new(idev, pasid);
		if (IS_ERR(a.spare))
			return PTR_ERR(a.spare);
		mutex_lock(&idev->group->lock);
		rc = attach_locked(&a);
	}
	/* What is left in there belongs to the old page table, or to the attempt that failed. */
	iommufd_reservations_drop(&a.resv);
	mutex_unlock(&idev->group->lock);
	iommufd_reservations_free(&a.resv);
	if (a.old)
		iommufd_hwpt_put(a.old);
	if (a.gone)
		iommufd_object_put(&a.gone->obj);
	if (a.spare)
		iommufd_object_put(&a.spare->obj);
	return rc;
}

/**
 * iommufd_pasid_detach() - block DMA with a PASID
 * @idev: the endpoint
 * @pasid: the PASID; nothing happens if it isn't attached by this endpoint
 *
 * Return: whether it was.
 */
bool iommufd_pasid_detach(struct iommufd_device *idev, u32 pasid)
{
	struct iommufd_hwpt *old = NULL;
	struct iommufd_pasid *entry;

	mutex_lock(&idev->group->lock);
	entry = xa_load(&idev->group->pasids, pasid);
	if (entry && entry->idev == idev && entry->hwpt) {
		old = iommufd_pasid_leave(idev, entry);
		if (entry->implicit)
			iommufd_pasid_end(idev, entry, false);
	}
	mutex_unlock(&idev->group->lock);
	if (!old)
		return false;
	iommufd_hwpt_put(old);
	iommufd_object_put(&entry->obj);
	return true;
}
