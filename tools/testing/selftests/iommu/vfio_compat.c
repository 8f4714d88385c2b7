// SPDX-License-Identifier: GPL-2.0-only
/*
 * A context in the role of a VFIO container: IOMMU_VFIO_IOAS, and the ioctls of type1.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <linux/vfio.h>
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "test_race.h"
#include "type1.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define PAGES 16UL
#define MEMORY_SIZE (PAGES * PAGE)
#define HUGE_SIZE (2UL << 20)
#define IOVA HUGE_SIZE
#define RESERVED_IOVA 0xfee00000UL
#define BLOCK 64U
#define BYTE 0x5a
#define SEED 7

#define MAP_READ VFIO_DMA_MAP_FLAG_READ
#define MAP_WRITE VFIO_DMA_MAP_FLAG_WRITE
#define MAP_RW TYPE1_MAP_RW
#define UNMAP_SIZE TYPE1_UNMAP_SIZE

/* Fills a page with a byte, then asks. */
static int get_info(int iommufd, void *page, uint32_t argsz)
{
	struct vfio_iommu_type1_info *info = page;

	memset(page, BYTE, PAGE);
	info->argsz = argsz;
	return iommufd_ioctl(iommufd, VFIO_IOMMU_GET_INFO, info);
}

/* ---- Which IOAS ---- */

FIXTURE(vfio_ioas)
{
	int iommufd;
	uint32_t ioas_id;
};

FIXTURE_SETUP(vfio_ioas)
{
	self->iommufd = test_context_open(&self->ioas_id);
	ASSERT_LE(0, self->iommufd);
}

FIXTURE_TEARDOWN(vfio_ioas)
{
	close(self->iommufd);
}

TEST_F(vfio_ioas, get_fails_while_none_is_set)
{
	EXPECT_EQ(-ENODEV, type1_ioas_get(self->iommufd));
}

TEST_F(vfio_ioas, get_tells_what_was_set)
{
	EXPECT_EQ(0, type1_ioas_set(self->iommufd, self->ioas_id));
	EXPECT_EQ(self->ioas_id, type1_ioas_get(self->iommufd));
}

TEST_F(vfio_ioas, set_replaces_the_one_before)
{
	uint32_t other;

	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &other));
	EXPECT_EQ(0, type1_ioas_set(self->iommufd, self->ioas_id));
	EXPECT_EQ(0, type1_ioas_set(self->iommufd, other));
	EXPECT_EQ(other, type1_ioas_get(self->iommufd));
}

TEST_F(vfio_ioas, set_of_an_unknown_number_fails_and_keeps_the_old)
{
	EXPECT_EQ(-ENOENT, type1_ioas_set(self->iommufd, 0));
	EXPECT_EQ(-ENOENT, type1_ioas_set(self->iommufd, self->ioas_id + 1));
	EXPECT_EQ(-ENODEV, type1_ioas_get(self->iommufd));
	EXPECT_EQ(0, type1_ioas_set(self->iommufd, self->ioas_id));
	EXPECT_EQ(-ENOENT, type1_ioas_set(self->iommufd, UINT32_MAX));
	EXPECT_EQ(self->ioas_id, type1_ioas_get(self->iommufd));
}

TEST_F(vfio_ioas, clear_leaves_the_ioas_alone)
{
	EXPECT_EQ(0, type1_ioas_clear(self->iommufd));
	EXPECT_EQ(0, type1_ioas_set(self->iommufd, self->ioas_id));
	EXPECT_EQ(0, type1_ioas_clear(self->iommufd));
	EXPECT_EQ(-ENODEV, type1_ioas_get(self->iommufd));
	EXPECT_TRUE(iommufd_ioas_exists(self->iommufd, self->ioas_id));
}

TEST_F(vfio_ioas, destroying_the_ioas_clears_it)
{
	uint32_t again;

	EXPECT_EQ(0, type1_ioas_set(self->iommufd, self->ioas_id));
	EXPECT_EQ(0, iv_iommufd_destroy(self->iommufd, self->ioas_id));
	EXPECT_EQ(-ENODEV, type1_ioas_get(self->iommufd));
	EXPECT_EQ(0, iv_ioas_alloc(self->iommufd, &again));
	EXPECT_EQ(-ENODEV, type1_ioas_get(self->iommufd));
}

TEST_F(vfio_ioas, destroying_another_ioas_keeps_it)
{
	uint32_t other;

	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &other));
	EXPECT_EQ(0, type1_ioas_set(self->iommufd, self->ioas_id));
	EXPECT_EQ(0, iv_iommufd_destroy(self->iommufd, other));
	EXPECT_EQ(self->ioas_id, type1_ioas_get(self->iommufd));
}

TEST_F(vfio_ioas, contexts_have_one_each)
{
	uint32_t ioas_id;
	int other = test_context_open(&ioas_id);

	ASSERT_LE(0, other);
	EXPECT_EQ(0, type1_ioas_set(self->iommufd, self->ioas_id));
	EXPECT_EQ(-ENODEV, type1_ioas_get(other));
	close(other);
}

TEST_F(vfio_ioas, unknown_operation_or_reserved_bits_fail)
{
	struct iommu_vfio_ioas cmd = { .size = sizeof(cmd), .op = 3 };

	EXPECT_EQ(-EOPNOTSUPP, iommufd_ioctl(self->iommufd, IOMMU_VFIO_IOAS, &cmd));
	cmd.op = UINT16_MAX;
	EXPECT_EQ(-EOPNOTSUPP, iommufd_ioctl(self->iommufd, IOMMU_VFIO_IOAS, &cmd));
	cmd.op = IOMMU_VFIO_IOAS_SET;
	cmd.ioas_id = self->ioas_id;
	cmd.__reserved = 1;
	EXPECT_EQ(-EOPNOTSUPP, iommufd_ioctl(self->iommufd, IOMMU_VFIO_IOAS, &cmd));
	EXPECT_EQ(-ENODEV, type1_ioas_get(self->iommufd));
}

TEST_F(vfio_ioas, wrong_size_or_pointer_fails)
{
	struct {
		struct iommu_vfio_ioas cmd;
		uint32_t tail;
	} longer = { .cmd = { .size = sizeof(longer), .op = IOMMU_VFIO_IOAS_CLEAR } };

	EXPECT_EQ(0, iommufd_ioctl(self->iommufd, IOMMU_VFIO_IOAS, &longer));
	longer.tail = 1;
	EXPECT_EQ(-E2BIG, iommufd_ioctl(self->iommufd, IOMMU_VFIO_IOAS, &longer));
	longer.cmd.size = sizeof(longer.cmd) - 1;
	EXPECT_EQ(-EINVAL, iommufd_ioctl(self->iommufd, IOMMU_VFIO_IOAS, &longer));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->iommufd, IOMMU_VFIO_IOAS, NULL));
}

