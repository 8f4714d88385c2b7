// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_DEVICE_IOEVENTFD: writes to a BAR that an eventfd stands for.
 *
 * igb has registers that keep what is written: FCAL takes 32 bits.
 */
#include "kselftest_harness.h"

#include <sys/ioctl.h>

#include "iommufd_ioctl.h"
#include "iv.h"
#include "test_device.h"
#include "test_thread.h"
#include "test_user.h"
#include "test_wait.h"

#define FCAL 0x28
#define VALUE 0x00030005
#define OTHER 0x00020007
#define SOON_MS 2000
#define QUIET_MS 100
#define JOIN_MS 10000
#define MANY 1000

FIXTURE(ioeventfd)
{
	struct test_device dev;
	struct iv_region bar;
	int32_t eventfd;
	int fd;
};

FIXTURE_SETUP(ioeventfd)
{
	if (!test_role_addr(TEST_IGB))
		SKIP(return, "no device: set %s", test_role_name(TEST_IGB));
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_IGB, TEST_BOUND));
	self->fd = self->dev.fd;
	self->eventfd = iv_eventfd_create();
	EXPECT_EQ(0, iv_config_command(self->fd, PCI_COMMAND_MEMORY, 0));
	EXPECT_EQ(0, iv_region_open(&self->bar, self->fd, 0));
	EXPECT_EQ(0, iv_region_map(&self->bar));
	iv_mmio_write32(&self->bar, FCAL, 0);
}

FIXTURE_TEARDOWN(ioeventfd)
{
	iv_region_close(&self->bar);
	close(self->eventfd);
	test_device_teardown(&self->dev);
}

struct condition {
	struct iv_region *bar;
	uint32_t value;
};

static bool register_is(void *arg)
{
	struct condition *condition = arg;

	return iv_mmio_read32(condition->bar, FCAL) == condition->value;
}

static bool register_becomes(struct iv_region *bar, uint32_t value)
{
	struct condition condition = { bar, value };

	return test_wait_until(register_is, &condition, SOON_MS);
}

TEST_F(ioeventfd, signal_writes)
{
	ASSERT_EQ(0, iv_ioeventfd(self->fd, 4, self->bar.offset + FCAL, VALUE, self->eventfd));
	EXPECT_EQ(0, iv_mmio_read32(&self->bar, FCAL));
	ASSERT_EQ(0, iv_eventfd_signal(self->eventfd));
	EXPECT_TRUE(register_becomes(&self->bar, VALUE));
	/* And again. */
	iv_mmio_write32(&self->bar, FCAL, 0);
	ASSERT_EQ(0, iv_eventfd_signal(self->eventfd));
	EXPECT_TRUE(register_becomes(&self->bar, VALUE));
}

TEST_F(ioeventfd, signal_that_came_before_counts)
{
	ASSERT_EQ(0, iv_eventfd_signal(self->eventfd));
	ASSERT_EQ(0, iv_ioeventfd(self->fd, 4, self->bar.offset + FCAL, VALUE, self->eventfd));
	EXPECT_TRUE(register_becomes(&self->bar, VALUE));
}

TEST_F(ioeventfd, ended_one_does_not_write)
{
	uint64_t pos = self->bar.offset + FCAL;

	ASSERT_EQ(0, iv_ioeventfd(self->fd, 4, pos, VALUE, self->eventfd));
	ASSERT_EQ(0, iv_ioeventfd(self->fd, 4, pos, VALUE, -1));
	ASSERT_EQ(0, iv_eventfd_signal(self->eventfd));
	test_sleep_ms(QUIET_MS);
	EXPECT_EQ(0, iv_mmio_read32(&self->bar, FCAL));
	EXPECT_EQ(-ENODEV, iv_ioeventfd(self->fd, 4, pos, VALUE, -1));
}

TEST_F(ioeventfd, same_place_takes_several_values_but_each_once)
{
	uint64_t pos = self->bar.offset + FCAL;
	int32_t other = iv_eventfd_create();

	ASSERT_EQ(0, iv_ioeventfd(self->fd, 4, pos, VALUE, self->eventfd));
	EXPECT_EQ(-EEXIST, iv_ioeventfd(self->fd, 4, pos, VALUE, self->eventfd));
	EXPECT_EQ(-EEXIST, iv_ioeventfd(self->fd, 4, pos, VALUE, other));
	EXPECT_EQ(0, iv_ioeventfd(self->fd, 4, pos, OTHER, other));
	EXPECT_EQ(-ENODEV, iv_ioeventfd(self->fd, 2, pos, VALUE, -1));
	EXPECT_EQ(-ENODEV, iv_ioeventfd(self->fd, 4, pos + 4, VALUE, -1));
	ASSERT_EQ(0, iv_eventfd_signal(other));
	EXPECT_TRUE(register_becomes(&self->bar, OTHER));
	ASSERT_EQ(0, iv_eventfd_signal(self->eventfd));
	EXPECT_TRUE(register_becomes(&self->bar, VALUE));
	close(other);
}

