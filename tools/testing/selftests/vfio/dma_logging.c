// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA logging: what is recorded, how it is reported, and bad input. The device says what it has
 * written when it is told to.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "iommufd_ioctl.h"
#include "iv.h"
#include "mock_migrate.h"
#include "mock_vfio.h"
#include "test_race.h"
#include "test_thread.h"
#include "kselftest_harness.h"

#define PAGE 4096ULL
#define MIB (1ULL << 20)
#define WORDS 4096

#define range struct vfio_device_feature_dma_logging_range

FIXTURE(dma_logging)
{
	int iommufd;
	int fd;
	uint64_t page_size;
	uint64_t bitmap[WORDS];
	struct iommufd_guard guard;
};

FIXTURE_SETUP(dma_logging)
{
	ASSERT_EQ(0, mock_vfio_load());
	self->iommufd = iv_iommufd_open();
	ASSERT_LE(0, self->iommufd);
	self->fd = mock_migrate_open(VFIO_MIGRATION_STOP_COPY, self->iommufd);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, iommufd_guard_setup(&self->guard));
	self->page_size = PAGE;
}

FIXTURE_TEARDOWN(dma_logging)
{
	iommufd_guard_teardown(&self->guard);
	if (self->fd >= 0)
		close(self->fd);
	close(self->iommufd);
	EXPECT_EQ(0, mock_vfio_unload());
}

static int start(struct _test_data_dma_logging *self, uint64_t iova, uint64_t length)
{
	const range one = { .iova = iova, .length = length };

	return iv_dma_logging_start(self->fd, &self->page_size, &one, 1);
}

static int report(struct _test_data_dma_logging *self, uint64_t iova, uint64_t length,
		  uint64_t page_size)
{
	memset(self->bitmap, 0, sizeof(self->bitmap));
	return iv_dma_logging_report(self->fd, iova, length, page_size, self->bitmap);
}

static unsigned int bits(const struct _test_data_dma_logging *self)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < WORDS; i++)
		count += __builtin_popcountll(self->bitmap[i]);
	return count;
}

static bool bit(const struct _test_data_dma_logging *self, unsigned int nr)
{
	return self->bitmap[nr / 64] >> (nr % 64) & 1;
}

TEST_F(dma_logging, reports_each_write_once)
{
	ASSERT_EQ(0, start(self, MIB, MIB));
	EXPECT_EQ(PAGE, self->page_size);
	ASSERT_EQ(0, mock_migrate_mark(self->fd, MIB + 5 * PAGE + 100, 1));
	ASSERT_EQ(0, mock_migrate_mark(self->fd, MIB + 200 * PAGE - 1, 2));
	ASSERT_EQ(0, report(self, MIB, MIB, PAGE));
	EXPECT_EQ(3, bits(self));
	EXPECT_TRUE(bit(self, 5));
	EXPECT_TRUE(bit(self, 199));
	EXPECT_TRUE(bit(self, 200));
	ASSERT_EQ(0, report(self, MIB, MIB, PAGE));
	EXPECT_EQ(0, bits(self));
}

TEST_F(dma_logging, bits_are_added)
{
	ASSERT_EQ(0, start(self, 0, MIB));
	ASSERT_EQ(0, mock_migrate_mark(self->fd, PAGE, 1));
	memset(self->bitmap, 0, sizeof(self->bitmap));
	self->bitmap[0] = 0xf0;
	self->bitmap[1] = 0x5a;
	ASSERT_EQ(0, iv_dma_logging_report(self->fd, 0, MIB, PAGE, self->bitmap));
	EXPECT_EQ(0xf2, self->bitmap[0]);
	EXPECT_EQ(0x5a, self->bitmap[1]);
}

TEST_F(dma_logging, what_is_not_asked_for_stays)
{
	ASSERT_EQ(0, start(self, 0, MIB));
	ASSERT_EQ(0, mock_migrate_mark(self->fd, 0, MIB));
	ASSERT_EQ(0, report(self, 10 * PAGE, 5 * PAGE, PAGE));
	EXPECT_EQ(5, bits(self));
	EXPECT_TRUE(bit(self, 0));
	ASSERT_EQ(0, report(self, 0, MIB, PAGE));
	EXPECT_EQ(256 - 5, bits(self));
	EXPECT_FALSE(bit(self, 10));
}

