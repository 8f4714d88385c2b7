// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that devices request.
 */
#include "mock.h"

static struct iopf_queue *fault_queue;

int mock_fault_init(void)
{
	fault_queue = iopf_queue_alloc("iommufd_mock");
	return fault_queue ? 0 : -ENOMEM;
}

void mock_fault_exit(void)
{
	iopf_queue_free(fault_queue);
}

/**
 * mock_fault_enable() - let a device request pages
 * @dev: the device
 *
 * Return: 0; -ENODEV if it can't, -EBUSY if it may already, -ENOMEM.
 */
int mock_fault_enable(struct device *dev)
{
	struct mock_dev *mdev = mock_dev_from_device(dev);
	int rc;

	if (mdev->flags & MOCK_FLAGS_DEVICE_NO_IOPF)
		return -ENODEV;
	rc = iopf_queue_add_device(fault_queue, dev);
	if (rc)
		return rc;
	down_write(&mdev->lock);
	mdev->requests_pages = true;
	up_write(&mdev->lock);
	return 0;
}

/**
 * mock_fault_disable() - let a device request no more pages
 * @dev: the device
 *
 * Return: 0; -EINVAL if it mustn't in any case.
 */
int mock_fault_disable(struct device *dev)
{
	struct mock_dev *mdev = mock_dev_from_device(dev);
	bool was;

	/* Waits for those that are being reported. */
	down_write(&mdev->lock);
	was = mdev->requests_pages;
	mdev->requests_pages = false;
	up_write(&mdev->lock);
	if (!was)
		return -EINVAL;
	iopf_queue_remove_device(fault_queue, dev);
	return 0;
}

/**
 * mock_fault_report() - a device requests a page
 * @mdev: the device
 * @cmd: which page, in trigger_iopf
 * @last: whether it is the last request of its group
 *
 * The IOMMU core relies on it that a device's page table is switched either before or after that,
 * which is why the lock is held as for other DMA.
 *
 * Return: 0; -EINVAL if there is nobody to be asked.
 */
int mock_fault_report(struct mock_dev *mdev, const struct iommu_test_cmd *cmd, bool last)
{
	struct iopf_fault evt = {
		.fault.type = IOMMU_FAULT_PAGE_REQ,
		.fault.prm = {
			.flags = last ? IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE : 0,
			.pasid = cmd->trigger_iopf.pasid,
			.grpid = cmd->trigger_iopf.grpid,
			.perm = cmd->trigger_iopf.perm,
			.addr = cmd->trigger_iopf.addr,
		},
	};
	int rc = -EINVAL;

	if (evt.fault.prm.pasid != IOMMU_NO_PASID)
		evt.fault.prm.flags |= IOMMU_FAULT_PAGE_REQUEST_PASID_VALID;
	down_read(&mdev->lock);
	if (mdev->requests_pages)
		rc = iommu_report_device_fault(&mdev->pdev->dev, &evt);
	up_read(&mdev->lock);
	return rc;
}

/* May be called at any time, also from within mock_fault_report(). */
void mock_fault_response(struct device *dev, struct iopf_fault *evt,
			 struct iommu_page_response *msg)
{
	struct mock_dev *mdev = mock_dev_from_device(dev);

	spin_lock(&mdev->response_lock);
	mdev->response.count++;
	mdev->response.pasid = msg->pasid;
	mdev->response.grpid = msg->grpid;
	mdev->response.code = msg->code;
	spin_unlock(&mdev->response_lock);
}

/**
 * mock_fault_last_response() - what the device was told last
 * @mdev: the device
 * @response: set to that
 */
void mock_fault_last_response(struct mock_dev *mdev, struct mock_response *response)
{
	spin_lock(&mdev->response_lock);
	*response = mdev->response;
	spin_unlock(&mdev->response_lock);
}
