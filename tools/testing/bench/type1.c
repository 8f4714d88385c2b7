// SPDX-License-Identifier: GPL-2.0-only
/*
 * The side of type1: containers, groups.
 */
#include <errno.h>
#include <unistd.h>
#include <libiommufd.h>

#include "bench.h"

static int space_open(struct bench_space *space)
{
	*space = (struct bench_space) { .fd = iv_container_open() };
	return space->fd < 0 ? space->fd : 0;
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
	return iv_container_map(space->fd, va, iova, length,
				VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);
}

static int unmap(struct bench_space *space, uint64_t iova, uint64_t length)
{
	uint64_t unmapped;
	int ret = iv_container_unmap(space->fd, iova, length, 0, &unmapped);

	if (ret)
		return ret;
	return unmapped == length ? 0 : -ENOENT;
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
	device->fd = -1;
	device->group = iv_group_open(addr);
	return device->group < 0 ? device->group : 0;
}

static int device_own(struct bench_device *device, struct bench_space *space)
{
	(void)device;
	(void)space;
	return 0;
}

static int attach(struct bench_device *device, struct bench_space *space)
{
	int ret = iv_group_set_container(device->group, space->fd);

	if (ret || space->has_driver)
		return ret;
	ret = iv_container_set_type(space->fd, VFIO_TYPE1v2_IOMMU);
	if (ret)
		return ret;
	space->has_driver = true;
	return 0;
}

static int device_use(struct bench_device *device, const char *addr)
{
	device->fd = iv_group_device(device->group, addr);
	return device->fd < 0 ? device->fd : 0;
}

static int detach(struct bench_device *device, struct bench_space *space)
{
	(void)space;
	return iv_group_unset_container(device->group);
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
