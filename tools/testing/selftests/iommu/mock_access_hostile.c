// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel drivers that access memory by IOVA, when others don't behave: drivers that don't let go,
 * memory whose faults nobody serves, processes that end, limits, and everything at the same time.
 */
#include <errno.h>
#include <string.h>
#include <linux/userfaultfd.h>
#include "iommufd_child.h"
#include "iommufd_ioctl.h"
#include "iv.h"
#include "mock_access.h"
#include "mock_device.h"
#include "test_fault.h"
#include "test_memory.h"
#include "test_process.h"
#include "test_race.h"
#include "test_thread.h"
#include "test_timeout.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define PAGES 16
#define SIZE (PAGES * PAGE)
#define IOVA ((uint64_t)MOCK_APERTURE_START)
#define PINS MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES
#define STUBBORN (PINS | MOCK_FLAGS_ACCESS_CREATE_STUBBORN)
#define WRITE MOCK_FLAGS_ACCESS_WRITE
#define PROMPT_MS 500
#define PATIENCE_MS 3000
#define JOIN_MS 10000
#define RUN_MS 1000
#define NOBODY 65534

/**
 * struct scene - what a test and its threads and children share
 * @fd: the context
 * @ioas_id: an IOAS
 * @other_id: another
 * @access: attached to @ioas_id
 * @pin_id: a pin of it
 * @memory: of SIZE
 * @result: what a thread's call returned, or 1 until then
 * @results: of threads' calls
 * @unserved: memory whose faults nobody serves
 * @uffd: what would serve them
 */
struct scene {
	int fd;
	uint32_t ioas_id;
	uint32_t other_id;
	struct mock_access access;
	uint32_t pin_id;
	char *memory;
	atomic_int result;
	struct test_race results;
	void *unserved;
	int uffd;
};

FIXTURE(mock_access_hostile)
{
	struct scene scene;
	struct test_threads threads;
};

FIXTURE_SETUP(mock_access_hostile)
{
	struct scene *scene = &self->scene;

	ASSERT_EQ(0, mock_module_load());
	scene->fd = iv_iommufd_open();
	ASSERT_LE(0, scene->fd);
	scene->memory = test_memory_alloc(SIZE, PAGE);
	ASSERT_NE(NULL, scene->memory);
	memset(scene->memory, 1, SIZE);
	scene->result = 1;
	scene->access.fd = -1;
	ASSERT_EQ(0, iv_ioas_alloc(scene->fd, &scene->ioas_id));
	ASSERT_EQ(0, iv_ioas_alloc(scene->fd, &scene->other_id));
}

FIXTURE_TEARDOWN(mock_access_hostile)
{
	struct scene *scene = &self->scene;

	if (scene->access.fd >= 0)
		close(scene->access.fd);
	close(scene->fd);
	scene->fd = iv_iommufd_open();
	EXPECT_EQ(0, mock_memory_is_unpinned(scene->fd, scene->memory, SIZE));
	close(scene->fd);
	test_memory_free(scene->memory, SIZE);
}

static int map(const struct scene *scene, const void *memory)
{
	return iv_ioas_map(scene->fd, scene->ioas_id, memory, SIZE, IOVA, IV_DMA_RW);
}

static int unmap(const struct scene *scene)
{
	return iv_ioas_unmap(scene->fd, scene->ioas_id, IOVA, SIZE, NULL);
}

static int create(struct scene *scene, uint32_t flags)
{
	return mock_access_create(&scene->access, scene->fd, scene->ioas_id, flags);
}

static int pin(struct scene *scene, size_t size)
{
	return mock_access_pin(&scene->access, IOVA, size, NULL, WRITE, &scene->pin_id);
}

/* A driver that has pinned a page and will not let go of it. */
static int setup_stubborn(struct scene *scene)
{
	return map(scene, scene->memory) ?: create(scene, STUBBORN) ?: pin(scene, PAGE);
}

/*
 * The memory of the last IOVAs goes on in its page where the IOVAs end. The copy must not: what the
 * driver has no room for would go beyond its buffer, and what it didn't give would come from there.
 */
