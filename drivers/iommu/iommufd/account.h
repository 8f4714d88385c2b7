/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __IOMMUFD_ACCOUNT_H
#define __IOMMUFD_ACCOUNT_H

#include "iommufd_private.h"

/**
 * struct iommufd_payer - a process that answers for pinned pages
 * @mode: against what they count
 * @task: the process whose RLIMIT_MEMLOCK applies
 * @cred: what its credentials were: @mode follows from them, and its user is whose pages are
 *        counted in IOMMUFD_ACCOUNT_USER mode
 * @mm: the address space they belong to; grabbed, not kept in use
 */
struct iommufd_payer {
	enum iommufd_account_mode mode;
	struct task_struct *task;
	const struct cred *cred;
	struct mm_struct *mm;
};

/**
 * struct iommufd_account - what one process answers for in one context
 * @ictx: the context
 * @link: in ictx->accounts
 * @users: how many backings use it; becomes zero only under the lock
 * @bound: how many of them are memory of the process; meanwhile @payer stays the same
 * @nr_pages: how many pages are counted
 * @payer: the process
 *
 * All backings that a process maps share one account, so that another process can take over all of
 * them at once. ictx->account_lock protects @link and @payer, and is held where @bound grows. A
 * backing that is memory of a process needs no lock to read @payer and to count, see @bound.
 */
struct iommufd_account {
	struct iommufd_ctx *ictx;
	struct list_head link;
	refcount_t users;
	atomic_t bound;
	atomic_long_t nr_pages;
	struct iommufd_payer payer;
};

struct iommufd_account *iommufd_account_get(struct iommufd_ctx *ictx, bool bound);
void iommufd_account_put(struct iommufd_account *account, bool bound, unsigned long nr);
int iommufd_account_try_charge(struct iommufd_account *account, bool bound, unsigned long nr);
int iommufd_account_charge(struct iommufd_account *account, bool bound, unsigned long nr);
void iommufd_account_uncharge(struct iommufd_account *account, bool bound, unsigned long nr);

/**
 * struct iommufd_account_sum - what all processes answer for in a context, in pages
 * @pinned: pages
 * @locked: those of them that count against RLIMIT_MEMLOCK
 */
struct iommufd_account_sum {
	unsigned long pinned;
	unsigned long locked;
};

void iommufd_account_sum(struct iommufd_ctx *ictx, struct iommufd_account_sum *sum);

/* Parts of the above, for change_process.c */

struct iommufd_payer iommufd_payer_current(struct iommufd_ctx *ictx);
void iommufd_payer_copy(struct iommufd_payer *payer, const struct iommufd_payer *from);
void iommufd_payer_destroy(struct iommufd_payer *payer);
bool iommufd_payer_counts_with(const struct iommufd_payer *payer,
			       const struct iommufd_payer *other);
int iommufd_payer_try_lock_pages(struct iommufd_payer *payer, unsigned long nr);
void iommufd_payer_unlock_pages(struct iommufd_payer *payer, unsigned long nr);

int iommufd_ioas_change_process_ioctl(struct iommufd_ucmd *ucmd);

#endif
