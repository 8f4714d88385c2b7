// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_IOAS_COPY between IOASes that no device is attached to: which ranges can be copied, where
 * to, and what is left of a copy that fails.
 *
 * The source holds three areas and a hole:
 *
 *   SOURCE           +4 pages         +6 pages   +8 pages          +9 pages
 *   | area 0 (rw)    | area 1 (rw)    | hole     | area 2 (r only) |
 */
#include <errno.h>
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_memory.h"
#include "test_thread.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define MEMORY_SIZE (16 * PAGE)
#define SOURCE 0x100000UL
#define FIRST_SIZE (4 * PAGE)
#define SECOND (SOURCE + FIRST_SIZE)
#define SECOND_SIZE (2 * PAGE)
#define BOTH_SIZE (FIRST_SIZE + SECOND_SIZE)
#define HOLE (SECOND + SECOND_SIZE)
#define HOLE_SIZE (2 * PAGE)
#define READONLY (HOLE + HOLE_SIZE)
#define SOURCE_SIZE (BOTH_SIZE + PAGE)
#define TARGET 0x900000UL
#define RUN_MS 500
#define JOIN_MS 5000

FIXTURE(ioas_copy)
{
	int iommufd;
	uint32_t source;
	uint32_t target;
	char *memory;
	struct test_threads threads;
	atomic_int unexpected;
};

FIXTURE_SETUP(ioas_copy)
{
	self->iommufd = iv_iommufd_open();
	ASSERT_LE(0, self->iommufd);
	self->memory = test_memory_alloc(MEMORY_SIZE, PAGE);
	ASSERT_NE(NULL, self->memory);
	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &self->source));
	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &self->target));
	ASSERT_EQ(0, iv_ioas_map(self->iommufd, self->source, self->memory, FIRST_SIZE, SOURCE,
				 IV_DMA_RW));
	ASSERT_EQ(0, iv_ioas_map(self->iommufd, self->source, self->memory, SECOND_SIZE, SECOND,
				 IV_DMA_RW));
	ASSERT_EQ(0, iv_ioas_map(self->iommufd, self->source, self->memory, PAGE, READONLY,
				 IV_DMA_READ));
}

FIXTURE_TEARDOWN(ioas_copy)
{
	close(self->iommufd);
	test_memory_free(self->memory, MEMORY_SIZE);
}

static int copy_to(const struct _test_data_ioas_copy *self, uint64_t target, uint64_t source,
		   uint64_t length)
{
	return iv_ioas_copy(self->iommufd, self->target, target, self->source, source, length,
			    IV_DMA_READ);
}

static int copy(const struct _test_data_ioas_copy *self, uint64_t source, uint64_t length)
{
	return copy_to(self, TARGET, source, length);
}

static int copy_anywhere(const struct _test_data_ioas_copy *self, uint64_t source,
			 uint64_t length, uint64_t *iova)
{
	struct iommu_ioas_copy cmd = {
		.size = sizeof(cmd),
		.flags = IV_DMA_READ,
		.dst_ioas_id = self->target,
		.src_ioas_id = self->source,
		.length = length,
		.src_iova = source,
	};
	int rc = iommufd_ioctl(self->iommufd, IOMMU_IOAS_COPY, &cmd);

	*iova = cmd.dst_iova;
	return rc;
}

static uint64_t unmapped_from(const struct _test_data_ioas_copy *self, uint32_t ioas_id,
			      uint64_t iova, uint64_t length)
{
	uint64_t unmapped;

	return iv_ioas_unmap(self->iommufd, ioas_id, iova, length, &unmapped) ? 0 : unmapped;
}

/* A failed copy has changed neither side. */
static bool nothing_happened(const struct _test_data_ioas_copy *self)
{
	return iommufd_ioas_is_empty(self->iommufd, self->target) &&
	       unmapped_from(self, self->source, 0, UINT64_MAX) == SOURCE_SIZE;
}

