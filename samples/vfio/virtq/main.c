// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PCI driver and the vfio device: probe, open, close, remove. virtq.h has the model.
 *
 * It binds to nothing by itself: a function gets it by driver_override or by new_id.
 */
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "virtq.h"

/*
 * The claim is what makes this safe, not that the kernel side does no DMA: from here on the whole
 * IOMMU group belongs to one context, and to no driver of the kernel.
 */
static int virtq_bind(struct vfio_device *vdev, struct vfio_bind *bind)
{
	return vfio_bind_device(bind, vdev->dev);
}

static int virtq_open(struct vfio_device *vdev)
{
	struct virtq_device *virtq = virtq_from(vdev);
	int ret;

	ret = virtq_irqs_open(virtq);
	if (ret)
		return ret;
	scoped_guard(mutex, &virtq->lock)
		ret = virtq_status_reset(virtq);
	if (ret) {
		virtq_irqs_close(virtq);
		return ret;
	}
	/* DMA still goes nowhere until the user attaches an address space. */
	pci_set_master(virtq->pdev);
	return 0;
}

static void virtq_close(struct vfio_device *vdev)
{
	struct virtq_device *virtq = virtq_from(vdev);

	/* Whether or not the device obeys: what it had begun has ended when it shows reset. */
	scoped_guard(mutex, &virtq->lock)
		virtq_status_reset(virtq);
	pci_clear_master(virtq->pdev);
	virtq_irqs_close(virtq);
}

static int virtq_reset(struct vfio_device *vdev)
{
	struct virtq_device *virtq = virtq_from(vdev);
	int ret;

	guard(mutex)(&virtq->lock);
	ret = virtq_status_reset(virtq);
	if (!ret)
		pci_set_master(virtq->pdev);
	return ret;
}

static ssize_t virtq_read(struct vfio_device *vdev, void *buf, size_t count, loff_t pos)
{
	struct virtq_device *virtq = virtq_from(vdev);
	u64 off = pos & VIRTQ_OFFSET_MASK;

	switch ((u64)pos >> VIRTQ_OFFSET_SHIFT) {
	case VFIO_VIRTQ_CONFIG_REGION_INDEX:
		return virtq_config_read(virtq, buf, count, off);
	case VFIO_VIRTQ_CONTROL_REGION_INDEX:
		return virtq_control_read(virtq, buf, count, off);
	default:
		return -EINVAL;
	}
}

static ssize_t virtq_write(struct vfio_device *vdev, const void *buf, size_t count, loff_t pos)
{
	struct virtq_device *virtq = virtq_from(vdev);
	u64 off = pos & VIRTQ_OFFSET_MASK;

	switch ((u64)pos >> VIRTQ_OFFSET_SHIFT) {
	case VFIO_VIRTQ_CONTROL_REGION_INDEX:
		return virtq_control_write(virtq, buf, count, off);
	case VFIO_VIRTQ_NOTIFY_REGION_INDEX:
		return virtq_notify_write(virtq, buf, count, off);
	default:
		return -EINVAL;
	}
}

static int virtq_get_info(struct vfio_device *vdev, struct vfio_device_info *info,
			  struct vfio_info_caps *caps)
{
	info->flags = VFIO_DEVICE_FLAGS_RESET;
	info->num_regions = VFIO_VIRTQ_NUM_REGIONS;
	info->num_irqs = VFIO_VIRTQ_NUM_IRQS;
	return 0;
}

static int virtq_get_region_info(struct vfio_device *vdev, struct vfio_region_info *info,
				 struct vfio_info_caps *caps)
{
	struct virtq_device *virtq = virtq_from(vdev);

	switch (info->index) {
	case VFIO_VIRTQ_CONFIG_REGION_INDEX:
		info->flags = VFIO_REGION_INFO_FLAG_READ;
		info->size = virtq->mdev.device_len;
		break;
	case VFIO_VIRTQ_CONTROL_REGION_INDEX:
		info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
		info->size = virtq_control_size(virtq);
		break;
	case VFIO_VIRTQ_NOTIFY_REGION_INDEX:
		info->flags = VFIO_REGION_INFO_FLAG_WRITE;
		if (virtq->notify_mappable)
			info->flags |= VFIO_REGION_INFO_FLAG_MMAP;
		info->size = virtq->notify_len;
		break;
	default:
		return -EINVAL;
	}
	info->offset = (u64)info->index << VIRTQ_OFFSET_SHIFT;
	return 0;
}

static const struct vfio_device_ops virtq_ops = {
	.name = "vfio-virtq",
	.bind = virtq_bind,
	.open = virtq_open,
	.close = virtq_close,
	.read = virtq_read,
	.write = virtq_write,
	.mmap = virtq_notify_mmap,
	.fault = virtq_notify_fault,
	.get_info = virtq_get_info,
	.get_region_info = virtq_get_region_info,
	.get_irq_info = virtq_get_irq_info,
	.set_irqs = virtq_set_irqs,
	.reset = virtq_reset,
};

