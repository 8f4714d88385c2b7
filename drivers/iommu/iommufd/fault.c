// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fault queues: devices' page requests on their way to the user, and the answers on their way back.
 *
 * A device asks for pages by *requests*. Those that belong together form a *group*, which gets one
 * answer. The IOMMU core collects a group and hands it over as a struct iopf_group; from then on
 * somebody owes it an answer. A queue keeps what is owed in @pending: first *unread*, then read and
 * awaiting the user's answer, named by a cookie. Exactly one of these ends it: the user's answer,
 * the device leaving the page table, or nobody being left to answer since the file is closed. It
 * is then answered under queue->lock. So whoever takes that lock and finds a device's groups gone
 * knows that nobody uses them any more, which is what a device that goes away must know.
 *
 * What is pending was asked through an attached page table, and page tables hold their queue. So a
 * queue that is freed is empty.
 *
 * A reader copies to user memory without any lock. It has a reference to a record, which is memory
 * and nothing else: the record's group may well be answered meanwhile.
 *
 * Who holds a queue: the object table, page tables, and the file. The file does not hold the
 * context. What serves page requests may be another process than the one that owns the devices; if
 * that dies, its context must end, and the server be told by a hang-up.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "group.h"
#include "introspect.h"

/**
 * struct iommufd_fault_queue - a fault queue
 * @obj: its number
 * @lock: protects what follows. The IOMMU core's and driver's locks for an answer nest inside.
 * @pending: struct fault_record by cookie: what is to be answered
 * @next_cookie: where to look for a free one, so that a late answer doesn't hit another group
 * @unread: records that nobody has read, oldest first
 * @nr_faults: page requests in @pending
 * @closed: the file is gone, so nobody will answer
 * @ended: the context is gone, so nobody will ask
 * @wait: pollers
 */
struct iommufd_fault_queue {
	struct iommufd_object obj;
	struct mutex lock;
	struct xarray pending;
	u32 next_cookie;
	struct list_head unread;
	unsigned int nr_faults;
	bool closed;
	bool ended;
	wait_queue_head_t wait;
};

/**
 * struct fault_record - a group of page requests that awaits its answer
 * @refs: one for being pending, one for each reader
 * @link: in queue->unread, or empty
 * @group: to be answered; no longer there when the record isn't pending
 * @handle: the attachment that it came through; stays as long as the group does
 * @hwpt: the page table that was attached; not a reference, see iommufd_fault_queue_cancel()
 * @idev: who asked; not a reference either
 * @cookie: its name
 * @nr: number of @faults
 * @faults: what the user reads; doesn't change once the record is in a queue
 */
struct fault_record {
	refcount_t refs;
	struct list_head link;
	struct iopf_group *group;
	const struct iommufd_fault_handle *handle;
	const struct iommufd_hwpt *hwpt;
	const struct iommufd_device *idev;
	u32 cookie;
	unsigned int nr;
	struct iommu_hwpt_pgfault faults[] __counted_by(nr);
};

static void record_put(struct fault_record *rec)
{
	if (refcount_dec_and_test(&rec->refs))
		kvfree(rec);
}

static void fault_describe(struct iommu_hwpt_pgfault *fault,
			   const struct iommu_fault_page_request *prm, u32 devid)
{
	/* The numbers are the same; those of the IOMMU core can't change without being noticed. */
	static_assert(IOMMU_PGFAULT_PERM_READ == IOMMU_FAULT_PERM_READ);
	static_assert(IOMMU_PGFAULT_PERM_WRITE == IOMMU_FAULT_PERM_WRITE);
	static_assert(IOMMU_PGFAULT_PERM_EXEC == IOMMU_FAULT_PERM_EXEC);
	static_assert(IOMMU_PGFAULT_PERM_PRIV == IOMMU_FAULT_PERM_PRIV);

	if (prm->flags & IOMMU_FAULT_PAGE_REQUEST_PASID_VALID) {
		fault->flags |= IOMMU_PGFAULT_FLAGS_PASID_VALID;
		fault->pasid = prm->pasid;
	}
	if (prm->flags & IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE)
		fault->flags |= IOMMU_PGFAULT_FLAGS_LAST_PAGE;
	fault->dev_id = devid;
	fault->grpid = prm->grpid;
	fault->perm = prm->perm;
	fault->addr = prm->addr;
}

