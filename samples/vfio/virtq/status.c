// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of the virtio device: reset, negotiation of features, start.
 *
 * A reset is what takes the queues from the device, and so must not be believed in but seen: virtio
 * says that a device which shows status 0 does no more DMA and has sent its last interrupt. The
 * read that shows it has also pushed the device's earlier writes ahead of itself. A device that
 * never shows it loses bus mastering.
 */
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "virtq.h"

#define STATUS_DRIVER	(VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER)
#define STATUS_SETUP	(STATUS_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK)
#define STATUS_LIVE	(STATUS_SETUP | VIRTIO_CONFIG_S_DRIVER_OK)

/* What a read of a device that has gone from the bus gives. */
#define STATUS_GONE	0xff

/* Without the second the device would use physical addresses, past the IOMMU. */
#define FEATURES_REQUIRED (BIT_ULL(VIRTIO_F_VERSION_1) | BIT_ULL(VIRTIO_F_ACCESS_PLATFORM))

/*
 * What concerns nobody but the device and whoever fills its queues: the features of the device's
 * type, and of split rings. Others change registers that the kernel keeps, the format of doorbells,
 * or give power over other functions.
 */
#define FEATURES_OF_TYPE (GENMASK_ULL(23, 0) | GENMASK_ULL(63, 50))
#define FEATURES_OF_RING (BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) |	\
			  BIT_ULL(VIRTIO_RING_F_EVENT_IDX) |		\
			  BIT_ULL(VIRTIO_F_IN_ORDER) | BIT_ULL(VIRTIO_F_ORDER_PLATFORM))

/**
 * virtq_status_features() - what the device offers and a user may choose
 * @virtq: a device whose registers are mapped
 *
 * Return: the features; 0 if the device lacks one that is indispensable.
 */
u64 virtq_status_features(struct virtq_device *virtq)
{
	u64 features = vp_modern_get_features(&virtq->mdev);

	if ((features & FEATURES_REQUIRED) != FEATURES_REQUIRED)
		return 0;
	return features & (FEATURES_REQUIRED | FEATURES_OF_TYPE | FEATURES_OF_RING);
}

static bool virtq_status_await_reset(struct virtq_device *virtq, unsigned int ms)
{
	ktime_t end = ktime_add_ms(ktime_get(), ms);
	bool late;
	u8 status;

	do {
		late = ktime_after(ktime_get(), end);
		status = vp_modern_get_status(&virtq->mdev);
		if (!status || status == STATUS_GONE || late)
			break;
		usleep_range(200, 1000);
	} while (true);
	return !status;
}

/**
 * virtq_status_reset() - take all queues from the device
 * @virtq: the device
 *
 * Afterwards the device does no DMA: it has been seen in reset, or its bus mastering is off. In the
 * second case it is stuck, and will not be waited for again. Turning bus mastering on after a
 * success is up to the caller.
 *
 * Return: 0; -EIO if the device is stuck or gone.
 */
int virtq_status_reset(struct virtq_device *virtq)
{
	unsigned int ms = virtq->stage == VIRTQ_STAGE_STUCK ? 0 : VIRTQ_RESET_MS;
	unsigned int i;
	bool reset;

	lockdep_assert_held(&virtq->lock);
	vp_modern_set_status(&virtq->mdev, 0);
	reset = virtq_status_await_reset(virtq, ms);
	if (!reset)
		pci_clear_master(virtq->pdev);
	virtq->stage = reset ? VIRTQ_STAGE_RESET : VIRTQ_STAGE_STUCK;
	virtq->features = 0;
	for (i = 0; i < virtq->num_queues; i++) {
		struct virtq_queue *queue = &virtq->queues[i];

		WRITE_ONCE(queue->enabled, false);
		memset(&queue->regs, 0, sizeof(queue->regs));
		queue->regs.size = queue->size_max;
	}
	return reset ? 0 : -EIO;
}

static int virtq_status_set_features(struct virtq_device *virtq, u64 features)
{
	struct virtio_pci_modern_device *mdev = &virtq->mdev;

	vp_modern_set_status(mdev, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	vp_modern_set_status(mdev, STATUS_DRIVER);
	vp_modern_set_features(mdev, features);
	vp_modern_set_status(mdev, STATUS_SETUP);
	/* A device may refuse a combination by clearing FEATURES_OK. */
	if (vp_modern_get_status(mdev) != STATUS_SETUP)
		return -EOPNOTSUPP;
	return vp_modern_config_vector(mdev, 0) ? -EIO : 0;
}

/**
 * virtq_status_negotiate() - choose the features that the device is used with
 * @virtq: the device
 * @features: the user's choice
 *
 * Return: 0; -EINVAL if @features is not a possible choice; -EBUSY if they are chosen already;
 * -EOPNOTSUPP if the device rejects them; -EIO if the device is stuck, or has no use for MSI-X.
 */
int virtq_status_negotiate(struct virtq_device *virtq, u64 features)
{
	int ret;

	lockdep_assert_held(&virtq->lock);
	if (virtq->stage == VIRTQ_STAGE_STUCK)
		return -EIO;
	if (virtq->stage != VIRTQ_STAGE_RESET)
		return -EBUSY;
	if (features & ~virtq->offered || (features & FEATURES_REQUIRED) != FEATURES_REQUIRED)
		return -EINVAL;
	ret = virtq_status_set_features(virtq, features);
	if (ret)
		return virtq_status_reset(virtq) ?: ret;
	virtq->stage = VIRTQ_STAGE_SETUP;
	virtq->features = features;
	return 0;
}

/**
 * virtq_status_start() - let the device process its queues
 * @virtq: the device
 *
 * Return: 0; -EINVAL if features were not negotiated; -EBUSY if it has been started; -EIO if it is
 * stuck, or has forgotten what was negotiated, such as while the machine slept.
 */
int virtq_status_start(struct virtq_device *virtq)
{
	lockdep_assert_held(&virtq->lock);
	switch (virtq->stage) {
	case VIRTQ_STAGE_RESET:
		return -EINVAL;
	case VIRTQ_STAGE_SETUP:
		/* It must not run with other features, without ACCESS_PLATFORM least of all. */
		if ((vp_modern_get_status(&virtq->mdev) & STATUS_SETUP) != STATUS_SETUP)
			return -EIO;
		vp_modern_set_status(&virtq->mdev, STATUS_LIVE);
		virtq->stage = VIRTQ_STAGE_LIVE;
		return 0;
	case VIRTQ_STAGE_LIVE:
		return -EBUSY;
	default:
		return -EIO;
	}
}
