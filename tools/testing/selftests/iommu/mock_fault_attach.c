// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page tables with fault queues, and devices that come to them and leave them with page requests
 * that await an answer.
 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>
#include "fault_queue.h"
#include "iommufd_ioctl.h"
#include "iv.h"
#include "test_thread.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define SUCCESS IOMMUFD_PAGE_RESP_SUCCESS
#define INVALID IOMMUFD_PAGE_RESP_INVALID
#define JOIN_MS 20000

FIXTURE(mock_fault_attach)
{
	int fd;
	uint32_t ioas_id;
	uint32_t plain_id;
	uint32_t hwpt_id;
	uint32_t other_id;
	struct fault_queue queue;
	struct fault_queue other;
	struct mock_device dev;
};

/* A device at a page table without a queue, and two page tables with a queue each */
FIXTURE_SETUP(mock_fault_attach)
{
	ASSERT_EQ(0, mock_module_load());
	self->fd = iv_iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &self->ioas_id));
	ASSERT_EQ(0, mock_device_create(&self->dev, self->fd, self->ioas_id, 0));
	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id, 0, &self->plain_id));
	ASSERT_EQ(0, fault_queue_alloc(self->fd, &self->queue));
	ASSERT_EQ(0, fault_queue_alloc(self->fd, &self->other));
	ASSERT_EQ(0, fault_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id, self->queue.id, 0,
				      &self->hwpt_id));
	ASSERT_EQ(0, fault_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id, self->other.id, 0,
				      &self->other_id));
}

FIXTURE_TEARDOWN(mock_fault_attach)
{
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, close(self->queue.fd));
	EXPECT_EQ(0, close(self->other.fd));
	EXPECT_EQ(0, mock_module_unload());
}

static int trigger_pasid(const struct mock_device *dev, uint32_t grpid, uint32_t pasid)
{
	struct fault_request one = {
		.grpid = grpid, .pasid = pasid, .perm = IOMMU_PGFAULT_PERM_WRITE, .addr = 0x2000000,
	};

	return mock_device_request(dev, &one, true);
}

static int trigger(const struct mock_device *dev, uint32_t grpid)
{
	return trigger_pasid(dev, grpid, 0);
}

static int answers(const struct mock_device *dev)
{
	struct fault_answer answer;
	int rc = mock_device_answer(dev, &answer);

	return rc ?: (int)answer.count;
}

static bool answered(const struct mock_device *dev, uint32_t count, uint32_t grpid, uint32_t code)
{
	struct fault_answer answer;

	return !mock_device_answer(dev, &answer) && answer.count == count &&
	       answer.grpid == grpid && answer.code == code;
}

/* Reads the next request, which must be of this group; its cookie, or 0. */
static uint32_t next_cookie(const struct fault_queue *queue, uint32_t grpid)
{
	struct iommu_hwpt_pgfault fault;

	if (fault_queue_next(queue, &fault) || fault.grpid != grpid)
		return 0;
	return fault.cookie;
}

/* Whether requests go to the queue, and their answers to the device. Nothing must be pending. */
static bool works(const struct mock_device *dev, const struct fault_queue *queue)
{
	int count = answers(dev);

	return !trigger(dev, 77) &&
	       !fault_queue_answer(queue, next_cookie(queue, 77), SUCCESS) &&
	       answered(dev, count + 1, 77, SUCCESS);
}

/* Whether a device is attached to a page table, without changing that */
static bool is_attached(const struct mock_device *dev, uint32_t hwpt_id)
{
	return iv_iommufd_destroy(dev->iommufd, hwpt_id) == -EBUSY;
}

TEST_F(mock_fault_attach, alloc_checks_the_queue)
{
	uint32_t id;

	EXPECT_EQ(-ENOENT, fault_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id, -1, 0, &id));
	EXPECT_EQ(-ENOENT, fault_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id, 0, 0, &id));
	EXPECT_EQ(-ENOENT, fault_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id,
					    self->ioas_id, 0, &id));
	EXPECT_EQ(-EINVAL, fault_hwpt_alloc(self->fd, self->dev.devid, self->queue.id,
					    self->queue.id, 0, &id));
	EXPECT_EQ(-ENOENT, fault_hwpt_alloc(self->fd, self->queue.id, self->ioas_id,
					    self->queue.id, 0, &id));
}

TEST_F(mock_fault_attach, queue_is_nothing_to_attach_to)
{
	EXPECT_EQ(-EINVAL, mock_device_attach(&self->dev, self->queue.id, NULL));
}

