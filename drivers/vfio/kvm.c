// SPDX-License-Identifier: GPL-2.0-only
/*
 * What KVM's VFIO device asks about a device file (Documentation/virt/kvm/devices/vfio.rst in the
 * kernel). KVM finds these functions by name when a VMM adds a file to it, before or after the file
 * is bound, and holds a reference to the file.
 */
#include <linux/file.h>
#include <linux/iommu.h>

#include "vfio_private.h"

/**
 * vfio_file_is_valid() - whether a file is one of ours
 * @file: any open file
 */
bool vfio_file_is_valid(struct file *file)
{
	const struct file_operations *fops = READ_ONCE(file->f_op);

	return fops == &vfio_parked_fops || fops == &vfio_device_fops;
}
EXPORT_SYMBOL_GPL(vfio_file_is_valid);

/**
 * vfio_file_enforced_coherent() - whether the device's DMA always sees CPU caches
 * @file: a file that vfio_file_is_valid() accepted
 *
 * If not, the device can bypass caches by no-snoop requests, and KVM lets the guest flush them.
 *
 * Return: true if the IOMMU ignores such requests, or if the device is gone.
 */
bool vfio_file_enforced_coherent(struct file *file)
{
	struct vfio_file *df = file->private_data;
	bool enforced;
	int idx;

	if (!vfio_file_enter(df, &idx))
		return true;
	enforced = device_iommu_capable(df->core->vdev->dev, IOMMU_CAP_ENFORCE_CACHE_COHERENCY);
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
