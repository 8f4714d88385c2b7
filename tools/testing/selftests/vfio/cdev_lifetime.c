// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who keeps a device bound: every descriptor, wherever it has gone, and every mapping.
 */
#include <errno.h>
#include <fcntl.h>
#include "iommufd_bind.h"
#include "iommufd_child.h"
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define PAGES 16
#define IOVA 0x100000UL

/* The device is bound to a context; @spare is a second, parked descriptor of it. */
FIXTURE(lifetime)
{
	struct test_device dev;
	struct iommufd_child child;
	int spare;
	int64_t pinned;
};

FIXTURE_SETUP(lifetime)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	self->pinned = test_pinned_pages();
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_PARKED));
	self->spare = iv_device_open(self->dev.addr);
	ASSERT_LE(0, self->spare);
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_BOUND));
}

/* At the end of every test nobody is left, and the device is free. */
FIXTURE_TEARDOWN(lifetime)
{
	test_device_close(&self->dev);
	EXPECT_TRUE(iommufd_becomes_bindable(self->spare));
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
	close(self->spare);
	test_device_teardown(&self->dev);
}

static bool is_taken(const struct _test_data_lifetime *self)
{
	return iommufd_bind_elsewhere(self->spare) == -EINVAL;
}

TEST_F(lifetime, duplicate_is_bound_too)
{
	int duplicate = dup(self->dev.fd);

	ASSERT_LE(0, duplicate);
	EXPECT_TRUE(iommufd_device_is_bound(duplicate));
	close(duplicate);
	EXPECT_TRUE(iommufd_device_is_bound(self->dev.fd));
}

TEST_F(lifetime, duplicate_keeps_the_binding)
{
	int duplicate = dup(self->dev.fd);

	ASSERT_LE(0, duplicate);
	close(self->dev.fd);
	self->dev.fd = -1;
	EXPECT_TRUE(iommufd_device_is_bound(duplicate));
	EXPECT_TRUE(is_taken(self));
	close(duplicate);
}

TEST_F(lifetime, binding_a_duplicate_binds_the_original)
{
	int duplicate = dup(self->spare);

	ASSERT_LE(0, duplicate);
	test_device_close(&self->dev);
	ASSERT_EQ(0, iommufd_bind_elsewhere(duplicate));
	EXPECT_TRUE(iommufd_device_is_bound(self->spare));
	close(duplicate);
	close(self->spare);
	self->spare = iv_device_open(self->dev.addr);
	ASSERT_LE(0, self->spare);
}

TEST_F(lifetime, mapping_keeps_the_binding)
{
	struct iv_region bar;

	ASSERT_EQ(0, iv_region_open(&bar, self->dev.fd, VFIO_PCI_BAR0_REGION_INDEX));
	ASSERT_EQ(0, iv_region_map(&bar));
	close(self->dev.fd);
	self->dev.fd = -1;
	EXPECT_TRUE(is_taken(self));
	iv_region_unmap(&bar);
}

static int child_waits(struct iommufd_child *parent, void *arg)
{
	const struct _test_data_lifetime *self = arg;
	int number, rc;

	close(self->spare);
	iommufd_child_tell(parent, iommufd_device_is_bound(self->dev.fd) ? 0 : -EIO);
	rc = iommufd_child_hear(parent, &number);
	return rc ?: (iommufd_device_is_bound(self->dev.fd) ? 0 : -EIO);
}

static int start_waiting_child(struct _test_data_lifetime *self)
{
	int number, rc;

	rc = iommufd_child_start(&self->child, child_waits, self);
	return rc ?: iommufd_child_hear(&self->child, &number) ?: number;
}

TEST_F(lifetime, end_of_a_forked_child_keeps_the_binding)
{
	ASSERT_EQ(0, start_waiting_child(self));
	ASSERT_EQ(0, iommufd_child_kill(&self->child));
	EXPECT_TRUE(iommufd_device_is_bound(self->dev.fd));
	EXPECT_TRUE(is_taken(self));
}

