// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that use one context at the same time: each call succeeds or fails as it would in some
 * order of the calls, and nothing is left behind.
 */
#include <errno.h>
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "test_race.h"
#include "test_thread.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define MEMORY_SIZE (16 * PAGE)
#define THREADS 4U
#define JOIN_MS 5000
#define IOVA 0x100000UL
#define STRIDE 0x1000000UL

/**
 * struct race - what the threads share
 * @dev: an attached device
 * @second_fd: a second device, where there is one
 * @memory: mapped by all of them
 * @target: an IOAS, for those that destroy one
 * @results: of their calls
 * @wins: successes, where they are counted
 */
struct race {
	struct test_device dev;
	int second_fd;
	char *memory;
	atomic_uint target;
	struct test_race results;
	atomic_long wins;
};

FIXTURE(concurrency)
{
	struct race race;
	struct test_threads threads;
	int64_t pinned;
};

FIXTURE_SETUP(concurrency)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	self->race.memory = test_memory_alloc(MEMORY_SIZE, PAGE);
	ASSERT_NE(NULL, self->race.memory);
	memset(self->race.memory, 1, MEMORY_SIZE);
	self->pinned = test_pinned_pages();
	ASSERT_EQ(0, test_device_setup(&self->race.dev, TEST_EDU, TEST_ATTACHED));
}

FIXTURE_TEARDOWN(concurrency)
{
	test_device_teardown(&self->race.dev);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned))
		TH_LOG("%ld pages are still pinned", test_pinned_pages() - self->pinned);
	test_memory_free(self->race.memory, MEMORY_SIZE);
}

static int64_t run_for_a_while(struct _test_data_concurrency *self, test_thread_fn function)
{
	return test_race_run(&self->race.results, THREADS, function, &self->race, TEST_RACE_MS);
}

static void check_result(struct race *race, int rc, int error, int other_error)
{
	test_race_expect(&race->results, rc, error, other_error);
}

static int map(struct race *race, uint32_t ioas_id, uint64_t iova)
{
	return iv_ioas_map(race->dev.iommufd, ioas_id, race->memory, MEMORY_SIZE, iova,
			   IV_DMA_RW);
}

static int unmap(struct race *race, uint32_t ioas_id, uint64_t iova)
{
	return iv_ioas_unmap(race->dev.iommufd, ioas_id, iova, MEMORY_SIZE, NULL);
}

static void use_own_range(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;

	while (!test_threads_stopping(threads)) {
		check_result(race, map(race, race->dev.ioas_id, IOVA + index * STRIDE), 0, 0);
		check_result(race, unmap(race, race->dev.ioas_id, IOVA + index * STRIDE), 0, 0);
		threads->rounds++;
	}
}

TEST_F(concurrency, different_ranges_always_work)
{
	EXPECT_EQ(0, run_for_a_while(self, use_own_range));
	EXPECT_TRUE(iommufd_ioas_is_empty(self->race.dev.iommufd, self->race.dev.ioas_id));
}

static void use_same_range(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;
	int mapped, unmapped;

	(void)index;
	while (!test_threads_stopping(threads)) {
		mapped = map(race, race->dev.ioas_id, IOVA);
		check_result(race, mapped, -EEXIST, 0);
		unmapped = unmap(race, race->dev.ioas_id, IOVA);
		check_result(race, unmapped, -ENOENT, -EBUSY);
		race->wins += !mapped - !unmapped;
		threads->rounds++;
	}
}

TEST_F(concurrency, same_range_is_mapped_as_often_as_unmapped)
{
	EXPECT_EQ(0, run_for_a_while(self, use_same_range));
	while (!unmap(&self->race, self->race.dev.ioas_id, IOVA))
		self->race.wins--;
	EXPECT_EQ(0, self->race.wins);
	EXPECT_TRUE(iommufd_ioas_is_empty(self->race.dev.iommufd, self->race.dev.ioas_id));
}

static void map_or_unmap_everything(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;
	int rc;

	while (!test_threads_stopping(threads)) {
		if (index) {
			rc = map(race, race->dev.ioas_id, IOVA + index * STRIDE);
			check_result(race, rc, -EEXIST, 0);
		} else {
			rc = iv_ioas_unmap(race->dev.iommufd, race->dev.ioas_id, 0, UINT64_MAX,
					   NULL);
			check_result(race, rc, -EBUSY, 0);
		}
		threads->rounds++;
	}
}

