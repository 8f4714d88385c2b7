// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_HWPT_ALLOC of paging page tables behind VT-d: what can be asked for, and what is left when
 * it is refused.
 */
#include <errno.h>
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "test_process.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define MEMORY_PAGES 16
#define MEMORY_SIZE (MEMORY_PAGES * PAGE)
#define IOVA 0x100000UL
#define BEYOND_APERTURE (1UL << 60)
#define NOBODY 65534
#define MANY 50

/* Bits of VT-d's Extended Capability Register (VT-d specification, 11.4.3) */
#define ECAP_NESTING (1ULL << 26)
#define ECAP_SCALABLE_MODE (1ULL << 43)
#define ECAP_SECOND_STAGE_DIRTY (1ULL << 45)

FIXTURE(hwpt_alloc)
{
	struct test_device dev;
	int fd;
	uint32_t devid;
	uint32_t ioas_id;
	char *memory;
	int64_t pinned;
	struct iommu_hwpt_alloc cmd;
};

FIXTURE_SETUP(hwpt_alloc)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	self->memory = test_memory_alloc(MEMORY_SIZE, PAGE);
	ASSERT_NE(NULL, self->memory);
	self->pinned = test_pinned_pages();
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_BOUND));
	self->fd = self->dev.iommufd;
	self->devid = self->dev.devid;
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &self->ioas_id));
	ASSERT_EQ(0, iv_ioas_map(self->fd, self->ioas_id, self->memory, MEMORY_SIZE, IOVA,
				 IV_DMA_RW));
	self->cmd.size = sizeof(self->cmd);
	self->cmd.dev_id = self->devid;
	self->cmd.pt_id = self->ioas_id;
}

FIXTURE_TEARDOWN(hwpt_alloc)
{
	test_device_teardown(&self->dev);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned))
		TH_LOG("%ld pages are still pinned", test_pinned_pages() - self->pinned);
	test_memory_free(self->memory, MEMORY_SIZE);
}

static int alloc(const struct _test_data_hwpt_alloc *self, uint32_t flags, uint32_t *hwpt_id)
{
	return iv_hwpt_alloc(self->fd, self->devid, self->ioas_id, flags, hwpt_id);
}

/* The structure as the test has made it. */
static int alloc_cmd(struct _test_data_hwpt_alloc *self)
{
	return iommufd_ioctl(self->fd, IOMMU_HWPT_ALLOC, &self->cmd);
}

/* No page table follows the IOAS, so nothing is pinned and it can be destroyed. */
static bool nothing_is_left(const struct _test_data_hwpt_alloc *self)
{
	return test_pinned_pages() == self->pinned &&
	       iv_iommufd_destroy(self->fd, self->ioas_id) == 0;
}

static int64_t pinned_by_test(const struct _test_data_hwpt_alloc *self)
{
	return test_pinned_pages() - self->pinned;
}

TEST_F(hwpt_alloc, number_is_new_and_not_zero)
{
	uint32_t first, second;

	ASSERT_EQ(0, alloc(self, 0, &first));
	ASSERT_EQ(0, alloc(self, 0, &second));
	EXPECT_NE(0U, first);
	EXPECT_NE(first, second);
	EXPECT_NE(self->ioas_id, first);
	EXPECT_NE(self->devid, first);
}

TEST_F(hwpt_alloc, pins_until_destroyed)
{
	uint32_t hwpt_id;

	ASSERT_EQ(0, alloc(self, 0, &hwpt_id));
	EXPECT_EQ(MEMORY_PAGES, pinned_by_test(self));
	ASSERT_EQ(0, iv_iommufd_destroy(self->fd, hwpt_id));
	EXPECT_EQ(0, pinned_by_test(self));
	EXPECT_EQ(-ENOENT, iv_iommufd_destroy(self->fd, hwpt_id));
}

TEST_F(hwpt_alloc, two_on_one_ioas_pin_once)
{
	uint32_t first, second;

	ASSERT_EQ(0, alloc(self, 0, &first));
	ASSERT_EQ(0, alloc(self, 0, &second));
	EXPECT_EQ(MEMORY_PAGES, pinned_by_test(self));
	ASSERT_EQ(0, iv_iommufd_destroy(self->fd, first));
	EXPECT_EQ(MEMORY_PAGES, pinned_by_test(self));
}

TEST_F(hwpt_alloc, ioas_stays_while_a_page_table_follows_it)
{
	uint32_t hwpt_id;

	ASSERT_EQ(0, alloc(self, 0, &hwpt_id));
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->fd, self->ioas_id));
	ASSERT_EQ(0, iv_iommufd_destroy(self->fd, hwpt_id));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->ioas_id));
}

