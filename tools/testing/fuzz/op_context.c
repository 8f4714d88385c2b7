// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations on the context as a whole, on any object of it, and looks at all memory.
 */
#include <errno.h>
#include <string.h>

#include "ops.h"

static bool destroy_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	static const enum object_type types[] = {
		OBJECT_IOAS, OBJECT_HWPT, OBJECT_HWPT, OBJECT_HWPT, OBJECT_DEVICE, OBJECT_ACCESS,
		OBJECT_FAULT,
	};

	/* Devices are dear. */
	call->arg.destroy.id = choose_id(worker, random_one_in(&worker->random, 12) ? OBJECT_STDEV :
					 types[random_below(&worker->random, 7)]);
	return true;
}

static int destroy_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	return model_destroy(&worker->model, call->arg.destroy.id, true);
}

static const char *destroy_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	model_destroy(&worker->model, call->arg.destroy.id, false);
	return NULL;
}

static bool process_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	(void)worker;
	(void)call;
	return true;
}

/* Memory of the process itself can't be taken over by another. */
static int process_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct model_ioas *ioas;
	unsigned int i;
	uint32_t id;

	(void)call;
	for (id = 1; id < MAX_OBJECTS; id++) {
		ioas = model_get(&worker->model, id, OBJECT_IOAS);
		for (i = 0; ioas && i < ioas->nr_areas; i++)
			if (!ioas->areas[i].backing.file)
				return -EINVAL;
	}
	return 0;
}

static const char *nothing_to_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	(void)worker;
	(void)call;
	return NULL;
}

static bool meets(const struct model_backing *backing, uint64_t va, uint64_t length)
{
	return ranges_meet(backing->va, backing->va + backing->length - 1, va, va + length - 1);
}

/* Whether anything has memory pinned: a page table, or a driver. */
static bool is_pinned(struct fuzz_worker *worker, uint64_t va, uint64_t length)
{
	struct model_access *access;
	struct model_ioas *ioas;
	unsigned int i, j;
	uint32_t id;

	for (id = 1; id < MAX_OBJECTS; id++) {
		ioas = model_get(&worker->model, id, OBJECT_IOAS);
		for (i = 0; ioas && ioas->hwpts && i < ioas->nr_areas; i++)
			if (meets(&ioas->areas[i].backing, va, length))
				return true;
		access = model_get(&worker->model, id, OBJECT_ACCESS);
		for (i = 0; access && i < access->nr_pins; i++)
			for (j = 0; j < access->pins[i].nr_backings; j++)
				if (meets(&access->pins[i].backings[j], va, length))
					return true;
	}
	return false;
}

/* A driver's pins keep what was mapped by page tables as it was pinned, longer than these. */
static bool is_certain(struct fuzz_worker *worker)
{
	return !model_count(&worker->model, OBJECT_ACCESS);
}

static bool pinned_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_test_cmd *cmd = choose_test(worker, call);
	uint64_t page = random_below(&worker->random, ARENA_PLAIN_PAGES + ARENA_FILE_PAGES);

	if (page >= ARENA_PLAIN_PAGES)
		page += ARENA_PAGES - ARENA_PLAIN_PAGES - ARENA_FILE_PAGES;
	cmd->check_refs.uptr = (uintptr_t)worker->arena.base + page * PAGE;
	cmd->check_refs.length = PAGE;
	cmd->check_refs.refs = is_pinned(worker, cmd->check_refs.uptr, PAGE);
	return cmd->check_refs.refs || is_certain(worker);
}

static int always_succeeds(struct fuzz_worker *worker, struct fuzz_call *call)
{
	(void)worker;
	(void)call;
	return 0;
}

static bool memory_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	call->note[0] = random_one_in(&worker->random, 10);
	return true;
}

/* Not an ioctl: all memory is as it must be. */
static int memory_execute(struct fuzz_worker *worker, struct fuzz_call *call)
{
	call->note[1] = arena_compare(&worker->arena, call->note[0]);
	return call->note[1] ? -EILSEQ : 0;
}

static bool reopen_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	(void)worker;
	(void)call;
	return true;
}

/* All that there was is gone, and nothing is pinned any more. */
static int reopen_execute(struct fuzz_worker *worker, struct fuzz_call *call)
{
	int rc;

	(void)call;
	worker_close(worker);
	rc = worker_open(worker);
	return rc;
}

const struct fuzz_op ops_context[] = {
	{ "destroy", 35, FUZZ_IOCTL(IOMMU_DESTROY, struct iommu_destroy, id), FUZZ_PLAIN,
	  .generate = destroy_generate, .predict = destroy_predict, .check = destroy_check },
	{ "change-process", 3,
	  FUZZ_IOCTL(IOMMU_IOAS_CHANGE_PROCESS, struct iommu_ioas_change_process, __reserved),
	  .flags = NO_FIELD, .reserved = offsetof(struct iommu_ioas_change_process, __reserved),
	  .generate = process_generate, .predict = process_predict, .check = nothing_to_check },
	{ "pinned", 40, FUZZ_TEST(IOMMU_TEST_OP_MD_CHECK_REFS),
	  .generate = pinned_generate, .predict = always_succeeds, .check = nothing_to_check },
	{ "memory", 2, FUZZ_PLAIN, .generate = memory_generate, .execute = memory_execute,
	  .predict = always_succeeds, .check = nothing_to_check },
	{ "reopen", 1, FUZZ_PLAIN, .generate = reopen_generate, .execute = reopen_execute,
	  .predict = always_succeeds, .check = nothing_to_check },
	{ }
};
