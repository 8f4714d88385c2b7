// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is in a page table after maps and unmaps, those that failed half-way among them.
 */
#include <errno.h>
#include <sys/mman.h>
#include "iommufd_ioctl.h"
#include "iv.h"
#include "mock_device.h"
#include "test_memory.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define HUGE_PAGE ((size_t)MOCK_HUGE_PAGE_SIZE)
#define SIZE (8 * HUGE_PAGE)
#define IOVA ((uint64_t)MOCK_APERTURE_START)
#define ENTRIES (SIZE / MOCK_PAGE_SIZE)

FIXTURE(mock_map)
{
	int fd;
	uint32_t ioas_id;
	struct mock_device dev;
	struct mock_stat stat;
	char *memory;
};

FIXTURE_SETUP(mock_map)
{
	ASSERT_EQ(0, mock_module_load());
	self->fd = iv_iommufd_open();
	ASSERT_LE(0, self->fd);
	self->memory = test_memory_alloc(SIZE, PAGE);
	ASSERT_NE(NULL, self->memory);
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &self->ioas_id));
	ASSERT_EQ(0, mock_device_create(&self->dev, self->fd, self->ioas_id, 0));
}

FIXTURE_TEARDOWN(mock_map)
{
	EXPECT_EQ(0, close(self->fd));
	test_memory_free(self->memory, SIZE);
}

static int map_all(const struct _test_data_mock_map *self, uint32_t ioas_id)
{
	return iv_ioas_map(self->fd, ioas_id, self->memory, SIZE, IOVA, IV_DMA_RW);
}

/* How much is mapped at all, or a negative errno. */
static int64_t mapped(const struct _test_data_mock_map *self, uint32_t hwpt_id)
{
	struct mock_stat stat;
	int rc = mock_hwpt_stat(self->fd, hwpt_id, 0, UINT64_MAX, &stat);

	return rc ?: (int64_t)stat.mapped;
}

TEST_F(mock_map, page_table_holds_the_memory)
{
	ASSERT_EQ(0, map_all(self, self->ioas_id));
	EXPECT_EQ(0, mock_hwpt_maps(self->fd, self->dev.hwpt_id, IOVA, self->memory, SIZE));
	ASSERT_EQ(0, mock_hwpt_stat(self->fd, self->dev.hwpt_id, 0, UINT64_MAX, &self->stat));
	EXPECT_EQ(SIZE, self->stat.mapped);
	EXPECT_EQ(ENTRIES, self->stat.entries);
	EXPECT_EQ(0, self->stat.dirty);
}

TEST_F(mock_map, unmap_leaves_nothing)
{
	ASSERT_EQ(0, map_all(self, self->ioas_id));
	ASSERT_EQ(0, iv_ioas_unmap(self->fd, self->ioas_id, IOVA, SIZE, NULL));
	EXPECT_EQ(0, mapped(self, self->dev.hwpt_id));
	EXPECT_EQ(0, mock_memory_is_unpinned(self->fd, self->memory, SIZE));
}

TEST_F(mock_map, later_page_table_is_filled)
{
	struct mock_device other;
	uint32_t hwpt_id;

	ASSERT_EQ(0, map_all(self, self->ioas_id));
	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id, 0, &hwpt_id));
	EXPECT_EQ(0, mock_hwpt_maps(self->fd, hwpt_id, IOVA, self->memory, SIZE));
	ASSERT_EQ(0, mock_device_create(&other, self->fd, hwpt_id, 0));
	EXPECT_EQ(hwpt_id, other.hwpt_id);
}

TEST_F(mock_map, huge_page_table_uses_huge_pages)
{
	struct mock_device huge;
	uint32_t ioas_id;
	void *memory;

	memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0);
	if (memory == MAP_FAILED)
		SKIP(return, "no huge pages");
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &ioas_id));
	ASSERT_EQ(0, mock_device_create(&huge, self->fd, ioas_id, MOCK_FLAGS_DEVICE_HUGE_IOVA));
	ASSERT_EQ(0, iv_ioas_map(self->fd, ioas_id, memory, SIZE, IOVA, IV_DMA_RW));
	ASSERT_EQ(0, mock_hwpt_stat(self->fd, huge.hwpt_id, 0, UINT64_MAX, &self->stat));
	EXPECT_EQ(SIZE, self->stat.mapped);
	EXPECT_EQ(SIZE / HUGE_PAGE, self->stat.entries);
	EXPECT_EQ(0, mock_hwpt_maps(self->fd, huge.hwpt_id, IOVA, memory, SIZE));
	EXPECT_EQ(0, iv_ioas_unmap(self->fd, ioas_id, IOVA, SIZE, NULL));
	EXPECT_EQ(0, mapped(self, huge.hwpt_id));
	munmap(memory, SIZE);
}

TEST_F(mock_map, failed_map_leaves_nothing)
{
	static const uint32_t skips[] = { 0, 1, 511, 512, 513, ENTRIES - 1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(skips); i++) {
		ASSERT_EQ(0, mock_fail(self->fd, self->dev.hwpt_id, MOCK_FAIL_MAP, skips[i]));
		EXPECT_EQ(-ENOMEM, map_all(self, self->ioas_id));
		EXPECT_EQ(0, mapped(self, self->dev.hwpt_id));
		EXPECT_EQ(0, mock_memory_is_unpinned(self->fd, self->memory, SIZE));
	}
	EXPECT_EQ(0, map_all(self, self->ioas_id));
	EXPECT_EQ(0, mock_hwpt_maps(self->fd, self->dev.hwpt_id, IOVA, self->memory, SIZE));
}

