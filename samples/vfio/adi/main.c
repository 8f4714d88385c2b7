// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parent, and the mediated devices below it. The parent is behind the mock IOMMU, as there is
 * no hardware that everybody has; with hardware that has work queues and PASIDs its driver would be
 * a PCI driver, iommufd_mock_dma() the hardware, and nothing else different.
 */
#include <linux/iommufd_mock.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <uapi/linux/iommufd_test.h>

#include "adi.h"

static unsigned int max_queues = 64;
module_param(max_queues, uint, 0444);
MODULE_PARM_DESC(max_queues, "How many queues the device has (default: 64)");

struct workqueue_struct *adi_workqueue;

static const struct mdev_type adi_types[] = {
	{
		.name = "queue",
		.pretty_name = "work queue",
		.description = "fills memory",
		.device_api = VFIO_DEVICE_API_PLATFORM_STRING,
	},
};

static int adi_probe(struct mdev_device *mdev)
{
	struct adi_queue *queue;
	int rc;

	queue = vfio_alloc_device(struct adi_queue, vdev, &mdev->dev, &adi_device_ops);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	adi_queue_init(queue, mdev_parent_device(mdev));
	rc = vfio_register_device(&queue->vdev);
	if (rc) {
		vfio_put_device(&queue->vdev);
		return rc;
	}
	dev_set_drvdata(&mdev->dev, queue);
	return 0;
}

static void adi_remove(struct mdev_device *mdev)
{
	struct adi_queue *queue = dev_get_drvdata(&mdev->dev);

	vfio_unregister_device(&queue->vdev);
	vfio_put_device(&queue->vdev);
}

static struct mdev_driver adi_driver = {
	.driver.name = "adi",
	.probe = adi_probe,
	.remove = adi_remove,
};

static int adi_parent_probe(struct platform_device *pdev)
{
	const struct mdev_parent_info info = {
		.driver = &adi_driver,
		.types = adi_types,
		.nr_types = ARRAY_SIZE(adi_types),
		.max_instances = max_queues,
	};
	struct mdev_parent *parent;

	parent = mdev_register_parent(&pdev->dev, &info);
	if (IS_ERR(parent))
		return PTR_ERR(parent);
	platform_set_drvdata(pdev, parent);
	return 0;
}

static void adi_parent_remove(struct platform_device *pdev)
{
	mdev_unregister_parent(platform_get_drvdata(pdev));
	/* Every endpoint is released, so every PASID is detached. */
	WARN_ON(iommufd_mock_count_pasids(&pdev->dev));
}

/* No driver_managed_dma: the DMA of the parent, without PASID, is the kernel's. */
static struct platform_driver adi_parent_driver = {
	.driver.name = "adi",
	.probe = adi_parent_probe,
	.remove = adi_parent_remove,
};

static struct device *adi_parent;

static int __init adi_init(void)
{
	int rc;

	adi_workqueue = alloc_workqueue("adi", WQ_UNBOUND, 0);
	if (!adi_workqueue)
		return -ENOMEM;
	rc = mdev_register_driver(&adi_driver);
	if (rc)
		goto destroy_workqueue;
	rc = platform_driver_register(&adi_parent_driver);
	if (rc)
		goto unregister_driver;
	adi_parent = iommufd_mock_device_create("adi", MOCK_FLAGS_DEVICE_PASID);
	if (IS_ERR(adi_parent)) {
		rc = PTR_ERR(adi_parent);
		goto unregister_parent_driver;
	}
	return 0;

unregister_parent_driver:
	platform_driver_unregister(&adi_parent_driver);
unregister_driver:
	mdev_unregister_driver(&adi_driver);
destroy_workqueue:
	destroy_workqueue(adi_workqueue);
	return rc;
}
module_init(adi_init);

static void __exit adi_exit(void)
{
	iommufd_mock_device_destroy(adi_parent);
	platform_driver_unregister(&adi_parent_driver);
	mdev_unregister_driver(&adi_driver);
	destroy_workqueue(adi_workqueue);
}
module_exit(adi_exit);

MODULE_IMPORT_NS(IOMMUFD_VFIO_TEST);
MODULE_DESCRIPTION("Example of scalable I/O virtualization: work queues told apart by PASIDs");
MODULE_LICENSE("GPL");
