// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink: every dump tells what there is, all of it and nothing else.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "fault_queue.h"
#include "iommufd_ioctl.h"
#include "iommufd_pasid.h"
#include "iv.h"
#include "netlink.h"
#include "test_memory.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define PAGES 16UL
#define IOVA ((uint64_t)MOCK_APERTURE_START)
/* The smallest page that the mock can map */
#define MOCK_IO_PAGE 2048

FIXTURE(netlink_dump)
{
	int fd;
	uint32_t ctx;
	uint32_t ioas_id;
	char *memory;
	struct mock_device dev;
};

FIXTURE_SETUP(netlink_dump)
{
	ASSERT_EQ(0, mock_module_load());
	self->memory = test_memory_alloc(PAGES * PAGE, PAGE);
	ASSERT_NE(NULL, self->memory);
	self->fd = iv_iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &self->ioas_id));
	self->ctx = netlink_newest_context(getpid());
	ASSERT_NE(0, self->ctx);
}

FIXTURE_TEARDOWN(netlink_dump)
{
	if (self->fd >= 0)
		EXPECT_EQ(0, close(self->fd));
	munmap(self->memory, PAGES * PAGE);
	EXPECT_EQ(0, mock_module_unload());
}

static uint64_t of_ctx(struct _test_data_netlink_dump *self, uint16_t attr)
{
	return netlink_one(IOMMUFD_NL_CMD_CTX_GET, IOMMUFD_A_CTX_ID, self->ctx, 0, 0, attr);
}

static uint64_t of_ioas(struct _test_data_netlink_dump *self, uint32_t id, uint16_t attr)
{
	return netlink_one(IOMMUFD_NL_CMD_IOAS_GET, IOMMUFD_A_IOAS_CTX, self->ctx,
			   IOMMUFD_A_IOAS_ID, id, attr);
}

static uint64_t of_hwpt(struct _test_data_netlink_dump *self, uint32_t id, uint16_t attr)
{
	return netlink_one(IOMMUFD_NL_CMD_HWPT_GET, IOMMUFD_A_HWPT_CTX, self->ctx,
			   IOMMUFD_A_HWPT_ID, id, attr);
}

static uint64_t of_counter(struct _test_data_netlink_dump *self, uint16_t attr)
{
	return netlink_one(IOMMUFD_NL_CMD_COUNTER_GET, IOMMUFD_A_COUNTER_CTX, self->ctx, 0, 0,
			   attr);
}

static uint64_t of_pasid(struct _test_data_netlink_dump *self, uint32_t pasid, uint16_t attr)
{
	return netlink_one(IOMMUFD_NL_CMD_PASID_GET, IOMMUFD_A_PASID_CTX, self->ctx,
			   IOMMUFD_A_PASID_PASID, pasid, attr);
}

static int map(struct _test_data_netlink_dump *self, unsigned long page, unsigned long pages)
{
	return iv_ioas_map(self->fd, self->ioas_id, self->memory + page * PAGE, pages * PAGE,
			   IOVA + page * PAGE, IV_DMA_RW);
}

static int attach(struct _test_data_netlink_dump *self)
{
	return mock_device_create(&self->dev, self->fd, self->ioas_id, 0);
}

TEST_F(netlink_dump, context_tells_who_opened_it)
{
	struct netlink_list list;
	char comm[16];

	ASSERT_EQ(0, prctl(PR_GET_NAME, comm));
	ASSERT_EQ(0, netlink_list_of(IOMMUFD_NL_CMD_CTX_GET, IOMMUFD_A_CTX_ID, self->ctx, &list));
	ASSERT_EQ(1, list.count);
	EXPECT_EQ(getpid(), netlink_number(&list, 0, IOMMUFD_A_CTX_PID));
	EXPECT_EQ(getuid(), netlink_number(&list, 0, IOMMUFD_A_CTX_UID));
	EXPECT_EQ(IOMMUFD_CTX_KIND_IOMMU, netlink_number(&list, 0, IOMMUFD_A_CTX_KIND));
	EXPECT_TRUE(netlink_is(&list, 0, IOMMUFD_A_CTX_COMM, comm));
	EXPECT_FALSE(list.interrupted);
	netlink_list_free(&list);
}

