// SPDX-License-Identifier: GPL-2.0-only
/*
 * What KVM's VFIO device asks about a device file (Documentation/virt/kvm/devices/vfio.rst in the
 * kernel). KVM finds these functions by name when a VMM adds a file to it, before or after the file
 * is bound, and holds a reference to the file.
 */
#include <linux/file.h>
#include <linux/iommu.h>

#include "group.h"

/**
 * vfio_file_is_valid() - whether a file is one of ours, of a device or a group
 * @file: any open file
 */
bool vfio_file_is_valid(struct file *file)
{
	const struct file_operations *fops = READ_ONCE(file->f_op);

	return fops == &vfio_parked_fops || fops == &vfio_device_fops ||
	       vfio_group_from_file(file);
}
EXPORT_SYMBOL_GPL(vfio_file_is_valid);

/**
 * vfio_device_enforced_coherent() - whether the IOMMU can make a device's DMA see CPU caches
 * @core: a registered device
 */
bool vfio_device_enforced_coherent(struct vfio_core_device *core)
{
	return device_iommu_capable(core->vdev->dev, IOMMU_CAP_ENFORCE_CACHE_COHERENCY);
}

/**
 * vfio_file_enforced_coherent() - whether the device's DMA always sees CPU caches
 * @file: a file that vfio_file_is_valid() accepted
 *
 * If not, the device can bypass caches by no-snoop requests, and KVM lets the guest flush them.
 *
 * Return: true if the IOMMU ignores such requests, or if the device is gone; of a group, for
 * all its devices.
 */
bool vfio_file_enforced_coherent(struct file *file)
{
	struct vfio_group *group = vfio_group_from_file(file);
	struct vfio_file *df = file->private_data;
	bool enforced;
	int idx;

	if (group)
		return vfio_group_enforced_coherent(group);
	if (!vfio_file_enter(df, &idx))
		return true;
	enforced = vfio_device_enforced_coherent(df->core);
	vfio_file_exit(df, idx);
	return enforced;
}
EXPORT_SYMBOL_GPL(vfio_file_enforced_coherent);

/**
 * vfio_file_set_kvm() - tell which VM uses the device
 * @file: a file that vfio_file_is_valid() accepted
 * @kvm: the VM, or NULL when it lets go of the file
 *
 * Only drivers that work with the VM's inside need this, and the driver API offers them nothing.
 */
void vfio_file_set_kvm(struct file *file, struct kvm *kvm)
{
}
EXPORT_SYMBOL_GPL(vfio_file_set_kvm);

/**
 * vfio_file_iommu_group() - the IOMMU group behind a group's file
 * @file: any file
 *
 * Return: the group, with a reference for the caller; NULL if @file is not that of a group.
 */
struct iommu_group *vfio_file_iommu_group(struct file *file)
{
	struct vfio_group *group = vfio_group_from_file(file);

	return group ? iommu_group_ref_get(group->iommu_group) : NULL;
}
EXPORT_SYMBOL_GPL(vfio_file_iommu_group);
