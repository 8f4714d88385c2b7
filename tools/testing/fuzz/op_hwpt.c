// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page tables that are asked for: paging ones, nested ones, and what caches have of these.
 */
#include <errno.h>
#include <string.h>

#include "ops.h"

#define MAX_HWPTS 8

/* What IOMMU_HWPT_ALLOC knows today; PASIDs are for another file of operations. */
#define DRIVER_FLAGS (IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_ALLOC_DIRTY_TRACKING)

static void choose_data(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_hwpt_selftest *data = (void *)worker->buffer;
	struct iommu_hwpt_alloc *alloc = &call->arg.hwpt_alloc;
	struct fuzz_random *random = &worker->random;

	memset(data, 0, 64);
	data->iotlb = random_u64(random);
	data->pagetable_type = random_one_in(random, 20) ? random_below(random, 4) :
			       random_below(random, 2);
	alloc->data_type = random_one_in(random, 20) ? random_below(random, 4) :
			   IOMMU_HWPT_DATA_SELFTEST;
	alloc->data_len = random_one_in(random, 10) ? random_below(random, 32) : sizeof(*data);
	alloc->data_uptr = (uintptr_t)choose_pointer(worker, data, &call->note[0]);
	if (random_one_in(random, 100))
		alloc->data_len = PAGE + 1 + random_below(random, 1 << 20);
}

static bool alloc_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_hwpt_alloc *alloc = &call->arg.hwpt_alloc;
	struct fuzz_random *random = &worker->random;
	bool nested = random_one_in(random, 3);

	alloc->dev_id = choose_id(worker, OBJECT_DEVICE);
	alloc->pt_id = choose_id(worker, nested ? OBJECT_HWPT : OBJECT_IOAS);
	if (!nested || random_one_in(random, 10))
		alloc->flags = random_below(random, 4);
	if (random_one_in(random, 4)) {
		alloc->flags |= IOMMU_HWPT_FAULT_ID_VALID;
		alloc->fault_id = choose_id(worker, OBJECT_FAULT);
	}
	if (nested || random_one_in(random, 3))
		choose_data(worker, call);
	return model_count(&worker->model, OBJECT_HWPT) < MAX_HWPTS && ids_are_left(worker);
}

static int predict_arguments(const struct iommu_hwpt_alloc *alloc)
{
	if (alloc->flags & ~(DRIVER_FLAGS | IOMMU_HWPT_FAULT_ID_VALID))
		return -EOPNOTSUPP;
	if (alloc->flags & IOMMU_HWPT_FAULT_ID_VALID && alloc->flags & IOMMU_HWPT_ALLOC_NEST_PARENT)
		return -EOPNOTSUPP;
	if (!alloc->data_type != !alloc->data_len || (!alloc->data_type && alloc->data_uptr))
		return -EINVAL;
	return alloc->data_len > PAGE ? -EINVAL : 0;
}

/* What the IOMMU core says to the length of the user's data. */
static int predict_length(const struct iommu_hwpt_alloc *alloc)
{
	const struct iommu_hwpt_selftest *data = NULL;

	return alloc->data_len < sizeof(data->iotlb) || alloc->data_len > sizeof(*data) ?
	       -EINVAL : 0;
}

/* The kind of page table that the user's data ask for */
static uint32_t data_kind(struct fuzz_worker *worker, const struct iommu_hwpt_alloc *alloc)
{
	const struct iommu_hwpt_selftest *data = (void *)worker->buffer;
	uint32_t kind = 0;

	if (alloc->data_len > sizeof(data->iotlb))
		memcpy(&kind, &data->pagetable_type,
		       alloc->data_len < sizeof(*data) ? alloc->data_len - sizeof(data->iotlb) :
		       sizeof(kind));
	return kind;
}

static bool wants_huge(struct fuzz_worker *worker, const struct iommu_hwpt_alloc *alloc,
		       const struct model_device *device)
{
	if (alloc->data_type)
		return data_kind(worker, alloc) == MOCK_IOMMUPT_HUGE;
	return device->flags & MOCK_FLAGS_DEVICE_HUGE_IOVA;
}

