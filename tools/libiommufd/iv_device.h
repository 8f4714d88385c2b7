/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A vfio device: opening its cdev, binding it to a context, attaching an address space.
 *
 * A device is known by its file descriptor. It is parked until iv_device_bind() succeeds; DMA is
 * blocked until iv_device_attach() does. Closing the descriptor undoes all.
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise.
 */
#ifndef IV_DEVICE_H
#define IV_DEVICE_H

#include <stdint.h>
#include <linux/vfio.h>

#ifdef __cplusplus
extern "C" {
#endif

int iv_device_open(const char *pci_addr);
int iv_device_open_path(const char *path);
int iv_device_bind(int fd, int iommufd, uint32_t *devid);
int iv_device_bind_token(int fd, int iommufd, const void *token, uint32_t *devid);
int iv_device_attach(int fd, uint32_t pt_id);
int iv_device_attach_get(int fd, uint32_t *pt_id);
int iv_device_attach_pasid(int fd, uint32_t pt_id, uint32_t pasid);
int iv_device_detach(int fd);
int iv_device_detach_pasid(int fd, uint32_t pasid);
int iv_device_info(int fd, struct vfio_device_info *info);
int iv_device_reset(int fd);
int iv_device_poll(int fd, short events, int timeout_ms);

#ifdef __cplusplus
}
#endif

#endif
