/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of vfio-pci-core share. Model, invariants and the order of locks are in
 * linux/vfio_pci_core.h; here each declaration says which locks its caller holds.
 */
#ifndef VFIO_PCI_PRIV_H
#define VFIO_PCI_PRIV_H

#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/vfio_pci_core.h>

/* bar.c */
void vfio_pci_bars_claim(struct vfio_pci_core_device *core);
void vfio_pci_bars_release(struct vfio_pci_core_device *core);
void vfio_pci_bars_restore(struct vfio_pci_core_device *core);	/* mem_lock for write */
ssize_t vfio_pci_bar_read(struct vfio_pci_core_device *core, unsigned int bar, void *buf,
			  size_t count, u64 off);
ssize_t vfio_pci_bar_write(struct vfio_pci_core_device *core, unsigned int bar, const void *buf,
			   size_t count, u64 off);

void vfio_pci_io_load(void __iomem *io, void *buf, size_t size);
void vfio_pci_io_store(void __iomem *io, const void *buf, size_t size);
size_t vfio_pci_bar_widest(struct vfio_pci_core_device *core, unsigned int bar);

/* core.c */
struct pci_saved_state *vfio_pci_state_save(struct vfio_pci_core_device *core); /* state_lock */

/* error.c */
void vfio_pci_error_init(struct vfio_pci_core_device *core);
void vfio_pci_error_exit(struct vfio_pci_core_device *core);
void vfio_pci_error_forget(struct vfio_pci_core_device *core);	/* state_lock */

/* ioeventfd.c */
void vfio_pci_ioeventfds_end(struct vfio_pci_core_device *core);

/* rom.c */
void vfio_pci_rom_probe(struct vfio_pci_core_device *core);
ssize_t vfio_pci_rom_read(struct vfio_pci_core_device *core, void *buf, size_t count, u64 off);

/* vga.c */
int vfio_pci_vga_init(struct vfio_pci_core_device *core);
void vfio_pci_vga_exit(struct vfio_pci_core_device *core);
int vfio_pci_vga_open(struct vfio_pci_core_device *core);
void vfio_pci_vga_close(struct vfio_pci_core_device *core);
ssize_t vfio_pci_vga_access(struct vfio_pci_core_device *core, void *buf, size_t count, u64 off,
			    bool write);	/* no lock held: may wait for others */

/* mmap.c */
bool vfio_pci_bar_mappable(struct vfio_pci_core_device *core, unsigned int bar);

/* config.c: under config_lock unless said otherwise. */
ssize_t vfio_pci_config_read(struct vfio_pci_core_device *core, void *buf, size_t count,
			     u64 off);	/* takes config_lock */
ssize_t vfio_pci_config_write(struct vfio_pci_core_device *core, const void *buf, size_t count,
			      u64 off);	/* takes config_lock */

/* config_build.c: takes config_lock; called by open and close only. */
int vfio_pci_config_create(struct vfio_pci_core_device *core);
void vfio_pci_config_destroy(struct vfio_pci_core_device *core);

/* config_caps.c: under config_lock; the virtual registers after hardware went through a reset. */
void vfio_pci_config_after_reset(struct vfio_pci_core_device *core);

/* power.c */
#define VFIO_PCI_COMMAND_DECODE	(PCI_COMMAND_IO | PCI_COMMAND_MEMORY)

bool vfio_pci_has_error(struct vfio_pci_core_device *core);	/* no lock */
bool vfio_pci_answers(struct pci_dev *pdev);	/* no lock */
bool vfio_pci_memory_usable(struct vfio_pci_core_device *core);	/* mem_lock */
bool vfio_pci_io_usable(struct vfio_pci_core_device *core);	/* mem_lock */
void vfio_pci_mappings_zap(struct vfio_pci_core_device *core);	/* mem_lock for write */
void vfio_pci_mappings_zap_early(struct vfio_pci_core_device *core);	/* no lock */
void vfio_pci_decode_set(struct vfio_pci_core_device *core, bool memory, bool io);
void vfio_pci_master_set(struct vfio_pci_core_device *core, bool on);
pci_power_t vfio_pci_memory_force(struct vfio_pci_core_device *core); /* mem_lock for write */
void vfio_pci_memory_unforce(struct vfio_pci_core_device *core, pci_power_t state); /* likewise */
void vfio_pci_command_refresh(struct vfio_pci_core_device *core); /* mem_lock for write */
void vfio_pci_command_update(struct vfio_pci_core_device *core, u16 clear, u16 set); /* intx.lock */
void vfio_pci_command_change(struct vfio_pci_core_device *core, u16 clear, u16 set); /* no lock */
void vfio_pci_power_set(struct vfio_pci_core_device *core, pci_power_t state); /* config_lock */
void vfio_pci_wake(struct vfio_pci_core_device *core);		/* mem_lock for write */

