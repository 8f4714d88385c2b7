// SPDX-License-Identifier: GPL-2.0-only
/*
 * A worker: it has a context for itself, does one operation after the other, and knows what must
 * come of each.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

/* How often an operation's structure is made wrong, or can't be answered */
#define HOSTILE_ONE_IN 25
#define NO_ANSWER_ONE_IN 80

/* The model is spoilt only when there is something in it. */
#define BREAK_FROM 300

static pthread_mutex_t print_lock = PTHREAD_MUTEX_INITIALIZER;

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

uint64_t now_ms(void)
{
	return now_ns() / 1000000;
}

static const char *result_name(int result, char *text, size_t size)
{
	if (result >= 0 || !strerrorname_np(-result))
		snprintf(text, size, "%d", result);
	else
		snprintf(text, size, "-%s", strerrorname_np(-result));
	return text;
}

static void log_call(struct fuzz_worker *worker, const struct fuzz_call *call)
{
	struct fuzz_log_entry *entry = &worker->log.entries[worker->log.next++ % LOG_SIZE];

	entry->number = worker->op_number;
	entry->name = call->op->name;
	entry->result = 1;
	memcpy(entry->words, &call->arg, sizeof(entry->words));
}

static void log_result(struct fuzz_worker *worker, int result)
{
	worker->log.entries[(worker->log.next - 1) % LOG_SIZE].result = result;
}

static void print_log(const struct fuzz_worker *worker)
{
	unsigned int i, word;
	char text[32];

	for (i = worker->log.next; i < worker->log.next + LOG_SIZE; i++) {
		const struct fuzz_log_entry *entry = &worker->log.entries[i % LOG_SIZE];

		if (!entry->name)
			continue;
		printf("#  %8lu %-18s %-12s", entry->number, entry->name,
		       result_name(entry->result, text, sizeof(text)));
		for (word = 0; word < 9; word++)
			printf(" %lx", entry->words[word]);
		printf("\n");
	}
}

static void fail(struct fuzz_worker *worker, const struct fuzz_call *call, const char *what)
{
	char result[32], expected[32];

	atomic_fetch_add(&worker->stats->failures, 1);
	atomic_store(&worker->stats->stop, true);
	if (worker->options->quiet)
		return;
	pthread_mutex_lock(&print_lock);
	printf("# worker %u, operation %lu, %s: it gave %s, predicted was %s%s%s\n",
	       worker->number, worker->op_number, call->op->name,
	       result_name(call->result, result, sizeof(result)),
	       result_name(call->expected, expected, sizeof(expected)), what ? "; " : "",
	       what ?: "");
	printf("# again: --seed %lu --worker %u --ops %lu --lanes exact\n", worker->options->seed,
	       worker->number, worker->op_number + 1);
	printf("# memory: %p; huge page: %p\n", worker->arena.base, worker->arena.huge);
	printf("# its last operations, with the first 72 bytes of their structures:\n");
	print_log(worker);
	fflush(stdout);
	pthread_mutex_unlock(&print_lock);
}

static void call_init(struct fuzz_worker *worker, struct fuzz_call *call,
		      const struct fuzz_op *op)
{
	memset(call, 0, sizeof(*call));
	call->op = op;
	call->fd = worker->fd;
	call->request = op->request;
	call->pointer = &call->arg;
	call->arg.size = op->size;
}

static void choose_op(struct fuzz_worker *worker, struct fuzz_call *call)
{
	unsigned int i;
	uint32_t at;

	do {
		at = random_below(&worker->random, worker->weight);
		for (i = 0; at >= worker->ops[i]->weight; i++)
			at -= worker->ops[i]->weight;
		call_init(worker, call, worker->ops[i]);
	} while (!call->op->generate(worker, call));
}

/* Spoils the model's memory or areas. Returns whether there was something to spoil. */
static bool break_contents(struct fuzz_worker *worker)
{
	struct model_ioas *ioas = choose_object(worker, OBJECT_IOAS);

	switch (worker->options->broken) {
	case BREAK_MEMORY:
		worker->arena.copy[random_below(&worker->random, ARENA_HOLE)] ^= 1;
		return true;
	case BREAK_AREA:
		if (!ioas || !ioas->nr_areas)
			return false;
		ioas->nr_areas--;
		return true;
	case BREAK_PIN:
		if (!ioas || !ioas->nr_areas || !ioas->hwpts)
			return false;
		ioas->hwpts--;
		return true;
	default:
		return false;
	}
}

static void break_model(struct fuzz_worker *worker, struct fuzz_call *call)
{
	if (worker->broken || worker->op_number < BREAK_FROM ||
	    worker->options->broken == BREAK_NOTHING)
		return;
	if (worker->options->broken == BREAK_ERRNO) {
		call->expected = call->expected ? 0 : -EUCLEAN;
		worker->broken = true;
	} else {
		worker->broken = break_contents(worker);
	}
}

