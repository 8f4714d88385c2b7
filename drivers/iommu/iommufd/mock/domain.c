// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page tables as the IOMMU core sees them.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "mock.h"

#define HUGE_SIZE	((size_t)MOCK_HUGE_PAGE_SIZE)

/* What memory is provided for at once: a slot of small pages, and as many huge pages */
#define MOCK_TABLE_ENTRIES	(HUGE_SIZE / MOCK_PAGE_SIZE)

int mock_domain_attach(struct iommu_domain *domain, struct device *dev)
{
	return mock_dev_attach(mock_dev_from_device(dev), domain);
}

int mock_domain_attach_pasid(struct iommu_domain *domain, struct device *dev, ioasid_t pasid,
			     struct iommu_domain *old)
{
	return mock_dev_attach_pasid(mock_dev_from_device(dev), pasid, domain);
}

/**
 * mock_domain_paging() - the paging page table that DMA through a domain ends in
 * @domain: any of the mock's domains
 *
 * Return: the page table itself, or the parent of a nested one, or NULL if the domain has none.
 */
struct mock_domain *mock_domain_paging(struct iommu_domain *domain)
{
	if (domain && domain->ops == &mock_paging_ops)
		return mock_domain_from(domain);
	if (domain && domain->ops == &mock_nested_ops)
		return mock_nested_from(domain)->parent;
	return NULL;
}

static u64 prot_to_pte(int prot)
{
	u64 pte = 0;

	if (prot & IOMMU_READ)
		pte |= MOCK_PTE_READ;
	if (prot & IOMMU_WRITE)
		pte |= MOCK_PTE_WRITE;
	return pte;
}

/* Maps huge pages: all of them or none. */
static int map_huge_pages(struct mock_domain *mock, unsigned long iova, u64 pte, size_t length,
			  gfp_t gfp)
{
	size_t done;

	for (done = 0; done < length; done += HUGE_SIZE) {
		int rc = mock_pt_map_huge(&mock->pt, iova + done, pte + done, gfp);

		if (!rc)
			continue;
		mock_pt_unmap(&mock->pt, iova, done);
		return rc;
	}
	return 0;
}

/* Maps what lies in one table: all of it or nothing. Returns how much. */
static ssize_t domain_map_step(struct mock_domain *mock, unsigned long iova, u64 pte, size_t pgsize,
			       size_t length, gfp_t gfp)
{
	const size_t table = pgsize * MOCK_TABLE_ENTRIES;
	int rc;

	length = min(length, table - iova % table);
	if (mock_fuse_burns_within(&mock->fail_map, length / pgsize))
		return -ENOMEM;
	if (pgsize == HUGE_SIZE)
		rc = map_huge_pages(mock, iova, pte, length, gfp);
	else
		rc = mock_pt_map(&mock->pt, iova, pte, length, gfp);
	return rc ?: length;
}

/*
 * As the VT-d driver does it, the least helpful of all: who lacks memory for a table stops there,
 * leaves what other tables hold by then, and doesn't say that there is any.
 */
static int domain_map_pages(struct iommu_domain *domain, unsigned long iova, phys_addr_t paddr,
			    size_t pgsize, size_t pgcount, int prot, gfp_t gfp, size_t *mapped)
{
	struct mock_domain *mock = mock_domain_from(domain);
	u64 pte = paddr | prot_to_pte(prot);
	size_t length = pgsize * pgcount, done = 0;

	if (WARN_ON_ONCE(!(pgsize & domain->pgsize_bitmap) || (iova | paddr) & (pgsize - 1) ||
			 iova < domain->geometry.aperture_start ||
			 iova + (length - 1) > domain->geometry.aperture_end ||
			 !(prot & (IOMMU_READ | IOMMU_WRITE))))
		return -EINVAL;
	while (done < length) {
		ssize_t step = domain_map_step(mock, iova + done, pte + done, pgsize,
					       length - done, gfp);

		if (step < 0)
			return step;
		done += step;
	}
	*mapped += length;
	return 0;
}

static size_t domain_unmap_pages(struct iommu_domain *domain, unsigned long iova, size_t pgsize,
				 size_t pgcount, struct iommu_iotlb_gather *gather)
{
	return mock_pt_unmap(&mock_domain_from(domain)->pt, iova, pgsize * pgcount);
}

static phys_addr_t domain_iova_to_phys(struct iommu_domain *domain, dma_addr_t iova)
{
	size_t size;
	u64 pte = mock_pt_lookup(&mock_domain_from(domain)->pt, iova, &size);

	return pte ? mock_pte_phys(pte) + (iova & (size - 1)) : 0;
}

