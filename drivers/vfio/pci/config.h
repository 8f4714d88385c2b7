/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtual config space.
 *
 * For each byte three masks decide what the user reads and writes:
 *
 *   virt    these bits are read from @value; the others from hardware
 *   write   the user may write these bits: virtual ones into @value, the others (all eight of a
 *           byte or none) to hardware
 *
 * A byte that nobody has described is { virt 0xff, write 0, value 0 }: it reads as zero, and writes
 * are dropped. So forgetting a register hides it.
 *
 * Registers whose writing must have an effect have a *hook*, which runs after the new value has
 * been stored, once for each naturally aligned access that touches the register.
 */
#ifndef VFIO_PCI_CONFIG_H
#define VFIO_PCI_CONFIG_H

#include <linux/types.h>

struct vfio_pci_core_device;

/**
 * struct vfio_pci_config_byte - the description of one byte
 * @value: the virtual bits' content
 * @virt: which bits are virtual
 * @write: which bits the user may write
 */
struct vfio_pci_config_byte {
	u8 value;
	u8 virt;
	u8 write;
};

/**
 * struct vfio_pci_config_hook - a register whose writing has an effect
 * @off: where it is
 * @size: its size in bytes, not crossing a multiple of 4
 * @written: called under config_lock; @bytes has a bit for each byte of the register that the user
 *           has written
 */
struct vfio_pci_config_hook {
	u16 off;
	u16 size;
	void (*written)(struct vfio_pci_core_device *core, u16 off, unsigned int bytes);
};

#define VFIO_PCI_CONFIG_HOOKS	8

/**
 * struct vfio_pci_config - the virtual config space of an open device; under config_lock
 * @size: elements in @bytes: at least 256, for the header and what conventional capabilities need
 * @end: how far the user, and we on his behalf, may reach: the function's own size of config space,
 *       which is 256 or 4096, but for a few functions that can't bear to be asked for all of it
 * @nr_hooks: elements used in @hooks
 * @hooks: at most one for each register of config_caps.c that has an effect
 * @pm: where the virtual power management capability is; 0 for nowhere
 * @bytes: the description
 */
struct vfio_pci_config {
	unsigned int size;
	unsigned int end;
	unsigned int nr_hooks;
	struct vfio_pci_config_hook hooks[VFIO_PCI_CONFIG_HOOKS];
	u16 pm;
	struct vfio_pci_config_byte bytes[] __counted_by(size);
};

/* config.c: the content of virtual registers of up to 4 bytes. */
u32 vfio_pci_config_get(struct vfio_pci_config *config, unsigned int off, unsigned int size);
void vfio_pci_config_put(struct vfio_pci_config *config, unsigned int off, unsigned int size,
			 u32 value);

/* config.c: descriptions. */
void vfio_pci_config_describe_hidden(struct vfio_pci_config *config, unsigned int off,
				     unsigned int size);
void vfio_pci_config_describe_hw(struct vfio_pci_config *config, unsigned int off,
				 unsigned int size, bool writable);
void vfio_pci_config_describe_virtual(struct vfio_pci_config *config, unsigned int off,
				      unsigned int size, u32 value, u32 write);
void vfio_pci_config_describe_bits(struct vfio_pci_config *config, unsigned int off,
				   unsigned int size, u32 mask, u32 value);
void vfio_pci_config_describe_hook(struct vfio_pci_config *config, unsigned int off,
				   unsigned int size,
				   void (*written)(struct vfio_pci_core_device *core, u16 off,
						   unsigned int bytes));

/* config_caps.c: what a capability looks like to the user. */

/**
 * struct vfio_pci_cap - a kind of capability that the user may see
 * @id: as in config space
 * @whole: hide it if something else begins within its length; else cut it short
 * @size: its length in bytes, from hardware's registers at @off; 0 to hide it after all
 * @describe: fill in its bytes, after they have been described as hardware's and read-only. The
 *            header is not its business. NULL if there is nothing to add.
 */
struct vfio_pci_cap {
	u16 id;
	bool whole;
	unsigned int (*size)(struct vfio_pci_core_device *core, unsigned int off);
	void (*describe)(struct vfio_pci_core_device *core, struct vfio_pci_config *config,
			 unsigned int off, unsigned int size);
};

const struct vfio_pci_cap *vfio_pci_cap_find(u16 id);
const struct vfio_pci_cap *vfio_pci_ext_cap_find(u16 id);

#endif
