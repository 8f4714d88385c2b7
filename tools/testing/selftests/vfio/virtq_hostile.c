// SPDX-License-Identifier: GPL-2.0-only
/*
 * Queues that lie: in memory that isn't there, with descriptors that make no sense. The device may
 * give up, and says so; nobody else notices.
 */
#include "kselftest_harness.h"

#include <errno.h>

#include "iv.h"
#include "test_memory.h"
#include "test_thread.h"
#include "test_virtq.h"
#include "test_wait.h"

/* For kernels with all checks, on a busy machine */
#define SLOW_S 100

#define SECTOR IV_VBLK_SECTOR
#define DATA TEST_VIRTQ_DATA_IOVA
#define NOWHERE 0x70000000ULL
#define TIMEOUT_MS 5000

FIXTURE(virtq_hostile)
{
	struct test_virtq user;
	struct iv_vblk *vblk;
	int32_t config_eventfd;
};

FIXTURE_SETUP(virtq_hostile)
{
	if (!test_role_addr(TEST_VIRTIO_BLK))
		SKIP(return, "no device: set %s", test_role_name(TEST_VIRTIO_BLK));
	ASSERT_EQ(0, test_virtq_setup_live(&self->user));
	self->vblk = &self->user.vblk;
	self->config_eventfd = iv_eventfd_create();
	ASSERT_EQ(0, iv_irq_set_eventfds(self->user.dev.fd, VFIO_VIRTQ_CONFIG_IRQ_INDEX, 0, 1,
					 &self->config_eventfd));
}

FIXTURE_TEARDOWN(virtq_hostile)
{
	close(self->config_eventfd);
	test_virtq_teardown(&self->user);
}

/* After all that was done to it, a reset makes the device as new. */
static int works_after_reset(struct test_virtq *user)
{
	struct iv_vblk *vblk = &user->vblk;
	int ret;

	iv_vblk_close(vblk);
	ret = iv_vblk_open(vblk, user->dev.fd, user->dev.iommufd, user->dev.ioas_id,
			   TEST_VIRTQ_IOVA);
	if (!ret)
		ret = iv_vblk_read(vblk, 7, DATA, SECTOR);
	if (!ret && strncmp(user->data.va, "iommufd-vfio virtio block 7 ", 28))
		ret = -EIO;
	return ret;
}

/* How such a request ends is up to the device: refused, as if it had worked, or by giving up. */
static void run_to_nowhere(struct test_virtq *user, uint64_t iova, uint32_t size)
{
	if (iv_vblk_add(&user->vblk, VIRTIO_BLK_T_IN, 7, iova, size) >= 0 &&
	    !iv_virtq_kick(&user->vblk.queue))
		iv_vblk_wait(&user->vblk, 1000);
}

TEST_F(virtq_hostile, buffer_that_is_not_mapped_reaches_nothing)
{
	run_to_nowhere(&self->user, NOWHERE, SECTOR);
	EXPECT_TRUE(test_memory_is(self->user.data.va, TEST_VIRTQ_DATA_SIZE, 0));
	EXPECT_EQ(0, works_after_reset(&self->user));
}

TEST_F(virtq_hostile, memory_that_is_only_readable_is_not_written)
{
	struct test_device *dev = &self->user.dev;
	void *memory = test_memory_alloc(4096, 4096);

	ASSERT_EQ(0, iv_ioas_map(dev->iommufd, dev->ioas_id, memory, 4096, NOWHERE, IV_DMA_READ));
	run_to_nowhere(&self->user, NOWHERE, SECTOR);
	EXPECT_TRUE(test_memory_is(memory, 4096, 0));
	EXPECT_EQ(0, works_after_reset(&self->user));
	EXPECT_EQ(0, iv_ioas_unmap(dev->iommufd, dev->ioas_id, NOWHERE, 4096, NULL));
	test_memory_free(memory, 4096);
}

TEST_F(virtq_hostile, buffer_that_wraps_reaches_nothing)
{
	run_to_nowhere(&self->user, UINT64_MAX - SECTOR + 3, 2 * SECTOR);
	EXPECT_TRUE(test_memory_is(self->user.data.va, TEST_VIRTQ_DATA_SIZE, 0));
	EXPECT_EQ(0, works_after_reset(&self->user));
}

