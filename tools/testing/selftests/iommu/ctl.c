// SPDX-License-Identifier: GPL-2.0-only
/*
 * iommufd-ctl, run on a kernel that does something: what it writes, and what it ends with.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "ctl_tool.h"
#include "iommufd_ioctl.h"
#include "iommufd_pasid.h"
#include "iv.h"
#include "mock_vfio.h"
#include "netlink.h"
#include "test_memory.h"
#include "test_process.h"
#include "test_timeout.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define IOVA 0x1000000UL
#define NOBODY 65534
#define WAIT_MS 10000

FIXTURE(ctl)
{
	char *memory;
	int iommufd;
	int fd;
	uint32_t ctx;
	uint32_t ioas_id;
	uint32_t devid;
	uint32_t hwpt_id;
	char name[32];
	char text[CTL_TEXT_SIZE];
};

/* A device of the mock, attached to an IOAS with two areas */
FIXTURE_SETUP(ctl)
{
	char path[64], target[128] = {};

	if (ctl_tool_missing())
		SKIP(return, "there is no " CTL_TOOL " here: make check brings it");
	ASSERT_EQ(0, mock_vfio_load());
	self->memory = test_memory_alloc(4 * PAGE, PAGE);
	ASSERT_NE(NULL, self->memory);
	self->iommufd = iv_iommufd_open();
	ASSERT_LE(0, self->iommufd);
	self->ctx = netlink_newest_context(getpid());
	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &self->ioas_id));
	ASSERT_EQ(0, iv_ioas_map(self->iommufd, self->ioas_id, self->memory, PAGE, IOVA,
				 IV_DMA_RW));
	ASSERT_EQ(0, iv_ioas_map(self->iommufd, self->ioas_id, self->memory, 2 * PAGE,
				 IOVA + 4 * PAGE, IV_DMA_READ));
	self->fd = mock_vfio_open(MOCK_VFIO_DEVICE, 0);
	ASSERT_LE(0, self->fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->fd);
	ASSERT_LT(0, readlink(path, target, sizeof(target) - 1));
	snprintf(self->name, sizeof(self->name), "%.31s", strrchr(target, '/') + 1);
	ASSERT_EQ(0, iv_device_bind(self->fd, self->iommufd, &self->devid));
	self->hwpt_id = self->ioas_id;
	ASSERT_EQ(0, iv_device_attach_get(self->fd, &self->hwpt_id));
}

FIXTURE_TEARDOWN(ctl)
{
	if (!self->memory)
		return;
	close(self->fd);
	close(self->iommufd);
	munmap(self->memory, 4 * PAGE);
	EXPECT_EQ(0, mock_vfio_unload());
}

#define ctl(self, ...) ctl_tool((self)->text, __VA_ARGS__)
#define has(self, ...) ctl_tool_said((self)->text, __VA_ARGS__)

TEST_F(ctl, help_names_every_command)
{
	ASSERT_EQ(ENDS_OK, ctl(self, "--help"));
	EXPECT_TRUE(has(self, "device revoke DEVICE"));
	EXPECT_TRUE(has(self, "monitor"));
	ASSERT_EQ(ENDS_OK, ctl(self, "ctx list --help"));
	EXPECT_TRUE(has(self, "pinned pages"));
}

TEST_F(ctl, wrong_words_are_named)
{
	ASSERT_EQ(ENDS_USAGE, ctl(self, "devices"));
	EXPECT_TRUE(has(self, "'devices' is not a command; there are: status "));
	ASSERT_EQ(ENDS_USAGE, ctl(self, "device lists"));
	EXPECT_TRUE(has(self, "'lists' is not a command of device; there are: list show bind "));
	ASSERT_EQ(ENDS_USAGE, ctl(self, "ioas show 1"));
	EXPECT_TRUE(has(self, "usage: iommufd-ctl ioas show CONTEXT IOAS"));
	ASSERT_EQ(ENDS_USAGE, ctl(self, "ctx show first"));
	EXPECT_TRUE(has(self, "'first' is not a number"));
	ASSERT_EQ(ENDS_USAGE, ctl(self, "-o ID,WHO ctx list"));
	EXPECT_TRUE(has(self, "there is no column 'WHO'; the columns are: ID KIND PID"));
	ASSERT_EQ(ENDS_USAGE, ctl(self, "--what"));
	ASSERT_EQ(ENDS_USAGE, ctl(self, "ctx list --what"));
	ASSERT_EQ(ENDS_USAGE, ctl(self, "device"));
	EXPECT_TRUE(has(self, "device what? There are: list show"));
}

