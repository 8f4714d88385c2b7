// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page tables that the user makes: nested ones, their invalidation, and which pages are dirty.
 */
#include <errno.h>
#include <string.h>
#include "iommufd_ioctl.h"
#include "iv.h"
#include "mock_device.h"
#include "test_memory.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define SIZE (64 * PAGE)
#define IOVA ((uint64_t)MOCK_APERTURE_START)
#define IO_PAGE ((uint64_t)MOCK_PAGE_SIZE)
#define BITMAP_BYTES (SIZE / MOCK_PAGE_SIZE / 8)
#define ENTRIES MOCK_NESTED_DOMAIN_IOTLB_NUM

FIXTURE(mock_hwpt)
{
	int fd;
	uint32_t ioas_id;
	uint32_t parent_id;
	uint32_t nested_id;
	uint32_t dirty_id;
	struct mock_device dev;
	char *memory;
	uint8_t bitmap[BITMAP_BYTES];
};

static int alloc_nested(const struct _test_data_mock_hwpt *self, uint32_t parent_id, uint32_t type,
			uint32_t size, uint32_t *hwpt_id)
{
	struct iommu_hwpt_selftest data = { .iotlb = IOMMU_TEST_IOTLB_DEFAULT };
	struct iommu_hwpt_alloc cmd = {
		.dev_id = self->dev.devid, .pt_id = parent_id,
		.data_type = type, .data_len = size, .data_uptr = (uintptr_t)&data,
	};
	int rc = iv_hwpt_alloc_from(self->fd, &cmd);

	*hwpt_id = cmd.out_hwpt_id;
	return rc;
}

FIXTURE_SETUP(mock_hwpt)
{
	ASSERT_EQ(0, mock_module_load());
	self->fd = iv_iommufd_open();
	ASSERT_LE(0, self->fd);
	self->memory = test_memory_alloc(SIZE, PAGE);
	ASSERT_NE(NULL, self->memory);
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &self->ioas_id));
	ASSERT_EQ(0, mock_device_create(&self->dev, self->fd, self->ioas_id, 0));
	ASSERT_EQ(0, iv_ioas_map(self->fd, self->ioas_id, self->memory, SIZE, IOVA, IV_DMA_RW));
	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id,
				   IOMMU_HWPT_ALLOC_NEST_PARENT, &self->parent_id));
	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id,
				   IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &self->dirty_id));
	ASSERT_EQ(0, alloc_nested(self, self->parent_id, IOMMU_HWPT_DATA_SELFTEST,
				  sizeof(struct iommu_hwpt_selftest), &self->nested_id));
}

FIXTURE_TEARDOWN(mock_hwpt)
{
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, mock_module_unload());
	test_memory_free(self->memory, SIZE);
}

static int invalidate(const struct _test_data_mock_hwpt *self,
		      const struct iommu_hwpt_invalidate_selftest *entries, uint32_t *nr)
{
	struct iommu_hwpt_invalidate cmd = {
		.size = sizeof(cmd), .hwpt_id = self->nested_id,
		.data_type = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST,
		.data_uptr = (uintptr_t)entries, .entry_len = sizeof(*entries), .entry_num = *nr,
	};
	int rc = iommufd_ioctl(self->fd, IOMMU_HWPT_INVALIDATE, &cmd);

	*nr = cmd.entry_num;
	return rc;
}

static int iotlb_is(const struct _test_data_mock_hwpt *self, uint32_t entry, uint32_t value)
{
	return mock_hwpt_iotlb_is(self->fd, self->nested_id, entry, value);
}

static int track(const struct _test_data_mock_hwpt *self, bool enable)
{
	return iv_hwpt_track_dirty(self->fd, self->dirty_id, enable);
}

static int read_dirty(struct _test_data_mock_hwpt *self, uint32_t flags)
{
	memset(self->bitmap, 0, sizeof(self->bitmap));
	return iv_hwpt_dirty(self->fd, self->dirty_id, IOVA, SIZE, IO_PAGE, flags,
			     (uint64_t *)self->bitmap);
}

static bool bit(const struct _test_data_mock_hwpt *self, unsigned int nr)
{
	return self->bitmap[nr / 8] & (1 << nr % 8);
}

static unsigned int count_bits(const struct _test_data_mock_hwpt *self)
{
	unsigned int i, nr = 0;

	for (i = 0; i < SIZE / IO_PAGE; i++)
		nr += bit(self, i);
	return nr;
}

TEST_F(mock_hwpt, nested_goes_through_its_parent)
{
	char byte = 5;

	ASSERT_EQ(0, mock_device_attach(&self->dev, self->nested_id, NULL));
	EXPECT_EQ(0, mock_device_write(&self->dev, IOVA + 9, &byte, 1));
	EXPECT_EQ(5, self->memory[9]);
}

TEST_F(mock_hwpt, nested_keeps_its_parent)
{
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->fd, self->parent_id));
	ASSERT_EQ(0, iv_iommufd_destroy(self->fd, self->nested_id));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->parent_id));
}

