// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that end, are killed, execute another program, or hand a context to one another. The
 * pages that were pinned for them must all come back.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include "iommufd_child.h"
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_device.h"
#include "test_fault.h"
#include "test_memory.h"
#include "test_timeout.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define MEMORY_PAGES 256
#define MEMORY_SIZE (MEMORY_PAGES * PAGE)
#define BIG_SIZE (512UL << 20)
#define IOVA 0x100000UL

FIXTURE(process_end)
{
	struct test_device dev;
	struct iommufd_child child;
	int64_t pinned;
};

FIXTURE_SETUP(process_end)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	self->pinned = test_pinned_pages();
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_ATTACHED));
}

FIXTURE_TEARDOWN(process_end)
{
	test_device_teardown(&self->dev);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned))
		TH_LOG("%ld pages are still pinned", test_pinned_pages() - self->pinned);
}

static int map(const struct _test_data_process_end *self, const void *memory, uint64_t length)
{
	return iv_ioas_map(self->dev.iommufd, self->dev.ioas_id, memory, length, IOVA, IV_DMA_RW);
}

/* Maps memory of the child, says so, and waits until the parent is done with it. */
static int child_maps(struct iommufd_child *parent, void *arg)
{
	void *memory = test_memory_alloc(MEMORY_SIZE, PAGE);
	int number;

	iommufd_child_tell(parent, map(arg, memory, MEMORY_SIZE));
	return iommufd_child_hear(parent, &number);
}

static int64_t pinned_by_test(const struct _test_data_process_end *self)
{
	return test_pinned_pages() - self->pinned;
}

static int start_mapping_child(struct _test_data_process_end *self)
{
	int rc, mapped;

	rc = iommufd_child_start(&self->child, child_maps, self);
	return rc ?: iommufd_child_hear(&self->child, &mapped) ?: mapped;
}

TEST_F(process_end, mapping_outlives_the_process_that_made_it)
{
	ASSERT_EQ(0, start_mapping_child(self));
	ASSERT_EQ(0, iommufd_child_kill(&self->child));
	EXPECT_EQ(MEMORY_PAGES, pinned_by_test(self));
	EXPECT_EQ(0, iv_ioas_unmap(self->dev.iommufd, self->dev.ioas_id, IOVA, MEMORY_SIZE, NULL));
	EXPECT_EQ(0, pinned_by_test(self));
}

TEST_F(process_end, context_outlives_the_process_that_opened_it)
{
	ASSERT_EQ(0, start_mapping_child(self));
	test_device_close(&self->dev);
	EXPECT_EQ(MEMORY_PAGES, pinned_by_test(self));
	ASSERT_EQ(0, iommufd_child_tell(&self->child, 0));
	ASSERT_EQ(0, iommufd_child_finish(&self->child));
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
}

TEST_F(process_end, last_holder_killed_frees_everything)
{
	ASSERT_EQ(0, start_mapping_child(self));
	test_device_close(&self->dev);
	ASSERT_EQ(0, iommufd_child_kill(&self->child));
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
}

TEST_F(process_end, closing_context_first_keeps_the_pins_until_the_device_is_closed)
{
	void *memory = test_memory_alloc(MEMORY_SIZE, PAGE);

	ASSERT_NE(NULL, memory);
	ASSERT_EQ(0, map(self, memory, MEMORY_SIZE));
	close(self->dev.iommufd);
	self->dev.iommufd = -1;
	EXPECT_EQ(MEMORY_PAGES, pinned_by_test(self));
	close(self->dev.fd);
	self->dev.fd = -1;
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
}

TEST_F(process_end, closing_device_first_unpins)
{
	void *memory = test_memory_alloc(MEMORY_SIZE, PAGE);

	ASSERT_NE(NULL, memory);
	ASSERT_EQ(0, map(self, memory, MEMORY_SIZE));
	close(self->dev.fd);
	self->dev.fd = -1;
	EXPECT_EQ(0, pinned_by_test(self));
}

static int child_maps_big(struct iommufd_child *parent, void *arg)
{
	void *memory = test_memory_alloc(BIG_SIZE, PAGE);

	madvise(memory, BIG_SIZE, MADV_NOHUGEPAGE);
	iommufd_child_tell(parent, 0);
	return map(arg, memory, BIG_SIZE);
}

