/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time: waiting for something to become true, and measuring how long something took.
 */
#ifndef TEST_WAIT_H
#define TEST_WAIT_H

#include <stdbool.h>
#include <stdint.h>

int64_t test_now_ms(void);
void test_sleep_ms(int ms);
bool test_wait_until(bool (*condition)(void *arg), void *arg, int timeout_ms);

#endif
