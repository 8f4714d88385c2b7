// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hot resets: which functions one reaches, whose they must be, and what it does to them.
 *
 * The pair are two functions of one bus and one IOMMU group; igb is alone on its bus.
 */
#include "kselftest_harness.h"

#include <sys/ioctl.h>

#include "iommufd_ioctl.h"
#include "iv.h"
#include "test_device.h"
#include "test_fault.h"
#include "test_hardware.h"
#include "test_thread.h"
#include "test_user.h"
#include "test_wait.h"

#define IGB_FCAL 0x28
#define SCRATCH 0x00030005
#define JOIN_MS 20000

FIXTURE(hot_reset)
{
	struct test_device a;
	struct test_device b;
	struct iv_hot_reset info;
};

FIXTURE_SETUP(hot_reset)
{
	if (!test_role_addr(TEST_PAIR_A) || !test_role_addr(TEST_PAIR_B))
		SKIP(return, "no devices: set %s and %s", test_role_name(TEST_PAIR_A),
		     test_role_name(TEST_PAIR_B));
	ASSERT_EQ(0, test_device_setup(&self->a, TEST_PAIR_A, TEST_ATTACHED));
	ASSERT_EQ(0, test_device_setup(&self->b, TEST_PAIR_B, TEST_CLAIMED));
}

FIXTURE_TEARDOWN(hot_reset)
{
	test_device_teardown(&self->b);
	test_device_teardown(&self->a);
}

/* Binds the second function to the context of the first. */
static int bind_sibling(struct test_device *b, const struct test_device *a)
{
	int ret = test_device_advance(b, TEST_PARKED);

	return ret ?: iv_device_bind(b->fd, a->iommufd, &b->devid);
}

static int64_t devid_of(const struct iv_hot_reset *info, const char *addr)
{
	const struct vfio_pci_dependent_device *device = iv_hot_reset_find(info, addr);

	return device ? (int64_t)device->devid : -1;
}

TEST_F(hot_reset, info_names_both_functions)
{
	ASSERT_EQ(0, iv_hot_reset_info(self->a.fd, &self->info));
	EXPECT_EQ(2, self->info.count);
	EXPECT_NE(NULL, iv_hot_reset_find(&self->info, self->a.addr));
	EXPECT_NE(NULL, iv_hot_reset_find(&self->info, self->b.addr));
	EXPECT_TRUE(self->info.flags & VFIO_PCI_HOT_RESET_FLAG_DEV_ID);
}

TEST_F(hot_reset, info_gives_the_devids_of_bound_functions)
{
	ASSERT_EQ(0, bind_sibling(&self->b, &self->a));
	ASSERT_EQ(0, iv_hot_reset_info(self->a.fd, &self->info));
	EXPECT_EQ(self->a.devid, devid_of(&self->info, self->a.addr));
	EXPECT_EQ(self->b.devid, devid_of(&self->info, self->b.addr));
	EXPECT_EQ(VFIO_PCI_HOT_RESET_FLAG_DEV_ID | VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED,
		  self->info.flags);
	/* The other one sees the same. */
	ASSERT_EQ(0, iv_hot_reset_info(self->b.fd, &self->info));
	EXPECT_EQ(self->a.devid, devid_of(&self->info, self->a.addr));
	EXPECT_EQ(self->b.devid, devid_of(&self->info, self->b.addr));
}

TEST_F(hot_reset, unopened_function_of_the_group_is_owned_without_devid)
{
	ASSERT_EQ(0, iv_hot_reset_info(self->a.fd, &self->info));
	EXPECT_EQ(self->a.devid, devid_of(&self->info, self->a.addr));
	EXPECT_EQ(VFIO_PCI_DEVID_OWNED, devid_of(&self->info, self->b.addr));
	EXPECT_EQ(VFIO_PCI_HOT_RESET_FLAG_DEV_ID | VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED,
		  self->info.flags);
	EXPECT_EQ(0, iv_hot_reset(self->a.fd));
}

