// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty pages of a VFIO container, as type1 tells of them.
 *
 * A container's page tables record nothing, as type1's don't: what a device can reach it may have
 * written, and so all that is mapped is reported, each time. That is more than was written, and
 * never less. Who wants to know better uses IOMMU_HWPT_GET_DIRTY_BITMAP, or a device's DMA logging.
 *
 * Bits are added to the user's bitmap, which is his to clear. A range is reported if it cuts no
 * mapping. All this is there where programs for type1 look for it, in /dev/vfio/vfio; /dev/iommu in
 * that role has none of it, as in mainline.
 */
#include <linux/bitmap.h>
#include <linux/log2.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <uapi/linux/vfio.h>

#include "area.h"
#include "vfio_compat.h"

#define CHUNK_BITS	(PAGE_SIZE * BITS_PER_BYTE)

void iommufd_vfio_dirty_fill_cap(struct vfio_iommu_type1_info_cap_migration *cap)
{
	cap->header.id = VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION;
	cap->header.version = 1;
	cap->pgsize_bitmap = PAGE_SIZE;
	cap->max_dirty_bitmap_size = IOMMUFD_VFIO_DIRTY_BITMAP_MAX;
}

/**
 * iommufd_vfio_dirty_check_bitmap() - check where dirty pages of a range are to be reported
 * @bitmap: the bitmap
 * @iova: where the range begins
 * @size: its size in bytes
 *
 * Return: 0 or -EINVAL.
 */
int iommufd_vfio_dirty_check_bitmap(const struct vfio_bitmap *bitmap, u64 iova, u64 size)
{
	u64 pages = size >> PAGE_SHIFT, last;

	if (bitmap->pgsize != PAGE_SIZE || !size || (iova | size) & ~PAGE_MASK)
		return -EINVAL;
	if (check_add_overflow(iova, size - 1, &last))
		return -EINVAL;
	if (bitmap->size > IOMMUFD_VFIO_DIRTY_BITMAP_MAX ||
	    bitmap->size < DIV_ROUND_UP_ULL(pages, 64) * sizeof(u64))
		return -EINVAL;
	return access_ok(bitmap->data, bitmap->size) ? 0 : -EINVAL;
}

/* Whether a mapping lies across @iova, that is, has it, but doesn't begin with it. */
static bool is_cut(struct iommufd_ioas *ioas, unsigned long iova)
{
	struct iommufd_area *area = iommufd_area_find(ioas, iova, iova);

	return area && area->first < iova;
}

static bool range_cuts(struct iommufd_ioas *ioas, unsigned long first, unsigned long last)
{
	guard(mutex)(&ioas->tree_lock);
	return is_cut(ioas, first) || (last != ULONG_MAX && is_cut(ioas, last + 1));
}

/* The bits of what is mapped from @first to @last, at most CHUNK_BITS pages. */
static void find_mapped(struct iommufd_ioas *ioas, unsigned long first, unsigned long last,
			unsigned long *bits)
{
	struct iommufd_area *area;

	guard(mutex)(&ioas->tree_lock);
	for (area = iommufd_area_find(ioas, first, last); area;
	     area = iommufd_area_next(area, last)) {
		unsigned long from = (max(area->first, first) - first) >> PAGE_SHIFT;
		unsigned long to = (min(area->last, last) - first) >> PAGE_SHIFT;

		bitmap_set(bits, from, to - from + 1);
	}
}

static int give_words(const unsigned long *bits, unsigned int pages, u64 __user *words)
{
	const u64 *found = (const u64 *)bits;
	unsigned int i;
	u64 word;

	for (i = 0; i < DIV_ROUND_UP(pages, 64); i++) {
		if (!found[i])
			continue;
		if (get_user(word, words + i) || put_user(word | found[i], words + i))
			return -EFAULT;
	}
	return 0;
}

