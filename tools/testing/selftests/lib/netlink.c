// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "netlink.h"

static int keep(const struct iv_attrs *attrs, void *data)
{
	struct netlink_list *list = data;
	struct iv_attrs *items;
	void *copy;

	items = realloc(list->items, (list->count + 1) * sizeof(*items));
	copy = malloc(attrs->size + 1);
	if (items)
		list->items = items;
	if (!items || !copy) {
		free(copy);
		return -ENOMEM;
	}
	memcpy(copy, attrs->data, attrs->size);
	items[list->count++] = (struct iv_attrs){ .data = copy, .size = attrs->size };
	return 0;
}

/**
 * netlink_list() - all that a dump tells, by a socket of its own
 * @cmd: what to dump
 * @filters: what is wanted of it
 * @count: how many filters
 * @list: set up, for netlink_list_free(), also after a failure
 */
int netlink_list(uint8_t cmd, const struct iv_filter *filters, unsigned int count,
		 struct netlink_list *list)
{
	struct iv_netlink *nl = malloc(sizeof(*nl));
	int rc = nl ? 0 : -ENOMEM;

	memset(list, 0, sizeof(*list));
	rc = rc ?: iv_netlink_open(nl);
	if (!rc) {
		rc = iv_netlink_dump(nl, cmd, filters, count, keep, list);
		iv_netlink_close(nl);
	}
	free(nl);
	list->interrupted = rc == 1;
	return rc < 0 ? rc : 0;
}

/* netlink_list() with one filter by number, or none if @number is 0 */
int netlink_list_of(uint8_t cmd, uint16_t attr, uint32_t number, struct netlink_list *list)
{
	const struct iv_filter filter = { .attr = attr, .number = number };

	return netlink_list(cmd, &filter, number ? 1 : 0, list);
}

void netlink_list_free(struct netlink_list *list)
{
	unsigned int i;

	for (i = 0; i < list->count; i++)
		free((void *)list->items[i].data);
	free(list->items);
	memset(list, 0, sizeof(*list));
}

/* An attribute of the @nr-th message, or NETLINK_NONE */
uint64_t netlink_number(const struct netlink_list *list, unsigned int nr, uint16_t attr)
{
	return nr < list->count ? iv_attrs_number(&list->items[nr], attr, NETLINK_NONE) :
				  NETLINK_NONE;
}

bool netlink_is(const struct netlink_list *list, unsigned int nr, uint16_t attr,
		const char *string)
{
	const struct nlattr *found;

	found = nr < list->count ? iv_attr_find(&list->items[nr], attr) : NULL;
	return found && !strcmp(iv_attr_string(found, NULL), string);
}

/**
 * netlink_one() - an attribute of one object
 * @cmd: the dump that has it
 * @ctx_attr: how the dump is told the context
 * @ctx: the context
 * @id_attr: which attribute names the object; 0: any
 * @id: its value
 * @attr: what is wanted
 *
 * Return: its value; NETLINK_NONE if there is no such object, or more than one, or no such value.
 */
uint64_t netlink_one(uint8_t cmd, uint16_t ctx_attr, uint32_t ctx, uint16_t id_attr, uint32_t id,
		     uint16_t attr)
{
	uint64_t value = NETLINK_NONE;
	struct netlink_list list;
	unsigned int i, found = 0;

	if (!netlink_list_of(cmd, ctx_attr, ctx, &list)) {
		for (i = 0; i < list.count; i++) {
			if (id_attr && netlink_number(&list, i, id_attr) != id)
				continue;
			value = netlink_number(&list, i, attr);
			found++;
		}
	}
	netlink_list_free(&list);
	return found == 1 ? value : NETLINK_NONE;
}

/* The number of the context that a process has opened last, or 0 */
uint32_t netlink_newest_context(pid_t pid)
{
	struct netlink_list list;
	uint32_t newest = 0;
	unsigned int i;

	if (!netlink_list(IOMMUFD_NL_CMD_CTX_GET, NULL, 0, &list)) {
		for (i = 0; i < list.count; i++)
			if (netlink_number(&list, i, IOMMUFD_A_CTX_PID) == (uint64_t)pid)
				newest = netlink_number(&list, i, IOMMUFD_A_CTX_ID);
	}
	netlink_list_free(&list);
	return newest;
}

/* How many contexts a process has opened, or a negative errno */
int netlink_contexts_of(pid_t pid)
{
	struct netlink_list list;
	unsigned int i;
	int rc, nr = 0;

	rc = netlink_list(IOMMUFD_NL_CMD_CTX_GET, NULL, 0, &list);
	for (i = 0; i < list.count; i++)
		nr += netlink_number(&list, i, IOMMUFD_A_CTX_PID) == (uint64_t)pid;
	netlink_list_free(&list);
	return rc ?: nr;
}
