/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Somebody who uses a device, up to a stage, and from whom the device is then taken away.
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise.
 */
#ifndef TEST_USER_H
#define TEST_USER_H

#include <stdbool.h>
#include <stdint.h>

#include "test_device.h"

#define TEST_USER_IOVA 0x1000000
#define TEST_USER_PAGES 16

/* Each stage includes the ones before it, but INTx and MSI exclude each other. */
enum test_user_stage {
	TEST_USER_PARKED,
	TEST_USER_BOUND,
	TEST_USER_ATTACHED,
	TEST_USER_MEMORY_MAPPED,
	TEST_USER_BAR_MAPPED,
	TEST_USER_INTX_ARMED,
	TEST_USER_MSI_ARMED,
};

/**
 * struct test_user - a user of a device
 * @dev: the device
 * @dma: memory of TEST_USER_PAGES pages at TEST_USER_IOVA
 * @bar: BAR 0, mapped
 * @eventfd: what the interrupt signals, or -1
 * @unmask: what unmasks INTx, or -1
 */
struct test_user {
	struct test_device dev;
	struct iv_dma dma;
	struct iv_region bar;
	int32_t eventfd;
	int32_t unmask;
};

int test_user_setup(struct test_user *user, enum test_role role, enum test_user_stage stage);
int test_user_advance(struct test_user *user, enum test_user_stage stage);
int test_user_arm(struct test_user *user, uint32_t index);
void test_user_close(struct test_user *user);
void test_user_teardown(struct test_user *user);

int64_t test_unbind_ms(const char *addr);
bool test_was_prompt(int64_t ms);
int test_edu_works(const char *addr);

#endif
