// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Messages of what went wrong.
 *
 * A function that fails makes the message at once, as the reasons may be gone later, in a buffer of
 * its thread; nothing is allocated. It has the form "what: was done: why; what to do". Looking for
 * the reason takes a few system calls, which change nothing and may fail.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <linux/capability.h>

#include "iv_error.h"
#include "private.h"

static __thread char message[IV_ERROR_SIZE];

/**
 * iv_error_message() - what went wrong, and what to do
 *
 * As errno, it means something right after a call that has failed; one that succeeds may change it.
 *
 * Return: one line without its end, about the last call of this thread to a function of the library
 * that has failed; "" if none has. Valid until the next call.
 */
const char *iv_error_message(void)
{
	return message;
}

/* An ioctl whose failure is a value */
int iv_ioctl(int fd, unsigned long request, void *arg)
{
	int rc = ioctl(fd, request, arg);

	return rc < 0 ? -errno : rc;
}

static const char *describe(int err, const struct iv_hint *hints)
{
	const char *text;

	for (; hints && hints->err; hints++)
		if (hints->err == err)
			return hints->text;
	text = strerrordesc_np(err);
	return text ?: "unknown error";
}

__attribute__((format(printf, 1, 2))) static void append(const char *format, ...)
{
	const size_t at = strlen(message);
	va_list args;

	va_start(args, format);
	vsnprintf(message + at, sizeof(message) - at, format, args);
	va_end(args);
}

/**
 * iv_fail() - make the message, and set errno
 * @rc: the negative errno
 * @hints: what errnos mean here; for others, and if NULL, what they usually mean
 * @format: what was tried
 *
 * Return: @rc
 */
int iv_fail(int rc, const struct iv_hint *hints, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	append(": %s", describe(-rc, hints));
	errno = -rc;
	return rc;
}

/* The name of the file of a device, as far as it has one: vfio3 */
void iv_file_name(int fd, char *name, size_t size)
{
	char link[32], path[128];
	const char *last;
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	path[length < 0 ? 0 : length] = 0;
	/* What is not a path is a device that a group gave, or no device. */
	last = path[0] == '/' ? strrchr(path, '/') + 1 : "vfio device";
	/* The file of a device that is gone is "deleted". */
	snprintf(name, size, "%.*s", path[0] == '/' ? (int)strcspn(last, " ") : (int)size, last);
}

static const struct iv_hint device_hints[] = {
	{ EBADF, "the file is not open" },
	{ EINVAL, "the arguments do not fit, or the device is not bound yet" },
	{ ENOTTY, "it cannot do this, or is no vfio device" },
	{ ENODEV, "it is gone, or was taken from this file; close the file" },
	{}
};

/**
 * iv_fail_device() - iv_fail() for a device
 * @rc: the negative errno
 * @hints: what errnos mean here, but for those that mean the same for all devices; or NULL
 * @fd: the device
 * @action: what was to be done with it
 */
int iv_fail_device(int rc, const struct iv_hint *hints, int fd, const char *action)
{
	const struct iv_hint *hint;
	char name[IV_FILE_NAME_SIZE];

	iv_file_name(fd, name, sizeof(name));
	for (hint = hints; hint && hint->err; hint++)
		if (hint->err == -rc)
			return iv_fail(rc, hints, "%s: %s", name, action);
	return iv_fail(rc, device_hints, "%s: %s", name, action);
}

/* An ioctl of a device that returns nothing, and whose failure is told */
int iv_device_ioctl(int fd, unsigned long request, void *arg, const struct iv_hint *hints,
		    const char *action)
{
	int rc = iv_ioctl(fd, request, arg);

	return rc < 0 ? iv_fail_device(rc, hints, fd, action) : 0;
}

/* The number behind a name in /proc/self/status; 0 if there is none */
static unsigned long long status_number(const char *status, const char *name, int base)
{
	const char *line = strstr(status, name);

	return line ? strtoull(line + strlen(name), NULL, base) : 0;
}

static void read_status(char *status, size_t size)
{
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? 0 : read(fd, status, size - 1);

	status[length < 0 ? 0 : length] = 0;
	if (fd >= 0)
		close(fd);
}

/* Whether the limit on pinned memory may be the reason; then tells of it. */
static bool explain_limit(uint64_t length)
{
	struct rlimit limit;
	char status[4096];

	if (getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return false;
	read_status(status, sizeof(status));
	if (status_number(status, "\nCapEff:", 16) & 1ULL << CAP_IPC_LOCK)
		return false;
	if (length)
		append("%llu KiB were to be pinned; ", (unsigned long long)length >> 10);
	append("this process has %llu KiB pinned, and RLIMIT_MEMLOCK is %llu KiB for all processes "
	       "of its user; raise it: ulimit -l, or LimitMEMLOCK= of systemd",
	       status_number(status, "\nVmPin:", 10), (unsigned long long)limit.rlim_cur >> 10);
	return true;
}

/**
 * iv_fail_pinning() - iv_fail() for what pins memory
 * @rc: the negative errno; for -ENOMEM the limit is looked at
 * @hints: what other errnos mean here
 * @length: how much was to be pinned, in bytes; 0 if that is not known
 * @format: what was tried
 */
int iv_fail_pinning(int rc, const struct iv_hint *hints, uint64_t length, const char *format, ...)
{
	char what[96];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	if (rc == -ENOMEM) {
		snprintf(message, sizeof(message), "%s: ", what);
		if (explain_limit(length)) {
			errno = ENOMEM;
			return rc;
		}
	}
	return iv_fail(rc, hints, "%s", what);
}
