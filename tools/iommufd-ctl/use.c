// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a PCI function is used for: all but disks and networks, which have files of their own.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "use.h"

/* The same sentence twice is one reason. */
void use_add(struct ctl_uses *uses, const char *format, ...)
{
	va_list args;
	unsigned int i;
	char *text;
	int size;

	va_start(args, format);
	size = vasprintf(&text, format, args);
	va_end(args);
	if (size < 0)
		return;
	for (i = 0; i < uses->count; i++)
		if (!strcmp(uses->text[i], text))
			break;
	if (i < uses->count || i == USES_MAX)
		free(text);
	else
		uses->text[uses->count++] = text;
}

void use_free(struct ctl_uses *uses)
{
	while (uses->count)
		free(uses->text[--uses->count]);
}

static int first_entry(const char *name, void *data)
{
	snprintf(data, CTL_NAME_SIZE, "%s", name);
	return 1;
}

/* The screen that the firmware has chosen, while something is drawn on it */
static void find_screen(struct ctl_uses *uses, const struct ctl_pci *pci)
{
	char text[16], frame[CTL_NAME_SIZE] = "";

	if (ctl_read(text, sizeof(text), "%s/boot_vga", pci->path) < 0 || strcmp(text, "1"))
		return;
	ctl_each(first_entry, frame, "/sys/class/graphics");
	if (!strncmp(frame, "fb", 2) && strcmp(frame, "fbcon"))
		use_add(uses, "it is the graphics card that the machine started with, and shows %s",
			frame);
	else if (pci->driver[0])
		use_add(uses,
			"it is the graphics card that the machine started with; %s drives it",
			pci->driver);
}

/* Virtual functions of its own, which go when its driver does, whichever that is */
void use_find_functions(struct ctl_uses *uses, const struct ctl_pci *pci)
{
	char text[16];

	if (ctl_read(text, sizeof(text), "%s/sriov_numvfs", pci->path) > 0 && atoi(text))
		use_add(uses, "it has %d virtual functions, which need its driver", atoi(text));
}

/**
 * struct consoles - a search for terminals
 * @uses: where reasons go
 * @pci: the function
 * @active: names of those that are the kernel's console
 */
struct consoles {
	struct ctl_uses *uses;
	const struct ctl_pci *pci;
	char active[CTL_NAME_SIZE];
};

static int check_tty(const char *name, void *data)
{
	struct consoles *consoles = data;
	char path[PATH_MAX];
	const char *at = consoles->active;

	for (; *at; at += strcspn(at, " "), at += strspn(at, " ")) {
		if (strncmp(at, name, strlen(name)) || !strchr(" ", at[strlen(name)]))
			continue;
		if (!ctl_real_path(path, "/sys/class/tty/%s", name) &&
		    ctl_is_below(path, consoles->pci->path))
			use_add(consoles->uses, "its terminal %s is the kernel's console", name);
	}
	return 0;
}

static void find_consoles(struct ctl_uses *uses, const struct ctl_pci *pci)
{
	struct consoles consoles = { .uses = uses, .pci = pci };

	if (ctl_read(consoles.active, sizeof(consoles.active),
		     "/sys/class/tty/console/active") > 0)
		ctl_each(check_tty, &consoles, "/sys/class/tty");
}

struct group {
	struct ctl_uses *uses;
	const struct ctl_pci *pci;
};

static void check_member(const struct ctl_member *member, void *data)
{
	struct group *group = data;

	if (strcmp(member->name, group->pci->addr) && !member->harmless)
		use_add(group->uses, "its IOMMU group %d also has %s, which %s drives: as long as "
			"that is so, no program can use any of them", group->pci->group,
			member->name, member->driver);
}

/**
 * use_find() - why a function should not be taken from its driver
 * @uses: what is added to
 * @pci: the function
 *
 * What is used in other mount or network namespaces only is not found, but for disks, if this is
 * asked by root.
 */
void use_find(struct ctl_uses *uses, const struct ctl_pci *pci)
{
	struct group group = { .uses = uses, .pci = pci };

	use_find_disks(uses, pci);
	use_find_networks(uses, pci);
	find_screen(uses, pci);
	find_consoles(uses, pci);
	use_find_functions(uses, pci);
	pci_each_member(pci->group, check_member, &group);
}
