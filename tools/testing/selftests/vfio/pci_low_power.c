// SPDX-License-Identifier: GPL-2.0-only
/*
 * Low power: a device that its user does not need for a while may be powered down by the host.
 *
 * Whether it is can be seen in sysfs.
 */
#include "kselftest_harness.h"

#include <sys/ioctl.h>

#include "iommufd_ioctl.h"
#include "iv.h"
#include "test_device.h"
#include "test_fault.h"
#include "test_thread.h"
#include "test_user.h"
#include "test_wait.h"

#define SOON_MS 2000
#define QUIET_MS 100
#define JOIN_MS 10000

FIXTURE(low_power)
{
	struct test_device dev;
	struct iv_region bar;
	int32_t eventfd;
	int fd;
};

FIXTURE_VARIANT(low_power)
{
	enum test_role role;
};

FIXTURE_VARIANT_ADD(low_power, igb) { .role = TEST_IGB };
FIXTURE_VARIANT_ADD(low_power, nvme) { .role = TEST_NVME };

/* A kernel without power management says "unsupported", or nothing. */
static bool power_is_managed(const char *addr)
{
	char text[32];

	return iv_pci_attr_read(addr, "power/runtime_status", text, sizeof(text)) > 0 &&
	       strcmp(text, "unsupported") != 0;
}

FIXTURE_SETUP(low_power)
{
	if (!test_role_addr(variant->role))
		SKIP(return, "no device: set %s", test_role_name(variant->role));
	if (!power_is_managed(test_role_addr(variant->role)))
		SKIP(return, "the kernel has no runtime power management");
	ASSERT_EQ(0, test_device_setup(&self->dev, variant->role, TEST_ATTACHED));
	self->fd = self->dev.fd;
	self->eventfd = iv_eventfd_create();
	EXPECT_EQ(0, iv_config_command(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0));
	EXPECT_EQ(0, iv_region_open(&self->bar, self->fd, 0));
	EXPECT_EQ(0, iv_region_map(&self->bar));
}

FIXTURE_TEARDOWN(low_power)
{
	iv_region_close(&self->bar);
	close(self->eventfd);
	test_device_teardown(&self->dev);
}

static bool power_is(const char *addr, const char *status)
{
	char text[32];

	return iv_pci_attr_read(addr, "power/runtime_status", text, sizeof(text)) > 0 &&
	       !strcmp(text, status);
}

static bool is_down(void *addr)
{
	return power_is(addr, "suspended");
}

static bool goes_down(struct test_device *dev)
{
	return test_wait_until(is_down, dev->addr, SOON_MS);
}

static bool stays_up(struct test_device *dev)
{
	return !test_wait_until(is_down, dev->addr, QUIET_MS);
}

TEST_F(low_power, features_can_be_set_and_not_got)
{
	const uint16_t features[] = {
		VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY,
		VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP,
		VFIO_DEVICE_FEATURE_LOW_POWER_EXIT,
	};

	for (unsigned int i = 0; i < 3; i++) {
		EXPECT_EQ(0, iv_feature_probe(self->fd, features[i], 0));
		EXPECT_EQ(0, iv_feature_probe(self->fd, features[i], VFIO_DEVICE_FEATURE_SET));
		EXPECT_EQ(-EINVAL, iv_feature_probe(self->fd, features[i],
						    VFIO_DEVICE_FEATURE_GET));
	}
	/* Probing did nothing. */
	EXPECT_TRUE(stays_up(&self->dev));
}

TEST_F(low_power, open_device_is_awake)
{
	EXPECT_TRUE(stays_up(&self->dev));
}

TEST_F(low_power, entry_lets_the_device_go_down)
{
	ASSERT_EQ(0, iv_low_power_entry(self->fd));
	EXPECT_TRUE(goes_down(&self->dev));
}

TEST_F(low_power, entry_twice_fails)
{
	ASSERT_EQ(0, iv_low_power_entry(self->fd));
	EXPECT_EQ(-EINVAL, iv_low_power_entry(self->fd));
	EXPECT_EQ(-EINVAL, iv_low_power_entry_with_wakeup(self->fd, self->eventfd));
	EXPECT_TRUE(goes_down(&self->dev));
}

TEST_F(low_power, exit_wakes_the_device_and_keeps_it_awake)
{
	ASSERT_EQ(0, iv_low_power_entry(self->fd));
	ASSERT_TRUE(goes_down(&self->dev));
	ASSERT_EQ(0, iv_low_power_exit(self->fd));
	EXPECT_TRUE(power_is(self->dev.addr, "active"));
	EXPECT_TRUE(stays_up(&self->dev));
}

