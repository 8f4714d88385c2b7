// SPDX-License-Identifier: GPL-2.0-only
/*
 * A choice of driver that outlives a reboot, by the usual means: a rule of udev for the function,
 * which sets its driver_override before udev loads the module of its own driver (80-drivers.rules),
 * loads the other driver and has the bus look again; and a file that has systemd load that driver
 * early. All files are named after this program, one rule for each function, so that taking them
 * away is as simple.
 *
 * An initramfs loads drivers before that. Debian's takes a copy of the rules in /etc when it is
 * made; there the rule's driver_override is what counts, and vfio-pci needn't be in it.
 *
 * Who changes the files holds a lock, as the file of modules is that of all rules. Only root can
 * open it, so that nobody else makes us wait.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "persist.h"

#define RULES "/etc/udev/rules.d"
#define RULE_FORMAT RULES "/70-iommufd-ctl-%s.rules"
#define RULE_PREFIX "70-iommufd-ctl-"
#define MODULES "/etc/modules-load.d"
#define MODULES_FILE MODULES "/iommufd-ctl.conf"
#define LOCK_FOLDER "/run"
#define LOCK LOCK_FOLDER "/iommufd-ctl.lock"

static int write_text(FILE *file, const char *text)
{
	int rc = fputs(text, file) < 0 || fflush(file) || fsync(fileno(file)) ? -errno : 0;

	return fclose(file) && !rc ? -errno : rc;
}

/* Writes a file aside, so that it is there whole or not at all. */
static int replace_file(const char *path, const char *text)
{
	char aside[PATH_MAX];
	FILE *file;
	int rc;

	if (snprintf(aside, sizeof(aside), "%s.new", path) >= (int)sizeof(aside))
		return -ENAMETOOLONG;
	file = fopen(aside, "we");
	if (!file)
		return -errno;
	rc = write_text(file, text);
	if (!rc && rename(aside, path))
		rc = -errno;
	if (rc)
		unlink(aside);
	return rc;
}

