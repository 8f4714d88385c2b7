// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_IOAS_CHANGE_PROCESS: another process answers for the memory that a context has pinned.
 *
 * Root opens the device and the context and attaches an IOAS. Children, some of which have become
 * another user that has a limit, map parts of a memfd and take over what others have mapped.
 */
#include <errno.h>
#include <sys/mman.h>
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "test_process.h"
#include "test_race.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define LIMIT_PAGES 64UL
#define LIMIT (LIMIT_PAGES * PAGE)
#define FILE_SIZE (4 * LIMIT)
#define HUGE_SIZE (2UL << 20)
#define IOVA HUGE_SIZE
#define KIB 1024
#define NOBODY 65534
#define SOMEBODY 65533
#define BLOCK 64U
#define THREADS 4U
#define JOIN_MS 5000

/**
 * struct context - what the processes share
 * @dev: a device, attached to @ioas_id
 * @ioas_id: the IOAS
 * @file: a memfd of FILE_SIZE
 * @iova: where a child maps
 * @size: how much it maps
 * @results: of threads' calls
 */
struct context {
	struct test_device dev;
	uint32_t ioas_id;
	int file;
	uint64_t iova;
	uint64_t size;
	struct test_race results;
};

FIXTURE(change_process)
{
	struct context context;
	struct test_threads threads;
	int64_t pinned;
	int64_t vmpin;
};

FIXTURE_VARIANT(change_process)
{
	uint32_t mode;
};

FIXTURE_VARIANT_ADD(change_process, per_user) { .mode = 0 };
FIXTURE_VARIANT_ADD(change_process, per_process) { .mode = 1 };

static const struct test_privilege nobody = {
	.uid = NOBODY,
	.limit_memlock = true,
	.memlock = LIMIT,
};

static const struct test_privilege somebody = {
	.uid = SOMEBODY,
	.limit_memlock = true,
	.memlock = LIMIT,
};

static int setup_context(struct context *context, uint32_t mode)
{
	int iommufd = iv_iommufd_open();

	context->dev.iommufd = iommufd;
	if (iommufd < 0)
		return iommufd;
	return iv_option_set(iommufd, IOMMU_OPTION_RLIMIT_MODE, 0, mode) ?:
	       iv_ioas_alloc(iommufd, &context->ioas_id) ?:
	       iv_device_bind(context->dev.fd, iommufd, &context->dev.devid) ?:
	       iv_device_attach(context->dev.fd, context->ioas_id);
}

FIXTURE_SETUP(change_process)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	self->pinned = test_pinned_pages();
	self->vmpin = test_status_kib("VmPin");
	self->context.file = memfd_create("test", MFD_CLOEXEC);
	ASSERT_LE(0, self->context.file);
	ASSERT_EQ(0, ftruncate(self->context.file, FILE_SIZE));
	ASSERT_EQ(0, test_device_setup(&self->context.dev, TEST_EDU, TEST_PARKED));
	ASSERT_EQ(0, setup_context(&self->context, variant->mode));
}

FIXTURE_TEARDOWN(change_process)
{
	test_device_teardown(&self->context.dev);
	close(self->context.file);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
	EXPECT_EQ(self->vmpin, test_status_kib("VmPin"));
}

static int change_process(const struct context *context)
{
	struct iommu_ioas_change_process cmd = { .size = sizeof(cmd) };

	return iommufd_ioctl(context->dev.iommufd, IOMMU_IOAS_CHANGE_PROCESS, &cmd);
}

static int map_file(const struct context *context, uint64_t iova, uint64_t size)
{
	return iv_ioas_map_file(context->dev.iommufd, context->ioas_id, context->file, 0, size,
				iova, IV_DMA_RW);
}

static int unmap(const struct context *context, uint64_t iova, uint64_t size)
{
	return iv_ioas_unmap(context->dev.iommufd, context->ioas_id, iova, size, NULL);
}

static int unmap_all(const struct context *context)
{
	return unmap(context, 0, UINT64_MAX);
}

static int child_maps(void *arg)
{
	const struct context *context = arg;

	return map_file(context, context->iova, context->size);
}

static int child_takes_over(void *arg)
{
	return change_process(arg);
}

static int map_in_child(struct context *context, const struct test_privilege *privilege,
			uint64_t iova, uint64_t size)
{
	context->iova = iova;
	context->size = size;
	return test_run_in_child(child_maps, context, privilege);
}

