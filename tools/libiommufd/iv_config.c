// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Configuration space of a vfio-pci device.
 */
#include <errno.h>
#include <endian.h>

#include "iv_config.h"
#include "iv_region.h"
#include "private.h"

/* A chain of capabilities has at most this many links; a longer one is a loop. */
#define MAX_CAPS ((PCI_CFG_SPACE_SIZE - PCI_STD_HEADER_SIZEOF) / PCI_CAP_SIZEOF)
#define MAX_EXT_CAPS ((PCI_CFG_SPACE_EXP_SIZE - PCI_CFG_SPACE_SIZE) / 8)

static const struct iv_hint hints[] = {
	{ EIO, "it ends there" },
	{ ENOENT, "the device has none of this kind" },
	{ ELOOP, "the chain of capabilities does not end" },
	{}
};

/**
 * iv_config_read() - read configuration space
 * @fd: a bound device
 * @offset: first byte
 * @buf: where the bytes go
 * @size: how many
 *
 * Return: 0, -EIO if fewer came, or a negative errno.
 */
int iv_config_read(int fd, unsigned int offset, void *buf, size_t size)
{
	struct iv_region config;
	ssize_t ret = iv_region_open(&config, fd, VFIO_PCI_CONFIG_REGION_INDEX);

	if (ret)
		return ret;
	ret = iv_region_read(&config, offset, buf, size);
	if (ret < 0)
		return ret;
	if ((size_t)ret == size)
		return 0;
	return iv_fail_device(-EIO, hints, fd, "read configuration space");
}

/**
 * iv_config_write() - write configuration space
 * @fd: a bound device
 * @offset: first byte
 * @buf: the bytes
 * @size: how many
 *
 * Return: 0, -EIO if fewer were taken, or a negative errno.
 */
int iv_config_write(int fd, unsigned int offset, const void *buf, size_t size)
{
	struct iv_region config;
	ssize_t ret = iv_region_open(&config, fd, VFIO_PCI_CONFIG_REGION_INDEX);

	if (ret)
		return ret;
	ret = iv_region_write(&config, offset, buf, size);
	if (ret < 0)
		return ret;
	if ((size_t)ret == size)
		return 0;
	return iv_fail_device(-EIO, hints, fd, "write configuration space");
}

/**
 * iv_config_read8() - read one byte
 * @fd: a bound device
 * @offset: where
 * @value: what is there
 *
 * Return: 0, or a negative errno.
 */
int iv_config_read8(int fd, unsigned int offset, uint8_t *value)
{
	return iv_config_read(fd, offset, value, sizeof(*value));
}

/**
 * iv_config_read16() - read a 16-bit register
 * @fd: a bound device
 * @offset: where
 * @value: what is there
 *
 * Return: 0, or a negative errno.
 */
int iv_config_read16(int fd, unsigned int offset, uint16_t *value)
{
	int ret = iv_config_read(fd, offset, value, sizeof(*value));

	if (!ret)
		*value = le16toh(*value);
	return ret;
}

/**
 * iv_config_read32() - read a 32-bit register
 * @fd: a bound device
 * @offset: where
 * @value: what is there
 *
 * Return: 0, or a negative errno.
 */
int iv_config_read32(int fd, unsigned int offset, uint32_t *value)
{
	int ret = iv_config_read(fd, offset, value, sizeof(*value));

	if (!ret)
		*value = le32toh(*value);
	return ret;
}

/**
 * iv_config_write8() - write one byte
 * @fd: a bound device
 * @offset: where
 * @value: what to write
 *
 * Return: 0, or a negative errno.
 */
int iv_config_write8(int fd, unsigned int offset, uint8_t value)
{
	return iv_config_write(fd, offset, &value, sizeof(value));
}

/**
 * iv_config_write16() - write a 16-bit register
 * @fd: a bound device
 * @offset: where
 * @value: what to write
 *
 * Return: 0, or a negative errno.
 */
int iv_config_write16(int fd, unsigned int offset, uint16_t value)
{
	value = htole16(value);
	return iv_config_write(fd, offset, &value, sizeof(value));
}

/**
 * iv_config_write32() - write a 32-bit register
 * @fd: a bound device
 * @offset: where
 * @value: what to write
 *
 * Return: 0, or a negative errno.
 */
int iv_config_write32(int fd, unsigned int offset, uint32_t value)
{
	value = htole32(value);
	return iv_config_write(fd, offset, &value, sizeof(value));
}

/**
 * iv_config_command() - set and clear bits of the COMMAND register
 * @fd: a bound device
 * @set: bits to set, such as PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER
 * @clear: bits to clear
 *
 * Return: 0, or a negative errno.
 */
int iv_config_command(int fd, uint16_t set, uint16_t clear)
{
	uint16_t command;
	int ret = iv_config_read16(fd, PCI_COMMAND, &command);

	if (ret)
		return ret;
	return iv_config_write16(fd, PCI_COMMAND, (command | set) & ~clear);
}

/**
 * iv_config_find_cap() - find a capability
 * @fd: a bound device
 * @id: PCI_CAP_ID_*
 *
 * Return: its offset, -ENOENT if there is none, -ELOOP if the chain doesn't end, or another
 * negative errno.
 */
int iv_config_find_cap(int fd, uint8_t id)
{
	uint8_t pos, cap[2];
	int ret = iv_config_read8(fd, PCI_CAPABILITY_LIST, &pos);

	for (unsigned int i = 0; !ret && i < MAX_CAPS; i++) {
		pos &= ~3;
		if (!pos)
			return iv_fail_device(-ENOENT, hints, fd, "find a capability");
		ret = iv_config_read(fd, pos, cap, sizeof(cap));
		if (!ret && cap[0] == id)
			return pos;
		pos = cap[1];
	}
	return ret ? ret : iv_fail_device(-ELOOP, hints, fd, "find a capability");
}

/**
 * iv_config_find_ext_cap() - find an extended capability
 * @fd: a bound device
 * @id: PCI_EXT_CAP_ID_*
 *
 * Return: its offset, -ENOENT if there is none, -ELOOP if the chain doesn't end, or another
 * negative errno.
 */
int iv_config_find_ext_cap(int fd, uint16_t id)
{
	struct iv_region config;
	unsigned int pos = PCI_CFG_SPACE_SIZE;
	uint32_t header;
	int ret = iv_region_open(&config, fd, VFIO_PCI_CONFIG_REGION_INDEX);

	if (ret)
		return ret;
	if (config.size <= PCI_CFG_SPACE_SIZE)
		return iv_fail_device(-ENOENT, hints, fd, "find an extended capability");
	for (unsigned int i = 0; i < MAX_EXT_CAPS; i++) {
		ret = iv_config_read32(fd, pos, &header);
		if (ret)
			return ret;
		if (header && PCI_EXT_CAP_ID(header) == id)
			return pos;
		pos = PCI_EXT_CAP_NEXT(header);
		if (pos < PCI_CFG_SPACE_SIZE)
			return iv_fail_device(-ENOENT, hints, fd, "find an extended capability");
	}
	return iv_fail_device(-ELOOP, hints, fd, "find an extended capability");
}
