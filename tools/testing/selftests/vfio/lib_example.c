// SPDX-License-Identifier: GPL-2.0-only
/*
 * The example of libiommufd(7), as a program that is linked with the installed shared library.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include "iv.h"
#include "test_device.h"
#include "kselftest_harness.h"

#define EXAMPLE "libiommufd-example"

FIXTURE(lib_example)
{
	struct test_device dev;
	char text[1024];
};

FIXTURE_SETUP(lib_example)
{
	if (system("command -v " EXAMPLE " >/dev/null"))
		SKIP(return, "there is no " EXAMPLE " here: make check brings it");
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_CLAIMED));
}

FIXTURE_TEARDOWN(lib_example)
{
	if (self->dev.addr[0])
		test_device_teardown(&self->dev);
}

/* Runs it; what it writes is in self->text. Returns its exit status. */
static int example(struct _test_data_lib_example *self, const char *addr)
{
	char command[64];
	size_t size;
	FILE *out;
	int status;

	snprintf(command, sizeof(command), EXAMPLE " %s 2>&1", addr);
	out = popen(command, "r");
	if (!out)
		return -errno;
	size = fread(self->text, 1, sizeof(self->text) - 1, out);
	self->text[size] = 0;
	status = pclose(out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

TEST_F(lib_example, device_is_described)
{
	EXPECT_EQ(0, example(self, self->dev.addr));
	EXPECT_STREQ("1234:11e8\nBAR 0: 1048576 bytes\n", self->text);
}

TEST_F(lib_example, device_is_given_back)
{
	EXPECT_EQ(0, example(self, self->dev.addr));
	EXPECT_EQ(0, test_device_advance(&self->dev, TEST_ATTACHED));
}

TEST_F(lib_example, device_in_use_is_said_to_be)
{
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_BOUND));
	EXPECT_EQ(1, example(self, self->dev.addr));
	EXPECT_NE(NULL, strstr(self->text, ": bind: "));
}

TEST_F(lib_example, device_that_is_missing_is_said_to_be)
{
	EXPECT_EQ(1, example(self, "0000:77:1f.7"));
	EXPECT_NE(NULL, strstr(self->text, "0000:77:1f.7: find its vfio device: "));
	EXPECT_EQ(2, example(self, ""));
}

TEST_HARNESS_MAIN
