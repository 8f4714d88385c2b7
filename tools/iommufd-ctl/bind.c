// SPDX-License-Identifier: GPL-2.0-only
/*
 * Giving PCI functions to vfio-pci, and back. It is done whole or not at all: who fails half-way
 * gives the function back to the driver that it had. What is in use is not taken, unless that is
 * forced.
 */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "persist.h"
#include "table.h"
#include "use.h"

#define DEFAULT_DRIVER "vfio-pci"

/**
 * struct change - of a function's driver
 * @ctl: the run
 * @pci: the function, as it was
 * @driver: the driver that it is to have; NULL: its own
 * @force: although it is in use
 * @dry: just tell
 * @persist: also from the next start of the machine on; only with a @driver
 * @native: it is to have its own driver, and has it already
 * @forgets: a choice by --persist is taken back
 */
struct change {
	struct ctl *ctl;
	struct ctl_pci pci;
	const char *driver;
	bool force;
	bool dry;
	bool persist;
	bool native;
	bool forgets;
};

/* What is looked for among vfio's devices */
struct holders {
	struct ctl_uses *uses;
	const char *addr;
};

static int check_holder(const struct iv_attrs *attrs, void *data)
{
	const struct nlattr *parent = iv_attr_find(attrs, IOMMUFD_A_DEVICE_PARENT);
	const struct nlattr *comm = iv_attr_find(attrs, IOMMUFD_A_DEVICE_COMM);
	const uint64_t files = iv_attrs_number(attrs, IOMMUFD_A_DEVICE_FILES, 0);
	struct holders *holders = data;

	if (!parent || !files || strcmp(iv_attr_string(parent, NULL), holders->addr))
		return 0;
	use_add(holders->uses, "process %llu (%s) has it open",
		(unsigned long long)iv_attrs_number(attrs, IOMMUFD_A_DEVICE_PID, 0),
		comm ? iv_attr_string(comm, NULL) : "");
	return 0;
}

/* Who has it open through vfio, as far as that can be told */
static void find_holder(struct ctl *ctl, struct ctl_uses *uses, const char *addr)
{
	struct holders holders = { .uses = uses, .addr = addr };

	if (!ctl_try_connect(ctl))
		ctl_dump(ctl, IOMMUFD_NL_CMD_DEVICE_GET, NULL, 0, check_holder, &holders);
}

/* Names in it, of mount points for one, are whatever users have chosen. */
static void print_use(const char *text)
{
	char *printable = ctl_printable(text, strlen(text));

	fprintf(stderr, "  %s\n", printable ?: "");
	free(printable);
}

/* Whether it may be taken from its driver; else the user has been told why not. */
static int check_uses(const struct change *change)
{
	struct ctl_uses uses = {};
	unsigned int i;

	if (change->driver)
		use_find(&uses, &change->pci);
	else
		use_find_functions(&uses, &change->pci);
	find_holder(change->ctl, &uses, change->pci.addr);
	if (!uses.count)
		return CTL_OK;
	fprintf(stderr, "iommufd-ctl: %s is in use%s:\n", change->pci.addr,
		change->force ? ", and is taken all the same" : "");
	for (i = 0; i < uses.count; i++)
		print_use(uses.text[i]);
	if (!change->force)
		fprintf(stderr, "--force takes it all the same.\n");
	use_free(&uses);
	return change->force ? CTL_OK : CTL_IN_USE;
}

static bool is_driver_name(const char *name)
{
	const char *at;

	for (at = name; *at; at++)
		if (!isalnum((unsigned char)*at) && *at != '_' && *at != '-')
			return false;
	return *name;
}

static int print_driver(const char *name, void *data)
{
	(void)data;
	if (strstr(name, "vfio") || strstr(name, "stub"))
		fprintf(stderr, " %s", name);
	return 0;
}

