// SPDX-License-Identifier: GPL-2.0-only
/*
 * INTx: level-triggered, perhaps shared.
 *
 * An interrupt that comes is masked at once and the eventfd signalled; it stays masked until the
 * user, who has made the device lower its line, unmasks it by ioctl, by an eventfd, or never.
 *
 * Masking is done in the function itself (COMMAND's INTx disable bit) where that works; then the
 * line may be shared. Else the interrupt controller masks the line, which must be exclusive.
 *
 * Three things want it masked: masked (interrupt or ioctl), disabled (the virtual INTx disable
 * bit), and quiet (the function is powered down). hw_masked is what was done about them;
 * vfio_pci_intx_apply() alone changes it, but for the handler, which only ever masks. A function
 * that can mask is also masked while the index is not enabled: nobody would handle its interrupt.
 */
#include <linux/interrupt.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/vfio.h>

#include "priv.h"

/*
 * Follow masked, disabled and quiet.
 *
 * Return: whether the user has to be told that the interrupt is pending: it could not be unmasked,
 * as the line is still up.
 */
static bool vfio_pci_intx_apply(struct vfio_pci_core_device *core)
{
	struct vfio_pci_intx *intx = &core->intx;
	bool mask = intx->masked || intx->disabled || intx->quiet;

	lockdep_assert_held(&intx->lock);
	if (!intx->active || mask == intx->hw_masked)
		return false;

	if (!intx->maskable) {
		intx->hw_masked = mask;
		if (mask)
			disable_irq_nosync(intx->irq);
		else
			enable_irq(intx->irq);
		return false;
	}
	if (mask) {
		vfio_pci_command_update(core, 0, PCI_COMMAND_INTX_DISABLE);
	} else if (!pci_check_and_unmask_intx(core->pdev)) {
		intx->masked = true;
		return true;
	}
	intx->hw_masked = mask;
	return false;
}

/* Whether this function raised the (perhaps shared) line; then it doesn't any more. */
static bool vfio_pci_intx_take(struct vfio_pci_core_device *core)
{
	struct vfio_pci_intx *intx = &core->intx;
	u16 command;

	lockdep_assert_held(&intx->lock);
	if (!intx->maskable) {
		disable_irq_nosync(intx->irq);
		return true;
	}
	if (intx->hw_masked) {
		/* Not ours, unless the user had the device reset itself, which clears the bit. */
		pci_read_config_word(core->pdev, PCI_COMMAND, &command);
		if (command & PCI_COMMAND_INTX_DISABLE)
			return false;
	}
	return pci_check_and_mask_intx(core->pdev);
}

static irqreturn_t vfio_pci_intx_handler(int irq, void *data)
{
	struct vfio_pci_core_device *core = data;
	struct vfio_pci_intx *intx = &core->intx;
	bool signal;

	scoped_guard(spinlock_irqsave, &intx->lock) {
		if (!intx->maskable && intx->hw_masked)
			return IRQ_HANDLED;
		if (!vfio_pci_intx_take(core))
			return IRQ_NONE;
		signal = !intx->hw_masked;
		intx->masked = true;
		intx->hw_masked = true;
	}
	if (signal)
		vfio_trigger_signal(&intx->trigger);
	return IRQ_HANDLED;
}

/* Changes @reason, one of the three of core->intx to mask the interrupt. */
static void vfio_pci_intx_change(struct vfio_pci_core_device *core, bool *reason, bool value)
{
	struct vfio_pci_intx *intx = &core->intx;
	bool pending;

	scoped_guard(spinlock_irqsave, &intx->lock) {
		*reason = value;
		pending = vfio_pci_intx_apply(core);
	}
	if (pending)
		vfio_trigger_signal(&intx->trigger);
}

static void vfio_pci_intx_set_masked(struct vfio_pci_core_device *core, bool masked)
{
	vfio_pci_intx_change(core, &core->intx.masked, masked);
}

/* The virtual INTx disable bit was written. */
void vfio_pci_intx_set_disabled(struct vfio_pci_core_device *core, bool disabled)
{
	vfio_pci_intx_change(core, &core->intx.disabled, disabled);
}

/* The function is about to be powered down, or was just powered up. */
void vfio_pci_intx_set_quiet(struct vfio_pci_core_device *core, bool quiet)
{
	vfio_pci_intx_change(core, &core->intx.quiet, quiet);
}

static void vfio_pci_intx_unmask_signalled(void *data)
{
	vfio_pci_intx_set_masked(data, false);
}

