// SPDX-License-Identifier: GPL-2.0-only
/*
 * Doorbells.
 *
 * A doorbell tells the device to look at a queue, and can't do more. All queues belong to one user;
 * so that user may have all of the notify area, if it has whole pages to itself.
 */
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/unaligned.h>

#include "virtq.h"

#define VIRTQ_PGOFF_SHIFT	(VIRTQ_OFFSET_SHIFT - PAGE_SHIFT)
#define VIRTQ_PGOFF_MASK	((1UL << VIRTQ_PGOFF_SHIFT) - 1)

/**
 * struct virtq_area - part of a BAR
 * @bar: which
 * @start: first byte
 * @end: the byte behind it
 */
struct virtq_area {
	unsigned int bar;
	u64 start;
	u64 end;
};

static bool areas_overlap(const struct virtq_area *a, const struct virtq_area *b)
{
	return a->bar == b->bar && a->start < b->end && b->start < a->end;
}

static u8 virtq_cap_type(struct pci_dev *pdev, unsigned int pos)
{
	u8 type;

	pci_read_config_byte(pdev, pos + offsetof(struct virtio_pci_cap, cfg_type), &type);
	return type;
}

static struct virtq_area virtq_cap_area(struct pci_dev *pdev, unsigned int pos)
{
	u32 offset, length;
	u8 bar;

	pci_read_config_byte(pdev, pos + offsetof(struct virtio_pci_cap, bar), &bar);
	pci_read_config_dword(pdev, pos + offsetof(struct virtio_pci_cap, offset), &offset);
	pci_read_config_dword(pdev, pos + offsetof(struct virtio_pci_cap, length), &length);
	return (struct virtq_area) { .bar = bar, .start = offset, .end = (u64)offset + length };
}

/* The next of virtio's capabilities after @pos, or the first after 0; 0 at the end. */
static unsigned int virtq_cap_next(struct pci_dev *pdev, unsigned int pos)
{
	if (!pos)
		return pci_find_capability(pdev, PCI_CAP_ID_VNDR);
	return pci_find_next_capability(pdev, pos, PCI_CAP_ID_VNDR);
}

/* The first that names a BAR which exists, as the library that requested the BARs has it. */
static unsigned int virtq_notify_find(struct virtq_device *virtq, struct virtq_area *area)
{
	unsigned int pos = 0;

	while ((pos = virtq_cap_next(virtq->pdev, pos))) {
		*area = virtq_cap_area(virtq->pdev, pos);
		if (virtq_cap_type(virtq->pdev, pos) == VIRTIO_PCI_CAP_NOTIFY_CFG &&
		    area->bar < PCI_STD_NUM_BARS && (virtq->mdev.modern_bars & BIT(area->bar)))
			return area->end <= pci_resource_len(virtq->pdev, area->bar) ? pos : 0;
	}
	return 0;
}

/* The MSI-X table and its pending bits, which @reg of the capability points to */
static struct virtq_area virtq_msix_area(struct pci_dev *pdev, unsigned int reg, u32 size)
{
	u32 where;

	pci_read_config_dword(pdev, pdev->msix_cap + reg, &where);
	return (struct virtq_area) {
		.bar = where & PCI_MSIX_TABLE_BIR,
		.start = where & PCI_MSIX_TABLE_OFFSET,
		.end = (u64)(where & PCI_MSIX_TABLE_OFFSET) + size,
	};
}

/* Whether there is something in the notify area that is no doorbell. */
static bool virtq_notify_shared(struct pci_dev *pdev, const struct virtq_area *notify)
{
	int vectors = pci_msix_vec_count(pdev);
	struct virtq_area area;
	unsigned int pos = 0;

	if (vectors > 0) {
		area = virtq_msix_area(pdev, PCI_MSIX_TABLE, vectors * PCI_MSIX_ENTRY_SIZE);
		if (areas_overlap(&area, notify))
			return true;
		area = virtq_msix_area(pdev, PCI_MSIX_PBA, ALIGN(vectors, 64) / 8);
		if (areas_overlap(&area, notify))
			return true;
	}
	while ((pos = virtq_cap_next(pdev, pos))) {
		u8 type = virtq_cap_type(pdev, pos);

		/* That of PCI_CFG is a register, and no part of a BAR. */
		if (type == VIRTIO_PCI_CAP_NOTIFY_CFG || type == VIRTIO_PCI_CAP_PCI_CFG)
			continue;
		area = virtq_cap_area(pdev, pos);
		if (areas_overlap(&area, notify))
			return true;
	}
	return false;
}

static bool virtq_notify_isolated(struct virtq_device *virtq, const struct virtq_area *notify)
{
	return pci_resource_flags(virtq->pdev, notify->bar) & IORESOURCE_MEM &&
	       PAGE_ALIGNED(virtq->notify_pa) && PAGE_ALIGNED(virtq->notify_len) &&
	       !virtq_notify_shared(virtq->pdev, notify);
}

