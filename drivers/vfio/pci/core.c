// SPDX-License-Identifier: GPL-2.0-only
/*
 * Life of a vfio-pci device: register, open, close, unregister.
 *
 *   registered   asleep by runtime PM (unless VFIO_PCI_CORE_NO_IDLE_D3), disabled
 *   open         awake, enabled, freshly reset if it can be, bus mastering off until the user turns
 *                it on
 *
 * Open and close mirror each other. The state of config space that open finds after the reset is
 * kept and put back by close, so that nothing a user did there remains for the next driver or user.
 *
 * What a user did behind BARs remains of a function that can't be reset without others: open and
 * close never reset a slot or bus. core->resettable tells, and the user is told by
 * VFIO_DEVICE_FLAGS_RESET.
 */
#include <linux/export.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/vfio.h>

#include "priv.h"

/**
 * vfio_pci_core_init() - prepare a device structure
 * @core: zeroed, from vfio_alloc_device()
 * @pdev: the function; its driver data is set to @core, if it is the device of the vfio device
 * @flags: VFIO_PCI_CORE_*
 *
 * There is no counterpart: what it sets up needs no release.
 *
 * Return: 0; -EINVAL if the function is not an ordinary one (a bridge); -EBUSY if it is a physical
 * function whose virtual functions are enabled: its user would be their master.
 */
int vfio_pci_core_init(struct vfio_pci_core_device *core, struct pci_dev *pdev,
		       unsigned int flags)
{
	if (pdev->hdr_type != PCI_HEADER_TYPE_NORMAL)
		return -EINVAL;
	if (pdev->is_physfn && pci_num_vf(pdev))
		return -EBUSY;

	core->pdev = pdev;
	core->flags = flags;
	core->msix_bar = -1;
	core->irq_index = VFIO_PCI_NUM_IRQS;
	init_rwsem(&core->mem_lock);
	mutex_init(&core->bar_lock);
	mutex_init(&core->state_lock);
	mutex_init(&core->low_power_lock);
	mutex_init(&core->config_lock);
	mutex_init(&core->irq_lock);
	mutex_init(&core->ioeventfd_lock);
	INIT_LIST_HEAD(&core->ioeventfds);
	spin_lock_init(&core->intx.lock);
	if (!vfio_pci_is_mediated(core))
		pci_set_drvdata(pdev, core);
	return 0;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_init);

/**
 * vfio_pci_core_register_device() - offer the device to userspace
 * @core: initialised, everything ready for its callbacks
 *
 * Context: from the driver's probe, with the device lock held; of a mediated device, without.
 * Return: 0 or a negative errno; then nothing is visible and the device is as before.
 */
int vfio_pci_core_register_device(struct vfio_pci_core_device *core)
{
	struct device *dev = &core->pdev->dev;
	int ret;

	ret = vfio_pci_sriov_init(core);
	if (ret)
		return ret;
	ret = vfio_pci_vga_init(core);
	if (ret)
		goto err_sriov;
	/* Nobody has said yet that DMA may happen. */
	pci_clear_master(core->pdev);
	vfio_pci_error_init(core);

	pm_runtime_allow(dev);
	if (!(core->flags & VFIO_PCI_CORE_NO_IDLE_D3))
		pm_runtime_put(dev);

	vfio_pci_registry_add(core);
	ret = vfio_register_device(&core->vdev);
	if (ret)
		goto err_registry;
	return 0;

err_registry:
	vfio_pci_registry_remove(core);
	if (!(core->flags & VFIO_PCI_CORE_NO_IDLE_D3))
		pm_runtime_get_sync(dev);
	pm_runtime_forbid(dev);
	vfio_pci_error_exit(core);
	vfio_pci_vga_exit(core);
err_sriov:
	vfio_pci_sriov_exit(core);
	return ret;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_register_device);

