/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PASIDs: how many a context may own, and attaching those of mock devices.
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise.
 */
#ifndef IOMMUFD_PASID_H
#define IOMMUFD_PASID_H

#include <stddef.h>
#include <stdint.h>
#include <linux/iommufd.h>
#include "mock_device.h"

int iommufd_pasid_limit(unsigned int max, unsigned int *old);

int mock_pasid_attach(const struct mock_device *dev, uint32_t pasid, uint32_t pt_id);
int mock_pasid_replace(const struct mock_device *dev, uint32_t pasid, uint32_t pt_id);
int mock_pasid_detach(const struct mock_device *dev, uint32_t pasid);
int mock_pasid_is_at(const struct mock_device *dev, uint32_t pasid, uint32_t hwpt_id);
int mock_pasid_write(const struct mock_device *dev, uint32_t pasid, uint64_t iova,
		     const void *data, size_t size);

#endif
