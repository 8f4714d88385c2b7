/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A context in the role of a VFIO container: see vfio_compat.c.
 */
#ifndef __IOMMUFD_VFIO_COMPAT_H
#define __IOMMUFD_VFIO_COMPAT_H

#include "ioas.h"

struct iommufd_ioas *iommufd_vfio_compat_ioas_get(struct iommufd_ctx *ictx);
void iommufd_vfio_compat_ioas_set(struct iommufd_ctx *ictx, struct iommufd_ioas *ioas);
void iommufd_vfio_compat_forget(struct iommufd_ioas *ioas);
int iommufd_vfio_compat_ioctl(struct iommufd_ctx *ictx, unsigned int cmd, unsigned long arg);

int iommufd_vfio_ioas_ioctl(struct iommufd_ucmd *ucmd);

#endif
