// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hardware page tables.
 */
#include <linux/export.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "compat.h"
#include "hwpt.h"

static void hwpt_free(struct iommufd_object *obj)
{
	struct iommufd_hwpt *hwpt = hwpt_from_object(obj);

	if (hwpt->parent) {
		iommufd_domain_free(hwpt->domain);
		iommufd_hwpt_put(hwpt->parent);
	} else {
		/*
		 * No device is attached: each would hold a reference. So the page table is freed
		 * with what it maps still in it, which is quicker than unmapping, before the pages
		 * are unpinned.
		 */
		iommufd_ioas_unfollow(hwpt->ioas, hwpt);
		iommufd_object_put(&hwpt->ioas->obj);
	}
	if (hwpt->faults)
		iommufd_fault_queue_put(hwpt->faults);
	kfree(hwpt);
}

struct iommufd_hwpt *iommufd_hwpt_get(struct iommufd_ctx *ictx, u32 id)
{
	struct iommufd_object *obj = iommufd_object_get(ictx, id, IOMMUFD_OBJ_HWPT);

	return IS_ERR(obj) ? ERR_CAST(obj) : hwpt_from_object(obj);
}

static struct iommu_domain *driver_alloc(struct device *dev, u32 flags,
					 struct iommu_domain *parent,
					 const struct iommu_user_data *data)
{
	const struct iommu_ops *ops = iommufd_dev_iommu_ops(dev);

	if (ops->domain_alloc_user)
		return ops->domain_alloc_user(dev, flags, parent, data);
	if (flags || parent || data)
		return ERR_PTR(-EOPNOTSUPP);
	return iommu_paging_domain_alloc(dev);
}

/**
 * iommufd_domain_alloc() - a page table of the IOMMU driver
 * @dev: a device that it fits; stays while this runs
 * @flags: enum iommufd_hwpt_alloc_flags
 * @parent: for a nested table, else NULL
 * @data: the user's description of a nested table, else NULL
 *
 * Return: the domain, or ERR_PTR of -EOPNOTSUPP (the IOMMU can't) or another errno of the driver.
 */
struct iommu_domain *iommufd_domain_alloc(struct device *dev, u32 flags,
					  struct iommu_domain *parent,
					  const struct iommu_user_data *data)
{
	const struct iommu_ops *ops = iommufd_dev_iommu_ops(dev);
	const bool for_pasids = flags & IOMMU_HWPT_ALLOC_PASID;
	struct iommu_domain *domain;

	if (for_pasids && !dev->iommu->iommu_dev->max_pasids)
		return ERR_PTR(-EOPNOTSUPP);
	domain = driver_alloc(dev, flags, parent, data);
	/* Drivers that are older than the flag can attach what they have to PASIDs, or can't. */
	if (for_pasids && domain == ERR_PTR(-EOPNOTSUPP))
		domain = driver_alloc(dev, flags & ~IOMMU_HWPT_ALLOC_PASID, parent, data);
	if (IS_ERR(domain))
		return domain;
	/* @dev holds the driver's module, but the page table may stay longer. */
	__module_get(ops->owner);
	domain->type = parent ? IOMMU_DOMAIN_NESTED : IOMMU_DOMAIN_UNMANAGED;
	domain->owner = ops;
	domain->ops = domain->ops ?: ops->default_domain_ops;
	if (for_pasids && !domain->ops->set_dev_pasid) {
		iommufd_domain_free(domain);
		return ERR_PTR(-EOPNOTSUPP);
	}
	return domain;
}

/**
 * iommufd_domain_free() - undo iommufd_domain_alloc()
 * @domain: the domain, which no device uses
 */
void iommufd_domain_free(struct iommu_domain *domain)
{
	struct module *owner = domain->owner->owner;

	iommu_domain_free(domain);
	module_put(owner);
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

	/* What a nested table translates goes through its parent in the end. */
	if (hwpt->parent)
		return iommufd_hwpt_enforce_coherency(hwpt->parent);
	lockdep_assert_held(&hwpt->ioas->auto_lock);
	if (!hwpt->enforces_coherency && ops->enforce_cache_coherency)
		hwpt->enforces_coherency = ops->enforce_cache_coherency(hwpt->domain);
	return hwpt->enforces_coherency;
}

static struct iommufd_hwpt *hwpt_new(struct iommufd_ioas *ioas, struct iommu_domain *domain)
{
	struct iommufd_hwpt *hwpt = kzalloc(sizeof(*hwpt), GFP_KERNEL_ACCOUNT);

	if (!hwpt)
		return NULL;
	hwpt->ioas = ioas;
	hwpt->domain = domain;
	hwpt->msi_start = PHYS_ADDR_MAX;
	iommufd_reservations_init(&hwpt->aperture, ioas);
	return hwpt;
}

/**
 * iommufd_hwpt_alloc_paging() - make a page table and fill it
 * @ioas: what it follows, auto_lock held
 * @domain: the IOMMU driver's page table, empty; consumed, also on failure
 * @automatic: whether it vanishes with its last user
 * @enforce_coherency: whether the IOMMU must ignore no-snoop requests
 *
 * Context: may wait for user memory.
 * Return: the page table, its number reserved but not published, with one reference;
 * ERR_PTR of -EADDRINUSE, -EINVAL, -ENOMEM, -EFAULT, -EINTR or an errno of the IOMMU driver.
 */
struct iommufd_hwpt *iommufd_hwpt_alloc_paging(struct iommufd_ioas *ioas,
					       struct iommu_domain *domain, bool automatic,
					       bool enforce_coherency)
{
	struct iommufd_hwpt *hwpt;
	int rc = -ENOMEM;

	lockdep_assert_held(&ioas->auto_lock);
	hwpt = hwpt_new(ioas, domain);
	if (!hwpt)
		goto free_domain;
	hwpt->automatic = automatic;
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
		iommufd_domain_free(domain);
	return ERR_PTR(rc);
}

/**
 * iommufd_hwpt_alloc_nested() - make a page table that the user fills
 * @parent: what guest physical addresses go through; the nested table takes a reference
 * @domain: the IOMMU driver's side; consumed, also on failure
 *
 * Return: the page table, its number reserved but not published, with one reference;
 * ERR_PTR(-ENOMEM).
 */
struct iommufd_hwpt *iommufd_hwpt_alloc_nested(struct iommufd_hwpt *parent,
					       struct iommu_domain *domain)
{
	struct iommufd_hwpt *hwpt = hwpt_new(parent->ioas, domain);

	if (!hwpt)
		goto free_domain;
	if (iommufd_object_reserve(parent->obj.ictx, &hwpt->obj, IOMMUFD_OBJ_HWPT, hwpt_free))
		goto free_hwpt;
	hwpt->parent = parent;
	refcount_inc(&parent->obj.refs);
	return hwpt;

free_hwpt:
	kfree(hwpt);
free_domain:
	iommufd_domain_free(domain);
	return ERR_PTR(-ENOMEM);
}

/**
 * iommufd_hwpt_set_faults() - let devices that will be attached request pages
 * @hwpt: the page table, not published yet
 * @faults: the queue; the page table takes a reference
 */
void iommufd_hwpt_set_faults(struct iommufd_hwpt *hwpt, struct iommufd_fault_queue *faults)
{
	/* Put by hwpt_free() */
	iommufd_fault_queue_hold(faults);
	hwpt->faults = faults;
	hwpt->domain->iopf_handler = iommufd_fault_report;
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
EXPORT_SYMBOL_NS_GPL(iommufd_hwpt_put, IOMMUFD_VFIO_TEST);
