/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mediated devices: devices that a driver makes, on a user's demand, from a part of a device of its
 * own or from nothing.
 *
 * Model
 * -----
 * A *parent* is a device whose driver makes mediated devices. It has *types*, of which users create
 * *instances* by writing a UUID to a file in sysfs. An instance is a device on the mdev bus, and is
 * bound to the parent's struct mdev_driver, whose @probe registers a vfio device for it.
 *
 *   /sys/class/mdev_bus/PARENT/mdev_supported_types/TYPE/{create,name,...}
 *   /sys/bus/mdev/devices/UUID/{remove,mdev_type}
 *
 * Invariants
 * ----------
 * - An instance lives as long as its parent at most: mdev_unregister_parent() ends them all, and
 *   waits for no user (vfio_unregister_device(), which @remove calls, doesn't).
 * - No two instances in the system have the same UUID. There are never more of a parent, or of a
 *   type, than the driver allows.
 * - @probe and @remove of the instances of one parent, when caused by create, remove or
 *   mdev_unregister_parent(), run one at a time. An instance that the user unbinds from its driver
 *   in sysfs stays and can be bound to it again.
 *
 * An instance is in no IOMMU group. Whose DMA it does is said by the vfio driver's @bind:
 * vfio_bind_access() for one without DMA, vfio_bind_device() with the parent for one that is all of
 * the parent.
 */
#ifndef __IOMMUFD_VFIO_LINUX_MDEV_H
#define __IOMMUFD_VFIO_LINUX_MDEV_H

#include <linux/device.h>
#include <linux/list.h>
#include <linux/uuid.h>

struct mdev_parent;
struct mdev_parent_type;

/**
 * struct mdev_type - something that users can create instances of
 * @name: its folder in sysfs is named after the parent's driver and this: "DRIVER-NAME". Not empty,
 *        without slash
 * @pretty_name: for people
 * @description: for people; optional
 * @device_api: VFIO_DEVICE_API_*_STRING: what to expect of its vfio device
 * @max_instances: how many there may be of one parent; 0 for no limit but the parent's
 *
 * Constant; stays until mdev_unregister_parent() has returned.
 */
struct mdev_type {
	const char *name;
	const char *pretty_name;
	const char *description;
	const char *device_api;
	unsigned int max_instances;
};

/**
 * struct mdev_device - an instance
 * @dev: the device on the mdev bus; its parent is the parent's device
 * @uuid: its name
 * @type: what it is an instance of; not to be looked at after @remove
 */
struct mdev_device {
	struct device dev;
	guid_t uuid;
	const struct mdev_type *type;
	/* private: */
	struct mdev_parent_type *ptype;
	struct list_head link;
	struct list_head uuid_link;
	bool complete;
};

static inline struct mdev_device *mdev_from_device(struct device *dev)
{
	return container_of(dev, struct mdev_device, dev);
}

/**
 * struct mdev_driver - a driver of instances
 * @driver: its name is to be set; the rest is the bus's
 * @probe: an instance was created: usually vfio_alloc_device() for its @dev, and
 *         vfio_register_device(). A failure is what the user's write to ``create`` returns.
 * @remove: undo @probe. Must not fail, nor wait for a user.
 *
 * Both run in process context and may sleep. They must not call mdev_unregister_parent().
 */
struct mdev_driver {
	struct device_driver driver;
	int (*probe)(struct mdev_device *mdev);
	void (*remove)(struct mdev_device *mdev);
};

/**
 * mdev_register_driver() - add a driver to the mdev bus
 * @drv: the driver
 *
 * To be done before parents are registered that name it.
 *
 * Return: 0 or a negative errno.
 */
#define mdev_register_driver(drv) __mdev_register_driver(drv, THIS_MODULE)
int __mdev_register_driver(struct mdev_driver *drv, struct module *owner);

/**
 * mdev_unregister_driver() - take a driver from the mdev bus
 * @drv: the driver; no parent names it any more
 */
void mdev_unregister_driver(struct mdev_driver *drv);

/**
 * struct mdev_parent_info - what a parent offers
 * @driver: of the instances
 * @types: their types
 * @nr_types: how many, not zero
 * @max_instances: how many instances there may be altogether, not zero
 */
struct mdev_parent_info {
	struct mdev_driver *driver;
	const struct mdev_type *types;
	unsigned int nr_types;
	unsigned int max_instances;
};

/**
 * mdev_register_parent() - let users create instances below a device
 * @dev: the device; it is bound to its driver until mdev_unregister_parent()
 * @info: what is offered; copied
 *
 * Users may create instances, and so call the driver's @probe, before this returns.
 *
 * Context: may sleep.
 * Return: the parent; ERR_PTR of -EINVAL for a bad @info, -EEXIST if @dev is a parent already,
 * -ENOMEM.
 */
struct mdev_parent *mdev_register_parent(struct device *dev, const struct mdev_parent_info *info);

/**
 * mdev_unregister_parent() - remove all instances, and let no user create any
 * @parent: the parent; not to be touched afterwards
 *
 * Context: may sleep; waits for @probe and @remove in progress, and for no user. No lock held that
 * these take.
 */
void mdev_unregister_parent(struct mdev_parent *parent);

/**
 * mdev_parent_device() - the device below which an instance was created
 * @mdev: the instance
 */
static inline struct device *mdev_parent_device(const struct mdev_device *mdev)
{
	return mdev->dev.parent;
}

#endif
