// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page tables in software. pagetable.h explains how they look.
 */
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "pagetable.h"

#define SLOT_SIZE	((size_t)MOCK_HUGE_PAGE_SIZE)
#define SLOT_SHIFT	20
#define LEAF_ENTRIES	(SLOT_SIZE / MOCK_PAGE_SIZE)

/* One page of memory; how many of its entries are used is noted with that page. */
struct leaf {
	u64 ptes[LEAF_ENTRIES];
};

static struct leaf *leaf_alloc(gfp_t gfp)
{
	BUILD_BUG_ON(SLOT_SIZE != 1UL << SLOT_SHIFT);
	BUILD_BUG_ON(sizeof(struct leaf) > PAGE_SIZE);
	return (struct leaf *)get_zeroed_page(gfp);
}

static void leaf_free(struct leaf *leaf)
{
	if (!leaf)
		return;
	set_page_private(virt_to_page(leaf), 0);
	free_page((unsigned long)leaf);
}

static void leaf_count(struct leaf *leaf, long change)
{
	struct page *page = virt_to_page(leaf);

	set_page_private(page, page_private(page) + change);
}

static bool leaf_is_empty(struct leaf *leaf)
{
	return !page_private(virt_to_page(leaf));
}

static unsigned long slot_index(unsigned long iova)
{
	return iova >> SLOT_SHIFT;
}

static unsigned int leaf_index(unsigned long iova)
{
	return iova % SLOT_SIZE / MOCK_PAGE_SIZE;
}

/* How much of [iova, iova + length) lies in the slot of @iova. */
static size_t slot_part(unsigned long iova, size_t length)
{
	return min(length, SLOT_SIZE - iova % SLOT_SIZE);
}

void mock_pt_init(struct mock_pt *pt)
{
	xa_init(&pt->slots);
}

/* Whatever is still mapped goes. */
void mock_pt_destroy(struct mock_pt *pt)
{
	unsigned long index;
	void *slot;

	xa_for_each(&pt->slots, index, slot)
		if (!xa_is_value(slot))
			leaf_free(slot);
	xa_destroy(&pt->slots);
}

/* Sees to it that a slot isn't empty. */
static int provide_leaf(struct mock_pt *pt, unsigned long index, gfp_t gfp)
{
	struct leaf *leaf = leaf_alloc(gfp);
	void *old;

	if (!leaf)
		return -ENOMEM;
	old = xa_cmpxchg(&pt->slots, index, NULL, leaf, gfp);
	/* Somebody else may have been quicker. */
	if (old)
		leaf_free(leaf);
	return xa_err(old);
}

static int leaf_fill(struct leaf *leaf, unsigned int first, unsigned int nr, u64 pte)
{
	unsigned int i;

	for (i = first; i < first + nr; i++)
		if (WARN_ON_ONCE(leaf->ptes[i]))
			return -EEXIST;
	for (i = first; i < first + nr; i++, pte += MOCK_PAGE_SIZE)
		leaf->ptes[i] = pte;
	leaf_count(leaf, nr);
	return 0;
}

/**
 * mock_pt_map() - map contiguous memory within one slot, with small pages
 * @pt: the page table
 * @iova: where
 * @pte: the first entry; the others follow on
 * @length: how many bytes
 * @gfp: how memory is allocated
 *
 * Return: 0, -ENOMEM, or -EEXIST if something is mapped there.
 */
int mock_pt_map(struct mock_pt *pt, unsigned long iova, u64 pte, size_t length, gfp_t gfp)
{
	unsigned long index = slot_index(iova);
	void *slot;
	int rc;

	xa_lock(&pt->slots);
	/* Between the two, somebody may empty the slot again. */
	while (!(slot = xa_load(&pt->slots, index))) {
		xa_unlock(&pt->slots);
		rc = provide_leaf(pt, index, gfp);
		if (rc)
			return rc;
		xa_lock(&pt->slots);
	}
	if (WARN_ON_ONCE(xa_is_value(slot)))
		rc = -EEXIST;
	else
		rc = leaf_fill(slot, leaf_index(iova), length / MOCK_PAGE_SIZE, pte);
	xa_unlock(&pt->slots);
	return rc;
}

/**
 * mock_pt_map_huge() - map one huge page
 * @pt: the page table
 * @iova: where
 * @pte: the entry
 * @gfp: how memory is allocated
 *
 * Return: 0, -ENOMEM, or -EEXIST if something is mapped there.
 */
int mock_pt_map_huge(struct mock_pt *pt, unsigned long iova, u64 pte, gfp_t gfp)
{
	int rc = xa_insert(&pt->slots, slot_index(iova), xa_mk_value(pte), gfp);

	if (WARN_ON_ONCE(rc == -EBUSY))
		return -EEXIST;
	return rc;
}

/* Clears entries up to the first that is empty. Returns how many. */
static unsigned int leaf_clear(struct leaf *leaf, unsigned int first, unsigned int nr)
{
	unsigned int i;

	for (i = first; i < first + nr && leaf->ptes[i]; i++)
		leaf->ptes[i] = 0;
	leaf_count(leaf, -(long)(i - first));
	return i - first;
}