/* Finds the queues' doorbells. Returns the end of the last, or 0 if one is not in the area. */
static u32 virtq_notify_place(struct virtq_device *virtq)
{
	struct virtio_pci_common_cfg __iomem *common = virtq->mdev.common;
	unsigned int i;
	u32 end = 2;
	u64 off;

	for (i = 0; i < virtq->num_queues; i++) {
		if (!virtq->queues[i].size_max)
			continue;
		vp_iowrite16(i, &common->queue_select);
		off = (u64)vp_ioread16(&common->queue_notify_off) *
		      virtq->mdev.notify_offset_multiplier;
		if (off & 1 || off + 2 > virtq->notify_len)
			return 0;
		virtq->queues[i].notify_offset = off;
		end = max_t(u32, end, off + 2);
	}
	return end;
}

/**
 * virtq_notify_init() - find and map the doorbells
 * @virtq: its registers are mapped, its queues counted; not yet registered
 *
 * Return: 0; -EINVAL if what the device says of its doorbells can't be; -ENOMEM.
 */
int virtq_notify_init(struct virtq_device *virtq)
{
	struct virtq_area area;
	u32 end;

	if (!virtq_notify_find(virtq, &area))
		return -EINVAL;
	virtq->notify_pa = pci_resource_start(virtq->pdev, area.bar) + area.start;
	virtq->notify_len = area.end - area.start;
	virtq->notify_mappable = virtq_notify_isolated(virtq, &area);
	end = virtq_notify_place(virtq);
	if (!end || end > virtq->notify_len)
		return -EINVAL;
	virtq->notify = pci_iomap_range(virtq->pdev, area.bar, area.start, end);
	return virtq->notify ? 0 : -ENOMEM;
}

/**
 * virtq_notify_destroy() - undo virtq_notify_init()
 * @virtq: the device
 */
void virtq_notify_destroy(struct virtq_device *virtq)
{
	pci_iounmap(virtq->pdev, virtq->notify);
}

/**
 * virtq_notify_write() - ring a doorbell
 * @virtq: an open device
 * @buf: the number of the queue, little endian
 * @count: 2
 * @off: where its doorbell is
 *
 * Return: @count, or -EINVAL if that is not the doorbell of that queue, or the queue isn't enabled.
 */
ssize_t virtq_notify_write(struct virtq_device *virtq, const void *buf, size_t count, u64 off)
{
	struct virtq_queue *queue;
	u16 nr;

	if (count != sizeof(nr))
		return -EINVAL;
	nr = get_unaligned_le16(buf);
	if (nr >= virtq->num_queues)
		return -EINVAL;
	queue = &virtq->queues[array_index_nospec(nr, virtq->num_queues)];
	if (queue->notify_offset != off || !READ_ONCE(queue->enabled))
		return -EINVAL;
	iowrite16(nr, virtq->notify + queue->notify_offset);
	return count;
}

/**
 * virtq_notify_mmap() - check a mapping of the doorbells
 * @vdev: an open device
 * @vma: the mapping
 *
 * Return: 0; -EINVAL if it is not shared, reaches beyond them, or they can't be mapped.
 */
int virtq_notify_mmap(struct vfio_device *vdev, struct vm_area_struct *vma)
{
	struct virtq_device *virtq = virtq_from(vdev);
	unsigned long first = vma->vm_pgoff & VIRTQ_PGOFF_MASK;
	unsigned long pages = virtq->notify_len >> PAGE_SHIFT;

	if (vma->vm_pgoff >> VIRTQ_PGOFF_SHIFT != VFIO_VIRTQ_NOTIFY_REGION_INDEX ||
	    !virtq->notify_mappable || !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (first >= pages || vma_pages(vma) > pages - first)
		return -EINVAL;
	vma->vm_page_prot = pgprot_decrypted(pgprot_noncached(vma->vm_page_prot));
	return 0;
}

/**
 * virtq_notify_fault() - put in a page of a mapping that virtq_notify_mmap() has let pass
 * @vdev: an open device
 * @vmf: the fault
 *
 * The function's memory decoding stays on for as long as the device is registered.
 *
 * Return: what vmf_insert_pfn() says.
 */
vm_fault_t virtq_notify_fault(struct vfio_device *vdev, struct vm_fault *vmf)
{
	struct virtq_device *virtq = virtq_from(vdev);
	unsigned long page = vmf->pgoff & VIRTQ_PGOFF_MASK;

	/* A mapping can be split and moved, but not grown. */
	if (!virtq->notify_mappable || page >= virtq->notify_len >> PAGE_SHIFT)
		return VM_FAULT_SIGBUS;
	return vmf_insert_pfn(vmf->vma, vmf->address, PHYS_PFN(virtq->notify_pa) + page);
}
