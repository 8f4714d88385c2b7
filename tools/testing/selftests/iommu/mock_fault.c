// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fault queues: making them, reading devices' page requests from them, and answering.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "fault_queue.h"
#include "iommufd_ioctl.h"
#include "iv.h"
#include "test_fault.h"
#include "test_memory.h"
#include "test_thread.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define QUEUE_MAX 4096
#define WAIT_MS 20000

static const struct fault_request request = {
	.grpid = 5, .perm = IOMMU_PGFAULT_PERM_READ, .addr = 0x1000000,
};

FIXTURE(mock_fault)
{
	int fd;
	uint32_t ioas_id;
	uint32_t hwpt_id;
	struct fault_queue queue;
	struct mock_device dev;
};

/* A device that is attached to a page table with a queue */
FIXTURE_SETUP(mock_fault)
{
	ASSERT_EQ(0, mock_module_load());
	self->fd = iv_iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &self->ioas_id));
	ASSERT_EQ(0, mock_device_create(&self->dev, self->fd, self->ioas_id, 0));
	ASSERT_EQ(0, fault_queue_alloc(self->fd, &self->queue));
	ASSERT_EQ(0, fault_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id, self->queue.id, 0,
				      &self->hwpt_id));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->hwpt_id, NULL));
}

/* Whatever a test leaves behind, closing the files is enough. */
FIXTURE_TEARDOWN(mock_fault)
{
	if (self->queue.fd >= 0)
		EXPECT_EQ(0, close(self->queue.fd));
	if (self->fd >= 0)
		EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, mock_module_unload());
}

static int trigger(const struct mock_device *dev, uint32_t grpid)
{
	struct fault_request one = request;

	one.grpid = grpid;
	return mock_device_request(dev, &one, true);
}

/* How many answers the device has had, or a negative errno */
static int answers(const struct mock_device *dev)
{
	struct fault_answer answer;
	int rc = mock_device_answer(dev, &answer);

	return rc ?: (int)answer.count;
}

/* Whether the last answer is this */
static bool answered(const struct mock_device *dev, uint32_t count, uint32_t grpid, uint32_t code)
{
	struct fault_answer answer;

	return !mock_device_answer(dev, &answer) && answer.count == count &&
	       answer.grpid == grpid && answer.code == code;
}

TEST_F(mock_fault, alloc_checks_its_structure)
{
	struct { struct iommu_fault_alloc cmd; uint32_t more; } arg = {
		.cmd = { .size = sizeof(arg.cmd), .flags = 1 },
	};

	EXPECT_EQ(-EOPNOTSUPP, iommufd_ioctl(self->fd, IOMMU_FAULT_QUEUE_ALLOC, &arg));
	arg.cmd.flags = 0;
	arg.cmd.size = sizeof(arg.cmd) - 1;
	EXPECT_EQ(-EINVAL, iommufd_ioctl(self->fd, IOMMU_FAULT_QUEUE_ALLOC, &arg));
	arg.cmd.size = sizeof(arg);
	arg.more = 1;
	EXPECT_EQ(-E2BIG, iommufd_ioctl(self->fd, IOMMU_FAULT_QUEUE_ALLOC, &arg));
	arg.more = 0;
	EXPECT_EQ(0, iommufd_ioctl(self->fd, IOMMU_FAULT_QUEUE_ALLOC, &arg));
	EXPECT_EQ(0, close(arg.cmd.out_fault_fd));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, arg.cmd.out_fault_id));
}

TEST_F(mock_fault, alloc_that_cannot_tell_its_result_leaves_nothing)
{
	struct iommu_fault_alloc cmd = { .size = sizeof(cmd) };
	struct iommufd_guard guard;
	void *arg;
	int next = dup(0);

	ASSERT_EQ(0, close(next));
	ASSERT_EQ(0, iommufd_guard_setup(&guard));
	arg = iommufd_guard_place(&guard, &cmd, sizeof(cmd));
	ASSERT_EQ(0, iommufd_guard_make_readonly(&guard));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->fd, IOMMU_FAULT_QUEUE_ALLOC, arg));
	iommufd_guard_teardown(&guard);
	EXPECT_EQ(-ENOENT, iv_iommufd_destroy(self->fd, self->hwpt_id + 1));
	EXPECT_EQ(next, dup(0));
	EXPECT_EQ(0, close(next));
}

