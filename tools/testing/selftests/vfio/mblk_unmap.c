// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unmapping memory that a software device is using: requests either see the memory or fail, nothing
 * is written after an unmap has returned, and a driver that keeps the memory loses its device.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "iommufd_state.h"
#include "iv.h"
#include "iv_netlink.h"
#include "mblk_device.h"
#include "test_device.h"
#include "test_memory.h"
#include "test_thread.h"
#include "test_timeout.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define PAGE MBLK_PAGE
#define SIZE (32 * PAGE)
#define DATA MBLK_DATA_IOVA
#define ROUNDS 3000
#define STUBBORN_ROUNDS 3
#define STUBBORN_MS 6000
#define JOIN_MS 20000

FIXTURE(mblk_unmap)
{
	struct mblk_device mblk;
	struct test_threads threads;
	char *memory;
	int64_t pinned;
};

FIXTURE_SETUP(mblk_unmap)
{
	self->pinned = test_pinned_pages();
	ASSERT_EQ(0, mblk_setup(&self->mblk, TEST_MBLK_SMALL, 1));
	ASSERT_EQ(0, mblk_attach(&self->mblk));
	ASSERT_EQ(0, mblk_start(&self->mblk));
	self->memory = test_memory_alloc(SIZE, PAGE);
	ASSERT_NE(NULL, self->memory);
}

FIXTURE_TEARDOWN(mblk_unmap)
{
	mblk_close(&self->mblk);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
	mblk_teardown(&self->mblk);
	test_memory_free(self->memory, SIZE);
}

static int map(struct mblk_device *mblk, const void *memory)
{
	return iv_ioas_map(mblk->iommufd, mblk->ioas_id, memory, SIZE, DATA, IV_DMA_RW);
}

static int unmap(struct mblk_device *mblk, uint64_t iova, uint64_t size)
{
	return iv_ioas_unmap(mblk->iommufd, mblk->ioas_id, iova, size, NULL);
}

static void read_for_ever(struct test_threads *threads, unsigned int index, void *arg)
{
	struct mblk_device *mblk = arg;
	unsigned int flags = 0;

	(void)index;
	while (!test_threads_stopping(threads)) {
		int ret = mblk_io(mblk, MBLK_OP_READ, flags, DATA, 0, SIZE);

		/* Some requests end in the middle, which mblk_io() doesn't like. */
		if (ret != MBLK_OK && ret != MBLK_BAD_MEMORY && ret != -EIO)
			return;
		flags ^= MBLK_DESC_PIN;
		threads->rounds++;
	}
}

TEST_F_TIMEOUT(mblk_unmap, nothing_is_written_after_an_unmap, 120)
{
	struct mblk_device *mblk = &self->mblk;
	unsigned long changed = 0;

	memset(self->memory, 0x55, SIZE);
	ASSERT_EQ(0, map(mblk, self->memory));
	ASSERT_EQ(MBLK_OK, mblk_io(mblk, MBLK_OP_WRITE, 0, DATA, 0, SIZE));
	ASSERT_EQ(0, test_threads_start(&self->threads, 1, read_for_ever, mblk));
	for (int i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, unmap(mblk, DATA, SIZE));
		memset(self->memory, 0xaa, SIZE);
		if (i % 64 == 0)
			test_sleep_ms(1);
		changed += !test_memory_is(self->memory, SIZE, 0xaa);
		ASSERT_EQ(0, map(mblk, self->memory));
	}
	test_threads_stop(&self->threads);
	EXPECT_EQ(0, test_threads_join(&self->threads, JOIN_MS));
	EXPECT_EQ(0, changed);
	EXPECT_LT(0, self->threads.rounds);
	EXPECT_EQ(MBLK_STATUS_ENABLED, mblk_reg(mblk, MBLK_REG_STATUS));
}

TEST_F_TIMEOUT(mblk_unmap, memory_can_be_freed_after_an_unmap, 120)
{
	struct mblk_device *mblk = &self->mblk;

	ASSERT_EQ(0, map(mblk, self->memory));
	ASSERT_EQ(0, test_threads_start(&self->threads, 1, read_for_ever, mblk));
	for (int i = 0; i < ROUNDS / 4; i++) {
		char *other = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		ASSERT_NE(MAP_FAILED, other);
		ASSERT_EQ(0, unmap(mblk, DATA, SIZE));
		ASSERT_EQ(0, map(mblk, other));
		ASSERT_EQ(0, unmap(mblk, DATA, SIZE));
		munmap(other, SIZE);
		ASSERT_EQ(0, map(mblk, self->memory));
	}
	test_threads_stop(&self->threads);
	EXPECT_EQ(0, test_threads_join(&self->threads, JOIN_MS));
}

