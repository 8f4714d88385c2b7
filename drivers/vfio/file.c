// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two sides of an open device file: parked and bound. vfio_private.h has the model.
 */
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vfio_private.h"

static int vfio_fops_open(struct inode *inode, struct file *file)
{
	struct vfio_core_device *core = container_of(inode->i_cdev, struct vfio_core_device, cdev);
	struct vfio_file *df;

	df = kzalloc(sizeof(*df), GFP_KERNEL_ACCOUNT);
	if (!df)
		return -ENOMEM;
	df->core = core;
	df->file = file;

	mutex_lock(&core->lock);
	if (!core->registered) {
		mutex_unlock(&core->lock);
		kfree(df);
		return -ENODEV;
	}
	get_device(&core->device);
	list_add(&df->link, &core->files);
	iommufd_node_opened(&core->node, false);
	mutex_unlock(&core->lock);

	file->private_data = df;
	file->f_mapping = core->inode->i_mapping;
	return 0;
}

static int vfio_fops_release(struct inode *inode, struct file *file)
{
	struct vfio_file *df = file->private_data;
	struct vfio_core_device *core = df->core;

	mutex_lock(&core->lock);
	/* A group's file that never came to be is on no list. */
	if (!list_empty(&df->link))
		iommufd_node_closed(&core->node, df->gone);
	list_del(&df->link);
	if (core->bound == df)
		vfio_session_end(df);
	else if (df->group_file)
		vfio_group_close_file(df);
	mutex_unlock(&core->lock);
	/* After the device, since the group takes its DMA away. */
	if (df->group_file)
		fput(df->group_file);
	kfree(df);
	put_device(&core->device);
	return 0;
}

/* Why nothing is possible through a parked file. */
static int parked_errno(struct vfio_file *df)
{
	return READ_ONCE(df->gone) ? -ENODEV : -EINVAL;
}

static ssize_t vfio_parked_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
	return parked_errno(file->private_data);
}

static ssize_t vfio_parked_write(struct file *file, const char __user *buf, size_t count,
				 loff_t *ppos)
{
	return parked_errno(file->private_data);
}

static int vfio_parked_mmap(struct file *file, struct vm_area_struct *vma)
{
	return parked_errno(file->private_data);
}

static long vfio_parked_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct vfio_file *df = file->private_data;

	if (cmd == VFIO_DEVICE_BIND_IOMMUFD && !READ_ONCE(df->gone))
		return vfio_file_bind(df, (void __user *)arg);
	return parked_errno(df);
}

static __poll_t vfio_parked_poll(struct file *file, struct poll_table_struct *wait)
{
	struct vfio_file *df = file->private_data;

	poll_wait(file, &df->core->gone_wait, wait);
	return READ_ONCE(df->gone) ? EPOLLHUP | EPOLLERR : EPOLLERR;
}

static __poll_t vfio_device_poll(struct file *file, struct poll_table_struct *wait)
{
	struct vfio_file *df = file->private_data;

	poll_wait(file, &df->core->gone_wait, wait);
	return READ_ONCE(df->gone) ? EPOLLHUP | EPOLLERR : 0;
}

/**
 * vfio_file_call_locked() - a call of the driver that needs a lock
 * @df: as for vfio_file_enter()
 * @lock: the lock, held around @call
 * @call: calls the driver; user memory must not be touched in it
 * @arg: for @call
 *
 * Return: what @call returns; -ENODEV if the device is gone, or what @lock says, without a call.
 */
int vfio_file_call_locked(struct vfio_file *df, const struct vfio_call_lock *lock,
			  int (*call)(struct vfio_core_device *core, void *arg), void *arg)
{
	struct vfio_core_device *core = df->core;
	int idx, rc;

	if (!vfio_file_enter(df, &idx))
		return -ENODEV;
	rc = lock->take(core);
	if (!rc) {
		rc = call(core, arg);
		lock->drop(core);
	}
	vfio_file_exit(df, idx);
	return rc;
}

/* Most accesses are to one register: those need no allocation. */
#define SMALL_ACCESS	64

/**
 * struct vfio_bounce - the kernel's copy of data on its way between a user and a driver
 * @small: room for a short access
 * @page: room for a longer one, of PAGE_SIZE, else NULL
 * @size: the room in bytes
 */
struct vfio_bounce {
	u8 small[SMALL_ACCESS];
	void *page;
	size_t size;
};

/* Returns the buffer, or NULL without memory. */
static void *bounce_init(struct vfio_bounce *bounce, size_t count)
{
	bounce->page = NULL;
	bounce->size = sizeof(bounce->small);
	if (count <= bounce->size)
		return bounce->small;
	bounce->page = (void *)__get_free_page(GFP_KERNEL_ACCOUNT);
	bounce->size = PAGE_SIZE;
	return bounce->page;
}

