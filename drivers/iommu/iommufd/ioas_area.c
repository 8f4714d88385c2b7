// SPDX-License-Identifier: GPL-2.0-only
/*
 * Areas of an IOAS: how mappings come and go. ioas.h explains the states.
 */
#include <linux/slab.h>

#include "ioas.h"

/**
 * iommufd_area_find() - the lowest area that intersects a range
 * @ioas: the IOAS, tree_lock held
 * @first: first IOVA
 * @last: last IOVA
 */
struct iommufd_area *iommufd_area_find(struct iommufd_ioas *ioas, unsigned long first,
				       unsigned long last)
{
	struct interval_tree_node *node = interval_tree_iter_first(&ioas->areas, first, last);

	lockdep_assert_held(&ioas->tree_lock);
	return node ? container_of(node, struct iommufd_area, node) : NULL;
}

/**
 * iommufd_area_wait() - wait until some area becomes ready or vanishes
 * @ioas: the IOAS; tree_lock is held, is dropped while waiting, and is held again on return
 *
 * What the caller knew about areas has to be looked up again.
 *
 * Return: 0, or -EINTR for a fatal signal.
 */
int iommufd_area_wait(struct iommufd_ioas *ioas)
	__must_hold(&ioas->tree_lock)
{
	unsigned int seen = ioas->area_changes;
	int rc;

	mutex_unlock(&ioas->tree_lock);
	rc = wait_event_killable(ioas->area_wait, READ_ONCE(ioas->area_changes) != seen);
	mutex_lock(&ioas->tree_lock);
	return rc ? -EINTR : 0;
}

static void area_changed(struct iommufd_ioas *ioas)
{
	lockdep_assert_held(&ioas->tree_lock);
	WRITE_ONCE(ioas->area_changes, ioas->area_changes + 1);
	wake_up_all(&ioas->area_wait);
}

/**
 * iommufd_area_set_ready() - give back an area that the caller worked on
 * @ioas: the IOAS
 * @area: the area, which may be gone on return
 */
void iommufd_area_set_ready(struct iommufd_ioas *ioas, struct iommufd_area *area)
{
	mutex_lock(&ioas->tree_lock);
	area->state = IOMMUFD_AREA_READY;
	area_changed(ioas);
	mutex_unlock(&ioas->tree_lock);
}

/* Ends an area that nothing maps any more. */
static void area_free(struct iommufd_ioas *ioas, struct iommufd_area *area)
{
	if (area->pinned)
		iommufd_backing_unpin(area->backing);
	mutex_lock(&ioas->tree_lock);
	interval_tree_remove(&area->node, &ioas->areas);
	area_changed(ioas);
	mutex_unlock(&ioas->tree_lock);
	iommufd_backing_put(area->backing);
	kfree(area);
}

static int map_prot(u32 flags)
{
	int prot = IOMMU_CACHE;

	if (flags & IOMMU_IOAS_MAP_READABLE)
		prot |= IOMMU_READ;
	if (flags & IOMMU_IOAS_MAP_WRITEABLE)
		prot |= IOMMU_WRITE;
	return prot;
}

/* Finds the area's place and puts it there. */
static int area_insert(struct iommufd_ioas *ioas, struct iommufd_area *area,
		       const struct iommu_ioas_map *map)
{
	unsigned long iova = map->iova;
	int rc;

	lockdep_assert_held(&ioas->tree_lock);
	if (map->flags & IOMMU_IOAS_MAP_FIXED_IOVA) {
		rc = iommufd_ioas_check_fixed(ioas, iova, iova + map->length - 1);
		if (!rc && (map->user_va & (ioas->alignment - 1)))
			rc = -EINVAL;
	} else {
		rc = iommufd_ioas_find_free(ioas, map->user_va, map->length, &iova);
	}
	if (rc)
		return rc;
	area->node.start = iova;
	area->node.last = iova + map->length - 1;
	interval_tree_insert(&area->node, &ioas->areas);
	return 0;
}

/**
 * iommufd_area_reserve() - take an IOVA range for a new area
 * @ioas: the IOAS
 * @backing: the memory; the area takes a reference of its own
 * @map: what the user asked for, checked for wrap-around
 *
 * Return: the area in state MAPPING, for iommufd_area_activate() or iommufd_area_cancel();
 * ERR_PTR of -EINVAL, -EEXIST, -ENOSPC or -ENOMEM.
 */
struct iommufd_area *iommufd_area_reserve(struct iommufd_ioas *ioas,
					  struct iommufd_backing *backing,
					  const struct iommu_ioas_map *map)
{
	struct iommufd_area *area;
	int rc;

	area = kzalloc(sizeof(*area), GFP_KERNEL_ACCOUNT);
	if (!area)
		return ERR_PTR(-ENOMEM);
	area->backing = backing;
	area->offset = offset_in_page(map->user_va);
	area->prot = map_prot(map->flags);
	area->state = IOMMUFD_AREA_MAPPING;

	mutex_lock(&ioas->tree_lock);
	rc = area_insert(ioas, area, map);
	mutex_unlock(&ioas->tree_lock);
	if (rc) {
		kfree(area);
		return ERR_PTR(rc);
	}
	refcount_inc(&backing->refs);
	return area;
}

/**
 * iommufd_area_cancel() - give up a reserved area
 * @ioas: the IOAS
 * @area: in state MAPPING, in no page table
 */
void iommufd_area_cancel(struct iommufd_ioas *ioas, struct iommufd_area *area)
{
	area_free(ioas, area);
}

