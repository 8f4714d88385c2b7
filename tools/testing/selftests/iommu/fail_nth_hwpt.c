// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices and page tables, their dirty tracking and their faults, while memory runs out.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "fail_nth.h"
#include "fault_queue.h"
#include "iommufd_dirty.h"
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "mock_device.h"
#include "test_memory.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define SIZE (16 * PAGE)
#define IOVA ((uint64_t)MOCK_APERTURE_START)
#define DIRTY_PAGES 3
#define REQUESTS 2

/* What the kernel's platform bus says of a device when there is no memory for its name. */
#define NAMELESS (-EINVAL)

/**
 * struct scene - what the operations work on
 * @fd: the context
 * @ioas_id: an IOAS that maps @memory
 * @other_id: another, empty
 * @memory: of SIZE
 * @dev: a device, attached to @ioas_id
 * @hwpt_id: a page table of @ioas_id that can be a parent, and tracks dirty pages
 * @queue: a fault queue
 * @flags: of the page table that is to be made
 * @id: what an operation has made
 * @extra: the device that an operation has made
 * @extra_queue: the fault queue that an operation has made
 * @bitmap: a bit for each page
 * @faults: page requests that were read
 * @group: of the next page request
 * @next_id: the number that the next object got before the operation
 */
struct scene {
	int fd;
	uint32_t ioas_id;
	uint32_t other_id;
	char *memory;
	struct mock_device dev;
	uint32_t hwpt_id;
	struct fault_queue queue;
	uint32_t flags;
	uint32_t id;
	struct mock_device extra;
	struct fault_queue extra_queue;
	uint8_t bitmap[SIZE / PAGE / 8];
	struct iommu_hwpt_pgfault faults[REQUESTS];
	uint32_t group;
	uint32_t next_id;
};

FIXTURE(fail_nth_hwpt)
{
	struct scene scene;
};

FIXTURE_SETUP(fail_nth_hwpt)
{
	struct scene *scene = &self->scene;

	if (fail_nth_missing())
		SKIP(return, "%s", fail_nth_missing());
	ASSERT_EQ(0, mock_module_load());
	scene->memory = test_memory_alloc(SIZE, PAGE);
	ASSERT_NE(NULL, scene->memory);
	memset(scene->memory, 1, SIZE);
	scene->fd = iv_iommufd_open();
	ASSERT_LE(0, scene->fd);
	ASSERT_EQ(0, iv_ioas_alloc(scene->fd, &scene->ioas_id));
	ASSERT_EQ(0, iv_ioas_alloc(scene->fd, &scene->other_id));
	ASSERT_EQ(0, iv_ioas_map(scene->fd, scene->ioas_id, scene->memory, SIZE, IOVA, IV_DMA_RW));
	ASSERT_EQ(0, mock_device_create(&scene->dev, scene->fd, scene->ioas_id, 0));
	ASSERT_EQ(0, iv_hwpt_alloc(scene->fd, scene->dev.devid, scene->ioas_id,
				   IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
				   &scene->hwpt_id));
	ASSERT_EQ(0, fault_queue_alloc(scene->fd, &scene->queue));
	scene->next_id = iommufd_next_id(scene->fd);
	ASSERT_NE(0U, scene->next_id);
}

FIXTURE_TEARDOWN(fail_nth_hwpt)
{
	struct scene *scene = &self->scene;

	EXPECT_EQ(scene->next_id, iommufd_next_id(scene->fd));
	EXPECT_EQ(0, mock_device_destroy(&scene->dev));
	EXPECT_EQ(0, iv_iommufd_destroy(scene->fd, scene->hwpt_id));
	EXPECT_EQ(0, close(scene->queue.fd));
	EXPECT_EQ(0, iv_iommufd_destroy(scene->fd, scene->queue.id));
	EXPECT_EQ(0, iv_iommufd_destroy(scene->fd, scene->ioas_id));
	EXPECT_EQ(0, iv_iommufd_destroy(scene->fd, scene->other_id));
	EXPECT_TRUE(iommufd_is_empty(scene->fd));
	close(scene->fd);
	test_memory_free(scene->memory, SIZE);
}

static bool no_object_is_left(void *arg)
{
	struct scene *scene = arg;

	return iommufd_next_id(scene->fd) == scene->next_id;
}

static bool reaches_memory(const struct mock_device *dev)
{
	char byte = 0;

	return !mock_device_read(dev, IOVA + SIZE - 1, &byte, 1) && byte == 1;
}

