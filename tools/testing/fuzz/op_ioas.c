// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations on address spaces as such: which there are, and which IOVAs they can have.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "ops.h"

#define MAX_IOAS 4

static bool alloc_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	(void)call;
	return model_count(&worker->model, OBJECT_IOAS) < MAX_IOAS && ids_are_left(worker);
}

static int always_succeeds(struct fuzz_worker *worker, struct fuzz_call *call)
{
	(void)worker;
	(void)call;
	return 0;
}

static const char *alloc_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct model_ioas *ioas = calloc(1, sizeof(*ioas));

	ioas->id = model_next_id(&worker->model, 0);
	ioas->alignment = 1;
	model_add(&worker->model, ioas->id, OBJECT_IOAS, ioas);
	return call->arg.ioas_alloc.out_ioas_id == ioas->id ? NULL : "another number";
}

static bool allow_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_iova_range *ranges = (void *)worker->buffer;
	struct iommu_ioas_allow_iovas *allow = &call->arg.allow;
	unsigned int i;

	allow->ioas_id = choose_id(worker, OBJECT_IOAS);
	allow->num_iovas = random_one_in(&worker->random, 2) ? 0 :
			   random_below(&worker->random, MAX_ALLOWED + 1);
	for (i = 0; i < allow->num_iovas; i++) {
		ranges[i].start = choose_iova(worker);
		ranges[i].last = ranges[i].start + choose_length(worker) - 1;
	}
	if (random_one_in(&worker->random, 100))
		allow->num_iovas = 65537 + random_below(&worker->random, 1 << 20);
	allow->allowed_iovas = (uintptr_t)choose_pointer(worker, ranges, &call->note[0]);
	return true;
}

static int check_ranges(const struct iommu_iova_range *ranges, unsigned int nr)
{
	unsigned int i, j;

	for (i = 0; i < nr; i++) {
		if (ranges[i].start >= ranges[i].last)
			return -EINVAL;
		for (j = 0; j < i; j++)
			if (ranges_meet(ranges[i].start, ranges[i].last, ranges[j].start,
					ranges[j].last))
				return -EINVAL;
	}
	return 0;
}

static int allow_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_iova_range *ranges = (void *)worker->buffer;
	const struct iommu_ioas_allow_iovas *allow = &call->arg.allow;
	struct model_ioas *ioas = model_get(&worker->model, allow->ioas_id, OBJECT_IOAS);
	unsigned int i;
	int rc;

	if (!ioas)
		return -ENOENT;
	if (allow->num_iovas > 65536)
		return -ENOMEM;
	if (allow->num_iovas && call->note[0])
		return -EFAULT;
	rc = check_ranges(ranges, allow->num_iovas);
	for (i = 0; i < allow->num_iovas && !rc; i++)
		if (ioas_is_reserved(ioas, ranges[i].start, ranges[i].last))
			rc = -EADDRINUSE;
	return rc;
}

static const char *allow_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_iova_range *ranges = (void *)worker->buffer;
	const struct iommu_ioas_allow_iovas *allow = &call->arg.allow;
	struct model_ioas *ioas = model_get(&worker->model, allow->ioas_id, OBJECT_IOAS);
	unsigned int i;

	if (call->result)
		return NULL;
	ioas->nr_allowed = allow->num_iovas;
	for (i = 0; i < allow->num_iovas; i++)
		ioas->allowed[i] = (struct model_range) { ranges[i].start, ranges[i].last, NULL };
	return NULL;
}

static bool ranges_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_ioas_iova_ranges *query = &call->arg.iova_ranges;

	query->ioas_id = choose_id(worker, OBJECT_IOAS);
	query->num_iovas = random_one_in(&worker->random, 4) ? random_below(&worker->random, 4) :
			   MAX_RANGES + 1;
	query->allowed_iovas = (uintptr_t)choose_pointer(worker, worker->buffer, &call->note[0]);
	call->note[1] = query->num_iovas;
	return true;
}

static int ranges_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_ioas_iova_ranges *query = &call->arg.iova_ranges;
	struct model_ioas *ioas = model_get(&worker->model, query->ioas_id, OBJECT_IOAS);
	struct model_range usable[MAX_RANGES + 1];

	if (!ioas)
		return -ENOENT;
	if (query->num_iovas && call->note[0])
		return -EFAULT;
	return ioas_usable(ioas, usable) > query->num_iovas ? -EMSGSIZE : 0;
}

static const char *ranges_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_ioas_iova_ranges *query = &call->arg.iova_ranges;
	const struct iommu_iova_range *ranges = (void *)worker->buffer;
	struct model_ioas *ioas = model_get(&worker->model, query->ioas_id, OBJECT_IOAS);
	struct model_range usable[MAX_RANGES + 1];
	unsigned int i, nr;

	if (call->result && call->result != -EMSGSIZE)
		return NULL;
	nr = ioas_usable(ioas, usable);
	if (query->num_iovas != nr)
		return "another number of ranges";
	if (query->out_iova_alignment != ioas->alignment)
		return "another alignment";
	for (i = 0; i < nr && i < call->note[1]; i++)
		if (ranges[i].start != usable[i].first || ranges[i].last != usable[i].last)
			return "other ranges";
	return NULL;
}

static bool reserve_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_test_cmd *cmd = choose_test(worker, call);
	struct model_ioas *ioas;

	cmd->id = choose_id(worker, OBJECT_IOAS);
	cmd->add_reserved.start = choose_iova(worker);
	cmd->add_reserved.length = choose_length(worker);
	ioas = model_get(&worker->model, cmd->id, OBJECT_IOAS);
	return !ioas || ioas->nr_reserved < 24;
}

