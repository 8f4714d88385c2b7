// SPDX-License-Identifier: GPL-2.0-only
/*
 * BARs of a vfio-pci device: read and write, mmap, and what happens while the device doesn't decode
 * memory.
 */
#include "kselftest_harness.h"

#include <sys/ioctl.h>

#include "iv.h"
#include "test_device.h"
#include "test_fault.h"
#include "test_thread.h"
#include "test_wait.h"

/* Where a device's BAR 0 has a register that never changes, and one that keeps what is written. */
struct bar_registers {
	unsigned int constant;
	unsigned int scratch;
};

/* edu: identification, DMA source. NVMe: version, admin queue attributes. igb: status, MTA. */
static const struct bar_registers registers[] = {
	[TEST_EDU] = { 0x00, 0x80 },
	[TEST_NVME] = { 0x08, 0x24 },
	[TEST_IGB] = { 0x08, 0x5200 },
};

FIXTURE(pci_bar)
{
	struct test_device dev;
	int fd;
	struct iv_region bar;
	struct bar_registers reg;
	long page;
};

FIXTURE_VARIANT(pci_bar)
{
	enum test_role role;
};

FIXTURE_VARIANT_ADD(pci_bar, edu) { .role = TEST_EDU };
FIXTURE_VARIANT_ADD(pci_bar, nvme) { .role = TEST_NVME };
FIXTURE_VARIANT_ADD(pci_bar, igb) { .role = TEST_IGB };

FIXTURE_SETUP(pci_bar)
{
	if (!test_role_addr(variant->role))
		SKIP(return, "no device: set %s", test_role_name(variant->role));
	ASSERT_EQ(0, test_device_setup(&self->dev, variant->role, TEST_ATTACHED));
	self->fd = self->dev.fd;
	self->reg = registers[variant->role];
	self->page = sysconf(_SC_PAGESIZE);
	EXPECT_EQ(0, iv_config_command(self->fd, PCI_COMMAND_MEMORY, 0));
	EXPECT_EQ(0, iv_region_open(&self->bar, self->fd, VFIO_PCI_BAR0_REGION_INDEX));
}

FIXTURE_TEARDOWN(pci_bar)
{
	iv_region_close(&self->bar);
	test_device_teardown(&self->dev);
}

static int try_mmap(int fd, int flags, uint64_t offset, size_t size)
{
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, offset);

	if (map == MAP_FAILED)
		return -errno;
	munmap(map, size);
	return 0;
}

TEST_F(pci_bar, info_agrees_with_the_kernels_resource)
{
	uint64_t start, size;

	ASSERT_EQ(0, iv_pci_resource(self->dev.addr, 0, &start, &size));
	EXPECT_EQ(size, self->bar.size);
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
		  VFIO_REGION_INFO_FLAG_MMAP,
		  self->bar.flags & ~VFIO_REGION_INFO_FLAG_CAPS);
}

TEST_F(pci_bar, info_of_unknown_region_fails)
{
	struct vfio_region_info info;

	EXPECT_EQ(-EINVAL, iv_region_info(self->fd, VFIO_PCI_NUM_REGIONS, &info));
	EXPECT_EQ(-EINVAL, iv_region_info(self->fd, UINT32_MAX, &info));
}

