/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __IOMMUFD_HWPT_H
#define __IOMMUFD_HWPT_H

#include "ioas.h"

/**
 * struct iommufd_hwpt - a hardware page table that follows an IOAS
 * @obj: its number
 * @ioas: what it follows; a reference
 * @domain: the IOMMU driver's page table
 * @automatic: made by an attach to the IOAS; vanishes with the last one
 * @enforces_coherency: the IOMMU ignores devices' no-snoop requests; only ever turned on, under
 *                      ioas->auto_lock
 * @ioas_link: in ioas->hwpts
 * @aperture: IOVAs that @domain can't translate
 * @msi_start: where the kernel maps MSI doorbells in @domain, or PHYS_ADDR_MAX
 */
struct iommufd_hwpt {
	struct iommufd_object obj;
	struct iommufd_ioas *ioas;
	struct iommu_domain *domain;
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

struct iommu_domain *iommufd_domain_alloc(struct device *dev);
struct iommufd_hwpt *iommufd_hwpt_alloc(struct iommufd_ioas *ioas, struct iommu_domain *domain,
					bool enforce_coherency);
void iommufd_hwpt_put(struct iommufd_hwpt *hwpt);
bool iommufd_hwpt_enforce_coherency(struct iommufd_hwpt *hwpt);

/* Page table contents: hwpt_map.c */

int iommufd_hwpt_map_area(struct iommufd_hwpt *hwpt, struct iommufd_area *area);
void iommufd_hwpt_unmap_area(struct iommufd_hwpt *hwpt, struct iommufd_area *area);

static inline unsigned long hwpt_min_page_size(const struct iommufd_hwpt *hwpt)
{
	return 1UL << __ffs(hwpt->domain->pgsize_bitmap);
}

#endif
