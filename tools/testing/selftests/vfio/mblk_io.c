// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sample block device as a well-behaved program uses it: registers, requests on all kinds of
 * mappings, interrupts, reset, and attaching its software page table.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>
#include "iommufd_file.h"
#include "iommufd_state.h"
#include "iv.h"
#include "mblk_device.h"
#include "test_memory.h"
#include "kselftest_harness.h"

#define PAGE MBLK_PAGE
#define SIZE (64 * PAGE)
#define DATA MBLK_DATA_IOVA
#define CAPACITY (1UL << 20)
#define SECTOR MBLK_SECTOR_SIZE
#define SECTORS(bytes) ((bytes) / SECTOR)

FIXTURE(mblk_io)
{
	struct mblk_device mblk;
	char *memory;
	int64_t pinned;
};

FIXTURE_VARIANT(mblk_io)
{
	int flags;
};

FIXTURE_VARIANT_ADD(mblk_io, copy) { .flags = 0 };
FIXTURE_VARIANT_ADD(mblk_io, pin) { .flags = MBLK_DESC_PIN };

FIXTURE_SETUP(mblk_io)
{
	self->pinned = test_pinned_pages();
	ASSERT_EQ(0, mblk_setup(&self->mblk, TEST_MBLK_SMALL, 1));
	ASSERT_EQ(0, mblk_attach(&self->mblk));
	ASSERT_EQ(0, mblk_start(&self->mblk));
	self->memory = test_memory_alloc(SIZE, PAGE);
	ASSERT_NE(NULL, self->memory);
	test_memory_fill(self->memory, SIZE, 1);
}

FIXTURE_TEARDOWN(mblk_io)
{
	mblk_close(&self->mblk);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
	mblk_teardown(&self->mblk);
	test_memory_free(self->memory, SIZE);
}

static int map(struct mblk_device *mblk, const void *memory, size_t size, uint64_t iova)
{
	return iv_ioas_map(mblk->iommufd, mblk->ioas_id, memory, size, iova, IV_DMA_RW);
}

/* Writes @size bytes of memory at @iova to the disk, clears them, and reads them back. */
static int write_and_read(struct mblk_device *mblk, int flags, char *memory, uint64_t iova,
			  uint32_t size, uint64_t sector)
{
	int ret;

	test_memory_fill(memory, size, sector + 7);
	ret = mblk_io(mblk, MBLK_OP_WRITE, flags, iova, sector, size);
	if (ret != MBLK_OK)
		return ret;
	memset(memory, 0, size);
	ret = mblk_io(mblk, MBLK_OP_READ, flags, iova, sector, size);
	if (ret != MBLK_OK)
		return ret;
	return test_memory_matches(memory, size, sector + 7) ? MBLK_OK : -EIO;
}

TEST_F(mblk_io, registers_say_what_it_is)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	EXPECT_EQ(MBLK_ID, mblk_reg(&self->mblk, MBLK_REG_ID));
	EXPECT_EQ(CAPACITY / SECTOR, mblk_reg(&self->mblk, MBLK_REG_CAPACITY));
	EXPECT_EQ(MBLK_STATUS_ENABLED, mblk_reg(&self->mblk, MBLK_REG_STATUS));
	EXPECT_EQ(0, iv_device_info(self->mblk.fd, &info));
	EXPECT_EQ(VFIO_DEVICE_FLAGS_PLATFORM | VFIO_DEVICE_FLAGS_RESET, info.flags);
	EXPECT_EQ(1, info.num_regions);
	EXPECT_EQ(1, info.num_irqs);
}

TEST_F(mblk_io, disk_is_zeroed_at_first)
{
	ASSERT_EQ(0, map(&self->mblk, self->memory, SIZE, DATA));
	EXPECT_EQ(MBLK_OK, mblk_io(&self->mblk, MBLK_OP_READ, variant->flags, DATA, 0, SIZE));
	EXPECT_TRUE(test_memory_is(self->memory, SIZE, 0));
}

TEST_F(mblk_io, what_is_written_can_be_read)
{
	ASSERT_EQ(0, map(&self->mblk, self->memory, SIZE, DATA));
	EXPECT_EQ(MBLK_OK, write_and_read(&self->mblk, variant->flags, self->memory, DATA, SIZE,
					  3));
}

TEST_F(mblk_io, memory_need_not_be_aligned)
{
	ASSERT_EQ(0, map(&self->mblk, self->memory, SIZE, DATA));
	for (int offset = 1; offset < 3000; offset += 997)
		EXPECT_EQ(MBLK_OK, write_and_read(&self->mblk, variant->flags,
						  self->memory + offset, DATA + offset,
						  SIZE - PAGE, offset % 100));
}

