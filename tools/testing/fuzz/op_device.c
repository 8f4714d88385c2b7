// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mock devices: they come, attach, tell about themselves, and go.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ops.h"

#define MAX_DEVICES 4

static uint32_t choose_flags(struct fuzz_worker *worker)
{
	static const uint32_t flags[] = {
		0, 0, 0, MOCK_FLAGS_DEVICE_NO_DIRTY, MOCK_FLAGS_DEVICE_HUGE_IOVA,
		MOCK_FLAGS_DEVICE_HUGE_IOVA, MOCK_FLAGS_DEVICE_NO_SNOOP, MOCK_FLAGS_DEVICE_NO_IOPF,
	};

	if (random_one_in(&worker->random, 60))
		return 1U << 30;
	return flags[random_below(&worker->random, 8)];
}

static bool has_room(struct fuzz_worker *worker)
{
	return model_count(&worker->model, OBJECT_STDEV) < MAX_DEVICES && ids_are_left(worker);
}

static bool create_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_test_cmd *cmd = choose_test(worker, call);
	bool table = random_one_in(&worker->random, 3);

	cmd->id = choose_id(worker, table ? OBJECT_HWPT : OBJECT_IOAS);
	cmd->mock_domain_flags.dev_flags = choose_flags(worker);
	return has_room(worker);
}

/*
 * What comes of a new device in a group, which is freed with it if it has no other. The device is
 * taken from and added to the model, as numbers are predicted by that, too.
 */
static int connect(struct fuzz_worker *worker, uint32_t flags, struct model_group *group,
		   uint32_t pt_id, bool dry, uint32_t *hwpt_id)
{
	struct model_device *device = calloc(1, sizeof(*device));
	struct model *model = &worker->model;
	int rc;

	device->id = model_next_id(model, 0);
	device->devid = model_next_id(model, 1);
	device->flags = flags;
	device->group = group;
	/* Nobody can name them before they are complete. */
	if (pt_id == device->id || pt_id == device->devid)
		rc = pt_id == device->devid ? -EINVAL : -ENOENT;
	else
		rc = 0;
	model_add(model, device->id, OBJECT_STDEV, device);
	model_add(model, device->devid, OBJECT_DEVICE, device);
	group->devices++;
	rc = rc ?: device_attach(model, device, pt_id, dry, true, hwpt_id);
	if (!rc && !dry)
		return 0;
	model_remove(model, device->id);
	model_remove(model, device->devid);
	group->devices--;
	free(device);
	return rc;
}

static int predict_new(struct fuzz_worker *worker, uint32_t flags, struct model_group *group,
		       uint32_t pt_id)
{
	struct model_group alone = { };
	uint32_t hwpt_id;

	return connect(worker, flags, group ?: &alone, pt_id, true, &hwpt_id);
}

/* Also a failure leaves something: see device_attach(). */
static const char *check_new(struct fuzz_worker *worker, struct fuzz_call *call, uint32_t flags,
			     struct model_group *group)
{
	const struct iommu_test_cmd *cmd = &call->arg.test;
	struct model_group *own = group ? NULL : calloc(1, sizeof(*own));
	uint32_t id = model_next_id(&worker->model, 0);
	uint32_t devid = model_next_id(&worker->model, 1), hwpt_id = 0;

	if (connect(worker, flags, group ?: own, cmd->id, false, &hwpt_id)) {
		free(own);
		return NULL;
	}
	if (cmd->mock_domain.out_stdev_id != id || cmd->mock_domain.out_idev_id != devid)
		return "another number";
	return cmd->mock_domain.out_hwpt_id == hwpt_id ? NULL : "another page table";
}

static int create_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_test_cmd *cmd = &call->arg.test;

	if (cmd->mock_domain_flags.dev_flags & 1U << 30)
		return -EINVAL;
	return predict_new(worker, cmd->mock_domain_flags.dev_flags, NULL, cmd->id);
}

