// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page tables, and the groups that are attached to them.
 */
#include <errno.h>
#include <stdlib.h>

#include "model.h"

static uint64_t aperture_last(bool huge)
{
	return huge ? UINT64_MAX : MOCK_APERTURE_LAST;
}

static bool aperture_is_free(struct model_ioas *ioas, bool huge)
{
	if (!ioas_can_reserve(ioas, 0, MOCK_APERTURE_START - 1))
		return false;
	return huge || ioas_can_reserve(ioas, aperture_last(huge) + 1, UINT64_MAX);
}

static bool areas_are_good(const struct model_ioas *ioas)
{
	unsigned int i;

	for (i = 0; i < ioas->nr_areas; i++)
		if (!ioas->areas[i].backing.good)
			return false;
	return true;
}

/**
 * hwpt_check_follow() - whether a new page table can follow an IOAS
 * @ioas: the IOAS
 * @huge: the kind of page table
 *
 * Return: 0, -EADDRINUSE or -EFAULT.
 */
int hwpt_check_follow(struct model_ioas *ioas, bool huge)
{
	if (ioas->alignment < IO_PAGE && !ioas_is_aligned(ioas, IO_PAGE))
		return -EADDRINUSE;
	if (!aperture_is_free(ioas, huge))
		return -EADDRINUSE;
	return areas_are_good(ioas) ? 0 : -EFAULT;
}

/* A page table that follows @ioas, for which hwpt_check_follow() said 0. */
struct model_hwpt *hwpt_new(struct model *model, struct model_ioas *ioas, bool huge)
{
	struct model_hwpt *hwpt = calloc(1, sizeof(*hwpt));

	hwpt->id = model_next_id(model, 0);
	hwpt->ioas = ioas;
	hwpt->huge = huge;
	ioas->hwpts++;
	if (ioas->alignment < IO_PAGE)
		ioas->alignment = IO_PAGE;
	ioas_reserve(ioas, 0, MOCK_APERTURE_START - 1, hwpt);
	if (!huge)
		ioas_reserve(ioas, aperture_last(huge) + 1, UINT64_MAX, hwpt);
	model_add(model, hwpt->id, OBJECT_HWPT, hwpt);
	return hwpt;
}

struct model_hwpt *hwpt_new_nested(struct model *model, struct model_hwpt *parent)
{
	struct model_hwpt *hwpt = calloc(1, sizeof(*hwpt));

	hwpt->id = model_next_id(model, 0);
	hwpt->ioas = parent->ioas;
	hwpt->parent = parent;
	parent->users++;
	model_add(model, hwpt->id, OBJECT_HWPT, hwpt);
	return hwpt;
}

static void hwpt_put(struct model *model, struct model_hwpt *hwpt)
{
	hwpt->users--;
	if (hwpt->automatic && !hwpt->users)
		hwpt_end(model, hwpt);
}

/* The end of a page table that nobody uses. */
void hwpt_end(struct model *model, struct model_hwpt *hwpt)
{
	struct model_ioas *ioas = hwpt->ioas;

	if (hwpt->faults)
		hwpt->faults->hwpts--;
	model_remove(model, hwpt->id);
	if (hwpt->parent) {
		hwpt_put(model, hwpt->parent);
	} else {
		ioas->hwpts--;
		ioas_unreserve(ioas, hwpt);
		if (!ioas->hwpts)
			ioas->alignment = ioas_base_alignment(ioas);
	}
	free(hwpt);
}

/* Where DMA ends up. */
struct model_hwpt *hwpt_paging(struct model_hwpt *hwpt)
{
	return hwpt->parent ?: hwpt;
}

static struct model_device *next_in_group(const struct model *model,
					  const struct model_group *group, uint32_t *id)
{
	struct model_device *device;

	while (++*id < MAX_OBJECTS) {
		device = model_get(model, *id, OBJECT_DEVICE);
		if (device && device->group == group)
			return device;
	}
	return NULL;
}

