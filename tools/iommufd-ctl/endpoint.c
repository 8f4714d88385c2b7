// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that contexts own.
 */
#include "table.h"

static const char *const kinds[] = { "device", "pasid", "access", NULL };

static const struct ctl_column columns[] = {
	{ "CONTEXT", IOMMUFD_A_ENDPOINT_CTX, CTL_NUMBER, .help = "context that owns it" },
	{ "ID", IOMMUFD_A_ENDPOINT_ID, CTL_NUMBER, .help = "number in the context" },
	{ "KIND", IOMMUFD_A_ENDPOINT_KIND, CTL_ENUM, .words = kinds, .help = "who does DMA" },
	{ "DEVICE", IOMMUFD_A_ENDPOINT_DEVICE, CTL_STRING, .help = "what vfio calls it" },
	{ "PARENT", IOMMUFD_A_ENDPOINT_PARENT, CTL_STRING, .help = "device behind it" },
	{ "GROUP", IOMMUFD_A_ENDPOINT_GROUP, CTL_NUMBER, .help = "IOMMU group" },
	{ "HWPT", IOMMUFD_A_ENDPOINT_HWPT, CTL_NUMBER,
	  .help = "page table that it is attached to" },
	{ "IOAS", IOMMUFD_A_ENDPOINT_IOAS, CTL_NUMBER,
	  .help = "address space, if it needs no page table" },
	{ "PASID", IOMMUFD_A_ENDPOINT_PASID, CTL_NUMBER, .help = "the only one that it uses" },
	{}
};

const struct ctl_table ctl_endpoint_table = {
	.name = "endpoints", .cmd = IOMMUFD_NL_CMD_ENDPOINT_GET, .columns = columns,
};

int ctl_endpoint_list(struct ctl *ctl, const struct ctl_command *command, char **words)
{
	return ctl_table_list(ctl, command->table, IOMMUFD_A_ENDPOINT_CTX, words);
}
