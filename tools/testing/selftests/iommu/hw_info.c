// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_GET_HW_INFO of a device behind VT-d.
 */
#include <errno.h>
#include <stddef.h>
#include <linux/iommufd.h>
#include "iommufd_ioctl.h"
#include "iv.h"
#include "test_device.h"
#include "kselftest_harness.h"

#define BUFFER_SIZE 256U
#define KNOWN_CAPABILITIES (IOMMU_HW_CAP_DIRTY_TRACKING | IOMMU_HW_CAP_PCI_PASID_EXEC | \
			    IOMMU_HW_CAP_PCI_PASID_PRIV | IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED)

FIXTURE(hw_info)
{
	struct test_device dev;
	struct iommu_hw_info info;
	unsigned char data[BUFFER_SIZE];
};

FIXTURE_SETUP(hw_info)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_BOUND));
	memset(self->data, 0x55, sizeof(self->data));
}

FIXTURE_TEARDOWN(hw_info)
{
	test_device_teardown(&self->dev);
}

static int get_info(struct _test_data_hw_info *self, void *data, uint32_t size)
{
	return iv_hw_info(self->dev.iommufd, self->dev.devid, &self->info, data, size);
}

TEST_F(hw_info, type_is_vtd)
{
	EXPECT_EQ(0, get_info(self, NULL, 0));
	EXPECT_EQ((uint32_t)IOMMU_HW_INFO_TYPE_INTEL_VTD, self->info.out_data_type);
}

TEST_F(hw_info, no_buffer_tells_the_length)
{
	EXPECT_EQ(0, get_info(self, NULL, 0));
	EXPECT_EQ((uint32_t)sizeof(struct iommu_hw_info_vtd), self->info.data_len);
}

TEST_F(hw_info, registers_are_those_of_an_iommu)
{
	struct iommu_hw_info_vtd vtd = { .cap_reg = 0 };

	EXPECT_EQ(0, get_info(self, &vtd, sizeof(vtd)));
	EXPECT_NE(0ULL, vtd.cap_reg);
	EXPECT_NE(0ULL, vtd.ecap_reg);
	EXPECT_EQ(0U, vtd.__reserved);
}

TEST_F(hw_info, longer_buffer_is_zeroed_behind_the_data)
{
	uint32_t i;

	EXPECT_EQ(0, get_info(self, self->data, BUFFER_SIZE - 1));
	EXPECT_EQ((uint32_t)sizeof(struct iommu_hw_info_vtd), self->info.data_len);
	for (i = sizeof(struct iommu_hw_info_vtd); i < BUFFER_SIZE - 1; i++) {
		EXPECT_EQ(0, self->data[i])
			TH_LOG("byte %u", i);
	}
	EXPECT_EQ(0x55, self->data[BUFFER_SIZE - 1]);
}

TEST_F(hw_info, shorter_buffer_is_filled_only_so_far)
{
	const uint32_t size = offsetof(struct iommu_hw_info_vtd, ecap_reg);

	EXPECT_EQ(0, get_info(self, self->data, size));
	EXPECT_EQ((uint32_t)sizeof(struct iommu_hw_info_vtd), self->info.data_len);
	EXPECT_EQ(0x55, self->data[size]);
}

TEST_F(hw_info, one_byte_is_enough)
{
	EXPECT_EQ(0, get_info(self, self->data, 1));
	EXPECT_NE(0x55, self->data[0]);
	EXPECT_EQ(0x55, self->data[1]);
}

TEST_F(hw_info, bad_buffer_fails)
{
	struct iommufd_guard guard;
	const uint32_t size = sizeof(struct iommu_hw_info_vtd);

	ASSERT_EQ(0, iommufd_guard_setup(&guard));
	EXPECT_EQ(-EFAULT, get_info(self, guard.page + IOMMUFD_PAGE, size));
	EXPECT_EQ(-EFAULT, get_info(self, guard.page + IOMMUFD_PAGE - 1, size));
	EXPECT_EQ(-EFAULT, get_info(self, guard.page + IOMMUFD_PAGE - size, size + 1));
	EXPECT_EQ(0, get_info(self, guard.page + IOMMUFD_PAGE - size, size));
	iommufd_guard_teardown(&guard);
}

TEST_F(hw_info, capabilities_are_known_ones)
{
	EXPECT_EQ(0, get_info(self, NULL, 0));
	EXPECT_EQ(0ULL, self->info.out_capabilities & ~(__u64)KNOWN_CAPABILITIES);
	EXPECT_EQ(0, self->info.__reserved[0]);
}

TEST_F(hw_info, pasid_width_is_sensible)
{
	EXPECT_EQ(0, get_info(self, NULL, 0));
	EXPECT_LE(self->info.out_max_pasid_log2, 20);
}

TEST_F(hw_info, input_type_without_its_flag_is_ignored)
{
	struct iommu_hw_info info = {
		.size = sizeof(info),
		.dev_id = self->dev.devid,
		.in_data_type = 77,
	};

	EXPECT_EQ(0, iommufd_ioctl(self->dev.iommufd, IOMMU_GET_HW_INFO, &info));
	EXPECT_EQ((uint32_t)IOMMU_HW_INFO_TYPE_INTEL_VTD, info.out_data_type);
}

TEST_F(hw_info, shortest_structure_is_not_overrun)
{
	struct iommu_hw_info info = {
		.size = offsetof(struct iommu_hw_info, out_capabilities),
		.dev_id = self->dev.devid,
		.out_capabilities = 0x5555555555555555ULL,
	};

	EXPECT_EQ(0, iommufd_ioctl(self->dev.iommufd, IOMMU_GET_HW_INFO, &info));
	EXPECT_EQ(0x5555555555555555ULL, info.out_capabilities);
}

TEST_F(hw_info, works_while_attached)
{
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, self->dev.ioas_id));
	EXPECT_EQ(0, get_info(self, NULL, 0));
}

TEST_F(hw_info, closed_device_fails)
{
	close(self->dev.fd);
	self->dev.fd = -1;
	EXPECT_EQ(-ENOENT, get_info(self, NULL, 0));
}

TEST_HARNESS_MAIN
