// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups and containers: opening, joining, leaving, and who may.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "iommufd_bind.h"
#include "iommufd_ioctl.h"
#include "iv.h"
#include "netlink.h"
#include "test_device.h"
#include "test_memory.h"
#include "test_process.h"
#include "kselftest_harness.h"

#define PAGE 4096UL
#define MAP_RW (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)
#define NO_UID 65534
#define LIMIT (16 * PAGE)
#define VIABLE VFIO_GROUP_FLAGS_VIABLE
#define IN_CONTAINER (VFIO_GROUP_FLAGS_VIABLE | VFIO_GROUP_FLAGS_CONTAINER_SET)

FIXTURE(container)
{
	struct test_device edu;
	int group;
	int container;
};

FIXTURE_SETUP(container)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&self->edu, TEST_EDU, TEST_CLAIMED));
	self->container = iv_container_open();
	ASSERT_LE(0, self->container);
	self->group = iv_group_open(self->edu.addr);
	ASSERT_LE(0, self->group);
}

FIXTURE_TEARDOWN(container)
{
	close(self->group);
	close(self->container);
	test_device_teardown(&self->edu);
}

TEST_F(container, api_version_is_0)
{
	EXPECT_EQ(VFIO_API_VERSION, iommufd_ioctl(self->container, VFIO_GET_API_VERSION, NULL));
}

TEST_F(container, types_are_offered_before_a_group_is_in)
{
	EXPECT_EQ(1, iv_container_has(self->container, VFIO_TYPE1_IOMMU));
	EXPECT_EQ(1, iv_container_has(self->container, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(1, iv_container_has(self->container, VFIO_UNMAP_ALL));
	EXPECT_EQ(0, iv_container_has(self->container, VFIO_NOIOMMU_IOMMU));
	EXPECT_EQ(0, iv_container_has(self->container, VFIO_SPAPR_TCE_IOMMU));
	EXPECT_EQ(0, iv_container_has(self->container, 1000));
}

TEST_F(container, group_opens_once)
{
	EXPECT_EQ(-EBUSY, iv_group_open(self->edu.addr));
	close(self->group);
	self->group = iv_group_open(self->edu.addr);
	EXPECT_LE(0, self->group);
}

/* Everybody may open the file; that must not fill an administrator's lists and logs. */
TEST_F(container, administrators_see_it_once_it_has_a_group)
{
	EXPECT_EQ(0, netlink_contexts_of(getpid()));
	ASSERT_EQ(0, iv_group_set_container(self->group, self->container));
	EXPECT_EQ(1, netlink_contexts_of(getpid()));
	EXPECT_EQ(IOMMUFD_CTX_KIND_CONTAINER,
		  netlink_one(IOMMUFD_NL_CMD_CTX_GET, IOMMUFD_A_CTX_ID,
			      netlink_newest_context(getpid()), 0, 0, IOMMUFD_A_CTX_KIND));
	ASSERT_EQ(0, iv_group_unset_container(self->group));
	EXPECT_EQ(1, netlink_contexts_of(getpid()));
	close(self->container);
	EXPECT_EQ(0, netlink_contexts_of(getpid()));
	self->container = iv_container_open();
	EXPECT_LE(0, self->container);
}

TEST_F(container, status_follows_the_container)
{
	EXPECT_EQ(VIABLE, iv_group_status(self->group));
	ASSERT_EQ(0, iv_group_set_container(self->group, self->container));
	EXPECT_EQ(IN_CONTAINER, iv_group_status(self->group));
	ASSERT_EQ(0, iv_group_unset_container(self->group));
	EXPECT_EQ(VIABLE, iv_group_status(self->group));
}

TEST_F(container, short_status_fails)
{
	struct vfio_group_status status = { .argsz = sizeof(status) - 1 };

	EXPECT_EQ(-EINVAL, iommufd_ioctl(self->group, VFIO_GROUP_GET_STATUS, &status));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->group, VFIO_GROUP_GET_STATUS, NULL));
}

TEST_F(container, second_join_fails)
{
	int other = iv_container_open();

	ASSERT_LE(0, other);
	ASSERT_EQ(0, iv_group_set_container(self->group, self->container));
	EXPECT_EQ(-EINVAL, iv_group_set_container(self->group, self->container));
	EXPECT_EQ(-EINVAL, iv_group_set_container(self->group, other));
	close(other);
}

