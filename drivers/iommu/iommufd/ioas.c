// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls on an IOAS: checks of what the user asked for, and answers.
 */
#include <linux/export.h>
#include <linux/slab.h>

#include "ioas.h"
#include "vfio_compat.h"

struct iommufd_ioas *iommufd_ioas_get(struct iommufd_ctx *ictx, u32 id)
{
	struct iommufd_object *obj = iommufd_object_get(ictx, id, IOMMUFD_OBJ_IOAS);

	if (IS_ERR(obj))
		return ERR_CAST(obj);
	return container_of(obj, struct iommufd_ioas, obj);
}
EXPORT_SYMBOL_NS_GPL(iommufd_ioas_get, IOMMUFD_VFIO_TEST);

/**
 * iommufd_ioas_next() - the IOASes of a context, one after the other
 * @ictx: the context
 * @id: numbers up to this one are left out; set to that of the IOAS. Begin with 0.
 *
 * Return: the IOAS with a reference for the caller, or NULL.
 */
struct iommufd_ioas *iommufd_ioas_next(struct iommufd_ctx *ictx, u32 *id)
{
	struct iommufd_ioas *ioas = NULL;
	struct iommufd_object *obj;
	unsigned long index;

	xa_lock(&ictx->objects);
	xa_for_each_start(&ictx->objects, index, obj, *id + 1UL) {
		if (obj->type == IOMMUFD_OBJ_IOAS) {
			refcount_inc(&obj->refs);
			ioas = container_of(obj, struct iommufd_ioas, obj);
			*id = index;
			break;
		}
	}
	xa_unlock(&ictx->objects);
	return ioas;
}

static void ioas_free(struct iommufd_object *obj)
{
	struct iommufd_ioas *ioas = container_of(obj, struct iommufd_ioas, obj);

	iommufd_vfio_compat_forget(ioas);
	iommufd_ioas_destroy_areas(ioas);
	iommufd_ioas_destroy_allowed(ioas);
	iommufd_ioas_destroy_reserved(ioas);
	WARN_ON(!list_empty(&ioas->hwpts) || ioas->pin_users);
	kfree(ioas);
}

/**
 * iommufd_ioas_alloc() - make an empty IOAS
 * @ictx: the context
 *
 * Return: the IOAS, its number reserved and not published yet; ERR_PTR of -ENOMEM or -EBUSY.
 */
struct iommufd_ioas *iommufd_ioas_alloc(struct iommufd_ctx *ictx)
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
	INIT_LIST_HEAD(&ioas->accesses);
	INIT_LIST_HEAD(&ioas->leaving);
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
	ioas = iommufd_ioas_alloc(ucmd->ictx);
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

/* Checks what the ioctls that map have in common. */
static int check_map(u32 flags, u64 iova, u64 length)
{
	unsigned long end;

	if (flags & ~(IOMMU_IOAS_MAP_FIXED_IOVA | MAP_ACCESS))
		return -EOPNOTSUPP;
	if (iova >= ULONG_MAX || length >= ULONG_MAX)
		return -EOVERFLOW;
	if (!(flags & MAP_ACCESS) || !length)
		return -EINVAL;
	if (flags & IOMMU_IOAS_MAP_FIXED_IOVA && check_add_overflow(iova, length - 1, &end))
		return -EOVERFLOW;
	return 0;
}

/* Maps a whole backing; the caller's reference to it is consumed. */
static int ioas_map_backing(struct iommufd_ucmd *ucmd, u32 ioas_id,
			    struct iommufd_backing *backing, unsigned long offset, u64 iova,
			    u64 __user *uiova, u64 length, u32 flags)
{
	struct iommufd_area *area = iommufd_area_first(backing, offset, length, flags);
	struct iommufd_ioas *ioas;
	LIST_HEAD(areas);
	int rc;

	list_add(&area->batch, &areas);
	ioas = iommufd_ioas_get(ucmd->ictx, ioas_id);
	if (IS_ERR(ioas)) {
		iommufd_areas_free(&areas);
		return PTR_ERR(ioas);
	}
	rc = iommufd_areas_map(ioas, &areas, iova, uiova, length, flags);
	iommufd_object_put(&ioas->obj);
	return rc;
}

