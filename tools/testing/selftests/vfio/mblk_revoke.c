// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking a software device away from its user in the middle of its work: removing the instance,
 * unbinding the parent, unloading the module, killing the user. Nobody waits for the user, nor for
 * memory that the user doesn't serve.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "iommufd_child.h"
#include "iommufd_state.h"
#include "iv.h"
#include "mblk_device.h"
#include "test_device.h"
#include "test_fault.h"
#include "test_memory.h"
#include "test_process.h"
#include "test_thread.h"
#include "test_timeout.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define PAGE MBLK_PAGE
#define SIZE (16 * PAGE)
#define DATA MBLK_DATA_IOVA
#define PROMPT_MS 1000
#define JOIN_MS 10000
#define KILL_ROUNDS 10

enum way { REMOVE, UNBIND_INSTANCE, UNBIND_PARENT, UNLOAD, CLOSE };

/* In the middle of what: a copy, a pin, or enabling the queue. */
enum what { IDLE, COPY, PIN, ENABLE, RESET };

FIXTURE(mblk_revoke)
{
	struct mblk_device mblk;
	struct test_threads threads;
	void *memory;
	int uffd;
	int64_t pinned;
};

FIXTURE_VARIANT(mblk_revoke)
{
	enum way way;
	enum what what;
};

FIXTURE_VARIANT_ADD(mblk_revoke, remove_idle) { REMOVE, IDLE };
FIXTURE_VARIANT_ADD(mblk_revoke, remove_during_copy) { REMOVE, COPY };
FIXTURE_VARIANT_ADD(mblk_revoke, remove_during_pin) { REMOVE, PIN };
FIXTURE_VARIANT_ADD(mblk_revoke, remove_during_enable) { REMOVE, ENABLE };
FIXTURE_VARIANT_ADD(mblk_revoke, remove_during_reset) { REMOVE, RESET };
FIXTURE_VARIANT_ADD(mblk_revoke, unbind_during_copy) { UNBIND_INSTANCE, COPY };
FIXTURE_VARIANT_ADD(mblk_revoke, unbind_during_enable) { UNBIND_INSTANCE, ENABLE };
FIXTURE_VARIANT_ADD(mblk_revoke, parent_during_pin) { UNBIND_PARENT, PIN };
FIXTURE_VARIANT_ADD(mblk_revoke, unload_idle) { UNLOAD, IDLE };
FIXTURE_VARIANT_ADD(mblk_revoke, unload_during_pin) { UNLOAD, PIN };
FIXTURE_VARIANT_ADD(mblk_revoke, close_idle) { CLOSE, IDLE };
FIXTURE_VARIANT_ADD(mblk_revoke, close_during_copy) { CLOSE, COPY };
FIXTURE_VARIANT_ADD(mblk_revoke, close_during_pin) { CLOSE, PIN };

FIXTURE_SETUP(mblk_revoke)
{
	/* Whoever touches this memory waits until it is released. */
	self->uffd = test_unserved_memory(SIZE, &self->memory);
	ASSERT_LE(0, self->uffd);
	self->pinned = test_pinned_pages();
	ASSERT_EQ(0, mblk_setup(&self->mblk, TEST_MBLK_SMALL, 1));
	ASSERT_EQ(0, mblk_attach(&self->mblk));
	ASSERT_EQ(0, mblk_start(&self->mblk));
	ASSERT_EQ(0, iv_ioas_map(self->mblk.iommufd, self->mblk.ioas_id, self->memory, SIZE, DATA,
				 IV_DMA_RW));
}

FIXTURE_TEARDOWN(mblk_revoke)
{
	test_unserved_release(self->uffd, self->memory, SIZE);
	mblk_close(&self->mblk);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
	mblk_teardown(&self->mblk);
}

static int begin_io(struct mblk_device *mblk, int flags)
{
	mblk_fill(mblk_next_desc(mblk), MBLK_OP_READ, flags, DATA, 0, SIZE);
	return mblk_submit(mblk);
}

static void enable_queue(struct test_threads *threads, unsigned int index, void *arg)
{
	struct mblk_device *mblk = arg;

	(void)index;
	mblk_reg_write(mblk, MBLK_REG_CONTROL, 0);
	mblk_reg_write(mblk, MBLK_REG_QUEUE_IOVA, DATA);
	if (mblk_reg_write(mblk, MBLK_REG_CONTROL, 1) == -ENODEV)
		threads->rounds++;
}

static void reset(struct test_threads *threads, unsigned int index, void *arg)
{
	struct mblk_device *mblk = arg;

	(void)index;
	iv_device_reset(mblk->fd);
	threads->rounds++;
}

