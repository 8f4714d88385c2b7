// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_IOAS_IOVA_RANGES: what is said before and after a device is attached.
 */
#include <errno.h>
#include <linux/iommufd.h>
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_device.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define MSI_START 0xfee00000UL
#define MSI_LAST 0xfeefffffUL
#define UNTOUCHED 0x5555555555555555UL

FIXTURE(iova_ranges)
{
	struct test_device dev;
	struct iommu_iova_range ranges[IOMMUFD_RANGES_MAX];
	struct iommu_ioas_iova_ranges query;
};

FIXTURE_SETUP(iova_ranges)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_BOUND));
	memset(self->ranges, 0x55, sizeof(self->ranges));
}

FIXTURE_TEARDOWN(iova_ranges)
{
	test_device_teardown(&self->dev);
}

static int query_ranges(struct _test_data_iova_ranges *self, uint32_t room)
{
	self->query = (struct iommu_ioas_iova_ranges) {
		.size = sizeof(self->query),
		.ioas_id = self->dev.ioas_id,
		.num_iovas = room,
		.allowed_iovas = (uintptr_t)self->ranges,
	};
	return iommufd_ioctl(self->dev.iommufd, IOMMU_IOAS_IOVA_RANGES, &self->query);
}

static int attach(struct _test_data_iova_ranges *self)
{
	return iv_device_attach(self->dev.fd, self->dev.ioas_id);
}

TEST_F(iova_ranges, fresh_ioas_has_the_whole_space)
{
	EXPECT_EQ(0, query_ranges(self, IOMMUFD_RANGES_MAX));
	EXPECT_EQ(1U, self->query.num_iovas);
	EXPECT_EQ(0UL, self->ranges[0].start);
	EXPECT_EQ(UINT64_MAX, self->ranges[0].last);
	EXPECT_EQ(1UL, self->query.out_iova_alignment);
}

TEST_F(iova_ranges, exact_room_is_enough)
{
	EXPECT_EQ(0, query_ranges(self, 1));
	EXPECT_EQ(1U, self->query.num_iovas);
}

TEST_F(iova_ranges, no_room_says_how_much_is_needed)
{
	EXPECT_EQ(-EMSGSIZE, query_ranges(self, 0));
	EXPECT_EQ(1U, self->query.num_iovas);
	EXPECT_EQ(UNTOUCHED, self->ranges[0].start);
}

TEST_F(iova_ranges, no_room_needs_no_array)
{
	struct iommu_ioas_iova_ranges query = {
		.size = sizeof(query),
		.ioas_id = self->dev.ioas_id,
	};

	EXPECT_EQ(-EMSGSIZE, iommufd_ioctl(self->dev.iommufd, IOMMU_IOAS_IOVA_RANGES, &query));
	EXPECT_EQ(1U, query.num_iovas);
}

TEST_F(iova_ranges, too_little_room_is_filled_and_the_need_is_told)
{
	ASSERT_EQ(0, attach(self));
	ASSERT_EQ(0, query_ranges(self, IOMMUFD_RANGES_MAX));
	ASSERT_LT(1U, self->query.num_iovas);
	memset(self->ranges, 0x55, sizeof(self->ranges));
	EXPECT_EQ(-EMSGSIZE, query_ranges(self, 1));
	EXPECT_LT(1U, self->query.num_iovas);
	EXPECT_EQ(0UL, self->ranges[0].start);
	EXPECT_EQ(UNTOUCHED, self->ranges[1].start);
}

TEST_F(iova_ranges, superfluous_room_is_left_alone)
{
	EXPECT_EQ(0, query_ranges(self, IOMMUFD_RANGES_MAX));
	EXPECT_EQ(UNTOUCHED, self->ranges[1].start);
	EXPECT_EQ(UNTOUCHED, self->ranges[IOMMUFD_RANGES_MAX - 1].last);
}

TEST_F(iova_ranges, unwritable_array_fails)
{
	struct iommu_ioas_iova_ranges query = {
		.size = sizeof(query),
		.ioas_id = self->dev.ioas_id,
		.num_iovas = 1,
		.allowed_iovas = PAGE,
	};

	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->dev.iommufd, IOMMU_IOAS_IOVA_RANGES, &query));
}

