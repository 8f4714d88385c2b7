// SPDX-License-Identifier: GPL-2.0-only
/*
 * The context in the role of a VFIO container: the ioctls of type1.
 */
#include <errno.h>
#include <string.h>

#include "ops.h"

static bool choose_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_vfio_ioas *choose = &call->arg.vfio_ioas;
	struct fuzz_random *random = &worker->random;

	choose->op = random_one_in(random, 40) ? random_below(random, 6) :
		     random_one_in(random, 8) ? IOMMU_VFIO_IOAS_CLEAR : random_below(random, 2);
	choose->ioas_id = choose_id(worker, OBJECT_IOAS);
	return true;
}

static int choose_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_vfio_ioas *choose = &call->arg.vfio_ioas;

	switch (choose->op) {
	case IOMMU_VFIO_IOAS_GET:
		return worker->model.type1 ? 0 : -ENODEV;
	case IOMMU_VFIO_IOAS_SET:
		return model_get(&worker->model, choose->ioas_id, OBJECT_IOAS) ? 0 : -ENOENT;
	case IOMMU_VFIO_IOAS_CLEAR:
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static const char *choose_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_vfio_ioas *choose = &call->arg.vfio_ioas;
	struct model *model = &worker->model;

	if (call->result)
		return NULL;
	if (choose->op == IOMMU_VFIO_IOAS_SET)
		model->type1 = model_get(model, choose->ioas_id, OBJECT_IOAS);
	else if (choose->op == IOMMU_VFIO_IOAS_CLEAR)
		model->type1 = NULL;
	else if (choose->ioas_id != model->type1->id)
		return "another IOAS";
	return NULL;
}

static bool map_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct vfio_iommu_type1_dma_map *map = &call->arg.type1_map;
	struct model_ioas *ioas = worker->model.type1;
	struct fuzz_random *random = &worker->random;

	map->argsz = random_one_in(random, 40) ? random_below(random, 64) : sizeof(*map);
	map->flags = random_one_in(random, 10) ? random_below(random, 16) : 3;
	map->iova = choose_iova(worker);
	map->size = choose_length(worker);
	map->vaddr = choose_va(worker, map->size);
	call->pointer = choose_pointer(worker, &call->arg, &call->note[0]);
	return !ioas || ioas->nr_areas < 40;
}

static int predict_map_arguments(const struct vfio_iommu_type1_dma_map *map)
{
	if (map->argsz < sizeof(*map) || map->flags & ~7U)
		return -EINVAL;
	if (map->flags & VFIO_DMA_MAP_FLAG_VADDR)
		return -EOPNOTSUPP;
	if (!map->flags || !map->size || (map->vaddr | map->iova | map->size) & (PAGE - 1))
		return -EINVAL;
	if (map->iova + (map->size - 1) < map->iova || map->vaddr + map->size < map->vaddr)
		return -EOVERFLOW;
	return 0;
}

static struct model_area type1_area(struct fuzz_worker *worker,
				    const struct vfio_iommu_type1_dma_map *map)
{
	uint32_t prot = 0;

	if (map->flags & VFIO_DMA_MAP_FLAG_READ)
		prot |= IOMMU_IOAS_MAP_READABLE;
	if (map->flags & VFIO_DMA_MAP_FLAG_WRITE)
		prot |= IOMMU_IOAS_MAP_WRITEABLE;
	return (struct model_area) {
		.first = map->iova,
		.last = map->iova + map->size - 1,
		.va = map->vaddr,
		.prot = prot,
		.backing = backing_of(worker, map->vaddr, map->size, prot, false),
	};
}

static int map_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct vfio_iommu_type1_dma_map *map = &call->arg.type1_map;
	struct model_area area;
	int rc;

	if (call->note[0])
		return -EFAULT;
	rc = predict_map_arguments(map);
	if (rc)
		return rc;
	if (!worker->model.type1)
		return -ENODEV;
	area = type1_area(worker, map);
	return predict_new_area(worker->model.type1, map->iova, &area);
}

static const char *map_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct model_area area;

	if (call->result)
		return NULL;
	area = type1_area(worker, &call->arg.type1_map);
	ioas_insert(worker->model.type1, &area);
	return NULL;
}

