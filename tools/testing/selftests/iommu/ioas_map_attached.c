// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_IOAS_MAP and attach with a device: alignment, reserved ranges, bad memory, pinned pages.
 */
#include <errno.h>
#include <sys/mman.h>
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define MEMORY_PAGES 16
#define MEMORY_SIZE (MEMORY_PAGES * PAGE)
#define HUGE_SIZE (2UL << 20)
#define IOVA 0x100000UL
#define MSI_START 0xfee00000UL
#define MSI_LAST 0xfeefffffUL

FIXTURE(attached)
{
	struct test_device dev;
	struct iommufd_guard guard;
	char *memory;
	int64_t pinned;
};

FIXTURE_SETUP(attached)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	self->memory = test_memory_alloc(MEMORY_SIZE, PAGE);
	ASSERT_NE(NULL, self->memory);
	ASSERT_EQ(0, iommufd_guard_setup(&self->guard));
	self->pinned = test_pinned_pages();
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_ATTACHED));
}

FIXTURE_TEARDOWN(attached)
{
	test_device_teardown(&self->dev);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned))
		TH_LOG("%ld pages are still pinned", test_pinned_pages() - self->pinned);
	iommufd_guard_teardown(&self->guard);
	test_memory_free(self->memory, MEMORY_SIZE);
}

static int map(const struct _test_data_attached *self, const void *va, uint64_t length,
	       uint64_t iova)
{
	return iv_ioas_map(self->dev.iommufd, self->dev.ioas_id, va, length, iova, IV_DMA_RW);
}

static int unmap_all(const struct _test_data_attached *self)
{
	return iv_ioas_unmap(self->dev.iommufd, self->dev.ioas_id, 0, UINT64_MAX, NULL);
}

static int64_t pinned_by_test(const struct _test_data_attached *self)
{
	return test_pinned_pages() - self->pinned;
}

TEST_F(attached, misaligned_iova_fails)
{
	EXPECT_EQ(-EINVAL, map(self, self->memory, PAGE, IOVA + 1));
	EXPECT_EQ(-EINVAL, map(self, self->memory, PAGE, IOVA + PAGE / 2));
	EXPECT_EQ(-EINVAL, map(self, self->memory + 1, PAGE, IOVA + 1));
}

TEST_F(attached, misaligned_length_fails)
{
	EXPECT_EQ(-EINVAL, map(self, self->memory, 1, IOVA));
	EXPECT_EQ(-EINVAL, map(self, self->memory, PAGE - 1, IOVA));
	EXPECT_EQ(-EINVAL, map(self, self->memory, PAGE + 1, IOVA));
}

TEST_F(attached, misaligned_address_fails)
{
	EXPECT_EQ(-EINVAL, map(self, self->memory + 1, PAGE, IOVA));
	EXPECT_EQ(-EINVAL, map(self, self->memory + PAGE / 2, PAGE, IOVA));
}

TEST_F(attached, msi_window_cant_be_mapped)
{
	EXPECT_EQ(-EINVAL, map(self, self->memory, PAGE, MSI_START));
	EXPECT_EQ(-EINVAL, map(self, self->memory, PAGE, MSI_LAST + 1 - PAGE));
	EXPECT_EQ(-EINVAL, map(self, self->memory, 2 * PAGE, MSI_START - PAGE));
	EXPECT_EQ(-EINVAL, map(self, self->memory, 2 * PAGE, MSI_LAST + 1 - PAGE));
	EXPECT_EQ(0, pinned_by_test(self));
}

TEST_F(attached, neighbours_of_msi_window_work)
{
	EXPECT_EQ(0, map(self, self->memory, PAGE, MSI_START - PAGE));
	EXPECT_EQ(0, map(self, self->memory, PAGE, MSI_LAST + 1));
}

TEST_F(attached, beyond_the_aperture_fails)
{
	EXPECT_EQ(-EINVAL, map(self, self->memory, PAGE, -PAGE));
	EXPECT_EQ(-EINVAL, map(self, self->memory, PAGE, 1UL << 60));
}

TEST_F(attached, map_pins_and_unmap_unpins)
{
	ASSERT_EQ(0, map(self, self->memory, MEMORY_SIZE, IOVA));
	EXPECT_EQ(MEMORY_PAGES, pinned_by_test(self));
	ASSERT_EQ(0, iv_ioas_unmap(self->dev.iommufd, self->dev.ioas_id, IOVA, MEMORY_SIZE, NULL));
	EXPECT_EQ(0, pinned_by_test(self));
}

