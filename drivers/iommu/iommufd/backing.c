// SPDX-License-Identifier: GPL-2.0-only
/*
 * Backings: memory of a process or a file, pinned as a whole while somebody maps it. Memory of a
 * device is one, too, with nothing to pin (device_memory.c).
 *
 * Pinning faults user memory in and may therefore wait for as long as the user likes (userfaultfd,
 * FUSE), and so may counting the pages before (locked_vm.c). Both happen under backing->lock, but
 * only for the first pin; a pin is taken away only from those who have one, so taking away never
 * waits for them. Access endpoints pin single pages of a backing that isn't pinned
 * (backing_pages.c).
 */
#include <linux/file.h>
#include <linux/hugetlb.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>

#include "backing.h"
#include "endpoint.h"

static struct kmem_cache *backing_cache;

/* What is the same in a backing that is not in use yet and in one that is no longer. */
static void backing_construct(void *object)
{
	struct iommufd_backing *backing = object;

	mutex_init(&backing->pages_lock);
	xa_init(&backing->pages);
	mutex_init(&backing->lock);
}

/* Many small mappings are common enough to give their backings a cache of their own. */
int __init iommufd_backing_init_cache(void)
{
	backing_cache = kmem_cache_create("iommufd_backing", sizeof(struct iommufd_backing), 0,
					  SLAB_ACCOUNT, backing_construct);
	return backing_cache ? 0 : -ENOMEM;
}

void iommufd_backing_destroy_cache(void)
{
	kmem_cache_destroy(backing_cache);
}

/* Whether it is found in the address space of the process that answers for it. */
static bool backing_is_of_process(const struct iommufd_backing *backing)
{
	return !backing->file && !backing->device;
}

/* References to @file and @device, of which there is at most one, are consumed on success. */
static struct iommufd_backing *backing_alloc(struct iommufd_ctx *ictx, struct file *file,
					     struct iommufd_endpoint *device, unsigned long start,
					     unsigned long length, bool writeable)
{
	struct iommufd_backing *backing;
	int rc;

	backing = kmem_cache_alloc(backing_cache, GFP_KERNEL);
	if (!backing)
		return ERR_PTR(-ENOMEM);
	backing->file = file;
	backing->device = device;
	backing->account = iommufd_account_get(ictx, backing_is_of_process(backing));
	if (IS_ERR(backing->account)) {
		rc = PTR_ERR(backing->account);
		kmem_cache_free(backing_cache, backing);
		return ERR_PTR(rc);
	}
	refcount_set(&backing->refs, 1);
	backing->start = start & PAGE_MASK;
	backing->nr_pages = ((start + length - 1) >> PAGE_SHIFT) - (start >> PAGE_SHIFT) + 1;
	backing->writeable = writeable;
	backing->counted = false;
	backing->nr_recorded = 0;
	atomic_set(&backing->pins, 0);
	backing->by_folio = false;
	iommufd_runs_init(&backing->runs, backing->nr_pages);
	return backing;
}

/**
 * iommufd_backing_alloc_user() - memory of the calling process
 * @ictx: the context, for accounting
 * @uptr: its address; pages are taken whole
 * @length: in bytes, not zero; the caller has checked that it doesn't wrap around
 * @writeable: whether DMA may write
 *
 * Pins nothing yet.
 *
 * Return: the backing with a reference for the caller, or ERR_PTR(-ENOMEM).
 */
struct iommufd_backing *iommufd_backing_alloc_user(struct iommufd_ctx *ictx, unsigned long uptr,
						   unsigned long length, bool writeable)
{
	return backing_alloc(ictx, NULL, NULL, uptr, length, writeable);
}

static int file_check(struct file *file, unsigned long start, unsigned long length)
{
	loff_t size = i_size_read(file_inode(file));

	if (!is_file_hugepages(file) && !shmem_mapping(file->f_mapping))
		return -EINVAL;
	if (!(file->f_mode & FMODE_READ))
		return -EACCES;
	return length > size || start > size - length ? -EINVAL : 0;
}

static unsigned int file_seals(struct file *file)
{
	if (is_file_hugepages(file))
		return READ_ONCE(HUGETLBFS_I(file_inode(file))->seals);
	return READ_ONCE(SHMEM_I(file_inode(file))->seals);
}

