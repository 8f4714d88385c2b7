// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices on page tables that the user has made: what they reach, and how long each side stays.
 */
#include <errno.h>
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "test_thread.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define MEMORY_SIZE (16 * PAGE)
#define IOVA 0x100000UL
#define MSI_START 0xfee00000UL
#define BLOCK 64U
#define RUN_MS 700
#define JOIN_MS 5000

FIXTURE(hwpt_attach)
{
	struct test_device dev;
	struct iv_edu edu;
	int fd;
	uint32_t ioas_id;
	uint32_t hwpt_id;
	char *memory;
	int64_t pinned;
	struct test_threads threads;
	atomic_int unexpected;
};

FIXTURE_SETUP(hwpt_attach)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	self->memory = test_memory_alloc(MEMORY_SIZE, PAGE);
	ASSERT_NE(NULL, self->memory);
	self->pinned = test_pinned_pages();
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_BOUND));
	ASSERT_EQ(0, iv_edu_open(&self->edu, self->dev.fd));
	self->fd = self->dev.iommufd;
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &self->ioas_id));
	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id, 0, &self->hwpt_id));
}

FIXTURE_TEARDOWN(hwpt_attach)
{
	iv_edu_close(&self->edu);
	test_device_teardown(&self->dev);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned))
		TH_LOG("%ld pages are still pinned", test_pinned_pages() - self->pinned);
	test_memory_free(self->memory, MEMORY_SIZE);
}

static int map(const struct _test_data_hwpt_attach *self, uint64_t iova)
{
	return iv_ioas_map(self->fd, self->ioas_id, self->memory, MEMORY_SIZE, iova, IV_DMA_RW);
}

/* The device copies the first block of the memory, which is at @iova, to its last page. */
static bool device_reaches(struct _test_data_hwpt_attach *self, uint64_t iova)
{
	const size_t last = MEMORY_SIZE - PAGE;

	test_memory_fill(self->memory, BLOCK, iova);
	test_memory_fill(self->memory + last, BLOCK, iova + 1);
	return iv_edu_dma_read(&self->edu, iova, 0, BLOCK) == 0 &&
	       iv_edu_dma_write(&self->edu, iova + last, 0, BLOCK) == 0 &&
	       test_memory_matches(self->memory + last, BLOCK, iova);
}

TEST_F(hwpt_attach, attach_reports_the_page_table_itself)
{
	uint32_t pt_id = self->hwpt_id;

	ASSERT_EQ(0, iv_device_attach_get(self->dev.fd, &pt_id));
	EXPECT_EQ(self->hwpt_id, pt_id);
}

TEST_F(hwpt_attach, attach_to_the_ioas_makes_another)
{
	uint32_t pt_id = self->ioas_id;

	ASSERT_EQ(0, iv_device_attach_get(self->dev.fd, &pt_id));
	EXPECT_NE(self->hwpt_id, pt_id);
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, self->hwpt_id));
	EXPECT_EQ(-ENOENT, iv_device_attach(self->dev.fd, pt_id));
	EXPECT_EQ(-ENOENT, iv_iommufd_destroy(self->fd, pt_id));
}

TEST_F(hwpt_attach, device_reaches_what_was_mapped_before_and_after)
{
	uint32_t second;

	ASSERT_EQ(0, map(self, IOVA));
	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id, 0, &second));
	ASSERT_EQ(0, map(self, 2 * IOVA));
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, second));
	ASSERT_EQ(0, map(self, 3 * IOVA));
	EXPECT_TRUE(device_reaches(self, IOVA));
	EXPECT_TRUE(device_reaches(self, 2 * IOVA));
	EXPECT_TRUE(device_reaches(self, 3 * IOVA));
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, self->hwpt_id));
	EXPECT_TRUE(device_reaches(self, IOVA));
}

TEST_F(hwpt_attach, device_cant_reach_what_was_unmapped)
{
	uint32_t second;

	ASSERT_EQ(0, map(self, IOVA));
	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id, 0, &second));
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, self->hwpt_id));
	EXPECT_TRUE(device_reaches(self, IOVA));
	ASSERT_EQ(0, iv_ioas_unmap(self->fd, self->ioas_id, IOVA, MEMORY_SIZE, NULL));
	EXPECT_FALSE(device_reaches(self, IOVA));
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, second));
	EXPECT_FALSE(device_reaches(self, IOVA));
}

TEST_F(hwpt_attach, replace_between_two_of_one_ioas_keeps_what_is_reached)
{
	uint32_t second;
	int i;

	ASSERT_EQ(0, map(self, IOVA));
	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id, 0, &second));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, iv_device_attach(self->dev.fd, i % 2 ? second : self->hwpt_id))
			TH_LOG("round %d", i);
		EXPECT_TRUE(device_reaches(self, IOVA))
			TH_LOG("round %d", i);
	}
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->hwpt_id));
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->fd, second));
}

TEST_F(hwpt_attach, replace_moves_to_the_other_ioas)
{
	uint32_t other_ioas, other;

	ASSERT_EQ(0, map(self, IOVA));
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &other_ioas));
	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, other_ioas, 0, &other));
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, self->hwpt_id));
	EXPECT_TRUE(device_reaches(self, IOVA));
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, other));
	EXPECT_FALSE(device_reaches(self, IOVA));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->hwpt_id));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->ioas_id));
}

TEST_F(hwpt_attach, attach_to_the_same_again_works)
{
	ASSERT_EQ(0, map(self, IOVA));
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, self->hwpt_id));
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, self->hwpt_id));
	EXPECT_TRUE(device_reaches(self, IOVA));
	ASSERT_EQ(0, iv_device_detach(self->dev.fd));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->hwpt_id));
}

