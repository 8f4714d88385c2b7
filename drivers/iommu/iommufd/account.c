// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accounting of pinned pages against RLIMIT_MEMLOCK, getrlimit(2).
 *
 * The process that maps memory answers for it, whoever attaches a device later. All pages count in
 * that process' VmPin whatever the mode.
 */
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/user.h>

#include "account.h"

/**
 * iommufd_account_init() - let the calling process answer
 * @account: to set
 * @ictx: the context, whose mode applies
 */
void iommufd_account_init(struct iommufd_account *account, struct iommufd_ctx *ictx)
{
	account->mode = capable(CAP_IPC_LOCK) ? IOMMUFD_ACCOUNT_NONE : ictx->account_mode;
	account->task = get_task_struct(current->group_leader);
	account->user = get_uid(current_user());
	account->mm = current->mm;
	mmgrab(account->mm);
}

void iommufd_account_destroy(struct iommufd_account *account)
{
	mmdrop(account->mm);
	free_uid(account->user);
	put_task_struct(account->task);
}

static int charge_user(struct iommufd_account *account, unsigned long nr)
{
	unsigned long limit = task_rlimit(account->task, RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	long have = atomic_long_read(&account->user->locked_vm);

	do {
		if (have + nr < nr || have + nr > limit)
			return -ENOMEM;
	} while (!atomic_long_try_cmpxchg(&account->user->locked_vm, &have, have + nr));
	return 0;
}

static int charge_mm(struct iommufd_account *account, unsigned long nr, bool inc)
{
	int rc;

	mmap_write_lock(account->mm);
	rc = __account_locked_vm(account->mm, nr, inc, account->task, false);
	mmap_write_unlock(account->mm);
	return rc;
}

/**
 * iommufd_account_charge() - count pages that are about to be pinned
 * @account: who answers
 * @nr: number of pages
 *
 * Context: may sleep.
 * Return: 0, or -ENOMEM if that were more than the limit; then nothing is counted.
 */
int iommufd_account_charge(struct iommufd_account *account, unsigned long nr)
{
	int rc = 0;

	if (account->mode == IOMMUFD_ACCOUNT_USER)
		rc = charge_user(account, nr);
	else if (account->mode == IOMMUFD_ACCOUNT_MM)
		rc = charge_mm(account, nr, true);
	if (!rc)
		atomic64_add(nr, &account->mm->pinned_vm);
	return rc;
}

void iommufd_account_uncharge(struct iommufd_account *account, unsigned long nr)
{
	atomic64_sub(nr, &account->mm->pinned_vm);
	if (account->mode == IOMMUFD_ACCOUNT_USER)
		atomic_long_sub(nr, &account->user->locked_vm);
	else if (account->mode == IOMMUFD_ACCOUNT_MM)
		charge_mm(account, nr, false);
}
