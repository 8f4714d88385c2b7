// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that are used through their group: claimed when the group is put into a container, opened
 * when the first file of the device is asked for, closed with the last one.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/iommufd.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "group.h"

/**
 * vfio_group_claim_device() - ask a device's driver whose DMA it does, for a container
 * @core: the device; its lock is held
 * @ictx: the container
 *
 * Return: 0, or as the driver's bind.
 */
int vfio_group_claim_device(struct vfio_core_device *core, struct iommufd_ctx *ictx)
{
	struct iommufd_endpoint *endpoint;

	lockdep_assert_held(&core->lock);
	endpoint = vfio_driver_bind(core->vdev, ictx);
	if (IS_ERR(endpoint))
		return PTR_ERR(endpoint);
	iommufd_endpoint_offer_memory(endpoint, vfio_mapping_find_memory, core);
	core->group_endpoint = endpoint;
	return 0;
}

/**
 * vfio_group_release_device() - close a device that is used through its group, and release its DMA
 * @core: the device, claimed or not; its lock is held, and no call of the driver is possible
 */
void vfio_group_release_device(struct vfio_core_device *core)
{
	lockdep_assert_held(&core->lock);
	vfio_access_cancel(core);
	if (core->group_files)
		vfio_driver_close(core);
	WRITE_ONCE(core->group_files, 0);
	/* The device has stopped doing DMA before its page table goes. */
	if (core->group_endpoint)
		vfio_release_endpoint(core, core->group_endpoint);
	core->group_endpoint = NULL;
}

/**
 * vfio_group_close_file() - a file that was opened through a group is closed
 * @df: the file; the device's lock is held
 */
void vfio_group_close_file(struct vfio_file *df)
{
	struct vfio_core_device *core = df->core;

	lockdep_assert_held(&core->lock);
	/* Files that never came to be, or whose device was taken away, don't count. */
	if (!df->in_group_files || df->gone)
		return;
	WRITE_ONCE(core->group_files, core->group_files - 1);
	if (core->group_files)
		return;
	/* A driver that accesses memory gets a new access for the next user. */
	vfio_access_cancel(core);
	vfio_driver_close(core);
	if (core->access) {
		vfio_release_endpoint(core, core->group_endpoint);
		core->group_endpoint = NULL;
	}
}

/* A file of the device, which does not count yet. */
static struct file *device_file_alloc(struct vfio_group *group, struct vfio_core_device *core)
{
	struct vfio_file *df = kzalloc(sizeof(*df), GFP_KERNEL_ACCOUNT);
	struct file *file;

	if (!df)
		return ERR_PTR(-ENOMEM);
	file = anon_inode_getfile("[vfio-device]", &vfio_device_fops, df, O_RDWR);
	if (IS_ERR(file)) {
		kfree(df);
		return file;
	}
	file->f_mode |= FMODE_PREAD | FMODE_PWRITE;
	file->f_mapping = core->inode->i_mapping;
	df->file = file;
	df->core = core;
	df->group_file = get_file(group->file);
	INIT_LIST_HEAD(&df->link);
	get_device(&core->device);
	return file;
}

/* Counts the file, and opens the device if it is the first. */
static int device_file_begin(struct vfio_group *group, struct vfio_file *df,
			     struct iommufd_endpoint *endpoint, const uuid_t *token)
{
	struct vfio_core_device *core = df->core;
	int rc = 0;

	guard(mutex)(&group->lock);
	guard(mutex)(&core->lock);
	if (!core->registered || !group->ictx || core->group_endpoint != endpoint)
		return -ENODEV;
	if (core->revokers)
		return -EBUSY;
	if (!core->group_files)
		rc = vfio_driver_open(core, token);
	if (rc)
		return rc;
	WRITE_ONCE(core->group_files, core->group_files + 1);
	df->endpoint = endpoint;
	df->in_group_files = true;
	list_add(&df->link, &core->files);
	iommufd_node_opened(&core->node, group->noiommu);
	if (group->noiommu)
		dev_warn_ratelimited(core->vdev->dev, "vfio: opened without an IOMMU by %s[%d]\n",
				     current->comm, task_pid_nr(current));
	return 0;
}

