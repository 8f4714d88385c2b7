// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dump of devices that vfio offers, and taking one from its users.
 */
#include <linux/capability.h>
#include <linux/device.h>
#include <linux/iommu.h>

#include "netlink.h"

static enum iommufd_device_state device_state(const struct iommufd_node *node,
					      const struct iommufd_endpoint_state *ep)
{
	if (node->endpoint)
		return ep->hwpt || ep->ioas ? IOMMUFD_DEVICE_STATE_ATTACHED :
					      IOMMUFD_DEVICE_STATE_BOUND;
	if (node->files)
		return node->unprotected ? IOMMUFD_DEVICE_STATE_UNPROTECTED :
					   IOMMUFD_DEVICE_STATE_PARKED;
	return node->revoked_files ? IOMMUFD_DEVICE_STATE_REVOKED : IOMMUFD_DEVICE_STATE_IDLE;
}

static int put_identity(struct sk_buff *skb, const struct iommufd_node *node, const char *name)
{
	struct iommu_group *group;
	int group_id;

	if (nla_put_string(skb, IOMMUFD_A_DEVICE_NAME, name) ||
	    nla_put_string(skb, IOMMUFD_A_DEVICE_PARENT, dev_name(node->dev)))
		return -EMSGSIZE;
	if (node->dev->bus && nla_put_string(skb, IOMMUFD_A_DEVICE_BUS, node->dev->bus->name))
		return -EMSGSIZE;
	if (node->driver && nla_put_string(skb, IOMMUFD_A_DEVICE_DRIVER, node->driver))
		return -EMSGSIZE;
	group = iommu_group_get(node->dev);
	if (!group)
		return 0;
	group_id = iommu_group_id(group);
	iommu_group_put(group);
	return nla_put_u32(skb, IOMMUFD_A_DEVICE_GROUP, group_id);
}

static int put_users(struct sk_buff *skb, const struct iommufd_node *node)
{
	if (nla_put_u32(skb, IOMMUFD_A_DEVICE_FILES, node->files) ||
	    nla_put_u32(skb, IOMMUFD_A_DEVICE_REVOKED_FILES, node->revoked_files))
		return -EMSGSIZE;
	if (!node->files)
		return 0;
	return nla_put_u32(skb, IOMMUFD_A_DEVICE_PID, node->pid) ||
	       nla_put_string(skb, IOMMUFD_A_DEVICE_COMM, node->comm);
}

static int put_endpoint(struct sk_buff *skb, const struct iommufd_endpoint *ep,
			const struct iommufd_endpoint_state *state)
{
	if (nla_put_u32(skb, IOMMUFD_A_DEVICE_CTX, ep->obj.ictx->intro->id) ||
	    nla_put_u32(skb, IOMMUFD_A_DEVICE_ENDPOINT, ep->obj.id) ||
	    nla_put_u32(skb, IOMMUFD_A_DEVICE_KIND, state->kind))
		return -EMSGSIZE;
	if (state->hwpt && nla_put_u32(skb, IOMMUFD_A_DEVICE_HWPT, state->hwpt))
		return -EMSGSIZE;
	return state->ioas ? nla_put_u32(skb, IOMMUFD_A_DEVICE_IOAS, state->ioas) : 0;
}

static int fill_device(struct iommufd_dump *dump, const struct iommufd_node *node,
		       const char *name)
{
	struct iommufd_endpoint_state state = {};
	struct sk_buff *skb = dump->skb;
	bool failed;

	if (node->endpoint)
		iommufd_endpoint_describe(node->endpoint, &state);
	failed = iommufd_dump_message(dump) || put_identity(skb, node, name) ||
		 put_users(skb, node) ||
		 nla_put_u32(skb, IOMMUFD_A_DEVICE_STATE, device_state(node, &state));
	if (!failed && node->endpoint)
		failed = put_endpoint(skb, node->endpoint, &state);
	return iommufd_dump_message_end(dump, failed);
}

static bool is_wanted(const struct iommufd_dump *dump, const struct iommufd_node *node,
		      const char *name)
{
	const struct nlattr *attr = genl_info_dump(dump->cb)->attrs[IOMMUFD_A_DEVICE_NAME];

	if (attr && nla_strcmp(attr, name))
		return false;
	return !dump->ctx || (node->endpoint && node->endpoint->obj.ictx->intro->id == dump->ctx);
}

/* Returns whether there was another node. */
static bool dump_one(struct iommufd_dump *dump, int *rc)
{
	struct iommufd_node *node;
	char name[16];

	iommufd_nodes_lock();
	node = iommufd_node_view_next(dump->place->id);
	if (node) {
		dump->place->id = node->nr;
		iommufd_node_name(node->nr, name, sizeof(name));
		*rc = is_wanted(dump, node, name) ? fill_device(dump, node, name) : 0;
		if (!*rc)
			dump->place->id++;
	}
	iommufd_nodes_unlock();
	return node;
}

int iommufd_nl_device_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct iommufd_dump dump;
	int rc = 0;

	iommufd_dump_init(&dump, skb, cb, IOMMUFD_A_DEVICE_CTX, 0);
	while (!rc && dump_one(&dump, &rc))
		cond_resched();
	return rc;
}

int iommufd_nl_device_revoke_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct iommufd_node *node;

	if (GENL_REQ_ATTR_CHECK(info, IOMMUFD_A_DEVICE_NAME))
		return -EINVAL;
	if (!netlink_capable(skb, CAP_SYS_ADMIN)) {
		GENL_SET_ERR_MSG(info, "taking a device from its users needs CAP_SYS_ADMIN");
		return -EPERM;
	}
	node = iommufd_node_get(nla_data(info->attrs[IOMMUFD_A_DEVICE_NAME]));
	if (!node) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[IOMMUFD_A_DEVICE_NAME],
				    "there is no device of this name");
		return -ENODEV;
	}
	node->revoke(node);
	iommufd_node_put(node);
	return 0;
}
