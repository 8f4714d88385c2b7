// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trying a device: its configuration space, regions and interrupts, as its user sees them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libiommufd.h>

#include "probe.h"
#include "table.h"

/* No chain of capabilities is longer, or it is a loop. */
#define CAPS_STEPS 48
#define EXT_CAPS_STEPS 480

static const char *const cap_names[] = {
	[PCI_CAP_ID_PM] = "power management", [PCI_CAP_ID_AGP] = "AGP", [PCI_CAP_ID_VPD] = "VPD",
	[PCI_CAP_ID_SLOTID] = "slot", [PCI_CAP_ID_MSI] = "MSI", [PCI_CAP_ID_PCIX] = "PCI-X",
	[PCI_CAP_ID_HT] = "HyperTransport", [PCI_CAP_ID_VNDR] = "vendor's",
	[PCI_CAP_ID_SSVID] = "subsystem", [PCI_CAP_ID_SECDEV] = "secure device",
	[PCI_CAP_ID_EXP] = "PCI Express", [PCI_CAP_ID_MSIX] = "MSI-X", [PCI_CAP_ID_SATA] = "SATA",
	[PCI_CAP_ID_AF] = "advanced features", [PCI_CAP_ID_EA] = "enhanced allocation",
};

static const char *const ext_cap_names[] = {
	[PCI_EXT_CAP_ID_ERR] = "error reporting", [PCI_EXT_CAP_ID_VC] = "virtual channels",
	[PCI_EXT_CAP_ID_DSN] = "serial number", [PCI_EXT_CAP_ID_PWR] = "power budget",
	[PCI_EXT_CAP_ID_VNDR] = "vendor's", [PCI_EXT_CAP_ID_ACS] = "ACS",
	[PCI_EXT_CAP_ID_ARI] = "ARI", [PCI_EXT_CAP_ID_ATS] = "ATS",
	[PCI_EXT_CAP_ID_SRIOV] = "SR-IOV", [PCI_EXT_CAP_ID_PRI] = "PRI",
	[PCI_EXT_CAP_ID_REBAR] = "resizable BAR", [PCI_EXT_CAP_ID_TPH] = "TPH",
	[PCI_EXT_CAP_ID_LTR] = "LTR", [PCI_EXT_CAP_ID_SECPCI] = "secondary PCI Express",
	[PCI_EXT_CAP_ID_PASID] = "PASID", [PCI_EXT_CAP_ID_DPC] = "DPC",
	[PCI_EXT_CAP_ID_L1SS] = "L1 substates", [PCI_EXT_CAP_ID_PTM] = "PTM",
	[PCI_EXT_CAP_ID_DVSEC] = "DVSEC",
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void name_cap(uint32_t cap, char *name, size_t size)
{
	const uint32_t id = cap & ~PROBE_CAP_EXTENDED;
	const char *known = NULL;

	if (cap & PROBE_CAP_EXTENDED)
		known = id < COUNT(ext_cap_names) ? ext_cap_names[id] : NULL;
	else
		known = id < COUNT(cap_names) ? cap_names[id] : NULL;
	if (known)
		snprintf(name, size, "%s", known);
	else
		snprintf(name, size, "%s%#x", cap & PROBE_CAP_EXTENDED ? "extended " : "", id);
}

static void add_cap(struct probe *probe, uint32_t cap)
{
	if (probe->nr_caps < PROBE_CAPS_MAX)
		probe->caps[probe->nr_caps++] = cap;
}

static int read_caps(struct probe *probe)
{
	uint8_t at, cap[2];
	uint16_t status;
	unsigned int step;
	int rc = iv_config_read16(probe->device, PCI_STATUS, &status);

	if (rc || !(status & PCI_STATUS_CAP_LIST))
		return rc;
	rc = iv_config_read8(probe->device, PCI_CAPABILITY_LIST, &at);
	for (step = 0; !rc && (at &= ~3) && step < CAPS_STEPS; step++) {
		rc = iv_config_read(probe->device, at, cap, sizeof(cap));
		if (rc)
			break;
		add_cap(probe, cap[0]);
		at = cap[1];
	}
	return rc;
}

static int read_ext_caps(struct probe *probe)
{
	unsigned int at = PCI_CFG_SPACE_SIZE, step;
	struct vfio_region_info config;
	uint32_t header;
	int rc;

	rc = iv_region_info(probe->device, VFIO_PCI_CONFIG_REGION_INDEX, &config);
	if (rc || config.size <= PCI_CFG_SPACE_SIZE)
		return rc;
	for (step = 0; at >= PCI_CFG_SPACE_SIZE && step < EXT_CAPS_STEPS; step++) {
		rc = iv_config_read32(probe->device, at, &header);
		if (rc)
			return rc;
		if (PCI_EXT_CAP_ID(header))
			add_cap(probe, PROBE_CAP_EXTENDED | PCI_EXT_CAP_ID(header));
		at = PCI_EXT_CAP_NEXT(header);
	}
	return 0;
}

int probe_config(struct probe *probe)
{
	uint32_t class;
	int rc;

	if (!(probe->info.flags & VFIO_DEVICE_FLAGS_PCI)) {
		probe_say(probe, "it is no PCI device");
		return PROBE_SKIPPED;
	}
	rc = iv_config_read16(probe->device, PCI_VENDOR_ID, &probe->vendor);
	rc = rc ?: iv_config_read16(probe->device, PCI_DEVICE_ID, &probe->id);
	rc = rc ?: iv_config_read32(probe->device, PCI_CLASS_REVISION, &class);
	rc = rc ?: read_caps(probe);
	rc = rc ?: read_ext_caps(probe);
	if (rc)
		return rc;
	probe->class = class >> 8;
	probe_say(probe, "%04x:%04x, class %06x, %u capabilities", probe->vendor, probe->id,
		  probe->class, probe->nr_caps);
	return 0;
}

int probe_regions(struct probe *probe)
{
	struct vfio_region_info region;
	uint32_t i;
	int rc;

	for (i = 0; i < probe->info.num_regions && probe->nr_regions < PROBE_REGIONS_MAX; i++) {
		rc = iv_region_info(probe->device, i, &region);
		/* Not all numbers are in use: only graphics cards have a VGA region, for one. */
		if (rc && rc != -EINVAL)
			return rc;
		if (!rc && region.size)
			probe->regions[probe->nr_regions++] = region;
	}
	probe_say(probe, "%u", probe->nr_regions);
	return 0;
}

int probe_irqs(struct probe *probe)
{
	struct vfio_irq_info irq;
	uint32_t i;
	int rc;

	for (i = 0; i < probe->info.num_irqs && probe->nr_irqs < PROBE_IRQS_MAX; i++) {
		rc = iv_irq_info(probe->device, i, &irq);
		if (rc && rc != -EINVAL)
			return rc;
		if (!rc && irq.count)
			probe->irqs[probe->nr_irqs++] = irq;
	}
	probe_say(probe, "%u kinds", probe->nr_irqs);
	return 0;
}

static void name_region(const struct probe *probe, uint32_t index, char *name, size_t size)
{
	const bool pci = probe->info.flags & VFIO_DEVICE_FLAGS_PCI;

	if (pci && index <= VFIO_PCI_BAR5_REGION_INDEX)
		snprintf(name, size, "BAR %u", index);
	else if (pci && index == VFIO_PCI_ROM_REGION_INDEX)
		snprintf(name, size, "ROM");
	else if (pci && index == VFIO_PCI_CONFIG_REGION_INDEX)
		snprintf(name, size, "config");
	else if (pci && index == VFIO_PCI_VGA_REGION_INDEX)
		snprintf(name, size, "VGA");
	else
		snprintf(name, size, "region %u", index);
}

static void name_irq(const struct probe *probe, uint32_t index, char *name, size_t size)
{
	static const char *const names[] = { "INTx", "MSI", "MSI-X", "errors", "requests" };

	if (probe->info.flags & VFIO_DEVICE_FLAGS_PCI && index < COUNT(names))
		snprintf(name, size, "%s", names[index]);
	else
		snprintf(name, size, "interrupt %u", index);
}

void probe_print_caps(const struct probe *probe)
{
	char name[32];
	unsigned int i;

	for (i = 0; i < probe->nr_caps; i++) {
		name_cap(probe->caps[i], name, sizeof(name));
		printf("%s%s", i ? ", " : "                       ", name);
	}
	if (i)
		printf("\n");
}

void probe_print_regions(const struct probe *probe)
{
	char name[32], *size;
	unsigned int i;

	for (i = 0; i < probe->nr_regions; i++) {
		const struct vfio_region_info *region = &probe->regions[i];

		name_region(probe, region->index, name, sizeof(name));
		size = ctl_size_text(region->size);
		printf("                       %s: %s%s%s%s\n", name, size ?: "",
		       region->flags & VFIO_REGION_INFO_FLAG_READ ? ", readable" : "",
		       region->flags & VFIO_REGION_INFO_FLAG_WRITE ? ", writeable" : "",
		       region->flags & VFIO_REGION_INFO_FLAG_MMAP ? ", mappable" : "");
		free(size);
	}
}

void probe_print_irqs(const struct probe *probe)
{
	char name[32];
	unsigned int i;

	for (i = 0; i < probe->nr_irqs; i++) {
		const struct vfio_irq_info *irq = &probe->irqs[i];

		name_irq(probe, irq->index, name, sizeof(name));
		printf("                       %s: %u%s%s\n", name, irq->count,
		       irq->flags & VFIO_IRQ_INFO_EVENTFD ? ", by eventfd" : "",
		       irq->flags & VFIO_IRQ_INFO_MASKABLE ? ", maskable" : "");
	}
}

static void json_regions(const struct probe *probe, struct ctl_json *json)
{
	char name[32];
	unsigned int i;

	json_open(json, "regions", '[');
	for (i = 0; i < probe->nr_regions; i++) {
		const struct vfio_region_info *region = &probe->regions[i];

		name_region(probe, region->index, name, sizeof(name));
		json_open(json, NULL, '{');
		json_number(json, "index", region->index);
		json_string(json, "name", name);
		json_number(json, "size", region->size);
		json_bool(json, "readable", region->flags & VFIO_REGION_INFO_FLAG_READ);
		json_bool(json, "writeable", region->flags & VFIO_REGION_INFO_FLAG_WRITE);
		json_bool(json, "mappable", region->flags & VFIO_REGION_INFO_FLAG_MMAP);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void json_irqs(const struct probe *probe, struct ctl_json *json)
{
	char name[32];
	unsigned int i;

	json_open(json, "interrupts", '[');
	for (i = 0; i < probe->nr_irqs; i++) {
		const struct vfio_irq_info *irq = &probe->irqs[i];

		name_irq(probe, irq->index, name, sizeof(name));
		json_open(json, NULL, '{');
		json_number(json, "index", irq->index);
		json_string(json, "name", name);
		json_number(json, "count", irq->count);
		json_bool(json, "maskable", irq->flags & VFIO_IRQ_INFO_MASKABLE);
		json_close(json, '}');
	}
	json_close(json, ']');
}

/* All that was seen, as members of an object */
void probe_json_device(const struct probe *probe, struct ctl_json *json)
{
	char text[32];
	unsigned int i;

	if (probe->info.flags & VFIO_DEVICE_FLAGS_PCI) {
		snprintf(text, sizeof(text), "%04x:%04x", probe->vendor, probe->id);
		json_string(json, "id", text);
		snprintf(text, sizeof(text), "%06x", probe->class);
		json_string(json, "class", text);
		json_open(json, "capabilities", '[');
		for (i = 0; i < probe->nr_caps; i++) {
			name_cap(probe->caps[i], text, sizeof(text));
			json_string(json, NULL, text);
		}
		json_close(json, ']');
	}
	json_regions(probe, json);
	json_irqs(probe, json);
}
