// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which PCI functions are vfio devices: from a struct pci_dev to our structure, whatever driver
 * (vfio-pci or a variant) has it.
 */
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/vfio.h>

#include "priv.h"

static DEFINE_MUTEX(registry_lock);	/* protects the list; a leaf */
static LIST_HEAD(registry);

void vfio_pci_registry_add(struct vfio_pci_core_device *core)
{
	guard(mutex)(&registry_lock);
	list_add(&core->registered, &registry);
}

void vfio_pci_registry_remove(struct vfio_pci_core_device *core)
{
	guard(mutex)(&registry_lock);
	list_del(&core->registered);
}

/* With a reference to the vfio device for the caller, who may find it unregistered all the same. */
struct vfio_pci_core_device *vfio_pci_registry_find(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *core;

	guard(mutex)(&registry_lock);
	list_for_each_entry(core, &registry, registered) {
		if (core->pdev == pdev) {
			vfio_get_device(&core->vdev);
			return core;
		}
	}
	return NULL;
}
