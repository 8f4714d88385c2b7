// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sample block device and a user who means no good: descriptors that make no sense, registers
 * at the wrong moment, memory that changes or goes while it is used.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "iommufd_state.h"
#include "iv.h"
#include "mblk_device.h"
#include "test_memory.h"
#include "test_thread.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define PAGE MBLK_PAGE
#define SIZE (64 * PAGE)
#define DATA MBLK_DATA_IOVA
#define SECTORS 2048
#define RUN_MS 4000
#define JOIN_MS 20000
#define PIN MBLK_DESC_PIN

FIXTURE(mblk_hostile)
{
	struct mblk_device mblk;
	struct test_threads threads;
	char *memory;
	int64_t pinned;
};

FIXTURE_SETUP(mblk_hostile)
{
	self->pinned = test_pinned_pages();
	ASSERT_EQ(0, mblk_setup(&self->mblk, TEST_MBLK_SMALL, 1));
	ASSERT_EQ(0, mblk_attach(&self->mblk));
	ASSERT_EQ(0, mblk_start(&self->mblk));
	self->memory = test_memory_alloc(SIZE, PAGE);
	ASSERT_NE(NULL, self->memory);
	ASSERT_EQ(0, iv_ioas_map(self->mblk.iommufd, self->mblk.ioas_id, self->memory, SIZE, DATA,
				 IV_DMA_RW));
}

FIXTURE_TEARDOWN(mblk_hostile)
{
	mblk_close(&self->mblk);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
	mblk_teardown(&self->mblk);
	test_memory_free(self->memory, SIZE);
}

TEST_F(mblk_hostile, bad_descriptors_are_refused)
{
	static const struct {
		uint64_t iova, sector;
		uint32_t length;
		int op, status;
	} bad[] = {
		{ DATA, 0, 0, MBLK_OP_READ, MBLK_BAD_DESC },
		{ DATA, 0, 1, MBLK_OP_READ, MBLK_BAD_DESC },
		{ DATA, 0, 513, MBLK_OP_READ, MBLK_BAD_DESC },
		{ DATA, 0, UINT32_MAX, MBLK_OP_READ, MBLK_BAD_DESC },
		{ DATA, 0, UINT32_MAX & ~511U, MBLK_OP_READ, MBLK_BAD_DESC },
		{ DATA, 0, MBLK_MAX_REQUEST + 512, MBLK_OP_READ, MBLK_BAD_DESC },
		{ DATA, 0, 512, 0, MBLK_BAD_DESC },
		{ DATA, 0, 512, 255, MBLK_BAD_DESC },
		{ UINT64_MAX - 510, 0, 512, MBLK_OP_READ, MBLK_BAD_DESC },
		{ UINT64_MAX - 511, 0, 512, MBLK_OP_READ, MBLK_BAD_MEMORY },
		{ 0, 0, 512, MBLK_OP_READ, MBLK_BAD_MEMORY },
		{ DATA - 1, 0, 512, MBLK_OP_WRITE, MBLK_BAD_MEMORY },
		{ DATA + SIZE - 511, 0, 512, MBLK_OP_READ, MBLK_BAD_MEMORY },
		{ DATA, SECTORS, 512, MBLK_OP_READ, MBLK_BAD_SECTOR },
		{ DATA, SECTORS - 1, 1024, MBLK_OP_WRITE, MBLK_BAD_SECTOR },
		{ DATA, UINT64_MAX, 512, MBLK_OP_READ, MBLK_BAD_SECTOR },
		{ DATA, UINT64_MAX / 512, 512, MBLK_OP_READ, MBLK_BAD_SECTOR },
		{ DATA, 1ULL << 55, 512, MBLK_OP_WRITE, MBLK_BAD_SECTOR },
	};

	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(bad); i++) {
		const unsigned int n = i / 2;

		EXPECT_EQ(bad[n].status, mblk_io(&self->mblk, bad[n].op, i % 2 ? PIN : 0,
						 bad[n].iova, bad[n].sector, bad[n].length))
			TH_LOG("descriptor %u", n);
	}
	EXPECT_EQ(MBLK_OK, mblk_io(&self->mblk, MBLK_OP_READ, 0, DATA, SECTORS - 1, 512));
}

