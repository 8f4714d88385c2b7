// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two devices of one IOMMU group: they have one page table between them.
 */
#include <errno.h>
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define PAGES 16
#define IOVA 0x100000UL
#define BLOCK 64U

FIXTURE(group)
{
	struct test_device a;
	struct test_device b;
	int iommufd;
	uint32_t ioas_id;
	uint32_t other_ioas_id;
	char *memory;
	int64_t pinned;
};

FIXTURE_SETUP(group)
{
	if (!test_role_addr(TEST_SHARED_A) || !test_role_addr(TEST_SHARED_B))
		SKIP(return, "no %s and %s", test_role_name(TEST_SHARED_A),
		     test_role_name(TEST_SHARED_B));
	self->pinned = test_pinned_pages();
	ASSERT_EQ(0, test_device_setup(&self->b, TEST_SHARED_B, TEST_PARKED));
	ASSERT_EQ(0, test_device_setup(&self->a, TEST_SHARED_A, TEST_BOUND));
	self->iommufd = self->a.iommufd;
	self->ioas_id = self->a.ioas_id;
	ASSERT_EQ(0, iv_device_bind(self->b.fd, self->iommufd, &self->b.devid));
	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &self->other_ioas_id));
	self->memory = test_memory_alloc(PAGES * PAGE, PAGE);
	ASSERT_NE(NULL, self->memory);
	ASSERT_EQ(0, iv_ioas_map(self->iommufd, self->ioas_id, self->memory, PAGES * PAGE, IOVA,
				 IV_DMA_RW));
}

FIXTURE_TEARDOWN(group)
{
	test_device_close(&self->b);
	test_device_close(&self->a);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
	test_device_teardown(&self->b);
	test_device_teardown(&self->a);
	test_memory_free(self->memory, PAGES * PAGE);
}

static int64_t pinned_by_test(const struct _test_data_group *self)
{
	return test_pinned_pages() - self->pinned;
}

TEST_F(group, both_attach_to_one_ioas)
{
	uint32_t a = self->ioas_id, b = self->ioas_id;

	EXPECT_EQ(0, iv_device_attach_get(self->a.fd, &a));
	EXPECT_EQ(0, iv_device_attach_get(self->b.fd, &b));
	EXPECT_EQ(a, b);
	EXPECT_EQ(PAGES, pinned_by_test(self));
}

TEST_F(group, different_ioases_fail)
{
	ASSERT_EQ(0, iv_device_attach(self->a.fd, self->ioas_id));
	EXPECT_EQ(-EINVAL, iv_device_attach(self->b.fd, self->other_ioas_id));
	EXPECT_EQ(0, iv_iommufd_destroy(self->iommufd, self->other_ioas_id));
	EXPECT_EQ(0, iv_device_attach(self->b.fd, self->ioas_id));
}

TEST_F(group, other_ioas_works_after_detach)
{
	ASSERT_EQ(0, iv_device_attach(self->a.fd, self->ioas_id));
	ASSERT_EQ(0, iv_device_detach(self->a.fd));
	EXPECT_EQ(0, iv_device_attach(self->b.fd, self->other_ioas_id));
	EXPECT_EQ(-EINVAL, iv_device_attach(self->a.fd, self->ioas_id));
}

TEST_F(group, other_ioas_works_after_close)
{
	ASSERT_EQ(0, iv_device_attach(self->a.fd, self->ioas_id));
	close(self->a.fd);
	self->a.fd = -1;
	EXPECT_EQ(0, iv_device_attach(self->b.fd, self->other_ioas_id));
}

TEST_F(group, only_attached_device_can_replace)
{
	ASSERT_EQ(0, iv_device_attach(self->a.fd, self->ioas_id));
	EXPECT_EQ(0, iv_device_attach(self->a.fd, self->other_ioas_id));
	EXPECT_EQ(0, pinned_by_test(self));
	EXPECT_EQ(0, iv_device_attach(self->b.fd, self->other_ioas_id));
}

TEST_F(group, detach_of_one_keeps_the_other)
{
	ASSERT_EQ(0, iv_device_attach(self->a.fd, self->ioas_id));
	ASSERT_EQ(0, iv_device_attach(self->b.fd, self->ioas_id));
	ASSERT_EQ(0, iv_device_detach(self->a.fd));
	EXPECT_EQ(PAGES, pinned_by_test(self));
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->iommufd, self->ioas_id));
	ASSERT_EQ(0, iv_device_detach(self->b.fd));
	EXPECT_EQ(0, pinned_by_test(self));
}

TEST_F(group, close_of_one_keeps_the_others_dma)
{
	struct iv_edu edu;

	test_memory_fill(self->memory, BLOCK, 1);
	ASSERT_EQ(0, iv_device_attach(self->a.fd, self->ioas_id));
	ASSERT_EQ(0, iv_device_attach(self->b.fd, self->ioas_id));
	close(self->a.fd);
	self->a.fd = -1;
	ASSERT_EQ(0, iv_edu_open(&edu, self->b.fd));
	EXPECT_EQ(0, iv_edu_dma_read(&edu, IOVA, 0, BLOCK));
	EXPECT_EQ(0, iv_edu_dma_write(&edu, IOVA + PAGE, 0, BLOCK));
	EXPECT_TRUE(test_memory_matches(self->memory + PAGE, BLOCK, 1));
	iv_edu_close(&edu);
}

TEST_F(group, msi_window_stays_out_until_both_are_detached)
{
	const uint64_t msi_start = 0xfee00000UL;

	ASSERT_EQ(0, iv_device_attach(self->a.fd, self->ioas_id));
	ASSERT_EQ(0, iv_device_attach(self->b.fd, self->ioas_id));
	ASSERT_EQ(0, iv_device_detach(self->a.fd));
	EXPECT_FALSE(iommufd_iova_is_usable(self->iommufd, self->ioas_id, msi_start));
	ASSERT_EQ(0, iv_device_detach(self->b.fd));
	EXPECT_TRUE(iommufd_iova_is_usable(self->iommufd, self->ioas_id, msi_start));
}

TEST_HARNESS_MAIN
