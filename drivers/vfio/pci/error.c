// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCI Express errors, as the PCI core reports them.
 *
 * The user is told of each by his error eventfd. What to do about it is his business.
 *
 * After an error that isn't fatal the function goes on. After a fatal one the PCI core resets the
 * bus, and nothing is left of the function's config space. So from the report on the function does
 * no DMA and nobody touches its BARs. When the bus has been reset, config space becomes what it was
 * before, if it could still be read then, or else what open or the driver found; BARs answer again
 * when all functions of the bus are ready. For the user that is as if he had reset the function. If
 * the PCI core gives up on the bus, BARs stay out of reach until the device is opened anew.
 *
 * The PCI core reports with pci_bus_sem held, which everybody who changes a power state waits for,
 * most of our locks in hand. So the callbacks take none of these. They mark the device frozen,
 * which whoever touches BARs sees without more ado, and write config space under state_lock; the
 * rest is done by a work item.
 *
 * They also run with the device lock held, so neither probe nor remove run meanwhile, but open and
 * close may.
 */
#include <linux/export.h>
#include <linux/pci.h>
#include <linux/vfio.h>
#include <linux/vfio_migration.h>
#include <linux/workqueue.h>

#include "priv.h"

/*
 * Brings what the callbacks could not touch to what they have made of the function.
 *
 * Return: whether the function was reset since the last call.
 */
static bool error_follow(struct vfio_pci_core_device *core)
{
	pci_power_t power;
	bool restored, recovered;

	guard(mutex)(&core->config_lock);
	guard(rwsem_write)(&core->mem_lock);
	/* What faults that had looked at the gate before put in behind freeze()'s back. */
	vfio_pci_mappings_zap(core);
	scoped_guard(mutex, &core->state_lock) {
		restored = core->state_restored;
		core->state_restored = false;
	}
	if (restored) {
		vfio_pci_wake(core);
		if (core->config)
			vfio_pci_config_after_reset(core);
		/* The table of MSI-X is in memory, which may not have answered then. */
		power = vfio_pci_memory_force(core);
		pci_restore_msi_state(core->pdev);
		vfio_pci_memory_unforce(core, power);
	}
	scoped_guard(mutex, &core->state_lock) {
		recovered = core->error == VFIO_PCI_RECOVERED;
		if (recovered)
			WRITE_ONCE(core->error, VFIO_PCI_NO_ERROR);
	}
	if (recovered)
		vfio_pci_command_refresh(core);
	return restored;
}

static void error_work(struct work_struct *work)
{
	struct vfio_pci_core_device *core __free(vfio_pci_use) =
		vfio_pci_use(&container_of(work, struct vfio_pci_core_device, error_work)->vdev);

	/* One that can't be woken stays frozen. */
	if (IS_ERR(core))
		return;
	if (error_follow(core))
		vfio_device_was_reset(&core->vdev);
}

/* It may have to wait for a reset, which takes seconds. */
static void error_work_queue(struct vfio_pci_core_device *core)
{
	queue_work(system_long_wq, &core->error_work);
}

/* Called by registration, when config space is as the driver found it. */
void vfio_pci_error_init(struct vfio_pci_core_device *core)
{
	INIT_WORK(&core->error_work, error_work);
	guard(mutex)(&core->state_lock);
	/* If that fails, a function whose config space can't be read is not recovered. */
	core->found_state = vfio_pci_state_save(core);
}

/* No callback runs any more. */
void vfio_pci_error_exit(struct vfio_pci_core_device *core)
{
	cancel_work_sync(&core->error_work);
	kfree(core->found_state);
	kfree(core->error_state);
	core->found_state = NULL;
	core->error_state = NULL;
}

/* Open and close make config space anew: what it was at an error concerns nobody any more. */
void vfio_pci_error_forget(struct vfio_pci_core_device *core)
{
	lockdep_assert_held(&core->state_lock);
	WRITE_ONCE(core->error, VFIO_PCI_NO_ERROR);
	kfree(core->error_state);
	core->error_state = NULL;
}

