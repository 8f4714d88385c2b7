// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver is given a device, and the device is taken away from it and from its user, while
 * memory runs out.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "fail_nth.h"
#include "iommufd_bind.h"
#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "test_user.h"
#include "kselftest_harness.h"

#define DRIVER "vfio-pci"
#define DRIVER_DIR "/sys/bus/pci/drivers/" DRIVER

/**
 * struct scene - what the operations work on
 * @user: somebody who uses the device
 * @stage: how far they get
 * @bind: sysfs' file to bind a driver
 * @unbind: and to unbind it
 */
struct scene {
	struct test_user user;
	enum test_user_stage stage;
	int bind;
	int unbind;
};

FIXTURE(fail_nth_driver)
{
	struct scene scene;
};

FIXTURE_VARIANT(fail_nth_driver)
{
	enum test_user_stage stage;
};

FIXTURE_VARIANT_ADD(fail_nth_driver, parked) { .stage = TEST_USER_PARKED };
FIXTURE_VARIANT_ADD(fail_nth_driver, intx) { .stage = TEST_USER_INTX_ARMED };
FIXTURE_VARIANT_ADD(fail_nth_driver, msi) { .stage = TEST_USER_MSI_ARMED };

FIXTURE_SETUP(fail_nth_driver)
{
	struct scene *scene = &self->scene;

	if (fail_nth_missing())
		SKIP(return, "%s", fail_nth_missing());
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	scene->stage = variant->stage;
	scene->bind = open(DRIVER_DIR "/bind", O_WRONLY | O_CLOEXEC);
	scene->unbind = open(DRIVER_DIR "/unbind", O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, scene->bind);
	ASSERT_LE(0, scene->unbind);
	ASSERT_EQ(0, test_user_setup(&scene->user, TEST_EDU, TEST_USER_PARKED));
	test_user_close(&scene->user);
}

FIXTURE_TEARDOWN(fail_nth_driver)
{
	struct scene *scene = &self->scene;

	EXPECT_EQ(0, test_edu_works(scene->user.dev.addr));
	test_user_teardown(&scene->user);
	close(scene->bind);
	close(scene->unbind);
}

static int write_address(struct scene *scene, int fd)
{
	const char *addr = scene->user.dev.addr;

	return write(fd, addr, strlen(addr)) == (ssize_t)strlen(addr) ? 0 : -errno;
}

static int use(void *arg)
{
	struct scene *scene = arg;

	return test_user_advance(&scene->user, scene->stage);
}

static int take_away(void *arg)
{
	struct scene *scene = arg;

	return write_address(scene, scene->unbind);
}

static bool is_revoked(void *arg)
{
	struct scene *scene = arg;
	char driver[IV_DRIVER_NAME_SIZE];

	return iv_pci_driver(scene->user.dev.addr, driver) &&
	       !test_fd_is_revoked(scene->user.dev.fd);
}

static bool is_in_use(void *arg)
{
	struct scene *scene = arg;

	return scene->stage == TEST_USER_PARKED ? iommufd_device_is_parked(scene->user.dev.fd) :
						  iommufd_device_is_bound(scene->user.dev.fd);
}

static int give_back(void *arg)
{
	struct scene *scene = arg;

	return write_address(scene, scene->bind);
}

static int leave_and_give_back(void *arg)
{
	struct scene *scene = arg;

	test_user_close(&scene->user);
	return give_back(arg);
}

/* The write itself needs a buffer, and fails without one; what it does can't fail. */
TEST_F_TIMEOUT(fail_nth_driver, unbind, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = use, .run = take_away, .done = is_revoked, .intact = is_in_use,
		.undo = leave_and_give_back,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

/* Not the file itself: the kernel makes that as far as it can, and tells nobody if it can't. */
static bool is_offered(void *arg)
{
	struct scene *scene = arg;
	char path[IV_PATH_SIZE];

	return !iv_pci_cdev_path(scene->user.dev.addr, path);
}

static bool has_no_driver(void *arg)
{
	struct scene *scene = arg;
	char driver[IV_DRIVER_NAME_SIZE];

	return iv_pci_driver(scene->user.dev.addr, driver) != 0;
}

TEST_F_TIMEOUT(fail_nth_driver, bind, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = take_away, .run = give_back, .done = is_offered, .intact = has_no_driver,
	};

	if (variant->stage != TEST_USER_PARKED)
		SKIP(return, "nobody can use a device without driver");
	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

TEST_HARNESS_MAIN