TEST_F(ioas_copy, whole_area_works)
{
	ASSERT_EQ(0, copy(self, SOURCE, FIRST_SIZE));
	EXPECT_EQ(FIRST_SIZE, unmapped_from(self, self->target, TARGET, FIRST_SIZE));
	EXPECT_TRUE(nothing_happened(self));
}

TEST_F(ioas_copy, parts_of_an_area_work)
{
	EXPECT_EQ(0, copy_to(self, TARGET, SOURCE, PAGE));
	EXPECT_EQ(0, copy_to(self, TARGET + PAGE, SOURCE + PAGE, 2 * PAGE));
	EXPECT_EQ(0, copy_to(self, TARGET + 3 * PAGE, SOURCE + FIRST_SIZE - PAGE, PAGE));
	EXPECT_EQ(PAGE, unmapped_from(self, self->target, TARGET, PAGE));
	EXPECT_EQ(2 * PAGE, unmapped_from(self, self->target, TARGET + PAGE, 2 * PAGE));
	EXPECT_EQ(PAGE, unmapped_from(self, self->target, TARGET + 3 * PAGE, PAGE));
}

TEST_F(ioas_copy, single_bytes_work_while_nothing_is_attached)
{
	EXPECT_EQ(0, copy_to(self, TARGET + 5, SOURCE + 7, 1));
	EXPECT_EQ(0, copy_to(self, TARGET + 6, SOURCE + FIRST_SIZE - 1, 2));
	EXPECT_EQ(3U, unmapped_from(self, self->target, 0, UINT64_MAX));
}

TEST_F(ioas_copy, adjacent_areas_are_copied_in_one_go)
{
	ASSERT_EQ(0, copy(self, SOURCE, BOTH_SIZE));
	EXPECT_EQ(BOTH_SIZE, unmapped_from(self, self->target, TARGET, BOTH_SIZE));
}

TEST_F(ioas_copy, range_from_the_middle_of_one_area_to_the_middle_of_the_next_works)
{
	ASSERT_EQ(0, copy(self, SOURCE + PAGE, FIRST_SIZE));
	EXPECT_EQ(FIRST_SIZE, unmapped_from(self, self->target, TARGET, FIRST_SIZE));
}

TEST_F(ioas_copy, many_adjacent_areas_work)
{
	const unsigned int count = 300;
	unsigned int i;

	for (i = 0; i < count; i++) {
		ASSERT_EQ(0, iv_ioas_map(self->iommufd, self->source, self->memory, PAGE,
					 READONLY + (i + 1) * PAGE, IV_DMA_RW));
	}
	EXPECT_EQ(-EPERM, iv_ioas_copy(self->iommufd, self->target, TARGET, self->source,
				       READONLY, (count + 1) * PAGE, IV_DMA_RW));
	EXPECT_TRUE(iommufd_ioas_is_empty(self->iommufd, self->target));
	EXPECT_EQ(0, copy(self, READONLY, (count + 1) * PAGE));
	EXPECT_EQ((count + 1) * PAGE, unmapped_from(self, self->target, 0, UINT64_MAX));
}

TEST_F(ioas_copy, nothing_mapped_fails)
{
	EXPECT_EQ(-ENOENT, copy(self, HOLE, PAGE));
	EXPECT_EQ(-ENOENT, copy(self, HOLE, HOLE_SIZE));
	EXPECT_EQ(-ENOENT, copy(self, 0, PAGE));
	EXPECT_EQ(-ENOENT, copy(self, READONLY + PAGE, PAGE));
	EXPECT_TRUE(nothing_happened(self));
}