TEST_F(pci_bar, info_with_short_argsz_fails)
{
	struct vfio_region_info info = { .argsz = sizeof(info) - 1 };

	EXPECT_EQ(-1, ioctl(self->fd, VFIO_DEVICE_GET_REGION_INFO, &info));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(pci_bar, absent_bar_has_size_zero_and_refuses_access)
{
	struct iv_region region;
	uint64_t start, size;
	uint32_t value;
	unsigned int absent = 0;

	for (unsigned int i = 0; i < 6; i++) {
		ASSERT_EQ(0, iv_pci_resource(self->dev.addr, i, &start, &size));
		ASSERT_EQ(0, iv_region_open(&region, self->fd, i));
		EXPECT_EQ(size, region.size);
		if (size)
			continue;
		absent++;
		EXPECT_EQ(0, region.flags);
		EXPECT_EQ(-EINVAL, iv_region_read(&region, 0, &value, 4));
		EXPECT_EQ(-EINVAL, iv_region_write(&region, 0, &value, 4));
		EXPECT_EQ(-EINVAL, try_mmap(self->fd, MAP_SHARED, region.offset, self->page));
	}
	EXPECT_GT(absent, 0);
}

TEST_F(pci_bar, read_agrees_with_mmap)
{
	uint32_t value;

	ASSERT_EQ(0, iv_region_map(&self->bar));
	ASSERT_EQ(4, iv_region_read(&self->bar, self->reg.constant, &value, 4));
	EXPECT_EQ(iv_mmio_read32(&self->bar, self->reg.constant), value);
	EXPECT_NE(UINT32_MAX, value);
	EXPECT_NE(0, value);
}

TEST_F(pci_bar, write_is_seen_through_mmap)
{
	uint32_t value = 0x00050003;

	ASSERT_EQ(0, iv_region_map(&self->bar));
	ASSERT_EQ(4, iv_region_write(&self->bar, self->reg.scratch, &value, 4));
	EXPECT_EQ(value, iv_mmio_read32(&self->bar, self->reg.scratch));
}

TEST_F(pci_bar, store_is_seen_by_read)
{
	uint32_t value;

	ASSERT_EQ(0, iv_region_map(&self->bar));
	iv_mmio_write32(&self->bar, self->reg.scratch, 0x00070001);
	ASSERT_EQ(4, iv_region_read(&self->bar, self->reg.scratch, &value, 4));
	EXPECT_EQ(0x00070001, value);
}

TEST_F(pci_bar, mapping_gives_sigbus_while_memory_decode_is_off)
{
	const volatile char *map;

	ASSERT_EQ(0, iv_region_map(&self->bar));
	map = (const volatile char *)self->bar.map + self->reg.constant;
	ASSERT_FALSE(test_load_gives_sigbus(map));
	ASSERT_EQ(0, iv_config_command(self->fd, 0, PCI_COMMAND_MEMORY));
	EXPECT_TRUE(test_load_gives_sigbus(map));
	EXPECT_TRUE(test_store_gives_sigbus((volatile char *)self->bar.map + self->reg.scratch));
	ASSERT_EQ(0, iv_config_command(self->fd, PCI_COMMAND_MEMORY, 0));
	EXPECT_FALSE(test_load_gives_sigbus(map));
	EXPECT_NE(UINT32_MAX, iv_mmio_read32(&self->bar, self->reg.constant));
}

TEST_F(pci_bar, read_and_write_give_eio_while_memory_decode_is_off)
{
	uint32_t value = 0x5a;

	ASSERT_EQ(0, iv_config_command(self->fd, 0, PCI_COMMAND_MEMORY));
	EXPECT_EQ(-EIO, iv_region_read(&self->bar, self->reg.constant, &value, 4));
	EXPECT_EQ(0x5a, value);
	EXPECT_EQ(-EIO, iv_region_write(&self->bar, self->reg.scratch, &value, 4));
	ASSERT_EQ(0, iv_config_command(self->fd, PCI_COMMAND_MEMORY, 0));
	EXPECT_EQ(4, iv_region_read(&self->bar, self->reg.constant, &value, 4));
}

TEST_F(pci_bar, mapping_made_while_memory_decode_is_off_works_later)
{
	ASSERT_EQ(0, iv_config_command(self->fd, 0, PCI_COMMAND_MEMORY));
	ASSERT_EQ(0, iv_region_map(&self->bar));
	EXPECT_TRUE(test_load_gives_sigbus((volatile char *)self->bar.map + self->reg.constant));
	ASSERT_EQ(0, iv_config_command(self->fd, PCI_COMMAND_MEMORY, 0));
	EXPECT_FALSE(test_load_gives_sigbus((volatile char *)self->bar.map + self->reg.constant));
}

struct reader {
	struct iv_region *bar;
	unsigned int offset;
	uint32_t value;
	atomic_uint finished;
};

/* Goes on to the end only if nothing but EIO and the one value ever comes. */
static void read_constant(struct test_threads *threads, unsigned int index, void *arg)
{
	struct reader *reader = arg;
	uint32_t value;

	(void)index;
	while (!test_threads_stopping(threads)) {
		ssize_t ret = iv_region_read(reader->bar, reader->offset, &value, 4);

		if (ret != -EIO && (ret != 4 || value != reader->value))
			return;
	}
	atomic_fetch_add(&reader->finished, 1);
}

TEST_F(pci_bar, toggling_memory_decode_under_readers_gives_eio_or_data)
{
	struct reader reader = { .bar = &self->bar, .offset = self->reg.constant };
	struct test_threads threads;

	ASSERT_EQ(4, iv_region_read(&self->bar, reader.offset, &reader.value, 4));
	ASSERT_EQ(0, test_threads_start(&threads, 2, read_constant, &reader));
	for (int i = 0; i < 200; i++) {
		EXPECT_EQ(0, iv_config_command(self->fd, 0, PCI_COMMAND_MEMORY));
		EXPECT_EQ(0, iv_config_command(self->fd, PCI_COMMAND_MEMORY, 0));
	}
	test_threads_stop(&threads);
	ASSERT_EQ(0, test_threads_join(&threads, 5000));
	EXPECT_EQ(2, atomic_load(&reader.finished));
}

TEST_F(pci_bar, access_past_the_end_fails)
{
	uint32_t value;

	EXPECT_EQ(-EINVAL, iv_region_read(&self->bar, self->bar.size, &value, 4));
	EXPECT_EQ(-EINVAL, iv_region_write(&self->bar, self->bar.size, &value, 4));
	EXPECT_EQ(-EINVAL, iv_region_read(&self->bar, self->bar.size + (1 << 30), &value, 4));
}

TEST_F(pci_bar, read_across_the_end_is_short)
{
	uint32_t values[2] = { 0, 0x12345678 };

	EXPECT_EQ(4, iv_region_read(&self->bar, self->bar.size - 4, values, 8));
	EXPECT_EQ(0x12345678, values[1]);
}

TEST_F(pci_bar, access_at_an_offset_of_no_region_fails)
{
	struct vfio_region_info bar1;
	uint64_t stride, beyond;
	uint32_t value;

	ASSERT_EQ(0, iv_region_info(self->fd, 1, &bar1));
	stride = bar1.offset - self->bar.offset;
	beyond = self->bar.offset + stride * (VFIO_PCI_NUM_REGIONS + 3);
	EXPECT_EQ(-1, pread(self->fd, &value, 4, beyond));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pwrite(self->fd, &value, 4, beyond));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-EINVAL, try_mmap(self->fd, MAP_SHARED, beyond, self->page));
}

