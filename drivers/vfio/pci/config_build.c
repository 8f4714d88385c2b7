// SPDX-License-Identifier: GPL-2.0-only
/*
 * Building the virtual config space at open: the header, and the two chains of capabilities.
 *
 * A chain is walked once, on hardware, into a list; everything else works on the list, so that a
 * device that answers differently the second time gains nothing. The walk refuses pointers out of
 * range and stops at a capability that it has seen. A capability reaches at most to the beginning
 * of the next one in the address space, hence two never overlap. Those that the user may see
 * (config_caps.c) are linked into a chain of their own; what belongs to the others reads as zero
 * and can't be written.
 *
 * Between capabilities, conventional config space below 256 may hold registers that only the
 * device's driver knows: they can be read, not written. Extended config space shows nothing but
 * what is described.
 */
#include <linux/bitmap.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/vfio.h>

#include "config.h"
#include "priv.h"

#define VFIO_PCI_CAPS_END	PCI_CFG_SPACE_SIZE
#define VFIO_PCI_DWORDS		(PCI_CFG_SPACE_EXP_SIZE / 4)
/* The most that fit: conventional ones take 4 bytes at least, extended ones 4 as well. */
#define VFIO_PCI_CHAIN_MAX	VFIO_PCI_DWORDS

/* What a walk has found. */
struct vfio_pci_chain {
	unsigned int nr;
	unsigned int end;			/* of the address space that the chain lives in */
	DECLARE_BITMAP(starts, VFIO_PCI_DWORDS);
	struct {
		u16 off;
		u16 id;
		u8 version;
	} caps[VFIO_PCI_CHAIN_MAX];
};

/* Note a capability; false if it was seen before. */
static bool vfio_pci_chain_add(struct vfio_pci_chain *chain, unsigned int off, u16 id, u8 version)
{
	if (test_and_set_bit(off / 4, chain->starts))
		return false;
	chain->caps[chain->nr].off = off;
	chain->caps[chain->nr].id = id;
	chain->caps[chain->nr].version = version;
	chain->nr++;
	return true;
}

static void vfio_pci_chain_walk(struct vfio_pci_chain *chain, struct pci_dev *pdev)
{
	u16 status, header;
	u8 off;

	chain->end = min_t(unsigned int, VFIO_PCI_CAPS_END, pdev->cfg_size);
	pci_read_config_word(pdev, PCI_STATUS, &status);
	if (!(status & PCI_STATUS_CAP_LIST))
		return;

	pci_read_config_byte(pdev, PCI_CAPABILITY_LIST, &off);
	for (off &= ~3; off >= PCI_STD_HEADER_SIZEOF && off < chain->end;
	     off = (header >> 8) & ~3) {
		pci_read_config_word(pdev, off, &header);
		if ((header & 0xff) == 0xff)
			break;
		if (!vfio_pci_chain_add(chain, off, header & 0xff, 0))
			break;
	}
}

static void vfio_pci_chain_walk_ext(struct vfio_pci_chain *chain, struct pci_dev *pdev)
{
	unsigned int off = PCI_CFG_SPACE_SIZE;
	u32 header;

	chain->end = pdev->cfg_size;
	while (off >= PCI_CFG_SPACE_SIZE && off < chain->end) {
		if (pci_read_config_dword(pdev, off, &header) || !header || header == U32_MAX)
			break;
		if (!vfio_pci_chain_add(chain, off, PCI_EXT_CAP_ID(header),
					PCI_EXT_CAP_VER(header)))
			break;
		off = PCI_EXT_CAP_NEXT(header);
	}
}

/* Where at the latest the capability at @off ends. */
static unsigned int vfio_pci_chain_limit(struct vfio_pci_chain *chain, unsigned int off)
{
	unsigned int next = find_next_bit(chain->starts, chain->end / 4, off / 4 + 1);

	return next * 4;
}

/*
 * Describe one capability.
 *
 * Return: whether the user may see it.
 */
static bool vfio_pci_cap_describe(struct vfio_pci_core_device *core,
				  struct vfio_pci_config *config, const struct vfio_pci_cap *cap,
				  unsigned int off, unsigned int limit, unsigned int header)
{
	unsigned int size = cap ? cap->size(core, off) : 0;

	if (size <= header || (cap->whole && size > limit - off)) {
		vfio_pci_config_describe_hidden(config, off, limit - off);
		return false;
	}
	size = min(size, limit - off);
	vfio_pci_config_describe_hw(config, off, size, false);
	if (cap->describe)
		cap->describe(core, config, off, size);
	return true;
}

static void vfio_pci_config_build_chain(struct vfio_pci_core_device *core,
					struct vfio_pci_config *config,
					struct vfio_pci_chain *chain)
{
	unsigned int link = PCI_CAPABILITY_LIST;
	unsigned int i;

