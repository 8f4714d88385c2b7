/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_TIMEOUT_H
#define TEST_TIMEOUT_H

int test_timeout(int time);

#endif