static int destroy(void *arg)
{
	struct scene *scene = arg;

	return iv_iommufd_destroy(scene->fd, scene->id);
}

/* ---- Page tables ---- */

static int alloc_paging(void *arg)
{
	struct scene *scene = arg;

	return iv_hwpt_alloc(scene->fd, scene->dev.devid, scene->ioas_id, scene->flags, &scene->id);
}

static bool is_filled(void *arg)
{
	struct scene *scene = arg;

	return !mock_hwpt_maps(scene->fd, scene->id, IOVA, scene->memory, SIZE);
}

TEST_F_TIMEOUT(fail_nth_hwpt, alloc, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = alloc_paging, .done = is_filled, .intact = no_object_is_left,
		.undo = destroy,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

TEST_F_TIMEOUT(fail_nth_hwpt, alloc_of_a_parent_that_tracks, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = alloc_paging, .done = is_filled, .intact = no_object_is_left,
		.undo = destroy,
	};

	self->scene.flags = IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int alloc_with_queue(void *arg)
{
	struct scene *scene = arg;

	return fault_hwpt_alloc(scene->fd, scene->dev.devid, scene->ioas_id, scene->queue.id, 0,
				&scene->id);
}

TEST_F_TIMEOUT(fail_nth_hwpt, alloc_with_a_fault_queue, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = alloc_with_queue, .done = is_filled, .intact = no_object_is_left,
		.undo = destroy,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int alloc_nested(void *arg)
{
	struct scene *scene = arg;

	return fault_nested_alloc(scene->fd, scene->dev.devid, scene->hwpt_id, scene->queue.id, 0,
				  &scene->id);
}

static bool iotlb_is_full(void *arg)
{
	struct scene *scene = arg;

	return !mock_hwpt_iotlb_is(scene->fd, scene->id, 0, IOMMU_TEST_IOTLB_DEFAULT);
}

static bool iotlb_is_flushed(void *arg)
{
	struct scene *scene = arg;

	return !mock_hwpt_iotlb_is(scene->fd, scene->id, 0, 0);
}

TEST_F_TIMEOUT(fail_nth_hwpt, alloc_of_a_nested_one, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = alloc_nested, .done = iotlb_is_full, .intact = no_object_is_left,
		.undo = destroy,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

TEST_F_TIMEOUT(fail_nth_hwpt, destroy_works, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = alloc_with_queue, .run = destroy, .done = no_object_is_left,
		.intact = is_filled, .flags = FAIL_NTH_ALWAYS_WORKS,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int invalidate(void *arg)
{
	struct scene *scene = arg;
	struct iommu_hwpt_invalidate_selftest request = { .flags = IOMMU_TEST_INVALIDATE_FLAG_ALL };
	struct iommu_hwpt_invalidate cmd = {
		.size = sizeof(cmd), .hwpt_id = scene->id, .data_uptr = (uintptr_t)&request,
		.data_type = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST, .entry_len = sizeof(request),
		.entry_num = 1,
	};
	int rc = iommufd_ioctl(scene->fd, IOMMU_HWPT_INVALIDATE, &cmd);

	return rc ?: cmd.entry_num == 1 ? 0 : -EIO;
}

TEST_F_TIMEOUT(fail_nth_hwpt, invalidate, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = alloc_nested, .run = invalidate, .done = iotlb_is_flushed,
		.intact = iotlb_is_full, .undo = destroy, .flags = FAIL_NTH_ANSWER_LAST,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int get_hw_info(void *arg)
{
	struct iommu_test_hw_info data = { 0 };
	struct scene *scene = arg;
	struct iommu_hw_info info;

	return iv_hw_info(scene->fd, scene->dev.devid, &info, &data, sizeof(data)) ?:
	       data.test_reg == IOMMU_HW_INFO_SELFTEST_REGVAL ? 0 : -EIO;
}

TEST_F_TIMEOUT(fail_nth_hwpt, hw_info, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = { .run = get_hw_info, .intact = no_object_is_left };

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

/* ---- Devices ---- */

static int create_device(void *arg)
{
	struct scene *scene = arg;

	return mock_device_create(&scene->extra, scene->fd, scene->ioas_id, 0);
}

static bool extra_reaches_memory(void *arg)
{
	struct scene *scene = arg;

	return reaches_memory(&scene->extra);
}

static int destroy_device(void *arg)
{
	struct scene *scene = arg;

	return mock_device_destroy(&scene->extra);
}

TEST_F_TIMEOUT(fail_nth_hwpt, device_that_is_bound_and_attached, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = create_device, .done = extra_reaches_memory, .intact = no_object_is_left,
		.undo = destroy_device, .other_errno = NAMELESS,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int create_sibling(void *arg)
{
	struct scene *scene = arg;

	return mock_device_create_sibling(&scene->extra, &scene->dev, scene->ioas_id);
}

TEST_F_TIMEOUT(fail_nth_hwpt, device_that_joins_a_group, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = create_sibling, .done = extra_reaches_memory, .intact = no_object_is_left,
		.undo = destroy_device, .other_errno = NAMELESS,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

TEST_F_TIMEOUT(fail_nth_hwpt, device_that_is_detached_and_taken_away_works, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = create_device, .run = destroy_device, .done = no_object_is_left,
		.intact = extra_reaches_memory, .flags = FAIL_NTH_ALWAYS_WORKS,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int create_device_elsewhere(void *arg)
{
	struct scene *scene = arg;

	return mock_device_create(&scene->extra, scene->fd, scene->other_id, 0);
}

static int attach_to_ioas(void *arg)
{
	struct scene *scene = arg;

	return mock_device_attach(&scene->extra, scene->ioas_id, NULL);
}

static bool extra_is_elsewhere(void *arg)
{
	struct scene *scene = arg;
	char byte;

	/* Besides the device, the automatic page table of the other IOAS must still be there. */
	return mock_device_read(&scene->extra, IOVA, &byte, 1) == -ENXIO &&
	       iv_iommufd_destroy(scene->fd, scene->other_id) == -EBUSY;
}

TEST_F_TIMEOUT(fail_nth_hwpt, replace_by_an_ioas, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = create_device_elsewhere, .run = attach_to_ioas,
		.done = extra_reaches_memory, .intact = extra_is_elsewhere, .undo = destroy_device,
		.flags = FAIL_NTH_ANSWER_LAST,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int attach_to_filled_ioas(void *arg)
{
	struct scene *scene = arg;

	return mock_device_attach(&scene->dev, scene->ioas_id, NULL);
}

static int attach_to_parent(void *arg)
{
	struct scene *scene = arg;

	return mock_device_attach(&scene->dev, scene->hwpt_id, NULL);
}

static bool device_reaches_memory(void *arg)
{
	struct scene *scene = arg;

	return reaches_memory(&scene->dev) && no_object_is_left(scene);
}

TEST_F_TIMEOUT(fail_nth_hwpt, replace_by_a_page_table, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = attach_to_parent, .done = device_reaches_memory,
		.intact = device_reaches_memory, .undo = attach_to_filled_ioas,
	};

	/* So that the automatic page table, and its number, outlives the replacement. */
	ASSERT_EQ(0, create_device(&self->scene));
	self->scene.next_id = iommufd_next_id(self->scene.fd);
	EXPECT_EQ(0, fail_nth(&op, &self->scene));
	EXPECT_EQ(0, destroy_device(&self->scene));
	self->scene.next_id = iommufd_next_id(self->scene.fd);
}

/* ---- Dirty tracking ---- */

static int track(void *arg)
{
	struct scene *scene = arg;

	return iommufd_dirty_track(scene->fd, scene->hwpt_id, true);
}

static int untrack(void *arg)
{
	struct scene *scene = arg;

	return iommufd_dirty_track(scene->fd, scene->hwpt_id, false);
}

TEST_F_TIMEOUT(fail_nth_hwpt, dirty_tracking_on, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = track, .intact = no_object_is_left, .undo = untrack,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

TEST_F_TIMEOUT(fail_nth_hwpt, dirty_tracking_off, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = track, .run = untrack, .intact = no_object_is_left,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int soil(void *arg)
{
	uint8_t written[SIZE / MOCK_PAGE_SIZE / 8] = { 0 };
	struct scene *scene = arg;
	uint64_t count;
	int i;

	memset(scene->bitmap, 0, sizeof(scene->bitmap));
	for (i = 0; i < DIRTY_PAGES; i++)
		iommufd_bit_set(written, 5 * i * PAGE / MOCK_PAGE_SIZE);
	return track(arg) ?: mock_hwpt_set_dirty(scene->fd, scene->hwpt_id, IOVA, SIZE,
						 MOCK_PAGE_SIZE, written, &count);
}

static const struct iommufd_dirty_range dirty_range = {
	.iova = IOVA, .length = SIZE, .page_size = PAGE,
};

static int get_dirty(void *arg)
{
	struct scene *scene = arg;

	return iommufd_dirty_get(scene->fd, scene->hwpt_id, &dirty_range, 0, scene->bitmap);
}

static bool is_all_reported(void *arg)
{
	struct scene *scene = arg;
	int i;

	for (i = 0; i < DIRTY_PAGES; i++)
		if (!iommufd_bit(scene->bitmap, 5 * i))
			return false;
	return iommufd_bits_count(scene->bitmap, SIZE / PAGE) == DIRTY_PAGES;
}

/* What has not been reported is still dirty. */
static bool is_dirty(void *arg)
{
	uint8_t bitmap[sizeof(((struct scene *)0)->bitmap)] = { 0 };
	struct scene *scene = arg;

	return !iommufd_dirty_get(scene->fd, scene->hwpt_id, &dirty_range,
				  IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR, bitmap) &&
	       iommufd_bits_count(bitmap, SIZE / PAGE) == DIRTY_PAGES;
}

TEST_F_TIMEOUT(fail_nth_hwpt, dirty_bitmap_loses_nothing, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = soil, .run = get_dirty, .done = is_all_reported, .intact = is_dirty,
		.undo = untrack,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

/* ---- Faults ---- */

static int alloc_queue(void *arg)
{
	struct scene *scene = arg;

	return fault_queue_alloc(scene->fd, &scene->extra_queue);
}

static bool queue_is_empty(void *arg)
{
	struct scene *scene = arg;
	struct iommu_hwpt_pgfault fault;

	return fault_queue_next(&scene->extra_queue, &fault) == -EAGAIN;
}

static int end_queue(void *arg)
{
	struct scene *scene = arg;

	if (close(scene->extra_queue.fd))
		return -errno;
	return iv_iommufd_destroy(scene->fd, scene->extra_queue.id);
}

TEST_F_TIMEOUT(fail_nth_hwpt, fault_queue_alloc, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = alloc_queue, .done = queue_is_empty, .intact = no_object_is_left,
		.undo = end_queue,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int attach_with_queue(void *arg)
{
	struct scene *scene = arg;

	return mock_device_attach(&scene->dev, scene->id, NULL);
}

static int detach_from_queue(void *arg)
{
	return attach_to_filled_ioas(arg) ?: destroy(arg);
}

TEST_F_TIMEOUT(fail_nth_hwpt, attach_of_a_device_that_requests_pages, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = alloc_with_queue, .run = attach_with_queue, .undo = detach_from_queue,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int request_page(void *arg)
{
	struct scene *scene = arg;
	const struct fault_request request = {
		.grpid = ++scene->group, .perm = IOMMU_PGFAULT_PERM_READ, .addr = IOVA,
	};

	return mock_device_request(&scene->dev, &request, true);
}

static int prepare_request(void *arg)
{
	return alloc_with_queue(arg) ?: attach_with_queue(arg);
}

static int prepare_read(void *arg)
{
	return prepare_request(arg) ?: request_page(arg);
}

static int read_request(void *arg)
{
	struct scene *scene = arg;

	return fault_queue_next(&scene->queue, scene->faults);
}

static bool request_was_read(void *arg)
{
	struct scene *scene = arg;

	return scene->faults[0].grpid == scene->group;
}

static int answer_and_detach(void *arg)
{
	struct scene *scene = arg;

	return fault_queue_answer(&scene->queue, scene->faults[0].cookie,
				  IOMMUFD_PAGE_RESP_SUCCESS) ?: detach_from_queue(arg);
}

TEST_F_TIMEOUT(fail_nth_hwpt, read_of_a_request_loses_nothing, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = prepare_read, .run = read_request, .done = request_was_read,
		.undo = answer_and_detach,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int prepare_answer(void *arg)
{
	return prepare_read(arg) ?: read_request(arg);
}

static int answer_request(void *arg)
{
	struct scene *scene = arg;

	return fault_queue_answer(&scene->queue, scene->faults[0].cookie,
				  IOMMUFD_PAGE_RESP_SUCCESS);
}

static bool device_was_answered(void *arg)
{
	struct scene *scene = arg;
	struct fault_answer answer;

	return !mock_device_answer(&scene->dev, &answer) && answer.grpid == scene->group &&
	       answer.code == IOMMUFD_PAGE_RESP_SUCCESS;
}

static bool device_was_not_answered(void *arg)
{
	return !device_was_answered(arg);
}

TEST_F_TIMEOUT(fail_nth_hwpt, answer, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = prepare_answer, .run = answer_request, .done = device_was_answered,
		.intact = device_was_not_answered, .undo = detach_from_queue,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

TEST_HARNESS_MAIN
