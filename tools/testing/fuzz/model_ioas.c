// SPDX-License-Identifier: GPL-2.0-only
/*
 * Address spaces: areas, reserved and allowed ranges.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

bool ranges_meet(uint64_t a_first, uint64_t a_last, uint64_t b_first, uint64_t b_last)
{
	return a_first <= b_last && b_first <= a_last;
}

/* The lowest area of which a part lies in a range, or NULL. */
struct model_area *ioas_find(struct model_ioas *ioas, uint64_t first, uint64_t last)
{
	unsigned int i;

	for (i = 0; i < ioas->nr_areas; i++)
		if (ranges_meet(first, last, ioas->areas[i].first, ioas->areas[i].last))
			return &ioas->areas[i];
	return NULL;
}

/* The area that begins where another ends, or NULL. */
struct model_area *ioas_next(struct model_ioas *ioas, struct model_area *area)
{
	struct model_area *next = area + 1;

	if (next == ioas->areas + ioas->nr_areas || next->first != area->last + 1)
		return NULL;
	return next;
}

bool ioas_maps_all(struct model_ioas *ioas, uint64_t first, uint64_t last)
{
	struct model_area *area = ioas_find(ioas, first, first);

	while (area && area->last < last)
		area = ioas_next(ioas, area);
	return area;
}

static bool any_meets(const struct model_range *ranges, unsigned int nr, uint64_t first,
		      uint64_t last)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (ranges_meet(first, last, ranges[i].first, ranges[i].last))
			return true;
	return false;
}

bool ioas_is_reserved(const struct model_ioas *ioas, uint64_t first, uint64_t last)
{
	return any_meets(ioas->reserved, ioas->nr_reserved, first, last);
}

/* Whether all areas are aligned like that. */
bool ioas_is_aligned(const struct model_ioas *ioas, uint64_t alignment)
{
	unsigned int i;

	for (i = 0; i < ioas->nr_areas; i++) {
		const struct model_area *area = &ioas->areas[i];

		if ((area->first | (area->last + 1) | area->va) & (alignment - 1))
			return false;
	}
	return true;
}

/* Whether a new area may lie in a range. */
int ioas_check_fixed(struct model_ioas *ioas, uint64_t first, uint64_t last)
{
	if ((first | (last + 1)) & (ioas->alignment - 1))
		return -EINVAL;
	if (ioas_is_reserved(ioas, first, last))
		return -EINVAL;
	return ioas_find(ioas, first, last) ? -EEXIST : 0;
}

/* The last IOVA of something in the way of a range; false if there is nothing. */
static bool find_obstacle(struct model_ioas *ioas, uint64_t first, uint64_t last, uint64_t *end)
{
	struct model_area *area = ioas_find(ioas, first, last);
	unsigned int i;

	if (area) {
		*end = area->last;
		return true;
	}
	for (i = 0; i < ioas->nr_reserved; i++) {
		if (ranges_meet(first, last, ioas->reserved[i].first, ioas->reserved[i].last)) {
			*end = ioas->reserved[i].last;
			return true;
		}
	}
	return false;
}

static bool has_room_within(struct model_ioas *ioas, uint64_t start, uint64_t end, uint64_t va,
			    uint64_t length)
{
	uint64_t first, last, obstacle;

	for (;;) {
		first = start + ((va - start) & (PAGE - 1));
		last = first + length - 1;
		if (first < start || last < first || last > end)
			return false;
		if (!find_obstacle(ioas, first, last, &obstacle))
			return true;
		if (obstacle >= end)
			return false;
		start = obstacle + 1;
	}
}

/* Whether there is room for memory at @va, at the same place in a page. */
bool ioas_has_room(struct model_ioas *ioas, uint64_t va, uint64_t length)
{
	unsigned int i;

	if (!ioas->nr_allowed)
		return has_room_within(ioas, PAGE, UINT64_MAX - PAGE, va, length);
	for (i = 0; i < ioas->nr_allowed; i++)
		if (has_room_within(ioas, ioas->allowed[i].first, ioas->allowed[i].last, va,
				    length))
			return true;
	return false;
}

void ioas_insert(struct model_ioas *ioas, const struct model_area *area)
{
	unsigned int i;

	for (i = ioas->nr_areas; i && ioas->areas[i - 1].first > area->first; i--)
		ioas->areas[i] = ioas->areas[i - 1];
	ioas->areas[i] = *area;
	ioas->nr_areas++;
}

