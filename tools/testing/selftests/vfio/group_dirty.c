// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty pages of a VFIO container: all that is mapped is reported, as type1 does, and what makes it
 * fail.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "iommufd_ioctl.h"
#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "type1.h"
#include "kselftest_harness.h"

#define PAGE 4096UL
#define MIB (1UL << 20)
#define IOVA MIB
#define SIZE (4 * PAGE)
#define MAP_RW (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)
#define START VFIO_IOMMU_DIRTY_PAGES_FLAG_START
#define STOP VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP
#define GET VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP

FIXTURE(group_dirty)
{
	struct test_device dev;
	int iommufd;
	int group;
	char *memory;
	uint64_t bitmap[2048];
	struct iommufd_guard guard;
};

FIXTURE_SETUP(group_dirty)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no device: set %s", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_CLAIMED));
	self->memory = test_memory_alloc(SIZE, PAGE);
	ASSERT_NE(NULL, self->memory);
	ASSERT_EQ(0, iommufd_guard_setup(&self->guard));
	self->iommufd = iv_container_open();
	ASSERT_LE(0, self->iommufd);
	self->group = iv_group_open(self->dev.addr);
	ASSERT_LE(0, self->group);
	ASSERT_EQ(0, iv_group_set_container(self->group, self->iommufd));
	ASSERT_EQ(0, type1_set(self->iommufd, VFIO_TYPE1v2_IOMMU));
}

FIXTURE_TEARDOWN(group_dirty)
{
	close(self->group);
	close(self->iommufd);
	iommufd_guard_teardown(&self->guard);
	test_memory_free(self->memory, SIZE);
	test_device_teardown(&self->dev);
}

static int dirty_pages(int iommufd, uint32_t flags)
{
	struct vfio_iommu_type1_dirty_bitmap cmd = { .argsz = sizeof(cmd), .flags = flags };

	return iommufd_ioctl(iommufd, VFIO_IOMMU_DIRTY_PAGES, &cmd);
}

struct get_arg {
	struct vfio_iommu_type1_dirty_bitmap hdr;
	struct vfio_iommu_type1_dirty_bitmap_get get;
};

static struct get_arg get_arg(uint64_t iova, uint64_t size, void *data, uint64_t data_size)
{
	return (struct get_arg) {
		.hdr = { .argsz = sizeof(struct get_arg), .flags = GET },
		.get = {
			.iova = iova,
			.size = size,
			.bitmap = { .pgsize = PAGE, .size = data_size, .data = data },
		},
	};
}

static int get_bitmap(struct _test_data_group_dirty *self, uint64_t iova, uint64_t size)
{
	struct get_arg arg = get_arg(iova, size, self->bitmap, sizeof(self->bitmap));

	memset(self->bitmap, 0, sizeof(self->bitmap));
	return iommufd_ioctl(self->iommufd, VFIO_IOMMU_DIRTY_PAGES, &arg);
}

TEST_F(group_dirty, all_that_is_mapped_is_reported)
{
	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA, SIZE, MAP_RW));
	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA + 100 * PAGE, PAGE, MAP_RW));
	ASSERT_EQ(0, dirty_pages(self->iommufd, START));
	/* Once is not enough: the device could write again. */
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, get_bitmap(self, IOVA, 128 * PAGE));
		EXPECT_EQ(0xf, self->bitmap[0]);
		EXPECT_EQ(1UL << 36, self->bitmap[1]);
		EXPECT_EQ(0, self->bitmap[2]);
	}
	ASSERT_EQ(0, get_bitmap(self, IOVA - PAGE, SIZE + PAGE));
	EXPECT_EQ(0x1e, self->bitmap[0]);
	ASSERT_EQ(0, get_bitmap(self, 0, IOVA));
	EXPECT_TRUE(test_memory_is(self->bitmap, sizeof(self->bitmap), 0));
}

TEST_F(group_dirty, bitmap_of_many_pieces)
{
	ASSERT_EQ(0, dirty_pages(self->iommufd, START));
	for (uint64_t page = 0; page < 131072; page += 32768) {
		ASSERT_EQ(0, type1_map(self->iommufd, self->memory, page * PAGE, PAGE, MAP_RW));
		ASSERT_EQ(0, type1_map(self->iommufd, self->memory, (page + 32767) * PAGE, PAGE,
				       MAP_RW));
	}
	ASSERT_EQ(0, get_bitmap(self, 0, 131072 * PAGE));
	for (unsigned int i = 0; i < 2048; i++)
		EXPECT_EQ(i % 512 == 0 ? 1 : i % 512 == 511 ? 1UL << 63 : 0, self->bitmap[i]);
}

