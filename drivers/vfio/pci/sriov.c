// SPDX-License-Identifier: GPL-2.0-only
/*
 * Single Root I/O Virtualization: a physical function (PF) and its virtual ones (VFs).
 *
 * The user of a PF is the master of its VFs: he can reset them, and much more, depending on the
 * hardware. So when a vfio driver has the PF, the users of PF and VFs must know a common secret,
 * the VF token: whoever opens a VF gives the one that the PF's user has set, and whoever opens the
 * PF while VFs are open gives the one that they gave. A PF starts with a random token, which nobody
 * knows.
 *
 * VFs of such a PF come into being with a driver_override that names the PF's driver: the host's
 * own drivers are not to trust a device whose master is a user.
 *
 * A PF that has VFs already when a vfio driver wants it is refused (vfio_pci_core_init()), and one
 * that a vfio driver lets go of loses its VFs first. So a VF's view of its PF never changes.
 *
 * token_lock of the PF is taken by its own open and by those of the VFs; a leaf.
 */
#include <linux/device/bus.h>
#include <linux/export.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/vfio.h>

#include "compat.h"
#include "priv.h"

static int vfio_pci_sriov_notify(struct notifier_block *nb, unsigned long action, void *data)
{
	struct vfio_pci_core_device *core = container_of(nb, struct vfio_pci_core_device, sriov_nb);
	struct pci_dev *vf = to_pci_dev(data);
	const char *name = core->pdev->driver->name;

	if (!vf->is_virtfn || pci_physfn(vf) != core->pdev)
		return NOTIFY_DONE;
	if (action == BUS_NOTIFY_ADD_DEVICE) {
		if (vfio_pci_set_driver_override(vf, name))
			pci_warn(vf, "vfio-pci: out of memory: a driver of the host may take this VF\n");
	} else if (action == BUS_NOTIFY_BOUND_DRIVER) {
		if (!vf->driver->driver_managed_dma)
			pci_warn(vf, "vfio-pci: driver %s has a VF whose PF belongs to userspace\n",
				 vf->driver->name);
	}
	return NOTIFY_OK;
}

/* From probe. Undone by vfio_pci_sriov_exit(). */
int vfio_pci_sriov_init(struct vfio_pci_core_device *core)
{
	struct pci_dev *pdev = core->pdev;

	mutex_init(&core->token_lock);
	if (pdev->is_virtfn)
		core->pf = vfio_pci_registry_find(pci_physfn(pdev));
	if (!pdev->is_physfn)
		return 0;
	generate_random_uuid(core->token.b);
	core->sriov_nb.notifier_call = vfio_pci_sriov_notify;
	return bus_register_notifier(&pci_bus_type, &core->sriov_nb);
}

/* From remove; with the device lock held, but of a mediated device. */
void vfio_pci_sriov_exit(struct vfio_pci_core_device *core)
{
	if (core->pdev->is_physfn) {
		if (!vfio_pci_is_mediated(core))
			vfio_pci_core_sriov_configure(core, 0);
		bus_unregister_notifier(&pci_bus_type, &core->sriov_nb);
	}
	if (core->pf)
		vfio_put_device(&core->pf->vdev);
	core->pf = NULL;
}

static int vfio_pci_sriov_enable(struct vfio_pci_core_device *core, int count)
{
	int ret = pm_runtime_resume_and_get(&core->pdev->dev);

	if (ret < 0)
		return ret;
	/* From now on the user can't put the PF to sleep. */
	scoped_guard(rwsem_write, &core->mem_lock) {
		vfio_pci_wake(core);
		core->has_vfs = true;
	}
	ret = pci_enable_sriov(core->pdev, count);
	if (!ret)
		return count;
	scoped_guard(rwsem_write, &core->mem_lock)
		core->has_vfs = false;
	pm_runtime_put(&core->pdev->dev);
	return ret;
}

/**
 * vfio_pci_core_sriov_configure() - make virtual functions, or remove them
 * @core: a registered device; not a mediated one
 * @count: how many; 0 to remove them
 *
 * VFs that somebody uses are taken away from him. For struct pci_driver's sriov_configure.
 *
 * Context: with the device lock held.
 * Return: @count, or the errno of pci_enable_sriov(); -EBUSY if there are some.
 */
int vfio_pci_core_sriov_configure(struct vfio_pci_core_device *core, int count)
{
	device_lock_assert(&core->pdev->dev);
	if (count)
		return core->has_vfs ? -EBUSY : vfio_pci_sriov_enable(core, count);
	if (!core->has_vfs)
		return 0;
	pci_disable_sriov(core->pdev);
	scoped_guard(rwsem_write, &core->mem_lock)
		core->has_vfs = false;
	pm_runtime_put(&core->pdev->dev);
	return 0;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_sriov_configure);

/* Opens a VF: its PF has one more of them in use. */
static int vfio_pci_token_enter_vf(struct vfio_pci_core_device *pf, const uuid_t *token)
{
	guard(mutex)(&pf->token_lock);
	if (!token || !uuid_equal(token, &pf->token))
		return -EACCES;
	pf->vfs_open++;
	return 0;
}

/* Opens a PF. While no VF is in use its user brings a new token, or leaves the old one. */
static int vfio_pci_token_enter_pf(struct vfio_pci_core_device *pf, const uuid_t *token)
{
	guard(mutex)(&pf->token_lock);
	if (pf->vfs_open)
		return token && uuid_equal(token, &pf->token) ? 0 : -EACCES;
	if (token)
		uuid_copy(&pf->token, token);
	return 0;
}

/* From open; @token is what the user gave, or NULL. Undone by vfio_pci_token_leave(). */
int vfio_pci_token_enter(struct vfio_pci_core_device *core, const uuid_t *token)
{
	int ret = token ? -EINVAL : 0;

	if (core->pf)
		ret = vfio_pci_token_enter_vf(core->pf, token);
	else if (core->pdev->is_physfn)
		ret = vfio_pci_token_enter_pf(core, token);
	if (ret)
		pci_info_ratelimited(core->pdev, "vfio-pci: the VF token is %s\n",
				     !token ? "missing" : ret == -EACCES ? "wrong" :
				     "of no use: this is no PF, nor a VF of one that belongs to userspace");
	return ret;
}

void vfio_pci_token_leave(struct vfio_pci_core_device *core)
{
	if (!core->pf)
		return;
	guard(mutex)(&core->pf->token_lock);
	core->pf->vfs_open--;
}

/* VFs that are open stay so. There is no way to read a token: it may be another user's. */
int vfio_pci_token_set(struct vfio_device *vdev, void *data)
{
	struct vfio_pci_core_device *core = vfio_pci_core_from(vdev);

	guard(mutex)(&core->token_lock);
	uuid_copy(&core->token, data);
	return 0;
}
