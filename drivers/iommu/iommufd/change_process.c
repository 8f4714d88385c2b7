// SPDX-License-Identifier: GPL-2.0-only
/*
 * Another process takes over the accounting of what a context has pinned.
 *
 * The process that a count belongs to is known only to the context's accounts, one for each process
 * that mapped something and however much it mapped; so no IOAS, area or backing is looked at. What
 * makes the change one step is ictx->account_lock: it is held whenever pages are counted or an
 * account comes or goes, but never while memory is pinned or mapped, nor while a process' mmap_lock
 * is waited for, and nothing is done here that could wait for that. A map, unmap or attach that
 * runs at the same time has counted its pages before, and they move along, or counts them
 * afterwards for the new process, against its limit.
 *
 * Memory of a process can't be taken over, since it is found in that process' address space.
 */
#include <linux/mm.h>

#include "account.h"
#include "locked_vm.h"

static bool accounts_are_movable(struct iommufd_ctx *ictx)
{
	struct iommufd_account *account;

	lockdep_assert_held(&ictx->account_lock);
	list_for_each_entry(account, &ictx->accounts, link)
		if (atomic_read_acquire(&account->bound))
			return false;
	return true;
}

/* How many pages @payer doesn't answer for yet. */
static unsigned long count_foreign_pages(struct iommufd_ctx *ictx,
					 const struct iommufd_payer *payer)
{
	struct iommufd_account *account;
	unsigned long nr = 0;

	lockdep_assert_held(&ictx->account_lock);
	list_for_each_entry(account, &ictx->accounts, link)
		if (!iommufd_payer_counts_with(&account->payer, payer))
			nr += atomic_long_read(&account->nr_pages);
	return nr;
}

/* Makes @payer, against whose limit the pages are counted already, answer for an account. */
static void account_take_over(struct iommufd_account *account, const struct iommufd_payer *payer)
{
	unsigned long nr = atomic_long_read(&account->nr_pages);
	struct iommufd_payer old = account->payer;

	iommufd_payer_copy(&account->payer, payer);
	atomic64_add(nr, &payer->mm->pinned_vm);
	atomic64_sub(nr, &old.mm->pinned_vm);
	if (!iommufd_payer_counts_with(&old, payer))
		iommufd_payer_unlock_pages(&old, nr);
	iommufd_payer_destroy(&old);
}

/* Returns -EAGAIN if it has to wait for the calling process' mmap_lock. */
static int accounts_take_over(struct iommufd_ctx *ictx)
{
	struct iommufd_payer payer = iommufd_payer_current(ictx);
	struct iommufd_account *account;
	int rc;

	guard(mutex)(&ictx->account_lock);
	if (!accounts_are_movable(ictx))
		return -EINVAL;
	/* The only step that can fail; nothing has changed until then. */
	rc = iommufd_payer_try_lock_pages(&payer, count_foreign_pages(ictx, &payer));
	if (rc)
		return rc;
	list_for_each_entry(account, &ictx->accounts, link)
		account_take_over(account, &payer);
	return 0;
}

int iommufd_ioas_change_process_ioctl(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_change_process *cmd = ucmd->cmd;
	int rc;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	while ((rc = accounts_take_over(ucmd->ictx)) == -EAGAIN) {
		rc = iommufd_locked_vm_wait(current->mm);
		if (rc)
			break;
	}
	return rc;
}
