// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much memory the kernel uses.
 *
 * "Free" of /proc/meminfo leaves out the pages that each CPU keeps at hand, and those come and go
 * by hundreds. /proc/zoneinfo tells how many they are, so the sum is exact to the page.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "iv_sysfs.h"
#include "memory.h"

/* Counters are per CPU and folded lazily; this folds them. */
static int refresh_counters(void)
{
	return iv_file_write("/proc/sys/vm/stat_refresh", "1");
}

/* Sums the lines "<blanks>@key <number>" of @text. */
static int64_t sum_lines(const char *text, const char *key)
{
	size_t length = strlen(key);
	long long value;
	int64_t sum = 0;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += strspn(line, "\n ");
		if (!strncmp(line, key, length) && line[length] == ' ' &&
		    sscanf(line + length, "%lld", &value) == 1)
			sum += value;
	}
	return sum;
}

static int read_whole(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got;

	if (fd < 0)
		return -errno;
	while ((got = read(fd, buf + length, size - 1 - length)) > 0)
		length += got;
	close(fd);
	buf[length] = 0;
	return got < 0 ? -errno : 0;
}

/**
 * bench_usage_settle() - make the kernel give back what it keeps for later
 *
 * Slab caches keep pages that have no object in them. Without this, what a mapping needs is there
 * already from the mapping before, and seems to cost nothing. Some of it comes back only after a
 * grace period of RCU, hence the wait.
 *
 * Return: 0, or a negative errno.
 */
int bench_usage_settle(void)
{
	DIR *caches = opendir("/sys/kernel/slab");
	struct dirent *cache;
	char path[512];

	if (!caches)
		return -errno;
	while ((cache = readdir(caches))) {
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", cache->d_name);
		if (cache->d_name[0] != '.')
			iv_file_write(path, "1");
	}
	closedir(caches);
	usleep(200000);
	return 0;
}

/* Sums the free pages of /proc/buddyinfo that lie in pieces of less than 2 MiB. */
static size_t sum_small_pieces(const char *text)
{
	size_t pages = 0;

	while ((text = strstr(text, "zone"))) {
		char *at = (char *)text + 4;

		at += strspn(at, " ");
		at += strcspn(at, " ");
		for (unsigned int order = 0; order < 9; order++)
			pages += strtoul(at, &at, 10) << order;
		text = at;
	}
	return pages;
}

static size_t pages_at_hand(void)
{
	static char zoneinfo[64 * 1024];

	return read_whole("/proc/zoneinfo", zoneinfo, sizeof(zoneinfo)) ? 0 :
	       sum_lines(zoneinfo, "count:");
}

/**
 * bench_usage_free_pieces() - free memory that does not lie in huge pages
 *
 * Return: bytes.
 */
size_t bench_usage_free_pieces(void)
{
	char buddies[2048];
	size_t pages = pages_at_hand();

	if (!read_whole("/proc/buddyinfo", buddies, sizeof(buddies)))
		pages += sum_small_pieces(buddies);
	return pages * BENCH_PAGE;
}

/**
 * bench_usage_get() - memory of the whole machine, now
 * @usage: set
 *
 * Return: 0, or a negative errno.
 */
int bench_usage_get(struct bench_usage *usage)
{
	static char vmstat[16 * 1024];
	int ret = refresh_counters();

	if (!ret)
		ret = read_whole("/proc/vmstat", vmstat, sizeof(vmstat));
	if (ret)
		return ret;
	usage->free = (sum_lines(vmstat, "nr_free_pages") + pages_at_hand()) * BENCH_PAGE;
	usage->iommu = sum_lines(vmstat, "nr_iommu_pages") * BENCH_PAGE;
	return 0;
}
