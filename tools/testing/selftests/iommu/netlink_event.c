// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink: events come, in order, and nobody waits for those who don't listen well.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include "fault_queue.h"
#include "iommufd_ioctl.h"
#include "iommufd_pasid.h"
#include "iv.h"
#include "mock_vfio.h"
#include "netlink.h"
#include "test_process.h"
#include "kselftest_harness.h"

#define WAIT_MS 5000
/* Of a listener that does not listen, in bytes; and contexts of which it can't hear all */
#define ROOM 16384
#define MORE_THAN_ROOM 500

FIXTURE(netlink_event)
{
	struct iv_netlink *nl;
	int iommufd;
	int fd;
	char device[32];
	uint32_t ctx;
	uint32_t ioas_id;
	uint32_t devid;
};

/* A parked device, and a listener that has heard nothing yet */
FIXTURE_SETUP(netlink_event)
{
	char path[64], target[128] = {};

	ASSERT_EQ(0, mock_vfio_load());
	self->iommufd = iv_iommufd_open();
	ASSERT_LE(0, self->iommufd);
	self->ctx = netlink_newest_context(getpid());
	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &self->ioas_id));
	self->fd = mock_vfio_open(MOCK_VFIO_DEVICE, 0);
	ASSERT_LE(0, self->fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->fd);
	ASSERT_LT(0, readlink(path, target, sizeof(target) - 1));
	snprintf(self->device, sizeof(self->device), "%.31s", strrchr(target, '/') + 1);
	self->nl = malloc(sizeof(*self->nl));
	ASSERT_NE(NULL, self->nl);
	ASSERT_EQ(0, iv_netlink_open(self->nl));
	ASSERT_EQ(0, iv_netlink_listen(self->nl));
}

FIXTURE_TEARDOWN(netlink_event)
{
	iv_netlink_close(self->nl);
	free(self->nl);
	if (self->fd >= 0)
		close(self->fd);
	close(self->iommufd);
	EXPECT_EQ(0, mock_vfio_unload());
}

/* The next event that is there or comes soon; -ETIME if there is none. */
static int next_event(struct iv_netlink *nl, struct iv_attrs *attrs)
{
	struct pollfd pollfd = { .fd = nl->fd, .events = POLLIN };

	if (!iv_netlink_pending(nl) && poll(&pollfd, 1, WAIT_MS) != 1)
		return -ETIME;
	return iv_netlink_event(nl, attrs);
}

/* Whether the next event is of this kind and about the fixture's context */
static bool hear(struct _test_data_netlink_event *self, struct iv_attrs *attrs,
		 enum iommufd_event_kind kind)
{
	return !next_event(self->nl, attrs) &&
	       iv_attrs_number(attrs, IOMMUFD_A_EVENT_KIND, NETLINK_NONE) == kind &&
	       iv_attrs_number(attrs, IOMMUFD_A_EVENT_CTX, NETLINK_NONE) == self->ctx;
}

static bool says(const struct iv_attrs *attrs, uint16_t type, const char *string)
{
	const struct nlattr *attr = iv_attr_find(attrs, type);

	return attr && !strcmp(iv_attr_string(attr, NULL), string);
}