TEST_F(process_end, kill_during_a_big_map_is_prompt_and_leaves_nothing)
{
	int number;
	int64_t start;

	ASSERT_EQ(0, iommufd_child_start(&self->child, child_maps_big, self));
	ASSERT_EQ(0, iommufd_child_hear(&self->child, &number));
	ASSERT_TRUE(iommufd_child_is_stuck(&self->child));
	start = test_now_ms();
	ASSERT_EQ(0, iommufd_child_kill(&self->child));
	EXPECT_GT(test_timeout(1000), test_now_ms() - start);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
	EXPECT_TRUE(iommufd_ioas_is_empty(self->dev.iommufd, self->dev.ioas_id));
}

static int child_maps_unserved(struct iommufd_child *parent, void *arg)
{
	struct _test_data_process_end *self = arg;
	void *memory;
	int uffd = test_unserved_memory(MEMORY_SIZE, &memory);

	close(self->dev.fd);
	iommufd_child_tell(parent, uffd < 0 ? uffd : 0);
	return map(arg, memory, MEMORY_SIZE);
}

/* Returns when the child is in the middle of IOMMU_IOAS_MAP and will stay there. */
static int start_blocked_child(struct _test_data_process_end *self)
{
	int rc, number;

	rc = iommufd_child_start(&self->child, child_maps_unserved, self);
	rc = rc ?: iommufd_child_hear(&self->child, &number) ?: number;
	return rc ?: (iommufd_child_is_stuck(&self->child) ? 0 : -ENODATA);
}

TEST_F(process_end, kill_during_an_endless_page_fault_leaves_nothing)
{
	ASSERT_EQ(0, start_blocked_child(self));
	EXPECT_EQ(0, iommufd_child_kill(&self->child));
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
	EXPECT_TRUE(iommufd_ioas_is_empty(self->dev.iommufd, self->dev.ioas_id));
}

static int child_uses_others(struct iommufd_child *parent, void *arg)
{
	const struct _test_data_process_end *self = arg;
	static char page[PAGE] __attribute__((aligned(PAGE)));
	uint32_t own_ioas_id, ioas_id;
	int own;

	(void)parent;
	own = test_context_open(&own_ioas_id);
	return iv_ioas_alloc(self->dev.iommufd, &ioas_id) ?:
	       iv_ioas_map(self->dev.iommufd, ioas_id, page, PAGE, 0, IV_DMA_RW) ?:
	       iv_ioas_map(own, own_ioas_id, page, PAGE, 0, IV_DMA_RW) ?:
	       iv_iommufd_destroy(self->dev.iommufd, ioas_id);
}

TEST_F(process_end, endless_page_fault_stops_no_other_ioas)
{
	struct iommufd_child other;

	ASSERT_EQ(0, start_blocked_child(self));
	ASSERT_EQ(0, iommufd_child_start(&other, child_uses_others, self));
	EXPECT_EQ(0, iommufd_child_finish(&other));
	EXPECT_EQ(0, iommufd_child_kill(&self->child));
}

static int child_uses_the_ioas(struct iommufd_child *parent, void *arg)
{
	const struct _test_data_process_end *self = arg;
	static char page[PAGE] __attribute__((aligned(PAGE)));

	(void)parent;
	return iv_ioas_map(self->dev.iommufd, self->dev.ioas_id, page, PAGE, 0, IV_DMA_RW) ?:
	       iv_ioas_unmap(self->dev.iommufd, self->dev.ioas_id, 0, PAGE, NULL);
}

TEST_F(process_end, endless_page_fault_stops_no_other_mapping_of_the_ioas)
{
	struct iommufd_child other;

	ASSERT_EQ(0, start_blocked_child(self));
	ASSERT_EQ(0, iommufd_child_start(&other, child_uses_the_ioas, self));
	EXPECT_EQ(0, iommufd_child_finish(&other));
	EXPECT_EQ(0, iommufd_child_kill(&self->child));
}

static int child_closes_device(struct iommufd_child *parent, void *arg)
{
	struct _test_data_process_end *self = arg;
	int number, rc;

	rc = iommufd_child_hear(parent, &number);
	close(self->dev.fd);
	return rc;
}

TEST_F(process_end, endless_page_fault_stops_no_close_of_the_device)
{
	struct iommufd_child other;

	ASSERT_EQ(0, start_blocked_child(self));
	ASSERT_EQ(0, iommufd_child_start(&other, child_closes_device, self));
	close(self->dev.fd);
	self->dev.fd = -1;
	ASSERT_EQ(0, iommufd_child_tell(&other, 0));
	EXPECT_EQ(0, iommufd_child_finish(&other));
	EXPECT_EQ(0, iommufd_child_kill(&self->child));
}