TEST_F(netlink_dump, name_that_is_no_text_is_told_as_it_is)
{
	static const char name[] = "\xff\x01\"\\\xc3(";
	struct netlink_list list;
	char old[16];
	int fd;

	ASSERT_EQ(0, prctl(PR_GET_NAME, old));
	ASSERT_EQ(0, prctl(PR_SET_NAME, name));
	fd = iv_iommufd_open();
	ASSERT_EQ(0, prctl(PR_SET_NAME, old));
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, netlink_list_of(IOMMUFD_NL_CMD_CTX_GET, IOMMUFD_A_CTX_ID,
				     netlink_newest_context(getpid()), &list));
	EXPECT_TRUE(netlink_is(&list, 0, IOMMUFD_A_CTX_COMM, name));
	netlink_list_free(&list);
	close(fd);
}

TEST_F(netlink_dump, context_counts_its_objects)
{
	struct fault_queue queue;
	uint32_t ioas_id;

	EXPECT_EQ(1, of_ctx(self, IOMMUFD_A_CTX_IOASES));
	EXPECT_EQ(0, of_ctx(self, IOMMUFD_A_CTX_HWPTS));
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &ioas_id));
	ASSERT_EQ(0, fault_queue_alloc(self->fd, &queue));
	ASSERT_EQ(0, attach(self));
	EXPECT_EQ(2, of_ctx(self, IOMMUFD_A_CTX_IOASES));
	EXPECT_EQ(1, of_ctx(self, IOMMUFD_A_CTX_HWPTS));
	EXPECT_EQ(1, of_ctx(self, IOMMUFD_A_CTX_ENDPOINTS));
	EXPECT_EQ(1, of_ctx(self, IOMMUFD_A_CTX_FAULT_QUEUES));
	ASSERT_EQ(0, mock_device_destroy(&self->dev));
	ASSERT_EQ(0, iv_iommufd_destroy(self->fd, ioas_id));
	ASSERT_EQ(0, close(queue.fd));
	ASSERT_EQ(0, iv_iommufd_destroy(self->fd, queue.id));
	EXPECT_EQ(1, of_ctx(self, IOMMUFD_A_CTX_IOASES));
	EXPECT_EQ(0, of_ctx(self, IOMMUFD_A_CTX_HWPTS));
	EXPECT_EQ(0, of_ctx(self, IOMMUFD_A_CTX_ENDPOINTS));
	EXPECT_EQ(0, of_ctx(self, IOMMUFD_A_CTX_FAULT_QUEUES));
}

TEST_F(netlink_dump, closed_context_is_gone)
{
	struct netlink_list list;

	ASSERT_EQ(1, netlink_contexts_of(getpid()));
	ASSERT_EQ(0, close(self->fd));
	self->fd = -1;
	EXPECT_EQ(0, netlink_contexts_of(getpid()));
	EXPECT_EQ(-ENOENT, netlink_list_of(IOMMUFD_NL_CMD_IOAS_GET, IOMMUFD_A_IOAS_CTX, self->ctx,
					   &list));
	netlink_list_free(&list);
}

TEST_F(netlink_dump, pinned_pages_are_counted)
{
	ASSERT_EQ(0, map(self, 0, 3));
	EXPECT_EQ(0, of_ctx(self, IOMMUFD_A_CTX_PINNED_PAGES));
	ASSERT_EQ(0, attach(self));
	EXPECT_EQ(3, of_ctx(self, IOMMUFD_A_CTX_PINNED_PAGES));
	ASSERT_EQ(0, map(self, 3, 2));
	EXPECT_EQ(5, of_ctx(self, IOMMUFD_A_CTX_PINNED_PAGES));
	ASSERT_EQ(0, iv_ioas_unmap(self->fd, self->ioas_id, IOVA, 3 * PAGE, NULL));
	EXPECT_EQ(2, of_ctx(self, IOMMUFD_A_CTX_PINNED_PAGES));
}

