/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vfio devices behind the mock IOMMU (iommufd_mock_vfio.ko), and their DMA.
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise.
 */
#ifndef MOCK_VFIO_H
#define MOCK_VFIO_H

#include <stddef.h>
#include <stdint.h>
#include <linux/iommufd_test.h>

/* Kinds of devices, by the platform device that they stand below */
#define MOCK_VFIO_DEVICE "iommufd_mock_vfio"
#define MOCK_VFIO_QUEUE "iommufd_mock_parent"

int mock_vfio_load(void);
int mock_vfio_take_away(void);
int mock_vfio_unload(void);
int mock_vfio_open(const char *kind, unsigned int nr);
int mock_vfio_read(int fd, uint32_t pasid, uint64_t iova, void *data, uint32_t length);
int mock_vfio_write(int fd, uint32_t pasid, uint64_t iova, const void *data, uint32_t length);
int mock_vfio_write_guest(int fd, uint32_t guest, uint64_t iova, const void *data,
			  uint32_t length);
uint32_t mock_vfio_own_pasid(int fd);
uint32_t mock_vfio_drained(int fd);

int unsafe_interrupts_allow(int allow);

#endif
