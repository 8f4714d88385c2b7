// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device is taken away while its file is open and its BAR is mapped.
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "demo.h"

/* Far more than it needs, far less than for ever. */
#define PROMPT_MS 2000

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

enum step_result step_unbind_driver(struct demo *demo)
{
	char text[64];
	long start, took;
	int ret;

	say("The file is open and %s. Unbinding the driver must not wait for us to close it.",
	    demo->bar.map ? "a BAR is mapped" : "no BAR can be mapped");
	start = now_ms();
	ret = iv_pci_unbind_driver(demo->device_addr);
	took = now_ms() - start;
	snprintf(text, sizeof(text), "%ld ms", took);
	if (!kept_errno("writing the address to the driver's unbind", 0, ret))
		return STEP_BROKEN;
	say("It took %s.", text);
	return kept("it returned at once", took < PROMPT_MS, text) ? STEP_KEPT :
										 STEP_BROKEN;
}

static sigjmp_buf on_sigbus;

static void handle_sigbus(int signal)
{
	(void)signal;
	siglongjmp(on_sigbus, 1);
}

static bool load_gives_sigbus(const volatile uint32_t *addr)
{
	struct sigaction action = { .sa_handler = handle_sigbus }, old;
	volatile bool raised = false;

	sigaction(SIGBUS, &action, &old);
	if (sigsetjmp(on_sigbus, 1))
		raised = true;
	else
		(void)*addr;
	sigaction(SIGBUS, &old, NULL);
	return raised;
}

static int try_read(int fd)
{
	char byte;

	return pread(fd, &byte, 1, 0) < 0 ? -errno : 0;
}

enum step_result step_revoked(struct demo *demo)
{
	struct vfio_region_info region;
	struct vfio_device_info info;
	int fd = demo->fd;

	say("The same file again. It is parked for good.");
	if (!kept_errno("read", ENODEV, try_read(fd)) ||
	    !kept_errno("VFIO_DEVICE_GET_INFO", ENODEV, iv_device_info(fd, &info)) ||
	    !kept_errno("VFIO_DEVICE_GET_REGION_INFO", ENODEV, iv_region_info(fd, 0, &region)) ||
	    !kept_errno("VFIO_DEVICE_SET_IRQS", ENODEV, iv_irq_disable(fd, 0)) ||
	    !kept_errno("VFIO_DEVICE_ATTACH_IOMMUFD_PT", ENODEV,
			iv_device_attach(fd, demo->ioas_id)) ||
	    !kept_errno("VFIO_DEVICE_BIND_IOMMUFD", ENODEV,
			iv_device_bind(fd, demo->iommufd, NULL)))
		return STEP_BROKEN;
	if (!kept("poll: HUP and ERR", iv_device_poll(fd, POLLIN, 0) == (POLLHUP | POLLERR),
		  "other events"))
		return STEP_BROKEN;
	if (demo->bar.map && !kept("touching the mapped BAR: SIGBUS",
				   load_gives_sigbus(demo->bar.map), "a value"))
		return STEP_BROKEN;
	return kept_errno("the address space is no longer in use: unmapping it", 0,
			  iv_ioas_unmap(demo->iommufd, demo->ioas_id, DEMO_IOVA,
					demo->memory.size, NULL)) ? STEP_KEPT : STEP_BROKEN;
}
