// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that share a requester ID with those of other contexts, told apart by PASIDs.
 */
#include <errno.h>
#include <unistd.h>
#include "iommufd_child.h"
#include "iommufd_ioctl.h"
#include "iommufd_pasid.h"
#include "iommufd_state.h"
#include "iv.h"
#include "mock_vfio.h"
#include "test_memory.h"
#include "test_thread.h"
#include "kselftest_harness.h"

#define IOVA MOCK_APERTURE_START
#define PAGE 4096UL
#define SHARED IOMMU_PASID_SCOPE_SHARED
#define JOIN_MS 20000

/**
 * struct tenant - a context with a device
 * @iommufd: the context
 * @fd: the device
 * @devid: its number
 * @ioas_id: an address space that maps @memory at IOVA
 * @other_id: another one, that maps the page behind it
 * @memory: two pages
 */
struct tenant {
	int iommufd;
	int fd;
	uint32_t devid;
	uint32_t ioas_id;
	uint32_t other_id;
	char *memory;
};

static int tenant_setup(struct tenant *t, unsigned int nr, char *memory)
{
	t->memory = memory;
	t->iommufd = iv_iommufd_open();
	t->fd = mock_vfio_open(MOCK_VFIO_QUEUE, nr);
	if (t->iommufd < 0 || t->fd < 0)
		return -ENODEV;
	return iv_ioas_alloc(t->iommufd, &t->ioas_id) ?:
	       iv_ioas_alloc(t->iommufd, &t->other_id) ?:
	       iv_ioas_map(t->iommufd, t->ioas_id, memory, PAGE, IOVA, IV_DMA_RW) ?:
	       iv_ioas_map(t->iommufd, t->other_id, memory + PAGE, PAGE, IOVA, IV_DMA_RW) ?:
	       iv_device_bind(t->fd, t->iommufd, &t->devid);
}

static void tenant_close(struct tenant *t)
{
	if (t->fd >= 0)
		close(t->fd);
	if (t->iommufd >= 0)
		close(t->iommufd);
	t->fd = -1;
	t->iommufd = -1;
}

FIXTURE(pasid_queue)
{
	struct tenant a;
	struct tenant b;
	char *memory;
	int64_t pinned;
};

FIXTURE_SETUP(pasid_queue)
{
	ASSERT_EQ(0, mock_vfio_load());
	self->memory = test_memory_alloc(4 * PAGE, PAGE);
	ASSERT_NE(NULL, self->memory);
	self->pinned = test_pinned_pages();
	ASSERT_EQ(0, tenant_setup(&self->a, 0, self->memory));
	ASSERT_EQ(0, tenant_setup(&self->b, 1, self->memory + 2 * PAGE));
}

FIXTURE_TEARDOWN(pasid_queue)
{
	tenant_close(&self->a);
	tenant_close(&self->b);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
	test_memory_free(self->memory, 4 * PAGE);
	EXPECT_EQ(0, mock_vfio_unload());
}

static int write_one(const struct tenant *t, uint32_t pasid)
{
	return mock_vfio_write(t->fd, pasid, IOVA, "x", 1);
}

static int write_own(const struct tenant *t)
{
	return write_one(t, mock_vfio_own_pasid(t->fd));
}

/* Whether only this page of the four has changed since they were all 0; they are again then. */
static bool only_page_changed(struct _test_data_pasid_queue *self, unsigned int nr)
{
	bool right = self->memory[nr * PAGE] == 'x';
	unsigned int i;

	for (i = 0; i < 4; i++)
		if (i != nr && !test_memory_is(self->memory + i * PAGE, PAGE, 0))
			right = false;
	memset(self->memory, 0, 4 * PAGE);
	return right;
}

TEST_F(pasid_queue, each_has_a_pasid_of_its_own)
{
	uint32_t a = mock_vfio_own_pasid(self->a.fd), b = mock_vfio_own_pasid(self->b.fd);

	EXPECT_NE(0, a);
	EXPECT_NE(0, b);
	EXPECT_NE(a, b);
}

