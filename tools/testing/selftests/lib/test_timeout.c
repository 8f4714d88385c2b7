// SPDX-License-Identifier: GPL-2.0-only
/*
 * Times on slow machines. What is a matter of seconds elsewhere takes minutes on an emulated one
 * whose kernel checks each access to memory, so whoever runs the tests there says so in the
 * environment, as the factor IV_TEST_TIMEOUT_SCALE.
 *
 * The harness ends a test by alarm() after the 30 seconds that its macros have for all tests. The
 * programs are linked with --wrap=alarm, which leads that call here.
 */
#include <stdlib.h>

#include "test_timeout.h"

#define FEWER 32

/**
 * test_timeout() - how long to wait for something that must happen
 * @time: how long that takes at most on a fast machine, in any unit
 *
 * Return: how long it may take on this one.
 */
int test_timeout(int time)
{
	const char *scale = getenv("IV_TEST_TIMEOUT_SCALE");
	int factor = scale ? atoi(scale) : 1;

	return factor > 1 ? time * factor : time;
}

/**
 * test_is_slow() - whether the times of slow machines count here
 *
 * Return: true if waiting and repeating are to be done as they can be done there.
 */
bool test_is_slow(void)
{
	return test_timeout(1) > 1;
}

/**
 * test_count() - how often to do something that is done many times to find what is rare or slow
 * @many: how often on a fast machine
 *
 * Return: how often on this one.
 */
unsigned int test_count(unsigned int many)
{
	return test_is_slow() ? many / FEWER : many;
}

unsigned int __wrap_alarm(unsigned int seconds)
{
	return __real_alarm(test_timeout(seconds));
}
