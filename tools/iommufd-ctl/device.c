// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that vfio offers.
 */
#include <stdio.h>
#include <string.h>

#include "device.h"
#include "pci.h"
#include "table.h"

/* So many names are told to those who have none. */
#define NAMES_MAX 8

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
	.name = "devices",
	.cmd = IOMMUFD_NL_CMD_DEVICE_GET,
	.columns = columns,
	.dump = ctl_device_dump,
};

int ctl_device_list(struct ctl *ctl, const struct ctl_command *command, char **words)
{
	(void)words;
	return ctl_table_print(ctl, command->table, NULL, 0, false, "devices");
}

/**
 * struct search - for a device
 * @word: what it was called
 * @found: how many have this name
 * @device: what was told of the last of them
 */
struct search {
	const char *word;
	unsigned int found;
	struct ctl_attrs device;
};

/* Whether a word is a device's name, or that of its parent, perhaps without the PCI domain */
static bool is_called(const char *word, const char *name, const char *parent)
{
	const char *rest = strchr(parent, ':');

	return !strcmp(name, word) || !strcasecmp(parent, word) ||
	       (rest && pci_is_address(word) && !strcasecmp(rest + 1, word));
}

static const char *string_of(const struct iv_attrs *attrs, uint16_t type)
{
	const struct nlattr *attr = iv_attr_find(attrs, type);

	return attr ? iv_attr_string(attr, NULL) : "";
}

static int match(const struct iv_attrs *attrs, void *data)
{
	struct search *search = data;

	if (!is_called(search->word, string_of(attrs, IOMMUFD_A_DEVICE_NAME),
		       string_of(attrs, IOMMUFD_A_DEVICE_PARENT)) ||
	    attrs->size > sizeof(search->device.data))
		return 0;
	memcpy(search->device.data, attrs->data, attrs->size);
	search->device.size = attrs->size;
	search->found++;
	return 0;
}

static int print_name(const struct iv_attrs *attrs, void *data)
{
	unsigned int *count = data;

	if (++*count <= NAMES_MAX)
		fprintf(stderr, "%s %s (%s)", *count == 1 ? "; there are:" : ",",
			string_of(attrs, IOMMUFD_A_DEVICE_NAME),
			string_of(attrs, IOMMUFD_A_DEVICE_PARENT));
	return 0;
}

/* Says what is wrong with a word: as far as it is a PCI function, why that is no device */
static void complain(struct ctl *ctl, const char *word)
{
	char addr[IV_PCI_ADDR_SIZE];
	unsigned int count = 0;
	struct ctl_pci pci;

	fprintf(stderr, "iommufd-ctl: there is no vfio device '%s'", word);
	if (ctl_exists("/sys/bus/pci/devices/%s", word) && !pci_find(word, addr) &&
	    !pci_read(&pci, addr)) {
		fprintf(stderr, ": its driver is %s; iommufd-ctl device bind %s gives it to "
			"vfio-pci\n", pci.driver[0] ? pci.driver : "missing", addr);
		return;
	}
	ctl_device_dump_known(ctl, print_name, &count);
	if (count > NAMES_MAX)
		fprintf(stderr, " and %u more", count - NAMES_MAX);
	fprintf(stderr, "%s\n", count ? "" : "; there are none: iommufd-ctl device bind");
}

/* The device that a word names: vfioN, a PCI address, or the name of a mediated device */
static int find_device(struct ctl *ctl, const char *word, struct search *search)
{
	int rc = ctl_connect(ctl);

	if (rc)
		return rc;
	search->word = word;
	search->found = 0;
	rc = ctl_device_dump_known(ctl, match, search);
	if (rc < 0)
		return ctl_error(ctl, rc, "devices");
	if (search->found == 1)
		return CTL_OK;
	if (search->found)
		fprintf(stderr, "iommufd-ctl: '%s' is the name of %u devices; use vfioN\n", word,
			search->found);
	else
		complain(ctl, word);
	return CTL_NO_OBJECT;
}

int ctl_device_find(struct ctl *ctl, const char *word, struct ctl_attrs *device)
{
	static const char folder[] = "/dev/vfio/devices/";
	static struct search search;
	int rc;

	if (!strncmp(word, folder, strlen(folder)))
		word += strlen(folder);
	rc = find_device(ctl, word, &search);
	if (!rc)
		*device = search.device;
	return rc;
}

int ctl_device_show(struct ctl *ctl, const struct ctl_command *command, char **words)
{
	static struct search search;
	struct iv_attrs device;
	int rc = find_device(ctl, words[0], &search);

	if (rc)
		return rc;
	device = attrs_view(&search.device);
	if (!ctl->columns)
		return ctl_device_details(ctl, &device);
	if (!iv_attr_find(&device, IOMMUFD_A_DEVICE_STATE))
		ctl_device_tell_partial();
	return ctl_table_print_one(ctl, command->table, &device);
}

int ctl_device_revoke(struct ctl *ctl, const struct ctl_command *command, char **words)
{
	static struct search search;
	struct iv_attrs device;
	const char *name;
	int rc = find_device(ctl, words[0], &search);

	(void)command;
	if (rc)
		return rc;
	device = attrs_view(&search.device);
	name = string_of(&device, IOMMUFD_A_DEVICE_NAME);
	if (ctl->replay)
		return CTL_FAILED;
	rc = iv_netlink_revoke(&ctl->nl, name);
	return rc ? ctl_error(ctl, rc, name) : CTL_OK;
}
