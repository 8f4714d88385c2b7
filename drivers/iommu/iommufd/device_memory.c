// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of devices in an IOAS: BARs that a program has mapped, for other devices to reach.
 *
 * Programs for type1 expect to map what they find in their address space, BARs of their vfio
 * devices with it. Only a container (/dev/vfio/vfio) does that, and only for devices that are in
 * it: the container owns their DMA, so until they leave it no other driver has them, and where
 * their BARs lie doesn't change. When one leaves, what is mapped of its memory leaves all page
 * tables before anybody else can have the device; whether the program keeps its own mapping doesn't
 * matter. A BAR that is switched off meanwhile answers to nobody, as on the bus.
 *
 * There are no pages in such a backing: nothing is pinned, counted, copied to another IOAS, or
 * accessed by the kernel.
 *
 * @ep->memory_gone is set before page tables are looked at for what is to leave them; who fills
 * them looks at it with domains_sem held. So an area is found by one of the two.
 */
#include <linux/export.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "container.h"
#include "device_memory.h"
#include "hwpt.h"

/* How many areas are looked at under one lock. */
#define SCAN_BATCH	256

void iommufd_endpoint_offer_memory(struct iommufd_endpoint *ep, iommufd_find_memory_fn find,
				   void *data)
{
	ep->find_memory = find;
	ep->find_memory_data = data;
}
EXPORT_SYMBOL_GPL(iommufd_endpoint_offer_memory);

/**
 * struct file_range - the part of a file that a process has mapped
 * @file: the file, a reference
 * @pgoff: first page in it
 */
struct file_range {
	struct file *file;
	pgoff_t pgoff;
};

/*
 * What the calling process has mapped at @uptr that has no pages; -ENOENT if it is something else,
 * or not one mapping.
 */
static int find_mapping(unsigned long uptr, unsigned long length, bool writeable,
			struct file_range *range)
{
	const vm_flags_t wanted = VM_READ | (writeable ? VM_WRITE : 0);
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	int rc;

	rc = mmap_read_lock_killable(mm);
	if (rc)
		return rc;
	vma = vma_lookup(mm, uptr);
	if (!vma || !vma->vm_file || !(vma->vm_flags & VM_PFNMAP) || length > vma->vm_end - uptr) {
		rc = -ENOENT;
	} else if ((vma->vm_flags & wanted) != wanted) {
		rc = -EFAULT;
	} else {
		range->file = get_file(vma->vm_file);
		range->pgoff = linear_page_index(vma, uptr);
	}
	mmap_read_unlock(mm);
	return rc;
}

/* Asks the members of a container where in memory they have a file's pages. */
static struct iommufd_endpoint *ask_members(struct iommufd_container *container,
					    const struct file_range *range, unsigned long nr_pages,
					    unsigned long *pfn)
{
	struct iommufd_endpoint *ep;

	guard(mutex)(&container->lock);
	list_for_each_entry(ep, &container->members, container_link) {
		if (ep->memory_gone || !ep->find_memory ||
		    ep->find_memory(ep->find_memory_data, range->file, range->pgoff, nr_pages, pfn))
			continue;
		ep->memory_found = true;
		iommufd_endpoint_get(ep);
		return ep;
	}
	return NULL;
}

/**
 * iommufd_device_memory_find() - memory of a device that the calling process has mapped
 * @ictx: the context
 * @uptr: its address, aligned to pages
 * @length: in bytes, likewise, not zero
 * @writeable: whether DMA may write
 *
 * Return: a backing with a reference for the caller; NULL if it is not memory of a device that is
 * in the container; ERR_PTR of -EFAULT (not mapped for that), -ENOMEM or -EINTR (fatal signal).
 */
