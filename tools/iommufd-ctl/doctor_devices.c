// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices: can their groups be used, and may this user open their files?
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "pci.h"

/* A group whose members are looked at, for a device of vfio's */
struct group {
	struct doctor *doctor;
	const char *addr;
	int group;
};

static void check_member(const struct ctl_member *member, void *data)
{
	struct group *group = data;
	char remedy[PATH_MAX];

	if (member->harmless)
		return;
	snprintf(remedy, sizeof(remedy), "iommufd-ctl device bind %s", member->name);
	doctor_find(group->doctor, "group-not-viable", remedy,
		    "%s can't be used: %s, in the same IOMMU group %d, has the kernel's driver %s.",
		    group->addr, member->name, group->group, member->driver);
}

static int check_function(const char *addr, void *data)
{
	struct group group = { .doctor = data, .addr = addr };
	struct ctl_pci pci;

	if (!pci_is_vfio(addr) || pci_read(&pci, addr))
		return 0;
	group.group = pci.group;
	pci_each_member(pci.group, check_member, &group);
	return 0;
}

/* A file that this user is to open */
static void check_file(struct doctor *doctor, const char *path, const char *missing_id)
{
	char real[PATH_MAX];

	ctl_path(real, "%s", path);
	if (!access(real, R_OK | W_OK))
		return;
	if (errno == ENOENT)
		doctor_find(doctor, missing_id,
			    "udevadm control --reload; udevadm trigger; or mount devtmpfs on /dev",
			    "There is no %s, although its driver is loaded.", path);
	else
		doctor_find(doctor, "permissions",
			    "groupadd --system vfio; usermod -aG vfio USER; copy "
			    "/usr/lib/udev/rules.d/60-iommufd-vfio.rules to /etc/udev/rules.d with its "
			    "last lines enabled; udevadm trigger",
			    "User %u may not open %s: %s.", getuid(), path, strerror(errno));
}

static int check_cdev(const char *name, void *data)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", name);
	check_file(data, path, "device-file-missing");
	return 0;
}

void doctor_examine_devices(struct doctor *doctor)
{
	ctl_each(check_function, doctor, "/sys/bus/pci/devices");
	if (!doctor->modules[0].loaded)
		return;
	check_file(doctor, "/dev/iommu", "iommu-file-missing");
	ctl_each(check_cdev, doctor, "/sys/class/vfio-dev");
}
