// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls that make hardware page tables explicitly, and that flush what caches have of nested
 * ones.
 */
#include <linux/pagemap.h>
#include <linux/slab.h>

#include "group.h"

/* Those that the IOMMU driver is asked for */
#define DRIVER_FLAGS	(IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_ALLOC_DIRTY_TRACKING | \
			 IOMMU_HWPT_ALLOC_PASID)
#define ALLOC_FLAGS	(DRIVER_FLAGS | IOMMU_HWPT_FAULT_ID_VALID)

/* How often data that the user pages out under us is faulted in again. */
#define FAULT_IN_TRIES	16

/* No driver's description of a page table is longer. */
#define DATA_MAX	PAGE_SIZE

static int check_alloc(const struct iommu_hwpt_alloc *cmd)
{
	const bool has_data = cmd->data_type != IOMMU_HWPT_DATA_NONE;

	if (cmd->flags & ~ALLOC_FLAGS || cmd->__reserved || cmd->__reserved2)
		return -EOPNOTSUPP;
	/* A request is answered in the page table that it was made to, not in that one's parent. */
	if (cmd->flags & IOMMU_HWPT_FAULT_ID_VALID && cmd->flags & IOMMU_HWPT_ALLOC_NEST_PARENT)
		return -EOPNOTSUPP;
	if (has_data != !!cmd->data_len || (!has_data && cmd->data_uptr))
		return -EINVAL;
	if (cmd->data_len > DATA_MAX)
		return -EINVAL;
	return 0;
}

/* A domain from the IOMMU driver, with the user's data faulted in for it. */
static struct iommu_domain *alloc_domain_with_data(struct iommufd_device *idev, u32 flags,
						   struct iommu_domain *parent,
						   const struct iommu_user_data *data)
{
	struct iommu_domain *domain;
	unsigned int i;

	for (i = 0; i < FAULT_IN_TRIES; i++) {
		if (data && fault_in_readable(data->uptr, data->len))
			return ERR_PTR(-EFAULT);
		domain = iommufd_device_alloc_domain(idev, flags, parent, data);
		if (domain != ERR_PTR(-EFAULT) || !data)
			break;
	}
	return domain;
}

/* What the user says about the page table, if anything; most kinds need nothing. */
static const struct iommu_user_data *alloc_data(const struct iommu_hwpt_alloc *cmd,
						struct iommu_user_data *data)
{
	if (cmd->data_type == IOMMU_HWPT_DATA_NONE)
		return NULL;
	*data = (struct iommu_user_data) {
		.type = cmd->data_type,
		.uptr = u64_to_user_ptr(cmd->data_uptr),
		.len = cmd->data_len,
	};
	return data;
}

static struct iommufd_hwpt *alloc_paging(struct iommufd_device *idev, struct iommufd_ioas *ioas,
					 const struct iommu_hwpt_alloc *cmd)
{
	struct iommu_user_data data;
	struct iommu_domain *domain;
	struct iommufd_hwpt *hwpt;

	if (mutex_lock_killable(&ioas->auto_lock))
		return ERR_PTR(-EINTR);
	domain = alloc_domain_with_data(idev, cmd->flags & DRIVER_FLAGS, NULL,
					alloc_data(cmd, &data));
	if (IS_ERR(domain))
		hwpt = ERR_CAST(domain);
	else
		hwpt = iommufd_hwpt_alloc_paging(ioas, domain, false, idev->enforce_coherency);
	if (!IS_ERR(hwpt)) {
		hwpt->nest_parent = cmd->flags & IOMMU_HWPT_ALLOC_NEST_PARENT;
		hwpt->dirty_tracking = cmd->flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
		hwpt->for_pasids = cmd->flags & IOMMU_HWPT_ALLOC_PASID;
	}
	mutex_unlock(&ioas->auto_lock);
	return hwpt;
}

static struct iommufd_hwpt *alloc_nested(struct iommufd_device *idev, struct iommufd_hwpt *parent,
					 const struct iommu_hwpt_alloc *cmd)
{
	struct iommu_user_data data;
	struct iommu_domain *domain;
	struct iommufd_hwpt *hwpt;

	if (cmd->flags & ~(IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_PASID))
		return ERR_PTR(-EOPNOTSUPP);
	if (cmd->data_type == IOMMU_HWPT_DATA_NONE || parent->parent || !parent->nest_parent)
		return ERR_PTR(-EINVAL);
	domain = alloc_domain_with_data(idev, cmd->flags & IOMMU_HWPT_ALLOC_PASID, parent->domain,
					alloc_data(cmd, &data));
	if (IS_ERR(domain))
		return ERR_CAST(domain);
	hwpt = iommufd_hwpt_alloc_nested(parent, domain);
	if (!IS_ERR(hwpt))
		hwpt->for_pasids = cmd->flags & IOMMU_HWPT_ALLOC_PASID;
	return hwpt;
}

