// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a device that is in use costs: reads of its registers, its interrupt, and faults in mappings
 * of its registers; by the device's own file, and by its group. The device is an edu (iv_edu.h).
 *
 * On the type1 side there is only the group, and so what is measured is the same for both.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/vfio.h>

#include "bench.h"
#include "iv_config.h"
#include "iv_edu.h"
#include "iv_irq.h"
#include "report.h"

#define CALLS 10000
#define INTERRUPTS 1000
#define PAGES (IV_EDU_BAR_SIZE / BENCH_PAGE)

/* One measurement: @once does it @count times, and says how long that took. */
static void measure(struct bench *bench, const char *name, const char *way, struct iv_edu *edu,
		    uint64_t (*once)(struct iv_edu *edu), unsigned int count)
{
	struct bench_samples samples = { 0 };
	char full_name[64];

	snprintf(full_name, sizeof(full_name), "%s%s", name, way);
	bench_progress("%s", full_name);
	once(edu);
	for (unsigned int i = 0; i < bench->repeat; i++)
		bench_sample(&samples, once(edu));
	bench_report(bench, &(struct bench_result) {
		.name = full_name, .unit = "ns/call", .divide = count,
	}, &samples);
}

static uint64_t read_register(struct iv_edu *edu)
{
	uint64_t start = bench_now();
	uint32_t value;

	for (unsigned int call = 0; call < CALLS; call++)
		if (iv_region_read(&edu->bar, IV_EDU_REG_ID, &value, 4) != 4)
			bench_check(-EIO, "read of a register");
	return bench_now() - start;
}

static int32_t interrupt_fd;

static uint64_t take_interrupts(struct iv_edu *edu)
{
	uint64_t start = bench_now(), value;

	for (unsigned int i = 0; i < INTERRUPTS; i++) {
		iv_edu_irq_raise(edu, 1);
		if (read(interrupt_fd, &value, sizeof(value)) != sizeof(value))
			bench_check(-errno, "wait for an interrupt");
		iv_edu_irq_ack(edu, 1);
	}
	return bench_now() - start;
}

/* Only the faults count. */
static uint64_t fault_pages(struct iv_edu *edu)
{
	volatile char *map;
	uint64_t time;

	map = mmap(NULL, IV_EDU_BAR_SIZE, PROT_READ, MAP_SHARED, edu->fd, edu->bar.offset);
	if (map == MAP_FAILED)
		bench_check(-errno, "mapping");
	time = bench_now();
	for (unsigned int page = 0; page < PAGES; page++)
		(void)*(volatile uint32_t *)(map + page * BENCH_PAGE);
	time = bench_now() - time;
	munmap((void *)map, IV_EDU_BAR_SIZE);
	return time;
}

static void measure_all(struct bench *bench, int fd, const char *way)
{
	struct iv_edu edu;

	bench_check(iv_edu_open(&edu, fd), "registers");
	interrupt_fd = iv_eventfd_create();
	bench_check(interrupt_fd < 0 ? interrupt_fd : 0, "eventfd");
	bench_check(iv_irq_set_eventfds(fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1, &interrupt_fd), "MSI");
	measure(bench, "BAR read", way, &edu, read_register, CALLS);
	measure(bench, "interrupt", way, &edu, take_interrupts, INTERRUPTS);
	measure(bench, "BAR fault", way, &edu, fault_pages, PAGES);
	bench_check(iv_irq_disable(fd, VFIO_PCI_MSI_IRQ_INDEX), "end of MSI");
	close(interrupt_fd);
	iv_edu_close(&edu);
}

static void measure_group(struct bench *bench)
{
	const struct bench_side *side = &bench_type1;
	struct bench_device device;
	struct bench_space space;

	bench_check(side->space_open(&space), "open of a container");
	bench_check(bench_device_start(side, &device, &space, bench->addr[0]), "start by group");
	measure_all(bench, device.fd, " by group");
	side->device_close(&device);
	side->space_close(&space);
}

/**
 * bench_access() - part of the subject "device"
 * @bench: what is measured; its device is in use, and is so again afterwards
 */
void bench_access(struct bench *bench)
{
	const struct bench_side *side = bench->side;

	if (bench->only && strcmp("device", bench->only))
		return;
	measure_all(bench, bench->device.fd, "");
	if (side == &bench_type1) {
		measure_all(bench, bench->device.fd, " by group");
		return;
	}
	side->device_close(&bench->device);
	measure_group(bench);
	bench_check(bench_device_start(side, &bench->device, &bench->space, bench->addr[0]),
		    "start of the device");
}
