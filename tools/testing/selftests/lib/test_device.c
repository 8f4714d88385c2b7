// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCI functions for tests.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "iommufd_file.h"
#include "test_device.h"

static const struct {
	const char *name;
	uint16_t vendor;
	uint16_t device;
	const char *driver;	/* NULL for vfio-pci */
} roles[] = {
	[TEST_EDU] = { "IV_EDU", IV_EDU_VENDOR, IV_EDU_DEVICE, NULL },
	[TEST_NVME] = { "IV_NVME", 0x1b36, 0x0010, NULL },
	[TEST_IGB] = { "IV_IGB", 0x8086, 0x10c9, NULL },
	[TEST_SHARED_A] = { "IV_SHARED_A", 0, 0, NULL },
	[TEST_SHARED_B] = { "IV_SHARED_B", 0, 0, NULL },
	[TEST_HOTPLUG] = { "IV_HOTPLUG", 0, 0, NULL },
	[TEST_VIRTIO_BLK] = { "IV_VIRTIO_BLK", 0, 0, "vfio-virtq" },
	[TEST_VIRTIO_NET] = { "IV_VIRTIO_NET", 0, 0, "vfio-virtq" },
	[TEST_VIRTIO_PARTNER] = { "IV_VIRTIO_PARTNER", 0, 0, "vfio-virtq" },
	[TEST_PAIR_A] = { "IV_PAIR_A", 0, 0, NULL },
	[TEST_PAIR_B] = { "IV_PAIR_B", 0, 0, NULL },
	[TEST_SHMEM] = { "IV_SHMEM", 0x1af4, 0x1110, NULL },
	[TEST_VGA] = { "IV_VGA", 0, 0, NULL },
	[TEST_VGA_OTHER] = { "IV_VGA_OTHER", 0, 0, NULL },
	[TEST_AER] = { "IV_AER", 0, 0, NULL },
};

/**
 * test_role_name() - the environment variable that says who plays a role
 * @role: the role
 *
 * Return: its name.
 */
const char *test_role_name(enum test_role role)
{
	return roles[role].name;
}

/**
 * test_role_addr() - the PCI function that plays a role
 * @role: the role
 *
 * Return: its address, or NULL if this machine has none; then the test is to be skipped.
 */
const char *test_role_addr(enum test_role role)
{
	static char found[sizeof(roles) / sizeof(roles[0])][IV_PCI_ADDR_SIZE];
	const char *addr = getenv(roles[role].name);

	if (addr && *addr)
		return iv_pci_exists(addr) ? addr : NULL;
	if (!roles[role].vendor)
		return NULL;
	if (iv_pci_find(roles[role].vendor, roles[role].device, 0, found[role]))
		return NULL;
	return found[role];
}

/**
 * test_role_driver() - the vfio driver for a role
 * @role: the role
 *
 * Return: its name.
 */
const char *test_role_driver(enum test_role role)
{
	return roles[role].driver ? roles[role].driver : "vfio-pci";
}

/**
 * test_context_open() - open a fresh context with a fresh IOAS
 * @ioas_id: the IOAS
 *
 * Return: the context's file descriptor, or a negative errno.
 */
int test_context_open(uint32_t *ioas_id)
{
	int iommufd = iv_iommufd_open();
	int ret;

	if (iommufd < 0)
		return iommufd;
	ret = iv_ioas_alloc(iommufd, ioas_id);
	if (ret) {
		close(iommufd);
		return ret;
	}
	return iommufd;
}

static int device_park(struct test_device *dev)
{
	dev->fd = iv_device_open(dev->addr);
	return dev->fd < 0 ? dev->fd : 0;
}

static int device_bind(struct test_device *dev)
{
	dev->iommufd = test_context_open(&dev->ioas_id);
	if (dev->iommufd < 0)
		return dev->iommufd;
	return iv_device_bind(dev->fd, dev->iommufd, &dev->devid);
}

/**
 * test_device_advance() - bring a claimed device to a later stage, from wherever it is
 * @dev: the device
 * @stage: the stage
 *
 * Return: 0, or the negative errno of the step that failed.
 */
int test_device_advance(struct test_device *dev, enum test_stage stage)
{
	int ret = 0;

	if (stage >= TEST_PARKED && dev->fd < 0)
		ret = device_park(dev);
	if (!ret && stage >= TEST_BOUND && dev->iommufd < 0)
		ret = device_bind(dev);
	if (!ret && stage >= TEST_ATTACHED)
		ret = iv_device_attach(dev->fd, dev->ioas_id);
	return ret;
}