TEST_F(group_dirty, bits_are_added)
{
	struct get_arg arg = get_arg(IOVA, SIZE, self->bitmap, 8);

	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA, SIZE, MAP_RW));
	ASSERT_EQ(0, dirty_pages(self->iommufd, START));
	self->bitmap[0] = 0xf00;
	self->bitmap[1] = 0x5a;
	ASSERT_EQ(0, iommufd_ioctl(self->iommufd, VFIO_IOMMU_DIRTY_PAGES, &arg));
	EXPECT_EQ(0xf0f, self->bitmap[0]);
	EXPECT_EQ(0x5a, self->bitmap[1]);
}

TEST_F(group_dirty, only_between_start_and_stop)
{
	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA, SIZE, MAP_RW));
	EXPECT_EQ(-EINVAL, get_bitmap(self, IOVA, SIZE));
	EXPECT_EQ(0, dirty_pages(self->iommufd, STOP));
	EXPECT_EQ(0, dirty_pages(self->iommufd, START));
	EXPECT_EQ(0, dirty_pages(self->iommufd, START));
	EXPECT_EQ(0, get_bitmap(self, IOVA, SIZE));
	EXPECT_EQ(0, dirty_pages(self->iommufd, STOP));
	EXPECT_EQ(-EINVAL, get_bitmap(self, IOVA, SIZE));
}

TEST_F(group_dirty, range_that_cuts_a_mapping_fails)
{
	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA, SIZE, MAP_RW));
	ASSERT_EQ(0, dirty_pages(self->iommufd, START));
	EXPECT_EQ(-EINVAL, get_bitmap(self, IOVA + PAGE, SIZE - PAGE));
	EXPECT_EQ(-EINVAL, get_bitmap(self, IOVA, SIZE - PAGE));
	EXPECT_EQ(-EINVAL, get_bitmap(self, 0, IOVA + PAGE));
	EXPECT_EQ(0, get_bitmap(self, IOVA, SIZE));
}

TEST_F(group_dirty, bad_arguments_fail)
{
	static const uint32_t flags[] = { 0, START | STOP, START | GET, START | STOP | GET, 8,
					  1U << 31, START | 8 };
	const struct {
		uint64_t iova, size, pgsize, data_size;
	} bad[] = {
		{ IOVA, 0, PAGE, 8 }, { IOVA, SIZE - 1, PAGE, 8 }, { IOVA + 1, SIZE, PAGE, 8 },
		{ IOVA, SIZE, 0, 8 }, { IOVA, SIZE, PAGE - 1, 8 }, { IOVA, SIZE, 2 * PAGE, 8 },
		{ IOVA, SIZE, PAGE, 0 }, { IOVA, SIZE, PAGE, 7 }, { IOVA, 65 * PAGE, PAGE, 8 },
		{ IOVA, SIZE, PAGE, (1UL << 28) + 1 }, { -PAGE, 2 * PAGE, PAGE, 8 },
		{ PAGE, -PAGE, PAGE, 1UL << 28 }, { 0, -PAGE, PAGE, 8 },
	};
	struct get_arg arg;

	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA, SIZE, MAP_RW));
	ASSERT_EQ(0, dirty_pages(self->iommufd, START));
	for (unsigned int i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		EXPECT_EQ(-EINVAL, dirty_pages(self->iommufd, flags[i]));
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		arg = get_arg(bad[i].iova, bad[i].size, self->bitmap, bad[i].data_size);
		arg.get.bitmap.pgsize = bad[i].pgsize;
		EXPECT_EQ(-EINVAL, iommufd_ioctl(self->iommufd, VFIO_IOMMU_DIRTY_PAGES, &arg))
			TH_LOG("case %u", i);
	}
	arg = get_arg(IOVA, SIZE, self->bitmap, 8);
	for (arg.hdr.argsz = 0; arg.hdr.argsz < sizeof(arg); arg.hdr.argsz++)
		EXPECT_EQ(-EINVAL, iommufd_ioctl(self->iommufd, VFIO_IOMMU_DIRTY_PAGES, &arg));
}

TEST_F(group_dirty, bad_memory_fails)
{
	struct get_arg arg = get_arg(IOVA, SIZE, self->guard.page + PAGE, 8);

	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA, SIZE, MAP_RW));
	ASSERT_EQ(0, dirty_pages(self->iommufd, START));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->iommufd, VFIO_IOMMU_DIRTY_PAGES, &arg));
	arg = get_arg(IOVA, SIZE, (void *)-8UL, 8);
	EXPECT_EQ(-EINVAL, iommufd_ioctl(self->iommufd, VFIO_IOMMU_DIRTY_PAGES, &arg));
	arg = get_arg(IOVA, SIZE, self->bitmap, 8);
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->iommufd, VFIO_IOMMU_DIRTY_PAGES,
					 iommufd_guard_place_part(&self->guard, &arg,
								  sizeof(arg))));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->iommufd, VFIO_IOMMU_DIRTY_PAGES, NULL));
}