TEST_F(mock_fault_attach, parent_cannot_have_a_queue)
{
	uint32_t id;

	EXPECT_EQ(-EOPNOTSUPP, fault_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id,
						self->queue.id, IOMMU_HWPT_ALLOC_NEST_PARENT, &id));
	EXPECT_EQ(0, fault_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id, self->queue.id,
				      IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &id));
}

TEST_F(mock_fault_attach, failed_alloc_lets_the_queue_go)
{
	struct fault_queue queue;
	uint32_t id;

	ASSERT_EQ(0, fault_queue_alloc(self->fd, &queue));
	ASSERT_EQ(0, mock_fail(self->fd, self->dev.id, MOCK_FAIL_NEW_DOMAIN, 0));
	EXPECT_EQ(-ENOMEM, fault_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id, queue.id, 0,
					    &id));
	EXPECT_EQ(0, close(queue.fd));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, queue.id));
}

TEST_F(mock_fault_attach, nobody_answers_without_a_queue)
{
	EXPECT_EQ(-EINVAL, trigger(&self->dev, 1));
	EXPECT_EQ(0, answers(&self->dev));
}

TEST_F(mock_fault_attach, first_attach_may_be_to_a_queue)
{
	struct mock_device dev;

	ASSERT_EQ(0, mock_device_create(&dev, self->fd, self->hwpt_id, 0));
	EXPECT_TRUE(works(&dev, &self->queue));
	ASSERT_EQ(0, mock_device_destroy(&dev));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->hwpt_id));
}

TEST_F(mock_fault_attach, replace_begins_and_ends_page_requests)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, mock_device_attach(&self->dev, self->hwpt_id, NULL));
		EXPECT_TRUE(works(&self->dev, &self->queue));
		ASSERT_EQ(0, mock_device_attach(&self->dev, self->plain_id, NULL));
		EXPECT_EQ(-EINVAL, trigger(&self->dev, 1));
	}
}

TEST_F(mock_fault_attach, attaching_again_changes_nothing)
{
	uint32_t cookie;

	ASSERT_EQ(0, mock_device_attach(&self->dev, self->hwpt_id, NULL));
	ASSERT_EQ(0, trigger(&self->dev, 1));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->hwpt_id, NULL));
	EXPECT_EQ(0, answers(&self->dev));
	cookie = next_cookie(&self->queue, 1);
	EXPECT_EQ(0, fault_queue_answer(&self->queue, cookie, SUCCESS));
}

TEST_F(mock_fault_attach, leaving_answers_what_is_pending)
{
	uint32_t cookie;

	ASSERT_EQ(0, mock_device_attach(&self->dev, self->hwpt_id, NULL));
	ASSERT_EQ(0, trigger(&self->dev, 1));
	cookie = next_cookie(&self->queue, 1);
	ASSERT_NE(0, cookie);
	ASSERT_EQ(0, trigger(&self->dev, 2));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->plain_id, NULL));
	EXPECT_TRUE(answered(&self->dev, 2, 2, INVALID));
	EXPECT_EQ(POLLOUT, fault_queue_poll(&self->queue));
	EXPECT_EQ(-EINVAL, fault_queue_answer(&self->queue, cookie, SUCCESS));
	EXPECT_EQ(2, answers(&self->dev));
}

TEST_F(mock_fault_attach, replace_goes_from_queue_to_queue)
{
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->hwpt_id, NULL));
	ASSERT_EQ(0, trigger(&self->dev, 1));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->other_id, NULL));
	EXPECT_TRUE(answered(&self->dev, 1, 1, INVALID));
	EXPECT_EQ(POLLOUT, fault_queue_poll(&self->queue));
	EXPECT_EQ(POLLOUT, fault_queue_poll(&self->other));
	EXPECT_TRUE(works(&self->dev, &self->other));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->hwpt_id));
}

TEST_F(mock_fault_attach, page_tables_may_share_a_queue)
{
	uint32_t id;

	ASSERT_EQ(0, fault_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id, self->queue.id, 0,
				      &id));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->hwpt_id, NULL));
	ASSERT_EQ(0, trigger(&self->dev, 1));
	ASSERT_EQ(0, mock_device_attach(&self->dev, id, NULL));
	EXPECT_TRUE(answered(&self->dev, 1, 1, INVALID));
	EXPECT_TRUE(works(&self->dev, &self->queue));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->hwpt_id));
	EXPECT_TRUE(works(&self->dev, &self->queue));
}