TEST_F(netlink_dump, ioas_adds_up_what_is_mapped)
{
	int memfd = memfd_create("netlink", MFD_CLOEXEC);

	ASSERT_LE(0, memfd);
	ASSERT_EQ(0, ftruncate(memfd, 4 * PAGE));
	ASSERT_EQ(0, map(self, 0, 3));
	ASSERT_EQ(0, map(self, 4, 1));
	ASSERT_EQ(0, iv_ioas_map_file(self->fd, self->ioas_id, memfd, PAGE, 2 * PAGE,
				      IOVA + PAGES * PAGE, IV_DMA_READ));
	EXPECT_EQ(3, of_ioas(self, self->ioas_id, IOMMUFD_A_IOAS_AREAS));
	EXPECT_EQ(6 * PAGE, of_ioas(self, self->ioas_id, IOMMUFD_A_IOAS_BYTES));
	EXPECT_EQ(1, of_ioas(self, self->ioas_id, IOMMUFD_A_IOAS_FILE_AREAS));
	EXPECT_EQ(2 * PAGE, of_ioas(self, self->ioas_id, IOMMUFD_A_IOAS_FILE_BYTES));
	EXPECT_EQ(0, of_ioas(self, self->ioas_id, IOMMUFD_A_IOAS_PAGE_TABLES));
	ASSERT_EQ(0, attach(self));
	EXPECT_EQ(1, of_ioas(self, self->ioas_id, IOMMUFD_A_IOAS_PAGE_TABLES));
	/* Several areas that come together */
	ASSERT_EQ(0, map(self, 3, 1));
	ASSERT_EQ(0, iv_ioas_copy(self->fd, self->ioas_id, IOVA + 2 * PAGES * PAGE, self->ioas_id,
				  IOVA, 5 * PAGE, IV_DMA_READ));
	EXPECT_EQ(7, of_ioas(self, self->ioas_id, IOMMUFD_A_IOAS_AREAS));
	EXPECT_EQ(12 * PAGE, of_ioas(self, self->ioas_id, IOMMUFD_A_IOAS_BYTES));
	ASSERT_EQ(0, iv_ioas_unmap(self->fd, self->ioas_id, 0, UINT64_MAX, NULL));
	EXPECT_EQ(0, of_ioas(self, self->ioas_id, IOMMUFD_A_IOAS_AREAS));
	EXPECT_EQ(0, of_ioas(self, self->ioas_id, IOMMUFD_A_IOAS_BYTES));
	EXPECT_EQ(0, of_ioas(self, self->ioas_id, IOMMUFD_A_IOAS_FILE_AREAS));
	EXPECT_EQ(0, of_ioas(self, self->ioas_id, IOMMUFD_A_IOAS_FILE_BYTES));
	close(memfd);
}

/* A map that fails leaves nothing behind in the sums either. */
TEST_F(netlink_dump, failed_map_is_not_added)
{
	ASSERT_EQ(0, map(self, 0, 1));
	EXPECT_EQ(-EEXIST, map(self, 0, 2));
	EXPECT_EQ(1, of_ioas(self, self->ioas_id, IOMMUFD_A_IOAS_AREAS));
	EXPECT_EQ(PAGE, of_ioas(self, self->ioas_id, IOMMUFD_A_IOAS_BYTES));
}

static unsigned int count_attrs(const struct iv_attrs *attrs, uint16_t type)
{
	const struct nlattr *attr = NULL;
	unsigned int nr = 0;

	while ((attr = iv_attr_next(attrs, attr)))
		nr += iv_attr_type(attr) == type;
	return nr;
}

