// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_IOAS_UNMAP: whole mappings only, several at once, and how many bytes they were.
 *
 * The fixture maps three areas: A and B adjoin, a hole of a page lies between B and C.
 */
#include <errno.h>
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_memory.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define AREA_SIZE (2 * PAGE)
#define IOVA_A 0x100000UL
#define IOVA_B (IOVA_A + AREA_SIZE)
#define IOVA_C (IOVA_B + AREA_SIZE + PAGE)
#define ALL_SIZE (IOVA_C + AREA_SIZE - IOVA_A)

FIXTURE(ioas_unmap)
{
	int iommufd;
	uint32_t ioas_id;
	char *memory;
};

FIXTURE_SETUP(ioas_unmap)
{
	const uint64_t iovas[] = { IOVA_A, IOVA_B, IOVA_C };
	size_t i;

	self->iommufd = iv_iommufd_open();
	ASSERT_LE(0, self->iommufd);
	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &self->ioas_id));
	self->memory = test_memory_alloc(AREA_SIZE, PAGE);
	ASSERT_NE(NULL, self->memory);
	for (i = 0; i < ARRAY_SIZE(iovas); i++) {
		ASSERT_EQ(0, iv_ioas_map(self->iommufd, self->ioas_id, self->memory, AREA_SIZE,
					 iovas[i], IV_DMA_RW));
	}
}

FIXTURE_TEARDOWN(ioas_unmap)
{
	close(self->iommufd);
	test_memory_free(self->memory, AREA_SIZE);
}

/* Returns the number of bytes, or a negative errno. */
static int64_t unmap(const struct _test_data_ioas_unmap *self, uint64_t iova, uint64_t length)
{
	uint64_t unmapped;
	int rc = iv_ioas_unmap(self->iommufd, self->ioas_id, iova, length, &unmapped);

	return rc ? rc : (int64_t)unmapped;
}

static int64_t unmap_all(const struct _test_data_ioas_unmap *self)
{
	return unmap(self, 0, UINT64_MAX);
}

TEST_F(ioas_unmap, one_area_works_once)
{
	EXPECT_EQ((int64_t)AREA_SIZE, unmap(self, IOVA_A, AREA_SIZE));
	EXPECT_EQ(-ENOENT, unmap(self, IOVA_A, AREA_SIZE));
	EXPECT_EQ((int64_t)(2 * AREA_SIZE), unmap_all(self));
}

TEST_F(ioas_unmap, freed_iova_can_be_mapped_again)
{
	EXPECT_EQ((int64_t)AREA_SIZE, unmap(self, IOVA_B, AREA_SIZE));
	EXPECT_EQ(0, iv_ioas_map(self->iommufd, self->ioas_id, self->memory, AREA_SIZE, IOVA_B,
				 IV_DMA_RW));
}

TEST_F(ioas_unmap, two_adjoining_areas_at_once)
{
	EXPECT_EQ((int64_t)(2 * AREA_SIZE), unmap(self, IOVA_A, 2 * AREA_SIZE));
}

TEST_F(ioas_unmap, hole_between_is_not_counted)
{
	EXPECT_EQ((int64_t)(2 * AREA_SIZE), unmap(self, IOVA_B, IOVA_C + AREA_SIZE - IOVA_B));
}

TEST_F(ioas_unmap, larger_range_around_all_works)
{
	EXPECT_EQ((int64_t)(3 * AREA_SIZE), unmap(self, IOVA_A - PAGE, ALL_SIZE + 2 * PAGE));
}

TEST_F(ioas_unmap, larger_range_around_one_works)
{
	EXPECT_EQ((int64_t)AREA_SIZE, unmap(self, IOVA_C - PAGE, AREA_SIZE + 2 * PAGE));
}

TEST_F(ioas_unmap, range_from_zero_works)
{
	EXPECT_EQ((int64_t)AREA_SIZE, unmap(self, 0, IOVA_B));
}

TEST_F(ioas_unmap, range_that_splits_its_last_area_changes_nothing)
{
	EXPECT_EQ(-ENOENT, unmap(self, IOVA_A, AREA_SIZE + PAGE));
	EXPECT_EQ(-ENOENT, unmap(self, 0, IOVA_C + PAGE));
	EXPECT_EQ((int64_t)(3 * AREA_SIZE), unmap_all(self));
}

TEST_F(ioas_unmap, everything_gives_the_sum_then_zero)
{
	EXPECT_EQ((int64_t)(3 * AREA_SIZE), unmap_all(self));
	EXPECT_EQ(0, unmap_all(self));
}

TEST_F(ioas_unmap, everything_on_a_fresh_ioas_works)
{
	uint32_t ioas_id;
	uint64_t unmapped = 1;

	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &ioas_id));
	EXPECT_EQ(0, iv_ioas_unmap(self->iommufd, ioas_id, 0, UINT64_MAX, &unmapped));
	EXPECT_EQ(0UL, unmapped);
}