static int begin(struct test_threads *threads, struct mblk_device *mblk, enum what what)
{
	int ret = 0;

	switch (what) {
	case IDLE:
		break;
	case COPY:
		ret = begin_io(mblk, 0);
		break;
	case PIN:
		ret = begin_io(mblk, MBLK_DESC_PIN);
		break;
	case ENABLE:
		ret = test_threads_start(threads, 1, enable_queue, mblk);
		break;
	case RESET:
		ret = begin_io(mblk, 0) ?: test_threads_start(threads, 1, reset, mblk);
		break;
	}
	test_sleep_ms(100);
	return ret;
}

static int take_away(struct mblk_device *mblk, enum way way)
{
	switch (way) {
	case REMOVE:
		return test_mdev_remove(mblk->uuid);
	case UNBIND_INSTANCE:
		return iv_file_write("/sys/bus/mdev/drivers/mblk/unbind", mblk->uuid);
	case UNBIND_PARENT:
		return iv_file_write("/sys/bus/platform/drivers/mblk/unbind", "mblk");
	case UNLOAD:
		return test_module_unload("mblk");
	case CLOSE:
		if (close(mblk->fd))
			return -errno;
		mblk->fd = -1;
	}
	return 0;
}

TEST_F(mblk_revoke, is_prompt_and_leaves_nothing)
{
	const bool thread = variant->what == ENABLE || variant->what == RESET;
	int64_t start;

	ASSERT_EQ(0, begin(&self->threads, &self->mblk, variant->what));
	if (variant->what == COPY || variant->what == PIN)
		ASSERT_EQ(0, mblk_reg(&self->mblk, MBLK_REG_HEAD));
	start = test_now_ms();
	EXPECT_EQ(0, take_away(&self->mblk, variant->way));
	EXPECT_GT(test_timeout(PROMPT_MS), test_now_ms() - start);
	if (thread) {
		EXPECT_EQ(0, test_threads_join(&self->threads, PROMPT_MS));
		EXPECT_EQ(1, self->threads.rounds);
	}
	if (self->mblk.fd >= 0)
		EXPECT_EQ(0, test_fd_is_revoked(self->mblk.fd));
	EXPECT_EQ(0, test_pinned_pages() - self->pinned);
	if (variant->way == UNBIND_PARENT)
		EXPECT_EQ(0, iv_file_write("/sys/bus/platform/drivers/mblk/bind", "mblk"));
	EXPECT_EQ(0, mblk_module_load());
}

/* The memory can be unmapped, and comes back to life, when the driver has been stopped. */
TEST_F(mblk_revoke, memory_is_free_afterwards)
{
	if (variant->way == UNLOAD || variant->way == UNBIND_PARENT)
		SKIP(return, "the same as removing the instance");
	ASSERT_EQ(0, begin(&self->threads, &self->mblk, variant->what));
	ASSERT_EQ(0, take_away(&self->mblk, variant->way));
	EXPECT_EQ(0, iv_ioas_unmap(self->mblk.iommufd, self->mblk.ioas_id, 0, UINT64_MAX, NULL));
	EXPECT_EQ(0, iv_iommufd_destroy(self->mblk.iommufd, self->mblk.ioas_id));
	if (variant->what == ENABLE || variant->what == RESET)
		EXPECT_EQ(0, test_threads_join(&self->threads, PROMPT_MS));
}

/* A user of its own, whom the test kills. */

static int run_io(struct iommufd_child *parent, void *arg)
{
	struct mblk_device mblk;
	unsigned int seed = getpid();
	char *memory = test_memory_alloc(SIZE, PAGE);
	int unserved = *(int *)arg, ret;
	void *data = memory;

	ret = mblk_setup(&mblk, TEST_MBLK_SMALL, 7) ?: mblk_attach(&mblk) ?: mblk_start(&mblk);
	if (ret)
		return ret;
	if (unserved && test_unserved_memory(SIZE, &data) < 0)
		return -ENOMEM;
	ret = iv_ioas_map(mblk.iommufd, mblk.ioas_id, data, SIZE, DATA, IV_DMA_RW);
	if (ret)
		return ret;
	iommufd_child_tell(parent, 0);
	for (;;) {
		mblk_fill(mblk_next_desc(&mblk), MBLK_OP_READ, rand_r(&seed) & MBLK_DESC_PIN, DATA,
			  0, SIZE);
		if (mblk_submit(&mblk))
			return -EIO;
		if (unserved)
			pause();
		mblk_wait(&mblk, 1000);
	}
}

static int kill_user(int unserved, int after_ms)
{
	struct iommufd_child child;
	int number = -1, ret;

	ret = iommufd_child_start(&child, run_io, &unserved);
	if (ret)
		return ret;
	ret = iommufd_child_hear(&child, &number) ?: number;
	if (!ret)
		test_sleep_ms(after_ms);
	return iommufd_child_kill(&child) ?: ret;
}