TEST_F(attached, detach_unpins_and_attach_pins_again)
{
	ASSERT_EQ(0, map(self, self->memory, MEMORY_SIZE, IOVA));
	ASSERT_EQ(0, iv_device_detach(self->dev.fd));
	EXPECT_EQ(0, pinned_by_test(self));
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, self->dev.ioas_id));
	EXPECT_EQ(MEMORY_PAGES, pinned_by_test(self));
}

TEST_F(attached, huge_memory_is_pinned_whole)
{
	char *memory = test_memory_alloc(HUGE_SIZE, HUGE_SIZE);

	ASSERT_NE(NULL, memory);
	ASSERT_EQ(0, madvise(memory, HUGE_SIZE, MADV_HUGEPAGE));
	ASSERT_EQ(0, map(self, memory, HUGE_SIZE, 0));
	EXPECT_EQ((int64_t)(HUGE_SIZE / PAGE), pinned_by_test(self));
	EXPECT_EQ(0, unmap_all(self));
	test_memory_free(memory, HUGE_SIZE);
}

TEST_F(attached, failed_overlap_pins_nothing)
{
	ASSERT_EQ(0, map(self, self->memory, PAGE, IOVA));
	EXPECT_EQ(-EEXIST, map(self, self->memory, MEMORY_SIZE, IOVA - PAGE));
	EXPECT_EQ(1, pinned_by_test(self));
}

TEST_F(attached, unmapped_memory_fails)
{
	EXPECT_EQ(-EFAULT, map(self, self->guard.page + PAGE, PAGE, IOVA));
	EXPECT_EQ(-EFAULT, map(self, NULL, PAGE, IOVA));
	EXPECT_TRUE(iommufd_ioas_is_empty(self->dev.iommufd, self->dev.ioas_id));
	EXPECT_EQ(0, pinned_by_test(self));
}

TEST_F(attached, kernel_memory_fails)
{
	EXPECT_EQ(-EFAULT, map(self, (void *)0xffff888000000000UL, PAGE, IOVA));
	EXPECT_EQ(-EFAULT, map(self, (void *)0xffffffff81000000UL, PAGE, IOVA));
}

TEST_F(attached, hole_behind_good_memory_fails_and_leaks_nothing)
{
	const size_t size = 1000 * PAGE;
	char *memory = test_memory_alloc(size, PAGE);

	ASSERT_NE(NULL, memory);
	ASSERT_EQ(0, mprotect(memory + size - PAGE, PAGE, PROT_NONE));
	EXPECT_EQ(-EFAULT, map(self, memory, size, IOVA));
	EXPECT_EQ(0, pinned_by_test(self));
	EXPECT_TRUE(iommufd_ioas_is_empty(self->dev.iommufd, self->dev.ioas_id));
	EXPECT_EQ(0, map(self, memory, size - PAGE, IOVA));
	EXPECT_EQ(0, unmap_all(self));
	test_memory_free(memory, size);
}

TEST_F(attached, readonly_memory_cant_be_mapped_writeable)
{
	ASSERT_EQ(0, iommufd_guard_make_readonly(&self->guard));
	EXPECT_EQ(-EFAULT, map(self, self->guard.page, PAGE, IOVA));
	EXPECT_EQ(-EFAULT, iv_ioas_map(self->dev.iommufd, self->dev.ioas_id, self->guard.page,
				       PAGE, IOVA, IV_DMA_WRITE));
	EXPECT_EQ(0, iv_ioas_map(self->dev.iommufd, self->dev.ioas_id, self->guard.page, PAGE,
				 IOVA, IV_DMA_READ));
}

TEST_F(attached, attach_with_bad_memory_fails_and_leaves_device_detached)
{
	uint32_t bad;

	ASSERT_EQ(0, iv_device_detach(self->dev.fd));
	ASSERT_EQ(0, iv_ioas_alloc(self->dev.iommufd, &bad));
	ASSERT_EQ(0, iv_ioas_map(self->dev.iommufd, bad, self->memory, MEMORY_SIZE, IOVA,
				 IV_DMA_RW));
	ASSERT_EQ(0, iv_ioas_map(self->dev.iommufd, bad, self->guard.page + PAGE, PAGE, 0,
				 IV_DMA_RW));
	EXPECT_EQ(-EFAULT, iv_device_attach(self->dev.fd, bad));
	EXPECT_EQ(0, pinned_by_test(self));
	EXPECT_EQ(0, iv_iommufd_destroy(self->dev.iommufd, bad));
	EXPECT_EQ(0, iv_device_attach(self->dev.fd, self->dev.ioas_id));
}

