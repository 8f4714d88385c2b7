// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "test_memory.h"
#include "test_process.h"
#include "test_virtq.h"
#include "test_wait.h"

#define DISK_TIMEOUT_MS 5000
#define BROKEN_TIMEOUT_MS 3000

/**
 * test_virtq_setup() - bring the disk to a stage
 * @user: to be filled; test_virtq_teardown() it unless this fails
 * @stage: the stage
 *
 * Return: 0, or the negative errno of the step that failed.
 */
int test_virtq_setup(struct test_virtq *user, enum test_stage stage)
{
	int ret;

	memset(user, 0, sizeof(*user));
	user->vblk.eventfd = -1;
	ret = test_module_load("vfio-virtq");
	return ret ? ret : test_device_setup(&user->dev, TEST_VIRTIO_BLK, stage);
}

/**
 * test_virtq_start() - make the disk ready for requests, from whatever stage it is in
 * @user: the user
 *
 * Return: 0, or the negative errno of the step that failed.
 */
int test_virtq_start(struct test_virtq *user)
{
	int ret = test_device_advance(&user->dev, TEST_ATTACHED);

	if (!ret)
		ret = iv_dma_alloc(&user->data, user->dev.iommufd, user->dev.ioas_id,
				   TEST_VIRTQ_DATA_IOVA, TEST_VIRTQ_DATA_SIZE);
	if (!ret)
		ret = iv_vblk_open(&user->vblk, user->dev.fd, user->dev.iommufd,
				   user->dev.ioas_id, TEST_VIRTQ_IOVA);
	return ret;
}

/**
 * test_virtq_setup_live() - test_virtq_setup() and test_virtq_start()
 * @user: to be filled; test_virtq_teardown() it unless this fails
 *
 * Return: 0, or the negative errno of the step that failed.
 */
int test_virtq_setup_live(struct test_virtq *user)
{
	int ret = test_virtq_setup(user, TEST_ATTACHED);

	if (ret)
		return ret;
	ret = test_virtq_start(user);
	if (ret)
		test_virtq_teardown(user);
	return ret;
}

/**
 * test_virtq_close() - let go of all that the user holds; the function stays with its driver
 * @user: the user
 */
void test_virtq_close(struct test_virtq *user)
{
	iv_vblk_close(&user->vblk);
	iv_dma_free(&user->data);
	test_device_close(&user->dev);
}

/**
 * test_virtq_teardown() - let go of everything, and give the function back
 * @user: the user
 */
void test_virtq_teardown(struct test_virtq *user)
{
	test_virtq_close(user);
	test_device_teardown(&user->dev);
}

static bool needs_reset(void *arg)
{
	struct test_virtq *user = arg;
	int status = iv_virtq_status(&user->vblk.dev);

	return status >= 0 && status & VIRTIO_CONFIG_S_NEEDS_RESET;
}

/**
 * test_virtq_is_broken() - whether the device says, within a while, that it gave up
 * @user: the user
 */
bool test_virtq_is_broken(struct test_virtq *user)
{
	return test_wait_until(needs_reset, user, BROKEN_TIMEOUT_MS);
}

/**
 * test_virtq_give_to_native() - let go of the disk, and let the kernel's driver have it
 * @user: the user, in any stage
 *
 * Return: 0, or a negative errno.
 */
int test_virtq_give_to_native(struct test_virtq *user)
{
	int ret = test_module_load("virtio_blk");

	test_virtq_close(user);
	return ret ? ret : iv_pci_bind_driver(user->dev.addr, TEST_NATIVE_DRIVER);
}

/**
 * test_virtq_take_from_native() - take the disk from the kernel's driver, ready for requests
 * @user: a user that let go of it
 *
 * Return: 0, or a negative errno.
 */
int test_virtq_take_from_native(struct test_virtq *user)
{
	int ret = iv_pci_bind_driver(user->dev.addr, test_role_driver(TEST_VIRTIO_BLK));

	return ret ? ret : test_virtq_start(user);
}

struct disk {
	const char *addr;
	int fd;
};

static bool disk_opens(void *arg)
{
	struct disk *disk = arg;
	char path[IV_PATH_SIZE];
	glob_t found;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/virtio*/block/*", disk->addr);
	if (!glob(path, 0, NULL, &found)) {
		snprintf(path, sizeof(path), "/dev/%.64s", basename(found.gl_pathv[0]));
		disk->fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	}
	globfree(&found);
	return disk->fd >= 0;
}

/**
 * test_native_disk_open() - open the disk as the kernel's driver offers it, past the page cache
 * @addr: the function, bound to TEST_NATIVE_DRIVER
 *
 * Return: a file descriptor, or -ENODEV.
 */
int test_native_disk_open(const char *addr)
{
	struct disk disk = { addr, -1 };

	return test_wait_until(disk_opens, &disk, DISK_TIMEOUT_MS) ? disk.fd : -ENODEV;
}

/* @buf may be anywhere: O_DIRECT wants it aligned. */
static int native_access(const char *addr, uint64_t sector, void *buf, size_t size, bool write)
{
	int fd = test_native_disk_open(addr), ret = 0;
	off_t pos = sector * IV_VBLK_SECTOR;
	void *bounce;
	ssize_t done;

	if (fd < 0)
		return fd;
	bounce = test_memory_alloc(size, 4096);
	memcpy(bounce, buf, size);
	done = write ? pwrite(fd, bounce, size, pos) : pread(fd, bounce, size, pos);
	if (done < 0 || (write && fsync(fd)))
		ret = -errno;
	else if ((size_t)done != size)
		ret = -EIO;
	memcpy(buf, bounce, size);
	test_memory_free(bounce, size);
	close(fd);
	return ret;
}

/**
 * test_native_read() - read through the kernel's driver
 * @addr: the function, bound to TEST_NATIVE_DRIVER
 * @sector: the first sector
 * @buf: where the data goes
 * @size: bytes, a multiple of the sector's size
 *
 * Return: 0, or a negative errno.
 */
int test_native_read(const char *addr, uint64_t sector, void *buf, size_t size)
{
	return native_access(addr, sector, buf, size, false);
}

/**
 * test_native_write() - write and fsync through the kernel's driver
 * @addr: the function, bound to TEST_NATIVE_DRIVER
 * @sector: the first sector
 * @buf: the data
 * @size: bytes, a multiple of the sector's size
 *
 * Return: 0, or a negative errno.
 */
int test_native_write(const char *addr, uint64_t sector, const void *buf, size_t size)
{
	return native_access(addr, sector, (void *)buf, size, true);
}
