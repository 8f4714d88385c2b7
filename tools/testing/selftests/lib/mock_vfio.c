// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "iv.h"
#include "mock_device.h"
#include "mock_vfio.h"
#include "test_process.h"

#define MODULE "iommufd_mock_vfio"
#define UNSAFE_INTERRUPTS "/sys/module/iommufd/parameters/allow_unsafe_interrupts"

/**
 * unsafe_interrupts_allow() - let devices be bound that no interrupt remapping is known for
 * @allow: whether
 *
 * Platform devices without MSIs are of that kind.
 */
int unsafe_interrupts_allow(int allow)
{
	int fd = open(UNSAFE_INTERRUPTS, O_WRONLY), rc = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, allow ? "Y" : "N", 1) != 1)
		rc = -errno;
	close(fd);
	return rc;
}

/**
 * mock_vfio_load() - have the devices, and be allowed to bind them
 */
int mock_vfio_load(void)
{
	return mock_module_load() ?: unsafe_interrupts_allow(1) ?: test_module_load(MODULE);
}

/**
 * mock_vfio_take_away() - take the devices from their users, as a hot-unplug does
 *
 * mock_vfio_unload() is to be called all the same.
 *
 * Return: 0 or a negative errno.
 */
int mock_vfio_take_away(void)
{
	return test_module_unload(MODULE);
}

/**
 * mock_vfio_unload() - have neither the devices nor the mock any more
 *
 * Return: 0, or non-zero if something still uses them.
 */
int mock_vfio_unload(void)
{
	int rc = test_module_unload(MODULE);

	return (rc == -ENOENT ? 0 : rc) ?: unsafe_interrupts_allow(0) ?: mock_module_unload();
}

/**
 * mock_vfio_open() - open a device
 * @kind: MOCK_VFIO_DEVICE or MOCK_VFIO_QUEUE
 * @nr: which of them
 *
 * Return: its descriptor, parked; -ENODEV if there is none.
 */
int mock_vfio_open(const char *kind, unsigned int nr)
{
	char path[128];
	int fd = -ENODEV;
	glob_t found;

	snprintf(path, sizeof(path), "/sys/bus/platform/devices/%s.*/vfio-dev/vfio*", kind);
	if (glob(path, 0, NULL, &found))
		return -ENODEV;
	if (nr < found.gl_pathc) {
		snprintf(path, sizeof(path), "/dev/vfio/devices/%s",
			 strrchr(found.gl_pathv[nr], '/') + 1);
		fd = iv_device_open_path(path);
	}
	globfree(&found);
	return fd;
}

#define REG(name) offsetof(struct mock_vfio_regs, name)

static int write_at(int fd, const void *data, size_t size, size_t offset)
{
	ssize_t done = pwrite(fd, data, size, offset);

	if (done < 0)
		return -errno;
	return (size_t)done == size ? 0 : -EIO;
}

static int read_at(int fd, void *data, size_t size, size_t offset)
{
	ssize_t done = pread(fd, data, size, offset);

	if (done < 0)
		return -errno;
	return (size_t)done == size ? 0 : -EIO;
}

static int execute(int fd, uint32_t command, uint32_t pasid, uint64_t iova, uint32_t length)
{
	struct mock_vfio_regs regs = { .iova = iova, .length = length, .pasid = pasid };
	int32_t result;

	return write_at(fd, &regs, REG(command), 0) ?:
	       write_at(fd, &command, sizeof(command), REG(command)) ?:
	       read_at(fd, &result, sizeof(result), REG(result)) ?: result;
}

/**
 * mock_vfio_read() - let a device read memory
 * @fd: the device, bound
 * @pasid: the PASID, or 0
 * @iova: where
 * @data: set to what it read
 * @length: in bytes, at most MOCK_VFIO_DATA_SIZE
 *
 * Return: 0, what the device says, or an errno of the file.
 */
int mock_vfio_read(int fd, uint32_t pasid, uint64_t iova, void *data, uint32_t length)
{
	return execute(fd, MOCK_VFIO_READ, pasid, iova, length) ?:
	       read_at(fd, data, length, REG(data));
}

/**
 * mock_vfio_write() - let a device write to memory
 * @fd: the device, bound
 * @pasid: the PASID, or 0
 * @iova: where
 * @data: what it writes
 * @length: in bytes, at most MOCK_VFIO_DATA_SIZE
 *
 * Return: as mock_vfio_read().
 */
int mock_vfio_write(int fd, uint32_t pasid, uint64_t iova, const void *data, uint32_t length)
{
	return write_at(fd, data, length, REG(data)) ?:
	       execute(fd, MOCK_VFIO_WRITE, pasid, iova, length);
}

/**
 * mock_vfio_write_guest() - let a device write to memory, by a guest's PASID
 * @fd: the device, bound
 * @guest: what the guest calls the PASID
 * @iova: where
 * @data: what it writes
 * @length: in bytes, at most MOCK_VFIO_DATA_SIZE
 *
 * Return: as mock_vfio_read().
 */
int mock_vfio_write_guest(int fd, uint32_t guest, uint64_t iova, const void *data,
			  uint32_t length)
{
	return write_at(fd, data, length, REG(data)) ?:
	       execute(fd, MOCK_VFIO_WRITE | MOCK_VFIO_GUEST, guest, iova, length);
}

/**
 * mock_vfio_own_pasid() - the PASID of a device that shares its requester ID
 * @fd: the device, bound
 *
 * Return: the PASID; 0 if it has none, or can't be asked.
 */
uint32_t mock_vfio_own_pasid(int fd)
{
	uint32_t pasid;

	return read_at(fd, &pasid, sizeof(pasid), REG(own_pasid)) ? 0 : pasid;
}

/**
 * mock_vfio_drained() - how many PASIDs the driver was told to drain since it was bound
 * @fd: the device, bound
 *
 * Return: the number, or UINT32_MAX.
 */
uint32_t mock_vfio_drained(int fd)
{
	uint32_t count;

	return read_at(fd, &count, sizeof(count), REG(drained)) ? UINT32_MAX : count;
}
