// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of the kinds that are mapped for DMA.
 *
 * Each kind is verified to consist of the pages that it should: the kernel may quietly give others,
 * and then something else would be measured.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/memfd.h>

#include "bench.h"
#include "iv_sysfs.h"
#include "memory.h"

#define HUGE_SIZE (2 * BENCH_MIB)

/* Address space of @size bytes at a multiple of 2 MiB, where mappings are then put. */
static void *reserve(size_t size)
{
	char *va = mmap(NULL, size + HUGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *aligned;

	if (va == MAP_FAILED)
		return NULL;
	aligned = (char *)(((uintptr_t)va + HUGE_SIZE - 1) & ~(HUGE_SIZE - 1));
	if (aligned > va)
		munmap(va, aligned - va);
	munmap(aligned + size, va + HUGE_SIZE - aligned);
	return aligned;
}

static int map_here(struct bench_memory *memory, int flags, int fd)
{
	memory->va = reserve(memory->size);
	if (!memory->va)
		return -ENOMEM;
	if (mmap(memory->va, memory->size, PROT_READ | PROT_WRITE, MAP_FIXED | flags, fd, 0) ==
	    MAP_FAILED)
		return -errno;
	return 0;
}

static void touch(struct bench_memory *memory, size_t page)
{
	((volatile char *)memory->va)[page * BENCH_PAGE] = 1;
}

static int touch_in_order(struct bench_memory *memory)
{
	for (size_t page = 0; page < memory->size / BENCH_PAGE; page++)
		touch(memory, page);
	return 0;
}

/* A fixed sequence: every run, and both sides, get the same order. */
static uint32_t random_next(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return *state >> 33;
}

/* Neighbours in address are far apart in memory, since pages are handed out mostly in order. */
static int touch_scattered(struct bench_memory *memory)
{
	size_t nr = memory->size / BENCH_PAGE;
	uint32_t *order = malloc(nr * sizeof(*order));
	uint64_t state = 1;

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++)
		order[i] = i;
	for (size_t i = nr - 1; i; i--) {
		size_t other = random_next(&state) % (i + 1);
		uint32_t page = order[i];

		order[i] = order[other];
		order[other] = page;
	}
	for (size_t i = 0; i < nr; i++)
		touch(memory, order[i]);
	free(order);
	return 0;
}

static int alloc_anon(struct bench_memory *memory)
{
	int ret = map_here(memory, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (!ret && madvise(memory->va, memory->size, MADV_NOHUGEPAGE))
		ret = -errno;
	return ret ? ret : touch_in_order(memory);
}

static int alloc_scattered(struct bench_memory *memory)
{
	int ret = map_here(memory, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (!ret && madvise(memory->va, memory->size, MADV_NOHUGEPAGE))
		ret = -errno;
	return ret ? ret : touch_scattered(memory);
}

static int alloc_thp(struct bench_memory *memory)
{
	int ret = map_here(memory, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (!ret && madvise(memory->va, memory->size, MADV_HUGEPAGE))
		ret = -errno;
	return ret ? ret : touch_in_order(memory);
}

static int alloc_memfd(struct bench_memory *memory, unsigned int flags)
{
	int fd = memfd_create("bench", MFD_CLOEXEC | flags);
	int ret;

	if (fd < 0)
		return -errno;
	ret = ftruncate(fd, memory->size) ? -errno : map_here(memory, MAP_SHARED, fd);
	close(fd);
	return ret ? ret : touch_in_order(memory);
}

static int alloc_shmem(struct bench_memory *memory)
{
	return alloc_memfd(memory, 0);
}

static int alloc_hugetlb(struct bench_memory *memory)
{
	return alloc_memfd(memory, MFD_HUGETLB | MFD_HUGE_2MB);
}

const struct bench_memory_kind bench_memory_kinds[] = {
	{ "anon", BENCH_PAGE, false, alloc_anon },
	{ "shmem", BENCH_PAGE, false, alloc_shmem },
	{ "thp", HUGE_SIZE, false, alloc_thp },
	{ "hugetlb", HUGE_SIZE, true, alloc_hugetlb },
	/* The last, since pages come back from it in disorder. */
	{ "scattered", BENCH_PAGE, false, alloc_scattered },
};

const unsigned int bench_memory_nr_kinds =
	sizeof(bench_memory_kinds) / sizeof(bench_memory_kinds[0]);

/* How many bytes of the mapping at @va are huge, as the kernel has it; -1 if it is not found. */
static long long huge_bytes(const void *va)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	unsigned long start, end, kib;
	long long huge = -1;
	char line[512], key[64];

	if (!smaps)
		return -1;
	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2) {
			if (huge >= 0)
				break;
			if (start == (unsigned long)va)
				huge = 0;
		} else if (huge >= 0 && sscanf(line, "%63[^:]: %lu kB", key, &kib) == 2) {
			if (!strcmp(key, "AnonHugePages") || !strcmp(key, "ShmemPmdMapped") ||
			    !strcmp(key, "Shared_Hugetlb") || !strcmp(key, "Private_Hugetlb"))
				huge += kib * 1024LL;
		}
	}
	fclose(smaps);
	return huge;
}

