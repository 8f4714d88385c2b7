// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables from what the kernel dumps, by libsmartcols; and the same as JSON.
 *
 * There may be a million objects, and no more memory is used for them than for a few: JSON is
 * written as objects come, and a table in blocks, of which the first settles how wide columns are.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libsmartcols/libsmartcols.h>

#include "attrs.h"
#include "table.h"

#define COLUMNS_MAX 32
#define BLOCK_LINES 1024

/**
 * struct printing - a table in the making
 * @ctl: the run
 * @table: what kind of objects
 * @out: libsmartcols' side; NULL for JSON
 * @json: the other
 * @one: a single object is wanted
 * @shown: the columns
 * @count: how many
 * @lines: so many objects have come
 */
struct printing {
	struct ctl *ctl;
	const struct ctl_table *table;
	struct libscols_table *out;
	struct ctl_json json;
	bool one;
	const struct ctl_column *shown[COLUMNS_MAX];
	unsigned int count;
	unsigned int lines;
};

/* A value behind its name */
void ctl_print_line(const struct ctl *ctl, const char *name, const char *value)
{
	if (ctl->noheadings)
		printf("%s\n", value);
	else
		printf("%-12s %s\n", name, value);
}

/* All that a message says of an object, a line for each value */
void ctl_print_attrs(const struct ctl *ctl, const struct ctl_table *table,
		     const struct iv_attrs *attrs)
{
	const struct ctl_column *column;
	char *value;

	for (column = table->columns; column->name; column++) {
		value = ctl_value(column, attrs);
		if (value)
			ctl_print_line(ctl, column->name, value);
		free(value);
	}
}

/* Addresses and sizes are numbers in JSON, too. */
static void json_column(struct ctl_json *json, const struct ctl_column *column, const char *value)
{
	char name[32];
	size_t i;

	snprintf(name, sizeof(name), "%s", column->name);
	for (i = 0; name[i]; i++)
		name[i] = tolower((unsigned char)name[i]);
	if (!value)
		json_raw(json, name, "null");
	else if (ctl_is_number(column))
		json_raw(json, name, value);
	else
		json_string(json, name, value);
}

/* The same as members of an object that is open */
void ctl_json_attrs(struct ctl_json *json, const struct ctl_table *table,
		    const struct iv_attrs *attrs)
{
	const struct ctl_column *column;
	char *value;

	for (column = table->columns; column->name; column++) {
		value = ctl_json_value(column, attrs);
		if (value)
			json_column(json, column, value);
		free(value);
	}
}

static bool same_word(const char *name, const char *word, size_t size)
{
	return strlen(name) == size && !strncasecmp(name, word, size);
}

static const struct ctl_column *find_column(const struct ctl_table *table, const char *word,
					    size_t size)
{
	const struct ctl_column *column;

	for (column = table->columns; column->name; column++)
		if (same_word(column->name, word, size))
			return column;
	return NULL;
}

static int unknown_column(const struct ctl_table *table, const char *word, size_t size)
{
	const struct ctl_column *column;

	fprintf(stderr, "iommufd-ctl: there is no column '%.*s'; the columns are:", (int)size,
		word);
	for (column = table->columns; column->name; column++)
		fprintf(stderr, " %s", column->name);
	fprintf(stderr, "\n");
	return CTL_USAGE;
}

static void choose_usual(struct printing *p)
{
	const struct ctl_column *column;

	for (column = p->table->columns; column->name; column++)
		if (p->one || p->ctl->json || !column->more)
			p->shown[p->count++] = column;
}

/*
 * The columns that were asked for, or those of the usual view, or both; all of them for one
 * object.
 */
static int choose_columns(struct printing *p)
{
	const char *word = p->ctl->columns;
	const struct ctl_column *column;
	size_t size;

	if (!word || *word == '+')
		choose_usual(p);
	if (!word)
		return CTL_OK;
	for (word += *word == '+';; word += size + 1) {
		size = strcspn(word, ",");
		column = find_column(p->table, word, size);
		if (!column || p->count == COLUMNS_MAX)
			return unknown_column(p->table, word, size);
		p->shown[p->count++] = column;
		if (!word[size])
			return CTL_OK;
	}
}

static int add_column(struct printing *p, const struct ctl_column *column)
{
	return scols_table_new_column(p->out, column->name, 0,
				      ctl_is_number(column) ? SCOLS_FL_RIGHT : 0) ? 0 : -ENOMEM;
}

static int start_table(struct printing *p)
{
	unsigned int i;
	int rc;

	rc = choose_columns(p);
	if (rc)
		return rc;
	if (p->ctl->json)
		return CTL_OK;
	p->out = scols_new_table();
	if (!p->out)
		return CTL_FAILED;
	scols_table_enable_noheadings(p->out, p->ctl->noheadings);
	for (i = 0; i < p->count; i++)
		if (add_column(p, p->shown[i]))
			return CTL_FAILED;
	return CTL_OK;
}

/* Writes the lines there are, and forgets them. Those to come look like them. */
static int print_block(struct printing *p)
{
	struct libscols_column *column;
	unsigned int i;
	int rc;

	rc = scols_print_table(p->out);
	if (rc)
		return rc;
	for (i = 0; i < p->count; i++) {
		column = scols_table_get_column(p->out, i);
		scols_column_set_whint(column, scols_column_get_width(column));
	}
	scols_table_enable_noheadings(p->out, 1);
	scols_table_remove_lines(p->out);
	return 0;
}

