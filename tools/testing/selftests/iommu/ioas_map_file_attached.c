// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_IOAS_MAP_FILE with a device: it sees the file's contents, whatever becomes of the file, and
 * pages are pinned, counted and let go.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include "iommufd_file.h"
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "test_process.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define FILE_SIZE (2 * IOMMUFD_HUGE_PAGE)
#define FILE_KIB ((int64_t)(FILE_SIZE / 1024))
#define IOVA 0x1000000UL
#define BLOCK 64U
#define NOBODY 65534

FIXTURE(file_attached)
{
	struct test_device dev;
	struct iv_edu edu;
	int fd;
	uint32_t ioas_id;
	int file;
	char *view;
	int64_t pinned;
	int64_t vm_pinned;
};

FIXTURE_VARIANT(file_attached)
{
	int (*make)(size_t size);
};

FIXTURE_VARIANT_ADD(file_attached, memfd) { .make = iommufd_file_memfd };
FIXTURE_VARIANT_ADD(file_attached, hugetlb) { .make = iommufd_file_hugetlb };
FIXTURE_VARIANT_ADD(file_attached, tmpfs) { .make = iommufd_file_tmpfs };

FIXTURE_SETUP(file_attached)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	if (variant->make == iommufd_file_hugetlb && !iommufd_file_hugetlb_is_reserved(FILE_SIZE))
		SKIP(return, "no huge pages are reserved in /proc/sys/vm/nr_hugepages");
	self->pinned = test_pinned_pages();
	self->vm_pinned = test_status_kib("VmPin");
	self->file = variant->make(FILE_SIZE);
	ASSERT_LE(0, self->file);
	self->view = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, self->file, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->view);
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_ATTACHED));
	ASSERT_EQ(0, iv_edu_open(&self->edu, self->dev.fd));
	self->fd = self->dev.iommufd;
	self->ioas_id = self->dev.ioas_id;
}

FIXTURE_TEARDOWN(file_attached)
{
	iv_edu_close(&self->edu);
	test_device_teardown(&self->dev);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned))
		TH_LOG("%ld pages are still pinned", test_pinned_pages() - self->pinned);
	EXPECT_EQ(self->vm_pinned, test_status_kib("VmPin"));
	munmap(self->view, FILE_SIZE);
	close(self->file);
}

static int map(const struct _test_data_file_attached *self, uint64_t start, uint64_t length,
	       uint64_t iova)
{
	return iv_ioas_map_file(self->fd, self->ioas_id, self->file, start, length, iova,
				IV_DMA_RW);
}

static int map_all(const struct _test_data_file_attached *self)
{
	return map(self, 0, FILE_SIZE, IOVA);
}

static int unmap_all(const struct _test_data_file_attached *self)
{
	return iv_ioas_unmap(self->fd, self->ioas_id, 0, UINT64_MAX, NULL);
}

static int64_t pinned_by_test(const struct _test_data_file_attached *self)
{
	return test_pinned_pages() - self->pinned;
}

static int64_t counted_by_test(const struct _test_data_file_attached *self)
{
	return test_status_kib("VmPin") - self->vm_pinned;
}

static bool device_reads(struct _test_data_file_attached *self, uint64_t iova)
{
	return iv_edu_dma_read(&self->edu, iova, 0, BLOCK) == 0;
}

static bool device_writes(struct _test_data_file_attached *self, uint64_t iova)
{
	return iv_edu_dma_write(&self->edu, iova, 0, BLOCK) == 0;
}

/*
 * The device copies a block of the file to another; @base is where byte 0 of the file would be.
 */
static bool device_copies(struct _test_data_file_attached *self, uint64_t base, size_t from,
			  size_t to)
{
	test_memory_fill(self->view + from, BLOCK, from + 1);
	return device_reads(self, base + from) && device_writes(self, base + to) &&
	       test_memory_matches(self->view + to, BLOCK, from + 1);
}

