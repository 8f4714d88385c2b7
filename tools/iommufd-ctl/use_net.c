// SPDX-License-Identifier: GPL-2.0-only
/*
 * Network interfaces of a device that the default route goes through, perhaps by way of a bridge,
 * a bond or a VLAN: sysfs has links "upper_NAME" to what is on top of an interface.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "use.h"

#define DEPTH_MAX 16

/* Of the flags of a route: it leads nowhere. */
#define RTF_REJECT 0x200

/**
 * struct networks - a search
 * @uses: where reasons go
 * @pci: the function
 * @below: the interface of the function that was begun with
 * @depth: how many interfaces are between
 * @routes: /proc/net/route
 * @routes6: /proc/net/ipv6_route
 */
struct networks {
	struct ctl_uses *uses;
	const struct ctl_pci *pci;
	const char *below;
	unsigned int depth;
	const char *routes;
	const char *routes6;
};

static bool has_default_route(const struct networks *networks, const char *name)
{
	char device[64], to[40], from[40];
	unsigned int target, mask, flags, bits;
	const char *at;

	for (at = networks->routes ?: ""; *at; at += strcspn(at, "\n"), at += !!*at)
		if (sscanf(at, "%63s %x %*x %x %*d %*d %*d %x", device, &target, &flags,
			   &mask) == 4 && !target && !mask && !(flags & RTF_REJECT) &&
		    !strcmp(device, name))
			return true;
	for (at = networks->routes6 ?: ""; *at; at += strcspn(at, "\n"), at += !!*at)
		if (sscanf(at, "%39s %x %39s %*x %*s %*x %*x %*x %x %63s", to, &bits, from, &flags,
			   device) == 5 && !bits && strspn(to, "0") == strlen(to) &&
		    !(flags & RTF_REJECT) && !strcmp(device, name))
			return true;
	return false;
}

static void check_interface(struct networks *networks, const char *name);

static int check_upper(const char *name, void *data)
{
	if (!strncmp(name, "upper_", 6))
		check_interface(data, name + 6);
	return 0;
}

static void check_interface(struct networks *networks, const char *name)
{
	struct networks above = *networks;

	if (++above.depth > DEPTH_MAX)
		return;
	if (has_default_route(networks, name)) {
		if (strcmp(name, networks->below))
			use_add(networks->uses, "its network interface %s is part of %s, which has "
				"the default route", networks->below, name);
		else
			use_add(networks->uses, "its network interface %s has the default route",
				name);
	}
	ctl_each(check_upper, &above, "/sys/class/net/%s", name);
}

static int check_entry(const char *name, void *data)
{
	struct networks *networks = data;
	char path[PATH_MAX];

	if (ctl_real_path(path, "/sys/class/net/%s", name) ||
	    !ctl_is_below(path, networks->pci->path))
		return 0;
	networks->below = name;
	check_interface(networks, name);
	return 0;
}

void use_find_networks(struct ctl_uses *uses, const struct ctl_pci *pci)
{
	char *routes = ctl_read_all("/proc/net/route");
	char *routes6 = ctl_read_all("/proc/net/ipv6_route");
	struct networks networks = {
		.uses = uses, .pci = pci, .routes = routes, .routes6 = routes6,
	};

	ctl_each(check_entry, &networks, "/sys/class/net");
	free(routes);
	free(routes6);
}
