// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory that a worker maps for DMA. arena.h says what there is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arena.h"

/*
 * How much that is nobody's lies behind, in bytes: mappings may be said to be much longer than
 * there is memory, and what is read and written there must not be the program's.
 */
#define ARENA_BEHIND (64UL << 20)

static void fill(uint8_t *memory, size_t size)
{
	uint32_t *words = (uint32_t *)memory;
	size_t i;

	for (i = 0; i < size / sizeof(*words); i++)
		words[i] = 0x01000193 * (uint32_t)(i + 1);
}

static int open_file(struct arena *arena)
{
	char path[64];

	arena->file = memfd_create("fuzz", MFD_CLOEXEC);
	if (arena->file < 0 || ftruncate(arena->file, ARENA_FILE_PAGES * PAGE))
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", arena->file);
	arena->file_readonly = open(path, O_RDONLY | O_CLOEXEC);
	arena->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	return arena->file_readonly < 0 || arena->null < 0 ? -errno : 0;
}

static int map_parts(struct arena *arena)
{
	arena->base = mmap(NULL, ARENA_SIZE + ARENA_BEHIND, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (arena->base == MAP_FAILED)
		return -ENOMEM;
	if (mprotect(arena->base, ARENA_SIZE, PROT_READ | PROT_WRITE))
		return -errno;
	if (mmap(arena->base + ARENA_FILE, ARENA_FILE_PAGES * PAGE, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED, arena->file, 0) == MAP_FAILED)
		return -errno;
	fill(arena->base, ARENA_SIZE);
	arena->copy = malloc(ARENA_SIZE);
	if (!arena->copy)
		return -ENOMEM;
	memcpy(arena->copy, arena->base, ARENA_SIZE);
	if (mprotect(arena->base + ARENA_FIXED, ARENA_FIXED_PAGES * PAGE, PROT_READ) ||
	    mprotect(arena->base + ARENA_HOLE, ARENA_HOLE_PAGES * PAGE, PROT_NONE))
		return -errno;
	return 0;
}

/* Huge pages may have run out; then there is none. */
static int map_huge(struct arena *arena)
{
	uint8_t *huge;

	arena->room = mmap(NULL, 2 * HUGE_PAGE + ARENA_BEHIND, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (arena->room == MAP_FAILED)
		return -ENOMEM;
	huge = (uint8_t *)(((uintptr_t)arena->room + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
	if (mmap(huge, HUGE_PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_FIXED, -1, 0) == MAP_FAILED)
		return 0;
	arena->huge = huge;
	fill(arena->huge, HUGE_PAGE);
	arena->huge_copy = malloc(HUGE_PAGE);
	if (!arena->huge_copy)
		return -ENOMEM;
	memcpy(arena->huge_copy, arena->huge, HUGE_PAGE);
	return 0;
}

/**
 * arena_setup() - have memory
 * @arena: the arena
 *
 * Return: 0 or a negative errno.
 */
int arena_setup(struct arena *arena)
{
	*arena = (struct arena) { .file = -1, .file_readonly = -1, .null = -1 };
	return open_file(arena) ?: map_parts(arena) ?: map_huge(arena);
}

void arena_teardown(struct arena *arena)
{
	if (arena->base && arena->base != MAP_FAILED)
		munmap(arena->base, ARENA_SIZE + ARENA_BEHIND);
	if (arena->room && arena->room != MAP_FAILED)
		munmap(arena->room, 2 * HUGE_PAGE + ARENA_BEHIND);
	free(arena->copy);
	free(arena->huge_copy);
	close(arena->file);
	close(arena->file_readonly);
	close(arena->null);
}

static bool within(uint64_t va, uint64_t length, const uint8_t *base, uint64_t size)
{
	return va >= (uintptr_t)base && va - (uintptr_t)base < size &&
	       length <= size - (va - (uintptr_t)base);
}

/**
 * arena_can_pin() - whether memory can be had at addresses of the process
 * @arena: the arena
 * @va: the first address
 * @length: in bytes
 * @write: whether to write to it
 */
bool arena_can_pin(const struct arena *arena, uint64_t va, uint64_t length, bool write)
{
	uint64_t first, last;

	if (arena->huge && within(va, length, arena->huge, HUGE_PAGE))
		return true;
	if (!within(va, length, arena->base, ARENA_SIZE))
		return false;
	first = va - (uintptr_t)arena->base;
	last = first + length - 1;
	if (first < ARENA_FILE && last >= ARENA_HOLE)
		return false;
	return !write || first >= ARENA_HOLE || last < ARENA_FIXED;
}

/**
 * arena_copy_of() - the copy of what must be at an address
 * @arena: the arena
 * @va: an address in it
 */
uint8_t *arena_copy_of(const struct arena *arena, uint64_t va)
{
	if (arena->huge && within(va, 1, arena->huge, HUGE_PAGE))
		return arena->huge_copy + (va - (uintptr_t)arena->huge);
	return arena->copy + (va - (uintptr_t)arena->base);
}

static uint64_t compare(const uint8_t *memory, const uint8_t *copy, size_t size)
{
	size_t i;

	if (!memcmp(memory, copy, size))
		return 0;
	for (i = 0; memory[i] == copy[i]; i++)
		;
	return (uintptr_t)memory + i;
}

/**
 * arena_compare() - whether all memory is as it must be
 * @arena: the arena
 * @huge: look at the huge page, too
 *
 * Return: 0, or the first address where it isn't.
 */
uint64_t arena_compare(const struct arena *arena, bool huge)
{
	uint64_t va = compare(arena->base, arena->copy, ARENA_HOLE);

	if (!va)
		va = compare(arena->base + ARENA_FILE, arena->copy + ARENA_FILE,
			     ARENA_FILE_PAGES * PAGE);
	if (!va && huge && arena->huge)
		va = compare(arena->huge, arena->huge_copy, HUGE_PAGE);
	return va;
}
