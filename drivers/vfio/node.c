// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the core tells iommufd of its devices, which shows it to administrators.
 */
#include <linux/module.h>

#include "vfio_private.h"

static struct vfio_core_device *core_from_node(struct iommufd_node *node)
{
	return container_of(node, struct vfio_core_device, node);
}

static void node_get(struct iommufd_node *node)
{
	get_device(&core_from_node(node)->device);
}

static void node_put(struct iommufd_node *node)
{
	put_device(&core_from_node(node)->device);
}

static void node_revoke(struct iommufd_node *node)
{
	vfio_device_revoke(core_from_node(node));
}

/**
 * vfio_node_add() - let a device be seen
 * @core: the device, which is being registered
 *
 * Return: 0 or -ENOMEM.
 */
int vfio_node_add(struct vfio_core_device *core)
{
	struct iommufd_node *node = &core->node;

	node->nr = MINOR(core->device.devt);
	node->dev = core->vdev->dev;
	node->driver = core->vdev->ops->name;
	node->owner = THIS_MODULE;
	node->get = node_get;
	node->put = node_put;
	node->revoke = node_revoke;
	return iommufd_node_add(node);
}
