// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA of a vfio-pci device: it reaches the memory that is mapped, and nothing else.
 *
 * edu's DMA takes about 100 ms, so there are few of them in each test.
 */
#include "kselftest_harness.h"

#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "test_wait.h"

#define IOVA 0x1000000
#define IOVA_QUEUES 0x2000000
#define PAGE 4096

FIXTURE(pci_dma)
{
	struct test_device dev;
	struct iv_edu edu;
	struct iv_dma dma;
	int fd;
	int iommufd;
	uint32_t ioas_id;
};

FIXTURE_SETUP(pci_dma)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no device: set %s", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_ATTACHED));
	self->fd = self->dev.fd;
	self->iommufd = self->dev.iommufd;
	self->ioas_id = self->dev.ioas_id;
	EXPECT_EQ(0, iv_edu_open(&self->edu, self->fd));
	EXPECT_EQ(0, iv_dma_alloc(&self->dma, self->iommufd, self->ioas_id, IOVA, 4 * PAGE));
}

FIXTURE_TEARDOWN(pci_dma)
{
	iv_edu_close(&self->edu);
	iv_dma_free(&self->dma);
	test_device_teardown(&self->dev);
}

/* Put a pattern into edu's buffer through memory that is mapped for the purpose. */
static int load_edu_buffer(struct iv_edu *edu, struct iv_dma *dma, uint32_t seed)
{
	int ret;

	test_memory_fill(dma->va, IV_EDU_BUFFER_SIZE, seed);
	ret = iv_edu_dma_read(edu, dma->iova, 0, IV_EDU_BUFFER_SIZE);
	memset(dma->va, 0, dma->size);
	return ret;
}

TEST_F(pci_dma, round_trip_through_the_device_keeps_the_data)
{
	char *va = self->dma.va;

	test_memory_fill(va, PAGE, 1);
	ASSERT_EQ(0, iv_edu_dma_read(&self->edu, IOVA, 0, PAGE));
	ASSERT_EQ(0, iv_edu_dma_write(&self->edu, IOVA + PAGE, 0, PAGE));
	EXPECT_TRUE(test_memory_matches(va + PAGE, PAGE, 1));
	EXPECT_TRUE(test_memory_matches(va, PAGE, 1));
}

TEST_F(pci_dma, transfer_across_a_page_boundary_keeps_the_data)
{
	char *va = self->dma.va;

	test_memory_fill(va + PAGE - 100, 300, 2);
	ASSERT_EQ(0, iv_edu_dma_read(&self->edu, IOVA + PAGE - 100, 40, 300));
	ASSERT_EQ(0, iv_edu_dma_write(&self->edu, IOVA + 3 * PAGE - 7, 40, 300));
	EXPECT_TRUE(test_memory_matches(va + 3 * PAGE - 7, 300, 2));
}

TEST_F(pci_dma, write_touches_only_the_bytes_it_should)
{
	uint8_t *va = self->dma.va;

	ASSERT_EQ(0, load_edu_buffer(&self->edu, &self->dma, 3));
	memset(va, 0xa5, self->dma.size);
	ASSERT_EQ(0, iv_edu_dma_write(&self->edu, IOVA + PAGE + 5, 0, 10));
	EXPECT_TRUE(test_memory_is(va, PAGE + 5, 0xa5));
	EXPECT_TRUE(test_memory_matches(va + PAGE + 5, 10, 3));
	EXPECT_TRUE(test_memory_is(va + PAGE + 15, self->dma.size - PAGE - 15, 0xa5));
}

TEST_F(pci_dma, memory_mapped_in_two_places_is_the_same_memory)
{
	char *va = self->dma.va;

	ASSERT_EQ(0, iv_ioas_map(self->iommufd, self->ioas_id, va, PAGE, 8 * IOVA, IV_DMA_RW));
	test_memory_fill(va, PAGE, 4);
	ASSERT_EQ(0, iv_edu_dma_read(&self->edu, 8 * IOVA, 0, PAGE));
	memset(va, 0, PAGE);
	ASSERT_EQ(0, iv_edu_dma_write(&self->edu, IOVA, 0, PAGE));
	EXPECT_TRUE(test_memory_matches(va, PAGE, 4));
}