struct iommufd_backing *iommufd_device_memory_find(struct iommufd_ctx *ictx, unsigned long uptr,
						   unsigned long length, bool writeable)
{
	struct iommufd_backing *backing;
	struct iommufd_endpoint *ep;
	struct file_range range;
	unsigned long pfn;
	int rc;

	if (!ictx->container.strict)
		return NULL;
	rc = find_mapping(uptr, length, writeable, &range);
	if (rc)
		return rc == -ENOENT ? NULL : ERR_PTR(rc);
	ep = ask_members(&ictx->container, &range, length >> PAGE_SHIFT, &pfn);
	fput(range.file);
	if (!ep)
		return NULL;
	/* Consumes the reference, but for a failure. */
	backing = iommufd_backing_alloc_device(ep, PFN_PHYS(pfn), length, writeable);
	if (IS_ERR(backing))
		iommufd_endpoint_put(ep);
	return backing;
}

/* Takes the next ready area of a device's memory for removal. -EAGAIN: look on from @next. */
static int take_area(struct iommufd_ioas *ioas, const struct iommufd_endpoint *ep,
		     unsigned long *next, struct list_head *areas)
{
	struct iommufd_area *area = iommufd_area_find(ioas, *next, ULONG_MAX);
	unsigned int room;

	for (room = SCAN_BATCH; area && room; room--) {
		*next = area->first;
		/* One that is being mapped won't be: see above. */
		if (area->backing->device == ep && area->state != IOMMUFD_AREA_MAPPING)
			break;
		area = iommufd_area_next(area, ULONG_MAX);
	}
	if (!area)
		return -ENOENT;
	if (!room)
		return -EAGAIN;
	if (area->state != IOMMUFD_AREA_READY)
		return -EBUSY;
	area->state = IOMMUFD_AREA_REMOVING;
	list_add(&area->batch, areas);
	return 0;
}

/* Removes areas from @next on. Returns -ENOENT when there is none any more. */
static int remove_some(struct iommufd_ioas *ioas, const struct iommufd_endpoint *ep,
		       unsigned long *next)
{
	LIST_HEAD(areas);
	int rc;

	down_read(&ioas->domains_sem);
	mutex_lock(&ioas->tree_lock);
	rc = take_area(ioas, ep, next, &areas);
	if (rc == -EBUSY) {
		up_read(&ioas->domains_sem);
		/* Nobody who works on it waits for a user: it has no pages. */
		iommufd_area_wait_uninterruptible(ioas);
		mutex_unlock(&ioas->tree_lock);
		return rc;
	}
	mutex_unlock(&ioas->tree_lock);
	if (!rc)
		iommufd_hwpts_unmap_areas(ioas, &areas);
	up_read(&ioas->domains_sem);
	if (!rc)
		iommufd_areas_end(ioas, &areas);
	return rc;
}

static void remove_from_ioas(struct iommufd_ioas *ioas, const struct iommufd_endpoint *ep)
{
	unsigned long next = 0;

	/* Who is filling page tables now and hasn't seen @ep->memory_gone has areas ready then. */
	down_write(&ioas->domains_sem);
	up_write(&ioas->domains_sem);
	while (remove_some(ioas, ep, &next) != -ENOENT)
		cond_resched();
}

/**
 * iommufd_device_memory_revoke() - let nothing be mapped of a device's memory any more
 * @ep: the device's endpoint
 *
 * Context: may sleep; waits for no user.
 */
void iommufd_device_memory_revoke(struct iommufd_endpoint *ep)
{
	struct iommufd_ctx *ictx = ep->obj.ictx;
	struct iommufd_ioas *ioas;
	bool found;
	u32 id = 0;

	mutex_lock(&ictx->container.lock);
	WRITE_ONCE(ep->memory_gone, true);
	found = ep->memory_found;
	mutex_unlock(&ictx->container.lock);
	if (!found)
		return;
	while ((ioas = iommufd_ioas_next(ictx, &id))) {
		remove_from_ioas(ioas, ep);
		iommufd_object_put(&ioas->obj);
	}
}
