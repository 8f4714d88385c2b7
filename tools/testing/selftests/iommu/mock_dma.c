// SPDX-License-Identifier: GPL-2.0-only
/*
 * What devices reach, seen from the devices: mappings, permissions, groups, other page tables.
 */
#include <errno.h>
#include <string.h>
#include "iommufd_ioctl.h"
#include "iv.h"
#include "mock_device.h"
#include "test_memory.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define SIZE (16 * PAGE)
#define IOVA ((uint64_t)MOCK_APERTURE_START)

FIXTURE(mock_dma)
{
	int fd;
	uint32_t ioas_id;
	struct mock_device dev;
	char *memory;
	char data[2 * PAGE];
	char seen[2 * PAGE];
};

FIXTURE_SETUP(mock_dma)
{
	ASSERT_EQ(0, mock_module_load());
	self->fd = iv_iommufd_open();
	ASSERT_LE(0, self->fd);
	self->memory = test_memory_alloc(SIZE, PAGE);
	ASSERT_NE(NULL, self->memory);
	test_memory_fill(self->data, sizeof(self->data), 1);
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &self->ioas_id));
	ASSERT_EQ(0, mock_device_create(&self->dev, self->fd, self->ioas_id, 0));
}

FIXTURE_TEARDOWN(mock_dma)
{
	/* The device goes with the context. */
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, mock_module_unload());
	test_memory_free(self->memory, SIZE);
}

static int map(const struct _test_data_mock_dma *self, uint32_t ioas_id, size_t offset,
	       uint32_t prot)
{
	return iv_ioas_map(self->fd, ioas_id, self->memory + offset, PAGE, IOVA, prot);
}

TEST_F(mock_dma, write_reaches_memory)
{
	const size_t at = PAGE - 100;

	ASSERT_EQ(0, iv_ioas_map(self->fd, self->ioas_id, self->memory, SIZE, IOVA, IV_DMA_RW));
	ASSERT_EQ(0, mock_device_write(&self->dev, IOVA + at, self->data, sizeof(self->data)));
	EXPECT_EQ(0, memcmp(self->memory + at, self->data, sizeof(self->data)));
	EXPECT_TRUE(test_memory_is(self->memory, at, 0));
}

TEST_F(mock_dma, read_sees_memory)
{
	ASSERT_EQ(0, iv_ioas_map(self->fd, self->ioas_id, self->memory, SIZE, IOVA, IV_DMA_RW));
	memcpy(self->memory + 77, self->data, sizeof(self->data));
	ASSERT_EQ(0, mock_device_read(&self->dev, IOVA + 77, self->seen, sizeof(self->seen)));
	EXPECT_EQ(0, memcmp(self->seen, self->data, sizeof(self->data)));
}

TEST_F(mock_dma, nothing_mapped_fails)
{
	ASSERT_EQ(0, map(self, self->ioas_id, 0, IV_DMA_RW));
	EXPECT_EQ(-ENXIO, mock_device_read(&self->dev, IOVA - 1, self->seen, 1));
	EXPECT_EQ(-ENXIO, mock_device_read(&self->dev, IOVA + PAGE, self->seen, 1));
	EXPECT_EQ(-ENXIO, mock_device_write(&self->dev, IOVA + PAGE - 1, self->data, 2));
}

TEST_F(mock_dma, unmapped_memory_is_out_of_reach)
{
	ASSERT_EQ(0, map(self, self->ioas_id, 0, IV_DMA_RW));
	ASSERT_EQ(0, iv_ioas_unmap(self->fd, self->ioas_id, IOVA, PAGE, NULL));
	EXPECT_EQ(-ENXIO, mock_device_write(&self->dev, IOVA, self->data, PAGE));
	EXPECT_TRUE(test_memory_is(self->memory, PAGE, 0));
	EXPECT_EQ(0, mock_memory_is_unpinned(self->fd, self->memory, SIZE));
}

TEST_F(mock_dma, readonly_mapping_refuses_writes)
{
	ASSERT_EQ(0, map(self, self->ioas_id, 0, IV_DMA_READ));
	EXPECT_EQ(-EACCES, mock_device_write(&self->dev, IOVA, self->data, 1));
	EXPECT_EQ(0, mock_device_read(&self->dev, IOVA, self->seen, 1));
}

TEST_F(mock_dma, writeonly_mapping_refuses_reads)
{
	ASSERT_EQ(0, map(self, self->ioas_id, 0, IV_DMA_WRITE));
	EXPECT_EQ(-EACCES, mock_device_read(&self->dev, IOVA, self->seen, 1));
	EXPECT_EQ(0, mock_device_write(&self->dev, IOVA, self->data, 1));
}

TEST_F(mock_dma, replace_switches_memory)
{
	uint32_t other;

	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &other));
	ASSERT_EQ(0, map(self, self->ioas_id, 0, IV_DMA_RW));
	ASSERT_EQ(0, map(self, other, PAGE, IV_DMA_RW));
	ASSERT_EQ(0, mock_device_attach(&self->dev, other, NULL));
	ASSERT_EQ(0, mock_device_write(&self->dev, IOVA, self->data, PAGE));
	EXPECT_TRUE(test_memory_is(self->memory, PAGE, 0));
	EXPECT_EQ(0, memcmp(self->memory + PAGE, self->data, PAGE));
}

