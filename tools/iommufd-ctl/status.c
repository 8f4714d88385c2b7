// SPDX-License-Identifier: GPL-2.0-only
/*
 * One screen: modules, IOMMU, devices and who holds them. What needs privileges is left out for
 * those who have none, and that is said.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "system.h"
#include "table.h"

static void print_modules(const struct ctl_module *modules)
{
	const char *heading = "Modules   ";
	unsigned int i;

	for (i = 0; i < SYSTEM_MODULES; i++) {
		if (!modules[i].loaded)
			continue;
		printf("%s%s", heading, modules[i].name);
		if (!modules[i].ours)
			printf(" (the kernel's own)");
		heading = ", ";
	}
	printf(*heading == 'M' ? "%snone is loaded\n" : "\n", heading);
}

static void print_versions(const struct ctl_module *modules, const char *release)
{
	printf("Versions  ");
	if (modules[0].version[0])
		printf("modules %s, ", modules[0].version);
	printf("iommufd-ctl %s, kernel %s\n", IOMMUFD_VFIO_VERSION, release);
}

static void print_iommus(const struct ctl_iommus *iommus)
{
	static const char *const remapping[] = { "", ", without interrupt remapping",
						 ", interrupt remapping" };

	if (!iommus->groups)
		printf("IOMMU     none, or switched off: iommufd-ctl doctor tells why\n");
	else
		printf("IOMMU     %s, %d group%s%s\n", iommus->kind[0] ? iommus->kind : "unknown",
		       iommus->groups, iommus->groups == 1 ? "" : "s",
		       remapping[iommus->remapping + 1]);
}

static int json_device(const struct iv_attrs *attrs, void *data)
{
	struct ctl_json *json = data;

	json_open(json, NULL, '{');
	ctl_json_attrs(json, &ctl_device_table, attrs);
	json_close(json, '}');
	return 0;
}

static void json_modules(struct ctl_json *json, const struct ctl_module *modules)
{
	unsigned int i;

	json_open(json, "modules", '[');
	for (i = 0; i < SYSTEM_MODULES; i++) {
		if (!modules[i].loaded)
			continue;
		json_open(json, NULL, '{');
		json_string(json, "name", modules[i].name);
		json_bool(json, "ours", modules[i].ours);
		if (modules[i].version[0])
			json_string(json, "version", modules[i].version);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void json_iommus(struct ctl_json *json, const struct ctl_iommus *iommus)
{
	json_open(json, "iommu", '{');
	json_string(json, "kind", iommus->kind);
	json_number(json, "iommus", iommus->count);
	json_number(json, "groups", iommus->groups);
	if (iommus->remapping >= 0)
		json_bool(json, "interrupt-remapping", iommus->remapping);
	json_close(json, '}');
}

/* @rc: whether the kernel can be asked, as ctl_try_connect() says */
static int print_json(struct ctl *ctl, int rc, const struct ctl_module *modules,
		      const struct ctl_iommus *iommus, const char *release)
{
	struct ctl_json json = { .out = stdout };

	json_open(&json, NULL, '{');
	json_string(&json, "version", IOMMUFD_VFIO_VERSION);
	json_string(&json, "kernel", release);
	json_bool(&json, "family", ctl->connected);
	json_modules(&json, modules);
	json_iommus(&json, iommus);
	json_open(&json, "devices", '[');
	if (ctl->connected)
		rc = ctl_device_dump(ctl, json_device, &json);
	json_close(&json, ']');
	json_close(&json, '}');
	putchar('\n');
	if (!ctl->connected)
		return rc == -ENOENT ? CTL_OK : ctl_error(ctl, rc, "netlink");
	return rc < 0 ? ctl_error(ctl, rc, "devices") : CTL_OK;
}

static int count_device(const struct iv_attrs *attrs, void *data)
{
	(void)attrs;
	++*(unsigned int *)data;
	return 0;
}

static int print_devices(struct ctl *ctl, const struct ctl_table *table)
{
	unsigned int count = 0;
	int rc = ctl_device_dump_known(ctl, count_device, &count);

	if (rc >= 0 && !count) {
		printf("Devices   none: iommufd-ctl device bind ADDRESS gives one to vfio-pci\n");
		return CTL_OK;
	}
	printf("\n");
	fflush(stdout);
	return ctl_table_print(ctl, table, NULL, 0, false, "devices");
}

int ctl_status(struct ctl *ctl, const struct ctl_command *command, char **words)
{
	struct ctl_module modules[SYSTEM_MODULES];
	char release[CTL_NAME_SIZE];
	struct ctl_iommus iommus;
	int rc = ctl_try_connect(ctl);

	(void)words;
	system_modules(modules);
	system_iommus(&iommus);
	system_release(release);
	if (ctl->json)
		return print_json(ctl, rc, modules, &iommus, release);
	print_modules(modules);
	print_versions(modules, release);
	print_iommus(&iommus);
	if (!rc)
		return print_devices(ctl, command->table);
	printf("Devices   not known: this project's iommufd is not loaded (iommufd-ctl doctor)\n");
	return rc == -ENOENT ? CTL_OK : ctl_error(ctl, rc, "netlink");
}
