/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fuzzer: what its parts share. README.md tells what they are.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/iommufd_test.h>
#include <linux/vfio.h>

#include "arena.h"
#include "model.h"
#include "random.h"
#include "stats.h"

#define MAX_THREADS 16
#define BUFFER_SIZE (4 * PAGE)

/**
 * enum fuzz_break - how the model is spoilt, to see that this is noticed
 * @BREAK_NOTHING: not at all
 * @BREAK_ERRNO: another errno is expected once
 * @BREAK_MEMORY: another content of memory
 * @BREAK_AREA: an area that isn't there
 * @BREAK_PIN: pages that aren't pinned
 */
enum fuzz_break {
	BREAK_NOTHING,
	BREAK_ERRNO,
	BREAK_MEMORY,
	BREAK_AREA,
	BREAK_PIN,
};

/* Who takes part */
#define LANE_EXACT	(1 << 0)	/* threads with a context each, and a model of it */
#define LANE_SHARED	(1 << 1)	/* threads that share a context */
#define LANE_KILL	(1 << 2)	/* processes that are killed */
#define LANE_VFIO	(1 << 3)	/* users of vfio devices, which are taken away */
#define LANE_NETLINK	(1 << 4)	/* readers of what there is */
#define LANE_ALL	(LANE_EXACT | LANE_SHARED | LANE_KILL | LANE_VFIO | LANE_NETLINK)

/**
 * struct fuzz_options - a run
 * @seed: of everything
 * @ops: how many operations with a model, in all threads; 0: as many as the time allows
 * @seconds: how long; 0: as long as it takes
 * @threads: with a model
 * @worker: only the thread of this number; -1: all
 * @lanes: of LANE_*
 * @broken: how the model is spoilt
 * @only: names of operations, separated by commas; NULL: all
 * @without: names of operations that are left out; NULL: none
 * @quiet: no statistics
 */
struct fuzz_options {
	uint64_t seed;
	uint64_t ops;
	unsigned int seconds;
	unsigned int threads;
	int worker;
	unsigned int lanes;
	enum fuzz_break broken;
	const char *only;
	const char *without;
	bool quiet;
};

struct fuzz_worker;

/**
 * struct fuzz_call - one operation, from its choice to its check
 * @op: which
 * @fd: on what
 * @request: the ioctl
 * @arg: its structure
 * @extra: bytes behind the structure, as a newer program would have them
 * @pointer: what is given to the ioctl
 * @expected: 0 or the negative errno that the model predicts
 * @result: what happened
 * @note: for the operation: what it has to remember from its choice to its check
 */
struct fuzz_call {
	const struct fuzz_op *op;
	int fd;
	unsigned long request;
	struct {
		union {
			uint32_t size;
			uint64_t words[24];
			struct iommu_destroy destroy;
			struct iommu_ioas_alloc ioas_alloc;
			struct iommu_ioas_iova_ranges iova_ranges;
			struct iommu_ioas_allow_iovas allow;
			struct iommu_ioas_map map;
			struct iommu_ioas_map_file map_file;
			struct iommu_ioas_copy copy;
			struct iommu_ioas_unmap unmap;
			struct iommu_option option;
			struct iommu_vfio_ioas vfio_ioas;
			struct iommu_hwpt_alloc hwpt_alloc;
			struct iommu_hw_info hw_info;
			struct iommu_hwpt_set_dirty_tracking set_dirty;
			struct iommu_hwpt_get_dirty_bitmap get_dirty;
			struct iommu_hwpt_invalidate invalidate;
			struct iommu_fault_alloc fault_alloc;
			struct iommu_ioas_change_process change_process;
			struct iommu_test_cmd test;
			struct vfio_iommu_type1_dma_map type1_map;
			struct vfio_iommu_type1_dma_unmap type1_unmap;
			struct vfio_iommu_type1_info type1_info;
		};
	} arg;
	void *pointer;
	int expected;
	int result;
	uint64_t note[4];
};

#define NO_FIELD (-1)

/**
 * struct fuzz_op - a kind of operation
 * @name: its name
 * @weight: how often it is chosen, compared with others
 * @request: the ioctl, or 0 if @execute does something else
 * @test: the operation of IOMMU_TEST_CMD, or 0
 * @size: of the ioctl's structure; 0: it has none that starts with its size
 * @min_size: the shortest that is accepted
 * @flags: where flags are of which bit 30 is unknown, or NO_FIELD
 * @reserved: where a reserved member of 4 bytes is, or NO_FIELD
 * @atomic: it changes nothing if its answer can't be written, which is tried last
 * @generate: choose arguments; false: it makes no sense now
 * @execute: do it; NULL: an ioctl
 * @predict: what is to come of it; 0 or a negative errno
 * @check: compare the answer, and change the model; also after a failure that was predicted.
 *         Returns NULL, or what is wrong.
 */
