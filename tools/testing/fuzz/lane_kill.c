// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that do what workers do, and are killed in the middle of it.
 *
 * Each has a context, memory and devices of its own, and a model; what it does is right until it
 * ends. What it leaves is for the kernel to clear away, while the other lanes go on: the next one
 * finds nothing of it, and at the end of the run nothing may be pinned.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

/* Their numbers come after those of the workers. */
#define FIRST_NUMBER 1000
#define CHILDREN 2
#define LIFE_MS 250

static void child_main(const struct fuzz_options *options, struct fuzz_stats *stats,
		       unsigned int number)
{
	struct fuzz_worker *worker = calloc(1, sizeof(*worker));

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!worker || worker_setup(worker, options, number, stats)) {
		printf("# process %u can't start\n", number);
		fflush(stdout);
		_exit(1);
	}
	while (worker_step(worker))
		atomic_fetch_add_explicit(&stats->killed, 1, memory_order_relaxed);
	_exit(1);
}

static pid_t start_child(const struct fuzz_options *options, struct fuzz_stats *stats,
			 unsigned int number)
{
	pid_t pid = fork();

	if (!pid)
		child_main(options, stats, number);
	return pid;
}

/* A process that ended before it was killed has found a fault. */
static void kill_child(pid_t pid, struct fuzz_stats *stats)
{
	int status;

	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status) ||
	    WTERMSIG(status) != SIGKILL) {
		atomic_fetch_add(&stats->failures, 1);
		atomic_store(&stats->stop, true);
	}
	atomic_fetch_add(&stats->kills, 1);
}

/**
 * lane_kill() - start processes and kill them, until the run ends
 * @options: of the run
 * @stats: counts
 */
void lane_kill(const struct fuzz_options *options, struct fuzz_stats *stats)
{
	struct fuzz_options sound = *options;
	unsigned int number = FIRST_NUMBER, i;
	struct fuzz_random random;
	pid_t pids[CHILDREN];

	sound.broken = BREAK_NOTHING;
	random_init(&random, options->seed, number);
	for (i = 0; i < CHILDREN; i++)
		pids[i] = start_child(&sound, stats, number++);
	while (!atomic_load(&stats->stop)) {
		usleep(1000 * (1 + random_below(&random, LIFE_MS)));
		i = random_below(&random, CHILDREN);
		kill_child(pids[i], stats);
		pids[i] = start_child(&sound, stats, number++);
	}
	for (i = 0; i < CHILDREN; i++)
		kill_child(pids[i], stats);
}
