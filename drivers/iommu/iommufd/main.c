// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/iommu and /dev/vfio/vfio: the character devices, their contexts, and the table of ioctls.
 */
#include <linux/fault-inject-usercopy.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <net/genetlink.h>

#include "container.h"
#include "folio_pin.h"
#include "hwpt.h"
#include "introspect.h"
#include "locked_vm.h"
#include "pasid.h"
#include "test_hook.h"
#include "vfio_compat.h"

static struct miscdevice container_misc_dev;

static int iommufd_fops_open(struct inode *inode, struct file *file)
{
	/* Set by the misc device's own open */
	const struct miscdevice *misc = file->private_data;
	struct iommufd_ctx *ictx;
	int rc;

	ictx = kzalloc(sizeof(*ictx), GFP_KERNEL_ACCOUNT);
	if (!ictx)
		return -ENOMEM;
	xa_init_flags(&ictx->objects, XA_FLAGS_ALLOC1);
	mutex_init(&ictx->groups_lock);
	INIT_LIST_HEAD(&ictx->groups);
	mutex_init(&ictx->account_lock);
	INIT_LIST_HEAD(&ictx->accounts);
	spin_lock_init(&ictx->accounts_lock);
	iommufd_container_init(ictx, misc == &container_misc_dev);
	ictx->file = file;
	rc = iommufd_introspect_begin(ictx);
	if (rc)
		goto free_ctx;
	/* A container is entered when it has a group: everybody may open as many as he likes. */
	if (!ictx->container.strict)
		rc = iommufd_introspect_enter(ictx);
	if (rc)
		goto free_introspection;
	file->private_data = ictx;
	return 0;

free_introspection:
	iommufd_introspect_free(ictx);
free_ctx:
	kfree(ictx);
	return rc;
}

static int iommufd_fops_release(struct inode *inode, struct file *file)
{
	struct iommufd_ctx *ictx = file->private_data;

	iommufd_introspect_end(ictx);
	iommufd_fault_queues_end(ictx);
	/* Endpoints hold the file, so none is left, and no page table is in use. */
	iommufd_object_destroy_all(ictx);
	WARN_ON(!list_empty(&ictx->groups));
	WARN_ON(!list_empty(&ictx->accounts));
	iommufd_introspect_free(ictx);
	kfree(ictx);
	return 0;
}

static int option_rlimit_mode(struct iommu_option *cmd, struct iommufd_ctx *ictx)
{
	int rc = 0;

	if (cmd->object_id)
		return -EOPNOTSUPP;
	if (cmd->op == IOMMU_OPTION_OP_GET) {
		cmd->val64 = ictx->account_mode == IOMMUFD_ACCOUNT_MM;
		return 0;
	}
	if (cmd->op != IOMMU_OPTION_OP_SET)
		return -EOPNOTSUPP;
	if (!capable(CAP_SYS_RESOURCE))
		return -EPERM;
	xa_lock(&ictx->objects);
	if (!xa_empty(&ictx->objects))
		rc = -EBUSY;
	else if (cmd->val64 > 1)
		rc = -EINVAL;
	else
		ictx->account_mode = cmd->val64 ? IOMMUFD_ACCOUNT_MM : IOMMUFD_ACCOUNT_USER;
	xa_unlock(&ictx->objects);
	return rc;
}

int iommufd_option(struct iommufd_ucmd *ucmd)
{
	struct iommu_option *cmd = ucmd->cmd;
	int rc;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	switch (cmd->option_id) {
	case IOMMU_OPTION_RLIMIT_MODE:
		rc = option_rlimit_mode(cmd, ucmd->ictx);
		break;
	case IOMMU_OPTION_HUGE_PAGES:
		rc = iommufd_ioas_option_huge_pages(cmd, ucmd->ictx);
		break;
	default:
		rc = -EOPNOTSUPP;
	}
	if (rc || cmd->op != IOMMU_OPTION_OP_GET)
		return rc;
	return iommufd_ucmd_respond(ucmd, sizeof(*cmd));
}

