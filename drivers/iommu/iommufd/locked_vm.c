// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counting pinned pages of one process together with its mlock(2), in mm->locked_vm.
 *
 * mmap_lock protects that number, and a process can have its own mmap_lock taken for as long as it
 * likes: it is held while the process' memory is read through /proc, also if that memory is of a
 * file system that the process serves itself (FUSE). So
 *
 *  - who counts pages waits for the lock, but for a fatal signal, and with no other lock that is
 *    needed to take something away;
 *  - who gives pages back, which is a part of taking a device away, doesn't wait. If the lock is
 *    taken, the pages become a debt: what locked_vm is too high by. Whoever next counts pages of
 *    that process has waited for the lock and settles the debt first, so that nobody is refused
 *    what has been given back. Otherwise a work item does. It doesn't wait either, but comes back:
 *    the debts of many processes, some of which keep their lock, need no more than that.
 *
 * A debt is an mm's, whatever the contexts that it has mapped memory in, which may be gone. It
 * keeps the mm from being freed, as its process may have ended, and the module from being unloaded.
 */
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rwsem.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "locked_vm.h"

/* How long until the work item looks again, in jiffies. */
#define RETRY_DELAY	(HZ / 20)

/**
 * struct debt - pages that are counted in a process and aren't pinned any more
 * @link: in debts
 * @mm: the process; grabbed
 * @nr_pages: how many
 */
struct debt {
	struct list_head link;
	struct mm_struct *mm;
	unsigned long nr_pages;
};

static DEFINE_MUTEX(debts_lock);	/* protects debts and what they hold */
static LIST_HEAD(debts);

static void debts_work_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(debts_work, debts_work_fn);

/*
 * What mmap_write_lock() does besides tells of mappings that change. None does here, and the kernel
 * has no such function that doesn't wait.
 */
static bool mm_trylock(struct mm_struct *mm)
{
	return down_write_trylock(&mm->mmap_lock);
}

static void mm_unlock(struct mm_struct *mm)
{
	up_write(&mm->mmap_lock);
}

static struct debt *debt_find(struct mm_struct *mm)
{
	struct debt *debt;

	lockdep_assert_held(&debts_lock);
	list_for_each_entry(debt, &debts, link)
		if (debt->mm == mm)
			return debt;
	return NULL;
}

/* The module is in use by the caller besides, unless that is the work item. */
static void debt_free(struct debt *debt)
{
	lockdep_assert_held(&debts_lock);
	list_del(&debt->link);
	mmdrop(debt->mm);
	kfree(debt);
	module_put(THIS_MODULE);
}

static void debt_pay(struct debt *debt)
{
	__account_locked_vm(debt->mm, debt->nr_pages, false, current, true);
}

static void debts_work_fn(struct work_struct *work)
{
	struct debt *debt, *next;

	guard(mutex)(&debts_lock);
	list_for_each_entry_safe(debt, next, &debts, link) {
		if (mm_trylock(debt->mm)) {
			debt_pay(debt);
			mm_unlock(debt->mm);
			debt_free(debt);
		}
		cond_resched();
	}
	if (!list_empty(&debts))
		schedule_delayed_work(&debts_work, RETRY_DELAY);
}

/*
 * This happens where nothing may fail. There is one debt for each process whose lock is taken, and
 * it is small, so memory for it is waited for.
 */
static void debt_add(struct mm_struct *mm, unsigned long nr)
{
	struct debt *fresh __free(kfree) = kzalloc(sizeof(*fresh), GFP_KERNEL | __GFP_NOFAIL);
	struct debt *debt;

	guard(mutex)(&debts_lock);
	debt = debt_find(mm);
	if (!debt) {
		debt = no_free_ptr(fresh);
		mmgrab(mm);
		debt->mm = mm;
		/* The caller works for a context, which has a reference, too. */
		__module_get(THIS_MODULE);
		list_add(&debt->link, &debts);
	}
	debt->nr_pages += nr;
	schedule_delayed_work(&debts_work, RETRY_DELAY);
}

/* What is owed to a process that the caller has locked. */
static void debt_settle(struct mm_struct *mm)
{
	struct debt *debt;

	mmap_assert_write_locked(mm);
	/* Pages that were given back before this call began are seen. */
	if (likely(list_empty(&debts)))
		return;
	guard(mutex)(&debts_lock);
	debt = debt_find(mm);
	if (!debt)
		return;
	debt_pay(debt);
	debt_free(debt);
}

static int add_locked(struct mm_struct *mm, struct task_struct *task, unsigned long nr)
{
	debt_settle(mm);
	return __account_locked_vm(mm, nr, true, task, false);
}

/**
 * iommufd_locked_vm_add() - count pages
 * @mm: the process
 * @task: it, whose RLIMIT_MEMLOCK applies
 * @nr: number of pages
 *
 * Context: waits for mmap_lock, that is, for the user.
 * Return: 0; -ENOMEM if that were more than the limit, -EINTR for a fatal signal; then nothing is
 * counted.
 */
int iommufd_locked_vm_add(struct mm_struct *mm, struct task_struct *task, unsigned long nr)
{
	int rc = mmap_write_lock_killable(mm);

	if (rc)
		return rc;
	rc = add_locked(mm, task, nr);
	mmap_write_unlock(mm);
	return rc;
}

/**
 * iommufd_locked_vm_try_add() - count pages without waiting
 * @mm: the process
 * @task: it, whose RLIMIT_MEMLOCK applies
 * @nr: number of pages
 *
 * Return: 0; -EAGAIN if mmap_lock is taken, -ENOMEM if that were more than the limit.
 */
int iommufd_locked_vm_try_add(struct mm_struct *mm, struct task_struct *task, unsigned long nr)
{
	int rc;

	if (!mm_trylock(mm))
		return -EAGAIN;
	rc = add_locked(mm, task, nr);
	mm_unlock(mm);
	return rc;
}

/**
 * iommufd_locked_vm_wait() - wait until it is worth while to try again
 * @mm: the process
 *
 * Return: 0, or -EINTR for a fatal signal.
 */
int iommufd_locked_vm_wait(struct mm_struct *mm)
{
	int rc = mmap_write_lock_killable(mm);

	if (!rc)
		mmap_write_unlock(mm);
	return rc;
}

/**
 * iommufd_locked_vm_sub() - no longer count pages
 * @mm: the process
 * @task: it
 * @nr: number of pages
 *
 * Context: may sleep; waits for nobody. What is in locked_vm may change a little later.
 */
void iommufd_locked_vm_sub(struct mm_struct *mm, struct task_struct *task, unsigned long nr)
{
	if (unlikely(!mm_trylock(mm))) {
		debt_add(mm, nr);
		return;
	}
	__account_locked_vm(mm, nr, false, task, true);
	mm_unlock(mm);
}

/* There is no debt any more, but the work item may be on its way out, or have nothing to do. */
void iommufd_locked_vm_exit(void)
{
	cancel_delayed_work_sync(&debts_work);
	WARN_ON(!list_empty(&debts));
}
