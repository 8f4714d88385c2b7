// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PCI function as a mediated device (the sample vfio-mdev-pci): it works as through vfio-pci, it
 * claims the IOMMU group of the function, and it can be taken away as a function can.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <linux/pci_regs.h>
#include "iommufd_state.h"
#include "iv.h"
#include "iv_config.h"
#include "test_device.h"
#include "test_fault.h"
#include "test_hardware.h"
#include "test_mdev.h"
#include "test_memory.h"
#include "test_process.h"
#include "test_user.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define PAGE 4096
#define TYPE "vfio-mdev-pci-function"
#define IOVA TEST_USER_IOVA
#define SIZE (4 * PAGE)

/**
 * struct function - a function with an instance
 * @claim: how to give the function back
 * @uuid: the instance
 * @fd: its file, or -1
 */
struct function {
	struct iv_pci_claim claim;
	char uuid[TEST_UUID_SIZE];
	int fd;
};

static int function_create(struct function *function)
{
	return test_mdev_create(function->claim.addr, TYPE, function->uuid);
}

static int function_open(struct function *function)
{
	function->fd = test_mdev_open(function->uuid);
	return function->fd < 0 ? function->fd : 0;
}

static int function_setup(struct function *function, enum test_role role)
{
	int ret;

	memset(function, 0, sizeof(*function));
	function->fd = -1;
	test_uuid(role, function->uuid);
	ret = test_module_load("vfio-mdev-pci") ?:
	      iv_pci_claim(&function->claim, test_role_addr(role), "vfio-mdev-pci");
	if (ret)
		return ret;
	/* What a test that was ended has left. */
	test_mdev_remove_all(function->claim.addr);
	return function_create(function) ?: function_open(function);
}

static void function_teardown(struct function *function)
{
	if (function->fd >= 0)
		close(function->fd);
	if (test_mdev_exists(function->uuid))
		test_mdev_remove(function->uuid);
	iv_pci_claim_release(&function->claim);
}

FIXTURE(mdev_pci)
{
	struct function function;
	const char *addr;
	int iommufd;
	uint32_t ioas_id;
	struct iv_dma dma;
	int64_t pinned;
};

FIXTURE_SETUP(mdev_pci)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no device: set %s", test_role_name(TEST_EDU));
	self->pinned = test_pinned_pages();
	ASSERT_EQ(0, function_setup(&self->function, TEST_EDU));
	self->addr = self->function.claim.addr;
	self->iommufd = test_context_open(&self->ioas_id);
	ASSERT_LE(0, self->iommufd);
	ASSERT_EQ(0, iv_device_bind(self->function.fd, self->iommufd, NULL));
	ASSERT_EQ(0, iv_device_attach(self->function.fd, self->ioas_id));
	ASSERT_EQ(0, iv_dma_alloc(&self->dma, self->iommufd, self->ioas_id, IOVA, SIZE));
}

FIXTURE_TEARDOWN(mdev_pci)
{
	iv_dma_free(&self->dma);
	function_teardown(&self->function);
	close(self->iommufd);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
}

static int dma_works(int fd, const struct iv_dma *dma)
{
	struct iv_edu edu = { 0 };
	int ret;

	test_memory_fill(dma->va, PAGE, 4);
	memset((char *)dma->va + PAGE, 0, PAGE);
	ret = iv_edu_open(&edu, fd) ?: iv_edu_dma_wait(&edu) ?:
	      iv_edu_dma_read(&edu, dma->iova, 0, PAGE) ?:
	      iv_edu_dma_write(&edu, dma->iova + PAGE, 0, PAGE);
	iv_edu_close(&edu);
	if (!ret && !test_memory_matches((char *)dma->va + PAGE, PAGE, 4))
		ret = -EIO;
	return ret;
}

TEST_F(mdev_pci, dma_works)
{
	EXPECT_EQ(0, dma_works(self->function.fd, &self->dma));
}

TEST_F(mdev_pci, dma_is_blocked_once_it_is_detached)
{
	ASSERT_EQ(0, iv_device_detach(self->function.fd));
	EXPECT_EQ(-EIO, dma_works(self->function.fd, &self->dma));
	ASSERT_EQ(0, iv_device_attach(self->function.fd, self->ioas_id));
	EXPECT_EQ(0, dma_works(self->function.fd, &self->dma));
}

TEST_F(mdev_pci, interrupts_come)
{
	int32_t eventfd = iv_eventfd_create();
	struct iv_edu edu;

	ASSERT_EQ(0, iv_edu_open(&edu, self->function.fd));
	ASSERT_EQ(0, iv_irq_set_eventfds(self->function.fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
					 &eventfd));
	iv_edu_irq_raise(&edu, 1);
	EXPECT_EQ(1, iv_eventfd_wait(eventfd, 2000));
	iv_edu_irq_ack(&edu, 1);
	iv_edu_close(&edu);
	close(eventfd);
}

