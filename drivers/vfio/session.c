// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions: a file is bound to an iommufd context, attached to page tables, and ends.
 */
#include <linux/iommufd.h>
#include <linux/poll.h>
#include <linux/uaccess.h>

#include "vfio_private.h"

int vfio_bind_device(struct vfio_bind *bind, struct device *dev)
{
	struct iommufd_endpoint *endpoint;

	if (WARN_ON(bind->endpoint))
		return -EINVAL;
	endpoint = iommufd_endpoint_bind_device(bind->ictx, dev);
	bind->refused = IS_ERR(endpoint);
	if (IS_ERR(endpoint))
		return PTR_ERR(endpoint);
	bind->endpoint = endpoint;
	return 0;
}
EXPORT_SYMBOL_GPL(vfio_bind_device);

int vfio_bind_pasid(struct vfio_bind *bind, struct device *parent,
		    const struct iommufd_pasid_ops *ops, void *data)
{
	struct iommufd_endpoint *endpoint;

	if (WARN_ON(bind->endpoint))
		return -EINVAL;
	endpoint = iommufd_endpoint_bind_pasid(bind->ictx, parent, ops, data);
	bind->refused = IS_ERR(endpoint);
	if (IS_ERR(endpoint))
		return PTR_ERR(endpoint);
	bind->endpoint = endpoint;
	return 0;
}
EXPORT_SYMBOL_GPL(vfio_bind_pasid);

struct iommufd_endpoint *vfio_device_endpoint(struct vfio_device *vdev)
{
	return vdev->core->endpoint;
}
EXPORT_SYMBOL_GPL(vfio_device_endpoint);

/**
 * vfio_release_endpoint() - release what a driver's bind has made
 * @core: the device, lock held
 * @endpoint: the endpoint
 */
void vfio_release_endpoint(struct vfio_core_device *core, struct iommufd_endpoint *endpoint)
{
	iommufd_node_unbound(&core->node);
	iommufd_endpoint_release(endpoint);
	core->endpoint = NULL;
	core->access = NULL;
	/* Nobody calls access_stuck() any more before the next bind. */
	core->access_stuck = false;
}

/**
 * vfio_driver_bind() - ask a driver whose DMA its device does
 * @vdev: the device; core->lock is held
 * @ictx: the context that is to own it
 *
 * Return: the endpoint, for vfio_release_endpoint(), or ERR_PTR of what the driver says.
 */
struct iommufd_endpoint *vfio_driver_bind(struct vfio_device *vdev, struct iommufd_ctx *ictx)
{
	struct vfio_bind bind = { .core = vdev->core, .ictx = ictx };
	int rc;

	rc = vdev->ops->bind(vdev, &bind);
	if (!rc && WARN_ON(!bind.endpoint))
		rc = -EINVAL;
	if (!rc) {
		vdev->core->endpoint = bind.endpoint;
		iommufd_node_bound(&vdev->core->node, bind.endpoint);
		return bind.endpoint;
	}
	if (!bind.refused)
		iommufd_node_refused(&vdev->core->node, ictx, rc, "its driver doesn't want to");
	if (bind.endpoint)
		vfio_release_endpoint(vdev->core, bind.endpoint);
	return ERR_PTR(rc);
}

const uuid_t *vfio_device_token(struct vfio_device *vdev)
{
	lockdep_assert_held(&vdev->core->lock);
	return vdev->core->token;
}
EXPORT_SYMBOL_GPL(vfio_device_token);

/**
 * vfio_driver_open() - have a driver open its device
 * @core: the device; its lock is held
 * @token: what the user gave, or NULL
 *
 * Return: what the driver says.
 */
int vfio_driver_open(struct vfio_core_device *core, const uuid_t *token)
{
	int rc;

	core->token = token;
	rc = core->vdev->ops->open(core->vdev);
	core->token = NULL;
	if (!rc && core->vdev->migration)
		vfio_migration_open(core);
	return rc;
}

