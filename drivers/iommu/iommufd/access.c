// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access endpoints: binding and attaching them, and asking their drivers to let go of memory.
 * access.h explains how that works.
 */
#include <linux/export.h>
#include <linux/file.h>
#include <linux/jiffies.h>
#include <linux/slab.h>

#include "access.h"

/* How long a driver may take to let go of what it was asked for. */
#define LET_GO_TIMEOUT	HZ

/* How long it may take until one that is stuck has been stopped. */
#define STOP_TIMEOUT	(10 * HZ)

static struct iommufd_access *access_from_endpoint(struct iommufd_endpoint *ep)
{
	return container_of(ep, struct iommufd_access, ep);
}

/**
 * iommufd_access_changed() - wake those who wait for pins and askers to go
 * @access: the access, lock held
 */
void iommufd_access_changed(struct iommufd_access *access)
{
	lockdep_assert_held(&access->lock);
	WRITE_ONCE(access->changes, access->changes + 1);
	wake_up_all(&access->wait);
}

/**
 * iommufd_access_ioas_get() - what an access is attached to
 * @access: the access
 *
 * Return: the IOAS with a reference for the caller; ERR_PTR(-ENODEV) if there is none, or if the
 * driver is to stop.
 */
struct iommufd_ioas *iommufd_access_ioas_get(struct iommufd_access *access)
{
	guard(mutex)(&access->lock);
	if (!access->ioas || iommufd_is_cancelled(&access->canceller))
		return ERR_PTR(-ENODEV);
	refcount_inc(&access->ioas->obj.refs);
	return access->ioas;
}

/**
 * iommufd_access_is_at() - whether an access is attached to an IOAS
 * @access: the access
 * @ioas: the IOAS, tree_lock held, so that a yes holds as long
 */
bool iommufd_access_is_at(const struct iommufd_access *access, const struct iommufd_ioas *ioas)
{
	lockdep_assert_held(&ioas->tree_lock);
	return READ_ONCE(access->ioas) == ioas;
}

/* Cuts a range down to where the access has pins. Returns whether it has any there. */
static bool access_has_pins(struct iommufd_access *access, unsigned long *first,
			    unsigned long *last)
{
	struct interval_tree_node *node, *root;

	lockdep_assert_held(&access->lock);
	node = interval_tree_iter_first(&access->pins, *first, *last);
	if (!node)
		return false;
	/* The tree is sorted by the first IOVA, and its root knows the last IOVA of all nodes. */
	root = rb_entry(access->pins.rb_root.rb_node, struct interval_tree_node, rb);
	*first = max(*first, node->start);
	*last = min(*last, root->__subtree_last);
	return true;
}

/*
 * Waits until the access has no pins in a range. @killable says whether a fatal signal ends the
 * wait.
 */
static int access_wait_unpinned(struct iommufd_access *access, unsigned long first,
				unsigned long last, unsigned long deadline, bool killable)
{
	unsigned int seen;
	long left;

	for (;;) {
		mutex_lock(&access->lock);
		seen = access->changes;
		if (!interval_tree_iter_first(&access->pins, first, last))
			break;
		mutex_unlock(&access->lock);
		left = deadline - jiffies;
		if (left <= 0)
			return -EBUSY;
		if (killable)
			left = wait_event_killable_timeout(access->wait,
							   READ_ONCE(access->changes) != seen,
							   left);
		else
			left = wait_event_timeout(access->wait,
						  READ_ONCE(access->changes) != seen, left);
		if (left < 0)
			return -EINTR;
	}
	mutex_unlock(&access->lock);
	return 0;
}

/* Takes an access that has pins in a range, so that it stays in ioas->accesses for now. */
static bool access_hold(struct iommufd_access *access, unsigned long *first, unsigned long *last)
{
	guard(mutex)(&access->lock);
	if (!access_has_pins(access, first, last))
		return false;
	access->askers++;
	return true;
}

static void access_unhold(struct iommufd_access *access)
{
	mutex_lock(&access->lock);
	access->askers--;
	iommufd_access_changed(access);
	mutex_unlock(&access->lock);
}

/* Asks the driver to let go of a range, and waits until it has. */
static int access_ask(struct iommufd_access *access, unsigned long first, unsigned long last,
		      unsigned long deadline)
{
	int rc;

	access->ops->unmap(access->data, first, last - first + 1);
	rc = access_wait_unpinned(access, first, last, deadline, true);
	if (rc != -EBUSY)
		return rc;
	if (access->ops->stuck) {
		/* The release takes the pins away, though it waits for us to be done with it. */
		access->ops->stuck(access->data);
		return access_wait_unpinned(access, first, last, jiffies + STOP_TIMEOUT, true);
	}
	pr_warn_ratelimited("iommufd: endpoint %u does not let go of IOVAs %#lx to %#lx, which are to be unmapped\n",
			    access->ep.obj.id, first, last);
	return rc;
}

