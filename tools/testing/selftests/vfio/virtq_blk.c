// SPDX-License-Identifier: GPL-2.0-only
/*
 * A disk driven from userspace through vfio-virtq: data, doorbells, interrupts.
 */
#include "kselftest_harness.h"

#include "iv.h"
#include "test_memory.h"
#include "test_virtq.h"
#include "test_wait.h"

#define SECTOR IV_VBLK_SECTOR
#define DATA TEST_VIRTQ_DATA_IOVA
#define TIMEOUT_MS 10000

FIXTURE(virtq_blk)
{
	struct test_virtq user;
	struct iv_vblk *vblk;
	char *data;
};

FIXTURE_SETUP(virtq_blk)
{
	if (!test_role_addr(TEST_VIRTIO_BLK))
		SKIP(return, "no device: set %s", test_role_name(TEST_VIRTIO_BLK));
	ASSERT_EQ(0, test_virtq_setup_live(&self->user));
	self->vblk = &self->user.vblk;
	self->data = self->user.data.va;
}

FIXTURE_TEARDOWN(virtq_blk)
{
	test_virtq_teardown(&self->user);
}

/* Whether memory holds what the disk was made with. */
static bool is_sector(const char *data, unsigned int sector)
{
	char text[64];

	snprintf(text, sizeof(text), "iommufd-vfio virtio block %u ", sector);
	return !strncmp(data, text, strlen(text));
}

TEST_F(virtq_blk, config_tells_the_capacity)
{
	EXPECT_EQ(32768, self->vblk->sectors);
}

TEST_F(virtq_blk, sectors_are_read_by_iova)
{
	static const unsigned int sectors[] = { 0, 1, 77, TEST_VIRTQ_SCRATCH - 1 };

	for (unsigned int i = 0; i < 4; i++) {
		EXPECT_EQ(0, iv_vblk_read(self->vblk, sectors[i], DATA + i * SECTOR, SECTOR));
		EXPECT_TRUE(is_sector(self->data + i * SECTOR, sectors[i]));
	}
}

TEST_F(virtq_blk, long_request_crosses_pages)
{
	const unsigned int count = 300;

	EXPECT_EQ(0, iv_vblk_read(self->vblk, 11, DATA + 256, count * SECTOR));
	for (unsigned int i = 0; i < count; i++)
		EXPECT_TRUE(is_sector(self->data + 256 + i * SECTOR, 11 + i));
	/* Nothing before it and nothing behind */
	EXPECT_TRUE(test_memory_is(self->data, 256, 0));
	EXPECT_TRUE(test_memory_is(self->data + 256 + count * SECTOR, 4096, 0));
}

TEST_F(virtq_blk, what_was_written_is_read)
{
	const size_t size = 64 * SECTOR;

	test_memory_fill(self->data, size, 5);
	EXPECT_EQ(0, iv_vblk_write(self->vblk, TEST_VIRTQ_SCRATCH + 100, DATA, size));
	EXPECT_EQ(0, iv_vblk_flush(self->vblk));
	EXPECT_EQ(0, iv_vblk_read(self->vblk, TEST_VIRTQ_SCRATCH + 100, DATA + size, size));
	EXPECT_TRUE(test_memory_matches(self->data + size, size, 5));
}

TEST_F(virtq_blk, request_beyond_the_end_is_refused_by_the_device)
{
	EXPECT_EQ(-EREMOTEIO, iv_vblk_read(self->vblk, 32768, DATA, SECTOR));
	EXPECT_EQ(0, iv_vblk_read(self->vblk, 32767, DATA, SECTOR));
}

TEST_F(virtq_blk, many_requests_are_outstanding_at_once)
{
	const unsigned int count = IV_VBLK_QUEUE_SIZE / 3;

	for (unsigned int round = 0; round < 20; round++) {
		memset(self->data, 0, count * SECTOR);
		for (unsigned int i = 0; i < count; i++)
			ASSERT_LE(0, iv_vblk_add(self->vblk, VIRTIO_BLK_T_IN, 1000 + round + i,
						 DATA + i * SECTOR, SECTOR));
		ASSERT_EQ(-ENOSPC, iv_vblk_add(self->vblk, VIRTIO_BLK_T_IN, 0, DATA, SECTOR));
		ASSERT_EQ(0, iv_virtq_kick(&self->vblk->queue));
		for (unsigned int i = 0; i < count; i++)
			ASSERT_LE(0, iv_vblk_wait(self->vblk, TIMEOUT_MS));
		for (unsigned int i = 0; i < count; i++)
			ASSERT_TRUE(is_sector(self->data + i * SECTOR, 1000 + round + i));
	}
}

