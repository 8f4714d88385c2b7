// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fault queues: devices request pages, and are answered.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ops.h"

#define MAX_QUEUES 2

static bool alloc_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	(void)call;
	return model_count(&worker->model, OBJECT_FAULT) < MAX_QUEUES && ids_are_left(worker);
}

static int always_succeeds(struct fuzz_worker *worker, struct fuzz_call *call)
{
	(void)worker;
	(void)call;
	return 0;
}

static const char *alloc_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct model_faults *faults = calloc(1, sizeof(*faults));

	faults->id = model_next_id(&worker->model, 0);
	faults->fd = call->arg.fault_alloc.out_fault_fd;
	model_add(&worker->model, faults->id, OBJECT_FAULT, faults);
	return call->arg.fault_alloc.out_fault_id == faults->id ? NULL : "another number";
}

static bool trigger_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_test_cmd *cmd = choose_test(worker, call);
	struct fuzz_random *random = &worker->random;
	struct model_device *device;

	cmd->trigger_iopf.dev_id = choose_id(worker, OBJECT_DEVICE);
	cmd->trigger_iopf.grpid = random_below(random, 1000);
	cmd->trigger_iopf.perm = random_below(random, 16);
	cmd->trigger_iopf.addr = choose_iova(worker);
	device = model_get(&worker->model, cmd->trigger_iopf.dev_id, OBJECT_DEVICE);
	if (!device || !device->group->hwpt->faults)
		return random_one_in(&worker->random, 20);
	return device->group->hwpt->faults->nr_pending < MAX_FAULTS;
}

static int trigger_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct model_device *device = model_get(&worker->model,
						call->arg.test.trigger_iopf.dev_id, OBJECT_DEVICE);

	if (!device)
		return -ENOENT;
	return device->group->hwpt->faults ? 0 : -EINVAL;
}

static const char *trigger_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_test_cmd *cmd = &call->arg.test;
	struct model_device *device = model_get(&worker->model, cmd->trigger_iopf.dev_id,
						OBJECT_DEVICE);
	struct model_faults *faults;

	if (call->result)
		return NULL;
	faults = device->group->hwpt->faults;
	if (faults->fd < 0) {
		device_answer(device, cmd->trigger_iopf.grpid, IOMMUFD_PAGE_RESP_INVALID);
		return NULL;
	}
	faults->pending[faults->nr_pending++] = (struct model_fault) {
		.device = device,
		.grpid = cmd->trigger_iopf.grpid,
		.perm = cmd->trigger_iopf.perm,
		.addr = cmd->trigger_iopf.addr,
	};
	return NULL;
}

/* A queue whose file is open */
static struct model_faults *choose_queue(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct model_faults *faults = choose_object(worker, OBJECT_FAULT);

	if (!faults || faults->fd < 0)
		return NULL;
	call->fd = faults->fd;
	call->note[0] = faults->id;
	return faults;
}

static struct model_faults *chosen_queue(struct fuzz_worker *worker, struct fuzz_call *call)
{
	return model_get(&worker->model, call->note[0], OBJECT_FAULT);
}

/* Addresses of the kernel are refused by the VFS, whatever the file. */
static void choose_file_pointer(struct fuzz_worker *worker, struct fuzz_call *call)
{
	call->note[2] = random_one_in(&worker->random, 60);
	call->pointer = call->note[2] ? worker->guard + PAGE : worker->buffer;
}

static bool read_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct fuzz_random *random = &worker->random;

	call->note[1] = (1 + random_below(random, 4)) * sizeof(struct iommu_hwpt_pgfault);
	if (random_one_in(random, 20))
		call->note[1] -= 1 + random_below(random, sizeof(struct iommu_hwpt_pgfault) - 1);
	choose_file_pointer(worker, call);
	return choose_queue(worker, call);
}

static int read_execute(struct fuzz_worker *worker, struct fuzz_call *call)
{
	ssize_t rc = read(call->fd, call->pointer, call->note[1]);

	(void)worker;
	call->note[3] = rc;
	return rc < 0 ? -errno : 0;
}

static bool has_unread(const struct model_faults *faults)
{
	unsigned int i;

	for (i = 0; i < faults->nr_pending; i++)
		if (!faults->pending[i].cookie)
			return true;
	return false;
}

static int read_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	if (call->note[1] % sizeof(struct iommu_hwpt_pgfault))
		return -ESPIPE;
	return call->note[2] && has_unread(chosen_queue(worker, call)) ? -EFAULT : 0;
}

static bool is_same(const struct model_fault *want, const struct iommu_hwpt_pgfault *got)
{
	return got->flags == IOMMU_PGFAULT_FLAGS_LAST_PAGE && got->dev_id == want->device->devid &&
	       !got->pasid && got->grpid == want->grpid && got->perm == want->perm &&
	       got->addr == want->addr && got->cookie;
}

static bool cookie_is_used(const struct model_faults *faults, uint32_t cookie)
{
	unsigned int i;

	for (i = 0; i < faults->nr_pending; i++)
		if (faults->pending[i].cookie == cookie)
			return true;
	return false;
}

static const char *read_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_hwpt_pgfault *got = (void *)worker->buffer;
	struct model_faults *faults = chosen_queue(worker, call);
	unsigned int i, nr = 0, room = call->note[1] / sizeof(*got);

	if (call->result)
		return NULL;
	for (i = 0; i < faults->nr_pending && nr < room; i++) {
		if (faults->pending[i].cookie)
			continue;
		if ((nr + 1) * sizeof(*got) > call->note[3])
			return "fewer page requests";
		if (!is_same(&faults->pending[i], &got[nr]))
			return "another page request";
		if (cookie_is_used(faults, got[nr].cookie))
			return "a cookie that is in use";
		faults->pending[i].cookie = got[nr++].cookie;
	}
	return call->note[3] == nr * sizeof(*got) ? NULL : "more page requests";
}

