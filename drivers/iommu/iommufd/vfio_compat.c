// SPDX-License-Identifier: GPL-2.0-only
/*
 * A context in the role of a VFIO container with a type1 IOMMU.
 *
 * The container's ioctls have no way to name an IOAS, so the context remembers which one they mean,
 * until userspace says otherwise (IOMMU_VFIO_IOAS) or destroys it. There is no other state: the two
 * versions of type1 differ in whether an unmap may cut a mapping. It may where the IOAS keeps its
 * page tables to small pages (ioas_split.c), and choosing the first version makes it do so.
 *
 * errno values are type1's, but for -ENODEV where there is no IOAS, and -ENOENT where an unmap
 * would cut what can't be cut.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <uapi/linux/vfio.h>

#include "container.h"
#include "device_memory.h"
#include "hwpt.h"
#include "vfio_compat.h"

/**
 * iommufd_vfio_compat_ioas_get() - the IOAS that the container's ioctls act on
 * @ictx: the context
 *
 * Return: the IOAS with a reference for the caller, or ERR_PTR(-ENODEV) if there is none.
 */
struct iommufd_ioas *iommufd_vfio_compat_ioas_get(struct iommufd_ctx *ictx)
{
	struct iommufd_ioas *ioas;

	xa_lock(&ictx->objects);
	ioas = ictx->vfio_ioas;
	/* On its way to iommufd_vfio_compat_forget() it is in the table no more. */
	if (ioas && xa_load(&ictx->objects, ioas->obj.id) == &ioas->obj)
		refcount_inc(&ioas->obj.refs);
	else
		ioas = ERR_PTR(-ENODEV);
	xa_unlock(&ictx->objects);
	return ioas;
}

/**
 * iommufd_vfio_compat_ioas_set() - change the IOAS that the container's ioctls act on
 * @ictx: the context
 * @ioas: an IOAS of the context, to which the caller has a reference, or NULL for none
 */
void iommufd_vfio_compat_ioas_set(struct iommufd_ctx *ictx, struct iommufd_ioas *ioas)
{
	xa_lock(&ictx->objects);
	ictx->vfio_ioas = ioas;
	xa_unlock(&ictx->objects);
}

/**
 * iommufd_vfio_compat_forget() - an IOAS ends
 * @ioas: the IOAS, no longer in the table
 */
void iommufd_vfio_compat_forget(struct iommufd_ioas *ioas)
{
	struct iommufd_ctx *ictx = ioas->obj.ictx;

	xa_lock(&ictx->objects);
	if (ictx->vfio_ioas == ioas)
		ictx->vfio_ioas = NULL;
	xa_unlock(&ictx->objects);
}

static int vfio_ioas_read(struct iommufd_ucmd *ucmd, struct iommu_vfio_ioas *cmd)
{
	struct iommufd_ioas *ioas = iommufd_vfio_compat_ioas_get(ucmd->ictx);

	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	cmd->ioas_id = ioas->obj.id;
	iommufd_object_put(&ioas->obj);
	return iommufd_ucmd_respond(ucmd, sizeof(*cmd));
}

static int vfio_ioas_choose(struct iommufd_ctx *ictx, u32 id)
{
	struct iommufd_ioas *ioas = iommufd_ioas_get(ictx, id);

	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	iommufd_vfio_compat_ioas_set(ictx, ioas);
	iommufd_object_put(&ioas->obj);
	return 0;
}

