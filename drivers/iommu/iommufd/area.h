/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Areas: what one call mapped. ioas.h explains their states.
 *
 * Areas don't overlap, so a plain tree by their first IOVA finds any of them. Most areas are the
 * only one of their backing; so the structure of a backing has room for the first.
 */
#ifndef __IOMMUFD_AREA_H
#define __IOMMUFD_AREA_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

struct iommufd_backing;
struct iommufd_ioas;

enum iommufd_area_state {
	IOMMUFD_AREA_MAPPING,
	IOMMUFD_AREA_READY,
	IOMMUFD_AREA_BUSY,
	IOMMUFD_AREA_REMOVING,
};

/**
 * struct iommufd_area - a mapped IOVA range
 * @node: in ioas->areas
 * @first: its first IOVA
 * @last: its last IOVA
 * @batch: with the areas that come or go together with it, while MAPPING or REMOVING
 * @backing: what it maps; a reference
 * @offset: byte offset in @backing of the first IOVA
 * @prot: IOMMU_READ, IOMMU_WRITE, IOMMU_CACHE
 * @state: what may be done with it; protected by ioas->tree_lock
 * @pinned: whether it has a pin on @backing; belongs to whoever took it out of READY
 */
struct iommufd_area {
	struct rb_node node;
	unsigned long first;
	unsigned long last;
	struct list_head batch;
	struct iommufd_backing *backing;
	unsigned long offset;
	int prot;
	enum iommufd_area_state state;
	bool pinned;
};

static inline unsigned long area_length(const struct iommufd_area *area)
{
	return area->last - area->first + 1;
}

struct iommufd_area *iommufd_area_first(struct iommufd_backing *backing, unsigned long offset,
					unsigned long length, u32 flags);
struct iommufd_area *iommufd_area_alloc(struct iommufd_backing *backing, unsigned long offset,
					unsigned long length, u32 flags);
void iommufd_area_release(struct iommufd_area *area);
struct iommufd_area *iommufd_area_find(struct iommufd_ioas *ioas, unsigned long first,
				       unsigned long last);
struct iommufd_area *iommufd_area_next(struct iommufd_area *area, unsigned long last);
bool iommufd_area_insert(struct iommufd_ioas *ioas, struct iommufd_area *area);
void iommufd_area_remove(struct iommufd_ioas *ioas, struct iommufd_area *area);
void iommufd_area_resize(struct iommufd_ioas *ioas, struct iommufd_area *area, unsigned long first,
			 unsigned long last);

#endif
