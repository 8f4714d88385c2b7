/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The files of operations, op_*.c, and what they lend each other. A new file gets its array here,
 * and a place in ops.c.
 */
#ifndef FUZZ_OPS_H
#define FUZZ_OPS_H

#include "fuzz.h"

extern const struct fuzz_op ops_ioas[];
extern const struct fuzz_op ops_map[];
extern const struct fuzz_op ops_unmap[];
extern const struct fuzz_op ops_type1[];
extern const struct fuzz_op ops_hwpt[];
extern const struct fuzz_op ops_dirty[];
extern const struct fuzz_op ops_device[];
extern const struct fuzz_op ops_dma[];
extern const struct fuzz_op ops_access[];
extern const struct fuzz_op ops_fault[];
extern const struct fuzz_op ops_context[];

/* Whether an operation that makes several objects finds numbers for them. */
static inline bool ids_are_left(struct fuzz_worker *worker)
{
	return model_objects(&worker->model) < MAX_OBJECTS - 8;
}

/* op_ioas.c */
int predict_small_pages(struct model_ioas *ioas, bool small);
void set_small_pages(struct model_ioas *ioas, bool small);

/* op_map.c */
struct model_backing backing_of(struct fuzz_worker *worker, uint64_t va, uint64_t length,
				uint32_t flags, bool file);
int predict_new_area(struct model_ioas *ioas, uint64_t iova, const struct model_area *area);

/* op_dma.c: a copy by a device or a driver, and what it does to memory */
struct copy_rules {
	int hole;
	int forbidden;
	struct model_hwpt *hwpt;
	bool pages;
};

int copy_predict(struct fuzz_worker *worker, struct model_ioas *ioas, uint64_t iova,
		 uint64_t length, bool write, const struct copy_rules *rules, uint64_t *done);
const char *copy_check(struct fuzz_worker *worker, struct model_ioas *ioas, uint64_t iova,
		       uint64_t done, bool write, struct model_hwpt *hwpt);

#endif
