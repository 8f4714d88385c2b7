// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA logging: the features by which a user has a device record what it writes, and reads that.
 *
 * User memory is touched between two looks at the log, with nothing held. A bitmap that can't be
 * written ends the report; what was taken from the log for it is lost then, as the uAPI says.
 */
#include <linux/log2.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/uaccess.h>

#include "vfio_private.h"

/* As many as fit a page always work, and there can't be more. */
#define RANGES_MAX	(PAGE_SIZE / sizeof(struct vfio_device_feature_dma_logging_range))

void vfio_dma_logging_init(struct vfio_core_device *core)
{
	mutex_init(&core->logging.control);
	mutex_init(&core->logging.lock);
}

static void log_replace(struct vfio_core_device *core, struct vfio_dma_log *log)
{
	struct vfio_dma_log *old;

	scoped_guard(mutex, &core->logging.lock) {
		old = core->logging.log;
		core->logging.log = log;
	}
	vfio_dma_log_free(old);
}

void vfio_dma_logging_mark(struct vfio_device *vdev, u64 iova, u64 length)
{
	struct vfio_dma_logging *logging = &vdev->core->logging;
	u64 last;

	if (!length)
		return;
	if (check_add_overflow(iova, length - 1, &last))
		last = U64_MAX;
	guard(mutex)(&logging->lock);
	if (logging->log)
		vfio_dma_log_mark(logging->log, iova, last);
}
EXPORT_SYMBOL_GPL(vfio_dma_logging_mark);

static void logging_end(struct vfio_core_device *core)
{
	const struct vfio_dma_logging_ops *ops = core->vdev->dma_logging;

	lockdep_assert_held(&core->logging.control);
	if (!core->logging.log)
		return;
	if (ops->stop)
		ops->stop(core->vdev);
	log_replace(core, NULL);
}

/**
 * vfio_dma_logging_close() - the device is about to be closed
 * @core: the device; its lock is held
 */
void vfio_dma_logging_close(struct vfio_core_device *core)
{
	lockdep_assert_held(&core->lock);
	guard(mutex)(&core->logging.control);
	logging_end(core);
}

/* Around what of a call of the driver changes, or depends on, whether the device records. */
static int control_take(struct vfio_core_device *core)
{
	return mutex_lock_killable(&core->logging.control);
}

static void control_drop(struct vfio_core_device *core)
{
	mutex_unlock(&core->logging.control);
}

static const struct vfio_call_lock control_lock = {
	.take = control_take,
	.drop = control_drop,
};

static int compare_ranges(const void *a, const void *b)
{
	const struct vfio_device_feature_dma_logging_range *x = a, *y = b;

	return x->iova < y->iova ? -1 : x->iova > y->iova;
}

/* Puts them in order. */
static int check_ranges(struct vfio_device_feature_dma_logging_range *ranges, unsigned int count,
			u64 page_size)
{
	unsigned int i;
	u64 end;

	for (i = 0; i < count; i++) {
		if (!ranges[i].length || !IS_ALIGNED(ranges[i].iova, page_size) ||
		    !IS_ALIGNED(ranges[i].length, page_size))
			return -EINVAL;
		if (check_add_overflow(ranges[i].iova, ranges[i].length, &end))
			return -EOVERFLOW;
	}
	sort(ranges, count, sizeof(*ranges), compare_ranges, NULL);
	for (i = 1; i < count; i++)
		if (ranges[i].iova < ranges[i - 1].iova + ranges[i - 1].length)
			return -EINVAL;
	return 0;
}

/**
 * struct start - what is to be recorded
 * @ranges: where, in order
 * @count: how many
 * @page_size: in pages of so many bytes; set to that of the log
 */
struct start {
	const struct vfio_device_feature_dma_logging_range *ranges;
	unsigned int count;
	u64 page_size;
};

static int logging_begin(struct vfio_core_device *core, void *arg)
{
	const struct vfio_dma_logging_ops *ops = core->vdev->dma_logging;
	struct start *start = arg;
	struct vfio_dma_log *log;
	int rc = 0;

	lockdep_assert_held(&core->logging.control);
	if (core->logging.log)
		return -EINVAL;
	if (ops->start)
		rc = ops->start(core->vdev, start->ranges, start->count, &start->page_size);
	if (rc)
		return rc;
	log = WARN_ON(!is_power_of_2(start->page_size)) ? ERR_PTR(-EINVAL) :
	      vfio_dma_log_create(start->ranges, start->count, &start->page_size);
	if (IS_ERR(log)) {
		if (ops->stop)
			ops->stop(core->vdev);
		return PTR_ERR(log);
	}
	log_replace(core, log);
	return 0;
}

static int logging_stop(struct vfio_core_device *core, void *unused)
{
	logging_end(core);
	return 0;
}