TEST_F(mdev_pci, device_is_a_pci_device)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	uint32_t id;

	EXPECT_EQ(0, iv_device_info(self->function.fd, &info));
	EXPECT_EQ(VFIO_DEVICE_FLAGS_PCI, info.flags & VFIO_DEVICE_FLAGS_PCI);
	EXPECT_EQ(VFIO_PCI_NUM_REGIONS, info.num_regions);
	EXPECT_EQ(0, iv_config_read32(self->function.fd, PCI_VENDOR_ID, &id));
	EXPECT_EQ(IV_EDU_VENDOR | IV_EDU_DEVICE << 16, id);
}

TEST_F(mdev_pci, function_has_one_instance)
{
	char uuid[TEST_UUID_SIZE];

	test_uuid(99, uuid);
	EXPECT_EQ(0, test_mdev_available(self->addr, TYPE));
	EXPECT_EQ(-EUSERS, test_mdev_create(self->addr, TYPE, uuid));
	ASSERT_EQ(0, test_mdev_remove(self->function.uuid));
	EXPECT_EQ(1, test_mdev_available(self->addr, TYPE));
	EXPECT_EQ(0, test_mdev_create(self->addr, TYPE, uuid));
	EXPECT_EQ(0, test_mdev_remove(uuid));
}

TEST_F(mdev_pci, removing_the_instance_takes_the_device_away)
{
	struct iv_region bar;
	int64_t start;

	ASSERT_EQ(0, iv_region_open(&bar, self->function.fd, VFIO_PCI_BAR0_REGION_INDEX));
	ASSERT_EQ(0, iv_region_map(&bar));
	EXPECT_EQ(0, dma_works(self->function.fd, &self->dma));
	start = test_now_ms();
	EXPECT_EQ(0, test_mdev_remove(self->function.uuid));
	EXPECT_TRUE(test_was_prompt(test_now_ms() - start));
	EXPECT_EQ(0, test_fd_is_revoked(self->function.fd));
	EXPECT_TRUE(test_load_gives_sigbus(bar.map));
	EXPECT_FALSE(test_hw_bus_master(self->addr));
	iv_region_close(&bar);
	/* The function can be used again. */
	close(self->function.fd);
	ASSERT_EQ(0, function_create(&self->function));
	ASSERT_EQ(0, function_open(&self->function));
	ASSERT_EQ(0, iv_device_bind(self->function.fd, self->iommufd, NULL));
	ASSERT_EQ(0, iv_device_attach(self->function.fd, self->ioas_id));
	EXPECT_EQ(0, dma_works(self->function.fd, &self->dma));
}

TEST_F(mdev_pci, unbinding_the_function_takes_the_device_away)
{
	EXPECT_EQ(0, dma_works(self->function.fd, &self->dma));
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->addr)));
	EXPECT_EQ(0, test_fd_is_revoked(self->function.fd));
	EXPECT_FALSE(test_mdev_exists(self->function.uuid));
	EXPECT_FALSE(test_hw_bus_master(self->addr));
	EXPECT_EQ(0, iv_pci_bind_driver(self->addr, "vfio-pci"));
	EXPECT_EQ(0, test_edu_works(self->addr));
	EXPECT_EQ(0, test_fd_is_revoked(self->function.fd));
}

TEST_F(mdev_pci, unloading_the_module_takes_the_device_away)
{
	EXPECT_EQ(0, test_module_unload("vfio_mdev_pci"));
	EXPECT_EQ(0, test_fd_is_revoked(self->function.fd));
	EXPECT_FALSE(test_mdev_exists(self->function.uuid));
	EXPECT_EQ(0, test_module_load("vfio-mdev-pci"));
	EXPECT_EQ(0, test_fd_is_revoked(self->function.fd));
}

/* Another function of the same group, by vfio-pci. */

FIXTURE(mdev_pci_group)
{
	struct function function;
	struct test_device other;
	int iommufd[2];
	uint32_t ioas_id[2];
};

/* Which of the two is bound first. */
FIXTURE_VARIANT(mdev_pci_group)
{
	bool mdev_first;
};

FIXTURE_VARIANT_ADD(mdev_pci_group, mdev_first) { .mdev_first = true };
FIXTURE_VARIANT_ADD(mdev_pci_group, pci_first) { .mdev_first = false };

