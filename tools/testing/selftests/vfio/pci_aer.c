// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCI Express errors that a device reports (advanced error reporting), at all stages of its use.
 *
 * The device is a virtio disk, which a command named vm-qmp makes report them: it gives QEMU a
 * command of its own. QEMU knows the device by the name in IV_AER_ID. A device that can migrate is
 * behind a root port that reports them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/pci_regs.h>
#include "iv.h"
#include "iv_config.h"
#include "test_device.h"
#include "test_fault.h"
#include "test_hardware.h"
#include "test_process.h"
#include "test_race.h"
#include "test_user.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define QEMU_ID "IV_AER_ID"
/* A root port that reports errors of its own, and what is behind it */
#define PORT "IV_HOTPLUG_PORT"
#define PORT_QEMU_ID "IV_HOTPLUG_PORT_ID"
#define SOON_MS 5000
#define QUIET_MS 200
#define MSIX VFIO_PCI_MSIX_IRQ_INDEX
/* A virtio device's configuration: a number that it keeps, how many queues there are, its status */
#define CONFIG_BAR VFIO_PCI_BAR4_REGION_INDEX
#define REG_SELECT 0x0
#define REG_QUEUES 0x10
#define REG_STATUS 0x14
/* The status of a device that has been seen; a reset clears it. */
#define STATUS_MASK 0xff
#define STATUS_SEEN 1

/* A race: who does what, and how long at least */
enum { SLEEPER, RESETTER, READER, TOUCHER, ARMER, REPORTER, RACERS };
#define RACE_MS 1000
#define RACE_ERRORS 4

/* Errors, as QEMU calls them, and how bad they are by default. */
#define NOT_FATAL "COMP_ABORT"
#define FATAL "MALF_TLP"

FIXTURE(aer)
{
	struct test_device dev;
	struct iv_region bar;
	uint32_t bars[TEST_BARS];
	int32_t eventfd;
	int32_t vector;
};

/* Whether this kernel sees to such errors at all */
static bool kernel_has_aer(const char *addr)
{
	char path[IV_PATH_SIZE];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/aer_dev_fatal", addr);
	return !access(path, F_OK);
}

/* @id: what QEMU calls the device, or the port above it */
static int report_error_as(const char *id, const char *error)
{
	char command[256];
	const char *const argv[] = { "sh", "-c", command, NULL };

	snprintf(command, sizeof(command),
		 "vm-qmp '{\"execute\": \"human-monitor-command\", \"arguments\": "
		 "{\"command-line\": \"pcie_aer_inject_error %s %s\"}}' >/dev/null",
		 id, error);
	return test_run_command(argv) ? -EIO : 0;
}

static int report_error(const char *error)
{
	return report_error_as(getenv(QEMU_ID), error);
}

/* Why there is nothing to test, or NULL */
static const char *why_not(void)
{
	const char *const qmp[] = { "sh", "-c", "command -v vm-qmp >/dev/null", NULL };

	if (!test_role_addr(TEST_AER) || !getenv(QEMU_ID))
		return "no device: set IV_AER and " QEMU_ID;
	if (test_run_command(qmp))
		return "no vm-qmp: nothing makes the device report errors";
	return kernel_has_aer(test_role_addr(TEST_AER)) ? NULL :
							  "the kernel is without CONFIG_PCIEAER";
}

FIXTURE_SETUP(aer)
{
	self->eventfd = -1;
	if (why_not())
		SKIP(return, "%s", why_not());
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_AER, TEST_CLAIMED));
	ASSERT_EQ(0, test_hw_bars(self->dev.addr, self->bars));
	self->eventfd = iv_eventfd_create();
	self->vector = iv_eventfd_create();
	ASSERT_LE(0, self->eventfd);
	ASSERT_LE(0, self->vector);
}

FIXTURE_TEARDOWN(aer)
{
	iv_region_close(&self->bar);
	test_device_teardown(&self->dev);
	if (self->eventfd < 0)
		return;
	close(self->eventfd);
	close(self->vector);
}

/* A user with the BAR mapped, an MSI-X vector, and an eventfd for errors. */
static int start(struct _test_data_aer *self)
{
	return test_device_advance(&self->dev, TEST_ATTACHED) ?:
	       iv_config_command(self->dev.fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0) ?:
	       iv_region_open(&self->bar, self->dev.fd, CONFIG_BAR) ?:
	       iv_region_map(&self->bar) ?:
	       iv_irq_set_eventfds(self->dev.fd, MSIX, 0, 1, &self->vector) ?:
	       iv_irq_set_eventfds(self->dev.fd, VFIO_PCI_ERR_IRQ_INDEX, 0, 1, &self->eventfd);
}

