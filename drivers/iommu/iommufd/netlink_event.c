// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events. They may be sent with any locks held and from atomic context, but not from a hard
 * interrupt: nothing sleeps, and nobody waits for a listener. A listener that is too slow, or for
 * whom there is no memory, loses events and is told so with -ENOBUFS.
 *
 * Where nobody has ever listened, an event costs a look at a flag; where nobody listens any more,
 * one at netlink's bitmap.
 */
#include <linux/device.h>
#include <linux/user_namespace.h>

#include "netlink.h"

/* All attributes of an event fit. */
#define EVENT_SIZE	512

/* Names of devices and reasons are cut to this. */
#define STRING_MAX	80

/**
 * struct event - an event on its way
 * @skb: the message
 * @header: of the message
 */
struct event {
	struct sk_buff *skb;
	void *header;
};

bool iommufd_events_wanted;

/*
 * Called when a socket joins a group. It stays so: netlink tells of listeners before they count,
 * and again of those who have asked twice.
 */
int iommufd_events_want(int group)
{
	WRITE_ONCE(iommufd_events_wanted, true);
	return 0;
}

static void event_lost(void)
{
	genl_set_err(&iommufd_nl_family, &init_net, 0, IOMMUFD_NLGRP_EVENTS, -ENOBUFS);
}

static bool event_begin(struct event *event, enum iommufd_event_kind kind)
{
	if (likely(!iommufd_events_are_wanted()) ||
	    !genl_has_listeners(&iommufd_nl_family, &init_net, IOMMUFD_NLGRP_EVENTS))
		return false;
	event->skb = genlmsg_new(EVENT_SIZE, GFP_NOWAIT | __GFP_NOWARN);
	if (!event->skb) {
		event_lost();
		return false;
	}
	event->header = genlmsg_put(event->skb, 0, 0, &iommufd_nl_family, 0, IOMMUFD_NL_CMD_EVENT);
	if (event->header && !nla_put_u32(event->skb, IOMMUFD_A_EVENT_KIND, kind))
		return true;
	nlmsg_free(event->skb);
	event_lost();
	return false;
}

static void event_send(struct event *event, bool failed)
{
	if (failed) {
		nlmsg_free(event->skb);
		event_lost();
		return;
	}
	genlmsg_end(event->skb, event->header);
	/* Not GFP_KERNEL: that would give way to listeners that have fallen behind. */
	genlmsg_multicast_netns(&iommufd_nl_family, &init_net, event->skb, 0,
				IOMMUFD_NLGRP_EVENTS, GFP_NOWAIT | __GFP_NOWARN);
}

static bool put_text(struct event *event, int attr, const char *text)
{
	struct nlattr *nla;
	size_t length = strnlen(text, STRING_MAX);

	nla = nla_reserve(event->skb, attr, length + 1);
	if (!nla)
		return true;
	memcpy(nla_data(nla), text, length);
	((char *)nla_data(nla))[length] = 0;
	return false;
}

static bool put_node(struct event *event, unsigned int nr)
{
	char name[16];

	iommufd_node_name(nr, name, sizeof(name));
	return put_text(event, IOMMUFD_A_EVENT_DEVICE, name);
}

/* The device of an endpoint, by all names that there are. */
static bool put_endpoint(struct event *event, const struct iommufd_endpoint *ep,
			 const struct iommufd_endpoint_state *state)
{
	unsigned int node = READ_ONCE(ep->node);

	return nla_put_u32(event->skb, IOMMUFD_A_EVENT_CTX, ep->obj.ictx->intro->id) ||
	       nla_put_u32(event->skb, IOMMUFD_A_EVENT_ENDPOINT, ep->obj.id) ||
	       (node && put_node(event, node - 1)) ||
	       (state->dev && put_text(event, IOMMUFD_A_EVENT_PARENT, dev_name(state->dev)));
}

/**
 * iommufd_event_ctx() - a context was opened, or is gone
 * @ictx: the context
 * @kind: which of them
 */
void iommufd_event_ctx(struct iommufd_ctx *ictx, enum iommufd_event_kind kind)
{
	const struct iommufd_introspection *intro = ictx->intro;
	struct event event;

	if (event_begin(&event, kind))
		event_send(&event,
			   nla_put_u32(event.skb, IOMMUFD_A_EVENT_CTX, intro->id) ||
			   nla_put_u32(event.skb, IOMMUFD_A_EVENT_PID, intro->pid) ||
			   put_text(&event, IOMMUFD_A_EVENT_COMM, intro->comm) ||
			   nla_put_u32(event.skb, IOMMUFD_A_EVENT_UID,
				       from_kuid_munged(&init_user_ns, intro->uid)));
}

