// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_HWPT_GET_DIRTY_BITMAP reports exactly what was written, on the mock. What was written is
 * said by a bitmap of its smallest pages; an entry of the page table is one of them, or huge.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "iommufd_dirty.h"
#include "iommufd_ioctl.h"
#include "iv.h"
#include "mock_device.h"
#include "test_memory.h"
#include "test_thread.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define SIZE (4UL << 20)
#define IOVA ((uint64_t)MOCK_APERTURE_START)
#define IO_PAGE ((size_t)MOCK_PAGE_SIZE)
#define PAGES (SIZE / IO_PAGE)
#define BYTES (PAGES / 8)
#define NO_CLEAR IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR
#define RUN_MS 300
#define JOIN_MS 5000

/* More than the kernel works on at a time. */
#define COPIES 18
#define ALL_PAGES (COPIES * PAGES)

FIXTURE(hwpt_dirty)
{
	int fd;
	uint32_t ioas_id;
	uint32_t hwpt_id;
	struct mock_device dev;
	size_t entry_pages;
	char *memory;
	uint8_t written[ALL_PAGES / 8];
	uint8_t expected[ALL_PAGES / 8];
	uint8_t bitmap[ALL_PAGES / 8];
	struct test_threads threads;
	atomic_int unexpected;
};

FIXTURE_VARIANT(hwpt_dirty)
{
	bool huge;
};

FIXTURE_VARIANT_ADD(hwpt_dirty, small_entries) { .huge = false };
FIXTURE_VARIANT_ADD(hwpt_dirty, huge_entries) { .huge = true };

static char *make_memory(bool huge)
{
	void *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | (huge ? MAP_HUGETLB : 0), -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

FIXTURE_SETUP(hwpt_dirty)
{
	ASSERT_EQ(0, mock_module_load());
	self->memory = make_memory(variant->huge);
	if (!self->memory && variant->huge)
		SKIP(return, "no huge pages are reserved in /proc/sys/vm/nr_hugepages");
	ASSERT_NE(NULL, self->memory);
	self->entry_pages = variant->huge ? MOCK_HUGE_PAGE_SIZE / MOCK_PAGE_SIZE : 1;
	self->fd = iv_iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &self->ioas_id));
	ASSERT_EQ(0, mock_device_create(&self->dev, self->fd, self->ioas_id,
					variant->huge ? MOCK_FLAGS_DEVICE_HUGE_IOVA : 0));
	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id,
				   IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &self->hwpt_id));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->hwpt_id, NULL));
	ASSERT_EQ(0, iv_ioas_map(self->fd, self->ioas_id, self->memory, SIZE, IOVA, IV_DMA_RW));
	ASSERT_EQ(0, iommufd_dirty_track(self->fd, self->hwpt_id, true));
}

FIXTURE_TEARDOWN(hwpt_dirty)
{
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, mock_module_unload());
	munmap(self->memory, SIZE);
}

static void random_pages(uint8_t *bitmap, unsigned int one_of)
{
	size_t i;

	srandom(one_of);
	for (i = 0; i < PAGES; i++)
		if (random() % one_of == 0)
			iommufd_bit_set(bitmap, i);
}

static void stretches(uint8_t *bitmap, size_t step, size_t length)
{
	size_t i;

	for (i = 0; i < PAGES; i++)
		if (i % step < length)
			iommufd_bit_set(bitmap, i);
}

/* Fills self->written with one of many patterns; returns false if there is none of that number. */
static bool write_pattern(struct _test_data_hwpt_dirty *self, unsigned int nr)
{
	memset(self->written, 0, sizeof(self->written));
	switch (nr) {
	case 0:
		iommufd_bit_set(self->written, 0);
		break;
	case 1:
		iommufd_bit_set(self->written, PAGES - 1);
		break;
	case 2:
		iommufd_bit_set(self->written, PAGES / 2 - 1);
		iommufd_bit_set(self->written, PAGES / 2);
		break;
	case 3:
		iommufd_bit_set(self->written, 0);
		iommufd_bit_set(self->written, PAGES - 1);
		break;
	case 4:
		stretches(self->written, 1, 1);
		break;
	case 5:
		stretches(self->written, 2, 1);
		break;
	case 6:
		stretches(self->written, 67, 5);
		break;
	case 7:
		stretches(self->written, 512, 511);
		break;
	case 8:
		random_pages(self->written, 300);
		break;
	case 9:
		random_pages(self->written, 2);
		break;
	default:
		return false;
	}
	return true;
}

