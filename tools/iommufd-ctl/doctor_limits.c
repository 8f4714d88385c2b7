// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits: may as much memory be locked as a VM has? What is pinned for devices counts against
 * RLIMIT_MEMLOCK, except for those who have CAP_IPC_LOCK.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <linux/capability.h>

#include "doctor.h"
#include "table.h"

/* Besides memory a VM has its firmware, video memory and such that devices reach. */
#define MORE_GIB 1

static bool may_lock_all(void)
{
	char *text = ctl_read_all("/proc/self/status"), *found;
	unsigned long long effective = 0;

	found = text ? strstr(text, "\nCapEff:") : NULL;
	if (found)
		effective = strtoull(found + strlen("\nCapEff:"), NULL, 16);
	free(text);
	return effective & 1ULL << CAP_IPC_LOCK;
}

static unsigned long long locked_limit(void)
{
	char *text = ctl_read_all("/proc/self/limits"), *found;
	unsigned long long limit = RLIM_INFINITY;

	found = text ? strstr(text, "Max locked memory") : NULL;
	if (found && sscanf(found, "Max locked memory %llu", &limit) != 1)
		limit = RLIM_INFINITY;
	free(text);
	return limit;
}

void doctor_examine_limits(struct doctor *doctor, unsigned long gib)
{
	const unsigned long long want = (unsigned long long)(gib + MORE_GIB) << 30;
	const unsigned long long limit = locked_limit();
	char remedy[512], *size;

	if (!gib || may_lock_all() || limit >= want)
		return;
	size = ctl_size_text(limit);
	snprintf(remedy, sizeof(remedy),
		 "put '%s - memlock %llu' into /etc/security/limits.d/vfio.conf and log in anew; for "
		 "a service of systemd: LimitMEMLOCK=%luG; libvirt does so by itself",
		 "USER", want >> 10, gib + MORE_GIB);
	doctor_find(doctor, "memlock", remedy,
		    "Only %s of memory may be locked (ulimit -l), but a VM of %lu GiB needs about "
		    "%lu GiB.", size ?: "little", gib, gib + MORE_GIB);
	free(size);
}