TEST_F(mock_hwpt, nested_needs_a_parent_made_for_it)
{
	uint32_t id;

	EXPECT_EQ(-EINVAL, alloc_nested(self, self->dirty_id, IOMMU_HWPT_DATA_SELFTEST, 8, &id));
	EXPECT_EQ(-EINVAL, alloc_nested(self, self->nested_id, IOMMU_HWPT_DATA_SELFTEST, 8, &id));
}

TEST_F(mock_hwpt, nested_data_is_checked)
{
	uint32_t id;

	EXPECT_EQ(-EOPNOTSUPP, alloc_nested(self, self->parent_id, IOMMU_HWPT_DATA_VTD_S1, 8, &id));
	EXPECT_EQ(-EINVAL, alloc_nested(self, self->parent_id, IOMMU_HWPT_DATA_SELFTEST, 3, &id));
	EXPECT_EQ(0, alloc_nested(self, self->parent_id, IOMMU_HWPT_DATA_SELFTEST, 4, &id));
}

TEST_F(mock_hwpt, invalidation_reaches_the_driver)
{
	struct iommu_hwpt_invalidate_selftest entries[] = { { .iotlb_id = 1 }, { .iotlb_id = 3 } };
	uint32_t nr = 2, i;

	for (i = 0; i < ENTRIES; i++)
		EXPECT_EQ(0, iotlb_is(self, i, IOMMU_TEST_IOTLB_DEFAULT));
	ASSERT_EQ(0, invalidate(self, entries, &nr));
	EXPECT_EQ(2, nr);
	for (i = 0; i < ENTRIES; i++)
		EXPECT_EQ(0, iotlb_is(self, i, i % 2 ? 0 : IOMMU_TEST_IOTLB_DEFAULT));
}

TEST_F(mock_hwpt, invalidation_counts_up_to_the_failure)
{
	struct iommu_hwpt_invalidate_selftest entries[] = {
		{ .iotlb_id = 0 }, { .iotlb_id = ENTRIES }, { .iotlb_id = 2 },
	};
	uint32_t nr = 3;

	EXPECT_EQ(-EINVAL, invalidate(self, entries, &nr));
	EXPECT_EQ(1, nr);
	EXPECT_EQ(0, iotlb_is(self, 0, 0));
	EXPECT_EQ(0, iotlb_is(self, 2, IOMMU_TEST_IOTLB_DEFAULT));
	entries[0].flags = 2;
	EXPECT_EQ(-EOPNOTSUPP, invalidate(self, entries, &nr));
	EXPECT_EQ(0, nr);
}

TEST_F(mock_hwpt, writes_of_a_device_are_dirty)
{
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->dirty_id, NULL));
	ASSERT_EQ(0, track(self, true));
	ASSERT_EQ(0, mock_device_write(&self->dev, IOVA + 7 * IO_PAGE - 1, "ab", 2));
	ASSERT_EQ(0, mock_device_read(&self->dev, IOVA + 20 * IO_PAGE, self->bitmap, 1));
	ASSERT_EQ(0, read_dirty(self, 0));
	EXPECT_EQ(2, count_bits(self));
	EXPECT_TRUE(bit(self, 6) && bit(self, 7));
	ASSERT_EQ(0, read_dirty(self, 0));
	EXPECT_EQ(0, count_bits(self));
}

TEST_F(mock_hwpt, dirty_stays_without_clearing)
{
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->dirty_id, NULL));
	ASSERT_EQ(0, track(self, true));
	ASSERT_EQ(0, mock_device_write(&self->dev, IOVA, "a", 1));
	ASSERT_EQ(0, read_dirty(self, IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR));
	EXPECT_EQ(1, count_bits(self));
	ASSERT_EQ(0, read_dirty(self, 0));
	EXPECT_EQ(1, count_bits(self));
}

TEST_F(mock_hwpt, untracked_writes_are_not_dirty)
{
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->dirty_id, NULL));
	ASSERT_EQ(0, mock_device_write(&self->dev, IOVA, "a", 1));
	ASSERT_EQ(0, track(self, true));
	ASSERT_EQ(0, read_dirty(self, 0));
	EXPECT_EQ(0, count_bits(self));
	ASSERT_EQ(0, track(self, false));
	EXPECT_EQ(-EINVAL, read_dirty(self, 0));
}

TEST_F(mock_hwpt, device_without_dirty_tracking_is_refused)
{
	struct mock_device dev;

	EXPECT_EQ(-EINVAL, mock_device_create(&dev, self->fd, self->dirty_id,
					      MOCK_FLAGS_DEVICE_NO_DIRTY));
	ASSERT_EQ(0, mock_device_create(&dev, self->fd, self->ioas_id,
					MOCK_FLAGS_DEVICE_NO_DIRTY));
	EXPECT_EQ(-EOPNOTSUPP, iv_hwpt_alloc(self->fd, dev.devid, self->ioas_id,
					     IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &self->dirty_id));
}

TEST_HARNESS_MAIN
