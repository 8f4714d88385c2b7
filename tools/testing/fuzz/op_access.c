// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access endpoints: drivers that pin, read and write by IOVA.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ops.h"

#define MAX_ACCESSES 3

/* Longer ranges are not pinned. */
#define PIN_MAX (64 * PAGE)

static bool create_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_test_cmd *cmd = choose_test(worker, call);

	cmd->id = choose_id(worker, OBJECT_IOAS);
	cmd->create_access.flags = random_below(&worker->random, 2);
	if (random_one_in(&worker->random, 40))
		cmd->create_access.flags = 1U << (1 + random_below(&worker->random, 20));
	call->note[0] = cmd->create_access.flags;
	return model_count(&worker->model, OBJECT_ACCESS) < MAX_ACCESSES && ids_are_left(worker);
}

/* Attaching to what the user names */
static int predict_attach(struct fuzz_worker *worker, uint32_t id, bool can_pin,
			  const struct model_ioas *now)
{
	struct model_ioas *ioas = model_get(&worker->model, id, OBJECT_IOAS);

	if (model_type(&worker->model, id) == OBJECT_NONE)
		return -ENOENT;
	if (!ioas)
		return -EINVAL;
	return can_pin && ioas != now ? ioas_get_pages(ioas, true) : 0;
}

static int create_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	if (call->note[0] > 1)
		return -EOPNOTSUPP;
	/* The endpoint itself has a number when the user's is looked up. */
	if (call->arg.test.id == model_next_id(&worker->model, 0))
		return -EINVAL;
	return predict_attach(worker, call->arg.test.id, call->note[0], NULL);
}

static const char *create_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct model_access *access;

	if (call->result)
		return NULL;
	access = calloc(1, sizeof(*access));
	access->id = model_next_id(&worker->model, 0);
	access->fd = call->arg.test.create_access.out_access_fd;
	access->can_pin = call->note[0];
	access->ioas = model_get(&worker->model, call->arg.test.id, OBJECT_IOAS);
	access->ioas->accesses++;
	if (access->can_pin)
		ioas_get_pages(access->ioas, false);
	model_add(&worker->model, access->id, OBJECT_ACCESS, access);
	return NULL;
}

/* Names an access by its descriptor; or nothing, and then sets the errno that must come. */
static struct model_access *choose_access(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_test_cmd *cmd = choose_test(worker, call);
	struct model_access *access = choose_object(worker, OBJECT_ACCESS);

	call->note[0] = 0;
	call->note[1] = access ? access->id : 0;
	if (!access || random_one_in(&worker->random, 100)) {
		bool other = random_one_in(&worker->random, 2);

		cmd->id = other ? worker->arena.null : 0x7ffffff0;
		call->note[0] = other ? EINVAL : EBADF;
		return access;
	}
	cmd->id = access->fd;
	return access;
}

static struct model_access *chosen_access(struct fuzz_worker *worker, struct fuzz_call *call)
{
	return model_get(&worker->model, call->note[1], OBJECT_ACCESS);
}

static bool pin_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct model_access *access = choose_access(worker, call);
	struct iommu_test_cmd *cmd = &call->arg.test;
	struct fuzz_random *random = &worker->random;
	struct model_area *area;
	uint64_t iova, length;

	choose_range(worker, access ? access->ioas : NULL, &iova, &length);
	cmd->access_pages.iova = iova;
	cmd->access_pages.length = random_one_in(random, 100) ? 0 : length;
	cmd->access_pages.flags = random_below(random, 2);
	area = access ? ioas_find(access->ioas, iova, iova) : NULL;
	if (area && area->last >= iova + length - 1 && random_one_in(random, 2))
		cmd->access_pages.uptr = area->va + (iova - area->first);
	return access && access->nr_pins < MAX_PINS && length < PIN_MAX;
}

/* Whether all of a range may be accessed, and its pages can be had. */
static int predict_pin(struct fuzz_worker *worker, struct model_access *access, uint64_t first,
		       uint64_t last, bool write)
{
	uint32_t prot = write ? IOMMU_IOAS_MAP_WRITEABLE : IOMMU_IOAS_MAP_READABLE;
	struct model_area *area, *begin = ioas_find(access->ioas, first, first);
	uint64_t from, to;

	for (area = begin; ; area = ioas_next(access->ioas, area)) {
		if (!area)
			return -ENOENT;
		if (!(area->prot & prot))
			return -EPERM;
		if (area->last >= last)
			break;
	}
	for (area = begin; area && !access->ioas->hwpts; area = ioas_next(access->ioas, area)) {
		from = first > area->first ? first : area->first;
		to = last < area->last ? last : area->last;
		if (!arena_can_pin(&worker->arena, area->va + (from - area->first), to - from + 1,
				   area->backing.writeable))
			return -EFAULT;
		if (area->last >= last)
			break;
	}
	return 0;
}

