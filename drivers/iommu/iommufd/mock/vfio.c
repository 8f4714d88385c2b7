// SPDX-License-Identifier: GPL-2.0-only
/*
 * iommufd_mock_vfio.ko: vfio devices behind the mock, for tests of the vfio side of PASIDs where
 * there is no hardware that has them.
 *
 * There are two kinds, which differ in their bind and in whom their DMA is told apart by: platform
 * devices of their own, and any number below one parent, by PASID. Both are a page of registers, by
 * which DMA is started; it has ended when that write returns. A third kind migrates (migrate.c).
 */
#include <linux/iommufd.h>
#include <linux/iommufd_mock.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/vfio.h>
#include <uapi/linux/iommufd_test.h>

#include "migrate.h"

#define DEVICES_MAX	64U
#define QUEUES_MAX	1024U

static unsigned int devices = 2;
module_param(devices, uint, 0444);
MODULE_PARM_DESC(devices, "How many devices there are that have a requester ID each (default: 2)");

static unsigned int queues = 4;
module_param(queues, uint, 0444);
MODULE_PARM_DESC(queues, "How many devices there are that share one (default: 4)");

/**
 * struct mock_vfio - a device
 * @vdev: as the vfio core knows it
 * @lock: protects @regs; held while a command is executed, which is what a drain waits for
 * @regs: the registers
 */
struct mock_vfio {
	struct vfio_device vdev;
	struct mutex lock;
	struct mock_vfio_regs regs;
};

static struct mock_vfio *from_vdev(struct vfio_device *vdev)
{
	return container_of(vdev, struct mock_vfio, vdev);
}

static void mock_drain(void *data, u32 pasid)
{
	struct mock_vfio *mock = data;

	/* Commands that found the PASID have ended then. */
	mutex_lock(&mock->lock);
	mock->regs.drained++;
	mutex_unlock(&mock->lock);
}

static const struct iommufd_pasid_ops pasid_ops = {
	.drain = mock_drain,
};

static int mock_bind(struct vfio_device *vdev, struct vfio_bind *bind)
{
	return vfio_bind_device(bind, vdev->dev);
}

static int mock_bind_pasid(struct vfio_device *vdev, struct vfio_bind *bind)
{
	return vfio_bind_pasid(bind, vdev->dev, &pasid_ops, from_vdev(vdev));
}

static int mock_open(struct vfio_device *vdev)
{
	struct mock_vfio *mock = from_vdev(vdev);

	mutex_lock(&mock->lock);
	memset(&mock->regs, 0, sizeof(mock->regs));
	mock->regs.own_pasid = iommufd_endpoint_pasid(vfio_device_endpoint(vdev));
	mutex_unlock(&mock->lock);
	return 0;
}

/* No command is being executed: that would be a call of the driver. */
static void mock_close(struct vfio_device *vdev)
{
}

/* With which PASID a command does DMA, if it may. */
static int command_pasid(struct mock_vfio *mock, u32 *pasid)
{
	const struct iommufd_endpoint *ep = vfio_device_endpoint(&mock->vdev);

	*pasid = mock->regs.pasid;
	if (mock->regs.command & MOCK_VFIO_GUEST)
		return iommufd_pasid_from_guest(ep, mock->regs.pasid, pasid);
	/* Alone at its requester ID a device can use any: the IOMMU stops what isn't attached. */
	if (!mock->regs.own_pasid)
		return 0;
	return iommufd_pasid_owned(ep, *pasid) ? 0 : -EPERM;
}

static int execute(struct mock_vfio *mock)
{
	const u32 command = mock->regs.command & ~MOCK_VFIO_GUEST;
	u32 pasid;
	int rc;

	lockdep_assert_held(&mock->lock);
	if (command != MOCK_VFIO_READ && command != MOCK_VFIO_WRITE)
		return -EINVAL;
	if (!mock->regs.length || mock->regs.length > MOCK_VFIO_DATA_SIZE)
		return -EINVAL;
	rc = command_pasid(mock, &pasid);
	if (rc)
		return rc;
	return iommufd_mock_dma(mock->vdev.dev, pasid, mock->regs.iova, mock->regs.data,
				mock->regs.length, command == MOCK_VFIO_WRITE);
}

static ssize_t mock_read(struct vfio_device *vdev, void *buf, size_t count, loff_t pos)
{
	struct mock_vfio *mock = from_vdev(vdev);

	if (pos >= sizeof(mock->regs))
		return 0;
	count = min_t(size_t, count, sizeof(mock->regs) - pos);
	guard(mutex)(&mock->lock);
	memcpy(buf, (void *)&mock->regs + pos, count);
	return count;
}

static ssize_t mock_write(struct vfio_device *vdev, const void *buf, size_t count, loff_t pos)
{
	const size_t command = offsetof(struct mock_vfio_regs, command);
	struct mock_vfio *mock = from_vdev(vdev);

	guard(mutex)(&mock->lock);
	if (pos == command && count == sizeof(mock->regs.command)) {
		memcpy(&mock->regs.command, buf, count);
		mock->regs.result = execute(mock);
		return count;
	}
	/* What tells the user something isn't to be written. */
	if (pos < command && count <= command - pos)
		memcpy((void *)&mock->regs + pos, buf, count);
	else if (pos >= offsetof(struct mock_vfio_regs, data) && pos < sizeof(mock->regs) &&
		 count <= sizeof(mock->regs) - pos)
		memcpy((void *)&mock->regs + pos, buf, count);
	else
		return -EINVAL;
	return count;
}

static int mock_get_info(struct vfio_device *vdev, struct vfio_device_info *info,
			 struct vfio_info_caps *caps)
{
	info->num_regions = 1;
	return 0;
}

