// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nested page tables of the mock: making them, attaching to them, and how long they and their
 * parents stay.
 */
#include <errno.h>
#include <string.h>
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "mock_device.h"
#include "test_device.h"
#include "test_memory.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define MEMORY_SIZE (16 * PAGE)
#define IOVA ((uint64_t)MOCK_APERTURE_START)
#define DATA_SIZE sizeof(struct iommu_hwpt_selftest)
#define MANY 40
#define OTHERS_OBJECTS 30

FIXTURE(hwpt_nested)
{
	int fd;
	uint32_t ioas_id;
	uint32_t parent_id;
	struct mock_device dev;
	struct iommu_hwpt_selftest data;
	struct iommu_hwpt_alloc cmd;
	struct iommufd_guard guard;
	char *memory;
};

FIXTURE_SETUP(hwpt_nested)
{
	ASSERT_EQ(0, mock_module_load());
	self->fd = iv_iommufd_open();
	ASSERT_LE(0, self->fd);
	self->memory = test_memory_alloc(MEMORY_SIZE, PAGE);
	ASSERT_NE(NULL, self->memory);
	ASSERT_EQ(0, iommufd_guard_setup(&self->guard));
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &self->ioas_id));
	ASSERT_EQ(0, mock_device_create(&self->dev, self->fd, self->ioas_id, 0));
	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id,
				   IOMMU_HWPT_ALLOC_NEST_PARENT, &self->parent_id));
	self->data.iotlb = IOMMU_TEST_IOTLB_DEFAULT;
	self->cmd = (struct iommu_hwpt_alloc) {
		.size = sizeof(self->cmd),
		.dev_id = self->dev.devid,
		.pt_id = self->parent_id,
		.data_type = IOMMU_HWPT_DATA_SELFTEST,
		.data_len = DATA_SIZE,
		.data_uptr = (uintptr_t)&self->data,
	};
}

FIXTURE_TEARDOWN(hwpt_nested)
{
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, mock_module_unload());
	iommufd_guard_teardown(&self->guard);
	test_memory_free(self->memory, MEMORY_SIZE);
}

/* A nested page table as self->cmd says. Returns 0 or a negative errno. */
static int alloc(struct _test_data_hwpt_nested *self, uint32_t *hwpt_id)
{
	int rc = iommufd_ioctl(self->fd, IOMMU_HWPT_ALLOC, &self->cmd);

	if (!rc)
		*hwpt_id = self->cmd.out_hwpt_id;
	return rc;
}

static int alloc_with_data(struct _test_data_hwpt_nested *self, const void *data, uint32_t length)
{
	uint32_t hwpt_id;

	self->cmd.data_uptr = (uintptr_t)data;
	self->cmd.data_len = length;
	return alloc(self, &hwpt_id);
}

static int map(const struct _test_data_hwpt_nested *self)
{
	return iv_ioas_map(self->fd, self->ioas_id, self->memory, MEMORY_SIZE, IOVA, IV_DMA_RW);
}

static int destroy(const struct _test_data_hwpt_nested *self, uint32_t id)
{
	return iv_iommufd_destroy(self->fd, id);
}

/* No nested page table is left, or the parent could not be destroyed. */
static bool nothing_is_left(const struct _test_data_hwpt_nested *self)
{
	return destroy(self, self->parent_id) == 0;
}

static bool device_reaches(const struct _test_data_hwpt_nested *self, size_t offset)
{
	const char byte = offset / PAGE + 1;

	self->memory[offset] = 0;
	return mock_device_write(&self->dev, IOVA + offset, &byte, 1) == 0 &&
	       self->memory[offset] == byte;
}

TEST_F(hwpt_nested, destroy_order_is_enforced)
{
	uint32_t hwpt_id;

	ASSERT_EQ(0, alloc(self, &hwpt_id));
	EXPECT_EQ(-EBUSY, destroy(self, self->parent_id));
	EXPECT_EQ(-EBUSY, destroy(self, self->ioas_id));
	EXPECT_EQ(0, destroy(self, hwpt_id));
	EXPECT_EQ(-ENOENT, destroy(self, hwpt_id));
	EXPECT_EQ(0, destroy(self, self->parent_id));
}

