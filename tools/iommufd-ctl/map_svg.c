// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pictures of address spaces as SVG.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "map.h"

#define WIDTH 1000U
#define MARGIN 16U
#define TOP 56U
#define ROW 26U
#define BAR 18U
#define BAR_LEFT 190U
#define CELLS 500U
#define BAR_RIGHT (BAR_LEFT + CELLS)

static const char *const names[MAP_CLASSES] = { "hole", "partly", "read", "write", "device",
						    "reserved" };

static const char *const meanings[MAP_CLASSES] = {
	"not mapped", "partly mapped", "read only", "read and write", "device's memory",
	"reserved",
};

/* Both for light and for dark pages */
static const char style[] =
	"<style>\n"
	"svg{background:#fff}text{font:13px monospace;fill:#222}.title{font-size:15px}\n"
	".hole{fill:#e4e4e4}.partly{fill:#9ec3e6}.read{fill:#e0a030}.write{fill:#2a6db0}\n"
	".device{fill:#4f9d5b}.reserved{fill:#b03a3a}\n"
	"@media (prefers-color-scheme:dark){svg{background:#1b1b1b}text{fill:#ddd}"
	".hole{fill:#3a3a3a}}\n"
	"</style>\n";

static void write_bar(FILE *out, const struct map *map, const struct map_row *row, unsigned int y)
{
	enum map_class cells[CELLS];
	unsigned int from, to;

	map_cells(map, row, cells, CELLS);
	for (from = 0; from < CELLS; from = to) {
		for (to = from + 1; to < CELLS && cells[to] == cells[from]; to++)
			;
		fprintf(out,
			"<rect class=\"%s\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\"/>\n",
			names[cells[from]], BAR_LEFT + from, y, to - from, BAR);
	}
}

static void write_row(FILE *out, const struct map *map, const struct map_row *row, unsigned int y)
{
	char text[96];

	map_row_text(row, text, sizeof(text));
	fprintf(out, "<g><title>0x%llx-0x%llx: %s</title>\n",
		(unsigned long long)row->first, (unsigned long long)row->last, text);
	fprintf(out, "<text x=\"%u\" y=\"%u\">0x%016llx</text>\n", MARGIN, y + BAR - 5,
		(unsigned long long)row->first);
	if (row->count)
		write_bar(out, map, row, y);
	fprintf(out, "<text x=\"%u\" y=\"%u\">%s</text></g>\n",
		row->count ? BAR_RIGHT + MARGIN : BAR_LEFT, y + BAR - 5, text);
}

static void write_legend(FILE *out, unsigned int y)
{
	unsigned int i, x = BAR_LEFT / 2;

	for (i = 0; i < MAP_CLASSES; i++, x += 130)
		fprintf(out,
			"<rect class=\"%s\" x=\"%u\" y=\"%u\" width=\"12\" height=\"12\"/>"
			"<text x=\"%u\" y=\"%u\">%s</text>\n",
			names[i], x, y, x + 18, y + 11, meanings[i]);
}

static void write_svg(FILE *out, const struct map *map)
{
	const unsigned int height = TOP + map->nr_rows * ROW + 2 * ROW;
	char *bytes = map_size_text(map->bytes);
	unsigned long i;

	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
		"viewBox=\"0 0 %u %u\">\n%s",
		WIDTH, height, WIDTH, height, style);
	fprintf(out,
		"<text class=\"title\" x=\"%u\" y=\"30\">IOAS %u of context %u: %lu area%s, "
		"%s</text>\n", MARGIN, map->ioas, map->ctx, map->areas,
		map->areas == 1 ? "" : "s", bytes ?: "");
	for (i = 0; i < map->nr_rows; i++)
		write_row(out, map, &map->rows[i], TOP + i * ROW);
	write_legend(out, TOP + map->nr_rows * ROW + ROW / 2);
	fprintf(out, "</svg>\n");
	free(bytes);
}

/**
 * map_print_svg() - write the picture
 * @map: the address space
 * @path: of the file, or "" for standard output
 *
 * Return: 0, or a negative errno.
 */
int map_print_svg(const struct map *map, const char *path)
{
	FILE *out = *path ? fopen(path, "we") : stdout;
	int rc = 0;

	if (!out)
		return -errno;
	write_svg(out, map);
	if (fflush(out) || ferror(out))
		rc = -errno;
	if (*path && fclose(out) && !rc)
		rc = -errno;
	return rc;
}
