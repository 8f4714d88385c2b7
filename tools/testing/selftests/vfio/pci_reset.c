// SPDX-License-Identifier: GPL-2.0-only
/*
 * Resetting a vfio-pci device: by VFIO_DEVICE_RESET, by a function level reset that the user asks
 * for in configuration space, and by closing it.
 */
#include "kselftest_harness.h"

#include <sys/ioctl.h>

#include "iv.h"
#include "test_device.h"
#include "test_hardware.h"
#include "test_memory.h"
#include "test_wait.h"

#define IOVA 0x1000000

#define NVME_INTMS 0x0c
#define NVME_CC 0x14
#define NVME_CSTS 0x1c
#define NVME_DOORBELLS 0x1000
#define IGB_FCAL 0x28

FIXTURE(pci_reset)
{
	struct test_device dev;
	struct iv_region bar;
	unsigned int scratch;
	int fd;
};

FIXTURE_VARIANT(pci_reset)
{
	enum test_role role;
	unsigned int scratch; /* a register of BAR 0 that a reset clears */
};

FIXTURE_VARIANT_ADD(pci_reset, nvme) { .role = TEST_NVME, .scratch = NVME_INTMS };
FIXTURE_VARIANT_ADD(pci_reset, igb) { .role = TEST_IGB, .scratch = IGB_FCAL };

FIXTURE_SETUP(pci_reset)
{
	if (!test_role_addr(variant->role))
		SKIP(return, "no device: set %s", test_role_name(variant->role));
	ASSERT_EQ(0, test_device_setup(&self->dev, variant->role, TEST_ATTACHED));
	self->fd = self->dev.fd;
	self->scratch = variant->scratch;
	EXPECT_EQ(0, iv_config_command(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0));
	EXPECT_EQ(0, iv_region_open(&self->bar, self->fd, 0));
	EXPECT_EQ(0, iv_region_map(&self->bar));
}

FIXTURE_TEARDOWN(pci_reset)
{
	iv_region_close(&self->bar);
	test_device_teardown(&self->dev);
}

static bool function_level_reset(int fd)
{
	int pos = iv_config_find_cap(fd, PCI_CAP_ID_EXP);
	uint16_t control;

	return pos > 0 && !iv_config_read16(fd, pos + PCI_EXP_DEVCTL, &control) &&
	       !iv_config_write16(fd, pos + PCI_EXP_DEVCTL, control | PCI_EXP_DEVCTL_BCR_FLR);
}

TEST_F(pci_reset, device_says_that_it_can_be_reset)
{
	struct vfio_device_info info;

	ASSERT_EQ(0, iv_device_info(self->fd, &info));
	EXPECT_EQ(VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET,
		  info.flags & (VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET));
	EXPECT_EQ(VFIO_PCI_NUM_REGIONS, info.num_regions);
	EXPECT_EQ(VFIO_PCI_NUM_IRQS, info.num_irqs);
}

TEST_F(pci_reset, ioctl_clears_the_devices_registers)
{
	uint32_t fresh = iv_mmio_read32(&self->bar, self->scratch);

	iv_mmio_write32(&self->bar, self->scratch, 0x00030005);
	ASSERT_EQ(0x00030005, iv_mmio_read32(&self->bar, self->scratch));
	ASSERT_EQ(0, iv_device_reset(self->fd));
	EXPECT_EQ(fresh, iv_mmio_read32(&self->bar, self->scratch));
}

TEST_F(pci_reset, ioctl_keeps_the_hardwares_bars)
{
	uint32_t before[TEST_BARS], after[TEST_BARS];

	ASSERT_EQ(0, test_hw_bars(self->dev.addr, before));
	ASSERT_EQ(0, iv_device_reset(self->fd));
	ASSERT_EQ(0, test_hw_bars(self->dev.addr, after));
	EXPECT_EQ(0, memcmp(before, after, sizeof(before)));
}

