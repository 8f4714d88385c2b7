// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device endpoints: devices that do DMA under their own requester ID.
 *
 * What holds what: an endpoint holds its context's file, its group and its device; a group holds
 * the page table it is attached to, and that its IOAS. The vfio core holds the endpoint.
 */
#include <linux/file.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/pci-ats.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "compat.h"
#include "introspect.h"
#include "pasid.h"

static bool allow_unsafe_interrupts;
module_param(allow_unsafe_interrupts, bool, 0644);
MODULE_PARM_DESC(allow_unsafe_interrupts,
		 "Allow devices whose MSIs no interrupt remapping isolates; a user can then inject interrupts (default: N)");

/**
 * struct attach - what is to be attached
 * @idev: the endpoint
 * @pasid: DMA with this PASID, or IOMMU_NO_PASID
 * @mode: for a PASID, what there may be before
 */
struct attach {
	struct iommufd_device *idev;
	u32 pasid;
	enum iommufd_attach_mode mode;
};

static int attach_to(const struct attach *at, struct iommufd_hwpt *hwpt)
{
	if (at->pasid == IOMMU_NO_PASID)
		return iommufd_group_attach(at->idev->group, at->idev, hwpt);
	return iommufd_pasid_attach(at->idev, at->pasid, hwpt, at->mode);
}

/* The @nth automatic page table of an IOAS that might be used, with a reference, or NULL. */
static struct iommufd_hwpt *ioas_get_automatic(struct iommufd_ioas *ioas,
					       const struct iommu_ops *ops, bool for_pasids,
					       unsigned int nth)
{
	struct iommufd_hwpt *hwpt;

	guard(rwsem_read)(&ioas->domains_sem);
	list_for_each_entry(hwpt, &ioas->hwpts, ioas_link) {
		if (!hwpt->automatic || hwpt->domain->owner != ops)
			continue;
		if ((for_pasids && !hwpt->for_pasids) || nth--)
			continue;
		if (refcount_inc_not_zero(&hwpt->obj.refs))
			return hwpt;
	}
	return NULL;
}

/* Attaches to a page table that other devices of the IOAS use. Returns -EINVAL if none fits. */
static int attach_shared(const struct attach *at, struct iommufd_ioas *ioas,
			 const struct iommu_ops *ops, u32 *out_id)
{
	struct iommufd_hwpt *hwpt;
	int rc = -EINVAL;
	unsigned int i;

	for (i = 0; rc == -EINVAL; i++) {
		hwpt = ioas_get_automatic(ioas, ops, at->idev->own_pasid, i);
		if (!hwpt)
			break;
		if (!at->idev->enforce_coherency || iommufd_hwpt_enforce_coherency(hwpt))
			rc = attach_to(at, hwpt);
		*out_id = hwpt->obj.id;
		iommufd_hwpt_put(hwpt);
	}
	return rc;
}

/**
 * iommufd_device_alloc_domain() - a new domain from the driver of a device's IOMMU
 * @idev: the device
 * @flags: enum iommufd_hwpt_alloc_flags
 * @parent: for a nested table, else NULL
 * @data: the user's description of the page table, or NULL
 *
 * The IOMMU driver may read @data, but group->lock, which keeps the device from going meanwhile,
 * must not be held while user memory is faulted in. So faults are disabled.
 *
 * Return: the domain; ERR_PTR of -ENODEV (the device is gone), -EINVAL (@parent is of another
 * driver), -EFAULT (@data is to be faulted in, or can't be), or an errno of the driver.
 */
struct iommu_domain *iommufd_device_alloc_domain(struct iommufd_device *idev, u32 flags,
						 struct iommu_domain *parent,
						 const struct iommu_user_data *data)
{
	struct iommu_domain *domain;

	guard(mutex)(&idev->group->lock);
	if (idev->released)
		return ERR_PTR(-ENODEV);
	if (parent && parent->owner != iommufd_dev_iommu_ops(idev->dev))
		return ERR_PTR(-EINVAL);
	pagefault_disable();
	domain = iommufd_domain_alloc(idev->dev, flags, parent, data);
	pagefault_enable();
	return domain;
}

