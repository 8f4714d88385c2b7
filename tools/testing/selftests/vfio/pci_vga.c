// SPDX-License-Identifier: GPL-2.0-only
/*
 * The legacy VGA ranges of a graphics card: what is there, and that neither another user of such
 * ranges nor one's own end, by a signal or because the device is taken away, is waited for.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "iommufd_child.h"
#include "iv.h"
#include "iv_config.h"
#include "test_device.h"
#include "test_user.h"
#include "test_vga.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define DECODE (PCI_COMMAND_IO | PCI_COMMAND_MEMORY)
#define PORTS_MONO 0x3b0
#define PORTS_MONO_END 0x3bc
#define PORTS 0x3c0
#define PORTS_END 0x3e0
#define SEQUENCER 0x3c4
#define GRAPHICS 0x3ce
#define MEMORY 0xa0000
#define MEMORY_END 0xc0000
/* A register of the sequencer that has no effect on what is displayed, and its bits */
#define MAP_MASK 2
#define MAP_MASK_BITS 0xf

FIXTURE(vga)
{
	struct test_device dev;
	struct iv_region region;
	int arbiter;
};

FIXTURE_SETUP(vga)
{
	self->arbiter = -1;
	self->region.fd = -1;
	if (!test_role_addr(TEST_VGA) || !test_role_addr(TEST_VGA_OTHER))
		SKIP(return, "no %s and %s", test_role_name(TEST_VGA),
		     test_role_name(TEST_VGA_OTHER));
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_VGA, TEST_ATTACHED));
	ASSERT_EQ(0, iv_region_open(&self->region, self->dev.fd, VFIO_PCI_VGA_REGION_INDEX));
	ASSERT_EQ(0, iv_config_command(self->dev.fd, DECODE, 0));
}

FIXTURE_TEARDOWN(vga)
{
	if (self->arbiter >= 0)
		close(self->arbiter);
	test_device_teardown(&self->dev);
}

static int vga_read(const struct iv_region *region, uint32_t addr, void *buf, size_t size)
{
	ssize_t got = pread(region->fd, buf, size, region->offset + addr);

	return got < 0 ? -errno : got;
}

static int vga_write(const struct iv_region *region, uint32_t addr, const void *buf, size_t size)
{
	ssize_t got = pwrite(region->fd, buf, size, region->offset + addr);

	return got < 0 ? -errno : got;
}

/* A register that an index at @port selects, which is followed by its value. */
static int set_indexed(const struct iv_region *region, uint32_t port, uint8_t index, uint8_t value)
{
	uint8_t both[2] = { index, value };

	return vga_write(region, port, both, sizeof(both)) == sizeof(both) ? 0 : -EIO;
}

static int get_indexed(const struct iv_region *region, uint32_t port, uint8_t index)
{
	uint8_t value;

	if (vga_write(region, port, &index, 1) != 1 || vga_read(region, port + 1, &value, 1) != 1)
		return -EIO;
	return value;
}

/* Memory as a line of bytes at 0xa0000 */
static int use_linear_memory(const struct iv_region *region)
{
	return set_indexed(region, SEQUENCER, MAP_MASK, MAP_MASK_BITS) ?:
	       set_indexed(region, SEQUENCER, 4, 0xe) ?: set_indexed(region, GRAPHICS, 5, 0x40) ?:
	       set_indexed(region, GRAPHICS, 6, 5) ?: set_indexed(region, GRAPHICS, 8, 0xff);
}

TEST_F(vga, region_has_the_ranges_at_their_addresses)
{
	struct vfio_region_info info;

	ASSERT_EQ(0, iv_region_info(self->dev.fd, VFIO_PCI_VGA_REGION_INDEX, &info));
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE, info.flags);
	EXPECT_EQ(MEMORY_END, info.size);
}

TEST_F(vga, registers_keep_what_is_written)
{
	ASSERT_EQ(0, set_indexed(&self->region, SEQUENCER, MAP_MASK, 5));
	EXPECT_EQ(5, get_indexed(&self->region, SEQUENCER, MAP_MASK));
	ASSERT_EQ(0, set_indexed(&self->region, SEQUENCER, MAP_MASK, 10));
	EXPECT_EQ(10, get_indexed(&self->region, SEQUENCER, MAP_MASK));
}

