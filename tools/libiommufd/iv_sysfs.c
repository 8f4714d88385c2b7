// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * PCI functions in sysfs.
 *
 * The driver of a function is chosen as sysfs-bus-pci documents it: write the driver's name to
 * driver_override, unbind the old driver, and ask the bus to probe.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "iv_sysfs.h"
#include "private.h"

#define PCI_DEVICES "/sys/bus/pci/devices"

/**
 * iv_file_read() - read a small text file, such as a sysfs attribute
 * @path: the file
 * @buf: where the text goes, without trailing white space, always terminated; "" after a failure
 * @size: size of @buf, 1 at least
 *
 * Return: the length of the text, or a negative errno: -EINVAL if there is no room in @buf.
 */
int iv_file_read(const char *path, char *buf, size_t size)
{
	ssize_t len;
	int fd, err;

	if (!size)
		return iv_fail(-EINVAL, NULL, "%s: read", path);
	buf[0] = 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return iv_fail(-errno, NULL, "%s: open", path);
	len = read(fd, buf, size - 1);
	err = errno;
	close(fd);
	buf[len < 0 ? 0 : len] = 0;
	if (len < 0)
		return iv_fail(-err, NULL, "%s: read", path);
	while (len && (buf[len - 1] == '\n' || buf[len - 1] == ' '))
		len--;
	buf[len] = 0;
	return len;
}

/**
 * iv_file_write() - write a text to an existing file in one go
 * @path: the file
 * @text: what to write
 *
 * Return: 0, or a negative errno: for an attribute, the one its driver returned.
 */
int iv_file_write(const char *path, const char *text)
{
	size_t size = strlen(text);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return iv_fail(-errno, NULL, "%s: open", path);
	errno = EIO;
	if (write(fd, text, size) != (ssize_t)size)
		ret = iv_fail(-errno, NULL, "%s: write", path);
	close(fd);
	return ret;
}

static void pci_path(char path[IV_PATH_SIZE], const char *addr, const char *attr)
{
	snprintf(path, IV_PATH_SIZE, PCI_DEVICES "/%s/%s", addr, attr);
}

/**
 * iv_pci_exists() - whether the kernel knows a PCI function
 * @addr: its address
 *
 * Return: true if there is one.
 */
bool iv_pci_exists(const char *addr)
{
	char path[IV_PATH_SIZE];

	pci_path(path, addr, "vendor");
	return access(path, F_OK) == 0;
}

/**
 * iv_pci_attr_read() - read a sysfs attribute of a PCI function
 * @addr: the function
 * @attr: the attribute
 * @buf: where the text goes
 * @size: size of @buf
 *
 * Return: the length of the text, or a negative errno.
 */
int iv_pci_attr_read(const char *addr, const char *attr, char *buf, size_t size)
{
	char path[IV_PATH_SIZE];

	pci_path(path, addr, attr);
	return iv_file_read(path, buf, size);
}

/**
 * iv_pci_attr_read_u64() - read a sysfs attribute that is one number
 * @addr: the function
 * @attr: the attribute
 * @value: the number, which may be decimal or begin with 0x
 *
 * Return: 0, or a negative errno.
 */
int iv_pci_attr_read_u64(const char *addr, const char *attr, uint64_t *value)
{
	char buf[64], *end;
	int ret = iv_pci_attr_read(addr, attr, buf, sizeof(buf));

	if (ret < 0)
		return ret;
	*value = strtoull(buf, &end, 0);
	return end == buf || *end ? iv_fail(-EINVAL, NULL, "%s: %s: read", addr, attr) : 0;
}

/**
 * iv_pci_attr_write() - write a sysfs attribute of a PCI function
 * @addr: the function
 * @attr: the attribute
 * @text: what to write
 *
 * Return: 0, or a negative errno.
 */
int iv_pci_attr_write(const char *addr, const char *attr, const char *text)
{
	char path[IV_PATH_SIZE];

	pci_path(path, addr, attr);
	return iv_file_write(path, text);
}

static bool pci_has_ids(const char *addr, uint16_t vendor, uint16_t device)
{
	uint64_t value;

	return !iv_pci_attr_read_u64(addr, "vendor", &value) && value == vendor &&
	       !iv_pci_attr_read_u64(addr, "device", &value) && value == device;
}

