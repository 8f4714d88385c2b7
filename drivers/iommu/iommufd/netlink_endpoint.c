// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dumps of what does DMA in a context: endpoints, their PASIDs, and the queues for page requests.
 */
#include <linux/device.h>

#include "access.h"
#include "netlink.h"
#include "pasid.h"

static void describe_hardware(struct iommufd_device *idev, struct iommufd_endpoint_state *state)
{
	const struct iommufd_pasid *own;

	state->dev = idev->dev;
	state->group = iommu_group_id(idev->group->group);
	state->pasid = idev->own_pasid;
	if (!state->pasid) {
		state->kind = IOMMUFD_ENDPOINT_KIND_DEVICE;
		state->hwpt = READ_ONCE(idev->attached) ? READ_ONCE(idev->group->hwpt_id) : 0;
		return;
	}
	state->kind = IOMMUFD_ENDPOINT_KIND_PASID;
	guard(rcu)();
	own = xa_load(&idev->group->pasids, state->pasid);
	if (own && READ_ONCE(own->idev) == idev)
		state->hwpt = READ_ONCE(own->hwpt_id);
}

/**
 * iommufd_endpoint_describe() - what an endpoint is, and where it is attached
 * @ep: the endpoint, under a view or a reference
 * @state: to fill
 *
 * Takes no locks, since those are held while IOMMU drivers are called.
 */
void iommufd_endpoint_describe(struct iommufd_endpoint *ep, struct iommufd_endpoint_state *state)
{
	memset(state, 0, sizeof(*state));
	if (ep->obj.type == IOMMUFD_OBJ_DEVICE) {
		describe_hardware(device_from_endpoint(ep), state);
		return;
	}
	state->kind = IOMMUFD_ENDPOINT_KIND_ACCESS;
	state->ioas = READ_ONCE(container_of(ep, struct iommufd_access, ep)->ioas_id);
}

static int put_node(struct sk_buff *skb, const struct iommufd_endpoint *ep)
{
	unsigned int node = READ_ONCE(ep->node);
	char name[16];

	if (!node)
		return 0;
	iommufd_node_name(node - 1, name, sizeof(name));
	return nla_put_string(skb, IOMMUFD_A_ENDPOINT_DEVICE, name);
}

static int put_endpoint_state(struct sk_buff *skb, const struct iommufd_endpoint_state *state)
{
	if (nla_put_u32(skb, IOMMUFD_A_ENDPOINT_KIND, state->kind))
		return -EMSGSIZE;
	if (state->dev && (nla_put_string(skb, IOMMUFD_A_ENDPOINT_PARENT, dev_name(state->dev)) ||
			   nla_put_u32(skb, IOMMUFD_A_ENDPOINT_GROUP, state->group)))
		return -EMSGSIZE;
	if (state->hwpt && nla_put_u32(skb, IOMMUFD_A_ENDPOINT_HWPT, state->hwpt))
		return -EMSGSIZE;
	if (state->ioas && nla_put_u32(skb, IOMMUFD_A_ENDPOINT_IOAS, state->ioas))
		return -EMSGSIZE;
	if (state->pasid && nla_put_u32(skb, IOMMUFD_A_ENDPOINT_PASID, state->pasid))
		return -EMSGSIZE;
	return 0;
}

static int fill_endpoint(struct iommufd_dump *dump, struct iommufd_object *obj)
{
	struct iommufd_endpoint *ep = container_of(obj, struct iommufd_endpoint, obj);
	struct iommufd_endpoint_state state;
	struct sk_buff *skb = dump->skb;
	bool failed;

	iommufd_endpoint_describe(ep, &state);
	failed = iommufd_dump_message(dump) ||
		 nla_put_u32(skb, IOMMUFD_A_ENDPOINT_CTX, obj->ictx->intro->id) ||
		 nla_put_u32(skb, IOMMUFD_A_ENDPOINT_ID, obj->id) || put_node(skb, ep) ||
		 put_endpoint_state(skb, &state);
	return iommufd_dump_message_end(dump, failed);
}

int iommufd_nl_endpoint_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct iommufd_dump dump;

	iommufd_dump_init(&dump, skb, cb, IOMMUFD_A_ENDPOINT_CTX, IOMMUFD_A_ENDPOINT_ID);
	return iommufd_dump_objects(&dump, BIT(IOMMUFD_OBJ_DEVICE) | BIT(IOMMUFD_OBJ_ACCESS),
				    fill_endpoint);
}

