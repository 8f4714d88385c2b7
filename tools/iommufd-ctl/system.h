/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine: its modules and its IOMMUs.
 */
#ifndef SYSTEM_H
#define SYSTEM_H

#include <stdbool.h>
#include "file.h"

#define SYSTEM_MODULES 6

/**
 * struct ctl_module - a module that is ours, or has the name of one of ours
 * @name: with underscores
 * @loaded: it is
 * @ours: it comes from outside of the kernel's tree
 * @version: of the loaded one, or ""
 */
struct ctl_module {
	const char *name;
	bool loaded;
	bool ours;
	char version[64];
};

/**
 * struct ctl_iommus - what keeps devices' DMA apart
 * @count: how many IOMMUs
 * @groups: how many groups of devices
 * @kind: what they are, for people
 * @remapping: whether interrupts are remapped: 1, 0, or -1: that can't be told
 */
struct ctl_iommus {
	int count;
	int groups;
	char kind[CTL_NAME_SIZE];
	int remapping;
};

void system_modules(struct ctl_module modules[SYSTEM_MODULES]);
void system_iommus(struct ctl_iommus *iommus);
void system_release(char release[CTL_NAME_SIZE]);

#endif