/**
 * iv_pci_find() - find a PCI function by its ids
 * @vendor: vendor id
 * @device: device id
 * @nth: 0 for the first in the order of addresses, 1 for the second, ...
 * @addr: its address
 *
 * Return: 0, -ENODEV if there are not so many, or a negative errno.
 */
int iv_pci_find(uint16_t vendor, uint16_t device, unsigned int nth, char addr[IV_PCI_ADDR_SIZE])
{
	struct dirent **entries;
	int count = scandir(PCI_DEVICES, &entries, NULL, alphasort);
	int ret = -ENODEV;

	if (count < 0)
		return iv_fail(-errno, NULL, PCI_DEVICES ": open");
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;

		if (ret == -ENODEV && strlen(name) < IV_PCI_ADDR_SIZE &&
		    pci_has_ids(name, vendor, device) && nth-- == 0) {
			memcpy(addr, name, strlen(name) + 1);
			ret = 0;
		}
		free(entries[i]);
	}
	free(entries);
	return ret ? iv_fail(ret, NULL, "%04x:%04x: find a PCI function", vendor, device) : 0;
}

static int pci_config_open(const char *addr, int flags)
{
	char path[IV_PATH_SIZE];
	int fd;

	pci_path(path, addr, "config");
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? iv_fail(-errno, NULL, "%s: open", path) : fd;
}

/**
 * iv_pci_config_read() - read the hardware's configuration space
 * @addr: the function
 * @offset: first byte
 * @buf: where the bytes go
 * @size: how many
 *
 * Return: 0, -EIO if the space is shorter, or a negative errno.
 */
int iv_pci_config_read(const char *addr, unsigned int offset, void *buf, size_t size)
{
	int fd = pci_config_open(addr, O_RDONLY);
	int ret = 0;

	if (fd < 0)
		return fd;
	errno = EIO;
	if (pread(fd, buf, size, offset) != (ssize_t)size)
		ret = iv_fail(-errno, NULL, "%s: read configuration space", addr);
	close(fd);
	return ret;
}

/**
 * iv_pci_config_write() - write the hardware's configuration space, past any vfio driver
 * @addr: the function
 * @offset: first byte
 * @buf: the bytes
 * @size: how many
 *
 * Return: 0, -EIO if the space is shorter, or a negative errno.
 */
int iv_pci_config_write(const char *addr, unsigned int offset, const void *buf, size_t size)
{
	int fd = pci_config_open(addr, O_WRONLY);
	int ret = 0;

	if (fd < 0)
		return fd;
	errno = EIO;
	if (pwrite(fd, buf, size, offset) != (ssize_t)size)
		ret = iv_fail(-errno, NULL, "%s: write configuration space", addr);
	close(fd);
	return ret;
}

/**
 * iv_pci_resource() - where a BAR is, as the kernel has it
 * @addr: the function
 * @bar: 0 to 5
 * @start: CPU address of its first byte
 * @size: its size in bytes, 0 if there is no such BAR
 *
 * Return: 0, or a negative errno.
 */
int iv_pci_resource(const char *addr, unsigned int bar, uint64_t *start, uint64_t *size)
{
	char path[IV_PATH_SIZE];
	uint64_t last, flags;
	FILE *file;
	int fields = 0;

	pci_path(path, addr, "resource");
	file = fopen(path, "re");
	if (!file)
		return iv_fail(-errno, NULL, "%s: open", path);
	for (unsigned int i = 0; i <= bar; i++)
		fields = fscanf(file, "%lx %lx %lx", start, &last, &flags);
	fclose(file);
	if (fields != 3)
		return iv_fail(-EINVAL, NULL, "%s: find BAR %u", addr, bar);
	*size = last ? last - *start + 1 : 0;
	return 0;
}

static const struct iv_hint link_hints[] = {
	{ ENOENT, "there is none, or no such PCI function" },
	{}
};

static int link_name(const char *addr, const char *attr, char *name, size_t size)
{
	char path[IV_PATH_SIZE], target[IV_PATH_SIZE];
	ssize_t len;

	pci_path(path, addr, attr);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return iv_fail(-errno, link_hints, "%s: %s: read", addr, attr);
	target[len] = 0;
	if (snprintf(name, size, "%s", basename(target)) >= (int)size)
		return iv_fail(-ENAMETOOLONG, NULL, "%s: %s: read", addr, attr);
	return 0;
}