TEST_F(netlink_dump, ranges_are_told_and_cut_off)
{
	struct iommu_iova_range ranges[33];
	struct netlink_list list;
	unsigned int i;

	for (i = 0; i < 33; i++)
		ranges[i] = (struct iommu_iova_range){ i * 4 * PAGE, (i * 4 + 1) * PAGE };
	for (i = 32; i <= 33; i++) {
		ASSERT_EQ(0, iv_ioas_allow(self->fd, self->ioas_id, ranges, i));
		ASSERT_EQ(0, netlink_list_of(IOMMUFD_NL_CMD_IOAS_GET, IOMMUFD_A_IOAS_CTX,
					     self->ctx, &list));
		ASSERT_EQ(1, list.count);
		EXPECT_EQ(32, count_attrs(&list.items[0], IOMMUFD_A_IOAS_ALLOWED));
		EXPECT_EQ(0, count_attrs(&list.items[0], IOMMUFD_A_IOAS_RESERVED));
		EXPECT_EQ(i - 32, count_attrs(&list.items[0], IOMMUFD_A_IOAS_MORE_RANGES));
		netlink_list_free(&list);
	}
}

struct expected {
	uint32_t ioas_id;
	uint64_t next;
	uint64_t step;
	uint64_t flags;
	unsigned int nr;
	bool wrong;
};

/* All mappings of a message are where they have to be, one behind the other. */
static int check_areas(const struct iv_attrs *attrs, void *data)
{
	struct expected *expected = data;
	const struct nlattr *attr = NULL;
	struct iv_attrs one;

	if (iv_attrs_number(attrs, IOMMUFD_A_AREA_IOAS, 0) != expected->ioas_id)
		expected->wrong = true;
	while ((attr = iv_attr_next(attrs, attr))) {
		if (iv_attr_type(attr) != IOMMUFD_A_AREA_MAPPING)
			continue;
		one = iv_attr_nested(attr);
		if (iv_attrs_number(&one, IOMMUFD_A_MAPPING_FIRST, 0) != expected->next ||
		    iv_attrs_number(&one, IOMMUFD_A_MAPPING_LAST, 0) !=
			    expected->next + PAGE - 1 ||
		    iv_attrs_number(&one, IOMMUFD_A_MAPPING_FLAGS, 0) != expected->flags)
			expected->wrong = true;
		expected->next += expected->step;
		expected->nr++;
	}
	return 0;
}

TEST_F(netlink_dump, areas_are_all_there)
{
	const struct iv_filter filters[] = {
		{ .attr = IOMMUFD_A_AREA_CTX, .number = self->ctx },
		{ .attr = IOMMUFD_A_AREA_IOAS, .number = self->ioas_id },
	};
	struct expected expected = {
		.ioas_id = self->ioas_id,
		.next = IOVA,
		.step = 2 * PAGE,
		.flags = IOMMUFD_MAPPING_FLAGS_READABLE | IOMMUFD_MAPPING_FLAGS_WRITEABLE,
	};
	static struct iv_netlink nl;
	uint32_t other;
	unsigned int i;

	for (i = 0; i < 5000; i++)
		ASSERT_EQ(0, iv_ioas_map(self->fd, self->ioas_id, self->memory, PAGE,
					 IOVA + i * 2 * PAGE, IV_DMA_RW));
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &other));
	ASSERT_EQ(0, iv_ioas_map(self->fd, other, self->memory, PAGE, IOVA, IV_DMA_RW));
	ASSERT_EQ(0, iv_netlink_open(&nl));
	EXPECT_EQ(0, iv_netlink_dump(&nl, IOMMUFD_NL_CMD_AREA_GET, filters, 2, check_areas,
				     &expected));
	EXPECT_EQ(5000, expected.nr);
	EXPECT_FALSE(expected.wrong);
	iv_netlink_close(&nl);
}

