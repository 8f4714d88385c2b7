// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices read and write memory, and what this does to it.
 */
#include <errno.h>
#include <string.h>

#include "ops.h"

/* What lies from an IOVA on within one page of memory */
static uint64_t piece_length(const struct model_area *area, uint64_t iova, uint64_t left)
{
	uint64_t va = area->va + (iova - area->first);
	uint64_t length = PAGE - va % PAGE;

	if (length > area->last - iova + 1)
		length = area->last - iova + 1;
	return length < left ? length : left;
}

/**
 * copy_predict() - what comes of a copy from or to IOVAs
 * @worker: the worker
 * @ioas: what maps them
 * @iova: the first
 * @length: in bytes; the end is not beyond the last IOVA
 * @write: whether to IOVAs
 * @rules: which errno stands for what, and whether memory must be had first
 * @done: set to how many bytes are copied before the failure, if there is one
 *
 * Return: 0 or a negative errno.
 */
int copy_predict(struct fuzz_worker *worker, struct model_ioas *ioas, uint64_t iova,
		 uint64_t length, bool write, const struct copy_rules *rules, uint64_t *done)
{
	uint32_t prot = write ? IOMMU_IOAS_MAP_WRITEABLE : IOMMU_IOAS_MAP_READABLE;
	uint64_t piece;

	for (*done = 0; *done < length; *done += piece) {
		uint64_t at = iova + *done;
		struct model_area *area = ioas_find(ioas, at, at);

		if (!area)
			return rules->hole;
		if (!(area->prot & prot))
			return rules->forbidden;
		piece = piece_length(area, at, length - *done);
		if (rules->pages && !ioas->hwpts &&
		    !arena_can_pin(&worker->arena, area->va + (at - area->first), piece, write))
			return -EFAULT;
	}
	return 0;
}

/* One piece of a copy: compares what was read, or remembers what was written. */
static bool check_piece(struct fuzz_worker *worker, uint64_t va, uint64_t offset, uint64_t length,
			bool write)
{
	uint8_t *copy = arena_copy_of(&worker->arena, va), *data = worker->buffer + offset;

	if (write)
		memcpy(copy, data, length);
	return write || !memcmp(copy, data, length);
}

/**
 * copy_check() - what a copy did to memory
 * @worker: the worker
 * @ioas: what maps the IOVAs
 * @iova: the first
 * @done: how many bytes were copied
 * @write: whether to IOVAs
 * @hwpt: the page table that may track writes, or NULL
 *
 * Of memory that is mapped twice only the last write counts; so memory is compared at the end.
 *
 * Return: NULL, or what is wrong.
 */
const char *copy_check(struct fuzz_worker *worker, struct model_ioas *ioas, uint64_t iova,
		       uint64_t done, bool write, struct model_hwpt *hwpt)
{
	uint64_t offset, piece, at, va;
	struct model_area *area;

	for (offset = 0; offset < done; offset += piece) {
		at = iova + offset;
		area = ioas_find(ioas, at, at);
		piece = piece_length(area, at, done - offset);
		if (!check_piece(worker, area->va + (at - area->first), offset, piece, write))
			return "other data were read";
		if (write && hwpt && hwpt->tracks) {
			hwpt_make_dirty(hwpt, at);
			hwpt_make_dirty(hwpt, at + piece - 1);
		}
	}
	for (offset = 0; offset < done && write; offset += piece) {
		at = iova + offset;
		area = ioas_find(ioas, at, at);
		piece = piece_length(area, at, done - offset);
		va = area->va + (at - area->first);
		if (memcmp((void *)va, arena_copy_of(&worker->arena, va), piece))
			return "memory does not have what was written";
	}
	return NULL;
}

static struct model_hwpt *hwpt_of(struct fuzz_worker *worker, uint32_t device_id)
{
	struct model_device *device = model_get(&worker->model, device_id, OBJECT_STDEV);

	return device ? hwpt_paging(device->group->hwpt) : NULL;
}

/* Which pages of a huge page get dirty is up to the page table: not predicted. */
static bool dirt_is_clear(struct fuzz_worker *worker, const struct model_hwpt *hwpt, uint64_t iova)
{
	struct model_area *area = ioas_find(hwpt->ioas, iova, iova + BUFFER_SIZE);

	if (!hwpt->tracks)
		return true;
	if (hwpt->nr_dirty > MAX_DIRTY - 32)
		return false;
	for (; area; area = ioas_next(hwpt->ioas, area))
		if (worker->arena.huge && hwpt->huge && area->va >= (uintptr_t)worker->arena.huge &&
		    area->va < (uintptr_t)worker->arena.huge + HUGE_PAGE)
			return false;
	return true;
}

static void fill_buffer(struct fuzz_worker *worker, uint64_t length)
{
	uint64_t *words = (uint64_t *)worker->buffer, i, value = random_u64(&worker->random);

	for (i = 0; i <= length / sizeof(*words); i++)
		words[i] = value + i * 0x0101010101010101UL;
}

