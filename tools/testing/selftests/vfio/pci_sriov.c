// SPDX-License-Identifier: GPL-2.0-only
/*
 * SR-IOV: virtual functions of a function that belongs to userspace, and the token that the users
 * of both share.
 */
#include "kselftest_harness.h"

#include <libgen.h>
#include <limits.h>

#include "iommufd_bind.h"
#include "iommufd_ioctl.h"
#include "iv.h"
#include "test_device.h"
#include "test_thread.h"
#include "test_user.h"
#include "test_wait.h"

#define PARAMETER "/sys/module/vfio_pci/parameters/enable_sriov"
#define JOIN_MS 10000

/* Making VFs takes its time, more so with the debugging that a kernel may have. */
#define SLOWLY_S 120

static const uint8_t token_a[16] = "a token of tests";
static const uint8_t token_b[16] = "one more of them";

FIXTURE(sriov)
{
	struct test_device pf;
	struct test_device vf;
	int iommufd;
};

/* Where the PF's first VF is. */
static int vf_address(const char *pf, char addr[IV_PCI_ADDR_SIZE])
{
	char link[IV_PATH_SIZE], target[PATH_MAX];

	snprintf(link, sizeof(link), "/sys/bus/pci/devices/%s/virtfn0", pf);
	if (!realpath(link, target))
		return -errno;
	snprintf(addr, IV_PCI_ADDR_SIZE, "%s", basename(target));
	return 0;
}

FIXTURE_SETUP(sriov)
{
	memset(&self->vf, 0, sizeof(self->vf));
	self->vf.fd = -1;
	self->vf.iommufd = -1;
	if (!test_role_addr(TEST_IGB))
		SKIP(return, "no device: set %s", test_role_name(TEST_IGB));
	ASSERT_EQ(0, test_device_setup(&self->pf, TEST_IGB, TEST_CLAIMED));
	ASSERT_EQ(0, iv_file_write(PARAMETER, "1"));
	ASSERT_EQ(0, iv_pci_attr_write(self->pf.addr, "sriov_numvfs", "2"));
	ASSERT_EQ(0, vf_address(self->pf.addr, self->vf.addr));
	self->iommufd = iv_iommufd_open();
	ASSERT_GE(self->iommufd, 0);
}

FIXTURE_TEARDOWN(sriov)
{
	test_device_close(&self->vf);
	close(self->iommufd);
	if (!iv_pci_exists(self->pf.addr))
		return;
	iv_pci_attr_write(self->pf.addr, "sriov_numvfs", "0");
	iv_file_write(PARAMETER, "0");
	test_device_teardown(&self->pf);
}

static int open_and_bind(struct test_device *dev, int iommufd, const void *token)
{
	int ret;

	dev->fd = iv_device_open(dev->addr);
	if (dev->fd < 0)
		return dev->fd;
	ret = token ? iv_device_bind_token(dev->fd, iommufd, token, NULL) :
		      iv_device_bind(dev->fd, iommufd, NULL);
	if (ret)
		test_device_close(dev);
	return ret;
}

TEST_F_TIMEOUT(sriov, virtual_functions_get_the_physical_ones_driver, SLOWLY_S)
{
	char driver[IV_DRIVER_NAME_SIZE], override[IV_DRIVER_NAME_SIZE];

	ASSERT_GT(iv_pci_driver(self->vf.addr, driver), -1);
	EXPECT_STREQ("vfio-pci", driver);
	ASSERT_GT(iv_pci_attr_read(self->vf.addr, "driver_override", override,
				   sizeof(override)), 0);
	EXPECT_STREQ("vfio-pci", override);
}

TEST_F_TIMEOUT(sriov, virtual_function_without_token_is_refused, SLOWLY_S)
{
	EXPECT_EQ(-EACCES, open_and_bind(&self->vf, self->iommufd, NULL));
}

TEST_F_TIMEOUT(sriov, nobody_knows_the_first_token, SLOWLY_S)
{
	const uint8_t zero[16] = {};

	EXPECT_EQ(-EACCES, open_and_bind(&self->vf, self->iommufd, zero));
	EXPECT_EQ(-EACCES, open_and_bind(&self->vf, self->iommufd, token_a));
}

