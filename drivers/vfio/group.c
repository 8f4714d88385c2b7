// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups: /dev/vfio/N, the older way to devices.
 *
 * There is a group for each IOMMU group that has a device of ours, from the first such device to
 * the last. A program opens it, puts it into a container, and asks for files of its devices, which
 * work at once. When the last device is gone the group has ended, also for who has it open; if a
 * device comes back there is a new one.
 *
 * A device that its driver has made of something else, as a mediated one, is in no IOMMU group. It
 * gets one, so that it can be used by a group's file as well. Whose DMA it does its driver says, as
 * ever, and so who may put its group into a container.
 *
 * With enable_unsafe_noiommu_mode a device behind no IOMMU gets a group of its own,
 * /dev/vfio/noiommu-N, whose user can make the device read and write all memory.
 */
#include <linux/capability.h>
#include <linux/idr.h>
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "group.h"

static bool enable_unsafe_noiommu_mode;
module_param(enable_unsafe_noiommu_mode, bool, 0644);
MODULE_PARM_DESC(enable_unsafe_noiommu_mode,
		 "Offer devices behind no IOMMU, too; who uses one can read and write all memory. Taints the kernel (default: N)");

static dev_t vfio_group_devt;
static DEFINE_IDA(vfio_group_ida);
/* Protects the list of groups, and which devices they have besides group->lock. */
static DEFINE_MUTEX(vfio_groups_lock);
static LIST_HEAD(vfio_groups);

static char *vfio_group_devnode(const struct device *dev, umode_t *mode)
{
	return kasprintf(GFP_KERNEL, "vfio/%s", dev_name(dev));
}

static const struct class vfio_group_class = {
	.name = "vfio",
	.devnode = vfio_group_devnode,
};

static int group_fops_open(struct inode *inode, struct file *file)
{
	struct vfio_group *group = container_of(inode->i_cdev, struct vfio_group, cdev);
	int unused = 0;

	if (group->noiommu && !capable(CAP_SYS_RAWIO))
		return -EPERM;
	if (!atomic_try_cmpxchg(&group->users, &unused, -1))
		return -EBUSY;
	get_device(&group->device);
	mutex_lock(&group->lock);
	group->file = file;
	mutex_unlock(&group->lock);
	file->private_data = group;
	return 0;
}

/* Device files hold the group's, so none is left. */
static int group_fops_release(struct inode *inode, struct file *file)
{
	struct vfio_group *group = file->private_data;

	mutex_lock(&group->lock);
	vfio_group_leave_container(group);
	group->file = NULL;
	mutex_unlock(&group->lock);
	atomic_set(&group->users, 0);
	put_device(&group->device);
	return 0;
}

static int group_status_flags(struct vfio_group *group)
{
	guard(mutex)(&group->lock);
	if (list_empty(&group->devices))
		return -ENODEV;
	if (group->ictx)
		return VFIO_GROUP_FLAGS_CONTAINER_SET | VFIO_GROUP_FLAGS_VIABLE;
	return iommu_group_dma_owner_claimed(group->iommu_group) ? 0 : VFIO_GROUP_FLAGS_VIABLE;
}

static long group_get_status(struct vfio_group *group, struct vfio_group_status __user *arg)
{
	struct vfio_group_status status;
	int flags;

	if (copy_from_user(&status, arg, sizeof(status)))
		return -EFAULT;
	if (status.argsz < sizeof(status))
		return -EINVAL;
	flags = group_status_flags(group);
	if (flags < 0)
		return flags;
	status.flags = flags;
	return copy_to_user(arg, &status, sizeof(status)) ? -EFAULT : 0;
}

