// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mediated devices in sysfs.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "iv.h"
#include "test_mdev.h"

#define PARENTS "/sys/class/mdev_bus"
#define INSTANCES "/sys/bus/mdev/devices"

/**
 * test_uuid() - a UUID that only this test uses
 * @number: the same gives the same
 * @uuid: as the kernel writes it
 */
void test_uuid(unsigned int number, char uuid[TEST_UUID_SIZE])
{
	snprintf(uuid, TEST_UUID_SIZE, "%08x-6d64-4576-8000-%012x", number, (unsigned int)getpid());
}

static void type_path(char path[PATH_MAX], const char *parent, const char *type, const char *attr)
{
	snprintf(path, PATH_MAX, PARENTS "/%s/mdev_supported_types/%s/%s", parent, type, attr);
}

/**
 * test_mdev_create() - create an instance
 * @parent: of this parent
 * @type: of this type
 * @uuid: its UUID
 */
int test_mdev_create(const char *parent, const char *type, const char *uuid)
{
	char path[PATH_MAX];

	type_path(path, parent, type, "create");
	return iv_file_write(path, uuid);
}

/**
 * test_mdev_remove() - remove an instance
 * @uuid: the instance
 */
int test_mdev_remove(const char *uuid)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), INSTANCES "/%s/remove", uuid);
	return iv_file_write(path, "1");
}

/**
 * test_mdev_open_remove() - open the file that removes an instance when 1 is written, not with 0
 * @uuid: the instance
 *
 * Return: the file, or a negative errno.
 */
int test_mdev_open_remove(const char *uuid)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), INSTANCES "/%s/remove", uuid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/**
 * test_mdev_exists() - whether there is an instance
 * @uuid: the instance
 */
bool test_mdev_exists(const char *uuid)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), INSTANCES "/%s", uuid);
	return !access(path, F_OK);
}

/**
 * test_mdev_type_read() - read an attribute of a type
 * @parent: the parent
 * @type: the type
 * @attr: the attribute
 * @buf: where the text goes
 * @size: size of @buf
 *
 * Return: the length of the text, or a negative errno.
 */
int test_mdev_type_read(const char *parent, const char *type, const char *attr, char *buf,
			size_t size)
{
	char path[PATH_MAX];

	type_path(path, parent, type, attr);
	return iv_file_read(path, buf, size);
}

/**
 * test_mdev_available() - how many further instances there can be
 * @parent: of this parent
 * @type: of this type
 *
 * Return: how many, or a negative errno.
 */
int test_mdev_available(const char *parent, const char *type)
{
	char text[32];
	int ret = test_mdev_type_read(parent, type, "available_instances", text, sizeof(text));

	return ret < 0 ? ret : atoi(text);
}

/**
 * test_mdev_remove_all() - remove all instances of a parent, such as a failed test has left
 * @parent: the parent
 *
 * Return: how many there were, or a negative errno.
 */
int test_mdev_remove_all(const char *parent)
{
	char path[PATH_MAX];
	struct dirent *entry;
	int count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), PARENTS "/%s", parent);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		if (strlen(entry->d_name) == TEST_UUID_SIZE - 1)
			count += !test_mdev_remove(entry->d_name);
	closedir(dir);
	return count;
}

static int find_cdev(const char *uuid, char *path, size_t size)
{
	char folder[PATH_MAX];
	struct dirent *entry;
	int ret = -ENOENT;
	DIR *dir;

	snprintf(folder, sizeof(folder), INSTANCES "/%s/vfio-dev", uuid);
	dir = opendir(folder);
	if (!dir)
		return -errno;
	while (ret && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, size, "/dev/vfio/devices/%s", entry->d_name);
		ret = 0;
	}
	closedir(dir);
	return ret;
}

/**
 * test_mdev_open() - open the vfio device of an instance
 * @uuid: the instance
 *
 * Return: a file descriptor, or a negative errno.
 */
int test_mdev_open(const char *uuid)
{
	char path[PATH_MAX];
	int ret = find_cdev(uuid, path, sizeof(path));

	return ret ? ret : iv_device_open_path(path);
}

/**
 * test_mdev_group() - the IOMMU group of an instance
 * @uuid: the instance
 *
 * Return: its number, or a negative errno.
 */
int test_mdev_group(const char *uuid)
{
	char path[PATH_MAX], link[PATH_MAX];
	ssize_t size;

	snprintf(path, sizeof(path), INSTANCES "/%s/iommu_group", uuid);
	size = readlink(path, link, sizeof(link) - 1);
	if (size < 0)
		return -errno;
	link[size] = '\0';
	return atoi(strrchr(link, '/') + 1);
}

/**
 * test_mdev_group_open() - open the group of an instance
 * @uuid: the instance
 *
 * Return: a file descriptor, or a negative errno.
 */
int test_mdev_group_open(const char *uuid)
{
	int number = test_mdev_group(uuid), fd;
	char path[PATH_MAX];

	if (number < 0)
		return number;
	snprintf(path, sizeof(path), "/dev/vfio/%d", number);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
