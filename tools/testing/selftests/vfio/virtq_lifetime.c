// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may have the virtio disk or card, when it can do DMA, and how it is taken away.
 */
#include "kselftest_harness.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>

#include "iommufd_bind.h"
#include "iv.h"
#include "test_fault.h"
#include "test_hardware.h"
#include "test_memory.h"
#include "test_process.h"
#include "test_thread.h"
#include "test_user.h"
#include "test_virtq.h"
#include "test_wait.h"

/* For kernels with all checks, on a busy machine */
#define SLOW_S 100

#define SECTOR IV_VBLK_SECTOR
#define DATA TEST_VIRTQ_DATA_IOVA

FIXTURE(virtq_lifetime)
{
	struct test_virtq user;
	const char *addr;
};

FIXTURE_SETUP(virtq_lifetime)
{
	if (!test_role_addr(TEST_VIRTIO_BLK))
		SKIP(return, "no device: set %s", test_role_name(TEST_VIRTIO_BLK));
	ASSERT_EQ(0, test_virtq_setup(&self->user, TEST_CLAIMED));
	self->addr = self->user.dev.addr;
}

FIXTURE_TEARDOWN(virtq_lifetime)
{
	test_virtq_teardown(&self->user);
}

TEST_F(virtq_lifetime, bus_mastering_is_on_only_while_bound)
{
	EXPECT_FALSE(test_hw_bus_master(self->addr));
	ASSERT_EQ(0, test_device_advance(&self->user.dev, TEST_PARKED));
	EXPECT_FALSE(test_hw_bus_master(self->addr));
	ASSERT_EQ(0, test_device_advance(&self->user.dev, TEST_BOUND));
	EXPECT_TRUE(test_hw_bus_master(self->addr));
	EXPECT_TRUE(test_hw_msix_enabled(self->addr));
	test_device_close(&self->user.dev);
	EXPECT_FALSE(test_hw_bus_master(self->addr));
	EXPECT_FALSE(test_hw_msix_enabled(self->addr));
}

TEST_F(virtq_lifetime, parked_file_reaches_nothing)
{
	struct iv_virtq_device dev;

	ASSERT_EQ(0, test_device_advance(&self->user.dev, TEST_PARKED));
	EXPECT_TRUE(iommufd_device_is_parked(self->user.dev.fd));
	EXPECT_EQ(-EINVAL, iv_virtq_open(&dev, self->user.dev.fd));
}

TEST_F(virtq_lifetime, second_file_cant_be_bound)
{
	int second;

	ASSERT_EQ(0, test_virtq_start(&self->user));
	second = iv_device_open(self->addr);
	ASSERT_LE(0, second);
	EXPECT_EQ(-EINVAL, iommufd_bind_elsewhere(second));
	EXPECT_EQ(0, iv_vblk_read(&self->user.vblk, 1, DATA, SECTOR));
	close(second);
}

TEST_F(virtq_lifetime, next_user_finds_the_device_in_reset)
{
	struct iv_virtq_device dev;
	uint64_t value;
	uint32_t run;

	ASSERT_EQ(0, test_virtq_start(&self->user));
	/* Not iv_vblk_close(), which resets it */
	test_device_close(&self->user.dev);
	test_virtq_close(&self->user);
	ASSERT_EQ(0, test_device_advance(&self->user.dev, TEST_ATTACHED));
	ASSERT_EQ(0, iv_virtq_open(&dev, self->user.dev.fd));
	EXPECT_EQ(0, iv_virtq_status(&dev));
	EXPECT_EQ(0, iv_virtq_get32(&dev, IV_VIRTQ_REG(run), &run));
	EXPECT_EQ(VFIO_VIRTQ_RUN_RESET, run);
	EXPECT_EQ(0, iv_virtq_get64(&dev, IV_VIRTQ_REG(driver_features), &value));
	EXPECT_EQ(0, value);
	EXPECT_EQ(0, iv_virtq_get64(&dev, IV_VIRTQ_QUEUE_REG(&dev, 0, desc), &value));
	EXPECT_EQ(0, value);
	iv_virtq_close(&dev);
}

/* Fills the queue with reads, so that the device is busy writing to memory. */
static int keep_busy(struct test_virtq *user)
{
	const size_t size = TEST_VIRTQ_DATA_SIZE / 16;
	int ret = 0;

	for (unsigned int i = 0; i < 16 && ret >= 0; i++)
		ret = iv_vblk_add(&user->vblk, VIRTIO_BLK_T_IN, 0, DATA + i * size, size);
	return ret < 0 ? ret : iv_virtq_kick(&user->vblk.queue);
}

