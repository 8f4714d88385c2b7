/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Operations that run out of memory: each of their allocations fails in turn.
 *
 * A kernel with fault injection (Documentation/fault-injection) lets the nth allocation, or the nth
 * copy from or to user memory, of one thread fail. fail_nth() runs an operation with n = 1, 2, ...
 * until no such fault happens any more. A run that fails must say -ENOMEM (-EFAULT if it was a
 * copy) and must have changed nothing; then the operation must succeed without the fault. What it
 * did is undone before the next n.
 *
 * Whatever the operation, what the process has pinned (in all and for its accounts), locked, and
 * open is compared as well.
 */
#ifndef FAIL_NTH_H
#define FAIL_NTH_H

#include <stdbool.h>

/* For TEST_F_TIMEOUT(): kernels with fault injection are slow ones. */
#define FAIL_NTH_TIMEOUT_S 180

/* No lack of memory makes it fail. */
#define FAIL_NTH_ALWAYS_WORKS	(1U << 0)
/* If its answer could not be copied out (-EFAULT), it may have been done. */
#define FAIL_NTH_ANSWER_LAST	(1U << 1)
/* It need not allocate or copy anything. */
#define FAIL_NTH_MAY_NEED_NOTHING	(1U << 2)

/**
 * struct fail_nth_case - an operation
 * @prepare: bring things to where it can be done; NULL if @undo does
 * @run: do it. Only system calls of this thread count.
 * @done: whether it has been done; NULL: no need to ask
 * @intact: whether things are as @prepare has left them; NULL: no need to ask
 * @undo: undo @prepare and @run; NULL if there is nothing to be undone
 * @flags: FAIL_NTH_*
 * @other_errno: what it may also say when it lacks memory, negative; 0 for nothing
 *
 * All functions but @done and @intact return 0 or a negative errno.
 */
struct fail_nth_case {
	int (*prepare)(void *arg);
	int (*run)(void *arg);
	bool (*done)(void *arg);
	bool (*intact)(void *arg);
	int (*undo)(void *arg);
	unsigned int flags;
	int other_errno;
};

const char *fail_nth_missing(void);
int fail_nth(const struct fail_nth_case *op, void *arg);

#endif
