// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts that devices really raise: edu's INTx and MSI, igb's MSI-X.
 */
#include "kselftest_harness.h"

#include "iv.h"
#include "test_device.h"
#include "test_hardware.h"
#include "test_memory.h"
#include "test_wait.h"

#define DATA_BOOL VFIO_IRQ_SET_DATA_BOOL
#define ACTION_MASK VFIO_IRQ_SET_ACTION_MASK
#define ACTION_TRIGGER VFIO_IRQ_SET_ACTION_TRIGGER

#define INTX VFIO_PCI_INTX_IRQ_INDEX
#define MSI VFIO_PCI_MSI_IRQ_INDEX
#define MSIX VFIO_PCI_MSIX_IRQ_INDEX

/* How long an interrupt may take, and how long none must come. */
#define SOON_MS 1000
#define QUIET_MS 50

/* Interrupts that edu really raises. */

FIXTURE(pci_edu_irq)
{
	struct test_device dev;
	struct iv_edu edu;
	int fd;
	int32_t eventfd;
	int32_t unmask;
};

FIXTURE_SETUP(pci_edu_irq)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no device: set %s", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_ATTACHED));
	self->fd = self->dev.fd;
	self->eventfd = iv_eventfd_create();
	self->unmask = iv_eventfd_create();
	EXPECT_EQ(0, iv_edu_open(&self->edu, self->fd));
	iv_edu_irq_ack(&self->edu, UINT32_MAX);
}

FIXTURE_TEARDOWN(pci_edu_irq)
{
	if (self->edu.bar.map)
		iv_edu_irq_ack(&self->edu, UINT32_MAX);
	iv_edu_close(&self->edu);
	test_device_teardown(&self->dev);
	close(self->eventfd);
	close(self->unmask);
}

TEST_F(pci_edu_irq, msi_signals_the_eventfd)
{
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, MSI, 0, 1, &self->eventfd));
	iv_edu_irq_raise(&self->edu, 2);
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
	EXPECT_EQ(2, iv_edu_irq_status(&self->edu));
}

TEST_F(pci_edu_irq, each_msi_counts)
{
	int64_t count = 0, got;

	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, MSI, 0, 1, &self->eventfd));
	for (int i = 0; i < 10; i++) {
		iv_edu_irq_raise(&self->edu, 1);
		got = iv_eventfd_wait(self->eventfd, SOON_MS);
		ASSERT_GE(got, 0);
		count += got;
		iv_edu_irq_ack(&self->edu, 1);
	}
	EXPECT_EQ(10, count);
}

TEST_F(pci_edu_irq, msi_after_disabling_is_not_signalled)
{
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, MSI, 0, 1, &self->eventfd));
	ASSERT_EQ(0, iv_irq_disable(self->fd, MSI));
	iv_edu_irq_raise(&self->edu, 1);
	EXPECT_EQ(0, iv_eventfd_wait(self->eventfd, QUIET_MS));
}

TEST_F(pci_edu_irq, intx_signals_the_eventfd_once_and_masks_itself)
{
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, INTX, 0, 1, &self->eventfd));
	iv_edu_irq_raise(&self->edu, 1);
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
	EXPECT_EQ(0, iv_eventfd_wait(self->eventfd, QUIET_MS));
}

TEST_F(pci_edu_irq, intx_comes_again_after_unmask_while_it_is_asserted)
{
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, INTX, 0, 1, &self->eventfd));
	iv_edu_irq_raise(&self->edu, 1);
	ASSERT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
	ASSERT_EQ(0, iv_irq_unmask(self->fd, INTX));
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
}

/* edu can't be reset, so what it has raised stands. */
TEST_F(pci_edu_irq, intx_that_a_user_left_pending_is_masked_until_the_next_one)
{
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, INTX, 0, 1, &self->eventfd));
	iv_edu_irq_raise(&self->edu, 1);
	ASSERT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
	iv_edu_close(&self->edu);
	test_device_close(&self->dev);
	EXPECT_NE(0, test_hw_read16(self->dev.addr, PCI_COMMAND) & PCI_COMMAND_INTX_DISABLE);
	ASSERT_EQ(0, iv_pci_unbind_driver(self->dev.addr));
	EXPECT_NE(0, test_hw_read16(self->dev.addr, PCI_COMMAND) & PCI_COMMAND_INTX_DISABLE);
	ASSERT_EQ(0, iv_pci_bind_driver(self->dev.addr, "vfio-pci"));

	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_ATTACHED));
	self->fd = self->dev.fd;
	EXPECT_NE(0, test_hw_read16(self->dev.addr, PCI_COMMAND) & PCI_COMMAND_INTX_DISABLE);
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, INTX, 0, 1, &self->eventfd));
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
	ASSERT_EQ(0, iv_edu_open(&self->edu, self->fd));
	EXPECT_EQ(1, iv_edu_irq_status(&self->edu));
}

