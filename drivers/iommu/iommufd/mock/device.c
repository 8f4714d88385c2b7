// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices behind the mock: platform devices whose description names the mock as their IOMMU.
 */
#include <linux/property.h>
#include <linux/slab.h>

#include "mock.h"

/**
 * mock_dev_from_device() - what the mock knows about a device
 * @dev: a device that is behind the mock
 */
struct mock_dev *mock_dev_from_device(struct device *dev)
{
	return *(struct mock_dev **)dev_get_platdata(dev);
}

static const struct property_entry pasid_properties[] = {
	PROPERTY_ENTRY_U32("pasid-num-bits", MOCK_PASID_WIDTH),
	{ }
};

/*
 * Undoes describe() for a device that was not added. Of one that was, the IOMMU core and the driver
 * core free all this themselves; the IOMMU core has no function to free dev->iommu without it.
 */
static void free_description(struct device *dev)
{
	iommu_fwspec_free(dev);
	kfree(dev->iommu);
	dev->iommu = NULL;
	device_remove_software_node(dev);
}

/*
 * Names the mock as the device's IOMMU. iommu_fwspec_init(), which does so for firmware's parsers,
 * wants a lock of the IOMMU core's that modules can't take, for the case that the device is in use
 * already. Ours isn't visible to anybody yet and needs no lock.
 */
static int describe_iommu(struct device *dev)
{
	struct iommu_fwspec *fwspec;
	struct dev_iommu *iommu;

	iommu = kzalloc(sizeof(*iommu), GFP_KERNEL);
	fwspec = kzalloc(sizeof(*fwspec), GFP_KERNEL);
	if (!iommu || !fwspec) {
		kfree(fwspec);
		kfree(iommu);
		return -ENOMEM;
	}
	mutex_init(&iommu->lock);
	fwspec->iommu_fwnode = fwnode_handle_get(mock_iommu_fwnode());
	iommu->fwspec = fwspec;
	dev->iommu = iommu;
	return 0;
}

/* What firmware would tell about the device. */
static int describe(struct mock_dev *mdev)
{
	struct device *dev = &mdev->pdev->dev;
	int rc;

	rc = platform_device_add_data(mdev->pdev, &mdev, sizeof(mdev));
	if (!rc && mdev->flags & MOCK_FLAGS_DEVICE_PASID)
		rc = device_create_managed_software_node(dev, pasid_properties, NULL);
	if (!rc)
		rc = describe_iommu(dev);
	return rc;
}

static int add(struct mock_dev *mdev)
{
	struct device *dev = &mdev->pdev->dev;
	int rc;

	rc = describe(mdev);
	if (!rc)
		rc = platform_device_add(mdev->pdev);
	if (rc) {
		free_description(dev);
		return rc;
	}
	/* Adding a device succeeds whatever its IOMMU says about it. */
	if (!dev->iommu_group) {
		platform_device_del(mdev->pdev);
		return -ENOMEM;
	}
	return 0;
}

/**
 * mock_dev_create() - make a device
 * @name: the driver's that it is for
 * @flags: of enum iommu_test_dev_flags
 * @sibling: a device whose IOMMU group it joins, or NULL for a group of its own
 *
 * Return: the device, with its DMA not owned by anybody; ERR_PTR(-ENOMEM) and the like.
 */
struct mock_dev *mock_dev_create(const char *name, u32 flags, struct mock_dev *sibling)
{
	struct mock_dev *mdev;
	int rc = -ENOMEM;

	mdev = kzalloc(sizeof(*mdev), GFP_KERNEL_ACCOUNT);
	if (!mdev)
		return ERR_PTR(-ENOMEM);
	mdev->flags = flags;
	mdev->sibling = sibling;
	init_rwsem(&mdev->lock);
	xa_init(&mdev->pasids);
	INIT_LIST_HEAD(&mdev->reserved);
	spin_lock_init(&mdev->response_lock);
	mdev->pdev = platform_device_alloc(name, PLATFORM_DEVID_AUTO);
	if (!mdev->pdev)
		goto free_mdev;
	rc = add(mdev);
	if (rc)
		goto put_pdev;
	mdev->sibling = NULL;
	return mdev;

put_pdev:
	platform_device_put(mdev->pdev);
free_mdev:
	kfree(mdev);
	return ERR_PTR(rc);
}

/**
 * mock_dev_destroy() - take a device away
 * @mdev: the device; nobody owns its DMA
 */
void mock_dev_destroy(struct mock_dev *mdev)
{
	struct mock_reserved *reserved, *next;

	platform_device_unregister(mdev->pdev);
	WARN_ON(!xa_empty(&mdev->pasids));
	xa_destroy(&mdev->pasids);
	list_for_each_entry_safe(reserved, next, &mdev->reserved, link)
		kfree(reserved);
	kfree(mdev);
}

