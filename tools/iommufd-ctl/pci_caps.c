// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a PCI function can do that matters to those who give it away: from its configuration space,
 * of which others than root may read the first 64 bytes only.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/pci_regs.h>

#include "device.h"
#include "file.h"

/* Lists are followed for so many steps: no configuration space has room for more. */
#define CAPS_MAX 48
#define EXT_CAPS_MAX 480

/**
 * struct config - configuration space
 * @size: how much of it could be read
 * @data: and what it is
 * @fn: is called for what is found
 * @arg: for @fn
 */
struct config {
	size_t size;
	unsigned char data[4096];
	ctl_cap_fn fn;
	void *arg;
};

static unsigned int word_at(const struct config *config, unsigned int at)
{
	return at + 2 > config->size ? 0 : config->data[at] | config->data[at + 1] << 8;
}

static unsigned int long_at(const struct config *config, unsigned int at)
{
	return word_at(config, at) | word_at(config, at + 2) << 16;
}

__attribute__((format(printf, 2, 3)))
static void tell(const struct config *config, const char *format, ...)
{
	char text[64];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	config->fn(text, config->arg);
}

static void tell_cap(const struct config *config, unsigned int at)
{
	switch (config->data[at]) {
	case PCI_CAP_ID_MSI:
		tell(config, "MSI, %u",
		     1U << ((word_at(config, at + PCI_MSI_FLAGS) & PCI_MSI_FLAGS_QMASK) >> 1));
		break;
	case PCI_CAP_ID_MSIX:
		tell(config, "MSI-X, %u",
		     (word_at(config, at + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_QSIZE) + 1);
		break;
	case PCI_CAP_ID_EXP:
		if (long_at(config, at + PCI_EXP_DEVCAP) & PCI_EXP_DEVCAP_FLR)
			tell(config, "function level reset");
		break;
	}
}

static void tell_ext_cap(const struct config *config, unsigned int at)
{
	switch (PCI_EXT_CAP_ID(long_at(config, at))) {
	case PCI_EXT_CAP_ID_ATS:
		tell(config, "ATS");
		break;
	case PCI_EXT_CAP_ID_PRI:
		tell(config, "PRI");
		break;
	case PCI_EXT_CAP_ID_PASID:
		tell(config, "PASID, %u bits",
		     (word_at(config, at + PCI_PASID_CAP) & 0x1f00) >> 8);
		break;
	case PCI_EXT_CAP_ID_SRIOV:
		tell(config, "SR-IOV, %u functions", word_at(config, at + PCI_SRIOV_TOTAL_VF));
		break;
	}
}

static void walk(const struct config *config)
{
	unsigned int at, steps;

	if (word_at(config, PCI_STATUS) & PCI_STATUS_CAP_LIST)
		for (at = config->data[PCI_CAPABILITY_LIST] & ~3, steps = 0;
		     at >= PCI_STD_HEADER_SIZEOF && at + 2 <= config->size && steps < CAPS_MAX;
		     at = config->data[at + 1] & ~3, steps++)
			tell_cap(config, at);
	for (at = PCI_CFG_SPACE_SIZE, steps = 0;
	     at >= PCI_CFG_SPACE_SIZE && at + 4 <= config->size && steps < EXT_CAPS_MAX;
	     at = PCI_EXT_CAP_NEXT(long_at(config, at)), steps++)
		tell_ext_cap(config, at);
}

bool pci_each_cap(const char *addr, ctl_cap_fn fn, void *data)
{
	struct config config = { .fn = fn, .arg = data };
	char path[PATH_MAX];
	ssize_t size;
	int fd;

	ctl_path(path, "/sys/bus/pci/devices/%s/config", addr);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT;
	size = read(fd, config.data, sizeof(config.data));
	close(fd);
	config.size = size < 0 ? 0 : size;
	walk(&config);
	return config.size > PCI_STD_HEADER_SIZEOF;
}
