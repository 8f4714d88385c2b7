// SPDX-License-Identifier: GPL-2.0-only
/*
 * Time.
 */
#include <time.h>

#include "test_timeout.h"
#include "test_wait.h"

/**
 * test_now_ms() - a clock that never goes back
 *
 * Return: milliseconds since some moment.
 */
int64_t test_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/**
 * test_sleep_ms() - do nothing for a while
 * @ms: milliseconds
 */
void test_sleep_ms(int ms)
{
	struct timespec delay = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&delay, NULL);
}

/**
 * test_wait_until() - wait for something to become true
 * @condition: asked again and again
 * @arg: for @condition
 * @timeout_ms: how long to wait, as for test_timeout()
 *
 * Return: whether it became true in time.
 */
bool test_wait_until(bool (*condition)(void *arg), void *arg, int timeout_ms)
{
	int64_t end = test_now_ms() + test_timeout(timeout_ms);

	while (!condition(arg)) {
		if (test_now_ms() >= end)
			return condition(arg);
		test_sleep_ms(1);
	}
	return true;
}