TEST_F(mock_fault, alloc_needs_a_free_descriptor)
{
	struct rlimit none = { 0, 0 };
	struct fault_queue queue;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	EXPECT_EQ(-EMFILE, fault_queue_alloc(self->fd, &queue));
}

TEST_F(mock_fault, file_is_closed_on_exec)
{
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->queue.fd, F_GETFD));
	EXPECT_EQ(O_RDWR, fcntl(self->queue.fd, F_GETFL) & O_ACCMODE);
}

TEST_F(mock_fault, file_has_no_position)
{
	struct iommu_hwpt_pgfault fault;

	EXPECT_EQ(-1, lseek(self->queue.fd, 0, SEEK_SET));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, pread(self->queue.fd, &fault, sizeof(fault), 0));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, pwrite(self->queue.fd, &fault, 8, 0));
	EXPECT_EQ(ESPIPE, errno);
}

TEST_F(mock_fault, read_takes_whole_records)
{
	char buffer[128];

	ASSERT_EQ(0, trigger(&self->dev, 1));
	EXPECT_EQ(-ESPIPE, fault_queue_read(&self->queue, buffer, 39));
	EXPECT_EQ(-ESPIPE, fault_queue_read(&self->queue, buffer, 41));
	EXPECT_EQ(0, fault_queue_read(&self->queue, buffer, 0));
	EXPECT_EQ(40, fault_queue_read(&self->queue, buffer, 80));
}

TEST_F(mock_fault, write_takes_whole_records)
{
	char buffer[128] = { 0 };

	EXPECT_EQ(-ESPIPE, fault_queue_write(&self->queue, buffer, 7));
	EXPECT_EQ(-ESPIPE, fault_queue_write(&self->queue, buffer, 12));
	EXPECT_EQ(0, fault_queue_write(&self->queue, buffer, 0));
}

TEST_F(mock_fault, read_never_waits)
{
	struct iommu_hwpt_pgfault fault;

	EXPECT_EQ(0, fault_queue_read(&self->queue, &fault, sizeof(fault)));
}

TEST_F(mock_fault, poll_tells_of_what_is_unread)
{
	struct iommu_hwpt_pgfault fault;

	EXPECT_EQ(POLLOUT, fault_queue_poll(&self->queue));
	ASSERT_EQ(0, trigger(&self->dev, 1));
	EXPECT_EQ(POLLIN | POLLOUT, fault_queue_poll(&self->queue));
	ASSERT_EQ(0, fault_queue_next(&self->queue, &fault));
	EXPECT_EQ(POLLOUT, fault_queue_poll(&self->queue));
}

static void trigger_later(struct test_threads *threads, unsigned int index, void *arg)
{
	(void)index;
	usleep(100000);
	if (!trigger(arg, 1))
		atomic_fetch_add(&threads->rounds, 1);
}

TEST_F(mock_fault, request_wakes_a_poller)
{
	struct pollfd pfd = { .fd = self->queue.fd, .events = POLLIN };
	struct test_threads threads;

	ASSERT_EQ(0, test_threads_start(&threads, 1, trigger_later, &self->dev));
	EXPECT_EQ(1, poll(&pfd, 1, WAIT_MS));
	EXPECT_EQ(POLLIN, pfd.revents);
	EXPECT_EQ(0, test_threads_join(&threads, WAIT_MS));
	EXPECT_EQ(1, atomic_load(&threads.rounds));
}

