/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A user of the sample block device mblk: an instance of its own, a context, a ring, and requests.
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise.
 */
#ifndef MBLK_DEVICE_H
#define MBLK_DEVICE_H

#include <stddef.h>
#include <stdint.h>
#include "mblk_regs.h"
#include "test_mdev.h"

#define MBLK_PAGE 4096UL
#define MBLK_RING_IOVA 0x10000000UL
#define MBLK_RING_ENTRIES 64U
#define MBLK_RING_SIZE MBLK_PAGE
#define MBLK_DATA_IOVA 0x20000000UL

/**
 * struct mblk_device - the user
 * @uuid: the instance
 * @fd: its file, or -1
 * @iommufd: the context, or -1
 * @ioas_id: an IOAS in it, to which the device is attached
 * @ring: memory at MBLK_RING_IOVA
 * @tail: how many descriptors were submitted
 * @eventfd: what the interrupt signals, or -1
 */
struct mblk_device {
	char uuid[TEST_UUID_SIZE];
	int fd;
	int iommufd;
	uint32_t ioas_id;
	struct mblk_desc *ring;
	uint32_t tail;
	int eventfd;
};

int mblk_setup(struct mblk_device *mblk, const char *type, unsigned int number);
int mblk_attach(struct mblk_device *mblk);
int mblk_start(struct mblk_device *mblk);
void mblk_close(struct mblk_device *mblk);
void mblk_teardown(struct mblk_device *mblk);
int mblk_module_load(void);
int mblk_set_stubborn(int stubborn);

int mblk_reg_read(const struct mblk_device *mblk, uint64_t reg, uint64_t *value);
int mblk_reg_write(const struct mblk_device *mblk, uint64_t reg, uint64_t value);
uint64_t mblk_reg(const struct mblk_device *mblk, uint64_t reg);

struct mblk_desc *mblk_next_desc(struct mblk_device *mblk);
void mblk_fill(struct mblk_desc *desc, int op, int flags, uint64_t iova, uint64_t sector,
	       uint32_t length);
int mblk_submit(struct mblk_device *mblk);
int mblk_wait(struct mblk_device *mblk, int timeout_ms);
int mblk_io(struct mblk_device *mblk, int op, int flags, uint64_t iova, uint64_t sector,
	    uint32_t length);

#endif
