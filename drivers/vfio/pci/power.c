// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether the function's BARs answer: decoding (the COMMAND register) and power states.
 *
 * The gate is three booleans under mem_lock: memory_on and io_on mirror the user's COMMAND, asleep
 * says that the user has left D0. Accessors and faults hold mem_lock for read while they use a BAR.
 * Whoever closes the gate holds it for write, closes, zaps the user's mappings, and only then makes
 * hardware deaf; opening goes the other way round. An error that is being seen to closes it as
 * well, at once and without the lock (error.c).
 *
 * Hardware's COMMAND also holds the INTx disable bit, which hard interrupts change. So each change
 * of the register is made under intx.lock. Bus mastering is changed here and nowhere else while the
 * device is open.
 */
#include <linux/pci.h>
#include <linux/vfio.h>

#include "priv.h"

bool vfio_pci_has_error(struct vfio_pci_core_device *core)
{
	return READ_ONCE(core->error) != VFIO_PCI_NO_ERROR;
}

bool vfio_pci_memory_usable(struct vfio_pci_core_device *core)
{
	lockdep_assert_held(&core->mem_lock);
	return core->memory_on && !core->asleep && !vfio_pci_has_error(core);
}

bool vfio_pci_io_usable(struct vfio_pci_core_device *core)
{
	lockdep_assert_held(&core->mem_lock);
	return core->io_on && !core->asleep && !vfio_pci_has_error(core);
}

/* Without the lock, a fault that found the gate open may still put its page in afterwards. */
void vfio_pci_mappings_zap_early(struct vfio_pci_core_device *core)
{
	vfio_device_zap(&core->vdev, vfio_pci_region_pos(VFIO_PCI_BAR0_REGION_INDEX),
			vfio_pci_region_pos(VFIO_PCI_ROM_REGION_INDEX));
}

void vfio_pci_mappings_zap(struct vfio_pci_core_device *core)
{
	lockdep_assert_held_write(&core->mem_lock);
	vfio_pci_mappings_zap_early(core);
}

/* A function that is gone, or has the user's reset still to get over, reads as all ones. */
bool vfio_pci_answers(struct pci_dev *pdev)
{
	u16 command;

	pci_read_config_word(pdev, PCI_COMMAND, &command);
	return !PCI_POSSIBLE_ERROR(command);
}

void vfio_pci_command_update(struct vfio_pci_core_device *core, u16 clear, u16 set)
{
	u16 old, new;

	lockdep_assert_held(&core->intx.lock);
	pci_read_config_word(core->pdev, PCI_COMMAND, &old);
	/* It may be back by the time of the write. */
	if (PCI_POSSIBLE_ERROR(old))
		return;
	new = (old & ~clear) | set;
	if (new != old)
		pci_write_config_word(core->pdev, PCI_COMMAND, new);
}

/* Hardware only; the gate and the user's wish stay as they are. */
void vfio_pci_command_change(struct vfio_pci_core_device *core, u16 clear, u16 set)
{
	scoped_guard(spinlock_irqsave, &core->intx.lock)
		vfio_pci_command_update(core, clear, set);
}

/*
 * Make hardware's COMMAND what the gate, the user's bus mastering and the INTx state say. While an
 * error is being seen to there is no bus mastering. error.c says so before it turns it off, and
 * comes here when it is over.
 */
void vfio_pci_command_refresh(struct vfio_pci_core_device *core)
{
	u16 clear = VFIO_PCI_COMMAND_DECODE | PCI_COMMAND_MASTER;
	u16 set = 0;

	lockdep_assert_held_write(&core->mem_lock);
	if (core->memory_on)
		set |= PCI_COMMAND_MEMORY;
	if (core->io_on)
		set |= PCI_COMMAND_IO;

	scoped_guard(spinlock_irqsave, &core->intx.lock) {
		if (core->pdev->is_busmaster && !vfio_pci_has_error(core))
			set |= PCI_COMMAND_MASTER;
		if (core->intx.maskable) {
			clear |= PCI_COMMAND_INTX_DISABLE;
			if (!core->intx.active || core->intx.hw_masked)
				set |= PCI_COMMAND_INTX_DISABLE;
		}
		vfio_pci_command_update(core, clear, set);
	}
}

/* The PCI core's is_busmaster is where the user's wish is kept. */
void vfio_pci_master_set(struct vfio_pci_core_device *core, bool on)
{
	scoped_guard(spinlock_irqsave, &core->intx.lock) {
		if (on && !vfio_pci_has_error(core)) {
			pci_set_master(core->pdev);
		} else {
			core->pdev->is_busmaster = on;
			vfio_pci_command_update(core, PCI_COMMAND_MASTER, 0);
		}
	}
}

