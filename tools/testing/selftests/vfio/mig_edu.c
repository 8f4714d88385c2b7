// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sample driver vfio-edu: a PCI device whose state moves to another one, and that records what
 * it writes.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "iommufd_ioctl.h"
#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "test_process.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define DRIVER "vfio-edu"
#define STATUS_COMPUTING 0x01
#define STATUS_IRQ_FACTORIAL 0x80
#define DMA_RUN 1
#define DMA_TO_MEMORY 2
#define IOVA 0x100000ULL
#define PAGE 4096ULL

#define RUNNING VFIO_DEVICE_STATE_RUNNING
#define STOP VFIO_DEVICE_STATE_STOP
#define STOP_COPY VFIO_DEVICE_STATE_STOP_COPY
#define RESUMING VFIO_DEVICE_STATE_RESUMING
#define RUNNING_P2P VFIO_DEVICE_STATE_RUNNING_P2P
#define PRE_COPY VFIO_DEVICE_STATE_PRE_COPY

/**
 * struct edu - a device with this driver
 * @dev: the device
 * @bar: its registers, not mapped
 * @dma: memory that it can reach
 */
struct edu {
	struct test_device dev;
	struct iv_region bar;
	struct iv_dma dma;
};

static int edu_setup(struct edu *edu, enum test_role role)
{
	const char *addr = test_role_addr(role);
	int ret;

	memset(edu, 0, sizeof(*edu));
	edu->dev.fd = -1;
	edu->dev.iommufd = -1;
	snprintf(edu->dev.addr, sizeof(edu->dev.addr), "%s", addr);
	ret = iv_pci_claim(&edu->dev.claim, addr, DRIVER);
	ret = ret ?: test_device_advance(&edu->dev, TEST_ATTACHED);
	ret = ret ?: iv_config_command(edu->dev.fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0);
	ret = ret ?: iv_region_open(&edu->bar, edu->dev.fd, VFIO_PCI_BAR0_REGION_INDEX);
	return ret ?: iv_dma_alloc(&edu->dma, edu->dev.iommufd, edu->dev.ioas_id, IOVA, 4 * PAGE);
}

static void reg_write(struct edu *edu, uint64_t reg, uint64_t value)
{
	size_t size = reg < IV_EDU_REG_DMA_SRC ? 4 : 8;

	iv_region_write(&edu->bar, reg, &value, size);
}

/* Leaves the device quiet for whoever comes next; anew, as it may be stopped. */
static void edu_teardown(struct edu *edu)
{
	iv_dma_free(&edu->dma);
	test_device_close(&edu->dev);
	if (!test_device_advance(&edu->dev, TEST_BOUND) &&
	    !iv_config_command(edu->dev.fd, PCI_COMMAND_MEMORY, 0) &&
	    !iv_region_open(&edu->bar, edu->dev.fd, VFIO_PCI_BAR0_REGION_INDEX))
		reg_write(edu, IV_EDU_REG_IRQ_ACK, UINT32_MAX);
	test_device_teardown(&edu->dev);
}

static uint64_t reg_read(struct edu *edu, uint64_t reg)
{
	size_t size = reg < IV_EDU_REG_DMA_SRC ? 4 : 8;
	uint64_t value = 0;

	return iv_region_read(&edu->bar, reg, &value, size) == (ssize_t)size ? value : UINT64_MAX;
}

static bool is_idle(void *arg)
{
	return !(reg_read(arg, IV_EDU_REG_DMA_CMD) & DMA_RUN) &&
	       !(reg_read(arg, IV_EDU_REG_STATUS) & STATUS_COMPUTING);
}

static void dma_start(struct edu *edu, uint64_t from, uint64_t to, uint64_t size, uint64_t cmd)
{
	reg_write(edu, IV_EDU_REG_DMA_SRC, from);
	reg_write(edu, IV_EDU_REG_DMA_DST, to);
	reg_write(edu, IV_EDU_REG_DMA_COUNT, size);
	reg_write(edu, IV_EDU_REG_DMA_CMD, cmd | DMA_RUN);
}

FIXTURE(mig_edu)
{
	struct edu a;
	struct edu b;
	char stream[4096];
};

