// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_IOAS_MAP in an IOAS that no device is attached to: nothing is pinned, any alignment goes.
 */
#include <errno.h>
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_memory.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define MEMORY_SIZE (16 * PAGE)
#define AREA_IOVA 0x100000UL
#define AREA_SIZE (4 * PAGE)

FIXTURE(ioas_map)
{
	int iommufd;
	uint32_t ioas_id;
	char *memory;
};

FIXTURE_SETUP(ioas_map)
{
	self->iommufd = iv_iommufd_open();
	ASSERT_LE(0, self->iommufd);
	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &self->ioas_id));
	self->memory = test_memory_alloc(MEMORY_SIZE, PAGE);
	ASSERT_NE(NULL, self->memory);
}

FIXTURE_TEARDOWN(ioas_map)
{
	close(self->iommufd);
	test_memory_free(self->memory, MEMORY_SIZE);
}

static int map_at(const struct _test_data_ioas_map *self, uint64_t iova, uint64_t length)
{
	return iv_ioas_map(self->iommufd, self->ioas_id, self->memory, length, iova, IV_DMA_RW);
}

static int map_va(const struct _test_data_ioas_map *self, uint64_t va, uint64_t length)
{
	return iv_ioas_map(self->iommufd, self->ioas_id, (void *)va, length, AREA_IOVA,
			   IV_DMA_RW);
}

TEST_F(ioas_map, fixed_iova_is_kept)
{
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IV_DMA_RW,
		.ioas_id = self->ioas_id,
		.user_va = (uintptr_t)self->memory,
		.length = PAGE,
		.iova = AREA_IOVA,
	};

	EXPECT_EQ(0, iommufd_ioctl(self->iommufd, IOMMU_IOAS_MAP, &map));
	EXPECT_EQ(AREA_IOVA, map.iova);
	EXPECT_FALSE(iommufd_iova_is_free(self->iommufd, self->ioas_id, AREA_IOVA));
}

TEST_F(ioas_map, iova_zero_works)
{
	EXPECT_EQ(0, map_at(self, 0, PAGE));
}

TEST_F(ioas_map, last_page_of_the_space_works)
{
	EXPECT_EQ(0, map_at(self, -PAGE, PAGE));
	EXPECT_EQ(-EEXIST, map_at(self, -PAGE, PAGE));
}

TEST_F(ioas_map, neighbours_work)
{
	ASSERT_EQ(0, map_at(self, AREA_IOVA, AREA_SIZE));
	EXPECT_EQ(0, map_at(self, AREA_IOVA - PAGE, PAGE));
	EXPECT_EQ(0, map_at(self, AREA_IOVA + AREA_SIZE, PAGE));
}

TEST_F(ioas_map, same_memory_at_many_iovas_works)
{
	int i;

	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, map_at(self, AREA_IOVA + i * MEMORY_SIZE, MEMORY_SIZE))
			TH_LOG("mapping %d", i);
	}
}

TEST_F(ioas_map, two_ioases_are_independent)
{
	uint32_t second;

	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &second));
	ASSERT_EQ(0, map_at(self, AREA_IOVA, PAGE));
	EXPECT_TRUE(iommufd_iova_is_free(self->iommufd, second, AREA_IOVA));
	EXPECT_EQ(0, iv_ioas_map(self->iommufd, second, self->memory, PAGE, AREA_IOVA, IV_DMA_RW));
}

TEST_F(ioas_map, one_direction_is_enough)
{
	EXPECT_EQ(0, iv_ioas_map(self->iommufd, self->ioas_id, self->memory, PAGE, 0,
				 IV_DMA_READ));
	EXPECT_EQ(0, iv_ioas_map(self->iommufd, self->ioas_id, self->memory, PAGE, PAGE,
				 IV_DMA_WRITE));
}

TEST_F(ioas_map, no_direction_fails)
{
	uint64_t iova;

	EXPECT_EQ(-EINVAL, iv_ioas_map(self->iommufd, self->ioas_id, self->memory, PAGE,
				       AREA_IOVA, 0));
	EXPECT_EQ(-EINVAL, iv_ioas_map_anywhere(self->iommufd, self->ioas_id, self->memory, PAGE,
						0, &iova));
}

TEST_F(ioas_map, length_zero_fails)
{
	uint64_t iova;

	EXPECT_EQ(-EINVAL, map_at(self, AREA_IOVA, 0));
	EXPECT_EQ(-EINVAL, iv_ioas_map_anywhere(self->iommufd, self->ioas_id, self->memory, 0,
						IV_DMA_RW, &iova));
}

TEST_F(ioas_map, iova_wrap_fails)
{
	EXPECT_EQ(-EOVERFLOW, map_at(self, -PAGE, 2 * PAGE));
	EXPECT_EQ(-EOVERFLOW, map_at(self, AREA_IOVA, -AREA_IOVA + PAGE));
	EXPECT_EQ(-EOVERFLOW, map_at(self, UINT64_MAX, 2));
}

TEST_F(ioas_map, whole_space_as_length_fails)
{
	EXPECT_EQ(-EOVERFLOW, map_at(self, 0, UINT64_MAX));
	EXPECT_EQ(-EOVERFLOW, map_at(self, PAGE, UINT64_MAX));
}