TEST_F(ioas_copy, hole_fails_wherever_it_is)
{
	EXPECT_EQ(-ENOENT, copy(self, SOURCE - PAGE, 2 * PAGE));
	EXPECT_EQ(-ENOENT, copy(self, SOURCE - 1, 2));
	EXPECT_EQ(-ENOENT, copy(self, SECOND, SECOND_SIZE + 1));
	EXPECT_EQ(-ENOENT, copy(self, SOURCE, BOTH_SIZE + HOLE_SIZE));
	EXPECT_EQ(-ENOENT, copy(self, SOURCE, BOTH_SIZE + HOLE_SIZE + PAGE));
	EXPECT_EQ(-ENOENT, copy(self, HOLE, HOLE_SIZE + PAGE));
	EXPECT_TRUE(nothing_happened(self));
}

TEST_F(ioas_copy, length_zero_fails)
{
	EXPECT_EQ(-EINVAL, copy(self, SOURCE, 0));
	EXPECT_EQ(-EINVAL, copy(self, HOLE, 0));
}

TEST_F(ioas_copy, no_direction_fails)
{
	EXPECT_EQ(-EINVAL, iv_ioas_copy(self->iommufd, self->target, TARGET, self->source, SOURCE,
					PAGE, 0));
}

TEST_F(ioas_copy, source_wrap_fails)
{
	EXPECT_EQ(-EOVERFLOW, copy(self, -PAGE, 2 * PAGE));
	EXPECT_EQ(-EOVERFLOW, copy_to(self, 0, SOURCE, -SOURCE + PAGE));
	EXPECT_EQ(-EOVERFLOW, copy(self, UINT64_MAX, 2));
	EXPECT_TRUE(nothing_happened(self));
}

TEST_F(ioas_copy, target_wrap_fails)
{
	EXPECT_EQ(-EOVERFLOW, copy_to(self, -PAGE, SOURCE, 2 * PAGE));
	EXPECT_EQ(-EOVERFLOW, copy_to(self, UINT64_MAX, SOURCE, 2));
	EXPECT_EQ(-EOVERFLOW, copy_to(self, 0, 0, UINT64_MAX));
	EXPECT_TRUE(nothing_happened(self));
}

TEST_F(ioas_copy, last_page_of_the_space_works)
{
	ASSERT_EQ(0, copy_to(self, -PAGE, SOURCE, PAGE));
	EXPECT_EQ(-EEXIST, copy_to(self, -PAGE, SOURCE, PAGE));
	EXPECT_EQ(0, iv_ioas_copy(self->iommufd, self->source, 0, self->target, -PAGE, PAGE,
				  IV_DMA_READ));
}

TEST_F(ioas_copy, within_one_ioas_works)
{
	ASSERT_EQ(0, iv_ioas_copy(self->iommufd, self->source, TARGET, self->source, SOURCE,
				  BOTH_SIZE, IV_DMA_RW));
	EXPECT_EQ(BOTH_SIZE, unmapped_from(self, self->source, TARGET, BOTH_SIZE));
	EXPECT_EQ(SOURCE_SIZE, unmapped_from(self, self->source, 0, UINT64_MAX));
}

TEST_F(ioas_copy, into_the_sources_own_hole_works)
{
	EXPECT_EQ(0, iv_ioas_copy(self->iommufd, self->source, HOLE, self->source, SOURCE,
				  HOLE_SIZE, IV_DMA_RW));
	EXPECT_EQ(0, copy(self, SOURCE, READONLY + PAGE - SOURCE));
}

TEST_F(ioas_copy, onto_its_own_source_fails)
{
	EXPECT_EQ(-EEXIST, iv_ioas_copy(self->iommufd, self->source, SOURCE, self->source, SOURCE,
					FIRST_SIZE, IV_DMA_RW));
	EXPECT_EQ(-EEXIST, iv_ioas_copy(self->iommufd, self->source, SOURCE + PAGE, self->source,
					SOURCE, FIRST_SIZE, IV_DMA_RW));
	EXPECT_TRUE(nothing_happened(self));
}

