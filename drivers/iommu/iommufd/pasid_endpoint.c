// SPDX-License-Identifier: GPL-2.0-only
/*
 * PASID endpoints: devices that do DMA under the requester ID of a parent, told apart by PASIDs.
 *
 * Many of them, of many contexts, share a parent. So none claims the parent's DMA: it stays with
 * the parent's driver, which uses the kernel's DMA API for it and is what keeps everybody else from
 * claiming it. What a context owns are PASIDs, from the allocator that the kernel's own come from.
 *
 * To userspace such an endpoint is as others: an attach without a PASID attaches its own.
 */
#include <linux/export.h>

#include "pasid.h"

/**
 * iommufd_pasid_check_parent() - whether PASIDs of a device may be given to users
 * @parent: the device, bound to its driver
 *
 * Return: 0; -EOPNOTSUPP (it has no PASIDs, or isn't alone
 * in its IOMMU group), -EBUSY (its DMA isn't its driver's, by the DMA API).
 */
int iommufd_pasid_check_parent(struct device *parent)
{
	struct iommu_domain *domain;

	if (!iommufd_pasid_available(parent))
		return -EOPNOTSUPP;
	/*
	 * The driver core has said that the driver uses the DMA API, unless that has
	 * driver_managed_dma. Nobody can become the owner then until the driver is unbound. An
	 * owner that came before would have put the group on a page table of its own.
	 */
	if (!iommu_group_dma_owner_claimed(parent->iommu_group))
		return -EBUSY;
	domain = iommu_get_domain_for_dev(parent);
	if (!domain || !(domain->type & __IOMMU_DOMAIN_DMA_API ||
			 domain->type == IOMMU_DOMAIN_IDENTITY))
		return -EBUSY;
	return 0;
}

static int pasid_endpoint_attach(struct iommufd_endpoint *ep, u32 *pt_id)
{
	struct iommufd_device *idev = device_from_endpoint(ep);

	return iommufd_device_attach(idev, idev->own_pasid, pt_id, IOMMUFD_ATTACH_ANY);
}

static void pasid_endpoint_detach(struct iommufd_endpoint *ep)
{
	struct iommufd_device *idev = device_from_endpoint(ep);

	iommufd_pasid_detach(idev, idev->own_pasid);
}

static void pasid_endpoint_release(struct iommufd_endpoint *ep)
{
	struct iommufd_device *idev = device_from_endpoint(ep);

	mutex_lock(&idev->group->lock);
	idev->released = true;
	mutex_unlock(&idev->group->lock);
	iommufd_pasids_release(idev);
}

const struct iommufd_endpoint_ops iommufd_pasid_endpoint_ops = {
	.attach = pasid_endpoint_attach,
	.detach = pasid_endpoint_detach,
	.attach_pasid = iommufd_device_attach_pasid,
	.detach_pasid = iommufd_device_detach_pasid,
	.release = pasid_endpoint_release,
};