static struct fault_record *record_alloc(struct iopf_group *group,
					 const struct iommufd_fault_handle *handle,
					 const struct iommufd_device *idev)
{
	struct fault_record *rec;
	struct iopf_fault *iopf;
	unsigned int i = 0;

	if (group->fault_count > IOMMUFD_FAULT_QUEUE_MAX)
		return NULL;
	rec = kvzalloc(struct_size(rec, faults, group->fault_count), GFP_KERNEL_ACCOUNT);
	if (!rec)
		return NULL;
	refcount_set(&rec->refs, 1);
	rec->group = group;
	rec->handle = handle;
	rec->hwpt = handle->hwpt;
	rec->idev = idev;
	rec->nr = group->fault_count;
	list_for_each_entry(iopf, &group->faults, list)
		fault_describe(&rec->faults[i++], &iopf->fault.prm, idev->ep.obj.id);
	return rec;
}

static void group_answer(struct iopf_group *group, enum iommu_page_response_code code)
{
	iopf_group_response(group, code);
	iopf_free_group(group);
}

/* Answers what is pending, which it is no longer then. */
static void queue_answer(struct iommufd_fault_queue *queue, struct fault_record *rec,
			 enum iommu_page_response_code code)
{
	lockdep_assert_held(&queue->lock);
	xa_erase(&queue->pending, rec->cookie);
	list_del_init(&rec->link);
	queue->nr_faults -= rec->nr;
	group_answer(rec->group, code);
	record_put(rec);
}

static int queue_insert(struct iommufd_fault_queue *queue, struct fault_record *rec)
{
	unsigned int i;
	int rc;

	guard(mutex)(&queue->lock);
	if (queue->closed)
		return -EPIPE;
	if (rec->nr > IOMMUFD_FAULT_QUEUE_MAX - queue->nr_faults) {
		iommufd_event_quota(queue->obj.ictx, IOMMUFD_QUOTA_FAULTS);
		return -ENOSPC;
	}
	rc = xa_alloc_cyclic(&queue->pending, &rec->cookie, rec, xa_limit_32b, &queue->next_cookie,
			     GFP_KERNEL_ACCOUNT);
	if (rc < 0)
		return rc;
	for (i = 0; i < rec->nr; i++)
		rec->faults[i].cookie = rec->cookie;
	list_add_tail(&rec->link, &queue->unread);
	queue->nr_faults += rec->nr;
	return 0;
}

/* Before the record is in a queue: its requests may be answered at any moment then. */
static void fault_tell(const struct fault_record *rec, const struct iommufd_device *idev)
{
	unsigned int i;

	this_cpu_add(idev->ep.obj.ictx->intro->counts->faults, rec->nr);
	for (i = 0; i < rec->nr; i++)
		iommufd_event_fault(&idev->ep, rec->hwpt->obj.id, rec->faults[i].pasid,
				    rec->faults[i].addr);
}

/**
 * iommufd_fault_queue_add() - let the user answer a group of page requests
 * @queue: the queue
 * @group: the group; consumed
 * @handle: the attachment of the device; its hwpt has the queue
 * @idev: the device
 *
 * A group that can't be queued is answered at once: there is no memory, the queue is full, or it
 * is closed. The answer is that the pages can't be had. The other one possible, a failure, would
 * turn off the device's page requests for good, and users can make their devices overflow a queue.
 *
 * Context: the caller has a lock that keeps the device from being taken away.
 */
void iommufd_fault_queue_add(struct iommufd_fault_queue *queue, struct iopf_group *group,
			     const struct iommufd_fault_handle *handle,
			     const struct iommufd_device *idev)
{
	struct fault_record *rec = record_alloc(group, handle, idev);

	if (rec)
		fault_tell(rec, idev);
	if (!rec || queue_insert(queue, rec)) {
		group_answer(group, IOMMU_PAGE_RESP_INVALID);
		kvfree(rec);
		return;
	}
	wake_up_interruptible_poll(&queue->wait, EPOLLIN | EPOLLRDNORM);
}

/**
 * iommufd_fault_queue_cancel() - answer what is pending of devices that leave a page table
 * @queue: the queue of @hwpt
 * @handle: the attachment of the devices
 * @hwpt: the page table
 * @idev: which of the devices; NULL: all
 *
 * The caller has seen to it that nothing of that kind is added any more. All of it is answered when
 * this returns; and this waits for no user.
 */
void iommufd_fault_queue_cancel(struct iommufd_fault_queue *queue,
				const struct iommufd_fault_handle *handle,
				const struct iommufd_hwpt *hwpt, const struct iommufd_device *idev)
{
	struct fault_record *rec;
	unsigned long cookie;

	guard(mutex)(&queue->lock);
	xa_for_each(&queue->pending, cookie, rec) {
		if (rec->handle == handle && rec->hwpt == hwpt && (!idev || rec->idev == idev))
			queue_answer(queue, rec, IOMMU_PAGE_RESP_INVALID);
	}
}

/*
 * The oldest record that nobody has read, with a reference; from now on it counts as read. NULL if
 * there is none, or if it is larger than @size bytes.
 */