TEST_F(hwpt_nested, destroy_fails_while_attached)
{
	uint32_t hwpt_id, reported;

	ASSERT_EQ(0, alloc(self, &hwpt_id));
	ASSERT_EQ(0, mock_device_attach(&self->dev, hwpt_id, &reported));
	EXPECT_EQ(hwpt_id, reported);
	EXPECT_EQ(-EBUSY, destroy(self, hwpt_id));
	EXPECT_EQ(-EBUSY, destroy(self, self->parent_id));
	ASSERT_EQ(0, mock_device_destroy(&self->dev));
	EXPECT_EQ(0, destroy(self, hwpt_id));
	EXPECT_EQ(0, destroy(self, self->parent_id));
	EXPECT_EQ(0, destroy(self, self->ioas_id));
}

TEST_F(hwpt_nested, mappings_come_and_go_below_it)
{
	uint32_t hwpt_id;

	ASSERT_EQ(0, alloc(self, &hwpt_id));
	ASSERT_EQ(0, mock_device_attach(&self->dev, hwpt_id, NULL));
	EXPECT_FALSE(device_reaches(self, 0));
	ASSERT_EQ(0, map(self));
	EXPECT_TRUE(device_reaches(self, MEMORY_SIZE - 1));
	ASSERT_EQ(0, iv_ioas_unmap(self->fd, self->ioas_id, IOVA, MEMORY_SIZE, NULL));
	EXPECT_FALSE(device_reaches(self, 0));
}

TEST_F(hwpt_nested, device_moves_between_kinds_of_page_tables)
{
	uint32_t first, second;

	ASSERT_EQ(0, map(self));
	ASSERT_EQ(0, alloc(self, &first));
	ASSERT_EQ(0, alloc(self, &second));
	ASSERT_EQ(0, mock_device_attach(&self->dev, first, NULL));
	EXPECT_TRUE(device_reaches(self, PAGE));
	ASSERT_EQ(0, mock_device_attach(&self->dev, second, NULL));
	EXPECT_TRUE(device_reaches(self, 2 * PAGE));
	EXPECT_EQ(0, destroy(self, first));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->parent_id, NULL));
	EXPECT_TRUE(device_reaches(self, 3 * PAGE));
	EXPECT_EQ(0, destroy(self, second));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->ioas_id, NULL));
	EXPECT_TRUE(device_reaches(self, 4 * PAGE));
	EXPECT_EQ(0, destroy(self, self->parent_id));
}

TEST_F(hwpt_nested, group_moves_as_one)
{
	struct mock_device sibling;
	uint32_t hwpt_id;

	ASSERT_EQ(0, map(self));
	ASSERT_EQ(0, alloc(self, &hwpt_id));
	ASSERT_EQ(0, mock_device_create_sibling(&sibling, &self->dev, self->ioas_id));
	ASSERT_EQ(0, mock_device_attach(&self->dev, hwpt_id, NULL));
	ASSERT_EQ(0, mock_device_destroy(&self->dev));
	self->dev = sibling;
	EXPECT_TRUE(device_reaches(self, 0));
	EXPECT_EQ(-EBUSY, destroy(self, hwpt_id));
	ASSERT_EQ(0, mock_device_destroy(&sibling));
	EXPECT_EQ(0, destroy(self, hwpt_id));
}

TEST_F(hwpt_nested, many_on_one_parent_work)
{
	uint32_t ids[MANY];
	int i;

	for (i = 0; i < MANY; i++) {
		self->data.iotlb = i;
		ASSERT_EQ(0, alloc(self, &ids[i]))
			TH_LOG("page table %d", i);
	}
	for (i = 0; i < MANY; i++) {
		EXPECT_EQ(0, mock_hwpt_iotlb_is(self->fd, ids[i], 0, i))
			TH_LOG("page table %d", i);
		EXPECT_EQ(0, destroy(self, ids[i]))
			TH_LOG("page table %d", i);
	}
	EXPECT_TRUE(nothing_is_left(self));
}

