// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmm-account FD: has the pinned memory of the iommufd context that is open as FD accounted to
 * processes instead of users, as libvirt does before it hands the file to QEMU.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include <linux/iommufd.h>

int main(int argc, char **argv)
{
	struct iommu_option option = {
		.size = sizeof(option),
		.option_id = IOMMU_OPTION_RLIMIT_MODE,
		.op = IOMMU_OPTION_OP_SET,
		.val64 = 1,
	};

	if (argc != 2) {
		fputs("Usage: vmm-account FD\n", stderr);
		return 2;
	}
	if (ioctl(atoi(argv[1]), IOMMU_OPTION, &option)) {
		perror("vmm-account");
		return 1;
	}
	return 0;
}
