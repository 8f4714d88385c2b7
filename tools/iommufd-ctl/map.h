/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A picture of an address space. It has few rows however many areas there are: the widest holes
 * divide the space into stretches, each of which is a row with a bar, and the holes between them
 * are rows, too. All that is in a stretch is drawn to scale along its bar.
 */
#ifndef MAP_H
#define MAP_H

#include <stdbool.h>
#include <stdint.h>
#include "ctl.h"

/* What a piece of a bar is; of several in one place the last of these counts. */
enum map_class {
	MAP_HOLE,
	MAP_PARTLY,
	MAP_READ,
	MAP_WRITE,
	MAP_DEVICE,
	MAP_RESERVED,
	MAP_CLASSES,
};

/**
 * struct map_piece - addresses in one piece
 * @first: the first
 * @last: the last
 * @class: what they are: MAP_READ or a later one
 */
struct map_piece {
	uint64_t first;
	uint64_t last;
	enum map_class class;
};

/**
 * struct map_row - a stretch, or a hole, which has no pieces
 * @first: the first address
 * @last: the last
 * @from: its first piece
 * @count: how many pieces
 * @areas: how many of them are areas
 * @bytes: how much is mapped
 */
struct map_row {
	uint64_t first;
	uint64_t last;
	unsigned long from;
	unsigned long count;
	unsigned long areas;
	__uint128_t bytes;
};

/**
 * struct map - an address space
 * @ctx: number of its context
 * @ioas: its number
 * @pieces: in order of their addresses
 * @nr_pieces: how many
 * @room: for how many there is memory
 * @rows: what is drawn
 * @nr_rows: how many
 * @areas: how many areas
 * @bytes: how much is mapped
 * @more_ranges: not all reserved ranges are known
 */
struct map {
	uint32_t ctx;
	uint32_t ioas;
	struct map_piece *pieces;
	unsigned long nr_pieces;
	unsigned long room;
	struct map_row *rows;
	unsigned long nr_rows;
	unsigned long areas;
	__uint128_t bytes;
	bool more_ranges;
};

int map_add(struct map *map, uint64_t first, uint64_t last, enum map_class class);
int map_layout(struct map *map, unsigned int max_rows);
void map_free(struct map *map);
void map_cells(const struct map *map, const struct map_row *row, enum map_class *cells,
	       unsigned int count);

void map_print(const struct map *map, unsigned int width);
void map_print_json(const struct map *map);
int map_print_svg(const struct map *map, const char *path);
char *map_size_text(__uint128_t bytes);
void map_row_text(const struct map_row *row, char *text, size_t size);

#endif
