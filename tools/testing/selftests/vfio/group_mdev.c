// SPDX-License-Identifier: GPL-2.0-only
/*
 * Software devices by their groups and a container: the sample block device mblk.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "iommufd_child.h"
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "mblk_device.h"
#include "test_device.h"
#include "test_mdev.h"
#include "test_memory.h"
#include "test_wait.h"
#include "type1.h"
#include "kselftest_harness.h"

#define PAGE MBLK_PAGE
#define VIABLE VFIO_GROUP_FLAGS_VIABLE
#define IN_CONTAINER (VFIO_GROUP_FLAGS_VIABLE | VFIO_GROUP_FLAGS_CONTAINER_SET)
#define WAIT_MS 10000

/* In @mblk @iommufd is the container. */
FIXTURE(group_mdev)
{
	struct mblk_device mblk;
	int group;
	char *memory;
	int64_t pinned;
};

FIXTURE_VARIANT(group_mdev)
{
	unsigned long type;
};

FIXTURE_VARIANT_ADD(group_mdev, type1) { .type = VFIO_TYPE1_IOMMU };
FIXTURE_VARIANT_ADD(group_mdev, type1v2) { .type = VFIO_TYPE1v2_IOMMU };

static int map_all(const struct mblk_device *mblk, void *memory)
{
	return type1_map(mblk->iommufd, mblk->ring, MBLK_RING_IOVA, MBLK_RING_SIZE,
			 TYPE1_MAP_RW) ?:
	       type1_map(mblk->iommufd, memory, MBLK_DATA_IOVA, PAGE, TYPE1_MAP_RW);
}

static int use_container(struct mblk_device *mblk, int *group, void *memory, unsigned long type)
{
	mblk->iommufd = iv_container_open();
	*group = test_mdev_group_open(mblk->uuid);
	if (mblk->iommufd < 0 || *group < 0)
		return -ENODEV;
	return iv_group_set_container(*group, mblk->iommufd) ?:
	       type1_set(mblk->iommufd, type) ?: map_all(mblk, memory);
}

FIXTURE_SETUP(group_mdev)
{
	self->pinned = test_pinned_pages();
	self->group = -1;
	self->memory = test_memory_alloc(PAGE, PAGE);
	ASSERT_NE(NULL, self->memory);
	ASSERT_EQ(0, mblk_setup(&self->mblk, TEST_MBLK_SMALL, 1));
	mblk_close(&self->mblk);
	ASSERT_EQ(0, use_container(&self->mblk, &self->group, self->memory, variant->type));
}

static void close_all(struct mblk_device *mblk, int *group)
{
	mblk_close(mblk);
	if (*group >= 0)
		close(*group);
	*group = -1;
}

FIXTURE_TEARDOWN(group_mdev)
{
	close_all(&self->mblk, &self->group);
	mblk_teardown(&self->mblk);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
	test_memory_free(self->memory, PAGE);
}

static int open_and_start(struct mblk_device *mblk, int group)
{
	mblk->fd = iv_group_device(group, mblk->uuid);
	return mblk->fd < 0 ? mblk->fd : mblk_start(mblk);
}

static void close_device(struct mblk_device *mblk)
{
	close(mblk->fd);
	mblk->fd = -1;
}

static int write_and_read_back(struct mblk_device *mblk, char *memory, int flags)
{
	int ret;

	test_memory_fill(memory, PAGE, 5);
	ret = mblk_io(mblk, MBLK_OP_WRITE, flags, MBLK_DATA_IOVA, 8, PAGE);
	if (ret != MBLK_OK)
		return ret ?: -EIO;
	memset(memory, 0, PAGE);
	ret = mblk_io(mblk, MBLK_OP_READ, flags, MBLK_DATA_IOVA, 8, PAGE);
	if (ret != MBLK_OK)
		return ret ?: -EIO;
	return test_memory_matches(memory, PAGE, 5) ? 0 : -EIO;
}

TEST_F(group_mdev, reads_and_writes_what_the_container_maps)
{
	EXPECT_EQ(IN_CONTAINER, iv_group_status(self->group));
	ASSERT_EQ(0, open_and_start(&self->mblk, self->group));
	EXPECT_EQ(0, write_and_read_back(&self->mblk, self->memory, 0));
	EXPECT_EQ(0, write_and_read_back(&self->mblk, self->memory, MBLK_DESC_PIN));
}

TEST_F(group_mdev, unmapped_memory_is_out_of_reach)
{
	ASSERT_EQ(0, open_and_start(&self->mblk, self->group));
	ASSERT_EQ((int64_t)PAGE, type1_unmap(self->mblk.iommufd, MBLK_DATA_IOVA, PAGE, 0));
	EXPECT_NE(MBLK_OK, mblk_io(&self->mblk, MBLK_OP_WRITE, 0, MBLK_DATA_IOVA, 8, PAGE));
}