TEST_F(dma_logging, writes_outside_of_the_ranges_are_ignored)
{
	ASSERT_EQ(0, start(self, MIB, MIB));
	ASSERT_EQ(0, mock_migrate_mark(self->fd, 0, MIB));
	ASSERT_EQ(0, mock_migrate_mark(self->fd, 2 * MIB, UINT64_MAX));
	ASSERT_EQ(0, report(self, 0, 16 * MIB, PAGE));
	EXPECT_EQ(0, bits(self));
	ASSERT_EQ(0, mock_migrate_mark(self->fd, 0, UINT64_MAX));
	ASSERT_EQ(0, report(self, 0, 16 * MIB, PAGE));
	EXPECT_EQ(256, bits(self));
}

TEST_F(dma_logging, reports_by_larger_and_smaller_pages)
{
	self->page_size = 4 * PAGE;
	ASSERT_EQ(0, start(self, 0, MIB));
	EXPECT_EQ(4 * PAGE, self->page_size);
	ASSERT_EQ(0, mock_migrate_mark(self->fd, 9 * PAGE, 1));
	ASSERT_EQ(0, report(self, 0, MIB, PAGE));
	EXPECT_EQ(4, bits(self));
	EXPECT_TRUE(bit(self, 8));
	EXPECT_TRUE(bit(self, 11));
	ASSERT_EQ(0, mock_migrate_mark(self->fd, 9 * PAGE, 1));
	ASSERT_EQ(0, report(self, 0, MIB, 16 * PAGE));
	EXPECT_EQ(1, bits(self));
	EXPECT_TRUE(bit(self, 0));
	/* A page that is reported in part stays marked. */
	ASSERT_EQ(0, mock_migrate_mark(self->fd, 9 * PAGE, 1));
	ASSERT_EQ(0, report(self, 9 * PAGE, PAGE, PAGE));
	EXPECT_EQ(1, bits(self));
	ASSERT_EQ(0, report(self, 8 * PAGE, 4 * PAGE, PAGE));
	EXPECT_EQ(4, bits(self));
	ASSERT_EQ(0, report(self, 0, MIB, PAGE));
	EXPECT_EQ(0, bits(self));
}

TEST_F(dma_logging, report_over_many_pieces_of_a_bitmap)
{
	const uint64_t length = WORDS * 64 * PAGE;
	const unsigned int pages[] = { 0, 32767, 32768, 65535, 100000, WORDS * 64 - 1 };

	ASSERT_EQ(0, start(self, 1 << 30, length));
	for (unsigned int i = 0; i < 6; i++)
		ASSERT_EQ(0, mock_migrate_mark(self->fd, (1 << 30) + pages[i] * PAGE, 1));
	ASSERT_EQ(0, report(self, 1 << 30, length, PAGE));
	EXPECT_EQ(6, bits(self));
	for (unsigned int i = 0; i < 6; i++)
		EXPECT_TRUE(bit(self, pages[i]));
	ASSERT_EQ(0, report(self, 1 << 30, length, PAGE));
	EXPECT_EQ(0, bits(self));
}

TEST_F(dma_logging, as_many_ranges_as_fit_a_page)
{
	range ranges[257];

	for (unsigned int i = 0; i < 257; i++)
		ranges[i] = (range) { .iova = (256 - i) * 2 * PAGE, .length = PAGE };
	EXPECT_EQ(-E2BIG, iv_dma_logging_start(self->fd, &self->page_size, ranges, 257));
	ASSERT_EQ(0, iv_dma_logging_start(self->fd, &self->page_size, ranges, 256));
	ASSERT_EQ(0, mock_migrate_mark(self->fd, 0, MIB * 16));
	ASSERT_EQ(0, report(self, 0, MIB * 16, PAGE));
	EXPECT_EQ(256, bits(self));
	EXPECT_FALSE(bit(self, 3));
	EXPECT_TRUE(bit(self, 4));
}

