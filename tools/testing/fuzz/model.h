/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model of a context: what a worker that has the context for itself knows must be in it.
 *
 * The model is kept simple, not quick: arrays, and linear searches. Functions that predict don't
 * change it; those that change it are called only when the kernel did what was predicted. Where a
 * prediction is as long as the change itself (attaching), one function does both.
 *
 * Numbers of objects are predicted, too: the lowest that is free. The numbers of access endpoints
 * can't be asked for, but would be met by who destroys by random number.
 */
#ifndef FUZZ_MODEL_H
#define FUZZ_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/iommufd_test.h>

#include "arena.h"

#define MAX_OBJECTS 64
#define MAX_AREAS 160
#define MAX_RANGES 128
#define MAX_ALLOWED 8
#define MAX_DEVICE_RANGES 2
#define MAX_PINS 16
#define MAX_DIRTY 1024
#define MAX_FAULTS 32

#define NESTED_ENTRIES MOCK_NESTED_DOMAIN_IOTLB_NUM
#define IO_PAGE ((uint64_t)MOCK_PAGE_SIZE)

enum object_type {
	OBJECT_NONE,
	OBJECT_IOAS,
	OBJECT_HWPT,
	OBJECT_STDEV,
	OBJECT_DEVICE,
	OBJECT_ACCESS,
	OBJECT_FAULT,
};

/**
 * struct model_backing - what a map ioctl named, and what is pinned together
 * @va: where the process has its first page
 * @length: in bytes, whole pages
 * @writeable: DMA may write to it
 * @file: mapped by descriptor
 * @good: it can be pinned
 */
struct model_backing {
	uint64_t va;
	uint64_t length;
	bool writeable;
	bool file;
	bool good;
};

/**
 * struct model_area - a mapped range
 * @first: first IOVA
 * @last: last IOVA
 * @va: where the process has it
 * @prot: IOMMU_IOAS_MAP_READABLE, IOMMU_IOAS_MAP_WRITEABLE
 * @backing: what it is a part of
 */
struct model_area {
	uint64_t first;
	uint64_t last;
	uint64_t va;
	uint32_t prot;
	struct model_backing backing;
};

/**
 * struct model_range - a range of IOVAs
 * @first: first IOVA
 * @last: last IOVA
 * @owner: with whom it goes; NULL: with the IOAS
 */
struct model_range {
	uint64_t first;
	uint64_t last;
	const void *owner;
};

/**
 * struct model_ioas - an address space
 * @id: its number
 * @areas: ascending
 * @nr_areas: how many
 * @reserved: in no order; may overlap
 * @nr_reserved: how many
 * @allowed: in no order
 * @nr_allowed: how many
 * @alignment: as IOMMU_IOAS_IOVA_RANGES tells it
 * @hwpts: how many page tables follow
 * @accesses: how many access endpoints are attached
 * @page_users: how many of them want everything aligned to pages
 * @small_pages: IOMMU_OPTION_HUGE_PAGES is off
 */
struct model_ioas {
	uint32_t id;
	struct model_area areas[MAX_AREAS];
	unsigned int nr_areas;
	struct model_range reserved[MAX_RANGES];
	unsigned int nr_reserved;
	struct model_range allowed[MAX_ALLOWED];
	unsigned int nr_allowed;
	uint64_t alignment;
	unsigned int hwpts;
	unsigned int accesses;
	unsigned int page_users;
	bool small_pages;
};

/**
 * struct model_fault - a page request that awaits its answer
 * @device: who asked
 * @grpid: its number
 * @perm: what for
 * @addr: where
 * @cookie: its name; 0: nobody has read it
 */
struct model_fault {
	struct model_device *device;
	uint32_t grpid;
	uint32_t perm;
	uint64_t addr;
	uint32_t cookie;
};

/**
 * struct model_faults - a fault queue
 * @id: its number
 * @fd: its file, or -1 if it is closed
 * @hwpts: how many page tables use it
 * @pending: oldest first
 * @nr_pending: how many
 */
struct model_faults {
	uint32_t id;
	int fd;
	unsigned int hwpts;
	struct model_fault pending[MAX_FAULTS];
	unsigned int nr_pending;
};

/**
 * struct model_hwpt - a page table
 * @id: its number
 * @ioas: what it or its parent follows
 * @parent: of a nested one
 * @faults: where page requests go, or NULL
 * @users: groups that are attached, and nested page tables on it
 * @automatic: it vanishes with its last user
 * @nest_parent: it may have nested ones
 * @can_track: it may track dirty pages
 * @tracks: it does so
 * @huge: it may have huge pages
 * @coherent: no-snoop DMA is prevented
 * @dirty: numbers of IO pages that are dirty
 * @nr_dirty: how many
 * @entries: of a nested one
 */
struct model_hwpt {
	uint32_t id;
	struct model_ioas *ioas;
	struct model_hwpt *parent;
	struct model_faults *faults;
	unsigned int users;
	bool automatic;
	bool nest_parent;
	bool can_track;
	bool tracks;
	bool huge;
	bool coherent;
	uint64_t dirty[MAX_DIRTY];
	unsigned int nr_dirty;
	uint32_t entries[NESTED_ENTRIES];
};

/**
 * struct model_group - an IOMMU group
 * @devices: how many it has
 * @hwpt: what it is attached to
 */
