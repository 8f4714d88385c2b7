/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vfio-edu: QEMU's educational PCI device, as a device that migrates.
 *
 * A variant driver: the device is that of vfio-pci-core, but for its registers (BAR 0). Those can't
 * be mapped, so that each access comes through here. It takes three things to migrate this device:
 *
 * Knowing its state. Most registers can be read. What can't is remembered when it is written: the
 * number whose factorial was asked for, and the last DMA command. The device's 4 KiB buffer can
 * only be read by DMA into the user's memory, which isn't the driver's to use: the buffer is *not*
 * saved, and a user must not count on it across a migration.
 *
 * Stopping it. DMA commands that come while it is held back (in RUNNING_P2P and in STOP: the device
 * doesn't know which addresses are of other devices) wait, and look to the user like ones that run.
 * A computation is waited for. In STOP, writes of registers are ignored.
 *
 * Knowing what it writes. It does so when it is told to; memory is written from then until it says
 * that it has done.
 *
 * struct edu_device.lock is outside of vfio-pci-core's locks.
 */
#ifndef VFIO_EDU_H
#define VFIO_EDU_H

#include <linux/mutex.h>
#include <linux/vfio_migration.h>
#include <linux/vfio_pci_core.h>

#define EDU_BAR			VFIO_PCI_BAR0_REGION_INDEX

#define EDU_REG_LIVENESS	0x04
#define EDU_REG_FACTORIAL	0x08
#define EDU_REG_STATUS		0x20
#define EDU_STATUS_COMPUTING	0x01
#define EDU_REG_IRQ_STATUS	0x24
#define EDU_REG_IRQ_RAISE	0x60
#define EDU_REG_IRQ_ACK		0x64
#define EDU_REG_DMA_SRC		0x80
#define EDU_REG_DMA_DST		0x88
#define EDU_REG_DMA_COUNT	0x90
#define EDU_REG_DMA_CMD		0x98
#define EDU_DMA_RUN		0x1
#define EDU_DMA_TO_MEMORY	0x2

#define EDU_MAGIC		0x75646565	/* "eedu" */
#define EDU_VERSION		1

/* What a record of the stream is */
enum edu_record_type {
	EDU_RECORD_HEADER = 1,	/* the first one: nothing but version */
	EDU_RECORD_STATE = 2,	/* registers; a later one is in the place of an earlier one */
	EDU_RECORD_END = 3,	/* the last one */
};

/**
 * struct edu_record - what the stream is made of
 * @magic: EDU_MAGIC
 * @type: of &enum edu_record_type
 * @version: EDU_VERSION
 * @liveness: register
 * @factorial: the number whose factorial was asked for, if @flags says so
 * @status: register
 * @irq_status: register
 * @flags: EDU_STATE_*
 * @dma_src: register
 * @dma_dst: register
 * @dma_count: register
 * @dma_cmd: the last command; it is still to be done if EDU_DMA_RUN is set
 */
struct edu_record {
	__le32 magic;
	__le32 type;
	__le32 version;
	__le32 liveness;
	__le32 factorial;
	__le32 status;
	__le32 irq_status;
	__le32 flags;
#define EDU_STATE_FACTORIAL	0x1
	__le64 dma_src;
	__le64 dma_dst;
	__le64 dma_count;
	__le64 dma_cmd;
};

static_assert(sizeof(struct edu_record) == 64);

/**
 * struct edu_device - a device
 * @core: the PCI function; must come first
 * @lock: protects what follows
 * @held: DMA commands wait
 * @stopped: writes of registers are ignored
 * @pending: the command that waits, EDU_DMA_RUN in it, or 0
 * @cmd: the last command that did not wait
 * @asked: @factorial was asked for
 * @factorial: the number
 * @raise: interrupts that a loaded state has, to be raised when the device runs
 * @writing: the device may be writing memory, or has written it without its being marked
 * @dst: where that begins
 * @count: how many bytes
 * @out: the record that is being saved
 * @out_done: how much of it was given away; all of it: there is none
 * @has_header: the stream has a header
 * @has_end: the stream has its end
 * @changed: a state is to be saved: registers were written since the last one, or there is none
 * @stopping: the state in the stream is that of a device that has stopped
 * @in: the record that is being loaded
 * @in_done: how much of it is there
 * @in_last: the type of the last whole one
 * @state: the last state that was loaded
 * @has_state: whether there is one
 */
struct edu_device {
	struct vfio_pci_core_device core;
	struct mutex lock;	/* see above */

	bool held;
	bool stopped;
	u64 pending;
	u64 cmd;
	bool asked;
	u32 factorial;
	u32 raise;

	bool writing;
	u64 dst;
	u64 count;

	struct edu_record out;
	size_t out_done;
	bool has_header;
	bool has_end;
	bool changed;
	bool stopping;

	struct edu_record in;
	size_t in_done;
	u32 in_last;
	struct edu_record state;
	bool has_state;
};

static inline struct edu_device *edu_from(struct vfio_device *vdev)
{
	return container_of(vdev, struct edu_device, core.vdev);
}

/* regs.c: the device's registers, for the driver itself */
int edu_read32(struct edu_device *edu, u64 reg, u32 *value);
int edu_read64(struct edu_device *edu, u64 reg, u64 *value);
int edu_write32(struct edu_device *edu, u64 reg, u32 value);
int edu_write64(struct edu_device *edu, u64 reg, u64 value);

/* regs.c: and for the user */
ssize_t edu_read(struct vfio_device *vdev, void *buf, size_t count, loff_t pos);
ssize_t edu_write(struct vfio_device *vdev, const void *buf, size_t count, loff_t pos);

/* dma.c: under @lock, but for edu_dma_hold() */
int edu_dma_is_running(struct edu_device *edu, bool *running);
int edu_dma_start(struct edu_device *edu, u64 cmd);
int edu_dma_hold(struct edu_device *edu);
int edu_dma_release(struct edu_device *edu);
extern const struct vfio_dma_logging_ops edu_logging_ops;

/* migration.c */
void edu_migration_begin(struct edu_device *edu);
extern const struct vfio_migration_ops edu_migration_ops;

#endif