TEST_F(hot_reset, function_without_vfio_driver_is_not_owned_and_forbids_it)
{
	ASSERT_EQ(0, iv_pci_unbind_driver(self->b.addr));
	ASSERT_EQ(0, iv_hot_reset_info(self->a.fd, &self->info));
	EXPECT_EQ((uint32_t)VFIO_PCI_DEVID_NOT_OWNED, devid_of(&self->info, self->b.addr));
	EXPECT_EQ(VFIO_PCI_HOT_RESET_FLAG_DEV_ID, self->info.flags);
	EXPECT_EQ(-EINVAL, iv_hot_reset(self->a.fd));
}

TEST_F(hot_reset, info_without_room_tells_the_count)
{
	struct vfio_pci_hot_reset_info hdr = { .argsz = sizeof(hdr) };

	ASSERT_EQ(-ENOSPC, iommufd_ioctl(self->a.fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &hdr));
	EXPECT_EQ(2, hdr.count);
}

TEST_F(hot_reset, info_with_room_for_one_of_two_writes_none)
{
	struct {
		struct vfio_pci_hot_reset_info hdr;
		struct vfio_pci_dependent_device devices[2];
	} arg = { .hdr.argsz = sizeof(arg) - 1 };

	memset(arg.devices, 0x5a, sizeof(arg.devices));
	ASSERT_EQ(-ENOSPC, iommufd_ioctl(self->a.fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &arg));
	EXPECT_EQ(2, arg.hdr.count);
	EXPECT_EQ(0x5a5a5a5a, arg.devices[0].devid);
	EXPECT_EQ(0x5a5a5a5a, arg.devices[1].devid);
}

TEST_F(hot_reset, short_argsz_fails)
{
	struct vfio_pci_hot_reset_info hdr = { .argsz = sizeof(hdr) - 1 };
	struct vfio_pci_hot_reset reset = { .argsz = sizeof(reset) - 1 };

	EXPECT_EQ(-EINVAL, iommufd_ioctl(self->a.fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &hdr));
	EXPECT_EQ(-EINVAL, iommufd_ioctl(self->a.fd, VFIO_DEVICE_PCI_HOT_RESET, &reset));
}

TEST_F(hot_reset, unreadable_arguments_fail)
{
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->a.fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, NULL));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->a.fd, VFIO_DEVICE_PCI_HOT_RESET, NULL));
}

TEST_F(hot_reset, answer_that_cannot_be_written_fails)
{
	struct vfio_pci_hot_reset_info hdr = { .argsz = 4096 };
	struct iommufd_guard guard;

	ASSERT_EQ(0, iommufd_guard_setup(&guard));
	/* The header is there, the array is not. */
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->a.fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO,
					 iommufd_guard_place(&guard, &hdr, sizeof(hdr))));
	iommufd_guard_teardown(&guard);
}

TEST_F(hot_reset, flags_and_group_fds_are_refused)
{
	struct {
		struct vfio_pci_hot_reset hdr;
		int32_t fds[1];
	} arg = { .hdr = { .argsz = sizeof(arg), .count = 1 }, .fds = { self->a.fd } };

	EXPECT_EQ(-EINVAL, iommufd_ioctl(self->a.fd, VFIO_DEVICE_PCI_HOT_RESET, &arg));
	arg.hdr.count = 0;
	arg.hdr.flags = 1;
	EXPECT_EQ(-EINVAL, iommufd_ioctl(self->a.fd, VFIO_DEVICE_PCI_HOT_RESET, &arg));
}

TEST_F(hot_reset, keeps_the_hardwares_bars_of_both)
{
	uint32_t before[2][TEST_BARS];

	ASSERT_EQ(0, bind_sibling(&self->b, &self->a));
	ASSERT_EQ(0, test_hw_bars(self->a.addr, before[0]));
	ASSERT_EQ(0, test_hw_bars(self->b.addr, before[1]));
	ASSERT_EQ(0, iv_hot_reset(self->a.fd));
	EXPECT_TRUE(test_hw_bars_unmoved(self->a.addr, before[0]));
	EXPECT_TRUE(test_hw_bars_unmoved(self->b.addr, before[1]));
}

