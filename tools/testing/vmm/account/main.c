// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmm-account FD: has the pinned memory of the iommufd context that is open as FD accounted to
 * processes instead of users, as libvirt does before it hands the file to QEMU.
 */
#include <stdio.h>
#include <stdlib.h>
#include <libiommufd.h>

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("Usage: vmm-account FD\n", stderr);
		return 2;
	}
	if (iv_option_set(atoi(argv[1]), IOMMU_OPTION_RLIMIT_MODE, 0, 1)) {
		fprintf(stderr, "vmm-account: %s\n", iv_error_message());
		return 1;
	}
	return 0;
}
