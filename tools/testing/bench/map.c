// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapping and unmapping: one call for much memory, many calls for single pages, and what the kernel
 * keeps for it.
 */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "floor.h"
#include "memory.h"
#include "report.h"

#define SINGLE_PAGES 4096

/* Maps and unmaps once. */
static void map_once(struct bench *bench, struct bench_memory *memory, size_t length,
		     struct bench_samples *map, struct bench_samples *unmap)
{
	uint64_t start = bench_now();

	bench_check(bench->side->map(&bench->space, memory->va, length, BENCH_IOVA), "map");
	bench_sample(map, bench_now() - start);
	start = bench_now();
	bench_check(bench->side->unmap(&bench->space, BENCH_IOVA, length), "unmap");
	bench_sample(unmap, bench_now() - start);
}

static void report_kind(struct bench *bench, const char *what, const char *kind, unsigned int mib,
			const char *unit, double divide, struct bench_samples *samples)
{
	char name[64];

	snprintf(name, sizeof(name), "%s %s", what, kind);
	bench_report(bench, &(struct bench_result) {
		.name = name, .mib = mib, .unit = unit, .divide = divide,
	}, samples);
}

/* Memory lies as it happens to: told, so that one sees whether both sides had the same. */
static void report_runs(struct bench *bench, const char *kind, struct bench_memory *memory,
			unsigned int mib)
{
	struct bench_samples runs = { 0 };
	long nr = bench_memory_runs(memory, mib * BENCH_MIB);

	bench_check(nr < 0 ? nr : 0, "/proc/self/pagemap");
	bench_sample(&runs, nr);
	report_kind(bench, "pieces", kind, mib, "", 1, &runs);
}

static void measure_size(struct bench *bench, const struct bench_memory_kind *kind,
			 struct bench_memory *memory, unsigned int mib)
{
	unsigned int repeat = bench->repeat * (mib <= 4 ? 4 : 1);
	double pages = mib * BENCH_MIB / BENCH_PAGE;
	struct bench_samples map = { 0 }, unmap = { 0 }, warm_up = { 0 };

	bench_progress("map and unmap %s, %u MiB", kind->name, mib);
	map_once(bench, memory, mib * BENCH_MIB, &warm_up, &warm_up);
	for (unsigned int i = 0; i < repeat; i++)
		map_once(bench, memory, mib * BENCH_MIB, &map, &unmap);
	report_runs(bench, kind->name, memory, mib);
	report_kind(bench, "map", kind->name, mib, "ns/page", pages, &map);
	report_kind(bench, "unmap", kind->name, mib, "ns/page", pages, &unmap);
}

static void usage_once(struct bench *bench, struct bench_memory *memory,
		       struct bench_samples *kernel, struct bench_samples *tables)
{
	struct bench_usage before, after;

	bench_check(bench_usage_settle(), "/sys/kernel/slab");
	bench_check(bench_usage_get(&before), "reading /proc");
	bench_check(bench->side->map(&bench->space, memory->va, memory->size, BENCH_IOVA), "map");
	bench_check(bench_usage_get(&after), "reading /proc");
	bench_check(bench->side->unmap(&bench->space, BENCH_IOVA, memory->size), "unmap");
	bench_sample(tables, after.iommu - before.iommu);
	bench_sample(kernel, before.free - after.free - (after.iommu - before.iommu));
}

/* What the kernel keeps while all of @memory is mapped: not the memory, which was there before. */
static void measure_usage(struct bench *bench, const struct bench_memory_kind *kind,
			  struct bench_memory *memory)
{
	struct bench_samples kernel = { 0 }, tables = { 0 };
	unsigned int mib = memory->size / BENCH_MIB;

	bench_progress("kernel memory for %s, %u MiB", kind->name, mib);
	for (unsigned int i = 0; i < 2; i++)
		usage_once(bench, memory, &kernel, &tables);
	report_kind(bench, "memory", kind->name, mib, "KiB/GiB", mib, &kernel);
	report_kind(bench, "page tables", kind->name, mib, "KiB/GiB", mib, &tables);
}

static void measure_kind(struct bench *bench, const struct bench_memory_kind *kind)
{
	struct bench_memory memory;

	bench_progress("making %u MiB of memory: %s", bench_largest(bench), kind->name);
	bench_check(bench_memory_alloc(&memory, kind, bench_largest(bench) * BENCH_MIB),
		    kind->name);
	for (unsigned int i = 0; i < bench->nr_sizes; i++)
		measure_size(bench, kind, &memory, bench->mib[i]);
	bench_floor(bench, kind, &memory, memory.size);
	measure_usage(bench, kind, &memory);
	bench_memory_free(&memory);
}

static void single_once(struct bench *bench, struct bench_memory *memory,
			struct bench_samples *map, struct bench_samples *unmap)
{
	uint64_t start = bench_now();

	for (unsigned long at = 0; at < SINGLE_PAGES * BENCH_PAGE; at += BENCH_PAGE)
		bench_check(bench->side->map(&bench->space, (char *)memory->va + at, BENCH_PAGE,
					     BENCH_IOVA + at), "map of a page");
	bench_sample(map, bench_now() - start);
	start = bench_now();
	for (unsigned long at = 0; at < SINGLE_PAGES * BENCH_PAGE; at += BENCH_PAGE)
		bench_check(bench->side->unmap(&bench->space, BENCH_IOVA + at, BENCH_PAGE),
			    "unmap of a page");
	bench_sample(unmap, bench_now() - start);
}

static void measure_single(struct bench *bench)
{
	struct bench_samples map = { 0 }, unmap = { 0 }, warm_up = { 0 };
	struct bench_memory memory;

	bench_progress("%d single pages", SINGLE_PAGES);
	bench_check(bench_memory_alloc(&memory, &bench_memory_kinds[0], SINGLE_PAGES * BENCH_PAGE),
		    "memory");
	single_once(bench, &memory, &warm_up, &warm_up);
	for (unsigned int i = 0; i < bench->repeat; i++)
		single_once(bench, &memory, &map, &unmap);
	report_kind(bench, "map", "single pages", 0, "ns/call", SINGLE_PAGES, &map);
	report_kind(bench, "unmap", "single pages", 0, "ns/call", SINGLE_PAGES, &unmap);
	bench_memory_free(&memory);
}

/**
 * bench_map() - the subjects "map" and "single"
 * @bench: what is measured; its device is attached
 */
void bench_map(struct bench *bench)
{
	if (!bench->only || !strncmp("map", bench->only, 3))
		for (unsigned int i = 0; i < bench_memory_nr_kinds; i++)
			if (!bench->only || !bench->only[3] ||
			    !strcmp(bench->only + 4, bench_memory_kinds[i].name))
				measure_kind(bench, &bench_memory_kinds[i]);
	if (!bench->only || !strcmp("single", bench->only))
		measure_single(bench);
}
