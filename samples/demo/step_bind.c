// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a device's file: parked, bound to a context, attached to an address space.
 */
#include <errno.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "demo.h"

static int try_read(int fd)
{
	char byte;

	return pread(fd, &byte, 1, 0) < 0 ? -errno : 0;
}

static int try_mmap(int fd)
{
	void *map = mmap(NULL, DEMO_PAGE, PROT_READ, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		return -errno;
	munmap(map, DEMO_PAGE);
	return 0;
}

enum step_result step_parked(struct demo *demo)
{
	struct vfio_device_info info;

	say("Opening it. Nothing owns its DMA yet, so the file must be as good as closed.");
	demo->fd = iv_device_open(demo->device_addr);
	if (!kept_errno("open", 0, demo->fd))
		return STEP_BROKEN;
	if (!kept_errno("read", EINVAL, try_read(demo->fd)) ||
	    !kept_errno("mmap", EINVAL, try_mmap(demo->fd)) ||
	    !kept_errno("VFIO_DEVICE_GET_INFO", EINVAL, iv_device_info(demo->fd, &info)))
		return STEP_BROKEN;
	return kept("poll: ERR", iv_device_poll(demo->fd, POLLIN, 0) == POLLERR,
		    "other events") ? STEP_KEPT : STEP_BROKEN;
}

/* The first BAR that can be mapped is there to be taken away at the end. */
static void map_some_bar(struct demo *demo)
{
	iv_config_command(demo->fd, PCI_COMMAND_MEMORY, 0);
	for (uint32_t i = 0; i <= VFIO_PCI_BAR5_REGION_INDEX; i++)
		if (!iv_region_open(&demo->bar, demo->fd, i) && !iv_region_map(&demo->bar))
			return;
	demo->bar = (struct iv_region) { 0 };
}

enum step_result step_bind(struct demo *demo)
{
	struct vfio_device_info info;
	uint32_t devid;
	int ret;

	say("Opening /dev/iommu, a context, and binding the device to it.");
	demo->iommufd = iv_iommufd_open();
	if (!kept_errno("open /dev/iommu", 0, demo->iommufd))
		return STEP_BROKEN;
	ret = iv_device_bind(demo->fd, demo->iommufd, &devid);
	if (!kept_errno("VFIO_DEVICE_BIND_IOMMUFD", 0, ret))
		return STEP_BROKEN;
	say("The context owns the DMA of the whole IOMMU group %d now; the device is number %u.",
	    iv_pci_group(demo->device_addr), devid);
	if (!kept_errno("binding it once more", EINVAL,
			iv_device_bind(demo->fd, demo->iommufd, NULL)) ||
	    !kept_errno("VFIO_DEVICE_GET_INFO", 0, iv_device_info(demo->fd, &info)))
		return STEP_BROKEN;
	say("It has %u regions and %u kinds of interrupts.", info.num_regions, info.num_irqs);
	map_some_bar(demo);
	return STEP_KEPT;
}

enum step_result step_attach(struct demo *demo)
{
	int ret;

	say("Making an address space, mapping 16 pages of this process at IOVA %#x, attaching.",
	    DEMO_IOVA);
	ret = iv_ioas_alloc(demo->iommufd, &demo->ioas_id);
	if (!kept_errno("IOMMU_IOAS_ALLOC", 0, ret))
		return STEP_BROKEN;
	ret = iv_dma_alloc(&demo->memory, demo->iommufd, demo->ioas_id, DEMO_IOVA, 16 * DEMO_PAGE);
	if (!kept_errno("IOMMU_IOAS_MAP", 0, ret))
		return STEP_BROKEN;
	ret = iv_device_attach(demo->fd, demo->ioas_id);
	if (!kept_errno("VFIO_DEVICE_ATTACH_IOMMUFD_PT", 0, ret))
		return STEP_BROKEN;
	ret = iv_iommufd_destroy(demo->iommufd, demo->ioas_id);
	return kept_errno("destroying the address space in use", EBUSY, ret) ? STEP_KEPT :
									       STEP_BROKEN;
}