/* The largest range there can be is recorded by large pages. */
TEST_F(dma_logging, huge_range_has_a_bounded_log)
{
	ASSERT_EQ(0, start(self, 0, UINT64_MAX - PAGE + 1));
	EXPECT_LE(1ULL << 37, self->page_size);
	ASSERT_EQ(0, mock_migrate_mark(self->fd, self->page_size * 1000, 1));
	ASSERT_EQ(0, report(self, 0, UINT64_MAX - PAGE + 1, 1ULL << 47));
	EXPECT_EQ(1, bits(self));
}

TEST_F(dma_logging, huge_range_with_nothing_written_touches_no_bitmap)
{
	ASSERT_EQ(0, start(self, 0, UINT64_MAX - PAGE + 1));
	EXPECT_EQ(0, iv_dma_logging_report(self->fd, 0, UINT64_MAX - PAGE + 1, PAGE,
					   (uint64_t *)self->guard.page));
	ASSERT_EQ(0, mock_migrate_mark(self->fd, 0, UINT64_MAX));
	EXPECT_EQ(-EFAULT, iv_dma_logging_report(self->fd, 0, UINT64_MAX - PAGE + 1, PAGE,
						 (uint64_t *)self->guard.page));
}

TEST_F(dma_logging, second_start_fails)
{
	ASSERT_EQ(0, start(self, 0, MIB));
	ASSERT_EQ(0, mock_migrate_mark(self->fd, 0, PAGE));
	EXPECT_EQ(-EINVAL, start(self, 0, MIB));
	ASSERT_EQ(0, report(self, 0, MIB, PAGE));
	EXPECT_EQ(1, bits(self));
	ASSERT_EQ(0, iv_dma_logging_stop(self->fd));
	EXPECT_EQ(0, iv_dma_logging_stop(self->fd));
	ASSERT_EQ(0, start(self, 0, MIB));
	ASSERT_EQ(0, report(self, 0, MIB, PAGE));
	EXPECT_EQ(0, bits(self));
}

TEST_F(dma_logging, report_without_a_start_fails)
{
	EXPECT_EQ(-EINVAL, report(self, 0, MIB, PAGE));
	ASSERT_EQ(0, start(self, 0, MIB));
	ASSERT_EQ(0, iv_dma_logging_stop(self->fd));
	EXPECT_EQ(-EINVAL, report(self, 0, MIB, PAGE));
}

TEST_F(dma_logging, ends_with_the_session)
{
	ASSERT_EQ(0, start(self, 0, MIB));
	ASSERT_EQ(0, mock_migrate_mark(self->fd, 0, PAGE));
	close(self->fd);
	self->fd = mock_migrate_open(VFIO_MIGRATION_STOP_COPY, self->iommufd);
	ASSERT_LE(0, self->fd);
	EXPECT_EQ(-EINVAL, report(self, 0, MIB, PAGE));
	EXPECT_EQ(0, start(self, 0, MIB));
}

TEST_F(dma_logging, does_not_depend_on_the_migration_state)
{
	int data_fd;

	ASSERT_EQ(0, start(self, 0, MIB));
	ASSERT_EQ(0, mock_migrate_mark(self->fd, 0, PAGE));
	ASSERT_EQ(0, iv_migration_set(self->fd, VFIO_DEVICE_STATE_STOP, &data_fd));
	ASSERT_EQ(0, iv_device_reset(self->fd));
	ASSERT_EQ(0, report(self, 0, MIB, PAGE));
	EXPECT_EQ(1, bits(self));
}

TEST_F(dma_logging, bad_ranges_fail)
{
	const struct {
		range ranges[2];
		uint32_t count;
		uint64_t page_size;
		int error;
	} cases[] = {
		{ { { 0, PAGE } }, 0, PAGE, -EINVAL },
		{ { { 0, 0 } }, 1, PAGE, -EINVAL },
		{ { { 1, PAGE } }, 1, PAGE, -EINVAL },
		{ { { 0, PAGE - 1 } }, 1, PAGE, -EINVAL },
		{ { { PAGE, 2 * PAGE } }, 1, 2 * PAGE, -EINVAL },
		{ { { 0, PAGE } }, 1, 0, -EINVAL },
		{ { { 0, PAGE } }, 1, PAGE + 1, -EINVAL },
		{ { { 0, PAGE } }, 1, 3 * PAGE, -EINVAL },
		{ { { UINT64_MAX - PAGE + 1, PAGE } }, 1, PAGE, -EOVERFLOW },
		{ { { PAGE, UINT64_MAX - PAGE + 1 } }, 1, PAGE, -EOVERFLOW },
		{ { { 0, 2 * PAGE }, { PAGE, PAGE } }, 2, PAGE, -EINVAL },
		{ { { PAGE, PAGE }, { 0, 2 * PAGE } }, 2, PAGE, -EINVAL },
		{ { { 0, PAGE }, { 0, PAGE } }, 2, PAGE, -EINVAL },
		{ { { 0, PAGE } }, UINT32_MAX, PAGE, -E2BIG },
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		self->page_size = cases[i].page_size;
		EXPECT_EQ(cases[i].error, iv_dma_logging_start(self->fd, &self->page_size,
							       cases[i].ranges, cases[i].count))
			TH_LOG("case %u", i);
		EXPECT_EQ(-EINVAL, report(self, 0, PAGE, PAGE));
	}
}