/**
 * vfio_driver_close() - have a driver close its device
 * @core: the device; its lock is held, and no call of the driver is possible on behalf of its files
 */
void vfio_driver_close(struct vfio_core_device *core)
{
	if (core->vdev->migration)
		vfio_migration_close(core);
	if (core->vdev->dma_logging)
		vfio_dma_logging_close(core);
	core->vdev->ops->close(core->vdev);
}

/* Whether a session may begin. */
static int session_check(struct vfio_file *df, struct iommufd_ctx *ictx, const uuid_t *token)
{
	struct vfio_core_device *core = df->core;
	const char *reason;
	int rc = -EINVAL;

	lockdep_assert_held(&core->lock);
	if (df->gone)
		return -ENODEV;
	if (core->bound) {
		reason = "it is bound already";
	} else if (token && !core->vdev->ops->takes_token) {
		reason = "it takes no token";
	} else if (core->revokers) {
		reason = "it is being taken from its user";
		rc = -EBUSY;
	} else {
		return 0;
	}
	iommufd_node_refused(&core->node, ictx, rc, reason);
	return rc;
}

/* Claims DMA, and opens the device. The file stays parked. */
static int session_begin(struct vfio_file *df, struct iommufd_ctx *ictx, const uuid_t *token)
{
	struct vfio_core_device *core = df->core;
	struct iommufd_endpoint *endpoint;
	int rc;

	lockdep_assert_held(&core->lock);
	rc = session_check(df, ictx, token);
	if (rc)
		return rc;
	rc = vfio_group_block(core);
	if (rc) {
		iommufd_node_refused(&core->node, ictx, rc, "it is used through its group");
		return rc;
	}
	endpoint = vfio_driver_bind(core->vdev, ictx);
	if (IS_ERR(endpoint)) {
		rc = PTR_ERR(endpoint);
		goto unblock_group;
	}
	rc = vfio_driver_open(core, token);
	if (rc) {
		iommufd_node_refused(&core->node, ictx, rc, "its driver can't open it");
		goto release_endpoint;
	}
	df->endpoint = endpoint;
	core->bound = df;
	return 0;

release_endpoint:
	vfio_release_endpoint(core, endpoint);
unblock_group:
	vfio_group_unblock(core);
	return rc;
}

/**
 * vfio_session_end() - close the device and give back its DMA
 * @df: the file that is bound; core->lock is held, and no call of the driver is possible
 */
void vfio_session_end(struct vfio_file *df)
{
	struct vfio_core_device *core = df->core;

	lockdep_assert_held(&core->lock);
	vfio_access_cancel(core);
	/* The device stops doing DMA before its page table goes. */
	vfio_driver_close(core);
	vfio_release_endpoint(core, df->endpoint);
	df->endpoint = NULL;
	core->bound = NULL;
	vfio_group_unblock(core);
}

bool vfio_device_is_revoked(struct vfio_device *vdev)
{
	lockdep_assert_held(&vdev->core->lock);
	return vdev->core->revokers;
}
EXPORT_SYMBOL_GPL(vfio_device_is_revoked);

/* The last step of a bind: nothing after it can fail. */
static int session_publish(struct vfio_file *df, int rc)
{
	struct vfio_core_device *core = df->core;

	mutex_lock(&core->lock);
	if (df->gone)
		rc = -ENODEV;	/* vfio_device_revoke() has ended the session, or will. */
	else if (rc)
		vfio_session_end(df);
	else
		/* Whoever calls through the new table sees all that the driver's open did. */
		smp_store_release(&df->file->f_op, &vfio_device_fops);
	mutex_unlock(&core->lock);
	return rc;
}

/* Also gets the token, if there is one. */
static int bind_check(struct vfio_device_bind_iommufd *bind, uuid_t *token,
		      struct vfio_device_bind_iommufd __user *arg)
{
	u32 argsz;
	int rc;