/* Whoever writes to a page has written to all of its entry. */
static void expect_written(struct _test_data_hwpt_dirty *self)
{
	uint8_t entries[BYTES] = "";
	size_t i;

	iommufd_bits_coarsen(entries, self->written, PAGES, self->entry_pages);
	memset(self->expected, 0, sizeof(self->expected));
	for (i = 0; i < PAGES; i++)
		if (iommufd_bit(entries, i / self->entry_pages))
			iommufd_bit_set(self->expected, i);
}

/* The device writes to the pages of self->written. */
static int write_pages(struct _test_data_hwpt_dirty *self)
{
	uint64_t count;

	expect_written(self);
	return mock_hwpt_set_dirty(self->fd, self->hwpt_id, IOVA, SIZE, IO_PAGE, self->written,
				   &count);
}

static int get(struct _test_data_hwpt_dirty *self, uint64_t start, uint64_t length,
	       uint64_t page_size, uint32_t flags)
{
	const struct iommufd_dirty_range range = {
		.iova = IOVA + start,
		.length = length,
		.page_size = page_size,
	};

	memset(self->bitmap, 0, sizeof(self->bitmap));
	return iommufd_dirty_get(self->fd, self->hwpt_id, &range, flags, self->bitmap);
}

static bool reports_what_was_written(struct _test_data_hwpt_dirty *self, uint32_t flags)
{
	return get(self, 0, SIZE, IO_PAGE, flags) == 0 &&
	       memcmp(self->bitmap, self->expected, BYTES) == 0;
}

static bool reports_nothing(struct _test_data_hwpt_dirty *self)
{
	return get(self, 0, SIZE, IO_PAGE, 0) == 0 &&
	       iommufd_bits_count(self->bitmap, PAGES) == 0;
}

TEST_F(hwpt_dirty, page_table_has_the_entries_that_are_meant)
{
	struct mock_stat stat;

	ASSERT_EQ(0, mock_hwpt_stat(self->fd, self->hwpt_id, 0, UINT64_MAX, &stat));
	EXPECT_EQ(PAGES / self->entry_pages, stat.entries);
	EXPECT_TRUE(reports_nothing(self));
}

TEST_F(hwpt_dirty, every_pattern_is_reported_once)
{
	unsigned int nr;

	for (nr = 0; write_pattern(self, nr); nr++) {
		ASSERT_EQ(0, write_pages(self));
		EXPECT_TRUE(reports_what_was_written(self, 0))
			TH_LOG("pattern %u", nr);
		EXPECT_TRUE(reports_nothing(self))
			TH_LOG("pattern %u", nr);
	}
}

TEST_F(hwpt_dirty, every_pattern_is_reported_until_cleared)
{
	unsigned int nr;

	for (nr = 0; write_pattern(self, nr); nr++) {
		ASSERT_EQ(0, write_pages(self));
		EXPECT_TRUE(reports_what_was_written(self, NO_CLEAR))
			TH_LOG("pattern %u", nr);
		EXPECT_TRUE(reports_what_was_written(self, NO_CLEAR))
			TH_LOG("pattern %u", nr);
		EXPECT_TRUE(reports_what_was_written(self, 0))
			TH_LOG("pattern %u", nr);
		EXPECT_TRUE(reports_nothing(self))
			TH_LOG("pattern %u", nr);
	}
}

TEST_F(hwpt_dirty, coarser_bits_stand_for_all_of_their_pages)
{
	size_t factor;
	uint8_t coarse[BYTES];

	for (factor = 2; factor <= PAGES; factor *= 4) {
		write_pattern(self, 8);
		ASSERT_EQ(0, write_pages(self));
		memset(coarse, 0, sizeof(coarse));
		iommufd_bits_coarsen(coarse, self->expected, PAGES, factor);
		ASSERT_EQ(0, get(self, 0, SIZE, factor * IO_PAGE, 0))
			TH_LOG("%zu pages a bit", factor);
		EXPECT_EQ(0, memcmp(coarse, self->bitmap, BYTES))
			TH_LOG("%zu pages a bit", factor);
		EXPECT_TRUE(reports_nothing(self))
			TH_LOG("%zu pages a bit", factor);
	}
}

