// SPDX-License-Identifier: GPL-2.0-only
/*
 * A context in the role of a VFIO container, while memory runs out. Above all, an unmap of a part
 * cuts a mapping, and needs memory for the second half.
 */
#include <errno.h>
#include <string.h>
#include "fail_nth.h"
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "mock_space.h"
#include "test_memory.h"
#include "type1.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define PAGES 16
#define SIZE (PAGES * PAGE)
#define IOVA ((uint64_t)MOCK_APERTURE_START)
#define HOLE (5 * PAGE)
#define HOLE_SIZE (4 * PAGE)
#define HOLE_END (HOLE + HOLE_SIZE)

/**
 * struct scene - what the operations work on
 * @space: the container's IOAS
 * @memory: of SIZE
 * @next_id: the number that the next object got before the operation
 */
struct scene {
	struct mock_space space;
	char *memory;
	uint32_t next_id;
};

FIXTURE(fail_nth_compat)
{
	struct scene scene;
};

FIXTURE_VARIANT(fail_nth_compat)
{
	unsigned int tables;
};

FIXTURE_VARIANT_ADD(fail_nth_compat, no_page_table) { .tables = 0 };
FIXTURE_VARIANT_ADD(fail_nth_compat, two_page_tables) { .tables = 2 };

FIXTURE_SETUP(fail_nth_compat)
{
	struct scene *scene = &self->scene;

	if (fail_nth_missing())
		SKIP(return, "%s", fail_nth_missing());
	ASSERT_EQ(0, mock_module_load());
	scene->memory = test_memory_alloc(SIZE, PAGE);
	ASSERT_NE(NULL, scene->memory);
	memset(scene->memory, 1, SIZE);
	ASSERT_EQ(0, mock_space_setup(&scene->space, variant->tables, 0));
	ASSERT_EQ(0, type1_ioas_set(scene->space.fd, scene->space.ioas_id));
	ASSERT_EQ(0, type1_set(scene->space.fd, VFIO_TYPE1_IOMMU));
	scene->next_id = iommufd_next_id(scene->space.fd);
	ASSERT_NE(0U, scene->next_id);
}

FIXTURE_TEARDOWN(fail_nth_compat)
{
	struct scene *scene = &self->scene;

	EXPECT_TRUE(mock_space_is_empty(&scene->space));
	EXPECT_EQ(scene->next_id, iommufd_next_id(scene->space.fd));
	EXPECT_EQ(0, type1_ioas_clear(scene->space.fd));
	EXPECT_EQ(0, mock_space_teardown(&scene->space));
	test_memory_free(scene->memory, SIZE);
}

static int map(void *arg)
{
	struct scene *scene = arg;

	return type1_map(scene->space.fd, scene->memory, IOVA, SIZE, TYPE1_MAP_RW);
}

static int unmap_all(void *arg)
{
	struct scene *scene = arg;
	int64_t rc = type1_unmap_all(scene->space.fd);

	return rc < 0 ? rc : 0;
}

static bool is_mapped(void *arg)
{
	struct scene *scene = arg;

	return mock_space_maps(&scene->space, IOVA, scene->memory, SIZE) &&
	       mock_space_holds(&scene->space, SIZE);
}

static bool is_empty(void *arg)
{
	struct scene *scene = arg;

	return mock_space_is_empty(&scene->space) &&
	       iommufd_next_id(scene->space.fd) == scene->next_id;
}

