// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Hardware page tables.
 */
#include <errno.h>

#include "iv_hwpt.h"
#include "private.h"

static const struct iv_hint alloc_hints[] = {
	{ ENOENT, "the context has no such device, or nothing of that number to build on" },
	{ EINVAL, "it cannot be built on that, or it is on another IOMMU" },
	{ EOPNOTSUPP, "the IOMMU cannot do what is asked for; iv_hw_info() tells what it can" },
	{ EADDRINUSE, "something is mapped or promised where this IOMMU cannot have memory" },
	{ EFAULT, "memory that is mapped in the IOAS is gone, or the data cannot be read" },
	{ EIO, "the IOMMU does not take the data" },
	{}
};

static const struct iv_hint dirty_hints[] = {
	{ ENOENT, "the context has no such page table" },
	{ EINVAL, "it was not made with IOMMU_HWPT_ALLOC_DIRTY_TRACKING, does not track, or the "
	  "range is not aligned" },
	{ EOPNOTSUPP, "the IOMMU does not track dirty pages" },
	{}
};

/**
 * iv_hwpt_alloc_from() - make a page table of any kind
 * @iommufd: the context
 * @cmd: what <linux/iommufd.h> says of it; @size is set here
 *
 * Return: 0, and its number in @cmd; -EOPNOTSUPP if the IOMMU can't; or another negative errno.
 */
int iv_hwpt_alloc_from(int iommufd, struct iommu_hwpt_alloc *cmd)
{
	int rc;

	cmd->size = sizeof(*cmd);
	rc = iv_ioctl(iommufd, IOMMU_HWPT_ALLOC, cmd);
	if (!rc)
		return 0;
	return iv_fail_pinning(rc, alloc_hints, 0, "device %u: make a page table on %u",
			       cmd->dev_id, cmd->pt_id);
}

/**
 * iv_hwpt_alloc() - make a page table that follows an address space
 * @iommufd: the context
 * @devid: a bound device that it is for
 * @pt_id: the IOAS it follows
 * @flags: IOMMU_HWPT_ALLOC_*
 * @hwpt_id: its number
 *
 * Return: 0, or a negative errno.
 */
int iv_hwpt_alloc(int iommufd, uint32_t devid, uint32_t pt_id, uint32_t flags, uint32_t *hwpt_id)
{
	struct iommu_hwpt_alloc cmd = {
		.flags = flags,
		.dev_id = devid,
		.pt_id = pt_id,
	};
	int rc = iv_hwpt_alloc_from(iommufd, &cmd);

	if (!rc)
		*hwpt_id = cmd.out_hwpt_id;
	return rc;
}

/**
 * iv_hwpt_track_dirty() - begin or end to record which pages devices write
 * @iommufd: the context
 * @hwpt_id: a page table with IOMMU_HWPT_ALLOC_DIRTY_TRACKING
 * @on: begin
 *
 * Return: 0, or a negative errno.
 */
int iv_hwpt_track_dirty(int iommufd, uint32_t hwpt_id, bool on)
{
	struct iommu_hwpt_set_dirty_tracking cmd = {
		.size = sizeof(cmd),
		.flags = on ? IOMMU_HWPT_DIRTY_TRACKING_ENABLE : 0,
		.hwpt_id = hwpt_id,
	};
	int rc = iv_ioctl(iommufd, IOMMU_HWPT_SET_DIRTY_TRACKING, &cmd);

	return rc ? iv_fail(rc, dirty_hints, "page table %u: track dirty pages", hwpt_id) : 0;
}

/**
 * iv_hwpt_dirty() - which pages devices have written since they were asked about last
 * @iommufd: the context
 * @hwpt_id: a page table that records it
 * @iova: first byte
 * @length: in bytes
 * @page_size: bytes for each bit
 * @flags: 0, or IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR: without starting anew
 * @bitmap: gets bits that are 1; none is cleared
 *
 * Return: 0, or a negative errno.
 */
int iv_hwpt_dirty(int iommufd, uint32_t hwpt_id, uint64_t iova, uint64_t length,
		  uint64_t page_size, uint32_t flags, uint64_t *bitmap)
{
	struct iommu_hwpt_get_dirty_bitmap cmd = {
		.size = sizeof(cmd),
		.hwpt_id = hwpt_id,
		.flags = flags,
		.iova = iova,
		.length = length,
		.page_size = page_size,
		.data = (uintptr_t)bitmap,
	};
	int rc = iv_ioctl(iommufd, IOMMU_HWPT_GET_DIRTY_BITMAP, &cmd);

	return rc ? iv_fail(rc, dirty_hints, "page table %u: get dirty pages", hwpt_id) : 0;
}

/**
 * iv_fault_queue_alloc() - make a queue for the page requests of devices
 * @iommufd: the context
 * @queue_id: its number, for iv_hwpt_alloc_from()
 *
 * Requests are read from the queue's file, and answers written to it, as <linux/iommufd.h> has
 * them; the queue ends with iv_iommufd_destroy(), its file with close(2).
 *
 * Return: the file descriptor, or a negative errno.
 */
int iv_fault_queue_alloc(int iommufd, uint32_t *queue_id)
{
	struct iommu_fault_alloc cmd = { .size = sizeof(cmd) };
	int rc = iv_ioctl(iommufd, IOMMU_FAULT_QUEUE_ALLOC, &cmd);

	if (rc)
		return iv_fail(rc, NULL, "fault queue: allocate");
	*queue_id = cmd.out_fault_id;
	return cmd.out_fault_fd;
}