TEST_F(hwpt_alloc, stays_when_its_device_is_closed)
{
	uint32_t hwpt_id;

	ASSERT_EQ(0, alloc(self, 0, &hwpt_id));
	close(self->dev.fd);
	EXPECT_EQ(MEMORY_PAGES, pinned_by_test(self));
	self->dev.fd = iv_device_open(self->dev.addr);
	ASSERT_LE(0, self->dev.fd);
	ASSERT_EQ(0, iv_device_bind(self->dev.fd, self->fd, NULL));
	EXPECT_EQ(0, iv_device_attach(self->dev.fd, hwpt_id));
}

TEST_F(hwpt_alloc, goes_with_the_context)
{
	uint32_t hwpt_id;

	ASSERT_EQ(0, alloc(self, 0, &hwpt_id));
	test_device_close(&self->dev);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
}

TEST_F(hwpt_alloc, many_work)
{
	uint32_t ids[MANY];
	int i;

	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(0, alloc(self, 0, &ids[i]))
			TH_LOG("page table %d", i);
	}
	ASSERT_EQ(0, iv_ioas_unmap(self->fd, self->ioas_id, 0, UINT64_MAX, NULL));
	ASSERT_EQ(0, iv_ioas_map(self->fd, self->ioas_id, self->memory, PAGE, 0, IV_DMA_RW));
	EXPECT_EQ(1, pinned_by_test(self));
	for (i = 0; i < MANY; i++) {
		EXPECT_EQ(0, iv_iommufd_destroy(self->fd, ids[i]))
			TH_LOG("page table %d", i);
	}
	EXPECT_TRUE(nothing_is_left(self));
}

TEST_F(hwpt_alloc, bad_pt_id_fails)
{
	const uint32_t ids[] = { 0, UINT32_MAX, 1U << 31, 12345 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		self->cmd.pt_id = ids[i];
		EXPECT_EQ(-ENOENT, alloc_cmd(self))
			TH_LOG("pt_id %u", ids[i]);
	}
}

TEST_F(hwpt_alloc, device_as_pt_id_fails)
{
	self->cmd.pt_id = self->devid;
	EXPECT_EQ(-EINVAL, alloc_cmd(self));
}

TEST_F(hwpt_alloc, page_table_as_dev_id_fails)
{
	uint32_t hwpt_id;

	ASSERT_EQ(0, alloc(self, 0, &hwpt_id));
	self->cmd.dev_id = hwpt_id;
	EXPECT_EQ(-ENOENT, alloc_cmd(self));
}

TEST_F(hwpt_alloc, page_table_that_is_no_parent_as_pt_id_fails)
{
	struct iommu_hwpt_vtd_s1 data = { .addr_width = 48 };

	ASSERT_EQ(0, alloc(self, 0, &self->cmd.pt_id));
	EXPECT_EQ(-EINVAL, alloc_cmd(self));
	self->cmd.data_type = IOMMU_HWPT_DATA_VTD_S1;
	self->cmd.data_len = sizeof(data);
	self->cmd.data_uptr = (uintptr_t)&data;
	EXPECT_EQ(-EINVAL, alloc_cmd(self));
}

TEST_F(hwpt_alloc, automatic_page_table_as_pt_id_fails)
{
	uint32_t pt_id = self->ioas_id;

	ASSERT_EQ(0, iv_device_attach_get(self->dev.fd, &pt_id));
	self->cmd.pt_id = pt_id;
	EXPECT_EQ(-EINVAL, alloc_cmd(self));
}

TEST_F(hwpt_alloc, reserved_members_must_be_zero)
{
	self->cmd.__reserved = 1;
	EXPECT_EQ(-EOPNOTSUPP, alloc_cmd(self));
	self->cmd.__reserved = 0;
	self->cmd.__reserved2 = 1U << 31;
	EXPECT_EQ(-EOPNOTSUPP, alloc_cmd(self));
	EXPECT_TRUE(nothing_is_left(self));
}

TEST_F(hwpt_alloc, data_for_no_type_fails)
{
	struct iommu_hwpt_vtd_s1 data = { .addr_width = 48 };

	self->cmd.data_len = sizeof(data);
	EXPECT_EQ(-EINVAL, alloc_cmd(self));
	self->cmd.data_uptr = (uintptr_t)&data;
	EXPECT_EQ(-EINVAL, alloc_cmd(self));
	self->cmd.data_len = 0;
	EXPECT_EQ(-EINVAL, alloc_cmd(self));
	EXPECT_TRUE(nothing_is_left(self));
}