static bool bar_answers(void *arg)
{
	struct _test_data_aer *self = arg;
	uint32_t value;

	return iv_region_read(&self->bar, REG_QUEUES, &value, sizeof(value)) == sizeof(value) &&
	       value != UINT32_MAX;
}

TEST_F(aer, error_that_is_not_fatal_is_told)
{
	ASSERT_EQ(0, start(self));
	iv_mmio_write32(&self->bar, REG_STATUS, STATUS_SEEN);
	ASSERT_EQ(0, report_error(NOT_FATAL));
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
	/* The device goes on, and has not been reset. */
	EXPECT_TRUE(bar_answers(self));
	EXPECT_EQ(STATUS_SEEN, iv_mmio_read32(&self->bar, REG_STATUS) & STATUS_MASK);
	EXPECT_TRUE(test_hw_bus_master(self->dev.addr));
}

TEST_F(aer, each_error_is_told)
{
	ASSERT_EQ(0, start(self));
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, report_error(NOT_FATAL));
		EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
	}
}

TEST_F(aer, fatal_error_is_told_and_recovered_from)
{
	uint32_t id;

	ASSERT_EQ(0, start(self));
	iv_mmio_write32(&self->bar, REG_STATUS, STATUS_SEEN);
	ASSERT_EQ(0, report_error(FATAL));
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
	ASSERT_TRUE(test_wait_until(bar_answers, self, SOON_MS));
	/* The bus was reset, and what the user has set up in config space is as before. */
	EXPECT_EQ(0, iv_mmio_read32(&self->bar, REG_STATUS) & STATUS_MASK);
	EXPECT_EQ(0, iv_config_read32(self->dev.fd, PCI_VENDOR_ID, &id));
	EXPECT_EQ(0x10421af4, id);
	EXPECT_TRUE(test_hw_bars_unmoved(self->dev.addr, self->bars));
	EXPECT_TRUE(test_hw_bus_master(self->dev.addr));
	EXPECT_TRUE(test_hw_msix_enabled(self->dev.addr));
}

TEST_F(aer, mapping_works_again_after_a_fatal_error)
{
	ASSERT_EQ(0, start(self));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, report_error(FATAL));
		ASSERT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
		ASSERT_TRUE(test_wait_until(bar_answers, self, SOON_MS));
		EXPECT_NE(UINT32_MAX, iv_mmio_read32(&self->bar, REG_QUEUES));
		iv_mmio_write32(&self->bar, REG_SELECT, 7);
		EXPECT_EQ(7, iv_mmio_read32(&self->bar, REG_SELECT));
	}
}

TEST_F(aer, fatal_error_of_a_sleeping_device_wakes_it)
{
	int pm;
	uint16_t state;

	ASSERT_EQ(0, start(self));
	pm = iv_config_find_cap(self->dev.fd, PCI_CAP_ID_PM);
	ASSERT_LT(0, pm);
	ASSERT_EQ(0, iv_config_write16(self->dev.fd, pm + PCI_PM_CTRL, 3));
	ASSERT_EQ(0, report_error(FATAL));
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
	ASSERT_TRUE(test_wait_until(bar_answers, self, SOON_MS));
	ASSERT_EQ(0, iv_config_read16(self->dev.fd, pm + PCI_PM_CTRL, &state));
	EXPECT_EQ(0, state & PCI_PM_CTRL_STATE_MASK);
	EXPECT_TRUE(test_hw_bars_unmoved(self->dev.addr, self->bars));
}

/* Who isn't told must not be hurt. */

FIXTURE(aer_unused)
{
	struct test_device dev;
	uint32_t bars[TEST_BARS];
};

FIXTURE_VARIANT(aer_unused)
{
	const char *error;
	bool parked;
};

FIXTURE_VARIANT_ADD(aer_unused, parked) { .error = NOT_FATAL, .parked = true };
FIXTURE_VARIANT_ADD(aer_unused, parked_fatal) { .error = FATAL, .parked = true };
FIXTURE_VARIANT_ADD(aer_unused, closed) { .error = NOT_FATAL };
FIXTURE_VARIANT_ADD(aer_unused, closed_fatal) { .error = FATAL };