TEST_F(pci_dma, write_to_an_unmapped_address_does_no_harm)
{
	ASSERT_EQ(0, load_edu_buffer(&self->edu, &self->dma, 5));
	memset(self->dma.va, 0xa5, self->dma.size);
	ASSERT_EQ(0, iv_edu_dma_write(&self->edu, IOVA + self->dma.size, 0, PAGE));
	ASSERT_EQ(0, iv_edu_dma_write(&self->edu, IOVA - PAGE, 0, PAGE));
	EXPECT_TRUE(test_memory_is(self->dma.va, self->dma.size, 0xa5));
}

TEST_F(pci_dma, read_of_an_unmapped_address_brings_nothing)
{
	char *va = self->dma.va;

	test_memory_fill(va, PAGE, 6);
	ASSERT_EQ(0, iv_edu_dma_read(&self->edu, IOVA + self->dma.size, 0, PAGE));
	ASSERT_EQ(0, iv_edu_dma_write(&self->edu, IOVA + PAGE, 0, PAGE));
	EXPECT_FALSE(test_memory_matches(va + PAGE, PAGE, 6));
}

TEST_F(pci_dma, dma_is_blocked_before_attach)
{
	struct test_device *dev = &self->dev;

	/* The device's buffer outlives the close: edu has no reset. */
	ASSERT_EQ(0, load_edu_buffer(&self->edu, &self->dma, 7));
	iv_edu_close(&self->edu);
	iv_dma_free(&self->dma);
	test_device_close(dev);
	ASSERT_EQ(0, test_device_advance(dev, TEST_BOUND));
	ASSERT_EQ(0, iv_dma_alloc(&self->dma, dev->iommufd, dev->ioas_id, IOVA, PAGE));
	ASSERT_EQ(0, iv_edu_open(&self->edu, dev->fd));
	ASSERT_EQ(0, iv_edu_dma_write(&self->edu, IOVA, 0, PAGE));
	EXPECT_TRUE(test_memory_is(self->dma.va, PAGE, 0));
	ASSERT_EQ(0, iv_device_attach(dev->fd, dev->ioas_id));
	ASSERT_EQ(0, iv_edu_dma_write(&self->edu, IOVA, 0, PAGE));
	EXPECT_FALSE(test_memory_is(self->dma.va, PAGE, 0));
}

TEST_F(pci_dma, dma_is_blocked_after_unmap)
{
	uint64_t unmapped;

	ASSERT_EQ(0, load_edu_buffer(&self->edu, &self->dma, 8));
	ASSERT_EQ(0, iv_ioas_unmap(self->iommufd, self->ioas_id, IOVA, self->dma.size, &unmapped));
	EXPECT_EQ(self->dma.size, unmapped);
	ASSERT_EQ(0, iv_edu_dma_write(&self->edu, IOVA, 0, PAGE));
	EXPECT_TRUE(test_memory_is(self->dma.va, self->dma.size, 0));
}

TEST_F(pci_dma, dma_in_flight_does_not_arrive_after_unmap)
{
	ASSERT_EQ(0, load_edu_buffer(&self->edu, &self->dma, 9));
	ASSERT_EQ(0, iv_edu_dma_start_write(&self->edu, IOVA, 0, PAGE, 0));
	ASSERT_EQ(0, iv_ioas_unmap(self->iommufd, self->ioas_id, IOVA, self->dma.size, NULL));
	memset(self->dma.va, 0x3c, self->dma.size);
	ASSERT_EQ(0, iv_edu_dma_wait(&self->edu));
	EXPECT_TRUE(test_memory_is(self->dma.va, self->dma.size, 0x3c));
}

TEST_F(pci_dma, dma_is_blocked_after_detach_and_allowed_after_attach)
{
	ASSERT_EQ(0, load_edu_buffer(&self->edu, &self->dma, 10));
	ASSERT_EQ(0, iv_device_detach(self->fd));
	ASSERT_EQ(0, iv_edu_dma_write(&self->edu, IOVA, 0, PAGE));
	EXPECT_TRUE(test_memory_is(self->dma.va, self->dma.size, 0));
	ASSERT_EQ(0, iv_device_attach(self->fd, self->ioas_id));
	ASSERT_EQ(0, iv_edu_dma_write(&self->edu, IOVA, 0, PAGE));
	EXPECT_TRUE(test_memory_matches(self->dma.va, PAGE, 10));
}

