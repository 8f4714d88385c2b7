// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations that map: memory, a file, and what is mapped elsewhere.
 */
#include <errno.h>
#include <string.h>

#include "ops.h"

/* So many areas an IOAS has before nothing more is mapped into it. */
#define ENOUGH_AREAS 40

#define ACCESS (IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE)

static uint32_t choose_flags(struct fuzz_worker *worker)
{
	struct fuzz_random *random = &worker->random;
	uint32_t flags = ACCESS;

	if (random_one_in(random, 6))
		flags = random_below(random, 4) << 1;
	if (!random_one_in(random, 5))
		flags |= IOMMU_IOAS_MAP_FIXED_IOVA;
	if (random_one_in(random, 100))
		flags |= 1U << random_below(random, 32);
	return flags;
}

/* What all ioctls that map check first. */
static int predict_common(uint32_t flags, uint64_t iova, uint64_t length)
{
	if (flags & ~(ACCESS | IOMMU_IOAS_MAP_FIXED_IOVA))
		return -EOPNOTSUPP;
	if (iova == UINT64_MAX || length == UINT64_MAX)
		return -EOVERFLOW;
	if (!(flags & ACCESS) || !length)
		return -EINVAL;
	if (flags & IOMMU_IOAS_MAP_FIXED_IOVA && iova + (length - 1) < iova)
		return -EOVERFLOW;
	return 0;
}

struct model_backing backing_of(struct fuzz_worker *worker, uint64_t va, uint64_t length,
				uint32_t flags, bool file)
{
	struct model_backing backing = {
		.va = va & ~(PAGE - 1),
		.length = ((va + length - 1) | (PAGE - 1)) - (va & ~(PAGE - 1)) + 1,
		.writeable = flags & IOMMU_IOAS_MAP_WRITEABLE,
		.file = file,
	};

	backing.good = arena_can_pin(&worker->arena, backing.va, backing.length,
				     backing.writeable);
	return backing;
}

/* Whether an area without a place fits the IOAS' alignment. */
static bool fits(const struct model_ioas *ioas, const struct model_area *area)
{
	return !((area->va | (area->last - area->first + 1)) & (ioas->alignment - 1));
}

/* What comes of mapping one area at a place, if nothing is wrong with it as such. */
int predict_new_area(struct model_ioas *ioas, uint64_t iova, const struct model_area *area)
{
	int rc = -EINVAL;

	if (fits(ioas, area))
		rc = ioas_check_fixed(ioas, iova, iova + (area->last - area->first));
	if (!rc && ioas->hwpts && !area->backing.good)
		rc = -EFAULT;
	return rc;
}

/* The same, at a place that the kernel chooses. */
static int predict_anywhere(struct model_ioas *ioas, const struct model_area *area)
{
	if (!fits(ioas, area))
		return -EINVAL;
	if (!ioas_has_room(ioas, area->va, area->last - area->first + 1))
		return -ENOSPC;
	return ioas->hwpts && !area->backing.good ? -EFAULT : 0;
}

static struct model_area area_of(struct fuzz_worker *worker, uint64_t va, uint64_t length,
				 uint32_t flags, bool file)
{
	return (struct model_area) {
		.last = length - 1,
		.va = va,
		.prot = flags & ACCESS,
		.backing = backing_of(worker, va, length, flags, file),
	};
}

static int predict_area(struct fuzz_worker *worker, uint32_t ioas_id, uint64_t iova,
			uint32_t flags, const struct model_area *area)
{
	struct model_ioas *ioas = model_get(&worker->model, ioas_id, OBJECT_IOAS);

	if (!ioas)
		return -ENOENT;
	if (flags & IOMMU_IOAS_MAP_FIXED_IOVA)
		return predict_new_area(ioas, iova, area);
	return predict_anywhere(ioas, area);
}

static bool is_allowed(const struct model_ioas *ioas, uint64_t first, uint64_t last)
{
	unsigned int i;

	for (i = 0; i < ioas->nr_allowed; i++)
		if (first >= ioas->allowed[i].first && last <= ioas->allowed[i].last)
			return true;
	return !ioas->nr_allowed;
}

/* Puts an area where the kernel says that it is. */
static const char *insert_area(struct fuzz_worker *worker, uint32_t ioas_id, uint64_t iova,
			       uint32_t flags, struct model_area *area)
{
	struct model_ioas *ioas = model_get(&worker->model, ioas_id, OBJECT_IOAS);

	area->first = iova;
	area->last += iova;
	if (!(flags & IOMMU_IOAS_MAP_FIXED_IOVA)) {
		if (ioas_check_fixed(ioas, area->first, area->last))
			return "the IOVA that was chosen can't be had";
		if (!is_allowed(ioas, area->first, area->last))
			return "the IOVA that was chosen is not allowed";
		if ((iova ^ area->va) & (PAGE - 1))
			return "the IOVA that was chosen is elsewhere in its page";
	}
	ioas_insert(ioas, area);
	return NULL;
}