TEST_F(ctl, columns_are_those_asked_for)
{
	char golden[64];

	ASSERT_EQ(ENDS_OK, ctl(self, "-n -o id,pinned,ioases,kind ctx show %u", self->ctx));
	snprintf(golden, sizeof(golden), "%u\n3\n1\niommu\n", self->ctx);
	EXPECT_STREQ(golden, self->text);
	ASSERT_EQ(ENDS_OK, ctl(self, "-n -o ID,SIZE,AREAS,TABLES ioas list %u", self->ctx));
	snprintf(golden, sizeof(golden), "%2u  12K     2      1\n", self->ioas_id);
	EXPECT_STREQ(golden, self->text);
}

TEST_F(ctl, areas_are_listed)
{
	ASSERT_EQ(ENDS_OK, ctl(self, "-n ioas show %u %u", self->ctx, self->ioas_id));
	EXPECT_STREQ("0x1000000 0x1000fff readable,writeable,pinned\n"
		     "0x1004000 0x1005fff readable,pinned\n", self->text);
}

TEST_F(ctl, device_is_found_by_each_of_its_names)
{
	ASSERT_EQ(ENDS_OK, ctl(self, "device show %s", self->name));
	EXPECT_TRUE(has(self, "STATE        attached\n"));
	EXPECT_TRUE(has(self, "HWPT         %u\n", self->hwpt_id));
	EXPECT_TRUE(has(self, "PID          %d\n", getpid()));
	ASSERT_EQ(ENDS_OK, ctl(self, "-n -o parent device show %s", self->name));
	self->text[strcspn(self->text, "\n")] = 0;
	ASSERT_EQ(ENDS_OK, ctl(self, "-n -o name device show %s", strdupa(self->text)));
	EXPECT_TRUE(has(self, "%s\n", self->name));
}

TEST_F(ctl, lists_are_json_if_wanted)
{
	ASSERT_EQ(ENDS_OK, ctl(self, "-j -o name,state,context device list"));
	EXPECT_TRUE(has(self, "\"devices\":["));
	EXPECT_TRUE(has(self, "\"name\":\"%s\"", self->name));
	EXPECT_TRUE(has(self, "\"state\":\"attached\""));
	EXPECT_TRUE(has(self, "\"context\":%u", self->ctx));
	ASSERT_EQ(ENDS_OK, ctl(self, "-j -o first ioas show %u %u", self->ctx, self->ioas_id));
	EXPECT_TRUE(has(self, "\"first\":%lu", IOVA));
}

TEST_F(ctl, page_tables_and_pasids_are_listed)
{
	char golden[64];

	ASSERT_EQ(ENDS_OK, ctl(self, "-n -o id,ioas hwpt list %u", self->ctx));
	snprintf(golden, sizeof(golden), "%2u %4u\n", self->hwpt_id, self->ioas_id);
	EXPECT_STREQ(golden, self->text);
	ASSERT_EQ(ENDS_OK, ctl(self, "pasid list %u", self->ctx));
}

TEST_F(ctl, what_is_not_there_is_an_error)
{
	EXPECT_EQ(ENDS_NO_OBJECT, ctl(self, "ctx show 2000000000"));
	EXPECT_TRUE(has(self, "there is no context of this number"));
	EXPECT_EQ(ENDS_NO_OBJECT, ctl(self, "ioas show %u 999", self->ctx));
	EXPECT_EQ(ENDS_NO_OBJECT, ctl(self, "device show 0000:99:99.9"));
	EXPECT_TRUE(has(self, "there is no vfio device '0000:99:99.9'"));
	EXPECT_EQ(ENDS_NO_OBJECT, ctl(self, "device revoke nothing"));
}

TEST_F(ctl, revoke_takes_the_device)
{
	struct vfio_device_info info;

	ASSERT_EQ(ENDS_OK, ctl(self, "device revoke %s", self->name));
	EXPECT_EQ(-ENODEV, iv_device_info(self->fd, &info));
	ASSERT_EQ(ENDS_OK, ctl(self, "-n -o state device show %s", self->name));
	EXPECT_STREQ("revoked\n", self->text);
}

TEST_F(ctl, status_is_one_screen)
{
	ASSERT_EQ(ENDS_OK, ctl(self, " "));
	EXPECT_TRUE(has(self, "Modules   iommufd, vfio"));
	EXPECT_TRUE(has(self, "IOMMU     "));
	EXPECT_TRUE(has(self, "%s", self->name));
	ASSERT_EQ(ENDS_OK, ctl(self, "-j status"));
	EXPECT_TRUE(has(self, "\"family\":true"));
}

