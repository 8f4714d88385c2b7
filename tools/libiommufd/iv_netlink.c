// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The generic netlink family "iommufd", by libnl.
 *
 * libnl has the sockets, messages and attributes. Its callbacks are not used: their errors are
 * libnl's own, of which several errnos are one, and events were to be taken one by one. What was
 * received is looked at message by message, and there is never more of it than one datagram.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "iv_netlink.h"
#include "private.h"

/* The kernel's dumps are at most 32 KiB a datagram, and fill what they find. */
#define DATAGRAM_MAX 65536

/* Room for events that nobody has read; the kernel may allow less. */
#define RECEIVE_BUFFER (1 << 20)

/* What is sent is small: a few filters. */
#define REQUEST_MAX 256

static const struct iv_hint family_hints[] = {
	{ ENOENT, "the kernel's iommufd cannot tell of itself, or is not loaded; as root: "
	  "modprobe iommufd" },
	{}
};

static const struct iv_hint event_hints[] = {
	{ ENODEV, "iommufd was unloaded; when it is loaded again, open another socket" },
	{}
};

static const struct iv_hint receive_hints[] = {
	{ ENOBUFS, "events came faster than they were taken, and some are lost" },
	{ EAGAIN, "there is none yet" },
	{}
};

static const struct iv_hint request_hints[] = {
	{ EPERM, "only root (CAP_NET_ADMIN) may ask, and listen" },
	{ EOPNOTSUPP, "the kernel's iommufd is older, and does not know this" },
	{}
};

/**
 * iv_attr_next() - go through attributes
 * @attrs: the attributes
 * @attr: one of them, or NULL
 *
 * Return: the one behind @attr, or the first; NULL if there is none.
 */
const struct nlattr *iv_attr_next(const struct iv_attrs *attrs, const struct nlattr *attr)
{
	int left = attrs->size;

	if (attr) {
		left -= (const char *)attr - (const char *)attrs->data;
		attr = nla_next(attr, &left);
	} else {
		attr = attrs->data;
	}
	return nla_ok(attr, left) ? attr : NULL;
}

/**
 * iv_attr_type() - which attribute it is
 * @attr: the attribute
 *
 * Return: IOMMUFD_A_*
 */
uint16_t iv_attr_type(const struct nlattr *attr)
{
	return nla_type(attr);
}

/**
 * iv_attr_find() - find an attribute
 * @attrs: where
 * @type: which: IOMMUFD_A_*
 *
 * Return: the first of this type, or NULL.
 */
const struct nlattr *iv_attr_find(const struct iv_attrs *attrs, uint16_t type)
{
	return attrs->size ? nla_find(attrs->data, attrs->size, type) : NULL;
}

/**
 * iv_attr_number() - the number in an attribute
 * @attr: the attribute
 *
 * Return: the number, if the attribute has 4 or 8 bytes, else 0.
 */
uint64_t iv_attr_number(const struct nlattr *attr)
{
	switch (nla_len(attr)) {
	case sizeof(uint64_t):
		return nla_get_u64(attr);
	case sizeof(uint32_t):
		return nla_get_u32(attr);
	default:
		return 0;
	}
}

/**
 * iv_attr_string() - the string in an attribute
 * @attr: the attribute
 * @length: set to the bytes without the NUL; may be NULL
 *
 * Return: the string, which may be any bytes; "" if the attribute does not end with a NUL.
 */
const char *iv_attr_string(const struct nlattr *attr, size_t *length)
{
	const char *string = nla_data(attr);

	/* All that the kernel sends ends with a NUL; nothing else is taken for a string. */
	if (nla_len(attr) <= 0 || string[nla_len(attr) - 1])
		string = "";
	if (length)
		*length = strlen(string);
	return string;
}

/**
 * iv_attr_nested() - the attributes in an attribute
 * @attr: the attribute
 *
 * Return: they, valid as long as @attr is.
 */
struct iv_attrs iv_attr_nested(const struct nlattr *attr)
{
	return (struct iv_attrs){ .data = nla_data(attr), .size = nla_len(attr) };
}

/**
 * iv_attrs_number() - the number in the attribute of a type
 * @attrs: where to look for it
 * @type: which: IOMMUFD_A_*
 * @missing: what to return if there is none
 *
 * Return: the number.
 */
uint64_t iv_attrs_number(const struct iv_attrs *attrs, uint16_t type, uint64_t missing)
{
	const struct nlattr *attr = iv_attr_find(attrs, type);

	return attr ? iv_attr_number(attr) : missing;
}

/*
 * The errno of what libnl has failed at. Several of those that system calls give are one to libnl,
 * so theirs is preferred; the caller has cleared errno before.
 */
static int error_of(int nle)
{
	switch (-nle) {
	case NLE_OBJ_NOTFOUND:
		return -ENOENT;
	case NLE_MSG_TRUNC:
	case NLE_MSGSIZE:
		return -EMSGSIZE;
	default:
		if (errno)
			return -errno;
		return -nle == NLE_NOMEM ? -ENOMEM : -EIO;
	}
}