TEST_F(group_mdev, unmap_of_pinned_memory_is_told_to_the_driver)
{
	ASSERT_EQ(0, open_and_start(&self->mblk, self->group));
	/* The ring is pinned. */
	ASSERT_EQ((int64_t)MBLK_RING_SIZE,
		  type1_unmap(self->mblk.iommufd, MBLK_RING_IOVA, MBLK_RING_SIZE, 0));
	EXPECT_EQ(0, mblk_reg(&self->mblk, MBLK_REG_STATUS) & MBLK_STATUS_ENABLED);
}

TEST_F(group_mdev, container_stays_as_it_is_while_the_device_is_closed)
{
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, open_and_start(&self->mblk, self->group));
		EXPECT_EQ(0, write_and_read_back(&self->mblk, self->memory, MBLK_DESC_PIN));
		close_device(&self->mblk);
		EXPECT_EQ(-EINVAL, type1_set(self->mblk.iommufd, variant->type));
		EXPECT_EQ(-EEXIST, type1_map(self->mblk.iommufd, self->memory, MBLK_DATA_IOVA, PAGE,
					     TYPE1_MAP_RW));
	}
	/* Nothing is pinned that nobody uses. */
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
}

TEST_F(group_mdev, type_and_mappings_end_when_the_group_leaves)
{
	ASSERT_EQ(0, open_and_start(&self->mblk, self->group));
	EXPECT_EQ(-EBUSY, iv_group_unset_container(self->group));
	close_device(&self->mblk);
	EXPECT_EQ(0, iv_group_unset_container(self->group));
	EXPECT_EQ(VIABLE, iv_group_status(self->group));
	EXPECT_EQ(-EINVAL, iv_group_device(self->group, self->mblk.uuid));
	EXPECT_EQ(-EINVAL, map_all(&self->mblk, self->memory));
	EXPECT_EQ(-EINVAL, type1_set(self->mblk.iommufd, variant->type));
	ASSERT_EQ(0, iv_group_set_container(self->group, self->mblk.iommufd));
	EXPECT_EQ(-EINVAL, iv_group_device(self->group, self->mblk.uuid));
	ASSERT_EQ(0, type1_set(self->mblk.iommufd, variant->type));
	EXPECT_EQ(0, map_all(&self->mblk, self->memory));
	ASSERT_EQ(0, open_and_start(&self->mblk, self->group));
	EXPECT_EQ(0, write_and_read_back(&self->mblk, self->memory, 0));
}

TEST_F(group_mdev, only_its_uuid_names_it)
{
	char name[64];

	EXPECT_EQ(-ENODEV, iv_group_device(self->group, "0000:00:04.0"));
	snprintf(name, sizeof(name), "%s", self->mblk.uuid);
	for (char *c = name; *c; c++)
		*c = toupper(*c);
	EXPECT_EQ(-ENODEV, iv_group_device(self->group, name));
	snprintf(name, sizeof(name), "%.35s", self->mblk.uuid);
	EXPECT_EQ(-ENODEV, iv_group_device(self->group, name));
}

TEST_F(group_mdev, its_own_file_and_the_group_exclude_each_other)
{
	int context, fd = test_mdev_open(self->mblk.uuid);
	uint32_t ioas_id;

	ASSERT_LE(0, fd);
	context = test_context_open(&ioas_id);
	ASSERT_LE(0, context);
	EXPECT_EQ(-EBUSY, iv_device_bind(fd, context, NULL));
	close_all(&self->mblk, &self->group);
	EXPECT_EQ(0, iv_device_bind(fd, context, NULL));
	EXPECT_EQ(-EBUSY, test_mdev_group_open(self->mblk.uuid));
	close(fd);
	close(context);
	self->group = test_mdev_group_open(self->mblk.uuid);
	EXPECT_LE(0, self->group);
}

TEST_F(group_mdev, removal_takes_it_away)
{
	uint32_t ioas_id;

	ASSERT_EQ(0, open_and_start(&self->mblk, self->group));
	ASSERT_EQ(0, write_and_read_back(&self->mblk, self->memory, MBLK_DESC_PIN));
	ASSERT_EQ(0, test_mdev_remove(self->mblk.uuid));
	EXPECT_EQ(0, test_fd_is_revoked(self->mblk.fd));
	EXPECT_EQ(-ENODEV, iv_group_status(self->group));
	EXPECT_EQ(-ENODEV, iv_group_device(self->group, self->mblk.uuid));
	/* A container without a device has nothing. */
	EXPECT_EQ(-EINVAL, map_all(&self->mblk, self->memory));
	EXPECT_EQ(-EPERM, iv_ioas_alloc(self->mblk.iommufd, &ioas_id));
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
	EXPECT_EQ(0, iv_group_unset_container(self->group));
}

