// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings of BARs.
 *
 * mmap only checks; pages are put in by faults, under mem_lock, large ones where mapping and BAR
 * are aligned. Whoever makes the BARs unreachable closes the gate and zaps (see power.c), after
 * which a fault finds the gate closed and gives SIGBUS until memory decoding is on again.
 */
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/pfn_t.h>
#include <linux/pci.h>
#include <linux/vfio.h>

#include "priv.h"

#define VFIO_PCI_PGOFF_SHIFT	(VFIO_PCI_OFFSET_SHIFT - PAGE_SHIFT)
#define VFIO_PCI_PGOFF_MASK	((1UL << VFIO_PCI_PGOFF_SHIFT) - 1)

/* Whole pages only: what shares a page with a small BAR may belong to another device. */
bool vfio_pci_bar_mappable(struct vfio_pci_core_device *core, unsigned int bar)
{
	struct pci_dev *pdev = core->pdev;

	return (pci_resource_flags(pdev, bar) & IORESOURCE_MEM) && core->bars[bar].claimed &&
	       PAGE_ALIGNED(pci_resource_start(pdev, bar)) &&
	       pci_resource_len(pdev, bar) >= PAGE_SIZE;
}

/*
 * Where pages at an offset in the device's file are, if they all are in one BAR that can be mapped.
 */
static bool vfio_pci_bar_pfn(struct vfio_pci_core_device *core, unsigned long pgoff,
			     unsigned long nr_pages, unsigned long *pfn)
{
	unsigned long bar = pgoff >> VFIO_PCI_PGOFF_SHIFT;
	unsigned long first = pgoff & VFIO_PCI_PGOFF_MASK;
	u64 pages;

	if (bar >= PCI_STD_NUM_BARS || !vfio_pci_bar_mappable(core, bar))
		return false;
	pages = pci_resource_len(core->pdev, bar) >> PAGE_SHIFT;
	if (first >= pages || nr_pages > pages - first)
		return false;
	*pfn = PHYS_PFN(pci_resource_start(core->pdev, bar)) + first;
	return true;
}

/**
 * vfio_pci_core_find_memory() - where a BAR's pages are, for struct vfio_device_ops
 * @vdev: an open device
 * @pgoff: of the first page in the device's file
 * @nr_pages: how many
 * @pfn: set to where the first one is
 *
 * Whether memory decoding is on doesn't matter: if not, nobody answers there.
 *
 * Return: 0, or -EINVAL.
 */
int vfio_pci_core_find_memory(struct vfio_device *vdev, unsigned long pgoff,
			      unsigned long nr_pages, unsigned long *pfn)
{
	return vfio_pci_bar_pfn(vfio_pci_core_from(vdev), pgoff, nr_pages, pfn) ? 0 : -EINVAL;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_find_memory);

/**
 * vfio_pci_core_mmap() - check a mapping of a BAR
 * @vdev: an open device
 * @vma: the mapping, its vm_page_prot is set
 *
 * Return: 0; -EINVAL if it is not shared, reaches beyond its BAR, or is of something that can't be
 * mapped.
 */
int vfio_pci_core_mmap(struct vfio_device *vdev, struct vm_area_struct *vma)
{
	struct vfio_pci_core_device *core = vfio_pci_core_from(vdev);
	unsigned long pfn;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (!vfio_pci_bar_pfn(core, vma->vm_pgoff, vma_pages(vma), &pfn))
		return -EINVAL;
	vma->vm_page_prot = pgprot_decrypted(pgprot_noncached(vma->vm_page_prot));
	return 0;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_mmap);

/*
 * Where the 2^@order pages around a fault come from. mmap has checked that the mapping is within
 * its BAR, and a mapping may be split and moved since, but not grown.
 *
 * Return: whether they all are in the mapping and in the BAR, and aligned.
 */
static bool vfio_pci_fault_pfn(struct vfio_pci_core_device *core, struct vm_fault *vmf,
			       unsigned int order, unsigned long *pfn)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long size = PAGE_SIZE << order;
	unsigned long addr = ALIGN_DOWN(vmf->address, size);

	if (addr < vma->vm_start || vma->vm_end - addr < size)
		return false;
	return vfio_pci_bar_pfn(core, linear_page_index(vma, addr), 1UL << order, pfn) &&
	       IS_ALIGNED(*pfn, 1UL << order);
}

static bool vfio_pci_may_map(struct vfio_pci_core_device *core)
{
	return vfio_pci_memory_usable(core) && !READ_ONCE(core->low_power);
}

/**
 * vfio_pci_core_fault() - put in the page of a mapping that vfio_pci_core_mmap() has let pass
 * @vdev: an open device
 * @vmf: the fault
 *
 * Return: VM_FAULT_SIGBUS while memory decoding is off, the device is not in D0, or may be powered
 * down; else what vmf_insert_pfn() says.
 */
vm_fault_t vfio_pci_core_fault(struct vfio_device *vdev, struct vm_fault *vmf)
{
	struct vfio_pci_core_device *core = vfio_pci_core_from(vdev);
	unsigned long pfn;

	if (!vfio_pci_fault_pfn(core, vmf, 0, &pfn))
		return VM_FAULT_SIGBUS;
	guard(rwsem_read)(&core->mem_lock);
	if (!vfio_pci_may_map(core))
		return VM_FAULT_SIGBUS;
	return vmf_insert_pfn(vmf->vma, vmf->address, pfn);
}
EXPORT_SYMBOL_GPL(vfio_pci_core_fault);

/**
 * vfio_pci_core_huge_fault() - put in many pages at once
 * @vdev: an open device
 * @vmf: the fault
 * @order: PMD_ORDER or PUD_ORDER
 *
 * Return: VM_FAULT_FALLBACK if they don't make up a large page; else as vfio_pci_core_fault().
 */
vm_fault_t vfio_pci_core_huge_fault(struct vfio_device *vdev, struct vm_fault *vmf,
				    unsigned int order)
{
	struct vfio_pci_core_device *core = vfio_pci_core_from(vdev);
	bool write = vmf->flags & FAULT_FLAG_WRITE;
	unsigned long pfn;

	if (!vfio_pci_fault_pfn(core, vmf, order, &pfn))
		return VM_FAULT_FALLBACK;
	guard(rwsem_read)(&core->mem_lock);
	if (!vfio_pci_may_map(core))
		return VM_FAULT_SIGBUS;
#ifdef CONFIG_ARCH_SUPPORTS_PMD_PFNMAP
	if (order == PMD_ORDER)
		return vmf_insert_pfn_pmd(vmf, __pfn_to_pfn_t(pfn, PFN_DEV), write);
#endif
#ifdef CONFIG_ARCH_SUPPORTS_PUD_PFNMAP
	if (order == PUD_ORDER)
		return vmf_insert_pfn_pud(vmf, __pfn_to_pfn_t(pfn, PFN_DEV), write);
#endif
	return VM_FAULT_FALLBACK;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_huge_fault);