TEST_F(mblk_hostile, endless_chain_ends)
{
	struct mblk_device *mblk = &self->mblk;

	mblk_fill(&mblk->ring[0], MBLK_OP_WRITE, MBLK_DESC_NEXT, DATA, 0, 512);
	mblk->ring[0].next = 0;
	ASSERT_EQ(0, mblk_submit(mblk));
	ASSERT_EQ(0, mblk_wait(mblk, 5000));
	EXPECT_EQ(MBLK_BAD_DESC, mblk->ring[0].status);
	EXPECT_EQ(MBLK_MAX_REQUEST, mblk->ring[0].done);
}

TEST_F(mblk_hostile, chain_out_of_the_ring_ends)
{
	struct mblk_device *mblk = &self->mblk;

	mblk_fill(&mblk->ring[0], MBLK_OP_WRITE, MBLK_DESC_NEXT | PIN, DATA, 0, 512);
	mblk->ring[0].next = MBLK_RING_ENTRIES;
	ASSERT_EQ(0, mblk_submit(mblk));
	ASSERT_EQ(0, mblk_wait(mblk, 5000));
	EXPECT_EQ(MBLK_BAD_DESC, mblk->ring[0].status);
	EXPECT_EQ(512, mblk->ring[0].done);
}

TEST_F(mblk_hostile, more_requests_than_descriptors_stop_the_queue)
{
	struct mblk_device *mblk = &self->mblk;

	EXPECT_EQ(0, mblk_reg_write(mblk, MBLK_REG_TAIL, MBLK_RING_ENTRIES + 1));
	EXPECT_EQ(MBLK_STATUS_ENABLED | MBLK_STATUS_BAD_TAIL, mblk_reg(mblk, MBLK_REG_STATUS));
	EXPECT_EQ(0, mblk_reg(mblk, MBLK_REG_HEAD));
	EXPECT_EQ(0, mblk_reg_write(mblk, MBLK_REG_CONTROL, 0));
	EXPECT_EQ(0, mblk_start(mblk));
	EXPECT_EQ(MBLK_OK, mblk_io(mblk, MBLK_OP_READ, 0, DATA, 0, 512));
}

TEST_F(mblk_hostile, bad_queues_are_refused)
{
	static const struct {
		uint64_t iova;
		uint32_t size;
		int ret;
	} bad[] = {
		{ MBLK_RING_IOVA, 0, -EINVAL },
		{ MBLK_RING_IOVA, 3, -EINVAL },
		{ MBLK_RING_IOVA, 512, -EINVAL },
		{ MBLK_RING_IOVA, 0x80000000, -EINVAL },
		{ MBLK_RING_IOVA + 32, 64, -EINVAL },
		{ MBLK_RING_IOVA, 256, -ENOENT },
		{ 0, 64, -ENOENT },
		{ UINT64_MAX - 4095, 256, -EOVERFLOW },
		{ UINT64_MAX - 4095, 128, -ENOENT },
	};
	struct mblk_device *mblk = &self->mblk;

	EXPECT_EQ(-EBUSY, mblk_reg_write(mblk, MBLK_REG_QUEUE_SIZE, 1));
	EXPECT_EQ(-EINVAL, mblk_reg_write(mblk, MBLK_REG_CONTROL, 2));
	ASSERT_EQ(0, mblk_reg_write(mblk, MBLK_REG_CONTROL, 0));
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		ASSERT_EQ(0, mblk_reg_write(mblk, MBLK_REG_QUEUE_IOVA, bad[i].iova));
		ASSERT_EQ(0, mblk_reg_write(mblk, MBLK_REG_QUEUE_SIZE, bad[i].size));
		EXPECT_EQ(bad[i].ret, mblk_reg_write(mblk, MBLK_REG_CONTROL, 1))
			TH_LOG("queue %u", i);
	}
	EXPECT_EQ(0, test_pinned_pages() - self->pinned);
}

TEST_F(mblk_hostile, registers_take_whole_accesses_only)
{
	char bytes[4096] = { 0 };
	int fd = self->mblk.fd;

	for (int offset = 0; offset < 48; offset++) {
		for (int size = 1; size <= 16; size++) {
			bool fits = (size == 8 && (offset == 8 || offset == 16)) ||
				    (size == 4 && offset < 0x28 && offset % 4 == 0 &&
				     (offset < 8 || offset >= 0x18));

			EXPECT_EQ(fits ? size : -1, pread(fd, bytes, size, offset))
				TH_LOG("%d bytes at %d", size, offset);
		}
	}
	EXPECT_EQ(0, pread(fd, bytes, 4, MBLK_REGION_SIZE));
	EXPECT_EQ(0, pread(fd, bytes, 4, INT64_MAX - 4));
	EXPECT_EQ(-1, pwrite(fd, bytes, 4, MBLK_REGION_SIZE));
	EXPECT_EQ(-1, pwrite(fd, bytes, 4, MBLK_REG_ID));
	EXPECT_EQ(-1, pwrite(fd, bytes, 4, MBLK_REG_HEAD));
	EXPECT_EQ(-1, pread(fd, bytes, sizeof(bytes), 0));
}

