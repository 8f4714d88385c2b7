/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PCI functions for tests: which to use, and bringing one to a stage of its life.
 *
 * A test names a role. The environment (IV_EDU, IV_NVME, ...) says which PCI address plays it; if
 * it doesn't, the function is found by its PCI id. Teardown closes what is open and gives
 * the function back to the driver it had.
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise.
 */
#ifndef TEST_DEVICE_H
#define TEST_DEVICE_H

#include <stddef.h>
#include <stdint.h>
#include "iv.h"

enum test_role {
	TEST_EDU,
	TEST_NVME,
	TEST_IGB,
	TEST_SHARED_A,
	TEST_SHARED_B,
	TEST_HOTPLUG,
	TEST_VIRTIO_BLK,
	TEST_VIRTIO_NET,
	TEST_VIRTIO_PARTNER,
	TEST_PAIR_A,
	TEST_PAIR_B,
	TEST_SHMEM,
	TEST_VGA,
	TEST_VGA_OTHER,
	TEST_AER,
};

enum test_stage {
	TEST_CLAIMED,	/* bound to its vfio driver, nothing open */
	TEST_PARKED,	/* the cdev is open */
	TEST_BOUND,	/* bound to a context of its own */
	TEST_ATTACHED,	/* attached to a fresh IOAS */
};

/**
 * struct test_device - a function under test
 * @addr: its PCI address
 * @claim: how to give it back
 * @fd: the open cdev, or -1
 * @iommufd: the context made for it, or -1
 * @devid: its number there once it is bound
 * @ioas_id: the IOAS made for it once it is attached
 */
struct test_device {
	char addr[IV_PCI_ADDR_SIZE];
	struct iv_pci_claim claim;
	int fd;
	int iommufd;
	uint32_t devid;
	uint32_t ioas_id;
};

const char *test_role_name(enum test_role role);
const char *test_role_addr(enum test_role role);
const char *test_role_driver(enum test_role role);

int test_device_setup(struct test_device *dev, enum test_role role, enum test_stage stage);
int test_device_advance(struct test_device *dev, enum test_stage stage);
void test_device_close(struct test_device *dev);
void test_device_teardown(struct test_device *dev);

int test_context_open(uint32_t *ioas_id);
int test_device_name(int fd, char *name, size_t size);
int test_fd_is_revoked(int fd);

#endif
