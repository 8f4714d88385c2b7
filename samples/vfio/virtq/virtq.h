/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vfio-virtq: the virtqueues of a virtio PCI device for userspace, its control for the kernel.
 *
 * Model
 * -----
 * Nothing here allocates memory for the device to use, or knows an address that it uses: the device
 * does DMA for its user alone, through the user's page table. What userspace gets are three regions
 * (uapi/linux/vfio_virtq.h), of which the kernel executes every access but those to a mapping of
 * the doorbells.
 *
 *   bound to the driver   PCI function enabled, bus mastering off, device reset
 *   opened                DMA ownership of the IOMMU group is claimed (by the bind before it);
 *                         MSI-X enabled, device reset, bus mastering on
 *   closed                device reset, bus mastering off, MSI-X disabled. All this before the page
 *                         table goes.
 *
 * Invariants
 * ----------
 * - Bus mastering is on only between open and close, and not while a reset has failed.
 * - The device is in reset whenever @stage is VIRTQ_STAGE_RESET. A queue is enabled in it only if
 *   @queues says so.
 * - Features are a subset of what virtq_status_features() lets through, always with
 *   ACCESS_PLATFORM.
 *
 * Locks
 * -----
 * @lock protects virtio's registers that select others, @stage, @features, and the queues'
 * registers. It is held for at most VIRTQ_RESET_MS once; if the device has not answered by then it
 * is not waited for again. A reset of the whole function by somebody else holds it from beginning
 * to end. @irq_lock protects the triggers' replacement. Neither nests in the other.
 */
#ifndef VFIO_VIRTQ_H
#define VFIO_VIRTQ_H

#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/vfio.h>
#include <linux/virtio_pci_modern.h>
#include <uapi/linux/vfio_virtq.h>

/* How long a device may take for a reset. */
#define VIRTQ_RESET_MS		1000

/* A file offset is a region's index and an offset in it. Userspace learns both from us. */
#define VIRTQ_OFFSET_SHIFT	40
#define VIRTQ_OFFSET_MASK	((1ULL << VIRTQ_OFFSET_SHIFT) - 1)

/**
 * enum virtq_stage - where the device is
 * @VIRTQ_STAGE_RESET: its status is 0
 * @VIRTQ_STAGE_SETUP: FEATURES_OK
 * @VIRTQ_STAGE_LIVE: DRIVER_OK
 * @VIRTQ_STAGE_STUCK: it was told to reset and has not answered; bus mastering is off
 */
enum virtq_stage {
	VIRTQ_STAGE_RESET,
	VIRTQ_STAGE_SETUP,
	VIRTQ_STAGE_LIVE,
	VIRTQ_STAGE_STUCK,
};

/**
 * struct virtq_queue - one virtqueue
 * @regs: its registers as the user sees them, in the byte order of the CPU; under lock
 * @trigger: its interrupt
 * @notify_offset: of its doorbell in the notify area
 * @size_max: the most descriptors
 * @enabled: written under lock. Read without for doorbells: one that comes too late or too early is
 *	ignored by the device.
 */
struct virtq_queue {
	struct {
		u64 desc;
		u64 driver;
		u64 device;
		u32 size;
	} regs;
	struct vfio_trigger trigger;
	u32 notify_offset;
	u16 size_max;
	bool enabled;
};

/**
 * struct virtq_vector - one MSI-X vector while the device is open
 * @virtq: the device
 * @nr: its number
 */
struct virtq_vector {
	struct virtq_device *virtq;
	unsigned int nr;
};

/**
 * struct virtq_device - a virtio PCI function
 * @vdev: the core's part
 * @pdev: the function
 * @mdev: where its registers are, from probe to remove
 * @lock: see above
 * @stage: under @lock
 * @features: negotiated, or 0; under @lock
 * @offered: what the user may choose from
 * @num_queues: length of @queues
 * @queues: the virtqueues
 * @removing: the device is being taken away from its user
 * @irq_lock: protects the triggers against concurrent replacement
 * @config_trigger: the interrupt for configuration changes
 * @vectors: MSI-X vectors while open
 * @num_vectors: how many, at least 1
 * @irq_name: of all of them in /proc/interrupts
 * @notify: the doorbells, mapped
 * @notify_pa: their physical address
 * @notify_len: their length in bytes
 * @notify_mappable: userspace may map them
 */
struct virtq_device {
	struct vfio_device vdev;
	struct pci_dev *pdev;
	struct virtio_pci_modern_device mdev;

	struct mutex lock;
	enum virtq_stage stage;
	u64 features;
	u64 offered;
	unsigned int num_queues;
	struct virtq_queue *queues;
	bool removing;

	struct mutex irq_lock;
	struct vfio_trigger config_trigger;
	struct virtq_vector *vectors;
	unsigned int num_vectors;
	char irq_name[32];

	void __iomem *notify;
	phys_addr_t notify_pa;
	u32 notify_len;
	bool notify_mappable;
};

static_assert(offsetof(struct virtq_device, vdev) == 0);

static inline struct virtq_device *virtq_from(struct vfio_device *vdev)
{
	return container_of(vdev, struct virtq_device, vdev);
}

/* status.c: the life of the virtio device; all but virtq_status_features() under lock */
u64 virtq_status_features(struct virtq_device *virtq);
int virtq_status_reset(struct virtq_device *virtq);
int virtq_status_negotiate(struct virtq_device *virtq, u64 features);
int virtq_status_start(struct virtq_device *virtq);

/* config.c */
ssize_t virtq_config_read(struct virtq_device *virtq, void *buf, size_t count, u64 off);

/* control.c */
u64 virtq_control_size(struct virtq_device *virtq);
ssize_t virtq_control_read(struct virtq_device *virtq, void *buf, size_t count, u64 off);
ssize_t virtq_control_write(struct virtq_device *virtq, const void *buf, size_t count, u64 off);

/* notify.c */
int virtq_notify_init(struct virtq_device *virtq);
void virtq_notify_destroy(struct virtq_device *virtq);
ssize_t virtq_notify_write(struct virtq_device *virtq, const void *buf, size_t count, u64 off);
int virtq_notify_mmap(struct vfio_device *vdev, struct vm_area_struct *vma);
vm_fault_t virtq_notify_fault(struct vfio_device *vdev, struct vm_fault *vmf);

/* irq.c */
int virtq_irqs_open(struct virtq_device *virtq);
void virtq_irqs_close(struct virtq_device *virtq);
u16 virtq_irq_queue_vector(struct virtq_device *virtq, unsigned int queue);
int virtq_get_irq_info(struct vfio_device *vdev, struct vfio_irq_info *info);
int virtq_set_irqs(struct vfio_device *vdev, const struct vfio_irq_set *hdr, const void *data);

#endif
