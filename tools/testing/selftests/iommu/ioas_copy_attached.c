// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_IOAS_COPY with a device: what it reaches through a copy, and how often memory is pinned and
 * counted. Beside the device's IOAS there is a second one, which has a page table too.
 */
#include <errno.h>
#include <sys/mman.h>
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "test_process.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define MEMORY_PAGES 32
#define MEMORY_SIZE (MEMORY_PAGES * PAGE)
#define MEMORY_KIB ((int64_t)(MEMORY_SIZE / 1024))
#define SOURCE 0x100000UL
#define TARGET 0x900000UL
#define MSI_START 0xfee00000UL
#define BLOCK 64U
#define NOBODY 65534

FIXTURE(copy_attached)
{
	struct test_device dev;
	struct iv_edu edu;
	int fd;
	uint32_t first;
	uint32_t second;
	uint32_t second_hwpt;
	char *memory;
	int64_t pinned;
	int64_t vm_pinned;
};

FIXTURE_SETUP(copy_attached)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	self->memory = test_memory_alloc(MEMORY_SIZE, PAGE);
	ASSERT_NE(NULL, self->memory);
	self->pinned = test_pinned_pages();
	self->vm_pinned = test_status_kib("VmPin");
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_ATTACHED));
	ASSERT_EQ(0, iv_edu_open(&self->edu, self->dev.fd));
	self->fd = self->dev.iommufd;
	self->first = self->dev.ioas_id;
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &self->second));
	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->second, 0,
				   &self->second_hwpt));
}

FIXTURE_TEARDOWN(copy_attached)
{
	iv_edu_close(&self->edu);
	test_device_teardown(&self->dev);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned))
		TH_LOG("%ld pages are still pinned", test_pinned_pages() - self->pinned);
	EXPECT_EQ(self->vm_pinned, test_status_kib("VmPin"));
	test_memory_free(self->memory, MEMORY_SIZE);
}

static int map(const struct _test_data_copy_attached *self, uint32_t prot)
{
	return iv_ioas_map(self->fd, self->first, self->memory, MEMORY_SIZE, SOURCE, prot);
}

static int copy(const struct _test_data_copy_attached *self, uint32_t target_id, uint64_t target,
		uint64_t source, uint64_t length)
{
	return iv_ioas_copy(self->fd, target_id, target, self->first, source, length, IV_DMA_RW);
}

static int unmap_all(const struct _test_data_copy_attached *self, uint32_t ioas_id)
{
	return iv_ioas_unmap(self->fd, ioas_id, 0, UINT64_MAX, NULL);
}

static int64_t pinned_by_test(const struct _test_data_copy_attached *self)
{
	return test_pinned_pages() - self->pinned;
}

static int64_t counted_by_test(const struct _test_data_copy_attached *self)
{
	return test_status_kib("VmPin") - self->vm_pinned;
}

/* The device copies a block of memory, by IOVAs that start at @base, to another. */
static bool device_reaches(struct _test_data_copy_attached *self, uint64_t base, size_t from,
			   size_t to)
{
	test_memory_fill(self->memory + from, BLOCK, base + from);
	return iv_edu_dma_read(&self->edu, base + from, 0, BLOCK) == 0 &&
	       iv_edu_dma_write(&self->edu, base + to, 0, BLOCK) == 0 &&
	       test_memory_matches(self->memory + to, BLOCK, base + from);
}

TEST_F(copy_attached, device_reaches_the_same_memory)
{
	ASSERT_EQ(0, map(self, IV_DMA_RW));
	ASSERT_EQ(0, copy(self, self->first, TARGET, SOURCE, MEMORY_SIZE));
	EXPECT_TRUE(device_reaches(self, TARGET, 0, MEMORY_SIZE - PAGE));
	EXPECT_TRUE(device_reaches(self, SOURCE, PAGE, 2 * PAGE));
}

TEST_F(copy_attached, device_reaches_a_part_by_its_own_offset)
{
	const size_t skip = 3 * PAGE;

	ASSERT_EQ(0, map(self, IV_DMA_RW));
	ASSERT_EQ(0, copy(self, self->first, TARGET + skip, SOURCE + skip, 2 * PAGE));
	EXPECT_TRUE(device_reaches(self, TARGET, skip, skip + PAGE));
}

TEST_F(copy_attached, device_reaches_the_copy_when_the_source_is_gone)
{
	ASSERT_EQ(0, map(self, IV_DMA_RW));
	ASSERT_EQ(0, copy(self, self->first, TARGET, SOURCE, MEMORY_SIZE));
	ASSERT_EQ(0, iv_ioas_unmap(self->fd, self->first, SOURCE, MEMORY_SIZE, NULL));
	EXPECT_TRUE(device_reaches(self, TARGET, PAGE, 0));
	EXPECT_EQ(MEMORY_PAGES, pinned_by_test(self));
}

