// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page tables that follow an IOAS: adding one, removing one, and changing all of them.
 */
#include <linux/slab.h>

#include "endpoint.h"
#include "hwpt.h"

/**
 * iommufd_ioas_fill_area() - map an area into every page table that follows
 * @ioas: the IOAS, domains_sem held
 * @area: the area, pinned if there are any
 *
 * Return: 0, or the errno of the first failure, and then it is in none; -ENODEV if it is memory of
 * a device that goes.
 */
int iommufd_ioas_fill_area(struct iommufd_ioas *ioas, struct iommufd_area *area)
{
	struct iommufd_hwpt *hwpt;
	int rc;

	lockdep_assert_held(&ioas->domains_sem);
	if (area->backing->device && READ_ONCE(area->backing->device->memory_gone))
		return -ENODEV;
	list_for_each_entry(hwpt, &ioas->hwpts, ioas_link) {
		rc = iommufd_hwpt_map_area(hwpt, area);
		if (rc)
			goto unmap;
	}
	return 0;

unmap:
	list_for_each_entry_continue_reverse(hwpt, &ioas->hwpts, ioas_link)
		iommufd_hwpt_unmap_area(hwpt, area);
	return rc;
}

/**
 * iommufd_ioas_clear_area() - take an area out of every page table that follows
 * @ioas: the IOAS, domains_sem held
 * @area: the area, in all of them
 */
void iommufd_ioas_clear_area(struct iommufd_ioas *ioas, struct iommufd_area *area)
{
	struct iommufd_hwpt *hwpt;

	lockdep_assert_held(&ioas->domains_sem);
	list_for_each_entry(hwpt, &ioas->hwpts, ioas_link)
		iommufd_hwpt_unmap_area(hwpt, area);
}

/*
 * Takes the next ready area from @first on out of READY, waiting for those who work on one, and
 * leaving aside those that come (they will find the new page table by themselves) and go.
 */
static struct iommufd_area *take_ready_area(struct iommufd_ioas *ioas, unsigned long first)
{
	struct iommufd_area *area;
	int rc = 0;

	mutex_lock(&ioas->tree_lock);
	while ((area = iommufd_area_find(ioas, first, ULONG_MAX))) {
		if (area->state == IOMMUFD_AREA_READY) {
			area->state = IOMMUFD_AREA_BUSY;
			break;
		}
		if (area->state == IOMMUFD_AREA_BUSY) {
			rc = iommufd_area_wait(ioas);
			if (rc)
				break;
			continue;
		}
		if (area->last == ULONG_MAX) {
			area = NULL;
			break;
		}
		first = area->last + 1;
	}
	mutex_unlock(&ioas->tree_lock);
	return rc ? ERR_PTR(rc) : area;
}

/* Calls @fn for every ready area, with the area out of READY and tree_lock not held. */
static int call_ready_areas(struct iommufd_ioas *ioas,
			    int (*fn)(struct iommufd_area *area, void *arg), void *arg)
{
	struct iommufd_area *area;
	unsigned long last = 0;
	bool any = false;
	int rc = 0;

	while (!rc && !(any && last == ULONG_MAX)) {
		area = take_ready_area(ioas, any ? last + 1 : 0);
		if (IS_ERR_OR_NULL(area))
			return PTR_ERR_OR_ZERO(area);
		last = area->last;
		any = true;
		rc = fn(area, arg);
		iommufd_area_set_ready(ioas, area);
		if (!rc && fatal_signal_pending(current))
			rc = -EINTR;
		cond_resched();
	}
	return rc;
}

static int pin_area(struct iommufd_area *area, void *arg)
{
	int rc;

	if (area->pinned)
		return 0;
	rc = iommufd_backing_pin(area->backing);
	if (!rc)
		area->pinned = true;
	return rc;
}

static int map_area(struct iommufd_area *area, void *arg)
{
	return iommufd_hwpt_map_area(arg, area);
}

/*
 * Takes a ready, pinned area out of READY if nobody needs pins. Never waits: whoever works on an
 * area now either unpins it, or has raised pin_users and comes by here again.
 */
