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

static void find_missing(struct doctor *doctor, const char *id, const char *path)
{
	doctor_find(doctor, id,
		    "udevadm control --reload; udevadm trigger; or mount devtmpfs on /dev",
		    "There is no %s, although its driver is loaded.", path);
}

static void find_forbidden(struct doctor *doctor, const char *path, unsigned int others)
{
	char more[32] = "";

	if (others)
		snprintf(more, sizeof(more), " and %u like it", others);
	doctor_find(doctor, "permissions",
		    "groupadd --system vfio; usermod -aG vfio USER; copy "
		    "/usr/lib/udev/rules.d/60-iommufd-vfio.rules to /etc/udev/rules.d with its last "
		    "lines enabled; udevadm trigger",
		    "User %u may not open %s%s.", getuid(), path, more);
}

/* Whether this user may open a file: 0, or a negative errno */
static int check_file(const char *path)
{
	char real[PATH_MAX];

	ctl_path(real, "%s", path);
	return access(real, R_OK | W_OK) ? -errno : 0;
}

/* Files of devices: the first that may not be opened stands for all of them. */
struct files {
	struct doctor *doctor;
	unsigned int forbidden;
	char first[CTL_NAME_SIZE];
};

static int check_cdev(const char *name, void *data)
{
	struct files *files = data;
	char path[CTL_NAME_SIZE];
	int rc;

	snprintf(path, sizeof(path), "/dev/vfio/devices/%.200s", name);
	rc = check_file(path);
	if (rc == -ENOENT)
		find_missing(files->doctor, "device-file-missing", path);
	else if (rc && !files->forbidden++)
		memcpy(files->first, path, sizeof(path));
	return 0;
}

void doctor_examine_devices(struct doctor *doctor)
{
	struct files files = { .doctor = doctor };
	int rc;

	ctl_each(check_function, doctor, "/sys/bus/pci/devices");
	if (!doctor->modules[0].loaded)
		return;
	rc = check_file("/dev/iommu");
	if (rc == -ENOENT)
		find_missing(doctor, "iommu-file-missing", "/dev/iommu");
	else if (rc)
		find_forbidden(doctor, "/dev/iommu", 0);
	ctl_each(check_cdev, &files, "/sys/class/vfio-dev");
	if (files.forbidden)
		find_forbidden(doctor, files.first, files.forbidden - 1);
}
