// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mediated devices in sysfs: what management tools read there, and creating and removing instances.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "iv.h"
#include "mblk_device.h"
#include "test_mdev.h"
#include "test_process.h"
#include "kselftest_harness.h"

#define PARENT TEST_MBLK_PARENT
#define SMALL TEST_MBLK_SMALL
#define LARGE TEST_MBLK_LARGE
#define TYPES "/sys/class/mdev_bus/" PARENT "/mdev_supported_types"
#define LARGE_MAX 2
#define MAX 16

FIXTURE(mdev_bus)
{
	char uuid[TEST_UUID_SIZE];
	char other[TEST_UUID_SIZE];
};

FIXTURE_SETUP(mdev_bus)
{
	ASSERT_EQ(0, mblk_module_load());
	ASSERT_EQ(0, test_mdev_remove_all(PARENT));
	test_uuid(1, self->uuid);
	test_uuid(2, self->other);
}

FIXTURE_TEARDOWN(mdev_bus)
{
	test_mdev_remove_all(PARENT);
}

static int create(const char *uuid)
{
	return test_mdev_create(PARENT, SMALL, uuid);
}

static bool links_to(const char *link, const char *folder)
{
	char one[PATH_MAX], two[PATH_MAX];

	return realpath(link, one) && realpath(folder, two) && !strcmp(one, two);
}

TEST_F(mdev_bus, types_have_their_attributes)
{
	char text[256];

	EXPECT_LT(0, test_mdev_type_read(PARENT, SMALL, "name", text, sizeof(text)));
	EXPECT_STREQ("Small block device", text);
	EXPECT_LT(0, test_mdev_type_read(PARENT, SMALL, "device_api", text, sizeof(text)));
	EXPECT_STREQ("vfio-platform", text);
	EXPECT_LT(0, test_mdev_type_read(PARENT, SMALL, "description", text, sizeof(text)));
	EXPECT_STREQ("1 MiB, zeroed, gone with the instance", text);
	EXPECT_EQ(MAX, test_mdev_available(PARENT, SMALL));
	EXPECT_EQ(LARGE_MAX, test_mdev_available(PARENT, LARGE));
	EXPECT_EQ(0, access(TYPES "/" SMALL "/devices", F_OK));
}

TEST_F(mdev_bus, create_is_for_root_alone)
{
	struct stat st;

	ASSERT_EQ(0, stat(TYPES "/" SMALL "/create", &st));
	EXPECT_EQ(S_IFREG | 0200, st.st_mode);
	ASSERT_EQ(0, create(self->uuid));
	ASSERT_EQ(0, chdir("/sys/bus/mdev/devices"));
	ASSERT_EQ(0, chdir(self->uuid));
	ASSERT_EQ(0, stat("remove", &st));
	EXPECT_EQ(S_IFREG | 0200, st.st_mode);
}

TEST_F(mdev_bus, instance_is_below_its_parent_and_linked)
{
	char path[PATH_MAX], folder[IV_PATH_SIZE];

	ASSERT_EQ(0, create(self->uuid));
	snprintf(folder, sizeof(folder), "/sys/class/mdev_bus/" PARENT "/%s", self->uuid);
	EXPECT_EQ(0, access(folder, F_OK));
	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s", self->uuid);
	EXPECT_TRUE(links_to(path, folder));
	snprintf(path, sizeof(path), TYPES "/" SMALL "/devices/%s", self->uuid);
	EXPECT_TRUE(links_to(path, folder));
	snprintf(path, sizeof(path), "%s/mdev_type", folder);
	EXPECT_TRUE(links_to(path, TYPES "/" SMALL));
	snprintf(path, sizeof(path), "%s/driver", folder);
	EXPECT_TRUE(links_to(path, "/sys/bus/mdev/drivers/mblk"));
}

TEST_F(mdev_bus, removed_instance_leaves_nothing)
{
	char path[PATH_MAX];

	ASSERT_EQ(0, create(self->uuid));
	EXPECT_EQ(0, test_mdev_remove(self->uuid));
	EXPECT_FALSE(test_mdev_exists(self->uuid));
	snprintf(path, sizeof(path), TYPES "/" SMALL "/devices/%s", self->uuid);
	EXPECT_EQ(-1, access(path, F_OK));
	EXPECT_EQ(-ENOENT, test_mdev_remove(self->uuid));
	EXPECT_EQ(MAX, test_mdev_available(PARENT, SMALL));
	EXPECT_EQ(0, create(self->uuid));
}

TEST_F(mdev_bus, bad_uuids_fail)
{
	static const char *const bad[] = {
		"1", "x", "\n",
		"00000001-6d64-4576-8000-00000000000",
		"00000001-6d64-4576-8000-0000000000000",
		"00000001-6d64-4576-8000-000000000001 ",
		"00000001-6d64-4576-8000-000000000001\n\n",
		"00000001-6d64-4576-8000-00000000000g",
		"0000000106d64-4576-8000-000000000001",
		"00000001-6d64-4576-8000-00000000/../",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *uuid = bad[i];

		EXPECT_EQ(-EINVAL, create(uuid))
			TH_LOG("UUID %s", uuid);
	}
	EXPECT_EQ(MAX, test_mdev_available(PARENT, SMALL));
}

TEST_F(mdev_bus, uuid_may_end_in_newline_and_be_in_capitals)
{
	EXPECT_EQ(0, create("ABCDEF01-6D64-4576-8000-000000000001\n"));
	EXPECT_TRUE(test_mdev_exists("abcdef01-6d64-4576-8000-000000000001"));
	EXPECT_EQ(-EEXIST, create("abcdef01-6d64-4576-8000-000000000001"));
}