TEST_F(file_attached, device_finds_the_pages)
{
	ASSERT_EQ(0, map_all(self));
	EXPECT_TRUE(device_copies(self, IOVA, 0, FILE_SIZE - BLOCK));
	EXPECT_TRUE(device_copies(self, IOVA, IOMMUFD_HUGE_PAGE - BLOCK, IOMMUFD_HUGE_PAGE));
	EXPECT_TRUE(device_copies(self, IOVA, 7 * PAGE, IOMMUFD_HUGE_PAGE + 5 * PAGE));
}

TEST_F(file_attached, device_finds_the_pages_from_the_middle_on)
{
	const size_t skip = 3 * PAGE;

	ASSERT_EQ(0, map(self, skip, FILE_SIZE - 2 * skip, IOVA));
	EXPECT_TRUE(device_copies(self, IOVA - skip, skip, FILE_SIZE - skip - BLOCK));
	EXPECT_TRUE(device_copies(self, IOVA - skip, IOMMUFD_HUGE_PAGE, IOMMUFD_HUGE_PAGE - PAGE));
}

TEST_F(file_attached, one_page_in_the_middle_works)
{
	ASSERT_EQ(0, map(self, 9 * PAGE, PAGE, 0));
	EXPECT_TRUE(device_copies(self, -9 * PAGE, 9 * PAGE, 10 * PAGE - BLOCK));
}

TEST_F(file_attached, file_read_and_written_as_a_file_shares_the_contents)
{
	char block[BLOCK];

	if (variant->make == iommufd_file_hugetlb)
		SKIP(return, "hugetlb files can't be written as a file");
	test_memory_fill(block, BLOCK, 3);
	ASSERT_EQ((ssize_t)BLOCK, pwrite(self->file, block, BLOCK, PAGE));
	ASSERT_EQ(0, map_all(self));
	ASSERT_TRUE(device_reads(self, IOVA + PAGE));
	ASSERT_TRUE(device_writes(self, IOVA + 2 * PAGE));
	ASSERT_EQ((ssize_t)BLOCK, pread(self->file, block, BLOCK, 2 * PAGE));
	EXPECT_TRUE(test_memory_matches(block, BLOCK, 3));
}

TEST_F(file_attached, mapping_by_address_shares_the_contents)
{
	const uint64_t second = IOVA + 2 * FILE_SIZE;

	ASSERT_EQ(0, map_all(self));
	ASSERT_EQ(0, iv_ioas_map(self->fd, self->ioas_id, self->view, FILE_SIZE, second,
				 IV_DMA_RW));
	test_memory_fill(self->view, BLOCK, 6);
	ASSERT_TRUE(device_reads(self, IOVA));
	ASSERT_TRUE(device_writes(self, second + FILE_SIZE - PAGE));
	EXPECT_TRUE(test_memory_matches(self->view + FILE_SIZE - PAGE, BLOCK, 6));
	EXPECT_EQ(2 * FILE_KIB, counted_by_test(self));
	ASSERT_EQ(0, iv_ioas_unmap(self->fd, self->ioas_id, second, FILE_SIZE, NULL));
	EXPECT_TRUE(device_copies(self, IOVA, PAGE, 0));
}

TEST_F(file_attached, device_cant_write_readable_mapping)
{
	ASSERT_EQ(0, iv_ioas_map_file(self->fd, self->ioas_id, self->file, 0, FILE_SIZE, IOVA,
				      IV_DMA_READ));
	EXPECT_FALSE(device_copies(self, IOVA, 0, PAGE));
	EXPECT_TRUE(test_memory_is(self->view + PAGE, BLOCK, 0));
}