static bool unmap_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct vfio_iommu_type1_dma_unmap *unmap = &call->arg.type1_unmap;
	struct model_ioas *ioas = worker->model.type1;
	struct fuzz_random *random = &worker->random;
	uint64_t iova, size;

	choose_range(worker, ioas, &iova, &size);
	unmap->argsz = random_one_in(random, 40) ? random_below(random, 48) : sizeof(*unmap);
	unmap->flags = random_one_in(random, 30) ? random_below(random, 16) : 0;
	if (random_one_in(random, 60)) {
		unmap->flags = VFIO_DMA_UNMAP_FLAG_ALL;
		iova = 0;
		size = 0;
	}
	unmap->iova = iova;
	unmap->size = size;
	call->note[1] = size;
	call->pointer = choose_pointer(worker, &call->arg, &call->note[0]);
	return !ioas || ioas->nr_areas < 100;
}

static int predict_unmap_arguments(const struct vfio_iommu_type1_dma_unmap *unmap)
{
	const uint32_t dirty = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP;

	if (unmap->argsz < sizeof(*unmap) || unmap->flags & ~7U)
		return -EINVAL;
	if (unmap->flags & dirty && unmap->flags != dirty)
		return -EINVAL;
	if (unmap->flags & (dirty | VFIO_DMA_UNMAP_FLAG_VADDR))
		return -EOPNOTSUPP;
	if (unmap->flags & VFIO_DMA_UNMAP_FLAG_ALL)
		return unmap->iova || unmap->size ? -EINVAL : 0;
	if (!unmap->size || (unmap->iova | unmap->size) & (PAGE - 1))
		return -EINVAL;
	return unmap->iova + (unmap->size - 1) < unmap->iova ? -EOVERFLOW : 0;
}

static int unmap_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct vfio_iommu_type1_dma_unmap *unmap = &call->arg.type1_unmap;
	struct model_ioas *ioas = worker->model.type1;
	int rc;

	if (call->note[0])
		return -EFAULT;
	rc = predict_unmap_arguments(unmap);
	if (rc)
		return rc;
	if (!ioas)
		return -ENODEV;
	if (!ioas->small_pages && ioas_cuts(ioas, unmap->iova, unmap->iova + unmap->size - 1))
		return -ENOENT;
	return 0;
}

static const char *unmap_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct vfio_iommu_type1_dma_unmap *unmap = &call->arg.type1_unmap;
	struct model_ioas *ioas = worker->model.type1;
	uint64_t first = unmap->iova, last = first + call->note[1] - 1;

	if (call->result)
		return NULL;
	ioas_split(ioas, first);
	if (last != UINT64_MAX)
		ioas_split(ioas, last + 1);
	if (ioas_remove(&worker->model, ioas, first, last) != unmap->size)
		return "another number of bytes";
	return NULL;
}

static bool extension_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	static const unsigned long extensions[] = {
		VFIO_TYPE1_IOMMU, VFIO_TYPE1v2_IOMMU, VFIO_DMA_CC_IOMMU, VFIO_DMA_CC_IOMMU,
		VFIO_UNMAP_ALL, VFIO_UPDATE_VADDR, 77,
	};

	call->note[0] = extensions[random_below(&worker->random, 7)];
	call->pointer = (void *)call->note[0];
	return true;
}

static bool is_coherent(struct fuzz_worker *worker)
{
	struct model_hwpt *hwpt;
	uint32_t id;

	for (id = 1; id < MAX_OBJECTS; id++) {
		hwpt = model_get(&worker->model, id, OBJECT_HWPT);
		if (hwpt && !hwpt->parent && hwpt->ioas == worker->model.type1 && !hwpt->coherent)
			return false;
	}
	return worker->model.type1;
}

static int extension_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	switch (call->note[0]) {
	case VFIO_TYPE1_IOMMU:
	case VFIO_TYPE1v2_IOMMU:
	case VFIO_UNMAP_ALL:
		return 1;
	case VFIO_DMA_CC_IOMMU:
		return is_coherent(worker);
	default:
		return 0;
	}
}

static const char *nothing_to_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	(void)worker;
	(void)call;
	return NULL;
}

static bool set_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct fuzz_random *random = &worker->random;

	call->note[0] = random_one_in(random, 10) ? random_below(random, 12) :
			random_one_in(random, 2) ? VFIO_TYPE1_IOMMU : VFIO_TYPE1v2_IOMMU;
	call->pointer = (void *)call->note[0];
	return true;
}