TEST_F(pci_dma, dma_is_blocked_while_bus_master_is_off)
{
	ASSERT_EQ(0, load_edu_buffer(&self->edu, &self->dma, 11));
	ASSERT_EQ(0, iv_config_command(self->fd, 0, PCI_COMMAND_MASTER));
	ASSERT_EQ(0, iv_edu_dma_write(&self->edu, IOVA, 0, PAGE));
	EXPECT_TRUE(test_memory_is(self->dma.va, self->dma.size, 0));
	ASSERT_EQ(0, iv_config_command(self->fd, PCI_COMMAND_MASTER, 0));
	ASSERT_EQ(0, iv_edu_dma_write(&self->edu, IOVA, 0, PAGE));
	EXPECT_TRUE(test_memory_matches(self->dma.va, PAGE, 11));
}

TEST_F(pci_dma, read_only_mapping_refuses_writes_and_allows_reads)
{
	char *memory = test_memory_alloc(PAGE, PAGE);

	ASSERT_NE(NULL, memory);
	ASSERT_EQ(0, load_edu_buffer(&self->edu, &self->dma, 12));
	test_memory_fill(memory, PAGE, 13);
	ASSERT_EQ(0, iv_ioas_map(self->iommufd, self->ioas_id, memory, PAGE, 8 * IOVA,
				 IV_DMA_READ));
	ASSERT_EQ(0, iv_edu_dma_write(&self->edu, 8 * IOVA, 0, PAGE));
	EXPECT_TRUE(test_memory_matches(memory, PAGE, 13));
	ASSERT_EQ(0, iv_edu_dma_read(&self->edu, 8 * IOVA, 0, PAGE));
	ASSERT_EQ(0, iv_edu_dma_write(&self->edu, IOVA, 0, PAGE));
	EXPECT_TRUE(test_memory_matches(self->dma.va, PAGE, 13));
	ASSERT_EQ(0, iv_ioas_unmap(self->iommufd, self->ioas_id, 8 * IOVA, PAGE, NULL));
	test_memory_free(memory, PAGE);
}

TEST_F(pci_dma, replace_switches_to_the_other_address_space)
{
	struct iv_dma second;
	uint32_t ioas_id;

	ASSERT_EQ(0, load_edu_buffer(&self->edu, &self->dma, 14));
	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &ioas_id));
	ASSERT_EQ(0, iv_dma_alloc(&second, self->iommufd, ioas_id, IOVA, PAGE));
	ASSERT_EQ(0, iv_device_attach(self->fd, ioas_id));
	ASSERT_EQ(0, iv_edu_dma_write(&self->edu, IOVA, 0, PAGE));
	EXPECT_TRUE(test_memory_matches(second.va, PAGE, 14));
	EXPECT_TRUE(test_memory_is(self->dma.va, self->dma.size, 0));
	/* The first one is free now, the second is in use. */
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->iommufd, ioas_id));
	EXPECT_EQ(0, iv_device_attach(self->fd, self->ioas_id));
	EXPECT_EQ(0, iv_iommufd_destroy(self->iommufd, ioas_id));
	munmap(second.va, second.size);
}

/*
 * VT-d's driver of this kernel blocks DMA for a moment while it exchanges the page table, so that
 * the DMA may reach neither address space. It must never reach both, nor anything half.
 */
TEST_F(pci_dma, replace_during_dma_never_reaches_both_address_spaces)
{
	bool in_first, in_second;
	struct iv_dma second;
	uint32_t ioas_id;

	ASSERT_EQ(0, load_edu_buffer(&self->edu, &self->dma, 15));
	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd, &ioas_id));
	ASSERT_EQ(0, iv_dma_alloc(&second, self->iommufd, ioas_id, IOVA, PAGE));
	ASSERT_EQ(0, iv_edu_dma_start_write(&self->edu, IOVA, 0, PAGE, 0));
	while (iv_edu_dma_busy(&self->edu)) {
		ASSERT_EQ(0, iv_device_attach(self->fd, ioas_id));
		ASSERT_EQ(0, iv_device_attach(self->fd, self->ioas_id));
	}
	in_first = test_memory_matches(self->dma.va, PAGE, 15);
	in_second = test_memory_matches(second.va, PAGE, 15);
	EXPECT_FALSE(in_first && in_second);
	EXPECT_TRUE(in_first || test_memory_is(self->dma.va, PAGE, 0));
	EXPECT_TRUE(in_second || test_memory_is(second.va, PAGE, 0));
	ASSERT_EQ(0, iv_edu_dma_write(&self->edu, IOVA, 0, PAGE));
	EXPECT_TRUE(test_memory_matches(self->dma.va, PAGE, 15));
	iv_dma_free(&second);
}

