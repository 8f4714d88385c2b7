// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mock for other modules that need hardware to be tested with.
 */
#include <linux/export.h>
#include <linux/iommufd_mock.h>

#include "mock.h"

struct device *iommufd_mock_device_create(const char *name, u32 flags)
{
	struct mock_dev *mdev = mock_dev_create(name, flags, NULL);

	return IS_ERR(mdev) ? ERR_CAST(mdev) : &mdev->pdev->dev;
}
EXPORT_SYMBOL_NS_GPL(iommufd_mock_device_create, IOMMUFD_VFIO_TEST);

void iommufd_mock_device_destroy(struct device *dev)
{
	mock_dev_destroy(mock_dev_from_device(dev));
}
EXPORT_SYMBOL_NS_GPL(iommufd_mock_device_destroy, IOMMUFD_VFIO_TEST);

int iommufd_mock_dma(struct device *dev, u32 pasid, u64 iova, void *data, size_t length, bool write)
{
	return mock_dma_kernel(mock_dev_from_device(dev), pasid, iova, data, length, write);
}
EXPORT_SYMBOL_NS_GPL(iommufd_mock_dma, IOMMUFD_VFIO_TEST);

size_t iommufd_mock_count_pasids(struct device *dev)
{
	return mock_dev_count_pasids(mock_dev_from_device(dev));
}
EXPORT_SYMBOL_NS_GPL(iommufd_mock_count_pasids, IOMMUFD_VFIO_TEST);
