// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_DEVICE_BIND_IOMMUFD: what makes it fail, and that a failure leaves the device parked and
 * free.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/eventfd.h>
#include <linux/vfio.h>
#include "iommufd_bind.h"
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_device.h"
#include "kselftest_harness.h"

#define FIRST_SIZE offsetof(struct vfio_device_bind_iommufd, token_uuid_ptr)
#define ARG_SIZE 256

FIXTURE(bind)
{
	struct test_device dev;
	int iommufd;
	struct iommufd_guard guard;
	union {
		struct vfio_device_bind_iommufd arg;
		char bytes[ARG_SIZE];
	};
};

FIXTURE_SETUP(bind)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_PARKED));
	self->iommufd = iv_iommufd_open();
	ASSERT_LE(0, self->iommufd);
	ASSERT_EQ(0, iommufd_guard_setup(&self->guard));
	self->arg.argsz = FIRST_SIZE;
	self->arg.iommufd = self->iommufd;
}

FIXTURE_TEARDOWN(bind)
{
	iommufd_guard_teardown(&self->guard);
	close(self->iommufd);
	test_device_teardown(&self->dev);
}

static int bind_arg(const struct _test_data_bind *self, void *arg)
{
	return iommufd_ioctl(self->dev.fd, VFIO_DEVICE_BIND_IOMMUFD, arg);
}

static int bind_size(struct _test_data_bind *self, uint32_t argsz)
{
	self->arg.argsz = argsz;
	return bind_arg(self, self->bytes);
}

static int bind_to(struct _test_data_bind *self, int iommufd)
{
	self->arg.iommufd = iommufd;
	return bind_arg(self, self->bytes);
}

/* After a failure: parked, no object made, and a good call works. */
static bool is_untouched(struct _test_data_bind *self)
{
	return iommufd_device_is_parked(self->dev.fd) && iommufd_is_empty(self->iommufd) &&
	       iv_device_bind(self->dev.fd, self->iommufd, NULL) == 0;
}

TEST_F(bind, makes_the_device_usable)
{
	EXPECT_EQ(0, bind_arg(self, self->bytes));
	EXPECT_TRUE(iommufd_device_is_bound(self->dev.fd));
	EXPECT_NE(0U, self->arg.out_devid);
	EXPECT_FALSE(iommufd_is_empty(self->iommufd));
}

TEST_F(bind, devid_is_a_number_of_its_own)
{
	uint32_t ioas_id;

	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &ioas_id));
	EXPECT_EQ(0, bind_arg(self, self->bytes));
	EXPECT_NE(ioas_id, self->arg.out_devid);
	EXPECT_FALSE(iommufd_ioas_exists(self->iommufd, self->arg.out_devid));
}

TEST_F(bind, every_short_size_fails)
{
	uint32_t size;

	for (size = 0; size < FIRST_SIZE; size++) {
		EXPECT_EQ(-EINVAL, bind_size(self, size))
			TH_LOG("size %u", size);
	}
	EXPECT_TRUE(is_untouched(self));
}

TEST_F(bind, whole_structure_works)
{
	EXPECT_EQ(0, bind_size(self, sizeof(self->arg)));
}

TEST_F(bind, longer_structure_works)
{
	EXPECT_EQ(0, bind_size(self, ARG_SIZE));
}

TEST_F(bind, longer_structure_that_says_something_unknown_fails)
{
	self->bytes[ARG_SIZE - 1] = 1;
	EXPECT_EQ(-E2BIG, bind_size(self, ARG_SIZE));
	EXPECT_EQ(-E2BIG, bind_size(self, UINT32_MAX));
	self->bytes[ARG_SIZE - 1] = 0;
	EXPECT_TRUE(is_untouched(self));
}

TEST_F(bind, token_pointer_without_its_flag_is_ignored)
{
	self->arg.token_uuid_ptr = 1;
	EXPECT_EQ(0, bind_size(self, sizeof(self->arg)));
}

TEST_F(bind, every_unknown_flag_fails)
{
	uint32_t bit;

	for (bit = 1; bit < 32; bit++) {
		self->arg.flags = 1U << bit;
		EXPECT_EQ(-EINVAL, bind_size(self, sizeof(self->arg)))
			TH_LOG("flag bit %u", bit);
	}
	EXPECT_TRUE(is_untouched(self));
}

TEST_F(bind, token_flag_needs_the_token_field)
{
	self->arg.flags = VFIO_DEVICE_BIND_FLAG_TOKEN;
	EXPECT_EQ(-EINVAL, bind_size(self, FIRST_SIZE));
	EXPECT_TRUE(is_untouched(self));
}

TEST_F(bind, negative_context_fails)
{
	EXPECT_EQ(-EINVAL, bind_to(self, -1));
	EXPECT_EQ(-EINVAL, bind_to(self, INT_MIN));
	EXPECT_EQ(-EINVAL, bind_to(self, -100));
	EXPECT_TRUE(is_untouched(self));
}

