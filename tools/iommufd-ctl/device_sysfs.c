// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that vfio offers, for those whom the kernel's family tells nothing: names, parents,
 * drivers and groups are in sysfs, for everybody.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "device.h"
#include "file.h"

#define CLASS "/sys/class/vfio-dev"

struct listing {
	iv_netlink_fn fn;
	void *data;
};

static void put_link(struct ctl_attrs *attrs, uint16_t type, const char *name, const char *link)
{
	char text[CTL_NAME_SIZE];

	if (ctl_link_name(text, CLASS "/%s/%s", name, link))
		return;
	if (type == IOMMUFD_A_DEVICE_GROUP)
		attrs_put_number(attrs, type, strtoul(text, NULL, 10));
	else
		attrs_put_string(attrs, type, text);
}

static int tell_device(const char *name, void *data)
{
	const struct listing *listing = data;
	struct ctl_attrs attrs = {};
	struct iv_attrs view;

	attrs_put_string(&attrs, IOMMUFD_A_DEVICE_NAME, name);
	put_link(&attrs, IOMMUFD_A_DEVICE_PARENT, name, "device");
	put_link(&attrs, IOMMUFD_A_DEVICE_BUS, name, "device/subsystem");
	put_link(&attrs, IOMMUFD_A_DEVICE_DRIVER, name, "device/driver");
	put_link(&attrs, IOMMUFD_A_DEVICE_GROUP, name, "device/iommu_group");
	view = attrs_view(&attrs);
	return listing->fn(&view, listing->data);
}

int ctl_device_dump_known(struct ctl *ctl, iv_netlink_fn fn, void *data)
{
	struct listing listing = { .fn = fn, .data = data };
	int rc = ctl_dump(ctl, IOMMUFD_NL_CMD_DEVICE_GET, NULL, 0, fn, data);

	if (rc != -EPERM)
		return rc;
	rc = ctl_each(tell_device, &listing, CLASS);
	return rc == -ENOENT ? 0 : rc;
}

/**
 * struct counted - a dump that is listened to
 * @fn: who else listens
 * @data: for @fn
 * @partial: a device came without its state
 */
struct counted {
	iv_netlink_fn fn;
	void *data;
	bool partial;
};

static int note_device(const struct iv_attrs *attrs, void *data)
{
	struct counted *counted = data;

	counted->partial |= !iv_attr_find(attrs, IOMMUFD_A_DEVICE_STATE);
	return counted->fn(attrs, counted->data);
}

void ctl_device_tell_partial(void)
{
	fprintf(stderr, "iommufd-ctl: who holds devices, and their state, is shown to root only "
		"(CAP_NET_ADMIN)\n");
}

int ctl_device_dump(struct ctl *ctl, iv_netlink_fn fn, void *data)
{
	struct counted counted = { .fn = fn, .data = data };
	int rc = ctl_device_dump_known(ctl, note_device, &counted);

	if (counted.partial)
		ctl_device_tell_partial();
	return rc;
}
