// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_HWPT_INVALIDATE on a nested page table of the mock, which has four entries: which become
 * zero, and how many requests are said to be done.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include "iommufd_ioctl.h"
#include "iv.h"
#include "mock_device.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define ENTRIES MOCK_NESTED_DOMAIN_IOTLB_NUM
#define VALUE IOMMU_TEST_IOTLB_DEFAULT
#define REQUEST_SIZE sizeof(struct iommu_hwpt_invalidate_selftest)
#define ALL IOMMU_TEST_INVALIDATE_FLAG_ALL
#define MOST (1U << 19)

FIXTURE(invalidate)
{
	int fd;
	uint32_t ioas_id;
	uint32_t parent_id;
	struct mock_device dev;
	struct iommu_hwpt_invalidate cmd;
	struct iommufd_guard guard;
};

static int alloc_nested(const struct _test_data_invalidate *self, uint32_t *hwpt_id)
{
	struct iommu_hwpt_selftest data = { .iotlb = VALUE };
	struct iommu_hwpt_alloc cmd = {
		.dev_id = self->dev.devid,
		.pt_id = self->parent_id,
		.data_type = IOMMU_HWPT_DATA_SELFTEST,
		.data_len = sizeof(data),
		.data_uptr = (uintptr_t)&data,
	};
	int rc = iv_hwpt_alloc_from(self->fd, &cmd);

	*hwpt_id = cmd.out_hwpt_id;
	return rc;
}

FIXTURE_SETUP(invalidate)
{
	ASSERT_EQ(0, mock_module_load());
	self->fd = iv_iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, iommufd_guard_setup(&self->guard));
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &self->ioas_id));
	ASSERT_EQ(0, mock_device_create(&self->dev, self->fd, self->ioas_id, 0));
	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id,
				   IOMMU_HWPT_ALLOC_NEST_PARENT, &self->parent_id));
	self->cmd = (struct iommu_hwpt_invalidate) {
		.size = sizeof(self->cmd),
		.data_type = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST,
		.entry_len = REQUEST_SIZE,
	};
	ASSERT_EQ(0, alloc_nested(self, &self->cmd.hwpt_id));
}

FIXTURE_TEARDOWN(invalidate)
{
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, mock_module_unload());
	iommufd_guard_teardown(&self->guard);
}

/* Makes @count requests; how many were done is in self->cmd.entry_num afterwards. */
static int invalidate(struct _test_data_invalidate *self, const void *requests, uint32_t count)
{
	self->cmd.data_uptr = (uintptr_t)requests;
	self->cmd.entry_num = count;
	return iommufd_ioctl(self->fd, IOMMU_HWPT_INVALIDATE, &self->cmd);
}

/* Which entries are zero, one bit for each; or -1 if one is neither zero nor as it was. */
static int zeroed(const struct _test_data_invalidate *self)
{
	uint32_t i;
	int bits = 0;

	for (i = 0; i < ENTRIES; i++) {
		if (!mock_hwpt_iotlb_is(self->fd, self->cmd.hwpt_id, i, 0))
			bits |= 1 << i;
		else if (mock_hwpt_iotlb_is(self->fd, self->cmd.hwpt_id, i, VALUE))
			return -1;
	}
	return bits;
}

TEST_F(invalidate, one_entry)
{
	const struct iommu_hwpt_invalidate_selftest request = { .iotlb_id = 2 };

	ASSERT_EQ(0, invalidate(self, &request, 1));
	EXPECT_EQ(1U, self->cmd.entry_num);
	EXPECT_EQ(1 << 2, zeroed(self));
}

TEST_F(invalidate, several_entries_some_of_them_twice)
{
	const struct iommu_hwpt_invalidate_selftest requests[] = {
		{ .iotlb_id = 3 }, { .iotlb_id = 0 }, { .iotlb_id = 3 },
	};

	ASSERT_EQ(0, invalidate(self, requests, 3));
	EXPECT_EQ(3U, self->cmd.entry_num);
	EXPECT_EQ(1 << 3 | 1 << 0, zeroed(self));
}

TEST_F(invalidate, all_entries_by_flag)
{
	const struct iommu_hwpt_invalidate_selftest request = {
		.flags = ALL,
		.iotlb_id = UINT32_MAX,
	};

	ASSERT_EQ(0, invalidate(self, &request, 1));
	EXPECT_EQ((1 << ENTRIES) - 1, zeroed(self));
}

TEST_F(invalidate, another_page_table_keeps_its_entries)
{
	const struct iommu_hwpt_invalidate_selftest request = { .flags = ALL };
	uint32_t other;

	ASSERT_EQ(0, alloc_nested(self, &other));
	ASSERT_EQ(0, invalidate(self, &request, 1));
	self->cmd.hwpt_id = other;
	EXPECT_EQ(0, zeroed(self));
}

TEST_F(invalidate, no_request_only_asks_for_the_type)
{
	self->cmd.entry_len = 0;
	EXPECT_EQ(0, invalidate(self, NULL, 0));
	EXPECT_EQ(0, invalidate(self, (void *)1UL, 0));
	self->cmd.data_type = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST_INVALID;
	EXPECT_EQ(-EINVAL, invalidate(self, NULL, 0));
	self->cmd.data_type = IOMMU_HWPT_INVALIDATE_DATA_VTD_S1;
	EXPECT_EQ(-EINVAL, invalidate(self, NULL, 0));
	EXPECT_EQ(0, zeroed(self));
}

