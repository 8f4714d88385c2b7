/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of vfio.ko share: devices, open files, and what it takes to call a driver.
 *
 * Parking
 * -------
 * An open file has one of two file operation tables. It starts with vfio_parked_fops, through which
 * only a bind is possible. A bind that has succeeded in all its steps publishes vfio_device_fops;
 * taking the device away puts vfio_parked_fops back, for good. Both tables have the same methods,
 * since the VFS reads file->f_op more than once in a call; and each method of vfio_device_fops that
 * calls the driver looks at vfio_file.gone inside an SRCU read section, since a call may have
 * started before the table was changed.
 *
 * Taking a device away: set gone, change the table, wait for the SRCU readers, zap the mappings
 * (faults read gone, too), end the session. An SRCU reader therefore never waits for userspace.
 *
 * Locks, outermost first
 * ----------------------
 *  mmap_lock            of a process, around mmap and fault
 *  the groups' lock     which groups there are; while devices are registered and unregistered
 *  group->lock          devices and container of a group
 *  core->srcu           read: calls of the driver
 *  core->lock           files and session of a device; around the driver's bind, open and close.
 *                       Neither this nor those before are held while user memory is touched, or
 *                       while core->srcu is waited for; those before are not taken inside it.
 *                       Those of several devices in the order of their addresses (freeze.c).
 *  migration.lock       the migration state of a device; around the driver's part of it and its
 *                       reset by its user (migration.h)
 *  logging.control      whether a device records what it writes; around the driver's part of it
 *  locks of the driver, locks of iommufd
 *  logging.lock         what it has written
 */
#ifndef __VFIO_PRIVATE_H
#define __VFIO_PRIVATE_H

#include <linux/cdev.h>
#include <linux/fs.h>
#include <linux/iommufd.h>
#include <linux/mutex.h>
#include <linux/srcu.h>
#include <linux/uuid.h>
#include <linux/vfio.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "dma_logging.h"
#include "migration.h"

struct iommufd_ctx;
struct iommufd_endpoint;
struct vfio_group;

/**
 * struct vfio_core_device - the core's side of a struct vfio_device
 * @vdev: the driver's side
 * @device: vfioN, in class vfio-dev; its references keep both sides in memory
 * @cdev: /dev/vfio/devices/vfioN
 * @inode: whose mapping all user mappings of the device are in, so that they can be zapped
 * @srcu: read while the driver is called on behalf of a file
 * @gone_wait: files' poll waits here for the device to go
 * @group: what it belongs to, or NULL; a reference
 * @group_link: in group->devices; protected by group->lock
 * @node: what iommufd is told of the device
 * @revoke_work: takes the device from its user, if @access_stuck
 * @access_stuck: the driver keeps memory that is unmapped for @access; set without @lock, but not
 *                any more when the endpoint is released, and unset then with @lock held
 * @migration: of the device's state
 * @logging: of what it writes
 * @lock: protects what follows
 * @group_endpoint: the right to do DMA in the container that the group is in, or NULL
 * @group_files: open files that the group gave; the device is open while there are any
 * @registered: the driver still offers the device
 * @revokers: how many are taking the device from its users; meanwhile nobody can open it
 * @files: open files, struct vfio_file
 * @bound: the file that is bound, or in the last steps of becoming so
 * @access: what the driver accesses memory by, if it is of that kind, from its @bind to the end of
 *          the session; changes only while nobody can ask for it
 * @access_ops: the driver's, for @access
 * @access_data: for @access_ops
 * @endpoint: what the driver's @bind has chosen, until its @close has returned
 * @token: what the user gave with the bind in progress, or NULL
 */
struct vfio_core_device {
	struct vfio_device *vdev;
	struct device device;
	struct cdev cdev;
	struct inode *inode;
	struct srcu_struct srcu;
	wait_queue_head_t gone_wait;
	struct vfio_group *group;
	struct list_head group_link;
	struct iommufd_node node;
	struct work_struct revoke_work;
	bool access_stuck;
	struct vfio_migration migration;
	struct vfio_dma_logging logging;
	struct mutex lock;
	struct iommufd_endpoint *group_endpoint;
	unsigned int group_files;
	bool registered;
	unsigned int revokers;
	struct list_head files;
	struct vfio_file *bound;
	struct iommufd_access *access;
	const struct iommufd_access_ops *access_ops;
	void *access_data;
	struct iommufd_endpoint *endpoint;
	const uuid_t *token;
};

/**
 * struct vfio_file - an open file of a device
 * @core: the device; a reference
 * @file: the VFS' side
 * @link: in core->files
 * @gone: the device was taken away from this file; once set under core->lock, never unset
 * @group_file: the open group that gave this file, a reference, or NULL
 * @in_group_files: counted in core->group_files, unless @gone
 * @endpoint: the right to do DMA, while the file is core->bound or given by a group; NULL if that
 *            is behind no IOMMU; changes only while no call of the
 *            driver is possible, so SRCU readers that found @gone unset may use it
 */
struct vfio_file {
	struct vfio_core_device *core;
	struct file *file;
	struct list_head link;
	bool gone;
	struct file *group_file;
	bool in_group_files;
	struct iommufd_endpoint *endpoint;
};

