// SPDX-License-Identifier: GPL-2.0-only
/*
 * read() and write() of BARs.
 *
 * Open reserves the address ranges of all BARs; one that somebody else holds (a boot framebuffer,
 * say) stays out of reach. The kernel's mapping of a BAR is made at the first access, since BARs
 * may be huge, and lives until close.
 *
 * Buffers are kernel memory, so a whole call may run under mem_lock: nobody can close the gate
 * between the check and the access.
 */
#include <linux/export.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/pci.h>
#include <linux/unaligned.h>
#include <linux/vfio.h>

#include "priv.h"

static bool vfio_pci_bar_is_memory(struct vfio_pci_core_device *core, unsigned int bar)
{
	return pci_resource_flags(core->pdev, bar) & IORESOURCE_MEM;
}

/*
 * As a child of the BAR's own resource, and not by the PCI core's helpers: those complain in the
 * log for each failure, and don't tell a lack of memory from a range that somebody else holds. This
 * needs no memory.
 */
static bool vfio_pci_bar_claim(struct vfio_pci_core_device *core, unsigned int bar)
{
	struct resource *range = &core->pdev->resource[bar];
	struct resource *claim = &core->bars[bar].claim;

	if (!pci_resource_len(core->pdev, bar))
		return false;
	*claim = (struct resource) {
		.start = range->start,
		.end = range->end,
		.name = core->vdev.ops->name,
		.flags = resource_type(range) | IORESOURCE_BUSY,
	};
	return !request_resource(range, claim);
}

void vfio_pci_bars_claim(struct vfio_pci_core_device *core)
{
	int bar;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		core->bars[bar].claimed = vfio_pci_bar_claim(core, bar);
}

void vfio_pci_bars_release(struct vfio_pci_core_device *core)
{
	int bar;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		struct vfio_pci_bar *b = &core->bars[bar];

		if (b->io)
			pci_iounmap(core->pdev, b->io);
		if (b->claimed)
			release_resource(&b->claim);
		b->io = NULL;
		b->claimed = false;
	}
}

/* The kernel's mapping of a BAR; the first access makes it. */
static void __iomem *vfio_pci_bar_map(struct vfio_pci_core_device *core, unsigned int bar)
{
	struct vfio_pci_bar *b = &core->bars[bar];
	void __iomem *io;

	if (!b->claimed)
		return IOMEM_ERR_PTR(-EBUSY);
	/* With the release below: whoever sees the pointer sees the mapping. */
	io = smp_load_acquire(&b->io);
	if (io)
		return io;

	guard(mutex)(&core->bar_lock);
	if (b->io)
		return b->io;
	io = pci_iomap(core->pdev, bar, 0);
	if (!io)
		return IOMEM_ERR_PTR(-ENOMEM);
	/* With the acquire above. */
	smp_store_release(&b->io, io);
	return io;
}

static void vfio_pci_bar_restore_dword(struct pci_dev *pdev, int reg, u32 want, u32 mask)
{
	u32 have;

	pci_read_config_dword(pdev, reg, &have);
	if ((have ^ want) & mask)
		pci_write_config_dword(pdev, reg, (want & mask) | (have & ~mask));
}

/*
 * Write back addresses that a reset behind the kernel's back has wiped (many devices can be told by
 * their own registers to reset themselves), before memory decoding is turned on.
 */
void vfio_pci_bars_restore(struct vfio_pci_core_device *core)
{
	struct pci_dev *pdev = core->pdev;
	int bar;

	lockdep_assert_held_write(&core->mem_lock);
	/* A virtual function's BARs are in its PF. */
	if (pdev->is_virtfn)
		return;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		struct resource *res = &pdev->resource[bar];
		int reg = PCI_BASE_ADDRESS_0 + bar * 4;
		struct pci_bus_region region;

		/* Among those without length are the upper halves of 64-bit BARs. */
		if (!pci_resource_len(pdev, bar) ||
		    (res->flags & (IORESOURCE_UNSET | IORESOURCE_PCI_FIXED)))
			continue;
		pcibios_resource_to_bus(pdev->bus, &region, res);
		if (res->flags & IORESOURCE_IO) {
			vfio_pci_bar_restore_dword(pdev, reg, region.start,
						   (u32)PCI_BASE_ADDRESS_IO_MASK);
			continue;
		}
		vfio_pci_bar_restore_dword(pdev, reg, region.start,
					   (u32)PCI_BASE_ADDRESS_MEM_MASK);
		if (res->flags & IORESOURCE_MEM_64)
			vfio_pci_bar_restore_dword(pdev, reg + 4, upper_32_bits(region.start),
						   U32_MAX);
	}
}

