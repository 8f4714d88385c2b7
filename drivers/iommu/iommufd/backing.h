/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __IOMMUFD_BACKING_H
#define __IOMMUFD_BACKING_H

#include "account.h"
#include "area.h"
#include "lookup.h"
#include "runs.h"

/**
 * struct iommufd_backing - memory that areas map
 * @refs: one for each area, and for each use by an access endpoint
 * @account: who answers for the pages, and whose address space memory of a process is found in
 * @file: the file whose pages these are, or NULL
 * @device: the endpoint of the device whose memory this is, which has no pages to pin or count; a
 *          reference, or NULL. With neither @file nor @device it is memory of a process.
 * @start: user address of the first page, or its byte offset in @file, or its physical address
 * @nr_pages: number of pages
 * @writeable: whether the pages may be written by DMA
 * @pages_lock: protects @counted, @nr_recorded and @pages; no user is waited for while it is held
 * @counted: all pages are accounted; else those in @pages
 * @nr_recorded: how many pages are in @pages
 * @pages: pages that are pinned one by one, by their number; backing_pages.c
 * @lock: held while @pins becomes zero, or one, and protects what follows meanwhile
 * @pins: who needs all pages; they are pinned while this is not zero
 * @by_folio: pages are pinned with one pin for each folio, not for each page
 * @runs: where the pages are; does not change while the caller holds a pin
 * @first_area: the area that the backing is made for; iommufd_area_first()
 */
struct iommufd_backing {
	refcount_t refs;
	struct iommufd_account *account;
	struct file *file;
	struct iommufd_endpoint *device;
	unsigned long start;
	unsigned long nr_pages;
	bool writeable;
	struct mutex pages_lock;
	bool counted;
	unsigned long nr_recorded;
	struct xarray pages;
	struct mutex lock;
	atomic_t pins;
	bool by_folio;
	struct iommufd_runs runs;
	struct iommufd_area first_area;
};

int iommufd_backing_init_cache(void);
void iommufd_backing_destroy_cache(void);

struct iommufd_backing *iommufd_backing_alloc_user(struct iommufd_ctx *ictx, unsigned long uptr,
						   unsigned long length, bool writeable);
struct iommufd_backing *iommufd_backing_alloc_file(struct iommufd_ctx *ictx, int fd,
						   unsigned long start, unsigned long length,
						   bool writeable);
struct iommufd_backing *iommufd_backing_alloc_device(struct iommufd_endpoint *ep, phys_addr_t phys,
						     unsigned long length, bool writeable);
void iommufd_backing_put(struct iommufd_backing *backing);
int iommufd_backing_pin(struct iommufd_backing *backing);
void iommufd_backing_pin_again(struct iommufd_backing *backing);
bool iommufd_backing_pin_if_pinned(struct iommufd_backing *backing);
void iommufd_backing_unpin(struct iommufd_backing *backing);
int iommufd_backing_pin_hidden(struct iommufd_backing *backing);
void iommufd_backing_unpin_hidden(struct iommufd_backing *backing);

/* How many pages are pinned in one go: one page of pointers to them. */
#define PIN_BATCH	(PAGE_SIZE / sizeof(void *))

/* Whether all pages are in the runs. */
static inline bool iommufd_backing_is_filled(const struct iommufd_backing *backing)
{
	return backing->runs.nr_pages == backing->nr_pages;
}

/* How pages are pinned: backing_pin.c */

int iommufd_backing_pin_runs(struct iommufd_backing *backing);
void iommufd_backing_unpin_runs(struct iommufd_backing *backing);
int iommufd_backing_check_signal(void);

/* How pages of files are pinned: backing_pin_file.c */

int iommufd_backing_record_folio(struct iommufd_backing *backing, struct folio *folio,
				 unsigned long first);
long iommufd_backing_pin_cached(struct iommufd_backing *backing, struct address_space *mapping,
				pgoff_t index, unsigned long nr);
int iommufd_backing_pin_file(struct iommufd_backing *backing);
long iommufd_backing_look_up_file_page(struct iommufd_backing *backing, unsigned long index,
				       struct page **page);

/* Single pages: backing_pages.c */

enum iommufd_hold_kind {
	IOMMUFD_HOLD_WHOLE,
	IOMMUFD_HOLD_RECORDED,
	IOMMUFD_HOLD_LOOKED_UP,
};

/**
 * struct iommufd_page_hold - a page that somebody has for a moment
 * @page: the page
 * @index: its number in the backing
 * @kind: by what it is held
 * @write: it is being written to
 */
struct iommufd_page_hold {
	struct page *page;
	unsigned long index;
	enum iommufd_hold_kind kind;
	bool write;
};

int iommufd_backing_pin_pages(struct iommufd_backing *backing, unsigned long first,
			      unsigned long nr, struct page **pages,
			      struct iommufd_canceller *canceller);
void iommufd_backing_unpin_pages(struct iommufd_backing *backing, unsigned long first,
				 unsigned long nr);
void iommufd_backing_list_pages(struct iommufd_backing *backing, unsigned long first,
				unsigned long nr, struct page **pages);
int iommufd_backing_hold_page(struct iommufd_backing *backing, unsigned long index, bool write,
			      bool fresh, struct iommufd_page_hold *hold,
			      struct iommufd_canceller *canceller);
void iommufd_backing_release_page(struct iommufd_backing *backing, struct iommufd_page_hold *hold);

#endif
