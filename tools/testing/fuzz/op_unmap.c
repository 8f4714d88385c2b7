// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unmapping: whole mappings, parts of one, everything, nothing.
 */
#include <errno.h>

#include "ops.h"

static bool unmap_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_ioas_unmap *unmap = &call->arg.unmap;
	uint64_t iova, length;

	unmap->ioas_id = choose_id(worker, OBJECT_IOAS);
	choose_range(worker, model_get(&worker->model, unmap->ioas_id, OBJECT_IOAS), &iova,
		     &length);
	if (random_one_in(&worker->random, 60)) {
		iova = 0;
		length = random_one_in(&worker->random, 4) ? UINT64_MAX - 1 : UINT64_MAX;
	}
	unmap->iova = iova;
	unmap->length = length;
	call->note[0] = iova;
	call->note[1] = length;
	return true;
}

static int unmap_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_ioas_unmap *unmap = &call->arg.unmap;
	struct model_ioas *ioas = model_get(&worker->model, unmap->ioas_id, OBJECT_IOAS);
	uint64_t last = unmap->iova + unmap->length - 1;

	if (!ioas)
		return -ENOENT;
	if (unmap->iova == 0 && unmap->length == UINT64_MAX)
		return 0;
	if (unmap->iova == UINT64_MAX || unmap->length == UINT64_MAX)
		return -EOVERFLOW;
	if (!unmap->length)
		return -EINVAL;
	if (last < unmap->iova)
		return -EOVERFLOW;
	if (ioas_cuts(ioas, unmap->iova, last) || !ioas_find(ioas, unmap->iova, last))
		return -ENOENT;
	return 0;
}

static const char *unmap_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct model_ioas *ioas = model_get(&worker->model, call->arg.unmap.ioas_id, OBJECT_IOAS);
	uint64_t first = call->note[0], last = first + call->note[1] - 1;

	if (call->result)
		return NULL;
	if (call->note[1] == UINT64_MAX)
		last = UINT64_MAX;
	if (ioas_remove(&worker->model, ioas, first, last) != call->arg.unmap.length)
		return "another number of bytes";
	return NULL;
}

const struct fuzz_op ops_unmap[] = {
	{ "unmap", 130, FUZZ_IOCTL(IOMMU_IOAS_UNMAP, struct iommu_ioas_unmap, length), FUZZ_PLAIN,
	  .generate = unmap_generate, .predict = unmap_predict, .check = unmap_check },
	{ }
};
