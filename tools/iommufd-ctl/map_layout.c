// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a picture of an address space consists of.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "map.h"

/* What ends before it begins, as an answer without its end does, has no size to be drawn. */
int map_add(struct map *map, uint64_t first, uint64_t last, enum map_class class)
{
	struct map_piece *pieces;

	if (last < first)
		return 0;
	pieces = array_grow(map->pieces, map->nr_pieces, &map->room, sizeof(*pieces));
	if (!pieces)
		return -ENOMEM;
	map->pieces = pieces;
	map->pieces[map->nr_pieces++] = (struct map_piece){ first, last, class };
	if (class != MAP_RESERVED) {
		map->areas++;
		map->bytes += (__uint128_t)last - first + 1;
	}
	return 0;
}

void map_free(struct map *map)
{
	free(map->pieces);
	free(map->rows);
}

static int by_address(const void *a, const void *b)
{
	const struct map_piece *left = a, *right = b;

	return left->first < right->first ? -1 : left->first > right->first;
}

static int by_size_down(const void *a, const void *b)
{
	const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left > right ? -1 : left < right;
}

/* The hole in front of piece @nr, where those before it reach up to @last */
static uint64_t hole_before(const struct map *map, unsigned long nr, uint64_t last)
{
	const uint64_t first = map->pieces[nr].first;

	return first > last ? first - last - 1 : 0;
}

static uint64_t max_address(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/*
 * The size from which a hole divides stretches, so that there are at most @stretches. Holes of one
 * size all do, or none does: which of many equal ones to choose would be arbitrary.
 */
static int find_threshold(const struct map *map, unsigned long stretches, uint64_t *threshold)
{
	uint64_t *holes, last;
	unsigned long i;

	*threshold = 1;
	if (map->nr_pieces <= stretches)
		return 0;
	holes = calloc(map->nr_pieces, sizeof(*holes));
	if (!holes)
		return -ENOMEM;
	last = map->pieces[0].last;
	for (i = 1; i < map->nr_pieces; i++) {
		holes[i - 1] = hole_before(map, i, last);
		last = max_address(last, map->pieces[i].last);
	}
	qsort(holes, map->nr_pieces - 1, sizeof(*holes), by_size_down);
	/* The first that is too small to be among so many */
	*threshold = holes[stretches - 1] < UINT64_MAX ? holes[stretches - 1] + 1 : UINT64_MAX;
	free(holes);
	return 0;
}

static struct map_row *add_row(struct map *map, uint64_t first, uint64_t last)
{
	struct map_row *row = &map->rows[map->nr_rows++];

	*row = (struct map_row){ .first = first, .last = last };
	return row;
}

static void add_piece(struct map_row *row, const struct map_piece *piece)
{
	row->count++;
	row->last = max_address(row->last, piece->last);
	if (piece->class == MAP_RESERVED)
		return;
	row->areas++;
	row->bytes += (__uint128_t)piece->last - piece->first + 1;
}

/*
 * Whether a stretch ends before piece @nr. With few pieces each kind has its own: what is reserved
 * and what is not.
 */
static bool divides(const struct map *map, unsigned long nr, uint64_t last, uint64_t threshold,
		    bool few)
{
	const struct map_piece *piece = &map->pieces[nr];

	return hole_before(map, nr, last) >= threshold ||
	       (few && piece->first > last &&
		(piece->class == MAP_RESERVED) != (piece[-1].class == MAP_RESERVED));
}

static void divide(struct map *map, uint64_t threshold, bool few)
{
	const struct map_piece *piece = map->pieces;
	struct map_row *row;
	unsigned long i;

	if (!map->nr_pieces) {
		add_row(map, 0, UINT64_MAX);
		return;
	}
	if (piece->first)
		add_row(map, 0, piece->first - 1);
	row = add_row(map, piece->first, piece->last);
	add_piece(row, piece);
	for (i = 1; i < map->nr_pieces; i++) {
		piece = &map->pieces[i];
		if (divides(map, i, row->last, threshold, few)) {
			if (hole_before(map, i, row->last))
				add_row(map, row->last + 1, piece->first - 1);
			row = add_row(map, piece->first, piece->last);
			row->from = i;
		}
		add_piece(row, piece);
	}
	if (row->last < UINT64_MAX)
		add_row(map, row->last + 1, UINT64_MAX);
}

/**
 * map_layout() - arrange what was added in rows
 * @map: the address space
 * @max_rows: of the picture, 3 at least
 *
 * Return: 0, or -ENOMEM.
 */
int map_layout(struct map *map, unsigned int max_rows)
{
	const unsigned long stretches = (max_rows - 1) / 2;
	uint64_t threshold;

	if (map->nr_pieces)
		qsort(map->pieces, map->nr_pieces, sizeof(*map->pieces), by_address);
	if (find_threshold(map, stretches, &threshold))
		return -ENOMEM;
	map->rows = calloc(2 * stretches + 1, sizeof(*map->rows));
	if (!map->rows)
		return -ENOMEM;
	divide(map, threshold, map->nr_pieces <= stretches);
	return 0;
}

/* Marks the cells that a piece is in; those that it fills only partly, and nothing fills, so. */
static void draw_piece(const struct map_row *row, const struct map_piece *piece,
		       enum map_class *cells, __uint128_t *covered, unsigned int count)
{
	const __uint128_t size = (__uint128_t)row->last - row->first + 1;
	const __uint128_t start = piece->first - row->first;
	const __uint128_t end = (__uint128_t)(piece->last - row->first) + 1;
	__uint128_t low, high;
	unsigned int i;

	for (i = start * count / size; i < count; i++) {
		low = i * size;
		high = low + size;
		if (low >= end * count)
			break;
		low = low > start * count ? low : start * count;
		high = high < end * count ? high : end * count;
		covered[i] += high - low;
		if (cells[i] < piece->class)
			cells[i] = piece->class;
	}
}

/**
 * map_cells() - the bar of a row
 * @map: the address space
 * @row: one of its rows
 * @cells: set to what each part of the bar is
 * @count: how many parts
 *
 * A reserved range is seen, however small. So is a hole: where one is, a cell is at most partly
 * mapped.
 */
void map_cells(const struct map *map, const struct map_row *row, enum map_class *cells,
	       unsigned int count)
{
	const __uint128_t size = (__uint128_t)row->last - row->first + 1;
	__uint128_t *covered = calloc(count, sizeof(*covered));
	unsigned long i;

	memset(cells, 0, count * sizeof(*cells));
	if (!covered)
		return;
	for (i = row->from; i < row->from + row->count; i++)
		draw_piece(row, &map->pieces[i], cells, covered, count);
	for (i = 0; i < count; i++)
		if (cells[i] != MAP_HOLE && cells[i] != MAP_RESERVED && covered[i] < size)
			cells[i] = MAP_PARTLY;
	free(covered);
}