TEST_F(vga, memory_keeps_what_is_written)
{
	uint8_t buf[6] = { 1, 2, 3, 4, 5, 6 }, back[6];

	ASSERT_EQ(0, use_linear_memory(&self->region));
	/* At an odd address, so with accesses of 1, 4 and 1 bytes */
	ASSERT_EQ(6, vga_write(&self->region, MEMORY + 0x103, buf, sizeof(buf)));
	ASSERT_EQ(6, vga_read(&self->region, MEMORY + 0x103, back, sizeof(back)));
	EXPECT_EQ(0, memcmp(buf, back, sizeof(buf)));
	ASSERT_EQ(4, vga_read(&self->region, MEMORY + 0x104, back, 4));
	EXPECT_EQ(0, memcmp(buf + 1, back, 4));
}

TEST_F(vga, more_than_a_page_at_once)
{
	static uint8_t buf[3 * 4096], back[sizeof(buf)];

	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = i * 7 + (i >> 8);
	ASSERT_EQ(0, use_linear_memory(&self->region));
	ASSERT_EQ((int)sizeof(buf), vga_write(&self->region, MEMORY, buf, sizeof(buf)));
	ASSERT_EQ((int)sizeof(buf), vga_read(&self->region, MEMORY, back, sizeof(back)));
	EXPECT_EQ(0, memcmp(buf, back, sizeof(buf)));
}

TEST_F(vga, nothing_is_between_the_ranges)
{
	static const uint32_t holes[] = {
		0, PORTS_MONO - 1, PORTS_MONO_END, PORTS - 1, PORTS_END, MEMORY - 1, MEMORY_END,
		UINT32_MAX,
	};
	uint32_t value = 0;

	for (size_t i = 0; i < sizeof(holes) / sizeof(holes[0]); i++) {
		EXPECT_EQ(-EINVAL, vga_read(&self->region, holes[i], &value, 1));
		EXPECT_EQ(-EINVAL, vga_write(&self->region, holes[i], &value, 1));
	}
	EXPECT_EQ(-EINVAL, vga_read(&self->region, MEMORY_END, &value, 4));
}

TEST_F(vga, accesses_end_where_the_range_does)
{
	uint8_t buf[32];

	EXPECT_EQ(PORTS_MONO_END - 0x3b5,
		  vga_read(&self->region, 0x3b5, buf, sizeof(buf)));
	EXPECT_EQ(1, vga_read(&self->region, PORTS_END - 1, buf, sizeof(buf)));
	EXPECT_EQ(2, vga_read(&self->region, MEMORY_END - 2, buf, sizeof(buf)));
}

TEST_F(vga, users_command_decides)
{
	uint32_t value = 0;
	uint16_t command;

	ASSERT_EQ(0, iv_config_command(self->dev.fd, 0, PCI_COMMAND_IO));
	EXPECT_EQ(-EIO, vga_read(&self->region, SEQUENCER, &value, 1));
	EXPECT_EQ(-EIO, vga_write(&self->region, SEQUENCER, &value, 1));
	EXPECT_EQ(4, vga_read(&self->region, MEMORY, &value, 4));
	ASSERT_EQ(0, iv_config_command(self->dev.fd, PCI_COMMAND_IO, PCI_COMMAND_MEMORY));
	EXPECT_EQ(-EIO, vga_read(&self->region, MEMORY, &value, 4));
	EXPECT_EQ(1, vga_read(&self->region, SEQUENCER, &value, 1));
	ASSERT_EQ(0, iv_config_read16(self->dev.fd, PCI_COMMAND, &command));
	EXPECT_EQ(PCI_COMMAND_IO, command & DECODE);
}

TEST_F(vga, others_have_no_such_region)
{
	struct vfio_region_info info;
	struct test_device edu;
	uint8_t value;

	ASSERT_EQ(0, test_device_setup(&edu, TEST_EDU, TEST_BOUND));
	EXPECT_EQ(-EINVAL, iv_region_info(edu.fd, VFIO_PCI_VGA_REGION_INDEX, &info));
	EXPECT_EQ(-1, pread(edu.fd, &value, 1, self->region.offset + SEQUENCER));
	EXPECT_EQ(EINVAL, errno);
	test_device_teardown(&edu);
}