/*
 * Uses up, until the program ends, the small pieces of free memory that the boot and what was
 * measured before have left. Pages that are then faulted in one after the other lie so in memory,
 * as far as they can, on both sides alike.
 */
static int use_up_pieces(void)
{
	struct bench_memory filler = { .size = bench_usage_free_pieces() };
	int ret;

	if (!filler.size)
		return 0;
	ret = map_here(&filler, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (!ret && madvise(filler.va, filler.size, MADV_NOHUGEPAGE))
		ret = -errno;
	return ret ? ret : touch_in_order(&filler);
}

/**
 * bench_memory_alloc() - memory of a kind, all of it present
 * @memory: set
 * @kind: how it is made
 * @size: in bytes, a multiple of 2 MiB
 *
 * Return: 0; -ENXIO if the kernel gave pages of another size; or another negative errno.
 */
int bench_memory_alloc(struct bench_memory *memory, const struct bench_memory_kind *kind,
		       size_t size)
{
	long long expected = kind->page_size == HUGE_SIZE ? (long long)size : 0;
	int ret;

	*memory = (struct bench_memory) { .size = size };
	ret = use_up_pieces();
	if (!ret)
		ret = kind->alloc(memory);
	if (!ret && huge_bytes(memory->va) != expected)
		ret = -ENXIO;
	if (ret)
		bench_memory_free(memory);
	return ret;
}

/**
 * bench_memory_runs() - in how many pieces the memory lies
 * @memory: the memory
 * @length: look at so many bytes from the start, a multiple of 2 MiB
 *
 * Return: the number of runs of pages with consecutive frame numbers, or a negative errno.
 */
long bench_memory_runs(const struct bench_memory *memory, size_t length)
{
	const uint64_t frame_mask = (1ULL << 55) - 1;
	uint64_t entries[512], next = 0;
	long runs = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	for (size_t at = 0; at < length; at += sizeof(entries) / sizeof(entries[0]) * BENCH_PAGE) {
		off_t offset = ((uintptr_t)memory->va + at) / BENCH_PAGE * sizeof(entries[0]);

		if (pread(fd, entries, sizeof(entries), offset) != sizeof(entries)) {
			runs = -EIO;
			break;
		}
		for (unsigned int i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
			uint64_t frame = entries[i] & frame_mask;

			runs += frame != next;
			next = frame + 1;
		}
	}
	close(fd);
	return runs;
}

/* A CPU keeps many of the pages that it frees, to hand them out again in reverse: not here. */
void bench_memory_free(struct bench_memory *memory)
{
	const char *keep = "/proc/sys/vm/percpu_pagelist_high_fraction";

	if (!memory->va)
		return;
	iv_file_write(keep, "1000000");
	munmap(memory->va, memory->size);
	iv_file_write(keep, "0");
	memory->va = NULL;
}