TEST_F_TIMEOUT(virtq_lifetime, closing_in_mid_io_stops_the_device, SLOW_S)
{
	for (unsigned int i = 0; i < 10; i++) {
		ASSERT_EQ(0, test_virtq_start(&self->user));
		ASSERT_EQ(0, keep_busy(&self->user));
		/* The doorbell's mapping holds the file, too. */
		iv_region_unmap(&self->user.vblk.dev.notify);
		close(self->user.dev.fd);
		self->user.dev.fd = -1;
		/* The memory is still mapped in the address space. */
		memset(self->user.data.va, 0x5a, TEST_VIRTQ_DATA_SIZE);
		test_sleep_ms(20);
		EXPECT_TRUE(test_memory_is(self->user.data.va, TEST_VIRTQ_DATA_SIZE, 0x5a));
		EXPECT_FALSE(test_hw_bus_master(self->addr));
		test_virtq_close(&self->user);
	}
}

TEST_F(virtq_lifetime, unbinding_in_mid_io_takes_everything_away)
{
	struct pollfd wait;

	ASSERT_EQ(0, test_virtq_start(&self->user));
	ASSERT_EQ(0, keep_busy(&self->user));
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->addr)));
	EXPECT_EQ(0, test_fd_is_revoked(self->user.dev.fd));
	EXPECT_TRUE(test_store_gives_sigbus(self->user.vblk.dev.notify.map));
	wait = (struct pollfd) { .fd = self->user.vblk.eventfd, .events = POLLIN };
	EXPECT_EQ(1, poll(&wait, 1, 0));
	EXPECT_FALSE(test_hw_bus_master(self->addr));
	memset(self->user.data.va, 0x5a, TEST_VIRTQ_DATA_SIZE);
	test_sleep_ms(50);
	EXPECT_TRUE(test_memory_is(self->user.data.va, TEST_VIRTQ_DATA_SIZE, 0x5a));
}

TEST_F(virtq_lifetime, unloading_the_module_takes_everything_away)
{
	ASSERT_EQ(0, test_virtq_start(&self->user));
	EXPECT_EQ(0, test_module_unload("vfio_virtq"));
	EXPECT_EQ(0, test_fd_is_revoked(self->user.dev.fd));
	EXPECT_TRUE(test_load_gives_sigbus(self->user.vblk.dev.notify.map));
	EXPECT_EQ(0, test_module_load("vfio-virtq"));
	EXPECT_EQ(0, test_fd_is_revoked(self->user.dev.fd));
}

TEST_F(virtq_lifetime, sleeper_learns_that_the_device_is_gone)
{
	ASSERT_EQ(0, test_virtq_start(&self->user));
	ASSERT_EQ(0, iv_pci_unbind_driver(self->addr));
	EXPECT_EQ(-ENODEV, iv_vblk_wait(&self->user.vblk, 5000));
}

TEST_F(virtq_lifetime, reset_of_the_function_by_another_is_a_reset_for_its_user)
{
	struct iv_virtq_device *dev = &self->user.vblk.dev;
	uint64_t features;
	uint32_t run;

	ASSERT_EQ(0, test_virtq_start(&self->user));
	if (iv_pci_attr_write(self->addr, "reset", "1") == -ENOENT)
		SKIP(return, "the function can't be reset");
	EXPECT_EQ(0, iv_virtq_get32(dev, IV_VIRTQ_REG(run), &run));
	EXPECT_EQ(VFIO_VIRTQ_RUN_RESET, run);
	EXPECT_EQ(0, iv_virtq_get64(dev, IV_VIRTQ_REG(driver_features), &features));
	EXPECT_EQ(0, features);
	EXPECT_EQ(-EINVAL, iv_virtq_kick_write(&self->user.vblk.queue));
	EXPECT_EQ(-EINVAL, iv_virtq_start(dev));
	EXPECT_TRUE(test_hw_bus_master(self->addr));

	iv_vblk_close(&self->user.vblk);
	ASSERT_EQ(0, iv_vblk_open(&self->user.vblk, self->user.dev.fd, self->user.dev.iommufd,
				  self->user.dev.ioas_id, TEST_VIRTQ_IOVA));
	EXPECT_EQ(0, iv_vblk_read(&self->user.vblk, 1, DATA, SECTOR));
}

/* Threads use all that there is until it is taken away. */
struct busy {
	struct test_virtq *user;
	atomic_uint unexpected;
};

static void use_until_gone(struct test_threads *threads, unsigned int index, void *arg)
{
	struct busy *busy = arg;
	struct iv_virtq_device *dev = &busy->user->vblk.dev;
	int32_t fd = busy->user->vblk.eventfd;
	struct iv_virtq queue = { .dev = dev };
	uint64_t capacity;
	int ret = 0;

	(void)threads;
	for (unsigned int i = index; ret != -ENODEV; i++) {
		switch (i % 6) {
		case 0:
			ret = iv_virtq_status(dev);
			break;
		case 1:
			ret = iv_virtq_reset(dev);
			break;
		case 2:
			ret = iv_virtq_negotiate(dev, IV_VIRTQ_FEATURES);
			break;
		case 3:
			ret = iv_irq_set_eventfds(dev->fd, VFIO_VIRTQ_QUEUE_IRQ_INDEX, 0, 1, &fd);
			break;
		case 4:
			ret = iv_virtq_kick_write(&queue);
			break;
		default:
			ret = iv_region_read(&dev->config, 0, &capacity, sizeof(capacity));
			break;
		}
		if (ret < 0 && ret != -ENODEV && ret != -EBUSY && ret != -EINVAL)
			atomic_fetch_add(&busy->unexpected, 1);
	}
}

