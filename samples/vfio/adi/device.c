// SPDX-License-Identifier: GPL-2.0-only
/*
 * A queue as its user sees it: registers, a portal, an interrupt.
 */
#include <linux/iommufd.h>

#include "adi.h"

static struct adi_queue *adi_from(struct vfio_device *vdev)
{
	return container_of(vdev, struct adi_queue, vdev);
}

static void adi_drain(void *data, u32 pasid)
{
	adi_queue_drain(data, pasid);
}

static const struct iommufd_pasid_ops adi_pasid_ops = {
	.drain = adi_drain,
};

static int adi_bind(struct vfio_device *vdev, struct vfio_bind *bind)
{
	struct adi_queue *queue = adi_from(vdev);

	return vfio_bind_pasid(bind, queue->parent, &adi_pasid_ops, queue);
}

static int adi_open(struct vfio_device *vdev)
{
	adi_queue_reset(adi_from(vdev));
	return 0;
}

static void adi_close(struct vfio_device *vdev)
{
	struct adi_queue *queue = adi_from(vdev);

	adi_queue_reset(queue);
	vfio_trigger_clear(&queue->irq);
}

static int adi_reset(struct vfio_device *vdev)
{
	struct adi_queue *queue = adi_from(vdev);

	mutex_lock(&queue->lock);
	queue->dropped += queue->count;
	queue->count = 0;
	mutex_unlock(&queue->lock);
	/* Of those that another thread submits meanwhile some may be waited for, and that's all. */
	flush_work(&queue->work);
	return 0;
}

static ssize_t adi_read(struct vfio_device *vdev, void *buf, size_t count, loff_t pos)
{
	struct adi_queue *queue = adi_from(vdev);
	__le64 value64;
	__le32 value32;

	guard(mutex)(&queue->lock);
	if (pos == ADI_REG_RESULT && count == sizeof(value32)) {
		value32 = cpu_to_le32(queue->result);
		memcpy(buf, &value32, count);
		return count;
	}
	if ((pos != ADI_REG_COMPLETED && pos != ADI_REG_DROPPED) || count != sizeof(value64))
		return -EINVAL;
	value64 = cpu_to_le64(pos == ADI_REG_COMPLETED ? queue->completed : queue->dropped);
	memcpy(buf, &value64, count);
	return count;
}

static ssize_t adi_write(struct vfio_device *vdev, const void *buf, size_t count, loff_t pos)
{
	struct adi_descriptor desc;
	int rc;

	if (pos != ADI_PORTAL || count != sizeof(desc))
		return -EINVAL;
	memcpy(&desc, buf, sizeof(desc));
	rc = adi_queue_submit(adi_from(vdev), &desc);
	return rc ?: count;
}

static int adi_get_info(struct vfio_device *vdev, struct vfio_device_info *info,
			struct vfio_info_caps *caps)
{
	info->flags = VFIO_DEVICE_FLAGS_PLATFORM | VFIO_DEVICE_FLAGS_RESET;
	info->num_regions = 1;
	info->num_irqs = 1;
	return 0;
}

static int adi_get_region_info(struct vfio_device *vdev, struct vfio_region_info *info,
			       struct vfio_info_caps *caps)
{
	if (info->index)
		return -EINVAL;
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	info->size = ADI_REGION_SIZE;
	info->offset = 0;
	return 0;
}

static int adi_get_irq_info(struct vfio_device *vdev, struct vfio_irq_info *info)
{
	if (info->index != ADI_IRQ)
		return -EINVAL;
	info->flags = VFIO_IRQ_INFO_EVENTFD;
	info->count = 1;
	return 0;
}

static int adi_set_irqs(struct vfio_device *vdev, const struct vfio_irq_set *hdr, const void *data)
{
	struct adi_queue *queue = adi_from(vdev);

	if ((hdr->flags & VFIO_IRQ_SET_ACTION_TYPE_MASK) != VFIO_IRQ_SET_ACTION_TRIGGER)
		return -EINVAL;
	guard(mutex)(&queue->lock);
	switch (hdr->flags & VFIO_IRQ_SET_DATA_TYPE_MASK) {
	case VFIO_IRQ_SET_DATA_EVENTFD:
		return vfio_trigger_set(&queue->irq, *(const s32 *)data);
	case VFIO_IRQ_SET_DATA_BOOL:
		if (*(const u8 *)data)
			vfio_trigger_signal(&queue->irq);
		return 0;
	default:
		/* No interrupts at all switches the index off. */
		if (hdr->count)
			vfio_trigger_signal(&queue->irq);
		else
			vfio_trigger_clear(&queue->irq);
		return 0;
	}
}

const struct vfio_device_ops adi_device_ops = {
	.name = "adi",
	.own_group = true,
	.bind = adi_bind,
	.open = adi_open,
	.close = adi_close,
	.read = adi_read,
	.write = adi_write,
	.get_info = adi_get_info,
	.get_region_info = adi_get_region_info,
	.get_irq_info = adi_get_irq_info,
	.set_irqs = adi_set_irqs,
	.reset = adi_reset,
};
