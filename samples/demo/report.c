// SPDX-License-Identifier: GPL-2.0-only
/*
 * The demo's words.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "demo.h"

/**
 * say() - a sentence about what the step is going to do or has seen
 * @format: as printf() has it, without a newline
 */
void say(const char *format, ...)
{
	va_list args;

	printf("      ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
}

/**
 * skip() - say why a step can't be done on this machine
 * @format: as printf() has it, without a newline
 *
 * Return: STEP_SKIPPED.
 */
enum step_result skip(const char *format, ...)
{
	va_list args;

	printf("      SKIPPED: ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	return STEP_SKIPPED;
}

/**
 * kept() - tell whether a promise was kept
 * @promise: the promise, as it is when it is kept
 * @is_so: whether it was
 * @otherwise: what came instead
 *
 * Return: @is_so.
 */
bool kept(const char *promise, bool is_so, const char *otherwise)
{
	if (is_so)
		printf("  ok  %s\n", promise);
	else
		printf("  NOT AS PROMISED\n      expected: %s\n      got:      %s\n", promise,
		       otherwise);
	fflush(stdout);
	return is_so;
}

static const char *errno_name(int err, char *buf, size_t size)
{
	const char *name = strerrorname_np(err);

	if (!err)
		return "success";
	if (name)
		return name;
	snprintf(buf, size, "errno %d", err);
	return buf;
}

/**
 * kept_errno() - tell whether a call ended as promised
 * @call: the call's name
 * @expected: the promised errno, 0 for success
 * @ret: what the call gave: 0 or more, or a negative errno
 *
 * Return: whether they agree.
 */
bool kept_errno(const char *call, int expected, int ret)
{
	char promise[160], otherwise[160], buf[32];

	snprintf(promise, sizeof(promise), "%s: %s", call, errno_name(expected, buf, sizeof(buf)));
	snprintf(otherwise, sizeof(otherwise), "%s: %s", call,
		 errno_name(ret < 0 ? -ret : 0, buf, sizeof(buf)));
	if (kept(promise, (ret < 0 ? -ret : 0) == expected, otherwise))
		return true;
	/* What is promised to fail need not be a call of the library. */
	if (!expected)
		say("%s", iv_error_message());
	return false;
}