FIXTURE_SETUP(aer_unused)
{
	if (why_not())
		SKIP(return, "%s", why_not());
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_AER,
				       variant->parked ? TEST_PARKED : TEST_CLAIMED));
	ASSERT_EQ(0, test_hw_bars(self->dev.addr, self->bars));
}

FIXTURE_TEARDOWN(aer_unused)
{
	test_device_teardown(&self->dev);
}

TEST_F(aer_unused, device_can_be_used_afterwards)
{
	struct iv_region bar;
	uint32_t value;

	ASSERT_EQ(0, report_error(variant->error));
	test_sleep_ms(QUIET_MS);
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_ATTACHED));
	EXPECT_TRUE(test_hw_bars_unmoved(self->dev.addr, self->bars));
	ASSERT_EQ(0, iv_config_command(self->dev.fd, PCI_COMMAND_MEMORY, 0));
	ASSERT_EQ(0, iv_region_open(&bar, self->dev.fd, CONFIG_BAR));
	EXPECT_EQ(4, iv_region_read(&bar, REG_QUEUES, &value, sizeof(value)));
	EXPECT_NE(UINT32_MAX, value);
	iv_region_close(&bar);
}

TEST_F(aer, revoked_user_is_not_told)
{
	ASSERT_EQ(0, start(self));
	ASSERT_EQ(0, iv_pci_unbind_driver(self->dev.addr));
	ASSERT_EQ(0, test_fd_is_revoked(self->dev.fd));
	/* That itself was told. */
	iv_eventfd_wait(self->eventfd, SOON_MS);
	ASSERT_EQ(0, iv_pci_bind_driver(self->dev.addr, "vfio-pci"));
	ASSERT_EQ(0, report_error(NOT_FATAL));
	EXPECT_EQ(0, iv_eventfd_wait(self->eventfd, QUIET_MS));
	iv_region_close(&self->bar);
	test_device_close(&self->dev);
	ASSERT_EQ(0, start(self));
	EXPECT_TRUE(bar_answers(self));
}

/**
 * struct aer_race - what everybody does with one device
 * @self: the device
 * @pm: where its PM capability is
 * @reported: how many errors it has reported
 * @results: of the calls
 */
struct aer_race {
	struct _test_data_aer *self;
	int pm;
	atomic_uint reported;
	struct test_race results;
};

static void race_power(struct aer_race *race, unsigned int round)
{
	const int fd = race->self->dev.fd;

	test_race_expect(&race->results,
			 iv_config_write16(fd, race->pm + PCI_PM_CTRL, round & 1 ? 0 : 3), 0, 0);
	test_race_expect(&race->results, iv_config_command(fd, PCI_COMMAND_MEMORY,
							   round & 2 ? PCI_COMMAND_MASTER : 0),
			 0, 0);
}

static void race_read(struct aer_race *race)
{
	uint32_t value;
	int64_t rc = iv_region_read(&race->self->bar, REG_QUEUES, &value, sizeof(value));

	if (rc != sizeof(value))
		test_race_expect(&race->results, rc, -EIO, -EIO);
}

static void race_arm(struct aer_race *race)
{
	const int fd = race->self->dev.fd;
	int rc = iv_irq_set_eventfds(fd, MSIX, 0, 1, &race->self->vector);

	test_race_expect(&race->results, rc, -EIO, -EIO);
	if (!rc)
		test_race_expect(&race->results, iv_irq_disable(fd, MSIX), 0, 0);
}

static void race_report(struct aer_race *race)
{
	const char *error = race->reported & 1 ? NOT_FATAL : FATAL;

	test_race_expect(&race->results, report_error(error), 0, 0);
	race->reported++;
}

static void race_one(struct test_threads *threads, unsigned int index, void *arg)
{
	struct aer_race *race = arg;

	for (unsigned int round = 0; !test_threads_stopping(threads); round++) {
		if (index == SLEEPER)
			race_power(race, round);
		else if (index == RESETTER)
			test_race_expect(&race->results, iv_device_reset(race->self->dev.fd),
					 -EAGAIN, -EAGAIN);
		else if (index == READER)
			race_read(race);
		else if (index == TOUCHER)
			test_load_gives_sigbus(race->self->bar.map);
		else if (index == ARMER)
			race_arm(race);
		else
			race_report(race);
		threads->rounds++;
	}
}

static bool all_were_reported(void *arg)
{
	struct aer_race *race = arg;

	return race->reported >= RACE_ERRORS;
}

