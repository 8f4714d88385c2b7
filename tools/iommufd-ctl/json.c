// SPDX-License-Identifier: GPL-2.0-only
/*
 * JSON, written as it comes.
 */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "table.h"

/* Whatever the bytes are, what is written is a string of JSON. */
static void write_string(FILE *out, const char *value)
{
	char *text = ctl_printable(value, strlen(value));
	const char *at;

	putc('"', out);
	for (at = text ?: ""; *at; at++) {
		if (*at == '"' || *at == '\\')
			putc('\\', out);
		putc(*at, out);
	}
	putc('"', out);
	free(text);
}

static void begin(struct ctl_json *json, const char *key)
{
	if (json->comma)
		putc(',', json->out);
	if (json->newline)
		putc('\n', json->out);
	json->newline = false;
	json->comma = true;
	if (!key)
		return;
	write_string(json->out, key);
	putc(':', json->out);
}

/* What comes next begins a line. */
void json_line(struct ctl_json *json)
{
	json->newline = true;
}

void json_open(struct ctl_json *json, const char *key, char bracket)
{
	begin(json, key);
	putc(bracket, json->out);
	json->comma = false;
}

void json_close(struct ctl_json *json, char bracket)
{
	putc(bracket, json->out);
	json->comma = true;
}

/* The same for what has a line for each value: the bracket is on a line of its own. */
void json_end(struct ctl_json *json, char bracket)
{
	putc('\n', json->out);
	json->newline = false;
	json_close(json, bracket);
}

void json_string(struct ctl_json *json, const char *key, const char *value)
{
	begin(json, key);
	write_string(json->out, value);
}

void json_number(struct ctl_json *json, const char *key, uint64_t value)
{
	begin(json, key);
	fprintf(json->out, "%llu", (unsigned long long)value);
}

void json_bool(struct ctl_json *json, const char *key, bool value)
{
	json_raw(json, key, value ? "true" : "false");
}

/* A value that is JSON already, such as a number */
void json_raw(struct ctl_json *json, const char *key, const char *value)
{
	begin(json, key);
	fputs(value, json->out);
}
