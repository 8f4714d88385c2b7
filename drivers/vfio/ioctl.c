// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of a bound device: user structures in and out, the driver's callbacks in between.
 */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vfio_private.h"

/*
 * Copies an info structure out, of which the user's first @argsz bytes exist, with its capability
 * chain behind it if that fits. @flags, @cap_offset and @user_argsz point into @info.
 */
static int copy_info(void __user *arg, void *info, size_t size, struct vfio_info_caps *caps,
		     u32 *user_argsz, u32 *flags, u32 *cap_offset, u32 caps_flag)
{
	const size_t argsz = *user_argsz;
	struct vfio_info_cap_header *cap;

	*cap_offset = 0;
	if (caps->size) {
		*flags |= caps_flag;
		if (argsz < size + caps->size) {
			*user_argsz = size + caps->size;
		} else {
			/* Offsets count from the start of the user's structure. */
			for (cap = caps->buf; cap->next; cap = (void *)caps->buf + cap->next - size)
				cap->next += size;
			if (copy_to_user(arg + size, caps->buf, caps->size))
				return -EFAULT;
			*cap_offset = size;
		}
	}
	return copy_to_user(arg, info, min(argsz, size)) ? -EFAULT : 0;
}

static long ioctl_get_info(struct vfio_file *df, struct vfio_device_info __user *arg)
{
	struct vfio_device *vdev = df->core->vdev;
	struct vfio_device_info info = {};
	struct vfio_info_caps caps = {};
	int idx, rc;

	if (get_user(info.argsz, &arg->argsz))
		return -EFAULT;
	if (info.argsz < offsetofend(struct vfio_device_info, num_irqs))
		return -EINVAL;
	if (!vfio_file_enter(df, &idx))
		return -ENODEV;
	rc = vdev->ops->get_info ? vdev->ops->get_info(vdev, &info, &caps) : -ENOTTY;
	vfio_file_exit(df, idx);
	if (!rc)
		rc = copy_info(arg, &info, sizeof(info), &caps, &info.argsz, &info.flags,
			       &info.cap_offset, VFIO_DEVICE_FLAGS_CAPS);
	kfree(caps.buf);
	return rc;
}

static long ioctl_get_region_info(struct vfio_file *df, struct vfio_region_info __user *arg)
{
	struct vfio_device *vdev = df->core->vdev;
	struct vfio_region_info info = {};
	struct vfio_info_caps caps = {};
	int idx, rc;

	if (get_user(info.argsz, &arg->argsz) || get_user(info.index, &arg->index))
		return -EFAULT;
	if (info.argsz < offsetofend(struct vfio_region_info, offset))
		return -EINVAL;
	if (!vfio_file_enter(df, &idx))
		return -ENODEV;
	rc = vdev->ops->get_region_info ? vdev->ops->get_region_info(vdev, &info, &caps) : -ENOTTY;
	vfio_file_exit(df, idx);
	if (!rc)
		rc = copy_info(arg, &info, sizeof(info), &caps, &info.argsz, &info.flags,
			       &info.cap_offset, VFIO_REGION_INFO_FLAG_CAPS);
	kfree(caps.buf);
	return rc;
}

static int driver_get_irq_info(struct vfio_file *df, struct vfio_irq_info *info)
{
	struct vfio_device *vdev = df->core->vdev;
	int idx, rc;

	if (!vfio_file_enter(df, &idx))
		return -ENODEV;
	rc = vdev->ops->get_irq_info ? vdev->ops->get_irq_info(vdev, info) : -ENOTTY;
	vfio_file_exit(df, idx);
	return rc;
}

