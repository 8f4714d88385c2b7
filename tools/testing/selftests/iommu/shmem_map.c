// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of shared memory files: those in memory are found in the file, the others are brought into
 * it. However they are found, a device sees what the process sees, and nothing else.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "iommufd_child.h"
#include "iommufd_file.h"
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "mock_access.h"
#include "mock_device.h"
#include "test_memory.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
/* More than are looked up in the page cache in one go, and than are pinned in one batch */
#define PAGES 1100UL
#define SIZE (PAGES * PAGE)
#define IOVA ((uint64_t)MOCK_APERTURE_START)
#define BLOCK 64U

FIXTURE(shmem_map)
{
	int fd;
	uint32_t ioas_id;
	struct mock_device dev;
	struct iommufd_child child;
	int file;
	char *view;
	int64_t pinned;
};

FIXTURE_VARIANT(shmem_map)
{
	bool by_file;
};

FIXTURE_VARIANT_ADD(shmem_map, by_address) { .by_file = false };
FIXTURE_VARIANT_ADD(shmem_map, by_file) { .by_file = true };

FIXTURE_SETUP(shmem_map)
{
	ASSERT_EQ(0, mock_module_load());
	self->pinned = test_pinned_pages();
	self->file = iommufd_file_memfd(SIZE);
	ASSERT_LE(0, self->file);
	self->view = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, self->file, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->view);
	ASSERT_EQ(0, madvise(self->view, SIZE, MADV_NOHUGEPAGE));
	self->fd = iv_iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &self->ioas_id));
	ASSERT_EQ(0, mock_device_create(&self->dev, self->fd, self->ioas_id, 0));
}

FIXTURE_TEARDOWN(shmem_map)
{
	EXPECT_EQ(0, close(self->fd));
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned))
		TH_LOG("%ld pages are still pinned", test_pinned_pages() - self->pinned);
	if (self->view)
		munmap(self->view, SIZE);
	if (self->file >= 0)
		close(self->file);
}

static int map_view(const struct _test_data_shmem_map *self, const void *view, size_t size)
{
	return iv_ioas_map(self->fd, self->ioas_id, view, size, IOVA, IV_DMA_RW);
}

static int map_all(const struct _test_data_shmem_map *self,
		   const struct _fixture_variant_shmem_map *variant)
{
	if (!variant->by_file)
		return map_view(self, self->view, SIZE);
	return iv_ioas_map_file(self->fd, self->ioas_id, self->file, 0, SIZE, IOVA, IV_DMA_RW);
}

static int unmap_all(const struct _test_data_shmem_map *self)
{
	return iv_ioas_unmap(self->fd, self->ioas_id, 0, UINT64_MAX, NULL);
}

static bool mapped_as_seen(const struct _test_data_shmem_map *self, const void *view, size_t size)
{
	return !mock_hwpt_maps(self->fd, self->dev.hwpt_id, IOVA, view, size);
}

static int64_t pinned_by_test(const struct _test_data_shmem_map *self)
{
	return test_pinned_pages() - self->pinned;
}

static void touch_each(char *view, size_t step)
{
	for (size_t at = 0; at < SIZE; at += step * PAGE)
		test_memory_fill(view + at, BLOCK, at);
}

TEST_F(shmem_map, pages_in_memory_are_found_and_pinned_once_each)
{
	touch_each(self->view, 1);
	ASSERT_EQ(0, map_all(self, variant));
	EXPECT_EQ((int64_t)PAGES, pinned_by_test(self));
	EXPECT_TRUE(mapped_as_seen(self, self->view, SIZE));
	ASSERT_EQ(0, unmap_all(self));
	EXPECT_EQ(0, pinned_by_test(self));
}

