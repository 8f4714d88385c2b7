// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel driver that pins memory by IOVA just when its IOAS becomes another's. From then on that
 * IOAS may map what isn't aligned to pages, as many bits of memory for a page of IOVAs as a user
 * likes; but the driver has room for one page for each page that it asked for, and is to be given
 * no more.
 *
 * All threads have one CPU, where the one that changes the IOAS is preferred: it stops the driver
 * wherever that happens to be, and has it go on in another world.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "iommufd_ioctl.h"
#include "iv.h"
#include "mock_access.h"
#include "mock_device.h"
#include "test_memory.h"
#include "test_race.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define IOVA ((uint64_t)MOCK_APERTURE_START)
#define BITS 4
#define BIT_SIZE (PAGE / BITS)
#define PINS MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES
/* The driver was stopped between two of its steps so often. */
#define ENOUGH 10
/* How long the driver may go on before it is stopped, in ns. */
#define GO_ON 400000

/**
 * struct race - what the threads share
 * @fd: the context
 * @ioas_id: an IOAS
 * @other_id: another, where nothing is mapped
 * @access: attached to @ioas_id, or to @other_id
 * @memory: a page
 * @results: of the calls
 * @refused: how many pins were refused since the access was no longer attached
 */
struct race {
	int fd;
	uint32_t ioas_id;
	uint32_t other_id;
	struct mock_access access;
	char *memory;
	struct test_race results;
	atomic_uint refused;
};

FIXTURE(mock_access_race)
{
	struct race race;
	cpu_set_t cpus;
};

static int share_one_cpu(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	return sched_setaffinity(0, sizeof(one), &one) ? -errno : 0;
}

FIXTURE_SETUP(mock_access_race)
{
	struct race *race = &self->race;

	ASSERT_EQ(0, mock_module_load());
	race->fd = iv_iommufd_open();
	ASSERT_LE(0, race->fd);
	race->memory = test_memory_alloc(PAGE, PAGE);
	ASSERT_NE(NULL, race->memory);
	memset(race->memory, 1, PAGE);
	ASSERT_EQ(0, iv_ioas_alloc(race->fd, &race->ioas_id));
	ASSERT_EQ(0, iv_ioas_alloc(race->fd, &race->other_id));
	ASSERT_EQ(0, mock_access_create(&race->access, race->fd, race->other_id, PINS));
	ASSERT_EQ(0, sched_getaffinity(0, sizeof(self->cpus), &self->cpus));
	ASSERT_EQ(0, share_one_cpu());
}

FIXTURE_TEARDOWN(mock_access_race)
{
	struct race *race = &self->race;

	EXPECT_EQ(0, sched_setaffinity(0, sizeof(self->cpus), &self->cpus));
	EXPECT_EQ(0, close(race->access.fd));
	EXPECT_EQ(0, mock_memory_is_unpinned(race->fd, race->memory, PAGE));
	EXPECT_EQ(0, close(race->fd));
	test_memory_free(race->memory, PAGE);
}

static void check(struct race *race, int rc)
{
	test_race_expect(&race->results, rc, 0, 0);
}

static void pause_ns(long ns)
{
	clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec) { .tv_nsec = ns }, NULL);
}

static void be_preferred(struct race *race)
{
	const struct sched_param param = { .sched_priority = 1 };

	check(race, -pthread_setschedparam(pthread_self(), SCHED_FIFO, &param));
}

static int map_bits(const struct race *race)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; i < BITS && !rc; i++)
		rc = iv_ioas_map(race->fd, race->ioas_id, race->memory + i * BIT_SIZE, BIT_SIZE,
				 IOVA + i * BIT_SIZE, IV_DMA_RW);
	return rc;
}

static int unmap(const struct race *race)
{
	return iv_ioas_unmap(race->fd, race->ioas_id, IOVA, PAGE, NULL);
}

/* Lets the driver pin a page, and stops it some time later to replace the page by bits of it. */
static void change_once(struct race *race, unsigned int *seed)
{
	check(race, iv_ioas_map(race->fd, race->ioas_id, race->memory, PAGE, IOVA, IV_DMA_RW));
	check(race, mock_access_attach(&race->access, race->ioas_id));
	pause_ns(rand_r(seed) % GO_ON);
	check(race, mock_access_attach(&race->access, race->other_id));
	check(race, unmap(race));
	check(race, map_bits(race));
	pause_ns(GO_ON);
	check(race, unmap(race));
}

static void pin_once(struct race *race)
{
	uint32_t pin_id;
	int rc;

	rc = mock_access_pin(&race->access, IOVA, PAGE, NULL, 0, &pin_id);
	if (!rc)
		test_race_expect(&race->results, mock_access_unpin(&race->access, pin_id),
				 -ENOENT, 0);
	else if (rc == -ENODEV)
		race->refused++;
	else
		test_race_expect(&race->results, rc, -ENOENT, -EBUSY);
}

static void change_or_pin(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;
	unsigned int seed = 1;

	if (!index)
		be_preferred(race);
	while (!test_threads_stopping(threads) && !race->results.unexpected) {
		if (index)
			pin_once(race);
		else
			change_once(race, &seed);
		threads->rounds++;
	}
}

static bool enough(void *arg)
{
	const struct race *race = arg;

	return race->refused >= ENOUGH || race->results.unexpected;
}

TEST_F_TIMEOUT(mock_access_race, pin_gives_no_more_than_there_is_room_for, 60)
{
	EXPECT_EQ(0, test_race_run_until(&self->race.results, 2, change_or_pin, &self->race,
					 TEST_RACE_MS, enough));
	TH_LOG("%u pins met a change", self->race.refused);
}

TEST_HARNESS_MAIN
