/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all threads and processes of a run count and tell each other, in memory that they share.
 */
#ifndef FUZZ_STATS_H
#define FUZZ_STATS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define STATS_OPS 96
#define STATS_ERRNOS 136

/**
 * struct fuzz_stats - counts
 * @results: by operation and errno
 * @ns: how long they took
 * @exact: operations with a model, by who did them last for long
 * @shared: operations in a shared context
 * @kills: processes that were killed
 * @vfio: operations on vfio devices
 * @unbinds: times that a vfio device was taken away
 * @requests: by netlink
 * @events: that were heard
 * @failures: what went wrong
 * @stop: everybody is to end
 */
struct fuzz_stats {
	atomic_uint results[STATS_OPS][STATS_ERRNOS];
	atomic_ulong ns[STATS_OPS];
	atomic_ulong exact;
	atomic_ulong shared;
	atomic_ulong killed;
	atomic_ulong kills;
	atomic_ulong vfio;
	atomic_ulong unbinds;
	atomic_ulong requests;
	atomic_ulong events;
	atomic_uint failures;
	atomic_bool stop;
};

struct fuzz_stats *stats_new(void);
void stats_free(struct fuzz_stats *stats);
void stats_count(struct fuzz_stats *stats, unsigned int op, int result, uint64_t ns);
unsigned int stats_pairs(const struct fuzz_stats *stats);
void stats_print(const struct fuzz_stats *stats, uint64_t ms);

#endif
