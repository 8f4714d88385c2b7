// SPDX-License-Identifier: GPL-2.0-only
/*
 * iommufd-vfio-demo: shows, step by step, what a userspace driver may do with a device and what it
 * may not. Each step does what it says on real devices; the first promise that isn't kept ends the
 * program with status 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "demo.h"

static const struct {
	const char *title;
	enum step_result (*run)(struct demo *demo);
} steps[] = {
	{ "A device is given to vfio-pci", step_take_device },
	{ "Its file is parked until something owns its DMA", step_parked },
	{ "Binding to a context makes the file usable", step_bind },
	{ "An address space says what the device may reach", step_attach },
	{ "A device copies memory by DMA", step_dma },
	{ "A device's interrupt arrives at an eventfd", step_interrupt },
	{ "DMA to what is not mapped does no harm", step_unmapped_dma },
	{ "A userspace NVMe driver reads blocks into mapped memory", step_nvme },
	{ "Devices of one IOMMU group can't be split between contexts", step_group },
	{ "The driver is unbound under the open file", step_unbind_driver },
	{ "The file is parked for good", step_revoked },
};

static const char usage[] =
	"Usage: iommufd-vfio-demo [ADDRESS]\n"
	"\n"
	"Drives a PCI device from this process, through /dev/iommu and /dev/vfio/devices, and checks\n"
	"that nothing more than that can be done with it. The devices are taken from their drivers\n"
	"and given back at the end. Run it as root.\n"
	"\n"
	"ADDRESS, such as 0000:00:04.0, is the device to use. Any will do that nothing else uses; the\n"
	"DMA steps need QEMU's edu device, which is found by itself. From the environment:\n"
	"  IV_EDU                   the device, if there is no ADDRESS\n"
	"  IV_NVME                  an NVMe disk that nothing else uses\n"
	"  IV_SHARED_A, IV_SHARED_B two functions of one IOMMU group\n";

/* Take a device that the user has named, if any; false if there is no such device. */
static bool choose(char addr[IV_PCI_ADDR_SIZE], const char *name)
{
	if (!name || !*name)
		return true;
	if (!iv_pci_exists(name)) {
		fprintf(stderr, "iommufd-vfio-demo: there is no PCI device '%s'; see: lspci -D\n",
			name);
		return false;
	}
	snprintf(addr, IV_PCI_ADDR_SIZE, "%s", name);
	return true;
}

static bool choose_devices(struct demo *demo, const char *addr)
{
	char driver[IV_DRIVER_NAME_SIZE];

	if (!choose(demo->device_addr, addr ? addr : getenv("IV_EDU")) ||
	    !choose(demo->shared_addr[0], getenv("IV_SHARED_A")) ||
	    !choose(demo->shared_addr[1], getenv("IV_SHARED_B")) ||
	    !choose(demo->nvme_addr, getenv("IV_NVME")))
		return false;
	if (!demo->device_addr[0] &&
	    iv_pci_find(IV_EDU_VENDOR, IV_EDU_DEVICE, 0, demo->device_addr)) {
		fprintf(stderr, "iommufd-vfio-demo: no device to use; name one, see --help\n");
		return false;
	}
	/* QEMU's disk may be taken unasked if nothing uses it. */
	if (!demo->nvme_addr[0] && !iv_pci_find(0x1b36, 0x0010, 0, demo->nvme_addr) &&
	    !iv_pci_driver(demo->nvme_addr, driver))
		demo->nvme_addr[0] = 0;
	return true;
}

static bool load_modules(void)
{
	if (!access("/dev/iommu", F_OK) && !access("/sys/bus/pci/drivers/vfio-pci", F_OK))
		return true;
	return !system("modprobe iommufd") && !system("modprobe vfio-pci");
}

static void close_all(struct demo *demo)
{
	iv_edu_close(&demo->edu);
	iv_region_close(&demo->bar);
	iv_dma_free(&demo->memory);
	if (demo->fd >= 0)
		close(demo->fd);
	if (demo->iommufd >= 0)
		close(demo->iommufd);
}

static int run_steps(struct demo *demo)
{
	unsigned int number, count = sizeof(steps) / sizeof(steps[0]), skipped = 0;
	enum step_result result = STEP_KEPT;

	for (number = 0; number < count && result != STEP_BROKEN; number++) {
		printf("\n[%u/%u] %s\n", number + 1, count + 1, steps[number].title);
		result = steps[number].run(demo);
		skipped += result == STEP_SKIPPED;
	}
	close_all(demo);
	printf("\n[%u/%u] Everything is given back\n", count + 1, count + 1);
	if (step_give_back(demo) != STEP_KEPT || result == STEP_BROKEN) {
		printf("\nStopped at step %u: it was not as promised.\n", number);
		return 1;
	}
	printf("\nAll promises were kept");
	if (skipped)
		printf("; %u steps were SKIPPED for lack of a device", skipped);
	printf(".\n");
	return 0;
}

int main(int argc, char **argv)
{
	struct demo demo = { .fd = -1, .iommufd = -1 };

	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc > 2) {
		fprintf(stderr, "iommufd-vfio-demo: one ADDRESS only, not '%s' too\n", argv[2]);
		return 2;
	}
	if (!choose_devices(&demo, argv[1]))
		return 2;
	if (!load_modules()) {
		fprintf(stderr, "iommufd-vfio-demo: the modules can't be loaded; see: dmesg\n");
		return 2;
	}
	return run_steps(&demo);
}
