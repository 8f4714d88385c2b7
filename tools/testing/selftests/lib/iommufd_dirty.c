// SPDX-License-Identifier: GPL-2.0-only
#include <libiommufd.h>
#include "iommufd_dirty.h"

/**
 * iommufd_dirty_track() - start or stop recording writes
 * @iommufd: the context
 * @hwpt_id: the page table
 * @enable: start
 *
 * Return: 0 or a negative errno.
 */
int iommufd_dirty_track(int iommufd, uint32_t hwpt_id, bool enable)
{
	return iv_hwpt_track_dirty(iommufd, hwpt_id, enable);
}

/**
 * iommufd_dirty_get() - add what was written to a bitmap
 * @iommufd: the context
 * @hwpt_id: the page table
 * @range: what to look at
 * @flags: enum iommufd_hwpt_get_dirty_bitmap_flags
 * @bitmap: a bit for each page of @range
 *
 * Return: 0 or a negative errno.
 */
int iommufd_dirty_get(int iommufd, uint32_t hwpt_id, const struct iommufd_dirty_range *range,
		      uint32_t flags, void *bitmap)
{
	return iv_hwpt_dirty(iommufd, hwpt_id, range->iova, range->length, range->page_size, flags,
			     bitmap);
}

/**
 * iommufd_bit() - whether a bit is set
 * @bitmap: the bits
 * @nr: which
 */
bool iommufd_bit(const void *bitmap, size_t nr)
{
	return ((const uint8_t *)bitmap)[nr / 8] >> nr % 8 & 1;
}

/**
 * iommufd_bit_set() - set a bit
 * @bitmap: the bits
 * @nr: which
 */
void iommufd_bit_set(void *bitmap, size_t nr)
{
	((uint8_t *)bitmap)[nr / 8] |= 1 << nr % 8;
}

/**
 * iommufd_bits_count() - how many bits are set
 * @bitmap: the bits
 * @nr: how many there are
 */
size_t iommufd_bits_count(const void *bitmap, size_t nr)
{
	size_t i, count = 0;

	for (i = 0; i < nr; i++)
		count += iommufd_bit(bitmap, i);
	return count;
}

/**
 * iommufd_bits_coarsen() - set a bit where any of several finer ones is set
 * @coarse: where bits are set
 * @fine: the finer ones
 * @nr: how many finer ones there are
 * @factor: how many of them are one of @coarse
 */
void iommufd_bits_coarsen(void *coarse, const void *fine, size_t nr, size_t factor)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (iommufd_bit(fine, i))
			iommufd_bit_set(coarse, i / factor);
}
