// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <linux/iommufd.h>
#include "iommufd_calls.h"
#include "iommufd_file.h"
#include "iommufd_state.h"
#include <libiommufd.h>
#include "mock_device.h"

#define COPY_SOURCE 0x100000UL

static void fill_destroy(const struct iommufd_objects *objects, void *arg)
{
	struct iommu_destroy *destroy = arg;

	iv_ioas_alloc(objects->iommufd, &destroy->id);
}

const struct iommufd_call iommufd_call_destroy = {
	.request = IOMMU_DESTROY,
	.size = sizeof(struct iommu_destroy),
	.min_size = sizeof(struct iommu_destroy),
	.id = offsetof(struct iommu_destroy, id),
	.flags = IOMMUFD_NO_FIELD,
	.reserved = IOMMUFD_NO_FIELD,
	.fill = fill_destroy,
};

static void fill_nothing(const struct iommufd_objects *objects, void *arg)
{
	(void)objects;
	(void)arg;
}

const struct iommufd_call iommufd_call_ioas_alloc = {
	.request = IOMMU_IOAS_ALLOC,
	.size = sizeof(struct iommu_ioas_alloc),
	.min_size = sizeof(struct iommu_ioas_alloc),
	.id = IOMMUFD_NO_FIELD,
	.flags = offsetof(struct iommu_ioas_alloc, flags),
	.reserved = IOMMUFD_NO_FIELD,
	.has_output = true,
	.fill = fill_nothing,
};

static void fill_allow_iovas(const struct iommufd_objects *objects, void *arg)
{
	struct iommu_ioas_allow_iovas *allow = arg;

	allow->ioas_id = objects->ioas_id;
}

const struct iommufd_call iommufd_call_allow_iovas = {
	.request = IOMMU_IOAS_ALLOW_IOVAS,
	.size = sizeof(struct iommu_ioas_allow_iovas),
	.min_size = sizeof(struct iommu_ioas_allow_iovas),
	.id = offsetof(struct iommu_ioas_allow_iovas, ioas_id),
	.flags = IOMMUFD_NO_FIELD,
	.reserved = offsetof(struct iommu_ioas_allow_iovas, __reserved),
	.reserved_size = sizeof(__u32),
	.fill = fill_allow_iovas,
};

static void fill_iova_ranges(const struct iommufd_objects *objects, void *arg)
{
	static struct iommu_iova_range ranges[IOMMUFD_RANGES_MAX];
	struct iommu_ioas_iova_ranges *query = arg;

	query->ioas_id = objects->ioas_id;
	query->num_iovas = IOMMUFD_RANGES_MAX;
	query->allowed_iovas = (uintptr_t)ranges;
}

const struct iommufd_call iommufd_call_iova_ranges = {
	.request = IOMMU_IOAS_IOVA_RANGES,
	.size = sizeof(struct iommu_ioas_iova_ranges),
	.min_size = sizeof(struct iommu_ioas_iova_ranges),
	.id = offsetof(struct iommu_ioas_iova_ranges, ioas_id),
	.flags = IOMMUFD_NO_FIELD,
	.reserved = offsetof(struct iommu_ioas_iova_ranges, __reserved),
	.reserved_size = sizeof(__u32),
	.has_output = true,
	.fill = fill_iova_ranges,
};

static void fill_map(const struct iommufd_objects *objects, void *arg)
{
	struct iommu_ioas_map *map = arg;

	map->flags = IV_DMA_RW;
	map->ioas_id = objects->ioas_id;
	map->user_va = (uintptr_t)objects->memory;
	map->length = IOMMUFD_PAGE;
}

const struct iommufd_call iommufd_call_map = {
	.request = IOMMU_IOAS_MAP,
	.size = sizeof(struct iommu_ioas_map),
	.min_size = sizeof(struct iommu_ioas_map),
	.id = offsetof(struct iommu_ioas_map, ioas_id),
	.flags = offsetof(struct iommu_ioas_map, flags),
	.known_flags = IV_DMA_RW | IOMMU_IOAS_MAP_FIXED_IOVA,
	.reserved = offsetof(struct iommu_ioas_map, __reserved),
	.reserved_size = sizeof(__u32),
	.has_output = true,
	.fill = fill_map,
};

