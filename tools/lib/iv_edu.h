/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Userspace driver for QEMU's educational PCI device (1234:11e8).
 *
 * The device has a 4 KiB buffer of its own, a DMA engine between that and memory, and an interrupt.
 * A DMA takes about 100 ms of virtual time, and only one runs at a time. The device uses 28 address
 * bits unless it was told otherwise, so IOVAs must be below 256 MiB. It reports no DMA errors: what
 * a blocked DMA did can only be seen from the memory and from the device's buffer.
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise.
 */
#ifndef IV_EDU_H
#define IV_EDU_H

#include <stdint.h>
#include "iv_region.h"

#define IV_EDU_VENDOR 0x1234
#define IV_EDU_DEVICE 0x11e8
#define IV_EDU_BUFFER_SIZE 4096
#define IV_EDU_IOVA_LIMIT 0x10000000ULL
#define IV_EDU_BAR_SIZE 0x100000

#define IV_EDU_REG_ID 0x00
#define IV_EDU_REG_LIVENESS 0x04
#define IV_EDU_REG_FACTORIAL 0x08
#define IV_EDU_REG_STATUS 0x20
#define IV_EDU_REG_IRQ_STATUS 0x24
#define IV_EDU_REG_IRQ_RAISE 0x60
#define IV_EDU_REG_IRQ_ACK 0x64
#define IV_EDU_REG_DMA_SRC 0x80
#define IV_EDU_REG_DMA_DST 0x88
#define IV_EDU_REG_DMA_COUNT 0x90
#define IV_EDU_REG_DMA_CMD 0x98
#define IV_EDU_BUFFER_ADDR 0x40000

#define IV_EDU_IRQ_FACTORIAL 0x1
#define IV_EDU_IRQ_DMA 0x100

/**
 * struct iv_edu - an opened edu device
 * @fd: the vfio device; belongs to the caller
 * @bar: BAR 0, mapped
 */
struct iv_edu {
	int fd;
	struct iv_region bar;
};

int iv_edu_open(struct iv_edu *edu, int fd);
void iv_edu_close(struct iv_edu *edu);
int iv_edu_alive(struct iv_edu *edu);
int iv_edu_factorial(struct iv_edu *edu, uint32_t n, uint32_t *result);

int iv_edu_dma_start_read(struct iv_edu *edu, uint64_t iova, uint32_t dev_offset, uint32_t size,
			  int raise_irq);
int iv_edu_dma_start_write(struct iv_edu *edu, uint64_t iova, uint32_t dev_offset, uint32_t size,
			   int raise_irq);
int iv_edu_dma_busy(struct iv_edu *edu);
int iv_edu_dma_wait(struct iv_edu *edu);
int iv_edu_dma_read(struct iv_edu *edu, uint64_t iova, uint32_t dev_offset, uint32_t size);
int iv_edu_dma_write(struct iv_edu *edu, uint64_t iova, uint32_t dev_offset, uint32_t size);

void iv_edu_irq_raise(struct iv_edu *edu, uint32_t bits);
uint32_t iv_edu_irq_status(struct iv_edu *edu);
void iv_edu_irq_ack(struct iv_edu *edu, uint32_t bits);

#endif
