// SPDX-License-Identifier: GPL-2.0-only
/*
 * iommufd-ctl probe, on devices of all kinds: what it finds, and that it leaves nothing behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "ctl_tool.h"
#include "iv.h"
#include "mock_vfio.h"
#include "test_device.h"
#include "test_process.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define NOBODY 65534
#define WAIT_MS 10000
/* The least that a pipe may have */
#define PIPE_SIZE 4096

FIXTURE(ctl_probe)
{
	struct test_device dev;
	char text[CTL_TEXT_SIZE];
};

FIXTURE_VARIANT(ctl_probe)
{
	enum test_role role;
	const char *id;
	const char *words[4];
};

FIXTURE_VARIANT_ADD(ctl_probe, edu)
{
	.role = TEST_EDU,
	.id = "1234:11e8, class 00ff00, 1 capabilities",
	.words = { "BAR 0: 1M, readable, writeable, mappable", "MSI: 1", "INTx: 1" },
};

FIXTURE_VARIANT_ADD(ctl_probe, igb)
{
	.role = TEST_IGB,
	.id = "8086:10c9, class 020000, 7 capabilities",
	.words = { "PCI Express", "SR-IOV", "MSI-X: 10, by eventfd", "config: 4K" },
};

FIXTURE_SETUP(ctl_probe)
{
	if (ctl_tool_missing())
		SKIP(return, "there is no " CTL_TOOL " here: make check brings it");
	if (!test_role_addr(variant->role))
		SKIP(return, "no %s device", test_role_name(variant->role));
	ASSERT_EQ(0, test_device_setup(&self->dev, variant->role, TEST_CLAIMED));
}

FIXTURE_TEARDOWN(ctl_probe)
{
	if (self->dev.addr[0])
		test_device_teardown(&self->dev);
}

static bool has(const struct _test_data_ctl_probe *self, const char *wanted)
{
	return ctl_tool_said(self->text, "%s", wanted);
}

/* The name of the device in /dev/vfio/devices */
static int device_name(struct _test_data_ctl_probe *self, char name[32])
{
	char path[IV_PATH_SIZE];
	int rc = iv_pci_cdev_path(self->dev.addr, path);

	if (!rc)
		snprintf(name, 32, "%.31s", strrchr(path, '/') + 1);
	return rc;
}

TEST_F(ctl_probe, every_step_is_done)
{
	static const char *const steps[] = {
		"\nopen ", "\nparked ", "\ncontext ", "\nbind ", "\ninfo ", "\niommu ", "\nconfig ",
		"\nregions ", "\ninterrupts ", "\nattach ", "\nranges ", "\nmap ", "\nunmap ",
		"\ndetach ", "\nclose ",
	};
	unsigned int i;

	ASSERT_EQ(ENDS_OK, ctl_tool(self->text, "probe %s", self->dev.addr));
	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		EXPECT_TRUE(has(self, steps[i]));
	EXPECT_TRUE(has(self, variant->id));
	for (i = 0; i < 4 && variant->words[i]; i++)
		EXPECT_TRUE(has(self, variant->words[i]));
	EXPECT_TRUE(has(self, "reset         skipped   not without --reset"));
	EXPECT_EQ(NULL, strstr(self->text, "FAILED"));
}

/* But for the command register, which is the driver's: firmware has left it as it likes. */
static int read_config(struct _test_data_ctl_probe *self, uint8_t config[64])
{
	int rc = iv_pci_config_read(self->dev.addr, 0, config, 64);

	memset(config + PCI_COMMAND, 0, 2);
	return rc;
}

TEST_F(ctl_probe, device_is_as_it_was)
{
	uint8_t before[64], after[64];

	ASSERT_EQ(0, read_config(self, before));
	ASSERT_EQ(ENDS_OK, ctl_tool(self->text, "probe %s", self->dev.addr));
	ASSERT_EQ(0, read_config(self, after));
	EXPECT_EQ(0, memcmp(before, after, sizeof(before)));
	EXPECT_EQ(0, test_device_advance(&self->dev, TEST_ATTACHED));
}

