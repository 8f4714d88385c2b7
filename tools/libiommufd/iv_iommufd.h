/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Contexts: a context is an open /dev/iommu. It has numbered objects, which end with it. Page
 * tables, address spaces and PASIDs have headers of their own.
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise;
 * iv_error_message() says more.
 */
#ifndef IV_IOMMUFD_H
#define IV_IOMMUFD_H

#include <stddef.h>
#include <stdint.h>
#include <linux/iommufd.h>

#ifdef __cplusplus
extern "C" {
#endif

int iv_iommufd_open(void);
int iv_iommufd_destroy(int iommufd, uint32_t id);
int iv_hw_info(int iommufd, uint32_t devid, struct iommu_hw_info *info, void *data, size_t size);
int iv_option_get(int iommufd, uint32_t option, uint32_t object_id, uint64_t *value);
int iv_option_set(int iommufd, uint32_t option, uint32_t object_id, uint64_t value);

#ifdef __cplusplus
}
#endif

#endif