/**
 * iommufd_access_announce() - keep away new pins in a range
 * @ioas: the IOAS, tree_lock held
 * @leaving: to remember the range by, until iommufd_access_ask_end()
 * @first: first IOVA
 * @last: last IOVA
 */
void iommufd_access_announce(struct iommufd_ioas *ioas, struct iommufd_leaving *leaving,
			     unsigned long first, unsigned long last)
{
	lockdep_assert_held(&ioas->tree_lock);
	leaving->first = first;
	leaving->last = last;
	list_add(&leaving->link, &ioas->leaving);
}

/**
 * iommufd_access_ask() - make sure that no access has or gets pins in a range
 * @ioas: the IOAS
 * @leaving: to remember the range by, until iommufd_access_ask_end()
 * @first: first IOVA
 * @last: last IOVA
 *
 * Return: 0; -EBUSY if a driver does not let go, -EINTR for a fatal signal, and then there is
 * nothing to end.
 */
int iommufd_access_ask(struct iommufd_ioas *ioas, struct iommufd_leaving *leaving,
		       unsigned long first, unsigned long last)
{
	unsigned long deadline = jiffies + LET_GO_TIMEOUT;
	struct iommufd_access *access;
	int rc = 0;

	mutex_lock(&ioas->tree_lock);
	iommufd_access_announce(ioas, leaving, first, last);
	/* Those who attach meanwhile come to stand before, and can't pin anything here. */
	list_for_each_entry(access, &ioas->accesses, link) {
		unsigned long from = first, to = last;

		if (!access_hold(access, &from, &to))
			continue;
		mutex_unlock(&ioas->tree_lock);
		rc = access_ask(access, from, to, deadline);
		mutex_lock(&ioas->tree_lock);
		access_unhold(access);
		if (rc) {
			list_del(&leaving->link);
			break;
		}
	}
	mutex_unlock(&ioas->tree_lock);
	return rc;
}

void iommufd_access_ask_end(struct iommufd_ioas *ioas, struct iommufd_leaving *leaving)
{
	mutex_lock(&ioas->tree_lock);
	list_del(&leaving->link);
	mutex_unlock(&ioas->tree_lock);
}

/* Asks the driver to let go of all pins, then waits for a while. Returns whether none is left. */
static bool access_ask_all(struct iommufd_access *access)
{
	unsigned long first = 0, last = ULONG_MAX;
	bool pinned;

	mutex_lock(&access->lock);
	access->closing = true;
	pinned = access_has_pins(access, &first, &last);
	mutex_unlock(&access->lock);
	if (!pinned)
		return true;
	access->ops->unmap(access->data, first, last - first + 1);
	return !access_wait_unpinned(access, 0, ULONG_MAX, jiffies + LET_GO_TIMEOUT, false);
}

/* Gives up all pins, if need be without the driver. Returns whether that is possible now. */
static bool access_let_go(struct iommufd_access *access)
{
	/* A driver that was to stop before the release has stopped now. */
	if (!access->released || !iommufd_is_cancelled(&access->canceller)) {
		if (access_ask_all(access))
			return true;
		/* It may be using the pages, and can be stopped. */
		if (!access->released && access->ops->stuck)
			return false;
		pr_warn_ratelimited("iommufd: endpoint %u is detached, but its driver does not let go of its pages\n",
				    access->ep.obj.id);
	}
	iommufd_access_drop_pins(access);
	return true;
}

/* As access_leave() if nobody asks the driver just now. @seen is set to what to wait for. */
static bool access_try_leave(struct iommufd_access *access, struct iommufd_ioas *ioas,
			     struct iommufd_ioas *next, unsigned int *seen)
{
	guard(mutex)(&ioas->tree_lock);
	guard(mutex)(&access->lock);
	*seen = access->changes;
	if (access->askers)
		return false;
	list_del(&access->link);
	WRITE_ONCE(access->ioas, next);
	WRITE_ONCE(access->ioas_id, next ? next->obj.id : 0);
	iommufd_access_changed(access);
	return true;
}

/*
 * The end of the attachment to @ioas. Copies go on in @next, if that isn't NULL. Returns -ENODEV if
 * the driver keeps its pins; the attachment ends with the release then, for which to call stuck().
 */
static int access_leave(struct iommufd_access *access, struct iommufd_ioas *ioas,
			struct iommufd_ioas *next)
{
	unsigned int seen;

	if (!access_let_go(access))
		return -ENODEV;
	while (!access_try_leave(access, ioas, next, &seen))
		wait_event(access->wait, READ_ONCE(access->changes) != seen);
	if (access->ops->unmap)
		iommufd_ioas_put_page_alignment(ioas);
	iommufd_object_put(&ioas->obj);
	return 0;
}