static bool has_space(struct fuzz_worker *worker, uint32_t ioas_id)
{
	struct model_ioas *ioas = model_get(&worker->model, ioas_id, OBJECT_IOAS);

	return !ioas || ioas->nr_areas < ENOUGH_AREAS;
}

static bool map_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_ioas_map *map = &call->arg.map;

	map->flags = choose_flags(worker);
	map->ioas_id = choose_id(worker, OBJECT_IOAS);
	map->iova = choose_iova(worker);
	map->length = choose_length(worker);
	map->user_va = choose_va(worker, map->length);
	if (worker->arena.huge && map->user_va >= (uintptr_t)worker->arena.huge &&
	    map->user_va < (uintptr_t)worker->arena.huge + HUGE_PAGE) {
		map->iova = MOCK_APERTURE_START * 2 + random_below(&worker->random, 4) * HUGE_PAGE;
		map->length = HUGE_PAGE / 2;
	}
	return has_space(worker, map->ioas_id);
}

static int map_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_ioas_map *map = &call->arg.map;
	struct model_area area;
	int rc = predict_common(map->flags, map->iova, map->length);

	if (rc)
		return rc;
	if (map->user_va + map->length < map->user_va)
		return -EOVERFLOW;
	area = area_of(worker, map->user_va, map->length, map->flags, false);
	return predict_area(worker, map->ioas_id, map->iova, map->flags, &area);
}

static const char *map_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_ioas_map *map = &call->arg.map;
	struct model_area area;

	if (call->result)
		return NULL;
	area = area_of(worker, map->user_va, map->length, map->flags, false);
	return insert_area(worker, map->ioas_id, map->iova, map->flags, &area);
}

static int choose_file(struct fuzz_worker *worker)
{
	struct fuzz_random *random = &worker->random;

	if (random_one_in(random, 40))
		return random_one_in(random, 2) ? worker->arena.null : -1;
	return random_one_in(random, 8) ? worker->arena.file_readonly : worker->arena.file;
}

static bool map_file_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_ioas_map_file *map = &call->arg.map_file;
	struct fuzz_random *random = &worker->random;

	map->flags = choose_flags(worker);
	map->ioas_id = choose_id(worker, OBJECT_IOAS);
	map->iova = choose_iova(worker);
	map->length = choose_length(worker);
	map->fd = choose_file(worker);
	map->start = random_below(random, ARENA_FILE_PAGES) * PAGE;
	if (random_one_in(random, 12))
		map->start += IO_PAGE;
	if (random_one_in(random, 100))
		map->start = random_u64(random);
	return has_space(worker, map->ioas_id);
}

static int predict_file(struct fuzz_worker *worker, const struct iommu_ioas_map_file *map)
{
	const uint64_t size = ARENA_FILE_PAGES * PAGE;

	if (map->fd == -1)
		return -EBADF;
	if (map->fd == worker->arena.null || map->length > size || map->start > size - map->length)
		return -EINVAL;
	if (map->fd == worker->arena.file_readonly && map->flags & IOMMU_IOAS_MAP_WRITEABLE)
		return -EACCES;
	return 0;
}

static struct model_area file_area(struct fuzz_worker *worker,
				   const struct iommu_ioas_map_file *map)
{
	return area_of(worker, (uintptr_t)worker->arena.base + ARENA_FILE + map->start, map->length,
		       map->flags, true);
}

static int map_file_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_ioas_map_file *map = &call->arg.map_file;
	struct model_area area;
	int rc = predict_common(map->flags, map->iova, map->length);

	if (!rc && map->start + (map->length - 1) < map->start)
		rc = -EOVERFLOW;
	rc = rc ?: predict_file(worker, map);
	if (rc)
		return rc;
	area = file_area(worker, map);
	return predict_area(worker, map->ioas_id, map->iova, map->flags, &area);
}

static const char *map_file_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_ioas_map_file *map = &call->arg.map_file;
	struct model_area area;

	if (call->result)
		return NULL;
	area = file_area(worker, map);
	return insert_area(worker, map->ioas_id, map->iova, map->flags, &area);
}

static bool copy_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_ioas_copy *copy = &call->arg.copy;
	uint64_t iova, length;

	copy->flags = choose_flags(worker);
	copy->dst_ioas_id = choose_id(worker, OBJECT_IOAS);
	copy->src_ioas_id = choose_id(worker, OBJECT_IOAS);
	copy->dst_iova = choose_iova(worker);
	choose_range(worker, model_get(&worker->model, copy->src_ioas_id, OBJECT_IOAS), &iova,
		     &length);
	copy->src_iova = iova;
	copy->length = length;
	return has_space(worker, copy->dst_ioas_id) && has_space(worker, copy->src_ioas_id);
}

