// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Regions of a vfio device.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "iv_region.h"
#include "private.h"

static const struct iv_hint access_hints[] = {
	{ EINVAL, "there is no such region there, or it cannot be accessed in this way, or the "
	  "device is not bound yet" },
	{ EIO, "the device does not answer; its memory may be disabled in the command register" },
	{ EPERM, "the region cannot be written" },
	{}
};

static const struct iv_hint map_hints[] = {
	{ ENODEV, "there is no such region, or it can be read and written only" },
	{}
};

/**
 * iv_region_info() - ask about a region
 * @fd: a bound device
 * @index: the region
 * @info: the answer, without capabilities
 *
 * Return: 0, or a negative errno.
 */
int iv_region_info(int fd, uint32_t index, struct vfio_region_info *info)
{
	*info = (struct vfio_region_info) { .argsz = sizeof(*info), .index = index };
	return iv_device_ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, info, NULL, "get region");
}

/**
 * iv_region_open() - find out where a region is
 * @region: to be filled; iv_region_close() it
 * @fd: a bound device
 * @index: the region
 *
 * Return: 0, or a negative errno. A region that the device doesn't have gives 0 and has size 0.
 */
int iv_region_open(struct iv_region *region, int fd, uint32_t index)
{
	struct vfio_region_info info;
	int ret = iv_region_info(fd, index, &info);

	*region = (struct iv_region) { .fd = fd, .index = index };
	if (ret)
		return ret;
	region->flags = info.flags;
	region->size = info.size;
	region->offset = info.offset;
	return 0;
}

/**
 * iv_region_close() - undo iv_region_open() and iv_region_map()
 * @region: the region; a zeroed one is left alone
 */
void iv_region_close(struct iv_region *region)
{
	iv_region_unmap(region);
	region->size = 0;
}

/**
 * iv_region_read() - read from a region
 * @region: the region
 * @offset: first byte
 * @buf: where the bytes go
 * @size: how many; BARs are accessed with the widest naturally aligned loads
 *
 * Return: how many bytes were read, or a negative errno.
 */
ssize_t iv_region_read(const struct iv_region *region, uint64_t offset, void *buf, size_t size)
{
	ssize_t ret = pread(region->fd, buf, size, region->offset + offset);

	return ret < 0 ? iv_fail_device(-errno, access_hints, region->fd, "read") : ret;
}

/**
 * iv_region_write() - write to a region
 * @region: the region
 * @offset: first byte
 * @buf: the bytes
 * @size: how many
 *
 * Return: how many bytes were written, or a negative errno.
 */
ssize_t iv_region_write(const struct iv_region *region, uint64_t offset, const void *buf,
			size_t size)
{
	ssize_t ret = pwrite(region->fd, buf, size, region->offset + offset);

	return ret < 0 ? iv_fail_device(-errno, access_hints, region->fd, "write") : ret;
}

/**
 * iv_region_map() - map a whole region
 * @region: the region; its @map is valid after success
 *
 * Return: 0; -ENODEV if the region can't be mapped; or another negative errno.
 */
int iv_region_map(struct iv_region *region)
{
	void *map;

	if (!region->size || !(region->flags & VFIO_REGION_INFO_FLAG_MMAP))
		return iv_fail_device(-ENODEV, map_hints, region->fd, "map region");
	map = mmap(NULL, region->size, PROT_READ | PROT_WRITE, MAP_SHARED, region->fd,
		   region->offset);
	if (map == MAP_FAILED)
		return iv_fail_device(-errno, NULL, region->fd, "map region");
	region->map = map;
	return 0;
}

/**
 * iv_region_unmap() - undo iv_region_map()
 * @region: the region; one that isn't mapped is left alone
 */
void iv_region_unmap(struct iv_region *region)
{
	if (region->map)
		munmap((void *)region->map, region->size);
	region->map = NULL;
}
