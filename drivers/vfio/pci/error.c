// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCI Express errors, as the PCI core reports them.
 *
 * The user is told of each by his error eventfd. What to do about it is his business.
 *
 * After an error that isn't fatal the function goes on. After a fatal one the PCI core resets the
 * bus, and nothing is left of the function's config space. So nobody touches BARs from the report
 * on; when the bus has been reset, config space becomes what it was before, if it could still be
 * read then, or else what the driver found; and BARs answer again when all functions of the bus are
 * ready. For the user that is as if he had reset the function. If the PCI core gives up on the bus,
 * BARs stay out of reach until the device is opened anew.
 *
 * The callbacks run with the device lock held, so neither probe nor remove run meanwhile, but open
 * and close may: COMMAND is made what the gate says after all that is done here.
 */
#include <linux/export.h>
#include <linux/pci.h>
#include <linux/vfio.h>

#include "priv.h"

/* Called by registration, when config space is as the driver found it. */
void vfio_pci_error_init(struct vfio_pci_core_device *core)
{
	pci_save_state(core->pdev);
	/* Without memory: then a function whose config space can't be read is not recovered. */
	core->found_state = pci_store_saved_state(core->pdev);
}

void vfio_pci_error_exit(struct vfio_pci_core_device *core)
{
	kfree(core->found_state);
	kfree(core->error_state);
	core->found_state = NULL;
	core->error_state = NULL;
}

static void keep_state(struct vfio_pci_core_device *core)
{
	u16 command;

	kfree(core->error_state);
	core->error_state = NULL;
	pci_read_config_word(core->pdev, PCI_COMMAND, &command);
	if (PCI_POSSIBLE_ERROR(command))
		return;
	pci_save_state(core->pdev);
	core->error_state = pci_store_saved_state(core->pdev);
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
		guard(rwsem_write)(&core->mem_lock);
		core->frozen = true;
		vfio_pci_mappings_zap(core);
		keep_state(core);
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
	pci_power_t power;

	guard(mutex)(&core->config_lock);
	guard(rwsem_write)(&core->mem_lock);
	/* Other errors don't reset the bus, but another function may have asked for this call. */
	if (!core->frozen)
		return PCI_ERS_RESULT_RECOVERED;
	state = core->error_state ?: core->found_state;
	if (!state)
		return PCI_ERS_RESULT_DISCONNECT;
	pci_load_saved_state(core->pdev, state);
	pci_restore_state(core->pdev);
	/* By the reset; and the PCI core holds a lock that setting the power state takes, too. */
	vfio_pci_woken(core);
	if (core->config)
		vfio_pci_config_after_reset(core);
	/* The table of MSI-X is in memory, which may not have answered just now. */
	power = vfio_pci_memory_force(core);
	pci_restore_msi_state(core->pdev);
	vfio_pci_memory_unforce(core, power);
	return PCI_ERS_RESULT_RECOVERED;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_error_reset);

/**
 * vfio_pci_core_error_resume() - the PCI core has recovered from an error
 * @core: a registered device
 */
void vfio_pci_core_error_resume(struct vfio_pci_core_device *core)
{
	guard(rwsem_write)(&core->mem_lock);
	core->frozen = false;
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
