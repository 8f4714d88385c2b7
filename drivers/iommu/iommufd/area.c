// SPDX-License-Identifier: GPL-2.0-only
/*
 * Areas: making them, and the tree that they are found in.
 */
#include <linux/slab.h>

#include "ioas.h"

static int map_prot(u32 flags)
{
	int prot = IOMMU_CACHE;

	if (flags & IOMMU_IOAS_MAP_READABLE)
		prot |= IOMMU_READ;
	if (flags & IOMMU_IOAS_MAP_WRITEABLE)
		prot |= IOMMU_WRITE;
	return prot;
}

/* The area gets its place later: its IOVAs are relative until then. */
static void area_init(struct iommufd_area *area, struct iommufd_backing *backing,
		      unsigned long offset, unsigned long length, u32 flags)
{
	area->first = 0;
	area->last = length - 1;
	INIT_LIST_HEAD(&area->batch);
	area->backing = backing;
	area->offset = offset;
	area->prot = map_prot(flags);
	area->state = IOMMUFD_AREA_MAPPING;
	area->pinned = false;
}

/**
 * iommufd_area_first() - the area that a backing was made for; has no place yet
 * @backing: a backing that has no area; the caller's reference becomes the area's
 * @offset: where in it the area starts, in bytes
 * @length: of the area, in bytes
 * @flags: enum iommufd_ioas_map_flags
 *
 * Return: the area, to be put on a list. Can't fail, since there is room for it in @backing.
 */
struct iommufd_area *iommufd_area_first(struct iommufd_backing *backing, unsigned long offset,
					unsigned long length, u32 flags)
{
	area_init(&backing->first_area, backing, offset, length, flags);
	if (backing->device)
		backing->first_area.prot ^= IOMMU_CACHE | IOMMU_MMIO;
	return &backing->first_area;
}

/**
 * iommufd_area_alloc() - a further area, that has no place yet
 * @backing: the memory; the area takes a reference of its own
 * @offset: where in it the area starts, in bytes
 * @length: of the area, in bytes
 * @flags: enum iommufd_ioas_map_flags
 *
 * Return: the area, to be put on a list, or NULL.
 */
struct iommufd_area *iommufd_area_alloc(struct iommufd_backing *backing, unsigned long offset,
					unsigned long length, u32 flags)
{
	struct iommufd_area *area = kmalloc(sizeof(*area), GFP_KERNEL_ACCOUNT);

	if (!area)
		return NULL;
	refcount_inc(&backing->refs);
	area_init(area, backing, offset, length, flags);
	return area;
}

/**
 * iommufd_area_release() - free an area that is not in the tree
 * @area: the area, not pinned
 */
void iommufd_area_release(struct iommufd_area *area)
{
	struct iommufd_backing *backing = area->backing;

	/* The first area is part of the backing, and is left unused while others remain. */
	if (area != &backing->first_area)
		kfree(area);
	iommufd_backing_put(backing);
}

static struct iommufd_area *area_from_node(struct rb_node *node)
{
	return rb_entry(node, struct iommufd_area, node);
}

/**
 * iommufd_area_find() - the lowest area that intersects a range
 * @ioas: the IOAS, tree_lock held
 * @first: first IOVA
 * @last: last IOVA
 */
struct iommufd_area *iommufd_area_find(struct iommufd_ioas *ioas, unsigned long first,
				       unsigned long last)
{
	struct rb_node *node = ioas->areas.rb_root.rb_node;
	struct iommufd_area *area, *lowest = NULL;

	lockdep_assert_held(&ioas->tree_lock);
	/* Who unmaps one after the other needs the lowest of all. */
	if (node && area_from_node(rb_first_cached(&ioas->areas))->last >= first) {
		lowest = area_from_node(rb_first_cached(&ioas->areas));
		node = NULL;
	}
	while (node) {
		area = area_from_node(node);
		if (area->last < first) {
			node = node->rb_right;
			continue;
		}
		lowest = area;
		if (area->first <= first)
			break;
		node = node->rb_left;
	}
	return lowest && lowest->first <= last ? lowest : NULL;
}

/**
 * iommufd_area_next() - the next area
 * @area: an area in the tree; tree_lock held
 * @last: where it has to start at the latest
 */
struct iommufd_area *iommufd_area_next(struct iommufd_area *area, unsigned long last)
{
	struct rb_node *node = rb_next(&area->node);

	return node && area_from_node(node)->first <= last ? area_from_node(node) : NULL;
}

static void mapped_add(struct iommufd_ioas *ioas, const struct iommufd_area *area)
{
	ioas->mapped.areas++;
	ioas->mapped.bytes += area_length(area);
	if (!area->backing->file)
		return;
	ioas->mapped.file_areas++;
	ioas->mapped.file_bytes += area_length(area);
}

static void mapped_sub(struct iommufd_ioas *ioas, const struct iommufd_area *area)
{
	ioas->mapped.areas--;
	ioas->mapped.bytes -= area_length(area);
	if (!area->backing->file)
		return;
	ioas->mapped.file_areas--;
	ioas->mapped.file_bytes -= area_length(area);
}

/**
 * iommufd_area_insert() - put an area into the tree
 * @ioas: the IOAS, tree_lock held
 * @area: the area, with its first and last IOVA
 *
 * Return: whether its range was free; else nothing has changed.
 */
bool iommufd_area_insert(struct iommufd_ioas *ioas, struct iommufd_area *area)
{
	struct rb_node **link = &ioas->areas.rb_root.rb_node, *parent = NULL;
	bool lowest = true;

	lockdep_assert_held(&ioas->tree_lock);
	/* Who maps one after the other comes behind the highest of all. */
	if (ioas->highest_area && area->first > ioas->highest_area->last) {
		parent = &ioas->highest_area->node;
		link = &parent->rb_right;
		lowest = false;
	}
	while (*link) {
		struct iommufd_area *other = area_from_node(*link);

		parent = *link;
		if (area->first > other->last) {
			link = &parent->rb_right;
			lowest = false;
		} else if (area->last < other->first) {
			link = &parent->rb_left;
		} else {
			return false;
		}
	}
	if (!ioas->highest_area || area->first > ioas->highest_area->last)
		ioas->highest_area = area;
	rb_link_node(&area->node, parent, link);
	rb_insert_color_cached(&area->node, &ioas->areas, lowest);
	mapped_add(ioas, area);
	return true;
}

void iommufd_area_remove(struct iommufd_ioas *ioas, struct iommufd_area *area)
{
	lockdep_assert_held(&ioas->tree_lock);
	if (area == ioas->highest_area) {
		struct rb_node *prev = rb_prev(&area->node);

		ioas->highest_area = prev ? area_from_node(prev) : NULL;
	}
	rb_erase_cached(&area->node, &ioas->areas);
	mapped_sub(ioas, area);
}

/**
 * iommufd_area_resize() - let an area begin or end elsewhere, where it meets no other
 * @ioas: the IOAS, tree_lock held
 * @area: the area, in the tree
 * @first: its new first IOVA
 * @last: its new last IOVA
 */
void iommufd_area_resize(struct iommufd_ioas *ioas, struct iommufd_area *area, unsigned long first,
			 unsigned long last)
{
	lockdep_assert_held(&ioas->tree_lock);
	mapped_sub(ioas, area);
	area->first = first;
	area->last = last;
	mapped_add(ioas, area);
}
