/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * mblk as its user sees it: a block device with one queue.
 *
 * Region 0 holds the registers, little-endian, to be read and written as a whole. The queue is a
 * ring of descriptors in memory that the user has mapped, at MBLK_REG_QUEUE_IOVA. The user fills
 * descriptors, and writes to MBLK_REG_TAIL how many they have been since the queue was enabled. The
 * device works on one after the other, writes @status and @done of each, and counts them in
 * MBLK_REG_HEAD. Interrupt 0 tells of each one with MBLK_DESC_INTERRUPT, and of a queue whose
 * memory was unmapped.
 *
 * A request may consist of several segments: each but the last has MBLK_DESC_NEXT and names the
 * next one's descriptor. Such a descriptor is not counted; it may be anywhere in the ring.
 */
#ifndef _MBLK_REGS_H
#define _MBLK_REGS_H

#include <linux/types.h>

#define MBLK_REGION		0
#define MBLK_REGION_SIZE	4096
#define MBLK_IRQ		0

#define MBLK_SECTOR_SIZE	512
#define MBLK_MAX_QUEUE		256		/* descriptors; a power of two */
#define MBLK_MAX_REQUEST	1048576		/* bytes of all segments together */

/* Registers; 32 bits wide unless they say otherwise. */
#define MBLK_REG_ID		0x00	/* MBLK_ID */
#define MBLK_REG_STATUS		0x04	/* MBLK_STATUS_* */
#define MBLK_REG_CAPACITY	0x08	/* 64 bits: in sectors */
#define MBLK_REG_QUEUE_IOVA	0x10	/* 64 bits: a multiple of 4096; written while disabled */
#define MBLK_REG_QUEUE_SIZE	0x18	/* descriptors; written while disabled */
#define MBLK_REG_CONTROL	0x1c	/* MBLK_CONTROL_ENABLE */
#define MBLK_REG_TAIL		0x20	/* descriptors that the user has filled */
#define MBLK_REG_HEAD		0x24	/* descriptors that the device is done with; read only */

#define MBLK_ID			0x6b6c626d

#define MBLK_CONTROL_ENABLE	1

#define MBLK_STATUS_ENABLED	1	/* the queue works */
#define MBLK_STATUS_LOST	2	/* the queue's memory was unmapped: it is disabled */
#define MBLK_STATUS_BAD_TAIL	4	/* more descriptors than there are: it stands still */

/* @op of struct mblk_desc */
#define MBLK_OP_READ		1	/* from the device into memory */
#define MBLK_OP_WRITE		2

/* @flags of struct mblk_desc */
#define MBLK_DESC_NEXT		1	/* goes on with descriptor @next */
#define MBLK_DESC_PIN		2	/* pin the memory, rather than copy by IOVA */
#define MBLK_DESC_INTERRUPT	4

/* @status of struct mblk_desc */
#define MBLK_OK			1
#define MBLK_BAD_DESC		2	/* makes no sense */
#define MBLK_BAD_SECTOR		3	/* beyond the end of the device */
#define MBLK_BAD_MEMORY		4	/* not mapped, or not for that */

/**
 * struct mblk_desc - a segment of a request
 * @iova: the memory
 * @sector: where on the device; of the first segment only, the others follow
 * @length: of the segment in bytes, a multiple of MBLK_SECTOR_SIZE
 * @op: MBLK_OP_*; of the first segment only
 * @flags: MBLK_DESC_*; all but NEXT of the first segment only
 * @next: number of the next segment's descriptor
 * @status: written by the device, in the first segment
 * @done: written by the device, in the first segment: bytes of the segments that were transferred
 */
struct mblk_desc {
	__le64 iova;
	__le64 sector;
	__le32 length;
	__u8 op;
	__u8 flags;
	__le16 next;
	__le32 status;
	__le32 done;
};

#endif
