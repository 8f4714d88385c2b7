// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <unistd.h>
#include "iommufd_bind.h"
#include "iv.h"
#include "test_process.h"
#include "test_wait.h"

#define BINDABLE_TIMEOUT_MS 2000

/**
 * iommufd_native_driver_load() - load the module of IOMMUFD_NATIVE_DRIVER
 *
 * Return: false if the kernel has no such module; then the test is to be skipped.
 */
bool iommufd_native_driver_load(void)
{
	return !access("/sys/bus/pci/drivers/" IOMMUFD_NATIVE_DRIVER, F_OK) ||
	       test_module_load(IOMMUFD_NATIVE_DRIVER) == 0;
}

/**
 * iommufd_device_is_parked() - whether a device's descriptor does nothing yet
 * @fd: the device
 */
bool iommufd_device_is_parked(int fd)
{
	struct vfio_device_info info;

	return iv_device_info(fd, &info) == -EINVAL;
}

/**
 * iommufd_device_is_bound() - whether a device's descriptor works
 * @fd: the device
 */
bool iommufd_device_is_bound(int fd)
{
	struct vfio_device_info info;

	return iv_device_info(fd, &info) == 0;
}

/**
 * iommufd_bind_elsewhere() - try to bind a device to a fresh context
 * @fd: a parked device; bound afterwards if this worked
 *
 * Return: 0 or a negative errno.
 */
int iommufd_bind_elsewhere(int fd)
{
	int rc, iommufd = iv_iommufd_open();

	if (iommufd < 0)
		return iommufd;
	rc = iv_device_bind(fd, iommufd, NULL);
	close(iommufd);
	return rc;
}

static bool binds(void *arg)
{
	return iommufd_bind_elsewhere(*(int *)arg) == 0;
}

/**
 * iommufd_becomes_bindable() - whether a device can be bound within two seconds
 * @fd: a parked device; bound afterwards if this worked
 *
 * For devices whose last holder has just died: its files are closed a moment later.
 */
bool iommufd_becomes_bindable(int fd)
{
	return test_wait_until(binds, &fd, BINDABLE_TIMEOUT_MS);
}
