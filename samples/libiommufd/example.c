// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a userspace driver begins with, on any PCI function that a vfio driver has: memory that the
 * device can reach, and the device's registers.
 *
 *	cc example.c -o example $(pkg-config --cflags --libs libiommufd)
 *	sudo ./example 0000:01:00.0
 */
#include <stdio.h>
#include <unistd.h>
#include <libiommufd.h>

#define IOVA 0x100000

/* Takes the device into use, with a MiB of memory at IOVA. */
static int start(int device, int iommufd, struct iv_dma *memory)
{
	uint32_t ioas_id = 0;
	int rc;

	rc = iv_device_bind(device, iommufd, NULL);
	if (!rc)
		rc = iv_ioas_alloc(iommufd, &ioas_id);
	if (!rc)
		rc = iv_dma_alloc(memory, iommufd, ioas_id, IOVA, 1 << 20);
	return rc ? rc : iv_device_attach(device, ioas_id);
}

/* What it is, and which of its BARs there are */
static int describe(int device)
{
	uint16_t vendor, id;
	struct iv_region bar;
	uint32_t i;
	int rc;

	rc = iv_config_read16(device, PCI_VENDOR_ID, &vendor);
	if (!rc)
		rc = iv_config_read16(device, PCI_DEVICE_ID, &id);
	if (rc)
		return rc;
	printf("%04x:%04x\n", vendor, id);
	for (i = VFIO_PCI_BAR0_REGION_INDEX; i <= VFIO_PCI_BAR5_REGION_INDEX; i++) {
		rc = iv_region_open(&bar, device, i);
		if (rc)
			return rc;
		if (bar.size)
			printf("BAR %u: %llu bytes\n", i, (unsigned long long)bar.size);
		iv_region_close(&bar);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct iv_dma memory = { 0 };
	int iommufd, device, rc;

	if (argc != 2) {
		fprintf(stderr, "usage: %s ADDRESS\n", argv[0]);
		return 2;
	}
	iommufd = iv_iommufd_open();
	device = iommufd < 0 ? iommufd : iv_device_open(argv[1]);
	rc = device < 0 ? device : start(device, iommufd, &memory);
	if (!rc)
		rc = describe(device);
	if (rc)
		fprintf(stderr, "%s\n", iv_error_message());
	/* The device first: its DMA ends with its file. */
	if (device >= 0)
		close(device);
	iv_dma_free(&memory);
	if (iommufd >= 0)
		close(iommufd);
	return rc ? 1 : 0;
}