static bool respond_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_hwpt_page_response *response = (void *)worker->buffer;
	struct model_faults *faults = choose_queue(worker, call);
	struct fuzz_random *random = &worker->random;

	if (!faults)
		return false;
	response->cookie = random_below(random, 4);
	if (faults->nr_pending && !random_one_in(random, 10))
		response->cookie = faults->pending[random_below(random, faults->nr_pending)].cookie;
	response->code = random_one_in(random, 20) ? random_below(random, 4) :
			 random_below(random, 2);
	call->note[1] = sizeof(*response);
	if (random_one_in(random, 30))
		call->note[1] = random_below(random, 3 * sizeof(*response));
	choose_file_pointer(worker, call);
	/* One answer at a time, so that it is clear which one is meant. */
	return call->note[1] < 2 * sizeof(*response);
}

static int respond_execute(struct fuzz_worker *worker, struct fuzz_call *call)
{
	ssize_t rc = write(call->fd, call->pointer, call->note[1]);

	(void)worker;
	return rc < 0 ? -errno : (size_t)rc == call->note[1] ? 0 : -EIO;
}

static struct model_fault *fault_named(struct model_faults *faults, uint32_t cookie)
{
	unsigned int i;

	for (i = 0; i < faults->nr_pending; i++)
		if (cookie && faults->pending[i].cookie == cookie)
			return &faults->pending[i];
	return NULL;
}

static int respond_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_hwpt_page_response *response = (void *)worker->buffer;

	if (call->note[1] % sizeof(*response))
		return -ESPIPE;
	if (!call->note[1])
		return 0;
	if (call->note[2])
		return -EFAULT;
	if (response->code > IOMMUFD_PAGE_RESP_INVALID)
		return -EINVAL;
	return fault_named(chosen_queue(worker, call), response->cookie) ? 0 : -EINVAL;
}

static const char *respond_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_hwpt_page_response *response = (void *)worker->buffer;
	struct model_faults *faults = chosen_queue(worker, call);
	struct model_fault *fault;

	if (call->result || !call->note[1])
		return NULL;
	fault = fault_named(faults, response->cookie);
	device_answer(fault->device, fault->grpid, response->code);
	faults->nr_pending--;
	memmove(fault, fault + 1,
		(char *)&faults->pending[faults->nr_pending] - (char *)fault);
	return NULL;
}

static bool answer_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_test_cmd *cmd = choose_test(worker, call);

	cmd->id = choose_id(worker, OBJECT_STDEV);
	return true;
}

static int answer_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	return model_get(&worker->model, call->arg.test.id, OBJECT_STDEV) ? 0 : -ENOENT;
}

static const char *answer_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_test_cmd *cmd = &call->arg.test;
	struct model_device *device = model_get(&worker->model, cmd->id, OBJECT_STDEV);

	if (call->result)
		return NULL;
	if (cmd->dev_response.out_count != device->answers)
		return "another number of answers";
	if (device->answers && (cmd->dev_response.out_grpid != device->answered ||
				cmd->dev_response.out_code != device->code))
		return "another answer";
	return NULL;
}

static bool poll_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	return choose_queue(worker, call);
}

static int poll_execute(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct pollfd pollfd = { .fd = call->fd, .events = POLLIN | POLLOUT };

	(void)worker;
	return poll(&pollfd, 1, 0) < 0 ? -errno : pollfd.revents;
}

static int poll_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	return POLLOUT | (has_unread(chosen_queue(worker, call)) ? POLLIN : 0);
}

static const char *nothing_to_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	(void)worker;
	(void)call;
	return NULL;
}

static int close_execute(struct fuzz_worker *worker, struct fuzz_call *call)
{
	(void)worker;
	return close(call->fd) ? -errno : 0;
}

static const char *close_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct model_faults *faults = chosen_queue(worker, call);
	unsigned int i;

	for (i = 0; i < faults->nr_pending; i++)
		device_answer(faults->pending[i].device, faults->pending[i].grpid,
			      IOMMUFD_PAGE_RESP_INVALID);
	faults->nr_pending = 0;
	faults->fd = -1;
	return NULL;
}

const struct fuzz_op ops_fault[] = {
	{ "fault-alloc", 4,
	  FUZZ_IOCTL(IOMMU_FAULT_QUEUE_ALLOC, struct iommu_fault_alloc, out_fault_fd),
	  .flags = offsetof(struct iommu_fault_alloc, flags), .reserved = NO_FIELD, .atomic = true,
	  .generate = alloc_generate, .predict = always_succeeds, .check = alloc_check },
	{ "fault-trigger", 40, FUZZ_TEST(IOMMU_TEST_OP_TRIGGER_IOPF),
	  .generate = trigger_generate, .predict = trigger_predict, .check = trigger_check },
	{ "fault-read", 25, FUZZ_PLAIN, .generate = read_generate, .execute = read_execute,
	  .predict = read_predict, .check = read_check },
	{ "fault-respond", 25, FUZZ_PLAIN, .generate = respond_generate,
	  .execute = respond_execute, .predict = respond_predict, .check = respond_check },
	{ "fault-answer", 15, FUZZ_TEST(IOMMU_TEST_OP_DEV_RESPONSE),
	  .generate = answer_generate, .predict = answer_predict, .check = answer_check },
	{ "fault-poll", 8, FUZZ_PLAIN, .generate = poll_generate, .execute = poll_execute,
	  .predict = poll_predict, .check = nothing_to_check },
	{ "fault-close", 1, FUZZ_PLAIN, .generate = poll_generate, .execute = close_execute,
	  .predict = always_succeeds, .check = close_check },
	{ }
};
