/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Optional features of a vfio device.
 *
 * @feature is VFIO_DEVICE_FEATURE_*. Functions return 0 on success and a negative errno otherwise,
 * -ENOTTY if the device does not have the feature.
 */
#ifndef IV_FEATURE_H
#define IV_FEATURE_H

#include <stddef.h>
#include <stdint.h>
#include <linux/vfio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IV_FEATURE_DATA_MAX 256

int iv_feature_probe(int fd, uint16_t feature, uint32_t methods);
int iv_feature_get(int fd, uint16_t feature, void *data, size_t size);
int iv_feature_set(int fd, uint16_t feature, const void *data, size_t size);

int iv_low_power_entry(int fd);
int iv_low_power_entry_with_wakeup(int fd, int32_t eventfd);
int iv_low_power_exit(int fd);

#ifdef __cplusplus
}
#endif

#endif