TEST_F(hot_reset, mappings_of_both_work_afterwards)
{
	struct test_device *devs[] = { &self->a, &self->b };
	struct iv_region bars[2];

	ASSERT_EQ(0, bind_sibling(&self->b, &self->a));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, iv_config_command(devs[i]->fd, PCI_COMMAND_MEMORY, 0));
		ASSERT_EQ(0, iv_region_open(&bars[i], devs[i]->fd, 0));
		ASSERT_EQ(0, iv_region_map(&bars[i]));
		EXPECT_EQ(0xed, iv_mmio_read32(&bars[i], IV_EDU_REG_ID) & 0xff);
	}
	ASSERT_EQ(0, iv_hot_reset(self->b.fd));
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(0xed, iv_mmio_read32(&bars[i], IV_EDU_REG_ID) & 0xff);
		iv_region_close(&bars[i]);
	}
}

TEST_F(hot_reset, users_command_register_stands)
{
	uint16_t command;

	ASSERT_EQ(0, bind_sibling(&self->b, &self->a));
	ASSERT_EQ(0, iv_config_command(self->a.fd, PCI_COMMAND_MASTER, 0));
	ASSERT_EQ(0, iv_config_command(self->b.fd, 0, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER));
	ASSERT_EQ(0, iv_hot_reset(self->a.fd));
	EXPECT_TRUE(test_hw_bus_master(self->a.addr));
	EXPECT_FALSE(test_hw_bus_master(self->b.addr));
	ASSERT_EQ(0, iv_config_read16(self->b.fd, PCI_COMMAND, &command));
	EXPECT_EQ(0, command & PCI_COMMAND_MEMORY);
	EXPECT_EQ(0, test_hw_read16(self->b.addr, PCI_COMMAND) & PCI_COMMAND_MEMORY);
}

TEST_F(hot_reset, interrupts_of_both_work_afterwards)
{
	struct test_device *devs[] = { &self->a, &self->b };
	struct iv_edu edu;
	int32_t eventfd = iv_eventfd_create();

	ASSERT_EQ(0, bind_sibling(&self->b, &self->a));
	ASSERT_EQ(0, iv_device_attach(self->b.fd, self->a.ioas_id));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, iv_config_command(devs[i]->fd, PCI_COMMAND_MEMORY |
							    PCI_COMMAND_MASTER, 0));
		ASSERT_EQ(0, iv_irq_set_eventfds(devs[i]->fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
						 &eventfd));
	}
	ASSERT_EQ(0, iv_hot_reset(self->a.fd));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, iv_edu_open(&edu, devs[i]->fd));
		iv_edu_irq_raise(&edu, 1);
		EXPECT_EQ(1, iv_eventfd_wait(eventfd, 1000));
		iv_edu_irq_ack(&edu, 1);
		iv_edu_close(&edu);
	}
	close(eventfd);
}

/* Threads for what comes at the same time; each counts what must not happen. */
struct busy {
	struct test_device *a;
	struct test_device *b;
	struct iv_region bar;
	atomic_uint unexpected;
};

static void reset_loop(struct test_threads *threads, unsigned int index, void *arg)
{
	struct busy *busy = arg;
	int ret;

	while (!test_threads_stopping(threads)) {
		ret = iv_hot_reset(index & 1 ? busy->a->fd : busy->b->fd);
		if (ret && ret != -EAGAIN)
			atomic_fetch_add(&busy->unexpected, 1);
		atomic_fetch_add(&threads->rounds, 1);
	}
}

