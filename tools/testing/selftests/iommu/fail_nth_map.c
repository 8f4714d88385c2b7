// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings come and go while memory runs out: no page table, pin or charge is left behind.
 *
 * The process may lock no more memory than it maps, so that a charge that is left behind makes the
 * next map fail.
 */
#include <errno.h>
#include <string.h>
#include <linux/capability.h>
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
#define MANY (600 * PAGE)
#define HUGE_SIZE IOMMUFD_HUGE_PAGE
#define IOVA ((uint64_t)MOCK_APERTURE_START)
#define COPY_IOVA (IOVA + MOCK_SPACE_SIZE / 2)

/**
 * struct scene - what the operations work on
 * @space: where they map
 * @memory: what they map
 * @size: of it
 * @file: where @memory is from, or -1
 * @id: of what was made last
 * @next_id: the number that the next object got before the operation
 */
struct scene {
	struct mock_space space;
	char *memory;
	size_t size;
	int file;
	uint32_t id;
	uint32_t next_id;
};

/**
 * struct kind - a kind of memory
 * @size: in bytes
 * @flags: of mmap()
 * @advice: of madvise() before each map, or 0
 * @file: makes a file of it, or NULL
 */
struct kind {
	size_t size;
	int flags;
	int advice;
	int (*file)(size_t size);
};

static const struct kind small = { .size = SIZE };
static const struct kind many = { .size = MANY };
static const struct kind untouched = { .size = SIZE, .advice = MADV_DONTNEED };
static const struct kind transparent = { .size = HUGE_SIZE, .advice = MADV_HUGEPAGE };
static const struct kind huge = { .size = HUGE_SIZE, .flags = MAP_HUGETLB };
static const struct kind file = { .size = SIZE, .file = iommufd_file_memfd };
static const struct kind huge_file = { .size = HUGE_SIZE, .file = iommufd_file_hugetlb };

FIXTURE(fail_nth_map)
{
	struct scene scene;
};

FIXTURE_VARIANT(fail_nth_map)
{
	const struct kind *kind;
	unsigned int tables;
	uint32_t mode;
};

FIXTURE_VARIANT_ADD(fail_nth_map, no_page_table) { &small, 0, 0 };
FIXTURE_VARIANT_ADD(fail_nth_map, one_page_table) { &small, 1, 0 };
FIXTURE_VARIANT_ADD(fail_nth_map, two_page_tables) { &small, 2, 1 };
FIXTURE_VARIANT_ADD(fail_nth_map, many_pages) { &many, 1, 1 };
FIXTURE_VARIANT_ADD(fail_nth_map, untouched) { &untouched, 1, 0 };
FIXTURE_VARIANT_ADD(fail_nth_map, transparent_huge_page) { &transparent, 1, 0 };
FIXTURE_VARIANT_ADD(fail_nth_map, hugetlb) { &huge, 2, 0 };
FIXTURE_VARIANT_ADD(fail_nth_map, file) { &file, 2, 0 };
FIXTURE_VARIANT_ADD(fail_nth_map, huge_file) { &huge_file, 1, 1 };

static int make_memory(struct scene *scene, const struct kind *kind)
{
	int flags = kind->flags | MAP_PRIVATE | MAP_ANONYMOUS;

	scene->size = kind->size;
	if (!kind->file && !kind->flags) {
		scene->memory = test_memory_alloc(kind->size, kind->size == HUGE_SIZE ? HUGE_SIZE :
						  PAGE);
		if (kind->advice && scene->memory)
			madvise(scene->memory, kind->size, kind->advice);
		return scene->memory ? 0 : -ENOMEM;
	}
	if (kind->file) {
		scene->file = kind->file(kind->size);
		flags = MAP_SHARED;
	}
	scene->memory = mmap(NULL, kind->size, PROT_READ | PROT_WRITE, flags, scene->file, 0);
	return scene->memory == MAP_FAILED ? -errno : 0;
}

static int limit_memlock(size_t size)
{
	const struct rlimit limit = { size, size };

	return setrlimit(RLIMIT_MEMLOCK, &limit) ? -errno : test_drop_capability(CAP_IPC_LOCK);
}

FIXTURE_SETUP(fail_nth_map)
{
	struct scene *scene = &self->scene;

	if (fail_nth_missing())
		SKIP(return, "%s", fail_nth_missing());
	if ((variant->kind == &huge || variant->kind == &huge_file) &&
	    !iommufd_file_hugetlb_is_reserved(HUGE_SIZE))
		SKIP(return, "no huge pages are reserved in /proc/sys/vm/nr_hugepages");
	scene->file = -1;
	ASSERT_EQ(0, mock_module_load());
	ASSERT_EQ(0, make_memory(scene, variant->kind));
	memset(scene->memory, 1, scene->size);
	ASSERT_EQ(0, mock_space_setup(&scene->space, variant->tables, variant->mode));
	ASSERT_EQ(0, limit_memlock(scene->size));
	scene->next_id = iommufd_next_id(scene->space.fd);
	ASSERT_NE(0U, scene->next_id);
}

FIXTURE_TEARDOWN(fail_nth_map)
{
	struct scene *scene = &self->scene;

	EXPECT_TRUE(mock_space_is_empty(&scene->space));
	EXPECT_EQ(scene->next_id, iommufd_next_id(scene->space.fd));
	EXPECT_EQ(0, mock_space_teardown(&scene->space));
	munmap(scene->memory, scene->size);
	if (scene->file >= 0)
		close(scene->file);
}

