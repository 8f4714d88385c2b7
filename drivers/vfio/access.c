// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that do no DMA: their drivers access memory by IOVA.
 *
 * The core stands between iommufd and the driver only to learn of a driver that keeps memory which
 * is to be unmapped. Its device is then taken from the user, as when it is unplugged. Nothing less
 * is safe: pages can be taken from a driver only after its @close has stopped all that uses them.
 */
#include <linux/export.h>
#include <linux/iommufd.h>

#include "vfio_private.h"

static struct workqueue_struct *revoke_queue;

static void access_unmap(void *data, unsigned long iova, unsigned long length)
{
	struct vfio_core_device *core = data;

	core->access_ops->unmap(core->access_data, iova, length);
}

/* Later, as whoever unmaps may be waited for by those for whom a revocation waits. */
static void access_stuck(void *data)
{
	struct vfio_core_device *core = data;

	WRITE_ONCE(core->access_stuck, true);
	/* The work's reference */
	get_device(&core->device);
	if (!queue_work(revoke_queue, &core->revoke_work)) {
		put_device(&core->device);
		return;
	}
	dev_warn_ratelimited(core->vdev->dev,
			     "the driver %s keeps memory that is unmapped: the device is taken from its user\n",
			     core->vdev->ops->name ?: "without name");
}

/**
 * vfio_access_revoke_work() - take a device from its user whose driver keeps memory
 * @work: of the device
 */
void vfio_access_revoke_work(struct work_struct *work)
{
	struct vfio_core_device *core = container_of(work, struct vfio_core_device, revoke_work);

	vfio_device_revoke_stuck(core);
	put_device(&core->device);
}

/**
 * vfio_access_cancel_work() - wait until vfio_access_revoke_work() has ended, and won't begin
 * @core: the device, which isn't bound and won't be
 */
void vfio_access_cancel_work(struct vfio_core_device *core)
{
	/* What has not begun has a reference. */
	if (cancel_work_sync(&core->revoke_work))
		put_device(&core->device);
}

static const struct iommufd_access_ops pinning_ops = {
	.unmap = access_unmap,
	.stuck = access_stuck,
};

static const struct iommufd_access_ops copying_ops = {};

int vfio_bind_access(struct vfio_bind *bind, const struct iommufd_access_ops *ops, void *data)
{
	struct vfio_core_device *core = bind->core;
	struct iommufd_access *access;

	if (WARN_ON(bind->endpoint))
		return -EINVAL;
	core->access_ops = ops;
	core->access_data = data;
	access = iommufd_access_bind(bind->ictx, ops->unmap ? &pinning_ops : &copying_ops, core);
	if (IS_ERR(access))
		return PTR_ERR(access);
	core->access = access;
	bind->endpoint = iommufd_access_endpoint(access);
	return 0;
}
EXPORT_SYMBOL_GPL(vfio_bind_access);

struct iommufd_access *vfio_device_access(struct vfio_device *vdev)
{
	return vdev->core->access;
}
EXPORT_SYMBOL_GPL(vfio_device_access);

/**
 * vfio_access_cancel() - have nobody wait for user memory on behalf of a driver's accesses
 * @core: the device, lock held
 */
void vfio_access_cancel(struct vfio_core_device *core)
{
	lockdep_assert_held(&core->lock);
	if (core->access)
		iommufd_access_cancel(core->access);
}

int __init vfio_access_init(void)
{
	revoke_queue = alloc_workqueue("vfio_revoke", WQ_UNBOUND, 0);
	return revoke_queue ? 0 : -ENOMEM;
}

void vfio_access_exit(void)
{
	destroy_workqueue(revoke_queue);
}
