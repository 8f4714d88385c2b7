// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trying out whether the running kernel's pins are those that folio_pin.h makes.
 */
#include <linux/gfp.h>

#include "folio_pin.h"

/* So many references keep a folio whatever the kernel's functions take away. */
#define SPARE_REFS	65536

bool iommufd_pins_are_known __ro_after_init;

static struct iommufd_pin_count acquired __initdata = { .item = NR_FOLL_PIN_ACQUIRED };

/* Whether the kernel's unpinning undoes our pinning of @nr pages, and nothing more. */
static bool __init kernel_undoes_pins(struct folio *folio, unsigned int nr)
{
	const int refs = folio_ref_count(folio);
	unsigned int i;
	bool pinned;

	folio_get(folio);
	iommufd_folio_pin(folio, nr, &acquired);
	pinned = folio_maybe_dma_pinned(folio);
	for (i = 0; i < nr; i++)
		unpin_folio(folio);
	return pinned && folio_ref_count(folio) == refs;
}

/* Whether pins of 2^@order pages' folios are known. A folio with which this fails is not freed. */
static bool __init order_is_known(unsigned int order)
{
	struct folio *folio = folio_alloc(GFP_KERNEL | __GFP_COMP, order);
	bool known;

	if (!folio)
		return false;
	known = !folio_maybe_dma_pinned(folio);
	folio_ref_add(folio, SPARE_REFS);
	known = known && kernel_undoes_pins(folio, folio_nr_pages(folio));
	folio_ref_sub(folio, SPARE_REFS);
	if (!known || folio_maybe_dma_pinned(folio))
		return false;
	folio_put(folio);
	return true;
}

/**
 * iommufd_pins_try_out() - set iommufd_pins_are_known
 *
 * Called before anything is pinned.
 */
void __init iommufd_pins_try_out(void)
{
	iommufd_pins_are_known = order_is_known(0) && order_is_known(2);
	iommufd_pin_count_flush(&acquired);
	if (!iommufd_pins_are_known)
		pr_warn("iommufd: unpinning is slow: this kernel counts pins in an unknown way\n");
}
