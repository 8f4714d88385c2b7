// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that never stops to interrupt, and a user who unmasks it as fast as he can; a user who
 * writes nonsense into the MSI-X table, which he may map.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "iv.h"
#include "test_device.h"
#include "test_thread.h"
#include "test_user.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define JOIN_MS 10000
#define ENOUGH 100

FIXTURE(pci_storm)
{
	struct test_user user;
	struct iv_edu edu;
	struct test_threads threads;
};

static void unmask_at_once(struct test_threads *threads, unsigned int index, void *arg)
{
	struct test_user *user = arg;

	(void)index;
	while (!test_threads_stopping(threads)) {
		if (iv_eventfd_wait(user->eventfd, 10) > 0)
			threads->rounds++;
		iv_eventfd_signal(user->unmask);
	}
}

static bool storms(void *arg)
{
	struct test_threads *threads = arg;

	return threads->rounds > ENOUGH;
}

FIXTURE_SETUP(pci_storm)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no device: set %s", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_user_setup(&self->user, TEST_EDU, TEST_USER_INTX_ARMED));
	ASSERT_EQ(0, iv_edu_open(&self->edu, self->user.dev.fd));
	ASSERT_EQ(0, test_threads_start(&self->threads, 1, unmask_at_once, &self->user));
	iv_edu_irq_raise(&self->edu, 1);
	ASSERT_TRUE(test_wait_until(storms, &self->threads, JOIN_MS));
}

FIXTURE_TEARDOWN(pci_storm)
{
	iv_edu_close(&self->edu);
	test_threads_stop(&self->threads);
	EXPECT_EQ(0, test_threads_join(&self->threads, JOIN_MS));
	/* Leave the device quiet for whoever comes next. */
	iv_pci_bind_driver(self->user.dev.addr, "vfio-pci");
	test_user_close(&self->user);
	ASSERT_EQ(0, test_user_advance(&self->user, TEST_USER_BAR_MAPPED));
	iv_mmio_write32(&self->user.bar, IV_EDU_REG_IRQ_ACK, UINT32_MAX);
	test_user_teardown(&self->user);
}

TEST_F(pci_storm, does_not_hold_up_an_unbind)
{
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->user.dev.addr)));
	EXPECT_EQ(0, test_fd_is_revoked(self->user.dev.fd));
}

TEST_F(pci_storm, ends_with_the_interrupt)
{
	ASSERT_EQ(0, iv_irq_disable(self->user.dev.fd, VFIO_PCI_INTX_IRQ_INDEX));
	iv_eventfd_wait(self->user.eventfd, 0);
	test_sleep_ms(50);
	iv_eventfd_wait(self->user.eventfd, 0);
	EXPECT_EQ(0, iv_eventfd_wait(self->user.eventfd, 100));
}

TEST_F(pci_storm, ends_with_the_file)
{
	close(self->user.dev.fd);
	self->user.dev.fd = -1;
	EXPECT_EQ(0, iv_pci_unbind_driver(self->user.dev.addr));
}

TEST(nonsense_in_the_mapped_msix_table_does_no_harm)
{
	int32_t eventfd = iv_eventfd_create();
	struct test_device dev;
	struct iv_region bar;
	uint32_t table;
	int pos;

	if (!test_role_addr(TEST_IGB))
		SKIP(return, "no device: set %s", test_role_name(TEST_IGB));
	ASSERT_LE(0, eventfd);
	ASSERT_EQ(0, test_device_setup(&dev, TEST_IGB, TEST_ATTACHED));
	ASSERT_EQ(0, iv_config_command(dev.fd, PCI_COMMAND_MEMORY, 0));
	pos = iv_config_find_cap(dev.fd, PCI_CAP_ID_MSIX);
	ASSERT_LT(0, pos);
	ASSERT_EQ(0, iv_config_read32(dev.fd, pos + PCI_MSIX_TABLE, &table));
	ASSERT_EQ(0, iv_region_open(&bar, dev.fd, table & PCI_MSIX_TABLE_BIR));
	ASSERT_EQ(0, iv_region_map(&bar));
	for (unsigned int round = 0; round < 2; round++) {
		ASSERT_EQ(0, iv_irq_set_eventfds(dev.fd, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1, &eventfd));
		/* The masks stay set in all that is not in use. */
		for (unsigned int i = 0; i < 16; i++)
			if (i % 4 != 3)
				iv_mmio_write32(&bar, (table & PCI_MSIX_TABLE_OFFSET) + 4 * i,
						UINT32_MAX);
		ASSERT_EQ(0, iv_irq_trigger(dev.fd, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1));
		EXPECT_EQ(1, iv_eventfd_wait(eventfd, 1000));
		ASSERT_EQ(0, iv_irq_disable(dev.fd, VFIO_PCI_MSIX_IRQ_INDEX));
	}
	iv_region_close(&bar);
	test_device_teardown(&dev);
	close(eventfd);
}

TEST_HARNESS_MAIN