static void touch_loop(struct test_threads *threads, unsigned int index, void *arg)
{
	struct busy *busy = arg;
	uint16_t id;

	if (index < 2) {
		reset_loop(threads, index, arg);
		return;
	}
	while (!test_threads_stopping(threads)) {
		if ((iv_mmio_read32(&busy->bar, IV_EDU_REG_ID) & 0xff) != 0xed)
			atomic_fetch_add(&busy->unexpected, 1);
		if (iv_config_read16(busy->b->fd, PCI_VENDOR_ID, &id) || id != IV_EDU_VENDOR)
			atomic_fetch_add(&busy->unexpected, 1);
	}
}

TEST_F(hot_reset, resets_from_both_sides_and_accesses_do_not_meet)
{
	struct busy busy = { .a = &self->a, .b = &self->b };
	struct test_threads threads;

	ASSERT_EQ(0, bind_sibling(&self->b, &self->a));
	ASSERT_EQ(0, iv_config_command(self->b.fd, PCI_COMMAND_MEMORY, 0));
	ASSERT_EQ(0, iv_region_open(&busy.bar, self->b.fd, 0));
	ASSERT_EQ(0, iv_region_map(&busy.bar));
	ASSERT_EQ(0, test_threads_start(&threads, 4, touch_loop, &busy));
	test_sleep_ms(4000);
	test_threads_stop(&threads);
	ASSERT_EQ(0, test_threads_join(&threads, JOIN_MS));
	EXPECT_EQ(0, busy.unexpected);
	EXPECT_GT(threads.rounds, 1);
	iv_region_close(&busy.bar);
}

static void reset_until_gone(struct test_threads *threads, unsigned int index, void *arg)
{
	struct busy *busy = arg;
	int ret;

	(void)index;
	do {
		ret = iv_hot_reset(busy->a->fd);
	} while (!test_threads_stopping(threads) && ret != -ENODEV);
	if (ret && ret != -ENODEV && ret != -EAGAIN && ret != -EINVAL)
		atomic_fetch_add(&busy->unexpected, 1);
}

TEST_F(hot_reset, unbinding_the_function_itself_meanwhile_works)
{
	struct busy busy = { .a = &self->a, .b = &self->b };
	struct test_threads threads;

	ASSERT_EQ(0, test_threads_start(&threads, 2, reset_until_gone, &busy));
	test_sleep_ms(300);
	ASSERT_EQ(0, iv_pci_unbind_driver(self->a.addr));
	EXPECT_EQ(0, test_threads_join(&threads, JOIN_MS));
	EXPECT_EQ(0, busy.unexpected);
	EXPECT_EQ(0, test_fd_is_revoked(self->a.fd));
}

TEST_F(hot_reset, unbinding_the_sibling_meanwhile_works)
{
	struct busy busy = { .a = &self->a, .b = &self->b };
	struct test_threads threads;

	ASSERT_EQ(0, bind_sibling(&self->b, &self->a));
	ASSERT_EQ(0, test_threads_start(&threads, 2, reset_until_gone, &busy));
	test_sleep_ms(300);
	ASSERT_EQ(0, iv_pci_unbind_driver(self->b.addr));
	test_threads_stop(&threads);
	EXPECT_EQ(0, test_threads_join(&threads, JOIN_MS));
	EXPECT_EQ(0, busy.unexpected);
	EXPECT_EQ(0, test_fd_is_revoked(self->b.fd));
	/* Nobody's now: it forbids the reset. */
	EXPECT_EQ(-EINVAL, iv_hot_reset(self->a.fd));
}

static void reopen_loop(struct test_threads *threads, unsigned int index, void *arg)
{
	struct busy *busy = arg;

	if (!index) {
		reset_loop(threads, 1, arg);
		return;
	}
	while (!test_threads_stopping(threads)) {
		int fd = iv_device_open(busy->b->addr);

		if (fd < 0 || iv_device_bind(fd, busy->a->iommufd, NULL))
			atomic_fetch_add(&busy->unexpected, 1);
		close(fd);
	}
}

