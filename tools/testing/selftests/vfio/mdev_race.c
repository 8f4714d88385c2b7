// SPDX-License-Identifier: GPL-2.0-only
/*
 * Creating and removing instances of mediated devices, all at the same time.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "iv.h"
#include "iv_netlink.h"
#include "mblk_device.h"
#include "test_device.h"
#include "test_mdev.h"
#include "test_process.h"
#include "test_thread.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define PARENT TEST_MBLK_PARENT
#define SMALL TEST_MBLK_SMALL
#define RUN_MS 3000
#define JOIN_MS 30000
#define UUIDS 4
#define MAX 16

FIXTURE(mdev_race)
{
	struct test_threads threads;
	struct test_threads others;
};

/* A result that no order of the calls explains. */
static atomic_int unexpected;

FIXTURE_SETUP(mdev_race)
{
	ASSERT_EQ(0, mblk_module_load());
	ASSERT_EQ(0, test_mdev_remove_all(PARENT));
	unexpected = 0;
}

FIXTURE_TEARDOWN(mdev_race)
{
	test_mdev_remove_all(PARENT);
}

static void expect(int ret, int one, int two, int three)
{
	if (ret && ret != one && ret != two && ret != three)
		unexpected = ret;
}

static void create_and_remove_own(struct test_threads *threads, unsigned int index, void *arg)
{
	char uuid[TEST_UUID_SIZE];

	(void)arg;
	test_uuid(100 + index, uuid);
	while (!test_threads_stopping(threads)) {
		expect(test_mdev_create(PARENT, SMALL, uuid), 0, 0, 0);
		expect(test_mdev_remove(uuid), 0, 0, 0);
		threads->rounds++;
	}
}

/* Everybody uses the same few UUIDs. */
static void create_and_remove_any(struct test_threads *threads, unsigned int index, void *arg)
{
	unsigned int seed = index;
	char uuid[TEST_UUID_SIZE];

	(void)arg;
	while (!test_threads_stopping(threads)) {
		test_uuid(100 + rand_r(&seed) % UUIDS, uuid);
		if (rand_r(&seed) % 2)
			expect(test_mdev_create(PARENT, SMALL, uuid), -EEXIST, -ENOENT, -ENODEV);
		else
			expect(test_mdev_remove(uuid), -ENOENT, -ENODEV, -ENODEV);
		threads->rounds++;
	}
}

/* Opens, binds, uses and closes whatever is there. */
static void use_any(struct test_threads *threads, unsigned int index, void *arg)
{
	unsigned int seed = index;
	struct vfio_device_info info;
	char uuid[TEST_UUID_SIZE];
	uint32_t ioas_id;
	int fd, iommufd;

	(void)arg;
	while (!test_threads_stopping(threads)) {
		test_uuid(100 + rand_r(&seed) % UUIDS, uuid);
		fd = test_mdev_open(uuid);
		if (fd < 0)
			continue;
		iommufd = test_context_open(&ioas_id);
		if (!iv_device_bind(fd, iommufd, NULL)) {
			iv_device_attach(fd, ioas_id);
			expect(iv_device_info(fd, &info), -ENODEV, 0, 0);
		}
		close(fd);
		close(iommufd);
		threads->rounds++;
	}
}

static void finish(struct __test_metadata *_metadata, struct test_threads *threads)
{
	test_threads_stop(threads);
	EXPECT_EQ(0, test_threads_join(threads, JOIN_MS));
	EXPECT_EQ(0, unexpected);
	EXPECT_LT(0, threads->rounds);
}

TEST_F(mdev_race, each_thread_its_own)
{
	ASSERT_EQ(0, test_threads_start(&self->threads, 8, create_and_remove_own, NULL));
	test_sleep_ms(RUN_MS);
	finish(_metadata, &self->threads);
	EXPECT_EQ(MAX, test_mdev_available(PARENT, SMALL));
}

TEST_F(mdev_race, all_threads_the_same)
{
	ASSERT_EQ(0, test_threads_start(&self->threads, 8, create_and_remove_any, NULL));
	test_sleep_ms(RUN_MS);
	finish(_metadata, &self->threads);
	test_mdev_remove_all(PARENT);
	EXPECT_EQ(MAX, test_mdev_available(PARENT, SMALL));
}

TEST_F(mdev_race, users_of_what_comes_and_goes)
{
	ASSERT_EQ(0, test_threads_start(&self->threads, 4, create_and_remove_any, NULL));
	ASSERT_EQ(0, test_threads_start(&self->others, 4, use_any, NULL));
	test_sleep_ms(RUN_MS);
	finish(_metadata, &self->others);
	finish(_metadata, &self->threads);
}

/* Whether the root of sysfs has links to instances, which a type without a folder would make. */
static bool links_went_astray(void)
{
	char uuid[TEST_UUID_SIZE], path[64];

	for (unsigned int i = 0; i < UUIDS; i++) {
		test_uuid(100 + i, uuid);
		snprintf(path, sizeof(path), "/sys/%s", uuid);
		if (!access(path, F_OK) || errno != ENOENT)
			return true;
	}
	return false;
}