/*
 * DMA that writes is like a shared writeable mapping: the same rules apply as for mmap(2), and
 * while there is one the file can't be sealed against writing.
 */
static int file_get_write(struct file *file)
{
	if (!(file->f_mode & FMODE_WRITE))
		return -EACCES;
	if (file_seals(file) & F_SEAL_FUTURE_WRITE)
		return -EPERM;
	return mapping_map_writable(file->f_mapping);
}

/**
 * iommufd_backing_alloc_file() - memory of a memfd
 * @ictx: the context, for accounting; the calling process answers
 * @fd: a descriptor of a memfd, tmpfs or hugetlbfs file
 * @start: byte offset in the file; pages are taken whole
 * @length: in bytes, not zero; the caller has checked that it doesn't wrap around
 * @writeable: whether DMA may write
 *
 * Pins nothing yet.
 *
 * Return: the backing with a reference for the caller, or ERR_PTR of -EBADF; -EINVAL (another kind
 * of file, or beyond its end); -EACCES (descriptor not open for that); -EPERM (sealed); -ENOMEM.
 */
struct iommufd_backing *iommufd_backing_alloc_file(struct iommufd_ctx *ictx, int fd,
						   unsigned long start, unsigned long length,
						   bool writeable)
{
	struct iommufd_backing *backing;
	struct file *file = fget(fd);
	int rc;

	if (!file)
		return ERR_PTR(-EBADF);
	rc = file_check(file, start, length);
	if (!rc && writeable)
		rc = file_get_write(file);
	if (rc)
		goto put_file;
	backing = backing_alloc(ictx, file, NULL, start, length, writeable);
	if (IS_ERR(backing)) {
		rc = PTR_ERR(backing);
		goto put_write;
	}
	return backing;

put_write:
	if (writeable)
		mapping_unmap_writable(file->f_mapping);
put_file:
	fput(file);
	return ERR_PTR(rc);
}

/**
 * iommufd_backing_alloc_device() - memory of a device
 * @ep: the device's endpoint; the reference is consumed on success
 * @phys: where it is, aligned to pages
 * @length: in bytes, likewise, not zero
 * @writeable: whether DMA may write
 *
 * Return: the backing with a reference for the caller, or ERR_PTR(-ENOMEM).
 */
struct iommufd_backing *iommufd_backing_alloc_device(struct iommufd_endpoint *ep, phys_addr_t phys,
						     unsigned long length, bool writeable)
{
	return backing_alloc(ep->obj.ictx, NULL, ep, phys, length, writeable);
}

void iommufd_backing_put(struct iommufd_backing *backing)
{
	if (!refcount_dec_and_test(&backing->refs))
		return;
	WARN_ON(atomic_read(&backing->pins) || !xa_empty(&backing->pages));
	iommufd_account_put(backing->account, backing_is_of_process(backing),
			    backing->counted ? backing->nr_pages : 0);
	if (backing->file && backing->writeable)
		mapping_unmap_writable(backing->file->f_mapping);
	if (backing->file)
		fput(backing->file);
	if (backing->device)
		iommufd_endpoint_put(backing->device);
	kmem_cache_free(backing_cache, backing);
}

/*
 * Makes all pages counted if @nr pages, which are, and those that are pinned one by one are enough;
 * what is too much is given back. Returns how many are missing.
 */
static unsigned long backing_make_counted(struct iommufd_backing *backing, unsigned long nr)
{
	unsigned long needed;

	guard(mutex)(&backing->pages_lock);
	needed = backing->nr_pages - backing->nr_recorded;
	if (needed > nr)
		return needed - nr;
	if (nr > needed)
		iommufd_account_uncharge(backing->account, !backing->file, nr - needed);
	backing->counted = true;
	return 0;
}

/*
 * Counts all pages; those that are pinned one by one are counted already, and there may be more or
 * fewer of them in the end, since this may wait and does so without pages_lock. A device has none.
 */
static int backing_count(struct iommufd_backing *backing)
{
	unsigned long nr = 0, missing = backing->nr_pages - READ_ONCE(backing->nr_recorded);
	int rc;

	do {
		rc = iommufd_account_charge(backing->account, !backing->file, missing);
		if (rc)
			goto uncharge;
		nr += missing;
		missing = backing_make_counted(backing, nr);
	} while (missing);
	return 0;

uncharge:
	if (nr)
		iommufd_account_uncharge(backing->account, !backing->file, nr);
	return rc;
}