static struct iommufd_area *take_area_to_unpin(struct iommufd_ioas *ioas, unsigned long first)
{
	struct iommufd_area *area = NULL;

	mutex_lock(&ioas->tree_lock);
	while (!ioas->pin_users && (area = iommufd_area_find(ioas, first, ULONG_MAX))) {
		if (area->state == IOMMUFD_AREA_READY && area->pinned) {
			area->state = IOMMUFD_AREA_BUSY;
			break;
		}
		first = area->last + 1;
		area = NULL;
		if (!first)
			break;
	}
	mutex_unlock(&ioas->tree_lock);
	return area;
}

static void pins_get(struct iommufd_ioas *ioas)
{
	down_write(&ioas->domains_sem);
	mutex_lock(&ioas->tree_lock);
	ioas->pin_users++;
	mutex_unlock(&ioas->tree_lock);
	up_write(&ioas->domains_sem);
}

/* domains_sem is held for write; unpin_unneeded() follows without it. */
static void pins_put_locked(struct iommufd_ioas *ioas)
{
	lockdep_assert_held_write(&ioas->domains_sem);
	mutex_lock(&ioas->tree_lock);
	ioas->pin_users--;
	mutex_unlock(&ioas->tree_lock);
}

static void unpin_unneeded(struct iommufd_ioas *ioas)
{
	struct iommufd_area *area;
	unsigned long first = 0;

	while ((area = take_area_to_unpin(ioas, first))) {
		first = area->first;
		iommufd_backing_unpin(area->backing);
		area->pinned = false;
		iommufd_area_set_ready(ioas, area);
		cond_resched();
	}
}

static int reserve_outside_aperture(struct iommufd_hwpt *hwpt)
{
	const struct iommu_domain_geometry *geometry = &hwpt->domain->geometry;
	int rc = 0;

	if (!geometry->force_aperture)
		return 0;
	if (geometry->aperture_start)
		rc = iommufd_reserve_range(&hwpt->aperture, 0, geometry->aperture_start - 1);
	if (!rc && geometry->aperture_end != ULONG_MAX)
		rc = iommufd_reserve_range(&hwpt->aperture, geometry->aperture_end + 1, ULONG_MAX);
	return rc;
}

static bool areas_are_aligned(struct iommufd_ioas *ioas, unsigned long alignment)
{
	struct iommufd_area *area;

	for (area = iommufd_area_find(ioas, 0, ULONG_MAX); area;
	     area = iommufd_area_next(area, ULONG_MAX)) {
		if ((area->first | (area->last + 1) | area->offset) & (alignment - 1))
			return false;
		cond_resched();
	}
	return true;
}

/* From now on areas have to be aligned like that at least. */
static int raise_alignment_locked(struct iommufd_ioas *ioas, unsigned long alignment)
{
	lockdep_assert_held(&ioas->tree_lock);
	if (alignment <= ioas->alignment)
		return 0;
	if (!areas_are_aligned(ioas, alignment))
		return -EADDRINUSE;
	ioas->alignment = alignment;
	return 0;
}

/* From now on areas have to be aligned as @hwpt needs it. */
static int raise_alignment(struct iommufd_ioas *ioas, struct iommufd_hwpt *hwpt)
{
	unsigned long alignment = hwpt_min_page_size(hwpt);

	if (alignment > PAGE_SIZE)
		return -EINVAL;
	guard(mutex)(&ioas->tree_lock);
	return raise_alignment_locked(ioas, alignment);
}

/* The alignment that an IOAS demands without page tables. */
static unsigned long ioas_base_alignment(const struct iommufd_ioas *ioas)
{
	return ioas->small_pages || ioas->page_users ? PAGE_SIZE : 1;
}

/* A page table has gone: what is left may demand less. */
static void lower_alignment(struct iommufd_ioas *ioas)
{
	mutex_lock(&ioas->tree_lock);
	if (!ioas->pin_users)
		ioas->alignment = ioas_base_alignment(ioas);
	mutex_unlock(&ioas->tree_lock);
}

/**
 * iommufd_ioas_get_page_alignment() - have all mappings aligned to pages
 * @ioas: the IOAS
 *
 * Return: 0, for iommufd_ioas_put_page_alignment(); -EADDRINUSE if something is mapped that isn't.
 */
