// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Hot resets of PCI devices.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "iv_hot_reset.h"
#include "private.h"

static const struct iv_hint hints[] = {
	{ ENODEV, "neither its slot nor its bus can be reset" },
	{ ENOSPC, "more functions would be reset than there is room for" },
	{ EINVAL, "functions that are not yours would be reset, too; iv_hot_reset_info() tells "
	  "which" },
	{ EAGAIN, "one of the functions is being reconfigured; try again" },
	{}
};

/**
 * iv_hot_reset_info() - which functions a hot reset would reset, and whose they are
 * @fd: a bound device
 * @info: the answer
 *
 * Return: 0; -ENODEV if its slot or bus can't be reset; -ENOSPC if there are more functions than
 * IV_HOT_RESET_MAX; or another negative errno.
 */
int iv_hot_reset_info(int fd, struct iv_hot_reset *info)
{
	struct {
		struct vfio_pci_hot_reset_info hdr;
		struct vfio_pci_dependent_device devices[IV_HOT_RESET_MAX];
	} arg = { .hdr.argsz = sizeof(arg) };
	int rc = iv_device_ioctl(fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &arg, hints,
				 "get what a hot reset resets");

	if (rc)
		return rc;
	info->flags = arg.hdr.flags;
	info->count = arg.hdr.count;
	memcpy(info->devices, arg.devices, sizeof(arg.devices));
	return 0;
}

/**
 * iv_hot_reset() - reset the slot or bus of a device
 * @fd: a bound device; all functions that are reset must be its owner's
 *
 * Return: 0, or a negative errno.
 */
int iv_hot_reset(int fd)
{
	struct vfio_pci_hot_reset arg = { .argsz = sizeof(arg) };

	return iv_device_ioctl(fd, VFIO_DEVICE_PCI_HOT_RESET, &arg, hints, "hot reset");
}

/**
 * iv_hot_reset_find() - one function of the answer
 * @info: the answer
 * @pci_addr: the function
 *
 * Return: what is said about it, or NULL if it would not be reset.
 */
const struct vfio_pci_dependent_device *iv_hot_reset_find(const struct iv_hot_reset *info,
							  const char *pci_addr)
{
	unsigned int segment, bus, slot, function;

	if (sscanf(pci_addr, "%x:%x:%x.%x", &segment, &bus, &slot, &function) != 4)
		return NULL;
	for (uint32_t i = 0; i < info->count; i++) {
		const struct vfio_pci_dependent_device *device = &info->devices[i];

		if (device->segment == segment && device->bus == bus &&
		    device->devfn == (slot << 3 | function))
			return device;
	}
	return NULL;
}
