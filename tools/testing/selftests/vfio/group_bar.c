// SPDX-License-Identifier: GPL-2.0-only
/*
 * BARs mapped into a container, for another device to reach: whose, how long, and by whom.
 *
 * The BAR is memory, so that what came of a DMA can be read back.
 */
#include "kselftest_harness.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "iommufd_state.h"
#include "iv.h"
#include "netlink.h"
#include "test_device.h"
#include "test_memory.h"
#include "test_thread.h"
#include "type1.h"

#define PAGE 4096UL
#define IOVA 0x4000000UL
#define SIZE 0x400000UL
#define OFFSET 0x200000UL
#define IOVA_MEMORY 0x1000000UL
#define LENGTH 64
#define JOIN_MS 10000
#define RW (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

struct bar_scene {
	struct test_device edu;
	struct test_device shmem;
	struct iv_edu dma;
	struct iv_region region;
	int container;
	int edu_group;
	int shmem_group;
	int edu_fd;
	int shmem_fd;
	void *memory;
	int64_t pinned;
	int unexpected;
};

FIXTURE(bar)
{
	struct bar_scene s;
};

FIXTURE_SETUP(bar)
{
	if (!test_role_addr(TEST_EDU) || !test_role_addr(TEST_SHMEM))
		SKIP(return, "no %s or no %s", test_role_name(TEST_EDU),
		     test_role_name(TEST_SHMEM));
	self->s.pinned = test_pinned_pages();
	ASSERT_EQ(0, test_device_setup(&self->s.edu, TEST_EDU, TEST_CLAIMED));
	ASSERT_EQ(0, test_device_setup(&self->s.shmem, TEST_SHMEM, TEST_CLAIMED));
	self->s.container = iv_container_open();
	ASSERT_LE(0, self->s.container);
	self->s.edu_group = iv_group_open(self->s.edu.addr);
	ASSERT_LE(0, self->s.edu_group);
	self->s.shmem_group = iv_group_open(self->s.shmem.addr);
	ASSERT_LE(0, self->s.shmem_group);
	ASSERT_EQ(0, iv_group_set_container(self->s.edu_group, self->s.container));
	ASSERT_EQ(0, iv_group_set_container(self->s.shmem_group, self->s.container));
	ASSERT_EQ(0, iv_container_set_type(self->s.container, VFIO_TYPE1v2_IOMMU));
	self->s.edu_fd = iv_group_device(self->s.edu_group, self->s.edu.addr);
	ASSERT_LE(0, self->s.edu_fd);
	self->s.shmem_fd = iv_group_device(self->s.shmem_group, self->s.shmem.addr);
	ASSERT_LE(0, self->s.shmem_fd);
	ASSERT_EQ(0, iv_edu_open(&self->s.dma, self->s.edu_fd));
	ASSERT_EQ(0, iv_config_command(self->s.edu_fd, PCI_COMMAND_MASTER, 0));
	ASSERT_EQ(0, iv_config_command(self->s.shmem_fd, PCI_COMMAND_MEMORY, 0));
	ASSERT_EQ(0, iv_region_open(&self->s.region, self->s.shmem_fd, 2));
	ASSERT_EQ(0, iv_region_map(&self->s.region));
	ASSERT_LE(OFFSET + SIZE, self->s.region.size);
	self->s.memory = test_memory_alloc(PAGE, PAGE);
	ASSERT_NE(NULL, self->s.memory);
	ASSERT_EQ(0, iv_container_map(self->s.container, self->s.memory, IOVA_MEMORY, PAGE, RW));
}

FIXTURE_TEARDOWN(bar)
{
	iv_region_close(&self->s.region);
	iv_edu_close(&self->s.dma);
	close(self->s.shmem_fd);
	close(self->s.edu_fd);
	close(self->s.shmem_group);
	close(self->s.edu_group);
	close(self->s.container);
	test_device_teardown(&self->s.shmem);
	test_device_teardown(&self->s.edu);
	EXPECT_EQ(self->s.pinned, test_pinned_pages());
	test_memory_free(self->s.memory, PAGE);
}

/* A pattern that no other test has left there. */
static uint32_t pattern(unsigned int nr)
{
	return getpid() * 16 + nr;
}

static char *bar_at(struct bar_scene *scene, size_t offset)
{
	return (char *)scene->region.map + offset;
}

static int map_part(struct bar_scene *scene, uint64_t iova, uint64_t size, uint32_t flags)
{
	return iv_container_map(scene->container, bar_at(scene, OFFSET), iova, size, flags);
}

static int map_bar(struct bar_scene *scene)
{
	return map_part(scene, IOVA, SIZE, RW);
}

