/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a page table of the mock holds.
 *
 * The IOVA space is cut into slots of one huge page (1 MiB). A slot is empty, or holds one huge
 * entry, or a leaf: one page of memory with an entry for each IO page (2 KiB) of the slot. Finding
 * an entry is one lookup in an xarray; filling or clearing a slot is a walk along one page.
 *
 * An entry is a physical address, aligned as the page is, with flags in its low bits. A huge entry
 * lies in the xarray itself, as a value.
 *
 * Locking: the xarray's lock protects it and all leaves. Ranges that are mapped and unmapped at the
 * same time don't overlap, as with any IOMMU driver; mapping over a mapping and unmapping half of a
 * huge page are errors of the caller's that cause a warning.
 */
#ifndef __IOMMUFD_MOCK_PAGETABLE_H
#define __IOMMUFD_MOCK_PAGETABLE_H

#include <linux/types.h>
#include <linux/xarray.h>
#include <uapi/linux/iommufd_test.h>

#define MOCK_PTE_READ	BIT_ULL(0)
#define MOCK_PTE_WRITE	BIT_ULL(1)
#define MOCK_PTE_DIRTY	BIT_ULL(2)
#define MOCK_PTE_FLAGS	((u64)MOCK_PAGE_SIZE - 1)

static inline phys_addr_t mock_pte_phys(u64 pte)
{
	return pte & ~MOCK_PTE_FLAGS;
}

struct mock_pt {
	struct xarray slots;
};

/**
 * typedef mock_pt_visit - sees one entry
 * @pte: the entry
 * @iova: where its page starts
 * @size: its page size
 * @arg: the caller's
 *
 * Context: the page table's lock is held.
 * Return: the entry as it shall be from now on.
 */
typedef u64 (*mock_pt_visit)(u64 pte, unsigned long iova, size_t size, void *arg);

void mock_pt_init(struct mock_pt *pt);
void mock_pt_destroy(struct mock_pt *pt);
int mock_pt_map(struct mock_pt *pt, unsigned long iova, u64 pte, size_t length, gfp_t gfp);
int mock_pt_map_huge(struct mock_pt *pt, unsigned long iova, u64 pte, gfp_t gfp);
size_t mock_pt_unmap(struct mock_pt *pt, unsigned long iova, size_t length);
void mock_pt_walk(struct mock_pt *pt, unsigned long first, unsigned long last,
		  mock_pt_visit visit, void *arg);
void mock_pt_step(struct mock_pt *pt, unsigned long first, unsigned long last,
		  mock_pt_visit visit, void *arg);
u64 mock_pt_lookup(struct mock_pt *pt, unsigned long iova, size_t *size);

#endif