TEST_F(low_power, exit_without_entry_does_nothing)
{
	EXPECT_EQ(0, iv_low_power_exit(self->fd));
	EXPECT_EQ(0, iv_low_power_exit(self->fd));
	EXPECT_TRUE(stays_up(&self->dev));
	ASSERT_EQ(0, iv_low_power_entry(self->fd));
	EXPECT_TRUE(goes_down(&self->dev));
}

TEST_F(low_power, mapping_faults_until_the_exit)
{
	uint32_t before = iv_mmio_read32(&self->bar, 8);

	ASSERT_EQ(0, iv_low_power_entry(self->fd));
	EXPECT_TRUE(test_load_gives_sigbus(self->bar.map));
	ASSERT_TRUE(goes_down(&self->dev));
	EXPECT_TRUE(test_load_gives_sigbus(self->bar.map));
	EXPECT_TRUE(is_down(self->dev.addr));
	ASSERT_EQ(0, iv_low_power_exit(self->fd));
	EXPECT_EQ(before, iv_mmio_read32(&self->bar, 8));
}

TEST_F(low_power, read_and_write_wake_the_device_for_a_while)
{
	uint32_t before = iv_mmio_read32(&self->bar, 8), value;
	uint16_t id;

	ASSERT_EQ(0, iv_low_power_entry(self->fd));
	ASSERT_TRUE(goes_down(&self->dev));
	EXPECT_EQ(4, iv_region_read(&self->bar, 8, &value, 4));
	EXPECT_EQ(before, value);
	EXPECT_TRUE(goes_down(&self->dev));
	EXPECT_EQ(0, iv_config_read16(self->fd, PCI_SUBSYSTEM_VENDOR_ID, &id));
	EXPECT_NE(0xffff, id);
	EXPECT_TRUE(goes_down(&self->dev));
}

TEST_F(low_power, ioctls_wake_the_device_for_a_while)
{
	EXPECT_EQ(0, iv_irq_set_eventfds(self->fd, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1,
					 &self->eventfd));
	ASSERT_EQ(0, iv_low_power_entry(self->fd));
	ASSERT_TRUE(goes_down(&self->dev));
	EXPECT_EQ(0, iv_device_reset(self->fd));
	EXPECT_TRUE(goes_down(&self->dev));
	EXPECT_EQ(0, iv_irq_trigger(self->fd, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1));
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
	EXPECT_TRUE(goes_down(&self->dev));
	EXPECT_EQ(0, iv_irq_disable(self->fd, VFIO_PCI_MSIX_IRQ_INDEX));
	EXPECT_TRUE(goes_down(&self->dev));
}

TEST_F(low_power, wakeup_is_told_once_and_the_device_stays_awake)
{
	uint16_t id;

	ASSERT_EQ(0, iv_low_power_entry_with_wakeup(self->fd, self->eventfd));
	ASSERT_TRUE(goes_down(&self->dev));
	EXPECT_EQ(0, iv_eventfd_wait(self->eventfd, QUIET_MS));
	EXPECT_EQ(0, iv_config_read16(self->fd, PCI_VENDOR_ID, &id));
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
	EXPECT_TRUE(stays_up(&self->dev));
	EXPECT_NE(UINT32_MAX, iv_mmio_read32(&self->bar, 8));
	EXPECT_EQ(0, iv_low_power_exit(self->fd));
	EXPECT_EQ(0, iv_eventfd_wait(self->eventfd, QUIET_MS));
	/* And once more from the beginning. */
	ASSERT_EQ(0, iv_low_power_entry(self->fd));
	EXPECT_TRUE(goes_down(&self->dev));
}

TEST_F(low_power, host_wakes_the_device_and_the_user_is_told)
{
	ASSERT_EQ(0, iv_low_power_entry_with_wakeup(self->fd, self->eventfd));
	ASSERT_TRUE(goes_down(&self->dev));
	EXPECT_EQ(0, iv_pci_attr_write(self->dev.addr, "power/control", "on"));
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
	EXPECT_EQ(0, iv_pci_attr_write(self->dev.addr, "power/control", "auto"));
	EXPECT_TRUE(stays_up(&self->dev));
}

TEST_F(low_power, exit_of_a_device_that_is_down_signals_the_wakeup)
{
	ASSERT_EQ(0, iv_low_power_entry_with_wakeup(self->fd, self->eventfd));
	ASSERT_TRUE(goes_down(&self->dev));
	ASSERT_EQ(0, iv_low_power_exit(self->fd));
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
	EXPECT_TRUE(stays_up(&self->dev));
}

