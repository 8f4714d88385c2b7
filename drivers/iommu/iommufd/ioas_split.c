// SPDX-License-Identifier: GPL-2.0-only
/*
 * Areas that are cut in two, for VFIO's type1, where an unmap may take away part of a mapping.
 *
 * Nothing changes for devices: the two halves are in the page tables where the whole was. That is
 * so only while page tables use pages of PAGE_SIZE at most (ioas->small_pages), as a larger one
 * that reaches across the cut could not be unmapped by halves. The halves share the backing, so
 * memory stays pinned, and counted, as a whole until the last part of it is unmapped.
 */
#include <linux/sched/signal.h>

#include "ioas.h"

/* Cuts @area, which nobody works on, so that its upper half starts at @iova. */
static int area_split(struct iommufd_ioas *ioas, struct iommufd_area *area, unsigned long iova)
{
	unsigned long skip = iova - area->first;
	struct iommufd_area *upper;

	lockdep_assert_held(&ioas->tree_lock);
	upper = iommufd_area_alloc(area->backing, area->offset + skip, area_length(area) - skip, 0);
	if (!upper)
		return -ENOMEM;
	upper->prot = area->prot;
	upper->state = IOMMUFD_AREA_READY;
	upper->pinned = area->pinned;
	if (upper->pinned)
		iommufd_backing_pin_again(upper->backing);
	upper->first = iova;
	upper->last = area->last;
	iommufd_area_resize(ioas, area, area->first, iova - 1);
	WARN_ON(!iommufd_area_insert(ioas, upper));
	return 0;
}

/* As iommufd_ioas_split(); -EAGAIN if somebody has to be waited for. */
static int try_split(struct iommufd_ioas *ioas, unsigned long iova)
{
	struct iommufd_area *area = iommufd_area_find(ioas, iova, iova);

	lockdep_assert_held(&ioas->domains_sem);
	if (!area || area->first == iova)
		return 0;
	if (!ioas->small_pages)
		return -ENOENT;
	if (iova & (ioas->alignment - 1))
		return -EINVAL;
	if (area->state == IOMMUFD_AREA_MAPPING)
		return -EBUSY;
	if (area->state != IOMMUFD_AREA_READY)
		return -EAGAIN;
	return area_split(ioas, area, iova);
}

/**
 * iommufd_ioas_split() - let no area reach across an IOVA
 * @ioas: the IOAS
 * @iova: where an area is cut, if there is one that starts below and ends at or above it
 *
 * Return: 0; -ENOENT if page tables may map the area with pages that can't be cut; -EINVAL (not
 * aligned), -EBUSY (another thread is still mapping the area), -ENOMEM, -EINTR (fatal signal).
 */
int iommufd_ioas_split(struct iommufd_ioas *ioas, unsigned long iova)
{
	int rc;

	do {
		down_read(&ioas->domains_sem);
		mutex_lock(&ioas->tree_lock);
		rc = try_split(ioas, iova);
		/* Whoever works on an area may be waiting to change the set of page tables. */
		up_read(&ioas->domains_sem);
		if (rc == -EAGAIN)
			rc = iommufd_area_wait(ioas) ?: -EAGAIN;
		mutex_unlock(&ioas->tree_lock);
	} while (rc == -EAGAIN);
	return rc;
}

/**
 * iommufd_ioas_unmap_cutting() - remove what is mapped in a range
 * @ioas: the IOAS
 * @first: first IOVA
 * @last: last IOVA
 * @unmapped: set to the number of bytes that were mapped in the range, also after a failure
 *
 * Areas that reach into the range lose that part, where that is possible.
 *
 * Return: 0, also if there was nothing; else as iommufd_ioas_split() or iommufd_ioas_unmap().
 */
int iommufd_ioas_unmap_cutting(struct iommufd_ioas *ioas, unsigned long first, unsigned long last,
			       unsigned long *unmapped)
{
	unsigned long part;
	int rc;

	*unmapped = 0;
	do {
		rc = iommufd_ioas_split(ioas, first);
		if (!rc && last != ULONG_MAX)
			rc = iommufd_ioas_split(ioas, last + 1);
		if (rc)
			return rc;
		/* Says -ENOENT only if an area across the ends was mapped anew just now. */
		rc = iommufd_ioas_unmap(ioas, first, last, &part);
		*unmapped += part;
	} while (rc == -ENOENT && !fatal_signal_pending(current));
	return rc;
}
