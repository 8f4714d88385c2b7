// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two functions that the IOMMU can't tell apart belong to one context or to none.
 */
#include <errno.h>
#include <unistd.h>

#include "demo.h"

static enum step_result check_group(const int fd[2], const int context[2])
{
	if (!kept_errno("open both, and two contexts", 0,
			fd[0] < 0 ? fd[0] : fd[1] < 0 ? fd[1] :
			context[0] < 0 ? context[0] : context[1] < 0 ? context[1] : 0))
		return STEP_BROKEN;
	if (!kept_errno("the first context binds the first function", 0,
			iv_device_bind(fd[0], context[0], NULL)) ||
	    !kept_errno("the second context binds the second function", EBUSY,
			iv_device_bind(fd[1], context[1], NULL)) ||
	    !kept_errno("the first context binds the second function", 0,
			iv_device_bind(fd[1], context[0], NULL)))
		return STEP_BROKEN;
	return STEP_KEPT;
}

enum step_result step_group(struct demo *demo)
{
	int fd[2], context[2];
	enum step_result result;
	int ret = 0;

	if (!demo->shared_addr[0][0] || !demo->shared_addr[1][0])
		return skip("no two functions of one group: set IV_SHARED_A and IV_SHARED_B");
	say("%s and %s are both in IOMMU group %d.", demo->shared_addr[0], demo->shared_addr[1],
	    iv_pci_group(demo->shared_addr[0]));
	for (int i = 0; i < 2 && !ret; i++)
		ret = iv_pci_claim(&demo->shared_claim[i], demo->shared_addr[i], "vfio-pci");
	if (!kept_errno("giving both to vfio-pci", 0, ret))
		return STEP_BROKEN;
	for (int i = 0; i < 2; i++) {
		fd[i] = iv_device_open(demo->shared_addr[i]);
		context[i] = iv_iommufd_open();
	}
	result = check_group(fd, context);
	for (int i = 0; i < 2; i++) {
		close(fd[i]);
		close(context[i]);
	}
	return result;
}