int iommufd_ioas_get_page_alignment(struct iommufd_ioas *ioas)
{
	int rc;

	guard(mutex)(&ioas->tree_lock);
	rc = raise_alignment_locked(ioas, PAGE_SIZE);
	if (!rc)
		ioas->page_users++;
	return rc;
}

void iommufd_ioas_put_page_alignment(struct iommufd_ioas *ioas)
{
	mutex_lock(&ioas->tree_lock);
	ioas->page_users--;
	mutex_unlock(&ioas->tree_lock);
	lower_alignment(ioas);
}

/**
 * iommufd_ioas_set_small_pages() - choose whether page tables map with pages of PAGE_SIZE at most
 * @ioas: the IOAS
 * @small: whether they do
 *
 * While they do, page tables hold nothing larger: mappings that are larger can't be made smaller.
 *
 * Return: 0; -EINVAL if page tables hold mappings that may be larger; -EADDRINUSE if something is
 * mapped that is not aligned to pages.
 */
int iommufd_ioas_set_small_pages(struct iommufd_ioas *ioas, bool small)
{
	guard(rwsem_write)(&ioas->domains_sem);
	guard(mutex)(&ioas->tree_lock);
	if (small == ioas->small_pages)
		return 0;
	if (small && ioas->pin_users && !RB_EMPTY_ROOT(&ioas->areas.rb_root))
		return -EINVAL;
	if (small && !areas_are_aligned(ioas, PAGE_SIZE))
		return -EADDRINUSE;
	ioas->small_pages = small;
	if (small || !ioas->pin_users)
		ioas->alignment = ioas_base_alignment(ioas);
	return 0;
}

/**
 * iommufd_ioas_follow() - fill a new page table, and keep it up to date from now on
 * @ioas: the IOAS
 * @hwpt: a page table that no device uses yet
 *
 * Context: may wait for user memory.
 * Return: 0; -EADDRINUSE if something is mapped that @hwpt can't translate, -EINVAL if its pages
 * are larger than the CPU's; -ENOMEM, -EFAULT, -EINTR. After a failure @hwpt does not follow, and
 * its domain is freed.
 */
int iommufd_ioas_follow(struct iommufd_ioas *ioas, struct iommufd_hwpt *hwpt)
{
	int rc;

	pins_get(ioas);
	rc = raise_alignment(ioas, hwpt);
	if (rc)
		goto put_pins;
	rc = reserve_outside_aperture(hwpt);
	if (rc)
		goto drop_aperture;
	rc = call_ready_areas(ioas, pin_area, NULL);
	if (rc)
		goto drop_aperture;

	down_write(&ioas->domains_sem);
	rc = call_ready_areas(ioas, map_area, hwpt);
	if (!rc)
		list_add(&hwpt->ioas_link, &ioas->hwpts);
	up_write(&ioas->domains_sem);
	if (rc)
		goto drop_aperture;
	return 0;

drop_aperture:
	iommufd_reservations_drop(&hwpt->aperture);
	iommufd_reservations_free(&hwpt->aperture);
put_pins:
	down_write(&ioas->domains_sem);
	pins_put_locked(ioas);
	up_write(&ioas->domains_sem);
	lower_alignment(ioas);
	/* What was mapped so far goes with the page table, before the pages may be reused. */
	iommufd_domain_free(hwpt->domain);
	unpin_unneeded(ioas);
	return rc;
}

/**
 * iommufd_ioas_unfollow() - the end of a page table that follows
 * @ioas: the IOAS
 * @hwpt: a page table that no device uses any more; its domain is freed
 */
void iommufd_ioas_unfollow(struct iommufd_ioas *ioas, struct iommufd_hwpt *hwpt)
{
	down_write(&ioas->domains_sem);
	list_del(&hwpt->ioas_link);
	pins_put_locked(ioas);
	up_write(&ioas->domains_sem);
	iommufd_reservations_drop(&hwpt->aperture);
	iommufd_reservations_free(&hwpt->aperture);
	lower_alignment(ioas);
	iommufd_domain_free(hwpt->domain);
	unpin_unneeded(ioas);
}
