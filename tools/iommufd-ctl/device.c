// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that vfio offers.
 */
#include <stdio.h>
#include <string.h>

#include "table.h"

static const char *const states[] = {
	"idle", "parked", "bound", "attached", "revoked", "unprotected", NULL,
};

static const char *const kinds[] = { "device", "pasid", "access", NULL };

static const struct ctl_column columns[] = {
	{ "NAME", IOMMUFD_A_DEVICE_NAME, CTL_STRING, .help = "file in /dev/vfio/devices" },
	{ "PARENT", IOMMUFD_A_DEVICE_PARENT, CTL_STRING,
	  .help = "device behind it, such as a PCI address" },
	{ "BUS", IOMMUFD_A_DEVICE_BUS, CTL_STRING, true, .help = "bus of that device" },
	{ "DRIVER", IOMMUFD_A_DEVICE_DRIVER, CTL_STRING, .help = "driver that offers it" },
	{ "GROUP", IOMMUFD_A_DEVICE_GROUP, CTL_NUMBER, .help = "IOMMU group" },
	{ "STATE", IOMMUFD_A_DEVICE_STATE, CTL_ENUM, .words = states,
	  .help = "what can be done with it" },
	{ "PID", IOMMUFD_A_DEVICE_PID, CTL_NUMBER, .help = "process that opened it last" },
	{ "COMMAND", IOMMUFD_A_DEVICE_COMM, CTL_STRING, .help = "name of that process" },
	{ "CONTEXT", IOMMUFD_A_DEVICE_CTX, CTL_NUMBER, .help = "context that owns its DMA" },
	{ "DEVID", IOMMUFD_A_DEVICE_ENDPOINT, CTL_NUMBER, true,
	  .help = "number of the device in that context" },
	{ "KIND", IOMMUFD_A_DEVICE_KIND, CTL_ENUM, true, kinds, "who does DMA" },
	{ "HWPT", IOMMUFD_A_DEVICE_HWPT, CTL_NUMBER, true,
	  .help = "page table that it is attached to" },
	{ "IOAS", IOMMUFD_A_DEVICE_IOAS, CTL_NUMBER, true,
	  .help = "address space, if it needs no page table" },
	{ "FILES", IOMMUFD_A_DEVICE_FILES, CTL_NUMBER, true, .help = "open files" },
	{ "REVOKED", IOMMUFD_A_DEVICE_REVOKED_FILES, CTL_NUMBER, true,
	  .help = "open files from which it was taken" },
	{}
};

const struct ctl_table ctl_device_table = {
	.name = "devices", .cmd = IOMMUFD_NL_CMD_DEVICE_GET, .columns = columns,
};

int ctl_device_list(struct ctl *ctl, const struct ctl_command *command, char **words)
{
	(void)words;
	return ctl_table_print(ctl, command->table, NULL, 0, false, "devices");
}

/* Who is looked for, and what was found */
struct search {
	const char *word;
	char name[16];
	unsigned int found;
};

static int match(const struct iv_attrs *attrs, void *data)
{
	const struct nlattr *name = iv_attr_find(attrs, IOMMUFD_A_DEVICE_NAME);
	const struct nlattr *parent = iv_attr_find(attrs, IOMMUFD_A_DEVICE_PARENT);
	struct search *search = data;

	if (!name || !parent)
		return 0;
	if (strcmp(iv_attr_string(name, NULL), search->word) &&
	    strcmp(iv_attr_string(parent, NULL), search->word))
		return 0;
	snprintf(search->name, sizeof(search->name), "%s", iv_attr_string(name, NULL));
	search->found++;
	return 0;
}

/* The vfioN that a word names: itself, a PCI address, or the name of a mediated device */
static int find_device(struct ctl *ctl, const char *word, struct search *search)
{
	int rc = ctl_connect(ctl);

	if (rc)
		return rc;
	*search = (struct search){ .word = word };
	rc = iv_netlink_dump(&ctl->nl, IOMMUFD_NL_CMD_DEVICE_GET, NULL, 0, match, search);
	if (rc < 0)
		return ctl_error(ctl, rc, "devices");
	if (search->found == 1)
		return CTL_OK;
	if (search->found)
		fprintf(stderr, "iommufd-ctl: '%s' is the name of %u devices; use vfioN\n", word,
			search->found);
	else
		fprintf(stderr,
			"iommufd-ctl: there is no vfio device '%s': see iommufd-ctl device list\n",
			word);
	return CTL_NO_OBJECT;
}

int ctl_device_show(struct ctl *ctl, const struct ctl_command *command, char **words)
{
	struct iv_filter filter = { .attr = IOMMUFD_A_DEVICE_NAME };
	struct search search;
	int rc = find_device(ctl, words[0], &search);

	filter.name = search.name;
	return rc ?: ctl_table_print(ctl, command->table, &filter, 1, true, "such device any more");
}

int ctl_device_revoke(struct ctl *ctl, const struct ctl_command *command, char **words)
{
	struct search search;
	int rc = find_device(ctl, words[0], &search);

	(void)command;
	if (rc)
		return rc;
	rc = iv_netlink_revoke(&ctl->nl, search.name);
	return rc ? ctl_error(ctl, rc, search.name) : CTL_OK;
}
