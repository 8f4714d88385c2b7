/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hardware page tables, and queues for the page requests of devices. A device that is attached to
 * an IOAS has one by itself; only who wants more of it than that makes one.
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise;
 * iv_error_message() says more.
 */
#ifndef IV_HWPT_H
#define IV_HWPT_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/iommufd.h>

#ifdef __cplusplus
extern "C" {
#endif

int iv_hwpt_alloc(int iommufd, uint32_t devid, uint32_t pt_id, uint32_t flags, uint32_t *hwpt_id);
int iv_hwpt_alloc_from(int iommufd, struct iommu_hwpt_alloc *cmd);
int iv_hwpt_track_dirty(int iommufd, uint32_t hwpt_id, bool on);
int iv_hwpt_dirty(int iommufd, uint32_t hwpt_id, uint64_t iova, uint64_t length,
		  uint64_t page_size, uint32_t flags, uint64_t *bitmap);
int iv_fault_queue_alloc(int iommufd, uint32_t *queue_id);

#ifdef __cplusplus
}
#endif

#endif
