/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __IOMMUFD_LOOKUP_H
#define __IOMMUFD_LOOKUP_H

#include <linux/types.h>
#include <linux/wait.h>

struct iommufd_backing;
struct page;

/**
 * struct iommufd_canceller - what ends waits for user memory
 * @cancelled: they end, for good
 * @wait: those who wait
 */
struct iommufd_canceller {
	bool cancelled;
	wait_queue_head_t wait;
};

static inline void iommufd_canceller_init(struct iommufd_canceller *canceller)
{
	canceller->cancelled = false;
	init_waitqueue_head(&canceller->wait);
}

static inline void iommufd_cancel(struct iommufd_canceller *canceller)
{
	WRITE_ONCE(canceller->cancelled, true);
	wake_up_all(&canceller->wait);
}

static inline bool iommufd_is_cancelled(const struct iommufd_canceller *canceller)
{
	return READ_ONCE(canceller->cancelled);
}

long iommufd_lookup_pages(struct iommufd_backing *backing, unsigned long first, unsigned long nr,
			  unsigned int flags, struct page **pages,
			  struct iommufd_canceller *canceller);

#endif
