// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration space: what the user of a vfio-pci device sees, and what of the user's writes
 * reaches the hardware. The hardware is looked at through sysfs.
 */
#include "kselftest_harness.h"

#include "iv.h"
#include "test_device.h"
#include "test_hardware.h"

FIXTURE(pci_config)
{
	struct test_device dev;
	int fd;
	const char *addr;
	uint32_t hw_bars[TEST_BARS];
};

/* More capabilities than fit */
#define BORDERS_MAX 1024

FIXTURE_VARIANT(pci_config)
{
	enum test_role role;
};

FIXTURE_VARIANT_ADD(pci_config, edu) { .role = TEST_EDU };
FIXTURE_VARIANT_ADD(pci_config, nvme) { .role = TEST_NVME };
FIXTURE_VARIANT_ADD(pci_config, igb) { .role = TEST_IGB };

FIXTURE_SETUP(pci_config)
{
	if (!test_role_addr(variant->role))
		SKIP(return, "no device: set %s", test_role_name(variant->role));
	ASSERT_EQ(0, test_device_setup(&self->dev, variant->role, TEST_ATTACHED));
	self->fd = self->dev.fd;
	self->addr = self->dev.addr;
	EXPECT_EQ(0, test_hw_bars(self->addr, self->hw_bars));
}

FIXTURE_TEARDOWN(pci_config)
{
	test_device_teardown(&self->dev);
}

static uint64_t region_size(int fd, uint32_t index)
{
	struct iv_region region;

	return iv_region_open(&region, fd, index) ? 0 : region.size;
}

/* The length of a capability in bytes, 0 if this test doesn't know it. */
static unsigned int cap_length(int fd, unsigned int pos, uint8_t id)
{
	uint16_t flags = 0;
	uint8_t length = 0;

	switch (id) {
	case PCI_CAP_ID_PM:
		return PCI_PM_SIZEOF;
	case PCI_CAP_ID_VPD:
		return PCI_CAP_VPD_SIZEOF;
	case PCI_CAP_ID_MSI:
		iv_config_read16(fd, pos + PCI_MSI_FLAGS, &flags);
		return 10 + (flags & PCI_MSI_FLAGS_64BIT ? 4 : 0) +
		       (flags & PCI_MSI_FLAGS_MASKBIT ? 10 : 0);
	case PCI_CAP_ID_VNDR:
		iv_config_read8(fd, pos + 2, &length);
		return length;
	case PCI_CAP_ID_SSVID:
		return PCI_SSVID_DEVICE_ID + 2;
	case PCI_CAP_ID_MSIX:
		return PCI_CAP_MSIX_SIZEOF;
	case PCI_CAP_ID_EXP:
		return PCI_EXP_SLTSTA2 + 2;
	case PCI_CAP_ID_AF:
		return PCI_CAP_AF_SIZEOF;
	default:
		return 0;
	}
}

/* Mark the bytes below 256 that belong to the header or to a capability; false for a bad chain. */
static bool mark_known_bytes(int fd, bool known[PCI_CFG_SPACE_SIZE])
{
	unsigned int length;
	uint8_t pos, cap[2];

	memset(known, 0, PCI_CFG_SPACE_SIZE);
	memset(known, 1, PCI_STD_HEADER_SIZEOF);
	if (iv_config_read8(fd, PCI_CAPABILITY_LIST, &pos))
		return false;
	for (int i = 0; pos; i++) {
		if (i == 48 || pos < PCI_STD_HEADER_SIZEOF || pos & 3)
			return false;
		if (iv_config_read(fd, pos, cap, sizeof(cap)))
			return false;
		length = cap_length(fd, pos, cap[0]);
		if (!length || pos + length > PCI_CFG_SPACE_SIZE)
			return false;
		memset(known + pos, 1, length);
		pos = cap[1];
	}
	return true;
}

