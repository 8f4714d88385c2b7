// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's part in a test: what it said from the test's start to its end, and what it still
 * holds afterwards.
 *
 * The log is read from /dev/kmsg, a record with each read(), from where the guest says that its
 * command starts. What a test caused may be said a little later (by work that is put off); it then
 * counts for the test that runs at that time.
 *
 * A report that begins with a line of the file splats is a fault, unless the file known-splats
 * knows it: it has, in each line, an expression for the report's first line and then words that
 * must all be in the report, in that order.
 */
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runner.h"

enum { MOST_SPLATS = 128, MOST_LINES = 150, MOST_RECORD = 8192, TRIES = 20 };

struct known {
	struct known *next;
	regex_t first;
	char *words;
};

typedef void line_fn(char *line, const char *file);

static const struct timespec moment = { .tv_nsec = 100 * 1000 * 1000 };
static regex_t splats[MOST_SPLATS];
static int nr_splats;
static struct known *knowns;
static int kmsg_in, kmsg_out;
static long pinned;
static bool complained = true;	/* since locks were last seen to be watched */

static void compile(regex_t *regex, const char *expression, const char *file)
{
	if (regcomp(regex, expression, REG_EXTENDED | REG_NOSUB))
		die("%s: no regular expression: %s", file, expression);
}

static void read_lines(const char *path, line_fn *fn)
{
	FILE *file = fopen(path, "re");
	char line[1024];

	if (!file)
		die("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		if (line[0] && line[0] != '#')
			fn(line, path);
	}
	fclose(file);
}

static void add_splat(char *line, const char *file)
{
	if (nr_splats == MOST_SPLATS)
		die("%s has more than %d lines", file, MOST_SPLATS);
	compile(&splats[nr_splats++], line, file);
}

/* "expression -> word word": the words' places are marked with NUL bytes, two at the end. */
static void add_known(char *line, const char *file)
{
	struct known *known = calloc(1, sizeof(*known));
	char *arrow = strstr(line, " -> ");
	size_t length;

	if (!known || !arrow)
		die("%s: it is not 'expression -> words': %s", file, line);
	*arrow = 0;
	compile(&known->first, line, file);
	length = strlen(arrow + 4);
	known->words = calloc(1, length + 2);
	memcpy(known->words, arrow + 4, length);
	for (char *space = known->words; (space = strchr(space, ' ')); )
		*space++ = 0;
	known->next = knowns;
	knowns = known;
}

static long read_pinned(void)
{
	long acquired = 0, released = 0, value;
	FILE *file = fopen("/proc/sys/vm/stat_refresh", "we");
	char name[64];

	if (file) {
		fputs("1\n", file);
		fclose(file);
	}
	file = fopen("/proc/vmstat", "re");
	if (!file)
		die("/proc/vmstat: %s", strerror(errno));
	while (fscanf(file, "%63s %ld", name, &value) == 2) {
		if (!strcmp(name, "nr_foll_pin_acquired"))
			acquired = value;
		else if (!strcmp(name, "nr_foll_pin_released"))
			released = value;
	}
	fclose(file);
	return acquired - released;
}

/*
 * Reads one record into @line, without what stands before its text and below it. Returns false if
 * there is none.
 */
static bool read_record(char *line, size_t size)
{
	ssize_t length;
	char *text;

	do
		length = read(kmsg_in, line, size - 1);
	while (length < 0 && (errno == EPIPE || errno == EINTR));
	if (length <= 0)
		return false;
	line[length] = 0;
	text = strchr(line, ';');
	if (text)
		memmove(line, text + 1, strlen(text));
	line[strcspn(line, "\n")] = 0;
	return true;
}

/**
 * kernel_init() - before the first test
 * @splats_file: expressions for first lines of reports
 * @known_file: reports that are no fault of ours
 */
void kernel_init(const char *splats_file, const char *known_file)
{
	char line[MOST_RECORD];

	read_lines(splats_file, add_splat);
	read_lines(known_file, add_known);
	kmsg_in = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	kmsg_out = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (kmsg_in < 0 || kmsg_out < 0)
		die("/dev/kmsg: %s", strerror(errno));
	do
		if (!read_record(line, sizeof(line)))
			die("the kernel's log has no beginning");
	while (strcmp(line, "iommufd-vfio: the command starts"));
	pinned = read_pinned();
}

static bool is_splat(const char *line)
{
	for (int i = 0; i < nr_splats; i++)
		if (!regexec(&splats[i], line, 0, NULL, 0))
			return true;
	return false;
}

