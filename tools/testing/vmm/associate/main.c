// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmm-associate URI DOMAIN NAME FD: hands the file that is open as FD to libvirt as NAME, for an
 * fdgroup='NAME' in the domain's XML, and starts the domain. virsh can't: libvirt forgets the file
 * when the connection ends that it came by.
 *
 * The library is the one of the root file system that this runs in, so it is found at run time, and
 * the few calls are declared here as libvirt's reference has them.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static void *library;

static void *call(const char *name)
{
	void *address = dlsym(library, name);

	if (!address) {
		fprintf(stderr, "vmm-associate: libvirt has no %s\n", name);
		exit(1);
	}
	return address;
}

static void must(int ok, const char *what)
{
	const char *(*last_error)(void);

	if (ok)
		return;
	*(void **)&last_error = call("virGetLastErrorMessage");
	fprintf(stderr, "vmm-associate: %s: %s\n", what, last_error());
	exit(1);
}

int main(int argc, char **argv)
{
	void *(*open)(const char *uri);
	void *(*lookup)(void *connection, const char *name);
	int (*associate)(void *domain, const char *name, unsigned int count, int *fds,
			 unsigned int flags);
	int (*create)(void *domain);
	void *connection, *domain;
	int fd;

	if (argc != 5) {
		fputs("Usage: vmm-associate URI DOMAIN NAME FD\n", stderr);
		return 2;
	}
	library = dlopen("libvirt.so.0", RTLD_NOW);
	if (!library) {
		fprintf(stderr, "vmm-associate: %s\n", dlerror());
		return 1;
	}
	*(void **)&open = call("virConnectOpen");
	*(void **)&lookup = call("virDomainLookupByName");
	*(void **)&associate = call("virDomainFDAssociate");
	*(void **)&create = call("virDomainCreate");
	connection = open(argv[1]);
	must(!!connection, argv[1]);
	domain = lookup(connection, argv[2]);
	must(!!domain, argv[2]);
	fd = atoi(argv[4]);
	must(!associate(domain, argv[3], 1, &fd, 0), "the file was not taken");
	must(!create(domain), "the domain did not start");
	return 0;
}