void device_answer(struct model_device *device, uint32_t grpid, uint32_t code)
{
	device->answers++;
	device->answered = grpid;
	device->code = code;
}

/* Answers what a group, or one device of it, has asked for. */
void faults_cancel(struct model *model, struct model_faults *faults,
		   const struct model_group *group, const struct model_device *device)
{
	unsigned int i, kept = 0;

	(void)model;
	for (i = 0; i < faults->nr_pending; i++) {
		struct model_fault *fault = &faults->pending[i];

		if (fault->device->group == group && (!device || fault->device == device))
			device_answer(fault->device, fault->grpid, IOMMUFD_PAGE_RESP_INVALID);
		else
			faults->pending[kept++] = *fault;
	}
	faults->nr_pending = kept;
}

static int check_ranges(const struct model_device *device, struct model_ioas *ioas)
{
	unsigned int i;

	for (i = 0; i < device->nr_ranges; i++)
		if (!ioas_can_reserve(ioas, device->ranges[i].first, device->ranges[i].last))
			return -EADDRINUSE;
	return 0;
}

/* What keeps a group, with a new device if @device is one, from moving to a page table. */
static int check_move(const struct model *model, const struct model_device *device,
		      struct model_hwpt *hwpt, struct model_ioas *ioas)
{
	struct model_device *other;
	uint32_t all_flags = device->flags, id = 0;
	int rc = check_ranges(device, ioas);

	while ((other = next_in_group(model, device->group, &id))) {
		rc = rc ?: check_ranges(other, ioas);
		all_flags |= other->flags;
	}
	if (rc || !hwpt)
		return rc;
	if (hwpt->faults && all_flags & MOCK_FLAGS_DEVICE_NO_IOPF &&
	    !(device->group->hwpt && device->group->hwpt->faults))
		return -EOPNOTSUPP;
	if (hwpt_paging(hwpt)->can_track && all_flags & MOCK_FLAGS_DEVICE_NO_DIRTY)
		return -EINVAL;
	return 0;
}

static void reserve_group(struct model *model, struct model_device *device,
			  struct model_ioas *ioas)
{
	struct model_group *group = device->group;
	struct model_device *other;
	uint32_t id = 0;
	unsigned int i;

	while ((other = next_in_group(model, group, &id)))
		for (i = 0; i < other->nr_ranges; i++)
			ioas_reserve(ioas, other->ranges[i].first, other->ranges[i].last, group);
}

static void group_leave(struct model *model, struct model_group *group)
{
	struct model_hwpt *old = group->hwpt;

	group->hwpt = NULL;
	if (!old)
		return;
	if (old->faults)
		faults_cancel(model, old->faults, group, NULL);
	hwpt_put(model, old);
}

/* What the group's devices reserve is asked for anew, and stays also if the new one can't stay. */
static int group_join(struct model *model, struct model_device *device, struct model_hwpt *hwpt,
		      bool dry)
{
	int rc = check_move(model, device, NULL, hwpt->ioas);

	if (rc)
		return rc;
	if (!dry) {
		ioas_unreserve(hwpt->ioas, device->group);
		reserve_group(model, device, hwpt->ioas);
	}
	return hwpt->faults && device->flags & MOCK_FLAGS_DEVICE_NO_IOPF ? -EOPNOTSUPP : 0;
}

/* A group attaches to a page table, or moves to it. A new device comes to one that is attached. */
static int group_attach(struct model *model, struct model_device *device, struct model_hwpt *hwpt,
			bool dry, bool is_new)
{
	struct model_group *group = device->group;
	int rc;

	if (group->hwpt && group->hwpt != hwpt && is_new)
		return -EINVAL;
	if (group->hwpt == hwpt)
		return is_new ? group_join(model, device, hwpt, dry) : 0;
	rc = check_move(model, device, hwpt, hwpt->ioas);
	if (rc || dry)
		return rc;
	if (group->hwpt)
		ioas_unreserve(group->hwpt->ioas, group);
	reserve_group(model, device, hwpt->ioas);
	hwpt->users++;
	group_leave(model, group);
	group->hwpt = hwpt;
	return 0;
}