TEST_F(mock_access_hostile, copy_ends_with_the_last_iova)
{
	struct scene *scene = &self->scene;
	const uint64_t iova = -PAGE;
	char data[PAGE];

	ASSERT_EQ(0, create(scene, 0));
	ASSERT_EQ(0, iv_ioas_map(scene->fd, scene->ioas_id, scene->memory + 256, PAGE, iova,
				 IV_DMA_RW));
	memset(data, 7, PAGE);
	EXPECT_EQ(0, mock_access_write(&scene->access, iova, data, PAGE, 0));
	EXPECT_TRUE(test_memory_is(scene->memory, 256, 1));
	EXPECT_TRUE(test_memory_is(scene->memory + 256, PAGE, 7));
	EXPECT_TRUE(test_memory_is(scene->memory + 256 + PAGE, PAGE, 1));
	memset(data, 0, PAGE);
	EXPECT_EQ(0, mock_access_read(&scene->access, iova, data, PAGE, 0));
	EXPECT_TRUE(test_memory_is(data, PAGE, 7));
}

TEST_F(mock_access_hostile, stubborn_driver_makes_an_unmap_fail)
{
	struct scene *scene = &self->scene;
	int64_t start;
	char byte;

	ASSERT_EQ(0, setup_stubborn(scene));
	start = test_now_ms();
	EXPECT_EQ(-EBUSY, unmap(scene));
	EXPECT_GT(test_timeout(PATIENCE_MS), test_now_ms() - start);
	EXPECT_EQ(0, mock_memory_is_pinned(scene->fd, scene->memory, PAGE));
	EXPECT_EQ(0, mock_access_read(&scene->access, IOVA + SIZE - 1, &byte, 1, 0));
	EXPECT_EQ(0, pin(scene, SIZE));
	EXPECT_EQ(0, mock_access_unpin(&scene->access, scene->pin_id));
}

TEST_F(mock_access_hostile, unmap_works_once_a_stubborn_driver_has_let_go)
{
	struct scene *scene = &self->scene;

	ASSERT_EQ(0, setup_stubborn(scene));
	EXPECT_EQ(-EBUSY, unmap(scene));
	ASSERT_EQ(0, mock_access_unpin(&scene->access, scene->pin_id));
	EXPECT_EQ(0, unmap(scene));
}

TEST_F(mock_access_hostile, stubborn_driver_is_no_matter_for_other_ranges)
{
	struct scene *scene = &self->scene;
	int64_t start = test_now_ms();

	ASSERT_EQ(0, setup_stubborn(scene));
	ASSERT_EQ(0, iv_ioas_map(scene->fd, scene->ioas_id, scene->memory, PAGE, IOVA + SIZE,
				 IV_DMA_RW));
	EXPECT_EQ(0, iv_ioas_unmap(scene->fd, scene->ioas_id, IOVA + SIZE, PAGE, NULL));
	EXPECT_GT(test_timeout(PROMPT_MS), test_now_ms() - start);
}

static void unmap_in_thread(struct test_threads *threads, unsigned int index, void *arg)
{
	struct scene *scene = arg;

	(void)threads;
	(void)index;
	scene->result = unmap(scene);
}

TEST_F(mock_access_hostile, driver_may_take_its_time)
{
	struct scene *scene = &self->scene;

	ASSERT_EQ(0, setup_stubborn(scene));
	ASSERT_EQ(0, test_threads_start(&self->threads, 1, unmap_in_thread, scene));
	test_sleep_ms(300);
	EXPECT_EQ(1, scene->result);
	EXPECT_EQ(-EBUSY, mock_access_pin(&scene->access, IOVA, PAGE, NULL, 0, NULL));
	EXPECT_EQ(0, mock_access_unpin(&scene->access, scene->pin_id));
	ASSERT_EQ(0, test_threads_join(&self->threads, JOIN_MS));
	EXPECT_EQ(0, scene->result);
}

