// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel drivers that access memory by IOVA: what they read, write and pin, and how it is taken
 * away from them.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <linux/vfio.h>
#include "iommufd_file.h"
#include "iommufd_ioctl.h"
#include "iv.h"
#include "mock_access.h"
#include "mock_device.h"
#include "test_memory.h"
#include "test_process.h"
#include "test_wait.h"
#include "type1.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define PAGES 16
#define SIZE (PAGES * PAGE)
#define IOVA ((uint64_t)MOCK_APERTURE_START)
#define PINS MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES
#define WRITE MOCK_FLAGS_ACCESS_WRITE
#define SLOW MOCK_ACCESS_RW_SLOW_PATH
#define COPY (3 * PAGE)
#define HUGE_FILE IOMMUFD_HUGE_PAGE

FIXTURE(mock_access)
{
	int fd;
	int file;
	bool device;
	size_t file_size;
	uint32_t ioas_id;
	uint32_t pin_id;
	struct mock_access access;
	struct mock_device dev;
	char *memory;
	char data[COPY];
	char seen[COPY];
};

FIXTURE_VARIANT(mock_access)
{
	size_t file_size;
	bool huge;
	bool device;
};

FIXTURE_VARIANT_ADD(mock_access, memory) { .device = false };
FIXTURE_VARIANT_ADD(mock_access, memory_of_a_device) { .device = true };
FIXTURE_VARIANT_ADD(mock_access, file) { .file_size = SIZE };
FIXTURE_VARIANT_ADD(mock_access, file_of_a_device) { .file_size = SIZE, .device = true };
FIXTURE_VARIANT_ADD(mock_access, huge_file) { .file_size = HUGE_FILE, .huge = true };

static int open_memory(struct _test_data_mock_access *self, bool huge)
{
	if (!self->file_size) {
		self->memory = test_memory_alloc(SIZE, PAGE);
		return self->memory ? 0 : -ENOMEM;
	}
	self->file = huge ? iommufd_file_hugetlb(self->file_size) :
			    iommufd_file_memfd(self->file_size);
	if (self->file < 0)
		return self->file;
	self->memory = mmap(NULL, self->file_size, PROT_READ | PROT_WRITE, MAP_SHARED, self->file,
			    0);
	return self->memory == MAP_FAILED ? -errno : 0;
}

static void free_memory(struct _test_data_mock_access *self)
{
	if (!self->file_size) {
		test_memory_free(self->memory, SIZE);
		return;
	}
	munmap(self->memory, self->file_size);
	close(self->file);
}

/* Maps @size bytes of the memory from @offset on. */
static int map_part(const struct _test_data_mock_access *self, uint32_t ioas_id, size_t offset,
		    size_t size, uint64_t iova, uint32_t prot)
{
	if (self->file_size)
		return iv_ioas_map_file(self->fd, ioas_id, self->file, offset, size, iova, prot);
	return iv_ioas_map(self->fd, ioas_id, self->memory + offset, size, iova, prot);
}

static int map_all(const struct _test_data_mock_access *self, uint32_t prot)
{
	return map_part(self, self->ioas_id, 0, SIZE, IOVA, prot);
}

static int unmap_all(const struct _test_data_mock_access *self)
{
	return iv_ioas_unmap(self->fd, self->ioas_id, IOVA, SIZE, NULL);
}

static int pin(struct _test_data_mock_access *self, size_t offset, size_t size)
{
	return mock_access_pin(&self->access, IOVA + offset, size, self->memory + offset, WRITE,
			       &self->pin_id);
}

static int is_pinned(const struct _test_data_mock_access *self, size_t offset, size_t size)
{
	return mock_memory_is_pinned(self->fd, self->memory + offset, size);
}

static int is_unpinned(const struct _test_data_mock_access *self, size_t offset, size_t size)
{
	return mock_memory_is_unpinned(self->fd, self->memory + offset, size);
}

