// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control region: registers of ours, which no hardware has, for what a user may decide.
 *
 * What is written for a queue stays here until the queue is enabled; then it is checked as a whole
 * and given to the device, which sees no half-made queue.
 */
#include <linux/nospec.h>
#include <linux/overflow.h>
#include <linux/unaligned.h>

#include "virtq.h"

#define QUEUE_OFFSET	0x100
#define QUEUE_STRIDE	sizeof(struct vfio_virtq_queue)

static_assert(sizeof(struct vfio_virtq_control) <= QUEUE_OFFSET);
static_assert(sizeof(struct vfio_virtq_queue) == 40);

/**
 * struct virtq_register - one register
 * @offset: in struct vfio_virtq_control or struct vfio_virtq_queue
 * @size: in bytes, 4 or 8
 * @get: gives its value
 * @set: takes a new value; NULL if it can't be written
 *
 * @get and @set are called under lock. @queue is NULL for a register of the device.
 */
struct virtq_register {
	u16 offset;
	u16 size;
	u64 (*get)(struct virtq_device *virtq, struct virtq_queue *queue);
	int (*set)(struct virtq_device *virtq, struct virtq_queue *queue, u64 value);
};

static u64 get_magic(struct virtq_device *virtq, struct virtq_queue *queue)
{
	return VFIO_VIRTQ_MAGIC;
}

static u64 get_version(struct virtq_device *virtq, struct virtq_queue *queue)
{
	return VFIO_VIRTQ_VERSION;
}

static u64 get_device_id(struct virtq_device *virtq, struct virtq_queue *queue)
{
	return virtq->mdev.id.device;
}

static u64 get_vendor_id(struct virtq_device *virtq, struct virtq_queue *queue)
{
	return virtq->mdev.id.vendor;
}

static u64 get_device_features(struct virtq_device *virtq, struct virtq_queue *queue)
{
	return virtq->offered;
}

static u64 get_driver_features(struct virtq_device *virtq, struct virtq_queue *queue)
{
	return virtq->features;
}

static int set_driver_features(struct virtq_device *virtq, struct virtq_queue *queue, u64 value)
{
	return virtq_status_negotiate(virtq, value);
}

static u64 get_run(struct virtq_device *virtq, struct virtq_queue *queue)
{
	switch (virtq->stage) {
	case VIRTQ_STAGE_SETUP:
		return VFIO_VIRTQ_RUN_SETUP;
	case VIRTQ_STAGE_LIVE:
		return VFIO_VIRTQ_RUN_LIVE;
	default:
		return VFIO_VIRTQ_RUN_RESET;
	}
}

static int set_run(struct virtq_device *virtq, struct virtq_queue *queue, u64 value)
{
	int ret;

	switch (value) {
	case VFIO_VIRTQ_RUN_RESET:
		ret = virtq_status_reset(virtq);
		/* It may be off since an earlier reset that got stuck. */
		if (!ret)
			pci_set_master(virtq->pdev);
		return ret;
	case VFIO_VIRTQ_RUN_LIVE:
		return virtq_status_start(virtq);
	default:
		return -EINVAL;
	}
}

static u64 get_device_status(struct virtq_device *virtq, struct virtq_queue *queue)
{
	return vp_modern_get_status(&virtq->mdev);
}

static u64 get_config_generation(struct virtq_device *virtq, struct virtq_queue *queue)
{
	return vp_modern_generation(&virtq->mdev);
}

static u64 get_num_queues(struct virtq_device *virtq, struct virtq_queue *queue)
{
	return virtq->num_queues;
}

static u64 get_queue_offset(struct virtq_device *virtq, struct virtq_queue *queue)
{
	return QUEUE_OFFSET;
}

static u64 get_queue_stride(struct virtq_device *virtq, struct virtq_queue *queue)
{
	return QUEUE_STRIDE;
}

#define CONTROL_REGISTER(name, getter, setter) {						\
	.offset = offsetof(struct vfio_virtq_control, name),				\
	.size = sizeof_field(struct vfio_virtq_control, name),				\
	.get = getter,									\
	.set = setter,									\
}

