/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fault queues, and mock devices that request pages.
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise.
 */
#ifndef FAULT_QUEUE_H
#define FAULT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/iommufd.h>
#include "mock_device.h"

/**
 * struct fault_queue - a fault queue
 * @id: its number
 * @fd: its file
 */
struct fault_queue {
	uint32_t id;
	int fd;
};

/**
 * struct fault_request - a page that a device requests
 * @pasid: 0: without PASID
 * @grpid: of which group
 * @perm: of enum iommu_hwpt_pgfault_perm
 * @addr: the address
 */
struct fault_request {
	uint32_t pasid;
	uint32_t grpid;
	uint32_t perm;
	uint64_t addr;
};

/**
 * struct fault_answer - what a device was told last
 * @count: how many answers it has had
 * @pasid: of the request
 * @grpid: of the request
 * @code: of enum iommufd_page_response_code
 */
struct fault_answer {
	uint32_t count;
	uint32_t pasid;
	uint32_t grpid;
	uint32_t code;
};

int fault_queue_alloc(int iommufd, struct fault_queue *queue);
int fault_hwpt_alloc(int iommufd, uint32_t devid, uint32_t pt_id, uint32_t queue_id,
		     uint32_t flags, uint32_t *hwpt_id);
int fault_nested_alloc(int iommufd, uint32_t devid, uint32_t parent_id, uint32_t queue_id,
		       uint32_t flags, uint32_t *hwpt_id);

ssize_t fault_queue_read(const struct fault_queue *queue, void *buffer, size_t size);
ssize_t fault_queue_write(const struct fault_queue *queue, const void *buffer, size_t size);
int fault_queue_next(const struct fault_queue *queue, struct iommu_hwpt_pgfault *fault);
int fault_queue_answer(const struct fault_queue *queue, uint32_t cookie, uint32_t code);
int fault_queue_poll(const struct fault_queue *queue);

int mock_device_request(const struct mock_device *dev, const struct fault_request *request,
			bool last);
int mock_device_answer(const struct mock_device *dev, struct fault_answer *answer);

#endif
