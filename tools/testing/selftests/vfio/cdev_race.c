// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads and processes that open, bind, use and close one device at the same time.
 */
#include <errno.h>
#include "iommufd_bind.h"
#include "iommufd_child.h"
#include "iv.h"
#include "test_device.h"
#include "test_race.h"
#include "test_thread.h"
#include "test_timeout.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define THREADS 4U
#define ROUNDS 10
#define JOIN_MS 5000
#define CHILDREN 3

/**
 * struct race - what the threads share
 * @dev: the device
 * @fds: a descriptor for each thread
 * @iommufds: a context for each thread
 * @wins: successful binds
 * @results: of their calls
 */
struct race {
	struct test_device dev;
	int fds[THREADS];
	int iommufds[THREADS];
	atomic_int wins;
	struct test_race results;
};

FIXTURE(race)
{
	struct race race;
	struct test_threads threads;
};

FIXTURE_SETUP(race)
{
	unsigned int i;

	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&self->race.dev, TEST_EDU, TEST_PARKED));
	for (i = 0; i < THREADS; i++) {
		self->race.iommufds[i] = iv_iommufd_open();
		ASSERT_LE(0, self->race.iommufds[i]);
		self->race.fds[i] = self->race.dev.fd;
	}
}

FIXTURE_TEARDOWN(race)
{
	unsigned int i;

	for (i = 0; i < THREADS; i++)
		close(self->race.iommufds[i]);
	test_device_teardown(&self->race.dev);
}

static void check_result(struct race *race, int rc, int error)
{
	test_race_expect(&race->results, rc, error, 0);
}

static void join(struct __test_metadata *_metadata, struct _test_data_race *self)
{
	ASSERT_EQ(0, test_threads_join(&self->threads, JOIN_MS));
	EXPECT_EQ(0, self->race.results.unexpected);
}

static void bind_once(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;
	int rc = iv_device_bind(race->fds[index], race->iommufds[index], NULL);

	(void)threads;
	check_result(race, rc, -EINVAL);
	race->wins += !rc;
}

TEST_F(race, exactly_one_bind_of_one_descriptor_wins)
{
	unsigned int i, round;

	for (round = 0; round < ROUNDS; round++) {
		self->race.wins = 0;
		ASSERT_EQ(0, test_threads_start(&self->threads, THREADS, bind_once, &self->race));
		join(_metadata, self);
		EXPECT_EQ(1, self->race.wins);
		close(self->race.dev.fd);
		self->race.dev.fd = iv_device_open(self->race.dev.addr);
		ASSERT_LE(0, self->race.dev.fd);
		for (i = 0; i < THREADS; i++)
			self->race.fds[i] = self->race.dev.fd;
	}
}

TEST_F(race, exactly_one_bind_of_many_descriptors_wins)
{
	unsigned int i, round;

	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < THREADS; i++) {
			self->race.fds[i] = iv_device_open(self->race.dev.addr);
			ASSERT_LE(0, self->race.fds[i]);
		}
		self->race.wins = 0;
		ASSERT_EQ(0, test_threads_start(&self->threads, THREADS, bind_once, &self->race));
		join(_metadata, self);
		EXPECT_EQ(1, self->race.wins);
		for (i = 0; i < THREADS; i++)
			close(self->race.fds[i]);
	}
}

static void bind_sibling(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;
	int rc = iv_device_bind(race->fds[index], race->iommufds[index], NULL);

	(void)threads;
	check_result(race, rc, -EBUSY);
	race->wins += !rc;
}

TEST_F(race, exactly_one_context_gets_a_group)
{
	struct test_device a, b;
	int round;

	if (!test_role_addr(TEST_SHARED_A) || !test_role_addr(TEST_SHARED_B))
		SKIP(return, "no %s and %s", test_role_name(TEST_SHARED_A),
		     test_role_name(TEST_SHARED_B));
	ASSERT_EQ(0, test_device_setup(&a, TEST_SHARED_A, TEST_CLAIMED));
	ASSERT_EQ(0, test_device_setup(&b, TEST_SHARED_B, TEST_CLAIMED));
	for (round = 0; round < ROUNDS; round++) {
		self->race.fds[0] = iv_device_open(a.addr);
		self->race.fds[1] = iv_device_open(b.addr);
		self->race.wins = 0;
		ASSERT_EQ(0, test_threads_start(&self->threads, 2, bind_sibling, &self->race));
		join(_metadata, self);
		EXPECT_EQ(1, self->race.wins);
		close(self->race.fds[0]);
		close(self->race.fds[1]);
	}
	test_device_teardown(&a);
	test_device_teardown(&b);
}

static int use_device_once(const char *addr, int iommufd, atomic_int *wins)
{
	uint16_t vendor = 0;
	int rc, fd = iv_device_open(addr);

	if (fd < 0)
		return fd;
	rc = iv_device_bind(fd, iommufd, NULL);
	if (!rc) {
		rc = iv_config_read16(fd, PCI_VENDOR_ID, &vendor);
		rc = rc ?: (vendor == IV_EDU_VENDOR ? 0 : -EIO);
		(*wins)++;
	}
	close(fd);
	return rc;
}

static void use_device(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;

	while (!test_threads_stopping(threads)) {
		threads->rounds++;
		check_result(race, use_device_once(race->dev.addr, race->iommufds[index],
						   &race->wins), -EINVAL);
	}
}

