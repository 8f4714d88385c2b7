// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's answers from files, for tests (tools/testing/ctl): IOMMUFD_CTL_ROOT/netlink has a
 * file for each dump, such as ctx-get, and one for events. A line is a message:
 *
 *	1=5 4="vfio0" 7={ 1=4096 2=0xffff }
 *
 * which is numbers of attributes, with numbers (of 8 bytes if need be), strings (in which \NNN is
 * a byte, and \X is X) and nested attributes. A line "error N" is the errno that a dump ends with,
 * "interrupted" says that what was dumped changed meanwhile, "lost" that events were, and # begins
 * a comment. A dump without a file is empty. The file "family" is the commands that the family has,
 * as numbers.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attrs.h"
#include "file.h"
#include "replay.h"

static const char *const dumps[] = {
	[IOMMUFD_NL_CMD_CTX_GET] = "ctx-get",
	[IOMMUFD_NL_CMD_DEVICE_GET] = "device-get",
	[IOMMUFD_NL_CMD_ENDPOINT_GET] = "endpoint-get",
	[IOMMUFD_NL_CMD_IOAS_GET] = "ioas-get",
	[IOMMUFD_NL_CMD_AREA_GET] = "area-get",
	[IOMMUFD_NL_CMD_HWPT_GET] = "hwpt-get",
	[IOMMUFD_NL_CMD_PASID_GET] = "pasid-get",
	[IOMMUFD_NL_CMD_FAULT_QUEUE_GET] = "fault-queue-get",
	[IOMMUFD_NL_CMD_COUNTER_GET] = "counter-get",
};

/* A string up to its closing quote; returns what follows. */
static char *parse_string(struct ctl_attrs *attrs, uint16_t type, char *at)
{
	char text[512];
	size_t size = 0;

	for (; *at && *at != '"' && size < sizeof(text) - 1; at++) {
		if (*at == '\\' && isdigit((unsigned char)at[1]) && at[2] && at[3]) {
			text[size++] = strtoul((char[]){ at[1], at[2], at[3], 0 }, NULL, 8);
			at += 3;
		} else {
			at += *at == '\\' && at[1];
			text[size++] = *at;
		}
	}
	text[size] = 0;
	attrs_put(attrs, type, text, size + 1);
	return *at ? at + 1 : at;
}

/* Attributes up to the end of the line, or of the nest */
static char *parse_attrs(struct ctl_attrs *attrs, char *at)
{
	uint16_t type;
	size_t nest;

	for (;;) {
		at += strspn(at, " \t");
		if (!isdigit((unsigned char)*at))
			return *at == '}' ? at + 1 : at;
		type = strtoul(at, &at, 10);
		if (*at++ != '=')
			return at - 1;
		if (*at == '"') {
			at = parse_string(attrs, type, at + 1);
		} else if (*at == '{') {
			nest = attrs_nest(attrs, type);
			at = parse_attrs(attrs, at + 1);
			attrs_nest_end(attrs, nest);
		} else {
			attrs_put_number(attrs, type, strtoull(at, &at, 0));
		}
	}
}

static bool passes(const struct iv_attrs *attrs, const struct iv_filter *filters,
		   unsigned int count)
{
	const struct nlattr *attr;
	unsigned int i;

	for (i = 0; i < count; i++) {
		attr = iv_attr_find(attrs, filters[i].attr);
		if (!attr)
			return false;
		if (filters[i].name ? strcmp(iv_attr_string(attr, NULL), filters[i].name) :
				      iv_attr_number(attr) != filters[i].number)
			return false;
	}
	return true;
}

static FILE *open_file(const char *name)
{
	char path[PATH_MAX];

	ctl_path(path, "/netlink/%s", name);
	return fopen(path, "re");
}

int replay_dump(uint8_t cmd, const struct iv_filter *filters, unsigned int count,
		iv_netlink_fn fn, void *data)
{
	FILE *file = open_file(dumps[cmd]);
	struct ctl_attrs attrs;
	struct iv_attrs view;
	char *line = NULL;
	size_t room = 0;
	int rc = 0, error = 0;

	while (file && rc >= 0 && !error && getline(&line, &room, file) > 0) {
		if (sscanf(line, "error %d", &error) == 1)
			break;
		if (!strncmp(line, "interrupted", 11)) {
			rc = 1;
			continue;
		}
		attrs.size = 0;
		parse_attrs(&attrs, line);
		view = attrs_view(&attrs);
		if (attrs.size && passes(&view, filters, count))
			error = -fn(&view, data);
	}
	free(line);
	if (file)
		fclose(file);
	return error ? -error : rc;
}

int replay_event(struct iv_attrs *view)
{
	static struct ctl_attrs attrs;
	static char *line;
	static size_t room;
	static FILE *file;

	file = file ?: open_file("event");
	while (file && getline(&line, &room, file) > 0) {
		if (!strncmp(line, "lost", 4))
			return -ENOBUFS;
		attrs.size = 0;
		parse_attrs(&attrs, line);
		*view = attrs_view(&attrs);
		if (attrs.size)
			return 0;
	}
	return -ENODATA;
}

uint64_t replay_family(void)
{
	char *text = ctl_read_all("/netlink/family"), *at;
	uint64_t commands = 0;
	unsigned long id;

	for (at = text; at && isdigit((unsigned char)*at); at += strspn(at, "\n ")) {
		id = strtoul(at, &at, 10);
		commands |= id < 64 ? 1ULL << id : 0;
	}
	free(text);
	return commands;
}
