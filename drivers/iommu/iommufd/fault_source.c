// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attaching groups to page tables that have a fault queue.
 *
 * The IOMMU core finds the page table by the handle with which the group was attached, and calls
 * domain->iopf_handler of what handle->domain is, which it reads twice and without a lock. IOMMU
 * drivers wait for reports in progress while they switch domains. But the core changes the handle
 * only after that, so a report can begin in between and find a handle that is about to go. Hence:
 *
 *  - The handle is a part of the group, and always the same one. So it is with each PASID's.
 *  - handle->domain never becomes something without our handler. Before the group leaves page
 *    requests behind, it becomes iommufd_fault_leaving_domain, which is never freed.
 *  - Whether a report is welcome is decided under source->lock and by nothing but the source.
 *
 * group->lock is held in all of what changes a source, and is not taken in a report: the driver may
 * wait for the report while it is held.
 */
#include <linux/pci-ats.h>
#include <linux/pci.h>

#include "compat.h"
#include "group.h"

struct iommu_domain iommufd_fault_leaving_domain = {
	.type = IOMMU_DOMAIN_BLOCKED,
	.iopf_handler = iommufd_fault_report,
};

void iommufd_fault_source_init(struct iommufd_fault_source *source)
{
	source->rid.source = source;
	xa_init(&source->pasids);
	mutex_init(&source->lock);
	INIT_LIST_HEAD(&source->endpoints);
}

void iommufd_fault_source_destroy(struct iommufd_fault_source *source)
{
	struct iommufd_fault_handle *handle;
	unsigned long pasid;

	xa_for_each(&source->pasids, pasid, handle)
		kfree(handle);
	xa_destroy(&source->pasids);
}

/* Who it is that requests pages by a handle, if it may. */
static const struct iommufd_device *handle_find(const struct iommufd_fault_handle *handle,
						const struct device *dev)
{
	const struct iommufd_device *idev;

	lockdep_assert_held(&handle->source->lock);
	if (!handle->hwpt)
		return NULL;
	if (handle->idev)
		return handle->idev;
	list_for_each_entry(idev, &handle->source->endpoints, fault_link)
		if (idev->dev == dev && idev->rid_requests)
			return idev;
	return NULL;
}

/**
 * iommufd_fault_report() - iopf_handler of all domains with a fault queue
 * @group: a group of page requests; consumed
 *
 * A group that isn't queued is answered under source->lock as well: once a device is out of the
 * source, nobody but the IOMMU core uses any of its groups.
 *
 * Return: 0. The IOMMU core would turn an error into an answer that disables the device's requests.
 */
int iommufd_fault_report(struct iopf_group *group)
{
	struct iommufd_fault_handle *handle =
		container_of(group->attach_handle, struct iommufd_fault_handle, handle);
	const struct iommufd_device *idev;

	guard(mutex)(&handle->source->lock);
	idev = handle_find(handle, group->fault_param->dev);
	if (idev) {
		iommufd_fault_queue_add(handle->hwpt->faults, group, handle, idev);
	} else {
		iopf_group_response(group, IOMMU_PAGE_RESP_INVALID);
		iopf_free_group(group);
	}
	return 0;
}

static void source_set_hwpt(struct iommufd_fault_source *source, const struct iommufd_hwpt *hwpt)
{
	mutex_lock(&source->lock);
	source->rid.hwpt = hwpt;
	mutex_unlock(&source->lock);
}

/*
 * The virtual functions of a device share its page request interface, and with it the number of
 * requests that may be outstanding (PCIe 10.5.2). Who doesn't answer those of one stops all.
 */
static bool shares_page_requests(struct device *dev)
{
	return dev_is_pci(dev) && to_pci_dev(dev)->is_virtfn &&
	       pci_pri_supported(to_pci_dev(dev));
}

static void source_add(struct iommufd_fault_source *source, struct iommufd_device *idev)
{
	mutex_lock(&source->lock);
	list_add(&idev->fault_link, &source->endpoints);
	mutex_unlock(&source->lock);
}

