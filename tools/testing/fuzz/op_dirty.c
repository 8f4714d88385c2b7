// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty tracking: it is turned on and off, and bitmaps are read.
 */
#include <errno.h>
#include <string.h>

#include "ops.h"

/* Bytes of bitmap that are compared; longer ones are not asked for. */
#define BITMAP_SIZE 64
#define BITMAP_BITS (BITMAP_SIZE * 8)

static struct model_hwpt *paging_of(struct fuzz_worker *worker, uint32_t id)
{
	struct model_hwpt *hwpt = model_get(&worker->model, id, OBJECT_HWPT);

	return hwpt && !hwpt->parent ? hwpt : NULL;
}

/* One that can track, if there is one. */
static uint32_t choose_tracking(struct fuzz_worker *worker)
{
	struct model_hwpt *hwpt;
	uint32_t id;

	for (id = 1; id < MAX_OBJECTS && !random_one_in(&worker->random, 50); id++) {
		hwpt = paging_of(worker, id);
		if (hwpt && hwpt->can_track && !random_one_in(&worker->random, 4))
			return id;
	}
	return choose_id(worker, OBJECT_HWPT);
}

static bool set_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_hwpt_set_dirty_tracking *set = &call->arg.set_dirty;

	set->hwpt_id = choose_tracking(worker);
	set->flags = !random_one_in(&worker->random, 4);
	return true;
}

static int set_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct model_hwpt *hwpt = paging_of(worker, call->arg.set_dirty.hwpt_id);

	if (!hwpt)
		return -ENOENT;
	return hwpt->can_track ? 0 : -EOPNOTSUPP;
}

static const char *set_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct model_hwpt *hwpt = paging_of(worker, call->arg.set_dirty.hwpt_id);

	if (call->result)
		return NULL;
	hwpt->tracks = call->arg.set_dirty.flags;
	if (hwpt->tracks)
		hwpt->nr_dirty = 0;
	return NULL;
}

static bool get_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_hwpt_get_dirty_bitmap *get = &call->arg.get_dirty;
	struct fuzz_random *random = &worker->random;
	uint64_t iova, length;
	struct model_hwpt *hwpt;

	get->hwpt_id = choose_tracking(worker);
	hwpt = paging_of(worker, get->hwpt_id);
	choose_range(worker, hwpt ? hwpt->ioas : NULL, &iova, &length);
	get->flags = random_one_in(random, 3) ? IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR : 0;
	get->page_size = random_one_in(random, 30) ? random_below(random, 3 * PAGE) :
			 IO_PAGE << random_below(random, 4);
	get->iova = iova;
	get->length = length;
	get->data = (uintptr_t)choose_pointer(worker, worker->buffer, &call->note[0]);
	memset(worker->buffer, random_one_in(random, 4) ? 0x11 : 0, BITMAP_SIZE);
	memcpy(worker->want, worker->buffer, BITMAP_SIZE);
	return !get->page_size || get->length / get->page_size <= BITMAP_BITS ||
	       !hwpt || !ioas_maps_all(hwpt->ioas, iova, iova + length - 1);
}

static int predict_range(struct model_hwpt *hwpt, const struct iommu_hwpt_get_dirty_bitmap *get)
{
	uint64_t last = get->iova + (get->length - 1), size = get->page_size;

	if (!hwpt->can_track)
		return -EOPNOTSUPP;
	if (!hwpt->tracks || !get->length || !size || size & (size - 1) || size < IO_PAGE)
		return -EINVAL;
	if (last < get->iova || last == UINT64_MAX)
		return -EOVERFLOW;
	if ((get->iova | get->length) & (IO_PAGE - 1) || get->length & (size - 1))
		return -EINVAL;
	return ioas_maps_all(hwpt->ioas, get->iova, last) ? 0 : -EINVAL;
}

static int get_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct model_hwpt *hwpt = paging_of(worker, call->arg.get_dirty.hwpt_id);
	int rc;

	if (!hwpt)
		return -ENOENT;
	rc = predict_range(hwpt, &call->arg.get_dirty);
	return rc ?: call->note[0] ? -EFAULT : 0;
}

static const char *get_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_hwpt_get_dirty_bitmap *get = &call->arg.get_dirty;
	struct model_hwpt *hwpt = paging_of(worker, get->hwpt_id);
	uint64_t bit, iova = get->iova;

	if (call->result)
		return NULL;
	for (bit = 0; bit < get->length / get->page_size; bit++, iova += get->page_size)
		if (hwpt_is_dirty(hwpt, iova, iova + get->page_size - 1))
			worker->want[bit / 8] |= 1 << bit % 8;
	if (memcmp(worker->buffer, worker->want, BITMAP_SIZE))
		return "another bitmap";
	if (!(get->flags & IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR))
		hwpt_clean(hwpt, get->iova, get->iova + get->length - 1);
	return NULL;
}

const struct fuzz_op ops_dirty[] = {
	{ "dirty-set", 8,
	  FUZZ_IOCTL(IOMMU_HWPT_SET_DIRTY_TRACKING, struct iommu_hwpt_set_dirty_tracking,
		     __reserved),
	  .flags = offsetof(struct iommu_hwpt_set_dirty_tracking, flags),
	  .reserved = offsetof(struct iommu_hwpt_set_dirty_tracking, __reserved),
	  .generate = set_generate, .predict = set_predict, .check = set_check },
	{ "dirty-get", 30,
	  FUZZ_IOCTL(IOMMU_HWPT_GET_DIRTY_BITMAP, struct iommu_hwpt_get_dirty_bitmap, data),
	  .flags = offsetof(struct iommu_hwpt_get_dirty_bitmap, flags),
	  .reserved = offsetof(struct iommu_hwpt_get_dirty_bitmap, __reserved),
	  .generate = get_generate, .predict = get_predict, .check = get_check },
	{ }
};