TEST_F(pasid_queue, is_blocked_until_attached)
{
	EXPECT_EQ(-EPERM, write_own(&self->a));
	ASSERT_EQ(0, iv_device_attach(self->a.fd, self->a.ioas_id));
	EXPECT_EQ(0, write_own(&self->a));
	EXPECT_EQ(-EPERM, write_own(&self->b));
	ASSERT_EQ(0, iv_device_detach(self->a.fd));
	EXPECT_EQ(-EPERM, write_own(&self->a));
}

TEST_F(pasid_queue, dma_reaches_its_tenants_memory_only)
{
	ASSERT_EQ(0, iv_device_attach(self->a.fd, self->a.ioas_id));
	ASSERT_EQ(0, iv_device_attach(self->b.fd, self->b.ioas_id));
	memset(self->memory, 0, 4 * PAGE);
	ASSERT_EQ(0, write_own(&self->a));
	EXPECT_TRUE(only_page_changed(self, 0));
	ASSERT_EQ(0, write_own(&self->b));
	EXPECT_TRUE(only_page_changed(self, 2));
	tenant_close(&self->a);
	ASSERT_EQ(0, write_own(&self->b));
	EXPECT_TRUE(only_page_changed(self, 2));
}

TEST_F(pasid_queue, another_tenants_pasid_is_refused)
{
	uint32_t b = mock_vfio_own_pasid(self->b.fd);
	struct iv_pasid pasid;

	ASSERT_EQ(0, iv_device_attach(self->a.fd, self->a.ioas_id));
	ASSERT_EQ(0, iv_device_attach(self->b.fd, self->b.ioas_id));
	ASSERT_EQ(0, iv_pasid_alloc(self->b.iommufd, self->b.devid, SHARED, &pasid));
	ASSERT_EQ(0, iv_device_attach_pasid(self->b.fd, self->b.ioas_id, pasid.pasid));
	EXPECT_EQ(-EPERM, write_one(&self->a, b));
	EXPECT_EQ(-EPERM, write_one(&self->a, pasid.pasid));
	EXPECT_EQ(-EPERM, write_one(&self->a, 0));
	EXPECT_EQ(-EPERM, write_one(&self->a, pasid.pasid + 1));
	EXPECT_TRUE(test_memory_is(self->memory, 4 * PAGE, 0));
	EXPECT_EQ(-EPERM, iv_device_attach_pasid(self->a.fd, self->a.ioas_id, b));
	EXPECT_EQ(-EPERM, iv_device_attach_pasid(self->a.fd, self->a.ioas_id, pasid.pasid));
	EXPECT_EQ(-EPERM, iv_device_attach_pasid(self->a.fd, self->a.ioas_id, pasid.pasid + 1));
	EXPECT_EQ(0, iv_device_detach_pasid(self->a.fd, b));
	EXPECT_EQ(0, write_own(&self->b));
}

TEST_F(pasid_queue, further_pasids_have_memory_of_their_own)
{
	struct iv_pasid pasid;

	ASSERT_EQ(0, iv_pasid_alloc(self->a.iommufd, self->a.devid, SHARED, &pasid));
	ASSERT_EQ(0, iv_device_attach(self->a.fd, self->a.ioas_id));
	EXPECT_EQ(-EPERM, write_one(&self->a, pasid.pasid));
	ASSERT_EQ(0, iv_device_attach_pasid(self->a.fd, self->a.other_id, pasid.pasid));
	memset(self->memory, 0, 4 * PAGE);
	ASSERT_EQ(0, write_one(&self->a, pasid.pasid));
	EXPECT_TRUE(only_page_changed(self, 1));
	ASSERT_EQ(0, write_own(&self->a));
	EXPECT_TRUE(only_page_changed(self, 0));
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->a.iommufd, pasid.id));
	ASSERT_EQ(0, iv_device_detach_pasid(self->a.fd, pasid.pasid));
	EXPECT_EQ(-EPERM, write_one(&self->a, pasid.pasid));
	EXPECT_EQ(0, iv_iommufd_destroy(self->a.iommufd, pasid.id));
	EXPECT_EQ(-EPERM, write_one(&self->a, pasid.pasid));
	EXPECT_EQ(0, write_own(&self->a));
}