TEST_F(mock_access_hostile, detach_takes_pins_from_a_stubborn_driver)
{
	struct scene *scene = &self->scene;
	int64_t start;

	ASSERT_EQ(0, setup_stubborn(scene));
	start = test_now_ms();
	ASSERT_EQ(0, mock_access_attach(&scene->access, scene->other_id));
	EXPECT_GT(test_timeout(PATIENCE_MS), test_now_ms() - start);
	EXPECT_EQ(0, mock_memory_is_unpinned(scene->fd, scene->memory, SIZE));
	EXPECT_EQ(0, unmap(scene));
	/* The driver's late unpin does nothing. */
	EXPECT_EQ(0, mock_access_unpin(&scene->access, scene->pin_id));
}

TEST_F(mock_access_hostile, closing_a_stubborn_driver_while_an_unmap_waits)
{
	struct scene *scene = &self->scene;

	ASSERT_EQ(0, setup_stubborn(scene));
	ASSERT_EQ(0, test_threads_start(&self->threads, 1, unmap_in_thread, scene));
	test_sleep_ms(200);
	EXPECT_EQ(0, close(scene->access.fd));
	scene->access.fd = -1;
	ASSERT_EQ(0, test_threads_join(&self->threads, JOIN_MS));
	EXPECT_TRUE(scene->result == 0 || scene->result == -EBUSY);
	EXPECT_EQ(0, mock_memory_is_unpinned(scene->fd, scene->memory, SIZE));
}

static void pin_in_thread(struct test_threads *threads, unsigned int index, void *arg)
{
	struct scene *scene = arg;

	(void)threads;
	(void)index;
	scene->result = pin(scene, SIZE);
}

static void read_in_thread(struct test_threads *threads, unsigned int index, void *arg)
{
	struct scene *scene = arg;
	char bytes[2 * PAGE];

	(void)threads;
	(void)index;
	scene->result = mock_access_read(&scene->access, IOVA, bytes, sizeof(bytes), 0);
}

/* Puts an empty page at the beginning of memory whose faults nobody serves. */
static int serve_first_page(int uffd, void *memory)
{
	struct uffdio_zeropage zero = { .range = { .start = (uintptr_t)memory, .len = PAGE } };

	return iommufd_ioctl(uffd, UFFDIO_ZEROPAGE, &zero);
}

/*
 * An access to memory of which only the first page, if @first, can ever be had: who asks for more
 * waits until end_blocked(). Returns false without userfaultfd.
 */
static bool setup_blocked(struct __test_metadata *_metadata, struct scene *scene, bool first)
{
	scene->uffd = test_unserved_memory(SIZE, &scene->unserved);
	if (scene->uffd < 0)
		return false;
	ASSERT_EQ(0, first ? serve_first_page(scene->uffd, scene->unserved) : 0);
	ASSERT_EQ(0, map(scene, scene->unserved));
	ASSERT_EQ(0, create(scene, PINS));
	return true;
}

static void start_blocked(struct __test_metadata *_metadata,
			  struct _test_data_mock_access_hostile *self, test_thread_fn function)
{
	ASSERT_EQ(0, test_threads_start(&self->threads, 1, function, &self->scene));
	test_sleep_ms(200);
	EXPECT_EQ(1, self->scene.result);
}

/* Lets whoever waits go on, and a thread of start_blocked() end. */
static int end_blocked(struct _test_data_mock_access_hostile *self)
{
	test_unserved_release(self->scene.uffd, self->scene.unserved, SIZE);
	return test_threads_join(&self->threads, JOIN_MS);
}

/* Lets a thread wait for memory, and takes that away meanwhile. */
static void check_unmap_during(struct __test_metadata *_metadata,
			       struct _test_data_mock_access_hostile *self, test_thread_fn function)
{
	struct scene *scene = &self->scene;
	int64_t start;

	if (!setup_blocked(_metadata, scene, false))
		SKIP(return, "no userfaultfd");
	start_blocked(_metadata, self, function);
	start = test_now_ms();
	EXPECT_EQ(0, unmap(scene));
	EXPECT_EQ(0, mock_access_attach(&scene->access, scene->other_id));
	EXPECT_GT(test_timeout(PROMPT_MS), test_now_ms() - start);
	EXPECT_EQ(1, scene->result);
	ASSERT_EQ(0, end_blocked(self));
	EXPECT_GT(0, scene->result);
}

TEST_F(mock_access_hostile, pin_that_waits_for_memory_holds_nobody_up)
{
	check_unmap_during(_metadata, self, pin_in_thread);
}

