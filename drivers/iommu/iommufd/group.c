// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU groups: devices that the IOMMU can't keep apart share one page table.
 */
#include <linux/export.h>
#include <linux/slab.h>

#include "compat.h"
#include "group.h"

static void group_forget_regions(struct iommufd_group *igroup)
{
	struct iommu_resv_region *region, *next;

	list_for_each_entry_safe(region, next, &igroup->regions, list)
		kfree(region);
	INIT_LIST_HEAD(&igroup->regions);
	igroup->regions_known = false;
}

/* The IOMMU driver is asked once, not at each attach. */
static int group_learn_regions(struct iommufd_group *igroup)
{
	int rc;

	lockdep_assert_held(&igroup->lock);
	if (igroup->regions_known)
		return 0;
	rc = iommu_get_group_resv_regions(igroup->group, &igroup->regions);
	if (rc)
		group_forget_regions(igroup);
	igroup->regions_known = !rc;
	return rc;
}

/**
 * iommufd_group_get() - the context's view of a device's IOMMU group
 * @ictx: the context
 * @dev: the device
 *
 * Return: the group with a reference, or ERR_PTR of -ENODEV or -ENOMEM.
 */
struct iommufd_group *iommufd_group_get(struct iommufd_ctx *ictx, struct device *dev)
{
	struct iommu_group *group = iommu_group_get(dev);
	struct iommufd_group *igroup;
	unsigned int i;

	if (!group)
		return ERR_PTR(-ENODEV);
	mutex_lock(&ictx->groups_lock);
	list_for_each_entry(igroup, &ictx->groups, link) {
		if (igroup->group == group) {
			iommu_group_put(group);
			igroup->refs++;
			mutex_unlock(&ictx->groups_lock);
			goto found;
		}
	}
	igroup = kzalloc(sizeof(*igroup), GFP_KERNEL_ACCOUNT);
	if (!igroup) {
		mutex_unlock(&ictx->groups_lock);
		iommu_group_put(group);
		return ERR_PTR(-ENOMEM);
	}
	igroup->ictx = ictx;
	igroup->group = group;
	mutex_init(&igroup->lock);
	INIT_LIST_HEAD(&igroup->attached);
	INIT_LIST_HEAD(&igroup->regions);
	for (i = 0; i < ARRAY_SIZE(igroup->resv); i++)
		iommufd_reservations_init(&igroup->resv[i], NULL);
	iommufd_fault_source_init(&igroup->faults);
	xa_init_flags(&igroup->pasids, XA_FLAGS_ALLOC);
	igroup->refs = 1;
	list_add(&igroup->link, &ictx->groups);
	mutex_unlock(&ictx->groups_lock);
	return igroup;

found:
	/* The device may be new in its group, and have regions of its own. */
	mutex_lock(&igroup->lock);
	group_forget_regions(igroup);
	mutex_unlock(&igroup->lock);
	return igroup;
}

/**
 * iommufd_group_hold() - take a further reference
 * @igroup: a group that another reference keeps
 */
void iommufd_group_hold(struct iommufd_group *igroup)
{
	mutex_lock(&igroup->ictx->groups_lock);
	igroup->refs++;
	mutex_unlock(&igroup->ictx->groups_lock);
}

void iommufd_group_put(struct iommufd_group *igroup)
{
	struct iommufd_ctx *ictx = igroup->ictx;
	unsigned int i;

	/* A device may be about to leave the group, and its regions with it. */
	mutex_lock(&igroup->lock);
	group_forget_regions(igroup);
	mutex_unlock(&igroup->lock);
	mutex_lock(&ictx->groups_lock);
	if (--igroup->refs) {
		mutex_unlock(&ictx->groups_lock);
		return;
	}
	list_del(&igroup->link);
	mutex_unlock(&ictx->groups_lock);
	iommu_group_put(igroup->group);
	WARN_ON(!xa_empty(&igroup->pasids));
	xa_destroy(&igroup->pasids);
	iommufd_fault_source_destroy(&igroup->faults);
	for (i = 0; i < ARRAY_SIZE(igroup->resv); i++)
		iommufd_reservations_free(&igroup->resv[i]);
	kfree(igroup);
}

/**
 * iommufd_group_claimed() - note that an endpoint claimed the group's DMA, or is about to let go
 * @igroup: the group
 * @claimed: which
 *
 * Being on the list is not enough for a group to be owned: a bind may be about to find out that it
 * belongs to somebody else.
 */
