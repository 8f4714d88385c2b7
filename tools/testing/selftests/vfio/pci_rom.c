// SPDX-License-Identifier: GPL-2.0-only
/*
 * The expansion ROM: it can be read, whatever else the user does to the device.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/pci_regs.h>
#include "iv.h"
#include "iv_config.h"
#include "test_device.h"
#include "test_fault.h"
#include "test_hardware.h"
#include "kselftest_harness.h"

#define SIZE 4096
#define LINE 64
#define LINES (SIZE / LINE)

FIXTURE(pci_rom)
{
	struct test_device dev;
	struct iv_region rom;
};

FIXTURE_SETUP(pci_rom)
{
	if (!test_role_addr(TEST_SHMEM))
		SKIP(return, "no device: set %s", test_role_name(TEST_SHMEM));
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_SHMEM, TEST_ATTACHED));
	ASSERT_EQ(0, iv_config_command(self->dev.fd, PCI_COMMAND_MEMORY, 0));
	ASSERT_EQ(0, iv_region_open(&self->rom, self->dev.fd, VFIO_PCI_ROM_REGION_INDEX));
	if (!self->rom.size)
		SKIP(return, "the device of %s is without a ROM", test_role_name(TEST_SHMEM));
}

FIXTURE_TEARDOWN(pci_rom)
{
	iv_region_close(&self->rom);
	test_device_teardown(&self->dev);
}

static bool is_the_rom(const char *rom)
{
	char line[LINE];

	if (memcmp(rom, "\x55\xaa", 2))
		return false;
	for (int i = 1; i < LINES; i++) {
		snprintf(line, sizeof(line), "iommufd-vfio ROM %d ", i);
		if (memcmp(rom + i * LINE, line, strlen(line)))
			return false;
	}
	return true;
}

static ssize_t read_rom(const struct iv_region *rom, uint64_t off, void *buf, size_t size)
{
	ssize_t got = pread(rom->fd, buf, size, rom->offset + off);

	return got < 0 ? -errno : got;
}

TEST_F(pci_rom, region_can_only_be_read)
{
	uint32_t value = 0;

	EXPECT_EQ(SIZE, self->rom.size);
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ, self->rom.flags);
	EXPECT_NE(0, iv_region_map(&self->rom));
	EXPECT_EQ(-1, pwrite(self->dev.fd, &value, sizeof(value), self->rom.offset));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(pci_rom, reads_are_what_is_in_it)
{
	char rom[SIZE];

	ASSERT_EQ(SIZE, read_rom(&self->rom, 0, rom, SIZE));
	EXPECT_TRUE(is_the_rom(rom));
	/* As QEMU does, which asks for more than there may be. */
	memset(rom, 0, SIZE);
	for (int i = 0; i < SIZE; i += 512)
		ASSERT_EQ(512, read_rom(&self->rom, i, rom + i, 512));
	EXPECT_TRUE(is_the_rom(rom));
}

TEST_F(pci_rom, reads_of_any_size_and_place)
{
	char rom[SIZE], part[37];

	ASSERT_EQ(SIZE, read_rom(&self->rom, 0, rom, SIZE));
	for (int off = 61; off < SIZE - (int)sizeof(part); off += 331) {
		for (size_t size = 1; size <= sizeof(part); size += 9) {
			ASSERT_EQ((ssize_t)size, read_rom(&self->rom, off, part, size));
			EXPECT_EQ(0, memcmp(rom + off, part, size));
		}
	}
}

TEST_F(pci_rom, reads_end_where_it_does)
{
	char buf[2 * LINE];

	EXPECT_EQ(3, read_rom(&self->rom, SIZE - 3, buf, sizeof(buf)));
	EXPECT_EQ(-EINVAL, read_rom(&self->rom, SIZE, buf, 1));
	EXPECT_EQ(-EINVAL, read_rom(&self->rom, UINT32_MAX, buf, 1));
}

TEST_F(pci_rom, reads_fail_while_memory_decoding_is_off)
{
	char buf[LINE];

	ASSERT_EQ(0, iv_config_command(self->dev.fd, 0, PCI_COMMAND_MEMORY));
	EXPECT_EQ(-EIO, read_rom(&self->rom, LINE, buf, LINE));
	ASSERT_EQ(0, iv_config_command(self->dev.fd, PCI_COMMAND_MEMORY, 0));
	EXPECT_EQ(LINE, read_rom(&self->rom, LINE, buf, LINE));
}

/* The register of its own BAR, as the user sees it, doesn't matter: that is where QEMU puts it. */
TEST_F(pci_rom, users_register_neither_moves_nor_enables_it)
{
	uint32_t size, value;
	char buf[LINE];

	ASSERT_EQ(0, iv_config_write32(self->dev.fd, PCI_ROM_ADDRESS, PCI_ROM_ADDRESS_MASK));
	ASSERT_EQ(0, iv_config_read32(self->dev.fd, PCI_ROM_ADDRESS, &size));
	EXPECT_EQ(SIZE, ~(size & PCI_ROM_ADDRESS_MASK) + 1);
	ASSERT_EQ(0, iv_config_write32(self->dev.fd, PCI_ROM_ADDRESS,
				       0x12340000 | PCI_ROM_ADDRESS_ENABLE));
	ASSERT_EQ(0, iv_pci_config_read(self->dev.addr, PCI_ROM_ADDRESS, &value, sizeof(value)));
	EXPECT_EQ(0, value & PCI_ROM_ADDRESS_ENABLE);
	EXPECT_NE(0x12340000, value & PCI_ROM_ADDRESS_MASK);
	EXPECT_EQ(LINE, read_rom(&self->rom, LINE, buf, LINE));
	EXPECT_EQ(0, memcmp(buf, "iommufd-vfio ROM 1 ", 19));
	/* A read doesn't leave it enabled. */
	ASSERT_EQ(0, iv_pci_config_read(self->dev.addr, PCI_ROM_ADDRESS, &value, sizeof(value)));
	EXPECT_EQ(0, value & PCI_ROM_ADDRESS_ENABLE);
}

TEST(device_without_a_rom_has_an_empty_region)
{
	struct test_device edu;
	struct vfio_region_info info;
	uint32_t value;

	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no device: set %s", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&edu, TEST_EDU, TEST_BOUND));
	ASSERT_EQ(0, iv_region_info(edu.fd, VFIO_PCI_ROM_REGION_INDEX, &info));
	EXPECT_EQ(0, info.size);
	EXPECT_EQ(0, info.flags);
	EXPECT_EQ(-1, pread(edu.fd, &value, sizeof(value), info.offset));
	EXPECT_EQ(EINVAL, errno);
	test_device_teardown(&edu);
}

TEST_HARNESS_MAIN