static bool is_known(const char *first, const char *report)
{
	const char *word, *at;
	struct known *known;

	for (known = knowns; known; known = known->next) {
		if (regexec(&known->first, first, 0, NULL, 0))
			continue;
		at = report;
		for (word = known->words; at && *word; word += strlen(word) + 1)
			at = strstr(at, word);
		if (at)
			return true;
	}
	return false;
}

static void mark(const struct test *test, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void mark(const struct test *test, const char *format, ...)
{
	char line[700];
	va_list args;
	int length;

	length = snprintf(line, sizeof(line), "iommufd-vfio: test %d ", test->number);
	va_start(args, format);
	length += vsnprintf(line + length, sizeof(line) - length, format, args);
	va_end(args);
	if (write(kmsg_out, line, length) < 0)
		die("/dev/kmsg: %s", strerror(errno));
}

/**
 * kernel_mark_start() - say in the kernel's log that a test starts
 * @test: the test
 *
 * What was said until now belongs to what ran before.
 */
void kernel_mark_start(const struct test *test)
{
	mark(test, "starts: %s", test->name);
}

/* A report of the kernel's, while it is read. */
struct splat {
	bool begins;	/* what a warning says of itself stands before its first line */
	bool open;
	bool over;
	int lines;
	char first[512];
	struct text text;
};

static void close_splat(struct splat *splat, struct run *run)
{
	if (splat->open && !is_known(splat->first, splat->text.at))
		text_add(&run->faults, "the kernel complained during the test:\n%s",
			 splat->text.at);
	text_clear(&splat->text);
	splat->begins = false;
	splat->open = false;
	splat->over = false;
	splat->lines = 0;
}

static void open_splat(struct splat *splat, const char *line)
{
	snprintf(splat->first, sizeof(splat->first), "%.511s", line);
	splat->begins = false;
	splat->open = true;
	complained = true;
}

/* A report is over with its call trace at the latest, but what stands below is worth reading. */
static void take_record(struct splat *splat, const char *line, struct run *run)
{
	bool another = !splat->open || splat->over;

	if (another && strstr(line, "[ cut here ]")) {
		close_splat(splat, run);
		splat->begins = true;
		return;
	}
	if (another && is_splat(line)) {
		if (!splat->begins)
			close_splat(splat, run);
		open_splat(splat, line);
	}
	if (!splat->open && !splat->begins)
		return;
	if (strstr(line, "</TASK>") || strstr(line, "---[ end trace"))
		splat->over = true;
	if (splat->lines++ < MOST_LINES)
		text_add(&splat->text, "%s\n", line);
}

/* Another processor may be in the middle of a report when the test has ended. */
static void finish_splat(struct splat *splat, struct run *run)
{
	char line[MOST_RECORD];
	int tries = TRIES;

	while (splat->open && !splat->over && tries) {
		if (read_record(line, sizeof(line))) {
			take_record(splat, line, run);
			tries = TRIES;
		} else {
			nanosleep(&moment, NULL);
			tries--;
		}
	}
}

/**
 * kernel_mark_end() - say in the kernel's log that a test ends, and read what there is before
 * @test: the test
 * @run: its faults get what the kernel complained of
 */
void kernel_mark_end(const struct test *test, struct run *run)
{
	struct splat splat = { };
	char line[MOST_RECORD], end[64];

	snprintf(end, sizeof(end), "iommufd-vfio: test %d ends", test->number);
	mark(test, "ends");
	while (read_record(line, sizeof(line)) && strcmp(line, end))
		take_record(&splat, line, run);
	finish_splat(&splat, run);
	close_splat(&splat, run);
}

/**
 * kernel_check_pages() - are more pages pinned than before?
 * @run: of the test that has just run
 *
 * Pages may be let go a little after the process that pinned them has ended.
 */
void kernel_check_pages(struct run *run)
{
	long before = pinned;
	int tries;

	for (tries = 0; tries < TRIES; tries++) {
		pinned = read_pinned();
		if (pinned <= before)
			return;
		nanosleep(&moment, NULL);
	}
	text_add(&run->faults, "%ld pages are still pinned after the test\n", pinned - before);
}

/**
 * kernel_locks_are_watched() - does lockdep still work?
 *
 * Return: false if it has been switched off, as the kernel does with its first report, true if it
 * works or there is none.
 */
bool kernel_locks_are_watched(void)
{
	bool watched = true;
	char line[256];
	FILE *file;
	int on;

	if (!complained)
		return true;
	complained = false;
	file = fopen("/proc/lockdep_stats", "re");
	if (!file)
		return true;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " debug_locks: %d", &on) == 1)
			watched = on;
	fclose(file);
	return watched;
}
