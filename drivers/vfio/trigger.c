// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel to user: the eventfd that stands for an interrupt.
 *
 * A trigger is one RCU pointer to a target; a target owns one reference to an eventfd. Signalling
 * is a read of that pointer, so that it may be done from a hard interrupt without any lock. Whoever
 * replaces the target lets the old one go after a grace period, when no signaller can hold it.
 *
 * Replacing is serialised by the caller (see struct vfio_trigger). Targets that wait for their
 * grace period run code of this module: its exit must call rcu_barrier().
 */
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/export.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/vfio.h>

/* One eventfd; immutable after publication. */
struct vfio_trigger_target {
	struct eventfd_ctx *eventfd;
	struct rcu_head rcu;
};

static struct vfio_trigger_target *vfio_trigger_target_new(int fd)
{
	struct vfio_trigger_target *target;

	target = kzalloc(sizeof(*target), GFP_KERNEL_ACCOUNT);
	if (!target)
		return ERR_PTR(-ENOMEM);

	target->eventfd = eventfd_ctx_fdget(fd);
	if (IS_ERR(target->eventfd)) {
		int err = PTR_ERR(target->eventfd);

		kfree(target);
		return ERR_PTR(err);
	}
	return target;
}

static void vfio_trigger_target_free(struct rcu_head *rcu)
{
	struct vfio_trigger_target *target = container_of(rcu, struct vfio_trigger_target, rcu);

	eventfd_ctx_put(target->eventfd);
	kfree(target);
}

/* Publish @target, which may be NULL and whose reference moves to @trigger. */
static void vfio_trigger_publish(struct vfio_trigger *trigger, struct vfio_trigger_target *target)
{
	struct vfio_trigger_target *old;

	old = unrcu_pointer(xchg(&trigger->target, RCU_INITIALIZER(target)));
	if (old)
		call_rcu(&old->rcu, vfio_trigger_target_free);
}

int vfio_trigger_set(struct vfio_trigger *trigger, int fd)
{
	struct vfio_trigger_target *target = NULL;

	if (fd < -1)
		return -EINVAL;
	if (fd >= 0) {
		target = vfio_trigger_target_new(fd);
		if (IS_ERR(target))
			return PTR_ERR(target);
	}
	vfio_trigger_publish(trigger, target);
	return 0;
}
EXPORT_SYMBOL_GPL(vfio_trigger_set);

void vfio_trigger_move(struct vfio_trigger *to, struct vfio_trigger *from)
{
	vfio_trigger_publish(to, unrcu_pointer(xchg(&from->target, NULL)));
}
EXPORT_SYMBOL_GPL(vfio_trigger_move);

void vfio_trigger_clear(struct vfio_trigger *trigger)
{
	vfio_trigger_publish(trigger, NULL);
}
EXPORT_SYMBOL_GPL(vfio_trigger_clear);

void vfio_trigger_signal(struct vfio_trigger *trigger)
{
	struct vfio_trigger_target *target;

	guard(rcu)();
	target = rcu_dereference(trigger->target);
	if (target)
		eventfd_signal(target->eventfd);
}
EXPORT_SYMBOL_GPL(vfio_trigger_signal);
