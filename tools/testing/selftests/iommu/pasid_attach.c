// SPDX-License-Identifier: GPL-2.0-only
/*
 * PASIDs of a device that has its requester ID for itself: what may be attached, where DMA goes.
 */
#include <errno.h>
#include <unistd.h>
#include "iommufd_ioctl.h"
#include "iommufd_pasid.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_memory.h"
#include "kselftest_harness.h"

#define IOVA MOCK_APERTURE_START
#define PAGE 4096UL
#define PASID 100
#define LAST_PASID ((1U << MOCK_PASID_WIDTH) - 1)

/*
 * An address space has a page of memory, all at the same IOVA. @rid is what the device is attached
 * to, @a and @b are page tables for PASIDs, @plain is one that isn't.
 */
FIXTURE(pasid_attach)
{
	int fd;
	char *memory;
	int64_t pinned;
	uint32_t ioas_id[3];
	uint32_t rid;
	uint32_t a;
	uint32_t b;
	uint32_t plain;
	struct mock_device dev;
};

static char *memory_of(const struct _test_data_pasid_attach *self, unsigned int nr)
{
	return self->memory + nr * PAGE;
}

FIXTURE_SETUP(pasid_attach)
{
	unsigned int i;

	ASSERT_EQ(0, mock_module_load());
	self->fd = iv_iommufd_open();
	ASSERT_LE(0, self->fd);
	self->memory = test_memory_alloc(3 * PAGE, PAGE);
	ASSERT_NE(NULL, self->memory);
	self->pinned = test_pinned_pages();
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, iv_ioas_alloc(self->fd, &self->ioas_id[i]));
		ASSERT_EQ(0, iv_ioas_map(self->fd, self->ioas_id[i], memory_of(self, i), PAGE, IOVA,
					 IV_DMA_RW));
	}
	ASSERT_EQ(0, mock_device_create(&self->dev, self->fd, self->ioas_id[0],
					MOCK_FLAGS_DEVICE_PASID));
	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id[0],
				   IOMMU_HWPT_ALLOC_PASID, &self->rid));
	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id[1],
				   IOMMU_HWPT_ALLOC_PASID, &self->a));
	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id[2],
				   IOMMU_HWPT_ALLOC_PASID, &self->b));
	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id[1], 0, &self->plain));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->rid, NULL));
}

FIXTURE_TEARDOWN(pasid_attach)
{
	EXPECT_EQ(0, close(self->fd));
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
	test_memory_free(self->memory, 3 * PAGE);
	EXPECT_EQ(0, mock_module_unload());
}

/* Whether DMA with a PASID changes the memory of one address space, and of no other. */
static bool reaches_only(const struct _test_data_pasid_attach *self, uint32_t pasid,
			 unsigned int nr)
{
	static uint32_t mark = 1;
	unsigned int i;

	memset(self->memory, 0, 3 * PAGE);
	mark++;
	if (mock_pasid_write(&self->dev, pasid, IOVA, &mark, sizeof(mark)))
		return false;
	for (i = 0; i < 3; i++)
		if (i != nr && !test_memory_is(memory_of(self, i), PAGE, 0))
			return false;
	return !memcmp(memory_of(self, nr), &mark, sizeof(mark));
}

static int write_one(const struct mock_device *dev, uint32_t pasid)
{
	return mock_pasid_write(dev, pasid, IOVA, "x", 1);
}

TEST_F(pasid_attach, dma_with_a_pasid_reaches_its_own_memory_only)
{
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID, self->a));
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID + 1, self->b));
	EXPECT_TRUE(reaches_only(self, 0, 0));
	EXPECT_TRUE(reaches_only(self, PASID, 1));
	EXPECT_TRUE(reaches_only(self, PASID + 1, 2));
	EXPECT_EQ(-EPERM, write_one(&self->dev, PASID + 2));
}

TEST_F(pasid_attach, pasid_that_is_not_attached_is_blocked)
{
	EXPECT_EQ(-EPERM, write_one(&self->dev, PASID));
	EXPECT_EQ(0, mock_pasid_is_at(&self->dev, PASID, 0));
}

TEST_F(pasid_attach, detach_blocks)
{
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID, self->a));
	ASSERT_EQ(0, mock_pasid_detach(&self->dev, PASID));
	EXPECT_EQ(-EPERM, write_one(&self->dev, PASID));
	EXPECT_EQ(0, mock_pasid_is_at(&self->dev, PASID, 0));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->a));
}

