// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contexts.
 */
#include <stdio.h>

#include "table.h"

static const char *const kinds[] = { "iommu", "container", NULL };

static const struct ctl_column columns[] = {
	{ "ID", IOMMUFD_A_CTX_ID, CTL_NUMBER, .help = "number of the context" },
	{ "KIND", IOMMUFD_A_CTX_KIND, CTL_ENUM, .words = kinds,
	  .help = "opened as /dev/iommu, or as a VFIO container" },
	{ "PID", IOMMUFD_A_CTX_PID, CTL_NUMBER, .help = "process that opened it" },
	{ "COMMAND", IOMMUFD_A_CTX_COMM, CTL_STRING, .help = "name of that process" },
	{ "UID", IOMMUFD_A_CTX_UID, CTL_NUMBER, .help = "user of that process" },
	{ "IOASES", IOMMUFD_A_CTX_IOASES, CTL_NUMBER, .help = "address spaces" },
	{ "HWPTS", IOMMUFD_A_CTX_HWPTS, CTL_NUMBER, .help = "page tables" },
	{ "DEVICES", IOMMUFD_A_CTX_ENDPOINTS, CTL_NUMBER, .help = "devices that are bound" },
	{ "QUEUES", IOMMUFD_A_CTX_FAULT_QUEUES, CTL_NUMBER, true, .help = "fault queues" },
	{ "PASIDS", IOMMUFD_A_CTX_PASIDS, CTL_NUMBER, true, .help = "PASIDs of all kinds" },
	{ "PINNED", IOMMUFD_A_CTX_PINNED_PAGES, CTL_NUMBER, .help = "pinned pages" },
	{ "LOCKED", IOMMUFD_A_CTX_LOCKED_PAGES, CTL_NUMBER, true,
	  .help = "those that count against RLIMIT_MEMLOCK" },
	{}
};

const struct ctl_table ctl_ctx_table = {
	.name = "contexts", .cmd = IOMMUFD_NL_CMD_CTX_GET, .columns = columns,
};

int ctl_ctx_list(struct ctl *ctl, const struct ctl_command *command, char **words)
{
	(void)words;
	return ctl_table_print(ctl, command->table, NULL, 0, false, "contexts");
}

int ctl_ctx_show(struct ctl *ctl, const struct ctl_command *command, char **words)
{
	struct iv_filter filter = { .attr = IOMMUFD_A_CTX_ID };

	if (!ctl_number(words[0], &filter.number))
		return CTL_USAGE;
	return ctl_table_print(ctl, command->table, &filter, 1, true, "context of this number");
}
