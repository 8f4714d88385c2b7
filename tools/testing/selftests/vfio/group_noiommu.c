// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices behind no IOMMU. To be run in a guest whose IOMMU is off.
 */
#include <errno.h>
#include <stdio.h>
#include "iommufd_bind.h"
#include "iommufd_ioctl.h"
#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "test_process.h"
#include "kselftest_harness.h"

#define PAGE 4096UL
#define PARAMETER "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"

FIXTURE(noiommu)
{
	struct test_device edu;
	int group;
	int container;
};

FIXTURE_SETUP(noiommu)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s", test_role_name(TEST_EDU));
	if (iv_pci_group(test_role_addr(TEST_EDU)) >= 0)
		SKIP(return, "this machine's IOMMU is on");
	ASSERT_EQ(0, iv_file_write(PARAMETER, "1"));
	ASSERT_EQ(0, test_device_setup(&self->edu, TEST_EDU, TEST_CLAIMED));
	self->container = iv_container_open();
	ASSERT_LE(0, self->container);
	self->group = iv_group_open(self->edu.addr);
	ASSERT_LE(0, self->group);
}

FIXTURE_TEARDOWN(noiommu)
{
	close(self->group);
	close(self->container);
	test_device_teardown(&self->edu);
	EXPECT_EQ(0, iv_file_write(PARAMETER, "0"));
	EXPECT_GT(0, iv_pci_group(self->edu.addr));
}

TEST_F(noiommu, device_works)
{
	struct iv_edu edu;
	uint32_t result = 0;
	int fd;

	ASSERT_EQ(0, iv_group_set_container(self->group, self->container));
	EXPECT_EQ(0, iv_container_has(self->container, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(1, iv_container_has(self->container, VFIO_NOIOMMU_IOMMU));
	EXPECT_EQ(-EINVAL, iv_group_device(self->group, self->edu.addr));
	EXPECT_EQ(-ENODEV, iv_container_set_type(self->container, VFIO_TYPE1v2_IOMMU));
	ASSERT_EQ(0, iv_container_set_type(self->container, VFIO_NOIOMMU_IOMMU));
	fd = iv_group_device(self->group, self->edu.addr);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, iv_edu_open(&edu, fd));
	EXPECT_EQ(0, iv_edu_factorial(&edu, 5, &result));
	EXPECT_EQ(120, result);
	iv_edu_close(&edu);
	EXPECT_EQ(-EBUSY, iv_group_unset_container(self->group));
	close(fd);
	EXPECT_EQ(0, iv_group_unset_container(self->group));
}

TEST_F(noiommu, container_has_no_mappings)
{
	void *memory = test_memory_alloc(PAGE, PAGE);

	ASSERT_NE(NULL, memory);
	ASSERT_EQ(0, iv_group_set_container(self->group, self->container));
	ASSERT_EQ(0, iv_container_set_type(self->container, VFIO_NOIOMMU_IOMMU));
	EXPECT_EQ(-ENOTTY, iv_container_map(self->container, memory, PAGE, PAGE,
					    VFIO_DMA_MAP_FLAG_READ));
	EXPECT_EQ(-EPERM, iommufd_ioctl(self->container, IOMMU_IOAS_ALLOC, NULL));
	test_memory_free(memory, PAGE);
}

TEST_F(noiommu, iommufd_has_nothing_to_offer)
{
	int iommufd = iv_iommufd_open();

	ASSERT_LE(0, iommufd);
	EXPECT_EQ(-EINVAL, iv_group_set_container(self->group, iommufd));
	close(iommufd);
	EXPECT_EQ(-ENODEV, test_device_advance(&self->edu, TEST_BOUND));
	EXPECT_TRUE(iommufd_device_is_parked(self->edu.fd));
}

TEST_F(noiommu, unbind_takes_the_device_away)
{
	int fd;

	ASSERT_EQ(0, iv_group_set_container(self->group, self->container));
	ASSERT_EQ(0, iv_container_set_type(self->container, VFIO_NOIOMMU_IOMMU));
	fd = iv_group_device(self->group, self->edu.addr);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, iv_pci_unbind_driver(self->edu.addr));
	EXPECT_EQ(0, test_fd_is_revoked(fd));
	EXPECT_EQ(-ENODEV, iv_group_status(self->group));
	close(fd);
}

static int join(void *arg)
{
	const int *fds = arg;

	return iv_group_set_container(fds[0], fds[1]);
}

TEST_F(noiommu, wants_cap_sys_rawio)
{
	const struct test_privilege nobody = { .drop_capabilities = true };
	int fds[] = { self->group, self->container };

	EXPECT_EQ(-EPERM, test_run_in_child(join, fds, &nobody));
}

FIXTURE(noiommu_off)
{
	struct test_device edu;
};

FIXTURE_SETUP(noiommu_off)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s", test_role_name(TEST_EDU));
	if (iv_pci_group(test_role_addr(TEST_EDU)) >= 0)
		SKIP(return, "this machine's IOMMU is on");
	ASSERT_EQ(0, test_device_setup(&self->edu, TEST_EDU, TEST_CLAIMED));
}

FIXTURE_TEARDOWN(noiommu_off)
{
	test_device_teardown(&self->edu);
}

TEST_F(noiommu_off, device_has_no_group_and_cannot_be_bound)
{
	EXPECT_GT(0, iv_pci_group(self->edu.addr));
	EXPECT_EQ(-ENODEV, test_device_advance(&self->edu, TEST_BOUND));
}

TEST_HARNESS_MAIN