TEST_F(pci_edu_irq, intx_stays_quiet_after_acknowledge_and_unmask)
{
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, INTX, 0, 1, &self->eventfd));
	iv_edu_irq_raise(&self->edu, 1);
	ASSERT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
	iv_edu_irq_ack(&self->edu, 1);
	ASSERT_EQ(0, iv_irq_unmask(self->fd, INTX));
	EXPECT_EQ(0, iv_eventfd_wait(self->eventfd, QUIET_MS));
	iv_edu_irq_raise(&self->edu, 1);
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
}

TEST_F(pci_edu_irq, intx_masked_by_ioctl_waits_for_unmask)
{
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, INTX, 0, 1, &self->eventfd));
	ASSERT_EQ(0, iv_irq_mask(self->fd, INTX));
	iv_edu_irq_raise(&self->edu, 1);
	EXPECT_EQ(0, iv_eventfd_wait(self->eventfd, QUIET_MS));
	ASSERT_EQ(0, iv_irq_unmask(self->fd, INTX));
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
}

TEST_F(pci_edu_irq, intx_mask_with_data_bool_false_does_nothing)
{
	uint8_t no = 0;

	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, INTX, 0, 1, &self->eventfd));
	ASSERT_EQ(0, iv_irq_set(self->fd, DATA_BOOL | ACTION_MASK, INTX, 0, 1, &no, 1));
	iv_edu_irq_raise(&self->edu, 1);
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
}

TEST_F(pci_edu_irq, intx_is_unmasked_by_its_eventfd)
{
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, INTX, 0, 1, &self->eventfd));
	ASSERT_EQ(0, iv_irq_set_unmask_eventfd(self->fd, INTX, self->unmask));
	for (int i = 0; i < 3; i++) {
		iv_edu_irq_raise(&self->edu, 1);
		ASSERT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
		iv_edu_irq_ack(&self->edu, 1);
		ASSERT_EQ(0, iv_eventfd_signal(self->unmask));
	}
}

TEST_F(pci_edu_irq, removed_unmask_eventfd_does_nothing)
{
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, INTX, 0, 1, &self->eventfd));
	ASSERT_EQ(0, iv_irq_set_unmask_eventfd(self->fd, INTX, self->unmask));
	ASSERT_EQ(0, iv_irq_set_unmask_eventfd(self->fd, INTX, -1));
	iv_edu_irq_raise(&self->edu, 1);
	ASSERT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
	ASSERT_EQ(0, iv_eventfd_signal(self->unmask));
	EXPECT_EQ(0, iv_eventfd_wait(self->eventfd, QUIET_MS));
}

TEST_F(pci_edu_irq, unmask_eventfd_closed_by_its_user_does_no_harm)
{
	int32_t unmask = iv_eventfd_create();

	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, INTX, 0, 1, &self->eventfd));
	ASSERT_EQ(0, iv_irq_set_unmask_eventfd(self->fd, INTX, unmask));
	close(unmask);
	iv_edu_irq_raise(&self->edu, 1);
	ASSERT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
	ASSERT_EQ(0, iv_irq_unmask(self->fd, INTX));
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
}

TEST_F(pci_edu_irq, bad_unmask_eventfd_is_refused)
{
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, INTX, 0, 1, &self->eventfd));
	EXPECT_EQ(-EBADF, iv_irq_set_unmask_eventfd(self->fd, INTX, 9999));
	EXPECT_EQ(-EINVAL, iv_irq_set_unmask_eventfd(self->fd, INTX, self->dev.iommufd));
}

TEST_F(pci_edu_irq, mask_eventfd_is_not_offered)
{
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, INTX, 0, 1, &self->eventfd));
	EXPECT_EQ(-ENOTTY, iv_irq_set_mask_eventfd(self->fd, INTX, self->unmask));
}

TEST_F(pci_edu_irq, mask_and_unmask_before_enabling_fail)
{
	EXPECT_EQ(-EINVAL, iv_irq_mask(self->fd, INTX));
	EXPECT_EQ(-EINVAL, iv_irq_unmask(self->fd, INTX));
	EXPECT_EQ(-EINVAL, iv_irq_set_unmask_eventfd(self->fd, INTX, self->unmask));
}