static int map(struct scene *scene, uint64_t iova)
{
	const struct mock_space *space = &scene->space;

	if (scene->file >= 0)
		return iv_ioas_map_file(space->fd, space->ioas_id, scene->file, 0, scene->size,
					iova, IV_DMA_RW);
	return iv_ioas_map(space->fd, space->ioas_id, scene->memory, scene->size, iova, IV_DMA_RW);
}

static int unmap(struct scene *scene, uint64_t iova)
{
	return iv_ioas_unmap(scene->space.fd, scene->space.ioas_id, iova, scene->size, NULL);
}

static bool maps(struct scene *scene, uint64_t iova)
{
	return mock_space_maps(&scene->space, iova, scene->memory, scene->size);
}

static bool no_object_is_left(struct scene *scene)
{
	return iommufd_next_id(scene->space.fd) == scene->next_id;
}

/* ---- Map ---- */

static int run_map(void *arg)
{
	return map(arg, IOVA);
}

static bool is_mapped(void *arg)
{
	struct scene *scene = arg;

	return maps(scene, IOVA) && mock_space_holds(&scene->space, scene->size);
}

static bool nothing_is_mapped(void *arg)
{
	struct scene *scene = arg;

	return mock_space_is_empty(&scene->space) && no_object_is_left(scene);
}

static int undo_map(void *arg)
{
	return unmap(arg, IOVA);
}

static int forget_memory(void *arg)
{
	struct scene *scene = arg;

	return madvise(scene->memory, scene->size, MADV_DONTNEED) ? -errno : 0;
}

TEST_F_TIMEOUT(fail_nth_map, map, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = variant->kind == &untouched ? forget_memory : NULL,
		.run = run_map,
		.done = is_mapped,
		.intact = nothing_is_mapped,
		.undo = undo_map,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

/* ---- Unmap ---- */

static int run_unmap(void *arg)
{
	return unmap(arg, IOVA);
}

static int run_unmap_everything(void *arg)
{
	struct scene *scene = arg;

	return iv_ioas_unmap(scene->space.fd, scene->space.ioas_id, 0, UINT64_MAX, NULL);
}

TEST_F_TIMEOUT(fail_nth_map, unmap_works, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = run_map,
		.run = run_unmap,
		.done = nothing_is_mapped,
		.intact = is_mapped,
		.flags = FAIL_NTH_ALWAYS_WORKS | FAIL_NTH_ANSWER_LAST,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

TEST_F_TIMEOUT(fail_nth_map, unmap_of_everything_works, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = run_map,
		.run = run_unmap_everything,
		.done = nothing_is_mapped,
		.intact = is_mapped,
		.flags = FAIL_NTH_ALWAYS_WORKS | FAIL_NTH_ANSWER_LAST,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static bool is_mapped_once(void *arg)
{
	return is_mapped(arg) && no_object_is_left(arg);
}

/* ---- Copy: what is pinned once is charged once ---- */

static int run_copy(void *arg)
{
	struct scene *scene = arg;
	const struct mock_space *space = &scene->space;

	return iv_ioas_copy(space->fd, space->ioas_id, COPY_IOVA, space->ioas_id, IOVA,
			    scene->size, IV_DMA_RW);
}

static bool is_copied(void *arg)
{
	struct scene *scene = arg;

	return maps(scene, IOVA) && maps(scene, COPY_IOVA) &&
	       mock_space_holds(&scene->space, 2 * scene->size);
}

static int undo_copy(void *arg)
{
	return unmap(arg, COPY_IOVA);
}

TEST_F_TIMEOUT(fail_nth_map, copy, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = run_copy,
		.done = is_copied,
		.intact = is_mapped_once,
		.undo = undo_copy,
	};

	ASSERT_EQ(0, map(&self->scene, IOVA));
	EXPECT_EQ(0, fail_nth(&op, &self->scene));
	EXPECT_EQ(0, unmap(&self->scene, IOVA));
}

/* ---- A page table begins to follow: what is mapped gets pinned and mapped there ---- */

static int run_hwpt_alloc(void *arg)
{
	struct scene *scene = arg;
	const struct mock_space *space = &scene->space;

	return iv_hwpt_alloc(space->fd, space->dev[0].devid, space->ioas_id, 0, &scene->id);
}

static bool hwpt_is_filled(void *arg)
{
	struct scene *scene = arg;

	return is_mapped(scene) && !mock_hwpt_maps(scene->space.fd, scene->id, IOVA,
						   scene->memory, scene->size);
}

static int undo_hwpt_alloc(void *arg)
{
	struct scene *scene = arg;

	return iv_iommufd_destroy(scene->space.fd, scene->id);
}

TEST_F_TIMEOUT(fail_nth_map, page_table_that_begins_to_follow, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = run_hwpt_alloc,
		.done = hwpt_is_filled,
		.intact = is_mapped_once,
		.undo = undo_hwpt_alloc,
	};

	if (!variant->tables)
		SKIP(return, "there is no device to make a page table for");
	ASSERT_EQ(0, map(&self->scene, IOVA));
	EXPECT_EQ(0, fail_nth(&op, &self->scene));
	EXPECT_EQ(0, unmap(&self->scene, IOVA));
}

TEST_HARNESS_MAIN
