// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_IOAS_MAP_FILE in an IOAS that no device is attached to: which files and which parts of them
 * can be mapped.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include "iommufd_file.h"
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_memory.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define FILE_SIZE (2 * IOMMUFD_HUGE_PAGE)
#define IOVA 0x1000000UL

FIXTURE(map_file)
{
	int iommufd;
	uint32_t ioas_id;
	int file;
};

FIXTURE_VARIANT(map_file)
{
	int (*make)(size_t size);
};

FIXTURE_VARIANT_ADD(map_file, memfd) { .make = iommufd_file_memfd };
FIXTURE_VARIANT_ADD(map_file, hugetlb) { .make = iommufd_file_hugetlb };
FIXTURE_VARIANT_ADD(map_file, tmpfs) { .make = iommufd_file_tmpfs };

FIXTURE_SETUP(map_file)
{
	if (variant->make == iommufd_file_hugetlb && !iommufd_file_hugetlb_is_reserved(FILE_SIZE))
		SKIP(return, "no huge pages are reserved in /proc/sys/vm/nr_hugepages");
	self->iommufd = iv_iommufd_open();
	ASSERT_LE(0, self->iommufd);
	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &self->ioas_id));
	self->file = variant->make(FILE_SIZE);
	ASSERT_LE(0, self->file);
}

FIXTURE_TEARDOWN(map_file)
{
	close(self->file);
	close(self->iommufd);
}

static int map_fd(const struct _test_data_map_file *self, int fd, uint32_t prot)
{
	return iv_ioas_map_file(self->iommufd, self->ioas_id, fd, 0, PAGE, IOVA, prot);
}

static int map(const struct _test_data_map_file *self, uint64_t start, uint64_t length)
{
	return iv_ioas_map_file(self->iommufd, self->ioas_id, self->file, start, length, IOVA,
				IV_DMA_RW);
}

static int map_anywhere(const struct _test_data_map_file *self, uint64_t start, uint64_t length,
			uint64_t *iova)
{
	struct iommu_ioas_map_file cmd = {
		.size = sizeof(cmd),
		.flags = IV_DMA_RW,
		.ioas_id = self->ioas_id,
		.fd = self->file,
		.start = start,
		.length = length,
	};
	int rc = iommufd_ioctl(self->iommufd, IOMMU_IOAS_MAP_FILE, &cmd);

	*iova = cmd.iova;
	return rc;
}

static int unmap_all(const struct _test_data_map_file *self)
{
	return iv_ioas_unmap(self->iommufd, self->ioas_id, 0, UINT64_MAX, NULL);
}

static bool is_empty(const struct _test_data_map_file *self)
{
	return iommufd_ioas_is_empty(self->iommufd, self->ioas_id);
}

TEST_F(map_file, whole_file_works)
{
	uint64_t unmapped;

	ASSERT_EQ(0, map(self, 0, FILE_SIZE));
	EXPECT_EQ(0, iv_ioas_unmap(self->iommufd, self->ioas_id, IOVA, FILE_SIZE, &unmapped));
	EXPECT_EQ(FILE_SIZE, unmapped);
}

TEST_F(map_file, last_byte_of_the_file_works)
{
	EXPECT_EQ(0, map(self, FILE_SIZE - 1, 1));
}

TEST_F(map_file, nothing_is_allocated_or_pinned_yet)
{
	int64_t pinned = test_pinned_pages();

	ASSERT_EQ(0, map(self, 0, FILE_SIZE));
	EXPECT_EQ(pinned, test_pinned_pages());
	EXPECT_EQ(0, iommufd_file_allocated(self->file));
}

TEST_F(map_file, kernel_chooses_an_iova_that_suits_huge_pages)
{
	uint64_t first, second;

	ASSERT_EQ(0, map_anywhere(self, 0, FILE_SIZE, &first));
	EXPECT_EQ(0UL, first % IOMMUFD_HUGE_PAGE);
	ASSERT_EQ(0, map_anywhere(self, 3 * PAGE, IOMMUFD_HUGE_PAGE, &second));
	EXPECT_EQ(3 * PAGE, second % IOMMUFD_HUGE_PAGE);
}

