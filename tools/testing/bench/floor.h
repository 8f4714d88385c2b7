/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include "memory.h"
#include "report.h"

void bench_floor(struct bench *bench, const struct bench_memory_kind *kind,
		 struct bench_memory *memory, size_t length);

#endif