/* ---- The container without a device ---- */

FIXTURE(container)
{
	int iommufd;
	uint32_t ioas_id;
	char *memory;
	struct iommufd_guard guard;
};

FIXTURE_SETUP(container)
{
	self->iommufd = test_context_open(&self->ioas_id);
	ASSERT_LE(0, self->iommufd);
	self->memory = test_memory_alloc(MEMORY_SIZE, PAGE);
	ASSERT_NE(NULL, self->memory);
	ASSERT_EQ(0, iommufd_guard_setup(&self->guard));
	ASSERT_EQ(0, type1_ioas_set(self->iommufd, self->ioas_id));
}

FIXTURE_TEARDOWN(container)
{
	close(self->iommufd);
	iommufd_guard_teardown(&self->guard);
	test_memory_free(self->memory, MEMORY_SIZE);
}

TEST_F(container, api_version_is_0)
{
	EXPECT_EQ(VFIO_API_VERSION, iommufd_ioctl(self->iommufd, VFIO_GET_API_VERSION, NULL));
	EXPECT_EQ(0, type1_ioas_clear(self->iommufd));
	EXPECT_EQ(0, iommufd_ioctl(self->iommufd, VFIO_GET_API_VERSION, NULL));
}

TEST_F(container, extensions_are_those_of_type1)
{
	static const unsigned long no[] = {
		0, VFIO_SPAPR_TCE_IOMMU, VFIO_EEH, __VFIO_RESERVED_TYPE1_NESTING_IOMMU,
		VFIO_SPAPR_TCE_v2_IOMMU, VFIO_NOIOMMU_IOMMU, VFIO_UPDATE_VADDR, 11, 12345, -1UL,
	};
	unsigned int i;

	EXPECT_EQ(1, type1_check_extension(self->iommufd, VFIO_TYPE1_IOMMU));
	EXPECT_EQ(1, type1_check_extension(self->iommufd, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(1, type1_check_extension(self->iommufd, VFIO_UNMAP_ALL));
	for (i = 0; i < ARRAY_SIZE(no); i++)
		EXPECT_EQ(0, type1_check_extension(self->iommufd, no[i]))
			TH_LOG("extension %lu", no[i]);
}

TEST_F(container, extensions_can_be_asked_for_without_an_ioas)
{
	EXPECT_EQ(0, type1_ioas_clear(self->iommufd));
	EXPECT_EQ(1, type1_check_extension(self->iommufd, VFIO_TYPE1_IOMMU));
	EXPECT_EQ(1, type1_check_extension(self->iommufd, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(0, type1_check_extension(self->iommufd, VFIO_DMA_CC_IOMMU));
}

TEST_F(container, is_coherent_without_a_page_table)
{
	EXPECT_EQ(1, type1_check_extension(self->iommufd, VFIO_DMA_CC_IOMMU));
}

TEST_F(container, rest_fails_without_an_ioas)
{
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };

	ASSERT_EQ(0, type1_ioas_clear(self->iommufd));
	EXPECT_EQ(-ENODEV, type1_set(self->iommufd, VFIO_TYPE1_IOMMU));
	EXPECT_EQ(-ENODEV, iommufd_ioctl(self->iommufd, VFIO_IOMMU_GET_INFO, &info));
	EXPECT_EQ(-ENODEV, type1_map(self->iommufd, self->memory, IOVA, PAGE, MAP_RW));
	EXPECT_EQ(-ENODEV, type1_unmap(self->iommufd, IOVA, PAGE, 0));
}

TEST_F(container, bad_arguments_are_noticed_before_a_missing_ioas)
{
	ASSERT_EQ(0, type1_ioas_clear(self->iommufd));
	EXPECT_EQ(-EINVAL, get_info(self->iommufd, self->memory, 1));
	EXPECT_EQ(-EINVAL, type1_map(self->iommufd, self->memory, IOVA, 0, MAP_RW));
	EXPECT_EQ(-EINVAL, type1_unmap(self->iommufd, IOVA, 0, 0));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->iommufd, VFIO_IOMMU_MAP_DMA, NULL));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->iommufd, VFIO_IOMMU_UNMAP_DMA, NULL));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->iommufd, VFIO_IOMMU_GET_INFO, NULL));
}

