/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The generic netlink family "iommufd": asking what there is, and hearing what happens. Its
 * description is Documentation/netlink/specs/iommufd.yaml; names of attributes are in
 * <linux/iommufd_netlink.h>.
 *
 * A socket is used by one thread at a time. Functions return 0 (or what they say) on success and a
 * negative errno otherwise; what the kernel says of an error in words is in the socket's @error,
 * and in iv_error_message().
 */
#ifndef IV_NETLINK_H
#define IV_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/netlink.h>
#include <linux/iommufd_netlink.h>

#ifdef __cplusplus
extern "C" {
#endif

struct nl_sock;

/**
 * struct iv_netlink - a socket
 * @fd: its descriptor, for poll(2); see iv_netlink_pending()
 * @family: the family's number
 * @events: the number of its multicast group
 * @seq: of the last request
 * @error: what the kernel has said of the last failure, or ""
 * @sock: libnl's side
 * @buffer: what was received last
 * @at: the next message in it
 * @left: bytes from there on
 */
struct iv_netlink {
	int fd;
	int family;
	int events;
	uint32_t seq;
	char error[160];
	struct nl_sock *sock;
	unsigned char *buffer;
	struct nlmsghdr *at;
	int left;
};

/**
 * struct iv_attrs - attributes, one behind the other
 * @data: the first
 * @size: of all, in bytes
 */
struct iv_attrs {
	const void *data;
	size_t size;
};

/**
 * struct iv_filter - which objects are wanted
 * @attr: the attribute that says so
 * @number: its value
 * @name: its value, if it is a string; else NULL
 */
struct iv_filter {
	uint16_t attr;
	uint32_t number;
	const char *name;
};

/*
 * Gets the attributes of one message, which are valid until it returns. What it returns but for 0
 * ends the dump.
 */
typedef int (*iv_netlink_fn)(const struct iv_attrs *attrs, void *data);

int iv_netlink_open(struct iv_netlink *nl);
void iv_netlink_close(struct iv_netlink *nl);
int iv_netlink_send(struct iv_netlink *nl, uint16_t type, uint16_t flags, const void *payload,
		    size_t size);
int iv_netlink_request(struct iv_netlink *nl, uint8_t cmd, uint16_t flags,
		       const struct iv_filter *filters, unsigned int count);
int iv_netlink_collect(struct iv_netlink *nl, bool *interrupted, iv_netlink_fn fn, void *data);
int iv_netlink_dump(struct iv_netlink *nl, uint8_t cmd, const struct iv_filter *filters,
		    unsigned int count, iv_netlink_fn fn, void *data);
int iv_netlink_revoke(struct iv_netlink *nl, const char *device);
int iv_netlink_listen(struct iv_netlink *nl);
bool iv_netlink_pending(const struct iv_netlink *nl);
int iv_netlink_event(struct iv_netlink *nl, struct iv_attrs *attrs);

/* Attributes */

const struct nlattr *iv_attr_next(const struct iv_attrs *attrs, const struct nlattr *attr);
const struct nlattr *iv_attr_find(const struct iv_attrs *attrs, uint16_t type);
uint16_t iv_attr_type(const struct nlattr *attr);
uint64_t iv_attr_number(const struct nlattr *attr);
const char *iv_attr_string(const struct nlattr *attr, size_t *length);
struct iv_attrs iv_attr_nested(const struct nlattr *attr);
uint64_t iv_attrs_number(const struct iv_attrs *attrs, uint16_t type, uint64_t missing);

#ifdef __cplusplus
}
#endif

#endif
