// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty tracking that is asked for in a wrong way, on the mock: it fails, and nothing that was
 * written is lost. Two mappings of 64 KiB with a hole behind each.
 */
#include <errno.h>
#include <string.h>
#include "iommufd_dirty.h"
#include "iommufd_ioctl.h"
#include "iv.h"
#include "mock_device.h"
#include "test_memory.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define SIZE (16 * PAGE)
#define IOVA ((uint64_t)MOCK_APERTURE_START)
#define SECOND (IOVA + 2 * SIZE)
#define IO_PAGE ((uint64_t)MOCK_PAGE_SIZE)
#define PAGES (SIZE / IO_PAGE)
#define BYTES (PAGES / 8)
#define NO_CLEAR IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR

FIXTURE(dirty_args)
{
	int fd;
	uint32_t ioas_id;
	uint32_t hwpt_id;
	struct mock_device dev;
	struct iommufd_guard guard;
	char *memory;
	uint8_t bitmap[PAGE];
};

FIXTURE_SETUP(dirty_args)
{
	ASSERT_EQ(0, mock_module_load());
	self->fd = iv_iommufd_open();
	ASSERT_LE(0, self->fd);
	self->memory = test_memory_alloc(SIZE, PAGE);
	ASSERT_NE(NULL, self->memory);
	ASSERT_EQ(0, iommufd_guard_setup(&self->guard));
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &self->ioas_id));
	ASSERT_EQ(0, mock_device_create(&self->dev, self->fd, self->ioas_id, 0));
	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id,
				   IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &self->hwpt_id));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->hwpt_id, NULL));
	ASSERT_EQ(0, iv_ioas_map(self->fd, self->ioas_id, self->memory, SIZE, IOVA, IV_DMA_RW));
	ASSERT_EQ(0, iv_ioas_map(self->fd, self->ioas_id, self->memory, SIZE, SECOND, IV_DMA_RW));
	ASSERT_EQ(0, iommufd_dirty_track(self->fd, self->hwpt_id, true));
}

FIXTURE_TEARDOWN(dirty_args)
{
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, mock_module_unload());
	iommufd_guard_teardown(&self->guard);
	test_memory_free(self->memory, SIZE);
}

/* The device writes to every page of the first mapping. */
static int write_all(struct _test_data_dirty_args *self)
{
	return mock_device_write(&self->dev, IOVA, self->memory, SIZE);
}

static int get_into(const struct _test_data_dirty_args *self, void *bitmap, uint32_t flags)
{
	const struct iommufd_dirty_range range = {
		.iova = IOVA,
		.length = SIZE,
		.page_size = IO_PAGE,
	};

	return iommufd_dirty_get(self->fd, self->hwpt_id, &range, flags, bitmap);
}

static int get(struct _test_data_dirty_args *self, uint64_t iova, uint64_t length,
	       uint64_t page_size)
{
	const struct iommufd_dirty_range range = {
		.iova = iova,
		.length = length,
		.page_size = page_size,
	};

	return iommufd_dirty_get(self->fd, self->hwpt_id, &range, 0, self->bitmap);
}

/* Whether every page of the first mapping is still dirty. */
static bool nothing_is_lost(const struct _test_data_dirty_args *self)
{
	uint8_t bitmap[BYTES] = "";

	return get_into(self, bitmap, 0) == 0 && iommufd_bits_count(bitmap, PAGES) == PAGES;
}

TEST_F(dirty_args, good_ones_work)
{
	EXPECT_EQ(0, get(self, IOVA, SIZE, IO_PAGE));
	EXPECT_EQ(0, get(self, IOVA + SIZE - IO_PAGE, IO_PAGE, IO_PAGE));
	EXPECT_EQ(0, get(self, SECOND, SIZE, SIZE));
}

TEST_F(dirty_args, page_size_must_be_a_power_of_two_that_the_iommu_has)
{
	const uint64_t sizes[] = { 0, 1, 512, IO_PAGE / 2, 3 * IO_PAGE, PAGE + 1, UINT64_MAX };
	size_t i;

	ASSERT_EQ(0, write_all(self));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		EXPECT_EQ(-EINVAL, get(self, IOVA, SIZE, sizes[i]))
			TH_LOG("page size %lu", (unsigned long)sizes[i]);
	}
	EXPECT_TRUE(nothing_is_lost(self));
}

TEST_F(dirty_args, range_must_be_whole_pages)
{
	ASSERT_EQ(0, write_all(self));
	EXPECT_EQ(-EINVAL, get(self, IOVA + 1, IO_PAGE, IO_PAGE));
	EXPECT_EQ(-EINVAL, get(self, IOVA + IO_PAGE / 2, IO_PAGE, IO_PAGE));
	EXPECT_EQ(-EINVAL, get(self, IOVA, IO_PAGE - 1, IO_PAGE));
	EXPECT_EQ(-EINVAL, get(self, IOVA, IO_PAGE + 1, IO_PAGE));
	EXPECT_EQ(-EINVAL, get(self, IOVA, IO_PAGE, 2 * IO_PAGE));
	EXPECT_EQ(-EINVAL, get(self, IOVA, SIZE, 2 * SIZE));
	EXPECT_EQ(-EINVAL, get(self, IOVA, 0, IO_PAGE));
	EXPECT_TRUE(nothing_is_lost(self));
}

