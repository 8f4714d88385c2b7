// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink: what the family accepts, from whom, and what it says of everything else.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "iv.h"
#include "netlink.h"
#include "test_process.h"
#include "test_timeout.h"
#include "kselftest_harness.h"

#define NOBODY 65534
#define ROUNDS 5000

static const uint8_t dumps[] = {
	IOMMUFD_NL_CMD_CTX_GET,	     IOMMUFD_NL_CMD_DEVICE_GET,
	IOMMUFD_NL_CMD_ENDPOINT_GET, IOMMUFD_NL_CMD_IOAS_GET,
	IOMMUFD_NL_CMD_AREA_GET,     IOMMUFD_NL_CMD_HWPT_GET,
	IOMMUFD_NL_CMD_PASID_GET,    IOMMUFD_NL_CMD_FAULT_QUEUE_GET,
	IOMMUFD_NL_CMD_COUNTER_GET,
};

#define NR_DUMPS (sizeof(dumps) / sizeof(*dumps))

static int ignore(const struct iv_attrs *attrs, void *data)
{
	(void)attrs;
	(void)data;
	return 0;
}

FIXTURE(netlink_family)
{
	struct iv_netlink *nl;
	int fd;
};

FIXTURE_SETUP(netlink_family)
{
	self->fd = iv_iommufd_open();
	ASSERT_LE(0, self->fd);
	self->nl = malloc(sizeof(*self->nl));
	ASSERT_NE(NULL, self->nl);
	ASSERT_EQ(0, iv_netlink_open(self->nl));
}

FIXTURE_TEARDOWN(netlink_family)
{
	iv_netlink_close(self->nl);
	free(self->nl);
	close(self->fd);
}

/* Sends bytes behind the two headers, and gets the answer. */
static int exchange(struct iv_netlink *nl, uint8_t cmd, uint16_t flags, const void *data,
		    size_t size)
{
	const struct genlmsghdr genl = { .cmd = cmd, .version = 1 };
	char payload[512];
	int rc;

	memcpy(payload, &genl, sizeof(genl));
	memcpy(payload + sizeof(genl), data, size);
	rc = iv_netlink_send(nl, nl->family, flags, payload, sizeof(genl) + size);
	return rc ?: iv_netlink_collect(nl, NULL, ignore, NULL);
}

static int exchange_attr(struct iv_netlink *nl, uint8_t cmd, uint16_t flags, uint16_t type,
			 const void *data, uint16_t size)
{
	const struct nlattr attr = { .nla_len = NLA_HDRLEN + size, .nla_type = type };
	char buffer[256] = {};

	memcpy(buffer, &attr, sizeof(attr));
	memcpy(buffer + NLA_HDRLEN, data, size);
	return exchange(nl, cmd, flags, buffer, NLA_ALIGN(attr.nla_len));
}

/* What the kernel says of a policy's attribute: of which type it is */
struct policy {
	uint32_t types[256][8];
	unsigned int nr;
};

static int note_policy(const struct iv_attrs *attrs, void *data)
{
	const struct nlattr *all = iv_attr_find(attrs, CTRL_ATTR_POLICY), *one, *attr;
	struct policy *policy = data;
	struct iv_attrs list, sub, props;

	if (!all)
		return 0;
	list = iv_attr_nested(all);
	for (one = iv_attr_next(&list, NULL); one; one = iv_attr_next(&list, one)) {
		sub = iv_attr_nested(one);
		for (attr = iv_attr_next(&sub, NULL); attr; attr = iv_attr_next(&sub, attr)) {
			props = iv_attr_nested(attr);
			if (iv_attr_type(attr) < 8)
				policy->types[iv_attr_type(one)][iv_attr_type(attr)] =
					iv_attrs_number(&props, NL_POLICY_TYPE_ATTR_TYPE, 0);
			policy->nr++;
		}
	}
	return 0;
}

struct wanted {
	uint8_t cmd;
	uint16_t flags;
	unsigned int count;
	uint32_t types[3];
};

#define U32 NL_ATTR_TYPE_U32
#define STRING NL_ATTR_TYPE_NUL_STRING