/**
 * mock_dev_reserve() - the device can't reach a range from now on
 * @mdev: the device
 * @start: first IOVA
 * @length: in bytes
 *
 * Takes effect where the device is attached next.
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int mock_dev_reserve(struct mock_dev *mdev, u64 start, u64 length)
{
	struct mock_reserved *reserved;
	u64 last;

	if (!length || check_add_overflow(start, length - 1, &last))
		return -EINVAL;
	reserved = kzalloc(sizeof(*reserved), GFP_KERNEL_ACCOUNT);
	if (!reserved)
		return -ENOMEM;
	reserved->start = start;
	reserved->length = length;
	down_write(&mdev->lock);
	list_add_tail(&reserved->link, &mdev->reserved);
	up_write(&mdev->lock);
	return 0;
}

/* Whether a device may use a page table. */
static int check_attach(struct mock_dev *mdev, struct iommu_domain *domain)
{
	struct mock_domain *mock = mock_domain_paging(domain);

	if (mock_fuse_burns(&mdev->fail_attach))
		return -ENOMEM;
	if (mock && mock->tracks_dirty && mdev->flags & MOCK_FLAGS_DEVICE_NO_DIRTY)
		return -EINVAL;
	return 0;
}

/**
 * mock_dev_attach() - DMA without PASID goes through another domain from now on
 * @mdev: the device
 * @domain: the domain, one of the mock's
 *
 * Return: 0; -EINVAL if the domain tracks dirty pages and the device can't; -ENOMEM if the test
 * wishes so. Blocking DMA always succeeds, on this IOMMU as on others.
 */
int mock_dev_attach(struct mock_dev *mdev, struct iommu_domain *domain)
{
	int rc = 0;

	down_write(&mdev->lock);
	if (mock_domain_paging(domain))
		rc = check_attach(mdev, domain);
	if (!rc)
		mdev->domain = domain;
	up_write(&mdev->lock);
	return rc;
}

static int check_attach_pasid(struct mock_dev *mdev, u32 pasid, struct iommu_domain *domain)
{
	if (mdev->has_reserved_pasid && pasid == IOMMU_TEST_PASID_RESERVED) {
		mdev->reserved_pasid_fails = !mdev->reserved_pasid_fails;
		if (!mdev->reserved_pasid_fails)
			return -ENOMEM;
	}
	return check_attach(mdev, domain);
}

/**
 * mock_dev_attach_pasid() - DMA with a PASID goes through another domain from now on
 * @mdev: the device
 * @pasid: the PASID
 * @domain: the domain, one of the mock's
 *
 * Return: as mock_dev_attach().
 */
int mock_dev_attach_pasid(struct mock_dev *mdev, u32 pasid, struct iommu_domain *domain)
{
	int rc;

	down_write(&mdev->lock);
	rc = check_attach_pasid(mdev, pasid, domain);
	if (!rc)
		rc = xa_err(xa_store(&mdev->pasids, pasid, domain, GFP_KERNEL_ACCOUNT));
	up_write(&mdev->lock);
	return rc;
}

/**
 * mock_dev_detach_pasid() - DMA with a PASID is blocked from now on
 * @mdev: the device
 * @pasid: the PASID
 */
void mock_dev_detach_pasid(struct mock_dev *mdev, u32 pasid)
{
	down_write(&mdev->lock);
	xa_erase(&mdev->pasids, pasid);
	up_write(&mdev->lock);
}

/**
 * mock_dev_reset_reserved() - let the next attach to IOMMU_TEST_PASID_RESERVED succeed
 * @mdev: the device
 *
 * The test has detached it. That can't be seen here: a replace detaches, too.
 */
void mock_dev_reset_reserved(struct mock_dev *mdev)
{
	down_write(&mdev->lock);
	mdev->reserved_pasid_fails = false;
	up_write(&mdev->lock);
}

/**
 * mock_dev_pasid_domain() - what DMA with a PASID goes through
 * @mdev: the device
 * @pasid: the PASID
 *
 * Return: the domain, only to be compared with; NULL if DMA is blocked.
 */
const struct iommu_domain *mock_dev_pasid_domain(struct mock_dev *mdev, u32 pasid)
{
	guard(rwsem_read)(&mdev->lock);
	return xa_load(&mdev->pasids, pasid);
}

/* How many PASIDs of a device are attached */
size_t mock_dev_count_pasids(struct mock_dev *mdev)
{
	struct iommu_domain *domain;
	unsigned long pasid;
	size_t count = 0;

	guard(rwsem_read)(&mdev->lock);
	xa_for_each(&mdev->pasids, pasid, domain)
		count++;
	return count;
}
