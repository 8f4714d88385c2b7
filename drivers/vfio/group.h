/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Groups: the older way to devices, by IOMMU group (group.c) and container.
 */
#ifndef __VFIO_GROUP_H
#define __VFIO_GROUP_H

#include "vfio_private.h"

/* Why a device is in an IOMMU group */
enum vfio_group_kind {
	VFIO_GROUP_IOMMU,	/* it is behind an IOMMU */
	VFIO_GROUP_OWN,		/* no IOMMU knows it, but its driver wants one */
	VFIO_GROUP_NOIOMMU,	/* it does DMA that nobody stops */
};

/**
 * struct vfio_group - an IOMMU group with devices of ours, and /dev/vfio/N
 * @link: in the list of groups, protected by its lock
 * @iommu_group: the IOMMU core's; a reference
 * @made: by us, for one device, which leaves it when it is unregistered
 * @noiommu: and that is behind no IOMMU
 * @device: N or noiommu-N, in class vfio; its references keep the group in memory
 * @cdev: /dev/vfio/N
 * @users: -1: the group's file is open; else how many of its devices are bound by their own files.
 *         So a group is used in one way or the other.
 * @lock: protects what follows; taken before core->lock
 * @devices: struct vfio_core_device by group_link; none left: the group has ended
 * @file: the open file, or NULL
 * @ictx: the container it is in; a reference. NULL: none.
 * @counted: and keeps the container as it is, until it leaves or ends
 * @joining: VFIO_GROUP_SET_CONTAINER is in progress, and nothing else may begin
 */
struct vfio_group {
	struct list_head link;
	struct iommu_group *iommu_group;
	bool made;
	bool noiommu;
	struct device device;
	struct cdev cdev;
	atomic_t users;
	struct mutex lock;
	struct list_head devices;
	struct file *file;
	struct iommufd_ctx *ictx;
	bool counted;
	bool joining;
};

/* Containers, and devices in them: group_container.c */
long vfio_group_set_container(struct vfio_group *group, int __user *arg);
long vfio_group_unset_container(struct vfio_group *group);
void vfio_group_leave_container(struct vfio_group *group);
void vfio_group_uncount(struct vfio_group *group);

/* Device files: group_device.c */
int vfio_group_claim_device(struct vfio_core_device *core, struct iommufd_ctx *ictx);
long vfio_group_get_device_fd(struct vfio_group *group, const char __user *arg);

#endif
