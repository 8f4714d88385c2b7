// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Virtqueues of a device that vfio-virtq offers.
 *
 * Rings are as "Split Virtqueues" in the virtio specification has them. Free descriptors are
 * chained by their next fields, as those in use are.
 */
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <time.h>

#include "iv_device.h"
#include "iv_irq.h"
#include "iv_virtq.h"

static int region_access(ssize_t done, size_t size)
{
	if (done < 0)
		return done;
	return (size_t)done == size ? 0 : -EIO;
}

/**
 * iv_virtq_get32() - read a register
 * @dev: the device
 * @reg: its offset in the control region
 * @value: what it holds
 *
 * Return: 0, or a negative errno.
 */
int iv_virtq_get32(struct iv_virtq_device *dev, uint64_t reg, uint32_t *value)
{
	int ret = region_access(iv_region_read(&dev->control, reg, value, sizeof(*value)),
				sizeof(*value));

	*value = le32toh(*value);
	return ret;
}

/**
 * iv_virtq_get64() - read a register of 64 bits
 * @dev: the device
 * @reg: its offset in the control region
 * @value: what it holds
 *
 * Return: 0, or a negative errno.
 */
int iv_virtq_get64(struct iv_virtq_device *dev, uint64_t reg, uint64_t *value)
{
	int ret = region_access(iv_region_read(&dev->control, reg, value, sizeof(*value)),
				sizeof(*value));

	*value = le64toh(*value);
	return ret;
}

/**
 * iv_virtq_set32() - write a register
 * @dev: the device
 * @reg: its offset in the control region
 * @value: the new value
 *
 * Return: 0, or a negative errno.
 */
int iv_virtq_set32(struct iv_virtq_device *dev, uint64_t reg, uint32_t value)
{
	value = htole32(value);
	return region_access(iv_region_write(&dev->control, reg, &value, sizeof(value)),
			     sizeof(value));
}

/**
 * iv_virtq_set64() - write a register of 64 bits
 * @dev: the device
 * @reg: its offset in the control region
 * @value: the new value
 *
 * Return: 0, or a negative errno.
 */
int iv_virtq_set64(struct iv_virtq_device *dev, uint64_t reg, uint64_t value)
{
	value = htole64(value);
	return region_access(iv_region_write(&dev->control, reg, &value, sizeof(value)),
			     sizeof(value));
}

static int read_layout(struct iv_virtq_device *dev)
{
	uint32_t magic, version;
	int ret = iv_virtq_get32(dev, IV_VIRTQ_REG(magic), &magic);

	if (!ret)
		ret = iv_virtq_get32(dev, IV_VIRTQ_REG(version), &version);
	if (!ret && (magic != VFIO_VIRTQ_MAGIC || version < VFIO_VIRTQ_VERSION))
		ret = -EPROTO;
	if (!ret)
		ret = iv_virtq_get32(dev, IV_VIRTQ_REG(num_queues), &dev->num_queues);
	if (!ret)
		ret = iv_virtq_get32(dev, IV_VIRTQ_REG(queue_offset), &dev->queue_offset);
	if (!ret)
		ret = iv_virtq_get32(dev, IV_VIRTQ_REG(queue_stride), &dev->queue_stride);
	return ret;
}

/**
 * iv_virtq_open() - find out what a device has
 * @dev: to be filled; iv_virtq_close() it, also after a failure
 * @fd: a bound device of vfio-virtq
 *
 * Return: 0; -EPROTO if it is another kind of device; or another negative errno.
 */
int iv_virtq_open(struct iv_virtq_device *dev, int fd)
{
	int ret;

	*dev = (struct iv_virtq_device) { .fd = fd };
	ret = iv_region_open(&dev->config, fd, VFIO_VIRTQ_CONFIG_REGION_INDEX);
	if (!ret)
		ret = iv_region_open(&dev->control, fd, VFIO_VIRTQ_CONTROL_REGION_INDEX);
	if (!ret)
		ret = iv_region_open(&dev->notify, fd, VFIO_VIRTQ_NOTIFY_REGION_INDEX);
	if (!ret && dev->notify.flags & VFIO_REGION_INFO_FLAG_MMAP)
		ret = iv_region_map(&dev->notify);
	return ret ? ret : read_layout(dev);
}

/**
 * iv_virtq_close() - undo iv_virtq_open(); the device keeps running
 * @dev: the device
 */
void iv_virtq_close(struct iv_virtq_device *dev)
{
	iv_region_close(&dev->notify);
	iv_region_close(&dev->control);
	iv_region_close(&dev->config);
}

/**
 * iv_virtq_status() - read virtio's device status
 * @dev: the device
 *
 * Return: VIRTIO_CONFIG_S_*, or a negative errno.
 */