static size_t unmap_in_slot(struct mock_pt *pt, unsigned long iova, size_t length)
{
	unsigned long index = slot_index(iova);
	struct leaf *leaf;
	size_t done = 0;
	void *slot;

	xa_lock(&pt->slots);
	slot = xa_load(&pt->slots, index);
	leaf = xa_is_value(slot) ? NULL : slot;
	if (leaf)
		done = leaf_clear(leaf, leaf_index(iova), length / MOCK_PAGE_SIZE) * MOCK_PAGE_SIZE;
	else if (slot && !WARN_ON_ONCE(length != SLOT_SIZE))
		done = SLOT_SIZE;
	if (done && (!leaf || leaf_is_empty(leaf)))
		__xa_erase(&pt->slots, index);
	else
		leaf = NULL;
	xa_unlock(&pt->slots);
	leaf_free(leaf);
	return done;
}

/**
 * mock_pt_unmap() - unmap a range up to the first hole in it
 * @pt: the page table
 * @iova: where it starts
 * @length: how many bytes
 *
 * Return: how many bytes are unmapped.
 */
size_t mock_pt_unmap(struct mock_pt *pt, unsigned long iova, size_t length)
{
	size_t done = 0, part, unmapped;

	while (done < length) {
		part = slot_part(iova + done, length - done);
		unmapped = unmap_in_slot(pt, iova + done, part);
		done += unmapped;
		if (unmapped < part)
			break;
	}
	return done;
}

static void leaf_walk(struct leaf *leaf, unsigned long start, unsigned long first,
		      unsigned long last, mock_pt_visit visit, void *arg)
{
	unsigned int i = first > start ? leaf_index(first) : 0;
	unsigned int end = last - start < SLOT_SIZE ? leaf_index(last) : LEAF_ENTRIES - 1;

	for (; i <= end; i++) {
		if (!leaf->ptes[i])
			continue;
		leaf->ptes[i] = visit(leaf->ptes[i], start + i * MOCK_PAGE_SIZE, MOCK_PAGE_SIZE,
				      arg);
	}
}

/**
 * mock_pt_walk() - visit all entries of a range
 * @pt: the page table
 * @first: first IOVA
 * @last: last IOVA
 * @visit: called for each entry of which a part lies in the range
 * @arg: for @visit
 */
void mock_pt_walk(struct mock_pt *pt, unsigned long first, unsigned long last,
		  mock_pt_visit visit, void *arg)
{
	XA_STATE(xas, &pt->slots, slot_index(first));
	void *slot;

	xas_lock(&xas);
	xas_for_each(&xas, slot, slot_index(last)) {
		unsigned long start = xas.xa_index << SLOT_SHIFT;

		if (xa_is_value(slot))
			xas_store(&xas, xa_mk_value(visit(xa_to_value(slot), start, SLOT_SIZE,
							  arg)));
		else
			leaf_walk(slot, start, first, last, visit, arg);
		if (!need_resched())
			continue;
		xas_pause(&xas);
		xas_unlock(&xas);
		cond_resched();
		xas_lock(&xas);
	}
	xas_unlock(&xas);
}

/* Visits the entry for @iova, if there is one. Returns its size, or that of the hole. */
static size_t visit_at(struct xa_state *xas, unsigned long iova, mock_pt_visit visit, void *arg)
{
	struct leaf *leaf;
	void *slot;
	u64 *pte;

	xas_set(xas, slot_index(iova));
	slot = xas_load(xas);
	if (!slot)
		return SLOT_SIZE;
	if (xa_is_value(slot)) {
		xas_store(xas, xa_mk_value(visit(xa_to_value(slot), iova, SLOT_SIZE, arg)));
		return SLOT_SIZE;
	}
	leaf = slot;
	pte = &leaf->ptes[leaf_index(iova)];
	if (*pte)
		*pte = visit(*pte, iova, MOCK_PAGE_SIZE, arg);
	return MOCK_PAGE_SIZE;
}

/**
 * mock_pt_step() - visit entries of a range as the drivers of real IOMMUs do
 * @pt: the page table
 * @first: first IOVA
 * @last: last IOVA
 * @visit: called with the IOVA that was reached instead of that where the page begins
 * @arg: for @visit
 *
 * From @first on it goes by the size of what is found at each step, wherever in it that is. So it
 * stays beside the beginnings of pages once it is, and may miss small pages behind a huge one.
 */
void mock_pt_step(struct mock_pt *pt, unsigned long first, unsigned long last,
		  mock_pt_visit visit, void *arg)
{
	XA_STATE(xas, &pt->slots, 0);
	unsigned long iova = first;
	size_t size;

	xas_lock(&xas);
	do {
		size = visit_at(&xas, iova, visit, arg);
		if (need_resched()) {
			xas_pause(&xas);
			xas_unlock(&xas);
			cond_resched();
			xas_lock(&xas);
		}
	} while (!check_add_overflow(iova, size, &iova) && iova < last);
	xas_unlock(&xas);
}

/**
 * mock_pt_lookup() - the entry for an IOVA
 * @pt: the page table
 * @iova: the IOVA
 * @size: set to the size of the page in which it lies
 *
 * Return: the entry, or 0 if nothing is mapped there.
 */
u64 mock_pt_lookup(struct mock_pt *pt, unsigned long iova, size_t *size)
{
	u64 pte = 0;
	void *slot;

	xa_lock(&pt->slots);
	slot = xa_load(&pt->slots, slot_index(iova));
	*size = xa_is_value(slot) ? SLOT_SIZE : MOCK_PAGE_SIZE;
	if (xa_is_value(slot))
		pte = xa_to_value(slot);
	else if (slot)
		pte = ((struct leaf *)slot)->ptes[leaf_index(iova)];
	xa_unlock(&pt->slots);
	return pte;
}
