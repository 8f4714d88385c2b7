// SPDX-License-Identifier: GPL-2.0-only
/*
 * A BAR of many megabytes: mapped by large pages where that is possible, by small ones elsewhere.
 *
 * The device is memory, so that what was written can be read back.
 */
#include "kselftest_harness.h"

#include <sys/mman.h>
#include <sys/resource.h>

#include "iv.h"
#include "test_device.h"
#include "test_fault.h"
#include "test_thread.h"
#include "test_user.h"
#include "test_wait.h"

#define PAGE 4096UL
#define LARGE (2UL << 20)
#define JOIN_MS 10000

FIXTURE(large_bar)
{
	struct test_device dev;
	struct iv_region bar;
	int fd;
};

FIXTURE_SETUP(large_bar)
{
	if (!test_role_addr(TEST_SHMEM))
		SKIP(return, "no device: set %s", test_role_name(TEST_SHMEM));
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_SHMEM, TEST_BOUND));
	self->fd = self->dev.fd;
	ASSERT_EQ(0, iv_config_command(self->fd, PCI_COMMAND_MEMORY, 0));
	ASSERT_EQ(0, iv_region_open(&self->bar, self->fd, 2));
	ASSERT_GE(self->bar.size, 4 * LARGE);
}

FIXTURE_TEARDOWN(large_bar)
{
	iv_region_close(&self->bar);
	test_device_teardown(&self->dev);
}

/* Writes to each page of [map, map + size) and returns how many page faults that took. */
static long touch_all(volatile char *map, size_t size, bool write)
{
	struct rusage before, after;

	getrusage(RUSAGE_SELF, &before);
	for (size_t off = 0; off < size; off += PAGE) {
		if (write)
			*(volatile uint32_t *)(map + off) = off / PAGE + 1;
		else
			(void)*(volatile uint32_t *)(map + off);
	}
	getrusage(RUSAGE_SELF, &after);
	return after.ru_minflt + after.ru_majflt - before.ru_minflt - before.ru_majflt;
}

/* Whether each page holds what touch_all() wrote, seen from @first on. */
static bool holds(volatile char *map, size_t size, size_t first)
{
	for (size_t off = 0; off < size; off += PAGE)
		if (*(volatile uint32_t *)(map + off) != (first + off) / PAGE + 1)
			return false;
	return true;
}

TEST_F(large_bar, address_is_chosen_for_large_pages)
{
	ASSERT_EQ(0, iv_region_map(&self->bar));
	EXPECT_EQ(0, (uintptr_t)self->bar.map % LARGE);
}

TEST_F(large_bar, writing_to_all_of_it_takes_few_faults)
{
	ASSERT_EQ(0, iv_region_map(&self->bar));
	EXPECT_LE(touch_all(self->bar.map, self->bar.size, true),
		  (long)(self->bar.size / LARGE) + 4);
	EXPECT_TRUE(holds(self->bar.map, self->bar.size, 0));
}

TEST_F(large_bar, reading_all_of_it_takes_few_faults_and_writing_then_works)
{
	ASSERT_EQ(0, iv_region_map(&self->bar));
	EXPECT_LE(touch_all(self->bar.map, self->bar.size, false),
		  (long)(self->bar.size / LARGE) + 4);
	EXPECT_LE(touch_all(self->bar.map, self->bar.size, true),
		  (long)(self->bar.size / LARGE) + 4);
	EXPECT_TRUE(holds(self->bar.map, self->bar.size, 0));
}

TEST_F(large_bar, crooked_mapping_shows_the_same)
{
	const size_t skew = 5 * PAGE;
	char *room, *map;

	ASSERT_EQ(0, iv_region_map(&self->bar));
	touch_all(self->bar.map, self->bar.size, true);
	/* Pages are aligned neither alike in the mapping and in the BAR, nor is its end. */
	room = mmap(NULL, 4 * LARGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, room);
	map = mmap(room + PAGE, 2 * LARGE + skew, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		   self->fd, self->bar.offset + skew);
	ASSERT_EQ(room + PAGE, map);
	EXPECT_TRUE(holds(map, 2 * LARGE + skew, skew));
	munmap(room, 4 * LARGE);
}

