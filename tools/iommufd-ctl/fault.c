// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fault queues.
 */
#include "table.h"

static const struct ctl_column columns[] = {
	{ "CONTEXT", IOMMUFD_A_FAULT_QUEUE_CTX, CTL_NUMBER, .help = "context that it belongs to" },
	{ "ID", IOMMUFD_A_FAULT_QUEUE_ID, CTL_NUMBER, .help = "number in the context" },
	{ "PENDING", IOMMUFD_A_FAULT_QUEUE_PENDING, CTL_NUMBER,
	  .help = "page requests that await answers" },
	{ "LIMIT", IOMMUFD_A_FAULT_QUEUE_LIMIT, CTL_NUMBER, .help = "how many may" },
	{ "CLOSED", IOMMUFD_A_FAULT_QUEUE_CLOSED, CTL_FLAG,
	  .help = "whether nobody can read it any more" },
	{}
};

const struct ctl_table ctl_fault_table = {
	.name = "faults", .cmd = IOMMUFD_NL_CMD_FAULT_QUEUE_GET, .columns = columns,
};

int ctl_fault_list(struct ctl *ctl, const struct ctl_command *command, char **words)
{
	return ctl_table_list(ctl, command->table, IOMMUFD_A_FAULT_QUEUE_CTX, words);
}