TEST_F(pasid_attach, detach_of_nothing_succeeds)
{
	EXPECT_EQ(0, mock_pasid_detach(&self->dev, PASID));
	EXPECT_EQ(0, mock_pasid_detach(&self->dev, 0));
	EXPECT_EQ(0, mock_pasid_detach(&self->dev, UINT32_MAX));
}

TEST_F(pasid_attach, attached_page_table_is_busy)
{
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID, self->a));
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->fd, self->a));
}

TEST_F(pasid_attach, one_page_table_serves_several_pasids)
{
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID, self->a));
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID + 1, self->a));
	ASSERT_EQ(0, mock_pasid_detach(&self->dev, PASID));
	EXPECT_EQ(-EPERM, write_one(&self->dev, PASID));
	EXPECT_TRUE(reaches_only(self, PASID + 1, 1));
}

TEST_F(pasid_attach, pasid_and_device_may_share_a_page_table)
{
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID, self->rid));
	EXPECT_TRUE(reaches_only(self, PASID, 0));
	ASSERT_EQ(0, mock_pasid_detach(&self->dev, PASID));
	EXPECT_TRUE(reaches_only(self, 0, 0));
}

TEST_F(pasid_attach, numbers_out_of_range_fail)
{
	EXPECT_EQ(-EINVAL, mock_pasid_attach(&self->dev, 0, self->a));
	EXPECT_EQ(-EINVAL, mock_pasid_attach(&self->dev, LAST_PASID + 1, self->a));
	EXPECT_EQ(-EINVAL, mock_pasid_attach(&self->dev, UINT32_MAX, self->a));
	EXPECT_EQ(0, mock_pasid_attach(&self->dev, LAST_PASID, self->a));
	EXPECT_EQ(0, mock_pasid_attach(&self->dev, 1, self->a));
}

TEST_F(pasid_attach, objects_of_other_kinds_fail)
{
	EXPECT_EQ(-ENOENT, mock_pasid_attach(&self->dev, PASID, 0));
	EXPECT_EQ(-ENOENT, mock_pasid_attach(&self->dev, PASID, 9999));
	EXPECT_EQ(-EINVAL, mock_pasid_attach(&self->dev, PASID, self->dev.devid));
	EXPECT_EQ(-EPERM, write_one(&self->dev, PASID));
}

TEST_F(pasid_attach, page_table_not_for_pasids_fails)
{
	EXPECT_EQ(-EINVAL, mock_pasid_attach(&self->dev, PASID, self->plain));
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID, self->a));
	EXPECT_EQ(-EINVAL, mock_pasid_replace(&self->dev, PASID, self->plain));
	EXPECT_TRUE(reaches_only(self, PASID, 1));
}

TEST_F(pasid_attach, address_space_fails)
{
	EXPECT_EQ(-EINVAL, mock_pasid_attach(&self->dev, PASID, self->ioas_id[1]));
	EXPECT_EQ(0, mock_pasid_is_at(&self->dev, PASID, 0));
}

TEST_F(pasid_attach, device_at_a_page_table_not_for_pasids_has_none)
{
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->plain, NULL));
	EXPECT_EQ(-EINVAL, mock_pasid_attach(&self->dev, PASID, self->a));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->ioas_id[0], NULL));
	EXPECT_EQ(-EINVAL, mock_pasid_attach(&self->dev, PASID, self->a));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->rid, NULL));
	EXPECT_EQ(0, mock_pasid_attach(&self->dev, PASID, self->a));
}

TEST_F(pasid_attach, device_with_pasids_cannot_leave_page_tables_for_them)
{
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID, self->a));
	EXPECT_EQ(-EINVAL, mock_device_attach(&self->dev, self->plain, NULL));
	EXPECT_EQ(-EINVAL, mock_device_attach(&self->dev, self->ioas_id[0], NULL));
	EXPECT_EQ(0, mock_device_attach(&self->dev, self->b, NULL));
	EXPECT_TRUE(reaches_only(self, 0, 2));
	ASSERT_EQ(0, mock_pasid_detach(&self->dev, PASID));
	EXPECT_EQ(0, mock_device_attach(&self->dev, self->plain, NULL));
}

TEST_F(pasid_attach, attach_twice_fails)
{
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID, self->a));
	EXPECT_EQ(-EBUSY, mock_pasid_attach(&self->dev, PASID, self->a));
	EXPECT_EQ(-EBUSY, mock_pasid_attach(&self->dev, PASID, self->b));
	EXPECT_TRUE(reaches_only(self, PASID, 1));
}

