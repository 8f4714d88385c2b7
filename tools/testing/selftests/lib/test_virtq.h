/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtio disk, in the hands of a userspace driver or of the kernel's.
 *
 * Tests leave the lower half of the disk as it is, and write to the upper half.
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise.
 */
#ifndef TEST_VIRTQ_H
#define TEST_VIRTQ_H

#include <stdbool.h>
#include <stdint.h>

#include "test_device.h"

#define TEST_VIRTQ_IOVA 0x100000
#define TEST_VIRTQ_DATA_IOVA 0x1000000
#define TEST_VIRTQ_DATA_SIZE 0x40000
#define TEST_VIRTQ_SCRATCH 16384

#define TEST_NATIVE_DRIVER "virtio-pci"

/**
 * struct test_virtq - a user of the virtio disk
 * @dev: the function
 * @vblk: the userspace driver
 * @data: TEST_VIRTQ_DATA_SIZE bytes at TEST_VIRTQ_DATA_IOVA
 */
struct test_virtq {
	struct test_device dev;
	struct iv_vblk vblk;
	struct iv_dma data;
};

int test_virtq_setup(struct test_virtq *user, enum test_stage stage);
int test_virtq_start(struct test_virtq *user);
int test_virtq_setup_live(struct test_virtq *user);
void test_virtq_close(struct test_virtq *user);
void test_virtq_teardown(struct test_virtq *user);
bool test_virtq_is_broken(struct test_virtq *user);

int test_virtq_give_to_native(struct test_virtq *user);
int test_virtq_take_from_native(struct test_virtq *user);
int test_native_disk_open(const char *addr);
int test_native_read(const char *addr, uint64_t sector, void *buf, size_t size);
int test_native_write(const char *addr, uint64_t sector, const void *buf, size_t size);

#endif