TEST_F(ctl, name_that_is_no_text_harms_nobody)
{
	int fd;

	ASSERT_EQ(0, prctl(PR_SET_NAME, "a\xff\"\\\033b"));
	fd = iv_iommufd_open();
	ASSERT_LE(0, fd);
	ASSERT_EQ(ENDS_OK, ctl(self, "-n -o command ctx show %u",
			       netlink_newest_context(getpid())));
	EXPECT_STREQ("a\\377\"\\\\033b\n", self->text);
	close(fd);
}

static int unprivileged(void *arg)
{
	struct _test_data_ctl *self = arg;

	if (ctl(self, "ctx list") != ENDS_NO_PERMISSION || !has(self, "to root only"))
		return -ENOTRECOVERABLE;
	if (ctl(self, "device revoke %s", self->name) != ENDS_NO_PERMISSION)
		return -ENOTRECOVERABLE;
	if (ctl(self, "monitor") != ENDS_NO_PERMISSION)
		return -ENOTRECOVERABLE;
	return ctl(self, "status") == ENDS_OK && has(self, "is shown to root only") ?
		       0 : -ENOTRECOVERABLE;
}

TEST_F(ctl, unprivileged_user_is_told_so)
{
	const struct test_privilege nobody = { .drop_capabilities = true, .uid = NOBODY };

	EXPECT_EQ(0, test_run_in_child(unprivileged, self, &nobody));
}

TEST_F(ctl, reader_may_go_away)
{
	EXPECT_EQ(0, system(CTL_TOOL " ctx list | true"));
	EXPECT_EQ(0, system(CTL_TOOL " monitor | true"));
	EXPECT_NE(0, system(CTL_TOOL " ctx list >/dev/full 2>/dev/null"));
}

/* What sysfs tells everybody is told all the same. */
static int unprivileged_devices(void *arg)
{
	struct _test_data_ctl *self = arg;

	if (ctl(self, "device list") != ENDS_OK || !has(self, "%s", self->name) ||
	    !has(self, "is shown to root only"))
		return -ENOTRECOVERABLE;
	if (ctl(self, "device show %s", self->name) != ENDS_OK ||
	    !has(self, "FILE         /dev/vfio/devices/%s\n", self->name))
		return -ENOTRECOVERABLE;
	return strstr(self->text, "attached") ? -ENOTRECOVERABLE : 0;
}

TEST_F(ctl, unprivileged_user_sees_what_sysfs_shows)
{
	const struct test_privilege nobody = { .drop_capabilities = true, .uid = NOBODY };

	EXPECT_EQ(0, test_run_in_child(unprivileged_devices, self, &nobody));
}

TEST_F(ctl, context_is_shown_with_what_it_did)
{
	EXPECT_EQ(-ENOENT, iv_ioas_unmap(self->iommufd, self->ioas_id, 0x7000, PAGE, NULL));
	ASSERT_EQ(ENDS_OK, ctl(self, "ctx show %u", self->ctx));
	EXPECT_TRUE(has(self, "MAPS         2\n"));
	EXPECT_TRUE(has(self, "FAILURES     ENOENT:1\n"));
	ASSERT_EQ(ENDS_OK, ctl(self, "-j ctx show %u", self->ctx));
	EXPECT_TRUE(has(self, "\"failures\":\"ENOENT:1\""));
	ASSERT_EQ(ENDS_OK, ctl(self, "-n -o maps,mapped,failures counter list %u", self->ctx));
	EXPECT_TRUE(has(self, " 2      3 ENOENT:1\n"));
}

TEST_F(ctl, devices_of_contexts_are_listed)
{
	char golden[64];

	ASSERT_EQ(ENDS_OK, ctl(self, "-n -o id,kind,device endpoint list %u", self->ctx));
	snprintf(golden, sizeof(golden), "%2u device %s\n", self->devid, self->name);
	EXPECT_STREQ(golden, self->text);
}

TEST_F(ctl, columns_may_be_added)
{
	ASSERT_EQ(ENDS_OK, ctl(self, "-o +reserved ioas list %u", self->ctx));
	EXPECT_TRUE(has(self, "CONTEXT ID AREAS"));
	EXPECT_TRUE(has(self, "RESERVED"));
}

