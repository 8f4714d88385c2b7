// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The generic netlink family "iommufd", spoken without a library.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/genetlink.h>

#include "iv_netlink.h"

#define HEADERS (NLMSG_HDRLEN + GENL_HDRLEN)

/* What is sent is small: a few filters. */
#define REQUEST_MAX 256

const struct nlattr *iv_attr_next(const struct iv_attrs *attrs, const struct nlattr *attr)
{
	const char *next = attr ? (const char *)attr + NLA_ALIGN(attr->nla_len) : attrs->data;
	const char *end = (const char *)attrs->data + attrs->size;
	const struct nlattr *found = (const void *)next;

	if (next > end || (size_t)(end - next) < sizeof(*found) ||
	    found->nla_len < sizeof(*found) || found->nla_len > end - next)
		return NULL;
	return found;
}

uint16_t iv_attr_type(const struct nlattr *attr)
{
	return attr->nla_type & NLA_TYPE_MASK;
}

const struct nlattr *iv_attr_find(const struct iv_attrs *attrs, uint16_t type)
{
	const struct nlattr *attr = NULL;

	while ((attr = iv_attr_next(attrs, attr)))
		if (iv_attr_type(attr) == type)
			return attr;
	return NULL;
}

static size_t attr_size(const struct nlattr *attr)
{
	return attr->nla_len - NLA_HDRLEN;
}

static const void *attr_data(const struct nlattr *attr)
{
	return (const char *)attr + NLA_HDRLEN;
}

/* The number in an attribute of 4 or 8 bytes; 0 for others. */
uint64_t iv_attr_number(const struct nlattr *attr)
{
	uint64_t wide;
	uint32_t small;

	if (attr_size(attr) == sizeof(wide)) {
		memcpy(&wide, attr_data(attr), sizeof(wide));
		return wide;
	}
	if (attr_size(attr) != sizeof(small))
		return 0;
	memcpy(&small, attr_data(attr), sizeof(small));
	return small;
}

/* The bytes of a string; @length says how many they are, and may be NULL. */
const char *iv_attr_string(const struct nlattr *attr, size_t *length)
{
	const char *string = attr_data(attr);

	/* All that the kernel sends ends with a NUL; nothing else is taken for a string. */
	if (!attr_size(attr) || string[attr_size(attr) - 1])
		string = "";
	if (length)
		*length = strlen(string);
	return string;
}

struct iv_attrs iv_attr_nested(const struct nlattr *attr)
{
	return (struct iv_attrs){ .data = attr_data(attr), .size = attr_size(attr) };
}

uint64_t iv_attrs_number(const struct iv_attrs *attrs, uint16_t type, uint64_t missing)
{
	const struct nlattr *attr = iv_attr_find(attrs, type);

	return attr ? iv_attr_number(attr) : missing;
}

/**
 * iv_netlink_send() - send a message
 * @nl: the socket
 * @type: the message's: a family
 * @flags: NLM_F_*; NLM_F_REQUEST is implied
 * @payload: what follows the header
 * @size: of it
 */
int iv_netlink_send(struct iv_netlink *nl, uint16_t type, uint16_t flags, const void *payload,
		    size_t size)
{
	struct nlmsghdr header = {
		.nlmsg_len = NLMSG_HDRLEN + size,
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | flags,
		.nlmsg_seq = ++nl->seq,
		.nlmsg_pid = nl->port,
	};
	struct iovec iov[] = {
		{ .iov_base = &header, .iov_len = sizeof(header) },
		{ .iov_base = (void *)payload, .iov_len = size },
	};
	const struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	nl->error[0] = 0;
	return sendmsg(nl->fd, &msg, 0) < 0 ? -errno : 0;
}

static size_t put_attr(char *buffer, size_t at, uint16_t type, const void *data, size_t size)
{
	const struct nlattr attr = { .nla_len = NLA_HDRLEN + size, .nla_type = type };

	if (at + NLA_ALIGN(attr.nla_len) > REQUEST_MAX)
		return REQUEST_MAX + 1;
	memset(buffer + at, 0, NLA_ALIGN(attr.nla_len));
	memcpy(buffer + at, &attr, sizeof(attr));
	memcpy(buffer + at + NLA_HDRLEN, data, size);
	return at + NLA_ALIGN(attr.nla_len);
}

/**
 * iv_netlink_request() - send a request to the family
 * @nl: the socket
 * @cmd: the command
 * @flags: NLM_F_DUMP or NLM_F_ACK
 * @filters: attributes
 * @count: how many
 */