TEST_F(hwpt_dirty, part_of_the_range_is_reported_and_the_rest_stays)
{
	const size_t start = PAGES / 4, length = PAGES / 2;
	size_t i;

	write_pattern(self, 5);
	ASSERT_EQ(0, write_pages(self));
	ASSERT_EQ(0, get(self, start * IO_PAGE, length * IO_PAGE, IO_PAGE, 0));
	EXPECT_EQ(0, memcmp(self->bitmap, self->expected + start / 8, length / 8));
	EXPECT_EQ(0U, iommufd_bits_count(self->bitmap + length / 8, PAGES - length));
	for (i = start; i < start + length; i += 8)
		self->expected[i / 8] = 0;
	EXPECT_TRUE(reports_what_was_written(self, 0));
}

TEST_F(hwpt_dirty, bits_that_are_set_stay_set)
{
	const struct iommufd_dirty_range range = {
		.iova = IOVA,
		.length = SIZE,
		.page_size = IO_PAGE,
	};
	size_t i;

	write_pattern(self, 0);
	ASSERT_EQ(0, write_pages(self));
	memset(self->bitmap, 0xa0, BYTES);
	ASSERT_EQ(0, iommufd_dirty_get(self->fd, self->hwpt_id, &range, 0, self->bitmap));
	for (i = 0; i < BYTES; i++) {
		ASSERT_EQ(self->expected[i] | 0xa0, self->bitmap[i])
			TH_LOG("byte %zu", i);
	}
}

TEST_F(hwpt_dirty, nothing_behind_the_bitmap_is_touched)
{
	write_pattern(self, 4);
	ASSERT_EQ(0, write_pages(self));
	ASSERT_EQ(0, get(self, 0, 8 * IO_PAGE, IO_PAGE, NO_CLEAR));
	EXPECT_EQ(8U, iommufd_bits_count(self->bitmap, PAGES));
	ASSERT_EQ(0, get(self, 0, 11 * IO_PAGE, IO_PAGE, NO_CLEAR));
	EXPECT_EQ(11U, iommufd_bits_count(self->bitmap, PAGES));
	ASSERT_EQ(0, get(self, 0, IO_PAGE, IO_PAGE, NO_CLEAR));
	EXPECT_EQ(1U, iommufd_bits_count(self->bitmap, PAGES));
}

TEST_F(hwpt_dirty, device_writes_are_reported_and_reads_are_not)
{
	char block[2 * MOCK_PAGE_SIZE];

	test_memory_fill(block, sizeof(block), 1);
	write_pattern(self, 99);
	iommufd_bit_set(self->written, 6);
	iommufd_bit_set(self->written, 7);
	iommufd_bit_set(self->written, 8);
	expect_written(self);
	ASSERT_EQ(0, mock_device_read(&self->dev, IOVA + SIZE - IO_PAGE, block, IO_PAGE));
	EXPECT_TRUE(reports_nothing(self));
	ASSERT_EQ(0, mock_device_write(&self->dev, IOVA + 7 * IO_PAGE - 1, block, IO_PAGE + 2));
	EXPECT_TRUE(reports_what_was_written(self, 0));
}

TEST_F(hwpt_dirty, stays_when_the_device_is_gone)
{
	write_pattern(self, 9);
	ASSERT_EQ(0, write_pages(self));
	ASSERT_EQ(0, mock_device_destroy(&self->dev));
	EXPECT_TRUE(reports_what_was_written(self, 0));
}

TEST_F(hwpt_dirty, starting_again_forgets)
{
	write_pattern(self, 4);
	ASSERT_EQ(0, write_pages(self));
	ASSERT_EQ(0, iommufd_dirty_track(self->fd, self->hwpt_id, false));
	ASSERT_EQ(0, iommufd_dirty_track(self->fd, self->hwpt_id, true));
	EXPECT_TRUE(reports_nothing(self));
}

TEST_F(hwpt_dirty, new_mapping_is_clean_and_tracked)
{
	write_pattern(self, 4);
	ASSERT_EQ(0, write_pages(self));
	ASSERT_EQ(0, iv_ioas_unmap(self->fd, self->ioas_id, IOVA, SIZE, NULL));
	ASSERT_EQ(0, iv_ioas_map(self->fd, self->ioas_id, self->memory, SIZE, IOVA, IV_DMA_RW));
	EXPECT_TRUE(reports_nothing(self));
	write_pattern(self, 9);
	ASSERT_EQ(0, write_pages(self));
	EXPECT_TRUE(reports_what_was_written(self, 0));
}