static int predict_paging(struct fuzz_worker *worker, struct fuzz_call *call,
			  const struct model_device *device, struct model_ioas *ioas)
{
	const struct iommu_hwpt_alloc *alloc = &call->arg.hwpt_alloc;
	int rc = 0;

	if (alloc->data_type && call->note[0])
		return -EFAULT;
	if (alloc->flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING &&
	    device->flags & MOCK_FLAGS_DEVICE_NO_DIRTY)
		return -EOPNOTSUPP;
	if (alloc->data_type && alloc->data_type != IOMMU_HWPT_DATA_SELFTEST)
		return -EOPNOTSUPP;
	if (alloc->data_type)
		rc = predict_length(alloc);
	if (!rc && alloc->data_type && data_kind(worker, alloc) > MOCK_IOMMUPT_HUGE)
		rc = -EOPNOTSUPP;
	return rc ?: hwpt_check_follow(ioas, wants_huge(worker, alloc, device));
}

static int predict_nested(struct fuzz_call *call, const struct model_hwpt *parent)
{
	const struct iommu_hwpt_alloc *alloc = &call->arg.hwpt_alloc;

	if (alloc->flags & ~IOMMU_HWPT_FAULT_ID_VALID)
		return -EOPNOTSUPP;
	if (!alloc->data_type || parent->parent || !parent->nest_parent)
		return -EINVAL;
	if (call->note[0])
		return -EFAULT;
	if (alloc->data_type != IOMMU_HWPT_DATA_SELFTEST)
		return -EOPNOTSUPP;
	return predict_length(alloc);
}

static int alloc_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_hwpt_alloc *alloc = &call->arg.hwpt_alloc;
	struct model *model = &worker->model;
	struct model_device *device = model_get(model, alloc->dev_id, OBJECT_DEVICE);
	struct model_ioas *ioas = model_get(model, alloc->pt_id, OBJECT_IOAS);
	struct model_hwpt *parent = model_get(model, alloc->pt_id, OBJECT_HWPT);
	int rc = predict_arguments(alloc);

	if (rc)
		return rc;
	if (!device || model_type(model, alloc->pt_id) == OBJECT_NONE)
		return -ENOENT;
	if (alloc->flags & IOMMU_HWPT_FAULT_ID_VALID &&
	    !model_get(model, alloc->fault_id, OBJECT_FAULT))
		return -ENOENT;
	if (ioas)
		return predict_paging(worker, call, device, ioas);
	return parent ? predict_nested(call, parent) : -EINVAL;
}

static const char *alloc_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_hwpt_alloc *alloc = &call->arg.hwpt_alloc;
	const struct iommu_hwpt_selftest *data = (void *)worker->buffer;
	struct model *model = &worker->model;
	struct model_device *device = model_get(model, alloc->dev_id, OBJECT_DEVICE);
	struct model_ioas *ioas = model_get(model, alloc->pt_id, OBJECT_IOAS);
	struct model_hwpt *hwpt;
	unsigned int i;

	if (call->result)
		return NULL;
	if (ioas) {
		hwpt = hwpt_new(model, ioas, wants_huge(worker, alloc, device));
		hwpt->nest_parent = alloc->flags & IOMMU_HWPT_ALLOC_NEST_PARENT;
		hwpt->can_track = alloc->flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
		hwpt->coherent = device->flags & MOCK_FLAGS_DEVICE_NO_SNOOP;
	} else {
		hwpt = hwpt_new_nested(model, model_get(model, alloc->pt_id, OBJECT_HWPT));
		for (i = 0; i < NESTED_ENTRIES; i++)
			hwpt->entries[i] = data->iotlb;
	}
	if (alloc->flags & IOMMU_HWPT_FAULT_ID_VALID) {
		hwpt->faults = model_get(model, alloc->fault_id, OBJECT_FAULT);
		hwpt->faults->hwpts++;
	}
	return alloc->out_hwpt_id == hwpt->id ? NULL : "another number";
}

static bool invalidate_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_hwpt_invalidate_selftest *entries = (void *)worker->buffer;
	struct iommu_hwpt_invalidate *invalidate = &call->arg.invalidate;
	struct fuzz_random *random = &worker->random;
	unsigned int i;

	invalidate->hwpt_id = choose_id(worker, OBJECT_HWPT);
	invalidate->data_type = random_one_in(random, 20) ? random_below(random, 3) :
				IOMMU_HWPT_INVALIDATE_DATA_SELFTEST;
	invalidate->entry_num = random_below(random, 5);
	invalidate->entry_len = random_one_in(random, 20) ? random_below(random, 12) :
				sizeof(*entries);
	for (i = 0; i < 5; i++) {
		entries[i].flags = random_one_in(random, 30) ? 2 : random_one_in(random, 8);
		entries[i].iotlb_id = random_one_in(random, 20) ? random_u64(random) :
				      random_below(random, NESTED_ENTRIES);
	}
	invalidate->data_uptr = (uintptr_t)choose_pointer(worker, entries, &call->note[0]);
	if (random_one_in(random, 40)) {
		invalidate->data_uptr = 0;
		call->note[0] = 1;
	}
	call->note[1] = invalidate->entry_num;
	return true;
}

