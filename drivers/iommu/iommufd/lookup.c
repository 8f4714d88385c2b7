// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looking up user memory on behalf of a driver, which must be able to stop at any moment.
 *
 * A fault of user memory may take as long as a user likes (userfaultfd, FUSE), and in part nothing
 * can end it. So the driver takes what is in the page tables, without waiting for the lock of the
 * address space either. What isn't there a thread of its own faults in; the driver waits for it,
 * and if it doesn't want to wait any longer, kills the thread and leaves it behind. The thread then
 * unpins what it got. It holds nothing of the driver's; it holds the context, since it needs the
 * backing.
 *
 * Some waits don't end by a kill: that for a FUSE server which has read a request and doesn't
 * answer. Then the thread stays, and keeps the address space in use, beyond the end of its process.
 * So it is limited how many threads there are for the memory of one process, for one user, who may
 * have many processes, and altogether, lest anybody gather them by beginning and leaving again.
 */
#include <linux/file.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "backing.h"
#include "lookup.h"

/* How many threads may work for one address space, for one user, and altogether. */
#define MAX_JOBS_PER_MM		16
#define MAX_JOBS_PER_USER	256
#define MAX_JOBS		2048

/* How many pages one of them looks up: half a page of pointers. */
#define JOB_PAGES	256UL

/**
 * struct job_payer - whom a thread counts for; these are numbers here, not references
 * @mm: the address space
 * @user: the user who mapped the memory
 */
struct job_payer {
	unsigned long mm;
	unsigned long user;
};

static DEFINE_MUTEX(jobs_lock);		/* protects what follows */
static DEFINE_XARRAY(nr_jobs);		/* number of threads, by both members of job_payer */
static unsigned int nr_all_jobs;

/**
 * struct lookup_job - a look-up in a thread of its own
 * @refs: the thread's, and that of who waits for it
 * @backing: the memory; a reference
 * @first: number of the first page
 * @nr: how many pages at most
 * @flags: FOLL_*
 * @task: the thread; a reference
 * @lock: protects what follows
 * @canceller: who waits; NULL once nobody does
 * @done: the result is there
 * @result: as iommufd_lookup_pages(); belongs to the thread until @done
 * @pages: the pages, likewise
 */
struct lookup_job {
	refcount_t refs;
	struct iommufd_backing *backing;
	unsigned long first;
	unsigned long nr;
	unsigned int flags;
	struct task_struct *task;
	spinlock_t lock;
	struct iommufd_canceller *canceller;
	bool done;
	long result;
	struct page *pages[] __counted_by(nr);
};

static struct mm_struct *backing_mm(const struct iommufd_backing *backing)
{
	return backing->account->payer.mm;
}

static struct job_payer backing_payer(const struct iommufd_backing *backing)
{
	const struct iommufd_payer *payer = &backing->account->payer;

	return (struct job_payer) {
		.mm = (unsigned long)payer->mm, .user = (unsigned long)payer->cred->user,
	};
}

static int jobs_count(unsigned long index, unsigned long limit)
{
	void *entry = xa_load(&nr_jobs, index);
	unsigned long count = entry ? xa_to_value(entry) : 0;

	lockdep_assert_held(&jobs_lock);
	if (count >= limit)
		return -ENOMEM;
	return xa_err(xa_store(&nr_jobs, index, xa_mk_value(count + 1), GFP_KERNEL));
}

static void jobs_uncount(unsigned long index)
{
	unsigned long count = xa_to_value(xa_load(&nr_jobs, index)) - 1;

	lockdep_assert_held(&jobs_lock);
	/* Taking the place of an entry needs no memory. */
	if (count)
		xa_store(&nr_jobs, index, xa_mk_value(count), GFP_KERNEL);
	else
		xa_erase(&nr_jobs, index);
}

static int jobs_get(struct job_payer payer)
{
	int rc;

	guard(mutex)(&jobs_lock);
	if (nr_all_jobs >= MAX_JOBS)
		return -ENOMEM;
	rc = jobs_count(payer.mm, MAX_JOBS_PER_MM);
	if (rc)
		return rc;
	rc = jobs_count(payer.user, MAX_JOBS_PER_USER);
	if (rc)
		jobs_uncount(payer.mm);
	else
		nr_all_jobs++;
	return rc;
}

static void jobs_put(struct job_payer payer)
{
	guard(mutex)(&jobs_lock);
	jobs_uncount(payer.mm);
	jobs_uncount(payer.user);
	nr_all_jobs--;
}

static void job_put(struct lookup_job *job)
{
	if (!refcount_dec_and_test(&job->refs))
		return;
	put_task_struct(job->task);
	kfree(job);
}

static long job_look_up(struct lookup_job *job)
{
	struct mm_struct *mm = backing_mm(job->backing);
	unsigned long uptr = job->backing->start + (job->first << PAGE_SHIFT);
	int locked = 1;
	long rc;

	/* The process that mapped the memory may be gone, and its memory with it. */
	if (!mmget_not_zero(mm))
		return -EFAULT;
	rc = mmap_read_lock_killable(mm);
	if (!rc) {
		rc = pin_user_pages_remote(mm, uptr, job->nr, job->flags, job->pages, &locked);
		if (locked)
			mmap_read_unlock(mm);
	}
	mmput(mm);
	return rc;
}

/* From here on the thread can be killed. Returns false if it was to be, before it could. */
static bool job_begin(struct lookup_job *job)
{
	bool wanted;

	allow_kernel_signal(SIGKILL);
	spin_lock(&job->lock);
	wanted = job->canceller;
	spin_unlock(&job->lock);
	return wanted;
}

