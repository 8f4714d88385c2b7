/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Virtqueues of a device that vfio-virtq offers: its registers, and split rings.
 *
 * The order of a device's life: iv_virtq_open(), iv_virtq_negotiate(), iv_virtq_queue_enable() for
 * each queue, iv_virtq_start(). iv_virtq_reset() goes back to before the negotiation.
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise.
 */
#ifndef IV_VIRTQ_H
#define IV_VIRTQ_H

#include <stddef.h>
#include <stdint.h>
#include <linux/vfio_virtq.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include "iv_dma.h"
#include "iv_region.h"

/* What every user must accept. */
#define IV_VIRTQ_FEATURES (1ULL << VIRTIO_F_VERSION_1 | 1ULL << VIRTIO_F_ACCESS_PLATFORM)

/**
 * struct iv_virtq_device - an opened device
 * @fd: the vfio device; belongs to the caller
 * @config: the device specific configuration
 * @control: registers of the device and its queues
 * @notify: the doorbells; mapped if that is possible
 * @num_queues: how many queues there are
 * @queue_offset: where the first queue's registers are
 * @queue_stride: bytes from one queue's registers to the next
 */
struct iv_virtq_device {
	int fd;
	struct iv_region config;
	struct iv_region control;
	struct iv_region notify;
	uint32_t num_queues;
	uint32_t queue_offset;
	uint32_t queue_stride;
};

/**
 * struct iv_virtq - a split virtqueue
 * @dev: whose it is
 * @nr: its number
 * @size: its descriptors
 * @memory: its rings
 * @desc: the descriptor table
 * @avail: the ring to the device
 * @used: the ring from the device
 * @free_head: the first free descriptor
 * @num_free: how many are free
 * @used_seen: the used entries that were consumed
 * @notify_offset: its doorbell
 */
struct iv_virtq {
	struct iv_virtq_device *dev;
	uint16_t nr;
	uint16_t size;
	struct iv_dma memory;
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	uint16_t free_head;
	uint16_t num_free;
	uint16_t used_seen;
	uint32_t notify_offset;
};

/**
 * struct iv_virtq_buffer - a piece of memory for the device
 * @iova: where it is
 * @size: its size in bytes
 * @device_writes: the device writes it; else it reads it
 */
struct iv_virtq_buffer {
	uint64_t iova;
	uint32_t size;
	int device_writes;
};

/* Offsets of registers in the control region. */
#define IV_VIRTQ_REG(name) offsetof(struct vfio_virtq_control, name)
#define IV_VIRTQ_QUEUE_REG(dev, nr, name) \
	((dev)->queue_offset + (nr) * (dev)->queue_stride + offsetof(struct vfio_virtq_queue, name))

int iv_virtq_open(struct iv_virtq_device *dev, int fd);
void iv_virtq_close(struct iv_virtq_device *dev);
int iv_virtq_get32(struct iv_virtq_device *dev, uint64_t reg, uint32_t *value);
int iv_virtq_get64(struct iv_virtq_device *dev, uint64_t reg, uint64_t *value);
int iv_virtq_set32(struct iv_virtq_device *dev, uint64_t reg, uint32_t value);
int iv_virtq_set64(struct iv_virtq_device *dev, uint64_t reg, uint64_t value);
int iv_virtq_status(struct iv_virtq_device *dev);
int iv_virtq_negotiate(struct iv_virtq_device *dev, uint64_t features);
int iv_virtq_start(struct iv_virtq_device *dev);
int iv_virtq_reset(struct iv_virtq_device *dev);

int iv_virtq_queue_alloc(struct iv_virtq *queue, struct iv_virtq_device *dev, uint16_t nr,
			 uint16_t size, int iommufd, uint32_t ioas_id, uint64_t iova);
int iv_virtq_queue_enable(struct iv_virtq *queue);
void iv_virtq_queue_free(struct iv_virtq *queue);
int iv_virtq_add(struct iv_virtq *queue, const struct iv_virtq_buffer *buffers,
		 unsigned int count);
int iv_virtq_kick(struct iv_virtq *queue);
int iv_virtq_kick_write(struct iv_virtq *queue);
int iv_virtq_take(struct iv_virtq *queue, uint32_t *written);
int iv_virtq_wait(struct iv_virtq *queue, int eventfd, int timeout_ms, uint32_t *written);

#endif