static int reserve_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_test_cmd *cmd = &call->arg.test;
	struct model_ioas *ioas = model_get(&worker->model, cmd->id, OBJECT_IOAS);
	uint64_t first = cmd->add_reserved.start, last = first + cmd->add_reserved.length - 1;

	if (!cmd->add_reserved.length || last < first)
		return -EINVAL;
	if (!ioas)
		return -ENOENT;
	return ioas_can_reserve(ioas, first, last) ? 0 : -EADDRINUSE;
}

static const char *reserve_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_test_cmd *cmd = &call->arg.test;
	struct model_ioas *ioas = model_get(&worker->model, cmd->id, OBJECT_IOAS);

	if (!call->result)
		ioas_reserve(ioas, cmd->add_reserved.start,
			     cmd->add_reserved.start + cmd->add_reserved.length - 1, NULL);
	return NULL;
}

static bool option_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_option *option = &call->arg.option;
	struct fuzz_random *random = &worker->random;

	option->option_id = random_one_in(random, 30) ? random_below(random, 5) :
			    random_one_in(random, 6) ? IOMMU_OPTION_RLIMIT_MODE :
			    IOMMU_OPTION_HUGE_PAGES;
	option->op = random_one_in(random, 30) ? random_below(random, 5) : random_below(random, 2);
	option->val64 = random_one_in(random, 30) ? random_u64(random) : random_below(random, 2);
	if (option->option_id != IOMMU_OPTION_RLIMIT_MODE || random_one_in(random, 10))
		option->object_id = choose_id(worker, OBJECT_IOAS);
	return true;
}

static int predict_mode(struct fuzz_worker *worker, const struct iommu_option *option)
{
	if (option->object_id)
		return -EOPNOTSUPP;
	if (option->op == IOMMU_OPTION_OP_GET)
		return 0;
	if (option->op != IOMMU_OPTION_OP_SET)
		return -EOPNOTSUPP;
	if (model_objects(&worker->model))
		return -EBUSY;
	return option->val64 > 1 ? -EINVAL : 0;
}

/* What keeps page tables from having small pages, or lets them. */
int predict_small_pages(struct model_ioas *ioas, bool small)
{
	if (small == ioas->small_pages || !small)
		return 0;
	if (ioas->hwpts && ioas->nr_areas)
		return -EINVAL;
	return ioas_is_aligned(ioas, PAGE) ? 0 : -EADDRINUSE;
}

void set_small_pages(struct model_ioas *ioas, bool small)
{
	if (small == ioas->small_pages)
		return;
	ioas->small_pages = small;
	if (small || !ioas->hwpts)
		ioas->alignment = ioas_base_alignment(ioas);
}

static int predict_huge(struct fuzz_worker *worker, const struct iommu_option *option)
{
	struct model_ioas *ioas = model_get(&worker->model, option->object_id, OBJECT_IOAS);

	if (!ioas)
		return -ENOENT;
	if (option->op == IOMMU_OPTION_OP_GET)
		return 0;
	if (option->op != IOMMU_OPTION_OP_SET)
		return -EOPNOTSUPP;
	return option->val64 > 1 ? -EINVAL : predict_small_pages(ioas, !option->val64);
}

static int option_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	switch (call->arg.option.option_id) {
	case IOMMU_OPTION_RLIMIT_MODE:
		return predict_mode(worker, &call->arg.option);
	case IOMMU_OPTION_HUGE_PAGES:
		return predict_huge(worker, &call->arg.option);
	default:
		return -EOPNOTSUPP;
	}
}

static const char *option_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_option *option = &call->arg.option;
	struct model_ioas *ioas = model_get(&worker->model, option->object_id, OBJECT_IOAS);
	bool set = option->op == IOMMU_OPTION_OP_SET, is;

	if (call->result)
		return NULL;
	if (option->option_id == IOMMU_OPTION_RLIMIT_MODE) {
		if (set)
			worker->model.by_process = option->val64;
		is = worker->model.by_process;
	} else {
		if (set)
			set_small_pages(ioas, !option->val64);
		is = !ioas->small_pages;
	}
	return option->val64 == is ? NULL : "another value";
}

const struct fuzz_op ops_ioas[] = {
	{ "ioas-alloc", 6,
	  FUZZ_IOCTL(IOMMU_IOAS_ALLOC, struct iommu_ioas_alloc, out_ioas_id),
	  .flags = offsetof(struct iommu_ioas_alloc, flags), .reserved = NO_FIELD, .atomic = true,
	  .generate = alloc_generate, .predict = always_succeeds, .check = alloc_check },
	{ "ioas-allow", 6,
	  FUZZ_IOCTL(IOMMU_IOAS_ALLOW_IOVAS, struct iommu_ioas_allow_iovas, allowed_iovas),
	  .flags = NO_FIELD, .reserved = offsetof(struct iommu_ioas_allow_iovas, __reserved),
	  .generate = allow_generate, .predict = allow_predict, .check = allow_check },
	{ "ioas-ranges", 20,
	  FUZZ_IOCTL(IOMMU_IOAS_IOVA_RANGES, struct iommu_ioas_iova_ranges, out_iova_alignment),
	  .flags = NO_FIELD, .reserved = offsetof(struct iommu_ioas_iova_ranges, __reserved),
	  .generate = ranges_generate, .predict = ranges_predict, .check = ranges_check },
	{ "ioas-reserve", 4, FUZZ_TEST(IOMMU_TEST_OP_ADD_RESERVED),
	  .generate = reserve_generate, .predict = reserve_predict, .check = reserve_check },
	{ "option", 10, FUZZ_IOCTL(IOMMU_OPTION, struct iommu_option, val64),
	  .flags = NO_FIELD, .reserved = offsetof(struct iommu_option, __reserved),
	  .generate = option_generate, .predict = option_predict, .check = option_check },
	{ }
};