TEST_F_TIMEOUT(virtq_lifetime, unbinding_ends_the_calls_of_many_threads, SLOW_S)
{
	struct busy busy = { .user = &self->user };
	struct test_threads threads;

	for (unsigned int i = 0; i < 5; i++) {
		ASSERT_EQ(0, iv_pci_bind_driver(self->addr, "vfio-virtq"));
		ASSERT_EQ(0, test_virtq_start(&self->user));
		ASSERT_EQ(0, test_threads_start(&threads, 4, use_until_gone, &busy));
		test_sleep_ms(30);
		EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->addr)));
		EXPECT_EQ(0, test_threads_join(&threads, 10000));
		EXPECT_EQ(0, atomic_load(&busy.unexpected));
		test_virtq_close(&self->user);
	}
}

/* The card and the balloon share a group. */
FIXTURE(virtq_group)
{
	struct test_device card;
	struct iv_pci_claim partner;
};

FIXTURE_SETUP(virtq_group)
{
	if (!test_role_addr(TEST_VIRTIO_NET) || !test_role_addr(TEST_VIRTIO_PARTNER))
		SKIP(return, "no %s and %s", test_role_name(TEST_VIRTIO_NET),
		     test_role_name(TEST_VIRTIO_PARTNER));
	ASSERT_EQ(iv_pci_group(test_role_addr(TEST_VIRTIO_NET)),
		  iv_pci_group(test_role_addr(TEST_VIRTIO_PARTNER)));
	ASSERT_EQ(0, test_module_load("vfio-virtq"));
	ASSERT_EQ(0, test_device_setup(&self->card, TEST_VIRTIO_NET, TEST_PARKED));
	ASSERT_EQ(0, iv_pci_claim(&self->partner, test_role_addr(TEST_VIRTIO_PARTNER),
				  TEST_NATIVE_DRIVER));
}

FIXTURE_TEARDOWN(virtq_group)
{
	test_device_teardown(&self->card);
	iv_pci_claim_release(&self->partner);
}

TEST_F(virtq_group, native_driver_in_the_group_blocks_bind)
{
	EXPECT_EQ(-EBUSY, iommufd_bind_elsewhere(self->card.fd));
	EXPECT_TRUE(iommufd_device_is_parked(self->card.fd));
	EXPECT_FALSE(test_hw_bus_master(self->card.addr));
	ASSERT_EQ(0, iv_pci_unbind_driver(self->partner.addr));
	EXPECT_EQ(0, iommufd_bind_elsewhere(self->card.fd));
}

TEST_F(virtq_group, native_driver_cant_join_a_bound_group)
{
	char name[IV_DRIVER_NAME_SIZE];

	ASSERT_EQ(0, iv_pci_unbind_driver(self->partner.addr));
	ASSERT_EQ(0, iommufd_bind_elsewhere(self->card.fd));
	EXPECT_GT(0, iv_pci_bind_driver(self->partner.addr, TEST_NATIVE_DRIVER));
	EXPECT_EQ(-ENOENT, iv_pci_driver(self->partner.addr, name));
	test_device_close(&self->card);
	EXPECT_EQ(0, iv_pci_bind_driver(self->partner.addr, TEST_NATIVE_DRIVER));
}

TEST_F(virtq_group, partner_in_another_context_blocks_bind)
{
	int iommufd = iv_iommufd_open(), partner;

	ASSERT_EQ(0, iv_pci_bind_driver(self->partner.addr, "vfio-pci"));
	partner = iv_device_open(self->partner.addr);
	ASSERT_LE(0, partner);
	ASSERT_EQ(0, iv_device_bind(partner, iommufd, NULL));
	EXPECT_EQ(-EBUSY, iommufd_bind_elsewhere(self->card.fd));
	EXPECT_EQ(0, iv_device_bind(self->card.fd, iommufd, NULL));
	close(partner);
	close(iommufd);
}

TEST_F(virtq_group, device_that_bypasses_the_iommu_is_refused)
{
	char name[IV_DRIVER_NAME_SIZE];

	EXPECT_EQ(-ENODEV, iv_pci_bind_driver(self->partner.addr, "vfio-virtq"));
	EXPECT_EQ(-ENOENT, iv_pci_driver(self->partner.addr, name));
	EXPECT_FALSE(test_hw_bus_master(self->partner.addr));
}

TEST(device_that_is_no_virtio_device_is_refused)
{
	struct iv_pci_claim claim;

	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no device: set %s", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_module_load("vfio-virtq"));
	EXPECT_EQ(-ENODEV, iv_pci_claim(&claim, test_role_addr(TEST_EDU), "vfio-virtq"));
	EXPECT_EQ(0, iv_pci_claim_release(&claim));
}

TEST_HARNESS_MAIN