TEST_F(shmem_map, missing_pages_are_made)
{
	touch_each(self->view, 3);
	ASSERT_EQ(0, map_all(self, variant));
	EXPECT_EQ((int64_t)PAGES, pinned_by_test(self));
	EXPECT_EQ((int64_t)SIZE, iommufd_file_allocated(self->file));
	EXPECT_TRUE(mapped_as_seen(self, self->view, SIZE));
	EXPECT_TRUE(test_memory_is(self->view + PAGE, PAGE, 0));
	EXPECT_TRUE(test_memory_matches(self->view + 3 * PAGE, BLOCK, 3 * PAGE));
}

/* Memory that is likely to be what the next allocation gets. */
static void leave_traces(void)
{
	char *memory = test_memory_alloc(2 * SIZE, PAGE);

	memset(memory, 0x5a, 2 * SIZE);
	test_memory_free(memory, 2 * SIZE);
}

TEST_F(shmem_map, reserved_space_is_clear_and_keeps_what_a_device_writes)
{
	char block[BLOCK];

	leave_traces();
	ASSERT_EQ(0, fallocate(self->file, 0, 0, SIZE));
	ASSERT_EQ(0, map_all(self, variant));
	for (size_t at = 0; at < SIZE; at += 100 * PAGE) {
		ASSERT_EQ(0, mock_device_read(&self->dev, IOVA + at, block, BLOCK));
		EXPECT_TRUE(test_memory_is(block, BLOCK, 0));
	}
	test_memory_fill(block, BLOCK, 1);
	ASSERT_EQ(0, mock_device_write(&self->dev, IOVA + SIZE - PAGE, block, BLOCK));
	EXPECT_TRUE(test_memory_matches(self->view + SIZE - PAGE, BLOCK, 1));
	EXPECT_TRUE(mapped_as_seen(self, self->view, SIZE));
}

TEST_F(shmem_map, space_beyond_the_end_cant_be_mapped)
{
	ASSERT_EQ(0, ftruncate(self->file, SIZE / 2));
	ASSERT_EQ(0, fallocate(self->file, FALLOC_FL_KEEP_SIZE, 0, SIZE));
	EXPECT_EQ(variant->by_file ? -EINVAL : -EFAULT, map_all(self, variant));
	EXPECT_EQ(0, pinned_by_test(self));
}

TEST_F(shmem_map, pages_can_be_mapped_again_while_they_are_pinned)
{
	touch_each(self->view, 2);
	ASSERT_EQ(0, map_all(self, variant));
	ASSERT_EQ(0, iv_ioas_map(self->fd, self->ioas_id, self->view, SIZE, IOVA + 2 * SIZE,
				 IV_DMA_READ));
	EXPECT_EQ(2 * (int64_t)PAGES, pinned_by_test(self));
	ASSERT_EQ(0, iv_ioas_unmap(self->fd, self->ioas_id, IOVA, SIZE, NULL));
	EXPECT_EQ((int64_t)PAGES, pinned_by_test(self));
	EXPECT_EQ(0, mock_hwpt_maps(self->fd, self->dev.hwpt_id, IOVA + 2 * SIZE, self->view,
				    SIZE));
}

TEST_F(shmem_map, pinned_pages_of_a_file_that_is_gone_are_freed_at_unmap)
{
	touch_each(self->view, 1);
	ASSERT_EQ(0, map_all(self, variant));
	munmap(self->view, SIZE);
	close(self->file);
	self->view = NULL;
	self->file = -1;
	EXPECT_EQ((int64_t)PAGES, pinned_by_test(self));
	ASSERT_EQ(0, unmap_all(self));
	EXPECT_EQ(0, pinned_by_test(self));
}

TEST_F(shmem_map, file_with_pinned_pages_cant_be_sealed_against_writing)
{
	touch_each(self->view, 1);
	ASSERT_EQ(0, map_all(self, variant));
	munmap(self->view, SIZE);
	EXPECT_EQ(-1, fcntl(self->file, F_ADD_SEALS, F_SEAL_WRITE));
	EXPECT_EQ(EBUSY, errno);
	ASSERT_EQ(0, unmap_all(self));
	EXPECT_EQ(0, fcntl(self->file, F_ADD_SEALS, F_SEAL_WRITE));
	self->view = NULL;
}