TEST_F(container, join_of_something_else_fails)
{
	int null = open("/dev/null", O_RDWR);

	ASSERT_LE(0, null);
	EXPECT_EQ(-EINVAL, iv_group_set_container(self->group, null));
	close(null);
	EXPECT_EQ(-EBADF, iv_group_set_container(self->group, null));
	EXPECT_EQ(-EINVAL, iv_group_set_container(self->group, -1));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->group, VFIO_GROUP_SET_CONTAINER, NULL));
	EXPECT_EQ(VIABLE, iv_group_status(self->group));
}

TEST_F(container, leaving_without_having_joined_fails)
{
	EXPECT_EQ(-EINVAL, iv_group_unset_container(self->group));
}

TEST_F(container, unknown_ioctls_fail)
{
	EXPECT_EQ(-ENOTTY, iommufd_ioctl(self->group, VFIO_DEVICE_RESET, NULL));
	EXPECT_EQ(-ENOTTY, iommufd_ioctl(self->container, VFIO_GROUP_GET_STATUS, NULL));
}

TEST_F(container, type_needs_a_group)
{
	EXPECT_EQ(-EINVAL, iv_container_set_type(self->container, VFIO_TYPE1v2_IOMMU));
	ASSERT_EQ(0, iv_group_set_container(self->group, self->container));
	EXPECT_EQ(-ENODEV, iv_container_set_type(self->container, VFIO_SPAPR_TCE_IOMMU));
	EXPECT_EQ(-ENODEV, iv_container_set_type(self->container, VFIO_NOIOMMU_IOMMU));
	EXPECT_EQ(0, iv_container_set_type(self->container, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(-EINVAL, iv_container_set_type(self->container, VFIO_TYPE1v2_IOMMU));
}

TEST_F(container, type_and_mappings_end_with_the_last_group)
{
	void *memory = test_memory_alloc(PAGE, PAGE);
	int64_t pinned = test_pinned_pages();

	ASSERT_NE(NULL, memory);
	EXPECT_EQ(-EINVAL, iv_container_map(self->container, memory, PAGE, PAGE, MAP_RW));
	ASSERT_EQ(0, iv_group_set_container(self->group, self->container));
	EXPECT_EQ(-EINVAL, iv_container_map(self->container, memory, PAGE, PAGE, MAP_RW));
	ASSERT_EQ(0, iv_container_set_type(self->container, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(0, iv_container_map(self->container, memory, PAGE, PAGE, MAP_RW));
	EXPECT_EQ(1, test_pinned_pages() - pinned);
	ASSERT_EQ(0, iv_group_unset_container(self->group));
	EXPECT_EQ(0, test_pinned_pages() - pinned);
	EXPECT_EQ(-EINVAL, iv_container_map(self->container, memory, PAGE, PAGE, MAP_RW));
	ASSERT_EQ(0, iv_group_set_container(self->group, self->container));
	ASSERT_EQ(0, iv_container_set_type(self->container, VFIO_TYPE1_IOMMU));
	EXPECT_EQ(0, iv_container_map(self->container, memory, PAGE, PAGE, MAP_RW));
	test_memory_free(memory, PAGE);
}

struct mapping {
	int container;
	uint64_t iova;
	uint64_t length;
};

/* Maps memory of the calling process, which is never freed. */
static int map_new(void *arg)
{
	const struct mapping *mapping = arg;
	void *memory = test_memory_alloc(mapping->length, PAGE);

	if (!memory)
		return -ENODATA;
	return iv_container_map(mapping->container, memory, mapping->iova, mapping->length, MAP_RW);
}

TEST_F(container, memory_counts_against_the_limit_of_the_process_that_maps_it)
{
	const struct test_privilege nobody = {
		.uid = NO_UID,
		.limit_memlock = true,
		.memlock = LIMIT,
	};
	struct mapping first = { .container = self->container, .length = LIMIT };
	struct mapping second = {
		.container = self->container,
		.iova = 2 * LIMIT,
		.length = LIMIT,
	};
	struct mapping third = {
		.container = self->container,
		.iova = 4 * LIMIT,
		.length = LIMIT + PAGE,
	};

	ASSERT_EQ(0, iv_group_set_container(self->group, self->container));
	ASSERT_EQ(0, iv_container_set_type(self->container, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(0, test_run_in_child(map_new, &first, &nobody));
	EXPECT_EQ(0, test_run_in_child(map_new, &second, &nobody));
	EXPECT_EQ(-ENOMEM, test_run_in_child(map_new, &third, &nobody));
}

TEST_F(container, closing_the_group_leaves)
{
	ASSERT_EQ(0, iv_group_set_container(self->group, self->container));
	ASSERT_EQ(0, iv_container_set_type(self->container, VFIO_TYPE1v2_IOMMU));
	close(self->group);
	self->group = iv_group_open(self->edu.addr);
	ASSERT_LE(0, self->group);
	EXPECT_EQ(VIABLE, iv_group_status(self->group));
	EXPECT_EQ(-EINVAL, iv_container_set_type(self->container, VFIO_TYPE1v2_IOMMU));
}

TEST_F(container, group_keeps_the_container)
{
	int device;

	ASSERT_EQ(0, iv_group_set_container(self->group, self->container));
	ASSERT_EQ(0, iv_container_set_type(self->container, VFIO_TYPE1v2_IOMMU));
	close(self->container);
	self->container = -1;
	device = iv_group_device(self->group, self->edu.addr);
	EXPECT_LE(0, device);
	close(device);
}

TEST_F(container, open_device_keeps_the_group)
{
	int device;

	ASSERT_EQ(0, iv_group_set_container(self->group, self->container));
	ASSERT_EQ(0, iv_container_set_type(self->container, VFIO_TYPE1v2_IOMMU));
	device = iv_group_device(self->group, self->edu.addr);
	ASSERT_LE(0, device);
	EXPECT_EQ(-EBUSY, iv_group_unset_container(self->group));
	close(self->group);
	EXPECT_EQ(-EBUSY, iv_group_open(self->edu.addr));
	close(device);
	self->group = iv_group_open(self->edu.addr);
	EXPECT_LE(0, self->group);
}

TEST_F(container, iommufd_takes_its_place)
{
	uint32_t ioas_id;
	int iommufd = test_context_open(&ioas_id);
	int device;

	ASSERT_LE(0, iommufd);
	ASSERT_EQ(0, iv_group_set_container(self->group, iommufd));
	EXPECT_EQ(0, iv_container_set_type(iommufd, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(0, iv_container_set_type(iommufd, VFIO_TYPE1v2_IOMMU));
	device = iv_group_device(self->group, self->edu.addr);
	EXPECT_LE(0, device);
	close(device);
	close(iommufd);
}

TEST_F(container, cdev_of_an_open_group_cannot_be_bound)
{
	ASSERT_EQ(0, test_device_advance(&self->edu, TEST_PARKED));
	EXPECT_EQ(-EBUSY, test_device_advance(&self->edu, TEST_BOUND));
	EXPECT_TRUE(iommufd_device_is_parked(self->edu.fd));
	close(self->group);
	self->group = -1;
	EXPECT_EQ(0, iv_device_bind(self->edu.fd, self->edu.iommufd, NULL));
}

TEST_F(container, group_of_a_bound_cdev_cannot_be_opened)
{
	close(self->group);
	ASSERT_EQ(0, test_device_advance(&self->edu, TEST_BOUND));
	self->group = iv_group_open(self->edu.addr);
	EXPECT_EQ(-EBUSY, self->group);
	test_device_close(&self->edu);
	self->group = iv_group_open(self->edu.addr);
	EXPECT_LE(0, self->group);
}

TEST_F(container, iommufd_ioctls_wait_for_a_group)
{
	uint32_t ioas_id;

	EXPECT_EQ(-EPERM, iv_ioas_alloc(self->container, &ioas_id));
	ASSERT_EQ(0, iv_group_set_container(self->group, self->container));
	EXPECT_EQ(0, iv_ioas_alloc(self->container, &ioas_id));
}

TEST_F(container, group_ends_with_its_last_device)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/vfio/%d", iv_pci_group(self->edu.addr));
	ASSERT_EQ(0, iv_group_set_container(self->group, self->container));
	ASSERT_EQ(0, iv_pci_unbind_driver(self->edu.addr));
	EXPECT_EQ(-1, access(path, F_OK));
	EXPECT_EQ(-ENODEV, iv_group_status(self->group));
	EXPECT_EQ(-ENODEV, iv_group_device(self->group, self->edu.addr));
	EXPECT_EQ(-ENODEV, iv_group_set_container(self->group, self->container));
	ASSERT_EQ(0, iv_pci_bind_driver(self->edu.addr, "vfio-pci"));
	EXPECT_EQ(0, access(path, F_OK));
	EXPECT_EQ(-ENODEV, iv_group_status(self->group));
	close(self->group);
	self->group = iv_group_open(self->edu.addr);
	ASSERT_LE(0, self->group);
	EXPECT_EQ(VIABLE, iv_group_status(self->group));
}

static int open_container(void *arg)
{
	int fd = iv_container_open();

	(void)arg;
	return fd < 0 ? fd : iv_container_has(fd, VFIO_TYPE1_IOMMU);
}

static int open_group(void *arg)
{
	int fd = iv_group_open(arg);

	return fd < 0 ? fd : 0;
}

TEST_F(container, anyone_may_open_a_container_but_not_a_group)
{
	const struct test_privilege nobody = { .drop_capabilities = true, .uid = NO_UID };

	EXPECT_EQ(1, test_run_in_child(open_container, NULL, &nobody));
	EXPECT_EQ(-EACCES, test_run_in_child(open_group, self->edu.addr, &nobody));
}

/* Two functions of one group. */
FIXTURE(shared_group)
{
	struct test_device a;
	struct test_device b;
	int group;
	int container;
};

FIXTURE_SETUP(shared_group)
{
	if (!test_role_addr(TEST_SHARED_A) || !test_role_addr(TEST_SHARED_B))
		SKIP(return, "no %s and %s", test_role_name(TEST_SHARED_A),
		     test_role_name(TEST_SHARED_B));
	ASSERT_EQ(0, test_device_setup(&self->a, TEST_SHARED_A, TEST_CLAIMED));
	ASSERT_EQ(0, test_device_setup(&self->b, TEST_SHARED_B, TEST_CLAIMED));
	self->container = iv_container_open();
	ASSERT_LE(0, self->container);
	self->group = iv_group_open(self->a.addr);
	ASSERT_LE(0, self->group);
}

FIXTURE_TEARDOWN(shared_group)
{
	close(self->group);
	close(self->container);
	test_device_teardown(&self->b);
	test_device_teardown(&self->a);
}

TEST_F(shared_group, has_both_devices)
{
	int a, b;

	ASSERT_EQ(0, iv_group_set_container(self->group, self->container));
	ASSERT_EQ(0, iv_container_set_type(self->container, VFIO_TYPE1v2_IOMMU));
	a = iv_group_device(self->group, self->a.addr);
	b = iv_group_device(self->group, self->b.addr);
	EXPECT_LE(0, a);
	EXPECT_LE(0, b);
	close(a);
	close(b);
}

TEST_F(shared_group, native_driver_makes_it_not_viable)
{
	if (!iommufd_native_driver_load())
		SKIP(return, "no driver " IOMMUFD_NATIVE_DRIVER);
	ASSERT_EQ(0, iv_pci_unbind_driver(self->b.addr));
	ASSERT_EQ(0, iv_pci_bind_driver(self->b.addr, IOMMUFD_NATIVE_DRIVER));
	EXPECT_EQ(0, iv_group_status(self->group));
	EXPECT_EQ(-EBUSY, iv_group_set_container(self->group, self->container));
	EXPECT_EQ(0, iv_group_status(self->group));
	ASSERT_EQ(0, iv_pci_unbind_driver(self->b.addr));
	EXPECT_EQ(VIABLE, iv_group_status(self->group));
	EXPECT_EQ(0, iv_group_set_container(self->group, self->container));
}

TEST_F(shared_group, device_that_comes_later_can_be_opened)
{
	int device;

	ASSERT_EQ(0, iv_pci_unbind_driver(self->b.addr));
	ASSERT_EQ(0, iv_group_set_container(self->group, self->container));
	ASSERT_EQ(0, iv_container_set_type(self->container, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(-ENODEV, iv_group_device(self->group, self->b.addr));
	ASSERT_EQ(0, iv_pci_bind_driver(self->b.addr, "vfio-pci"));
	device = iv_group_device(self->group, self->b.addr);
	EXPECT_LE(0, device);
	close(device);
}

TEST_F(shared_group, joins_all_or_nothing)
{
	int64_t pinned = test_pinned_pages();
	struct test_device *devices[] = { &self->a, &self->b };
	int i;

	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, iv_group_set_container(self->group, self->container));
		ASSERT_EQ(0, iv_container_set_type(self->container, VFIO_TYPE1v2_IOMMU));
		ASSERT_LE(0, close(iv_group_device(self->group, devices[i % 2]->addr)));
		ASSERT_EQ(0, iv_group_unset_container(self->group));
	}
	EXPECT_EQ(pinned, test_pinned_pages());
}

TEST_HARNESS_MAIN