TEST_F(bind, closed_context_fails)
{
	int closed = iv_iommufd_open();

	ASSERT_LE(0, closed);
	close(closed);
	EXPECT_EQ(-EBADF, bind_to(self, closed));
	EXPECT_EQ(-EBADF, bind_to(self, INT_MAX));
	EXPECT_TRUE(is_untouched(self));
}

TEST_F(bind, path_descriptor_fails)
{
	int path = open("/dev/iommu", O_PATH | O_CLOEXEC);

	ASSERT_LE(0, path);
	EXPECT_EQ(-EBADF, bind_to(self, path));
	EXPECT_TRUE(is_untouched(self));
	close(path);
}

TEST_F(bind, other_files_fail)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int event = eventfd(0, EFD_CLOEXEC);

	EXPECT_EQ(-EBADFD, bind_to(self, null));
	EXPECT_EQ(-EBADFD, bind_to(self, event));
	EXPECT_EQ(-EBADFD, bind_to(self, self->dev.fd));
	EXPECT_TRUE(is_untouched(self));
	close(null);
	close(event);
}

TEST_F(bind, wild_pointers_fail)
{
	const uintptr_t pointers[] = { 0, 1, (uintptr_t)self->guard.page + IOMMUFD_PAGE,
				       0xffff888000000000, UINTPTR_MAX };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pointers); i++) {
		EXPECT_EQ(-EFAULT, bind_arg(self, (void *)pointers[i]))
			TH_LOG("pointer %lx", pointers[i]);
	}
	EXPECT_TRUE(is_untouched(self));
}

TEST_F(bind, structure_at_end_of_memory_works)
{
	EXPECT_EQ(0, bind_arg(self, iommufd_guard_place(&self->guard, &self->arg, FIRST_SIZE)));
}

TEST_F(bind, structure_cut_by_end_of_memory_fails)
{
	EXPECT_EQ(-EFAULT, bind_arg(self, iommufd_guard_place_part(&self->guard, &self->arg,
								   FIRST_SIZE)));
	EXPECT_TRUE(is_untouched(self));
}

TEST_F(bind, unwritable_structure_fails)
{
	void *arg = iommufd_guard_place(&self->guard, &self->arg, FIRST_SIZE);

	ASSERT_EQ(0, iommufd_guard_make_readonly(&self->guard));
	EXPECT_EQ(-EFAULT, bind_arg(self, arg));
	EXPECT_TRUE(is_untouched(self));
}

TEST_F(bind, twice_fails)
{
	ASSERT_EQ(0, bind_arg(self, self->bytes));
	EXPECT_EQ(-EINVAL, bind_arg(self, self->bytes));
	EXPECT_EQ(-EINVAL, iommufd_bind_elsewhere(self->dev.fd));
	EXPECT_TRUE(iommufd_device_is_bound(self->dev.fd));
}

TEST_F(bind, by_a_second_descriptor_fails)
{
	int second = iv_device_open(self->dev.addr);

	ASSERT_LE(0, second);
	ASSERT_EQ(0, bind_arg(self, self->bytes));
	EXPECT_EQ(-EINVAL, iv_device_bind(second, self->iommufd, NULL));
	EXPECT_EQ(-EINVAL, iommufd_bind_elsewhere(second));
	EXPECT_TRUE(iommufd_device_is_bound(self->dev.fd));
	EXPECT_TRUE(iommufd_device_is_parked(second));
	close(second);
}

TEST_F(bind, by_a_second_descriptor_works_after_the_first_is_closed)
{
	int second = iv_device_open(self->dev.addr);

	ASSERT_LE(0, second);
	ASSERT_EQ(0, bind_arg(self, self->bytes));
	close(self->dev.fd);
	self->dev.fd = second;
	EXPECT_EQ(0, iommufd_bind_elsewhere(second));
}

TEST_F(bind, reopened_device_can_be_bound_to_the_same_context)
{
	int i;

	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, bind_arg(self, self->bytes))
			TH_LOG("round %d", i);
		close(self->dev.fd);
		EXPECT_TRUE(iommufd_is_empty(self->iommufd));
		self->dev.fd = iv_device_open(self->dev.addr);
		ASSERT_LE(0, self->dev.fd);
	}
}

TEST_F(bind, two_devices_have_different_numbers)
{
	struct test_device other;
	uint32_t devid;

	if (!test_role_addr(TEST_IGB))
		SKIP(return, "no %s device", test_role_name(TEST_IGB));
	ASSERT_EQ(0, test_device_setup(&other, TEST_IGB, TEST_PARKED));
	EXPECT_EQ(0, bind_arg(self, self->bytes));
	EXPECT_EQ(0, iv_device_bind(other.fd, self->iommufd, &devid));
	EXPECT_NE(devid, self->arg.out_devid);
	test_device_teardown(&other);
}

TEST_F(bind, context_may_be_closed_afterwards)
{
	ASSERT_EQ(0, bind_arg(self, self->bytes));
	close(self->iommufd);
	self->iommufd = -1;
	EXPECT_TRUE(iommufd_device_is_bound(self->dev.fd));
}

TEST_HARNESS_MAIN
