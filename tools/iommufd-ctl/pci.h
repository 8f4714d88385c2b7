/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PCI functions, as sysfs has them.
 */
#ifndef PCI_H
#define PCI_H

#include <stdbool.h>
#include <stdint.h>
#include "file.h"
#include "iv_sysfs.h"

#define PCI_CLASS_BRIDGE 0x0604
#define PCI_CLASS_VGA 0x0300

/**
 * struct ctl_pci - a PCI function
 * @addr: its address, as sysfs has it
 * @driver: its driver, or ""
 * @path: its folder in sysfs, seen from the root and without links
 * @class: its class without the programming interface
 * @group: its IOMMU group, or a negative number
 */
struct ctl_pci {
	char addr[IV_PCI_ADDR_SIZE];
	char driver[CTL_NAME_SIZE];
	char path[PATH_MAX];
	unsigned int class;
	int group;
};

bool pci_is_address(const char *word);
int pci_find(const char *word, char addr[IV_PCI_ADDR_SIZE]);
int pci_read(struct ctl_pci *pci, const char *addr);
bool pci_is_vfio(const char *addr);
bool pci_is_harmless(const struct ctl_pci *pci);

/* Called for each device of a group, which need not be a PCI function */
struct ctl_member {
	const char *name;
	char driver[CTL_NAME_SIZE];
	bool harmless;
};

typedef void (*pci_member_fn)(const struct ctl_member *member, void *data);
void pci_each_member(int group, pci_member_fn fn, void *data);

#endif
