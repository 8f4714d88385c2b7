// SPDX-License-Identifier: GPL-2.0-only
/*
 * Choosing arguments: mostly such that something comes of it, and now and then any.
 */
#include <string.h>

#include "fuzz.h"

/* Something of a kind, or NULL if there is none. */
void *choose_object(struct fuzz_worker *worker, enum object_type type)
{
	uint32_t skip, id = random_below(&worker->random, MAX_OBJECTS);

	for (skip = 0; skip < MAX_OBJECTS; skip++, id = (id + 1) % MAX_OBJECTS)
		if (worker->model.objects[id].type == type)
			return worker->model.objects[id].data;
	return NULL;
}

static uint32_t random_id(struct fuzz_worker *worker)
{
	switch (random_below(&worker->random, 4)) {
	case 0:
		return 0;
	case 1:
		return random_u64(&worker->random);
	default:
		return random_below(&worker->random, MAX_OBJECTS);
	}
}

/* The number of something of a kind; now and then of something else, or of nothing. */
uint32_t choose_id(struct fuzz_worker *worker, enum object_type type)
{
	uint32_t skip, id = random_below(&worker->random, MAX_OBJECTS);

	if (random_one_in(&worker->random, 40))
		return random_id(worker);
	for (skip = 0; skip < MAX_OBJECTS; skip++, id = (id + 1) % MAX_OBJECTS)
		if (worker->model.objects[id].type == type)
			return id;
	return random_id(worker);
}

/* Few enough of them that mappings meet. */
uint64_t choose_iova(struct fuzz_worker *worker)
{
	static const uint64_t odd[] = {
		0, PAGE, MOCK_APERTURE_START - PAGE, MOCK_APERTURE_LAST + 1UL - PAGE,
		MOCK_APERTURE_LAST + 1UL, 0xfee00000, 1UL << 40, UINT64_MAX - 2 * PAGE + 1,
		UINT64_MAX - PAGE + 1, UINT64_MAX - 1, UINT64_MAX,
	};
	struct fuzz_random *random = &worker->random;
	uint64_t iova;

	if (random_one_in(random, 40))
		return odd[random_below(random, sizeof(odd) / sizeof(*odd))];
	iova = MOCK_APERTURE_START + random_below(random, 96) * PAGE;
	if (random_one_in(random, 12))
		iova += IO_PAGE;
	if (random_one_in(random, 60))
		iova += random_below(random, PAGE);
	return iova;
}

uint64_t choose_length(struct fuzz_worker *worker)
{
	struct fuzz_random *random = &worker->random;
	uint64_t length = (1 + random_below(random, random_one_in(random, 8) ? 32 : 5)) * PAGE;

	if (random_one_in(random, 12))
		length = (1 + random_below(random, 9)) * IO_PAGE;
	if (random_one_in(random, 60))
		length = random_below(random, 3 * PAGE);
	if (random_one_in(random, 300))
		length = random_u64(random);
	return length;
}

/* An address of the worker's, mostly with so much memory behind it. */
uint64_t choose_va(struct fuzz_worker *worker, uint64_t length)
{
	struct fuzz_random *random = &worker->random;
	uint64_t va = (uintptr_t)worker->arena.base, pages = ARENA_PLAIN_PAGES, need;

	if (worker->arena.huge && random_one_in(random, 16))
		return (uintptr_t)worker->arena.huge +
		       random_below(random, 2) * (HUGE_PAGE / 2);
	if (random_one_in(random, 200))
		return random_u64(random);
	switch (random_below(random, 24)) {
	case 0:
		/* Across the parts */
		pages = ARENA_PAGES;
		length = PAGE;
		break;
	case 1:
	case 2:
	case 4:
		va += ARENA_FILE;
		pages = ARENA_FILE_PAGES;
		break;
	case 3:
		va += ARENA_FIXED;
		pages = ARENA_FIXED_PAGES;
		break;
	}
	need = (length + PAGE - 1) / PAGE;
	va += random_below(random, need < pages ? pages - need + 1 : 1) * PAGE;
	if (random_one_in(random, 12))
		va += IO_PAGE;
	if (random_one_in(random, 60))
		va += random_below(random, PAGE);
	return va;
}

static struct model_area *choose_area(struct fuzz_worker *worker, struct model_ioas *ioas)
{
	if (!ioas || !ioas->nr_areas)
		return NULL;
	return &ioas->areas[random_below(&worker->random, ioas->nr_areas)];
}

/* A range to unmap, to copy, to look at: mostly a mapping as it is. */
void choose_range(struct fuzz_worker *worker, struct model_ioas *ioas, uint64_t *iova,
		  uint64_t *length)
{
	struct fuzz_random *random = &worker->random;
	struct model_area *area = choose_area(worker, ioas);

	*iova = choose_iova(worker);
	*length = choose_length(worker);
	if (!area || random_one_in(random, 10))
		return;
	*iova = area->first;
	*length = area->last - area->first + 1;
	switch (random_below(random, 12)) {
	case 0:
		/* What touches it, too */
		while ((area = ioas_next(ioas, area)) && !random_one_in(random, 4))
			*length = area->last - *iova + 1;
		break;
	case 1:
		*length -= *length > PAGE ? PAGE : 1;
		break;
	case 2:
		*iova += *length > PAGE ? PAGE : 1;
		*length -= *length > PAGE ? PAGE : 1;
		break;
	case 3:
		*length += PAGE;
		break;
	}
}

/* A piece of what is mapped, or something near it, to be read or written. */
void choose_memory(struct fuzz_worker *worker, struct model_ioas *ioas, uint64_t *iova,
		   uint64_t *length)
{
	struct fuzz_random *random = &worker->random;
	struct model_area *area = choose_area(worker, ioas);
	uint64_t size;

	*iova = choose_iova(worker) + random_below(random, 64);
	*length = 1 + random_below(random, 2 * PAGE);
	if (!area || random_one_in(random, 20))
		return;
	size = area->last - area->first + 1;
	*iova = area->first + random_below(random, size < HUGE_PAGE ? size : HUGE_PAGE);
	if (!random_one_in(random, 8) && *length > area->last - *iova + 1)
		*length = area->last - *iova + 1;
}

/* A pointer to give to the kernel; now and then one to nothing, and then @bad is set. */
void *choose_pointer(struct fuzz_worker *worker, void *good, uint64_t *bad)
{
	*bad = random_one_in(&worker->random, 100);
	if (!*bad)
		return good;
	return random_one_in(&worker->random, 2) ? worker->guard + PAGE :
	       (void *)(uintptr_t)0xffff888000000000UL;
}

/* The structure of IOMMU_TEST_CMD. */
struct iommu_test_cmd *choose_test(struct fuzz_worker *worker, struct fuzz_call *call)
{
	(void)worker;
	call->arg.test.op = call->op->test;
	return &call->arg.test;
}