TEST_F(hwpt_dirty, page_tables_track_on_their_own)
{
	uint32_t first = self->hwpt_id, second;

	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id,
				   IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &second));
	ASSERT_EQ(0, iommufd_dirty_track(self->fd, second, true));
	write_pattern(self, 9);
	ASSERT_EQ(0, write_pages(self));
	self->hwpt_id = second;
	EXPECT_TRUE(reports_nothing(self));
	self->hwpt_id = first;
	EXPECT_TRUE(reports_what_was_written(self, 0));
}

/* Maps the memory at many IOVAs, one after the other. */
static int map_copies(const struct _test_data_hwpt_dirty *self)
{
	unsigned int i;
	int rc = 0;

	for (i = 1; !rc && i < COPIES; i++)
		rc = iv_ioas_map(self->fd, self->ioas_id, self->memory, SIZE, IOVA + i * SIZE,
				 IV_DMA_RW);
	return rc;
}

TEST_F(hwpt_dirty, range_of_many_mappings_is_reported)
{
	const size_t pages[] = { 0, 12345, 32767, 32768, ALL_PAGES - 1 };
	size_t i;

	ASSERT_EQ(0, map_copies(self));
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		ASSERT_EQ(0, mock_device_write(&self->dev, IOVA + pages[i] * IO_PAGE, "a", 1))
			TH_LOG("page %zu", pages[i]);
	}
	ASSERT_EQ(0, get(self, 0, COPIES * SIZE, IO_PAGE, 0));
	EXPECT_EQ(ARRAY_SIZE(pages) * self->entry_pages,
		  iommufd_bits_count(self->bitmap, ALL_PAGES));
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		EXPECT_TRUE(iommufd_bit(self->bitmap, pages[i]))
			TH_LOG("page %zu", pages[i]);
	}
	ASSERT_EQ(0, get(self, 0, COPIES * SIZE, IO_PAGE, 0));
	EXPECT_EQ(0U, iommufd_bits_count(self->bitmap, ALL_PAGES));
}

/* Bits of [from, to) set in self->expected, and no others */
static void expect_bits(struct _test_data_hwpt_dirty *self, size_t from, size_t to)
{
	memset(self->expected, 0, sizeof(self->expected));
	for (; from < to; from++)
		iommufd_bit_set(self->expected, from);
}

static int write_at(const struct _test_data_hwpt_dirty *self, size_t page)
{
	return mock_device_write(&self->dev, IOVA + page * IO_PAGE, "a", 1);
}

/* Where the entry of a page begins */
static size_t entry_of(const struct _test_data_hwpt_dirty *self, size_t page)
{
	return page - page % self->entry_pages;
}

TEST_F(hwpt_dirty, range_that_begins_inside_an_entry_is_reported_in_place)
{
	const size_t per_huge = MOCK_HUGE_PAGE_SIZE / IO_PAGE;
	const size_t writes[] = { per_huge + 3, 3 * per_huge - 1 };
	size_t start, i, page;

	for (start = 1; start < per_huge; start = 3 * start + 1) {
		memset(self->written, 0, sizeof(self->written));
		for (i = 0; i < ARRAY_SIZE(writes); i++) {
			ASSERT_EQ(0, write_at(self, writes[i]));
			iommufd_bit_set(self->written, writes[i]);
		}
		expect_written(self);
		ASSERT_EQ(0, get(self, start * IO_PAGE, SIZE - start * IO_PAGE, IO_PAGE, 0));
		for (page = start; page < PAGES; page++) {
			ASSERT_EQ(iommufd_bit(self->expected, page),
				  iommufd_bit(self->bitmap, page - start))
				TH_LOG("page %zu from %zu", page, start);
		}
		EXPECT_TRUE(reports_nothing(self));
	}
}

TEST_F(hwpt_dirty, bits_that_lie_across_entries_are_reported_in_place)
{
	const size_t per_huge = MOCK_HUGE_PAGE_SIZE / IO_PAGE, start = 3, factor = 8;
	uint8_t coarse[BYTES] = "";
	size_t page, bits = (PAGES - factor) / factor;

	memset(self->written, 0, sizeof(self->written));
	for (page = 2 * per_huge - 1; page < 3 * per_huge; page += 2 * factor + 1) {
		iommufd_bit_set(self->written, page);
		ASSERT_EQ(0, write_at(self, page));
	}
	expect_written(self);
	for (page = start; page < start + bits * factor; page++) {
		if (iommufd_bit(self->expected, page))
			iommufd_bit_set(coarse, (page - start) / factor);
	}
	ASSERT_EQ(0, get(self, start * IO_PAGE, bits * factor * IO_PAGE, factor * IO_PAGE, 0));
	EXPECT_EQ(0, memcmp(coarse, self->bitmap, BYTES));
	EXPECT_TRUE(reports_nothing(self));
}