TEST_F(copy_attached, device_reaches_the_copy_in_the_second_when_the_first_is_gone)
{
	ASSERT_EQ(0, map(self, IV_DMA_RW));
	ASSERT_EQ(0, copy(self, self->second, TARGET, SOURCE, MEMORY_SIZE));
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, self->second_hwpt));
	ASSERT_EQ(0, iv_iommufd_destroy(self->fd, self->first));
	EXPECT_TRUE(device_reaches(self, TARGET, 0, PAGE));
}

TEST_F(copy_attached, device_cant_write_through_a_readonly_copy)
{
	ASSERT_EQ(0, map(self, IV_DMA_RW));
	ASSERT_EQ(0, iv_ioas_copy(self->fd, self->first, TARGET, self->first, SOURCE, MEMORY_SIZE,
				  IV_DMA_READ));
	EXPECT_FALSE(device_reaches(self, TARGET, 0, PAGE));
	EXPECT_TRUE(test_memory_is(self->memory + PAGE, BLOCK, 0));
	EXPECT_TRUE(device_reaches(self, SOURCE, 0, PAGE));
}

TEST_F(copy_attached, device_cant_reach_a_copy_that_was_unmapped)
{
	ASSERT_EQ(0, map(self, IV_DMA_RW));
	ASSERT_EQ(0, copy(self, self->first, TARGET, SOURCE, MEMORY_SIZE));
	EXPECT_TRUE(device_reaches(self, TARGET, 0, PAGE));
	ASSERT_EQ(0, iv_ioas_unmap(self->fd, self->first, TARGET, MEMORY_SIZE, NULL));
	test_memory_fill(self->memory, BLOCK, 1);
	EXPECT_EQ(0, iv_edu_dma_write(&self->edu, TARGET, 0, BLOCK));
	EXPECT_TRUE(test_memory_matches(self->memory, BLOCK, 1));
	EXPECT_TRUE(device_reaches(self, SOURCE, 0, PAGE));
}

TEST_F(copy_attached, two_page_tables_pin_and_count_once)
{
	ASSERT_EQ(0, map(self, IV_DMA_RW));
	EXPECT_EQ(MEMORY_PAGES, pinned_by_test(self));
	EXPECT_EQ(MEMORY_KIB, counted_by_test(self));
	ASSERT_EQ(0, copy(self, self->second, TARGET, SOURCE, MEMORY_SIZE));
	ASSERT_EQ(0, copy(self, self->second, 2 * TARGET, SOURCE, PAGE));
	EXPECT_EQ(MEMORY_PAGES, pinned_by_test(self));
	EXPECT_EQ(MEMORY_KIB, counted_by_test(self));
}

TEST_F(copy_attached, last_unmap_unpins)
{
	ASSERT_EQ(0, map(self, IV_DMA_RW));
	ASSERT_EQ(0, copy(self, self->second, TARGET, SOURCE, PAGE));
	ASSERT_EQ(0, unmap_all(self, self->first));
	EXPECT_LT(0, pinned_by_test(self));
	ASSERT_EQ(0, unmap_all(self, self->second));
	EXPECT_EQ(0, pinned_by_test(self));
	EXPECT_EQ(0, counted_by_test(self));
}

TEST_F(copy_attached, copy_pins_what_its_source_did_not_need)
{
	uint32_t unused;

	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &unused));
	ASSERT_EQ(0, iv_ioas_map(self->fd, unused, self->memory, MEMORY_SIZE, SOURCE, IV_DMA_RW));
	EXPECT_EQ(0, pinned_by_test(self));
	ASSERT_EQ(0, iv_ioas_copy(self->fd, self->first, TARGET, unused, SOURCE, MEMORY_SIZE,
				  IV_DMA_RW));
	EXPECT_EQ(MEMORY_PAGES, pinned_by_test(self));
	ASSERT_EQ(0, iv_iommufd_destroy(self->fd, unused));
	EXPECT_TRUE(device_reaches(self, TARGET, 0, PAGE));
}

TEST_F(copy_attached, attach_after_the_copy_pins_once)
{
	ASSERT_EQ(0, iv_device_detach(self->dev.fd));
	ASSERT_EQ(0, iv_iommufd_destroy(self->fd, self->second_hwpt));
	ASSERT_EQ(0, map(self, IV_DMA_RW));
	ASSERT_EQ(0, copy(self, self->first, TARGET, SOURCE, MEMORY_SIZE));
	EXPECT_EQ(0, pinned_by_test(self));
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, self->first));
	EXPECT_EQ(MEMORY_PAGES, pinned_by_test(self));
	EXPECT_EQ(MEMORY_KIB, counted_by_test(self));
	EXPECT_TRUE(device_reaches(self, TARGET, 0, PAGE));
}

