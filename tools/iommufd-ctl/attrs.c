// SPDX-License-Identifier: GPL-2.0-only
/*
 * Going through messages, and making some.
 */
#include <string.h>

#include "attrs.h"

/**
 * attrs_next_nested() - go through attributes of one type that hold attributes
 * @attrs: the attributes
 * @attr: the last one, NULL before the first; changed
 * @type: their type
 * @inside: set to what the next one holds
 *
 * Return: whether there is a next one.
 */
bool attrs_next_nested(const struct iv_attrs *attrs, const struct nlattr **attr, uint16_t type,
		       struct iv_attrs *inside)
{
	while ((*attr = iv_attr_next(attrs, *attr))) {
		if (iv_attr_type(*attr) != type)
			continue;
		*inside = iv_attr_nested(*attr);
		return true;
	}
	return false;
}

void attrs_put(struct ctl_attrs *attrs, uint16_t type, const void *data, size_t size)
{
	const struct nlattr attr = { .nla_len = NLA_HDRLEN + size, .nla_type = type };
	char *at = (char *)attrs->data + attrs->size;

	if (size > UINT16_MAX - NLA_HDRLEN ||
	    (size_t)NLA_ALIGN(attr.nla_len) > sizeof(attrs->data) - attrs->size)
		return;
	memset(at, 0, NLA_ALIGN(attr.nla_len));
	memcpy(at, &attr, sizeof(attr));
	if (size)
		memcpy(at + NLA_HDRLEN, data, size);
	attrs->size += NLA_ALIGN(attr.nla_len);
}

void attrs_put_number(struct ctl_attrs *attrs, uint16_t type, uint64_t number)
{
	const uint32_t small = number;

	if (small == number)
		attrs_put(attrs, type, &small, sizeof(small));
	else
		attrs_put(attrs, type, &number, sizeof(number));
}

void attrs_put_string(struct ctl_attrs *attrs, uint16_t type, const char *string)
{
	attrs_put(attrs, type, string, strlen(string) + 1);
}

/* What is put from now on is in an attribute of this type, until attrs_nest_end(). */
size_t attrs_nest(struct ctl_attrs *attrs, uint16_t type)
{
	const size_t nest = attrs->size;

	attrs_put(attrs, type | NLA_F_NESTED, NULL, 0);
	return nest;
}

void attrs_nest_end(struct ctl_attrs *attrs, size_t nest)
{
	struct nlattr *attr = (struct nlattr *)((char *)attrs->data + nest);

	if (nest < attrs->size)
		attr->nla_len = attrs->size - nest;
}

struct iv_attrs attrs_view(const struct ctl_attrs *attrs)
{
	return (struct iv_attrs){ .data = attrs->data, .size = attrs->size };
}
