/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the kernels that the PCI drivers are built for; Kbuild finds out which this
 * is.
 */
#ifndef VFIO_PCI_COMPAT_H
#define VFIO_PCI_COMPAT_H

#include <linux/pci.h>
#include <linux/string.h>

/**
 * vfio_pci_set_driver_override() - have a function bound to one driver only
 * @pdev: the function
 * @name: the driver
 *
 * Return: 0 or -ENOMEM.
 */
static inline int vfio_pci_set_driver_override(struct pci_dev *pdev, const char *name)
{
#ifdef HAVE_DEVICE_SET_DRIVER_OVERRIDE
	return device_set_driver_override(&pdev->dev, name);
#else
	return driver_set_override(&pdev->dev, &pdev->driver_override, name, strlen(name));
#endif
}

#endif