TEST_F(pci_reset, mapping_works_after_the_ioctl)
{
	uint32_t value = iv_mmio_read32(&self->bar, 8);

	ASSERT_EQ(0, iv_device_reset(self->fd));
	ASSERT_EQ(0, iv_config_command(self->fd, PCI_COMMAND_MEMORY, 0));
	EXPECT_EQ(value, iv_mmio_read32(&self->bar, 8));
}

TEST_F(pci_reset, interrupts_set_before_work_after_the_ioctl)
{
	int32_t eventfd = iv_eventfd_create();

	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1, &eventfd));
	ASSERT_EQ(0, iv_device_reset(self->fd));
	EXPECT_EQ(0, iv_irq_trigger(self->fd, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1));
	EXPECT_EQ(1, iv_eventfd_wait(eventfd, 1000));
	EXPECT_EQ(0, iv_irq_disable(self->fd, VFIO_PCI_MSIX_IRQ_INDEX));
	EXPECT_FALSE(test_hw_msix_enabled(self->dev.addr));
	close(eventfd);
}

TEST_F(pci_reset, function_level_reset_clears_the_devices_registers)
{
	uint32_t fresh = iv_mmio_read32(&self->bar, self->scratch);

	iv_mmio_write32(&self->bar, self->scratch, 0x00030005);
	ASSERT_TRUE(function_level_reset(self->fd));
	ASSERT_EQ(0, iv_config_command(self->fd, PCI_COMMAND_MEMORY, 0));
	EXPECT_EQ(fresh, iv_mmio_read32(&self->bar, self->scratch));
}

TEST_F(pci_reset, function_level_reset_keeps_the_hardwares_bars)
{
	uint32_t before[TEST_BARS], after[TEST_BARS];

	ASSERT_EQ(0, test_hw_bars(self->dev.addr, before));
	ASSERT_TRUE(function_level_reset(self->fd));
	ASSERT_EQ(0, test_hw_bars(self->dev.addr, after));
	EXPECT_EQ(0, memcmp(before, after, sizeof(before)));
}

TEST_F(pci_reset, function_level_reset_bit_reads_zero)
{
	int pos = iv_config_find_cap(self->fd, PCI_CAP_ID_EXP);
	uint16_t control;

	ASSERT_GT(pos, 0);
	ASSERT_TRUE(function_level_reset(self->fd));
	ASSERT_EQ(0, iv_config_read16(self->fd, pos + PCI_EXP_DEVCTL, &control));
	EXPECT_EQ(0, control & PCI_EXP_DEVCTL_BCR_FLR);
}

TEST_F(pci_reset, next_user_finds_a_fresh_device)
{
	uint32_t fresh, value;

	ASSERT_EQ(0, iv_device_reset(self->fd));
	fresh = iv_mmio_read32(&self->bar, self->scratch);
	iv_mmio_write32(&self->bar, self->scratch, 0x00030005);
	iv_region_close(&self->bar);
	test_device_close(&self->dev);
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_BOUND));
	ASSERT_EQ(0, iv_config_command(self->dev.fd, PCI_COMMAND_MEMORY, 0));
	ASSERT_EQ(0, iv_region_open(&self->bar, self->dev.fd, 0));
	ASSERT_EQ(4, iv_region_read(&self->bar, self->scratch, &value, 4));
	EXPECT_EQ(fresh, value);
}

TEST_F(pci_reset, many_resets_in_a_row_work)
{
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, iv_device_reset(self->fd));
	EXPECT_NE(UINT32_MAX, iv_mmio_read32(&self->bar, 8));
}

FIXTURE(pci_reset_dma)
{
	struct test_device dev;
	struct iv_nvme nvme;
	struct iv_dma dma;
};