TEST_F(mblk_io, one_request_crosses_mappings)
{
	/* Four mappings in a row, in an order of their own. */
	for (int i = 0; i < 4; i++)
		ASSERT_EQ(0, map(&self->mblk, self->memory + (3 - i) * 4 * PAGE, 4 * PAGE,
				 DATA + i * 4 * PAGE));
	for (int i = 0; i < 4; i++)
		test_memory_fill(self->memory + (3 - i) * 4 * PAGE, 4 * PAGE, 50 + i);
	EXPECT_EQ(MBLK_OK, mblk_io(&self->mblk, MBLK_OP_WRITE, variant->flags, DATA + 512, 0,
				   16 * PAGE - 512));
	memset(self->memory, 0, 16 * PAGE);
	EXPECT_EQ(MBLK_OK, mblk_io(&self->mblk, MBLK_OP_READ, variant->flags, DATA + 512, 0,
				   16 * PAGE - 512));
	EXPECT_TRUE(test_memory_is(self->memory + 12 * PAGE, 512, 0));
	for (int i = 1; i < 4; i++)
		EXPECT_TRUE(test_memory_matches(self->memory + (3 - i) * 4 * PAGE, 4 * PAGE,
						50 + i));
}

TEST_F(mblk_io, segments_follow_each_other)
{
	struct mblk_device *mblk = &self->mblk;

	ASSERT_EQ(0, map(mblk, self->memory, SIZE, DATA));
	/* Segment 1 is the last in memory; they are linked by descriptors out of order. */
	mblk_fill(&mblk->ring[40], 0, MBLK_DESC_NEXT, DATA + 8 * PAGE, 0, 2 * PAGE);
	mblk->ring[40].next = 20;
	mblk_fill(&mblk->ring[20], 0, 0, DATA, 0, 512);
	mblk_fill(mblk_next_desc(mblk), MBLK_OP_WRITE, variant->flags | MBLK_DESC_NEXT,
		  DATA + 16 * PAGE, 10, PAGE);
	mblk_next_desc(mblk)->next = 40;
	test_memory_fill(self->memory, SIZE, 9);
	ASSERT_EQ(0, mblk_submit(mblk));
	ASSERT_EQ(0, mblk_wait(mblk, 1000));
	EXPECT_EQ(MBLK_OK, mblk->ring[0].status);
	EXPECT_EQ(3 * PAGE + 512, mblk->ring[0].done);
	EXPECT_EQ(MBLK_OK, mblk_io(mblk, MBLK_OP_READ, variant->flags, DATA + 32 * PAGE, 10,
				   3 * PAGE + 512));
	EXPECT_EQ(0, memcmp(self->memory + 32 * PAGE, self->memory + 16 * PAGE, PAGE));
	EXPECT_EQ(0, memcmp(self->memory + 33 * PAGE, self->memory + 8 * PAGE, 2 * PAGE));
	EXPECT_EQ(0, memcmp(self->memory + 35 * PAGE, self->memory, 512));
}

TEST_F(mblk_io, file_mappings_work)
{
	int fd = iommufd_file_memfd(SIZE);
	char *view;

	ASSERT_LE(0, fd);
	view = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, view);
	ASSERT_EQ(0, iv_ioas_map_file(self->mblk.iommufd, self->mblk.ioas_id, fd, 0, SIZE, DATA,
				      IV_DMA_RW));
	EXPECT_EQ(MBLK_OK, write_and_read(&self->mblk, variant->flags, view, DATA, SIZE, 5));
	munmap(view, SIZE);
	close(fd);
}

TEST_F(mblk_io, copied_mappings_work)
{
	uint32_t other;

	ASSERT_EQ(0, iv_ioas_alloc(self->mblk.iommufd, &other));
	ASSERT_EQ(0, iv_ioas_map(self->mblk.iommufd, other, self->memory, SIZE, DATA, IV_DMA_RW));
	ASSERT_EQ(0, iv_ioas_copy(self->mblk.iommufd, self->mblk.ioas_id, DATA + PAGE, other,
				  DATA, SIZE, IV_DMA_RW));
	ASSERT_EQ(0, iv_ioas_unmap(self->mblk.iommufd, other, DATA, SIZE, NULL));
	EXPECT_EQ(MBLK_OK, write_and_read(&self->mblk, variant->flags, self->memory, DATA + PAGE,
					  SIZE, 5));
}

