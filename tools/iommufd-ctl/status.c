// SPDX-License-Identifier: GPL-2.0-only
/*
 * One screen: modules, IOMMU, devices and who holds them. What needs privileges is left out for
 * those who have none, and that is said.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "table.h"

static const char *const modules[] = { "iommufd", "vfio", "vfio_pci_core", "vfio_pci", "mdev" };

#define NR_MODULES (sizeof(modules) / sizeof(*modules))

/* How many entries a folder has, or -1 if there is no such folder */
static int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int count = 0;

	if (!dir)
		return -1;
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

static bool is_loaded(const char *module)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/module/%s", module);
	return !access(path, F_OK);
}

static void write_modules(const struct ctl *ctl, bool ours)
{
	const char *between = "";
	size_t i;

	printf(ctl->json ? "\"modules\":[" : "modules   ");
	for (i = 0; i < NR_MODULES; i++) {
		if (!is_loaded(modules[i]))
			continue;
		printf(ctl->json ? "%s\"%s\"" : "%s%s", between, modules[i]);
		between = ctl->json ? "," : " ";
	}
	if (ctl->json)
		printf("],\"family\":%s,", ours ? "true" : "false");
	else if (!*between)
		printf("none\n");
	else
		printf(ours ? "\n" : " (without introspection: not this project's iommufd)\n");
}

static void write_iommu(const struct ctl *ctl)
{
	int iommus = count_entries("/sys/class/iommu");
	int groups = count_entries("/sys/kernel/iommu_groups");

	iommus = iommus < 0 ? 0 : iommus;
	groups = groups < 0 ? 0 : groups;
	if (ctl->json)
		printf("\"iommus\":%d,\"groups\":%d", iommus, groups);
	else if (!groups)
		printf("IOMMU     none, or switched off\n");
	else
		printf("IOMMU     %d, with %d groups\n", iommus, groups);
}

/* JSON has no place for a table in an object, so devices are left to device list there. */
int ctl_status(struct ctl *ctl, const struct ctl_command *command, char **words)
{
	int rc = iv_netlink_open(&ctl->nl);

	(void)words;
	ctl->connected = !rc;
	if (ctl->json)
		printf("{");
	write_modules(ctl, !rc);
	write_iommu(ctl);
	if (ctl->json) {
		printf("}\n");
		return CTL_OK;
	}
	if (rc)
		return CTL_OK;
	printf("\n");
	fflush(stdout);
	if (geteuid()) {
		printf("devices and who holds them are shown to root only\n");
		return CTL_OK;
	}
	return ctl_table_print(ctl, command->table, NULL, 0, false, "devices");
}
