// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ioctl numbers that /dev/iommu doesn't have, and file operations that it doesn't have.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <linux/iommufd.h>
#include <linux/vfio.h>
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "mock_device.h"
#include "kselftest_harness.h"

/* Mainline's numbers end, and ours begin, somewhere between these. */
#define FIRST_UNUSED 0x96
#define LAST_UNUSED 0xbf

FIXTURE(ioctl_numbers)
{
	int iommufd;
	char *arg;
};

/* The mock brings a number of its own, so it must not be there. */
FIXTURE_SETUP(ioctl_numbers)
{
	uint32_t size = IOMMUFD_PAGE;
	int rc = mock_module_unload();

	ASSERT_TRUE(!rc || rc == -ENOENT)
		TH_LOG("the mock can't be unloaded: %d", rc);
	self->iommufd = iv_iommufd_open();
	ASSERT_LE(0, self->iommufd);
	self->arg = calloc(1, IOMMUFD_PAGE);
	ASSERT_NE(NULL, self->arg);
	memcpy(self->arg, &size, sizeof(size));
}

FIXTURE_TEARDOWN(ioctl_numbers)
{
	free(self->arg);
	close(self->iommufd);
}

TEST_F(ioctl_numbers, used_numbers_want_a_structure)
{
	const unsigned long requests[] = {
		IOMMU_DESTROY, IOMMU_IOAS_ALLOC, IOMMU_IOAS_ALLOW_IOVAS, IOMMU_IOAS_COPY,
		IOMMU_IOAS_IOVA_RANGES, IOMMU_IOAS_MAP, IOMMU_IOAS_UNMAP, IOMMU_OPTION,
		IOMMU_VFIO_IOAS, IOMMU_HWPT_ALLOC, IOMMU_GET_HW_INFO,
		IOMMU_HWPT_SET_DIRTY_TRACKING, IOMMU_HWPT_GET_DIRTY_BITMAP,
		IOMMU_HWPT_INVALIDATE, IOMMU_IOAS_MAP_FILE, IOMMU_IOAS_CHANGE_PROCESS,
	};
	size_t i;

	memset(self->arg, 0, IOMMUFD_PAGE);
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		EXPECT_EQ(-EINVAL, iommufd_ioctl(self->iommufd, requests[i], self->arg))
			TH_LOG("number %#lx", _IOC_NR(requests[i]));
	}
}

TEST_F(ioctl_numbers, unused_numbers_fail)
{
	unsigned int nr;

	for (nr = FIRST_UNUSED; nr <= LAST_UNUSED; nr++) {
		EXPECT_EQ(-ENOTTY, iommufd_ioctl(self->iommufd, _IO(IOMMUFD_TYPE, nr), self->arg))
			TH_LOG("number %#x", nr);
	}
	EXPECT_EQ(-ENOTTY, iommufd_ioctl(self->iommufd, _IO(IOMMUFD_TYPE, 0xff), self->arg));
}

TEST_F(ioctl_numbers, numbers_below_vfio_fail)
{
	unsigned int nr;

	for (nr = 0; nr < VFIO_BASE; nr++) {
		EXPECT_EQ(-ENOTTY, iommufd_ioctl(self->iommufd, _IO(IOMMUFD_TYPE, nr), self->arg))
			TH_LOG("number %#x", nr);
	}
}

TEST_F(ioctl_numbers, vfio_device_ioctls_fail)
{
	const unsigned long requests[] = {
		VFIO_GROUP_GET_STATUS, VFIO_GROUP_SET_CONTAINER, VFIO_GROUP_UNSET_CONTAINER,
		VFIO_GROUP_GET_DEVICE_FD, VFIO_DEVICE_GET_INFO, VFIO_DEVICE_GET_REGION_INFO,
		VFIO_DEVICE_GET_IRQ_INFO, VFIO_DEVICE_SET_IRQS, VFIO_DEVICE_RESET,
		VFIO_DEVICE_BIND_IOMMUFD, VFIO_DEVICE_ATTACH_IOMMUFD_PT,
		VFIO_DEVICE_DETACH_IOMMUFD_PT,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		EXPECT_EQ(-ENOTTY, iommufd_ioctl(self->iommufd, requests[i], self->arg))
			TH_LOG("number VFIO_BASE + %lu", _IOC_NR(requests[i]) - VFIO_BASE);
	}
}

TEST_F(ioctl_numbers, other_types_fail)
{
	unsigned int type;

	for (type = 0; type < 256; type++) {
		unsigned long request = _IO(type, IOMMUFD_CMD_IOAS_ALLOC);

		if (type == IOMMUFD_TYPE)
			continue;
		EXPECT_EQ(-ENOTTY, iommufd_ioctl(self->iommufd, request, self->arg))
			TH_LOG("type %#x", type);
	}
}

TEST_F(ioctl_numbers, generic_file_ioctl_fails)
{
	EXPECT_EQ(-ENOTTY, iommufd_ioctl(self->iommufd, FIONREAD, self->arg));
}

TEST_F(ioctl_numbers, unknown_numbers_create_nothing)
{
	unsigned int nr;

	for (nr = FIRST_UNUSED; nr <= LAST_UNUSED; nr++)
		iommufd_ioctl(self->iommufd, _IO(IOMMUFD_TYPE, nr), self->arg);
	EXPECT_TRUE(iommufd_is_empty(self->iommufd));
}

TEST_F(ioctl_numbers, read_and_write_fail)
{
	char byte = 0;

	EXPECT_EQ(-1, read(self->iommufd, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->iommufd, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(ioctl_numbers, mmap_fails)
{
	EXPECT_EQ(MAP_FAILED,
		  mmap(NULL, IOMMUFD_PAGE, PROT_READ, MAP_SHARED, self->iommufd, 0));
}

TEST(node_is_a_character_device_not_open_to_all)
{
	struct stat stat_buf;

	ASSERT_EQ(0, stat("/dev/iommu", &stat_buf));
	EXPECT_TRUE(S_ISCHR(stat_buf.st_mode));
	EXPECT_EQ(0U, stat_buf.st_mode & 0007);
}

TEST_HARNESS_MAIN
