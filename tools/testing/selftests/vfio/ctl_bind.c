// SPDX-License-Identifier: GPL-2.0-only
/*
 * iommufd-ctl gives PCI functions to vfio-pci and back: all of it or nothing, and not what is in
 * use.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <unistd.h>
#include "ctl_tool.h"
#include "iv.h"
#include "test_device.h"
#include "test_process.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define DISK "/dev/nvme0n1"
/* More than it has */
#define DISK_MAX (20 << 20)
#define NOBODY 65534
#define WAIT_MS 10000
#define RULE "/etc/udev/rules.d/70-iommufd-ctl-%s.rules"
#define MODULES "/etc/modules-load.d/iommufd-ctl.conf"
#define ENABLE_SRIOV "/sys/module/vfio_pci/parameters/enable_sriov"

#define ctl(self, ...) ctl_tool((self)->text, __VA_ARGS__)
#define has(self, ...) ctl_tool_said((self)->text, __VA_ARGS__)

FIXTURE(ctl_bind)
{
	const char *addr;
	char text[CTL_TEXT_SIZE];
};

static bool has_driver(const char *addr, const char *driver)
{
	char now[IV_DRIVER_NAME_SIZE] = "";

	iv_pci_driver(addr, now);
	if (!strcmp(now, driver))
		return true;
	printf("# %s has the driver '%s', not '%s'\n", addr, now, driver);
	return false;
}

static bool wait_for_file(const char *path)
{
	int i;

	for (i = 0; i < WAIT_MS / 20 && access(path, F_OK); i++)
		test_sleep_ms(20);
	return !access(path, F_OK);
}

/* A disk with its own driver */
FIXTURE_SETUP(ctl_bind)
{
	if (ctl_tool_missing())
		SKIP(return, "there is no " CTL_TOOL " here: make check brings it");
	self->addr = test_role_addr(TEST_NVME);
	if (!self->addr)
		SKIP(return, "this machine has no NVMe disk for tests");
	ASSERT_EQ(0, test_module_load("nvme"));
	if (!has_driver(self->addr, "nvme"))
		ASSERT_EQ(0, iv_pci_choose_driver(self->addr));
	ASSERT_TRUE(has_driver(self->addr, "nvme"));
	ASSERT_TRUE(wait_for_file(DISK));
}

FIXTURE_TEARDOWN(ctl_bind)
{
	if (!self->addr)
		return;
	EXPECT_EQ(ENDS_OK, ctl(self, "device unbind --force %s", self->addr));
	EXPECT_EQ(0, test_module_unload("nvme"));
}

TEST_F(ctl_bind, function_goes_to_vfio_pci_and_back)
{
	char path[IV_PATH_SIZE];

	ASSERT_EQ(ENDS_OK, ctl(self, "device bind %s", self->addr));
	EXPECT_TRUE(has_driver(self->addr, "vfio-pci"));
	ASSERT_EQ(0, iv_pci_cdev_path(self->addr, path));
	EXPECT_TRUE(has(self, "%s: nvme -> vfio-pci, %s\n", self->addr, path));
	ASSERT_EQ(ENDS_OK, ctl(self, "-j device bind %s", self->addr));
	EXPECT_TRUE(has(self, "\"new\":\"vfio-pci\",\"name\":\"vfio"));
	ASSERT_EQ(ENDS_OK, ctl(self, "device unbind %s", self->addr));
	EXPECT_TRUE(has(self, "%s: vfio-pci -> nvme\n", self->addr));
	EXPECT_TRUE(has_driver(self->addr, "nvme"));
	ASSERT_LE(0, iv_pci_attr_read(self->addr, "driver_override", path, sizeof(path)));
	EXPECT_STREQ("(null)", path);
}

TEST_F(ctl_bind, short_address_will_do)
{
	ASSERT_EQ(ENDS_OK, ctl(self, "device bind --dry-run %s", self->addr + strlen("0000:")));
	EXPECT_TRUE(has(self, "%s: would go from nvme to vfio-pci\n", self->addr));
	EXPECT_TRUE(has_driver(self->addr, "nvme"));
}