TEST_F(pasid_attach, replace_moves_dma)
{
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID, self->a));
	ASSERT_EQ(0, mock_pasid_replace(&self->dev, PASID, self->b));
	EXPECT_EQ(0, mock_pasid_is_at(&self->dev, PASID, self->b));
	EXPECT_TRUE(reaches_only(self, PASID, 2));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->a));
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->fd, self->b));
}

TEST_F(pasid_attach, replace_by_the_same_changes_nothing)
{
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID, self->a));
	ASSERT_EQ(0, mock_pasid_replace(&self->dev, PASID, self->a));
	EXPECT_TRUE(reaches_only(self, PASID, 1));
	ASSERT_EQ(0, mock_pasid_detach(&self->dev, PASID));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->a));
}

TEST_F(pasid_attach, replace_of_nothing_fails)
{
	EXPECT_EQ(-EINVAL, mock_pasid_replace(&self->dev, PASID, self->a));
	EXPECT_EQ(-EPERM, write_one(&self->dev, PASID));
}

TEST_F(pasid_attach, failed_attach_leaves_nothing)
{
	struct iv_pasid pasid;

	ASSERT_EQ(0, mock_fail(self->fd, self->dev.id, MOCK_FAIL_ATTACH, 0));
	EXPECT_EQ(-ENOMEM, mock_pasid_attach(&self->dev, PASID, self->a));
	EXPECT_EQ(-EPERM, write_one(&self->dev, PASID));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->a));
	EXPECT_EQ(0, iv_pasid_alloc_between(self->fd, self->dev.devid, PASID, PASID, &pasid));
}

TEST_F(pasid_attach, failed_replace_goes_back)
{
	const uint32_t pasid = IOMMU_TEST_PASID_RESERVED;

	ASSERT_EQ(0, mock_pasid_attach(&self->dev, pasid, self->a));
	EXPECT_EQ(-ENOMEM, mock_pasid_replace(&self->dev, pasid, self->b));
	EXPECT_EQ(0, mock_pasid_is_at(&self->dev, pasid, self->a));
	EXPECT_TRUE(reaches_only(self, pasid, 1));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->b));
	EXPECT_EQ(0, mock_pasid_detach(&self->dev, pasid));
	EXPECT_EQ(0, mock_pasid_attach(&self->dev, pasid, self->a));
}

/* The second failure is that of going back. */
TEST_F(pasid_attach, replace_that_cannot_go_back_says_so_and_blocks)
{
	const uint32_t pasid = IOMMU_TEST_PASID_RESERVED;

	ASSERT_EQ(0, mock_pasid_attach(&self->dev, pasid, self->a));
	ASSERT_EQ(0, mock_fail(self->fd, self->dev.id, MOCK_FAIL_ATTACH, 0));
	EXPECT_EQ(-EIO, mock_pasid_replace(&self->dev, pasid, self->b));
	EXPECT_EQ(-EPERM, write_one(&self->dev, pasid));
	EXPECT_EQ(0, mock_pasid_is_at(&self->dev, pasid, 0));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->a));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->b));
	EXPECT_EQ(0, mock_device_attach(&self->dev, self->plain, NULL));
}

TEST_F(pasid_attach, device_without_pasids_has_none)
{
	struct mock_device dev;

	ASSERT_EQ(0, mock_device_create(&dev, self->fd, self->a, 0));
	EXPECT_EQ(-EINVAL, mock_pasid_attach(&dev, PASID, self->a));
	EXPECT_EQ(-EINVAL, mock_pasid_attach(&dev, PASID, self->plain));
	EXPECT_EQ(-EPERM, write_one(&dev, PASID));
}

TEST_F(pasid_attach, devices_of_one_group_have_none)
{
	struct mock_device sibling;

	ASSERT_EQ(0, mock_device_create_sibling(&sibling, &self->dev, self->rid));
	EXPECT_EQ(-EINVAL, mock_pasid_attach(&self->dev, PASID, self->a));
	ASSERT_EQ(0, mock_device_destroy(&sibling));
	EXPECT_EQ(0, mock_pasid_attach(&self->dev, PASID, self->a));
}

TEST_F(pasid_attach, same_number_on_two_devices_is_two_pasids)
{
	struct mock_device dev;

	ASSERT_EQ(0, mock_device_create(&dev, self->fd, self->rid, MOCK_FLAGS_DEVICE_PASID));
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID, self->a));
	EXPECT_EQ(-EPERM, write_one(&dev, PASID));
	ASSERT_EQ(0, mock_pasid_attach(&dev, PASID, self->b));
	EXPECT_TRUE(reaches_only(self, PASID, 1));
	ASSERT_EQ(0, mock_device_destroy(&dev));
	EXPECT_TRUE(reaches_only(self, PASID, 1));
}

