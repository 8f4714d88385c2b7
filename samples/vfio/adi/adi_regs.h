/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device that users of adi see: a work queue that fills memory.
 *
 * Its region, index 0 at file offset 0, has registers that tell something, and a portal: writing a
 * whole struct adi_descriptor there submits it. It is done later; the eventfd of interrupt index 0
 * is signalled after each. There is no configuration space.
 */
#ifndef ADI_REGS_H
#define ADI_REGS_H

#include <linux/types.h>

#define ADI_REGION_SIZE		4096
#define ADI_IRQ			0

/* Descriptors that have been done; 64 bits */
#define ADI_REG_COMPLETED	0x00
/* Descriptors that were dropped, since their PASID was taken from the queue; 64 bits */
#define ADI_REG_DROPPED		0x08
/* 0 or the negative errno of the last one that was done; 32 bits */
#define ADI_REG_RESULT		0x10
/* Where descriptors are written */
#define ADI_PORTAL		0x40

/* How many descriptors may wait; one more is EAGAIN. */
#define ADI_DEPTH		64
/* How much a descriptor fills at most, in bytes */
#define ADI_LENGTH_MAX		4096

/* @pasid is a guest's. */
#define ADI_GUEST_PASID		0x1

/**
 * struct adi_descriptor - fill memory
 * @flags: 0 or ADI_GUEST_PASID
 * @pasid: in which address space; 0: the queue's own. Writing a descriptor with one that isn't the
 *         user's is EPERM; with a guest's that nobody has named, ENOENT.
 * @iova: where
 * @length: in bytes, from 1 to ADI_LENGTH_MAX
 * @value: with this byte
 * @reserved: 0
 */
struct adi_descriptor {
	__le32 flags;
	__le32 pasid;
	__le64 iova;
	__le32 length;
	__u8 value;
	__u8 reserved[3];
};

#endif