TEST_F(ctl, map_is_a_picture)
{
	ASSERT_EQ(ENDS_OK, ctl(self, "map %u %u", self->ctx, self->ioas_id));
	EXPECT_TRUE(has(self, "IOAS %u of context %u: 2 areas, 12K\n", self->ioas_id, self->ctx));
	EXPECT_TRUE(has(self, "0x%016lx  ", IOVA));
	EXPECT_TRUE(has(self, "4K of 4K, 1 area\n"));
	EXPECT_TRUE(has(self, "8K of 8K, 1 area\n"));
	ASSERT_EQ(ENDS_OK, ctl(self, "map %u %u --svg", self->ctx, self->ioas_id));
	EXPECT_TRUE(has(self, "</svg>\n"));
	EXPECT_EQ(ENDS_NO_OBJECT, ctl(self, "map %u 999", self->ctx));
}

struct listener {
	pid_t pid;
	int fd;
};

static int start_monitor(struct listener *listener, const char *option)
{
	int pipes[2];

	if (pipe2(pipes, O_CLOEXEC))
		return -errno;
	listener->pid = fork();
	if (!listener->pid) {
		dup2(pipes[1], STDOUT_FILENO);
		execlp(CTL_TOOL, CTL_TOOL, option, "monitor", NULL);
		_exit(127);
	}
	close(pipes[1]);
	listener->fd = pipes[0];
	return fcntl(listener->fd, F_SETFL, O_NONBLOCK) ? -errno : 0;
}

/* What the monitor has written until now is added to @text; whether @wanted is in it. */
static bool heard(struct listener *listener, char *text, size_t room, const char *wanted)
{
	size_t have = strlen(text);
	ssize_t size = read(listener->fd, text + have, room - have - 1);

	text[have + (size > 0 ? size : 0)] = 0;
	return strstr(text, wanted);
}

TEST_F(ctl, top_shows_what_is_mapped)
{
	ASSERT_EQ(ENDS_OK, ctl(self, "top -n 1"));
	EXPECT_TRUE(has(self, "%8u %8u      12K      12K       1 ", self->ctx, getpid()));
	ASSERT_EQ(ENDS_OK, ctl(self, "-j top -n 2 -d 1"));
	EXPECT_TRUE(has(self, "{\"id\":%u,\"pid\":%d,", self->ctx, getpid()));
}

#define MANY 10000

TEST_F(ctl, very_many_contexts_are_shown)
{
	const struct rlimit limit = { MANY + 100, MANY + 100 };
	const int many = test_count(MANY);
	static int fds[MANY];
	char golden[32];
	int i;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	for (i = 0; i < many; i++) {
		fds[i] = iv_iommufd_open();
		ASSERT_LE(0, fds[i]);
	}
	ASSERT_EQ(ENDS_OK, ctl(self, "-n -o pid ctx list | grep -c -w %d", getpid()));
	snprintf(golden, sizeof(golden), "%d\n", many + 1);
	EXPECT_STREQ(golden, self->text);
	ASSERT_EQ(ENDS_OK, ctl(self, "top -n 1 | grep -c -w %d", getpid()));
	EXPECT_STREQ(golden, self->text);
	for (i = 0; i < many; i++)
		close(fds[i]);
}

/* Makes and removes contexts, address spaces and areas, until it is killed. */
static void change_for_ever(void *memory)
{
	uint32_t ioas_id;
	int fd;

	for (;;) {
		fd = iv_iommufd_open();
		if (fd < 0 || iv_ioas_alloc(fd, &ioas_id) ||
		    iv_ioas_map(fd, ioas_id, memory, PAGE, IOVA, IV_DMA_RW))
			_exit(1);
		close(fd);
	}
}

TEST_F(ctl, what_vanishes_meanwhile_does_no_harm)
{
	static const char *const commands[] = {
		"ctx list", "ioas list", "counter list", "-j status", "top -n 1",
	};
	const int rounds = test_is_slow() ? 10 : 40;
	int status, i;
	pid_t pid;

	pid = fork();
	if (!pid)
		change_for_ever(self->memory);
	for (i = 0; i < rounds; i++)
		EXPECT_EQ(ENDS_OK, ctl(self, "%s", commands[i % 5]));
	EXPECT_EQ(0, waitpid(pid, &status, WNOHANG));
	kill(pid, SIGKILL);
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
}

TEST_F(ctl, doctor_is_content_with_this_machine)
{
	/* Its modules are not where they are installed, which is no matter once they are loaded. */
	EXPECT_EQ(ENDS_OK, ctl(self, "doctor --memory 1000"));
	EXPECT_STREQ("nothing was found\n", self->text);
}

static int unprivileged_doctor(void *arg)
{
	struct _test_data_ctl *self = arg;

	return ctl(self, "doctor --memory 1000") == ENDS_FOUND &&
	       has(self, "permissions: User %u may not open /dev/vfio/devices/vfio", NOBODY) &&
	       has(self, "memlock: Only ") ? 0 : -ENOTRECOVERABLE;
}

