// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink: dumps of very much, and dumps while what they tell of comes and goes.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "iommufd_ioctl.h"
#include "iommufd_pasid.h"
#include "iv.h"
#include "netlink.h"
#include "test_memory.h"
#include "test_thread.h"
#include "test_timeout.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define IOVA ((uint64_t)MOCK_APERTURE_START)
#define CONTEXTS 10000
#define IOASES 10000
#define AREAS 100
#define VANISH_MS 4000

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

struct tally {
	unsigned long messages;
	unsigned long mappings;
	uint64_t areas;
	uint64_t last;
	bool unordered;
};

static int tally_contexts(const struct iv_attrs *attrs, void *data)
{
	uint64_t id = iv_attrs_number(attrs, IOMMUFD_A_CTX_ID, 0);
	struct tally *tally = data;

	tally->unordered |= id <= tally->last;
	tally->last = id;
	if (iv_attrs_number(attrs, IOMMUFD_A_CTX_PID, 0) == (uint64_t)getpid())
		tally->messages++;
	return 0;
}

TEST(ten_thousand_contexts)
{
	const struct rlimit limit = { CONTEXTS + 100, CONTEXTS + 100 };
	const unsigned int contexts = test_count(CONTEXTS);
	static int fds[CONTEXTS];
	struct tally tally = {};
	static struct iv_netlink nl;
	unsigned int i;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	for (i = 0; i < contexts; i++) {
		fds[i] = iv_iommufd_open();
		ASSERT_LE(0, fds[i]);
	}
	ASSERT_EQ(0, iv_netlink_open(&nl));
	EXPECT_EQ(0, iv_netlink_dump(&nl, IOMMUFD_NL_CMD_CTX_GET, NULL, 0, tally_contexts,
				     &tally));
	EXPECT_EQ(contexts, tally.messages);
	EXPECT_FALSE(tally.unordered);
	for (i = 0; i < contexts; i++)
		close(fds[i]);
	tally = (struct tally){};
	EXPECT_EQ(0, iv_netlink_dump(&nl, IOMMUFD_NL_CMD_CTX_GET, NULL, 0, tally_contexts,
				     &tally));
	EXPECT_EQ(0, tally.messages);
	iv_netlink_close(&nl);
}

static int tally_ioases(const struct iv_attrs *attrs, void *data)
{
	struct tally *tally = data;

	tally->messages++;
	tally->areas += iv_attrs_number(attrs, IOMMUFD_A_IOAS_AREAS, 0);
	return 0;
}

static int tally_areas(const struct iv_attrs *attrs, void *data)
{
	const struct nlattr *attr = NULL;
	struct tally *tally = data;

	tally->messages++;
	while ((attr = iv_attr_next(attrs, attr)))
		tally->mappings += iv_attr_type(attr) == IOMMUFD_A_AREA_MAPPING;
	return 0;
}

/* The times are told, to be compared with what is promised where they mean something. */
TEST(ten_thousand_address_spaces)
{
	char *memory = test_memory_alloc(PAGE, PAGE);
	struct iv_filter filter = { .attr = IOMMUFD_A_IOAS_CTX };
	struct tally tally = {};
	static struct iv_netlink nl;
	const unsigned int areas = test_count(AREAS), ioases = test_count(IOASES);
	uint32_t first = 0, id;
	unsigned int i;
	int64_t start;
	int fd;

	ASSERT_NE(NULL, memory);
	fd = iv_iommufd_open();
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, iv_ioas_alloc(fd, &first));
	for (i = 0; i < areas; i++)
		ASSERT_EQ(0, iv_ioas_map(fd, first, memory, PAGE, IOVA + i * PAGE, IV_DMA_RW));
	for (i = 1; i < ioases; i++) {
		ASSERT_EQ(0, iv_ioas_alloc(fd, &id));
		ASSERT_EQ(0, iv_ioas_copy(fd, id, IOVA, first, IOVA, areas * PAGE, IV_DMA_RW));
	}
	filter.number = netlink_newest_context(getpid());
	ASSERT_EQ(0, iv_netlink_open(&nl));
	start = now_us();
	EXPECT_EQ(0, iv_netlink_dump(&nl, IOMMUFD_NL_CMD_IOAS_GET, &filter, 1, tally_ioases,
				     &tally));
	TH_LOG("%u address spaces: %lld us", ioases, (long long)(now_us() - start));
	EXPECT_EQ(ioases, tally.messages);
	EXPECT_EQ(ioases * areas, tally.areas);
	start = now_us();
	EXPECT_EQ(0, iv_netlink_dump(&nl, IOMMUFD_NL_CMD_AREA_GET, &filter, 1, tally_areas,
				     &tally));
	TH_LOG("%u areas: %lld us", ioases * areas, (long long)(now_us() - start));
	EXPECT_EQ(ioases * areas, tally.mappings);
	iv_netlink_close(&nl);
	close(fd);
	munmap(memory, PAGE);
}

static const uint8_t dumps[] = {
	IOMMUFD_NL_CMD_CTX_GET,	  IOMMUFD_NL_CMD_DEVICE_GET, IOMMUFD_NL_CMD_ENDPOINT_GET,
	IOMMUFD_NL_CMD_IOAS_GET,  IOMMUFD_NL_CMD_AREA_GET,   IOMMUFD_NL_CMD_HWPT_GET,
	IOMMUFD_NL_CMD_PASID_GET, IOMMUFD_NL_CMD_FAULT_QUEUE_GET, IOMMUFD_NL_CMD_COUNTER_GET,
};

struct churn {
	char *memory;
	atomic_int unexpected;
	atomic_ulong interrupted;
};