TEST_F(pci_dma, failed_replace_keeps_the_old_address_space)
{
	ASSERT_EQ(0, load_edu_buffer(&self->edu, &self->dma, 16));
	EXPECT_EQ(-ENOENT, iv_device_attach(self->fd, 0xabcdef));
	EXPECT_EQ(-EINVAL, iv_device_attach(self->fd, self->dev.devid));
	ASSERT_EQ(0, iv_edu_dma_write(&self->edu, IOVA, 0, PAGE));
	EXPECT_TRUE(test_memory_matches(self->dma.va, PAGE, 16));
}

TEST_F(pci_dma, memory_is_unpinned_after_unmap_and_close)
{
	size_t size = 64 * PAGE;
	char *memory = test_memory_alloc(size, PAGE);
	int64_t before = test_pinned_pages();

	ASSERT_NE(NULL, memory);
	test_memory_fill(memory, size, 17);
	ASSERT_EQ(0, iv_ioas_map(self->iommufd, self->ioas_id, memory, size, 8 * IOVA, IV_DMA_RW));
	EXPECT_EQ(before + 64, test_pinned_pages());
	ASSERT_EQ(0, iv_ioas_unmap(self->iommufd, self->ioas_id, 8 * IOVA, size, NULL));
	EXPECT_EQ(before, test_pinned_pages());
	ASSERT_EQ(0, iv_ioas_map(self->iommufd, self->ioas_id, memory, size, 8 * IOVA, IV_DMA_RW));
	iv_edu_close(&self->edu);
	test_device_close(&self->dev);
	/* The fixture's own four pages have gone too. */
	EXPECT_EQ(before - 4, test_pinned_pages());
	test_memory_free(memory, size);
}

TEST_F(pci_dma, data_stays_when_the_mapper_unmaps_its_own_view)
{
	char *memory = test_memory_alloc(PAGE, PAGE);

	/* The device holds the page even when the process has let go of it. */
	test_memory_fill(memory, PAGE, 18);
	ASSERT_EQ(0, iv_ioas_map(self->iommufd, self->ioas_id, memory, PAGE, 8 * IOVA, IV_DMA_RW));
	test_memory_free(memory, PAGE);
	ASSERT_EQ(0, iv_edu_dma_read(&self->edu, 8 * IOVA, 0, PAGE));
	ASSERT_EQ(0, iv_edu_dma_write(&self->edu, IOVA, 0, PAGE));
	EXPECT_TRUE(test_memory_matches(self->dma.va, PAGE, 18));
}

TEST_F(pci_dma, close_during_dma_does_not_let_it_arrive)
{
	char *memory = test_memory_alloc(PAGE, PAGE);

	ASSERT_NE(NULL, memory);
	ASSERT_EQ(0, iv_ioas_map(self->iommufd, self->ioas_id, memory, PAGE, 8 * IOVA, IV_DMA_RW));
	ASSERT_EQ(0, load_edu_buffer(&self->edu, &self->dma, 19));
	ASSERT_EQ(0, iv_edu_dma_start_write(&self->edu, 8 * IOVA, 0, PAGE, 0));
	iv_edu_close(&self->edu);
	close(self->dev.fd);
	self->dev.fd = -1;
	memset(memory, 0x11, PAGE);
	test_sleep_ms(200);
	EXPECT_TRUE(test_memory_is(memory, PAGE, 0x11));
	test_memory_free(memory, PAGE);
}

/* Two functions with requester IDs of their own in one IOMMU group. */

FIXTURE(pci_dma_shared)
{
	struct test_device a;
	struct test_device b;
	struct iv_edu edu_a;
	struct iv_edu edu_b;
	struct iv_dma dma;
};

FIXTURE_SETUP(pci_dma_shared)
{
	if (!test_role_addr(TEST_SHARED_A) || !test_role_addr(TEST_SHARED_B))
		SKIP(return, "no devices: set %s and %s", test_role_name(TEST_SHARED_A),
		     test_role_name(TEST_SHARED_B));
	ASSERT_EQ(0, test_device_setup(&self->a, TEST_SHARED_A, TEST_PARKED));
	ASSERT_EQ(0, test_device_setup(&self->b, TEST_SHARED_B, TEST_PARKED));
	EXPECT_EQ(0, test_device_advance(&self->a, TEST_ATTACHED));
	EXPECT_EQ(0, iv_edu_open(&self->edu_a, self->a.fd));
	EXPECT_EQ(0, iv_dma_alloc(&self->dma, self->a.iommufd, self->a.ioas_id, IOVA, 2 * PAGE));
}