static void source_remove(struct iommufd_fault_source *source, struct iommufd_device *idev)
{
	mutex_lock(&source->lock);
	list_del_init(&idev->fault_link);
	mutex_unlock(&source->lock);
}

/**
 * iommufd_fault_device_enable() - let a device request pages, for one attachment more
 * @idev: the device; its group's lock is held
 *
 * Return: 0; -EOPNOTSUPP if it can't, or another errno of its IOMMU driver; -EINVAL for a function
 * that shares page requests with others.
 */
int iommufd_fault_device_enable(struct iommufd_device *idev)
{
	struct iommufd_fault_source *source = &idev->group->faults;
	int rc;

	lockdep_assert_held(&idev->group->lock);
	if (idev->fault_users) {
		idev->fault_users++;
		return 0;
	}
	if (shares_page_requests(idev->dev))
		return -EINVAL;
	/* First, since it may be attached already and request a page at once. */
	source_add(source, idev);
	rc = iommu_dev_enable_feature(idev->dev, IOMMU_DEV_FEAT_IOPF);
	if (rc) {
		source_remove(source, idev);
		return rc == -ENODEV ? -EOPNOTSUPP : rc;
	}
	idev->fault_users = 1;
	return 0;
}

/**
 * iommufd_fault_device_disable() - undo iommufd_fault_device_enable()
 * @idev: the device; its group's lock is held
 *
 * What it has requested through the attachment in question is answered already.
 */
void iommufd_fault_device_disable(struct iommufd_device *idev)
{
	int rc;

	lockdep_assert_held(&idev->group->lock);
	if (--idev->fault_users)
		return;
	source_remove(&idev->group->faults, idev);
	rc = iommu_dev_disable_feature(idev->dev, IOMMU_DEV_FEAT_IOPF);
	if (rc)
		dev_warn(idev->dev, "iommufd: page requests can't be disabled: %pe\n", ERR_PTR(rc));
}

static void set_rid_requests(struct iommufd_device *idev, bool on)
{
	mutex_lock(&idev->group->faults.lock);
	idev->rid_requests = on;
	mutex_unlock(&idev->group->faults.lock);
}

/**
 * iommufd_fault_endpoint_enable() - let a device request pages of its group's page table
 * @idev: the device; its group's lock is held
 *
 * Return: as iommufd_fault_device_enable().
 */
int iommufd_fault_endpoint_enable(struct iommufd_device *idev)
{
	int rc;

	set_rid_requests(idev, true);
	rc = iommufd_fault_device_enable(idev);
	if (rc)
		set_rid_requests(idev, false);
	return rc;
}

/**
 * iommufd_fault_endpoint_disable() - let a device request no more pages of its group's page table
 * @idev: the device; its group's lock is held
 *
 * What it has requested is answered.
 */
void iommufd_fault_endpoint_disable(struct iommufd_device *idev)
{
	struct iommufd_fault_handle *rid = &idev->group->faults.rid;

	set_rid_requests(idev, false);
	/* Before the IOMMU core answers, and frees, whatever it still knows of. */
	if (rid->hwpt)
		iommufd_fault_queue_cancel(rid->hwpt->faults, rid, rid->hwpt, idev);
	iommufd_fault_device_disable(idev);
}

static void source_disable_all(struct iommufd_fault_source *source)
{
	struct iommufd_device *idev, *next;

	list_for_each_entry_safe(idev, next, &source->endpoints, fault_link)
		if (idev->rid_requests)
			iommufd_fault_endpoint_disable(idev);
}

/* Enables those who are attached to what has no queue. */
static int group_enable(struct iommufd_group *igroup)
{
	struct iommufd_device *idev;
	int rc = 0;

	if (igroup->faults.rid.hwpt)
		return 0;
	list_for_each_entry(idev, &igroup->attached, link)
		rc = rc ?: iommufd_fault_endpoint_enable(idev);
	return rc;
}

