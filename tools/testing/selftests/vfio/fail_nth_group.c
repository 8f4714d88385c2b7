// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mediated device gets a group, and is used by it, while memory runs out.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "fail_nth.h"
#include "iv.h"
#include "mblk_device.h"
#include "test_mdev.h"
#include "type1.h"
#include "kselftest_harness.h"

#define TYPES "/sys/class/mdev_bus/" TEST_MBLK_PARENT "/mdev_supported_types/"
#define CREATE TYPES TEST_MBLK_SMALL "/create"
#define VIABLE VFIO_GROUP_FLAGS_VIABLE
#define IN_CONTAINER (VFIO_GROUP_FLAGS_VIABLE | VFIO_GROUP_FLAGS_CONTAINER_SET)

/**
 * struct scene - what the operations work on
 * @uuid: the instance
 * @create: sysfs' file to create one
 * @group: its group, or -1
 * @container: or -1
 * @fd: the device, or -1
 */
struct scene {
	char uuid[TEST_UUID_SIZE];
	int create;
	int group;
	int container;
	int fd;
};

FIXTURE(fail_nth_group)
{
	struct scene scene;
};

FIXTURE_SETUP(fail_nth_group)
{
	struct scene *scene = &self->scene;

	if (fail_nth_missing())
		SKIP(return, "%s", fail_nth_missing());
	test_uuid(1, scene->uuid);
	ASSERT_EQ(0, mblk_module_load());
	scene->group = -1;
	scene->container = -1;
	scene->fd = -1;
	scene->create = open(CREATE, O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, scene->create);
}

FIXTURE_TEARDOWN(fail_nth_group)
{
	if (test_mdev_exists(self->scene.uuid))
		test_mdev_remove(self->scene.uuid);
	close(self->scene.create);
}

static int create(void *arg)
{
	struct scene *scene = arg;
	ssize_t size = strlen(scene->uuid);

	return write(scene->create, scene->uuid, size) == size ? 0 : -errno;
}

/* Not its file: the kernel makes that as far as it can, and tells nobody if it can't. */
static bool has_group(void *arg)
{
	struct scene *scene = arg;
	int group = test_mdev_group(scene->uuid);
	char path[64];

	snprintf(path, sizeof(path), "/sys/class/vfio/%d", group);
	return group >= 0 && !access(path, F_OK);
}

static bool is_not_there(void *arg)
{
	struct scene *scene = arg;

	return !test_mdev_exists(scene->uuid);
}

static int destroy(void *arg)
{
	struct scene *scene = arg;

	return test_mdev_remove(scene->uuid);
}

TEST_F_TIMEOUT(fail_nth_group, create, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = create, .done = has_group, .intact = is_not_there, .undo = destroy,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int open_both(void *arg)
{
	struct scene *scene = arg;

	scene->group = test_mdev_group_open(scene->uuid);
	scene->container = iv_container_open();
	return scene->group < 0 || scene->container < 0 ? -ENODEV : 0;
}

static int close_all(void *arg)
{
	struct scene *scene = arg;

	if (scene->fd >= 0)
		close(scene->fd);
	close(scene->group);
	close(scene->container);
	scene->fd = -1;
	scene->group = -1;
	scene->container = -1;
	return 0;
}

static int join(void *arg)
{
	struct scene *scene = arg;

	return iv_group_set_container(scene->group, scene->container);
}

static bool is_in_container(void *arg)
{
	struct scene *scene = arg;

	return iv_group_status(scene->group) == IN_CONTAINER;
}

/* The container is as if nobody had tried. */
static bool is_in_none(void *arg)
{
	struct scene *scene = arg;

	return iv_group_status(scene->group) == VIABLE &&
	       type1_set(scene->container, VFIO_TYPE1v2_IOMMU) == -EINVAL;
}

TEST_F_TIMEOUT(fail_nth_group, join, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = open_both, .run = join, .done = is_in_container, .intact = is_in_none,
		.undo = close_all,
	};

	ASSERT_EQ(0, create(&self->scene));
	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int open_container(void *arg)
{
	struct scene *scene = arg;

	return open_both(arg) ?: join(arg) ?: type1_set(scene->container, VFIO_TYPE1v2_IOMMU);
}

static int get_device(void *arg)
{
	struct scene *scene = arg;

	scene->fd = iv_group_device(scene->group, scene->uuid);
	return scene->fd < 0 ? scene->fd : 0;
}

static bool device_works(void *arg)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct scene *scene = arg;

	return !iv_device_info(scene->fd, &info);
}

/* The type stays. */
static bool container_is_as_before(void *arg)
{
	struct scene *scene = arg;

	return iv_group_status(scene->group) == IN_CONTAINER &&
	       type1_set(scene->container, VFIO_TYPE1v2_IOMMU) == -EINVAL;
}

TEST_F_TIMEOUT(fail_nth_group, device, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = open_container, .run = get_device, .done = device_works,
		.intact = container_is_as_before, .undo = close_all,
	};

	ASSERT_EQ(0, create(&self->scene));
	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

/* When the device has been open before, and its driver needs a new access. */
static int open_container_again(void *arg)
{
	struct scene *scene = arg;
	int ret = open_container(arg) ?: get_device(arg);

	if (!ret)
		close(scene->fd);
	scene->fd = -1;
	return ret;
}

TEST_F_TIMEOUT(fail_nth_group, device_again, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = open_container_again, .run = get_device, .done = device_works,
		.intact = container_is_as_before, .undo = close_all,
	};

	ASSERT_EQ(0, create(&self->scene));
	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

TEST_HARNESS_MAIN
