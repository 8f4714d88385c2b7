// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device's state: steps, and the records that it is saved as and loaded from.
 *
 * A stream is a header, any number of states, and an end. In PRE_COPY the header is given, so that
 * the other side can refuse it early, and a state whenever registers have been written. The last
 * state is that of the device in STOP_COPY.
 */
#include <linux/delay.h>

#include "edu.h"

#define EDU_COMPUTE_TIMEOUT_MS	1000
#define EDU_COMPUTE_POLL_MS	2

static bool saves(enum vfio_device_mig_state state)
{
	return state == VFIO_DEVICE_STATE_PRE_COPY || state == VFIO_DEVICE_STATE_PRE_COPY_P2P ||
	       state == VFIO_DEVICE_STATE_STOP_COPY;
}

static bool is_held(enum vfio_device_mig_state state)
{
	return state != VFIO_DEVICE_STATE_RUNNING && state != VFIO_DEVICE_STATE_PRE_COPY;
}

static bool is_stopped(enum vfio_device_mig_state state)
{
	return state == VFIO_DEVICE_STATE_STOP || state == VFIO_DEVICE_STATE_STOP_COPY ||
	       state == VFIO_DEVICE_STATE_RESUMING;
}

/* Nothing is saved or loaded. */
void edu_migration_begin(struct edu_device *edu)
{
	edu->out_done = sizeof(edu->out);
	edu->has_header = false;
	edu->has_end = false;
	edu->changed = true;
	edu->stopping = false;
	edu->in_done = 0;
	edu->in_last = 0;
	edu->has_state = false;
}

static int collect_state(struct edu_device *edu, struct edu_record *record)
{
	u64 src, dst, count;
	u32 liveness, status, irq_status;
	int ret;

	lockdep_assert_held(&edu->lock);
	ret = edu_read32(edu, EDU_REG_LIVENESS, &liveness) ?:
	      edu_read32(edu, EDU_REG_STATUS, &status) ?:
	      edu_read32(edu, EDU_REG_IRQ_STATUS, &irq_status) ?:
	      edu_read64(edu, EDU_REG_DMA_SRC, &src) ?:
	      edu_read64(edu, EDU_REG_DMA_DST, &dst) ?:
	      edu_read64(edu, EDU_REG_DMA_COUNT, &count);
	if (ret)
		return ret;
	record->liveness = cpu_to_le32(liveness);
	record->status = cpu_to_le32(status);
	record->irq_status = cpu_to_le32(irq_status | edu->raise);
	record->factorial = cpu_to_le32(edu->factorial);
	record->flags = cpu_to_le32(edu->asked ? EDU_STATE_FACTORIAL : 0);
	record->dma_src = cpu_to_le64(src);
	record->dma_dst = cpu_to_le64(dst);
	record->dma_count = cpu_to_le64(count);
	record->dma_cmd = cpu_to_le64(edu->pending ?: edu->cmd & ~(u64)EDU_DMA_RUN);
	return 0;
}

/* What is to be given next, or 0. */
static u32 next_type(struct edu_device *edu)
{
	if (!edu->has_header)
		return EDU_RECORD_HEADER;
	if (edu->changed)
		return EDU_RECORD_STATE;
	return edu->stopping && !edu->has_end ? EDU_RECORD_END : 0;
}

static int begin_record(struct edu_device *edu, u32 type)
{
	struct edu_record record = {
		.magic = cpu_to_le32(EDU_MAGIC),
		.type = cpu_to_le32(type),
		.version = cpu_to_le32(EDU_VERSION),
	};
	int ret = type == EDU_RECORD_STATE ? collect_state(edu, &record) : 0;

	if (ret)
		return ret;
	edu->has_header = true;
	edu->has_end = type == EDU_RECORD_END;
	if (type == EDU_RECORD_STATE)
		edu->changed = false;
	edu->out = record;
	edu->out_done = 0;
	return 0;
}