TEST_F(pci_bar, bad_user_buffer_gives_efault)
{
	EXPECT_EQ(-EFAULT, iv_region_read(&self->bar, self->reg.constant, (void *)16, 4));
	EXPECT_EQ(-EFAULT, iv_region_write(&self->bar, self->reg.scratch, (void *)16, 4));
}

TEST_F(pci_bar, private_mapping_is_refused)
{
	EXPECT_EQ(-EINVAL, try_mmap(self->fd, MAP_PRIVATE, self->bar.offset, self->page));
}

TEST_F(pci_bar, mapping_beyond_the_end_is_refused)
{
	uint64_t offset = self->bar.offset;

	EXPECT_EQ(-EINVAL, try_mmap(self->fd, MAP_SHARED, offset, self->bar.size + self->page));
	EXPECT_EQ(-EINVAL, try_mmap(self->fd, MAP_SHARED, offset + self->bar.size, self->page));
	EXPECT_EQ(0, try_mmap(self->fd, MAP_SHARED, offset + self->bar.size - self->page,
			      self->page));
}

TEST_F(pci_bar, config_region_cannot_be_mapped)
{
	struct vfio_region_info info;

	ASSERT_EQ(0, iv_region_info(self->fd, VFIO_PCI_CONFIG_REGION_INDEX, &info));
	EXPECT_EQ(-EINVAL, try_mmap(self->fd, MAP_SHARED, info.offset, self->page));
}

