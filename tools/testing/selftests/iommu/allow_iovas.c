// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_IOAS_ALLOW_IOVAS: a promise that ranges stay usable, kept against devices that would
 * narrow them.
 */
#include <errno.h>
#include <linux/iommufd.h>
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define MSI_START 0xfee00000UL
#define MSI_LAST 0xfeefffffUL
#define RANGE(first, end) ((struct iommu_iova_range){ .start = (first), .last = (end) })

FIXTURE(allow_iovas)
{
	struct test_device dev;
	char *memory;
};

FIXTURE_SETUP(allow_iovas)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_BOUND));
	self->memory = test_memory_alloc(4 * PAGE, PAGE);
	ASSERT_NE(NULL, self->memory);
}

FIXTURE_TEARDOWN(allow_iovas)
{
	test_device_teardown(&self->dev);
	test_memory_free(self->memory, 4 * PAGE);
}

static int allow(const struct _test_data_allow_iovas *self, const struct iommu_iova_range *ranges,
		 uint32_t count)
{
	return iv_ioas_allow(self->dev.iommufd, self->dev.ioas_id, ranges, count);
}

static int allow_one(const struct _test_data_allow_iovas *self, uint64_t start, uint64_t last)
{
	return allow(self, &RANGE(start, last), 1);
}

static int attach(const struct _test_data_allow_iovas *self)
{
	return iv_device_attach(self->dev.fd, self->dev.ioas_id);
}

static int map(const struct _test_data_allow_iovas *self, uint64_t length, uint64_t *iova)
{
	return iv_ioas_map_anywhere(self->dev.iommufd, self->dev.ioas_id, self->memory, length,
				    IV_DMA_RW, iova);
}

TEST_F(allow_iovas, empty_list_works)
{
	EXPECT_EQ(0, allow(self, NULL, 0));
	EXPECT_EQ(0, attach(self));
	EXPECT_EQ(0, allow(self, NULL, 0));
}

TEST_F(allow_iovas, whole_space_works)
{
	EXPECT_EQ(0, allow_one(self, 0, UINT64_MAX));
}

TEST_F(allow_iovas, start_not_below_last_fails)
{
	EXPECT_EQ(-EINVAL, allow_one(self, PAGE, PAGE));
	EXPECT_EQ(-EINVAL, allow_one(self, 2 * PAGE, PAGE));
	EXPECT_EQ(-EINVAL, allow_one(self, UINT64_MAX, 0));
}

TEST_F(allow_iovas, overlapping_ranges_fail)
{
	const struct iommu_iova_range lists[][2] = {
		{ RANGE(0, PAGE - 1), RANGE(0, PAGE - 1) },
		{ RANGE(0, PAGE), RANGE(PAGE, 2 * PAGE) },
		{ RANGE(0, 10 * PAGE), RANGE(PAGE, 2 * PAGE) },
		{ RANGE(5 * PAGE, 10 * PAGE), RANGE(0, 6 * PAGE) },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		EXPECT_EQ(-EINVAL, allow(self, lists[i], 2))
			TH_LOG("list %zu", i);
	}
}

TEST_F(allow_iovas, unsorted_list_works)
{
	const struct iommu_iova_range ranges[] = {
		RANGE(8 * PAGE, 9 * PAGE - 1), RANGE(0, PAGE - 1), RANGE(4 * PAGE, 5 * PAGE - 1),
	};

	EXPECT_EQ(0, allow(self, ranges, ARRAY_SIZE(ranges)));
}

TEST_F(allow_iovas, bad_pointer_fails)
{
	EXPECT_EQ(-EFAULT, allow(self, (void *)PAGE, 1));
	EXPECT_EQ(-EFAULT, allow(self, NULL, 1));
}

TEST_F(allow_iovas, list_cut_by_end_of_memory_fails)
{
	struct iommufd_guard guard;
	struct iommu_iova_range *ranges;

	ASSERT_EQ(0, iommufd_guard_setup(&guard));
	ranges = iommufd_guard_place(&guard, &RANGE(0, PAGE - 1), sizeof(*ranges));
	EXPECT_EQ(0, allow(self, ranges, 1));
	EXPECT_EQ(-EFAULT, allow(self, ranges, 2));
	EXPECT_EQ(-EFAULT, allow(self, ranges, 1000));
	iommufd_guard_teardown(&guard);
}