static ssize_t edu_save(struct vfio_device *vdev, void *buf, size_t count)
{
	struct edu_device *edu = edu_from(vdev);
	u32 type;
	int ret;

	guard(mutex)(&edu->lock);
	if (edu->out_done == sizeof(edu->out)) {
		type = next_type(edu);
		ret = type ? begin_record(edu, type) : 0;
		if (!type || ret)
			return ret;
	}
	count = min(count, sizeof(edu->out) - edu->out_done);
	memcpy(buf, (void *)&edu->out + edu->out_done, count);
	edu->out_done += count;
	return count;
}

/* The header and the first state are what is known to be there from the beginning. */
static int edu_precopy(struct vfio_device *vdev, struct vfio_precopy_info *info)
{
	struct edu_device *edu = edu_from(vdev);

	guard(mutex)(&edu->lock);
	if (!edu->has_header)
		info->initial_bytes = 2 * sizeof(edu->out);
	else if (edu->changed)
		info->dirty_bytes = sizeof(edu->out);
	info->initial_bytes += sizeof(edu->out) - edu->out_done;
	return 0;
}

static int edu_size(struct vfio_device *vdev, u64 *stop_copy_length)
{
	*stop_copy_length = 3 * sizeof(struct edu_record);
	return 0;
}

/* A whole record is there. */
static int take_record(struct edu_device *edu)
{
	const struct edu_record *in = &edu->in;
	u32 type = le32_to_cpu(in->type);
	bool is_header = type == EDU_RECORD_HEADER;

	if (le32_to_cpu(in->magic) != EDU_MAGIC || le32_to_cpu(in->version) != EDU_VERSION)
		return -EINVAL;
	/* First the header, and nothing after the end. */
	if (is_header != !edu->in_last || edu->in_last == EDU_RECORD_END)
		return -EINVAL;
	if (type > EDU_RECORD_END || (type == EDU_RECORD_END && !edu->has_state))
		return -EINVAL;
	if (type == EDU_RECORD_STATE) {
		if (le32_to_cpu(in->flags) & ~EDU_STATE_FACTORIAL)
			return -EINVAL;
		edu->state = *in;
		edu->has_state = true;
	}
	edu->in_last = type;
	edu->in_done = 0;
	return 0;
}

static ssize_t edu_load(struct vfio_device *vdev, const void *buf, size_t count)
{
	struct edu_device *edu = edu_from(vdev);
	int ret = 0;

	guard(mutex)(&edu->lock);
	if (edu->in_done == sizeof(edu->in))
		return -EINVAL;	/* a wrong record came before */
	count = min(count, sizeof(edu->in) - edu->in_done);
	memcpy((void *)&edu->in + edu->in_done, buf, count);
	edu->in_done += count;
	if (edu->in_done == sizeof(edu->in))
		ret = take_record(edu);
	return ret ?: count;
}

static int wait_computed(struct edu_device *edu)
{
	u32 status = 0;
	int waited, ret;

	for (waited = 0; waited < EDU_COMPUTE_TIMEOUT_MS; waited += EDU_COMPUTE_POLL_MS) {
		ret = edu_read32(edu, EDU_REG_STATUS, &status);
		if (ret || !(status & EDU_STATUS_COMPUTING))
			return ret;
		msleep(EDU_COMPUTE_POLL_MS);
	}
	return -EBUSY;
}

/* The result can't be written: the device computes it once more. */
static int restore_factorial(struct edu_device *edu, const struct edu_record *state)
{
	int ret;

	edu->asked = le32_to_cpu(state->flags) & EDU_STATE_FACTORIAL;
	edu->factorial = le32_to_cpu(state->factorial);
	if (!edu->asked)
		return 0;
	ret = edu_write32(edu, EDU_REG_STATUS, 0) ?:
	      edu_write32(edu, EDU_REG_FACTORIAL, edu->factorial);
	return ret ?: wait_computed(edu);
}