TEST_F(mblk_unmap, ring_is_let_go_of)
{
	struct mblk_device *mblk = &self->mblk;

	ASSERT_EQ(0, map(mblk, self->memory));
	EXPECT_EQ(0, unmap(mblk, MBLK_RING_IOVA, MBLK_RING_SIZE));
	EXPECT_EQ(0, test_pinned_pages() - self->pinned);
	EXPECT_EQ(MBLK_STATUS_LOST, mblk_reg(mblk, MBLK_REG_STATUS));
	EXPECT_EQ(1, iv_eventfd_wait(mblk->eventfd, 0));
	EXPECT_EQ(-ENOENT, mblk_reg_write(mblk, MBLK_REG_CONTROL, 1));
}

TEST_F(mblk_unmap, stubborn_driver_loses_its_device)
{
	struct mblk_device *mblk = &self->mblk;
	int64_t start = test_now_ms();

	ASSERT_EQ(0, mblk_set_stubborn(1));
	EXPECT_EQ(0, unmap(mblk, MBLK_RING_IOVA, MBLK_RING_SIZE));
	EXPECT_GT(test_timeout(STUBBORN_MS), test_now_ms() - start);
	EXPECT_LT(500, test_now_ms() - start);
	EXPECT_EQ(0, test_fd_is_revoked(mblk->fd));
	EXPECT_EQ(0, test_pinned_pages() - self->pinned);
	EXPECT_LE(1, iv_eventfd_wait(mblk->eventfd, 0));
	/* The context and the instance are as good as before. */
	EXPECT_TRUE(iommufd_ioas_is_empty(mblk->iommufd, mblk->ioas_id));
	EXPECT_TRUE(test_mdev_exists(mblk->uuid));
}

TEST_F(mblk_unmap, lost_device_can_be_opened_anew)
{
	struct mblk_device *mblk = &self->mblk;
	int fd;

	for (int i = 0; i < STUBBORN_ROUNDS; i++) {
		ASSERT_EQ(0, mblk_set_stubborn(1));
		ASSERT_EQ(0, unmap(mblk, MBLK_RING_IOVA, MBLK_RING_SIZE));
		ASSERT_EQ(0, mblk_set_stubborn(0));
		fd = mblk->fd;
		EXPECT_EQ(0, test_fd_is_revoked(fd));
		mblk->fd = test_mdev_open(mblk->uuid);
		ASSERT_LE(0, mblk->fd);
		EXPECT_EQ(0, test_fd_is_revoked(fd));
		close(fd);
		ASSERT_EQ(0, iv_device_bind(mblk->fd, mblk->iommufd, NULL));
		ASSERT_EQ(0, mblk_attach(mblk));
		ASSERT_EQ(0, mblk_start(mblk));
	}
}

TEST_F(mblk_unmap, stubborn_driver_loses_its_device_at_detach)
{
	struct mblk_device *mblk = &self->mblk;

	ASSERT_EQ(0, mblk_set_stubborn(1));
	EXPECT_EQ(0, iv_device_detach(mblk->fd));
	EXPECT_EQ(0, test_fd_is_revoked(mblk->fd));
	EXPECT_EQ(0, test_pinned_pages() - self->pinned);
	EXPECT_EQ(0, unmap(mblk, MBLK_RING_IOVA, MBLK_RING_SIZE));
	EXPECT_EQ(0, iv_iommufd_destroy(mblk->iommufd, mblk->ioas_id));
}

static bool is_revoked(void *arg)
{
	struct mblk_device *mblk = arg;

	return mblk_reg(mblk, MBLK_REG_ID) != MBLK_ID;
}

TEST_F(mblk_unmap, stubborn_driver_loses_its_device_at_replace)
{
	struct mblk_device *mblk = &self->mblk;
	uint32_t other;

	ASSERT_EQ(0, iv_ioas_alloc(mblk->iommufd, &other));
	ASSERT_EQ(0, mblk_set_stubborn(1));
	EXPECT_EQ(-ENODEV, iv_device_attach(mblk->fd, other));
	EXPECT_TRUE(test_wait_until(is_revoked, mblk, STUBBORN_MS));
	EXPECT_EQ(0, test_fd_is_revoked(mblk->fd));
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
	EXPECT_EQ(0, unmap(mblk, MBLK_RING_IOVA, MBLK_RING_SIZE));
	EXPECT_EQ(0, iv_iommufd_destroy(mblk->iommufd, other));
}

/* How long the kernel lets a driver keep memory, less a good bit */
#define ALMOST_STUCK_MS 850
#define PRIORITY 10

static int set_priority(int priority)
{
	const struct sched_param param = { .sched_priority = priority };

	return sched_setscheduler(0, priority ? SCHED_FIFO : SCHED_OTHER, &param) ? -errno : 0;
}

