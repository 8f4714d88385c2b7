// SPDX-License-Identifier: GPL-2.0-only
/*
 * The side of type1: containers, groups.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/vfio.h>

#include "bench.h"
#include "iv_sysfs.h"

static int space_open(struct bench_space *space)
{
	*space = (struct bench_space) { .fd = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC) };
	return space->fd < 0 ? -errno : 0;
}

static void space_close(struct bench_space *space)
{
	close(space->fd);
	space->fd = -1;
}

static int space_split(struct bench_space *space, struct bench_space *from)
{
	(void)space;
	(void)from;
	return -EOPNOTSUPP;
}

static int map(struct bench_space *space, const void *va, uint64_t length, uint64_t iova)
{
	struct vfio_iommu_type1_dma_map cmd = {
		.argsz = sizeof(cmd),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)va,
		.iova = iova,
		.size = length,
	};

	return ioctl(space->fd, VFIO_IOMMU_MAP_DMA, &cmd) < 0 ? -errno : 0;
}

static int unmap(struct bench_space *space, uint64_t iova, uint64_t length)
{
	struct vfio_iommu_type1_dma_unmap cmd = {
		.argsz = sizeof(cmd),
		.iova = iova,
		.size = length,
	};

	if (ioctl(space->fd, VFIO_IOMMU_UNMAP_DMA, &cmd) < 0)
		return -errno;
	return cmd.size == length ? 0 : -ENOENT;
}

static int copy(struct bench_space *to, struct bench_space *from, uint64_t length, uint64_t iova)
{
	(void)to;
	(void)from;
	(void)length;
	(void)iova;
	return -EOPNOTSUPP;
}

static int device_open(struct bench_device *device, const char *addr)
{
	int group = iv_pci_group(addr);
	char path[32];

	device->fd = -1;
	if (group < 0)
		return group;
	snprintf(path, sizeof(path), "/dev/vfio/%d", group);
	device->group = open(path, O_RDWR | O_CLOEXEC);
	return device->group < 0 ? -errno : 0;
}

static int device_own(struct bench_device *device, struct bench_space *space)
{
	(void)device;
	(void)space;
	return 0;
}

static int attach(struct bench_device *device, struct bench_space *space)
{
	if (ioctl(device->group, VFIO_GROUP_SET_CONTAINER, &space->fd) < 0)
		return -errno;
	if (space->has_driver)
		return 0;
	if (ioctl(space->fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) < 0)
		return -errno;
	space->has_driver = true;
	return 0;
}

static int device_use(struct bench_device *device, const char *addr)
{
	device->fd = ioctl(device->group, VFIO_GROUP_GET_DEVICE_FD, addr);
	return device->fd < 0 ? -errno : 0;
}

static int detach(struct bench_device *device, struct bench_space *space)
{
	(void)space;
	return ioctl(device->group, VFIO_GROUP_UNSET_CONTAINER) < 0 ? -errno : 0;
}

static void device_close(struct bench_device *device)
{
	if (device->fd >= 0)
		close(device->fd);
	device->fd = -1;
	close(device->group);
}

const struct bench_side bench_type1 = {
	.name = "stock",
	.use_needs_attach = true,
	.space_open = space_open,
	.space_close = space_close,
	.space_split = space_split,
	.map = map,
	.unmap = unmap,
	.copy = copy,
	.device_open = device_open,
	.device_own = device_own,
	.attach = attach,
	.device_use = device_use,
	.detach = detach,
	.device_close = device_close,
};
