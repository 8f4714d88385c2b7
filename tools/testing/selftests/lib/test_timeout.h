/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_TIMEOUT_H
#define TEST_TIMEOUT_H

#include <stdbool.h>

int test_timeout(int time);
bool test_is_slow(void);
unsigned int test_count(unsigned int many);

/* What the linker makes of alarm(). */
unsigned int __real_alarm(unsigned int seconds);
unsigned int __wrap_alarm(unsigned int seconds);

#endif