FIXTURE_SETUP(mig_edu)
{
	if (!test_role_addr(TEST_EDU) || !test_role_addr(TEST_HOTPLUG))
		SKIP(return, "no %s and %s", test_role_name(TEST_EDU),
		     test_role_name(TEST_HOTPLUG));
	ASSERT_EQ(0, test_module_load(DRIVER));
	ASSERT_EQ(0, edu_setup(&self->a, TEST_HOTPLUG));
	ASSERT_EQ(0, edu_setup(&self->b, TEST_EDU));
}

FIXTURE_TEARDOWN(mig_edu)
{
	edu_teardown(&self->a);
	edu_teardown(&self->b);
	EXPECT_EQ(0, test_module_unload("vfio_edu"));
}

static int set_state(struct edu *edu, uint32_t state)
{
	int data_fd, ret = iv_migration_set(edu->dev.fd, state, &data_fd);

	return data_fd >= 0 ? data_fd : ret;
}

/* What @a has saved, into @stream. */
static ssize_t save(struct _test_data_mig_edu *self)
{
	int data_fd = set_state(&self->a, STOP_COPY);
	ssize_t size;

	if (data_fd < 0)
		return data_fd;
	size = iv_migration_read_all(data_fd, self->stream, sizeof(self->stream));
	close(data_fd);
	return size;
}

/* @stream into @b, which runs afterwards. */
static int load(struct _test_data_mig_edu *self, size_t size)
{
	int data_fd = set_state(&self->b, RESUMING);
	int ret;

	if (data_fd < 0)
		return data_fd;
	ret = iv_migration_write_all(data_fd, self->stream, size);
	close(data_fd);
	return ret ?: set_state(&self->b, RUNNING);
}

TEST_F(mig_edu, registers_arrive)
{
	ssize_t size;

	reg_write(&self->a, IV_EDU_REG_LIVENESS, 0x12345678);
	reg_write(&self->a, IV_EDU_REG_STATUS, STATUS_IRQ_FACTORIAL);
	reg_write(&self->a, IV_EDU_REG_FACTORIAL, 6);
	ASSERT_TRUE(test_wait_until(is_idle, &self->a, 5000));
	reg_write(&self->a, IV_EDU_REG_IRQ_RAISE, 0x40);
	reg_write(&self->a, IV_EDU_REG_DMA_SRC, 0x1122334455ULL);
	reg_write(&self->a, IV_EDU_REG_DMA_DST, 0x66778899aaULL);
	reg_write(&self->a, IV_EDU_REG_DMA_COUNT, 0x123);
	size = save(self);
	ASSERT_LT(0, size);
	ASSERT_EQ(0, load(self, size));
	EXPECT_EQ(~0x12345678U, (uint32_t)reg_read(&self->b, IV_EDU_REG_LIVENESS));
	EXPECT_EQ(720, reg_read(&self->b, IV_EDU_REG_FACTORIAL));
	EXPECT_EQ(STATUS_IRQ_FACTORIAL, reg_read(&self->b, IV_EDU_REG_STATUS));
	EXPECT_EQ(0x41, reg_read(&self->b, IV_EDU_REG_IRQ_STATUS));
	EXPECT_EQ(0x1122334455ULL, reg_read(&self->b, IV_EDU_REG_DMA_SRC));
	EXPECT_EQ(0x66778899aaULL, reg_read(&self->b, IV_EDU_REG_DMA_DST));
	EXPECT_EQ(0x123, reg_read(&self->b, IV_EDU_REG_DMA_COUNT));
}

/* A DMA that waits in the source is done by the destination, in its user's memory. */
TEST_F(mig_edu, waiting_dma_is_done_on_the_other_side)
{
	ssize_t size;

	memset(self->b.dma.va, 0xab, PAGE);
	dma_start(&self->b, IOVA, IV_EDU_BUFFER_ADDR, 64, 0);
	ASSERT_TRUE(test_wait_until(is_idle, &self->b, 5000));

	ASSERT_EQ(0, set_state(&self->a, RUNNING_P2P));
	dma_start(&self->a, IV_EDU_BUFFER_ADDR, IOVA + PAGE, 64, DMA_TO_MEMORY);
	test_sleep_ms(200);
	EXPECT_EQ(DMA_RUN | DMA_TO_MEMORY, reg_read(&self->a, IV_EDU_REG_DMA_CMD));
	EXPECT_TRUE(test_memory_is(self->a.dma.va, 4 * PAGE, 0));
	size = save(self);
	ASSERT_LT(0, size);
	ASSERT_EQ(0, load(self, size));
	ASSERT_TRUE(test_wait_until(is_idle, &self->b, 5000));
	EXPECT_TRUE(test_memory_is((char *)self->b.dma.va + PAGE, 64, 0xab));
	EXPECT_TRUE(test_memory_is(self->a.dma.va, 4 * PAGE, 0));
}

