// SPDX-License-Identifier: GPL-2.0-only
/*
 * The IOMMU: is there one, is it on, and does it remap interrupts?
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"

#define GRUB "in /etc/default/grub, then update-grub and reboot"

#define REMAPPING \
	"switch on interrupt remapping, or x2APIC, in the firmware's set-up (QEMU: -machine " \
	"kernel-irqchip=split -device intel-iommu,intremap=on); if all who use devices are " \
	"trusted: modprobe iommufd allow_unsafe_interrupts=1"

/* Whether a word is on the kernel's command line */
static bool has_word(const char *cmdline, const char *word)
{
	const size_t size = strlen(word);
	const char *at;

	for (at = cmdline; (at = strstr(at, word)); at += size)
		if ((at == cmdline || at[-1] == ' ') && (!at[size] || strchr(" ,\n", at[size])))
			return true;
	return false;
}

/* Which of these words is on the command line */
static const char *find_word(const char *cmdline, const char *const *words)
{
	for (; *words; words++)
		if (has_word(cmdline, *words))
			return *words;
	return NULL;
}

static bool has_table(const char *name)
{
	return ctl_exists("/sys/firmware/acpi/tables/%s", name);
}

static void find_no_table(struct doctor *doctor)
{
	if (ctl_exists("/sys/firmware/acpi/tables"))
		doctor_find(doctor, "iommu-firmware",
			    "switch on VT-d (Intel) or AMD-Vi/IOMMU (AMD) in the firmware's set-up; "
			    "in a virtual machine give it one (QEMU: -device intel-iommu,"
			    "intremap=on, or -device virtio-iommu-pci)",
			    "The firmware tells of no IOMMU (no table DMAR, IVRS, IORT or VIOT).");
	else
		doctor_find(doctor, "iommu-missing",
			    "see the machine's manual and its device tree",
			    "There is no IOMMU, and no ACPI that would tell of one.");
}

static void find_off(struct doctor *doctor)
{
	static const char *const offs[] = {
		"intel_iommu=off", "amd_iommu=off", "iommu=off", "iommu.passthrough=off", NULL,
	};
	char cmdline[4096], remedy[256];
	const char *word;

	ctl_read(cmdline, sizeof(cmdline), "/proc/cmdline");
	word = find_word(cmdline, offs);
	if (word) {
		snprintf(remedy, sizeof(remedy), "take %s out of GRUB_CMDLINE_LINUX " GRUB, word);
		doctor_find(doctor, "iommu-off", remedy,
			    "The IOMMU is switched off on the kernel's command line: %s.", word);
	} else if (has_table("DMAR") && !has_word(cmdline, "intel_iommu=on")) {
		doctor_find(doctor, "iommu-off",
			    "put intel_iommu=on into GRUB_CMDLINE_LINUX " GRUB,
			    "The machine has VT-d, but the kernel doesn't use it unless told to.");
	} else if (has_table("DMAR") || has_table("IVRS") || has_table("IORT") ||
		   has_table("VIOT")) {
		doctor_find(doctor, "iommu-failed",
			    "see: dmesg | grep -i -e DMAR -e iommu -e AMD-Vi",
			    "The firmware tells of an IOMMU, but the kernel doesn't use it.");
	} else {
		find_no_table(doctor);
	}
}

static void find_remapping(struct doctor *doctor)
{
	static const char *const offs[] = { "intremap=off", "nointremap", NULL };
	char cmdline[4096], unsafe[8];
	const char *word;

	if (doctor->iommus.remapping ||
	    (ctl_read(unsafe, sizeof(unsafe),
		      "/sys/module/iommufd/parameters/allow_unsafe_interrupts") > 0 &&
	     *unsafe == 'Y'))
		return;
	ctl_read(cmdline, sizeof(cmdline), "/proc/cmdline");
	word = find_word(cmdline, offs);
	doctor_find(doctor, "interrupt-remapping",
		    word ? "take that word out of GRUB_CMDLINE_LINUX " GRUB : REMAPPING,
		    "Interrupts are not remapped%s%s, so a device could raise any of them: binds "
		    "are refused.", word ? ", since the kernel was told so: " : "", word ?: "");
}

static void find_noiommu(struct doctor *doctor)
{
	char value[8];

	if (ctl_read(value, sizeof(value),
		     "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode") > 0 && *value == 'Y')
		doctor_find(doctor, "noiommu",
			    "echo N >/sys/module/vfio/parameters/enable_unsafe_noiommu_mode",
			    "Devices may be used without an IOMMU: they reach all of memory.");
}

void doctor_examine_iommu(struct doctor *doctor)
{
	if (!doctor->iommus.groups)
		find_off(doctor);
	else
		find_remapping(doctor);
	find_noiommu(doctor);
}