/* Lets the access be found by those who unmap, and so pins be made. */
static void access_join(struct iommufd_access *access, struct iommufd_ioas *ioas)
{
	guard(mutex)(&ioas->tree_lock);
	guard(mutex)(&access->lock);
	WRITE_ONCE(access->ioas, ioas);
	WRITE_ONCE(access->ioas_id, ioas->obj.id);
	access->closing = false;
	list_add(&access->link, &ioas->accesses);
}

/* The caller's reference to @ioas is consumed on success. */
static int access_attach_ioas(struct iommufd_access *access, struct iommufd_ioas *ioas)
{
	int rc;

	rc = mutex_lock_killable(&access->attach_lock);
	if (rc)
		return rc;
	if (access->released)
		rc = -ENODEV;
	else if (access->ioas == ioas)
		rc = 1;
	else if (access->ops->unmap)
		rc = iommufd_ioas_get_page_alignment(ioas);
	if (rc)
		goto unlock;
	if (access->ioas)
		rc = access_leave(access, access->ioas, ioas);
	if (!rc) {
		access_join(access, ioas);
	} else {
		if (access->ops->unmap)
			iommufd_ioas_put_page_alignment(ioas);
		access->ops->stuck(access->data);
	}
unlock:
	mutex_unlock(&access->attach_lock);
	if (rc > 0) {
		/* Attached there already, with a reference. */
		iommufd_object_put(&ioas->obj);
		rc = 0;
	}
	return rc;
}

static int access_attach(struct iommufd_endpoint *ep, u32 *pt_id)
{
	struct iommufd_object *obj = iommufd_object_get(ep->obj.ictx, *pt_id, IOMMUFD_OBJ_ANY);
	int rc = -EINVAL;

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	if (obj->type == IOMMUFD_OBJ_IOAS)
		rc = access_attach_ioas(access_from_endpoint(ep),
					container_of(obj, struct iommufd_ioas, obj));
	if (rc)
		iommufd_object_put(obj);
	return rc;
}

static void access_detach(struct iommufd_endpoint *ep)
{
	struct iommufd_access *access = access_from_endpoint(ep);
	int rc = 0;

	mutex_lock(&access->attach_lock);
	if (access->ioas)
		rc = access_leave(access, access->ioas, NULL);
	/* Before the release, which takes the lock: stuck() is not called any more then. */
	if (rc)
		access->ops->stuck(access->data);
	mutex_unlock(&access->attach_lock);
	if (rc)
		wait_event_killable_timeout(access->wait, !READ_ONCE(access->ioas), STOP_TIMEOUT);
}

static void access_release(struct iommufd_endpoint *ep)
{
	struct iommufd_access *access = access_from_endpoint(ep);

	guard(mutex)(&access->attach_lock);
	access->released = true;
	if (access->ioas)
		access_leave(access, access->ioas, NULL);
}

static const struct iommufd_endpoint_ops access_endpoint_ops = {
	.attach = access_attach,
	.detach = access_detach,
	.release = access_release,
};

static void access_free(struct iommufd_object *obj)
{
	struct iommufd_access *access = container_of(obj, struct iommufd_access, ep.obj);
	struct iommufd_ctx *ictx = obj->ictx;

	WARN_ON(access->ioas || !RB_EMPTY_ROOT(&access->pins.rb_root));
	kfree(access);
	/* Last, since it may be the context's last reference */
	iommufd_ctx_put(ictx);
}

struct iommufd_access *iommufd_access_bind(struct iommufd_ctx *ictx,
					   const struct iommufd_access_ops *ops, void *data)
{
	struct iommufd_access *access;
	int rc;

	access = kzalloc(sizeof(*access), GFP_KERNEL_ACCOUNT);
	if (!access)
		return ERR_PTR(-ENOMEM);
	access->ep.ops = &access_endpoint_ops;
	access->ops = ops;
	access->data = data;
	mutex_init(&access->attach_lock);
	mutex_init(&access->lock);
	access->pins = RB_ROOT_CACHED;
	init_waitqueue_head(&access->wait);
	iommufd_canceller_init(&access->canceller);
	rc = iommufd_object_reserve(ictx, &access->ep.obj, IOMMUFD_OBJ_ACCESS, access_free);
	if (rc) {
		kfree(access);
		return ERR_PTR(rc);
	}
	get_file(ictx->file);
	/* The caller's reference, besides the table's */
	refcount_inc(&access->ep.obj.refs);
	iommufd_object_publish(&access->ep.obj);
	return access;
}
EXPORT_SYMBOL_GPL(iommufd_access_bind);

void iommufd_access_cancel(struct iommufd_access *access)
{
	/* With the lock, so that no pin is entered afterwards. */
	mutex_lock(&access->lock);
	iommufd_cancel(&access->canceller);
	mutex_unlock(&access->lock);
}
EXPORT_SYMBOL_GPL(iommufd_access_cancel);

struct iommufd_endpoint *iommufd_access_endpoint(struct iommufd_access *access)
{
	return &access->ep;
}
EXPORT_SYMBOL_GPL(iommufd_access_endpoint);