/**
 * vfio_pci_core_unregister_device() - take the device away from userspace
 * @core: a registered device
 *
 * Ends all use at once, whether or not files are open. Afterwards the device is awake and can do no
 * DMA. If it was in use, it is reset if it knows function level resets, otherwise when it is next
 * opened.
 *
 * Context: from the driver's remove, with the device lock held. Of a mediated device: with or
 * without the lock of the function; if it is held, the function is not reset here, but the
 * function's driver calls vfio_pci_core_reset_at_remove() from its own remove.
 */
void vfio_pci_core_unregister_device(struct vfio_pci_core_device *core)
{
	struct device *dev = &core->pdev->dev;

	/* VFs go before their PF. Those of a mediated one are its function's driver's. */
	if (core->pdev->is_physfn && !vfio_pci_is_mediated(core))
		vfio_pci_core_sriov_configure(core, 0);
	WRITE_ONCE(core->removing, true);
	vfio_unregister_device(&core->vdev);
	vfio_pci_registry_remove(core);
	vfio_pci_error_exit(core);
	vfio_pci_vga_exit(core);
	vfio_pci_sriov_exit(core);

	if (!(core->flags & VFIO_PCI_CORE_NO_IDLE_D3))
		pm_runtime_get_sync(dev);
	pm_runtime_forbid(dev);

	if (core->needs_reset && !vfio_pci_is_mediated(core))
		vfio_pci_core_reset_at_remove(core->pdev);
}
EXPORT_SYMBOL_GPL(vfio_pci_core_unregister_device);

/* Where the function's MSI-X table is: accesses by read() and write() leave it out. */
static void vfio_pci_msix_table_find(struct vfio_pci_core_device *core)
{
	u32 table;

	core->msix_bar = -1;
	if (!core->msix_max)
		return;
	pci_read_config_dword(core->pdev, core->pdev->msix_cap + PCI_MSIX_TABLE, &table);
	if ((table & PCI_MSIX_TABLE_BIR) >= PCI_STD_NUM_BARS)
		return;
	core->msix_bar = table & PCI_MSIX_TABLE_BIR;
	core->msix_start = table & PCI_MSIX_TABLE_OFFSET;
	core->msix_end = core->msix_start + (u64)core->msix_max * PCI_MSIX_ENTRY_SIZE;
}

/* Bring the gate and hardware to where the fresh virtual config space says they are. */
static void vfio_pci_gate_open(struct vfio_pci_core_device *core)
{
	u16 command;

	pci_read_config_word(core->pdev, PCI_COMMAND, &command);
	guard(rwsem_write)(&core->mem_lock);
	core->asleep = false;
	core->io_on = command & PCI_COMMAND_IO;
	/* A virtual function's memory enable bit is hardwired to 0; its PF enables memory. */
	core->memory_on = core->pdev->is_virtfn || (command & PCI_COMMAND_MEMORY);
	vfio_pci_command_refresh(core);
}

static void vfio_pci_gate_close(struct vfio_pci_core_device *core)
{
	guard(rwsem_write)(&core->mem_lock);
	vfio_pci_wake(core);
	core->memory_on = false;
	core->io_on = false;
	vfio_pci_mappings_zap(core);
	vfio_pci_command_refresh(core);
}

/*
 * The PCI core writes a line to the log when it has to turn decoding on. Close has turned it off; a
 * user who opens and closes all day must not fill the log. So only the first open leaves it to the
 * PCI core.
 */
static void vfio_pci_decode_prepare(struct vfio_pci_core_device *core)
{
	vfio_pci_command_change(core, 0, core->decode);
}

/*
 * The PCI core has room for one copy of config space, which others make as well; so ours is taken
 * out of it at once. A function that doesn't answer, at the beginning or at the end, reads as all
 * ones, which must never be written to it: they would set every bit that is there.
 *
 * Returns NULL for such a function, or without memory.
 */