int iommufd_vfio_ioas_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_vfio_ioas *cmd = ucmd->cmd;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	switch (cmd->op) {
	case IOMMU_VFIO_IOAS_GET:
		return vfio_ioas_read(ucmd, cmd);
	case IOMMU_VFIO_IOAS_SET:
		return vfio_ioas_choose(ucmd->ictx, cmd->ioas_id);
	case IOMMU_VFIO_IOAS_CLEAR:
		iommufd_vfio_compat_ioas_set(ucmd->ictx, NULL);
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

/* Whether no page table lets a device bypass caches. */
static bool ioas_is_coherent(struct iommufd_ioas *ioas)
{
	struct iommufd_hwpt *hwpt;

	guard(rwsem_read)(&ioas->domains_sem);
	list_for_each_entry(hwpt, &ioas->hwpts, ioas_link)
		if (!READ_ONCE(hwpt->enforces_coherency))
			return false;
	return true;
}

static int check_coherency(struct iommufd_ctx *ictx)
{
	struct iommufd_ioas *ioas = iommufd_vfio_compat_ioas_get(ictx);
	bool coherent;

	if (IS_ERR(ioas))
		return 0;
	coherent = ioas_is_coherent(ioas);
	iommufd_object_put(&ioas->obj);
	return coherent;
}

static int check_extension(struct iommufd_ctx *ictx, unsigned long extension)
{
	switch (extension) {
	case VFIO_UNMAP_ALL:
		return 1;
	case VFIO_DMA_CC_IOMMU:
		return check_coherency(ictx);
	default:
		return iommufd_container_has_type(ictx, extension);
	}
}

/* Copies a structure that starts with argsz. */
static int copy_args(void *args, size_t size, const void __user *uargs)
{
	u32 argsz;

	if (get_user(argsz, (const u32 __user *)uargs))
		return -EFAULT;
	if (argsz < size)
		return -EINVAL;
	return copy_from_user(args, uargs, size) ? -EFAULT : 0;
}

/* The page sizes that all page tables have, but for those below the CPU's. */
static u64 common_page_sizes(struct iommufd_ioas *ioas)
{
	struct iommufd_hwpt *hwpt;
	u64 sizes = PAGE_MASK;

	guard(rwsem_read)(&ioas->domains_sem);
	list_for_each_entry(hwpt, &ioas->hwpts, ioas_link)
		sizes &= hwpt->domain->pgsize_bitmap;
	return sizes | PAGE_SIZE;
}

static void fill_iova_ranges(struct vfio_iommu_type1_info_cap_iova_range *cap,
			     const struct iommu_iova_range *ranges, u32 nr)
{
	u32 i;

	cap->header.id = VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE;
	cap->header.version = 1;
	cap->nr_iovas = nr;
	for (i = 0; i < nr; i++)
		cap->iova_ranges[i] = (struct vfio_iova_range) { ranges[i].start, ranges[i].last };
}

static void fill_dma_avail(struct vfio_iommu_type1_info_dma_avail *cap)
{
	cap->header.id = VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL;
	cap->header.version = 1;
	/* What limits the number of mappings is the memory that the caller may have. */
	cap->avail = U32_MAX;
}

/* The structure and its capabilities, to be kvfree'd; argsz is the size of all. */
static struct vfio_iommu_type1_info *build_info(struct iommufd_ioas *ioas,
						const struct iommu_iova_range *ranges, u32 nr)
{
	struct vfio_iommu_type1_info_cap_iova_range *iova_range;
	const size_t migration_size = ioas->obj.ictx->container.strict ?
				      sizeof(struct vfio_iommu_type1_info_cap_migration) : 0;
	struct vfio_iommu_type1_info *info;
	struct vfio_info_cap_header *last;
	size_t avail_offset, size;

	avail_offset = size_add(sizeof(*info), struct_size(iova_range, iova_ranges, nr));
	avail_offset = size_add(avail_offset, migration_size);
	size = size_add(avail_offset, sizeof(struct vfio_iommu_type1_info_dma_avail));
	info = kvzalloc(size, GFP_KERNEL_ACCOUNT);
	if (!info)
		return NULL;
	info->argsz = size;
	info->flags = VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS;
	info->iova_pgsizes = common_page_sizes(ioas);
	info->cap_offset = sizeof(*info);
	iova_range = (void *)info + info->cap_offset;
	fill_iova_ranges(iova_range, ranges, nr);
	last = &iova_range->header;
	if (migration_size) {
		last->next = avail_offset - migration_size;
		last = (void *)info + last->next;
		iommufd_vfio_dirty_fill_cap((void *)last);
	}
	last->next = avail_offset;
	fill_dma_avail((void *)info + avail_offset);
	return info;
}

static struct vfio_iommu_type1_info *container_info(struct iommufd_ctx *ictx)
{
	struct iommufd_ioas *ioas = iommufd_vfio_compat_ioas_get(ictx);
	struct vfio_iommu_type1_info *info;
	struct iommu_iova_range *ranges;
	u64 alignment;
	u32 nr;

	if (IS_ERR(ioas))
		return ERR_CAST(ioas);
	ranges = iommufd_ioas_usable_ranges(ioas, &nr, &alignment);
	info = IS_ERR(ranges) ? NULL : build_info(ioas, ranges, nr);
	iommufd_object_put(&ioas->obj);
	if (!IS_ERR(ranges))
		kvfree(ranges);
	return info ?: ERR_PTR(-ENOMEM);
}

static int get_info(struct iommufd_ctx *ictx, void __user *uinfo)
{
	struct vfio_iommu_type1_info *info;
	u32 argsz, size;
	int rc;

	if (get_user(argsz, (u32 __user *)uinfo))
		return -EFAULT;
	/* The first version of the structure had no capabilities. */
	if (argsz < offsetofend(struct vfio_iommu_type1_info, iova_pgsizes))
		return -EINVAL;
	info = container_info(ictx);
	if (IS_ERR(info))
		return PTR_ERR(info);
	size = info->argsz;
	if (argsz < size) {
		info->cap_offset = 0;
		size = min_t(u32, argsz, sizeof(*info));
	}
	rc = copy_to_user(uinfo, info, size) ? -EFAULT : 0;
	kvfree(info);
	return rc;
}

static int check_map(const struct vfio_iommu_type1_dma_map *map)
{
	const u32 access = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;
	unsigned long end;

	if (map->flags & ~(access | VFIO_DMA_MAP_FLAG_VADDR))
		return -EINVAL;
	if (map->flags & VFIO_DMA_MAP_FLAG_VADDR)
		return -EOPNOTSUPP;
	if (!(map->flags & access) || !map->size)
		return -EINVAL;
	if ((map->vaddr | map->iova | map->size) & ~PAGE_MASK)
		return -EINVAL;
	if (check_add_overflow(map->iova, map->size - 1, &end) ||
	    check_add_overflow(map->vaddr, map->size, &end))
		return -EOVERFLOW;
	return 0;
}

static u32 map_flags(u32 vfio_flags)
{
	u32 flags = IOMMU_IOAS_MAP_FIXED_IOVA;

	if (vfio_flags & VFIO_DMA_MAP_FLAG_READ)
		flags |= IOMMU_IOAS_MAP_READABLE;
	if (vfio_flags & VFIO_DMA_MAP_FLAG_WRITE)
		flags |= IOMMU_IOAS_MAP_WRITEABLE;
	return flags;
}

/* Maps an area that has no place yet; it is consumed, also on failure. */
static int map_area(struct iommufd_ctx *ictx, struct iommufd_area *area, unsigned long iova,
		    u32 flags)
{
	struct iommufd_ioas *ioas = iommufd_vfio_compat_ioas_get(ictx);
	LIST_HEAD(areas);
	int rc;

	list_add(&area->batch, &areas);
	if (IS_ERR(ioas)) {
		iommufd_areas_free(&areas);
		return PTR_ERR(ioas);
	}
	rc = iommufd_areas_map(ioas, &areas, iova, NULL, area_length(area), flags);
	iommufd_object_put(&ioas->obj);
	return rc;
}

static struct iommufd_backing *map_backing(struct iommufd_ctx *ictx,
					   const struct vfio_iommu_type1_dma_map *map)
{
	const bool writeable = map->flags & VFIO_DMA_MAP_FLAG_WRITE;
	struct iommufd_backing *backing;

	backing = iommufd_device_memory_find(ictx, map->vaddr, map->size, writeable);
	return backing ?: iommufd_backing_alloc_user(ictx, map->vaddr, map->size, writeable);
}

static int map_dma(struct iommufd_ctx *ictx, const void __user *umap)
{
	struct vfio_iommu_type1_dma_map map;
	struct iommufd_backing *backing;
	struct iommufd_area *area;
	int rc;

	rc = copy_args(&map, sizeof(map), umap) ?: check_map(&map);
	if (rc)
		return rc;
	backing = map_backing(ictx, &map);
	if (IS_ERR(backing))
		return PTR_ERR(backing);
	area = iommufd_area_first(backing, 0, map.size, map_flags(map.flags));
	return map_area(ictx, area, map.iova, map_flags(map.flags));
}

static int check_unmap(struct iommufd_ctx *ictx, const struct vfio_iommu_type1_dma_unmap *unmap)
{
	const u32 known = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP | VFIO_DMA_UNMAP_FLAG_ALL |
			  VFIO_DMA_UNMAP_FLAG_VADDR;
	unsigned long last;

	if (unmap->flags & ~known)
		return -EINVAL;
	if (unmap->flags & VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP &&
	    unmap->flags != VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP)
		return -EINVAL;
	if (unmap->flags & VFIO_DMA_UNMAP_FLAG_VADDR)
		return -EOPNOTSUPP;
	if (unmap->flags & VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP && !ictx->container.strict)
		return -EOPNOTSUPP;
	if (unmap->flags & VFIO_DMA_UNMAP_FLAG_ALL)
		return unmap->iova || unmap->size ? -EINVAL : 0;
	if (!unmap->size || (unmap->iova | unmap->size) & ~PAGE_MASK)
		return -EINVAL;
	return check_add_overflow(unmap->iova, unmap->size - 1, &last) ? -EOVERFLOW : 0;
}

/* Sets @unmap->size to what was mapped. */
static int unmap_range(struct iommufd_ctx *ictx, struct vfio_iommu_type1_dma_unmap *unmap)
{
	struct iommufd_ioas *ioas = iommufd_vfio_compat_ioas_get(ictx);
	unsigned long unmapped;
	int rc;

	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	/* Everything goes from 0 on, and 0 bytes further wrap around to the last IOVA. */
	rc = iommufd_ioas_unmap_cutting(ioas, unmap->iova, unmap->iova + unmap->size - 1,
					&unmapped);
	iommufd_object_put(&ioas->obj);
	unmap->size = unmapped;
	return rc;
}

/* What is dirty is reported before it is unmapped; if it can't be, all stays as it is. */
static int report_dirty(struct iommufd_ctx *ictx, const struct vfio_iommu_type1_dma_unmap *unmap,
			const void __user *ubitmap)
{
	struct vfio_bitmap bitmap;
	int rc;

	if (!(unmap->flags & VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP))
		return 0;
	if (unmap->argsz - offsetof(struct vfio_iommu_type1_dma_unmap, data) < sizeof(bitmap))
		return -EINVAL;
	if (copy_from_user(&bitmap, ubitmap, sizeof(bitmap)))
		return -EFAULT;
	rc = iommufd_vfio_dirty_check_bitmap(&bitmap, unmap->iova, unmap->size);
	return rc ?: iommufd_vfio_dirty_report(ictx, &bitmap, unmap->iova, unmap->size);
}

static int unmap_dma(struct iommufd_ctx *ictx, void __user *uunmap)
{
	const size_t size = offsetof(struct vfio_iommu_type1_dma_unmap, data);
	struct vfio_iommu_type1_dma_unmap unmap;
	int rc;

	rc = copy_args(&unmap, size, uunmap) ?: check_unmap(ictx, &unmap) ?:
	     report_dirty(ictx, &unmap, uunmap + size) ?: unmap_range(ictx, &unmap);
	if (rc)
		return rc;
	return copy_to_user(uunmap, &unmap, size) ? -EFAULT : 0;
}

/**
 * iommufd_vfio_compat_ioctl() - an ioctl of a VFIO container
 * @ictx: the context
 * @cmd: its number
 * @arg: its argument, a value or a pointer to userspace
 *
 * Context: may wait for user memory.
 * Return: what the ioctl returns; -ENODEV if it needs an IOAS and there is none; -ENOTTY if a
 * container that uses type1 doesn't have it, or /dev/iommu in its place.
 */
int iommufd_vfio_compat_ioctl(struct iommufd_ctx *ictx, unsigned int cmd, unsigned long arg)
{
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case VFIO_GET_API_VERSION:
		return VFIO_API_VERSION;
	case VFIO_CHECK_EXTENSION:
		return check_extension(ictx, arg);
	case VFIO_SET_IOMMU:
		return iommufd_container_set_type(ictx, arg);
	case VFIO_IOMMU_GET_INFO:
		return iommufd_container_check_type1(ictx) ?: get_info(ictx, uarg);
	case VFIO_IOMMU_MAP_DMA:
		return iommufd_container_check_type1(ictx) ?: map_dma(ictx, uarg);
	case VFIO_IOMMU_UNMAP_DMA:
		return iommufd_container_check_type1(ictx) ?: unmap_dma(ictx, uarg);
	case VFIO_IOMMU_DIRTY_PAGES:
		return iommufd_container_check_type1(ictx) ?: iommufd_vfio_dirty_pages(ictx, uarg);
	default:
		return -ENOTTY;
	}
}