	if (get_user(argsz, &arg->argsz))
		return -EFAULT;
	if (argsz < offsetofend(struct vfio_device_bind_iommufd, out_devid))
		return -EINVAL;
	if (argsz > PAGE_SIZE)
		return -E2BIG;
	rc = copy_struct_from_user(bind, sizeof(*bind), arg, argsz);
	if (rc)
		return rc;
	if (bind->flags & ~VFIO_DEVICE_BIND_FLAG_TOKEN || bind->iommufd < 0)
		return -EINVAL;
	if (!(bind->flags & VFIO_DEVICE_BIND_FLAG_TOKEN))
		return 0;
	if (argsz < sizeof(*bind))
		return -EINVAL;
	if (copy_from_user(token, u64_to_user_ptr(bind->token_uuid_ptr), sizeof(*token)))
		return -EFAULT;
	return 0;
}

long vfio_file_bind(struct vfio_file *df, struct vfio_device_bind_iommufd __user *arg)
{
	struct vfio_device_bind_iommufd bind;
	struct iommufd_ctx *ictx;
	uuid_t token;
	int rc;

	rc = bind_check(&bind, &token, arg);
	if (rc)
		return rc;
	ictx = iommufd_ctx_from_fd(bind.iommufd);
	if (IS_ERR(ictx))
		return PTR_ERR(ictx);

	/* Whoever has it may be resetting the device, and others are waiting, too. */
	rc = mutex_lock_killable(&df->core->lock);
	if (rc)
		goto put_ctx;
	rc = session_begin(df, ictx, bind.flags & VFIO_DEVICE_BIND_FLAG_TOKEN ? &token : NULL);
	if (!rc)
		bind.out_devid = iommufd_endpoint_id(df->endpoint);
	mutex_unlock(&df->core->lock);
	if (rc)
		goto put_ctx;
	/* Without the lock, as the user's memory may make us wait. The file is still parked. */
	rc = put_user(bind.out_devid, &arg->out_devid);
	rc = session_publish(df, rc);
put_ctx:
	iommufd_ctx_put(ictx);
	return rc;
}

/* The endpoint of a bound file, with a reference, so that it can be used outside of all locks. */
static struct iommufd_endpoint *file_get_endpoint(struct vfio_file *df)
{
	struct iommufd_endpoint *endpoint;
	int idx;

	if (!vfio_file_enter(df, &idx))
		return ERR_PTR(-ENODEV);
	endpoint = df->endpoint;
	iommufd_endpoint_get(endpoint);
	vfio_file_exit(df, idx);
	return endpoint;
}

static int attach_check(struct vfio_device_attach_iommufd_pt *attach,
			struct vfio_device_attach_iommufd_pt __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_device_attach_iommufd_pt, pt_id);

	if (copy_from_user(attach, arg, minsz))
		return -EFAULT;
	if (attach->argsz < minsz || attach->flags & ~VFIO_DEVICE_ATTACH_PASID)
		return -EINVAL;
	if (attach->flags & VFIO_DEVICE_ATTACH_PASID) {
		if (attach->argsz < offsetofend(struct vfio_device_attach_iommufd_pt, pasid))
			return -EINVAL;
		if (get_user(attach->pasid, &arg->pasid))
			return -EFAULT;
	}
	/* A structure that can't be answered is refused before anything is changed. */
	return put_user(attach->pt_id, &arg->pt_id);
}

static int endpoint_detach(struct iommufd_endpoint *endpoint, bool has_pasid, u32 pasid)
{
	if (has_pasid)
		return iommufd_endpoint_detach_pasid(endpoint, pasid);
	iommufd_endpoint_detach(endpoint);
	return 0;
}

long vfio_file_attach(struct vfio_file *df, struct vfio_device_attach_iommufd_pt __user *arg)
{
	struct vfio_device_attach_iommufd_pt attach;
	struct iommufd_endpoint *endpoint;
	bool has_pasid;
	int rc;

	rc = attach_check(&attach, arg);
	if (rc)
		return rc;
	has_pasid = attach.flags & VFIO_DEVICE_ATTACH_PASID;
	endpoint = file_get_endpoint(df);
	if (IS_ERR(endpoint))
		return PTR_ERR(endpoint);
	if (has_pasid)
		rc = iommufd_endpoint_attach_pasid(endpoint, attach.pasid, &attach.pt_id);
	else
		rc = iommufd_endpoint_attach(endpoint, &attach.pt_id);
	if (!rc && put_user(attach.pt_id, &arg->pt_id)) {
		endpoint_detach(endpoint, has_pasid, attach.pasid);
		rc = -EFAULT;
	}
	iommufd_endpoint_put(endpoint);
	return rc;
}