static int child_executes(struct iommufd_child *parent, void *arg)
{
	const struct _test_data_process_end *self = arg;
	void *memory = test_memory_alloc(MEMORY_SIZE, PAGE);
	int null = open("/dev/null", O_WRONLY);
	int rc;

	rc = map(self, memory, MEMORY_SIZE);
	iommufd_child_tell(parent, rc);
	dup2(null, STDERR_FILENO);
	execl("/proc/self/exe", "process_end", "-h", NULL);
	return -errno;
}

TEST_F(process_end, exec_keeps_the_old_programs_memory_pinned_until_it_is_unmapped)
{
	int mapped, nothing;

	ASSERT_EQ(0, iommufd_child_start(&self->child, child_executes, self));
	ASSERT_EQ(0, iommufd_child_hear(&self->child, &mapped));
	ASSERT_EQ(0, mapped);
	/* The socket closes with the exec. */
	ASSERT_EQ(-EPIPE, iommufd_child_hear(&self->child, &nothing));
	EXPECT_EQ(MEMORY_PAGES, pinned_by_test(self));
	EXPECT_EQ(0, iv_ioas_unmap(self->dev.iommufd, self->dev.ioas_id, IOVA, MEMORY_SIZE, NULL));
	EXPECT_EQ(0, pinned_by_test(self));
	EXPECT_EQ(0, iommufd_child_kill(&self->child));
}

static int child_executes_alone(struct iommufd_child *parent, void *arg)
{
	int number, rc;

	rc = iommufd_child_hear(parent, &number);
	return rc ?: child_executes(parent, arg);
}

TEST_F(process_end, exec_of_the_last_holder_frees_everything)
{
	int mapped;

	ASSERT_EQ(0, iommufd_child_start(&self->child, child_executes_alone, self));
	test_device_close(&self->dev);
	ASSERT_EQ(0, iommufd_child_tell(&self->child, 0));
	ASSERT_EQ(0, iommufd_child_hear(&self->child, &mapped));
	ASSERT_EQ(0, mapped);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
	EXPECT_EQ(0, iommufd_child_kill(&self->child));
}

static int child_receives_and_unmaps(struct iommufd_child *parent, void *arg)
{
	int iommufd = iommufd_child_receive_fd(parent);
	uint32_t *ioas_id = arg;
	int number, rc;

	rc = iommufd_child_hear(parent, &number);
	*ioas_id = number;
	return iommufd < 0 ? iommufd : rc ?: iv_ioas_unmap(iommufd, *ioas_id, IOVA, MEMORY_SIZE,
							   NULL);
}

TEST_F(process_end, received_context_can_unmap_another_processes_memory)
{
	void *memory = test_memory_alloc(MEMORY_SIZE, PAGE);
	uint32_t ioas_id;

	ASSERT_NE(NULL, memory);
	ASSERT_EQ(0, map(self, memory, MEMORY_SIZE));
	ASSERT_EQ(0, iommufd_child_start(&self->child, child_receives_and_unmaps, &ioas_id));
	ASSERT_EQ(0, iommufd_child_send_fd(&self->child, self->dev.iommufd));
	ASSERT_EQ(0, iommufd_child_tell(&self->child, self->dev.ioas_id));
	EXPECT_EQ(0, iommufd_child_finish(&self->child));
	EXPECT_EQ(0, pinned_by_test(self));
}

static int child_only_waits(struct iommufd_child *parent, void *arg)
{
	test_device_close(arg);
	iommufd_child_tell(parent, 0);
	test_sleep_ms(IOMMUFD_CHILD_TIMEOUT_MS);
	return 0;
}

TEST_F(process_end, context_in_a_socket_that_nobody_reads_is_freed)
{
	void *memory = test_memory_alloc(MEMORY_SIZE, PAGE);
	int number;

	ASSERT_NE(NULL, memory);
	ASSERT_EQ(0, map(self, memory, MEMORY_SIZE));
	ASSERT_EQ(0, iommufd_child_start(&self->child, child_only_waits, &self->dev));
	ASSERT_EQ(0, iommufd_child_hear(&self->child, &number));
	ASSERT_EQ(0, iommufd_child_send_fd(&self->child, self->dev.iommufd));
	ASSERT_EQ(0, iommufd_child_send_fd(&self->child, self->dev.fd));
	test_device_close(&self->dev);
	EXPECT_EQ(MEMORY_PAGES, pinned_by_test(self));
	EXPECT_EQ(0, iommufd_child_kill(&self->child));
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
}

TEST_HARNESS_MAIN
