// SPDX-License-Identifier: GPL-2.0-only
/*
 * The disk goes from the kernel's driver to a user and back. What was acknowledged as being on the
 * disk before is there afterwards, however the one who wrote it ended.
 */
#include "kselftest_harness.h"

#include <stdatomic.h>
#include <sys/mman.h>

#include "iommufd_child.h"
#include "iv.h"
#include "test_memory.h"
#include "test_thread.h"
#include "test_virtq.h"
#include "test_wait.h"

/* For kernels with all checks, on a busy machine */
#define SLOW_S 100

#define SECTOR IV_VBLK_SECTOR
#define DATA TEST_VIRTQ_DATA_IOVA
#define BLOCK 4096
#define BLOCK_SECTORS (BLOCK / SECTOR)

FIXTURE(virtq_switch)
{
	struct test_virtq user;
	const char *addr;
	char *block;
};

FIXTURE_SETUP(virtq_switch)
{
	if (!test_role_addr(TEST_VIRTIO_BLK))
		SKIP(return, "no device: set %s", test_role_name(TEST_VIRTIO_BLK));
	ASSERT_EQ(0, test_virtq_setup(&self->user, TEST_CLAIMED));
	self->addr = self->user.dev.addr;
	self->block = test_memory_alloc(BLOCK, BLOCK);
}

FIXTURE_TEARDOWN(virtq_switch)
{
	test_memory_free(self->block, BLOCK);
	test_virtq_teardown(&self->user);
}

TEST_F(virtq_switch, user_reads_what_the_native_driver_synced)
{
	ASSERT_EQ(0, test_virtq_give_to_native(&self->user));
	test_memory_fill(self->block, BLOCK, 31);
	ASSERT_EQ(0, test_native_write(self->addr, TEST_VIRTQ_SCRATCH, self->block, BLOCK));
	ASSERT_EQ(0, test_virtq_take_from_native(&self->user));
	EXPECT_EQ(0, iv_vblk_read(&self->user.vblk, TEST_VIRTQ_SCRATCH, DATA, BLOCK));
	EXPECT_TRUE(test_memory_matches(self->user.data.va, BLOCK, 31));
}

TEST_F(virtq_switch, native_driver_reads_what_the_user_flushed)
{
	ASSERT_EQ(0, test_virtq_start(&self->user));
	test_memory_fill(self->user.data.va, BLOCK, 32);
	ASSERT_EQ(0, iv_vblk_write(&self->user.vblk, TEST_VIRTQ_SCRATCH + 8, DATA, BLOCK));
	ASSERT_EQ(0, iv_vblk_flush(&self->user.vblk));
	ASSERT_EQ(0, test_virtq_give_to_native(&self->user));
	EXPECT_EQ(0, test_native_read(self->addr, TEST_VIRTQ_SCRATCH + 8, self->block, BLOCK));
	EXPECT_TRUE(test_memory_matches(self->block, BLOCK, 32));
}

TEST_F_TIMEOUT(virtq_switch, both_see_the_others_writes_many_times, SLOW_S)
{
	for (unsigned int i = 0; i < 5; i++) {
		uint64_t sector = TEST_VIRTQ_SCRATCH + 16 + 2 * i * BLOCK_SECTORS;

		ASSERT_EQ(0, test_virtq_give_to_native(&self->user));
		test_memory_fill(self->block, BLOCK, 100 + i);
		ASSERT_EQ(0, test_native_write(self->addr, sector, self->block, BLOCK));

		ASSERT_EQ(0, test_virtq_take_from_native(&self->user));
		ASSERT_EQ(0, iv_vblk_read(&self->user.vblk, sector, DATA, BLOCK));
		ASSERT_TRUE(test_memory_matches(self->user.data.va, BLOCK, 100 + i));
		test_memory_fill(self->user.data.va, BLOCK, 200 + i);
		sector += BLOCK_SECTORS;
		ASSERT_EQ(0, iv_vblk_write(&self->user.vblk, sector, DATA, BLOCK));
		ASSERT_EQ(0, iv_vblk_flush(&self->user.vblk));

		ASSERT_EQ(0, test_virtq_give_to_native(&self->user));
		ASSERT_EQ(0, test_native_read(self->addr, sector, self->block, BLOCK));
		ASSERT_TRUE(test_memory_matches(self->block, BLOCK, 200 + i));
	}
}

