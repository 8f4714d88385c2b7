/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files whose memory can be mapped into an IOAS, and what other files say about themselves.
 *
 * Functions return a file descriptor, or a negative errno, unless they say otherwise.
 */
#ifndef IOMMUFD_FILE_H
#define IOMMUFD_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IOMMUFD_HUGE_PAGE (2UL << 20)

int iommufd_file_memfd(size_t size);
int iommufd_file_hugetlb(size_t size);
int iommufd_file_tmpfs(size_t size);
int iommufd_file_reopen(int fd, int flags);
void iommufd_file_close(int *fd);
bool iommufd_file_hugetlb_is_reserved(size_t size);
int64_t iommufd_file_allocated(int fd);

#endif
