// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups in containers: whose DMA a group's devices do.
 *
 * When a group is put into a container, each of its drivers is asked for the right to do DMA, so
 * the whole IOMMU group belongs to the container from then on. All or nothing.
 */
#include <linux/capability.h>
#include <linux/iommufd.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "group.h"

static void group_release_devices(struct vfio_group *group)
{
	struct vfio_core_device *core;

	lockdep_assert_held(&group->lock);
	list_for_each_entry(core, &group->devices, group_link) {
		guard(mutex)(&core->lock);
		vfio_group_release_device(core);
	}
}

static int group_claim_devices(struct vfio_group *group, struct iommufd_ctx *ictx)
{
	struct vfio_core_device *core;
	int rc;

	lockdep_assert_held(&group->lock);
	list_for_each_entry(core, &group->devices, group_link) {
		guard(mutex)(&core->lock);
		rc = vfio_group_claim_device(core, ictx);
		if (rc)
			return rc;
	}
	return 0;
}

/* Claims the group's devices for a container. */
static int group_claim(struct vfio_group *group, struct iommufd_ctx *ictx)
{
	int rc;

	lockdep_assert_held(&group->lock);
	if (group->noiommu && !capable(CAP_SYS_RAWIO))
		return -EPERM;
	rc = iommufd_container_join_group(ictx, group->noiommu);
	if (rc)
		return rc;
	if (!group->noiommu)
		rc = group_claim_devices(group, ictx);
	if (rc) {
		group_release_devices(group);
		iommufd_container_leave_group(ictx);
	}
	return rc;
}

/**
 * vfio_group_uncount() - let the container end as if the group weren't in it
 * @group: the group; its lock is held
 *
 * What its devices still have of the container goes when they are released.
 */
void vfio_group_uncount(struct vfio_group *group)
{
	lockdep_assert_held(&group->lock);
	if (!group->counted)
		return;
	iommufd_container_leave_group(group->ictx);
	group->counted = false;
}

/**
 * vfio_group_leave_container() - take a group out of the container, if it is in one
 * @group: the group; its lock is held
 */
void vfio_group_leave_container(struct vfio_group *group)
{
	lockdep_assert_held(&group->lock);
	if (!group->ictx)
		return;
	group_release_devices(group);
	vfio_group_uncount(group);
	iommufd_ctx_put(group->ictx);
	group->ictx = NULL;
}

/**
 * struct group_endpoints - the endpoints of a group's devices, with references
 * @nr: how many
 * @eps: they
 */
struct group_endpoints {
	unsigned int nr;
	struct iommufd_endpoint *eps[] __counted_by(nr);
};

static struct group_endpoints *group_alloc_endpoints(struct vfio_group *group)
{
	unsigned int nr = list_count_nodes(&group->devices);
	struct group_endpoints *all;

	lockdep_assert_held(&group->lock);
	all = kzalloc(struct_size(all, eps, nr), GFP_KERNEL_ACCOUNT);
	if (all)
		all->nr = nr;
	return all;
}

/* Devices of a group without an IOMMU have none. */
static void group_get_endpoints(struct vfio_group *group, struct group_endpoints *all)
{
	struct vfio_core_device *core;
	unsigned int nr = 0;

	lockdep_assert_held(&group->lock);
	list_for_each_entry(core, &group->devices, group_link) {
		guard(mutex)(&core->lock);
		if (!core->group_endpoint)
			continue;
		iommufd_endpoint_get(core->group_endpoint);
		all->eps[nr++] = core->group_endpoint;
	}
	all->nr = nr;
}

static void group_put_endpoints(struct group_endpoints *all)
{
	unsigned int i;

	for (i = 0; i < all->nr; i++)
		iommufd_endpoint_put(all->eps[i]);
	kfree(all);
}

/* The part of joining that needs no user memory. Returns what is to join, or an ERR_PTR. */
static struct group_endpoints *group_begin_join(struct vfio_group *group,
						struct iommufd_ctx *ictx)
{
	struct group_endpoints *all;
	int rc;

	guard(mutex)(&group->lock);
	if (list_empty(&group->devices))
		return ERR_PTR(-ENODEV);
	if (group->joining)
		return ERR_PTR(-EBUSY);
	if (group->ictx)
		return ERR_PTR(-EINVAL);
	all = group_alloc_endpoints(group);
	if (!all)
		return ERR_PTR(-ENOMEM);
	rc = group_claim(group, ictx);
	if (rc) {
		kfree(all);
		return ERR_PTR(rc);
	}
	group_get_endpoints(group, all);
	group->ictx = ictx;
	group->counted = true;
	group->joining = true;
	return all;
}

static int group_join(struct vfio_group *group, struct group_endpoints *all)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < all->nr; i++)
		rc = iommufd_container_join(all->eps[i]);
	group_put_endpoints(all);
	mutex_lock(&group->lock);
	group->joining = false;
	if (rc)
		vfio_group_leave_container(group);
	mutex_unlock(&group->lock);
	return rc;
}

long vfio_group_set_container(struct vfio_group *group, int __user *arg)
{
	struct group_endpoints *all;
	struct iommufd_ctx *ictx;
	int fd;

	if (get_user(fd, arg))
		return -EFAULT;
	if (fd < 0)
		return -EINVAL;
	ictx = iommufd_ctx_from_fd(fd);
	if (IS_ERR(ictx))
		return ictx == ERR_PTR(-EBADFD) ? -EINVAL : PTR_ERR(ictx);
	all = group_begin_join(group, ictx);
	if (IS_ERR(all)) {
		iommufd_ctx_put(ictx);
		return PTR_ERR(all);
	}
	/* Our reference to @ictx has become the group's. */
	return group_join(group, all);
}

static bool group_has_open_devices(struct vfio_group *group)
{
	struct vfio_core_device *core;

	lockdep_assert_held(&group->lock);
	list_for_each_entry(core, &group->devices, group_link)
		if (READ_ONCE(core->group_files))
			return true;
	return false;
}

long vfio_group_unset_container(struct vfio_group *group)
{
	guard(mutex)(&group->lock);
	if (!group->ictx)
		return -EINVAL;
	if (group->joining || group_has_open_devices(group))
		return -EBUSY;
	vfio_group_leave_container(group);
	return 0;
}