TEST_F(mock_access_hostile, copy_that_waits_for_memory_holds_nobody_up)
{
	check_unmap_during(_metadata, self, read_in_thread);
}

static void write_in_thread(struct test_threads *threads, unsigned int index, void *arg)
{
	struct scene *scene = arg;

	(void)threads;
	(void)index;
	scene->result = mock_access_write(&scene->access, IOVA, "\7\7", 2, 0);
}

TEST_F(mock_access_hostile, copy_goes_where_the_driver_is_attached)
{
	struct scene *scene = &self->scene;

	if (!setup_blocked(_metadata, scene, false))
		SKIP(return, "no userfaultfd");
	ASSERT_EQ(0, iv_ioas_map(scene->fd, scene->other_id, scene->memory, SIZE, IOVA, IV_DMA_RW));
	start_blocked(_metadata, self, write_in_thread);
	EXPECT_EQ(0, mock_access_attach(&scene->access, scene->other_id));
	ASSERT_EQ(0, serve_first_page(scene->uffd, scene->unserved));
	ASSERT_EQ(0, test_threads_join(&self->threads, JOIN_MS));
	EXPECT_EQ(0, scene->result);
	EXPECT_TRUE(test_memory_is(scene->unserved, PAGE, 0));
	EXPECT_TRUE(test_memory_is(scene->memory, 2, 7));
	EXPECT_TRUE(test_memory_is(scene->memory + 2, SIZE - 2, 1));
	test_unserved_release(scene->uffd, scene->unserved, SIZE);
}

TEST_F(mock_access_hostile, unpin_does_not_wait_for_others_memory)
{
	struct scene *scene = &self->scene;
	uint32_t first_page;
	int64_t start;

	if (!setup_blocked(_metadata, scene, true))
		SKIP(return, "no userfaultfd");
	ASSERT_EQ(0, mock_access_pin(&scene->access, IOVA, PAGE, NULL, 0, &first_page));
	start_blocked(_metadata, self, pin_in_thread);
	start = test_now_ms();
	EXPECT_EQ(0, mock_access_unpin(&scene->access, first_page));
	EXPECT_GT(test_timeout(PROMPT_MS), test_now_ms() - start);
	ASSERT_EQ(0, end_blocked(self));
}

static void attach_in_thread(struct test_threads *threads, unsigned int index, void *arg)
{
	struct scene *scene = arg;
	struct mock_device dev;

	(void)threads;
	(void)index;
	scene->result = mock_device_create(&dev, scene->fd, scene->ioas_id, 0);
}

TEST_F(mock_access_hostile, access_does_not_wait_for_a_device_that_does)
{
	struct scene *scene = &self->scene;
	int64_t start;

	if (!setup_blocked(_metadata, scene, true))
		SKIP(return, "no userfaultfd");
	ASSERT_EQ(0, pin(scene, PAGE));
	start_blocked(_metadata, self, attach_in_thread);
	start = test_now_ms();
	EXPECT_EQ(0, mock_access_unpin(&scene->access, scene->pin_id));
	EXPECT_EQ(0, mock_access_attach(&scene->access, scene->other_id));
	EXPECT_GT(test_timeout(PROMPT_MS), test_now_ms() - start);
	ASSERT_EQ(0, end_blocked(self));
	/* The pages are there once nobody serves them, and gone when they are unmapped then. */
	EXPECT_TRUE(scene->result == 0 || scene->result == -EFAULT);
}

static int pin_for_ever(struct iommufd_child *parent, void *arg)
{
	iommufd_child_tell(parent, 1);
	return pin(arg, SIZE);
}

TEST_F(mock_access_hostile, killed_process_stops_pinning)
{
	struct scene *scene = &self->scene;
	struct iommufd_child child;
	int number;

	if (!setup_blocked(_metadata, scene, false))
		SKIP(return, "no userfaultfd");
	ASSERT_EQ(0, iommufd_child_start(&child, pin_for_ever, scene));
	ASSERT_EQ(0, iommufd_child_hear(&child, &number));
	test_sleep_ms(200);
	EXPECT_EQ(0, iommufd_child_kill(&child));
	EXPECT_EQ(0, unmap(scene));
	test_unserved_release(scene->uffd, scene->unserved, SIZE);
}