TEST_F(mblk_hostile, interrupts_without_the_data_that_is_announced_are_refused)
{
	static const uint32_t kinds[] = { VFIO_IRQ_SET_DATA_BOOL, VFIO_IRQ_SET_DATA_EVENTFD };
	struct mblk_device *mblk = &self->mblk;
	const int32_t data = -1;

	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		uint32_t flags = kinds[i] | VFIO_IRQ_SET_ACTION_TRIGGER;

		EXPECT_EQ(-EINVAL, iv_irq_set(mblk->fd, flags, MBLK_IRQ, 0, 0, NULL, 0));
		EXPECT_EQ(-EINVAL, iv_irq_set(mblk->fd, flags, MBLK_IRQ, 0, 0, &data,
					      sizeof(data)));
		EXPECT_EQ(-EINVAL, iv_irq_set(mblk->fd, flags, MBLK_IRQ, 0, 1, NULL, 0));
	}
	/* What was set up stays, and no data is needed to end that. */
	EXPECT_EQ(0, iv_irq_trigger(mblk->fd, MBLK_IRQ, 0, 1));
	EXPECT_EQ(1, iv_eventfd_wait(mblk->eventfd, 0));
	EXPECT_EQ(0, iv_irq_disable(mblk->fd, MBLK_IRQ));
	EXPECT_EQ(0, iv_irq_trigger(mblk->fd, MBLK_IRQ, 0, 1));
	EXPECT_EQ(0, iv_eventfd_wait(mblk->eventfd, 0));
}

/* The ring is data for the device: it may write into it what it likes. */
TEST_F(mblk_hostile, ring_can_be_its_own_data)
{
	struct mblk_device *mblk = &self->mblk;

	memset(self->memory, 0xff, PAGE);
	ASSERT_EQ(MBLK_OK, mblk_io(mblk, MBLK_OP_WRITE, 0, DATA, 0, PAGE));
	mblk_fill(mblk_next_desc(mblk), MBLK_OP_READ, PIN, MBLK_RING_IOVA, 0, PAGE);
	ASSERT_EQ(0, mblk_submit(mblk));
	ASSERT_EQ(0, mblk_wait(mblk, 5000));
	EXPECT_EQ(MBLK_OK, mblk->ring[1].status);
	mblk->tail = 63;
	ASSERT_EQ(0, mblk_submit(mblk));
	ASSERT_EQ(0, mblk_wait(mblk, 5000));
	EXPECT_EQ(MBLK_BAD_DESC, mblk->ring[63].status);
}

/* Fills the ring with noise, again and again, while the device works on it. */
static void scribble(struct test_threads *threads, unsigned int index, void *arg)
{
	struct mblk_device *mblk = arg;
	unsigned int seed = index;

	while (!test_threads_stopping(threads)) {
		struct mblk_desc *desc = &mblk->ring[rand_r(&seed) % MBLK_RING_ENTRIES];

		mblk_fill(desc, rand_r(&seed) % 4, rand_r(&seed), DATA + rand_r(&seed) % (2 * SIZE),
			  rand_r(&seed) % (SECTORS * 2), (rand_r(&seed) % 4096) * 512);
		desc->next = rand_r(&seed) % (2 * MBLK_RING_ENTRIES);
		if (!(rand_r(&seed) % 8))
			memset(desc, rand_r(&seed), sizeof(*desc));
	}
}

static void ring_doorbell(struct test_threads *threads, unsigned int index, void *arg)
{
	struct mblk_device *mblk = arg;
	unsigned int seed = index;

	while (!test_threads_stopping(threads)) {
		uint64_t head = mblk_reg(mblk, MBLK_REG_HEAD);

		mblk_reg_write(mblk, MBLK_REG_TAIL, head + rand_r(&seed) % MBLK_RING_ENTRIES);
		threads->rounds++;
		if (!(rand_r(&seed) % 64))
			mblk_reg_write(mblk, MBLK_REG_TAIL, rand_r(&seed));
	}
}

