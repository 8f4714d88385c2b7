/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel tells by netlink, kept so that tests can look at it.
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise.
 */
#ifndef NETLINK_H
#define NETLINK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "iv_netlink.h"

#define NETLINK_NONE UINT64_MAX

/**
 * struct netlink_list - what a dump has told
 * @count: how many messages
 * @items: their attributes; memory of the list's
 * @interrupted: what was dumped has changed meanwhile
 */
struct netlink_list {
	unsigned int count;
	struct iv_attrs *items;
	bool interrupted;
};

int netlink_list(uint8_t cmd, const struct iv_filter *filters, unsigned int count,
		 struct netlink_list *list);
int netlink_list_of(uint8_t cmd, uint16_t attr, uint32_t number, struct netlink_list *list);
void netlink_list_free(struct netlink_list *list);
uint64_t netlink_number(const struct netlink_list *list, unsigned int nr, uint16_t attr);
bool netlink_is(const struct netlink_list *list, unsigned int nr, uint16_t attr,
		const char *string);

uint64_t netlink_one(uint8_t cmd, uint16_t ctx_attr, uint32_t ctx, uint16_t id_attr, uint32_t id,
		     uint16_t attr);
uint32_t netlink_newest_context(pid_t pid);
int netlink_contexts_of(pid_t pid);

#endif
