/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PASIDs that a context owns. To attach one is iv_device_attach_pasid().
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise;
 * iv_error_message() says more.
 */
#ifndef IV_PASID_H
#define IV_PASID_H

#include <stdint.h>
#include <linux/iommufd.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct iv_pasid - a PASID that a context owns
 * @id: its number, for iv_iommufd_destroy()
 * @pasid: the PASID
 */
struct iv_pasid {
	uint32_t id;
	uint32_t pasid;
};

int iv_pasid_alloc(int iommufd, uint32_t devid, uint32_t scope, struct iv_pasid *pasid);
int iv_pasid_alloc_between(int iommufd, uint32_t devid, uint32_t min, uint32_t max,
			   struct iv_pasid *pasid);
int iv_pasid_alloc_guest(int iommufd, uint32_t devid, uint32_t scope, uint32_t guest,
			 struct iv_pasid *pasid);

#ifdef __cplusplus
}
#endif

#endif
