// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include "iommufd_file.h"

static int with_size(int fd, size_t size)
{
	int rc;

	if (fd < 0)
		return -errno;
	if (!ftruncate(fd, size))
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

/**
 * iommufd_file_memfd() - a memory file of small pages that can be sealed
 * @size: in bytes; none of it is allocated yet
 */
int iommufd_file_memfd(size_t size)
{
	return with_size(memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING), size);
}

/**
 * iommufd_file_hugetlb() - a memory file of huge pages that can be sealed
 * @size: in bytes, a multiple of the huge page size
 */
int iommufd_file_hugetlb(size_t size)
{
	return with_size(memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB), size);
}

static int open_and_unlink(const char *dir)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/file", dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0)
		unlink(path);
	return fd;
}

/**
 * iommufd_file_tmpfs() - a file in a tmpfs that nobody else sees
 * @size: in bytes
 */
int iommufd_file_tmpfs(size_t size)
{
	char dir[] = "/tmp/iommufd-XXXXXX";
	int fd, error;

	if (!mkdtemp(dir))
		return -errno;
	fd = mount("none", dir, "tmpfs", 0, NULL);
	if (!fd) {
		fd = open_and_unlink(dir);
		error = errno;
		umount2(dir, MNT_DETACH);
		errno = error;
	}
	fd = with_size(fd, size);
	rmdir(dir);
	return fd;
}

/**
 * iommufd_file_reopen() - open the same file once more
 * @fd: the file
 * @flags: of open()
 */
int iommufd_file_reopen(int fd, int flags)
{
	char path[32];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, flags | O_CLOEXEC);
	return again < 0 ? -errno : again;
}

/**
 * iommufd_file_close() - close a file, if it is open
 * @fd: the file, or a negative number; -1 afterwards
 */
void iommufd_file_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/**
 * iommufd_file_hugetlb_is_reserved() - whether there are free huge pages
 * @size: how much is needed, in bytes
 */
bool iommufd_file_hugetlb_is_reserved(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (memory == MAP_FAILED)
		return false;
	munmap(memory, size);
	return true;
}

/**
 * iommufd_file_allocated() - how much memory a file has
 * @fd: the file
 *
 * Return: bytes, or a negative errno.
 */
int64_t iommufd_file_allocated(int fd)
{
	struct stat stat;

	return fstat(fd, &stat) ? -errno : (int64_t)stat.st_blocks * 512;
}