FIXTURE_SETUP(mdev_pci_group)
{
	if (!test_role_addr(TEST_SHARED_A) || !test_role_addr(TEST_SHARED_B))
		SKIP(return, "no %s and %s", test_role_name(TEST_SHARED_A),
		     test_role_name(TEST_SHARED_B));
	ASSERT_EQ(0, test_device_setup(&self->other, TEST_SHARED_B, TEST_CLAIMED));
	ASSERT_EQ(0, function_setup(&self->function, TEST_SHARED_A));
	ASSERT_EQ(0, test_device_advance(&self->other, TEST_PARKED));
	for (int i = 0; i < 2; i++) {
		self->iommufd[i] = test_context_open(&self->ioas_id[i]);
		ASSERT_LE(0, self->iommufd[i]);
	}
}

FIXTURE_TEARDOWN(mdev_pci_group)
{
	for (int i = 0; i < 2; i++)
		close(self->iommufd[i]);
	function_teardown(&self->function);
	test_device_teardown(&self->other);
}

TEST_F(mdev_pci_group, two_contexts_cant_share_a_group)
{
	int first = variant->mdev_first ? self->function.fd : self->other.fd;
	int second = variant->mdev_first ? self->other.fd : self->function.fd;

	ASSERT_EQ(0, iv_device_bind(first, self->iommufd[0], NULL));
	EXPECT_EQ(-EBUSY, iv_device_bind(second, self->iommufd[1], NULL));
	EXPECT_EQ(0, iv_device_bind(second, self->iommufd[0], NULL));
}

TEST_F(mdev_pci_group, group_is_free_after_the_last_close)
{
	int first = variant->mdev_first ? self->function.fd : self->other.fd;
	int second = variant->mdev_first ? self->other.fd : self->function.fd;

	ASSERT_EQ(0, iv_device_bind(first, self->iommufd[0], NULL));
	EXPECT_EQ(-EBUSY, iv_device_bind(second, self->iommufd[1], NULL));
	close(first);
	EXPECT_EQ(0, iv_device_bind(second, self->iommufd[1], NULL));
	if (variant->mdev_first)
		self->function.fd = -1;
	else
		self->other.fd = -1;
}

TEST_F(mdev_pci_group, both_do_dma_in_one_context)
{
	uint32_t other_ioas_id;
	struct iv_dma dma;

	ASSERT_EQ(0, iv_ioas_alloc(self->iommufd[0], &other_ioas_id));
	ASSERT_EQ(0, iv_dma_alloc(&dma, self->iommufd[0], self->ioas_id[0], IOVA, SIZE));
	ASSERT_EQ(0, iv_device_bind(self->function.fd, self->iommufd[0], NULL));
	ASSERT_EQ(0, iv_device_bind(self->other.fd, self->iommufd[0], NULL));
	ASSERT_EQ(0, iv_device_attach(self->function.fd, self->ioas_id[0]));
	EXPECT_EQ(-EINVAL, iv_device_attach(self->other.fd, other_ioas_id));
	ASSERT_EQ(0, iv_device_attach(self->other.fd, self->ioas_id[0]));
	EXPECT_EQ(0, dma_works(self->function.fd, &dma));
	EXPECT_EQ(0, dma_works(self->other.fd, &dma));
	EXPECT_EQ(0, test_mdev_remove(self->function.uuid));
	EXPECT_EQ(0, dma_works(self->other.fd, &dma));
	iv_dma_free(&dma);
}

/* By the instance's group, and that of the other function. */

static int group_join(int group, int container)
{
	return iv_group_set_container(group, container) ?:
	       iv_container_set_type(container, VFIO_TYPE1v2_IOMMU);
}

static int dma_setup(struct iv_dma *dma, int container)
{
	*dma = (struct iv_dma) { .iova = IOVA, .va = test_memory_alloc(SIZE, PAGE) };
	if (!dma->va)
		return -ENOMEM;
	return iv_container_map(container, dma->va, IOVA, SIZE,
				VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);
}

TEST_F(mdev_pci_group, group_of_the_instance_works)
{
	int group = test_mdev_group_open(self->function.uuid);
	int container = iv_container_open(), fd;
	struct iv_dma dma;

	ASSERT_LE(0, group);
	ASSERT_LE(0, container);
	ASSERT_EQ(0, group_join(group, container));
	ASSERT_EQ(0, dma_setup(&dma, container));
	for (int i = 0; i < 2; i++) {
		fd = iv_group_device(group, self->function.uuid);
		ASSERT_LE(0, fd);
		EXPECT_EQ(0, dma_works(fd, &dma));
		ASSERT_EQ(0, close(fd));
	}
	/* The whole IOMMU group of the function is the container's. */
	EXPECT_EQ(-EBUSY, iv_device_bind(self->other.fd, self->iommufd[0], NULL));
	EXPECT_EQ(0, iv_group_unset_container(group));
	EXPECT_EQ(0, iv_device_bind(self->other.fd, self->iommufd[0], NULL));
	EXPECT_EQ(-EBUSY, iv_group_set_container(group, container));
	EXPECT_EQ(VFIO_GROUP_FLAGS_VIABLE, iv_group_status(group));
	EXPECT_EQ(-EINVAL, iv_container_set_type(container, VFIO_TYPE1v2_IOMMU));
	close(group);
	close(container);
	test_memory_free(dma.va, SIZE);
}

