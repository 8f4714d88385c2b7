// SPDX-License-Identifier: GPL-2.0-only
/*
 * RLIMIT_MEMLOCK: an unprivileged process can pin only so much, in both accounting modes.
 *
 * Root opens the device and the context and attaches an IOAS; children that have become another
 * user, and have a limit, map memory into it.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "test_process.h"
#include "test_race.h"
#include "test_thread.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define LIMIT_PAGES 64UL
#define LIMIT (LIMIT_PAGES * PAGE)
#define KIB 1024
#define NOBODY 65534
#define JOIN_MS 5000
#define GIVEN_BACK_MS 2000

FIXTURE(memlock)
{
	struct test_device dev;
	int iommufd;
	uint32_t ioas_id;
	uint32_t mode;
	int64_t pinned;
};

FIXTURE_VARIANT(memlock)
{
	uint32_t mode;
};

FIXTURE_VARIANT_ADD(memlock, per_user) { .mode = 0 };
FIXTURE_VARIANT_ADD(memlock, per_process) { .mode = 1 };

static const struct test_privilege nobody = {
	.uid = NOBODY,
	.limit_memlock = true,
	.memlock = LIMIT,
};

static int setup_context(struct _test_data_memlock *self)
{
	self->iommufd = iv_iommufd_open();
	self->dev.iommufd = self->iommufd;
	if (self->iommufd < 0)
		return self->iommufd;
	return iv_option_set(self->iommufd, IOMMU_OPTION_RLIMIT_MODE, 0, self->mode) ?:
	       iv_ioas_alloc(self->iommufd, &self->ioas_id) ?:
	       iv_device_bind(self->dev.fd, self->iommufd, &self->dev.devid) ?:
	       iv_device_attach(self->dev.fd, self->ioas_id);
}

FIXTURE_SETUP(memlock)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	self->pinned = test_pinned_pages();
	self->mode = variant->mode;
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_PARKED));
	ASSERT_EQ(0, setup_context(self));
}

FIXTURE_TEARDOWN(memlock)
{
	test_device_teardown(&self->dev);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
}

/* Maps memory of the calling process, which is never freed. */
static int map_new(const struct _test_data_memlock *self, uint32_t ioas_id, uint64_t iova,
		   uint64_t length)
{
	void *memory = test_memory_alloc(length, PAGE);

	if (!memory)
		return -ENODATA;
	return iv_ioas_map(self->iommufd, ioas_id, memory, length, iova, IV_DMA_RW);
}

static int map_limit(void *self)
{
	return map_new(self, ((struct _test_data_memlock *)self)->ioas_id, 0, LIMIT);
}

static int map_half(void *self)
{
	return map_new(self, ((struct _test_data_memlock *)self)->ioas_id, LIMIT, LIMIT / 2);
}

static int map_page_more(void *self)
{
	return map_new(self, ((struct _test_data_memlock *)self)->ioas_id, 0, LIMIT + PAGE);
}

static int map_page(void *self)
{
	return map_new(self, ((struct _test_data_memlock *)self)->ioas_id, 0, PAGE);
}

TEST_F(memlock, limit_can_be_used_up)
{
	EXPECT_EQ(0, test_run_in_child(map_limit, self, &nobody));
}

TEST_F(memlock, a_page_above_the_limit_fails_and_leaves_nothing)
{
	EXPECT_EQ(-ENOMEM, test_run_in_child(map_page_more, self, &nobody));
	EXPECT_EQ(self->pinned, test_pinned_pages());
	EXPECT_TRUE(iommufd_ioas_is_empty(self->iommufd, self->ioas_id));
	EXPECT_EQ(0, test_run_in_child(map_limit, self, &nobody));
}

TEST_F(memlock, limit_of_nothing_allows_nothing)
{
	const struct test_privilege none = { .uid = NOBODY, .limit_memlock = true };

	EXPECT_EQ(-ENOMEM, test_run_in_child(map_page, self, &none));
}

TEST_F(memlock, privileged_process_has_no_limit)
{
	const struct test_privilege root = { .limit_memlock = true };

	EXPECT_EQ(0, test_run_in_child(map_page_more, self, &root));
}

TEST_F(memlock, user_without_limit_has_no_limit)
{
	const struct test_privilege unlimited = {
		.uid = NOBODY,
		.limit_memlock = true,
		.memlock = RLIM_INFINITY,
	};

	EXPECT_EQ(0, test_run_in_child(map_page_more, self, &unlimited));
}

static int fill_then_free_then_fill(void *arg)
{
	const struct _test_data_memlock *self = arg;
	int rc;

	rc = map_new(self, self->ioas_id, 0, LIMIT / 2) ?:
	     map_new(self, self->ioas_id, LIMIT, LIMIT / 2);
	if (rc)
		return rc;
	if (map_new(self, self->ioas_id, 2 * LIMIT, PAGE) != -ENOMEM)
		return -EIO;
	return iv_ioas_unmap(self->iommufd, self->ioas_id, 0, LIMIT / 2, NULL) ?:
	       map_new(self, self->ioas_id, 0, LIMIT / 2);
}

TEST_F(memlock, mappings_add_up_and_unmap_gives_back)
{
	EXPECT_EQ(0, test_run_in_child(fill_then_free_then_fill, self, &nobody));
}

static int fail_many_times_then_fill(void *arg)
{
	int i;

	for (i = 0; i < 20; i++)
		if (map_page_more(arg) != -ENOMEM)
			return -EIO;
	return map_limit(arg);
}

