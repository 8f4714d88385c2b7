// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which IOVAs may be mapped: reserved ranges, allowed ranges, and the choice of a free one.
 */
#include <linux/export.h>
#include <linux/slab.h>

#include "ioas.h"

/**
 * struct iommufd_reservation - a range that one owner has reserved
 * @node: in ioas->reserved, if @placed
 * @link: in the owner's list
 * @twins: others of the same range, of which one is placed; ioas->tree_lock
 * @placed: likewise
 *
 * Devices reserve the same few ranges: only one of each is in the tree.
 */
struct iommufd_reservation {
	struct interval_tree_node node;
	struct list_head link;
	struct list_head twins;
	bool placed;
};

struct iommufd_allowed {
	struct interval_tree_node node;
};

/* How long a list of allowed ranges may be; bounds what one call allocates. */
#define ALLOWED_MAX	65536

void iommufd_reservations_init(struct iommufd_reservations *resv, struct iommufd_ioas *ioas)
{
	resv->ioas = ioas;
	INIT_LIST_HEAD(&resv->list);
	INIT_LIST_HEAD(&resv->spare);
}

/* A reservation that is in no IOAS, off all lists. */
static struct iommufd_reservation *reservation_get(struct iommufd_reservations *resv)
{
	struct iommufd_reservation *reservation;

	reservation = list_first_entry_or_null(&resv->spare, struct iommufd_reservation, link);
	if (!reservation)
		return kmalloc(sizeof(*reservation), GFP_KERNEL_ACCOUNT);
	list_del(&reservation->link);
	return reservation;
}

static struct iommufd_reservation *reservation_from_node(struct interval_tree_node *node)
{
	return container_of(node, struct iommufd_reservation, node);
}

static void reservation_place(struct iommufd_ioas *ioas, struct iommufd_reservation *reservation)
{
	interval_tree_insert(&reservation->node, &ioas->reserved);
	reservation->placed = true;
}

/* Adds a reservation. Returns false if something is mapped or allowed there. */
static bool reservation_add(struct iommufd_ioas *ioas, struct iommufd_reservation *reservation)
{
	const unsigned long first = reservation->node.start, last = reservation->node.last;
	struct interval_tree_node *node;

	lockdep_assert_held(&ioas->tree_lock);
	node = interval_tree_iter_first(&ioas->reserved, first, last);
	if (node && node->start == first && node->last == last) {
		reservation->placed = false;
		list_add(&reservation->twins, &reservation_from_node(node)->twins);
		return true;
	}
	if (iommufd_area_find(ioas, first, last) ||
	    interval_tree_iter_first(&ioas->allowed, first, last))
		return false;
	INIT_LIST_HEAD(&reservation->twins);
	reservation_place(ioas, reservation);
	return true;
}

static void reservation_remove(struct iommufd_ioas *ioas, struct iommufd_reservation *reservation)
{
	struct iommufd_reservation *twin;

	lockdep_assert_held(&ioas->tree_lock);
	twin = list_first_entry_or_null(&reservation->twins, struct iommufd_reservation, twins);
	list_del(&reservation->twins);
	if (!reservation->placed)
		return;
	interval_tree_remove(&reservation->node, &ioas->reserved);
	if (twin)
		reservation_place(ioas, twin);
}

/**
 * iommufd_reserve_range() - no mapping may be in a range from now on
 * @resv: whose reservation it is
 * @first: first IOVA
 * @last: last IOVA
 *
 * Return: 0; -EADDRINUSE if something is mapped or allowed there; -ENOMEM.
 */
int iommufd_reserve_range(struct iommufd_reservations *resv, unsigned long first,
			  unsigned long last)
{
	struct iommufd_ioas *ioas = resv->ioas;
	struct iommufd_reservation *reservation;
	bool added;

	reservation = reservation_get(resv);
	if (!reservation)
		return -ENOMEM;
	reservation->node.start = first;
	reservation->node.last = last;
	mutex_lock(&ioas->tree_lock);
	added = reservation_add(ioas, reservation);
	mutex_unlock(&ioas->tree_lock);
	list_add(&reservation->link, added ? &resv->list : &resv->spare);
	return added ? 0 : -EADDRINUSE;
}

/**
 * iommufd_ioas_reserve() - reserve a range for as long as the IOAS lives
 * @ioas: the IOAS
 * @first: first IOVA
 * @last: last IOVA
 *
 * Return: as iommufd_reserve_range().
 */
