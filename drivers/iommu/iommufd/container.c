// SPDX-License-Identifier: GPL-2.0-only
/*
 * A context as the container of VFIO groups: the endpoints that groups have put into it, and the
 * IOMMU type that they wait for.
 *
 * A group's devices become endpoints when the group is put into the container; they are attached to
 * the container's IOAS (vfio_compat.c) when the type is chosen, or, if it has been, right away.
 * They leave when they are released. The first one makes the IOAS, if there is none. A group counts
 * apart from its endpoints: a driver that accesses memory has one only while its device is open.
 *
 * A context that was opened as /dev/vfio/vfio keeps to the rules that programs for type1 know:
 * without a group no type, without a type no mappings, one type only, and both are gone with the
 * last group. Its device node is for everybody, and gives rights only to who has a group besides;
 * so what iommufd has more than a container waits for that, too. One that was opened as /dev/iommu
 * is a context first: its IOAS is there to be mapped into before and after, and choosing a type
 * again does no harm.
 *
 * Locks: see struct iommufd_container. Endpoints are attached, which may wait for user memory,
 * under setup_lock alone, and leaving doesn't take that; so taking a device away never waits.
 */
#include <linux/export.h>
#include <uapi/linux/vfio.h>

#include "container.h"
#include "introspect.h"
#include "vfio_compat.h"

/**
 * iommufd_container_init() - prepare a context
 * @ictx: the context
 * @is_container: whether it was opened as /dev/vfio/vfio
 */
void iommufd_container_init(struct iommufd_ctx *ictx, bool is_container)
{
	struct iommufd_container *container = &ictx->container;

	mutex_init(&container->setup_lock);
	mutex_init(&container->lock);
	INIT_LIST_HEAD(&container->members);
	container->strict = is_container;
	/*
	 * As with type1. A manager of virtual machines gives each process a limit of its own, under
	 * one user, and that user's other processes must not use it up.
	 */
	if (is_container)
		ictx->account_mode = IOMMUFD_ACCOUNT_MM;
}

