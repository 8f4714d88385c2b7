// SPDX-License-Identifier: GPL-2.0-only
/*
 * Areas of an IOAS: how mappings come, and what all changes of areas have in common. ioas.h
 * explains the states.
 */
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "introspect.h"
#include "ioas.h"

/* How many areas are copied, or come, or go, under one lock, and between two looks at signals. */
#define AREAS_BATCH	256

/**
 * iommufd_area_wait_uninterruptible() - iommufd_area_wait() for who can't give up
 * @ioas: likewise
 *
 * Only for an area on which nobody works in a way that waits for a user.
 */
void iommufd_area_wait_uninterruptible(struct iommufd_ioas *ioas)
	__must_hold(&ioas->tree_lock)
{
	unsigned int seen = ioas->area_changes;

	mutex_unlock(&ioas->tree_lock);
	wait_event(ioas->area_wait, READ_ONCE(ioas->area_changes) != seen);
	mutex_lock(&ioas->tree_lock);
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

/**
 * iommufd_areas_free() - free areas that have no place
 * @areas: list of areas
 */
void iommufd_areas_free(struct list_head *areas)
{
	struct iommufd_area *area, *next;
	unsigned int done = 0;

	list_for_each_entry_safe(area, next, areas, batch) {
		iommufd_area_release(area);
		if (!(++done % AREAS_BATCH))
			cond_resched();
	}
	INIT_LIST_HEAD(areas);
}

/* Lets others have the lock for a moment, after every so many areas. */
static void areas_break_lock(struct iommufd_ioas *ioas, unsigned int *done)
{
	if (++*done % AREAS_BATCH)
		return;
	mutex_unlock(&ioas->tree_lock);
	cond_resched();
	mutex_lock(&ioas->tree_lock);
}

/**
 * iommufd_areas_end() - end areas that are in no page table, or no more
 * @ioas: the IOAS
 * @areas: list of areas in state MAPPING or REMOVING
 */
void iommufd_areas_end(struct iommufd_ioas *ioas, struct list_head *areas)
{
	struct iommufd_area *area;
	unsigned int done = 0;

	list_for_each_entry(area, areas, batch)
		if (area->pinned)
			iommufd_backing_unpin_hidden(area->backing);
	mutex_lock(&ioas->tree_lock);
	list_for_each_entry(area, areas, batch) {
		iommufd_area_remove(ioas, area);
		areas_break_lock(ioas, &done);
	}
	area_changed(ioas);
	mutex_unlock(&ioas->tree_lock);
	iommufd_areas_free(areas);
}

/* What has to be aligned of areas' memory: 0 in all bits that are 0 in each offset and length. */
static unsigned long areas_unaligned_bits(struct list_head *areas)
{
	struct iommufd_area *area;
	unsigned long bits = 0;

	list_for_each_entry(area, areas, batch)
		bits |= area->offset | area_length(area);
	return bits;
}

static int areas_find_place(struct iommufd_ioas *ioas, struct list_head *areas, unsigned long *iova,
			    unsigned long length, u32 flags)
{
	struct iommufd_area *first = list_first_entry(areas, struct iommufd_area, batch);

	lockdep_assert_held(&ioas->tree_lock);
	if (flags & IOMMU_IOAS_MAP_FIXED_IOVA)
		return iommufd_ioas_check_fixed(ioas, *iova, *iova + length - 1);
	return iommufd_ioas_find_free(ioas, first->backing->start + first->offset, length, iova);
}

/*
 * Takes the range of all areas, by their last one alone: nobody looks at what an area maps while it
 * is MAPPING. areas_insert_others() makes it what it is.
 */
static int areas_take_range(struct iommufd_ioas *ioas, struct list_head *areas,
			    unsigned long *iova, unsigned long length, u32 flags)
{
	struct iommufd_area *last = list_last_entry(areas, struct iommufd_area, batch);
	unsigned long unaligned = areas_unaligned_bits(areas);
	int rc;

	guard(mutex)(&ioas->tree_lock);
	if (unaligned & (ioas->alignment - 1))
		return -EINVAL;
	rc = areas_find_place(ioas, areas, iova, length, flags);
	if (rc)
		return rc;
	last->first = *iova;
	last->last = *iova + length - 1;
	return iommufd_area_insert(ioas, last) ? 0 : -EEXIST;
}

/*
 * Gives areas from @area on the start of the range that the last one has taken, some of them under
 * one lock. Returns the next.
 */
static struct iommufd_area *areas_insert_some(struct iommufd_ioas *ioas, struct iommufd_area *area,
					      struct iommufd_area *last)
{
	unsigned int room;

	guard(mutex)(&ioas->tree_lock);
	for (room = AREAS_BATCH; room && area != last; room--) {
		area->first = last->first;
		area->last += last->first;
		iommufd_area_resize(ioas, last, area->last + 1, last->last);
		WARN_ON(!iommufd_area_insert(ioas, area));
		area = list_next_entry(area, batch);
	}
	return area;
}

/* Puts all areas but the last into the tree, where the last one keeps their place. */
static int areas_insert_others(struct iommufd_ioas *ioas, struct list_head *areas)
{
	struct iommufd_area *area = list_first_entry(areas, struct iommufd_area, batch);
	struct iommufd_area *last = list_last_entry(areas, struct iommufd_area, batch);
	unsigned long unaligned = areas_unaligned_bits(areas);

	while (area != last) {
		area = areas_insert_some(ioas, area, last);
		cond_resched();
	}
	/* Whoever has raised the alignment meanwhile did not see all of them. */
	guard(mutex)(&ioas->tree_lock);
	return unaligned & (ioas->alignment - 1) ? -EINVAL : 0;
}

/*
 * Takes an IOVA range for new areas. Returns 0 with the areas in state MAPPING, for
 * areas_activate() or iommufd_areas_end(); or an errno with the areas freed.
 */
static int areas_reserve(struct iommufd_ioas *ioas, struct list_head *areas, unsigned long *iova,
			 unsigned long length, u32 flags)
{
	int rc = areas_take_range(ioas, areas, iova, length, flags);

	if (rc) {
		iommufd_areas_free(areas);
		return rc;
	}
	if (list_is_singular(areas))
		return 0;
	rc = areas_insert_others(ioas, areas);
	if (rc)
		iommufd_areas_end(ioas, areas);
	return rc;
}

/* A break for every so many areas. */
static int areas_take_break(unsigned int *done)
{
	if (++*done % AREAS_BATCH)
		return 0;
	cond_resched();
	return fatal_signal_pending(current) ? -EINTR : 0;
}

static int areas_set_pinned(struct list_head *areas, bool pinned)
{
	struct iommufd_area *area;
	unsigned int done = 0;
	int rc;

	list_for_each_entry(area, areas, batch) {
		if (!pinned) {
			area_unpin(area);
		} else if (!area->pinned) {
			rc = iommufd_backing_pin_hidden(area->backing);
			if (rc)
				return rc;
			area->pinned = true;
		}
		rc = areas_take_break(&done);
		if (rc)
			return rc;
	}
	return 0;
}

static int areas_fill(struct iommufd_ioas *ioas, struct list_head *areas)
{
	struct iommufd_area *area;
	unsigned int done = 0;
	int rc;

	list_for_each_entry(area, areas, batch) {
		rc = areas_take_break(&done) ?: iommufd_ioas_fill_area(ioas, area);
		if (rc)
			goto clear;
	}
	return 0;

clear:
	list_for_each_entry_continue_reverse(area, areas, batch)
		iommufd_ioas_clear_area(ioas, area);
	return rc;
}

/* Areas that are ready may vanish any moment. */
static void areas_set_ready(struct iommufd_ioas *ioas, struct list_head *areas)
{
	struct iommufd_area *area, *next;
	unsigned long length = 0;
	unsigned int done = 0;

	mutex_lock(&ioas->tree_lock);
	list_for_each_entry_safe(area, next, areas, batch) {
		length += area_length(area);
		list_del_init(&area->batch);
		area->state = IOMMUFD_AREA_READY;
		areas_break_lock(ioas, &done);
	}
	area_changed(ioas);
	mutex_unlock(&ioas->tree_lock);
	iommufd_count_map(ioas->obj.ictx, length >> PAGE_SHIFT);
}

/*
 * Maps reserved areas into all page tables that follow. Memory is pinned without the lock that
 * keeps the set of page tables still, so that set is looked at again afterwards. Returns 0, then
 * the areas are ready; else the errno of pinning or mapping, for iommufd_areas_end().
 */
static int areas_activate(struct iommufd_ioas *ioas, struct list_head *areas)
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

/**
 * iommufd_areas_map() - give new areas a place, tell the user, and map them
 * @ioas: the IOAS
 * @areas: list of areas, which come to lie one behind the other in one range; consumed, also on
 *         failure
 * @iova: the first IOVA; chosen here unless @flags has IOMMU_IOAS_MAP_FIXED_IOVA
 * @uiova: where the user wants to know it, or NULL
 * @length: of all areas together, in bytes
 * @flags: enum iommufd_ioas_map_flags
 *
 * The answer goes out before the work, so that it can't fail afterwards.
 *
 * Context: may wait for user memory.
 * Return: 0; -EINVAL (misaligned, or can't be translated), -EEXIST, -ENOSPC, -EFAULT (also @uiova),
 * -ENOMEM, -EINTR (fatal signal) or an errno of the IOMMU driver.
 */
int iommufd_areas_map(struct iommufd_ioas *ioas, struct list_head *areas, unsigned long iova,
		      u64 __user *uiova, unsigned long length, u32 flags)
{
	int rc = areas_reserve(ioas, areas, &iova, length, flags);

	if (rc)
		return rc;
	if (uiova)
		rc = put_user(iova, uiova);
	if (!rc)
		rc = areas_activate(ioas, areas);
	if (rc)
		iommufd_areas_end(ioas, areas);
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
	unsigned long start = max(first, area->first);
	unsigned long end = min(last, area->last);
	struct iommufd_area *copy;

	/* It would have to be found again when the device goes. */
	if (area->backing->device)
		return -EINVAL;
	if (flags & IOMMU_IOAS_MAP_WRITEABLE && !area->backing->writeable)
		return -EPERM;
	copy = iommufd_area_alloc(area->backing, area->offset + start - area->first,
				  end - start + 1, flags);
	if (!copy)
		return -ENOMEM;
	list_add_tail(&copy->batch, areas);
	return 0;
}

/* As iommufd_areas_copy() from @next on. -EAGAIN if there is more, and then @next has moved on. */
static int areas_copy_some(struct iommufd_ioas *ioas, unsigned long first, unsigned long last,
			   unsigned long *next, u32 flags, struct list_head *areas)
{
	struct iommufd_area *area = iommufd_area_find(ioas, *next, last);
	unsigned int room;
	int rc;

	for (room = AREAS_BATCH; room; room--) {
		if (!area || area->first > *next || !area_can_be_copied(area))
			return -ENOENT;
		rc = area_copy_part(area, first, last, flags, areas);
		if (rc || area->last >= last)
			return rc;
		*next = area->last + 1;
		area = iommufd_area_next(area, last);
	}
	return -EAGAIN;
}

/**
 * iommufd_areas_copy() - areas for the memory that a range of an IOAS maps
 * @ioas: the IOAS
 * @first: first IOVA
 * @last: last IOVA
 * @flags: enum iommufd_ioas_map_flags for the copies
 * @areas: the copies are added to it, also on failure
 *
 * A range of very many areas is not looked at in one moment: what is mapped anew behind the area
 * that was copied last may be copied, or not.
 *
 * Return: 0; -ENOENT if not all of the range is mapped, -EPERM if the memory may not be written,
 * -EINVAL if it is a device's, -ENOMEM, -EINTR (fatal signal).
 */
int iommufd_areas_copy(struct iommufd_ioas *ioas, unsigned long first, unsigned long last,
		       u32 flags, struct list_head *areas)
{
	unsigned long next = first;
	int rc;

	do {
		mutex_lock(&ioas->tree_lock);
		rc = areas_copy_some(ioas, first, last, &next, flags, areas);
		mutex_unlock(&ioas->tree_lock);
		cond_resched();
		if (rc == -EAGAIN && fatal_signal_pending(current))
			rc = -EINTR;
	} while (rc == -EAGAIN);
	return rc;
}