TEST_F(copy_attached, memory_that_is_gone_fails_and_leaves_nothing)
{
	char *gone = test_memory_alloc(2 * PAGE, PAGE);
	uint32_t unused;

	ASSERT_NE(NULL, gone);
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &unused));
	ASSERT_EQ(0, iv_ioas_map(self->fd, unused, self->memory, MEMORY_SIZE, 0, IV_DMA_RW));
	ASSERT_EQ(0, iv_ioas_map(self->fd, unused, gone, 2 * PAGE, MEMORY_SIZE, IV_DMA_RW));
	test_memory_free(gone + PAGE, PAGE);
	EXPECT_EQ(-EFAULT, iv_ioas_copy(self->fd, self->first, TARGET, unused, 0,
					MEMORY_SIZE + 2 * PAGE, IV_DMA_RW));
	EXPECT_EQ(0, pinned_by_test(self));
	EXPECT_EQ(0, counted_by_test(self));
	EXPECT_TRUE(iommufd_ioas_is_empty(self->fd, self->first));
	test_memory_free(gone, PAGE);
}

TEST_F(copy_attached, reserved_iova_fails)
{
	ASSERT_EQ(0, map(self, IV_DMA_RW));
	EXPECT_EQ(-EINVAL, copy(self, self->first, MSI_START, SOURCE, PAGE));
	EXPECT_EQ(-EINVAL, copy(self, self->first, MSI_START - PAGE, SOURCE, 2 * PAGE));
	EXPECT_EQ(-EINVAL, copy(self, self->first, 1UL << 60, SOURCE, PAGE));
	EXPECT_EQ(0, copy(self, self->first, MSI_START - PAGE, SOURCE, PAGE));
}

TEST_F(copy_attached, misalignment_fails)
{
	ASSERT_EQ(0, map(self, IV_DMA_RW));
	EXPECT_EQ(-EINVAL, copy(self, self->first, TARGET + 1, SOURCE, PAGE));
	EXPECT_EQ(-EINVAL, copy(self, self->first, TARGET, SOURCE + 1, PAGE));
	EXPECT_EQ(-EINVAL, copy(self, self->first, TARGET, SOURCE, PAGE - 1));
	EXPECT_EQ(-EINVAL, copy(self, self->first, TARGET + 1, SOURCE + 1, PAGE));
	EXPECT_EQ(0, copy(self, self->first, TARGET, SOURCE, PAGE));
}

TEST_F(copy_attached, misaligned_memory_fails)
{
	uint32_t loose;

	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &loose));
	ASSERT_EQ(0, iv_ioas_map(self->fd, loose, self->memory + 1, PAGE, 0, IV_DMA_RW));
	ASSERT_EQ(0, iv_ioas_map(self->fd, loose, self->memory, PAGE, PAGE, IV_DMA_RW));
	EXPECT_EQ(-EINVAL, iv_ioas_copy(self->fd, self->first, TARGET, loose, 0, PAGE, IV_DMA_RW));
	EXPECT_EQ(-EINVAL, iv_ioas_copy(self->fd, self->first, TARGET, loose, 0, 2 * PAGE,
					IV_DMA_RW));
	EXPECT_EQ(0, iv_ioas_copy(self->fd, self->first, TARGET, loose, PAGE, PAGE, IV_DMA_RW));
}

static int child_maps_the_limit(void *arg)
{
	const struct _test_data_copy_attached *self = arg;

	return map(self, IV_DMA_RW) ?:
	       copy(self, self->second, TARGET, SOURCE, MEMORY_SIZE) ?:
	       copy(self, self->first, TARGET, SOURCE, MEMORY_SIZE);
}

TEST_F(copy_attached, copies_cost_nothing_of_the_limit)
{
	const struct test_privilege nobody = {
		.uid = NOBODY,
		.limit_memlock = true,
		.memlock = MEMORY_SIZE,
	};

	EXPECT_EQ(0, test_run_in_child(child_maps_the_limit, self, &nobody));
}

static int child_maps(void *self)
{
	return map(self, IV_DMA_RW);
}

TEST_F(copy_attached, pinned_memory_of_a_dead_process_can_be_copied)
{
	ASSERT_EQ(0, test_run_in_child(child_maps, self, NULL));
	EXPECT_EQ(0, copy(self, self->second, TARGET, SOURCE, MEMORY_SIZE));
	EXPECT_EQ(0, unmap_all(self, self->first));
	EXPECT_EQ(MEMORY_PAGES, pinned_by_test(self));
}

TEST_F(copy_attached, unpinned_memory_of_a_dead_process_cant_be_copied_to_a_device)
{
	ASSERT_EQ(0, iv_device_detach(self->dev.fd));
	ASSERT_EQ(0, test_run_in_child(child_maps, self, NULL));
	EXPECT_EQ(-EFAULT, copy(self, self->second, TARGET, SOURCE, MEMORY_SIZE));
	EXPECT_TRUE(iommufd_ioas_is_empty(self->fd, self->second));
}

TEST_F(copy_attached, close_with_copies_leaves_nothing)
{
	ASSERT_EQ(0, map(self, IV_DMA_RW));
	ASSERT_EQ(0, copy(self, self->first, TARGET, SOURCE, MEMORY_SIZE));
	ASSERT_EQ(0, copy(self, self->second, TARGET, SOURCE, MEMORY_SIZE));
	iv_edu_close(&self->edu);
	test_device_close(&self->dev);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
}

TEST_HARNESS_MAIN