TEST_F(container, types_are_the_two_versions_of_type1)
{
	EXPECT_EQ(0, type1_set(self->iommufd, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(0, type1_set(self->iommufd, VFIO_TYPE1_IOMMU));
	EXPECT_EQ(-ENODEV, type1_set(self->iommufd, __VFIO_RESERVED_TYPE1_NESTING_IOMMU));
	EXPECT_EQ(-ENODEV, type1_set(self->iommufd, VFIO_NOIOMMU_IOMMU));
	EXPECT_EQ(-ENODEV, type1_set(self->iommufd, VFIO_SPAPR_TCE_IOMMU));
	EXPECT_EQ(-ENODEV, type1_set(self->iommufd, VFIO_DMA_CC_IOMMU));
	EXPECT_EQ(-ENODEV, type1_set(self->iommufd, 0));
	EXPECT_EQ(-ENODEV, type1_set(self->iommufd, -1UL));
}

TEST_F(container, only_the_first_version_gives_up_huge_pages)
{
	uint64_t huge = 0;

	ASSERT_EQ(0, type1_set(self->iommufd, VFIO_TYPE1v2_IOMMU));
	ASSERT_EQ(0, iv_option_get(self->iommufd, IOMMU_OPTION_HUGE_PAGES, self->ioas_id, &huge));
	EXPECT_EQ(1UL, huge);
	ASSERT_EQ(0, type1_set(self->iommufd, VFIO_TYPE1_IOMMU));
	ASSERT_EQ(0, iv_option_get(self->iommufd, IOMMU_OPTION_HUGE_PAGES, self->ioas_id, &huge));
	EXPECT_EQ(0UL, huge);
}

TEST_F(container, ioctls_that_type1_lacks_do_not_exist)
{
	struct vfio_iommu_type1_dirty_bitmap dirty = {
		.argsz = sizeof(dirty),
		.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_START,
	};

	EXPECT_EQ(-ENOTTY, iommufd_ioctl(self->iommufd, VFIO_IOMMU_DIRTY_PAGES, &dirty));
	EXPECT_EQ(-ENOTTY, iommufd_ioctl(self->iommufd, VFIO_IOMMU_ENABLE, NULL));
	EXPECT_EQ(-ENOTTY, iommufd_ioctl(self->iommufd, VFIO_IOMMU_DISABLE, NULL));
	EXPECT_EQ(-ENOTTY, iommufd_ioctl(self->iommufd, VFIO_GROUP_SET_CONTAINER, NULL));
	EXPECT_EQ(-ENOTTY, iommufd_ioctl(self->iommufd, VFIO_DEVICE_GET_INFO, NULL));
	EXPECT_EQ(-ENOTTY, iommufd_ioctl(self->iommufd, _IO(VFIO_TYPE, 0x7f), NULL));
	EXPECT_EQ(-ENOTTY, iommufd_ioctl(self->iommufd, _IO('x', VFIO_BASE), NULL));
}

/* What the capabilities say. */
struct info_caps {
	struct vfio_iommu_type1_info_cap_iova_range *ranges;
	struct vfio_iommu_type1_info_dma_avail *avail;
	unsigned int unknown;
};

static struct info_caps info_caps(struct vfio_iommu_type1_info *info)
{
	struct vfio_info_cap_header *header;
	struct info_caps caps = { 0 };
	uint32_t offset;

	for (offset = info->cap_offset; offset; offset = header->next) {
		header = (void *)info + offset;
		if (offset + sizeof(*header) > info->argsz || header->version != 1 ||
		    (header->next && header->next <= offset)) {
			caps.unknown = UINT32_MAX;
			break;
		}
		if (header->id == VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE)
			caps.ranges = (void *)header;
		else if (header->id == VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL)
			caps.avail = (void *)header;
		else
			caps.unknown++;
	}
	return caps;
}

TEST_F(container, info_tells_page_sizes_to_the_first_version_of_the_structure)
{
	struct vfio_iommu_type1_info *info = (void *)self->memory;
	const uint32_t size = offsetof(struct vfio_iommu_type1_info, cap_offset);

	ASSERT_EQ(0, get_info(self->iommufd, info, size));
	EXPECT_LT(sizeof(*info), info->argsz);
	EXPECT_EQ(VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS, info->flags);
	EXPECT_EQ(-PAGE, info->iova_pgsizes);
	EXPECT_TRUE(test_memory_is(self->memory + size, PAGE - size, BYTE));
}

TEST_F(container, info_with_room_has_all_capabilities)
{
	struct vfio_iommu_type1_info *info = (void *)self->memory;
	struct info_caps caps;

	ASSERT_EQ(0, get_info(self->iommufd, info, PAGE));
	EXPECT_EQ(0U, info->pad);
	caps = info_caps(info);
	EXPECT_EQ(0U, caps.unknown);
	ASSERT_NE(NULL, caps.ranges);
	ASSERT_NE(NULL, caps.avail);
	EXPECT_EQ(1U, caps.ranges->nr_iovas);
	EXPECT_EQ(0UL, caps.ranges->iova_ranges[0].start);
	EXPECT_EQ(UINT64_MAX, caps.ranges->iova_ranges[0].end);
	EXPECT_LT(0xffffU, caps.avail->avail);
	EXPECT_EQ(info->argsz, (size_t)((char *)(caps.avail + 1) - self->memory));
	EXPECT_TRUE(test_memory_is(self->memory + info->argsz, PAGE - info->argsz, BYTE));
}

TEST_F(container, info_without_room_says_how_much_it_needs)
{
	struct vfio_iommu_type1_info *info = (void *)self->memory;
	uint32_t argsz, needed;

	ASSERT_EQ(0, get_info(self->iommufd, info, PAGE));
	needed = info->argsz;
	for (argsz = sizeof(*info); argsz < needed; argsz++) {
		ASSERT_EQ(0, get_info(self->iommufd, info, argsz));
		ASSERT_EQ(needed, info->argsz);
		ASSERT_EQ(0U, info->cap_offset);
		ASSERT_EQ(VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS, info->flags);
		ASSERT_TRUE(test_memory_is(self->memory + sizeof(*info), PAGE - sizeof(*info),
					   BYTE));
	}
	ASSERT_EQ(0, get_info(self->iommufd, info, needed));
	EXPECT_EQ(sizeof(*info), info->cap_offset);
}

TEST_F(container, info_with_wrong_size_or_pointer_fails)
{
	struct vfio_iommu_type1_info info = { .argsz = PAGE };
	const uint32_t size = offsetof(struct vfio_iommu_type1_info, cap_offset);
	void *placed;

	EXPECT_EQ(-EINVAL, get_info(self->iommufd, self->memory, size - 1));
	EXPECT_EQ(-EINVAL, get_info(self->iommufd, self->memory, 0));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->iommufd, VFIO_IOMMU_GET_INFO, NULL));
	placed = iommufd_guard_place(&self->guard, &info, sizeof(info));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->iommufd, VFIO_IOMMU_GET_INFO, placed));
	info.argsz = sizeof(info);
	placed = iommufd_guard_place(&self->guard, &info, sizeof(info));
	EXPECT_EQ(0, iommufd_ioctl(self->iommufd, VFIO_IOMMU_GET_INFO, placed));
	ASSERT_EQ(0, iommufd_guard_make_readonly(&self->guard));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->iommufd, VFIO_IOMMU_GET_INFO, placed));
}

struct bad_map {
	const char *name;
	uint32_t argsz;
	uint32_t flags;
	uint64_t offset;
	uint64_t iova;
	uint64_t size;
	int error;
};

#define MAP_SIZE sizeof(struct vfio_iommu_type1_dma_map)

static const struct bad_map bad_maps[] = {
	{ "argsz 0", 0, MAP_RW, 0, IOVA, PAGE, -EINVAL },
	{ "argsz short", MAP_SIZE - 1, MAP_RW, 0, IOVA, PAGE, -EINVAL },
	{ "no access", MAP_SIZE, 0, 0, IOVA, PAGE, -EINVAL },
	{ "unknown flag", MAP_SIZE, MAP_RW | 8, 0, IOVA, PAGE, -EINVAL },
	{ "highest flag", MAP_SIZE, MAP_RW | 1U << 31, 0, IOVA, PAGE, -EINVAL },
	{ "new address", MAP_SIZE, VFIO_DMA_MAP_FLAG_VADDR, 0, IOVA, PAGE, -EOPNOTSUPP },
	{ "size 0", MAP_SIZE, MAP_RW, 0, IOVA, 0, -EINVAL },
	{ "odd size", MAP_SIZE, MAP_RW, 0, IOVA, PAGE + 1, -EINVAL },
	{ "half a page", MAP_SIZE, MAP_RW, 0, IOVA, PAGE / 2, -EINVAL },
	{ "odd IOVA", MAP_SIZE, MAP_RW, 0, IOVA + 1, PAGE, -EINVAL },
	{ "IOVA of half a page", MAP_SIZE, MAP_RW, 0, IOVA + PAGE / 2, PAGE, -EINVAL },
	{ "odd address", MAP_SIZE, MAP_RW, 8, IOVA, PAGE, -EINVAL },
	{ "IOVA wraps around", MAP_SIZE, MAP_RW, 0, -PAGE, 2 * PAGE, -EOVERFLOW },
	{ "size wraps around", MAP_SIZE, MAP_RW, 0, IOVA, -PAGE, -EOVERFLOW },
	{ "address wraps around", MAP_SIZE, MAP_RW, 0, 0, -PAGE, -EOVERFLOW },
};

