// SPDX-License-Identifier: GPL-2.0-only
/*
 * All about one device: what the kernel's family tells, its file, who shares its group, its PASIDs,
 * and what its hardware can do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "device.h"
#include "pci.h"
#include "table.h"

/**
 * struct details - of a device
 * @ctl: the run
 * @device: what the kernel tells of it
 * @parent: what is behind it
 * @json: where it is written, if as JSON
 */
struct details {
	struct ctl *ctl;
	const struct iv_attrs *device;
	const char *parent;
	struct ctl_json json;
};

static uint64_t number_of(const struct details *details, uint16_t type)
{
	return iv_attrs_number(details->device, type, UINT64_MAX);
}

static void write_text(struct details *details, const char *key, const char *name,
		       const char *value)
{
	if (details->ctl->json)
		json_string(&details->json, key, value);
	else
		ctl_print_line(details->ctl, name, value);
}

static void write_file(struct details *details)
{
	const struct nlattr *name = iv_attr_find(details->device, IOMMUFD_A_DEVICE_NAME);
	char path[PATH_MAX], text[PATH_MAX];
	struct stat stat_buf;

	if (!name)
		return;
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", iv_attr_string(name, NULL));
	write_text(details, "file", "FILE", path);
	ctl_path(text, "%s", path);
	if (stat(text, &stat_buf)) {
		if (!details->ctl->json)
			ctl_print_line(details->ctl, "MODE", "there is no such file");
		return;
	}
	snprintf(text, sizeof(text), "%04o, user %u, group %u", stat_buf.st_mode & 07777,
		 stat_buf.st_uid, stat_buf.st_gid);
	write_text(details, "mode", "MODE", text);
}

static void write_member(const struct ctl_member *member, void *data)
{
	struct details *details = data;
	char text[2 * CTL_NAME_SIZE];

	if (!strcmp(member->name, details->parent))
		return;
	if (details->ctl->json) {
		json_open(&details->json, NULL, '{');
		json_string(&details->json, "device", member->name);
		json_string(&details->json, "driver", member->driver);
		json_bool(&details->json, "blocks", !member->harmless);
		json_close(&details->json, '}');
		return;
	}
	snprintf(text, sizeof(text), "%s, driver %s%s", member->name,
		 member->driver[0] ? member->driver : "none",
		 member->harmless ? "" : ": it has to be given to vfio-pci, too");
	ctl_print_line(details->ctl, "MEMBER", text);
}

static int write_pasid(const struct iv_attrs *attrs, void *data)
{
	struct details *details = data;
	char text[64];

	if (iv_attrs_number(attrs, IOMMUFD_A_PASID_ENDPOINT, 0) !=
	    number_of(details, IOMMUFD_A_DEVICE_ENDPOINT))
		return 0;
	if (details->ctl->json) {
		json_open(&details->json, NULL, '{');
		ctl_json_attrs(&details->json, &ctl_pasid_table, attrs);
		json_close(&details->json, '}');
		return 0;
	}
	snprintf(text, sizeof(text), "%llu",
		 (unsigned long long)iv_attrs_number(attrs, IOMMUFD_A_PASID_PASID, 0));
	ctl_print_line(details->ctl, "PASID", text);
	return 0;
}

static void write_pasids(struct details *details)
{
	struct iv_filter filter = {
		.attr = IOMMUFD_A_PASID_CTX,
		.number = number_of(details, IOMMUFD_A_DEVICE_CTX),
	};

	/* They may be gone by now, which is no mistake. */
	if (iv_attr_find(details->device, IOMMUFD_A_DEVICE_CTX))
		ctl_dump(details->ctl, IOMMUFD_NL_CMD_PASID_GET, &filter, 1, write_pasid, details);
}

static void write_cap(const char *text, void *data)
{
	struct details *details = data;

	if (details->ctl->json)
		json_string(&details->json, NULL, text);
	else
		ctl_print_line(details->ctl, "CAPABILITY", text);
}

static bool write_caps(struct details *details)
{
	char resets[CTL_NAME_SIZE];

	if (ctl_read(resets, sizeof(resets), "/sys/bus/pci/devices/%s/reset_method",
		     details->parent) > 0 && !details->ctl->json)
		ctl_print_line(details->ctl, "RESETS", resets);
	return pci_each_cap(details->parent, write_cap, details);
}

static void open_list(struct details *details, const char *key)
{
	if (details->ctl->json)
		json_open(&details->json, key, '[');
}

static void close_list(struct details *details)
{
	if (details->ctl->json)
		json_close(&details->json, ']');
}

static void write_all(struct details *details)
{
	const int group = iv_attr_find(details->device, IOMMUFD_A_DEVICE_GROUP) ?
		(int)number_of(details, IOMMUFD_A_DEVICE_GROUP) : -1;
	bool told;

	if (details->ctl->json)
		ctl_json_attrs(&details->json, &ctl_device_table, details->device);
	else
		ctl_print_attrs(details->ctl, &ctl_device_table, details->device);
	write_file(details);
	open_list(details, "members");
	pci_each_member(group, write_member, details);
	close_list(details);
	open_list(details, "pasids");
	write_pasids(details);
	close_list(details);
	open_list(details, "capabilities");
	told = write_caps(details);
	close_list(details);
	fflush(stdout);
	if (!iv_attr_find(details->device, IOMMUFD_A_DEVICE_STATE))
		fprintf(stderr, "iommufd-ctl: who holds it, its state%s are shown to root only "
			"(CAP_NET_ADMIN)\n", told ? " and PASIDs" : ", PASIDs and capabilities");
}

int ctl_device_details(struct ctl *ctl, const struct iv_attrs *device)
{
	const struct nlattr *parent = iv_attr_find(device, IOMMUFD_A_DEVICE_PARENT);
	struct details details = {
		.ctl = ctl,
		.device = device,
		.parent = parent ? iv_attr_string(parent, NULL) : "",
		.json = { .out = stdout },
	};

	if (ctl->json) {
		json_open(&details.json, NULL, '{');
		json_open(&details.json, "devices", '[');
		json_open(&details.json, NULL, '{');
	}
	write_all(&details);
	if (ctl->json) {
		json_close(&details.json, '}');
		json_close(&details.json, ']');
		json_close(&details.json, '}');
		putchar('\n');
	}
	return CTL_OK;
}