static int attach_new(const struct attach *at, struct iommufd_ioas *ioas, u32 *out_id)
{
	struct iommufd_device *idev = at->idev;
	struct iommu_domain *domain;
	struct iommufd_hwpt *hwpt;
	int rc;

	domain = iommufd_device_alloc_domain(idev, idev->own_pasid ? IOMMU_HWPT_ALLOC_PASID : 0,
					     NULL, NULL);
	if (IS_ERR(domain))
		return PTR_ERR(domain);
	hwpt = iommufd_hwpt_alloc_paging(ioas, domain, true, idev->enforce_coherency);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	hwpt->for_pasids = idev->own_pasid;
	/* Ours, besides the table's: published, the page table may be destroyed at any moment. */
	refcount_inc(&hwpt->obj.refs);
	iommufd_object_publish(&hwpt->obj);
	*out_id = hwpt->obj.id;
	rc = attach_to(at, hwpt);
	iommufd_hwpt_put(hwpt);
	return rc;
}

/* What of an attach can be known to fail without looking at the page table. */
static int check_attach(const struct attach *at)
{
	if (at->idev->released)
		return -ENODEV;
	return at->pasid == IOMMU_NO_PASID ? 0 : iommufd_pasid_check(at->idev, at->pasid);
}

/* The IOMMU driver, if the endpoint could be attached now; saves pinning memory in vain. */
static const struct iommu_ops *attach_begin(const struct attach *at, struct iommufd_ioas *ioas)
{
	struct iommufd_device *idev = at->idev;
	struct iommufd_group *igroup = idev->group;
	int rc;

	guard(mutex)(&igroup->lock);
	rc = check_attach(at);
	if (rc)
		return ERR_PTR(rc);
	if (igroup->hwpt && !idev->attached && igroup->hwpt->ioas != ioas)
		return ERR_PTR(-EINVAL);
	/* An automatic page table is for PASIDs only where there is nothing else. */
	if (!idev->own_pasid && (at->pasid != IOMMU_NO_PASID || igroup->nr_pasids_attached))
		return ERR_PTR(-EINVAL);
	return iommufd_dev_iommu_ops(idev->dev);
}

static int attach_ioas(const struct attach *at, struct iommufd_ioas *ioas, u32 *out_id)
{
	const struct iommu_ops *ops;
	int rc;

	ops = attach_begin(at, ioas);
	if (IS_ERR(ops))
		return PTR_ERR(ops);
	rc = mutex_lock_killable(&ioas->auto_lock);
	if (rc)
		return rc;
	rc = attach_shared(at, ioas, ops, out_id);
	if (rc == -EINVAL)
		rc = attach_new(at, ioas, out_id);
	mutex_unlock(&ioas->auto_lock);
	return rc;
}

static int attach_hwpt(const struct attach *at, struct iommufd_hwpt *hwpt)
{
	int rc;

	rc = mutex_lock_killable(&hwpt->ioas->auto_lock);
	if (rc)
		return rc;
	if (at->idev->enforce_coherency && !iommufd_hwpt_enforce_coherency(hwpt))
		rc = -EINVAL;
	else
		rc = attach_to(at, hwpt);
	mutex_unlock(&hwpt->ioas->auto_lock);
	return rc;
}

/**
 * iommufd_device_attach() - attach a device, or a PASID of it
 * @idev: the endpoint
 * @pasid: the PASID, or IOMMU_NO_PASID
 * @pt_id: as for iommufd_endpoint_attach()
 * @mode: for a PASID, what there may be before
 *
 * Return: as iommufd_endpoint_attach() and iommufd_pasid_attach().
 */
int iommufd_device_attach(struct iommufd_device *idev, u32 pasid, u32 *pt_id,
			  enum iommufd_attach_mode mode)
{
	const struct attach at = { .idev = idev, .pasid = pasid, .mode = mode };
	struct iommufd_object *obj;
	int rc;

	obj = iommufd_object_get(idev->ep.obj.ictx, *pt_id, IOMMUFD_OBJ_ANY);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	switch (obj->type) {
	case IOMMUFD_OBJ_IOAS:
		rc = attach_ioas(&at, container_of(obj, struct iommufd_ioas, obj), pt_id);
		iommufd_object_put(obj);
		return rc;
	case IOMMUFD_OBJ_HWPT:
		rc = attach_hwpt(&at, hwpt_from_object(obj));
		iommufd_hwpt_put(hwpt_from_object(obj));
		return rc;
	default:
		iommufd_object_put(obj);
		return -EINVAL;
	}
}

static int device_endpoint_attach(struct iommufd_endpoint *ep, u32 *pt_id)
{
	return iommufd_device_attach(device_from_endpoint(ep), IOMMU_NO_PASID, pt_id,
				     IOMMUFD_ATTACH_ANY);
}