static const char *create_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	uint32_t flags = call->arg.test.mock_domain_flags.dev_flags;

	return flags & 1U << 30 ? NULL : check_new(worker, call, flags, NULL);
}

static bool sibling_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_test_cmd *cmd = choose_test(worker, call);
	struct model_device *device;

	cmd->mock_domain_sibling.sibling_id = choose_id(worker, OBJECT_STDEV);
	device = model_get(&worker->model, cmd->mock_domain_sibling.sibling_id, OBJECT_STDEV);
	cmd->id = choose_id(worker, random_one_in(&worker->random, 3) ? OBJECT_HWPT : OBJECT_IOAS);
	if (device && !random_one_in(&worker->random, 3))
		cmd->id = device->group->hwpt->id;
	cmd->mock_domain_sibling.dev_flags = choose_flags(worker);
	/* The IOMMU core attaches a new device before iommufd is asked whether it may. */
	if (device && hwpt_paging(device->group->hwpt)->can_track)
		cmd->mock_domain_sibling.dev_flags &= ~MOCK_FLAGS_DEVICE_NO_DIRTY;
	return has_room(worker);
}

static int sibling_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_test_cmd *cmd = &call->arg.test;
	struct model_device *device = model_get(&worker->model, cmd->mock_domain_sibling.sibling_id,
						OBJECT_STDEV);

	if (cmd->mock_domain_sibling.dev_flags & 1U << 30)
		return -EINVAL;
	if (!device)
		return -ENOENT;
	return predict_new(worker, cmd->mock_domain_sibling.dev_flags, device->group, cmd->id);
}

static const char *sibling_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_test_cmd *cmd = &call->arg.test;
	struct model_device *device = model_get(&worker->model, cmd->mock_domain_sibling.sibling_id,
						OBJECT_STDEV);

	if (cmd->mock_domain_sibling.dev_flags & 1U << 30 || !device)
		return NULL;
	return check_new(worker, call, cmd->mock_domain_sibling.dev_flags, device->group);
}

static bool replace_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_test_cmd *cmd = choose_test(worker, call);
	bool table = random_one_in(&worker->random, 2);

	cmd->id = choose_id(worker, OBJECT_STDEV);
	cmd->mock_domain_replace.pt_id = choose_id(worker, table ? OBJECT_HWPT : OBJECT_IOAS);
	call->note[0] = cmd->mock_domain_replace.pt_id;
	if (!model_get(&worker->model, cmd->id, OBJECT_STDEV) &&
	    !random_one_in(&worker->random, 20))
		return false;
	return ids_are_left(worker);
}

static int replace_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct model_device *device = model_get(&worker->model, call->arg.test.id, OBJECT_STDEV);
	uint32_t hwpt_id;

	if (!device)
		return -ENOENT;
	return device_attach(&worker->model, device, call->note[0], true, false, &hwpt_id);
}

static const char *replace_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct model_device *device = model_get(&worker->model, call->arg.test.id, OBJECT_STDEV);
	uint32_t hwpt_id = 0;

	if (!device || device_attach(&worker->model, device, call->note[0], false, false, &hwpt_id))
		return NULL;
	return call->arg.test.mock_domain_replace.pt_id == hwpt_id ? NULL : "another page table";
}

static bool reserve_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_test_cmd *cmd = choose_test(worker, call);
	struct model_device *device;

	cmd->id = choose_id(worker, OBJECT_STDEV);
	cmd->dev_reserve.start = choose_iova(worker);
	cmd->dev_reserve.length = choose_length(worker) % (1UL << 30);
	device = model_get(&worker->model, cmd->id, OBJECT_STDEV);
	return !device || device->nr_ranges < MAX_DEVICE_RANGES;
}

static int reserve_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_test_cmd *cmd = &call->arg.test;
	uint64_t first = cmd->dev_reserve.start, length = cmd->dev_reserve.length;

	if (!model_get(&worker->model, cmd->id, OBJECT_STDEV))
		return -ENOENT;
	return !length || first + (length - 1) < first ? -EINVAL : 0;
}

