// SPDX-License-Identifier: GPL-2.0-only
/*
 * The numbered objects of a context.
 *
 * An object's number is reserved first, while everything that can fail is done, and then published;
 * so nobody finds a half-made object. An object that userspace destroys must have no reference but
 * the table's; since lookups take theirs under the table's lock, that test is exact. A context that
 * closes needs no order of its own: objects hold references on what they depend on, and dropping
 * the table's references frees each when its last user is gone.
 */
#include <linux/export.h>

#include "introspect.h"

/**
 * iommufd_object_reserve() - give an object a number that nobody can look up yet
 * @ictx: the context
 * @obj: the object's head, inside a zeroed structure of the caller's
 * @type: its kind
 * @free: frees the caller's structure, when the last reference is put
 *
 * Return: 0 with one reference, to become the table's; -ENOMEM, or -EBUSY if all numbers are taken.
 */
int iommufd_object_reserve(struct iommufd_ctx *ictx, struct iommufd_object *obj,
			   enum iommufd_object_type type, void (*free)(struct iommufd_object *obj))
{
	int rc = iommufd_introspect_enter(ictx);

	if (rc)
		return rc;
	obj->ictx = ictx;
	obj->type = type;
	obj->free = free;
	refcount_set(&obj->refs, 1);
	return xa_alloc(&ictx->objects, &obj->id, NULL, xa_limit_31b, GFP_KERNEL_ACCOUNT);
}

static void object_came(struct iommufd_object *obj)
{
	atomic_inc(&obj->ictx->intro->nr_objects[obj->type]);
	iommufd_introspect_changed(obj->ictx);
}

static void object_went(struct iommufd_object *obj)
{
	atomic_dec(&obj->ictx->intro->nr_objects[obj->type]);
	iommufd_introspect_changed(obj->ictx);
}

/**
 * iommufd_object_publish() - let userspace name the object
 * @obj: a reserved object; its only reference becomes the table's
 */
void iommufd_object_publish(struct iommufd_object *obj)
{
	void *old;

	/* While it is the caller's: published, it may be destroyed at any moment. */
	object_came(obj);
	/* The slot was allocated by the reservation, so this can't fail. */
	old = xa_store(&obj->ictx->objects, obj->id, obj, GFP_KERNEL);
	WARN_ON(old);
}
EXPORT_SYMBOL_NS_GPL(iommufd_object_publish, IOMMUFD_VFIO_TEST);

/**
 * iommufd_object_cancel() - give up a reserved object
 * @obj: a reserved object, which is freed if nobody took a further reference
 */
void iommufd_object_cancel(struct iommufd_object *obj)
{
	xa_erase(&obj->ictx->objects, obj->id);
	iommufd_object_put(obj);
}
EXPORT_SYMBOL_NS_GPL(iommufd_object_cancel, IOMMUFD_VFIO_TEST);

/**
 * iommufd_object_get() - look up an object
 * @ictx: the context
 * @id: its number
 * @type: the kind that is wanted, or IOMMUFD_OBJ_ANY
 *
 * Return: the object with a reference for the caller; ERR_PTR(-ENOENT) if the number stands for
 * nothing or for another kind.
 */
struct iommufd_object *iommufd_object_get(struct iommufd_ctx *ictx, u32 id,
					  enum iommufd_object_type type)
{
	XA_STATE(xas, &ictx->objects, id);
	struct iommufd_object *obj;

	xas_lock(&xas);
	obj = xas_load(&xas);
	/* A reserved number's entry is no object. */
	if (obj && !xa_is_zero(obj) && (type == IOMMUFD_OBJ_ANY || obj->type == type))
		refcount_inc(&obj->refs);
	else
		obj = ERR_PTR(-ENOENT);
	xas_unlock(&xas);
	return obj;
}
EXPORT_SYMBOL_NS_GPL(iommufd_object_get, IOMMUFD_VFIO_TEST);

void iommufd_object_put(struct iommufd_object *obj)
{
	if (!refcount_dec_and_test(&obj->refs))
		return;
	/* It isn't found any more, and looks don't take long. */
	iommufd_views_wait(&obj->views);
	obj->free(obj);
}
EXPORT_SYMBOL_NS_GPL(iommufd_object_put, IOMMUFD_VFIO_TEST);

/**
 * iommufd_object_unpublish() - take back the number, whoever still uses the object
 * @obj: an object on which the caller has a reference besides the table's; if it isn't published,
 *       or not any more, nothing happens
 */
void iommufd_object_unpublish(struct iommufd_object *obj)
{
	struct xarray *objects = &obj->ictx->objects;
	bool published;

	xa_lock(objects);
	/* The number may be another object's by now. */
	published = xa_load(objects, obj->id) == obj;
	if (published) {
		__xa_erase(objects, obj->id);
		object_went(obj);
	}
	xa_unlock(objects);
	if (published)
		iommufd_object_put(obj);
}

/* Takes the object out of the table if the table is its only user. */
static bool object_erase_unused(struct iommufd_object *obj)
{
	lockdep_assert_held(&obj->ictx->objects.xa_lock);
	if (refcount_read(&obj->refs) != 1)
		return false;
	__xa_erase(&obj->ictx->objects, obj->id);
	object_went(obj);
	return true;
}

/**
 * iommufd_object_destroy_if_unused() - drop a reference, then destroy what nobody uses
 * @obj: a published object; the caller's reference is consumed
 *
 * Return: whether it was destroyed.
 */
bool iommufd_object_destroy_if_unused(struct iommufd_object *obj)
{
	struct iommufd_ctx *ictx = obj->ictx;
	bool unused;

	xa_lock(&ictx->objects);
	if (xa_load(&ictx->objects, obj->id) != obj) {
		/* Unpublished meanwhile: ours may be the last reference. */
		xa_unlock(&ictx->objects);
		iommufd_object_put(obj);
		return false;
	}
	refcount_dec(&obj->refs);
	unused = object_erase_unused(obj);
	xa_unlock(&ictx->objects);
	if (unused)
		iommufd_object_put(obj);
	return unused;
}

/**
 * iommufd_object_destroy_all() - end all objects of a context that nobody can reach any more
 * @ictx: the context
 */
void iommufd_object_destroy_all(struct iommufd_ctx *ictx)
{
	struct iommufd_object *obj;
	unsigned long id;

	xa_for_each(&ictx->objects, id, obj) {
		xa_erase(&ictx->objects, id);
		iommufd_object_put(obj);
	}
	xa_destroy(&ictx->objects);
}

int iommufd_destroy(struct iommufd_ucmd *ucmd)
{
	struct iommu_destroy *cmd = ucmd->cmd;
	struct xarray *objects = &ucmd->ictx->objects;
	struct iommufd_object *obj;
	int rc = 0;

	xa_lock(objects);
	obj = xa_load(objects, cmd->id);
	if (!obj)
		rc = -ENOENT;
	else if (!object_erase_unused(obj))
		rc = -EBUSY;
	xa_unlock(objects);
	if (!rc)
		iommufd_object_put(obj);
	return rc;
}