TEST_F_TIMEOUT(sriov, token_given_at_bind_of_the_physical_function_opens_the_virtual_one, SLOWLY_S)
{
	ASSERT_EQ(0, open_and_bind(&self->pf, self->iommufd, token_a));
	EXPECT_EQ(-EACCES, open_and_bind(&self->vf, self->iommufd, token_b));
	EXPECT_EQ(0, open_and_bind(&self->vf, self->iommufd, token_a));
}

TEST_F_TIMEOUT(sriov, bind_with_a_token_tells_the_number_of_the_device, SLOWLY_S)
{
	uint32_t devid = 0;

	self->pf.fd = iv_device_open(self->pf.addr);
	ASSERT_LE(0, self->pf.fd);
	EXPECT_EQ(0, iv_device_bind_token(self->pf.fd, self->iommufd, token_a, &devid));
	EXPECT_NE(0, devid);
}

TEST_F_TIMEOUT(sriov, token_set_as_a_feature_replaces_the_one_before, SLOWLY_S)
{
	ASSERT_EQ(0, open_and_bind(&self->pf, self->iommufd, token_a));
	ASSERT_EQ(0, iv_feature_set(self->pf.fd, VFIO_DEVICE_FEATURE_PCI_VF_TOKEN, token_b, 16));
	EXPECT_EQ(-EACCES, open_and_bind(&self->vf, self->iommufd, token_a));
	EXPECT_EQ(0, open_and_bind(&self->vf, self->iommufd, token_b));
}

TEST_F_TIMEOUT(sriov, token_outlives_the_close_of_the_physical_function, SLOWLY_S)
{
	ASSERT_EQ(0, open_and_bind(&self->pf, self->iommufd, token_a));
	test_device_close(&self->pf);
	EXPECT_EQ(0, open_and_bind(&self->vf, self->iommufd, token_a));
}

TEST_F_TIMEOUT(sriov, token_feature_can_be_set_and_not_got, SLOWLY_S)
{
	const uint16_t token = VFIO_DEVICE_FEATURE_PCI_VF_TOKEN;

	ASSERT_EQ(0, open_and_bind(&self->pf, self->iommufd, token_a));
	EXPECT_EQ(0, iv_feature_probe(self->pf.fd, token, VFIO_DEVICE_FEATURE_SET));
	EXPECT_EQ(-EINVAL, iv_feature_probe(self->pf.fd, token, VFIO_DEVICE_FEATURE_GET));
	EXPECT_EQ(-EINVAL, iv_feature_set(self->pf.fd, token, token_b, 15));
	ASSERT_EQ(0, open_and_bind(&self->vf, self->iommufd, token_a));
	EXPECT_EQ(-ENOTTY, iv_feature_probe(self->vf.fd, token, 0));
}

TEST_F_TIMEOUT(sriov, physical_function_needs_the_token_while_virtual_ones_are_open, SLOWLY_S)
{
	ASSERT_EQ(0, open_and_bind(&self->pf, self->iommufd, token_a));
	ASSERT_EQ(0, open_and_bind(&self->vf, self->iommufd, token_a));
	test_device_close(&self->pf);
	EXPECT_EQ(-EACCES, open_and_bind(&self->pf, self->iommufd, NULL));
	EXPECT_EQ(-EACCES, open_and_bind(&self->pf, self->iommufd, token_b));
	EXPECT_EQ(0, open_and_bind(&self->pf, self->iommufd, token_a));
	test_device_close(&self->pf);
	/* With the last of them closed, somebody else may take the PF, and with a token of his. */
	test_device_close(&self->vf);
	EXPECT_EQ(0, open_and_bind(&self->pf, self->iommufd, token_b));
	EXPECT_EQ(-EACCES, open_and_bind(&self->vf, self->iommufd, token_a));
}

/**
 * struct by_group - a function that is used by its group
 * @container: its container
 * @group: its group
 * @fd: the function, or a negative errno
 */
struct by_group {
	int container;
	int group;
	int fd;
};

/* Opens a function by its group, what follows its name being @options. */
static int open_by_group(struct by_group *use, const char *addr, const char *options)
{
	char name[256];

	use->fd = -1;
	use->container = iv_container_open();
	use->group = iv_group_open(addr);
	if (use->container < 0 || use->group < 0)
		return -ENODEV;
	snprintf(name, sizeof(name), "%s%s", addr, options);
	use->fd = iv_group_set_container(use->group, use->container) ?:
		  iv_container_set_type(use->container, VFIO_TYPE1v2_IOMMU) ?:
		  iv_group_device(use->group, name);
	return use->fd < 0 ? use->fd : 0;
}

