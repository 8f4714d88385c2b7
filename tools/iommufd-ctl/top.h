/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Looks at all contexts, one after the other, and what has changed between two of them.
 */
#ifndef TOP_H
#define TOP_H

#include <stdint.h>
#include "ctl.h"

/**
 * struct top_context - a context
 * @id: its number
 * @pid: the process that opened it
 * @comm: name of that process, whatever bytes that are
 * @mapped: bytes that are mapped in all of its address spaces
 * @pinned: bytes that are pinned
 * @devices: so many devices are bound
 * @pending: page requests that wait for an answer
 * @maps: how often was mapped so far
 * @unmaps: and unmapped
 * @faults: pages that devices requested so far
 * @failures: calls that failed so far
 */
struct top_context {
	uint32_t id;
	uint32_t pid;
	char comm[64];
	uint64_t mapped;
	uint64_t pinned;
	uint64_t devices;
	uint64_t pending;
	uint64_t maps;
	uint64_t unmaps;
	uint64_t faults;
	uint64_t failures;
};

/**
 * struct top_look - all contexts, by their numbers
 * @contexts: they
 * @count: how many
 * @room: for how many there is memory
 * @seconds: when it was
 * @uncounted: the kernel has no counters
 */
struct top_look {
	struct top_context *contexts;
	unsigned long count;
	unsigned long room;
	double seconds;
	bool uncounted;
};

int top_look(struct ctl *ctl, struct top_look *look);
void top_look_free(struct top_look *look);
struct top_context *top_find(const struct top_look *look, uint32_t id);

#endif