TEST_F(dirty_args, holes_fail)
{
	ASSERT_EQ(0, write_all(self));
	EXPECT_EQ(-EINVAL, get(self, IOVA + SIZE, IO_PAGE, IO_PAGE));
	EXPECT_EQ(-EINVAL, get(self, IOVA, SIZE + IO_PAGE, IO_PAGE));
	EXPECT_EQ(-EINVAL, get(self, IOVA, 3 * SIZE, IO_PAGE));
	EXPECT_EQ(-EINVAL, get(self, IOVA + SIZE, 2 * SIZE, IO_PAGE));
	EXPECT_EQ(-EINVAL, get(self, 0, IO_PAGE, IO_PAGE));
	EXPECT_TRUE(nothing_is_lost(self));
}

TEST_F(dirty_args, wrap_fails)
{
	EXPECT_EQ(-EOVERFLOW, get(self, -IO_PAGE, 2 * IO_PAGE, IO_PAGE));
	EXPECT_EQ(-EOVERFLOW, get(self, IOVA, -IOVA + IO_PAGE, IO_PAGE));
}

TEST_F(dirty_args, bitmap_that_cant_be_written_loses_nothing)
{
	ASSERT_EQ(0, write_all(self));
	EXPECT_EQ(-EFAULT, get_into(self, NULL, 0));
	EXPECT_EQ(-EFAULT, get_into(self, self->guard.page + PAGE, 0));
	EXPECT_EQ(-EFAULT, get_into(self, (void *)0xffff888000000000UL, 0));
	EXPECT_EQ(-EFAULT, get_into(self, self->guard.page + PAGE, NO_CLEAR));
	EXPECT_TRUE(nothing_is_lost(self));
}

TEST_F(dirty_args, bitmap_cut_by_the_end_of_memory_loses_nothing)
{
	ASSERT_EQ(0, write_all(self));
	EXPECT_EQ(-EFAULT, get_into(self, self->guard.page + PAGE - BYTES / 2, 0));
	EXPECT_TRUE(nothing_is_lost(self));
}

TEST_F(dirty_args, readonly_bitmap_loses_nothing)
{
	ASSERT_EQ(0, write_all(self));
	ASSERT_EQ(0, iommufd_guard_make_readonly(&self->guard));
	EXPECT_EQ(-EFAULT, get_into(self, self->guard.page, 0));
	EXPECT_TRUE(nothing_is_lost(self));
}

TEST_F(dirty_args, bad_bitmap_fails_even_if_nothing_is_dirty)
{
	EXPECT_EQ(-EFAULT, get_into(self, NULL, 0));
	EXPECT_EQ(-EFAULT, get_into(self, self->guard.page + PAGE, 0));
}

TEST_F(dirty_args, bitmap_at_the_end_of_memory_works)
{
	uint8_t *bitmap = (uint8_t *)self->guard.page + PAGE - BYTES;

	ASSERT_EQ(0, write_all(self));
	ASSERT_EQ(0, get_into(self, bitmap, 0));
	EXPECT_TRUE(test_memory_is(bitmap, BYTES, 0xff));
	EXPECT_TRUE(test_memory_is(self->guard.page, PAGE - BYTES, 0));
}

TEST_F(dirty_args, untouched_bitmap_works)
{
	uint8_t *bitmap = test_memory_alloc(PAGE, PAGE);

	ASSERT_NE(NULL, bitmap);
	ASSERT_EQ(0, write_all(self));
	ASSERT_EQ(0, get_into(self, bitmap, 0));
	EXPECT_EQ(PAGES, iommufd_bits_count(bitmap, PAGES));
	test_memory_free(bitmap, PAGE);
}

TEST_F(dirty_args, stopped_tracking_fails)
{
	ASSERT_EQ(0, write_all(self));
	ASSERT_EQ(0, iommufd_dirty_track(self->fd, self->hwpt_id, false));
	EXPECT_EQ(-EINVAL, get(self, IOVA, SIZE, IO_PAGE));
	EXPECT_EQ(0, iommufd_dirty_track(self->fd, self->hwpt_id, false));
	EXPECT_EQ(-EINVAL, get_into(self, self->bitmap, NO_CLEAR));
}

TEST_F(dirty_args, tracking_never_started_fails)
{
	uint32_t hwpt_id;

	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id,
				   IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &hwpt_id));
	self->hwpt_id = hwpt_id;
	EXPECT_EQ(-EINVAL, get(self, IOVA, SIZE, IO_PAGE));
}

TEST_F(dirty_args, page_table_without_the_flag_fails)
{
	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id, 0, &self->hwpt_id));
	EXPECT_EQ(-EOPNOTSUPP, iommufd_dirty_track(self->fd, self->hwpt_id, true));
	EXPECT_EQ(-EOPNOTSUPP, iommufd_dirty_track(self->fd, self->hwpt_id, false));
	EXPECT_EQ(-EOPNOTSUPP, get(self, IOVA, SIZE, IO_PAGE));
}

TEST_F(dirty_args, automatic_page_table_fails)
{
	self->hwpt_id = self->dev.hwpt_id;
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->ioas_id, &self->hwpt_id));
	EXPECT_EQ(-EOPNOTSUPP, iommufd_dirty_track(self->fd, self->hwpt_id, true));
	EXPECT_EQ(-EOPNOTSUPP, get(self, IOVA, SIZE, IO_PAGE));
}

TEST_F(dirty_args, ioas_is_no_page_table)
{
	self->hwpt_id = self->ioas_id;
	EXPECT_EQ(-ENOENT, iommufd_dirty_track(self->fd, self->hwpt_id, true));
	EXPECT_EQ(-ENOENT, get(self, IOVA, SIZE, IO_PAGE));
}

TEST_HARNESS_MAIN