int iv_virtq_status(struct iv_virtq_device *dev)
{
	uint32_t status;
	int ret = iv_virtq_get32(dev, IV_VIRTQ_REG(device_status), &status);

	return ret ? ret : (int)status;
}

/**
 * iv_virtq_negotiate() - choose features
 * @dev: a device in reset
 * @features: IV_VIRTQ_FEATURES and what else is wanted
 *
 * Return: 0, or a negative errno.
 */
int iv_virtq_negotiate(struct iv_virtq_device *dev, uint64_t features)
{
	return iv_virtq_set64(dev, IV_VIRTQ_REG(driver_features), features);
}

/**
 * iv_virtq_start() - let the device process its queues
 * @dev: a device whose queues are enabled
 *
 * Return: 0, or a negative errno.
 */
int iv_virtq_start(struct iv_virtq_device *dev)
{
	return iv_virtq_set32(dev, IV_VIRTQ_REG(run), VFIO_VIRTQ_RUN_LIVE);
}

/**
 * iv_virtq_reset() - stop the device
 * @dev: the device; queues that were enabled have to be freed, and made anew
 *
 * Return: 0, or a negative errno.
 */
int iv_virtq_reset(struct iv_virtq_device *dev)
{
	return iv_virtq_set32(dev, IV_VIRTQ_REG(run), VFIO_VIRTQ_RUN_RESET);
}

static size_t avail_offset(uint16_t size)
{
	return sizeof(struct vring_desc) * size;
}

static size_t used_offset(uint16_t size)
{
	size_t end = avail_offset(size) + sizeof(struct vring_avail) + 2 * size + 2;

	return (end + 3) & ~(size_t)3;
}

static size_t rings_size(uint16_t size)
{
	return used_offset(size) + sizeof(struct vring_used) + sizeof(struct vring_used_elem) * size
	       + 2;
}

/**
 * iv_virtq_queue_alloc() - make the rings of a queue
 * @queue: to be filled; iv_virtq_queue_free() it
 * @dev: the device
 * @nr: the queue's number
 * @size: descriptors, a power of 2
 * @iommufd: the context
 * @ioas_id: the address space that the device is attached to
 * @iova: where the rings are mapped
 *
 * Return: 0, or a negative errno.
 */
int iv_virtq_queue_alloc(struct iv_virtq *queue, struct iv_virtq_device *dev, uint16_t nr,
			 uint16_t size, int iommufd, uint32_t ioas_id, uint64_t iova)
{
	int ret;

	*queue = (struct iv_virtq) { .dev = dev, .nr = nr, .size = size, .num_free = size };
	ret = iv_dma_alloc(&queue->memory, iommufd, ioas_id, iova, rings_size(size));
	if (ret)
		return ret;
	queue->desc = queue->memory.va;
	queue->avail = (void *)((char *)queue->memory.va + avail_offset(size));
	queue->used = (void *)((char *)queue->memory.va + used_offset(size));
	for (uint16_t i = 0; i < size; i++)
		queue->desc[i].next = htole16(i + 1);
	return 0;
}

/**
 * iv_virtq_queue_enable() - hand the rings to the device
 * @queue: a queue of a device whose features are negotiated
 *
 * Return: 0, or a negative errno.
 */
int iv_virtq_queue_enable(struct iv_virtq *queue)
{
	struct iv_virtq_device *dev = queue->dev;
	uint64_t iova = queue->memory.iova;
	int ret;

	ret = iv_virtq_get32(dev, IV_VIRTQ_QUEUE_REG(dev, queue->nr, notify_offset),
			     &queue->notify_offset);
	if (!ret)
		ret = iv_virtq_set32(dev, IV_VIRTQ_QUEUE_REG(dev, queue->nr, size), queue->size);
	if (!ret)
		ret = iv_virtq_set64(dev, IV_VIRTQ_QUEUE_REG(dev, queue->nr, desc), iova);
	if (!ret)
		ret = iv_virtq_set64(dev, IV_VIRTQ_QUEUE_REG(dev, queue->nr, driver),
				     iova + avail_offset(queue->size));
	if (!ret)
		ret = iv_virtq_set64(dev, IV_VIRTQ_QUEUE_REG(dev, queue->nr, device),
				     iova + used_offset(queue->size));
	if (!ret)
		ret = iv_virtq_set32(dev, IV_VIRTQ_QUEUE_REG(dev, queue->nr, enable), 1);
	return ret;
}

/**
 * iv_virtq_queue_free() - undo iv_virtq_queue_alloc()
 * @queue: a queue that is not enabled any more, or whose memory is not to be seen by the device
 */
void iv_virtq_queue_free(struct iv_virtq *queue)
{
	iv_dma_free(&queue->memory);
}