static const char *reserve_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_test_cmd *cmd = &call->arg.test;
	struct model_device *device = model_get(&worker->model, cmd->id, OBJECT_STDEV);

	if (call->result)
		return NULL;
	device->ranges[device->nr_ranges++] = (struct model_range) {
		cmd->dev_reserve.start, cmd->dev_reserve.start + cmd->dev_reserve.length - 1, NULL
	};
	return NULL;
}

static bool info_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_hw_info *info = &call->arg.hw_info;
	struct fuzz_random *random = &worker->random;

	info->dev_id = choose_id(worker, OBJECT_DEVICE);
	info->data_len = random_below(random, 64);
	info->data_uptr = (uintptr_t)choose_pointer(worker, worker->buffer, &call->note[0]);
	if (random_one_in(random, 8)) {
		info->data_len = random_one_in(random, 2) ? 0 : info->data_len;
		info->data_uptr = 0;
		call->note[0] = 1;
	}
	if (random_one_in(random, 8)) {
		info->flags = IOMMU_HW_INFO_FLAG_INPUT_TYPE;
		info->in_data_type = random_one_in(random, 2) ? IOMMU_HW_INFO_TYPE_SELFTEST :
				     random_below(random, 4);
	}
	call->note[1] = info->data_len;
	memset(worker->buffer, 0xff, 64);
	return true;
}

static int info_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_hw_info *info = &call->arg.hw_info;

	if (info->data_len && !info->data_uptr)
		return -EINVAL;
	if (!model_get(&worker->model, info->dev_id, OBJECT_DEVICE))
		return -ENOENT;
	if (info->flags && info->in_data_type && info->in_data_type != IOMMU_HW_INFO_TYPE_SELFTEST)
		return -EOPNOTSUPP;
	return info->data_len && call->note[0] ? -EFAULT : 0;
}

static const char *info_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_hw_info *info = &call->arg.hw_info;
	struct iommu_test_hw_info want = { .test_reg = IOMMU_HW_INFO_SELFTEST_REGVAL };
	struct model_device *device;
	uint64_t i;

	if (call->result)
		return NULL;
	device = model_get(&worker->model, info->dev_id, OBJECT_DEVICE);
	if (info->out_data_type != IOMMU_HW_INFO_TYPE_SELFTEST || info->data_len != sizeof(want))
		return "another type or length";
	if (!(info->out_capabilities & IOMMU_HW_CAP_DIRTY_TRACKING) !=
	    !!(device->flags & MOCK_FLAGS_DEVICE_NO_DIRTY))
		return "other capabilities";
	for (i = 0; i < call->note[1]; i++)
		if (worker->buffer[i] != (i < sizeof(want) ? ((uint8_t *)&want)[i] : 0))
			return "other data";
	return NULL;
}

const struct fuzz_op ops_device[] = {
	{ "device-create", 6, FUZZ_TEST(IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS),
	  .generate = create_generate, .predict = create_predict, .check = create_check },
	{ "device-sibling", 2, FUZZ_TEST(IOMMU_TEST_OP_MOCK_DOMAIN_SIBLING),
	  .generate = sibling_generate, .predict = sibling_predict, .check = sibling_check },
	{ "device-attach", 40, FUZZ_TEST(IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE),
	  .generate = replace_generate, .predict = replace_predict, .check = replace_check },
	{ "device-reserve", 2, FUZZ_TEST(IOMMU_TEST_OP_DEV_RESERVE),
	  .generate = reserve_generate, .predict = reserve_predict, .check = reserve_check },
	{ "hw-info", 15, FUZZ_IOCTL(IOMMU_GET_HW_INFO, struct iommu_hw_info, __reserved),
	  .flags = offsetof(struct iommu_hw_info, flags),
	  .reserved = offsetof(struct iommu_hw_info, __reserved),
	  .generate = info_generate, .predict = info_predict, .check = info_check },
	{ }
};