static int vfio_pci_intx_enable(struct vfio_pci_core_device *core, int fd)
{
	struct vfio_pci_intx *intx = &core->intx;
	/* The last flag keeps the log clean when the line's other user doesn't share. */
	unsigned long flags = (intx->maskable ? IRQF_SHARED : IRQF_NO_AUTOEN) | IRQF_PROBE_SHARED;
	int ret;

	lockdep_assert_held(&core->irq_lock);
	if (!intx->irq)
		return -EINVAL;
	ret = vfio_trigger_set(&intx->trigger, fd);
	if (ret)
		return ret;
	intx->name = kasprintf(GFP_KERNEL_ACCOUNT, "vfio-intx(%s)", pci_name(core->pdev));
	if (!intx->name) {
		ret = -ENOMEM;
		goto err_clear;
	}

	/* It starts masked in either way, so that the handler finds everything set up. */
	scoped_guard(spinlock_irqsave, &intx->lock) {
		intx->active = true;
		intx->masked = false;
		intx->hw_masked = true;
	}
	ret = request_irq(intx->irq, vfio_pci_intx_handler, flags, intx->name, core);
	if (ret)
		goto err_inactive;
	core->irq_index = VFIO_PCI_INTX_IRQ_INDEX;
	vfio_pci_intx_set_masked(core, false);
	return 0;

err_inactive:
	scoped_guard(spinlock_irqsave, &intx->lock)
		intx->active = false;
	kfree(intx->name);
	intx->name = NULL;
err_clear:
	vfio_trigger_clear(&intx->trigger);
	return ret;
}

void vfio_pci_intx_disable(struct vfio_pci_core_device *core)
{
	struct vfio_pci_intx *intx = &core->intx;

	lockdep_assert_held(&core->irq_lock);
	vfio_eventfd_watch_stop(intx->unmask);
	intx->unmask = NULL;

	/* A function that can mask is masked before its handler goes. */
	scoped_guard(spinlock_irqsave, &intx->lock) {
		intx->masked = true;
		vfio_pci_intx_apply(core);
		intx->active = false;
	}
	free_irq(intx->irq, core);
	kfree(intx->name);
	intx->name = NULL;
	vfio_trigger_clear(&intx->trigger);
	core->irq_index = VFIO_PCI_NUM_IRQS;
}

static int vfio_pci_intx_set_trigger(struct vfio_pci_core_device *core,
				     const struct vfio_irq_set *hdr, const void *data)
{
	bool active = core->irq_index == VFIO_PCI_INTX_IRQ_INDEX;

	switch (hdr->flags & VFIO_IRQ_SET_DATA_TYPE_MASK) {
	case VFIO_IRQ_SET_DATA_NONE:
		if (!active)
			return -EINVAL;
		if (hdr->count)
			vfio_trigger_signal(&core->intx.trigger);
		else
			vfio_pci_intx_disable(core);
		return 0;
	case VFIO_IRQ_SET_DATA_BOOL:
		if (!active || !hdr->count)
			return -EINVAL;
		if (*(const u8 *)data)
			vfio_trigger_signal(&core->intx.trigger);
		return 0;
	case VFIO_IRQ_SET_DATA_EVENTFD:
		if (!hdr->count || (!active && core->irq_index != VFIO_PCI_NUM_IRQS))
			return -EINVAL;
		if (active)
			return vfio_trigger_set(&core->intx.trigger, *(const s32 *)data);
		/* "None" for what isn't assigned is nothing to do. */
		if (*(const s32 *)data == -1)
			return 0;
		return vfio_pci_intx_enable(core, *(const s32 *)data);
	default:
		return -EINVAL;
	}
}

/* Let an eventfd unmask, instead of the one that did so far; -1 for none. */
static int vfio_pci_intx_set_unmask_fd(struct vfio_pci_core_device *core, int fd)
{
	struct vfio_eventfd_watch *watch = NULL;

	if (fd < -1)
		return -EINVAL;
	if (fd >= 0) {
		watch = vfio_eventfd_watch_start(fd, vfio_pci_intx_unmask_signalled, core);
		if (IS_ERR(watch))
			return PTR_ERR(watch);
	}
	vfio_eventfd_watch_stop(core->intx.unmask);
	core->intx.unmask = watch;
	return 0;
}

static int vfio_pci_intx_set_mask(struct vfio_pci_core_device *core,
				  const struct vfio_irq_set *hdr, const void *data)
{
	bool mask = hdr->flags & VFIO_IRQ_SET_ACTION_MASK;

	if (core->irq_index != VFIO_PCI_INTX_IRQ_INDEX || !hdr->count)
		return -EINVAL;

	switch (hdr->flags & VFIO_IRQ_SET_DATA_TYPE_MASK) {
	case VFIO_IRQ_SET_DATA_NONE:
		vfio_pci_intx_set_masked(core, mask);
		return 0;
	case VFIO_IRQ_SET_DATA_BOOL:
		if (*(const u8 *)data)
			vfio_pci_intx_set_masked(core, mask);
		return 0;
	case VFIO_IRQ_SET_DATA_EVENTFD:
		return mask ? -ENOTTY : vfio_pci_intx_set_unmask_fd(core, *(const s32 *)data);
	default:
		return -EINVAL;
	}
}

int vfio_pci_intx_set(struct vfio_pci_core_device *core, const struct vfio_irq_set *hdr,
		      const void *data)
{
	lockdep_assert_held(&core->irq_lock);
	if (hdr->start || hdr->count > 1)
		return -EINVAL;

	switch (hdr->flags & VFIO_IRQ_SET_ACTION_TYPE_MASK) {
	case VFIO_IRQ_SET_ACTION_TRIGGER:
		return vfio_pci_intx_set_trigger(core, hdr, data);
	case VFIO_IRQ_SET_ACTION_MASK:
	case VFIO_IRQ_SET_ACTION_UNMASK:
		return vfio_pci_intx_set_mask(core, hdr, data);
	default:
		return -EINVAL;
	}
}
