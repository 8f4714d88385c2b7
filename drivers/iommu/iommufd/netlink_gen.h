/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/iommufd.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_IOMMUFD_GEN_H
#define _LINUX_IOMMUFD_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/iommufd_netlink.h>

int iommufd_nl_ctx_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int iommufd_nl_device_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb);
int iommufd_nl_endpoint_get_dumpit(struct sk_buff *skb,
				   struct netlink_callback *cb);
int iommufd_nl_ioas_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int iommufd_nl_area_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int iommufd_nl_hwpt_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int iommufd_nl_pasid_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);
int iommufd_nl_fault_queue_get_dumpit(struct sk_buff *skb,
				      struct netlink_callback *cb);
int iommufd_nl_counter_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb);
int iommufd_nl_device_revoke_doit(struct sk_buff *skb, struct genl_info *info);

enum {
	IOMMUFD_NLGRP_EVENTS,
};

extern struct genl_family iommufd_nl_family;

#endif /* _LINUX_IOMMUFD_GEN_H */