/* Says what is wrong with a PASID rather than with a page table. */
static int check_pasid(struct iommufd_device *idev, u32 pasid)
{
	guard(mutex)(&idev->group->lock);
	return iommufd_pasid_check(idev, pasid);
}

/**
 * iommufd_endpoint_attach_pasid_mode() - iommufd_endpoint_attach_pasid() that may refuse
 * @ep: the endpoint
 * @pasid: the PASID
 * @pt_id: in: an IOAS or a hardware page table; out: the hardware page table
 * @mode: what there may be before
 *
 * Return: as iommufd_endpoint_attach_pasid().
 */
int iommufd_endpoint_attach_pasid_mode(struct iommufd_endpoint *ep, u32 pasid, u32 *pt_id,
				       enum iommufd_attach_mode mode)
{
	struct iommufd_device *idev = device_from_endpoint(ep);

	return check_pasid(idev, pasid) ?: iommufd_device_attach(idev, pasid, pt_id, mode);
}
EXPORT_SYMBOL_NS_GPL(iommufd_endpoint_attach_pasid_mode, IOMMUFD_VFIO_TEST);

int iommufd_device_attach_pasid(struct iommufd_endpoint *ep, u32 pasid, u32 *pt_id)
{
	return iommufd_endpoint_attach_pasid_mode(ep, pasid, pt_id, IOMMUFD_ATTACH_ANY);
}

static void device_endpoint_detach(struct iommufd_endpoint *ep)
{
	struct iommufd_device *idev = device_from_endpoint(ep);

	iommufd_group_detach(idev->group, idev, false);
}

int iommufd_device_detach_pasid(struct iommufd_endpoint *ep, u32 pasid)
{
	struct iommufd_device *idev = device_from_endpoint(ep);

	/* Whatever there is, also if by now it could not be attached any more. */
	if (iommufd_pasid_detach(idev, pasid))
		return 0;
	return check_pasid(idev, pasid) == -EOPNOTSUPP ? -EOPNOTSUPP : 0;
}

static void device_endpoint_release(struct iommufd_endpoint *ep)
{
	struct iommufd_device *idev = device_from_endpoint(ep);

	iommufd_group_detach(idev->group, idev, true);
	iommufd_pasids_release(idev);
	iommufd_group_claimed(idev->group, false);
	iommu_device_release_dma_owner(idev->dev);
}

static const struct iommufd_endpoint_ops device_endpoint_ops = {
	.attach = device_endpoint_attach,
	.detach = device_endpoint_detach,
	.attach_pasid = iommufd_device_attach_pasid,
	.detach_pasid = iommufd_device_detach_pasid,
	.release = device_endpoint_release,
};

static int device_check_interrupts(struct iommufd_device *idev)
{
	/* Test devices, the internal ones, have no interrupts. */
	if (idev->internal || iommu_group_has_isolated_msi(idev->group->group) ||
	    READ_ONCE(allow_unsafe_interrupts))
		return 0;
	dev_warn_ratelimited(idev->dev,
			     "iommufd: interrupts are not isolated; enable interrupt remapping in the firmware, or load iommufd with allow_unsafe_interrupts=1\n");
	return -EPERM;
}

static int device_claim(struct iommufd_device *idev)
{
	int rc;

	rc = iommu_device_claim_dma_owner(idev->dev, idev->ep.obj.ictx);
	if (!rc)
		iommufd_group_claimed(idev->group, true);
	/* The IOMMU core says -EPERM if somebody else is the owner. */
	return rc == -EPERM ? -EBUSY : rc;
}

static void refused(struct iommufd_ctx *ictx, struct device *dev, int rc, const char *reason)
{
	iommufd_event_refused(ictx, NULL, dev, rc, reason);
}