TEST_F(mock_fault_attach, detach_with_pending_requests)
{
	uint32_t cookie;

	ASSERT_EQ(0, mock_device_attach(&self->dev, self->hwpt_id, NULL));
	ASSERT_EQ(0, trigger(&self->dev, 1));
	cookie = next_cookie(&self->queue, 1);
	ASSERT_EQ(0, trigger(&self->dev, 2));
	ASSERT_EQ(0, mock_device_destroy(&self->dev));
	EXPECT_EQ(POLLOUT, fault_queue_poll(&self->queue));
	EXPECT_EQ(-EINVAL, fault_queue_answer(&self->queue, cookie, SUCCESS));
}

TEST_F(mock_fault_attach, incomplete_group_ends_with_the_attachment)
{
	struct fault_request request = { .grpid = 4 };

	ASSERT_EQ(0, mock_device_attach(&self->dev, self->hwpt_id, NULL));
	ASSERT_EQ(0, mock_device_request(&self->dev, &request, false));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->plain_id, NULL));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->hwpt_id, NULL));
	ASSERT_EQ(0, trigger(&self->dev, 4));
	EXPECT_NE(0, next_cookie(&self->queue, 4));
}

TEST_F(mock_fault_attach, failed_replace_does_not_begin)
{
	ASSERT_EQ(0, mock_fail(self->fd, self->dev.id, MOCK_FAIL_ATTACH, 0));
	EXPECT_EQ(-ENOMEM, mock_device_attach(&self->dev, self->hwpt_id, NULL));
	EXPECT_EQ(-EINVAL, trigger(&self->dev, 1));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->hwpt_id, NULL));
	EXPECT_TRUE(works(&self->dev, &self->queue));
}

TEST_F(mock_fault_attach, failed_replace_keeps_the_old_queue)
{
	const uint32_t targets[] = { self->other_id, self->plain_id };
	uint32_t cookie;
	unsigned int i;

	ASSERT_EQ(0, mock_device_attach(&self->dev, self->hwpt_id, NULL));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, trigger(&self->dev, 1));
		ASSERT_EQ(0, mock_fail(self->fd, self->dev.id, MOCK_FAIL_ATTACH, 0));
		EXPECT_EQ(-ENOMEM, mock_device_attach(&self->dev, targets[i], NULL));
		EXPECT_EQ(2 * i, answers(&self->dev));
		cookie = next_cookie(&self->queue, 1);
		EXPECT_EQ(0, fault_queue_answer(&self->queue, cookie, SUCCESS));
		EXPECT_TRUE(works(&self->dev, &self->queue));
	}
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->other_id));
}

TEST_F(mock_fault_attach, two_devices_on_a_queue)
{
	struct iommu_hwpt_pgfault faults[2];
	struct mock_device dev;

	ASSERT_EQ(0, mock_device_create(&dev, self->fd, self->hwpt_id, 0));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->hwpt_id, NULL));
	ASSERT_EQ(0, trigger(&self->dev, 3));
	ASSERT_EQ(0, trigger(&dev, 3));
	ASSERT_EQ(sizeof(faults), fault_queue_read(&self->queue, faults, sizeof(faults)));
	EXPECT_EQ(self->dev.devid, faults[0].dev_id);
	EXPECT_EQ(dev.devid, faults[1].dev_id);
	EXPECT_EQ(0, fault_queue_answer(&self->queue, faults[1].cookie, SUCCESS));
	EXPECT_EQ(0, answers(&self->dev));
	EXPECT_TRUE(answered(&dev, 1, 3, SUCCESS));
	EXPECT_EQ(0, fault_queue_answer(&self->queue, faults[0].cookie, SUCCESS));
	EXPECT_TRUE(answered(&self->dev, 1, 3, SUCCESS));
}

TEST_F(mock_fault_attach, device_that_leaves_takes_only_its_own_along)
{
	struct mock_device dev;
	uint32_t cookie;

	ASSERT_EQ(0, mock_device_create(&dev, self->fd, self->hwpt_id, 0));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->hwpt_id, NULL));
	ASSERT_EQ(0, trigger(&dev, 1));
	ASSERT_EQ(0, trigger(&self->dev, 2));
	ASSERT_EQ(0, mock_device_destroy(&dev));
	EXPECT_EQ(0, answers(&self->dev));
	cookie = next_cookie(&self->queue, 2);
	EXPECT_EQ(0, fault_queue_answer(&self->queue, cookie, SUCCESS));
	EXPECT_TRUE(answered(&self->dev, 1, 2, SUCCESS));
}

