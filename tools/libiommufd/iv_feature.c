// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Optional features of a vfio device.
 */
#include <errno.h>
#include <string.h>

#include "iv_feature.h"
#include "private.h"

static const struct iv_hint feature_hints[] = {
	{ ENOTTY, "it does not have this feature" },
	{}
};

struct feature_arg {
	struct vfio_device_feature hdr;
	uint8_t data[IV_FEATURE_DATA_MAX];
};

static int feature_ioctl(int fd, uint32_t flags, struct feature_arg *arg, size_t size)
{
	if (size > sizeof(arg->data))
		return iv_fail(-EINVAL, NULL, "device feature");
	arg->hdr.argsz = sizeof(arg->hdr) + size;
	arg->hdr.flags = flags;
	return iv_device_ioctl(fd, VFIO_DEVICE_FEATURE, arg, feature_hints, "device feature");
}

/**
 * iv_feature_probe() - ask whether the device has a feature
 * @fd: a bound device
 * @feature: the feature
 * @methods: VFIO_DEVICE_FEATURE_GET and VFIO_DEVICE_FEATURE_SET, or 0, that it must have as well
 *
 * Return: 0; -ENOTTY if it has not; -EINVAL if it lacks a method.
 */
int iv_feature_probe(int fd, uint16_t feature, uint32_t methods)
{
	struct feature_arg arg;

	return feature_ioctl(fd, feature | methods | VFIO_DEVICE_FEATURE_PROBE, &arg, 0);
}

/**
 * iv_feature_get() - read a feature's data
 * @fd: a bound device
 * @feature: the feature
 * @data: in and out: some features look at what is there
 * @size: its size in bytes
 *
 * Return: 0, or a negative errno.
 */
int iv_feature_get(int fd, uint16_t feature, void *data, size_t size)
{
	struct feature_arg arg = {};
	int ret;

	if (size <= sizeof(arg.data))
		memcpy(arg.data, data, size);
	ret = feature_ioctl(fd, feature | VFIO_DEVICE_FEATURE_GET, &arg, size);
	if (!ret)
		memcpy(data, arg.data, size);
	return ret;
}

/**
 * iv_feature_set() - write a feature's data
 * @fd: a bound device
 * @feature: the feature
 * @data: the data, or NULL if it has none
 * @size: its size in bytes
 *
 * Return: 0, or a negative errno.
 */
int iv_feature_set(int fd, uint16_t feature, const void *data, size_t size)
{
	struct feature_arg arg = {};

	if (data && size <= sizeof(arg.data))
		memcpy(arg.data, data, size);
	return feature_ioctl(fd, feature | VFIO_DEVICE_FEATURE_SET, &arg, size);
}

/**
 * iv_low_power_entry() - let the host power the device down while it is not used
 * @fd: a bound device
 *
 * Return: 0; -EINVAL if that is so already.
 */
int iv_low_power_entry(int fd)
{
	return iv_feature_set(fd, VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY, NULL, 0);
}

/**
 * iv_low_power_entry_with_wakeup() - likewise, until it wakes up
 * @fd: a bound device
 * @eventfd: signalled then
 *
 * Return: 0; -EINVAL if it may be powered down already, or @eventfd is none; -EBADF.
 */
int iv_low_power_entry_with_wakeup(int fd, int32_t eventfd)
{
	struct vfio_device_low_power_entry_with_wakeup entry = { .wakeup_eventfd = eventfd };

	return iv_feature_set(fd, VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP, &entry,
			      sizeof(entry));
}

/**
 * iv_low_power_exit() - keep the device awake again
 * @fd: a bound device
 *
 * Return: 0, or a negative errno.
 */
int iv_low_power_exit(int fd)
{
	return iv_feature_set(fd, VFIO_DEVICE_FEATURE_LOW_POWER_EXIT, NULL, 0);
}