TEST_F(ioeventfd, bits_beyond_the_width_do_not_count)
{
	uint64_t pos = self->bar.offset + FCAL;

	ASSERT_EQ(0, iv_ioeventfd(self->fd, 4, pos, VALUE | 1ULL << 40, self->eventfd));
	EXPECT_EQ(-EEXIST, iv_ioeventfd(self->fd, 4, pos, VALUE, self->eventfd));
	ASSERT_EQ(0, iv_eventfd_signal(self->eventfd));
	EXPECT_TRUE(register_becomes(&self->bar, VALUE));
}

TEST_F(ioeventfd, all_widths_are_accepted)
{
	for (size_t size = 1; size <= 8; size *= 2)
		EXPECT_EQ(0, iv_ioeventfd(self->fd, size, self->bar.offset + FCAL, 0,
					  self->eventfd));
}

TEST_F(ioeventfd, wrong_places_fail)
{
	const uint32_t regions[] = { VFIO_PCI_ROM_REGION_INDEX, VFIO_PCI_CONFIG_REGION_INDEX,
				     VFIO_PCI_VGA_REGION_INDEX };
	struct vfio_region_info info, config;

	/* An empty BAR, others than BARs, and no region at all */
	ASSERT_EQ(0, iv_region_info(self->fd, 5, &info));
	ASSERT_EQ(0, info.size);
	EXPECT_EQ(-EINVAL, iv_ioeventfd(self->fd, 4, info.offset, 0, self->eventfd));
	ASSERT_EQ(0, iv_region_info(self->fd, VFIO_PCI_CONFIG_REGION_INDEX, &config));
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(-EINVAL, iv_ioeventfd(self->fd, 4, config.offset /
						VFIO_PCI_CONFIG_REGION_INDEX * regions[i], 0,
						self->eventfd));
	EXPECT_EQ(-EINVAL, iv_ioeventfd(self->fd, 4, UINT64_MAX - 3, 0, self->eventfd));
	/* Beyond the end, across it, and not aligned */
	EXPECT_EQ(-EINVAL, iv_ioeventfd(self->fd, 4, self->bar.offset + self->bar.size, 0,
					self->eventfd));
	EXPECT_EQ(-EINVAL, iv_ioeventfd(self->fd, 8, self->bar.offset + self->bar.size - 4, 0,
					self->eventfd));
	EXPECT_EQ(-EINVAL, iv_ioeventfd(self->fd, 4, self->bar.offset + 2, 0, self->eventfd));
}

TEST_F(ioeventfd, msix_table_is_out_of_reach)
{
	int pos = iv_config_find_cap(self->fd, PCI_CAP_ID_MSIX);
	struct vfio_region_info info;
	uint32_t table;

	ASSERT_GT(pos, 0);
	ASSERT_EQ(0, iv_config_read32(self->fd, pos + PCI_MSIX_TABLE, &table));
	ASSERT_EQ(0, iv_region_info(self->fd, table & 7, &info));
	table &= ~7U;
	EXPECT_EQ(-EINVAL, iv_ioeventfd(self->fd, 4, info.offset + table, 0, self->eventfd));
	EXPECT_EQ(-EINVAL, iv_ioeventfd(self->fd, 4, info.offset + table + 12, 1, self->eventfd));
	/* Ten vectors: behind the last one it is possible again. */
	EXPECT_EQ(-EINVAL, iv_ioeventfd(self->fd, 1, info.offset + table + 159, 0, self->eventfd));
	EXPECT_EQ(0, iv_ioeventfd(self->fd, 1, info.offset + table + 160, 0, self->eventfd));
}

TEST_F(ioeventfd, io_ports_take_no_eight_bytes)
{
	struct vfio_region_info info;

	/* BAR 2 of igb is 32 I/O ports. */
	ASSERT_EQ(0, iv_region_info(self->fd, 2, &info));
	ASSERT_EQ(32, info.size);
	EXPECT_EQ(-EINVAL, iv_ioeventfd(self->fd, 8, info.offset, 0, self->eventfd));
	EXPECT_EQ(0, iv_ioeventfd(self->fd, 4, info.offset, 0, self->eventfd));
}

TEST_F(ioeventfd, bad_descriptors_fail)
{
	uint64_t pos = self->bar.offset + FCAL;

	EXPECT_EQ(-EBADF, iv_ioeventfd(self->fd, 4, pos, 0, 1000));
	EXPECT_EQ(-EINVAL, iv_ioeventfd(self->fd, 4, pos, 0, self->fd));
	EXPECT_EQ(-EINVAL, iv_ioeventfd(self->fd, 4, pos, 0, -2));
	EXPECT_EQ(-ENODEV, iv_ioeventfd(self->fd, 4, pos, 0, -1));
}