static struct model_hwpt *find_automatic(const struct model *model, const struct model_ioas *ioas)
{
	struct model_hwpt *hwpt;
	uint32_t id;

	for (id = 1; id < MAX_OBJECTS; id++) {
		hwpt = model_get(model, id, OBJECT_HWPT);
		if (hwpt && hwpt->automatic && hwpt->ioas == ioas)
			return hwpt;
	}
	return NULL;
}

static int attach_new(struct model *model, struct model_device *device, struct model_ioas *ioas,
		      bool dry, bool is_new, uint32_t *hwpt_id)
{
	bool huge = device->flags & MOCK_FLAGS_DEVICE_HUGE_IOVA;
	int rc = hwpt_check_follow(ioas, huge);
	struct model_hwpt *hwpt;

	if (!rc && device->group->hwpt && is_new)
		rc = -EINVAL;
	if (!rc)
		rc = check_move(model, device, NULL, ioas);
	if (rc || dry)
		return rc;
	hwpt = hwpt_new(model, ioas, huge);
	hwpt->automatic = true;
	hwpt->coherent = device->flags & MOCK_FLAGS_DEVICE_NO_SNOOP;
	*hwpt_id = hwpt->id;
	return group_attach(model, device, hwpt, false, is_new);
}

static int attach_ioas(struct model *model, struct model_device *device, struct model_ioas *ioas,
		       bool dry, bool is_new, uint32_t *hwpt_id)
{
	struct model_hwpt *hwpt = find_automatic(model, ioas);
	int rc = -EINVAL;

	if (device->group->hwpt && is_new && device->group->hwpt->ioas != ioas)
		return -EINVAL;
	if (hwpt) {
		if (!dry)
			hwpt->coherent |= !!(device->flags & MOCK_FLAGS_DEVICE_NO_SNOOP);
		*hwpt_id = hwpt->id;
		rc = group_attach(model, device, hwpt, dry, is_new);
	}
	return rc == -EINVAL ? attach_new(model, device, ioas, dry, is_new, hwpt_id) : rc;
}

/**
 * device_attach() - attach a device, or move its group
 * @model: the model
 * @device: the device
 * @pt_id: any number
 * @dry: only say what would happen
 * @is_new: it is not attached yet
 * @hwpt_id: set to the page table
 *
 * A failure changes something, too: a page table may have become coherent.
 *
 * Return: 0 or a negative errno.
 */
int device_attach(struct model *model, struct model_device *device, uint32_t pt_id, bool dry,
		  bool is_new, uint32_t *hwpt_id)
{
	struct model_hwpt *hwpt = model_get(model, pt_id, OBJECT_HWPT);
	struct model_ioas *ioas = model_get(model, pt_id, OBJECT_IOAS);

	if (model_type(model, pt_id) == OBJECT_NONE)
		return -ENOENT;
	if (ioas)
		return attach_ioas(model, device, ioas, dry, is_new, hwpt_id);
	if (!hwpt)
		return -EINVAL;
	if (!dry && device->flags & MOCK_FLAGS_DEVICE_NO_SNOOP)
		hwpt_paging(hwpt)->coherent = true;
	*hwpt_id = hwpt->id;
	return group_attach(model, device, hwpt, dry, is_new);
}

/**
 * device_end() - a mock device goes
 * @model: the model
 * @device: the device; freed
 */
void device_end(struct model *model, struct model_device *device)
{
	struct model_group *group = device->group;

	if (group->hwpt && group->hwpt->faults)
		faults_cancel(model, group->hwpt->faults, group, device);
	model_remove(model, device->id);
	model_remove(model, device->devid);
	if (!--group->devices) {
		ioas_unreserve(group->hwpt->ioas, group);
		group_leave(model, group);
		free(group);
	}
	free(device);
}
