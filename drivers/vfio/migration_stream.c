// SPDX-License-Identifier: GPL-2.0-only
/*
 * Data files: what a user reads the saved state of a device from, or writes one to.
 *
 * A file is of one save or load. It is that of the device (core->migration.stream) until that ends,
 * which the file survives: everything but close fails then. The file keeps the core's part of the
 * device in memory, and the driver is called only with the migration lock, after a look at both.
 *
 * Bytes go through a page of the file's, so that the driver doesn't see user memory. What the
 * driver has given away can't be got from it again. So what could not be copied to the user stays
 * in the page, for the next read. io_lock keeps the bytes in order; it may be waited for as long
 * as a user's memory takes, by nobody but other readers and writers of the file, who can be
 * killed.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vfio_private.h"

/**
 * struct vfio_stream - a data file
 * @core: the device; a reference
 * @file: the VFS' side
 * @io_lock: protects what follows
 * @page: PAGE_SIZE bytes
 * @start: where the bytes in @page begin that the user has not got yet
 * @fill: how many they are; changed under @io_lock, read without it as an estimate
 */
struct vfio_stream {
	struct vfio_core_device *core;
	struct file *file;
	struct mutex io_lock;
	u8 *page;
	size_t start;
	size_t fill;
};

/* Takes the migration lock, if the file is good for something. */
static int stream_enter(struct vfio_stream *stream)
{
	struct vfio_migration *mig = &stream->core->migration;
	int rc = vfio_migration_lock(stream->core);

	if (rc)
		return rc;
	if (mig->open && mig->stream == stream)
		return 0;
	vfio_migration_unlock(stream->core);
	return -ENODEV;
}

/* Has the driver fill the empty page, with @want bytes at most. */
static ssize_t stream_save(struct vfio_stream *stream, size_t want)
{
	struct vfio_core_device *core = stream->core;
	ssize_t rc = stream_enter(stream);

	if (rc)
		return rc;
	rc = core->vdev->migration->save(core->vdev, stream->page, want);
	if (!rc && core->migration.state != VFIO_DEVICE_STATE_STOP_COPY)
		rc = -ENOMSG;
	vfio_migration_unlock(core);
	if (WARN_ON_ONCE(rc > (ssize_t)want))
		rc = -EIO;
	stream->start = 0;
	WRITE_ONCE(stream->fill, rc > 0 ? rc : 0);
	return rc;
}

/* The file may have ended with bytes in its page: they are of a save that is void. */
static int stream_check(struct vfio_stream *stream)
{
	int rc = stream_enter(stream);

	if (!rc)
		vfio_migration_unlock(stream->core);
	return rc;
}

static ssize_t stream_read_piece(struct vfio_stream *stream, char __user *ubuf, size_t count)
{
	size_t left, done;
	ssize_t rc;

	rc = stream->fill ? stream_check(stream) : stream_save(stream, min(count, PAGE_SIZE));
	if (rc < 0 || !stream->fill)
		return rc;
	count = min(count, stream->fill);
	left = copy_to_user(ubuf, stream->page + stream->start, count);
	done = count - left;
	stream->start += done;
	WRITE_ONCE(stream->fill, stream->fill - done);
	return done ?: -EFAULT;
}

/* Only reads from @ubuf. */
static ssize_t stream_write_piece(struct vfio_stream *stream, char __user *ubuf, size_t count)
{
	struct vfio_core_device *core = stream->core;
	ssize_t rc;

	count = min(count, PAGE_SIZE);
	if (copy_from_user(stream->page, ubuf, count))
		return -EFAULT;
	rc = stream_enter(stream);
	if (rc)
		return rc;
	rc = core->vdev->migration->load(core->vdev, stream->page, count);
	vfio_migration_unlock(core);
	return rc;
}

static bool stream_goes_on(ssize_t got, size_t left)
{
	if (got <= 0 || !left || fatal_signal_pending(current))
		return false;
	cond_resched();
	return true;
}

/* Moves bytes piece by piece, in one direction. */
static ssize_t stream_move(struct vfio_stream *stream, char __user *ubuf, size_t count,
			   ssize_t (*piece)(struct vfio_stream *stream, char __user *ubuf,
					    size_t count))
{
	size_t done = 0;
	ssize_t rc;

	if (!count)
		return 0;
	rc = mutex_lock_killable(&stream->io_lock);
	if (rc)
		return rc;
	do {
		rc = piece(stream, ubuf + done, count - done);
		if (rc > 0)
			done += rc;
	} while (stream_goes_on(rc, count - done));
	mutex_unlock(&stream->io_lock);
	return done ?: rc;
}

static ssize_t stream_read(struct file *file, char __user *ubuf, size_t count, loff_t *ppos)
{
	return stream_move(file->private_data, ubuf, count, stream_read_piece);
}

static ssize_t stream_write(struct file *file, const char __user *ubuf, size_t count, loff_t *ppos)
{
	return stream_move(file->private_data, (char __user *)ubuf, count, stream_write_piece);
}