static uint64_t only_area_flags(struct _test_data_netlink_dump *self)
{
	const struct nlattr *attr;
	struct netlink_list list;
	uint64_t flags = NETLINK_NONE;
	struct iv_attrs one;

	if (!netlink_list_of(IOMMUFD_NL_CMD_AREA_GET, IOMMUFD_A_AREA_CTX, self->ctx, &list) &&
	    list.count == 1) {
		attr = iv_attr_find(&list.items[0], IOMMUFD_A_AREA_MAPPING);
		one = iv_attr_nested(attr);
		flags = iv_attrs_number(&one, IOMMUFD_A_MAPPING_FLAGS, NETLINK_NONE);
	}
	netlink_list_free(&list);
	return flags;
}

TEST_F(netlink_dump, area_tells_its_kind)
{
	int memfd = memfd_create("netlink", MFD_CLOEXEC);

	ASSERT_LE(0, memfd);
	ASSERT_EQ(0, ftruncate(memfd, PAGE));
	ASSERT_EQ(0, iv_ioas_map_file(self->fd, self->ioas_id, memfd, 0, PAGE, IOVA,
				      IV_DMA_READ));
	EXPECT_EQ(IOMMUFD_MAPPING_FLAGS_READABLE | IOMMUFD_MAPPING_FLAGS_FILE,
		  only_area_flags(self));
	ASSERT_EQ(0, attach(self));
	EXPECT_EQ(IOMMUFD_MAPPING_FLAGS_READABLE | IOMMUFD_MAPPING_FLAGS_FILE |
			  IOMMUFD_MAPPING_FLAGS_PINNED,
		  only_area_flags(self));
	close(memfd);
}

/* The highest IOVA of all is no place to go on behind. */
TEST_F(netlink_dump, area_at_the_end_is_told_once)
{
	struct netlink_list list;

	ASSERT_EQ(0, iv_ioas_map(self->fd, self->ioas_id, self->memory, PAGE,
				 UINT64_MAX - 2 * PAGE + 1, IV_DMA_RW));
	ASSERT_EQ(0, netlink_list_of(IOMMUFD_NL_CMD_AREA_GET, IOMMUFD_A_AREA_CTX, self->ctx,
				     &list));
	ASSERT_EQ(1, list.count);
	EXPECT_EQ(1, count_attrs(&list.items[0], IOMMUFD_A_AREA_MAPPING));
	netlink_list_free(&list);
}

TEST_F(netlink_dump, page_tables_are_told_by_kind)
{
	uint32_t parent;

	ASSERT_EQ(0, attach(self));
	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id,
				   IOMMU_HWPT_ALLOC_NEST_PARENT, &parent));
	EXPECT_EQ(self->ioas_id, of_hwpt(self, self->dev.hwpt_id, IOMMUFD_A_HWPT_IOAS));
	EXPECT_TRUE(of_hwpt(self, self->dev.hwpt_id, IOMMUFD_A_HWPT_FLAGS) &
		    IOMMUFD_HWPT_FLAGS_AUTOMATIC);
	EXPECT_TRUE(of_hwpt(self, self->dev.hwpt_id, IOMMUFD_A_HWPT_PAGE_SIZES) & MOCK_IO_PAGE);
	EXPECT_EQ(IOMMUFD_HWPT_FLAGS_NEST_PARENT,
		  of_hwpt(self, parent, IOMMUFD_A_HWPT_FLAGS) &
			  (IOMMUFD_HWPT_FLAGS_NEST_PARENT | IOMMUFD_HWPT_FLAGS_AUTOMATIC));
	EXPECT_EQ(NETLINK_NONE, of_hwpt(self, parent, IOMMUFD_A_HWPT_PARENT));
	ASSERT_EQ(0, iv_iommufd_destroy(self->fd, parent));
	EXPECT_EQ(NETLINK_NONE, of_hwpt(self, parent, IOMMUFD_A_HWPT_FLAGS));
}