TEST_F(pci_config, ids_are_readable)
{
	uint64_t vendor, device, class;
	uint16_t ids[2];
	uint32_t revision;

	ASSERT_EQ(0, iv_pci_attr_read_u64(self->addr, "vendor", &vendor));
	ASSERT_EQ(0, iv_pci_attr_read_u64(self->addr, "device", &device));
	ASSERT_EQ(0, iv_pci_attr_read_u64(self->addr, "class", &class));
	ASSERT_EQ(0, iv_config_read(self->fd, PCI_VENDOR_ID, ids, sizeof(ids)));
	ASSERT_EQ(0, iv_config_read32(self->fd, PCI_CLASS_REVISION, &revision));
	EXPECT_EQ(vendor, ids[0]);
	EXPECT_EQ(device, ids[1]);
	EXPECT_EQ(class, revision >> 8);
}

TEST_F(pci_config, region_is_readable_writable_and_not_mappable)
{
	unsigned int size = PCI_CFG_SPACE_SIZE;
	struct vfio_region_info info;

	ASSERT_EQ(0, iv_region_info(self->fd, VFIO_PCI_CONFIG_REGION_INDEX, &info));
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE, info.flags);
	if (test_hw_find_cap(self->addr, PCI_CAP_ID_EXP) > 0)
		size = PCI_CFG_SPACE_EXP_SIZE;
	EXPECT_EQ(size, info.size);
}

static bool bar_is_64bit(uint32_t bar)
{
	return (bar & (PCI_BASE_ADDRESS_SPACE | PCI_BASE_ADDRESS_MEM_TYPE_MASK)) ==
	       PCI_BASE_ADDRESS_MEM_TYPE_64;
}

TEST_F(pci_config, bar_probe_reads_back_the_size)
{
	for (unsigned int i = 0; i < TEST_BARS; i++) {
		unsigned int offset = PCI_BASE_ADDRESS_0 + 4 * i;
		uint64_t size = region_size(self->fd, i), mask = ~(size - 1);
		uint32_t old, low, high, flags;

		ASSERT_EQ(0, iv_config_read32(self->fd, offset, &old));
		ASSERT_EQ(0, iv_config_write32(self->fd, offset, UINT32_MAX));
		ASSERT_EQ(0, iv_config_read32(self->fd, offset, &low));
		if (!size) {
			EXPECT_EQ(0, low);
			continue;
		}
		flags = self->hw_bars[i] & (self->hw_bars[i] & PCI_BASE_ADDRESS_SPACE_IO ? 3 : 15);
		EXPECT_EQ((uint32_t)mask | flags, low);
		ASSERT_EQ(0, iv_config_write32(self->fd, offset, old));
		if (!bar_is_64bit(old))
			continue;
		i++;
		ASSERT_EQ(0, iv_config_read32(self->fd, offset + 4, &old));
		ASSERT_EQ(0, iv_config_write32(self->fd, offset + 4, UINT32_MAX));
		ASSERT_EQ(0, iv_config_read32(self->fd, offset + 4, &high));
		EXPECT_EQ(mask >> 32, high);
		ASSERT_EQ(0, iv_config_write32(self->fd, offset + 4, old));
	}
}

TEST_F(pci_config, bar_probe_does_not_move_hardware)
{
	uint64_t start, size, start_after, size_after;

	ASSERT_EQ(0, iv_pci_resource(self->addr, 0, &start, &size));
	for (unsigned int i = 0; i < TEST_BARS; i++) {
		unsigned int offset = PCI_BASE_ADDRESS_0 + 4 * i;

		ASSERT_EQ(0, iv_config_write32(self->fd, offset, UINT32_MAX));
		EXPECT_TRUE(test_hw_bars_unmoved(self->addr, self->hw_bars));
	}
	ASSERT_EQ(0, iv_pci_resource(self->addr, 0, &start_after, &size_after));
	EXPECT_EQ(start, start_after);
	EXPECT_EQ(size, size_after);
}

