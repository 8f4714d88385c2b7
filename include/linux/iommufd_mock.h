/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mock IOMMU (iommufd_mock.ko) for modules that are tested with it: devices behind it, for
 * drivers of theirs, and those devices' DMA. Everything is in the namespace IOMMUFD_VFIO_TEST.
 */
#ifndef __IOMMUFD_VFIO_LINUX_IOMMUFD_MOCK_H
#define __IOMMUFD_VFIO_LINUX_IOMMUFD_MOCK_H

#include <linux/types.h>

struct device;

/**
 * iommufd_mock_device_create() - a platform device behind the mock, alone in its IOMMU group
 * @name: the name of the platform driver that it is for
 * @flags: of enum iommu_test_dev_flags (include/uapi/linux/iommufd_test.h)
 *
 * Return: the device, or ERR_PTR(-ENOMEM) and the like.
 */
struct device *iommufd_mock_device_create(const char *name, u32 flags);

/**
 * iommufd_mock_device_destroy() - take the device away; its driver is unbound
 * @dev: of iommufd_mock_device_create()
 */
void iommufd_mock_device_destroy(struct device *dev);

/**
 * iommufd_mock_dma() - what hardware does: read or write memory by IOVA
 * @dev: the device
 * @pasid: a PASID, or IOMMU_NO_PASID
 * @iova: the first byte
 * @data: what the device writes, or where to put what it reads; kernel memory
 * @length: in bytes
 * @write: whether the device writes
 *
 * It goes through whatever page table is attached; at the mock that may be nothing but one of
 * iommufd's. A page table that is detached or unmapped is not used any more when that has returned.
 *
 * Context: may sleep; waits for no user.
 * Return: 0; -ENXIO (nothing mapped), -EACCES (not to be read or written), -EPERM (DMA is blocked),
 * with what comes before that done; -EINVAL.
 */
int iommufd_mock_dma(struct device *dev, u32 pasid, u64 iova, void *data, size_t length,
		     bool write);

/**
 * iommufd_mock_count_pasids() - how many PASIDs of a device are attached
 * @dev: the device
 */
size_t iommufd_mock_count_pasids(struct device *dev);

#endif
