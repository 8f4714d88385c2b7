// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel drivers that access memory by IOVA, while memory runs out.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "fail_nth.h"
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "mock_access.h"
#include "mock_space.h"
#include "test_memory.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define PAGES 16
#define SIZE (PAGES * PAGE)
#define IOVA ((uint64_t)MOCK_APERTURE_START)
#define PINS MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES
#define WRITE MOCK_FLAGS_ACCESS_WRITE
#define BYTES (2 * PAGE)
#define OLD 1
#define NEW 2

/**
 * struct scene - what the operations work on
 * @space: an IOAS that maps @memory
 * @other_id: another, which is empty
 * @access: attached to @space
 * @extra: what an operation has made
 * @pin_id: what it has pinned
 * @memory: of SIZE
 * @bytes: what it has read
 * @next_id: the number that the next object got before the operation
 */
struct scene {
	struct mock_space space;
	uint32_t other_id;
	struct mock_access access;
	struct mock_access extra;
	uint32_t pin_id;
	char *memory;
	char bytes[BYTES];
	uint32_t next_id;
};

FIXTURE(fail_nth_access)
{
	struct scene scene;
};

FIXTURE_VARIANT(fail_nth_access)
{
	unsigned int tables;
};

FIXTURE_VARIANT_ADD(fail_nth_access, memory) { .tables = 0 };
FIXTURE_VARIANT_ADD(fail_nth_access, memory_of_a_device) { .tables = 1 };

FIXTURE_SETUP(fail_nth_access)
{
	struct scene *scene = &self->scene;

	if (fail_nth_missing())
		SKIP(return, "%s", fail_nth_missing());
	ASSERT_EQ(0, mock_module_load());
	scene->memory = test_memory_alloc(SIZE, PAGE);
	ASSERT_NE(NULL, scene->memory);
	memset(scene->memory, OLD, SIZE);
	ASSERT_EQ(0, mock_space_setup(&scene->space, variant->tables, 0));
	ASSERT_EQ(0, iv_ioas_alloc(scene->space.fd, &scene->other_id));
	ASSERT_EQ(0, iv_ioas_map(scene->space.fd, scene->space.ioas_id, scene->memory, SIZE, IOVA,
				 IV_DMA_RW));
	ASSERT_EQ(0, mock_access_create(&scene->access, scene->space.fd, scene->space.ioas_id,
					PINS));
	scene->next_id = iommufd_next_id(scene->space.fd);
	ASSERT_NE(0U, scene->next_id);
}

FIXTURE_TEARDOWN(fail_nth_access)
{
	struct scene *scene = &self->scene;

	EXPECT_EQ(scene->next_id, iommufd_next_id(scene->space.fd));
	EXPECT_EQ(0, close(scene->access.fd));
	EXPECT_EQ(0, iv_ioas_unmap(scene->space.fd, scene->space.ioas_id, IOVA, SIZE, NULL));
	EXPECT_TRUE(mock_space_is_empty(&scene->space));
	EXPECT_EQ(0, iv_iommufd_destroy(scene->space.fd, scene->other_id));
	EXPECT_EQ(0, mock_memory_is_unpinned(scene->space.fd, scene->memory, SIZE));
	EXPECT_EQ(0, mock_space_teardown(&scene->space));
	test_memory_free(scene->memory, SIZE);
}

static bool no_object_is_left(void *arg)
{
	struct scene *scene = arg;

	return iommufd_next_id(scene->space.fd) == scene->next_id;
}

/* ---- Create, attach, close ---- */

static int run_create(void *arg)
{
	struct scene *scene = arg;

	return mock_access_create(&scene->extra, scene->space.fd, scene->space.ioas_id, PINS);
}

static bool extra_works(void *arg)
{
	struct scene *scene = arg;
	char byte = 0;

	return !mock_access_read(&scene->extra, IOVA, &byte, 1, 0) && byte == OLD;
}

static int close_extra(void *arg)
{
	struct scene *scene = arg;

	return close(scene->extra.fd) ? -errno : 0;
}

