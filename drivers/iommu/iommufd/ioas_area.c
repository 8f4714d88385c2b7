// SPDX-License-Identifier: GPL-2.0-only
/*
 * Areas of an IOAS: how mappings come and go. ioas.h explains the states.
 */
#include <linux/slab.h>

#include "access.h"

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
	if (wq_has_sleeper(&ioas->area_wait))
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

static void area_unpin(struct iommufd_area *area)
{
	if (area->pinned)
		iommufd_backing_unpin(area->backing);
	area->pinned = false;
}

static void area_release(struct iommufd_area *area)
{
	iommufd_backing_put(area->backing);
	kfree(area);
}

/* Ends an area that nothing maps any more. */
static void area_free(struct iommufd_ioas *ioas, struct iommufd_area *area)
{
	area_unpin(area);
	mutex_lock(&ioas->tree_lock);
	interval_tree_remove(&area->node, &ioas->areas);
	area_changed(ioas);
	mutex_unlock(&ioas->tree_lock);
	area_release(area);
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

/**
 * iommufd_area_alloc() - an area that has no place yet
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
	struct iommufd_area *area = kzalloc(sizeof(*area), GFP_KERNEL_ACCOUNT);

	if (!area)
		return NULL;
	refcount_inc(&backing->refs);
	area->backing = backing;
	area->offset = offset;
	area->prot = map_prot(flags);
	area->state = IOMMUFD_AREA_MAPPING;
	/* Relative, until the area gets its place. */
	area->node.last = length - 1;
	return area;
}

/**
 * iommufd_areas_free() - free areas that have no place
 * @areas: list of areas
 */
void iommufd_areas_free(struct list_head *areas)
{
	struct iommufd_area *area, *next;

	list_for_each_entry_safe(area, next, areas, batch)
		area_release(area);
	INIT_LIST_HEAD(areas);
}

/* Whether the memory of all areas, put one after the other, fits the alignment. */
static bool areas_fit_alignment(struct iommufd_ioas *ioas, struct list_head *areas)
{
	struct iommufd_area *area;

	list_for_each_entry(area, areas, batch)
		if ((area->offset | area_length(area)) & (ioas->alignment - 1))
			return false;
	return true;
}

static int areas_find_place(struct iommufd_ioas *ioas, struct list_head *areas, unsigned long *iova,
			    unsigned long length, u32 flags)
{
	struct iommufd_area *first = list_first_entry(areas, struct iommufd_area, batch);

	lockdep_assert_held(&ioas->tree_lock);
	if (!areas_fit_alignment(ioas, areas))
		return -EINVAL;
	if (flags & IOMMU_IOAS_MAP_FIXED_IOVA)
		return iommufd_ioas_check_fixed(ioas, *iova, *iova + length - 1);
	return iommufd_ioas_find_free(ioas, first->backing->start + first->offset, length, iova);
}

/**
 * iommufd_areas_reserve() - take an IOVA range for new areas
 * @ioas: the IOAS
 * @areas: list of areas, which come to lie one behind the other in one range
 * @iova: the first IOVA; chosen here unless @flags has IOMMU_IOAS_MAP_FIXED_IOVA
 * @length: of all areas together
 * @flags: enum iommufd_ioas_map_flags
 *
 * Return: 0, with the areas in state MAPPING, for iommufd_areas_activate() or
 * iommufd_areas_cancel(); -EINVAL, -EEXIST or -ENOSPC, with nothing changed.
 */
int iommufd_areas_reserve(struct iommufd_ioas *ioas, struct list_head *areas, unsigned long *iova,
			  unsigned long length, u32 flags)
{
	struct iommufd_area *area;
	unsigned long next;
	int rc;

	mutex_lock(&ioas->tree_lock);
	rc = areas_find_place(ioas, areas, iova, length, flags);
	if (rc)
		goto unlock;
	next = *iova;
	list_for_each_entry(area, areas, batch) {
		area->node.start = next;
		area->node.last += next;
		next = area->node.last + 1;
		interval_tree_insert(&area->node, &ioas->areas);
	}
unlock:
	mutex_unlock(&ioas->tree_lock);
	return rc;
}