TEST_F(ioas_copy, overlap_fails_and_adds_nothing)
{
	ASSERT_EQ(0, copy(self, SOURCE, PAGE));
	EXPECT_EQ(-EEXIST, copy(self, SOURCE, PAGE));
	EXPECT_EQ(-EEXIST, copy_to(self, TARGET - PAGE, SOURCE, 2 * PAGE));
	EXPECT_EQ(-EEXIST, copy_to(self, TARGET - FIRST_SIZE, SOURCE, BOTH_SIZE));
	EXPECT_EQ(PAGE, unmapped_from(self, self->target, 0, UINT64_MAX));
}

TEST_F(ioas_copy, kernel_chooses_an_iova)
{
	uint64_t first, second;

	ASSERT_EQ(0, copy_anywhere(self, SOURCE, BOTH_SIZE, &first));
	ASSERT_EQ(0, copy_anywhere(self, SOURCE + PAGE, PAGE, &second));
	EXPECT_EQ(BOTH_SIZE, unmapped_from(self, self->target, first, BOTH_SIZE));
	EXPECT_EQ(PAGE, unmapped_from(self, self->target, second, PAGE));
}

TEST_F(ioas_copy, chosen_iova_is_an_allowed_one)
{
	struct iommu_iova_range range = { .start = TARGET, .last = TARGET + BOTH_SIZE - 1 };
	uint64_t iova;

	ASSERT_EQ(0, iv_ioas_allow(self->iommufd, self->target, &range, 1));
	ASSERT_EQ(0, copy_anywhere(self, SOURCE, BOTH_SIZE, &iova));
	EXPECT_EQ(TARGET, iova);
	EXPECT_EQ(-ENOSPC, copy_anywhere(self, SOURCE, PAGE, &iova));
}

TEST_F(ioas_copy, readonly_memory_cant_be_copied_writeable)
{
	EXPECT_EQ(-EPERM, iv_ioas_copy(self->iommufd, self->target, TARGET, self->source,
				       READONLY, PAGE, IV_DMA_RW));
	EXPECT_EQ(-EPERM, iv_ioas_copy(self->iommufd, self->target, TARGET, self->source,
				       READONLY, PAGE, IV_DMA_WRITE));
	EXPECT_TRUE(nothing_happened(self));
}

TEST_F(ioas_copy, writeable_memory_stays_so_in_a_copy_of_a_readonly_copy)
{
	ASSERT_EQ(0, copy(self, SOURCE, PAGE));
	EXPECT_EQ(0, iv_ioas_copy(self->iommufd, self->source, HOLE, self->target, TARGET, PAGE,
				  IV_DMA_RW));
}

TEST_F(ioas_copy, copy_outlives_its_source)
{
	ASSERT_EQ(0, copy(self, SOURCE, BOTH_SIZE));
	ASSERT_EQ(0, iv_iommufd_destroy(self->iommufd, self->source));
	EXPECT_EQ(BOTH_SIZE, unmapped_from(self, self->target, TARGET, BOTH_SIZE));
}

TEST_F(ioas_copy, source_outlives_its_copy)
{
	ASSERT_EQ(0, copy(self, SOURCE, BOTH_SIZE));
	ASSERT_EQ(0, iv_iommufd_destroy(self->iommufd, self->target));
	EXPECT_EQ(SOURCE_SIZE, unmapped_from(self, self->source, 0, UINT64_MAX));
}

TEST_F(ioas_copy, another_contexts_ioas_fails)
{
	int other = iv_iommufd_open();
	uint32_t ioas_id;

	ASSERT_LE(0, other);
	ASSERT_EQ(0, iv_ioas_alloc(other, &ioas_id));
	ASSERT_EQ(0, iv_ioas_alloc(other, &ioas_id));
	ASSERT_EQ(0, iv_ioas_alloc(other, &ioas_id));
	EXPECT_EQ(-ENOENT, iv_ioas_copy(self->iommufd, ioas_id, TARGET, self->source, SOURCE,
					PAGE, IV_DMA_RW));
	EXPECT_EQ(-ENOENT, iv_ioas_copy(self->iommufd, self->target, TARGET, ioas_id, SOURCE,
					PAGE, IV_DMA_RW));
	close(other);
}

