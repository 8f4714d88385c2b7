// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include "iommufd_ioctl.h"

/**
 * iommufd_ioctl() - an ioctl whose failure is a value
 * @fd: the file
 * @request: the ioctl's number
 * @arg: its argument
 *
 * Return: what the ioctl returned, or a negative errno.
 */
int iommufd_ioctl(int fd, unsigned long request, void *arg)
{
	int rc = ioctl(fd, request, arg);

	return rc < 0 ? -errno : rc;
}

/**
 * iommufd_guard_setup() - map a page and a hole behind it
 * @guard: to be filled; ended with iommufd_guard_teardown()
 *
 * The hole is mapped without any access, so that nothing else can be mapped there.
 *
 * Return: 0 or a negative errno.
 */
int iommufd_guard_setup(struct iommufd_guard *guard)
{
	guard->page = mmap(NULL, 2 * IOMMUFD_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (guard->page == MAP_FAILED)
		return -errno;
	if (mprotect(guard->page, IOMMUFD_PAGE, PROT_READ | PROT_WRITE))
		return -errno;
	return 0;
}

/**
 * iommufd_guard_teardown() - unmap both
 * @guard: after iommufd_guard_setup()
 */
void iommufd_guard_teardown(struct iommufd_guard *guard)
{
	munmap(guard->page, 2 * IOMMUFD_PAGE);
}

/**
 * iommufd_guard_place() - copy data so that its last byte is the page's last
 * @guard: after iommufd_guard_setup()
 * @data: what to copy
 * @size: in bytes, up to a page
 *
 * Return: where the copy begins.
 */
void *iommufd_guard_place(struct iommufd_guard *guard, const void *data, size_t size)
{
	return memcpy(guard->page + IOMMUFD_PAGE - size, data, size);
}

/**
 * iommufd_guard_place_part() - copy data that lacks its last byte
 * @guard: after iommufd_guard_setup()
 * @data: what to copy
 * @size: in bytes, up to a page; the last of them falls into the hole
 *
 * Return: where the copy begins.
 */
void *iommufd_guard_place_part(struct iommufd_guard *guard, const void *data, size_t size)
{
	return iommufd_guard_place(guard, data, size - 1);
}

/**
 * iommufd_guard_make_readonly() - forbid writing to the page
 * @guard: after iommufd_guard_setup()
 *
 * Return: 0 or a negative errno.
 */
int iommufd_guard_make_readonly(struct iommufd_guard *guard)
{
	return mprotect(guard->page, IOMMUFD_PAGE, PROT_READ) ? -errno : 0;
}
