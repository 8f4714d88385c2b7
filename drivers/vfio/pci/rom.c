// SPDX-License-Identifier: GPL-2.0-only
/*
 * The expansion ROM, read only.
 *
 * Whether there is one is found out once, at the first open: looking for its signature may write to
 * the kernel's log, and a user who opens and asks again and again must not be able to fill that.
 * A read turns ROM decoding on and off around itself; mem_lock is held for write, since some
 * functions share an address decoder between the ROM and a BAR.
 */
#include <linux/io.h>
#include <linux/pci.h>
#include <linux/vfio.h>

#include "priv.h"

/* Memory decoding is on: called after pci_enable_device() and before the user may turn it off. */
void vfio_pci_rom_probe(struct vfio_pci_core_device *core)
{
	void __iomem *io;
	size_t size;

	if (core->rom_probed)
		return;
	core->rom_probed = true;
	if (!pci_resource_len(core->pdev, PCI_ROM_RESOURCE))
		return;

	io = pci_map_rom(core->pdev, &size);
	if (!io)
		return;
	if (size)
		core->rom_size = pci_resource_len(core->pdev, PCI_ROM_RESOURCE);
	pci_unmap_rom(core->pdev, io);
}

ssize_t vfio_pci_rom_read(struct vfio_pci_core_device *core, void *buf, size_t count, u64 off)
{
	struct pci_dev *pdev = core->pdev;
	void __iomem *io;

	if (off >= core->rom_size)
		return -EINVAL;
	count = min_t(u64, count, core->rom_size - off);

	guard(rwsem_write)(&core->mem_lock);
	if (!vfio_pci_memory_usable(core))
		return -EIO;
	io = ioremap(pci_resource_start(pdev, PCI_ROM_RESOURCE) + off, count);
	if (!io)
		return -ENOMEM;
	if (pci_enable_rom(pdev)) {
		iounmap(io);
		return -EIO;
	}
	memcpy_fromio(buf, io, count);
	pci_disable_rom(pdev);
	iounmap(io);
	return count;
}