TEST_F(hot_reset, sibling_may_be_opened_and_closed_meanwhile)
{
	struct busy busy = { .a = &self->a, .b = &self->b };
	struct test_threads threads;

	ASSERT_EQ(0, test_threads_start(&threads, 2, reopen_loop, &busy));
	test_sleep_ms(3000);
	test_threads_stop(&threads);
	ASSERT_EQ(0, test_threads_join(&threads, JOIN_MS));
	EXPECT_EQ(0, busy.unexpected);
	EXPECT_GT(threads.rounds, 0);
}

FIXTURE(group_hot_reset)
{
	struct test_device a;
	struct test_device b;
	int container;
	int group;
	int fd;
};

FIXTURE_SETUP(group_hot_reset)
{
	if (!test_role_addr(TEST_PAIR_A) || !test_role_addr(TEST_PAIR_B))
		SKIP(return, "no devices: set %s and %s", test_role_name(TEST_PAIR_A),
		     test_role_name(TEST_PAIR_B));
	ASSERT_EQ(0, test_device_setup(&self->a, TEST_PAIR_A, TEST_CLAIMED));
	ASSERT_EQ(0, test_device_setup(&self->b, TEST_PAIR_B, TEST_CLAIMED));
	self->container = iv_container_open();
	self->group = iv_group_open(self->a.addr);
	ASSERT_GE(self->group, 0);
	ASSERT_EQ(0, iv_group_set_container(self->group, self->container));
	ASSERT_EQ(0, iv_container_set_type(self->container, VFIO_TYPE1v2_IOMMU));
	self->fd = iv_group_device(self->group, self->a.addr);
	ASSERT_GE(self->fd, 0);
}

FIXTURE_TEARDOWN(group_hot_reset)
{
	close(self->fd);
	close(self->group);
	close(self->container);
	test_device_teardown(&self->b);
	test_device_teardown(&self->a);
}

/* With @count times @fd as proof. */
static int reset_by_groups(int device, uint32_t count, int32_t fd)
{
	struct {
		struct vfio_pci_hot_reset hdr;
		int32_t fds[2];
	} arg = { .hdr = { .argsz = sizeof(arg), .count = count }, .fds = { fd, fd } };

	return iommufd_ioctl(device, VFIO_DEVICE_PCI_HOT_RESET, &arg);
}

TEST_F(group_hot_reset, info_tells_groups)
{
	struct iv_hot_reset info;

	ASSERT_EQ(0, iv_hot_reset_info(self->fd, &info));
	EXPECT_EQ(2, info.count);
	EXPECT_EQ(0, info.flags);
	for (int i = 0; i < 2; i++)
		EXPECT_EQ((uint32_t)iv_pci_group(self->a.addr), info.devices[i].group_id);
}

TEST_F(group_hot_reset, group_proves_that_it_is_owned)
{
	EXPECT_EQ(0, reset_by_groups(self->fd, 1, self->group));
	EXPECT_EQ(0, reset_by_groups(self->fd, 2, self->group));
}

TEST_F(group_hot_reset, without_the_group_it_is_refused)
{
	struct test_device edu;
	int other;

	ASSERT_EQ(0, test_device_setup(&edu, TEST_EDU, TEST_CLAIMED));
	other = iv_group_open(edu.addr);
	ASSERT_GE(other, 0);
	EXPECT_EQ(-EINVAL, reset_by_groups(self->fd, 1, other));
	EXPECT_EQ(-EINVAL, reset_by_groups(self->fd, 0, -1));
	EXPECT_EQ(-EINVAL, reset_by_groups(self->fd, 1, self->fd));
	EXPECT_EQ(-EINVAL, reset_by_groups(self->fd, 3, self->group));
	EXPECT_EQ(-EBADF, reset_by_groups(self->fd, 1, 1000));
	close(other);
	test_device_teardown(&edu);
}

TEST_F(group_hot_reset, function_without_vfio_driver_forbids_it)
{
	ASSERT_EQ(0, iv_pci_unbind_driver(self->b.addr));
	EXPECT_EQ(-EINVAL, reset_by_groups(self->fd, 1, self->group));
}