TEST_F(container, bad_map_fails_and_maps_nothing)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad_maps); i++) {
		const struct bad_map *bad = &bad_maps[i];
		struct vfio_iommu_type1_dma_map cmd = {
			.argsz = bad->argsz,
			.flags = bad->flags,
			.vaddr = (uintptr_t)self->memory + bad->offset,
			.iova = bad->iova,
			.size = bad->size,
		};

		EXPECT_EQ(bad->error, iommufd_ioctl(self->iommufd, VFIO_IOMMU_MAP_DMA, &cmd))
			TH_LOG("%s", bad->name);
		EXPECT_TRUE(iommufd_ioas_is_empty(self->iommufd, self->ioas_id));
	}
}

TEST_F(container, map_and_unmap_with_a_bad_pointer_fail)
{
	struct vfio_iommu_type1_dma_map map = { .argsz = sizeof(map), .flags = MAP_RW };
	struct vfio_iommu_type1_dma_unmap unmap = { .argsz = sizeof(unmap) };
	void *placed;

	map.vaddr = (uintptr_t)self->memory;
	map.size = PAGE;
	placed = iommufd_guard_place_part(&self->guard, &map, sizeof(map));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->iommufd, VFIO_IOMMU_MAP_DMA, placed));
	placed = iommufd_guard_place_part(&self->guard, &unmap, UNMAP_SIZE);
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->iommufd, VFIO_IOMMU_UNMAP_DMA, placed));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->iommufd, VFIO_IOMMU_MAP_DMA, NULL));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->iommufd, VFIO_IOMMU_UNMAP_DMA, NULL));
	EXPECT_TRUE(iommufd_ioas_is_empty(self->iommufd, self->ioas_id));
}

struct bad_unmap {
	const char *name;
	uint32_t argsz;
	uint32_t flags;
	uint64_t iova;
	uint64_t size;
	int error;
};

#define UNMAP_ALL VFIO_DMA_UNMAP_FLAG_ALL
#define UNMAP_DIRTY VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP
#define UNMAP_VADDR VFIO_DMA_UNMAP_FLAG_VADDR

static const struct bad_unmap bad_unmaps[] = {
	{ "argsz 0", 0, 0, IOVA, PAGE, -EINVAL },
	{ "argsz short", UNMAP_SIZE - 1, 0, IOVA, MEMORY_SIZE, -EINVAL },
	{ "unknown flag", UNMAP_SIZE, 8, IOVA, MEMORY_SIZE, -EINVAL },
	{ "highest flag", UNMAP_SIZE, 1U << 31, IOVA, MEMORY_SIZE, -EINVAL },
	{ "dirty bitmap", UNMAP_SIZE, UNMAP_DIRTY, IOVA, MEMORY_SIZE, -EOPNOTSUPP },
	{ "addresses", UNMAP_SIZE, UNMAP_VADDR, IOVA, MEMORY_SIZE, -EOPNOTSUPP },
	{ "all addresses", UNMAP_SIZE, UNMAP_VADDR | UNMAP_ALL, 0, 0, -EOPNOTSUPP },
	{ "dirty bitmap of all", UNMAP_SIZE, UNMAP_DIRTY | UNMAP_ALL, 0, 0, -EINVAL },
	{ "dirty bitmap of addresses", UNMAP_SIZE, UNMAP_DIRTY | UNMAP_VADDR, 0, 0, -EINVAL },
	{ "all with an IOVA", UNMAP_SIZE, UNMAP_ALL, IOVA, 0, -EINVAL },
	{ "all with a size", UNMAP_SIZE, UNMAP_ALL, 0, MEMORY_SIZE, -EINVAL },
	{ "size 0", UNMAP_SIZE, 0, IOVA, 0, -EINVAL },
	{ "nothing of nothing", UNMAP_SIZE, 0, 0, 0, -EINVAL },
	{ "odd size", UNMAP_SIZE, 0, IOVA, MEMORY_SIZE + 1, -EINVAL },
	{ "odd IOVA", UNMAP_SIZE, 0, IOVA + 1, MEMORY_SIZE, -EINVAL },
	{ "half a page", UNMAP_SIZE, 0, IOVA + PAGE / 2, PAGE / 2, -EINVAL },
	{ "IOVA wraps around", UNMAP_SIZE, 0, -PAGE, 2 * PAGE, -EOVERFLOW },
	{ "size wraps around", UNMAP_SIZE, 0, IOVA, -PAGE, -EOVERFLOW },
};

TEST_F(container, bad_unmap_fails_and_unmaps_nothing)
{
	unsigned int i;

	ASSERT_EQ(0, type1_set(self->iommufd, VFIO_TYPE1_IOMMU));
	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA, MEMORY_SIZE, MAP_RW));
	for (i = 0; i < ARRAY_SIZE(bad_unmaps); i++) {
		const struct bad_unmap *bad = &bad_unmaps[i];
		struct vfio_iommu_type1_dma_unmap cmd = {
			.argsz = bad->argsz,
			.flags = bad->flags,
			.iova = bad->iova,
			.size = bad->size,
		};

		EXPECT_EQ(bad->error, iommufd_ioctl(self->iommufd, VFIO_IOMMU_UNMAP_DMA, &cmd))
			TH_LOG("%s", bad->name);
	}
	EXPECT_EQ(MEMORY_SIZE, type1_unmap(self->iommufd, IOVA, MEMORY_SIZE, 0));
}

