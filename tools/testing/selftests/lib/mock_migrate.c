// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "iv.h"
#include "mock_migrate.h"
#include "mock_vfio.h"
#include "test_memory.h"

#define REG(name) offsetof(struct mock_migrate_regs, name)

/**
 * mock_migrate_open() - a device that can just this, bound to a context
 * @flags: VFIO_MIGRATION_*
 * @iommufd: the context
 *
 * Return: its descriptor; -ENODEV if there is none.
 */
int mock_migrate_open(uint64_t flags, int iommufd)
{
	uint64_t has;

	for (unsigned int nr = 0;; nr++) {
		int fd = mock_vfio_open(MOCK_MIGRATE_DEVICE, nr);

		if (fd < 0)
			return fd;
		if (!iv_device_bind(fd, iommufd, NULL) && !iv_migration_flags(fd, &has) &&
		    has == flags)
			return fd;
		close(fd);
	}
}

/**
 * mock_migrate_read_regs() - read all registers
 * @fd: the device, bound
 * @regs: the registers
 */
int mock_migrate_read_regs(int fd, struct mock_migrate_regs *regs)
{
	ssize_t got = pread(fd, regs, sizeof(*regs), 0);

	return got < 0 ? -errno : got == sizeof(*regs) ? 0 : -EIO;
}

/**
 * mock_migrate_write_regs() - have a device fail, or take its time: @fail_in to @fail_size
 * @fd: the device, bound
 * @regs: the registers
 */
int mock_migrate_write_regs(int fd, const struct mock_migrate_regs *regs)
{
	const size_t size = REG(command) - REG(fail_in);
	ssize_t put = pwrite(fd, (const char *)regs + REG(fail_in), size, REG(fail_in));

	return put < 0 ? -errno : put == (ssize_t)size ? 0 : -EIO;
}

/**
 * mock_migrate_write_data() - give a device a state
 * @fd: the device, bound
 * @seed: which
 */
int mock_migrate_write_data(int fd, uint32_t seed)
{
	uint8_t data[MOCK_MIGRATE_DATA_SIZE];
	ssize_t put;

	test_memory_fill(data, sizeof(data), seed);
	put = pwrite(fd, data, sizeof(data), REG(data));
	return put < 0 ? -errno : put == sizeof(data) ? 0 : -EIO;
}

/**
 * mock_migrate_has_data() - which state a device has
 * @fd: the device, bound
 * @seed: which it should have
 *
 * Return: 1 if it has, otherwise 0; or a negative errno.
 */
int mock_migrate_has_data(int fd, uint32_t seed)
{
	uint8_t data[MOCK_MIGRATE_DATA_SIZE];
	ssize_t got = pread(fd, data, sizeof(data), REG(data));

	return got < 0 ? -errno : test_memory_matches(data, sizeof(data), seed);
}

/**
 * mock_migrate_command() - have a device execute a command
 * @fd: the device, bound
 * @command: of enum mock_migrate_command
 */
int mock_migrate_command(int fd, uint32_t command)
{
	return pwrite(fd, &command, sizeof(command), REG(command)) < 0 ? -errno : 0;
}

/**
 * mock_migrate_mark() - have a device say that it has written memory
 * @fd: the device, bound
 * @iova: the first byte
 * @length: how many bytes
 */
int mock_migrate_mark(int fd, uint64_t iova, uint64_t length)
{
	if (pwrite(fd, &iova, sizeof(iova), REG(iova)) < 0 ||
	    pwrite(fd, &length, sizeof(length), REG(length)) < 0)
		return -errno;
	return mock_migrate_command(fd, MOCK_MIGRATE_MARK);
}

/**
 * mock_migrate_load() - write a state to a data file
 * @data_fd: the file, of a device in RESUMING
 * @seed: which state
 */
int mock_migrate_load(int data_fd, uint32_t seed)
{
	uint8_t data[MOCK_MIGRATE_DATA_SIZE];

	test_memory_fill(data, sizeof(data), seed);
	return iv_migration_write_all(data_fd, data, sizeof(data));
}