TEST_F(large_bar, mapping_of_its_end_stops_there)
{
	size_t size = LARGE + 3 * PAGE;
	char *map;

	ASSERT_EQ(0, iv_region_map(&self->bar));
	touch_all(self->bar.map, self->bar.size, true);
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd,
		   self->bar.offset + self->bar.size - size);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_TRUE(holds(map, size, self->bar.size - size));
	munmap(map, size);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, size + PAGE, PROT_READ, MAP_SHARED, self->fd,
				   self->bar.offset + self->bar.size - size));
}

TEST_F(large_bar, hole_in_a_large_page_leaves_the_rest)
{
	char *map;

	ASSERT_EQ(0, iv_region_map(&self->bar));
	map = (char *)self->bar.map;
	touch_all(map, self->bar.size, true);
	ASSERT_EQ(0, munmap(map + LARGE + 7 * PAGE, PAGE));
	EXPECT_TRUE(holds(map, LARGE + 7 * PAGE, 0));
	EXPECT_TRUE(holds(map + LARGE + 8 * PAGE, self->bar.size - LARGE - 8 * PAGE,
			  LARGE + 8 * PAGE));
}

TEST_F(large_bar, protection_of_a_part_can_change)
{
	char *map;

	ASSERT_EQ(0, iv_region_map(&self->bar));
	map = (char *)self->bar.map;
	touch_all(map, self->bar.size, true);
	ASSERT_EQ(0, mprotect(map + PAGE, LARGE, PROT_READ));
	EXPECT_TRUE(holds(map, self->bar.size, 0));
	ASSERT_EQ(0, mprotect(map + PAGE, LARGE, PROT_READ | PROT_WRITE));
	touch_all(map, self->bar.size, true);
	EXPECT_TRUE(holds(map, self->bar.size, 0));
}

TEST_F(large_bar, large_pages_go_when_memory_is_off)
{
	ASSERT_EQ(0, iv_region_map(&self->bar));
	touch_all(self->bar.map, self->bar.size, true);
	ASSERT_EQ(0, iv_config_command(self->fd, 0, PCI_COMMAND_MEMORY));
	for (size_t off = 0; off < self->bar.size; off += LARGE)
		EXPECT_TRUE(test_load_gives_sigbus((char *)self->bar.map + off));
	ASSERT_EQ(0, iv_config_command(self->fd, PCI_COMMAND_MEMORY, 0));
	EXPECT_TRUE(holds(self->bar.map, self->bar.size, 0));
}

TEST_F(large_bar, large_pages_go_when_the_device_is_taken_away)
{
	ASSERT_EQ(0, iv_region_map(&self->bar));
	touch_all(self->bar.map, self->bar.size, true);
	ASSERT_TRUE(test_was_prompt(test_unbind_ms(self->dev.addr)));
	for (size_t off = 0; off < self->bar.size; off += LARGE)
		EXPECT_TRUE(test_load_gives_sigbus((char *)self->bar.map + off + PAGE));
}

static void switch_loop(struct test_threads *threads, unsigned int index, void *arg)
{
	struct _test_data_large_bar *self = arg;

	(void)index;
	while (!test_threads_stopping(threads)) {
		iv_config_command(self->fd, 0, PCI_COMMAND_MEMORY);
		iv_config_command(self->fd, PCI_COMMAND_MEMORY, 0);
		atomic_fetch_add(&threads->rounds, 1);
	}
}

TEST_F(large_bar, faults_and_switching_memory_do_not_meet)
{
	int64_t end = test_now_ms() + 1000;
	struct test_threads threads;
	volatile char *map;

	ASSERT_EQ(0, iv_region_map(&self->bar));
	map = self->bar.map;
	touch_all(map, self->bar.size, true);
	ASSERT_EQ(0, test_threads_start(&threads, 1, switch_loop, self));
	while (test_now_ms() < end) {
		/* Either nothing, or what is there. */
		if (!test_load_gives_sigbus(map + 3 * LARGE))
			continue;
	}
	test_threads_stop(&threads);
	ASSERT_EQ(0, test_threads_join(&threads, JOIN_MS));
	EXPECT_GT(threads.rounds, 1);
	EXPECT_TRUE(holds(map, self->bar.size, 0));
}

TEST_HARNESS_MAIN