/* With all that are above it; where that fails @path ends. */
static int make_folder(char path[PATH_MAX])
{
	char *slash = path + strlen(ctl_root);

	while ((slash = strchr(slash + 1, '/'))) {
		*slash = 0;
		if (mkdir(path, 0755) && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return mkdir(path, 0755) && errno != EEXIST ? -errno : 0;
}

/* Waits for the lock, which is held until what is returned is closed; or a negative errno. */
static int take_lock(void)
{
	char path[PATH_MAX];
	int fd, rc;

	ctl_path(path, LOCK_FOLDER);
	rc = make_folder(path);
	if (rc)
		return rc;
	ctl_path(path, LOCK);
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (!flock(fd, LOCK_EX))
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

/* modprobe's name for a driver's module */
static void module_of(char module[CTL_NAME_SIZE], const char *driver)
{
	if (ctl_link_name(module, "/sys/bus/pci/drivers/%s/module", driver))
		snprintf(module, CTL_NAME_SIZE, "%s", driver);
}

static int write_rule(const char *addr, const char *driver)
{
	char path[PATH_MAX], module[CTL_NAME_SIZE], *text;
	int rc;

	module_of(module, driver);
	ctl_path(path, RULE_FORMAT, addr);
	if (asprintf(&text,
		     "# Made by: iommufd-ctl device bind %s --driver %s --persist\n"
		     "# Taken away by: iommufd-ctl device unbind %s\n"
		     "ACTION==\"add\", SUBSYSTEM==\"pci\", KERNEL==\"%s\", "
		     "ATTR{driver_override}=\"%s\", "
		     "RUN{builtin}+=\"kmod load %s\", "
		     "RUN+=\"/bin/sh -c 'echo %s >/sys/bus/pci/drivers_probe'\"\n",
		     addr, driver, addr, addr, driver, module, addr) < 0)
		return -ENOMEM;
	rc = replace_file(path, text);
	free(text);
	return rc;
}

/* Adds the driver's module to those that are loaded early. */
static int write_modules(const char *driver)
{
	char path[PATH_MAX], module[CTL_NAME_SIZE + 2], *have, *text = NULL;
	int rc = 0;

	module[0] = '\n';
	module_of(module + 1, driver);
	strcat(module, "\n");
	ctl_path(path, MODULES_FILE);
	have = ctl_read_all(MODULES_FILE);
	if (!have || !strstr(have, module)) {
		if (asprintf(&text, "%s%s", have ?: "# Made by iommufd-ctl device bind --persist\n",
			     module + 1) < 0)
			rc = -ENOMEM;
		else
			rc = replace_file(path, text);
		free(text);
	}
	free(have);
	return rc;
}

/* The rule as it was: @text, or none */
static void restore_rule(const char *addr, const char *text)
{
	char path[PATH_MAX];

	ctl_path(path, RULE_FORMAT, addr);
	if (text)
		replace_file(path, text);
	else
		unlink(path);
}

/* With the lock held */
static int add_files(const char *addr, const char *driver)
{
	char path[PATH_MAX], *old;
	int rc;

	ctl_path(path, RULES);
	rc = make_folder(path);
	ctl_path(path, MODULES);
	rc = rc ?: make_folder(path);
	if (rc)
		return rc;
	old = ctl_read_all(RULE_FORMAT, addr);
	/* What can't be read can't be restored. */
	if (!old && persist_has(addr))
		return -EIO;
	rc = write_rule(addr, driver);
	if (!rc) {
		rc = write_modules(driver);
		if (rc)
			restore_rule(addr, old);
	}
	free(old);
	return rc;
}

/* All or nothing: 0, or a negative errno with everything as it was. */
int persist_add(const char *addr, const char *driver)
{
	int lock = take_lock(), rc;

	if (lock < 0)
		return lock;
	rc = add_files(addr, driver);
	close(lock);
	return rc;
}

static int is_rule(const char *name, void *data)
{
	(void)data;
	return !strncmp(name, RULE_PREFIX, strlen(RULE_PREFIX));
}

/* With the lock held */
static int remove_files(const char *addr)
{
	char path[PATH_MAX];

	ctl_path(path, RULE_FORMAT, addr);
	if (unlink(path) && errno != ENOENT)
		return -errno;
	/* Without a rule nobody needs the drivers early. */
	ctl_path(path, MODULES_FILE);
	if (ctl_each(is_rule, NULL, RULES) != 1 && unlink(path) && errno != ENOENT)
		return -errno;
	return 0;
}

/* 0, also if there was nothing; or a negative errno */
int persist_remove(const char *addr)
{
	int lock, rc;

	if (!persist_has(addr))
		return 0;
	lock = take_lock();
	if (lock < 0)
		return lock;
	rc = remove_files(addr);
	close(lock);
	return rc;
}

bool persist_has(const char *addr)
{
	return ctl_exists(RULE_FORMAT, addr);
}

/* What was, or would be, written, and what that can't do */
void persist_describe(const char *addr, const char *driver, const char *native)
{
	printf("  " RULE_FORMAT " and " MODULES_FILE "\n", addr);
	printf("  choose %s at each start of the machine.\n", driver);
	if (!*native)
		return;
	if (!ctl_exists("/sys/bus/pci/drivers/%s/module", native)) {
		printf("  But %s is built into the kernel and is there first: bind the function\n"
		       "  with iommufd-ctl each time.\n", native);
		return;
	}
	printf("  They come too late if the initramfs has %s, as Debian's has, until that has the\n"
	       "  rule, too: update-initramfs -u\n",
	       native);
}

/* A rule that is gone may live on. */
void persist_describe_removed(void)
{
	printf("  An initramfs that was made meanwhile has the rule still: update-initramfs -u\n");
}
