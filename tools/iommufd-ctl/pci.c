// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCI functions, as sysfs has them.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "pci.h"

#define DEVICES "/sys/bus/pci/devices"

/* Whether it looks like an address: [domain:]bus:device.function */
bool pci_is_address(const char *word)
{
	unsigned int domain, bus, device, function;
	int end = 0;

	if (sscanf(word, "%8x:%2x:%2x.%1x%n", &domain, &bus, &device, &function, &end) == 4 &&
	    !word[end])
		return true;
	end = 0;
	return sscanf(word, "%2x:%2x.%1x%n", &bus, &device, &function, &end) == 3 && !word[end];
}

/**
 * struct search - for a function
 * @word: what it was called
 * @addr: the function that was found
 * @found: how many
 */
struct search {
	const char *word;
	char *addr;
	unsigned int found;
};

static int match(const char *name, void *data)
{
	struct search *search = data;
	const char *rest = strchr(name, ':');

	if (strlen(name) >= IV_PCI_ADDR_SIZE ||
	    (strcasecmp(name, search->word) && (!rest || strcasecmp(rest + 1, search->word))))
		return 0;
	strcpy(search->addr, name);
	search->found++;
	return 0;
}

/**
 * pci_find() - the function that a word names
 * @word: its address, without the domain if that is clear
 * @addr: set to what sysfs calls it
 *
 * Return: enum ctl_exit; if there is none, the user has been told.
 */
int pci_find(const char *word, char addr[IV_PCI_ADDR_SIZE])
{
	struct search search = { .word = word, .addr = addr };

	addr[0] = 0;
	ctl_each(match, &search, DEVICES);
	if (search.found == 1)
		return CTL_OK;
	if (search.found)
		fprintf(stderr, "iommufd-ctl: '%s' is in %u domains; say which: %s\n", word,
			search.found, addr);
	else if (pci_is_address(word))
		fprintf(stderr, "iommufd-ctl: there is no PCI function '%s'; lspci -D lists them\n",
			word);
	else
		fprintf(stderr, "iommufd-ctl: '%s' is no PCI address, such as 0000:01:00.0\n",
			word);
	return search.found || pci_is_address(word) ? CTL_NO_OBJECT : CTL_USAGE;
}

/* All about a function; 0, or a negative errno */
int pci_read(struct ctl_pci *pci, const char *addr)
{
	char text[CTL_NAME_SIZE];
	int rc;

	memset(pci, 0, sizeof(*pci));
	snprintf(pci->addr, sizeof(pci->addr), "%s", addr);
	rc = ctl_real_path(pci->path, DEVICES "/%s", addr);
	if (rc)
		return rc;
	ctl_read(text, sizeof(text), DEVICES "/%s/class", addr);
	pci->class = strtoul(text, NULL, 0) >> 8;
	ctl_link_name(pci->driver, DEVICES "/%s/driver", addr);
	rc = ctl_link_name(text, DEVICES "/%s/iommu_group", addr);
	pci->group = rc ? rc : atoi(text);
	return 0;
}

/* Whether its driver offers it through vfio */
bool pci_is_vfio(const char *addr)
{
	char driver[CTL_NAME_SIZE];

	if (ctl_exists(DEVICES "/%s/vfio-dev", addr))
		return true;
	/* Stock kernels make no such folder. */
	return !ctl_link_name(driver, DEVICES "/%s/driver", addr) &&
	       (!strcmp(driver, "vfio-pci") || !strncmp(driver, "vfio_", 5) ||
		strstr(driver, "-vfio-pci") || strstr(driver, "_vfio_pci"));
}

/*
 * Whether others of its group can be used although it has this driver: it has none, or one that
 * does no DMA on behalf of the kernel.
 */
bool pci_is_harmless(const struct ctl_pci *pci)
{
	return !pci->driver[0] || pci->class == PCI_CLASS_BRIDGE ||
	       !strcmp(pci->driver, "pci-stub") || pci_is_vfio(pci->addr);
}

struct members {
	int group;
	pci_member_fn fn;
	void *data;
};

static int call_member(const char *name, void *data)
{
	struct members *members = data;
	struct ctl_member member = { .name = name };
	struct ctl_pci pci;

	if (!pci_read(&pci, name)) {
		memcpy(member.driver, pci.driver, sizeof(member.driver));
		member.harmless = pci_is_harmless(&pci);
	} else {
		ctl_link_name(member.driver, "/sys/kernel/iommu_groups/%d/devices/%s/driver",
			      members->group, name);
		member.harmless = !member.driver[0];
	}
	members->fn(&member, members->data);
	return 0;
}

void pci_each_member(int group, pci_member_fn fn, void *data)
{
	struct members members = { .group = group, .fn = fn, .data = data };

	if (group >= 0)
		ctl_each(call_member, &members, "/sys/kernel/iommu_groups/%d/devices", group);
}
