// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts: MSI-X vectors of the kernel's, eventfds of the user's.
 *
 * While the device is open, vector 0 is for its configuration and the others are for its queues. If
 * there are fewer than queues, queues take turns; if there is one, it is for everything. A virtio
 * driver looks at the used ring anyway, so an interrupt too many does no harm.
 */
#include <linux/interrupt.h>
#include <linux/slab.h>

#include "virtq.h"

/* Signals every eventfd that the vector stands for. */
static irqreturn_t virtq_irq_handler(int irq, void *data)
{
	struct virtq_vector *vector = data;
	struct virtq_device *virtq = vector->virtq;
	unsigned int i;

	if (!vector->nr)
		vfio_trigger_signal(&virtq->config_trigger);
	for (i = 0; i < virtq->num_queues; i++)
		if (virtq_irq_queue_vector(virtq, i) == vector->nr)
			vfio_trigger_signal(&virtq->queues[i].trigger);
	return IRQ_HANDLED;
}

/**
 * virtq_irq_queue_vector() - the vector of a queue
 * @virtq: an open device
 * @queue: the queue's number
 *
 * Return: the vector's number.
 */
u16 virtq_irq_queue_vector(struct virtq_device *virtq, unsigned int queue)
{
	return virtq->num_vectors > 1 ? 1 + queue % (virtq->num_vectors - 1) : 0;
}

static void virtq_irqs_free(struct virtq_device *virtq, unsigned int count)
{
	while (count--)
		free_irq(pci_irq_vector(virtq->pdev, count), &virtq->vectors[count]);
	pci_free_irq_vectors(virtq->pdev);
	kfree(virtq->vectors);
	virtq->vectors = NULL;
}

/**
 * virtq_irqs_open() - enable MSI-X
 * @virtq: the device, being opened
 *
 * Return: 0 or a negative errno; then MSI-X is not enabled.
 */
int virtq_irqs_open(struct virtq_device *virtq)
{
	struct pci_dev *pdev = virtq->pdev;
	unsigned int i;
	int ret;

	ret = pci_alloc_irq_vectors(pdev, 1, virtq->num_queues + 1, PCI_IRQ_MSIX);
	if (ret < 0)
		return ret;
	virtq->num_vectors = ret;
	virtq->vectors = kcalloc(virtq->num_vectors, sizeof(*virtq->vectors), GFP_KERNEL_ACCOUNT);
	if (!virtq->vectors) {
		pci_free_irq_vectors(pdev);
		return -ENOMEM;
	}
	snprintf(virtq->irq_name, sizeof(virtq->irq_name), "vfio-virtq(%s)", pci_name(pdev));
	for (i = 0; i < virtq->num_vectors; i++) {
		virtq->vectors[i] = (struct virtq_vector) { .virtq = virtq, .nr = i };
		ret = request_irq(pci_irq_vector(pdev, i), virtq_irq_handler, 0, virtq->irq_name,
				  &virtq->vectors[i]);
		if (ret) {
			virtq_irqs_free(virtq, i);
			return ret;
		}
	}
	return 0;
}

/* How many interrupts an index has; 0 for an index that doesn't exist. */
static unsigned int virtq_irq_count(struct virtq_device *virtq, u32 index)
{
	switch (index) {
	case VFIO_VIRTQ_CONFIG_IRQ_INDEX:
		return 1;
	case VFIO_VIRTQ_QUEUE_IRQ_INDEX:
		return virtq->num_queues;
	default:
		return 0;
	}
}

static struct vfio_trigger *virtq_irq_trigger(struct virtq_device *virtq, u32 index,
					      unsigned int nr)
{
	if (index == VFIO_VIRTQ_CONFIG_IRQ_INDEX)
		return &virtq->config_trigger;
	return &virtq->queues[nr].trigger;
}

static void virtq_irqs_clear(struct virtq_device *virtq, u32 index)
{
	unsigned int i;

	lockdep_assert_held(&virtq->irq_lock);
	for (i = 0; i < virtq_irq_count(virtq, index); i++)
		vfio_trigger_clear(virtq_irq_trigger(virtq, index, i));
}

