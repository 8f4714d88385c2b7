/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A context that is used through VFIO groups: see container.c.
 */
#ifndef __IOMMUFD_CONTAINER_H
#define __IOMMUFD_CONTAINER_H

#include "endpoint.h"

void iommufd_container_init(struct iommufd_ctx *ictx, bool is_container);
bool iommufd_container_has_type(struct iommufd_ctx *ictx, unsigned long type);
int iommufd_container_check_type1(struct iommufd_ctx *ictx);
int iommufd_container_set_type(struct iommufd_ctx *ictx, unsigned long type);
void iommufd_container_leave(struct iommufd_endpoint *ep);

/**
 * iommufd_container_is_used() - whether the ioctls of iommufd are there
 * @ictx: the context
 *
 * Return: false if this is a container without a device.
 */
static inline bool iommufd_container_is_used(struct iommufd_ctx *ictx)
{
	const struct iommufd_container *container = &ictx->container;

	/* Who has devices without an IOMMU has no use for address spaces. */
	return !container->strict || !list_empty(&container->members) ||
	       (READ_ONCE(container->groups) && !READ_ONCE(container->noiommu)) ||
	       !list_empty(&ictx->groups);
}

#endif