static int predict_entry(const struct iommu_hwpt_invalidate *invalidate,
			 const struct iommu_hwpt_invalidate_selftest *entry)
{
	if (invalidate->entry_len != sizeof(*entry))
		return -EINVAL;
	if (entry->flags & ~IOMMU_TEST_INVALIDATE_FLAG_ALL)
		return -EOPNOTSUPP;
	if (entry->flags || entry->iotlb_id < NESTED_ENTRIES)
		return 0;
	return -EINVAL;
}

static int invalidate_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_hwpt_invalidate_selftest *entries = (void *)worker->buffer;
	const struct iommu_hwpt_invalidate *invalidate = &call->arg.invalidate;
	struct model_hwpt *hwpt = model_get(&worker->model, invalidate->hwpt_id, OBJECT_HWPT);
	unsigned int i;
	int rc = 0;

	call->note[2] = 0;
	if (invalidate->entry_num && (!invalidate->data_uptr || !invalidate->entry_len))
		return -EINVAL;
	if (!hwpt)
		return -ENOENT;
	if (!hwpt->parent || invalidate->data_type != IOMMU_HWPT_INVALIDATE_DATA_SELFTEST)
		return -EINVAL;
	for (i = 0; i < invalidate->entry_num && !rc; i++) {
		rc = predict_entry(invalidate, &entries[i]);
		/* Entries of another length are not read. */
		if (call->note[0] && invalidate->entry_len == sizeof(*entries))
			rc = -EFAULT;
		call->note[2] += !rc;
	}
	return rc;
}

static const char *invalidate_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_hwpt_invalidate_selftest *entries = (void *)worker->buffer;
	const struct iommu_hwpt_invalidate *invalidate = &call->arg.invalidate;
	struct model_hwpt *hwpt = model_get(&worker->model, invalidate->hwpt_id, OBJECT_HWPT);
	unsigned int i;

	if (invalidate->entry_num != call->note[2])
		return "another number of entries was done";
	for (i = 0; i < call->note[2]; i++) {
		if (entries[i].flags)
			memset(hwpt->entries, 0, sizeof(hwpt->entries));
		else
			hwpt->entries[entries[i].iotlb_id] = 0;
	}
	return NULL;
}

static bool entry_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_test_cmd *cmd = choose_test(worker, call);
	struct model_hwpt *hwpt;

	cmd->id = choose_id(worker, OBJECT_HWPT);
	hwpt = model_get(&worker->model, cmd->id, OBJECT_HWPT);
	if (!hwpt || !hwpt->parent)
		return false;
	cmd->check_iotlb.id = random_below(&worker->random, NESTED_ENTRIES);
	cmd->check_iotlb.iotlb = hwpt->entries[cmd->check_iotlb.id];
	return true;
}

static int entry_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	(void)worker;
	(void)call;
	return 0;
}

static const char *entry_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	(void)worker;
	(void)call;
	return NULL;
}

const struct fuzz_op ops_hwpt[] = {
	{ "hwpt-alloc", 20, FUZZ_IOCTL(IOMMU_HWPT_ALLOC, struct iommu_hwpt_alloc, __reserved),
	  .flags = offsetof(struct iommu_hwpt_alloc, flags),
	  .reserved = offsetof(struct iommu_hwpt_alloc, __reserved), .atomic = true,
	  .generate = alloc_generate, .predict = alloc_predict, .check = alloc_check },
	{ "hwpt-invalidate", 15,
	  FUZZ_IOCTL(IOMMU_HWPT_INVALIDATE, struct iommu_hwpt_invalidate, __reserved),
	  .flags = NO_FIELD, .reserved = offsetof(struct iommu_hwpt_invalidate, __reserved),
	  .generate = invalidate_generate, .predict = invalidate_predict,
	  .check = invalidate_check },
	{ "hwpt-entry", 10, FUZZ_TEST(IOMMU_TEST_OP_MD_CHECK_IOTLB),
	  .generate = entry_generate, .predict = entry_predict, .check = entry_check },
	{ }
};
