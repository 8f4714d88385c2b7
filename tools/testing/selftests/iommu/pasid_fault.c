// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page requests with a PASID: whose queue gets them, and what becomes of them when it is detached.
 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>
#include "fault_queue.h"
#include "iommufd_pasid.h"
#include "iv.h"
#include "test_thread.h"
#include "kselftest_harness.h"

#define PASID 100
#define SUCCESS IOMMUFD_PAGE_RESP_SUCCESS
#define INVALID IOMMUFD_PAGE_RESP_INVALID
#define JOIN_MS 20000

/* @plain has no queue; @hwpt_id and @other_id have one each. All are for PASIDs. */
FIXTURE(pasid_fault)
{
	int fd;
	uint32_t ioas_id;
	uint32_t plain;
	uint32_t hwpt_id;
	uint32_t other_id;
	struct fault_queue queue;
	struct fault_queue other;
	struct mock_device dev;
};

FIXTURE_SETUP(pasid_fault)
{
	ASSERT_EQ(0, mock_module_load());
	self->fd = iv_iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &self->ioas_id));
	ASSERT_EQ(0, mock_device_create(&self->dev, self->fd, self->ioas_id,
					MOCK_FLAGS_DEVICE_PASID));
	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id,
				   IOMMU_HWPT_ALLOC_PASID, &self->plain));
	ASSERT_EQ(0, fault_queue_alloc(self->fd, &self->queue));
	ASSERT_EQ(0, fault_queue_alloc(self->fd, &self->other));
	ASSERT_EQ(0, fault_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id, self->queue.id,
				      IOMMU_HWPT_ALLOC_PASID, &self->hwpt_id));
	ASSERT_EQ(0, fault_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id, self->other.id,
				      IOMMU_HWPT_ALLOC_PASID, &self->other_id));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->plain, NULL));
}

FIXTURE_TEARDOWN(pasid_fault)
{
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, close(self->queue.fd));
	EXPECT_EQ(0, close(self->other.fd));
	EXPECT_EQ(0, mock_module_unload());
}

static int trigger(const struct mock_device *dev, uint32_t pasid, uint32_t grpid)
{
	struct fault_request one = {
		.grpid = grpid, .pasid = pasid, .perm = IOMMU_PGFAULT_PERM_WRITE, .addr = 0x2000000,
	};

	return mock_device_request(dev, &one, true);
}

static uint32_t answers(const struct mock_device *dev)
{
	struct fault_answer answer;

	return mock_device_answer(dev, &answer) ? UINT32_MAX : answer.count;
}

static bool answered(const struct mock_device *dev, uint32_t pasid, uint32_t grpid, uint32_t code)
{
	struct fault_answer answer;

	return !mock_device_answer(dev, &answer) && answer.pasid == pasid &&
	       answer.grpid == grpid && answer.code == code;
}

/* Whether requests go to the queue, and their answers to the device. Nothing must be pending. */
static bool works(const struct mock_device *dev, uint32_t pasid, const struct fault_queue *queue)
{
	static uint32_t grpid = 50;
	struct iommu_hwpt_pgfault fault;
	uint32_t flags = IOMMU_PGFAULT_FLAGS_LAST_PAGE;

	if (pasid)
		flags |= IOMMU_PGFAULT_FLAGS_PASID_VALID;
	grpid++;
	return !trigger(dev, pasid, grpid) && !fault_queue_next(queue, &fault) &&
	       fault.flags == flags && fault.pasid == pasid && fault.grpid == grpid &&
	       fault.dev_id == dev->devid &&
	       !fault_queue_answer(queue, fault.cookie, SUCCESS) &&
	       answered(dev, pasid, grpid, SUCCESS);
}

TEST_F(pasid_fault, request_carries_the_pasid)
{
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID, self->hwpt_id));
	EXPECT_TRUE(works(&self->dev, PASID, &self->queue));
}

