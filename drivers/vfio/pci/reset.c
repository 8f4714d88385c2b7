// SPDX-License-Identifier: GPL-2.0-only
/*
 * Resets: asked for by the user (ioctl, or the reset bits of config space), and between two users.
 *
 * The PCI core saves config space before a reset and restores it afterwards, MSI included; what
 * the function itself knew is gone. The virtual registers stay as they were, but the power state,
 * which is D0 after a reset.
 *
 * A reset needs the device lock, which the thread that removes the driver holds while it waits for
 * us. So the lock is only ever tried. When close can't get it, remove resets instead. But remove
 * may be called under pci_rescan_remove_lock, under which nothing may wait for a hotplug slot: it
 * uses function level reset or none.
 */
#include <linux/delay.h>
#include <linux/export.h>
#include <linux/pci.h>
#include <linux/vfio.h>

#include "priv.h"

/* Nobody touches BARs from here to vfio_pci_reset_finish(). */
void vfio_pci_reset_prepare(struct vfio_pci_core_device *core)
{
	lockdep_assert_held_write(&core->mem_lock);
	vfio_pci_mappings_zap(core);
	vfio_pci_wake(core);
}

/* The PCI core has restored config space; what the user may have changed in COMMAND goes on top. */
void vfio_pci_reset_finish(struct vfio_pci_core_device *core)
{
	vfio_pci_config_after_reset(core);
	vfio_pci_command_refresh(core);
}

int vfio_pci_reset_locked(struct vfio_pci_core_device *core)
{
	int ret;

	lockdep_assert_held(&core->config_lock);
	if (!core->resettable)
		return -EINVAL;

	guard(rwsem_write)(&core->mem_lock);
	vfio_pci_reset_prepare(core);
	ret = pci_try_reset_function(core->pdev);
	vfio_pci_reset_finish(core);
	if (!ret)
		core->was_reset = true;
	return ret;
}

/**
 * vfio_pci_core_reset() - VFIO_DEVICE_RESET
 * @vdev: an open device
 *
 * The virtual config space is as before, except that the device is in D0; interrupts stay set up.
 *
 * Context: may sleep for seconds.
 * Return: 0; -EINVAL if the function can't be reset alone; -EAGAIN if someone else is working on
 * the device; an error of the reset method.
 */
int vfio_pci_core_reset(struct vfio_device *vdev)
{
	struct vfio_pci_core_device *core __free(vfio_pci_use) = vfio_pci_use(vdev);

	int ret;

	if (IS_ERR(core))
		return PTR_ERR(core);
	guard(mutex)(&core->config_lock);
	ret = vfio_pci_reset_locked(core);
	/* The vfio core knows of it. */
	core->was_reset = false;
	return ret;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_reset);

/*
 * Someone who holds the device lock for a moment must not make the difference: the user may well be
 * here before the probe that made the device visible has returned.
 */
static int vfio_pci_reset_retry(struct vfio_pci_core_device *core)
{
	int tries, ret;

	for (tries = 0; tries < VFIO_PCI_RESET_TRIES; tries++) {
		ret = pci_try_reset_function(core->pdev);
		if (ret != -EAGAIN || READ_ONCE(core->removing))
			break;
		msleep(VFIO_PCI_RESET_PAUSE_MS);
	}
	return ret;
}

/*
 * Learn whether the function can be reset by doing it. The device is enabled and in D0.
 *
 * -ENOTTY says that no method does for the function, and also that it has not come back from one.
 * The list of its methods doesn't tell the two apart: a reset of the bus, which is in the list of
 * the first function of several, is refused when it is tried. But one that has not come back
 * doesn't answer.
 */
int vfio_pci_reset_at_open(struct vfio_pci_core_device *core)
{
	int ret = vfio_pci_reset_retry(core);

	core->resettable = !ret;
	if (ret != -ENOTTY)
		return ret;
	/* No method: then the user gets it as it is, and is told by VFIO_DEVICE_GET_INFO. */
	return vfio_pci_answers(core->pdev) ? 0 : -EIO;
}

void vfio_pci_reset_at_close(struct vfio_pci_core_device *core)
{
	core->needs_reset = false;
	if (core->resettable && !pci_dev_is_disconnected(core->pdev))
		core->needs_reset = vfio_pci_reset_retry(core);
}

/**
 * vfio_pci_core_reset_at_remove() - reset a function that its user could not leave reset
 * @pdev: the function, in D0, its config space as before open
 *
 * Does nothing if the function doesn't know function level resets, or doesn't answer.
 *
 * Context: from the function's driver's remove, with the device lock held; may sleep for seconds.
 */
void vfio_pci_core_reset_at_remove(struct pci_dev *pdev)
{
	if (pci_dev_is_disconnected(pdev) || !vfio_pci_answers(pdev))
		return;
	pci_save_state(pdev);
	pcie_reset_flr(pdev, PCI_RESET_DO_RESET);
	pci_restore_state(pdev);
}
EXPORT_SYMBOL_GPL(vfio_pci_core_reset_at_remove);
