// SPDX-License-Identifier: GPL-2.0-only
/*
 * Endpoints: the right to do DMA in a context. There are kinds of them: device.c,
 * pasid_endpoint.c and access.c.
 */
#include <linux/export.h>

#include "container.h"
#include "device_memory.h"
#include "group.h"
#include "introspect.h"

u32 iommufd_endpoint_id(const struct iommufd_endpoint *ep)
{
	return ep->obj.id;
}
EXPORT_SYMBOL_GPL(iommufd_endpoint_id);

int iommufd_endpoint_peer_id(const struct iommufd_endpoint *ep,
			     const struct iommufd_endpoint *peer, struct device *dev)
{
	struct iommufd_ctx *ictx = ep->obj.ictx;

	if (peer && peer->obj.ictx == ictx)
		return peer->obj.id;
	return iommufd_group_is_owned(ictx, dev) ? 0 : -ENODEV;
}
EXPORT_SYMBOL_GPL(iommufd_endpoint_peer_id);

void iommufd_endpoint_get(struct iommufd_endpoint *ep)
{
	refcount_inc(&ep->obj.refs);
}
EXPORT_SYMBOL_GPL(iommufd_endpoint_get);

void iommufd_endpoint_put(struct iommufd_endpoint *ep)
{
	iommufd_object_put(&ep->obj);
}
EXPORT_SYMBOL_GPL(iommufd_endpoint_put);

static void attached(struct iommufd_endpoint *ep, u32 pasid, u32 pt_id)
{
	iommufd_introspect_changed(ep->obj.ictx);
	iommufd_event_endpoint(ep, IOMMUFD_EVENT_KIND_ATTACH, pasid, pt_id);
}

static void detached(struct iommufd_endpoint *ep, u32 pasid)
{
	iommufd_introspect_changed(ep->obj.ictx);
	iommufd_event_endpoint(ep, IOMMUFD_EVENT_KIND_DETACH, pasid, 0);
}

int iommufd_endpoint_attach(struct iommufd_endpoint *ep, u32 *pt_id)
{
	int rc = ep->ops->attach(ep, pt_id);

	if (!rc)
		attached(ep, IOMMU_NO_PASID, *pt_id);
	return rc;
}
EXPORT_SYMBOL_GPL(iommufd_endpoint_attach);

void iommufd_endpoint_detach(struct iommufd_endpoint *ep)
{
	ep->ops->detach(ep);
	detached(ep, IOMMU_NO_PASID);
}
EXPORT_SYMBOL_GPL(iommufd_endpoint_detach);

int iommufd_endpoint_attach_pasid(struct iommufd_endpoint *ep, u32 pasid, u32 *pt_id)
{
	int rc = ep->ops->attach_pasid ? ep->ops->attach_pasid(ep, pasid, pt_id) : -EOPNOTSUPP;

	if (!rc)
		attached(ep, pasid, *pt_id);
	return rc;
}
EXPORT_SYMBOL_GPL(iommufd_endpoint_attach_pasid);

int iommufd_endpoint_detach_pasid(struct iommufd_endpoint *ep, u32 pasid)
{
	int rc = ep->ops->detach_pasid ? ep->ops->detach_pasid(ep, pasid) : -EOPNOTSUPP;

	if (!rc)
		detached(ep, pasid);
	return rc;
}
EXPORT_SYMBOL_GPL(iommufd_endpoint_detach_pasid);

void iommufd_endpoint_release(struct iommufd_endpoint *ep)
{
	/* As long as the device is the user's, so that nobody else has it. */
	iommufd_device_memory_revoke(ep);
	ep->ops->release(ep);
	iommufd_container_leave(ep);
	iommufd_object_unpublish(&ep->obj);
	iommufd_object_put(&ep->obj);
}
EXPORT_SYMBOL_GPL(iommufd_endpoint_release);
