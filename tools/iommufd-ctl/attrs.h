/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Going through what messages hold; and messages made here: what the kernel does not tell everybody
 * (device_sysfs.c), and what tests have it say (replay.c).
 */
#ifndef ATTRS_H
#define ATTRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "iv_netlink.h"

bool attrs_next_nested(const struct iv_attrs *attrs, const struct nlattr **attr, uint16_t type,
		       struct iv_attrs *inside);

/**
 * struct ctl_attrs - a message in the making
 * @size: bytes in @data
 * @data: the attributes; what doesn't fit is left out
 */
struct ctl_attrs {
	size_t size;
	uint64_t data[2048];
};

void attrs_put(struct ctl_attrs *attrs, uint16_t type, const void *data, size_t size);
void attrs_put_number(struct ctl_attrs *attrs, uint16_t type, uint64_t number);
void attrs_put_string(struct ctl_attrs *attrs, uint16_t type, const char *string);
size_t attrs_nest(struct ctl_attrs *attrs, uint16_t type);
void attrs_nest_end(struct ctl_attrs *attrs, size_t nest);
struct iv_attrs attrs_view(const struct ctl_attrs *attrs);

#endif
