// SPDX-License-Identifier: GPL-2.0-only
/*
 * Address spaces, and the page tables that follow them.
 */
#include <stdio.h>

#include "table.h"

static const struct ctl_column columns[] = {
	{ "CONTEXT", IOMMUFD_A_IOAS_CTX, CTL_NUMBER, .help = "context that it belongs to" },
	{ "ID", IOMMUFD_A_IOAS_ID, CTL_NUMBER, .help = "number in the context" },
	{ "AREAS", IOMMUFD_A_IOAS_AREAS, CTL_NUMBER, .help = "pieces of memory that are mapped" },
	{ "SIZE", IOMMUFD_A_IOAS_BYTES, CTL_BYTES, .help = "how much is mapped" },
	{ "FILEAREAS", IOMMUFD_A_IOAS_FILE_AREAS, CTL_NUMBER, true,
	  .help = "pieces that are memory of files" },
	{ "FILESIZE", IOMMUFD_A_IOAS_FILE_BYTES, CTL_BYTES,
	  .help = "how much of it is memory of files" },
	{ "TABLES", IOMMUFD_A_IOAS_PAGE_TABLES, CTL_NUMBER, .help = "page tables that follow it" },
	{ "ALIGNMENT", IOMMUFD_A_IOAS_ALIGNMENT, CTL_BYTES, true,
	  .help = "what addresses are aligned to" },
	{ "CONTAINER", IOMMUFD_A_IOAS_CONTAINER, CTL_FLAG, true,
	  .help = "whether it is that of VFIO containers" },
	{ "RESERVED", IOMMUFD_A_IOAS_RESERVED, CTL_RANGES, true,
	  .help = "addresses that devices can't use" },
	{ "ALLOWED", IOMMUFD_A_IOAS_ALLOWED, CTL_RANGES, true,
	  .help = "addresses that may be used, if not all" },
	{ "MORE", IOMMUFD_A_IOAS_MORE_RANGES, CTL_FLAG, true,
	  .help = "whether there are more such ranges than the kernel tells of" },
	{}
};

const struct ctl_table ctl_ioas_table = {
	.name = "ioases", .cmd = IOMMUFD_NL_CMD_IOAS_GET, .columns = columns,
};

static const char *const mapping_flags[] = {
	"readable", "writeable", "file", "pinned", "changing", "device", NULL,
};

static const struct ctl_column area_columns[] = {
	{ "FIRST", IOMMUFD_A_MAPPING_FIRST, CTL_HEX, .help = "first IOVA" },
	{ "LAST", IOMMUFD_A_MAPPING_LAST, CTL_HEX, .help = "last IOVA" },
	{ "FLAGS", IOMMUFD_A_MAPPING_FLAGS, CTL_FLAGS, .words = mapping_flags,
	  .help = "what devices may do, and what it is" },
	{}
};

const struct ctl_table ctl_area_table = {
	.name = "areas",
	.cmd = IOMMUFD_NL_CMD_AREA_GET,
	.nested = IOMMUFD_A_AREA_MAPPING,
	.columns = area_columns,
};

static const char *const hwpt_flags[] = {
	"automatic", "nested", "nest-parent", "dirty-tracking", "tracks-dirty", "for-pasids",
	"enforces-coherency", NULL,
};

static const struct ctl_column hwpt_columns[] = {
	{ "CONTEXT", IOMMUFD_A_HWPT_CTX, CTL_NUMBER, .help = "context that it belongs to" },
	{ "ID", IOMMUFD_A_HWPT_ID, CTL_NUMBER, .help = "number in the context" },
	{ "IOAS", IOMMUFD_A_HWPT_IOAS, CTL_NUMBER,
	  .help = "address space that it, or its parent, follows" },
	{ "PARENT", IOMMUFD_A_HWPT_PARENT, CTL_NUMBER, .help = "page table below a nested one" },
	{ "QUEUE", IOMMUFD_A_HWPT_FAULT_QUEUE, CTL_NUMBER, .help = "fault queue" },
	{ "PAGESIZES", IOMMUFD_A_HWPT_PAGE_SIZES, CTL_HEX, true,
	  .help = "a bit for each size of pages" },
	{ "FLAGS", IOMMUFD_A_HWPT_FLAGS, CTL_FLAGS, .words = hwpt_flags,
	  .help = "what it is made for" },
	{}
};

const struct ctl_table ctl_hwpt_table = {
	.name = "hwpts", .cmd = IOMMUFD_NL_CMD_HWPT_GET, .columns = hwpt_columns,
};

int ctl_ioas_list(struct ctl *ctl, const struct ctl_command *command, char **words)
{
	return ctl_table_list(ctl, command->table, IOMMUFD_A_IOAS_CTX, words);
}

int ctl_hwpt_list(struct ctl *ctl, const struct ctl_command *command, char **words)
{
	return ctl_table_list(ctl, command->table, IOMMUFD_A_HWPT_CTX, words);
}

static int note_ioas(const struct iv_attrs *attrs, void *data)
{
	(void)attrs;
	++*(unsigned int *)data;
	return 0;
}

/* The areas of one IOAS; that there is one is asked first, since it may have none. */
int ctl_ioas_show(struct ctl *ctl, const struct ctl_command *command, char **words)
{
	struct iv_filter filters[] = { { .attr = IOMMUFD_A_IOAS_CTX },
				       { .attr = IOMMUFD_A_IOAS_ID } };
	unsigned int found = 0;
	int rc;

	if (!ctl_number(words[0], &filters[0].number) ||
	    !ctl_number(words[1], &filters[1].number))
		return CTL_USAGE;
	rc = ctl_connect(ctl);
	if (rc)
		return rc;
	rc = ctl_dump(ctl, IOMMUFD_NL_CMD_IOAS_GET, filters, 2, note_ioas, &found);
	if (rc < 0)
		return ctl_error(ctl, rc, "IOAS");
	if (!found) {
		fprintf(stderr, "iommufd-ctl: there is no IOAS %u in context %u\n",
			filters[1].number, filters[0].number);
		return CTL_NO_OBJECT;
	}
	filters[0].attr = IOMMUFD_A_AREA_CTX;
	filters[1].attr = IOMMUFD_A_AREA_IOAS;
	return ctl_table_print(ctl, command->table, filters, 2, false, "areas");
}