TEST_F(mig_edu, held_dma_goes_on_when_running_again)
{
	memset(self->a.dma.va, 0x77, 64);
	dma_start(&self->a, IOVA, IV_EDU_BUFFER_ADDR, 64, 0);
	/* The step waits for it. */
	ASSERT_EQ(0, set_state(&self->a, RUNNING_P2P));
	EXPECT_TRUE(is_idle(&self->a));
	dma_start(&self->a, IV_EDU_BUFFER_ADDR, IOVA + PAGE, 64, DMA_TO_MEMORY);
	EXPECT_FALSE(is_idle(&self->a));
	test_sleep_ms(200);
	EXPECT_TRUE(test_memory_is((char *)self->a.dma.va + PAGE, 64, 0));
	ASSERT_EQ(0, set_state(&self->a, RUNNING));
	ASSERT_TRUE(test_wait_until(is_idle, &self->a, 5000));
	EXPECT_TRUE(test_memory_is((char *)self->a.dma.va + PAGE, 64, 0x77));
	EXPECT_EQ(DMA_TO_MEMORY, reg_read(&self->a, IV_EDU_REG_DMA_CMD));
}

TEST_F(mig_edu, stopped_device_does_not_change)
{
	reg_write(&self->a, IV_EDU_REG_LIVENESS, 1);
	ASSERT_EQ(0, set_state(&self->a, STOP));
	reg_write(&self->a, IV_EDU_REG_LIVENESS, 2);
	reg_write(&self->a, IV_EDU_REG_FACTORIAL, 5);
	EXPECT_EQ(~1U, (uint32_t)reg_read(&self->a, IV_EDU_REG_LIVENESS));
	ASSERT_EQ(0, set_state(&self->a, RUNNING));
	reg_write(&self->a, IV_EDU_REG_LIVENESS, 2);
	EXPECT_EQ(~2U, (uint32_t)reg_read(&self->a, IV_EDU_REG_LIVENESS));
}

/* Saving does not need the user's leave: he may have turned memory decoding off. */
TEST_F(mig_edu, deaf_device_is_saved)
{
	ssize_t size;

	reg_write(&self->a, IV_EDU_REG_LIVENESS, 0x5aa5);
	ASSERT_EQ(0, iv_config_command(self->a.dev.fd, 0, PCI_COMMAND_MEMORY));
	EXPECT_EQ(UINT64_MAX, reg_read(&self->a, IV_EDU_REG_LIVENESS));
	size = save(self);
	ASSERT_LT(0, size);
	EXPECT_EQ(UINT64_MAX, reg_read(&self->a, IV_EDU_REG_LIVENESS));
	ASSERT_EQ(0, load(self, size));
	EXPECT_EQ(~0x5aa5U, (uint32_t)reg_read(&self->b, IV_EDU_REG_LIVENESS));
}

TEST_F(mig_edu, precopy_gives_what_changes)
{
	struct vfio_precopy_info info;
	int data_fd = set_state(&self->a, PRE_COPY);
	ssize_t first, more, last;

	ASSERT_LE(0, data_fd);
	ASSERT_EQ(0, iv_migration_precopy(data_fd, &info));
	EXPECT_LT(0, info.initial_bytes);
	first = read(data_fd, self->stream, sizeof(self->stream));
	EXPECT_EQ(info.initial_bytes, first);
	EXPECT_EQ(-1, read(data_fd, self->stream, 1));
	EXPECT_EQ(ENOMSG, errno);
	EXPECT_EQ(0, iv_device_poll(data_fd, POLLIN, 0));
	reg_write(&self->a, IV_EDU_REG_LIVENESS, 0x77);
	EXPECT_EQ(POLLIN, iv_device_poll(data_fd, POLLIN, 1000));
	more = read(data_fd, self->stream + first, sizeof(self->stream) - first);
	EXPECT_LT(0, more);
	reg_write(&self->a, IV_EDU_REG_LIVENESS, 0x78);
	ASSERT_EQ(0, set_state(&self->a, STOP_COPY));
	last = iv_migration_read_all(data_fd, self->stream + first + more,
				     sizeof(self->stream) - first - more);
	ASSERT_LT(0, last);
	close(data_fd);
	ASSERT_EQ(0, load(self, first + more + last));
	EXPECT_EQ(~0x78U, (uint32_t)reg_read(&self->b, IV_EDU_REG_LIVENESS));
}