TEST_F(virtq_switch, native_driver_works_while_the_user_file_is_open)
{
	int fd;

	ASSERT_EQ(0, test_virtq_start(&self->user));
	fd = dup(self->user.dev.fd);
	ASSERT_EQ(0, iv_pci_bind_driver(self->addr, TEST_NATIVE_DRIVER));
	EXPECT_EQ(0, test_fd_is_revoked(fd));
	ASSERT_EQ(0, test_virtq_give_to_native(&self->user));
	EXPECT_EQ(0, test_native_read(self->addr, 5, self->block, BLOCK));
	EXPECT_EQ(0, strncmp(self->block, "iommufd-vfio virtio block 5 ", 28));
	close(fd);
}

/*
 * A writer who never rests. Block N of a ring of blocks gets the seed of the round in which it was
 * written; the writer says in shared memory for how many rounds the device has acknowledged
 * a flush. Its end comes while a round is written, or flushed.
 */
#define RING_START (TEST_VIRTQ_SCRATCH + 4096)
#define RING_BLOCKS 8

struct writer {
	struct test_virtq user;
	atomic_uint flushed;	/* rounds */
};

/* Blocks of round N and of round N + 1 are different ones. */
static uint64_t block_sector(unsigned int round, unsigned int i)
{
	return RING_START + ((round % 2) * RING_BLOCKS + i) * BLOCK_SECTORS;
}

static uint32_t block_seed(unsigned int round, unsigned int i)
{
	return round * RING_BLOCKS + i + 1000;
}

static int submit_round(struct test_virtq *user, unsigned int round)
{
	int ret = 0;

	for (unsigned int i = 0; i < RING_BLOCKS && ret >= 0; i++) {
		size_t at = ((round % 2) * RING_BLOCKS + i) * BLOCK;

		test_memory_fill((char *)user->data.va + at, BLOCK, block_seed(round, i));
		ret = iv_vblk_add(&user->vblk, VIRTIO_BLK_T_OUT, block_sector(round, i), DATA + at,
				  BLOCK);
	}
	return ret < 0 ? ret : iv_virtq_kick(&user->vblk.queue);
}

static int wait_for(struct test_virtq *user, unsigned int count)
{
	int ret = 0;

	while (count-- && ret >= 0)
		ret = iv_vblk_wait(&user->vblk, 10000);
	return ret < 0 ? ret : 0;
}

/* Ends when the device is taken away, with the errno of whatever notices first. */
static int write_for_ever(struct writer *writer)
{
	struct test_virtq *user = &writer->user;
	unsigned int round;
	int ret;

	ret = submit_round(user, 0);
	for (round = 1; !ret; round++) {
		ret = wait_for(user, RING_BLOCKS);
		/* Alone in the queue, so that it covers what was waited for, and is recognised. */
		if (!ret)
			ret = iv_vblk_flush(&user->vblk);
		if (!ret)
			atomic_store(&writer->flushed, round);
		if (!ret)
			ret = submit_round(user, round);
	}
	return ret;
}

static int writer_child(struct iommufd_child *parent, void *arg)
{
	struct writer *writer = arg;
	int ret = test_virtq_start(&writer->user);

	iommufd_child_tell(parent, ret);
	return ret ? ret : write_for_ever(writer);
}

static bool has_flushed(void *arg)
{
	return atomic_load(&((struct writer *)arg)->flushed) >= 5;
}

/*
 * Blocks of the last acknowledged round hold its data. The round before used the other blocks,
 * which the round that was in flight may have written, or not, or any part of them.
 */
