// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices: from a driver's structure to /dev/vfio/devices/vfioN and back.
 */
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "vfio_private.h"

static dev_t vfio_devt;
static DEFINE_IDA(vfio_ida);

static char *vfio_devnode(const struct device *dev, umode_t *mode)
{
	return kasprintf(GFP_KERNEL, "vfio/devices/%s", dev_name(dev));
}

static const struct class vfio_class = {
	.name = "vfio-dev",
	.devnode = vfio_devnode,
};

static void core_device_release(struct device *device)
{
	struct vfio_core_device *core = container_of(device, struct vfio_core_device, device);

	vfio_group_free_device(core);
	vfio_mapping_destroy(core);
	cleanup_srcu_struct(&core->srcu);
	ida_free(&vfio_ida, MINOR(device->devt));
	kvfree(core->vdev);
	kfree(core);
}

/* What is left to undo after a failure here is not core_device_release()'s, but the caller's. */
static int core_device_init(struct vfio_core_device *core)
{
	int minor, rc;

	rc = init_srcu_struct(&core->srcu);
	if (rc)
		return rc;
	rc = vfio_mapping_init(core);
	if (rc)
		goto cleanup_srcu;
	minor = ida_alloc_max(&vfio_ida, MINORMASK, GFP_KERNEL);
	if (minor < 0) {
		rc = minor;
		goto destroy_mapping;
	}
	mutex_init(&core->lock);
	init_waitqueue_head(&core->gone_wait);
	INIT_LIST_HEAD(&core->files);
	INIT_WORK(&core->revoke_work, vfio_access_revoke_work);
	vfio_migration_init(core);
	vfio_dma_logging_init(core);
	core->device.devt = MKDEV(MAJOR(vfio_devt), minor);
	return 0;

destroy_mapping:
	vfio_mapping_destroy(core);
cleanup_srcu:
	cleanup_srcu_struct(&core->srcu);
	return rc;
}

static struct vfio_core_device *core_device_alloc(struct device *parent)
{
	struct vfio_core_device *core;
	int rc;

	core = kzalloc(sizeof(*core), GFP_KERNEL);
	if (!core)
		return ERR_PTR(-ENOMEM);
	rc = core_device_init(core);
	if (rc) {
		kfree(core);
		return ERR_PTR(rc);
	}
	device_initialize(&core->device);
	core->device.class = &vfio_class;
	core->device.release = core_device_release;
	core->device.parent = parent;
	cdev_init(&core->cdev, &vfio_parked_fops);
	core->cdev.owner = THIS_MODULE;
	return core;
}

struct vfio_device *__vfio_alloc_device(size_t size, struct device *parent,
					const struct vfio_device_ops *ops)
{
	struct vfio_core_device *core;
	struct vfio_device *vdev;

	if (WARN_ON(!ops->bind || !ops->open || !ops->close))
		return ERR_PTR(-EINVAL);
	vdev = kvzalloc(size, GFP_KERNEL);
	if (!vdev)
		return ERR_PTR(-ENOMEM);
	core = core_device_alloc(parent);
	if (IS_ERR(core)) {
		kvfree(vdev);
		return ERR_CAST(core);
	}
	core->vdev = vdev;
	vdev->core = core;
	vdev->ops = ops;
	/*
	 * Without a reference: the driver has the device until it puts its own reference, and
	 * nobody asks for it later. So a file that is open for long keeps nothing of the driver's.
	 */
	vdev->dev = parent;
	return vdev;
}
EXPORT_SYMBOL_GPL(__vfio_alloc_device);

void vfio_get_device(struct vfio_device *vdev)
{
	get_device(&vdev->core->device);
}
EXPORT_SYMBOL_GPL(vfio_get_device);

void vfio_put_device(struct vfio_device *vdev)
{
	put_device(&vdev->core->device);
}
EXPORT_SYMBOL_GPL(vfio_put_device);

/*
 * The driver goes when this has returned. The work takes no lock under which a device is registered
 * or unregistered, and nobody asks for it any more, now that there is no session.
 */
