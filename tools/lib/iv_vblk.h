/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Small userspace driver for virtio block devices, on virtqueues of vfio-virtq.
 *
 * One queue. Requests may be outstanding in any number that the queue has room for; the simple
 * functions wait for theirs, by interrupt. A request that the device refuses gives -EREMOTEIO.
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise.
 */
#ifndef IV_VBLK_H
#define IV_VBLK_H

#include <stdint.h>
#include <linux/virtio_blk.h>
#include "iv_virtq.h"

#define IV_VBLK_SECTOR 512
#define IV_VBLK_QUEUE_SIZE 64

/* Memory that iv_vblk_open() maps at its @iova argument. */
#define IV_VBLK_MEMORY_SIZE 0x10000

/**
 * struct iv_vblk - a virtio block device under our control
 * @dev: the device
 * @queue: its first queue
 * @requests: headers and results of requests, one for each descriptor
 * @eventfd: signalled for the queue
 * @sectors: the disk's size
 */
struct iv_vblk {
	struct iv_virtq_device dev;
	struct iv_virtq queue;
	struct iv_dma requests;
	int eventfd;
	uint64_t sectors;
};

int iv_vblk_open(struct iv_vblk *vblk, int fd, int iommufd, uint32_t ioas_id, uint64_t iova);
void iv_vblk_close(struct iv_vblk *vblk);
int iv_vblk_add(struct iv_vblk *vblk, uint32_t type, uint64_t sector, uint64_t iova,
		uint32_t size);
int iv_vblk_wait(struct iv_vblk *vblk, int timeout_ms);
int iv_vblk_read(struct iv_vblk *vblk, uint64_t sector, uint64_t iova, uint32_t size);
int iv_vblk_write(struct iv_vblk *vblk, uint64_t sector, uint64_t iova, uint32_t size);
int iv_vblk_flush(struct iv_vblk *vblk);

#endif
