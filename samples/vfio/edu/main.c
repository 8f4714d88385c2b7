// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PCI driver and the vfio device. edu.h has the model.
 *
 * It binds to nothing by itself: a function gets it by driver_override or by new_id.
 */
#include <linux/module.h>
#include <linux/pci.h>

#include "edu.h"

#define EDU_VENDOR	0x1234
#define EDU_DEVICE	0x11e8

static int edu_bind(struct vfio_device *vdev, struct vfio_bind *bind)
{
	return vfio_bind_device(bind, vdev->dev);
}

static int edu_open(struct vfio_device *vdev)
{
	struct edu_device *edu = edu_from(vdev);

	scoped_guard(mutex, &edu->lock) {
		edu_migration_begin(edu);
		edu->held = false;
		edu->stopped = false;
		edu->pending = 0;
		edu->cmd = 0;
		edu->raise = 0;
		edu->asked = false;
		edu->factorial = 0;
		edu->writing = false;
	}
	return vfio_pci_core_open(vdev);
}

/* Each access of the registers is to come through us. */
static int edu_get_region_info(struct vfio_device *vdev, struct vfio_region_info *info,
			       struct vfio_info_caps *caps)
{
	int ret = vfio_pci_core_get_region_info(vdev, info, caps);

	if (info->index == EDU_BAR)
		info->flags &= ~VFIO_REGION_INFO_FLAG_MMAP;
	return ret;
}

/* And so there is no .mmap, and no .ioeventfd. */
static const struct vfio_device_ops edu_ops = {
	.name = "vfio-edu",
	.takes_token = true,
	.bind = edu_bind,
	.open = edu_open,
	.close = vfio_pci_core_close,
	.read = edu_read,
	.write = edu_write,
	.get_info = vfio_pci_core_get_info,
	.get_region_info = edu_get_region_info,
	.get_irq_info = vfio_pci_core_get_irq_info,
	.set_irqs = vfio_pci_core_set_irqs,
	.reset = vfio_pci_core_reset,
	.find_feature = vfio_pci_core_find_feature,
	.hot_reset_info = vfio_pci_core_hot_reset_info,
	.hot_reset = vfio_pci_core_hot_reset,
};

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct edu_device *edu;
	int ret;

	if (pdev->vendor != EDU_VENDOR || pdev->device != EDU_DEVICE)
		return -ENODEV;
	edu = vfio_alloc_device(struct edu_device, core.vdev, &pdev->dev, &edu_ops);
	if (IS_ERR(edu))
		return PTR_ERR(edu);
	mutex_init(&edu->lock);
	edu->core.vdev.migration = &edu_migration_ops;
	edu->core.vdev.dma_logging = &edu_logging_ops;
	ret = vfio_pci_core_init(&edu->core, pdev, 0);
	if (ret)
		goto err_put;
	ret = vfio_pci_core_register_device(&edu->core);
	if (ret)
		goto err_put;
	return 0;

err_put:
	vfio_put_device(&edu->core.vdev);
	return ret;
}

static void edu_remove(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *core = pci_get_drvdata(pdev);

	vfio_pci_core_unregister_device(core);
	vfio_put_device(&core->vdev);
}

static struct pci_driver edu_driver = {
	.name = "vfio-edu",
	.probe = edu_probe,
	.remove = edu_remove,
	.err_handler = &vfio_pci_core_err_handlers,
	.driver_managed_dma = true,
	.driver.pm = &vfio_pci_core_pm_ops,
};
module_pci_driver(edu_driver);

MODULE_DESCRIPTION("Example of a device that migrates: QEMU's edu");
MODULE_LICENSE("GPL");
