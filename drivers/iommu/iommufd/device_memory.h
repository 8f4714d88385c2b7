/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __IOMMUFD_DEVICE_MEMORY_H
#define __IOMMUFD_DEVICE_MEMORY_H

#include "backing.h"
#include "endpoint.h"

struct iommufd_backing *iommufd_device_memory_find(struct iommufd_ctx *ictx, unsigned long uptr,
						   unsigned long length, bool writeable);
void iommufd_device_memory_revoke(struct iommufd_endpoint *ep);

#endif