TEST_F(pci_config, bar_keeps_the_address_that_is_written)
{
	uint64_t size = region_size(self->fd, 0);
	uint32_t flags = self->hw_bars[0] & 15, bar, wanted = (uint32_t)(5 * size);

	ASSERT_NE(0, size);
	ASSERT_EQ(0, iv_config_write32(self->fd, PCI_BASE_ADDRESS_0, wanted | 0x8));
	ASSERT_EQ(0, iv_config_read32(self->fd, PCI_BASE_ADDRESS_0, &bar));
	EXPECT_EQ(wanted | flags, bar);
	EXPECT_TRUE(test_hw_bars_unmoved(self->addr, self->hw_bars));
}

TEST_F(pci_config, bar_written_in_bytes_is_kept)
{
	uint64_t size = region_size(self->fd, 0);
	uint32_t flags = self->hw_bars[0] & 15, bar, all = UINT32_MAX;

	for (unsigned int i = 0; i < 4; i++)
		ASSERT_EQ(0, iv_config_write8(self->fd, PCI_BASE_ADDRESS_0 + i, 0xff));
	ASSERT_EQ(0, iv_config_read32(self->fd, PCI_BASE_ADDRESS_0, &bar));
	EXPECT_EQ((all & ~(uint32_t)(size - 1)) | flags, bar);
	EXPECT_TRUE(test_hw_bars_unmoved(self->addr, self->hw_bars));
}

TEST_F(pci_config, bar_is_fresh_after_reopen)
{
	uint32_t before, after;

	ASSERT_EQ(0, iv_config_read32(self->fd, PCI_BASE_ADDRESS_0, &before));
	ASSERT_EQ(0, iv_config_write32(self->fd, PCI_BASE_ADDRESS_0, UINT32_MAX));
	test_device_close(&self->dev);
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_BOUND));
	ASSERT_EQ(0, iv_config_read32(self->dev.fd, PCI_BASE_ADDRESS_0, &after));
	EXPECT_EQ(before, after);
}

TEST_F(pci_config, absent_rom_reads_zero)
{
	uint32_t rom;

	if (region_size(self->fd, VFIO_PCI_ROM_REGION_INDEX))
		SKIP(return, "the device has a ROM");
	ASSERT_EQ(0, iv_config_write32(self->fd, PCI_ROM_ADDRESS, UINT32_MAX));
	ASSERT_EQ(0, iv_config_read32(self->fd, PCI_ROM_ADDRESS, &rom));
	EXPECT_EQ(0, rom);
}

TEST_F(pci_config, read_only_fields_drop_writes)
{
	static const struct {
		unsigned int offset;
		unsigned int size;
	} fields[] = {
		{ PCI_VENDOR_ID, 2 },
		{ PCI_DEVICE_ID, 2 },
		{ PCI_REVISION_ID, 1 },
		{ PCI_CLASS_PROG, 1 },
		{ PCI_CLASS_DEVICE, 2 },
		{ PCI_HEADER_TYPE, 1 },
		{ PCI_CARDBUS_CIS, 4 },
		{ PCI_SUBSYSTEM_VENDOR_ID, 2 },
		{ PCI_SUBSYSTEM_ID, 2 },
		{ PCI_CAPABILITY_LIST, 1 },
		{ PCI_INTERRUPT_PIN, 1 },
		{ PCI_MIN_GNT, 1 },
		{ PCI_MAX_LAT, 1 },
	};
	uint32_t hw_before, hw_after, before, after;

	for (unsigned int i = 0; i < ARRAY_SIZE(fields); i++) {
		unsigned int offset = fields[i].offset, size = fields[i].size;

		hw_before = 0;
		hw_after = 0;
		before = 0;
		ASSERT_EQ(0, iv_pci_config_read(self->addr, offset, &hw_before, size));
		ASSERT_EQ(0, iv_config_read(self->fd, offset, &before, size));
		after = ~before;
		ASSERT_EQ(0, iv_config_write(self->fd, offset, &after, size));
		after = 0;
		ASSERT_EQ(0, iv_config_read(self->fd, offset, &after, size));
		ASSERT_EQ(0, iv_pci_config_read(self->addr, offset, &hw_after, size));
		EXPECT_EQ(before, after)
			TH_LOG("field at %#x", offset);
		EXPECT_EQ(hw_before, hw_after)
			TH_LOG("field at %#x", offset);
	}
}

