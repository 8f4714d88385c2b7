// SPDX-License-Identifier: GPL-2.0-only
/*
 * A run: the workers with a model as threads of this process, the other lanes beside them.
 *
 * Lanes that fork do so in a process of their own, which is made before there are threads.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"
#include "test_memory.h"

/* Pages may be let go a little after the process that pinned them has ended. */
#define UNPIN_MS 3000

struct exact_thread {
	pthread_t thread;
	struct fuzz_worker worker;
	uint64_t ops;
	uint64_t until;
	int error;
};

typedef void (*lane_fn)(const struct fuzz_options *options, struct fuzz_stats *stats);

static bool goes_on(const struct exact_thread *thread)
{
	const struct fuzz_worker *worker = &thread->worker;

	if (thread->ops && worker->op_number >= thread->ops)
		return false;
	/* The clock is looked at now and then. */
	if (thread->until && !(worker->op_number % 64) && now_ms() >= thread->until)
		return false;
	return !atomic_load_explicit(&worker->stats->stop, memory_order_relaxed);
}

static void *exact_main(void *arg)
{
	struct exact_thread *thread = arg;

	while (goes_on(thread) && worker_step(&thread->worker))
		atomic_fetch_add_explicit(&thread->worker.stats->exact, 1, memory_order_relaxed);
	return NULL;
}

static uint64_t end_of(const struct fuzz_options *options)
{
	return options->seconds ? now_ms() + options->seconds * 1000ULL : 0;
}

/* The operations are shared out; a worker that is alone by --worker does all that are asked for. */
static uint64_t ops_of_thread(const struct fuzz_options *options)
{
	if (!options->ops || options->worker >= 0)
		return options->ops;
	return (options->ops + options->threads - 1) / options->threads;
}

static void run_exact(const struct fuzz_options *options, struct fuzz_stats *stats)
{
	struct exact_thread *threads = calloc(MAX_THREADS, sizeof(*threads));
	unsigned int nr = options->worker < 0 ? options->threads : 1, i;

	for (i = 0; i < nr; i++) {
		unsigned int number = options->worker < 0 ? i : (unsigned int)options->worker;

		threads[i].ops = ops_of_thread(options);
		threads[i].until = end_of(options);
		threads[i].error = worker_setup(&threads[i].worker, options, number, stats);
		threads[i].error = threads[i].error ?:
			-pthread_create(&threads[i].thread, NULL, exact_main, &threads[i]);
		if (threads[i].error) {
			printf("# worker %u can't start: %s\n", i, strerror(-threads[i].error));
			stats->failures++;
		}
	}
	for (i = 0; i < nr; i++) {
		if (!threads[i].error)
			pthread_join(threads[i].thread, NULL);
		worker_teardown(&threads[i].worker);
	}
	free(threads);
}

/* Without workers there is only the time. */
static void wait_for_time(const struct fuzz_options *options, struct fuzz_stats *stats)
{
	uint64_t until = now_ms() + (options->seconds ?: 10) * 1000ULL;

	while (now_ms() < until && !stats->stop)
		usleep(50000);
}

static pid_t start_lane(lane_fn lane, const struct fuzz_options *options, struct fuzz_stats *stats)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	lane(options, stats);
	fflush(stdout);
	_exit(0);
}

static void check_lane(pid_t pid, struct fuzz_stats *stats)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || status) {
		printf("# a lane did not end well\n");
		stats->failures++;
	}
}

/* All that was pinned is unpinned in the end. */
static void check_pins(int64_t before, struct fuzz_stats *stats)
{
	uint64_t until = now_ms() + UNPIN_MS;

	while (test_pinned_pages() > before && now_ms() < until)
		usleep(20000);
	if (test_pinned_pages() > before) {
		printf("# %ld pages are still pinned\n", (long)(test_pinned_pages() - before));
		stats->failures++;
	}
}

static void run_lanes(const struct fuzz_options *options, struct fuzz_stats *stats)
{
	static const struct { unsigned int lane; lane_fn run; } lanes[] = {
		{ LANE_SHARED, lane_shared }, { LANE_KILL, lane_kill }, { LANE_VFIO, lane_vfio },
		{ LANE_NETLINK, lane_netlink },
	};
	const unsigned int nr = sizeof(lanes) / sizeof(*lanes);
	pid_t pids[sizeof(lanes) / sizeof(*lanes)] = { };
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (options->lanes & lanes[i].lane)
			pids[i] = start_lane(lanes[i].run, options, stats);
	if (options->lanes & LANE_EXACT)
		run_exact(options, stats);
	else
		wait_for_time(options, stats);
	atomic_store(&stats->stop, true);
	for (i = 0; i < nr; i++)
		if (pids[i])
			check_lane(pids[i], stats);
}

/**
 * fuzz_run() - do a run
 * @options: what to do
 *
 * Return: how many failures there were, which have been printed; or a negative errno.
 */
int fuzz_run(const struct fuzz_options *options)
{
	struct fuzz_stats *stats = stats_new();
	uint64_t start = now_ms();
	int64_t pinned;
	int failures;

	if (!stats)
		return -ENOMEM;
	pinned = test_pinned_pages();
	run_lanes(options, stats);
	check_pins(pinned, stats);
	if (!options->quiet)
		stats_print(stats, now_ms() - start);
	failures = stats->failures;
	stats_free(stats);
	return failures;
}
