// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupt indices: what there is, and which file sets it up.
 *
 * At most one of INTx, MSI and MSI-X is enabled at a time (irq_index). The error and request
 * indices are one eventfd each and independent of the others.
 */
#include <linux/export.h>
#include <linux/interrupt.h>
#include <linux/pci.h>
#include <linux/vfio.h>

#include "priv.h"

/* Called by open: what the function has does not change until close. */
void vfio_pci_irqs_probe(struct vfio_pci_core_device *core)
{
	struct pci_dev *pdev = core->pdev;
	bool messages = !pdev->no_msi;

	core->msi_max = messages && pdev->msi_cap ? max(pci_msi_vec_count(pdev), 0) : 0;
	core->msix_max = messages && pdev->msix_cap ? max(pci_msix_vec_count(pdev), 0) : 0;
	core->irq_index = VFIO_PCI_NUM_IRQS;

	core->intx.irq = 0;
	if (!pdev->is_virtfn && pdev->pin && pdev->irq && pdev->irq != IRQ_NOTCONNECTED)
		core->intx.irq = pdev->irq;
	core->intx.maskable = core->intx.irq && !(core->flags & VFIO_PCI_CORE_NO_INTX_MASK) &&
			      pci_intx_mask_supported(pdev);
	core->intx.active = false;
	core->intx.disabled = false;
	core->intx.quiet = false;
}

/* Wake whoever sleeps on an eventfd of ours. */
static void vfio_pci_irqs_signal_all(struct vfio_pci_core_device *core)
{
	lockdep_assert_held(&core->irq_lock);
	vfio_trigger_signal(&core->intx.trigger);
	vfio_pci_msi_signal_all(core);
	vfio_trigger_signal(&core->err_trigger);
	vfio_trigger_signal(&core->req_trigger);
}

/*
 * Called by close. If the device is being taken away, every eventfd is signalled once more, so that
 * a sleeper learns that nothing will come. A user who closes knows.
 */
void vfio_pci_irqs_shutdown(struct vfio_pci_core_device *core)
{
	guard(mutex)(&core->irq_lock);

	if (vfio_device_is_revoked(&core->vdev))
		vfio_pci_irqs_signal_all(core);
	switch (core->irq_index) {
	case VFIO_PCI_INTX_IRQ_INDEX:
		vfio_pci_intx_disable(core);
		break;
	case VFIO_PCI_MSI_IRQ_INDEX:
	case VFIO_PCI_MSIX_IRQ_INDEX:
		vfio_pci_msi_disable(core);
		break;
	}
	vfio_trigger_clear(&core->err_trigger);
	vfio_trigger_clear(&core->req_trigger);
}

/**
 * vfio_pci_core_get_irq_info() - VFIO_DEVICE_GET_IRQ_INFO
 * @vdev: an open device
 * @info: with the index; gets flags and count
 *
 * Return: 0; -EINVAL for an index that doesn't exist. The error index exists for PCI Express only.
 */
int vfio_pci_core_get_irq_info(struct vfio_device *vdev, struct vfio_irq_info *info)
{
	struct vfio_pci_core_device *core __free(vfio_pci_use) = vfio_pci_use(vdev);

	if (IS_ERR(core))
		return PTR_ERR(core);
	info->flags = VFIO_IRQ_INFO_EVENTFD;
	switch (info->index) {
	case VFIO_PCI_INTX_IRQ_INDEX:
		info->flags |= VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED;
		info->count = core->intx.irq ? 1 : 0;
		return 0;
	case VFIO_PCI_MSI_IRQ_INDEX:
		info->flags |= VFIO_IRQ_INFO_NORESIZE;
		info->count = core->msi_max;
		return 0;
	case VFIO_PCI_MSIX_IRQ_INDEX:
		if (!pci_msix_can_alloc_dyn(core->pdev))
			info->flags |= VFIO_IRQ_INFO_NORESIZE;
		info->count = core->msix_max;
		return 0;
	case VFIO_PCI_ERR_IRQ_INDEX:
		if (!pci_is_pcie(core->pdev))
			return -EINVAL;
		fallthrough;
	case VFIO_PCI_REQ_IRQ_INDEX:
		info->flags |= VFIO_IRQ_INFO_NORESIZE;
		info->count = 1;
		return 0;
	default:
		return -EINVAL;
	}
}
EXPORT_SYMBOL_GPL(vfio_pci_core_get_irq_info);

/* An index that is nothing but one eventfd. */
static int vfio_pci_single_set(struct vfio_trigger *trigger, const struct vfio_irq_set *hdr,
			       const void *data)
{
	if (!(hdr->flags & VFIO_IRQ_SET_ACTION_TRIGGER))
		return -ENOTTY;
	if (hdr->start || hdr->count > 1)
		return -EINVAL;

	switch (hdr->flags & VFIO_IRQ_SET_DATA_TYPE_MASK) {
	case VFIO_IRQ_SET_DATA_NONE:
		if (!vfio_trigger_is_set(trigger))
			return -EINVAL;
		if (hdr->count)
			vfio_trigger_signal(trigger);
		else
			vfio_trigger_clear(trigger);
		return 0;
	case VFIO_IRQ_SET_DATA_BOOL:
		if (!hdr->count)
			return -EINVAL;
		if (*(const u8 *)data)
			vfio_trigger_signal(trigger);
		return 0;
	case VFIO_IRQ_SET_DATA_EVENTFD:
		if (!hdr->count)
			return -EINVAL;
		return vfio_trigger_set(trigger, *(const s32 *)data);
	default:
		return -EINVAL;
	}
}

/**
 * vfio_pci_core_set_irqs() - VFIO_DEVICE_SET_IRQS
 * @vdev: an open device
 * @hdr: what to do; checked by the vfio core
 * @data: u8 or s32, hdr->count of them
 *
 * After a failure everything is as before.
 *
 * Return: 0; a positive number of MSI or MSI-X vectors if fewer than asked for are to be had;
 * -EINVAL, -ENOTTY for an action that the index doesn't know; -EBADF; -ENOMEM; -EIO if MSI or MSI-X
 * is to be enabled while a fatal error is being seen to; an error of the interrupt subsystem.
 */
int vfio_pci_core_set_irqs(struct vfio_device *vdev, const struct vfio_irq_set *hdr,
			   const void *data)
{
	struct vfio_pci_core_device *core __free(vfio_pci_use) = vfio_pci_use(vdev);

	if (IS_ERR(core))
		return PTR_ERR(core);
	guard(mutex)(&core->irq_lock);
	switch (hdr->index) {
	case VFIO_PCI_INTX_IRQ_INDEX:
		return vfio_pci_intx_set(core, hdr, data);
	case VFIO_PCI_MSI_IRQ_INDEX:
	case VFIO_PCI_MSIX_IRQ_INDEX:
		return vfio_pci_msi_set(core, hdr, data);
	case VFIO_PCI_ERR_IRQ_INDEX:
		if (!pci_is_pcie(core->pdev))
			return -EINVAL;
		return vfio_pci_single_set(&core->err_trigger, hdr, data);
	case VFIO_PCI_REQ_IRQ_INDEX:
		return vfio_pci_single_set(&core->req_trigger, hdr, data);
	default:
		return -EINVAL;
	}
}
EXPORT_SYMBOL_GPL(vfio_pci_core_set_irqs);