/* All of the disk, whose contents other tests know; returns its size, or a negative errno. */
static ssize_t read_disk(char *data)
{
	int fd = open(DISK, O_RDONLY | O_CLOEXEC);
	ssize_t size = 0, rc = 1;

	if (fd < 0)
		return -errno;
	while (rc > 0 && size < DISK_MAX) {
		rc = read(fd, data + size, DISK_MAX - size);
		size += rc > 0 ? rc : 0;
	}
	close(fd);
	return rc < 0 ? -errno : size;
}

static int write_disk(const char *data, size_t size)
{
	int fd = open(DISK, O_WRONLY | O_CLOEXEC), rc = 0;
	size_t done = 0;
	ssize_t step;

	if (fd < 0)
		return -errno;
	while (!rc && done < size) {
		step = write(fd, data + done, size - done);
		rc = step < 0 ? -errno : 0;
		done += step > 0 ? step : 0;
	}
	if (!rc && fsync(fd))
		rc = -errno;
	close(fd);
	return rc;
}

TEST_F(ctl_bind, disk_in_swap_is_not_taken)
{
	static char before[DISK_MAX];
	ssize_t size;

	if (access("/proc/swaps", F_OK))
		SKIP(return, "this kernel can't swap");
	size = read_disk(before);
	ASSERT_LT(0, size);
	ASSERT_GT(DISK_MAX, size);
	ASSERT_EQ(0, system("mkswap " DISK " >/dev/null"));
	ASSERT_EQ(0, swapon(DISK, 0));
	EXPECT_EQ(ENDS_IN_USE, ctl(self, "device bind %s", self->addr));
	EXPECT_TRUE(has(self, "its disk nvme0n1 is swapped to\n"));
	EXPECT_EQ(ENDS_OK, ctl(self, "device bind --force --dry-run %s", self->addr));
	EXPECT_TRUE(has(self, "is taken all the same"));
	EXPECT_TRUE(has_driver(self->addr, "nvme"));
	EXPECT_EQ(0, swapoff(DISK));
	EXPECT_EQ(0, write_disk(before, size));
	EXPECT_EQ(ENDS_OK, ctl(self, "device bind %s", self->addr));
}

/* Nothing in /proc tells of it. */
TEST_F(ctl_bind, disk_that_a_program_claims_is_not_taken)
{
	int fd = open(DISK, O_RDONLY | O_EXCL | O_CLOEXEC);

	ASSERT_LE(0, fd);
	EXPECT_EQ(ENDS_IN_USE, ctl(self, "device bind %s", self->addr));
	EXPECT_TRUE(has(self, "its disk nvme0n1 is in use\n"));
	close(fd);
	EXPECT_EQ(ENDS_OK, ctl(self, "device bind %s", self->addr));
}

/* A driver that does not want it */
TEST_F(ctl_bind, refused_function_goes_back)
{
	ASSERT_EQ(ENDS_FAILED, ctl(self, "device bind --driver virtio-pci %s", self->addr));
	EXPECT_TRUE(has(self, "all is as it was: it has nvme\n"));
	EXPECT_TRUE(has_driver(self->addr, "nvme"));
	ASSERT_LE(0, iv_pci_attr_read(self->addr, "driver_override", self->text,
				      sizeof(self->text)));
	EXPECT_STREQ("(null)", self->text);
}

