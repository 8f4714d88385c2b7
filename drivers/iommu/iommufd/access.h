/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Access endpoints: a driver of the kernel that reads and writes memory by IOVA, with an IOAS in
 * the role of a page table.
 *
 * Pins
 * ----
 * A driver that wants pages for longer than a copy takes pins them, and each of its pins is
 * remembered by IOVA. No lock is held while pages are faulted in; a pin counts from the moment at
 * which it is entered, and that happens only if the same memory is still mapped then.
 *
 * Unmapping --------- Whoever unmaps a range first says so in ioas->leaving, which keeps new pins
 * away (where no access is attached, taking the areas out of READY does); then asks every access
 * that has pins there to let go, with no lock held, so that the driver can unpin as it likes; and
 * waits, not for ever. A driver that keeps its pins is stopped, if its owner can do that, as only
 * then the pages can be taken from it. So an unmap either finds no pins or fails with -EBUSY before
 * it has changed anything. A copy can't be in the way of an unmap: it looks memory up and copies in
 * one step, under the lock that an unmap needs to begin.
 *
 * Attachment
 * ----------
 * A driver that is detached, or attached elsewhere, may be in the middle of a pin or a copy, with a
 * reference to the IOAS that it has left. What is mapped there is none of its business any more,
 * and may no longer be aligned to pages. The IOAS is left under its tree_lock: so whoever looks an
 * address up asks, under the same lock, whether the access is still there.
 *
 * Stopping
 * --------
 * A driver that is to stop doesn't wait for user memory any more: see lookup.c.
 */
#ifndef __IOMMUFD_ACCESS_H
#define __IOMMUFD_ACCESS_H

#include "backing.h"
#include "endpoint.h"
#include "ioas.h"

/* Of iommufd_access_copy(): don't use what is pinned already. For tests */
#define IOMMUFD_ACCESS_FRESH	BIT(31)

/**
 * struct iommufd_access - an access endpoint
 * @ep: its number
 * @ops: of the driver
 * @data: of the driver
 * @attach_lock: serialises attach, detach and release; held while the driver is asked to let go
 * @released: for good; protected by @attach_lock
 * @link: in ioas->accesses; protected by ioas->tree_lock
 * @canceller: the driver is about to stop, for good: no new pins and copies; set with @lock held
 * @lock: protects what follows
 * @ioas: what it is attached to, a reference; NULL if to nothing. Left only with the tree_lock of
 *        that IOAS held as well, so that holding it is enough for iommufd_access_is_at()
 * @ioas_id: its number, or 0; looked at without the lock, too
 * @closing: it is being detached: no new pins
 * @askers: who is using it to ask the driver, and keeps it in ioas->accesses
 * @pins: struct iommufd_pin, by IOVA in @ioas
 * @changes: counts pins and askers that went away; wakes @wait
 * @wait: those who wait for that
 */
struct iommufd_access {
	struct iommufd_endpoint ep;
	const struct iommufd_access_ops *ops;
	void *data;
	struct mutex attach_lock;
	bool released;
	struct list_head link;
	struct iommufd_canceller canceller;
	struct mutex lock;
	struct iommufd_ioas *ioas;
	u32 ioas_id;
	bool closing;
	unsigned int askers;
	struct rb_root_cached pins;
	unsigned int changes;
	wait_queue_head_t wait;
};

/**
 * struct iommufd_leaving - a range that is being unmapped
 * @link: in ioas->leaving; protected by ioas->tree_lock, as is the rest
 * @first: first IOVA
 * @last: last IOVA
 */
struct iommufd_leaving {
	struct list_head link;
	unsigned long first;
	unsigned long last;
};

void iommufd_access_announce(struct iommufd_ioas *ioas, struct iommufd_leaving *leaving,
			     unsigned long first, unsigned long last);
int iommufd_access_ask(struct iommufd_ioas *ioas, struct iommufd_leaving *leaving,
		       unsigned long first, unsigned long last);
void iommufd_access_ask_end(struct iommufd_ioas *ioas, struct iommufd_leaving *leaving);
void iommufd_access_changed(struct iommufd_access *access);
struct iommufd_ioas *iommufd_access_ioas_get(struct iommufd_access *access);
bool iommufd_access_is_at(const struct iommufd_access *access, const struct iommufd_ioas *ioas);

/* Pins: access_pin.c */

/**
 * struct iommufd_span - IOVAs that one area maps
 * @first: first IOVA
 * @last: last IOVA
 * @backing: the memory
 * @offset: where in it @first is, in bytes
 */
struct iommufd_span {
	unsigned long first;
	unsigned long last;
	struct iommufd_backing *backing;
	unsigned long offset;
};

struct iommufd_area *iommufd_access_find(struct iommufd_ioas *ioas, unsigned long first,
					 unsigned long last, int prot, struct iommufd_span *span);
bool iommufd_span_is_mapped(struct iommufd_ioas *ioas, const struct iommufd_span *span, int prot);
void iommufd_access_drop_pins(struct iommufd_access *access);

/* Copying: access_copy.c */

int iommufd_access_copy(struct iommufd_access *access, unsigned long iova, void *data,
			size_t length, unsigned int flags);

#endif