/* How long to wait for someone who holds the device lock for a moment. */
#define VFIO_PCI_RESET_TRIES	20
#define VFIO_PCI_RESET_PAUSE_MS	10

/* registry.c */
void vfio_pci_registry_add(struct vfio_pci_core_device *core);
void vfio_pci_registry_remove(struct vfio_pci_core_device *core);
struct vfio_pci_core_device *vfio_pci_registry_find(struct pci_dev *pdev);

/* low_power.c: a device is awake from vfio_pci_use() to vfio_pci_use_end(); no lock held. */
struct vfio_pci_core_device *vfio_pci_use(struct vfio_device *vdev);	/* or an ERR_PTR */
void vfio_pci_use_end(struct vfio_pci_core_device *core);
DEFINE_FREE(vfio_pci_use, struct vfio_pci_core_device *, if (!IS_ERR(_T)) vfio_pci_use_end(_T))
int vfio_pci_low_power_entry(struct vfio_device *vdev, void *data);
int vfio_pci_low_power_entry_with_wakeup(struct vfio_device *vdev, void *data);
int vfio_pci_low_power_exit(struct vfio_device *vdev, void *data);
void vfio_pci_low_power_close(struct vfio_pci_core_device *core);

/* sriov.c */
/* device lock, but for a mediated device */
int vfio_pci_sriov_init(struct vfio_pci_core_device *core);
void vfio_pci_sriov_exit(struct vfio_pci_core_device *core);	/* likewise */
int vfio_pci_token_enter(struct vfio_pci_core_device *core, const uuid_t *token);
void vfio_pci_token_leave(struct vfio_pci_core_device *core);
int vfio_pci_token_set(struct vfio_device *vdev, void *data);

/* reset.c */
int vfio_pci_reset_locked(struct vfio_pci_core_device *core);	/* config_lock */
/* config_lock, mem_lock for write */
void vfio_pci_reset_prepare(struct vfio_pci_core_device *core);
void vfio_pci_reset_finish(struct vfio_pci_core_device *core);	/* likewise */
int vfio_pci_reset_at_open(struct vfio_pci_core_device *core);
void vfio_pci_reset_at_close(struct vfio_pci_core_device *core);

/* irq.c */
void vfio_pci_irqs_probe(struct vfio_pci_core_device *core);
void vfio_pci_irqs_shutdown(struct vfio_pci_core_device *core);	/* takes irq_lock */

/* intx.c: under irq_lock unless said otherwise. */
int vfio_pci_intx_set(struct vfio_pci_core_device *core, const struct vfio_irq_set *hdr,
		      const void *data);
void vfio_pci_intx_disable(struct vfio_pci_core_device *core);
void vfio_pci_intx_set_disabled(struct vfio_pci_core_device *core, bool disabled); /* no lock */
void vfio_pci_intx_set_quiet(struct vfio_pci_core_device *core, bool quiet); /* no lock */

/* msi.c: under irq_lock. */
unsigned int vfio_pci_msi_max(struct vfio_pci_core_device *core, unsigned int index);
int vfio_pci_msi_set(struct vfio_pci_core_device *core, const struct vfio_irq_set *hdr,
		     const void *data);
void vfio_pci_msi_disable(struct vfio_pci_core_device *core);
void vfio_pci_msi_signal_all(struct vfio_pci_core_device *core);

#endif