TEST_F(mblk_io, protection_of_mappings_holds)
{
	struct mblk_device *mblk = &self->mblk;

	ASSERT_EQ(0, iv_ioas_map(mblk->iommufd, mblk->ioas_id, self->memory, PAGE, DATA,
				 IV_DMA_READ));
	ASSERT_EQ(0, iv_ioas_map(mblk->iommufd, mblk->ioas_id, self->memory, PAGE, DATA + PAGE,
				 IV_DMA_WRITE));
	EXPECT_EQ(MBLK_OK, mblk_io(mblk, MBLK_OP_WRITE, variant->flags, DATA, 0, PAGE));
	EXPECT_EQ(MBLK_BAD_MEMORY, mblk_io(mblk, MBLK_OP_READ, variant->flags, DATA, 0, PAGE));
	EXPECT_EQ(MBLK_OK, mblk_io(mblk, MBLK_OP_READ, variant->flags, DATA + PAGE, 0, PAGE));
	EXPECT_EQ(MBLK_BAD_MEMORY, mblk_io(mblk, MBLK_OP_WRITE, variant->flags, DATA + PAGE, 0,
					   PAGE));
}

TEST_F(mblk_io, only_the_ring_stays_pinned)
{
	ASSERT_EQ(0, map(&self->mblk, self->memory, SIZE, DATA));
	EXPECT_EQ(1, test_pinned_pages() - self->pinned);
	EXPECT_EQ(MBLK_OK, write_and_read(&self->mblk, variant->flags, self->memory, DATA, SIZE,
					  0));
	EXPECT_EQ(1, test_pinned_pages() - self->pinned);
	EXPECT_EQ(0, mblk_reg_write(&self->mblk, MBLK_REG_CONTROL, 0));
	EXPECT_EQ(0, test_pinned_pages() - self->pinned);
}

TEST_F(mblk_io, interrupt_comes_if_it_is_asked_for)
{
	struct mblk_device *mblk = &self->mblk;

	ASSERT_EQ(0, map(mblk, self->memory, SIZE, DATA));
	mblk_fill(mblk_next_desc(mblk), MBLK_OP_READ, variant->flags, DATA, 0, PAGE);
	ASSERT_EQ(0, mblk_submit(mblk));
	EXPECT_EQ(0, iv_eventfd_wait(mblk->eventfd, 100));
	mblk_fill(mblk_next_desc(mblk), MBLK_OP_READ, variant->flags | MBLK_DESC_INTERRUPT, DATA, 0,
		  PAGE);
	ASSERT_EQ(0, mblk_submit(mblk));
	EXPECT_EQ(1, iv_eventfd_wait(mblk->eventfd, 2000));
	EXPECT_EQ(2, mblk_reg(mblk, MBLK_REG_HEAD));
}

TEST_F(mblk_io, reset_keeps_the_disk_and_nothing_else)
{
	struct mblk_device *mblk = &self->mblk;

	ASSERT_EQ(0, map(mblk, self->memory, SIZE, DATA));
	ASSERT_EQ(MBLK_OK, mblk_io(mblk, MBLK_OP_WRITE, variant->flags, DATA, 0, SIZE));
	ASSERT_EQ(0, iv_device_reset(mblk->fd));
	EXPECT_EQ(0, mblk_reg(mblk, MBLK_REG_STATUS));
	EXPECT_EQ(0, mblk_reg(mblk, MBLK_REG_QUEUE_IOVA));
	EXPECT_EQ(0, mblk_reg(mblk, MBLK_REG_HEAD));
	EXPECT_EQ(0, test_pinned_pages() - self->pinned);
	ASSERT_EQ(0, mblk_start(mblk));
	memset(self->memory, 0, SIZE);
	ASSERT_EQ(MBLK_OK, mblk_io(mblk, MBLK_OP_READ, variant->flags, DATA, 0, SIZE));
	EXPECT_TRUE(test_memory_matches(self->memory, SIZE, 1));
}

TEST_F(mblk_io, other_ioas_takes_the_place_of_the_first)
{
	struct mblk_device *mblk = &self->mblk;
	uint32_t other;

	ASSERT_EQ(0, map(mblk, self->memory, SIZE, DATA));
	ASSERT_EQ(0, iv_ioas_alloc(mblk->iommufd, &other));
	ASSERT_EQ(0, iv_ioas_map(mblk->iommufd, other, mblk->ring, MBLK_RING_SIZE, MBLK_RING_IOVA,
				 IV_DMA_RW));
	EXPECT_EQ(0, iv_device_attach(mblk->fd, other));
	/* The ring was pinned in the first, and is lost. */
	EXPECT_EQ(MBLK_STATUS_LOST, mblk_reg(mblk, MBLK_REG_STATUS));
	EXPECT_LE(1, iv_eventfd_wait(mblk->eventfd, 0));
	ASSERT_EQ(0, mblk_start(mblk));
	EXPECT_EQ(MBLK_BAD_MEMORY, mblk_io(mblk, MBLK_OP_READ, variant->flags, DATA, 0, PAGE));
	EXPECT_EQ(0, iv_iommufd_destroy(mblk->iommufd, mblk->ioas_id));
}