	for (i = 0; i < chain->nr; i++) {
		unsigned int off = chain->caps[i].off;
		const struct vfio_pci_cap *cap = vfio_pci_cap_find(chain->caps[i].id);

		if (!vfio_pci_cap_describe(core, config, cap, off, vfio_pci_chain_limit(chain, off),
					   PCI_CAP_SIZEOF / 2))
			continue;
		vfio_pci_config_describe_virtual(config, off, 2, chain->caps[i].id, 0);
		vfio_pci_config_put(config, link, 1, off);
		link = off + PCI_CAP_LIST_NEXT;
	}
	if (link != PCI_CAPABILITY_LIST)
		vfio_pci_config_describe_bits(config, PCI_STATUS, 2, PCI_STATUS_CAP_LIST,
					      PCI_STATUS_CAP_LIST);
	else
		vfio_pci_config_describe_bits(config, PCI_STATUS, 2, PCI_STATUS_CAP_LIST, 0);
}

/*
 * The extended chain begins at 256, visible or not. A null capability stands there if what
 * hardware has there is hidden.
 */
static void vfio_pci_config_build_ext_chain(struct vfio_pci_core_device *core,
					    struct vfio_pci_config *config,
					    struct vfio_pci_chain *chain)
{
	unsigned int last = PCI_CFG_SPACE_SIZE;
	unsigned int i;

	for (i = 0; i < chain->nr; i++) {
		unsigned int off = chain->caps[i].off;
		const struct vfio_pci_cap *cap = vfio_pci_ext_cap_find(chain->caps[i].id);

		if (!vfio_pci_cap_describe(core, config, cap, off, vfio_pci_chain_limit(chain, off),
					   sizeof(u32)))
			continue;
		vfio_pci_config_describe_virtual(config, off, 4,
						 chain->caps[i].id | chain->caps[i].version << 16,
						 0);
		if (off != last)
			vfio_pci_config_put(config, last, 4,
					    vfio_pci_config_get(config, last, 4) | off << 20);
		last = off;
	}
}

static int vfio_pci_config_build_caps(struct vfio_pci_core_device *core,
				      struct vfio_pci_config *config)
{
	struct vfio_pci_chain *chain __free(kfree) = kzalloc(sizeof(*chain), GFP_KERNEL);

	if (!chain)
		return -ENOMEM;
	vfio_pci_chain_walk(chain, core->pdev);
	vfio_pci_config_build_chain(core, config, chain);
	if (config->end <= PCI_CFG_SPACE_SIZE)
		return 0;

	memset(chain, 0, sizeof(*chain));
	vfio_pci_chain_walk_ext(chain, core->pdev);
	vfio_pci_config_build_ext_chain(core, config, chain);
	return 0;
}

/*
 * One BAR. Nothing the user writes goes to hardware. Address bits below the size are constant
 * zeros, hence the usual way to learn a BAR's size works by itself.
 *
 * Return: how many registers it takes.
 */
static int vfio_pci_config_build_bar(struct pci_dev *pdev, struct vfio_pci_config *config, int bar)
{
	unsigned int off = PCI_BASE_ADDRESS_0 + bar * 4;
	struct resource *res = &pdev->resource[bar];
	struct pci_bus_region region;
	u32 type;
	u64 mask;

	if (!pci_resource_len(pdev, bar)) {
		vfio_pci_config_describe_virtual(config, off, 4, 0, 0);
		return 1;
	}

	pcibios_resource_to_bus(pdev->bus, &region, res);
	mask = ~(roundup_pow_of_two(pci_resource_len(pdev, bar)) - 1);
	if (res->flags & IORESOURCE_IO) {
		vfio_pci_config_describe_virtual(config, off, 4,
						 (region.start & mask) | PCI_BASE_ADDRESS_SPACE_IO,
						 mask & PCI_BASE_ADDRESS_IO_MASK);
		return 1;
	}

	type = res->flags & IORESOURCE_PREFETCH ? PCI_BASE_ADDRESS_MEM_PREFETCH : 0;
	if (!(res->flags & IORESOURCE_MEM_64) || bar + 1 == PCI_STD_NUM_BARS) {
		vfio_pci_config_describe_virtual(config, off, 4, (region.start & mask) | type,
						 mask & PCI_BASE_ADDRESS_MEM_MASK);
		return 1;
	}
	type |= PCI_BASE_ADDRESS_MEM_TYPE_64;
	vfio_pci_config_describe_virtual(config, off, 4, (region.start & mask) | type,
					 mask & PCI_BASE_ADDRESS_MEM_MASK);
	vfio_pci_config_describe_virtual(config, off + 4, 4, upper_32_bits(region.start & mask),
					 upper_32_bits(mask));
	return 2;
}