static void close_by_group(struct by_group *use)
{
	if (use->fd >= 0)
		close(use->fd);
	close(use->group);
	close(use->container);
}

/* token_a and token_b as UUIDs */
#define UUID_A "6120746f-6b65-6e20-6f66-207465737473"
#define UUID_B "6f6e6520-6d6f-7265-206f-66207468656d"

TEST_F_TIMEOUT(sriov, token_in_a_name_opens_the_virtual_function_by_its_group, SLOWLY_S)
{
	static const struct {
		const char *options;
		int error;
	} names[] = {
		{ "", -EACCES }, { " ", -EACCES }, { " vf_token=" UUID_B, -EACCES },
		{ " vf_token=", -EINVAL }, { " vf_token=" UUID_A "0", -EINVAL },
		{ " vf_token=6120746f", -EINVAL }, { " token=" UUID_A, -EINVAL },
		{ " vf_token=" UUID_A " vf_token=" UUID_A, -EINVAL },
		{ "vf_token=" UUID_A, -ENODEV }, { " vf_token=" UUID_A, 0 },
		{ "  vf_token=" UUID_A " ", 0 },
	};
	struct by_group vf;

	ASSERT_EQ(0, open_and_bind(&self->pf, self->iommufd, token_a));
	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		EXPECT_EQ(names[i].error, open_by_group(&vf, self->vf.addr, names[i].options))
			TH_LOG("\"%s\"", names[i].options);
		close_by_group(&vf);
	}
}

TEST_F_TIMEOUT(sriov, token_in_a_name_is_the_physical_functions, SLOWLY_S)
{
	struct by_group pf, vf;

	ASSERT_EQ(0, open_by_group(&pf, self->pf.addr, " vf_token=" UUID_B));
	EXPECT_EQ(-EACCES, open_by_group(&vf, self->vf.addr, " vf_token=" UUID_A));
	close_by_group(&vf);
	EXPECT_EQ(0, open_by_group(&vf, self->vf.addr, " vf_token=" UUID_B));
	close_by_group(&vf);
	EXPECT_EQ(0, open_and_bind(&self->vf, self->iommufd, token_b));
	close_by_group(&pf);
}

/* Groups prove nothing about a function that is used by its own file, nor the other way round. */
TEST_F_TIMEOUT(sriov, hot_reset_of_functions_used_in_both_ways_is_refused, SLOWLY_S)
{
	struct {
		struct vfio_pci_hot_reset hdr;
		int32_t fd;
	} arg = { .hdr = { .argsz = sizeof(arg), .count = 1 } };
	struct iv_hot_reset info;
	struct by_group pf;

	ASSERT_EQ(0, open_by_group(&pf, self->pf.addr, " vf_token=" UUID_A));
	ASSERT_EQ(0, open_and_bind(&self->vf, self->iommufd, token_a));
	arg.fd = pf.group;
	EXPECT_EQ(-EINVAL, iommufd_ioctl(pf.fd, VFIO_DEVICE_PCI_HOT_RESET, &arg));
	ASSERT_EQ(0, iv_hot_reset_info(self->vf.fd, &info));
	EXPECT_EQ(VFIO_PCI_HOT_RESET_FLAG_DEV_ID, info.flags);
	EXPECT_EQ(-EINVAL, iv_hot_reset(self->vf.fd));
	EXPECT_EQ(-EINVAL, iommufd_ioctl(self->vf.fd, VFIO_DEVICE_PCI_HOT_RESET, &arg));
	close_by_group(&pf);
}

TEST_F_TIMEOUT(sriov, failed_bind_of_a_virtual_function_is_not_counted, SLOWLY_S)
{
	const void *nowhere = (const void *)8;

	ASSERT_EQ(0, open_and_bind(&self->pf, self->iommufd, token_a));
	test_device_close(&self->pf);
	EXPECT_EQ(-EACCES, open_and_bind(&self->vf, self->iommufd, token_b));
	EXPECT_EQ(-EFAULT, open_and_bind(&self->vf, self->iommufd, nowhere));
	EXPECT_EQ(0, open_and_bind(&self->pf, self->iommufd, token_b));
}

