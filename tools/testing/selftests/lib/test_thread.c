// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that start together.
 */
#include <errno.h>
#include <time.h>

#include "test_thread.h"
#include "test_timeout.h"

static void *thread_main(void *arg)
{
	struct test_threads *threads = arg;
	unsigned int index = atomic_fetch_add(&threads->started, 1);

	pthread_barrier_wait(&threads->barrier);
	threads->function(threads, index, threads->arg);
	return NULL;
}

/**
 * test_threads_start() - start threads that run a function
 * @threads: to be filled; test_threads_join() it
 * @count: how many, at most TEST_THREADS_MAX
 * @function: what they run; none begins before all have been created
 * @arg: for @function
 *
 * Return: 0, or a negative errno; then no thread has run the function, and nothing is to be joined.
 */
int test_threads_start(struct test_threads *threads, unsigned int count, test_thread_fn function,
		       void *arg)
{
	unsigned int created;
	int ret = 0;

	if (!count || count > TEST_THREADS_MAX)
		return -EINVAL;
	threads->count = count;
	threads->function = function;
	threads->arg = arg;
	atomic_init(&threads->stop, false);
	atomic_init(&threads->rounds, 0);
	atomic_init(&threads->started, 0);
	/* The caller is the last to come to the barrier, when all the threads exist. */
	ret = -pthread_barrier_init(&threads->barrier, NULL, count + 1);
	if (ret)
		return ret;
	for (created = 0; created < count; created++) {
		ret = -pthread_create(&threads->threads[created], NULL, thread_main, threads);
		if (ret)
			break;
	}
	if (!ret) {
		pthread_barrier_wait(&threads->barrier);
		return 0;
	}
	while (created--) {
		pthread_cancel(threads->threads[created]);
		pthread_detach(threads->threads[created]);
	}
	return ret;
}

/**
 * test_threads_stopping() - whether the threads are to end
 * @threads: the threads
 *
 * Return: true after test_threads_stop().
 */
bool test_threads_stopping(struct test_threads *threads)
{
	return atomic_load_explicit(&threads->stop, memory_order_relaxed);
}

/**
 * test_threads_stop() - tell the threads to end
 * @threads: the threads
 */
void test_threads_stop(struct test_threads *threads)
{
	atomic_store(&threads->stop, true);
}

/**
 * test_threads_join() - wait for the threads to end
 * @threads: the threads
 * @timeout_ms: how long to wait for all of them together, as for test_timeout()
 *
 * Return: 0, or -ETIMEDOUT if one still runs.
 */
int test_threads_join(struct test_threads *threads, int timeout_ms)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	timeout_ms = test_timeout(timeout_ms);
	end.tv_sec += timeout_ms / 1000;
	end.tv_nsec += timeout_ms % 1000 * 1000000L;
	if (end.tv_nsec >= 1000000000L) {
		end.tv_sec++;
		end.tv_nsec -= 1000000000L;
	}
	for (unsigned int i = 0; i < threads->count; i++)
		if (pthread_timedjoin_np(threads->threads[i], NULL, &end))
			return -ETIMEDOUT;
	pthread_barrier_destroy(&threads->barrier);
	return 0;
}
