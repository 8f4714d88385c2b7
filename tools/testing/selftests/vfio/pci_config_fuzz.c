// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whatever is written to configuration space, the hardware stays where it is and usable.
 */
#include "kselftest_harness.h"

#include <time.h>

#include "iv.h"
#include "test_device.h"
#include "test_hardware.h"

FIXTURE(pci_config_fuzz)
{
	struct test_device dev;
	int fd;
	unsigned int size;
	uint32_t hw_bars[TEST_BARS];
};

FIXTURE_VARIANT(pci_config_fuzz)
{
	enum test_role role;
};

FIXTURE_VARIANT_ADD(pci_config_fuzz, edu) { .role = TEST_EDU };
FIXTURE_VARIANT_ADD(pci_config_fuzz, nvme) { .role = TEST_NVME };
FIXTURE_VARIANT_ADD(pci_config_fuzz, igb) { .role = TEST_IGB };

FIXTURE_SETUP(pci_config_fuzz)
{
	struct vfio_region_info info;

	if (!test_role_addr(variant->role))
		SKIP(return, "no device: set %s", test_role_name(variant->role));
	ASSERT_EQ(0, test_device_setup(&self->dev, variant->role, TEST_ATTACHED));
	self->fd = self->dev.fd;
	EXPECT_EQ(0, iv_region_info(self->fd, VFIO_PCI_CONFIG_REGION_INDEX, &info));
	self->size = info.size;
	EXPECT_EQ(0, test_hw_bars(self->dev.addr, self->hw_bars));
}

FIXTURE_TEARDOWN(pci_config_fuzz)
{
	test_device_teardown(&self->dev);
}

static bool bar0_answers(int fd, enum test_role role)
{
	/* A register that is never all ones: edu's id, NVMe's VS, igb's STATUS. */
	static const unsigned int offsets[] = { [TEST_EDU] = 0, [TEST_NVME] = 8, [TEST_IGB] = 8 };
	struct iv_region bar;
	uint32_t value;

	return !iv_region_open(&bar, fd, VFIO_PCI_BAR0_REGION_INDEX) &&
	       iv_region_read(&bar, offsets[role], &value, 4) == 4 && value != UINT32_MAX &&
	       value != 0;
}

static void back_to_d0(int fd)
{
	int pos = iv_config_find_cap(fd, PCI_CAP_ID_PM);

	if (pos > 0)
		iv_config_write16(fd, pos + PCI_PM_CTRL, 0);
}

static void check_after_fuzz(struct __test_metadata *_metadata, struct test_device *dev,
			     const uint32_t bars[TEST_BARS], enum test_role role)
{
	EXPECT_TRUE(test_hw_bars_unmoved(dev->addr, bars));
	EXPECT_FALSE(test_hw_msi_enabled(dev->addr));
	EXPECT_FALSE(test_hw_msix_enabled(dev->addr));
	EXPECT_EQ(0, test_hw_read16(dev->addr, PCI_COMMAND) & 0xf800);
	back_to_d0(dev->fd);
	EXPECT_EQ(0, iv_config_write16(dev->fd, PCI_COMMAND, PCI_COMMAND_MEMORY));
	EXPECT_TRUE(bar0_answers(dev->fd, role));
}

TEST_F(pci_config_fuzz, random_byte_writes_do_no_harm)
{
	unsigned int size = self->size;
	unsigned int seed = time(NULL), first_seed = seed;

	for (unsigned int i = 0; i < 4 * size; i++) {
		uint8_t value = rand_r(&seed) >> 8;

		/* A byte may be refused, for example in the middle of a register. */
		iv_config_write8(self->fd, (rand_r(&seed) >> 8) % size, value);
	}
	check_after_fuzz(_metadata, &self->dev, self->hw_bars, variant->role);
	if (_metadata->exit_code)
		TH_LOG("the seed was %u", first_seed);
}

TEST_F(pci_config_fuzz, every_byte_written_with_ones_and_zeros_does_no_harm)
{
	unsigned int size = self->size;

	for (unsigned int i = 0; i < size; i++)
		iv_config_write8(self->fd, i, 0xff);
	check_after_fuzz(_metadata, &self->dev, self->hw_bars, variant->role);
	for (unsigned int i = 0; i < size; i++)
		iv_config_write8(self->fd, i, 0);
	check_after_fuzz(_metadata, &self->dev, self->hw_bars, variant->role);
}

TEST_F(pci_config_fuzz, random_writes_of_several_bytes_do_no_harm)
{
	unsigned int size = self->size;
	unsigned int seed = time(NULL), first_seed = seed;
	uint8_t values[32];

	for (unsigned int i = 0; i < size; i++) {
		unsigned int count = 1 + (rand_r(&seed) >> 8) % sizeof(values);

		for (unsigned int j = 0; j < count; j++)
			values[j] = rand_r(&seed) >> 8;
		iv_config_write(self->fd, (rand_r(&seed) >> 8) % size, values, count);
	}
	check_after_fuzz(_metadata, &self->dev, self->hw_bars, variant->role);
	if (_metadata->exit_code)
		TH_LOG("the seed was %u", first_seed);
}

TEST_HARNESS_MAIN
