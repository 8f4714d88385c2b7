/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mediated devices in sysfs, as a management tool finds them.
 *
 * A parent is known by its name in /sys/class/mdev_bus, a type by the name of its folder, an
 * instance by its UUID. Functions return 0 (or what they say) on success and a negative errno
 * otherwise.
 */
#ifndef TEST_MDEV_H
#define TEST_MDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEST_UUID_SIZE 37

#define TEST_MBLK_PARENT "mblk"
#define TEST_MBLK_SMALL "mblk-small"
#define TEST_MBLK_LARGE "mblk-large"

void test_uuid(unsigned int number, char uuid[TEST_UUID_SIZE]);
int test_mdev_create(const char *parent, const char *type, const char *uuid);
int test_mdev_remove(const char *uuid);
int test_mdev_open_remove(const char *uuid);
bool test_mdev_exists(const char *uuid);
int test_mdev_type_read(const char *parent, const char *type, const char *attr, char *buf,
			size_t size);
int test_mdev_available(const char *parent, const char *type);
int test_mdev_remove_all(const char *parent);
int test_mdev_open(const char *uuid);
int test_mdev_group(const char *uuid);
int test_mdev_group_open(const char *uuid);

#endif