static void fill_unmap(const struct iommufd_objects *objects, void *arg)
{
	struct iommu_ioas_unmap *unmap = arg;

	unmap->ioas_id = objects->ioas_id;
	unmap->length = UINT64_MAX;
}

const struct iommufd_call iommufd_call_unmap = {
	.request = IOMMU_IOAS_UNMAP,
	.size = sizeof(struct iommu_ioas_unmap),
	.min_size = sizeof(struct iommu_ioas_unmap),
	.id = offsetof(struct iommu_ioas_unmap, ioas_id),
	.flags = IOMMUFD_NO_FIELD,
	.reserved = IOMMUFD_NO_FIELD,
	.has_output = true,
	.fill = fill_unmap,
};

static void fill_option_mode(const struct iommufd_objects *objects, void *arg)
{
	struct iommu_option *option = arg;

	(void)objects;
	option->option_id = IOMMU_OPTION_RLIMIT_MODE;
	option->op = IOMMU_OPTION_OP_GET;
}

const struct iommufd_call iommufd_call_option_mode = {
	.request = IOMMU_OPTION,
	.size = sizeof(struct iommu_option),
	.min_size = sizeof(struct iommu_option),
	.id = IOMMUFD_NO_FIELD,
	.flags = IOMMUFD_NO_FIELD,
	.reserved = offsetof(struct iommu_option, __reserved),
	.reserved_size = sizeof(__u16),
	.has_output = true,
	.fill = fill_option_mode,
};

static void fill_option_huge(const struct iommufd_objects *objects, void *arg)
{
	struct iommu_option *option = arg;

	option->option_id = IOMMU_OPTION_HUGE_PAGES;
	option->op = IOMMU_OPTION_OP_GET;
	option->object_id = objects->ioas_id;
}

const struct iommufd_call iommufd_call_option_huge = {
	.request = IOMMU_OPTION,
	.size = sizeof(struct iommu_option),
	.min_size = sizeof(struct iommu_option),
	.id = offsetof(struct iommu_option, object_id),
	.flags = IOMMUFD_NO_FIELD,
	.reserved = offsetof(struct iommu_option, __reserved),
	.reserved_size = sizeof(__u16),
	.has_output = true,
	.fill = fill_option_huge,
};

static void fill_hw_info(const struct iommufd_objects *objects, void *arg)
{
	struct iommu_hw_info *info = arg;

	info->dev_id = objects->devid;
}

/* The first version of this structure ended with the reserved bytes. */
const struct iommufd_call iommufd_call_hw_info = {
	.request = IOMMU_GET_HW_INFO,
	.size = sizeof(struct iommu_hw_info),
	.min_size = offsetof(struct iommu_hw_info, out_capabilities),
	.id = offsetof(struct iommu_hw_info, dev_id),
	.flags = offsetof(struct iommu_hw_info, flags),
	.known_flags = IOMMU_HW_INFO_FLAG_INPUT_TYPE,
	.reserved = offsetof(struct iommu_hw_info, __reserved),
	.reserved_size = 3,
	.needs_device = true,
	.has_output = true,
	.fill = fill_hw_info,
};

/* The copy goes wherever there is room, so that it succeeds each time. */
static void fill_copy(const struct iommufd_objects *objects, void *arg)
{
	struct iommu_ioas_copy *copy = arg;

	iv_ioas_map(objects->iommufd, objects->ioas_id, objects->memory, IOMMUFD_PAGE, COPY_SOURCE,
		    IV_DMA_RW);
	copy->flags = IV_DMA_RW;
	copy->dst_ioas_id = objects->ioas_id;
	copy->src_ioas_id = objects->ioas_id;
	copy->length = IOMMUFD_PAGE;
	copy->src_iova = COPY_SOURCE;
}

const struct iommufd_call iommufd_call_copy_to = {
	.request = IOMMU_IOAS_COPY,
	.size = sizeof(struct iommu_ioas_copy),
	.min_size = sizeof(struct iommu_ioas_copy),
	.id = offsetof(struct iommu_ioas_copy, dst_ioas_id),
	.flags = offsetof(struct iommu_ioas_copy, flags),
	.known_flags = IV_DMA_RW | IOMMU_IOAS_MAP_FIXED_IOVA,
	.reserved = IOMMUFD_NO_FIELD,
	.has_output = true,
	.fill = fill_copy,
};

