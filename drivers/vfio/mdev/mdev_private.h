/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of mdev.ko share.
 *
 * Locks, outermost first
 * ----------------------
 *  parent->lock   which instances a parent has, and whether it is there; held while instances are
 *                 created and removed, so around the driver's probe and remove
 *  device lock    of an instance, taken by the driver core
 *  uuids_lock     which UUIDs are taken; leaf
 *
 * Files in sysfs are removed by waiting for whoever is reading or writing them. So the files of a
 * parent are removed without its lock, which writers of "create" wait for; and a writer of "remove"
 * leaves its file before it takes the lock.
 */
#ifndef __MDEV_PRIVATE_H
#define __MDEV_PRIVATE_H

#include <linux/kobject.h>
#include <linux/mdev.h>
#include <linux/mutex.h>

/**
 * struct mdev_parent_type - a type of a parent
 * @kobj: its folder in sysfs
 * @devices: the folder "devices" in there, with a link to each instance; NULL until it is there,
 *           and nothing can be created before. Set with parent->lock held
 * @parent: the parent; a reference
 * @type: the driver's description
 * @instances: how many there are; protected by parent->lock
 */
struct mdev_parent_type {
	struct kobject kobj;
	struct kobject *devices;
	struct mdev_parent *parent;
	const struct mdev_type *type;
	unsigned int instances;
};

/**
 * struct mdev_parent - a device that has instances
 * @refs: one of its driver's, one for each type
 * @dev: the device
 * @info: of its driver
 * @folder: "mdev_supported_types"
 * @types: the types, info.nr_types of them
 * @lock: protects what follows
 * @gone: nothing can be created any more
 * @instances: how many there are
 * @devices: they, struct mdev_device
 */
struct mdev_parent {
	struct kref refs;
	struct device *dev;
	struct mdev_parent_info info;
	struct kset *folder;
	struct mdev_parent_type **types;
	struct mutex lock;
	bool gone;
	unsigned int instances;
	struct list_head devices;
};

/* Parents and their types: parent.c */
int mdev_parents_init(void);
void mdev_parents_exit(void);

/* Instances: device.c */
int mdev_create(struct mdev_parent_type *ptype, const guid_t *uuid);
void mdev_remove_all(struct mdev_parent *parent);
unsigned int mdev_available(struct mdev_parent_type *ptype);

/* The bus: bus.c */
extern const struct bus_type mdev_bus_type;

#endif