static int report(struct iommufd_ioas *ioas, unsigned long iova, u64 pages, u64 __user *words,
		  unsigned long *bits)
{
	unsigned int nr;
	int rc;

	for (; pages; pages -= nr) {
		nr = min_t(u64, pages, CHUNK_BITS);
		bitmap_zero(bits, CHUNK_BITS);
		find_mapped(ioas, iova, iova + ((unsigned long)nr << PAGE_SHIFT) - 1, bits);
		rc = give_words(bits, nr, words);
		if (rc)
			return rc;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		iova += (unsigned long)nr << PAGE_SHIFT;
		words += nr / 64;
	}
	return 0;
}

/**
 * iommufd_vfio_dirty_report() - report the dirty pages of a range
 * @ictx: the context
 * @bitmap: a checked bitmap
 * @iova: where the range begins
 * @size: its size in bytes
 *
 * Return: 0; -EINVAL if pages are not being tracked, or if the range cuts a mapping; -ENODEV;
 * -EFAULT; -ENOMEM; -EINTR.
 */
int iommufd_vfio_dirty_report(struct iommufd_ctx *ictx, const struct vfio_bitmap *bitmap, u64 iova,
			      u64 size)
{
	struct iommufd_ioas *ioas;
	unsigned long *bits;
	int rc = -EINVAL;

	if (!READ_ONCE(ictx->container.tracks_dirty))
		return -EINVAL;
	ioas = iommufd_vfio_compat_ioas_get(ictx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	bits = kmalloc(CHUNK_BITS / BITS_PER_BYTE, GFP_KERNEL_ACCOUNT);
	if (!bits)
		rc = -ENOMEM;
	else if (!range_cuts(ioas, iova, iova + size - 1))
		rc = report(ioas, iova, size >> PAGE_SHIFT, bitmap->data, bits);
	kfree(bits);
	iommufd_object_put(&ioas->obj);
	return rc;
}

static int get_bitmap(struct iommufd_ctx *ictx, u32 room, const void __user *data)
{
	struct vfio_iommu_type1_dirty_bitmap_get get;
	int rc;

	if (room < sizeof(get))
		return -EINVAL;
	if (copy_from_user(&get, data, sizeof(get)))
		return -EFAULT;
	rc = iommufd_vfio_dirty_check_bitmap(&get.bitmap, get.iova, get.size);
	return rc ?: iommufd_vfio_dirty_report(ictx, &get.bitmap, get.iova, get.size);
}

/* What the last group leaves behind, container_reset() clears. */
static int set_tracking(struct iommufd_ctx *ictx, bool on)
{
	guard(mutex)(&ictx->container.lock);
	/* The type went meanwhile, with the last group. */
	if (!ictx->container.type)
		return -EINVAL;
	WRITE_ONCE(ictx->container.tracks_dirty, on);
	return 0;
}

/**
 * iommufd_vfio_dirty_pages() - VFIO_IOMMU_DIRTY_PAGES
 * @ictx: the context
 * @udirty: the argument
 *
 * Return: 0 or a negative errno; -ENOTTY if this is /dev/iommu.
 */
int iommufd_vfio_dirty_pages(struct iommufd_ctx *ictx, void __user *udirty)
{
	const size_t size = offsetof(struct vfio_iommu_type1_dirty_bitmap, data);
	struct vfio_iommu_type1_dirty_bitmap dirty;

	if (!ictx->container.strict)
		return -ENOTTY;
	if (copy_from_user(&dirty, udirty, size))
		return -EFAULT;
	if (dirty.argsz < size)
		return -EINVAL;
	switch (dirty.flags) {
	case VFIO_IOMMU_DIRTY_PAGES_FLAG_START:
		return set_tracking(ictx, true);
	case VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP:
		return set_tracking(ictx, false);
	case VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP:
		return get_bitmap(ictx, dirty.argsz - size, udirty + size);
	default:
		return -EINVAL;
	}
}