/**
 * iommufd_areas_cancel() - give up reserved areas
 * @ioas: the IOAS
 * @areas: list of areas in state MAPPING, in no page table
 */
void iommufd_areas_cancel(struct iommufd_ioas *ioas, struct list_head *areas)
{
	struct iommufd_area *area, *next;

	list_for_each_entry_safe(area, next, areas, batch)
		area_free(ioas, area);
	INIT_LIST_HEAD(areas);
}

static int areas_set_pinned(struct list_head *areas, bool pinned)
{
	struct iommufd_area *area;
	int rc;

	list_for_each_entry(area, areas, batch) {
		if (!pinned) {
			area_unpin(area);
		} else if (!area->pinned) {
			rc = iommufd_backing_pin(area->backing);
			if (rc)
				return rc;
			area->pinned = true;
		}
	}
	return 0;
}

static int areas_fill(struct iommufd_ioas *ioas, struct list_head *areas)
{
	struct iommufd_area *area;
	int rc;

	list_for_each_entry(area, areas, batch) {
		rc = iommufd_ioas_fill_area(ioas, area);
		if (rc)
			goto clear;
	}
	return 0;

clear:
	list_for_each_entry_continue_reverse(area, areas, batch)
		iommufd_ioas_clear_area(ioas, area);
	return rc;
}

static void areas_set_ready(struct iommufd_ioas *ioas, struct list_head *areas)
{
	struct iommufd_area *area, *next;

	mutex_lock(&ioas->tree_lock);
	list_for_each_entry_safe(area, next, areas, batch) {
		list_del_init(&area->batch);
		area->state = IOMMUFD_AREA_READY;
	}
	area_changed(ioas);
	mutex_unlock(&ioas->tree_lock);
}

/**
 * iommufd_areas_activate() - map reserved areas into all page tables that follow
 * @ioas: the IOAS
 * @areas: list of areas in state MAPPING
 *
 * Memory is pinned without the lock that keeps the set of page tables still, so that set is looked
 * at again afterwards.
 *
 * Return: 0, then the areas are ready; else the errno of pinning or mapping; the caller cancels.
 */
int iommufd_areas_activate(struct iommufd_ioas *ioas, struct list_head *areas)
{
	bool needed = READ_ONCE(ioas->pin_users);
	int rc;

	for (;;) {
		rc = areas_set_pinned(areas, needed);
		if (rc)
			return rc;
		rc = down_read_killable(&ioas->domains_sem);
		if (rc)
			return rc;
		if (needed == !!ioas->pin_users)
			break;
		needed = ioas->pin_users;
		up_read(&ioas->domains_sem);
	}
	rc = areas_fill(ioas, areas);
	if (!rc)
		areas_set_ready(ioas, areas);
	up_read(&ioas->domains_sem);
	return rc;
}

static bool area_can_be_copied(const struct iommufd_area *area)
{
	return area->state == IOMMUFD_AREA_READY || area->state == IOMMUFD_AREA_BUSY;
}

/* Adds to @areas a copy of what @area maps of [first, last]. */
static int area_copy_part(struct iommufd_area *area, unsigned long first, unsigned long last,
			  u32 flags, struct list_head *areas)
{
	unsigned long start = max(first, area->node.start);
	unsigned long end = min(last, area->node.last);
	struct iommufd_area *copy;

	if (flags & IOMMU_IOAS_MAP_WRITEABLE && !area->backing->writeable)
		return -EPERM;
	copy = iommufd_area_alloc(area->backing, area->offset + start - area->node.start,
				  end - start + 1, flags);
	if (!copy)
		return -ENOMEM;
	list_add_tail(&copy->batch, areas);
	return 0;
}