TEST_F(pasid_queue, own_pasid_may_be_named)
{
	uint32_t own = mock_vfio_own_pasid(self->a.fd);

	ASSERT_EQ(0, iv_device_attach_pasid(self->a.fd, self->a.ioas_id, own));
	EXPECT_EQ(0, write_own(&self->a));
	ASSERT_EQ(0, iv_device_attach(self->a.fd, self->a.other_id));
	memset(self->memory, 0, 4 * PAGE);
	EXPECT_EQ(0, write_own(&self->a));
	EXPECT_TRUE(only_page_changed(self, 1));
	ASSERT_EQ(0, iv_device_detach_pasid(self->a.fd, own));
	EXPECT_EQ(-EPERM, write_own(&self->a));
}

TEST_F(pasid_queue, freed_pasid_is_drained_first)
{
	struct iv_pasid pasid;

	ASSERT_EQ(0, iv_pasid_alloc(self->a.iommufd, self->a.devid, SHARED, &pasid));
	EXPECT_EQ(0, mock_vfio_drained(self->a.fd));
	ASSERT_EQ(0, iv_iommufd_destroy(self->a.iommufd, pasid.id));
	EXPECT_EQ(1, mock_vfio_drained(self->a.fd));
	EXPECT_EQ(0, mock_vfio_drained(self->b.fd));
}

TEST_F(pasid_queue, guest_numbers_are_the_tenants_own)
{
	struct iv_pasid a, b;

	ASSERT_EQ(0, iv_pasid_alloc_guest(self->a.iommufd, self->a.devid, SHARED, 5, &a));
	ASSERT_EQ(0, iv_pasid_alloc_guest(self->b.iommufd, self->b.devid, SHARED, 5, &b));
	EXPECT_NE(a.pasid, b.pasid);
	ASSERT_EQ(0, iv_device_attach_pasid(self->a.fd, self->a.ioas_id, a.pasid));
	ASSERT_EQ(0, iv_device_attach_pasid(self->b.fd, self->b.ioas_id, b.pasid));
	memset(self->memory, 0, 4 * PAGE);
	ASSERT_EQ(0, mock_vfio_write_guest(self->a.fd, 5, IOVA, "x", 1));
	EXPECT_TRUE(only_page_changed(self, 0));
	ASSERT_EQ(0, mock_vfio_write_guest(self->b.fd, 5, IOVA, "x", 1));
	EXPECT_TRUE(only_page_changed(self, 2));
	EXPECT_EQ(-ENOENT, mock_vfio_write_guest(self->a.fd, 6, IOVA, "x", 1));
	EXPECT_EQ(-ENOENT, mock_vfio_write_guest(self->a.fd, b.pasid, IOVA, "x", 1));
	ASSERT_EQ(0, iv_device_detach_pasid(self->a.fd, a.pasid));
	ASSERT_EQ(0, iv_iommufd_destroy(self->a.iommufd, a.id));
	EXPECT_EQ(-ENOENT, mock_vfio_write_guest(self->a.fd, 5, IOVA, "x", 1));
	EXPECT_EQ(0, mock_vfio_write_guest(self->b.fd, 5, IOVA, "x", 1));
}

TEST_F(pasid_queue, scope_must_be_shared)
{
	struct iv_pasid pasid;

	EXPECT_EQ(-EINVAL, iv_pasid_alloc(self->a.iommufd, self->a.devid,
					  IOMMU_PASID_SCOPE_EXCLUSIVE, &pasid));
	EXPECT_EQ(-ENOENT, iv_pasid_alloc(self->a.iommufd, 9999, SHARED, &pasid));
}