/* Whether a user can still map as much as its limit allows, and no more. */
static bool limit_is_unused(struct context *context, const struct test_privilege *privilege)
{
	const uint64_t iova = 64 * IOVA;

	if (map_in_child(context, privilege, iova, LIMIT + PAGE) != -ENOMEM)
		return false;
	return !map_in_child(context, privilege, iova, LIMIT) && !unmap(context, iova, LIMIT);
}

static int64_t vmpin_pages(void)
{
	return test_status_kib("VmPin") * KIB / (int64_t)PAGE;
}

TEST_F(change_process, of_an_empty_context_succeeds)
{
	EXPECT_EQ(0, change_process(&self->context));
	EXPECT_EQ(0, test_run_in_child(child_takes_over, &self->context, &nobody));
}

TEST_F(change_process, wrong_size_reserved_bits_or_pointer_fail)
{
	const int iommufd = self->context.dev.iommufd;
	struct {
		struct iommu_ioas_change_process cmd;
		uint32_t tail;
	} longer = { .cmd = { .size = sizeof(longer) } };

	EXPECT_EQ(0, iommufd_ioctl(iommufd, IOMMU_IOAS_CHANGE_PROCESS, &longer));
	longer.tail = 1;
	EXPECT_EQ(-E2BIG, iommufd_ioctl(iommufd, IOMMU_IOAS_CHANGE_PROCESS, &longer));
	longer.cmd.size = sizeof(longer.cmd);
	longer.cmd.__reserved = 1;
	EXPECT_EQ(-EOPNOTSUPP, iommufd_ioctl(iommufd, IOMMU_IOAS_CHANGE_PROCESS, &longer));
	longer.cmd.size = sizeof(longer.cmd) - 1;
	EXPECT_EQ(-EINVAL, iommufd_ioctl(iommufd, IOMMU_IOAS_CHANGE_PROCESS, &longer));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(iommufd, IOMMU_IOAS_CHANGE_PROCESS, NULL));
}

TEST_F(change_process, memory_of_a_process_prevents_it)
{
	const int iommufd = self->context.dev.iommufd;
	void *memory = test_memory_alloc(PAGE, PAGE);
	uint32_t other;

	ASSERT_NE(NULL, memory);
	ASSERT_EQ(0, map_file(&self->context, IOVA, LIMIT));
	ASSERT_EQ(0, iv_ioas_alloc(iommufd, &other));
	ASSERT_EQ(0, iv_ioas_map(iommufd, other, memory, PAGE, 0, IV_DMA_READ));
	EXPECT_EQ(-EINVAL, change_process(&self->context));
	EXPECT_EQ(-EINVAL, test_run_in_child(child_takes_over, &self->context, &nobody));
	EXPECT_TRUE(limit_is_unused(&self->context, &nobody));
	ASSERT_EQ(0, iv_ioas_unmap(iommufd, other, 0, PAGE, NULL));
	EXPECT_EQ(0, change_process(&self->context));
	test_memory_free(memory, PAGE);
}

TEST_F(change_process, failed_map_of_memory_does_not_prevent_it)
{
	ASSERT_EQ(-EFAULT, iv_ioas_map(self->context.dev.iommufd, self->context.ioas_id, NULL,
				       PAGE, IOVA, IV_DMA_READ));
	EXPECT_EQ(0, change_process(&self->context));
}

static int take_over_and_look(void *arg)
{
	const struct context *context = arg;
	int64_t before = vmpin_pages();
	int rc = change_process(context);

	return rc ?: (int)(vmpin_pages() - before);
}

TEST_F(change_process, pinned_memory_is_the_callers_from_then_on)
{
	int64_t before = vmpin_pages();

	ASSERT_EQ(0, map_file(&self->context, IOVA, LIMIT));
	EXPECT_EQ(before + (int64_t)LIMIT_PAGES, vmpin_pages());
	EXPECT_EQ((int)LIMIT_PAGES, test_run_in_child(take_over_and_look, &self->context, NULL));
	EXPECT_EQ(before, vmpin_pages());
	EXPECT_EQ(0, change_process(&self->context));
	EXPECT_EQ(before + (int64_t)LIMIT_PAGES, vmpin_pages());
}

TEST_F(change_process, calling_it_again_counts_nothing_twice)
{
	int64_t before = vmpin_pages();

	ASSERT_EQ(0, map_file(&self->context, IOVA, LIMIT));
	EXPECT_EQ(0, change_process(&self->context));
	EXPECT_EQ(0, change_process(&self->context));
	EXPECT_EQ(before + (int64_t)LIMIT_PAGES, vmpin_pages());
}