static struct fault_record *queue_take_unread(struct iommufd_fault_queue *queue, size_t size)
{
	struct fault_record *rec;

	guard(mutex)(&queue->lock);
	rec = list_first_entry_or_null(&queue->unread, struct fault_record, link);
	if (!rec || flex_array_size(rec, faults, rec->nr) > size)
		return NULL;
	list_del_init(&rec->link);
	refcount_inc(&rec->refs);
	return rec;
}

/* Nobody has read it after all. */
static void queue_untake(struct iommufd_fault_queue *queue, struct fault_record *rec)
{
	mutex_lock(&queue->lock);
	if (xa_load(&queue->pending, rec->cookie) == rec)
		list_add(&rec->link, &queue->unread);
	mutex_unlock(&queue->lock);
	wake_up_interruptible_poll(&queue->wait, EPOLLIN | EPOLLRDNORM);
}

/* Returns the number of bytes, 0 if there is nothing to read. */
static ssize_t queue_read_group(struct iommufd_fault_queue *queue, char __user *buf, size_t size)
{
	struct fault_record *rec = queue_take_unread(queue, size);
	ssize_t rc;

	if (!rec)
		return 0;
	rc = flex_array_size(rec, faults, rec->nr);
	if (copy_to_user(buf, rec->faults, rc)) {
		queue_untake(queue, rec);
		rc = -EFAULT;
	}
	record_put(rec);
	return rc;
}

static ssize_t fault_fops_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
	struct iommufd_fault_queue *queue = file->private_data;
	size_t done = 0;
	ssize_t rc = 0;

	/* As mainline has it */
	if (count % sizeof(struct iommu_hwpt_pgfault))
		return -ESPIPE;
	while (done < count) {
		rc = queue_read_group(queue, buf + done, count - done);
		if (rc <= 0)
			break;
		done += rc;
	}
	return done ?: rc;
}

static int queue_respond(struct iommufd_fault_queue *queue,
			 const struct iommu_hwpt_page_response *response)
{
	enum iommu_page_response_code code;
	struct fault_record *rec;

	switch (response->code) {
	case IOMMUFD_PAGE_RESP_SUCCESS:
		code = IOMMU_PAGE_RESP_SUCCESS;
		break;
	case IOMMUFD_PAGE_RESP_INVALID:
		code = IOMMU_PAGE_RESP_INVALID;
		break;
	default:
		return -EINVAL;
	}
	guard(mutex)(&queue->lock);
	rec = xa_load(&queue->pending, response->cookie);
	/* Who hasn't read a cookie can't mean it. */
	if (!rec || !list_empty(&rec->link))
		return -EINVAL;
	queue_answer(queue, rec, code);
	return 0;
}

static ssize_t fault_fops_write(struct file *file, const char __user *buf, size_t count,
				loff_t *ppos)
{
	struct iommufd_fault_queue *queue = file->private_data;
	struct iommu_hwpt_page_response response;
	size_t done;
	int rc = 0;

	if (count % sizeof(response))
		return -ESPIPE;
	for (done = 0; done < count; done += sizeof(response)) {
		rc = -EFAULT;
		if (copy_from_user(&response, buf + done, sizeof(response)))
			break;
		rc = queue_respond(queue, &response);
		if (rc)
			break;
	}
	return done ?: rc;
}

static __poll_t fault_fops_poll(struct file *file, struct poll_table_struct *table)
{
	struct iommufd_fault_queue *queue = file->private_data;
	__poll_t events = EPOLLOUT | EPOLLWRNORM;

	poll_wait(file, &queue->wait, table);
	guard(mutex)(&queue->lock);
	if (!list_empty(&queue->unread))
		events |= EPOLLIN | EPOLLRDNORM;
	if (queue->ended)
		events |= EPOLLHUP;
	return events;
}

static int fault_fops_release(struct inode *inode, struct file *file)
{
	struct iommufd_fault_queue *queue = file->private_data;
	struct fault_record *rec;
	unsigned long cookie;

	mutex_lock(&queue->lock);
	queue->closed = true;
	xa_for_each(&queue->pending, cookie, rec)
		queue_answer(queue, rec, IOMMU_PAGE_RESP_INVALID);
	mutex_unlock(&queue->lock);
	iommufd_fault_queue_put(queue);
	return 0;
}

static const struct file_operations fault_fops = {
	.owner = THIS_MODULE,
	.read = fault_fops_read,
	.write = fault_fops_write,
	.poll = fault_fops_poll,
	.release = fault_fops_release,
};

static void queue_free(struct iommufd_object *obj)
{
	struct iommufd_fault_queue *queue = container_of(obj, struct iommufd_fault_queue, obj);

	WARN_ON(!xa_empty(&queue->pending));
	mutex_destroy(&queue->lock);
	kfree(queue);
}