static uint64_t of_endpoint(struct _test_data_netlink_dump *self, uint16_t attr)
{
	return netlink_one(IOMMUFD_NL_CMD_ENDPOINT_GET, IOMMUFD_A_ENDPOINT_CTX, self->ctx,
			   IOMMUFD_A_ENDPOINT_ID, self->dev.devid, attr);
}

TEST_F(netlink_dump, endpoint_tells_where_it_is_attached)
{
	uint32_t hwpt_id;

	ASSERT_EQ(0, attach(self));
	EXPECT_EQ(IOMMUFD_ENDPOINT_KIND_DEVICE, of_endpoint(self, IOMMUFD_A_ENDPOINT_KIND));
	EXPECT_EQ(self->dev.hwpt_id, of_endpoint(self, IOMMUFD_A_ENDPOINT_HWPT));
	EXPECT_NE(NETLINK_NONE, of_endpoint(self, IOMMUFD_A_ENDPOINT_GROUP));
	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id, 0, &hwpt_id));
	ASSERT_EQ(0, mock_device_attach(&self->dev, hwpt_id, NULL));
	EXPECT_EQ(hwpt_id, of_endpoint(self, IOMMUFD_A_ENDPOINT_HWPT));
	EXPECT_EQ(NETLINK_NONE, of_endpoint(self, IOMMUFD_A_ENDPOINT_PASID));
}

TEST_F(netlink_dump, pasids_are_told_by_kind)
{
	struct iv_pasid pasid;
	uint32_t rid, hwpt_id;

	ASSERT_EQ(0, mock_device_create(&self->dev, self->fd, self->ioas_id,
					MOCK_FLAGS_DEVICE_PASID));
	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id,
				   IOMMU_HWPT_ALLOC_PASID, &rid));
	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id,
				   IOMMU_HWPT_ALLOC_PASID, &hwpt_id));
	ASSERT_EQ(0, mock_device_attach(&self->dev, rid, NULL));
	ASSERT_EQ(0, iv_pasid_alloc(self->fd, self->dev.devid, IOMMU_PASID_SCOPE_EXCLUSIVE,
				    &pasid));
	EXPECT_EQ(IOMMUFD_PASID_KIND_ALLOCATED, of_pasid(self, pasid.pasid, IOMMUFD_A_PASID_KIND));
	EXPECT_EQ(pasid.id, of_pasid(self, pasid.pasid, IOMMUFD_A_PASID_ID));
	EXPECT_EQ(IOMMUFD_PASID_SCOPE_EXCLUSIVE,
		  of_pasid(self, pasid.pasid, IOMMUFD_A_PASID_SCOPE));
	EXPECT_EQ(NETLINK_NONE, of_pasid(self, pasid.pasid, IOMMUFD_A_PASID_HWPT));
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, pasid.pasid, hwpt_id));
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, pasid.pasid + 7, hwpt_id));
	EXPECT_EQ(hwpt_id, of_pasid(self, pasid.pasid, IOMMUFD_A_PASID_HWPT));
	EXPECT_EQ(IOMMUFD_PASID_KIND_IMPLICIT,
		  of_pasid(self, pasid.pasid + 7, IOMMUFD_A_PASID_KIND));
	EXPECT_EQ(self->dev.devid, of_pasid(self, pasid.pasid + 7, IOMMUFD_A_PASID_ENDPOINT));
	EXPECT_EQ(2, of_ctx(self, IOMMUFD_A_CTX_PASIDS));
	ASSERT_EQ(0, mock_pasid_detach(&self->dev, pasid.pasid + 7));
	EXPECT_EQ(NETLINK_NONE, of_pasid(self, pasid.pasid + 7, IOMMUFD_A_PASID_KIND));
}

