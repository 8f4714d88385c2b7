// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Small userspace driver for virtio block devices.
 */
#include <endian.h>
#include <errno.h>
#include <unistd.h>

#include "iv_irq.h"
#include "iv_vblk.h"

#define REQUEST_TIMEOUT_MS 10000
#define REQUESTS_OFFSET 0x8000

/* What a request has besides its data; its number is that of its chain. */
struct request {
	struct virtio_blk_outhdr header;
	uint8_t status;
	uint8_t pad[15];
};

static struct request *request_of(struct iv_vblk *vblk, unsigned int id)
{
	return (struct request *)vblk->requests.va + id;
}

/**
 * iv_vblk_add() - put a request into the queue
 * @vblk: the device
 * @type: VIRTIO_BLK_T_*
 * @sector: the first sector
 * @iova: the data
 * @size: bytes of data; 0 for none
 *
 * The device is told by iv_virtq_kick().
 *
 * Return: the request's number, or -ENOSPC.
 */
int iv_vblk_add(struct iv_vblk *vblk, uint32_t type, uint64_t sector, uint64_t iova, uint32_t size)
{
	unsigned int id = vblk->queue.free_head, count = 0;
	struct iv_virtq_buffer buffers[3];
	struct request *request;
	uint64_t at;

	if (vblk->queue.num_free < 3)
		return -ENOSPC;
	request = request_of(vblk, id);
	at = vblk->requests.iova + id * sizeof(*request);
	request->header.type = htole32(type);
	request->header.ioprio = 0;
	request->header.sector = htole64(sector);
	request->status = 0xff;
	buffers[count++] = (struct iv_virtq_buffer) { at, sizeof(request->header), 0 };
	if (size)
		buffers[count++] = (struct iv_virtq_buffer) { iova, size, type == VIRTIO_BLK_T_IN };
	buffers[count++] = (struct iv_virtq_buffer) { at + sizeof(request->header), 1, 1 };
	return iv_virtq_add(&vblk->queue, buffers, count);
}

/**
 * iv_vblk_wait() - wait for any request to end
 * @vblk: the device
 * @timeout_ms: how long
 *
 * Return: the request's number; -ETIMEDOUT; -EREMOTEIO if the device refused it; or another
 * negative errno.
 */
int iv_vblk_wait(struct iv_vblk *vblk, int timeout_ms)
{
	int id = iv_virtq_wait(&vblk->queue, vblk->eventfd, timeout_ms, NULL);

	if (id < 0)
		return id;
	return request_of(vblk, id)->status == VIRTIO_BLK_S_OK ? id : -EREMOTEIO;
}

static int run_request(struct iv_vblk *vblk, uint32_t type, uint64_t sector, uint64_t iova,
		       uint32_t size)
{
	int ret = iv_vblk_add(vblk, type, sector, iova, size);

	if (ret >= 0)
		ret = iv_virtq_kick(&vblk->queue);
	if (ret >= 0)
		ret = iv_vblk_wait(vblk, REQUEST_TIMEOUT_MS);
	return ret < 0 ? ret : 0;
}

/**
 * iv_vblk_read() - read from the disk
 * @vblk: the device, with no other request outstanding
 * @sector: the first sector
 * @iova: where the data goes
 * @size: bytes, a multiple of IV_VBLK_SECTOR
 *
 * Return: 0, or a negative errno.
 */
int iv_vblk_read(struct iv_vblk *vblk, uint64_t sector, uint64_t iova, uint32_t size)
{
	return run_request(vblk, VIRTIO_BLK_T_IN, sector, iova, size);
}

/**
 * iv_vblk_write() - write to the disk, or its cache
 * @vblk: the device, with no other request outstanding
 * @sector: the first sector
 * @iova: where the data is
 * @size: bytes, a multiple of IV_VBLK_SECTOR
 *
 * Return: 0, or a negative errno.
 */
int iv_vblk_write(struct iv_vblk *vblk, uint64_t sector, uint64_t iova, uint32_t size)
{
	return run_request(vblk, VIRTIO_BLK_T_OUT, sector, iova, size);
}

/**
 * iv_vblk_flush() - make sure that what was written is on the disk
 * @vblk: the device, with no other request outstanding
 *
 * Return: 0, or a negative errno.
 */
int iv_vblk_flush(struct iv_vblk *vblk)
{
	return run_request(vblk, VIRTIO_BLK_T_FLUSH, 0, 0, 0);
}

static int read_capacity(struct iv_vblk *vblk)
{
	uint64_t capacity;
	ssize_t got;

	got = iv_region_read(&vblk->dev.config, offsetof(struct virtio_blk_config, capacity),
			     &capacity, sizeof(capacity));
	if (got != sizeof(capacity))
		return got < 0 ? got : -EIO;
	vblk->sectors = le64toh(capacity);
	return 0;
}

static int start_device(struct iv_vblk *vblk, int iommufd, uint32_t ioas_id, uint64_t iova)
{
	int32_t eventfd = vblk->eventfd;
	int ret;

	ret = iv_virtq_negotiate(&vblk->dev, IV_VIRTQ_FEATURES | 1ULL << VIRTIO_BLK_F_FLUSH);
	if (!ret)
		ret = read_capacity(vblk);
	if (!ret)
		ret = iv_dma_alloc(&vblk->requests, iommufd, ioas_id, iova + REQUESTS_OFFSET,
				   IV_VBLK_QUEUE_SIZE * sizeof(struct request));
	if (!ret)
		ret = iv_irq_set_eventfds(vblk->dev.fd, VFIO_VIRTQ_QUEUE_IRQ_INDEX, 0, 1,
					  &eventfd);
	if (!ret)
		ret = iv_virtq_queue_alloc(&vblk->queue, &vblk->dev, 0, IV_VBLK_QUEUE_SIZE, iommufd,
					   ioas_id, iova);
	if (!ret)
		ret = iv_virtq_queue_enable(&vblk->queue);
	return ret ? ret : iv_virtq_start(&vblk->dev);
}

/**
 * iv_vblk_open() - make a block device ready for requests
 * @vblk: to be filled; iv_vblk_close() it, also after a failure
 * @fd: a device of vfio-virtq that is attached to @ioas_id, in reset
 * @iommufd: the context
 * @ioas_id: the address space
 * @iova: where IV_VBLK_MEMORY_SIZE bytes may be mapped
 *
 * Return: 0, or a negative errno.
 */
int iv_vblk_open(struct iv_vblk *vblk, int fd, int iommufd, uint32_t ioas_id, uint64_t iova)
{
	int ret;

	*vblk = (struct iv_vblk) { .eventfd = -1 };
	ret = iv_virtq_open(&vblk->dev, fd);
	if (ret)
		return ret;
	vblk->eventfd = iv_eventfd_create();
	return vblk->eventfd < 0 ? vblk->eventfd : start_device(vblk, iommufd, ioas_id, iova);
}

/**
 * iv_vblk_close() - stop the device and free its memory; only the latter if it is gone
 * @vblk: the device
 */
void iv_vblk_close(struct iv_vblk *vblk)
{
	if (vblk->dev.control.size)
		iv_virtq_reset(&vblk->dev);
	iv_virtq_queue_free(&vblk->queue);
	iv_dma_free(&vblk->requests);
	iv_virtq_close(&vblk->dev);
	if (vblk->eventfd >= 0)
		close(vblk->eventfd);
	vblk->eventfd = -1;
}
