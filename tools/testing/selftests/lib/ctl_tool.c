// SPDX-License-Identifier: GPL-2.0-only
/*
 * Running iommufd-ctl.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "ctl_tool.h"

/* Whether it isn't there: make check brings it into the guest. */
bool ctl_tool_missing(void)
{
	return system("command -v " CTL_TOOL " >/dev/null");
}

/**
 * ctl_tool() - run the tool
 * @text: set to its output and its complaints
 * @format: the words behind its name
 *
 * Return: its exit status, or a negative errno.
 */
int ctl_tool(char text[CTL_TEXT_SIZE], const char *format, ...)
{
	char command[512] = CTL_TOOL " ", *end = command + strlen(command);
	size_t size;
	va_list args;
	FILE *out;
	int status;

	va_start(args, format);
	vsnprintf(end, sizeof(command) - (end - command) - 8, format, args);
	va_end(args);
	strcat(command, " 2>&1");
	out = popen(command, "r");
	if (!out)
		return -errno;
	size = fread(text, 1, CTL_TEXT_SIZE - 1, out);
	text[size] = 0;
	status = pclose(out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

/* Whether a text has some words in it; if not, it is printed. */
bool ctl_tool_said(const char *text, const char *format, ...)
{
	char wanted[512];
	va_list args;

	va_start(args, format);
	vsnprintf(wanted, sizeof(wanted), format, args);
	va_end(args);
	if (strstr(text, wanted))
		return true;
	printf("# there is no '%s' in: %s\n", wanted, text);
	return false;
}