int iommufd_ioas_reserve(struct iommufd_ioas *ioas, unsigned long first, unsigned long last)
{
	struct iommufd_reservations resv;
	int rc;

	iommufd_reservations_init(&resv, ioas);
	rc = iommufd_reserve_range(&resv, first, last);
	/* Left to iommufd_ioas_destroy_reserved() */
	list_del_init(&resv.list);
	iommufd_reservations_free(&resv);
	return rc;
}
EXPORT_SYMBOL_NS_GPL(iommufd_ioas_reserve, IOMMUFD_VFIO_TEST);

/**
 * iommufd_ioas_destroy_reserved() - free the reservations that are the IOAS' own
 * @ioas: an IOAS that nobody uses any more
 */
void iommufd_ioas_destroy_reserved(struct iommufd_ioas *ioas)
{
	struct iommufd_reservation *reservation;
	struct interval_tree_node *node;

	guard(mutex)(&ioas->tree_lock);
	while ((node = interval_tree_iter_first(&ioas->reserved, 0, ULONG_MAX))) {
		reservation = reservation_from_node(node);
		reservation_remove(ioas, reservation);
		kfree(reservation);
	}
}

/* Whether devices' DMA to @region doesn't go through the page table the user fills. */
static bool region_is_reserved(const struct iommu_resv_region *region)
{
	return region->length && region->type != IOMMU_RESV_DIRECT_RELAXABLE;
}

/**
 * iommufd_reserve_regions() - reserve what the devices of an IOMMU group can't translate
 * @resv: whose reservation it is; holds what was reserved also after a failure
 * @regions: struct iommu_resv_region, as the IOMMU core lists them
 * @sw_msi_start: set to the start of where the kernel maps MSI doorbells, or PHYS_ADDR_MAX
 *
 * Return: as iommufd_reserve_range().
 */
int iommufd_reserve_regions(struct iommufd_reservations *resv, struct list_head *regions,
			    phys_addr_t *sw_msi_start)
{
	struct iommu_resv_region *region;
	int rc = 0;

	*sw_msi_start = PHYS_ADDR_MAX;
	list_for_each_entry(region, regions, list) {
		if (rc)
			break;
		if (!region_is_reserved(region))
			continue;
		if (region->type == IOMMU_RESV_SW_MSI && *sw_msi_start == PHYS_ADDR_MAX)
			*sw_msi_start = region->start;
		rc = iommufd_reserve_range(resv, region->start,
					   region->start + region->length - 1);
	}
	return rc;
}

/**
 * iommufd_reservations_drop() - give up what was reserved
 * @resv: whose reservation it is
 *
 * Keeps the memory for other reservations of the same owner.
 */
void iommufd_reservations_drop(struct iommufd_reservations *resv)
{
	struct iommufd_reservation *reservation;

	if (list_empty(&resv->list))
		return;
	mutex_lock(&resv->ioas->tree_lock);
	list_for_each_entry(reservation, &resv->list, link)
		reservation_remove(resv->ioas, reservation);
	mutex_unlock(&resv->ioas->tree_lock);
	list_splice_init(&resv->list, &resv->spare);
}

/**
 * iommufd_reservations_free() - the end of an owner of reservations
 * @resv: what has no reservations any more
 */
void iommufd_reservations_free(struct iommufd_reservations *resv)
{
	struct iommufd_reservation *reservation, *next;

	list_for_each_entry_safe(reservation, next, &resv->spare, link)
		kfree(reservation);
	INIT_LIST_HEAD(&resv->spare);
}

void iommufd_reservations_swap(struct iommufd_reservations *a, struct iommufd_reservations *b)
{
	LIST_HEAD(list);

	list_splice_init(&a->list, &list);
	list_splice_init(&b->list, &a->list);
	list_splice(&list, &b->list);
	swap(a->ioas, b->ioas);
}

static void allowed_free(struct rb_root_cached *root)
{
	struct interval_tree_node *node;

	while ((node = interval_tree_iter_first(root, 0, ULONG_MAX))) {
		interval_tree_remove(node, root);
		kfree(container_of(node, struct iommufd_allowed, node));
	}
}

void iommufd_ioas_destroy_allowed(struct iommufd_ioas *ioas)
{
	allowed_free(&ioas->allowed);
}

/**
 * iommufd_ioas_check_fixed() - whether a new area may lie in a range if it is free
 * @ioas: the IOAS, tree_lock held
 * @first: first IOVA
 * @last: last IOVA
 *
 * Return: 0, or -EINVAL (not aligned, or reserved).
 */
int iommufd_ioas_check_fixed(struct iommufd_ioas *ioas, unsigned long first, unsigned long last)
{
	lockdep_assert_held(&ioas->tree_lock);
	if ((first | (last + 1)) & (ioas->alignment - 1))
		return -EINVAL;
	if (interval_tree_iter_first(&ioas->reserved, first, last))
		return -EINVAL;
	return 0;
}