/**
 * struct vfio_bind - a bind in progress, as the driver's callback sees it
 * @core: the device, lock held
 * @ictx: the context
 * @endpoint: what the driver's choice of helper made
 * @refused: that helper has failed, and iommufd has told why
 */
struct vfio_bind {
	struct vfio_core_device *core;
	struct iommufd_ctx *ictx;
	struct iommufd_endpoint *endpoint;
	bool refused;
};

/**
 * vfio_file_enter() - begin a call of the driver
 * @df: a file that has vfio_device_fops, or had when the call started
 * @idx: for vfio_file_exit()
 *
 * Until vfio_file_exit() the session goes on. User memory must not be touched in between.
 *
 * Return: whether the device is there; if not, there is nothing to exit.
 */
static inline bool vfio_file_enter(struct vfio_file *df, int *idx)
{
	*idx = srcu_read_lock(&df->core->srcu);
	if (likely(!READ_ONCE(df->gone)))
		return true;
	srcu_read_unlock(&df->core->srcu, *idx);
	return false;
}

static inline void vfio_file_exit(struct vfio_file *df, int idx)
{
	srcu_read_unlock(&df->core->srcu, idx);
}

/**
 * struct vfio_call_lock - a lock of a device that some calls of its driver need
 * @take: takes it; returns 0, or -EINTR if the user is to die
 * @drop: lets go of it
 */
struct vfio_call_lock {
	int (*take)(struct vfio_core_device *core);
	void (*drop)(struct vfio_core_device *core);
};

/* Files: file.c */
extern const struct file_operations vfio_parked_fops;
extern const struct file_operations vfio_device_fops;
int vfio_file_call_locked(struct vfio_file *df, const struct vfio_call_lock *lock,
			  int (*call)(struct vfio_core_device *core, void *arg), void *arg);

/* Sessions: session.c */
long vfio_file_bind(struct vfio_file *df, struct vfio_device_bind_iommufd __user *arg);
long vfio_file_attach(struct vfio_file *df, struct vfio_device_attach_iommufd_pt __user *arg);
long vfio_file_detach(struct vfio_file *df, struct vfio_device_detach_iommufd_pt __user *arg);
void vfio_session_end(struct vfio_file *df);
void vfio_device_revoke(struct vfio_core_device *core);
void vfio_device_revoke_stuck(struct vfio_core_device *core);

struct iommufd_endpoint *vfio_driver_bind(struct vfio_device *vdev, struct iommufd_ctx *ictx);
void vfio_release_endpoint(struct vfio_core_device *core, struct iommufd_endpoint *endpoint);
int vfio_driver_open(struct vfio_core_device *core, const uuid_t *token);
void vfio_driver_close(struct vfio_core_device *core);

/* Groups: group.c, group_device.c */
int vfio_groups_init(void);
void vfio_groups_exit(void);
int vfio_group_add_device(struct vfio_core_device *core);
void vfio_group_remove_device(struct vfio_core_device *core);
void vfio_group_free_device(struct vfio_core_device *core);
int vfio_group_block(struct vfio_core_device *core);
void vfio_group_unblock(struct vfio_core_device *core);
void vfio_group_release_device(struct vfio_core_device *core);
void vfio_group_close_file(struct vfio_file *df);
struct vfio_group *vfio_group_from_file(struct file *file);
bool vfio_group_enforced_coherent(struct vfio_group *group);

/* For introspection: node.c */
int vfio_node_add(struct vfio_core_device *core);

/* Devices whose drivers access memory: access.c */
int vfio_access_init(void);
void vfio_access_exit(void);
void vfio_access_revoke_work(struct work_struct *work);
void vfio_access_cancel_work(struct vfio_core_device *core);
void vfio_access_cancel(struct vfio_core_device *core);

/* User to kernel: eventfd_watch.c */
int vfio_eventfd_watch_init(void);
void vfio_eventfd_watch_exit(void);

/* Device ioctls: ioctl.c */
long vfio_file_ioctl(struct vfio_file *df, unsigned int cmd, void __user *arg);

/* For KVM, which finds them with symbol_get(): kvm.c */
struct kvm;
bool vfio_file_is_valid(struct file *file);
bool vfio_file_enforced_coherent(struct file *file);
void vfio_file_set_kvm(struct file *file, struct kvm *kvm);
struct iommu_group *vfio_file_iommu_group(struct file *file);
bool vfio_device_enforced_coherent(struct vfio_core_device *core);

/* Features: feature.c */
long vfio_ioctl_feature(struct vfio_file *df, struct vfio_device_feature __user *arg);

/* Ioctls that PCI devices have: ioctl_pci.c */
long vfio_ioctl_hot_reset_info(struct vfio_file *df, struct vfio_pci_hot_reset_info __user *arg);
long vfio_ioctl_ioeventfd(struct vfio_file *df, struct vfio_device_ioeventfd __user *arg);
long vfio_ioctl_hot_reset(struct vfio_file *df, struct vfio_pci_hot_reset __user *arg);

/* Mappings: mapping.c */
int vfio_mapping_init(struct vfio_core_device *core);
void vfio_mapping_destroy(struct vfio_core_device *core);
int vfio_file_mmap(struct vfio_file *df, struct vm_area_struct *vma);
int vfio_mapping_find_memory(void *data, struct file *file, unsigned long pgoff,
			     unsigned long nr_pages, unsigned long *pfn);

#endif
