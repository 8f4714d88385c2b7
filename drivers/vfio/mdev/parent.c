// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parents and their types in sysfs, which is where management tools look for them.
 *
 * A type's folder outlives its parent's registration while instances or openers of its files hold
 * it, and holds the parent's structure; but nothing of the driver's is looked at then.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "mdev_private.h"

/* /sys/class/mdev_bus, with a link to each parent. */
static struct class_compat *mdev_bus_class;

/* Which devices are parents: address of the device to struct mdev_parent. */
static DEFINE_XARRAY(parents);

struct type_attribute {
	struct attribute attr;
	ssize_t (*show)(struct mdev_parent_type *ptype, char *buf);
	ssize_t (*store)(struct mdev_parent_type *ptype, const char *buf, size_t count);
};

static struct mdev_parent_type *ptype_from_kobj(struct kobject *kobj)
{
	return container_of(kobj, struct mdev_parent_type, kobj);
}

static ssize_t type_attr_show(struct kobject *kobj, struct attribute *attr, char *buf)
{
	struct type_attribute *type_attr = container_of(attr, struct type_attribute, attr);

	return type_attr->show ? type_attr->show(ptype_from_kobj(kobj), buf) : -EIO;
}

static ssize_t type_attr_store(struct kobject *kobj, struct attribute *attr, const char *buf,
			       size_t count)
{
	struct type_attribute *type_attr = container_of(attr, struct type_attribute, attr);

	return type_attr->store ? type_attr->store(ptype_from_kobj(kobj), buf, count) : -EIO;
}

static const struct sysfs_ops type_sysfs_ops = {
	.show = type_attr_show,
	.store = type_attr_store,
};

static ssize_t create_store(struct mdev_parent_type *ptype, const char *buf, size_t count)
{
	guid_t uuid;
	int rc;

	/* With or without the newline that echo writes */
	if (count < UUID_STRING_LEN || count > UUID_STRING_LEN + 1 ||
	    (count == UUID_STRING_LEN + 1 && buf[UUID_STRING_LEN] != '\n'))
		return -EINVAL;
	rc = guid_parse(buf, &uuid);
	if (rc)
		return rc;
	rc = mdev_create(ptype, &uuid);
	return rc ?: count;
}

static ssize_t name_show(struct mdev_parent_type *ptype, char *buf)
{
	return sysfs_emit(buf, "%s\n", ptype->type->pretty_name ?: ptype->type->name);
}

static ssize_t device_api_show(struct mdev_parent_type *ptype, char *buf)
{
	return sysfs_emit(buf, "%s\n", ptype->type->device_api);
}

static ssize_t available_instances_show(struct mdev_parent_type *ptype, char *buf)
{
	return sysfs_emit(buf, "%u\n", mdev_available(ptype));
}

static ssize_t description_show(struct mdev_parent_type *ptype, char *buf)
{
	return sysfs_emit(buf, "%s\n", ptype->type->description);
}

static struct type_attribute create_attr = __ATTR_WO(create);
static struct type_attribute name_attr = __ATTR_RO(name);
static struct type_attribute device_api_attr = __ATTR_RO(device_api);
static struct type_attribute available_instances_attr = __ATTR_RO(available_instances);
static struct type_attribute description_attr = __ATTR_RO(description);

static struct attribute *type_attrs[] = {
	&create_attr.attr,
	&name_attr.attr,
	&device_api_attr.attr,
	&available_instances_attr.attr,
	&description_attr.attr,
	NULL,
};

static umode_t type_attr_visible(struct kobject *kobj, struct attribute *attr, int n)
{
	if (attr == &description_attr.attr && !ptype_from_kobj(kobj)->type->description)
		return 0;
	return attr->mode;
}

static const struct attribute_group type_group = {
	.attrs = type_attrs,
	.is_visible = type_attr_visible,
};

static const struct attribute_group *type_groups[] = { &type_group, NULL };

static void parent_free(struct kref *refs)
{
	struct mdev_parent *parent = container_of(refs, struct mdev_parent, refs);

	mutex_destroy(&parent->lock);
	kfree(parent->types);
	kfree(parent);
}

static void type_release(struct kobject *kobj)
{
	struct mdev_parent_type *ptype = ptype_from_kobj(kobj);

	kref_put(&ptype->parent->refs, parent_free);
	kfree(ptype);
	module_put(THIS_MODULE);
}

static const struct kobj_type type_ktype = {
	.sysfs_ops = &type_sysfs_ops,
	.release = type_release,
	.default_groups = type_groups,
};

static struct mdev_parent_type *type_add(struct mdev_parent *parent, const struct mdev_type *type)
{
	struct mdev_parent_type *ptype;
	struct kobject *devices;
	int rc;