static int send_message(struct iv_netlink *nl, struct nl_msg *msg)
{
	int rc;

	nl->error[0] = 0;
	errno = 0;
	rc = nl_send_auto(nl->sock, msg);
	nl->seq = nlmsg_hdr(msg)->nlmsg_seq;
	return rc < 0 ? iv_fail(error_of(rc), NULL, "netlink: send") : 0;
}

/**
 * iv_netlink_send() - send a message as it is
 * @nl: the socket
 * @type: the message's: a family
 * @flags: NLM_F_*; NLM_F_REQUEST is implied
 * @payload: what follows the header
 * @size: of it, in bytes
 *
 * Return: 0, or a negative errno of sendmsg(2).
 */
int iv_netlink_send(struct iv_netlink *nl, uint16_t type, uint16_t flags, const void *payload,
		    size_t size)
{
	struct nl_msg *msg = nlmsg_alloc_size(NLMSG_HDRLEN + NLMSG_ALIGN(size));
	int rc = -ENOMEM;

	if (msg && nlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, type, 0, flags) &&
	    !nlmsg_append(msg, (void *)payload, size, 0))
		rc = send_message(nl, msg);
	else
		iv_fail(rc, NULL, "netlink: send");
	nlmsg_free(msg);
	return rc;
}

static int put_filter(struct nl_msg *msg, const struct iv_filter *filter)
{
	return filter->name ? nla_put_string(msg, filter->attr, filter->name) :
			      nla_put_u32(msg, filter->attr, filter->number);
}

/**
 * iv_netlink_request() - send a request to the family
 * @nl: the socket
 * @cmd: the command
 * @flags: NLM_F_DUMP or NLM_F_ACK
 * @filters: attributes
 * @count: how many
 *
 * Return: 0; -E2BIG if they are too many; or another negative errno.
 */
int iv_netlink_request(struct iv_netlink *nl, uint8_t cmd, uint16_t flags,
		       const struct iv_filter *filters, unsigned int count)
{
	struct nl_msg *msg = nlmsg_alloc_size(NLMSG_HDRLEN + GENL_HDRLEN + REQUEST_MAX);
	int rc = -ENOMEM;
	unsigned int i;

	if (msg && genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, nl->family, 0, flags, cmd,
			       IOMMUFD_FAMILY_VERSION)) {
		for (rc = 0, i = 0; !rc && i < count; i++)
			rc = put_filter(msg, &filters[i]) ? -E2BIG : 0;
		rc = rc ? iv_fail(rc, NULL, "netlink: filter") : send_message(nl, msg);
	} else {
		iv_fail(rc, NULL, "netlink: send");
	}
	nlmsg_free(msg);
	return rc;
}

/* Takes what has arrived, from the kernel alone. */
static int refill(struct iv_netlink *nl)
{
	struct sockaddr_nl from;
	int size;

	do {
		free(nl->buffer);
		nl->buffer = NULL;
		errno = 0;
		size = nl_recv(nl->sock, &from, &nl->buffer, NULL);
		if (size <= 0) {
			nl->left = 0;
			return iv_fail(error_of(size), receive_hints, "netlink: get an answer");
		}
	} while (from.nl_pid);
	nl->at = (void *)nl->buffer;
	nl->left = size;
	return 0;
}

/* The next message, as it is; NULL with @rc set if there is none. */
static struct nlmsghdr *receive(struct iv_netlink *nl, int *rc)
{
	struct nlmsghdr *nlh;

	*rc = nl->left > 0 ? 0 : refill(nl);
	if (*rc)
		return NULL;
	nlh = nl->at;
	if (!nlmsg_ok(nlh, nl->left)) {
		nl->left = 0;
		*rc = iv_fail(-EBADMSG, NULL, "netlink: get an answer");
		return NULL;
	}
	nl->at = nlmsg_next(nlh, &nl->left);
	return nlh;
}

/**
 * iv_netlink_pending() - whether there is a message that has been received, but not looked at
 * @nl: the socket
 *
 * If so, there may be nothing that poll(2) would see, although iv_netlink_event() has something.
 *
 * Return: whether there is one.
 */