static bool acknowledged_is_there(struct writer *writer, const char *addr, char *block)
{
	unsigned int round = atomic_load(&writer->flushed) - 1;

	for (unsigned int i = 0; i < RING_BLOCKS; i++) {
		if (test_native_read(addr, block_sector(round, i), block, BLOCK) ||
		    !test_memory_matches(block, BLOCK, block_seed(round, i)))
			return false;
	}
	return true;
}

static struct writer *writer_alloc(void)
{
	void *memory = mmap(NULL, sizeof(struct writer), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

TEST_F_TIMEOUT(virtq_switch, flushed_writes_survive_the_death_of_the_user, SLOW_S)
{
	struct writer *writer = writer_alloc();
	struct iommufd_child child;
	int ret;

	ASSERT_NE(NULL, writer);
	writer->user = self->user;
	ASSERT_EQ(0, iommufd_child_start(&child, writer_child, writer));
	ASSERT_EQ(0, iommufd_child_hear(&child, &ret));
	ASSERT_EQ(0, ret);
	EXPECT_TRUE(test_wait_until(has_flushed, writer, 20000));
	EXPECT_EQ(0, iommufd_child_kill(&child));

	ASSERT_EQ(0, test_virtq_give_to_native(&self->user));
	EXPECT_TRUE(acknowledged_is_there(writer, self->addr, self->block));
	munmap(writer, sizeof(*writer));
}

TEST_F_TIMEOUT(virtq_switch, next_user_reads_what_the_killed_one_flushed, SLOW_S)
{
	struct writer *writer = writer_alloc();
	struct iommufd_child child;
	unsigned int round;
	int ret;

	ASSERT_NE(NULL, writer);
	writer->user = self->user;
	ASSERT_EQ(0, iommufd_child_start(&child, writer_child, writer));
	ASSERT_EQ(0, iommufd_child_hear(&child, &ret));
	ASSERT_EQ(0, ret);
	EXPECT_TRUE(test_wait_until(has_flushed, writer, 20000));
	EXPECT_EQ(0, iommufd_child_kill(&child));

	ASSERT_EQ(0, test_virtq_start(&self->user));
	round = atomic_load(&writer->flushed) - 1;
	for (unsigned int i = 0; i < RING_BLOCKS; i++) {
		EXPECT_EQ(0, iv_vblk_read(&self->user.vblk, block_sector(round, i), DATA, BLOCK));
		EXPECT_TRUE(test_memory_matches(self->user.data.va, BLOCK, block_seed(round, i)));
	}
	munmap(writer, sizeof(*writer));
}

static void writer_thread(struct test_threads *threads, unsigned int index, void *arg)
{
	struct writer *writer = arg;

	(void)threads;
	(void)index;
	write_for_ever(writer);
}

TEST_F_TIMEOUT(virtq_switch, flushed_writes_survive_an_unbind_in_mid_io, SLOW_S)
{
	struct writer *writer = writer_alloc();
	struct test_threads threads;

	ASSERT_NE(NULL, writer);
	writer->user = self->user;
	ASSERT_EQ(0, test_virtq_start(&writer->user));
	/* A mapped doorbell would give SIGBUS. */
	iv_region_unmap(&writer->user.vblk.dev.notify);
	ASSERT_EQ(0, test_threads_start(&threads, 1, writer_thread, writer));
	EXPECT_TRUE(test_wait_until(has_flushed, writer, 20000));
	ASSERT_EQ(0, iv_pci_bind_driver(self->addr, TEST_NATIVE_DRIVER));
	EXPECT_EQ(0, test_threads_join(&threads, 20000));

	ASSERT_EQ(0, test_virtq_give_to_native(&self->user));
	EXPECT_TRUE(acknowledged_is_there(writer, self->addr, self->block));
	test_virtq_close(&writer->user);
	munmap(writer, sizeof(*writer));
}

TEST_HARNESS_MAIN
