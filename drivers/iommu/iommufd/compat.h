/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the IOMMU core exports for iommufd, but declares in no header that is installed for modules
 * (in the kernel's tree: drivers/iommu/iommu-priv.h).
 */
#ifndef __IOMMUFD_COMPAT_H
#define __IOMMUFD_COMPAT_H

#include <linux/iommu.h>

/* Exported in the namespace IOMMUFD_INTERNAL */
int iommu_group_replace_domain(struct iommu_group *group, struct iommu_domain *new_domain);
int iommu_attach_group_handle(struct iommu_domain *domain, struct iommu_group *group,
			      struct iommu_attach_handle *handle);
int iommu_replace_group_handle(struct iommu_group *group, struct iommu_domain *new_domain,
			       struct iommu_attach_handle *handle);
void iommu_detach_group_handle(struct iommu_domain *domain, struct iommu_group *group);

/**
 * iommufd_dev_iommu_ops() - the IOMMU driver of a device
 * @dev: a device that is in an IOMMU group
 */
static inline const struct iommu_ops *iommufd_dev_iommu_ops(struct device *dev)
{
	return dev->iommu->iommu_dev->ops;
}

#endif