static int mock_get_region_info(struct vfio_device *vdev, struct vfio_region_info *info,
				struct vfio_info_caps *caps)
{
	if (info->index)
		return -EINVAL;
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	info->size = MOCK_VFIO_REGION_SIZE;
	return 0;
}

static const struct vfio_device_ops device_ops = {
	.name = "iommufd_mock_vfio",
	.bind = mock_bind,
	.open = mock_open,
	.close = mock_close,
	.read = mock_read,
	.write = mock_write,
	.get_info = mock_get_info,
	.get_region_info = mock_get_region_info,
};

static const struct vfio_device_ops queue_ops = {
	.name = "iommufd_mock_parent",
	.bind = mock_bind_pasid,
	.open = mock_open,
	.close = mock_close,
	.read = mock_read,
	.write = mock_write,
	.get_info = mock_get_info,
	.get_region_info = mock_get_region_info,
};

static struct mock_vfio *mock_vfio_create(struct device *dev, const struct vfio_device_ops *ops)
{
	struct mock_vfio *mock;
	int rc;

	mock = vfio_alloc_device(struct mock_vfio, vdev, dev, ops);
	if (IS_ERR(mock))
		return mock;
	mutex_init(&mock->lock);
	rc = vfio_register_device(&mock->vdev);
	if (rc) {
		vfio_put_device(&mock->vdev);
		return ERR_PTR(rc);
	}
	return mock;
}

static void mock_vfio_destroy(struct mock_vfio *mock)
{
	vfio_unregister_device(&mock->vdev);
	vfio_put_device(&mock->vdev);
}

static int device_probe(struct platform_device *pdev)
{
	struct mock_vfio *mock = mock_vfio_create(&pdev->dev, &device_ops);

	if (IS_ERR(mock))
		return PTR_ERR(mock);
	platform_set_drvdata(pdev, mock);
	return 0;
}

static void device_remove(struct platform_device *pdev)
{
	mock_vfio_destroy(platform_get_drvdata(pdev));
}

static struct platform_driver device_driver = {
	.driver.name = "iommufd_mock_vfio",
	.driver_managed_dma = true,
	.probe = device_probe,
	.remove = device_remove,
};

/**
 * struct mock_parent - what queues share
 * @nr: how many there are
 * @queues: the queues
 */
struct mock_parent {
	unsigned int nr;
	struct mock_vfio *queues[] __counted_by(nr);
};

static void parent_destroy(struct mock_parent *parent, unsigned int nr)
{
	while (nr--)
		mock_vfio_destroy(parent->queues[nr]);
	kfree(parent);
}

static int parent_probe(struct platform_device *pdev)
{
	struct mock_parent *parent;
	unsigned int i;

	parent = kzalloc(struct_size(parent, queues, queues), GFP_KERNEL);
	if (!parent)
		return -ENOMEM;
	parent->nr = queues;
	for (i = 0; i < parent->nr; i++) {
		struct mock_vfio *mock = mock_vfio_create(&pdev->dev, &queue_ops);

		if (IS_ERR(mock)) {
			parent_destroy(parent, i);
			return PTR_ERR(mock);
		}
		parent->queues[i] = mock;
	}
	platform_set_drvdata(pdev, parent);
	return 0;
}

static void parent_remove(struct platform_device *pdev)
{
	struct mock_parent *parent = platform_get_drvdata(pdev);

	parent_destroy(parent, parent->nr);
}

/* Its DMA, if it did any, would be the kernel's: no driver_managed_dma. */
static struct platform_driver parent_driver = {
	.driver.name = "iommufd_mock_parent",
	.probe = parent_probe,
	.remove = parent_remove,
};

static struct device *mock_devices[DEVICES_MAX + MOCK_MIGRATE_DEVICES + 1];
static unsigned int nr_mock_devices;

static void destroy_devices(void)
{
	while (nr_mock_devices)
		iommufd_mock_device_destroy(mock_devices[--nr_mock_devices]);
}

static int create_device(const char *name)
{
	struct device *dev = iommufd_mock_device_create(name, MOCK_FLAGS_DEVICE_PASID);

	if (IS_ERR(dev))
		return PTR_ERR(dev);
	mock_devices[nr_mock_devices++] = dev;
	return 0;
}

static int create_devices(void)
{
	unsigned int i;
	int rc;

	rc = create_device("iommufd_mock_parent");
	for (i = 0; i < devices && !rc; i++)
		rc = create_device("iommufd_mock_vfio");
	for (i = 0; i < MOCK_MIGRATE_DEVICES && !rc; i++)
		rc = create_device(mock_migrate_driver.driver.name);
	if (rc)
		destroy_devices();
	return rc;
}

static struct platform_driver * const drivers[] = {
	&device_driver, &parent_driver, &mock_migrate_driver,
};

static int __init mock_vfio_init(void)
{
	int rc;

	BUILD_BUG_ON(sizeof(struct mock_vfio_regs) > MOCK_VFIO_REGION_SIZE);
	if (devices > DEVICES_MAX || queues > QUEUES_MAX)
		return -EINVAL;
	rc = platform_register_drivers(drivers, ARRAY_SIZE(drivers));
	if (rc)
		return rc;
	rc = create_devices();
	if (rc)
		platform_unregister_drivers(drivers, ARRAY_SIZE(drivers));
	return rc;
}
module_init(mock_vfio_init);

static void __exit mock_vfio_exit(void)
{
	destroy_devices();
	platform_unregister_drivers(drivers, ARRAY_SIZE(drivers));
}
module_exit(mock_vfio_exit);

MODULE_IMPORT_NS(IOMMUFD_VFIO_TEST);
MODULE_DESCRIPTION("vfio devices behind the mock IOMMU");
MODULE_LICENSE("GPL");