/* As Documentation/netlink/specs/iommufd.yaml has it, attributes from 1 on */
static const struct wanted policies[] = {
	{ IOMMUFD_NL_CMD_CTX_GET, NLM_F_DUMP, 1, { U32 } },
	{ IOMMUFD_NL_CMD_DEVICE_GET, NLM_F_DUMP, 1, { STRING } },
	{ IOMMUFD_NL_CMD_ENDPOINT_GET, NLM_F_DUMP, 2, { U32, U32 } },
	{ IOMMUFD_NL_CMD_IOAS_GET, NLM_F_DUMP, 2, { U32, U32 } },
	{ IOMMUFD_NL_CMD_AREA_GET, NLM_F_DUMP, 2, { U32, U32 } },
	{ IOMMUFD_NL_CMD_HWPT_GET, NLM_F_DUMP, 2, { U32, U32 } },
	{ IOMMUFD_NL_CMD_PASID_GET, NLM_F_DUMP, 1, { U32 } },
	{ IOMMUFD_NL_CMD_FAULT_QUEUE_GET, NLM_F_DUMP, 2, { U32, U32 } },
	{ IOMMUFD_NL_CMD_COUNTER_GET, NLM_F_DUMP, 1, { U32 } },
	{ IOMMUFD_NL_CMD_DEVICE_REVOKE, NLM_F_ACK, 1, { STRING } },
};

static int get_policy(struct iv_netlink *nl, uint32_t cmd, struct policy *policy)
{
	const struct genlmsghdr genl = { .cmd = CTRL_CMD_GETPOLICY, .version = 1 };
	char payload[32] = {};
	struct nlattr attr = { .nla_len = NLA_HDRLEN + 2, .nla_type = CTRL_ATTR_FAMILY_ID };
	int rc;

	memset(policy, 0, sizeof(*policy));
	memcpy(payload, &genl, sizeof(genl));
	memcpy(payload + 4, &attr, sizeof(attr));
	memcpy(payload + 8, &nl->family, sizeof(nl->family));
	attr = (struct nlattr){ .nla_len = NLA_HDRLEN + 4, .nla_type = CTRL_ATTR_OP };
	memcpy(payload + 12, &attr, sizeof(attr));
	memcpy(payload + 16, &cmd, sizeof(cmd));
	rc = iv_netlink_send(nl, GENL_ID_CTRL, NLM_F_DUMP, payload, 20);
	return rc ?: iv_netlink_collect(nl, NULL, note_policy, policy);
}

TEST_F(netlink_family, policies_are_those_of_the_description)
{
	static struct policy policy;
	unsigned int i, j;

	for (i = 0; i < sizeof(policies) / sizeof(*policies); i++) {
		ASSERT_EQ(0, get_policy(self->nl, policies[i].cmd, &policy));
		for (j = 0; j < policies[i].count; j++)
			EXPECT_EQ(policies[i].types[j], policy.types[0][j + 1])
				TH_LOG("command %u, attribute %u", policies[i].cmd, j + 1);
		EXPECT_LE(policies[i].count, policy.nr);
	}
}

TEST_F(netlink_family, dump_of_every_kind_ends)
{
	unsigned int i;

	for (i = 0; i < NR_DUMPS; i++)
		EXPECT_EQ(0, exchange(self->nl, dumps[i], NLM_F_DUMP, "", 0));
}

TEST_F(netlink_family, dumps_can_only_be_dumped)
{
	unsigned int i;

	for (i = 0; i < NR_DUMPS; i++)
		EXPECT_EQ(-EOPNOTSUPP, exchange(self->nl, dumps[i], NLM_F_ACK, "", 0));
	EXPECT_EQ(-EOPNOTSUPP,
		  exchange(self->nl, IOMMUFD_NL_CMD_DEVICE_REVOKE, NLM_F_DUMP, "", 0));
}

TEST_F(netlink_family, unknown_commands_fail)
{
	EXPECT_EQ(-EOPNOTSUPP, exchange(self->nl, 0, NLM_F_ACK, "", 0));
	EXPECT_EQ(-EOPNOTSUPP, exchange(self->nl, IOMMUFD_NL_CMD_EVENT, NLM_F_ACK, "", 0));
	EXPECT_EQ(-EOPNOTSUPP, exchange(self->nl, IOMMUFD_NL_CMD_MAX + 1, NLM_F_ACK, "", 0));
	EXPECT_EQ(-EOPNOTSUPP, exchange(self->nl, 255, NLM_F_DUMP, "", 0));
}

TEST_F(netlink_family, attributes_of_wrong_length_fail)
{
	const uint64_t number = 1;
	unsigned int i, size;

	for (i = 0; i < NR_DUMPS; i++)
		for (size = 0; size <= 8; size++)
			if (size != 4 && dumps[i] != IOMMUFD_NL_CMD_DEVICE_GET)
				EXPECT_GT(0, exchange_attr(self->nl, dumps[i], NLM_F_DUMP, 1,
							   &number, size));
}

