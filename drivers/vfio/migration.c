// SPDX-License-Identifier: GPL-2.0-only
/*
 * The migration state of a device: its lock, its beginning and end, and resets. migration.h has the
 * model.
 */
#include <linux/export.h>
#include <linux/poll.h>

#include "vfio_private.h"

void vfio_migration_init(struct vfio_core_device *core)
{
	struct vfio_migration *mig = &core->migration;

	mutex_init(&mig->lock);
	init_waitqueue_head(&mig->wait);
	mig->state = VFIO_DEVICE_STATE_RUNNING;
}

/**
 * vfio_migration_ops_are_valid() - whether a driver has all that what it says it can needs
 * @vdev: its device
 */
bool vfio_migration_ops_are_valid(const struct vfio_device *vdev)
{
	const u64 known = VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P | VFIO_MIGRATION_PRE_COPY;
	const struct vfio_migration_ops *ops = vdev->migration;

	if (!ops)
		return true;
	if (!(ops->flags & VFIO_MIGRATION_STOP_COPY) || ops->flags & ~known)
		return false;
	if (ops->flags & VFIO_MIGRATION_PRE_COPY && !ops->precopy)
		return false;
	return ops->step && ops->save && ops->load && ops->size;
}

/**
 * vfio_migration_end_stream() - the save or load in progress ends, and with it what its file can
 * @core: the device; its migration lock is held
 */
void vfio_migration_end_stream(struct vfio_core_device *core)
{
	lockdep_assert_held(&core->migration.lock);
	core->migration.stream = NULL;
	wake_up_poll(&core->migration.wait, EPOLLHUP | EPOLLERR);
}

/* Acts on the note that the device was reset. */
static void settle(struct vfio_core_device *core)
{
	struct vfio_migration *mig = &core->migration;
	const struct vfio_migration_ops *ops = core->vdev->migration;

	lockdep_assert_held(&mig->lock);
	if (likely(!atomic_read(&mig->was_reset)) || !atomic_xchg(&mig->was_reset, 0))
		return;
	if (!mig->open)
		return;
	mig->state = VFIO_DEVICE_STATE_RUNNING;
	vfio_migration_end_stream(core);
	if (ops->was_reset)
		ops->was_reset(core->vdev);
}

/**
 * vfio_migration_lock() - take the migration lock of a device, on behalf of its user
 * @core: the device
 *
 * Return: 0, or -EINTR if the user is to die.
 */
int vfio_migration_lock(struct vfio_core_device *core)
{
	int rc = mutex_lock_killable(&core->migration.lock);

	if (!rc)
		settle(core);
	return rc;
}

/**
 * vfio_migration_unlock() - let go of the migration lock of a device
 * @core: the device
 */
void vfio_migration_unlock(struct vfio_core_device *core)
{
	struct vfio_migration *mig = &core->migration;

	do {
		settle(core);
		mutex_unlock(&mig->lock);
		/* Who left a note after settle() either found the lock free, or we see the note. */
		smp_mb();
	} while (atomic_read(&mig->was_reset) && mutex_trylock(&mig->lock));
}

void vfio_device_was_reset(struct vfio_device *vdev)
{
	struct vfio_core_device *core = vdev->core;

	if (!vdev->migration)
		return;
	/* A full barrier, for the one in vfio_migration_unlock(). */
	atomic_xchg(&core->migration.was_reset, 1);
	if (mutex_trylock(&core->migration.lock))
		vfio_migration_unlock(core);
}
EXPORT_SYMBOL_GPL(vfio_device_was_reset);

/**
 * vfio_migration_reset() - VFIO_DEVICE_RESET of a device that can migrate
 * @core: the device; called as its driver may be called
 *
 * Return: what the driver's @reset says, or -EINTR.
 */
int vfio_migration_reset(struct vfio_core_device *core)
{
	int rc = vfio_migration_lock(core);

	if (rc)
		return rc;
	rc = core->vdev->ops->reset(core->vdev);
	if (!rc)
		atomic_set(&core->migration.was_reset, 1);
	vfio_migration_unlock(core);
	return rc;
}

void vfio_migration_broke(struct vfio_device *vdev)
{
	struct vfio_core_device *core = vdev->core;

	lockdep_assert_held(&core->migration.lock);
	core->migration.state = VFIO_DEVICE_STATE_ERROR;
	vfio_migration_end_stream(core);
}
EXPORT_SYMBOL_GPL(vfio_migration_broke);

void vfio_migration_data_ready(struct vfio_device *vdev)
{
	wake_up_poll(&vdev->core->migration.wait, EPOLLIN | EPOLLRDNORM);
}
EXPORT_SYMBOL_GPL(vfio_migration_data_ready);

/**
 * vfio_migration_open() - the device has been opened
 * @core: the device; its lock is held
 */
void vfio_migration_open(struct vfio_core_device *core)
{
	struct vfio_migration *mig = &core->migration;

	lockdep_assert_held(&core->lock);
	mutex_lock(&mig->lock);
	atomic_set(&mig->was_reset, 0);
	mig->open = true;
	mig->precopy_flags = false;
	mutex_unlock(&mig->lock);
}

/**
 * vfio_migration_close() - the device is about to be closed
 * @core: the device; its lock is held
 *
 * Waits for what its driver does for data files, which may be open for long.
 */
void vfio_migration_close(struct vfio_core_device *core)
{
	struct vfio_migration *mig = &core->migration;

	lockdep_assert_held(&core->lock);
	mutex_lock(&mig->lock);
	mig->open = false;
	mig->state = VFIO_DEVICE_STATE_RUNNING;
	vfio_migration_end_stream(core);
	mutex_unlock(&mig->lock);
}
