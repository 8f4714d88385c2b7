// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pins of access endpoints: pages that a driver holds by IOVA until it unpins them, or until
 * its endpoint is detached.
 */
#include <linux/export.h>
#include <linux/slab.h>

#include "access.h"

/**
 * struct iommufd_piece - what a pin has of one area
 * @span: where; with a reference to the backing
 * @whole: the backing is pinned as a whole; else page by page
 */
struct iommufd_piece {
	struct iommufd_span span;
	bool whole;
};

/**
 * struct iommufd_pin - pinned pages
 * @node: the first and the last IOVA as the driver said them; in access->pins
 * @ending: somebody is unpinning it
 * @nr_pieces: how many areas it spans
 * @pieces: one for each, ascending
 */
struct iommufd_pin {
	struct interval_tree_node node;
	bool ending;
	unsigned int nr_pieces;
	struct iommufd_piece pieces[] __counted_by(nr_pieces);
};

static unsigned long span_first_page(const struct iommufd_span *span)
{
	return span->offset >> PAGE_SHIFT;
}

static unsigned long span_nr_pages(const struct iommufd_span *span)
{
	return ((span->offset + (span->last - span->first)) >> PAGE_SHIFT) -
	       span_first_page(span) + 1;
}

/* How many pages of IOVAs a pin is about: for so many the driver has room. */
static unsigned long pin_nr_pages(const struct iommufd_pin *pin)
{
	return (pin->node.last >> PAGE_SHIFT) - (pin->node.start >> PAGE_SHIFT) + 1;
}

/**
 * iommufd_access_find() - the memory that a driver may use at an IOVA
 * @ioas: the IOAS, tree_lock held
 * @first: the IOVA
 * @last: the last IOVA of interest
 * @prot: IOMMU_READ or IOMMU_WRITE
 * @span: set to what one area maps from @first on; without reference
 *
 * An area that somebody works on is as good as a ready one, unless it comes or goes.
 *
 * Return: the area; ERR_PTR of -ENOENT if nothing is mapped there, -EPERM if it isn't for @prot,
 * -EFAULT if it has no pages.
 */
struct iommufd_area *iommufd_access_find(struct iommufd_ioas *ioas, unsigned long first,
					 unsigned long last, int prot, struct iommufd_span *span)
{
	struct iommufd_area *area = iommufd_area_find(ioas, first, first);

	if (!area ||
	    (area->state != IOMMUFD_AREA_READY && area->state != IOMMUFD_AREA_BUSY))
		return ERR_PTR(-ENOENT);
	if (!(area->prot & prot))
		return ERR_PTR(-EPERM);
	if (area->backing->device)
		return ERR_PTR(-EFAULT);
	*span = (struct iommufd_span) {
		.first = first,
		.last = min(last, area->last),
		.backing = area->backing,
		.offset = area->offset + (first - area->first),
	};
	return area;
}

/**
 * iommufd_span_is_mapped() - whether IOVAs still mean the same memory
 * @ioas: the IOAS, tree_lock held
 * @span: the IOVAs, and what they meant before
 * @prot: IOMMU_READ or IOMMU_WRITE
 *
 * The area may have been cut in two since then.
 */
bool iommufd_span_is_mapped(struct iommufd_ioas *ioas, const struct iommufd_span *span, int prot)
{
	unsigned long first = span->first;
	struct iommufd_span now;

	for (;;) {
		if (IS_ERR(iommufd_access_find(ioas, first, span->last, prot, &now)) ||
		    now.backing != span->backing ||
		    now.offset != span->offset + (first - span->first))
			return false;
		if (now.last == span->last)
			return true;
		first = now.last + 1;
	}
}

static bool range_is_leaving(struct iommufd_ioas *ioas, unsigned long first, unsigned long last)
{
	struct iommufd_leaving *leaving;

	lockdep_assert_held(&ioas->tree_lock);
	list_for_each_entry(leaving, &ioas->leaving, link)
		if (leaving->first <= last && leaving->last >= first)
			return true;
	return false;
}

/*
 * Finds the areas of a pin's range. Returns how many they are, or a negative errno; @pin is filled
 * only as far as it has room. All of them are aligned to pages, since the access is attached, and
 * so have one page for each page of IOVAs.
 */
static long pin_find_pieces(const struct iommufd_access *access, struct iommufd_ioas *ioas,
			    struct iommufd_pin *pin, int prot)
{
	unsigned long first = pin->node.start, nr_pages = 0;
	struct iommufd_area *area;
	struct iommufd_span span;
	long nr = 0;