/* From shortly before the driver is found stuck, nothing runs but what has a higher priority. */
static void occupy_a_processor(struct test_threads *threads, unsigned int index, void *arg)
{
	cpu_set_t cpus;

	(void)arg;
	CPU_ZERO(&cpus);
	CPU_SET(index, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) || set_priority(PRIORITY))
		return;
	threads->rounds++;
	test_sleep_ms(ALMOST_STUCK_MS);
	while (!test_threads_stopping(threads))
		;
}

/* -EBUSY: the device is being taken from the last user. */
static int bind_again(struct mblk_device *mblk)
{
	int ret;

	do {
		ret = iv_device_bind(mblk->fd, mblk->iommufd, NULL);
	} while (ret == -EBUSY);
	return ret;
}

/* Who finds a driver stuck doesn't wait for the device to be taken, and may come before that. */
TEST_F(mblk_unmap, next_user_is_not_the_one_who_loses_the_device)
{
	unsigned int processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct mblk_device *mblk = &self->mblk;
	uint32_t other;

	ASSERT_EQ(0, iv_ioas_alloc(mblk->iommufd, &other));
	ASSERT_EQ(0, mblk_set_stubborn(1));
	ASSERT_EQ(0, test_threads_start(&self->threads, processors, occupy_a_processor, NULL));
	ASSERT_EQ(0, set_priority(2 * PRIORITY));
	EXPECT_EQ(-ENODEV, iv_device_attach(mblk->fd, other));
	close(mblk->fd);
	mblk->fd = test_mdev_open(mblk->uuid);
	EXPECT_LE(0, mblk->fd);
	EXPECT_EQ(0, bind_again(mblk));
	EXPECT_EQ(0, set_priority(0));
	test_threads_stop(&self->threads);
	EXPECT_EQ(0, test_threads_join(&self->threads, JOIN_MS));
	EXPECT_EQ(processors, self->threads.rounds);
	/* Whatever is pending has its turn now. */
	test_sleep_ms(200);
	EXPECT_EQ(-1, test_fd_is_revoked(mblk->fd));
	EXPECT_EQ(MBLK_ID, mblk_reg(mblk, MBLK_REG_ID));
}

TEST_F(mblk_unmap, closing_a_stubborn_device_is_prompt)
{
	int64_t start;

	ASSERT_EQ(0, mblk_set_stubborn(1));
	start = test_now_ms();
	close(self->mblk.fd);
	self->mblk.fd = -1;
	EXPECT_GT(test_timeout(500), test_now_ms() - start);
	EXPECT_EQ(0, test_pinned_pages() - self->pinned);
}

static void unmap_ring(struct test_threads *threads, unsigned int index, void *arg)
{
	struct mblk_device *mblk = arg;

	int ret = unmap(mblk, MBLK_RING_IOVA, MBLK_RING_SIZE);

	(void)index;
	/* Another thread may have unmapped it. */
	if (!ret || ret == -ENOENT)
		threads->rounds++;
}

TEST_F(mblk_unmap, several_wait_for_a_stubborn_driver)
{
	ASSERT_EQ(0, mblk_set_stubborn(1));
	ASSERT_EQ(0, test_threads_start(&self->threads, 4, unmap_ring, &self->mblk));
	EXPECT_EQ(0, test_threads_join(&self->threads, JOIN_MS));
	EXPECT_EQ(4, self->threads.rounds);
	EXPECT_EQ(0, test_fd_is_revoked(self->mblk.fd));
}

TEST_F(mblk_unmap, instance_is_removed_while_an_unmap_waits_for_it)
{
	ASSERT_EQ(0, mblk_set_stubborn(1));
	ASSERT_EQ(0, test_threads_start(&self->threads, 1, unmap_ring, &self->mblk));
	test_sleep_ms(200);
	EXPECT_EQ(0, test_mdev_remove(self->mblk.uuid));
	EXPECT_EQ(0, test_threads_join(&self->threads, 500));
	EXPECT_EQ(1, self->threads.rounds);
}

TEST_F(mblk_unmap, device_is_revoked_while_an_unmap_waits_for_it)
{
	struct iv_netlink *nl = malloc(sizeof(*nl));
	struct mblk_device *mblk = &self->mblk;
	char name[32];

	ASSERT_NE(NULL, nl);
	ASSERT_EQ(0, iv_netlink_open(nl));
	ASSERT_EQ(0, test_device_name(mblk->fd, name, sizeof(name)));
	ASSERT_EQ(0, mblk_set_stubborn(1));
	ASSERT_EQ(0, test_threads_start(&self->threads, 1, unmap_ring, mblk));
	test_sleep_ms(200);
	EXPECT_EQ(0, iv_netlink_revoke(nl, name));
	EXPECT_EQ(0, test_threads_join(&self->threads, 500));
	EXPECT_EQ(1, self->threads.rounds);
	EXPECT_EQ(0, test_fd_is_revoked(mblk->fd));
	iv_netlink_close(nl);
	free(nl);
}

TEST_HARNESS_MAIN