TEST_F(virtq_hostile, chain_that_bites_its_tail_breaks_the_device_alone)
{
	struct iv_virtq *queue = &self->vblk->queue;
	int id = iv_vblk_add(self->vblk, VIRTIO_BLK_T_IN, 7, DATA, SECTOR);

	ASSERT_LE(0, id);
	queue->desc[id].next = id;
	ASSERT_EQ(0, iv_virtq_kick(queue));
	EXPECT_TRUE(test_virtq_is_broken(&self->user));
	EXPECT_EQ(0, works_after_reset(&self->user));
}

TEST_F(virtq_hostile, available_index_that_jumps_breaks_the_device_alone)
{
	struct iv_virtq *queue = &self->vblk->queue;

	queue->avail->idx = queue->size + 9;
	ASSERT_EQ(0, iv_virtq_kick(queue));
	EXPECT_TRUE(test_virtq_is_broken(&self->user));
	EXPECT_LT(0, iv_eventfd_wait(self->config_eventfd, TIMEOUT_MS));
	EXPECT_EQ(0, works_after_reset(&self->user));
}

TEST_F(virtq_hostile, detaching_in_mid_io_blocks_the_device)
{
	struct test_device *dev = &self->user.dev;

	ASSERT_EQ(0, iv_device_detach(dev->fd));
	ASSERT_LE(0, iv_vblk_add(self->vblk, VIRTIO_BLK_T_IN, 7, DATA, SECTOR));
	ASSERT_EQ(0, iv_virtq_kick(&self->vblk->queue));
	EXPECT_EQ(-ETIMEDOUT, iv_vblk_wait(self->vblk, 300));
	EXPECT_TRUE(test_memory_is(self->user.data.va, SECTOR, 0));
	ASSERT_EQ(0, iv_device_attach(dev->fd, dev->ioas_id));
	EXPECT_EQ(0, works_after_reset(&self->user));
}

TEST_F(virtq_hostile, unmapping_in_mid_io_harms_nobody)
{
	const size_t size = TEST_VIRTQ_DATA_SIZE / 16;

	for (unsigned int i = 0; i < 16; i++)
		ASSERT_LE(0, iv_vblk_add(self->vblk, VIRTIO_BLK_T_IN, 0, DATA + i * size, size));
	ASSERT_EQ(0, iv_virtq_kick(&self->vblk->queue));
	iv_dma_free(&self->user.data);
	EXPECT_EQ(0, iv_dma_alloc(&self->user.data, self->user.dev.iommufd,
				  self->user.dev.ioas_id, DATA, TEST_VIRTQ_DATA_SIZE));
	EXPECT_EQ(0, works_after_reset(&self->user));
}

/* Where the queue's areas are, before anything is mapped there. */
FIXTURE(virtq_nowhere)
{
	struct test_virtq user;
	struct iv_virtq_device dev;
};

FIXTURE_VARIANT(virtq_nowhere)
{
	enum test_stage stage;
	uint64_t desc;
	uint64_t driver;
	uint64_t device;
};

FIXTURE_VARIANT_ADD(virtq_nowhere, unmapped) {
	.stage = TEST_ATTACHED, .desc = NOWHERE, .driver = NOWHERE + 4096, .device = NOWHERE + 8192,
};

FIXTURE_VARIANT_ADD(virtq_nowhere, zero) {
	.stage = TEST_ATTACHED, .desc = 0, .driver = 0, .device = 0,
};

FIXTURE_VARIANT_ADD(virtq_nowhere, last_bytes) {
	.stage = TEST_ATTACHED,
	.desc = -(16 * 16ULL), .driver = -(16 * 16ULL), .device = -(16 * 16ULL),
};

FIXTURE_VARIANT_ADD(virtq_nowhere, not_attached) {
	.stage = TEST_BOUND, .desc = DATA, .driver = DATA + 4096, .device = DATA + 8192,
};

FIXTURE_SETUP(virtq_nowhere)
{
	if (!test_role_addr(TEST_VIRTIO_BLK))
		SKIP(return, "no device: set %s", test_role_name(TEST_VIRTIO_BLK));
	ASSERT_EQ(0, test_virtq_setup(&self->user, variant->stage));
	ASSERT_EQ(0, iv_virtq_open(&self->dev, self->user.dev.fd));
}

FIXTURE_TEARDOWN(virtq_nowhere)
{
	iv_virtq_close(&self->dev);
	test_virtq_teardown(&self->user);
}

