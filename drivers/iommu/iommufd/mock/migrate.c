// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that migrate, for tests of the core's part of it. Their state is an array of bytes in
 * their registers (struct mock_migrate_regs). What they save is that array, again and again: once
 * at the beginning of PRE_COPY, once more after each change, and at last in STOP_COPY. The last
 * one that was loaded as a whole is it.
 *
 * They can be made to fail, to take their time, and to say that they have written memory.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vfio_migration.h>
#include <uapi/linux/iommufd_test.h>

#include "migrate.h"

#define DATA_SIZE	MOCK_MIGRATE_DATA_SIZE

/**
 * struct mock_migrate - a device
 * @vdev: as the vfio core knows it
 * @lock: protects what follows
 * @regs: the registers
 * @saved: bytes of the current copy that were given away
 * @changed: @regs.data has changed since the current copy began
 * @again: the current copy is not the first one
 * @reinit: the current copy is one that a user has asked for to begin anew
 * @stopped: the device has stopped: changes are not looked for any more
 * @loaded: bytes of the current copy that were taken
 * @whole: copies that were taken
 * @load: the copy that is being taken
 */
struct mock_migrate {
	struct vfio_device vdev;
	struct mutex lock;	/* see above */
	struct mock_migrate_regs regs;
	size_t saved;
	bool changed;
	bool again;
	bool reinit;
	bool stopped;
	size_t loaded;
	unsigned int whole;
	u8 load[DATA_SIZE];
};

static struct mock_migrate *from_vdev(struct vfio_device *vdev)
{
	return container_of(vdev, struct mock_migrate, vdev);
}

static void begin_copy(struct mock_migrate *mock, bool again)
{
	mock->saved = 0;
	mock->changed = false;
	mock->again = again;
}

static void begin_streams(struct mock_migrate *mock)
{
	begin_copy(mock, false);
	mock->reinit = false;
	mock->stopped = false;
	mock->loaded = 0;
	mock->whole = 0;
}

static int finish_load(struct mock_migrate *mock)
{
	if (mock->loaded || !mock->whole)
		return -EINVAL;
	memcpy(mock->regs.data, mock->load, DATA_SIZE);
	return 0;
}

static bool saves(enum vfio_device_mig_state state)
{
	return state == VFIO_DEVICE_STATE_PRE_COPY || state == VFIO_DEVICE_STATE_PRE_COPY_P2P ||
	       state == VFIO_DEVICE_STATE_STOP_COPY;
}

static int do_step(struct mock_migrate *mock, enum vfio_device_mig_state from,
		   enum vfio_device_mig_state to)
{
	if (from == VFIO_DEVICE_STATE_RESUMING)
		return finish_load(mock);
	if ((saves(to) && !saves(from)) || to == VFIO_DEVICE_STATE_RESUMING)
		begin_streams(mock);
	/* The last copy begins when the device has stopped. */
	if (to == VFIO_DEVICE_STATE_STOP_COPY) {
		mock->stopped = true;
		mock->changed = mock->saved;
	}
	return 0;
}

static int mock_step(struct vfio_device *vdev, enum vfio_device_mig_state from,
		     enum vfio_device_mig_state to)
{
	struct mock_migrate *mock = from_vdev(vdev);
	struct mock_migrate_regs *regs = &mock->regs;

	if (READ_ONCE(regs->delay_ms))
		msleep(READ_ONCE(regs->delay_ms));
	guard(mutex)(&mock->lock);
	regs->trace[regs->steps++ % MOCK_MIGRATE_TRACE_SIZE] = from << 4 | to;
	if (!regs->fail_in || --regs->fail_in)
		return do_step(mock, from, to);
	if (regs->fail_breaks)
		vfio_migration_broke(vdev);
	return regs->fail_error;
}

/* What is still to be given of the current copy, or else of the next one */
static size_t to_save(struct mock_migrate *mock)
{
	if (mock->saved == DATA_SIZE && mock->changed)
		begin_copy(mock, true);
	return DATA_SIZE - mock->saved;
}