struct model_group {
	unsigned int devices;
	struct model_hwpt *hwpt;
};

/**
 * struct model_device - a mock device and its endpoint
 * @id: the number of the device
 * @devid: the number of the endpoint
 * @flags: of enum iommu_test_dev_flags
 * @group: its group
 * @ranges: what it can't reach, from its next attach on
 * @nr_ranges: how many
 * @answers: how many page requests of it have been answered
 * @answered: the last of them
 * @code: what the answer was
 */
struct model_device {
	uint32_t id;
	uint32_t devid;
	uint32_t flags;
	struct model_group *group;
	struct model_range ranges[MAX_DEVICE_RANGES];
	unsigned int nr_ranges;
	uint32_t answers;
	uint32_t answered;
	uint32_t code;
};

struct model_pin {
	uint32_t id;
	uint64_t first;
	uint64_t last;
	struct model_backing backings[4];
	unsigned int nr_backings;
};

/**
 * struct model_access - an access endpoint
 * @id: its number
 * @fd: its file
 * @can_pin: it can
 * @ioas: what it is attached to
 * @pins: its pins
 * @nr_pins: how many
 */
struct model_access {
	uint32_t id;
	int fd;
	bool can_pin;
	struct model_ioas *ioas;
	struct model_pin pins[MAX_PINS];
	unsigned int nr_pins;
};

struct model_object {
	enum object_type type;
	void *data;
};

/**
 * struct model - a context
 * @objects: by number
 * @type1: what the ioctls of a container mean, or NULL
 * @by_process: IOMMU_OPTION_RLIMIT_MODE
 */
struct model {
	struct model_object objects[MAX_OBJECTS];
	struct model_ioas *type1;
	bool by_process;
};

/* Objects: model.c */
uint32_t model_next_id(const struct model *model, unsigned int skip);
void model_add(struct model *model, uint32_t id, enum object_type type, void *data);
void model_remove(struct model *model, uint32_t id);
enum object_type model_type(const struct model *model, uint32_t id);
void *model_get(const struct model *model, uint32_t id, enum object_type type);
unsigned int model_count(const struct model *model, enum object_type type);
unsigned int model_objects(const struct model *model);
int model_destroy(struct model *model, uint32_t id, bool dry);
void model_clear(struct model *model);

/* Address spaces: model_ioas.c */
bool ranges_meet(uint64_t a_first, uint64_t a_last, uint64_t b_first, uint64_t b_last);
struct model_area *ioas_find(struct model_ioas *ioas, uint64_t first, uint64_t last);
struct model_area *ioas_next(struct model_ioas *ioas, struct model_area *area);
bool ioas_maps_all(struct model_ioas *ioas, uint64_t first, uint64_t last);
bool ioas_is_reserved(const struct model_ioas *ioas, uint64_t first, uint64_t last);
bool ioas_is_aligned(const struct model_ioas *ioas, uint64_t alignment);
int ioas_check_fixed(struct model_ioas *ioas, uint64_t first, uint64_t last);
bool ioas_has_room(struct model_ioas *ioas, uint64_t va, uint64_t length);
void ioas_insert(struct model_ioas *ioas, const struct model_area *area);
uint64_t ioas_remove(struct model *model, struct model_ioas *ioas, uint64_t first, uint64_t last);
bool ioas_cuts(struct model_ioas *ioas, uint64_t first, uint64_t last);
void ioas_split(struct model_ioas *ioas, uint64_t iova);
bool ioas_can_reserve(struct model_ioas *ioas, uint64_t first, uint64_t last);
void ioas_reserve(struct model_ioas *ioas, uint64_t first, uint64_t last, const void *owner);
void ioas_unreserve(struct model_ioas *ioas, const void *owner);
unsigned int ioas_usable(const struct model_ioas *ioas, struct model_range *ranges);
int ioas_get_pages(struct model_ioas *ioas, bool dry);
void ioas_put_pages(struct model_ioas *ioas);
uint64_t ioas_base_alignment(const struct model_ioas *ioas);

/* Page tables: model_hwpt.c */
int hwpt_check_follow(struct model_ioas *ioas, bool huge);
struct model_hwpt *hwpt_new(struct model *model, struct model_ioas *ioas, bool huge);
struct model_hwpt *hwpt_new_nested(struct model *model, struct model_hwpt *parent);
void hwpt_end(struct model *model, struct model_hwpt *hwpt);
struct model_hwpt *hwpt_paging(struct model_hwpt *hwpt);
int device_attach(struct model *model, struct model_device *device, uint32_t pt_id, bool dry,
		  bool is_new, uint32_t *hwpt_id);
void device_end(struct model *model, struct model_device *device);
void faults_cancel(struct model *model, struct model_faults *faults,
		   const struct model_group *group, const struct model_device *device);
void device_answer(struct model_device *device, uint32_t grpid, uint32_t code);

/* Dirty pages: model_dirty.c */
void hwpt_make_dirty(struct model_hwpt *hwpt, uint64_t iova);
bool hwpt_is_dirty(const struct model_hwpt *hwpt, uint64_t first, uint64_t last);
void hwpt_clean(struct model_hwpt *hwpt, uint64_t first, uint64_t last);

/* Access endpoints: model_access.c */
void access_drop_pins(struct model_access *access, uint64_t first, uint64_t last);
void access_end(struct model *model, struct model_access *access);

#endif