struct pci_saved_state *vfio_pci_state_save(struct vfio_pci_core_device *core)
{
	lockdep_assert_held(&core->state_lock);
	if (!vfio_pci_answers(core->pdev))
		return NULL;
	pci_save_state(core->pdev);
	if (vfio_pci_answers(core->pdev))
		return pci_store_saved_state(core->pdev);
	core->pdev->state_saved = false;
	return NULL;
}

/*
 * INTx that the function can mask is masked from before config space is kept, and so after close as
 * well: one that can't be reset may want its line up with nobody there to hear it. The PCI core
 * unmasks it for whoever enables the function next.
 */
static void vfio_pci_intx_mute(struct vfio_pci_core_device *core)
{
	if (core->intx.maskable)
		vfio_pci_command_change(core, 0, PCI_COMMAND_INTX_DISABLE);
}

/* Put config space back to what open found, deaf and mute. */
static void vfio_pci_state_restore(struct vfio_pci_core_device *core)
{
	u16 clear = VFIO_PCI_COMMAND_DECODE | PCI_COMMAND_MASTER;
	struct pci_dev *pdev = core->pdev;
	u16 command;

	scoped_guard(mutex, &core->state_lock) {
		pci_load_and_free_saved_state(pdev, &core->saved_state);
		pci_restore_state(pdev);
		vfio_pci_error_forget(core);
	}

	pci_read_config_word(pdev, PCI_COMMAND, &command);
	if (!PCI_POSSIBLE_ERROR(command))
		core->decode = command & VFIO_PCI_COMMAND_DECODE;
	if (!core->intx.maskable)
		clear |= PCI_COMMAND_INTX_DISABLE;
	vfio_pci_command_change(core, clear, 0);
}

/*
 * Which atomic operations the function can do on memory. Asking the PCI core also makes it able to:
 * the register for that is the host's. Close puts it back with the rest of config space.
 */
static void vfio_pci_atomics_probe(struct vfio_pci_core_device *core)
{
	static const struct {
		u32 devcap2;
		u32 flag;
	} widths[] = {
		{ PCI_EXP_DEVCAP2_ATOMIC_COMP32, VFIO_PCI_ATOMIC_COMP32 },
		{ PCI_EXP_DEVCAP2_ATOMIC_COMP64, VFIO_PCI_ATOMIC_COMP64 },
		{ PCI_EXP_DEVCAP2_ATOMIC_COMP128, VFIO_PCI_ATOMIC_COMP128 },
	};
	unsigned int i;

	core->atomics = 0;
	for (i = 0; i < ARRAY_SIZE(widths); i++)
		if (!pci_enable_atomic_ops_to_root(core->pdev, widths[i].devcap2))
			core->atomics |= widths[i].flag;
}

/**
 * vfio_pci_core_open() - make the device usable
 * @vdev: a registered, closed device
 *
 * Context: may sleep for seconds (a reset).
 * Return: 0; -EACCES or -EINVAL for the VF token (sriov.c); -EAGAIN if someone else is working on
 * the device; -ENOMEM; -EIO if it doesn't answer; an error of power management, enabling or reset.
 */
