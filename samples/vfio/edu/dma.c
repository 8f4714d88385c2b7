// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device's DMA: holding it back, and what it writes.
 */
#include <linux/delay.h>

#include "edu.h"

/* A DMA takes 100 ms. */
#define EDU_DMA_TIMEOUT_MS	2000
#define EDU_DMA_POLL_MS		5

int edu_dma_is_running(struct edu_device *edu, bool *running)
{
	u64 cmd;
	int ret = edu_read64(edu, EDU_REG_DMA_CMD, &cmd);

	*running = !ret && cmd & EDU_DMA_RUN;
	return ret;
}

/* What the device was told to write may be on its way until it says that it is not. */
static int edu_dma_mark(struct edu_device *edu)
{
	bool running;
	int ret;

	lockdep_assert_held(&edu->lock);
	if (!edu->writing)
		return 0;
	ret = edu_dma_is_running(edu, &running);
	if (ret)
		return ret;
	vfio_dma_logging_mark(&edu->core.vdev, edu->dst, edu->count);
	edu->writing = running;
	return 0;
}

/**
 * edu_dma_start() - do a DMA command, or have it wait
 * @edu: the device; no command runs or waits
 * @cmd: the command, EDU_DMA_RUN in it
 */
int edu_dma_start(struct edu_device *edu, u64 cmd)
{
	int ret;

	lockdep_assert_held(&edu->lock);
	if (edu->held) {
		edu->pending = cmd;
		return 0;
	}
	/* What the last one wrote is not forgotten. */
	ret = edu_dma_mark(edu);
	if (!ret && cmd & EDU_DMA_TO_MEMORY)
		ret = edu_read64(edu, EDU_REG_DMA_DST, &edu->dst) ?:
		      edu_read64(edu, EDU_REG_DMA_COUNT, &edu->count);
	if (ret)
		return ret;
	edu->writing = cmd & EDU_DMA_TO_MEMORY;
	edu->cmd = cmd;
	return edu_write64(edu, EDU_REG_DMA_CMD, cmd);
}

/**
 * edu_dma_hold() - have DMA commands wait, and wait for the one that runs
 * @edu: the device
 *
 * Return: 0; -ETIMEDOUT, or an error of the device's; then commands don't wait.
 */
int edu_dma_hold(struct edu_device *edu)
{
	bool running = true;
	int waited, ret = 0;

	scoped_guard(mutex, &edu->lock)
		edu->held = true;
	for (waited = 0; waited < EDU_DMA_TIMEOUT_MS; waited += EDU_DMA_POLL_MS) {
		scoped_guard(mutex, &edu->lock)
			ret = edu_dma_is_running(edu, &running);
		if (ret || !running)
			break;
		msleep(EDU_DMA_POLL_MS);
	}
	if (!ret && running)
		ret = -ETIMEDOUT;
	guard(mutex)(&edu->lock);
	if (ret)
		edu_dma_release(edu);
	return ret;
}

/* Undoes edu_dma_hold(). */
int edu_dma_release(struct edu_device *edu)
{
	u64 cmd = edu->pending;

	lockdep_assert_held(&edu->lock);
	edu->held = false;
	edu->pending = 0;
	return cmd ? edu_dma_start(edu, cmd) : 0;
}

static int edu_logging_sync(struct vfio_device *vdev, u64 iova, u64 last)
{
	struct edu_device *edu = edu_from(vdev);

	guard(mutex)(&edu->lock);
	return edu_dma_mark(edu);
}

const struct vfio_dma_logging_ops edu_logging_ops = {
	.sync = edu_logging_sync,
};