TEST_F(mblk_io, nothing_is_mapped_once_it_is_detached)
{
	struct mblk_device *mblk = &self->mblk;

	ASSERT_EQ(0, map(mblk, self->memory, SIZE, DATA));
	ASSERT_EQ(0, iv_device_detach(mblk->fd));
	EXPECT_EQ(MBLK_STATUS_LOST, mblk_reg(mblk, MBLK_REG_STATUS));
	EXPECT_EQ(-ENODEV, mblk_start(mblk));
	ASSERT_EQ(0, iv_device_attach(mblk->fd, mblk->ioas_id));
	ASSERT_EQ(0, mblk_start(mblk));
	EXPECT_EQ(MBLK_OK, mblk_io(mblk, MBLK_OP_READ, variant->flags, DATA, 0, PAGE));
}

TEST_F(mblk_io, only_an_ioas_can_be_attached)
{
	EXPECT_EQ(-ENOENT, iv_device_attach(self->mblk.fd, 12345));
	EXPECT_EQ(MBLK_STATUS_ENABLED, mblk_reg(&self->mblk, MBLK_REG_STATUS));
}

TEST_F(mblk_io, instances_have_disks_of_their_own)
{
	struct mblk_device other;

	ASSERT_EQ(0, mblk_setup(&other, TEST_MBLK_LARGE, 2));
	EXPECT_EQ(0, mblk_attach(&other));
	EXPECT_EQ(0, mblk_start(&other));
	EXPECT_EQ(16 * CAPACITY / SECTOR, mblk_reg(&other, MBLK_REG_CAPACITY));
	EXPECT_EQ(0, map(&self->mblk, self->memory, SIZE, DATA));
	EXPECT_EQ(0, map(&other, self->memory, SIZE, DATA));
	EXPECT_EQ(MBLK_OK, mblk_io(&self->mblk, MBLK_OP_WRITE, variant->flags, DATA, 0, SIZE));
	EXPECT_EQ(MBLK_OK, mblk_io(&other, MBLK_OP_READ, variant->flags, DATA, 0, SIZE));
	EXPECT_TRUE(test_memory_is(self->memory, SIZE, 0));
	mblk_teardown(&other);
}

/* Two devices in one context follow one IOAS. */
TEST_F(mblk_io, devices_share_an_ioas)
{
	struct mblk_device other;

	ASSERT_EQ(0, mblk_setup(&other, TEST_MBLK_SMALL, 2));
	close(other.fd);
	other.fd = test_mdev_open(other.uuid);
	ASSERT_EQ(0, iv_device_bind(other.fd, self->mblk.iommufd, NULL));
	ASSERT_EQ(0, iv_device_attach(other.fd, self->mblk.ioas_id));
	ASSERT_EQ(0, map(&self->mblk, self->memory, SIZE, DATA));
	ASSERT_EQ(0, map(&self->mblk, other.ring, MBLK_RING_SIZE, DATA + SIZE));
	ASSERT_EQ(0, mblk_reg_write(&other, MBLK_REG_QUEUE_IOVA, DATA + SIZE));
	ASSERT_EQ(0, mblk_reg_write(&other, MBLK_REG_QUEUE_SIZE, MBLK_RING_ENTRIES));
	ASSERT_EQ(0, mblk_reg_write(&other, MBLK_REG_CONTROL, MBLK_CONTROL_ENABLE));
	EXPECT_EQ(MBLK_OK, mblk_io(&self->mblk, MBLK_OP_WRITE, variant->flags, DATA, 0, SIZE));
	EXPECT_EQ(MBLK_OK, mblk_io(&other, MBLK_OP_WRITE, variant->flags, DATA, 0, SIZE));
	EXPECT_EQ(0, iv_ioas_unmap(self->mblk.iommufd, self->mblk.ioas_id, 0, UINT64_MAX, NULL));
	EXPECT_EQ(MBLK_STATUS_LOST, mblk_reg(&self->mblk, MBLK_REG_STATUS));
	EXPECT_EQ(MBLK_STATUS_LOST, mblk_reg(&other, MBLK_REG_STATUS));
	mblk_teardown(&other);
}

TEST_HARNESS_MAIN