TEST_F(mdev_race, parent_comes_and_goes)
{
	int64_t end = test_now_ms() + RUN_MS;

	ASSERT_EQ(0, test_threads_start(&self->threads, 4, create_and_remove_any, NULL));
	ASSERT_EQ(0, test_threads_start(&self->others, 2, use_any, NULL));
	while (test_now_ms() < end) {
		EXPECT_EQ(0, iv_file_write("/sys/bus/platform/drivers/mblk/unbind", "mblk"));
		EXPECT_EQ(0, iv_file_write("/sys/bus/platform/drivers/mblk/bind", "mblk"));
	}
	finish(_metadata, &self->threads);
	test_threads_stop(&self->others);
	EXPECT_EQ(0, test_threads_join(&self->others, JOIN_MS));
	EXPECT_EQ(0, unexpected);
	EXPECT_FALSE(links_went_astray());
}

/* Is in the file that removes an instance as often as can be, all but the first to no effect. */
static void write_to_remove(struct test_threads *threads, unsigned int index, void *arg)
{
	const char *word = index ? "0" : "1";
	char uuid[TEST_UUID_SIZE];
	int fd;

	(void)arg;
	test_uuid(100 + index, uuid);
	while (!test_threads_stopping(threads)) {
		fd = test_mdev_open_remove(uuid);
		if (fd < 0)
			continue;
		while (!test_threads_stopping(threads) && pwrite(fd, word, 1, 0) == 1)
			threads->rounds++;
		close(fd);
	}
}

/*
 * Who removes an instance waits for the parent's lock, and who holds that, to end them all, for
 * everybody in those files: they must not wait for each other.
 */
TEST_F(mdev_race, parent_goes_while_its_instances_are_removed)
{
	int64_t end = test_now_ms() + RUN_MS;
	unsigned int loops = 0;
	char uuid[TEST_UUID_SIZE];

	ASSERT_EQ(0, test_threads_start(&self->threads, UUIDS, write_to_remove, NULL));
	while (test_now_ms() < end) {
		for (unsigned int i = 0; i < UUIDS; i++) {
			test_uuid(100 + i, uuid);
			EXPECT_EQ(0, test_mdev_create(PARENT, SMALL, uuid));
		}
		test_sleep_ms(loops++ % 8);
		EXPECT_EQ(0, iv_file_write("/sys/bus/platform/drivers/mblk/unbind", "mblk"));
		EXPECT_EQ(0, iv_file_write("/sys/bus/platform/drivers/mblk/bind", "mblk"));
	}
	finish(_metadata, &self->threads);
}

static void reload_module(struct __test_metadata *_metadata)
{
	int64_t end = test_now_ms() + RUN_MS;

	while (test_now_ms() < end) {
		int ret = test_module_unload("mblk");

		/* Neither an instance keeps it, nor who writes to a file of its devices. */
		EXPECT_EQ(0, ret);
		ASSERT_EQ(0, mblk_module_load());
	}
}

/* Loading a module takes seconds on a kernel with all checks. */
TEST_F_TIMEOUT(mdev_race, module_comes_and_goes, 120)
{
	ASSERT_EQ(0, test_threads_start(&self->threads, 4, create_and_remove_any, NULL));
	reload_module(_metadata);
	finish(_metadata, &self->threads);
}

/* Takes whatever is there from its users, as an administrator may. Others have higher numbers. */
static void revoke_any(struct test_threads *threads, unsigned int index, void *arg)
{
	struct iv_netlink *nl = malloc(sizeof(*nl));
	unsigned int seed = index;
	char name[16];

	(void)arg;
	if (!nl || iv_netlink_open(nl)) {
		unexpected = -ENOMEM;
		free(nl);
		return;
	}
	while (!test_threads_stopping(threads)) {
		snprintf(name, sizeof(name), "vfio%u", rand_r(&seed) % (2 * UUIDS));
		expect(iv_netlink_revoke(nl, name), -ENODEV, 0, 0);
		threads->rounds++;
	}
	iv_netlink_close(nl);
	free(nl);
}

/* Creates and removes, uses, and revokes, in turn. */
static void do_any(struct test_threads *threads, unsigned int index, void *arg)
{
	static const test_thread_fn functions[] = {
		create_and_remove_any, use_any, revoke_any,
	};

	functions[index % 3](threads, index, arg);
}

/* A revocation may find its device when the driver, or even its module, is about to go. */
TEST_F_TIMEOUT(mdev_race, module_goes_while_its_devices_are_revoked, 120)
{
	ASSERT_EQ(0, test_threads_start(&self->threads, 9, do_any, NULL));
	reload_module(_metadata);
	finish(_metadata, &self->threads);
}

TEST_HARNESS_MAIN
