// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ioctls of a device that are stuck in a page fault that nobody serves: whoever did it can be
 * killed, and nobody else has to wait for them.
 */
#include <errno.h>
#include <linux/vfio.h>
#include "iommufd_bind.h"
#include "iommufd_child.h"
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "test_fault.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define MEMORY_SIZE (16 * PAGE)
#define IOVA 0x100000UL

/* A child is stuck; @other does what must go on meanwhile. */
FIXTURE(blocked)
{
	struct test_device dev;
	struct iommufd_child child;
	struct iommufd_child other;
	int spare;
	int64_t pinned;
};

FIXTURE_SETUP(blocked)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	self->pinned = test_pinned_pages();
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_PARKED));
	self->spare = iv_device_open(self->dev.addr);
	ASSERT_LE(0, self->spare);
}

FIXTURE_TEARDOWN(blocked)
{
	EXPECT_EQ(0, iommufd_child_kill(&self->child));
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
	close(self->spare);
	test_device_teardown(&self->dev);
}

static int start_stuck(struct _test_data_blocked *self, iommufd_child_fn function)
{
	int rc, number;

	rc = iommufd_child_start(&self->child, function, self);
	rc = rc ?: iommufd_child_hear(&self->child, &number) ?: number;
	return rc ?: (iommufd_child_is_stuck(&self->child) ? 0 : -ENODATA);
}

static int meanwhile(struct _test_data_blocked *self, iommufd_child_fn function)
{
	return iommufd_child_start(&self->other, function, self) ?:
	       iommufd_child_finish(&self->other);
}

static int stuck_in_bind(struct iommufd_child *parent, void *arg)
{
	const struct _test_data_blocked *self = arg;
	void *memory;
	int uffd = test_unserved_memory(PAGE, &memory);

	iommufd_child_tell(parent, uffd < 0 ? uffd : 0);
	return iommufd_ioctl(self->dev.fd, VFIO_DEVICE_BIND_IOMMUFD, memory);
}

static int stuck_in_attach(struct iommufd_child *parent, void *arg)
{
	const struct _test_data_blocked *self = arg;
	uint32_t ioas_id;
	void *memory;
	int rc, uffd = test_unserved_memory(MEMORY_SIZE, &memory);

	rc = uffd < 0 ? uffd : iv_ioas_alloc(self->dev.iommufd, &ioas_id);
	rc = rc ?: iv_ioas_map(self->dev.iommufd, ioas_id, memory, MEMORY_SIZE, IOVA, IV_DMA_RW);
	iommufd_child_tell(parent, rc);
	return iv_device_attach(self->dev.fd, ioas_id);
}

static int bind_spare(struct iommufd_child *parent, void *arg)
{
	(void)parent;
	return iommufd_bind_elsewhere(((struct _test_data_blocked *)arg)->spare);
}

static int bind_same(struct iommufd_child *parent, void *arg)
{
	(void)parent;
	return iommufd_bind_elsewhere(((struct _test_data_blocked *)arg)->dev.fd);
}

static int ask_device(struct iommufd_child *parent, void *arg)
{
	const struct _test_data_blocked *self = arg;
	uint16_t vendor;

	(void)parent;
	if (!iommufd_device_is_bound(self->dev.fd))
		return -EIO;
	return iv_config_read16(self->dev.fd, PCI_VENDOR_ID, &vendor);
}

static int use_context(struct iommufd_child *parent, void *arg)
{
	const struct _test_data_blocked *self = arg;
	static char page[PAGE] __attribute__((aligned(PAGE)));
	uint32_t ioas_id;

	(void)parent;
	return iv_ioas_alloc(self->dev.iommufd, &ioas_id) ?:
	       iv_ioas_map(self->dev.iommufd, ioas_id, page, PAGE, 0, IV_DMA_RW) ?:
	       iv_iommufd_destroy(self->dev.iommufd, ioas_id);
}

static int unbind_driver(struct iommufd_child *parent, void *arg)
{
	(void)parent;
	return iv_pci_unbind_driver(((struct _test_data_blocked *)arg)->dev.addr);
}

static int attach_second_device(struct iommufd_child *parent, void *arg)
{
	const struct _test_data_blocked *self = arg;
	struct test_device second;
	int rc;

	(void)parent;
	rc = test_device_setup(&second, TEST_HOTPLUG, TEST_PARKED);
	rc = rc ?: iv_device_bind(second.fd, self->dev.iommufd, NULL);
	rc = rc ?: iv_device_attach(second.fd, self->dev.ioas_id);
	test_device_teardown(&second);
	return rc;
}

TEST_F(blocked, bind_can_be_killed)
{
	ASSERT_EQ(0, start_stuck(self, stuck_in_bind));
	EXPECT_EQ(0, iommufd_child_kill(&self->child));
	EXPECT_EQ(0, iommufd_bind_elsewhere(self->dev.fd));
}

TEST_F(blocked, bind_stops_no_other_bind)
{
	ASSERT_EQ(0, start_stuck(self, stuck_in_bind));
	EXPECT_EQ(0, meanwhile(self, bind_spare));
}

TEST_F(blocked, bind_stops_no_bind_of_the_same_descriptor)
{
	ASSERT_EQ(0, start_stuck(self, stuck_in_bind));
	EXPECT_EQ(0, meanwhile(self, bind_same));
}

TEST_F(blocked, bind_stops_no_driver_unbind)
{
	ASSERT_EQ(0, start_stuck(self, stuck_in_bind));
	EXPECT_EQ(0, meanwhile(self, unbind_driver));
}

TEST_F(blocked, attach_can_be_killed_and_leaves_the_device_detached)
{
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_BOUND));
	ASSERT_EQ(0, start_stuck(self, stuck_in_attach));
	EXPECT_EQ(0, iommufd_child_kill(&self->child));
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
	EXPECT_EQ(0, iv_device_attach(self->dev.fd, self->dev.ioas_id));
}

TEST_F(blocked, attach_stops_no_other_use_of_the_device)
{
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_BOUND));
	ASSERT_EQ(0, start_stuck(self, stuck_in_attach));
	EXPECT_EQ(0, meanwhile(self, ask_device));
}

TEST_F(blocked, attach_stops_no_other_use_of_the_context)
{
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_BOUND));
	ASSERT_EQ(0, start_stuck(self, stuck_in_attach));
	EXPECT_EQ(0, meanwhile(self, use_context));
}

TEST_F(blocked, attach_stops_no_attach_of_another_device)
{
	if (!test_role_addr(TEST_HOTPLUG))
		SKIP(return, "no %s device", test_role_name(TEST_HOTPLUG));
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_BOUND));
	ASSERT_EQ(0, start_stuck(self, stuck_in_attach));
	EXPECT_EQ(0, meanwhile(self, attach_second_device));
}

TEST_F(blocked, attach_stops_no_driver_unbind)
{
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_BOUND));
	ASSERT_EQ(0, start_stuck(self, stuck_in_attach));
	EXPECT_EQ(0, meanwhile(self, unbind_driver));
}

TEST_HARNESS_MAIN