TEST_F(map_file, beyond_the_end_fails)
{
	EXPECT_EQ(-EINVAL, map(self, 0, FILE_SIZE + 1));
	EXPECT_EQ(-EINVAL, map(self, 1, FILE_SIZE));
	EXPECT_EQ(-EINVAL, map(self, FILE_SIZE - 1, 2));
	EXPECT_EQ(-EINVAL, map(self, FILE_SIZE, 1));
	EXPECT_EQ(-EINVAL, map(self, 1UL << 40, PAGE));
	EXPECT_EQ(-EINVAL, map(self, 1UL << 63, PAGE));
	EXPECT_TRUE(is_empty(self));
}

TEST_F(map_file, end_of_all_offsets_is_beyond_the_end)
{
	EXPECT_EQ(-EINVAL, map(self, -PAGE, PAGE));
	EXPECT_EQ(-EINVAL, map(self, UINT64_MAX, 1));
	EXPECT_TRUE(is_empty(self));
}

TEST_F(map_file, file_that_became_shorter_fails)
{
	ASSERT_EQ(0, ftruncate(self->file, IOMMUFD_HUGE_PAGE));
	EXPECT_EQ(-EINVAL, map(self, 0, FILE_SIZE));
	EXPECT_EQ(0, map(self, 0, IOMMUFD_HUGE_PAGE));
}

TEST_F(map_file, empty_file_fails)
{
	ASSERT_EQ(0, ftruncate(self->file, 0));
	EXPECT_EQ(-EINVAL, map(self, 0, 1));
	EXPECT_EQ(-EINVAL, map(self, 0, 0));
}

TEST_F(map_file, length_zero_fails)
{
	EXPECT_EQ(-EINVAL, map(self, 0, 0));
	EXPECT_EQ(-EINVAL, map(self, PAGE, 0));
}

TEST_F(map_file, no_direction_fails)
{
	EXPECT_EQ(-EINVAL, map_fd(self, self->file, 0));
}

TEST_F(map_file, wrap_fails)
{
	EXPECT_EQ(-EOVERFLOW, map(self, -PAGE, 2 * PAGE));
	EXPECT_EQ(-EOVERFLOW, map(self, UINT64_MAX, 2));
	EXPECT_EQ(-EOVERFLOW, map(self, 0, UINT64_MAX));
	EXPECT_EQ(-EOVERFLOW, iv_ioas_map_file(self->iommufd, self->ioas_id, self->file, 0,
					       2 * PAGE, -PAGE, IV_DMA_RW));
	EXPECT_TRUE(is_empty(self));
}

TEST_F(map_file, any_alignment_works)
{
	EXPECT_EQ(0, map(self, 5, 3));
	EXPECT_EQ(-EEXIST, map(self, 0, 1));
	EXPECT_EQ(0, iv_ioas_map_file(self->iommufd, self->ioas_id, self->file, PAGE - 1, 2,
				      IOVA + 3, IV_DMA_RW));
}

TEST_F(map_file, overlap_fails)
{
	ASSERT_EQ(0, map(self, 0, 2 * PAGE));
	EXPECT_EQ(-EEXIST, map(self, 0, 2 * PAGE));
	EXPECT_EQ(-EEXIST, map(self, 8 * PAGE, 1));
}

TEST_F(map_file, readonly_descriptor_allows_reading_only)
{
	int fd = iommufd_file_reopen(self->file, O_RDONLY);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EACCES, map_fd(self, fd, IV_DMA_RW));
	EXPECT_EQ(-EACCES, map_fd(self, fd, IV_DMA_WRITE));
	EXPECT_TRUE(is_empty(self));
	EXPECT_EQ(0, map_fd(self, fd, IV_DMA_READ));
	close(fd);
}

