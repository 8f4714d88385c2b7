/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __IOMMUFD_HWPT_H
#define __IOMMUFD_HWPT_H

#include "fault.h"
#include "ioas.h"

/**
 * struct iommufd_hwpt - a hardware page table
 * @obj: its number
 * @ioas: what it follows, or what @parent follows. A paging table has a reference.
 * @domain: the IOMMU driver's page table
 * @parent: a nested table walks guest memory through this one; a reference. NULL: a paging table.
 * @faults: the queue for page requests of attached devices; a reference. NULL: they can't.
 * @nest_parent: may be the parent of nested tables
 * @dirty_tracking: made with IOMMU_HWPT_ALLOC_DIRTY_TRACKING
 * @tracks_dirty: tracking is switched on
 * @for_pasids: may be attached to PASIDs
 * @automatic: made by an attach to the IOAS; vanishes with the last one
 * @enforces_coherency: the IOMMU ignores devices' no-snoop requests; only ever turned on, under
 *                      ioas->auto_lock
 * @ioas_link: in ioas->hwpts; a paging table only
 * @aperture: IOVAs that @domain can't translate
 * @msi_start: where the kernel maps MSI doorbells in @domain, or PHYS_ADDR_MAX
 */
struct iommufd_hwpt {
	struct iommufd_object obj;
	struct iommufd_ioas *ioas;
	struct iommu_domain *domain;
	struct iommufd_hwpt *parent;
	struct iommufd_fault_queue *faults;
	bool nest_parent;
	bool dirty_tracking;
	bool tracks_dirty;
	bool for_pasids;
	bool automatic;
	bool enforces_coherency;
	struct list_head ioas_link;
	struct iommufd_reservations aperture;
	phys_addr_t msi_start;
};

static inline struct iommufd_hwpt *hwpt_from_object(struct iommufd_object *obj)
{
	return container_of(obj, struct iommufd_hwpt, obj);
}

struct iommufd_hwpt *iommufd_hwpt_get(struct iommufd_ctx *ictx, u32 id);
struct iommu_domain *iommufd_domain_alloc(struct device *dev, u32 flags,
					  struct iommu_domain *parent,
					  const struct iommu_user_data *data);
void iommufd_domain_free(struct iommu_domain *domain);
struct iommufd_hwpt *iommufd_hwpt_alloc_paging(struct iommufd_ioas *ioas,
					       struct iommu_domain *domain, bool automatic,
					       bool enforce_coherency);
struct iommufd_hwpt *iommufd_hwpt_alloc_nested(struct iommufd_hwpt *parent,
					       struct iommu_domain *domain);
void iommufd_hwpt_set_faults(struct iommufd_hwpt *hwpt, struct iommufd_fault_queue *faults);
void iommufd_hwpt_put(struct iommufd_hwpt *hwpt);
bool iommufd_hwpt_enforce_coherency(struct iommufd_hwpt *hwpt);

int iommufd_hwpt_alloc_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_hwpt_invalidate_ioctl(struct iommufd_ucmd *ucmd);

/* Dirty tracking: hwpt_dirty.c */

int iommufd_hwpt_set_dirty_tracking_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_hwpt_get_dirty_bitmap_ioctl(struct iommufd_ucmd *ucmd);

/* Page table contents: hwpt_map.c */

int iommufd_hwpt_map_area(struct iommufd_hwpt *hwpt, struct iommufd_area *area);
void iommufd_hwpt_unmap_area(struct iommufd_hwpt *hwpt, struct iommufd_area *area);
void iommufd_hwpts_unmap_areas(struct iommufd_ioas *ioas, struct list_head *areas);

static inline unsigned long hwpt_min_page_size(const struct iommufd_hwpt *hwpt)
{
	return 1UL << __ffs(hwpt->domain->pgsize_bitmap);
}

#endif
