// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mdev bus: each instance is bound to the driver that its parent names.
 */
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "mdev_private.h"

static int mdev_match(struct device *dev, const struct device_driver *drv)
{
	struct mdev_device *mdev = mdev_from_device(dev);

	/* An instance that is being created is bound by whoever creates it. */
	return READ_ONCE(mdev->complete) && &mdev->ptype->parent->info.driver->driver == drv;
}

static int mdev_probe(struct device *dev)
{
	struct mdev_driver *drv = container_of(dev->driver, struct mdev_driver, driver);

	return drv->probe(mdev_from_device(dev));
}

static void mdev_remove(struct device *dev)
{
	struct mdev_driver *drv = container_of(dev->driver, struct mdev_driver, driver);

	drv->remove(mdev_from_device(dev));
}

const struct bus_type mdev_bus_type = {
	.name = "mdev",
	.match = mdev_match,
	.probe = mdev_probe,
	.remove = mdev_remove,
};

int __mdev_register_driver(struct mdev_driver *drv, struct module *owner)
{
	if (WARN_ON(!drv->probe || !drv->remove))
		return -EINVAL;
	drv->driver.bus = &mdev_bus_type;
	drv->driver.owner = owner;
	return driver_register(&drv->driver);
}
EXPORT_SYMBOL_GPL(__mdev_register_driver);

void mdev_unregister_driver(struct mdev_driver *drv)
{
	driver_unregister(&drv->driver);
}
EXPORT_SYMBOL_GPL(mdev_unregister_driver);

static int __init mdev_init(void)
{
	int rc;

	rc = bus_register(&mdev_bus_type);
	if (rc)
		return rc;
	rc = mdev_parents_init();
	if (rc)
		bus_unregister(&mdev_bus_type);
	return rc;
}
module_init(mdev_init);

static void __exit mdev_exit(void)
{
	mdev_parents_exit();
	bus_unregister(&mdev_bus_type);
	/* Who has put the last reference of ours in a release may still be on his way out of it. */
	synchronize_rcu_tasks();
}
module_exit(mdev_exit);

MODULE_DESCRIPTION("Mediated devices: instances that drivers make on a user's demand");
MODULE_LICENSE("GPL");
MODULE_VERSION(IOMMUFD_VFIO_VERSION);
