/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __IOMMUFD_BACKING_H
#define __IOMMUFD_BACKING_H

#include "account.h"
#include "runs.h"

/**
 * struct iommufd_backing - memory that areas map
 * @refs: one for each area
 * @account: who answers for the pages, and whose address space they are found in
 * @start: user address of the first page
 * @nr_pages: number of pages
 * @writeable: whether the pages may be written by DMA
 * @lock: protects @pins, and @runs while @pins is zero
 * @pins: how many areas need the pages; they are pinned while this is not zero
 * @runs: where the pages are; does not change while the caller holds a pin
 */
struct iommufd_backing {
	refcount_t refs;
	struct iommufd_account account;
	unsigned long start;
	unsigned long nr_pages;
	bool writeable;
	struct mutex lock;
	unsigned int pins;
	struct iommufd_runs runs;
};

struct iommufd_backing *iommufd_backing_alloc_user(struct iommufd_ctx *ictx, unsigned long uptr,
						   unsigned long length, bool writeable);
void iommufd_backing_put(struct iommufd_backing *backing);
int iommufd_backing_pin(struct iommufd_backing *backing);
void iommufd_backing_unpin(struct iommufd_backing *backing);

#endif
