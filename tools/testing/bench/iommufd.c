// SPDX-License-Identifier: GPL-2.0-only
/*
 * The side of iommufd: contexts, device files.
 */
#include <unistd.h>
#include <libiommufd.h>

#include "bench.h"

static int space_open(struct bench_space *space)
{
	int ret;

	*space = (struct bench_space) { .fd = iv_iommufd_open() };
	if (space->fd < 0)
		return space->fd;
	ret = iv_ioas_alloc(space->fd, &space->ioas);
	if (ret)
		close(space->fd);
	return ret;
}

static void space_close(struct bench_space *space)
{
	close(space->fd);
	space->fd = -1;
}

/* The descriptor is one of its own, so that each space is closed by itself. */
static int space_split(struct bench_space *space, struct bench_space *from)
{
	*space = (struct bench_space) { .fd = dup(from->fd) };
	return iv_ioas_alloc(space->fd, &space->ioas);
}

static int map(struct bench_space *space, const void *va, uint64_t length, uint64_t iova)
{
	return iv_ioas_map(space->fd, space->ioas, va, length, iova, IV_DMA_RW);
}

static int unmap(struct bench_space *space, uint64_t iova, uint64_t length)
{
	return iv_ioas_unmap(space->fd, space->ioas, iova, length, NULL);
}

static int copy(struct bench_space *to, struct bench_space *from, uint64_t length, uint64_t iova)
{
	return iv_ioas_copy(to->fd, to->ioas, iova, from->ioas, iova, length, IV_DMA_RW);
}

static int device_open(struct bench_device *device, const char *addr)
{
	device->fd = iv_device_open(addr);
	return device->fd < 0 ? device->fd : 0;
}

static int device_own(struct bench_device *device, struct bench_space *space)
{
	return iv_device_bind(device->fd, space->fd, NULL);
}

static int attach(struct bench_device *device, struct bench_space *space)
{
	return iv_device_attach(device->fd, space->ioas);
}

static int device_use(struct bench_device *device, const char *addr)
{
	(void)device;
	(void)addr;
	return 0;
}

static int detach(struct bench_device *device, struct bench_space *space)
{
	(void)space;
	return iv_device_detach(device->fd);
}

static void device_close(struct bench_device *device)
{
	close(device->fd);
	device->fd = -1;
}

const struct bench_side bench_iommufd = {
	.name = "ours",
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