FIXTURE_TEARDOWN(pci_dma_shared)
{
	iv_edu_close(&self->edu_a);
	iv_edu_close(&self->edu_b);
	iv_dma_free(&self->dma);
	test_device_teardown(&self->b);
	test_device_teardown(&self->a);
}

TEST_F(pci_dma_shared, functions_of_one_group_share_its_address_space)
{
	char *va = self->dma.va;

	ASSERT_EQ(iv_pci_group(self->a.addr), iv_pci_group(self->b.addr));
	ASSERT_EQ(0, iv_device_bind(self->b.fd, self->a.iommufd, &self->b.devid));
	ASSERT_EQ(0, iv_device_attach(self->b.fd, self->a.ioas_id));
	ASSERT_EQ(0, iv_edu_open(&self->edu_b, self->b.fd));
	test_memory_fill(va, PAGE, 20);
	ASSERT_EQ(0, iv_edu_dma_read(&self->edu_a, IOVA, 0, PAGE));
	ASSERT_EQ(0, iv_edu_dma_read(&self->edu_b, IOVA, 0, PAGE));
	memset(va, 0, PAGE);
	ASSERT_EQ(0, iv_edu_dma_write(&self->edu_b, IOVA + PAGE, 0, PAGE));
	EXPECT_TRUE(test_memory_matches(va + PAGE, PAGE, 20));
	ASSERT_EQ(0, iv_edu_dma_write(&self->edu_a, IOVA, 0, PAGE));
	EXPECT_TRUE(test_memory_matches(va, PAGE, 20));
}

TEST_F(pci_dma_shared, other_context_cannot_bind_the_groups_other_function)
{
	uint32_t ioas_id;
	int other = test_context_open(&ioas_id);

	ASSERT_GE(other, 0);
	EXPECT_EQ(-EBUSY, iv_device_bind(self->b.fd, other, NULL));
	/* The failure leaves it parked, and the owner can still have it. */
	EXPECT_EQ(0, iv_device_bind(self->b.fd, self->a.iommufd, &self->b.devid));
	close(other);
}

TEST_F(pci_dma_shared, detaching_one_function_leaves_the_other_its_dma)
{
	char *va = self->dma.va;

	ASSERT_EQ(0, iv_device_bind(self->b.fd, self->a.iommufd, &self->b.devid));
	ASSERT_EQ(0, iv_device_attach(self->b.fd, self->a.ioas_id));
	ASSERT_EQ(0, load_edu_buffer(&self->edu_a, &self->dma, 21));
	ASSERT_EQ(0, iv_device_detach(self->b.fd));
	ASSERT_EQ(0, iv_edu_dma_write(&self->edu_a, IOVA, 0, PAGE));
	EXPECT_TRUE(test_memory_matches(va, PAGE, 21));
}

/* Devices of two groups in one address space. */

FIXTURE(pci_dma_nvme)
{
	struct test_device dev;
	struct iv_nvme nvme;
	struct iv_dma dma;
};

FIXTURE_SETUP(pci_dma_nvme)
{
	struct test_device *dev = &self->dev;

	if (!test_role_addr(TEST_NVME))
		SKIP(return, "no device: set %s", test_role_name(TEST_NVME));
	ASSERT_EQ(0, test_device_setup(dev, TEST_NVME, TEST_ATTACHED));
	EXPECT_EQ(0, iv_nvme_open(&self->nvme, dev->fd, dev->iommufd, dev->ioas_id, IOVA_QUEUES));
	EXPECT_EQ(0, iv_dma_alloc(&self->dma, dev->iommufd, dev->ioas_id, IOVA, 16 * PAGE));
	memset(self->dma.va, 0xcc, self->dma.size);
}

FIXTURE_TEARDOWN(pci_dma_nvme)
{
	iv_nvme_close(&self->nvme);
	iv_dma_free(&self->dma);
	test_device_teardown(&self->dev);
}

static bool is_block(const struct iv_nvme *nvme, const void *data, uint64_t block)
{
	char text[64];
	int length = snprintf(text, sizeof(text), "iommufd-vfio block %lu ",
			      block * nvme->block_size / 512);

	return !memcmp(data, text, length);
}

TEST_F(pci_dma_nvme, identify_tells_the_disk)
{
	EXPECT_STREQ("iommufd-vfio", self->nvme.serial);
	EXPECT_EQ(512, self->nvme.block_size);
	EXPECT_EQ(32768, self->nvme.blocks);
}

