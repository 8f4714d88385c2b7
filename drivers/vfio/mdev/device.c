// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instances: from a UUID to a device on the bus and back.
 *
 * An instance takes its UUID first, then becomes visible, then gets its driver. Whoever takes it
 * off parent->devices removes it; that happens under the parent's lock, and so once.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "mdev_private.h"

static DEFINE_MUTEX(uuids_lock);	/* protects uuids */
static LIST_HEAD(uuids);		/* all instances, by mdev->uuid_link */

static void mdev_device_release(struct device *dev)
{
	struct mdev_device *mdev = mdev_from_device(dev);

	kobject_put(&mdev->ptype->kobj);
	kfree(mdev);
	module_put(THIS_MODULE);
}

/* Takes the UUID of an instance, if nobody has it. */
static int take_uuid(struct mdev_device *mdev)
{
	struct mdev_device *other;

	guard(mutex)(&uuids_lock);
	list_for_each_entry(other, &uuids, uuid_link)
		if (guid_equal(&other->uuid, &mdev->uuid))
			return -EEXIST;
	list_add(&mdev->uuid_link, &uuids);
	return 0;
}

static void give_back_uuid(struct mdev_device *mdev)
{
	guard(mutex)(&uuids_lock);
	list_del(&mdev->uuid_link);
}

static int add_links(struct mdev_device *mdev)
{
	int rc;

	rc = sysfs_create_link(&mdev->dev.kobj, &mdev->ptype->kobj, "mdev_type");
	if (rc)
		return rc;
	rc = sysfs_create_link(mdev->ptype->devices, &mdev->dev.kobj, dev_name(&mdev->dev));
	if (rc)
		sysfs_remove_link(&mdev->dev.kobj, "mdev_type");
	return rc;
}

static void remove_links(struct mdev_device *mdev)
{
	sysfs_remove_link(mdev->ptype->devices, dev_name(&mdev->dev));
	sysfs_remove_link(&mdev->dev.kobj, "mdev_type");
}

/* Ends an instance that is there. */
static void destroy(struct mdev_device *mdev)
{
	struct mdev_parent *parent = mdev->ptype->parent;

	lockdep_assert_held(&parent->lock);
	list_del(&mdev->link);
	parent->instances--;
	mdev->ptype->instances--;
	remove_links(mdev);
	device_del(&mdev->dev);
	give_back_uuid(mdev);
	put_device(&mdev->dev);
}

/* Ends an instance unless somebody else has. */
static int destroy_if_there(struct mdev_device *mdev)
{
	struct mdev_parent *parent = mdev->ptype->parent;
	struct mdev_device *other;

	guard(mutex)(&parent->lock);
	list_for_each_entry(other, &parent->devices, link) {
		if (other == mdev) {
			destroy(mdev);
			return 0;
		}
	}
	return -ENODEV;
}

static ssize_t remove_store(struct device *dev, struct device_attribute *attr, const char *buf,
			    size_t count)
{
	struct kernfs_node *kn;
	bool yes;
	int rc;

	if (kstrtobool(buf, &yes))
		return -EINVAL;
	if (!yes)
		return count;
	/*
	 * Whoever removes the device waits with the parent's lock until nobody is in here any more,
	 * but for those who have said this. device_remove_file_self() would take it back too early.
	 */
	kn = sysfs_break_active_protection(&dev->kobj, &attr->attr);
	if (!kn)
		return -ENODEV;
	rc = destroy_if_there(mdev_from_device(dev));
	sysfs_unbreak_active_protection(kn);
	return rc ?: count;
}
static DEVICE_ATTR_WO(remove);

static struct attribute *mdev_attrs[] = {
	&dev_attr_remove.attr,
	NULL,
};
ATTRIBUTE_GROUPS(mdev);

static struct mdev_device *mdev_alloc(struct mdev_parent_type *ptype, const guid_t *uuid)
{
	struct mdev_device *mdev;