TEST_F_TIMEOUT(fail_nth_access, create, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = run_create, .done = extra_works, .intact = no_object_is_left,
		.undo = close_extra,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int create_and_pin(void *arg)
{
	struct scene *scene = arg;

	return run_create(arg) ?: mock_access_pin(&scene->extra, IOVA, SIZE, scene->memory, WRITE,
						  &scene->pin_id);
}

TEST_F_TIMEOUT(fail_nth_access, close_works, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = create_and_pin, .run = close_extra, .done = no_object_is_left,
		.flags = FAIL_NTH_ALWAYS_WORKS | FAIL_NTH_MAY_NEED_NOTHING,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int run_replace(void *arg)
{
	struct scene *scene = arg;

	return mock_access_attach(&scene->access, scene->other_id);
}

static int attach_back(void *arg)
{
	struct scene *scene = arg;

	return mock_access_attach(&scene->access, scene->space.ioas_id);
}

static bool is_elsewhere(void *arg)
{
	struct scene *scene = arg;
	char byte;

	return mock_access_read(&scene->access, IOVA, &byte, 1, 0) == -ENOENT;
}

static bool is_here(void *arg)
{
	struct scene *scene = arg;
	char byte = 0;

	return !mock_access_read(&scene->access, IOVA, &byte, 1, 0) && byte == OLD;
}

TEST_F_TIMEOUT(fail_nth_access, replace, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = run_replace, .done = is_elsewhere, .intact = is_here, .undo = attach_back,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

/* ---- Pin ---- */

static int run_pin(void *arg)
{
	struct scene *scene = arg;

	return mock_access_pin(&scene->access, IOVA, SIZE, scene->memory, WRITE, &scene->pin_id);
}

static int run_unpin(void *arg)
{
	struct scene *scene = arg;

	return mock_access_unpin(&scene->access, scene->pin_id);
}

static bool is_pinned(void *arg)
{
	struct scene *scene = arg;

	return !mock_memory_is_pinned(scene->space.fd, scene->memory, SIZE);
}

static bool is_unpinned_or_devices(void *arg)
{
	struct scene *scene = arg;

	return scene->space.tables ? is_pinned(scene) :
	       !mock_memory_is_unpinned(scene->space.fd, scene->memory, SIZE);
}

TEST_F_TIMEOUT(fail_nth_access, pin, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = run_pin, .done = is_pinned, .intact = is_unpinned_or_devices,
		.undo = run_unpin,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

/* The unpin itself needs no memory, but the mock's ioctl does, for its arguments. */
TEST_F_TIMEOUT(fail_nth_access, unpin, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = run_pin, .run = run_unpin, .done = is_unpinned_or_devices,
		.intact = is_pinned,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int run_unmap(void *arg)
{
	struct scene *scene = arg;

	return iv_ioas_unmap(scene->space.fd, scene->space.ioas_id, IOVA, SIZE, NULL);
}

static bool is_unmapped(void *arg)
{
	struct scene *scene = arg;

	return mock_space_is_empty(&scene->space) &&
	       !mock_memory_is_unpinned(scene->space.fd, scene->memory, SIZE);
}

static int map_again(void *arg)
{
	struct scene *scene = arg;

	return iv_ioas_map(scene->space.fd, scene->space.ioas_id, scene->memory, SIZE, IOVA,
			   IV_DMA_RW);
}

TEST_F_TIMEOUT(fail_nth_access, unmap_that_takes_pins_back_works, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = run_pin, .run = run_unmap, .done = is_unmapped, .intact = is_pinned,
		.undo = map_again, .flags = FAIL_NTH_ALWAYS_WORKS | FAIL_NTH_ANSWER_LAST,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

/* ---- Copy ---- */

static int set_up_read(void *arg)
{
	struct scene *scene = arg;

	memset(scene->bytes, 0, BYTES);
	return 0;
}

static bool bytes_are_read(void *arg)
{
	struct scene *scene = arg;

	return test_memory_is(scene->bytes, BYTES, OLD);
}

static int read_bytes(void *arg)
{
	struct scene *scene = arg;

	return mock_access_read(&scene->access, IOVA + PAGE / 2, scene->bytes, BYTES,
				scene->space.tables ? MOCK_ACCESS_RW_SLOW_PATH : 0);
}

TEST_F_TIMEOUT(fail_nth_access, read, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = set_up_read, .run = read_bytes, .done = bytes_are_read,
		.intact = is_unpinned_or_devices,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int set_up_write(void *arg)
{
	struct scene *scene = arg;

	memset(scene->bytes, NEW, BYTES);
	return 0;
}

static int write_bytes(void *arg)
{
	struct scene *scene = arg;

	return mock_access_write(&scene->access, IOVA, scene->bytes, BYTES,
				 scene->space.tables ? MOCK_ACCESS_RW_SLOW_PATH : 0);
}

static bool bytes_are_written(void *arg)
{
	struct scene *scene = arg;

	return test_memory_is(scene->memory, BYTES, NEW);
}

static int forget_written(void *arg)
{
	struct scene *scene = arg;

	memset(scene->memory, OLD, SIZE);
	return 0;
}

TEST_F_TIMEOUT(fail_nth_access, write, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = set_up_write, .run = write_bytes, .done = bytes_are_written,
		.intact = is_unpinned_or_devices, .undo = forget_written,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

TEST_HARNESS_MAIN