static int set_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	if (call->note[0] != VFIO_TYPE1_IOMMU && call->note[0] != VFIO_TYPE1v2_IOMMU)
		return -ENODEV;
	if (!worker->model.type1)
		return -ENODEV;
	if (call->note[0] == VFIO_TYPE1_IOMMU)
		return predict_small_pages(worker->model.type1, true);
	return 0;
}

static const char *set_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	if (!call->result && call->note[0] == VFIO_TYPE1_IOMMU)
		set_small_pages(worker->model.type1, true);
	return NULL;
}

static bool info_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct vfio_iommu_type1_info *info = (void *)worker->buffer;
	struct fuzz_random *random = &worker->random;

	memset(info, 0, sizeof(*info));
	info->argsz = random_one_in(random, 4) ? random_below(random, 300) : BUFFER_SIZE;
	call->note[0] = info->argsz;
	call->pointer = choose_pointer(worker, info, &call->note[1]);
	return true;
}

static int info_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	if (call->note[1])
		return -EFAULT;
	if (call->note[0] < offsetof(struct vfio_iommu_type1_info, cap_offset))
		return -EINVAL;
	return worker->model.type1 ? 0 : -ENODEV;
}

static uint64_t page_sizes(struct fuzz_worker *worker)
{
	uint64_t sizes = ~(PAGE - 1);
	struct model_hwpt *hwpt;
	uint32_t id;

	for (id = 1; id < MAX_OBJECTS; id++) {
		hwpt = model_get(&worker->model, id, OBJECT_HWPT);
		if (hwpt && !hwpt->parent && hwpt->ioas == worker->model.type1)
			sizes &= MOCK_PAGE_SIZE | (hwpt->huge ? MOCK_HUGE_PAGE_SIZE : 0);
	}
	return sizes | PAGE;
}

static const char *check_info_ranges(struct fuzz_worker *worker, unsigned int offset)
{
	const struct vfio_iommu_type1_info_cap_iova_range *cap =
		(void *)(worker->buffer + offset);
	struct model_range usable[MAX_RANGES + 1];
	unsigned int i, nr = ioas_usable(worker->model.type1, usable);

	if (cap->header.id != VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE)
		return "another capability";
	if (cap->nr_iovas != nr)
		return "another number of ranges";
	for (i = 0; i < nr; i++)
		if (cap->iova_ranges[i].start != usable[i].first ||
		    cap->iova_ranges[i].end != usable[i].last)
			return "other ranges";
	return NULL;
}

static const char *info_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct vfio_iommu_type1_info *info = (void *)worker->buffer;

	if (call->result)
		return NULL;
	if (info->iova_pgsizes != page_sizes(worker))
		return "other page sizes";
	if (call->note[0] < BUFFER_SIZE)
		return NULL;
	return check_info_ranges(worker, info->cap_offset);
}

const struct fuzz_op ops_type1[] = {
	{ "type1-ioas", 12, FUZZ_IOCTL(IOMMU_VFIO_IOAS, struct iommu_vfio_ioas, __reserved),
	  .flags = NO_FIELD, .reserved = offsetof(struct iommu_vfio_ioas, __reserved),
	  .generate = choose_generate, .predict = choose_predict, .check = choose_check },
	{ "type1-map", 40, VFIO_IOMMU_MAP_DMA, FUZZ_PLAIN,
	  .generate = map_generate, .predict = map_predict, .check = map_check },
	{ "type1-unmap", 40, VFIO_IOMMU_UNMAP_DMA, FUZZ_PLAIN,
	  .generate = unmap_generate, .predict = unmap_predict, .check = unmap_check },
	{ "type1-extension", 6, VFIO_CHECK_EXTENSION, FUZZ_PLAIN,
	  .generate = extension_generate, .predict = extension_predict,
	  .check = nothing_to_check },
	{ "type1-set", 4, VFIO_SET_IOMMU, FUZZ_PLAIN,
	  .generate = set_generate, .predict = set_predict, .check = set_check },
	{ "type1-info", 12, VFIO_IOMMU_GET_INFO, FUZZ_PLAIN,
	  .generate = info_generate, .predict = info_predict, .check = info_check },
	{ }
};
