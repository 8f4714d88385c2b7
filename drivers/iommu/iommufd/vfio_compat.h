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

/* Dirty pages: vfio_dirty.c */

struct vfio_bitmap;
struct vfio_iommu_type1_info_cap_migration;

/* As type1 has it: what bitmaps of 2^31 - 1 pages take, in bytes */
#define IOMMUFD_VFIO_DIRTY_BITMAP_MAX	BIT(28)

void iommufd_vfio_dirty_fill_cap(struct vfio_iommu_type1_info_cap_migration *cap);
int iommufd_vfio_dirty_check_bitmap(const struct vfio_bitmap *bitmap, u64 iova, u64 size);
int iommufd_vfio_dirty_report(struct iommufd_ctx *ictx, const struct vfio_bitmap *bitmap, u64 iova,
			      u64 size);
int iommufd_vfio_dirty_pages(struct iommufd_ctx *ictx, void __user *udirty);

#endif
