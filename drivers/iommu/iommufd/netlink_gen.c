// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/iommufd.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink_gen.h"

#include <uapi/linux/iommufd_netlink.h>

/* IOMMUFD_NL_CMD_CTX_GET - dump */
static const struct nla_policy iommufd_ctx_get_nl_policy[IOMMUFD_A_CTX_ID + 1] = {
	[IOMMUFD_A_CTX_ID] = { .type = NLA_U32, },
};

/* IOMMUFD_NL_CMD_DEVICE_GET - dump */
static const struct nla_policy iommufd_device_get_nl_policy[IOMMUFD_A_DEVICE_CTX + 1] = {
	[IOMMUFD_A_DEVICE_NAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[IOMMUFD_A_DEVICE_CTX] = { .type = NLA_U32, },
};

/* IOMMUFD_NL_CMD_ENDPOINT_GET - dump */
static const struct nla_policy iommufd_endpoint_get_nl_policy[IOMMUFD_A_ENDPOINT_ID + 1] = {
	[IOMMUFD_A_ENDPOINT_CTX] = { .type = NLA_U32, },
	[IOMMUFD_A_ENDPOINT_ID] = { .type = NLA_U32, },
};

/* IOMMUFD_NL_CMD_IOAS_GET - dump */
static const struct nla_policy iommufd_ioas_get_nl_policy[IOMMUFD_A_IOAS_ID + 1] = {
	[IOMMUFD_A_IOAS_CTX] = { .type = NLA_U32, },
	[IOMMUFD_A_IOAS_ID] = { .type = NLA_U32, },
};

/* IOMMUFD_NL_CMD_AREA_GET - dump */
static const struct nla_policy iommufd_area_get_nl_policy[IOMMUFD_A_AREA_IOAS + 1] = {
	[IOMMUFD_A_AREA_CTX] = { .type = NLA_U32, },
	[IOMMUFD_A_AREA_IOAS] = { .type = NLA_U32, },
};

/* IOMMUFD_NL_CMD_HWPT_GET - dump */
static const struct nla_policy iommufd_hwpt_get_nl_policy[IOMMUFD_A_HWPT_ID + 1] = {
	[IOMMUFD_A_HWPT_CTX] = { .type = NLA_U32, },
	[IOMMUFD_A_HWPT_ID] = { .type = NLA_U32, },
};

/* IOMMUFD_NL_CMD_PASID_GET - dump */
static const struct nla_policy iommufd_pasid_get_nl_policy[IOMMUFD_A_PASID_ENDPOINT + 1] = {
	[IOMMUFD_A_PASID_CTX] = { .type = NLA_U32, },
	[IOMMUFD_A_PASID_ENDPOINT] = { .type = NLA_U32, },
};

/* IOMMUFD_NL_CMD_FAULT_QUEUE_GET - dump */
static const struct nla_policy iommufd_fault_queue_get_nl_policy[IOMMUFD_A_FAULT_QUEUE_ID + 1] = {
	[IOMMUFD_A_FAULT_QUEUE_CTX] = { .type = NLA_U32, },
	[IOMMUFD_A_FAULT_QUEUE_ID] = { .type = NLA_U32, },
};

/* IOMMUFD_NL_CMD_COUNTER_GET - dump */
static const struct nla_policy iommufd_counter_get_nl_policy[IOMMUFD_A_COUNTER_CTX + 1] = {
	[IOMMUFD_A_COUNTER_CTX] = { .type = NLA_U32, },
};

/* IOMMUFD_NL_CMD_DEVICE_REVOKE - do */
static const struct nla_policy iommufd_device_revoke_nl_policy[IOMMUFD_A_DEVICE_NAME + 1] = {
	[IOMMUFD_A_DEVICE_NAME] = { .type = NLA_NUL_STRING, .len = 15, },
};

/* Ops table for iommufd */
static const struct genl_split_ops iommufd_nl_ops[] = {
	{
		.cmd		= IOMMUFD_NL_CMD_CTX_GET,
		.dumpit		= iommufd_nl_ctx_get_dumpit,
		.policy		= iommufd_ctx_get_nl_policy,
		.maxattr	= IOMMUFD_A_CTX_ID,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= IOMMUFD_NL_CMD_DEVICE_GET,
		.dumpit		= iommufd_nl_device_get_dumpit,
		.policy		= iommufd_device_get_nl_policy,
		.maxattr	= IOMMUFD_A_DEVICE_CTX,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= IOMMUFD_NL_CMD_ENDPOINT_GET,
		.dumpit		= iommufd_nl_endpoint_get_dumpit,
		.policy		= iommufd_endpoint_get_nl_policy,
		.maxattr	= IOMMUFD_A_ENDPOINT_ID,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= IOMMUFD_NL_CMD_IOAS_GET,
		.dumpit		= iommufd_nl_ioas_get_dumpit,
		.policy		= iommufd_ioas_get_nl_policy,
		.maxattr	= IOMMUFD_A_IOAS_ID,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= IOMMUFD_NL_CMD_AREA_GET,
		.dumpit		= iommufd_nl_area_get_dumpit,
		.policy		= iommufd_area_get_nl_policy,
		.maxattr	= IOMMUFD_A_AREA_IOAS,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= IOMMUFD_NL_CMD_HWPT_GET,
		.dumpit		= iommufd_nl_hwpt_get_dumpit,
		.policy		= iommufd_hwpt_get_nl_policy,
		.maxattr	= IOMMUFD_A_HWPT_ID,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= IOMMUFD_NL_CMD_PASID_GET,
		.dumpit		= iommufd_nl_pasid_get_dumpit,
		.policy		= iommufd_pasid_get_nl_policy,
		.maxattr	= IOMMUFD_A_PASID_ENDPOINT,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= IOMMUFD_NL_CMD_FAULT_QUEUE_GET,
		.dumpit		= iommufd_nl_fault_queue_get_dumpit,
		.policy		= iommufd_fault_queue_get_nl_policy,
		.maxattr	= IOMMUFD_A_FAULT_QUEUE_ID,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= IOMMUFD_NL_CMD_COUNTER_GET,
		.dumpit		= iommufd_nl_counter_get_dumpit,
		.policy		= iommufd_counter_get_nl_policy,
		.maxattr	= IOMMUFD_A_COUNTER_CTX,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= IOMMUFD_NL_CMD_DEVICE_REVOKE,
		.doit		= iommufd_nl_device_revoke_doit,
		.policy		= iommufd_device_revoke_nl_policy,
		.maxattr	= IOMMUFD_A_DEVICE_NAME,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
};

static const struct genl_multicast_group iommufd_nl_mcgrps[] = {
	[IOMMUFD_NLGRP_EVENTS] = { "events", GENL_MCAST_CAP_NET_ADMIN, },
};

struct genl_family iommufd_nl_family __ro_after_init = {
	.name		= IOMMUFD_FAMILY_NAME,
	.version	= IOMMUFD_FAMILY_VERSION,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.split_ops	= iommufd_nl_ops,
	.n_split_ops	= ARRAY_SIZE(iommufd_nl_ops),
	.mcgrps		= iommufd_nl_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(iommufd_nl_mcgrps),
};