TEST_F(ctl, doctor_finds_what_a_user_may_not)
{
	const struct test_privilege nobody = { .drop_capabilities = true, .uid = NOBODY };

	EXPECT_EQ(0, test_run_in_child(unprivileged_doctor, self, &nobody));
}

/* Whether the monitor tells of contexts by now; when it begins to isn't known. */
static bool hears_contexts(struct listener *listener, char *text, size_t room)
{
	int i;

	for (i = 0; i < WAIT_MS / 50; i++) {
		close(iv_iommufd_open());
		test_sleep_ms(50);
		if (heard(listener, text, room, "ctx-open"))
			return true;
	}
	return false;
}

TEST_F(ctl, monitor_writes_a_line_for_each_event)
{
	struct listener listener;
	bool found;
	int status, i;

	memset(self->text, 0, sizeof(self->text));
	ASSERT_EQ(0, start_monitor(&listener, "-j"));
	EXPECT_TRUE(hears_contexts(&listener, self->text, sizeof(self->text)));
	EXPECT_TRUE(has(self, "\"event\":\"ctx-open\""));
	close(self->fd);
	self->fd = -1;
	for (i = 0, found = false; i < WAIT_MS / 50 && !found; i++) {
		test_sleep_ms(50);
		found = heard(&listener, self->text, sizeof(self->text),
			      "\"event\":\"park\"");
	}
	EXPECT_TRUE(found);
	EXPECT_TRUE(has(self, "\"device\":\"%s\"", self->name));
	ASSERT_EQ(0, kill(listener.pid, SIGINT));
	ASSERT_EQ(listener.pid, waitpid(listener.pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status) && !WEXITSTATUS(status));
	close(listener.fd);
}

TEST(monitor_ends_when_iommufd_is_unloaded)
{
	static const char *const modules[] = {
		"iommufd_mock", "vfio_pci", "vfio_pci_core", "mdev", "vfio", "iommufd",
	};
	struct listener listener;
	char text[4096] = "";
	int status, rc;
	size_t i;

	if (ctl_tool_missing())
		SKIP(return, "there is no " CTL_TOOL " here: make check brings it");
	ASSERT_EQ(0, start_monitor(&listener, "-n"));
	EXPECT_TRUE(hears_contexts(&listener, text, sizeof(text)));
	for (i = 0; i < sizeof(modules) / sizeof(*modules); i++) {
		rc = test_module_unload(modules[i]);
		EXPECT_TRUE(!rc || rc == -ENOENT)
			TH_LOG("%s: %s", modules[i], strerror(-rc));
	}
	EXPECT_EQ(listener.pid, waitpid(listener.pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(ENDS_NO_MODULE, WEXITSTATUS(status));
	close(listener.fd);
	EXPECT_EQ(0, test_module_load("iommufd"));
	EXPECT_EQ(0, test_module_load("vfio-pci"));
}

/* Each step of the demo that the kernel tells of, in their order */
TEST_F(ctl, monitor_tells_of_the_steps_of_the_demo)
{
	static const char *const steps[] = {
		"\"event\":\"device-add\"", "\"event\":\"bind\"", "\"event\":\"attach\"",
		"\"event\":\"bind-refused\"", "\"event\":\"revoke\"",
		"\"event\":\"device-remove\"",
	};
	struct listener listener;
	const char *at;
	size_t i;

	if (system("command -v iommufd-vfio-demo >/dev/null"))
		SKIP(return, "there is no iommufd-vfio-demo here: make check brings it");
	memset(self->text, 0, sizeof(self->text));
	ASSERT_EQ(0, start_monitor(&listener, "-j"));
	test_sleep_ms(1000);
	ASSERT_EQ(0, system("iommufd-vfio-demo >/dev/null"));
	for (i = 0; i < WAIT_MS / 50; i++) {
		test_sleep_ms(50);
		if (heard(&listener, self->text, sizeof(self->text), steps[5]))
			break;
	}
	for (i = 0, at = self->text; i < 6 && at; i++) {
		at = strstr(at, steps[i]);
		if (!at)
			printf("# there is no %s then, in: %s\n", steps[i], self->text);
	}
	EXPECT_NE(NULL, at);
	kill(listener.pid, SIGINT);
	EXPECT_EQ(listener.pid, waitpid(listener.pid, NULL, 0));
	close(listener.fd);
}

TEST_HARNESS_MAIN