long vfio_file_detach(struct vfio_file *df, struct vfio_device_detach_iommufd_pt __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_device_detach_iommufd_pt, flags);
	struct vfio_device_detach_iommufd_pt detach;
	struct iommufd_endpoint *endpoint;
	bool has_pasid;
	int rc;

	if (copy_from_user(&detach, arg, minsz))
		return -EFAULT;
	if (detach.argsz < minsz || detach.flags & ~VFIO_DEVICE_DETACH_PASID)
		return -EINVAL;
	has_pasid = detach.flags & VFIO_DEVICE_DETACH_PASID;
	if (has_pasid && detach.argsz < offsetofend(typeof(detach), pasid))
		return -EINVAL;
	if (has_pasid && get_user(detach.pasid, &arg->pasid))
		return -EFAULT;
	endpoint = file_get_endpoint(df);
	if (IS_ERR(endpoint))
		return PTR_ERR(endpoint);
	rc = endpoint_detach(endpoint, has_pasid, detach.pasid);
	iommufd_endpoint_put(endpoint);
	return rc;
}

/* Parks the files, so that no call of the driver begins any more. */
static void revoke_begin(struct vfio_core_device *core)
{
	struct vfio_file *df;

	lockdep_assert_held(&core->lock);
	/* Nobody opens the device before it is closed. */
	core->revokers++;
	list_for_each_entry(df, &core->files, link) {
		WRITE_ONCE(df->gone, true);
		/* Pairs with the VFS' reads of f_op as the store in session_publish() does. */
		smp_store_release(&df->file->f_op, &vfio_parked_fops);
	}
	iommufd_node_revoked(&core->node);
	vfio_access_cancel(core);
	/* An open device is closed before its driver goes, which needs the lock that we have. */
	if (vfio_device_is_open(core->vdev) && core->vdev->ops->cancel)
		core->vdev->ops->cancel(core->vdev);
}

/* Waits for the calls that have begun, and closes the device. */
static void revoke_end(struct vfio_core_device *core)
{
	wake_up_poll(&core->gone_wait, EPOLLHUP | EPOLLERR);

	synchronize_srcu(&core->srcu);
	vfio_device_zap(core->vdev, 0, 0);

	guard(mutex)(&core->lock);
	if (core->bound)
		vfio_session_end(core->bound);
	vfio_group_release_device(core);
	core->revokers--;
}

/**
 * vfio_device_revoke() - park all files of a device for good
 * @core: the device
 *
 * When this returns, no call of the driver is running on behalf of these files, none will be made,
 * and no mapping is left. Waits for no user. The device can be opened anew if it is registered.
 *
 * Who revokes at an administrator's wish may come when vfio_unregister_device() has returned, and
 * the driver's module is gone. Nothing of the driver is touched then, as the device isn't open.
 */
void vfio_device_revoke(struct vfio_core_device *core)
{
	mutex_lock(&core->lock);
	revoke_begin(core);
	mutex_unlock(&core->lock);
	revoke_end(core);
}

/**
 * vfio_device_revoke_stuck() - as vfio_device_revoke(), if the driver keeps memory
 * @core: the device
 *
 * The user whose memory that was may be gone, and the next one has no part in it.
 */
void vfio_device_revoke_stuck(struct vfio_core_device *core)
{
	bool stuck;

	mutex_lock(&core->lock);
	stuck = READ_ONCE(core->access_stuck);
	if (stuck)
		revoke_begin(core);
	mutex_unlock(&core->lock);
	if (stuck)
		revoke_end(core);
}
