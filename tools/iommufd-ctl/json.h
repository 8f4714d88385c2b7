/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JSON, written as it comes, which libsmartcols' can't be.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/**
 * struct ctl_json - a text in the making
 * @out: where it goes
 * @comma: one comes before the next value
 * @newline: so does a new line
 */
struct ctl_json {
	FILE *out;
	bool comma;
	bool newline;
};

/* @key is NULL in an array, and at the beginning. @bracket is [ or {, and ] or }. */
void json_open(struct ctl_json *json, const char *key, char bracket);
void json_close(struct ctl_json *json, char bracket);
void json_end(struct ctl_json *json, char bracket);
void json_string(struct ctl_json *json, const char *key, const char *value);
void json_number(struct ctl_json *json, const char *key, uint64_t value);
void json_bool(struct ctl_json *json, const char *key, bool value);
void json_raw(struct ctl_json *json, const char *key, const char *value);
void json_line(struct ctl_json *json);

#endif