TEST_F(lifetime, forked_child_keeps_the_binding)
{
	ASSERT_EQ(0, start_waiting_child(self));
	test_device_close(&self->dev);
	EXPECT_TRUE(is_taken(self));
	ASSERT_EQ(0, iommufd_child_tell(&self->child, 0));
	EXPECT_EQ(0, iommufd_child_finish(&self->child));
}

TEST_F(lifetime, kill_of_the_last_holder_frees_the_device)
{
	char *memory = test_memory_alloc(PAGES * PAGE, PAGE);

	ASSERT_NE(NULL, memory);
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_ATTACHED));
	ASSERT_EQ(0, iv_ioas_map(self->dev.iommufd, self->dev.ioas_id, memory, PAGES * PAGE, IOVA,
				 IV_DMA_RW));
	ASSERT_EQ(0, start_waiting_child(self));
	test_device_close(&self->dev);
	EXPECT_EQ(self->pinned + PAGES, test_pinned_pages());
	EXPECT_EQ(0, iommufd_child_kill(&self->child));
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
	test_memory_free(memory, PAGES * PAGE);
}

static int child_receives_and_binds(struct iommufd_child *parent, void *arg)
{
	struct _test_data_lifetime *self = arg;
	int fd, iommufd;

	test_device_close(&self->dev);
	fd = iommufd_child_receive_fd(parent);
	iommufd = iommufd_child_receive_fd(parent);
	return fd < 0 ? fd : iommufd < 0 ? iommufd : iv_device_bind(fd, iommufd, NULL);
}

TEST_F(lifetime, receiver_of_both_descriptors_can_bind)
{
	close(self->dev.fd);
	self->dev.fd = iv_device_open(self->dev.addr);
	ASSERT_LE(0, self->dev.fd);
	ASSERT_EQ(0, iommufd_child_start(&self->child, child_receives_and_binds, self));
	ASSERT_EQ(0, iommufd_child_send_fd(&self->child, self->dev.fd));
	ASSERT_EQ(0, iommufd_child_send_fd(&self->child, self->dev.iommufd));
	EXPECT_EQ(0, iommufd_child_finish(&self->child));
	EXPECT_TRUE(iommufd_device_is_bound(self->dev.fd));
}

static int child_executes(struct iommufd_child *parent, void *arg)
{
	const struct _test_data_lifetime *self = arg;
	int number, null = open("/dev/null", O_WRONLY);

	close(self->spare);
	iommufd_child_hear(parent, &number);
	dup2(null, STDERR_FILENO);
	execl("/proc/self/exe", "cdev_lifetime", "-h", NULL);
	return -errno;
}

TEST_F(lifetime, exec_frees_the_device)
{
	ASSERT_EQ(0, iommufd_child_start(&self->child, child_executes, self));
	test_device_close(&self->dev);
	EXPECT_TRUE(is_taken(self));
	ASSERT_EQ(0, iommufd_child_tell(&self->child, 0));
	EXPECT_TRUE(iommufd_becomes_bindable(self->spare));
	EXPECT_EQ(0, iommufd_child_kill(&self->child));
	close(self->spare);
	self->spare = iv_device_open(self->dev.addr);
	ASSERT_LE(0, self->spare);
}

static int child_reads_nothing(struct iommufd_child *parent, void *arg)
{
	struct _test_data_lifetime *self = arg;
	int number;

	test_device_close(&self->dev);
	close(self->spare);
	iommufd_child_tell(parent, 0);
	return iommufd_child_hear(parent, &number);
}

TEST_F(lifetime, descriptor_in_a_socket_keeps_the_binding_until_the_socket_goes)
{
	int number;

	ASSERT_EQ(0, iommufd_child_start(&self->child, child_reads_nothing, self));
	ASSERT_EQ(0, iommufd_child_hear(&self->child, &number));
	kill(self->child.pid, SIGSTOP);
	ASSERT_EQ(0, iommufd_child_send_fd(&self->child, self->dev.fd));
	test_device_close(&self->dev);
	EXPECT_TRUE(is_taken(self));
	EXPECT_EQ(0, iommufd_child_kill(&self->child));
}

TEST_HARNESS_MAIN
