// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>
#include <libiommufd.h>
#include "fault_queue.h"
#include "iommufd_ioctl.h"

/**
 * fault_queue_alloc() - make a queue
 * @iommufd: the context
 * @queue: to be filled
 */
int fault_queue_alloc(int iommufd, struct fault_queue *queue)
{
	queue->fd = iv_fault_queue_alloc(iommufd, &queue->id);
	return queue->fd < 0 ? queue->fd : 0;
}

/**
 * fault_hwpt_alloc() - make a paging page table with a queue
 * @iommufd: the context
 * @devid: a device
 * @pt_id: an IOAS
 * @queue_id: the queue
 * @flags: further ones of enum iommufd_hwpt_alloc_flags
 * @hwpt_id: set to its number
 */
int fault_hwpt_alloc(int iommufd, uint32_t devid, uint32_t pt_id, uint32_t queue_id,
		     uint32_t flags, uint32_t *hwpt_id)
{
	struct iommu_hwpt_alloc cmd = {
		.flags = flags | IOMMU_HWPT_FAULT_ID_VALID, .dev_id = devid,
		.pt_id = pt_id, .fault_id = queue_id,
	};
	int rc = iv_hwpt_alloc_from(iommufd, &cmd);

	*hwpt_id = cmd.out_hwpt_id;
	return rc;
}

/**
 * fault_nested_alloc() - make a nested page table of the mock with a queue
 * @iommufd: the context
 * @devid: a device
 * @parent_id: its parent
 * @queue_id: the queue
 * @flags: further ones of enum iommufd_hwpt_alloc_flags
 * @hwpt_id: set to its number
 */
int fault_nested_alloc(int iommufd, uint32_t devid, uint32_t parent_id, uint32_t queue_id,
		       uint32_t flags, uint32_t *hwpt_id)
{
	struct iommu_hwpt_selftest data = { .iotlb = IOMMU_TEST_IOTLB_DEFAULT };
	struct iommu_hwpt_alloc cmd = {
		.flags = flags | IOMMU_HWPT_FAULT_ID_VALID, .dev_id = devid,
		.pt_id = parent_id, .fault_id = queue_id, .data_type = IOMMU_HWPT_DATA_SELFTEST,
		.data_len = sizeof(data), .data_uptr = (uintptr_t)&data,
	};
	int rc = iv_hwpt_alloc_from(iommufd, &cmd);

	*hwpt_id = cmd.out_hwpt_id;
	return rc;
}

/**
 * fault_queue_read() - read(2)
 * @queue: the queue
 * @buffer: where to
 * @size: of @buffer
 *
 * Return: the number of bytes, or a negative errno.
 */
ssize_t fault_queue_read(const struct fault_queue *queue, void *buffer, size_t size)
{
	ssize_t rc = read(queue->fd, buffer, size);

	return rc < 0 ? -errno : rc;
}

/**
 * fault_queue_write() - write(2)
 * @queue: the queue
 * @buffer: what
 * @size: of @buffer
 *
 * Return: the number of bytes, or a negative errno.
 */
ssize_t fault_queue_write(const struct fault_queue *queue, const void *buffer, size_t size)
{
	ssize_t rc = write(queue->fd, buffer, size);

	return rc < 0 ? -errno : rc;
}

/**
 * fault_queue_next() - read a group of one request
 * @queue: the queue
 * @fault: set to the request
 *
 * Return: 0, -EAGAIN if there is nothing, or what read(2) says.
 */
int fault_queue_next(const struct fault_queue *queue, struct iommu_hwpt_pgfault *fault)
{
	ssize_t rc = fault_queue_read(queue, fault, sizeof(*fault));

	if (rc < 0)
		return rc;
	return rc == sizeof(*fault) ? 0 : -EAGAIN;
}

/**
 * fault_queue_answer() - answer a group
 * @queue: the queue
 * @cookie: of the group
 * @code: of enum iommufd_page_response_code
 */
int fault_queue_answer(const struct fault_queue *queue, uint32_t cookie, uint32_t code)
{
	struct iommu_hwpt_page_response response = { .cookie = cookie, .code = code };
	ssize_t rc = fault_queue_write(queue, &response, sizeof(response));

	if (rc < 0)
		return rc;
	return rc == sizeof(response) ? 0 : -EIO;
}

/**
 * fault_queue_poll() - what poll(2) says at once
 * @queue: the queue
 *
 * Return: the events, or a negative errno.
 */
int fault_queue_poll(const struct fault_queue *queue)
{
	struct pollfd pfd = { .fd = queue->fd, .events = POLLIN | POLLOUT };

	return poll(&pfd, 1, 0) < 0 ? -errno : pfd.revents;
}

/**
 * mock_device_request() - a device requests a page
 * @dev: the device
 * @request: which
 * @last: whether the group is complete
 */
int mock_device_request(const struct mock_device *dev, const struct fault_request *request,
			bool last)
{
	struct iommu_test_cmd cmd = {
		.size = sizeof(cmd),
		.op = last ? IOMMU_TEST_OP_TRIGGER_IOPF : IOMMU_TEST_OP_TRIGGER_IOPF_PARTIAL,
		.trigger_iopf = {
			.dev_id = dev->devid, .pasid = request->pasid, .grpid = request->grpid,
			.perm = request->perm, .addr = request->addr,
		},
	};

	return iommufd_ioctl(dev->iommufd, IOMMU_TEST_CMD, &cmd);
}

/**
 * mock_device_answer() - what a device was told last
 * @dev: the device
 * @answer: set to that
 */
int mock_device_answer(const struct mock_device *dev, struct fault_answer *answer)
{
	struct iommu_test_cmd cmd = {
		.size = sizeof(cmd), .op = IOMMU_TEST_OP_DEV_RESPONSE, .id = dev->id,
	};
	int rc = iommufd_ioctl(dev->iommufd, IOMMU_TEST_CMD, &cmd);

	answer->count = cmd.dev_response.out_count;
	answer->pasid = cmd.dev_response.out_pasid;
	answer->grpid = cmd.dev_response.out_grpid;
	answer->code = cmd.dev_response.out_code;
	return rc;
}
