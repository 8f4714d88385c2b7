// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that do things to the same objects.
 */
#include <errno.h>

#include "test_race.h"
#include "test_wait.h"

#define ENOUGH_MS 30000

/**
 * test_race_expect() - judge a result
 * @race: where to note one that is unexpected
 * @rc: the result
 * @error: what it may be, besides 0
 * @other_error: what else it may be
 *
 * Return: @rc.
 */
int64_t test_race_expect(struct test_race *race, int64_t rc, int64_t error, int64_t other_error)
{
	if (rc && rc != error && rc != other_error)
		race->unexpected = rc;
	return rc;
}

static bool nothing_more(void *arg)
{
	(void)arg;
	return true;
}

/**
 * test_race_run_until() - run threads for a while, and longer if they haven't got far yet
 * @race: the race
 * @count: how many threads
 * @function: what they run, until test_threads_stopping(); it counts its rounds
 * @arg: for @function and @enough
 * @ms: for how long at least
 * @enough: whether they have done enough; slow and busy machines take longer, up to a limit
 *
 * Return: 0; -ETIMEDOUT if a thread does not end (then @arg must stay); -ENODATA if they haven't
 * done enough; or a result that was unexpected.
 */
int64_t test_race_run_until(struct test_race *race, unsigned int count, test_thread_fn function,
			    void *arg, int ms, bool (*enough)(void *arg))
{
	/* A thread that does not end may look at it for ever. */
	static struct test_threads threads;
	bool done;
	int rc;

	rc = test_threads_start(&threads, count, function, arg);
	if (rc)
		return rc;
	test_sleep_ms(ms);
	done = test_wait_until(enough, arg, ENOUGH_MS);
	test_threads_stop(&threads);
	rc = test_threads_join(&threads, TEST_RACE_JOIN_MS);
	if (rc)
		return rc;
	race->rounds += threads.rounds;
	if (race->unexpected)
		return race->unexpected;
	return done && threads.rounds ? 0 : -ENODATA;
}

/**
 * test_race_run() - run threads for a while
 * @race: the race
 * @count: how many threads
 * @function: what they run, until test_threads_stopping(); it counts its rounds
 * @arg: for @function
 * @ms: for how long
 *
 * Return: as test_race_run_until().
 */
int64_t test_race_run(struct test_race *race, unsigned int count, test_thread_fn function,
		      void *arg, int ms)
{
	return test_race_run_until(race, count, function, arg, ms, nothing_more);
}