static int pin_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct model_access *access = chosen_access(worker, call);
	const struct iommu_test_cmd *cmd = &call->arg.test;
	uint64_t first = cmd->access_pages.iova, last = first + cmd->access_pages.length - 1;

	if (call->note[0])
		return -(int)call->note[0];
	if (!cmd->access_pages.length)
		return -EINVAL;
	if (last < first)
		return -EOVERFLOW;
	if (!access->can_pin)
		return -EINVAL;
	return predict_pin(worker, access, first, last,
			   cmd->access_pages.flags & MOCK_FLAGS_ACCESS_WRITE);
}

static void remember_backings(struct model_ioas *ioas, struct model_pin *pin)
{
	struct model_area *area = ioas_find(ioas, pin->first, pin->last);
	const unsigned int max = sizeof(pin->backings) / sizeof(*pin->backings);

	for (; area && area->first <= pin->last && pin->nr_backings < max;
	     area = ioas_next(ioas, area)) {
		uint64_t first = area->first > pin->first ? area->first : pin->first;
		uint64_t last = area->last < pin->last ? area->last : pin->last;

		pin->backings[pin->nr_backings++] = (struct model_backing) {
			.va = (area->va + (first - area->first)) & ~(PAGE - 1),
			.length = ((last - first) | (PAGE - 1)) + 1,
		};
	}
}

static const char *pin_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct model_access *access = chosen_access(worker, call);
	const struct iommu_test_cmd *cmd = &call->arg.test;
	struct model_pin pin = {
		.id = cmd->access_pages.out_access_pages_id,
		.first = cmd->access_pages.iova,
		.last = cmd->access_pages.iova + cmd->access_pages.length - 1,
	};

	if (call->result)
		return NULL;
	remember_backings(access->ioas, &pin);
	access->pins[access->nr_pins++] = pin;
	return NULL;
}

static bool unpin_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct model_access *access = choose_access(worker, call);
	struct iommu_test_cmd *cmd = &call->arg.test;

	if (access && access->nr_pins && !random_one_in(&worker->random, 20))
		cmd->destroy_access_pages.access_pages_id =
			access->pins[random_below(&worker->random, access->nr_pins)].id;
	else
		cmd->destroy_access_pages.access_pages_id = random_below(&worker->random, 100);
	return access;
}

static struct model_pin *pin_named(struct model_access *access, const struct iommu_test_cmd *cmd)
{
	unsigned int i;

	for (i = 0; i < access->nr_pins; i++)
		if (access->pins[i].id == cmd->destroy_access_pages.access_pages_id)
			return &access->pins[i];
	return NULL;
}

static int unpin_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	if (call->note[0])
		return -(int)call->note[0];
	return pin_named(chosen_access(worker, call), &call->arg.test) ? 0 : -ENOENT;
}

static const char *unpin_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct model_access *access = chosen_access(worker, call);
	struct model_pin *pin;

	if (call->result)
		return NULL;
	pin = pin_named(access, &call->arg.test);
	*pin = access->pins[--access->nr_pins];
	return NULL;
}

static bool rw_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct model_access *access = choose_access(worker, call);
	struct iommu_test_cmd *cmd = &call->arg.test;
	struct fuzz_random *random = &worker->random;
	uint64_t iova, length, i, *words = (uint64_t *)worker->buffer;

	choose_memory(worker, access ? access->ioas : NULL, &iova, &length);
	cmd->access_rw.iova = iova;
	cmd->access_rw.length = random_one_in(random, 100) ? 0 : length;
	cmd->access_rw.flags = random_below(random, 2) * MOCK_ACCESS_RW_WRITE |
			       random_below(random, 2) * MOCK_ACCESS_RW_SLOW_PATH;
	if (random_one_in(random, 100))
		cmd->access_rw.flags |= 1U << random_below(random, 32);
	cmd->access_rw.uptr = (uintptr_t)choose_pointer(worker, worker->buffer, &call->note[2]);
	for (i = 0; i <= length / sizeof(*words); i++)
		words[i] = random_u64(random);
	return access;
}