TEST_F(memlock, failures_cost_nothing)
{
	EXPECT_EQ(0, test_run_in_child(fail_many_times_then_fill, self, &nobody));
}

TEST_F(memlock, second_process_shares_the_users_limit_not_the_processes)
{
	ASSERT_EQ(0, test_run_in_child(map_limit, self, &nobody));
	EXPECT_EQ(self->mode ? 0 : -ENOMEM, test_run_in_child(map_half, self, &nobody));
}

TEST_F(memlock, unmap_by_another_gives_back_to_the_user)
{
	ASSERT_EQ(0, test_run_in_child(map_limit, self, &nobody));
	ASSERT_EQ(0, iv_ioas_unmap(self->iommufd, self->ioas_id, 0, UINT64_MAX, NULL));
	EXPECT_EQ(0, test_run_in_child(map_limit, self, &nobody));
}

TEST_F(memlock, detach_gives_back_to_the_user)
{
	ASSERT_EQ(0, test_run_in_child(map_limit, self, &nobody));
	ASSERT_EQ(0, iv_device_detach(self->dev.fd));
	ASSERT_EQ(0, iv_iommufd_destroy(self->iommufd, self->ioas_id));
	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &self->ioas_id));
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, self->ioas_id));
	EXPECT_EQ(0, test_run_in_child(map_limit, self, &nobody));
}

static int attach_too_much(void *arg)
{
	const struct _test_data_memlock *self = arg;
	uint32_t ioas_id;

	/* Without a device nothing is pinned, and the limit doesn't matter yet. */
	return iv_ioas_alloc(self->iommufd, &ioas_id) ?:
	       map_new(self, ioas_id, 0, LIMIT + PAGE) ?:
	       iv_device_attach(self->dev.fd, ioas_id);
}

TEST_F(memlock, attach_above_the_limit_fails_and_keeps_the_old)
{
	EXPECT_EQ(-ENOMEM, test_run_in_child(attach_too_much, self, &nobody));
	EXPECT_EQ(self->pinned, test_pinned_pages());
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->iommufd, self->ioas_id));
	EXPECT_EQ(0, test_run_in_child(map_limit, self, &nobody));
}

static int proc_status_shows_it(void *arg)
{
	const struct _test_data_memlock *self = arg;
	const char *field = self->mode ? "VmLck" : "VmPin";
	int rc = map_limit(arg);

	if (rc)
		return rc;
	if (test_status_kib(field) != (int64_t)(LIMIT / KIB))
		return -EIO;
	rc = iv_ioas_unmap(self->iommufd, self->ioas_id, 0, LIMIT, NULL);
	return rc ?: (test_status_kib(field) ? -EIDRM : 0);
}

TEST_F(memlock, proc_status_shows_it)
{
	EXPECT_EQ(0, test_run_in_child(proc_status_shows_it, self, &nobody));
}

/* Of the threads of a busy process half change its mappings, the others map for devices. */
#define BUSY_THREADS 4
#define BUSY_SIZE (1024 * PAGE)

struct busy {
	const struct _test_data_memlock *self;
	char *memory;
	char *changing;
	atomic_int failed;
};

static int map_and_unmap_half(const struct _test_data_memlock *self, const char *memory,
			      uint64_t iova)
{
	return iv_ioas_map(self->iommufd, self->ioas_id, memory, LIMIT / 2, iova, IV_DMA_RW) ?:
	       iv_ioas_unmap(self->iommufd, self->ioas_id, iova, LIMIT / 2, NULL);
}

static void be_busy(struct test_threads *threads, unsigned int index, void *arg)
{
	struct busy *busy = arg;
	uint64_t part = index % 2 * LIMIT / 2;
	char *changing = busy->changing + index % 2 * BUSY_SIZE;
	int rc;

	while (!test_threads_stopping(threads)) {
		threads->rounds++;
		if (index >= BUSY_THREADS / 2) {
			mprotect(changing, BUSY_SIZE, PROT_READ);
			mprotect(changing, BUSY_SIZE, PROT_READ | PROT_WRITE);
			memset(changing, index, BUSY_SIZE);
			continue;
		}
		rc = map_and_unmap_half(busy->self, busy->memory + part, part);
		if (rc)
			busy->failed = rc;
	}
}

static bool nothing_is_locked(void *arg)
{
	(void)arg;
	return !test_status_kib("VmLck");
}

/* Two halves of what the limit allows always fit, as long as what was given back counts. */
static int busy_process_maps(void *arg)
{
	static struct test_threads threads;
	struct busy busy = {
		.self = arg,
		.memory = test_memory_alloc(LIMIT, PAGE),
		.changing = test_memory_alloc(2 * BUSY_SIZE, PAGE),
	};
	int rc;

	if (!busy.memory || !busy.changing)
		return -ENODATA;
	rc = test_threads_start(&threads, BUSY_THREADS, be_busy, &busy);
	if (rc)
		return rc;
	test_sleep_ms(TEST_RACE_MS);
	test_threads_stop(&threads);
	rc = test_threads_join(&threads, JOIN_MS) ?: busy.failed;
	if (rc)
		return rc;
	return test_wait_until(nothing_is_locked, NULL, GIVEN_BACK_MS) ? 0 : -EIDRM;
}

TEST_F(memlock, counts_of_a_process_that_is_busy_are_right)
{
	EXPECT_EQ(0, test_run_in_child(busy_process_maps, self, &nobody));
	EXPECT_EQ(self->pinned, test_pinned_pages());
	EXPECT_EQ(0, test_run_in_child(map_limit, self, &nobody));
}

TEST_HARNESS_MAIN
