/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dirty tracking, and bitmaps to compare it with.
 */
#ifndef IOMMUFD_DIRTY_H
#define IOMMUFD_DIRTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct iommufd_dirty_range - what is asked for
 * @iova: its first IOVA
 * @length: in bytes
 * @page_size: what a bit stands for, in bytes
 */
struct iommufd_dirty_range {
	uint64_t iova;
	uint64_t length;
	uint64_t page_size;
};

int iommufd_dirty_track(int iommufd, uint32_t hwpt_id, bool enable);
int iommufd_dirty_get(int iommufd, uint32_t hwpt_id, const struct iommufd_dirty_range *range,
		      uint32_t flags, void *bitmap);

bool iommufd_bit(const void *bitmap, size_t nr);
void iommufd_bit_set(void *bitmap, size_t nr);
size_t iommufd_bits_count(const void *bitmap, size_t nr);
void iommufd_bits_coarsen(void *coarse, const void *fine, size_t nr, size_t factor);

#endif