static int rw_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	static const struct copy_rules rules = { .hole = -ENOENT, .forbidden = -EPERM,
						 .pages = true };
	struct model_access *access = chosen_access(worker, call);
	const struct iommu_test_cmd *cmd = &call->arg.test;
	uint64_t iova = cmd->access_rw.iova, length = cmd->access_rw.length;
	bool write = cmd->access_rw.flags & MOCK_ACCESS_RW_WRITE;
	int rc;

	call->note[3] = 0;
	if (call->note[0])
		return -(int)call->note[0];
	if (cmd->access_rw.flags & ~(MOCK_ACCESS_RW_WRITE | MOCK_ACCESS_RW_SLOW_PATH))
		return -EOPNOTSUPP;
	if (!length)
		return -EINVAL;
	if (call->note[2] && write)
		return -EFAULT;
	if (iova + (length - 1) < iova)
		return -EOVERFLOW;
	rc = copy_predict(worker, access->ioas, iova, length, write, &rules, &call->note[3]);
	return !rc && call->note[2] ? -EFAULT : rc;
}

/* A write may have got somewhere before it failed; a read is all or nothing. */
static const char *rw_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct model_access *access = chosen_access(worker, call);
	const struct iommu_test_cmd *cmd = &call->arg.test;
	bool write = cmd->access_rw.flags & MOCK_ACCESS_RW_WRITE;

	if (!call->note[3] || (call->result && !write))
		return NULL;
	return copy_check(worker, access->ioas, cmd->access_rw.iova, call->note[3], write, NULL);
}

static bool replace_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	choose_access(worker, call);
	call->arg.test.access_replace_ioas.ioas_id = choose_id(worker, OBJECT_IOAS);
	return true;
}

static int replace_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct model_access *access = chosen_access(worker, call);

	if (call->note[0])
		return -(int)call->note[0];
	return predict_attach(worker, call->arg.test.access_replace_ioas.ioas_id, access->can_pin,
			      access->ioas);
}

static const char *replace_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct model_access *access = chosen_access(worker, call);
	struct model_ioas *ioas = model_get(&worker->model,
					    call->arg.test.access_replace_ioas.ioas_id,
					    OBJECT_IOAS);

	if (call->result || ioas == access->ioas)
		return NULL;
	access->nr_pins = 0;
	if (access->can_pin) {
		ioas_get_pages(ioas, false);
		ioas_put_pages(access->ioas);
	}
	access->ioas->accesses--;
	access->ioas = ioas;
	ioas->accesses++;
	return NULL;
}

static bool close_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct model_access *access = choose_object(worker, OBJECT_ACCESS);

	if (!access)
		return false;
	call->fd = access->fd;
	call->note[1] = access->id;
	return true;
}

static int close_execute(struct fuzz_worker *worker, struct fuzz_call *call)
{
	(void)worker;
	return close(call->fd) ? -errno : 0;
}

static int close_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	(void)worker;
	(void)call;
	return 0;
}

static const char *close_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	access_end(&worker->model, chosen_access(worker, call));
	return NULL;
}

const struct fuzz_op ops_access[] = {
	{ "access-create", 8, FUZZ_TEST(IOMMU_TEST_OP_CREATE_ACCESS),
	  .generate = create_generate, .predict = create_predict, .check = create_check },
	{ "access-pin", 40, FUZZ_TEST(IOMMU_TEST_OP_ACCESS_PAGES),
	  .generate = pin_generate, .predict = pin_predict, .check = pin_check },
	{ "access-unpin", 30, FUZZ_TEST(IOMMU_TEST_OP_DESTROY_ACCESS_PAGES),
	  .generate = unpin_generate, .predict = unpin_predict, .check = unpin_check },
	{ "access-rw", 80, FUZZ_TEST(IOMMU_TEST_OP_ACCESS_RW),
	  .generate = rw_generate, .predict = rw_predict, .check = rw_check },
	{ "access-replace", 8, FUZZ_TEST(IOMMU_TEST_OP_ACCESS_REPLACE_IOAS),
	  .generate = replace_generate, .predict = replace_predict, .check = replace_check },
	{ "access-close", 5, FUZZ_PLAIN,
	  .generate = close_generate, .execute = close_execute, .predict = close_predict,
	  .check = close_check },
	{ }
};
