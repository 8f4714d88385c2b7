// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA by the devices. Each piece of at most one IO page is one transaction: it sees the page table
 * as it is, and keeps it that way until it is done. So when an unmap or a detach has returned no
 * transaction is under way, as with an IOMMU that was told to forget what it knew.
 */
#include <linux/highmem.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "mock.h"

#define TRANSACTION_SIZE	((size_t)MOCK_PAGE_SIZE)

/**
 * struct transaction - a piece of DMA, within one IO page
 * @iova: the first byte
 * @length: in bytes
 * @buffer: what is to be written, or where to put what is read
 * @write: which of the two
 * @tracking: whether a write makes the page dirty
 * @result: 0 when it was done, or -errno
 */
struct transaction {
	unsigned long iova;
	size_t length;
	void *buffer;
	bool write;
	bool tracking;
	int result;
};

static void copy(struct transaction *t, phys_addr_t phys)
{
	void *page = kmap_local_pfn(PHYS_PFN(phys));

	if (t->write)
		memcpy(page + offset_in_page(phys), t->buffer, t->length);
	else
		memcpy(t->buffer, page + offset_in_page(phys), t->length);
	kunmap_local(page);
}

static u64 transact(u64 pte, unsigned long iova, size_t size, void *arg)
{
	struct transaction *t = arg;
	phys_addr_t phys = mock_pte_phys(pte) + (t->iova - iova);

	if (!(pte & (t->write ? MOCK_PTE_WRITE : MOCK_PTE_READ))) {
		t->result = -EACCES;
		return pte;
	}
	if (!pfn_valid(PHYS_PFN(phys))) {
		t->result = -EIO;
		return pte;
	}
	copy(t, phys);
	t->result = 0;
	return t->write && t->tracking ? pte | MOCK_PTE_DIRTY : pte;
}

static struct iommu_domain *dma_domain(struct mock_dev *mdev, u32 pasid)
{
	return pasid == IOMMU_NO_PASID ? mdev->domain : xa_load(&mdev->pasids, pasid);
}

static int dma_transaction(struct mock_dev *mdev, u32 pasid, struct transaction *t)
{
	struct mock_domain *mock;

	guard(rwsem_read)(&mdev->lock);
	/* Neither blocked nor, of all things, all memory as it is */
	mock = mock_domain_paging(dma_domain(mdev, pasid));
	if (!mock)
		return -EPERM;
	t->tracking = READ_ONCE(mock->tracking);
	t->result = -ENXIO;
	mock_pt_walk(&mock->pt, t->iova, t->iova + (t->length - 1), transact, t);
	return t->result;
}

static int dma_piece(struct mock_dev *mdev, u32 pasid, struct transaction *t, void __user *uptr)
{
	int rc;

	if (t->write && copy_from_user(t->buffer, uptr, t->length))
		return -EFAULT;
	rc = dma_transaction(mdev, pasid, t);
	if (!rc && !t->write && copy_to_user(uptr, t->buffer, t->length))
		return -EFAULT;
	return rc;
}

static int dma_range(struct mock_dev *mdev, const struct iommu_test_cmd *cmd, void *buffer)
{
	struct transaction t = {
		.buffer = buffer,
		.write = cmd->mock_dma.flags & MOCK_DMA_WRITE,
	};
	u64 done;
	int rc;

	for (done = 0; done < cmd->mock_dma.length; done += t.length) {
		t.iova = cmd->mock_dma.iova + done;
		t.length = min_t(u64, cmd->mock_dma.length - done,
				 TRANSACTION_SIZE - t.iova % TRANSACTION_SIZE);
		rc = dma_piece(mdev, cmd->mock_dma.pasid, &t,
			       u64_to_user_ptr(cmd->mock_dma.uptr + done));
		if (rc)
			return rc;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/**
 * mock_dma_user() - let a device read or write
 * @mdev: the device
 * @cmd: what, in mock_dma
 *
 * Return: 0; -ENXIO (nothing mapped), -EACCES (not to be read or written), -EPERM (DMA is blocked),
 * with what comes before that done; -EINVAL, -EFAULT (the user's buffer), -EINTR, -ENOMEM.
 */
int mock_dma_user(struct mock_dev *mdev, const struct iommu_test_cmd *cmd)
{
	void *buffer;
	u64 end;
	int rc;

	if (cmd->mock_dma.flags & ~MOCK_DMA_WRITE || !cmd->mock_dma.length)
		return -EINVAL;
	if (check_add_overflow(cmd->mock_dma.iova, cmd->mock_dma.length - 1, &end) ||
	    check_add_overflow(cmd->mock_dma.uptr, cmd->mock_dma.length - 1, &end))
		return -EINVAL;
	buffer = kmalloc(TRANSACTION_SIZE, GFP_KERNEL_ACCOUNT);
	if (!buffer)
		return -ENOMEM;
	rc = dma_range(mdev, cmd, buffer);
	kfree(buffer);
	return rc;
}

/**
 * mock_dma_kernel() - let a device read or write, with the data in kernel memory
 * @mdev: the device
 * @pasid: its PASID, or IOMMU_NO_PASID
 * @iova: the first byte
 * @data: what is to be written, or where to put what is read
 * @length: in bytes
 * @write: which of the two
 *
 * Return: as mock_dma_user().
 */
int mock_dma_kernel(struct mock_dev *mdev, u32 pasid, u64 iova, void *data, size_t length,
		    bool write)
{
	struct transaction t = { .write = write };
	size_t done;
	u64 end;
	int rc;

	if (!length || check_add_overflow(iova, (u64)length - 1, &end))
		return -EINVAL;
	for (done = 0; done < length; done += t.length) {
		t.iova = iova + done;
		t.buffer = data + done;
		t.length = min(length - done, TRANSACTION_SIZE - t.iova % TRANSACTION_SIZE);
		rc = dma_transaction(mdev, pasid, &t);
		if (rc)
			return rc;
		cond_resched();
	}
	return 0;
}