static long ioctl_get_irq_info(struct vfio_file *df, struct vfio_irq_info __user *arg)
{
	struct vfio_irq_info info = {};
	int rc;

	if (get_user(info.argsz, &arg->argsz) || get_user(info.index, &arg->index))
		return -EFAULT;
	if (info.argsz < sizeof(info))
		return -EINVAL;
	rc = driver_get_irq_info(df, &info);
	if (rc)
		return rc;
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

/* The size in bytes of an element of the data behind @hdr, or -EINVAL. */
static int irq_data_size(const struct vfio_irq_set *hdr)
{
	switch (hdr->flags & VFIO_IRQ_SET_DATA_TYPE_MASK) {
	case VFIO_IRQ_SET_DATA_NONE:
		return 0;
	case VFIO_IRQ_SET_DATA_BOOL:
		return sizeof(u8);
	case VFIO_IRQ_SET_DATA_EVENTFD:
		return sizeof(s32);
	default:
		return -EINVAL;
	}
}

/* Checks @hdr against what the device has. Returns the size of the data in bytes, or an errno. */
static ssize_t check_set_irqs(struct vfio_file *df, const struct vfio_irq_set *hdr)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = hdr->index };
	ssize_t size = irq_data_size(hdr);
	u32 end;
	int rc;

	if (size < 0 || hdr->argsz < sizeof(*hdr) ||
	    hdr->flags & ~(VFIO_IRQ_SET_DATA_TYPE_MASK | VFIO_IRQ_SET_ACTION_TYPE_MASK))
		return -EINVAL;
	rc = driver_get_irq_info(df, &info);
	if (rc)
		return rc;
	if (check_add_overflow(hdr->start, hdr->count, &end) || hdr->start >= info.count ||
	    end > info.count)
		return -EINVAL;
	/* So drivers find data behind a header that promises some. */
	if (size && !hdr->count)
		return -EINVAL;
	size *= hdr->count;
	if (hdr->argsz - sizeof(*hdr) < size)
		return -EINVAL;
	/* Exactly one action; mainline's errno for anything else */
	if (hweight32(hdr->flags & VFIO_IRQ_SET_ACTION_TYPE_MASK) != 1)
		return -ENOTTY;
	return size;
}

static long ioctl_set_irqs(struct vfio_file *df, struct vfio_irq_set __user *arg)
{
	struct vfio_device *vdev = df->core->vdev;
	struct vfio_irq_set hdr;
	void *data = NULL;
	ssize_t size;
	int idx, rc;

	if (copy_from_user(&hdr, arg, sizeof(hdr)))
		return -EFAULT;
	size = check_set_irqs(df, &hdr);
	if (size < 0)
		return size;
	if (size) {
		data = memdup_user(arg->data, size);
		if (IS_ERR(data))
			return PTR_ERR(data);
	}
	rc = -ENODEV;
	if (vfio_file_enter(df, &idx)) {
		rc = vdev->ops->set_irqs ? vdev->ops->set_irqs(vdev, &hdr, data) : -ENOTTY;
		vfio_file_exit(df, idx);
	}
	kfree(data);
	return rc;
}

static long ioctl_reset(struct vfio_file *df)
{
	struct vfio_device *vdev = df->core->vdev;
	int idx, rc;

	if (!vfio_file_enter(df, &idx))
		return -ENODEV;
	if (!vdev->ops->reset)
		rc = -ENOTTY;
	else
		rc = vdev->migration ? vfio_migration_reset(df->core) : vdev->ops->reset(vdev);
	vfio_file_exit(df, idx);
	return rc;
}

long vfio_file_ioctl(struct vfio_file *df, unsigned int cmd, void __user *arg)
{
	if (READ_ONCE(df->gone))
		return -ENODEV;
	switch (cmd) {
	case VFIO_DEVICE_BIND_IOMMUFD:
		return -EINVAL;
	case VFIO_DEVICE_ATTACH_IOMMUFD_PT:
		return df->group_file ? -ENOTTY : vfio_file_attach(df, arg);
	case VFIO_DEVICE_DETACH_IOMMUFD_PT:
		return df->group_file ? -ENOTTY : vfio_file_detach(df, arg);
	case VFIO_DEVICE_GET_INFO:
		return ioctl_get_info(df, arg);
	case VFIO_DEVICE_GET_REGION_INFO:
		return ioctl_get_region_info(df, arg);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return ioctl_get_irq_info(df, arg);
	case VFIO_DEVICE_SET_IRQS:
		return ioctl_set_irqs(df, arg);
	case VFIO_DEVICE_RESET:
		return ioctl_reset(df);
	case VFIO_DEVICE_GET_PCI_HOT_RESET_INFO:
		return vfio_ioctl_hot_reset_info(df, arg);
	case VFIO_DEVICE_PCI_HOT_RESET:
		return vfio_ioctl_hot_reset(df, arg);
	case VFIO_DEVICE_IOEVENTFD:
		return vfio_ioctl_ioeventfd(df, arg);
	case VFIO_DEVICE_FEATURE:
		return vfio_ioctl_feature(df, arg);
	default:
		return -ENOTTY;
	}
}