TEST_F(file_attached, closed_file_still_works)
{
	test_memory_fill(self->view, BLOCK, 8);
	ASSERT_EQ(0, map_all(self));
	ASSERT_EQ(0, close(self->file));
	self->file = -1;
	EXPECT_TRUE(device_copies(self, IOVA, 0, PAGE));
	ASSERT_EQ(0, iv_device_detach(self->dev.fd));
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, self->ioas_id));
	EXPECT_TRUE(device_copies(self, IOVA, PAGE, 2 * PAGE));
}

TEST_F(file_attached, contents_stay_while_nothing_but_the_ioas_has_the_file)
{
	test_memory_fill(self->view, BLOCK, 8);
	ASSERT_EQ(0, map_all(self));
	ASSERT_EQ(0, iv_device_detach(self->dev.fd));
	close(self->file);
	munmap(self->view, FILE_SIZE);
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, self->ioas_id));
	ASSERT_TRUE(device_reads(self, IOVA));
	self->view = test_memory_alloc(FILE_SIZE, PAGE);
	ASSERT_NE(NULL, self->view);
	ASSERT_EQ(0, iv_ioas_map(self->fd, self->ioas_id, self->view, PAGE, 0, IV_DMA_WRITE));
	ASSERT_TRUE(device_writes(self, 0));
	EXPECT_TRUE(test_memory_matches(self->view, BLOCK, 8));
	self->file = -1;
}

TEST_F(file_attached, holes_are_filled_when_mapped)
{
	int64_t before = iommufd_file_allocated(self->file);

	EXPECT_EQ(0, before);
	ASSERT_EQ(0, map_all(self));
	EXPECT_EQ((int64_t)FILE_SIZE, iommufd_file_allocated(self->file));
	ASSERT_EQ(0, unmap_all(self));
	EXPECT_TRUE(test_memory_is(self->view, FILE_SIZE, 0));
}

TEST_F(file_attached, mapping_pins_and_counts_until_unmapped)
{
	ASSERT_EQ(0, map_all(self));
	EXPECT_LT(0, pinned_by_test(self));
	EXPECT_EQ(FILE_KIB, counted_by_test(self));
	ASSERT_EQ(0, unmap_all(self));
	EXPECT_EQ(0, pinned_by_test(self));
	EXPECT_EQ(0, counted_by_test(self));
}

TEST_F(file_attached, detach_unpins_and_attach_pins_again)
{
	ASSERT_EQ(0, map_all(self));
	ASSERT_EQ(0, iv_device_detach(self->dev.fd));
	EXPECT_EQ(0, pinned_by_test(self));
	EXPECT_EQ(0, counted_by_test(self));
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, self->ioas_id));
	EXPECT_LT(0, pinned_by_test(self));
	EXPECT_EQ(FILE_KIB, counted_by_test(self));
}

TEST_F(file_attached, attach_after_truncation_fails_and_leaves_nothing)
{
	ASSERT_EQ(0, iv_device_detach(self->dev.fd));
	ASSERT_EQ(0, map_all(self));
	ASSERT_EQ(0, ftruncate(self->file, IOMMUFD_HUGE_PAGE));
	EXPECT_EQ(-EFAULT, iv_device_attach(self->dev.fd, self->ioas_id));
	EXPECT_EQ(0, pinned_by_test(self));
	EXPECT_EQ(0, counted_by_test(self));
	ASSERT_EQ(0, ftruncate(self->file, FILE_SIZE));
	EXPECT_EQ(0, iv_device_attach(self->dev.fd, self->ioas_id));
	EXPECT_TRUE(device_copies(self, IOVA, 0, FILE_SIZE - PAGE));
}