static long group_fops_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct vfio_group *group = file->private_data;
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case VFIO_GROUP_GET_STATUS:
		return group_get_status(group, uarg);
	case VFIO_GROUP_SET_CONTAINER:
		return vfio_group_set_container(group, uarg);
	case VFIO_GROUP_UNSET_CONTAINER:
		return vfio_group_unset_container(group);
	case VFIO_GROUP_GET_DEVICE_FD:
		return vfio_group_get_device_fd(group, uarg);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations vfio_group_fops = {
	.owner = THIS_MODULE,
	.open = group_fops_open,
	.release = group_fops_release,
	.unlocked_ioctl = group_fops_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/**
 * vfio_group_from_file() - the group behind an open file
 * @file: any file
 *
 * Return: the group, which stays as long as @file; NULL if @file is something else.
 */
struct vfio_group *vfio_group_from_file(struct file *file)
{
	return file->f_op == &vfio_group_fops ? file->private_data : NULL;
}

/**
 * vfio_group_enforced_coherent() - vfio_device_enforced_coherent() of all devices of a group
 * @group: the group
 */
bool vfio_group_enforced_coherent(struct vfio_group *group)
{
	struct vfio_core_device *core;

	guard(mutex)(&group->lock);
	list_for_each_entry(core, &group->devices, group_link)
		if (!vfio_device_enforced_coherent(core))
			return false;
	return true;
}

static void group_device_release(struct device *device)
{
	struct vfio_group *group = container_of(device, struct vfio_group, device);

	ida_free(&vfio_group_ida, MINOR(device->devt));
	iommu_group_put(group->iommu_group);
	kfree(group);
}

/* Takes over the caller's reference to @iommu_group. */
static struct vfio_group *group_alloc(struct iommu_group *iommu_group, enum vfio_group_kind kind)
{
	struct vfio_group *group = kzalloc(sizeof(*group), GFP_KERNEL);
	int minor;

	if (!group)
		goto put_iommu_group;
	minor = ida_alloc_max(&vfio_group_ida, MINORMASK, GFP_KERNEL);
	if (minor < 0)
		goto free_group;
	group->iommu_group = iommu_group;
	group->made = kind != VFIO_GROUP_IOMMU;
	group->noiommu = kind == VFIO_GROUP_NOIOMMU;
	mutex_init(&group->lock);
	INIT_LIST_HEAD(&group->devices);
	device_initialize(&group->device);
	group->device.class = &vfio_group_class;
	group->device.release = group_device_release;
	group->device.devt = MKDEV(MAJOR(vfio_group_devt), minor);
	cdev_init(&group->cdev, &vfio_group_fops);
	group->cdev.owner = THIS_MODULE;
	return group;

free_group:
	kfree(group);
put_iommu_group:
	iommu_group_put(iommu_group);
	return ERR_PTR(-ENOMEM);
}

/* As group_alloc(). */
static struct vfio_group *group_create(struct iommu_group *iommu_group, enum vfio_group_kind kind)
{
	struct vfio_group *group = group_alloc(iommu_group, kind);
	int rc;

	lockdep_assert_held(&vfio_groups_lock);
	if (IS_ERR(group))
		return group;
	rc = dev_set_name(&group->device, "%s%d", group->noiommu ? "noiommu-" : "",
			  iommu_group_id(iommu_group));
	if (!rc)
		rc = cdev_device_add(&group->cdev, &group->device);
	if (rc) {
		put_device(&group->device);
		return ERR_PTR(rc);
	}
	list_add(&group->link, &vfio_groups);
	return group;
}

/* The group of @iommu_group, whose reference is taken over. */
static struct vfio_group *group_find_or_create(struct iommu_group *iommu_group,
					       enum vfio_group_kind kind)
{
	struct vfio_group *group;

	lockdep_assert_held(&vfio_groups_lock);
	list_for_each_entry(group, &vfio_groups, link) {
		if (group->iommu_group == iommu_group) {
			iommu_group_put(iommu_group);
			return group;
		}
	}
	return group_create(iommu_group, kind);
}

/* Puts a device that is in no IOMMU group into one of its own; a reference. */
static struct iommu_group *own_group_alloc(struct device *dev, const char *name)
{
	struct iommu_group *iommu_group = iommu_group_alloc();
	int rc;

	if (IS_ERR(iommu_group))
		return iommu_group;
	rc = iommu_group_set_name(iommu_group, name) ?: iommu_group_add_device(iommu_group, dev);
	if (rc) {
		iommu_group_put(iommu_group);
		return ERR_PTR(rc);
	}
	return iommu_group;
}

/* Likewise, but the group isolates nothing. */
static struct iommu_group *noiommu_group_alloc(struct device *dev)
{
	struct iommu_group *iommu_group = own_group_alloc(dev, "vfio-noiommu");

	if (IS_ERR(iommu_group))
		return iommu_group;
	add_taint(TAINT_USER, LOCKDEP_STILL_OK);
	dev_warn(dev, "vfio: enable_unsafe_noiommu_mode: the user of this device can read and write all memory\n");
	return iommu_group;
}

/* The IOMMU group of a device, a reference; NULL: it is to have none. */
static struct iommu_group *device_get_iommu_group(struct vfio_core_device *core,
						  enum vfio_group_kind *kind)
{
	const struct vfio_device_ops *ops = core->vdev->ops;
	struct device *dev = core->vdev->dev;
	struct iommu_group *iommu_group = iommu_group_get(dev);

	*kind = VFIO_GROUP_IOMMU;
	if (iommu_group)
		return iommu_group;
	*kind = VFIO_GROUP_OWN;
	if (ops->own_group)
		return own_group_alloc(dev, "vfio-mediated");
	*kind = VFIO_GROUP_NOIOMMU;
	if (ops->noiommu && READ_ONCE(enable_unsafe_noiommu_mode))
		return noiommu_group_alloc(dev);
	return NULL;
}

/**
 * vfio_group_add_device() - put a device into the group that it belongs to
 * @core: the device, about to be registered
 *
 * A device in no IOMMU group has no group here either, and is opened by its own file only.
 *
 * Return: 0 or a negative errno.
 */
int vfio_group_add_device(struct vfio_core_device *core)
{
	struct iommu_group *iommu_group;
	enum vfio_group_kind kind;
	struct vfio_group *group;

	iommu_group = device_get_iommu_group(core, &kind);
	if (IS_ERR_OR_NULL(iommu_group))
		return PTR_ERR_OR_ZERO(iommu_group);
	mutex_lock(&vfio_groups_lock);
	group = group_find_or_create(iommu_group, kind);
	if (IS_ERR(group)) {
		mutex_unlock(&vfio_groups_lock);
		if (kind != VFIO_GROUP_IOMMU)
			iommu_group_remove_device(core->vdev->dev);
		return PTR_ERR(group);
	}
	get_device(&group->device);
	core->group = group;
	mutex_lock(&group->lock);
	list_add_tail(&core->group_link, &group->devices);
	mutex_unlock(&group->lock);
	mutex_unlock(&vfio_groups_lock);
	return 0;
}

/**
 * vfio_group_remove_device() - undo vfio_group_add_device()
 * @core: the device; files of it that are open are left to vfio_device_revoke()
 */
void vfio_group_remove_device(struct vfio_core_device *core)
{
	struct vfio_group *group = core->group;
	bool last;

	if (!group)
		return;
	mutex_lock(&vfio_groups_lock);
	mutex_lock(&group->lock);
	list_del(&core->group_link);
	last = list_empty(&group->devices);
	mutex_unlock(&group->lock);
	if (last) {
		list_del(&group->link);
		cdev_device_del(&group->cdev, &group->device);
		put_device(&group->device);
	}
	mutex_unlock(&vfio_groups_lock);
	if (last) {
		mutex_lock(&group->lock);
		vfio_group_uncount(group);
		mutex_unlock(&group->lock);
	}
	if (group->made)
		iommu_group_remove_device(core->vdev->dev);
}

/**
 * vfio_group_free_device() - forget the group of a device that is about to be freed
 * @core: the device
 */
void vfio_group_free_device(struct vfio_core_device *core)
{
	if (core->group)
		put_device(&core->group->device);
}

/**
 * vfio_group_block() - let nobody open a device's group while it is bound by its own file
 * @core: the device
 *
 * Return: 0; -EBUSY if the group is open; -ENODEV if there is no IOMMU.
 */
int vfio_group_block(struct vfio_core_device *core)
{
	struct vfio_group *group = core->group;

	if (!group)
		return 0;
	if (group->noiommu)
		return -ENODEV;
	return atomic_inc_unless_negative(&group->users) ? 0 : -EBUSY;
}

/**
 * vfio_group_unblock() - undo vfio_group_block()
 * @core: the device
 */
void vfio_group_unblock(struct vfio_core_device *core)
{
	if (core->group)
		atomic_dec(&core->group->users);
}

int __init vfio_groups_init(void)
{
	int rc;

	rc = alloc_chrdev_region(&vfio_group_devt, 0, MINORMASK + 1, "vfio");
	if (rc)
		return rc;
	rc = class_register(&vfio_group_class);
	if (rc)
		unregister_chrdev_region(vfio_group_devt, MINORMASK + 1);
	return rc;
}

void vfio_groups_exit(void)
{
	class_unregister(&vfio_group_class);
	unregister_chrdev_region(vfio_group_devt, MINORMASK + 1);
	ida_destroy(&vfio_group_ida);
}
