/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_TIMEOUT_H
#define TEST_TIMEOUT_H

int test_timeout(int time);
unsigned int test_count(unsigned int many);

/* What the linker makes of alarm(). */
unsigned int __real_alarm(unsigned int seconds);
unsigned int __wrap_alarm(unsigned int seconds);

#endif