TEST_F(ioas_map, va_wrap_fails)
{
	EXPECT_EQ(-EOVERFLOW, map_va(self, -PAGE, 2 * PAGE));
	EXPECT_EQ(-EOVERFLOW, map_va(self, UINT64_MAX, 2));
	EXPECT_EQ(-EOVERFLOW, map_va(self, (uintptr_t)self->memory,
				     -(uint64_t)(uintptr_t)self->memory + PAGE));
}

TEST_F(ioas_map, failed_map_leaves_nothing)
{
	EXPECT_EQ(-EOVERFLOW, map_va(self, -PAGE, 2 * PAGE));
	EXPECT_EQ(-EINVAL, map_at(self, AREA_IOVA, 0));
	EXPECT_TRUE(iommufd_ioas_is_empty(self->iommufd, self->ioas_id));
}

TEST_F(ioas_map, without_device_pins_nothing)
{
	int64_t pinned = test_pinned_pages();

	ASSERT_EQ(0, map_at(self, AREA_IOVA, MEMORY_SIZE));
	EXPECT_EQ(pinned, test_pinned_pages());
}

TEST_F(ioas_map, without_device_memory_is_not_looked_at)
{
	EXPECT_EQ(0, map_va(self, PAGE, PAGE));
}

TEST_F(ioas_map, without_device_any_alignment_works)
{
	uint64_t unmapped;

	EXPECT_EQ(0, map_at(self, AREA_IOVA + 1, 3));
	EXPECT_EQ(0, map_at(self, AREA_IOVA + 4, 1));
	EXPECT_EQ(-EEXIST, map_at(self, AREA_IOVA, 2));
	EXPECT_EQ(0, iv_ioas_unmap(self->iommufd, self->ioas_id, AREA_IOVA, 5, &unmapped));
	EXPECT_EQ(4UL, unmapped);
}

TEST_F(ioas_map, memory_may_vanish_afterwards)
{
	char *memory = test_memory_alloc(AREA_SIZE, PAGE);
	uint64_t unmapped;

	ASSERT_NE(NULL, memory);
	ASSERT_EQ(0, map_va(self, (uintptr_t)memory, AREA_SIZE));
	test_memory_free(memory, AREA_SIZE);
	EXPECT_EQ(0, iv_ioas_unmap(self->iommufd, self->ioas_id, AREA_IOVA, AREA_SIZE, &unmapped));
	EXPECT_EQ(AREA_SIZE, unmapped);
}

/* A second mapping that overlaps one of AREA_SIZE bytes at AREA_IOVA. */
FIXTURE(overlap)
{
	int iommufd;
	uint32_t ioas_id;
	char *memory;
};

FIXTURE_VARIANT(overlap)
{
	uint64_t iova;
	uint64_t length;
};

FIXTURE_VARIANT_ADD(overlap, same) { .iova = AREA_IOVA, .length = AREA_SIZE };
FIXTURE_VARIANT_ADD(overlap, first_page) { .iova = AREA_IOVA, .length = PAGE };
FIXTURE_VARIANT_ADD(overlap, last_page) { .iova = AREA_IOVA + AREA_SIZE - PAGE, .length = PAGE };
FIXTURE_VARIANT_ADD(overlap, inside) { .iova = AREA_IOVA + PAGE, .length = PAGE };
FIXTURE_VARIANT_ADD(overlap, around) { .iova = AREA_IOVA - PAGE, .length = AREA_SIZE + 2 * PAGE };
FIXTURE_VARIANT_ADD(overlap, over_start) { .iova = AREA_IOVA - PAGE, .length = 2 * PAGE };
FIXTURE_VARIANT_ADD(overlap, over_end) { .iova = AREA_IOVA + AREA_SIZE - PAGE,
					 .length = 2 * PAGE };

FIXTURE_SETUP(overlap)
{
	self->iommufd = iv_iommufd_open();
	ASSERT_LE(0, self->iommufd);
	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &self->ioas_id));
	self->memory = test_memory_alloc(MEMORY_SIZE, PAGE);
	ASSERT_NE(NULL, self->memory);
	ASSERT_EQ(0, iv_ioas_map(self->iommufd, self->ioas_id, self->memory, AREA_SIZE, AREA_IOVA,
				 IV_DMA_RW));
}

FIXTURE_TEARDOWN(overlap)
{
	close(self->iommufd);
	test_memory_free(self->memory, MEMORY_SIZE);
}

TEST_F(overlap, fails_and_leaves_the_first)
{
	uint64_t unmapped;

	EXPECT_EQ(-EEXIST, iv_ioas_map(self->iommufd, self->ioas_id, self->memory,
				       variant->length, variant->iova, IV_DMA_RW));
	EXPECT_EQ(0, iv_ioas_unmap(self->iommufd, self->ioas_id, 0, UINT64_MAX, &unmapped));
	EXPECT_EQ(AREA_SIZE, unmapped);
}

TEST_F(overlap, works_after_unmap)
{
	ASSERT_EQ(0, iv_ioas_unmap(self->iommufd, self->ioas_id, AREA_IOVA, AREA_SIZE, NULL));
	EXPECT_EQ(0, iv_ioas_map(self->iommufd, self->ioas_id, self->memory, variant->length,
				 variant->iova, IV_DMA_RW));
}

TEST_HARNESS_MAIN
