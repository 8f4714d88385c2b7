// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mock as an IOMMU driver.
 */
#include <linux/module.h>
#include <linux/property.h>
#include <linux/slab.h>

#include "mock.h"

static const struct software_node mock_node = { .name = "iommufd_mock" };

struct iommu_device mock_iommu = { .max_pasids = 1 << MOCK_PASID_WIDTH };

/**
 * mock_iommu_fwnode() - the firmware node by which a device's description names the mock
 *
 * Return: the node; no reference.
 */
struct fwnode_handle *mock_iommu_fwnode(void)
{
	return software_node_fwnode(&mock_node);
}

static bool mock_capable(struct device *dev, enum iommu_cap cap)
{
	struct mock_dev *mdev = mock_dev_from_device(dev);

	switch (cap) {
	case IOMMU_CAP_CACHE_COHERENCY:
		return true;
	case IOMMU_CAP_ENFORCE_CACHE_COHERENCY:
		return mdev->flags & MOCK_FLAGS_DEVICE_NO_SNOOP;
	case IOMMU_CAP_DIRTY_TRACKING:
		return !(mdev->flags & MOCK_FLAGS_DEVICE_NO_DIRTY);
	default:
		return false;
	}
}

static void *mock_hw_info(struct device *dev, u32 *length, u32 *type)
{
	struct iommu_test_hw_info *info;

	info = kzalloc(sizeof(*info), GFP_KERNEL_ACCOUNT);
	if (!info)
		return ERR_PTR(-ENOMEM);
	info->test_reg = IOMMU_HW_INFO_SELFTEST_REGVAL;
	*length = sizeof(*info);
	*type = IOMMU_HW_INFO_TYPE_SELFTEST;
	return info;
}

static struct iommu_device *mock_probe_device(struct device *dev)
{
	return &mock_iommu;
}

static struct iommu_group *mock_device_group(struct device *dev)
{
	struct mock_dev *sibling = mock_dev_from_device(dev)->sibling;

	if (sibling)
		return iommu_group_ref_get(sibling->pdev->dev.iommu_group);
	return generic_device_group(dev);
}

static void mock_get_resv_regions(struct device *dev, struct list_head *list)
{
	struct mock_dev *mdev = mock_dev_from_device(dev);
	struct iommu_resv_region *region;
	struct mock_reserved *reserved;

	down_read(&mdev->lock);
	list_for_each_entry(reserved, &mdev->reserved, link) {
		region = iommu_alloc_resv_region(reserved->start, reserved->length, 0,
						 IOMMU_RESV_RESERVED, GFP_KERNEL);
		if (region)
			list_add_tail(&region->list, list);
	}
	up_read(&mdev->lock);
}

static int mock_enable_feature(struct device *dev, enum iommu_dev_features feature)
{
	return feature == IOMMU_DEV_FEAT_IOPF ? mock_fault_enable(dev) : -ENODEV;
}

static int mock_disable_feature(struct device *dev, enum iommu_dev_features feature)
{
	return feature == IOMMU_DEV_FEAT_IOPF ? mock_fault_disable(dev) : -ENODEV;
}

/* The devices do no DMA for the kernel, so they need no page table for it. */
static int mock_def_domain_type(struct device *dev)
{
	return IOMMU_DOMAIN_IDENTITY;
}

static void mock_remove_dev_pasid(struct device *dev, ioasid_t pasid, struct iommu_domain *domain)
{
	mock_dev_detach_pasid(mock_dev_from_device(dev), pasid);
}

const struct iommu_ops mock_iommu_ops = {
	.owner = THIS_MODULE,
	.capable = mock_capable,
	.hw_info = mock_hw_info,
	.domain_alloc_user = mock_domain_alloc_user,
	.domain_alloc_paging = mock_domain_alloc_paging,
	.probe_device = mock_probe_device,
	.device_group = mock_device_group,
	.get_resv_regions = mock_get_resv_regions,
	.dev_enable_feat = mock_enable_feature,
	.dev_disable_feat = mock_disable_feature,
	.page_response = mock_fault_response,
	.def_domain_type = mock_def_domain_type,
	.remove_dev_pasid = mock_remove_dev_pasid,
	.default_domain_ops = &mock_paging_ops,
	.pgsize_bitmap = MOCK_PAGE_SIZE,
	.identity_domain = &mock_identity_domain,
	.blocked_domain = &mock_blocked_domain,
	/* A page request whose PASID isn't attached goes to what the device is attached to. */
	.user_pasid_table = 1,
};

/**
 * mock_iommu_register() - offer the IOMMU to the IOMMU core
 *
 * Return: 0 or -ENOMEM.
 */
int mock_iommu_register(void)
{
	int rc;

	rc = software_node_register(&mock_node);
	if (rc)
		return rc;
	mock_iommu.fwnode = mock_iommu_fwnode();
	rc = iommu_device_sysfs_add(&mock_iommu, NULL, NULL, "iommufd_mock");
	if (rc)
		goto unregister_node;
	rc = iommu_device_register(&mock_iommu, &mock_iommu_ops, NULL);
	if (rc)
		goto remove_sysfs;
	return 0;

remove_sysfs:
	iommu_device_sysfs_remove(&mock_iommu);
unregister_node:
	software_node_unregister(&mock_node);
	return rc;
}

/**
 * mock_iommu_unregister() - take the IOMMU away, when no device is left
 */
void mock_iommu_unregister(void)
{
	iommu_device_unregister(&mock_iommu);
	iommu_device_sysfs_remove(&mock_iommu);
	software_node_unregister(&mock_node);
}
