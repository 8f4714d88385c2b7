// SPDX-License-Identifier: GPL-2.0-only
/*
 * edu's DMA and interrupts: what is mapped is reached, what is not is not.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "demo.h"

#define GUARD 0xa5

static bool is_all(const uint8_t *memory, size_t size, uint8_t byte)
{
	for (size_t i = 0; i < size; i++)
		if (memory[i] != byte)
			return false;
	return true;
}

static bool all_steps_done(const char *what, int ret)
{
	return !ret || kept_errno(what, 0, ret);
}

enum step_result step_dma(struct demo *demo)
{
	static const char text[] = "Carried by DMA into the device and out of it again.";
	char *from = demo->memory.va, *to = from + DEMO_PAGE;
	int ret = iv_edu_open(&demo->edu, demo->fd);

	if (ret == -ENODEV)
		return skip("%s is no edu, the device that this program can drive",
			    demo->device_addr);
	if (!kept_errno("driver for edu", 0, ret))
		return STEP_BROKEN;
	demo->has_edu = true;
	say("edu reads page 0 of the memory into its own buffer, and writes that to page 1.");
	memset(from, 0, DEMO_PAGE);
	memcpy(from, text, sizeof(text));
	memset(to, 0, DEMO_PAGE);
	if (!all_steps_done("DMA read", iv_edu_dma_read(&demo->edu, DEMO_IOVA, 0, DEMO_PAGE)) ||
	    !all_steps_done("DMA write", iv_edu_dma_write(&demo->edu, DEMO_IOVA + DEMO_PAGE, 0,
							  DEMO_PAGE)))
		return STEP_BROKEN;
	say("Page 1 says: \"%s\"", to);
	return kept("page 1 is a copy of page 0", !memcmp(from, to, DEMO_PAGE),
		    "other bytes") ? STEP_KEPT : STEP_BROKEN;
}

static enum step_result check_interrupts(struct demo *demo, int32_t eventfd)
{
	char got[64];
	int64_t count;
	int ret;

	ret = iv_irq_set_eventfds(demo->fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1, &eventfd);
	if (!kept_errno("VFIO_DEVICE_SET_IRQS", 0, ret))
		return STEP_BROKEN;
	iv_edu_irq_raise(&demo->edu, 1);
	count = iv_eventfd_wait(eventfd, 2000);
	snprintf(got, sizeof(got), "%ld signals", (long)count);
	if (!kept("an interrupt that the device raises arrives once", count == 1, got))
		return STEP_BROKEN;
	iv_edu_irq_ack(&demo->edu, 1);

	memset(demo->memory.va, 0, DEMO_PAGE);
	ret = iv_edu_dma_start_write(&demo->edu, DEMO_IOVA, 0, DEMO_PAGE, 1);
	if (!all_steps_done("DMA write", ret))
		return STEP_BROKEN;
	count = iv_eventfd_wait(eventfd, 2000);
	snprintf(got, sizeof(got), "%ld signals", (long)count);
	if (!kept("the interrupt at the end of a DMA arrives once", count == 1, got))
		return STEP_BROKEN;
	if (!kept("the data was there before it",
		  !memcmp(demo->memory.va, (char *)demo->memory.va + DEMO_PAGE, DEMO_PAGE),
		  "other bytes"))
		return STEP_BROKEN;
	iv_edu_irq_ack(&demo->edu, IV_EDU_IRQ_DMA);
	return kept_errno("disabling MSI", 0, iv_irq_disable(demo->fd, VFIO_PCI_MSI_IRQ_INDEX)) ?
	       STEP_KEPT : STEP_BROKEN;
}

enum step_result step_interrupt(struct demo *demo)
{
	enum step_result result;
	int eventfd;

	if (!demo->has_edu)
		return skip("there is no edu");
	say("Connecting edu's MSI to an eventfd, raising it, and letting a DMA raise it.");
	eventfd = iv_eventfd_create();
	result = check_interrupts(demo, eventfd);
	close(eventfd);
	return result;
}

/* The kernel's log from now on; -1 if it can't be read. */
static int log_from_now(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

static void show_faults(int log)
{
	char line[1024], *text;
	ssize_t size;

	while (log >= 0 && (size = read(log, line, sizeof(line) - 1)) > 0) {
		line[size] = 0;
		line[strcspn(line, "\n")] = 0;
		text = strchr(line, ';');
		if (text && (strstr(text, "fault") || strstr(text, "FAULT")))
			say("The kernel says: %s", text + 1);
	}
}

enum step_result step_unmapped_dma(struct demo *demo)
{
	uint8_t *memory = demo->memory.va;
	int log;

	if (!demo->has_edu)
		return skip("there is no edu");
	say("Filling all the memory with a guard pattern; edu then writes to the pages just below");
	say("and just above the mapping. The IOMMU must stop it.");
	memset(memory, GUARD, demo->memory.size);
	log = log_from_now();
	if (!all_steps_done("DMA", iv_edu_dma_write(&demo->edu, DEMO_IOVA - DEMO_PAGE, 0,
						    DEMO_PAGE)) ||
	    !all_steps_done("DMA", iv_edu_dma_write(&demo->edu, DEMO_IOVA + demo->memory.size, 0,
						    DEMO_PAGE)))
		return STEP_BROKEN;
	show_faults(log);
	if (log >= 0)
		close(log);
	if (!kept("the guard pattern is whole", is_all(memory, demo->memory.size, GUARD),
		  "changed bytes"))
		return STEP_BROKEN;
	if (!all_steps_done("DMA", iv_edu_dma_write(&demo->edu, DEMO_IOVA, 0, DEMO_PAGE)))
		return STEP_BROKEN;
	return kept("a DMA to the mapping still works", !is_all(memory, DEMO_PAGE, GUARD),
		    "nothing came") ? STEP_KEPT : STEP_BROKEN;
}
