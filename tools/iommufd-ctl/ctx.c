// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contexts.
 */
#include <errno.h>
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

/**
 * struct showing - a context that is shown
 * @ctl: the run
 * @json: where it is written, if as JSON
 * @found: it is there
 */
struct showing {
	struct ctl *ctl;
	struct ctl_json json;
	bool found;
};

static int show_context(const struct iv_attrs *attrs, void *data)
{
	struct showing *showing = data;

	showing->found = true;
	if (!showing->ctl->json) {
		ctl_print_attrs(showing->ctl, &ctl_ctx_table, attrs);
		return 0;
	}
	json_open(&showing->json, NULL, '{');
	json_open(&showing->json, "contexts", '[');
	json_open(&showing->json, NULL, '{');
	ctl_json_attrs(&showing->json, &ctl_ctx_table, attrs);
	return 0;
}

static int show_counters(const struct iv_attrs *attrs, void *data)
{
	struct showing *showing = data;

	if (!showing->found)
		return 0;
	if (!showing->ctl->json) {
		ctl_print_attrs(showing->ctl, &ctl_counter_table, attrs);
		return 0;
	}
	json_open(&showing->json, "counters", '{');
	ctl_json_attrs(&showing->json, &ctl_counter_table, attrs);
	json_close(&showing->json, '}');
	return 0;
}

static void show_end(struct showing *showing)
{
	if (!showing->found || !showing->ctl->json)
		return;
	json_close(&showing->json, '}');
	json_close(&showing->json, ']');
	json_close(&showing->json, '}');
	putchar('\n');
}

static int show(struct ctl *ctl, struct iv_filter *filter)
{
	struct showing showing = { .ctl = ctl, .json = { .out = stdout } };
	int rc = ctl_connect(ctl);

	if (rc)
		return rc;
	rc = ctl_dump(ctl, IOMMUFD_NL_CMD_CTX_GET, filter, 1, show_context, &showing);
	filter->attr = IOMMUFD_A_COUNTER_CTX;
	if (rc >= 0) {
		rc = ctl_dump(ctl, IOMMUFD_NL_CMD_COUNTER_GET, filter, 1, show_counters, &showing);
		/* The context may have gone since it was shown; an older kernel counts nothing. */
		if (rc == -ENOENT || rc == -EOPNOTSUPP)
			rc = 0;
	}
	show_end(&showing);
	if (rc < 0)
		return ctl_error(ctl, rc, "context");
	if (showing.found)
		return CTL_OK;
	fprintf(stderr, "iommufd-ctl: there is no context of this number\n");
	return CTL_NO_OBJECT;
}

int ctl_ctx_show(struct ctl *ctl, const struct ctl_command *command, char **words)
{
	struct iv_filter filter = { .attr = IOMMUFD_A_CTX_ID };

	if (!ctl_number(words[0], &filter.number))
		return CTL_USAGE;
	if (!ctl->columns)
		return show(ctl, &filter);
	return ctl_table_print(ctl, command->table, &filter, 1, true, "context of this number");
}