TEST_F(invalidate, other_types_fail)
{
	const struct iommu_hwpt_invalidate_selftest request = { .flags = ALL };

	self->cmd.data_type = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST_INVALID;
	EXPECT_EQ(-EINVAL, invalidate(self, &request, 1));
	EXPECT_EQ(0U, self->cmd.entry_num);
	self->cmd.data_type = IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3;
	EXPECT_EQ(-EINVAL, invalidate(self, &request, 1));
	EXPECT_EQ(0U, self->cmd.entry_num);
	EXPECT_EQ(0, zeroed(self));
}

TEST_F(invalidate, no_array_fails)
{
	EXPECT_EQ(-EINVAL, invalidate(self, NULL, 1));
	EXPECT_EQ(0U, self->cmd.entry_num);
}

TEST_F(invalidate, entry_length_is_checked)
{
	const struct iommu_hwpt_invalidate_selftest request = { .flags = ALL };

	self->cmd.entry_len = 0;
	EXPECT_EQ(-EINVAL, invalidate(self, &request, 1));
	EXPECT_EQ(0U, self->cmd.entry_num);
	self->cmd.entry_len = REQUEST_SIZE - 1;
	EXPECT_EQ(-EINVAL, invalidate(self, &request, 1));
	EXPECT_EQ(0U, self->cmd.entry_num);
	self->cmd.entry_len = REQUEST_SIZE + 1;
	EXPECT_EQ(-EINVAL, invalidate(self, &request, 1));
	EXPECT_EQ(0U, self->cmd.entry_num);
	EXPECT_EQ(0, zeroed(self));
}

TEST_F(invalidate, what_is_too_large_is_not_begun)
{
	const struct iommu_hwpt_invalidate_selftest request = { .flags = ALL };

	EXPECT_EQ(-EINVAL, invalidate(self, &request, MOST + 1));
	EXPECT_EQ(0U, self->cmd.entry_num);
	EXPECT_EQ(-EINVAL, invalidate(self, &request, UINT32_MAX));
	EXPECT_EQ(0U, self->cmd.entry_num);
	self->cmd.entry_len = PAGE + 1;
	EXPECT_EQ(-EINVAL, invalidate(self, &request, 1));
	EXPECT_EQ(0U, self->cmd.entry_num);
	EXPECT_EQ(0, zeroed(self));
}

TEST_F(invalidate, failure_counts_those_before_it)
{
	struct iommu_hwpt_invalidate_selftest requests[] = {
		{ .iotlb_id = 1 }, { .iotlb_id = ENTRIES }, { .iotlb_id = 3 },
	};

	EXPECT_EQ(-EINVAL, invalidate(self, requests, 3));
	EXPECT_EQ(1U, self->cmd.entry_num);
	EXPECT_EQ(1 << 1, zeroed(self));
	requests[1].flags = ALL << 1;
	EXPECT_EQ(-EOPNOTSUPP, invalidate(self, requests, 3));
	EXPECT_EQ(1U, self->cmd.entry_num);
	requests[0].iotlb_id = UINT32_MAX;
	EXPECT_EQ(-EINVAL, invalidate(self, requests, 3));
	EXPECT_EQ(0U, self->cmd.entry_num);
	EXPECT_EQ(1 << 1, zeroed(self));
}

TEST_F(invalidate, array_cut_by_the_end_of_memory_is_done_up_to_there)
{
	const struct iommu_hwpt_invalidate_selftest requests[] = {
		{ .iotlb_id = 0 }, { .iotlb_id = 1 },
	};
	void *array = iommufd_guard_place(&self->guard, requests, sizeof(requests));

	EXPECT_EQ(-EFAULT, invalidate(self, array, 3));
	EXPECT_EQ(2U, self->cmd.entry_num);
	EXPECT_EQ(1 << 0 | 1 << 1, zeroed(self));
	EXPECT_EQ(0, invalidate(self, array, 2));
	EXPECT_EQ(-EFAULT, invalidate(self, self->guard.page, MOST));
	EXPECT_EQ((uint32_t)(PAGE / REQUEST_SIZE), self->cmd.entry_num);
	EXPECT_EQ(-EFAULT, invalidate(self, self->guard.page + PAGE, 1));
	EXPECT_EQ(0U, self->cmd.entry_num);
}

TEST_F(invalidate, thousands_work)
{
	memset(self->guard.page, 0, PAGE);
	EXPECT_EQ(0, invalidate(self, self->guard.page, PAGE / REQUEST_SIZE));
	EXPECT_EQ(1 << 0, zeroed(self));
}

TEST_F(invalidate, paging_page_table_fails)
{
	const struct iommu_hwpt_invalidate_selftest request = { .flags = ALL };

	self->cmd.hwpt_id = self->parent_id;
	EXPECT_EQ(-EINVAL, invalidate(self, &request, 1));
	EXPECT_EQ(0U, self->cmd.entry_num);
	EXPECT_EQ(-EINVAL, invalidate(self, NULL, 0));
}

TEST_F(invalidate, works_while_attached)
{
	const struct iommu_hwpt_invalidate_selftest request = { .iotlb_id = 0 };

	ASSERT_EQ(0, mock_device_attach(&self->dev, self->cmd.hwpt_id, NULL));
	EXPECT_EQ(0, invalidate(self, &request, 1));
	EXPECT_EQ(1 << 0, zeroed(self));
}

TEST_HARNESS_MAIN
