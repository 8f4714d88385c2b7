// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where IOMMU_IOAS_MAP puts a mapping when the caller leaves it to the kernel. Each test runs in an
 * empty IOAS and in one that a device is attached to.
 */
#include <errno.h>
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define HUGE_SIZE (2UL << 20)
#define MAPPINGS 64
#define MSI_START 0xfee00000UL

FIXTURE(auto_iova)
{
	struct test_device dev;
	int iommufd;
	uint32_t ioas_id;
	char *memory;
};

FIXTURE_VARIANT(auto_iova)
{
	enum test_stage stage;
};

FIXTURE_VARIANT_ADD(auto_iova, without_device) { .stage = TEST_BOUND };
FIXTURE_VARIANT_ADD(auto_iova, with_device) { .stage = TEST_ATTACHED };

FIXTURE_SETUP(auto_iova)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, variant->stage));
	self->iommufd = self->dev.iommufd;
	self->ioas_id = self->dev.ioas_id;
	self->memory = test_memory_alloc(2 * HUGE_SIZE, HUGE_SIZE);
	ASSERT_NE(NULL, self->memory);
}

FIXTURE_TEARDOWN(auto_iova)
{
	test_device_teardown(&self->dev);
	test_memory_free(self->memory, 2 * HUGE_SIZE);
}

static int map(const struct _test_data_auto_iova *self, const char *va, uint64_t length,
	       uint64_t *iova)
{
	return iv_ioas_map_anywhere(self->iommufd, self->ioas_id, va, length, IV_DMA_RW, iova);
}

static int allow(const struct _test_data_auto_iova *self, uint64_t start, uint64_t length)
{
	struct iommu_iova_range range = { .start = start, .last = start + length - 1 };

	return iv_ioas_allow(self->iommufd, self->ioas_id, &range, 1);
}

TEST_F(auto_iova, is_in_the_ranges_and_mapped)
{
	uint64_t iova;

	ASSERT_EQ(0, map(self, self->memory, PAGE, &iova));
	EXPECT_TRUE(iommufd_iova_is_usable(self->iommufd, self->ioas_id, iova));
	EXPECT_FALSE(iommufd_iova_is_free(self->iommufd, self->ioas_id, iova));
}

TEST_F(auto_iova, input_is_ignored)
{
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = IV_DMA_RW,
		.ioas_id = self->ioas_id,
		.user_va = (uintptr_t)self->memory,
		.length = PAGE,
		.iova = MSI_START + 1,
	};

	EXPECT_EQ(0, iommufd_ioctl(self->iommufd, IOMMU_IOAS_MAP, &map));
	EXPECT_EQ(0UL, map.iova % PAGE);
	EXPECT_NE(MSI_START, map.iova);
}

TEST_F(auto_iova, many_mappings_never_overlap)
{
	uint64_t iovas[MAPPINGS], unmapped;
	int i;

	for (i = 0; i < MAPPINGS; i++) {
		ASSERT_EQ(0, map(self, self->memory, 3 * PAGE, &iovas[i]))
			TH_LOG("mapping %d", i);
		EXPECT_EQ(0UL, iovas[i] % PAGE);
	}
	for (i = 0; i < MAPPINGS; i++) {
		EXPECT_EQ(0, iv_ioas_unmap(self->iommufd, self->ioas_id, iovas[i], 3 * PAGE,
					   &unmapped))
			TH_LOG("mapping %d at %lx", i, iovas[i]);
		EXPECT_EQ(3 * PAGE, unmapped);
	}
}

TEST_F(auto_iova, avoids_what_is_mapped)
{
	uint64_t iova;

	ASSERT_EQ(0, allow(self, 4 * PAGE, 4 * PAGE));
	ASSERT_EQ(0, iv_ioas_map(self->iommufd, self->ioas_id, self->memory, PAGE, 4 * PAGE,
				 IV_DMA_RW));
	ASSERT_EQ(0, iv_ioas_map(self->iommufd, self->ioas_id, self->memory, PAGE, 6 * PAGE,
				 IV_DMA_RW));
	ASSERT_EQ(0, map(self, self->memory, PAGE, &iova));
	EXPECT_TRUE(iova == 5 * PAGE || iova == 7 * PAGE)
		TH_LOG("iova %lx", iova);
	EXPECT_EQ(-ENOSPC, map(self, self->memory, 2 * PAGE, &iova));
}

