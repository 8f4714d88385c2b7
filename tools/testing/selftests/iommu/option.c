// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_OPTION: how pinned memory is accounted, and whether contiguous pages are combined.
 */
#include <errno.h>
#include <linux/iommufd.h>
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "test_process.h"
#include "kselftest_harness.h"

#define HUGE_SIZE (2UL << 20)
#define MODE IOMMU_OPTION_RLIMIT_MODE
#define HUGE_PAGES IOMMU_OPTION_HUGE_PAGES

FIXTURE(rlimit_mode)
{
	int iommufd;
	uint64_t value;
};

FIXTURE_SETUP(rlimit_mode)
{
	self->iommufd = iv_iommufd_open();
	ASSERT_LE(0, self->iommufd);
	self->value = 55;
}

FIXTURE_TEARDOWN(rlimit_mode)
{
	close(self->iommufd);
}

static int set_mode(void *arg)
{
	return iv_option_set(*(int *)arg, MODE, 0, 1);
}

static int get_mode(void *arg)
{
	uint64_t value;

	return iv_option_get(*(int *)arg, MODE, 0, &value) ?: (int)value;
}

TEST_F(rlimit_mode, is_per_user_at_first)
{
	EXPECT_EQ(0, iv_option_get(self->iommufd, MODE, 0, &self->value));
	EXPECT_EQ(0UL, self->value);
}

TEST_F(rlimit_mode, can_be_set_and_read)
{
	EXPECT_EQ(0, iv_option_set(self->iommufd, MODE, 0, 1));
	EXPECT_EQ(0, iv_option_get(self->iommufd, MODE, 0, &self->value));
	EXPECT_EQ(1UL, self->value);
	EXPECT_EQ(0, iv_option_set(self->iommufd, MODE, 0, 0));
	EXPECT_EQ(0, iv_option_get(self->iommufd, MODE, 0, &self->value));
	EXPECT_EQ(0UL, self->value);
}

TEST_F(rlimit_mode, is_each_contexts_own)
{
	int second = iv_iommufd_open();

	ASSERT_LE(0, second);
	EXPECT_EQ(0, iv_option_set(self->iommufd, MODE, 0, 1));
	EXPECT_EQ(0, iv_option_get(second, MODE, 0, &self->value));
	EXPECT_EQ(0UL, self->value);
	close(second);
}

TEST_F(rlimit_mode, other_values_fail)
{
	EXPECT_EQ(-EINVAL, iv_option_set(self->iommufd, MODE, 0, 2));
	EXPECT_EQ(-EINVAL, iv_option_set(self->iommufd, MODE, 0, 1UL << 32));
	EXPECT_EQ(-EINVAL, iv_option_set(self->iommufd, MODE, 0, UINT64_MAX));
	EXPECT_EQ(0, get_mode(&self->iommufd));
}

TEST_F(rlimit_mode, object_fails)
{
	EXPECT_EQ(-EOPNOTSUPP, iv_option_set(self->iommufd, MODE, 1, 1));
	EXPECT_EQ(-EOPNOTSUPP, iv_option_get(self->iommufd, MODE, 1, &self->value));
}

TEST_F(rlimit_mode, set_with_an_object_fails_until_it_is_gone)
{
	uint32_t ioas_id;

	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &ioas_id));
	EXPECT_EQ(-EBUSY, iv_option_set(self->iommufd, MODE, 0, 1));
	EXPECT_EQ(-EBUSY, iv_option_set(self->iommufd, MODE, 0, 0));
	EXPECT_EQ(0, iv_option_get(self->iommufd, MODE, 0, &self->value));
	ASSERT_EQ(0, iv_iommufd_destroy(self->iommufd, ioas_id));
	EXPECT_EQ(0, iv_option_set(self->iommufd, MODE, 0, 1));
}

TEST_F(rlimit_mode, unprivileged_can_read_but_not_set)
{
	const struct test_privilege none = { .drop_capabilities = true };
	const struct test_privilege nobody = { .uid = 65534 };

	EXPECT_EQ(-EPERM, test_run_in_child(set_mode, &self->iommufd, &none));
	EXPECT_EQ(-EPERM, test_run_in_child(set_mode, &self->iommufd, &nobody));
	EXPECT_EQ(0, test_run_in_child(get_mode, &self->iommufd, &nobody));
}

TEST_F(rlimit_mode, unknown_options_fail)
{
	EXPECT_EQ(-EOPNOTSUPP, iv_option_get(self->iommufd, 2, 0, &self->value));
	EXPECT_EQ(-EOPNOTSUPP, iv_option_get(self->iommufd, UINT32_MAX, 0, &self->value));
	EXPECT_EQ(-EOPNOTSUPP, iv_option_set(self->iommufd, 2, 0, 0));
}

TEST_F(rlimit_mode, unknown_operations_fail)
{
	struct iommu_option option = { .size = sizeof(option), .option_id = MODE };

	option.op = 2;
	EXPECT_EQ(-EOPNOTSUPP, iommufd_ioctl(self->iommufd, IOMMU_OPTION, &option));
	option.op = UINT16_MAX;
	EXPECT_EQ(-EOPNOTSUPP, iommufd_ioctl(self->iommufd, IOMMU_OPTION, &option));
}