static int install_device_fd(struct vfio_group *group, struct vfio_core_device *core,
			     struct iommufd_endpoint *endpoint, const uuid_t *token)
{
	struct file *file;
	int fd, rc;

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	file = device_file_alloc(group, core);
	if (IS_ERR(file)) {
		rc = PTR_ERR(file);
		goto put_fd;
	}
	rc = device_file_begin(group, file->private_data, endpoint, token);
	if (rc)
		goto put_file;
	fd_install(fd, file);
	return fd;

put_file:
	fput(file);
put_fd:
	put_unused_fd(fd);
	return rc;
}

static struct vfio_core_device *group_find_device(struct vfio_group *group, const char *name)
{
	struct vfio_core_device *core;

	lockdep_assert_held(&group->lock);
	list_for_each_entry(core, &group->devices, group_link)
		if (!strcmp(dev_name(core->vdev->dev), name))
			return core;
	return NULL;
}

/* The device's endpoint with a reference; claims a device that is new in the group. */
static int device_get_endpoint(struct vfio_group *group, struct vfio_core_device *core,
			       struct iommufd_endpoint **endpoint)
{
	int rc = 0;

	lockdep_assert_held(&group->lock);
	*endpoint = NULL;
	if (group->noiommu)
		return iommufd_container_check_noiommu(group->ictx);
	guard(mutex)(&core->lock);
	if (!core->group_endpoint)
		rc = vfio_group_claim_device(core, group->ictx);
	if (rc)
		return rc;
	*endpoint = core->group_endpoint;
	iommufd_endpoint_get(*endpoint);
	return 0;
}

/*
 * Finds the device that is asked for, and its endpoint, each with a reference. Its driver may be
 * gone as soon as the group's lock is, unless it is asked with the device's.
 */
static struct vfio_core_device *group_get_device(struct vfio_group *group, const char *name,
						 const uuid_t *token,
						 struct iommufd_endpoint **endpoint)
{
	struct vfio_core_device *core;
	int rc;

	guard(mutex)(&group->lock);
	if (list_empty(&group->devices))
		return ERR_PTR(-ENODEV);
	if (!group->ictx)
		return ERR_PTR(-EINVAL);
	if (group->joining)
		return ERR_PTR(-EBUSY);
	core = group_find_device(group, name);
	if (!core)
		return ERR_PTR(-ENODEV);
	if (token && !core->vdev->ops->takes_token)
		return ERR_PTR(-EINVAL);
	rc = device_get_endpoint(group, core, endpoint);
	if (rc)
		return ERR_PTR(rc);
	get_device(&core->device);
	return core;
}

static int open_device(struct vfio_group *group, const char *name, const uuid_t *token)
{
	struct iommufd_endpoint *endpoint;
	struct vfio_core_device *core;
	int rc = 0;

	core = group_get_device(group, name, token, &endpoint);
	if (IS_ERR(core))
		return PTR_ERR(core);
	if (endpoint)
		rc = iommufd_container_attach(endpoint);
	if (!rc)
		rc = install_device_fd(group, core, endpoint, token);
	if (endpoint)
		iommufd_endpoint_put(endpoint);
	put_device(&core->device);
	return rc;
}

/*
 * Takes what follows the device's name, "vf_token=" and a UUID, from it.
 *
 * Return: 1 if there is a token, 0 if there is nothing, or -EINVAL.
 */
static int split_token(char *name, uuid_t *token)
{
	static const char key[] = "vf_token=";
	char *options = strchr(name, ' ');

	if (!options)
		return 0;
	*options = 0;
	options = strim(options + 1);
	if (!*options)
		return 0;
	if (!str_has_prefix(options, key) || strlen(options) != strlen(key) + UUID_STRING_LEN ||
	    uuid_parse(options + strlen(key), token))
		return -EINVAL;
	return 1;
}

long vfio_group_get_device_fd(struct vfio_group *group, const char __user *arg)
{
	char *name = strndup_user(arg, PAGE_SIZE);
	uuid_t token;
	int fd;

	if (IS_ERR(name))
		return PTR_ERR(name);
	fd = split_token(name, &token);
	if (fd >= 0)
		fd = open_device(group, name, fd ? &token : NULL);
	kfree(name);
	return fd;
}
