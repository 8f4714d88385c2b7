/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of the kinds that are mapped for DMA, and what the kernel uses of it.
 */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct bench_memory - present, never swapped or moved while it is measured
 * @va: where it begins, a multiple of 2 MiB
 * @size: in bytes
 */
struct bench_memory {
	void *va;
	size_t size;
};

/**
 * struct bench_memory_kind - how memory is made
 * @name: as the report has it
 * @page_size: of the pages that it consists of
 * @pinned_whole: a pin of one small page holds all of the page that it is part of
 * @alloc: makes memory->size bytes of it; returns 0 or a negative errno
 */
struct bench_memory_kind {
	const char *name;
	size_t page_size;
	bool pinned_whole;
	int (*alloc)(struct bench_memory *memory);
};

extern const struct bench_memory_kind bench_memory_kinds[];
extern const unsigned int bench_memory_nr_kinds;

int bench_memory_alloc(struct bench_memory *memory, const struct bench_memory_kind *kind,
		       size_t size);
long bench_memory_runs(const struct bench_memory *memory, size_t length);
void bench_memory_free(struct bench_memory *memory);

/**
 * struct bench_usage - memory of the whole machine
 * @free: bytes that nobody uses
 * @iommu: bytes in page tables of IOMMUs
 */
struct bench_usage {
	int64_t free;
	int64_t iommu;
};

size_t bench_usage_free_pieces(void);
int bench_usage_settle(void);
int bench_usage_get(struct bench_usage *usage);

#endif