TEST_F(pci_config, interrupt_line_is_the_users_own)
{
	uint8_t hw_before, hw_after, line;

	ASSERT_EQ(0, iv_pci_config_read(self->addr, PCI_INTERRUPT_LINE, &hw_before, 1));
	ASSERT_EQ(0, iv_config_write8(self->fd, PCI_INTERRUPT_LINE, hw_before ^ 0x55));
	ASSERT_EQ(0, iv_config_read8(self->fd, PCI_INTERRUPT_LINE, &line));
	EXPECT_EQ((uint8_t)(hw_before ^ 0x55), line);
	ASSERT_EQ(0, iv_pci_config_read(self->addr, PCI_INTERRUPT_LINE, &hw_after, 1));
	EXPECT_EQ(hw_before, hw_after);
}

TEST_F(pci_config, command_bits_read_back)
{
	uint16_t command, bits = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE;

	ASSERT_EQ(0, iv_config_write16(self->fd, PCI_COMMAND, 0));
	ASSERT_EQ(0, iv_config_read16(self->fd, PCI_COMMAND, &command));
	EXPECT_EQ(0, command & bits);
	ASSERT_EQ(0, iv_config_write16(self->fd, PCI_COMMAND, bits));
	ASSERT_EQ(0, iv_config_read16(self->fd, PCI_COMMAND, &command));
	EXPECT_EQ(bits, command & bits);
}

TEST_F(pci_config, command_reserved_bits_read_zero)
{
	uint16_t command;

	ASSERT_EQ(0, iv_config_write16(self->fd, PCI_COMMAND, 0xffff));
	ASSERT_EQ(0, iv_config_read16(self->fd, PCI_COMMAND, &command));
	EXPECT_EQ(0, command & 0xf800);
	EXPECT_EQ(0, test_hw_read16(self->addr, PCI_COMMAND) & 0xf800);
}

TEST_F(pci_config, bus_master_bit_reaches_hardware)
{
	ASSERT_EQ(0, iv_config_command(self->fd, PCI_COMMAND_MASTER, 0));
	EXPECT_TRUE(test_hw_bus_master(self->addr));
	ASSERT_EQ(0, iv_config_command(self->fd, 0, PCI_COMMAND_MASTER));
	EXPECT_FALSE(test_hw_bus_master(self->addr));
}

TEST_F(pci_config, bus_master_is_off_after_open)
{
	uint16_t command;

	test_device_close(&self->dev);
	/* Whatever was there before, even this. */
	ASSERT_EQ(0, iv_pci_config_read(self->addr, PCI_COMMAND, &command, 2));
	command |= PCI_COMMAND_MASTER;
	ASSERT_EQ(0, iv_pci_config_write(self->addr, PCI_COMMAND, &command, 2));
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_BOUND));
	EXPECT_FALSE(test_hw_bus_master(self->addr));
	ASSERT_EQ(0, iv_config_read16(self->dev.fd, PCI_COMMAND, &command));
	EXPECT_EQ(0, command & PCI_COMMAND_MASTER);
}

TEST_F(pci_config, bus_master_is_off_after_close)
{
	ASSERT_EQ(0, iv_config_command(self->fd, PCI_COMMAND_MASTER, 0));
	ASSERT_TRUE(test_hw_bus_master(self->addr));
	test_device_close(&self->dev);
	EXPECT_FALSE(test_hw_bus_master(self->addr));
}

TEST_F(pci_config, capability_chain_ends_and_stays_in_capability_space)
{
	bool known[PCI_CFG_SPACE_SIZE];

	EXPECT_TRUE(mark_known_bytes(self->fd, known));
}