/* What a copy has of the area in which @iova lies: a part, from 0 on. */
static struct model_area copied_part(const struct model_area *area,
				     const struct iommu_ioas_copy *copy, uint64_t iova)
{
	uint64_t last = copy->src_iova + copy->length - 1;
	struct model_area part = *area;

	part.first = 0;
	part.last = (area->last < last ? area->last : last) - iova;
	part.va = area->va + (iova - area->first);
	part.prot = copy->flags & ACCESS;
	return part;
}

/* Whether all of the source is mapped, and may be mapped like that. */
static int predict_source(struct model_ioas *source, const struct iommu_ioas_copy *copy)
{
	uint64_t last = copy->src_iova + copy->length - 1;
	struct model_area *area = ioas_find(source, copy->src_iova, copy->src_iova);

	for (;;) {
		if (!area)
			return -ENOENT;
		if (copy->flags & IOMMU_IOAS_MAP_WRITEABLE && !area->backing.writeable)
			return -EPERM;
		if (area->last >= last)
			return 0;
		area = ioas_next(source, area);
	}
}

/* Whether all parts fit, and can be pinned. */
static int predict_parts(struct model_ioas *ioas, struct model_ioas *source,
			 const struct iommu_ioas_copy *copy)
{
	uint64_t iova = copy->src_iova, last = iova + copy->length - 1;
	struct model_area *area = ioas_find(source, iova, iova), part;
	uint64_t va = area->va + (iova - area->first);
	bool good = true;
	int rc = 0;

	for (; area; area = ioas_next(source, area), iova = area ? area->first : 0) {
		part = copied_part(area, copy, iova);
		good &= part.backing.good;
		if (!fits(ioas, &part))
			return -EINVAL;
		if (area->last >= last)
			break;
	}
	if (copy->flags & IOMMU_IOAS_MAP_FIXED_IOVA)
		rc = ioas_check_fixed(ioas, copy->dst_iova, copy->dst_iova + copy->length - 1);
	else if (!ioas_has_room(ioas, va, copy->length))
		rc = -ENOSPC;
	return rc ?: ioas->hwpts && !good ? -EFAULT : 0;
}

static int predict_copy(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_ioas_copy *copy = &call->arg.copy;
	struct model_ioas *source = model_get(&worker->model, copy->src_ioas_id, OBJECT_IOAS);
	struct model_ioas *ioas = model_get(&worker->model, copy->dst_ioas_id, OBJECT_IOAS);
	int rc = predict_common(copy->flags, copy->dst_iova, copy->length);

	if (rc)
		return rc;
	if (copy->src_iova == UINT64_MAX ||
	    copy->src_iova + (copy->length - 1) < copy->src_iova)
		return -EOVERFLOW;
	if (!source)
		return -ENOENT;
	rc = predict_source(source, copy);
	if (rc)
		return rc;
	return ioas ? predict_parts(ioas, source, copy) : -ENOENT;
}

static const char *check_copy(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_ioas_copy *copy = &call->arg.copy;
	struct model_ioas *source = model_get(&worker->model, copy->src_ioas_id, OBJECT_IOAS);
	uint64_t iova = copy->src_iova, last = iova + copy->length - 1, to = copy->dst_iova;
	struct model_area parts[ENOUGH_AREAS], *area;
	unsigned int i, nr = 0;
	const char *wrong = NULL;

	if (call->result)
		return NULL;
	for (area = ioas_find(source, iova, iova); area; area = ioas_next(source, area)) {
		parts[nr++] = copied_part(area, copy, iova);
		if (area->last >= last)
			break;
		iova = area->last + 1;
	}
	/* Only the first decides where all of them go. */
	for (i = 0; i < nr && !wrong; i++) {
		uint64_t size = parts[i].last + 1;

		wrong = insert_area(worker, copy->dst_ioas_id, to,
				    i ? IOMMU_IOAS_MAP_FIXED_IOVA : copy->flags, &parts[i]);
		to += size;
	}
	return wrong;
}

const struct fuzz_op ops_map[] = {
	{ "map", 120, FUZZ_IOCTL(IOMMU_IOAS_MAP, struct iommu_ioas_map, iova),
	  .flags = offsetof(struct iommu_ioas_map, flags),
	  .reserved = offsetof(struct iommu_ioas_map, __reserved), .atomic = true,
	  .generate = map_generate, .predict = map_predict, .check = map_check },
	{ "map-file", 40, FUZZ_IOCTL(IOMMU_IOAS_MAP_FILE, struct iommu_ioas_map_file, iova),
	  .flags = offsetof(struct iommu_ioas_map_file, flags), .reserved = NO_FIELD,
	  .atomic = true,
	  .generate = map_file_generate, .predict = map_file_predict, .check = map_file_check },
	{ "copy", 60, FUZZ_IOCTL(IOMMU_IOAS_COPY, struct iommu_ioas_copy, src_iova),
	  .flags = offsetof(struct iommu_ioas_copy, flags), .reserved = NO_FIELD, .atomic = true,
	  .generate = copy_generate, .predict = predict_copy, .check = check_copy },
	{ }
};
