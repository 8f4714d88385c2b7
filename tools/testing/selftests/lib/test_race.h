/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads that do things to the same objects at the same time for a while, each result of which has
 * to be one that some order of the calls explains.
 */
#ifndef TEST_RACE_H
#define TEST_RACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "test_thread.h"

#define TEST_RACE_MS 700
#define TEST_RACE_JOIN_MS 10000

/**
 * struct test_race - what has been seen
 * @unexpected: a result that no order of the calls explains, or 0
 * @rounds: how much the threads have done
 */
struct test_race {
	atomic_llong unexpected;
	unsigned long rounds;
};

int64_t test_race_expect(struct test_race *race, int64_t rc, int64_t error, int64_t other_error);
int64_t test_race_run_until(struct test_race *race, unsigned int count, test_thread_fn function,
			    void *arg, int ms, bool (*enough)(void *arg));
int64_t test_race_run(struct test_race *race, unsigned int count, test_thread_fn function,
		      void *arg, int ms);

#endif