static int area_set_pinned(struct iommufd_area *area, bool pinned)
{
	int rc = 0;

	if (pinned == area->pinned)
		return 0;
	if (pinned)
		rc = iommufd_backing_pin(area->backing);
	else
		iommufd_backing_unpin(area->backing);
	if (!rc)
		area->pinned = pinned;
	return rc;
}

/**
 * iommufd_area_activate() - map a reserved area into all page tables that follow
 * @ioas: the IOAS
 * @area: in state MAPPING
 *
 * Memory is pinned without the lock that keeps the set of page tables still, so that set is looked
 * at again afterwards.
 *
 * Return: 0, then the area is ready; else the errno of pinning or mapping, and the caller cancels.
 */
int iommufd_area_activate(struct iommufd_ioas *ioas, struct iommufd_area *area)
{
	bool needed = READ_ONCE(ioas->pin_users);
	int rc;

	for (;;) {
		rc = area_set_pinned(area, needed);
		if (rc)
			return rc;
		rc = down_read_killable(&ioas->domains_sem);
		if (rc)
			return rc;
		if (area->pinned == !!ioas->pin_users)
			break;
		needed = ioas->pin_users;
		up_read(&ioas->domains_sem);
	}
	rc = iommufd_ioas_fill_area(ioas, area);
	if (!rc)
		iommufd_area_set_ready(ioas, area);
	up_read(&ioas->domains_sem);
	return rc;
}

/* Takes the lowest area in [first, last] for removal. Returns -EAGAIN if it has to be waited for. */
static struct iommufd_area *area_try_removal(struct iommufd_ioas *ioas, unsigned long first,
					     unsigned long last)
{
	struct iommufd_area *area = iommufd_area_find(ioas, first, last);

	if (!area)
		return NULL;
	if (area->node.start < first || area->node.last > last)
		return ERR_PTR(-ENOENT);
	if (area->state == IOMMUFD_AREA_MAPPING)
		return ERR_PTR(-EBUSY);
	if (area->state != IOMMUFD_AREA_READY)
		return ERR_PTR(-EAGAIN);
	area->state = IOMMUFD_AREA_REMOVING;
	return area;
}

/*
 * Removes the lowest area in [first, last] from the page tables that follow. They stay the same from
 * the moment the area is no longer ready, so that a new one doesn't miss the area and still see it
 * removed; but nobody is waited for with that lock held.
 */
static struct iommufd_area *area_clear_lowest(struct iommufd_ioas *ioas, unsigned long first,
					      unsigned long last)
{
	struct iommufd_area *area;
	int rc;

	for (;;) {
		down_read(&ioas->domains_sem);
		mutex_lock(&ioas->tree_lock);
		area = area_try_removal(ioas, first, last);
		if (area != ERR_PTR(-EAGAIN))
			break;
		up_read(&ioas->domains_sem);
		rc = iommufd_area_wait(ioas);
		mutex_unlock(&ioas->tree_lock);
		if (rc)
			return ERR_PTR(rc);
	}
	mutex_unlock(&ioas->tree_lock);
	if (!IS_ERR_OR_NULL(area))
		iommufd_ioas_clear_area(ioas, area);
	up_read(&ioas->domains_sem);
	return area;
}

/* Whether the range would cut an area in two; only those at its ends can be cut. */
static bool range_cuts_area(struct iommufd_ioas *ioas, unsigned long first, unsigned long last)
{
	struct iommufd_area *area;
	bool cuts;

	mutex_lock(&ioas->tree_lock);
	area = iommufd_area_find(ioas, first, first);
	cuts = area && (area->node.start < first || area->node.last > last);
	area = iommufd_area_find(ioas, last, last);
	cuts |= area && (area->node.start < first || area->node.last > last);
	mutex_unlock(&ioas->tree_lock);
	return cuts;
}

/**
 * iommufd_ioas_unmap() - remove the areas in a range
 * @ioas: the IOAS
 * @first: first IOVA
 * @last: last IOVA
 * @unmapped: set to the number of bytes that were mapped in the range, also after a failure
 *
 * Return: 0, also if there was nothing; -ENOENT if the range would cut an area, and then nothing is
 * changed unless that area appeared meanwhile; -EBUSY if another thread is still mapping there;
 * -EINTR for a fatal signal.
 */
int iommufd_ioas_unmap(struct iommufd_ioas *ioas, unsigned long first, unsigned long last,
		       unsigned long *unmapped)
{
	struct iommufd_area *area;
	unsigned long end;

	*unmapped = 0;
	if (range_cuts_area(ioas, first, last))
		return -ENOENT;
	/* Never looks back, so that what is mapped anew behind it stays. */
	for (;;) {
		area = area_clear_lowest(ioas, first, last);
		if (IS_ERR_OR_NULL(area))
			return PTR_ERR_OR_ZERO(area);
		end = area->node.last;
		*unmapped += area_length(area);
		area_free(ioas, area);
		if (end == last)
			return 0;
		first = end + 1;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
}

/**
 * iommufd_ioas_destroy_areas() - free all areas of an IOAS that nobody uses any more
 * @ioas: the IOAS
 */
void iommufd_ioas_destroy_areas(struct iommufd_ioas *ioas)
{
	struct iommufd_area *area;

	for (;;) {
		mutex_lock(&ioas->tree_lock);
		area = iommufd_area_find(ioas, 0, ULONG_MAX);
		mutex_unlock(&ioas->tree_lock);
		if (!area)
			return;
		area_free(ioas, area);
		cond_resched();
	}
}