/* By address alone: what counts is the mapping, not the file. */

TEST_F(shmem_map, readonly_mapping_cant_be_mapped_writeable)
{
	if (variant->by_file)
		SKIP(return, "a file has no such mapping");
	touch_each(self->view, 1);
	ASSERT_EQ(0, mprotect(self->view, SIZE, PROT_READ));
	EXPECT_EQ(-EFAULT, map_all(self, variant));
	EXPECT_EQ(0, iv_ioas_map(self->fd, self->ioas_id, self->view, SIZE, IOVA, IV_DMA_READ));
	EXPECT_TRUE(mapped_as_seen(self, self->view, SIZE));
	ASSERT_EQ(0, unmap_all(self));
	/* Part of it */
	ASSERT_EQ(0, mprotect(self->view, SIZE / 2, PROT_READ | PROT_WRITE));
	EXPECT_EQ(-EFAULT, map_all(self, variant));
	ASSERT_EQ(0, mprotect(self->view, SIZE, PROT_NONE));
	EXPECT_EQ(-EFAULT, iv_ioas_map(self->fd, self->ioas_id, self->view, SIZE, IOVA,
				       IV_DMA_READ));
	EXPECT_EQ(0, pinned_by_test(self));
}

TEST_F(shmem_map, private_mapping_has_its_own_pages)
{
	static const char word[] = "device";
	char *own;

	if (variant->by_file)
		SKIP(return, "a file has no such mapping");
	touch_each(self->view, 1);
	own = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, self->file, 0);
	ASSERT_NE(MAP_FAILED, (void *)own);
	touch_each(own, 7);
	ASSERT_EQ(0, map_view(self, own, SIZE));
	EXPECT_TRUE(mapped_as_seen(self, own, SIZE));
	ASSERT_EQ(0, mock_device_write(&self->dev, IOVA + PAGE, word, sizeof(word)));
	EXPECT_STREQ(word, own + PAGE);
	EXPECT_TRUE(test_memory_matches(self->view + PAGE, BLOCK, PAGE));
	munmap(own, SIZE);
}

TEST_F(shmem_map, range_of_several_mappings_is_found)
{
	char *part = self->view + 200 * PAGE;

	if (variant->by_file)
		SKIP(return, "a file has no such mapping");
	touch_each(self->view, 1);
	/* Other memory in the middle, then the file's own pages in another order */
	ASSERT_EQ((void *)part, mmap(part, 300 * PAGE, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	part += 300 * PAGE;
	ASSERT_EQ((void *)part, mmap(part, 50 * PAGE, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_FIXED, self->file, 9 * PAGE));
	ASSERT_EQ(0, map_all(self, variant));
	EXPECT_EQ((int64_t)PAGES, pinned_by_test(self));
	EXPECT_TRUE(mapped_as_seen(self, self->view, SIZE));
}

/* Lets the file end within its second page, and maps all of it where no page table follows. */
static int map_with_tail(const struct _test_data_shmem_map *self,
			 const struct _fixture_variant_shmem_map *variant, uint32_t ioas_id)
{
	const size_t size = PAGE + BLOCK;

	if (ftruncate(self->file, size))
		return -errno;
	if (!variant->by_file)
		return iv_ioas_map(self->fd, ioas_id, self->view, size, IOVA, IV_DMA_RW);
	return iv_ioas_map_file(self->fd, ioas_id, self->file, 0, size, IOVA, IV_DMA_RW);
}

TEST_F(shmem_map, page_across_the_end_of_the_file_can_be_copied)
{
	struct mock_access access;
	char bytes[BLOCK];
	uint32_t other;

	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &other));
	ASSERT_EQ(0, mock_access_create(&access, self->fd, other, 0));
	ASSERT_EQ(0, map_with_tail(self, variant, other));
	memset(bytes, 1, BLOCK);
	EXPECT_EQ(0, mock_access_read(&access, IOVA + PAGE, bytes, BLOCK, 0));
	EXPECT_TRUE(test_memory_is(bytes, BLOCK, 0));
	memset(bytes, 7, BLOCK);
	EXPECT_EQ(0, mock_access_write(&access, IOVA + PAGE, bytes, BLOCK, 0));
	EXPECT_TRUE(test_memory_is(self->view + PAGE, BLOCK, 7));
	EXPECT_EQ(-ENOENT, mock_access_read(&access, IOVA + PAGE, bytes, BLOCK + 1, 0));
	EXPECT_EQ(0, close(access.fd));
}

