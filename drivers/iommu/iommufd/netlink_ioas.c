// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dumps of address spaces, of what is mapped in them, and of page tables.
 */
#include "hwpt.h"
#include "netlink.h"

/* So many ranges of a kind are told of: they fit into the smallest message. */
#define RANGES_MAX	32

static struct iommufd_ioas *ioas_from_object(struct iommufd_object *obj)
{
	return container_of(obj, struct iommufd_ioas, obj);
}

static int put_range(struct sk_buff *skb, int attr, unsigned long first, unsigned long last)
{
	struct nlattr *nest = nla_nest_start(skb, attr);

	if (!nest || nla_put_uint(skb, IOMMUFD_A_RANGE_FIRST, first) ||
	    nla_put_uint(skb, IOMMUFD_A_RANGE_LAST, last))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* Puts the lowest ranges of a tree. Sets @more if there are more. */
static int put_ranges(struct sk_buff *skb, int attr, struct rb_root_cached *root, bool *more)
{
	struct interval_tree_node *node;
	unsigned int room = RANGES_MAX;

	for (node = interval_tree_iter_first(root, 0, ULONG_MAX); node;
	     node = interval_tree_iter_next(node, 0, ULONG_MAX)) {
		if (!room--) {
			*more = true;
			break;
		}
		if (put_range(skb, attr, node->start, node->last))
			return -EMSGSIZE;
	}
	return 0;
}

static int put_ioas(struct sk_buff *skb, struct iommufd_ioas *ioas)
{
	bool more = false;

	guard(mutex)(&ioas->tree_lock);
	if (nla_put_uint(skb, IOMMUFD_A_IOAS_AREAS, ioas->mapped.areas) ||
	    nla_put_uint(skb, IOMMUFD_A_IOAS_BYTES, ioas->mapped.bytes) ||
	    nla_put_uint(skb, IOMMUFD_A_IOAS_FILE_AREAS, ioas->mapped.file_areas) ||
	    nla_put_uint(skb, IOMMUFD_A_IOAS_FILE_BYTES, ioas->mapped.file_bytes) ||
	    nla_put_u32(skb, IOMMUFD_A_IOAS_PAGE_TABLES, ioas->pin_users) ||
	    nla_put_uint(skb, IOMMUFD_A_IOAS_ALIGNMENT, ioas->alignment) ||
	    put_ranges(skb, IOMMUFD_A_IOAS_RESERVED, &ioas->reserved, &more) ||
	    put_ranges(skb, IOMMUFD_A_IOAS_ALLOWED, &ioas->allowed, &more))
		return -EMSGSIZE;
	if (more && nla_put_flag(skb, IOMMUFD_A_IOAS_MORE_RANGES))
		return -EMSGSIZE;
	return ioas->of_container ? nla_put_flag(skb, IOMMUFD_A_IOAS_CONTAINER) : 0;
}

static int fill_ioas(struct iommufd_dump *dump, struct iommufd_object *obj)
{
	struct sk_buff *skb = dump->skb;
	bool failed;

	failed = iommufd_dump_message(dump) ||
		 nla_put_u32(skb, IOMMUFD_A_IOAS_CTX, obj->ictx->intro->id) ||
		 nla_put_u32(skb, IOMMUFD_A_IOAS_ID, obj->id) ||
		 put_ioas(skb, ioas_from_object(obj));
	return iommufd_dump_message_end(dump, failed);
}

int iommufd_nl_ioas_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct iommufd_dump dump;

	iommufd_dump_init(&dump, skb, cb, IOMMUFD_A_IOAS_CTX, IOMMUFD_A_IOAS_ID);
	return iommufd_dump_objects(&dump, BIT(IOMMUFD_OBJ_IOAS), fill_ioas);
}

static u32 mapping_flags(const struct iommufd_area *area)
{
	u32 flags = 0;

	if (area->prot & IOMMU_READ)
		flags |= IOMMUFD_MAPPING_FLAGS_READABLE;
	if (area->prot & IOMMU_WRITE)
		flags |= IOMMUFD_MAPPING_FLAGS_WRITEABLE;
	if (area->backing->file)
		flags |= IOMMUFD_MAPPING_FLAGS_FILE;
	if (atomic_read(&area->backing->pins))
		flags |= IOMMUFD_MAPPING_FLAGS_PINNED;
	if (area->state != IOMMUFD_AREA_READY)
		flags |= IOMMUFD_MAPPING_FLAGS_CHANGING;
	if (area->backing->device)
		flags |= IOMMUFD_MAPPING_FLAGS_DEVICE;
	return flags;
}

/* Puts an area, or nothing. */
static bool put_mapping(struct sk_buff *skb, const struct iommufd_area *area)
{
	struct nlattr *nest = nla_nest_start(skb, IOMMUFD_A_AREA_MAPPING);

	if (!nest)
		return false;
	if (nla_put_uint(skb, IOMMUFD_A_MAPPING_FIRST, area->first) ||
	    nla_put_uint(skb, IOMMUFD_A_MAPPING_LAST, area->last) ||
	    nla_put_u32(skb, IOMMUFD_A_MAPPING_FLAGS, mapping_flags(area))) {
		nla_nest_cancel(skb, nest);
		return false;
	}
	nla_nest_end(skb, nest);
	return true;
}