/* A context with something of each kind, which all goes with it */
static int live_once(struct churn *churn)
{
	struct iv_pasid pasid;
	struct mock_device dev;
	uint32_t ioas_id;
	unsigned int i;
	int fd, rc;

	fd = iv_iommufd_open();
	if (fd < 0)
		return fd;
	rc = iv_ioas_alloc(fd, &ioas_id);
	for (i = 0; i < 50 && !rc; i++)
		rc = iv_ioas_map(fd, ioas_id, churn->memory, PAGE, IOVA + i * PAGE, IV_DMA_RW);
	rc = rc ?: mock_device_create(&dev, fd, ioas_id, MOCK_FLAGS_DEVICE_PASID);
	rc = rc ?: iv_pasid_alloc(fd, dev.devid, IOMMU_PASID_SCOPE_EXCLUSIVE, &pasid);
	rc = rc ?: iv_ioas_unmap(fd, ioas_id, IOVA, 10 * PAGE, NULL);
	/* A look of the others' must not make it busy. */
	rc = rc ?: iv_iommufd_destroy(fd, pasid.id);
	rc = rc ?: mock_device_destroy(&dev);
	rc = rc ?: iv_iommufd_destroy(fd, ioas_id);
	close(fd);
	return rc;
}

static int ignore(const struct iv_attrs *attrs, void *data)
{
	(void)attrs;
	(void)data;
	return 0;
}

static int look_once(struct churn *churn, struct iv_netlink *nl)
{
	unsigned int i;
	int rc;

	for (i = 0; i < sizeof(dumps) / sizeof(*dumps); i++) {
		rc = iv_netlink_dump(nl, dumps[i], NULL, 0, ignore, NULL);
		if (rc < 0)
			return rc;
		atomic_fetch_add(&churn->interrupted, rc);
	}
	return 0;
}

static void run_churn(struct test_threads *threads, unsigned int index, void *arg)
{
	struct iv_netlink *nl = malloc(sizeof(*nl));
	struct churn *churn = arg;
	int rc = nl ? iv_netlink_open(nl) : -ENOMEM;

	while (!rc && !test_threads_stopping(threads))
		rc = index % 2 ? look_once(churn, nl) : live_once(churn);
	if (rc)
		atomic_store(&churn->unexpected, rc);
	if (nl)
		iv_netlink_close(nl);
	free(nl);
}

TEST(dumps_while_objects_vanish)
{
	struct test_threads threads;
	struct churn churn = {};

	ASSERT_EQ(0, mock_module_load());
	churn.memory = test_memory_alloc(PAGE, PAGE);
	ASSERT_NE(NULL, churn.memory);
	ASSERT_EQ(0, test_threads_start(&threads, 4, run_churn, &churn));
	test_sleep_ms(VANISH_MS);
	test_threads_stop(&threads);
	ASSERT_EQ(0, test_threads_join(&threads, 30000));
	EXPECT_EQ(0, atomic_load(&churn.unexpected));
	munmap(churn.memory, PAGE);
	EXPECT_EQ(0, mock_module_unload());
}

struct interruption {
	int fd;
	unsigned int messages;
	uint32_t ids[3000];
	int rc;
};

/* A context of so many address spaces that a dump of it takes several messages. */
static int open_full_context(struct interruption *in)
{
	unsigned int i;
	int rc = 0;

	in->fd = iv_iommufd_open();
	if (in->fd < 0)
		return in->fd;
	for (i = 0; !rc && i < ARRAY_SIZE(in->ids); i++)
		rc = iv_ioas_alloc(in->fd, &in->ids[i]);
	return rc;
}

/* Takes away what is at the end when the first message has come. */
static int take_away(const struct iv_attrs *attrs, void *data)
{
	struct interruption *in = data;

	(void)attrs;
	if (!in->messages++)
		in->rc = iv_iommufd_destroy(in->fd, in->ids[2999]);
	return 0;
}

TEST(interrupted_dump_says_so)
{
	static struct interruption in;
	struct iv_filter filter = { .attr = IOMMUFD_A_IOAS_CTX };
	static struct iv_netlink nl;

	ASSERT_EQ(0, open_full_context(&in));
	filter.number = netlink_newest_context(getpid());
	ASSERT_EQ(0, iv_netlink_open(&nl));
	EXPECT_EQ(1, iv_netlink_dump(&nl, IOMMUFD_NL_CMD_IOAS_GET, &filter, 1, take_away, &in));
	EXPECT_EQ(0, in.rc);
	EXPECT_EQ(2999, in.messages);
	iv_netlink_close(&nl);
	close(in.fd);
}

/* The context itself goes in the middle of a dump of it. */
static int close_context(const struct iv_attrs *attrs, void *data)
{
	struct interruption *in = data;

	(void)attrs;
	if (!in->messages++)
		in->rc = close(in->fd);
	return 0;
}

TEST(dump_of_a_context_that_is_closed_ends_early)
{
	static struct interruption in;
	struct iv_filter filter = { .attr = IOMMUFD_A_IOAS_CTX };
	static struct iv_netlink nl;

	ASSERT_EQ(0, open_full_context(&in));
	filter.number = netlink_newest_context(getpid());
	ASSERT_EQ(0, iv_netlink_open(&nl));
	EXPECT_EQ(1, iv_netlink_dump(&nl, IOMMUFD_NL_CMD_IOAS_GET, &filter, 1, close_context,
				     &in));
	EXPECT_EQ(0, in.rc);
	EXPECT_GT(3000, in.messages);
	iv_netlink_close(&nl);
}

TEST_HARNESS_MAIN