TEST_F(mock_fault, request_is_read_as_it_was_made)
{
	const struct fault_request all = {
		.grpid = 0x1ff, .addr = 0x123456789000,
		.perm = IOMMU_PGFAULT_PERM_READ | IOMMU_PGFAULT_PERM_WRITE |
			IOMMU_PGFAULT_PERM_EXEC | IOMMU_PGFAULT_PERM_PRIV,
	};
	struct iommu_hwpt_pgfault fault;

	memset(&fault, 0xff, sizeof(fault));
	ASSERT_EQ(0, mock_device_request(&self->dev, &all, true));
	ASSERT_EQ(0, fault_queue_next(&self->queue, &fault));
	EXPECT_EQ(IOMMU_PGFAULT_FLAGS_LAST_PAGE, fault.flags);
	EXPECT_EQ(self->dev.devid, fault.dev_id);
	EXPECT_EQ(0, fault.pasid);
	EXPECT_EQ(0x1ff, fault.grpid);
	EXPECT_EQ(15, fault.perm);
	EXPECT_EQ(0, fault.__reserved);
	EXPECT_EQ(0x123456789000, fault.addr);
	EXPECT_EQ(0, fault.length);
	EXPECT_NE(0, fault.cookie);
}

TEST_F(mock_fault, answer_reaches_the_device_once)
{
	struct iommu_hwpt_pgfault fault;

	ASSERT_EQ(0, trigger(&self->dev, 7));
	ASSERT_EQ(0, fault_queue_next(&self->queue, &fault));
	EXPECT_EQ(0, answers(&self->dev));
	ASSERT_EQ(0, fault_queue_answer(&self->queue, fault.cookie, IOMMUFD_PAGE_RESP_SUCCESS));
	EXPECT_TRUE(answered(&self->dev, 1, 7, IOMMUFD_PAGE_RESP_SUCCESS));
	EXPECT_EQ(-EINVAL, fault_queue_answer(&self->queue, fault.cookie, 0));
	EXPECT_EQ(1, answers(&self->dev));
}

TEST_F(mock_fault, answer_may_be_no)
{
	struct iommu_hwpt_pgfault fault;

	ASSERT_EQ(0, trigger(&self->dev, 7));
	ASSERT_EQ(0, fault_queue_next(&self->queue, &fault));
	ASSERT_EQ(0, fault_queue_answer(&self->queue, fault.cookie, IOMMUFD_PAGE_RESP_INVALID));
	EXPECT_TRUE(answered(&self->dev, 1, 7, IOMMUFD_PAGE_RESP_INVALID));
}

TEST_F(mock_fault, wrong_answers_change_nothing)
{
	struct iommu_hwpt_pgfault fault;

	ASSERT_EQ(0, trigger(&self->dev, 7));
	ASSERT_EQ(0, fault_queue_next(&self->queue, &fault));
	EXPECT_EQ(-EINVAL, fault_queue_answer(&self->queue, fault.cookie, 2));
	EXPECT_EQ(-EINVAL, fault_queue_answer(&self->queue, fault.cookie, -1));
	EXPECT_EQ(-EINVAL, fault_queue_answer(&self->queue, fault.cookie + 1, 0));
	EXPECT_EQ(-EINVAL, fault_queue_answer(&self->queue, 0, 0));
	EXPECT_EQ(-EFAULT, fault_queue_write(&self->queue, (void *)8, 8));
	EXPECT_EQ(0, answers(&self->dev));
	EXPECT_EQ(0, fault_queue_answer(&self->queue, fault.cookie, 0));
}

TEST_F(mock_fault, unread_request_cannot_be_answered)
{
	struct iommu_hwpt_pgfault first, second;

	ASSERT_EQ(0, trigger(&self->dev, 1));
	ASSERT_EQ(0, trigger(&self->dev, 2));
	ASSERT_EQ(0, fault_queue_next(&self->queue, &first));
	EXPECT_EQ(-EINVAL, fault_queue_answer(&self->queue, first.cookie + 1, 0));
	EXPECT_EQ(0, answers(&self->dev));
	ASSERT_EQ(0, fault_queue_next(&self->queue, &second));
	EXPECT_EQ(first.cookie + 1, second.cookie);
	EXPECT_EQ(0, fault_queue_answer(&self->queue, second.cookie, 0));
	EXPECT_TRUE(answered(&self->dev, 1, 2, 0));
}

