// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accounting of pinned pages against RLIMIT_MEMLOCK, getrlimit(2).
 *
 * The process that maps memory answers for it, whoever attaches a device later, until another takes
 * over (change_process.c). All pages count in that process' VmPin whatever the mode.
 */
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/user.h>
#include <linux/slab.h>

#include "account.h"
#include "introspect.h"
#include "locked_vm.h"

/**
 * iommufd_payer_current() - let the calling process answer
 * @ictx: the context, whose mode applies
 *
 * Return: the process, without references; iommufd_payer_copy() makes one to keep.
 */
struct iommufd_payer iommufd_payer_current(struct iommufd_ctx *ictx)
{
	return (struct iommufd_payer) {
		.mode = capable(CAP_IPC_LOCK) ? IOMMUFD_ACCOUNT_NONE : ictx->account_mode,
		.task = current->group_leader,
		.cred = current_cred(),
		.mm = current->mm,
	};
}

/**
 * iommufd_payer_copy() - let the same process answer as for something else
 * @payer: to set, with references, for iommufd_payer_destroy()
 * @from: who answers
 */
void iommufd_payer_copy(struct iommufd_payer *payer, const struct iommufd_payer *from)
{
	*payer = *from;
	get_task_struct(payer->task);
	get_cred(payer->cred);
	mmgrab(payer->mm);
}

void iommufd_payer_destroy(struct iommufd_payer *payer)
{
	mmdrop(payer->mm);
	put_cred(payer->cred);
	put_task_struct(payer->task);
}

/**
 * iommufd_payer_counts_with() - whether pages of two payers count against the same limit
 * @payer: a payer
 * @other: another
 *
 * Return: true if they do, or if neither has a limit.
 */
bool iommufd_payer_counts_with(const struct iommufd_payer *payer,
			       const struct iommufd_payer *other)
{
	if (payer->mode != other->mode)
		return false;
	if (payer->mode == IOMMUFD_ACCOUNT_USER)
		return payer->cred->user == other->cred->user;
	return payer->mode == IOMMUFD_ACCOUNT_NONE || payer->mm == other->mm;
}