static void bounce_free(struct vfio_bounce *bounce)
{
	free_page((unsigned long)bounce->page);
}

static ssize_t driver_read(struct vfio_file *df, void *buf, size_t count, loff_t pos)
{
	struct vfio_device *vdev = df->core->vdev;
	ssize_t rc;
	int idx;

	if (!vfio_file_enter(df, &idx))
		return -ENODEV;
	rc = vdev->ops->read ? vdev->ops->read(vdev, buf, count, pos) : -EINVAL;
	vfio_file_exit(df, idx);
	return rc;
}

static ssize_t driver_write(struct vfio_file *df, const void *buf, size_t count, loff_t pos)
{
	struct vfio_device *vdev = df->core->vdev;
	ssize_t rc;
	int idx;

	if (!vfio_file_enter(df, &idx))
		return -ENODEV;
	rc = vdev->ops->write ? vdev->ops->write(vdev, buf, count, pos) : -EINVAL;
	vfio_file_exit(df, idx);
	return rc;
}

/* What a driver says of a transfer of @count bytes. More would have the user get the kernel's. */
static ssize_t check_transferred(ssize_t rc, size_t count)
{
	return WARN_ON_ONCE(rc > 0 && rc > count) ? -EIO : rc;
}

static ssize_t transfer_piece(struct vfio_file *df, void *buf, char __user *ubuf, size_t count,
			      loff_t pos, bool write)
{
	ssize_t rc;

	if (write) {
		if (copy_from_user(buf, ubuf, count))
			return -EFAULT;
		return check_transferred(driver_write(df, buf, count, pos), count);
	}
	rc = check_transferred(driver_read(df, buf, count, pos), count);
	if (rc > 0 && copy_to_user(ubuf, buf, rc))
		return -EFAULT;
	return rc;
}

/* Whether to go on after a piece of @want bytes gave @got, with @left bytes still to do. */
static bool transfer_goes_on(ssize_t got, size_t want, size_t left)
{
	if (got != want || !left || fatal_signal_pending(current))
		return false;
	cond_resched();
	return true;
}

/* Reads from the driver into @ubuf, or, if @write, the other way. */
static ssize_t device_transfer(struct file *file, char __user *ubuf, size_t count, loff_t *ppos,
			       bool write)
{
	struct vfio_bounce bounce;
	size_t done = 0, want;
	ssize_t rc;
	void *buf;

	if (!count)
		return 0;
	buf = bounce_init(&bounce, count);
	if (!buf)
		return -ENOMEM;
	do {
		want = min(count - done, bounce.size);
		rc = transfer_piece(file->private_data, buf, ubuf + done, want, *ppos + done,
				    write);
		if (rc > 0)
			done += rc;
	} while (transfer_goes_on(rc, want, count - done));
	bounce_free(&bounce);
	*ppos += done;
	return done ?: rc;
}

static ssize_t vfio_device_read(struct file *file, char __user *ubuf, size_t count, loff_t *ppos)
{
	return device_transfer(file, ubuf, count, ppos, false);
}

static ssize_t vfio_device_write(struct file *file, const char __user *ubuf, size_t count,
				 loff_t *ppos)
{
	/* Nothing is written to @ubuf then. */
	return device_transfer(file, (char __user *)ubuf, count, ppos, true);
}

static int vfio_device_mmap(struct file *file, struct vm_area_struct *vma)
{
	return vfio_file_mmap(file->private_data, vma);
}

static long vfio_device_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return vfio_file_ioctl(file->private_data, cmd, (void __user *)arg);
}

/*
 * Both tables have the same methods, and the same open and release. Addresses of mappings are
 * chosen so that a large region can be mapped by large pages.
 */
const struct file_operations vfio_parked_fops = {
	.owner = THIS_MODULE,
	.open = vfio_fops_open,
	.release = vfio_fops_release,
	.read = vfio_parked_read,
	.write = vfio_parked_write,
	.poll = vfio_parked_poll,
	.unlocked_ioctl = vfio_parked_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = vfio_parked_mmap,
	.get_unmapped_area = thp_get_unmapped_area,
};

const struct file_operations vfio_device_fops = {
	.owner = THIS_MODULE,
	.open = vfio_fops_open,
	.release = vfio_fops_release,
	.read = vfio_device_read,
	.write = vfio_device_write,
	.poll = vfio_device_poll,
	.unlocked_ioctl = vfio_device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = vfio_device_mmap,
	.get_unmapped_area = thp_get_unmapped_area,
};
