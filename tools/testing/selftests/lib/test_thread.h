/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads that start together, run until told to stop, and are joined under a time limit.
 */
#ifndef TEST_THREAD_H
#define TEST_THREAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#define TEST_THREADS_MAX 32

struct test_threads;

/* What a thread runs; usually "while (!test_threads_stopping(threads)) ...". */
typedef void (*test_thread_fn)(struct test_threads *threads, unsigned int index, void *arg);

/**
 * struct test_threads - a set of threads
 * @count: how many there are
 * @threads: their handles
 * @barrier: where they wait for each other before the function runs
 * @started: how many have got their index
 * @stop: set by test_threads_stop()
 * @rounds: for the function to count what it has done
 * @function: what they run
 * @arg: for @function
 */
struct test_threads {
	unsigned int count;
	pthread_t threads[TEST_THREADS_MAX];
	pthread_barrier_t barrier;
	atomic_uint started;
	atomic_bool stop;
	atomic_ulong rounds;
	test_thread_fn function;
	void *arg;
};

int test_threads_start(struct test_threads *threads, unsigned int count, test_thread_fn function,
		       void *arg);
bool test_threads_stopping(struct test_threads *threads);
void test_threads_stop(struct test_threads *threads);
int test_threads_join(struct test_threads *threads, int timeout_ms);

#endif
