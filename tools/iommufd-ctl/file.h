/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files of the system that is looked at: those of /, or for tests those of the folder that
 * IOMMUFD_CTL_ROOT names, which has a proc, sys, dev, etc and lib of its own.
 *
 * Names of files are formats of printf(3). Functions return 0 (or what they say) on success and a
 * negative errno otherwise.
 */
#ifndef FILE_H
#define FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define CTL_NAME_SIZE 256

extern char ctl_root[PATH_MAX];

#define CTL_FORMAT(nr) __attribute__((format(printf, nr, (nr) + 1)))

int ctl_root_init(void);
CTL_FORMAT(2) void ctl_path(char path[PATH_MAX], const char *format, ...);
CTL_FORMAT(1) bool ctl_exists(const char *format, ...);
CTL_FORMAT(3) int ctl_read(char *text, size_t size, const char *format, ...);
CTL_FORMAT(1) char *ctl_read_all(const char *format, ...);
CTL_FORMAT(2) int ctl_link_name(char name[CTL_NAME_SIZE], const char *format, ...);
CTL_FORMAT(2) int ctl_real_path(char path[PATH_MAX], const char *format, ...);
bool ctl_is_below(const char *path, const char *top);

/* Called for each entry of a folder, in order; what it returns but for 0 ends that. */
typedef int (*ctl_entry_fn)(const char *name, void *data);
CTL_FORMAT(3) int ctl_each(ctl_entry_fn fn, void *data, const char *format, ...);
CTL_FORMAT(1) int ctl_count(const char *format, ...);

#endif
