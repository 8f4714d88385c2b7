// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSI and MSI-X.
 *
 * The kernel owns message addresses, data and enable bits; the user says which eventfd each vector
 * signals. Enabling an index allocates vectors 0 to start + count - 1. MSI-X vectors beyond those
 * are added later where the interrupt controller allows it; a vector once allocated stays until the
 * index is disabled. An MSI-X vector without eventfd has no handler and is masked. An MSI vector
 * keeps its handler: many functions can't mask MSI, and the kernel clears the message of an
 * interrupt without handler, so that the function would write to address 0 of its user's memory.
 *
 * Allocating and requesting write to the MSI-X table, which is in a BAR: they happen under mem_lock
 * held for write, with memory decoding on whatever the user's COMMAND says.
 *
 * A set of vectors changes all or nothing. First every descriptor becomes a trigger of its own, in
 * a spare array; then handlers are requested for vectors that had none, the last thing that can
 * fail; then the spare triggers take over.
 */
#include <linux/interrupt.h>
#include <linux/msi.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/vfio.h>

#include "priv.h"

/**
 * struct vfio_pci_vector - one vector
 * @trigger: signalled by the handler
 * @name: as in /proc/interrupts, NULL without handler
 * @irq: Linux' number, 0 if not allocated
 * @fresh: its handler was requested by the call in progress
 */
struct vfio_pci_vector {
	struct vfio_trigger trigger;
	char *name;
	int irq;
	bool fresh;
};

unsigned int vfio_pci_msi_max(struct vfio_pci_core_device *core, unsigned int index)
{
	return index == VFIO_PCI_MSIX_IRQ_INDEX ? core->msix_max : core->msi_max;
}

static irqreturn_t vfio_pci_msi_handler(int irq, void *data)
{
	vfio_trigger_signal(data);
	return IRQ_HANDLED;
}

/* Number of the interrupt of a vector; adds the vector if it has to. */
static int vfio_pci_vector_alloc(struct vfio_pci_core_device *core, unsigned int nr)
{
	struct vfio_pci_vector *vector = &core->msi.vectors[nr];
	struct msi_map map;

	if (vector->irq)
		return 0;
	map = pci_msix_alloc_irq_at(core->pdev, nr, NULL);
	if (map.index < 0)
		return map.index;
	vector->irq = map.virq;
	return 0;
}

/* Give a vector a handler. @trigger is emptied if that works. */
static int vfio_pci_vector_request(struct vfio_pci_core_device *core, unsigned int nr,
				   struct vfio_trigger *trigger)
{
	struct vfio_pci_vector *vector = &core->msi.vectors[nr];
	bool msix = core->irq_index == VFIO_PCI_MSIX_IRQ_INDEX;
	struct msi_msg msg;
	char *name;
	int ret;

	lockdep_assert_held_write(&core->mem_lock);
	ret = vfio_pci_vector_alloc(core, nr);
	if (ret)
		return ret;
	name = kasprintf(GFP_KERNEL_ACCOUNT, "vfio-msi%s[%u](%s)", msix ? "x" : "", nr,
			 pci_name(core->pdev));
	if (!name)
		return -ENOMEM;

	/* The user may have overwritten the table, or had the device reset itself. */
	if (msix) {
		get_cached_msi_msg(vector->irq, &msg);
		pci_write_msi_msg(vector->irq, &msg);
	}
	vfio_trigger_move(&vector->trigger, trigger);
	ret = request_irq(vector->irq, vfio_pci_msi_handler, 0, name, &vector->trigger);
	if (ret) {
		vfio_trigger_move(trigger, &vector->trigger);
		kfree(name);
		return ret;
	}
	vector->name = name;
	vector->fresh = true;
	return 0;
}

static void vfio_pci_vector_release(struct vfio_pci_core_device *core, unsigned int nr)
{
	struct vfio_pci_vector *vector = &core->msi.vectors[nr];

	lockdep_assert_held_write(&core->mem_lock);
	if (!vector->name)
		return;
	free_irq(vector->irq, &vector->trigger);
	vfio_trigger_clear(&vector->trigger);
	kfree(vector->name);
	vector->name = NULL;
	vector->fresh = false;
}

/* A vector whose eventfd goes, while the index stays enabled. */
static void vfio_pci_vector_silence(struct vfio_pci_core_device *core, unsigned int nr)
{
	struct vfio_pci_vector *vector = &core->msi.vectors[nr];

	if (core->irq_index == VFIO_PCI_MSIX_IRQ_INDEX) {
		vfio_pci_vector_release(core, nr);
		return;
	}
	vfio_trigger_clear(&vector->trigger);
	vector->fresh = false;
}