TEST_F(iova_ranges, array_cut_by_end_of_memory_fails)
{
	struct iommufd_guard guard;
	struct iommu_ioas_iova_ranges query = {
		.size = sizeof(query),
		.ioas_id = self->dev.ioas_id,
		.num_iovas = 1,
	};

	ASSERT_EQ(0, iommufd_guard_setup(&guard));
	query.allowed_iovas = (uintptr_t)guard.page + PAGE - sizeof(self->ranges[0].start);
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->dev.iommufd, IOMMU_IOAS_IOVA_RANGES, &query));
	iommufd_guard_teardown(&guard);
}

TEST_F(iova_ranges, huge_room_is_not_needed_in_memory)
{
	EXPECT_EQ(0, query_ranges(self, UINT32_MAX));
	EXPECT_EQ(1U, self->query.num_iovas);
}

TEST_F(iova_ranges, bind_alone_changes_nothing)
{
	EXPECT_TRUE(iommufd_iova_is_usable(self->dev.iommufd, self->dev.ioas_id, MSI_START));
	EXPECT_TRUE(iommufd_iova_is_usable(self->dev.iommufd, self->dev.ioas_id, UINT64_MAX));
}

TEST_F(iova_ranges, attach_takes_the_msi_window_out)
{
	ASSERT_EQ(0, attach(self));
	EXPECT_FALSE(iommufd_iova_is_usable(self->dev.iommufd, self->dev.ioas_id, MSI_START));
	EXPECT_FALSE(iommufd_iova_is_usable(self->dev.iommufd, self->dev.ioas_id, MSI_LAST));
	EXPECT_TRUE(iommufd_iova_is_usable(self->dev.iommufd, self->dev.ioas_id, MSI_START - 1));
	EXPECT_TRUE(iommufd_iova_is_usable(self->dev.iommufd, self->dev.ioas_id, MSI_LAST + 1));
}

TEST_F(iova_ranges, attach_ends_the_space_at_the_aperture)
{
	uint64_t last;

	ASSERT_EQ(0, attach(self));
	ASSERT_EQ(0, query_ranges(self, IOMMUFD_RANGES_MAX));
	last = self->ranges[self->query.num_iovas - 1].last;
	EXPECT_TRUE(last == (1UL << 39) - 1 || last == (1UL << 48) - 1 ||
		    last == (1UL << 57) - 1 || last == (1UL << 47) - 1 ||
		    last == (1UL << 56) - 1)
		TH_LOG("last usable iova %lx", last);
}

TEST_F(iova_ranges, attached_ranges_are_sorted_and_apart)
{
	uint32_t i;

	ASSERT_EQ(0, attach(self));
	ASSERT_EQ(0, query_ranges(self, IOMMUFD_RANGES_MAX));
	EXPECT_LT(self->ranges[0].start, self->ranges[0].last);
	for (i = 1; i < self->query.num_iovas; i++) {
		EXPECT_LT(self->ranges[i - 1].last, self->ranges[i].start);
		EXPECT_LT(self->ranges[i].start, self->ranges[i].last);
	}
}

TEST_F(iova_ranges, attach_sets_page_alignment)
{
	ASSERT_EQ(0, attach(self));
	ASSERT_EQ(0, query_ranges(self, IOMMUFD_RANGES_MAX));
	EXPECT_EQ(PAGE, self->query.out_iova_alignment);
}

TEST_F(iova_ranges, detach_widens_again)
{
	ASSERT_EQ(0, attach(self));
	ASSERT_EQ(0, iv_device_detach(self->dev.fd));
	EXPECT_EQ(0, query_ranges(self, IOMMUFD_RANGES_MAX));
	EXPECT_EQ(1U, self->query.num_iovas);
	EXPECT_EQ(UINT64_MAX, self->ranges[0].last);
	EXPECT_EQ(1UL, self->query.out_iova_alignment);
}

TEST_F(iova_ranges, device_close_widens_again)
{
	ASSERT_EQ(0, attach(self));
	close(self->dev.fd);
	self->dev.fd = -1;
	EXPECT_EQ(0, query_ranges(self, IOMMUFD_RANGES_MAX));
	EXPECT_EQ(1U, self->query.num_iovas);
}

