// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kinds of memory behind a mapping: the device must find each page where the process has it.
 *
 * The memory is 4 MiB at a multiple of 2 MiB. What is mapped begins and ends a few pages inside,
 * so that neither end is at a huge page's.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define HUGE_SIZE (2UL << 20)
#define MEMORY_SIZE (2 * HUGE_SIZE)
#define CUT (3 * PAGE)
#define LENGTH (MEMORY_SIZE - 2 * CUT)
#define IOVA 0x1000000UL
#define BLOCK 64U

FIXTURE(backing)
{
	struct test_device dev;
	struct iv_edu edu;
	char *memory;
	char *start;
	uint64_t iova;
	int64_t pinned;
};

FIXTURE_VARIANT(backing)
{
	void *(*make)(void);
	uint64_t iova;
};

static void *map_at(void *place, size_t size, int flags, int fd)
{
	void *memory = mmap(place, size, PROT_READ | PROT_WRITE, flags, fd, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* Maps a fresh memory file over aligned address space. */
static void *make_file(unsigned int memfd_flags)
{
	int fd = memfd_create("test", MFD_CLOEXEC | memfd_flags);
	void *memory = test_memory_alloc(MEMORY_SIZE, HUGE_SIZE);

	if (fd < 0 || !memory || ftruncate(fd, MEMORY_SIZE))
		return NULL;
	memory = map_at(memory, MEMORY_SIZE, MAP_SHARED | MAP_FIXED, fd);
	close(fd);
	return memory;
}

static void *make_small_pages(void)
{
	void *memory = test_memory_alloc(MEMORY_SIZE, HUGE_SIZE);

	if (memory)
		madvise(memory, MEMORY_SIZE, MADV_NOHUGEPAGE);
	return memory;
}

static void *make_huge_pages(void)
{
	void *memory = test_memory_alloc(MEMORY_SIZE, HUGE_SIZE);

	if (memory)
		madvise(memory, MEMORY_SIZE, MADV_HUGEPAGE);
	return memory;
}

static void *make_shared(void)
{
	void *memory = test_memory_alloc(MEMORY_SIZE, HUGE_SIZE);

	return memory ? map_at(memory, MEMORY_SIZE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1) :
			NULL;
}

static void *make_memfd(void)
{
	return make_file(0);
}

static void *make_hugetlb(void)
{
	return make_file(MFD_HUGETLB);
}

static bool huge_pages_are_reserved(void)
{
	char text[32] = "";

	iv_file_read("/proc/sys/vm/nr_hugepages", text, sizeof(text));
	return atoi(text) >= 2;
}

/* Shared pages in the middle of private ones. */
static void *make_mixed(void)
{
	char *memory = make_small_pages();

	if (!memory)
		return NULL;
	return map_at(memory + HUGE_SIZE / 2, HUGE_SIZE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED,
		      -1) ? memory : NULL;
}

/* The pages come into being in an order that is not their addresses'. */
static void *make_scattered(void)
{
	volatile char *memory = make_small_pages();
	size_t i, pages = MEMORY_SIZE / PAGE;

	for (i = 0; memory && i < pages; i++)
		memory[(i * 389) % pages * PAGE] = 0;
	return (void *)memory;
}

FIXTURE_VARIANT_ADD(backing, small_pages) { .make = make_small_pages, .iova = IOVA };
FIXTURE_VARIANT_ADD(backing, huge_pages) { .make = make_huge_pages, .iova = IOVA + CUT };
FIXTURE_VARIANT_ADD(backing, huge_pages_at_odd_iova) { .make = make_huge_pages, .iova = IOVA };
FIXTURE_VARIANT_ADD(backing, shared) { .make = make_shared, .iova = IOVA };
FIXTURE_VARIANT_ADD(backing, memfd) { .make = make_memfd, .iova = IOVA };
FIXTURE_VARIANT_ADD(backing, hugetlb) { .make = make_hugetlb, .iova = IOVA + CUT };
FIXTURE_VARIANT_ADD(backing, hugetlb_at_odd_iova) { .make = make_hugetlb, .iova = IOVA };
FIXTURE_VARIANT_ADD(backing, mixed) { .make = make_mixed, .iova = IOVA };
FIXTURE_VARIANT_ADD(backing, scattered) { .make = make_scattered, .iova = IOVA };

FIXTURE_SETUP(backing)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	if (variant->make == make_hugetlb && !huge_pages_are_reserved())
		SKIP(return, "no huge pages are reserved in /proc/sys/vm/nr_hugepages");
	self->memory = variant->make();
	ASSERT_NE(NULL, self->memory);
	self->start = self->memory + CUT;
	self->iova = variant->iova;
	self->pinned = test_pinned_pages();
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_ATTACHED));
	ASSERT_EQ(0, iv_edu_open(&self->edu, self->dev.fd));
}

FIXTURE_TEARDOWN(backing)
{
	iv_edu_close(&self->edu);
	test_device_teardown(&self->dev);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned))
		TH_LOG("%ld pages are still pinned", test_pinned_pages() - self->pinned);
	munmap(self->memory, MEMORY_SIZE);
}

static int map(const struct _test_data_backing *self, const void *va, uint64_t length,
	       uint64_t iova)
{
	return iv_ioas_map(self->dev.iommufd, self->dev.ioas_id, va, length, iova, IV_DMA_RW);
}

static int unmap_all(const struct _test_data_backing *self)
{
	return iv_ioas_unmap(self->dev.iommufd, self->dev.ioas_id, 0, UINT64_MAX, NULL);
}