static int vfio_pci_msi_enable(struct vfio_pci_core_device *core, unsigned int index,
			       unsigned int count)
{
	unsigned int type = index == VFIO_PCI_MSIX_IRQ_INDEX ? PCI_IRQ_MSIX : PCI_IRQ_MSI;
	unsigned int max = vfio_pci_msi_max(core, index);
	struct vfio_pci_vector *vectors;
	pci_power_t state;
	unsigned int i;
	int ret;

	lockdep_assert_held(&core->irq_lock);
	vectors = kvcalloc(max, sizeof(*vectors), GFP_KERNEL_ACCOUNT);
	if (!vectors)
		return -ENOMEM;

	guard(rwsem_write)(&core->mem_lock);
	/* The table may not answer. */
	if (vfio_pci_has_error(core)) {
		kvfree(vectors);
		return -EIO;
	}
	state = vfio_pci_memory_force(core);
	ret = pci_alloc_irq_vectors(core->pdev, 1, count, type);
	if (ret < (int)count) {
		/* A smaller number tells the user what would work. */
		if (ret > 0)
			pci_free_irq_vectors(core->pdev);
		vfio_pci_memory_unforce(core, state);
		kvfree(vectors);
		return ret;
	}
	for (i = 0; i < count; i++)
		vectors[i].irq = pci_irq_vector(core->pdev, i);
	core->msi.vectors = vectors;
	core->msi.max = max;
	core->msi.count = count;
	core->irq_index = index;
	vfio_pci_memory_unforce(core, state);
	return 0;
}

/*
 * Letting go of an MSI vector clears its message: until the index is disabled, the function would
 * write to address 0 of its user's memory. Vectors of MSI-X are masked one by one.
 */
static void vfio_pci_msi_mute(struct vfio_pci_core_device *core)
{
	unsigned int pos = core->pdev->msi_cap + PCI_MSI_FLAGS;
	u16 flags;

	lockdep_assert_held_write(&core->mem_lock);
	if (core->irq_index != VFIO_PCI_MSI_IRQ_INDEX)
		return;
	pci_read_config_word(core->pdev, pos, &flags);
	if (!PCI_POSSIBLE_ERROR(flags))
		pci_write_config_word(core->pdev, pos, flags & ~PCI_MSI_FLAGS_ENABLE);
}

void vfio_pci_msi_disable(struct vfio_pci_core_device *core)
{
	pci_power_t state;
	unsigned int i;

	lockdep_assert_held(&core->irq_lock);
	scoped_guard(rwsem_write, &core->mem_lock) {
		state = vfio_pci_memory_force(core);
		vfio_pci_msi_mute(core);
		for (i = 0; i < core->msi.count; i++)
			vfio_pci_vector_release(core, i);
		/* Those that were added later as well. It clears the INTx disable bit, too. */
		pci_free_irq_vectors(core->pdev);
		core->irq_index = VFIO_PCI_NUM_IRQS;
		vfio_pci_memory_unforce(core, state);
	}
	kvfree(core->msi.vectors);
	core->msi.vectors = NULL;
	core->msi.count = 0;
	core->msi.max = 0;
}

void vfio_pci_msi_signal_all(struct vfio_pci_core_device *core)
{
	unsigned int i;

	lockdep_assert_held(&core->irq_lock);
	for (i = 0; i < core->msi.count; i++)
		vfio_trigger_signal(&core->msi.vectors[i].trigger);
}

/* Request handlers for those of the vectors that need one: all or none. */
static int vfio_pci_vectors_request(struct vfio_pci_core_device *core, unsigned int start,
				    unsigned int count, struct vfio_trigger *triggers)
{
	struct vfio_pci_vector *vectors = core->msi.vectors + start;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < count && !ret; i++)
		if (vfio_trigger_is_set(&triggers[i]) && !vectors[i].name)
			ret = vfio_pci_vector_request(core, start + i, &triggers[i]);

	for (i = 0; i < count; i++) {
		if (ret && vectors[i].fresh)
			vfio_pci_vector_silence(core, start + i);
	}
	return ret;
}

