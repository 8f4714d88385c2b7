// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench: measures one side and prints a JSON object for each result; run-bench runs it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench.h"
#include "iv_sysfs.h"
#include "report.h"

static const char usage[] =
	"Usage: bench [-s MIB[,MIB...]] [-n COUNT] [-o SUBJECT] iommufd|type1 DEVICE DEVICE\n"
	"\n"
	"Measures what operations cost through iommufd or type1.  Each DEVICE is the PCI\n"
	"address of a function, each in a group of its own; vfio-pci gets both.\n"
	"\n"
	"  -s MIB,...   map these sizes (default: 2,64,512)\n"
	"  -n COUNT     so many samples of what is slow, 1 to 8 (default: 3)\n"
	"  -o SUBJECT   only this: map, map-anon, map-scattered, map-thp, map-shmem,\n"
	"               map-hugetlb, single, attach, device or pasid\n";

/**
 * bench_device_start() - bring a device from closed to able to do DMA
 * @side: the interface
 * @device: set
 * @space: what it is attached to
 * @addr: the function
 *
 * Return: 0, or a negative errno with the device closed.
 */
int bench_device_start(const struct bench_side *side, struct bench_device *device,
		       struct bench_space *space, const char *addr)
{
	int ret = side->device_open(device, addr);

	if (ret)
		return ret;
	ret = side->device_own(device, space);
	if (!ret)
		ret = side->attach(device, space);
	if (!ret)
		ret = side->device_use(device, addr);
	if (ret)
		side->device_close(device);
	return ret;
}

static int compare_sizes(const void *a, const void *b)
{
	return (int)*(const unsigned int *)a - (int)*(const unsigned int *)b;
}

/* Sizes are even, so that the memory consists of whole 2 MiB pages. */
static int parse_sizes(struct bench *bench, const char *text)
{
	bench->nr_sizes = 0;
	do {
		char *end;
		unsigned long mib = strtoul(text, &end, 10);

		if (end == text || !mib || mib % 2 || mib > 65536 ||
		    bench->nr_sizes == BENCH_MAX_SIZES)
			return -EINVAL;
		bench->mib[bench->nr_sizes++] = mib;
		text = end;
	} while (*text++ == ',');
	if (text[-1])
		return -EINVAL;
	qsort(bench->mib, bench->nr_sizes, sizeof(bench->mib[0]), compare_sizes);
	return 0;
}

static const struct bench_side *find_side(const char *name)
{
	if (name && !strcmp(name, "iommufd"))
		return &bench_iommufd;
	if (name && !strcmp(name, "type1"))
		return &bench_type1;
	return NULL;
}

static int parse_options(struct bench *bench, int argc, char **argv)
{
	int option, ret = 0;

	*bench = (struct bench) { .repeat = 3 };
	parse_sizes(bench, "2,64,512");
	while (!ret && (option = getopt(argc, argv, "s:n:o:")) != -1) {
		switch (option) {
		case 's':
			ret = parse_sizes(bench, optarg);
			break;
		case 'n':
			bench->repeat = strtoul(optarg, NULL, 10);
			if (bench->repeat < 1 || bench->repeat > 8)
				ret = -EINVAL;
			break;
		case 'o':
			bench->only = optarg;
			break;
		default:
			ret = -EINVAL;
		}
	}
	if (ret || argc - optind != 3)
		return -EINVAL;
	bench->side = find_side(argv[optind]);
	bench->addr[0] = argv[optind + 1];
	bench->addr[1] = argv[optind + 2];
	return bench->side ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	struct bench bench;

	if (parse_options(&bench, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	for (unsigned int i = 0; i < 2; i++)
		bench_check(iv_pci_bind_driver(bench.addr[i], "vfio-pci"), bench.addr[i]);
	bench_check(bench.side->space_open(&bench.space), "open of a space");
	bench_check(bench_device_start(bench.side, &bench.device, &bench.space, bench.addr[0]),
		    "start of the device");
	bench_device(&bench);
	bench_access(&bench);
	bench_map(&bench);
	bench_attach(&bench);
	bench_pasid(&bench);
	bench.side->device_close(&bench.device);
	bench.side->space_close(&bench.space);
	bench_progress("done");
	return 0;
}
