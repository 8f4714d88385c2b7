// SPDX-License-Identifier: GPL-2.0-only
/*
 * Why doesn't it work? Each finding is a sentence, and what mends it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "doctor.h"

void doctor_find(struct doctor *doctor, const char *id, const char *remedy, const char *what, ...)
{
	va_list args;
	char *text;
	int size;

	doctor->found++;
	va_start(args, what);
	size = vasprintf(&text, what, args);
	va_end(args);
	if (size < 0)
		return;
	if (doctor->ctl->json) {
		json_open(&doctor->json, NULL, '{');
		json_string(&doctor->json, "id", id);
		json_string(&doctor->json, "what", text);
		json_string(&doctor->json, "remedy", remedy);
		json_close(&doctor->json, '}');
	} else {
		printf("%s: %s\n    %s\n", id, text, remedy);
	}
	free(text);
}

static void examine(struct doctor *doctor, unsigned long gib)
{
	doctor_examine_iommu(doctor);
	doctor_examine_modules(doctor);
	doctor_examine_devices(doctor);
	doctor_examine_limits(doctor, gib);
}

int ctl_doctor(struct ctl *ctl, const struct ctl_command *command, char **words)
{
	struct doctor doctor = { .ctl = ctl, .json = { .out = stdout } };
	unsigned long gib = 0;

	(void)command;
	(void)words;
	if (!ctl_option_number(ctl, "memory", 1, 1UL << 20, &gib))
		return CTL_USAGE;
	system_modules(doctor.modules);
	system_iommus(&doctor.iommus);
	system_release(doctor.release);
	if (ctl->json) {
		json_open(&doctor.json, NULL, '{');
		json_open(&doctor.json, "findings", '[');
	}
	examine(&doctor, gib);
	if (ctl->json) {
		json_close(&doctor.json, ']');
		json_close(&doctor.json, '}');
		putchar('\n');
	} else if (!doctor.found) {
		printf("nothing was found\n");
	}
	return doctor.found ? CTL_FOUND : CTL_OK;
}
