// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of a context and its address spaces, while memory runs out. What they map is the
 * matter of fail_nth_map.c.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include "fail_nth.h"
#include "iommufd_file.h"
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "mock_space.h"
#include "test_memory.h"
#include "test_process.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define SIZE (16 * PAGE)
#define IOVA ((uint64_t)MOCK_APERTURE_START)
#define ALLOWED IOVA
#define ALSO_ALLOWED (IOVA + SIZE)
#define NOT_ALLOWED (IOVA + 2 * SIZE)
#define MAPPINGS 5

/**
 * struct scene - what the operations work on
 * @space: the context, with one page table
 * @memory: of SIZE, from @file
 * @file: a memory file
 * @fd: what an operation has opened
 * @id: what an operation has made
 * @iova: where an operation has mapped
 * @next_id: the number that the next object got before the operation
 */
struct scene {
	struct mock_space space;
	char *memory;
	int file;
	int fd;
	uint32_t id;
	uint64_t iova;
	uint32_t next_id;
};

FIXTURE(fail_nth_ioas)
{
	struct scene scene;
};

FIXTURE_SETUP(fail_nth_ioas)
{
	struct scene *scene = &self->scene;

	if (fail_nth_missing())
		SKIP(return, "%s", fail_nth_missing());
	ASSERT_EQ(0, mock_module_load());
	scene->file = iommufd_file_memfd(SIZE);
	ASSERT_LE(0, scene->file);
	scene->memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, scene->file, 0);
	ASSERT_NE(MAP_FAILED, scene->memory);
	memset(scene->memory, 1, SIZE);
	ASSERT_EQ(0, mock_space_setup(&scene->space, 1, 0));
	scene->next_id = iommufd_next_id(scene->space.fd);
	ASSERT_NE(0U, scene->next_id);
}

FIXTURE_TEARDOWN(fail_nth_ioas)
{
	struct scene *scene = &self->scene;

	EXPECT_TRUE(mock_space_is_empty(&scene->space));
	EXPECT_EQ(scene->next_id, iommufd_next_id(scene->space.fd));
	EXPECT_EQ(0, mock_space_teardown(&scene->space));
	munmap(scene->memory, SIZE);
	close(scene->file);
}

static bool no_object_is_left(void *arg)
{
	struct scene *scene = arg;

	return iommufd_next_id(scene->space.fd) == scene->next_id;
}

/* ---- Contexts ---- */

static int run_open(void *arg)
{
	struct scene *scene = arg;

	scene->fd = iv_iommufd_open();
	return scene->fd < 0 ? scene->fd : 0;
}

static bool context_works(void *arg)
{
	struct scene *scene = arg;

	return iommufd_is_empty(scene->fd);
}

static int close_context(void *arg)
{
	struct scene *scene = arg;

	return close(scene->fd) ? -errno : 0;
}

