// SPDX-License-Identifier: GPL-2.0-only
/*
 * libiommufd: what it says in words when something fails.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "test_process.h"
#include "kselftest_harness.h"

#define PAGE 4096UL
#define IOVA 0x1000000UL
#define NOBODY 65534
#define LIMIT (16 * PAGE)

FIXTURE(lib_errors)
{
	struct test_device dev;
	char name[32];
	char *memory;
};

FIXTURE_SETUP(lib_errors)
{
	char path[IV_PATH_SIZE];

	if (!test_role_addr(TEST_SHARED_A) || !test_role_addr(TEST_SHARED_B))
		SKIP(return, "no two functions of one group");
	self->memory = test_memory_alloc(2 * LIMIT, PAGE);
	ASSERT_NE(NULL, self->memory);
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_SHARED_A, TEST_PARKED));
	ASSERT_EQ(0, iv_pci_cdev_path(self->dev.addr, path));
	snprintf(self->name, sizeof(self->name), "%.31s", strrchr(path, '/') + 1);
}

FIXTURE_TEARDOWN(lib_errors)
{
	if (!self->memory)
		return;
	test_device_teardown(&self->dev);
	munmap(self->memory, 2 * LIMIT);
}

/* Whether the last message begins with a device, and has a word */
static bool says(const char *device, const char *word)
{
	const char *message = iv_error_message();

	if (!strncmp(message, device, strlen(device)) && message[strlen(device)] == ':' &&
	    strstr(message, word) && !strchr(message, '\n'))
		return true;
	printf("# not '%s: ...%s' but: %s\n", device, word, message);
	return false;
}

TEST_F(lib_errors, parked_device_is_said_not_to_be_bound)
{
	struct vfio_device_info info;

	EXPECT_EQ(-EINVAL, iv_device_info(self->dev.fd, &info));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_TRUE(says(self->name, "not bound yet"));
}

TEST_F(lib_errors, owner_of_the_group_can_be_looked_for)
{
	struct test_device other;
	int iommufd = iv_iommufd_open();

	ASSERT_LE(0, iommufd);
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_BOUND));
	ASSERT_EQ(0, test_device_setup(&other, TEST_SHARED_B, TEST_PARKED));
	EXPECT_EQ(-EBUSY, iv_device_bind(other.fd, iommufd, NULL));
	EXPECT_TRUE(strstr(iv_error_message(), "bind: "));
	EXPECT_TRUE(strstr(iv_error_message(), "iommufd-ctl device list"));
	close(iommufd);
	test_device_teardown(&other);
}

TEST_F(lib_errors, object_that_is_missing_is_named)
{
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_BOUND));
	EXPECT_EQ(-ENOENT, iv_device_attach(self->dev.fd, 4711));
	EXPECT_TRUE(says(self->name, "no such IOAS"));
	EXPECT_EQ(-ENOENT, iv_iommufd_destroy(self->dev.iommufd, 4711));
	EXPECT_TRUE(says("object 4711", "no object of this number"));
	EXPECT_EQ(-ENOENT, iv_ioas_map(self->dev.iommufd, 4711, self->memory, PAGE, IOVA,
				       IV_DMA_RW));
	EXPECT_TRUE(says("IOAS 4711", "map 0x1000 bytes at 0x1000000: "));
}

TEST_F(lib_errors, device_that_was_taken_away_says_so)
{
	struct vfio_device_info info;

	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_BOUND));
	ASSERT_EQ(0, iv_pci_unbind_driver(self->dev.addr));
	EXPECT_EQ(-ENODEV, iv_device_info(self->dev.fd, &info));
	/* Its node is deleted, which does not make it nameless. */
	EXPECT_TRUE(says(self->name, "taken from this file"));
}

static int map_too_much(void *arg)
{
	struct _test_data_lib_errors *self = arg;
	int rc = iv_ioas_map(self->dev.iommufd, self->dev.ioas_id, self->memory, 2 * LIMIT, IOVA,
			     IV_DMA_RW);

	if (rc != -ENOMEM || errno != ENOMEM)
		return -ENOTRECOVERABLE;
	if (!strstr(iv_error_message(), "128 KiB were to be pinned") ||
	    !strstr(iv_error_message(), "has 0 KiB pinned") ||
	    !strstr(iv_error_message(), "RLIMIT_MEMLOCK is 64 KiB")) {
		printf("# %s\n", iv_error_message());
		return -EBADMSG;
	}
	return 0;
}