TEST_F(vga, it_cannot_be_mapped)
{
	ASSERT_NE(0, iv_region_map(&self->region));
}

/* Whoever else may want the ranges. */

/* The other card's ranges are somebody's, until he lets go. */
static int arbiter_lock_other(void)
{
	int arbiter = test_vga_arbiter_open(test_role_addr(TEST_VGA_OTHER));

	if (arbiter < 0)
		return arbiter;
	return test_vga_arbiter_command(arbiter, "lock", "io+mem") ?: arbiter;
}

TEST_F(vga, ranges_are_given_back)
{
	ASSERT_EQ(0, set_indexed(&self->region, SEQUENCER, MAP_MASK, 5));
	EXPECT_TRUE(test_vga_arbiter_says(self->dev.addr, "locks=none(0:0)"));
	EXPECT_TRUE(test_vga_arbiter_says(self->dev.addr, "owns=io+mem"));
	/* Somebody else can have them at once. */
	self->arbiter = arbiter_lock_other();
	EXPECT_LE(0, self->arbiter);
}

TEST_F(vga, user_of_the_arbiter_cannot_leave_it_out)
{
	int arbiter = test_vga_arbiter_open(self->dev.addr);

	ASSERT_LE(0, arbiter);
	EXPECT_EQ(0, test_vga_arbiter_command(arbiter, "decodes", "none"));
	close(arbiter);
	EXPECT_TRUE(test_vga_arbiter_says(self->dev.addr, "decodes=io+mem"));
}

/* In a child: an access that has to wait. Tells that it begins, and returns what it gives. */
static int child_reads(struct iommufd_child *parent, void *arg)
{
	uint8_t value;

	iommufd_child_tell(parent, 0);
	return vga_read(arg, SEQUENCER, &value, 1);
}

static int start_waiting(struct _test_data_vga *self, struct iommufd_child *child)
{
	int number, ret;

	self->arbiter = arbiter_lock_other();
	if (self->arbiter < 0)
		return self->arbiter;
	ret = iommufd_child_start(child, child_reads, &self->region) ?:
	      iommufd_child_hear(child, &number);
	if (ret)
		return ret;
	return iommufd_child_is_stuck(child) ? 0 : -EBUSY;
}

TEST_F(vga, access_waits_for_another_cards_user)
{
	struct iommufd_child child;
	uint8_t value;

	ASSERT_EQ(0, start_waiting(self, &child));
	/* The rest of the device doesn't. */
	ASSERT_EQ(0, iv_config_command(self->dev.fd, PCI_COMMAND_MASTER, 0));
	ASSERT_EQ(1, pread(self->dev.fd, &value, 1, 0));
	EXPECT_EQ(0, test_vga_arbiter_command(self->arbiter, "unlock", "io+mem"));
	EXPECT_EQ(1, iommufd_child_finish(&child));
	EXPECT_TRUE(test_vga_arbiter_says(self->dev.addr, "locks=none(0:0)"));
}

TEST_F(vga, unbind_does_not_wait_for_another_cards_user)
{
	struct iommufd_child child;
	int64_t start;

	ASSERT_EQ(0, start_waiting(self, &child));
	start = test_now_ms();
	ASSERT_EQ(0, iv_pci_unbind_driver(self->dev.addr));
	EXPECT_TRUE(test_was_prompt(test_now_ms() - start));
	EXPECT_EQ(-ENODEV, iommufd_child_finish(&child));
	EXPECT_EQ(0, test_fd_is_revoked(self->dev.fd));
	EXPECT_TRUE(test_vga_arbiter_says(self->dev.addr, "locks=none(0:0)"));
}

TEST_F(vga, unbind_ends_all_who_wait)
{
	struct iommufd_child children[4];
	int number;

	ASSERT_EQ(0, start_waiting(self, &children[0]));
	for (int i = 1; i < 4; i++) {
		ASSERT_EQ(0, iommufd_child_start(&children[i], child_reads, &self->region));
		ASSERT_EQ(0, iommufd_child_hear(&children[i], &number));
	}
	ASSERT_TRUE(iommufd_child_is_stuck(&children[3]));
	ASSERT_EQ(0, iv_pci_unbind_driver(self->dev.addr));
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(-ENODEV, iommufd_child_finish(&children[i]));
}

