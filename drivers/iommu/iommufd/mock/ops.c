// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_TEST_CMD, and the module.
 */
#include <linux/module.h>

#include "mock.h"

static int op_add_reserved(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	unsigned long first = cmd->add_reserved.start, last;
	struct iommufd_ioas *ioas;
	int rc;

	if (!cmd->add_reserved.length ||
	    check_add_overflow(first, cmd->add_reserved.length - 1, &last))
		return -EINVAL;
	ioas = iommufd_ioas_get(ucmd->ictx, cmd->id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = iommufd_ioas_reserve(ioas, first, last);
	iommufd_object_put(&ioas->obj);
	return rc;
}

/* How much is pinned at a time is no matter of memory here. */
static int op_memory_limit(struct iommufd_ucmd *ucmd)
{
	return 0;
}

/* Calls @fn with a device and the operation's structure, and copies that back. */
static int with_stdev(struct iommufd_ucmd *ucmd, u32 id,
		      int (*fn)(struct mock_dev *mdev, struct iommu_test_cmd *cmd))
{
	struct mock_stdev *stdev = mock_stdev_get(ucmd->ictx, id);
	int rc;

	if (IS_ERR(stdev))
		return PTR_ERR(stdev);
	rc = fn(stdev->mdev, ucmd->cmd);
	mock_stdev_put(stdev);
	return rc ?: iommufd_ucmd_respond(ucmd, sizeof(struct iommu_test_cmd));
}

static int op_dev_reserve(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	struct mock_stdev *stdev = mock_stdev_get(ucmd->ictx, cmd->id);
	int rc;

	if (IS_ERR(stdev))
		return PTR_ERR(stdev);
	rc = mock_dev_reserve(stdev->mdev, cmd->dev_reserve.start, cmd->dev_reserve.length);
	if (!rc)
		iommufd_group_regions_changed(ucmd->ictx, &stdev->mdev->pdev->dev);
	mock_stdev_put(stdev);
	return rc ?: iommufd_ucmd_respond(ucmd, sizeof(*cmd));
}

static int op_trigger_iopf(struct iommufd_ucmd *ucmd, bool last)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	struct mock_stdev *stdev;
	int rc;

	stdev = mock_stdev_get_by_endpoint(ucmd->ictx, cmd->trigger_iopf.dev_id);
	if (IS_ERR(stdev))
		return PTR_ERR(stdev);
	rc = mock_fault_report(stdev->mdev, cmd, last);
	mock_stdev_put(stdev);
	return rc;
}

static int dev_dma(struct mock_dev *mdev, struct iommu_test_cmd *cmd)
{
	return mock_dma_user(mdev, cmd);
}

static int dev_response(struct mock_dev *mdev, struct iommu_test_cmd *cmd)
{
	struct mock_response response;

	mock_fault_last_response(mdev, &response);
	cmd->dev_response.out_count = response.count;
	cmd->dev_response.out_pasid = response.pasid;
	cmd->dev_response.out_grpid = response.grpid;
	cmd->dev_response.out_code = response.code;
	return 0;
}

static int dev_fail(struct mock_dev *mdev, struct iommu_test_cmd *cmd)
{
	switch (cmd->fail.what) {
	case MOCK_FAIL_NEW_DOMAIN:
		mock_fuse_light(&mdev->fail_domain, cmd->fail.skip);
		return 0;
	case MOCK_FAIL_ATTACH:
		mock_fuse_light(&mdev->fail_attach, cmd->fail.skip);
		return 0;
	case MOCK_FAIL_NEW_MAP:
		mock_fuse_light(&mdev->fail_map, cmd->fail.skip);
		return 0;
	default:
		return -EINVAL;
	}
}

static int op_fail(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	struct iommufd_hwpt *hwpt;
	int rc = -EINVAL;

	if (cmd->fail.what != MOCK_FAIL_MAP)
		return with_stdev(ucmd, cmd->id, dev_fail);
	hwpt = mock_hwpt_get(ucmd->ictx, cmd->id);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	if (hwpt->domain->ops == &mock_paging_ops) {
		mock_fuse_light(&mock_domain_from(hwpt->domain)->fail_map, cmd->fail.skip);
		rc = 0;
	}
	iommufd_hwpt_put(hwpt);
	return rc;
}

