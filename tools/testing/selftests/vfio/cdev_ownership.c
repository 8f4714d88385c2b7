// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA ownership of an IOMMU group with two functions: one context, or the kernel, has it all.
 */
#include <errno.h>
#include "iommufd_bind.h"
#include "iv.h"
#include "test_device.h"
#include "kselftest_harness.h"

/* The two functions, in either order, and two contexts. */
FIXTURE(ownership)
{
	struct test_device first;
	struct test_device second;
	int iommufd;
	int other_iommufd;
};

FIXTURE_VARIANT(ownership)
{
	enum test_role first;
	enum test_role second;
};

FIXTURE_VARIANT_ADD(ownership, a_then_b) { .first = TEST_SHARED_A, .second = TEST_SHARED_B };
FIXTURE_VARIANT_ADD(ownership, b_then_a) { .first = TEST_SHARED_B, .second = TEST_SHARED_A };

FIXTURE_SETUP(ownership)
{
	if (!test_role_addr(TEST_SHARED_A) || !test_role_addr(TEST_SHARED_B))
		SKIP(return, "no %s and %s", test_role_name(TEST_SHARED_A),
		     test_role_name(TEST_SHARED_B));
	ASSERT_EQ(iv_pci_group(test_role_addr(TEST_SHARED_A)),
		  iv_pci_group(test_role_addr(TEST_SHARED_B)));
	ASSERT_EQ(0, test_device_setup(&self->first, variant->first, TEST_PARKED));
	ASSERT_EQ(0, test_device_setup(&self->second, variant->second, TEST_PARKED));
	self->iommufd = iv_iommufd_open();
	ASSERT_LE(0, self->iommufd);
	self->other_iommufd = iv_iommufd_open();
	ASSERT_LE(0, self->other_iommufd);
}

FIXTURE_TEARDOWN(ownership)
{
	test_device_close(&self->first);
	test_device_close(&self->second);
	close(self->iommufd);
	close(self->other_iommufd);
	test_device_teardown(&self->second);
	test_device_teardown(&self->first);
}

static void close_device(struct test_device *dev)
{
	close(dev->fd);
	dev->fd = -1;
}

TEST_F(ownership, both_bind_to_one_context)
{
	uint32_t first, second;

	EXPECT_EQ(0, iv_device_bind(self->first.fd, self->iommufd, &first));
	EXPECT_EQ(0, iv_device_bind(self->second.fd, self->iommufd, &second));
	EXPECT_NE(first, second);
}

TEST_F(ownership, second_context_is_refused)
{
	EXPECT_EQ(0, iv_device_bind(self->first.fd, self->iommufd, NULL));
	EXPECT_EQ(-EBUSY, iv_device_bind(self->second.fd, self->other_iommufd, NULL));
	EXPECT_TRUE(iommufd_device_is_parked(self->second.fd));
}

TEST_F(ownership, refused_device_may_still_join_the_first_context)
{
	ASSERT_EQ(0, iv_device_bind(self->first.fd, self->iommufd, NULL));
	ASSERT_EQ(-EBUSY, iv_device_bind(self->second.fd, self->other_iommufd, NULL));
	EXPECT_EQ(0, iv_device_bind(self->second.fd, self->iommufd, NULL));
}

TEST_F(ownership, second_context_works_after_the_first_device_is_closed)
{
	ASSERT_EQ(0, iv_device_bind(self->first.fd, self->iommufd, NULL));
	close_device(&self->first);
	EXPECT_EQ(0, iv_device_bind(self->second.fd, self->other_iommufd, NULL));
}

TEST_F(ownership, second_context_works_only_after_both_are_closed)
{
	ASSERT_EQ(0, iv_device_bind(self->first.fd, self->iommufd, NULL));
	ASSERT_EQ(0, iv_device_bind(self->second.fd, self->iommufd, NULL));
	close_device(&self->first);
	self->first.fd = iv_device_open(self->first.addr);
	ASSERT_LE(0, self->first.fd);
	EXPECT_EQ(-EBUSY, iv_device_bind(self->first.fd, self->other_iommufd, NULL));
	close_device(&self->second);
	EXPECT_EQ(0, iv_device_bind(self->first.fd, self->other_iommufd, NULL));
}

TEST_F(ownership, closing_the_context_alone_frees_nothing)
{
	ASSERT_EQ(0, iv_device_bind(self->first.fd, self->iommufd, NULL));
	close(self->iommufd);
	self->iommufd = -1;
	EXPECT_EQ(-EBUSY, iv_device_bind(self->second.fd, self->other_iommufd, NULL));
}

TEST_F(ownership, parked_descriptor_owns_nothing)
{
	EXPECT_EQ(0, iv_device_bind(self->second.fd, self->other_iommufd, NULL));
	EXPECT_TRUE(iommufd_device_is_parked(self->first.fd));
}

TEST_F(ownership, device_without_driver_in_the_group_is_fine)
{
	close_device(&self->second);
	ASSERT_EQ(0, iv_pci_unbind_driver(self->second.addr));
	EXPECT_EQ(0, iv_device_bind(self->first.fd, self->iommufd, NULL));
}

TEST_F(ownership, native_driver_in_the_group_blocks_bind)
{
	if (!iommufd_native_driver_load())
		SKIP(return, "no driver " IOMMUFD_NATIVE_DRIVER);
	close_device(&self->second);
	ASSERT_EQ(0, iv_pci_bind_driver(self->second.addr, IOMMUFD_NATIVE_DRIVER));
	EXPECT_EQ(-EBUSY, iv_device_bind(self->first.fd, self->iommufd, NULL));
	EXPECT_TRUE(iommufd_device_is_parked(self->first.fd));
	ASSERT_EQ(0, iv_pci_unbind_driver(self->second.addr));
	EXPECT_EQ(0, iv_device_bind(self->first.fd, self->iommufd, NULL));
}

TEST_F(ownership, native_driver_cant_join_a_bound_group)
{
	char name[IV_DRIVER_NAME_SIZE];

	if (!iommufd_native_driver_load())
		SKIP(return, "no driver " IOMMUFD_NATIVE_DRIVER);
	close_device(&self->second);
	ASSERT_EQ(0, iv_device_bind(self->first.fd, self->iommufd, NULL));
	EXPECT_GT(0, iv_pci_bind_driver(self->second.addr, IOMMUFD_NATIVE_DRIVER));
	EXPECT_EQ(-ENOENT, iv_pci_driver(self->second.addr, name));
	close_device(&self->first);
	EXPECT_EQ(0, iv_pci_bind_driver(self->second.addr, IOMMUFD_NATIVE_DRIVER));
}

TEST_HARNESS_MAIN