TEST_F(shmem_map, page_across_the_end_of_the_file_is_pinned_with_the_others)
{
	uint32_t other;

	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &other));
	ASSERT_EQ(0, map_with_tail(self, variant, other));
	EXPECT_EQ(0, iv_ioas_copy(self->fd, self->ioas_id, IOVA, other, IOVA, PAGE, IV_DMA_RW));
	EXPECT_EQ(2, pinned_by_test(self));
	EXPECT_TRUE(mapped_as_seen(self, self->view, PAGE));
}

static int child_maps_watched(struct iommufd_child *parent, void *arg)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_MINOR_SHMEM };
	const struct _test_data_shmem_map *self = arg;
	char *view = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, self->file, 0);
	struct uffdio_register reg = {
		.range = { (uintptr_t)view, SIZE },
		.mode = UFFDIO_REGISTER_MODE_MINOR,
	};
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	bool ready = !ioctl(uffd, UFFDIO_API, &api) && !ioctl(uffd, UFFDIO_REGISTER, &reg);

	iommufd_child_tell(parent, ready ? 0 : -errno);
	return map_view(self, view, SIZE);
}

TEST_F(shmem_map, userfaultfd_sees_the_access_to_pages_in_memory)
{
	int number;

	if (variant->by_file)
		SKIP(return, "a file has no such mapping");
	touch_each(self->view, 1);
	ASSERT_EQ(0, iommufd_child_start(&self->child, child_maps_watched, self));
	ASSERT_EQ(0, iommufd_child_hear(&self->child, &number));
	ASSERT_EQ(0, number);
	EXPECT_TRUE(iommufd_child_is_stuck(&self->child));
	EXPECT_EQ(0, iommufd_child_kill(&self->child));
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
}

static int child_maps(struct iommufd_child *parent, void *arg)
{
	const struct _test_data_shmem_map *self = arg;
	int number;

	iommufd_child_tell(parent, map_view(self, self->view, SIZE));
	return iommufd_child_hear(parent, &number);
}

TEST_F(shmem_map, another_process_attaches_a_device_to_it)
{
	int mapped;

	if (variant->by_file)
		SKIP(return, "a file has no such mapping");
	touch_each(self->view, 2);
	ASSERT_EQ(0, mock_device_destroy(&self->dev));
	ASSERT_EQ(0, iommufd_child_start(&self->child, child_maps, self));
	ASSERT_EQ(0, iommufd_child_hear(&self->child, &mapped));
	ASSERT_EQ(0, mapped);
	EXPECT_EQ(0, pinned_by_test(self));
	ASSERT_EQ(0, mock_device_create(&self->dev, self->fd, self->ioas_id, 0));
	EXPECT_EQ((int64_t)PAGES, pinned_by_test(self));
	EXPECT_TRUE(mapped_as_seen(self, self->view, SIZE));
	ASSERT_EQ(0, iommufd_child_tell(&self->child, 0));
	EXPECT_EQ(0, iommufd_child_finish(&self->child));
}

TEST_HARNESS_MAIN
