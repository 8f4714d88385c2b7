// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-mdev-pci: a whole PCI function as a mediated device.
 *
 * A function that is bound to this driver is the parent of at most one instance. The instance's
 * vfio device is that of vfio-pci-core; what it does DMA under is the function's requester ID, and
 * so its bind claims the IOMMU group of the function. A driver for hardware of which only a part is
 * given away would begin like this one.
 *
 *   echo vfio-mdev-pci >/sys/bus/pci/devices/ADDRESS/driver_override
 *   echo ADDRESS >/sys/bus/pci/drivers_probe
 *   echo UUID >/sys/class/mdev_bus/ADDRESS/mdev_supported_types/vfio-mdev-pci-function/create
 */
#include <linux/mdev.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/vfio.h>
#include <linux/vfio_pci_core.h>

/**
 * struct mdev_pci - a function
 * @parent: what the mdev bus has of it
 * @lock: protects @core
 * @core: the instance, or NULL
 */
struct mdev_pci {
	struct mdev_parent *parent;
	struct mutex lock;
	struct vfio_pci_core_device *core;
};

static const struct mdev_type mdev_pci_types[] = {
	{
		.name = "function",
		.pretty_name = "PCI function",
		.description = "All of the parent",
		.device_api = VFIO_DEVICE_API_PCI_STRING,
	},
};

/* DMA is the parent's: no IOMMU knows the instance, and the group it is in is its own. */
static int mdev_pci_bind(struct vfio_device *vdev, struct vfio_bind *bind)
{
	return vfio_bind_device(bind, &vfio_pci_core_from(vdev)->pdev->dev);
}

static const struct vfio_device_ops mdev_pci_ops = {
	.name = "vfio-mdev-pci",
	.own_group = true,
	.bind = mdev_pci_bind,
	.open = vfio_pci_core_open,
	.close = vfio_pci_core_close,
	.read = vfio_pci_core_read,
	.write = vfio_pci_core_write,
	.mmap = vfio_pci_core_mmap,
	.fault = vfio_pci_core_fault,
	.find_memory = vfio_pci_core_find_memory,
	.get_info = vfio_pci_core_get_info,
	.get_region_info = vfio_pci_core_get_region_info,
	.get_irq_info = vfio_pci_core_get_irq_info,
	.set_irqs = vfio_pci_core_set_irqs,
	.reset = vfio_pci_core_reset,
};

static void set_instance(struct mdev_device *mdev, struct vfio_pci_core_device *core)
{
	struct mdev_pci *function = dev_get_drvdata(mdev_parent_device(mdev));

	guard(mutex)(&function->lock);
	function->core = core;
}

static int mdev_pci_instance_probe(struct mdev_device *mdev)
{
	struct pci_dev *pdev = to_pci_dev(mdev_parent_device(mdev));
	struct vfio_pci_core_device *core;
	int rc;

	core = vfio_alloc_device(struct vfio_pci_core_device, vdev, &mdev->dev, &mdev_pci_ops);
	if (IS_ERR(core))
		return PTR_ERR(core);
	rc = vfio_pci_core_init(core, pdev, 0);
	if (rc)
		goto put_device;
	rc = vfio_pci_core_register_device(core);
	if (rc)
		goto put_device;
	dev_set_drvdata(&mdev->dev, core);
	set_instance(mdev, core);
	return 0;

put_device:
	vfio_put_device(&core->vdev);
	return rc;
}

static void mdev_pci_instance_remove(struct mdev_device *mdev)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(&mdev->dev);

	set_instance(mdev, NULL);
	vfio_pci_core_unregister_device(core);
	vfio_put_device(&core->vdev);
}

static struct mdev_driver mdev_pci_instance_driver = {
	.driver.name = "vfio-mdev-pci",
	.probe = mdev_pci_instance_probe,
	.remove = mdev_pci_instance_remove,
};

static int mdev_pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	const struct mdev_parent_info info = {
		.driver = &mdev_pci_instance_driver,
		.types = mdev_pci_types,
		.nr_types = ARRAY_SIZE(mdev_pci_types),
		.max_instances = 1,
	};
	struct mdev_pci *function;
	int rc;

	function = kzalloc(sizeof(*function), GFP_KERNEL);
	if (!function)
		return -ENOMEM;
	mutex_init(&function->lock);
	/* Before users can create the instance, which looks for it. */
	pci_set_drvdata(pdev, function);
	function->parent = mdev_register_parent(&pdev->dev, &info);
	if (IS_ERR(function->parent)) {
		rc = PTR_ERR(function->parent);
		kfree(function);
		return rc;
	}
	return 0;
}

static void mdev_pci_remove(struct pci_dev *pdev)
{
	struct mdev_pci *function = pci_get_drvdata(pdev);

	mdev_unregister_parent(function->parent);
	/* If the instance was in use, it could not reset the function: the device lock is held. */
	vfio_pci_core_reset_at_remove(pdev);
	kfree(function);
}

static pci_ers_result_t mdev_pci_error_detected(struct pci_dev *pdev, pci_channel_state_t state)
{
	struct mdev_pci *function = pci_get_drvdata(pdev);

	guard(mutex)(&function->lock);
	if (function->core)
		return vfio_pci_core_error_detected(function->core, state);
	/* Without an instance nobody puts config space back after a reset. */
	return state == pci_channel_io_normal ? PCI_ERS_RESULT_CAN_RECOVER :
						PCI_ERS_RESULT_DISCONNECT;
}

static pci_ers_result_t mdev_pci_slot_reset(struct pci_dev *pdev)
{
	struct mdev_pci *function = pci_get_drvdata(pdev);

	guard(mutex)(&function->lock);
	if (function->core)
		return vfio_pci_core_error_reset(function->core);
	return PCI_ERS_RESULT_RECOVERED;
}

static void mdev_pci_resume(struct pci_dev *pdev)
{
	struct mdev_pci *function = pci_get_drvdata(pdev);

	guard(mutex)(&function->lock);
	if (function->core)
		vfio_pci_core_error_resume(function->core);
}

static const struct pci_error_handlers mdev_pci_err_handlers = {
	.error_detected = mdev_pci_error_detected,
	.slot_reset = mdev_pci_slot_reset,
	.resume = mdev_pci_resume,
};

/* No table: a function gets this driver by driver_override or new_id. */
static struct pci_driver mdev_pci_driver = {
	.name = "vfio-mdev-pci",
	.probe = mdev_pci_probe,
	.remove = mdev_pci_remove,
	.err_handler = &mdev_pci_err_handlers,
	/* All DMA is the users'. */
	.driver_managed_dma = true,
};

static int __init mdev_pci_init(void)
{
	int rc;

	rc = mdev_register_driver(&mdev_pci_instance_driver);
	if (rc)
		return rc;
	rc = pci_register_driver(&mdev_pci_driver);
	if (rc)
		mdev_unregister_driver(&mdev_pci_instance_driver);
	return rc;
}
module_init(mdev_pci_init);

static void __exit mdev_pci_exit(void)
{
	pci_unregister_driver(&mdev_pci_driver);
	mdev_unregister_driver(&mdev_pci_instance_driver);
}
module_exit(mdev_pci_exit);

MODULE_DESCRIPTION("Example of a mediated device: a whole PCI function");
MODULE_LICENSE("GPL");
