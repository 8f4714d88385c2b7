// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vfio-pci device leaves the bus while it is in use: removed through sysfs, or pulled out of its
 * slot after the slot was switched off.
 *
 * An emulated slot loses its device when it is switched off. A command named vm-plug, if there is
 * one, puts a new one in.
 */
#include "kselftest_harness.h"

#include "iv.h"
#include "test_device.h"
#include "test_fault.h"
#include "test_process.h"
#include "test_user.h"
#include "test_wait.h"

FIXTURE(pci_remove)
{
	struct test_user user;
	int fd;
	const char *addr;
};

FIXTURE_VARIANT(pci_remove)
{
	enum test_user_stage stage;
};

FIXTURE_VARIANT_ADD(pci_remove, parked) { .stage = TEST_USER_PARKED };
FIXTURE_VARIANT_ADD(pci_remove, bound) { .stage = TEST_USER_BOUND };
FIXTURE_VARIANT_ADD(pci_remove, memory_mapped) { .stage = TEST_USER_MEMORY_MAPPED };
FIXTURE_VARIANT_ADD(pci_remove, bar_mapped) { .stage = TEST_USER_BAR_MAPPED };
FIXTURE_VARIANT_ADD(pci_remove, msi_armed) { .stage = TEST_USER_MSI_ARMED };

FIXTURE_SETUP(pci_remove)
{
	if (!test_role_addr(TEST_HOTPLUG))
		SKIP(return, "no device: set %s", test_role_name(TEST_HOTPLUG));
	EXPECT_EQ(0, test_user_setup(&self->user, TEST_HOTPLUG, variant->stage));
	self->fd = self->user.dev.fd;
	self->addr = self->user.dev.addr;
}

FIXTURE_TEARDOWN(pci_remove)
{
	iv_pci_rescan();
	test_user_teardown(&self->user);
}

TEST_F(pci_remove, returns_promptly_and_revokes_the_fd)
{
	int64_t start = test_now_ms();

	ASSERT_EQ(0, iv_pci_remove(self->addr));
	EXPECT_TRUE(test_was_prompt(test_now_ms() - start));
	EXPECT_FALSE(iv_pci_exists(self->addr));
	EXPECT_EQ(0, test_fd_is_revoked(self->fd));
	if (self->user.bar.map)
		EXPECT_TRUE(test_load_gives_sigbus(self->user.bar.map));
}

TEST_F(pci_remove, device_works_after_it_has_come_back)
{
	ASSERT_EQ(0, iv_pci_remove(self->addr));
	ASSERT_EQ(0, iv_pci_rescan());
	ASSERT_TRUE(iv_pci_exists(self->addr));
	ASSERT_EQ(0, iv_pci_bind_driver(self->addr, "vfio-pci"));
	EXPECT_EQ(0, test_edu_works(self->addr));
	EXPECT_EQ(0, test_fd_is_revoked(self->fd));
}

/* Switching the slot off. */

static bool device_is_gone(void *arg)
{
	return !iv_pci_exists(arg);
}

static bool device_is_there(void *arg)
{
	return iv_pci_exists(arg);
}

/* A new device shows in sysfs a little before drivers may have it. */
static bool vfio_pci_takes_it(void *arg)
{
	return !iv_pci_bind_driver(arg, "vfio-pci");
}

static int slot_power_path(char path[IV_PATH_SIZE])
{
	const char *slot = getenv("IV_HOTPLUG_SLOT");

	if (!slot)
		return -ENOENT;
	snprintf(path, IV_PATH_SIZE, "/sys/bus/pci/slots/%s/power", slot);
	return access(path, W_OK) ? -errno : 0;
}

static int plug_back(const char *addr, const char *power)
{
	const char *const vm_plug[] = { "vm-plug", NULL };

	if (iv_pci_exists(addr))
		return 0;
	iv_file_write(power, "1");
	if (test_wait_until(device_is_there, (void *)addr, 500))
		return 0;
	return test_run_command(vm_plug);
}

FIXTURE(pci_slot)
{
	struct test_user user;
	int fd;
	const char *addr;
	char power[IV_PATH_SIZE];
};

FIXTURE_VARIANT(pci_slot)
{
	enum test_user_stage stage;
};

FIXTURE_VARIANT_ADD(pci_slot, parked) { .stage = TEST_USER_PARKED };
FIXTURE_VARIANT_ADD(pci_slot, memory_mapped) { .stage = TEST_USER_MEMORY_MAPPED };
FIXTURE_VARIANT_ADD(pci_slot, intx_armed) { .stage = TEST_USER_INTX_ARMED };
FIXTURE_VARIANT_ADD(pci_slot, msi_armed) { .stage = TEST_USER_MSI_ARMED };

FIXTURE_SETUP(pci_slot)
{
	const char *addr = test_role_addr(TEST_HOTPLUG);

	if (!addr || slot_power_path(self->power))
		SKIP(return, "no slot to switch: set %s and IV_HOTPLUG_SLOT",
		     test_role_name(TEST_HOTPLUG));
	EXPECT_EQ(0, test_user_setup(&self->user, TEST_HOTPLUG, variant->stage));
	self->fd = self->user.dev.fd;
	self->addr = self->user.dev.addr;
}

FIXTURE_TEARDOWN(pci_slot)
{
	EXPECT_EQ(0, plug_back(self->addr, self->power));
	test_user_teardown(&self->user);
}

TEST_F(pci_slot, switching_it_off_revokes_the_fd)
{
	ASSERT_EQ(0, iv_file_write(self->power, "0"));
	ASSERT_TRUE(test_wait_until(device_is_gone, (void *)self->addr, 5000));
	EXPECT_EQ(0, test_fd_is_revoked(self->fd));
	if (self->user.bar.map)
		EXPECT_TRUE(test_load_gives_sigbus(self->user.bar.map));
}

TEST_F(pci_slot, new_device_in_the_slot_works_while_the_old_fd_is_open)
{
	ASSERT_EQ(0, iv_file_write(self->power, "0"));
	ASSERT_TRUE(test_wait_until(device_is_gone, (void *)self->addr, 5000));
	ASSERT_EQ(0, plug_back(self->addr, self->power));
	ASSERT_TRUE(test_wait_until(vfio_pci_takes_it, (void *)self->addr, 5000));
	EXPECT_EQ(0, test_edu_works(self->addr));
	EXPECT_EQ(0, test_fd_is_revoked(self->fd));
}

TEST_HARNESS_MAIN
