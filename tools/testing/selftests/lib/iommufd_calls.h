/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ioctls of /dev/iommu as data: how long each one's structure must be, where its flags and
 * reserved fields are, and how to fill it so that it succeeds.
 */
#ifndef IOMMUFD_CALLS_H
#define IOMMUFD_CALLS_H

#include <stdbool.h>
#include <stdint.h>
#include "iommufd_ioctl.h"

#define IOMMUFD_NO_FIELD (-1)

/**
 * struct iommufd_objects - what a valid call may refer to
 * @iommufd: the context
 * @ioas_id: an IOAS in it
 * @devid: a bound device, for ioctls that need one
 * @memory: a page to map
 * @dirty_hwpt_id: a page table of the mock that tracks dirty pages, for ioctls that need one; it
 *                 maps @memory at MOCK_APERTURE_START
 * @nested_hwpt_id: a nested page table of the mock, for ioctls that need one
 */
struct iommufd_objects {
	int iommufd;
	uint32_t ioas_id;
	uint32_t devid;
	void *memory;
	uint32_t dirty_hwpt_id;
	uint32_t nested_hwpt_id;
};

/**
 * struct iommufd_call - one ioctl
 * @request: its number
 * @size: of its structure
 * @min_size: the shortest structure that is accepted
 * @id: where the number of the object is that it works on, or IOMMUFD_NO_FIELD
 * @flags: where the flags are, or IOMMUFD_NO_FIELD
 * @known_flags: those that are defined
 * @reserved: where the reserved bytes are, or IOMMUFD_NO_FIELD
 * @reserved_size: how many they are
 * @needs_device: a bound device is needed
 * @needs_mock: page tables of the mock are needed, see iommufd_objects_add_mock()
 * @has_output: the structure is written back
 * @fill: fill a zeroed structure so that the call succeeds, also when it is repeated
 */
struct iommufd_call {
	unsigned long request;
	uint32_t size;
	uint32_t min_size;
	int id;
	int flags;
	uint32_t known_flags;
	int reserved;
	uint32_t reserved_size;
	bool needs_device;
	bool needs_mock;
	bool has_output;
	void (*fill)(const struct iommufd_objects *objects, void *arg);
};

extern const struct iommufd_call iommufd_call_destroy;
extern const struct iommufd_call iommufd_call_ioas_alloc;
extern const struct iommufd_call iommufd_call_allow_iovas;
extern const struct iommufd_call iommufd_call_iova_ranges;
extern const struct iommufd_call iommufd_call_map;
extern const struct iommufd_call iommufd_call_unmap;
extern const struct iommufd_call iommufd_call_option_mode;
extern const struct iommufd_call iommufd_call_option_huge;
extern const struct iommufd_call iommufd_call_hw_info;
extern const struct iommufd_call iommufd_call_copy_to;
extern const struct iommufd_call iommufd_call_copy_from;
extern const struct iommufd_call iommufd_call_map_file;
extern const struct iommufd_call iommufd_call_hwpt_alloc;
extern const struct iommufd_call iommufd_call_invalidate;
extern const struct iommufd_call iommufd_call_set_dirty;
extern const struct iommufd_call iommufd_call_get_dirty;

int iommufd_objects_add_mock(struct iommufd_objects *objects);
void iommufd_call_fill(const struct iommufd_call *call, const struct iommufd_objects *objects,
		       void *arg);

#endif
