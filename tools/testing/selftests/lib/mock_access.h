/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel driver that accesses memory by IOVA, as the mock provides it. It is a file descriptor;
 * closing that releases everything.
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise.
 */
#ifndef MOCK_ACCESS_H
#define MOCK_ACCESS_H

#include <stddef.h>
#include <stdint.h>
#include <linux/iommufd_test.h>

/**
 * struct mock_access - an access
 * @iommufd: the context
 * @fd: the access
 */
struct mock_access {
	int iommufd;
	int fd;
};

int mock_access_create(struct mock_access *access, int iommufd, uint32_t ioas_id, uint32_t flags);
int mock_access_attach(const struct mock_access *access, uint32_t ioas_id);
int mock_access_pin(const struct mock_access *access, uint64_t iova, uint64_t length,
		    const void *expected, uint32_t flags, uint32_t *pin_id);
int mock_access_unpin(const struct mock_access *access, uint32_t pin_id);
int mock_access_read(const struct mock_access *access, uint64_t iova, void *data, size_t size,
		     uint32_t flags);
int mock_access_write(const struct mock_access *access, uint64_t iova, const void *data,
		      size_t size, uint32_t flags);

#endif