/* Whether there is still somebody who takes the result. */
static bool job_finish(struct lookup_job *job)
{
	bool wanted;

	spin_lock(&job->lock);
	wanted = job->canceller;
	if (wanted) {
		job->done = true;
		wake_up_all(&job->canceller->wait);
	}
	spin_unlock(&job->lock);
	return wanted;
}

static int job_run(void *data)
{
	struct lookup_job *job = data;
	struct iommufd_backing *backing = job->backing;
	struct file *file = backing->account->ictx->file;
	struct job_payer payer = backing_payer(backing);

	job->result = job_begin(job) ? job_look_up(job) : -EINTR;
	flush_signals(current);
	/*
	 * Before anybody hears of the result, who would find the context alive after its last file
	 * is closed. May end the context, if nobody waits any more.
	 */
	iommufd_backing_put(backing);
	fput(file);
	jobs_put(payer);
	if (!job_finish(job) && job->result > 0)
		unpin_user_pages(job->pages, job->result);
	job_put(job);
	module_put_and_kthread_exit(0);
}

static struct lookup_job *job_start(struct iommufd_backing *backing, unsigned long first,
				    unsigned long nr, unsigned int flags,
				    struct iommufd_canceller *canceller)
{
	struct task_struct *task;
	struct lookup_job *job;

	job = kzalloc(struct_size(job, pages, nr), GFP_KERNEL_ACCOUNT);
	if (!job)
		return ERR_PTR(-ENOMEM);
	job->nr = nr;
	refcount_set(&job->refs, 2);
	job->backing = backing;
	job->first = first;
	job->flags = flags;
	spin_lock_init(&job->lock);
	job->canceller = canceller;
	/* All the thread's, given back by job_run() */
	refcount_inc(&backing->refs);
	get_file(backing->account->ictx->file);
	__module_get(THIS_MODULE);
	task = kthread_create(job_run, job, "iommufd-lookup");
	if (!IS_ERR(task)) {
		job->task = get_task_struct(task);
		wake_up_process(task);
		return job;
	}

	module_put(THIS_MODULE);
	fput(backing->account->ictx->file);
	iommufd_backing_put(backing);
	kfree(job);
	return ERR_CAST(task);
}

/* Returns the result, or ends the thread as far as it can be, and leaves the job to it. */
static long job_take_result(struct lookup_job *job, struct page **pages, int rc)
{
	bool leave;

	spin_lock(&job->lock);
	job->canceller = NULL;
	if (job->done) {
		rc = job->result;
		if (rc > 0)
			memcpy(pages, job->pages, rc * sizeof(*pages));
	}
	leave = !job->done;
	spin_unlock(&job->lock);
	if (leave)
		send_sig(SIGKILL, job->task, 1);
	return rc;
}

/* Faults memory in, and gives up if the driver does. */
static long look_up_in_thread(struct iommufd_backing *backing, unsigned long first,
			      unsigned long nr, unsigned int flags, struct page **pages,
			      struct iommufd_canceller *canceller)
{
	struct lookup_job *job;
	long rc;

	rc = jobs_get(backing_payer(backing));
	if (rc)
		return rc;
	job = job_start(backing, first, min(nr, JOB_PAGES), flags, canceller);
	if (IS_ERR(job)) {
		jobs_put(backing_payer(backing));
		return PTR_ERR(job);
	}
	rc = wait_event_killable(canceller->wait,
				 READ_ONCE(job->done) || iommufd_is_cancelled(canceller));
	rc = job_take_result(job, pages, rc ? -EINTR : -ENODEV);
	job_put(job);
	return rc;
}

/* Takes what is there. Returns how many pages, or 0. */
static long look_up_present(struct iommufd_backing *backing, unsigned long first, unsigned long nr,
			    unsigned int flags, struct page **pages)
{
	unsigned long uptr = backing->start + (first << PAGE_SHIFT);
	struct mm_struct *mm = backing_mm(backing);
	long rc = 0;

	if (!mmget_not_zero(mm))
		return 0;
	/* Somebody who waits for it may keep others from reading. */
	if (mmap_read_trylock(mm)) {
		rc = pin_user_pages_remote(mm, uptr, nr, flags | FOLL_NOFAULT, pages, NULL);
		mmap_read_unlock(mm);
	}
	mmput(mm);
	return max(rc, 0);
}

/**
 * iommufd_lookup_pages() - pin some pages, and don't wait for them longer than wanted
 * @backing: the backing; the caller has a reference
 * @first: number of the first page
 * @nr: how many at most
 * @flags: FOLL_LONGTERM, FOLL_WRITE; of no meaning for a file
 * @pages: set to the pages, for unpin_user_page()
 * @canceller: ends the wait
 *
 * The memory of a file is taken from the file: no user is waited for there.
 *
 * Return: how many, or a negative errno: -ENODEV if cancelled, -EINTR for a fatal signal, -EFAULT,
 * -ENOMEM, also if there are too many look-ups of this process's memory, or of this user.
 */
long iommufd_lookup_pages(struct iommufd_backing *backing, unsigned long first, unsigned long nr,
			  unsigned int flags, struct page **pages,
			  struct iommufd_canceller *canceller)
{
	long rc;

	if (iommufd_is_cancelled(canceller))
		return -ENODEV;
	if (backing->file)
		return iommufd_backing_look_up_file_page(backing, first, pages);
	rc = look_up_present(backing, first, nr, flags, pages);
	return rc ?: look_up_in_thread(backing, first, nr, flags, pages, canceller);
}
