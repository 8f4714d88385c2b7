/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pins of folios, as <linux/mm.h> defines them for folio_maybe_dma_pinned(): a pin of a small folio
 * is GUP_PIN_COUNTING_BIAS references, one of a large folio is a reference and one in _pincount.
 *
 * The kernel's own functions look up, count and account each page by itself, which is most of what
 * they take. Here the statistics of many pages are added at once, and the rest is inline. The pins
 * are the same: what is pinned here the kernel's functions may unpin, and the other way round. That
 * this is so is tried out when the module is loaded; in a kernel where it isn't,
 * iommufd_pins_are_known is false, and the kernel's functions are called.
 */
#ifndef __IOMMUFD_FOLIO_PIN_H
#define __IOMMUFD_FOLIO_PIN_H

#include <linux/mm.h>
#include <linux/vmstat.h>

extern bool iommufd_pins_are_known;

void iommufd_pins_try_out(void);

/**
 * struct iommufd_pin_count - pins that are not in the statistics yet
 * @pgdat: the memory node that they are on; NULL if there are none
 * @item: NR_FOLL_PIN_ACQUIRED or NR_FOLL_PIN_RELEASED
 * @nr: how many
 */
struct iommufd_pin_count {
	struct pglist_data *pgdat;
	enum node_stat_item item;
	unsigned long nr;
};

/* Puts what was counted into the statistics. Needed in the end, and now and then. */
static inline void iommufd_pin_count_flush(struct iommufd_pin_count *count)
{
	if (count->pgdat)
		mod_node_page_state(count->pgdat, count->item, count->nr);
	count->pgdat = NULL;
	count->nr = 0;
}

static inline void iommufd_pin_count_add(struct iommufd_pin_count *count, struct folio *folio,
					 unsigned long nr)
{
	if (unlikely(count->pgdat != folio_pgdat(folio))) {
		iommufd_pin_count_flush(count);
		count->pgdat = folio_pgdat(folio);
	}
	count->nr += nr;
}

/**
 * iommufd_folio_pin() - make a reference to a folio a pin of some of its pages
 * @folio: a folio of which the caller has a reference, that is one of the pins' now
 * @nr: how many pages, 1 if the folio is small
 * @count: where they are counted
 *
 * Only for folios that can't become somebody else's between reference and pin: not anonymous.
 */
static inline void iommufd_folio_pin(struct folio *folio, unsigned int nr,
				     struct iommufd_pin_count *count)
{
	if (folio_test_large(folio)) {
		folio_ref_add(folio, nr - 1);
		atomic_add(nr, &folio->_pincount);
	} else {
		folio_ref_add(folio, GUP_PIN_COUNTING_BIAS - 1);
	}
	iommufd_pin_count_add(count, folio, nr);
}

/**
 * iommufd_folio_unpin() - undo pins of some pages of a folio
 * @folio: a folio of ordinary memory, not the zero page: that can't be pinned, nor unpinned
 * @nr: how many pages, 1 if the folio is small
 * @count: where they are counted
 */
static inline void iommufd_folio_unpin(struct folio *folio, unsigned int nr,
				       struct iommufd_pin_count *count)
{
	unsigned int refs = nr;

	iommufd_pin_count_add(count, folio, nr);
	if (folio_test_large(folio))
		atomic_sub(nr, &folio->_pincount);
	else
		refs = GUP_PIN_COUNTING_BIAS;
	folio_put_refs(folio, refs);
}

#endif