	mdev = kzalloc(sizeof(*mdev), GFP_KERNEL);
	if (!mdev)
		return NULL;
	__module_get(THIS_MODULE);
	device_initialize(&mdev->dev);
	mdev->dev.parent = ptype->parent->dev;
	mdev->dev.bus = &mdev_bus_type;
	mdev->dev.groups = mdev_groups;
	mdev->dev.release = mdev_device_release;
	guid_copy(&mdev->uuid, uuid);
	mdev->type = ptype->type;
	mdev->ptype = ptype;
	/* The device's, until mdev_device_release() */
	kobject_get(&ptype->kobj);
	return mdev;
}

static unsigned int available_locked(struct mdev_parent_type *ptype)
{
	struct mdev_parent *parent = ptype->parent;
	unsigned int left = parent->info.max_instances - parent->instances;

	lockdep_assert_held(&parent->lock);
	if (parent->gone || !ptype->devices)
		return 0;
	if (ptype->type->max_instances)
		left = min(left, ptype->type->max_instances - ptype->instances);
	return left;
}

/**
 * mdev_available() - how many further instances there can be
 * @ptype: of this type
 */
unsigned int mdev_available(struct mdev_parent_type *ptype)
{
	guard(mutex)(&ptype->parent->lock);
	return available_locked(ptype);
}

/* Makes an instance visible, and gives it its driver. */
static int add_device(struct mdev_device *mdev)
{
	int rc;

	rc = dev_set_name(&mdev->dev, "%pUl", &mdev->uuid);
	if (rc)
		return rc;
	rc = device_add(&mdev->dev);
	if (rc)
		return rc;
	rc = add_links(mdev);
	if (rc)
		goto del_device;
	rc = device_driver_attach(&mdev->ptype->parent->info.driver->driver, &mdev->dev);
	if (rc)
		goto remove_links;
	return 0;

remove_links:
	remove_links(mdev);
del_device:
	device_del(&mdev->dev);
	return rc;
}

static int create_locked(struct mdev_parent_type *ptype, const guid_t *uuid)
{
	struct mdev_parent *parent = ptype->parent;
	struct mdev_device *mdev;
	int rc;

	/* Who is quick to open "create" comes before there is a place for the link. */
	if (parent->gone || !ptype->devices)
		return -ENODEV;
	if (!available_locked(ptype))
		return -EUSERS;
	mdev = mdev_alloc(ptype, uuid);
	if (!mdev)
		return -ENOMEM;
	rc = take_uuid(mdev);
	if (rc)
		goto put_device;
	rc = add_device(mdev);
	if (rc)
		goto give_back_uuid;
	WRITE_ONCE(mdev->complete, true);
	list_add_tail(&mdev->link, &parent->devices);
	parent->instances++;
	ptype->instances++;
	return 0;

give_back_uuid:
	give_back_uuid(mdev);
put_device:
	put_device(&mdev->dev);
	return rc;
}

/**
 * mdev_create() - make an instance
 * @ptype: of this type
 * @uuid: its name
 *
 * Return: 0; -EEXIST if the UUID is taken; -EUSERS if there are as many instances as there can be;
 * -ENODEV if the parent is coming or going; -ENOMEM; -EINTR for a fatal signal; or what the driver
 * says.
 */
int mdev_create(struct mdev_parent_type *ptype, const guid_t *uuid)
{
	int rc;

	rc = mutex_lock_killable(&ptype->parent->lock);
	if (rc)
		return rc;
	rc = create_locked(ptype, uuid);
	mutex_unlock(&ptype->parent->lock);
	return rc;
}

/**
 * mdev_remove_all() - end all instances of a parent, for good
 * @parent: the parent
 */
void mdev_remove_all(struct mdev_parent *parent)
{
	struct mdev_device *mdev, *next;

	guard(mutex)(&parent->lock);
	parent->gone = true;
	list_for_each_entry_safe(mdev, next, &parent->devices, link)
		destroy(mdev);
}