/* As if the device had raised them. @which may be NULL for all. */
static void virtq_irqs_signal(struct virtq_device *virtq, u32 index, u32 start, u32 count,
			      const u8 *which)
{
	u32 i;

	for (i = 0; i < count; i++)
		if (!which || which[i])
			vfio_trigger_signal(virtq_irq_trigger(virtq, index, start + i));
}

/**
 * virtq_irqs_close() - undo virtq_irqs_open() and what the user has set up
 * @virtq: an open device, in reset
 *
 * If the device is taken away, its user may be asleep waiting for an eventfd: all are signalled
 * once more. A user who closes knows.
 */
void virtq_irqs_close(struct virtq_device *virtq)
{
	u32 index;

	virtq_irqs_free(virtq, virtq->num_vectors);
	guard(mutex)(&virtq->irq_lock);
	for (index = 0; index < VFIO_VIRTQ_NUM_IRQS; index++) {
		if (READ_ONCE(virtq->removing))
			virtq_irqs_signal(virtq, index, 0, virtq_irq_count(virtq, index), NULL);
		virtq_irqs_clear(virtq, index);
	}
}

/**
 * virtq_get_irq_info() - VFIO_DEVICE_GET_IRQ_INFO
 * @vdev: an open device
 * @info: with the index; gets flags and count
 *
 * Return: 0 or -EINVAL.
 */
int virtq_get_irq_info(struct vfio_device *vdev, struct vfio_irq_info *info)
{
	if (info->index >= VFIO_VIRTQ_NUM_IRQS)
		return -EINVAL;
	info->flags = VFIO_IRQ_INFO_EVENTFD;
	info->count = virtq_irq_count(virtq_from(vdev), info->index);
	return 0;
}

/* All or nothing: descriptors become triggers first, which is what can fail. */
static int virtq_irqs_set_eventfds(struct virtq_device *virtq, const struct vfio_irq_set *hdr,
				   const s32 *fds)
{
	struct vfio_trigger *triggers;
	int ret = 0;
	u32 i;

	if (!hdr->count)
		return -EINVAL;
	triggers = kvcalloc(hdr->count, sizeof(*triggers), GFP_KERNEL_ACCOUNT);
	if (!triggers)
		return -ENOMEM;
	for (i = 0; i < hdr->count && !ret; i++)
		ret = vfio_trigger_set(&triggers[i], fds[i]);
	for (i = 0; i < hdr->count; i++) {
		if (ret)
			vfio_trigger_clear(&triggers[i]);
		else
			vfio_trigger_move(virtq_irq_trigger(virtq, hdr->index, hdr->start + i),
					  &triggers[i]);
	}
	kvfree(triggers);
	return ret;
}

/**
 * virtq_set_irqs() - VFIO_DEVICE_SET_IRQS
 * @vdev: an open device
 * @hdr: what to do; checked by the vfio core against virtq_get_irq_info()
 * @data: u8 or s32, hdr->count of them
 *
 * Return: 0; -ENOTTY for another action than ACTION_TRIGGER; -EINVAL; -EBADF; -ENOMEM. After
 * a failure everything is as before.
 */
int virtq_set_irqs(struct vfio_device *vdev, const struct vfio_irq_set *hdr, const void *data)
{
	struct virtq_device *virtq = virtq_from(vdev);

	if (!(hdr->flags & VFIO_IRQ_SET_ACTION_TRIGGER))
		return -ENOTTY;
	guard(mutex)(&virtq->irq_lock);
	switch (hdr->flags & VFIO_IRQ_SET_DATA_TYPE_MASK) {
	case VFIO_IRQ_SET_DATA_NONE:
		if (hdr->count)
			virtq_irqs_signal(virtq, hdr->index, hdr->start, hdr->count, NULL);
		else
			virtq_irqs_clear(virtq, hdr->index);
		return 0;
	case VFIO_IRQ_SET_DATA_BOOL:
		virtq_irqs_signal(virtq, hdr->index, hdr->start, hdr->count, data);
		return 0;
	case VFIO_IRQ_SET_DATA_EVENTFD:
		return virtq_irqs_set_eventfds(virtq, hdr, data);
	default:
		return -EINVAL;
	}
}