TEST_F(pasid_fault, each_pasid_asks_its_own_queue)
{
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID, self->hwpt_id));
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID + 1, self->other_id));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->other_id, NULL));
	EXPECT_TRUE(works(&self->dev, PASID, &self->queue));
	EXPECT_TRUE(works(&self->dev, PASID + 1, &self->other));
	EXPECT_TRUE(works(&self->dev, 0, &self->other));
}

TEST_F(pasid_fault, others_have_nobody_to_ask)
{
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID, self->hwpt_id));
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID + 1, self->plain));
	EXPECT_EQ(-EINVAL, trigger(&self->dev, 0, 1));
	EXPECT_EQ(-EINVAL, trigger(&self->dev, PASID + 1, 2));
	EXPECT_EQ(-EINVAL, trigger(&self->dev, PASID + 2, 3));
	EXPECT_EQ(0, fault_queue_poll(&self->queue) & POLLIN);
	EXPECT_TRUE(works(&self->dev, PASID, &self->queue));
}

TEST_F(pasid_fault, detach_answers_what_is_pending)
{
	struct iommu_hwpt_pgfault fault;

	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID, self->hwpt_id));
	ASSERT_EQ(0, trigger(&self->dev, PASID, 1));
	ASSERT_EQ(0, fault_queue_next(&self->queue, &fault));
	ASSERT_EQ(0, mock_pasid_detach(&self->dev, PASID));
	EXPECT_TRUE(answered(&self->dev, PASID, 1, INVALID));
	EXPECT_EQ(-EINVAL, fault_queue_answer(&self->queue, fault.cookie, SUCCESS));
	EXPECT_EQ(-EINVAL, trigger(&self->dev, PASID, 2));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->hwpt_id));
}

/* All three go through the same page table. */
TEST_F(pasid_fault, detach_of_one_leaves_the_others_requests)
{
	struct iommu_hwpt_pgfault fault;

	ASSERT_EQ(0, mock_device_attach(&self->dev, self->hwpt_id, NULL));
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID, self->hwpt_id));
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID + 1, self->hwpt_id));
	ASSERT_EQ(0, trigger(&self->dev, PASID + 1, 2));
	ASSERT_EQ(0, trigger(&self->dev, PASID, 1));
	ASSERT_EQ(0, trigger(&self->dev, 0, 3));
	ASSERT_EQ(0, mock_pasid_detach(&self->dev, PASID));
	EXPECT_EQ(1, answers(&self->dev));
	EXPECT_TRUE(answered(&self->dev, PASID, 1, INVALID));
	ASSERT_EQ(0, fault_queue_next(&self->queue, &fault));
	EXPECT_EQ(PASID + 1, fault.pasid);
	ASSERT_EQ(0, fault_queue_answer(&self->queue, fault.cookie, SUCCESS));
	EXPECT_TRUE(answered(&self->dev, PASID + 1, 2, SUCCESS));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->plain, NULL));
	EXPECT_TRUE(answered(&self->dev, 0, 3, INVALID));
	EXPECT_TRUE(works(&self->dev, PASID + 1, &self->queue));
}

TEST_F(pasid_fault, replace_answers_and_goes_on_with_the_new_queue)
{
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID, self->hwpt_id));
	ASSERT_EQ(0, trigger(&self->dev, PASID, 1));
	ASSERT_EQ(0, mock_pasid_replace(&self->dev, PASID, self->other_id));
	EXPECT_TRUE(answered(&self->dev, PASID, 1, INVALID));
	EXPECT_TRUE(works(&self->dev, PASID, &self->other));
	ASSERT_EQ(0, mock_pasid_replace(&self->dev, PASID, self->plain));
	EXPECT_EQ(-EINVAL, trigger(&self->dev, PASID, 2));
	ASSERT_EQ(0, mock_pasid_replace(&self->dev, PASID, self->hwpt_id));
	EXPECT_TRUE(works(&self->dev, PASID, &self->queue));
}