TEST_F(ioas_unmap, everything_includes_both_ends_of_the_space)
{
	ASSERT_EQ(0, iv_ioas_map(self->iommufd, self->ioas_id, self->memory, PAGE, 0, IV_DMA_RW));
	ASSERT_EQ(0, iv_ioas_map(self->iommufd, self->ioas_id, self->memory, PAGE, -PAGE,
				 IV_DMA_RW));
	EXPECT_EQ((int64_t)(3 * AREA_SIZE + 2 * PAGE), unmap_all(self));
}

TEST_F(ioas_unmap, nothing_there_fails)
{
	EXPECT_EQ(-ENOENT, unmap(self, IOVA_B + AREA_SIZE, PAGE));
	EXPECT_EQ(-ENOENT, unmap(self, IOVA_C + AREA_SIZE, PAGE));
	EXPECT_EQ(-ENOENT, unmap(self, 0, IOVA_A));
}

TEST_F(ioas_unmap, nothing_in_an_empty_ioas_fails)
{
	unmap_all(self);
	EXPECT_EQ(-ENOENT, unmap(self, IOVA_A, PAGE));
	EXPECT_EQ(-ENOENT, unmap(self, 0, UINT64_MAX - 1));
}

TEST_F(ioas_unmap, length_zero_fails)
{
	EXPECT_EQ(-EINVAL, unmap(self, IOVA_A, 0));
	EXPECT_EQ(-EINVAL, unmap(self, 0, 0));
}

TEST_F(ioas_unmap, wrap_fails)
{
	EXPECT_EQ(-EOVERFLOW, unmap(self, -PAGE, 2 * PAGE));
	EXPECT_EQ(-EOVERFLOW, unmap(self, IOVA_A, UINT64_MAX));
	EXPECT_EQ(-EOVERFLOW, unmap(self, IOVA_A, -IOVA_A + 1));
	EXPECT_EQ((int64_t)(3 * AREA_SIZE), unmap_all(self));
}

TEST_F(ioas_unmap, range_to_the_end_of_the_space_works)
{
	EXPECT_EQ((int64_t)(2 * AREA_SIZE), unmap(self, IOVA_B, -IOVA_B));
}

TEST_F(ioas_unmap, thousand_areas_at_once)
{
	int i;

	unmap_all(self);
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, iv_ioas_map(self->iommufd, self->ioas_id, self->memory, PAGE,
					 i * 2 * PAGE, IV_DMA_RW));
	}
	EXPECT_EQ((int64_t)(1000 * PAGE), unmap(self, 0, 2000 * PAGE));
	EXPECT_TRUE(iommufd_ioas_is_empty(self->iommufd, self->ioas_id));
}

/* A range that would split a mapping. */
FIXTURE(split)
{
	int iommufd;
	uint32_t ioas_id;
	char *memory;
};

FIXTURE_VARIANT(split)
{
	uint64_t iova;
	uint64_t length;
};

FIXTURE_VARIANT_ADD(split, first_page) { .iova = IOVA_A, .length = PAGE };
FIXTURE_VARIANT_ADD(split, second_page) { .iova = IOVA_A + PAGE, .length = PAGE };
FIXTURE_VARIANT_ADD(split, one_byte) { .iova = IOVA_A, .length = 1 };
FIXTURE_VARIANT_ADD(split, all_but_first_byte) { .iova = IOVA_A + 1, .length = AREA_SIZE - 1 };
FIXTURE_VARIANT_ADD(split, all_but_last_byte) { .iova = IOVA_A, .length = AREA_SIZE - 1 };
FIXTURE_VARIANT_ADD(split, over_start) { .iova = IOVA_A - PAGE, .length = 2 * PAGE };
FIXTURE_VARIANT_ADD(split, over_end) { .iova = IOVA_A + PAGE, .length = 2 * PAGE };

FIXTURE_SETUP(split)
{
	self->iommufd = iv_iommufd_open();
	ASSERT_LE(0, self->iommufd);
	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &self->ioas_id));
	self->memory = test_memory_alloc(AREA_SIZE, PAGE);
	ASSERT_NE(NULL, self->memory);
	ASSERT_EQ(0, iv_ioas_map(self->iommufd, self->ioas_id, self->memory, AREA_SIZE, IOVA_A,
				 IV_DMA_RW));
}

FIXTURE_TEARDOWN(split)
{
	close(self->iommufd);
	test_memory_free(self->memory, AREA_SIZE);
}

TEST_F(split, fails_and_leaves_the_mapping)
{
	uint64_t unmapped;

	EXPECT_EQ(-ENOENT, iv_ioas_unmap(self->iommufd, self->ioas_id, variant->iova,
					 variant->length, NULL));
	EXPECT_EQ(0, iv_ioas_unmap(self->iommufd, self->ioas_id, IOVA_A, AREA_SIZE, &unmapped));
	EXPECT_EQ(AREA_SIZE, unmapped);
}

TEST_HARNESS_MAIN
