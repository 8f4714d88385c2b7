// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables from what the kernel dumps, by libsmartcols.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libsmartcols/libsmartcols.h>

#include "table.h"

#define COLUMNS_MAX 32

/**
 * struct printing - a table in the making
 * @ctl: the run
 * @table: what kind of objects
 * @out: libsmartcols' side
 * @shown: the columns
 * @count: how many
 * @lines: so many objects have come
 */
struct printing {
	struct ctl *ctl;
	const struct ctl_table *table;
	struct libscols_table *out;
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

/* The same as members of an object that is open */
void ctl_json_attrs(struct ctl_json *json, const struct ctl_table *table,
		    const struct iv_attrs *attrs)
{
	const struct ctl_column *column;
	char name[32], *value;
	size_t i;

	for (column = table->columns; column->name; column++) {
		value = ctl_json_value(column, attrs);
		if (!value)
			continue;
		snprintf(name, sizeof(name), "%s", column->name);
		for (i = 0; name[i]; i++)
			name[i] = tolower((unsigned char)name[i]);
		if (ctl_is_number(column))
			json_raw(json, name, value);
		else
			json_string(json, name, value);
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

static void choose_usual(struct printing *p, bool one)
{
	const struct ctl_column *column;

	for (column = p->table->columns; column->name; column++)
		if (one || p->ctl->json || !column->more)
			p->shown[p->count++] = column;
}

/*
 * The columns that were asked for, or those of the usual view, or both; all of them for one
 * object.
 */
static int choose_columns(struct printing *p, bool one)
{
	const char *word = p->ctl->columns;
	const struct ctl_column *column;
	size_t size;

	if (!word || *word == '+')
		choose_usual(p, one);
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
	const bool number = ctl_is_number(column);
	struct libscols_column *out;
	char name[32];
	size_t i;

	snprintf(name, sizeof(name), "%s", column->name);
	for (i = 0; p->ctl->json && name[i]; i++)
		name[i] = tolower((unsigned char)name[i]);
	out = scols_table_new_column(p->out, name, 0,
				     number ? SCOLS_FL_RIGHT : 0);
	if (!out)
		return -ENOMEM;
	/* Addresses and sizes are numbers in JSON, too. */
	if (number)
		scols_column_set_json_type(out, SCOLS_JSON_NUMBER);
	return 0;
}

static int start_table(struct printing *p, bool one)
{
	unsigned int i;
	int rc;

	rc = choose_columns(p, one);
	if (rc)
		return rc;
	p->out = scols_new_table();
	if (!p->out)
		return CTL_FAILED;
	scols_table_enable_json(p->out, p->ctl->json);
	scols_table_enable_noheadings(p->out, p->ctl->noheadings);
	scols_table_set_name(p->out, p->table->name);
	for (i = 0; i < p->count; i++)
		if (add_column(p, p->shown[i]))
			return CTL_FAILED;
	return CTL_OK;
}

static int add_object(struct printing *p, const struct iv_attrs *attrs)
{
	struct libscols_line *line = scols_table_new_line(p->out, NULL);
	unsigned int i;
	char *value;

	if (!line)
		return -ENOMEM;
	for (i = 0; i < p->count; i++) {
		value = p->ctl->json ? ctl_json_value(p->shown[i], attrs) :
				       ctl_value(p->shown[i], attrs);
		if (value && scols_line_refer_data(line, i, value)) {
			free(value);
			return -ENOMEM;
		}
	}
	p->lines++;
	return 0;
}

static int add_message(const struct iv_attrs *attrs, void *data)
{
	const struct nlattr *attr = NULL;
	struct printing *p = data;
	struct iv_attrs one;
	int rc = 0;

	if (!p->table->nested)
		return add_object(p, attrs);
	while (!rc && (attr = iv_attr_next(attrs, attr))) {
		if (iv_attr_type(attr) != p->table->nested)
			continue;
		one = iv_attr_nested(attr);
		rc = add_object(p, &one);
	}
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

static int fill_and_print(struct printing *p, const struct iv_filter *filters,
			  unsigned int count, bool one, const char *what)
{
	int rc;

	rc = ctl_connect(p->ctl);
	if (rc)
		return rc;
	rc = dump(p, filters, count);
	if (rc < 0)
		return ctl_error(p->ctl, rc, what);
	if (one && !p->lines) {
		fprintf(stderr, "iommufd-ctl: there is no %s\n", what);
		return CTL_NO_OBJECT;
	}
	if (rc == 1)
		fprintf(stderr,
			"iommufd-ctl: something changed meanwhile; the list may be incomplete\n");
	rc = one && !p->ctl->json && p->lines == 1 ? print_lines(p) :
						     scols_print_table(p->out);
	return rc ? CTL_FAILED : CTL_OK;
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
	struct printing p = { .ctl = ctl, .table = table };
	int rc;

	rc = start_table(&p, one);
	if (!rc)
		rc = fill_and_print(&p, filters, count, one, what);
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