TEST_F(hwpt_nested, goes_with_the_context)
{
	uint32_t hwpt_id;

	ASSERT_EQ(0, map(self));
	ASSERT_EQ(0, alloc(self, &hwpt_id));
	ASSERT_EQ(0, mock_device_attach(&self->dev, hwpt_id, NULL));
	ASSERT_EQ(0, close(self->fd));
	self->fd = iv_iommufd_open();
	EXPECT_EQ(0, mock_memory_is_unpinned(self->fd, self->memory, MEMORY_SIZE));
}

TEST_F(hwpt_nested, parent_may_track_dirty_pages)
{
	uint32_t hwpt_id;

	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id,
				   IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
				   &self->cmd.pt_id));
	EXPECT_EQ(0, alloc(self, &hwpt_id));
}

TEST_F(hwpt_nested, flags_fail)
{
	uint32_t hwpt_id;

	self->cmd.flags = IOMMU_HWPT_ALLOC_NEST_PARENT;
	EXPECT_EQ(-EOPNOTSUPP, alloc(self, &hwpt_id));
	self->cmd.flags = IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
	EXPECT_EQ(-EOPNOTSUPP, alloc(self, &hwpt_id));
	EXPECT_TRUE(nothing_is_left(self));
}

TEST_F(hwpt_nested, parent_must_be_made_for_it)
{
	uint32_t hwpt_id;

	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id, 0, &self->cmd.pt_id));
	EXPECT_EQ(-EINVAL, alloc(self, &hwpt_id));
	self->cmd.pt_id = self->dev.hwpt_id;
	EXPECT_EQ(-EINVAL, alloc(self, &hwpt_id));
	self->cmd.pt_id = self->dev.devid;
	EXPECT_EQ(-EINVAL, alloc(self, &hwpt_id));
	EXPECT_TRUE(nothing_is_left(self));
}

TEST_F(hwpt_nested, nested_one_is_no_parent)
{
	uint32_t hwpt_id;

	ASSERT_EQ(0, alloc(self, &self->cmd.pt_id));
	EXPECT_EQ(-EINVAL, alloc(self, &hwpt_id));
}

TEST_F(hwpt_nested, another_contexts_parent_fails)
{
	int other = iv_iommufd_open(), i;
	uint32_t hwpt_id;

	ASSERT_LE(0, other);
	for (i = 0; i < OTHERS_OBJECTS; i++) {
		ASSERT_EQ(0, iv_ioas_alloc(other, &hwpt_id))
			TH_LOG("object %d", i);
	}
	self->cmd.pt_id = hwpt_id;
	EXPECT_EQ(-ENOENT, alloc(self, &hwpt_id));
	close(other);
}

TEST_F(hwpt_nested, data_type_is_required)
{
	self->cmd.data_type = IOMMU_HWPT_DATA_NONE;
	EXPECT_EQ(-EINVAL, alloc_with_data(self, &self->data, DATA_SIZE));
	EXPECT_EQ(-EINVAL, alloc_with_data(self, NULL, 0));
	EXPECT_TRUE(nothing_is_left(self));
}

TEST_F(hwpt_nested, data_type_of_another_iommu_fails)
{
	self->cmd.data_type = IOMMU_HWPT_DATA_VTD_S1;
	EXPECT_EQ(-EOPNOTSUPP, alloc_with_data(self, &self->data, DATA_SIZE));
	self->cmd.data_type = UINT32_MAX;
	EXPECT_EQ(-EOPNOTSUPP, alloc_with_data(self, &self->data, DATA_SIZE));
	EXPECT_TRUE(nothing_is_left(self));
}