static int add_line(struct printing *p, const struct iv_attrs *attrs)
{
	struct libscols_line *line = scols_table_new_line(p->out, NULL);
	unsigned int i;
	char *value;

	if (!line)
		return -ENOMEM;
	for (i = 0; i < p->count; i++) {
		value = ctl_value(p->shown[i], attrs);
		if (value && scols_line_refer_data(line, i, value)) {
			free(value);
			return -ENOMEM;
		}
	}
	return scols_table_get_nlines(p->out) < BLOCK_LINES ? 0 : print_block(p);
}

static void open_json(struct printing *p)
{
	p->json.out = stdout;
	json_open(&p->json, NULL, '{');
	json_open(&p->json, p->table->name, '[');
}

static void close_json(struct printing *p)
{
	json_end(&p->json, ']');
	json_close(&p->json, '}');
	putchar('\n');
}

static void write_object(struct printing *p, const struct iv_attrs *attrs)
{
	unsigned int i;
	char *value;

	json_line(&p->json);
	json_open(&p->json, NULL, '{');
	for (i = 0; i < p->count; i++) {
		value = ctl_json_value(p->shown[i], attrs);
		json_column(&p->json, p->shown[i], value);
		free(value);
	}
	json_close(&p->json, '}');
}

static int add_object(struct printing *p, const struct iv_attrs *attrs)
{
	if (!p->lines++ && p->ctl->json)
		open_json(p);
	if (!p->ctl->json)
		return add_line(p, attrs);
	write_object(p, attrs);
	return ferror(stdout) ? -EIO : 0;
}

static int add_message(const struct iv_attrs *attrs, void *data)
{
	const struct nlattr *attr = NULL;
	struct printing *p = data;
	struct iv_attrs one;
	int rc = 0;

	if (!p->table->nested)
		return add_object(p, attrs);
	while (!rc && attrs_next_nested(attrs, &attr, p->table->nested, &one))
		rc = add_object(p, &one);
	return rc;
}

/* One object, a line for each of its values */
static int print_lines(struct printing *p)
{
	struct libscols_line *line = scols_table_get_line(p->out, 0);
	const char *value;
	unsigned int i;

	for (i = 0; i < p->count; i++) {
		value = scols_cell_get_data(scols_line_get_cell(line, i));
		if (!value)
			continue;
		ctl_print_line(p->ctl, p->shown[i]->name, value);
	}
	return 0;
}

static int dump(struct printing *p, const struct iv_filter *filters, unsigned int count)
{
	struct ctl *ctl = p->ctl;

	if (p->table->dump && !count)
		return p->table->dump(ctl, add_message, p);
	return ctl_dump(ctl, p->table->cmd, filters, count, add_message, p);
}

/* What is still to be written after the last object */
static int finish(struct printing *p)
{
	if (p->ctl->json) {
		if (!p->lines)
			open_json(p);
		close_json(p);
		return 0;
	}
	if (p->one && p->lines == 1)
		return print_lines(p);
	/* The headings of an empty table, too */
	return !p->lines || scols_table_get_nlines(p->out) ? print_block(p) : 0;
}

static int fill_and_print(struct printing *p, const struct iv_filter *filters,
			  unsigned int count, const char *what)
{
	int rc;

	rc = ctl_connect(p->ctl);
	if (rc)
		return rc;
	rc = dump(p, filters, count);
	if (rc >= 0 && p->one && !p->lines) {
		fprintf(stderr, "iommufd-ctl: there is no %s\n", what);
		return CTL_NO_OBJECT;
	}
	/* What has been written already is completed, so that it can be read. */
	if ((rc >= 0 || (p->lines && p->ctl->json)) && finish(p))
		return CTL_FAILED;
	if (rc < 0)
		return ctl_error(p->ctl, rc, what);
	if (rc == 1)
		fprintf(stderr,
			"iommufd-ctl: something changed meanwhile; the list may be incomplete\n");
	return CTL_OK;
}

/**
 * ctl_table_print() - dump objects, and write them
 * @ctl: the run
 * @table: what kind of objects
 * @filters: which of them
 * @count: how many filters
 * @one: there is to be one, of which everything is wanted
 * @what: what they are called, for messages
 *
 * Return: enum ctl_exit.
 */
int ctl_table_print(struct ctl *ctl, const struct ctl_table *table,
		    const struct iv_filter *filters, unsigned int count, bool one,
		    const char *what)
{
	struct printing p = { .ctl = ctl, .table = table, .one = one };
	int rc;

	rc = start_table(&p);
	if (!rc)
		rc = fill_and_print(&p, filters, count, what);
	scols_unref_table(p.out);
	return rc;
}

/* One object, of which all has been told already; enum ctl_exit */
int ctl_table_print_one(struct ctl *ctl, const struct ctl_table *table,
			const struct iv_attrs *attrs)
{
	struct printing p = { .ctl = ctl, .table = table, .one = true };
	int rc;

	rc = start_table(&p);
	if (!rc && (add_object(&p, attrs) || finish(&p)))
		rc = CTL_FAILED;
	scols_unref_table(p.out);
	return rc;
}

/* All objects of a kind, or those of the context whose number is the first word, if there is one */
int ctl_table_list(struct ctl *ctl, const struct ctl_table *table, uint16_t attr, char **words)
{
	struct iv_filter filter = { .attr = attr };

	if (words[0] && !ctl_number(words[0], &filter.number))
		return CTL_USAGE;
	return ctl_table_print(ctl, table, &filter, words[0] ? 1 : 0, false, table->name);
}
