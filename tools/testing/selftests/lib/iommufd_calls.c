// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>
#include <string.h>
#include <linux/iommufd.h>
#include "iommufd_calls.h"
#include "iommufd_state.h"
#include "iv_iommufd.h"

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
