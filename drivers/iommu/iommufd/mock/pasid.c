// SPDX-License-Identifier: GPL-2.0-only
/*
 * PASIDs of mock devices, attached without vfio.
 */
#include "../pasid.h"
#include "mock.h"

/* The device that an operation is about, with a reference. */
static struct mock_stdev *get_stdev(struct iommufd_ucmd *ucmd)
{
	const struct iommu_test_cmd *cmd = ucmd->cmd;

	return mock_stdev_get(ucmd->ictx, cmd->id);
}

/* Mainline's errno where a device has no PASIDs. vfio says EOPNOTSUPP, there as here. */
static int without_pasids(int rc)
{
	return rc == -EOPNOTSUPP ? -EINVAL : rc;
}

static int attach(struct iommufd_ucmd *ucmd, u32 pasid, u32 *pt_id, enum iommufd_attach_mode mode)
{
	struct mock_stdev *stdev = get_stdev(ucmd);
	int rc;

	if (IS_ERR(stdev))
		return PTR_ERR(stdev);
	rc = iommufd_endpoint_attach_pasid_mode(stdev->ep, pasid, pt_id, mode);
	mock_stdev_put(stdev);
	return without_pasids(rc) ?: iommufd_ucmd_respond(ucmd, sizeof(struct iommu_test_cmd));
}

int mock_op_pasid_attach(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;

	return attach(ucmd, cmd->pasid_attach.pasid, &cmd->pasid_attach.pt_id,
		      IOMMUFD_ATTACH_FIRST);
}

int mock_op_pasid_replace(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;

	return attach(ucmd, cmd->pasid_replace.pasid, &cmd->pasid_replace.pt_id,
		      IOMMUFD_ATTACH_REPLACE);
}

int mock_op_pasid_detach(struct iommufd_ucmd *ucmd)
{
	const struct iommu_test_cmd *cmd = ucmd->cmd;
	struct mock_stdev *stdev = get_stdev(ucmd);
	int rc;

	if (IS_ERR(stdev))
		return PTR_ERR(stdev);
	rc = iommufd_endpoint_detach_pasid(stdev->ep, cmd->pasid_detach.pasid);
	if (!rc && cmd->pasid_detach.pasid == IOMMU_TEST_PASID_RESERVED)
		mock_dev_reset_reserved(stdev->mdev);
	mock_stdev_put(stdev);
	return without_pasids(rc);
}

/* Whether a PASID is attached to a page table, or to nothing if @hwpt_id is 0. */
static int check(struct iommufd_ctx *ictx, struct mock_dev *mdev, u32 pasid, u32 hwpt_id)
{
	const struct iommu_domain *domain = mock_dev_pasid_domain(mdev, pasid);
	struct iommufd_hwpt *hwpt;
	int rc;

	if (!hwpt_id)
		return domain ? -EINVAL : 0;
	hwpt = mock_hwpt_get(ictx, hwpt_id);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	rc = domain == hwpt->domain ? 0 : -EINVAL;
	iommufd_hwpt_put(hwpt);
	return rc;
}

int mock_op_pasid_check(struct iommufd_ucmd *ucmd)
{
	const struct iommu_test_cmd *cmd = ucmd->cmd;
	struct mock_stdev *stdev = get_stdev(ucmd);
	int rc;

	if (IS_ERR(stdev))
		return PTR_ERR(stdev);
	rc = check(ucmd->ictx, stdev->mdev, cmd->pasid_check.pasid, cmd->pasid_check.hwpt_id);
	mock_stdev_put(stdev);
	return rc;
}
