// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hardware's own configuration space.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdio.h>

#include "iv_sysfs.h"
#include "test_hardware.h"

/**
 * test_hw_read16() - read a register of the hardware
 * @addr: the PCI function
 * @offset: the register
 *
 * Return: its value, or a negative errno.
 */
int test_hw_read16(const char *addr, unsigned int offset)
{
	uint16_t value;
	int ret = iv_pci_config_read(addr, offset, &value, sizeof(value));

	return ret ? ret : value;
}

/**
 * test_hw_find_cap() - find a capability of the hardware
 * @addr: the PCI function
 * @id: PCI_CAP_ID_*
 *
 * Return: its offset, -ENOENT, or another negative errno.
 */
int test_hw_find_cap(const char *addr, uint8_t id)
{
	int cap, pos = test_hw_read16(addr, PCI_CAPABILITY_LIST);

	for (int i = 0; i < 48 && pos >= 0; i++) {
		pos &= 0xfc;
		if (!pos)
			return -ENOENT;
		cap = test_hw_read16(addr, pos);
		if (cap < 0)
			return cap;
		if ((cap & 0xff) == id)
			return pos;
		pos = cap >> 8;
	}
	return pos < 0 ? pos : -ELOOP;
}

/**
 * test_hw_bus_master() - whether the function may do DMA
 * @addr: the PCI function
 *
 * Return: true if its bus master bit is set.
 */
bool test_hw_bus_master(const char *addr)
{
	int command = test_hw_read16(addr, PCI_COMMAND);

	return command >= 0 && command & PCI_COMMAND_MASTER;
}

static bool cap_bit(const char *addr, uint8_t id, unsigned int offset, uint16_t bit)
{
	int pos = test_hw_find_cap(addr, id);
	int value = pos < 0 ? pos : test_hw_read16(addr, pos + offset);

	return value >= 0 && value & bit;
}

/**
 * test_hw_msi_enabled() - whether MSI is enabled in the hardware
 * @addr: the PCI function
 *
 * Return: true if so; false if not, or if there is no MSI.
 */
bool test_hw_msi_enabled(const char *addr)
{
	return cap_bit(addr, PCI_CAP_ID_MSI, PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE);
}

/**
 * test_hw_msix_enabled() - whether MSI-X is enabled in the hardware
 * @addr: the PCI function
 *
 * Return: true if so; false if not, or if there is no MSI-X.
 */
bool test_hw_msix_enabled(const char *addr)
{
	return cap_bit(addr, PCI_CAP_ID_MSIX, PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE);
}

/**
 * test_hw_bars() - where the hardware's BARs are
 * @addr: the PCI function
 * @bars: the six registers
 *
 * Return: 0, or a negative errno.
 */
int test_hw_bars(const char *addr, uint32_t bars[TEST_BARS])
{
	return iv_pci_config_read(addr, PCI_BASE_ADDRESS_0, bars, TEST_BARS * sizeof(*bars));
}

/**
 * test_hw_bars_unmoved() - whether the hardware's BARs are where they were
 * @addr: the PCI function
 * @before: what test_hw_bars() said then
 *
 * Return: true if so; otherwise those that moved are printed.
 */
bool test_hw_bars_unmoved(const char *addr, const uint32_t before[TEST_BARS])
{
	uint32_t now[TEST_BARS];
	bool unmoved = true;

	if (test_hw_bars(addr, now))
		return false;
	for (unsigned int i = 0; i < TEST_BARS; i++) {
		if (now[i] == before[i])
			continue;
		fprintf(stderr, "# BAR %u was %#x and is %#x\n", i, before[i], now[i]);
		unmoved = false;
	}
	return unmoved;
}