/**
 * iv_virtq_add() - offer a chain of buffers to the device
 * @queue: the queue
 * @buffers: first those that the device reads, then those that it writes
 * @count: how many
 *
 * The device need not look before iv_virtq_kick().
 *
 * Return: the number of the chain, which is @queue's free_head before the call; -ENOSPC.
 */
int iv_virtq_add(struct iv_virtq *queue, const struct iv_virtq_buffer *buffers, unsigned int count)
{
	uint16_t head = queue->free_head, at = head, idx = le16toh(queue->avail->idx);
	struct vring_desc *desc = NULL;

	if (!count || count > queue->num_free)
		return -ENOSPC;
	for (unsigned int i = 0; i < count; i++) {
		desc = &queue->desc[at];
		desc->addr = htole64(buffers[i].iova);
		desc->len = htole32(buffers[i].size);
		desc->flags = htole16((buffers[i].device_writes ? VRING_DESC_F_WRITE : 0) |
				      (i + 1 < count ? VRING_DESC_F_NEXT : 0));
		at = le16toh(desc->next);
	}
	queue->free_head = at;
	queue->num_free -= count;
	queue->avail->ring[idx % queue->size] = htole16(head);
	/* The device sees the chain before it sees that there is one. */
	atomic_thread_fence(memory_order_release);
	*(volatile uint16_t *)&queue->avail->idx = htole16(idx + 1);
	return head;
}

/**
 * iv_virtq_kick_write() - ring the doorbell by a system call
 * @queue: the queue
 *
 * Return: 0, or a negative errno.
 */
int iv_virtq_kick_write(struct iv_virtq *queue)
{
	uint16_t nr = htole16(queue->nr);

	return region_access(iv_region_write(&queue->dev->notify, queue->notify_offset, &nr,
					     sizeof(nr)), sizeof(nr));
}

/**
 * iv_virtq_kick() - ring the doorbell in the fastest way there is
 * @queue: the queue
 *
 * Return: 0, or a negative errno.
 */
int iv_virtq_kick(struct iv_virtq *queue)
{
	volatile char *doorbells = queue->dev->notify.map;

	if (!doorbells)
		return iv_virtq_kick_write(queue);
	atomic_thread_fence(memory_order_seq_cst);
	*(volatile uint16_t *)(doorbells + queue->notify_offset) = htole16(queue->nr);
	return 0;
}

static void free_chain(struct iv_virtq *queue, uint16_t head)
{
	uint16_t last = head;

	queue->num_free++;
	while (le16toh(queue->desc[last].flags) & VRING_DESC_F_NEXT) {
		last = le16toh(queue->desc[last].next);
		queue->num_free++;
	}
	queue->desc[last].next = htole16(queue->free_head);
	queue->free_head = head;
}

/**
 * iv_virtq_take() - take back a chain that the device has used
 * @queue: the queue
 * @written: how many bytes the device has written; may be NULL
 *
 * Return: the number of the chain; -EAGAIN if there is none; -EPROTO if the device gives back
 * nonsense.
 */
int iv_virtq_take(struct iv_virtq *queue, uint32_t *written)
{
	struct vring_used_elem *elem = &queue->used->ring[queue->used_seen % queue->size];
	uint32_t id;

	if (le16toh(*(volatile uint16_t *)&queue->used->idx) == queue->used_seen)
		return -EAGAIN;
	atomic_thread_fence(memory_order_acquire);
	id = le32toh(elem->id);
	if (id >= queue->size)
		return -EPROTO;
	if (written)
		*written = le32toh(elem->len);
	queue->used_seen++;
	free_chain(queue, id);
	return id;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/**
 * iv_virtq_wait() - wait for a chain that the device has used, and take it back
 * @queue: the queue
 * @eventfd: what its interrupt signals
 * @timeout_ms: how long to wait
 * @written: how many bytes the device has written; may be NULL
 *
 * Return: the number of the chain; -ETIMEDOUT; -ENODEV if the device was taken away; or another
 * negative errno.
 */
int iv_virtq_wait(struct iv_virtq *queue, int eventfd, int timeout_ms, uint32_t *written)
{
	int64_t left = timeout_ms, end = now_ms() + timeout_ms, events;
	int id;

	while ((id = iv_virtq_take(queue, written)) == -EAGAIN) {
		if (left <= 0)
			return -ETIMEDOUT;
		events = iv_eventfd_wait(eventfd, left);
		if (events < 0)
			return events;
		/* A device that is taken away signals the eventfd for the last time. */
		if (iv_device_poll(queue->dev->fd, 0, 0) & POLLHUP)
			return -ENODEV;
		left = end - now_ms();
	}
	return id;
}