TEST_F(group_mdev, removal_while_it_is_closed_ends_the_container)
{
	uint32_t ioas_id;

	ASSERT_EQ(0, open_and_start(&self->mblk, self->group));
	close_device(&self->mblk);
	ASSERT_EQ(0, iv_ioas_alloc(self->mblk.iommufd, &ioas_id));
	ASSERT_EQ(0, test_mdev_remove(self->mblk.uuid));
	EXPECT_EQ(-ENODEV, iv_group_device(self->group, self->mblk.uuid));
	EXPECT_EQ(-EINVAL, map_all(&self->mblk, self->memory));
	EXPECT_EQ(-EPERM, iv_ioas_alloc(self->mblk.iommufd, &ioas_id));
}

TEST_F(group_mdev, sysfs_shows_its_group)
{
	int number = test_mdev_group(self->mblk.uuid);
	char path[128], text[32];

	ASSERT_LE(0, number);
	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d/devices/%s", number,
		 self->mblk.uuid);
	EXPECT_EQ(0, access(path, F_OK));
	snprintf(path, sizeof(path), "/sys/class/vfio/%d", number);
	EXPECT_EQ(0, access(path, F_OK));
	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d/name", number);
	ASSERT_LT(0, iv_file_read(path, text, sizeof(text)));
	EXPECT_EQ(0, strncmp(text, "vfio-mediated", 13));
	close_all(&self->mblk, &self->group);
	ASSERT_EQ(0, test_mdev_remove(self->mblk.uuid));
	EXPECT_EQ(-1, access(path, F_OK));
}

TEST_F(group_mdev, iommufd_takes_the_containers_place)
{
	struct mblk_device *mblk = &self->mblk;

	close_all(mblk, &self->group);
	mblk->iommufd = test_context_open(&mblk->ioas_id);
	ASSERT_LE(0, mblk->iommufd);
	ASSERT_EQ(0, type1_ioas_set(mblk->iommufd, mblk->ioas_id));
	self->group = test_mdev_group_open(mblk->uuid);
	ASSERT_LE(0, self->group);
	ASSERT_EQ(0, iv_group_set_container(self->group, mblk->iommufd));
	ASSERT_EQ(0, type1_set(mblk->iommufd, variant->type));
	ASSERT_EQ(0, map_all(mblk, self->memory));
	ASSERT_EQ(0, open_and_start(mblk, self->group));
	EXPECT_EQ(0, write_and_read_back(mblk, self->memory, MBLK_DESC_PIN));
}

static int track_dirty(int container, uint32_t flags)
{
	struct vfio_iommu_type1_dirty_bitmap cmd = { .argsz = sizeof(cmd), .flags = flags };

	return iommufd_ioctl(container, VFIO_IOMMU_DIRTY_PAGES, &cmd);
}

static int get_dirty(int container, uint64_t iova, uint64_t size, uint64_t *bitmap)
{
	struct {
		struct vfio_iommu_type1_dirty_bitmap hdr;
		struct vfio_iommu_type1_dirty_bitmap_get get;
	} cmd = {
		.hdr = { .argsz = sizeof(cmd), .flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP },
		.get = {
			.iova = iova,
			.size = size,
			.bitmap = { .pgsize = PAGE, .size = sizeof(*bitmap),
				    .data = (__u64 *)bitmap },
		},
	};

	*bitmap = 0;
	return iommufd_ioctl(container, VFIO_IOMMU_DIRTY_PAGES, &cmd);
}

TEST_F(group_mdev, dirty_pages_are_all_that_is_mapped)
{
	uint64_t bitmap;

	ASSERT_EQ(0, open_and_start(&self->mblk, self->group));
	ASSERT_EQ(0, track_dirty(self->mblk.iommufd, VFIO_IOMMU_DIRTY_PAGES_FLAG_START));
	ASSERT_EQ(0, write_and_read_back(&self->mblk, self->memory, 0));
	EXPECT_EQ(0, get_dirty(self->mblk.iommufd, MBLK_DATA_IOVA - PAGE, 4 * PAGE, &bitmap));
	EXPECT_EQ(2, bitmap);
	/* What the device has written stays so when nobody has it open. */
	close_device(&self->mblk);
	EXPECT_EQ(0, get_dirty(self->mblk.iommufd, MBLK_DATA_IOVA, PAGE, &bitmap));
	EXPECT_EQ(1, bitmap);
	EXPECT_EQ(0, track_dirty(self->mblk.iommufd, VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP));
}

/* Another instance, in the same container or one of its own. */

struct other {
	struct mblk_device mblk;
	int group;
	char *memory;
};

