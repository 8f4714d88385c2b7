// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device specific configuration, which userspace may read.
 *
 * It may change under the reader; the device counts its generations. Each call of the core, up to
 * a page, is answered from one generation.
 */
#include <linux/log2.h>
#include <linux/unaligned.h>

#include "virtq.h"

#define GENERATION_TRIES	8

static void virtq_config_copy(struct virtq_device *virtq, void *buf, size_t count, u64 off)
{
	void __iomem *from = virtq->mdev.device + off;
	size_t done, size;

	for (done = 0; done < count; done += size) {
		/* The widest access that is naturally aligned, up to 4 bytes */
		size = min(1UL << __ffs((off + done) | 4), rounddown_pow_of_two(count - done));
		switch (size) {
		case 4:
			put_unaligned_le32(ioread32(from + done), buf + done);
			break;
		case 2:
			put_unaligned_le16(ioread16(from + done), buf + done);
			break;
		default:
			*(u8 *)(buf + done) = ioread8(from + done);
			break;
		}
	}
}

/**
 * virtq_config_read() - read the device specific configuration
 * @virtq: an open device
 * @buf: where it goes
 * @count: how many bytes, at most PAGE_SIZE
 * @off: the first
 *
 * Return: how many bytes were read, 0 beyond the end; -EAGAIN if the device doesn't stop changing
 * them.
 */
ssize_t virtq_config_read(struct virtq_device *virtq, void *buf, size_t count, u64 off)
{
	u32 generation;
	unsigned int i;

	if (off >= virtq->mdev.device_len)
		return 0;
	count = min(count, virtq->mdev.device_len - (size_t)off);
	guard(mutex)(&virtq->lock);
	for (i = 0; i < GENERATION_TRIES; i++) {
		generation = vp_modern_generation(&virtq->mdev);
		virtq_config_copy(virtq, buf, count, off);
		if (vp_modern_generation(&virtq->mdev) == generation)
			return count;
	}
	return -EAGAIN;
}
