/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Drivers of devices that can migrate: their state is saved and loaded, and the memory that they
 * write is known. Both are of devices that other drivers' API (linux/vfio.h) describes; a driver
 * sets @migration and @dma_logging of its struct vfio_device before it registers it.
 *
 * What is the core's ------------------ The state (enum vfio_device_mig_state) and what it means
 * to ask for another one, which the core makes single steps of; the data file with its user, of
 * which the driver sees bytes in kernel memory; the log of written memory. One lock of the core is
 * held around all functions of struct vfio_migration_ops and around @reset of struct
 * vfio_device_ops, so none of them runs while another does. None is called before @open has
 * returned, nor after @close has begun. That lock is outside of the driver's own.
 */
#ifndef __IOMMUFD_VFIO_LINUX_VFIO_MIGRATION_H
#define __IOMMUFD_VFIO_LINUX_VFIO_MIGRATION_H

#include <linux/vfio.h>

/**
 * struct vfio_migration_ops - how the state of a device is moved
 * @flags: VFIO_MIGRATION_*: what the device can; STOP_COPY is among them
 * @step: Go from state @from to @to. Return 0, or a negative errno if the device is in @from still;
 *        if it is in neither, vfio_migration_broke().
 * @save: Give the next bytes of the state, at most @count (1 to PAGE_SIZE). Return how many; 0 if
 *        there are none, for the time being (PRE_COPY, PRE_COPY_P2P) or for good (STOP_COPY); or a
 *        negative errno. Called in these states.
 * @load: Take the next bytes of a state, at most @count (1 to PAGE_SIZE); they are the user's, and
 *        may be anything. Return how many were taken, or a negative errno. Called in RESUMING.
 * @precopy: Estimate what @save has to give before the device stops: initial_bytes, dirty_bytes,
 *           and VFIO_PRECOPY_INFO_REINIT in flags. Called in PRE_COPY and PRE_COPY_P2P; needed with
 *           VFIO_MIGRATION_PRE_COPY.
 * @size: Estimate how many bytes STOP_COPY would give. Called in every state.
 * @was_reset: The device has been reset, by whomever: it is in RUNNING, and what was being saved or
 *             loaded is to be forgotten. Optional.
 *
 * The steps are these. Those through states that the device lacks are joined: without P2P a device
 * goes from RUNNING to STOP::
 *
 *	RUNNING <-> RUNNING_P2P <-> STOP <-> RESUMING
 *	STOP <-> STOP_COPY			begins and ends a save
 *	RUNNING <-> PRE_COPY			likewise
 *	RUNNING_P2P <-> PRE_COPY_P2P		likewise
 *	PRE_COPY <-> PRE_COPY_P2P -> STOP_COPY	the save goes on
 *
 * A save or load ends with the step that says so, with @was_reset, and with the device's @close.
 */
struct vfio_migration_ops {
	u64 flags;
	int (*step)(struct vfio_device *vdev, enum vfio_device_mig_state from,
		    enum vfio_device_mig_state to);
	ssize_t (*save)(struct vfio_device *vdev, void *buf, size_t count);
	ssize_t (*load)(struct vfio_device *vdev, const void *buf, size_t count);
	int (*precopy)(struct vfio_device *vdev, struct vfio_precopy_info *info);
	int (*size)(struct vfio_device *vdev, u64 *stop_copy_length);
	void (*was_reset)(struct vfio_device *vdev);
};

/**
 * vfio_migration_broke() - the device is in no state that it can be used in, until it is reset
 * @vdev: the device; called from @step, @save or @load
 */
void vfio_migration_broke(struct vfio_device *vdev);

/**
 * vfio_migration_data_ready() - wake those who poll for more data in PRE_COPY and PRE_COPY_P2P
 * @vdev: an open device
 *
 * Context: any.
 */
void vfio_migration_data_ready(struct vfio_device *vdev);

/**
 * vfio_device_was_reset() - say that a device was reset in another way than by @reset
 * @vdev: the device; nothing happens if it is closed
 *
 * Calls @was_reset, now, or, if the device is at work for its migration, right after that.
 *
 * Context: may sleep; with no lock that functions of struct vfio_migration_ops take.
 */
void vfio_device_was_reset(struct vfio_device *vdev);

/**
 * struct vfio_dma_logging_ops - how a device knows what memory it writes
 * @start: Begin to record writes to @count @ranges, or to any. *@page_size, a power of two, is what
 *         the user would like to have told apart; may be raised to what the device can. Return 0 or
 *         a negative errno. Optional.
 * @stop: Record no more. Optional.
 * @sync: vfio_dma_logging_mark() all that was written since @sync was called last, from @iova to
 *        @last. What is being written must be marked now or later, when it has been; and if now, it
 *        must be marked again later. Return 0 or a negative errno. Optional: for devices whose
 *        driver marks all by itself.
 *
 * One lock of the core is held around all of them, and around no other callback.
 */
struct vfio_dma_logging_ops {
	int (*start)(struct vfio_device *vdev,
		     const struct vfio_device_feature_dma_logging_range *ranges,
		     unsigned int count, u64 *page_size);
	void (*stop)(struct vfio_device *vdev);
	int (*sync)(struct vfio_device *vdev, u64 iova, u64 last);
};

/**
 * vfio_dma_logging_mark() - the device has written memory
 * @vdev: an open device
 * @iova: the first byte
 * @length: in bytes; may be more than is there
 *
 * What is in no range, or written while nothing is recorded, is ignored.
 *
 * Context: may sleep; with any lock of the driver held.
 */
void vfio_dma_logging_mark(struct vfio_device *vdev, u64 iova, u64 length);

#endif
