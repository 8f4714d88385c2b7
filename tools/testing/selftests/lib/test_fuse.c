// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file system of a single file, at its root. Its server answers what is needed to open and map
 * the file, and leaves every read without an answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "iommufd_file.h"
#include "test_fuse.h"
#include "test_wait.h"

#define PAGE 4096
#define REQUEST_SIZE 16384
#define WAIT_MS 5000

static void answer(const struct test_fuse *fuse, const struct fuse_in_header *request, int error,
		   const void *data, size_t size)
{
	struct fuse_out_header header = {
		.len = sizeof(header) + size,
		.error = error,
		.unique = request->unique,
	};
	struct iovec iov[] = {
		{ .iov_base = &header, .iov_len = sizeof(header) },
		{ .iov_base = (void *)data, .iov_len = size },
	};

	/* If who asked is gone already that is as good. */
	if (writev(fuse->device, iov, 2) < 0)
		return;
}

static void answer_init(const struct test_fuse *fuse, const struct fuse_in_header *request)
{
	const struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = PAGE,
	};

	answer(fuse, request, 0, &out, sizeof(out));
}

static void answer_getattr(const struct test_fuse *fuse, const struct fuse_in_header *request)
{
	const struct fuse_attr_out out = {
		.attr_valid = 3600,
		.attr = { .ino = FUSE_ROOT_ID, .size = PAGE, .mode = S_IFREG | 0600, .nlink = 1 },
	};

	answer(fuse, request, 0, &out, sizeof(out));
}

static void serve(struct test_fuse *fuse, const struct fuse_in_header *request)
{
	const struct fuse_open_out opened = { 0 };

	switch (request->opcode) {
	case FUSE_INIT:
		answer_init(fuse, request);
		break;
	case FUSE_GETATTR:
		answer_getattr(fuse, request);
		break;
	case FUSE_OPEN:
		answer(fuse, request, 0, &opened, sizeof(opened));
		break;
	case FUSE_READ:
		fuse->reads++;
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	default:
		answer(fuse, request, -EOPNOTSUPP, NULL, 0);
	}
}

static void *server_main(void *arg)
{
	static char request[REQUEST_SIZE] __attribute__((aligned(8)));
	struct test_fuse *fuse = arg;

	/* Until the file system ends: ENODEV */
	while (read(fuse->device, request, sizeof(request)) > 0 || errno == EINTR ||
	       errno == ENOENT)
		serve(fuse, (struct fuse_in_header *)request);
	return NULL;
}

static int make_mount_point(struct test_fuse *fuse)
{
	int fd;

	snprintf(fuse->path, sizeof(fuse->path), "/tmp/fuse-XXXXXX");
	fd = mkstemp(fuse->path);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int mount_file(struct test_fuse *fuse)
{
	char options[80];

	snprintf(options, sizeof(options), "fd=%d,rootmode=%o,user_id=0,group_id=0", fuse->device,
		 S_IFREG);
	return mount("test", fuse->path, "fuse", MS_NOSUID | MS_NODEV, options) ? -errno : 0;
}

static int open_file(struct test_fuse *fuse)
{
	struct stat stat;

	fuse->file = open(fuse->path, O_RDONLY | O_CLOEXEC);
	/* Asking for its size is how the kernel learns it. */
	return fuse->file < 0 || fstat(fuse->file, &stat) ? -errno : 0;
}

/**
 * test_fuse_start() - have a file of a page whose contents never come
 * @fuse: to be filled; test_fuse_stop() it, also if this fails
 *
 * Return: 0; -ENOENT if the kernel has no FUSE; or another negative errno.
 */
int test_fuse_start(struct test_fuse *fuse)
{
	int ret;

	memset(fuse, 0, sizeof(*fuse));
	fuse->file = -1;
	fuse->device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fuse->device < 0)
		return -errno;
	ret = make_mount_point(fuse) ?: mount_file(fuse);
	if (ret)
		return ret;
	ret = -pthread_create(&fuse->server, NULL, server_main, fuse);
	fuse->serving = !ret;
	return ret ?: open_file(fuse);
}

/**
 * test_fuse_forget() - in a child process: leave the serving to the parent
 * @fuse: the child's copy
 *
 * So that the file system ends when the parent dies, and lets go of the child.
 */
void test_fuse_forget(struct test_fuse *fuse)
{
	iommufd_file_close(&fuse->device);
}

static bool is_read(void *arg)
{
	struct test_fuse *fuse = arg;

	return fuse->reads;
}

/**
 * test_fuse_is_waited_for() - wait until somebody waits for the contents
 * @fuse: the file
 *
 * Return: whether somebody does.
 */
bool test_fuse_is_waited_for(struct test_fuse *fuse)
{
	return test_wait_until(is_read, fuse, WAIT_MS);
}

/**
 * test_fuse_stop() - end the file system: who waits for the contents goes on without them
 * @fuse: the file; nothing is done if it was stopped already
 */
void test_fuse_stop(struct test_fuse *fuse)
{
	/* Ends all requests, even though it is in use. */
	if (fuse->path[0]) {
		umount2(fuse->path, MNT_FORCE);
		umount2(fuse->path, MNT_DETACH);
	}
	iommufd_file_close(&fuse->file);
	if (fuse->serving)
		pthread_join(fuse->server, NULL);
	fuse->serving = false;
	iommufd_file_close(&fuse->device);
	if (fuse->path[0])
		unlink(fuse->path);
	fuse->path[0] = 0;
}

/**
 * test_fuse_map() - map the file
 * @fuse: the file
 *
 * Return: the mapping, or NULL.
 */
void *test_fuse_map(const struct test_fuse *fuse)
{
	void *mapped = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fuse->file, 0);

	return mapped == MAP_FAILED ? NULL : mapped;
}

/**
 * test_fuse_hold_memory() - hold the lock of the process' own address space
 * @mapped: of test_fuse_map()
 *
 * Reading memory by /proc holds the lock while a page is looked for, which here takes until
 * test_fuse_stop(). Nothing in this process may change its mappings meanwhile.
 *
 * Return: 0 when it has ended, or a negative errno.
 */
int test_fuse_hold_memory(void *mapped)
{
	int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	char byte;

	if (fd < 0)
		return -errno;
	if (pread(fd, &byte, 1, (uintptr_t)mapped) >= 0)
		errno = EIDRM;
	close(fd);
	return errno == EIO ? 0 : -errno;
}