TEST_F(mdev_bus, duplicate_uuid_fails)
{
	ASSERT_EQ(0, create(self->uuid));
	EXPECT_EQ(-EEXIST, create(self->uuid));
	EXPECT_EQ(-EEXIST, test_mdev_create(PARENT, LARGE, self->uuid));
	EXPECT_EQ(MAX - 1, test_mdev_available(PARENT, SMALL));
}

TEST_F(mdev_bus, instances_of_a_type_are_limited)
{
	char uuid[TEST_UUID_SIZE];

	for (int i = 0; i < LARGE_MAX; i++) {
		test_uuid(10 + i, uuid);
		EXPECT_EQ(0, test_mdev_create(PARENT, LARGE, uuid));
	}
	EXPECT_EQ(0, test_mdev_available(PARENT, LARGE));
	EXPECT_EQ(-EUSERS, test_mdev_create(PARENT, LARGE, self->uuid));
	EXPECT_EQ(MAX - LARGE_MAX, test_mdev_available(PARENT, SMALL));
}

TEST_F(mdev_bus, instances_of_a_parent_are_limited)
{
	char uuid[TEST_UUID_SIZE];

	for (int i = 0; i < MAX; i++) {
		test_uuid(10 + i, uuid);
		EXPECT_EQ(0, create(uuid));
	}
	EXPECT_EQ(0, test_mdev_available(PARENT, SMALL));
	EXPECT_EQ(0, test_mdev_available(PARENT, LARGE));
	EXPECT_EQ(-EUSERS, create(self->uuid));
	EXPECT_EQ(0, test_mdev_remove(uuid));
	EXPECT_EQ(0, create(self->uuid));
}

TEST_F(mdev_bus, remove_wants_a_yes)
{
	char path[PATH_MAX];

	ASSERT_EQ(0, create(self->uuid));
	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/remove", self->uuid);
	EXPECT_EQ(-EINVAL, iv_file_write(path, "x"));
	EXPECT_EQ(0, iv_file_write(path, "0"));
	EXPECT_TRUE(test_mdev_exists(self->uuid));
	EXPECT_EQ(0, iv_file_write(path, "1"));
}

TEST_F(mdev_bus, instance_can_be_unbound_and_bound_again)
{
	int fd;

	ASSERT_EQ(0, create(self->uuid));
	ASSERT_EQ(0, iv_file_write("/sys/bus/mdev/drivers/mblk/unbind", self->uuid));
	EXPECT_EQ(-ENOENT, test_mdev_open(self->uuid));
	EXPECT_TRUE(test_mdev_exists(self->uuid));
	ASSERT_EQ(0, iv_file_write("/sys/bus/mdev/drivers/mblk/bind", self->uuid));
	fd = test_mdev_open(self->uuid);
	EXPECT_LE(0, fd);
	close(fd);
}

TEST_F(mdev_bus, unbound_instance_can_be_removed)
{
	ASSERT_EQ(0, create(self->uuid));
	ASSERT_EQ(0, iv_file_write("/sys/bus/mdev/drivers/mblk/unbind", self->uuid));
	EXPECT_EQ(0, test_mdev_remove(self->uuid));
	EXPECT_FALSE(test_mdev_exists(self->uuid));
}

/* With autoprobe off an instance gets its driver all the same. */
TEST_F(mdev_bus, autoprobe_does_not_matter)
{
	int fd;

	ASSERT_EQ(0, iv_file_write("/sys/bus/mdev/drivers_autoprobe", "0"));
	EXPECT_EQ(0, create(self->uuid));
	EXPECT_EQ(0, iv_file_write("/sys/bus/mdev/drivers_autoprobe", "1"));
	fd = test_mdev_open(self->uuid);
	EXPECT_LE(0, fd);
	close(fd);
}

TEST_F(mdev_bus, unbinding_the_parent_removes_all)
{
	int create_fd, fd;

	ASSERT_EQ(0, create(self->uuid));
	ASSERT_EQ(0, create(self->other));
	fd = test_mdev_open(self->uuid);
	ASSERT_LE(0, fd);
	create_fd = open(TYPES "/" SMALL "/create", O_WRONLY);
	ASSERT_LE(0, create_fd);
	EXPECT_EQ(0, iv_file_write("/sys/bus/platform/drivers/mblk/unbind", "mblk"));
	EXPECT_FALSE(test_mdev_exists(self->uuid));
	EXPECT_FALSE(test_mdev_exists(self->other));
	EXPECT_EQ(-1, access("/sys/class/mdev_bus/" PARENT, F_OK));
	EXPECT_EQ(-1, write(create_fd, self->uuid, TEST_UUID_SIZE - 1));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(0, iv_file_write("/sys/bus/platform/drivers/mblk/bind", "mblk"));
	EXPECT_EQ(0, create(self->uuid));
	close(create_fd);
	close(fd);
}

TEST_F(mdev_bus, module_can_be_unloaded_with_instances)
{
	ASSERT_EQ(0, create(self->uuid));
	EXPECT_EQ(0, test_module_unload("mblk"));
	EXPECT_FALSE(test_mdev_exists(self->uuid));
	EXPECT_EQ(0, test_module_unload("mdev"));
	EXPECT_EQ(0, mblk_module_load());
}

TEST_HARNESS_MAIN