TEST_F(container, map_over_a_mapping_fails)
{
	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA, MEMORY_SIZE, MAP_RW));
	EXPECT_EQ(-EEXIST, type1_map(self->iommufd, self->memory, IOVA, MEMORY_SIZE, MAP_RW));
	EXPECT_EQ(-EEXIST, type1_map(self->iommufd, self->memory, IOVA + PAGE, PAGE, MAP_RW));
	EXPECT_EQ(-EEXIST, type1_map(self->iommufd, self->memory, IOVA - PAGE, 2 * PAGE, MAP_RW));
	EXPECT_EQ(0, type1_map(self->iommufd, self->memory, IOVA - PAGE, PAGE, MAP_RW));
	EXPECT_EQ(MEMORY_SIZE + PAGE, type1_unmap_all(self->iommufd));
}

TEST_F(container, unmap_of_nothing_succeeds)
{
	EXPECT_EQ(0, type1_unmap(self->iommufd, IOVA, MEMORY_SIZE, 0));
	EXPECT_EQ(0, type1_unmap_all(self->iommufd));
}

TEST_F(container, unmap_tells_how_much_was_mapped)
{
	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA, PAGE, MAP_RW));
	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA + 4 * PAGE, PAGE, MAP_RW));
	EXPECT_EQ(2 * PAGE, type1_unmap(self->iommufd, 0, 16 * IOVA, 0));
	EXPECT_EQ(0, type1_unmap_all(self->iommufd));
}

TEST_F(container, highest_and_lowest_page_can_be_mapped)
{
	ASSERT_EQ(0, type1_set(self->iommufd, VFIO_TYPE1_IOMMU));
	EXPECT_EQ(0, type1_map(self->iommufd, self->memory, -2 * PAGE, 2 * PAGE, MAP_RW));
	EXPECT_EQ(0, type1_map(self->iommufd, self->memory, 0, 2 * PAGE, MAP_RW));
	EXPECT_EQ(PAGE, type1_unmap(self->iommufd, -PAGE, PAGE, 0));
	EXPECT_EQ(PAGE, type1_unmap(self->iommufd, 0, PAGE, 0));
	EXPECT_EQ(2 * PAGE, type1_unmap_all(self->iommufd));
}

TEST_F(container, mappings_are_those_of_the_ioas)
{
	uint64_t unmapped = 0;

	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA, MEMORY_SIZE, MAP_RW));
	EXPECT_EQ(0, iv_ioas_unmap(self->iommufd, self->ioas_id, IOVA, MEMORY_SIZE, &unmapped));
	EXPECT_EQ(MEMORY_SIZE, unmapped);
	ASSERT_EQ(0, iv_ioas_map(self->iommufd, self->ioas_id, self->memory, MEMORY_SIZE, IOVA,
				 IV_DMA_RW));
	EXPECT_EQ(-EEXIST, type1_map(self->iommufd, self->memory, IOVA, PAGE, MAP_RW));
	EXPECT_EQ(MEMORY_SIZE, type1_unmap_all(self->iommufd));
}

TEST_F(container, another_ioas_has_other_mappings)
{
	uint32_t other;

	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA, MEMORY_SIZE, MAP_RW));
	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &other));
	ASSERT_EQ(0, type1_ioas_set(self->iommufd, other));
	EXPECT_EQ(0, type1_unmap_all(self->iommufd));
	EXPECT_EQ(0, type1_map(self->iommufd, self->memory, IOVA, MEMORY_SIZE, MAP_RW));
	ASSERT_EQ(0, type1_ioas_set(self->iommufd, self->ioas_id));
	EXPECT_EQ(MEMORY_SIZE, type1_unmap_all(self->iommufd));
}

TEST_F(container, second_version_does_not_cut_mappings)
{
	ASSERT_EQ(0, type1_set(self->iommufd, VFIO_TYPE1v2_IOMMU));
	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA, MEMORY_SIZE, MAP_RW));
	EXPECT_EQ(-ENOENT, type1_unmap(self->iommufd, IOVA, PAGE, 0));
	EXPECT_EQ(-ENOENT, type1_unmap(self->iommufd, IOVA + PAGE, PAGE, 0));
	EXPECT_EQ(-ENOENT, type1_unmap(self->iommufd, IOVA - PAGE, 2 * PAGE, 0));
	EXPECT_EQ(-ENOENT, type1_unmap(self->iommufd, IOVA + PAGE, IOVA, 0));
	EXPECT_EQ(MEMORY_SIZE, type1_unmap(self->iommufd, IOVA, MEMORY_SIZE, 0));
}

TEST_F(container, first_version_cuts_mappings_anywhere)
{
	ASSERT_EQ(0, type1_set(self->iommufd, VFIO_TYPE1_IOMMU));
	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA, MEMORY_SIZE, MAP_RW));
	EXPECT_EQ(PAGE, type1_unmap(self->iommufd, IOVA + 4 * PAGE, PAGE, 0));
	EXPECT_EQ(PAGE, type1_unmap(self->iommufd, IOVA, PAGE, 0));
	EXPECT_EQ(PAGE, type1_unmap(self->iommufd, IOVA + MEMORY_SIZE - PAGE, PAGE, 0));
	EXPECT_EQ(0, type1_unmap(self->iommufd, IOVA + 4 * PAGE, PAGE, 0));
	EXPECT_EQ(3 * PAGE, type1_unmap(self->iommufd, IOVA + 2 * PAGE, 4 * PAGE, 0));
	EXPECT_EQ(MEMORY_SIZE - 6 * PAGE, type1_unmap_all(self->iommufd));
}

TEST_F(container, pages_can_be_unmapped_one_by_one)
{
	unsigned long page;

	ASSERT_EQ(0, type1_set(self->iommufd, VFIO_TYPE1_IOMMU));
	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA, MEMORY_SIZE, MAP_RW));
	for (page = 0; page < PAGES; page++)
		EXPECT_EQ(PAGE, type1_unmap(self->iommufd, IOVA + page * 5 % PAGES * PAGE, PAGE,
					    0));
	EXPECT_TRUE(iommufd_ioas_is_empty(self->iommufd, self->ioas_id));
}

/* ---- The container with a device ---- */

FIXTURE(container_dma)
{
	struct test_device dev;
	struct iv_edu edu;
	int iommufd;
	uint32_t ioas_id;
	char *memory;
	int64_t pinned;
};

/* Lets the device have something to write. */
static int fill_device(struct _test_data_container_dma *self)
{
	int rc;

	test_memory_fill(self->memory, BLOCK, SEED);
	rc = type1_map(self->iommufd, self->memory, IOVA, PAGE, MAP_READ) ?:
	     iv_edu_dma_read(&self->edu, IOVA, 0, BLOCK);
	return rc ?: type1_unmap_all(self->iommufd) == PAGE ? 0 : -EIO;
}

