// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page requests with a PASID. What fault_source.c says about a group's handle holds for those of
 * PASIDs: they stay, as a report may find one that has just been taken from the IOMMU core.
 */
#include <linux/slab.h>

#include "group.h"

/* How many PASIDs of a device request pages while it is bound; bounds what their handles take. */
#define FAULT_PASIDS_MAX	4096

/* The handle of a PASID; it is made once. */
static struct iommufd_fault_handle *handle_get(struct iommufd_fault_source *source, u32 pasid)
{
	struct iommufd_fault_handle *handle = xa_load(&source->pasids, pasid);
	int rc;

	if (handle)
		return handle;
	if (source->nr_pasids >= FAULT_PASIDS_MAX)
		return ERR_PTR(-ENOSPC);
	handle = kzalloc(sizeof(*handle), GFP_KERNEL_ACCOUNT);
	if (!handle)
		return ERR_PTR(-ENOMEM);
	handle->source = source;
	handle->handle.domain = &iommufd_fault_leaving_domain;
	rc = xa_insert(&source->pasids, pasid, handle, GFP_KERNEL_ACCOUNT);
	if (rc) {
		kfree(handle);
		return ERR_PTR(rc);
	}
	source->nr_pasids++;
	return handle;
}

static void handle_set(struct iommufd_fault_handle *handle, const struct iommufd_hwpt *hwpt,
		       const struct iommufd_device *idev)
{
	mutex_lock(&handle->source->lock);
	handle->hwpt = hwpt;
	handle->idev = idev;
	mutex_unlock(&handle->source->lock);
}

/* No more requests; those that there are get their answer. */
static void handle_leave(struct iommufd_fault_handle *handle, struct iommufd_hwpt *hwpt,
			 struct iommufd_device *idev)
{
	handle_set(handle, NULL, NULL);
	iommufd_fault_queue_cancel(hwpt->faults, handle, hwpt, NULL);
	iommufd_fault_device_disable(idev);
}

/**
 * iommufd_fault_pasid_attach() - attach a PASID to a page table with a fault queue
 * @idev: the device; its group's lock is held
 * @pasid: the PASID
 * @hwpt: the page table
 *
 * Return: 0, or an errno of iommufd_fault_device_enable() or iommu_attach_device_pasid(); -ENOSPC
 * if too many PASIDs of the device have had fault queues; -ENOMEM.
 */
int iommufd_fault_pasid_attach(struct iommufd_device *idev, u32 pasid, struct iommufd_hwpt *hwpt)
{
	struct iommufd_fault_handle *handle = handle_get(&idev->group->faults, pasid);
	int rc;

	lockdep_assert_held(&idev->group->lock);
	if (IS_ERR(handle))
		return PTR_ERR(handle);
	rc = iommufd_fault_device_enable(idev);
	if (rc)
		return rc;
	/* First, since the device may request a page as soon as it is attached. */
	handle_set(handle, hwpt, idev);
	rc = iommu_attach_device_pasid(hwpt->domain, idev->dev, pasid, &handle->handle);
	if (rc) {
		WRITE_ONCE(handle->handle.domain, &iommufd_fault_leaving_domain);
		handle_leave(handle, hwpt, idev);
	}
	return rc;
}

/**
 * iommufd_fault_pasid_detach() - undo iommufd_fault_pasid_attach()
 * @idev: the device; its group's lock is held
 * @pasid: the PASID
 * @hwpt: the page table
 *
 * What is pending is answered.
 */
void iommufd_fault_pasid_detach(struct iommufd_device *idev, u32 pasid, struct iommufd_hwpt *hwpt)
{
	struct iommufd_fault_handle *handle = xa_load(&idev->group->faults.pasids, pasid);

	lockdep_assert_held(&idev->group->lock);
	WRITE_ONCE(handle->handle.domain, &iommufd_fault_leaving_domain);
	iommu_detach_device_pasid(hwpt->domain, idev->dev, pasid);
	handle_leave(handle, hwpt, idev);
}