TEST_F(change_process, copies_count_once)
{
	const int iommufd = self->context.dev.iommufd;
	uint32_t other;

	ASSERT_EQ(0, map_file(&self->context, IOVA, LIMIT));
	ASSERT_EQ(0, iv_ioas_alloc(iommufd, &other));
	ASSERT_EQ(0, iv_ioas_copy(iommufd, other, 0, self->context.ioas_id, IOVA, LIMIT,
				  IV_DMA_READ));
	ASSERT_EQ(0, iv_ioas_copy(iommufd, self->context.ioas_id, 8 * IOVA,
				  self->context.ioas_id, IOVA, LIMIT, IV_DMA_READ));
	EXPECT_EQ((int)LIMIT_PAGES, test_run_in_child(take_over_and_look, &self->context, NULL));
	EXPECT_EQ(0, test_run_in_child(child_takes_over, &self->context, &nobody));
}

TEST_F(change_process, old_owner_gets_its_limit_back)
{
	ASSERT_EQ(0, map_in_child(&self->context, &nobody, IOVA, LIMIT));
	EXPECT_EQ(0, change_process(&self->context));
	EXPECT_TRUE(limit_is_unused(&self->context, &nobody));
	EXPECT_EQ(0, unmap_all(&self->context));
	EXPECT_TRUE(limit_is_unused(&self->context, &nobody));
}

static int take_over_then_map_a_page(void *arg)
{
	const struct context *context = arg;
	int rc = change_process(context);

	return rc ? -EIO : map_file(context, 32 * IOVA, PAGE);
}

TEST_F(change_process, new_owner_can_use_up_its_limit)
{
	ASSERT_EQ(0, map_file(&self->context, IOVA, LIMIT));
	EXPECT_EQ(-ENOMEM, test_run_in_child(take_over_then_map_a_page, &self->context, &nobody));
	EXPECT_EQ(0, unmap_all(&self->context));
	EXPECT_TRUE(limit_is_unused(&self->context, &nobody));
}

TEST_F(change_process, too_much_for_the_new_owner_changes_nothing)
{
	int64_t before = vmpin_pages();

	ASSERT_EQ(0, map_file(&self->context, IOVA, LIMIT + PAGE));
	EXPECT_EQ(-ENOMEM, test_run_in_child(child_takes_over, &self->context, &nobody));
	EXPECT_EQ(before + (int64_t)LIMIT_PAGES + 1, vmpin_pages());
	EXPECT_TRUE(limit_is_unused(&self->context, &nobody));
}

TEST_F(change_process, too_much_in_sum_changes_nothing)
{
	int64_t before = vmpin_pages();

	ASSERT_EQ(0, map_file(&self->context, IOVA, LIMIT / 2));
	ASSERT_EQ(0, map_in_child(&self->context, &somebody, 2 * IOVA, LIMIT / 2));
	ASSERT_EQ(0, map_in_child(&self->context, NULL, 3 * IOVA, PAGE));
	EXPECT_EQ(-ENOMEM, test_run_in_child(child_takes_over, &self->context, &nobody));
	EXPECT_EQ(before + (int64_t)LIMIT_PAGES / 2, vmpin_pages());
	EXPECT_TRUE(limit_is_unused(&self->context, &nobody));
	EXPECT_EQ(0, unmap(&self->context, 3 * IOVA, PAGE));
	EXPECT_EQ(0, test_run_in_child(child_takes_over, &self->context, &nobody));
	EXPECT_EQ(before, vmpin_pages());
	EXPECT_TRUE(limit_is_unused(&self->context, &somebody));
}

static int use_up_then_take_over(void *arg)
{
	const struct context *context = arg;

	return map_file(context, IOVA, LIMIT) ?: change_process(context) ?:
	       change_process(context) ?: vmpin_pages() == LIMIT_PAGES ? 0 : -EIO;
}

TEST_F(change_process, owner_at_its_limit_can_call_it)
{
	EXPECT_EQ(0, test_run_in_child(use_up_then_take_over, &self->context, &nobody));
	EXPECT_EQ(0, unmap_all(&self->context));
	EXPECT_TRUE(limit_is_unused(&self->context, &nobody));
}

TEST_F(change_process, same_user_at_its_limit_can_take_over)
{
	ASSERT_EQ(0, map_in_child(&self->context, &nobody, IOVA, LIMIT));
	EXPECT_EQ((int)LIMIT_PAGES,
		  test_run_in_child(take_over_and_look, &self->context, &nobody));
	EXPECT_EQ(0, unmap_all(&self->context));
	EXPECT_TRUE(limit_is_unused(&self->context, &nobody));
}