TEST_F(ctl_probe, device_has_several_names)
{
	char name[32];

	ASSERT_EQ(0, device_name(self, name));
	EXPECT_EQ(ENDS_OK, ctl_tool(self->text, "probe %s", name));
	EXPECT_EQ(ENDS_OK, ctl_tool(self->text, "probe /dev/vfio/devices/%s", name));
	EXPECT_EQ(ENDS_OK, ctl_tool(self->text, "probe %s", strchr(self->dev.addr, ':') + 1));
	EXPECT_TRUE(has(self, self->dev.addr));
}

TEST_F(ctl_probe, reset_is_done_if_wanted)
{
	struct vfio_device_info info;
	int status;

	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_BOUND));
	ASSERT_EQ(0, iv_device_info(self->dev.fd, &info));
	test_device_close(&self->dev);
	status = ctl_tool(self->text, "probe --reset %s", self->dev.addr);
	if (info.flags & VFIO_DEVICE_FLAGS_RESET) {
		EXPECT_EQ(ENDS_OK, status);
		EXPECT_TRUE(has(self, "it is as it was when it was opened"));
	} else {
		EXPECT_EQ(ENDS_FAILED, status);
		EXPECT_TRUE(has(self, "FAILED: "));
		EXPECT_TRUE(has(self, "nothing resets it alone"));
		EXPECT_TRUE(has(self, "everything is undone"));
	}
}

TEST_F(ctl_probe, json_is_one_object)
{
	char name[32], wanted[96];

	ASSERT_EQ(0, device_name(self, name));
	ASSERT_EQ(ENDS_OK, ctl_tool(self->text, "probe -j %s", name));
	snprintf(wanted, sizeof(wanted), "{\"device\":\"%s\",\"parent\":\"%s\"", name,
		 self->dev.addr);
	EXPECT_TRUE(has(self, wanted));
	EXPECT_TRUE(has(self, "\"ok\":true"));
	EXPECT_TRUE(has(self, "{\"step\":\"bind\",\"result\":\"ok\",\"us\":"));
	EXPECT_TRUE(has(self, "{\"index\":0,\"name\":\"BAR 0\",\"size\":"));
	EXPECT_STREQ("}\n", strrchr(self->text, '}'));
}

TEST_F(ctl_probe, device_in_use_is_left_alone)
{
	struct vfio_device_info info;

	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_ATTACHED));
	EXPECT_NE(ENDS_OK, ctl_tool(self->text, "probe %s", self->dev.addr));
	EXPECT_TRUE(has(self, "\nbind "));
	EXPECT_TRUE(has(self, "FAILED: "));
	EXPECT_TRUE(has(self, "everything is undone"));
	EXPECT_EQ(0, iv_device_info(self->dev.fd, &info));
}

TEST_F(ctl_probe, failure_is_in_json)
{
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_BOUND));
	EXPECT_NE(ENDS_OK, ctl_tool(self->text, "probe -j %s", self->dev.addr));
	EXPECT_TRUE(has(self, "\"ok\":false"));
	EXPECT_TRUE(has(self, "{\"step\":\"bind\",\"result\":\"failed\",\"us\":"));
	EXPECT_TRUE(has(self, "\"errno\":\"E"));
}

TEST_F(ctl_probe, function_without_vfio_driver_is_refused)
{
	ASSERT_EQ(0, iv_pci_unbind_driver(self->dev.addr));
	EXPECT_EQ(ENDS_NO_OBJECT, ctl_tool(self->text, "probe %s", self->dev.addr));
	EXPECT_TRUE(has(self, "iommufd-ctl device bind"));
	EXPECT_EQ(ENDS_USAGE, ctl_tool(self->text, "probe "));
}

/*
 * Starts a probe whose words go into a full pipe, so that it waits behind its first step, in which
 * it opens the device. Returns the pipe's other end, or a negative errno.
 */