/* What nobody but the access had pinned: nothing while a device is attached. */
static int is_as_before(const struct _test_data_mock_access *self)
{
	return self->device ? is_pinned(self, 0, SIZE) : is_unpinned(self, 0, SIZE);
}

/* Takes the device away that a variant may have. */
static int leave_device(struct _test_data_mock_access *self)
{
	int rc = self->device ? mock_device_destroy(&self->dev) : 0;

	self->device = false;
	return rc;
}

FIXTURE_SETUP(mock_access)
{
	if (variant->huge && !iommufd_file_hugetlb_is_reserved(HUGE_FILE))
		SKIP(return, "no huge pages");
	ASSERT_EQ(0, mock_module_load());
	self->fd = iv_iommufd_open();
	ASSERT_LE(0, self->fd);
	self->file_size = variant->file_size;
	self->device = variant->device;
	ASSERT_EQ(0, open_memory(self, variant->huge));
	memset(self->memory, 1, SIZE);
	test_memory_fill(self->data, COPY, 1);
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &self->ioas_id));
	if (variant->device)
		ASSERT_EQ(0, mock_device_create(&self->dev, self->fd, self->ioas_id, 0));
	ASSERT_EQ(0, mock_access_create(&self->access, self->fd, self->ioas_id, PINS));
}

FIXTURE_TEARDOWN(mock_access)
{
	EXPECT_EQ(0, close(self->access.fd));
	close(self->fd);
	self->fd = iv_iommufd_open();
	EXPECT_EQ(0, is_unpinned(self, 0, SIZE));
	EXPECT_EQ(0, close(self->fd));
	free_memory(self);
}

TEST_F(mock_access, read_sees_memory)
{
	ASSERT_EQ(0, map_all(self, IV_DMA_RW));
	memcpy(self->memory + 77, self->data, COPY);
	ASSERT_EQ(0, mock_access_read(&self->access, IOVA + 77, self->seen, COPY, 0));
	EXPECT_EQ(0, memcmp(self->seen, self->data, COPY));
}

TEST_F(mock_access, write_reaches_memory)
{
	ASSERT_EQ(0, map_all(self, IV_DMA_RW));
	ASSERT_EQ(0, mock_access_write(&self->access, IOVA + 77, self->data, COPY, 0));
	EXPECT_EQ(0, memcmp(self->memory + 77, self->data, COPY));
	EXPECT_TRUE(test_memory_is(self->memory, 77, 1));
	EXPECT_TRUE(test_memory_is(self->memory + 77 + COPY, SIZE - 77 - COPY, 1));
}

TEST_F(mock_access, copies_by_fresh_look_up_are_the_same)
{
	ASSERT_EQ(0, map_all(self, IV_DMA_RW));
	ASSERT_EQ(0, mock_access_write(&self->access, IOVA + 77, self->data, COPY, SLOW));
	EXPECT_EQ(0, memcmp(self->memory + 77, self->data, COPY));
	ASSERT_EQ(0, mock_access_read(&self->access, IOVA + 77, self->seen, COPY, SLOW));
	EXPECT_EQ(0, memcmp(self->seen, self->data, COPY));
}

TEST_F(mock_access, copy_leaves_nothing_pinned)
{
	ASSERT_EQ(0, map_all(self, IV_DMA_RW));
	ASSERT_EQ(0, mock_access_write(&self->access, IOVA, self->data, COPY, 0));
	ASSERT_EQ(0, mock_access_read(&self->access, IOVA, self->seen, COPY, SLOW));
	EXPECT_EQ(0, is_as_before(self));
}

