// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups, containers and device files that come and go at the same time, with the device taken away
 * in between.
 */
#include <errno.h>
#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "test_thread.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define PAGE 4096UL
#define IOVA 0x100000UL
#define MAP_RW (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)
#define THREADS 4U
#define RUN_MS 1500
#define RUNS_MAX 10
#define JOIN_MS 20000

/**
 * struct race - what the threads share
 * @dev: the device
 * @group: an open group for those that share one, or -1
 * @container: likewise
 * @memory: to be mapped
 * @sessions: how often a device was opened
 * @unexpected: a result that no order of the calls explains, or 0
 */
struct race {
	struct test_device dev;
	int group;
	int container;
	void *memory;
	atomic_int sessions;
	atomic_int unexpected;
};

FIXTURE(race)
{
	struct race race;
	struct test_threads threads;
	int64_t pinned;
};

FIXTURE_SETUP(race)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s", test_role_name(TEST_EDU));
	self->pinned = test_pinned_pages();
	self->race.memory = test_memory_alloc(PAGE, PAGE);
	ASSERT_NE(NULL, self->race.memory);
	ASSERT_EQ(0, test_device_setup(&self->race.dev, TEST_EDU, TEST_CLAIMED));
	self->race.group = -1;
	self->race.container = -1;
}

FIXTURE_TEARDOWN(race)
{
	close(self->race.group);
	close(self->race.container);
	EXPECT_EQ(self->pinned, test_pinned_pages());
	/* It can still be used. */
	ASSERT_EQ(0, iv_pci_bind_driver(self->race.dev.addr, "vfio-pci"));
	EXPECT_EQ(0, test_device_advance(&self->race.dev, TEST_ATTACHED));
	test_device_teardown(&self->race.dev);
	test_memory_free(self->race.memory, PAGE);
}

static bool is_one_of(int rc, const int *errors)
{
	for (; *errors; errors++)
		if (rc == *errors)
			return true;
	return false;
}

static bool check(struct race *race, int rc, const int *errors)
{
	if (rc >= 0)
		return true;
	if (!is_one_of(rc, errors))
		race->unexpected = rc;
	return false;
}

static const int gone[] = { -ENODEV, -ENOENT, -ENXIO, -EBUSY, -EINVAL, 0 };
static const int shared[] = { -ENODEV, -EBUSY, -EINVAL, 0 };

static void use_device(struct race *race, int fd)
{
	struct vfio_device_info info;

	if (check(race, iv_device_info(fd, &info), gone))
		race->sessions++;
	close(fd);
}

static void use_group(struct race *race, int group, int container)
{
	int fd;

	if (!check(race, iv_group_set_container(group, container), gone) ||
	    !check(race, iv_container_set_type(container, VFIO_TYPE1v2_IOMMU), gone))
		return;
	check(race, iv_container_map(container, race->memory, IOVA, PAGE, MAP_RW), gone);
	fd = iv_group_device(group, race->dev.addr);
	if (check(race, fd, gone))
		use_device(race, fd);
}

static void by_group(struct race *race)
{
	int container = iv_container_open();
	int group = iv_group_open(race->dev.addr);

	if (check(race, group, gone))
		use_group(race, group, container);
	if (group >= 0)
		close(group);
	close(container);
}

static void by_cdev(struct race *race)
{
	int fd = iv_device_open(race->dev.addr);
	int iommufd = iv_iommufd_open();

	if (fd >= 0 && check(race, iv_device_bind(fd, iommufd, NULL), gone))
		race->sessions++;
	if (fd >= 0)
		close(fd);
	close(iommufd);
}

static void use_in_turns(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;

	while (!test_threads_stopping(threads)) {
		if (index == 0) {
			iv_pci_unbind_driver(race->dev.addr);
			iv_pci_bind_driver(race->dev.addr, "vfio-pci");
			test_sleep_ms(20);
		} else if (index == 1) {
			by_cdev(race);
		} else {
			by_group(race);
		}
	}
}

static void run(struct __test_metadata *_metadata, struct _test_data_race *self,
		test_thread_fn function)
{
	unsigned int i;

	ASSERT_EQ(0, test_threads_start(&self->threads, THREADS, function, &self->race));
	/* A slow machine needs longer to get anywhere. */
	for (i = 0; i < RUNS_MAX && (!i || !self->race.sessions); i++)
		test_sleep_ms(RUN_MS);
	test_threads_stop(&self->threads);
	ASSERT_EQ(0, test_threads_join(&self->threads, JOIN_MS));
	EXPECT_EQ(0, self->race.unexpected);
	EXPECT_LT(0, self->race.sessions);
}

TEST_F(race, groups_and_cdevs_while_the_driver_comes_and_goes)
{
	run(_metadata, self, use_in_turns);
}

static void share_a_group(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;
	int fd;

	while (!test_threads_stopping(threads)) {
		check(race, iv_group_set_container(race->group, race->container), shared);
		check(race, iv_container_set_type(race->container, index % 2 ? VFIO_TYPE1v2_IOMMU :
						  VFIO_TYPE1_IOMMU), shared);
		fd = iv_group_device(race->group, race->dev.addr);
		if (check(race, fd, shared))
			use_device(race, fd);
		if (index)
			check(race, iv_group_unset_container(race->group), shared);
	}
}

TEST_F(race, threads_that_share_a_group)
{
	self->race.container = iv_container_open();
	ASSERT_LE(0, self->race.container);
	self->race.group = iv_group_open(self->race.dev.addr);
	ASSERT_LE(0, self->race.group);
	run(_metadata, self, share_a_group);
}

static void share_a_group_that_ends(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;

	if (index)
		share_a_group(threads, index, arg);
	else
		test_sleep_ms(RUN_MS / 2);
	if (!index && iv_pci_unbind_driver(race->dev.addr))
		race->unexpected = -EIO;
}

TEST_F(race, threads_that_share_a_group_that_ends)
{
	self->race.container = iv_container_open();
	ASSERT_LE(0, self->race.container);
	self->race.group = iv_group_open(self->race.dev.addr);
	ASSERT_LE(0, self->race.group);
	run(_metadata, self, share_a_group_that_ends);
}

TEST_HARNESS_MAIN