TEST_F(netlink_event, life_of_a_session_is_told)
{
	struct iv_attrs attrs;
	uint32_t hwpt_id = self->ioas_id;

	ASSERT_EQ(0, iv_device_bind(self->fd, self->iommufd, &self->devid));
	ASSERT_TRUE(hear(self, &attrs, IOMMUFD_EVENT_KIND_BIND));
	EXPECT_TRUE(says(&attrs, IOMMUFD_A_EVENT_DEVICE, self->device));
	EXPECT_EQ(self->devid, iv_attrs_number(&attrs, IOMMUFD_A_EVENT_ENDPOINT, 0));
	ASSERT_EQ(0, iv_device_attach_get(self->fd, &hwpt_id));
	ASSERT_TRUE(hear(self, &attrs, IOMMUFD_EVENT_KIND_ATTACH));
	EXPECT_TRUE(says(&attrs, IOMMUFD_A_EVENT_DEVICE, self->device));
	EXPECT_EQ(hwpt_id, iv_attrs_number(&attrs, IOMMUFD_A_EVENT_HWPT, 0));
	ASSERT_EQ(0, iv_device_detach(self->fd));
	ASSERT_TRUE(hear(self, &attrs, IOMMUFD_EVENT_KIND_DETACH));
	close(self->fd);
	self->fd = -1;
	ASSERT_TRUE(hear(self, &attrs, IOMMUFD_EVENT_KIND_PARK));
	EXPECT_TRUE(says(&attrs, IOMMUFD_A_EVENT_DEVICE, self->device));
}

TEST_F(netlink_event, contexts_are_told)
{
	struct iv_attrs attrs;
	int fd = iv_iommufd_open();

	ASSERT_LE(0, fd);
	self->ctx = netlink_newest_context(getpid());
	close(fd);
	ASSERT_TRUE(hear(self, &attrs, IOMMUFD_EVENT_KIND_CTX_OPEN));
	EXPECT_EQ(getpid(), iv_attrs_number(&attrs, IOMMUFD_A_EVENT_PID, 0));
	ASSERT_TRUE(hear(self, &attrs, IOMMUFD_EVENT_KIND_CTX_CLOSE));
}

TEST_F(netlink_event, refused_bind_says_why)
{
	struct iv_attrs attrs;
	int other = mock_vfio_open(MOCK_VFIO_DEVICE, 0);

	ASSERT_LE(0, other);
	ASSERT_EQ(0, iv_device_bind(self->fd, self->iommufd, &self->devid));
	ASSERT_TRUE(hear(self, &attrs, IOMMUFD_EVENT_KIND_BIND));
	EXPECT_EQ(-EINVAL, iv_device_bind(other, self->iommufd, NULL));
	ASSERT_TRUE(hear(self, &attrs, IOMMUFD_EVENT_KIND_BIND_REFUSED));
	EXPECT_TRUE(says(&attrs, IOMMUFD_A_EVENT_DEVICE, self->device));
	EXPECT_EQ(EINVAL, iv_attrs_number(&attrs, IOMMUFD_A_EVENT_ERRNO, 0));
	EXPECT_TRUE(says(&attrs, IOMMUFD_A_EVENT_REASON, "it is bound already"));
	close(other);
}

TEST_F(netlink_event, unsafe_interrupts_are_a_reason)
{
	struct iv_attrs attrs;

	ASSERT_EQ(0, unsafe_interrupts_allow(0));
	EXPECT_EQ(-EPERM, iv_device_bind(self->fd, self->iommufd, &self->devid));
	ASSERT_EQ(0, unsafe_interrupts_allow(1));
	ASSERT_TRUE(hear(self, &attrs, IOMMUFD_EVENT_KIND_BIND_REFUSED));
	EXPECT_EQ(EPERM, iv_attrs_number(&attrs, IOMMUFD_A_EVENT_ERRNO, 0));
	EXPECT_TRUE(says(&attrs, IOMMUFD_A_EVENT_REASON, "its interrupts are not isolated"));
}

TEST_F(netlink_event, revoke_is_told)
{
	static struct iv_netlink nl;
	struct iv_attrs attrs;

	ASSERT_EQ(0, iv_device_bind(self->fd, self->iommufd, &self->devid));
	ASSERT_TRUE(hear(self, &attrs, IOMMUFD_EVENT_KIND_BIND));
	ASSERT_EQ(0, iv_netlink_open(&nl));
	ASSERT_EQ(0, iv_netlink_revoke(&nl, self->device));
	iv_netlink_close(&nl);
	ASSERT_TRUE(hear(self, &attrs, IOMMUFD_EVENT_KIND_REVOKE));
	EXPECT_TRUE(says(&attrs, IOMMUFD_A_EVENT_DEVICE, self->device));
	ASSERT_TRUE(hear(self, &attrs, IOMMUFD_EVENT_KIND_PARK));
}