TEST_F(vga, works_for_the_next_user_after_an_unbind)
{
	struct iommufd_child child;

	ASSERT_EQ(0, start_waiting(self, &child));
	ASSERT_EQ(0, iv_pci_unbind_driver(self->dev.addr));
	EXPECT_EQ(-ENODEV, iommufd_child_finish(&child));
	close(self->arbiter);
	self->arbiter = -1;
	test_device_close(&self->dev);
	ASSERT_EQ(0, iv_pci_bind_driver(self->dev.addr, "vfio-pci"));
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_ATTACHED));
	self->region.fd = self->dev.fd;
	ASSERT_EQ(0, iv_config_command(self->dev.fd, DECODE, 0));
	ASSERT_EQ(0, set_indexed(&self->region, SEQUENCER, MAP_MASK, 5));
	EXPECT_EQ(5, get_indexed(&self->region, SEQUENCER, MAP_MASK));
}

TEST_F(vga, killed_caller_does_not_wait)
{
	struct iommufd_child child;

	ASSERT_EQ(0, start_waiting(self, &child));
	EXPECT_EQ(0, iommufd_child_kill(&child));
	/* And has left nothing locked. */
	close(self->arbiter);
	self->arbiter = -1;
	EXPECT_EQ(0, set_indexed(&self->region, SEQUENCER, MAP_MASK, 5));
}

static volatile sig_atomic_t signal_seen;

static void on_signal(int number)
{
	signal_seen = number;
}

/* As child_reads(), but a signal interrupts it. */
static int child_reads_interrupted(struct iommufd_child *parent, void *arg)
{
	const struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &action, NULL);
	return child_reads(parent, arg);
}

TEST_F(vga, signal_interrupts_the_wait)
{
	struct iommufd_child child;
	int number;

	self->arbiter = arbiter_lock_other();
	ASSERT_LE(0, self->arbiter);
	ASSERT_EQ(0, iommufd_child_start(&child, child_reads_interrupted, &self->region));
	ASSERT_EQ(0, iommufd_child_hear(&child, &number));
	ASSERT_TRUE(iommufd_child_is_stuck(&child));
	ASSERT_EQ(0, kill(child.pid, SIGUSR1));
	EXPECT_EQ(-EINTR, iommufd_child_finish(&child));
}

static int child_storms(struct iommufd_child *parent, void *arg)
{
	uint8_t value;
	int ret;

	iommufd_child_tell(parent, 0);
	do {
		ret = vga_read(arg, SEQUENCER, &value, 1);
	} while (ret == 1);
	return ret;
}

/* The ranges change hands all the time when the device is taken away. */
TEST_F(vga, unbind_in_a_storm)
{
	struct iommufd_child children[2];
	int number;

	self->arbiter = test_vga_arbiter_open(test_role_addr(TEST_VGA_OTHER));
	ASSERT_LE(0, self->arbiter);
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 2; i++) {
			ASSERT_EQ(0, iommufd_child_start(&children[i], child_storms,
							 &self->region));
			ASSERT_EQ(0, iommufd_child_hear(&children[i], &number));
		}
		for (int i = 0; i < 20; i++) {
			ASSERT_EQ(0, test_vga_arbiter_command(self->arbiter, "lock", "io+mem"));
			ASSERT_EQ(0, test_vga_arbiter_command(self->arbiter, "unlock", "io+mem"));
		}
		ASSERT_EQ(0, iv_pci_unbind_driver(self->dev.addr));
		for (int i = 0; i < 2; i++)
			EXPECT_EQ(-ENODEV, iommufd_child_finish(&children[i]));
		EXPECT_TRUE(test_vga_arbiter_says(self->dev.addr, "locks=none(0:0)"));
		test_device_close(&self->dev);
		ASSERT_EQ(0, iv_pci_bind_driver(self->dev.addr, "vfio-pci"));
		ASSERT_EQ(0, test_device_advance(&self->dev, TEST_ATTACHED));
		self->region.fd = self->dev.fd;
		ASSERT_EQ(0, iv_config_command(self->dev.fd, DECODE, 0));
	}
}

TEST_HARNESS_MAIN
