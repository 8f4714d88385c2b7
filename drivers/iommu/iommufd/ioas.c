// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls on an IOAS: checks of what the user asked for, and answers.
 */
#include <linux/slab.h>

#include "ioas.h"

struct iommufd_ioas *iommufd_ioas_get(struct iommufd_ctx *ictx, u32 id)
{
	struct iommufd_object *obj = iommufd_object_get(ictx, id, IOMMUFD_OBJ_IOAS);

	if (IS_ERR(obj))
		return ERR_CAST(obj);
	return container_of(obj, struct iommufd_ioas, obj);
}

static void ioas_free(struct iommufd_object *obj)
{
	struct iommufd_ioas *ioas = container_of(obj, struct iommufd_ioas, obj);

	iommufd_ioas_destroy_areas(ioas);
	iommufd_ioas_destroy_allowed(ioas);
	WARN_ON(!list_empty(&ioas->hwpts) || ioas->pin_users);
	kfree(ioas);
}

static struct iommufd_ioas *ioas_alloc(struct iommufd_ctx *ictx)
{
	struct iommufd_ioas *ioas;
	int rc;

	ioas = kzalloc(sizeof(*ioas), GFP_KERNEL_ACCOUNT);
	if (!ioas)
		return ERR_PTR(-ENOMEM);
	mutex_init(&ioas->auto_lock);
	init_rwsem(&ioas->domains_sem);
	INIT_LIST_HEAD(&ioas->hwpts);
	mutex_init(&ioas->tree_lock);
	ioas->areas = RB_ROOT_CACHED;
	ioas->reserved = RB_ROOT_CACHED;
	ioas->allowed = RB_ROOT_CACHED;
	ioas->alignment = 1;
	init_waitqueue_head(&ioas->area_wait);
	rc = iommufd_object_reserve(ictx, &ioas->obj, IOMMUFD_OBJ_IOAS, ioas_free);
	if (rc) {
		kfree(ioas);
		return ERR_PTR(rc);
	}
	return ioas;
}

int iommufd_ioas_alloc_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_alloc *cmd = ucmd->cmd;
	struct iommufd_ioas *ioas;
	int rc;

	if (cmd->flags)
		return -EOPNOTSUPP;
	ioas = ioas_alloc(ucmd->ictx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	cmd->out_ioas_id = ioas->obj.id;
	rc = iommufd_ucmd_respond(ucmd, sizeof(*cmd));
	if (rc) {
		iommufd_object_cancel(&ioas->obj);
		return rc;
	}
	iommufd_object_publish(&ioas->obj);
	return 0;
}

#define MAP_ACCESS	(IOMMU_IOAS_MAP_WRITEABLE | IOMMU_IOAS_MAP_READABLE)

static int check_map(const struct iommu_ioas_map *cmd)
{
	unsigned long end;

	if (cmd->flags & ~(IOMMU_IOAS_MAP_FIXED_IOVA | MAP_ACCESS) || cmd->__reserved)
		return -EOPNOTSUPP;
	if (cmd->iova >= ULONG_MAX || cmd->length >= ULONG_MAX)
		return -EOVERFLOW;
	if (!(cmd->flags & MAP_ACCESS) || !cmd->length)
		return -EINVAL;
	if (check_add_overflow(cmd->user_va, cmd->length, &end))
		return -EOVERFLOW;
	if (cmd->flags & IOMMU_IOAS_MAP_FIXED_IOVA &&
	    check_add_overflow(cmd->iova, cmd->length - 1, &end))
		return -EOVERFLOW;
	return 0;
}

static int ioas_map(struct iommufd_ucmd *ucmd, struct iommufd_ioas *ioas,
		    struct iommufd_backing *backing)
{
	struct iommu_ioas_map *cmd = ucmd->cmd;
	struct iommufd_area *area;
	int rc;