/* Runs of contiguous pages, which go to the IOMMU driver in as few calls as can be */
TEST_F(mock_map, failed_map_of_contiguous_memory_leaves_nothing)
{
	/* Begins with the last page of a table: the run needs one more than it fills. */
	const uint64_t iova = IOVA + HUGE_PAGE - PAGE;
	static const uint32_t skips[] = { 0, 1, 2, 513, 514, 2000, ENTRIES - 1 };
	unsigned int i;
	char *memory;

	memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0);
	if (memory == MAP_FAILED)
		SKIP(return, "no huge pages");
	for (i = 0; i < ARRAY_SIZE(skips); i++) {
		ASSERT_EQ(0, mock_fail(self->fd, self->dev.hwpt_id, MOCK_FAIL_MAP, skips[i]));
		EXPECT_EQ(-ENOMEM,
			  iv_ioas_map(self->fd, self->ioas_id, memory, SIZE, iova, IV_DMA_RW));
		EXPECT_EQ(0, mapped(self, self->dev.hwpt_id))
			TH_LOG("after %u entries", skips[i]);
		EXPECT_EQ(0, mock_memory_is_unpinned(self->fd, memory, SIZE));
	}
	EXPECT_EQ(0, iv_ioas_map(self->fd, self->ioas_id, memory, SIZE, iova, IV_DMA_RW));
	EXPECT_EQ(0, mock_hwpt_maps(self->fd, self->dev.hwpt_id, iova, memory, SIZE));
	munmap(memory, SIZE);
}

TEST_F(mock_map, failed_map_leaves_nothing_in_other_page_tables)
{
	uint32_t hwpt_id;

	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id, 0, &hwpt_id));
	ASSERT_EQ(0, mock_fail(self->fd, hwpt_id, MOCK_FAIL_MAP, 700));
	EXPECT_EQ(-ENOMEM, map_all(self, self->ioas_id));
	ASSERT_EQ(0, mock_fail(self->fd, self->dev.hwpt_id, MOCK_FAIL_MAP, 700));
	EXPECT_EQ(-ENOMEM, map_all(self, self->ioas_id));
	EXPECT_EQ(0, mapped(self, self->dev.hwpt_id));
	EXPECT_EQ(0, mapped(self, hwpt_id));
	EXPECT_EQ(0, mock_memory_is_unpinned(self->fd, self->memory, SIZE));
}

TEST_F(mock_map, failed_attach_leaves_the_old_one)
{
	static const enum iommu_test_fail fails[] = {
		MOCK_FAIL_NEW_DOMAIN, MOCK_FAIL_ATTACH, MOCK_FAIL_NEW_MAP,
	};
	uint32_t ioas_id;
	unsigned int i;
	char byte = 1;

	ASSERT_EQ(0, map_all(self, self->ioas_id));
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &ioas_id));
	ASSERT_EQ(0, map_all(self, ioas_id));
	for (i = 0; i < ARRAY_SIZE(fails); i++) {
		ASSERT_EQ(0, mock_fail(self->fd, self->dev.id, fails[i], 0));
		EXPECT_EQ(-ENOMEM, mock_device_attach(&self->dev, ioas_id, NULL));
		EXPECT_EQ(0, mock_device_write(&self->dev, IOVA, &byte, 1));
		EXPECT_EQ(SIZE, mapped(self, self->dev.hwpt_id));
	}
	EXPECT_EQ(0, mock_device_attach(&self->dev, ioas_id, NULL));
}

TEST_F(mock_map, failed_attach_pins_nothing)
{
	struct mock_device dev;
	uint32_t ioas_id;

	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &ioas_id));
	ASSERT_EQ(0, map_all(self, ioas_id));
	ASSERT_EQ(0, mock_fail(self->fd, self->dev.id, MOCK_FAIL_NEW_MAP, 700));
	EXPECT_EQ(-ENOMEM, mock_device_attach(&self->dev, ioas_id, NULL));
	EXPECT_EQ(0, mock_memory_is_unpinned(self->fd, self->memory, SIZE));
	EXPECT_EQ(-ENOENT, mock_device_create(&dev, self->fd, UINT32_MAX, 0));
}

TEST_F(mock_map, device_reservation_applies_where_it_is_attached)
{
	uint32_t ioas_id;

	ASSERT_EQ(0, mock_device_reserve(&self->dev, IOVA, PAGE));
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &ioas_id));
	ASSERT_EQ(0, mock_device_attach(&self->dev, ioas_id, NULL));
	EXPECT_EQ(-EINVAL, map_all(self, ioas_id));
	EXPECT_EQ(0, map_all(self, self->ioas_id));
	EXPECT_EQ(-EADDRINUSE, mock_device_attach(&self->dev, self->ioas_id, NULL));
}

TEST_F(mock_map, ioas_reservation_stays)
{
	ASSERT_EQ(0, mock_ioas_reserve(self->fd, self->ioas_id, IOVA + PAGE, PAGE));
	EXPECT_EQ(-EINVAL, map_all(self, self->ioas_id));
	ASSERT_EQ(0, mock_device_destroy(&self->dev));
	EXPECT_EQ(-EINVAL, map_all(self, self->ioas_id));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->ioas_id));
}

TEST_F(mock_map, mapped_range_cant_be_reserved)
{
	ASSERT_EQ(0, map_all(self, self->ioas_id));
	EXPECT_EQ(-EADDRINUSE, mock_ioas_reserve(self->fd, self->ioas_id, IOVA, PAGE));
	EXPECT_EQ(-EINVAL, mock_ioas_reserve(self->fd, self->ioas_id, IOVA, 0));
	EXPECT_EQ(-EINVAL, mock_ioas_reserve(self->fd, self->ioas_id, IOVA, UINT64_MAX));
}

TEST_HARNESS_MAIN
