// SPDX-License-Identifier: GPL-2.0-only
/*
 * The features by which a user asks for migration states.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "vfio_private.h"

static const struct vfio_call_lock migration_lock = {
	.take = vfio_migration_lock,
	.drop = vfio_migration_unlock,
};

long vfio_feature_migration(struct vfio_file *df, u32 method, void __user *arg)
{
	struct vfio_device_feature_migration migration = {};
	int idx;

	if (!vfio_file_enter(df, &idx))
		return -ENODEV;
	migration.flags = df->core->vdev->migration->flags;
	vfio_file_exit(df, idx);
	return copy_to_user(arg, &migration, sizeof(migration)) ? -EFAULT : 0;
}

static int size_read(struct vfio_core_device *core, void *length)
{
	return core->vdev->migration->size(core->vdev, length);
}

long vfio_feature_mig_data_size(struct vfio_file *df, u32 method, void __user *arg)
{
	struct vfio_device_feature_mig_data_size size = {};
	u64 length = 0;
	int rc;

	rc = vfio_file_call_locked(df, &migration_lock, size_read, &length);
	if (rc)
		return rc;
	size.stop_copy_length = length;
	return copy_to_user(arg, &size, sizeof(size)) ? -EFAULT : 0;
}

static int precopy_flags_enable(struct vfio_core_device *core, void *unused)
{
	core->migration.precopy_flags = true;
	return 0;
}

long vfio_feature_precopy_flags(struct vfio_file *df, u32 method, void __user *arg)
{
	return vfio_file_call_locked(df, &migration_lock, precopy_flags_enable, NULL);
}

static int state_read(struct vfio_core_device *core, void *arg)
{
	struct vfio_device_feature_mig_state *state = arg;

	state->device_state = core->migration.state;
	return 0;
}

static long state_get(struct vfio_file *df, void __user *arg)
{
	struct vfio_device_feature_mig_state state = { .data_fd = -1 };
	int rc = vfio_file_call_locked(df, &migration_lock, state_read, &state);

	if (rc)
		return rc;
	return copy_to_user(arg, &state, sizeof(state)) ? -EFAULT : 0;
}

static bool begins_stream(enum vfio_device_mig_state from, enum vfio_device_mig_state to)
{
	if (from == to)
		return false;
	return to == VFIO_DEVICE_STATE_RESUMING ||
	       (vfio_migration_saves(to) && !vfio_migration_saves(from));
}

static bool ends_stream(enum vfio_device_mig_state from, enum vfio_device_mig_state to)
{
	return from == VFIO_DEVICE_STATE_RESUMING ||
	       (vfio_migration_saves(from) && !vfio_migration_saves(to));
}

static int take_step(struct vfio_core_device *core, enum vfio_device_mig_state to)
{
	struct vfio_migration *mig = &core->migration;
	int rc = core->vdev->migration->step(core->vdev, mig->state, to);

	if (mig->state == VFIO_DEVICE_STATE_ERROR)
		return rc ?: -EIO;
	if (rc)
		return rc;
	if (ends_stream(mig->state, to))
		vfio_migration_end_stream(core);
	mig->state = to;
	/* What comes from the data file, or can go there, is another thing now. */
	wake_up_poll(&mig->wait, EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM);
	return 0;
}

/* Step by step; a failure leaves the device in a state on the way. */
static int take_steps(struct vfio_core_device *core, enum vfio_device_mig_state to)
{
	struct vfio_migration *mig = &core->migration;
	enum vfio_device_mig_state next;
	int rc;

	while (mig->state != to) {
		next = vfio_migration_next(core->vdev->migration->flags, mig->state, to);
		if (next == VFIO_DEVICE_STATE_ERROR)
			return -EINVAL;
		rc = take_step(core, next);
		if (rc)
			return rc;
		/* Reset meanwhile: it is in RUNNING as soon as the lock is dropped. */
		if (atomic_read(&mig->was_reset))
			return -EAGAIN;
		if (mig->state != to && fatal_signal_pending(current))
			return -EINTR;
	}
	return 0;
}

/**
 * struct change - of a device's state
 * @to: the state that it is to have
 * @fd: for the data file, if one is needed; or why there is none, a negative errno
 * @begun: set to the save or load that has begun with it; else left alone
 */
struct change {
	enum vfio_device_mig_state to;
	int fd;
	struct vfio_stream *begun;
};

/* All that can fail but the steps comes before them. */
static int change_state(struct vfio_core_device *core, void *arg)
{
	struct vfio_migration *mig = &core->migration;
	struct vfio_stream *stream = NULL;
	struct change *change = arg;
	int rc;

	lockdep_assert_held(&mig->lock);
	if (!vfio_migration_has_state(core->vdev->migration->flags, change->to))
		return -EINVAL;
	if (begins_stream(mig->state, change->to)) {
		if (change->fd < 0)
			return change->fd;
		stream = vfio_stream_create(core, change->to == VFIO_DEVICE_STATE_RESUMING);
		if (IS_ERR(stream))
			return PTR_ERR(stream);
	}
	rc = take_steps(core, change->to);
	if (rc) {
		/* Its release takes our lock, but is only called when we return to the user. */
		if (stream)
			fput(vfio_stream_file(stream));
		return rc;
	}
	if (stream)
		mig->stream = stream;
	change->begun = stream;
	return 0;
}

/* As far as the user gets to know of @fd it is his. */
static int hand_over(struct vfio_stream *stream, int fd, int __user *arg)
{
	if (put_user(fd, arg)) {
		fput(vfio_stream_file(stream));
		put_unused_fd(fd);
		return -EFAULT;
	}
	fd_install(fd, vfio_stream_file(stream));
	return 0;
}

static long state_set(struct vfio_file *df, struct vfio_device_feature_mig_state __user *arg)
{
	struct change change = {};
	u32 state;
	int rc;

	/* A structure that can't be answered is refused before anything is changed. */
	if (get_user(state, &arg->device_state) || put_user(-1, &arg->data_fd))
		return -EFAULT;
	/* A full table of descriptors matters only if one is needed. */
	change.fd = get_unused_fd_flags(O_CLOEXEC);
	change.to = state;
	rc = vfio_file_call_locked(df, &migration_lock, change_state, &change);
	if (change.begun)
		return hand_over(change.begun, change.fd, &arg->data_fd);
	if (change.fd >= 0)
		put_unused_fd(change.fd);
	return rc;
}

long vfio_feature_mig_state(struct vfio_file *df, u32 method, void __user *arg)
{
	return method == VFIO_DEVICE_FEATURE_GET ? state_get(df, arg) : state_set(df, arg);
}
