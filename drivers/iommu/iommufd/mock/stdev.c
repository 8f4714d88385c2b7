// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mock devices as objects of a context: IOMMU_DESTROY, or the end of the context, ends the device.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "mock.h"

#define DEV_FLAGS	(MOCK_FLAGS_DEVICE_NO_DIRTY | MOCK_FLAGS_DEVICE_HUGE_IOVA |	\
			 MOCK_FLAGS_DEVICE_PASID | MOCK_FLAGS_DEVICE_NO_SNOOP |		\
			 MOCK_FLAGS_DEVICE_NO_IOPF)

static DEFINE_MUTEX(stdevs_lock);	/* protects stdevs; leaf */
static LIST_HEAD(stdevs);		/* struct mock_stdev, of all contexts */

static struct mock_stdev *stdev_from_object(struct iommufd_object *obj)
{
	return container_of(obj, struct mock_stdev, tobj.obj);
}

/* Also of one that is half-made. */
static void stdev_free(struct iommufd_test_object *tobj)
{
	struct mock_stdev *stdev = container_of(tobj, struct mock_stdev, tobj);

	mutex_lock(&stdevs_lock);
	list_del(&stdev->link);
	mutex_unlock(&stdevs_lock);
	if (stdev->ep)
		iommufd_endpoint_release(stdev->ep);
	if (stdev->mdev)
		mock_dev_destroy(stdev->mdev);
	kfree(stdev);
}

/**
 * mock_stdev_get() - look up a mock device
 * @ictx: the context
 * @id: its number
 *
 * Return: it with a reference, or ERR_PTR(-ENOENT).
 */
struct mock_stdev *mock_stdev_get(struct iommufd_ctx *ictx, u32 id)
{
	struct iommufd_object *obj = iommufd_object_get(ictx, id, IOMMUFD_OBJ_SELFTEST);

	return IS_ERR(obj) ? ERR_CAST(obj) : stdev_from_object(obj);
}

/**
 * mock_stdev_get_by_endpoint() - look up a mock device by its endpoint
 * @ictx: the context
 * @id: the number of the endpoint
 *
 * Return: the device with a reference, or ERR_PTR(-ENOENT).
 */
struct mock_stdev *mock_stdev_get_by_endpoint(struct iommufd_ctx *ictx, u32 id)
{
	struct mock_stdev *stdev;

	guard(mutex)(&stdevs_lock);
	list_for_each_entry(stdev, &stdevs, link)
		if (stdev->tobj.obj.ictx == ictx && stdev->ep &&
		    iommufd_endpoint_id(stdev->ep) == id &&
		    refcount_inc_not_zero(&stdev->tobj.obj.refs))
			return stdev;
	return ERR_PTR(-ENOENT);
}

void mock_stdev_put(struct mock_stdev *stdev)
{
	iommufd_object_put(&stdev->tobj.obj);
}

static struct mock_stdev *stdev_alloc(struct iommufd_ctx *ictx)
{
	struct mock_stdev *stdev;
	int rc;

	stdev = kzalloc(sizeof(*stdev), GFP_KERNEL_ACCOUNT);
	if (!stdev)
		return ERR_PTR(-ENOMEM);
	rc = iommufd_test_object_reserve(ictx, &stdev->tobj, THIS_MODULE, stdev_free);
	if (rc) {
		kfree(stdev);
		return ERR_PTR(rc);
	}
	mutex_lock(&stdevs_lock);
	list_add(&stdev->link, &stdevs);
	mutex_unlock(&stdevs_lock);
	return stdev;
}

/* Makes the device, its endpoint, and its attachment to @pt_id, which becomes the page table. */
static int stdev_connect(struct mock_stdev *stdev, u32 flags, struct mock_dev *sibling, u32 *pt_id)
{
	struct iommufd_endpoint *ep;
	struct mock_dev *mdev;

	mdev = mock_dev_create("iommufd_mock", flags, sibling);
	if (IS_ERR(mdev))
		return PTR_ERR(mdev);
	mdev->has_reserved_pasid = true;
	stdev->mdev = mdev;
	ep = iommufd_endpoint_bind_internal(stdev->tobj.obj.ictx, &mdev->pdev->dev);
	if (IS_ERR(ep))
		return PTR_ERR(ep);
	mutex_lock(&stdevs_lock);
	stdev->ep = ep;
	mutex_unlock(&stdevs_lock);
	return iommufd_endpoint_attach(ep, pt_id);
}

static int stdev_create(struct iommufd_ucmd *ucmd, u32 flags, struct mock_dev *sibling)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	struct mock_stdev *stdev;
	u32 pt_id = cmd->id;
	int rc;

	stdev = stdev_alloc(ucmd->ictx);
	if (IS_ERR(stdev))
		return PTR_ERR(stdev);
	rc = stdev_connect(stdev, flags, sibling, &pt_id);
	if (rc)
		goto cancel;
	/* The variants of the operation have these members in the same places. */
	cmd->mock_domain.out_stdev_id = stdev->tobj.obj.id;
	cmd->mock_domain.out_hwpt_id = pt_id;
	cmd->mock_domain.out_idev_id = iommufd_endpoint_id(stdev->ep);
	rc = iommufd_ucmd_respond(ucmd, sizeof(*cmd));
	if (rc)
		goto cancel;
	iommufd_object_publish(&stdev->tobj.obj);
	return 0;

cancel:
	iommufd_object_cancel(&stdev->tobj.obj);
	return rc;
}

int mock_op_domain(struct iommufd_ucmd *ucmd)
{
	return stdev_create(ucmd, 0, NULL);
}

int mock_op_domain_flags(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;

	if (cmd->mock_domain_flags.dev_flags & ~DEV_FLAGS)
		return -EINVAL;
	return stdev_create(ucmd, cmd->mock_domain_flags.dev_flags, NULL);
}

int mock_op_domain_sibling(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	struct mock_stdev *sibling;
	int rc;

	if (cmd->mock_domain_sibling.dev_flags & ~DEV_FLAGS)
		return -EINVAL;
	/* The reference keeps the sibling, and by it the group. */
	sibling = mock_stdev_get(ucmd->ictx, cmd->mock_domain_sibling.sibling_id);
	if (IS_ERR(sibling))
		return PTR_ERR(sibling);
	rc = stdev_create(ucmd, cmd->mock_domain_sibling.dev_flags, sibling->mdev);
	mock_stdev_put(sibling);
	return rc;
}

int mock_op_domain_replace(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	struct mock_stdev *stdev;
	int rc;

	stdev = mock_stdev_get(ucmd->ictx, cmd->id);
	if (IS_ERR(stdev))
		return PTR_ERR(stdev);
	rc = iommufd_endpoint_attach(stdev->ep, &cmd->mock_domain_replace.pt_id);
	mock_stdev_put(stdev);
	return rc ?: iommufd_ucmd_respond(ucmd, sizeof(*cmd));
}