static int mock_execute(struct iommufd_ucmd *ucmd)
{
	const struct iommu_test_cmd *cmd = ucmd->cmd;

	switch (cmd->op) {
	case IOMMU_TEST_OP_ADD_RESERVED:
		return op_add_reserved(ucmd);
	case IOMMU_TEST_OP_MOCK_DOMAIN:
		return mock_op_domain(ucmd);
	case IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS:
		return mock_op_domain_flags(ucmd);
	case IOMMU_TEST_OP_MOCK_DOMAIN_SIBLING:
		return mock_op_domain_sibling(ucmd);
	case IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE:
		return mock_op_domain_replace(ucmd);
	case IOMMU_TEST_OP_MD_CHECK_MAP:
		return mock_op_check_map(ucmd);
	case IOMMU_TEST_OP_MD_CHECK_REFS:
		return mock_op_check_refs(ucmd);
	case IOMMU_TEST_OP_MD_CHECK_IOTLB:
		return mock_op_check_iotlb(ucmd);
	case IOMMU_TEST_OP_MD_STAT:
		return mock_op_stat(ucmd);
	case IOMMU_TEST_OP_DIRTY:
		return mock_op_dirty(ucmd);
	case IOMMU_TEST_OP_CREATE_ACCESS:
		return mock_op_create_access(ucmd);
	case IOMMU_TEST_OP_ACCESS_PAGES:
		return mock_op_access_pages(ucmd);
	case IOMMU_TEST_OP_DESTROY_ACCESS_PAGES:
		return mock_op_destroy_access_pages(ucmd);
	case IOMMU_TEST_OP_ACCESS_RW:
		return mock_op_access_rw(ucmd);
	case IOMMU_TEST_OP_ACCESS_REPLACE_IOAS:
		return mock_op_access_replace(ucmd);
	case IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT:
		return op_memory_limit(ucmd);
	case IOMMU_TEST_OP_TRIGGER_IOPF:
		return op_trigger_iopf(ucmd, true);
	case IOMMU_TEST_OP_TRIGGER_IOPF_PARTIAL:
		return op_trigger_iopf(ucmd, false);
	case IOMMU_TEST_OP_PASID_ATTACH:
		return mock_op_pasid_attach(ucmd);
	case IOMMU_TEST_OP_PASID_REPLACE:
		return mock_op_pasid_replace(ucmd);
	case IOMMU_TEST_OP_PASID_DETACH:
		return mock_op_pasid_detach(ucmd);
	case IOMMU_TEST_OP_PASID_CHECK_HWPT:
		return mock_op_pasid_check(ucmd);
	case IOMMU_TEST_OP_MOCK_DMA:
		return with_stdev(ucmd, cmd->id, dev_dma);
	case IOMMU_TEST_OP_DEV_RESERVE:
		return op_dev_reserve(ucmd);
	case IOMMU_TEST_OP_DEV_RESPONSE:
		return with_stdev(ucmd, cmd->id, dev_response);
	case IOMMU_TEST_OP_FAIL:
		return op_fail(ucmd);
	default:
		/* vIOMMUs, dma-bufs: what iommufd has nothing of */
		return -EOPNOTSUPP;
	}
}

static const struct iommufd_test_hook mock_hook = {
	.owner = THIS_MODULE,
	.cmd = IOMMU_TEST_CMD,
	.size = sizeof(struct iommu_test_cmd),
	.min_size = offsetofend(struct iommu_test_cmd, last),
	.execute = mock_execute,
};

static int __init mock_init(void)
{
	int rc;

	/* The programs that speak this were built elsewhere. */
	BUILD_BUG_ON(sizeof(struct iommu_test_cmd) != 72);
	rc = mock_fault_init();
	if (rc)
		return rc;
	rc = mock_iommu_register();
	if (rc)
		goto exit_fault;
	rc = iommufd_test_hook_register(&mock_hook);
	if (rc)
		goto unregister_iommu;
	return 0;

unregister_iommu:
	mock_iommu_unregister();
exit_fault:
	mock_fault_exit();
	return rc;
}
module_init(mock_init);

/* No device is left, and no page table: each holds a reference to the module. */
static void __exit mock_exit(void)
{
	iommufd_test_hook_unregister(&mock_hook);
	mock_iommu_unregister();
	mock_fault_exit();
}
module_exit(mock_exit);

MODULE_IMPORT_NS(IOMMUFD_VFIO_TEST);
MODULE_DESCRIPTION("Mock IOMMU for tests of iommufd");
MODULE_LICENSE("GPL");