/* Puts the structure where the kernel can read it, but not write. */
static void forbid_answer(struct fuzz_worker *worker, struct fuzz_call *call)
{
	memcpy(worker->readonly_alias, &call->arg, call->op->size);
	call->pointer = worker->readonly;
	if (!call->expected)
		call->expected = -EFAULT;
}

/* Predicts what comes of a call, which may be made wrong. Returns whether to check its answer. */
static bool predict(struct fuzz_worker *worker, struct fuzz_call *call)
{
	const struct fuzz_op *op = call->op;

	if (op->size && random_one_in(&worker->random, HOSTILE_ONE_IN)) {
		call->expected = hostile_mutate(worker, call);
		if (call->expected <= 0)
			return false;
	}
	call->expected = op->predict(worker, call);
	if (!op->atomic || call->arg.size != op->size ||
	    !random_one_in(&worker->random, NO_ANSWER_ONE_IN))
		return true;
	forbid_answer(worker, call);
	return false;
}

static int execute(struct fuzz_worker *worker, struct fuzz_call *call)
{
	int rc;

	if (call->op->execute)
		return call->op->execute(worker, call);
	rc = ioctl(call->fd, call->request, call->pointer);
	return rc < 0 ? -errno : rc;
}

/**
 * worker_step() - do an operation
 * @worker: the worker
 *
 * Return: whether all was as predicted; if not, it has been printed.
 */
bool worker_step(struct fuzz_worker *worker)
{
	const char *wrong = NULL;
	struct fuzz_call call;
	uint64_t start;
	bool check;

	choose_op(worker, &call);
	check = predict(worker, &call);
	break_model(worker, &call);
	log_call(worker, &call);
	start = now_ns();
	call.result = execute(worker, &call);
	log_result(worker, call.result);
	stats_count(worker->stats, fuzz_op_index(call.op), call.result,
		    now_ns() - start);
	if (call.result == call.expected && check)
		wrong = call.op->check(worker, &call);
	if (call.result != call.expected || wrong) {
		fail(worker, &call, wrong);
		return false;
	}
	worker->op_number++;
	return true;
}

/* Opens a context. */
int worker_open(struct fuzz_worker *worker)
{
	worker->fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	return worker->fd < 0 ? -errno : 0;
}

/* Closes the context and all files that belong to it. */
void worker_close(struct fuzz_worker *worker)
{
	struct model_access *access;
	struct model_faults *faults;
	uint32_t id;

	for (id = 1; id < MAX_OBJECTS; id++) {
		access = model_get(&worker->model, id, OBJECT_ACCESS);
		faults = model_get(&worker->model, id, OBJECT_FAULT);
		if (access)
			close(access->fd);
		if (faults && faults->fd >= 0)
			close(faults->fd);
	}
	close(worker->fd);
	model_clear(&worker->model);
}

static uint8_t *map_page(int prot, int flags, int fd, size_t size)
{
	void *page = mmap(NULL, size, prot, flags, fd, 0);

	return page == MAP_FAILED ? NULL : page;
}

static int map_pages(struct fuzz_worker *worker)
{
	int fd = memfd_create("fuzz-readonly", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, PAGE))
		return -errno;
	worker->readonly = map_page(PROT_READ, MAP_SHARED, fd, PAGE);
	worker->readonly_alias = map_page(PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE);
	close(fd);
	worker->guard = map_page(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 2 * PAGE);
	worker->buffer = malloc(BUFFER_SIZE);
	worker->want = malloc(BUFFER_SIZE);
	if (!worker->readonly || !worker->readonly_alias || !worker->guard || !worker->buffer ||
	    !worker->want)
		return -ENOMEM;
	return mprotect(worker->guard + PAGE, PAGE, PROT_NONE) ? -errno : 0;
}

/**
 * worker_setup() - have a context and memory
 * @worker: the worker
 * @options: of the run
 * @number: of the worker
 * @stats: where it counts
 *
 * Return: 0 or a negative errno; worker_teardown() is called in both cases.
 */
int worker_setup(struct fuzz_worker *worker, const struct fuzz_options *options,
		 unsigned int number, struct fuzz_stats *stats)
{
	memset(worker, 0, sizeof(*worker));
	worker->options = options;
	worker->number = number;
	worker->stats = stats;
	worker->fd = -1;
	random_init(&worker->random, options->seed, number);
	return arena_setup(&worker->arena) ?: map_pages(worker) ?: fuzz_ops_choose(worker) ?:
	       worker_open(worker);
}

void worker_teardown(struct fuzz_worker *worker)
{
	worker_close(worker);
	arena_teardown(&worker->arena);
	if (worker->guard)
		munmap(worker->guard, 2 * PAGE);
	if (worker->readonly)
		munmap(worker->readonly, PAGE);
	if (worker->readonly_alias)
		munmap(worker->readonly_alias, PAGE);
	free(worker->buffer);
	free(worker->want);
	free(worker->ops);
}