TEST_F(mock_access, copy_spans_mappings)
{
	ASSERT_EQ(0, map_part(self, self->ioas_id, 4 * PAGE, PAGE, IOVA, IV_DMA_RW));
	ASSERT_EQ(0, map_part(self, self->ioas_id, 0, 3 * PAGE, IOVA + PAGE, IV_DMA_RW));
	ASSERT_EQ(0, mock_access_write(&self->access, IOVA + 10, self->data, COPY, 0));
	EXPECT_EQ(0, memcmp(self->memory + 4 * PAGE + 10, self->data, PAGE - 10));
	EXPECT_EQ(0, memcmp(self->memory, self->data + PAGE - 10, COPY - PAGE + 10));
}

TEST_F(mock_access, copy_of_what_is_not_mapped_fails)
{
	ASSERT_EQ(0, map_all(self, IV_DMA_RW));
	EXPECT_EQ(-ENOENT, mock_access_read(&self->access, IOVA - 1, self->seen, 2, 0));
	EXPECT_EQ(-ENOENT, mock_access_read(&self->access, IOVA + SIZE - 1, self->seen, 2, 0));
	EXPECT_EQ(-ENOENT, mock_access_write(&self->access, IOVA + SIZE, self->data, 1, SLOW));
	EXPECT_EQ(-EINVAL, mock_access_read(&self->access, IOVA, self->seen, 0, 0));
	EXPECT_EQ(-EOVERFLOW, mock_access_read(&self->access, UINT64_MAX, self->seen, 2, 0));
	ASSERT_EQ(0, unmap_all(self));
	EXPECT_EQ(-ENOENT, mock_access_write(&self->access, IOVA, self->data, 1, 0));
	EXPECT_TRUE(test_memory_is(self->memory, SIZE, 1));
}

TEST_F(mock_access, readonly_mapping_can_only_be_read)
{
	ASSERT_EQ(0, map_all(self, IV_DMA_READ));
	EXPECT_EQ(0, mock_access_read(&self->access, IOVA, self->seen, COPY, 0));
	EXPECT_EQ(-EPERM, mock_access_write(&self->access, IOVA, self->data, 1, 0));
	EXPECT_EQ(-EPERM, mock_access_write(&self->access, IOVA, self->data, 1, SLOW));
	EXPECT_EQ(-EPERM, pin(self, 0, PAGE));
	EXPECT_EQ(0, mock_access_pin(&self->access, IOVA, PAGE, self->memory, 0, &self->pin_id));
	EXPECT_TRUE(test_memory_is(self->memory, SIZE, 1));
}

TEST_F(mock_access, writeonly_mapping_can_only_be_written)
{
	ASSERT_EQ(0, map_all(self, IV_DMA_WRITE));
	EXPECT_EQ(-EPERM, mock_access_read(&self->access, IOVA, self->seen, 1, 0));
	EXPECT_EQ(0, mock_access_write(&self->access, IOVA, self->data, 1, 0));
	EXPECT_EQ(-EPERM, mock_access_pin(&self->access, IOVA, PAGE, NULL, 0, NULL));
	EXPECT_EQ(0, pin(self, 0, PAGE));
}

TEST_F(mock_access, pin_gives_the_mapped_pages)
{
	ASSERT_EQ(0, map_part(self, self->ioas_id, 4 * PAGE, PAGE, IOVA, IV_DMA_RW));
	ASSERT_EQ(0, map_part(self, self->ioas_id, 5 * PAGE, 3 * PAGE, IOVA + PAGE, IV_DMA_RW));
	ASSERT_EQ(0, mock_access_pin(&self->access, IOVA, 4 * PAGE, self->memory + 4 * PAGE, WRITE,
				     &self->pin_id));
	EXPECT_EQ(0, is_pinned(self, 4 * PAGE, 4 * PAGE));
	EXPECT_EQ(-EIO, mock_access_pin(&self->access, IOVA, PAGE, self->memory, WRITE, NULL));
	EXPECT_EQ(0, mock_access_unpin(&self->access, self->pin_id));
	EXPECT_EQ(-ENOENT, mock_access_unpin(&self->access, self->pin_id));
}

