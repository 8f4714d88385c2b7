// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking devices from their drivers, and giving them back.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "demo.h"

enum step_result step_take_device(struct demo *demo)
{
	char path[IV_PATH_SIZE], text[IV_PATH_SIZE + 64];
	int ret;

	say("Giving %s to vfio-pci through driver_override, as any user of vfio does.",
	    demo->device_addr);
	ret = iv_pci_claim(&demo->device_claim, demo->device_addr, "vfio-pci");
	if (!kept_errno("driver_override, unbind, bind", 0, ret))
		return STEP_BROKEN;
	ret = iv_pci_cdev_path(demo->device_addr, path);
	snprintf(text, sizeof(text), "the device is offered as %s",
		 ret ? "a file in /dev/vfio/devices" : path);
	return kept(text, !ret && !access(path, F_OK), "no such file") ? STEP_KEPT : STEP_BROKEN;
}

static bool give_back(struct iv_pci_claim *claim)
{
	char addr[IV_PCI_ADDR_SIZE], driver[IV_DRIVER_NAME_SIZE], now[IV_DRIVER_NAME_SIZE] = "";
	char text[128];
	int ret;

	if (!claim->addr[0])
		return true;
	snprintf(addr, sizeof(addr), "%s", claim->addr);
	snprintf(driver, sizeof(driver), "%s", claim->driver);
	ret = iv_pci_claim_release(claim);
	if (ret)
		return kept_errno(addr, 0, ret);
	iv_pci_driver(addr, now);
	snprintf(text, sizeof(text), "%s is back with %s", addr, *driver ? driver : "no driver");
	return kept(text, !strcmp(driver, now), *now ? now : "no driver");
}

enum step_result step_give_back(struct demo *demo)
{
	bool all = true;

	say("Giving back what was taken.");
	all &= give_back(&demo->device_claim);
	all &= give_back(&demo->nvme_claim);
	all &= give_back(&demo->shared_claim[0]);
	all &= give_back(&demo->shared_claim[1]);
	return all ? STEP_KEPT : STEP_BROKEN;
}
