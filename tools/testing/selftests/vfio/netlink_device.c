// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink: devices from idle to revoked, and taking them from their users.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "iv.h"
#include "netlink.h"
#include "test_device.h"
#include "test_process.h"
#include "test_user.h"
#include "kselftest_harness.h"

FIXTURE(netlink_device)
{
	struct test_device dev;
	char name[IV_PCI_ADDR_SIZE];
	struct iv_netlink *nl;
};

FIXTURE_SETUP(netlink_device)
{
	int fd;

	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_CLAIMED));
	fd = iv_device_open(self->dev.addr);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, test_device_name(fd, self->name, sizeof(self->name)));
	close(fd);
	self->nl = malloc(sizeof(*self->nl));
	ASSERT_NE(NULL, self->nl);
	ASSERT_EQ(0, iv_netlink_open(self->nl));
}

FIXTURE_TEARDOWN(netlink_device)
{
	iv_netlink_close(self->nl);
	free(self->nl);
	test_device_teardown(&self->dev);
}

/* What is told of the device, by its name */
static uint64_t told(struct _test_data_netlink_device *self, uint16_t attr)
{
	const struct iv_filter filter = { .attr = IOMMUFD_A_DEVICE_NAME, .name = self->name };
	uint64_t value = NETLINK_NONE;
	struct netlink_list list;

	if (!netlink_list(IOMMUFD_NL_CMD_DEVICE_GET, &filter, 1, &list) && list.count == 1 &&
	    netlink_is(&list, 0, IOMMUFD_A_DEVICE_PARENT, self->dev.addr) &&
	    netlink_is(&list, 0, IOMMUFD_A_DEVICE_BUS, "pci"))
		value = netlink_number(&list, 0, attr);
	netlink_list_free(&list);
	return value;
}

TEST_F(netlink_device, states_are_told)
{
	EXPECT_EQ(IOMMUFD_DEVICE_STATE_IDLE, told(self, IOMMUFD_A_DEVICE_STATE));
	EXPECT_EQ(0, told(self, IOMMUFD_A_DEVICE_FILES));
	EXPECT_EQ(NETLINK_NONE, told(self, IOMMUFD_A_DEVICE_PID));
	EXPECT_NE(NETLINK_NONE, told(self, IOMMUFD_A_DEVICE_GROUP));
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_PARKED));
	EXPECT_EQ(IOMMUFD_DEVICE_STATE_PARKED, told(self, IOMMUFD_A_DEVICE_STATE));
	EXPECT_EQ(getpid(), told(self, IOMMUFD_A_DEVICE_PID));
	EXPECT_EQ(NETLINK_NONE, told(self, IOMMUFD_A_DEVICE_CTX));
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_BOUND));
	EXPECT_EQ(IOMMUFD_DEVICE_STATE_BOUND, told(self, IOMMUFD_A_DEVICE_STATE));
	EXPECT_EQ(netlink_newest_context(getpid()), told(self, IOMMUFD_A_DEVICE_CTX));
	EXPECT_EQ(self->dev.devid, told(self, IOMMUFD_A_DEVICE_ENDPOINT));
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_ATTACHED));
	EXPECT_EQ(IOMMUFD_DEVICE_STATE_ATTACHED, told(self, IOMMUFD_A_DEVICE_STATE));
	EXPECT_NE(NETLINK_NONE, told(self, IOMMUFD_A_DEVICE_HWPT));
	EXPECT_EQ(IOMMUFD_ENDPOINT_KIND_DEVICE, told(self, IOMMUFD_A_DEVICE_KIND));
	test_device_close(&self->dev);
	EXPECT_EQ(IOMMUFD_DEVICE_STATE_IDLE, told(self, IOMMUFD_A_DEVICE_STATE));
	EXPECT_EQ(NETLINK_NONE, told(self, IOMMUFD_A_DEVICE_CTX));
}