TEST_F(pci_config, capabilities_are_where_the_hardware_has_them)
{
	uint8_t pos, cap[2], hw_cap;
	unsigned int count = 0;

	ASSERT_EQ(0, iv_config_read8(self->fd, PCI_CAPABILITY_LIST, &pos));
	while (pos) {
		ASSERT_EQ(0, iv_config_read(self->fd, pos, cap, sizeof(cap)));
		ASSERT_EQ(0, iv_pci_config_read(self->addr, pos, &hw_cap, 1));
		EXPECT_EQ(hw_cap, cap[0]);
		pos = cap[1];
		ASSERT_LE(++count, 48);
	}
	EXPECT_GE(count, 1);
}

TEST_F(pci_config, extended_capability_chain_ends_and_stays_in_space)
{
	unsigned int pos = PCI_CFG_SPACE_SIZE, count = 0;
	uint32_t header;

	if (region_size(self->fd, VFIO_PCI_CONFIG_REGION_INDEX) <= PCI_CFG_SPACE_SIZE)
		SKIP(return, "a conventional PCI device");
	while (pos) {
		ASSERT_GE(pos, PCI_CFG_SPACE_SIZE);
		ASSERT_EQ(0, pos & 3);
		ASSERT_EQ(0, iv_config_read32(self->fd, pos, &header));
		ASSERT_NE(UINT32_MAX, header);
		pos = PCI_EXT_CAP_NEXT(header);
		ASSERT_LE(++count, 960);
	}
}

/* Where capabilities begin, the extended ones included; how many, or -1 for a bad chain. */
static int find_borders(int fd, unsigned int borders[BORDERS_MAX])
{
	unsigned int pos, count = 0;
	uint32_t header;
	uint8_t first;

	if (iv_config_read8(fd, PCI_CAPABILITY_LIST, &first))
		return -1;
	for (pos = first; pos && count < BORDERS_MAX; pos = header >> 8 & 0xff) {
		borders[count++] = pos;
		if (iv_config_read32(fd, pos, &header))
			return -1;
	}
	if (region_size(fd, VFIO_PCI_CONFIG_REGION_INDEX) <= PCI_CFG_SPACE_SIZE)
		return count;
	for (pos = PCI_CFG_SPACE_SIZE; pos && count < BORDERS_MAX; pos = PCI_EXT_CAP_NEXT(header)) {
		borders[count++] = pos;
		if (iv_config_read32(fd, pos, &header))
			return -1;
	}
	return count;
}

/* Of any size, and beginning at any byte before the border. */
TEST_F(pci_config, writes_across_borders_of_capabilities_keep_their_headers)
{
	static uint8_t before[PCI_CFG_SPACE_EXP_SIZE], after[PCI_CFG_SPACE_EXP_SIZE];
	unsigned int borders[BORDERS_MAX], header;
	uint8_t bytes[8];
	int count, size;

	size = region_size(self->fd, VFIO_PCI_CONFIG_REGION_INDEX);
	count = find_borders(self->fd, borders);
	ASSERT_LT(0, count);
	ASSERT_EQ(0, iv_config_read(self->fd, 0, before, size));
	for (int i = 0; i < count; i++) {
		header = borders[i] < PCI_CFG_SPACE_SIZE ? PCI_CAP_LIST_NEXT + 1 : 4;
		for (unsigned int lead = 1; lead < 8; lead++) {
			for (unsigned int tail = 1; tail <= header && lead + tail <= 8; tail++) {
				memcpy(bytes, before + borders[i] - lead, lead);
				memset(bytes + lead, 0xff, tail);
				EXPECT_EQ(0, iv_config_write(self->fd, borders[i] - lead, bytes,
							     lead + tail));
			}
		}
	}
	ASSERT_EQ(0, iv_config_read(self->fd, 0, after, size));
	for (int i = 0; i < size; i++) {
		EXPECT_EQ(before[i], after[i])
			TH_LOG("byte %#x", i);
	}
	EXPECT_TRUE(test_hw_bars_unmoved(self->addr, self->hw_bars));
}