TEST_F(mig_edu, long_computation_keeps_it_from_stopping)
{
	reg_write(&self->a, IV_EDU_REG_FACTORIAL, UINT32_MAX);
	if (is_idle(&self->a))
		SKIP(return, "the device computes too fast");
	if (set_state(&self->a, STOP))
		EXPECT_EQ(RUNNING_P2P, iv_migration_state(self->a.dev.fd));
	test_wait_until(is_idle, &self->a, 60000);
	EXPECT_EQ(0, set_state(&self->a, STOP));
}

TEST_F(mig_edu, every_wrong_byte_is_refused_or_harmless)
{
	ssize_t size = save(self);
	char good[sizeof(self->stream)];

	ASSERT_LT(0, size);
	memcpy(good, self->stream, size);
	for (ssize_t i = 0; i < size; i++) {
		memcpy(self->stream, good, size);
		self->stream[i] ^= 0xff;
		/* Neither magic, type, nor version may be anything else. */
		if (i % 64 < 12)
			EXPECT_EQ(-EINVAL, load(self, size))
				TH_LOG("byte %zd", i);
		if (iv_migration_state(self->b.dev.fd) != RUNNING) {
			close(self->b.dev.fd);
			close(self->b.dev.iommufd);
			self->b.dev.fd = -1;
			self->b.dev.iommufd = -1;
			ASSERT_EQ(0, test_device_advance(&self->b.dev, TEST_ATTACHED));
			self->b.bar.fd = self->b.dev.fd;
		}
	}
}

TEST_F(mig_edu, parts_of_a_stream_are_refused)
{
	ssize_t size = save(self);
	int data_fd = set_state(&self->b, RESUMING);

	ASSERT_LT(0, size);
	ASSERT_LE(0, data_fd);
	for (ssize_t i = 0; i < size; i++) {
		EXPECT_EQ(-EINVAL, set_state(&self->b, RUNNING));
		ASSERT_EQ(1, write(data_fd, self->stream + i, 1));
	}
	EXPECT_EQ(-1, write(data_fd, self->stream, size));
	EXPECT_EQ(EINVAL, errno);
	close(data_fd);
	EXPECT_EQ(-EINVAL, set_state(&self->b, RUNNING));
}

TEST_F(mig_edu, reset_of_the_bus_makes_it_run)
{
	int data_fd = set_state(&self->a, STOP_COPY);
	char byte;

	ASSERT_LE(0, data_fd);
	ASSERT_EQ(0, iv_hot_reset(self->a.dev.fd));
	EXPECT_EQ(RUNNING, iv_migration_state(self->a.dev.fd));
	EXPECT_EQ(-1, read(data_fd, &byte, 1));
	EXPECT_EQ(ENODEV, errno);
	close(data_fd);
	ASSERT_EQ(0, iv_config_command(self->a.dev.fd, PCI_COMMAND_MEMORY, 0));
	reg_write(&self->a, IV_EDU_REG_LIVENESS, 3);
	EXPECT_EQ(~3U, (uint32_t)reg_read(&self->a, IV_EDU_REG_LIVENESS));
}

TEST_F(mig_edu, reset_makes_it_run)
{
	ASSERT_EQ(0, set_state(&self->a, STOP));
	ASSERT_EQ(0, iv_device_reset(self->a.dev.fd));
	EXPECT_EQ(RUNNING, iv_migration_state(self->a.dev.fd));
}

