// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that were opened through their group: they work at once, do DMA through the container's
 * mappings, and are taken away like any other.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include "iommufd_ioctl.h"
#include "iv.h"
#include "test_device.h"
#include "test_fault.h"
#include "test_memory.h"
#include "kselftest_harness.h"

#define PAGE 4096UL
#define IOVA 0x100000UL
#define BLOCK 256
#define MAP_RW (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

FIXTURE(device)
{
	struct test_device edu;
	int group;
	int container;
	int fd;
	unsigned char *memory;
	int64_t pinned;
};

FIXTURE_VARIANT(device)
{
	unsigned long type;
	bool iommufd;
};

FIXTURE_VARIANT_ADD(device, type1) { .type = VFIO_TYPE1_IOMMU };
FIXTURE_VARIANT_ADD(device, type1v2) { .type = VFIO_TYPE1v2_IOMMU };
FIXTURE_VARIANT_ADD(device, iommufd_type1) { .type = VFIO_TYPE1_IOMMU, .iommufd = true };
FIXTURE_VARIANT_ADD(device, iommufd_type1v2) { .type = VFIO_TYPE1v2_IOMMU, .iommufd = true };

FIXTURE_SETUP(device)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s", test_role_name(TEST_EDU));
	self->pinned = test_pinned_pages();
	self->memory = test_memory_alloc(PAGE, PAGE);
	ASSERT_NE(NULL, self->memory);
	ASSERT_EQ(0, test_device_setup(&self->edu, TEST_EDU, TEST_CLAIMED));
	self->container = variant->iommufd ? iv_iommufd_open() : iv_container_open();
	ASSERT_LE(0, self->container);
	self->group = iv_group_open(self->edu.addr);
	ASSERT_LE(0, self->group);
	ASSERT_EQ(0, iv_group_set_container(self->group, self->container));
	ASSERT_EQ(0, iv_container_set_type(self->container, variant->type));
	ASSERT_EQ(0, iv_container_map(self->container, self->memory, IOVA, PAGE, MAP_RW));
	self->fd = iv_group_device(self->group, self->edu.addr);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(device)
{
	close(self->fd);
	close(self->group);
	close(self->container);
	test_device_teardown(&self->edu);
	test_memory_free(self->memory, PAGE);
	EXPECT_EQ(self->pinned, test_pinned_pages());
}

TEST_F(device, does_dma_to_what_the_container_maps)
{
	struct iv_edu edu;

	ASSERT_EQ(0, iv_edu_open(&edu, self->fd));
	memset(self->memory, 0x5a, BLOCK);
	EXPECT_EQ(0, iv_edu_dma_read(&edu, IOVA, 0, BLOCK));
	EXPECT_EQ(0, iv_edu_dma_write(&edu, IOVA + BLOCK, 0, BLOCK));
	EXPECT_EQ(0, memcmp(self->memory, self->memory + BLOCK, BLOCK));
	ASSERT_EQ(0, iv_container_unmap(self->container, IOVA, PAGE, 0, NULL));
	memset(self->memory + BLOCK, 0, BLOCK);
	iv_edu_dma_write(&edu, IOVA + BLOCK, 0, BLOCK);
	EXPECT_EQ(0, self->memory[BLOCK]);
	iv_edu_close(&edu);
}

TEST_F(device, works_at_once)
{
	struct vfio_device_info info;
	uint32_t id = 0;

	EXPECT_EQ(0, iv_device_info(self->fd, &info));
	EXPECT_TRUE(info.flags & VFIO_DEVICE_FLAGS_PCI);
	EXPECT_EQ(0, iv_config_read32(self->fd, 0, &id));
	EXPECT_EQ(IV_EDU_VENDOR | IV_EDU_DEVICE << 16, id);
	EXPECT_EQ(0, iv_device_poll(self->fd, POLLIN, 0));
	EXPECT_TRUE(fcntl(self->fd, F_GETFD) & FD_CLOEXEC);
}

TEST_F(device, ioctls_of_iommufd_are_not_there)
{
	int iommufd = iv_iommufd_open();

	ASSERT_LE(0, iommufd);
	EXPECT_EQ(-EINVAL, iv_device_bind(self->fd, iommufd, NULL));
	EXPECT_EQ(-ENOTTY, iv_device_attach(self->fd, 1));
	EXPECT_EQ(-ENOTTY, iv_device_detach(self->fd));
	close(iommufd);
}

