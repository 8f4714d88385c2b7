/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Virtqueues of a virtio PCI device, offered to userspace by vfio-virtq.
 *
 * The user owns the virtqueues: their memory, their descriptors, their doorbells, their interrupts.
 * The kernel keeps the rest of the device: PCI configuration, BARs, MSI-X, the device status, and
 * the negotiation of features, in which it never gives up VIRTIO_F_VERSION_1 and
 * VIRTIO_F_ACCESS_PLATFORM: a device that works without the latter would bypass the IOMMU.
 *
 * The device is a vfio device (linux/vfio.h) with three regions and two interrupt indices. Addresses
 * of virtqueues and in descriptors are IOVAs of the IOAS that the device is attached to.
 *
 * All registers are little endian. An access is to one whole register: another size or another
 * offset gives EINVAL, and so does writing a register that can only be read.
 */
#ifndef _UAPI_LINUX_VFIO_VIRTQ_H
#define _UAPI_LINUX_VFIO_VIRTQ_H

#include <linux/types.h>

/**
 * enum vfio_virtq_region - regions of the device
 * @VFIO_VIRTQ_CONFIG_REGION_INDEX: the device specific configuration (virtio's struct
 *	virtio_blk_config or the like). Can be read only, at any offset and size. A read of 1, 2 or 4
 *	bytes, naturally aligned, is one access to the device; others are made of such. One read() of
 *	up to a page sees one generation of the configuration, or fails with EAGAIN.
 * @VFIO_VIRTQ_CONTROL_REGION_INDEX: struct vfio_virtq_control, then one struct vfio_virtq_queue for
 *	each queue. Can be read and written.
 * @VFIO_VIRTQ_NOTIFY_REGION_INDEX: the doorbells, as the hardware has them. Can be written: with
 *	a queue's number, a __le16, at that queue's @notify_offset. A write() anywhere else, of
 *	another value, or for a queue that is not enabled gives EINVAL. Can be mapped, shared, if
 *	VFIO_REGION_INFO_FLAG_MMAP says so, which it does where the doorbells fill whole pages that
 *	they share with nothing. In a mapping nothing is checked but by the device.
 * @VFIO_VIRTQ_NUM_REGIONS: their number
 */
enum vfio_virtq_region {
	VFIO_VIRTQ_CONFIG_REGION_INDEX,
	VFIO_VIRTQ_CONTROL_REGION_INDEX,
	VFIO_VIRTQ_NOTIFY_REGION_INDEX,
	VFIO_VIRTQ_NUM_REGIONS,
};

/**
 * enum vfio_virtq_irq - interrupt indices of the device
 * @VFIO_VIRTQ_CONFIG_IRQ_INDEX: one interrupt: the configuration or the device's status changed
 * @VFIO_VIRTQ_QUEUE_IRQ_INDEX: one interrupt for each queue: the device has used buffers. A device
 *	with few MSI-X vectors shares them, so an interrupt may come although nothing was used.
 * @VFIO_VIRTQ_NUM_IRQS: their number
 *
 * VFIO_DEVICE_SET_IRQS takes VFIO_IRQ_SET_ACTION_TRIGGER with eventfds (-1 for none), which may be
 * set and changed at any time, also one by one; with DATA_BOOL or DATA_NONE, to signal them as the
 * device would; and with DATA_NONE and count 0, to let go of all of the index. Other actions give
 * ENOTTY.
 */
enum vfio_virtq_irq {
	VFIO_VIRTQ_CONFIG_IRQ_INDEX,
	VFIO_VIRTQ_QUEUE_IRQ_INDEX,
	VFIO_VIRTQ_NUM_IRQS,
};

#define VFIO_VIRTQ_MAGIC	0x71747276	/* "vrtq" */
#define VFIO_VIRTQ_VERSION	1