TEST_F(mock_access, only_the_pages_asked_for_are_pinned)
{
	if (variant->huge)
		SKIP(return, "all are one huge page");
	ASSERT_EQ(0, leave_device(self));
	ASSERT_EQ(0, map_all(self, IV_DMA_RW));
	ASSERT_EQ(0, pin(self, 2 * PAGE, 3 * PAGE));
	EXPECT_EQ(0, is_unpinned(self, 0, 2 * PAGE));
	EXPECT_EQ(0, is_pinned(self, 2 * PAGE, 3 * PAGE));
	EXPECT_EQ(0, is_unpinned(self, 5 * PAGE, SIZE - 5 * PAGE));
}

TEST_F(mock_access, pages_stay_pinned_until_all_pins_have_ended)
{
	uint32_t same, overlapping;

	ASSERT_EQ(0, map_all(self, IV_DMA_RW));
	ASSERT_EQ(0, pin(self, 0, 4 * PAGE));
	same = self->pin_id;
	ASSERT_EQ(0, pin(self, 2 * PAGE, 4 * PAGE));
	overlapping = self->pin_id;
	ASSERT_EQ(0, pin(self, 0, 4 * PAGE));
	EXPECT_EQ(0, mock_access_unpin(&self->access, same));
	EXPECT_EQ(0, is_pinned(self, 0, 6 * PAGE));
	EXPECT_EQ(0, mock_access_unpin(&self->access, overlapping));
	EXPECT_EQ(0, is_pinned(self, 0, 4 * PAGE));
	EXPECT_EQ(0, mock_access_unpin(&self->access, self->pin_id));
	EXPECT_EQ(0, is_as_before(self));
}

TEST_F(mock_access, pin_of_what_is_not_mapped_fails)
{
	ASSERT_EQ(0, map_part(self, self->ioas_id, 0, PAGE, IOVA, IV_DMA_RW));
	ASSERT_EQ(0, map_part(self, self->ioas_id, 0, PAGE, IOVA + 2 * PAGE, IV_DMA_RW));
	EXPECT_EQ(-ENOENT, mock_access_pin(&self->access, IOVA, 3 * PAGE, NULL, 0, NULL));
	EXPECT_EQ(-ENOENT, mock_access_pin(&self->access, IOVA - PAGE, PAGE, NULL, 0, NULL));
	EXPECT_EQ(-EINVAL, mock_access_pin(&self->access, IOVA, 0, NULL, 0, NULL));
	EXPECT_EQ(-EOVERFLOW, mock_access_pin(&self->access, IOVA, UINT64_MAX, NULL, 0, NULL));
	EXPECT_EQ(-EOPNOTSUPP, mock_access_pin(&self->access, IOVA, PAGE, NULL, 1 << 1, NULL));
	EXPECT_EQ(0, is_unpinned(self, PAGE, PAGE));
}

TEST_F(mock_access, unmap_takes_pins_back)
{
	ASSERT_EQ(0, map_all(self, IV_DMA_RW));
	ASSERT_EQ(0, pin(self, PAGE, PAGE));
	ASSERT_EQ(0, unmap_all(self));
	EXPECT_EQ(-ENOENT, mock_access_unpin(&self->access, self->pin_id));
	EXPECT_EQ(0, is_unpinned(self, 0, SIZE));
}

TEST_F(mock_access, unmap_of_everything_takes_pins_back)
{
	ASSERT_EQ(0, map_all(self, IV_DMA_RW));
	ASSERT_EQ(0, pin(self, PAGE, PAGE));
	ASSERT_EQ(0, iv_ioas_unmap(self->fd, self->ioas_id, 0, UINT64_MAX, NULL));
	EXPECT_EQ(-ENOENT, mock_access_unpin(&self->access, self->pin_id));
	EXPECT_EQ(0, is_unpinned(self, 0, SIZE));
}