/* An endpoint without a number, which has claimed nothing yet; with a reference to @dev. */
static struct iommufd_device *device_alloc(struct iommufd_ctx *ictx, struct device *dev,
					   const struct iommufd_endpoint_ops *ops)
{
	struct iommufd_device *idev;

	if (!dev->iommu_group) {
		refused(ictx, dev, -ENODEV, "the device is behind no IOMMU");
		return ERR_PTR(-ENODEV);
	}
	/* Userspace has no way to flush caches around DMA. */
	if (!device_iommu_capable(dev, IOMMU_CAP_CACHE_COHERENCY)) {
		refused(ictx, dev, -EINVAL, "its DMA is not coherent with the caches of CPUs");
		return ERR_PTR(-EINVAL);
	}
	idev = kzalloc(sizeof(*idev), GFP_KERNEL_ACCOUNT);
	if (!idev)
		return ERR_PTR(-ENOMEM);
	idev->group = iommufd_group_get(ictx, dev);
	if (IS_ERR(idev->group)) {
		int rc = PTR_ERR(idev->group);

		kfree(idev);
		return ERR_PTR(rc);
	}
	idev->ep.ops = ops;
	idev->ep.obj.ictx = ictx;
	idev->dev = get_device(dev);
	INIT_LIST_HEAD(&idev->pasids);
	xa_init(&idev->guests);
	idev->enforce_coherency = device_iommu_capable(dev, IOMMU_CAP_ENFORCE_CACHE_COHERENCY);
	return idev;
}

static void device_dealloc(struct iommufd_device *idev)
{
	iommufd_group_put(idev->group);
	put_device(idev->dev);
	kfree(idev);
}

static void device_free(struct iommufd_object *obj)
{
	struct iommufd_device *idev = device_from_object(obj);
	struct iommufd_ctx *ictx = obj->ictx;
	bool internal = idev->internal;

	device_dealloc(idev);
	/* Last, since it may be the context's last reference */
	if (!internal)
		iommufd_ctx_put(ictx);
}

/* Why a claim has failed, in words */
static const char *claim_refusal(int rc)
{
	switch (rc) {
	case -EBUSY:
		return "another context or a kernel driver does the DMA of its IOMMU group";
	case -EOPNOTSUPP:
		return "it has no PASIDs, or is not alone in its IOMMU group";
	case -ENOSPC:
		return "no PASID is free";
	case -EDQUOT:
		return "the context has too many PASIDs";
	default:
		return "its DMA could not be claimed";
	}
}

/* Gives an endpoint its number, once @claim has succeeded. On failure the endpoint is freed. */
static struct iommufd_endpoint *device_bind(struct iommufd_device *idev,
					    int (*claim)(struct iommufd_device *idev))
{
	struct iommufd_ctx *ictx = idev->ep.obj.ictx;
	int rc;

	rc = iommufd_object_reserve(ictx, &idev->ep.obj, IOMMUFD_OBJ_DEVICE, device_free);
	if (rc)
		goto destroy;
	rc = device_check_interrupts(idev);
	if (rc) {
		refused(ictx, idev->dev, rc, "its interrupts are not isolated");
		goto erase_id;
	}
	rc = claim(idev);
	if (rc) {
		refused(ictx, idev->dev, rc, claim_refusal(rc));
		goto erase_id;
	}
	if (!idev->internal)
		get_file(ictx->file);
	/* The caller's reference, besides the table's */
	refcount_inc(&idev->ep.obj.refs);
	iommufd_object_publish(&idev->ep.obj);
	return &idev->ep;

erase_id:
	xa_erase(&ictx->objects, idev->ep.obj.id);
destroy:
	device_dealloc(idev);
	return ERR_PTR(rc);
}

struct iommufd_endpoint *iommufd_endpoint_bind_device(struct iommufd_ctx *ictx, struct device *dev)
{
	struct iommufd_device *idev = device_alloc(ictx, dev, &device_endpoint_ops);

	return IS_ERR(idev) ? ERR_CAST(idev) : device_bind(idev, device_claim);
}
EXPORT_SYMBOL_GPL(iommufd_endpoint_bind_device);

static int pasid_claim(struct iommufd_device *idev)
{
	return iommufd_pasid_check_parent(idev->dev) ?: iommufd_pasid_bind_own(idev);
}

struct iommufd_endpoint *iommufd_endpoint_bind_pasid(struct iommufd_ctx *ictx,
						     struct device *parent,
						     const struct iommufd_pasid_ops *ops,
						     void *data)
{
	struct iommufd_device *idev = device_alloc(ictx, parent, &iommufd_pasid_endpoint_ops);

	if (IS_ERR(idev))
		return ERR_CAST(idev);
	idev->pasid_ops = ops;
	idev->pasid_data = data;
	return device_bind(idev, pasid_claim);
}
EXPORT_SYMBOL_GPL(iommufd_endpoint_bind_pasid);

/**
 * iommufd_endpoint_bind_internal() - iommufd_endpoint_bind_device() for an object of the context
 * @ictx: the context
 * @dev: the device
 *
 * The caller is an object of @ictx that releases the endpoint when it is freed. So the endpoint
 * ends with the context at the latest, and would keep it from ending if it held its file.
 *
 * Return: as iommufd_endpoint_bind_device().
 */