static bool dma_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_test_cmd *cmd = choose_test(worker, call);
	struct model_hwpt *hwpt;
	uint64_t iova, length;

	cmd->id = choose_id(worker, OBJECT_STDEV);
	hwpt = hwpt_of(worker, cmd->id);
	choose_memory(worker, hwpt ? hwpt->ioas : NULL, &iova, &length);
	cmd->mock_dma.iova = iova;
	cmd->mock_dma.length = random_one_in(&worker->random, 200) ? 0 : length;
	cmd->mock_dma.flags = random_below(&worker->random, 2);
	if (random_one_in(&worker->random, 100))
		cmd->mock_dma.flags |= 1U << random_below(&worker->random, 32);
	cmd->mock_dma.uptr = (uintptr_t)choose_pointer(worker, worker->buffer, &call->note[0]);
	fill_buffer(worker, length);
	return hwpt ? dirt_is_clear(worker, hwpt, iova) : random_one_in(&worker->random, 20);
}

static int dma_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	static const struct copy_rules rules = { .hole = -ENXIO, .forbidden = -EACCES };
	const struct iommu_test_cmd *cmd = &call->arg.test;
	struct model_hwpt *hwpt = hwpt_of(worker, cmd->id);
	uint64_t iova = cmd->mock_dma.iova, length = cmd->mock_dma.length;
	bool write = cmd->mock_dma.flags & MOCK_DMA_WRITE;
	int rc;

	if (!hwpt)
		return -ENOENT;
	if (cmd->mock_dma.flags & ~MOCK_DMA_WRITE || !length || iova + (length - 1) < iova)
		return -EINVAL;
	rc = copy_predict(worker, hwpt->ioas, iova, length, write, &rules, &call->note[1]);
	if (!call->note[0])
		return rc;
	/* A device that writes has nothing to write; one that reads finds out afterwards. */
	if (write || call->note[1])
		rc = -EFAULT;
	call->note[1] = 0;
	return rc;
}

static const char *dma_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_test_cmd *cmd = &call->arg.test;
	struct model_hwpt *hwpt = hwpt_of(worker, cmd->id);

	if (!call->note[1])
		return NULL;
	return copy_check(worker, hwpt->ioas, cmd->mock_dma.iova, call->note[1],
			  cmd->mock_dma.flags & MOCK_DMA_WRITE, hwpt);
}

static bool maps_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_test_cmd *cmd = choose_test(worker, call);
	struct model_hwpt *hwpt;
	struct model_area *area;

	cmd->id = choose_id(worker, OBJECT_HWPT);
	hwpt = model_get(&worker->model, cmd->id, OBJECT_HWPT);
	if (!hwpt || hwpt->parent || !hwpt->ioas->nr_areas)
		return false;
	area = &hwpt->ioas->areas[random_below(&worker->random, hwpt->ioas->nr_areas)];
	cmd->check_map.iova = area->first;
	cmd->check_map.length = area->last - area->first + 1;
	if (cmd->check_map.length > 16 * PAGE)
		cmd->check_map.length = 16 * PAGE;
	cmd->check_map.uptr = area->va;
	return true;
}

/* The mock takes no range of which the end, past the last IOVA, is none. */
static int maps_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_test_cmd *cmd = &call->arg.test;

	(void)worker;
	return cmd->check_map.iova + cmd->check_map.length ? 0 : -EINVAL;
}

static int stat_predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	(void)worker;
	(void)call;
	return 0;
}

static const char *nothing_to_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	(void)worker;
	(void)call;
	return NULL;
}

static bool stat_generate(struct fuzz_worker *worker, struct fuzz_call *call)
{
	struct iommu_test_cmd *cmd = choose_test(worker, call);
	struct model_hwpt *hwpt;

	cmd->id = choose_id(worker, OBJECT_HWPT);
	hwpt = model_get(&worker->model, cmd->id, OBJECT_HWPT);
	cmd->md_stat.length = UINT64_MAX;
	return hwpt && !hwpt->parent;
}

/* All that is mapped is in the page table, and nothing else. */
static const char *stat_check(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct iommu_test_cmd *cmd = &call->arg.test;
	struct model_hwpt *hwpt = model_get(&worker->model, cmd->id, OBJECT_HWPT);
	uint64_t bytes = 0;
	unsigned int i;

	for (i = 0; i < hwpt->ioas->nr_areas; i++)
		bytes += hwpt->ioas->areas[i].last - hwpt->ioas->areas[i].first + 1;
	/* A length of 64 bits doesn't reach the last IOVA. */
	bytes -= !!ioas_find(hwpt->ioas, UINT64_MAX, UINT64_MAX);
	return cmd->md_stat.out_mapped == bytes ? NULL : "the page table has more or less";
}

const struct fuzz_op ops_dma[] = {
	{ "dma", 150, FUZZ_TEST(IOMMU_TEST_OP_MOCK_DMA),
	  .generate = dma_generate, .predict = dma_predict, .check = dma_check },
	{ "hwpt-maps", 30, FUZZ_TEST(IOMMU_TEST_OP_MD_CHECK_MAP),
	  .generate = maps_generate, .predict = maps_predict, .check = nothing_to_check },
	{ "hwpt-stat", 20, FUZZ_TEST(IOMMU_TEST_OP_MD_STAT),
	  .generate = stat_generate, .predict = stat_predict, .check = stat_check },
	{ }
};