static int other_setup(struct other *other, const struct mblk_device *first)
{
	memset(other, 0, sizeof(*other));
	other->group = -1;
	if (mblk_setup(&other->mblk, TEST_MBLK_SMALL, 2))
		return -ENODEV;
	mblk_close(&other->mblk);
	if (test_mdev_group(other->mblk.uuid) == test_mdev_group(first->uuid))
		return -EXDEV;
	other->memory = test_memory_alloc(PAGE, PAGE);
	return other->memory ? 0 : -ENOMEM;
}

static void other_teardown(struct other *other)
{
	close_all(&other->mblk, &other->group);
	mblk_teardown(&other->mblk);
	test_memory_free(other->memory, PAGE);
}

TEST_F(group_mdev, two_share_a_container)
{
	struct mblk_device *mblk = &self->mblk;
	struct other other;

	ASSERT_EQ(0, other_setup(&other, mblk));
	other.group = test_mdev_group_open(other.mblk.uuid);
	ASSERT_LE(0, other.group);
	/* It comes when the container has a type. */
	ASSERT_EQ(0, iv_group_set_container(other.group, mblk->iommufd));
	EXPECT_EQ(-ENODEV, iv_group_device(other.group, mblk->uuid));
	ASSERT_EQ(0, open_and_start(mblk, self->group));
	EXPECT_EQ(0, write_and_read_back(mblk, self->memory, MBLK_DESC_PIN));
	/* One ring can't serve both. */
	ASSERT_EQ(0, mblk_reg_write(mblk, MBLK_REG_CONTROL, 0));
	other.mblk.fd = iv_group_device(other.group, other.mblk.uuid);
	ASSERT_LE(0, other.mblk.fd);
	test_memory_free(other.mblk.ring, MBLK_RING_SIZE);
	other.mblk.ring = mblk->ring;
	ASSERT_EQ(0, mblk_start(&other.mblk));
	EXPECT_EQ(0, write_and_read_back(&other.mblk, self->memory, MBLK_DESC_PIN));
	/* When the first one goes the container stays as it is. */
	close_device(mblk);
	EXPECT_EQ(0, iv_group_unset_container(self->group));
	EXPECT_EQ(0, write_and_read_back(&other.mblk, self->memory, MBLK_DESC_PIN));
	other.mblk.ring = NULL;
	other_teardown(&other);
}

TEST_F(group_mdev, containers_are_apart)
{
	struct mblk_device *mblk = &self->mblk;
	struct other other;

	ASSERT_EQ(0, other_setup(&other, mblk));
	ASSERT_EQ(0, use_container(&other.mblk, &other.group, other.memory, variant->type));
	ASSERT_EQ(0, open_and_start(mblk, self->group));
	ASSERT_EQ(0, open_and_start(&other.mblk, other.group));
	memset(other.memory, 9, PAGE);
	EXPECT_EQ(0, write_and_read_back(mblk, self->memory, 0));
	EXPECT_TRUE(test_memory_is(other.memory, PAGE, 9));
	EXPECT_EQ(0, test_mdev_remove(mblk->uuid));
	EXPECT_EQ(0, write_and_read_back(&other.mblk, other.memory, 0));
	other_teardown(&other);
}

/* A child that uses the device, until it is killed. */
static int child_uses_it(struct iommufd_child *parent, void *arg)
{
	struct mblk_device *mblk = arg;
	char *memory = test_memory_alloc(PAGE, PAGE);
	int group, rc;

	rc = use_container(mblk, &group, memory, VFIO_TYPE1v2_IOMMU) ?:
	     open_and_start(mblk, group) ?: write_and_read_back(mblk, memory, MBLK_DESC_PIN);
	iommufd_child_tell(parent, rc);
	while (!rc)
		rc = write_and_read_back(mblk, memory, MBLK_DESC_PIN);
	return rc;
}

static bool group_can_be_opened(void *arg)
{
	struct _test_data_group_mdev *self = arg;

	self->group = test_mdev_group_open(self->mblk.uuid);
	return self->group >= 0;
}

TEST_F(group_mdev, killed_user_leaves_nothing)
{
	struct iommufd_child child;
	int rc = -1;

	close_all(&self->mblk, &self->group);
	ASSERT_EQ(0, iommufd_child_start(&child, child_uses_it, &self->mblk));
	EXPECT_EQ(0, iommufd_child_hear(&child, &rc));
	EXPECT_EQ(0, rc);
	EXPECT_EQ(0, iommufd_child_kill(&child));
	ASSERT_TRUE(test_wait_until(group_can_be_opened, self, WAIT_MS));
	close(self->group);
	ASSERT_EQ(0, use_container(&self->mblk, &self->group, self->memory, variant->type));
	ASSERT_EQ(0, open_and_start(&self->mblk, self->group));
	EXPECT_EQ(0, write_and_read_back(&self->mblk, self->memory, MBLK_DESC_PIN));
}

TEST_HARNESS_MAIN