TEST_F(map_file, copy_allows_no_more_than_the_descriptor)
{
	int fd = iommufd_file_reopen(self->file, O_RDONLY);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, map_fd(self, fd, IV_DMA_READ));
	EXPECT_EQ(-EPERM, iv_ioas_copy(self->iommufd, self->ioas_id, 0, self->ioas_id, IOVA, PAGE,
				       IV_DMA_RW));
	EXPECT_EQ(0, iv_ioas_copy(self->iommufd, self->ioas_id, 0, self->ioas_id, IOVA, PAGE,
				  IV_DMA_READ));
	close(fd);
}

TEST_F(map_file, writeonly_descriptor_fails)
{
	int fd = iommufd_file_reopen(self->file, O_WRONLY);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EACCES, map_fd(self, fd, IV_DMA_RW));
	EXPECT_EQ(-EACCES, map_fd(self, fd, IV_DMA_READ));
	close(fd);
}

TEST_F(map_file, path_descriptor_fails)
{
	int fd = iommufd_file_reopen(self->file, O_PATH);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBADF, map_fd(self, fd, IV_DMA_READ));
	close(fd);
}

static bool can_be_sealed(const struct _test_data_map_file *self)
{
	return !(fcntl(self->file, F_GET_SEALS) & F_SEAL_SEAL);
}

static int seal(const struct _test_data_map_file *self, int seals)
{
	return fcntl(self->file, F_ADD_SEALS, seals) ? -errno : 0;
}

TEST_F(map_file, file_sealed_against_writing_allows_reading_only)
{
	if (!can_be_sealed(self))
		SKIP(return, "this kind of file can't be sealed");
	ASSERT_EQ(0, seal(self, F_SEAL_WRITE));
	EXPECT_EQ(-EPERM, map_fd(self, self->file, IV_DMA_RW));
	EXPECT_EQ(-EPERM, map_fd(self, self->file, IV_DMA_WRITE));
	EXPECT_TRUE(is_empty(self));
	EXPECT_EQ(0, map_fd(self, self->file, IV_DMA_READ));
}

TEST_F(map_file, file_sealed_against_future_writing_allows_reading_only)
{
	if (!can_be_sealed(self))
		SKIP(return, "this kind of file can't be sealed");
	ASSERT_EQ(0, seal(self, F_SEAL_FUTURE_WRITE));
	EXPECT_EQ(-EPERM, map_fd(self, self->file, IV_DMA_RW));
	EXPECT_EQ(-EPERM, map_fd(self, self->file, IV_DMA_WRITE));
	EXPECT_EQ(0, map_fd(self, self->file, IV_DMA_READ));
}

TEST_F(map_file, other_seals_dont_matter)
{
	if (!can_be_sealed(self))
		SKIP(return, "this kind of file can't be sealed");
	ASSERT_EQ(0, seal(self, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL));
	EXPECT_EQ(0, map_fd(self, self->file, IV_DMA_RW));
}

/* As with mmap(): or the device could be attached later, and write to a sealed file. */
TEST_F(map_file, file_mapped_writeable_cant_be_sealed_against_writing)
{
	if (!can_be_sealed(self))
		SKIP(return, "this kind of file can't be sealed");
	ASSERT_EQ(0, map_fd(self, self->file, IV_DMA_RW));
	EXPECT_EQ(-EBUSY, seal(self, F_SEAL_WRITE));
	ASSERT_EQ(0, unmap_all(self));
	ASSERT_EQ(0, map_fd(self, self->file, IV_DMA_READ));
	EXPECT_EQ(0, seal(self, F_SEAL_WRITE));
}

TEST_F(map_file, file_mapped_twice_and_closed_works)
{
	EXPECT_EQ(0, iv_ioas_map_file(self->iommufd, self->ioas_id, self->file, 0, FILE_SIZE, 0,
				      IV_DMA_RW));
	EXPECT_EQ(0, iv_ioas_map_file(self->iommufd, self->ioas_id, self->file, 0, FILE_SIZE,
				      FILE_SIZE, IV_DMA_READ));
	EXPECT_EQ(0, close(self->file));
	EXPECT_EQ(0, unmap_all(self));
	self->file = -1;
}