FIXTURE_SETUP(container_dma)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	self->pinned = test_pinned_pages();
	self->memory = test_memory_alloc(MEMORY_SIZE, PAGE);
	ASSERT_NE(NULL, self->memory);
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_ATTACHED));
	ASSERT_EQ(0, iv_edu_open(&self->edu, self->dev.fd));
	self->iommufd = self->dev.iommufd;
	self->ioas_id = self->dev.ioas_id;
	ASSERT_EQ(0, type1_ioas_set(self->iommufd, self->ioas_id));
	ASSERT_EQ(0, fill_device(self));
}

FIXTURE_TEARDOWN(container_dma)
{
	iv_edu_close(&self->edu);
	test_device_teardown(&self->dev);
	test_memory_free(self->memory, MEMORY_SIZE);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
}

/* Whether the device can write to @iova, and that changes what is at @va. */
static bool device_writes(struct _test_data_container_dma *self, uint64_t iova, void *va)
{
	memset(va, 0, BLOCK);
	return !iv_edu_dma_write(&self->edu, iova, 0, BLOCK) &&
	       test_memory_matches(va, BLOCK, SEED);
}

TEST_F(container_dma, device_writes_while_it_is_mapped)
{
	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA, MEMORY_SIZE, MAP_RW));
	EXPECT_TRUE(device_writes(self, IOVA + PAGE, self->memory + PAGE));
	EXPECT_EQ(MEMORY_SIZE, type1_unmap(self->iommufd, IOVA, MEMORY_SIZE, 0));
	EXPECT_FALSE(device_writes(self, IOVA + PAGE, self->memory + PAGE));
}

TEST_F(container_dma, device_cannot_write_what_it_may_read)
{
	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA, PAGE, MAP_READ));
	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, 2 * IOVA, PAGE, MAP_WRITE));
	EXPECT_FALSE(device_writes(self, IOVA, self->memory));
	EXPECT_TRUE(device_writes(self, 2 * IOVA, self->memory));
}

TEST_F(container_dma, hole_cut_into_a_mapping_is_a_hole_for_the_device)
{
	ASSERT_EQ(0, type1_set(self->iommufd, VFIO_TYPE1_IOMMU));
	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA, MEMORY_SIZE, MAP_RW));
	EXPECT_EQ(2 * PAGE, type1_unmap(self->iommufd, IOVA + 4 * PAGE, 2 * PAGE, 0));
	EXPECT_TRUE(device_writes(self, IOVA + 3 * PAGE, self->memory + 3 * PAGE));
	EXPECT_FALSE(device_writes(self, IOVA + 4 * PAGE, self->memory + 4 * PAGE));
	EXPECT_FALSE(device_writes(self, IOVA + 5 * PAGE, self->memory + 5 * PAGE));
	EXPECT_TRUE(device_writes(self, IOVA + 6 * PAGE, self->memory + 6 * PAGE));
}

TEST_F(container_dma, other_memory_can_fill_the_hole)
{
	ASSERT_EQ(0, type1_set(self->iommufd, VFIO_TYPE1_IOMMU));
	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA, MEMORY_SIZE / 2, MAP_RW));
	EXPECT_EQ(PAGE, type1_unmap(self->iommufd, IOVA + PAGE, PAGE, 0));
	ASSERT_EQ(0, type1_map(self->iommufd, self->memory + MEMORY_SIZE / 2, IOVA + PAGE, PAGE,
			       MAP_RW));
	EXPECT_TRUE(device_writes(self, IOVA + PAGE, self->memory + MEMORY_SIZE / 2));
	EXPECT_TRUE(device_writes(self, IOVA + 2 * PAGE, self->memory + 2 * PAGE));
	EXPECT_EQ(MEMORY_SIZE / 2, type1_unmap_all(self->iommufd));
}

TEST_F(container_dma, second_version_refuses_to_cut_and_the_device_goes_on)
{
	ASSERT_EQ(0, type1_set(self->iommufd, VFIO_TYPE1v2_IOMMU));
	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA, MEMORY_SIZE, MAP_RW));
	EXPECT_EQ(-ENOENT, type1_unmap(self->iommufd, IOVA + PAGE, PAGE, 0));
	EXPECT_TRUE(device_writes(self, IOVA, self->memory));
	EXPECT_TRUE(device_writes(self, IOVA + PAGE, self->memory + PAGE));
}

static void *huge_page_alloc(void)
{
	void *memory = mmap(NULL, HUGE_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

TEST_F(container_dma, huge_page_can_be_cut)
{
	char *huge = huge_page_alloc();

	if (!huge)
		SKIP(return, "no huge pages are reserved in /proc/sys/vm/nr_hugepages");
	ASSERT_EQ(0, type1_set(self->iommufd, VFIO_TYPE1_IOMMU));
	ASSERT_EQ(0, type1_map(self->iommufd, huge, IOVA, HUGE_SIZE, MAP_RW));
	EXPECT_EQ(PAGE, type1_unmap(self->iommufd, IOVA + PAGE, PAGE, 0));
	EXPECT_TRUE(device_writes(self, IOVA, huge));
	EXPECT_FALSE(device_writes(self, IOVA + PAGE, huge + PAGE));
	EXPECT_TRUE(device_writes(self, IOVA + 2 * PAGE, huge + 2 * PAGE));
	EXPECT_TRUE(device_writes(self, IOVA + HUGE_SIZE - PAGE, huge + HUGE_SIZE - PAGE));
	EXPECT_EQ(HUGE_SIZE - PAGE, type1_unmap_all(self->iommufd));
	EXPECT_FALSE(device_writes(self, IOVA, huge));
	munmap(huge, HUGE_SIZE);
}

TEST_F(container_dma, first_version_is_refused_once_mappings_may_be_huge)
{
	uint64_t huge = 0;

	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA, PAGE, MAP_RW));
	EXPECT_EQ(-EINVAL, type1_set(self->iommufd, VFIO_TYPE1_IOMMU));
	ASSERT_EQ(0, iv_option_get(self->iommufd, IOMMU_OPTION_HUGE_PAGES, self->ioas_id, &huge));
	EXPECT_EQ(1UL, huge);
	EXPECT_EQ(PAGE, type1_unmap_all(self->iommufd));
	EXPECT_EQ(0, type1_set(self->iommufd, VFIO_TYPE1_IOMMU));
	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA, PAGE, MAP_RW));
	EXPECT_EQ(0, type1_set(self->iommufd, VFIO_TYPE1_IOMMU));
}

