// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hardware page tables.
 */
#include <linux/slab.h>

#include "compat.h"
#include "hwpt.h"

static void hwpt_free(struct iommufd_object *obj)
{
	struct iommufd_hwpt *hwpt = hwpt_from_object(obj);

	/*
	 * No device is attached: each would hold a reference. So the page table is freed with what
	 * it maps still in it, which is quicker than unmapping, before the pages are unpinned.
	 */
	iommufd_ioas_unfollow(hwpt->ioas, hwpt);
	iommufd_object_put(&hwpt->ioas->obj);
	kfree(hwpt);
}

/**
 * iommufd_domain_alloc() - a page table of the IOMMU driver
 * @dev: a device that it fits; stays while this runs
 *
 * Return: the domain, or ERR_PTR of an errno of the driver.
 */
struct iommu_domain *iommufd_domain_alloc(struct device *dev)
{
	const struct iommu_ops *ops = iommufd_dev_iommu_ops(dev);
	struct iommu_domain *domain;

	if (!ops->domain_alloc_user)
		return iommu_paging_domain_alloc(dev);
	domain = ops->domain_alloc_user(dev, 0, NULL, NULL);
	if (IS_ERR(domain))
		return domain;
	domain->type = IOMMU_DOMAIN_UNMANAGED;
	domain->owner = ops;
	domain->ops = domain->ops ?: ops->default_domain_ops;
	return domain;
}

/**
 * iommufd_hwpt_enforce_coherency() - make the IOMMU ignore no-snoop requests
 * @hwpt: the page table
 *
 * Return: whether it does.
 */
bool iommufd_hwpt_enforce_coherency(struct iommufd_hwpt *hwpt)
{
	const struct iommu_domain_ops *ops = hwpt->domain->ops;

	lockdep_assert_held(&hwpt->ioas->auto_lock);
	if (!hwpt->enforces_coherency && ops->enforce_cache_coherency)
		hwpt->enforces_coherency = ops->enforce_cache_coherency(hwpt->domain);
	return hwpt->enforces_coherency;
}

/**
 * iommufd_hwpt_alloc() - make an automatic page table and fill it
 * @ioas: what it follows, auto_lock held
 * @domain: the IOMMU driver's page table, empty; consumed, also on failure
 * @enforce_coherency: whether the IOMMU must ignore no-snoop requests
 *
 * Context: may wait for user memory.
 * Return: the page table, its number reserved but not published, with one reference;
 * ERR_PTR of -EADDRINUSE, -EINVAL, -ENOMEM, -EFAULT, -EINTR or an errno of the IOMMU driver.
 */
struct iommufd_hwpt *iommufd_hwpt_alloc(struct iommufd_ioas *ioas, struct iommu_domain *domain,
					bool enforce_coherency)
{
	struct iommufd_hwpt *hwpt;
	int rc = -ENOMEM;

	lockdep_assert_held(&ioas->auto_lock);
	hwpt = kzalloc(sizeof(*hwpt), GFP_KERNEL_ACCOUNT);
	if (!hwpt)
		goto free_domain;
	hwpt->ioas = ioas;
	hwpt->domain = domain;
	hwpt->automatic = true;
	hwpt->msi_start = PHYS_ADDR_MAX;
	iommufd_reservations_init(&hwpt->aperture, ioas);
	rc = -EINVAL;
	if (enforce_coherency && !iommufd_hwpt_enforce_coherency(hwpt))
		goto free_hwpt;
	rc = iommufd_object_reserve(ioas->obj.ictx, &hwpt->obj, IOMMUFD_OBJ_HWPT, hwpt_free);
	if (rc)
		goto free_hwpt;
	rc = iommufd_ioas_follow(ioas, hwpt);
	if (rc)
		goto erase_id;
	/* The page table's own reference, put by hwpt_free() */
	refcount_inc(&ioas->obj.refs);
	return hwpt;

erase_id:
	/* The domain went with the attempt to fill it. */
	domain = NULL;
	xa_erase(&ioas->obj.ictx->objects, hwpt->obj.id);
free_hwpt:
	kfree(hwpt);
free_domain:
	if (domain)
		iommu_domain_free(domain);
	return ERR_PTR(rc);
}

/**
 * iommufd_hwpt_put() - drop a reference, and an automatic page table with its last user
 * @hwpt: the page table, published
 */
void iommufd_hwpt_put(struct iommufd_hwpt *hwpt)
{
	if (hwpt->automatic)
		iommufd_object_destroy_if_unused(&hwpt->obj);
	else
		iommufd_object_put(&hwpt->obj);
}
