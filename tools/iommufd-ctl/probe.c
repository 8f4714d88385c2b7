// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trying a device: does everything with it that a program does before its own work, says what came
 * of it and how long it took, and undoes it. The first step that fails is the last; what was done
 * until then is undone all the same. It asks the device for no DMA, and resets it only if told to.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <libiommufd.h>

#include "device.h"
#include "probe.h"
#include "table.h"

/**
 * struct outcome - of a step
 * @rc: 0, PROBE_SKIPPED, or a negative errno
 * @us: how long it took, in microseconds
 * @text: what it said
 */
struct outcome {
	int rc;
	uint64_t us;
	char text[PROBE_TEXT_SIZE > IV_ERROR_SIZE ? PROBE_TEXT_SIZE : IV_ERROR_SIZE];
};

void probe_say(struct probe *probe, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(probe->text, sizeof(probe->text), format, args);
	va_end(args);
}

/* Lets a step fail for a reason that is not the library's. */
static int fail(struct probe *probe, int rc, const char *why)
{
	probe_say(probe, "%s", why);
	probe->own = true;
	return rc;
}

static int open_device(struct probe *probe)
{
	probe->device = iv_device_open_path(probe->path);
	if (probe->device < 0)
		return probe->device;
	probe_say(probe, "%s", probe->path);
	return 0;
}

/* What it says to calls other than bind: both say the same, but for what happens in between. */
static int ask_parked(const struct probe *probe)
{
	struct vfio_device_info info;
	char byte;
	int rc = iv_device_info(probe->device, &info);

	if (rc == -EINVAL)
		rc = pread(probe->device, &byte, 1, 0) < 0 ? -errno : 0;
	return rc;
}

/* Nothing of a device can be used that no context has. */
static int see_parked(struct probe *probe)
{
	switch (ask_parked(probe)) {
	case -EINVAL:
		probe_say(probe, "nothing but bind works");
		return 0;
	case -ENODEV:
		return fail(probe, -ENODEV, "it is gone");
	default:
		return fail(probe, -EPROTO, "it answers, although no context has its DMA");
	}
}

static int open_context(struct probe *probe)
{
	probe->iommufd = iv_iommufd_open();
	if (probe->iommufd < 0)
		return probe->iommufd;
	probe_say(probe, "/dev/iommu");
	return 0;
}

static int bind_device(struct probe *probe)
{
	int rc = iv_device_bind(probe->device, probe->iommufd, &probe->devid);

	if (rc)
		return rc;
	if (probe->group == UINT64_MAX)
		probe_say(probe, "the device is number %u of the context", probe->devid);
	else
		probe_say(probe, "the context has the DMA of IOMMU group %llu",
			  (unsigned long long)probe->group);
	return 0;
}

static int get_info(struct probe *probe)
{
	int rc = iv_device_info(probe->device, &probe->info);

	if (rc)
		return rc;
	probe_say(probe, "%s, %s",
		  probe->info.flags & VFIO_DEVICE_FLAGS_PCI ? "PCI" : "no PCI device",
		  probe->info.flags & VFIO_DEVICE_FLAGS_RESET ? "can be reset" : "cannot be reset");
	return 0;
}

static int get_iommu(struct probe *probe)
{
	static const char *const types[] = {
		"of a kind that tells nothing of itself", "VT-d", "SMMUv3", "CMDQV", "AMD-Vi",
	};
	struct iommu_hw_info info;
	int rc = iv_hw_info(probe->iommufd, probe->devid, &info, NULL, 0);

	if (rc == -EOPNOTSUPP || rc == -ENOENT) {
		probe_say(probe, "there is none in front of it");
		return PROBE_SKIPPED;
	}
	if (rc)
		return rc;
	probe_say(probe, "%s%s%s",
		  info.out_data_type < sizeof(types) / sizeof(*types) ?
			  types[info.out_data_type] : "of an unknown kind",
		  info.out_capabilities & IOMMU_HW_CAP_DIRTY_TRACKING ? ", tracks dirty pages" : "",
		  info.out_max_pasid_log2 ? ", has PASIDs" : "");
	return 0;
}

static int reset_device(struct probe *probe)
{
	if (!probe->reset) {
		probe_say(probe, "not without --reset");
		return PROBE_SKIPPED;
	}
	probe_say(probe, "it is as it was when it was opened");
	return iv_device_reset(probe->device);
}