TEST_F(dma_logging, bad_reports_fail)
{
	ASSERT_EQ(0, start(self, 0, MIB));
	ASSERT_EQ(0, mock_migrate_mark(self->fd, 0, PAGE));
	EXPECT_EQ(-EINVAL, report(self, 0, 0, PAGE));
	EXPECT_EQ(-EINVAL, report(self, 0, MIB, 0));
	EXPECT_EQ(-EINVAL, report(self, 0, MIB, 2048));
	EXPECT_EQ(-EINVAL, report(self, 0, MIB, PAGE + 1));
	EXPECT_EQ(-EOVERFLOW, report(self, PAGE, UINT64_MAX, PAGE));
	EXPECT_EQ(-EFAULT, iv_dma_logging_report(self->fd, 0, MIB, PAGE, NULL));
	/* An address that wraps around */
	EXPECT_EQ(-EFAULT, iv_dma_logging_report(self->fd, 0, MIB, PAGE,
						 (uint64_t *)(UINTPTR_MAX - 7)));
}

TEST_F(dma_logging, bad_memory_fails)
{
	const range one = { .length = MIB };
	struct {
		struct vfio_device_feature hdr;
		struct vfio_device_feature_dma_logging_control data;
	} arg = {
		.hdr = {
			.argsz = sizeof(arg),
			.flags = VFIO_DEVICE_FEATURE_DMA_LOGGING_START | VFIO_DEVICE_FEATURE_SET,
		},
		.data = { .page_size = PAGE, .num_ranges = 1, .ranges = (uintptr_t)&one },
	};
	char *place;

	for (arg.hdr.argsz = 0; arg.hdr.argsz < sizeof(arg); arg.hdr.argsz++)
		EXPECT_EQ(-EINVAL, iommufd_ioctl(self->fd, VFIO_DEVICE_FEATURE, &arg));
	arg.data.ranges = 8;
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->fd, VFIO_DEVICE_FEATURE, &arg));
	arg.data.ranges = (uintptr_t)&one;
	place = iommufd_guard_place(&self->guard, &arg, sizeof(arg));
	ASSERT_EQ(0, iommufd_guard_make_readonly(&self->guard));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->fd, VFIO_DEVICE_FEATURE, place));
	EXPECT_EQ(-EINVAL, report(self, 0, MIB, PAGE));
}

struct race {
	int fd;
	struct test_race results;
};

static void log_at_random(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;
	const range one = { .length = MIB };
	uint64_t bitmap[4], page_size;

	while (!test_threads_stopping(threads)) {
		threads->rounds++;
		page_size = PAGE << index;
		test_race_expect(&race->results,
				 iv_dma_logging_start(race->fd, &page_size, &one, 1), -EINVAL, 0);
		mock_migrate_mark(race->fd, 0, MIB);
		test_race_expect(&race->results,
				 iv_dma_logging_report(race->fd, 0, MIB, PAGE, bitmap), -EINVAL, 0);
		test_race_expect(&race->results, iv_dma_logging_stop(race->fd), 0, 0);
	}
}

TEST_F(dma_logging, threads_start_mark_report_and_stop)
{
	struct race race = { .fd = self->fd };

	EXPECT_EQ(0, test_race_run(&race.results, 4, log_at_random, &race, TEST_RACE_MS));
}

TEST_HARNESS_MAIN
