// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family "iommufd", and what its dumps have in common.
 * Documentation/netlink/specs/iommufd.yaml describes it.
 */
#include <linux/sched/signal.h>

#include "netlink.h"

static u32 filter(const struct genl_info *info, int attr)
{
	return attr && info->attrs[attr] ? nla_get_u32(info->attrs[attr]) : 0;
}

/**
 * iommufd_dump_init() - begin a piece of a dump
 * @dump: to fill
 * @skb: where it goes
 * @cb: netlink's side
 * @ctx_attr: of the request, which context is wanted; 0: there is none
 * @id_attr: likewise which object
 */
void iommufd_dump_init(struct iommufd_dump *dump, struct sk_buff *skb, struct netlink_callback *cb,
		       int ctx_attr, int id_attr)
{
	const struct genl_info *info = genl_info_dump(cb);

	static_assert(sizeof(struct iommufd_dump_place) <=
		      sizeof_field(struct netlink_callback, ctx));
	dump->skb = skb;
	dump->cb = cb;
	dump->place = (void *)cb->ctx;
	dump->cmd = info->genlhdr->cmd;
	dump->ctx = filter(info, ctx_attr);
	dump->id = filter(info, id_attr);
	cb->seq = iommufd_introspect_generation();
}

/**
 * iommufd_dump_message() - begin a message
 * @dump: the dump
 *
 * In any case iommufd_dump_message_end() is to be called.
 *
 * Return: 0, or -EMSGSIZE if there is no room.
 */
int iommufd_dump_message(struct iommufd_dump *dump)
{
	struct netlink_callback *cb = dump->cb;

	dump->header = genlmsg_put(dump->skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				   &iommufd_nl_family, NLM_F_MULTI, dump->cmd);
	if (!dump->header)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, dump->header);
	return 0;
}

/**
 * iommufd_dump_message_end() - end a message
 * @dump: the dump
 * @failed: there was no room for it, or for its beginning
 *
 * Return: 0, or -EMSGSIZE if it failed: then it will be made again.
 */
int iommufd_dump_message_end(struct iommufd_dump *dump, bool failed)
{
	if (failed) {
		/* Nothing is done to a message that was not begun. */
		genlmsg_cancel(dump->skb, dump->header);
		return -EMSGSIZE;
	}
	genlmsg_end(dump->skb, dump->header);
	return 0;
}

/* The context to go on with, under a view; NULL at the end. ERR_PTR if there is no such context. */
static struct iommufd_ctx *next_context(struct iommufd_dump *dump)
{
	struct iommufd_dump_place *place = dump->place;
	struct iommufd_ctx *ictx;

	if (dump->ctx && place->ctx > dump->ctx)
		return NULL;
	ictx = iommufd_ctx_view_next(dump->ctx ?: place->ctx);
	if (ictx && dump->ctx && ictx->intro->id != dump->ctx) {
		iommufd_view_end(&ictx->intro->views);
		ictx = NULL;
	}
	if (!ictx && dump->ctx && !place->started) {
		NL_SET_ERR_MSG(dump->cb->extack, "there is no context of this number");
		return ERR_PTR(-ENOENT);
	}
	/* What is outside of the wanted context doesn't interrupt the dump, but its end does. */
	if (dump->ctx)
		dump->cb->seq = ictx ? atomic_read(&ictx->intro->generation) : ~dump->cb->prev_seq;
	if (ictx && place->ctx != ictx->intro->id) {
		place->ctx = ictx->intro->id;
		place->id = 0;
		place->inside = 0;
	}
	place->started = true;
	return ictx;
}

/**
 * iommufd_dump_contexts() - go over contexts
 * @dump: the dump
 * @fill: puts what is to be told of a context; -EMSGSIZE if there is more than there is room for
 *
 * Return: 0 at the end, or an errno.
 */
int iommufd_dump_contexts(struct iommufd_dump *dump, iommufd_dump_ctx_fn fill)
{
	struct iommufd_ctx *ictx;
	int rc;

	for (;;) {
		ictx = next_context(dump);
		if (IS_ERR_OR_NULL(ictx))
			return PTR_ERR_OR_ZERO(ictx);
		rc = fill(dump, ictx);
		iommufd_view_end(&ictx->intro->views);
		if (rc)
			return rc;
		dump->place->ctx++;
		dump->place->id = 0;
		dump->place->inside = 0;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
}

/* Puts the objects of one context. */
static int dump_objects_of(struct iommufd_dump *dump, struct iommufd_ctx *ictx)
{
	struct iommufd_dump_place *place = dump->place;
	struct iommufd_object *obj;
	int rc = 0;

	while (!rc && place->id <= INT_MAX) {
		obj = iommufd_object_view_next(ictx, max(place->id, dump->id), dump->types);
		if (!obj)
			break;
		if (place->id != obj->id) {
			place->id = obj->id;
			place->inside = 0;
		}
		if (!dump->id || dump->id == obj->id)
			rc = dump->fill(dump, obj);
		iommufd_view_end(&obj->views);
		if (rc)
			break;
		place->id = dump->id ? INT_MAX + 1U : place->id + 1;
		place->inside = 0;
		if (fatal_signal_pending(current))
			rc = -EINTR;
		cond_resched();
	}
	return rc;
}

/**
 * iommufd_dump_objects() - go over objects
 * @dump: the dump
 * @types: a bit for each enum iommufd_object_type that is wanted
 * @fill: as for iommufd_dump_contexts(), of an object
 *
 * Return: as iommufd_dump_contexts().
 */
int iommufd_dump_objects(struct iommufd_dump *dump, unsigned long types,
			 iommufd_dump_object_fn fill)
{
	dump->types = types;
	dump->fill = fill;
	return iommufd_dump_contexts(dump, dump_objects_of);
}

int __init iommufd_netlink_init(void)
{
	/* The kernel's generator has no word for it. */
	iommufd_nl_family.bind = iommufd_events_want;
	return genl_register_family(&iommufd_nl_family);
}

void iommufd_netlink_exit(void)
{
	genl_unregister_family(&iommufd_nl_family);
}
