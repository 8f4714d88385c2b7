/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PASIDs: owning them, and attaching those of mock devices.
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise.
 */
#ifndef IOMMUFD_PASID_H
#define IOMMUFD_PASID_H

#include <stddef.h>
#include <stdint.h>
#include <linux/iommufd.h>
#include "mock_device.h"

/**
 * struct iommufd_pasid - a PASID that a context owns
 * @id: its number, for iv_iommufd_destroy()
 * @pasid: the PASID
 */
struct iommufd_pasid {
	uint32_t id;
	uint32_t pasid;
};

int iommufd_pasid_alloc(int iommufd, uint32_t devid, uint32_t scope, struct iommufd_pasid *pasid);
int iommufd_pasid_alloc_between(int iommufd, uint32_t devid, uint32_t min, uint32_t max,
				struct iommufd_pasid *pasid);
int iommufd_pasid_alloc_guest(int iommufd, uint32_t devid, uint32_t scope, uint32_t guest,
			      struct iommufd_pasid *pasid);
int iommufd_pasid_limit(unsigned int max, unsigned int *old);

int mock_pasid_attach(const struct mock_device *dev, uint32_t pasid, uint32_t pt_id);
int mock_pasid_replace(const struct mock_device *dev, uint32_t pasid, uint32_t pt_id);
int mock_pasid_detach(const struct mock_device *dev, uint32_t pasid);
int mock_pasid_is_at(const struct mock_device *dev, uint32_t pasid, uint32_t hwpt_id);
int mock_pasid_write(const struct mock_device *dev, uint32_t pasid, uint64_t iova,
		     const void *data, size_t size);

#endif
