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

unsigned int __wrap_alarm(unsigned int seconds)
{
	return __real_alarm(test_timeout(seconds));
}