static bool stream_has_precopy_data(struct vfio_stream *stream)
{
	struct vfio_device *vdev = stream->core->vdev;
	struct vfio_precopy_info info = {};

	if (READ_ONCE(stream->fill))
		return true;
	/* What can't be told is to be asked for by a read. */
	return vdev->migration->precopy(vdev, &info) || info.initial_bytes || info.dirty_bytes;
}

static __poll_t stream_poll(struct file *file, struct poll_table_struct *wait)
{
	struct vfio_stream *stream = file->private_data;
	__poll_t events = 0;

	poll_wait(file, &stream->core->migration.wait, wait);
	if (stream_enter(stream))
		return EPOLLHUP | EPOLLERR;
	switch (stream->core->migration.state) {
	case VFIO_DEVICE_STATE_STOP_COPY:
		events = EPOLLIN | EPOLLRDNORM;
		break;
	case VFIO_DEVICE_STATE_RESUMING:
		events = EPOLLOUT | EPOLLWRNORM;
		break;
	default:
		if (stream_has_precopy_data(stream))
			events = EPOLLIN | EPOLLRDNORM;
	}
	vfio_migration_unlock(stream->core);
	return events;
}

/* In this order: a device that is closed, one that has nothing to tell, a file that has ended. */
static int stream_precopy_info(struct vfio_stream *stream, struct vfio_precopy_info *info,
			       bool *flags)
{
	struct vfio_core_device *core = stream->core;
	struct vfio_migration *mig = &core->migration;
	int rc = vfio_migration_lock(core);

	if (rc)
		return rc;
	if (!mig->open)
		rc = -ENODEV;
	else if (mig->state != VFIO_DEVICE_STATE_PRE_COPY &&
		 mig->state != VFIO_DEVICE_STATE_PRE_COPY_P2P)
		rc = -EINVAL;
	else if (mig->stream != stream)
		rc = -ENODEV;
	else
		rc = core->vdev->migration->precopy(core->vdev, info);
	*flags = mig->precopy_flags;
	vfio_migration_unlock(core);
	return rc;
}

static long stream_get_precopy_info(struct vfio_stream *stream,
				    struct vfio_precopy_info __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_precopy_info, dirty_bytes);
	struct vfio_precopy_info info = {};
	bool with_flags;
	u32 argsz, flags;
	int rc;

	if (get_user(argsz, &arg->argsz) || get_user(flags, &arg->flags))
		return -EFAULT;
	if (argsz < minsz)
		return -EINVAL;
	rc = stream_precopy_info(stream, &info, &with_flags);
	if (rc)
		return rc;
	/* What waits in the page was initial data or dirty data, and is still to be read. */
	info.initial_bytes += READ_ONCE(stream->fill);
	info.argsz = argsz;
	info.flags = with_flags ? info.flags & VFIO_PRECOPY_INFO_REINIT : flags;
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

static long stream_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (cmd != VFIO_MIG_GET_PRECOPY_INFO)
		return -ENOTTY;
	return stream_get_precopy_info(file->private_data, (void __user *)arg);
}

static int stream_release(struct inode *inode, struct file *file)
{
	struct vfio_stream *stream = file->private_data;
	struct vfio_core_device *core = stream->core;

	/* The state stays as it is: only the user's requests and resets change it. */
	mutex_lock(&core->migration.lock);
	if (core->migration.stream == stream)
		core->migration.stream = NULL;
	vfio_migration_unlock(core);
	free_page((unsigned long)stream->page);
	kfree(stream);
	put_device(&core->device);
	return 0;
}

static const struct file_operations vfio_stream_fops = {
	.owner = THIS_MODULE,
	.release = stream_release,
	.read = stream_read,
	.write = stream_write,
	.poll = stream_poll,
	.unlocked_ioctl = stream_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

struct file *vfio_stream_file(struct vfio_stream *stream)
{
	return stream->file;
}

/**
 * vfio_stream_create() - a data file, which is nobody's yet
 * @core: the device
 * @loads: it is to be written, not read
 *
 * Return: it, which goes with its file; ERR_PTR(-ENOMEM) and the like.
 */
struct vfio_stream *vfio_stream_create(struct vfio_core_device *core, bool loads)
{
	struct vfio_stream *stream = kzalloc(sizeof(*stream), GFP_KERNEL_ACCOUNT);
	int rc = -ENOMEM;

	if (!stream)
		return ERR_PTR(-ENOMEM);
	stream->page = (void *)__get_free_page(GFP_KERNEL_ACCOUNT);
	if (!stream->page)
		goto free_stream;
	mutex_init(&stream->io_lock);
	stream->core = core;
	stream->file = anon_inode_getfile("[vfio-migration]", &vfio_stream_fops, stream,
					  loads ? O_WRONLY : O_RDONLY);
	if (IS_ERR(stream->file)) {
		rc = PTR_ERR(stream->file);
		goto free_page;
	}
	/* No seeking, and no lock of the VFS around reads and writes. */
	stream_open(NULL, stream->file);
	get_device(&core->device);
	return stream;

free_page:
	free_page((unsigned long)stream->page);
free_stream:
	kfree(stream);
	return ERR_PTR(rc);
}