TEST_F(pasid_attach, reserved_ranges_hold_for_pasids)
{
	uint64_t start = IOVA + 0x100000;

	ASSERT_EQ(0, mock_device_reserve(&self->dev, start, PAGE));
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID, self->a));
	EXPECT_FALSE(iommufd_iova_is_usable(self->fd, self->ioas_id[1], start));
	ASSERT_EQ(0, mock_pasid_replace(&self->dev, PASID, self->b));
	EXPECT_TRUE(iommufd_iova_is_usable(self->fd, self->ioas_id[1], start));
	EXPECT_FALSE(iommufd_iova_is_usable(self->fd, self->ioas_id[2], start));
	ASSERT_EQ(0, mock_pasid_detach(&self->dev, PASID));
	EXPECT_TRUE(iommufd_iova_is_usable(self->fd, self->ioas_id[2], start));
}

TEST_F(pasid_attach, mapping_in_a_reserved_range_fails_the_attach)
{
	ASSERT_EQ(0, mock_device_reserve(&self->dev, IOVA, PAGE));
	EXPECT_EQ(-EADDRINUSE, mock_pasid_attach(&self->dev, PASID, self->a));
	EXPECT_EQ(-EPERM, write_one(&self->dev, PASID));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->a));
}

TEST_F(pasid_attach, unmap_takes_memory_from_a_pasid)
{
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID, self->a));
	ASSERT_EQ(0, iv_ioas_unmap(self->fd, self->ioas_id[1], IOVA, PAGE, NULL));
	EXPECT_EQ(-ENXIO, write_one(&self->dev, PASID));
	ASSERT_EQ(0, iv_ioas_map(self->fd, self->ioas_id[1], memory_of(self, 1), PAGE, IOVA,
				 IV_DMA_RW));
	EXPECT_TRUE(reaches_only(self, PASID, 1));
}

TEST_F(pasid_attach, device_may_be_destroyed_with_pasids_attached)
{
	uint32_t i;

	for (i = 0; i < 50; i++)
		ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID + i, i % 2 ? self->a : self->b));
	ASSERT_EQ(0, mock_device_destroy(&self->dev));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->a));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->b));
}

/* The fixture's end checks that nothing stays pinned. */
TEST_F(pasid_attach, context_may_be_closed_with_pasids_attached)
{
	struct iv_pasid pasid;

	ASSERT_EQ(0, iv_pasid_alloc(self->fd, self->dev.devid, IOMMU_PASID_SCOPE_EXCLUSIVE,
				    &pasid));
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, pasid.pasid, self->a));
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID, self->b));
}

TEST_F(pasid_attach, nested_page_tables_may_be_attached)
{
	struct iommu_hwpt_selftest data = { .iotlb = IOMMU_TEST_IOTLB_DEFAULT };
	struct iommu_hwpt_alloc alloc = {
		.flags = IOMMU_HWPT_ALLOC_PASID,
		.dev_id = self->dev.devid,
		.data_type = IOMMU_HWPT_DATA_SELFTEST,
		.data_len = sizeof(data),
		.data_uptr = (uintptr_t)&data,
	};

	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id[1],
				   IOMMU_HWPT_ALLOC_NEST_PARENT, &alloc.pt_id));
	ASSERT_EQ(0, iv_hwpt_alloc_from(self->fd, &alloc));
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID, alloc.out_hwpt_id));
	EXPECT_TRUE(reaches_only(self, PASID, 1));
	EXPECT_EQ(-EINVAL, mock_pasid_replace(&self->dev, PASID, alloc.pt_id));
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->fd, alloc.out_hwpt_id));
}

TEST_F(pasid_attach, width_is_reported)
{
	struct iommu_hw_info info = {};
	struct mock_device dev;

	ASSERT_EQ(0, iv_hw_info(self->fd, self->dev.devid, &info, NULL, 0));
	EXPECT_EQ(MOCK_PASID_WIDTH, info.out_max_pasid_log2);
	EXPECT_EQ(0U, info.out_capabilities & (IOMMU_HW_CAP_PCI_PASID_EXEC |
					       IOMMU_HW_CAP_PCI_PASID_PRIV));
	ASSERT_EQ(0, mock_device_create(&dev, self->fd, self->rid, 0));
	ASSERT_EQ(0, iv_hw_info(self->fd, dev.devid, &info, NULL, 0));
	EXPECT_EQ(0, info.out_max_pasid_log2);
}

TEST_HARNESS_MAIN
