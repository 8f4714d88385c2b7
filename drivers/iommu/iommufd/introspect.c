// SPDX-License-Identifier: GPL-2.0-only
/*
 * The contexts that there are, and looks at what they have. introspect.h has the rules.
 */
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uidgid.h>

#include "introspect.h"

/* How many objects are passed over with their table locked. */
#define VIEW_STEPS	256

static DEFINE_XARRAY_ALLOC1(contexts);
static u32 next_context;
static atomic_t generation = ATOMIC_INIT(1);

static DEFINE_MUTEX(enter_lock);

/**
 * iommufd_introspect_begin() - prepare to have a context looked at
 * @ictx: the context, of the calling process
 *
 * Return: 0, or -ENOMEM.
 */
int iommufd_introspect_begin(struct iommufd_ctx *ictx)
{
	struct iommufd_introspection *intro;

	intro = kzalloc(sizeof(*intro), GFP_KERNEL_ACCOUNT);
	if (!intro)
		return -ENOMEM;
	intro->counts = alloc_percpu_gfp(struct iommufd_counts, GFP_KERNEL_ACCOUNT);
	if (!intro->counts) {
		kfree(intro);
		return -ENOMEM;
	}
	intro->pid = pid_nr(task_tgid(current));
	get_task_comm(intro->comm, current->group_leader);
	intro->uid = current_uid();
	ictx->intro = intro;
	return 0;
}

/**
 * iommufd_introspect_enter() - let a context be looked at, if it can't be yet
 * @ictx: the context, complete
 *
 * Return: 0, -ENOMEM, or -EBUSY if all numbers are taken.
 */
int iommufd_introspect_enter(struct iommufd_ctx *ictx)
{
	struct iommufd_introspection *intro = ictx->intro;
	int rc;

	/* Pairs with the release below: whoever sees it sees the number, too. */
	if (likely(smp_load_acquire(&intro->entered)))
		return 0;
	guard(mutex)(&enter_lock);
	if (intro->entered)
		return 0;
	/* Found from here on. Numbers go round, so that one that is gone isn't soon another's. */
	rc = xa_alloc_cyclic(&contexts, &intro->id, ictx, XA_LIMIT(1, INT_MAX), &next_context,
			     GFP_KERNEL_ACCOUNT);
	if (rc < 0) {
		intro->id = 0;
		return rc;
	}
	iommufd_introspect_changed(ictx);
	iommufd_event_ctx(ictx, IOMMUFD_EVENT_KIND_CTX_OPEN);
	/* Pairs with the acquire above. */
	smp_store_release(&intro->entered, true);
	return 0;
}

/**
 * iommufd_introspect_end() - the context can't be looked at any more
 * @ictx: the context, about to be taken apart
 *
 * Waits for those who are looking, which doesn't take long.
 */
void iommufd_introspect_end(struct iommufd_ctx *ictx)
{
	if (!ictx->intro->entered)
		return;
	xa_erase(&contexts, ictx->intro->id);
	iommufd_introspect_changed(ictx);
	iommufd_views_wait(&ictx->intro->views);
}

/**
 * iommufd_introspect_free() - undo iommufd_introspect_begin()
 * @ictx: the context, which has nothing any more
 */
void iommufd_introspect_free(struct iommufd_ctx *ictx)
{
	if (ictx->intro->entered)
		iommufd_event_ctx(ictx, IOMMUFD_EVENT_KIND_CTX_CLOSE);
	free_percpu(ictx->intro->counts);
	kfree(ictx->intro);
}

/**
 * iommufd_introspect_changed() - something has come or gone
 * @ictx: in which context; NULL: in none
 */
void iommufd_introspect_changed(struct iommufd_ctx *ictx)
{
	if (ictx)
		atomic_inc(&ictx->intro->generation);
	atomic_inc(&generation);
}

u32 iommufd_introspect_generation(void)
{
	return atomic_read(&generation);
}

/**
 * iommufd_ctx_view_next() - look at a context
 * @id: from which number on
 *
 * Return: the context of the lowest number, with a view; or NULL.
 */
struct iommufd_ctx *iommufd_ctx_view_next(u32 id)
{
	unsigned long index = id;
	struct iommufd_ctx *ictx;

	xa_lock(&contexts);
	ictx = xa_find(&contexts, &index, INT_MAX, XA_PRESENT);
	if (ictx)
		atomic_inc(&ictx->intro->views);
	xa_unlock(&contexts);
	return ictx;
}

/**
 * iommufd_object_view_next() - look at an object
 * @ictx: its context, under a view
 * @id: from which number on
 * @types: a bit for each enum iommufd_object_type that is wanted
 *
 * Return: the object of the lowest number, with a view; or NULL.
 */
struct iommufd_object *iommufd_object_view_next(struct iommufd_ctx *ictx, u32 id,
						unsigned long types)
{
	XA_STATE(xas, &ictx->objects, id);
	struct iommufd_object *obj;
	unsigned int steps = 0;

	xas_lock(&xas);
	xas_for_each(&xas, obj, INT_MAX) {
		/* A reserved number's entry is no object. */
		if (!xas_retry(&xas, obj) && types & BIT(obj->type)) {
			atomic_inc(&obj->views);
			break;
		}
		if (++steps % VIEW_STEPS)
			continue;
		xas_pause(&xas);
		xas_unlock(&xas);
		cond_resched();
		xas_lock(&xas);
	}
	xas_unlock(&xas);
	return obj;
}

/**
 * iommufd_count_failure() - remember that an ioctl has failed
 * @ictx: in which context
 * @rc: what it returns
 */
void iommufd_count_failure(struct iommufd_ctx *ictx, long rc)
{
	unsigned long errno = -rc;

	atomic_inc(&ictx->intro->failures[errno <= IOMMUFD_ERRNO_MAX ? errno : 0]);
}
