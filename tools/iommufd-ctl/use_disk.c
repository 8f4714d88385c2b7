// SPDX-License-Identifier: GPL-2.0-only
/*
 * Disks of a device that are in use: mounted, swapped to, or part of something else (a partition,
 * LVM, device mapper, md, bcache) that is. sysfs knows what is made of what: partitions are folders
 * in their disk's, and "holders" leads to what is made of it. What a file system in another
 * namespace holds for itself, or a program that opened it with O_EXCL, is found by trying to do the
 * same. Who has opened it otherwise is not.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "use.h"

/* Disks on disks on disks: more than anybody has, and an end to loops. */
#define DEPTH_MAX 16

/**
 * struct disks - a search
 * @uses: where reasons go
 * @top: only disks whose folders are below this one
 * @depth: how many disks below others this is
 * @mounts: /proc/self/mountinfo
 * @swaps: /proc/swaps
 */
struct disks {
	struct ctl_uses *uses;
	const char *top;
	unsigned int depth;
	const char *mounts;
	const char *swaps;
};

static void check_disk(struct disks *disks, const char *name);

/* Whether a path in /dev is that of the disk, perhaps through links of udev */
static bool is_node_of(const char *path, const char *name)
{
	char real[PATH_MAX];

	if (strncmp(path, "/dev/", 5))
		return false;
	if (!strcmp(path + 5, name))
		return true;
	return !ctl_real_path(real, "%s", path) && !strcmp(real + 5, name);
}

/* Names that people know: vg-root rather than dm-0 */
static void friendly_name(char text[CTL_NAME_SIZE], const char *name)
{
	char mapper[128];

	if (ctl_read(mapper, sizeof(mapper), "/sys/class/block/%s/dm/name", name) > 0)
		snprintf(text, CTL_NAME_SIZE, "%.100s (%s)", name, mapper);
	else
		snprintf(text, CTL_NAME_SIZE, "%s", name);
}

/* Whether a mount's source is any text that its user has chosen. What is on a disk is "fuseblk". */
static bool is_fuse(const char *type)
{
	return !strncmp(type, "fuse", 4) && (type[4] == ' ' || type[4] == '.');
}

/* Where a disk is mounted, which is a line of mountinfo: by its number, or by its name, since some
 * file systems (btrfs) have numbers of their own.
 */
static void check_mounts(struct disks *disks, const char *name, const char *number)
{
	char line[PATH_MAX * 2], where[PATH_MAX], source[PATH_MAX];
	char device[32], known[CTL_NAME_SIZE];
	const char *at, *rest;
	size_t size;

	friendly_name(known, name);
	for (at = disks->mounts ?: ""; *at; at += size + !!at[size]) {
		size = strcspn(at, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)size, at);
		rest = strstr(line, " - ");
		if (sscanf(line, "%*s %*s %31s %*s %4095s", device, where) != 2 || !rest ||
		    sscanf(rest, " - %*s %4095s", source) != 1)
			continue;
		if (strcmp(device, number) && (is_fuse(rest + 3) || !is_node_of(source, name)))
			continue;
		use_add(disks->uses, "its disk %s is mounted on %s", known, where);
		return;
	}
}

static void check_swaps(struct disks *disks, const char *name)
{
	char path[PATH_MAX], known[CTL_NAME_SIZE];
	const char *at;

	friendly_name(known, name);
	for (at = disks->swaps ?: ""; *at; at += strcspn(at, "\n"), at += !!*at)
		if (sscanf(at, "%4095s", path) == 1 && is_node_of(path, name))
			use_add(disks->uses, "its disk %s is swapped to", known);
}

/* Whether somebody has it for himself: then he who asks for that is refused. */
static void check_held(struct disks *disks, const char *name)
{
	char path[PATH_MAX], *slash;
	struct stat stat;
	int fd;

	if (ctl_root[0])
		return;
	snprintf(path, sizeof(path), "/dev/%s", name);
	for (slash = path + 5; (slash = strchr(slash, '!')); )
		*slash = '/';
	if (lstat(path, &stat) || !S_ISBLK(stat.st_mode))
		return;
	fd = open(path, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	else if (errno == EBUSY)
		use_add(disks->uses, "its disk %s is in use", name);
}

static int check_holder(const char *holder, void *data)
{
	struct disks *disks = data;
	unsigned int before = disks->uses->count;
	char known[CTL_NAME_SIZE];

	check_disk(disks, holder);
	friendly_name(known, holder);
	/* That it is made of the device is enough, but what it is used for says more. */
	if (disks->uses->count == before)
		use_add(disks->uses, "its disk is part of %s", known);
	return 0;
}

static int check_entry(const char *name, void *data)
{
	struct disks *disks = data;
	char path[PATH_MAX];

	if (!ctl_real_path(path, "/sys/class/block/%s", name) && ctl_is_below(path, disks->top))
		check_disk(disks, name);
	return 0;
}

/* Partitions of a disk that was reached through a holder */
static int check_partition(const char *name, void *data)
{
	struct disks *disks = data;

	if (ctl_exists("/sys/class/block/%s/%s/partition", disks->top, name))
		check_disk(disks, name);
	return 0;
}

static void check_disk(struct disks *disks, const char *name)
{
	struct disks above = *disks;
	unsigned int before = disks->uses->count;
	char number[32];

	if (++above.depth > DEPTH_MAX)
		return;
	ctl_read(number, sizeof(number), "/sys/class/block/%s/dev", name);
	check_mounts(disks, name, number);
	check_swaps(disks, name);
	ctl_each(check_holder, &above, "/sys/class/block/%s/holders", name);
	if (disks->depth) {
		above.top = name;
		ctl_each(check_partition, &above, "/sys/class/block/%s", name);
	}
	if (disks->uses->count == before)
		check_held(disks, name);
}

/*
 * An NVMe drive with several controllers: its disks are those of a subsystem, whose folder has a
 * link for each controller.
 */
static int check_subsystem(const char *name, void *data)
{
	const struct disks *disks = data;
	char path[PATH_MAX], top[PATH_MAX];
	struct disks below = *disks;
	int i;

	for (i = 0; i < 256; i++) {
		if (ctl_real_path(path, "/sys/class/nvme-subsystem/%s/nvme%d", name, i) ||
		    !ctl_is_below(path, disks->top))
			continue;
		if (ctl_real_path(top, "/sys/class/nvme-subsystem/%s", name))
			continue;
		below.top = top;
		ctl_each(check_entry, &below, "/sys/class/block");
	}
	return 0;
}

void use_find_disks(struct ctl_uses *uses, const struct ctl_pci *pci)
{
	char *mounts = ctl_read_all("/proc/self/mountinfo");
	char *swaps = ctl_read_all("/proc/swaps");
	struct disks disks = {
		.uses = uses, .top = pci->path, .mounts = mounts, .swaps = swaps,
	};

	ctl_each(check_entry, &disks, "/sys/class/block");
	ctl_each(check_subsystem, &disks, "/sys/class/nvme-subsystem");
	free(mounts);
	free(swaps);
}