int iv_netlink_request(struct iv_netlink *nl, uint8_t cmd, uint16_t flags,
		       const struct iv_filter *filters, unsigned int count)
{
	const struct genlmsghdr genl = { .cmd = cmd, .version = IOMMUFD_FAMILY_VERSION };
	char payload[REQUEST_MAX];
	size_t at = sizeof(genl);
	unsigned int i;

	memcpy(payload, &genl, sizeof(genl));
	for (i = 0; i < count && at <= REQUEST_MAX; i++) {
		const struct iv_filter *filter = &filters[i];

		if (filter->name)
			at = put_attr(payload, at, filter->attr, filter->name,
				      strlen(filter->name) + 1);
		else
			at = put_attr(payload, at, filter->attr, &filter->number,
				      sizeof(filter->number));
	}
	return at > REQUEST_MAX ? -E2BIG : iv_netlink_send(nl, nl->family, flags, payload, at);
}

/* The next message, as it is; NULL with @rc set if there is none. */
static const struct nlmsghdr *receive(struct iv_netlink *nl, int *rc)
{
	const struct nlmsghdr *nlh;
	ssize_t size;

	if (nl->at >= nl->filled) {
		do {
			size = recv(nl->fd, nl->buffer, sizeof(nl->buffer), MSG_TRUNC);
		} while (size < 0 && errno == EINTR);
		if (size < 0 || size > (ssize_t)sizeof(nl->buffer)) {
			*rc = size < 0 ? -errno : -EMSGSIZE;
			return NULL;
		}
		nl->filled = size;
		nl->at = 0;
	}
	nlh = (const void *)((char *)nl->buffer + nl->at);
	if (nl->filled - nl->at < sizeof(*nlh) || nlh->nlmsg_len < sizeof(*nlh) ||
	    nlh->nlmsg_len > nl->filled - nl->at) {
		nl->at = nl->filled;
		*rc = -EBADMSG;
		return NULL;
	}
	nl->at += NLMSG_ALIGN(nlh->nlmsg_len);
	return nlh;
}

/* Remembers what the kernel says in words, if it does, @offset bytes behind the header. */
static void note_error(struct iv_netlink *nl, const struct nlmsghdr *nlh, size_t offset)
{
	const size_t start = NLMSG_HDRLEN + offset;
	const struct nlattr *attr;
	struct iv_attrs attrs;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) || start > nlh->nlmsg_len)
		return;
	attrs.data = (const char *)nlh + start;
	attrs.size = nlh->nlmsg_len - start;
	attr = iv_attr_find(&attrs, NLMSGERR_ATTR_MSG);
	if (attr)
		snprintf(nl->error, sizeof(nl->error), "%s", iv_attr_string(attr, NULL));
}

/* The errno in an answer that ends something, 0 if it went well. */
static int answer_error(struct iv_netlink *nl, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = NLMSG_DATA(nlh);
	size_t offset = sizeof(int);
	int rc = 0;

	if (nlh->nlmsg_len < NLMSG_LENGTH(sizeof(int)))
		return nlh->nlmsg_type == NLMSG_DONE ? 0 : -EBADMSG;
	memcpy(&rc, err, sizeof(rc));
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		offset = sizeof(*err);
		if (!(nlh->nlmsg_flags & NLM_F_CAPPED) && nlh->nlmsg_len >= NLMSG_LENGTH(offset))
			offset += err->msg.nlmsg_len - NLMSG_HDRLEN;
	}
	note_error(nl, nlh, NLMSG_ALIGN(offset));
	return rc;
}

static struct iv_attrs message_attrs(const struct nlmsghdr *nlh)
{
	return (struct iv_attrs){
		.data = (const char *)nlh + HEADERS,
		.size = nlh->nlmsg_len < HEADERS ? 0 : nlh->nlmsg_len - HEADERS,
	};
}

/**
 * iv_netlink_collect() - get all that answers the last request
 * @nl: the socket
 * @interrupted: set if what was dumped changed meanwhile; may be NULL
 * @fn: is called for each message; NULL: none is wanted
 * @data: for @fn
 *
 * When @fn ends it, what is left of the answer is passed over.
 */
int iv_netlink_collect(struct iv_netlink *nl, bool *interrupted, iv_netlink_fn fn, void *data)
{
	const struct nlmsghdr *nlh;
	struct iv_attrs attrs;
	int rc = 0, ended = 0;

	for (;;) {
		nlh = receive(nl, &rc);
		if (!nlh)
			return rc;
		if (nlh->nlmsg_seq != nl->seq)
			continue;
		if (interrupted && nlh->nlmsg_flags & NLM_F_DUMP_INTR)
			*interrupted = true;
		if (nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_ERROR) {
			rc = answer_error(nl, nlh);
			return rc ?: ended;
		}
		attrs = message_attrs(nlh);
		if (fn && !ended)
			ended = fn(&attrs, data);
	}
}