/* Attaches to a page table with a queue. The old one may have one too. */
static int group_enter(struct iommufd_group *igroup, struct iommufd_hwpt *hwpt)
{
	struct iommufd_fault_source *source = &igroup->faults;
	const struct iommufd_hwpt *gone = source->rid.hwpt;
	int rc;

	/*
	 * First, since what a device requests through the new page table must not be taken for a
	 * request to the old one and refused. The reverse does no harm.
	 */
	source_set_hwpt(source, hwpt);
	if (igroup->hwpt)
		rc = iommu_replace_group_handle(igroup->group, hwpt->domain, &source->rid.handle);
	else
		rc = iommu_attach_group_handle(hwpt->domain, igroup->group, &source->rid.handle);
	if (rc) {
		source_set_hwpt(source, gone);
		WRITE_ONCE(source->rid.handle.domain,
			   gone ? gone->domain : &iommufd_fault_leaving_domain);
		gone = hwpt;
	}
	if (gone)
		iommufd_fault_queue_cancel(gone->faults, &source->rid, gone, NULL);
	return rc;
}

/* Goes from a page table with a queue to one without, or to none. */
static int group_leave(struct iommufd_group *igroup, struct iommufd_hwpt *hwpt)
{
	struct iommufd_fault_source *source = &igroup->faults;
	const struct iommufd_hwpt *old = source->rid.hwpt;
	int rc = 0;

	WRITE_ONCE(source->rid.handle.domain, &iommufd_fault_leaving_domain);
	if (hwpt)
		rc = iommu_replace_group_handle(igroup->group, hwpt->domain, NULL);
	else
		iommu_detach_group_handle(old->domain, igroup->group);
	if (rc) {
		WRITE_ONCE(source->rid.handle.domain, old->domain);
		return rc;
	}
	source_set_hwpt(source, NULL);
	iommufd_fault_queue_cancel(old->faults, &source->rid, old, NULL);
	return 0;
}

/* The group's first page table: VT-d lets a device request pages only once it is attached. */
static int group_begin(struct iommufd_group *igroup, struct iommufd_device *idev,
		       struct iommufd_hwpt *hwpt)
{
	int rc = group_enter(igroup, hwpt);

	if (rc)
		return rc;
	rc = iommufd_fault_endpoint_enable(idev);
	if (rc)
		group_leave(igroup, NULL);
	return rc;
}

/**
 * iommufd_fault_group_set_hwpt() - attach a group if the new or the old page table has a queue
 * @igroup: the group, its lock held
 * @idev: the endpoint that asks for it
 * @hwpt: the new page table
 *
 * What is pending from the old page table is answered. After a failure the old attachment stands.
 *
 * Return: 0, or the errno of iommufd_fault_endpoint_enable() or of the IOMMU driver.
 */
int iommufd_fault_group_set_hwpt(struct iommufd_group *igroup, struct iommufd_device *idev,
				 struct iommufd_hwpt *hwpt)
{
	int rc;

	lockdep_assert_held(&igroup->lock);
	if (!igroup->hwpt)
		rc = group_begin(igroup, idev, hwpt);
	else if (hwpt->faults)
		rc = group_enable(igroup) ?: group_enter(igroup, hwpt);
	else
		rc = group_leave(igroup, hwpt);
	/* Either we left page requests behind, or failed to begin with them. */
	if (!igroup->faults.rid.hwpt)
		source_disable_all(&igroup->faults);
	return rc;
}

/**
 * iommufd_fault_group_detach() - detach a group from a page table with a queue
 * @igroup: the group, its lock held
 *
 * What is pending is answered.
 */
void iommufd_fault_group_detach(struct iommufd_group *igroup)
{
	lockdep_assert_held(&igroup->lock);
	group_leave(igroup, NULL);
	source_disable_all(&igroup->faults);
}
