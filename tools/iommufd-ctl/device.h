/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices that vfio offers: parts of device.c in files of their own.
 */
#ifndef DEVICE_H
#define DEVICE_H

#include "attrs.h"
#include "ctl.h"

/* All devices; without privileges only what sysfs tells of them, and that is said, or not. */
int ctl_device_dump(struct ctl *ctl, iv_netlink_fn fn, void *data);
int ctl_device_dump_known(struct ctl *ctl, iv_netlink_fn fn, void *data);
void ctl_device_tell_partial(void);

/* What is told of the device that a word names; enum ctl_exit, with a complaint if there is none */
int ctl_device_find(struct ctl *ctl, const char *word, struct ctl_attrs *device);

int ctl_device_details(struct ctl *ctl, const struct iv_attrs *device);

/* What a PCI function can do, a word for each; returns false if only root is told. */
typedef void (*ctl_cap_fn)(const char *text, void *data);
bool pci_each_cap(const char *addr, ctl_cap_fn fn, void *data);

#endif
