// SPDX-License-Identifier: GPL-2.0-only
/*
 * User to kernel: a callback for each signal of a user's eventfd.
 *
 * A watch sits on the eventfd's wait queue. The wake-up runs in the signaller's context with the
 * queue's lock held, so it only empties the counter and queues a work item; the work item calls
 * back. Signals that come while the work is queued fold into one call, as they do in a counter.
 * Callbacks may have to wait for a reset, and a user may have a thousand watches: so the work has a
 * queue of its own, which others of the kernel's don't wait in.
 *
 * Lifetime: the watch holds a reference to the eventfd's context, hence the wait queue outlives it.
 * It holds none to the file: when the user closes the last descriptor the queue is woken with
 * EPOLLHUP and the watch takes itself off. It is freed by vfio_eventfd_watch_stop() and nowhere
 * else, which first leaves the queue (no new work) and then waits for the work.
 */
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/export.h>
#include <linux/file.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/vfio.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "vfio_private.h"

static struct workqueue_struct *watch_queue;

struct vfio_eventfd_watch {
	struct eventfd_ctx *eventfd;
	wait_queue_head_t *queue;
	wait_queue_entry_t entry;
	poll_table poll;
	struct work_struct work;
	void (*signalled)(void *data);
	void *data;
};

static void vfio_eventfd_watch_work(struct work_struct *work)
{
	struct vfio_eventfd_watch *watch = container_of(work, struct vfio_eventfd_watch, work);

	watch->signalled(watch->data);
}

/* The wait queue's lock is held. */
static int vfio_eventfd_watch_wake(wait_queue_entry_t *entry, unsigned int mode, int sync,
				   void *key)
{
	struct vfio_eventfd_watch *watch = container_of(entry, struct vfio_eventfd_watch, entry);
	__poll_t events = key_to_poll(key);
	u64 count;

	/* Another watch of the same eventfd may have emptied it; that was a signal for us, too. */
	if (events & EPOLLIN) {
		eventfd_ctx_do_read(watch->eventfd, &count);
		queue_work(watch_queue, &watch->work);
	}
	/* list_del_init, so that vfio_eventfd_watch_stop() may remove it once more. */
	if (events & EPOLLHUP)
		list_del_init(&entry->entry);
	return 0;
}

static void vfio_eventfd_watch_enqueue(struct file *file, wait_queue_head_t *queue,
				       poll_table *poll)
{
	struct vfio_eventfd_watch *watch = container_of(poll, struct vfio_eventfd_watch, poll);

	watch->queue = queue;
	add_wait_queue(queue, &watch->entry);
}

/* Join the queue; a signal that came before counts as the first. */
static void vfio_eventfd_watch_join(struct vfio_eventfd_watch *watch, struct file *file)
{
	u64 count;

	init_waitqueue_func_entry(&watch->entry, vfio_eventfd_watch_wake);
	INIT_LIST_HEAD(&watch->entry.entry);
	init_poll_funcptr(&watch->poll, vfio_eventfd_watch_enqueue);
	if (!(vfs_poll(file, &watch->poll) & EPOLLIN))
		return;

	scoped_guard(spinlock_irq, &watch->queue->lock)
		eventfd_ctx_do_read(watch->eventfd, &count);
	/* Else the wake-up has seen to it already. */
	if (count)
		queue_work(watch_queue, &watch->work);
}

struct vfio_eventfd_watch *vfio_eventfd_watch_start(int fd, void (*signalled)(void *data),
						    void *data)
{
	struct vfio_eventfd_watch *watch;
	struct file *file;
	int err;

	file = fget(fd);
	if (!file)
		return ERR_PTR(-EBADF);

	watch = kzalloc(sizeof(*watch), GFP_KERNEL_ACCOUNT);
	if (!watch) {
		err = -ENOMEM;
		goto err_put_file;
	}

	watch->eventfd = eventfd_ctx_fileget(file);
	if (IS_ERR(watch->eventfd)) {
		err = PTR_ERR(watch->eventfd);
		goto err_free;
	}
	watch->signalled = signalled;
	watch->data = data;
	INIT_WORK(&watch->work, vfio_eventfd_watch_work);
	vfio_eventfd_watch_join(watch, file);
	/* Until here the file kept the queue from being hung up half-way. */
	fput(file);
	return watch;

err_free:
	kfree(watch);
err_put_file:
	fput(file);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_GPL(vfio_eventfd_watch_start);

void vfio_eventfd_watch_stop(struct vfio_eventfd_watch *watch)
{
	u64 count;

	if (!watch)
		return;
	eventfd_ctx_remove_wait_queue(watch->eventfd, &watch->entry, &count);
	cancel_work_sync(&watch->work);
	eventfd_ctx_put(watch->eventfd);
	kfree(watch);
}
EXPORT_SYMBOL_GPL(vfio_eventfd_watch_stop);

int __init vfio_eventfd_watch_init(void)
{
	watch_queue = alloc_workqueue("vfio_eventfd", WQ_UNBOUND, 0);
	return watch_queue ? 0 : -ENOMEM;
}

void vfio_eventfd_watch_exit(void)
{
	destroy_workqueue(watch_queue);
}
