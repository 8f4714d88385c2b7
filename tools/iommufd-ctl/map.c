// SPDX-License-Identifier: GPL-2.0-only
/*
 * A picture of an address space: what is asked, and what of.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attrs.h"
#include "map.h"
#include "table.h"
#include "term.h"

#define ROWS_DEFAULT 24
#define ROWS_MIN 3
#define ROWS_MAX 1000

struct reading {
	struct map *map;
	bool found;
};

/* Reserved ranges; of those that are allowed nothing is drawn. */
static int read_ioas(const struct iv_attrs *attrs, void *data)
{
	struct reading *reading = data;
	const struct nlattr *attr = NULL;
	struct iv_attrs range;
	int rc = 0;

	reading->found = true;
	reading->map->more_ranges = iv_attr_find(attrs, IOMMUFD_A_IOAS_MORE_RANGES);
	while (!rc && attrs_next_nested(attrs, &attr, IOMMUFD_A_IOAS_RESERVED, &range))
		rc = map_add(reading->map, iv_attrs_number(&range, IOMMUFD_A_RANGE_FIRST, 0),
			     iv_attrs_number(&range, IOMMUFD_A_RANGE_LAST, 0), MAP_RESERVED);
	return rc;
}

static enum map_class class_of(uint32_t flags)
{
	if (flags & IOMMUFD_MAPPING_FLAGS_DEVICE)
		return MAP_DEVICE;
	return flags & IOMMUFD_MAPPING_FLAGS_WRITEABLE ? MAP_WRITE : MAP_READ;
}

static int read_areas(const struct iv_attrs *attrs, void *data)
{
	struct reading *reading = data;
	const struct nlattr *attr = NULL;
	struct iv_attrs mapping;
	uint32_t flags;
	int rc = 0;

	while (!rc && attrs_next_nested(attrs, &attr, IOMMUFD_A_AREA_MAPPING, &mapping)) {
		flags = iv_attrs_number(&mapping, IOMMUFD_A_MAPPING_FLAGS, 0);
		rc = map_add(reading->map, iv_attrs_number(&mapping, IOMMUFD_A_MAPPING_FIRST, 0),
			     iv_attrs_number(&mapping, IOMMUFD_A_MAPPING_LAST, 0),
			     class_of(flags));
	}
	return rc;
}

static int read_all(struct ctl *ctl, struct map *map)
{
	struct iv_filter filters[] = {
		{ .attr = IOMMUFD_A_IOAS_CTX, .number = map->ctx },
		{ .attr = IOMMUFD_A_IOAS_ID, .number = map->ioas },
	};
	struct reading reading = { .map = map };
	int rc = ctl_connect(ctl);

	if (rc)
		return rc;
	rc = ctl_dump(ctl, IOMMUFD_NL_CMD_IOAS_GET, filters, 2, read_ioas, &reading);
	if (rc >= 0 && !reading.found) {
		fprintf(stderr, "iommufd-ctl: there is no IOAS %u in context %u\n", map->ioas,
			map->ctx);
		return CTL_NO_OBJECT;
	}
	filters[0].attr = IOMMUFD_A_AREA_CTX;
	filters[1].attr = IOMMUFD_A_AREA_IOAS;
	if (rc >= 0)
		rc = ctl_dump(ctl, IOMMUFD_NL_CMD_AREA_GET, filters, 2, read_areas, &reading);
	if (rc == 1)
		fprintf(stderr, "iommufd-ctl: something changed meanwhile; the picture may be "
			"incomplete\n");
	return rc < 0 ? ctl_error(ctl, rc, "areas") : CTL_OK;
}

static int draw(struct ctl *ctl, struct map *map, unsigned long rows, unsigned long width)
{
	const char *svg = ctl_option(ctl, "svg");
	int rc = map_layout(map, rows);

	if (!rc && svg)
		rc = map_print_svg(map, svg);
	if (rc)
		return ctl_error(ctl, rc, svg && *svg ? svg : "picture");
	if (svg)
		return CTL_OK;
	if (ctl->json)
		map_print_json(map);
	else
		map_print(map, width);
	return CTL_OK;
}

int ctl_map(struct ctl *ctl, const struct ctl_command *command, char **words)
{
	unsigned long rows = ROWS_DEFAULT, width;
	unsigned int columns, lines;
	struct map map = {};
	int rc;

	(void)command;
	term_size(&columns, &lines);
	width = columns;
	if (!ctl_number(words[0], &map.ctx) || !ctl_number(words[1], &map.ioas) ||
	    !ctl_option_number(ctl, "rows", ROWS_MIN, ROWS_MAX, &rows) ||
	    !ctl_option_number(ctl, "width", 1, 10000, &width))
		return CTL_USAGE;
	rc = read_all(ctl, &map);
	rc = rc ?: draw(ctl, &map, rows, width);
	map_free(&map);
	return rc;
}
