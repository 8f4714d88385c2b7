// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Groups and containers.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "iv_group.h"
#include "iv_sysfs.h"
#include "private.h"

static const struct iv_hint open_hints[] = {
	{ ENOENT, "there is no such file; load vfio, and give a device of the group to a vfio "
	  "driver" },
	{ EACCES, "you may not use it; 60-iommufd-vfio.rules of udev says how a group may" },
	{ EBUSY, "the group is open already, or a device of it is bound through its own file" },
	{ EPERM, "the group has no IOMMU, which needs CAP_SYS_RAWIO" },
	{}
};

static const struct iv_hint container_hints[] = {
	{ EINVAL, "the container has no group, or a type already" },
	{ ENODEV, "the type does not exist, or does not fit the groups" },
	{ EADDRINUSE, "something is mapped where a device cannot have memory" },
	{}
};

static const struct iv_hint map_hints[] = {
	{ EEXIST, "something is mapped there already" },
	{ EINVAL, "its ends are not aligned, the flags are wrong, or it is outside of the IOVA "
	  "ranges" },
	{ EFAULT, "there is no memory at part of the range" },
	{ ENOSPC, "there are too many mappings" },
	{}
};

static const struct iv_hint unmap_hints[] = {
	{ EINVAL, "a mapping would be cut, or the range is not aligned" },
	{ ENOENT, "a mapping would be cut" },
	{ EBUSY, "another thread is mapping something there" },
	{}
};

static const struct iv_hint group_hints[] = {
	{ EBADF, "the container is not open" },
	{ EINVAL, "that is no container, or the group is in one already, or in none" },
	{ EBUSY, "somebody else has the DMA of the group, or a device of it is open; iommufd-ctl "
	  "device list shows who" },
	{ EPERM, "groups with and without an IOMMU do not go together, or CAP_SYS_RAWIO is "
	  "missing" },
	{ ENODEV, "the group has no such device, or no device any more" },
	{}
};

static int group_ioctl(int fd, unsigned long request, void *arg, const struct iv_hint *hints,
		       const char *what)
{
	int ret = iv_ioctl(fd, request, arg);

	return ret < 0 ? iv_fail(ret, hints, "%s", what) : ret;
}

/**
 * iv_container_open() - open a new container
 *
 * Return: its file descriptor, or a negative errno.
 */
int iv_container_open(void)
{
	int fd = open(IV_CONTAINER_PATH, O_RDWR | O_CLOEXEC);

	return fd < 0 ? iv_fail(-errno, open_hints, IV_CONTAINER_PATH ": open") : fd;
}

/**
 * iv_container_has() - ask for an IOMMU type or a feature
 * @container: a container, or a context in its place
 * @extension: VFIO_TYPE1_IOMMU and so on
 *
 * Return: 0 for no, positive for yes, or a negative errno.
 */
int iv_container_has(int container, unsigned long extension)
{
	return group_ioctl(container, VFIO_CHECK_EXTENSION, (void *)extension, NULL,
			   "container: ask for an extension");
}

/**
 * iv_container_set_type() - choose the IOMMU type
 * @container: a container with a group
 * @type: VFIO_TYPE1_IOMMU and so on
 *
 * Return: 0, or a negative errno.
 */
int iv_container_set_type(int container, unsigned long type)
{
	return group_ioctl(container, VFIO_SET_IOMMU, (void *)type, container_hints,
			   "container: set the type");
}

/**
 * iv_container_map() - let the container's devices reach memory
 * @container: a container with a type
 * @va: the memory
 * @iova: where the devices see it
 * @size: in bytes
 * @flags: VFIO_DMA_MAP_FLAG_READ and so on
 *
 * Return: 0, or a negative errno.
 */
int iv_container_map(int container, const void *va, uint64_t iova, uint64_t size, uint32_t flags)
{
	struct vfio_iommu_type1_dma_map cmd = {
		.argsz = sizeof(cmd),
		.flags = flags,
		.vaddr = (uintptr_t)va,
		.iova = iova,
		.size = size,
	};
	int ret = iv_ioctl(container, VFIO_IOMMU_MAP_DMA, &cmd);

	if (ret >= 0)
		return ret;
	return iv_fail_pinning(ret, map_hints, size, "container: map %#llx bytes at %#llx",
			       (unsigned long long)size, (unsigned long long)iova);
}

/**
 * iv_container_unmap() - undo iv_container_map()
 * @container: a container with a type
 * @iova: the first IOVA
 * @size: in bytes
 * @flags: 0, or VFIO_DMA_UNMAP_FLAG_ALL
 * @unmapped: how many bytes were unmapped; may be NULL
 *
 * Return: 0, or a negative errno.
 */
int iv_container_unmap(int container, uint64_t iova, uint64_t size, uint32_t flags,
		       uint64_t *unmapped)
{
	struct vfio_iommu_type1_dma_unmap cmd = {
		.argsz = offsetof(struct vfio_iommu_type1_dma_unmap, data),
		.flags = flags,
		.iova = iova,
		.size = size,
	};
	int ret = group_ioctl(container, VFIO_IOMMU_UNMAP_DMA, &cmd, unmap_hints,
			      "container: unmap");

	if (!ret && unmapped)
		*unmapped = cmd.size;
	return ret;
}

/**
 * iv_group_open() - open the group of a PCI function
 * @pci_addr: the function
 *
 * Return: the group's file descriptor; -EBUSY if it is open or a device of it is bound by its own
 * file; or another negative errno.
 */
int iv_group_open(const char *pci_addr)
{
	int number = iv_pci_group(pci_addr), fd;
	char path[IV_PATH_SIZE], name[IV_DRIVER_NAME_SIZE];

	if (number < 0)
		return number;
	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d/name", number);
	if (iv_file_read(path, name, sizeof(name)) < 0)
		name[0] = '\0';
	/* So VFIO names the groups that it makes for devices without an IOMMU. */
	snprintf(path, sizeof(path), "/dev/vfio/%s%d",
		 strcmp(name, "vfio-noiommu") ? "" : "noiommu-", number);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? iv_fail(-errno, open_hints, "%s: open", path) : fd;
}

/**
 * iv_group_status() - whether a group can be used, and is
 * @group: the group
 *
 * Return: VFIO_GROUP_FLAGS_*, or a negative errno.
 */
int iv_group_status(int group)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	int ret = group_ioctl(group, VFIO_GROUP_GET_STATUS, &status, NULL, "group: get status");

	return ret ? ret : (int)status.flags;
}

/**
 * iv_group_set_container() - put a group into a container
 * @group: the group
 * @container: a container, or a context in its place
 *
 * Return: 0; -EBUSY if somebody else has the group's DMA; or another negative errno.
 */
int iv_group_set_container(int group, int container)
{
	return group_ioctl(group, VFIO_GROUP_SET_CONTAINER, &container, group_hints,
			   "group: put into a container");
}

/**
 * iv_group_unset_container() - take a group out of its container
 * @group: the group
 *
 * Return: 0, or a negative errno.
 */
int iv_group_unset_container(int group)
{
	return group_ioctl(group, VFIO_GROUP_UNSET_CONTAINER, NULL, group_hints,
			   "group: take out of its container");
}

/**
 * iv_group_device() - open a device of a group
 * @group: a group in a container that has a type
 * @name: its name in sysfs, for a PCI function its address
 *
 * Return: a file descriptor on which the device works, or a negative errno.
 */
int iv_group_device(int group, const char *name)
{
	return group_ioctl(group, VFIO_GROUP_GET_DEVICE_FD, (void *)name, group_hints,
			   "group: open a device");
}
