// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device itself: from closed to usable and back, and calls on it while it is in use.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/vfio.h>

#include "bench.h"
#include "iv_device.h"
#include "iv_region.h"
#include "report.h"

#define CYCLES 16
#define CALLS 10000

/* Opens until the device can be used, and closes. */
static void open_once(struct bench *bench)
{
	const struct bench_side *side = bench->side;
	struct bench_device device;

	bench_check(side->device_open(&device, bench->addr[1]), "open");
	bench_check(side->device_own(&device, &bench->space), "bind");
	if (side->use_needs_attach)
		bench_check(side->attach(&device, &bench->space), "attach");
	bench_check(side->device_use(&device, bench->addr[1]), "use");
	side->device_close(&device);
}

/* Opens until the device can do DMA, and closes. */
static void start_once(struct bench *bench)
{
	struct bench_device device;

	bench_check(bench_device_start(bench->side, &device, &bench->space, bench->addr[1]),
		    "start");
	bench->side->device_close(&device);
}

static void alone_once(struct bench *bench)
{
	struct bench_device device;
	struct bench_space space;

	bench_check(bench->side->space_open(&space), "open of a space");
	bench_check(bench_device_start(bench->side, &device, &space, bench->addr[1]), "start");
	bench->side->device_close(&device);
	bench->side->space_close(&space);
}

static void config_read(struct bench *bench, uint64_t offset)
{
	uint32_t value;

	if (pread(bench->device.fd, &value, sizeof(value), offset) != sizeof(value))
		bench_check(errno ? -errno : -EIO, "config read");
}

static void measure_cycles(struct bench *bench, const char *name, void (*once)(struct bench *))
{
	struct bench_samples samples = { 0 }, cpu = { 0 };
	char cpu_name[64];

	bench_progress("%s", name);
	once(bench);
	for (unsigned int i = 0; i < CYCLES; i++) {
		uint64_t start = bench_now(), cpu_start = bench_cpu_now();

		once(bench);
		bench_sample(&cpu, bench_cpu_now() - cpu_start);
		bench_sample(&samples, bench_now() - start);
	}
	snprintf(cpu_name, sizeof(cpu_name), "%s (CPU)", name);
	bench_report(bench, &(struct bench_result) { .name = name, .unit = "us", .divide = 1000 },
		     &samples);
	bench_report(bench, &(struct bench_result) {
		.name = cpu_name, .unit = "us", .divide = 1000,
	}, &cpu);
}

static void measure_config_read(struct bench *bench)
{
	struct bench_samples samples = { 0 };
	struct iv_region config;

	bench_progress("config read");
	bench_check(iv_region_open(&config, bench->device.fd, VFIO_PCI_CONFIG_REGION_INDEX),
		    "config region");
	config_read(bench, config.offset);
	for (unsigned int i = 0; i < bench->repeat; i++) {
		uint64_t start = bench_now();

		for (unsigned int call = 0; call < CALLS; call++)
			config_read(bench, config.offset);
		bench_sample(&samples, bench_now() - start);
	}
	bench_report(bench, &(struct bench_result) {
		.name = "config read", .unit = "ns/call", .divide = CALLS,
	}, &samples);
}

static void measure_get_info(struct bench *bench)
{
	struct bench_samples samples = { 0 };
	struct vfio_device_info info;

	bench_progress("get info");
	bench_check(iv_device_info(bench->device.fd, &info), "info");
	for (unsigned int i = 0; i < bench->repeat; i++) {
		uint64_t start = bench_now();

		for (unsigned int call = 0; call < CALLS; call++)
			bench_check(iv_device_info(bench->device.fd, &info), "info");
		bench_sample(&samples, bench_now() - start);
	}
	bench_report(bench, &(struct bench_result) {
		.name = "get info", .unit = "ns/call", .divide = CALLS,
	}, &samples);
}

/**
 * bench_device() - the subject "device"
 * @bench: what is measured; its device is attached
 */
void bench_device(struct bench *bench)
{
	if (bench->only && strcmp("device", bench->only))
		return;
	measure_cycles(bench, "open-bind-close", open_once);
	measure_cycles(bench, "open-bind-attach-close", start_once);
	measure_cycles(bench, "all from nothing", alone_once);
	measure_config_read(bench);
	measure_get_info(bench);
}
