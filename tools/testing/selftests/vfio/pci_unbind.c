// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking a vfio-pci device away from its user, by unbinding the driver or unloading its module, at
 * every stage of the device's life. It never waits for the user, and nothing is left that the user
 * could do with the device.
 */
#include "kselftest_harness.h"

#include "iv.h"
#include "test_device.h"
#include "test_fault.h"
#include "test_hardware.h"
#include "test_memory.h"
#include "test_process.h"
#include "test_user.h"
#include "test_wait.h"

#define PAGE 4096

FIXTURE(pci_unbind)
{
	struct test_user user;
	int fd;
	const char *addr;
};

FIXTURE_VARIANT(pci_unbind)
{
	enum test_user_stage stage;
};

FIXTURE_VARIANT_ADD(pci_unbind, parked) { .stage = TEST_USER_PARKED };
FIXTURE_VARIANT_ADD(pci_unbind, bound) { .stage = TEST_USER_BOUND };
FIXTURE_VARIANT_ADD(pci_unbind, attached) { .stage = TEST_USER_ATTACHED };
FIXTURE_VARIANT_ADD(pci_unbind, memory_mapped) { .stage = TEST_USER_MEMORY_MAPPED };
FIXTURE_VARIANT_ADD(pci_unbind, bar_mapped) { .stage = TEST_USER_BAR_MAPPED };
FIXTURE_VARIANT_ADD(pci_unbind, intx_armed) { .stage = TEST_USER_INTX_ARMED };
FIXTURE_VARIANT_ADD(pci_unbind, msi_armed) { .stage = TEST_USER_MSI_ARMED };

FIXTURE_SETUP(pci_unbind)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no device: set %s", test_role_name(TEST_EDU));
	EXPECT_EQ(0, test_user_setup(&self->user, TEST_EDU, variant->stage));
	self->fd = self->user.dev.fd;
	self->addr = self->user.dev.addr;
}

FIXTURE_TEARDOWN(pci_unbind)
{
	test_user_teardown(&self->user);
}

TEST_F(pci_unbind, returns_promptly_and_revokes_the_fd)
{
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->addr)));
	EXPECT_EQ(0, test_fd_is_revoked(self->fd));
	if (self->user.bar.map) {
		EXPECT_TRUE(test_load_gives_sigbus(self->user.bar.map));
		EXPECT_TRUE(test_store_gives_sigbus(self->user.bar.map));
	}
}

TEST_F(pci_unbind, leaves_no_character_device)
{
	char path[IV_PATH_SIZE], path_after[IV_PATH_SIZE];

	ASSERT_EQ(0, iv_pci_cdev_path(self->addr, path));
	ASSERT_EQ(0, access(path, F_OK));
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->addr)));
	EXPECT_EQ(-ENOENT, iv_pci_cdev_path(self->addr, path_after));
	EXPECT_EQ(-1, access(path, F_OK));
}

TEST_F(pci_unbind, leaves_hardware_without_dma_and_interrupts)
{
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->addr)));
	EXPECT_FALSE(test_hw_bus_master(self->addr));
	EXPECT_FALSE(test_hw_msi_enabled(self->addr));
}

TEST_F(pci_unbind, device_can_be_bound_again_while_the_old_fd_is_open)
{
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->addr)));
	ASSERT_EQ(0, iv_pci_bind_driver(self->addr, "vfio-pci"));
	EXPECT_EQ(0, test_edu_works(self->addr));
	EXPECT_EQ(0, test_fd_is_revoked(self->fd));
}

TEST_F(pci_unbind, old_fd_can_be_closed_while_a_new_user_works)
{
	uint32_t value;
	int fd, iommufd;
	uint32_t ioas_id;

	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->addr)));
	ASSERT_EQ(0, iv_pci_bind_driver(self->addr, "vfio-pci"));
	fd = iv_device_open(self->addr);
	iommufd = test_context_open(&ioas_id);
	ASSERT_EQ(0, iv_device_bind(fd, iommufd, NULL));
	test_user_close(&self->user);
	EXPECT_EQ(0, iv_config_read32(fd, PCI_VENDOR_ID, &value));
	EXPECT_EQ(IV_EDU_VENDOR | IV_EDU_DEVICE << 16, value);
	close(fd);
	close(iommufd);
}

TEST_F(pci_unbind, module_can_be_unloaded_with_the_revoked_fd_open)
{
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->addr)));
	EXPECT_EQ(0, test_module_unload("vfio_pci"));
	EXPECT_EQ(0, test_fd_is_revoked(self->fd));
	EXPECT_EQ(0, test_module_load("vfio-pci"));
	EXPECT_EQ(0, test_fd_is_revoked(self->fd));
}

TEST_F(pci_unbind, unloading_the_module_takes_the_device_away)
{
	int64_t start = test_now_ms();

	EXPECT_EQ(0, test_module_unload("vfio_pci"));
	EXPECT_TRUE(test_was_prompt(test_now_ms() - start));
	EXPECT_EQ(0, test_fd_is_revoked(self->fd));
	EXPECT_EQ(0, test_module_load("vfio-pci"));
}

/* Two functions in one IOMMU group: taking one away leaves the other. */

TEST(unbinding_one_function_of_a_group_leaves_the_other_working)
{
	struct test_device a, b;
	struct iv_edu edu;
	struct iv_dma dma;

	if (!test_role_addr(TEST_SHARED_A) || !test_role_addr(TEST_SHARED_B))
		SKIP(return, "no devices: set IV_SHARED_A and IV_SHARED_B");
	ASSERT_EQ(0, test_device_setup(&a, TEST_SHARED_A, TEST_PARKED));
	ASSERT_EQ(0, test_device_setup(&b, TEST_SHARED_B, TEST_PARKED));
	EXPECT_EQ(0, test_device_advance(&a, TEST_ATTACHED));
	EXPECT_EQ(0, iv_device_bind(b.fd, a.iommufd, &b.devid));
	EXPECT_EQ(0, iv_device_attach(b.fd, a.ioas_id));
	EXPECT_EQ(0, iv_dma_alloc(&dma, a.iommufd, a.ioas_id, TEST_USER_IOVA, 2 * PAGE));

	EXPECT_TRUE(test_was_prompt(test_unbind_ms(b.addr)));
	EXPECT_EQ(0, test_fd_is_revoked(b.fd));
	EXPECT_EQ(0, iv_edu_open(&edu, a.fd));
	test_memory_fill(dma.va, PAGE, 3);
	EXPECT_EQ(0, iv_edu_dma_read(&edu, TEST_USER_IOVA, 0, PAGE));
	EXPECT_EQ(0, iv_edu_dma_write(&edu, TEST_USER_IOVA + PAGE, 0, PAGE));
	EXPECT_TRUE(test_memory_matches((char *)dma.va + PAGE, PAGE, 3));

	iv_edu_close(&edu);
	iv_dma_free(&dma);
	test_device_teardown(&b);
	test_device_teardown(&a);
}

TEST_HARNESS_MAIN
