// SPDX-License-Identifier: GPL-2.0-only
/*
 * Somebody who uses a device.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "iommufd_file.h"
#include "test_memory.h"
#include "test_timeout.h"
#include "test_user.h"
#include "test_wait.h"

#define PAGE 4096

/* What "promptly" means on an emulated machine. */
#define PROMPT_MS 2000

/**
 * test_user_arm() - let an interrupt signal an eventfd
 * @user: somebody with a bound device
 * @index: the kind of interrupt; INTx gets an eventfd that unmasks it, too
 *
 * Return: 0, or a negative errno.
 */
int test_user_arm(struct test_user *user, uint32_t index)
{
	int ret;

	user->eventfd = iv_eventfd_create();
	user->unmask = iv_eventfd_create();
	ret = iv_irq_set_eventfds(user->dev.fd, index, 0, 1, &user->eventfd);
	if (!ret && index == VFIO_PCI_INTX_IRQ_INDEX)
		ret = iv_irq_set_unmask_eventfd(user->dev.fd, index, user->unmask);
	return ret;
}

static int map_bar(struct test_user *user)
{
	int fd = user->dev.fd;
	int ret = iv_config_command(fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0);

	if (!ret)
		ret = iv_region_open(&user->bar, fd, VFIO_PCI_BAR0_REGION_INDEX);
	if (!ret)
		ret = iv_region_map(&user->bar);
	/* Touch it, so that there is a page to be taken away. */
	if (!ret && !iv_mmio_read32(&user->bar, 0))
		ret = -EIO;
	return ret;
}

/**
 * test_user_advance() - bring a user whose device is claimed to a stage
 * @user: the user
 * @stage: the stage
 *
 * Return: 0, or the negative errno of the step that failed.
 */
int test_user_advance(struct test_user *user, enum test_user_stage stage)
{
	struct test_device *dev = &user->dev;
	int ret;

	if (stage == TEST_USER_PARKED)
		return test_device_advance(dev, TEST_PARKED);
	if (stage == TEST_USER_BOUND)
		return test_device_advance(dev, TEST_BOUND);
	ret = test_device_advance(dev, TEST_ATTACHED);
	if (!ret && stage >= TEST_USER_MEMORY_MAPPED)
		ret = iv_dma_alloc(&user->dma, dev->iommufd, dev->ioas_id, TEST_USER_IOVA,
				   TEST_USER_PAGES * PAGE);
	if (!ret && stage >= TEST_USER_BAR_MAPPED)
		ret = map_bar(user);
	if (!ret && stage == TEST_USER_INTX_ARMED)
		ret = test_user_arm(user, VFIO_PCI_INTX_IRQ_INDEX);
	if (!ret && stage == TEST_USER_MSI_ARMED)
		ret = test_user_arm(user, VFIO_PCI_MSI_IRQ_INDEX);
	return ret;
}

/**
 * test_user_setup() - make a user
 * @user: to be filled; test_user_teardown() it unless this fails
 * @role: the device
 * @stage: how far to go
 *
 * Return: 0, or the negative errno of the step that failed.
 */
int test_user_setup(struct test_user *user, enum test_role role, enum test_user_stage stage)
{
	int ret;

	memset(user, 0, sizeof(*user));
	user->eventfd = -1;
	user->unmask = -1;
	ret = test_device_setup(&user->dev, role, TEST_CLAIMED);
	if (ret)
		return ret;
	ret = test_user_advance(user, stage);
	if (ret)
		test_user_teardown(user);
	return ret;
}

/**
 * test_user_close() - let go of all that the user holds; the function stays with its driver
 * @user: the user
 */
void test_user_close(struct test_user *user)
{
	iv_region_close(&user->bar);
	iv_dma_free(&user->dma);
	test_device_close(&user->dev);
	iommufd_file_close(&user->eventfd);
	iommufd_file_close(&user->unmask);
}

/**
 * test_user_teardown() - let go of everything, and give the function back
 * @user: the user
 */
void test_user_teardown(struct test_user *user)
{
	test_user_close(user);
	test_device_teardown(&user->dev);
}

/**
 * test_unbind_ms() - unbind a function's driver and measure it
 * @addr: the function
 *
 * Return: how many milliseconds it took, or a negative errno.
 */
int64_t test_unbind_ms(const char *addr)
{
	int64_t start = test_now_ms();
	int ret = iv_pci_unbind_driver(addr);

	return ret ? ret : test_now_ms() - start;
}

/**
 * test_was_prompt() - whether something took as little time as it should
 * @ms: milliseconds, or a negative errno
 *
 * Return: true if so; otherwise @ms is printed.
 */
bool test_was_prompt(int64_t ms)
{
	if (ms < 0 || ms > test_timeout(PROMPT_MS))
		fprintf(stderr, "# taking the device away: %ld (milliseconds, or an errno)\n", ms);
	return ms >= 0 && ms <= test_timeout(PROMPT_MS);
}

/**
 * test_edu_works() - whether a new user can have a device and its DMA
 * @addr: an edu function that is bound to vfio-pci and that nobody uses
 *
 * Return: 0, or the negative errno of the step that failed.
 */
int test_edu_works(const char *addr)
{
	uint32_t ioas_id;
	int fd = iv_device_open(addr), iommufd = test_context_open(&ioas_id), ret;
	struct iv_edu edu = { 0 };
	struct iv_dma dma = { 0 };

	ret = fd < 0 ? fd : iommufd < 0 ? iommufd : iv_device_bind(fd, iommufd, NULL);
	if (!ret)
		ret = iv_device_attach(fd, ioas_id);
	if (!ret)
		ret = iv_edu_open(&edu, fd);
	if (!ret)
		ret = iv_edu_alive(&edu);
	if (!ret)
		ret = iv_dma_alloc(&dma, iommufd, ioas_id, TEST_USER_IOVA, 2 * PAGE);
	if (!ret) {
		test_memory_fill(dma.va, PAGE, 99);
		ret = iv_edu_dma_wait(&edu) ?: iv_edu_dma_read(&edu, TEST_USER_IOVA, 0, PAGE) ?:
		      iv_edu_dma_write(&edu, TEST_USER_IOVA + PAGE, 0, PAGE);
	}
	if (!ret && !test_memory_matches((char *)dma.va + PAGE, PAGE, 99))
		ret = -EIO;
	iv_edu_close(&edu);
	iv_dma_free(&dma);
	close(fd);
	close(iommufd);
	return ret;
}