TEST_F(aer, errors_while_it_is_used_in_every_way)
{
	struct aer_race race = { .self = self };

	ASSERT_EQ(0, start(self));
	race.pm = iv_config_find_cap(self->dev.fd, PCI_CAP_ID_PM);
	ASSERT_LT(0, race.pm);
	EXPECT_EQ(0, test_race_run_until(&race.results, RACERS, race_one, &race, RACE_MS,
					 all_were_reported));
	EXPECT_LT(0, iv_eventfd_wait(self->eventfd, SOON_MS));
	/* It is the user's again, in whatever state the others have left it. */
	ASSERT_EQ(0, iv_config_write16(self->dev.fd, race.pm + PCI_PM_CTRL, 0));
	ASSERT_EQ(0, iv_config_command(self->dev.fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0));
	EXPECT_TRUE(test_wait_until(bar_answers, self, SOON_MS));
	EXPECT_TRUE(test_hw_bars_unmoved(self->dev.addr, self->bars));
	EXPECT_TRUE(test_hw_bus_master(self->dev.addr));
}

TEST_F(aer, close_right_after_a_fatal_error)
{
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, start(self));
		ASSERT_EQ(0, report_error(FATAL));
		iv_region_close(&self->bar);
		test_device_close(&self->dev);
		EXPECT_FALSE(test_hw_bus_master(self->dev.addr));
	}
	ASSERT_EQ(0, start(self));
	EXPECT_TRUE(test_wait_until(bar_answers, self, SOON_MS));
	EXPECT_TRUE(test_hw_bars_unmoved(self->dev.addr, self->bars));
}

TEST_F(aer, unbind_right_after_a_fatal_error)
{
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, start(self));
		ASSERT_EQ(0, report_error(FATAL));
		ASSERT_EQ(0, iv_pci_unbind_driver(self->dev.addr));
		EXPECT_EQ(0, test_fd_is_revoked(self->dev.fd));
		iv_region_close(&self->bar);
		test_device_close(&self->dev);
		ASSERT_EQ(0, iv_pci_bind_driver(self->dev.addr, "vfio-pci"));
	}
	ASSERT_EQ(0, start(self));
	EXPECT_TRUE(test_wait_until(bar_answers, self, SOON_MS));
	EXPECT_TRUE(test_hw_bars_unmoved(self->dev.addr, self->bars));
}

/* The sample driver vfio-edu, whose device can migrate */

FIXTURE(aer_migration)
{
	struct test_device dev;
};

FIXTURE_SETUP(aer_migration)
{
	const char *addr = test_role_addr(TEST_HOTPLUG);

	if (why_not())
		SKIP(return, "%s", why_not());
	if (!addr || !getenv(PORT) || !getenv(PORT_QEMU_ID))
		SKIP(return, "no device: set %s, " PORT " and " PORT_QEMU_ID,
		     test_role_name(TEST_HOTPLUG));
	if (!kernel_has_aer(getenv(PORT)))
		SKIP(return, "the port reports no errors");
	ASSERT_EQ(0, test_module_load("vfio-edu"));
	self->dev.fd = -1;
	self->dev.iommufd = -1;
	snprintf(self->dev.addr, sizeof(self->dev.addr), "%s", addr);
	ASSERT_EQ(0, iv_pci_claim(&self->dev.claim, addr, "vfio-edu"));
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_ATTACHED));
}

FIXTURE_TEARDOWN(aer_migration)
{
	test_device_teardown(&self->dev);
	EXPECT_EQ(0, test_module_unload("vfio_edu"));
}

static bool is_running(void *arg)
{
	const struct test_device *dev = arg;

	return iv_migration_state(dev->fd) == VFIO_DEVICE_STATE_RUNNING;
}

TEST_F(aer_migration, fatal_error_ends_a_save)
{
	char byte;
	int data_fd;

	ASSERT_EQ(0, iv_migration_set(self->dev.fd, VFIO_DEVICE_STATE_STOP_COPY, &data_fd));
	ASSERT_LE(0, data_fd);
	ASSERT_EQ(VFIO_DEVICE_STATE_STOP_COPY, iv_migration_state(self->dev.fd));
	ASSERT_EQ(0, report_error_as(getenv(PORT_QEMU_ID), FATAL));
	EXPECT_TRUE(test_wait_until(is_running, &self->dev, SOON_MS));
	EXPECT_EQ(-1, read(data_fd, &byte, 1));
	EXPECT_EQ(ENODEV, errno);
	close(data_fd);
}

TEST_HARNESS_MAIN