	area = iommufd_area_reserve(ioas, backing, cmd);
	if (IS_ERR(area))
		return PTR_ERR(area);
	/* The answer goes out before the work, so that it can't fail afterwards. */
	cmd->iova = area->node.start;
	rc = iommufd_ucmd_respond(ucmd, sizeof(*cmd));
	if (!rc)
		rc = iommufd_area_activate(ioas, area);
	if (rc)
		iommufd_area_cancel(ioas, area);
	return rc;
}

int iommufd_ioas_map_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_map *cmd = ucmd->cmd;
	struct iommufd_backing *backing;
	struct iommufd_ioas *ioas;
	int rc;

	rc = check_map(cmd);
	if (rc)
		return rc;
	ioas = iommufd_ioas_get(ucmd->ictx, cmd->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	backing = iommufd_backing_alloc_user(ucmd->ictx, cmd->user_va, cmd->length,
					     cmd->flags & IOMMU_IOAS_MAP_WRITEABLE);
	if (IS_ERR(backing)) {
		rc = PTR_ERR(backing);
		goto put_ioas;
	}
	rc = ioas_map(ucmd, ioas, backing);
	/* The area, if there is one, has a reference of its own. */
	iommufd_backing_put(backing);
put_ioas:
	iommufd_object_put(&ioas->obj);
	return rc;
}

/* Unmaps everything, or what lies in [iova, iova + length). */
static int ioas_unmap(struct iommufd_ioas *ioas, const struct iommu_ioas_unmap *cmd,
		      unsigned long *unmapped)
{
	unsigned long last;
	int rc;

	if (cmd->iova == 0 && cmd->length == U64_MAX)
		return iommufd_ioas_unmap(ioas, 0, ULONG_MAX, unmapped);
	if (cmd->iova >= ULONG_MAX || cmd->length >= ULONG_MAX)
		return -EOVERFLOW;
	if (!cmd->length)
		return -EINVAL;
	if (check_add_overflow(cmd->iova, cmd->length - 1, &last))
		return -EOVERFLOW;
	rc = iommufd_ioas_unmap(ioas, cmd->iova, last, unmapped);
	return !rc && !*unmapped ? -ENOENT : rc;
}

int iommufd_ioas_unmap_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_unmap *cmd = ucmd->cmd;
	struct iommufd_ioas *ioas;
	unsigned long unmapped;
	int rc;

	ioas = iommufd_ioas_get(ucmd->ictx, cmd->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = ioas_unmap(ioas, cmd, &unmapped);
	iommufd_object_put(&ioas->obj);
	if (rc)
		return rc;
	cmd->length = unmapped;
	return iommufd_ucmd_respond(ucmd, sizeof(*cmd));
}

static int set_huge_pages(struct iommufd_ioas *ioas, u64 value)
{
	int rc = 0;

	if (value > 1)
		return -EINVAL;
	down_write(&ioas->domains_sem);
	/* What page tables hold would stay as it is. */
	if (!value && ioas->pin_users && !RB_EMPTY_ROOT(&ioas->areas.rb_root))
		rc = -EINVAL;
	else
		ioas->small_pages = !value;
	up_write(&ioas->domains_sem);
	return rc;
}

/**
 * iommufd_ioas_option_huge_pages() - IOMMU_OPTION_HUGE_PAGES
 * @cmd: the option; @cmd->val64 is set by a GET
 * @ictx: the context
 *
 * Return: 0; -ENOENT, -EINVAL (bad value, or turned off while page tables hold mappings),
 * -EOPNOTSUPP (unknown operation).
 */
int iommufd_ioas_option_huge_pages(struct iommu_option *cmd, struct iommufd_ctx *ictx)
{
	struct iommufd_ioas *ioas = iommufd_ioas_get(ictx, cmd->object_id);
	int rc = 0;

	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	if (cmd->op == IOMMU_OPTION_OP_GET)
		cmd->val64 = !ioas->small_pages;
	else if (cmd->op == IOMMU_OPTION_OP_SET)
		rc = set_huge_pages(ioas, cmd->val64);
	else
		rc = -EOPNOTSUPP;
	iommufd_object_put(&ioas->obj);
	return rc;
}