TEST_F(container_dma, nothing_is_cut_once_huge_pages_are_allowed_again)
{
	ASSERT_EQ(0, type1_set(self->iommufd, VFIO_TYPE1_IOMMU));
	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA, MEMORY_SIZE, MAP_RW));
	ASSERT_EQ(0, iv_option_set(self->iommufd, IOMMU_OPTION_HUGE_PAGES, self->ioas_id, 1));
	EXPECT_EQ(-ENOENT, type1_unmap(self->iommufd, IOVA, PAGE, 0));
	EXPECT_EQ(MEMORY_SIZE, type1_unmap(self->iommufd, IOVA, MEMORY_SIZE, 0));
}

TEST_F(container_dma, memory_stays_pinned_until_the_last_part_is_unmapped)
{
	int64_t before = test_pinned_pages();

	ASSERT_EQ(0, type1_set(self->iommufd, VFIO_TYPE1_IOMMU));
	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA, MEMORY_SIZE, MAP_RW));
	EXPECT_EQ(before + (int64_t)PAGES, test_pinned_pages());
	EXPECT_EQ(PAGE, type1_unmap(self->iommufd, IOVA + PAGE, PAGE, 0));
	EXPECT_EQ(PAGE, type1_unmap(self->iommufd, IOVA, PAGE, 0));
	EXPECT_EQ(before + (int64_t)PAGES, test_pinned_pages());
	EXPECT_EQ(MEMORY_SIZE - 2 * PAGE, type1_unmap_all(self->iommufd));
	EXPECT_TRUE(iommufd_pinned_becomes(before));
}

TEST_F(container_dma, parts_survive_detach_and_attach)
{
	int64_t before = test_pinned_pages();

	ASSERT_EQ(0, type1_set(self->iommufd, VFIO_TYPE1_IOMMU));
	ASSERT_EQ(0, type1_map(self->iommufd, self->memory, IOVA, MEMORY_SIZE, MAP_RW));
	EXPECT_EQ(PAGE, type1_unmap(self->iommufd, IOVA + PAGE, PAGE, 0));
	ASSERT_EQ(0, iv_device_detach(self->dev.fd));
	EXPECT_TRUE(iommufd_pinned_becomes(before));
	EXPECT_EQ(PAGE, type1_unmap(self->iommufd, IOVA + 3 * PAGE, PAGE, 0));
	ASSERT_EQ(0, iv_device_attach(self->dev.fd, self->ioas_id));
	EXPECT_TRUE(device_writes(self, IOVA, self->memory));
	EXPECT_FALSE(device_writes(self, IOVA + PAGE, self->memory + PAGE));
	EXPECT_TRUE(device_writes(self, IOVA + 2 * PAGE, self->memory + 2 * PAGE));
	EXPECT_FALSE(device_writes(self, IOVA + 3 * PAGE, self->memory + 3 * PAGE));
	EXPECT_TRUE(device_writes(self, IOVA + 4 * PAGE, self->memory + 4 * PAGE));
}

TEST_F(container_dma, unreachable_memory_fails_and_maps_nothing)
{
	void *hole = mmap(NULL, 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	EXPECT_EQ(-EFAULT, type1_map(self->iommufd, hole, IOVA, 2 * PAGE, MAP_RW));
	EXPECT_EQ(0, munmap(hole, 2 * PAGE));
	EXPECT_EQ(-EFAULT, type1_map(self->iommufd, hole, IOVA, 2 * PAGE, MAP_RW));
	EXPECT_EQ(-EFAULT, type1_map(self->iommufd, NULL, IOVA, 2 * PAGE, MAP_RW));
	EXPECT_EQ(-EFAULT, type1_map(self->iommufd, (void *)-(2 * PAGE), IOVA, PAGE, MAP_RW));
	EXPECT_TRUE(iommufd_ioas_is_empty(self->iommufd, self->ioas_id));
}

TEST_F(container_dma, reserved_range_is_not_offered_and_cannot_be_mapped)
{
	struct vfio_iommu_type1_info *info = (void *)self->memory;
	struct info_caps caps;
	uint32_t i;

	EXPECT_EQ(-EINVAL, type1_map(self->iommufd, self->memory, RESERVED_IOVA, PAGE, MAP_RW));
	ASSERT_EQ(0, get_info(self->iommufd, info, PAGE));
	caps = info_caps(info);
	ASSERT_NE(NULL, caps.ranges);
	for (i = 0; i < caps.ranges->nr_iovas; i++) {
		const struct vfio_iova_range *range = &caps.ranges->iova_ranges[i];

		EXPECT_FALSE(range->start <= RESERVED_IOVA && RESERVED_IOVA <= range->end);
		EXPECT_TRUE(iommufd_iova_is_usable(self->iommufd, self->ioas_id, range->start));
		EXPECT_TRUE(iommufd_iova_is_usable(self->iommufd, self->ioas_id, range->end));
	}
	EXPECT_LT(1U, caps.ranges->nr_iovas);
}

TEST_F(container_dma, page_sizes_are_those_of_the_iommu)
{
	struct vfio_iommu_type1_info *info = (void *)self->memory;

	ASSERT_EQ(0, get_info(self->iommufd, info, PAGE));
	EXPECT_EQ(PAGE, info->iova_pgsizes & PAGE);
	EXPECT_EQ(0UL, info->iova_pgsizes & (PAGE - 1));
	EXPECT_NE(-PAGE, info->iova_pgsizes);
}

TEST_F(container_dma, coherency_is_what_the_iommu_can_enforce)
{
	const uint64_t snoop_control = 1 << 7;
	struct iommu_hw_info_vtd vtd = { 0 };
	struct iommu_hw_info info;

	ASSERT_EQ(0, iv_hw_info(self->iommufd, self->dev.devid, &info, &vtd, sizeof(vtd)));
	if (info.out_data_type != IOMMU_HW_INFO_TYPE_INTEL_VTD)
		SKIP(return, "the IOMMU is not VT-d");
	EXPECT_EQ(!!(vtd.ecap_reg & snoop_control),
		  type1_check_extension(self->iommufd, VFIO_DMA_CC_IOMMU));
}

/* ---- Cutting while others change the same IOAS ---- */

#define THREADS 4U
#define STRIDE 0x1000000UL

/**
 * struct cut_race - what the threads share
 * @dev: an attached device; its IOAS is the container's
 * @memory: mapped by all of them
 * @results: of their calls
 */
struct cut_race {
	struct test_device dev;
	char *memory;
	struct test_race results;
};

FIXTURE(cut_race)
{
	struct cut_race race;
	int64_t pinned;
};

FIXTURE_SETUP(cut_race)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	self->race.memory = test_memory_alloc(MEMORY_SIZE, PAGE);
	ASSERT_NE(NULL, self->race.memory);
	memset(self->race.memory, 1, MEMORY_SIZE);
	self->pinned = test_pinned_pages();
	ASSERT_EQ(0, test_device_setup(&self->race.dev, TEST_EDU, TEST_ATTACHED));
	ASSERT_EQ(0, type1_ioas_set(self->race.dev.iommufd, self->race.dev.ioas_id));
	ASSERT_EQ(0, type1_set(self->race.dev.iommufd, VFIO_TYPE1_IOMMU));
}