TEST_F_TIMEOUT(fail_nth_ioas, open, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = run_open, .done = context_works, .undo = close_context,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

/* A context with some of everything in it. */
static int fill_context(void *arg)
{
	struct scene *scene = arg;
	struct mock_device dev;
	int rc;

	rc = run_open(scene) ?: iv_ioas_alloc(scene->fd, &scene->id) ?:
	     iv_ioas_map(scene->fd, scene->id, scene->memory, SIZE, IOVA, IV_DMA_RW) ?:
	     iv_ioas_map_file(scene->fd, scene->id, scene->file, 0, SIZE, IOVA + SIZE, IV_DMA_RW) ?:
	     mock_device_create(&dev, scene->fd, scene->id, 0);
	return rc ?: iv_hwpt_alloc(scene->fd, dev.devid, scene->id, IOMMU_HWPT_ALLOC_NEST_PARENT,
				   &scene->id);
}

TEST_F_TIMEOUT(fail_nth_ioas, close_works, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = fill_context, .run = close_context,
		.flags = FAIL_NTH_ALWAYS_WORKS | FAIL_NTH_MAY_NEED_NOTHING,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

/* ---- Address spaces ---- */

static int run_alloc(void *arg)
{
	struct scene *scene = arg;

	return iv_ioas_alloc(scene->space.fd, &scene->id);
}

static bool is_alive(void *arg)
{
	struct scene *scene = arg;

	return iommufd_ioas_exists(scene->space.fd, scene->id);
}

static int destroy(void *arg)
{
	struct scene *scene = arg;

	return iv_iommufd_destroy(scene->space.fd, scene->id);
}

TEST_F_TIMEOUT(fail_nth_ioas, alloc, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = run_alloc, .done = is_alive, .intact = no_object_is_left, .undo = destroy,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int fill_ioas(void *arg)
{
	struct scene *scene = arg;

	return run_alloc(scene) ?: iv_ioas_map(scene->space.fd, scene->id, scene->memory, SIZE,
					       IOVA, IV_DMA_RW);
}

TEST_F_TIMEOUT(fail_nth_ioas, destroy_works, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = fill_ioas, .run = destroy, .done = no_object_is_left,
		.intact = is_alive, .flags = FAIL_NTH_ALWAYS_WORKS,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

/* ---- Ranges ---- */

static int allow(struct scene *scene, uint64_t iova)
{
	const struct iommu_iova_range ranges[] = {
		{ iova, iova + SIZE - 1 },
		{ ALSO_ALLOWED, ALSO_ALLOWED + SIZE - 1 },
	};

	return iv_ioas_allow(scene->space.fd, scene->id, ranges, 2);
}

/* Fails, and so changes nothing, while the range is allowed. */
static bool is_allowed(struct scene *scene, uint64_t iova)
{
	return mock_ioas_reserve(scene->space.fd, scene->id, iova, PAGE) == -EADDRINUSE;
}

static int allow_first(void *arg)
{
	return run_alloc(arg) ?: allow(arg, ALLOWED);
}

static int run_allow(void *arg)
{
	return allow(arg, NOT_ALLOWED);
}

static bool new_ranges_are_allowed(void *arg)
{
	return is_allowed(arg, NOT_ALLOWED) && is_allowed(arg, ALSO_ALLOWED);
}

static bool old_ranges_are_allowed(void *arg)
{
	return is_allowed(arg, ALLOWED) && is_allowed(arg, ALSO_ALLOWED);
}

TEST_F_TIMEOUT(fail_nth_ioas, allow_iovas, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = allow_first, .run = run_allow, .done = new_ranges_are_allowed,
		.intact = old_ranges_are_allowed, .undo = destroy,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int run_ranges(void *arg)
{
	struct iommu_iova_range ranges[IOMMUFD_RANGES_MAX];
	uint32_t count = IOMMUFD_RANGES_MAX;
	struct scene *scene = arg;
	int rc;

	rc = iv_ioas_ranges(scene->space.fd, scene->space.ioas_id, ranges, &count, NULL);
	if (rc)
		return rc;
	return count == 1 && ranges[0].start == MOCK_APERTURE_START &&
	       ranges[0].last == MOCK_APERTURE_LAST ? 0 : -EIO;
}

TEST_F_TIMEOUT(fail_nth_ioas, iova_ranges, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = { .run = run_ranges, .intact = no_object_is_left };

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int reserve(void *arg)
{
	struct scene *scene = arg;

	return mock_ioas_reserve(scene->space.fd, scene->id, IOVA, PAGE);
}

static bool range_is_reserved(void *arg)
{
	struct scene *scene = arg;

	return !iommufd_iova_is_usable(scene->space.fd, scene->id, IOVA);
}

static bool range_is_usable(void *arg)
{
	return !range_is_reserved(arg);
}

TEST_F_TIMEOUT(fail_nth_ioas, reserve, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = run_alloc, .run = reserve, .done = range_is_reserved,
		.intact = range_is_usable, .undo = destroy,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

/* ---- Map where the kernel chooses ---- */

static int run_map_anywhere(void *arg)
{
	struct scene *scene = arg;

	return iv_ioas_map_anywhere(scene->space.fd, scene->space.ioas_id, scene->memory, SIZE,
				    IV_DMA_RW, &scene->iova);
}

static bool is_mapped_somewhere(void *arg)
{
	struct scene *scene = arg;

	return mock_space_maps(&scene->space, scene->iova, scene->memory, SIZE);
}

static bool is_empty(void *arg)
{
	struct scene *scene = arg;

	return mock_space_is_empty(&scene->space) && no_object_is_left(scene);
}

static int unmap_everything(void *arg)
{
	struct scene *scene = arg;

	return iv_ioas_unmap(scene->space.fd, scene->space.ioas_id, 0, UINT64_MAX, NULL);
}

TEST_F_TIMEOUT(fail_nth_ioas, map_anywhere, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = run_map_anywhere, .done = is_mapped_somewhere, .intact = is_empty,
		.undo = unmap_everything,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

/* ---- Copy of several mappings, from another address space ---- */

static int map_source(void *arg)
{
	struct scene *scene = arg;
	int i, rc = run_alloc(scene);

	for (i = 0; !rc && i < MAPPINGS; i++)
		rc = iv_ioas_map(scene->space.fd, scene->id, scene->memory + i * PAGE, PAGE,
				 IOVA + i * PAGE, IV_DMA_RW);
	return rc;
}

static int run_copy(void *arg)
{
	struct scene *scene = arg;

	return iv_ioas_copy(scene->space.fd, scene->space.ioas_id, IOVA, scene->id, IOVA,
			    MAPPINGS * PAGE, IV_DMA_RW);
}

static bool is_copied(void *arg)
{
	struct scene *scene = arg;

	return mock_space_maps(&scene->space, IOVA, scene->memory, MAPPINGS * PAGE) &&
	       mock_space_holds(&scene->space, MAPPINGS * PAGE);
}

static bool is_not_copied(void *arg)
{
	struct scene *scene = arg;

	return mock_space_is_empty(&scene->space) && is_alive(scene);
}

static int unmap_and_destroy(void *arg)
{
	return unmap_everything(arg) ?: destroy(arg);
}

TEST_F_TIMEOUT(fail_nth_ioas, copy_of_several_mappings, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = map_source, .run = run_copy, .done = is_copied,
		.intact = is_not_copied, .undo = unmap_and_destroy,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int fill_with_several(void *arg)
{
	return map_source(arg) ?: run_copy(arg);
}

static bool is_unmapped(void *arg)
{
	struct scene *scene = arg;

	return mock_space_is_empty(&scene->space);
}

TEST_F_TIMEOUT(fail_nth_ioas, unmap_of_several_mappings_works, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = fill_with_several, .run = unmap_everything, .done = is_unmapped,
		.intact = is_copied, .undo = destroy,
		.flags = FAIL_NTH_ALWAYS_WORKS | FAIL_NTH_ANSWER_LAST,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

/* ---- Options ---- */

static int get_option(void *arg)
{
	struct scene *scene = arg;
	uint64_t value = 0;

	return iv_option_get(scene->space.fd, IOMMU_OPTION_HUGE_PAGES, scene->space.ioas_id,
			     &value) ?: value == 1 ? 0 : -EIO;
}

TEST_F_TIMEOUT(fail_nth_ioas, option_get, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = get_option, .intact = no_object_is_left, .flags = FAIL_NTH_ALWAYS_WORKS,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int set_option(void *arg)
{
	struct scene *scene = arg;

	return iv_option_set(scene->space.fd, IOMMU_OPTION_HUGE_PAGES, scene->space.ioas_id, 0);
}

static bool option_is(struct scene *scene, uint64_t expected)
{
	uint64_t value;

	return !iv_option_get(scene->space.fd, IOMMU_OPTION_HUGE_PAGES, scene->space.ioas_id,
			      &value) && value == expected;
}

static bool option_is_set(void *arg)
{
	return option_is(arg, 0);
}

static bool option_is_as_before(void *arg)
{
	return option_is(arg, 1);
}

static int reset_option(void *arg)
{
	struct scene *scene = arg;

	return iv_option_set(scene->space.fd, IOMMU_OPTION_HUGE_PAGES, scene->space.ioas_id, 1);
}

TEST_F_TIMEOUT(fail_nth_ioas, option_set, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = set_option, .done = option_is_set, .intact = option_is_as_before,
		.undo = reset_option, .flags = FAIL_NTH_ALWAYS_WORKS,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

/* ---- Who answers for the memory ---- */

static int map_file(void *arg)
{
	struct scene *scene = arg;

	return iv_ioas_map_file(scene->space.fd, scene->space.ioas_id, scene->file, 0, SIZE, IOVA,
				IV_DMA_RW);
}

static int run_change_process(void *arg)
{
	struct iommu_ioas_change_process cmd = { .size = sizeof(cmd) };
	struct scene *scene = arg;

	return iommufd_ioctl(scene->space.fd, IOMMU_IOAS_CHANGE_PROCESS, &cmd);
}

static int map_file_in_child(void *arg)
{
	return test_run_in_child(map_file, arg, NULL);
}

static bool pins(struct scene *scene, int64_t kib)
{
	return mock_space_maps(&scene->space, IOVA, scene->memory, SIZE) &&
	       test_status_kib("VmPin") == kib;
}

static bool this_process_answers(void *arg)
{
	return pins(arg, SIZE / 1024);
}

static bool the_child_answers(void *arg)
{
	return pins(arg, 0);
}

TEST_F_TIMEOUT(fail_nth_ioas, change_process, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = map_file_in_child, .run = run_change_process,
		.done = this_process_answers, .intact = the_child_answers,
		.undo = unmap_everything,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

TEST_HARNESS_MAIN
