// SPDX-License-Identifier: GPL-2.0-only
/*
 * User mappings of device memory, filled on fault and removed at any time.
 *
 * All mappings of a device are in the address space of one inode of a pseudo file system of ours,
 * whichever device node the user opened; so one call removes them all.
 */
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>

#include "vfio_private.h"

#define VFIO_FS_MAGIC	0x5646494f	/* "VFIO" */

static struct vfsmount *vfio_fs_mount;
static int vfio_fs_users;

static int vfio_fs_init_context(struct fs_context *fc)
{
	return init_pseudo(fc, VFIO_FS_MAGIC) ? 0 : -ENOMEM;
}

static struct file_system_type vfio_fs_type = {
	.name = "vfio-dev",
	.owner = THIS_MODULE,
	.init_fs_context = vfio_fs_init_context,
	.kill_sb = kill_anon_super,
};

int vfio_mapping_init(struct vfio_core_device *core)
{
	struct inode *inode;
	int rc;

	rc = simple_pin_fs(&vfio_fs_type, &vfio_fs_mount, &vfio_fs_users);
	if (rc)
		return rc;
	inode = alloc_anon_inode(vfio_fs_mount->mnt_sb);
	if (IS_ERR(inode)) {
		simple_release_fs(&vfio_fs_mount, &vfio_fs_users);
		return PTR_ERR(inode);
	}
	core->inode = inode;
	return 0;
}

void vfio_mapping_destroy(struct vfio_core_device *core)
{
	iput(core->inode);
	simple_release_fs(&vfio_fs_mount, &vfio_fs_users);
}

void vfio_device_zap(struct vfio_device *vdev, loff_t pos, loff_t size)
{
	unmap_mapping_range(vdev->core->inode->i_mapping, pos, size, true);
}
EXPORT_SYMBOL_GPL(vfio_device_zap);

static vm_fault_t vfio_vm_fault(struct vm_fault *vmf)
{
	struct vfio_file *df = vmf->vma->vm_file->private_data;
	struct vfio_device *vdev = df->core->vdev;
	vm_fault_t ret;
	int idx;

	if (!vfio_file_enter(df, &idx))
		return VM_FAULT_SIGBUS;
	ret = vdev->ops->fault(vdev, vmf);
	vfio_file_exit(df, idx);
	return ret;
}

static vm_fault_t vfio_vm_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	struct vfio_file *df = vmf->vma->vm_file->private_data;
	struct vfio_device *vdev = df->core->vdev;
	vm_fault_t ret = VM_FAULT_FALLBACK;
	int idx;

	if (!vfio_file_enter(df, &idx))
		return VM_FAULT_SIGBUS;
	if (vdev->ops->huge_fault)
		ret = vdev->ops->huge_fault(vdev, vmf, order);
	vfio_file_exit(df, idx);
	return ret;
}

/* These belong to the core, since a mapping may outlive the driver's module. */
static const struct vm_operations_struct vfio_vm_ops = {
	.fault = vfio_vm_fault,
	.huge_fault = vfio_vm_huge_fault,
};

int vfio_file_mmap(struct vfio_file *df, struct vm_area_struct *vma)
{
	struct vfio_device *vdev = df->core->vdev;
	int idx, rc;

	if (!vfio_file_enter(df, &idx))
		return -ENODEV;
	if (vdev->ops->mmap && vdev->ops->fault) {
		vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
		vma->vm_ops = &vfio_vm_ops;
		rc = vdev->ops->mmap(vdev, vma);
	} else {
		rc = -EINVAL;
	}
	vfio_file_exit(df, idx);
	return rc;
}

/**
 * vfio_mapping_find_memory() - where in memory is what a file maps, for iommufd
 * @data: the device, struct vfio_core_device; not unregistered yet
 * @file: any open file
 * @pgoff: first page in it of which there is a mapping
 * @nr_pages: how many
 * @pfn: set to where the first one is
 *
 * Return: 0; -ENODEV (not an open file of the device), -EOPNOTSUPP (the driver offers no memory),
 * or as the driver.
 */
int vfio_mapping_find_memory(void *data, struct file *file, unsigned long pgoff,
			     unsigned long nr_pages, unsigned long *pfn)
{
	struct vfio_core_device *core = data;
	const struct vfio_device_ops *ops = core->vdev->ops;
	struct vfio_file *df;
	int idx, rc;

	if (READ_ONCE(file->f_op) != &vfio_device_fops)
		return -ENODEV;
	df = file->private_data;
	if (df->core != core)
		return -ENODEV;
	if (!ops->find_memory)
		return -EOPNOTSUPP;
	if (!vfio_file_enter(df, &idx))
		return -ENODEV;
	rc = ops->find_memory(core->vdev, pgoff, nr_pages, pfn);
	vfio_file_exit(df, idx);
	return rc;
}
