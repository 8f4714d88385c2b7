// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runner.h"

/* The exit status that asks for another guest, to go on after the last test that was reported. */
enum { STATUS_BLIND = 77, MOST_PROGRAMS = 32, MOST_WORDS = 32 };

static const char usage[] =
	"Usage: run-tests [OPTION...] [PROGRAM...]\n"
	"\n"
	"Runs each test of the kselftest PROGRAMs by itself. A test fails when it says so, when the\n"
	"kernel complains meanwhile, when it leaves pages pinned or processes behind, or when it takes\n"
	"too long. The last line is \"N passed, N failed, N skipped\".\n"
	"\n"
	"  --plain 'PROGRAM ARG...'  a program that is one test: 0 is success, 4 means skipped, with\n"
	"                     the reason in its last line\n"
	"  --last 'PROGRAM ARG...'   the same, but it is run at the end and whatever --match says\n"
	"  --match PATTERN    only tests with it in their names, with * and ? as in file names\n"
	"  --skip N           not the first N: an earlier guest has run them\n"
	"  --share I/N        of these, only each Nth: other guests run the others\n"
	"  --guest NAME       part of the names of what --last runs\n"
	"  --timeout SECONDS  for one test (120)\n"
	"  --seconds N        begin no test when the machine has been up for longer\n"
	"  --again            run a test again that failed without a complaint of the kernel's\n"
	"  --scale N          the kselftest harness' own limits are to be N times as long\n"
	"  --expect FILE      names of tests that fail, with reasons\n"
	"  --show             print the output of tests that pass, too\n"
	"\n"
	"Exit status: 0; 1 if tests failed; 77 if the kernel no longer watches locks, since a first\n"
	"report turns that off, and a new guest should go on.\n";

static struct {
	char match[512];
	int skip;
	int share;
	int shares;
	const char *guest;
	unsigned int timeout;
	char *plain[MOST_PROGRAMS];
	int nr_plain;
	char *last[MOST_PROGRAMS];
	int nr_last;
	int seconds;
	bool again;
} options = { .match = "*", .shares = 1, .guest = "1", .timeout = 120, .seconds = -1 };

static struct counts counts;
static int number;
static bool blind;

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("run-tests: ", stdout);
	vprintf(format, args);
	putchar('\n');
	va_end(args);
	exit(1);
}

void text_add_bytes(struct text *text, const char *bytes, size_t length)
{
	if (text->room < text->length + length + 1) {
		text->room = 2 * (text->length + length + 1);
		text->at = realloc(text->at, text->room);
		if (!text->at)
			die("no memory");
	}
	memcpy(text->at + text->length, bytes, length);
	text->length += length;
	text->at[text->length] = 0;
}

void text_add(struct text *text, const char *format, ...)
{
	char *line;
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&line, format, args);
	va_end(args);
	if (length < 0)
		die("no memory");
	text_add_bytes(text, line, length);
	free(line);
}

void text_clear(struct text *text)
{
	free(text->at);
	*text = (struct text){ };
}

static void run_once(const struct test *test, struct run *run)
{
	kernel_mark_start(test);
	process_run(test->argv, options.timeout, run);
	kernel_mark_end(test, run);
	kernel_check_pages(run);
}

static void run_test(const struct test *test)
{
	struct run run = { };

	run_once(test, &run);
	if (options.again && report_first_run(test, &run))
		run_once(test, &run);
	report(test, &run, &counts);
	if (!blind && !kernel_locks_are_watched()) {
		blind = true;
		printf("# lockdep turned itself off during test %d\n", test->number);
		fflush(stdout);
	}
}

/* Whether a test is for this guest; counts those that are for any. */
static bool is_wanted(const char *name)
{
	if (fnmatch(options.match, name, 0))
		return false;
	number++;
	return !blind && number > options.skip && number % options.shares == options.share;
}

static void run_in_time(const struct test *test)
{
	if (options.seconds >= 0 && now() >= options.seconds)
		report_not_run(test);
	else
		run_test(test);
}

static void run_kselftest(void *arg, const char *id)
{
	char *program = arg;
	const char *const argv[] = { program, "-r", id, NULL };
	struct test test = { .argv = argv, .is_kselftest = true };

	snprintf(test.name, sizeof(test.name), "%s.%s", basename(program), id);
	if (!is_wanted(test.name))
		return;
	test.number = number;
	run_in_time(&test);
}