static int attach(struct probe *probe)
{
	uint32_t pt_id;
	int rc = iv_ioas_alloc(probe->iommufd, &probe->ioas_id);

	pt_id = probe->ioas_id;
	rc = rc ?: iv_device_attach_get(probe->device, &pt_id);
	if (rc)
		return rc;
	probe_say(probe, pt_id == probe->ioas_id ? "the kernel does its DMA" :
						   "its DMA reaches an empty address space");
	return 0;
}

static int get_ranges(struct probe *probe)
{
	struct iommu_iova_range ranges[32];
	uint32_t count = sizeof(ranges) / sizeof(*ranges);
	uint64_t alignment = 0;
	int rc = iv_ioas_ranges(probe->iommufd, probe->ioas_id, ranges, &count, &alignment);

	if (rc)
		return rc;
	if (!count)
		return fail(probe, -ENOSPC, "there is no IOVA that could be mapped");
	probe_say(probe, "IOVAs from %#llx to %#llx, in %u ranges, aligned to %llu",
		  (unsigned long long)ranges[0].start,
		  (unsigned long long)ranges[count - 1].last, count,
		  (unsigned long long)alignment);
	return 0;
}

static int map_page(struct probe *probe)
{
	const size_t size = sysconf(_SC_PAGESIZE);
	int rc;

	probe->memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			     0);
	if (probe->memory == MAP_FAILED) {
		probe->memory = NULL;
		return fail(probe, -ENOMEM, "there is no memory");
	}
	rc = iv_ioas_map_anywhere(probe->iommufd, probe->ioas_id, probe->memory, size, IV_DMA_RW,
				  &probe->iova);
	if (rc)
		return rc;
	probe_say(probe, "a page at IOVA %#llx", (unsigned long long)probe->iova);
	return 0;
}

static int unmap_page(struct probe *probe)
{
	probe_say(probe, "it is no longer reached");
	return iv_ioas_unmap(probe->iommufd, probe->ioas_id, probe->iova, sysconf(_SC_PAGESIZE),
			     NULL);
}

static int detach(struct probe *probe)
{
	probe_say(probe, "its DMA is blocked");
	return iv_device_detach(probe->device);
}

/* Undoes whatever was done; the device first, whose DMA ends with its file. */
static int close_all(struct probe *probe)
{
	if (probe->device >= 0)
		close(probe->device);
	if (probe->iommufd >= 0)
		close(probe->iommufd);
	if (probe->memory)
		munmap(probe->memory, sysconf(_SC_PAGESIZE));
	probe->device = -1;
	probe->iommufd = -1;
	probe->memory = NULL;
	probe_say(probe, "everything is undone");
	return 0;
}

static const struct step {
	const char *name;
	int (*run)(struct probe *probe);
	void (*print)(const struct probe *probe);
} steps[] = {
	{ "open", open_device, NULL },
	{ "parked", see_parked, NULL },
	{ "context", open_context, NULL },
	{ "bind", bind_device, NULL },
	{ "info", get_info, NULL },
	{ "iommu", get_iommu, NULL },
	{ "config", probe_config, probe_print_caps },
	{ "regions", probe_regions, probe_print_regions },
	{ "interrupts", probe_irqs, probe_print_irqs },
	{ "reset", reset_device, NULL },
	{ "attach", attach, NULL },
	{ "ranges", get_ranges, NULL },
	{ "map", map_page, NULL },
	{ "unmap", unmap_page, NULL },
	{ "detach", detach, NULL },
	{ "close", close_all, NULL },
};

#define NR_STEPS (sizeof(steps) / sizeof(*steps))

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ULL + now.tv_nsec / 1000;
}

static void run_step(struct probe *probe, const struct step *step, struct outcome *outcome)
{
	uint64_t start;

	probe->text[0] = 0;
	probe->own = false;
	start = now_us();
	outcome->rc = step->run(probe);
	outcome->us = now_us() - start;
	snprintf(outcome->text, sizeof(outcome->text), "%s",
		 outcome->rc < 0 && !probe->own ? iv_error_message() : probe->text);
}

static void print_step(const struct probe *probe, const struct step *step,
		       const struct outcome *outcome)
{
	if (outcome->rc == PROBE_SKIPPED)
		printf("%-10s    skipped   %s\n", step->name, outcome->text);
	else
		printf("%-10s %7llu us   %s%s\n", step->name, (unsigned long long)outcome->us,
		       outcome->rc ? "FAILED: " : "", outcome->text);
	if (!outcome->rc && step->print)
		step->print(probe);
	fflush(stdout);
}

