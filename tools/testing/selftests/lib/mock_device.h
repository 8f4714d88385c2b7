/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mock IOMMU for tests: devices, their DMA, and looks into their page tables.
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise.
 */
#ifndef MOCK_DEVICE_H
#define MOCK_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/iommufd_test.h>

/**
 * struct mock_device - a device behind the mock
 * @iommufd: the context
 * @id: its number there, for iv_iommufd_destroy()
 * @devid: the number of its endpoint
 * @hwpt_id: the page table to which it was attached when it was made
 */
struct mock_device {
	int iommufd;
	uint32_t id;
	uint32_t devid;
	uint32_t hwpt_id;
};

int mock_module_load(void);
int mock_module_unload(void);

int mock_device_create(struct mock_device *dev, int iommufd, uint32_t pt_id, uint32_t flags);
int mock_device_create_sibling(struct mock_device *dev, const struct mock_device *sibling,
			       uint32_t pt_id);
int mock_device_destroy(struct mock_device *dev);
int mock_device_attach(const struct mock_device *dev, uint32_t pt_id, uint32_t *hwpt_id);
int mock_device_write(const struct mock_device *dev, uint64_t iova, const void *data,
		      size_t size);
int mock_device_read(const struct mock_device *dev, uint64_t iova, void *data, size_t size);
int mock_device_reserve(const struct mock_device *dev, uint64_t start, uint64_t length);
int mock_fail(int iommufd, uint32_t id, enum iommu_test_fail what, uint32_t skip);

int mock_ioas_reserve(int iommufd, uint32_t ioas_id, uint64_t start, uint64_t length);
int mock_hwpt_maps(int iommufd, uint32_t hwpt_id, uint64_t iova, const void *va, size_t size);
int mock_hwpt_iotlb_is(int iommufd, uint32_t hwpt_id, uint32_t entry, uint32_t value);
int mock_hwpt_set_dirty(int iommufd, uint32_t hwpt_id, uint64_t iova, uint64_t length,
			uint64_t page_size, const void *bitmap, uint64_t *count);

/**
 * struct mock_stat - what a page table holds
 * @mapped: bytes
 * @entries: entries
 * @dirty: bytes that devices wrote to
 */
struct mock_stat {
	uint64_t mapped;
	uint64_t entries;
	uint64_t dirty;
};

int mock_hwpt_stat(int iommufd, uint32_t hwpt_id, uint64_t iova, uint64_t length,
		   struct mock_stat *stat);
int mock_memory_is_pinned(int iommufd, const void *va, size_t size);
int mock_memory_is_unpinned(int iommufd, const void *va, size_t size);

#endif