TEST_F_TIMEOUT(sriov, virtual_function_works, SLOWLY_S)
{
	struct vfio_device_info info;
	uint16_t vendor, device;
	struct iv_region bar;

	ASSERT_EQ(0, open_and_bind(&self->pf, self->iommufd, token_a));
	ASSERT_EQ(0, open_and_bind(&self->vf, self->iommufd, token_a));
	EXPECT_EQ(0, iv_device_info(self->vf.fd, &info));
	EXPECT_TRUE(info.flags & VFIO_DEVICE_FLAGS_RESET);
	EXPECT_EQ(0, iv_config_read16(self->vf.fd, PCI_VENDOR_ID, &vendor));
	EXPECT_EQ(0, iv_config_read16(self->vf.fd, PCI_DEVICE_ID, &device));
	EXPECT_EQ(0x8086, vendor);
	EXPECT_EQ(0x10ca, device);
	ASSERT_EQ(0, iv_region_open(&bar, self->vf.fd, 0));
	ASSERT_EQ(0, iv_region_map(&bar));
	EXPECT_NE(UINT32_MAX, iv_mmio_read32(&bar, 8));
	EXPECT_EQ(0, iv_device_reset(self->vf.fd));
	EXPECT_NE(UINT32_MAX, iv_mmio_read32(&bar, 8));
	iv_region_close(&bar);
}

TEST_F_TIMEOUT(sriov, removing_virtual_functions_takes_them_away_from_their_user, SLOWLY_S)
{
	int64_t start;

	ASSERT_EQ(0, open_and_bind(&self->pf, self->iommufd, token_a));
	ASSERT_EQ(0, open_and_bind(&self->vf, self->iommufd, token_a));
	start = test_now_ms();
	ASSERT_EQ(0, iv_pci_attr_write(self->pf.addr, "sriov_numvfs", "0"));
	EXPECT_TRUE(test_was_prompt(test_now_ms() - start));
	EXPECT_EQ(0, test_fd_is_revoked(self->vf.fd));
	EXPECT_TRUE(iommufd_device_is_bound(self->pf.fd));
	/* The PF's user needs no token any more. */
	test_device_close(&self->pf);
	EXPECT_EQ(0, open_and_bind(&self->pf, self->iommufd, token_b));
}

TEST_F_TIMEOUT(sriov, unbinding_the_physical_function_removes_the_virtual_ones, SLOWLY_S)
{
	ASSERT_EQ(0, open_and_bind(&self->pf, self->iommufd, token_a));
	ASSERT_EQ(0, open_and_bind(&self->vf, self->iommufd, token_a));
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->pf.addr)));
	EXPECT_FALSE(iv_pci_exists(self->vf.addr));
	EXPECT_EQ(0, test_fd_is_revoked(self->vf.fd));
	EXPECT_EQ(0, test_fd_is_revoked(self->pf.fd));
	ASSERT_EQ(0, iv_pci_bind_driver(self->pf.addr, "vfio-pci"));
}

TEST_F_TIMEOUT(sriov, reset_of_the_physical_function_keeps_the_virtual_ones, SLOWLY_S)
{
	uint64_t count;

	ASSERT_EQ(0, open_and_bind(&self->pf, self->iommufd, token_a));
	ASSERT_EQ(0, iv_device_reset(self->pf.fd));
	ASSERT_EQ(0, iv_pci_attr_read_u64(self->pf.addr, "sriov_numvfs", &count));
	EXPECT_EQ(2, count);
	EXPECT_EQ(0, open_and_bind(&self->vf, self->iommufd, token_a));
}

TEST_F_TIMEOUT(sriov, physical_function_cannot_be_put_to_sleep, SLOWLY_S)
{
	uint16_t control;
	int pos;

	ASSERT_EQ(0, open_and_bind(&self->pf, self->iommufd, token_a));
	pos = iv_config_find_cap(self->pf.fd, PCI_CAP_ID_PM);
	ASSERT_GT(pos, 0);
	ASSERT_EQ(0, iv_config_write16(self->pf.fd, pos + PCI_PM_CTRL, 3));
	ASSERT_EQ(0, iv_config_read16(self->pf.fd, pos + PCI_PM_CTRL, &control));
	EXPECT_EQ(0, control & PCI_PM_CTRL_STATE_MASK);
}