/* Nothing can fail any more: vectors take over their triggers, or are released for want of one. */
static void vfio_pci_vectors_commit(struct vfio_pci_core_device *core, unsigned int start,
				    unsigned int count, struct vfio_trigger *triggers)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		struct vfio_pci_vector *vector = &core->msi.vectors[start + i];

		/* The request has handed over the trigger of a fresh one already. */
		if (vector->fresh)
			vector->fresh = false;
		else if (vfio_trigger_is_set(&triggers[i]))
			vfio_trigger_move(&vector->trigger, &triggers[i]);
		else
			vfio_pci_vector_silence(core, start + i);
	}
	core->msi.count = max(core->msi.count, start + count);
}

static int vfio_pci_vectors_change(struct vfio_pci_core_device *core, unsigned int start,
				   unsigned int count, struct vfio_trigger *triggers)
{
	pci_power_t state;
	int ret;

	guard(rwsem_write)(&core->mem_lock);
	state = vfio_pci_memory_force(core);
	ret = vfio_pci_vectors_request(core, start, count, triggers);
	if (!ret)
		vfio_pci_vectors_commit(core, start, count, triggers);
	vfio_pci_memory_unforce(core, state);
	return ret;
}

static int vfio_pci_vectors_set(struct vfio_pci_core_device *core, unsigned int start,
				unsigned int count, const s32 *fds)
{
	struct vfio_trigger *triggers;
	unsigned int i;
	int ret = 0;

	triggers = kvcalloc(count, sizeof(*triggers), GFP_KERNEL_ACCOUNT);
	if (!triggers)
		return -ENOMEM;
	for (i = 0; i < count && !ret; i++)
		ret = vfio_trigger_set(&triggers[i], fds[i]);
	if (!ret)
		ret = vfio_pci_vectors_change(core, start, count, triggers);
	for (i = 0; i < count; i++)
		vfio_trigger_clear(&triggers[i]);
	kvfree(triggers);
	return ret;
}

static int vfio_pci_msi_set_eventfds(struct vfio_pci_core_device *core,
				     const struct vfio_irq_set *hdr, const s32 *fds)
{
	bool enable = core->irq_index == VFIO_PCI_NUM_IRQS;
	unsigned int end = hdr->start + hdr->count;
	int ret;

	if (!hdr->count)
		return -EINVAL;
	if (enable) {
		ret = vfio_pci_msi_enable(core, hdr->index, end);
		if (ret)
			return ret;
	} else if (end > core->msi.count && (hdr->index != VFIO_PCI_MSIX_IRQ_INDEX ||
					     !pci_msix_can_alloc_dyn(core->pdev))) {
		return -EINVAL;
	}
	ret = vfio_pci_vectors_set(core, hdr->start, hdr->count, fds);
	if (ret && enable)
		vfio_pci_msi_disable(core);
	return ret;
}

/* As if hardware had raised them, for tests. */
static int vfio_pci_msi_loopback(struct vfio_pci_core_device *core,
				 const struct vfio_irq_set *hdr, const u8 *which)
{
	unsigned int i;

	if (hdr->start + hdr->count > core->msi.count)
		return -EINVAL;
	for (i = 0; i < hdr->count; i++)
		if (!which || which[i])
			vfio_trigger_signal(&core->msi.vectors[hdr->start + i].trigger);
	return 0;
}

int vfio_pci_msi_set(struct vfio_pci_core_device *core, const struct vfio_irq_set *hdr,
		     const void *data)
{
	unsigned int max = vfio_pci_msi_max(core, hdr->index);
	bool active = core->irq_index == hdr->index;

	lockdep_assert_held(&core->irq_lock);
	if (!(hdr->flags & VFIO_IRQ_SET_ACTION_TRIGGER))
		return -ENOTTY;
	if (hdr->start > max || hdr->count > max - hdr->start)
		return -EINVAL;
	if (!active && core->irq_index != VFIO_PCI_NUM_IRQS)
		return -EINVAL;

	switch (hdr->flags & VFIO_IRQ_SET_DATA_TYPE_MASK) {
	case VFIO_IRQ_SET_DATA_NONE:
		if (!active)
			return -EINVAL;
		if (hdr->count)
			return vfio_pci_msi_loopback(core, hdr, NULL);
		vfio_pci_msi_disable(core);
		return 0;
	case VFIO_IRQ_SET_DATA_BOOL:
		return active ? vfio_pci_msi_loopback(core, hdr, data) : -EINVAL;
	case VFIO_IRQ_SET_DATA_EVENTFD:
		return vfio_pci_msi_set_eventfds(core, hdr, data);
	default:
		return -EINVAL;
	}
}
