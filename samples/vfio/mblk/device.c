// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vfio device: registers, the interrupt, and reset.
 */
#include <linux/iommufd.h>

#include "mblk.h"

static const struct iommufd_access_ops mblk_access_ops = {
	.unmap = mblk_queue_unmap,
};

/* No DMA: requests read and write the user's memory by IOVA. */
static int mblk_bind(struct vfio_device *vdev, struct vfio_bind *bind)
{
	return vfio_bind_access(bind, &mblk_access_ops, mblk_from(vdev));
}

/* The device is as probe or the last close has left it. */
static int mblk_open(struct vfio_device *vdev)
{
	return 0;
}

static void irq_clear(struct mblk *mblk)
{
	guard(mutex)(&mblk->lock);
	/* Whoever sleeps for it finds out that the device is gone. */
	vfio_trigger_signal(&mblk->irq);
	vfio_trigger_clear(&mblk->irq);
}

static void mblk_close(struct vfio_device *vdev)
{
	mblk_queue_close(mblk_from(vdev));
	irq_clear(mblk_from(vdev));
}

static int mblk_reset(struct vfio_device *vdev)
{
	return mblk_queue_reset(mblk_from(vdev));
}

static u64 register_value(struct mblk *mblk, loff_t pos)
{
	guard(mutex)(&mblk->lock);
	switch (pos) {
	case MBLK_REG_ID:
		return MBLK_ID;
	case MBLK_REG_STATUS:
		return mblk->status;
	case MBLK_REG_CAPACITY:
		return mblk->disk_size / MBLK_SECTOR_SIZE;
	case MBLK_REG_QUEUE_IOVA:
		return mblk->queue_iova;
	case MBLK_REG_QUEUE_SIZE:
		return mblk->queue_size;
	case MBLK_REG_CONTROL:
		return mblk->ring == MBLK_RING_ON ? MBLK_CONTROL_ENABLE : 0;
	case MBLK_REG_TAIL:
		return mblk->tail;
	case MBLK_REG_HEAD:
		return mblk->head;
	}
	return 0;
}

/* Bytes of the register at @pos, 0 if there is none. */
static size_t register_size(loff_t pos)
{
	switch (pos) {
	case MBLK_REG_CAPACITY:
	case MBLK_REG_QUEUE_IOVA:
		return sizeof(u64);
	case MBLK_REG_ID:
	case MBLK_REG_STATUS:
	case MBLK_REG_QUEUE_SIZE:
	case MBLK_REG_CONTROL:
	case MBLK_REG_TAIL:
	case MBLK_REG_HEAD:
		return sizeof(u32);
	}
	return 0;
}

static ssize_t mblk_read(struct vfio_device *vdev, void *buf, size_t count, loff_t pos)
{
	__le64 value;

	if (pos >= MBLK_REGION_SIZE)
		return 0;
	if (count != register_size(pos))
		return -EINVAL;
	value = cpu_to_le64(register_value(mblk_from(vdev), pos));
	memcpy(buf, &value, count);
	return count;
}

static int set_queue(struct mblk *mblk, loff_t pos, u64 value)
{
	guard(mutex)(&mblk->lock);
	if (mblk->ring != MBLK_RING_OFF)
		return -EBUSY;
	if (pos == MBLK_REG_QUEUE_IOVA)
		mblk->queue_iova = value;
	else
		mblk->queue_size = value;
	return 0;
}

static int register_write(struct mblk *mblk, loff_t pos, u64 value)
{
	switch (pos) {
	case MBLK_REG_QUEUE_IOVA:
	case MBLK_REG_QUEUE_SIZE:
		return set_queue(mblk, pos, value);
	case MBLK_REG_CONTROL:
		if (value & ~MBLK_CONTROL_ENABLE)
			return -EINVAL;
		return value ? mblk_queue_enable(mblk) : mblk_queue_disable(mblk);
	case MBLK_REG_TAIL:
		mblk_queue_set_tail(mblk, value);
		return 0;
	}
	return -EINVAL;
}

static ssize_t mblk_write(struct vfio_device *vdev, const void *buf, size_t count, loff_t pos)
{
	__le64 value = 0;
	int rc;

	if (pos >= MBLK_REGION_SIZE || count != register_size(pos))
		return -EINVAL;
	memcpy(&value, buf, count);
	rc = register_write(mblk_from(vdev), pos, le64_to_cpu(value));
	return rc ?: count;
}

static int mblk_get_info(struct vfio_device *vdev, struct vfio_device_info *info,
			 struct vfio_info_caps *caps)
{
	info->flags = VFIO_DEVICE_FLAGS_PLATFORM | VFIO_DEVICE_FLAGS_RESET;
	info->num_regions = 1;
	info->num_irqs = 1;
	return 0;
}

static int mblk_get_region_info(struct vfio_device *vdev, struct vfio_region_info *info,
				struct vfio_info_caps *caps)
{
	if (info->index != MBLK_REGION)
		return -EINVAL;
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	info->size = MBLK_REGION_SIZE;
	info->offset = 0;
	return 0;
}

static int mblk_get_irq_info(struct vfio_device *vdev, struct vfio_irq_info *info)
{
	if (info->index != MBLK_IRQ)
		return -EINVAL;
	info->flags = VFIO_IRQ_INFO_EVENTFD;
	info->count = 1;
	return 0;
}

static int mblk_set_irqs(struct vfio_device *vdev, const struct vfio_irq_set *hdr,
			 const void *data)
{
	struct mblk *mblk = mblk_from(vdev);

	if ((hdr->flags & VFIO_IRQ_SET_ACTION_TYPE_MASK) != VFIO_IRQ_SET_ACTION_TRIGGER)
		return -EINVAL;
	guard(mutex)(&mblk->lock);
	switch (hdr->flags & VFIO_IRQ_SET_DATA_TYPE_MASK) {
	case VFIO_IRQ_SET_DATA_EVENTFD:
		return vfio_trigger_set(&mblk->irq, *(const s32 *)data);
	case VFIO_IRQ_SET_DATA_BOOL:
		if (*(const u8 *)data)
			vfio_trigger_signal(&mblk->irq);
		return 0;
	default:
		/* No interrupts at all switches the index off. */
		if (hdr->count)
			vfio_trigger_signal(&mblk->irq);
		else
			vfio_trigger_clear(&mblk->irq);
		return 0;
	}
}

const struct vfio_device_ops mblk_device_ops = {
	.name = "mblk",
	.own_group = true,
	.bind = mblk_bind,
	.open = mblk_open,
	.close = mblk_close,
	.read = mblk_read,
	.write = mblk_write,
	.get_info = mblk_get_info,
	.get_region_info = mblk_get_region_info,
	.get_irq_info = mblk_get_irq_info,
	.set_irqs = mblk_set_irqs,
	.reset = mblk_reset,
};