static bool domain_enforce_cache_coherency(struct iommu_domain *domain)
{
	return true;
}

static void domain_free(struct iommu_domain *domain)
{
	struct mock_domain *mock = mock_domain_from(domain);

	mock_pt_destroy(&mock->pt);
	kfree(mock);
}

const struct iommu_domain_ops mock_paging_ops = {
	.attach_dev = mock_domain_attach,
	.set_dev_pasid = mock_domain_attach_pasid,
	.map_pages = domain_map_pages,
	.unmap_pages = domain_unmap_pages,
	.iova_to_phys = domain_iova_to_phys,
	.enforce_cache_coherency = domain_enforce_cache_coherency,
	.free = domain_free,
};

static const struct iommu_domain_ops static_ops = {
	.attach_dev = mock_domain_attach,
	.set_dev_pasid = mock_domain_attach_pasid,
};

struct iommu_domain mock_identity_domain = {
	.type = IOMMU_DOMAIN_IDENTITY,
	.ops = &static_ops,
};

struct iommu_domain mock_blocked_domain = {
	.type = IOMMU_DOMAIN_BLOCKED,
	.ops = &static_ops,
};

static void domain_set_sizes(struct iommu_domain *domain, bool huge)
{
	domain->pgsize_bitmap = MOCK_PAGE_SIZE | (huge ? MOCK_HUGE_PAGE_SIZE : 0);
	domain->geometry.aperture_start = MOCK_APERTURE_START;
	domain->geometry.aperture_end = huge ? ULONG_MAX : MOCK_APERTURE_LAST;
	domain->geometry.force_aperture = true;
}

static struct iommu_domain *domain_alloc(struct mock_dev *mdev, u32 flags, bool huge)
{
	struct mock_domain *mock;

	if (mock_fuse_burns(&mdev->fail_domain))
		return ERR_PTR(-ENOMEM);
	mock = kzalloc(sizeof(*mock), GFP_KERNEL_ACCOUNT);
	if (!mock)
		return ERR_PTR(-ENOMEM);
	mock_pt_init(&mock->pt);
	mock->nest_parent = flags & IOMMU_HWPT_ALLOC_NEST_PARENT;
	mock->tracks_dirty = flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
	swap(mock->fail_map, mdev->fail_map);
	mock->domain.type = IOMMU_DOMAIN_UNMANAGED;
	mock->domain.owner = &mock_iommu_ops;
	mock->domain.ops = &mock_paging_ops;
	if (mock->tracks_dirty)
		mock->domain.dirty_ops = &mock_dirty_ops;
	domain_set_sizes(&mock->domain, huge);
	return &mock->domain;
}

/* Whether the user wants huge pages, or -errno. */
static int wants_huge(struct mock_dev *mdev, const struct iommu_user_data *data)
{
	struct iommu_hwpt_selftest user;
	int rc;

	if (!data)
		return !!(mdev->flags & MOCK_FLAGS_DEVICE_HUGE_IOVA);
	if (data->type != IOMMU_HWPT_DATA_SELFTEST)
		return -EOPNOTSUPP;
	rc = iommu_copy_struct_from_user(&user, data, IOMMU_HWPT_DATA_SELFTEST, iotlb);
	if (rc)
		return rc;
	if (user.pagetable_type > MOCK_IOMMUPT_HUGE)
		return -EOPNOTSUPP;
	return user.pagetable_type == MOCK_IOMMUPT_HUGE;
}

struct iommu_domain *mock_domain_alloc_user(struct device *dev, u32 flags,
					    struct iommu_domain *parent,
					    const struct iommu_user_data *data)
{
	struct mock_dev *mdev = mock_dev_from_device(dev);
	int huge;

	if (parent)
		return mock_nested_alloc(flags, parent, data);
	if (flags & ~(IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_ALLOC_DIRTY_TRACKING |
		      IOMMU_HWPT_ALLOC_PASID))
		return ERR_PTR(-EOPNOTSUPP);
	if (flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING && mdev->flags & MOCK_FLAGS_DEVICE_NO_DIRTY)
		return ERR_PTR(-EOPNOTSUPP);
	huge = wants_huge(mdev, data);
	if (huge < 0)
		return ERR_PTR(huge);
	return domain_alloc(mdev, flags, huge);
}

struct iommu_domain *mock_domain_alloc_paging(struct device *dev)
{
	struct mock_dev *mdev = mock_dev_from_device(dev);

	return domain_alloc(mdev, 0, mdev->flags & MOCK_FLAGS_DEVICE_HUGE_IOVA);
}