TEST_F(pci_config, bytes_outside_capabilities_are_zero_and_stay_so)
{
	uint8_t value, hw_before, hw_after;
	bool known[PCI_CFG_SPACE_SIZE];

	ASSERT_TRUE(mark_known_bytes(self->fd, known));
	for (unsigned int i = 0; i < PCI_CFG_SPACE_SIZE; i++) {
		if (known[i])
			continue;
		ASSERT_EQ(0, iv_config_read8(self->fd, i, &value));
		EXPECT_EQ(0, value)
			TH_LOG("byte %#x", i);
		ASSERT_EQ(0, iv_pci_config_read(self->addr, i, &hw_before, 1));
		ASSERT_EQ(0, iv_config_write8(self->fd, i, 0xff));
		ASSERT_EQ(0, iv_config_read8(self->fd, i, &value));
		EXPECT_EQ(0, value)
			TH_LOG("byte %#x after a write", i);
		ASSERT_EQ(0, iv_pci_config_read(self->addr, i, &hw_after, 1));
		EXPECT_EQ(hw_before, hw_after)
			TH_LOG("byte %#x in hardware", i);
	}
}

TEST_F(pci_config, reads_of_all_sizes_and_alignments_agree)
{
	static const unsigned int sizes[] = { 1, 2, 3, 4, 5, 7, 8, 16, 33, 64 };
	uint8_t whole[PCI_CFG_SPACE_SIZE], part[64];

	ASSERT_EQ(0, iv_config_read(self->fd, 0, whole, sizeof(whole)));
	for (unsigned int s = 0; s < ARRAY_SIZE(sizes); s++) {
		for (unsigned int i = 0; i + sizes[s] <= sizeof(whole); i++) {
			ASSERT_EQ(0, iv_config_read(self->fd, i, part, sizes[s]));
			ASSERT_EQ(0, memcmp(part, whole + i, sizes[s]))
				TH_LOG("%u bytes at %#x", sizes[s], i);
		}
	}
}

TEST_F(pci_config, whole_space_can_be_read_at_once)
{
	uint64_t size = region_size(self->fd, VFIO_PCI_CONFIG_REGION_INDEX);
	uint8_t at_once[PCI_CFG_SPACE_EXP_SIZE], in_words[PCI_CFG_SPACE_EXP_SIZE] = { };

	ASSERT_LE(size, sizeof(at_once));
	ASSERT_EQ(0, iv_config_read(self->fd, 0, at_once, size));
	for (unsigned int i = 0; i < size; i += 4)
		ASSERT_EQ(0, iv_config_read(self->fd, i, in_words + i, 4));
	EXPECT_EQ(0, memcmp(at_once, in_words, size));
}

TEST_F(pci_config, write_of_several_registers_at_once_reaches_each)
{
	uint64_t size = region_size(self->fd, 0);
	uint32_t bars[2], got[2];

	ASSERT_EQ(0, iv_config_read(self->fd, PCI_BASE_ADDRESS_0, bars, sizeof(bars)));
	bars[0] = (bars[0] & 15) | (uint32_t)(3 * size);
	ASSERT_EQ(0, iv_config_write(self->fd, PCI_BASE_ADDRESS_0, bars, sizeof(bars)));
	ASSERT_EQ(0, iv_config_read(self->fd, PCI_BASE_ADDRESS_0, got, sizeof(got)));
	EXPECT_EQ(bars[0], got[0]);
	EXPECT_EQ(bars[1], got[1]);
}

TEST_F(pci_config, access_past_the_end_moves_nothing)
{
	struct iv_region config;
	uint32_t value = 0x11223344;
	ssize_t ret;

	ASSERT_EQ(0, iv_region_open(&config, self->fd, VFIO_PCI_CONFIG_REGION_INDEX));
	ret = iv_region_read(&config, config.size, &value, 4);
	EXPECT_TRUE(ret == 0 || ret == -EINVAL || ret == -EFAULT)
		TH_LOG("read at the end: %zd", ret);
	ret = iv_region_read(&config, config.size + 0x10000, &value, 4);
	EXPECT_TRUE(ret == 0 || ret == -EINVAL || ret == -EFAULT)
		TH_LOG("read far past the end: %zd", ret);
	EXPECT_EQ(0x11223344, value);
	ret = iv_region_write(&config, config.size, &value, 4);
	EXPECT_TRUE(ret == 0 || ret == -EINVAL || ret == -EFAULT)
		TH_LOG("write at the end: %zd", ret);
}