/* The driver is there, or can be loaded; else the user has been told. */
static int load_driver(const char *driver, bool dry)
{
	int status;
	pid_t pid;

	if (ctl_exists("/sys/bus/pci/drivers/%s", driver) || dry)
		return CTL_OK;
	pid = fork();
	if (!pid) {
		execlp("modprobe", "modprobe", "--", driver, NULL);
		execl("/sbin/modprobe", "modprobe", "--", driver, NULL);
		_exit(127);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (ctl_exists("/sys/bus/pci/drivers/%s", driver))
		return CTL_OK;
	fprintf(stderr, "iommufd-ctl: there is no PCI driver '%s'; those for such a use are:",
		driver);
	ctl_each(print_driver, NULL, "/sys/bus/pci/drivers");
	fprintf(stderr, "\n");
	return strcmp(driver, DEFAULT_DRIVER) ? CTL_NO_OBJECT : CTL_NO_MODULE;
}

static int complain(const struct change *change, int rc, const char *what)
{
	fprintf(stderr, "iommufd-ctl: %s: %s: %s%s\n", change->pci.addr, what, strerror(-rc),
		rc == -EACCES || rc == -EPERM ? " (only root may)" : "");
	return rc == -EACCES || rc == -EPERM ? CTL_NO_PERMISSION : CTL_FAILED;
}

static void name_or_none(char name[CTL_NAME_SIZE], const char *addr)
{
	if (ctl_link_name(name, "/sys/bus/pci/devices/%s/driver", addr))
		name[0] = 0;
}

/* Back to what it was, after @rc; tells both. */
static int undo(const struct change *change, struct iv_pci_claim *claim, int rc, const char *what)
{
	const char *had = change->pci.driver;
	char now[CTL_NAME_SIZE];

	rc = complain(change, rc, what);
	iv_pci_claim_release(claim);
	name_or_none(now, change->pci.addr);
	if (strcmp(now, had))
		fprintf(stderr, "iommufd-ctl: and %s has not taken it back: it has %s%s\n", had,
			*now ? "" : "no driver", now);
	else
		fprintf(stderr, "iommufd-ctl: all is as it was: it has %s%s\n",
			*now ? "" : "no driver", now);
	return rc;
}

static int first_vfio(const char *name, void *data)
{
	snprintf(data, CTL_NAME_SIZE, "%s", name);
	return !strncmp(name, "vfio", 4);
}

/* Which driver would have it at the next start, if not for us; "" if that isn't known */
static const char *rival(const struct change *change)
{
	return strcmp(change->pci.driver, change->driver) ? change->pci.driver : "";
}

static void tell_plan(const struct change *change)
{
	const char *had = change->pci.driver;

	printf("%s: would go from %s%s to %s\n", change->pci.addr, *had ? "" : "no driver", had,
	       change->driver ?: "its own driver");
	if (change->persist)
		persist_describe(change->pci.addr, change->driver, rival(change));
}

/* What became of it */
static void tell(const struct change *change)
{
	const char *addr = change->pci.addr, *had = change->pci.driver;
	struct ctl_json json = { .out = stdout };
	char now[CTL_NAME_SIZE], cdev[CTL_NAME_SIZE] = "";

	name_or_none(now, addr);
	/* Kernels without such files have the folder all the same. */
	if (ctl_each(first_vfio, cdev, "/sys/bus/pci/devices/%s/vfio-dev", addr) != 1 ||
	    !ctl_exists("/sys/bus/pci/devices/%s/vfio-dev/%s/dev", addr, cdev))
		cdev[0] = 0;
	if (change->ctl->json) {
		json_open(&json, NULL, '{');
		json_string(&json, "address", addr);
		json_string(&json, "old", had);
		json_string(&json, "new", now);
		if (cdev[0])
			json_string(&json, "name", cdev);
		json_bool(&json, "persistent", persist_has(addr));
		json_close(&json, '}');
		putchar('\n');
		return;
	}
	printf("%s: %s%s -> %s%s", addr, *had ? "" : "no driver", had, *now ? "" : "no driver",
	       now);
	if (cdev[0])
		printf(", /dev/vfio/devices/%s", cdev);
	else if (!strcmp(now, DEFAULT_DRIVER))
		printf(", without a file: iommufd-ctl doctor tells why");
	putchar('\n');
	if (change->persist)
		persist_describe(addr, change->driver, rival(change));
	if (change->forgets)
		persist_describe_removed();
}

/* From the first change to the last, no signal ends us half-way. */
static int bind_now(const struct change *change)
{
	struct iv_pci_claim claim;
	sigset_t all, before;
	int rc, status = CTL_OK;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	rc = iv_pci_claim(&claim, change->pci.addr, change->driver);
	if (rc) {
		status = undo(change, &claim, rc, change->driver);
	} else if (change->persist) {
		rc = persist_add(change->pci.addr, change->driver);
		if (rc)
			status = undo(change, &claim, rc, "files in /etc");
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}

static int check_bind(const struct change *change)
{
	const struct ctl_pci *pci = &change->pci;

	if (!is_driver_name(change->driver)) {
		fprintf(stderr, "iommufd-ctl: '%s' is no name of a driver\n", change->driver);
		return CTL_USAGE;
	}
	if (pci->class == PCI_CLASS_BRIDGE) {
		fprintf(stderr, "iommufd-ctl: %s is a bridge: give what is behind it\n", pci->addr);
		return CTL_FAILED;
	}
	if (pci->group < 0 && !change->force) {
		fprintf(stderr, "iommufd-ctl: %s is in no IOMMU group, so that nothing would keep "
			"its DMA apart: iommufd-ctl doctor tells why\n", pci->addr);
		return CTL_FAILED;
	}
	return strcmp(pci->driver, change->driver) ? check_uses(change) : CTL_OK;
}

/* Makes a change that has been found possible by @now, or only tells of it. */
static int carry_out(const struct change *change, int (*now)(const struct change *change))
{
	int rc;

	if (change->dry) {
		tell_plan(change);
		return CTL_OK;
	}
	/* A tree for tests is for looking at. */
	if (ctl_root[0]) {
		fprintf(stderr,
			"iommufd-ctl: with IOMMUFD_CTL_ROOT nothing can be changed: --dry-run\n");
		return CTL_FAILED;
	}
	rc = now(change);
	if (!rc)
		tell(change);
	return rc;
}

static int begin(struct change *change, struct ctl *ctl, const char *word)
{
	char addr[IV_PCI_ADDR_SIZE];
	int rc, status;

	*change = (struct change){
		.ctl = ctl,
		.force = ctl_option(ctl, "force"),
		.dry = ctl_option(ctl, "dry-run"),
		.persist = ctl_option(ctl, "persist"),
	};
	rc = pci_find(word, addr);
	if (rc)
		return rc;
	rc = pci_read(&change->pci, addr);
	if (!rc)
		return CTL_OK;
	status = complain(change, rc, "sysfs");
	/* It was there a moment ago. */
	return rc == -ENOENT ? CTL_NO_OBJECT : status;
}

int ctl_device_bind(struct ctl *ctl, const struct ctl_command *command, char **words)
{
	struct change change;
	int rc = begin(&change, ctl, words[0]);

	(void)command;
	change.driver = ctl_option(ctl, "driver") ?: DEFAULT_DRIVER;
	rc = rc ?: check_bind(&change);
	rc = rc ?: load_driver(change.driver, change.dry);
	return rc ?: carry_out(&change, bind_now);
}

/* Nobody has chosen a driver for it, and it has one that is no vfio driver. */
static bool is_native(const struct ctl_pci *pci)
{
	char override[CTL_NAME_SIZE];

	ctl_read(override, sizeof(override), "/sys/bus/pci/devices/%s/driver_override", pci->addr);
	return pci->driver[0] && !pci_is_vfio(pci->addr) && strcmp(pci->driver, "pci-stub") &&
	       (!override[0] || !strcmp(override, "(null)"));
}

static int unbind_now(const struct change *change)
{
	int rc = change->native ? 0 : iv_pci_choose_driver(change->pci.addr);

	if (rc)
		return complain(change, rc, "its own driver");
	rc = persist_remove(change->pci.addr);
	return rc ? complain(change, rc, "files in /etc") : CTL_OK;
}

int ctl_device_unbind(struct ctl *ctl, const struct ctl_command *command, char **words)
{
	struct change change;
	int rc = begin(&change, ctl, words[0]);

	(void)command;
	if (rc)
		return rc;
	change.native = is_native(&change.pci);
	if (!change.native)
		rc = check_uses(&change);
	change.forgets = persist_has(change.pci.addr);
	return rc ?: carry_out(&change, unbind_now);
}