/* The program's name, without its folder and its ending; words that begin without - follow. */
static void name_plain(char *name, size_t size, const char *const words[])
{
	char *copy = strdup(words[0]);
	size_t length;

	length = snprintf(name, size, "%s", basename(copy));
	for (words++; *words && length < size; words++)
		if (**words != '-')
			length += snprintf(name + length, size - length, ".%s", *words);
	free(copy);
}

static void run_plain(char *line, bool is_last)
{
	const char *words[MOST_WORDS + 1] = { };
	struct test test = { .argv = words };
	char name[400];
	int nr = 0;

	for (char *word = strtok(line, " "); word && nr < MOST_WORDS; word = strtok(NULL, " "))
		words[nr++] = word;
	if (!nr)
		return;
	name_plain(name, sizeof(name), words);
	if (is_last) {
		snprintf(test.name, sizeof(test.name), "end_of_guest_%s.%s", options.guest, name);
		run_test(&test);
		return;
	}
	snprintf(test.name, sizeof(test.name), "%s", name);
	if (!is_wanted(test.name))
		return;
	test.number = number;
	run_in_time(&test);
}

static void parse_share(const char *word)
{
	if (sscanf(word, "%d/%d", &options.share, &options.shares) != 2 || options.shares < 1 ||
	    options.share < 0 || options.share >= options.shares)
		die("%s is no share such as 0/2", word);
}

static void add_program(char **list, int *nr, char *line)
{
	if (*nr == MOST_PROGRAMS)
		die("more than %d programs", MOST_PROGRAMS);
	list[(*nr)++] = line;
}

static void take_option(int option)
{
	switch (option) {
	case 'm':
		snprintf(options.match, sizeof(options.match), "*%s*", optarg);
		break;
	case 's':
		options.skip = atoi(optarg);
		break;
	case 'S':
		parse_share(optarg);
		break;
	case 'g':
		options.guest = optarg;
		break;
	case 't':
		options.timeout = atoi(optarg);
		break;
	case 'c':
		setenv("IV_TEST_TIMEOUT_SCALE", optarg, 1);
		break;
	case 'e':
		report_expect(optarg);
		break;
	case 'n':
		options.seconds = atoi(optarg);
		break;
	case 'a':
		options.again = true;
		break;
	case 'o':
		report_show();
		break;
	case 'p':
		add_program(options.plain, &options.nr_plain, optarg);
		break;
	case 'l':
		add_program(options.last, &options.nr_last, optarg);
		break;
	case 'h':
		fputs(usage, stdout);
		exit(0);
	default:
		exit(2);
	}
}

static void parse_options(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "match", required_argument, NULL, 'm' },
		{ "skip", required_argument, NULL, 's' },
		{ "share", required_argument, NULL, 'S' },
		{ "guest", required_argument, NULL, 'g' },
		{ "timeout", required_argument, NULL, 't' },
		{ "scale", required_argument, NULL, 'c' },
		{ "expect", required_argument, NULL, 'e' },
		{ "seconds", required_argument, NULL, 'n' },
		{ "again", no_argument, NULL, 'a' },
		{ "show", no_argument, NULL, 'o' },
		{ "plain", required_argument, NULL, 'p' },
		{ "last", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	int option;

	while ((option = getopt_long(argc, argv, "+h", longs, NULL)) != -1)
		take_option(option);
}

int main(int argc, char **argv)
{
	char file[512], known[520];
	ssize_t length;
	int i;

	parse_options(argc, argv);
	length = readlink("/proc/self/exe", file, sizeof(file) - 1);
	if (length < 0)
		die("/proc/self/exe: %s", strerror(errno));
	file[length] = 0;
	snprintf(known, sizeof(known), "%s/known-splats", dirname(file));
	snprintf(file + strlen(file), sizeof(file) - strlen(file), "/splats");
	process_init();
	kernel_init(file, known);

	if (!kernel_locks_are_watched())
		die("lockdep is off before the first test");
	for (i = optind; i < argc; i++)
		if (!list_tests(argv[i], run_kselftest, argv[i]))
			die("%s has no tests; is it for --plain?", argv[i]);
	for (i = 0; i < options.nr_plain; i++)
		run_plain(options.plain[i], false);
	if (!number) {
		printf("no test matches %s\n", options.match);
		return 1;
	}
	for (i = 0; i < options.nr_last; i++)
		run_plain(options.last[i], true);
	report_closing(&counts);
	if (blind)
		return STATUS_BLIND;
	return counts.failed ? 1 : 0;
}
