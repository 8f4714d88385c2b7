/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench: what operations cost, through iommufd or through type1.
 *
 * A "side" is one of the two user interfaces. Each does the same steps, so that what is measured
 * is written once:
 *
 *   step          iommufd                            type1
 *   space_open    open /dev/iommu, IOAS_ALLOC        open /dev/vfio/vfio
 *   device_open   open the cdev                      open the group
 *   device_own    BIND_IOMMUFD                       -
 *   attach        ATTACH_IOMMUFD_PT                  SET_CONTAINER (, SET_IOMMU for the first)
 *   device_use    -                                  GET_DEVICE_FD
 *   detach        DETACH_IOMMUFD_PT                  UNSET_CONTAINER
 *   device_close  close the cdev                     close the device and the group
 *
 * Steps return 0 or a negative errno.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_PAGE 4096UL
#define BENCH_MIB (1UL << 20)

/* Where everything is mapped: a multiple of 1 GiB, away from the MSI window below 4 GiB. */
#define BENCH_IOVA (4UL << 30)

/**
 * struct bench_space - what devices do DMA through
 * @fd: the iommufd context or the container
 * @ioas: iommufd: the IOAS
 * @has_driver: type1: SET_IOMMU was done
 */
struct bench_space {
	int fd;
	uint32_t ioas;
	bool has_driver;
};

/**
 * struct bench_device - a PCI function bound to vfio-pci
 * @fd: the device, -1 while it is not open
 * @group: type1: its group
 */
struct bench_device {
	int fd;
	int group;
};

struct bench_side {
	const char *name;
	/* Whether a device must be attached before it can be used. */
	bool use_needs_attach;
	int (*space_open)(struct bench_space *space);
	void (*space_close)(struct bench_space *space);
	int (*map)(struct bench_space *space, const void *va, uint64_t length, uint64_t iova);
	int (*unmap)(struct bench_space *space, uint64_t iova, uint64_t length);
	/* The same memory in another space too; -EOPNOTSUPP where there is no such thing. */
	int (*copy)(struct bench_space *to, struct bench_space *from, uint64_t length,
		    uint64_t iova);
	/* Another space in the same context. */
	int (*space_split)(struct bench_space *space, struct bench_space *from);

	int (*device_open)(struct bench_device *device, const char *addr);
	int (*device_own)(struct bench_device *device, struct bench_space *space);
	int (*attach)(struct bench_device *device, struct bench_space *space);
	int (*device_use)(struct bench_device *device, const char *addr);
	int (*detach)(struct bench_device *device, struct bench_space *space);
	void (*device_close)(struct bench_device *device);
};

extern const struct bench_side bench_iommufd, bench_type1;

#define BENCH_MAX_SIZES 8

/**
 * struct bench - what is measured, and with what
 * @side: the interface
 * @mib: sizes to map, ascending
 * @nr_sizes: how many
 * @repeat: samples of what is slow; what is quick has more
 * @only: run the subjects whose names begin so; NULL for all
 * @addr: the device in use, and a second one in another group
 * @space: @device is attached to it
 * @device: the device in use
 */
struct bench {
	const struct bench_side *side;
	unsigned int mib[BENCH_MAX_SIZES];
	unsigned int nr_sizes;
	unsigned int repeat;
	const char *only;
	const char *addr[2];
	struct bench_space space;
	struct bench_device device;
};

static inline unsigned int bench_largest(const struct bench *bench)
{
	return bench->mib[bench->nr_sizes - 1];
}

/* Subjects: one file each. */
void bench_map(struct bench *bench);
void bench_attach(struct bench *bench);
void bench_device(struct bench *bench);
void bench_access(struct bench *bench);
void bench_pasid(struct bench *bench);

/* bench.c */
int bench_device_start(const struct bench_side *side, struct bench_device *device,
		       struct bench_space *space, const char *addr);

#endif