TEST_F(low_power, bad_eventfd_fails_and_changes_nothing)
{
	EXPECT_EQ(-EBADF, iv_low_power_entry_with_wakeup(self->fd, -1));
	EXPECT_EQ(-EBADF, iv_low_power_entry_with_wakeup(self->fd, 1000));
	EXPECT_EQ(-EINVAL, iv_low_power_entry_with_wakeup(self->fd, self->fd));
	EXPECT_TRUE(stays_up(&self->dev));
	EXPECT_EQ(0, iv_low_power_entry(self->fd));
}

TEST_F(low_power, device_state_survives)
{
	uint16_t command;

	ASSERT_EQ(0, iv_low_power_entry(self->fd));
	ASSERT_TRUE(goes_down(&self->dev));
	ASSERT_EQ(0, iv_low_power_exit(self->fd));
	ASSERT_EQ(0, iv_config_read16(self->fd, PCI_COMMAND, &command));
	EXPECT_EQ(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER,
		  command & (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER));
	ASSERT_EQ(0, iv_pci_config_read(self->dev.addr, PCI_COMMAND, &command, 2));
	EXPECT_EQ(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER,
		  command & (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER));
}

TEST_F(low_power, device_that_the_user_has_put_to_sleep_wakes_up_in_d0)
{
	int pos = iv_config_find_cap(self->fd, PCI_CAP_ID_PM);
	uint16_t control;

	ASSERT_GT(pos, 0);
	ASSERT_EQ(0, iv_low_power_entry(self->fd));
	ASSERT_EQ(0, iv_config_write16(self->fd, pos + PCI_PM_CTRL, 3));
	ASSERT_TRUE(goes_down(&self->dev));
	ASSERT_EQ(0, iv_low_power_exit(self->fd));
	ASSERT_EQ(0, iv_config_read16(self->fd, pos + PCI_PM_CTRL, &control));
	EXPECT_EQ(0, control & PCI_PM_CTRL_STATE_MASK);
	EXPECT_NE(UINT32_MAX, iv_mmio_read32(&self->bar, 8));
}

TEST_F(low_power, device_is_fresh_for_the_next_user)
{
	ASSERT_EQ(0, iv_low_power_entry_with_wakeup(self->fd, self->eventfd));
	ASSERT_TRUE(goes_down(&self->dev));
	iv_region_close(&self->bar);
	test_device_close(&self->dev);
	EXPECT_TRUE(goes_down(&self->dev));
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_BOUND));
	EXPECT_TRUE(stays_up(&self->dev));
	EXPECT_EQ(0, iv_low_power_entry(self->dev.fd));
}

TEST_F(low_power, unbind_of_a_device_that_is_down_is_prompt)
{
	ASSERT_EQ(0, iv_low_power_entry_with_wakeup(self->fd, self->eventfd));
	ASSERT_TRUE(goes_down(&self->dev));
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->dev.addr)));
	EXPECT_EQ(0, test_fd_is_revoked(self->fd));
	/* A sleeper who waits for the wake-up is woken. */
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
}

static void switch_loop(struct test_threads *threads, unsigned int index, void *arg)
{
	struct test_device *dev = arg;
	uint16_t id;

	while (!test_threads_stopping(threads)) {
		switch (index) {
		case 0:
			iv_low_power_entry(dev->fd);
			break;
		case 1:
			iv_low_power_exit(dev->fd);
			break;
		case 2:
			iv_device_reset(dev->fd);
			break;
		default:
			if (iv_config_read16(dev->fd, PCI_SUBSYSTEM_VENDOR_ID, &id) || id == 0xffff)
				atomic_fetch_add(&threads->rounds, 1);
		}
	}
}

TEST_F(low_power, entries_exits_resets_and_accesses_do_not_meet)
{
	struct test_threads threads;

	ASSERT_EQ(0, test_threads_start(&threads, 4, switch_loop, &self->dev));
	test_sleep_ms(2000);
	test_threads_stop(&threads);
	ASSERT_EQ(0, test_threads_join(&threads, JOIN_MS));
	/* Each round is a read that did not reach the device. */
	EXPECT_EQ(0, threads.rounds);
	EXPECT_EQ(0, iv_low_power_exit(self->fd));
	EXPECT_TRUE(stays_up(&self->dev));
}

TEST_HARNESS_MAIN
