// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that share a context, so that nobody can say what must come of an operation: only what
 * may. After each round the threads stop, and then all must be in order: every object can be
 * destroyed, and no memory is pinned.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "shared.h"

#define SHARED_THREADS 2
#define ROUND_OPS 600

/* More numbers than a context of this lane ever has. */
#define LAST_ID 512

static bool may_be(const struct shared_op *op, int error)
{
	unsigned int i;

	for (i = 0; op->allowed[i]; i++)
		if (op->allowed[i] == error)
			return true;
	return !error;
}

static void shared_step(struct shared_thread *thread)
{
	struct fuzz_stats *stats = thread->round->stats;
	const struct shared_op *op;
	struct fuzz_call call;
	int rc;

	memset(&call, 0, sizeof(call));
	op = &shared_ops[random_below(&thread->random, shared_nr_ops)];
	rc = op->run(thread, &call);
	stats_count(stats, fuzz_op_named(op->name), rc, 0);
	atomic_fetch_add_explicit(&stats->shared, 1, memory_order_relaxed);
	if (rc >= 0 || may_be(op, -rc))
		return;
	printf("# in a shared context %s gave -%s, which is not to be expected; seed %lu\n",
	       op->name, strerrorname_np(-rc), thread->round->options->seed);
	atomic_fetch_add(&stats->failures, 1);
	atomic_store(&stats->stop, true);
}

static void *thread_main(void *arg)
{
	struct shared_thread *thread = arg;
	unsigned int i;

	for (i = 0; i < ROUND_OPS && !atomic_load(&thread->round->stats->stop); i++)
		shared_step(thread);
	return NULL;
}

static int destroy(int fd, uint32_t id)
{
	struct iommu_destroy cmd = { .size = sizeof(cmd), .id = id };

	return ioctl(fd, IOMMU_DESTROY, &cmd) ? errno : 0;
}

/* Destroys what can be, until nothing is left. Returns how many objects remain. */
static unsigned int destroy_all(int fd)
{
	unsigned int left, destroyed;
	uint32_t id;

	do {
		left = 0;
		destroyed = 0;
		for (id = 1; id < LAST_ID; id++) {
			int error = destroy(fd, id);

			left += error == EBUSY;
			destroyed += !error;
		}
	} while (destroyed);
	return left;
}

static bool is_unpinned(struct shared_round *round)
{
	struct iommu_test_cmd cmd = {
		.size = sizeof(cmd),
		.op = IOMMU_TEST_OP_MD_CHECK_REFS,
		.check_refs.uptr = (uintptr_t)round->arena.base,
		.check_refs.length = ARENA_PLAIN_PAGES * PAGE,
	};

	return !ioctl(round->fd, IOMMU_TEST_CMD, &cmd);
}

static void complain(struct shared_round *round, const char *what)
{
	printf("# after a round in a shared context %s; seed %lu\n", what, round->options->seed);
	atomic_fetch_add(&round->stats->failures, 1);
	atomic_store(&round->stats->stop, true);
}

static void close_files(struct shared_round *round)
{
	unsigned int i;

	for (i = 0; i < SHARED_FILES; i++) {
		shared_close(&round->accesses[i]);
		shared_close(&round->queues[i]);
	}
}

/* Everybody has stopped. */
static void check_order(struct shared_round *round)
{
	close_files(round);
	if (destroy_all(round->fd))
		complain(round, "something can't be destroyed");
	if (!is_unpinned(round))
		complain(round, "memory is still pinned");
}

static void start_round(struct shared_round *round, unsigned int number)
{
	struct shared_thread threads[SHARED_THREADS];
	unsigned int i;

	for (i = 0; i < SHARED_FILES; i++) {
		round->accesses[i] = -1;
		round->queues[i] = -1;
	}
	for (i = 0; i < SHARED_THREADS; i++) {
		threads[i].round = round;
		random_init(&threads[i].random, round->options->seed, 2000 + number * 16 + i);
		pthread_create(&threads[i].thread, NULL, thread_main, &threads[i]);
	}
	for (i = 0; i < SHARED_THREADS; i++)
		pthread_join(threads[i].thread, NULL);
}

/**
 * lane_shared() - rounds, until the run ends
 * @options: of the run
 * @stats: counts
 */
void lane_shared(const struct fuzz_options *options, struct fuzz_stats *stats)
{
	static struct shared_round round;
	unsigned int number;

	round.options = options;
	round.stats = stats;
	if (arena_setup(&round.arena)) {
		printf("# threads that share a context have no memory\n");
		atomic_fetch_add(&stats->failures, 1);
		return;
	}
	for (number = 0; !atomic_load(&stats->stop); number++) {
		round.fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
		start_round(&round, number);
		/* Now and then everything ends with the context, and that with its last file. */
		if (number % 4)
			check_order(&round);
		close(round.fd);
		close_files(&round);
	}
	arena_teardown(&round.arena);
}
