/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __IOMMUFD_BACKING_H
#define __IOMMUFD_BACKING_H

#include "account.h"
#include "runs.h"

/**
 * struct iommufd_backing - memory that areas map
 * @refs: one for each area
 * @account: who answers for the pages, and whose address space memory of a process is found in
 * @file: the file whose pages these are, or NULL for memory of a process
 * @start: user address of the first page, or its byte offset in @file
 * @nr_pages: number of pages
 * @writeable: whether the pages may be written by DMA
 * @lock: protects @pins, and what follows while @pins is zero
 * @pins: how many areas need the pages; they are pinned while this is not zero
 * @by_folio: pages are pinned with one pin for each folio, not for each page
 * @runs: where the pages are; does not change while the caller holds a pin
 */
struct iommufd_backing {
	refcount_t refs;
	struct iommufd_account *account;
	struct file *file;
	unsigned long start;
	unsigned long nr_pages;
	bool writeable;
	struct mutex lock;
	unsigned int pins;
	bool by_folio;
	struct iommufd_runs runs;
};

struct iommufd_backing *iommufd_backing_alloc_user(struct iommufd_ctx *ictx, unsigned long uptr,
						   unsigned long length, bool writeable);
struct iommufd_backing *iommufd_backing_alloc_file(struct iommufd_ctx *ictx, int fd,
						   unsigned long start, unsigned long length,
						   bool writeable);
void iommufd_backing_put(struct iommufd_backing *backing);
int iommufd_backing_pin(struct iommufd_backing *backing);
void iommufd_backing_pin_again(struct iommufd_backing *backing);
void iommufd_backing_unpin(struct iommufd_backing *backing);

/* How pages are pinned: backing_pin.c */

int iommufd_backing_pin_runs(struct iommufd_backing *backing);
void iommufd_backing_unpin_runs(struct iommufd_backing *backing);

#endif