bool iv_netlink_pending(const struct iv_netlink *nl)
{
	return nl->left > 0;
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

/* What the kernel says in words is better than what we can. */
static int request_failed(const struct iv_netlink *nl, int rc)
{
	const struct iv_hint hints[] = { { nl->error[0] ? -rc : 0, nl->error }, {} };

	return iv_fail(rc, nl->error[0] ? hints : request_hints, "iommufd");
}

static struct iv_attrs message_attrs(struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = nlmsg_data(nlh);

	if (!genlmsg_valid_hdr(nlh, 0))
		return (struct iv_attrs){};
	return (struct iv_attrs){
		.data = genlmsg_attrdata(genl, 0),
		.size = genlmsg_attrlen(genl, 0),
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
 *
 * Return: 0, the kernel's negative errno, or what @fn has returned.
 */
int iv_netlink_collect(struct iv_netlink *nl, bool *interrupted, iv_netlink_fn fn, void *data)
{
	struct nlmsghdr *nlh;
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
			return rc ? request_failed(nl, rc) : ended;
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

/**
 * iv_netlink_revoke() - take a device from all who have it open
 * @nl: the socket
 * @device: its name, vfioN
 *
 * Return: 0; -ENODEV if there is no such device; -EPERM without CAP_SYS_ADMIN and CAP_NET_ADMIN; or
 * another negative errno.
 */
int iv_netlink_revoke(struct iv_netlink *nl, const char *device)
{
	const struct iv_filter filter = { .attr = IOMMUFD_A_DEVICE_NAME, .name = device };
	int rc = iv_netlink_request(nl, IOMMUFD_NL_CMD_DEVICE_REVOKE, NLM_F_ACK, &filter, 1);

	return rc ?: iv_netlink_collect(nl, NULL, NULL, NULL);
}

/**
 * iv_netlink_listen() - let events come
 * @nl: the socket, which is no longer for requests
 *
 * It hears also of families that come and go, as iommufd's goes when it is unloaded.
 *
 * Return: 0; -EPERM without CAP_NET_ADMIN; or another negative errno.
 */
int iv_netlink_listen(struct iv_netlink *nl)
{
	int rc, families;

	errno = 0;
	families = genl_ctrl_resolve_grp(nl->sock, "nlctrl", "notify");
	rc = families < 0 ? families : nl_socket_add_memberships(nl->sock, families, nl->events, 0);
	return rc ? iv_fail(error_of(rc), request_hints, "iommufd: listen to events") : 0;
}

/* Whether a message says that our family is gone, and its events with it */
static bool is_farewell(struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = nlmsg_data(nlh);
	const struct nlattr *name;
	struct iv_attrs attrs;

	if (nlh->nlmsg_type != GENL_ID_CTRL || !genlmsg_valid_hdr(nlh, 0) ||
	    genl->cmd != CTRL_CMD_DELFAMILY)
		return false;
	attrs = message_attrs(nlh);
	name = iv_attr_find(&attrs, CTRL_ATTR_FAMILY_NAME);
	return name && !strcmp(iv_attr_string(name, NULL), IOMMUFD_FAMILY_NAME);
}

/**
 * iv_netlink_event() - wait for an event
 * @nl: a socket that listens
 * @attrs: set to what the event says, until the next call
 *
 * What wakes poll(2) need not be an event. So who may not wait gives @fd of the socket O_NONBLOCK.
 *
 * Return: 0; -ENOBUFS: events were lost, since this program was too slow; -ENODEV: iommufd was
 * unloaded, and no event comes any more; -EAGAIN: there is none, with O_NONBLOCK; another errno.
 */
int iv_netlink_event(struct iv_netlink *nl, struct iv_attrs *attrs)
{
	struct nlmsghdr *nlh;
	int rc = 0;

	do {
		nlh = receive(nl, &rc);
		if (nlh && is_farewell(nlh))
			return iv_fail(-ENODEV, event_hints, "iommufd: wait for an event");
	} while (nlh && nlh->nlmsg_type != nl->family);
	if (nlh)
		*attrs = message_attrs(nlh);
	return rc;
}

static int find_family(struct iv_netlink *nl)
{
	errno = 0;
	nl->family = genl_ctrl_resolve(nl->sock, IOMMUFD_FAMILY_NAME);
	if (nl->family < 0)
		return iv_fail(error_of(nl->family), family_hints, "iommufd: look for it");
	nl->events = genl_ctrl_resolve_grp(nl->sock, IOMMUFD_FAMILY_NAME, IOMMUFD_MCGRP_EVENTS);
	if (nl->events < 0)
		return iv_fail(error_of(nl->events), family_hints, "iommufd: look for its events");
	return 0;
}

static int setup_socket(struct iv_netlink *nl)
{
	const int on = 1;
	int rc;

	nl_socket_disable_auto_ack(nl->sock);
	nl_socket_disable_msg_peek(nl->sock);
	errno = 0;
	rc = genl_connect(nl->sock);
	if (rc)
		return iv_fail(error_of(rc), NULL, "netlink: open a socket");
	nl->fd = nl_socket_get_fd(nl->sock);
	/* Kernels know these for long; without them errors are just not told in words. */
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	errno = 0;
	rc = nl_socket_set_buffer_size(nl->sock, RECEIVE_BUFFER, 0);
	rc = rc ?: nl_socket_set_msg_buf_size(nl->sock, DATAGRAM_MAX);
	return rc ? iv_fail(error_of(rc), NULL, "netlink: set up a socket") : 0;
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

	memset(nl, 0, sizeof(*nl));
	nl->fd = -1;
	nl->sock = nl_socket_alloc();
	if (!nl->sock)
		return iv_fail(-ENOMEM, NULL, "netlink: open a socket");
	rc = setup_socket(nl) ?: find_family(nl);
	if (rc)
		iv_netlink_close(nl);
	return rc;
}

/**
 * iv_netlink_close() - undo iv_netlink_open()
 * @nl: the socket
 */
void iv_netlink_close(struct iv_netlink *nl)
{
	nl_socket_free(nl->sock);
	free(nl->buffer);
	memset(nl, 0, sizeof(*nl));
	nl->fd = -1;
}
