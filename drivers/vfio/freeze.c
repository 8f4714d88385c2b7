// SPDX-License-Identifier: GPL-2.0-only
/*
 * Freezing: several devices stay as they are while a driver does something to all of them at once,
 * such as a reset of the bus that they share.
 *
 * What is held is core->lock of each device, in the order of their addresses, so that two freezes
 * of overlapping sets wait for each other and never for ever. A callback's SRCU read section may
 * wait for these locks, since nobody who holds one waits for a read section.
 *
 * For lockdep a freeze is a lock by itself, under which locks of one class nest.
 */
#include <linux/iommufd.h>
#include <linux/lockdep.h>
#include <linux/sort.h>

#include "vfio_private.h"

#ifdef CONFIG_DEBUG_LOCK_ALLOC
static struct lock_class_key freeze_key;

static void freeze_lockdep_begin(struct vfio_freeze *freeze)
{
	lockdep_init_map(&freeze->dep_map, "vfio_freeze", &freeze_key, 0);
	lock_map_acquire(&freeze->dep_map);
}

static void freeze_lockdep_end(struct vfio_freeze *freeze)
{
	lock_map_release(&freeze->dep_map);
}
#else
static void freeze_lockdep_begin(struct vfio_freeze *freeze)
{
}

static void freeze_lockdep_end(struct vfio_freeze *freeze)
{
}
#endif

static int compare_devices(const void *a, const void *b)
{
	const struct vfio_device *x = *(struct vfio_device * const *)a;
	const struct vfio_device *y = *(struct vfio_device * const *)b;

	return x < y ? -1 : x > y;
}

void vfio_freeze_begin(struct vfio_freeze *freeze, struct vfio_device **vdevs, unsigned int count)
{
	unsigned int i;

	freeze->vdevs = vdevs;
	freeze->count = count;
	sort(vdevs, count, sizeof(*vdevs), compare_devices, NULL);
	freeze_lockdep_begin(freeze);
	for (i = 0; i < count; i++)
		mutex_lock_nest_lock(&vdevs[i]->core->lock, freeze);
}
EXPORT_SYMBOL_GPL(vfio_freeze_begin);

void vfio_freeze_end(struct vfio_freeze *freeze)
{
	unsigned int i;

	for (i = 0; i < freeze->count; i++)
		mutex_unlock(&freeze->vdevs[i]->core->lock);
	freeze_lockdep_end(freeze);
}
EXPORT_SYMBOL_GPL(vfio_freeze_end);

bool vfio_device_is_open(struct vfio_device *vdev)
{
	lockdep_assert_held(&vdev->core->lock);
	return vdev->core->bound || vdev->core->group_files;
}
EXPORT_SYMBOL_GPL(vfio_device_is_open);

/* What the user of an open device has; NULL behind no IOMMU. Locks as the callers'. */
static struct iommufd_endpoint *device_endpoint(struct vfio_core_device *core)
{
	struct vfio_file *bound = READ_ONCE(core->bound);

	return bound ? bound->endpoint : core->group_endpoint;
}

int vfio_device_peer_id(struct vfio_device *vdev, struct vfio_device *peer)
{
	/* It stays as long as the callback in which we are. */
	struct iommufd_endpoint *endpoint = device_endpoint(vdev->core);

	lockdep_assert_held(&peer->core->lock);
	if (!peer->core->registered || !endpoint)
		return -ENODEV;
	return iommufd_endpoint_peer_id(endpoint, device_endpoint(peer->core), peer->dev);
}
EXPORT_SYMBOL_GPL(vfio_device_peer_id);

bool vfio_device_peer_is_owned(struct vfio_device *vdev, struct vfio_device *peer,
			       const struct vfio_group_proof *proof)
{
	unsigned int i;

	lockdep_assert_held(&peer->core->lock);
	if (!proof)
		return vfio_device_peer_id(vdev, peer) >= 0;
	if (!peer->core->registered || !peer->core->group)
		return false;
	for (i = 0; i < proof->count; i++)
		if (vfio_group_from_file(proof->files[i]) == peer->core->group)
			return true;
	return false;
}
EXPORT_SYMBOL_GPL(vfio_device_peer_is_owned);
