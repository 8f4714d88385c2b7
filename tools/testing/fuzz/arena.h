/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory that a worker maps for DMA, and a copy of what must be in it.
 *
 *   plain   private memory
 *   fixed   private memory that can't be written
 *   hole    addresses where no memory can be had
 *   file    a memfd, which can also be mapped by its descriptor
 *   huge    one hugetlb page, if there is one
 *
 * The parts lie one behind the other, so that mappings reach across them; the huge page is
 * elsewhere.
 */
#ifndef FUZZ_ARENA_H
#define FUZZ_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE 4096UL
#define HUGE_PAGE (2UL << 20)

#define ARENA_PLAIN_PAGES 64
#define ARENA_FIXED_PAGES 8
#define ARENA_HOLE_PAGES 4
#define ARENA_FILE_PAGES 20
#define ARENA_PAGES (ARENA_PLAIN_PAGES + ARENA_FIXED_PAGES + ARENA_HOLE_PAGES + ARENA_FILE_PAGES)
#define ARENA_FIXED (ARENA_PLAIN_PAGES * PAGE)
#define ARENA_HOLE (ARENA_FIXED + ARENA_FIXED_PAGES * PAGE)
#define ARENA_FILE (ARENA_HOLE + ARENA_HOLE_PAGES * PAGE)
#define ARENA_SIZE (ARENA_PAGES * PAGE)

/**
 * struct arena - a worker's memory
 * @base: of the parts that lie together
 * @copy: what must be in them
 * @room: where the huge page lies, and nothing else
 * @huge: the huge page, or NULL
 * @huge_copy: what must be in it
 * @file: the memfd
 * @file_readonly: the same, open for reading only
 * @null: a descriptor of something that isn't memory
 */
struct arena {
	uint8_t *base;
	uint8_t *copy;
	uint8_t *room;
	uint8_t *huge;
	uint8_t *huge_copy;
	int file;
	int file_readonly;
	int null;
};

int arena_setup(struct arena *arena);
void arena_teardown(struct arena *arena);
bool arena_can_pin(const struct arena *arena, uint64_t va, uint64_t length, bool write);
uint8_t *arena_copy_of(const struct arena *arena, uint64_t va);
uint64_t arena_compare(const struct arena *arena, bool huge);

#endif
