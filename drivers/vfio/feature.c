// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_DEVICE_FEATURE: optional abilities of a device.
 *
 * A driver describes each of its features (struct vfio_feature): how long its data is, and a
 * function for each method. What is common to all features is done here: checks, probing, and
 * copying. A description is copied while the driver is held, since it is in the driver's module.
 *
 * Features of migration and of DMA logging are the core's: they have to do with the user's memory
 * and descriptors, of which drivers know nothing.
 */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vfio_private.h"

#define FEATURE_METHODS	(VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET)

/**
 * struct core_feature - a feature that the core has for drivers
 * @id: VFIO_DEVICE_FEATURE_*
 * @methods: VFIO_DEVICE_FEATURE_GET and VFIO_DEVICE_FEATURE_SET, or one of them
 * @size: bytes of its data
 * @call: does what the method is; the user has @size bytes at @arg
 * @has: whether a device has it
 */
struct core_feature {
	u16 id;
	u32 methods;
	size_t size;
	long (*call)(struct vfio_file *df, u32 method, void __user *arg);
	bool (*has)(const struct vfio_device *vdev);
};

static bool has_migration(const struct vfio_device *vdev)
{
	return vdev->migration;
}

static bool has_precopy(const struct vfio_device *vdev)
{
	return vdev->migration && vdev->migration->flags & VFIO_MIGRATION_PRE_COPY;
}

static bool has_dma_logging(const struct vfio_device *vdev)
{
	return vdev->dma_logging;
}

static const struct core_feature core_features[] = {
	{ VFIO_DEVICE_FEATURE_MIGRATION, VFIO_DEVICE_FEATURE_GET,
	  sizeof(struct vfio_device_feature_migration), vfio_feature_migration, has_migration },
	{ VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, FEATURE_METHODS,
	  sizeof(struct vfio_device_feature_mig_state), vfio_feature_mig_state, has_migration },
	{ VFIO_DEVICE_FEATURE_MIG_DATA_SIZE, VFIO_DEVICE_FEATURE_GET,
	  sizeof(struct vfio_device_feature_mig_data_size), vfio_feature_mig_data_size,
	  has_migration },
	{ VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2, VFIO_DEVICE_FEATURE_SET, 0,
	  vfio_feature_precopy_flags, has_precopy },
	{ VFIO_DEVICE_FEATURE_DMA_LOGGING_START, VFIO_DEVICE_FEATURE_SET,
	  sizeof(struct vfio_device_feature_dma_logging_control), vfio_feature_dma_logging_start,
	  has_dma_logging },
	{ VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP, VFIO_DEVICE_FEATURE_SET, 0,
	  vfio_feature_dma_logging_stop, has_dma_logging },
	{ VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT, VFIO_DEVICE_FEATURE_GET,
	  sizeof(struct vfio_device_feature_dma_logging_report), vfio_feature_dma_logging_report,
	  has_dma_logging },
};

static const struct core_feature *find_core_feature(u16 id)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(core_features); i++)
		if (core_features[i].id == id)
			return &core_features[i];
	return NULL;
}

/*
 * -EINVAL unless the user asks for what the feature can; then whether it is to be done, not
 * probed.
 */
static int check_methods(u32 flags, u32 methods, size_t room, size_t size)
{
	if (flags & FEATURE_METHODS & ~methods)
		return -EINVAL;
	if (flags & VFIO_DEVICE_FEATURE_PROBE)
		return 0;
	if (!(flags & FEATURE_METHODS) || room < size)
		return -EINVAL;
	return 1;
}

static long core_feature_do(struct vfio_file *df, const struct core_feature *feature, u32 flags,
			    size_t room, void __user *arg)
{
	bool has;
	int idx, rc;

	if (!vfio_file_enter(df, &idx))
		return -ENODEV;
	has = feature->has(df->core->vdev);
	vfio_file_exit(df, idx);
	if (!has)
		return -ENOTTY;
	rc = check_methods(flags, feature->methods, room, feature->size);
	return rc > 0 ? feature->call(df, flags & FEATURE_METHODS, arg) : rc;
}

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
	rc = check_methods(flags, methods, room, feature.size);
	if (rc <= 0)
		return rc;

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
	const struct core_feature *core_feature;
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
	core_feature = find_core_feature(hdr.flags & VFIO_DEVICE_FEATURE_MASK);
	if (core_feature)
		return core_feature_do(df, core_feature, hdr.flags, hdr.argsz - sizeof(hdr),
				       arg->data);
	return feature_do(df, hdr.flags, hdr.argsz - sizeof(hdr), arg->data);
}