void iommufd_group_claimed(struct iommufd_group *igroup, bool claimed)
{
	guard(mutex)(&igroup->ictx->groups_lock);
	igroup->claims += claimed ? 1 : -1;
}

/**
 * iommufd_group_is_owned() - whether a context owns the DMA of a device's group
 * @ictx: the context
 * @dev: the device, with or without an endpoint
 */
bool iommufd_group_is_owned(struct iommufd_ctx *ictx, struct device *dev)
{
	struct iommu_group *group = iommu_group_get(dev);
	struct iommufd_group *igroup;
	bool owned = false;

	if (!group)
		return false;
	scoped_guard(mutex, &ictx->groups_lock)
		list_for_each_entry(igroup, &ictx->groups, link)
			owned |= igroup->group == group && igroup->claims;
	iommu_group_put(group);
	return owned;
}

/**
 * iommufd_group_regions_changed() - a device can't reach what it could when its group was bound
 * @ictx: the context that has the device
 * @dev: the device
 *
 * Real devices don't do that; tests' devices do.
 */
void iommufd_group_regions_changed(struct iommufd_ctx *ictx, struct device *dev)
{
	struct iommufd_group *igroup = iommufd_group_get(ictx, dev);

	/* That has made it forget what it knew. */
	if (!IS_ERR(igroup))
		iommufd_group_put(igroup);
}
EXPORT_SYMBOL_NS_GPL(iommufd_group_regions_changed, IOMMUFD_VFIO_TEST);

/* Makes the group's DMA go through @hwpt. Whoever is attached already moves along. */
static int group_set_hwpt(struct iommufd_group *igroup, struct iommufd_device *idev,
			  struct iommufd_hwpt *hwpt)
{
	if (unlikely(hwpt->faults || igroup->faults.rid.hwpt))
		return iommufd_fault_group_set_hwpt(igroup, idev, hwpt);
	if (igroup->hwpt)
		return iommu_group_replace_domain(igroup->group, hwpt->domain);
	return iommu_attach_group(hwpt->domain, igroup->group);
}

/* Software-managed MSI doorbells (not on x86) are mapped by the IOMMU core into this range. */
static int hwpt_set_msi_start(struct iommufd_hwpt *hwpt, phys_addr_t start)
{
	int rc;

	if (start == PHYS_ADDR_MAX || hwpt->msi_start == start)
		return 0;
	if (hwpt->msi_start != PHYS_ADDR_MAX)
		return -EINVAL;
	rc = iommu_get_msi_cookie(hwpt->domain, start);
	if (!rc)
		hwpt->msi_start = start;
	return rc;
}

/* Whether @idev may go to @hwpt: alone it may choose, else it follows the rest of the group. */
static int group_check_attach(struct iommufd_group *igroup, struct iommufd_device *idev,
			      struct iommufd_hwpt *hwpt)
{
	lockdep_assert_held(&igroup->lock);
	if (idev->released)
		return -ENODEV;
	if (igroup->hwpt && igroup->hwpt != hwpt && !idev->attached)
		return -EINVAL;
	/* The IOMMU core sees to this in an attach, but not in a replace. */
	if (hwpt->domain->owner != iommufd_dev_iommu_ops(idev->dev))
		return -EINVAL;
	/* Some IOMMUs need one kind of page table for all of a device's DMA to use PASIDs. */
	if (igroup->nr_pasids_attached && !hwpt->for_pasids)
		return -EINVAL;
	return 0;
}

/**
 * iommufd_group_reserve() - reserve what the devices of a group can't translate
 * @igroup: the group; its lock is held
 * @resv: whose reservation it is; holds what was reserved also after a failure
 * @msi_start: set to the start of where the kernel maps MSI doorbells, or PHYS_ADDR_MAX
 *
 * Return: 0, -EADDRINUSE or -ENOMEM.
 */
int iommufd_group_reserve(struct iommufd_group *igroup, struct iommufd_reservations *resv,
			  phys_addr_t *msi_start)
{
	int rc = group_learn_regions(igroup);

	return rc ?: iommufd_reserve_regions(resv, &igroup->regions, msi_start);
}

/* As iommufd_group_reserve(), and lets @hwpt translate the group's MSIs. */
static int group_reserve(struct iommufd_group *igroup, struct iommufd_reservations *resv,
			 struct iommufd_hwpt *hwpt)
{
	phys_addr_t msi_start;
	int rc = iommufd_group_reserve(igroup, resv, &msi_start);

	return rc ?: hwpt_set_msi_start(hwpt, msi_start);
}