/**
 * iommufd_fault_queue_get() - look up a queue
 * @ictx: the context
 * @id: its number
 *
 * Return: the queue with a reference, or ERR_PTR(-ENOENT).
 */
struct iommufd_fault_queue *iommufd_fault_queue_get(struct iommufd_ctx *ictx, u32 id)
{
	struct iommufd_object *obj = iommufd_object_get(ictx, id, IOMMUFD_OBJ_FAULT_QUEUE);

	return IS_ERR(obj) ? ERR_CAST(obj) : container_of(obj, struct iommufd_fault_queue, obj);
}

/**
 * iommufd_fault_queue_describe() - the state of a queue, without waiting for anybody
 * @obj: the queue
 * @state: to fill
 */
void iommufd_fault_queue_describe(struct iommufd_object *obj,
				  struct iommufd_fault_queue_state *state)
{
	const struct iommufd_fault_queue *queue = container_of(obj, struct iommufd_fault_queue,
							       obj);

	state->pending = READ_ONCE(queue->nr_faults);
	state->closed = READ_ONCE(queue->closed);
}

u32 iommufd_fault_queue_id(const struct iommufd_fault_queue *queue)
{
	return queue->obj.id;
}

void iommufd_fault_queue_hold(struct iommufd_fault_queue *queue)
{
	refcount_inc(&queue->obj.refs);
}

void iommufd_fault_queue_put(struct iommufd_fault_queue *queue)
{
	iommufd_object_put(&queue->obj);
}

/**
 * iommufd_fault_queues_end() - tell those who have queues open that their context ends
 * @ictx: the context, which nobody can reach any more
 */
void iommufd_fault_queues_end(struct iommufd_ctx *ictx)
{
	struct iommufd_fault_queue *queue;
	struct iommufd_object *obj;
	unsigned long id;

	xa_for_each(&ictx->objects, id, obj) {
		if (obj->type != IOMMUFD_OBJ_FAULT_QUEUE)
			continue;
		queue = container_of(obj, struct iommufd_fault_queue, obj);
		mutex_lock(&queue->lock);
		queue->ended = true;
		mutex_unlock(&queue->lock);
		wake_up_interruptible_poll(&queue->wait, EPOLLHUP);
	}
}

/* A queue whose number is reserved; with one reference. */
static struct iommufd_fault_queue *queue_alloc(struct iommufd_ctx *ictx)
{
	struct iommufd_fault_queue *queue;
	int rc;

	queue = kzalloc(sizeof(*queue), GFP_KERNEL_ACCOUNT);
	if (!queue)
		return ERR_PTR(-ENOMEM);
	mutex_init(&queue->lock);
	/* Cookies start at 1, so that 0, which programs easily write by mistake, is never one. */
	xa_init_flags(&queue->pending, XA_FLAGS_ALLOC1);
	INIT_LIST_HEAD(&queue->unread);
	init_waitqueue_head(&queue->wait);
	rc = iommufd_object_reserve(ictx, &queue->obj, IOMMUFD_OBJ_FAULT_QUEUE, queue_free);
	if (rc) {
		kfree(queue);
		return ERR_PTR(rc);
	}
	return queue;
}

/* The queue's file, which takes a reference to the queue. */
static struct file *queue_open(struct iommufd_fault_queue *queue)
{
	struct file *file;

	file = anon_inode_getfile("[iommufd-fault]", &fault_fops, queue, O_RDWR);
	if (IS_ERR(file))
		return file;
	/* No position: neither is there a pread(), nor does a read() keep others from a write(). */
	stream_open(file_inode(file), file);
	/* Put by fault_fops_release() */
	iommufd_fault_queue_hold(queue);
	return file;
}

int iommufd_fault_queue_alloc_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_fault_alloc *cmd = ucmd->cmd;
	struct iommufd_fault_queue *queue;
	struct file *file;
	int fd, rc;

	if (cmd->flags)
		return -EOPNOTSUPP;
	queue = queue_alloc(ucmd->ictx);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0) {
		rc = fd;
		goto cancel;
	}
	file = queue_open(queue);
	if (IS_ERR(file)) {
		rc = PTR_ERR(file);
		goto put_fd;
	}
	cmd->out_fault_id = queue->obj.id;
	cmd->out_fault_fd = fd;
	rc = iommufd_ucmd_respond(ucmd, sizeof(*cmd));
	if (rc)
		goto put_file;
	iommufd_object_publish(&queue->obj);
	fd_install(fd, file);
	return 0;

put_file:
	fput(file);
put_fd:
	put_unused_fd(fd);
cancel:
	iommufd_object_cancel(&queue->obj);
	return rc;
}