TEST_F(pci_edu_irq, intx_raised_before_enabling_comes_when_enabled)
{
	iv_edu_irq_raise(&self->edu, 1);
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, INTX, 0, 1, &self->eventfd));
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
}

TEST_F(pci_edu_irq, intx_disable_bit_of_the_user_holds_it_back)
{
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, INTX, 0, 1, &self->eventfd));
	ASSERT_EQ(0, iv_config_command(self->fd, PCI_COMMAND_INTX_DISABLE, 0));
	iv_edu_irq_raise(&self->edu, 1);
	EXPECT_EQ(0, iv_eventfd_wait(self->eventfd, QUIET_MS));
	ASSERT_EQ(0, iv_config_command(self->fd, 0, PCI_COMMAND_INTX_DISABLE));
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
}

TEST_F(pci_edu_irq, close_with_an_asserted_intx_leaves_the_device_usable)
{
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, INTX, 0, 1, &self->eventfd));
	iv_edu_irq_raise(&self->edu, 1);
	ASSERT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
	ASSERT_EQ(0, iv_irq_unmask(self->fd, INTX));
	iv_edu_close(&self->edu);
	test_device_close(&self->dev);
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_ATTACHED));
	self->fd = self->dev.fd;
	ASSERT_EQ(0, iv_edu_open(&self->edu, self->fd));
	EXPECT_EQ(1, iv_edu_irq_status(&self->edu));
	iv_edu_irq_ack(&self->edu, 1);
	while (iv_eventfd_wait(self->eventfd, 0) > 0)
		;
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, INTX, 0, 1, &self->eventfd));
	EXPECT_EQ(0, iv_eventfd_wait(self->eventfd, QUIET_MS));
	iv_edu_irq_raise(&self->edu, 1);
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
}

TEST_F(pci_edu_irq, dma_completion_interrupt_comes_after_the_data)
{
	struct iv_dma dma;

	ASSERT_EQ(0, iv_dma_alloc(&dma, self->dev.iommufd, self->dev.ioas_id, 0x100000, 4096));
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, MSI, 0, 1, &self->eventfd));
	test_memory_fill(dma.va, 4096, 1);
	ASSERT_EQ(0, iv_edu_dma_read(&self->edu, dma.iova, 0, 4096));
	memset(dma.va, 0, 4096);
	ASSERT_EQ(0, iv_edu_dma_start_write(&self->edu, dma.iova, 0, 4096, 1));
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
	EXPECT_TRUE(test_memory_matches(dma.va, 4096, 1));
	EXPECT_EQ(IV_EDU_IRQ_DMA, iv_edu_irq_status(&self->edu));
	iv_dma_free(&dma);
}

/* Several MSI-X vectors, which igb raises when its software writes to EICS. */

#define IGB_GPIE 0x1514
#define IGB_GPIE_MSIX_MODE 0x10
#define IGB_EICS 0x1520
#define IGB_EIMS 0x1524
#define IGB_VECTORS 4

FIXTURE(pci_igb_irq)
{
	struct test_device dev;
	struct iv_region bar;
	int fd;
	int32_t eventfds[IGB_VECTORS];
	int32_t others[IGB_VECTORS];
};

FIXTURE_SETUP(pci_igb_irq)
{
	if (!test_role_addr(TEST_IGB))
		SKIP(return, "no device: set %s", test_role_name(TEST_IGB));
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_IGB, TEST_ATTACHED));
	self->fd = self->dev.fd;
	for (int i = 0; i < IGB_VECTORS; i++) {
		self->eventfds[i] = iv_eventfd_create();
		self->others[i] = iv_eventfd_create();
	}
	EXPECT_EQ(0, iv_config_command(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0));
	EXPECT_EQ(0, iv_region_open(&self->bar, self->fd, 0));
	EXPECT_EQ(0, iv_region_map(&self->bar));
	iv_mmio_write32(&self->bar, IGB_GPIE, IGB_GPIE_MSIX_MODE);
	iv_mmio_write32(&self->bar, IGB_EIMS, 0x3ff);
}

FIXTURE_TEARDOWN(pci_igb_irq)
{
	iv_region_close(&self->bar);
	test_device_teardown(&self->dev);
	for (int i = 0; i < IGB_VECTORS; i++) {
		close(self->eventfds[i]);
		close(self->others[i]);
	}
}