TEST_F(hwpt_nested, data_length_is_checked)
{
	const char longer[DATA_SIZE + 1] = "";

	EXPECT_EQ(-EINVAL, alloc_with_data(self, &self->data, 0));
	EXPECT_EQ(-EINVAL, alloc_with_data(self, &self->data, 1));
	EXPECT_EQ(-EINVAL, alloc_with_data(self, longer, sizeof(longer)));
	EXPECT_EQ(-EINVAL, alloc_with_data(self, self->guard.page, PAGE));
	EXPECT_EQ(-EINVAL, alloc_with_data(self, self->guard.page, UINT32_MAX));
	EXPECT_TRUE(nothing_is_left(self));
}

TEST_F(hwpt_nested, data_that_cant_be_read_fails)
{
	char *end = self->guard.page + PAGE;

	EXPECT_EQ(-EFAULT, alloc_with_data(self, end, DATA_SIZE));
	EXPECT_EQ(-EFAULT, alloc_with_data(self, end - DATA_SIZE + 1, DATA_SIZE));
	EXPECT_EQ(-EFAULT, alloc_with_data(self, NULL, DATA_SIZE));
	EXPECT_EQ(-EFAULT, alloc_with_data(self, (void *)0xffff888000000000UL, DATA_SIZE));
	EXPECT_TRUE(nothing_is_left(self));
}

TEST_F(hwpt_nested, data_at_the_end_of_memory_works)
{
	EXPECT_EQ(0, alloc_with_data(self, iommufd_guard_place(&self->guard, &self->data,
							       DATA_SIZE), DATA_SIZE));
}

TEST_F(hwpt_nested, data_that_was_never_touched_works)
{
	EXPECT_EQ(0, alloc_with_data(self, self->memory + PAGE - 4, DATA_SIZE));
	EXPECT_EQ(0, mock_hwpt_iotlb_is(self->fd, self->cmd.out_hwpt_id, 0, 0));
}

TEST_F(hwpt_nested, result_that_cant_be_written_leaves_nothing)
{
	void *arg = iommufd_guard_place(&self->guard, &self->cmd, sizeof(self->cmd));

	ASSERT_EQ(0, iommufd_guard_make_readonly(&self->guard));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->fd, IOMMU_HWPT_ALLOC, arg));
	EXPECT_TRUE(nothing_is_left(self));
}

TEST_F(hwpt_nested, dirty_ioctls_dont_know_it)
{
	struct iommu_hwpt_set_dirty_tracking set = { .size = sizeof(set) };
	struct iommu_hwpt_get_dirty_bitmap get = {
		.size = sizeof(get),
		.iova = IOVA,
		.length = PAGE,
		.page_size = PAGE,
		.data = (uintptr_t)self->memory,
	};

	ASSERT_EQ(0, map(self));
	ASSERT_EQ(0, alloc(self, &set.hwpt_id));
	get.hwpt_id = set.hwpt_id;
	EXPECT_EQ(-ENOENT, iommufd_ioctl(self->fd, IOMMU_HWPT_SET_DIRTY_TRACKING, &set));
	EXPECT_EQ(-ENOENT, iommufd_ioctl(self->fd, IOMMU_HWPT_GET_DIRTY_BITMAP, &get));
}

TEST_F(hwpt_nested, page_table_of_another_iommu_is_no_place)
{
	struct test_device vtd;
	uint32_t hwpt_id;

	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&vtd, TEST_EDU, TEST_PARKED));
	ASSERT_EQ(0, iv_device_bind(vtd.fd, self->fd, &vtd.devid));
	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, vtd.devid, self->ioas_id, 0, &self->cmd.pt_id));
	EXPECT_EQ(-EINVAL, mock_device_attach(&self->dev, self->cmd.pt_id, NULL));
	EXPECT_EQ(-EINVAL, alloc(self, &hwpt_id));
	EXPECT_EQ(-EINVAL, iv_device_attach(vtd.fd, self->parent_id));
	ASSERT_EQ(0, map(self));
	EXPECT_TRUE(device_reaches(self, 0));
	test_device_teardown(&vtd);
}

TEST_HARNESS_MAIN