TEST_F_TIMEOUT(sriov, hot_reset_of_the_bus_reaches_virtual_functions, SLOWLY_S)
{
	struct iv_hot_reset info;

	ASSERT_EQ(0, open_and_bind(&self->pf, self->iommufd, token_a));
	ASSERT_EQ(0, iv_hot_reset_info(self->pf.fd, &info));
	EXPECT_EQ(3, info.count);
	/* They are nobody's: each is in a group of its own. */
	EXPECT_FALSE(info.flags & VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED);
	EXPECT_EQ(-EINVAL, iv_hot_reset(self->pf.fd));
}

TEST_F_TIMEOUT(sriov, hot_reset_with_a_function_of_another_context_is_refused, SLOWLY_S)
{
	const struct vfio_pci_dependent_device *device;
	struct iv_hot_reset info;
	int other = iv_iommufd_open();

	ASSERT_EQ(0, open_and_bind(&self->pf, self->iommufd, token_a));
	ASSERT_EQ(0, open_and_bind(&self->vf, other, token_a));
	ASSERT_EQ(0, iv_hot_reset_info(self->pf.fd, &info));
	device = iv_hot_reset_find(&info, self->vf.addr);
	ASSERT_NE(NULL, device);
	EXPECT_EQ((uint32_t)VFIO_PCI_DEVID_NOT_OWNED, device->devid);
	EXPECT_EQ(-EINVAL, iv_hot_reset(self->pf.fd));
	EXPECT_EQ(-EINVAL, iv_hot_reset(self->vf.fd));
	close(other);
}

static void vf_loop(struct test_threads *threads, unsigned int index, void *arg)
{
	struct _test_data_sriov *self = arg;

	(void)index;
	while (!test_threads_stopping(threads)) {
		int fd = iv_device_open(self->vf.addr);

		if (fd >= 0) {
			iv_device_bind_token(fd, self->iommufd, token_a, NULL);
			iv_device_reset(fd);
			close(fd);
		}
		atomic_fetch_add(&threads->rounds, 1);
	}
}

TEST_F_TIMEOUT(sriov, virtual_functions_may_come_and_go_while_they_are_opened, SLOWLY_S)
{
	struct test_threads threads;

	ASSERT_EQ(0, open_and_bind(&self->pf, self->iommufd, token_a));
	ASSERT_EQ(0, test_threads_start(&threads, 2, vf_loop, self));
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(0, iv_pci_attr_write(self->pf.addr, "sriov_numvfs", "0"));
		ASSERT_EQ(0, iv_pci_attr_write(self->pf.addr, "sriov_numvfs", "1"));
	}
	test_threads_stop(&threads);
	ASSERT_EQ(0, test_threads_join(&threads, JOIN_MS));
	EXPECT_GT(threads.rounds, 0);
	EXPECT_EQ(0, open_and_bind(&self->vf, self->iommufd, token_a));
}

TEST(sriov_is_not_possible_without_the_parameter)
{
	struct test_device dev;

	if (!test_role_addr(TEST_IGB))
		SKIP(return, "no device: set %s", test_role_name(TEST_IGB));
	ASSERT_EQ(0, test_device_setup(&dev, TEST_IGB, TEST_CLAIMED));
	ASSERT_EQ(0, iv_file_write(PARAMETER, "0"));
	EXPECT_EQ(-ENOENT, iv_pci_attr_write(dev.addr, "sriov_numvfs", "1"));
	EXPECT_EQ(0, iv_pci_attr_write(dev.addr, "sriov_numvfs", "0"));
	test_device_teardown(&dev);
}

TEST(sriov_token_for_a_function_that_knows_none_fails)
{
	struct test_device dev;
	int iommufd = iv_iommufd_open();

	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no device: set %s", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&dev, TEST_EDU, TEST_PARKED));
	EXPECT_EQ(-EINVAL, iv_device_bind_token(dev.fd, iommufd, token_a, NULL));
	EXPECT_TRUE(iommufd_device_is_parked(dev.fd));
	EXPECT_EQ(0, iv_device_bind(dev.fd, iommufd, NULL));
	test_device_teardown(&dev);
	close(iommufd);
}

TEST_HARNESS_MAIN
