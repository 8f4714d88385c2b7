// SPDX-License-Identifier: GPL-2.0-only
/*
 * A disk driven by this program alone, through the same address space as the device.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "demo.h"

/* The demo's own disk: each 512-byte block begins with its number in words. */
#define DISK_SERIAL "iommufd-vfio"
#define DISK_TEXT "iommufd-vfio block %lu "

#define QUEUES_IOVA 0x2000000

#define BLOCKS 4

static const unsigned long blocks[BLOCKS] = { 0, 1, 42, 4711 };

static bool block_is_right(struct demo *demo, struct iv_nvme *nvme, unsigned long block)
{
	const char *data = (char *)demo->memory.va + DEMO_PAGE;
	char text[64], promise[96];
	int length = snprintf(text, sizeof(text), DISK_TEXT,
			      block * nvme->block_size / 512);

	snprintf(promise, sizeof(promise), "block %lu begins with \"%s\"", block, text);
	return kept(promise, !memcmp(data, text, length), "other bytes");
}

static enum step_result read_blocks(struct demo *demo, struct iv_nvme *nvme)
{
	bool known = !strcmp(nvme->serial, DISK_SERIAL);
	int ret;

	say("The disk is \"%s\", serial \"%s\", %lu blocks of %u bytes.", nvme->model,
	    nvme->serial, (unsigned long)nvme->blocks, nvme->block_size);
	if (!known)
		say("It is not the demo's own disk, so only that blocks can be read is checked.");
	for (unsigned int i = 0; i < BLOCKS; i++) {
		memset(demo->memory.va, 0, demo->memory.size);
		ret = iv_nvme_read(nvme, blocks[i], 1, DEMO_IOVA + DEMO_PAGE);
		if (ret || !known) {
			if (!kept_errno("reading a block", 0, ret))
				return STEP_BROKEN;
			continue;
		}
		if (!block_is_right(demo, nvme, blocks[i]))
			return STEP_BROKEN;
	}
	return STEP_KEPT;
}

static enum step_result drive_disk(struct demo *demo, int fd)
{
	struct iv_nvme nvme = { 0 };
	enum step_result result;
	int eventfd, ret;

	if (!kept_errno("binding it to the same context", 0,
			iv_device_bind(fd, demo->iommufd, NULL)) ||
	    !kept_errno("attaching it to the same address space", 0,
			iv_device_attach(fd, demo->ioas_id)))
		return STEP_BROKEN;
	ret = iv_nvme_open(&nvme, fd, demo->iommufd, demo->ioas_id, QUEUES_IOVA);
	result = kept_errno("resetting the controller, making its queues", 0, ret) ?
		 read_blocks(demo, &nvme) : STEP_BROKEN;
	if (result == STEP_KEPT) {
		say("Once more, with completions by MSI-X instead of polling.");
		eventfd = iv_eventfd_create();
		ret = iv_nvme_use_irq(&nvme, eventfd);
		result = kept_errno("starting again with MSI-X", 0, ret) ?
			 read_blocks(demo, &nvme) : STEP_BROKEN;
		close(eventfd);
	}
	iv_nvme_close(&nvme);
	return result;
}

enum step_result step_nvme(struct demo *demo)
{
	enum step_result result;
	int fd, ret;

	if (!demo->nvme_addr[0])
		return skip("no NVMe disk that nothing uses: set IV_NVME");
	say("Driving the NVMe disk %s from this process: it is to read blocks into page 1.",
	    demo->nvme_addr);
	ret = iv_pci_claim(&demo->nvme_claim, demo->nvme_addr, "vfio-pci");
	if (!kept_errno("giving it to vfio-pci", 0, ret))
		return STEP_BROKEN;
	fd = iv_device_open(demo->nvme_addr);
	if (!kept_errno("open", 0, fd))
		return STEP_BROKEN;
	result = drive_disk(demo, fd);
	close(fd);
	return result;
}