TEST_F(mock_access, unmap_elsewhere_leaves_pins)
{
	ASSERT_EQ(0, map_part(self, self->ioas_id, 0, PAGE, IOVA, IV_DMA_RW));
	ASSERT_EQ(0, map_part(self, self->ioas_id, 0, PAGE, IOVA + PAGE, IV_DMA_RW));
	ASSERT_EQ(0, pin(self, 0, PAGE));
	ASSERT_EQ(0, iv_ioas_unmap(self->fd, self->ioas_id, IOVA + PAGE, PAGE, NULL));
	EXPECT_EQ(0, is_pinned(self, 0, PAGE));
	EXPECT_EQ(0, mock_access_unpin(&self->access, self->pin_id));
}

TEST_F(mock_access, unmap_takes_back_pins_that_reach_into_the_range)
{
	ASSERT_EQ(0, map_part(self, self->ioas_id, 0, PAGE, IOVA, IV_DMA_RW));
	ASSERT_EQ(0, map_part(self, self->ioas_id, PAGE, PAGE, IOVA + PAGE, IV_DMA_RW));
	ASSERT_EQ(0, pin(self, 0, 2 * PAGE));
	ASSERT_EQ(0, iv_ioas_unmap(self->fd, self->ioas_id, IOVA + PAGE, PAGE, NULL));
	EXPECT_EQ(-ENOENT, mock_access_unpin(&self->access, self->pin_id));
}

/* Lets the context be a VFIO container in which an unmap may cut mappings. */
static int become_container(const struct _test_data_mock_access *self)
{
	return type1_ioas_set(self->fd, self->ioas_id) ?: type1_set(self->fd, VFIO_TYPE1_IOMMU);
}

TEST_F(mock_access, unmap_of_a_part_takes_back_what_reaches_into_it)
{
	const uint64_t part = IOVA + 5 * PAGE;
	uint32_t below, across, above;

	ASSERT_EQ(0, become_container(self));
	ASSERT_EQ(0, map_all(self, IV_DMA_RW));
	ASSERT_EQ(0, pin(self, 0, PAGE));
	below = self->pin_id;
	ASSERT_EQ(0, pin(self, 4 * PAGE, 2 * PAGE));
	across = self->pin_id;
	ASSERT_EQ(0, pin(self, 6 * PAGE, PAGE));
	above = self->pin_id;
	ASSERT_EQ(PAGE, type1_unmap(self->fd, part, PAGE, 0));
	EXPECT_EQ(0, mock_access_unpin(&self->access, below));
	EXPECT_EQ(-ENOENT, mock_access_unpin(&self->access, across));
	EXPECT_EQ(0, mock_access_unpin(&self->access, above));
	EXPECT_EQ(-ENOENT, mock_access_read(&self->access, part, self->seen, 1, 0));
	EXPECT_EQ(0, mock_access_read(&self->access, part + PAGE, self->seen, PAGE, 0));
	EXPECT_EQ(0, mock_access_read(&self->access, part - PAGE, self->seen, PAGE, 0));
}

TEST_F(mock_access, copy_of_a_mapping_shares_the_pins)
{
	uint32_t other;

	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &other));
	ASSERT_EQ(0, map_all(self, IV_DMA_RW));
	ASSERT_EQ(0, pin(self, 0, PAGE));
	ASSERT_EQ(0, iv_ioas_copy(self->fd, other, IOVA, self->ioas_id, IOVA, SIZE, IV_DMA_RW));
	ASSERT_EQ(0, iv_ioas_unmap(self->fd, other, IOVA, SIZE, NULL));
	EXPECT_EQ(0, is_pinned(self, 0, PAGE));
	EXPECT_EQ(0, mock_access_unpin(&self->access, self->pin_id));
}