static void backing_uncount(struct iommufd_backing *backing)
{
	guard(mutex)(&backing->pages_lock);
	if (!backing->counted)
		return;
	iommufd_account_uncharge(backing->account, !backing->file,
				 backing->nr_pages - backing->nr_recorded);
	backing->counted = false;
}

/* backing->lock is held, or the caller has the only reference. */
static int backing_pin_first(struct iommufd_backing *backing)
{
	int rc = 0;

	if (!backing->device)
		rc = backing_count(backing);
	if (rc)
		return rc;
	rc = iommufd_backing_pin_runs(backing);
	if (rc) {
		backing_uncount(backing);
		return rc;
	}
	/* Pairs with those who take a pin without the lock, and then read the runs. */
	atomic_set_release(&backing->pins, 1);
	return 0;
}

/**
 * iommufd_backing_pin() - need the pages, and thereby backing->runs
 * @backing: the backing
 *
 * Context: may wait for user memory; no lock held that anybody needs to take something away.
 * Return: 0; -ENOMEM (limit, or no memory), -EFAULT (no such memory, or not of a kind that can be
 * pinned), -EINTR (fatal signal).
 */
int iommufd_backing_pin(struct iommufd_backing *backing)
{
	int rc;

	if (iommufd_backing_pin_if_pinned(backing))
		return 0;
	rc = mutex_lock_killable(&backing->lock);
	if (rc)
		return rc;
	if (!iommufd_backing_pin_if_pinned(backing))
		rc = backing_pin_first(backing);
	mutex_unlock(&backing->lock);
	return rc;
}

/**
 * iommufd_backing_unpin() - no longer need the pages; nothing maps them for the caller any more
 * @backing: a backing that the caller has pinned
 */
void iommufd_backing_unpin(struct iommufd_backing *backing)
{
	if (!atomic_dec_and_mutex_lock(&backing->pins, &backing->lock))
		return;
	iommufd_backing_unpin_runs(backing);
	backing_uncount(backing);
	mutex_unlock(&backing->lock);
}

/*
 * Whether the caller, by whose reference no other can be had, is alone with the backing. References
 * that others had are gone together with all that they did.
 */
static bool backing_is_private(struct iommufd_backing *backing)
{
	if (refcount_read(&backing->refs) != 1)
		return false;
	smp_acquire__after_ctrl_dep();
	return true;
}

/**
 * iommufd_backing_pin_hidden() - iommufd_backing_pin() for an area that nobody else can use
 * @backing: its backing
 *
 * If there is no other reference, there is nobody to keep out.
 */
int iommufd_backing_pin_hidden(struct iommufd_backing *backing)
{
	if (!backing_is_private(backing))
		return iommufd_backing_pin(backing);
	return backing_pin_first(backing);
}

/**
 * iommufd_backing_unpin_hidden() - iommufd_backing_unpin() for an area that nobody else can use
 * @backing: its backing; iommufd_backing_put() follows soon, and may be what uncounts the pages
 */
void iommufd_backing_unpin_hidden(struct iommufd_backing *backing)
{
	if (!backing_is_private(backing)) {
		iommufd_backing_unpin(backing);
		return;
	}
	atomic_set(&backing->pins, 0);
	iommufd_backing_unpin_runs(backing);
}

/**
 * iommufd_backing_pin_again() - need the pages once more
 * @backing: a backing on which the caller's area has a pin
 *
 * Can't fail and waits for nobody, since the pages are pinned and stay so.
 */
void iommufd_backing_pin_again(struct iommufd_backing *backing)
{
	WARN_ON(!iommufd_backing_pin_if_pinned(backing));
}

/**
 * iommufd_backing_pin_if_pinned() - need the pages if they are pinned anyway
 * @backing: the backing
 *
 * Waits for nobody.
 *
 * Return: whether they are, and so the caller has a pin.
 */
bool iommufd_backing_pin_if_pinned(struct iommufd_backing *backing)
{
	return atomic_inc_not_zero(&backing->pins);
}