static const struct virtq_register control_registers[] = {
	CONTROL_REGISTER(magic, get_magic, NULL),
	CONTROL_REGISTER(version, get_version, NULL),
	CONTROL_REGISTER(device_id, get_device_id, NULL),
	CONTROL_REGISTER(vendor_id, get_vendor_id, NULL),
	CONTROL_REGISTER(device_features, get_device_features, NULL),
	CONTROL_REGISTER(driver_features, get_driver_features, set_driver_features),
	CONTROL_REGISTER(run, get_run, set_run),
	CONTROL_REGISTER(device_status, get_device_status, NULL),
	CONTROL_REGISTER(config_generation, get_config_generation, NULL),
	CONTROL_REGISTER(num_queues, get_num_queues, NULL),
	CONTROL_REGISTER(queue_offset, get_queue_offset, NULL),
	CONTROL_REGISTER(queue_stride, get_queue_stride, NULL),
};

/* Whether a queue may be changed now. */
static int queue_changeable(struct virtq_device *virtq, struct virtq_queue *queue)
{
	lockdep_assert_held(&virtq->lock);
	switch (virtq->stage) {
	case VIRTQ_STAGE_RESET:
		return -EINVAL;
	case VIRTQ_STAGE_SETUP:
		return queue->enabled ? -EBUSY : 0;
	case VIRTQ_STAGE_LIVE:
		return -EBUSY;
	default:
		return -EIO;
	}
}

static u64 queue_get_desc(struct virtq_device *virtq, struct virtq_queue *queue)
{
	return queue->regs.desc;
}

static int queue_set_desc(struct virtq_device *virtq, struct virtq_queue *queue, u64 value)
{
	queue->regs.desc = value;
	return 0;
}

static u64 queue_get_driver(struct virtq_device *virtq, struct virtq_queue *queue)
{
	return queue->regs.driver;
}

static int queue_set_driver(struct virtq_device *virtq, struct virtq_queue *queue, u64 value)
{
	queue->regs.driver = value;
	return 0;
}

static u64 queue_get_device(struct virtq_device *virtq, struct virtq_queue *queue)
{
	return queue->regs.device;
}

static int queue_set_device(struct virtq_device *virtq, struct virtq_queue *queue, u64 value)
{
	queue->regs.device = value;
	return 0;
}

static u64 queue_get_size(struct virtq_device *virtq, struct virtq_queue *queue)
{
	return queue->regs.size;
}

static int queue_set_size(struct virtq_device *virtq, struct virtq_queue *queue, u64 value)
{
	if (!is_power_of_2(value) || value > queue->size_max)
		return -EINVAL;
	queue->regs.size = value;
	return 0;
}

static u64 queue_get_size_max(struct virtq_device *virtq, struct virtq_queue *queue)
{
	return queue->size_max;
}

static u64 queue_get_enable(struct virtq_device *virtq, struct virtq_queue *queue)
{
	return queue->enabled;
}

static bool area_valid(u64 start, u64 align, u64 size)
{
	u64 last;

	return IS_ALIGNED(start, align) && !check_add_overflow(start, size - 1, &last);
}

static bool queue_valid(struct virtq_queue *queue)
{
	u64 size = queue->regs.size;

	return size && area_valid(queue->regs.desc, 16, 16 * size) &&
	       area_valid(queue->regs.driver, 2, 6 + 2 * size) &&
	       area_valid(queue->regs.device, 4, 6 + 8 * size);
}

static int queue_set_enable(struct virtq_device *virtq, struct virtq_queue *queue, u64 value)
{
	struct virtio_pci_modern_device *mdev = &virtq->mdev;
	u16 nr = queue - virtq->queues, vector;

	if (value != 1 || !queue_valid(queue))
		return -EINVAL;
	vector = virtq_irq_queue_vector(virtq, nr);
	vp_modern_set_queue_size(mdev, nr, queue->regs.size);
	vp_modern_queue_address(mdev, nr, queue->regs.desc, queue->regs.driver,
				queue->regs.device);
	if (vp_modern_queue_vector(mdev, nr, vector) != vector)
		return -EIO;
	vp_modern_set_queue_enable(mdev, nr, true);
	WRITE_ONCE(queue->enabled, true);
	return 0;
}

