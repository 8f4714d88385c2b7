// SPDX-License-Identifier: GPL-2.0-only
/*
 * Regions: what is where in the file, and which file does the access.
 *
 * BAR0 to BAR5, the expansion ROM and config space have fixed indices. A region that the function
 * lacks has size 0. Behind them come the legacy VGA ranges of a graphics card.
 */
#include <linux/export.h>
#include <linux/pci.h>
#include <linux/vfio.h>

#include "priv.h"

/* Without a capability userspace must not map the page that holds the MSI-X table. */
static int vfio_pci_bar_caps(struct vfio_pci_core_device *core, unsigned int bar,
			     struct vfio_info_caps *caps)
{
	/*
	 * Safe, because a message with a forged address or data is stopped by interrupt remapping,
	 * without which the device can't be bound in the first place.
	 */
	static const struct vfio_info_cap_header mappable = {
		.id = VFIO_REGION_INFO_CAP_MSIX_MAPPABLE,
		.version = 1,
	};

	if (core->msix_bar < 0 || bar != core->msix_bar)
		return 0;
	return vfio_info_add_cap(caps, &mappable, sizeof(mappable));
}

static int vfio_pci_bar_info(struct vfio_pci_core_device *core, struct vfio_region_info *info,
			     struct vfio_info_caps *caps)
{
	info->size = pci_resource_len(core->pdev, info->index);
	if (!info->size)
		return 0;
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	if (!vfio_pci_bar_mappable(core, info->index))
		return 0;
	info->flags |= VFIO_REGION_INFO_FLAG_MMAP;
	return vfio_pci_bar_caps(core, info->index, caps);
}

/**
 * vfio_pci_core_get_region_info() - VFIO_DEVICE_GET_REGION_INFO
 * @vdev: an open device
 * @info: with the index; gets flags, size and offset
 * @caps: gets VFIO_REGION_INFO_CAP_MSIX_MAPPABLE for the BAR with the MSI-X table
 *
 * Return: 0; -EINVAL for an index that doesn't exist, or the VGA one of another device; -ENOMEM.
 */
int vfio_pci_core_get_region_info(struct vfio_device *vdev, struct vfio_region_info *info,
				  struct vfio_info_caps *caps)
{
	struct vfio_pci_core_device *core __free(vfio_pci_use) = vfio_pci_use(vdev);

	if (IS_ERR(core))
		return PTR_ERR(core);
	if (info->index > VFIO_PCI_VGA_REGION_INDEX ||
	    (info->index == VFIO_PCI_VGA_REGION_INDEX && !core->vga.offered))
		return -EINVAL;

	info->flags = 0;
	info->offset = vfio_pci_region_pos(info->index);
	switch (info->index) {
	case VFIO_PCI_CONFIG_REGION_INDEX:
		info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
		info->size = core->pdev->cfg_size;
		return 0;
	case VFIO_PCI_ROM_REGION_INDEX:
		info->size = core->rom_size;
		if (info->size)
			info->flags = VFIO_REGION_INFO_FLAG_READ;
		return 0;
	case VFIO_PCI_VGA_REGION_INDEX:
		info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
		info->size = 0xc0000;
		return 0;
	default:
		return vfio_pci_bar_info(core, info, caps);
	}
}
EXPORT_SYMBOL_GPL(vfio_pci_core_get_region_info);

/**
 * vfio_pci_core_read() - read a region
 * @vdev: an open device
 * @buf: gets the bytes, in the device's (little endian) order
 * @count: at most PAGE_SIZE
 * @pos: offset in the file
 *
 * Accesses are as wide as alignment allows: 8 bytes for memory BARs, 4 for the others.
 *
 * Return: bytes read, fewer at the end of the region; -EINVAL outside of regions; -EIO while memory
 * (or I/O) decoding is off or the device is not in D0; -EBUSY if the BAR is in use by someone else;
 * of the VGA region -ERESTARTSYS for a signal while another card's user has the ranges.
 */
ssize_t vfio_pci_core_read(struct vfio_device *vdev, void *buf, size_t count, loff_t pos)
{
	struct vfio_pci_core_device *core __free(vfio_pci_use) = vfio_pci_use(vdev);
	u64 index = (u64)pos >> VFIO_PCI_OFFSET_SHIFT;
	u64 off = pos & VFIO_PCI_OFFSET_MASK;

	if (IS_ERR(core))
		return PTR_ERR(core);
	switch (index) {
	case VFIO_PCI_BAR0_REGION_INDEX ... VFIO_PCI_BAR5_REGION_INDEX:
		return vfio_pci_bar_read(core, index, buf, count, off);
	case VFIO_PCI_ROM_REGION_INDEX:
		return vfio_pci_rom_read(core, buf, count, off);
	case VFIO_PCI_CONFIG_REGION_INDEX:
		return vfio_pci_config_read(core, buf, count, off);
	case VFIO_PCI_VGA_REGION_INDEX:
		return vfio_pci_vga_access(core, buf, count, off, false);
	default:
		return -EINVAL;
	}
}
EXPORT_SYMBOL_GPL(vfio_pci_core_read);

/**
 * vfio_pci_core_write() - write a region
 * @vdev: an open device
 * @buf: the bytes, in the device's (little endian) order
 * @count: at most PAGE_SIZE
 * @pos: offset in the file
 *
 * Return: as vfio_pci_core_read(); -EINVAL for the ROM.
 */
ssize_t vfio_pci_core_write(struct vfio_device *vdev, const void *buf, size_t count, loff_t pos)
{
	struct vfio_pci_core_device *core __free(vfio_pci_use) = vfio_pci_use(vdev);
	u64 index = (u64)pos >> VFIO_PCI_OFFSET_SHIFT;
	u64 off = pos & VFIO_PCI_OFFSET_MASK;

	if (IS_ERR(core))
		return PTR_ERR(core);
	switch (index) {
	case VFIO_PCI_BAR0_REGION_INDEX ... VFIO_PCI_BAR5_REGION_INDEX:
		return vfio_pci_bar_write(core, index, buf, count, off);
	case VFIO_PCI_CONFIG_REGION_INDEX:
		return vfio_pci_config_write(core, buf, count, off);
	case VFIO_PCI_VGA_REGION_INDEX:
		/* Nothing is written to @buf then. */
		return vfio_pci_vga_access(core, (void *)buf, count, off, true);
	default:
		return -EINVAL;
	}
}
EXPORT_SYMBOL_GPL(vfio_pci_core_write);