TEST_F(virtq_nowhere, queue_can_be_enabled_and_reaches_nothing)
{
	struct iv_virtq_device *dev = &self->dev;
	char *memory = test_memory_alloc(4 * 4096, 4096);
	struct iv_virtq queue = { .dev = dev, .nr = 0 };

	/* What a device would find that got at this process' memory in some other way */
	memset(memory, 0xff, 4 * 4096);
	ASSERT_EQ(0, iv_virtq_negotiate(dev, IV_VIRTQ_FEATURES));
	ASSERT_EQ(0, iv_virtq_set32(dev, IV_VIRTQ_QUEUE_REG(dev, 0, size), 16));
	ASSERT_EQ(0, iv_virtq_set64(dev, IV_VIRTQ_QUEUE_REG(dev, 0, desc), variant->desc));
	ASSERT_EQ(0, iv_virtq_set64(dev, IV_VIRTQ_QUEUE_REG(dev, 0, driver), variant->driver));
	ASSERT_EQ(0, iv_virtq_set64(dev, IV_VIRTQ_QUEUE_REG(dev, 0, device), variant->device));
	ASSERT_EQ(0, iv_virtq_set32(dev, IV_VIRTQ_QUEUE_REG(dev, 0, enable), 1));
	ASSERT_EQ(0, iv_virtq_start(dev));
	EXPECT_EQ(0, iv_virtq_kick_write(&queue));
	test_sleep_ms(200);
	EXPECT_TRUE(test_memory_is(memory, 4 * 4096, 0xff));
	EXPECT_EQ(0, iv_virtq_reset(dev));
	test_memory_free(memory, 4 * 4096);

	/* An ordinary user comes next. */
	EXPECT_EQ(0, test_virtq_start(&self->user));
	EXPECT_EQ(0, iv_vblk_read(&self->user.vblk, 7, DATA, SECTOR));
	EXPECT_EQ(0, strncmp(self->user.data.va, "iommufd-vfio virtio block 7 ", 28));
}

/* Threads that write anything anywhere, and reset now and then. */
#define FUZZ_ROUNDS 3000

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return *state >> 20;
}

/* Now and then what makes the device go on, so that all stages are met. */
static void fuzz_sensibly(struct iv_virtq_device *dev, uint64_t *state)
{
	uint32_t nr = next_random(state) % dev->num_queues;
	struct iv_virtq queue = { .dev = dev, .nr = nr, .notify_offset = 4 * nr };

	switch (next_random(state) % 6) {
	case 0:
		iv_virtq_reset(dev);
		break;
	case 1:
		iv_virtq_negotiate(dev, IV_VIRTQ_FEATURES);
		break;
	case 2:
		iv_virtq_set64(dev, IV_VIRTQ_QUEUE_REG(dev, nr, desc), DATA);
		iv_virtq_set64(dev, IV_VIRTQ_QUEUE_REG(dev, nr, driver), DATA + 0x4000);
		iv_virtq_set64(dev, IV_VIRTQ_QUEUE_REG(dev, nr, device), DATA + 0x8000);
		break;
	case 3:
		iv_virtq_set32(dev, IV_VIRTQ_QUEUE_REG(dev, nr, enable), 1);
		break;
	case 4:
		iv_virtq_start(dev);
		break;
	default:
		iv_virtq_kick_write(&queue);
		break;
	}
}

static void fuzz(struct test_threads *threads, unsigned int index, void *arg)
{
	struct test_virtq *user = arg;
	struct iv_virtq_device *dev = &user->vblk.dev;
	uint64_t state = index + 1, value[2];

	(void)threads;
	for (unsigned int i = 0; i < FUZZ_ROUNDS; i++) {
		struct iv_region *region = next_random(&state) % 4 ? &dev->control : &dev->notify;
		uint64_t off = next_random(&state) % (region->size + 8);
		size_t size = 1ULL << next_random(&state) % 5;

		value[0] = next_random(&state) >> next_random(&state) % 44;
		value[1] = 0;
		iv_region_write(region, off & ~(size - 1), value, size);
		iv_region_read(region, off, value, size);
		/* Garbage for the device to read as rings */
		((uint32_t *)user->data.va)[next_random(&state) % 0x3000] = next_random(&state);
		if (next_random(&state) % 2)
			fuzz_sensibly(dev, &state);
	}
}

TEST_F_TIMEOUT(virtq_hostile, random_writes_from_many_threads_leave_a_device_that_works, SLOW_S)
{
	struct test_threads threads;

	ASSERT_EQ(0, test_threads_start(&threads, 4, fuzz, &self->user));
	EXPECT_EQ(0, test_threads_join(&threads, 100000));
	EXPECT_EQ(0, works_after_reset(&self->user));
}

TEST_HARNESS_MAIN