union ucmd_buffer {
	struct iommu_destroy destroy;
	struct iommu_fault_alloc fault_alloc;
	struct iommu_hw_info hw_info;
	struct iommu_hwpt_alloc hwpt_alloc;
	struct iommu_hwpt_get_dirty_bitmap get_dirty_bitmap;
	struct iommu_hwpt_invalidate invalidate;
	struct iommu_hwpt_set_dirty_tracking set_dirty_tracking;
	struct iommu_ioas_alloc ioas_alloc;
	struct iommu_ioas_allow_iovas allow_iovas;
	struct iommu_ioas_change_process change_process;
	struct iommu_ioas_iova_ranges iova_ranges;
	struct iommu_ioas_copy copy;
	struct iommu_ioas_map map;
	struct iommu_ioas_map_file map_file;
	struct iommu_ioas_unmap unmap;
	struct iommu_option option;
	struct iommu_pasid_alloc pasid_alloc;
	struct iommu_vfio_ioas vfio_ioas;
};

/**
 * struct iommufd_ioctl - an ioctl of /dev/iommu
 * @size: sizeof() its structure
 * @min_size: up to the last member that the first version of the structure had
 * @cmd: its number
 * @execute: does it
 */
struct iommufd_ioctl {
	unsigned int size;
	unsigned int min_size;
	unsigned int cmd;
	int (*execute)(struct iommufd_ucmd *ucmd);
};

#define IOCTL_OP_FROM(_base, _cmd, _execute, _struct, _last)				\
	[_IOC_NR(_cmd) - (_base)] = {							\
		.size = sizeof(_struct) +						\
			BUILD_BUG_ON_ZERO(sizeof(union ucmd_buffer) < sizeof(_struct)) +\
			BUILD_BUG_ON_ZERO(offsetof(_struct, size) != 0),		\
		.min_size = offsetofend(_struct, _last),				\
		.cmd = _cmd,								\
		.execute = _execute,							\
	}

#define IOCTL_OP(_cmd, _execute, _struct, _last)					\
	IOCTL_OP_FROM(IOMMUFD_CMD_BASE, _cmd, _execute, _struct, _last)
#define IOCTL_EXT(_cmd, _execute, _struct, _last)					\
	IOCTL_OP_FROM(IOMMUFD_CMD_EXT_BASE, _cmd, _execute, _struct, _last)