static void set_up_again(struct test_threads *threads, unsigned int index, void *arg)
{
	struct mblk_device *mblk = arg;
	unsigned int seed = index;

	while (!test_threads_stopping(threads)) {
		switch (rand_r(&seed) % 4) {
		case 0:
			iv_device_reset(mblk->fd);
			break;
		case 1:
			mblk_reg_write(mblk, MBLK_REG_CONTROL, 0);
			break;
		}
		mblk_reg_write(mblk, MBLK_REG_QUEUE_IOVA, MBLK_RING_IOVA);
		mblk_reg_write(mblk, MBLK_REG_QUEUE_SIZE, 1U << rand_r(&seed) % 8);
		mblk_reg_write(mblk, MBLK_REG_CONTROL, 1);
	}
}

static void unmap_and_map(struct test_threads *threads, unsigned int index, void *arg)
{
	struct mblk_device *mblk = arg;

	(void)index;
	while (!test_threads_stopping(threads)) {
		iv_ioas_unmap(mblk->iommufd, mblk->ioas_id, MBLK_RING_IOVA, MBLK_RING_SIZE, NULL);
		iv_ioas_map(mblk->iommufd, mblk->ioas_id, mblk->ring, MBLK_RING_SIZE,
			    MBLK_RING_IOVA, IV_DMA_RW);
	}
}

static void reattach(struct test_threads *threads, unsigned int index, void *arg)
{
	struct mblk_device *mblk = arg;
	uint32_t other;

	(void)index;
	iv_ioas_alloc(mblk->iommufd, &other);
	while (!test_threads_stopping(threads)) {
		iv_device_attach(mblk->fd, other);
		iv_device_detach(mblk->fd);
		iv_device_attach(mblk->fd, mblk->ioas_id);
	}
}

static void do_anything(struct test_threads *threads, unsigned int index, void *arg)
{
	static const test_thread_fn functions[] = {
		scribble, ring_doorbell, set_up_again, ring_doorbell, unmap_and_map, reattach,
	};

	functions[index % ARRAY_SIZE(functions)](threads, index, arg);
}

static int run_threads(struct test_threads *threads, struct mblk_device *mblk, unsigned int count)
{
	int ret = test_threads_start(threads, count, do_anything, mblk);

	if (ret)
		return ret;
	test_sleep_ms(RUN_MS);
	test_threads_stop(threads);
	return test_threads_join(threads, JOIN_MS);
}

static int works(struct mblk_device *mblk)
{
	int ret;

	iv_device_attach(mblk->fd, mblk->ioas_id);
	mblk_reg_write(mblk, MBLK_REG_CONTROL, 0);
	ret = mblk_start(mblk);
	return ret ? ret : mblk_io(mblk, MBLK_OP_WRITE, PIN, DATA, 0, SIZE);
}

TEST_F(mblk_hostile, noise_in_the_ring_does_no_harm)
{
	EXPECT_EQ(0, run_threads(&self->threads, &self->mblk, 2));
	EXPECT_LT(0, self->threads.rounds);
	EXPECT_EQ(MBLK_OK, works(&self->mblk));
}

TEST_F(mblk_hostile, setting_up_during_requests_does_no_harm)
{
	EXPECT_EQ(0, run_threads(&self->threads, &self->mblk, 4));
	EXPECT_EQ(MBLK_OK, works(&self->mblk));
}

TEST_F(mblk_hostile, everything_at_the_same_time_does_no_harm)
{
	EXPECT_EQ(0, run_threads(&self->threads, &self->mblk, 6));
	EXPECT_EQ(MBLK_OK, works(&self->mblk));
}

TEST_F(mblk_hostile, closing_during_everything_does_no_harm)
{
	ASSERT_EQ(0, test_threads_start(&self->threads, 6, do_anything, &self->mblk));
	test_sleep_ms(300);
	/* What the threads do from now on fails; the number is not used anew. */
	EXPECT_EQ(0, test_mdev_remove(self->mblk.uuid));
	test_threads_stop(&self->threads);
	EXPECT_EQ(0, test_threads_join(&self->threads, JOIN_MS));
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
}

TEST_HARNESS_MAIN
