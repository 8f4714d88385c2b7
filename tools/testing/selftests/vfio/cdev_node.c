// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device node and its place in sysfs.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "iommufd_bind.h"
#include "iv.h"
#include "test_device.h"
#include "test_process.h"
#include "kselftest_harness.h"

FIXTURE(node)
{
	struct test_device dev;
	char path[IV_PATH_SIZE];
	char sysfs[2 * IV_PATH_SIZE];
};

FIXTURE_SETUP(node)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_CLAIMED));
	ASSERT_EQ(0, iv_pci_cdev_path(self->dev.addr, self->path));
	snprintf(self->sysfs, sizeof(self->sysfs), "/sys/bus/pci/devices/%s/vfio-dev/%s",
		 self->dev.addr, basename(self->path));
}

FIXTURE_TEARDOWN(node)
{
	test_device_teardown(&self->dev);
}

TEST_F(node, is_a_character_device_for_its_owner_only)
{
	struct stat stat_buf;

	ASSERT_EQ(0, stat(self->path, &stat_buf));
	EXPECT_TRUE(S_ISCHR(stat_buf.st_mode));
	EXPECT_EQ(0600U, stat_buf.st_mode & 07777);
	EXPECT_EQ(0U, stat_buf.st_uid);
}

TEST_F(node, number_matches_sysfs)
{
	char path[3 * IV_PATH_SIZE], text[32], expected[32];
	struct stat stat_buf;

	ASSERT_EQ(0, stat(self->path, &stat_buf));
	snprintf(path, sizeof(path), "%s/dev", self->sysfs);
	ASSERT_LE(0, iv_file_read(path, text, sizeof(text)));
	text[strcspn(text, "\n")] = 0;
	snprintf(expected, sizeof(expected), "%u:%u", major(stat_buf.st_rdev),
		 minor(stat_buf.st_rdev));
	EXPECT_STREQ(expected, text);
}

TEST_F(node, is_in_the_class)
{
	char class_path[2 * IV_PATH_SIZE], class_target[PATH_MAX], target[PATH_MAX];

	snprintf(class_path, sizeof(class_path), "/sys/class/vfio-dev/%s", basename(self->path));
	ASSERT_NE(NULL, realpath(class_path, class_target));
	ASSERT_NE(NULL, realpath(self->sysfs, target));
	EXPECT_STREQ(target, class_target);
}

TEST_F(node, goes_with_the_driver)
{
	ASSERT_EQ(0, iv_pci_unbind_driver(self->dev.addr));
	EXPECT_EQ(-1, access(self->path, F_OK));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, access(self->sysfs, F_OK));
	ASSERT_EQ(0, iv_pci_bind_driver(self->dev.addr, "vfio-pci"));
	EXPECT_EQ(0, iv_pci_cdev_path(self->dev.addr, self->path));
	EXPECT_EQ(0, access(self->path, F_OK));
}

TEST_F(node, devices_have_different_numbers)
{
	struct test_device other;
	char path[IV_PATH_SIZE];
	struct stat stat_buf, other_stat;

	if (!test_role_addr(TEST_IGB))
		SKIP(return, "no %s device", test_role_name(TEST_IGB));
	ASSERT_EQ(0, test_device_setup(&other, TEST_IGB, TEST_CLAIMED));
	EXPECT_EQ(0, iv_pci_cdev_path(other.addr, path));
	EXPECT_EQ(0, stat(path, &other_stat));
	ASSERT_EQ(0, stat(self->path, &stat_buf));
	EXPECT_NE(stat_buf.st_rdev, other_stat.st_rdev);
	test_device_teardown(&other);
}

static int open_node(void *path)
{
	int fd = open(path, O_RDWR);

	return fd < 0 ? -errno : fd;
}

TEST_F(node, cant_be_opened_by_others)
{
	const struct test_privilege nobody = { .uid = 65534 };

	EXPECT_EQ(-EACCES, test_run_in_child(open_node, self->path, &nobody));
}

static int iommufd_inherited;

static int bind_inherited(void *fd)
{
	return iv_device_bind(*(int *)fd, iommufd_inherited, NULL);
}

TEST_F(node, inherited_descriptors_are_enough_to_bind_without_privilege)
{
	const struct test_privilege nobody = { .uid = 65534 };

	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_PARKED));
	iommufd_inherited = iv_iommufd_open();
	ASSERT_LE(0, iommufd_inherited);
	EXPECT_EQ(0, test_run_in_child(bind_inherited, &self->dev.fd, &nobody));
	EXPECT_TRUE(iommufd_device_is_bound(self->dev.fd));
	close(iommufd_inherited);
}

TEST_HARNESS_MAIN