/**
 * iv_netlink_dump() - ask, and get all answers
 * @nl: the socket
 * @cmd: the command
 * @filters: what is wanted
 * @count: how many filters
 * @fn: is called for each object
 * @data: for @fn
 *
 * Return: 0; 1 if what was dumped changed meanwhile; a negative errno, or what @fn has returned.
 */
int iv_netlink_dump(struct iv_netlink *nl, uint8_t cmd, const struct iv_filter *filters,
		    unsigned int count, iv_netlink_fn fn, void *data)
{
	bool interrupted = false;
	int rc = iv_netlink_request(nl, cmd, NLM_F_DUMP, filters, count);

	rc = rc ?: iv_netlink_collect(nl, &interrupted, fn, data);
	return rc ?: interrupted;
}

/* Takes a device, vfioN, from all who have it open. */
int iv_netlink_revoke(struct iv_netlink *nl, const char *device)
{
	const struct iv_filter filter = { .attr = IOMMUFD_A_DEVICE_NAME, .name = device };
	int rc = iv_netlink_request(nl, IOMMUFD_NL_CMD_DEVICE_REVOKE, NLM_F_ACK, &filter, 1);

	return rc ?: iv_netlink_collect(nl, NULL, NULL, NULL);
}

/* From now on, events come; this socket is no longer for requests. */
int iv_netlink_listen(struct iv_netlink *nl)
{
	if (setsockopt(nl->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &nl->events,
		       sizeof(nl->events)))
		return -errno;
	return 0;
}

/**
 * iv_netlink_event() - wait for an event
 * @nl: a socket that listens
 * @attrs: set to what the event says, until the next call
 *
 * Return: 0; -ENOBUFS: events were lost, since this program was too slow; another errno.
 */
int iv_netlink_event(struct iv_netlink *nl, struct iv_attrs *attrs)
{
	const struct nlmsghdr *nlh;
	int rc = 0;

	do {
		nlh = receive(nl, &rc);
	} while (nlh && nlh->nlmsg_type != nl->family);
	if (nlh)
		*attrs = message_attrs(nlh);
	return rc;
}

/* What the kernel's list of families says of ours */
static int note_family(const struct iv_attrs *attrs, void *data)
{
	const struct nlattr *groups = iv_attr_find(attrs, CTRL_ATTR_MCAST_GROUPS);
	const struct nlattr *group = NULL, *name;
	struct iv_netlink *nl = data;
	struct iv_attrs list, one;

	nl->family = 0;
	name = iv_attr_find(attrs, CTRL_ATTR_FAMILY_ID);
	if (name)
		memcpy(&nl->family, attr_data(name), sizeof(nl->family));
	if (!groups)
		return 0;
	list = iv_attr_nested(groups);
	while ((group = iv_attr_next(&list, group))) {
		one = iv_attr_nested(group);
		name = iv_attr_find(&one, CTRL_ATTR_MCAST_GRP_NAME);
		if (name && !strcmp(iv_attr_string(name, NULL), IOMMUFD_MCGRP_EVENTS))
			nl->events = iv_attrs_number(&one, CTRL_ATTR_MCAST_GRP_ID, 0);
	}
	return 0;
}

static int find_family(struct iv_netlink *nl)
{
	const struct genlmsghdr genl = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 };
	char payload[REQUEST_MAX];
	size_t size;
	int rc;

	memcpy(payload, &genl, sizeof(genl));
	size = put_attr(payload, sizeof(genl), CTRL_ATTR_FAMILY_NAME, IOMMUFD_FAMILY_NAME,
			sizeof(IOMMUFD_FAMILY_NAME));
	rc = iv_netlink_send(nl, GENL_ID_CTRL, NLM_F_ACK, payload, size);
	return rc ?: iv_netlink_collect(nl, NULL, note_family, nl);
}

static int setup_socket(struct iv_netlink *nl)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	socklen_t size = sizeof(address);
	const int on = 1;

	/* Kernels know all of these for long; without them errors are just not told in words. */
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	if (bind(nl->fd, (struct sockaddr *)&address, sizeof(address)) ||
	    getsockname(nl->fd, (struct sockaddr *)&address, &size))
		return -errno;
	nl->port = address.nl_pid;
	return 0;
}

/**
 * iv_netlink_open() - open a socket to the family
 * @nl: to set up
 *
 * Return: 0; -ENOENT: the running kernel has no such family, so our iommufd isn't loaded; or an
 * errno of socket(2).
 */
int iv_netlink_open(struct iv_netlink *nl)
{
	int rc;

	memset(nl, 0, offsetof(struct iv_netlink, buffer));
	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (nl->fd < 0)
		return -errno;
	rc = setup_socket(nl) ?: find_family(nl);
	if (rc)
		iv_netlink_close(nl);
	return rc;
}

void iv_netlink_close(struct iv_netlink *nl)
{
	close(nl->fd);
	nl->fd = -1;
}