static void vfio_pci_config_build_rom(struct vfio_pci_core_device *core,
				      struct vfio_pci_config *config)
{
	u32 mask = 0;

	if (core->rom_size)
		mask = ~(roundup_pow_of_two(core->rom_size) - 1) & PCI_ROM_ADDRESS_MASK;
	vfio_pci_config_describe_virtual(config, PCI_ROM_ADDRESS, 4, 0,
					 mask ? mask | PCI_ROM_ADDRESS_ENABLE : 0);
}

static void vfio_pci_command_written(struct vfio_pci_core_device *core, u16 off,
				     unsigned int bytes)
{
	u16 command = vfio_pci_config_get(core->config, off, 2);

	vfio_pci_decode_set(core, command & PCI_COMMAND_MEMORY, command & PCI_COMMAND_IO);
	vfio_pci_master_set(core, command & PCI_COMMAND_MASTER);
	vfio_pci_intx_set_disabled(core, command & PCI_COMMAND_INTX_DISABLE);
}

/* COMMAND is virtual as a whole; parity and SERR# reporting stay as the host wants them. */
static void vfio_pci_config_build_command(struct vfio_pci_core_device *core,
					  struct vfio_pci_config *config)
{
	u32 command = 0;

	if (core->memory_on)
		command |= PCI_COMMAND_MEMORY;
	if (core->io_on)
		command |= PCI_COMMAND_IO;
	vfio_pci_config_describe_virtual(config, PCI_COMMAND, 2, command,
					 PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
					 PCI_COMMAND_PARITY | PCI_COMMAND_SERR |
					 PCI_COMMAND_INTX_DISABLE);
	vfio_pci_config_describe_hook(config, PCI_COMMAND, 2, vfio_pci_command_written);
}

static void vfio_pci_config_build_header(struct vfio_pci_core_device *core,
					 struct vfio_pci_config *config)
{
	struct pci_dev *pdev = core->pdev;
	u8 byte;
	int bar;

	vfio_pci_config_describe_hw(config, 0, VFIO_PCI_CAPS_END, false);

	/* A virtual function's own registers don't say. */
	vfio_pci_config_describe_virtual(config, PCI_VENDOR_ID, 2, pdev->vendor, 0);
	vfio_pci_config_describe_virtual(config, PCI_DEVICE_ID, 2, pdev->device, 0);
	vfio_pci_config_build_command(core, config);

	pci_read_config_byte(pdev, PCI_CACHE_LINE_SIZE, &byte);
	vfio_pci_config_describe_virtual(config, PCI_CACHE_LINE_SIZE, 1, byte, 0xff);
	pci_read_config_byte(pdev, PCI_LATENCY_TIMER, &byte);
	vfio_pci_config_describe_virtual(config, PCI_LATENCY_TIMER, 1, byte, 0xff);
	vfio_pci_config_describe_virtual(config, PCI_BIST, 1, 0, 0);

	for (bar = 0; bar < PCI_STD_NUM_BARS; )
		bar += vfio_pci_config_build_bar(pdev, config, bar);
	vfio_pci_config_build_rom(core, config);

	vfio_pci_config_describe_virtual(config, PCI_CAPABILITY_LIST, 1, 0, 0);
	pci_read_config_byte(pdev, PCI_INTERRUPT_LINE, &byte);
	vfio_pci_config_describe_virtual(config, PCI_INTERRUPT_LINE, 1, byte, 0xff);
	vfio_pci_config_describe_virtual(config, PCI_INTERRUPT_PIN, 1,
					 core->intx.irq ? pdev->pin : 0, 0);
	if (!core->intx.irq)
		vfio_pci_config_describe_bits(config, PCI_STATUS, 2, PCI_STATUS_INTERRUPT, 0);
}

/* Called by open, when nobody else can reach the device. */
int vfio_pci_config_create(struct vfio_pci_core_device *core)
{
	unsigned int end = core->pdev->cfg_size;
	unsigned int size = max_t(unsigned int, end, VFIO_PCI_CAPS_END);
	struct vfio_pci_config *config;
	int ret;

	config = kvzalloc(struct_size(config, bytes, size), GFP_KERNEL_ACCOUNT);
	if (!config)
		return -ENOMEM;
	config->size = size;
	config->end = end;

	vfio_pci_config_describe_hidden(config, 0, size);
	vfio_pci_config_build_header(core, config);
	ret = vfio_pci_config_build_caps(core, config);
	if (ret) {
		kvfree(config);
		return ret;
	}
	scoped_guard(mutex, &core->config_lock)
		core->config = config;
	return 0;
}

void vfio_pci_config_destroy(struct vfio_pci_core_device *core)
{
	struct vfio_pci_config *config;

	scoped_guard(mutex, &core->config_lock) {
		config = core->config;
		core->config = NULL;
	}
	kvfree(config);
}