/* Enough for many messages, whose places in between are numbers of PASIDs */
TEST_F(netlink_dump, pasids_are_all_there)
{
	struct iv_pasid pasid;
	struct netlink_list list;
	unsigned int i;

	ASSERT_EQ(0, mock_device_create(&self->dev, self->fd, self->ioas_id,
					MOCK_FLAGS_DEVICE_PASID));
	for (i = 0; i < 2000; i++)
		ASSERT_EQ(0, iv_pasid_alloc_between(self->fd, self->dev.devid, 2 * i + 2,
						    2 * i + 2, &pasid));
	ASSERT_EQ(0, netlink_list_of(IOMMUFD_NL_CMD_PASID_GET, IOMMUFD_A_PASID_CTX, self->ctx,
				     &list));
	EXPECT_EQ(2000, list.count);
	for (i = 0; i < list.count; i++)
		EXPECT_EQ(2 * i + 2, netlink_number(&list, i, IOMMUFD_A_PASID_PASID))
			break;
	netlink_list_free(&list);
}

TEST_F(netlink_dump, fault_queue_tells_what_is_pending)
{
	const struct fault_request request = { .grpid = 5, .perm = 1, .addr = 0x1000000 };
	struct netlink_list list;
	struct fault_queue queue;
	uint32_t hwpt_id;

	ASSERT_EQ(0, attach(self));
	ASSERT_EQ(0, fault_queue_alloc(self->fd, &queue));
	ASSERT_EQ(0, fault_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id, queue.id, 0,
				      &hwpt_id));
	EXPECT_EQ(queue.id, of_hwpt(self, hwpt_id, IOMMUFD_A_HWPT_FAULT_QUEUE));
	ASSERT_EQ(0, mock_device_attach(&self->dev, hwpt_id, NULL));
	ASSERT_EQ(0, mock_device_request(&self->dev, &request, true));
	ASSERT_EQ(1, fault_queue_poll(&queue) > 0);
	ASSERT_EQ(0, netlink_list_of(IOMMUFD_NL_CMD_FAULT_QUEUE_GET, IOMMUFD_A_FAULT_QUEUE_CTX,
				     self->ctx, &list));
	ASSERT_EQ(1, list.count);
	EXPECT_EQ(queue.id, netlink_number(&list, 0, IOMMUFD_A_FAULT_QUEUE_ID));
	EXPECT_EQ(1, netlink_number(&list, 0, IOMMUFD_A_FAULT_QUEUE_PENDING));
	EXPECT_EQ(4096, netlink_number(&list, 0, IOMMUFD_A_FAULT_QUEUE_LIMIT));
	EXPECT_EQ(0, count_attrs(&list.items[0], IOMMUFD_A_FAULT_QUEUE_CLOSED));
	netlink_list_free(&list);
	EXPECT_EQ(1, of_counter(self, IOMMUFD_A_COUNTER_FAULTS));
	ASSERT_EQ(0, close(queue.fd));
	ASSERT_EQ(0, netlink_list_of(IOMMUFD_NL_CMD_FAULT_QUEUE_GET, IOMMUFD_A_FAULT_QUEUE_CTX,
				     self->ctx, &list));
	ASSERT_EQ(1, list.count);
	EXPECT_EQ(0, netlink_number(&list, 0, IOMMUFD_A_FAULT_QUEUE_PENDING));
	EXPECT_EQ(1, count_attrs(&list.items[0], IOMMUFD_A_FAULT_QUEUE_CLOSED));
	netlink_list_free(&list);
}

