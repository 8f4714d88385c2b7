// SPDX-License-Identifier: GPL-2.0-only
/*
 * Low power: the user allows the host to power the function down while he does not use it.
 *
 * Open holds a reference of runtime power management, which keeps the function awake.
 * LOW_POWER_ENTRY gives it back, LOW_POWER_EXIT and close take it again. Every call that may touch
 * hardware holds a reference of its own (vfio_pci_use()), taken before any lock of ours, and so
 * wakes the function for as long as it takes. Mappings can't do so: they fault until the exit.
 *
 * Nearly always the function is awake, and nothing more than the reference is needed. That is so if
 * kept_awake is seen to be set after the reference was taken: it is cleared before open's reference
 * is given back, so that there has been one reference or the other all the time.
 *
 * With a wake-up eventfd, the first resume after the entry is an exit, too: the resume takes the
 * reference back and signals the eventfd.
 *
 * The callback that suspends takes config_lock and mem_lock. Nobody waits for it with one of these
 * held. The one that resumes is also called by the PCI core's recovery from errors, with
 * pci_bus_sem held, which whoever changes a power state waits for under these locks. So it takes
 * neither, and what it changes has a lock of its own.
 */
#include <linux/export.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/vfio.h>

#include "priv.h"

struct vfio_pci_core_device *vfio_pci_use(struct vfio_device *vdev)
{
	struct vfio_pci_core_device *core = vfio_pci_core_from(vdev);
	struct device *dev = &core->pdev->dev;
	int ret;

	pm_runtime_get_noresume(dev);
	/* Pairs with the full barrier of the put in vfio_pci_low_power_begin(). */
	smp_mb__after_atomic();
	if (likely(READ_ONCE(core->kept_awake)))
		return core;
	ret = pm_runtime_resume(dev);
	if (ret >= 0)
		return core;
	pm_runtime_put_noidle(dev);
	return ERR_PTR(ret);
}

void vfio_pci_use_end(struct vfio_pci_core_device *core)
{
	pm_runtime_put(&core->pdev->dev);
}

/* The caller, who uses the device, has a reference besides the one that is given back. */
static int vfio_pci_low_power_begin(struct vfio_pci_core_device *core,
				    struct vfio_trigger *wakeup)
{
	guard(mutex)(&core->config_lock);
	guard(rwsem_write)(&core->mem_lock);
	guard(mutex)(&core->low_power_lock);
	if (core->low_power)
		return -EINVAL;
	WRITE_ONCE(core->low_power, true);
	vfio_trigger_move(&core->wakeup, wakeup);
	vfio_pci_mappings_zap(core);
	WRITE_ONCE(core->kept_awake, false);
	pm_runtime_put_noidle(&core->pdev->dev);
	return 0;
}

static void vfio_pci_low_power_end(struct vfio_pci_core_device *core)
{
	lockdep_assert_held(&core->low_power_lock);
	if (!core->low_power)
		return;
	WRITE_ONCE(core->low_power, false);
	vfio_trigger_clear(&core->wakeup);
	pm_runtime_get_noresume(&core->pdev->dev);
	/* Until now the caller's reference has kept it awake, or the resume in progress. */
	smp_store_release(&core->kept_awake, true);
}

int vfio_pci_low_power_entry(struct vfio_device *vdev, void *data)
{
	struct vfio_pci_core_device *core __free(vfio_pci_use) = vfio_pci_use(vdev);
	struct vfio_trigger none = {};

	if (IS_ERR(core))
		return PTR_ERR(core);
	return vfio_pci_low_power_begin(core, &none);
}

int vfio_pci_low_power_entry_with_wakeup(struct vfio_device *vdev, void *data)
{
	const struct vfio_device_low_power_entry_with_wakeup *entry = data;
	struct vfio_pci_core_device *core __free(vfio_pci_use) = vfio_pci_use(vdev);
	struct vfio_trigger wakeup = {};
	int ret;

	if (IS_ERR(core))
		return PTR_ERR(core);
	if (entry->wakeup_eventfd < 0)
		return -EBADF;
	ret = vfio_trigger_set(&wakeup, entry->wakeup_eventfd);
	if (ret)
		return ret;
	ret = vfio_pci_low_power_begin(core, &wakeup);
	vfio_trigger_clear(&wakeup);
	return ret;
}

int vfio_pci_low_power_exit(struct vfio_device *vdev, void *data)
{
	struct vfio_pci_core_device *core __free(vfio_pci_use) = vfio_pci_use(vdev);

	if (IS_ERR(core))
		return PTR_ERR(core);
	guard(mutex)(&core->low_power_lock);
	vfio_pci_low_power_end(core);
	return 0;
}

/* The device is used no more, but is awake once more for what close has to do. */
void vfio_pci_low_power_close(struct vfio_pci_core_device *core)
{
	struct device *dev = &core->pdev->dev;

	/* Wakes up a sleeper, too. If the function can't be woken, close meets one that is deaf. */
	pm_runtime_get_sync(dev);
	scoped_guard(mutex, &core->low_power_lock)
		vfio_pci_low_power_end(core);
	pm_runtime_put(dev);
}

static int vfio_pci_runtime_suspend(struct device *dev)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(dev);

	guard(mutex)(&core->config_lock);
	guard(rwsem_write)(&core->mem_lock);
	/* The user's exit would need a reference, and so wait for this to be over. */
	if (!READ_ONCE(core->low_power))
		return 0;
	/* What the PCI core saves and restores is the state of an awake device. */
	vfio_pci_wake(core);
	vfio_pci_config_after_reset(core);
	vfio_pci_intx_set_quiet(core, true);
	return 0;
}

static int vfio_pci_runtime_resume(struct device *dev)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(dev);

	guard(mutex)(&core->low_power_lock);
	if (!core->low_power)
		return 0;
	vfio_pci_intx_set_quiet(core, false);
	if (vfio_trigger_is_set(&core->wakeup)) {
		vfio_trigger_signal(&core->wakeup);
		vfio_pci_low_power_end(core);
	}
	return 0;
}

/* For the struct pci_driver of every driver that is made of vfio-pci-core. */
const struct dev_pm_ops vfio_pci_core_pm_ops = {
	RUNTIME_PM_OPS(vfio_pci_runtime_suspend, vfio_pci_runtime_resume, NULL)
};
EXPORT_SYMBOL_GPL(vfio_pci_core_pm_ops);