TEST_F(virtq_blk, doorbell_can_be_mapped)
{
	EXPECT_TRUE(self->vblk->dev.notify.flags & VFIO_REGION_INFO_FLAG_MMAP);
	EXPECT_NE(NULL, self->vblk->dev.notify.map);
}

TEST_F(virtq_blk, doorbell_can_be_rung_by_write)
{
	ASSERT_LE(0, iv_vblk_add(self->vblk, VIRTIO_BLK_T_IN, 3, DATA, SECTOR));
	EXPECT_EQ(0, iv_virtq_kick_write(&self->vblk->queue));
	EXPECT_LE(0, iv_vblk_wait(self->vblk, TIMEOUT_MS));
	EXPECT_TRUE(is_sector(self->data, 3));
}

TEST_F(virtq_blk, interrupt_comes_once_for_one_request)
{
	ASSERT_LE(0, iv_vblk_add(self->vblk, VIRTIO_BLK_T_IN, 9, DATA, SECTOR));
	ASSERT_EQ(0, iv_virtq_kick(&self->vblk->queue));
	EXPECT_EQ(1, iv_eventfd_wait(self->vblk->eventfd, TIMEOUT_MS));
	EXPECT_LE(0, iv_virtq_take(&self->vblk->queue, NULL));
	EXPECT_EQ(0, iv_eventfd_wait(self->vblk->eventfd, 100));
}

TEST_F(virtq_blk, eventfd_can_be_changed_and_removed_while_live)
{
	int32_t other = iv_eventfd_create(), none = -1;

	EXPECT_EQ(0, iv_irq_set_eventfds(self->user.dev.fd, VFIO_VIRTQ_QUEUE_IRQ_INDEX, 0, 1,
					 &other));
	ASSERT_LE(0, iv_vblk_add(self->vblk, VIRTIO_BLK_T_IN, 9, DATA, SECTOR));
	ASSERT_EQ(0, iv_virtq_kick(&self->vblk->queue));
	EXPECT_EQ(1, iv_eventfd_wait(other, TIMEOUT_MS));
	EXPECT_EQ(0, iv_eventfd_wait(self->vblk->eventfd, 0));
	EXPECT_LE(0, iv_virtq_take(&self->vblk->queue, NULL));

	EXPECT_EQ(0, iv_irq_set_eventfds(self->user.dev.fd, VFIO_VIRTQ_QUEUE_IRQ_INDEX, 0, 1,
					 &none));
	ASSERT_LE(0, iv_vblk_add(self->vblk, VIRTIO_BLK_T_IN, 9, DATA, SECTOR));
	ASSERT_EQ(0, iv_virtq_kick(&self->vblk->queue));
	EXPECT_EQ(0, iv_eventfd_wait(other, 200));
	EXPECT_LE(0, iv_virtq_take(&self->vblk->queue, NULL));
	close(other);
}

TEST_F(virtq_blk, device_can_be_used_again_after_a_reset)
{
	struct test_device *dev = &self->user.dev;

	EXPECT_EQ(0, iv_device_reset(dev->fd));
	EXPECT_EQ(0, iv_virtq_status(&self->vblk->dev));
	iv_vblk_close(self->vblk);
	ASSERT_EQ(0, iv_vblk_open(self->vblk, dev->fd, dev->iommufd, dev->ioas_id,
				  TEST_VIRTQ_IOVA));
	EXPECT_EQ(0, iv_vblk_read(self->vblk, 21, DATA, SECTOR));
	EXPECT_TRUE(is_sector(self->data, 21));
}

TEST_F(virtq_blk, reset_takes_the_outstanding_requests_from_the_device)
{
	const size_t size = TEST_VIRTQ_DATA_SIZE / 16;

	for (unsigned int i = 0; i < 16; i++)
		ASSERT_LE(0, iv_vblk_add(self->vblk, VIRTIO_BLK_T_IN, 0, DATA + i * size, size));
	ASSERT_EQ(0, iv_virtq_kick(&self->vblk->queue));
	ASSERT_EQ(0, iv_virtq_reset(&self->vblk->dev));
	/* What was in flight has landed or never will. */
	memset(self->data, 0x5a, TEST_VIRTQ_DATA_SIZE);
	test_sleep_ms(200);
	EXPECT_TRUE(test_memory_is(self->data, TEST_VIRTQ_DATA_SIZE, 0x5a));
}