/* How often ioctls of the context have failed with an errno */
static uint64_t failures(struct _test_data_netlink_dump *self, int errnum)
{
	const struct nlattr *attr = NULL;
	struct netlink_list list;
	struct iv_attrs one;
	uint64_t count = 0;

	if (netlink_list_of(IOMMUFD_NL_CMD_COUNTER_GET, IOMMUFD_A_COUNTER_CTX, self->ctx, &list))
		return NETLINK_NONE;
	while ((attr = iv_attr_next(&list.items[0], attr))) {
		if (iv_attr_type(attr) != IOMMUFD_A_COUNTER_FAILURE)
			continue;
		one = iv_attr_nested(attr);
		if (iv_attrs_number(&one, IOMMUFD_A_FAILURE_ERRNO, 0) == (uint64_t)errnum)
			count = iv_attrs_number(&one, IOMMUFD_A_FAILURE_COUNT, 0);
	}
	netlink_list_free(&list);
	return count;
}

TEST_F(netlink_dump, counters_count)
{
	ASSERT_EQ(0, map(self, 0, 3));
	ASSERT_EQ(0, map(self, 3, 1));
	ASSERT_EQ(0, iv_ioas_unmap(self->fd, self->ioas_id, 0, UINT64_MAX, NULL));
	EXPECT_EQ(2, of_counter(self, IOMMUFD_A_COUNTER_MAPS));
	EXPECT_EQ(4, of_counter(self, IOMMUFD_A_COUNTER_MAPPED_PAGES));
	EXPECT_EQ(1, of_counter(self, IOMMUFD_A_COUNTER_UNMAPS));
	EXPECT_EQ(4, of_counter(self, IOMMUFD_A_COUNTER_UNMAPPED_PAGES));
	EXPECT_EQ(0, failures(self, ENOENT));
	EXPECT_EQ(-ENOENT, iv_iommufd_destroy(self->fd, 12345));
	EXPECT_EQ(-ENOENT, iv_iommufd_destroy(self->fd, 12345));
	EXPECT_EQ(2, failures(self, ENOENT));
	EXPECT_EQ(0, failures(self, EINVAL));
}

/* A look at an object is no use of it: it can be destroyed meanwhile and afterwards. */
TEST_F(netlink_dump, look_keeps_nothing)
{
	struct netlink_list list;

	ASSERT_EQ(0, netlink_list(IOMMUFD_NL_CMD_IOAS_GET, NULL, 0, &list));
	netlink_list_free(&list);
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->ioas_id));
	EXPECT_EQ(0, of_ctx(self, IOMMUFD_A_CTX_IOASES));
}

TEST_F(netlink_dump, filters_choose)
{
	const struct iv_filter both[] = {
		{ .attr = IOMMUFD_A_IOAS_CTX, .number = self->ctx },
		{ .attr = IOMMUFD_A_IOAS_ID, .number = self->ioas_id },
	};
	const struct iv_filter missing[] = {
		{ .attr = IOMMUFD_A_IOAS_CTX, .number = self->ctx },
		{ .attr = IOMMUFD_A_IOAS_ID, .number = 999 },
	};
	struct netlink_list list;
	uint32_t id, other;
	int fd = iv_iommufd_open();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, iv_ioas_alloc(fd, &other));
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &id));
	ASSERT_EQ(0, netlink_list(IOMMUFD_NL_CMD_IOAS_GET, NULL, 0, &list));
	EXPECT_LE(3, list.count);
	netlink_list_free(&list);
	ASSERT_EQ(0, netlink_list(IOMMUFD_NL_CMD_IOAS_GET, both, 1, &list));
	EXPECT_EQ(2, list.count);
	netlink_list_free(&list);
	ASSERT_EQ(0, netlink_list(IOMMUFD_NL_CMD_IOAS_GET, both, 2, &list));
	ASSERT_EQ(1, list.count);
	EXPECT_EQ(self->ioas_id, netlink_number(&list, 0, IOMMUFD_A_IOAS_ID));
	netlink_list_free(&list);
	ASSERT_EQ(0, netlink_list(IOMMUFD_NL_CMD_IOAS_GET, missing, 2, &list));
	EXPECT_EQ(0, list.count);
	netlink_list_free(&list);
	close(fd);
}

TEST_HARNESS_MAIN
