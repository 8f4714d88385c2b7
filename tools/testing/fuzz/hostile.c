// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arguments that are wrong, or odd, in ways that all ioctls with a structure know.
 */
#include <errno.h>
#include <string.h>

#include "fuzz.h"

/* What stands for "the prediction is as it was" */
#define UNCHANGED 1

static int too_short(struct fuzz_worker *worker, struct fuzz_call *call)
{
	call->arg.size = random_below(&worker->random, call->op->min_size);
	return -EINVAL;
}

/* A newer program's structure. What is behind is zero: that is fine. */
static int longer(struct fuzz_worker *worker, struct fuzz_call *call)
{
	call->arg.size = call->op->size + 8 * (1 + random_below(&worker->random, 4));
	return UNCHANGED;
}

static int longer_and_set(struct fuzz_worker *worker, struct fuzz_call *call)
{
	uint32_t more = 1 + random_below(&worker->random, 32);

	call->arg.size = call->op->size + more;
	((uint8_t *)&call->arg)[call->op->size + random_below(&worker->random, more)] = 0x5a;
	return -E2BIG;
}

static int huge_size(struct fuzz_worker *worker, struct fuzz_call *call)
{
	uint8_t *place = worker->guard + PAGE - call->op->size;

	/* Ends with its page: the bytes that are said to follow aren't there. */
	call->arg.size = 1U << (12 + random_below(&worker->random, 19));
	memcpy(place, &call->arg, call->op->size);
	call->pointer = place;
	return -EFAULT;
}

static int no_structure(struct fuzz_worker *worker, struct fuzz_call *call)
{
	call->pointer = random_one_in(&worker->random, 2) ? NULL : worker->guard + PAGE;
	return -EFAULT;
}

static int half_a_structure(struct fuzz_worker *worker, struct fuzz_call *call)
{
	uint32_t part = 4 + random_below(&worker->random, call->op->size - 4);

	call->pointer = worker->guard + PAGE - part;
	memcpy(call->pointer, &call->arg, part);
	return -EFAULT;
}

static int unknown_flag(struct fuzz_worker *worker, struct fuzz_call *call)
{
	uint32_t flag = 1U << 30;

	(void)worker;
	if (call->op->flags == NO_FIELD)
		return UNCHANGED;
	*(uint32_t *)((uint8_t *)&call->arg + call->op->flags) |= flag;
	return -EOPNOTSUPP;
}

static int reserved_set(struct fuzz_worker *worker, struct fuzz_call *call)
{
	if (call->op->reserved == NO_FIELD)
		return UNCHANGED;
	((uint8_t *)&call->arg)[call->op->reserved] = 1 + random_below(&worker->random, 255);
	return -EOPNOTSUPP;
}

/**
 * hostile_mutate() - make an ioctl's structure wrong
 * @worker: the worker
 * @call: a call of an operation that has a structure, complete
 *
 * Return: the errno that must come of it, or 1 if the operation's own prediction stands.
 */
int hostile_mutate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	static int (*const ways[])(struct fuzz_worker *worker, struct fuzz_call *call) = {
		too_short, longer, longer_and_set, huge_size, no_structure, half_a_structure,
		unknown_flag, reserved_set,
	};
	unsigned int way = random_below(&worker->random, sizeof(ways) / sizeof(*ways));

	return ways[way](worker, call);
}