TEST_F(pci_igb_irq, each_vector_signals_its_own_eventfd)
{
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, MSIX, 0, IGB_VECTORS, self->eventfds));
	for (int i = 0; i < IGB_VECTORS; i++) {
		iv_mmio_write32(&self->bar, IGB_EICS, 1 << i);
		EXPECT_EQ(1, iv_eventfd_wait(self->eventfds[i], SOON_MS))
			TH_LOG("vector %d", i);
		for (int j = 0; j < IGB_VECTORS; j++)
			EXPECT_EQ(0, iv_eventfd_wait(self->eventfds[j], 0));
	}
}

TEST_F(pci_igb_irq, vector_added_later_works_beside_the_others)
{
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, MSIX, 0, 2, self->eventfds));
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, MSIX, 3, 1, &self->eventfds[3]));
	iv_mmio_write32(&self->bar, IGB_EICS, 1 << 3);
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfds[3], SOON_MS));
	iv_mmio_write32(&self->bar, IGB_EICS, 1 << 1);
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfds[1], SOON_MS));
}

TEST_F(pci_igb_irq, vector_without_eventfd_is_quiet_and_the_others_work)
{
	int32_t fds[3] = { self->eventfds[0], -1, self->eventfds[2] };

	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, MSIX, 0, 3, fds));
	iv_mmio_write32(&self->bar, IGB_EICS, 7);
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfds[0], SOON_MS));
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfds[2], SOON_MS));
}

TEST_F(pci_igb_irq, one_bad_fd_among_several_enables_nothing)
{
	int32_t fds[IGB_VECTORS], one;

	memcpy(fds, self->eventfds, sizeof(fds));
	fds[2] = 9999;
	EXPECT_EQ(-EBADF, iv_irq_set_eventfds(self->fd, MSIX, 0, IGB_VECTORS, fds));
	EXPECT_FALSE(test_hw_msix_enabled(self->dev.addr));
	EXPECT_EQ(-EINVAL, iv_irq_trigger(self->fd, MSIX, 0, 1));
	one = self->others[0];
	EXPECT_EQ(0, iv_irq_set_eventfds(self->fd, INTX, 0, 1, &one));
}

TEST_F(pci_igb_irq, one_bad_fd_among_several_changes_nothing)
{
	int32_t fds[IGB_VECTORS];

	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, MSIX, 0, IGB_VECTORS, self->eventfds));
	memcpy(fds, self->others, sizeof(fds));
	fds[2] = self->dev.iommufd;
	EXPECT_EQ(-EINVAL, iv_irq_set_eventfds(self->fd, MSIX, 0, IGB_VECTORS, fds));
	ASSERT_EQ(0, iv_irq_trigger(self->fd, MSIX, 0, IGB_VECTORS));
	for (int i = 0; i < IGB_VECTORS; i++) {
		EXPECT_EQ(1, iv_eventfd_wait(self->eventfds[i], SOON_MS))
			TH_LOG("vector %d lost its eventfd", i);
		EXPECT_EQ(0, iv_eventfd_wait(self->others[i], 0))
			TH_LOG("vector %d got a new eventfd", i);
	}
}

TEST_F(pci_igb_irq, data_bool_picks_vectors)
{
	uint8_t picks[IGB_VECTORS] = { 0, 1, 0, 1 };

	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, MSIX, 0, IGB_VECTORS, self->eventfds));
	ASSERT_EQ(0, iv_irq_set(self->fd, DATA_BOOL | ACTION_TRIGGER, MSIX, 0, IGB_VECTORS, picks,
				sizeof(picks)));
	for (int i = 0; i < IGB_VECTORS; i++)
		EXPECT_EQ(picks[i], iv_eventfd_wait(self->eventfds[i], picks[i] ? SOON_MS : 0));
}

TEST_F(pci_igb_irq, same_eventfd_for_all_vectors_counts_all)
{
	int32_t fds[IGB_VECTORS] = { self->eventfds[0], self->eventfds[0], self->eventfds[0],
				     self->eventfds[0] };

	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, MSIX, 0, IGB_VECTORS, fds));
	ASSERT_EQ(0, iv_irq_trigger(self->fd, MSIX, 0, IGB_VECTORS));
	EXPECT_EQ(IGB_VECTORS, iv_eventfd_wait(self->eventfds[0], SOON_MS));
}

TEST_HARNESS_MAIN