int vfio_pci_core_open(struct vfio_device *vdev)
{
	struct vfio_pci_core_device *core = vfio_pci_core_from(vdev);
	struct pci_dev *pdev = core->pdev;
	int ret;

	ret = vfio_pci_token_enter(core, vfio_device_token(vdev));
	if (ret)
		return ret;
	ret = pm_runtime_resume_and_get(&pdev->dev);
	if (ret < 0)
		goto err_token;

	vfio_pci_master_set(core, false);
	vfio_pci_decode_prepare(core);
	ret = pci_enable_device(pdev);
	if (ret)
		goto err_sleep;

	ret = vfio_pci_reset_at_open(core);
	if (ret)
		goto err_disable;

	vfio_pci_irqs_probe(core);
	vfio_pci_intx_mute(core);
	scoped_guard(mutex, &core->state_lock) {
		core->saved_state = vfio_pci_state_save(core);
		vfio_pci_error_forget(core);
	}
	if (!core->saved_state) {
		ret = vfio_pci_answers(core->pdev) ? -ENOMEM : -EIO;
		goto err_disable;
	}

	ret = vfio_pci_vga_open(core);
	if (ret)
		goto err_vga;
	vfio_pci_bars_claim(core);
	vfio_pci_rom_probe(core);
	vfio_pci_msix_table_find(core);
	vfio_pci_atomics_probe(core);
	vfio_pci_gate_open(core);
	ret = vfio_pci_config_create(core);
	if (ret)
		goto err_gate;
	WRITE_ONCE(core->kept_awake, true);
	return 0;

err_gate:
	vfio_pci_gate_close(core);
	vfio_pci_bars_release(core);
err_vga:
	vfio_pci_vga_close(core);
	vfio_pci_state_restore(core);
err_disable:
	pci_disable_device(pdev);
err_sleep:
	pm_runtime_put(&pdev->dev);
err_token:
	vfio_pci_token_leave(core);
	return ret;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_open);

/**
 * vfio_pci_core_close() - undo vfio_pci_core_open() and whatever the user has set up
 * @vdev: an open device
 *
 * DMA stops first. If the device is taken away from its user, each eventfd is signalled once before
 * it is let go of: the user may be asleep waiting for one.
 */
void vfio_pci_core_close(struct vfio_device *vdev)
{
	struct vfio_pci_core_device *core = vfio_pci_core_from(vdev);
	struct pci_dev *pdev = core->pdev;

	vfio_pci_ioeventfds_end(core);
	vfio_pci_low_power_close(core);
	vfio_pci_master_set(core, false);
	vfio_pci_gate_close(core);
	vfio_pci_irqs_shutdown(core);
	vfio_pci_config_destroy(core);
	vfio_pci_bars_release(core);
	vfio_pci_vga_close(core);
	pci_disable_device(pdev);
	vfio_pci_reset_at_close(core);
	vfio_pci_state_restore(core);
	WRITE_ONCE(core->kept_awake, false);
	pm_runtime_put(&pdev->dev);
	vfio_pci_token_leave(core);
}
EXPORT_SYMBOL_GPL(vfio_pci_core_close);

/**
 * vfio_pci_core_get_info() - VFIO_DEVICE_GET_INFO
 * @vdev: an open device
 * @info: gets flags and the fixed numbers of regions and interrupt indices
 * @caps: gets VFIO_DEVICE_INFO_CAP_PCI_ATOMIC_COMP, if the root port completes atomic operations
 *
 * Return: 0; -ENOMEM, or an error of power management.
 */
int vfio_pci_core_get_info(struct vfio_device *vdev, struct vfio_device_info *info,
			   struct vfio_info_caps *caps)
{
	struct vfio_pci_core_device *core __free(vfio_pci_use) = vfio_pci_use(vdev);
	struct vfio_device_info_cap_pci_atomic_comp cap = {
		.header.id = VFIO_DEVICE_INFO_CAP_PCI_ATOMIC_COMP,
		.header.version = 1,
	};

	if (IS_ERR(core))
		return PTR_ERR(core);
	info->flags = VFIO_DEVICE_FLAGS_PCI;
	if (core->resettable)
		info->flags |= VFIO_DEVICE_FLAGS_RESET;
	info->num_regions = VFIO_PCI_NUM_REGIONS;
	info->num_irqs = VFIO_PCI_NUM_IRQS;
	if (!core->atomics)
		return 0;
	cap.flags = core->atomics;
	return vfio_info_add_cap(caps, &cap.header, sizeof(cap));
}
EXPORT_SYMBOL_GPL(vfio_pci_core_get_info);

MODULE_DESCRIPTION("What vfio drivers for PCI functions share");
MODULE_LICENSE("GPL");
MODULE_VERSION(IOMMUFD_VFIO_VERSION);