static ssize_t mock_save(struct vfio_device *vdev, void *buf, size_t count)
{
	struct mock_migrate *mock = from_vdev(vdev);

	guard(mutex)(&mock->lock);
	count = min(count, to_save(mock));
	memcpy(buf, mock->regs.data + mock->saved, count);
	mock->saved += count;
	mock->reinit = mock->reinit && !count;
	return count;
}

static ssize_t mock_load(struct vfio_device *vdev, const void *buf, size_t count)
{
	struct mock_migrate *mock = from_vdev(vdev);

	guard(mutex)(&mock->lock);
	count = min(count, DATA_SIZE - mock->loaded);
	memcpy(mock->load + mock->loaded, buf, count);
	mock->loaded += count;
	if (mock->loaded == DATA_SIZE) {
		mock->loaded = 0;
		mock->whole++;
	}
	return count;
}

static int mock_precopy(struct vfio_device *vdev, struct vfio_precopy_info *info)
{
	struct mock_migrate *mock = from_vdev(vdev);

	guard(mutex)(&mock->lock);
	if (mock->regs.fail_size)
		return mock->regs.fail_size;
	if (mock->again)
		info->dirty_bytes = to_save(mock);
	else
		info->initial_bytes = DATA_SIZE - mock->saved;
	if (!mock->again && mock->changed)
		info->dirty_bytes = DATA_SIZE;
	if (mock->reinit)
		info->flags = VFIO_PRECOPY_INFO_REINIT;
	return 0;
}

static int mock_size(struct vfio_device *vdev, u64 *stop_copy_length)
{
	struct mock_migrate *mock = from_vdev(vdev);

	guard(mutex)(&mock->lock);
	*stop_copy_length = DATA_SIZE;
	return mock->regs.fail_size;
}

static void mock_was_reset(struct vfio_device *vdev)
{
	struct mock_migrate *mock = from_vdev(vdev);

	guard(mutex)(&mock->lock);
	begin_streams(mock);
	mock->regs.resets++;
}

/* One for each device */
static const struct vfio_migration_ops migration_ops[MOCK_MIGRATE_DEVICES] = {
#define OPS(more) {							\
		.flags = VFIO_MIGRATION_STOP_COPY | (more),		\
		.step = mock_step,					\
		.save = mock_save,					\
		.load = mock_load,					\
		.precopy = mock_precopy,				\
		.size = mock_size,					\
		.was_reset = mock_was_reset,				\
	}
	OPS(0),
	OPS(VFIO_MIGRATION_P2P),
	OPS(VFIO_MIGRATION_PRE_COPY),
	OPS(VFIO_MIGRATION_P2P | VFIO_MIGRATION_PRE_COPY),
#undef OPS
};

/* What it writes it says at once. */
static const struct vfio_dma_logging_ops logging_ops = {};

static int mock_bind(struct vfio_device *vdev, struct vfio_bind *bind)
{
	return vfio_bind_device(bind, vdev->dev);
}

static int mock_open(struct vfio_device *vdev)
{
	struct mock_migrate *mock = from_vdev(vdev);

	guard(mutex)(&mock->lock);
	memset(&mock->regs, 0, sizeof(mock->regs));
	begin_streams(mock);
	return 0;
}

static void mock_close(struct vfio_device *vdev)
{
}

static int mock_reset(struct vfio_device *vdev)
{
	struct mock_migrate *mock = from_vdev(vdev);

	guard(mutex)(&mock->lock);
	memset(mock->regs.data, 0, DATA_SIZE);
	return 0;
}

static void execute(struct mock_migrate *mock, u32 command, u64 iova, u64 length)
{
	switch (command) {
	case MOCK_MIGRATE_RESET:
		mock_reset(&mock->vdev);
		vfio_device_was_reset(&mock->vdev);
		break;
	case MOCK_MIGRATE_MARK:
		vfio_dma_logging_mark(&mock->vdev, iova, length);
		break;
	case MOCK_MIGRATE_REINIT:
		scoped_guard(mutex, &mock->lock) {
			begin_copy(mock, false);
			mock->reinit = true;
		}
		vfio_migration_data_ready(&mock->vdev);
	}
}

