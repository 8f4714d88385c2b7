// SPDX-License-Identifier: GPL-2.0-only
/*
 * Modules: are they there for this kernel, are ours loaded and not the kernel's own, may they be
 * loaded, and do they fit this program?
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"

/* What ends a module that is signed */
#define SIGNATURE "~Module signature appended~\n"

#define OURS 4

/**
 * struct module_file - a module on disk
 * @path: where it is, seen from the root
 * @has_signature: it has a signature
 * @srcversion: the hash of its sources, or ""
 */
struct module_file {
	char path[PATH_MAX];
	bool has_signature;
	char srcversion[64];
};

static void note_contents(struct module_file *module, const char *data, size_t size)
{
	static const char key[] = "srcversion=";
	const size_t tail = strlen(SIGNATURE);
	const char *found;

	module->has_signature = size > tail && !memcmp(data + size - tail, SIGNATURE, tail);
	found = memmem(data, size, key, strlen(key));
	if (!found)
		return;
	found += strlen(key);
	snprintf(module->srcversion, sizeof(module->srcversion), "%.*s",
		 (int)strnlen(found, data + size - found), found);
}

/* Only as far as files are not compressed, as ours aren't */
static void read_module(struct module_file *module)
{
	char path[PATH_MAX];
	struct stat stat;
	void *data;
	int fd;

	ctl_path(path, "%s", module->path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (!fstat(fd, &stat) && stat.st_size) {
		data = mmap(NULL, stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (data != MAP_FAILED) {
			note_contents(module, data, stat.st_size);
			munmap(data, stat.st_size);
		}
	}
	close(fd);
}

/* A module of ours for a kernel, where make install or DKMS puts it */
static bool find_module(struct module_file *module, const char *release, const char *name)
{
	static const char *const folders[] = { "updates/iommufd-vfio", "updates/dkms", "updates" };
	static const char *const ends[] = { ".ko", ".ko.xz", ".ko.zst", ".ko.gz" };
	char file[64];
	size_t i, j;

	memset(module, 0, sizeof(*module));
	snprintf(file, sizeof(file), "%s", name);
	for (i = 0; strncmp(name, "iommufd", 7) && file[i]; i++)
		file[i] = file[i] == '_' ? '-' : file[i];
	for (i = 0; i < 3; i++) {
		for (j = 0; j < 4; j++) {
			snprintf(module->path, sizeof(module->path), "/lib/modules/%s/%s/%s%s",
				 release, folders[i], file, ends[j]);
			if (!ctl_exists("%s", module->path))
				continue;
			read_module(module);
			return true;
		}
	}
	return false;
}

static int note_other(const char *release, void *data)
{
	struct module_file module;

	if (!find_module(&module, release, "iommufd"))
		return 0;
	snprintf(data, CTL_NAME_SIZE, "%s", release);
	return 1;
}

static void find_not_installed(struct doctor *doctor)
{
	char other[CTL_NAME_SIZE] = "";

	ctl_each(note_other, other, "/lib/modules");
	if (*other)
		doctor_find(doctor, "modules-other-kernel",
			    "apt install linux-headers-$(uname -r); make modules; make install",
			    "The modules are installed for the kernel %s, but %s is running.",
			    other, doctor->release);
	else
		doctor_find(doctor, "modules-missing", "make modules; make install",
			    "The modules are not installed for the running kernel, %s.",
			    doctor->release);
}

static void find_stock(struct doctor *doctor)
{
	char names[256] = "";
	unsigned int i;

	for (i = 0; i < SYSTEM_MODULES; i++)
		if (doctor->modules[i].loaded && !doctor->modules[i].ours)
			snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
				 *names ? ", " : "", doctor->modules[i].name);
	if (*names)
		doctor_find(doctor, "modules-stock",
			    "end all programs that use vfio, then: modprobe -r vfio_iommu_type1 "
			    "vfio_pci vfio_pci_core vfio mdev; modprobe -a iommufd vfio-pci",
			    "The kernel's own modules are loaded: %s.", names);
}

/* Whether something keeps unsigned modules out; its name, or NULL */
static const char *find_gate(void)
{
	unsigned char secure[5] = {};
	char text[128], path[PATH_MAX];
	int fd;

	if (ctl_read(text, sizeof(text), "/sys/module/module/parameters/sig_enforce") > 0 &&
	    *text == 'Y')
		return "module.sig_enforce";
	if (ctl_read(text, sizeof(text), "/sys/kernel/security/lockdown") > 0)
		return strstr(text, "[none]") ? NULL : "the kernel's lockdown";
	/* Without securityfs: Debian's kernels lock themselves down when they start so. */
	ctl_path(path, "/sys/firmware/efi/efivars/"
		 "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (read(fd, secure, sizeof(secure)) != sizeof(secure))
		secure[4] = 0;
	close(fd);
	return secure[4] ? "secure boot" : NULL;
}

/* Installed, but not loaded */
static void find_not_loaded(struct doctor *doctor, const struct module_file *module)
{
	const char *gate = find_gate();

	if (gate && !module->has_signature)
		doctor_find(doctor, "modules-unsigned",
			    "sign them with a key that the machine trusts: mokutil --import KEY.der, "
			    "reboot, and /usr/lib/linux-kbuild-6.12/scripts/sign-file sha256 KEY.priv "
			    "KEY.der FILE.ko for each; or switch off secure boot in the firmware",
			    "%s keeps out modules that are not signed, and %s is not.", gate,
			    module->path);
	else
		doctor_find(doctor, "modules-not-loaded", "modprobe -a iommufd vfio-pci",
			    "iommufd is installed, but not loaded.");
}

/* What is loaded may be older than what is installed, until it is loaded again. */
static void find_stale(struct doctor *doctor)
{
	struct module_file module;
	char loaded[64];
	unsigned int i;

	for (i = 0; i < OURS; i++) {
		const char *name = doctor->modules[i].name;

		if (!doctor->modules[i].ours || !find_module(&module, doctor->release, name) ||
		    !module.srcversion[0] ||
		    ctl_read(loaded, sizeof(loaded), "/sys/module/%s/srcversion", name) <= 0 ||
		    !strcmp(loaded, module.srcversion))
			continue;
		doctor_find(doctor, "modules-stale",
			    "end all programs that use vfio, then: modprobe -r vfio-pci vfio iommufd; "
			    "modprobe -a iommufd vfio-pci",
			    "The %s that is loaded is not the one that is installed (%s).", name,
			    module.path);
		return;
	}
}

static void find_version(struct doctor *doctor)
{
	const char *version = doctor->modules[0].version;
	uint64_t commands, known = 0;
	int order, i;

	for (i = IOMMUFD_NL_CMD_CTX_GET; i < IOMMUFD_NL_CMD_EVENT; i++)
		known |= 1ULL << i;
	if (ctl_try_connect(doctor->ctl)) {
		doctor_find(doctor, "iommufd-silent", "make modules tools; make install",
			    "iommufd is loaded but has no netlink family: it is older than this "
			    "program, or not this project's.");
		return;
	}
	commands = ctl_family_commands(doctor->ctl);
	order = version[0] ? strverscmp(version, IOMMUFD_VFIO_VERSION) : 0;
	if (order < 0 || (commands && known & ~commands))
		doctor_find(doctor, "modules-older", "make modules; make install",
			    "iommufd (version %s) is older than this program (%s): it may not know "
			    "all that this asks for.", *version ? version : "unknown",
			    IOMMUFD_VFIO_VERSION);
	else if (order > 0 || commands & ~known & ~(1ULL << IOMMUFD_NL_CMD_EVENT))
		doctor_find(doctor, "tool-older", "make tools; make install",
			    "This program (version %s) is older than iommufd (%s): it may not show all "
			    "that there is.", IOMMUFD_VFIO_VERSION, *version ? version : "unknown");
}

void doctor_examine_modules(struct doctor *doctor)
{
	struct module_file module;
	bool installed = find_module(&module, doctor->release, "iommufd");

	find_stock(doctor);
	if (doctor->modules[0].loaded) {
		find_stale(doctor);
		find_version(doctor);
	} else if (installed) {
		find_not_loaded(doctor, &module);
	} else {
		find_not_installed(doctor);
	}
}
