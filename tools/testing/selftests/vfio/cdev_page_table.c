// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several devices and several address spaces: page tables that are shared, and replacing one by
 * another. The two devices are in different IOMMU groups.
 */
#include <errno.h>
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define IOVA 0x100000UL

FIXTURE(page_table)
{
	struct test_device first;
	struct test_device second;
	int iommufd;
	uint32_t ioas_id;
	uint32_t other_ioas_id;
};

FIXTURE_SETUP(page_table)
{
	if (!test_role_addr(TEST_EDU) || !test_role_addr(TEST_NVME))
		SKIP(return, "no %s and %s", test_role_name(TEST_EDU),
		     test_role_name(TEST_NVME));
	ASSERT_EQ(0, test_device_setup(&self->first, TEST_EDU, TEST_BOUND));
	self->iommufd = self->first.iommufd;
	self->ioas_id = self->first.ioas_id;
	ASSERT_EQ(0, test_device_setup(&self->second, TEST_NVME, TEST_PARKED));
	ASSERT_EQ(0, iv_device_bind(self->second.fd, self->iommufd, &self->second.devid));
	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &self->other_ioas_id));
}

FIXTURE_TEARDOWN(page_table)
{
	test_device_teardown(&self->second);
	test_device_teardown(&self->first);
}

/* Returns the page table's number, or 0. */
static uint32_t attach(const struct test_device *dev, uint32_t pt_id)
{
	return iv_device_attach_get(dev->fd, &pt_id) ? 0 : pt_id;
}

static bool exists(const struct _test_data_page_table *self, uint32_t hwpt_id)
{
	return iv_iommufd_destroy(self->iommufd, hwpt_id) == -EBUSY;
}

TEST_F(page_table, is_shared_by_devices_of_one_ioas)
{
	uint32_t first = attach(&self->first, self->ioas_id);
	uint32_t second = attach(&self->second, self->ioas_id);

	EXPECT_NE(0U, first);
	EXPECT_EQ(first, second);
}

TEST_F(page_table, can_be_named_by_a_second_device)
{
	uint32_t first = attach(&self->first, self->ioas_id);

	ASSERT_NE(0U, first);
	EXPECT_EQ(first, attach(&self->second, first));
}

TEST_F(page_table, of_another_ioas_is_another)
{
	uint32_t first = attach(&self->first, self->ioas_id);
	uint32_t second = attach(&self->second, self->other_ioas_id);

	EXPECT_NE(0U, first);
	EXPECT_NE(0U, second);
	EXPECT_NE(first, second);
}

TEST_F(page_table, stays_until_the_last_detach)
{
	uint32_t hwpt = attach(&self->first, self->ioas_id);

	ASSERT_EQ(hwpt, attach(&self->second, self->ioas_id));
	ASSERT_EQ(0, iv_device_detach(self->first.fd));
	EXPECT_TRUE(exists(self, hwpt));
	EXPECT_EQ(hwpt, attach(&self->first, hwpt));
	ASSERT_EQ(0, iv_device_detach(self->first.fd));
	ASSERT_EQ(0, iv_device_detach(self->second.fd));
	EXPECT_EQ(-ENOENT, iv_iommufd_destroy(self->iommufd, hwpt));
	EXPECT_EQ(0, iv_iommufd_destroy(self->iommufd, self->ioas_id));
}

TEST_F(page_table, stays_until_the_last_close)
{
	uint32_t hwpt = attach(&self->first, self->ioas_id);

	ASSERT_EQ(hwpt, attach(&self->second, self->ioas_id));
	close(self->first.fd);
	self->first.fd = -1;
	EXPECT_TRUE(exists(self, hwpt));
	close(self->second.fd);
	self->second.fd = -1;
	EXPECT_EQ(-ENOENT, iv_iommufd_destroy(self->iommufd, hwpt));
}

TEST_F(page_table, is_replaced_by_that_of_another_ioas)
{
	uint32_t old = attach(&self->first, self->ioas_id);
	uint32_t new = attach(&self->first, self->other_ioas_id);

	ASSERT_NE(0U, old);
	ASSERT_NE(0U, new);
	EXPECT_NE(old, new);
	EXPECT_EQ(-ENOENT, iv_iommufd_destroy(self->iommufd, old));
	EXPECT_EQ(0, iv_iommufd_destroy(self->iommufd, self->ioas_id));
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->iommufd, self->other_ioas_id));
}

TEST_F(page_table, is_replaced_by_number)
{
	uint32_t old = attach(&self->first, self->ioas_id);
	uint32_t new = attach(&self->second, self->other_ioas_id);

	ASSERT_NE(0U, old);
	ASSERT_NE(0U, new);
	EXPECT_EQ(new, attach(&self->first, new));
	EXPECT_EQ(-ENOENT, iv_iommufd_destroy(self->iommufd, old));
	EXPECT_EQ(0, iv_iommufd_destroy(self->iommufd, self->ioas_id));
}

TEST_F(page_table, can_be_replaced_by_itself)
{
	uint32_t hwpt = attach(&self->first, self->ioas_id);

	ASSERT_NE(0U, hwpt);
	EXPECT_EQ(hwpt, attach(&self->first, hwpt));
	EXPECT_EQ(hwpt, attach(&self->first, self->ioas_id));
	EXPECT_EQ(0, iv_device_detach(self->first.fd));
	EXPECT_EQ(-ENOENT, iv_iommufd_destroy(self->iommufd, hwpt));
}

TEST_F(page_table, replaced_for_one_device_stays_for_the_other)
{
	uint32_t old = attach(&self->first, self->ioas_id);

	ASSERT_EQ(old, attach(&self->second, self->ioas_id));
	EXPECT_NE(old, attach(&self->first, self->other_ioas_id));
	EXPECT_TRUE(exists(self, old));
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->iommufd, self->ioas_id));
}

TEST_F(page_table, is_no_ioas)
{
	static char page[PAGE] __attribute__((aligned(PAGE)));
	uint32_t hwpt = attach(&self->first, self->ioas_id);

	ASSERT_NE(0U, hwpt);
	EXPECT_EQ(-ENOENT, iv_ioas_map(self->iommufd, hwpt, page, PAGE, IOVA, IV_DMA_RW));
	EXPECT_EQ(-ENOENT, iv_ioas_unmap(self->iommufd, hwpt, 0, UINT64_MAX, NULL));
}

TEST_F(page_table, replace_back_and_forth_keeps_the_pins_right)
{
	const int64_t pinned = test_pinned_pages();
	char *memory = test_memory_alloc(16 * PAGE, PAGE);
	int i;

	ASSERT_NE(NULL, memory);
	ASSERT_EQ(0, iv_ioas_map(self->iommufd, self->ioas_id, memory, 16 * PAGE, IOVA,
				 IV_DMA_RW));
	for (i = 0; i < 20; i++) {
		ASSERT_NE(0U, attach(&self->first, self->ioas_id));
		EXPECT_EQ(pinned + 16, test_pinned_pages());
		ASSERT_NE(0U, attach(&self->first, self->other_ioas_id));
		EXPECT_EQ(pinned, test_pinned_pages());
	}
	test_memory_free(memory, 16 * PAGE);
}

TEST_HARNESS_MAIN