TEST_F(concurrency, unmapping_everything_while_mapping)
{
	EXPECT_EQ(0, run_for_a_while(self, map_or_unmap_everything));
}

static void map_anywhere(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;
	uint64_t iova;
	int rc;

	(void)index;
	while (!test_threads_stopping(threads)) {
		rc = iv_ioas_map_anywhere(race->dev.iommufd, race->dev.ioas_id, race->memory,
					  MEMORY_SIZE, IV_DMA_RW, &iova);
		check_result(race, rc, 0, 0);
		if (!rc)
			check_result(race, unmap(race, race->dev.ioas_id, iova), 0, 0);
		threads->rounds++;
	}
}

TEST_F(concurrency, chosen_iovas_never_collide)
{
	EXPECT_EQ(0, run_for_a_while(self, map_anywhere));
	EXPECT_TRUE(iommufd_ioas_is_empty(self->race.dev.iommufd, self->race.dev.ioas_id));
}

static void destroy_or_map(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;
	uint32_t ioas_id;
	int rc;

	while (!test_threads_stopping(threads)) {
		threads->rounds++;
		if (index) {
			check_result(race, map(race, race->target, IOVA), -ENOENT, -EEXIST);
			continue;
		}
		check_result(race, iv_ioas_alloc(race->dev.iommufd, &ioas_id), 0, 0);
		race->target = ioas_id;
		do {
			rc = iv_iommufd_destroy(race->dev.iommufd, ioas_id);
		} while (rc == -EBUSY);
		check_result(race, rc, 0, 0);
	}
}

TEST_F(concurrency, destroying_an_ioas_while_mapping)
{
	EXPECT_EQ(0, run_for_a_while(self, destroy_or_map));
}

static void alloc_and_destroy(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;
	uint32_t ioas_id;

	(void)index;
	while (!test_threads_stopping(threads)) {
		check_result(race, iv_ioas_alloc(race->dev.iommufd, &ioas_id), 0, 0);
		check_result(race, iv_iommufd_destroy(race->dev.iommufd, ioas_id), 0, 0);
		threads->rounds++;
	}
}

TEST_F(concurrency, allocating_and_destroying)
{
	EXPECT_EQ(0, run_for_a_while(self, alloc_and_destroy));
}

static void destroy_target_once(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;
	int rc = iv_iommufd_destroy(race->dev.iommufd, race->target);

	(void)index;
	check_result(race, rc, -ENOENT, -EBUSY);
	race->wins += !rc;
	threads->rounds++;
}

TEST_F(concurrency, exactly_one_destroy_wins)
{
	uint32_t ioas_id;
	int i;

	for (i = 0; i < 50; i++) {
		self->race.wins = 0;
		ASSERT_EQ(0, iv_ioas_alloc(self->race.dev.iommufd, &ioas_id));
		self->race.target = ioas_id;
		ASSERT_EQ(0, test_threads_start(&self->threads, THREADS, destroy_target_once,
						&self->race));
		ASSERT_EQ(0, test_threads_join(&self->threads, JOIN_MS));
		EXPECT_EQ(0, self->race.results.unexpected);
		EXPECT_EQ(1, self->race.wins);
	}
}

static void attach_or_map(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;
	int rc;

	while (!test_threads_stopping(threads)) {
		threads->rounds++;
		if (!index) {
			rc = iv_device_detach(race->dev.fd);
			rc = rc ?: iv_device_attach(race->dev.fd, race->dev.ioas_id);
			check_result(race, rc, 0, 0);
			continue;
		}
		rc = map(race, race->dev.ioas_id, IOVA + index * STRIDE);
		rc = rc ?: unmap(race, race->dev.ioas_id, IOVA + index * STRIDE);
		check_result(race, rc, 0, 0);
	}
}

TEST_F(concurrency, attaching_and_detaching_while_mapping)
{
	EXPECT_EQ(0, run_for_a_while(self, attach_or_map));
	EXPECT_TRUE(iommufd_ioas_is_empty(self->race.dev.iommufd, self->race.dev.ioas_id));
}

static void attach_and_detach(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;
	int rc;

	while (!test_threads_stopping(threads)) {
		threads->rounds++;
		rc = index % 2 ? iv_device_attach(race->dev.fd, race->dev.ioas_id) :
				 iv_device_detach(race->dev.fd);
		check_result(race, rc, 0, 0);
	}
}

