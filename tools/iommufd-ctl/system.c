// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machine: its modules and its IOMMUs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system.h"

static const char *const names[SYSTEM_MODULES] = {
	"iommufd", "vfio", "vfio_pci_core", "vfio_pci", "mdev", "vfio_iommu_type1",
};

/* The kernel marks what doesn't come from its own tree with an O: that is what ours are. */
static void read_module(struct ctl_module *module, const char *name)
{
	char taint[32];

	memset(module, 0, sizeof(*module));
	module->name = name;
	/* What is built into the kernel has a folder, too, but no state. */
	module->loaded = ctl_exists("/sys/module/%s", name);
	module->ours = ctl_read(taint, sizeof(taint), "/sys/module/%s/taint", name) > 0 &&
		       strchr(taint, 'O');
	ctl_read(module->version, sizeof(module->version), "/sys/module/%s/version", name);
}

void system_modules(struct ctl_module modules[SYSTEM_MODULES])
{
	unsigned int i;

	for (i = 0; i < SYSTEM_MODULES; i++)
		read_module(&modules[i], names[i]);
}

/* IOMMUs are named by their drivers; those that aren't known here by these names are told as is. */
static int note_iommu(const char *name, void *data)
{
	static const struct {
		const char *prefix;
		const char *kind;
	} kinds[] = {
		{ "dmar", "Intel VT-d" }, { "ivhd", "AMD-Vi" }, { "smmu3", "Arm SMMUv3" },
		{ "smmu", "Arm SMMU" }, { "iommufd_mock", "mock" },
	};
	struct ctl_iommus *iommus = data;
	const char *kind = name;
	size_t i, used = strlen(iommus->kind);

	iommus->count++;
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strncmp(name, kinds[i].prefix, strlen(kinds[i].prefix)))
			continue;
		kind = kinds[i].kind;
		break;
	}
	if (!strstr(iommus->kind, kind))
		snprintf(iommus->kind + used, sizeof(iommus->kind) - used, "%s%s",
			 used ? " and " : "", kind);
	return 0;
}

/* Interrupt controllers that remap are named so on x86; elsewhere nothing tells. */
static int find_remapping(void)
{
	char *text = ctl_read_all("/proc/interrupts");
	int remapping = -1;

	if (text && strstr(text, " IR-"))
		remapping = 1;
	else if (text && (strstr(text, "IO-APIC") || strstr(text, "PCI-MSI")))
		remapping = 0;
	free(text);
	return remapping;
}

void system_iommus(struct ctl_iommus *iommus)
{
	memset(iommus, 0, sizeof(*iommus));
	ctl_each(note_iommu, iommus, "/sys/class/iommu");
	iommus->groups = ctl_count("/sys/kernel/iommu_groups");
	iommus->remapping = find_remapping();
}

void system_release(char release[CTL_NAME_SIZE])
{
	ctl_read(release, CTL_NAME_SIZE, "/proc/sys/kernel/osrelease");
}