TEST_F(netlink_device, revoked_device_can_be_opened_anew)
{
	int fd;

	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_ATTACHED));
	ASSERT_EQ(0, iv_netlink_revoke(self->nl, self->name));
	EXPECT_EQ(0, test_fd_is_revoked(self->dev.fd));
	EXPECT_EQ(IOMMUFD_DEVICE_STATE_REVOKED, told(self, IOMMUFD_A_DEVICE_STATE));
	EXPECT_EQ(1, told(self, IOMMUFD_A_DEVICE_REVOKED_FILES));
	EXPECT_EQ(NETLINK_NONE, told(self, IOMMUFD_A_DEVICE_CTX));
	fd = iv_device_open(self->dev.addr);
	ASSERT_LE(0, fd);
	EXPECT_EQ(IOMMUFD_DEVICE_STATE_PARKED, told(self, IOMMUFD_A_DEVICE_STATE));
	EXPECT_EQ(0, iv_device_bind(fd, self->dev.iommufd, NULL));
	EXPECT_EQ(IOMMUFD_DEVICE_STATE_BOUND, told(self, IOMMUFD_A_DEVICE_STATE));
	close(fd);
	EXPECT_EQ(IOMMUFD_DEVICE_STATE_REVOKED, told(self, IOMMUFD_A_DEVICE_STATE));
}

TEST_F(netlink_device, parked_device_is_revoked_too)
{
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_PARKED));
	ASSERT_EQ(0, iv_netlink_revoke(self->nl, self->name));
	EXPECT_EQ(0, test_fd_is_revoked(self->dev.fd));
}

TEST_F(netlink_device, idle_device_has_nothing_to_be_taken)
{
	EXPECT_EQ(0, iv_netlink_revoke(self->nl, self->name));
	EXPECT_EQ(IOMMUFD_DEVICE_STATE_IDLE, told(self, IOMMUFD_A_DEVICE_STATE));
}

/* Who sleeps on an interrupt is woken when the device is taken. */
TEST_F(netlink_device, sleepers_are_woken)
{
	struct pollfd pollfd = { .events = POLLIN };
	struct test_user user;

	test_device_teardown(&self->dev);
	ASSERT_EQ(0, test_user_setup(&user, TEST_EDU, TEST_USER_MSI_ARMED));
	ASSERT_EQ(0, test_device_name(user.dev.fd, self->name, sizeof(self->name)));
	pollfd.fd = user.eventfd;
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	ASSERT_EQ(0, iv_netlink_revoke(self->nl, self->name));
	EXPECT_EQ(1, poll(&pollfd, 1, 1000));
	EXPECT_EQ(0, test_fd_is_revoked(user.dev.fd));
	test_user_teardown(&user);
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_CLAIMED));
}

TEST_F(netlink_device, removed_device_is_gone)
{
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_BOUND));
	ASSERT_EQ(0, iv_pci_unbind_driver(self->dev.addr));
	EXPECT_EQ(NETLINK_NONE, told(self, IOMMUFD_A_DEVICE_STATE));
	EXPECT_EQ(-ENODEV, iv_netlink_revoke(self->nl, self->name));
	test_device_teardown(&self->dev);
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_CLAIMED));
}

/* CAP_NET_ADMIN is enough to look, but not to take. */
static int without_sys_admin(void *arg)
{
	struct _test_data_netlink_device *self = arg;
	struct iv_netlink *nl = malloc(sizeof(*nl));
	int rc = nl ? test_drop_capability(21) : -ENOMEM;

	rc = rc ?: iv_netlink_open(nl);
	if (rc)
		return rc;
	if (iv_netlink_revoke(nl, self->name) != -EPERM)
		return -ENOTRECOVERABLE;
	return told(self, IOMMUFD_A_DEVICE_STATE) == IOMMUFD_DEVICE_STATE_PARKED ?
		       0 : -ENOTRECOVERABLE;
}

TEST_F(netlink_device, revoke_needs_more_than_a_look)
{
	const struct test_privilege same = {};

	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_PARKED));
	EXPECT_EQ(0, test_run_in_child(without_sys_admin, self, &same));
	EXPECT_EQ(-1, test_fd_is_revoked(self->dev.fd));
}

TEST_HARNESS_MAIN