TEST_F(concurrency, attaching_while_detaching)
{
	ASSERT_EQ(0, map(&self->race, self->race.dev.ioas_id, IOVA));
	EXPECT_EQ(0, run_for_a_while(self, attach_and_detach));
}

static void replace_while_querying(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;
	struct iommu_iova_range ranges[IOMMUFD_RANGES_MAX];
	uint32_t count;
	int rc;

	while (!test_threads_stopping(threads)) {
		threads->rounds++;
		count = IOMMUFD_RANGES_MAX;
		rc = index < 2 ? iv_device_attach(race->dev.fd,
						  index ? race->target : race->dev.ioas_id) :
				 iv_ioas_ranges(race->dev.iommufd, race->dev.ioas_id, ranges,
						&count, NULL);
		check_result(race, rc, 0, 0);
	}
}

TEST_F(concurrency, replacing_while_querying_ranges)
{
	uint32_t ioas_id;

	ASSERT_EQ(0, iv_ioas_alloc(self->race.dev.iommufd, &ioas_id));
	self->race.target = ioas_id;
	ASSERT_EQ(0, map(&self->race, ioas_id, IOVA));
	ASSERT_EQ(0, map(&self->race, self->race.dev.ioas_id, IOVA));
	EXPECT_EQ(0, run_for_a_while(self, replace_while_querying));
}

static void destroy_or_attach(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;
	uint32_t ioas_id;
	int rc;

	while (!test_threads_stopping(threads)) {
		threads->rounds++;
		if (index) {
			rc = iv_device_attach(race->dev.fd, race->target);
			check_result(race, rc, -ENOENT, 0);
			check_result(race, iv_device_detach(race->dev.fd), 0, 0);
			continue;
		}
		check_result(race, iv_ioas_alloc(race->dev.iommufd, &ioas_id), 0, 0);
		check_result(race, map(race, ioas_id, IOVA), 0, 0);
		race->target = ioas_id;
		do {
			rc = iv_iommufd_destroy(race->dev.iommufd, ioas_id);
		} while (rc == -EBUSY);
		check_result(race, rc, 0, 0);
	}
}

TEST_F(concurrency, destroying_an_ioas_while_attaching)
{
	EXPECT_EQ(0, run_for_a_while(self, destroy_or_attach));
}

static void attach_either_device(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;
	int fd = index % 2 ? race->dev.fd : race->second_fd;

	while (!test_threads_stopping(threads)) {
		threads->rounds++;
		check_result(race, iv_device_attach(fd, race->dev.ioas_id), 0, 0);
		check_result(race, iv_device_detach(fd), 0, 0);
	}
}

TEST_F(concurrency, two_devices_attaching_and_detaching)
{
	struct test_device second;

	if (!test_role_addr(TEST_HOTPLUG))
		SKIP(return, "no %s device", test_role_name(TEST_HOTPLUG));
	ASSERT_EQ(0, test_device_setup(&second, TEST_HOTPLUG, TEST_PARKED));
	ASSERT_EQ(0, iv_device_bind(second.fd, self->race.dev.iommufd, NULL));
	self->race.second_fd = second.fd;
	ASSERT_EQ(0, map(&self->race, self->race.dev.ioas_id, IOVA));
	EXPECT_EQ(0, run_for_a_while(self, attach_either_device));
	EXPECT_EQ(0, iv_iommufd_destroy(self->race.dev.iommufd, self->race.dev.ioas_id));
	test_device_teardown(&second);
}

static void close_or_open(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;
	uint32_t ioas_id;
	int iommufd;

	(void)index;
	while (!test_threads_stopping(threads)) {
		iommufd = test_context_open(&ioas_id);
		check_result(race, iommufd < 0 ? iommufd : 0, 0, 0);
		check_result(race, iv_ioas_map(iommufd, ioas_id, race->memory, MEMORY_SIZE, IOVA,
					       IV_DMA_RW), 0, 0);
		close(iommufd);
		threads->rounds++;
	}
}

TEST_F(concurrency, opening_and_closing_contexts)
{
	EXPECT_EQ(0, run_for_a_while(self, close_or_open));
}

TEST_HARNESS_MAIN
