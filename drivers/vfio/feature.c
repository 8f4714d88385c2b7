// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_DEVICE_FEATURE: optional abilities of a device.
 *
 * A driver describes each of its features (struct vfio_feature): how long its data is, and a
 * function for each method. What is common to all features is done here: checks, probing, and
 * copying. A description is copied while the driver is held, since it is in the driver's module.
 */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vfio_private.h"

#define FEATURE_METHODS	(VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET)

static int feature_find(struct vfio_file *df, u16 id, struct vfio_feature *feature)
{
	struct vfio_device *vdev = df->core->vdev;
	const struct vfio_feature *found;
	int idx;

	if (!vfio_file_enter(df, &idx))
		return -ENODEV;
	found = vdev->ops->find_feature ? vdev->ops->find_feature(vdev, id) : NULL;
	if (found)
		*feature = *found;
	vfio_file_exit(df, idx);
	return found ? 0 : -ENOTTY;
}

static int feature_call(struct vfio_file *df, int (*method)(struct vfio_device *vdev, void *data),
			void *data)
{
	int idx, rc;

	if (!vfio_file_enter(df, &idx))
		return -ENODEV;
	rc = method(df->core->vdev, data);
	vfio_file_exit(df, idx);
	return rc;
}

static int feature_get(struct vfio_file *df, const struct vfio_feature *feature, void __user *arg,
		       void *data)
{
	int rc = feature_call(df, feature->get, data);

	if (rc)
		return rc;
	return copy_to_user(arg, data, feature->size) ? -EFAULT : 0;
}

static int feature_set(struct vfio_file *df, const struct vfio_feature *feature, void __user *arg,
		       void *data)
{
	if (copy_from_user(data, arg, feature->size))
		return -EFAULT;
	return feature_call(df, feature->set, data);
}

/* Does what @flags ask for; they are consistent. @room is how much data the user has. */
static int feature_do(struct vfio_file *df, u32 flags, size_t room, void __user *arg)
{
	struct vfio_feature feature;
	u32 methods = 0;
	void *data;
	int rc;

	rc = feature_find(df, flags & VFIO_DEVICE_FEATURE_MASK, &feature);
	if (rc)
		return rc;
	if (feature.get)
		methods |= VFIO_DEVICE_FEATURE_GET;
	if (feature.set)
		methods |= VFIO_DEVICE_FEATURE_SET;
	if (flags & FEATURE_METHODS & ~methods)
		return -EINVAL;
	if (flags & VFIO_DEVICE_FEATURE_PROBE)
		return 0;
	if (!(flags & FEATURE_METHODS) || room < feature.size)
		return -EINVAL;

	data = kzalloc(feature.size, GFP_KERNEL_ACCOUNT);
	if (!data)
		return -ENOMEM;
	rc = flags & VFIO_DEVICE_FEATURE_GET ? feature_get(df, &feature, arg, data) :
					       feature_set(df, &feature, arg, data);
	kfree(data);
	return rc;
}

long vfio_ioctl_feature(struct vfio_file *df, struct vfio_device_feature __user *arg)
{
	struct vfio_device_feature hdr;

	if (copy_from_user(&hdr, arg, sizeof(hdr)))
		return -EFAULT;
	if (hdr.argsz < sizeof(hdr))
		return -EINVAL;
	if (hdr.flags & ~(VFIO_DEVICE_FEATURE_MASK | FEATURE_METHODS | VFIO_DEVICE_FEATURE_PROBE))
		return -EINVAL;
	if (!(hdr.flags & VFIO_DEVICE_FEATURE_PROBE) &&
	    (hdr.flags & FEATURE_METHODS) == FEATURE_METHODS)
		return -EINVAL;
	return feature_do(df, hdr.flags, hdr.argsz - sizeof(hdr), arg->data);
}
