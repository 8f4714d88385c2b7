// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls that PCI devices have besides what all devices have: hot resets and ioeventfds.
 */
#include <linux/file.h>
#include <linux/slab.h>
#include <linux/string.h>
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
	struct vfio_hot_reset_info info = { .by_group = df->group_file };
	size_t size;
	int rc;

	if (copy_from_user(&hdr, arg, minsz))
		return -EFAULT;
	if (hdr.argsz < minsz)
		return -EINVAL;
	rc = driver_hot_reset_info(df, &info);
	if (rc) {
		kvfree(info.devices);
		return rc;
	}

	hdr.flags = info.by_group ? 0 : VFIO_PCI_HOT_RESET_FLAG_DEV_ID;
	if (!info.by_group && info.owned)
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

/* More groups than this one reset never needs: a bus has no more functions than fit. */
#define PROOF_MAX	256

static void proof_release(struct vfio_group_proof *proof)
{
	while (proof->count)
		fput(proof->files[--proof->count]);
	kfree(proof->files);
}

/* Looks up the groups that the user shows. */
static int proof_get(struct vfio_group_proof *proof, const s32 *fds, unsigned int count)
{
	struct file *file;

	proof->files = kcalloc(count, sizeof(*proof->files), GFP_KERNEL_ACCOUNT);
	if (!proof->files)
		return -ENOMEM;
	while (proof->count < count) {
		file = fget(fds[proof->count]);
		if (!file)
			return -EBADF;
		proof->files[proof->count++] = file;
		if (!vfio_group_from_file(file))
			return -EINVAL;
	}
	return 0;
}

static int driver_hot_reset(struct vfio_file *df, const struct vfio_group_proof *proof)
{
	struct vfio_device *vdev = df->core->vdev;
	int idx, rc;

	if (!vfio_file_enter(df, &idx))
		return -ENODEV;
	rc = vdev->ops->hot_reset ? vdev->ops->hot_reset(vdev, proof) : -ENOTTY;
	vfio_file_exit(df, idx);
	return rc;
}

static int hot_reset_with_groups(struct vfio_file *df, const s32 __user *arg, unsigned int count)
{
	struct vfio_group_proof proof = {};
	s32 *fds;
	int rc;

	fds = memdup_array_user(arg, count, sizeof(*fds));
	if (IS_ERR(fds))
		return PTR_ERR(fds);
	rc = proof_get(&proof, fds, count);
	if (!rc)
		rc = driver_hot_reset(df, &proof);
	proof_release(&proof);
	kfree(fds);
	return rc;
}

/* Who opened a device by its own file proves by his context what is his, others by their groups. */
long vfio_ioctl_hot_reset(struct vfio_file *df, struct vfio_pci_hot_reset __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_pci_hot_reset, count);
	struct vfio_pci_hot_reset hdr;

	if (copy_from_user(&hdr, arg, minsz))
		return -EFAULT;
	if (hdr.argsz < minsz || hdr.flags || !hdr.count != !df->group_file ||
	    hdr.count > PROOF_MAX || hdr.argsz - minsz < hdr.count * sizeof(s32))
		return -EINVAL;
	return hdr.count ? hot_reset_with_groups(df, arg->group_fds, hdr.count) :
			   driver_hot_reset(df, NULL);
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