TEST_F(file_attached, truncation_while_pinned_does_no_harm)
{
	ASSERT_EQ(0, map_all(self));
	test_memory_fill(self->view, BLOCK, 2);
	ASSERT_TRUE(device_reads(self, IOVA));
	ASSERT_EQ(0, ftruncate(self->file, 0));
	EXPECT_TRUE(device_writes(self, IOVA + PAGE));
	EXPECT_TRUE(device_writes(self, IOVA + FILE_SIZE - PAGE));
	ASSERT_EQ(0, ftruncate(self->file, FILE_SIZE));
	EXPECT_TRUE(test_memory_is(self->view + PAGE, BLOCK, 0));
	EXPECT_LT(0, pinned_by_test(self));
	EXPECT_EQ(0, unmap_all(self));
	EXPECT_EQ(0, pinned_by_test(self));
	EXPECT_EQ(0, map_all(self));
	EXPECT_TRUE(device_copies(self, IOVA, 0, PAGE));
}

TEST_F(file_attached, hole_punched_while_pinned_is_filled_at_the_next_attach)
{
	ASSERT_EQ(0, map_all(self));
	test_memory_fill(self->view, BLOCK, 2);
	ASSERT_EQ(0, fallocate(self->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			       IOMMUFD_HUGE_PAGE));
	EXPECT_TRUE(test_memory_is(self->view, BLOCK, 0));
	ASSERT_TRUE(device_reads(self, IOVA));
	ASSERT_TRUE(device_writes(self, IOVA + FILE_SIZE - PAGE));
	EXPECT_TRUE(test_memory_matches(self->view + FILE_SIZE - PAGE, BLOCK, 2));
	ASSERT_EQ(0, iv_device_detach(self->dev.fd));
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, self->ioas_id));
	EXPECT_TRUE(device_copies(self, IOVA, PAGE, 0));
}

TEST_F(file_attached, misalignment_fails)
{
	EXPECT_EQ(-EINVAL, map(self, 1, PAGE, IOVA));
	EXPECT_EQ(-EINVAL, map(self, 1, PAGE, IOVA + 1));
	EXPECT_EQ(-EINVAL, map(self, 0, PAGE, IOVA + 1));
	EXPECT_EQ(-EINVAL, map(self, 0, PAGE - 1, IOVA));
	EXPECT_EQ(0, pinned_by_test(self));
	EXPECT_EQ(0, iommufd_file_allocated(self->file));
}

TEST_F(file_attached, copy_of_it_survives_it)
{
	const uint64_t second = IOVA + 2 * FILE_SIZE;

	ASSERT_EQ(0, map_all(self));
	ASSERT_EQ(0, iv_ioas_copy(self->fd, self->ioas_id, second, self->ioas_id,
				  IOVA + IOMMUFD_HUGE_PAGE, IOMMUFD_HUGE_PAGE, IV_DMA_RW));
	EXPECT_EQ(FILE_KIB, counted_by_test(self));
	ASSERT_EQ(0, iv_ioas_unmap(self->fd, self->ioas_id, IOVA, FILE_SIZE, NULL));
	EXPECT_TRUE(device_copies(self, second - IOMMUFD_HUGE_PAGE, IOMMUFD_HUGE_PAGE,
				  FILE_SIZE - BLOCK));
}

static int child_maps(void *arg)
{
	return map_all(arg);
}

TEST_F(file_attached, process_that_mapped_it_may_end)
{
	ASSERT_EQ(0, iv_device_detach(self->dev.fd));
	ASSERT_EQ(0, test_run_in_child(child_maps, self, NULL));
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, self->ioas_id));
	EXPECT_TRUE(device_copies(self, IOVA, 0, PAGE));
}

TEST_F(file_attached, limit_counts_files_too)
{
	struct test_privilege nobody = {
		.uid = NOBODY,
		.limit_memlock = true,
		.memlock = FILE_SIZE - PAGE,
	};

	EXPECT_EQ(-ENOMEM, test_run_in_child(child_maps, self, &nobody));
	EXPECT_TRUE(iommufd_ioas_is_empty(self->fd, self->ioas_id));
	EXPECT_EQ(0, pinned_by_test(self));
	nobody.memlock = FILE_SIZE;
	EXPECT_EQ(0, test_run_in_child(child_maps, self, &nobody));
}

TEST_HARNESS_MAIN