/* The device copies a block of the mapping to another. */
static bool device_copies(struct _test_data_backing *self, size_t from, size_t to)
{
	test_memory_fill(self->start + from, BLOCK, from);
	return iv_edu_dma_read(&self->edu, self->iova + from, 0, BLOCK) == 0 &&
	       iv_edu_dma_write(&self->edu, self->iova + to, 0, BLOCK) == 0 &&
	       test_memory_matches(self->start + to, BLOCK, from);
}

TEST_F(backing, device_finds_the_pages)
{
	ASSERT_EQ(0, map(self, self->start, LENGTH, self->iova));
	EXPECT_TRUE(device_copies(self, 0, LENGTH - PAGE));
	EXPECT_TRUE(device_copies(self, HUGE_SIZE / 2, HUGE_SIZE + 7 * PAGE));
	EXPECT_TRUE(device_copies(self, LENGTH - BLOCK, HUGE_SIZE - CUT));
}

/* A pin holds a page of memory, or a whole huge page of hugetlb. */
static int64_t pins_wanted(const char *start, bool hugetlb)
{
	uintptr_t first = (uintptr_t)start / HUGE_SIZE;
	uintptr_t last = ((uintptr_t)start + LENGTH - 1) / HUGE_SIZE;

	return hugetlb ? (int64_t)(last - first + 1) : (int64_t)(LENGTH / PAGE);
}

TEST_F(backing, every_page_is_pinned_and_unpinned)
{
	int64_t pinned;

	ASSERT_EQ(0, map(self, self->start, LENGTH, self->iova));
	pinned = test_pinned_pages() - self->pinned;
	EXPECT_EQ(pins_wanted(self->start, variant->make == make_hugetlb), pinned);
	ASSERT_EQ(0, unmap_all(self));
	EXPECT_EQ(self->pinned, test_pinned_pages());
}

TEST_F(backing, pages_survive_the_processes_unmapping)
{
	ASSERT_EQ(0, map(self, self->start, LENGTH, self->iova));
	test_memory_fill(self->start, BLOCK, 5);
	ASSERT_EQ(0, iv_edu_dma_read(&self->edu, self->iova, 0, BLOCK));
	ASSERT_EQ(0, munmap(self->memory, MEMORY_SIZE));
	self->memory = test_memory_alloc(MEMORY_SIZE, HUGE_SIZE);
	EXPECT_EQ(0, iv_edu_dma_write(&self->edu, self->iova + HUGE_SIZE, 0, BLOCK));
	EXPECT_EQ(0, unmap_all(self));
}

TEST_F(backing, two_mappings_of_it_are_independent)
{
	const uint64_t second = self->iova + 4 * HUGE_SIZE;

	ASSERT_EQ(0, map(self, self->start, LENGTH, self->iova));
	ASSERT_EQ(0, map(self, self->start, LENGTH, second));
	ASSERT_EQ(0, iv_ioas_unmap(self->dev.iommufd, self->dev.ioas_id, self->iova, LENGTH,
				   NULL));
	self->iova = second;
	EXPECT_TRUE(device_copies(self, 0, LENGTH - PAGE));
}

TEST_F(backing, detach_and_attach_find_the_same_pages)
{
	ASSERT_EQ(0, map(self, self->start, LENGTH, self->iova));
	ASSERT_EQ(0, iv_device_detach(self->dev.fd));
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, self->dev.ioas_id));
	EXPECT_TRUE(device_copies(self, PAGE, HUGE_SIZE + PAGE));
}

/* Memory files that are shorter than their mapping. */
FIXTURE(short_file)
{
	struct test_device dev;
	char *memory;
	int fd;
};

FIXTURE_SETUP(short_file)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	self->fd = memfd_create("test", MFD_CLOEXEC);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, ftruncate(self->fd, 4 * PAGE));
	self->memory = map_at(NULL, 8 * PAGE, MAP_SHARED, self->fd);
	ASSERT_NE(NULL, self->memory);
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_ATTACHED));
}

FIXTURE_TEARDOWN(short_file)
{
	test_device_teardown(&self->dev);
	munmap(self->memory, 8 * PAGE);
	close(self->fd);
}

TEST_F(short_file, cant_be_mapped_beyond_its_end)
{
	const int64_t pinned = test_pinned_pages();

	EXPECT_EQ(-EFAULT, iv_ioas_map(self->dev.iommufd, self->dev.ioas_id, self->memory,
				       8 * PAGE, IOVA, IV_DMA_RW));
	EXPECT_EQ(pinned, test_pinned_pages());
	EXPECT_EQ(0, iv_ioas_map(self->dev.iommufd, self->dev.ioas_id, self->memory, 4 * PAGE,
				 IOVA, IV_DMA_RW));
}

TEST_F(short_file, can_be_truncated_while_mapped)
{
	ASSERT_EQ(0, iv_ioas_map(self->dev.iommufd, self->dev.ioas_id, self->memory, 4 * PAGE,
				 IOVA, IV_DMA_RW));
	EXPECT_EQ(0, ftruncate(self->fd, 0));
	EXPECT_EQ(0, iv_ioas_unmap(self->dev.iommufd, self->dev.ioas_id, IOVA, 4 * PAGE, NULL));
}

TEST_F(short_file, attach_after_truncation_fails)
{
	ASSERT_EQ(0, iv_device_detach(self->dev.fd));
	ASSERT_EQ(0, iv_ioas_map(self->dev.iommufd, self->dev.ioas_id, self->memory, 4 * PAGE,
				 IOVA, IV_DMA_RW));
	ASSERT_EQ(0, ftruncate(self->fd, 0));
	EXPECT_EQ(-EFAULT, iv_device_attach(self->dev.fd, self->dev.ioas_id));
}

TEST_HARNESS_MAIN
