// SPDX-License-Identifier: GPL-2.0-only
/*
 * A user of the sample block device mblk.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "iommufd_file.h"
#include "iv.h"
#include "mblk_device.h"
#include "test_device.h"
#include "test_memory.h"
#include "test_process.h"
#include "test_wait.h"

#define IO_TIMEOUT_MS 10000

/**
 * mblk_module_load() - load the module, with its parameters at their defaults
 *
 * Return: 0, or -ENOEXEC.
 */
int mblk_module_load(void)
{
	return test_module_load("mblk") ?: mblk_set_stubborn(0);
}

/**
 * mblk_set_stubborn() - have the driver keep rings whose memory is unmapped
 * @stubborn: whether it does
 */
int mblk_set_stubborn(int stubborn)
{
	return iv_file_write("/sys/module/mblk/parameters/stubborn", stubborn ? "1" : "0");
}

/**
 * mblk_setup() - an instance, open and bound to a context of its own
 * @mblk: to be filled; for mblk_teardown(), also if this fails
 * @type: TEST_MBLK_SMALL or TEST_MBLK_LARGE
 * @number: tells the instances of a test apart
 */
int mblk_setup(struct mblk_device *mblk, const char *type, unsigned int number)
{
	int ret;

	memset(mblk, 0, sizeof(*mblk));
	mblk->fd = -1;
	mblk->iommufd = -1;
	mblk->eventfd = -1;
	test_uuid(number, mblk->uuid);
	ret = mblk_module_load() ?: test_mdev_create(TEST_MBLK_PARENT, type, mblk->uuid);
	if (ret)
		return ret;
	mblk->fd = test_mdev_open(mblk->uuid);
	mblk->iommufd = test_context_open(&mblk->ioas_id);
	mblk->ring = test_memory_alloc(MBLK_RING_SIZE, MBLK_PAGE);
	mblk->eventfd = iv_eventfd_create();
	if (mblk->fd < 0 || mblk->iommufd < 0 || !mblk->ring || mblk->eventfd < 0)
		return -ENODEV;
	return iv_device_bind(mblk->fd, mblk->iommufd, NULL);
}

/**
 * mblk_attach() - attach to the IOAS, in which the ring is mapped
 * @mblk: after mblk_setup()
 */
int mblk_attach(struct mblk_device *mblk)
{
	return iv_ioas_map(mblk->iommufd, mblk->ioas_id, mblk->ring, MBLK_RING_SIZE, MBLK_RING_IOVA,
			   IV_DMA_RW) ?:
	       iv_device_attach(mblk->fd, mblk->ioas_id);
}

/**
 * mblk_start() - enable the queue, with an empty ring
 * @mblk: attached
 */
int mblk_start(struct mblk_device *mblk)
{
	memset(mblk->ring, 0, MBLK_RING_SIZE);
	mblk->tail = 0;
	return mblk_reg_write(mblk, MBLK_REG_QUEUE_IOVA, MBLK_RING_IOVA) ?:
	       mblk_reg_write(mblk, MBLK_REG_QUEUE_SIZE, MBLK_RING_ENTRIES) ?:
	       iv_irq_set_eventfds(mblk->fd, MBLK_IRQ, 0, 1, &mblk->eventfd) ?:
	       mblk_reg_write(mblk, MBLK_REG_CONTROL, MBLK_CONTROL_ENABLE);
}

/**
 * mblk_close() - close what is open
 * @mblk: the user
 */
void mblk_close(struct mblk_device *mblk)
{
	iommufd_file_close(&mblk->fd);
	iommufd_file_close(&mblk->iommufd);
}

/**
 * mblk_teardown() - close what is open, and remove the instance
 * @mblk: the user
 */
void mblk_teardown(struct mblk_device *mblk)
{
	mblk_close(mblk);
	iommufd_file_close(&mblk->eventfd);
	if (mblk->ring)
		test_memory_free(mblk->ring, MBLK_RING_SIZE);
	mblk->ring = NULL;
	mblk_set_stubborn(0);
	if (test_mdev_exists(mblk->uuid))
		test_mdev_remove(mblk->uuid);
}