static ssize_t mock_read(struct vfio_device *vdev, void *buf, size_t count, loff_t pos)
{
	struct mock_migrate *mock = from_vdev(vdev);

	if (pos >= sizeof(mock->regs))
		return 0;
	count = min_t(size_t, count, sizeof(mock->regs) - pos);
	guard(mutex)(&mock->lock);
	memcpy(buf, (void *)&mock->regs + pos, count);
	return count;
}

/*
 * From one register that can be written to the end of another one, between which there are no
 * others
 */
static bool is_writable(size_t pos, size_t count, size_t from, size_t end)
{
	return pos >= from && pos < end && count <= end - pos;
}

static ssize_t write_regs(struct mock_migrate *mock, const void *buf, size_t count, size_t pos)
{
	const size_t data = offsetof(struct mock_migrate_regs, data);
	bool is_data = is_writable(pos, count, data, data + DATA_SIZE);

	guard(mutex)(&mock->lock);
	if (!is_data && !is_writable(pos, count, offsetof(struct mock_migrate_regs, fail_in),
				     offsetof(struct mock_migrate_regs, trace)))
		return -EINVAL;
	memcpy((void *)&mock->regs + pos, buf, count);
	if (is_data && !mock->stopped)
		mock->changed = true;
	return count;
}

static ssize_t mock_write(struct vfio_device *vdev, const void *buf, size_t count, loff_t pos)
{
	struct mock_migrate *mock = from_vdev(vdev);
	ssize_t rc = write_regs(mock, buf, count, min_t(loff_t, pos, sizeof(mock->regs)));

	if (rc < 0)
		return rc;
	if (pos == offsetof(struct mock_migrate_regs, command) && count == sizeof(u32))
		execute(mock, READ_ONCE(mock->regs.command), READ_ONCE(mock->regs.iova),
			READ_ONCE(mock->regs.length));
	else
		vfio_migration_data_ready(vdev);
	return rc;
}

static int mock_get_info(struct vfio_device *vdev, struct vfio_device_info *info,
			 struct vfio_info_caps *caps)
{
	info->flags = VFIO_DEVICE_FLAGS_RESET;
	info->num_regions = 1;
	return 0;
}

static int mock_get_region_info(struct vfio_device *vdev, struct vfio_region_info *info,
				struct vfio_info_caps *caps)
{
	if (info->index)
		return -EINVAL;
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	info->size = sizeof(struct mock_migrate_regs);
	return 0;
}

static const struct vfio_device_ops device_ops = {
	.name = "iommufd_mock_migrate",
	.bind = mock_bind,
	.open = mock_open,
	.close = mock_close,
	.read = mock_read,
	.write = mock_write,
	.get_info = mock_get_info,
	.get_region_info = mock_get_region_info,
	.reset = mock_reset,
};

/* They are probed one after another. */
static unsigned int nr_probed;

static int migrate_probe(struct platform_device *pdev)
{
	struct mock_migrate *mock;
	int rc;

	mock = vfio_alloc_device(struct mock_migrate, vdev, &pdev->dev, &device_ops);
	if (IS_ERR(mock))
		return PTR_ERR(mock);
	mutex_init(&mock->lock);
	mock->vdev.migration = &migration_ops[nr_probed++ % MOCK_MIGRATE_DEVICES];
	mock->vdev.dma_logging = &logging_ops;
	rc = vfio_register_device(&mock->vdev);
	if (rc) {
		vfio_put_device(&mock->vdev);
		return rc;
	}
	platform_set_drvdata(pdev, mock);
	return 0;
}

static void migrate_remove(struct platform_device *pdev)
{
	struct mock_migrate *mock = platform_get_drvdata(pdev);

	vfio_unregister_device(&mock->vdev);
	vfio_put_device(&mock->vdev);
}

struct platform_driver mock_migrate_driver = {
	.driver.name = "iommufd_mock_migrate",
	.driver_managed_dma = true,
	.probe = migrate_probe,
	.remove = migrate_remove,
};
