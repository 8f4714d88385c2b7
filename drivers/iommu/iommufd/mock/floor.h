/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * /dev/iommufd_floor: what the kernel itself takes for mapping memory, for the benchmark alone.
 */
#ifndef IOMMUFD_FLOOR_H
#define IOMMUFD_FLOOR_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * struct iommufd_floor - ioctl(IOMMUFD_FLOOR_MEASURE)
 * @va: memory of the process, a multiple of the page size
 * @length: in bytes, a multiple of the page size
 * @iova: where it is mapped, in a page table of its own
 * @step: pin one page of each so many bytes, a power of two and not below the page size: the size
 *        of a huge page where a pin of any of its pages holds all of it
 * @device: PCI address; its IOMMU's driver makes the page table
 * @pin_ns: set to the time that pin_user_pages_fast() took, in batches of 512
 * @map_ns: set to the time that the IOMMU driver took to map, each run of contiguous pages in one
 * @unmap_ns: set to the time that it took to unmap all in one, and to flush
 * @unpin_ns: set to the time that unpinning took, run by run, with the pages made dirty
 */
struct iommufd_floor {
	__aligned_u64 va;
	__aligned_u64 length;
	__aligned_u64 iova;
	__aligned_u64 step;
	char device[16];
	__aligned_u64 pin_ns;
	__aligned_u64 map_ns;
	__aligned_u64 unmap_ns;
	__aligned_u64 unpin_ns;
};

#define IOMMUFD_FLOOR_MEASURE _IOWR(';', 0xF0, struct iommufd_floor)

#endif
