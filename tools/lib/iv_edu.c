// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Userspace driver for QEMU's educational PCI device, from its description in QEMU's
 * docs/specs/edu.
 */
#include <errno.h>
#include <time.h>

#include "iv_config.h"
#include "iv_edu.h"

#define STATUS_COMPUTING 0x01

#define DMA_CMD_RUN 0x1
#define DMA_CMD_TO_MEMORY 0x2
#define DMA_CMD_IRQ 0x4

#define POLL_INTERVAL_MS 2
#define DMA_TIMEOUT_MS 5000

static void sleep_ms(int ms)
{
	struct timespec delay = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&delay, NULL);
}

/**
 * iv_edu_open() - map the device's registers and let it do DMA
 * @edu: to be filled; iv_edu_close() it
 * @fd: a bound edu device
 *
 * Return: 0; -ENODEV if this is no edu device; or another negative errno.
 */
int iv_edu_open(struct iv_edu *edu, int fd)
{
	uint16_t vendor, device;
	int ret;

	*edu = (struct iv_edu) { .fd = fd };
	ret = iv_config_read16(fd, PCI_VENDOR_ID, &vendor);
	if (!ret)
		ret = iv_config_read16(fd, PCI_DEVICE_ID, &device);
	if (ret)
		return ret;
	if (vendor != IV_EDU_VENDOR || device != IV_EDU_DEVICE)
		return -ENODEV;
	ret = iv_config_command(fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0);
	if (!ret)
		ret = iv_region_open(&edu->bar, fd, VFIO_PCI_BAR0_REGION_INDEX);
	if (!ret)
		ret = iv_region_map(&edu->bar);
	return ret;
}

/**
 * iv_edu_close() - undo iv_edu_open(); leaves the device's registers alone
 * @edu: the device; a zeroed one is left alone
 */
void iv_edu_close(struct iv_edu *edu)
{
	iv_region_close(&edu->bar);
}

/**
 * iv_edu_alive() - make the device prove that it answers
 * @edu: the device
 *
 * Return: 0, or -EIO if it doesn't.
 */
int iv_edu_alive(struct iv_edu *edu)
{
	uint32_t question = 0x5a5a1234;

	iv_mmio_write32(&edu->bar, IV_EDU_REG_LIVENESS, question);
	return iv_mmio_read32(&edu->bar, IV_EDU_REG_LIVENESS) == ~question ? 0 : -EIO;
}

/**
 * iv_edu_factorial() - let the device compute
 * @edu: the device
 * @n: a number
 * @result: its factorial, modulo 2^32
 *
 * Return: 0, or -ETIMEDOUT.
 */
int iv_edu_factorial(struct iv_edu *edu, uint32_t n, uint32_t *result)
{
	iv_mmio_write32(&edu->bar, IV_EDU_REG_FACTORIAL, n);
	for (int waited = 0; waited < DMA_TIMEOUT_MS; waited += POLL_INTERVAL_MS) {
		if (!(iv_mmio_read32(&edu->bar, IV_EDU_REG_STATUS) & STATUS_COMPUTING)) {
			*result = iv_mmio_read32(&edu->bar, IV_EDU_REG_FACTORIAL);
			return 0;
		}
		sleep_ms(POLL_INTERVAL_MS);
	}
	return -ETIMEDOUT;
}

static int dma_check(uint64_t iova, uint32_t dev_offset, uint32_t size)
{
	if (dev_offset > IV_EDU_BUFFER_SIZE || size > IV_EDU_BUFFER_SIZE - dev_offset)
		return -EINVAL;
	if (iova >= IV_EDU_IOVA_LIMIT || size > IV_EDU_IOVA_LIMIT - iova)
		return -EINVAL;
	return 0;
}

static int dma_start(struct iv_edu *edu, uint64_t src, uint64_t dst, uint32_t size, uint64_t cmd)
{
	if (iv_edu_dma_busy(edu))
		return -EBUSY;
	iv_mmio_write64(&edu->bar, IV_EDU_REG_DMA_SRC, src);
	iv_mmio_write64(&edu->bar, IV_EDU_REG_DMA_DST, dst);
	iv_mmio_write64(&edu->bar, IV_EDU_REG_DMA_COUNT, size);
	iv_mmio_write64(&edu->bar, IV_EDU_REG_DMA_CMD, cmd | DMA_CMD_RUN);
	return 0;
}

/**
 * iv_edu_dma_start_read() - start a DMA read: from memory into the device's buffer
 * @edu: the device
 * @iova: where the device is to read
 * @dev_offset: where in its buffer the bytes go
 * @size: how many
 * @raise_irq: whether it raises IV_EDU_IRQ_DMA at the end
 *
 * Return: 0; -EINVAL for an address out of range; -EBUSY while a DMA runs.
 */