TEST_F(ioeventfd, bad_flags_and_sizes_fail)
{
	struct vfio_device_ioeventfd arg = {
		.argsz = sizeof(arg),
		.offset = self->bar.offset + FCAL,
		.fd = self->eventfd,
	};

	for (uint32_t flags = 0; flags < 64; flags++) {
		if (flags == 1 || flags == 2 || flags == 4 || flags == 8)
			continue;
		arg.flags = flags;
		EXPECT_EQ(-EINVAL, iommufd_ioctl(self->fd, VFIO_DEVICE_IOEVENTFD, &arg))
			TH_LOG("flags %#x", flags);
	}
	arg.flags = VFIO_DEVICE_IOEVENTFD_32;
	arg.argsz = offsetof(struct vfio_device_ioeventfd, reserved) - 1;
	EXPECT_EQ(-EINVAL, iommufd_ioctl(self->fd, VFIO_DEVICE_IOEVENTFD, &arg));
	arg.argsz++;
	EXPECT_EQ(0, iommufd_ioctl(self->fd, VFIO_DEVICE_IOEVENTFD, &arg));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->fd, VFIO_DEVICE_IOEVENTFD, NULL));
}

TEST_F(ioeventfd, their_number_is_limited)
{
	for (int i = 0; i < MANY; i++)
		ASSERT_EQ(0, iv_ioeventfd(self->fd, 4, self->bar.offset + FCAL, i, self->eventfd));
	EXPECT_EQ(-ENOSPC, iv_ioeventfd(self->fd, 4, self->bar.offset + FCAL, MANY,
					self->eventfd));
	ASSERT_EQ(0, iv_ioeventfd(self->fd, 4, self->bar.offset + FCAL, 0, -1));
	EXPECT_EQ(0, iv_ioeventfd(self->fd, 4, self->bar.offset + FCAL, MANY, self->eventfd));
}

TEST_F(ioeventfd, signal_while_memory_is_off_is_lost)
{
	ASSERT_EQ(0, iv_ioeventfd(self->fd, 4, self->bar.offset + FCAL, VALUE, self->eventfd));
	ASSERT_EQ(0, iv_config_command(self->fd, 0, PCI_COMMAND_MEMORY));
	ASSERT_EQ(0, iv_eventfd_signal(self->eventfd));
	test_sleep_ms(QUIET_MS);
	ASSERT_EQ(0, iv_config_command(self->fd, PCI_COMMAND_MEMORY, 0));
	EXPECT_EQ(0, iv_mmio_read32(&self->bar, FCAL));
	ASSERT_EQ(0, iv_eventfd_signal(self->eventfd));
	EXPECT_TRUE(register_becomes(&self->bar, VALUE));
}

TEST_F(ioeventfd, eventfd_may_be_closed)
{
	ASSERT_EQ(0, iv_ioeventfd(self->fd, 4, self->bar.offset + FCAL, VALUE, self->eventfd));
	close(self->eventfd);
	self->eventfd = iv_eventfd_create();
	/* It is still there, and can be ended. */
	EXPECT_EQ(-EEXIST, iv_ioeventfd(self->fd, 4, self->bar.offset + FCAL, VALUE,
					self->eventfd));
	EXPECT_EQ(0, iv_ioeventfd(self->fd, 4, self->bar.offset + FCAL, VALUE, -1));
}

TEST_F(ioeventfd, close_of_the_device_ends_it)
{
	ASSERT_EQ(0, iv_ioeventfd(self->fd, 4, self->bar.offset + FCAL, VALUE, self->eventfd));
	iv_region_close(&self->bar);
	test_device_close(&self->dev);
	/* Nobody takes the signal. */
	ASSERT_EQ(0, iv_eventfd_signal(self->eventfd));
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
}

static void signal_loop(struct test_threads *threads, unsigned int index, void *arg)
{
	struct _test_data_ioeventfd *self = arg;
	int ret = 0;

	while (!test_threads_stopping(threads) && ret != -ENODEV) {
		if (!index) {
			iv_eventfd_signal(self->eventfd);
			continue;
		}
		ret = iv_ioeventfd(self->fd, 4, self->bar.offset + FCAL, index, self->eventfd);
		if (!ret)
			ret = iv_ioeventfd(self->fd, 4, self->bar.offset + FCAL, index, -1);
		if (ret && ret != -ENODEV)
			atomic_fetch_add(&threads->rounds, 1);
	}
}

TEST_F(ioeventfd, unbind_meanwhile_works)
{
	struct test_threads threads;

	ASSERT_EQ(0, iv_ioeventfd(self->fd, 4, self->bar.offset + FCAL, VALUE, self->eventfd));
	ASSERT_EQ(0, test_threads_start(&threads, 3, signal_loop, self));
	test_sleep_ms(200);
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->dev.addr)));
	test_threads_stop(&threads);
	ASSERT_EQ(0, test_threads_join(&threads, JOIN_MS));
	EXPECT_EQ(0, threads.rounds);
	EXPECT_EQ(0, test_fd_is_revoked(self->fd));
}

TEST_HARNESS_MAIN