TEST_F(netlink_family, unknown_attributes_fail)
{
	const uint32_t number = 1;
	unsigned int i;

	for (i = 0; i < NR_DUMPS; i++) {
		EXPECT_EQ(-EINVAL, exchange_attr(self->nl, dumps[i], NLM_F_DUMP, 99, &number, 4));
		EXPECT_EQ(-EINVAL, exchange_attr(self->nl, dumps[i], NLM_F_DUMP, 0, &number, 4));
	}
}

TEST_F(netlink_family, attributes_cut_short_fail)
{
	const struct nlattr beyond = { .nla_len = 64, .nla_type = 1 };
	const struct nlattr within = { .nla_len = 2, .nla_type = 1 };

	EXPECT_EQ(-EINVAL, exchange(self->nl, IOMMUFD_NL_CMD_IOAS_GET, NLM_F_DUMP, &beyond,
				    sizeof(beyond)));
	EXPECT_EQ(-EINVAL, exchange(self->nl, IOMMUFD_NL_CMD_IOAS_GET, NLM_F_DUMP, &within,
				    sizeof(within)));
	EXPECT_EQ(-EINVAL, exchange(self->nl, IOMMUFD_NL_CMD_IOAS_GET, NLM_F_DUMP, "abc", 3));
}

TEST_F(netlink_family, unknown_context_is_told_in_words)
{
	const uint32_t number = 0x7fffffff;

	EXPECT_EQ(-ENOENT, exchange_attr(self->nl, IOMMUFD_NL_CMD_CTX_GET, NLM_F_DUMP,
					 IOMMUFD_A_CTX_ID, &number, 4));
	EXPECT_STREQ("there is no context of this number", self->nl->error);
}

TEST_F(netlink_family, revoke_needs_a_device_that_there_is)
{
	EXPECT_EQ(-EINVAL, exchange(self->nl, IOMMUFD_NL_CMD_DEVICE_REVOKE, NLM_F_ACK, "", 0));
	EXPECT_EQ(-ENODEV, iv_netlink_revoke(self->nl, "vfio4711"));
	EXPECT_STREQ("there is no device of this name", self->nl->error);
	EXPECT_EQ(-ENODEV, iv_netlink_revoke(self->nl, ""));
	/* Longer than any name is, and without its end */
	EXPECT_EQ(-EINVAL, iv_netlink_revoke(self->nl, "vfio0123456789abcdef"));
	EXPECT_EQ(-EINVAL, exchange_attr(self->nl, IOMMUFD_NL_CMD_DEVICE_REVOKE, NLM_F_ACK,
					 IOMMUFD_A_DEVICE_NAME, "vfio", 4));
}

static int as_nobody(void *arg)
{
	static struct iv_netlink nl;
	unsigned int i;
	int rc;

	(void)arg;
	rc = iv_netlink_open(&nl);
	if (rc)
		return rc;
	for (i = 0; i < NR_DUMPS; i++)
		if (exchange(&nl, dumps[i], NLM_F_DUMP, "", 0) != -EPERM)
			return -ENOTRECOVERABLE;
	if (iv_netlink_revoke(&nl, "vfio0") != -EPERM)
		return -ENOTRECOVERABLE;
	return iv_netlink_listen(&nl) == -EPERM ? 0 : -ENOTRECOVERABLE;
}

TEST_F(netlink_family, unprivileged_reader_gets_nothing)
{
	const struct test_privilege nobody = { .drop_capabilities = true, .uid = NOBODY };

	EXPECT_EQ(0, test_run_in_child(as_nobody, NULL, &nobody));
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Bytes of all kinds, often nearly right; nothing but an error or a dump may come of them. */
TEST_F(netlink_family, garbage_does_no_harm)
{
	const uint32_t rounds = test_count(ROUNDS);
	uint32_t random = 4711, i, j;
	char garbage[64] = "";
	size_t size;

	for (i = 0; i < rounds; i++) {
		size = next_random(&random) % sizeof(garbage);
		for (j = 0; j < size; j++)
			garbage[j] = next_random(&random) % 3 ? 0 : next_random(&random);
		if (size >= 4 && next_random(&random) % 4) {
			const struct nlattr attr = {
				.nla_len = next_random(&random) % (size + 4),
				.nla_type = next_random(&random) % 8,
			};

			memcpy(garbage, &attr, sizeof(attr));
		}
		if (exchange(self->nl, next_random(&random) % (IOMMUFD_NL_CMD_MAX + 2),
			     next_random(&random) % 2 ? NLM_F_DUMP : NLM_F_ACK, garbage,
			     size) > 0)
			break;
	}
	EXPECT_EQ(rounds, i);
	/* And it is still there. */
	EXPECT_EQ(0, exchange(self->nl, IOMMUFD_NL_CMD_CTX_GET, NLM_F_DUMP, "", 0));
}

TEST_HARNESS_MAIN
