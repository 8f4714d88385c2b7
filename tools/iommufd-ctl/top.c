// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contexts by what they map, again and again. On a terminal one table is written over the other, as
 * much of it as fits, whatever size the terminal has by then; else one below the other, as a whole.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "map.h"
#include "table.h"
#include "term.h"
#include "top.h"

/* What moves the cursor home, clears the rest of a line, and that of the screen */
#define HOME "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_REST "\033[J"

#define LINE_MAX_SIZE 256

/**
 * struct top - a run
 * @ctl: the run
 * @terminal: it is written over the last look
 * @delay: seconds between two looks
 * @iterations: how many looks are left, or 0: until it is ended
 * @before: the look before, empty at first
 * @now: the last look
 * @endings: the signals that end it
 * @signals: tells of them between two looks, and of another size
 */
struct top {
	struct ctl *ctl;
	bool terminal;
	unsigned long delay;
	unsigned long iterations;
	struct top_look before;
	struct top_look now;
	sigset_t endings;
	int signals;
};

/* What happened to a context in a second; negative: the kernel doesn't tell */
struct rates {
	double maps;
	double unmaps;
	double faults;
	double failures;
};

static int by_mapped_down(const void *a, const void *b)
{
	const struct top_context *left = *(struct top_context *const *)a;
	const struct top_context *right = *(struct top_context *const *)b;

	if (left->mapped != right->mapped)
		return left->mapped > right->mapped ? -1 : 1;
	return left->id < right->id ? -1 : left->id > right->id;
}

static double rate(uint64_t now, uint64_t before, double seconds)
{
	return now > before && seconds > 0 ? (now - before) / seconds : 0;
}

static struct rates rates_of(const struct top *top, const struct top_context *context)
{
	const struct top_context *before = top_find(&top->before, context->id);
	const double seconds = top->now.seconds - top->before.seconds;

	if (top->now.uncounted)
		return (struct rates){ -1, -1, -1, -1 };
	if (!before)
		return (struct rates){};
	return (struct rates){
		.maps = rate(context->maps, before->maps, seconds),
		.unmaps = rate(context->unmaps, before->unmaps, seconds),
		.faults = rate(context->faults, before->faults, seconds),
		.failures = rate(context->failures, before->failures, seconds),
	};
}

struct rate_text {
	char text[32];
};

static struct rate_text rate_text(double rate, const char *unknown)
{
	struct rate_text text;

	if (rate < 0)
		snprintf(text.text, sizeof(text.text), "%s", unknown);
	else
		snprintf(text.text, sizeof(text.text), "%.1f", rate);
	return text;
}

/* How many bytes the first @width characters of UTF-8 are */
static size_t bytes_of(const char *line, unsigned int width)
{
	size_t at;

	for (at = 0; line[at]; at++)
		if ((line[at] & 0xc0) != 0x80 && !width--)
			break;
	return at;
}

/* Writes a line as far as there is room for it: @width columns, or 0 for all of it. */
static void write_line(const struct top *top, const char *line, unsigned int width)
{
	printf("%.*s%s\n", (int)(width ? bytes_of(line, width) : strlen(line)), line,
	       top->terminal ? CLEAR_LINE : "");
}

static void write_context(const struct top *top, const struct top_context *context,
			  unsigned int width)
{
	const struct rates rates = rates_of(top, context);
	char *mapped = map_size_text(context->mapped);
	char *pinned = map_size_text(context->pinned);
	char *comm = ctl_printable(context->comm, strlen(context->comm));
	char line[LINE_MAX_SIZE];

	snprintf(line, sizeof(line), "%8u %8u %8s %8s %7llu %9s %9s %9s %9s %7llu %s",
		 context->id, context->pid, mapped ?: "", pinned ?: "",
		 (unsigned long long)context->devices, rate_text(rates.maps, "-").text,
		 rate_text(rates.unmaps, "-").text, rate_text(rates.faults, "-").text,
		 rate_text(rates.failures, "-").text, (unsigned long long)context->pending,
		 comm ?: "");
	write_line(top, line, width);
	free(mapped);
	free(pinned);
	free(comm);
}

static void write_heading(const struct top *top, unsigned int width)
{
	char line[LINE_MAX_SIZE], *all;
	__uint128_t bytes = 0;
	unsigned long i;

	for (i = 0; i < top->now.count; i++)
		bytes += top->now.contexts[i].mapped;
	all = map_size_text(bytes);
	snprintf(line, sizeof(line), "iommufd: %lu context%s, %s mapped", top->now.count,
		 top->now.count == 1 ? "" : "s", all ?: "");
	write_line(top, line, width);
	free(all);
	if (top->ctl->noheadings)
		return;
	snprintf(line, sizeof(line), "%8s %8s %8s %8s %7s %9s %9s %9s %9s %7s %s", "CONTEXT",
		 "PID", "MAPPED", "PINNED", "DEVICES", "MAPS/s", "UNMAPS/s", "FAULTS/s", "FAILED/s",
		 "WAITING", "COMMAND");
	write_line(top, line, width);
}