TEST_F(hwpt_alloc, type_without_data_fails)
{
	struct iommu_hwpt_vtd_s1 data = { .addr_width = 48 };

	self->cmd.data_type = IOMMU_HWPT_DATA_VTD_S1;
	EXPECT_EQ(-EINVAL, alloc_cmd(self));
	self->cmd.data_uptr = (uintptr_t)&data;
	EXPECT_EQ(-EINVAL, alloc_cmd(self));
	EXPECT_TRUE(nothing_is_left(self));
}

TEST_F(hwpt_alloc, data_that_the_iommu_doesnt_take_for_an_ioas_fails)
{
	struct iommu_hwpt_vtd_s1 data = { .addr_width = 48 };

	self->cmd.data_type = IOMMU_HWPT_DATA_VTD_S1;
	self->cmd.data_len = sizeof(data);
	self->cmd.data_uptr = (uintptr_t)&data;
	EXPECT_EQ(-EOPNOTSUPP, alloc_cmd(self));
	self->cmd.data_type = UINT32_MAX;
	EXPECT_EQ(-EOPNOTSUPP, alloc_cmd(self));
	EXPECT_TRUE(nothing_is_left(self));
}

TEST_F(hwpt_alloc, fault_queue_must_exist)
{
	self->cmd.flags = IOMMU_HWPT_FAULT_ID_VALID;
	EXPECT_EQ(-ENOENT, alloc_cmd(self));
	self->cmd.fault_id = self->ioas_id;
	EXPECT_EQ(-ENOENT, alloc_cmd(self));
	EXPECT_TRUE(nothing_is_left(self));
}

TEST_F(hwpt_alloc, flags_that_exclude_each_other_fail)
{
	self->cmd.flags = IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_NEST_PARENT;
	EXPECT_EQ(-EOPNOTSUPP, alloc_cmd(self));
	EXPECT_TRUE(nothing_is_left(self));
}

TEST_F(hwpt_alloc, pasid_flag_is_refused_without_pasids)
{
	self->cmd.flags = IOMMU_HWPT_ALLOC_PASID;
	EXPECT_EQ(-EOPNOTSUPP, alloc_cmd(self));
	EXPECT_TRUE(nothing_is_left(self));
}

static bool iommu_has(const struct _test_data_hwpt_alloc *self, uint64_t ecap_bits)
{
	struct iommu_hw_info_vtd vtd = { .ecap_reg = 0 };
	struct iommu_hw_info info;

	return iv_hw_info(self->fd, self->devid, &info, &vtd, sizeof(vtd)) == 0 &&
	       (vtd.ecap_reg & ecap_bits) == ecap_bits;
}

TEST_F(hwpt_alloc, nesting_parent_is_made_if_the_iommu_can_nest)
{
	const bool can = iommu_has(self, ECAP_SCALABLE_MODE | ECAP_NESTING);
	uint32_t hwpt_id;

	EXPECT_EQ(can ? 0 : -EOPNOTSUPP, alloc(self, IOMMU_HWPT_ALLOC_NEST_PARENT, &hwpt_id));
	EXPECT_EQ(!can, nothing_is_left(self));
}

TEST_F(hwpt_alloc, dirty_tracking_is_offered_if_the_iommu_tracks)
{
	const bool can = iommu_has(self, ECAP_SCALABLE_MODE | ECAP_SECOND_STAGE_DIRTY);
	struct iommu_hw_info info;
	uint32_t hwpt_id;

	ASSERT_EQ(0, iv_hw_info(self->fd, self->devid, &info, NULL, 0));
	EXPECT_EQ(can, !!(info.out_capabilities & IOMMU_HW_CAP_DIRTY_TRACKING));
	EXPECT_EQ(can ? 0 : -EOPNOTSUPP, alloc(self, IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &hwpt_id));
	EXPECT_EQ(!can, nothing_is_left(self));
}

TEST_F(hwpt_alloc, dirty_ioctls_are_refused_without_the_flag)
{
	struct iommu_hwpt_set_dirty_tracking set = { .size = sizeof(set) };
	struct iommu_hwpt_get_dirty_bitmap get = {
		.size = sizeof(get),
		.iova = IOVA,
		.length = PAGE,
		.page_size = PAGE,
		.data = (uintptr_t)self->memory,
	};

	ASSERT_EQ(0, alloc(self, 0, &set.hwpt_id));
	get.hwpt_id = set.hwpt_id;
	EXPECT_EQ(-EOPNOTSUPP, iommufd_ioctl(self->fd, IOMMU_HWPT_SET_DIRTY_TRACKING, &set));
	set.flags = IOMMU_HWPT_DIRTY_TRACKING_ENABLE;
	EXPECT_EQ(-EOPNOTSUPP, iommufd_ioctl(self->fd, IOMMU_HWPT_SET_DIRTY_TRACKING, &set));
	EXPECT_EQ(-EOPNOTSUPP, iommufd_ioctl(self->fd, IOMMU_HWPT_GET_DIRTY_BITMAP, &get));
}

