// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_DEVICE_ATTACH_IOMMUFD_PT and DETACH: one device, and the life of the automatic page table.
 */
#include <errno.h>
#include <linux/vfio.h>
#include "iommufd_bind.h"
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_device.h"
#include "kselftest_harness.h"

#define ATTACH_SIZE offsetof(struct vfio_device_attach_iommufd_pt, pasid)
#define DETACH_SIZE offsetof(struct vfio_device_detach_iommufd_pt, pasid)
#define ARG_SIZE 256

FIXTURE(attach)
{
	struct test_device dev;
	int fd;
	int iommufd;
	uint32_t ioas_id;
	struct iommufd_guard guard;
	union {
		struct vfio_device_attach_iommufd_pt attach;
		struct vfio_device_detach_iommufd_pt detach;
		char bytes[ARG_SIZE];
	};
};

FIXTURE_SETUP(attach)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_BOUND));
	self->fd = self->dev.fd;
	self->iommufd = self->dev.iommufd;
	self->ioas_id = self->dev.ioas_id;
	ASSERT_EQ(0, iommufd_guard_setup(&self->guard));
}

FIXTURE_TEARDOWN(attach)
{
	iommufd_guard_teardown(&self->guard);
	test_device_teardown(&self->dev);
}

static int attach_arg(const struct _test_data_attach *self, void *arg)
{
	return iommufd_ioctl(self->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, arg);
}

static int attach_size(struct _test_data_attach *self, uint32_t argsz, uint32_t flags)
{
	self->attach.argsz = argsz;
	self->attach.flags = flags;
	self->attach.pt_id = self->ioas_id;
	return attach_arg(self, self->bytes);
}

static int detach_size(struct _test_data_attach *self, uint32_t argsz, uint32_t flags)
{
	self->detach.argsz = argsz;
	self->detach.flags = flags;
	return iommufd_ioctl(self->fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, self->bytes);
}

/* Looks at an IOAS that can be spared: it is destroyed if the answer is no. */
static bool in_use(const struct _test_data_attach *self, uint32_t id)
{
	return iv_iommufd_destroy(self->iommufd, id) == -EBUSY;
}

TEST_F(attach, gives_the_number_of_a_page_table)
{
	uint32_t pt_id = self->ioas_id;

	EXPECT_EQ(0, iv_device_attach_get(self->fd, &pt_id));
	EXPECT_NE(self->ioas_id, pt_id);
	EXPECT_NE(self->dev.devid, pt_id);
	EXPECT_NE(0U, pt_id);
	EXPECT_FALSE(iommufd_ioas_exists(self->iommufd, pt_id));
}

TEST_F(attach, keeps_the_ioas_and_the_page_table)
{
	uint32_t pt_id = self->ioas_id;

	ASSERT_EQ(0, iv_device_attach_get(self->fd, &pt_id));
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->iommufd, self->ioas_id));
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->iommufd, pt_id));
}

TEST_F(attach, again_gives_the_same_page_table)
{
	uint32_t first = self->ioas_id, second = self->ioas_id;

	ASSERT_EQ(0, iv_device_attach_get(self->fd, &first));
	EXPECT_EQ(0, iv_device_attach_get(self->fd, &second));
	EXPECT_EQ(first, second);
	EXPECT_EQ(0, iv_device_attach_get(self->fd, &second));
	EXPECT_EQ(first, second);
	EXPECT_EQ(0, iv_device_detach(self->fd));
	EXPECT_FALSE(in_use(self, self->ioas_id));
}

TEST_F(attach, page_table_vanishes_with_detach)
{
	uint32_t pt_id = self->ioas_id;

	ASSERT_EQ(0, iv_device_attach_get(self->fd, &pt_id));
	ASSERT_EQ(0, iv_device_detach(self->fd));
	EXPECT_EQ(-ENOENT, iv_iommufd_destroy(self->iommufd, pt_id));
	EXPECT_EQ(-ENOENT, iv_device_attach(self->fd, pt_id));
	EXPECT_FALSE(in_use(self, self->ioas_id));
}