TEST_F(pasid_queue, quota_counts_its_own_pasid)
{
	struct iv_pasid pasid;
	unsigned int old;
	int fd;

	ASSERT_EQ(0, iommufd_pasid_limit(2, &old));
	EXPECT_EQ(0, iv_pasid_alloc(self->a.iommufd, self->a.devid, SHARED, &pasid));
	EXPECT_EQ(-EDQUOT, iv_pasid_alloc(self->a.iommufd, self->a.devid, SHARED, &pasid));
	fd = mock_vfio_open(MOCK_VFIO_QUEUE, 2);
	EXPECT_LE(0, fd);
	EXPECT_EQ(-EDQUOT, iv_device_bind(fd, self->a.iommufd, NULL));
	EXPECT_EQ(0, iommufd_pasid_limit(old, NULL));
	EXPECT_EQ(0, iv_device_bind(fd, self->a.iommufd, NULL));
	close(fd);
}

TEST_F(pasid_queue, two_of_one_context_are_apart_too)
{
	int fd = mock_vfio_open(MOCK_VFIO_QUEUE, 2);
	struct iv_pasid pasid;
	uint32_t devid;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, iv_device_bind(fd, self->a.iommufd, &devid));
	ASSERT_EQ(0, iv_pasid_alloc(self->a.iommufd, devid, SHARED, &pasid));
	EXPECT_EQ(-EBUSY, iv_device_attach_pasid(self->a.fd, self->a.ioas_id, pasid.pasid));
	EXPECT_EQ(0, iv_device_attach_pasid(fd, self->a.ioas_id, pasid.pasid));
	EXPECT_EQ(-EPERM, write_one(&self->a, pasid.pasid));
	EXPECT_EQ(0, mock_vfio_write(fd, pasid.pasid, IOVA, "x", 1));
	close(fd);
	EXPECT_EQ(-ENOENT, iv_iommufd_destroy(self->a.iommufd, pasid.id));
}

TEST_F(pasid_queue, page_tables_made_for_it_are_for_pasids)
{
	struct iv_pasid pasid;
	uint32_t hwpt_id;

	ASSERT_EQ(0, iv_hwpt_alloc(self->a.iommufd, self->a.devid, self->a.ioas_id, 0, &hwpt_id));
	ASSERT_EQ(0, iv_pasid_alloc(self->a.iommufd, self->a.devid, SHARED, &pasid));
	EXPECT_EQ(0, iv_device_attach(self->a.fd, hwpt_id));
	EXPECT_EQ(0, iv_device_attach_pasid(self->a.fd, hwpt_id, pasid.pasid));
	EXPECT_EQ(0, write_own(&self->a));
	EXPECT_EQ(0, write_one(&self->a, pasid.pasid));
}

TEST_F(pasid_queue, page_requests_are_not_to_be_had)
{
	struct iommu_hwpt_alloc alloc = {
		.flags = IOMMU_HWPT_FAULT_ID_VALID,
		.dev_id = self->a.devid, .pt_id = self->a.ioas_id,
	};
	int queue = iv_fault_queue_alloc(self->a.iommufd, &alloc.fault_id);

	ASSERT_LE(0, queue);
	ASSERT_EQ(0, iv_hwpt_alloc_from(self->a.iommufd, &alloc));
	EXPECT_EQ(-EOPNOTSUPP, iv_device_attach(self->a.fd, alloc.out_hwpt_id));
	close(queue);
}

TEST_F(pasid_queue, width_is_reported)
{
	struct iommu_hw_info info = {};

	ASSERT_EQ(0, iv_hw_info(self->a.iommufd, self->a.devid, &info, NULL, 0));
	EXPECT_EQ(MOCK_PASID_WIDTH, info.out_max_pasid_log2);
}

static int use_and_wait(struct iommufd_child *parent, void *arg)
{
	struct _test_data_pasid_queue *self = arg;
	struct iv_pasid pasid;
	int number, rc;

	tenant_close(&self->a);
	tenant_close(&self->b);
	rc = tenant_setup(&self->a, 3, self->memory) ?:
	     iv_device_attach(self->a.fd, self->a.ioas_id) ?:
	     iv_pasid_alloc(self->a.iommufd, self->a.devid, SHARED, &pasid) ?:
	     iv_device_attach_pasid(self->a.fd, self->a.other_id, pasid.pasid) ?:
	     write_one(&self->a, pasid.pasid);
	iommufd_child_tell(parent, rc);
	iommufd_child_tell(parent, pasid.pasid);
	return iommufd_child_hear(parent, &number);
}

