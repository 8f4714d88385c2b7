/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Findings of the doctor.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "ctl.h"
#include "json.h"
#include "system.h"

/**
 * struct doctor - an examination
 * @ctl: the run
 * @json: where findings are written, if as JSON
 * @found: how many so far
 * @modules: what is loaded
 * @iommus: what there is
 * @release: of the kernel
 */
struct doctor {
	struct ctl *ctl;
	struct ctl_json json;
	unsigned int found;
	struct ctl_module modules[SYSTEM_MODULES];
	struct ctl_iommus iommus;
	char release[CTL_NAME_SIZE];
};

/* @what is a sentence, @remedy the commands that mend it, or advice. @id stays as it is. */
__attribute__((format(printf, 4, 5)))
void doctor_find(struct doctor *doctor, const char *id, const char *remedy, const char *what, ...);

void doctor_examine_iommu(struct doctor *doctor);
void doctor_examine_modules(struct doctor *doctor);
void doctor_examine_devices(struct doctor *doctor);
void doctor_examine_limits(struct doctor *doctor, unsigned long gib);

#endif