/**
 * test_device_setup() - bind a function to its vfio driver and bring it to a stage
 * @dev: to be filled; test_device_teardown() it unless this fails
 * @role: which function; it must have an address
 * @stage: the stage
 *
 * Return: 0, or the negative errno of the step that failed.
 */
int test_device_setup(struct test_device *dev, enum test_role role, enum test_stage stage)
{
	const char *addr = test_role_addr(role);
	int ret;

	memset(dev, 0, sizeof(*dev));
	dev->fd = -1;
	dev->iommufd = -1;
	if (!addr)
		return -ENODEV;
	snprintf(dev->addr, sizeof(dev->addr), "%s", addr);
	ret = iv_pci_claim(&dev->claim, addr, test_role_driver(role));
	if (!ret)
		ret = test_device_advance(dev, stage);
	if (ret)
		test_device_teardown(dev);
	return ret;
}

/**
 * test_device_close() - close what is open; the function stays with its vfio driver
 * @dev: the device
 */
void test_device_close(struct test_device *dev)
{
	iommufd_file_close(&dev->fd);
	iommufd_file_close(&dev->iommufd);
}

/**
 * test_device_teardown() - close what is open and give the function back
 * @dev: the device
 */
void test_device_teardown(struct test_device *dev)
{
	test_device_close(dev);
	iv_pci_claim_release(&dev->claim);
}

/**
 * test_device_name() - the name of an open device in /dev/vfio/devices
 * @fd: the device
 * @name: set to it
 * @size: size of @name
 *
 * Return: 0, or a negative errno.
 */
int test_device_name(int fd, char *name, size_t size)
{
	char path[64], target[128] = {};

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (readlink(path, target, sizeof(target) - 1) < 0)
		return -errno;
	snprintf(name, size, "%s", strrchr(target, '/') + 1);
	return 0;
}

static int expect_enodev(const char *what, long ret)
{
	int err = errno;

	if (ret < 0 && err == ENODEV)
		return 0;
	printf("# %s on a revoked fd: expected ENODEV, got %s\n", what,
	       ret < 0 ? strerror(err) : "success");
	return -1;
}

static int expect_enodev_errno(const char *what, int ret)
{
	errno = -ret;
	return expect_enodev(what, ret < 0 ? -1 : 0);
}

/**
 * test_fd_is_revoked() - check that nothing can be done with a device any more
 * @fd: the device
 *
 * Return: 0 if every operation gives ENODEV and poll gives POLLHUP | POLLERR; -1 if not, and the
 * first that differs is printed.
 */
int test_fd_is_revoked(int fd)
{
	struct vfio_device_info device_info;
	struct vfio_region_info region_info;
	struct vfio_irq_info irq_info;
	uint32_t ioas_id, devid;
	int iommufd, ret, events;
	char byte = 0;

	events = iv_device_poll(fd, POLLIN, 0);
	if (events != (POLLHUP | POLLERR)) {
		printf("# poll on a revoked fd: expected HUP | ERR, got %#x\n", events);
		return -1;
	}
	iommufd = test_context_open(&ioas_id);
	if (iommufd < 0)
		return -1;
	ret = expect_enodev("pread", pread(fd, &byte, 1, 0));
	ret = ret ?: expect_enodev("pwrite", pwrite(fd, &byte, 1, 0));
	ret = ret ?: expect_enodev_errno("GET_INFO", iv_device_info(fd, &device_info));
	ret = ret ?: expect_enodev_errno("GET_REGION_INFO", iv_region_info(fd, 0, &region_info));
	ret = ret ?: expect_enodev_errno("GET_IRQ_INFO", iv_irq_info(fd, 0, &irq_info));
	ret = ret ?: expect_enodev_errno("SET_IRQS", iv_irq_disable(fd, 0));
	ret = ret ?: expect_enodev_errno("RESET", iv_device_reset(fd));
	ret = ret ?: expect_enodev_errno("BIND", iv_device_bind(fd, iommufd, &devid));
	ret = ret ?: expect_enodev_errno("ATTACH", iv_device_attach(fd, ioas_id));
	ret = ret ?: expect_enodev_errno("DETACH", iv_device_detach(fd));
	close(iommufd);
	return ret;
}