/**
 * iv_pci_group() - the IOMMU group of a PCI function
 * @addr: the function
 *
 * Return: the group's number, -ENOENT if the function is behind no IOMMU, or a negative errno.
 */
int iv_pci_group(const char *addr)
{
	char name[32];
	int ret = link_name(addr, "iommu_group", name, sizeof(name));

	return ret ? ret : atoi(name);
}

/**
 * iv_pci_driver() - the driver that a PCI function is bound to
 * @addr: the function
 * @name: the driver's name
 *
 * Return: 0, -ENOENT if it has none, or a negative errno.
 */
int iv_pci_driver(const char *addr, char name[IV_DRIVER_NAME_SIZE])
{
	return link_name(addr, "driver", name, IV_DRIVER_NAME_SIZE);
}

/**
 * iv_pci_unbind_driver() - take a PCI function from its driver
 * @addr: the function
 *
 * Returns when the driver has let go of the device.
 *
 * Return: 0, also if it had none, or a negative errno.
 */
int iv_pci_unbind_driver(const char *addr)
{
	int ret = iv_pci_attr_write(addr, "driver/unbind", addr);

	return ret == -ENOENT && iv_pci_exists(addr) ? 0 : ret;
}

static const struct iv_hint driver_hints[] = {
	{ ENOENT, "there is no such driver; as root: modprobe it" },
	{ ENODEV, "there is no such PCI function, or the driver does not take it" },
	{ EBUSY, "another driver has it" },
	{ EACCES, "only root may" },
	{}
};

static const struct iv_hint cdev_hints[] = {
	{ ENOENT, "there is no such PCI function, or it has no vfio driver; give it to vfio-pci" },
	{}
};

/**
 * iv_pci_bind_driver() - give a PCI function to one driver, whatever its ids are
 * @addr: the function
 * @driver: the driver's name; its module must be loaded
 *
 * Leaves driver_override set, so that no other driver takes the function later. Returns when the
 * driver has the device, also if the kernel gave it the device by itself meanwhile: the driver's
 * link in sysfs is there before its probe() has returned, but "bind" waits for the device's lock.
 *
 * Return: 0; -ENOENT if there is no such driver; what the driver refused the device with; or
 * another negative errno.
 */
int iv_pci_bind_driver(const char *addr, const char *driver)
{
	char path[IV_PATH_SIZE], now[IV_DRIVER_NAME_SIZE];
	int ret;

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/bind", driver);
	if (access(path, F_OK))
		return iv_fail(-errno, driver_hints, "%s: use the driver %s", addr, driver);
	ret = iv_pci_attr_write(addr, "driver_override", driver);
	if (ret)
		return ret;
	if (!iv_pci_driver(addr, now) && strcmp(now, driver)) {
		ret = iv_pci_unbind_driver(addr);
		if (ret)
			return ret;
	}
	ret = iv_file_write(path, addr);
	if (ret == -EBUSY && !iv_pci_driver(addr, now) && !strcmp(now, driver))
		return 0;
	return ret ? iv_fail(ret, driver_hints, "%s: use the driver %s", addr, driver) : 0;
}

/**
 * iv_pci_cdev_path() - the vfio character device of a PCI function
 * @addr: a function that is bound to a vfio driver
 * @path: such as /dev/vfio/devices/vfio0
 *
 * Return: 0, -ENOENT if the function has none, or a negative errno.
 */
int iv_pci_cdev_path(const char *addr, char path[IV_PATH_SIZE])
{
	char dir_path[IV_PATH_SIZE];
	struct dirent *entry;
	int ret = -ENOENT;
	DIR *dir;

	pci_path(dir_path, addr, "vfio-dev");
	dir = opendir(dir_path);
	if (!dir)
		return iv_fail(-errno, cdev_hints, "%s: find its vfio device", addr);
	while (ret && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "vfio", 4))
			continue;
		snprintf(path, IV_PATH_SIZE, "/dev/vfio/devices/%.32s", entry->d_name);
		ret = 0;
	}
	closedir(dir);
	return ret ? iv_fail(ret, cdev_hints, "%s: find its vfio device", addr) : 0;
}

