// SPDX-License-Identifier: GPL-2.0-only
/*
 * PASIDs of vfio devices that have a requester ID each: the ioctls, and where DMA goes.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "iommufd_child.h"
#include "iommufd_ioctl.h"
#include "iommufd_pasid.h"
#include "iommufd_state.h"
#include "iv.h"
#include "mock_vfio.h"
#include "test_memory.h"
#include "kselftest_harness.h"

#define IOVA MOCK_APERTURE_START
#define PAGE 4096UL
#define PASID 100

/* @memory has a page for each address space: that of the device, and that of @a. */
FIXTURE(pasid_device)
{
	int iommufd;
	int fd;
	uint32_t devid;
	uint32_t ioas_id[2];
	uint32_t rid;
	uint32_t a;
	char *memory;
	int64_t pinned;
};

static int attach_all(struct _test_data_pasid_device *self)
{
	return iv_device_bind(self->fd, self->iommufd, &self->devid) ?:
	       iv_hwpt_alloc(self->iommufd, self->devid, self->ioas_id[0], IOMMU_HWPT_ALLOC_PASID,
			     &self->rid) ?:
	       iv_hwpt_alloc(self->iommufd, self->devid, self->ioas_id[1], IOMMU_HWPT_ALLOC_PASID,
			     &self->a) ?:
	       iv_device_attach(self->fd, self->rid);
}

FIXTURE_SETUP(pasid_device)
{
	unsigned int i;

	ASSERT_EQ(0, mock_vfio_load());
	self->memory = test_memory_alloc(2 * PAGE, PAGE);
	ASSERT_NE(NULL, self->memory);
	self->pinned = test_pinned_pages();
	self->iommufd = iv_iommufd_open();
	ASSERT_LE(0, self->iommufd);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &self->ioas_id[i]));
		ASSERT_EQ(0, iv_ioas_map(self->iommufd, self->ioas_id[i], self->memory + i * PAGE,
					 PAGE, IOVA, IV_DMA_RW));
	}
	self->fd = mock_vfio_open(MOCK_VFIO_DEVICE, 0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, attach_all(self));
}

FIXTURE_TEARDOWN(pasid_device)
{
	if (self->fd >= 0)
		EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, close(self->iommufd));
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
	test_memory_free(self->memory, 2 * PAGE);
	EXPECT_EQ(0, mock_vfio_unload());
}

static int write_one(int fd, uint32_t pasid)
{
	return mock_vfio_write(fd, pasid, IOVA, "x", 1);
}

/* Whether DMA with a PASID changes the memory of one address space, and not of the other. */
static bool reaches_only(const struct _test_data_pasid_device *self, uint32_t pasid,
			 unsigned int nr)
{
	memset(self->memory, 0, 2 * PAGE);
	return !write_one(self->fd, pasid) && self->memory[nr * PAGE] == 'x' &&
	       test_memory_is(self->memory + !nr * PAGE, PAGE, 0);
}

TEST_F(pasid_device, dma_with_a_pasid_reaches_its_own_memory_only)
{
	EXPECT_TRUE(reaches_only(self, 0, 0));
	EXPECT_EQ(-EPERM, write_one(self->fd, PASID));
	ASSERT_EQ(0, iv_device_attach_pasid(self->fd, self->a, PASID));
	EXPECT_TRUE(reaches_only(self, 0, 0));
	EXPECT_TRUE(reaches_only(self, PASID, 1));
	EXPECT_EQ(-EPERM, write_one(self->fd, PASID + 1));
	ASSERT_EQ(0, iv_device_detach_pasid(self->fd, PASID));
	EXPECT_EQ(-EPERM, write_one(self->fd, PASID));
	EXPECT_TRUE(reaches_only(self, 0, 0));
}

TEST_F(pasid_device, second_attach_replaces)
{
	ASSERT_EQ(0, iv_device_attach_pasid(self->fd, self->a, PASID));
	ASSERT_EQ(0, iv_device_attach_pasid(self->fd, self->rid, PASID));
	EXPECT_TRUE(reaches_only(self, PASID, 0));
	EXPECT_EQ(0, iv_iommufd_destroy(self->iommufd, self->a));
	ASSERT_EQ(0, iv_device_detach_pasid(self->fd, PASID));
	EXPECT_TRUE(reaches_only(self, 0, 0));
}

TEST_F(pasid_device, pasids_stay_when_the_device_is_detached)
{
	ASSERT_EQ(0, iv_device_attach_pasid(self->fd, self->a, PASID));
	ASSERT_EQ(0, iv_device_detach(self->fd));
	EXPECT_EQ(-EPERM, write_one(self->fd, 0));
	EXPECT_TRUE(reaches_only(self, PASID, 1));
	EXPECT_EQ(-EINVAL, iv_device_attach(self->fd, self->ioas_id[0]));
	ASSERT_EQ(0, iv_device_attach(self->fd, self->rid));
	EXPECT_TRUE(reaches_only(self, 0, 0));
}

TEST_F(pasid_device, bad_pasids_fail)
{
	EXPECT_EQ(-EINVAL, iv_device_attach_pasid(self->fd, self->a, 0));
	EXPECT_EQ(-EINVAL, iv_device_attach_pasid(self->fd, self->a, 1 << MOCK_PASID_WIDTH));
	EXPECT_EQ(-EINVAL, iv_device_attach_pasid(self->fd, self->a, UINT32_MAX));
	EXPECT_EQ(-EINVAL, iv_device_attach_pasid(self->fd, self->ioas_id[1], PASID));
	EXPECT_EQ(-ENOENT, iv_device_attach_pasid(self->fd, 9999, PASID));
	EXPECT_EQ(0, iv_device_detach_pasid(self->fd, 0));
	EXPECT_EQ(0, iv_device_detach_pasid(self->fd, UINT32_MAX));
}

