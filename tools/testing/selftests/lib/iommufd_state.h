/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Looking at a context from outside: what exists, what is mapped.
 */
#ifndef IOMMUFD_STATE_H
#define IOMMUFD_STATE_H

#include <stdbool.h>
#include <stdint.h>

#define IOMMUFD_RANGES_MAX 16

struct iommu_iova_range;

bool iommufd_ioas_exists(int iommufd, uint32_t ioas_id);
bool iommufd_is_empty(int iommufd);
bool iommufd_iova_is_free(int iommufd, uint32_t ioas_id, uint64_t iova);
bool iommufd_ioas_is_empty(int iommufd, uint32_t ioas_id);
bool iommufd_iova_is_usable(int iommufd, uint32_t ioas_id, uint64_t iova);
bool iommufd_pinned_becomes(int64_t pages);
uint32_t iommufd_next_id(int iommufd);

#endif
