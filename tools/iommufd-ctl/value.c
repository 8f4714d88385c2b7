// SPDX-License-Identifier: GPL-2.0-only
/*
 * Values as text.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attrs.h"
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

/* A size, as short as it is exact */
char *ctl_size_text(unsigned long long bytes)
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

static void append(char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Adds to a list with commas, as far as it fits. */
static void append(char *text, size_t size, const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	if (used && used + 1 < size) {
		strcpy(text + used, ",");
		used++;
	}
	va_start(args, format);
	vsnprintf(text + used, size - used, format, args);
	va_end(args);
}

static char *text_of_flags(const char *const *words, uint64_t flags)
{
	char text[256] = "";
	unsigned int i;

	for (i = 0; words[i]; i++) {
		if (flags & 1ULL << i)
			append(text, sizeof(text), "%s", words[i]);
		flags &= ~(1ULL << i);
	}
	/* A newer kernel's */
	if (flags)
		append(text, sizeof(text), "0x%llx", (unsigned long long)flags);
	return text[0] ? strdup(text) : NULL;
}

/* All attributes of this kind, each of which is a range */
static char *text_of_ranges(const struct iv_attrs *attrs, uint16_t type)
{
	const struct nlattr *attr = NULL;
	char text[2048] = "";
	struct iv_attrs range;

	while (attrs_next_nested(attrs, &attr, type, &range))
		append(text, sizeof(text), "0x%llx-0x%llx",
		       (unsigned long long)iv_attrs_number(&range, IOMMUFD_A_RANGE_FIRST, 0),
		       (unsigned long long)iv_attrs_number(&range, IOMMUFD_A_RANGE_LAST, 0));
	return text[0] ? strdup(text) : NULL;
}

/* How often which errno came */
static char *text_of_failures(const struct iv_attrs *attrs, uint16_t type)
{
	const struct nlattr *attr = NULL;
	char text[2048] = "";
	struct iv_attrs failure;
	const char *name;
	int number;

	while (attrs_next_nested(attrs, &attr, type, &failure)) {
		number = iv_attrs_number(&failure, IOMMUFD_A_FAILURE_ERRNO, 0);
		name = number ? strerrorname_np(number) : "other";
		append(text, sizeof(text), "%s:%llu", name ?: "unknown",
		       (unsigned long long)iv_attrs_number(&failure, IOMMUFD_A_FAILURE_COUNT, 0));
	}
	return text[0] ? strdup(text) : NULL;
}

bool ctl_is_number(const struct ctl_column *column)
{
	return column->kind == CTL_NUMBER || column->kind == CTL_BYTES ||
	       column->kind == CTL_HEX;
}

/* As it is written in JSON, but for quotes: numbers are decimal, whatever they mean. */
char *ctl_json_value(const struct ctl_column *column, const struct iv_attrs *attrs)
{
	struct ctl_column plain = *column;

	if (ctl_is_number(column))
		plain.kind = CTL_NUMBER;
	return ctl_value(&plain, attrs);
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
		return ctl_size_text(iv_attr_number(attr));
	case CTL_STRING:
		string = iv_attr_string(attr, &size);
		return ctl_printable(string, size);
	case CTL_ENUM:
		return text_of_enum(column->words, iv_attr_number(attr));
	case CTL_FLAGS:
		return text_of_flags(column->words, iv_attr_number(attr));
	case CTL_FLAG:
		return strdup("yes");
	case CTL_RANGES:
		return text_of_ranges(attrs, column->attr);
	case CTL_FAILURES:
		return text_of_failures(attrs, column->attr);
	default:
		return text_of_number("%llu", iv_attr_number(attr));
	}
}
