// SPDX-License-Identifier: GPL-2.0-only
/*
 * What contexts did so far, and what failed.
 */
#include "table.h"

static const struct ctl_column columns[] = {
	{ "CONTEXT", IOMMUFD_A_COUNTER_CTX, CTL_NUMBER, .help = "number of the context" },
	{ "MAPS", IOMMUFD_A_COUNTER_MAPS, CTL_NUMBER, .help = "how often was mapped" },
	{ "MAPPED", IOMMUFD_A_COUNTER_MAPPED_PAGES, CTL_NUMBER,
	  .help = "so many pages, of 4 KiB" },
	{ "UNMAPS", IOMMUFD_A_COUNTER_UNMAPS, CTL_NUMBER, .help = "how often was unmapped" },
	{ "UNMAPPED", IOMMUFD_A_COUNTER_UNMAPPED_PAGES, CTL_NUMBER, .help = "so many pages" },
	{ "FAULTS", IOMMUFD_A_COUNTER_FAULTS, CTL_NUMBER, .help = "pages that devices requested" },
	{ "FAILURES", IOMMUFD_A_COUNTER_FAILURE, CTL_FAILURES,
	  .help = "calls that failed, by errno" },
	{}
};

const struct ctl_table ctl_counter_table = {
	.name = "counters", .cmd = IOMMUFD_NL_CMD_COUNTER_GET, .columns = columns,
};

int ctl_counter_list(struct ctl *ctl, const struct ctl_command *command, char **words)
{
	return ctl_table_list(ctl, command->table, IOMMUFD_A_COUNTER_CTX, words);
}