TEST_F(pasid_fault, failed_replace_keeps_the_queue)
{
	const uint32_t pasid = IOMMU_TEST_PASID_RESERVED;

	ASSERT_EQ(0, mock_pasid_attach(&self->dev, pasid, self->hwpt_id));
	EXPECT_EQ(-ENOMEM, mock_pasid_replace(&self->dev, pasid, self->other_id));
	EXPECT_TRUE(works(&self->dev, pasid, &self->queue));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->other_id));
}

TEST_F(pasid_fault, failed_attach_leaves_page_requests_off)
{
	ASSERT_EQ(0, mock_fail(self->fd, self->dev.id, MOCK_FAIL_ATTACH, 0));
	EXPECT_EQ(-ENOMEM, mock_pasid_attach(&self->dev, PASID, self->hwpt_id));
	EXPECT_EQ(-EINVAL, trigger(&self->dev, PASID, 1));
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID, self->hwpt_id));
	EXPECT_TRUE(works(&self->dev, PASID, &self->queue));
}

TEST_F(pasid_fault, device_leaving_its_queue_keeps_the_pasids)
{
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID, self->hwpt_id));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->other_id, NULL));
	EXPECT_TRUE(works(&self->dev, 0, &self->other));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->plain, NULL));
	EXPECT_EQ(-EINVAL, trigger(&self->dev, 0, 1));
	EXPECT_TRUE(works(&self->dev, PASID, &self->queue));
}

TEST_F(pasid_fault, device_that_cannot_request_pages_fails)
{
	struct mock_device dev;

	ASSERT_EQ(0, mock_device_create(&dev, self->fd, self->plain,
					MOCK_FLAGS_DEVICE_PASID | MOCK_FLAGS_DEVICE_NO_IOPF));
	/* Mainline's errno of the test's operation; vfio's is EOPNOTSUPP. */
	EXPECT_EQ(-EINVAL, mock_pasid_attach(&dev, PASID, self->hwpt_id));
	EXPECT_EQ(0, mock_pasid_attach(&dev, PASID, self->plain));
}

TEST_F(pasid_fault, device_is_destroyed_with_requests_pending)
{
	uint32_t i;

	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID + i, self->hwpt_id));
		ASSERT_EQ(0, trigger(&self->dev, PASID + i, i));
	}
	ASSERT_EQ(0, mock_device_destroy(&self->dev));
	EXPECT_EQ(0, fault_queue_poll(&self->queue) & POLLIN);
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->hwpt_id));
}

static void request(struct test_threads *threads, unsigned int index, void *arg)
{
	const struct _test_data_pasid_fault *self = arg;
	struct iommu_hwpt_pgfault fault;
	uint32_t i;

	for (i = 0; !test_threads_stopping(threads); i++) {
		if (index == 0) {
			trigger(&self->dev, PASID, i);
		} else if (index == 1) {
			if (!fault_queue_next(&self->queue, &fault))
				fault_queue_answer(&self->queue, fault.cookie, SUCCESS);
		} else {
			mock_pasid_attach(&self->dev, PASID, self->hwpt_id);
			if (i % 2)
				mock_pasid_replace(&self->dev, PASID, self->other_id);
			mock_pasid_detach(&self->dev, PASID);
		}
		atomic_fetch_add(&threads->rounds, 1);
	}
}

TEST_F(pasid_fault, requests_race_with_attach_and_detach)
{
	struct test_threads threads = {};

	ASSERT_EQ(0, test_threads_start(&threads, 3, request, self));
	usleep(1500 * 1000);
	test_threads_stop(&threads);
	ASSERT_EQ(0, test_threads_join(&threads, JOIN_MS));
	EXPECT_LT(10, threads.rounds);
	mock_pasid_detach(&self->dev, PASID);
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, PASID, self->hwpt_id));
	EXPECT_TRUE(works(&self->dev, PASID, &self->queue));
}

TEST_HARNESS_MAIN
