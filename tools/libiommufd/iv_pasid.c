// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * PASIDs.
 */
#include <errno.h>

#include "iv_pasid.h"
#include "private.h"

static const struct iv_hint hints[] = {
	{ ENOENT, "the context has no bound device of this number" },
	{ EINVAL, "the device is not of this scope, or has no PASIDs in this range" },
	{ EOPNOTSUPP, "the device, its IOMMU or its driver has no PASIDs for users, or none from "
	  "a range" },
	{ ENOSPC, "no PASID is free in the range" },
	{ EEXIST, "the device has the guest's PASID already" },
	{ EDQUOT, "the context has as many PASIDs as it may; max_pasids of iommufd says how many" },
	{ ENODEV, "the device is gone" },
	{}
};

static int alloc(int iommufd, struct iommu_pasid_alloc *cmd, struct iv_pasid *pasid)
{
	int rc;

	cmd->size = sizeof(*cmd);
	rc = iv_ioctl(iommufd, IOMMU_PASID_ALLOC, cmd);
	if (rc)
		return iv_fail(rc, hints, "device %u: allocate a PASID", cmd->dev_id);
	pasid->id = cmd->out_pasid_id;
	pasid->pasid = cmd->out_pasid;
	return 0;
}

/**
 * iv_pasid_alloc() - own any PASID of a device
 * @iommufd: the context
 * @devid: the device
 * @scope: of enum iommu_pasid_scope
 * @pasid: to be filled
 *
 * Return: 0, or a negative errno as IOMMU_PASID_ALLOC has it.
 */
int iv_pasid_alloc(int iommufd, uint32_t devid, uint32_t scope, struct iv_pasid *pasid)
{
	struct iommu_pasid_alloc cmd = { .dev_id = devid, .scope = scope };

	return alloc(iommufd, &cmd, pasid);
}

/**
 * iv_pasid_alloc_between() - own a PASID of a range of a device with its own requester ID
 * @iommufd: the context
 * @devid: the device
 * @min: the lowest
 * @max: the highest
 * @pasid: to be filled
 *
 * Return: 0, or a negative errno as IOMMU_PASID_ALLOC has it.
 */
int iv_pasid_alloc_between(int iommufd, uint32_t devid, uint32_t min, uint32_t max,
			   struct iv_pasid *pasid)
{
	struct iommu_pasid_alloc cmd = { .dev_id = devid, .min_pasid = min, .max_pasid = max };

	return alloc(iommufd, &cmd, pasid);
}

/**
 * iv_pasid_alloc_guest() - own a PASID that a guest knows by another number
 * @iommufd: the context
 * @devid: the device
 * @scope: of enum iommu_pasid_scope
 * @guest: the guest's number
 * @pasid: to be filled
 *
 * Return: 0, or a negative errno as IOMMU_PASID_ALLOC has it.
 */
int iv_pasid_alloc_guest(int iommufd, uint32_t devid, uint32_t scope, uint32_t guest,
			 struct iv_pasid *pasid)
{
	struct iommu_pasid_alloc cmd = {
		.flags = IOMMU_PASID_ALLOC_GUEST,
		.dev_id = devid,
		.scope = scope,
		.guest_pasid = guest,
	};

	return alloc(iommufd, &cmd, pasid);
}
