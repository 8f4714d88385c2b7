/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ioctls with hand-made arguments: raw calls, and memory whose end or protection the test chooses.
 */
#ifndef IOMMUFD_IOCTL_H
#define IOMMUFD_IOCTL_H

#include <stddef.h>

#define IOMMUFD_PAGE 4096UL

int iommufd_ioctl(int fd, unsigned long request, void *arg);

/**
 * struct iommufd_guard - one readable and writable page with nothing mapped behind it
 * @page: its beginning
 */
struct iommufd_guard {
	char *page;
};

int iommufd_guard_setup(struct iommufd_guard *guard);
void iommufd_guard_teardown(struct iommufd_guard *guard);
void *iommufd_guard_place(struct iommufd_guard *guard, const void *data, size_t size);
void *iommufd_guard_place_part(struct iommufd_guard *guard, const void *data, size_t size);
int iommufd_guard_make_readonly(struct iommufd_guard *guard);

#endif
