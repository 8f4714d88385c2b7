// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parameters of vfio-pci: each does what it says. The module is loaded anew for each test, and
 * once more without parameters afterwards.
 *
 * enable_sriov is tested with virtual functions (pci_sriov.c). For disable_denylist there is no
 * emulated device on that list.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/pci_regs.h>
#include "iv.h"
#include "iv_config.h"
#include "test_device.h"
#include "test_hardware.h"
#include "test_process.h"
#include "test_vga.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define MODULE "vfio_pci"
#define PARAMETERS "/sys/module/vfio_pci/parameters/"
#define INTX VFIO_PCI_INTX_IRQ_INDEX
#define SOON_MS 5000
#define QUIET_MS 200

FIXTURE(params)
{
	struct iv_pci_claim claim;
	struct test_device dev;
	bool has_dev;
};

FIXTURE_SETUP(params)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no device: set %s", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_module_load("vfio-pci"));
	/* Remembers whose it is, and makes it nobody's. */
	ASSERT_EQ(0, iv_pci_claim(&self->claim, test_role_addr(TEST_EDU), "vfio-pci"));
	ASSERT_EQ(0, iv_pci_choose_driver(self->claim.addr));
}

FIXTURE_TEARDOWN(params)
{
	if (self->has_dev)
		test_device_teardown(&self->dev);
	EXPECT_EQ(0, test_module_reload(MODULE, NULL));
	EXPECT_EQ(0, iv_pci_claim_release(&self->claim));
}

/* Loads the module with a parameter, and has a device of @role reach @stage. */
static int use(struct _test_data_params *self, const char *parameter, enum test_role role,
	       enum test_stage stage)
{
	int ret = test_module_reload(MODULE, parameter);

	if (ret)
		return ret;
	self->has_dev = true;
	return test_device_setup(&self->dev, role, stage);
}

static bool param_is(const char *name, char value)
{
	char path[IV_PATH_SIZE], text[16] = "";

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	return iv_file_read(path, text, sizeof(text)) > 0 && text[0] == value;
}

TEST_F(params, all_of_the_stock_module_are_there)
{
	ASSERT_EQ(0, test_module_reload(MODULE, NULL));
	EXPECT_TRUE(param_is("disable_vga", 'N'));
	EXPECT_TRUE(param_is("disable_idle_d3", 'N'));
	EXPECT_TRUE(param_is("disable_denylist", 'N'));
	EXPECT_TRUE(param_is("enable_sriov", 'N'));
	EXPECT_TRUE(param_is("nointxmask", 'N'));
	ASSERT_EQ(0, test_module_reload(MODULE, "disable_denylist=1"));
	EXPECT_TRUE(param_is("disable_denylist", 'Y'));
}

static bool has_driver(const char *addr, const char *driver)
{
	char name[IV_DRIVER_NAME_SIZE];

	return !iv_pci_driver(addr, name) && !strcmp(name, driver);
}

/* What the device has of a driver before goes with the module. */
static int reload_without_driver(const char *addr, const char *parameter)
{
	int ret = iv_pci_unbind_driver(addr);

	if (ret && ret != -ENOENT && ret != -ENODEV)
		return ret;
	return test_module_reload(MODULE, parameter);
}

TEST_F(params, ids_are_bound_when_the_module_is_loaded)
{
	const char *addr = test_role_addr(TEST_EDU);

	ASSERT_EQ(0, reload_without_driver(addr, NULL));
	EXPECT_FALSE(has_driver(addr, "vfio-pci"));
	ASSERT_EQ(0, reload_without_driver(addr, "ids=1234:11e8"));
	EXPECT_TRUE(has_driver(addr, "vfio-pci"));
	ASSERT_EQ(0, reload_without_driver(addr, "ids=1234:11e9"));
	EXPECT_FALSE(has_driver(addr, "vfio-pci"));
}

TEST_F(params, wrong_ids_keep_no_others_away)
{
	const char *addr = test_role_addr(TEST_EDU);

	ASSERT_EQ(0, reload_without_driver(addr, "ids=rubbish,1234,,8086:10c9,1234:11e8"));
	EXPECT_TRUE(has_driver(addr, "vfio-pci"));
}

TEST_F(params, ids_may_say_more)
{
	const char *addr = test_role_addr(TEST_EDU);

	/* Another class, then edu's own: none that has a name. */
	ASSERT_EQ(0, reload_without_driver(addr, "ids=1234:11e8:ffffffff:ffffffff:010000:ffffff"));
	EXPECT_FALSE(has_driver(addr, "vfio-pci"));
	ASSERT_EQ(0, reload_without_driver(addr, "ids=1234:11e8:ffffffff:ffffffff:00ff00:ffffff"));
	EXPECT_TRUE(has_driver(addr, "vfio-pci"));
	ASSERT_EQ(0, reload_without_driver(addr, "ids=1234:11e8:1af4:1101"));
	EXPECT_FALSE(has_driver(addr, "vfio-pci"));
}

