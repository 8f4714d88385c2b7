/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Operations of threads that share a context: without a model, but with what may come of them.
 */
#ifndef FUZZ_SHARED_H
#define FUZZ_SHARED_H

#include <pthread.h>

#include "fuzz.h"

#define SHARED_FILES 4

/**
 * struct shared_round - a context for several threads
 * @options: of the run
 * @stats: counts
 * @fd: the context
 * @arena: the memory; what is in it is anybody's guess
 * @accesses: files of access endpoints, or -1. Who takes one out is who closes it.
 * @queues: files of fault queues, or -1
 */
struct shared_round {
	const struct fuzz_options *options;
	struct fuzz_stats *stats;
	int fd;
	struct arena arena;
	atomic_int accesses[SHARED_FILES];
	atomic_int queues[SHARED_FILES];
};

struct shared_thread {
	struct shared_round *round;
	pthread_t thread;
	struct fuzz_random random;
	uint8_t buffer[2 * PAGE];
};

/**
 * struct shared_op - an operation
 * @name: as that of the operation with a model
 * @run: do it; returns what came of it
 * @allowed: errno values that may come of it, ended by 0
 */
struct shared_op {
	const char *name;
	int (*run)(struct shared_thread *thread, struct fuzz_call *call);
	int allowed[10];
};

extern const struct shared_op shared_ops[];
extern const unsigned int shared_nr_ops;

void shared_close(atomic_int *file);

#endif