TEST_F(mock_fault, write_counts_up_to_the_wrong_answer)
{
	struct iommu_hwpt_page_response responses[4] = { };
	struct iommu_hwpt_pgfault fault;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, trigger(&self->dev, i));
		ASSERT_EQ(0, fault_queue_next(&self->queue, &fault));
		responses[i < 2 ? i : 3].cookie = fault.cookie;
	}
	EXPECT_EQ(16, fault_queue_write(&self->queue, responses, sizeof(responses)));
	EXPECT_EQ(2, answers(&self->dev));
	EXPECT_EQ(-EINVAL, fault_queue_write(&self->queue, responses + 2, 16));
	EXPECT_EQ(8, fault_queue_write(&self->queue, responses + 3, 8));
	EXPECT_EQ(3, answers(&self->dev));
}

static int trigger_group(const struct mock_device *dev, uint32_t grpid, unsigned int count)
{
	struct fault_request one = { .grpid = grpid, .perm = IOMMU_PGFAULT_PERM_READ };
	int rc = 0;

	while (count-- && !rc) {
		one.addr += PAGE;
		rc = mock_device_request(dev, &one, !count);
	}
	return rc;
}

TEST_F(mock_fault, group_is_read_and_answered_as_a_whole)
{
	struct iommu_hwpt_pgfault faults[4];
	unsigned int i;

	ASSERT_EQ(0, trigger_group(&self->dev, 3, 3));
	EXPECT_EQ(0, fault_queue_read(&self->queue, faults, 2 * sizeof(*faults)));
	ASSERT_EQ(3 * sizeof(*faults), fault_queue_read(&self->queue, faults, sizeof(faults)));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(i == 2 ? IOMMU_PGFAULT_FLAGS_LAST_PAGE : 0, faults[i].flags);
		EXPECT_EQ(PAGE * (i + 1), faults[i].addr);
		EXPECT_EQ(faults[2].cookie, faults[i].cookie);
	}
	EXPECT_EQ(0, fault_queue_answer(&self->queue, faults[2].cookie, 0));
	EXPECT_EQ(1, answers(&self->dev));
}

TEST_F(mock_fault, incomplete_group_is_not_read)
{
	struct iommu_hwpt_pgfault fault;

	ASSERT_EQ(0, mock_device_request(&self->dev, &request, false));
	EXPECT_EQ(POLLOUT, fault_queue_poll(&self->queue));
	ASSERT_EQ(0, trigger(&self->dev, request.grpid + 1));
	EXPECT_EQ(0, fault_queue_next(&self->queue, &fault));
	EXPECT_EQ(request.grpid + 1, fault.grpid);
	EXPECT_EQ(POLLOUT, fault_queue_poll(&self->queue));
}

TEST_F(mock_fault, read_stops_at_a_group_that_does_not_fit)
{
	struct iommu_hwpt_pgfault faults[4];

	ASSERT_EQ(0, trigger(&self->dev, 1));
	ASSERT_EQ(0, trigger(&self->dev, 2));
	ASSERT_EQ(0, trigger_group(&self->dev, 3, 3));
	ASSERT_EQ(2 * sizeof(*faults), fault_queue_read(&self->queue, faults, sizeof(faults)));
	EXPECT_EQ(1, faults[0].grpid);
	EXPECT_EQ(2, faults[1].grpid);
	ASSERT_EQ(3 * sizeof(*faults), fault_queue_read(&self->queue, faults, sizeof(faults)));
	EXPECT_EQ(3, faults[0].grpid);
}