TEST_F(allow_iovas, failed_call_keeps_the_old_list)
{
	uint64_t iova;

	ASSERT_EQ(0, allow_one(self, 4 * PAGE, 5 * PAGE - 1));
	EXPECT_EQ(-EINVAL, allow_one(self, PAGE, PAGE));
	EXPECT_EQ(0, map(self, PAGE, &iova));
	EXPECT_EQ(4 * PAGE, iova);
	EXPECT_EQ(-ENOSPC, map(self, PAGE, &iova));
}

TEST_F(allow_iovas, new_list_replaces_the_old)
{
	uint64_t iova;

	ASSERT_EQ(0, allow_one(self, 4 * PAGE, 5 * PAGE - 1));
	ASSERT_EQ(0, allow_one(self, 8 * PAGE, 9 * PAGE - 1));
	EXPECT_EQ(0, map(self, PAGE, &iova));
	EXPECT_EQ(8 * PAGE, iova);
	EXPECT_EQ(-ENOSPC, map(self, PAGE, &iova));
}

TEST_F(allow_iovas, empty_list_ends_the_restriction)
{
	uint64_t iova;

	ASSERT_EQ(0, allow_one(self, 4 * PAGE, 5 * PAGE - 1));
	EXPECT_EQ(-ENOSPC, map(self, 2 * PAGE, &iova));
	ASSERT_EQ(0, allow(self, NULL, 0));
	EXPECT_EQ(0, map(self, 2 * PAGE, &iova));
}

TEST_F(allow_iovas, list_does_not_narrow_the_ranges)
{
	ASSERT_EQ(0, allow_one(self, 4 * PAGE, 5 * PAGE - 1));
	EXPECT_TRUE(iommufd_iova_is_usable(self->dev.iommufd, self->dev.ioas_id, 0));
	EXPECT_TRUE(iommufd_iova_is_usable(self->dev.iommufd, self->dev.ioas_id, UINT64_MAX));
}

TEST_F(allow_iovas, reserved_range_cant_be_allowed)
{
	ASSERT_EQ(0, attach(self));
	EXPECT_EQ(-EADDRINUSE, allow_one(self, MSI_START, MSI_LAST));
	EXPECT_EQ(-EADDRINUSE, allow_one(self, MSI_START - PAGE, MSI_START));
	EXPECT_EQ(-EADDRINUSE, allow_one(self, MSI_LAST, MSI_LAST + PAGE));
	EXPECT_EQ(-EADDRINUSE, allow_one(self, 0, UINT32_MAX));
	EXPECT_EQ(-EADDRINUSE, allow_one(self, 1UL << 60, 1UL << 61));
}

TEST_F(allow_iovas, range_beside_reserved_works)
{
	ASSERT_EQ(0, attach(self));
	EXPECT_EQ(0, allow_one(self, 0, MSI_START - 1));
	EXPECT_EQ(0, allow_one(self, MSI_LAST + 1, UINT32_MAX));
}

TEST_F(allow_iovas, attach_that_narrows_an_allowed_range_fails)
{
	ASSERT_EQ(0, allow_one(self, 0, UINT32_MAX));
	EXPECT_EQ(-EADDRINUSE, attach(self));
	EXPECT_EQ(-EADDRINUSE, attach(self));
	ASSERT_EQ(0, allow_one(self, 0, MSI_START - 1));
	EXPECT_EQ(0, attach(self));
}

TEST_F(allow_iovas, attach_beyond_the_aperture_fails)
{
	ASSERT_EQ(0, allow_one(self, 1UL << 60, (1UL << 60) + PAGE));
	EXPECT_EQ(-EADDRINUSE, attach(self));
	EXPECT_TRUE(iommufd_iova_is_usable(self->dev.iommufd, self->dev.ioas_id, MSI_START));
}

TEST_F(allow_iovas, failed_attach_leaves_the_device_usable)
{
	uint32_t other;

	ASSERT_EQ(0, allow_one(self, 0, UINT32_MAX));
	ASSERT_EQ(-EADDRINUSE, attach(self));
	ASSERT_EQ(0, iv_ioas_alloc(self->dev.iommufd, &other));
	EXPECT_EQ(0, iv_device_attach(self->dev.fd, other));
	EXPECT_EQ(0, iv_iommufd_destroy(self->dev.iommufd, self->dev.ioas_id));
}

TEST_F(allow_iovas, thousand_ranges_work)
{
	static struct iommu_iova_range ranges[1000];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		ranges[i] = RANGE(i * 2 * PAGE, i * 2 * PAGE + PAGE - 1);
	EXPECT_EQ(0, allow(self, ranges, ARRAY_SIZE(ranges)));
	EXPECT_EQ(0, attach(self));
}

TEST_HARNESS_MAIN
