/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices that can migrate: their states, their data files, and the memory that they have written.
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise, -ENOTTY if the
 * device can't.
 */
#ifndef IV_MIGRATION_H
#define IV_MIGRATION_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/vfio.h>

int iv_migration_flags(int fd, uint64_t *flags);
int iv_migration_state(int fd);
int iv_migration_set(int fd, uint32_t state, int *data_fd);
int iv_migration_size(int fd, uint64_t *size);
int iv_migration_precopy(int data_fd, struct vfio_precopy_info *info);
ssize_t iv_migration_read_all(int data_fd, void *buf, size_t size);
int iv_migration_write_all(int data_fd, const void *buf, size_t size);

int iv_dma_logging_start(int fd, uint64_t *page_size,
			 const struct vfio_device_feature_dma_logging_range *ranges,
			 uint32_t count);
int iv_dma_logging_stop(int fd);
int iv_dma_logging_report(int fd, uint64_t iova, uint64_t length, uint64_t page_size,
			  uint64_t *bitmap);

#endif