TEST_F(pci_config, read_across_the_end_is_short_or_refused)
{
	struct iv_region config;
	uint8_t value[8];
	ssize_t ret;

	memset(value, 0x77, sizeof(value));
	ASSERT_EQ(0, iv_region_open(&config, self->fd, VFIO_PCI_CONFIG_REGION_INDEX));
	ret = iv_region_read(&config, config.size - 4, value, 8);
	EXPECT_TRUE(ret == 4 || ret == -EINVAL || ret == -EFAULT)
		TH_LOG("got %zd", ret);
	for (unsigned int i = 4; i < 8; i++)
		EXPECT_EQ(0x77, value[i]);
}

TEST_F(pci_config, read_of_zero_bytes_gives_zero)
{
	struct iv_region config;
	uint8_t byte;

	ASSERT_EQ(0, iv_region_open(&config, self->fd, VFIO_PCI_CONFIG_REGION_INDEX));
	EXPECT_EQ(0, iv_region_read(&config, 0, &byte, 0));
	EXPECT_EQ(0, iv_region_write(&config, 0, &byte, 0));
}

TEST_F(pci_config, bad_user_buffer_gives_efault)
{
	struct iv_region config;

	ASSERT_EQ(0, iv_region_open(&config, self->fd, VFIO_PCI_CONFIG_REGION_INDEX));
	EXPECT_EQ(-EFAULT, iv_region_read(&config, 0, (void *)8, 4));
	EXPECT_EQ(-EFAULT, iv_region_write(&config, PCI_INTERRUPT_LINE, (void *)8, 1));
}

TEST_F(pci_config, msi_enable_write_does_not_reach_hardware)
{
	int pos = iv_config_find_cap(self->fd, PCI_CAP_ID_MSI);
	uint16_t flags;

	if (pos == -ENOENT)
		SKIP(return, "the device has no MSI");
	ASSERT_GT(pos, 0);
	ASSERT_EQ(0, iv_config_read16(self->fd, pos + PCI_MSI_FLAGS, &flags));
	flags |= PCI_MSI_FLAGS_ENABLE;
	ASSERT_EQ(0, iv_config_write16(self->fd, pos + PCI_MSI_FLAGS, flags));
	EXPECT_FALSE(test_hw_msi_enabled(self->addr));
}

TEST_F(pci_config, msi_address_write_does_not_reach_hardware)
{
	int pos = iv_config_find_cap(self->fd, PCI_CAP_ID_MSI);
	uint32_t before, after, value;

	if (pos == -ENOENT)
		SKIP(return, "the device has no MSI");
	ASSERT_GT(pos, 0);
	pos += PCI_MSI_ADDRESS_LO;
	ASSERT_EQ(0, iv_pci_config_read(self->addr, pos, &before, 4));
	ASSERT_EQ(0, iv_config_write32(self->fd, pos, 0xfee01000));
	ASSERT_EQ(0, iv_pci_config_read(self->addr, pos, &after, 4));
	EXPECT_EQ(before, after);
	ASSERT_EQ(0, iv_config_read32(self->fd, pos, &value));
	EXPECT_EQ(0xfee01000, value);
}

TEST_F(pci_config, msix_enable_write_does_not_reach_hardware)
{
	int pos = iv_config_find_cap(self->fd, PCI_CAP_ID_MSIX);
	uint16_t flags;

	if (pos == -ENOENT)
		SKIP(return, "the device has no MSI-X");
	ASSERT_GT(pos, 0);
	ASSERT_EQ(0, iv_config_read16(self->fd, pos + PCI_MSIX_FLAGS, &flags));
	flags |= PCI_MSIX_FLAGS_ENABLE;
	ASSERT_EQ(0, iv_config_write16(self->fd, pos + PCI_MSIX_FLAGS, flags));
	EXPECT_FALSE(test_hw_msix_enabled(self->addr));
}

TEST_HARNESS_MAIN