TEST_F(mock_dma, replace_moves_the_whole_group)
{
	struct mock_device sibling;
	uint32_t other;

	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &other));
	ASSERT_EQ(0, map(self, other, PAGE, IV_DMA_RW));
	ASSERT_EQ(0, mock_device_create_sibling(&sibling, &self->dev, self->ioas_id));
	ASSERT_EQ(0, mock_device_attach(&self->dev, other, NULL));
	ASSERT_EQ(0, mock_device_write(&sibling, IOVA, self->data, PAGE));
	EXPECT_EQ(0, memcmp(self->memory + PAGE, self->data, PAGE));
}

TEST_F(mock_dma, siblings_cant_be_apart)
{
	struct mock_device sibling;
	uint32_t other;

	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &other));
	EXPECT_EQ(-EINVAL, mock_device_create_sibling(&sibling, &self->dev, other));
}

/* What a group reserves is asked for when a device joins, which may have regions of its own. */
TEST_F(mock_dma, what_the_group_reserves_by_now_is_reserved_when_a_sibling_joins)
{
	struct mock_device sibling;

	ASSERT_EQ(0, mock_device_reserve(&self->dev, IOVA, PAGE));
	ASSERT_EQ(0, mock_device_create_sibling(&sibling, &self->dev, self->ioas_id));
	EXPECT_EQ(-EINVAL, map(self, self->ioas_id, 0, IV_DMA_RW));
	ASSERT_EQ(0, mock_device_destroy(&sibling));
	EXPECT_EQ(-EINVAL, map(self, self->ioas_id, 0, IV_DMA_RW));
}

TEST_F(mock_dma, sibling_cant_join_if_the_group_reserves_what_is_mapped)
{
	struct mock_device sibling;

	ASSERT_EQ(0, map(self, self->ioas_id, 0, IV_DMA_RW));
	ASSERT_EQ(0, mock_device_reserve(&self->dev, IOVA, PAGE));
	EXPECT_EQ(-EADDRINUSE, mock_device_create_sibling(&sibling, &self->dev, self->ioas_id));
	EXPECT_EQ(0, mock_device_write(&self->dev, IOVA, self->data, PAGE));
	ASSERT_EQ(0, iv_ioas_unmap(self->fd, self->ioas_id, IOVA, PAGE, NULL));
	EXPECT_EQ(0, mock_device_create_sibling(&sibling, &self->dev, self->ioas_id));
}

TEST_F(mock_dma, last_sibling_keeps_the_page_table)
{
	struct mock_device sibling;

	ASSERT_EQ(0, map(self, self->ioas_id, 0, IV_DMA_RW));
	ASSERT_EQ(0, mock_device_create_sibling(&sibling, &self->dev, self->ioas_id));
	ASSERT_EQ(0, mock_device_destroy(&self->dev));
	EXPECT_EQ(0, mock_device_write(&sibling, IOVA, self->data, PAGE));
	EXPECT_EQ(0, mock_memory_is_pinned(self->fd, self->memory, PAGE));
	ASSERT_EQ(0, mock_device_destroy(&sibling));
	EXPECT_EQ(0, mock_memory_is_unpinned(self->fd, self->memory, PAGE));
}

TEST_F(mock_dma, closing_the_context_unpins)
{
	ASSERT_EQ(0, iv_ioas_map(self->fd, self->ioas_id, self->memory, SIZE, IOVA, IV_DMA_RW));
	EXPECT_EQ(0, mock_memory_is_pinned(self->fd, self->memory, SIZE));
	close(self->fd);
	self->fd = iv_iommufd_open();
	ASSERT_LE(0, self->fd);
	EXPECT_EQ(0, mock_memory_is_unpinned(self->fd, self->memory, SIZE));
}

TEST_F(mock_dma, attached_device_keeps_the_module)
{
	EXPECT_NE(0, mock_module_unload());
}

TEST_F(mock_dma, page_table_without_device_keeps_the_module)
{
	uint32_t hwpt_id;

	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id, 0, &hwpt_id));
	ASSERT_EQ(0, mock_device_destroy(&self->dev));
	EXPECT_NE(0, mock_module_unload());
	ASSERT_EQ(0, iv_iommufd_destroy(self->fd, hwpt_id));
}

TEST_F(mock_dma, unloaded_module_is_unknown_ioctl)
{
	struct iommu_test_cmd cmd = { .size = sizeof(cmd) };

	ASSERT_EQ(0, mock_device_destroy(&self->dev));
	ASSERT_EQ(0, mock_module_unload());
	EXPECT_EQ(-ENOTTY, iommufd_ioctl(self->fd, IOMMU_TEST_CMD, &cmd));
	ASSERT_EQ(0, mock_module_load());
	EXPECT_EQ(-EOPNOTSUPP, iommufd_ioctl(self->fd, IOMMU_TEST_CMD, &cmd));
}

TEST_HARNESS_MAIN