/* More bits than the kernel works on at a time, beginning so that its work is cut inside entries */
TEST_F(hwpt_dirty, range_of_many_mappings_is_reported_from_anywhere)
{
	static const size_t starts[] = { 1, 255, 511, 513 };
	const size_t writes[] = { 700, 20000, 32767, 33000, 33300, 36000 };
	size_t i, page, start;

	ASSERT_EQ(0, map_copies(self));
	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		start = starts[i];
		memset(self->expected, 0, sizeof(self->expected));
		for (page = 0; page < ARRAY_SIZE(writes); page++) {
			size_t first = entry_of(self, writes[page]), n;

			ASSERT_EQ(0, write_at(self, writes[page]));
			for (n = 0; n < self->entry_pages; n++)
				iommufd_bit_set(self->expected, first + n);
		}
		ASSERT_EQ(0, get(self, start * IO_PAGE, (ALL_PAGES - start) * IO_PAGE, IO_PAGE, 0));
		for (page = start; page < ALL_PAGES; page++) {
			ASSERT_EQ(iommufd_bit(self->expected, page),
				  iommufd_bit(self->bitmap, page - start))
				TH_LOG("page %zu from %zu", page, start);
		}
		/* What begins before the range can't all be reported, and so it stays. */
		ASSERT_EQ(0, get(self, 0, COPIES * SIZE, IO_PAGE, 0));
		EXPECT_EQ(start > 512 && self->entry_pages > 1 ? self->entry_pages : 0,
			  iommufd_bits_count(self->bitmap, ALL_PAGES))
			TH_LOG("from %zu", start);
	}
}

TEST_F(hwpt_dirty, entry_that_is_asked_about_in_parts_is_reported_in_each)
{
	const size_t part = MOCK_HUGE_PAGE_SIZE / IO_PAGE / 4;
	const size_t first = 4 * part, page = first + 2 * part + 1;
	size_t i;

	ASSERT_EQ(0, write_at(self, page));
	expect_bits(self, entry_of(self, page), entry_of(self, page) + self->entry_pages);
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, get(self, (first + i * part) * IO_PAGE, part * IO_PAGE, IO_PAGE, 0));
		EXPECT_EQ(0, memcmp(self->bitmap, self->expected + (first + i * part) / 8,
				    part / 8))
			TH_LOG("part %zu", i);
	}
	/* An entry that is larger than any part stays until it is asked about as a whole. */
	ASSERT_EQ(0, get(self, 0, SIZE, IO_PAGE, 0));
	EXPECT_EQ(self->entry_pages > 1 ? self->entry_pages : 0,
		  iommufd_bits_count(self->bitmap, PAGES));
	EXPECT_TRUE(reports_nothing(self));
}

/* Writes to one page after the other, and says in self->written which. */
static void write_on(struct test_threads *threads, unsigned int index, void *arg)
{
	struct _test_data_hwpt_dirty *self = arg;
	size_t page;
	int rc;

	(void)index;
	for (page = 0; !test_threads_stopping(threads); page = (page + 77) % PAGES) {
		rc = mock_device_write(&self->dev, IOVA + page * IO_PAGE, "a", 1);
		if (rc)
			self->unexpected = rc;
		iommufd_bit_set(self->written, page);
		threads->rounds++;
	}
}

TEST_F(hwpt_dirty, nothing_is_lost_while_the_device_writes)
{
	uint8_t seen[BYTES] = "";
	int64_t end = test_now_ms() + RUN_MS;
	bool running = true;
	size_t i;

	ASSERT_EQ(0, test_threads_start(&self->threads, 1, write_on, self));
	while (running) {
		running = test_now_ms() < end;
		if (!running) {
			test_threads_stop(&self->threads);
			ASSERT_EQ(0, test_threads_join(&self->threads, JOIN_MS));
		}
		ASSERT_EQ(0, get(self, 0, SIZE, IO_PAGE, 0));
		for (i = 0; i < BYTES; i++)
			seen[i] |= self->bitmap[i];
	}
	expect_written(self);
	EXPECT_EQ(0, self->unexpected);
	EXPECT_LT(0UL, self->threads.rounds);
	EXPECT_EQ(0, memcmp(seen, self->expected, BYTES));
}

TEST_HARNESS_MAIN