/* The smallest value from @from on that is congruent to @uptr modulo @modulus, or false. */
static bool next_congruent(unsigned long from, unsigned long uptr, unsigned long modulus,
			   unsigned long *next)
{
	return !check_add_overflow(from, (uptr - from) & (modulus - 1), next);
}

/* The last IOVA of something in the way of [first, last], or false if it is free. */
static bool range_blocked(struct iommufd_ioas *ioas, unsigned long first, unsigned long last,
			  unsigned long *end)
{
	struct iommufd_area *area = iommufd_area_find(ioas, first, last);
	struct interval_tree_node *node;

	if (area) {
		*end = area->last;
		return true;
	}
	node = interval_tree_iter_first(&ioas->reserved, first, last);
	if (node)
		*end = node->last;
	return node;
}

/* Looks for room within [start, end]. */
static int find_free_within(struct iommufd_ioas *ioas, unsigned long start, unsigned long end,
			    unsigned long uptr, unsigned long length, unsigned long modulus,
			    unsigned long *iova)
{
	unsigned long first, last, blocked;

	for (;;) {
		if (!next_congruent(start, uptr, modulus, &first) ||
		    check_add_overflow(first, length - 1, &last) || last > end)
			return -ENOSPC;
		if (!range_blocked(ioas, first, last, &blocked)) {
			*iova = first;
			return 0;
		}
		if (blocked >= end)
			return -ENOSPC;
		start = blocked + 1;
		cond_resched();
	}
}

/* Looks for room from @from on, in the allowed ranges if there are any. */
static int find_free_from(struct iommufd_ioas *ioas, unsigned long from, unsigned long uptr,
			  unsigned long length, unsigned long modulus, unsigned long *iova)
{
	struct interval_tree_node *node;

	/* The first and the last page stay free: too many drivers take 0 and ~0 for "none". */
	if (RB_EMPTY_ROOT(&ioas->allowed.rb_root))
		return find_free_within(ioas, max(from, PAGE_SIZE), ULONG_MAX - PAGE_SIZE, uptr,
					length, modulus, iova);

	for (node = interval_tree_iter_first(&ioas->allowed, from, ULONG_MAX); node;
	     node = interval_tree_iter_next(node, from, ULONG_MAX))
		if (!find_free_within(ioas, max(node->start, from), node->last, uptr, length,
				      modulus, iova))
			return 0;
	return -ENOSPC;
}

/**
 * iommufd_ioas_find_free() - choose an IOVA
 * @ioas: the IOAS, tree_lock held
 * @uptr: the address of the memory; the IOVA is congruent with it modulo the largest page size that
 *        the length could use, if there is such a range, so that huge pages can be mapped as such
 * @length: in bytes, not zero
 * @iova: set to the choice
 *
 * The search goes on where the last one ended, so that a long series of maps is not quadratic.
 *
 * Return: 0; -EINVAL if @uptr or @length is not aligned; -ENOSPC.
 */
int iommufd_ioas_find_free(struct iommufd_ioas *ioas, unsigned long uptr, unsigned long length,
			   unsigned long *iova)
{
	const unsigned long wanted =
		length >= PUD_SIZE ? PUD_SIZE : max(PAGE_SIZE, roundup_pow_of_two(length));
	const unsigned long tries[][2] = {
		{ ioas->next_auto, wanted }, { 0, wanted }, { 0, PAGE_SIZE },
	};
	unsigned int i;

	lockdep_assert_held(&ioas->tree_lock);
	if ((uptr | length) & (ioas->alignment - 1))
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		if (find_free_from(ioas, tries[i][0], uptr, length, tries[i][1], iova))
			continue;
		ioas->next_auto = *iova + length;
		return 0;
	}
	return -ENOSPC;
}

/* Lists the gaps between reserved ranges into @ranges, room for @max. Returns how many they are. */
static u32 list_usable(struct iommufd_ioas *ioas, struct iommu_iova_range *ranges, u32 max)
{
	struct interval_tree_node *node;
	unsigned long next = 0;
	bool more = true;
	u32 nr = 0;

	for (node = interval_tree_iter_first(&ioas->reserved, 0, ULONG_MAX); node && more;
	     node = interval_tree_iter_next(node, 0, ULONG_MAX)) {
		if (node->start > next) {
			if (nr < max)
				ranges[nr] = (struct iommu_iova_range) { next, node->start - 1 };
			nr++;
		}
		more = node->last != ULONG_MAX;
		next = max(next, node->last + more);
	}
	if (more) {
		if (nr < max)
			ranges[nr] = (struct iommu_iova_range) { next, ULONG_MAX };
		nr++;
	}
	return nr;
}