	lockdep_assert_held(&ioas->tree_lock);
	if (!iommufd_access_is_at(access, ioas))
		return -ENODEV;
	do {
		area = iommufd_access_find(ioas, first, pin->node.last, prot, &span);
		if (IS_ERR(area))
			return PTR_ERR(area);
		if (nr < pin->nr_pieces)
			pin->pieces[nr].span = span;
		nr++;
		nr_pages += span_nr_pages(&span);
		first = span.last + 1;
	} while (span.last != pin->node.last);
	return WARN_ON_ONCE(nr_pages != pin_nr_pages(pin)) ? -EINVAL : nr;
}

static void pin_get_backings(struct iommufd_pin *pin)
{
	unsigned int i;

	for (i = 0; i < pin->nr_pieces; i++)
		refcount_inc(&pin->pieces[i].span.backing->refs);
}

static void pin_free(struct iommufd_pin *pin)
{
	unsigned int i;

	for (i = 0; i < pin->nr_pieces; i++)
		iommufd_backing_put(pin->pieces[i].span.backing);
	kvfree(pin);
}

/* A pin of a range, with the memory that it is about, and no page pinned yet. */
static struct iommufd_pin *pin_alloc(const struct iommufd_access *access,
				     struct iommufd_ioas *ioas, unsigned long first,
				     unsigned long last, int prot)
{
	struct iommufd_pin *pin;
	long nr = 1, room;

	do {
		room = nr;
		pin = kvzalloc(struct_size(pin, pieces, room), GFP_KERNEL_ACCOUNT);
		if (!pin)
			return ERR_PTR(-ENOMEM);
		pin->nr_pieces = room;
		pin->node.start = first;
		pin->node.last = last;
		mutex_lock(&ioas->tree_lock);
		nr = pin_find_pieces(access, ioas, pin, prot);
		if (nr > 0 && nr <= room) {
			pin->nr_pieces = nr;
			pin_get_backings(pin);
		}
		mutex_unlock(&ioas->tree_lock);
		if (nr < 0 || nr > room)
			kvfree(pin);
	} while (nr > room);
	return nr < 0 ? ERR_PTR(nr) : pin;
}

static int piece_pin_pages(struct iommufd_piece *piece, struct page **pages,
			   struct iommufd_canceller *canceller)
{
	struct iommufd_backing *backing = piece->span.backing;
	unsigned long first = span_first_page(&piece->span), nr = span_nr_pages(&piece->span);

	piece->whole = iommufd_backing_pin_if_pinned(backing);
	if (!piece->whole)
		return iommufd_backing_pin_pages(backing, first, nr, pages, canceller);
	iommufd_backing_list_pages(backing, first, nr, pages);
	return 0;
}

static void piece_unpin_pages(struct iommufd_piece *piece)
{
	if (piece->whole)
		iommufd_backing_unpin(piece->span.backing);
	else
		iommufd_backing_unpin_pages(piece->span.backing, span_first_page(&piece->span),
					    span_nr_pages(&piece->span));
}

static void pin_unpin_pages(struct iommufd_pin *pin)
{
	unsigned int i;

	for (i = 0; i < pin->nr_pieces; i++)
		piece_unpin_pages(&pin->pieces[i]);
}

static int pin_pin_pages(struct iommufd_pin *pin, struct page **pages,
			 struct iommufd_canceller *canceller)
{
	unsigned int i;
	int rc;

	for (i = 0; i < pin->nr_pieces; i++) {
		rc = piece_pin_pages(&pin->pieces[i], pages, canceller);
		if (rc)
			goto unpin;
		pages += span_nr_pages(&pin->pieces[i].span);
	}
	return 0;

unpin:
	while (i--)
		piece_unpin_pages(&pin->pieces[i]);
	return rc;
}

/* Lets a pin count, if all is as it was when the pin was made. */
static int pin_enter(struct iommufd_access *access, struct iommufd_ioas *ioas,
		     struct iommufd_pin *pin, int prot)
{
	unsigned int i;

	guard(mutex)(&ioas->tree_lock);
	if (range_is_leaving(ioas, pin->node.start, pin->node.last))
		return -EBUSY;
	for (i = 0; i < pin->nr_pieces; i++)
		if (!iommufd_span_is_mapped(ioas, &pin->pieces[i].span, prot))
			return -ENOENT;
	guard(mutex)(&access->lock);
	if (access->ioas != ioas || access->closing ||
	    iommufd_is_cancelled(&access->canceller))
		return -ENODEV;
	interval_tree_insert(&pin->node, &access->pins);
	return 0;
}