TEST_F(auto_iova, huge_aligned_memory_gets_huge_aligned_iova)
{
	uint64_t iova;

	ASSERT_EQ(0, map(self, self->memory, PAGE, &iova));
	ASSERT_EQ(0, map(self, self->memory, HUGE_SIZE, &iova));
	EXPECT_EQ(0UL, iova % HUGE_SIZE);
}

TEST_F(auto_iova, huge_memory_is_congruent_with_its_address)
{
	uint64_t iova;

	ASSERT_EQ(0, map(self, self->memory, PAGE, &iova));
	ASSERT_EQ(0, map(self, self->memory, HUGE_SIZE + 5 * PAGE, &iova));
	EXPECT_EQ(0UL, iova % HUGE_SIZE);
}

TEST_F(auto_iova, stays_in_the_allowed_range)
{
	const uint64_t start = 64UL << 20, length = 16 * PAGE;
	uint64_t iova;
	int i;

	ASSERT_EQ(0, allow(self, start, length));
	for (i = 0; i < 16; i++) {
		ASSERT_EQ(0, map(self, self->memory, PAGE, &iova))
			TH_LOG("mapping %d", i);
		EXPECT_TRUE(iova >= start && iova < start + length)
			TH_LOG("iova %lx", iova);
	}
	EXPECT_EQ(-ENOSPC, map(self, self->memory, PAGE, &iova));
}

TEST_F(auto_iova, allowed_range_too_small_fails)
{
	uint64_t iova;

	ASSERT_EQ(0, allow(self, PAGE, 2 * PAGE));
	EXPECT_EQ(-ENOSPC, map(self, self->memory, 3 * PAGE, &iova));
	EXPECT_EQ(0, map(self, self->memory, 2 * PAGE, &iova));
	EXPECT_EQ(PAGE, iova);
}

TEST_F(auto_iova, two_allowed_ranges_are_not_joined)
{
	const struct iommu_iova_range ranges[] = {
		{ .start = 2 * PAGE, .last = 4 * PAGE - 1 },
		{ .start = 4 * PAGE, .last = 6 * PAGE - 1 },
	};
	uint64_t first, second;

	ASSERT_EQ(0, iv_ioas_allow(self->iommufd, self->ioas_id, ranges, 2));
	EXPECT_EQ(0, map(self, self->memory, 2 * PAGE, &first));
	EXPECT_EQ(0, map(self, self->memory, 2 * PAGE, &second));
	EXPECT_EQ(6 * PAGE, first + second);
}

TEST_F(auto_iova, freed_space_is_used_again)
{
	uint64_t iova;
	int i;

	ASSERT_EQ(0, allow(self, PAGE, PAGE));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, map(self, self->memory, PAGE, &iova))
			TH_LOG("round %d", i);
		EXPECT_EQ(PAGE, iova);
		ASSERT_EQ(0, iv_ioas_unmap(self->iommufd, self->ioas_id, iova, PAGE, NULL));
	}
}

TEST_F(auto_iova, page_zero_is_used_if_nothing_else_is_allowed)
{
	uint64_t iova = 1;

	ASSERT_EQ(0, allow(self, 0, PAGE));
	EXPECT_EQ(0, map(self, self->memory, PAGE, &iova));
	EXPECT_EQ(0UL, iova);
}

TEST_F(auto_iova, fixed_iova_outside_the_allowed_range_works)
{
	ASSERT_EQ(0, allow(self, 0, PAGE));
	EXPECT_EQ(0, iv_ioas_map(self->iommufd, self->ioas_id, self->memory, PAGE, 16 * PAGE,
				 IV_DMA_RW));
}

TEST_F(auto_iova, msi_window_is_left_out)
{
	uint64_t first, second;

	if (variant->stage != TEST_ATTACHED)
		return;
	ASSERT_EQ(0, allow(self, MSI_START - PAGE, PAGE));
	ASSERT_EQ(0, map(self, self->memory, PAGE, &first));
	EXPECT_EQ(MSI_START - PAGE, first);
	EXPECT_EQ(-ENOSPC, map(self, self->memory, PAGE, &second))
		TH_LOG("iova %lx", second);
}

TEST_HARNESS_MAIN
