// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM's VFIO device (KVM_DEV_TYPE_VFIO) knows our device files. Newer headers call its numbers
 * KVM_DEV_VFIO_FILE*; those of Debian 12's libc have only the older names, KVM_DEV_VFIO_GROUP*.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "iv.h"
#include "mblk_device.h"
#include "test_device.h"
#include "test_process.h"
#include "kselftest_harness.h"

FIXTURE(kvm_device)
{
	struct test_device dev;
	int kvm;
	int vm;
	int device;
};

static int create_vfio_device(int vm)
{
	struct kvm_create_device create = { .type = KVM_DEV_TYPE_VFIO };

	return ioctl(vm, KVM_CREATE_DEVICE, &create) ? -errno : (int)create.fd;
}

static int device_set_file(int device, uint64_t attr, int32_t fd)
{
	struct kvm_device_attr request = {
		.group = KVM_DEV_VFIO_GROUP,
		.attr = attr,
		.addr = (uintptr_t)&fd,
	};

	return ioctl(device, KVM_SET_DEVICE_ATTR, &request) ? -errno : 0;
}

FIXTURE_SETUP(kvm_device)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	if (test_module_load("kvm_amd") && test_module_load("kvm_intel"))
		SKIP(return, "no KVM on this machine");
	self->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (self->kvm < 0)
		SKIP(return, "no KVM on this machine");
	self->vm = ioctl(self->kvm, KVM_CREATE_VM, 0);
	ASSERT_LE(0, self->vm);
	self->device = create_vfio_device(self->vm);
	ASSERT_LE(0, self->device);
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_PARKED));
}

FIXTURE_TEARDOWN(kvm_device)
{
	close(self->device);
	close(self->vm);
	close(self->kvm);
	test_device_teardown(&self->dev);
}

TEST_F(kvm_device, takes_a_parked_file_and_gives_it_back)
{
	EXPECT_EQ(0, device_set_file(self->device, KVM_DEV_VFIO_GROUP_ADD, self->dev.fd));
	EXPECT_EQ(-EEXIST, device_set_file(self->device, KVM_DEV_VFIO_GROUP_ADD, self->dev.fd));
	EXPECT_EQ(0, device_set_file(self->device, KVM_DEV_VFIO_GROUP_DEL, self->dev.fd));
	EXPECT_EQ(-ENOENT, device_set_file(self->device, KVM_DEV_VFIO_GROUP_DEL, self->dev.fd));
}

TEST_F(kvm_device, takes_a_bound_file)
{
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_ATTACHED));
	EXPECT_EQ(0, device_set_file(self->device, KVM_DEV_VFIO_GROUP_ADD, self->dev.fd));
}

TEST_F(kvm_device, device_added_while_parked_can_be_bound)
{
	ASSERT_EQ(0, device_set_file(self->device, KVM_DEV_VFIO_GROUP_ADD, self->dev.fd));
	EXPECT_EQ(0, test_device_advance(&self->dev, TEST_ATTACHED));
}

TEST_F(kvm_device, refuses_other_files)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EINVAL, device_set_file(self->device, KVM_DEV_VFIO_GROUP_ADD, fd));
	EXPECT_EQ(-EINVAL, device_set_file(self->device, KVM_DEV_VFIO_GROUP_ADD, self->kvm));
	close(fd);
}

TEST_F(kvm_device, does_not_hold_up_an_unbind)
{
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_ATTACHED));
	ASSERT_EQ(0, device_set_file(self->device, KVM_DEV_VFIO_GROUP_ADD, self->dev.fd));
	ASSERT_EQ(0, iv_pci_unbind_driver(test_role_addr(TEST_EDU)));
	EXPECT_EQ(0, test_fd_is_revoked(self->dev.fd));
	EXPECT_EQ(0, device_set_file(self->device, KVM_DEV_VFIO_GROUP_DEL, self->dev.fd));
}

/* Of a device that does no DMA, as of others. */
TEST_F(kvm_device, takes_the_group_of_a_mediated_device)
{
	struct mblk_device mblk;
	int group, container;

	ASSERT_EQ(0, mblk_setup(&mblk, TEST_MBLK_SMALL, 1));
	mblk_close(&mblk);
	group = test_mdev_group_open(mblk.uuid);
	container = iv_container_open();
	ASSERT_LE(0, group);
	EXPECT_EQ(0, device_set_file(self->device, KVM_DEV_VFIO_GROUP_ADD, group));
	ASSERT_EQ(0, iv_group_set_container(group, container));
	ASSERT_EQ(0, iv_container_set_type(container, VFIO_TYPE1v2_IOMMU));
	mblk.fd = iv_group_device(group, mblk.uuid);
	EXPECT_LE(0, mblk.fd);
	EXPECT_EQ(0, test_mdev_remove(mblk.uuid));
	EXPECT_EQ(0, test_fd_is_revoked(mblk.fd));
	EXPECT_EQ(0, device_set_file(self->device, KVM_DEV_VFIO_GROUP_DEL, group));
	mblk_teardown(&mblk);
	close(group);
	close(container);
}

TEST_HARNESS_MAIN