TEST(killed_user_leaves_nothing)
{
	int64_t pinned;

	ASSERT_EQ(0, mblk_module_load());
	pinned = test_pinned_pages();
	for (int i = 0; i < KILL_ROUNDS; i++) {
		ASSERT_EQ(0, kill_user(0, i % 5));
		EXPECT_TRUE(iommufd_pinned_becomes(pinned));
		EXPECT_EQ(1, test_mdev_remove_all(TEST_MBLK_PARENT));
	}
}

TEST(killed_user_whose_memory_does_not_come_leaves_nothing)
{
	int64_t pinned, start;

	ASSERT_EQ(0, mblk_module_load());
	pinned = test_pinned_pages();
	for (int i = 0; i < KILL_ROUNDS; i++) {
		start = test_now_ms();
		ASSERT_EQ(0, kill_user(1, 10 + i % 5));
		EXPECT_GT(test_timeout(PROMPT_MS), test_now_ms() - start);
		EXPECT_TRUE(iommufd_pinned_becomes(pinned));
		EXPECT_EQ(1, test_mdev_remove_all(TEST_MBLK_PARENT));
	}
}

/* How many look-ups of user memory there may be for one process. */
#define MOST_LOOK_UPS 16

/* The threads that do them. */
static unsigned int count_look_ups(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	unsigned int count = 0;
	char path[IV_PATH_SIZE], comm[32];

	while (proc && (entry = readdir(proc))) {
		snprintf(path, sizeof(path), "/proc/%.32s/comm", entry->d_name);
		if (isdigit(entry->d_name[0]) && iv_file_read(path, comm, sizeof(comm)) > 0)
			count += !strcmp(comm, "iommufd-lookup");
	}
	if (proc)
		closedir(proc);
	return count;
}

static bool look_ups_are(void *number)
{
	return count_look_ups() == *(unsigned int *)number;
}

static bool look_ups_become(unsigned int number)
{
	return test_wait_until(look_ups_are, &number, test_timeout(PROMPT_MS));
}

/* A device whose data is in @memory. */
static int setup_with(struct mblk_device *mblk, unsigned int number, void *memory)
{
	return mblk_setup(mblk, TEST_MBLK_SMALL, number) ?: mblk_attach(mblk) ?: mblk_start(mblk) ?:
	       iv_ioas_map(mblk->iommufd, mblk->ioas_id, memory, SIZE, DATA, IV_DMA_RW);
}

TEST(look_up_that_nobody_wants_any_more_ends)
{
	struct mblk_device mblk;
	void *memory;
	int uffd;

	uffd = test_unserved_memory(SIZE, &memory);
	ASSERT_LE(0, uffd);
	for (int i = 0; i <= MOST_LOOK_UPS; i++) {
		ASSERT_EQ(0, setup_with(&mblk, i, memory));
		ASSERT_EQ(0, begin_io(&mblk, 0));
		EXPECT_TRUE(look_ups_become(1));
		EXPECT_EQ(0, mblk_reg(&mblk, MBLK_REG_HEAD));
		mblk_teardown(&mblk);
		EXPECT_TRUE(look_ups_become(0));
	}
	test_unserved_release(uffd, memory, SIZE);
}

TEST(look_ups_of_a_process_are_limited)
{
	struct mblk_device mblks[MOST_LOOK_UPS + 1];
	const unsigned int last = MOST_LOOK_UPS;
	void *memory;
	int uffd;

	ASSERT_EQ(0, mblk_module_load());
	ASSERT_EQ(0, test_module_reload("mblk", "max_instances=17"));
	uffd = test_unserved_memory(SIZE, &memory);
	ASSERT_LE(0, uffd);
	for (unsigned int i = 0; i <= last; i++) {
		ASSERT_EQ(0, setup_with(&mblks[i], i, memory)) TH_LOG("device %u", i);
		if (i < last)
			ASSERT_EQ(0, begin_io(&mblks[i], 0)) TH_LOG("device %u", i);
	}
	EXPECT_TRUE(look_ups_become(MOST_LOOK_UPS));
	EXPECT_EQ(MBLK_BAD_MEMORY, mblk_io(&mblks[last], MBLK_OP_READ, 0, DATA, 0, SIZE));
	for (unsigned int i = 0; i <= last; i++)
		mblk_teardown(&mblks[i]);
	EXPECT_TRUE(look_ups_become(0));
	test_unserved_release(uffd, memory, SIZE);
	EXPECT_EQ(0, test_module_reload("mblk", NULL));
}

TEST_HARNESS_MAIN