TEST_F(change_process, another_user_can_take_over_from_one_that_has_died)
{
	ASSERT_EQ(0, map_in_child(&self->context, &nobody, IOVA, LIMIT));
	EXPECT_EQ(0, test_run_in_child(child_takes_over, &self->context, &somebody));
	EXPECT_TRUE(limit_is_unused(&self->context, &nobody));
	EXPECT_EQ(0, unmap_all(&self->context));
	EXPECT_TRUE(limit_is_unused(&self->context, &somebody));
}

TEST_F(change_process, memory_that_is_not_pinned_counts_when_it_is)
{
	ASSERT_EQ(0, iv_device_detach(self->context.dev.fd));
	ASSERT_EQ(0, map_file(&self->context, IOVA, LIMIT + PAGE));
	EXPECT_EQ(0, test_run_in_child(child_takes_over, &self->context, &nobody));
	EXPECT_EQ(-ENOMEM, iv_device_attach(self->context.dev.fd, self->context.ioas_id));
	EXPECT_EQ(0, change_process(&self->context));
	EXPECT_EQ(0, iv_device_attach(self->context.dev.fd, self->context.ioas_id));
}

TEST_F(change_process, detach_and_attach_stay_with_the_new_owner)
{
	int64_t before = vmpin_pages();

	ASSERT_EQ(0, map_in_child(&self->context, NULL, IOVA, LIMIT));
	EXPECT_EQ(0, change_process(&self->context));
	EXPECT_EQ(before + (int64_t)LIMIT_PAGES, vmpin_pages());
	ASSERT_EQ(0, iv_device_detach(self->context.dev.fd));
	EXPECT_EQ(before, vmpin_pages());
	ASSERT_EQ(0, iv_device_attach(self->context.dev.fd, self->context.ioas_id));
	EXPECT_EQ(before + (int64_t)LIMIT_PAGES, vmpin_pages());
}

static int take_over_and_exit_after_maps(void *arg)
{
	const struct context *context = arg;

	return change_process(context) ?: map_file(context, 2 * IOVA, LIMIT);
}

TEST_F(change_process, later_maps_are_their_own_processes)
{
	int64_t before = vmpin_pages();

	ASSERT_EQ(0, map_file(&self->context, IOVA, LIMIT));
	ASSERT_EQ(0, test_run_in_child(take_over_and_exit_after_maps, &self->context, NULL));
	EXPECT_EQ(before, vmpin_pages());
	ASSERT_EQ(0, map_file(&self->context, 3 * IOVA, PAGE));
	EXPECT_EQ(before + 1, vmpin_pages());
	EXPECT_EQ(0, unmap(&self->context, 2 * IOVA, LIMIT));
	EXPECT_EQ(before + 1, vmpin_pages());
	EXPECT_EQ(0, unmap_all(&self->context));
	EXPECT_EQ(before, vmpin_pages());
}

TEST_F(change_process, huge_pages_move_whole)
{
	int file = memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB);
	int rc;

	ASSERT_LE(0, file);
	ASSERT_EQ(0, ftruncate(file, HUGE_SIZE));
	rc = iv_ioas_map_file(self->context.dev.iommufd, self->context.ioas_id, file, 0, HUGE_SIZE,
			      IOVA, IV_DMA_RW);
	close(file);
	if (rc == -ENOMEM)
		SKIP(return, "no huge pages are reserved in /proc/sys/vm/nr_hugepages");
	ASSERT_EQ(0, rc);
	EXPECT_EQ((int)(HUGE_SIZE / PAGE),
		  test_run_in_child(take_over_and_look, &self->context, NULL));
}

TEST_F(change_process, device_goes_on_with_the_memory)
{
	char *view = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, self->context.file, 0);
	struct iv_edu edu;

	ASSERT_NE(MAP_FAILED, view);
	ASSERT_EQ(0, iv_edu_open(&edu, self->context.dev.fd));
	ASSERT_EQ(0, map_in_child(&self->context, &nobody, IOVA, LIMIT));
	ASSERT_EQ(0, change_process(&self->context));
	test_memory_fill(view, BLOCK, 1);
	EXPECT_EQ(0, iv_edu_dma_read(&edu, IOVA, 0, BLOCK));
	EXPECT_EQ(0, iv_edu_dma_write(&edu, IOVA + BLOCK, 0, BLOCK));
	EXPECT_TRUE(test_memory_matches(view + BLOCK, BLOCK, 1));
	iv_edu_close(&edu);
	munmap(view, PAGE);
}