TEST_F(lib_errors, limit_on_pinned_memory_is_told)
{
	const struct test_privilege nobody = {
		.uid = NOBODY, .limit_memlock = true, .memlock = LIMIT,
	};

	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_ATTACHED));
	EXPECT_EQ(0, test_run_in_child(map_too_much, self, &nobody));
}

static int open_device(void *arg)
{
	struct _test_data_lib_errors *self = arg;

	if (iv_device_open(self->dev.addr) == -EACCES &&
	    strstr(iv_error_message(), "60-iommufd-vfio.rules"))
		return 0;
	printf("# %s\n", iv_error_message());
	return -EBADMSG;
}

TEST_F(lib_errors, unprivileged_user_is_told_of_the_rules)
{
	const struct test_privilege nobody = { .drop_capabilities = true, .uid = NOBODY };

	EXPECT_EQ(0, test_run_in_child(open_device, self, &nobody));
}

TEST_F(lib_errors, device_without_driver_is_told_what_it_needs)
{
	EXPECT_EQ(-ENOENT, iv_device_open("0000:77:1f.7"));
	EXPECT_TRUE(says("0000:77:1f.7", "give it to vfio-pci"));
	EXPECT_EQ(-ENOENT, iv_pci_bind_driver(self->dev.addr, "no-such-driver"));
	EXPECT_TRUE(says(self->dev.addr, "no-such-driver"));
}

static void *fail_elsewhere(void *arg)
{
	(void)arg;
	if (iv_error_message()[0] || iv_device_open_path("/dev/null/elsewhere") != -ENOTDIR)
		return "no message was expected, or another errno";
	return NULL;
}

TEST_F(lib_errors, each_thread_has_its_own_message)
{
	char before[IV_ERROR_SIZE];
	pthread_t thread;
	void *wrong;

	ASSERT_EQ(-ENOENT, iv_device_open_path("/dev/vfio/devices/vfio4711"));
	snprintf(before, sizeof(before), "%s", iv_error_message());
	EXPECT_TRUE(says("/dev/vfio/devices/vfio4711", "no such device"));
	ASSERT_EQ(0, pthread_create(&thread, NULL, fail_elsewhere, NULL));
	ASSERT_EQ(0, pthread_join(thread, &wrong));
	EXPECT_EQ(NULL, wrong);
	EXPECT_STREQ(before, iv_error_message());
}

TEST_F(lib_errors, long_names_are_cut)
{
	char path[3000] = "/";

	memset(path + 1, 'x', sizeof(path) - 2);
	path[sizeof(path) - 1] = 0;
	EXPECT_EQ(-ENAMETOOLONG, iv_device_open_path(path));
	EXPECT_EQ(IV_ERROR_SIZE - 1, strlen(iv_error_message()));
}

/* Later steps fail as well, and for other reasons. */
TEST(first_failure_is_told)
{
	struct iv_pci_claim claim = { .addr = "0000:77:1f.7", .driver = "pcieport" };

	EXPECT_EQ(-ENOENT, iv_pci_claim_release(&claim));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_TRUE(strstr(iv_error_message(), "0000:77:1f.7: give it back: No such file"))
		TH_LOG("it says: %s", iv_error_message());
}

TEST(text_of_a_file_that_cannot_be_read_is_empty)
{
	char text[] = "text";

	EXPECT_EQ(-EINVAL, iv_file_read("/proc/self/comm", text, 0));
	EXPECT_STREQ("text", text);
	EXPECT_EQ(-ENOENT, iv_file_read("/proc/self/nothing", text, sizeof(text)));
	EXPECT_STREQ("", text);
	strcpy(text, "text");
	EXPECT_EQ(-EISDIR, iv_file_read("/proc/self", text, sizeof(text)));
	EXPECT_STREQ("", text);
}

TEST_HARNESS_MAIN