TEST_F(pci_bar, mapping_of_one_page_shows_that_page)
{
	uint64_t offset = self->reg.scratch & ~(self->page - 1);
	struct iv_region page = self->bar;
	uint32_t value = 0x00020004;

	page.offset += offset;
	page.size = self->page;
	ASSERT_EQ(0, iv_region_map(&page));
	ASSERT_EQ(4, iv_region_write(&self->bar, self->reg.scratch, &value, 4));
	EXPECT_EQ(value, iv_mmio_read32(&page, self->reg.scratch - offset));
	iv_region_unmap(&page);
}

TEST_F(pci_bar, mapping_cannot_grow)
{
	void *map = mmap(NULL, self->page, PROT_READ, MAP_SHARED, self->fd, self->bar.offset);

	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(MAP_FAILED, mremap(map, self->page, 2 * self->page, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	munmap(map, self->page);
}

TEST_F(pci_bar, mapping_keeps_the_device_open)
{
	uint32_t value;

	ASSERT_EQ(0, iv_region_map(&self->bar));
	value = iv_mmio_read32(&self->bar, self->reg.constant);
	close(self->dev.fd);
	self->dev.fd = -1;
	EXPECT_FALSE(test_load_gives_sigbus((volatile char *)self->bar.map + self->reg.constant));
	EXPECT_EQ(value, iv_mmio_read32(&self->bar, self->reg.constant));
}

TEST_F(pci_bar, d3_refuses_access_and_d0_allows_it_again)
{
	int pm = iv_config_find_cap(self->fd, PCI_CAP_ID_PM);
	uint32_t value;

	if (pm == -ENOENT)
		SKIP(return, "the device has no power management capability");
	ASSERT_GT(pm, 0);
	ASSERT_EQ(0, iv_region_map(&self->bar));
	ASSERT_EQ(0, iv_config_write16(self->fd, pm + PCI_PM_CTRL, 3));
	EXPECT_EQ(-EIO, iv_region_read(&self->bar, self->reg.constant, &value, 4));
	EXPECT_TRUE(test_load_gives_sigbus((volatile char *)self->bar.map + self->reg.constant));
	ASSERT_EQ(0, iv_config_write16(self->fd, pm + PCI_PM_CTRL, 0));
	ASSERT_EQ(0, iv_config_command(self->fd, PCI_COMMAND_MEMORY, 0));
	EXPECT_EQ(4, iv_region_read(&self->bar, self->reg.constant, &value, 4));
	EXPECT_FALSE(test_load_gives_sigbus((volatile char *)self->bar.map + self->reg.constant));
}

TEST_F(pci_bar, msix_table_reads_as_ones_and_drops_writes)
{
	int pos = iv_config_find_cap(self->fd, PCI_CAP_ID_MSIX);
	struct iv_region region;
	uint32_t table, values[4], zero = 0;

	if (pos == -ENOENT)
		SKIP(return, "the device has no MSI-X");
	ASSERT_GT(pos, 0);
	ASSERT_EQ(0, iv_config_read32(self->fd, pos + PCI_MSIX_TABLE, &table));
	ASSERT_EQ(0, iv_region_open(&region, self->fd, table & PCI_MSIX_TABLE_BIR));
	table &= PCI_MSIX_TABLE_OFFSET;
	EXPECT_EQ(4, iv_region_write(&region, table, &zero, 4));
	ASSERT_EQ(16, iv_region_read(&region, table, values, 16));
	for (unsigned int i = 0; i < 4; i++)
		EXPECT_EQ(UINT32_MAX, values[i]);
}

TEST_F(pci_bar, msix_region_says_that_it_is_mappable)
{
	int pos = iv_config_find_cap(self->fd, PCI_CAP_ID_MSIX);
	struct {
		struct vfio_region_info info;
		uint8_t caps[256];
	} answer = { .info.argsz = sizeof(answer) };
	struct vfio_info_cap_header *cap;
	uint32_t table;

	if (pos == -ENOENT)
		SKIP(return, "the device has no MSI-X");
	ASSERT_GT(pos, 0);
	ASSERT_EQ(0, iv_config_read32(self->fd, pos + PCI_MSIX_TABLE, &table));
	answer.info.index = table & PCI_MSIX_TABLE_BIR;
	ASSERT_EQ(0, ioctl(self->fd, VFIO_DEVICE_GET_REGION_INFO, &answer));
	ASSERT_NE(0, answer.info.flags & VFIO_REGION_INFO_FLAG_CAPS);
	ASSERT_GE(answer.info.cap_offset, sizeof(answer.info));
	cap = (void *)((char *)&answer + answer.info.cap_offset);
	EXPECT_EQ(VFIO_REGION_INFO_CAP_MSIX_MAPPABLE, cap->id);
	EXPECT_EQ(1, cap->version);
	EXPECT_EQ(0, cap->next);
}

TEST_F(pci_bar, region_capabilities_that_do_not_fit_are_counted)
{
	int pos = iv_config_find_cap(self->fd, PCI_CAP_ID_MSIX);
	struct vfio_region_info info;
	uint32_t table;

	if (pos == -ENOENT)
		SKIP(return, "the device has no MSI-X");
	ASSERT_GT(pos, 0);
	ASSERT_EQ(0, iv_config_read32(self->fd, pos + PCI_MSIX_TABLE, &table));
	ASSERT_EQ(0, iv_region_info(self->fd, table & PCI_MSIX_TABLE_BIR, &info));
	EXPECT_GE(info.argsz, sizeof(info) + sizeof(struct vfio_info_cap_header));
	EXPECT_EQ(0, info.cap_offset);
}

FIXTURE(pci_igb_bars)
{
	struct test_device dev;
	int fd;
	struct iv_region csr;
	struct iv_region io;
};

FIXTURE_SETUP(pci_igb_bars)
{
	if (!test_role_addr(TEST_IGB))
		SKIP(return, "no device: set %s", test_role_name(TEST_IGB));
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_IGB, TEST_ATTACHED));
	self->fd = self->dev.fd;
	EXPECT_EQ(0, iv_config_command(self->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_IO, 0));
	EXPECT_EQ(0, iv_region_open(&self->csr, self->fd, 0));
	EXPECT_EQ(0, iv_region_open(&self->io, self->fd, 2));
}