static int restore_dma(struct edu_device *edu, const struct edu_record *state)
{
	u64 cmd = le64_to_cpu(state->dma_cmd);
	int ret;

	edu->pending = 0;
	ret = edu_write64(edu, EDU_REG_DMA_SRC, le64_to_cpu(state->dma_src)) ?:
	      edu_write64(edu, EDU_REG_DMA_DST, le64_to_cpu(state->dma_dst)) ?:
	      edu_write64(edu, EDU_REG_DMA_COUNT, le64_to_cpu(state->dma_count));
	if (ret)
		return ret;
	if (cmd & EDU_DMA_RUN)
		edu->pending = cmd;
	else
		edu->cmd = cmd;
	return 0;
}

/* The interrupt is raised when the device runs, since a device that has stopped raises none. */
static int restore_state(struct edu_device *edu)
{
	const struct edu_record *state = &edu->state;
	int ret;

	guard(mutex)(&edu->lock);
	if (edu->in_last != EDU_RECORD_END || edu->in_done)
		return -EINVAL;
	ret = wait_computed(edu) ?: restore_factorial(edu, state) ?: restore_dma(edu, state);
	ret = ret ?: edu_write32(edu, EDU_REG_LIVENESS, ~le32_to_cpu(state->liveness));
	ret = ret ?: edu_write32(edu, EDU_REG_IRQ_ACK, U32_MAX);
	ret = ret ?: edu_write32(edu, EDU_REG_STATUS,
				 le32_to_cpu(state->status) & ~EDU_STATUS_COMPUTING);
	if (!ret)
		edu->raise = le32_to_cpu(state->irq_status);
	return ret;
}

static int stop(struct edu_device *edu)
{
	int ret;

	scoped_guard(mutex, &edu->lock) {
		edu->stopped = true;
		ret = wait_computed(edu);
		if (ret)
			edu->stopped = false;
	}
	return ret;
}

static int start(struct edu_device *edu)
{
	int ret = 0;

	guard(mutex)(&edu->lock);
	if (edu->raise)
		ret = edu_write32(edu, EDU_REG_IRQ_RAISE, edu->raise);
	if (ret)
		return ret;
	edu->raise = 0;
	edu->stopped = false;
	return 0;
}

static int release(struct edu_device *edu)
{
	int ret;

	guard(mutex)(&edu->lock);
	ret = edu_dma_release(edu);
	if (ret)
		vfio_migration_broke(&edu->core.vdev);
	return ret;
}

/* This device has all states, so that a step changes one thing. */
static int edu_step(struct vfio_device *vdev, enum vfio_device_mig_state from,
		    enum vfio_device_mig_state to)
{
	struct edu_device *edu = edu_from(vdev);

	if ((saves(to) && !saves(from)) || to == VFIO_DEVICE_STATE_RESUMING) {
		guard(mutex)(&edu->lock);
		edu_migration_begin(edu);
	}
	if (from == VFIO_DEVICE_STATE_RESUMING)
		return restore_state(edu);
	if (is_held(from) != is_held(to))
		return is_held(to) ? edu_dma_hold(edu) : release(edu);
	if (is_stopped(from) && !is_stopped(to))
		return start(edu);
	if (!is_stopped(from) && is_stopped(to)) {
		int ret = stop(edu);

		if (ret)
			return ret;
	}
	if (to == VFIO_DEVICE_STATE_STOP_COPY) {
		guard(mutex)(&edu->lock);
		edu->stopping = true;
		edu->changed = true;
	}
	return 0;
}

static void edu_was_reset(struct vfio_device *vdev)
{
	struct edu_device *edu = edu_from(vdev);

	guard(mutex)(&edu->lock);
	edu_migration_begin(edu);
	edu->raise = 0;
	edu->pending = 0;
	edu->held = false;
	edu->stopped = false;
}

const struct vfio_migration_ops edu_migration_ops = {
	.flags = VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P | VFIO_MIGRATION_PRE_COPY,
	.step = edu_step,
	.save = edu_save,
	.load = edu_load,
	.precopy = edu_precopy,
	.size = edu_size,
	.was_reset = edu_was_reset,
};