TEST_F(mig_edu, unbind_in_each_state)
{
	static const uint32_t states[] = { RUNNING_P2P, STOP, PRE_COPY, STOP_COPY, RESUMING };
	struct edu *b = &self->b;

	for (unsigned int i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		int data_fd = set_state(b, states[i]);
		char byte = 0;

		ASSERT_LE(0, data_fd);
		ASSERT_EQ(0, iv_pci_unbind_driver(b->dev.addr));
		EXPECT_EQ(0, test_fd_is_revoked(b->dev.fd));
		if (data_fd > 0) {
			EXPECT_GT(0, states[i] == RESUMING ? write(data_fd, &byte, 1) :
							     read(data_fd, &byte, 1));
			EXPECT_EQ(ENODEV, errno);
			close(data_fd);
		}
		test_device_close(&b->dev);
		ASSERT_EQ(0, iv_pci_bind_driver(b->dev.addr, DRIVER));
		ASSERT_EQ(0, test_device_advance(&b->dev, TEST_ATTACHED));
	}
}

TEST_F(mig_edu, registers_can_not_be_mapped_or_written_behind_its_back)
{
	struct vfio_device_ioeventfd ioeventfd = {
		.argsz = sizeof(ioeventfd),
		.flags = VFIO_DEVICE_IOEVENTFD_32,
		.offset = self->a.bar.offset + IV_EDU_REG_LIVENESS,
		.fd = iv_eventfd_create(),
	};

	EXPECT_EQ(0, self->a.bar.flags & VFIO_REGION_INFO_FLAG_MMAP);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->a.dev.fd,
				   self->a.bar.offset));
	EXPECT_EQ(-ENOTTY, iommufd_ioctl(self->a.dev.fd, VFIO_DEVICE_IOEVENTFD, &ioeventfd));
	close(ioeventfd.fd);
}

TEST_F(mig_edu, written_memory_is_reported)
{
	const struct vfio_device_feature_dma_logging_range all = {
		.iova = IOVA, .length = 4 * PAGE,
	};
	uint64_t page_size = PAGE, bitmap = 0;
	int fd = self->a.dev.fd;

	ASSERT_EQ(0, iv_dma_logging_start(fd, &page_size, &all, 1));
	EXPECT_EQ(PAGE, page_size);
	/* What the device reads is not written. */
	dma_start(&self->a, IOVA, IV_EDU_BUFFER_ADDR, PAGE, 0);
	ASSERT_TRUE(test_wait_until(is_idle, &self->a, 5000));
	ASSERT_EQ(0, iv_dma_logging_report(fd, IOVA, 4 * PAGE, PAGE, &bitmap));
	EXPECT_EQ(0, bitmap);
	dma_start(&self->a, IV_EDU_BUFFER_ADDR, IOVA + 2 * PAGE - 8, 16, DMA_TO_MEMORY);
	ASSERT_TRUE(test_wait_until(is_idle, &self->a, 5000));
	ASSERT_EQ(0, iv_dma_logging_report(fd, IOVA, 4 * PAGE, PAGE, &bitmap));
	EXPECT_EQ(0x6, bitmap);
	bitmap = 0;
	ASSERT_EQ(0, iv_dma_logging_report(fd, IOVA, 4 * PAGE, PAGE, &bitmap));
	EXPECT_EQ(0, bitmap);
	ASSERT_EQ(0, iv_dma_logging_stop(fd));
}

/* A page that was reported while the device was still about to write it is reported again. */
TEST_F(mig_edu, dma_in_progress_is_reported_when_it_has_ended)
{
	const struct vfio_device_feature_dma_logging_range all = {
		.iova = IOVA, .length = 4 * PAGE,
	};
	uint64_t page_size = PAGE, bitmap = 0;
	int fd = self->a.dev.fd;

	ASSERT_EQ(0, iv_dma_logging_start(fd, &page_size, &all, 1));
	dma_start(&self->a, IV_EDU_BUFFER_ADDR, IOVA + PAGE, 16, DMA_TO_MEMORY);
	ASSERT_EQ(0, iv_dma_logging_report(fd, IOVA, 4 * PAGE, PAGE, &bitmap));
	ASSERT_TRUE(test_wait_until(is_idle, &self->a, 5000));
	bitmap = 0;
	ASSERT_EQ(0, iv_dma_logging_report(fd, IOVA, 4 * PAGE, PAGE, &bitmap));
	EXPECT_EQ(0x2, bitmap);
}

TEST_HARNESS_MAIN