/* Mainline's, by number from IOMMUFD_CMD_BASE on */
static const struct iommufd_ioctl iommufd_ioctls[] = {
	IOCTL_OP(IOMMU_DESTROY, iommufd_destroy, struct iommu_destroy, id),
	IOCTL_OP(IOMMU_FAULT_QUEUE_ALLOC, iommufd_fault_queue_alloc_ioctl, struct iommu_fault_alloc,
		 out_fault_fd),
	IOCTL_OP(IOMMU_GET_HW_INFO, iommufd_get_hw_info, struct iommu_hw_info, __reserved),
	IOCTL_OP(IOMMU_HWPT_ALLOC, iommufd_hwpt_alloc_ioctl, struct iommu_hwpt_alloc, __reserved),
	IOCTL_OP(IOMMU_HWPT_GET_DIRTY_BITMAP, iommufd_hwpt_get_dirty_bitmap_ioctl,
		 struct iommu_hwpt_get_dirty_bitmap, data),
	IOCTL_OP(IOMMU_HWPT_INVALIDATE, iommufd_hwpt_invalidate_ioctl,
		 struct iommu_hwpt_invalidate, __reserved),
	IOCTL_OP(IOMMU_HWPT_SET_DIRTY_TRACKING, iommufd_hwpt_set_dirty_tracking_ioctl,
		 struct iommu_hwpt_set_dirty_tracking, __reserved),
	IOCTL_OP(IOMMU_IOAS_ALLOC, iommufd_ioas_alloc_ioctl, struct iommu_ioas_alloc, out_ioas_id),
	IOCTL_OP(IOMMU_IOAS_ALLOW_IOVAS, iommufd_ioas_allow_iovas_ioctl,
		 struct iommu_ioas_allow_iovas, allowed_iovas),
	IOCTL_OP(IOMMU_IOAS_CHANGE_PROCESS, iommufd_ioas_change_process_ioctl,
		 struct iommu_ioas_change_process, __reserved),
	IOCTL_OP(IOMMU_IOAS_COPY, iommufd_ioas_copy_ioctl, struct iommu_ioas_copy, src_iova),
	IOCTL_OP(IOMMU_IOAS_IOVA_RANGES, iommufd_ioas_iova_ranges_ioctl,
		 struct iommu_ioas_iova_ranges, out_iova_alignment),
	IOCTL_OP(IOMMU_IOAS_MAP, iommufd_ioas_map_ioctl, struct iommu_ioas_map, iova),
	IOCTL_OP(IOMMU_IOAS_MAP_FILE, iommufd_ioas_map_file_ioctl, struct iommu_ioas_map_file,
		 iova),
	IOCTL_OP(IOMMU_IOAS_UNMAP, iommufd_ioas_unmap_ioctl, struct iommu_ioas_unmap, length),
	IOCTL_OP(IOMMU_OPTION, iommufd_option, struct iommu_option, val64),
	IOCTL_OP(IOMMU_VFIO_IOAS, iommufd_vfio_ioas_ioctl, struct iommu_vfio_ioas, __reserved),
};

/* This project's own, by number from IOMMUFD_CMD_EXT_BASE on */
static const struct iommufd_ioctl iommufd_ext_ioctls[] = {
	IOCTL_EXT(IOMMU_PASID_ALLOC, iommufd_pasid_alloc_ioctl, struct iommu_pasid_alloc,
		  out_pasid),
};

static const struct iommufd_ioctl *table_find(const struct iommufd_ioctl *table, unsigned int size,
					      unsigned int index, unsigned int cmd)
{
	const struct iommufd_ioctl *op;

	if (index >= size)
		return NULL;
	op = &table[array_index_nospec(index, size)];
	return op->cmd == cmd && op->execute ? op : NULL;
}

/* @cmd's number isn't below IOMMUFD_CMD_BASE. */
static const struct iommufd_ioctl *ioctl_find(unsigned int cmd)
{
	unsigned int nr = _IOC_NR(cmd);

	if (nr >= IOMMUFD_CMD_EXT_BASE)
		return table_find(iommufd_ext_ioctls, ARRAY_SIZE(iommufd_ext_ioctls),
				  nr - IOMMUFD_CMD_EXT_BASE, cmd);
	return table_find(iommufd_ioctls, ARRAY_SIZE(iommufd_ioctls), nr - IOMMUFD_CMD_BASE, cmd);
}

/* A structure of our own size, the usual case: without the checks that others need. */
static int copy_words_from_user(u64 *to, const u64 __user *from, size_t size)
{
	if (should_fail_usercopy() || !user_read_access_begin(from, size))
		return -EFAULT;
	for (; size; size -= sizeof(*to))
		unsafe_get_user(*to++, from++, fault);
	user_read_access_end();
	return 0;

fault:
	user_read_access_end();
	return -EFAULT;
}

static int copy_ucmd_from_user(union ucmd_buffer *buffer, size_t size,
			       const struct iommufd_ucmd *ucmd)
{
	if (ucmd->user_size == size && !(size % sizeof(u64)))
		return copy_words_from_user((u64 *)buffer, ucmd->ubuffer, size);
	return copy_struct_from_user(buffer, size, ucmd->ubuffer, ucmd->user_size);
}

