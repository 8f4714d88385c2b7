// SPDX-License-Identifier: GPL-2.0-only
/*
 * PASIDs.
 */
#include "table.h"

static const char *const kinds[] = { "own", "allocated", "implicit", NULL };
static const char *const scopes[] = { "exclusive", "shared", NULL };

static const struct ctl_column columns[] = {
	{ "CONTEXT", IOMMUFD_A_PASID_CTX, CTL_NUMBER, .help = "context that owns it" },
	{ "PASID", IOMMUFD_A_PASID_PASID, CTL_NUMBER, .help = "what hardware calls it" },
	{ "DEVID", IOMMUFD_A_PASID_ENDPOINT, CTL_NUMBER, .help = "device that may use it" },
	{ "ID", IOMMUFD_A_PASID_ID, CTL_NUMBER,
	  .help = "number in the context, if it was allocated" },
	{ "KIND", IOMMUFD_A_PASID_KIND, CTL_ENUM, .words = kinds, .help = "how it came" },
	{ "SCOPE", IOMMUFD_A_PASID_SCOPE, CTL_ENUM, .words = scopes,
	  .help = "for whom it is unique" },
	{ "GUEST", IOMMUFD_A_PASID_GUEST, CTL_NUMBER, true, .help = "what a guest calls it" },
	{ "HWPT", IOMMUFD_A_PASID_HWPT, CTL_NUMBER, .help = "page table that it is attached to" },
	{}
};

const struct ctl_table ctl_pasid_table = {
	.name = "pasids", .cmd = IOMMUFD_NL_CMD_PASID_GET, .columns = columns,
};

int ctl_pasid_list(struct ctl *ctl, const struct ctl_command *command, char **words)
{
	return ctl_table_list(ctl, command->table, IOMMUFD_A_PASID_CTX, words);
}