static int map_and_stay(struct iommufd_child *parent, void *arg)
{
	struct scene *scene = arg;
	int rc, number;

	rc = map(scene, scene->memory);
	memset(scene->memory, 7, SIZE);
	iommufd_child_tell(parent, rc);
	iommufd_child_hear(parent, &number);
	return scene->memory[PAGE - 1] == 8 && scene->memory[PAGE] == 9 ? 0 : 1;
}

TEST_F(mock_access_hostile, memory_of_another_process_can_be_copied)
{
	static const char two[] = { 8, 9 };
	struct scene *scene = &self->scene;
	struct iommufd_child child;
	char seen[2] = { 0 };
	int rc;

	ASSERT_EQ(0, create(scene, PINS));
	ASSERT_EQ(0, iommufd_child_start(&child, map_and_stay, scene));
	ASSERT_EQ(0, iommufd_child_hear(&child, &rc));
	ASSERT_EQ(0, rc);
	EXPECT_EQ(0, mock_access_read(&scene->access, IOVA + PAGE - 1, seen, 2, 0));
	EXPECT_EQ(7, seen[0]);
	EXPECT_EQ(7, seen[1]);
	EXPECT_EQ(0, mock_access_write(&scene->access, IOVA + PAGE - 1, two, 2, 0));
	EXPECT_EQ(0, pin(scene, SIZE));
	ASSERT_EQ(0, iommufd_child_tell(&child, 0));
	EXPECT_EQ(0, iommufd_child_finish(&child));
	EXPECT_TRUE(test_memory_is(scene->memory, SIZE, 1));
	/* What is pinned stays, though the process has gone; what isn't is gone with it. */
	EXPECT_EQ(0, mock_access_read(&scene->access, IOVA + PAGE - 1, seen, 2, 0));
	EXPECT_EQ(0, memcmp(seen, two, 2));
	EXPECT_EQ(0, mock_access_unpin(&scene->access, scene->pin_id));
	EXPECT_EQ(-EFAULT, mock_access_read(&scene->access, IOVA, seen, 1, 0));
	EXPECT_EQ(-EFAULT, pin(scene, PAGE));
}

/* Runs in a child with a limit of half the pages. */
static int pin_up_to_the_limit(void *arg)
{
	struct scene *scene = arg;
	struct mock_access *access = &scene->access;
	uint32_t again;

	if (map(scene, scene->memory) || pin(scene, SIZE / 2))
		return 1;
	/* The same pages again cost nothing; one more is too many. */
	if (mock_access_pin(access, IOVA, SIZE / 2, scene->memory, WRITE, &again))
		return 2;
	if (mock_access_pin(access, IOVA, SIZE / 2 + PAGE, NULL, WRITE, NULL) != -ENOMEM)
		return 3;
	if (mock_access_unpin(access, scene->pin_id) || mock_access_unpin(access, again))
		return 4;
	if (mock_access_pin(access, IOVA + SIZE / 2, SIZE / 2, NULL, WRITE, &again))
		return 5;
	return mock_access_unpin(access, again) || unmap(scene) ? 6 : 0;
}

TEST_F(mock_access_hostile, only_pinned_pages_count_and_once)
{
	static const struct test_privilege privilege = {
		.uid = NOBODY, .limit_memlock = true, .memlock = SIZE / 2,
	};

	ASSERT_EQ(0, create(&self->scene, PINS));
	EXPECT_EQ(0, test_run_in_child(pin_up_to_the_limit, &self->scene, &privilege));
}

/* Runs in a child with a limit of exactly the pages that are mapped. */
static int pin_what_a_device_has(void *arg)
{
	struct scene *scene = arg;
	struct mock_device dev;
	char byte;

	if (map(scene, scene->memory) || pin(scene, SIZE / 2))
		return 1;
	if (mock_device_create(&dev, scene->fd, scene->ioas_id, 0))
		return 2;
	if (mock_access_unpin(&scene->access, scene->pin_id) || pin(scene, SIZE))
		return 3;
	if (mock_access_read(&scene->access, IOVA, &byte, 1, MOCK_ACCESS_RW_SLOW_PATH))
		return 4;
	if (mock_device_destroy(&dev) || mock_access_unpin(&scene->access, scene->pin_id))
		return 5;
	if (pin(scene, SIZE) || mock_device_create(&dev, scene->fd, scene->ioas_id, 0))
		return 6;
	return mock_device_destroy(&dev) || unmap(scene) ? 7 : 0;
}