TEST_F(pasid_device, bad_structures_fail)
{
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = sizeof(attach), .flags = VFIO_DEVICE_ATTACH_PASID | 2,
		.pt_id = self->a, .pasid = PASID,
	};
	struct vfio_device_detach_iommufd_pt detach = {
		.argsz = sizeof(detach), .flags = VFIO_DEVICE_DETACH_PASID | 2, .pasid = PASID,
	};
	struct iommufd_guard guard;
	void *arg;

	EXPECT_EQ(-EINVAL, iommufd_ioctl(self->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach));
	EXPECT_EQ(-EINVAL, iommufd_ioctl(self->fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach));
	attach.flags = VFIO_DEVICE_ATTACH_PASID;
	attach.argsz--;
	EXPECT_EQ(-EINVAL, iommufd_ioctl(self->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach));
	attach.argsz++;
	ASSERT_EQ(0, iommufd_guard_setup(&guard));
	/* All but the PASID is there. */
	arg = iommufd_guard_place_part(&guard, &attach, offsetof(typeof(attach), pasid));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, arg));
	arg = iommufd_guard_place(&guard, &attach, sizeof(attach));
	ASSERT_EQ(0, iommufd_guard_make_readonly(&guard));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, arg));
	iommufd_guard_teardown(&guard);
	EXPECT_EQ(-EPERM, write_one(self->fd, PASID));
}

TEST_F(pasid_device, attach_tells_the_page_table)
{
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = sizeof(attach), .flags = VFIO_DEVICE_ATTACH_PASID,
		.pt_id = self->a, .pasid = PASID,
	};

	ASSERT_EQ(0, iommufd_ioctl(self->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach));
	EXPECT_EQ(self->a, attach.pt_id);
}

TEST_F(pasid_device, close_detaches_all)
{
	struct iv_pasid pasid;
	uint32_t i;

	ASSERT_EQ(0, iv_pasid_alloc(self->iommufd, self->devid, IOMMU_PASID_SCOPE_EXCLUSIVE,
				    &pasid));
	ASSERT_EQ(0, iv_device_attach_pasid(self->fd, self->a, pasid.pasid));
	for (i = 0; i < 20; i++)
		ASSERT_EQ(0, iv_device_attach_pasid(self->fd, self->a, PASID + i));
	close(self->fd);
	self->fd = mock_vfio_open(MOCK_VFIO_DEVICE, 0);
	ASSERT_LE(0, self->fd);
	EXPECT_EQ(-ENOENT, iv_iommufd_destroy(self->iommufd, pasid.id));
	EXPECT_EQ(0, iv_iommufd_destroy(self->iommufd, self->a));
	ASSERT_EQ(0, attach_all(self));
	EXPECT_EQ(-EPERM, write_one(self->fd, PASID));
}

TEST_F(pasid_device, device_taken_away_leaves_nothing_attached)
{
	ASSERT_EQ(0, iv_device_attach_pasid(self->fd, self->a, PASID));
	/* Unbinds the driver, with the file open. The mock stays, since its page tables do. */
	EXPECT_EQ(0, mock_vfio_take_away());
	EXPECT_EQ(-ENODEV, iv_device_attach_pasid(self->fd, self->a, PASID));
	EXPECT_EQ(-ENODEV, iv_device_detach_pasid(self->fd, PASID));
	EXPECT_EQ(0, iv_iommufd_destroy(self->iommufd, self->a));
	EXPECT_EQ(0, iv_iommufd_destroy(self->iommufd, self->rid));
}

static int attach_and_wait(struct iommufd_child *parent, void *arg)
{
	struct _test_data_pasid_device *self = arg;
	int number, rc;

	close(self->fd);
	close(self->iommufd);
	self->iommufd = iv_iommufd_open();
	self->fd = mock_vfio_open(MOCK_VFIO_DEVICE, 1);
	rc = iv_ioas_alloc(self->iommufd, &self->ioas_id[0]) ?:
	     iv_ioas_alloc(self->iommufd, &self->ioas_id[1]) ?:
	     iv_ioas_map(self->iommufd, self->ioas_id[1], self->memory, PAGE, IOVA, IV_DMA_RW) ?:
	     attach_all(self) ?: iv_device_attach_pasid(self->fd, self->a, PASID) ?:
	     write_one(self->fd, PASID);
	iommufd_child_tell(parent, rc);
	return iommufd_child_hear(parent, &number);
}

TEST_F(pasid_device, killed_process_leaves_nothing_attached)
{
	struct iommufd_child child;
	int rc, fd;

	ASSERT_EQ(0, iommufd_child_start(&child, attach_and_wait, self));
	ASSERT_EQ(0, iommufd_child_hear(&child, &rc));
	EXPECT_EQ(0, rc);
	ASSERT_EQ(0, iommufd_child_kill(&child));
	fd = mock_vfio_open(MOCK_VFIO_DEVICE, 1);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, iv_device_bind(fd, self->iommufd, NULL));
	EXPECT_EQ(-EPERM, write_one(fd, PASID));
	EXPECT_EQ(0, iv_device_attach_pasid(fd, self->a, PASID));
	EXPECT_EQ(0, write_one(fd, PASID));
	close(fd);
}

TEST_F(pasid_device, parked_file_attaches_no_pasid)
{
	int fd = mock_vfio_open(MOCK_VFIO_DEVICE, 1);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EINVAL, iv_device_attach_pasid(fd, self->a, PASID));
	EXPECT_EQ(-EINVAL, iv_device_detach_pasid(fd, PASID));
	close(fd);
}

TEST_HARNESS_MAIN