static void expect(struct context *context, int expected, int got)
{
	if (got != expected)
		test_race_expect(&context->results, got ?: -EIDRM, 0, 0);
}

static int64_t run_for_a_while(struct _test_data_change_process *self, test_thread_fn function)
{
	return test_race_run(&self->context.results, THREADS, function, &self->context,
			     TEST_RACE_MS);
}

static void take_over_or_map(struct test_threads *threads, unsigned int index, void *arg)
{
	struct context *context = arg;

	while (!test_threads_stopping(threads)) {
		threads->rounds++;
		if (index < 2) {
			expect(context, 0, change_process(context));
			continue;
		}
		expect(context, 0, map_file(context, index * IOVA, LIMIT));
		expect(context, 0, unmap(context, index * IOVA, LIMIT));
	}
}

TEST_F(change_process, while_others_map_and_unmap)
{
	int64_t before = vmpin_pages();

	EXPECT_EQ(0, run_for_a_while(self, take_over_or_map));
	EXPECT_EQ(before, vmpin_pages());
}

static void take_over_or_attach(struct test_threads *threads, unsigned int index, void *arg)
{
	struct context *context = arg;

	while (!test_threads_stopping(threads)) {
		threads->rounds++;
		if (index) {
			expect(context, 0, change_process(context));
			continue;
		}
		expect(context, 0, iv_device_detach(context->dev.fd));
		expect(context, 0, iv_device_attach(context->dev.fd, context->ioas_id));
	}
}

TEST_F(change_process, while_others_attach_and_detach)
{
	int64_t before = vmpin_pages();

	ASSERT_EQ(0, map_file(&self->context, IOVA, LIMIT));
	EXPECT_EQ(0, run_for_a_while(self, take_over_or_attach));
	EXPECT_EQ(before + (int64_t)LIMIT_PAGES, vmpin_pages());
}

static void take_over_or_map_memory(struct test_threads *threads, unsigned int index, void *arg)
{
	static char memory[PAGE] __attribute__((aligned(PAGE)));
	struct context *context = arg;
	int rc;

	while (!test_threads_stopping(threads)) {
		threads->rounds++;
		if (index < 2) {
			rc = change_process(context);
			expect(context, rc == -EINVAL ? rc : 0, rc);
			continue;
		}
		expect(context, 0, iv_ioas_map(context->dev.iommufd, context->ioas_id, memory,
					       PAGE, index * IOVA, IV_DMA_RW));
		expect(context, 0, unmap(context, index * IOVA, PAGE));
	}
}

TEST_F(change_process, while_others_map_memory_of_theirs)
{
	int64_t before = vmpin_pages();

	ASSERT_EQ(0, map_file(&self->context, IOVA, LIMIT));
	EXPECT_EQ(0, run_for_a_while(self, take_over_or_map_memory));
	EXPECT_EQ(before + (int64_t)LIMIT_PAGES, vmpin_pages());
}

static int child_takes_over_often(void *arg)
{
	struct context *context = arg;
	int64_t end = test_now_ms() + TEST_RACE_MS;
	int rc;

	while (test_now_ms() < end) {
		rc = change_process(context);
		if (rc && rc != -ENOMEM)
			return rc;
	}
	return 0;
}

/* A map that has begun when somebody else takes over counts against the other's limit. */
static void map_and_unmap(struct test_threads *threads, unsigned int index, void *arg)
{
	struct context *context = arg;
	int rc;

	while (!test_threads_stopping(threads)) {
		threads->rounds++;
		rc = map_file(context, (index + 1) * IOVA, LIMIT / 2);
		expect(context, rc == -ENOMEM ? rc : 0, rc);
		if (!rc)
			expect(context, 0, unmap(context, (index + 1) * IOVA, LIMIT / 2));
	}
}

TEST_F(change_process, processes_that_take_over_from_each_other)
{
	int64_t before = vmpin_pages();

	ASSERT_EQ(0, test_threads_start(&self->threads, THREADS, map_and_unmap, &self->context));
	EXPECT_EQ(0, test_run_in_child(child_takes_over_often, &self->context, &nobody));
	test_threads_stop(&self->threads);
	ASSERT_EQ(0, test_threads_join(&self->threads, JOIN_MS));
	EXPECT_EQ(0, self->context.results.unexpected);
	EXPECT_EQ(0, unmap_all(&self->context));
	EXPECT_EQ(before, vmpin_pages());
	EXPECT_TRUE(limit_is_unused(&self->context, &nobody));
}

TEST_HARNESS_MAIN