TEST_F(attach, page_table_vanishes_with_close)
{
	uint32_t pt_id = self->ioas_id;

	ASSERT_EQ(0, iv_device_attach_get(self->fd, &pt_id));
	close(self->fd);
	self->dev.fd = -1;
	EXPECT_EQ(-ENOENT, iv_iommufd_destroy(self->iommufd, pt_id));
	EXPECT_EQ(-ENOENT, iv_iommufd_destroy(self->iommufd, self->dev.devid));
	EXPECT_EQ(0, iv_iommufd_destroy(self->iommufd, self->ioas_id));
	EXPECT_TRUE(iommufd_is_empty(self->iommufd));
}

TEST_F(attach, unknown_numbers_fail)
{
	const uint32_t ids[] = { 0, 12345, INT32_MAX, UINT32_MAX };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		EXPECT_EQ(-ENOENT, iv_device_attach(self->fd, ids[i]))
			TH_LOG("number %u", ids[i]);
	}
}

TEST_F(attach, destroyed_number_fails)
{
	ASSERT_EQ(0, iv_iommufd_destroy(self->iommufd, self->ioas_id));
	EXPECT_EQ(-ENOENT, iv_device_attach(self->fd, self->ioas_id));
}

TEST_F(attach, number_of_another_context_fails)
{
	uint32_t ioas_id = 0;
	int i, other = iv_iommufd_open();

	ASSERT_LE(0, other);
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, iv_ioas_alloc(other, &ioas_id))
			TH_LOG("object %d", i);
	}
	EXPECT_EQ(-ENOENT, iv_device_attach(self->fd, ioas_id));
	close(other);
}

TEST_F(attach, devices_own_number_fails)
{
	EXPECT_EQ(-EINVAL, iv_device_attach(self->fd, self->dev.devid));
}

TEST_F(attach, failure_keeps_the_old_attachment)
{
	ASSERT_EQ(0, iv_device_attach(self->fd, self->ioas_id));
	EXPECT_EQ(-ENOENT, iv_device_attach(self->fd, 12345));
	EXPECT_EQ(-EINVAL, iv_device_attach(self->fd, self->dev.devid));
	EXPECT_TRUE(in_use(self, self->ioas_id));
}

TEST_F(attach, every_short_size_fails)
{
	uint32_t size;

	for (size = 0; size < ATTACH_SIZE; size++) {
		EXPECT_EQ(-EINVAL, attach_size(self, size, 0))
			TH_LOG("size %u", size);
	}
}

TEST_F(attach, every_unknown_flag_fails)
{
	uint32_t bit;

	for (bit = 1; bit < 32; bit++) {
		EXPECT_EQ(-EINVAL, attach_size(self, sizeof(self->attach), 1U << bit))
			TH_LOG("flag bit %u", bit);
	}
}

TEST_F(attach, pasid_flag_needs_the_pasid_field)
{
	EXPECT_EQ(-EINVAL, attach_size(self, ATTACH_SIZE, VFIO_DEVICE_ATTACH_PASID));
}

TEST_F(attach, longer_structure_works)
{
	memset(self->bytes, 0x55, sizeof(self->bytes));
	EXPECT_EQ(0, attach_size(self, ARG_SIZE, 0));
}

TEST_F(attach, structure_at_end_of_memory_works)
{
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = ATTACH_SIZE,
		.pt_id = self->ioas_id,
	};

	EXPECT_EQ(0, attach_arg(self, iommufd_guard_place(&self->guard, &attach, ATTACH_SIZE)));
}

TEST_F(attach, bad_memory_fails)
{
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = ATTACH_SIZE,
		.pt_id = self->ioas_id,
	};

	EXPECT_EQ(-EFAULT, attach_arg(self, NULL));
	EXPECT_EQ(-EFAULT, attach_arg(self, iommufd_guard_place_part(&self->guard, &attach,
								     ATTACH_SIZE)));
	EXPECT_FALSE(in_use(self, self->ioas_id));
}

TEST_F(attach, unwritable_structure_fails_and_leaves_it_detached)
{
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = ATTACH_SIZE,
		.pt_id = self->ioas_id,
	};
	void *arg = iommufd_guard_place(&self->guard, &attach, ATTACH_SIZE);

	ASSERT_EQ(0, iommufd_guard_make_readonly(&self->guard));
	EXPECT_EQ(-EFAULT, attach_arg(self, arg));
	EXPECT_FALSE(in_use(self, self->ioas_id));
}