static int start_stuck_probe(const char *addr, pid_t *pid)
{
	static const char full[PIPE_SIZE];
	int pipes[2];

	if (pipe2(pipes, O_CLOEXEC) || fcntl(pipes[1], F_SETPIPE_SZ, PIPE_SIZE) < 0 ||
	    write(pipes[1], full, PIPE_SIZE) != PIPE_SIZE)
		return -errno;
	*pid = fork();
	if (!*pid) {
		dup2(pipes[1], STDOUT_FILENO);
		dup2(pipes[1], STDERR_FILENO);
		execlp(CTL_TOOL, CTL_TOOL, "probe", addr, NULL);
		_exit(127);
	}
	close(pipes[1]);
	return pipes[0];
}

static bool is_open(void *arg)
{
	struct _test_data_ctl_probe *self = arg;

	ctl_tool(self->text, "-n -o files device show %s", self->dev.addr);
	return !strcmp(self->text, "1\n");
}

/* Lets it go on; sets @text to what it writes behind what was in the pipe. */
static void read_probe(int fd, char text[CTL_TEXT_SIZE])
{
	size_t have = 0;
	ssize_t size;

	while ((size = read(fd, text + have, CTL_TEXT_SIZE - 1 - have)) > 0)
		have += size;
	text[have] = 0;
	memmove(text, text + PIPE_SIZE, have < PIPE_SIZE ? 0 : have - PIPE_SIZE + 1);
}

TEST_F(ctl_probe, device_that_goes_meanwhile_is_gone)
{
	int fd, status;
	pid_t pid;

	fd = start_stuck_probe(self->dev.addr, &pid);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(test_wait_until(is_open, self, WAIT_MS));
	EXPECT_EQ(0, iv_pci_unbind_driver(self->dev.addr));
	read_probe(fd, self->text);
	close(fd);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(ENDS_NO_OBJECT, WEXITSTATUS(status));
	EXPECT_TRUE(has(self, "FAILED: it is gone\n"));
	EXPECT_TRUE(has(self, "everything is undone"));
}

static int unprivileged(void *arg)
{
	struct _test_data_ctl_probe *self = arg;

	return ctl_tool(self->text, "probe %s", self->dev.addr) == ENDS_NO_PERMISSION &&
	       has(self, "60-iommufd-vfio.rules") ? 0 : -ENOTRECOVERABLE;
}

TEST_F(ctl_probe, unprivileged_user_is_told_of_the_rules)
{
	const struct test_privilege nobody = { .drop_capabilities = true, .uid = NOBODY };

	EXPECT_EQ(0, test_run_in_child(unprivileged, self, &nobody));
}

TEST(graphics_card_has_vga_region)
{
	struct test_device card;
	char text[CTL_TEXT_SIZE];

	if (ctl_tool_missing())
		SKIP(return, "there is no " CTL_TOOL " here: make check brings it");
	if (!test_role_addr(TEST_VGA))
		SKIP(return, "no %s device", test_role_name(TEST_VGA));
	ASSERT_EQ(0, test_device_setup(&card, TEST_VGA, TEST_CLAIMED));
	EXPECT_EQ(ENDS_OK, ctl_tool(text, "probe %s", card.addr));
	EXPECT_TRUE(ctl_tool_said(text, "VGA: 768K, readable, writeable\n"));
	test_device_teardown(&card);
}

/* A device of the mock IOMMU has no configuration space. */
TEST_F(ctl_probe, device_that_is_no_pci_function_works)
{
	char path[64], target[128] = {};
	int fd;

	ASSERT_EQ(0, mock_vfio_load());
	fd = mock_vfio_open(MOCK_VFIO_DEVICE, 0);
	ASSERT_LE(0, fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	EXPECT_LT(0, readlink(path, target, sizeof(target) - 1));
	close(fd);
	EXPECT_EQ(ENDS_OK, ctl_tool(self->text, "probe %s", target));
	EXPECT_TRUE(has(self, "it is no PCI device"));
	EXPECT_EQ(0, mock_vfio_unload());
}

TEST_HARNESS_MAIN