static u64 queue_get_notify_offset(struct virtq_device *virtq, struct virtq_queue *queue)
{
	return queue->notify_offset;
}

#define QUEUE_REGISTER(name, getter, setter) {						\
	.offset = offsetof(struct vfio_virtq_queue, name),				\
	.size = sizeof_field(struct vfio_virtq_queue, name),				\
	.get = getter,									\
	.set = setter,									\
}

static const struct virtq_register queue_registers[] = {
	QUEUE_REGISTER(desc, queue_get_desc, queue_set_desc),
	QUEUE_REGISTER(driver, queue_get_driver, queue_set_driver),
	QUEUE_REGISTER(device, queue_get_device, queue_set_device),
	QUEUE_REGISTER(size, queue_get_size, queue_set_size),
	QUEUE_REGISTER(size_max, queue_get_size_max, NULL),
	QUEUE_REGISTER(enable, queue_get_enable, queue_set_enable),
	QUEUE_REGISTER(notify_offset, queue_get_notify_offset, NULL),
};

static const struct virtq_register *register_at(const struct virtq_register *registers,
						unsigned int num, u64 off, size_t count)
{
	unsigned int i;

	for (i = 0; i < num; i++)
		if (registers[i].offset == off && registers[i].size == count)
			return &registers[i];
	return NULL;
}

/* The register that an access is to, and, by @queue, whose it is; NULL if it is to none. */
static const struct virtq_register *virtq_register_find(struct virtq_device *virtq, size_t count,
							u64 off, struct virtq_queue **queue)
{
	u64 nr;

	*queue = NULL;
	if (off < QUEUE_OFFSET)
		return register_at(control_registers, ARRAY_SIZE(control_registers), off, count);
	off -= QUEUE_OFFSET;
	nr = off / QUEUE_STRIDE;
	if (nr >= virtq->num_queues)
		return NULL;
	*queue = &virtq->queues[array_index_nospec(nr, virtq->num_queues)];
	return register_at(queue_registers, ARRAY_SIZE(queue_registers), off % QUEUE_STRIDE, count);
}

/**
 * virtq_control_size() - size of the control region
 * @virtq: the device
 *
 * Return: bytes.
 */
u64 virtq_control_size(struct virtq_device *virtq)
{
	return QUEUE_OFFSET + QUEUE_STRIDE * (u64)virtq->num_queues;
}

/**
 * virtq_control_read() - read a register
 * @virtq: an open device
 * @buf: where it goes, little endian
 * @count: the register's size
 * @off: its offset
 *
 * Return: @count, or -EINVAL if there is no such register.
 */
ssize_t virtq_control_read(struct virtq_device *virtq, void *buf, size_t count, u64 off)
{
	const struct virtq_register *reg;
	struct virtq_queue *queue;
	u64 value;

	reg = virtq_register_find(virtq, count, off, &queue);
	if (!reg)
		return -EINVAL;
	scoped_guard(mutex, &virtq->lock)
		value = reg->get(virtq, queue);
	if (count == sizeof(u64))
		put_unaligned_le64(value, buf);
	else
		put_unaligned_le32(value, buf);
	return count;
}

/**
 * virtq_control_write() - write a register
 * @virtq: an open device
 * @buf: the value, little endian
 * @count: the register's size
 * @off: its offset
 *
 * Return: @count; -EINVAL if there is no such register, it can't be written, or the value is bad;
 * others as the uAPI has them.
 */
ssize_t virtq_control_write(struct virtq_device *virtq, const void *buf, size_t count, u64 off)
{
	const struct virtq_register *reg;
	struct virtq_queue *queue;
	u64 value;
	int ret;

	reg = virtq_register_find(virtq, count, off, &queue);
	if (!reg || !reg->set)
		return -EINVAL;
	value = count == sizeof(u64) ? get_unaligned_le64(buf) : get_unaligned_le32(buf);
	guard(mutex)(&virtq->lock);
	ret = queue ? queue_changeable(virtq, queue) : 0;
	if (!ret)
		ret = reg->set(virtq, queue, value);
	return ret ?: count;
}