FIXTURE_TEARDOWN(pci_igb_bars)
{
	test_device_teardown(&self->dev);
}

#define IGB_STATUS 0x8
#define IGB_MTA 0x5200

TEST_F(pci_igb_bars, io_bar_reaches_the_registers)
{
	uint32_t status, by_io, address = IGB_STATUS;

	ASSERT_EQ(4, iv_region_read(&self->csr, IGB_STATUS, &status, 4));
	ASSERT_EQ(4, iv_region_write(&self->io, 0, &address, 4));
	ASSERT_EQ(4, iv_region_read(&self->io, 4, &by_io, 4));
	EXPECT_EQ(status, by_io);
}

TEST_F(pci_igb_bars, io_bar_cannot_be_mapped)
{
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE, self->io.flags);
	EXPECT_EQ(-EINVAL, try_mmap(self->fd, MAP_SHARED, self->io.offset, 4096));
}

TEST_F(pci_igb_bars, io_bar_gives_eio_while_io_decode_is_off)
{
	uint32_t value;

	ASSERT_EQ(0, iv_config_command(self->fd, 0, PCI_COMMAND_IO));
	EXPECT_EQ(-EIO, iv_region_read(&self->io, 0, &value, 4));
	ASSERT_EQ(0, iv_config_command(self->fd, PCI_COMMAND_IO, 0));
	EXPECT_EQ(4, iv_region_read(&self->io, 0, &value, 4));
}

TEST_F(pci_igb_bars, long_write_reaches_each_register)
{
	uint32_t out[32], in[32], value;

	for (unsigned int i = 0; i < ARRAY_SIZE(out); i++)
		out[i] = 0x01010101 * i + 7;
	ASSERT_EQ(sizeof(out), iv_region_write(&self->csr, IGB_MTA, out, sizeof(out)));
	ASSERT_EQ(sizeof(in), iv_region_read(&self->csr, IGB_MTA, in, sizeof(in)));
	EXPECT_EQ(0, memcmp(out, in, sizeof(out)));
	for (unsigned int i = 0; i < ARRAY_SIZE(out); i++) {
		ASSERT_EQ(4, iv_region_read(&self->csr, IGB_MTA + 4 * i, &value, 4));
		EXPECT_EQ(out[i], value);
	}
}

TEST_HARNESS_MAIN