/*
 * Puts the areas from @area on for which there is room: a message's worth at most, which is what
 * bounds the time under the lock. Returns the first for which there was none.
 */
static struct iommufd_area *put_areas(struct iommufd_dump *dump, struct iommufd_ioas *ioas,
				      struct iommufd_area *area)
{
	lockdep_assert_held(&ioas->tree_lock);
	while (area && put_mapping(dump->skb, area))
		area = iommufd_area_next(area, ULONG_MAX);
	return area;
}

/* A message about the areas of an IOAS that has some. Locked. */
static int fill_areas_locked(struct iommufd_dump *dump, struct iommufd_ioas *ioas,
			     struct iommufd_area *area)
{
	struct iommufd_dump_place *place = dump->place;
	struct iommufd_area *rest;
	struct nlmsghdr *nlh;

	if (iommufd_dump_message(dump) ||
	    nla_put_u32(dump->skb, IOMMUFD_A_AREA_CTX, ioas->obj.ictx->intro->id) ||
	    nla_put_u32(dump->skb, IOMMUFD_A_AREA_IOAS, ioas->obj.id))
		return iommufd_dump_message_end(dump, true);
	nlh = dump->header - GENL_HDRLEN - NLMSG_HDRLEN;
	if (place->inside && place->seen != ioas->area_changes)
		nlh->nlmsg_flags |= NLM_F_DUMP_INTR;
	rest = put_areas(dump, ioas, area);
	if (rest == area)
		return iommufd_dump_message_end(dump, true);
	place->seen = ioas->area_changes;
	place->inside = rest ? rest->first : 0;
	iommufd_dump_message_end(dump, false);
	return rest ? -EMSGSIZE : 0;
}

static int fill_areas(struct iommufd_dump *dump, struct iommufd_object *obj)
{
	struct iommufd_ioas *ioas = ioas_from_object(obj);
	struct iommufd_area *area;

	guard(mutex)(&ioas->tree_lock);
	area = iommufd_area_find(ioas, dump->place->inside, ULONG_MAX);
	return area ? fill_areas_locked(dump, ioas, area) : 0;
}

int iommufd_nl_area_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct iommufd_dump dump;

	iommufd_dump_init(&dump, skb, cb, IOMMUFD_A_AREA_CTX, IOMMUFD_A_AREA_IOAS);
	return iommufd_dump_objects(&dump, BIT(IOMMUFD_OBJ_IOAS), fill_areas);
}

static u32 hwpt_flags(const struct iommufd_hwpt *hwpt)
{
	return (hwpt->automatic ? IOMMUFD_HWPT_FLAGS_AUTOMATIC : 0) |
	       (hwpt->parent ? IOMMUFD_HWPT_FLAGS_NESTED : 0) |
	       (hwpt->nest_parent ? IOMMUFD_HWPT_FLAGS_NEST_PARENT : 0) |
	       (hwpt->dirty_tracking ? IOMMUFD_HWPT_FLAGS_DIRTY_TRACKING : 0) |
	       (READ_ONCE(hwpt->tracks_dirty) ? IOMMUFD_HWPT_FLAGS_TRACKS_DIRTY : 0) |
	       (hwpt->for_pasids ? IOMMUFD_HWPT_FLAGS_FOR_PASIDS : 0) |
	       (READ_ONCE(hwpt->enforces_coherency) ? IOMMUFD_HWPT_FLAGS_ENFORCES_COHERENCY : 0);
}

static int fill_hwpt(struct iommufd_dump *dump, struct iommufd_object *obj)
{
	const struct iommufd_hwpt *hwpt = hwpt_from_object(obj);
	struct sk_buff *skb = dump->skb;
	bool failed;

	failed = iommufd_dump_message(dump) ||
		 nla_put_u32(skb, IOMMUFD_A_HWPT_CTX, obj->ictx->intro->id) ||
		 nla_put_u32(skb, IOMMUFD_A_HWPT_ID, obj->id) ||
		 nla_put_u32(skb, IOMMUFD_A_HWPT_IOAS, hwpt->ioas->obj.id) ||
		 nla_put_u32(skb, IOMMUFD_A_HWPT_FLAGS, hwpt_flags(hwpt));
	if (!failed && hwpt->parent)
		failed = nla_put_u32(skb, IOMMUFD_A_HWPT_PARENT, hwpt->parent->obj.id);
	else if (!failed)
		failed = nla_put_uint(skb, IOMMUFD_A_HWPT_PAGE_SIZES, hwpt->domain->pgsize_bitmap);
	if (!failed && hwpt->faults)
		failed = nla_put_u32(skb, IOMMUFD_A_HWPT_FAULT_QUEUE,
				     iommufd_fault_queue_id(hwpt->faults));
	return iommufd_dump_message_end(dump, failed);
}

int iommufd_nl_hwpt_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct iommufd_dump dump;

	iommufd_dump_init(&dump, skb, cb, IOMMUFD_A_HWPT_CTX, IOMMUFD_A_HWPT_ID);
	return iommufd_dump_objects(&dump, BIT(IOMMUFD_OBJ_HWPT), fill_hwpt);
}
