/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the library's files share: system calls whose failure is a value, and messages about it.
 * Not installed.
 */
#ifndef IV_PRIVATE_H
#define IV_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#define IV_FILE_NAME_SIZE 48

/**
 * struct iv_hint - what an errno means here, and what to do about it
 * @err: the errno; 0 ends a table
 * @text: a sentence's end, without a full stop
 */
struct iv_hint {
	int err;
	const char *text;
};

int iv_ioctl(int fd, unsigned long request, void *arg);
int iv_device_ioctl(int fd, unsigned long request, void *arg, const struct iv_hint *hints,
		    const char *action);

int iv_fail(int rc, const struct iv_hint *hints, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void iv_file_name(int fd, char *name, size_t size);
int iv_fail_device(int rc, const struct iv_hint *hints, int fd, const char *action);
int iv_fail_pinning(int rc, const struct iv_hint *hints, uint64_t length, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
