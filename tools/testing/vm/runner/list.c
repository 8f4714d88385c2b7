// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tests of a kselftest program, out of the table that its -l prints. Of each fixture, the table
 * has the names of its variants and those of its tests, side by side:
 *
 *	# FIXTURE            VARIANT                   TEST
 *	fixture              variant                   test
 *	                                               another_test
 *
 * A cell is empty where there is no more, so cells are told by where they begin: 0, 21 and 47, or
 * further right after a long name.
 */
#include <stdlib.h>
#include <string.h>

#include "runner.h"

enum { WIDTH_FIXTURE = 20, WIDTH_VARIANT = 25, MOST_NAMES = 1024 };

struct fixture {
	char *name;
	char *variants[MOST_NAMES];
	int nr_variants;
	char *tests[MOST_NAMES];
	int nr_tests;
};

/* Takes a cell off the front of @rest. Returns NULL for an empty one. */
static char *take_cell(char **rest, size_t width)
{
	size_t left = strlen(*rest);
	size_t length = strcspn(*rest, "\n ");
	size_t skip = (length > width ? length : width) + 1;
	char *cell = length ? strndup(*rest, length) : NULL;

	*rest += skip < left ? skip : left;
	return cell;
}

static void add_name(char **names, int *nr, char *name)
{
	if (!name)
		return;
	if (*nr == MOST_NAMES)
		die("a fixture has more than %d names", MOST_NAMES);
	names[(*nr)++] = name;
}

static int emit(struct fixture *fixture, list_fn *fn, void *arg)
{
	char id[512];
	int v, t;

	for (v = 0; v < (fixture->nr_variants ?: 1); v++) {
		for (t = 0; t < fixture->nr_tests; t++) {
			snprintf(id, sizeof(id), "%s%s%s.%s", fixture->name,
				 fixture->nr_variants ? "." : "",
				 fixture->nr_variants ? fixture->variants[v] : "",
				 fixture->tests[t]);
			fn(arg, id);
		}
	}
	return fixture->nr_tests * (fixture->nr_variants ?: 1);
}

static void forget(struct fixture *fixture)
{
	while (fixture->nr_variants)
		free(fixture->variants[--fixture->nr_variants]);
	while (fixture->nr_tests)
		free(fixture->tests[--fixture->nr_tests]);
	free(fixture->name);
	fixture->name = NULL;
}

static void take_line(struct fixture *fixture, char *line)
{
	char *name = take_cell(&line, WIDTH_FIXTURE);

	if (name) {
		free(fixture->name);
		fixture->name = name;
	}
	add_name(fixture->variants, &fixture->nr_variants, take_cell(&line, WIDTH_VARIANT));
	add_name(fixture->tests, &fixture->nr_tests, take_cell(&line, 0));
}

/**
 * list_tests() - call a function for each test of a program
 * @program: its path
 * @fn: is given @arg and the test's name, as the program's option -r takes it
 * @arg: for @fn
 *
 * Return: how many there are.
 */
int list_tests(const char *program, list_fn *fn, void *arg)
{
	const char *const argv[] = { program, "-l", NULL };
	static struct fixture fixture;
	struct run run = { };
	bool started = false;
	char *line, *rest;
	int count = 0;

	process_run(argv, 60, &run);
	rest = run.output.at;
	while ((line = strsep(&rest, "\n"))) {
		if (!strncmp(line, "# FIXTURE", 9)) {
			started = true;
		} else if (started && !strncmp(line, "----", 4)) {
			count += emit(&fixture, fn, arg);
			forget(&fixture);
		} else if (started) {
			take_line(&fixture, line);
		}
	}
	count += emit(&fixture, fn, arg);
	forget(&fixture);
	text_clear(&run.output);
	return count;
}
