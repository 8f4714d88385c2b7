/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trying a device: what has been seen of it so far.
 */
#ifndef PROBE_H
#define PROBE_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/vfio.h>
#include "json.h"

#define PROBE_REGIONS_MAX 32
#define PROBE_IRQS_MAX 16
#define PROBE_CAPS_MAX 64
#define PROBE_TEXT_SIZE 160

/* What a step returns when there was nothing to do, for a reason that it says */
#define PROBE_SKIPPED 1

/**
 * struct probe - a device that is tried
 * @device: its file, or -1
 * @iommufd: its context, or -1
 * @devid: its number there
 * @ioas_id: an address space
 * @memory: a page; NULL: none
 * @iova: where the device sees it
 * @reset: it is to be reset
 * @path: of its file
 * @parent: the device behind it
 * @driver: which offers it
 * @group: its IOMMU group, or UINT64_MAX
 * @text: what the step that runs has to say
 * @own: also if it fails; else that is what the library says
 * @info: what the driver says of the device
 * @vendor: of a PCI device
 * @id: of a PCI device
 * @class: of a PCI device, with the programming interface
 * @caps: capabilities; the extended ones have PROBE_CAP_EXTENDED
 * @nr_caps: how many
 * @regions: those that there are
 * @nr_regions: how many
 * @irqs: those that there are
 * @nr_irqs: how many
 */
struct probe {
	int device;
	int iommufd;
	uint32_t devid;
	uint32_t ioas_id;
	void *memory;
	uint64_t iova;
	bool reset;
	char path[64];
	char parent[64];
	char driver[64];
	uint64_t group;
	char text[PROBE_TEXT_SIZE];
	bool own;

	struct vfio_device_info info;
	uint16_t vendor;
	uint16_t id;
	uint32_t class;
	uint32_t caps[PROBE_CAPS_MAX];
	unsigned int nr_caps;
	struct vfio_region_info regions[PROBE_REGIONS_MAX];
	unsigned int nr_regions;
	struct vfio_irq_info irqs[PROBE_IRQS_MAX];
	unsigned int nr_irqs;
};

#define PROBE_CAP_EXTENDED 0x10000

__attribute__((format(printf, 2, 3))) void probe_say(struct probe *probe, const char *format, ...);

/* Steps that look at the device: probe_device.c. They return as the library's functions. */
int probe_config(struct probe *probe);
int probe_regions(struct probe *probe);
int probe_irqs(struct probe *probe);

/* What they have seen */
void probe_print_caps(const struct probe *probe);
void probe_print_regions(const struct probe *probe);
void probe_print_irqs(const struct probe *probe);
void probe_json_device(const struct probe *probe, struct ctl_json *json);

#endif