/* The lowest number that is free is given, so the dead one's comes back first. */
TEST_F(pasid_queue, killed_tenants_pasids_come_back_blocked)
{
	struct iv_pasid pasid[2];
	struct iommufd_child child;
	int rc, number;

	ASSERT_EQ(0, iommufd_child_start(&child, use_and_wait, self));
	ASSERT_EQ(0, iommufd_child_hear(&child, &rc));
	EXPECT_EQ(0, rc);
	ASSERT_EQ(0, iommufd_child_hear(&child, &number));
	ASSERT_EQ(0, iommufd_child_kill(&child));
	ASSERT_EQ(0, iv_pasid_alloc(self->b.iommufd, self->b.devid, SHARED, &pasid[0]));
	ASSERT_EQ(0, iv_pasid_alloc(self->b.iommufd, self->b.devid, SHARED, &pasid[1]));
	EXPECT_TRUE((int)pasid[0].pasid == number || (int)pasid[1].pasid == number);
	EXPECT_EQ(-EPERM, write_one(&self->b, pasid[0].pasid));
	EXPECT_EQ(-EPERM, write_one(&self->b, pasid[1].pasid));
	ASSERT_EQ(0, iv_device_attach_pasid(self->b.fd, self->b.ioas_id, number));
	memset(self->memory, 0, 4 * PAGE);
	EXPECT_EQ(0, write_one(&self->b, number));
	EXPECT_TRUE(only_page_changed(self, 2));
}

TEST_F(pasid_queue, parent_taken_away_with_tenants)
{
	struct iv_pasid pasid;

	ASSERT_EQ(0, iv_pasid_alloc(self->a.iommufd, self->a.devid, SHARED, &pasid));
	ASSERT_EQ(0, iv_device_attach(self->a.fd, self->a.ioas_id));
	ASSERT_EQ(0, iv_device_attach_pasid(self->a.fd, self->a.other_id, pasid.pasid));
	ASSERT_EQ(0, iv_device_attach(self->b.fd, self->b.ioas_id));
	ASSERT_EQ(0, mock_vfio_take_away());
	EXPECT_EQ(-ENODEV, iv_device_attach(self->a.fd, self->a.ioas_id));
	EXPECT_EQ(-ENOENT, iv_iommufd_destroy(self->a.iommufd, pasid.id));
	EXPECT_EQ(-ENOENT, iv_pasid_alloc(self->a.iommufd, self->a.devid, SHARED, &pasid));
	EXPECT_EQ(0, iv_iommufd_destroy(self->a.iommufd, self->a.ioas_id));
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
}

/* Tenants come and go, and all that they do concerns numbers that change hands all the time. */
static void come_and_go(struct test_threads *threads, unsigned int index, void *arg)
{
	struct _test_data_pasid_queue *self = arg;
	struct iv_pasid pasid;
	struct tenant t;

	while (!test_threads_stopping(threads)) {
		if (!tenant_setup(&t, 2 + index, self->memory + 2 * index * PAGE)) {
			iv_device_attach(t.fd, t.ioas_id);
			if (!iv_pasid_alloc(t.iommufd, t.devid, SHARED, &pasid)) {
				iv_device_attach_pasid(t.fd, t.other_id, pasid.pasid);
				write_one(&t, pasid.pasid);
				iv_iommufd_destroy(t.iommufd, pasid.id);
			}
			atomic_fetch_add(&threads->rounds, 1);
		}
		tenant_close(&t);
	}
}

TEST_F(pasid_queue, tenants_come_and_go_at_the_same_time)
{
	struct test_threads threads = {};

	ASSERT_EQ(0, test_threads_start(&threads, 2, come_and_go, self));
	usleep(1500 * 1000);
	test_threads_stop(&threads);
	ASSERT_EQ(0, test_threads_join(&threads, JOIN_MS));
	EXPECT_LT(5, threads.rounds);
	EXPECT_EQ(0, iv_device_attach(self->a.fd, self->a.ioas_id));
	EXPECT_EQ(0, write_own(&self->a));
}

TEST_HARNESS_MAIN
