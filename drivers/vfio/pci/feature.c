// SPDX-License-Identifier: GPL-2.0-only
/*
 * The features (VFIO_DEVICE_FEATURE) that a PCI function has.
 */
#include <linux/export.h>
#include <linux/pci.h>
#include <linux/vfio.h>

#include "priv.h"

static const struct vfio_feature vfio_pci_features[] = {
	{
		.id = VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY,
		.set = vfio_pci_low_power_entry,
	},
	{
		.id = VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP,
		.size = sizeof(struct vfio_device_low_power_entry_with_wakeup),
		.set = vfio_pci_low_power_entry_with_wakeup,
	},
	{
		.id = VFIO_DEVICE_FEATURE_LOW_POWER_EXIT,
		.set = vfio_pci_low_power_exit,
	},
	{
		.id = VFIO_DEVICE_FEATURE_PCI_VF_TOKEN,
		.size = sizeof(uuid_t),
		.set = vfio_pci_token_set,
	},
};

/**
 * vfio_pci_core_find_feature() - VFIO_DEVICE_FEATURE
 * @vdev: an open device
 * @id: VFIO_DEVICE_FEATURE_*
 *
 * Return: the feature, or NULL. PCI_VF_TOKEN is a feature of functions that can have virtual ones.
 */
const struct vfio_feature *vfio_pci_core_find_feature(struct vfio_device *vdev, u16 id)
{
	unsigned int i;

	if (id == VFIO_DEVICE_FEATURE_PCI_VF_TOKEN && !vfio_pci_core_from(vdev)->pdev->is_physfn)
		return NULL;
	for (i = 0; i < ARRAY_SIZE(vfio_pci_features); i++)
		if (vfio_pci_features[i].id == id)
			return &vfio_pci_features[i];
	return NULL;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_find_feature);