TEST_F(ctl_bind, persistent_choice_is_two_files)
{
	char path[IV_PATH_SIZE], rule[1024], wanted[64];

	snprintf(path, sizeof(path), RULE, self->addr);
	ASSERT_EQ(ENDS_OK, ctl(self, "device bind --persist %s", self->addr));
	EXPECT_TRUE(has(self, "update-initramfs -u"));
	ASSERT_LT(0, iv_file_read(path, rule, sizeof(rule)));
	snprintf(wanted, sizeof(wanted), "KERNEL==\"%s\"", self->addr);
	EXPECT_NE(NULL, strstr(rule, wanted));
	EXPECT_NE(NULL, strstr(rule, "ATTR{driver_override}=\"vfio-pci\""));
	ASSERT_LT(0, iv_file_read(MODULES, rule, sizeof(rule)));
	EXPECT_NE(NULL, strstr(rule, "\nvfio_pci"));
	ASSERT_EQ(ENDS_OK, ctl(self, "device unbind %s", self->addr));
	EXPECT_TRUE(has(self, "update-initramfs -u"));
	EXPECT_EQ(-1, access(path, F_OK));
	EXPECT_EQ(-1, access(MODULES, F_OK));
}

/* What can't be written takes back what was done. */
TEST_F(ctl_bind, choice_that_cannot_persist_is_undone)
{
	char path[IV_PATH_SIZE];

	snprintf(path, sizeof(path), RULE ".new", self->addr);
	ASSERT_EQ(0, system("mkdir -p /etc/udev/rules.d"));
	ASSERT_EQ(0, mkdir(path, 0700));
	EXPECT_EQ(ENDS_FAILED, ctl(self, "device bind --persist %s", self->addr));
	EXPECT_TRUE(has(self, "all is as it was: it has nvme\n"));
	EXPECT_TRUE(has_driver(self->addr, "nvme"));
	EXPECT_EQ(0, rmdir(path));
}