static void print_json(const struct probe *probe, const struct outcome *outcomes, int rc)
{
	struct ctl_json json = { .out = stdout };
	unsigned int i;

	json_open(&json, NULL, '{');
	json_string(&json, "device", strrchr(probe->path, '/') + 1);
	json_string(&json, "parent", probe->parent);
	json_string(&json, "driver", probe->driver);
	if (probe->group != UINT64_MAX)
		json_number(&json, "group", probe->group);
	json_bool(&json, "ok", !rc);
	json_open(&json, "steps", '[');
	for (i = 0; i < NR_STEPS; i++) {
		if (!outcomes[i].text[0])
			continue;
		json_open(&json, NULL, '{');
		json_string(&json, "step", steps[i].name);
		json_string(&json, "result", outcomes[i].rc < 0 ? "failed" :
						     outcomes[i].rc ? "skipped" : "ok");
		json_number(&json, "us", outcomes[i].us);
		json_string(&json, "text", outcomes[i].text);
		if (outcomes[i].rc < 0)
			json_string(&json, "errno", strerrorname_np(-outcomes[i].rc) ?: "");
		json_close(&json, '}');
	}
	json_close(&json, ']');
	probe_json_device(probe, &json);
	json_close(&json, '}');
	printf("\n");
}

/* What to end with when a step has failed */
static enum ctl_exit exit_of(const struct step *step, int rc)
{
	switch (rc) {
	case -EBUSY:
		return CTL_IN_USE;
	case -EPERM:
	case -EACCES:
		return CTL_NO_PERMISSION;
	case -ENOENT:
		if (step->run == open_context)
			return CTL_NO_MODULE;
		return step->run == open_device ? CTL_NO_OBJECT : CTL_FAILED;
	case -ENODEV:
		return CTL_NO_OBJECT;
	default:
		return CTL_FAILED;
	}
}

/* All steps up to one that fails, and the last in any case */
static int run_steps(struct ctl *ctl, struct probe *probe)
{
	static struct outcome outcomes[NR_STEPS];
	const struct step *failed = NULL;
	unsigned int i;
	int rc = 0;

	for (i = 0; i < NR_STEPS; i++) {
		if (failed && steps[i].run != close_all)
			continue;
		run_step(probe, &steps[i], &outcomes[i]);
		if (!ctl->json)
			print_step(probe, &steps[i], &outcomes[i]);
		if (outcomes[i].rc < 0) {
			failed = &steps[i];
			rc = outcomes[i].rc;
		}
	}
	if (ctl->json)
		print_json(probe, outcomes, rc);
	if (!failed)
		return CTL_OK;
	fprintf(stderr, "iommufd-ctl: %s: %s\n", failed->name, outcomes[failed - steps].text);
	return exit_of(failed, rc);
}

static void copy_string(char *to, size_t size, const struct iv_attrs *attrs, uint16_t type)
{
	const struct nlattr *attr = iv_attr_find(attrs, type);

	snprintf(to, size, "%s", attr ? iv_attr_string(attr, NULL) : "");
}

int ctl_probe(struct ctl *ctl, const struct ctl_command *command, char **words)
{
	static struct probe probe = { .device = -1, .iommufd = -1 };
	static struct ctl_attrs found;
	struct iv_attrs device;
	char name[32];
	int rc;

	(void)command;
	rc = ctl_device_find(ctl, words[0], &found);
	if (rc)
		return rc;
	if (ctl->replay) {
		fprintf(stderr, "iommufd-ctl: a device of another system cannot be tried\n");
		return CTL_FAILED;
	}
	device = attrs_view(&found);
	copy_string(name, sizeof(name), &device, IOMMUFD_A_DEVICE_NAME);
	copy_string(probe.parent, sizeof(probe.parent), &device, IOMMUFD_A_DEVICE_PARENT);
	copy_string(probe.driver, sizeof(probe.driver), &device, IOMMUFD_A_DEVICE_DRIVER);
	snprintf(probe.path, sizeof(probe.path), "/dev/vfio/devices/%s", name);
	probe.group = iv_attrs_number(&device, IOMMUFD_A_DEVICE_GROUP, UINT64_MAX);
	probe.reset = ctl_option(ctl, "reset");
	if (!ctl->json && !ctl->noheadings)
		printf("%s: %s, driver %s\n", name, probe.parent, probe.driver);
	return run_steps(ctl, &probe);
}
