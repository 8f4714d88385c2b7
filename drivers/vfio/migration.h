/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Migration: what the core has of a device whose state can be saved and loaded.
 *
 * The lock is taken inside of core->lock and core->srcu, and outside of the driver's locks. It is
 * held while the driver works for the migration and while the device is reset by its user; never
 * while user memory is touched.
 *
 * A reset in another way (of the bus, say) can't wait for it: whoever resets has locks that the
 * driver may be waiting for. So it leaves a note, was_reset, and whoever has the lock, or gets it,
 * acts on that before anybody else sees the state.
 */
#ifndef __VFIO_MIGRATION_PRIVATE_H
#define __VFIO_MIGRATION_PRIVATE_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/vfio_migration.h>
#include <linux/wait.h>

struct file;
struct vfio_core_device;
struct vfio_file;
struct vfio_stream;

/**
 * struct vfio_migration - part of a device's core
 * @was_reset: the device was reset, and what follows does not say so yet
 * @wait: polls of data files
 * @lock: protects what follows
 * @open: the device is open: its driver may be called
 * @state: where it is; RUNNING while the device is not open
 * @stream: the save or load in progress, or NULL if there is none, or its file is closed
 * @precopy_flags: the user wants to have flags in struct vfio_precopy_info
 */
struct vfio_migration {
	atomic_t was_reset;
	wait_queue_head_t wait;
	struct mutex lock;
	bool open;
	enum vfio_device_mig_state state;
	struct vfio_stream *stream;
	bool precopy_flags;
};

/* States in which the device's state can be read from the data file */
static inline bool vfio_migration_saves(enum vfio_device_mig_state state)
{
	return state == VFIO_DEVICE_STATE_STOP_COPY || state == VFIO_DEVICE_STATE_PRE_COPY ||
	       state == VFIO_DEVICE_STATE_PRE_COPY_P2P;
}

/* migration_path.c */
bool vfio_migration_has_state(u64 flags, enum vfio_device_mig_state state);
enum vfio_device_mig_state vfio_migration_next(u64 flags, enum vfio_device_mig_state from,
					       enum vfio_device_mig_state to);

/* migration.c */
void vfio_migration_init(struct vfio_core_device *core);
bool vfio_migration_ops_are_valid(const struct vfio_device *vdev);
void vfio_migration_open(struct vfio_core_device *core);
void vfio_migration_close(struct vfio_core_device *core);
int vfio_migration_lock(struct vfio_core_device *core);
void vfio_migration_unlock(struct vfio_core_device *core);
void vfio_migration_end_stream(struct vfio_core_device *core);
int vfio_migration_reset(struct vfio_core_device *core);

/* Their features, with enough memory of the user's at @arg: migration_feature.c */
long vfio_feature_migration(struct vfio_file *df, u32 method, void __user *arg);
long vfio_feature_mig_state(struct vfio_file *df, u32 method, void __user *arg);
long vfio_feature_mig_data_size(struct vfio_file *df, u32 method, void __user *arg);
long vfio_feature_precopy_flags(struct vfio_file *df, u32 method, void __user *arg);

/* migration_stream.c */
struct vfio_stream *vfio_stream_create(struct vfio_core_device *core, bool loads);
struct file *vfio_stream_file(struct vfio_stream *stream);

#endif