TEST_F(netlink_event, quota_is_told)
{
	struct iv_pasid pasid;
	struct iv_attrs attrs;
	unsigned int old;

	ASSERT_EQ(0, iv_device_bind(self->fd, self->iommufd, &self->devid));
	ASSERT_TRUE(hear(self, &attrs, IOMMUFD_EVENT_KIND_BIND));
	ASSERT_EQ(0, iommufd_pasid_limit(0, &old));
	EXPECT_EQ(-EDQUOT, iv_pasid_alloc(self->iommufd, self->devid,
					  IOMMU_PASID_SCOPE_EXCLUSIVE, &pasid));
	ASSERT_EQ(0, iommufd_pasid_limit(old, NULL));
	ASSERT_TRUE(hear(self, &attrs, IOMMUFD_EVENT_KIND_QUOTA));
	EXPECT_EQ(IOMMUFD_QUOTA_PASIDS, iv_attrs_number(&attrs, IOMMUFD_A_EVENT_QUOTA, 99));
}

TEST_F(netlink_event, fault_is_told)
{
	const struct fault_request request = { .grpid = 5, .perm = 1, .addr = 0x1000000 };
	struct fault_queue queue;
	struct mock_device dev;
	struct iv_attrs attrs;
	uint32_t hwpt_id;

	ASSERT_EQ(0, mock_device_create(&dev, self->iommufd, self->ioas_id, 0));
	ASSERT_EQ(0, fault_queue_alloc(self->iommufd, &queue));
	ASSERT_EQ(0, fault_hwpt_alloc(self->iommufd, dev.devid, self->ioas_id, queue.id, 0,
				      &hwpt_id));
	ASSERT_EQ(0, mock_device_attach(&dev, hwpt_id, NULL));
	ASSERT_EQ(0, mock_device_request(&dev, &request, true));
	do {
		ASSERT_EQ(0, next_event(self->nl, &attrs));
	} while (iv_attrs_number(&attrs, IOMMUFD_A_EVENT_KIND, 0) != IOMMUFD_EVENT_KIND_FAULT);
	EXPECT_EQ(request.addr, iv_attrs_number(&attrs, IOMMUFD_A_EVENT_ADDRESS, 0));
	EXPECT_EQ(hwpt_id, iv_attrs_number(&attrs, IOMMUFD_A_EVENT_HWPT, 0));
	EXPECT_EQ(dev.devid, iv_attrs_number(&attrs, IOMMUFD_A_EVENT_ENDPOINT, 0));
	close(queue.fd);
}

/* Who sleeps loses events, is told so once, and hears the next ones. Others never wait. */
TEST_F(netlink_event, slow_listener_is_told)
{
	struct iv_attrs attrs;
	unsigned int i;
	char buffer[1024];
	const int room = ROOM;
	int fd, rc = 0;

	ASSERT_EQ(0, setsockopt(self->nl->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)));
	for (i = 0; i < MORE_THAN_ROOM; i++) {
		fd = iv_iommufd_open();
		ASSERT_LE(0, fd);
		close(fd);
	}
	for (i = 0; i < 10 * MORE_THAN_ROOM && !rc; i++)
		rc = next_event(self->nl, &attrs);
	EXPECT_EQ(-ENOBUFS, rc);
	/* What it had got before is still there; then come new ones. */
	do {
		rc = recv(self->nl->fd, buffer, sizeof(buffer), MSG_DONTWAIT);
	} while (rc > 0);
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, iv_device_bind(self->fd, self->iommufd, &self->devid));
	EXPECT_TRUE(hear(self, &attrs, IOMMUFD_EVENT_KIND_BIND));
}

TEST_HARNESS_MAIN