/* A device that has come since the group was attached may have regions of its own. */
static int group_reserve_anew(struct iommufd_group *igroup)
{
	struct iommufd_reservations *resv = &igroup->resv[!igroup->resv_now];
	int rc;

	if (igroup->regions_known)
		return 0;
	resv->ioas = igroup->hwpt->ioas;
	rc = group_reserve(igroup, resv, igroup->hwpt);
	if (!rc)
		igroup->resv_now = !igroup->resv_now;
	/* The old ones, or those of which some could not be had. */
	iommufd_reservations_drop(&igroup->resv[!igroup->resv_now]);
	return rc;
}

/**
 * iommufd_group_attach() - attach an endpoint, or move it and its group to another page table
 * @igroup: the group
 * @idev: one of its endpoints
 * @hwpt: the page table; the group takes a reference of its own
 *
 * A replace moves all attached endpoints of the group, as they share the page table in any case.
 *
 * Return: 0; -ENODEV (released), -EINVAL (the group uses another page table, or @hwpt does not fit
 * the device or the use of PASIDs), -EADDRINUSE (mappings where the group can't reach), -EOPNOTSUPP
 * (@hwpt has a fault queue, and the device can't request pages), -EINTR (the process is being
 * killed), -ENOMEM.
 */
int iommufd_group_attach(struct iommufd_group *igroup, struct iommufd_device *idev,
			 struct iommufd_hwpt *hwpt)
{
	struct iommufd_reservations *resv;
	struct iommufd_hwpt *old = NULL;
	int rc;

	/* Whoever has it may be building a page table for much memory. */
	rc = mutex_lock_killable(&igroup->lock);
	if (rc)
		return rc;
	resv = &igroup->resv[igroup->hwpt ? !igroup->resv_now : igroup->resv_now];
	rc = group_check_attach(igroup, idev, hwpt);
	if (rc)
		goto unlock;
	if (igroup->hwpt != hwpt) {
		resv->ioas = hwpt->ioas;
		rc = group_reserve(igroup, resv, hwpt);
		if (!rc)
			rc = group_set_hwpt(igroup, idev, hwpt);
		if (rc) {
			iommufd_reservations_drop(resv);
			goto unlock;
		}
		old = igroup->hwpt;
		if (old) {
			iommufd_reservations_drop(&igroup->resv[igroup->resv_now]);
			igroup->resv_now = !igroup->resv_now;
		}
		refcount_inc(&hwpt->obj.refs);
		igroup->hwpt = hwpt;
		WRITE_ONCE(igroup->hwpt_id, hwpt->obj.id);
	} else if (!idev->attached) {
		rc = group_reserve_anew(igroup);
		if (!rc && hwpt->faults)
			rc = iommufd_fault_endpoint_enable(idev);
		if (rc)
			goto unlock;
	}
	if (!idev->attached)
		list_add_tail(&idev->link, &igroup->attached);
	WRITE_ONCE(idev->attached, true);
unlock:
	mutex_unlock(&igroup->lock);
	if (old)
		iommufd_hwpt_put(old);
	return rc;
}

/* Undoes group_set_hwpt(). */
static void group_unset_hwpt(struct iommufd_group *igroup)
{
	if (unlikely(igroup->faults.rid.hwpt))
		iommufd_fault_group_detach(igroup);
	else
		iommu_detach_group(igroup->hwpt->domain, igroup->group);
}

/**
 * iommufd_group_detach() - detach an endpoint if it is attached
 * @igroup: the group
 * @idev: one of its endpoints
 * @release: whether it is for good
 *
 * DMA of the whole group is blocked once none of its endpoints is attached.
 */
void iommufd_group_detach(struct iommufd_group *igroup, struct iommufd_device *idev, bool release)
{
	struct iommufd_hwpt *old = NULL;

	mutex_lock(&igroup->lock);
	idev->released |= release;
	if (idev->attached) {
		WRITE_ONCE(idev->attached, false);
		list_del(&idev->link);
		if (list_empty(&igroup->attached)) {
			group_unset_hwpt(igroup);
			old = igroup->hwpt;
			igroup->hwpt = NULL;
			WRITE_ONCE(igroup->hwpt_id, 0);
			iommufd_reservations_drop(&igroup->resv[igroup->resv_now]);
		} else if (igroup->faults.rid.hwpt) {
			iommufd_fault_endpoint_disable(idev);
		}
	}
	mutex_unlock(&igroup->lock);
	if (old)
		iommufd_hwpt_put(old);
}
