// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbers that name no object, or one of another type or context, given to each ioctl that takes
 * one; and the life of numbers.
 */
#include <errno.h>
#include "iommufd_calls.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "kselftest_harness.h"

#define ARG_SIZE 128
#define MANY_OBJECTS 500

FIXTURE(ioctl_ids)
{
	const struct iommufd_call *call;
	struct test_device dev;
	struct iommufd_objects objects;
	int other_iommufd;
	uint32_t other_ioas_id;
	char arg[ARG_SIZE];
};

FIXTURE_VARIANT(ioctl_ids)
{
	const struct iommufd_call *call;
};

FIXTURE_VARIANT_ADD(ioctl_ids, destroy) { .call = &iommufd_call_destroy };
FIXTURE_VARIANT_ADD(ioctl_ids, allow_iovas) { .call = &iommufd_call_allow_iovas };
FIXTURE_VARIANT_ADD(ioctl_ids, iova_ranges) { .call = &iommufd_call_iova_ranges };
FIXTURE_VARIANT_ADD(ioctl_ids, map) { .call = &iommufd_call_map };
FIXTURE_VARIANT_ADD(ioctl_ids, unmap) { .call = &iommufd_call_unmap };
FIXTURE_VARIANT_ADD(ioctl_ids, option) { .call = &iommufd_call_option_huge };
FIXTURE_VARIANT_ADD(ioctl_ids, hw_info) { .call = &iommufd_call_hw_info };
FIXTURE_VARIANT_ADD(ioctl_ids, copy_to) { .call = &iommufd_call_copy_to };
FIXTURE_VARIANT_ADD(ioctl_ids, copy_from) { .call = &iommufd_call_copy_from };
FIXTURE_VARIANT_ADD(ioctl_ids, map_file) { .call = &iommufd_call_map_file };
FIXTURE_VARIANT_ADD(ioctl_ids, hwpt_alloc) { .call = &iommufd_call_hwpt_alloc };
FIXTURE_VARIANT_ADD(ioctl_ids, invalidate) { .call = &iommufd_call_invalidate };
FIXTURE_VARIANT_ADD(ioctl_ids, set_dirty) { .call = &iommufd_call_set_dirty };
FIXTURE_VARIANT_ADD(ioctl_ids, get_dirty) { .call = &iommufd_call_get_dirty };

/* The other context owns more objects, so that its newest number is unused in the first. */
static void setup_other_context(struct __test_metadata *_metadata,
				struct _test_data_ioctl_ids *self)
{
	int i;

	self->other_iommufd = iv_iommufd_open();
	ASSERT_LE(0, self->other_iommufd);
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, iv_ioas_alloc(self->other_iommufd, &self->other_ioas_id))
			TH_LOG("object %d", i);
	}
}

FIXTURE_SETUP(ioctl_ids)
{
	self->call = variant->call;
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_BOUND));
	self->objects.iommufd = self->dev.iommufd;
	self->objects.devid = self->dev.devid;
	ASSERT_EQ(0, iv_ioas_alloc(self->objects.iommufd, &self->objects.ioas_id));
	self->objects.memory = test_memory_alloc(IOMMUFD_PAGE, IOMMUFD_PAGE);
	ASSERT_NE(NULL, self->objects.memory);
	if (self->call->needs_mock)
		ASSERT_EQ(0, iommufd_objects_add_mock(&self->objects));
	setup_other_context(_metadata, self);
}

FIXTURE_TEARDOWN(ioctl_ids)
{
	close(self->other_iommufd);
	test_device_teardown(&self->dev);
	test_memory_free(self->objects.memory, IOMMUFD_PAGE);
}

static int call_with_id(struct _test_data_ioctl_ids *self, uint32_t id)
{
	iommufd_call_fill(self->call, &self->objects, self->arg);
	memcpy(self->arg + self->call->id, &id, sizeof(id));
	return iommufd_ioctl(self->objects.iommufd, self->call->request, self->arg);
}

TEST_F(ioctl_ids, zero_fails)
{
	EXPECT_EQ(-ENOENT, call_with_id(self, 0));
}

TEST_F(ioctl_ids, all_ones_fails)
{
	EXPECT_EQ(-ENOENT, call_with_id(self, UINT32_MAX));
}

TEST_F(ioctl_ids, sign_boundary_fails)
{
	EXPECT_EQ(-ENOENT, call_with_id(self, INT32_MAX));
	EXPECT_EQ(-ENOENT, call_with_id(self, 1U << 31));
}

TEST_F(ioctl_ids, never_allocated_fails)
{
	EXPECT_EQ(-ENOENT, call_with_id(self, 12345));
}