long vfio_feature_dma_logging_stop(struct vfio_file *df, u32 method, void __user *arg)
{
	return vfio_file_call_locked(df, &control_lock, logging_stop, NULL);
}

long vfio_feature_dma_logging_start(struct vfio_file *df, u32 method, void __user *arg)
{
	struct vfio_device_feature_dma_logging_control __user *ucontrol = arg;
	struct vfio_device_feature_dma_logging_range *ranges;
	struct vfio_device_feature_dma_logging_control control;
	struct start start;
	int rc;

	if (copy_from_user(&control, ucontrol, sizeof(control)))
		return -EFAULT;
	if (!control.num_ranges || !is_power_of_2(control.page_size))
		return -EINVAL;
	if (control.num_ranges > RANGES_MAX)
		return -E2BIG;
	/* A structure that can't be answered is refused before anything is begun. */
	if (put_user(control.page_size, &ucontrol->page_size))
		return -EFAULT;
	ranges = memdup_array_user(u64_to_user_ptr(control.ranges), control.num_ranges,
				   sizeof(*ranges));
	if (IS_ERR(ranges))
		return PTR_ERR(ranges);
	rc = check_ranges(ranges, control.num_ranges, control.page_size);
	start = (struct start){ ranges, control.num_ranges, control.page_size };
	if (!rc)
		rc = vfio_file_call_locked(df, &control_lock, logging_begin, &start);
	kfree(ranges);
	if (!rc && put_user(start.page_size, &ucontrol->page_size)) {
		vfio_feature_dma_logging_stop(df, method, NULL);
		rc = -EFAULT;
	}
	return rc;
}

/* Bits are added to the user's, one word at a time, where there are any. */
static int window_copy(const struct vfio_log_window *window, u64 __user *bitmap)
{
	u64 __user *at = bitmap + window->first / BITS_PER_TYPE(u64);
	unsigned int i;
	u64 word;

	for (i = 0; i < PAGE_SIZE / sizeof(u64); i++) {
		if (!window->bits[i])
			continue;
		if (get_user(word, at + i) || put_user(word | window->bits[i], at + i))
			return -EFAULT;
	}
	return 0;
}

/* Takes the next window of the report. Return: 1 if there is one, 0, or a negative errno. */
static int report_take(struct vfio_core_device *core, void *arg)
{
	const struct vfio_dma_logging_ops *ops = core->vdev->dma_logging;
	struct vfio_log_window *window = arg;
	int rc = 0;

	lockdep_assert_held(&core->logging.control);
	if (!core->logging.log)
		return -EINVAL;
	if (window->pos == window->iova && ops->sync)
		rc = ops->sync(core->vdev, window->iova, window->last);
	if (rc)
		return rc;
	guard(mutex)(&core->logging.lock);
	return vfio_dma_log_take(core->logging.log, window);
}

static int report_to(struct vfio_file *df, struct vfio_log_window *window, u64 __user *bitmap)
{
	int rc;

	window->pos = window->iova;
	do {
		rc = vfio_file_call_locked(df, &control_lock, report_take, window);
		if (rc > 0)
			rc = window_copy(window, bitmap) ?: 1;
		if (rc > 0 && fatal_signal_pending(current))
			rc = -EINTR;
		cond_resched();
	} while (rc > 0 && window->pos);
	return min(rc, 0);
}

/* Where the report is about nothing but what there is; the bitmap is for one bit a page. */
static int check_report(const struct vfio_device_feature_dma_logging_report *report)
{
	u64 end, pages;

	if (report->page_size < SZ_4K || !is_power_of_2(report->page_size) || !report->length)
		return -EINVAL;
	if (check_add_overflow(report->iova, report->length, &end))
		return -EOVERFLOW;
	pages = ((report->length - 1) >> __ffs64(report->page_size)) + 1;
	if (check_add_overflow(report->bitmap, ALIGN(pages, 64) / BITS_PER_BYTE, &end))
		return -EFAULT;
	return 0;
}

long vfio_feature_dma_logging_report(struct vfio_file *df, u32 method, void __user *arg)
{
	struct vfio_device_feature_dma_logging_report report;
	struct vfio_log_window window;
	int rc;

	if (copy_from_user(&report, arg, sizeof(report)))
		return -EFAULT;
	rc = check_report(&report);
	if (rc)
		return rc;
	window.iova = report.iova;
	window.last = report.iova + report.length - 1;
	window.shift = __ffs64(report.page_size);
	window.bits = (void *)__get_free_page(GFP_KERNEL_ACCOUNT);
	if (!window.bits)
		return -ENOMEM;
	rc = report_to(df, &window, u64_to_user_ptr(report.bitmap));
	free_page((unsigned long)window.bits);
	return rc;
}