TEST_F(mock_fault_attach, device_without_page_requests_is_refused)
{
	struct mock_device dev;

	EXPECT_EQ(-EOPNOTSUPP, mock_device_create(&dev, self->fd, self->hwpt_id,
						  MOCK_FLAGS_DEVICE_NO_IOPF));
	ASSERT_EQ(0, mock_device_create(&dev, self->fd, self->plain_id, MOCK_FLAGS_DEVICE_NO_IOPF));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->ioas_id, NULL));
	EXPECT_EQ(-EOPNOTSUPP, mock_device_attach(&dev, self->hwpt_id, NULL));
	EXPECT_TRUE(is_attached(&dev, self->plain_id));
	EXPECT_FALSE(is_attached(&dev, self->hwpt_id));
}

TEST_F(mock_fault_attach, group_asks_device_by_device)
{
	struct iommu_hwpt_pgfault fault;
	struct mock_device dev;

	ASSERT_EQ(0, mock_device_create_sibling(&dev, &self->dev, self->ioas_id));
	/* Takes both along. */
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->hwpt_id, NULL));
	ASSERT_EQ(0, trigger(&dev, 1));
	ASSERT_EQ(0, fault_queue_next(&self->queue, &fault));
	EXPECT_EQ(dev.devid, fault.dev_id);
	ASSERT_EQ(0, trigger(&self->dev, 2));
	/* One goes, the other stays. */
	ASSERT_EQ(0, mock_device_destroy(&dev));
	EXPECT_EQ(-EINVAL, fault_queue_answer(&self->queue, fault.cookie, SUCCESS));
	EXPECT_EQ(0, answers(&self->dev));
	ASSERT_EQ(0, fault_queue_next(&self->queue, &fault));
	EXPECT_EQ(self->dev.devid, fault.dev_id);
	EXPECT_EQ(0, fault_queue_answer(&self->queue, fault.cookie, SUCCESS));
	/* And one joins. */
	ASSERT_EQ(0, mock_device_create_sibling(&dev, &self->dev, self->hwpt_id));
	EXPECT_TRUE(works(&dev, &self->queue));
	EXPECT_TRUE(works(&self->dev, &self->queue));
}

TEST_F(mock_fault_attach, group_begins_together_or_not_at_all)
{
	struct iommu_test_cmd cmd = {
		.size = sizeof(cmd), .op = IOMMU_TEST_OP_MOCK_DOMAIN_SIBLING, .id = self->ioas_id,
		.mock_domain_sibling = {
			.sibling_id = self->dev.id, .dev_flags = MOCK_FLAGS_DEVICE_NO_IOPF,
		},
	};

	ASSERT_EQ(0, iommufd_ioctl(self->fd, IOMMU_TEST_CMD, &cmd));
	EXPECT_EQ(-EOPNOTSUPP, mock_device_attach(&self->dev, self->hwpt_id, NULL));
	EXPECT_EQ(-EINVAL, trigger(&self->dev, 1));
	ASSERT_EQ(0, iv_iommufd_destroy(self->fd, cmd.mock_domain_sibling.out_stdev_id));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->hwpt_id, NULL));
	EXPECT_TRUE(works(&self->dev, &self->queue));
	/* A device that can't does not join either. */
	cmd.id = self->hwpt_id;
	cmd.mock_domain_sibling.sibling_id = self->dev.id;
	cmd.mock_domain_sibling.dev_flags = MOCK_FLAGS_DEVICE_NO_IOPF;
	EXPECT_EQ(-EOPNOTSUPP, iommufd_ioctl(self->fd, IOMMU_TEST_CMD, &cmd));
	EXPECT_TRUE(works(&self->dev, &self->queue));
}

TEST_F(mock_fault_attach, nested_page_table_gets_requests_with_pasid)
{
	struct iommu_hwpt_pgfault fault;
	uint32_t parent_id, id;

	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id,
				   IOMMU_HWPT_ALLOC_NEST_PARENT, &parent_id));
	EXPECT_EQ(-EOPNOTSUPP, fault_nested_alloc(self->fd, self->dev.devid, parent_id,
						  self->queue.id, IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
						  &id));
	EXPECT_EQ(-ENOENT, fault_nested_alloc(self->fd, self->dev.devid, parent_id, -1, 0, &id));
	ASSERT_EQ(0, fault_nested_alloc(self->fd, self->dev.devid, parent_id, self->queue.id, 0,
					&id));
	ASSERT_EQ(0, mock_device_attach(&self->dev, id, NULL));
	ASSERT_EQ(0, trigger_pasid(&self->dev, 1, 0x321));
	ASSERT_EQ(0, fault_queue_next(&self->queue, &fault));
	EXPECT_EQ(IOMMU_PGFAULT_FLAGS_PASID_VALID | IOMMU_PGFAULT_FLAGS_LAST_PAGE, fault.flags);
	EXPECT_EQ(0x321, fault.pasid);
	EXPECT_EQ(0, fault_queue_answer(&self->queue, fault.cookie, SUCCESS));
	EXPECT_TRUE(works(&self->dev, &self->queue));
	ASSERT_EQ(0, mock_device_attach(&self->dev, parent_id, NULL));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, id));
}