/**
 * enum vfio_virtq_run - values of struct vfio_virtq_control's @run
 * @VFIO_VIRTQ_RUN_RESET: the device is reset. What to write there to reset it: everything that was
 *	negotiated and set for queues is forgotten. Fails with EIO if the device does not come out
 *	of reset; then its bus mastering is off, and nothing but another reset is possible.
 * @VFIO_VIRTQ_RUN_SETUP: features have been negotiated, queues can be set up. Can't be written.
 * @VFIO_VIRTQ_RUN_LIVE: the device processes its queues. To be written in RUN_SETUP, once all
 *	queues are enabled: none can be enabled later without a reset.
 */
enum vfio_virtq_run {
	VFIO_VIRTQ_RUN_RESET,
	VFIO_VIRTQ_RUN_SETUP,
	VFIO_VIRTQ_RUN_LIVE,
};

/**
 * struct vfio_virtq_control - beginning of the control region
 * @magic: VFIO_VIRTQ_MAGIC
 * @version: VFIO_VIRTQ_VERSION; a higher one only adds to this
 * @device_id: what kind of virtio device it is, as in linux/virtio_ids.h
 * @vendor_id: of whom, a PCI subsystem vendor id
 * @device_features: what the device offers and this interface can carry. Split virtqueues only.
 * @driver_features: what was negotiated; 0 in RUN_RESET. To be written in RUN_RESET, with a subset
 *	of @device_features that has VIRTIO_F_VERSION_1 and VIRTIO_F_ACCESS_PLATFORM; leads to
 *	RUN_SETUP. EINVAL for another set, EBUSY if it was written already, EOPNOTSUPP if the
 *	device rejects the set (it is in RUN_RESET then).
 * @run: enum vfio_virtq_run. EINVAL for a value that can't be written, EBUSY for RUN_LIVE when it is
 *	live, EINVAL for RUN_LIVE in RUN_RESET, EIO if the device has lost what was negotiated.
 * @device_status: virtio's device status field, as the device has it. Can be read only.
 *	VIRTIO_CONFIG_S_NEEDS_RESET in it tells that the device gave up, such as when a ring holds
 *	nonsense; VFIO_VIRTQ_CONFIG_IRQ_INDEX is signalled then.
 * @config_generation: changes when the device specific configuration does
 * @num_queues: the number of queues; at most VFIO_VIRTQ_QUEUES_MAX
 * @queue_offset: where in the control region the first struct vfio_virtq_queue is
 * @queue_stride: bytes from one to the next
 *
 * All but @driver_features and @run can be read only.
 */
struct vfio_virtq_control {
	__le32 magic;
	__le32 version;
	__le32 device_id;
	__le32 vendor_id;
	__le64 device_features;
	__le64 driver_features;
	__le32 run;
	__le32 device_status;
	__le32 config_generation;
	__le32 num_queues;
	__le32 queue_offset;
	__le32 queue_stride;
};

#define VFIO_VIRTQ_QUEUES_MAX	256

/**
 * struct vfio_virtq_queue - a queue in the control region
 * @desc: IOVA of the descriptor table, a multiple of 16. 16 * @size bytes.
 * @driver: IOVA of the available ring, a multiple of 2. 6 + 2 * @size bytes.
 * @device: IOVA of the used ring, a multiple of 4. 6 + 8 * @size bytes.
 * @size: number of descriptors: a power of 2 up to @size_max, else EINVAL
 * @size_max: the most that the device can have, which @size is after a reset; can be read only. 0:
 *	this queue does not exist.
 * @enable: 1 enables the queue; EINVAL for another value (only a reset disables a queue), or if one
 *	of the three areas is misaligned or reaches beyond the last byte, 2^64 - 1.
 * @notify_offset: where in the notify region the queue's doorbell is; can be read only
 *
 * What can be written can be written in RUN_SETUP: EINVAL in RUN_RESET. EBUSY in RUN_LIVE, and once
 * the queue is enabled.
 *
 * Whether the areas are mapped is not checked, neither now nor later: the IOMMU does that, at every
 * access of the device. It sees nothing but the IOAS that the file is attached to, and nothing at
 * all while it is attached to none.
 */
struct vfio_virtq_queue {
	__le64 desc;
	__le64 driver;
	__le64 device;
	__le32 size;
	__le32 size_max;
	__le32 enable;
	__le32 notify_offset;
};

#endif