TEST_F(ioctl_ids, destroyed_fails)
{
	uint32_t id;

	ASSERT_EQ(0, iv_ioas_alloc(self->objects.iommufd, &id));
	ASSERT_EQ(0, iv_iommufd_destroy(self->objects.iommufd, id));
	memset(self->arg, 0, sizeof(self->arg));
	memcpy(self->arg, &self->call->size, sizeof(uint32_t));
	if (self->call->request != IOMMU_DESTROY)
		self->call->fill(&self->objects, self->arg);
	memcpy(self->arg + self->call->id, &id, sizeof(id));
	EXPECT_EQ(-ENOENT, iommufd_ioctl(self->objects.iommufd, self->call->request, self->arg));
}

TEST_F(ioctl_ids, another_contexts_object_fails_and_is_untouched)
{
	EXPECT_EQ(-ENOENT, call_with_id(self, self->other_ioas_id));
	EXPECT_TRUE(iommufd_ioas_exists(self->other_iommufd, self->other_ioas_id));
}

TEST_F(ioctl_ids, another_type_fails)
{
	if (self->call->request == IOMMU_DESTROY)
		return;
	EXPECT_EQ(-ENOENT, call_with_id(self, self->call->needs_device ? self->objects.ioas_id :
							self->objects.devid));
}

FIXTURE(object_ids)
{
	int iommufd;
};

FIXTURE_SETUP(object_ids)
{
	self->iommufd = iv_iommufd_open();
	ASSERT_LE(0, self->iommufd);
}

FIXTURE_TEARDOWN(object_ids)
{
	close(self->iommufd);
}

TEST_F(object_ids, are_never_zero_and_differ)
{
	uint32_t first, second;

	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &first));
	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &second));
	EXPECT_NE(0U, first);
	EXPECT_NE(0U, second);
	EXPECT_NE(first, second);
}

TEST_F(object_ids, destroy_twice_fails)
{
	uint32_t ioas_id;

	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &ioas_id));
	EXPECT_EQ(0, iv_iommufd_destroy(self->iommufd, ioas_id));
	EXPECT_EQ(-ENOENT, iv_iommufd_destroy(self->iommufd, ioas_id));
}

TEST_F(object_ids, destroy_leaves_others)
{
	uint32_t first, second;

	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &first));
	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &second));
	ASSERT_EQ(0, iv_iommufd_destroy(self->iommufd, first));
	EXPECT_TRUE(iommufd_ioas_exists(self->iommufd, second));
}

TEST_F(object_ids, contexts_number_on_their_own)
{
	int second = iv_iommufd_open();
	uint32_t ioas_id;

	ASSERT_LE(0, second);
	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &ioas_id));
	EXPECT_TRUE(iommufd_is_empty(second));
	EXPECT_FALSE(iommufd_ioas_exists(second, ioas_id));
	close(second);
}

TEST_F(object_ids, duplicated_descriptor_is_the_same_context)
{
	int second = dup(self->iommufd);
	uint32_t ioas_id;

	ASSERT_LE(0, second);
	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &ioas_id));
	EXPECT_TRUE(iommufd_ioas_exists(second, ioas_id));
	EXPECT_EQ(0, iv_iommufd_destroy(second, ioas_id));
	EXPECT_FALSE(iommufd_ioas_exists(self->iommufd, ioas_id));
	close(second);
}

TEST_F(object_ids, destroy_of_mapped_ioas_works)
{
	static char page[IOMMUFD_PAGE] __attribute__((aligned(IOMMUFD_PAGE)));
	uint32_t ioas_id;

	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &ioas_id));
	ASSERT_EQ(0, iv_ioas_map(self->iommufd, ioas_id, page, sizeof(page), 0, IV_DMA_RW));
	EXPECT_EQ(0, iv_iommufd_destroy(self->iommufd, ioas_id));
	EXPECT_TRUE(iommufd_is_empty(self->iommufd));
}

TEST_F(object_ids, many_objects_are_all_distinct_and_destroyable)
{
	uint32_t ids[MANY_OBJECTS];
	int i;

	for (i = 0; i < MANY_OBJECTS; i++) {
		ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &ids[i]))
			TH_LOG("object %d", i);
	}
	for (i = 0; i < MANY_OBJECTS; i++) {
		EXPECT_EQ(0, iv_iommufd_destroy(self->iommufd, ids[i]))
			TH_LOG("object %d", i);
	}
	EXPECT_TRUE(iommufd_is_empty(self->iommufd));
}

TEST_F(object_ids, close_with_many_objects_works)
{
	uint32_t id;
	int i;

	for (i = 0; i < MANY_OBJECTS; i++) {
		ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &id))
			TH_LOG("object %d", i);
	}
	EXPECT_EQ(0, close(self->iommufd));
	self->iommufd = -1;
}

TEST_HARNESS_MAIN