const struct iommufd_call iommufd_call_copy_from = {
	.request = IOMMU_IOAS_COPY,
	.size = sizeof(struct iommu_ioas_copy),
	.min_size = sizeof(struct iommu_ioas_copy),
	.id = offsetof(struct iommu_ioas_copy, src_ioas_id),
	.flags = offsetof(struct iommu_ioas_copy, flags),
	.known_flags = IV_DMA_RW | IOMMU_IOAS_MAP_FIXED_IOVA,
	.reserved = IOMMUFD_NO_FIELD,
	.has_output = true,
	.fill = fill_copy,
};

static void fill_map_file(const struct iommufd_objects *objects, void *arg)
{
	struct iommu_ioas_map_file *map = arg;
	static int file = -1;

	if (file < 0)
		file = iommufd_file_memfd(IOMMUFD_PAGE);
	map->flags = IV_DMA_RW;
	map->ioas_id = objects->ioas_id;
	map->fd = file;
	map->length = IOMMUFD_PAGE;
}

const struct iommufd_call iommufd_call_map_file = {
	.request = IOMMU_IOAS_MAP_FILE,
	.size = sizeof(struct iommu_ioas_map_file),
	.min_size = sizeof(struct iommu_ioas_map_file),
	.id = offsetof(struct iommu_ioas_map_file, ioas_id),
	.flags = offsetof(struct iommu_ioas_map_file, flags),
	.known_flags = IV_DMA_RW | IOMMU_IOAS_MAP_FIXED_IOVA,
	.reserved = IOMMUFD_NO_FIELD,
	.has_output = true,
	.fill = fill_map_file,
};

static void fill_hwpt_alloc(const struct iommufd_objects *objects, void *arg)
{
	struct iommu_hwpt_alloc *alloc = arg;

	alloc->dev_id = objects->devid;
	alloc->pt_id = objects->ioas_id;
}

/* The first version of this structure ended with the first reserved member. */
const struct iommufd_call iommufd_call_hwpt_alloc = {
	.request = IOMMU_HWPT_ALLOC,
	.size = sizeof(struct iommu_hwpt_alloc),
	.min_size = offsetof(struct iommu_hwpt_alloc, data_type),
	.id = offsetof(struct iommu_hwpt_alloc, dev_id),
	.flags = offsetof(struct iommu_hwpt_alloc, flags),
	.known_flags = IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_ALLOC_DIRTY_TRACKING |
		       IOMMU_HWPT_FAULT_ID_VALID | IOMMU_HWPT_ALLOC_PASID,
	.reserved = offsetof(struct iommu_hwpt_alloc, __reserved),
	.reserved_size = sizeof(__u32),
	.needs_device = true,
	.has_output = true,
	.fill = fill_hwpt_alloc,
};

/* Without entries it only asks whether the type is known. */
static void fill_invalidate(const struct iommufd_objects *objects, void *arg)
{
	struct iommu_hwpt_invalidate *invalidate = arg;

	invalidate->hwpt_id = objects->nested_hwpt_id;
	invalidate->data_type = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST;
}

const struct iommufd_call iommufd_call_invalidate = {
	.request = IOMMU_HWPT_INVALIDATE,
	.size = sizeof(struct iommu_hwpt_invalidate),
	.min_size = sizeof(struct iommu_hwpt_invalidate),
	.id = offsetof(struct iommu_hwpt_invalidate, hwpt_id),
	.flags = IOMMUFD_NO_FIELD,
	.reserved = offsetof(struct iommu_hwpt_invalidate, __reserved),
	.reserved_size = sizeof(__u32),
	.needs_mock = true,
	.has_output = true,
	.fill = fill_invalidate,
};

static void fill_set_dirty(const struct iommufd_objects *objects, void *arg)
{
	struct iommu_hwpt_set_dirty_tracking *set = arg;

	set->hwpt_id = objects->dirty_hwpt_id;
	set->flags = IOMMU_HWPT_DIRTY_TRACKING_ENABLE;
}