static void freeze(struct vfio_pci_core_device *core)
{
	guard(mutex)(&core->state_lock);
	WRITE_ONCE(core->error, VFIO_PCI_FROZEN);
	core->state_lost = true;
	vfio_pci_mappings_zap_early(core);

	kfree(core->error_state);
	vfio_pci_command_change(core, PCI_COMMAND_MASTER, 0);
	core->error_state = vfio_pci_state_save(core);
}

/**
 * vfio_pci_core_error_detected() - a PCI Express error: tell the user
 * @core: a registered device
 * @state: what the PCI core has done to the link
 *
 * Context: from error_detected() of the function's driver, as for the others.
 * Return: what that has to return.
 */
pci_ers_result_t vfio_pci_core_error_detected(struct vfio_pci_core_device *core,
					      pci_channel_state_t state)
{
	if (state != pci_channel_io_normal) {
		freeze(core);
		error_work_queue(core);
	}
	vfio_trigger_signal(&core->err_trigger);
	switch (state) {
	case pci_channel_io_normal:
		return PCI_ERS_RESULT_CAN_RECOVER;
	case pci_channel_io_frozen:
		return PCI_ERS_RESULT_NEED_RESET;
	default:
		return PCI_ERS_RESULT_DISCONNECT;
	}
}
EXPORT_SYMBOL_GPL(vfio_pci_core_error_detected);

/**
 * vfio_pci_core_error_reset() - the bus has been reset, after an error
 * @core: a registered device
 *
 * Return: what the driver's slot_reset() has to return.
 */
pci_ers_result_t vfio_pci_core_error_reset(struct vfio_pci_core_device *core)
{
	struct pci_saved_state *state;

	guard(mutex)(&core->state_lock);
	/* Other errors don't reset the bus, but another function may have asked for this call. */
	if (!core->state_lost)
		return PCI_ERS_RESULT_RECOVERED;
	/* Opened or closed since the error, it has no error_state. */
	state = core->error_state ?: core->saved_state ?: core->found_state;
	if (!state)
		return PCI_ERS_RESULT_DISCONNECT;
	pci_load_saved_state(core->pdev, state);
	pci_restore_state(core->pdev);
	vfio_pci_command_change(core, PCI_COMMAND_MASTER | VFIO_PCI_COMMAND_DECODE, 0);
	core->state_lost = false;
	core->state_restored = true;
	error_work_queue(core);
	return PCI_ERS_RESULT_RECOVERED;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_error_reset);

/**
 * vfio_pci_core_error_resume() - the PCI core has recovered from an error
 * @core: a registered device
 *
 * BARs answer a moment later.
 */
void vfio_pci_core_error_resume(struct vfio_pci_core_device *core)
{
	scoped_guard(mutex, &core->state_lock) {
		if (core->error != VFIO_PCI_FROZEN)
			return;
		WRITE_ONCE(core->error, VFIO_PCI_RECOVERED);
	}
	error_work_queue(core);
}
EXPORT_SYMBOL_GPL(vfio_pci_core_error_resume);

static pci_ers_result_t function_error_detected(struct pci_dev *pdev, pci_channel_state_t state)
{
	return vfio_pci_core_error_detected(pci_get_drvdata(pdev), state);
}

static pci_ers_result_t function_slot_reset(struct pci_dev *pdev)
{
	return vfio_pci_core_error_reset(pci_get_drvdata(pdev));
}

static void function_resume(struct pci_dev *pdev)
{
	vfio_pci_core_error_resume(pci_get_drvdata(pdev));
}

/* For drivers of functions that are not mediated */
const struct pci_error_handlers vfio_pci_core_err_handlers = {
	.error_detected = function_error_detected,
	.slot_reset = function_slot_reset,
	.resume = function_resume,
};
EXPORT_SYMBOL_GPL(vfio_pci_core_err_handlers);