TEST_F(pci_dma_nvme, one_block_is_read_to_where_it_should)
{
	char *va = self->dma.va;

	ASSERT_EQ(0, iv_nvme_read(&self->nvme, 42, 1, IOVA + PAGE));
	EXPECT_TRUE(is_block(&self->nvme, va + PAGE, 42));
	EXPECT_TRUE(test_memory_is(va, PAGE, 0xcc));
	EXPECT_TRUE(test_memory_is(va + PAGE + 512, self->dma.size - PAGE - 512, 0xcc));
}

TEST_F(pci_dma_nvme, read_across_two_pages_works)
{
	char *va = self->dma.va;

	ASSERT_EQ(0, iv_nvme_read(&self->nvme, 100, 8, IOVA + 1024));
	for (int i = 0; i < 8; i++)
		EXPECT_TRUE(is_block(&self->nvme, va + 1024 + 512 * i, 100 + i));
}

TEST_F(pci_dma_nvme, read_through_a_list_of_pages_works)
{
	char *va = self->dma.va;

	ASSERT_EQ(0, iv_nvme_read(&self->nvme, 1000, 128, IOVA));
	for (int i = 0; i < 128; i++)
		EXPECT_TRUE(is_block(&self->nvme, va + 512 * i, 1000 + i));
}

TEST_F(pci_dma_nvme, more_reads_than_the_queue_is_deep_work)
{
	char *va = self->dma.va;

	for (int i = 0; i < 3 * IV_NVME_QUEUE_DEPTH; i++) {
		ASSERT_EQ(0, iv_nvme_read(&self->nvme, 31 * i, 1, IOVA + 512 * i));
		EXPECT_TRUE(is_block(&self->nvme, va + 512 * i, 31 * i));
	}
}

TEST_F(pci_dma_nvme, completions_by_interrupt_work)
{
	int eventfd = iv_eventfd_create();
	char *va = self->dma.va;

	ASSERT_EQ(0, iv_nvme_use_irq(&self->nvme, eventfd));
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, iv_nvme_read(&self->nvme, 7 * i, 1, IOVA + 512 * i));
		EXPECT_TRUE(is_block(&self->nvme, va + 512 * i, 7 * i));
	}
	close(eventfd);
}

TEST_F(pci_dma_nvme, read_past_the_end_of_the_disk_is_refused_by_the_controller)
{
	EXPECT_EQ(-EREMOTEIO, iv_nvme_read(&self->nvme, self->nvme.blocks, 1, IOVA));
	EXPECT_NE(0, self->nvme.status);
	EXPECT_TRUE(test_memory_is(self->dma.va, self->dma.size, 0xcc));
}

TEST_F(pci_dma_nvme, read_to_an_unmapped_address_does_no_harm)
{
	iv_nvme_read(&self->nvme, 5, 8, IOVA + self->dma.size);
	iv_nvme_read(&self->nvme, 5, 8, IOVA - PAGE);
	EXPECT_TRUE(test_memory_is(self->dma.va, self->dma.size, 0xcc));
}

TEST_F(pci_dma_nvme, devices_of_two_groups_share_one_address_space)
{
	struct test_device edu_dev;
	struct iv_edu edu;
	char *va = self->dma.va;

	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no device: set %s", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&edu_dev, TEST_EDU, TEST_PARKED));
	EXPECT_NE(iv_pci_group(self->dev.addr), iv_pci_group(edu_dev.addr));
	EXPECT_EQ(0, iv_device_bind(edu_dev.fd, self->dev.iommufd, &edu_dev.devid));
	EXPECT_EQ(0, iv_device_attach(edu_dev.fd, self->dev.ioas_id));
	EXPECT_EQ(0, iv_edu_open(&edu, edu_dev.fd));
	/* What the disk writes edu reads. */
	EXPECT_EQ(0, iv_nvme_read(&self->nvme, 9, 1, IOVA));
	EXPECT_EQ(0, iv_edu_dma_read(&edu, IOVA, 0, 512));
	EXPECT_EQ(0, iv_edu_dma_write(&edu, IOVA + PAGE, 0, 512));
	EXPECT_TRUE(is_block(&self->nvme, va + PAGE, 9));
	/* And closing the one leaves the other its mappings. */
	iv_edu_close(&edu);
	test_device_teardown(&edu_dev);
	EXPECT_EQ(0, iv_nvme_read(&self->nvme, 10, 1, IOVA));
	EXPECT_TRUE(is_block(&self->nvme, va, 10));
}

TEST_HARNESS_MAIN
