// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nested page tables. The user's stage translates nothing: DMA goes through the parent as it is.
 * All there is to it is a few entries that can be invalidated.
 */
#include <linux/slab.h>

#include "mock.h"

static void iotlb_fill(struct mock_nested *nested, u32 value)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nested->iotlb); i++)
		nested->iotlb[i] = value;
}

static int invalidate_one(struct mock_nested *nested, struct iommu_user_data_array *array,
			  u32 index)
{
	struct iommu_hwpt_invalidate_selftest entry;
	int rc;

	rc = iommu_copy_struct_from_user_array(&entry, array, IOMMU_HWPT_INVALIDATE_DATA_SELFTEST,
					       index, iotlb_id);
	if (rc)
		return rc;
	if (entry.flags & ~IOMMU_TEST_INVALIDATE_FLAG_ALL)
		return -EOPNOTSUPP;
	if (entry.flags & IOMMU_TEST_INVALIDATE_FLAG_ALL) {
		iotlb_fill(nested, 0);
		return 0;
	}
	if (entry.iotlb_id > MOCK_NESTED_DOMAIN_IOTLB_ID_MAX)
		return -EINVAL;
	nested->iotlb[array_index_nospec(entry.iotlb_id, MOCK_NESTED_DOMAIN_IOTLB_NUM)] = 0;
	return 0;
}

/* Says in array->entry_num how many entries were done, also after a failure. */
static int nested_invalidate(struct iommu_domain *domain, struct iommu_user_data_array *array)
{
	struct mock_nested *nested = mock_nested_from(domain);
	u32 done = 0;
	int rc = 0;

	if (array->type != IOMMU_HWPT_INVALIDATE_DATA_SELFTEST)
		rc = -EINVAL;
	while (!rc && done < array->entry_num) {
		rc = invalidate_one(nested, array, done);
		done += !rc;
		cond_resched();
	}
	array->entry_num = done;
	return rc;
}

static void nested_free(struct iommu_domain *domain)
{
	kfree(mock_nested_from(domain));
}

const struct iommu_domain_ops mock_nested_ops = {
	.attach_dev = mock_domain_attach,
	.set_dev_pasid = mock_domain_attach_pasid,
	.cache_invalidate_user = nested_invalidate,
	.free = nested_free,
};

struct iommu_domain *mock_nested_alloc(u32 flags, struct iommu_domain *parent,
				       const struct iommu_user_data *data)
{
	struct iommu_hwpt_selftest user;
	struct mock_nested *nested;
	int rc;

	if (flags & ~IOMMU_HWPT_ALLOC_PASID)
		return ERR_PTR(-EOPNOTSUPP);
	if (!data || data->type != IOMMU_HWPT_DATA_SELFTEST)
		return ERR_PTR(-EOPNOTSUPP);
	if (parent->ops != &mock_paging_ops || !mock_domain_from(parent)->nest_parent)
		return ERR_PTR(-EINVAL);
	rc = iommu_copy_struct_from_user(&user, data, IOMMU_HWPT_DATA_SELFTEST, iotlb);
	if (rc)
		return ERR_PTR(rc);
	nested = kzalloc(sizeof(*nested), GFP_KERNEL_ACCOUNT);
	if (!nested)
		return ERR_PTR(-ENOMEM);
	nested->parent = mock_domain_from(parent);
	iotlb_fill(nested, user.iotlb);
	nested->domain.type = IOMMU_DOMAIN_NESTED;
	nested->domain.owner = &mock_iommu_ops;
	nested->domain.ops = &mock_nested_ops;
	return &nested->domain;
}