/* The device is in reset, so that its queues have their greatest size. */
static int virtq_queues_probe(struct virtq_device *virtq)
{
	unsigned int num, i;

	num = min(vp_modern_get_num_queues(&virtq->mdev), VFIO_VIRTQ_QUEUES_MAX);
	virtq->queues = kcalloc(num, sizeof(*virtq->queues), GFP_KERNEL);
	if (!virtq->queues)
		return -ENOMEM;
	for (i = 0; i < num; i++) {
		u16 size = vp_modern_get_queue_size(&virtq->mdev, i);

		/* Those of split queues are powers of 2. */
		virtq->queues[i].size_max = size ? rounddown_pow_of_two(size) : 0;
	}
	virtq->num_queues = num;
	return virtq_notify_init(virtq);
}

/* Finds out what the device is, in reset and without bus mastering. */
static int virtq_device_probe(struct virtq_device *virtq)
{
	int ret;

	scoped_guard(mutex, &virtq->lock)
		ret = virtq_status_reset(virtq);
	if (ret)
		return ret;
	virtq->offered = virtq_status_features(virtq);
	if (!virtq->offered) {
		pci_info(virtq->pdev,
			 "the device bypasses the IOMMU, or is a legacy one; not for userspace\n");
		return -ENODEV;
	}
	ret = virtq_queues_probe(virtq);
	if (ret)
		kfree(virtq->queues);
	return ret;
}

/* Maps the registers. Nobody has said yet that DMA may happen. */
static int virtq_pci_enable(struct virtq_device *virtq)
{
	struct pci_dev *pdev = virtq->pdev;
	int ret;

	pci_clear_master(pdev);
	ret = pci_enable_device(pdev);
	if (ret)
		return ret;
	virtq->mdev.pci_dev = pdev;
	ret = vp_modern_probe(&virtq->mdev);
	if (ret)
		pci_disable_device(pdev);
	return ret;
}

static void virtq_pci_disable(struct virtq_device *virtq)
{
	vp_modern_remove(&virtq->mdev);
	pci_disable_device(virtq->pdev);
}

static int virtq_check_function(struct pci_dev *pdev)
{
	if (pdev->hdr_type != PCI_HEADER_TYPE_NORMAL || !pdev->msix_cap)
		return -ENODEV;
	/* Its user would be the master of its virtual functions. */
	return pdev->is_physfn && pci_num_vf(pdev) ? -EBUSY : 0;
}

static int virtq_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct virtq_device *virtq;
	int ret;

	ret = virtq_check_function(pdev);
	if (ret)
		return ret;
	virtq = vfio_alloc_device(struct virtq_device, vdev, &pdev->dev, &virtq_ops);
	if (IS_ERR(virtq))
		return PTR_ERR(virtq);
	virtq->pdev = pdev;
	mutex_init(&virtq->lock);
	mutex_init(&virtq->irq_lock);
	pci_set_drvdata(pdev, virtq);
	ret = virtq_pci_enable(virtq);
	if (ret)
		goto put_device;
	ret = virtq_device_probe(virtq);
	if (ret)
		goto disable_pci;
	ret = vfio_register_device(&virtq->vdev);
	if (ret)
		goto free_queues;
	return 0;

free_queues:
	virtq_notify_destroy(virtq);
	kfree(virtq->queues);
disable_pci:
	virtq_pci_disable(virtq);
put_device:
	vfio_put_device(&virtq->vdev);
	return ret;
}

static void virtq_remove(struct pci_dev *pdev)
{
	struct virtq_device *virtq = pci_get_drvdata(pdev);

	WRITE_ONCE(virtq->removing, true);
	vfio_unregister_device(&virtq->vdev);
	virtq_notify_destroy(virtq);
	kfree(virtq->queues);
	virtq_pci_disable(virtq);
	vfio_put_device(&virtq->vdev);
}

/* Somebody resets the function, past us: its user finds it as after a reset of its own. */
static void virtq_reset_prepare(struct pci_dev *pdev)
{
	struct virtq_device *virtq = pci_get_drvdata(pdev);

	mutex_lock(&virtq->lock);
	virtq_status_reset(virtq);
}

static void virtq_reset_done(struct pci_dev *pdev)
{
	struct virtq_device *virtq = pci_get_drvdata(pdev);

	virtq_status_reset(virtq);
	mutex_unlock(&virtq->lock);
}

static const struct pci_error_handlers virtq_err_handlers = {
	.reset_prepare = virtq_reset_prepare,
	.reset_done = virtq_reset_done,
};

static const struct pci_device_id virtq_table[] = {
	{ PCI_DEVICE_DRIVER_OVERRIDE(PCI_VENDOR_ID_REDHAT_QUMRANET, PCI_ANY_ID,
				     PCI_ID_F_VFIO_DRIVER_OVERRIDE) },
	{}
};
MODULE_DEVICE_TABLE(pci, virtq_table);

static struct pci_driver virtq_driver = {
	.name = "vfio-virtq",
	.id_table = virtq_table,
	.probe = virtq_probe,
	.remove = virtq_remove,
	.err_handler = &virtq_err_handlers,
	.driver_managed_dma = true,
};
module_pci_driver(virtq_driver);

MODULE_DESCRIPTION("Offer the virtqueues of virtio PCI devices to userspace");
MODULE_LICENSE("GPL");
