// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pictures of address spaces for terminals, and as JSON.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "map.h"
#include "term.h"

/* An address, and two blanks */
#define LEFT 20

/* What may follow a bar: "123.4M of 567.8G, 1234567 areas" */
#define RIGHT 32

#define CELLS_MIN 8
#define CELLS_MAX 200

static const char *const glyphs[2][MAP_CLASSES] = {
	{ ".", "+", "r", "#", "d", "x" },
	{ "·", "░", "▒", "█", "◆", "×" },
};

static const char *const meanings[MAP_CLASSES] = {
	"not mapped", "partly mapped", "read only", "read and write", "device's memory",
	"reserved",
};

/* About as much, in at most four digits */
char *map_size_text(__uint128_t bytes)
{
	static const char units[] = "BKMGTPEZ";
	double value = bytes;
	unsigned int unit = 0;
	char *text;

	while (value >= 1024 && units[unit + 1]) {
		value /= 1024;
		unit++;
	}
	return asprintf(&text, value == (unsigned int)value ? "%.0f%c" : "%.1f%c", value,
			units[unit]) < 0 ? NULL : text;
}

/* What a row is, in words */
void map_row_text(const struct map_row *row, char *text, size_t size)
{
	char *all = map_size_text((__uint128_t)row->last - row->first + 1);
	char *mapped = map_size_text(row->bytes);

	if (!row->count)
		snprintf(text, size, "hole, %s", all ?: "");
	else if (!row->areas)
		snprintf(text, size, "reserved, %s", all ?: "");
	else
		snprintf(text, size, "%s of %s, %lu area%s", mapped ?: "", all ?: "", row->areas,
			 row->areas == 1 ? "" : "s");
	free(all);
	free(mapped);
}

static void print_row(const struct map *map, const struct map_row *row, unsigned int count,
		      bool utf8, bool *used)
{
	enum map_class cells[CELLS_MAX];
	char text[96];
	unsigned int i;

	printf("0x%016llx  ", (unsigned long long)row->first);
	map_row_text(row, text, sizeof(text));
	if (row->count) {
		map_cells(map, row, cells, count);
		for (i = 0; i < count; i++) {
			fputs(glyphs[utf8][cells[i]], stdout);
			used[cells[i]] = true;
		}
		printf("  ");
	}
	printf("%s\n", text);
}

static void print_heading(const struct map *map)
{
	char *bytes = map_size_text(map->bytes);

	printf("IOAS %u of context %u: %lu area%s, %s\n\n", map->ioas, map->ctx, map->areas,
	       map->areas == 1 ? "" : "s", bytes ?: "");
	free(bytes);
}

static void print_legend(const struct map *map, bool utf8, const bool *used)
{
	const char *between = "\n";
	unsigned int i;

	for (i = 0; i < MAP_CLASSES; i++) {
		if (!used[i])
			continue;
		printf("%s%s %s", between, glyphs[utf8][i], meanings[i]);
		between = "   ";
	}
	if (*between == ' ')
		printf("\n");
	if (map->more_ranges)
		printf("There are more reserved ranges than the kernel tells of.\n");
}

void map_print(const struct map *map, unsigned int width)
{
	const bool utf8 = term_has_utf8();
	bool used[MAP_CLASSES] = {};
	unsigned int cells = CELLS_MIN;
	unsigned long i;

	if (width > LEFT + RIGHT + CELLS_MIN)
		cells = width - LEFT - RIGHT;
	if (cells > CELLS_MAX)
		cells = CELLS_MAX;
	print_heading(map);
	for (i = 0; i < map->nr_rows; i++)
		print_row(map, &map->rows[i], cells, utf8, used);
	print_legend(map, utf8, used);
}

static void print_json_row(struct ctl_json *json, const struct map_row *row)
{
	json_open(json, NULL, '{');
	json_string(json, "kind", !row->count ? "hole" : row->areas ? "areas" : "reserved");
	json_number(json, "first", row->first);
	json_number(json, "last", row->last);
	if (row->areas) {
		json_number(json, "areas", row->areas);
		json_number(json, "bytes", row->bytes > UINT64_MAX ? UINT64_MAX : row->bytes);
	}
	json_close(json, '}');
}

void map_print_json(const struct map *map)
{
	struct ctl_json json = { .out = stdout };
	unsigned long i;

	json_open(&json, NULL, '{');
	json_number(&json, "context", map->ctx);
	json_number(&json, "ioas", map->ioas);
	json_number(&json, "areas", map->areas);
	json_number(&json, "bytes", map->bytes > UINT64_MAX ? UINT64_MAX : map->bytes);
	json_open(&json, "map", '[');
	for (i = 0; i < map->nr_rows; i++)
		print_json_row(&json, &map->rows[i]);
	json_close(&json, ']');
	json_close(&json, '}');
	putchar('\n');
}