FIXTURE_SETUP(pci_reset_dma)
{
	struct test_device *dev = &self->dev;

	if (!test_role_addr(TEST_NVME))
		SKIP(return, "no device: set %s", test_role_name(TEST_NVME));
	ASSERT_EQ(0, test_device_setup(dev, TEST_NVME, TEST_ATTACHED));
	EXPECT_EQ(0, iv_nvme_open(&self->nvme, dev->fd, dev->iommufd, dev->ioas_id, IOVA));
	EXPECT_EQ(0, iv_dma_alloc(&self->dma, dev->iommufd, dev->ioas_id, 2 * IOVA, 65536));
}

FIXTURE_TEARDOWN(pci_reset_dma)
{
	iv_nvme_close(&self->nvme);
	iv_dma_free(&self->dma);
	test_device_teardown(&self->dev);
}

TEST_F(pci_reset_dma, ioctl_stops_the_controller)
{
	ASSERT_EQ(1, iv_mmio_read32(&self->nvme.bar, NVME_CSTS) & 1);
	ASSERT_EQ(0, iv_device_reset(self->dev.fd));
	ASSERT_EQ(0, iv_config_command(self->dev.fd, PCI_COMMAND_MEMORY, 0));
	EXPECT_EQ(0, iv_mmio_read32(&self->nvme.bar, NVME_CSTS) & 1);
	EXPECT_EQ(0, iv_mmio_read32(&self->nvme.bar, NVME_CC) & 1);
}

TEST_F(pci_reset_dma, no_dma_happens_after_the_ioctl)
{
	struct iv_nvme *nvme = &self->nvme;

	ASSERT_EQ(0, iv_nvme_read(nvme, 3, 1, self->dma.iova));
	ASSERT_EQ(0, iv_device_reset(self->dev.fd));
	ASSERT_EQ(0, iv_config_command(self->dev.fd, PCI_COMMAND_MEMORY, 0));
	memset(self->dma.va, 0xee, self->dma.size);
	/* The first command is still in the queue: ask for it again. */
	iv_mmio_write32(&nvme->bar, NVME_DOORBELLS + 2 * nvme->doorbell_stride, 0);
	iv_mmio_write32(&nvme->bar, NVME_DOORBELLS + 2 * nvme->doorbell_stride, 1);
	test_sleep_ms(50);
	EXPECT_TRUE(test_memory_is(self->dma.va, self->dma.size, 0xee));
}

TEST_F(pci_reset_dma, controller_can_be_started_again_after_the_ioctl)
{
	struct test_device *dev = &self->dev;

	ASSERT_EQ(0, iv_device_reset(dev->fd));
	iv_nvme_close(&self->nvme);
	ASSERT_EQ(0, iv_nvme_open(&self->nvme, dev->fd, dev->iommufd, dev->ioas_id, IOVA));
	ASSERT_EQ(0, iv_nvme_read(&self->nvme, 7, 1, self->dma.iova));
	EXPECT_EQ(0, memcmp(self->dma.va, "iommufd-vfio block 7 ", 21));
}

TEST_F(pci_reset_dma, attachment_survives_the_ioctl)
{
	uint64_t unmapped;

	ASSERT_EQ(0, iv_device_reset(self->dev.fd));
	/* The address space is in use and whole: it can't be destroyed, and is still mapped. */
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->dev.iommufd, self->dev.ioas_id));
	EXPECT_EQ(0, iv_ioas_unmap(self->dev.iommufd, self->dev.ioas_id, self->dma.iova,
				   self->dma.size, &unmapped));
	EXPECT_EQ(self->dma.size, unmapped);
}

TEST(device_without_reset_says_so)
{
	struct vfio_device_info info;
	struct test_device dev;
	int expected;

	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no device: set %s", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&dev, TEST_EDU, TEST_BOUND));
	EXPECT_EQ(0, iv_device_info(dev.fd, &info));
	expected = info.flags & VFIO_DEVICE_FLAGS_RESET ? 0 : -EINVAL;
	EXPECT_EQ(expected, iv_device_reset(dev.fd));
	test_device_teardown(&dev);
}

TEST_HARNESS_MAIN