TEST_F(attached, replace_with_bad_memory_fails_and_keeps_the_old)
{
	uint32_t bad;

	ASSERT_EQ(0, map(self, self->memory, MEMORY_SIZE, IOVA));
	ASSERT_EQ(0, iv_ioas_alloc(self->dev.iommufd, &bad));
	ASSERT_EQ(0, iv_ioas_map(self->dev.iommufd, bad, self->guard.page + PAGE, PAGE, 0,
				 IV_DMA_RW));
	EXPECT_EQ(-EFAULT, iv_device_attach(self->dev.fd, bad));
	EXPECT_EQ(MEMORY_PAGES, pinned_by_test(self));
	EXPECT_EQ(0, iv_iommufd_destroy(self->dev.iommufd, bad));
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->dev.iommufd, self->dev.ioas_id));
}

TEST_F(attached, attach_with_misaligned_mapping_fails)
{
	uint32_t ioas_id;

	ASSERT_EQ(0, iv_device_detach(self->dev.fd));
	ASSERT_EQ(0, iv_ioas_alloc(self->dev.iommufd, &ioas_id));
	ASSERT_EQ(0, iv_ioas_map(self->dev.iommufd, ioas_id, self->memory, PAGE, IOVA + 1,
				 IV_DMA_RW));
	EXPECT_EQ(-EADDRINUSE, iv_device_attach(self->dev.fd, ioas_id));
	EXPECT_EQ(0, iv_ioas_unmap(self->dev.iommufd, ioas_id, 0, UINT64_MAX, NULL));
	EXPECT_EQ(0, iv_device_attach(self->dev.fd, ioas_id));
}

TEST_F(attached, attach_with_mapping_in_msi_window_fails)
{
	uint32_t ioas_id;

	ASSERT_EQ(0, iv_device_detach(self->dev.fd));
	ASSERT_EQ(0, iv_ioas_alloc(self->dev.iommufd, &ioas_id));
	ASSERT_EQ(0, iv_ioas_map(self->dev.iommufd, ioas_id, self->memory, PAGE, MSI_START,
				 IV_DMA_RW));
	EXPECT_EQ(-EADDRINUSE, iv_device_attach(self->dev.fd, ioas_id));
	EXPECT_EQ(0, pinned_by_test(self));
	EXPECT_EQ(0, iv_ioas_unmap(self->dev.iommufd, ioas_id, MSI_START, PAGE, NULL));
	EXPECT_EQ(0, iv_device_attach(self->dev.fd, ioas_id));
}

TEST_F(attached, two_devices_pin_once)
{
	struct test_device second;
	int64_t pinned;

	if (!test_role_addr(TEST_IGB))
		SKIP(return, "no %s device", test_role_name(TEST_IGB));
	ASSERT_EQ(0, map(self, self->memory, MEMORY_SIZE, IOVA));
	ASSERT_EQ(0, test_device_setup(&second, TEST_IGB, TEST_PARKED));
	pinned = pinned_by_test(self);
	EXPECT_EQ(0, iv_device_bind(second.fd, self->dev.iommufd, NULL));
	EXPECT_EQ(0, iv_device_attach(second.fd, self->dev.ioas_id));
	EXPECT_EQ(pinned, pinned_by_test(self));
	EXPECT_EQ(0, iv_device_detach(self->dev.fd));
	EXPECT_EQ(pinned, pinned_by_test(self));
	test_device_teardown(&second);
}

TEST_F(attached, memory_unmapped_by_the_process_stays_pinned)
{
	char *memory = test_memory_alloc(MEMORY_SIZE, PAGE);

	ASSERT_NE(NULL, memory);
	ASSERT_EQ(0, map(self, memory, MEMORY_SIZE, IOVA));
	test_memory_free(memory, MEMORY_SIZE);
	EXPECT_EQ(MEMORY_PAGES, pinned_by_test(self));
	EXPECT_EQ(0, unmap_all(self));
	EXPECT_EQ(0, pinned_by_test(self));
}

TEST_HARNESS_MAIN
