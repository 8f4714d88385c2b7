// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests: from a chain of descriptors to data on the disk, and back.
 */
#include <linux/highmem.h>
#include <linux/iommufd.h>

#include "mblk.h"

/**
 * struct request - a request in progress
 * @head: its first descriptor, which the user can't change any more
 * @pos: where on the disk it goes on, in bytes
 * @done: bytes done
 */
struct request {
	struct mblk_desc head;
	u64 pos;
	u32 done;
};

static void copy_in_page(struct page *page, size_t offset, void *disk, size_t length, bool to_disk)
{
	if (to_disk)
		memcpy_from_page(disk, page, offset, length);
	else
		memcpy_to_page(page, offset, disk, length);
}

/* As transfer_copied(), for a part that MBLK_DATA_PAGES pages and another can hold. */
static int transfer_pinned_part(struct mblk *mblk, u64 iova, void *disk, size_t length,
				bool to_disk)
{
	struct iommufd_access *access = vfio_device_access(&mblk->vdev);
	size_t offset = offset_in_page(iova), done = 0, part;
	struct page **page = mblk->data_pages;
	int rc;

	rc = iommufd_access_pin(access, iova, length, page, to_disk ? 0 : IOMMUFD_ACCESS_WRITE);
	if (rc)
		return rc;
	while (done < length) {
		part = min(length - done, PAGE_SIZE - offset);
		copy_in_page(*page++, offset, disk + done, part, to_disk);
		done += part;
		offset = 0;
	}
	iommufd_access_unpin(access, iova, length);
	return 0;
}

static int transfer_pinned(struct mblk *mblk, u64 iova, void *disk, size_t length, bool to_disk)
{
	size_t done, part;
	int rc;

	for (done = 0; done < length; done += part) {
		part = min(length - done, MBLK_DATA_PAGES * PAGE_SIZE);
		rc = transfer_pinned_part(mblk, iova + done, disk + done, part, to_disk);
		if (rc)
			return rc;
	}
	return 0;
}

static int transfer_copied(struct mblk *mblk, u64 iova, void *disk, size_t length, bool to_disk)
{
	struct iommufd_access *access = vfio_device_access(&mblk->vdev);

	if (to_disk)
		return iommufd_access_read(access, iova, disk, length);
	return iommufd_access_write(access, iova, disk, length);
}

/* One segment. Returns MBLK_OK or why not. */
static u32 run_segment(struct mblk *mblk, struct request *req, const struct mblk_desc *desc)
{
	bool to_disk = req->head.op == MBLK_OP_WRITE;
	u64 iova = le64_to_cpu(desc->iova);
	u32 length = le32_to_cpu(desc->length);
	u64 end;
	int rc;

	if (!length || length % MBLK_SECTOR_SIZE || length > MBLK_MAX_REQUEST - req->done ||
	    check_add_overflow(iova, (u64)length - 1, &end))
		return MBLK_BAD_DESC;
	if (req->pos > mblk->disk_size || length > mblk->disk_size - req->pos)
		return MBLK_BAD_SECTOR;
	if (req->head.flags & MBLK_DESC_PIN)
		rc = transfer_pinned(mblk, iova, mblk->disk + req->pos, length, to_disk);
	else
		rc = transfer_copied(mblk, iova, mblk->disk + req->pos, length, to_disk);
	if (rc)
		return MBLK_BAD_MEMORY;
	req->pos += length;
	req->done += length;
	return MBLK_OK;
}

/*
 * All segments. They end even if the chain is a circle, as each segment has a length, and their sum
 * is limited.
 */
static u32 run_request(struct mblk *mblk, struct request *req)
{
	struct mblk_desc desc = req->head;
	u32 status;

	if (req->head.op != MBLK_OP_READ && req->head.op != MBLK_OP_WRITE)
		return MBLK_BAD_DESC;
	if (check_mul_overflow(le64_to_cpu(desc.sector), MBLK_SECTOR_SIZE, &req->pos))
		return MBLK_BAD_SECTOR;
	for (;;) {
		status = run_segment(mblk, req, &desc);
		if (status != MBLK_OK || !(desc.flags & MBLK_DESC_NEXT))
			return status;
		if (mblk_queue_read(mblk, le16_to_cpu(desc.next), &desc))
			return MBLK_BAD_DESC;
		cond_resched();
	}
}

/**
 * mblk_work() - work on what is in the ring
 * @work: of the instance
 */
void mblk_work(struct work_struct *work)
{
	struct mblk *mblk = container_of(work, struct mblk, work);
	struct request req = {};

	while (mblk_queue_next(mblk, &req.head)) {
		u32 status;

		req.done = 0;
		status = run_request(mblk, &req);
		mblk_queue_complete(mblk, &req.head, status, req.done);
		cond_resched();
	}
}
