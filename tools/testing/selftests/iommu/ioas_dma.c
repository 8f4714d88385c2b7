// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a device can reach through an IOAS, seen with the DMA engine of the edu device.
 */
#include <errno.h>
#include "iommufd_ioctl.h"
#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "test_process.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define MEMORY_SIZE (2 * PAGE)
#define IOVA 0x100000UL
#define BLOCK 64U

FIXTURE(ioas_dma)
{
	struct test_device dev;
	struct iv_edu edu;
	char *memory;
};

FIXTURE_SETUP(ioas_dma)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	self->memory = test_memory_alloc(MEMORY_SIZE, PAGE);
	ASSERT_NE(NULL, self->memory);
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_ATTACHED));
	ASSERT_EQ(0, iv_edu_open(&self->edu, self->dev.fd));
}

FIXTURE_TEARDOWN(ioas_dma)
{
	iv_edu_close(&self->edu);
	test_device_teardown(&self->dev);
	test_memory_free(self->memory, MEMORY_SIZE);
}

static int map(const struct _test_data_ioas_dma *self, uint32_t prot)
{
	return iv_ioas_map(self->dev.iommufd, self->dev.ioas_id, self->memory, MEMORY_SIZE, IOVA,
			   prot);
}

/* Copies the first block at @from to @to by way of the device. */
static int device_copies(struct _test_data_ioas_dma *self, uint64_t from, uint64_t to)
{
	return iv_edu_dma_read(&self->edu, from, 0, BLOCK) ?:
	       iv_edu_dma_write(&self->edu, to, 0, BLOCK);
}

TEST_F(ioas_dma, device_reads_and_writes_mapped_memory)
{
	test_memory_fill(self->memory, BLOCK, 1);
	ASSERT_EQ(0, map(self, IV_DMA_RW));
	EXPECT_EQ(0, device_copies(self, IOVA, IOVA + PAGE));
	EXPECT_TRUE(test_memory_matches(self->memory + PAGE, BLOCK, 1));
}

TEST_F(ioas_dma, device_cant_write_readable_mapping)
{
	test_memory_fill(self->memory, BLOCK, 1);
	ASSERT_EQ(0, map(self, IV_DMA_READ));
	EXPECT_EQ(0, device_copies(self, IOVA, IOVA + PAGE));
	EXPECT_TRUE(test_memory_is(self->memory + PAGE, BLOCK, 0));
}

TEST_F(ioas_dma, device_cant_write_unmapped_iova)
{
	test_memory_fill(self->memory, BLOCK, 1);
	ASSERT_EQ(0, map(self, IV_DMA_RW));
	ASSERT_EQ(0, iv_edu_dma_read(&self->edu, IOVA, 0, BLOCK));
	ASSERT_EQ(0, iv_ioas_unmap(self->dev.iommufd, self->dev.ioas_id, IOVA, MEMORY_SIZE, NULL));
	EXPECT_EQ(0, iv_edu_dma_write(&self->edu, IOVA + PAGE, 0, BLOCK));
	EXPECT_TRUE(test_memory_is(self->memory + PAGE, BLOCK, 0));
}

TEST_F(ioas_dma, device_cant_write_after_detach)
{
	test_memory_fill(self->memory, BLOCK, 1);
	ASSERT_EQ(0, map(self, IV_DMA_RW));
	ASSERT_EQ(0, iv_edu_dma_read(&self->edu, IOVA, 0, BLOCK));
	ASSERT_EQ(0, iv_device_detach(self->dev.fd));
	EXPECT_EQ(0, iv_edu_dma_write(&self->edu, IOVA + PAGE, 0, BLOCK));
	EXPECT_TRUE(test_memory_is(self->memory + PAGE, BLOCK, 0));
}

TEST_F(ioas_dma, replace_moves_the_device_to_the_other_memory)
{
	char *other = test_memory_alloc(MEMORY_SIZE, PAGE);
	uint32_t ioas_id;

	ASSERT_NE(NULL, other);
	test_memory_fill(self->memory, BLOCK, 1);
	ASSERT_EQ(0, map(self, IV_DMA_RW));
	ASSERT_EQ(0, iv_edu_dma_read(&self->edu, IOVA, 0, BLOCK));
	ASSERT_EQ(0, iv_ioas_alloc(self->dev.iommufd, &ioas_id));
	ASSERT_EQ(0, iv_ioas_map(self->dev.iommufd, ioas_id, other, MEMORY_SIZE, IOVA, IV_DMA_RW));
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, ioas_id));
	EXPECT_EQ(0, iv_edu_dma_write(&self->edu, IOVA + PAGE, 0, BLOCK));
	EXPECT_TRUE(test_memory_matches(other + PAGE, BLOCK, 1));
	EXPECT_TRUE(test_memory_is(self->memory + PAGE, BLOCK, 0));
}

TEST_F(ioas_dma, device_sees_later_writes_to_untouched_memory)
{
	ASSERT_EQ(0, iv_ioas_map(self->dev.iommufd, self->dev.ioas_id, self->memory, PAGE, IOVA,
				 IV_DMA_READ));
	ASSERT_EQ(0, iv_ioas_map(self->dev.iommufd, self->dev.ioas_id, self->memory + PAGE, PAGE,
				 IOVA + PAGE, IV_DMA_WRITE));
	test_memory_fill(self->memory, BLOCK, 3);
	EXPECT_EQ(0, device_copies(self, IOVA, IOVA + PAGE));
	EXPECT_TRUE(test_memory_matches(self->memory + PAGE, BLOCK, 3));
}

static int child_writes(void *memory)
{
	test_memory_fill(memory, MEMORY_SIZE, 9);
	return 0;
}

TEST_F(ioas_dma, device_stays_with_the_parents_memory_after_fork)
{
	test_memory_fill(self->memory, BLOCK, 1);
	ASSERT_EQ(0, map(self, IV_DMA_RW));
	ASSERT_EQ(0, test_run_in_child(child_writes, self->memory, NULL));
	test_memory_fill(self->memory, BLOCK, 4);
	EXPECT_EQ(0, device_copies(self, IOVA, IOVA + PAGE));
	EXPECT_TRUE(test_memory_matches(self->memory + PAGE, BLOCK, 4));
}

TEST_F(ioas_dma, iova_and_address_need_not_be_alike)
{
	const uint64_t far_iova = IV_EDU_IOVA_LIMIT - PAGE;

	test_memory_fill(self->memory, BLOCK, 2);
	ASSERT_EQ(0, iv_ioas_map(self->dev.iommufd, self->dev.ioas_id, self->memory, PAGE, 0,
				 IV_DMA_READ));
	ASSERT_EQ(0, iv_ioas_map(self->dev.iommufd, self->dev.ioas_id, self->memory + PAGE, PAGE,
				 far_iova, IV_DMA_WRITE));
	EXPECT_EQ(0, device_copies(self, 0, far_iova));
	EXPECT_TRUE(test_memory_matches(self->memory + PAGE, BLOCK, 2));
}

TEST_HARNESS_MAIN