/**
 * iommufd_areas_copy() - areas for the memory that a range of an IOAS maps
 * @ioas: the IOAS
 * @first: first IOVA
 * @last: last IOVA
 * @flags: enum iommufd_ioas_map_flags for the copies
 * @areas: the copies are added to it, also on failure
 *
 * Return: 0; -ENOENT if not all of the range is mapped, -EPERM if the memory may not be written,
 * -ENOMEM.
 */
int iommufd_areas_copy(struct iommufd_ioas *ioas, unsigned long first, unsigned long last,
		       u32 flags, struct list_head *areas)
{
	unsigned long next = first;
	struct iommufd_area *area;
	int rc;

	guard(mutex)(&ioas->tree_lock);
	for (;;) {
		area = iommufd_area_find(ioas, next, last);
		if (!area || area->node.start > next || !area_can_be_copied(area))
			return -ENOENT;
		rc = area_copy_part(area, first, last, flags, areas);
		if (rc || area->node.last >= last)
			return rc;
		next = area->node.last + 1;
	}
}

static bool area_is_cut(const struct iommufd_area *area, unsigned long first, unsigned long last)
{
	return area && (area->node.start < first || area->node.last > last);
}

/* Takes the lowest area in [first, last] for removal. Returns -EAGAIN if it must be waited for. */
static struct iommufd_area *area_try_removal(struct iommufd_ioas *ioas, unsigned long first,
					     unsigned long last)
{
	struct iommufd_area *area = iommufd_area_find(ioas, first, last);

	if (!area)
		return NULL;
	if (area_is_cut(area, first, last))
		return ERR_PTR(-ENOENT);
	if (area->state == IOMMUFD_AREA_MAPPING)
		return ERR_PTR(-EBUSY);
	if (area->state != IOMMUFD_AREA_READY)
		return ERR_PTR(-EAGAIN);
	area->state = IOMMUFD_AREA_REMOVING;
	return area;
}

/*
 * Removes the lowest area in [first, last] from the page tables that follow. They stay the same
 * from the moment the area is no longer ready, so that a new one doesn't miss the area and still
 * see it removed; but nobody is waited for with that lock held.
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
	area = iommufd_area_find(ioas, first, last);
	cuts = area_is_cut(area, first, last);
	if (area && area->node.last < last)
		cuts |= area_is_cut(iommufd_area_find(ioas, last, last), first, last);
	mutex_unlock(&ioas->tree_lock);
	return cuts;
}

/* Removes the areas in a range where nobody has pins. */
static int unmap_range(struct iommufd_ioas *ioas, unsigned long first, unsigned long last,
		       unsigned long *unmapped)
{
	struct iommufd_area *area;
	unsigned long end;

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
 * iommufd_ioas_unmap() - remove the areas in a range
 * @ioas: the IOAS
 * @first: first IOVA
 * @last: last IOVA
 * @unmapped: set to the number of bytes that were mapped in the range, also after a failure
 *
 * Context: may wait for drivers that have pinned something there, but not for ever.
 * Return: 0, also if there was nothing; -ENOENT if the range would cut an area, and then nothing is
 * changed unless that area appeared meanwhile; -EBUSY if another thread is still mapping there, or
 * a driver keeps its pins; -EINTR for a fatal signal.
 */
int iommufd_ioas_unmap(struct iommufd_ioas *ioas, unsigned long first, unsigned long last,
		       unsigned long *unmapped)
{
	struct iommufd_leaving leaving;
	int rc;

	*unmapped = 0;
	if (range_cuts_area(ioas, first, last))
		return -ENOENT;
	rc = iommufd_access_ask(ioas, &leaving, first, last);
	if (rc)
		return rc;
	rc = unmap_range(ioas, first, last, unmapped);
	iommufd_access_ask_end(ioas, &leaving);
	return rc;
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