TEST_F(mock_fault_attach, pasid_that_is_not_attached_is_answered)
{
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->hwpt_id, NULL));
	EXPECT_EQ(-EINVAL, trigger_pasid(&self->dev, 6, 9));
	EXPECT_TRUE(answered(&self->dev, 1, 6, INVALID));
}

TEST_F(mock_fault_attach, files_may_be_closed_in_any_order)
{
	struct fault_queue queue;
	struct mock_device dev;
	uint32_t ioas_id, id;
	int fd = iv_iommufd_open();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, iv_ioas_alloc(fd, &ioas_id));
	ASSERT_EQ(0, mock_device_create(&dev, fd, ioas_id, 0));
	ASSERT_EQ(0, fault_queue_alloc(fd, &queue));
	ASSERT_EQ(0, fault_hwpt_alloc(fd, dev.devid, ioas_id, queue.id, 0, &id));
	ASSERT_EQ(0, mock_device_attach(&dev, id, NULL));
	ASSERT_EQ(0, trigger(&dev, 1));
	ASSERT_EQ(0, close(queue.fd));
	ASSERT_EQ(0, trigger(&dev, 2));
	EXPECT_TRUE(answered(&dev, 2, 2, INVALID));
	EXPECT_EQ(0, close(fd));
}

struct storm {
	struct mock_device *dev;
	struct fault_queue queues[2];
	atomic_uint asked;
};

/* Two threads ask, one for each queue answers. */
static void storm_run(struct test_threads *threads, unsigned int index, void *arg)
{
	struct iommu_hwpt_pgfault fault;
	struct storm *storm = arg;

	while (!test_threads_stopping(threads)) {
		if (index < 2) {
			/* Even if nobody is there to answer, the device gets its answer then. */
			if (!trigger(storm->dev, index))
				atomic_fetch_add(&storm->asked, 1);
			continue;
		}
		if (!fault_queue_next(&storm->queues[index - 2], &fault))
			fault_queue_answer(&storm->queues[index - 2], fault.cookie, SUCCESS);
	}
}

TEST_F(mock_fault_attach, every_request_has_one_answer)
{
	struct storm storm = { .dev = &self->dev, .queues = { self->queue, self->other } };
	const uint32_t targets[] = { self->hwpt_id, self->other_id };
	int64_t end = test_now_ms() + 2000;
	struct test_threads threads;
	unsigned int i;

	ASSERT_EQ(0, mock_device_attach(&self->dev, self->hwpt_id, NULL));
	ASSERT_EQ(0, test_threads_start(&threads, 4, storm_run, &storm));
	for (i = 0; test_now_ms() < end; i++)
		ASSERT_EQ(0, mock_device_attach(&self->dev, targets[i % 2], NULL));
	test_threads_stop(&threads);
	ASSERT_EQ(0, test_threads_join(&threads, JOIN_MS));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->plain_id, NULL));
	EXPECT_LT(0, atomic_load(&storm.asked));
	EXPECT_EQ(atomic_load(&storm.asked), answers(&self->dev));
}

TEST_F(mock_fault_attach, requests_race_with_leaving)
{
	struct storm storm = { .dev = &self->dev, .queues = { self->queue, self->other } };
	const uint32_t targets[] = { self->hwpt_id, self->plain_id, self->other_id };
	int64_t end = test_now_ms() + 2000;
	struct test_threads threads;
	unsigned int i;

	ASSERT_EQ(0, test_threads_start(&threads, 4, storm_run, &storm));
	for (i = 0; test_now_ms() < end; i++)
		ASSERT_EQ(0, mock_device_attach(&self->dev, targets[i % 3], NULL));
	test_threads_stop(&threads);
	ASSERT_EQ(0, test_threads_join(&threads, JOIN_MS));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->plain_id, NULL));
	/* Those that were refused have their answers too. */
	EXPECT_LE(atomic_load(&storm.asked), answers(&self->dev));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->hwpt_id, NULL));
	EXPECT_TRUE(works(&self->dev, &self->queue));
}

TEST_HARNESS_MAIN