/* Has edu write 64 bytes; what became of them is to be seen where they should be. */
static int write_by_dma(struct bar_scene *scene, uint64_t iova, uint32_t seed)
{
	int rc;

	test_memory_fill(scene->memory, PAGE, seed);
	rc = iv_edu_dma_read(&scene->dma, IOVA_MEMORY, 0, LENGTH);
	return rc ? rc : iv_edu_dma_write(&scene->dma, iova, 0, LENGTH);
}

static bool region_has(const struct iv_region *region, size_t offset, uint32_t seed)
{
	uint32_t data[LENGTH / 4];
	size_t i;

	for (i = 0; i < LENGTH / 4; i++)
		data[i] = iv_mmio_read32(region, offset + 4 * i);
	return test_memory_matches(data, LENGTH, seed);
}

TEST_F(bar, another_device_reaches_it)
{
	ASSERT_EQ(0, map_bar(&self->s));
	ASSERT_EQ(0, write_by_dma(&self->s, IOVA, pattern(1)));
	ASSERT_EQ(0, write_by_dma(&self->s, IOVA + SIZE - LENGTH, pattern(2)));
	EXPECT_TRUE(region_has(&self->s.region, OFFSET, pattern(1)));
	EXPECT_TRUE(region_has(&self->s.region, OFFSET + SIZE - LENGTH, pattern(2)));
	EXPECT_EQ(SIZE, type1_unmap(self->s.container, IOVA, SIZE, 0));
	ASSERT_EQ(0, write_by_dma(&self->s, IOVA, pattern(3)));
	EXPECT_TRUE(region_has(&self->s.region, OFFSET, pattern(1)));
}

TEST_F(bar, only_what_is_mapped_is_reached)
{
	ASSERT_EQ(0, map_part(&self->s, IOVA, PAGE, RW));
	ASSERT_EQ(0, write_by_dma(&self->s, IOVA, pattern(1)));
	ASSERT_EQ(0, write_by_dma(&self->s, IOVA + PAGE, pattern(2)));
	EXPECT_TRUE(region_has(&self->s.region, OFFSET, pattern(1)));
	EXPECT_FALSE(region_has(&self->s.region, OFFSET + PAGE, pattern(2)));
}

TEST_F(bar, read_only_is_not_written)
{
	ASSERT_EQ(0, map_part(&self->s, IOVA, SIZE, VFIO_DMA_MAP_FLAG_READ));
	ASSERT_EQ(0, write_by_dma(&self->s, IOVA, pattern(1)));
	EXPECT_FALSE(region_has(&self->s.region, OFFSET, pattern(1)));
}

TEST_F(bar, nothing_is_pinned_or_counted)
{
	int64_t pinned = test_pinned_pages(), locked = test_status_kib("VmPin");

	ASSERT_EQ(0, map_bar(&self->s));
	EXPECT_EQ(pinned, test_pinned_pages());
	EXPECT_EQ(locked, test_status_kib("VmPin"));
}

/* The flags of the area at @iova of a process' newest context, or 0 */
static uint64_t told_flags(uint64_t iova)
{
	const uint32_t ctx = netlink_newest_context(getpid());
	const struct nlattr *attr = NULL;
	struct netlink_list list;
	struct iv_attrs mapping;
	uint64_t flags = 0;

	if (netlink_list_of(IOMMUFD_NL_CMD_AREA_GET, IOMMUFD_A_AREA_CTX, ctx, &list))
		return 0;
	while (list.count && (attr = iv_attr_next(&list.items[0], attr))) {
		if (iv_attr_type(attr) != IOMMUFD_A_AREA_MAPPING)
			continue;
		mapping = iv_attr_nested(attr);
		if (iv_attrs_number(&mapping, IOMMUFD_A_MAPPING_FIRST, 0) == iova)
			flags = iv_attrs_number(&mapping, IOMMUFD_A_MAPPING_FLAGS, 0);
	}
	netlink_list_free(&list);
	return flags;
}

TEST_F(bar, it_is_told_from_memory)
{
	ASSERT_EQ(0, map_bar(&self->s));
	EXPECT_TRUE(told_flags(IOVA) & IOMMUFD_MAPPING_FLAGS_DEVICE);
	EXPECT_TRUE(told_flags(IOVA_MEMORY) & IOMMUFD_MAPPING_FLAGS_PINNED);
	EXPECT_FALSE(told_flags(IOVA_MEMORY) & IOMMUFD_MAPPING_FLAGS_DEVICE);
}

TEST_F(bar, mapping_may_be_gone_meanwhile)
{
	ASSERT_EQ(0, map_bar(&self->s));
	iv_region_unmap(&self->s.region);
	ASSERT_EQ(0, write_by_dma(&self->s, IOVA, pattern(1)));
	ASSERT_EQ(0, iv_region_map(&self->s.region));
	EXPECT_TRUE(region_has(&self->s.region, OFFSET, pattern(1)));
}