static int lock_pages_user(struct iommufd_payer *payer, unsigned long nr)
{
	unsigned long limit = task_rlimit(payer->task, RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	atomic_long_t *locked_vm = &payer->cred->user->locked_vm;
	long have = atomic_long_read(locked_vm);

	do {
		if (have + nr < nr || have + nr > limit)
			return -ENOMEM;
	} while (!atomic_long_try_cmpxchg(locked_vm, &have, have + nr));
	return 0;
}

/*
 * May wait for the payer, who can keep others waiting for ever: with no lock held that is needed to
 * take something away. A limit may be exceeded already, when it was lowered.
 */
static int payer_lock_pages(struct iommufd_payer *payer, unsigned long nr)
{
	if (!nr)
		return 0;
	if (payer->mode == IOMMUFD_ACCOUNT_USER)
		return lock_pages_user(payer, nr);
	if (payer->mode == IOMMUFD_ACCOUNT_MM)
		return iommufd_locked_vm_add(payer->mm, payer->task, nr);
	return 0;
}

/**
 * iommufd_payer_try_lock_pages() - count pages against the limit if nobody has to be waited for
 * @payer: who answers
 * @nr: number of pages
 *
 * Return: 0; -ENOMEM if that were more than the limit; -EAGAIN if iommufd_locked_vm_wait() would
 * have to wait.
 */
int iommufd_payer_try_lock_pages(struct iommufd_payer *payer, unsigned long nr)
{
	if (!nr || payer->mode != IOMMUFD_ACCOUNT_MM)
		return payer_lock_pages(payer, nr);
	return iommufd_locked_vm_try_add(payer->mm, payer->task, nr);
}

/**
 * iommufd_payer_unlock_pages() - no longer count pages
 * @payer: who answers
 * @nr: number of pages
 *
 * Waits for nobody.
 */
void iommufd_payer_unlock_pages(struct iommufd_payer *payer, unsigned long nr)
{
	if (payer->mode == IOMMUFD_ACCOUNT_USER)
		atomic_long_sub(nr, &payer->cred->user->locked_vm);
	else if (payer->mode == IOMMUFD_ACCOUNT_MM)
		iommufd_locked_vm_sub(payer->mm, payer->task, nr);
}

static bool payer_is(const struct iommufd_payer *payer, const struct iommufd_payer *other)
{
	return payer->mode == other->mode && payer->task == other->task &&
	       payer->cred->user == other->cred->user && payer->mm == other->mm;
}

/*
 * Whether it is the calling process that answers for an account, with the credentials that it had
 * when it was asked for its capabilities: those belong to credentials and never change in them.
 */
static bool account_is_current(const struct iommufd_account *account)
{
	const struct iommufd_payer *payer = &account->payer;

	return payer->cred == current_cred() && payer->task == current->group_leader &&
	       payer->mm == current->mm &&
	       (payer->mode == account->ictx->account_mode ||
		payer->mode == IOMMUFD_ACCOUNT_NONE);
}

/* The account of the calling process if it used the context last: as good as always. */
static struct iommufd_account *account_find_recent(struct iommufd_ctx *ictx)
{
	struct iommufd_account *account;

	lockdep_assert_held(&ictx->account_lock);
	account = list_first_entry_or_null(&ictx->accounts, struct iommufd_account, link);
	return account && account_is_current(account) ? account : NULL;
}

static struct iommufd_account *account_find(struct iommufd_ctx *ictx,
					    const struct iommufd_payer *payer)
{
	struct iommufd_account *account;

	lockdep_assert_held(&ictx->account_lock);
	list_for_each_entry(account, &ictx->accounts, link)
		if (payer_is(&account->payer, payer))
			return account;
	return NULL;
}

static struct iommufd_account *account_alloc(struct iommufd_ctx *ictx,
					     const struct iommufd_payer *payer)
{
	struct iommufd_account *account;

	lockdep_assert_held(&ictx->account_lock);
	account = kzalloc(sizeof(*account), GFP_KERNEL_ACCOUNT);
	if (!account)
		return NULL;
	account->ictx = ictx;
	refcount_set(&account->users, 1);
	iommufd_payer_copy(&account->payer, payer);
	spin_lock(&ictx->accounts_lock);
	list_add(&account->link, &ictx->accounts);
	spin_unlock(&ictx->accounts_lock);
	return account;
}

/* The account of the calling process, with one more user. */
static struct iommufd_account *account_find_or_alloc(struct iommufd_ctx *ictx)
{
	struct iommufd_account *account = account_find_recent(ictx);
	struct iommufd_payer payer;

	if (!account) {
		payer = iommufd_payer_current(ictx);
		account = account_find(ictx, &payer);
		if (!account)
			return account_alloc(ictx, &payer);
		spin_lock(&ictx->accounts_lock);
		list_move(&account->link, &ictx->accounts);
		spin_unlock(&ictx->accounts_lock);
	}
	refcount_inc(&account->users);
	return account;
}

/**
 * iommufd_account_get() - the account of the calling process
 * @ictx: the context
 * @bound: whether it is for memory of that process, found by its address
 *
 * Return: the account, to be put by its user, or ERR_PTR(-ENOMEM).
 */
struct iommufd_account *iommufd_account_get(struct iommufd_ctx *ictx, bool bound)
{
	struct iommufd_account *account;

	guard(mutex)(&ictx->account_lock);
	account = account_find_or_alloc(ictx);
	if (!account)
		return ERR_PTR(-ENOMEM);
	if (bound)
		atomic_inc(&account->bound);
	return account;
}

/* What follows from an attempt to count pages, with its result. */
static int account_charged(struct iommufd_account *account, unsigned long nr, int rc)
{
	if (rc == -ENOMEM)
		iommufd_event_quota(account->ictx, IOMMUFD_QUOTA_MEMLOCK);
	if (rc)
		return rc;
	atomic_long_add(nr, &account->nr_pages);
	atomic64_add(nr, &account->payer.mm->pinned_vm);
	return 0;
}

/* The payer stays the same meanwhile. */
static int account_try_charge(struct iommufd_account *account, unsigned long nr)
{
	return account_charged(account, nr, iommufd_payer_try_lock_pages(&account->payer, nr));
}

static void account_uncharge(struct iommufd_account *account, unsigned long nr)
{
	atomic_long_sub(nr, &account->nr_pages);
	atomic64_sub(nr, &account->payer.mm->pinned_vm);
	if (account->payer.mode != IOMMUFD_ACCOUNT_NONE)
		iommufd_payer_unlock_pages(&account->payer, nr);
}

/**
 * iommufd_account_try_charge() - count pages if that doesn't have to wait
 * @account: who answers
 * @bound: as it was got
 * @nr: number of pages
 *
 * Context: may sleep; doesn't wait for a user.
 * Return: 0; -EAGAIN if the process keeps others waiting just now, -ENOMEM if that were more than
 * the limit; then nothing is counted.
 */
int iommufd_account_try_charge(struct iommufd_account *account, bool bound, unsigned long nr)
{
	if (bound)
		return account_try_charge(account, nr);
	guard(mutex)(&account->ictx->account_lock);
	return account_try_charge(account, nr);
}

/* Waits for who answers at the moment, without the lock, as others give pages back under it. */
static int account_wait(struct iommufd_account *account)
{
	struct mm_struct *mm;
	int rc;

	mutex_lock(&account->ictx->account_lock);
	mm = account->payer.mm;
	mmgrab(mm);
	mutex_unlock(&account->ictx->account_lock);
	rc = iommufd_locked_vm_wait(mm);
	mmdrop(mm);
	return rc;
}

/**
 * iommufd_account_charge() - count pages that are about to be pinned
 * @account: who answers
 * @bound: as it was got
 * @nr: number of pages
 *
 * Context: may wait for a user; no lock held that anybody needs to take something away.
 * Return: 0; -ENOMEM if that were more than the limit, -EINTR for a fatal signal; then nothing is
 * counted.
 */
int iommufd_account_charge(struct iommufd_account *account, bool bound, unsigned long nr)
{
	int rc;

	if (bound)
		return account_charged(account, nr, payer_lock_pages(&account->payer, nr));
	while ((rc = iommufd_account_try_charge(account, false, nr)) == -EAGAIN) {
		rc = account_wait(account);
		if (rc)
			break;
	}
	return rc;
}

/**
 * iommufd_account_uncharge() - no longer count pages
 * @account: who answers
 * @bound: as it was got
 * @nr: number of pages
 *
 * Waits for no user.
 */
void iommufd_account_uncharge(struct iommufd_account *account, bool bound, unsigned long nr)
{
	if (bound) {
		account_uncharge(account, nr);
		return;
	}
	guard(mutex)(&account->ictx->account_lock);
	account_uncharge(account, nr);
}

/* The last user has gone. The lock is held, and dropped. */
static void account_free(struct iommufd_account *account)
{
	spin_lock(&account->ictx->accounts_lock);
	list_del(&account->link);
	spin_unlock(&account->ictx->accounts_lock);
	mutex_unlock(&account->ictx->account_lock);
	WARN_ON(atomic_long_read(&account->nr_pages));
	iommufd_payer_destroy(&account->payer);
	kfree(account);
}

/**
 * iommufd_account_put() - no longer use an account
 * @account: the account
 * @bound: as it was got
 * @nr: how many pages of the caller's are still counted; they are no longer
 */
void iommufd_account_put(struct iommufd_account *account, bool bound, unsigned long nr)
{
	if (nr)
		iommufd_account_uncharge(account, bound, nr);
	if (bound) {
		/* From now on another process may take over: pairs with accounts_are_movable(). */
		smp_mb__before_atomic();
		atomic_dec(&account->bound);
	}
	if (refcount_dec_and_mutex_lock(&account->users, &account->ictx->account_lock))
		account_free(account);
}

/**
 * iommufd_account_sum() - what is pinned for a context
 * @ictx: the context
 * @sum: to fill
 *
 * Without account_lock, under which memory is allocated.
 */
void iommufd_account_sum(struct iommufd_ctx *ictx, struct iommufd_account_sum *sum)
{
	const struct iommufd_account *account;
	unsigned long nr;

	*sum = (struct iommufd_account_sum) {};
	spin_lock(&ictx->accounts_lock);
	list_for_each_entry(account, &ictx->accounts, link) {
		nr = atomic_long_read(&account->nr_pages);
		sum->pinned += nr;
		if (READ_ONCE(account->payer.mode) != IOMMUFD_ACCOUNT_NONE)
			sum->locked += nr;
	}
	spin_unlock(&ictx->accounts_lock);
}
