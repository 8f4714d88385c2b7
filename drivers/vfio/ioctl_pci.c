// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls that PCI devices have besides what all devices have: hot resets and ioeventfds.
 */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vfio_private.h"

static int driver_hot_reset_info(struct vfio_file *df, struct vfio_hot_reset_info *info)
{
	struct vfio_device *vdev = df->core->vdev;
	int idx, rc;

	if (!vfio_file_enter(df, &idx))
		return -ENODEV;
	rc = vdev->ops->hot_reset_info ? vdev->ops->hot_reset_info(vdev, info) : -ENOTTY;
	vfio_file_exit(df, idx);
	return rc;
}

long vfio_ioctl_hot_reset_info(struct vfio_file *df, struct vfio_pci_hot_reset_info __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_pci_hot_reset_info, count);
	struct vfio_pci_hot_reset_info hdr;
	struct vfio_hot_reset_info info = {};
	size_t size;
	int rc;

	if (copy_from_user(&hdr, arg, minsz))
		return -EFAULT;
	if (hdr.argsz < minsz)
		return -EINVAL;
	rc = driver_hot_reset_info(df, &info);
	if (rc)
		return rc;

	hdr.flags = VFIO_PCI_HOT_RESET_FLAG_DEV_ID;
	if (info.owned)
		hdr.flags |= VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED;
	hdr.count = info.count;
	size = info.count * sizeof(info.devices[0]);
	/* Without room for all, only their number is told. */
	if (hdr.argsz - minsz < size)
		rc = -ENOSPC;
	else if (copy_to_user(arg->devices, info.devices, size))
		rc = -EFAULT;
	if (copy_to_user(arg, &hdr, minsz))
		rc = -EFAULT;
	kvfree(info.devices);
	return rc;
}

long vfio_ioctl_hot_reset(struct vfio_file *df, struct vfio_pci_hot_reset __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_pci_hot_reset, count);
	struct vfio_device *vdev = df->core->vdev;
	struct vfio_pci_hot_reset hdr;
	int idx, rc;

	if (copy_from_user(&hdr, arg, minsz))
		return -EFAULT;
	/* A file that was opened by itself proves what it owns by its context, not by groups. */
	if (hdr.argsz < minsz || hdr.flags || hdr.count)
		return -EINVAL;
	if (!vfio_file_enter(df, &idx))
		return -ENODEV;
	rc = vdev->ops->hot_reset ? vdev->ops->hot_reset(vdev) : -ENOTTY;
	vfio_file_exit(df, idx);
	return rc;
}

long vfio_ioctl_ioeventfd(struct vfio_file *df, struct vfio_device_ioeventfd __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_device_ioeventfd, fd);
	struct vfio_device *vdev = df->core->vdev;
	struct vfio_device_ioeventfd cmd;
	int idx, rc;

	if (copy_from_user(&cmd, arg, minsz))
		return -EFAULT;
	if (cmd.argsz < minsz || cmd.flags & ~VFIO_DEVICE_IOEVENTFD_SIZE_MASK ||
	    hweight32(cmd.flags) != 1 || cmd.fd < -1)
		return -EINVAL;
	if (!vfio_file_enter(df, &idx))
		return -ENODEV;
	/* Bit n of the flags stands for 1 << n bytes, which is the bit itself. */
	rc = vdev->ops->ioeventfd ?
	     vdev->ops->ioeventfd(vdev, cmd.flags, cmd.offset, cmd.data, cmd.fd) : -ENOTTY;
	vfio_file_exit(df, idx);
	return rc;
}
