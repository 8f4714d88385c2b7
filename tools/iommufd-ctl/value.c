// SPDX-License-Identifier: GPL-2.0-only
/*
 * Values as text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

/* How many bytes at @bytes are one character of UTF-8 that may be written, or 0 */
static size_t character_size(const unsigned char *bytes, size_t size)
{
	size_t want, i;

	if (bytes[0] < 0x80)
		return bytes[0] >= 0x20 && bytes[0] != 0x7f;
	if (bytes[0] >= 0xc2 && bytes[0] <= 0xdf)
		want = 2;
	else if (bytes[0] >= 0xe0 && bytes[0] <= 0xef)
		want = 3;
	else if (bytes[0] >= 0xf0 && bytes[0] <= 0xf4)
		want = 4;
	else
		return 0;
	if (want > size)
		return 0;
	for (i = 1; i < want; i++)
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong ones, surrogates, what is beyond Unicode, and control characters */
	if ((bytes[0] == 0xe0 && bytes[1] < 0xa0) || (bytes[0] == 0xed && bytes[1] >= 0xa0) ||
	    (bytes[0] == 0xf0 && bytes[1] < 0x90) || (bytes[0] == 0xf4 && bytes[1] >= 0x90) ||
	    (bytes[0] == 0xc2 && bytes[1] < 0xa0))
		return 0;
	return want;
}

/**
 * ctl_printable() - bytes as text that harms neither a terminal nor JSON
 * @bytes: of whatever kind
 * @size: how many
 *
 * Return: UTF-8, to be freed; what isn't is written in octal: \NNN.
 */
char *ctl_printable(const char *bytes, size_t size)
{
	char *text = malloc(4 * size + 1), *end = text;
	size_t i, step;

	if (!text)
		return NULL;
	for (i = 0; i < size; i += step) {
		step = character_size((const unsigned char *)bytes + i, size - i);
		if (step) {
			memcpy(end, bytes + i, step);
			end += step;
		} else {
			end += sprintf(end, "\\%03o", (unsigned char)bytes[i]);
			step = 1;
		}
	}
	*end = 0;
	return text;
}

static char *text_of_number(const char *format, unsigned long long number)
{
	char *text;

	return asprintf(&text, format, number) < 0 ? NULL : text;
}

static char *text_of_bytes(unsigned long long bytes)
{
	static const char units[] = "BKMGTPE";
	unsigned int unit = 0;
	char *text;

	while (bytes >= 1024 && bytes % 1024 == 0 && units[unit + 1]) {
		bytes /= 1024;
		unit++;
	}
	return asprintf(&text, "%llu%c", bytes, units[unit]) < 0 ? NULL : text;
}

static char *text_of_enum(const char *const *words, uint64_t number)
{
	uint64_t i;

	for (i = 0; words[i]; i++)
		if (i == number)
			return strdup(words[i]);
	/* A newer kernel's */
	return text_of_number("%llu", number);
}

static char *text_of_flags(const char *const *words, uint64_t flags)
{
	char text[256] = "";
	unsigned int i;

	for (i = 0; words[i]; i++) {
		if (!(flags & 1ULL << i))
			continue;
		if (text[0])
			strncat(text, ",", sizeof(text) - strlen(text) - 1);
		strncat(text, words[i], sizeof(text) - strlen(text) - 1);
	}
	return text[0] ? strdup(text) : NULL;
}

char *ctl_value(const struct ctl_column *column, const struct iv_attrs *attrs)
{
	const struct nlattr *attr = iv_attr_find(attrs, column->attr);
	const char *string;
	size_t size;

	if (!attr)
		return NULL;
	switch (column->kind) {
	case CTL_HEX:
		return text_of_number("0x%llx", iv_attr_number(attr));
	case CTL_BYTES:
		return text_of_bytes(iv_attr_number(attr));
	case CTL_STRING:
		string = iv_attr_string(attr, &size);
		return ctl_printable(string, size);
	case CTL_ENUM:
		return text_of_enum(column->words, iv_attr_number(attr));
	case CTL_FLAGS:
		return text_of_flags(column->words, iv_attr_number(attr));
	default:
		return text_of_number("%llu", iv_attr_number(attr));
	}
}