TEST_F(mdev_pci_group, both_groups_share_a_container)
{
	int mdev_group = test_mdev_group_open(self->function.uuid);
	int pci_group = iv_group_open(self->other.addr);
	int container = iv_container_open(), other = iv_container_open(), fd[2];
	int first = variant->mdev_first ? mdev_group : pci_group;
	int second = variant->mdev_first ? pci_group : mdev_group;
	struct iv_dma dma;

	ASSERT_LE(0, mdev_group);
	ASSERT_LE(0, pci_group);
	ASSERT_EQ(0, group_join(first, container));
	EXPECT_EQ(-EBUSY, iv_group_set_container(second, other));
	ASSERT_EQ(0, iv_group_set_container(second, container));
	ASSERT_EQ(0, dma_setup(&dma, container));
	fd[0] = iv_group_device(mdev_group, self->function.uuid);
	fd[1] = iv_group_device(pci_group, self->other.addr);
	EXPECT_EQ(0, dma_works(fd[0], &dma));
	EXPECT_EQ(0, dma_works(fd[1], &dma));
	EXPECT_EQ(0, test_mdev_remove(self->function.uuid));
	EXPECT_EQ(0, test_fd_is_revoked(fd[0]));
	EXPECT_EQ(0, dma_works(fd[1], &dma));
	for (int i = 0; i < 2; i++)
		close(fd[i]);
	close(mdev_group);
	close(pci_group);
	close(container);
	close(other);
	test_memory_free(dma.va, SIZE);
}

/* A network card: more BARs, and MSI-X. */

TEST(network_card_works)
{
	struct iv_region bar;
	struct vfio_irq_info irq = { .argsz = sizeof(irq) };
	int32_t eventfd = iv_eventfd_create();
	struct function function;
	uint32_t ioas_id, value;
	int iommufd;

	if (!test_role_addr(TEST_IGB))
		SKIP(return, "no device: set %s", test_role_name(TEST_IGB));
	ASSERT_EQ(0, function_setup(&function, TEST_IGB));
	iommufd = test_context_open(&ioas_id);
	ASSERT_EQ(0, iv_device_bind(function.fd, iommufd, NULL));
	ASSERT_EQ(0, iv_device_attach(function.fd, ioas_id));
	EXPECT_EQ(0, iv_config_read32(function.fd, PCI_VENDOR_ID, &value));
	EXPECT_EQ(0x10c98086, value);
	ASSERT_EQ(0, iv_config_write16(function.fd, PCI_COMMAND, PCI_COMMAND_MEMORY));
	ASSERT_EQ(0, iv_region_open(&bar, function.fd, VFIO_PCI_BAR0_REGION_INDEX));
	ASSERT_EQ(0, iv_region_map(&bar));
	/* CTRL reads as something, and STATUS says that the function is 0. */
	EXPECT_NE(UINT32_MAX, iv_mmio_read32(&bar, 0));
	EXPECT_EQ(0, iv_mmio_read32(&bar, 8) & 0xc);
	EXPECT_EQ(0, iv_irq_info(function.fd, VFIO_PCI_MSIX_IRQ_INDEX, &irq));
	EXPECT_LT(1, irq.count);
	EXPECT_EQ(0, iv_irq_set_eventfds(function.fd, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1, &eventfd));
	EXPECT_TRUE(test_hw_msix_enabled(function.claim.addr));
	EXPECT_EQ(0, iv_irq_trigger(function.fd, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1));
	EXPECT_EQ(1, iv_eventfd_wait(eventfd, 1000));
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(function.claim.addr)));
	EXPECT_EQ(0, test_fd_is_revoked(function.fd));
	EXPECT_FALSE(test_hw_msix_enabled(function.claim.addr));
	EXPECT_TRUE(test_load_gives_sigbus(bar.map));
	iv_region_close(&bar);
	close(iommufd);
	close(eventfd);
	function_teardown(&function);
}

TEST_HARNESS_MAIN