/* One naturally aligned access; what the device sends is little endian. */
void vfio_pci_io_load(void __iomem *io, void *buf, size_t size)
{
	switch (size) {
	case 1:
		*(u8 *)buf = ioread8(io);
		break;
	case 2:
		put_unaligned_le16(ioread16(io), buf);
		break;
	case 4:
		put_unaligned_le32(ioread32(io), buf);
		break;
#ifdef CONFIG_64BIT
	case 8:
		put_unaligned_le64(readq(io), buf);
		break;
#endif
	}
}

void vfio_pci_io_store(void __iomem *io, const void *buf, size_t size)
{
	switch (size) {
	case 1:
		iowrite8(*(const u8 *)buf, io);
		break;
	case 2:
		iowrite16(get_unaligned_le16(buf), io);
		break;
	case 4:
		iowrite32(get_unaligned_le32(buf), io);
		break;
#ifdef CONFIG_64BIT
	case 8:
		writeq(get_unaligned_le64(buf), io);
		break;
#endif
	}
}

/*
 * Entries of the MSI-X table are 16 bytes and the table is aligned to 8, so a naturally aligned
 * access is in it or not, never half.
 */
static bool vfio_pci_bar_in_msix_table(struct vfio_pci_core_device *core, unsigned int bar, u64 off)
{
	return core->msix_bar >= 0 && bar == core->msix_bar &&
	       off >= core->msix_start && off < core->msix_end;
}

/* The widest access that the BAR takes, in bytes. */
size_t vfio_pci_bar_widest(struct vfio_pci_core_device *core, unsigned int bar)
{
	return IS_ENABLED(CONFIG_64BIT) && vfio_pci_bar_is_memory(core, bar) ? 8 : 4;
}

/* Check an access, and return the BAR's mapping. *@count is cut at the end. */
static void __iomem *vfio_pci_bar_access(struct vfio_pci_core_device *core, unsigned int bar,
					 u64 off, size_t *count)
{
	u64 len = pci_resource_len(core->pdev, bar);

	if (off >= len)
		return IOMEM_ERR_PTR(-EINVAL);
	*count = min_t(u64, *count, len - off);
	return vfio_pci_bar_map(core, bar);
}

static bool vfio_pci_bar_usable(struct vfio_pci_core_device *core, unsigned int bar)
{
	return vfio_pci_bar_is_memory(core, bar) ? vfio_pci_memory_usable(core) :
						   vfio_pci_io_usable(core);
}

/*
 * One naturally aligned access. The MSI-X table reads as ones, and what is written to it is lost.
 */
static void vfio_pci_bar_access_one(struct vfio_pci_core_device *core, unsigned int bar,
				    void __iomem *io, void *buf, size_t size, u64 off, bool write)
{
	bool hidden = vfio_pci_bar_in_msix_table(core, bar, off);

	if (write && !hidden)
		vfio_pci_io_store(io + off, buf, size);
	else if (!write && !hidden)
		vfio_pci_io_load(io + off, buf, size);
	else if (!write)
		memset(buf, 0xff, size);
}

/* Reads from a BAR into @buf, or, if @write, the other way. */
static ssize_t vfio_pci_bar_transfer(struct vfio_pci_core_device *core, unsigned int bar, void *buf,
				     size_t count, u64 off, bool write)
{
	size_t widest = vfio_pci_bar_widest(core, bar);
	void __iomem *io;
	size_t done, size;

	io = vfio_pci_bar_access(core, bar, off, &count);
	if (IS_ERR(io))
		return PTR_ERR(io);

	guard(rwsem_read)(&core->mem_lock);
	if (!vfio_pci_bar_usable(core, bar))
		return -EIO;
	for (done = 0; done < count; done += size) {
		size = vfio_pci_access_size(off + done, count - done, widest);
		vfio_pci_bar_access_one(core, bar, io, buf + done, size, off + done, write);
	}
	return count;
}