TEST_F(mock_access, device_comes_and_goes_while_pages_are_pinned)
{
	struct mock_device dev;

	ASSERT_EQ(0, map_all(self, IV_DMA_RW));
	ASSERT_EQ(0, pin(self, PAGE, 2 * PAGE));
	ASSERT_EQ(0, mock_device_create(&dev, self->fd, self->ioas_id, 0));
	EXPECT_EQ(0, mock_hwpt_maps(self->fd, dev.hwpt_id, IOVA, self->memory, SIZE));
	EXPECT_EQ(0, pin(self, PAGE, 2 * PAGE));
	ASSERT_EQ(0, mock_device_destroy(&dev));
	EXPECT_EQ(0, is_pinned(self, PAGE, 2 * PAGE));
	EXPECT_EQ(0, unmap_all(self));
	EXPECT_EQ(0, is_unpinned(self, 0, SIZE));
}

TEST_F(mock_access, pins_made_for_a_device_outlive_it)
{
	ASSERT_EQ(0, leave_device(self));
	ASSERT_EQ(0, mock_device_create(&self->dev, self->fd, self->ioas_id, 0));
	self->device = true;
	ASSERT_EQ(0, map_all(self, IV_DMA_RW));
	ASSERT_EQ(0, pin(self, PAGE, PAGE));
	ASSERT_EQ(0, leave_device(self));
	EXPECT_EQ(0, is_pinned(self, PAGE, PAGE));
	EXPECT_EQ(0, mock_access_unpin(&self->access, self->pin_id));
	EXPECT_EQ(0, is_unpinned(self, 0, SIZE));
}

TEST_F(mock_access, replace_takes_pins_back)
{
	uint32_t other;

	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &other));
	ASSERT_EQ(0, map_all(self, IV_DMA_RW));
	ASSERT_EQ(0, pin(self, 0, PAGE));
	ASSERT_EQ(0, mock_access_attach(&self->access, other));
	EXPECT_EQ(-ENOENT, mock_access_unpin(&self->access, self->pin_id));
	EXPECT_EQ(-ENOENT, mock_access_read(&self->access, IOVA, self->seen, 1, 0));
	EXPECT_EQ(0, is_as_before(self));
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->fd, other));
	if (!variant->device)
		EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->ioas_id));
}

TEST_F(mock_access, attaching_to_the_same_ioas_leaves_pins)
{
	ASSERT_EQ(0, map_all(self, IV_DMA_RW));
	ASSERT_EQ(0, pin(self, 0, PAGE));
	ASSERT_EQ(0, mock_access_attach(&self->access, self->ioas_id));
	EXPECT_EQ(0, mock_access_unpin(&self->access, self->pin_id));
}

TEST_F(mock_access, failed_replace_leaves_everything)
{
	uint32_t other;

	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &other));
	ASSERT_EQ(0, map_part(self, other, 0, PAGE, IOVA + 1, IV_DMA_RW));
	ASSERT_EQ(0, map_all(self, IV_DMA_RW));
	ASSERT_EQ(0, pin(self, 0, PAGE));
	EXPECT_EQ(-EADDRINUSE, mock_access_attach(&self->access, other));
	EXPECT_EQ(-ENOENT, mock_access_attach(&self->access, UINT32_MAX));
	if (variant->device)
		EXPECT_EQ(-EINVAL, mock_access_attach(&self->access, self->dev.hwpt_id));
	EXPECT_EQ(0, mock_access_read(&self->access, IOVA, self->seen, 1, 0));
	EXPECT_EQ(0, mock_access_unpin(&self->access, self->pin_id));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, other));
}

TEST_F(mock_access, access_keeps_its_ioas)
{
	struct mock_access other;
	uint32_t ioas_id;

	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &ioas_id));
	ASSERT_EQ(0, mock_access_create(&other, self->fd, ioas_id, 0));
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->fd, ioas_id));
	ASSERT_EQ(0, close(other.fd));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, ioas_id));
}

