// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of the system that is looked at.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "iv_sysfs.h"

/* Without a slash at its end: "" is the machine's own. */
char ctl_root[PATH_MAX];

int ctl_root_init(void)
{
	const char *root = getenv("IOMMUFD_CTL_ROOT");

	if (!root || !*root)
		return 0;
	if (realpath(root, ctl_root))
		return 0;
	fprintf(stderr, "iommufd-ctl: IOMMUFD_CTL_ROOT=%s: %s\n", root, strerror(errno));
	return -1;
}

static void format_path(char path[PATH_MAX], const char *format, va_list args)
{
	int size = snprintf(path, PATH_MAX, "%s", ctl_root);

	vsnprintf(path + size, PATH_MAX - size, format, args);
}

void ctl_path(char path[PATH_MAX], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	format_path(path, format, args);
	va_end(args);
}

bool ctl_exists(const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;

	va_start(args, format);
	format_path(path, format, args);
	va_end(args);
	return !access(path, F_OK);
}

/**
 * ctl_read() - read a small file
 * @text: where it goes, without white space at its end
 * @size: of @text
 * @format: its name
 *
 * Return: the size of the text, or a negative errno; then the text is empty.
 */
int ctl_read(char *text, size_t size, const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;
	int rc;

	va_start(args, format);
	format_path(path, format, args);
	va_end(args);
	rc = iv_file_read(path, text, size);
	if (rc < 0)
		text[0] = 0;
	return rc;
}

/* All of a file that may be long, to be freed; NULL if it can't be read. */
char *ctl_read_all(const char *format, ...)
{
	char path[PATH_MAX], *text = NULL;
	size_t room = 0;
	va_list args;
	FILE *file;

	va_start(args, format);
	format_path(path, format, args);
	va_end(args);
	file = fopen(path, "re");
	if (!file)
		return NULL;
	if (getdelim(&text, &room, 0, file) < 0) {
		free(text);
		/* Empty, or unreadable */
		text = ferror(file) ? NULL : strdup("");
	}
	fclose(file);
	return text;
}

/* The last part of what a link points to */
int ctl_link_name(char name[CTL_NAME_SIZE], const char *format, ...)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *last;
	va_list args;
	ssize_t size;

	va_start(args, format);
	format_path(path, format, args);
	va_end(args);
	name[0] = 0;
	size = readlink(path, target, sizeof(target) - 1);
	if (size < 0)
		return -errno;
	target[size] = 0;
	last = strrchr(target, '/');
	last = last ? last + 1 : target;
	if (strlen(last) >= CTL_NAME_SIZE)
		return -ENAMETOOLONG;
	strcpy(name, last);
	return 0;
}

/* Where a file is when all links are followed, seen from the root */
int ctl_real_path(char path[PATH_MAX], const char *format, ...)
{
	char name[PATH_MAX];
	va_list args;
	size_t skip;

	va_start(args, format);
	format_path(name, format, args);
	va_end(args);
	if (!realpath(name, path))
		return -errno;
	skip = strlen(ctl_root);
	if (strncmp(path, ctl_root, skip))
		return -EXDEV;
	memmove(path, path + skip, strlen(path) - skip + 1);
	return 0;
}

/* Whether a file is @top, or somewhere in this folder */
bool ctl_is_below(const char *path, const char *top)
{
	const size_t size = strlen(top);

	return !strncmp(path, top, size) && (!path[size] || path[size] == '/');
}

static int no_dots(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int each(ctl_entry_fn fn, void *data, const char *path)
{
	struct dirent **entries;
	int count, i, rc = 0;

	count = scandir(path, &entries, no_dots, versionsort);
	if (count < 0)
		return -errno;
	for (i = 0; i < count; i++) {
		if (!rc)
			rc = fn(entries[i]->d_name, data);
		free(entries[i]);
	}
	free(entries);
	return rc;
}

/**
 * ctl_each() - look at all entries of a folder
 * @fn: is called for each but hidden ones, with numbers in names in their order
 * @data: for @fn
 * @format: the folder's name
 *
 * Return: what @fn returned, or the negative errno of a folder that can't be read.
 */
int ctl_each(ctl_entry_fn fn, void *data, const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;

	va_start(args, format);
	format_path(path, format, args);
	va_end(args);
	return each(fn, data, path);
}

static int count_entry(const char *name, void *data)
{
	(void)name;
	++*(int *)data;
	return 0;
}

/* How many entries a folder has; 0 if there is none */
int ctl_count(const char *format, ...)
{
	char path[PATH_MAX];
	int count = 0;
	va_list args;

	va_start(args, format);
	format_path(path, format, args);
	va_end(args);
	each(count_entry, &count, path);
	return count;
}