int iommufd_ioas_map_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_map __user *umap = ucmd->ubuffer;
	struct iommu_ioas_map *cmd = ucmd->cmd;
	struct iommufd_backing *backing;
	unsigned long end;
	int rc;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	rc = check_map(cmd->flags, cmd->iova, cmd->length);
	if (rc)
		return rc;
	if (check_add_overflow(cmd->user_va, cmd->length, &end))
		return -EOVERFLOW;
	backing = iommufd_backing_alloc_user(ucmd->ictx, cmd->user_va, cmd->length,
					     cmd->flags & IOMMU_IOAS_MAP_WRITEABLE);
	if (IS_ERR(backing))
		return PTR_ERR(backing);
	return ioas_map_backing(ucmd, cmd->ioas_id, backing, offset_in_page(cmd->user_va),
				cmd->iova, &umap->iova, cmd->length, cmd->flags);
}

int iommufd_ioas_map_file_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_map_file __user *umap = ucmd->ubuffer;
	struct iommu_ioas_map_file *cmd = ucmd->cmd;
	struct iommufd_backing *backing;
	unsigned long end;
	int rc;

	rc = check_map(cmd->flags, cmd->iova, cmd->length);
	if (rc)
		return rc;
	if (check_add_overflow(cmd->start, cmd->length - 1, &end))
		return -EOVERFLOW;
	backing = iommufd_backing_alloc_file(ucmd->ictx, cmd->fd, cmd->start, cmd->length,
					     cmd->flags & IOMMU_IOAS_MAP_WRITEABLE);
	if (IS_ERR(backing))
		return PTR_ERR(backing);
	return ioas_map_backing(ucmd, cmd->ioas_id, backing, offset_in_page(cmd->start),
				cmd->iova, &umap->iova, cmd->length, cmd->flags);
}

/* Copies of the areas that the user names, from an IOAS that may be the target, too. */
static int copy_source_areas(struct iommufd_ctx *ictx, const struct iommu_ioas_copy *cmd,
			     struct list_head *areas)
{
	struct iommufd_ioas *source = iommufd_ioas_get(ictx, cmd->src_ioas_id);
	int rc;

	if (IS_ERR(source))
		return PTR_ERR(source);
	rc = iommufd_areas_copy(source, cmd->src_iova, cmd->src_iova + cmd->length - 1, cmd->flags,
				areas);
	iommufd_object_put(&source->obj);
	if (rc)
		iommufd_areas_free(areas);
	return rc;
}

int iommufd_ioas_copy_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_copy __user *ucopy = ucmd->ubuffer;
	struct iommu_ioas_copy *cmd = ucmd->cmd;
	struct iommufd_ioas *ioas;
	unsigned long end;
	LIST_HEAD(areas);
	int rc;

	rc = check_map(cmd->flags, cmd->dst_iova, cmd->length);
	if (rc)
		return rc;
	if (cmd->src_iova >= ULONG_MAX || check_add_overflow(cmd->src_iova, cmd->length - 1, &end))
		return -EOVERFLOW;
	rc = copy_source_areas(ucmd->ictx, cmd, &areas);
	if (rc)
		return rc;
	ioas = iommufd_ioas_get(ucmd->ictx, cmd->dst_ioas_id);
	if (IS_ERR(ioas)) {
		iommufd_areas_free(&areas);
		return PTR_ERR(ioas);
	}
	rc = iommufd_areas_map(ioas, &areas, cmd->dst_iova, &ucopy->dst_iova, cmd->length,
			       cmd->flags);
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
	struct iommu_ioas_unmap __user *uunmap = ucmd->ubuffer;
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
	return put_user(unmapped, &uunmap->length);
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
		rc = cmd->val64 > 1 ? -EINVAL : iommufd_ioas_set_small_pages(ioas, !cmd->val64);
	else
		rc = -EOPNOTSUPP;
	iommufd_object_put(&ioas->obj);
	return rc;
}