/**
 * iommufd_event_node() - something has happened to a device that vfio offers
 * @node: the device
 * @kind: what
 * @ep: the right to do DMA that it concerns, or NULL
 */
void iommufd_event_node(struct iommufd_node *node, enum iommufd_event_kind kind,
			struct iommufd_endpoint *ep)
{
	struct event event;

	if (event_begin(&event, kind))
		event_send(&event,
			   put_node(&event, node->nr) ||
			   put_text(&event, IOMMUFD_A_EVENT_PARENT, dev_name(node->dev)) ||
			   (ep && (nla_put_u32(event.skb, IOMMUFD_A_EVENT_CTX,
					       ep->obj.ictx->intro->id) ||
				   nla_put_u32(event.skb, IOMMUFD_A_EVENT_ENDPOINT, ep->obj.id))));
}

/* iommufd_event_endpoint(), if there may be listeners */
void __iommufd_event_endpoint(struct iommufd_endpoint *ep, enum iommufd_event_kind kind, u32 pasid,
			      u32 pt_id)
{
	struct iommufd_endpoint_state state;
	struct event event;
	int pt_attr;

	if (!event_begin(&event, kind))
		return;
	iommufd_endpoint_describe(ep, &state);
	pt_attr = state.kind == IOMMUFD_ENDPOINT_KIND_ACCESS ? IOMMUFD_A_EVENT_IOAS :
							       IOMMUFD_A_EVENT_HWPT;
	event_send(&event,
		   put_endpoint(&event, ep, &state) ||
		   (pasid && nla_put_u32(event.skb, IOMMUFD_A_EVENT_PASID, pasid)) ||
		   (pt_id && nla_put_u32(event.skb, pt_attr, pt_id)));
}

/**
 * iommufd_event_refused() - a context doesn't get a device
 * @ictx: the context
 * @node: the device as vfio offers it, or NULL
 * @dev: the device behind it
 * @rc: what the user is told
 * @reason: the same in words, more precisely
 */
void iommufd_event_refused(struct iommufd_ctx *ictx, struct iommufd_node *node,
			   struct device *dev, int rc, const char *reason)
{
	struct event event;

	if (event_begin(&event, IOMMUFD_EVENT_KIND_BIND_REFUSED))
		event_send(&event,
			   nla_put_u32(event.skb, IOMMUFD_A_EVENT_CTX, ictx->intro->id) ||
			   (node && put_node(&event, node->nr)) ||
			   put_text(&event, IOMMUFD_A_EVENT_PARENT, dev_name(dev)) ||
			   nla_put_u32(event.skb, IOMMUFD_A_EVENT_ERRNO, -rc) ||
			   put_text(&event, IOMMUFD_A_EVENT_REASON, reason));
}

/**
 * iommufd_event_fault() - a device requests a page
 * @ep: the device's endpoint
 * @hwpt_id: of the page table
 * @pasid: of the request, or IOMMU_NO_PASID
 * @address: of the page
 */
void iommufd_event_fault(const struct iommufd_endpoint *ep, u32 hwpt_id, u32 pasid, u64 address)
{
	static const struct iommufd_endpoint_state nothing;
	struct event event;

	if (event_begin(&event, IOMMUFD_EVENT_KIND_FAULT))
		event_send(&event,
			   put_endpoint(&event, ep, &nothing) ||
			   nla_put_u32(event.skb, IOMMUFD_A_EVENT_HWPT, hwpt_id) ||
			   (pasid && nla_put_u32(event.skb, IOMMUFD_A_EVENT_PASID, pasid)) ||
			   nla_put_uint(event.skb, IOMMUFD_A_EVENT_ADDRESS, address));
}

/**
 * iommufd_event_quota() - a limit was hit
 * @ictx: in which context
 * @quota: which limit
 */
void iommufd_event_quota(struct iommufd_ctx *ictx, enum iommufd_quota quota)
{
	struct event event;

	if (event_begin(&event, IOMMUFD_EVENT_KIND_QUOTA))
		event_send(&event,
			   nla_put_u32(event.skb, IOMMUFD_A_EVENT_CTX, ictx->intro->id) ||
			   nla_put_u32(event.skb, IOMMUFD_A_EVENT_QUOTA, quota));
}