static struct iommufd_hwpt *alloc_on(struct iommufd_device *idev, struct iommufd_object *pt,
				     const struct iommu_hwpt_alloc *cmd)
{
	switch (pt->type) {
	case IOMMUFD_OBJ_IOAS:
		return alloc_paging(idev, container_of(pt, struct iommufd_ioas, obj), cmd);
	case IOMMUFD_OBJ_HWPT:
		return alloc_nested(idev, hwpt_from_object(pt), cmd);
	default:
		return ERR_PTR(-EINVAL);
	}
}

/* The fault queue that the user names, with a reference; NULL for none. */
static struct iommufd_fault_queue *get_faults(struct iommufd_ctx *ictx,
					      const struct iommu_hwpt_alloc *cmd)
{
	if (!(cmd->flags & IOMMU_HWPT_FAULT_ID_VALID))
		return NULL;
	return iommufd_fault_queue_get(ictx, cmd->fault_id);
}

int iommufd_hwpt_alloc_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_hwpt_alloc *cmd = ucmd->cmd;
	struct iommufd_fault_queue *faults;
	struct iommufd_object *dev, *pt;
	struct iommufd_hwpt *hwpt;
	int rc;

	rc = check_alloc(cmd);
	if (rc)
		return rc;
	dev = iommufd_object_get(ucmd->ictx, cmd->dev_id, IOMMUFD_OBJ_DEVICE);
	if (IS_ERR(dev))
		return PTR_ERR(dev);
	/* Such an endpoint has nothing but PASIDs. */
	if (device_from_object(dev)->own_pasid)
		cmd->flags |= IOMMU_HWPT_ALLOC_PASID;
	pt = iommufd_object_get(ucmd->ictx, cmd->pt_id, IOMMUFD_OBJ_ANY);
	if (IS_ERR(pt)) {
		rc = PTR_ERR(pt);
		goto put_dev;
	}
	faults = get_faults(ucmd->ictx, cmd);
	if (IS_ERR(faults)) {
		rc = PTR_ERR(faults);
		goto put_pt;
	}
	hwpt = alloc_on(device_from_object(dev), pt, cmd);
	if (IS_ERR(hwpt)) {
		rc = PTR_ERR(hwpt);
		goto put_faults;
	}
	if (faults)
		iommufd_hwpt_set_faults(hwpt, faults);
	cmd->out_hwpt_id = hwpt->obj.id;
	rc = iommufd_ucmd_respond(ucmd, sizeof(*cmd));
	if (rc)
		iommufd_object_cancel(&hwpt->obj);
	else
		iommufd_object_publish(&hwpt->obj);
put_faults:
	if (faults)
		iommufd_fault_queue_put(faults);
put_pt:
	iommufd_object_put(pt);
put_dev:
	iommufd_object_put(dev);
	return rc;
}

/* Drivers go through all requests in one go, and some don't look at the clock. */
#define MAX_INVALIDATIONS	BIT(19)

static int check_invalidate(const struct iommu_hwpt_invalidate *cmd)
{
	if (!cmd->entry_num)
		return 0;
	if (!cmd->data_uptr || !cmd->entry_len || cmd->entry_len > PAGE_SIZE ||
	    cmd->entry_num > MAX_INVALIDATIONS)
		return -EINVAL;
	return 0;
}

int iommufd_hwpt_invalidate_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_hwpt_invalidate *cmd = ucmd->cmd;
	struct iommu_user_data_array array = {
		.type = cmd->data_type,
		.uptr = u64_to_user_ptr(cmd->data_uptr),
		.entry_len = cmd->entry_len,
		.entry_num = cmd->entry_num,
	};
	struct iommufd_hwpt *hwpt;
	int rc, answer;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	rc = check_invalidate(cmd);
	cmd->entry_num = 0;
	if (rc)
		goto respond;
	hwpt = iommufd_hwpt_get(ucmd->ictx, cmd->hwpt_id);
	if (IS_ERR(hwpt)) {
		rc = PTR_ERR(hwpt);
		goto respond;
	}
	rc = -EINVAL;
	if (hwpt->parent && hwpt->domain->ops->cache_invalidate_user) {
		/* No lock is held: the driver reads the user's requests. It counts those it did. */
		rc = hwpt->domain->ops->cache_invalidate_user(hwpt->domain, &array);
		cmd->entry_num = array.entry_num;
	}
	iommufd_hwpt_put(hwpt);
respond:
	answer = iommufd_ucmd_respond(ucmd, sizeof(*cmd));
	return answer ?: rc;
}