FIXTURE_TEARDOWN(cut_race)
{
	test_device_teardown(&self->race.dev);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
	test_memory_free(self->race.memory, MEMORY_SIZE);
}

static int64_t run_for_a_while(struct _test_data_cut_race *self, test_thread_fn function)
{
	return test_race_run(&self->race.results, THREADS, function, &self->race, TEST_RACE_MS);
}

static void expect(struct cut_race *race, int64_t expected, int64_t got)
{
	if (expected != got)
		test_race_expect(&race->results, got ?: -EIDRM, 0, 0);
}

/* Maps, cuts from the middle outwards, and finds all of it. */
static void map_and_cut(struct cut_race *race, uint64_t iova)
{
	const int iommufd = race->dev.iommufd;

	expect(race, 0, type1_map(iommufd, race->memory, iova, MEMORY_SIZE, MAP_RW));
	expect(race, 2 * PAGE, type1_unmap(iommufd, iova + 7 * PAGE, 2 * PAGE, 0));
	expect(race, PAGE, type1_unmap(iommufd, iova, PAGE, 0));
	expect(race, 4 * PAGE, type1_unmap(iommufd, iova + 5 * PAGE, 6 * PAGE, 0));
	expect(race, MEMORY_SIZE - 7 * PAGE, type1_unmap(iommufd, iova, MEMORY_SIZE, 0));
}

static void cut_own_range(struct test_threads *threads, unsigned int index, void *arg)
{
	while (!test_threads_stopping(threads)) {
		map_and_cut(arg, IOVA + index * STRIDE);
		threads->rounds++;
	}
}

TEST_F(cut_race, different_ranges_do_not_disturb_each_other)
{
	EXPECT_EQ(0, run_for_a_while(self, cut_own_range));
	EXPECT_TRUE(iommufd_ioas_is_empty(self->race.dev.iommufd, self->race.dev.ioas_id));
}

static void cut_or_attach(struct test_threads *threads, unsigned int index, void *arg)
{
	struct cut_race *race = arg;

	while (!test_threads_stopping(threads)) {
		threads->rounds++;
		if (index) {
			map_and_cut(race, IOVA + index * STRIDE);
			continue;
		}
		expect(race, 0, iv_device_detach(race->dev.fd));
		expect(race, 0, iv_device_attach(race->dev.fd, race->dev.ioas_id));
	}
}

TEST_F(cut_race, attaching_and_detaching_while_cutting)
{
	EXPECT_EQ(0, run_for_a_while(self, cut_or_attach));
	EXPECT_TRUE(iommufd_ioas_is_empty(self->race.dev.iommufd, self->race.dev.ioas_id));
}

static void cut_or_map_same_range(struct test_threads *threads, unsigned int index, void *arg)
{
	struct cut_race *race = arg;
	int64_t rc;

	while (!test_threads_stopping(threads)) {
		threads->rounds++;
		if (index < 2) {
			rc = type1_map(race->dev.iommufd, race->memory, IOVA, MEMORY_SIZE, MAP_RW);
			expect(race, rc == -EEXIST ? rc : 0, rc);
			rc = type1_unmap_all(race->dev.iommufd);
			expect(race, rc == -EBUSY || rc >= 0 ? rc : 0, rc);
			continue;
		}
		rc = type1_unmap(race->dev.iommufd, IOVA + index * PAGE, 3 * PAGE, 0);
		expect(race, rc == -EBUSY || (rc >= 0 && rc <= (int64_t)(3 * PAGE)) ? rc : 0, rc);
	}
}

TEST_F(cut_race, cutting_what_others_map_and_unmap)
{
	EXPECT_EQ(0, run_for_a_while(self, cut_or_map_same_range));
	EXPECT_LE(0, type1_unmap_all(self->race.dev.iommufd));
	EXPECT_TRUE(iommufd_ioas_is_empty(self->race.dev.iommufd, self->race.dev.ioas_id));
}

static void cut_or_copy(struct test_threads *threads, unsigned int index, void *arg)
{
	struct cut_race *race = arg;
	int rc;

	while (!test_threads_stopping(threads)) {
		threads->rounds++;
		if (index < 2) {
			map_and_cut(race, IOVA + index * STRIDE);
			continue;
		}
		rc = iv_ioas_copy(race->dev.iommufd, race->dev.ioas_id, IOVA + index * STRIDE,
				  race->dev.ioas_id, IOVA + (index - 2) * STRIDE, 4 * PAGE,
				  IV_DMA_RW);
		expect(race, rc == -ENOENT ? rc : 0, rc);
		if (!rc)
			expect(race, 4 * PAGE, type1_unmap(race->dev.iommufd, IOVA + index * STRIDE,
							   4 * PAGE, 0));
	}
}

TEST_F(cut_race, copying_while_cutting)
{
	EXPECT_EQ(0, run_for_a_while(self, cut_or_copy));
	EXPECT_TRUE(iommufd_ioas_is_empty(self->race.dev.iommufd, self->race.dev.ioas_id));
}

static void choose_or_use(struct test_threads *threads, unsigned int index, void *arg)
{
	struct cut_race *race = arg;
	uint32_t ioas_id;
	int64_t rc;

	while (!test_threads_stopping(threads)) {
		threads->rounds++;
		if (index) {
			rc = type1_unmap(race->dev.iommufd, IOVA, PAGE, 0);
			expect(race, rc == -ENODEV ? rc : 0, rc);
			continue;
		}
		expect(race, 0, iv_ioas_alloc(race->dev.iommufd, &ioas_id));
		expect(race, 0, type1_ioas_set(race->dev.iommufd, ioas_id));
		do {
			rc = iv_iommufd_destroy(race->dev.iommufd, ioas_id);
		} while (rc == -EBUSY);
		expect(race, 0, rc);
	}
}

TEST_F(cut_race, destroying_the_ioas_while_it_is_the_containers)
{
	EXPECT_EQ(0, run_for_a_while(self, choose_or_use));
	EXPECT_EQ(-ENODEV, type1_ioas_get(self->race.dev.iommufd));
}

TEST_HARNESS_MAIN