TEST_F(hwpt_alloc, result_that_cant_be_written_leaves_nothing)
{
	struct iommufd_guard guard;
	void *arg;

	ASSERT_EQ(0, iommufd_guard_setup(&guard));
	arg = iommufd_guard_place(&guard, &self->cmd, sizeof(self->cmd));
	ASSERT_EQ(0, iommufd_guard_make_readonly(&guard));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->fd, IOMMU_HWPT_ALLOC, arg));
	EXPECT_TRUE(nothing_is_left(self));
	iommufd_guard_teardown(&guard);
}

TEST_F(hwpt_alloc, memory_that_is_gone_fails_and_leaves_nothing)
{
	char *gone = test_memory_alloc(PAGE, PAGE);
	uint32_t hwpt_id;

	ASSERT_NE(NULL, gone);
	ASSERT_EQ(0, iv_ioas_map(self->fd, self->ioas_id, gone, PAGE, IOVA + MEMORY_SIZE,
				 IV_DMA_RW));
	test_memory_free(gone, PAGE);
	EXPECT_EQ(-EFAULT, alloc(self, 0, &hwpt_id));
	EXPECT_TRUE(nothing_is_left(self));
}

TEST_F(hwpt_alloc, mapping_that_the_iommu_cant_do_fails_and_leaves_nothing)
{
	uint32_t hwpt_id;

	ASSERT_EQ(0, iv_ioas_map(self->fd, self->ioas_id, self->memory, PAGE, BEYOND_APERTURE,
				 IV_DMA_RW));
	EXPECT_EQ(-EADDRINUSE, alloc(self, 0, &hwpt_id));
	ASSERT_EQ(0, iv_ioas_unmap(self->fd, self->ioas_id, BEYOND_APERTURE, PAGE, NULL));
	ASSERT_EQ(0, iv_ioas_map(self->fd, self->ioas_id, self->memory, 1, 0, IV_DMA_RW));
	EXPECT_EQ(-EADDRINUSE, alloc(self, 0, &hwpt_id));
	EXPECT_TRUE(nothing_is_left(self));
}

TEST_F(hwpt_alloc, limits_of_the_iommu_hold_until_destroyed)
{
	uint32_t hwpt_id;

	ASSERT_EQ(0, alloc(self, 0, &hwpt_id));
	EXPECT_FALSE(iommufd_iova_is_usable(self->fd, self->ioas_id, BEYOND_APERTURE));
	EXPECT_EQ(-EINVAL, iv_ioas_map(self->fd, self->ioas_id, self->memory, PAGE,
				       BEYOND_APERTURE, IV_DMA_RW));
	EXPECT_EQ(-EINVAL, iv_ioas_map(self->fd, self->ioas_id, self->memory, 1, 0, IV_DMA_RW));
	ASSERT_EQ(0, iv_iommufd_destroy(self->fd, hwpt_id));
	EXPECT_TRUE(iommufd_iova_is_usable(self->fd, self->ioas_id, BEYOND_APERTURE));
	EXPECT_EQ(0, iv_ioas_map(self->fd, self->ioas_id, self->memory, 1, 0, IV_DMA_RW));
}

static int child_maps_and_allocs(void *arg)
{
	const struct _test_data_hwpt_alloc *self = arg;
	uint32_t hwpt_id;

	return iv_ioas_map(self->fd, self->ioas_id, self->memory, MEMORY_SIZE, 0, IV_DMA_RW) ?:
	       alloc(self, 0, &hwpt_id);
}

TEST_F(hwpt_alloc, too_much_for_the_limit_fails_and_leaves_nothing)
{
	const struct test_privilege nobody = {
		.uid = NOBODY,
		.limit_memlock = true,
		.memlock = MEMORY_SIZE - PAGE,
	};

	EXPECT_EQ(-ENOMEM, test_run_in_child(child_maps_and_allocs, self, &nobody));
	EXPECT_TRUE(nothing_is_left(self));
}

TEST_HARNESS_MAIN