static size_t reg_size(uint64_t reg)
{
	return reg == MBLK_REG_CAPACITY || reg == MBLK_REG_QUEUE_IOVA ? 8 : 4;
}

/**
 * mblk_reg_read() - read a register
 * @mblk: bound
 * @reg: MBLK_REG_*
 * @value: its value
 */
int mblk_reg_read(const struct mblk_device *mblk, uint64_t reg, uint64_t *value)
{
	*value = 0;
	if (pread(mblk->fd, value, reg_size(reg), reg) != (ssize_t)reg_size(reg))
		return -errno;
	return 0;
}

/**
 * mblk_reg_write() - write a register
 * @mblk: bound
 * @reg: MBLK_REG_*
 * @value: what to write
 */
int mblk_reg_write(const struct mblk_device *mblk, uint64_t reg, uint64_t value)
{
	if (pwrite(mblk->fd, &value, reg_size(reg), reg) != (ssize_t)reg_size(reg))
		return -errno;
	return 0;
}

/**
 * mblk_reg() - a register's value
 * @mblk: bound
 * @reg: MBLK_REG_*
 *
 * Return: the value, all ones if it can't be read.
 */
uint64_t mblk_reg(const struct mblk_device *mblk, uint64_t reg)
{
	uint64_t value;

	return mblk_reg_read(mblk, reg, &value) ? UINT64_MAX : value;
}

/**
 * mblk_next_desc() - the descriptor of the next request
 * @mblk: started
 */
struct mblk_desc *mblk_next_desc(struct mblk_device *mblk)
{
	return &mblk->ring[mblk->tail % MBLK_RING_ENTRIES];
}

/**
 * mblk_fill() - fill a descriptor
 * @desc: the descriptor
 * @op: MBLK_OP_*
 * @flags: MBLK_DESC_*
 * @iova: the memory
 * @sector: where on the disk
 * @length: in bytes
 */
void mblk_fill(struct mblk_desc *desc, int op, int flags, uint64_t iova, uint64_t sector,
	       uint32_t length)
{
	*desc = (struct mblk_desc) {
		.iova = iova,
		.sector = sector,
		.length = length,
		.op = op,
		.flags = flags,
	};
}

/**
 * mblk_submit() - let the device work on the next descriptor
 * @mblk: started
 */
int mblk_submit(struct mblk_device *mblk)
{
	return mblk_reg_write(mblk, MBLK_REG_TAIL, ++mblk->tail);
}

/**
 * mblk_wait() - wait until the device has done all requests
 * @mblk: started
 * @timeout_ms: how long to wait
 *
 * Return: 0; -ETIMEDOUT; -EIO if the queue has stopped; -ENODEV.
 */
int mblk_wait(struct mblk_device *mblk, int timeout_ms)
{
	int64_t end = test_now_ms() + timeout_ms;
	uint64_t head, status;
	int ret;

	for (;;) {
		ret = mblk_reg_read(mblk, MBLK_REG_HEAD, &head) ?:
		      mblk_reg_read(mblk, MBLK_REG_STATUS, &status);
		if (ret)
			return ret;
		if (head == mblk->tail)
			return 0;
		if (status != MBLK_STATUS_ENABLED)
			return -EIO;
		if (test_now_ms() > end)
			return -ETIMEDOUT;
		iv_eventfd_wait(mblk->eventfd, 1);
	}
}

/**
 * mblk_io() - one request of one segment
 * @mblk: started
 * @op: MBLK_OP_*
 * @flags: MBLK_DESC_*
 * @iova: the memory
 * @sector: where on the disk
 * @length: in bytes
 *
 * Return: what the device says, MBLK_OK and others; or a negative errno.
 */
int mblk_io(struct mblk_device *mblk, int op, int flags, uint64_t iova, uint64_t sector,
	    uint32_t length)
{
	volatile struct mblk_desc *desc = mblk_next_desc(mblk);
	int ret;

	mblk_fill(mblk_next_desc(mblk), op, flags, iova, sector, length);
	ret = mblk_submit(mblk) ?: mblk_wait(mblk, IO_TIMEOUT_MS);
	if (ret)
		return ret;
	return desc->done == (desc->status == MBLK_OK ? length : 0) ? (int)desc->status : -EIO;
}