TEST_F(ioas_copy, result_that_cant_be_written_leaves_nothing)
{
	struct iommu_ioas_copy cmd = {
		.size = sizeof(cmd),
		.flags = IV_DMA_READ,
		.dst_ioas_id = self->target,
		.src_ioas_id = self->source,
		.length = BOTH_SIZE,
		.src_iova = SOURCE,
	};
	struct iommufd_guard guard;
	void *arg;

	ASSERT_EQ(0, iommufd_guard_setup(&guard));
	arg = iommufd_guard_place(&guard, &cmd, sizeof(cmd));
	ASSERT_EQ(0, iommufd_guard_make_readonly(&guard));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->iommufd, IOMMU_IOAS_COPY, arg));
	EXPECT_TRUE(nothing_happened(self));
	iommufd_guard_teardown(&guard);
}

static void expect(struct _test_data_ioas_copy *self, int rc, int error)
{
	if (rc && rc != error)
		self->unexpected = rc;
}

/* One thread maps and unmaps the source, the others copy it. */
static void unmap_or_copy_the_source(struct test_threads *threads, unsigned int index, void *arg)
{
	struct _test_data_ioas_copy *self = arg;
	const uint64_t target = TARGET + index * MEMORY_SIZE;
	int rc;

	while (!test_threads_stopping(threads)) {
		if (!index) {
			expect(self, iv_ioas_unmap(self->iommufd, self->source, SECOND,
						   SECOND_SIZE, NULL), 0);
			expect(self, iv_ioas_map(self->iommufd, self->source, self->memory,
						 SECOND_SIZE, SECOND, IV_DMA_RW), 0);
			continue;
		}
		rc = copy_to(self, target, SOURCE, BOTH_SIZE);
		expect(self, rc, -ENOENT);
		if (!rc && unmapped_from(self, self->target, target, BOTH_SIZE) != BOTH_SIZE)
			self->unexpected = -EIO;
		threads->rounds += !rc;
	}
}

/* Two IOASes are filled from one another. */
static void copy_there_or_back(struct test_threads *threads, unsigned int index, void *arg)
{
	struct _test_data_ioas_copy *self = arg;
	uint32_t from = index % 2 ? self->source : self->target;
	uint32_t to = index % 2 ? self->target : self->source;
	const uint64_t iova = 2 * TARGET + index * MEMORY_SIZE;

	while (!test_threads_stopping(threads)) {
		expect(self, iv_ioas_copy(self->iommufd, to, iova, from,
					  index % 2 ? SOURCE : TARGET, FIRST_SIZE, IV_DMA_RW), 0);
		expect(self, iv_ioas_unmap(self->iommufd, to, iova, FIRST_SIZE, NULL), 0);
		threads->rounds++;
	}
}

static void run_threads(struct __test_metadata *_metadata, struct _test_data_ioas_copy *self,
			test_thread_fn function)
{
	ASSERT_EQ(0, test_threads_start(&self->threads, 3, function, self));
	test_sleep_ms(RUN_MS);
	test_threads_stop(&self->threads);
	ASSERT_EQ(0, test_threads_join(&self->threads, JOIN_MS));
	EXPECT_EQ(0, self->unexpected);
	EXPECT_LT(0UL, self->threads.rounds);
}

TEST_F(ioas_copy, source_unmapped_meanwhile_is_copied_whole_or_not_at_all)
{
	run_threads(_metadata, self, unmap_or_copy_the_source);
	EXPECT_TRUE(nothing_happened(self));
}

TEST_F(ioas_copy, both_ways_at_once_works)
{
	ASSERT_EQ(0, copy(self, SOURCE, FIRST_SIZE));
	run_threads(_metadata, self, copy_there_or_back);
	EXPECT_EQ(FIRST_SIZE, unmapped_from(self, self->target, 0, UINT64_MAX));
	EXPECT_TRUE(nothing_happened(self));
}

TEST_HARNESS_MAIN