TEST_F(mock_access_hostile, what_a_device_has_counts_once)
{
	static const struct test_privilege privilege = {
		.uid = NOBODY, .limit_memlock = true, .memlock = SIZE,
	};
	int64_t pinned = test_pinned_pages();

	ASSERT_EQ(0, create(&self->scene, PINS));
	EXPECT_EQ(0, test_run_in_child(pin_what_a_device_has, &self->scene, &privilege));
	EXPECT_EQ(pinned, test_pinned_pages());
}

static int check(struct scene *scene, int rc, int error, int other_error)
{
	return test_race_expect(&scene->results, rc, error, other_error);
}

static void use_access(struct scene *scene, unsigned int round)
{
	const uint64_t iova = IOVA + round % PAGES * PAGE / 2 / PAGE * PAGE;
	const size_t size = (1 + round % (PAGES / 2)) * PAGE;
	uint32_t pin_id;
	char bytes[100];

	if (!check(scene, mock_access_pin(&scene->access, iova, size, NULL, WRITE, &pin_id),
		   -ENOENT, -EBUSY))
		check(scene, mock_access_unpin(&scene->access, pin_id), -ENOENT, 0);
	check(scene, mock_access_read(&scene->access, iova + PAGE - 50, bytes, sizeof(bytes),
				      round & 1 ? MOCK_ACCESS_RW_SLOW_PATH : 0), -ENOENT, 0);
}

static void use_map(struct scene *scene)
{
	check(scene, map(scene, scene->memory), -EEXIST, 0);
	check(scene, unmap(scene), -ENOENT, -EBUSY);
}

static void use_device(struct scene *scene)
{
	struct mock_device dev;

	if (!check(scene, mock_device_create(&dev, scene->fd, scene->ioas_id, 0), 0, 0))
		check(scene, mock_device_destroy(&dev), 0, 0);
}

static void use_everything(struct test_threads *threads, unsigned int index, void *arg)
{
	struct scene *scene = arg;
	unsigned int round;

	for (round = index; !test_threads_stopping(threads); round++) {
		if (index == 0)
			use_map(scene);
		else if (index == 1)
			use_device(scene);
		else
			use_access(scene, round);
		threads->rounds++;
	}
}

TEST_F(mock_access_hostile, everything_at_the_same_time)
{
	ASSERT_EQ(0, create(&self->scene, PINS));
	EXPECT_EQ(0, test_race_run(&self->scene.results, 5, use_everything, &self->scene, RUN_MS));
}

static void attach_and_use(struct test_threads *threads, unsigned int index, void *arg)
{
	struct scene *scene = arg;
	unsigned int round;
	uint32_t pin_id;

	for (round = 0; !test_threads_stopping(threads); round++) {
		if (index == 0)
			use_map(scene);
		else if (index == 1)
			check(scene, mock_access_attach(&scene->access, round & 1 ?
							scene->other_id : scene->ioas_id), 0, 0);
		else if (!mock_access_pin(&scene->access, IOVA, SIZE, NULL, WRITE, &pin_id))
			check(scene, mock_access_unpin(&scene->access, pin_id), -ENOENT, 0);
		threads->rounds++;
	}
}

TEST_F(mock_access_hostile, replacing_while_pinning_and_unmapping)
{
	struct scene *scene = &self->scene;

	ASSERT_EQ(0, create(scene, PINS));
	ASSERT_EQ(0, iv_ioas_map(scene->fd, scene->other_id, scene->memory, SIZE, IOVA, IV_DMA_RW));
	EXPECT_EQ(0, test_race_run(&scene->results, 4, attach_and_use, scene, RUN_MS));
}

TEST_HARNESS_MAIN
