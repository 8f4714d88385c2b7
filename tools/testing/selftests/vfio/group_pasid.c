// SPDX-License-Identifier: GPL-2.0-only
/*
 * Work queues that share a requester ID by their groups and containers: the sample driver adi. What
 * a program of containers knows of no PASIDs, it needs none: the queue's own is attached.
 */
#include <errno.h>
#include <unistd.h>
#include "adi_device.h"
#include "iommufd_pasid.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_memory.h"
#include "test_process.h"
#include "type1.h"
#include "kselftest_harness.h"

#define PAGE 4096UL
#define NR 2

/* In @adi @iommufd is the container, in which page N of @memory is mapped. */
FIXTURE(group_pasid)
{
	struct adi_device adi[NR];
	int group[NR];
	char *memory;
	int64_t pinned;
};

static int use_container(struct adi_device *adi, int *group, void *memory)
{
	adi_close(adi);
	adi->iommufd = iv_container_open();
	*group = test_mdev_group_open(adi->uuid);
	if (adi->iommufd < 0 || *group < 0)
		return -ENODEV;
	return iv_group_set_container(*group, adi->iommufd) ?:
	       type1_set(adi->iommufd, VFIO_TYPE1v2_IOMMU) ?:
	       type1_map(adi->iommufd, memory, ADI_IOVA, PAGE, TYPE1_MAP_RW);
}

static int open_queue(struct adi_device *adi, int group)
{
	adi->fd = iv_group_device(group, adi->uuid);
	return adi->fd < 0 ? adi->fd : 0;
}

FIXTURE_SETUP(group_pasid)
{
	ASSERT_EQ(0, adi_module_load());
	self->memory = test_memory_alloc(NR * PAGE, PAGE);
	ASSERT_NE(NULL, self->memory);
	self->pinned = test_pinned_pages();
	for (int i = 0; i < NR; i++) {
		self->group[i] = -1;
		ASSERT_EQ(0, adi_setup(&self->adi[i], i + 1));
		ASSERT_EQ(0, use_container(&self->adi[i], &self->group[i],
					   self->memory + i * PAGE));
		ASSERT_EQ(0, open_queue(&self->adi[i], self->group[i]));
	}
}

FIXTURE_TEARDOWN(group_pasid)
{
	for (int i = 0; i < NR; i++) {
		adi_teardown(&self->adi[i]);
		if (self->group[i] >= 0)
			close(self->group[i]);
	}
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
	test_memory_free(self->memory, NR * PAGE);
	EXPECT_EQ(0, adi_module_unload());
}

static bool fills_only(struct _test_data_group_pasid *self, int nr)
{
	memset(self->memory, 0, NR * PAGE);
	if (adi_fill(&self->adi[nr], 0, 0, ADI_IOVA, PAGE, 0x5a))
		return false;
	return test_memory_is(self->memory + nr * PAGE, PAGE, 0x5a) &&
	       test_memory_is(self->memory + !nr * PAGE, PAGE, 0);
}

TEST_F(group_pasid, fills_its_containers_memory_only)
{
	EXPECT_TRUE(fills_only(self, 0));
	EXPECT_TRUE(fills_only(self, 1));
	ASSERT_EQ((int64_t)PAGE, type1_unmap(self->adi[0].iommufd, ADI_IOVA, PAGE, 0));
	EXPECT_NE(0, adi_fill(&self->adi[0], 0, 0, ADI_IOVA, PAGE, 1));
	EXPECT_TRUE(fills_only(self, 1));
}

TEST_F(group_pasid, works_again_when_it_is_opened_again)
{
	close(self->adi[0].fd);
	EXPECT_TRUE(fills_only(self, 1));
	ASSERT_EQ(0, open_queue(&self->adi[0], self->group[0]));
	EXPECT_TRUE(fills_only(self, 0));
}

TEST_F(group_pasid, removal_takes_one_away)
{
	ASSERT_EQ(0, test_mdev_remove(self->adi[0].uuid));
	EXPECT_EQ(-ENODEV, adi_submit(&self->adi[0], 0, 0, ADI_IOVA, 1, 1));
	EXPECT_EQ(-ENODEV, iv_group_status(self->group[0]));
	EXPECT_TRUE(fills_only(self, 1));
}

/* PASIDs are a matter of device files: a group's has no way to attach them. */
TEST_F(group_pasid, other_pasids_are_out_of_reach)
{
	EXPECT_EQ(-ENOTTY, iv_device_attach_pasid(self->adi[0].fd, 7, 1));
	EXPECT_EQ(-EPERM, adi_fill(&self->adi[0], 0, 7, ADI_IOVA, 1, 1));
}

TEST_HARNESS_MAIN