static int pin_range(struct iommufd_access *access, struct iommufd_ioas *ioas, unsigned long first,
		     unsigned long last, struct page **pages, int prot)
{
	struct iommufd_pin *pin = pin_alloc(access, ioas, first, last, prot);
	int rc;

	if (IS_ERR(pin))
		return PTR_ERR(pin);
	rc = pin_pin_pages(pin, pages, &access->canceller);
	if (rc)
		goto free_pin;
	rc = pin_enter(access, ioas, pin, prot);
	if (rc)
		goto unpin;
	return 0;

unpin:
	pin_unpin_pages(pin);
free_pin:
	pin_free(pin);
	return rc;
}

int iommufd_access_pin(struct iommufd_access *access, unsigned long iova, unsigned long length,
		       struct page **pages, unsigned int flags)
{
	int prot = flags & IOMMUFD_ACCESS_WRITE ? IOMMU_WRITE : IOMMU_READ;
	struct iommufd_ioas *ioas;
	unsigned long last;
	int rc;

	if (!access->ops->unmap || !length || flags & ~IOMMUFD_ACCESS_WRITE)
		return -EINVAL;
	if (check_add_overflow(iova, length - 1, &last))
		return -EOVERFLOW;
	ioas = iommufd_access_ioas_get(access);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = pin_range(access, ioas, iova, last, pages, prot);
	iommufd_object_put(&ioas->obj);
	return rc;
}
EXPORT_SYMBOL_GPL(iommufd_access_pin);

/*
 * The driver's pin of exactly this range, for the caller to end; NULL if there is none. With a
 * reference to the access: once the pin is off the tree, a release waits for it no longer.
 */
static struct iommufd_pin *access_take_pin(struct iommufd_access *access, unsigned long first,
					   unsigned long last)
{
	struct interval_tree_node *node;
	struct iommufd_pin *pin;

	guard(mutex)(&access->lock);
	for (node = interval_tree_iter_first(&access->pins, first, last); node;
	     node = interval_tree_iter_next(node, first, last)) {
		pin = container_of(node, struct iommufd_pin, node);
		if (node->start == first && node->last == last && !pin->ending) {
			pin->ending = true;
			iommufd_endpoint_get(&access->ep);
			return pin;
		}
	}
	return NULL;
}

/* Whoever waits for the pin goes on only when its pages are unpinned. */
static void access_end_pin(struct iommufd_access *access, struct iommufd_pin *pin)
{
	pin_unpin_pages(pin);
	mutex_lock(&access->lock);
	interval_tree_remove(&pin->node, &access->pins);
	iommufd_access_changed(access);
	mutex_unlock(&access->lock);
	pin_free(pin);
}

void iommufd_access_unpin(struct iommufd_access *access, unsigned long iova, unsigned long length)
{
	struct iommufd_pin *pin = access_take_pin(access, iova, iova + length - 1);

	if (!pin)
		return;
	access_end_pin(access, pin);
	iommufd_endpoint_put(&access->ep);
}
EXPORT_SYMBOL_GPL(iommufd_access_unpin);

/* Any pin that nobody is ending yet, for the caller to end; NULL if there is none. */
static struct iommufd_pin *access_take_any_pin(struct iommufd_access *access)
{
	struct interval_tree_node *node;
	struct iommufd_pin *pin;

	guard(mutex)(&access->lock);
	for (node = interval_tree_iter_first(&access->pins, 0, ULONG_MAX); node;
	     node = interval_tree_iter_next(node, 0, ULONG_MAX)) {
		pin = container_of(node, struct iommufd_pin, node);
		if (!pin->ending) {
			pin->ending = true;
			return pin;
		}
	}
	return NULL;
}

static bool access_is_unpinned(struct iommufd_access *access, unsigned int *seen)
{
	guard(mutex)(&access->lock);
	*seen = access->changes;
	return RB_EMPTY_ROOT(&access->pins.rb_root);
}

/**
 * iommufd_access_drop_pins() - unpin everything, whatever the driver thinks
 * @access: an access on which no pin can be made
 */
void iommufd_access_drop_pins(struct iommufd_access *access)
{
	struct iommufd_pin *pin;
	unsigned int seen;

	while ((pin = access_take_any_pin(access))) {
		access_end_pin(access, pin);
		cond_resched();
	}
	/* The driver may be unpinning something at last. */
	while (!access_is_unpinned(access, &seen))
		wait_event(access->wait, READ_ONCE(access->changes) != seen);
}