static void write_json(const struct top *top, struct top_context **order)
{
	struct ctl_json json = { .out = stdout };
	struct rates rates;
	unsigned long i;

	json_open(&json, NULL, '{');
	json_open(&json, "contexts", '[');
	for (i = 0; i < top->now.count; i++) {
		rates = rates_of(top, order[i]);
		json_open(&json, NULL, '{');
		json_number(&json, "id", order[i]->id);
		json_number(&json, "pid", order[i]->pid);
		json_string(&json, "command", order[i]->comm);
		json_number(&json, "mapped", order[i]->mapped);
		json_number(&json, "pinned", order[i]->pinned);
		json_number(&json, "devices", order[i]->devices);
		json_number(&json, "waiting", order[i]->pending);
		json_raw(&json, "maps", rate_text(rates.maps, "null").text);
		json_raw(&json, "unmaps", rate_text(rates.unmaps, "null").text);
		json_raw(&json, "faults", rate_text(rates.faults, "null").text);
		json_raw(&json, "failed", rate_text(rates.failures, "null").text);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_close(&json, '}');
	putchar('\n');
}

static void write_text(const struct top *top, struct top_context **order)
{
	unsigned int width = 0, rows = 0;
	unsigned long i, count = top->now.count;

	if (top->terminal) {
		term_size(&width, &rows);
		/* Two lines are headings, and the cursor is in the last. */
		rows = rows > 3 ? rows - 3 : 0;
		count = count < rows ? count : rows;
		fputs(HOME, stdout);
	}
	write_heading(top, width);
	for (i = 0; i < count; i++)
		write_context(top, order[i], width);
	fputs(top->terminal ? CLEAR_REST : "\n", stdout);
}

/* Who reads it may never do so: what ends us does so meanwhile, too. */
static int write_look(const struct top *top)
{
	struct top_context **order = calloc(top->now.count + 1, sizeof(*order));
	unsigned long i;
	int rc;

	if (!order)
		return -ENOMEM;
	for (i = 0; i < top->now.count; i++)
		order[i] = &top->now.contexts[i];
	qsort(order, top->now.count, sizeof(*order), by_mapped_down);
	sigprocmask(SIG_UNBLOCK, &top->endings, NULL);
	if (top->ctl->json)
		write_json(top, order);
	else
		write_text(top, order);
	rc = fflush(stdout) ? -errno : 0;
	sigprocmask(SIG_BLOCK, &top->endings, NULL);
	free(order);
	return rc;
}

/*
 * Waits until it is time for the next look. Returns false if there is to be none; a new size of the
 * terminal is a reason to write the last one again.
 */
static bool wait_for_next(struct top *top)
{
	struct pollfd fds[] = {
		{ .fd = top->signals, .events = POLLIN },
		{ .fd = STDOUT_FILENO },
	};
	struct signalfd_siginfo info;
	int rc;

	for (;;) {
		rc = poll(fds, 2, top->delay * 1000);
		if (rc < 0 && errno == EINTR)
			continue;
		if (rc <= 0)
			return !rc;
		if (fds[1].revents & (POLLERR | POLLHUP))
			return false;
		if (read(top->signals, &info, sizeof(info)) != sizeof(info) ||
		    info.ssi_signo != SIGWINCH)
			return false;
		if (top->terminal && write_look(top))
			return false;
	}
}

static int look_on(struct top *top)
{
	const bool endless = !top->iterations;
	int rc;

	for (;;) {
		rc = top_look(top->ctl, &top->now);
		if (rc)
			return ctl_error(top->ctl, rc, "contexts");
		rc = write_look(top);
		if (rc)
			return CTL_FAILED;
		if ((!endless && !--top->iterations) || !wait_for_next(top))
			return CTL_OK;
		top_look_free(&top->before);
		top->before = top->now;
		memset(&top->now, 0, sizeof(top->now));
	}
}

static int catch_signals(struct top *top)
{
	sigset_t signals;

	sigemptyset(&top->endings);
	sigaddset(&top->endings, SIGINT);
	sigaddset(&top->endings, SIGTERM);
	signals = top->endings;
	sigaddset(&signals, SIGWINCH);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	top->signals = signalfd(-1, &signals, SFD_CLOEXEC);
	return top->signals < 0 ? -errno : 0;
}

int ctl_top(struct ctl *ctl, const struct ctl_command *command, char **words)
{
	struct top top = { .ctl = ctl, .delay = 2 };
	int rc;

	(void)command;
	(void)words;
	if (!ctl_option_number(ctl, "delay", 1, 3600, &top.delay) ||
	    !ctl_option_number(ctl, "iterations", 1, 1000000000, &top.iterations))
		return CTL_USAGE;
	rc = ctl_connect(ctl);
	if (rc)
		return rc;
	top.terminal = isatty(STDOUT_FILENO) && !ctl->json && !ctl_option(ctl, "batch");
	rc = catch_signals(&top);
	if (rc)
		return ctl_error(ctl, rc, "signals");
	if (top.terminal)
		fputs(HOME CLEAR_REST, stdout);
	rc = look_on(&top);
	top_look_free(&top.before);
	top_look_free(&top.now);
	close(top.signals);
	return rc;
}