TEST_F(virtq_blk, native_driver_sees_the_same_sectors)
{
	const size_t size = 128 * SECTOR;
	char *seen = test_memory_alloc(size, 4096), *native = test_memory_alloc(size, 4096);

	ASSERT_EQ(0, iv_vblk_read(self->vblk, 40, DATA, size));
	memcpy(seen, self->data, size);
	ASSERT_EQ(0, test_virtq_give_to_native(&self->user));
	EXPECT_EQ(0, test_native_read(self->user.dev.addr, 40, native, size));
	EXPECT_EQ(0, memcmp(seen, native, size));
	EXPECT_TRUE(is_sector(native, 40));
	test_memory_free(seen, size);
	test_memory_free(native, size);
}

/* Two queues, each with an eventfd; one request goes through the second. */
FIXTURE(virtq_two)
{
	struct test_virtq user;
	struct iv_virtq_device dev;
	struct iv_virtq queues[2];
	int32_t eventfds[2];
	struct iv_dma request;
};

FIXTURE_SETUP(virtq_two)
{
	struct test_device *dev = &self->user.dev;

	if (!test_role_addr(TEST_VIRTIO_BLK))
		SKIP(return, "no device: set %s", test_role_name(TEST_VIRTIO_BLK));
	ASSERT_EQ(0, test_virtq_setup(&self->user, TEST_ATTACHED));
	ASSERT_EQ(0, iv_virtq_open(&self->dev, dev->fd));
	ASSERT_EQ(2, self->dev.num_queues);
	ASSERT_EQ(0, iv_virtq_negotiate(&self->dev, IV_VIRTQ_FEATURES | 1ULL << VIRTIO_BLK_F_MQ));
	for (unsigned int i = 0; i < 2; i++) {
		self->eventfds[i] = iv_eventfd_create();
		ASSERT_EQ(0, iv_virtq_queue_alloc(&self->queues[i], &self->dev, i, 16,
						  dev->iommufd, dev->ioas_id,
						  TEST_VIRTQ_IOVA + i * 0x10000));
		ASSERT_EQ(0, iv_virtq_queue_enable(&self->queues[i]));
	}
	ASSERT_EQ(0, iv_irq_set_eventfds(dev->fd, VFIO_VIRTQ_QUEUE_IRQ_INDEX, 0, 2,
					 self->eventfds));
	ASSERT_EQ(0, iv_dma_alloc(&self->request, dev->iommufd, dev->ioas_id, DATA, 8192));
	ASSERT_EQ(0, iv_virtq_start(&self->dev));
}

FIXTURE_TEARDOWN(virtq_two)
{
	EXPECT_EQ(0, iv_virtq_reset(&self->dev));
	for (unsigned int i = 0; i < 2; i++) {
		iv_virtq_queue_free(&self->queues[i]);
		close(self->eventfds[i]);
	}
	iv_dma_free(&self->request);
	iv_virtq_close(&self->dev);
	test_virtq_teardown(&self->user);
}

TEST_F(virtq_two, each_queue_signals_its_own_eventfd)
{
	struct virtio_blk_outhdr *header = self->request.va;
	struct iv_virtq_buffer buffers[] = {
		{ DATA, sizeof(*header), 0 },
		{ DATA + 4096, SECTOR, 1 },
		{ DATA + 64, 1, 1 },
	};

	for (unsigned int i = 0; i < 4; i++) {
		unsigned int nr = i % 2;
		uint32_t written = 0;

		header->type = VIRTIO_BLK_T_IN;
		header->sector = 500 + i;
		ASSERT_EQ(0, iv_virtq_add(&self->queues[nr], buffers, 3) < 0);
		ASSERT_EQ(0, iv_virtq_kick(&self->queues[nr]));
		EXPECT_EQ(1, iv_eventfd_wait(self->eventfds[nr], TIMEOUT_MS));
		EXPECT_LE(0, iv_virtq_take(&self->queues[nr], &written));
		EXPECT_EQ(SECTOR + 1, written);
		EXPECT_EQ(0, iv_eventfd_wait(self->eventfds[!nr], 0));
		EXPECT_TRUE(is_sector((char *)self->request.va + 4096, 500 + i));
	}
}

TEST_HARNESS_MAIN