static enum iommufd_pasid_kind pasid_kind(const struct iommufd_device *idev,
					  const struct iommufd_pasid *entry)
{
	if (entry->pasid == idev->own_pasid)
		return IOMMUFD_PASID_KIND_OWN;
	return entry->implicit ? IOMMUFD_PASID_KIND_IMPLICIT : IOMMUFD_PASID_KIND_ALLOCATED;
}

static int put_pasid(struct sk_buff *skb, const struct iommufd_device *idev,
		     const struct iommufd_pasid *entry)
{
	u32 hwpt = READ_ONCE(entry->hwpt_id);

	if (nla_put_u32(skb, IOMMUFD_A_PASID_CTX, idev->ep.obj.ictx->intro->id) ||
	    nla_put_u32(skb, IOMMUFD_A_PASID_PASID, entry->pasid) ||
	    nla_put_u32(skb, IOMMUFD_A_PASID_ENDPOINT, idev->ep.obj.id) ||
	    nla_put_u32(skb, IOMMUFD_A_PASID_KIND, pasid_kind(idev, entry)) ||
	    nla_put_u32(skb, IOMMUFD_A_PASID_SCOPE, entry->shared ? IOMMUFD_PASID_SCOPE_SHARED :
								     IOMMUFD_PASID_SCOPE_EXCLUSIVE))
		return -EMSGSIZE;
	if (entry->obj.id && nla_put_u32(skb, IOMMUFD_A_PASID_ID, entry->obj.id))
		return -EMSGSIZE;
	if (entry->guest && nla_put_u32(skb, IOMMUFD_A_PASID_GUEST, entry->guest))
		return -EMSGSIZE;
	return hwpt ? nla_put_u32(skb, IOMMUFD_A_PASID_HWPT, hwpt) : 0;
}

/* Puts the PASIDs of one endpoint. Their table is that of its group in this context. */
static int fill_pasids(struct iommufd_dump *dump, struct iommufd_object *obj)
{
	struct iommufd_device *idev = device_from_object(obj);
	unsigned long pasid = dump->place->inside;
	const struct iommufd_pasid *entry;
	bool failed;
	int rc = 0;

	guard(rcu)();
	xa_for_each_start(&idev->group->pasids, pasid, entry, dump->place->inside) {
		if (READ_ONCE(entry->idev) != idev)
			continue;
		failed = iommufd_dump_message(dump) || put_pasid(dump->skb, idev, entry);
		rc = iommufd_dump_message_end(dump, failed);
		if (rc)
			break;
	}
	dump->place->inside = pasid;
	return rc;
}

int iommufd_nl_pasid_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct iommufd_dump dump;

	iommufd_dump_init(&dump, skb, cb, IOMMUFD_A_PASID_CTX, IOMMUFD_A_PASID_ENDPOINT);
	return iommufd_dump_objects(&dump, BIT(IOMMUFD_OBJ_DEVICE), fill_pasids);
}

static int fill_fault_queue(struct iommufd_dump *dump, struct iommufd_object *obj)
{
	struct iommufd_fault_queue_state state;
	struct sk_buff *skb = dump->skb;
	bool failed;

	iommufd_fault_queue_describe(obj, &state);
	failed = iommufd_dump_message(dump) ||
		 nla_put_u32(skb, IOMMUFD_A_FAULT_QUEUE_CTX, obj->ictx->intro->id) ||
		 nla_put_u32(skb, IOMMUFD_A_FAULT_QUEUE_ID, obj->id) ||
		 nla_put_u32(skb, IOMMUFD_A_FAULT_QUEUE_PENDING, state.pending) ||
		 nla_put_u32(skb, IOMMUFD_A_FAULT_QUEUE_LIMIT, IOMMUFD_FAULT_QUEUE_MAX) ||
		 (state.closed && nla_put_flag(skb, IOMMUFD_A_FAULT_QUEUE_CLOSED));
	return iommufd_dump_message_end(dump, failed);
}

int iommufd_nl_fault_queue_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct iommufd_dump dump;

	iommufd_dump_init(&dump, skb, cb, IOMMUFD_A_FAULT_QUEUE_CTX, IOMMUFD_A_FAULT_QUEUE_ID);
	return iommufd_dump_objects(&dump, BIT(IOMMUFD_OBJ_FAULT_QUEUE), fill_fault_queue);
}
