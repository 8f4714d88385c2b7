// SPDX-License-Identifier: GPL-2.0-only
/*
 * What every ioctl of /dev/iommu does alike with its argument: sizes, pointers, flags, reserved
 * fields. The fixture's variants are the ioctls.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "iommufd_calls.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "kselftest_harness.h"

#define BUFFER_SIZE (2 * IOMMUFD_PAGE)
#define TAIL_SIZE 64U

FIXTURE(ioctl_args)
{
	const struct iommufd_call *call;
	struct test_device dev;
	struct iommufd_objects objects;
	struct iommufd_guard guard;
	char *buffer;
};

FIXTURE_VARIANT(ioctl_args)
{
	const struct iommufd_call *call;
};

FIXTURE_VARIANT_ADD(ioctl_args, destroy) { .call = &iommufd_call_destroy };
FIXTURE_VARIANT_ADD(ioctl_args, ioas_alloc) { .call = &iommufd_call_ioas_alloc };
FIXTURE_VARIANT_ADD(ioctl_args, allow_iovas) { .call = &iommufd_call_allow_iovas };
FIXTURE_VARIANT_ADD(ioctl_args, iova_ranges) { .call = &iommufd_call_iova_ranges };
FIXTURE_VARIANT_ADD(ioctl_args, map) { .call = &iommufd_call_map };
FIXTURE_VARIANT_ADD(ioctl_args, unmap) { .call = &iommufd_call_unmap };
FIXTURE_VARIANT_ADD(ioctl_args, option) { .call = &iommufd_call_option_mode };
FIXTURE_VARIANT_ADD(ioctl_args, hw_info) { .call = &iommufd_call_hw_info };
FIXTURE_VARIANT_ADD(ioctl_args, copy) { .call = &iommufd_call_copy_to };
FIXTURE_VARIANT_ADD(ioctl_args, map_file) { .call = &iommufd_call_map_file };
FIXTURE_VARIANT_ADD(ioctl_args, hwpt_alloc) { .call = &iommufd_call_hwpt_alloc };
FIXTURE_VARIANT_ADD(ioctl_args, invalidate) { .call = &iommufd_call_invalidate };
FIXTURE_VARIANT_ADD(ioctl_args, set_dirty) { .call = &iommufd_call_set_dirty };
FIXTURE_VARIANT_ADD(ioctl_args, get_dirty) { .call = &iommufd_call_get_dirty };

FIXTURE_SETUP(ioctl_args)
{
	self->call = variant->call;
	if (self->call->needs_device) {
		if (!test_role_addr(TEST_EDU))
			SKIP(return, "no %s device", test_role_name(TEST_EDU));
		ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_BOUND));
		self->objects.iommufd = self->dev.iommufd;
		self->objects.devid = self->dev.devid;
	} else {
		self->objects.iommufd = iv_iommufd_open();
		ASSERT_LE(0, self->objects.iommufd);
	}
	ASSERT_EQ(0, iv_ioas_alloc(self->objects.iommufd, &self->objects.ioas_id));
	self->objects.memory = test_memory_alloc(IOMMUFD_PAGE, IOMMUFD_PAGE);
	ASSERT_NE(NULL, self->objects.memory);
	if (self->call->needs_mock)
		ASSERT_EQ(0, iommufd_objects_add_mock(&self->objects));
	ASSERT_EQ(0, iommufd_guard_setup(&self->guard));
	self->buffer = calloc(1, BUFFER_SIZE);
	ASSERT_NE(NULL, self->buffer);
	iommufd_call_fill(self->call, &self->objects, self->buffer);
}

FIXTURE_TEARDOWN(ioctl_args)
{
	free(self->buffer);
	iommufd_guard_teardown(&self->guard);
	if (self->call->needs_device)
		test_device_teardown(&self->dev);
	else
		close(self->objects.iommufd);
	test_memory_free(self->objects.memory, IOMMUFD_PAGE);
}

static int call_with_arg(const struct _test_data_ioctl_args *self, void *arg)
{
	return iommufd_ioctl(self->objects.iommufd, self->call->request, arg);
}

static int call_with_size(struct _test_data_ioctl_args *self, uint32_t size)
{
	memcpy(self->buffer, &size, sizeof(size));
	return call_with_arg(self, self->buffer);
}

TEST_F(ioctl_args, exact_size_works)
{
	EXPECT_EQ(0, call_with_size(self, self->call->size));
}

TEST_F(ioctl_args, first_version_size_works)
{
	EXPECT_EQ(0, call_with_size(self, self->call->min_size));
}

TEST_F(ioctl_args, every_smaller_size_fails)
{
	uint32_t size;

	for (size = 0; size < self->call->min_size; size++) {
		EXPECT_EQ(-EINVAL, call_with_size(self, size))
			TH_LOG("size %u", size);
	}
}

TEST_F(ioctl_args, longer_with_zero_tail_works)
{
	EXPECT_EQ(0, call_with_size(self, self->call->size + TAIL_SIZE));
}

TEST_F(ioctl_args, page_of_zero_tail_works)
{
	EXPECT_EQ(0, call_with_size(self, IOMMUFD_PAGE));
}

TEST_F(ioctl_args, longer_by_one_nonzero_byte_fails)
{
	self->buffer[self->call->size] = 1;
	EXPECT_EQ(-E2BIG, call_with_size(self, self->call->size + 1));
}

TEST_F(ioctl_args, nonzero_last_byte_of_tail_fails)
{
	self->buffer[self->call->size + TAIL_SIZE - 1] = 1;
	EXPECT_EQ(-E2BIG, call_with_size(self, self->call->size + TAIL_SIZE));
}

TEST_F(ioctl_args, nonzero_byte_behind_tail_is_ignored)
{
	self->buffer[self->call->size + TAIL_SIZE] = 1;
	EXPECT_EQ(0, call_with_size(self, self->call->size + TAIL_SIZE));
}

TEST_F(ioctl_args, huge_size_with_nonzero_tail_fails)
{
	self->buffer[self->call->size] = 1;
	EXPECT_EQ(-E2BIG, call_with_size(self, INT32_MAX));
	EXPECT_EQ(-E2BIG, call_with_size(self, UINT32_MAX));
}

TEST_F(ioctl_args, huge_size_beyond_the_memory_fails)
{
	char *arg;
	uint32_t size = UINT32_MAX;

	memcpy(self->buffer, &size, sizeof(size));
	arg = iommufd_guard_place(&self->guard, self->buffer, self->call->size + TAIL_SIZE);
	EXPECT_EQ(-EFAULT, call_with_arg(self, arg));
}

TEST_F(ioctl_args, wild_pointers_fail)
{
	const uintptr_t pointers[] = {
		0, 1, IOMMUFD_PAGE - 1, (uintptr_t)self->guard.page + IOMMUFD_PAGE,
		0x00007ffffffff000, 0x0000800000000000, 0xffff888000000000,
		0xffffffff81000000, UINTPTR_MAX - 7, UINTPTR_MAX,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pointers); i++) {
		EXPECT_EQ(-EFAULT, call_with_arg(self, (void *)pointers[i]))
			TH_LOG("pointer %lx", pointers[i]);
	}
}

TEST_F(ioctl_args, structure_at_end_of_memory_works)
{
	void *arg = iommufd_guard_place(&self->guard, self->buffer, self->call->size);

	EXPECT_EQ(0, call_with_arg(self, arg));
}

TEST_F(ioctl_args, structure_cut_by_end_of_memory_fails)
{
	void *arg = iommufd_guard_place_part(&self->guard, self->buffer, self->call->size);

	EXPECT_EQ(-EFAULT, call_with_arg(self, arg));
}

TEST_F(ioctl_args, size_cut_by_end_of_memory_fails)
{
	void *arg = iommufd_guard_place_part(&self->guard, self->buffer, sizeof(uint32_t));

	EXPECT_EQ(-EFAULT, call_with_arg(self, arg));
}

TEST_F(ioctl_args, readonly_structure_fails_if_it_has_outputs)
{
	void *arg = iommufd_guard_place(&self->guard, self->buffer, self->call->size);

	ASSERT_EQ(0, iommufd_guard_make_readonly(&self->guard));
	EXPECT_EQ(self->call->has_output ? -EFAULT : 0, call_with_arg(self, arg));
}

TEST_F(ioctl_args, unaligned_structure_works)
{
	memmove(self->buffer + 1, self->buffer, self->call->size);
	EXPECT_EQ(0, call_with_arg(self, self->buffer + 1));
}

TEST_F(ioctl_args, closed_descriptor_fails)
{
	EXPECT_EQ(-EBADF, iommufd_ioctl(1000, self->call->request, self->buffer));
}

TEST_F(ioctl_args, other_direction_bits_are_another_ioctl)
{
	unsigned long nr = _IOC_NR(self->call->request);

	EXPECT_EQ(-ENOTTY, iommufd_ioctl(self->objects.iommufd,
					 _IOWR(IOMMUFD_TYPE, nr, struct iommu_ioas_map),
					 self->buffer));
	EXPECT_EQ(-ENOTTY, iommufd_ioctl(self->objects.iommufd, _IO('!', nr), self->buffer));
}

TEST_F(ioctl_args, every_unknown_flag_fails)
{
	uint32_t flags, bit;

	if (self->call->flags == IOMMUFD_NO_FIELD)
		return;
	for (bit = 0; bit < 32; bit++) {
		if (self->call->known_flags & (1U << bit))
			continue;
		iommufd_call_fill(self->call, &self->objects, self->buffer);
		memcpy(&flags, self->buffer + self->call->flags, sizeof(flags));
		flags |= 1U << bit;
		memcpy(self->buffer + self->call->flags, &flags, sizeof(flags));
		EXPECT_EQ(-EOPNOTSUPP, call_with_arg(self, self->buffer))
			TH_LOG("flag bit %u", bit);
	}
}

TEST_F(ioctl_args, every_reserved_byte_must_be_zero)
{
	uint32_t i;

	for (i = 0; i < self->call->reserved_size; i++) {
		iommufd_call_fill(self->call, &self->objects, self->buffer);
		self->buffer[self->call->reserved + i] = 1;
		EXPECT_EQ(-EOPNOTSUPP, call_with_arg(self, self->buffer))
			TH_LOG("reserved byte %u", i);
	}
}

TEST(ioas_alloc_leaves_nothing_when_its_result_cant_be_written)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct iommufd_guard guard;
	int iommufd = iv_iommufd_open();
	void *arg;

	ASSERT_LE(0, iommufd);
	ASSERT_EQ(0, iommufd_guard_setup(&guard));
	arg = iommufd_guard_place(&guard, &alloc, sizeof(alloc));
	ASSERT_EQ(0, iommufd_guard_make_readonly(&guard));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(iommufd, IOMMU_IOAS_ALLOC, arg));
	EXPECT_TRUE(iommufd_is_empty(iommufd));
	close(iommufd);
	iommufd_guard_teardown(&guard);
}

TEST(map_leaves_nothing_when_its_result_cant_be_written)
{
	struct iommufd_guard guard;
	struct iommu_ioas_map map = { .size = sizeof(map), .flags = IV_DMA_RW };
	uint32_t ioas_id;
	int iommufd = iv_iommufd_open();
	void *arg;

	ASSERT_LE(0, iommufd);
	ASSERT_EQ(0, iv_ioas_alloc(iommufd, &ioas_id));
	ASSERT_EQ(0, iommufd_guard_setup(&guard));
	map.ioas_id = ioas_id;
	map.user_va = (uintptr_t)guard.page;
	map.length = IOMMUFD_PAGE;
	arg = iommufd_guard_place(&guard, &map, sizeof(map));
	ASSERT_EQ(0, iommufd_guard_make_readonly(&guard));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(iommufd, IOMMU_IOAS_MAP, arg));
	EXPECT_TRUE(iommufd_ioas_is_empty(iommufd, ioas_id));
	close(iommufd);
	iommufd_guard_teardown(&guard);
}

TEST_HARNESS_MAIN
