/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a device is used for by the kernel, so that nobody takes it away by mistake.
 */
#ifndef USE_H
#define USE_H

#include "pci.h"

#define USES_MAX 32

/**
 * struct ctl_uses - reasons not to take a device
 * @count: how many; not more than are kept
 * @text: each a sentence, memory of its own
 */
struct ctl_uses {
	unsigned int count;
	char *text[USES_MAX];
};

__attribute__((format(printf, 2, 3)))
void use_add(struct ctl_uses *uses, const char *format, ...);
void use_free(struct ctl_uses *uses);

void use_find(struct ctl_uses *uses, const struct ctl_pci *pci);
void use_find_functions(struct ctl_uses *uses, const struct ctl_pci *pci);
void use_find_disks(struct ctl_uses *uses, const struct ctl_pci *pci);
void use_find_networks(struct ctl_uses *uses, const struct ctl_pci *pci);

#endif