/**
 * iv_pci_remove() - take a PCI function off the bus, as if it had been pulled out
 * @addr: the function; gone when this returns 0, until iv_pci_rescan()
 *
 * Return: 0, or a negative errno.
 */
int iv_pci_remove(const char *addr)
{
	return iv_pci_attr_write(addr, "remove", "1");
}

/**
 * iv_pci_rescan() - look for new functions on all PCI buses
 *
 * Return: 0, or a negative errno.
 */
int iv_pci_rescan(void)
{
	return iv_file_write("/sys/bus/pci/rescan", "1");
}

/**
 * iv_pci_claim() - give a PCI function to a driver and remember whose it was
 * @claim: what to remember; for iv_pci_claim_release(), also after a failure
 * @addr: the function
 * @driver: the driver's name
 *
 * Return: 0, or a negative errno as iv_pci_bind_driver() has it.
 */
int iv_pci_claim(struct iv_pci_claim *claim, const char *addr, const char *driver)
{
	int ret;

	memset(claim, 0, sizeof(*claim));
	if (strlen(addr) >= sizeof(claim->addr))
		return iv_fail(-EINVAL, NULL, "%s: find the PCI function", addr);
	if (!iv_pci_exists(addr))
		return iv_fail(-ENODEV, NULL, "%s: find the PCI function", addr);
	ret = iv_pci_driver(addr, claim->driver);
	if (ret && ret != -ENOENT)
		return ret;
	ret = iv_pci_attr_read(addr, "driver_override", claim->override, sizeof(claim->override));
	if (ret < 0)
		return ret;
	if (!strcmp(claim->override, "(null)"))
		claim->override[0] = 0;
	memcpy(claim->addr, addr, strlen(addr) + 1);
	return iv_pci_bind_driver(addr, driver);
}

/**
 * iv_pci_choose_driver() - take a PCI function from its driver, and let the bus choose one by ids
 * @addr: the function; its driver_override is empty afterwards
 *
 * Return: 0, also if no driver wants it, or a negative errno.
 */
int iv_pci_choose_driver(const char *addr)
{
	int ret = iv_pci_attr_write(addr, "driver_override", "\n");

	if (ret)
		return ret;
	ret = iv_pci_unbind_driver(addr);
	return ret ? ret : iv_file_write("/sys/bus/pci/drivers_probe", addr);
}

/* Back to this very driver, and if it is gone to the one that the bus chooses */
static int give_back(const char *addr, const char *driver)
{
	char path[IV_PATH_SIZE];

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/bind", driver);
	return iv_file_write(path, addr) ? iv_file_write("/sys/bus/pci/drivers_probe", addr) : 0;
}

/**
 * iv_pci_claim_release() - give a PCI function back to the driver it had
 * @claim: what iv_pci_claim() remembered; empty afterwards. An empty claim is left alone.
 *
 * Return: 0, or the negative errno of the first step that failed, which errno and
 * iv_error_message() are about, too; later steps are tried all the same.
 */
int iv_pci_claim_release(struct iv_pci_claim *claim)
{
	char override[IV_DRIVER_NAME_SIZE + 1], now[IV_DRIVER_NAME_SIZE], addr[IV_PCI_ADDR_SIZE];
	int ret, err;

	if (!claim->addr[0])
		return 0;
	snprintf(override, sizeof(override), "%s\n", claim->override);
	ret = iv_pci_attr_write(claim->addr, "driver_override", override);
	if (iv_pci_driver(claim->addr, now))
		now[0] = 0;
	if (strcmp(now, claim->driver)) {
		err = iv_pci_unbind_driver(claim->addr);
		ret = ret ? ret : err;
		if (claim->driver[0]) {
			err = give_back(claim->addr, claim->driver);
			ret = ret ? ret : err;
		}
	}
	memcpy(addr, claim->addr, sizeof(addr));
	memset(claim, 0, sizeof(*claim));
	/* The last step has spoken, but the first that failed is the reason. */
	return ret ? iv_fail(ret, NULL, "%s: give it back", addr) : 0;
}