TEST_F(map_file, result_that_cant_be_written_leaves_nothing)
{
	struct iommu_ioas_map_file cmd = {
		.size = sizeof(cmd),
		.flags = IV_DMA_RW,
		.ioas_id = self->ioas_id,
		.fd = self->file,
		.length = FILE_SIZE,
	};
	struct iommufd_guard guard;
	void *arg;

	ASSERT_EQ(0, iommufd_guard_setup(&guard));
	arg = iommufd_guard_place(&guard, &cmd, sizeof(cmd));
	ASSERT_EQ(0, iommufd_guard_make_readonly(&guard));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->iommufd, IOMMU_IOAS_MAP_FILE, arg));
	EXPECT_TRUE(is_empty(self));
	iommufd_guard_teardown(&guard);
}

/* Files that are no memory. */
FIXTURE(not_memory)
{
	int iommufd;
	uint32_t ioas_id;
	int file;
};

FIXTURE_VARIANT(not_memory)
{
	int (*open)(void);
	int error;
};

static int open_pipe(void)
{
	int ends[2];

	if (pipe(ends))
		return -1;
	close(ends[1]);
	return ends[0];
}

static int open_regular(void)
{
	return open("/proc/version", O_RDONLY);
}

static int open_zero(void)
{
	return open("/dev/zero", O_RDWR);
}

static int open_directory(void)
{
	return open("/proc", O_RDONLY | O_DIRECTORY);
}

/* A directory of a file system of memory. */
static int open_memory_directory(void)
{
	return open("/dev", O_RDONLY | O_DIRECTORY);
}

static int open_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int open_eventfd(void)
{
	return eventfd(0, 0);
}

static int open_unused(void)
{
	return 1000;
}

static int open_negative(void)
{
	return -1;
}

FIXTURE_VARIANT_ADD(not_memory, pipe) { .open = open_pipe, .error = -EINVAL };
FIXTURE_VARIANT_ADD(not_memory, regular_file) { .open = open_regular, .error = -EINVAL };
FIXTURE_VARIANT_ADD(not_memory, zero_device) { .open = open_zero, .error = -EINVAL };
FIXTURE_VARIANT_ADD(not_memory, directory) { .open = open_directory, .error = -EINVAL };
FIXTURE_VARIANT_ADD(not_memory, directory_of_tmpfs) { .open = open_memory_directory,
						      .error = -EINVAL };
FIXTURE_VARIANT_ADD(not_memory, socket) { .open = open_socket, .error = -EINVAL };
FIXTURE_VARIANT_ADD(not_memory, eventfd) { .open = open_eventfd, .error = -EINVAL };
FIXTURE_VARIANT_ADD(not_memory, iommufd) { .open = iv_iommufd_open, .error = -EINVAL };
FIXTURE_VARIANT_ADD(not_memory, unused_number) { .open = open_unused, .error = -EBADF };
FIXTURE_VARIANT_ADD(not_memory, negative_number) { .open = open_negative, .error = -EBADF };

FIXTURE_SETUP(not_memory)
{
	self->iommufd = iv_iommufd_open();
	ASSERT_LE(0, self->iommufd);
	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &self->ioas_id));
	self->file = variant->open();
}

FIXTURE_TEARDOWN(not_memory)
{
	close(self->file);
	close(self->iommufd);
}

TEST_F(not_memory, fails)
{
	EXPECT_EQ(variant->error, iv_ioas_map_file(self->iommufd, self->ioas_id, self->file, 0,
						   PAGE, IOVA, IV_DMA_READ));
	EXPECT_EQ(variant->error, iv_ioas_map_file(self->iommufd, self->ioas_id, self->file, 0, 1,
						   IOVA, IV_DMA_RW));
	EXPECT_TRUE(iommufd_ioas_is_empty(self->iommufd, self->ioas_id));
}

TEST_HARNESS_MAIN
