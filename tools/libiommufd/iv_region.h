/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Regions of a vfio device: BARs, ROM and configuration space, by read and write and by mmap.
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise.
 */
#ifndef IV_REGION_H
#define IV_REGION_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/vfio.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct iv_region - one region of a device
 * @fd: the device
 * @index: the region's index, such as VFIO_PCI_BAR0_REGION_INDEX
 * @flags: VFIO_REGION_INFO_FLAG_*
 * @size: its size in bytes, 0 if the device has no such region
 * @offset: where it begins in the device's file
 * @map: its mapping after iv_region_map(), otherwise NULL
 */
struct iv_region {
	int fd;
	uint32_t index;
	uint32_t flags;
	uint64_t size;
	uint64_t offset;
	volatile void *map;
};

int iv_region_info(int fd, uint32_t index, struct vfio_region_info *info);
int iv_region_open(struct iv_region *region, int fd, uint32_t index);
void iv_region_close(struct iv_region *region);
ssize_t iv_region_read(const struct iv_region *region, uint64_t offset, void *buf, size_t size);
ssize_t iv_region_write(const struct iv_region *region, uint64_t offset, const void *buf,
			size_t size);
int iv_region_map(struct iv_region *region);
void iv_region_unmap(struct iv_region *region);

/**
 * iv_mmio_read32() - load a 32-bit register of a mapped region
 * @region: a region after iv_region_map()
 * @offset: the register, a multiple of 4
 *
 * Return: the register's value.
 */
static inline uint32_t iv_mmio_read32(const struct iv_region *region, uint64_t offset)
{
	return *(volatile uint32_t *)((volatile char *)region->map + offset);
}

/**
 * iv_mmio_write32() - store to a 32-bit register of a mapped region
 * @region: a region after iv_region_map()
 * @offset: the register, a multiple of 4
 * @value: what to store
 */
static inline void iv_mmio_write32(const struct iv_region *region, uint64_t offset, uint32_t value)
{
	*(volatile uint32_t *)((volatile char *)region->map + offset) = value;
}

/**
 * iv_mmio_read64() - load a 64-bit register of a mapped region
 * @region: a region after iv_region_map()
 * @offset: the register, a multiple of 8
 *
 * Return: the register's value.
 */
static inline uint64_t iv_mmio_read64(const struct iv_region *region, uint64_t offset)
{
	return *(volatile uint64_t *)((volatile char *)region->map + offset);
}

/**
 * iv_mmio_write64() - store to a 64-bit register of a mapped region
 * @region: a region after iv_region_map()
 * @offset: the register, a multiple of 8
 * @value: what to store
 */
static inline void iv_mmio_write64(const struct iv_region *region, uint64_t offset, uint64_t value)
{
	*(volatile uint64_t *)((volatile char *)region->map + offset) = value;
}

#ifdef __cplusplus
}
#endif

#endif
