// SPDX-License-Identifier: GPL-2.0-only
/*
 * The terminal that is written to, or what would be one.
 */
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "term.h"

static unsigned int from_environment(const char *name, unsigned int missing)
{
	const char *value = getenv(name);
	unsigned long number = value ? strtoul(value, NULL, 10) : 0;

	return number && number < 10000 ? number : missing;
}

void term_size(unsigned int *columns, unsigned int *rows)
{
	struct winsize size;

	*columns = from_environment("COLUMNS", 80);
	*rows = from_environment("LINES", 24);
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		return;
	*columns = size.ws_col ?: *columns;
	*rows = size.ws_row ?: *rows;
}

bool term_has_utf8(void)
{
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}
