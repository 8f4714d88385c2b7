// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Migration states, data files and DMA logging.
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "iv_feature.h"
#include "iv_migration.h"

/**
 * iv_migration_flags() - what a device can
 * @fd: a bound device
 * @flags: VFIO_MIGRATION_*
 *
 * Return: 0, or a negative errno.
 */
int iv_migration_flags(int fd, uint64_t *flags)
{
	struct vfio_device_feature_migration migration = {};
	int ret = iv_feature_get(fd, VFIO_DEVICE_FEATURE_MIGRATION, &migration, sizeof(migration));

	*flags = migration.flags;
	return ret;
}

/**
 * iv_migration_state() - where a device is
 * @fd: a bound device
 *
 * Return: its state, of enum vfio_device_mig_state; or a negative errno, -EPROTO if it gave a
 * descriptor with it.
 */
int iv_migration_state(int fd)
{
	struct vfio_device_feature_mig_state state = {};
	int ret = iv_feature_get(fd, VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, &state, sizeof(state));

	if (ret)
		return ret;
	return state.data_fd == -1 ? (int)state.device_state : -EPROTO;
}

/**
 * iv_migration_set() - bring a device to a state
 * @fd: a bound device
 * @state: of enum vfio_device_mig_state
 * @data_fd: set to the data file that began with it, or to -1
 *
 * Return: 0, or a negative errno.
 */
int iv_migration_set(int fd, uint32_t state, int *data_fd)
{
	struct {
		struct vfio_device_feature hdr;
		struct vfio_device_feature_mig_state data;
	} arg = {
		.hdr = {
			.argsz = sizeof(arg),
			.flags = VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE | VFIO_DEVICE_FEATURE_SET,
		},
		.data = { .device_state = state, .data_fd = -1 },
	};
	int ret = ioctl(fd, VFIO_DEVICE_FEATURE, &arg) < 0 ? -errno : 0;

	*data_fd = arg.data.data_fd;
	return ret;
}

/**
 * iv_migration_size() - how much there is to be saved
 * @fd: a bound device
 * @size: an estimate, in bytes
 *
 * Return: 0, or a negative errno.
 */
int iv_migration_size(int fd, uint64_t *size)
{
	struct vfio_device_feature_mig_data_size data = {};
	int ret = iv_feature_get(fd, VFIO_DEVICE_FEATURE_MIG_DATA_SIZE, &data, sizeof(data));

	*size = data.stop_copy_length;
	return ret;
}

/**
 * iv_migration_precopy() - how much there is to be saved before the device stops
 * @data_fd: a data file
 * @info: the answer
 *
 * Return: 0; -EINVAL if the device is in neither PRE_COPY nor PRE_COPY_P2P; or another negative
 * errno.
 */
int iv_migration_precopy(int data_fd, struct vfio_precopy_info *info)
{
	*info = (struct vfio_precopy_info) { .argsz = sizeof(*info) };
	return ioctl(data_fd, VFIO_MIG_GET_PRECOPY_INFO, info) < 0 ? -errno : 0;
}

/**
 * iv_migration_read_all() - read a data file to its end
 * @data_fd: the file; the device is in STOP_COPY
 * @buf: where to
 * @size: the room there
 *
 * Return: how many bytes it had; -ENOSPC if they are more than @size, or another negative errno.
 */
ssize_t iv_migration_read_all(int data_fd, void *buf, size_t size)
{
	size_t done = 0;
	ssize_t got;

	while (done < size) {
		got = read(data_fd, (char *)buf + done, size - done);
		if (got < 0)
			return -errno;
		if (!got)
			return done;
		done += got;
	}
	return -ENOSPC;
}

/**
 * iv_migration_write_all() - write to a data file
 * @data_fd: the file; the device is in RESUMING
 * @buf: what to write
 * @size: how many bytes
 *
 * Return: 0, or a negative errno.
 */
int iv_migration_write_all(int data_fd, const void *buf, size_t size)
{
	size_t done = 0;
	ssize_t got;

	while (done < size) {
		got = write(data_fd, (const char *)buf + done, size - done);
		if (got <= 0)
			return got ? -errno : -EIO;
		done += got;
	}
	return 0;
}

/**
 * iv_dma_logging_start() - record what a device writes
 * @fd: a bound device
 * @page_size: in: bytes to tell apart; out: what the device does
 * @ranges: where
 * @count: how many ranges
 *
 * Return: 0, or a negative errno.
 */
int iv_dma_logging_start(int fd, uint64_t *page_size,
			 const struct vfio_device_feature_dma_logging_range *ranges, uint32_t count)
{
	struct {
		struct vfio_device_feature hdr;
		struct vfio_device_feature_dma_logging_control data;
	} arg = {
		.hdr = {
			.argsz = sizeof(arg),
			.flags = VFIO_DEVICE_FEATURE_DMA_LOGGING_START | VFIO_DEVICE_FEATURE_SET,
		},
		.data = {
			.page_size = *page_size,
			.num_ranges = count,
			.ranges = (uintptr_t)ranges,
		},
	};
	int ret = ioctl(fd, VFIO_DEVICE_FEATURE, &arg) < 0 ? -errno : 0;

	*page_size = arg.data.page_size;
	return ret;
}

/**
 * iv_dma_logging_stop() - record nothing any more
 * @fd: a bound device
 *
 * Return: 0, or a negative errno.
 */
int iv_dma_logging_stop(int fd)
{
	return iv_feature_set(fd, VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP, NULL, 0);
}

/**
 * iv_dma_logging_report() - what a device has written since it was asked last
 * @fd: a bound device
 * @iova: the first byte to know of
 * @length: how many bytes
 * @page_size: for how many of them a bit stands
 * @bitmap: bits are set, and never cleared
 *
 * Return: 0, or a negative errno.
 */
int iv_dma_logging_report(int fd, uint64_t iova, uint64_t length, uint64_t page_size,
			  uint64_t *bitmap)
{
	struct vfio_device_feature_dma_logging_report report = {
		.iova = iova,
		.length = length,
		.page_size = page_size,
		.bitmap = (uintptr_t)bitmap,
	};

	return iv_feature_get(fd, VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT, &report, sizeof(report));
}
