/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory for tests, and what the kernel has counted as pinned.
 */
#ifndef TEST_MEMORY_H
#define TEST_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

void *test_memory_alloc(size_t size, size_t alignment);
void test_memory_free(void *memory, size_t size);
void test_memory_fill(void *memory, size_t size, uint32_t seed);
bool test_memory_matches(const void *memory, size_t size, uint32_t seed);
bool test_memory_is(const void *memory, size_t size, uint8_t byte);

int64_t test_vmstat(const char *name);
int64_t test_status_kib(const char *field);
int64_t test_process_kib(pid_t pid, const char *field);
int64_t test_meminfo_kib(const char *field);
int64_t test_pinned_pages(void);

#endif