TEST_F(mock_fault, failed_read_loses_nothing)
{
	struct iommu_hwpt_pgfault fault;
	struct iommufd_guard guard;

	ASSERT_EQ(0, iommufd_guard_setup(&guard));
	ASSERT_EQ(0, trigger(&self->dev, 1));
	ASSERT_EQ(0, trigger(&self->dev, 2));
	EXPECT_EQ(-EFAULT, fault_queue_read(&self->queue, (void *)8, sizeof(fault)));
	EXPECT_EQ(sizeof(fault), fault_queue_read(&self->queue, guard.page + PAGE - sizeof(fault),
						  2 * sizeof(fault)));
	EXPECT_EQ(POLLIN | POLLOUT, fault_queue_poll(&self->queue));
	ASSERT_EQ(0, fault_queue_next(&self->queue, &fault));
	EXPECT_EQ(2, fault.grpid);
	EXPECT_EQ(0, fault_queue_answer(&self->queue, fault.cookie, 0));
	iommufd_guard_teardown(&guard);
}

TEST_F(mock_fault, cookies_are_not_used_again_soon)
{
	struct iommu_hwpt_pgfault fault;
	uint32_t last = 0;
	unsigned int i;

	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, trigger(&self->dev, 1));
		ASSERT_EQ(0, fault_queue_next(&self->queue, &fault));
		EXPECT_EQ(last + 1, fault.cookie);
		ASSERT_EQ(0, fault_queue_answer(&self->queue, fault.cookie, 0));
		last = fault.cookie;
	}
}

TEST_F(mock_fault, full_queue_answers_for_itself)
{
	struct iommu_hwpt_pgfault fault;
	unsigned int i;

	for (i = 0; i < QUEUE_MAX; i++)
		ASSERT_EQ(0, trigger(&self->dev, 1));
	EXPECT_EQ(0, answers(&self->dev));
	ASSERT_EQ(0, trigger(&self->dev, 2));
	EXPECT_TRUE(answered(&self->dev, 1, 2, IOMMUFD_PAGE_RESP_INVALID));
	/* Reading isn't answering. */
	ASSERT_EQ(0, fault_queue_next(&self->queue, &fault));
	ASSERT_EQ(0, trigger(&self->dev, 3));
	EXPECT_TRUE(answered(&self->dev, 2, 3, IOMMUFD_PAGE_RESP_INVALID));
	ASSERT_EQ(0, fault_queue_answer(&self->queue, fault.cookie, 0));
	ASSERT_EQ(0, trigger(&self->dev, 4));
	EXPECT_EQ(3, answers(&self->dev));
	ASSERT_EQ(0, trigger_group(&self->dev, 5, 2));
	EXPECT_TRUE(answered(&self->dev, 4, 5, IOMMUFD_PAGE_RESP_INVALID));
}

TEST_F(mock_fault, group_larger_than_the_queue_is_refused)
{
	ASSERT_EQ(0, trigger_group(&self->dev, 9, QUEUE_MAX + 1));
	EXPECT_TRUE(answered(&self->dev, 1, 9, IOMMUFD_PAGE_RESP_INVALID));
	EXPECT_EQ(POLLOUT, fault_queue_poll(&self->queue));
	ASSERT_EQ(0, trigger_group(&self->dev, 9, QUEUE_MAX));
	EXPECT_EQ(POLLIN | POLLOUT, fault_queue_poll(&self->queue));
}

TEST_F(mock_fault, destroy_needs_the_queue_unused)
{
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->fd, self->queue.id));
	ASSERT_EQ(0, close(self->queue.fd));
	self->queue.fd = -1;
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->fd, self->queue.id));
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->fd, self->hwpt_id));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->ioas_id, NULL));
	ASSERT_EQ(0, iv_iommufd_destroy(self->fd, self->hwpt_id));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->queue.id));
	EXPECT_EQ(-ENOENT, iv_iommufd_destroy(self->fd, self->queue.id));
}

