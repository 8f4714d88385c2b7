// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty tracking: an entry is marked when a device writes through it while its page table tracks.
 */
#include "mock.h"

static u64 clear_dirty(u64 pte, unsigned long iova, size_t size, void *arg)
{
	return pte & ~MOCK_PTE_DIRTY;
}

/* What was dirty before doesn't count. */
static int dirty_set_tracking(struct iommu_domain *domain, bool enabled)
{
	struct mock_domain *mock = mock_domain_from(domain);

	if (enabled && !mock->tracking)
		mock_pt_walk(&mock->pt, 0, ULONG_MAX, clear_dirty, NULL);
	WRITE_ONCE(mock->tracking, enabled);
	return 0;
}

struct dirty_reader {
	struct iommu_dirty_bitmap *dirty;
	bool clear;
};

static u64 record_dirty(u64 pte, unsigned long iova, size_t size, void *arg)
{
	const struct dirty_reader *reader = arg;

	if (!(pte & MOCK_PTE_DIRTY))
		return pte;
	iommu_dirty_bitmap_record(reader->dirty, iova, size);
	return reader->clear ? pte & ~MOCK_PTE_DIRTY : pte;
}

/* Steps as the drivers of VT-d and AMD do, and says as they do that a page begins at each step. */
static int dirty_read_and_clear(struct iommu_domain *domain, unsigned long iova, size_t size,
				unsigned long flags, struct iommu_dirty_bitmap *dirty)
{
	struct mock_domain *mock = mock_domain_from(domain);
	struct dirty_reader reader = {
		.dirty = dirty,
		.clear = !(flags & IOMMU_DIRTY_NO_CLEAR),
	};

	/* Without a bitmap it is only about clearing, which may come first. */
	if (!mock->tracking && dirty->bitmap)
		return -EINVAL;
	mock_pt_step(&mock->pt, iova, iova + (size - 1), record_dirty, &reader);
	return 0;
}

const struct iommu_dirty_ops mock_dirty_ops = {
	.set_dirty_tracking = dirty_set_tracking,
	.read_and_clear_dirty = dirty_read_and_clear,
};
