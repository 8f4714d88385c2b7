// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dumps of contexts as a whole.
 */
#include <linux/user_namespace.h>

#include "account.h"
#include "netlink.h"

static u32 count(const struct iommufd_ctx *ictx, enum iommufd_object_type type)
{
	return atomic_read(&ictx->intro->nr_objects[type]);
}

static int put_pages(struct sk_buff *skb, struct iommufd_ctx *ictx)
{
	struct iommufd_account_sum sum;

	iommufd_account_sum(ictx, &sum);
	return nla_put_uint(skb, IOMMUFD_A_CTX_PINNED_PAGES, sum.pinned) ||
	       nla_put_uint(skb, IOMMUFD_A_CTX_LOCKED_PAGES, sum.locked);
}

static int put_counts(struct sk_buff *skb, const struct iommufd_ctx *ictx)
{
	return nla_put_u32(skb, IOMMUFD_A_CTX_IOASES, count(ictx, IOMMUFD_OBJ_IOAS)) ||
	       nla_put_u32(skb, IOMMUFD_A_CTX_HWPTS, count(ictx, IOMMUFD_OBJ_HWPT)) ||
	       nla_put_u32(skb, IOMMUFD_A_CTX_ENDPOINTS, count(ictx, IOMMUFD_OBJ_DEVICE) +
							 count(ictx, IOMMUFD_OBJ_ACCESS)) ||
	       nla_put_u32(skb, IOMMUFD_A_CTX_FAULT_QUEUES,
			   count(ictx, IOMMUFD_OBJ_FAULT_QUEUE)) ||
	       nla_put_u32(skb, IOMMUFD_A_CTX_PASIDS, atomic_read(&ictx->nr_pasids));
}

static int fill_ctx(struct iommufd_dump *dump, struct iommufd_ctx *ictx)
{
	const struct iommufd_introspection *intro = ictx->intro;
	struct sk_buff *skb = dump->skb;
	bool failed;

	failed = iommufd_dump_message(dump) ||
		 nla_put_u32(skb, IOMMUFD_A_CTX_ID, intro->id) ||
		 nla_put_u32(skb, IOMMUFD_A_CTX_KIND,
			     ictx->container.strict ? IOMMUFD_CTX_KIND_CONTAINER :
						      IOMMUFD_CTX_KIND_IOMMU) ||
		 nla_put_u32(skb, IOMMUFD_A_CTX_PID, intro->pid) ||
		 nla_put_string(skb, IOMMUFD_A_CTX_COMM, intro->comm) ||
		 nla_put_u32(skb, IOMMUFD_A_CTX_UID, from_kuid_munged(&init_user_ns, intro->uid)) ||
		 put_counts(skb, ictx) || put_pages(skb, ictx);
	return iommufd_dump_message_end(dump, failed);
}

int iommufd_nl_ctx_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct iommufd_dump dump;

	iommufd_dump_init(&dump, skb, cb, IOMMUFD_A_CTX_ID, 0);
	return iommufd_dump_contexts(&dump, fill_ctx);
}

static void sum_counts(const struct iommufd_ctx *ictx, struct iommufd_counts *sum)
{
	const struct iommufd_counts *counts;
	int cpu;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		counts = per_cpu_ptr(ictx->intro->counts, cpu);
		sum->maps += READ_ONCE(counts->maps);
		sum->mapped_pages += READ_ONCE(counts->mapped_pages);
		sum->unmaps += READ_ONCE(counts->unmaps);
		sum->unmapped_pages += READ_ONCE(counts->unmapped_pages);
		sum->faults += READ_ONCE(counts->faults);
	}
}

static int put_failures(struct sk_buff *skb, const struct iommufd_ctx *ictx)
{
	struct nlattr *nest;
	u32 errno, nr;

	for (errno = 0; errno <= IOMMUFD_ERRNO_MAX; errno++) {
		nr = atomic_read(&ictx->intro->failures[errno]);
		if (!nr)
			continue;
		nest = nla_nest_start(skb, IOMMUFD_A_COUNTER_FAILURE);
		if (!nest || nla_put_u32(skb, IOMMUFD_A_FAILURE_ERRNO, errno) ||
		    nla_put_u32(skb, IOMMUFD_A_FAILURE_COUNT, nr))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

static int fill_counters(struct iommufd_dump *dump, struct iommufd_ctx *ictx)
{
	struct sk_buff *skb = dump->skb;
	struct iommufd_counts sum;
	bool failed;

	sum_counts(ictx, &sum);
	failed = iommufd_dump_message(dump) ||
		 nla_put_u32(skb, IOMMUFD_A_COUNTER_CTX, ictx->intro->id) ||
		 nla_put_uint(skb, IOMMUFD_A_COUNTER_MAPS, sum.maps) ||
		 nla_put_uint(skb, IOMMUFD_A_COUNTER_MAPPED_PAGES, sum.mapped_pages) ||
		 nla_put_uint(skb, IOMMUFD_A_COUNTER_UNMAPS, sum.unmaps) ||
		 nla_put_uint(skb, IOMMUFD_A_COUNTER_UNMAPPED_PAGES, sum.unmapped_pages) ||
		 nla_put_uint(skb, IOMMUFD_A_COUNTER_FAULTS, sum.faults) ||
		 put_failures(skb, ictx);
	return iommufd_dump_message_end(dump, failed);
}

int iommufd_nl_counter_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct iommufd_dump dump;

	iommufd_dump_init(&dump, skb, cb, IOMMUFD_A_COUNTER_CTX, 0);
	return iommufd_dump_contexts(&dump, fill_counters);
}