TEST_F(mock_access, access_keeps_its_context)
{
	int fd = iv_iommufd_open();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, map_all(self, IV_DMA_RW));
	ASSERT_EQ(0, pin(self, 0, PAGE));
	ASSERT_EQ(0, close(self->fd));
	self->fd = fd;
	EXPECT_EQ(0, is_pinned(self, 0, PAGE));
	EXPECT_EQ(-EINVAL, mock_access_read(&(struct mock_access){ fd, self->access.fd }, IOVA,
					    self->seen, 1, 0));
}

TEST_F(mock_access, access_that_pins_demands_pages)
{
	struct mock_access other;
	uint32_t ioas_id;

	EXPECT_EQ(-EINVAL, map_part(self, self->ioas_id, 0, PAGE, IOVA + 2048, IV_DMA_RW));
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &ioas_id));
	ASSERT_EQ(0, mock_access_create(&other, self->fd, ioas_id, 0));
	EXPECT_EQ(0, map_part(self, ioas_id, 100, PAGE, IOVA + 3, IV_DMA_RW));
	EXPECT_EQ(0, mock_access_write(&other, IOVA + 3, self->data, PAGE, 0));
	EXPECT_EQ(0, memcmp(self->memory + 100, self->data, PAGE));
	EXPECT_EQ(-EINVAL, mock_access_pin(&other, IOVA + 3, 1, NULL, 0, NULL));
	ASSERT_EQ(0, close(other.fd));
	EXPECT_EQ(-EADDRINUSE, mock_access_create(&other, self->fd, ioas_id, PINS));
}

TEST_F(mock_access, alignment_is_demanded_no_longer_than_needed)
{
	ASSERT_EQ(0, leave_device(self));
	ASSERT_EQ(0, close(self->access.fd));
	EXPECT_EQ(0, map_part(self, self->ioas_id, 100, PAGE, IOVA + 3, IV_DMA_RW));
	EXPECT_EQ(0, mock_access_create(&self->access, self->fd, self->ioas_id, 0));
}

TEST_F(mock_access, bad_arguments_fail)
{
	struct mock_access other;

	EXPECT_EQ(-ENOENT, mock_access_create(&other, self->fd, UINT32_MAX, 0));
	EXPECT_EQ(-EOPNOTSUPP, mock_access_create(&other, self->fd, self->ioas_id, 1 << 5));
	if (variant->device) {
		EXPECT_EQ(-EINVAL, mock_access_create(&other, self->fd, self->dev.hwpt_id, 0));
		EXPECT_EQ(-EINVAL, mock_access_create(&other, self->fd, self->dev.devid, 0));
	}
	other = (struct mock_access) { self->fd, -1 };
	EXPECT_EQ(-EBADF, mock_access_read(&other, IOVA, self->seen, 1, 0));
	other.fd = self->fd;
	EXPECT_EQ(-EINVAL, mock_access_read(&other, IOVA, self->seen, 1, 0));
}

TEST_F(mock_access, endpoint_is_no_device)
{
	struct iommu_hw_info info;
	uint32_t id, hwpt_id;

	for (id = 1; id < 10; id++) {
		if (self->device && id == self->dev.devid)
			continue;
		EXPECT_EQ(-ENOENT, iv_hw_info(self->fd, id, &info, NULL, 0));
		EXPECT_EQ(-ENOENT, iv_hwpt_alloc(self->fd, id, self->ioas_id, 0, &hwpt_id));
	}
}

TEST_F(mock_access, endpoint_cant_be_destroyed_by_its_number)
{
	/* The access is what was made last. */
	const uint32_t id = (self->device ? self->dev.hwpt_id : self->ioas_id) + 1;

	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->fd, id));
	EXPECT_EQ(-ENOENT, iv_iommufd_destroy(self->fd, id + 1));
	ASSERT_EQ(0, map_all(self, IV_DMA_RW));
	EXPECT_EQ(0, pin(self, 0, PAGE));
}

TEST_F(mock_access, open_access_keeps_the_module)
{
	EXPECT_NE(0, mock_module_unload());
}

TEST_HARNESS_MAIN