TEST_F(mock_fault, destroy_needs_the_file_closed)
{
	struct fault_queue queue;

	ASSERT_EQ(0, fault_queue_alloc(self->fd, &queue));
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->fd, queue.id));
	ASSERT_EQ(0, close(queue.fd));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, queue.id));
}

TEST_F(mock_fault, closed_queue_answers_for_itself)
{
	struct iommu_hwpt_pgfault fault;

	ASSERT_EQ(0, trigger(&self->dev, 1));
	ASSERT_EQ(0, fault_queue_next(&self->queue, &fault));
	ASSERT_EQ(0, trigger(&self->dev, 2));
	EXPECT_EQ(0, answers(&self->dev));
	ASSERT_EQ(0, close(self->queue.fd));
	self->queue.fd = -1;
	EXPECT_TRUE(answered(&self->dev, 2, 2, IOMMUFD_PAGE_RESP_INVALID));
	ASSERT_EQ(0, trigger(&self->dev, 3));
	EXPECT_TRUE(answered(&self->dev, 3, 3, IOMMUFD_PAGE_RESP_INVALID));
}

TEST_F(mock_fault, context_ends_without_its_queues_file)
{
	struct iommu_hwpt_pgfault fault;

	ASSERT_EQ(0, trigger(&self->dev, 1));
	ASSERT_EQ(0, fault_queue_next(&self->queue, &fault));
	ASSERT_EQ(0, trigger(&self->dev, 2));
	ASSERT_EQ(0, close(self->fd));
	self->fd = -1;
	EXPECT_EQ(POLLHUP | POLLOUT, fault_queue_poll(&self->queue));
	EXPECT_EQ(-EINVAL, fault_queue_answer(&self->queue, fault.cookie, 0));
	EXPECT_EQ(0, fault_queue_read(&self->queue, &fault, sizeof(fault)));
	/* The context's devices and page tables are gone, so nothing holds the module. */
	EXPECT_EQ(0, mock_module_unload());
	EXPECT_EQ(0, mock_module_load());
}

struct stuck_reader {
	struct fault_queue *queue;
	void *memory;
};

static void read_into_unserved(struct test_threads *threads, unsigned int index, void *arg)
{
	struct stuck_reader *reader = arg;

	(void)index;
	fault_queue_read(reader->queue, reader->memory, sizeof(struct iommu_hwpt_pgfault));
	atomic_fetch_add(&threads->rounds, 1);
}

TEST_F(mock_fault, stuck_reader_holds_nobody_up)
{
	struct stuck_reader reader = { .queue = &self->queue };
	struct pollfd pfd = { .events = POLLIN };
	struct iommu_hwpt_pgfault fault;
	struct test_threads threads;

	pfd.fd = test_unserved_memory(PAGE, &reader.memory);
	if (pfd.fd < 0)
		SKIP(return, "no userfaultfd: %d", pfd.fd);
	ASSERT_EQ(0, trigger(&self->dev, 1));
	ASSERT_EQ(0, test_threads_start(&threads, 1, read_into_unserved, &reader));
	ASSERT_EQ(1, poll(&pfd, 1, WAIT_MS));

	ASSERT_EQ(0, trigger(&self->dev, 2));
	ASSERT_EQ(0, fault_queue_next(&self->queue, &fault));
	EXPECT_EQ(2, fault.grpid);
	EXPECT_EQ(0, fault_queue_answer(&self->queue, fault.cookie, 0));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->ioas_id, NULL));
	EXPECT_TRUE(answered(&self->dev, 2, 1, IOMMUFD_PAGE_RESP_INVALID));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->hwpt_id));
	EXPECT_EQ(0, mock_device_destroy(&self->dev));
	EXPECT_EQ(0, atomic_load(&threads.rounds));

	test_unserved_release(pfd.fd, reader.memory, PAGE);
	EXPECT_EQ(0, test_threads_join(&threads, WAIT_MS));
}

TEST_HARNESS_MAIN