static long ctx_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	const struct iommufd_ioctl *op;
	/* As much of it as the ioctl uses is filled below. */
	union ucmd_buffer buffer __uninitialized;
	struct iommufd_ucmd ucmd = {
		.ictx = file->private_data,
		.ubuffer = (void __user *)arg,
		.cmd = &buffer,
	};
	int rc;

	if (_IOC_NR(cmd) < IOMMUFD_CMD_BASE)
		return iommufd_vfio_compat_ioctl(ucmd.ictx, cmd, arg);
	if (!iommufd_container_is_used(ucmd.ictx))
		return -EPERM;
	op = ioctl_find(cmd);
	if (!op)
		return iommufd_test_ioctl(ucmd.ictx, cmd, ucmd.ubuffer);
	if (get_user(ucmd.user_size, (u32 __user *)ucmd.ubuffer))
		return -EFAULT;
	if (ucmd.user_size < op->min_size)
		return -EINVAL;
	rc = copy_ucmd_from_user(&buffer, op->size, &ucmd);
	if (rc)
		return rc;
	return op->execute(&ucmd);
}

static long iommufd_fops_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	long rc = ctx_ioctl(file, cmd, arg);

	if (unlikely(rc < 0))
		iommufd_count_failure(file->private_data, rc);
	return rc;
}

static const struct file_operations iommufd_fops = {
	.owner = THIS_MODULE,
	.open = iommufd_fops_open,
	.release = iommufd_fops_release,
	.unlocked_ioctl = iommufd_fops_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

struct iommufd_ctx *iommufd_ctx_from_fd(int fd)
{
	struct file *file = fget(fd);

	if (!file)
		return ERR_PTR(-EBADF);
	if (file->f_op != &iommufd_fops) {
		fput(file);
		return ERR_PTR(-EBADFD);
	}
	return file->private_data;
}
EXPORT_SYMBOL_GPL(iommufd_ctx_from_fd);

void iommufd_ctx_put(struct iommufd_ctx *ictx)
{
	fput(ictx->file);
}
EXPORT_SYMBOL_GPL(iommufd_ctx_put);

static struct miscdevice iommufd_misc_dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "iommu",
	.fops = &iommufd_fops,
	.nodename = "iommu",
	.mode = 0660,
};

/* A context that VFIO groups are put into. Its node gives no rights without those. */
static struct miscdevice container_misc_dev = {
	.minor = VFIO_MINOR,
	.name = "vfio",
	.fops = &iommufd_fops,
	.nodename = "vfio/vfio",
	.mode = 0666,
};

static int __init iommufd_init(void)
{
	int rc;

	iommufd_pins_try_out();
	rc = iommufd_backing_init_cache();
	if (rc)
		return rc;
	rc = iommufd_netlink_init();
	if (rc)
		goto destroy_cache;
	rc = misc_register(&iommufd_misc_dev);
	if (rc)
		goto exit_netlink;
	rc = misc_register(&container_misc_dev);
	if (rc)
		goto deregister_iommufd;
	return 0;

deregister_iommufd:
	misc_deregister(&iommufd_misc_dev);
exit_netlink:
	iommufd_netlink_exit();
destroy_cache:
	iommufd_backing_destroy_cache();
	return rc;
}
module_init(iommufd_init);

static void __exit iommufd_exit(void)
{
	misc_deregister(&container_misc_dev);
	misc_deregister(&iommufd_misc_dev);
	iommufd_netlink_exit();
	iommufd_locked_vm_exit();
	iommufd_backing_destroy_cache();
}
module_exit(iommufd_exit);

MODULE_ALIAS_MISCDEV(VFIO_MINOR);
MODULE_ALIAS("devname:vfio/vfio");
MODULE_ALIAS_GENL_FAMILY(IOMMUFD_FAMILY_NAME);
MODULE_IMPORT_NS(IOMMUFD_INTERNAL);
MODULE_DESCRIPTION("I/O address space management for user space");
MODULE_LICENSE("GPL");
MODULE_VERSION(IOMMUFD_VFIO_VERSION);