TEST_F(group_dirty, needs_a_type_and_ends_with_the_last_group)
{
	ASSERT_EQ(0, dirty_pages(self->iommufd, START));
	ASSERT_EQ(0, iv_group_unset_container(self->group));
	EXPECT_EQ(-EINVAL, dirty_pages(self->iommufd, START));
	ASSERT_EQ(0, iv_group_set_container(self->group, self->iommufd));
	EXPECT_EQ(-EINVAL, dirty_pages(self->iommufd, START));
	ASSERT_EQ(0, type1_set(self->iommufd, VFIO_TYPE1v2_IOMMU));
	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA, SIZE, MAP_RW));
	EXPECT_EQ(-EINVAL, get_bitmap(self, IOVA, SIZE));
}

/* /dev/iommu in the role of a container is as it is in mainline. */
TEST_F(group_dirty, is_not_there_in_a_context)
{
	int iommufd = iv_iommufd_open();

	EXPECT_EQ(-ENOTTY, dirty_pages(iommufd, START));
	close(iommufd);
}

TEST_F(group_dirty, capability_tells_of_it)
{
	struct vfio_iommu_type1_info_cap_migration *cap = NULL;
	char buf[4096] __attribute__((aligned(8))) = {};
	struct vfio_iommu_type1_info *info = (void *)buf;
	struct vfio_info_cap_header *header;

	info->argsz = sizeof(buf);
	ASSERT_EQ(0, iommufd_ioctl(self->iommufd, VFIO_IOMMU_GET_INFO, info));
	for (uint32_t at = info->cap_offset; at; at = header->next) {
		header = (void *)(buf + at);
		if (header->id == VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION)
			cap = (void *)header;
	}
	ASSERT_NE(NULL, cap);
	EXPECT_EQ(1, cap->header.version);
	EXPECT_EQ(0, cap->flags);
	EXPECT_EQ(PAGE, cap->pgsize_bitmap);
	EXPECT_EQ(1UL << 28, cap->max_dirty_bitmap_size);
}

static int unmap_with_bitmap(struct _test_data_group_dirty *self, uint64_t iova, uint64_t *size,
			     void *data, uint64_t data_size)
{
	struct {
		struct vfio_iommu_type1_dma_unmap unmap;
		struct vfio_bitmap bitmap;
	} arg = {
		.unmap = {
			.argsz = sizeof(arg),
			.flags = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP,
			.iova = iova,
			.size = *size,
		},
		.bitmap = { .pgsize = PAGE, .size = data_size, .data = data },
	};
	int rc = iommufd_ioctl(self->iommufd, VFIO_IOMMU_UNMAP_DMA, &arg);

	*size = arg.unmap.size;
	return rc;
}

TEST_F(group_dirty, unmap_reports_what_it_unmaps)
{
	uint64_t size = 64 * PAGE;

	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA + PAGE, SIZE, MAP_RW));
	ASSERT_EQ(0, dirty_pages(self->iommufd, START));
	ASSERT_EQ(0, unmap_with_bitmap(self, IOVA, &size, self->bitmap, 8));
	EXPECT_EQ(SIZE, size);
	EXPECT_EQ(0x1e, self->bitmap[0]);
	ASSERT_EQ(0, get_bitmap(self, IOVA, 64 * PAGE));
	EXPECT_EQ(0, self->bitmap[0]);
}

TEST_F(group_dirty, unmap_that_can_not_report_unmaps_nothing)
{
	uint64_t size = SIZE;

	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA, SIZE, MAP_RW));
	EXPECT_EQ(-EINVAL, unmap_with_bitmap(self, IOVA, &size, self->bitmap, 8));
	ASSERT_EQ(0, dirty_pages(self->iommufd, START));
	EXPECT_EQ(-EINVAL, unmap_with_bitmap(self, IOVA, &size, self->bitmap, 0));
	EXPECT_EQ(-EFAULT, unmap_with_bitmap(self, IOVA, &size, self->guard.page + PAGE, 8));
	size = 2 * PAGE;
	EXPECT_EQ(-EINVAL, unmap_with_bitmap(self, IOVA, &size, self->bitmap, 8));
	EXPECT_EQ(SIZE, type1_unmap(self->iommufd, IOVA, SIZE, 0));
}

TEST_HARNESS_MAIN