/*
 * Bring hardware to what the gate says. If the BARs begin to answer, this includes what a reset
 * behind the kernel's back may have wiped, and the MSI-X table: the kernel may have moved vectors
 * to other CPUs while the table was out of reach.
 */
static void vfio_pci_gate_apply(struct vfio_pci_core_device *core, bool was_usable)
{
	bool opens = vfio_pci_memory_usable(core) && !was_usable;

	if (opens)
		vfio_pci_bars_restore(core);
	vfio_pci_command_refresh(core);
	if (opens && core->pdev->msix_enabled)
		pci_restore_msi_state(core->pdev);
}

void vfio_pci_decode_set(struct vfio_pci_core_device *core, bool memory, bool io)
{
	bool was_usable;

	guard(rwsem_write)(&core->mem_lock);
	was_usable = vfio_pci_memory_usable(core);
	core->memory_on = memory;
	core->io_on = io;
	if (was_usable && !memory)
		vfio_pci_mappings_zap(core);
	vfio_pci_gate_apply(core, was_usable);
}

/* Back to D0. Does nothing if the device is awake. */
void vfio_pci_wake(struct vfio_pci_core_device *core)
{
	struct pci_dev *pdev = core->pdev;

	lockdep_assert_held_write(&core->mem_lock);
	if (!core->asleep)
		return;
	pci_set_power_state(pdev, PCI_D0);
	/*
	 * Without No_Soft_Reset the function has forgotten its config space. The saved copy also
	 * brings MSI back; COMMAND may have been written since and is refreshed.
	 */
	scoped_guard(mutex, &core->state_lock) {
		pci_load_and_free_saved_state(pdev, &core->sleep_state);
		pci_restore_state(pdev);
	}
	core->asleep = false;
	vfio_pci_gate_apply(core, false);
}

static void vfio_pci_sleep(struct vfio_pci_core_device *core, pci_power_t state)
{
	struct pci_dev *pdev = core->pdev;

	lockdep_assert_held_write(&core->mem_lock);
	/* Then the register keeps saying D0, as hardware that refuses does. */
	if (core->has_vfs)
		return;
	if (!core->asleep) {
		/*
		 * Kept without bus mastering, so that waking up for close never turns it on.
		 * vfio_pci_command_refresh() brings it back if the user still wants it.
		 */
		vfio_pci_command_change(core, PCI_COMMAND_MASTER, 0);
		scoped_guard(mutex, &core->state_lock) {
			/* A bus that was reset has left nothing that is worth being kept. */
			if (core->error != VFIO_PCI_FROZEN)
				core->sleep_state = vfio_pci_state_save(core);
		}
		/* That, or it doesn't answer, or out of memory: likewise. */
		if (!core->sleep_state) {
			vfio_pci_command_refresh(core);
			return;
		}
		core->asleep = true;
		vfio_pci_mappings_zap(core);
	}
	pci_set_power_state(pdev, state);
	if (pdev->current_state == PCI_D0)
		vfio_pci_wake(core);
}

/*
 * Make the MSI-X table answer, for the kernel's own accesses, whatever the user's COMMAND and PM
 * registers say. The user gains nothing, for mem_lock is held until vfio_pci_memory_unforce().
 *
 * Return: the power state to go back to.
 */
pci_power_t vfio_pci_memory_force(struct vfio_pci_core_device *core)
{
	pci_power_t state = core->asleep ? core->pdev->current_state : PCI_D0;

	lockdep_assert_held_write(&core->mem_lock);
	vfio_pci_wake(core);
	vfio_pci_command_change(core, 0, PCI_COMMAND_MEMORY);
	return state;
}

void vfio_pci_memory_unforce(struct vfio_pci_core_device *core, pci_power_t state)
{
	lockdep_assert_held_write(&core->mem_lock);
	vfio_pci_command_refresh(core);
	if (state != PCI_D0)
		vfio_pci_sleep(core, state);
}

void vfio_pci_power_set(struct vfio_pci_core_device *core, pci_power_t state)
{
	lockdep_assert_held(&core->config_lock);
	guard(rwsem_write)(&core->mem_lock);
	if (state == PCI_D0)
		vfio_pci_wake(core);
	else
		vfio_pci_sleep(core, state);
}