int iv_edu_dma_start_read(struct iv_edu *edu, uint64_t iova, uint32_t dev_offset, uint32_t size,
			  int raise_irq)
{
	int ret = dma_check(iova, dev_offset, size);

	return ret ? ret : dma_start(edu, iova, IV_EDU_BUFFER_ADDR + dev_offset, size,
				     raise_irq ? DMA_CMD_IRQ : 0);
}

/**
 * iv_edu_dma_start_write() - start a DMA write: from the device's buffer into memory
 * @edu: the device
 * @iova: where the device is to write
 * @dev_offset: where in its buffer the bytes come from
 * @size: how many
 * @raise_irq: whether it raises IV_EDU_IRQ_DMA at the end
 *
 * Return: 0; -EINVAL for an address out of range; -EBUSY while a DMA runs.
 */
int iv_edu_dma_start_write(struct iv_edu *edu, uint64_t iova, uint32_t dev_offset, uint32_t size,
			   int raise_irq)
{
	int ret = dma_check(iova, dev_offset, size);

	return ret ? ret : dma_start(edu, IV_EDU_BUFFER_ADDR + dev_offset, iova, size,
				     DMA_CMD_TO_MEMORY | (raise_irq ? DMA_CMD_IRQ : 0));
}

/**
 * iv_edu_dma_busy() - whether a DMA runs
 * @edu: the device
 *
 * Return: 1 if so, otherwise 0.
 */
int iv_edu_dma_busy(struct iv_edu *edu)
{
	return !!(iv_mmio_read64(&edu->bar, IV_EDU_REG_DMA_CMD) & DMA_CMD_RUN);
}

/**
 * iv_edu_dma_wait() - wait for the DMA to end
 * @edu: the device
 *
 * Return: 0, or -ETIMEDOUT. The device doesn't say whether the DMA has reached anything.
 */
int iv_edu_dma_wait(struct iv_edu *edu)
{
	for (int waited = 0; waited < DMA_TIMEOUT_MS; waited += POLL_INTERVAL_MS) {
		if (!iv_edu_dma_busy(edu))
			return 0;
		sleep_ms(POLL_INTERVAL_MS);
	}
	return -ETIMEDOUT;
}

/**
 * iv_edu_dma_read() - DMA from memory into the device's buffer, and wait for its end
 * @edu: the device
 * @iova: where the device is to read
 * @dev_offset: where in its buffer the bytes go
 * @size: how many
 *
 * Return: 0, or a negative errno.
 */
int iv_edu_dma_read(struct iv_edu *edu, uint64_t iova, uint32_t dev_offset, uint32_t size)
{
	int ret = iv_edu_dma_start_read(edu, iova, dev_offset, size, 0);

	return ret ? ret : iv_edu_dma_wait(edu);
}

/**
 * iv_edu_dma_write() - DMA from the device's buffer into memory, and wait for its end
 * @edu: the device
 * @iova: where the device is to write
 * @dev_offset: where in its buffer the bytes come from
 * @size: how many
 *
 * Return: 0, or a negative errno.
 */
int iv_edu_dma_write(struct iv_edu *edu, uint64_t iova, uint32_t dev_offset, uint32_t size)
{
	int ret = iv_edu_dma_start_write(edu, iova, dev_offset, size, 0);

	return ret ? ret : iv_edu_dma_wait(edu);
}

/**
 * iv_edu_irq_raise() - make the device raise its interrupt
 * @edu: the device
 * @bits: bits to set in its interrupt status
 */
void iv_edu_irq_raise(struct iv_edu *edu, uint32_t bits)
{
	iv_mmio_write32(&edu->bar, IV_EDU_REG_IRQ_RAISE, bits);
}

/**
 * iv_edu_irq_status() - why the device raises its interrupt
 * @edu: the device
 *
 * Return: the interrupt status, 0 if it raises none.
 */
uint32_t iv_edu_irq_status(struct iv_edu *edu)
{
	return iv_mmio_read32(&edu->bar, IV_EDU_REG_IRQ_STATUS);
}

/**
 * iv_edu_irq_ack() - acknowledge the interrupt
 * @edu: the device
 * @bits: bits to clear in its interrupt status
 */
void iv_edu_irq_ack(struct iv_edu *edu, uint32_t bits)
{
	iv_mmio_write32(&edu->bar, IV_EDU_REG_IRQ_ACK, bits);
}