TEST_F_TIMEOUT(fail_nth_compat, map, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = map, .done = is_mapped, .intact = is_empty, .undo = unmap_all,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int run_unmap(void *arg)
{
	struct scene *scene = arg;
	int64_t rc = type1_unmap(scene->space.fd, IOVA, SIZE, 0);

	return rc < 0 ? rc : rc == SIZE ? 0 : -EIO;
}

TEST_F_TIMEOUT(fail_nth_compat, unmap_works, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = map, .run = run_unmap, .done = is_empty, .intact = is_mapped,
		.flags = FAIL_NTH_ALWAYS_WORKS | FAIL_NTH_ANSWER_LAST,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

TEST_F_TIMEOUT(fail_nth_compat, unmap_of_everything_works, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = map, .run = unmap_all, .done = is_empty, .intact = is_mapped,
		.flags = FAIL_NTH_ALWAYS_WORKS | FAIL_NTH_ANSWER_LAST,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int cut_hole(void *arg)
{
	struct scene *scene = arg;
	int64_t rc = type1_unmap(scene->space.fd, IOVA + HOLE, HOLE_SIZE, 0);

	return rc < 0 ? rc : rc == HOLE_SIZE ? 0 : -EIO;
}

static bool has_hole(void *arg)
{
	struct scene *scene = arg;
	const struct mock_space *space = &scene->space;

	return mock_space_maps(space, IOVA, scene->memory, HOLE) &&
	       mock_space_maps(space, IOVA + HOLE_END, scene->memory + HOLE_END, SIZE - HOLE_END) &&
	       mock_space_holds(space, SIZE - HOLE_SIZE);
}

TEST_F_TIMEOUT(fail_nth_compat, unmap_of_the_middle, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = map, .run = cut_hole, .done = has_hole, .intact = is_mapped,
		.undo = unmap_all, .flags = FAIL_NTH_ANSWER_LAST,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int map_with_hole(void *arg)
{
	return map(arg) ?: cut_hole(arg);
}

TEST_F_TIMEOUT(fail_nth_compat, unmap_of_what_was_cut_works, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = map_with_hole, .run = unmap_all, .done = is_empty, .intact = has_hole,
		.flags = FAIL_NTH_ALWAYS_WORKS | FAIL_NTH_ANSWER_LAST,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

/* ---- Which IOAS, and what it is like ---- */

static int clear_ioas(void *arg)
{
	struct scene *scene = arg;

	return type1_ioas_clear(scene->space.fd);
}

static int choose_ioas(void *arg)
{
	struct scene *scene = arg;

	return type1_ioas_set(scene->space.fd, scene->space.ioas_id);
}

static bool ioas_is_chosen(void *arg)
{
	struct scene *scene = arg;

	return type1_ioas_get(scene->space.fd) == scene->space.ioas_id;
}

static bool no_ioas_is_chosen(void *arg)
{
	struct scene *scene = arg;

	return type1_ioas_get(scene->space.fd) == -ENODEV;
}

TEST_F_TIMEOUT(fail_nth_compat, choice_of_the_ioas, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = clear_ioas, .run = choose_ioas, .done = ioas_is_chosen,
		.intact = no_ioas_is_chosen, .flags = FAIL_NTH_ALWAYS_WORKS,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int get_ioas(void *arg)
{
	struct scene *scene = arg;
	int64_t rc = type1_ioas_get(scene->space.fd);

	return rc < 0 ? rc : rc == scene->space.ioas_id ? 0 : -EIO;
}

TEST_F_TIMEOUT(fail_nth_compat, question_for_the_ioas, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = get_ioas, .intact = ioas_is_chosen, .flags = FAIL_NTH_ALWAYS_WORKS,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int get_info(void *arg)
{
	char room[PAGE] __attribute__((aligned(8)));
	struct vfio_iommu_type1_info *info = (void *)room;
	struct scene *scene = arg;
	int rc;

	memset(room, 0, sizeof(room));
	info->argsz = sizeof(room);
	rc = iommufd_ioctl(scene->space.fd, VFIO_IOMMU_GET_INFO, info);
	if (rc)
		return rc;
	return info->flags & VFIO_IOMMU_INFO_CAPS && info->cap_offset ? 0 : -EIO;
}

TEST_F_TIMEOUT(fail_nth_compat, info, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = { .run = get_info };

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int check_extension(void *arg)
{
	struct scene *scene = arg;
	int rc = type1_check_extension(scene->space.fd, VFIO_TYPE1v2_IOMMU);

	return rc < 0 ? rc : 0;
}

TEST_F_TIMEOUT(fail_nth_compat, check_of_an_extension_works, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = check_extension,
		.flags = FAIL_NTH_ALWAYS_WORKS | FAIL_NTH_MAY_NEED_NOTHING,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

TEST_HARNESS_MAIN