TEST_F(race, threads_open_bind_read_and_close)
{
	EXPECT_EQ(0, test_race_run(&self->race.results, THREADS, use_device, &self->race,
				   TEST_RACE_MS));
	EXPECT_LT(0, self->race.wins);
	EXPECT_EQ(0, iommufd_bind_elsewhere(self->race.dev.fd));
}

static int child_uses_device(struct iommufd_child *parent, void *arg)
{
	struct race *race = arg;
	const int64_t start = test_now_ms();
	const int64_t end = start + TEST_RACE_MS;
	/* On a busy machine its turn may come only when the others have stopped. */
	const int64_t give_up = start + test_timeout(TEST_RACE_JOIN_MS);
	int iommufd = iv_iommufd_open();
	int rc;

	(void)parent;
	/* Another process may close, and give the group back, a moment after its close returned. */
	do {
		rc = use_device_once(race->dev.addr, iommufd, &race->wins);
	} while (test_now_ms() < (race->wins ? end : give_up) &&
		 (!rc || rc == -EINVAL || rc == -EBUSY));
	if (rc && rc != -EINVAL && rc != -EBUSY)
		return rc;
	return race->wins ? 0 : -ENODATA;
}

TEST_F(race, processes_open_bind_read_and_close)
{
	struct iommufd_child children[CHILDREN];
	unsigned int i;

	for (i = 0; i < CHILDREN; i++) {
		ASSERT_EQ(0, iommufd_child_start(&children[i], child_uses_device, &self->race))
			TH_LOG("child %u", i);
	}
	for (i = 0; i < CHILDREN; i++) {
		EXPECT_EQ(0, iommufd_child_finish(&children[i]))
			TH_LOG("child %u", i);
	}
	EXPECT_EQ(0, iommufd_bind_elsewhere(self->race.dev.fd));
}

static void read_parked_or_bound(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;
	uint16_t vendor = 0;
	bool bound = false;
	int rc;

	if (!index) {
		test_sleep_ms(5);
		check_result(race, iv_device_bind(race->dev.fd, race->iommufds[0], NULL), 0);
		return;
	}
	while (!test_threads_stopping(threads)) {
		rc = iv_config_read16(race->dev.fd, PCI_VENDOR_ID, &vendor);
		/* Once a read has worked, all later ones must. */
		check_result(race, rc, bound ? 0 : -EINVAL);
		bound |= !rc;
		if (!rc && vendor != IV_EDU_VENDOR)
			race->results.unexpected = -EIO;
	}
}

TEST_F(race, reading_while_binding)
{
	unsigned int round;

	for (round = 0; round < ROUNDS; round++) {
		ASSERT_EQ(0, test_threads_start(&self->threads, THREADS, read_parked_or_bound,
						&self->race));
		test_sleep_ms(15);
		test_threads_stop(&self->threads);
		join(_metadata, self);
		EXPECT_TRUE(iommufd_device_is_bound(self->race.dev.fd));
		close(self->race.dev.fd);
		self->race.dev.fd = iv_device_open(self->race.dev.addr);
		ASSERT_LE(0, self->race.dev.fd);
	}
}

static void use_until_closed(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;
	struct vfio_device_info info;
	uint16_t vendor;
	int rc;

	while (!test_threads_stopping(threads)) {
		rc = index % 2 ? iv_device_info(race->dev.fd, &info) :
				 iv_config_read16(race->dev.fd, PCI_VENDOR_ID, &vendor);
		check_result(race, rc, -EBADF);
	}
}

TEST_F(race, closing_during_operations)
{
	unsigned int round;

	for (round = 0; round < ROUNDS; round++) {
		ASSERT_EQ(0, iommufd_bind_elsewhere(self->race.dev.fd));
		ASSERT_EQ(0, test_threads_start(&self->threads, THREADS, use_until_closed,
						&self->race));
		test_sleep_ms(5);
		close(self->race.dev.fd);
		test_sleep_ms(5);
		test_threads_stop(&self->threads);
		join(_metadata, self);
		self->race.dev.fd = iv_device_open(self->race.dev.addr);
		ASSERT_LE(0, self->race.dev.fd);
	}
}

static void attach_until_closed(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;
	int rc;

	while (!test_threads_stopping(threads)) {
		rc = index % 2 ? iv_device_attach(race->dev.fd, race->dev.ioas_id) :
				 iv_device_detach(race->dev.fd);
		check_result(race, rc, -EBADF);
	}
}

TEST_F(race, closing_during_attach_and_detach)
{
	unsigned int round;

	for (round = 0; round < ROUNDS; round++) {
		ASSERT_EQ(0, test_device_advance(&self->race.dev, TEST_BOUND));
		ASSERT_EQ(0, test_threads_start(&self->threads, THREADS, attach_until_closed,
						&self->race));
		test_sleep_ms(5);
		close(self->race.dev.fd);
		test_sleep_ms(5);
		test_threads_stop(&self->threads);
		join(_metadata, self);
		EXPECT_EQ(0, iv_iommufd_destroy(self->race.dev.iommufd, self->race.dev.ioas_id));
		close(self->race.dev.iommufd);
		self->race.dev.iommufd = -1;
		self->race.dev.fd = -1;
		ASSERT_EQ(0, test_device_advance(&self->race.dev, TEST_PARKED));
	}
}

TEST_HARNESS_MAIN
