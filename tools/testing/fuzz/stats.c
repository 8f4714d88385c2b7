// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counting, and the table at the end.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "fuzz.h"

/* The last column of results is for what isn't an errno, such as a version. */
#define NO_ERRNO (STATS_ERRNOS - 1)

struct fuzz_stats *stats_new(void)
{
	void *stats = mmap(NULL, sizeof(struct fuzz_stats), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return stats == MAP_FAILED ? NULL : stats;
}

void stats_free(struct fuzz_stats *stats)
{
	munmap(stats, sizeof(*stats));
}

void stats_count(struct fuzz_stats *stats, unsigned int op, int result, uint64_t ns)
{
	unsigned int column = result > 0 || result <= -NO_ERRNO ? NO_ERRNO : -result;

	if (op >= STATS_OPS)
		return;
	atomic_fetch_add_explicit(&stats->results[op][column], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&stats->ns[op], ns, memory_order_relaxed);
}

unsigned int stats_pairs(const struct fuzz_stats *stats)
{
	unsigned int op, column, pairs = 0;

	for (op = 0; op < STATS_OPS; op++)
		for (column = 0; column < STATS_ERRNOS; column++)
			pairs += !!stats->results[op][column];
	return pairs;
}

static void print_op(const struct fuzz_stats *stats, unsigned int op)
{
	unsigned long us = stats->ns[op] / 1000, calls = 0;
	const char *name = fuzz_op_at(op)->name;
	unsigned int column;

	for (column = 0; column < STATS_ERRNOS; column++)
		calls += stats->results[op][column];
	if (calls)
		printf("#   %-20s%-16s%10lu, %lu us each\n", name, "all", calls, us / calls);

	for (column = 0; column < STATS_ERRNOS; column++) {
		unsigned int count = stats->results[op][column];

		if (!count)
			continue;
		printf("#   %-20s", "");
		if (!column)
			printf("%-16s", "success");
		else if (column == NO_ERRNO)
			printf("%-16s", "(value)");
		else
			printf("%-16s", strerrorname_np(column) ?: "?");
		printf("%10u\n", count);
	}
}

/**
 * stats_print() - print what was counted
 * @stats: the counts
 * @ms: how long it took
 */
void stats_print(const struct fuzz_stats *stats, uint64_t ms)
{
	unsigned long ops = stats->exact + stats->shared + stats->killed + stats->vfio +
			    stats->requests;
	unsigned int op;

	printf("# results by operation:\n");
	for (op = 0; op < STATS_OPS && fuzz_op_at(op); op++)
		print_op(stats, op);
	printf("# operations: %lu with a model, %lu in shared contexts\n", stats->exact,
	       stats->shared);
	printf("# operations: %lu with a model in %lu processes that were killed\n",
	       stats->killed, stats->kills);
	printf("# operations: %lu on vfio devices that were taken away %lu times\n", stats->vfio,
	       stats->unbinds);
	printf("# operations: %lu requests by netlink, and %lu events heard\n", stats->requests,
	       stats->events);
	printf("# %u pairs of operation and result, %lu operations in %.1f s, %lu a second\n",
	       stats_pairs(stats), ops, ms / 1000.0, ms ? ops * 1000 / ms : 0);
}