const struct iommufd_call iommufd_call_set_dirty = {
	.request = IOMMU_HWPT_SET_DIRTY_TRACKING,
	.size = sizeof(struct iommu_hwpt_set_dirty_tracking),
	.min_size = sizeof(struct iommu_hwpt_set_dirty_tracking),
	.id = offsetof(struct iommu_hwpt_set_dirty_tracking, hwpt_id),
	.flags = offsetof(struct iommu_hwpt_set_dirty_tracking, flags),
	.known_flags = IOMMU_HWPT_DIRTY_TRACKING_ENABLE,
	.reserved = offsetof(struct iommu_hwpt_set_dirty_tracking, __reserved),
	.reserved_size = sizeof(__u32),
	.needs_mock = true,
	.fill = fill_set_dirty,
};

static void fill_get_dirty(const struct iommufd_objects *objects, void *arg)
{
	struct iommu_hwpt_get_dirty_bitmap *get = arg;
	static uint64_t bitmap;

	get->hwpt_id = objects->dirty_hwpt_id;
	get->iova = MOCK_APERTURE_START;
	get->length = IOMMUFD_PAGE;
	get->page_size = IOMMUFD_PAGE;
	get->data = (uintptr_t)&bitmap;
}

const struct iommufd_call iommufd_call_get_dirty = {
	.request = IOMMU_HWPT_GET_DIRTY_BITMAP,
	.size = sizeof(struct iommu_hwpt_get_dirty_bitmap),
	.min_size = sizeof(struct iommu_hwpt_get_dirty_bitmap),
	.id = offsetof(struct iommu_hwpt_get_dirty_bitmap, hwpt_id),
	.flags = offsetof(struct iommu_hwpt_get_dirty_bitmap, flags),
	.known_flags = IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR,
	.reserved = offsetof(struct iommu_hwpt_get_dirty_bitmap, __reserved),
	.reserved_size = sizeof(__u32),
	.needs_mock = true,
	.fill = fill_get_dirty,
};

static int add_nested(struct iommufd_objects *objects, uint32_t devid, uint32_t parent_id)
{
	struct iommu_hwpt_selftest data = { .iotlb = IOMMU_TEST_IOTLB_DEFAULT };
	struct iommu_hwpt_alloc alloc = {
		.dev_id = devid,
		.pt_id = parent_id,
		.data_type = IOMMU_HWPT_DATA_SELFTEST,
		.data_len = sizeof(data),
		.data_uptr = (uintptr_t)&data,
	};
	int rc = iv_hwpt_alloc_from(objects->iommufd, &alloc);

	objects->nested_hwpt_id = alloc.out_hwpt_id;
	return rc;
}

static int add_tracking(struct iommufd_objects *objects, uint32_t devid, uint32_t ioas_id)
{
	int rc;

	rc = iv_hwpt_alloc(objects->iommufd, devid, ioas_id, IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
			   &objects->dirty_hwpt_id);
	return rc ?: iv_hwpt_track_dirty(objects->iommufd, objects->dirty_hwpt_id, true);
}

/**
 * iommufd_objects_add_mock() - have page tables of the mock
 * @objects: the context and the memory are given; the page tables are added
 *
 * Return: 0; -ENOEXEC if there is no mock; or another negative errno.
 */
int iommufd_objects_add_mock(struct iommufd_objects *objects)
{
	struct mock_device dev;
	uint32_t ioas_id, parent_id;

	return mock_module_load() ?:
	       iv_ioas_alloc(objects->iommufd, &ioas_id) ?:
	       mock_device_create(&dev, objects->iommufd, ioas_id, 0) ?:
	       iv_ioas_map(objects->iommufd, ioas_id, objects->memory, IOMMUFD_PAGE,
			   MOCK_APERTURE_START, IV_DMA_RW) ?:
	       add_tracking(objects, dev.devid, ioas_id) ?:
	       iv_hwpt_alloc(objects->iommufd, dev.devid, ioas_id, IOMMU_HWPT_ALLOC_NEST_PARENT,
			     &parent_id) ?:
	       add_nested(objects, dev.devid, parent_id);
}

/**
 * iommufd_call_fill() - make a call's structure, valid and complete
 * @call: the ioctl
 * @objects: what it may refer to
 * @arg: the structure; what it held is overwritten
 */
void iommufd_call_fill(const struct iommufd_call *call, const struct iommufd_objects *objects,
		       void *arg)
{
	memset(arg, 0, call->size);
	memcpy(arg, &call->size, sizeof(call->size));
	call->fill(objects, arg);
}