	ptype = kzalloc(sizeof(*ptype), GFP_KERNEL);
	if (!ptype)
		return ERR_PTR(-ENOMEM);
	ptype->type = type;
	ptype->parent = parent;
	/* Both the type's, until type_release() */
	kref_get(&parent->refs);
	__module_get(THIS_MODULE);
	ptype->kobj.kset = parent->folder;
	rc = kobject_init_and_add(&ptype->kobj, &type_ktype, NULL, "%s-%s",
				  dev_driver_string(parent->dev), type->name);
	if (rc)
		goto put_type;
	devices = kobject_create_and_add("devices", &ptype->kobj);
	if (!devices) {
		rc = -ENOMEM;
		goto del_type;
	}
	/* From now on instances can be created. */
	scoped_guard(mutex, &parent->lock)
		ptype->devices = devices;
	return ptype;

del_type:
	kobject_del(&ptype->kobj);
put_type:
	kobject_put(&ptype->kobj);
	return ERR_PTR(rc);
}

static void type_remove(struct mdev_parent_type *ptype)
{
	/* Waits for those who are creating an instance. They find that nothing can be created. */
	kobject_put(ptype->devices);
	kobject_del(&ptype->kobj);
	kobject_put(&ptype->kobj);
}

static bool info_is_good(const struct mdev_parent_info *info)
{
	unsigned int i;

	if (!info->driver || !info->types || !info->nr_types || !info->max_instances)
		return false;
	for (i = 0; i < info->nr_types; i++)
		if (!info->types[i].name || !*info->types[i].name || !info->types[i].device_api)
			return false;
	return true;
}

static struct mdev_parent *parent_alloc(struct device *dev, const struct mdev_parent_info *info)
{
	struct mdev_parent *parent;

	parent = kzalloc(sizeof(*parent), GFP_KERNEL);
	if (!parent)
		return NULL;
	kref_init(&parent->refs);
	mutex_init(&parent->lock);
	INIT_LIST_HEAD(&parent->devices);
	parent->dev = dev;
	parent->info = *info;
	parent->types = kcalloc(info->nr_types, sizeof(*parent->types), GFP_KERNEL);
	if (!parent->types) {
		kref_put(&parent->refs, parent_free);
		return NULL;
	}
	return parent;
}

static void remove_types(struct mdev_parent *parent)
{
	unsigned int i;

	for (i = 0; i < parent->info.nr_types && parent->types[i]; i++)
		type_remove(parent->types[i]);
}

static int add_types(struct mdev_parent *parent)
{
	struct mdev_parent_type *ptype;
	unsigned int i;

	for (i = 0; i < parent->info.nr_types; i++) {
		ptype = type_add(parent, &parent->info.types[i]);
		if (IS_ERR(ptype))
			return PTR_ERR(ptype);
		parent->types[i] = ptype;
	}
	return 0;
}

/* Tells udev, as mdevctl wants to know. */
static void tell(struct mdev_parent *parent, char *state)
{
	char *env[2] = { state };

	kobject_uevent_env(&parent->dev->kobj, KOBJ_CHANGE, env);
}

static void parent_end(struct mdev_parent *parent)
{
	mdev_remove_all(parent);
	remove_types(parent);
	kset_unregister(parent->folder);
}

static int parent_begin(struct mdev_parent *parent)
{
	int rc;

	parent->folder = kset_create_and_add("mdev_supported_types", NULL, &parent->dev->kobj);
	if (!parent->folder)
		return -ENOMEM;
	rc = add_types(parent);
	if (rc)
		goto end;
	rc = class_compat_create_link(mdev_bus_class, parent->dev, NULL);
	if (rc)
		goto end;
	return 0;

end:
	/* Users may have created instances already. */
	parent_end(parent);
	return rc;
}

struct mdev_parent *mdev_register_parent(struct device *dev, const struct mdev_parent_info *info)
{
	struct mdev_parent *parent;
	int rc;

	if (WARN_ON(!info_is_good(info)))
		return ERR_PTR(-EINVAL);
	parent = parent_alloc(dev, info);
	if (!parent)
		return ERR_PTR(-ENOMEM);
	/* A device is a parent once: its folder has one name. */
	rc = xa_insert(&parents, (unsigned long)dev, parent, GFP_KERNEL);
	if (rc)
		goto put_parent;
	rc = parent_begin(parent);
	if (rc)
		goto forget_parent;
	tell(parent, "MDEV_STATE=registered");
	return parent;

forget_parent:
	xa_erase(&parents, (unsigned long)dev);
put_parent:
	kref_put(&parent->refs, parent_free);
	return ERR_PTR(rc == -EBUSY ? -EEXIST : rc);
}
EXPORT_SYMBOL_GPL(mdev_register_parent);

void mdev_unregister_parent(struct mdev_parent *parent)
{
	tell(parent, "MDEV_STATE=unregistered");
	class_compat_remove_link(mdev_bus_class, parent->dev, NULL);
	parent_end(parent);
	xa_erase(&parents, (unsigned long)parent->dev);
	kref_put(&parent->refs, parent_free);
}
EXPORT_SYMBOL_GPL(mdev_unregister_parent);

int __init mdev_parents_init(void)
{
	mdev_bus_class = class_compat_register("mdev_bus");
	return mdev_bus_class ? 0 : -ENOMEM;
}

void mdev_parents_exit(void)
{
	class_compat_unregister(mdev_bus_class);
}
