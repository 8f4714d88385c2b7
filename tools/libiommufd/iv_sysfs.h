/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PCI functions in sysfs: finding them, choosing their driver, looking at them from outside.
 *
 * "Address" is a PCI address as sysfs writes it, such as 0000:00:04.0. What these functions read is
 * the kernel's and the hardware's own view; nothing here goes through a vfio device.
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise.
 */
#ifndef IV_SYSFS_H
#define IV_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IV_PCI_ADDR_SIZE 16
#define IV_DRIVER_NAME_SIZE 64
#define IV_PATH_SIZE 256

int iv_file_read(const char *path, char *buf, size_t size);
int iv_file_write(const char *path, const char *text);

bool iv_pci_exists(const char *addr);
int iv_pci_find(uint16_t vendor, uint16_t device, unsigned int nth, char addr[IV_PCI_ADDR_SIZE]);
int iv_pci_attr_read(const char *addr, const char *attr, char *buf, size_t size);
int iv_pci_attr_read_u64(const char *addr, const char *attr, uint64_t *value);
int iv_pci_attr_write(const char *addr, const char *attr, const char *text);

int iv_pci_config_read(const char *addr, unsigned int offset, void *buf, size_t size);
int iv_pci_config_write(const char *addr, unsigned int offset, const void *buf, size_t size);
int iv_pci_resource(const char *addr, unsigned int bar, uint64_t *start, uint64_t *size);
int iv_pci_group(const char *addr);

int iv_pci_driver(const char *addr, char name[IV_DRIVER_NAME_SIZE]);
int iv_pci_bind_driver(const char *addr, const char *driver);
int iv_pci_unbind_driver(const char *addr);
int iv_pci_choose_driver(const char *addr);
int iv_pci_cdev_path(const char *addr, char path[IV_PATH_SIZE]);

int iv_pci_remove(const char *addr);
int iv_pci_rescan(void);

/**
 * struct iv_pci_claim - a function that was taken from its driver, to be given back
 * @addr: the function; empty when nothing is claimed
 * @driver: the driver it had before, empty if none
 * @override: its driver_override before, empty if none
 */
struct iv_pci_claim {
	char addr[IV_PCI_ADDR_SIZE];
	char driver[IV_DRIVER_NAME_SIZE];
	char override[IV_DRIVER_NAME_SIZE];
};

int iv_pci_claim(struct iv_pci_claim *claim, const char *addr, const char *driver);
int iv_pci_claim_release(struct iv_pci_claim *claim);

#ifdef __cplusplus
}
#endif

#endif