TEST_F(iova_ranges, replace_moves_the_narrowing)
{
	uint32_t old_ioas_id = self->dev.ioas_id, new_ioas_id;

	ASSERT_EQ(0, attach(self));
	ASSERT_EQ(0, iv_ioas_alloc(self->dev.iommufd, &new_ioas_id));
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, new_ioas_id));
	EXPECT_TRUE(iommufd_iova_is_usable(self->dev.iommufd, old_ioas_id, MSI_START));
	EXPECT_FALSE(iommufd_iova_is_usable(self->dev.iommufd, new_ioas_id, MSI_START));
}

FIXTURE(iova_ranges_of_two)
{
	struct test_device first;
	struct test_device second;
};

FIXTURE_SETUP(iova_ranges_of_two)
{
	if (!test_role_addr(TEST_EDU) || !test_role_addr(TEST_IGB))
		SKIP(return, "no %s or no %s device", test_role_name(TEST_EDU),
		     test_role_name(TEST_IGB));
	ASSERT_EQ(0, test_device_setup(&self->first, TEST_EDU, TEST_BOUND));
	ASSERT_EQ(0, test_device_setup(&self->second, TEST_IGB, TEST_PARKED));
	ASSERT_EQ(0, iv_device_bind(self->second.fd, self->first.iommufd, NULL));
	ASSERT_EQ(0, iv_device_attach(self->first.fd, self->first.ioas_id));
	ASSERT_EQ(0, iv_device_attach(self->second.fd, self->first.ioas_id));
}

FIXTURE_TEARDOWN(iova_ranges_of_two)
{
	test_device_teardown(&self->second);
	test_device_teardown(&self->first);
}

static bool msi_is_reserved(struct _test_data_iova_ranges_of_two *self)
{
	return !iommufd_iova_is_usable(self->first.iommufd, self->first.ioas_id, MSI_START);
}

TEST_F(iova_ranges_of_two, the_first_leaves_first)
{
	EXPECT_TRUE(msi_is_reserved(self));
	EXPECT_EQ(0, iv_device_detach(self->first.fd));
	EXPECT_TRUE(msi_is_reserved(self));
	EXPECT_EQ(0, iv_device_detach(self->second.fd));
	EXPECT_FALSE(msi_is_reserved(self));
}

TEST_F(iova_ranges_of_two, the_second_leaves_first)
{
	EXPECT_EQ(0, iv_device_detach(self->second.fd));
	EXPECT_TRUE(msi_is_reserved(self));
	EXPECT_EQ(0, iv_device_detach(self->first.fd));
	EXPECT_FALSE(msi_is_reserved(self));
}

TEST_F(iova_ranges_of_two, the_first_comes_back_and_the_second_leaves)
{
	EXPECT_EQ(0, iv_device_detach(self->first.fd));
	EXPECT_EQ(0, iv_device_attach(self->first.fd, self->first.ioas_id));
	EXPECT_EQ(0, iv_device_detach(self->second.fd));
	EXPECT_TRUE(msi_is_reserved(self));
	EXPECT_EQ(0, iv_device_detach(self->first.fd));
	EXPECT_FALSE(msi_is_reserved(self));
}

TEST_F(iova_ranges_of_two, one_moves_to_another_space)
{
	uint32_t other;

	ASSERT_EQ(0, iv_ioas_alloc(self->first.iommufd, &other));
	EXPECT_EQ(0, iv_device_attach(self->first.fd, other));
	EXPECT_TRUE(msi_is_reserved(self));
	EXPECT_EQ(0, iv_device_attach(self->first.fd, self->first.ioas_id));
	EXPECT_TRUE(iommufd_iova_is_usable(self->first.iommufd, other, MSI_START));
	EXPECT_EQ(0, iv_device_detach(self->second.fd));
	EXPECT_TRUE(msi_is_reserved(self));
	EXPECT_EQ(0, iv_device_detach(self->first.fd));
	EXPECT_FALSE(msi_is_reserved(self));
}

TEST_HARNESS_MAIN