struct iommufd_endpoint *iommufd_endpoint_bind_internal(struct iommufd_ctx *ictx,
							struct device *dev)
{
	struct iommufd_device *idev = device_alloc(ictx, dev, &device_endpoint_ops);

	if (IS_ERR(idev))
		return ERR_CAST(idev);
	idev->internal = true;
	return device_bind(idev, device_claim);
}
EXPORT_SYMBOL_NS_GPL(iommufd_endpoint_bind_internal, IOMMUFD_VFIO_TEST);

static u64 device_pci_capabilities(struct device *dev)
{
	int features = dev_is_pci(dev) ? pci_pasid_status(to_pci_dev(dev)) : 0;
	u64 caps = 0;

	if (features > 0 && features & PCI_PASID_CAP_EXEC)
		caps |= IOMMU_HW_CAP_PCI_PASID_EXEC;
	if (features > 0 && features & PCI_PASID_CAP_PRIV)
		caps |= IOMMU_HW_CAP_PCI_PASID_PRIV;
	return caps;
}

static u64 device_capabilities(struct device *dev)
{
	u64 caps = 0;

	if (device_iommu_capable(dev, IOMMU_CAP_DIRTY_TRACKING))
		caps |= IOMMU_HW_CAP_DIRTY_TRACKING;
	/* IOMMU drivers turn PASIDs on when they meet a device that has them. */
	if (dev->iommu->max_pasids)
		caps |= device_pci_capabilities(dev);
	return caps;
}

/* Asks the IOMMU driver. Returns what it says, to be kfree'd, or NULL if it says nothing. */
static void *device_hw_info(struct iommufd_device *idev, struct iommu_hw_info *cmd, u32 *length)
{
	const struct iommu_ops *ops;

	guard(mutex)(&idev->group->lock);
	if (idev->released)
		return ERR_PTR(-ENODEV);
	ops = iommufd_dev_iommu_ops(idev->dev);
	*length = 0;
	cmd->out_data_type = IOMMU_HW_INFO_TYPE_NONE;
	cmd->out_max_pasid_log2 = idev->dev->iommu->max_pasids ?
				  ilog2(idev->dev->iommu->max_pasids) : 0;
	cmd->out_capabilities = device_capabilities(idev->dev);
	return ops->hw_info ? ops->hw_info(idev->dev, length, &cmd->out_data_type) : NULL;
}

static int copy_hw_info(struct iommu_hw_info *cmd, const void *info, u32 length)
{
	void __user *ubuffer = u64_to_user_ptr(cmd->data_uptr);
	u32 copied = min(cmd->data_len, length);

	if (copy_to_user(ubuffer, info, copied))
		return -EFAULT;
	/* What the user has room for and the kernel doesn't know reads as zero. */
	if (clear_user(ubuffer + copied, cmd->data_len - copied))
		return -EFAULT;
	cmd->data_len = length;
	return 0;
}

int iommufd_get_hw_info(struct iommufd_ucmd *ucmd)
{
	struct iommu_hw_info *cmd = ucmd->cmd;
	u32 wanted = cmd->in_data_type, length;
	struct iommufd_object *obj;
	void *info;
	int rc;

	if (cmd->flags & ~IOMMU_HW_INFO_FLAG_INPUT_TYPE)
		return -EOPNOTSUPP;
	if (cmd->__reserved[0] || cmd->__reserved[1] || cmd->__reserved[2])
		return -EOPNOTSUPP;
	if (cmd->data_len && !cmd->data_uptr)
		return -EINVAL;
	if (!(cmd->flags & IOMMU_HW_INFO_FLAG_INPUT_TYPE))
		wanted = IOMMU_HW_INFO_TYPE_DEFAULT;
	obj = iommufd_object_get(ucmd->ictx, cmd->dev_id, IOMMUFD_OBJ_DEVICE);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	info = device_hw_info(device_from_object(obj), cmd, &length);
	iommufd_object_put(obj);
	if (IS_ERR(info))
		return PTR_ERR(info);

	rc = -EOPNOTSUPP;
	if (wanted != IOMMU_HW_INFO_TYPE_DEFAULT && wanted != cmd->out_data_type)
		goto free_info;
	rc = copy_hw_info(cmd, info, length);
	if (!rc)
		rc = iommufd_ucmd_respond(ucmd, sizeof(*cmd));
free_info:
	kfree(info);
	return rc;
}