/* Makes the IOAS that the container's ioctls act on, if there is none. */
static int container_need_ioas(struct iommufd_ctx *ictx)
{
	struct iommufd_container *container = &ictx->container;
	struct iommufd_ioas *ioas = iommufd_vfio_compat_ioas_get(ictx);

	lockdep_assert_held(&container->lock);
	if (!IS_ERR(ioas)) {
		iommufd_object_put(&ioas->obj);
		return 0;
	}
	ioas = iommufd_ioas_alloc(ictx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	ioas->of_container = true;
	/* Before userspace can find it and destroy it */
	iommufd_vfio_compat_ioas_set(ictx, ioas);
	iommufd_object_publish(&ioas->obj);
	return 0;
}

/* Attaches an endpoint to the IOAS if it isn't. */
static int member_attach(struct iommufd_endpoint *ep)
{
	struct iommufd_ctx *ictx = ep->obj.ictx;
	struct iommufd_ioas *ioas;
	u32 pt_id;
	int rc;

	lockdep_assert_held(&ictx->container.setup_lock);
	if (ep->in_container_ioas)
		return 0;
	ioas = iommufd_vfio_compat_ioas_get(ictx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	pt_id = ioas->obj.id;
	iommufd_object_put(&ioas->obj);
	rc = iommufd_endpoint_attach(ep, &pt_id);
	if (!rc)
		ep->in_container_ioas = true;
	/* It has just gone, with the last one to leave the container. */
	return rc == -ENOENT ? -ENODEV : rc;
}

/*
 * Begins anew if nobody is in the container any more. Returns the IOAS that the first member made,
 * with a reference, or NULL.
 */
static struct iommufd_ioas *container_reset(struct iommufd_ctx *ictx)
{
	struct iommufd_container *container = &ictx->container;
	struct iommufd_ioas *ioas;

	lockdep_assert_held(&container->lock);
	if (!container->strict || container->groups || !list_empty(&container->members))
		return NULL;
	container->type = 0;
	WRITE_ONCE(container->tracks_dirty, false);
	ioas = iommufd_vfio_compat_ioas_get(ictx);
	if (IS_ERR(ioas))
		return NULL;
	if (!ioas->of_container) {
		iommufd_object_put(&ioas->obj);
		return NULL;
	}
	iommufd_vfio_compat_ioas_set(ictx, NULL);
	return ioas;
}

/* Unless userspace has made something of its own of what container_reset() returned */
static void container_drop_ioas(struct iommufd_ioas *unused)
{
	if (unused)
		iommufd_object_destroy_if_unused(&unused->obj);
}

/**
 * iommufd_container_leave() - an endpoint is released
 * @ep: the endpoint, in a container or not, detached for good
 */
void iommufd_container_leave(struct iommufd_endpoint *ep)
{
	struct iommufd_ctx *ictx = ep->obj.ictx;
	struct iommufd_ioas *unused = NULL;

	mutex_lock(&ictx->container.lock);
	ep->left_container = true;
	if (ep->in_container) {
		list_del(&ep->container_link);
		ep->in_container = false;
		unused = container_reset(ictx);
	}
	mutex_unlock(&ictx->container.lock);
	container_drop_ioas(unused);
}

/* Whether devices behind no IOMMU are in it. */
static bool container_is_noiommu(const struct iommufd_container *container)
{
	return container->groups && container->noiommu;
}

static int container_add(struct iommufd_endpoint *ep)
{
	struct iommufd_ctx *ictx = ep->obj.ictx;
	struct iommufd_container *container = &ictx->container;
	int rc;

	guard(mutex)(&container->lock);
	if (ep->left_container)
		return -ENODEV;
	if (ep->in_container)
		return 0;
	/* DMA that is translated and DMA that isn't don't mix. */
	if (container_is_noiommu(container))
		return -EPERM;
	rc = container_need_ioas(ictx);
	if (rc)
		return rc;
	list_add_tail(&ep->container_link, &container->members);
	ep->in_container = true;
	return 0;
}

int iommufd_container_join(struct iommufd_endpoint *ep)
{
	struct iommufd_container *container = &ep->obj.ictx->container;
	int rc;

	rc = mutex_lock_killable(&container->setup_lock);
	if (rc)
		return rc;
	rc = container_add(ep);
	if (!rc && container->type)
		rc = member_attach(ep);
	mutex_unlock(&container->setup_lock);
	return rc;
}
EXPORT_SYMBOL_GPL(iommufd_container_join);

int iommufd_container_attach(struct iommufd_endpoint *ep)
{
	struct iommufd_container *container = &ep->obj.ictx->container;
	int rc;

	rc = mutex_lock_killable(&container->setup_lock);
	if (rc)
		return rc;
	if (container->strict && !container->type)
		rc = -EINVAL;
	if (!rc)
		rc = container_add(ep);
	if (!rc)
		rc = member_attach(ep);
	mutex_unlock(&container->setup_lock);
	return rc;
}
EXPORT_SYMBOL_GPL(iommufd_container_attach);

int iommufd_container_join_group(struct iommufd_ctx *ictx, bool noiommu)
{
	struct iommufd_container *container = &ictx->container;
	int rc = iommufd_introspect_enter(ictx);

	if (rc)
		return rc;
	guard(mutex)(&container->lock);
	/* /dev/iommu has nothing to offer to a device without an IOMMU. */
	if (noiommu && !container->strict)
		return -EINVAL;
	/* The devices of a group that has ended may still be on their way out. */
	if (noiommu && !list_empty(&container->members))
		return -EPERM;
	if (container->groups && container->noiommu != noiommu)
		return -EPERM;
	container->noiommu = noiommu;
	container->groups++;
	return 0;
}
EXPORT_SYMBOL_GPL(iommufd_container_join_group);

void iommufd_container_leave_group(struct iommufd_ctx *ictx)
{
	struct iommufd_container *container = &ictx->container;
	struct iommufd_ioas *unused;

	mutex_lock(&container->lock);
	container->groups--;
	unused = container_reset(ictx);
	mutex_unlock(&container->lock);
	container_drop_ioas(unused);
}
EXPORT_SYMBOL_GPL(iommufd_container_leave_group);

int iommufd_container_check_noiommu(struct iommufd_ctx *ictx)
{
	return READ_ONCE(ictx->container.type) == VFIO_NOIOMMU_IOMMU ? 0 : -EINVAL;
}
EXPORT_SYMBOL_GPL(iommufd_container_check_noiommu);

/**
 * iommufd_container_has_type() - whether the container could be given an IOMMU type
 * @ictx: the context
 * @type: of VFIO_SET_IOMMU
 */
bool iommufd_container_has_type(struct iommufd_ctx *ictx, unsigned long type)
{
	struct iommufd_container *container = &ictx->container;

	guard(mutex)(&container->lock);
	switch (type) {
	case VFIO_TYPE1_IOMMU:
	case VFIO_TYPE1v2_IOMMU:
		return !container_is_noiommu(container);
	case VFIO_NOIOMMU_IOMMU:
		return container_is_noiommu(container);
	default:
		return false;
	}
}

/**
 * iommufd_container_check_type1() - whether the ioctls of type1 are there
 * @ictx: the context
 *
 * Return: 0; -EINVAL if the container has no type yet; -ENOTTY if it has no IOMMU.
 */
int iommufd_container_check_type1(struct iommufd_ctx *ictx)
{
	struct iommufd_container *container = &ictx->container;
	unsigned long type = READ_ONCE(container->type);

	if (type == VFIO_NOIOMMU_IOMMU)
		return -ENOTTY;
	return container->strict && !type ? -EINVAL : 0;
}

typedef bool member_fn(const struct iommufd_container *container,
		       const struct iommufd_endpoint *ep);

static bool is_detached(const struct iommufd_container *container,
			const struct iommufd_endpoint *ep)
{
	return !ep->in_container_ioas;
}

/* Whether this round has attached it. */
static bool is_of_round(const struct iommufd_container *container,
			const struct iommufd_endpoint *ep)
{
	return ep->in_container_ioas && ep->attach_round == container->attach_round;
}

/* The first member that is so, with a reference, or NULL. */
static struct iommufd_endpoint *container_find(struct iommufd_container *container,
					       member_fn *is_so)
{
	struct iommufd_endpoint *ep;

	guard(mutex)(&container->lock);
	list_for_each_entry(ep, &container->members, container_link) {
		if (is_so(container, ep)) {
			iommufd_endpoint_get(ep);
			return ep;
		}
	}
	return NULL;
}

/* Undoes container_attach_all(). Who isn't in the list any more is detached anyway. */
static void container_detach_round(struct iommufd_container *container)
{
	struct iommufd_endpoint *ep;

	while ((ep = container_find(container, is_of_round))) {
		iommufd_endpoint_detach(ep);
		ep->in_container_ioas = false;
		iommufd_endpoint_put(ep);
	}
}

static void container_take_back_type(struct iommufd_container *container)
{
	guard(mutex)(&container->lock);
	WRITE_ONCE(container->type, 0);
}

static int container_attach_all(struct iommufd_container *container)
{
	struct iommufd_endpoint *ep;
	int rc = 0;

	container->attach_round++;
	while (!rc && (ep = container_find(container, is_detached))) {
		rc = member_attach(ep);
		ep->attach_round = container->attach_round;
		iommufd_endpoint_put(ep);
	}
	return rc;
}

/* Sets the type, and returns the one before, or an errno. */
static int container_change_type(struct iommufd_container *container, unsigned long type)
{
	int old = container->type;

	guard(mutex)(&container->lock);
	if (container->strict && (old || !container->groups))
		return -EINVAL;
	WRITE_ONCE(container->type, type);
	return old;
}

/* What the type means for mappings. */
static int container_prepare_type(struct iommufd_ctx *ictx, unsigned long type)
{
	struct iommufd_ioas *ioas;
	int rc = 0;

	if (type == VFIO_NOIOMMU_IOMMU)
		return 0;
	ioas = iommufd_vfio_compat_ioas_get(ictx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	if (type == VFIO_TYPE1_IOMMU)
		rc = iommufd_ioas_set_small_pages(ioas, true);
	iommufd_object_put(&ioas->obj);
	return rc;
}

/**
 * iommufd_container_set_type() - choose the IOMMU type, and attach the members
 * @ictx: the context
 * @type: of VFIO_SET_IOMMU
 *
 * After a failure no member is attached that wasn't before.
 *
 * Context: may wait for user memory, as in iommufd_endpoint_attach().
 * Return: 0; -ENODEV (no such type, or not for these groups, or no IOAS), -EINVAL (has a type, or
 * no group), or as iommufd_endpoint_attach().
 */
int iommufd_container_set_type(struct iommufd_ctx *ictx, unsigned long type)
{
	struct iommufd_container *container = &ictx->container;
	int rc, old;

	rc = mutex_lock_killable(&container->setup_lock);
	if (rc)
		return rc;
	rc = -ENODEV;
	if (!iommufd_container_has_type(ictx, type))
		goto unlock;
	/* Before the members are attached, since the last one to leave takes it back. */
	old = container_change_type(container, type);
	rc = min(old, 0);
	if (rc)
		goto unlock;
	rc = container_prepare_type(ictx, type) ?: container_attach_all(container);
	if (rc && !old) {
		container_detach_round(container);
		container_take_back_type(container);
	}
unlock:
	mutex_unlock(&container->setup_lock);
	return rc;
}
