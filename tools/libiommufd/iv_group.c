// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Groups and containers.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "iv_group.h"
#include "iv_sysfs.h"

static int group_ioctl(int fd, unsigned long request, void *arg)
{
	int ret = ioctl(fd, request, arg);

	return ret < 0 ? -errno : ret;
}

/**
 * iv_container_open() - open a new container
 *
 * Return: its file descriptor, or a negative errno.
 */
int iv_container_open(void)
{
	int fd = open(IV_CONTAINER_PATH, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
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
	return group_ioctl(container, VFIO_CHECK_EXTENSION, (void *)extension);
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
	return group_ioctl(container, VFIO_SET_IOMMU, (void *)type);
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

	return group_ioctl(container, VFIO_IOMMU_MAP_DMA, &cmd);
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
	int ret = group_ioctl(container, VFIO_IOMMU_UNMAP_DMA, &cmd);

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
	return fd < 0 ? -errno : fd;
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
	int ret = group_ioctl(group, VFIO_GROUP_GET_STATUS, &status);

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
	return group_ioctl(group, VFIO_GROUP_SET_CONTAINER, &container);
}

/**
 * iv_group_unset_container() - take a group out of its container
 * @group: the group
 *
 * Return: 0, or a negative errno.
 */
int iv_group_unset_container(int group)
{
	return group_ioctl(group, VFIO_GROUP_UNSET_CONTAINER, NULL);
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
	return group_ioctl(group, VFIO_GROUP_GET_DEVICE_FD, (void *)name);
}