TEST_F(bar, what_is_not_one_mapping_fails)
{
	void *end = bar_at(&self->s, self->s.region.size - PAGE);

	EXPECT_EQ(-EFAULT, iv_container_map(self->s.container, end, IOVA, 2 * PAGE, RW));
	ASSERT_EQ(0, munmap(bar_at(&self->s, OFFSET + PAGE), PAGE));
	EXPECT_EQ(-EFAULT, map_bar(&self->s));
	EXPECT_EQ(0, map_part(&self->s, IOVA, PAGE, RW));
}

TEST_F(bar, protection_is_kept)
{
	ASSERT_EQ(0, mprotect(bar_at(&self->s, 0), self->s.region.size, PROT_READ));
	EXPECT_EQ(-EFAULT, map_bar(&self->s));
	EXPECT_EQ(0, map_part(&self->s, IOVA, SIZE, VFIO_DMA_MAP_FLAG_READ));
	ASSERT_EQ(0, mprotect(bar_at(&self->s, 0), self->s.region.size, PROT_NONE));
	EXPECT_EQ(-EFAULT, map_part(&self->s, 2 * IOVA, PAGE, VFIO_DMA_MAP_FLAG_READ));
}

/* Copies would have to be found again when the device goes. */
TEST_F(bar, copy_fails)
{
	uint32_t ioas_id = type1_ioas_get(self->s.container);

	ASSERT_EQ(0, map_bar(&self->s));
	EXPECT_EQ(-EINVAL, iv_ioas_copy(self->s.container, ioas_id, 2 * IOVA, ioas_id, IOVA, SIZE,
					IV_DMA_RW));
	EXPECT_TRUE(iommufd_iova_is_free(self->s.container, ioas_id, 2 * IOVA));
}

/* iommufd's own way to map takes memory only, whoever's context it is. */
TEST_F(bar, ioas_map_fails)
{
	uint32_t ioas_id = type1_ioas_get(self->s.container);

	EXPECT_EQ(-EFAULT, iv_ioas_map(self->s.container, ioas_id, bar_at(&self->s, OFFSET), SIZE,
				       IOVA, IV_DMA_RW));
}

static int leave(struct bar_scene *scene)
{
	iv_region_close(&scene->region);
	close(scene->shmem_fd);
	scene->shmem_fd = -1;
	return iv_group_unset_container(scene->shmem_group);
}

TEST_F(bar, device_that_leaves_takes_its_mappings_along)
{
	struct iv_region region;

	ASSERT_EQ(0, map_bar(&self->s));
	ASSERT_EQ(0, map_part(&self->s, IOVA + SIZE, PAGE, RW));
	ASSERT_EQ(0, write_by_dma(&self->s, IOVA, pattern(1)));
	ASSERT_EQ(0, leave(&self->s));
	/* Somebody else has it now, and uses it. */
	close(self->s.shmem_group);
	self->s.shmem_group = -1;
	ASSERT_EQ(0, test_device_advance(&self->s.shmem, TEST_BOUND));
	ASSERT_EQ(0, iv_config_command(self->s.shmem.fd, PCI_COMMAND_MEMORY, 0));
	ASSERT_EQ(0, iv_region_open(&region, self->s.shmem.fd, 2));
	ASSERT_EQ(0, iv_region_map(&region));
	ASSERT_TRUE(region_has(&region, OFFSET, pattern(1)));
	ASSERT_EQ(0, write_by_dma(&self->s, IOVA, pattern(2)));
	EXPECT_TRUE(region_has(&region, OFFSET, pattern(1)));
	iv_region_close(&region);
	/* Other mappings stay, and the place is free. */
	EXPECT_EQ(0, type1_unmap(self->s.container, IOVA, 2 * SIZE, 0));
	EXPECT_EQ(0, iv_container_map(self->s.container, self->s.memory, IOVA, PAGE, RW));
}

TEST_F(bar, unbind_takes_mappings_along)
{
	ASSERT_EQ(0, map_bar(&self->s));
	ASSERT_EQ(0, iv_pci_unbind_driver(self->s.shmem.addr));
	EXPECT_EQ(0, type1_unmap_all(self->s.container) - PAGE);
	EXPECT_EQ(0, iv_pci_bind_driver(self->s.shmem.addr, "vfio-pci"));
}

TEST_F(bar, device_that_was_taken_away_maps_nothing_more)
{
	ASSERT_EQ(0, iv_pci_unbind_driver(self->s.shmem.addr));
	EXPECT_EQ(-EFAULT, map_bar(&self->s));
	EXPECT_EQ(0, iv_pci_bind_driver(self->s.shmem.addr, "vfio-pci"));
}

