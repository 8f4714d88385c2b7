/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dumps: how they go over what there is, a piece at a time.
 *
 * A dump is resumed by numbers, never by pointers: what vanishes in between is passed over, and
 * what comes may be in it or not. Its messages then say that it was interrupted.
 */
#ifndef __IOMMUFD_NETLINK_H
#define __IOMMUFD_NETLINK_H

#include "introspect.h"
#include "netlink_gen.h"

/**
 * struct iommufd_dump_place - how far a dump has come; kept from one piece to the next
 * @started: the first piece is done
 * @ctx: the context to go on with
 * @id: the object in it, or the next one
 * @seen: how often the inside of that object had changed
 * @inside: where to go on in it; 0: at its start
 */
struct iommufd_dump_place {
	bool started;
	u32 ctx;
	u32 id;
	u32 seen;
	u64 inside;
};

struct iommufd_dump;

typedef int (*iommufd_dump_ctx_fn)(struct iommufd_dump *dump, struct iommufd_ctx *ictx);
typedef int (*iommufd_dump_object_fn)(struct iommufd_dump *dump, struct iommufd_object *obj);

/**
 * struct iommufd_dump - a piece of a dump
 * @skb: where it goes
 * @cb: netlink's side
 * @place: where it goes on
 * @cmd: what is dumped
 * @ctx: of this context only; 0: of all
 * @id: this object only; 0: all
 * @header: of the message that is being made
 * @types: of objects: a bit for each enum iommufd_object_type that is wanted
 * @fill: puts what is to be told of an object
 */
struct iommufd_dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	struct iommufd_dump_place *place;
	u8 cmd;
	u32 ctx;
	u32 id;
	void *header;
	unsigned long types;
	iommufd_dump_object_fn fill;
};

void iommufd_dump_init(struct iommufd_dump *dump, struct sk_buff *skb, struct netlink_callback *cb,
		       int ctx_attr, int id_attr);
int iommufd_dump_message(struct iommufd_dump *dump);
int iommufd_dump_message_end(struct iommufd_dump *dump, bool failed);
int iommufd_dump_contexts(struct iommufd_dump *dump, iommufd_dump_ctx_fn fill);
int iommufd_dump_objects(struct iommufd_dump *dump, unsigned long types,
			 iommufd_dump_object_fn fill);

int iommufd_events_want(int group);

/* What an endpoint is: netlink_endpoint.c */

/**
 * struct iommufd_endpoint_state - an endpoint at one moment
 * @kind: by whom DMA is done
 * @dev: what does DMA, if that is hardware; stays as long as the endpoint
 * @group: its IOMMU group, if @dev is there
 * @hwpt: the page table that it is attached to, or 0
 * @ioas: the IOAS that it is attached to without page table, or 0
 * @pasid: of its own, or 0
 */
struct iommufd_endpoint_state {
	enum iommufd_endpoint_kind kind;
	struct device *dev;
	int group;
	u32 hwpt;
	u32 ioas;
	u32 pasid;
};

void iommufd_endpoint_describe(struct iommufd_endpoint *ep, struct iommufd_endpoint_state *state);

#endif