struct fuzz_op {
	const char *name;
	unsigned int weight;
	unsigned long request;
	uint32_t test;
	uint32_t size;
	uint32_t min_size;
	int flags;
	int reserved;
	bool atomic;
	bool (*generate)(struct fuzz_worker *worker, struct fuzz_call *call);
	int (*execute)(struct fuzz_worker *worker, struct fuzz_call *call);
	int (*predict)(struct fuzz_worker *worker, struct fuzz_call *call);
	const char *(*check)(struct fuzz_worker *worker, struct fuzz_call *call);
};

#define FUZZ_IOCTL(_request, _type, _last)						\
	.request = (_request), .size = sizeof(_type),					\
	.min_size = offsetof(_type, _last) + sizeof(((_type *)0)->_last)
#define FUZZ_TEST(_op)									\
	FUZZ_IOCTL(IOMMU_TEST_CMD, struct iommu_test_cmd, last), .test = (_op),		\
	.flags = NO_FIELD, .reserved = NO_FIELD
#define FUZZ_PLAIN .flags = NO_FIELD, .reserved = NO_FIELD

#define LOG_SIZE 24

/**
 * struct fuzz_log - the last operations of a worker
 * @entries: a ring
 * @next: where the next one goes
 */
struct fuzz_log {
	struct fuzz_log_entry {
		uint64_t number;
		const char *name;
		int result;
		uint64_t words[9];
	} entries[LOG_SIZE];
	unsigned int next;
};

/**
 * struct fuzz_worker - a thread that has a context for itself
 * @options: of the run
 * @number: of the thread
 * @random: its stream
 * @op_number: how many operations it has done
 * @stats: of all
 * @fd: the context
 * @model: what must be in it
 * @arena: its memory
 * @buffer: for data on its way
 * @want: what must be in @buffer
 * @guard: a page of which nothing is mapped behind
 * @readonly: a page that can't be written
 * @readonly_alias: where it can
 * @ops: what is chosen from, with its weights summed up
 * @nr_ops: how many
 * @weight: of all
 * @log: the last operations
 * @broken: the model has been spoilt
 */
struct fuzz_worker {
	const struct fuzz_options *options;
	unsigned int number;
	struct fuzz_random random;
	uint64_t op_number;
	struct fuzz_stats *stats;
	int fd;
	struct model model;
	struct arena arena;
	uint8_t *buffer;
	uint8_t *want;
	uint8_t *guard;
	uint8_t *readonly;
	uint8_t *readonly_alias;
	const struct fuzz_op **ops;
	unsigned int nr_ops;
	unsigned int weight;
	struct fuzz_log log;
	bool broken;
};

/* The table: ops.c */
extern const struct fuzz_op *const fuzz_op_tables[];
int fuzz_ops_choose(struct fuzz_worker *worker);
unsigned int fuzz_op_index(const struct fuzz_op *op);
const struct fuzz_op *fuzz_op_at(unsigned int index);
unsigned int fuzz_op_named(const char *name);
void fuzz_ops_list(void);

/* Choosing arguments: choose.c */
uint32_t choose_id(struct fuzz_worker *worker, enum object_type type);
void *choose_object(struct fuzz_worker *worker, enum object_type type);
uint64_t choose_iova(struct fuzz_worker *worker);
uint64_t choose_length(struct fuzz_worker *worker);
uint64_t choose_va(struct fuzz_worker *worker, uint64_t length);
void choose_range(struct fuzz_worker *worker, struct model_ioas *ioas, uint64_t *iova,
		  uint64_t *length);
void choose_memory(struct fuzz_worker *worker, struct model_ioas *ioas, uint64_t *iova,
		   uint64_t *length);
void *choose_pointer(struct fuzz_worker *worker, void *good, uint64_t *bad);
struct iommu_test_cmd *choose_test(struct fuzz_worker *worker, struct fuzz_call *call);

/* Arguments that are wrong in ways that all ioctls know: hostile.c */
int hostile_mutate(struct fuzz_worker *worker, struct fuzz_call *call);

/* Workers: worker.c */
int worker_setup(struct fuzz_worker *worker, const struct fuzz_options *options,
		 unsigned int number, struct fuzz_stats *stats);
void worker_teardown(struct fuzz_worker *worker);
bool worker_step(struct fuzz_worker *worker);
int worker_open(struct fuzz_worker *worker);
void worker_close(struct fuzz_worker *worker);
uint64_t now_ns(void);
uint64_t now_ms(void);

/* Lanes */
void lane_shared(const struct fuzz_options *options, struct fuzz_stats *stats);
void lane_kill(const struct fuzz_options *options, struct fuzz_stats *stats);
void lane_vfio(const struct fuzz_options *options, struct fuzz_stats *stats);
void lane_netlink(const struct fuzz_options *options, struct fuzz_stats *stats);

/* A run: run.c */
int fuzz_run(const struct fuzz_options *options);

#endif