/**
 * iommufd_ioas_usable_ranges() - the ranges in which nothing is reserved, as they are now
 * @ioas: the IOAS
 * @nr: set to how many there are
 * @alignment: set to what IOVAs have to be aligned to, in bytes
 *
 * A copy, since nothing is copied to userspace under a lock.
 *
 * Return: the ranges, ascending, to be kvfree'd; NULL if there is none; ERR_PTR(-ENOMEM).
 */
struct iommu_iova_range *iommufd_ioas_usable_ranges(struct iommufd_ioas *ioas, u32 *nr,
						    u64 *alignment)
{
	struct iommu_iova_range *ranges = NULL;
	u32 room = 0;

	for (;;) {
		mutex_lock(&ioas->tree_lock);
		*nr = list_usable(ioas, ranges, room);
		*alignment = ioas->alignment;
		mutex_unlock(&ioas->tree_lock);
		if (*nr <= room)
			return ranges;
		kvfree(ranges);
		room = *nr;
		ranges = kvmalloc_array(room, sizeof(*ranges), GFP_KERNEL_ACCOUNT);
		if (!ranges)
			return ERR_PTR(-ENOMEM);
	}
}

int iommufd_ioas_iova_ranges_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_iova_ranges *cmd = ucmd->cmd;
	struct iommu_iova_range *ranges;
	struct iommufd_ioas *ioas;
	u32 room = cmd->num_iovas;
	int rc;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	ioas = iommufd_ioas_get(ucmd->ictx, cmd->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	ranges = iommufd_ioas_usable_ranges(ioas, &cmd->num_iovas, &cmd->out_iova_alignment);
	iommufd_object_put(&ioas->obj);
	if (IS_ERR(ranges))
		return PTR_ERR(ranges);

	rc = -EFAULT;
	if (copy_to_user(u64_to_user_ptr(cmd->allowed_iovas), ranges,
			 array_size(min(room, cmd->num_iovas), sizeof(*ranges))))
		goto free_ranges;
	rc = iommufd_ucmd_respond(ucmd, sizeof(*cmd));
	if (!rc && room < cmd->num_iovas)
		rc = -EMSGSIZE;
free_ranges:
	kvfree(ranges);
	return rc;
}

static int allowed_add(struct rb_root_cached *root, const struct iommu_iova_range *range)
{
	struct iommufd_allowed *allowed;

	if (range->start >= range->last || range->last > ULONG_MAX)
		return -EINVAL;
	if (interval_tree_iter_first(root, range->start, range->last))
		return -EINVAL;
	allowed = kzalloc(sizeof(*allowed), GFP_KERNEL_ACCOUNT);
	if (!allowed)
		return -ENOMEM;
	allowed->node.start = range->start;
	allowed->node.last = range->last;
	interval_tree_insert(&allowed->node, root);
	return 0;
}

static int allowed_read(struct rb_root_cached *root, const struct iommu_iova_range __user *uranges,
			u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		struct iommu_iova_range range;
		int rc;

		if (copy_from_user(&range, uranges + i, sizeof(range)))
			return -EFAULT;
		rc = allowed_add(root, &range);
		if (rc)
			return rc;
	}
	return 0;
}

/* Makes @root the list of allowed ranges, and @root the old list, if nothing in it is reserved. */
static int allowed_swap(struct iommufd_ioas *ioas, struct rb_root_cached *root)
{
	struct interval_tree_node *node;
	int rc = 0;

	mutex_lock(&ioas->tree_lock);
	for (node = interval_tree_iter_first(&ioas->reserved, 0, ULONG_MAX); node && !rc;
	     node = interval_tree_iter_next(node, 0, ULONG_MAX))
		if (interval_tree_iter_first(root, node->start, node->last))
			rc = -EADDRINUSE;
	if (!rc)
		swap(ioas->allowed, *root);
	mutex_unlock(&ioas->tree_lock);
	return rc;
}

int iommufd_ioas_allow_iovas_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_allow_iovas *cmd = ucmd->cmd;
	struct rb_root_cached root = RB_ROOT_CACHED;
	struct iommufd_ioas *ioas;
	int rc;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	ioas = iommufd_ioas_get(ucmd->ictx, cmd->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = -ENOMEM;
	if (cmd->num_iovas > ALLOWED_MAX)
		goto put_ioas;
	rc = allowed_read(&root, u64_to_user_ptr(cmd->allowed_iovas), cmd->num_iovas);
	if (!rc)
		rc = allowed_swap(ioas, &root);
	allowed_free(&root);
put_ioas:
	iommufd_object_put(&ioas->obj);
	return rc;
}