static void forget_dirty(struct model *model, struct model_ioas *ioas,
			 const struct model_area *area)
{
	struct model_hwpt *hwpt;
	uint32_t id;

	for (id = 1; id < MAX_OBJECTS; id++) {
		hwpt = model_get(model, id, OBJECT_HWPT);
		if (hwpt && hwpt->ioas == ioas)
			hwpt_clean(hwpt, area->first, area->last);
	}
}

/* Removes the areas of a range that cuts none. Returns how many bytes they had. */
uint64_t ioas_remove(struct model *model, struct model_ioas *ioas, uint64_t first, uint64_t last)
{
	struct model_access *access;
	struct model_area *area;
	uint64_t bytes = 0;
	uint32_t id;

	while ((area = ioas_find(ioas, first, last))) {
		bytes += area->last - area->first + 1;
		forget_dirty(model, ioas, area);
		ioas->nr_areas--;
		memmove(area, area + 1, (char *)&ioas->areas[ioas->nr_areas] - (char *)area);
	}
	for (id = 1; id < MAX_OBJECTS; id++) {
		access = model_get(model, id, OBJECT_ACCESS);
		if (access && access->ioas == ioas)
			access_drop_pins(access, first, last);
	}
	return bytes;
}

/* Whether an area reaches across an end of a range. */
bool ioas_cuts(struct model_ioas *ioas, uint64_t first, uint64_t last)
{
	struct model_area *area = ioas_find(ioas, first, first);

	if (area && area->first < first)
		return true;
	area = ioas_find(ioas, last, last);
	return area && area->last > last;
}

/* Cuts the area that reaches across the lower end of an IOVA, if there is one. */
void ioas_split(struct model_ioas *ioas, uint64_t iova)
{
	struct model_area *area = ioas_find(ioas, iova, iova), upper;

	if (!area || area->first == iova)
		return;
	upper = *area;
	upper.first = iova;
	upper.va += iova - area->first;
	area->last = iova - 1;
	ioas_insert(ioas, &upper);
}

bool ioas_can_reserve(struct model_ioas *ioas, uint64_t first, uint64_t last)
{
	return !ioas_find(ioas, first, last) &&
	       !any_meets(ioas->allowed, ioas->nr_allowed, first, last);
}

void ioas_reserve(struct model_ioas *ioas, uint64_t first, uint64_t last, const void *owner)
{
	ioas->reserved[ioas->nr_reserved++] = (struct model_range) { first, last, owner };
}

void ioas_unreserve(struct model_ioas *ioas, const void *owner)
{
	unsigned int i = 0;

	while (i < ioas->nr_reserved) {
		if (ioas->reserved[i].owner == owner)
			ioas->reserved[i] = ioas->reserved[--ioas->nr_reserved];
		else
			i++;
	}
}

static int compare_ranges(const void *a, const void *b)
{
	const struct model_range *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* What is between the reserved ranges; room for one more than these. Returns how many. */
unsigned int ioas_usable(const struct model_ioas *ioas, struct model_range *ranges)
{
	struct model_range sorted[MAX_RANGES];
	unsigned int i, nr = 0;
	uint64_t next = 0;

	memcpy(sorted, ioas->reserved, ioas->nr_reserved * sizeof(*sorted));
	qsort(sorted, ioas->nr_reserved, sizeof(*sorted), compare_ranges);
	for (i = 0; i < ioas->nr_reserved; i++) {
		if (sorted[i].first > next)
			ranges[nr++] = (struct model_range) { next, sorted[i].first - 1, NULL };
		if (sorted[i].last == UINT64_MAX)
			return nr;
		if (sorted[i].last >= next)
			next = sorted[i].last + 1;
	}
	ranges[nr++] = (struct model_range) { next, UINT64_MAX, NULL };
	return nr;
}

uint64_t ioas_base_alignment(const struct model_ioas *ioas)
{
	return ioas->small_pages || ioas->page_users ? PAGE : 1;
}

/* From now on everything is aligned to pages. */
int ioas_get_pages(struct model_ioas *ioas, bool dry)
{
	if (ioas->alignment < PAGE && !ioas_is_aligned(ioas, PAGE))
		return -EADDRINUSE;
	if (!dry) {
		ioas->alignment = PAGE;
		ioas->page_users++;
	}
	return 0;
}

void ioas_put_pages(struct model_ioas *ioas)
{
	ioas->page_users--;
	if (!ioas->hwpts)
		ioas->alignment = ioas_base_alignment(ioas);
}
