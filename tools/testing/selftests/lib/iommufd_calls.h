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
 */
struct iommufd_objects {
	int iommufd;
	uint32_t ioas_id;
	uint32_t devid;
	void *memory;
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

void iommufd_call_fill(const struct iommufd_call *call, const struct iommufd_objects *objects,
		       void *arg);

#endif