TEST_F(ctl_bind, open_device_is_not_taken_from_its_user)
{
	char path[IV_PATH_SIZE];
	int fd;

	ASSERT_EQ(ENDS_OK, ctl(self, "device bind %s", self->addr));
	ASSERT_EQ(0, iv_pci_cdev_path(self->addr, path));
	fd = open(path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(ENDS_IN_USE, ctl(self, "device unbind %s", self->addr));
	EXPECT_TRUE(has(self, "process %d (ctl_bind) has it open\n", getpid()));
	EXPECT_TRUE(has_driver(self->addr, "vfio-pci"));
	EXPECT_EQ(ENDS_OK, ctl(self, "device unbind --force %s", self->addr));
	EXPECT_TRUE(has_driver(self->addr, "nvme"));
	close(fd);
}

static int unprivileged(void *arg)
{
	struct _test_data_ctl_bind *self = arg;

	return ctl(self, "device bind %s", self->addr) == ENDS_NO_PERMISSION &&
	       has(self, "only root may") ? 0 : -ENOTRECOVERABLE;
}

TEST_F(ctl_bind, unprivileged_user_may_not)
{
	const struct test_privilege nobody = { .drop_capabilities = true, .uid = NOBODY };

	EXPECT_EQ(0, test_run_in_child(unprivileged, self, &nobody));
	EXPECT_TRUE(has_driver(self->addr, "nvme"));
}

TEST_F(ctl_bind, wrong_words_are_named)
{
	EXPECT_EQ(ENDS_USAGE, ctl(self, "device bind vfio0"));
	EXPECT_TRUE(has(self, "'vfio0' is no PCI address, such as 0000:01:00.0"));
	EXPECT_EQ(ENDS_NO_OBJECT, ctl(self, "device bind 77:1f.7"));
	EXPECT_TRUE(has(self, "there is no PCI function '77:1f.7'"));
	EXPECT_EQ(ENDS_USAGE, ctl(self, "device bind --driver ../vfio-pci %s", self->addr));
	EXPECT_TRUE(has(self, "'../vfio-pci' is no name of a driver"));
	EXPECT_EQ(ENDS_NO_OBJECT, ctl(self, "device bind --driver nothing %s", self->addr));
	EXPECT_TRUE(has(self, "there is no PCI driver 'nothing'"));
	EXPECT_EQ(ENDS_NO_OBJECT, ctl(self, "device show %s", self->addr));
	EXPECT_TRUE(has(self, "its driver is nvme; iommufd-ctl device bind %s", self->addr));
}

FIXTURE(ctl_bind_others)
{
	char text[CTL_TEXT_SIZE];
};

FIXTURE_SETUP(ctl_bind_others)
{
	if (ctl_tool_missing())
		SKIP(return, "there is no " CTL_TOOL " here: make check brings it");
}

FIXTURE_TEARDOWN(ctl_bind_others)
{
}

TEST_F(ctl_bind_others, member_of_a_group_in_use_is_not_taken)
{
	const char *addr = test_role_addr(TEST_VIRTIO_NET);
	const char *partner = test_role_addr(TEST_VIRTIO_PARTNER);

	if (!addr || !partner)
		SKIP(return, "this machine has no such pair of functions");
	if (!has_driver(partner, "virtio-pci"))
		SKIP(return, "the other function has no driver of the kernel's");
	EXPECT_EQ(ENDS_IN_USE, ctl(self, "device bind %s", addr));
	EXPECT_TRUE(has(self, "also has %s, which virtio-pci drives", partner));
	EXPECT_TRUE(has_driver(addr, "virtio-pci"));
}

TEST_F(ctl_bind_others, network_card_of_the_default_route_is_not_taken)
{
	const char *addr = test_role_addr(TEST_IGB);
	bool loaded;

	if (!addr)
		SKIP(return, "this machine has no network card for tests");
	loaded = access("/sys/bus/pci/drivers/igb", F_OK);
	ASSERT_EQ(0, test_module_load("igb"));
	ASSERT_TRUE(wait_for_file("/sys/class/net/eth0"));
	ASSERT_EQ(0, system("ip link set eth0 up && ip route add default dev eth0"));
	EXPECT_EQ(ENDS_IN_USE, ctl(self, "device bind %s", addr));
	EXPECT_TRUE(has(self, "its network interface eth0 has the default route\n"));
	EXPECT_EQ(0, system("ip route del default dev eth0 && ip link set eth0 down"));
	EXPECT_EQ(ENDS_OK, ctl(self, "device bind %s", addr));
	EXPECT_EQ(ENDS_OK, ctl(self, "device unbind %s", addr));
	if (loaded)
		EXPECT_EQ(0, test_module_unload("igb"));
}

/* Making VFs takes its time, more so with the debugging that a kernel may have. */
TEST_F_TIMEOUT(ctl_bind_others, function_with_virtual_functions_is_not_given_back, 120)
{
	const char *addr = test_role_addr(TEST_IGB);
	uint64_t count = 0;

	if (!addr)
		SKIP(return, "this machine has no network card for tests");
	ASSERT_EQ(ENDS_OK, ctl(self, "device bind %s", addr));
	ASSERT_EQ(0, iv_file_write(ENABLE_SRIOV, "1"));
	ASSERT_EQ(0, iv_pci_attr_write(addr, "sriov_numvfs", "2"));
	EXPECT_EQ(ENDS_IN_USE, ctl(self, "device unbind %s", addr));
	EXPECT_TRUE(has(self, "it has 2 virtual functions, which need its driver\n"));
	EXPECT_TRUE(has_driver(addr, "vfio-pci"));
	EXPECT_EQ(0, iv_pci_attr_read_u64(addr, "sriov_numvfs", &count));
	EXPECT_EQ(2, count);
	EXPECT_EQ(0, iv_pci_attr_write(addr, "sriov_numvfs", "0"));
	EXPECT_EQ(0, iv_file_write(ENABLE_SRIOV, "0"));
	EXPECT_EQ(ENDS_OK, ctl(self, "device unbind %s", addr));
}

TEST_F(ctl_bind_others, bridge_is_not_taken)
{
	const char *port = getenv("IV_HOTPLUG_PORT");

	if (!port)
		SKIP(return, "this machine has no such bridge");
	EXPECT_EQ(ENDS_FAILED, ctl(self, "device bind %s", port));
	EXPECT_TRUE(has(self, "%s is a bridge", port));
}

TEST_HARNESS_MAIN
