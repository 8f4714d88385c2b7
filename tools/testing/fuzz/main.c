// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"
#include "mock_device.h"

static const char usage[] =
	"Usage: fuzz [OPTION...]\n"
	"Random operations on /dev/iommu and vfio devices, compared with a model.\n"
	"\n"
	"  --seed N          of the random numbers; default: the time\n"
	"  --ops N           operations with a model, of all threads; default: 200000\n"
	"  --time SECONDS    end after that time, and without --ops only then\n"
	"  --threads N       that have a context and a model each; default: 2\n"
	"  --worker N        only that thread, to see again what it did\n"
	"  --lanes LIST      of exact, shared, kill, vfio, netlink, all; default: all\n"
	"  --only LIST       operations with a model by name; * at the end stands for many\n"
	"  --without LIST    all but these\n"
	"  --list            print the operations' names\n"
	"  --break-model X   spoil the model: errno, memory, area or pin; this must be noticed\n"
	"\n"
	"Exit status: 0; 1 if something was not as predicted; 2 for a mistake in the command.\n";

static int wrong(const char *what, const char *value)
{
	fprintf(stderr, "fuzz: %s: %s; see: fuzz --help\n", value, what);
	exit(2);
}

static uint64_t parse_number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 0);

	if (!*text || *end)
		wrong("not a number", text);
	return value;
}

/* The position of a word in a list that ends with NULL, or -1. */
static int find_word(const char *const words[], const char *word, size_t length)
{
	int i;

	for (i = 0; words[i]; i++)
		if (strlen(words[i]) == length && !strncmp(words[i], word, length))
			return i;
	return -1;
}

static unsigned int parse_lanes(const char *list)
{
	static const char *const names[] = { "exact", "shared", "kill", "vfio",
					     "netlink", "all", NULL };
	unsigned int lanes = 0;

	while (list) {
		size_t length = strcspn(list, ",");
		int lane = find_word(names, list, length);

		if (lane < 0)
			wrong("a lane is exact, shared, kill, vfio, netlink or all", list);
		/* "all" is the last. */
		lanes |= names[lane + 1] ? 1U << lane : LANE_ALL;
		list = list[length] ? list + length + 1 : NULL;
	}
	return lanes;
}

static enum fuzz_break parse_break(const char *word)
{
	static const char *const names[] = { "nothing", "errno", "memory", "area", "pin", NULL };
	int broken = find_word(names, word, strlen(word));

	if (broken < 0)
		wrong("what is spoilt is errno, memory, area or pin", word);
	return broken;
}

static const struct option long_options[] = {
	{ "seed", required_argument, NULL, 's' },
	{ "ops", required_argument, NULL, 'n' },
	{ "time", required_argument, NULL, 't' },
	{ "threads", required_argument, NULL, 'j' },
	{ "worker", required_argument, NULL, 'w' },
	{ "lanes", required_argument, NULL, 'l' },
	{ "only", required_argument, NULL, 'o' },
	{ "without", required_argument, NULL, 'x' },
	{ "break-model", required_argument, NULL, 'b' },
	{ "list", no_argument, NULL, 'L' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

static void parse_option(struct fuzz_options *options, int option)
{
	switch (option) {
	case 's':
		options->seed = parse_number(optarg);
		return;
	case 'n':
		options->ops = parse_number(optarg);
		return;
	case 't':
		options->seconds = parse_number(optarg);
		return;
	case 'j':
		options->threads = parse_number(optarg);
		return;
	case 'w':
		options->worker = parse_number(optarg);
		return;
	case 'l':
		options->lanes = parse_lanes(optarg);
		return;
	case 'o':
		options->only = optarg;
		return;
	case 'x':
		options->without = optarg;
		return;
	case 'b':
		options->broken = parse_break(optarg);
		return;
	case 'L':
		fuzz_ops_list();
		exit(0);
	case 'h':
		fputs(usage, stdout);
		exit(0);
	default:
		fputs("see: fuzz --help\n", stderr);
		exit(2);
	}
}

static void parse_options(struct fuzz_options *options, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) >= 0)
		parse_option(options, option);
	if (optind < argc)
		wrong("there are no arguments, only options", argv[optind]);
	if (!options->threads || options->threads > MAX_THREADS)
		wrong("so many threads can't be", "--threads");
	if (!options->ops && !options->seconds)
		options->ops = 200000;
}

int main(int argc, char **argv)
{
	struct fuzz_options options = {
		.seed = time(NULL),
		.threads = 2,
		.worker = -1,
		.lanes = LANE_ALL,
	};
	int rc;

	parse_options(&options, argc, argv);
	rc = mock_module_load();
	if (rc) {
		fprintf(stderr, "fuzz: the module iommufd_mock can't be loaded: %s\n",
			strerror(-rc));
		return 2;
	}
	printf("# seed %lu\n", options.seed);
	fflush(stdout);
	return fuzz_run(&options) ? 1 : 0;
}