/* A device that the container does not own could be anybody's at any time. */
TEST_F(bar, device_of_another_container_fails)
{
	int other = iv_container_open();

	ASSERT_LE(0, other);
	close(self->s.edu_fd);
	self->s.edu_fd = -1;
	iv_edu_close(&self->s.dma);
	ASSERT_EQ(0, iv_group_unset_container(self->s.edu_group));
	ASSERT_EQ(0, iv_group_set_container(self->s.edu_group, other));
	ASSERT_EQ(0, iv_container_set_type(other, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(-EFAULT, iv_container_map(other, bar_at(&self->s, OFFSET), IOVA, SIZE, RW));
	EXPECT_EQ(0, map_bar(&self->s));
	close(other);
}

/* A page table that is filled later is filled with BARs, too. */
TEST_F(bar, device_that_joins_later_reaches_it)
{
	close(self->s.edu_fd);
	iv_edu_close(&self->s.dma);
	ASSERT_EQ(0, iv_group_unset_container(self->s.edu_group));
	ASSERT_EQ(0, map_bar(&self->s));
	ASSERT_EQ(0, iv_group_set_container(self->s.edu_group, self->s.container));
	self->s.edu_fd = iv_group_device(self->s.edu_group, self->s.edu.addr);
	ASSERT_LE(0, self->s.edu_fd);
	ASSERT_EQ(0, iv_edu_open(&self->s.dma, self->s.edu_fd));
	ASSERT_EQ(0, iv_config_command(self->s.edu_fd, PCI_COMMAND_MASTER, 0));
	ASSERT_EQ(0, write_by_dma(&self->s, IOVA, pattern(1)));
	EXPECT_TRUE(region_has(&self->s.region, OFFSET, pattern(1)));
}

static void map_and_unmap(struct test_threads *threads, unsigned int index, void *arg)
{
	struct bar_scene *scene = arg;
	uint64_t iova = IOVA + (1 + index) * SIZE;

	while (!test_threads_stopping(threads)) {
		int rc = map_part(scene, iova, SIZE, RW);

		if (rc && rc != -ENODEV && rc != -EFAULT)
			scene->unexpected = rc;
		else if (!rc && type1_unmap(scene->container, iova, SIZE, 0) < 0)
			scene->unexpected = 1;
		threads->rounds++;
	}
}

TEST_F(bar, unbind_while_mapping_leaves_nothing)
{
	struct test_threads threads = {};
	unsigned int i;

	ASSERT_EQ(0, map_bar(&self->s));
	ASSERT_EQ(0, test_threads_start(&threads, 3, map_and_unmap, &self->s));
	for (i = 0; i < 5; i++) {
		usleep(20000);
		ASSERT_EQ(0, iv_pci_unbind_driver(self->s.shmem.addr));
		EXPECT_EQ(0, type1_unmap(self->s.container, IOVA, SIZE, 0));
		ASSERT_EQ(0, iv_pci_bind_driver(self->s.shmem.addr, "vfio-pci"));
	}
	test_threads_stop(&threads);
	EXPECT_EQ(0, test_threads_join(&threads, JOIN_MS));
	EXPECT_EQ(0, self->s.unexpected);
	EXPECT_EQ(PAGE, type1_unmap_all(self->s.container));
}

/* On /dev/iommu the container's ioctls map memory only. */
FIXTURE(context)
{
	struct test_device dev;
	struct iv_region region;
};

FIXTURE_SETUP(context)
{
	if (!test_role_addr(TEST_SHMEM))
		SKIP(return, "no %s", test_role_name(TEST_SHMEM));
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_SHMEM, TEST_ATTACHED));
	ASSERT_EQ(0, iv_config_command(self->dev.fd, PCI_COMMAND_MEMORY, 0));
	ASSERT_EQ(0, iv_region_open(&self->region, self->dev.fd, 2));
	ASSERT_EQ(0, iv_region_map(&self->region));
}

FIXTURE_TEARDOWN(context)
{
	iv_region_close(&self->region);
	test_device_teardown(&self->dev);
}

TEST_F(context, bar_cannot_be_mapped)
{
	void *bar = (void *)self->region.map;

	ASSERT_EQ(0, type1_ioas_set(self->dev.iommufd, self->dev.ioas_id));
	EXPECT_EQ(-EFAULT, type1_map(self->dev.iommufd, bar, IOVA, PAGE, RW));
	EXPECT_EQ(-EFAULT, iv_ioas_map(self->dev.iommufd, self->dev.ioas_id, bar, PAGE, IOVA,
				       IV_DMA_RW));
	EXPECT_TRUE(iommufd_ioas_is_empty(self->dev.iommufd, self->dev.ioas_id));
}

TEST_HARNESS_MAIN