TEST_F(hwpt_attach, destroy_fails_while_attached)
{
	ASSERT_EQ(0, map(self, IOVA));
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, self->hwpt_id));
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->fd, self->hwpt_id));
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->fd, self->ioas_id));
	EXPECT_TRUE(device_reaches(self, IOVA));
}

TEST_F(hwpt_attach, stays_after_detach_until_destroyed)
{
	ASSERT_EQ(0, map(self, IOVA));
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, self->hwpt_id));
	ASSERT_EQ(0, iv_device_detach(self->dev.fd));
	EXPECT_EQ(self->pinned + (int64_t)(MEMORY_SIZE / PAGE), test_pinned_pages());
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->fd, self->ioas_id));
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, self->hwpt_id));
	EXPECT_TRUE(device_reaches(self, IOVA));
	ASSERT_EQ(0, iv_device_detach(self->dev.fd));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->hwpt_id));
	EXPECT_EQ(self->pinned, test_pinned_pages());
}

TEST_F(hwpt_attach, device_cant_reach_anything_after_detach)
{
	ASSERT_EQ(0, map(self, IOVA));
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, self->hwpt_id));
	EXPECT_TRUE(device_reaches(self, IOVA));
	ASSERT_EQ(0, iv_device_detach(self->dev.fd));
	EXPECT_FALSE(device_reaches(self, IOVA));
}

TEST_F(hwpt_attach, destroyed_one_cant_be_attached)
{
	ASSERT_EQ(0, iv_iommufd_destroy(self->fd, self->hwpt_id));
	EXPECT_EQ(-ENOENT, iv_device_attach(self->dev.fd, self->hwpt_id));
}

TEST_F(hwpt_attach, mapping_in_the_msi_window_fails_at_attach_and_keeps_the_old)
{
	uint32_t bad_ioas, bad;

	ASSERT_EQ(0, map(self, IOVA));
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, self->hwpt_id));
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &bad_ioas));
	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, bad_ioas, 0, &bad));
	ASSERT_EQ(0, iv_ioas_map(self->fd, bad_ioas, self->memory, PAGE, MSI_START, IV_DMA_RW));
	EXPECT_EQ(-EADDRINUSE, iv_device_attach(self->dev.fd, bad));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, bad));
	EXPECT_TRUE(device_reaches(self, IOVA));
}

TEST_F(hwpt_attach, two_devices_share_one)
{
	struct test_device second;

	if (!test_role_addr(TEST_IGB))
		SKIP(return, "no %s device", test_role_name(TEST_IGB));
	ASSERT_EQ(0, map(self, IOVA));
	ASSERT_EQ(0, test_device_setup(&second, TEST_IGB, TEST_PARKED));
	ASSERT_EQ(0, iv_device_bind(second.fd, self->fd, NULL));
	EXPECT_EQ(0, iv_device_attach(second.fd, self->hwpt_id));
	EXPECT_EQ(0, iv_device_attach(self->dev.fd, self->hwpt_id));
	EXPECT_TRUE(device_reaches(self, IOVA));
	EXPECT_EQ(0, iv_device_detach(self->dev.fd));
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->fd, self->hwpt_id));
	test_device_teardown(&second);
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, self->hwpt_id));
}

TEST_F(hwpt_attach, another_contexts_page_table_fails)
{
	struct test_device second;

	if (!test_role_addr(TEST_IGB))
		SKIP(return, "no %s device", test_role_name(TEST_IGB));
	ASSERT_EQ(0, test_device_setup(&second, TEST_IGB, TEST_BOUND));
	EXPECT_EQ(-ENOENT, iv_device_attach(second.fd, self->hwpt_id));
	test_device_teardown(&second);
}

static void check_result(struct _test_data_hwpt_attach *self, int rc, int error)
{
	if (rc && rc != error)
		self->unexpected = rc;
}

static void alloc_and_destroy(struct _test_data_hwpt_attach *self)
{
	uint32_t hwpt_id;
	int rc = iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id, 0, &hwpt_id);

	check_result(self, rc, 0);
	if (rc)
		return;
	check_result(self, iv_device_attach(self->dev.fd, hwpt_id), 0);
	check_result(self, iv_device_attach(self->dev.fd, self->hwpt_id), 0);
	check_result(self, iv_iommufd_destroy(self->fd, hwpt_id), 0);
}

static void alloc_or_map(struct test_threads *threads, unsigned int index, void *arg)
{
	struct _test_data_hwpt_attach *self = arg;
	const uint64_t iova = IOVA + index * MEMORY_SIZE;

	while (!test_threads_stopping(threads)) {
		threads->rounds++;
		if (!index) {
			alloc_and_destroy(self);
			continue;
		}
		check_result(self, map(self, iova), 0);
		check_result(self, iv_ioas_unmap(self->fd, self->ioas_id, iova, MEMORY_SIZE, NULL),
			     0);
	}
}

TEST_F(hwpt_attach, page_tables_come_and_go_while_mappings_do)
{
	ASSERT_EQ(0, test_threads_start(&self->threads, 3, alloc_or_map, self));
	test_sleep_ms(RUN_MS);
	test_threads_stop(&self->threads);
	ASSERT_EQ(0, test_threads_join(&self->threads, JOIN_MS));
	EXPECT_EQ(0, self->unexpected);
	EXPECT_LT(3UL, self->threads.rounds);
	EXPECT_TRUE(iommufd_ioas_is_empty(self->fd, self->ioas_id));
}

TEST_HARNESS_MAIN