TEST_F(attach, device_without_pasids_refuses_them)
{
	struct iommu_hw_info info;

	ASSERT_EQ(0, iv_hw_info(self->iommufd, self->dev.devid, &info, NULL, 0));
	if (info.out_max_pasid_log2)
		SKIP(return, "the device has PASIDs");
	EXPECT_EQ(-EOPNOTSUPP, iv_device_attach_pasid(self->fd, self->ioas_id, 1));
	EXPECT_EQ(-EOPNOTSUPP, iv_device_detach_pasid(self->fd, 1));
}

TEST_F(attach, detach_of_a_detached_device_works)
{
	EXPECT_EQ(0, iv_device_detach(self->fd));
	ASSERT_EQ(0, iv_device_attach(self->fd, self->ioas_id));
	EXPECT_EQ(0, iv_device_detach(self->fd));
	EXPECT_EQ(0, iv_device_detach(self->fd));
}

TEST_F(attach, detach_with_bad_arguments_fails_and_keeps_the_attachment)
{
	uint32_t i;

	ASSERT_EQ(0, iv_device_attach(self->fd, self->ioas_id));
	for (i = 0; i < DETACH_SIZE; i++) {
		EXPECT_EQ(-EINVAL, detach_size(self, i, 0))
			TH_LOG("size %u", i);
	}
	for (i = 1; i < 32; i++) {
		EXPECT_EQ(-EINVAL, detach_size(self, sizeof(self->detach), 1U << i))
			TH_LOG("flag bit %u", i);
	}
	EXPECT_EQ(-EINVAL, detach_size(self, DETACH_SIZE, VFIO_DEVICE_DETACH_PASID));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, NULL));
	EXPECT_TRUE(in_use(self, self->ioas_id));
}

TEST_F(attach, detach_with_longer_structure_works)
{
	ASSERT_EQ(0, iv_device_attach(self->fd, self->ioas_id));
	EXPECT_EQ(0, detach_size(self, ARG_SIZE, 0));
	EXPECT_FALSE(in_use(self, self->ioas_id));
}

TEST_F(attach, before_bind_fails)
{
	int parked = iv_device_open(self->dev.addr);

	ASSERT_LE(0, parked);
	EXPECT_EQ(-EINVAL, iv_device_attach(parked, self->ioas_id));
	EXPECT_EQ(-EINVAL, iv_device_detach(parked));
	close(parked);
}

TEST_F(attach, bound_device_cant_be_destroyed)
{
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->iommufd, self->dev.devid));
	ASSERT_EQ(0, iv_device_attach(self->fd, self->ioas_id));
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->iommufd, self->dev.devid));
	EXPECT_TRUE(iommufd_device_is_bound(self->fd));
}

TEST_F(attach, works_after_the_contexts_descriptor_is_closed)
{
	ASSERT_EQ(0, iv_device_attach(self->fd, self->ioas_id));
	close(self->iommufd);
	self->dev.iommufd = -1;
	EXPECT_TRUE(iommufd_device_is_bound(self->fd));
	EXPECT_EQ(0, iv_device_detach(self->fd));
	EXPECT_EQ(0, iv_device_attach(self->fd, self->ioas_id));
}

TEST_F(attach, cycles_leave_nothing)
{
	uint32_t first = self->ioas_id, pt_id;
	int i;

	ASSERT_EQ(0, iv_device_attach_get(self->fd, &first));
	ASSERT_EQ(0, iv_device_detach(self->fd));
	for (i = 0; i < 50; i++) {
		pt_id = self->ioas_id;
		ASSERT_EQ(0, iv_device_attach_get(self->fd, &pt_id))
			TH_LOG("round %d", i);
		ASSERT_EQ(0, iv_device_detach(self->fd));
		EXPECT_EQ(-ENOENT, iv_iommufd_destroy(self->iommufd, pt_id));
	}
	EXPECT_FALSE(in_use(self, self->ioas_id));
}

TEST_HARNESS_MAIN