ssize_t vfio_pci_bar_read(struct vfio_pci_core_device *core, unsigned int bar, void *buf,
			  size_t count, u64 off)
{
	return vfio_pci_bar_transfer(core, bar, buf, count, off, false);
}

ssize_t vfio_pci_bar_write(struct vfio_pci_core_device *core, unsigned int bar, const void *buf,
			   size_t count, u64 off)
{
	/* Nothing is written to @buf then. */
	return vfio_pci_bar_transfer(core, bar, (void *)buf, count, off, true);
}

/* One access of the driver's own: of a device that the user may have made deaf, or put to sleep. */
static int vfio_pci_bar_access_forced(struct vfio_pci_core_device *core, unsigned int bar, u64 off,
				      void *buf, size_t size, bool write)
{
	u64 len = bar < PCI_STD_NUM_BARS ? pci_resource_len(core->pdev, bar) : 0;
	pci_power_t state;
	void __iomem *io;

	if (!is_power_of_2(size) || size > sizeof(u64) || !IS_ALIGNED(off, size) || off >= len ||
	    size > len - off || !vfio_pci_bar_is_memory(core, bar))
		return -EINVAL;
	io = vfio_pci_bar_map(core, bar);
	if (IS_ERR(io))
		return PTR_ERR(io);
	guard(rwsem_write)(&core->mem_lock);
	state = vfio_pci_memory_force(core);
	if (write)
		vfio_pci_io_store(io + off, buf, size);
	else
		vfio_pci_io_load(io + off, buf, size);
	vfio_pci_memory_unforce(core, state);
	return 0;
}

/**
 * vfio_pci_core_bar_read() - read a register of the device, whatever its user has done to it
 * @core: an open device
 * @bar: a memory BAR
 * @off: the register, a multiple of @size
 * @buf: gets the bytes, in the device's (little endian) order
 * @size: 1, 2, 4 or 8 bytes
 *
 * The user's own accesses are by vfio_pci_core_read(), which fails while he has memory decoding
 * off.
 *
 * Context: may sleep; with none of vfio-pci-core's locks held. Not from open and close.
 * Return: 0; -EINVAL if there is no such register; -EBUSY if the BAR is in use by someone else;
 * -ENOMEM; an error of power management.
 */
int vfio_pci_core_bar_read(struct vfio_pci_core_device *core, unsigned int bar, u64 off, void *buf,
			   size_t size)
{
	struct vfio_pci_core_device *awake __free(vfio_pci_use) = vfio_pci_use(&core->vdev);

	if (IS_ERR(awake))
		return PTR_ERR(awake);
	return vfio_pci_bar_access_forced(awake, bar, off, buf, size, false);
}
EXPORT_SYMBOL_GPL(vfio_pci_core_bar_read);

/**
 * vfio_pci_core_bar_write() - write a register of the device, whatever its user has done to it
 * @core: an open device
 * @bar: a memory BAR
 * @off: the register, a multiple of @size
 * @buf: the bytes, in the device's (little endian) order
 * @size: 1, 2, 4 or 8 bytes
 *
 * Context: as vfio_pci_core_bar_read().
 * Return: likewise.
 */
int vfio_pci_core_bar_write(struct vfio_pci_core_device *core, unsigned int bar, u64 off,
			    const void *buf, size_t size)
{
	struct vfio_pci_core_device *awake __free(vfio_pci_use) = vfio_pci_use(&core->vdev);

	if (IS_ERR(awake))
		return PTR_ERR(awake);
	/* Nothing is written to @buf then. */
	return vfio_pci_bar_access_forced(awake, bar, off, (void *)buf, size, true);
}
EXPORT_SYMBOL_GPL(vfio_pci_core_bar_write);