TEST_F(device, wrong_names_fail)
{
	char longest[PAGE + 1];

	memset(longest, 'x', sizeof(longest));
	EXPECT_EQ(-ENODEV, iv_group_device(self->group, "0000:00:1f.7"));
	EXPECT_EQ(-ENODEV, iv_group_device(self->group, ""));
	EXPECT_EQ(-EFAULT, iv_group_device(self->group, NULL));
	EXPECT_EQ(-EINVAL, iv_group_device(self->group, longest));
}

TEST_F(device, opens_again_while_it_is_open)
{
	struct vfio_device_info info;
	int again = iv_group_device(self->group, self->edu.addr);

	ASSERT_LE(0, again);
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(0, iv_device_info(again, &info));
	close(again);
	self->fd = iv_group_device(self->group, self->edu.addr);
	EXPECT_EQ(0, iv_device_info(self->fd, &info));
}

TEST_F(device, unbind_takes_it_away)
{
	int again = iv_group_device(self->group, self->edu.addr);

	ASSERT_LE(0, again);
	ASSERT_EQ(0, iv_pci_unbind_driver(self->edu.addr));
	EXPECT_EQ(0, test_fd_is_revoked(self->fd));
	EXPECT_EQ(0, test_fd_is_revoked(again));
	EXPECT_EQ(-ENODEV, iv_group_device(self->group, self->edu.addr));
	close(again);
	/* The container goes on, as far as it can without a device. */
	EXPECT_EQ(0, iv_group_unset_container(self->group));
}

TEST_F(device, mappings_raise_sigbus_after_unbind)
{
	struct iv_edu edu;

	ASSERT_EQ(0, iv_edu_open(&edu, self->fd));
	EXPECT_EQ(0, iv_edu_alive(&edu));
	ASSERT_EQ(0, iv_pci_unbind_driver(self->edu.addr));
	EXPECT_TRUE(test_load_gives_sigbus(edu.bar.map));
	iv_edu_close(&edu);
}

TEST_F(device, cdev_cannot_be_bound_meanwhile)
{
	ASSERT_EQ(0, test_device_advance(&self->edu, TEST_PARKED));
	EXPECT_EQ(-EBUSY, test_device_advance(&self->edu, TEST_BOUND));
}

FIXTURE(no_type)
{
	struct test_device edu;
	int group;
	int container;
};

FIXTURE_SETUP(no_type)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&self->edu, TEST_EDU, TEST_CLAIMED));
	self->container = iv_container_open();
	ASSERT_LE(0, self->container);
	self->group = iv_group_open(self->edu.addr);
	ASSERT_LE(0, self->group);
}

FIXTURE_TEARDOWN(no_type)
{
	close(self->group);
	close(self->container);
	test_device_teardown(&self->edu);
}

TEST_F(no_type, device_needs_a_container_with_a_type)
{
	int fd;

	EXPECT_EQ(-EINVAL, iv_group_device(self->group, self->edu.addr));
	ASSERT_EQ(0, iv_group_set_container(self->group, self->container));
	EXPECT_EQ(-EINVAL, iv_group_device(self->group, self->edu.addr));
	ASSERT_EQ(0, iv_container_set_type(self->container, VFIO_TYPE1v2_IOMMU));
	fd = iv_group_device(self->group, self->edu.addr);
	EXPECT_LE(0, fd);
	close(fd);
}

/* Programs ask for the ranges before they open a device. */
TEST_F(no_type, ranges_are_the_devices_own_before_it_is_open)
{
	char page[PAGE];
	struct vfio_iommu_type1_info *info = (void *)page;
	struct vfio_iommu_type1_info_cap_iova_range *ranges;

	memset(page, 0, sizeof(page));
	info->argsz = sizeof(page);
	ASSERT_EQ(0, iv_group_set_container(self->group, self->container));
	ASSERT_EQ(0, iv_container_set_type(self->container, VFIO_TYPE1v2_IOMMU));
	ASSERT_EQ(0, iommufd_ioctl(self->container, VFIO_IOMMU_GET_INFO, info));
	ASSERT_TRUE(info->flags & VFIO_IOMMU_INFO_CAPS);
	ranges = (void *)page + info->cap_offset;
	ASSERT_EQ(VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE, ranges->header.id);
	ASSERT_LE(2, ranges->nr_iovas);
	EXPECT_EQ(0xfedfffff, ranges->iova_ranges[0].end);
	EXPECT_EQ(0xfef00000, ranges->iova_ranges[1].start);
}

TEST_HARNESS_MAIN