static bool is_suspended(void *arg)
{
	char text[32] = "";

	return iv_pci_attr_read(arg, "power/runtime_status", text, sizeof(text)) > 0 &&
	       !strncmp(text, "suspended", 9);
}

TEST_F(params, idle_devices_sleep_unless_told_otherwise)
{
	if (!test_role_addr(TEST_NVME))
		SKIP(return, "no device: set %s", test_role_name(TEST_NVME));
	ASSERT_EQ(0, use(self, NULL, TEST_NVME, TEST_CLAIMED));
	EXPECT_TRUE(test_wait_until(is_suspended, self->dev.addr, SOON_MS));
	test_device_teardown(&self->dev);
	self->has_dev = false;
	ASSERT_EQ(0, use(self, "disable_idle_d3=1", TEST_NVME, TEST_CLAIMED));
	test_sleep_ms(QUIET_MS);
	EXPECT_FALSE(is_suspended(self->dev.addr));
	/* Nor after it was used. */
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_ATTACHED));
	test_device_close(&self->dev);
	test_sleep_ms(QUIET_MS);
	EXPECT_FALSE(is_suspended(self->dev.addr));
}

/* Whether the function itself keeps its interrupt back once that has come. */
static int intx_is_masked_by_the_device(struct _test_data_params *self)
{
	int32_t eventfd = iv_eventfd_create();
	struct iv_edu edu = { 0 };
	int ret;

	ret = iv_edu_open(&edu, self->dev.fd) ?:
	      iv_irq_set_eventfds(self->dev.fd, INTX, 0, 1, &eventfd);
	if (ret)
		goto close;
	for (int i = 0; !ret && i < 2; i++) {
		iv_edu_irq_raise(&edu, 1);
		if (iv_eventfd_wait(eventfd, SOON_MS) != 1)
			ret = -ETIMEDOUT;
		/* It has to come again. */
		if (!ret && !i) {
			iv_edu_irq_ack(&edu, 1);
			ret = iv_irq_unmask(self->dev.fd, INTX);
		}
	}
	if (!ret)
		ret = !!(test_hw_read16(self->dev.addr, PCI_COMMAND) & PCI_COMMAND_INTX_DISABLE);
	iv_edu_irq_ack(&edu, 1);
close:
	iv_edu_close(&edu);
	close(eventfd);
	return ret;
}

TEST_F(params, intx_is_masked_at_the_device_unless_told_otherwise)
{
	ASSERT_EQ(0, use(self, NULL, TEST_EDU, TEST_ATTACHED));
	EXPECT_EQ(1, intx_is_masked_by_the_device(self));
	test_device_teardown(&self->dev);
	self->has_dev = false;
	ASSERT_EQ(0, use(self, "nointxmask=1", TEST_EDU, TEST_ATTACHED));
	EXPECT_EQ(0, intx_is_masked_by_the_device(self));
}

TEST_F(params, vga_ranges_are_offered_unless_told_otherwise)
{
	struct vfio_region_info info;

	if (!test_role_addr(TEST_VGA))
		SKIP(return, "no device: set %s", test_role_name(TEST_VGA));
	ASSERT_EQ(0, use(self, NULL, TEST_VGA, TEST_BOUND));
	EXPECT_EQ(0, iv_region_info(self->dev.fd, VFIO_PCI_VGA_REGION_INDEX, &info));
	test_device_teardown(&self->dev);
	self->has_dev = false;
	ASSERT_EQ(0, use(self, "disable_vga=1", TEST_VGA, TEST_BOUND));
	EXPECT_EQ(-EINVAL, iv_region_info(self->dev.fd, VFIO_PCI_VGA_REGION_INDEX, &info));
}

/* Behind a bridge of its own such a card isn't in anybody's way, and the arbiter knows. */
TEST_F(params, card_without_vga_ranges_is_left_out_of_arbitration)
{
	if (!test_role_addr(TEST_VGA_OTHER))
		SKIP(return, "no device: set %s", test_role_name(TEST_VGA_OTHER));
	EXPECT_TRUE(test_vga_arbiter_says(test_role_addr(TEST_VGA_OTHER), "decodes=io+mem"));
	ASSERT_EQ(0, use(self, "disable_vga=1", TEST_VGA_OTHER, TEST_CLAIMED));
	EXPECT_TRUE(test_vga_arbiter_says(self->dev.addr, "decodes=none"));
	ASSERT_EQ(0, iv_pci_unbind_driver(self->dev.addr));
	EXPECT_TRUE(test_vga_arbiter_says(self->dev.addr, "decodes=io+mem"));
}

TEST_HARNESS_MAIN