TEST(hot_reset_clears_the_devices_registers)
{
	struct iv_region bar;
	struct test_device dev;
	uint32_t fresh;

	if (!test_role_addr(TEST_IGB))
		SKIP(return, "no device: set %s", test_role_name(TEST_IGB));
	ASSERT_EQ(0, test_device_setup(&dev, TEST_IGB, TEST_BOUND));
	ASSERT_EQ(0, iv_config_command(dev.fd, PCI_COMMAND_MEMORY, 0));
	ASSERT_EQ(0, iv_region_open(&bar, dev.fd, 0));
	ASSERT_EQ(0, iv_region_map(&bar));
	fresh = iv_mmio_read32(&bar, IGB_FCAL);
	iv_mmio_write32(&bar, IGB_FCAL, SCRATCH);
	ASSERT_EQ(SCRATCH, iv_mmio_read32(&bar, IGB_FCAL));
	EXPECT_EQ(0, iv_hot_reset(dev.fd));
	EXPECT_EQ(fresh, iv_mmio_read32(&bar, IGB_FCAL));
	iv_region_close(&bar);
	test_device_teardown(&dev);
}

TEST(hot_reset_wakes_a_function_that_its_user_has_put_to_sleep)
{
	struct test_device dev;
	uint16_t control;
	int pos;

	if (!test_role_addr(TEST_IGB))
		SKIP(return, "no device: set %s", test_role_name(TEST_IGB));
	ASSERT_EQ(0, test_device_setup(&dev, TEST_IGB, TEST_BOUND));
	pos = iv_config_find_cap(dev.fd, PCI_CAP_ID_PM);
	ASSERT_GT(pos, 0);
	ASSERT_EQ(0, iv_config_write16(dev.fd, pos + PCI_PM_CTRL, 3));
	EXPECT_EQ(0, iv_hot_reset(dev.fd));
	ASSERT_EQ(0, iv_config_read16(dev.fd, pos + PCI_PM_CTRL, &control));
	EXPECT_EQ(0, control & PCI_PM_CTRL_STATE_MASK);
	test_device_teardown(&dev);
}

TEST(hot_reset_of_a_root_bus_is_not_possible)
{
	struct iv_hot_reset info;
	struct test_device dev;

	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no device: set %s", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&dev, TEST_EDU, TEST_BOUND));
	EXPECT_EQ(-ENODEV, iv_hot_reset_info(dev.fd, &info));
	EXPECT_EQ(-ENODEV, iv_hot_reset(dev.fd));
	test_device_teardown(&dev);
}

TEST(hot_reset_of_a_parked_device_fails)
{
	struct iv_hot_reset info;
	struct test_device dev;

	if (!test_role_addr(TEST_IGB))
		SKIP(return, "no device: set %s", test_role_name(TEST_IGB));
	ASSERT_EQ(0, test_device_setup(&dev, TEST_IGB, TEST_PARKED));
	EXPECT_EQ(-EINVAL, iv_hot_reset_info(dev.fd, &info));
	EXPECT_EQ(-EINVAL, iv_hot_reset(dev.fd));
	test_device_teardown(&dev);
}

TEST(slot_with_hotplug_can_be_reset)
{
	struct iv_hot_reset info;
	struct test_device dev;

	if (!test_role_addr(TEST_HOTPLUG))
		SKIP(return, "no device: set %s", test_role_name(TEST_HOTPLUG));
	ASSERT_EQ(0, test_device_setup(&dev, TEST_HOTPLUG, TEST_BOUND));
	ASSERT_EQ(0, iv_hot_reset_info(dev.fd, &info));
	EXPECT_EQ(1, info.count);
	EXPECT_EQ(dev.devid, devid_of(&info, dev.addr));
	EXPECT_EQ(0, iv_hot_reset(dev.fd));
	/* The slot did not take it for an unplugged device. */
	EXPECT_TRUE(iv_pci_exists(dev.addr));
	EXPECT_TRUE(iv_device_info(dev.fd, &(struct vfio_device_info){}) == 0);
	test_device_teardown(&dev);
}

TEST_HARNESS_MAIN
