/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DMA logging: what the core knows of the memory that a device has written.
 *
 * The log is the core's, one bit for each page of the ranges that the user has named. Drivers put
 * into it what hardware tells them, or what they have told hardware to do.
 */
#ifndef __VFIO_DMA_LOGGING_PRIVATE_H
#define __VFIO_DMA_LOGGING_PRIVATE_H

#include <linux/mutex.h>
#include <linux/vfio_migration.h>

struct vfio_core_device;
struct vfio_dma_log;
struct vfio_file;

/**
 * struct vfio_dma_logging - part of a device's core
 * @control: held to begin, to end, and to have the driver say what it knows; with it @log stays
 * @lock: protects @log and its contents; the innermost lock
 * @log: what was written, or NULL while nothing is recorded
 */
struct vfio_dma_logging {
	struct mutex control;
	struct mutex lock;	/* see above */
	struct vfio_dma_log *log;
};

/* How many bits one look at a log finds: a page of them */
#define VFIO_LOG_WINDOW_BITS	(PAGE_SIZE * BITS_PER_BYTE)

/**
 * struct vfio_log_window - part of a report: the bits of a piece of a user's bitmap
 * @iova: the first byte that the whole report is about
 * @last: its last byte
 * @shift: log2 of the bytes that a bit of the report stands for
 * @pos: the byte that the next window is looked for from; 0: there is none
 * @first: the first bit of this window; a multiple of VFIO_LOG_WINDOW_BITS
 * @bits: its bits, bit 0 of which is @first of the report
 */
struct vfio_log_window {
	u64 iova;
	u64 last;
	unsigned int shift;
	u64 pos;
	u64 first;
	u64 *bits;
};

/* dma_log.c */
struct vfio_dma_log *
vfio_dma_log_create(const struct vfio_device_feature_dma_logging_range *ranges, unsigned int count,
		    u64 *page_size);
void vfio_dma_log_free(struct vfio_dma_log *log);
void vfio_dma_log_mark(struct vfio_dma_log *log, u64 iova, u64 last);
bool vfio_dma_log_take(struct vfio_dma_log *log, struct vfio_log_window *window);

/* dma_logging.c; the features with enough memory of the user's at @arg */
void vfio_dma_logging_init(struct vfio_core_device *core);
void vfio_dma_logging_close(struct vfio_core_device *core);
long vfio_feature_dma_logging_start(struct vfio_file *df, u32 method, void __user *arg);
long vfio_feature_dma_logging_stop(struct vfio_file *df, u32 method, void __user *arg);
long vfio_feature_dma_logging_report(struct vfio_file *df, u32 method, void __user *arg);

#endif