TEST_F(rlimit_mode, get_ignores_the_input_value)
{
	struct iommu_option option = {
		.size = sizeof(option),
		.option_id = MODE,
		.op = IOMMU_OPTION_OP_GET,
		.val64 = UINT64_MAX,
	};

	EXPECT_EQ(0, iommufd_ioctl(self->iommufd, IOMMU_OPTION, &option));
	EXPECT_EQ(0ULL, option.val64);
}

FIXTURE(huge_pages)
{
	struct test_device dev;
	char *memory;
	uint64_t value;
};

FIXTURE_SETUP(huge_pages)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_BOUND));
	self->memory = test_memory_alloc(HUGE_SIZE, HUGE_SIZE);
	ASSERT_NE(NULL, self->memory);
	self->value = 55;
}

FIXTURE_TEARDOWN(huge_pages)
{
	test_device_teardown(&self->dev);
	test_memory_free(self->memory, HUGE_SIZE);
}

static int get_huge(struct _test_data_huge_pages *self)
{
	return iv_option_get(self->dev.iommufd, HUGE_PAGES, self->dev.ioas_id, &self->value);
}

static int set_huge(const struct _test_data_huge_pages *self, uint64_t value)
{
	return iv_option_set(self->dev.iommufd, HUGE_PAGES, self->dev.ioas_id, value);
}

static int map(const struct _test_data_huge_pages *self, uint64_t iova)
{
	return iv_ioas_map(self->dev.iommufd, self->dev.ioas_id, self->memory, HUGE_SIZE, iova,
			   IV_DMA_RW);
}

TEST_F(huge_pages, are_on_at_first)
{
	EXPECT_EQ(0, get_huge(self));
	EXPECT_EQ(1UL, self->value);
}

TEST_F(huge_pages, can_be_switched_off_and_on)
{
	EXPECT_EQ(0, set_huge(self, 0));
	EXPECT_EQ(0, get_huge(self));
	EXPECT_EQ(0UL, self->value);
	EXPECT_EQ(0, set_huge(self, 1));
	EXPECT_EQ(0, get_huge(self));
	EXPECT_EQ(1UL, self->value);
}

TEST_F(huge_pages, are_each_ioases_own)
{
	uint32_t second;

	ASSERT_EQ(0, iv_ioas_alloc(self->dev.iommufd, &second));
	ASSERT_EQ(0, set_huge(self, 0));
	EXPECT_EQ(0, iv_option_get(self->dev.iommufd, HUGE_PAGES, second, &self->value));
	EXPECT_EQ(1UL, self->value);
}

TEST_F(huge_pages, other_values_fail)
{
	EXPECT_EQ(-EINVAL, set_huge(self, 2));
	EXPECT_EQ(-EINVAL, set_huge(self, UINT64_MAX));
	EXPECT_EQ(0, get_huge(self));
	EXPECT_EQ(1UL, self->value);
}

TEST_F(huge_pages, unknown_operation_fails)
{
	struct iommu_option option = {
		.size = sizeof(option),
		.option_id = HUGE_PAGES,
		.op = 2,
		.object_id = self->dev.ioas_id,
	};

	EXPECT_EQ(-EOPNOTSUPP, iommufd_ioctl(self->dev.iommufd, IOMMU_OPTION, &option));
}

TEST_F(huge_pages, cant_be_switched_off_under_mappings_of_a_page_table)
{
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, self->dev.ioas_id));
	ASSERT_EQ(0, map(self, 0));
	EXPECT_EQ(-EINVAL, set_huge(self, 0));
	EXPECT_EQ(0, get_huge(self));
	EXPECT_EQ(1UL, self->value);
	ASSERT_EQ(0, iv_device_detach(self->dev.fd));
	EXPECT_EQ(0, set_huge(self, 0));
}

TEST_F(huge_pages, can_be_switched_off_under_mappings_without_page_table)
{
	ASSERT_EQ(0, map(self, 0));
	EXPECT_EQ(0, set_huge(self, 0));
	EXPECT_EQ(0, iv_device_attach(self->dev.fd, self->dev.ioas_id));
}

TEST_F(huge_pages, can_be_switched_off_in_an_empty_page_table)
{
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, self->dev.ioas_id));
	EXPECT_EQ(0, set_huge(self, 0));
	EXPECT_EQ(0, map(self, 0));
}

TEST_F(huge_pages, mapping_works_switched_off)
{
	int64_t pinned = test_pinned_pages();

	ASSERT_EQ(0, set_huge(self, 0));
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, self->dev.ioas_id));
	EXPECT_EQ(0, map(self, HUGE_SIZE));
	EXPECT_EQ(0, iv_ioas_unmap(self->dev.iommufd, self->dev.ioas_id, HUGE_SIZE, HUGE_SIZE,
				   NULL));
	EXPECT_EQ(pinned, test_pinned_pages());
}

TEST_HARNESS_MAIN
