/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An address space that page tables of the mock follow, and what is in it.
 */
#ifndef MOCK_SPACE_H
#define MOCK_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mock_device.h"

#define MOCK_SPACE_TABLES 2

/* Tests map within so many bytes from MOCK_APERTURE_START. */
#define MOCK_SPACE_SIZE (64UL << 20)

/**
 * struct mock_space - an IOAS in a context of its own
 * @fd: the context
 * @ioas_id: the IOAS
 * @tables: how many page tables follow it
 * @dev: a device for each
 */
struct mock_space {
	int fd;
	uint32_t ioas_id;
	unsigned int tables;
	struct mock_device dev[MOCK_SPACE_TABLES];
};

int mock_space_setup(struct mock_space *space, unsigned int tables, uint32_t mode);
int mock_space_teardown(struct mock_space *space);
bool mock_space_maps(const struct mock_space *space, uint64_t iova, const void *va, size_t size);
bool mock_space_is_empty(const struct mock_space *space);
bool mock_space_holds(const struct mock_space *space, size_t size);

#endif
