// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module: a parent, on the platform bus as it is no hardware, and the driver of its instances.
 *
 *   echo UUID >/sys/class/mdev_bus/mblk/mdev_supported_types/mblk-small/create
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/sizes.h>

#include "mblk.h"

static unsigned int max_instances = 16;
module_param(max_instances, uint, 0444);
MODULE_PARM_DESC(max_instances, "How many instances there can be altogether");

bool mblk_stubborn;
module_param_named(stubborn, mblk_stubborn, bool, 0600);
MODULE_PARM_DESC(stubborn, "Keep the queue's memory when it is unmapped: wrong, for tests of what happens then");

struct workqueue_struct *mblk_workqueue;

enum { MBLK_SMALL, MBLK_LARGE };

static const struct mdev_type mblk_types[] = {
	[MBLK_SMALL] = {
		.name = "small",
		.pretty_name = "Small block device",
		.description = "1 MiB, zeroed, gone with the instance",
		.device_api = VFIO_DEVICE_API_PLATFORM_STRING,
	},
	[MBLK_LARGE] = {
		.name = "large",
		.pretty_name = "Large block device",
		.description = "16 MiB, zeroed, gone with the instance",
		.device_api = VFIO_DEVICE_API_PLATFORM_STRING,
		.max_instances = 2,
	},
};

static int mblk_probe(struct mdev_device *mdev)
{
	struct mblk *mblk;
	int rc;

	mblk = vfio_alloc_device(struct mblk, vdev, &mdev->dev, &mblk_device_ops);
	if (IS_ERR(mblk))
		return PTR_ERR(mblk);
	mblk_queue_init(mblk);
	mblk->disk_size = mdev->type == &mblk_types[MBLK_LARGE] ? SZ_16M : SZ_1M;
	mblk->disk = kvzalloc(mblk->disk_size, GFP_KERNEL_ACCOUNT);
	if (!mblk->disk) {
		rc = -ENOMEM;
		goto put_device;
	}
	rc = vfio_register_device(&mblk->vdev);
	if (rc)
		goto free_disk;
	dev_set_drvdata(&mdev->dev, mblk);
	return 0;

free_disk:
	kvfree(mblk->disk);
put_device:
	vfio_put_device(&mblk->vdev);
	return rc;
}

static void mblk_remove(struct mdev_device *mdev)
{
	struct mblk *mblk = dev_get_drvdata(&mdev->dev);

	vfio_unregister_device(&mblk->vdev);
	kvfree(mblk->disk);
	vfio_put_device(&mblk->vdev);
}

static struct mdev_driver mblk_driver = {
	.driver.name = "mblk",
	.probe = mblk_probe,
	.remove = mblk_remove,
};

static int mblk_parent_probe(struct platform_device *pdev)
{
	const struct mdev_parent_info info = {
		.driver = &mblk_driver,
		.types = mblk_types,
		.nr_types = ARRAY_SIZE(mblk_types),
		.max_instances = max_instances,
	};
	struct mdev_parent *parent;

	parent = mdev_register_parent(&pdev->dev, &info);
	if (IS_ERR(parent))
		return PTR_ERR(parent);
	platform_set_drvdata(pdev, parent);
	return 0;
}

static void mblk_parent_remove(struct platform_device *pdev)
{
	mdev_unregister_parent(platform_get_drvdata(pdev));
}

static struct platform_driver mblk_parent_driver = {
	.driver.name = "mblk",
	.probe = mblk_parent_probe,
	.remove = mblk_parent_remove,
};

static struct platform_device *mblk_parent;

static int __init mblk_init(void)
{
	int rc;

	if (!max_instances)
		return -EINVAL;
	mblk_workqueue = alloc_workqueue("mblk", WQ_UNBOUND, WQ_MAX_ACTIVE);
	if (!mblk_workqueue)
		return -ENOMEM;
	rc = mdev_register_driver(&mblk_driver);
	if (rc)
		goto destroy_workqueue;
	rc = platform_driver_register(&mblk_parent_driver);
	if (rc)
		goto unregister_driver;
	mblk_parent = platform_device_register_simple("mblk", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(mblk_parent)) {
		rc = PTR_ERR(mblk_parent);
		goto unregister_parent_driver;
	}
	return 0;

unregister_parent_driver:
	platform_driver_unregister(&mblk_parent_driver);
unregister_driver:
	mdev_unregister_driver(&mblk_driver);
destroy_workqueue:
	destroy_workqueue(mblk_workqueue);
	return rc;
}
module_init(mblk_init);

static void __exit mblk_exit(void)
{
	platform_device_unregister(mblk_parent);
	platform_driver_unregister(&mblk_parent_driver);
	mdev_unregister_driver(&mblk_driver);
	destroy_workqueue(mblk_workqueue);
}
module_exit(mblk_exit);

MODULE_DESCRIPTION("Example of a mediated device: a block device in kernel memory");
MODULE_LICENSE("GPL");
