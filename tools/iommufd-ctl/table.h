/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables: one description of columns makes text, JSON and help.
 */
#ifndef TABLE_H
#define TABLE_H

#include "ctl.h"
#include "json.h"

/* How an attribute is written */
enum ctl_kind {
	CTL_NUMBER,
	CTL_HEX,
	CTL_BYTES,
	CTL_STRING,
	CTL_ENUM,
	CTL_FLAGS,
	CTL_FLAG,
	CTL_RANGES,
	CTL_FAILURES,
};

/**
 * struct ctl_column - a column
 * @name: its heading; in JSON in lower case
 * @attr: what it tells
 * @kind: how that is written
 * @more: only shown if it is asked for
 * @words: for CTL_ENUM and CTL_FLAGS: what the numbers or bits mean, up to a NULL
 * @help: for those who look for a column
 */
struct ctl_column {
	const char *name;
	uint16_t attr;
	enum ctl_kind kind;
	bool more;
	const char *const *words;
	const char *help;
};

/**
 * struct ctl_table - a kind of object
 * @name: in JSON, what they are
 * @cmd: the dump that tells of them
 * @nested: the attribute of a message that holds an object each; 0: a message is an object
 * @columns: up to one without name
 * @dump: where a list without filters comes from, if not just from ctl_dump(); as that
 */
struct ctl_table {
	const char *name;
	uint8_t cmd;
	uint16_t nested;
	const struct ctl_column *columns;
	int (*dump)(struct ctl *ctl, iv_netlink_fn fn, void *data);
};

int ctl_table_print(struct ctl *ctl, const struct ctl_table *table,
		    const struct iv_filter *filters, unsigned int count, bool one,
		    const char *what);
int ctl_table_print_one(struct ctl *ctl, const struct ctl_table *table,
			const struct iv_attrs *attrs);
int ctl_table_list(struct ctl *ctl, const struct ctl_table *table, uint16_t attr, char **words);

/* A value as text, to be freed; NULL if there is none */
bool ctl_is_number(const struct ctl_column *column);
char *ctl_json_value(const struct ctl_column *column, const struct iv_attrs *attrs);
void ctl_json_attrs(struct ctl_json *json, const struct ctl_table *table,
		    const struct iv_attrs *attrs);
void ctl_print_attrs(const struct ctl *ctl, const struct ctl_table *table,
		     const struct iv_attrs *attrs);
void ctl_print_line(const struct ctl *ctl, const char *name, const char *value);
char *ctl_size_text(unsigned long long bytes);
char *ctl_value(const struct ctl_column *column, const struct iv_attrs *attrs);
char *ctl_printable(const char *bytes, size_t size);

#endif