static void core_device_revoke_all(struct vfio_core_device *core)
{
	mutex_lock(&core->lock);
	core->registered = false;
	mutex_unlock(&core->lock);
	vfio_device_revoke(core);
	vfio_access_cancel_work(core);
}

int vfio_register_device(struct vfio_device *vdev)
{
	struct vfio_core_device *core = vdev->core;
	int rc;

	if (WARN_ON(!vfio_migration_ops_are_valid(vdev)))
		return -EINVAL;
	rc = dev_set_name(&core->device, "vfio%u", MINOR(core->device.devt));
	if (rc)
		return rc;
	core->registered = true;
	rc = vfio_group_add_device(core);
	if (rc)
		goto revoke;
	rc = vfio_node_add(core);
	if (rc)
		goto remove_from_group;
	rc = cdev_device_add(&core->cdev, &core->device);
	if (rc)
		goto del_node;
	return 0;

del_node:
	iommufd_node_del(&core->node);
remove_from_group:
	vfio_group_remove_device(core);
revoke:
	core_device_revoke_all(core);
	return rc;
}
EXPORT_SYMBOL_GPL(vfio_register_device);

void vfio_unregister_device(struct vfio_device *vdev)
{
	struct vfio_core_device *core = vdev->core;

	/* No new opens find the device; those on their way see that it is not registered. */
	cdev_device_del(&core->cdev, &core->device);
	vfio_group_remove_device(core);
	core_device_revoke_all(core);
	iommufd_node_del(&core->node);
}
EXPORT_SYMBOL_GPL(vfio_unregister_device);

int vfio_info_add_cap(struct vfio_info_caps *caps, const struct vfio_info_cap_header *cap,
		      size_t size)
{
	size_t start = caps->size, room = ALIGN(size, sizeof(u64));
	struct vfio_info_cap_header *header;
	void *buf;

	buf = krealloc(caps->buf, start + room, GFP_KERNEL | __GFP_ZERO);
	if (!buf)
		return -ENOMEM;
	caps->buf = buf;
	caps->size = start + room;
	memcpy(buf + start, cap, size);
	header = buf + start;
	header->next = 0;
	if (!start)
		return 0;
	/* Link it behind the last one of the chain. */
	for (header = buf; header->next; header = buf + header->next)
		;
	header->next = start;
	return 0;
}
EXPORT_SYMBOL_GPL(vfio_info_add_cap);

static int __init vfio_init(void)
{
	int rc;

	rc = vfio_access_init();
	if (rc)
		return rc;
	rc = vfio_eventfd_watch_init();
	if (rc)
		goto exit_access;
	rc = alloc_chrdev_region(&vfio_devt, 0, MINORMASK + 1, "vfio-dev");
	if (rc)
		goto exit_watch;
	rc = class_register(&vfio_class);
	if (rc)
		goto unregister_region;
	rc = vfio_groups_init();
	if (rc)
		goto unregister_class;
	return 0;

unregister_class:
	class_unregister(&vfio_class);
unregister_region:
	unregister_chrdev_region(vfio_devt, MINORMASK + 1);
exit_watch:
	vfio_eventfd_watch_exit();
exit_access:
	vfio_access_exit();
	return rc;
}
module_init(vfio_init);

static void __exit vfio_exit(void)
{
	/* First, since a work may have the last reference to a device, and so to its group. */
	vfio_access_exit();
	vfio_groups_exit();
	class_unregister(&vfio_class);
	unregister_chrdev_region(vfio_devt, MINORMASK + 1);
	vfio_eventfd_watch_exit();
	ida_destroy(&vfio_ida);
	/* Interrupt triggers are freed after a grace period. */
	rcu_barrier();
}
module_exit(vfio_exit);

MODULE_DESCRIPTION("VFIO core: device files that are parked until iommufd owns their DMA");
MODULE_LICENSE("GPL");
MODULE_VERSION(IOMMUFD_VFIO_VERSION);
