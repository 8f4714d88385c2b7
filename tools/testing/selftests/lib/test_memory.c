// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory for tests, and what the kernel has counted as pinned.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "test_memory.h"

/**
 * test_memory_alloc() - map anonymous memory
 * @size: in bytes, a multiple of the page size
 * @alignment: of its address, a power of two and at least the page size
 *
 * Return: zeroed memory, or NULL.
 */
void *test_memory_alloc(size_t size, size_t alignment)
{
	size_t reserved = size + alignment;
	char *start, *aligned;

	start = mmap(NULL, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (start == MAP_FAILED)
		return NULL;
	aligned = (char *)(((uintptr_t)start + alignment - 1) & ~(alignment - 1));
	if (aligned > start)
		munmap(start, aligned - start);
	if (start + reserved > aligned + size)
		munmap(aligned + size, start + reserved - aligned - size);
	return aligned;
}

/**
 * test_memory_free() - undo test_memory_alloc()
 * @memory: the memory, or NULL
 * @size: as it was allocated
 */
void test_memory_free(void *memory, size_t size)
{
	if (memory)
		munmap(memory, size);
}

static uint32_t pattern(uint32_t seed, size_t index)
{
	uint32_t x = seed * 2654435761u + index * 40503u + 1;

	x ^= x >> 15;
	x *= 2246822519u;
	return x ^ x >> 13;
}

/**
 * test_memory_fill() - fill memory with a pattern that depends on a seed
 * @memory: the memory
 * @size: in bytes
 * @seed: different seeds give different patterns
 */
void test_memory_fill(void *memory, size_t size, uint32_t seed)
{
	uint8_t *bytes = memory;

	for (size_t i = 0; i < size; i++)
		bytes[i] = pattern(seed, i);
}

/**
 * test_memory_matches() - whether memory holds a pattern
 * @memory: the memory
 * @size: in bytes
 * @seed: the pattern's seed
 *
 * Return: true if every byte is as test_memory_fill() wrote it.
 */
bool test_memory_matches(const void *memory, size_t size, uint32_t seed)
{
	const volatile uint8_t *bytes = memory;

	for (size_t i = 0; i < size; i++)
		if (bytes[i] != (uint8_t)pattern(seed, i))
			return false;
	return true;
}

/**
 * test_memory_is() - whether memory holds one byte all over
 * @memory: the memory
 * @size: in bytes
 * @byte: the byte
 *
 * Return: true if so.
 */
bool test_memory_is(const void *memory, size_t size, uint8_t byte)
{
	const volatile uint8_t *bytes = memory;

	for (size_t i = 0; i < size; i++)
		if (bytes[i] != byte)
			return false;
	return true;
}

static int64_t number_after(const char *path, const char *name)
{
	size_t length = strlen(name);
	int64_t value = -1;
	char line[256];
	FILE *file = fopen(path, "re");

	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, name, length) || !strchr(": \t", line[length]))
			continue;
		value = atoll(line + length + 1);
		break;
	}
	fclose(file);
	return value;
}

/**
 * test_vmstat() - a counter of /proc/vmstat
 * @name: such as nr_foll_pin_acquired
 *
 * Return: its value, or -1 if there is none.
 */
int64_t test_vmstat(const char *name)
{
	return number_after("/proc/vmstat", name);
}

/**
 * test_status_kib() - a size from this process's /proc/self/status
 * @field: such as VmPin or VmLck
 *
 * Return: its value in KiB, or -1 if there is none.
 */
int64_t test_status_kib(const char *field)
{
	return number_after("/proc/self/status", field);
}

/**
 * test_process_kib() - a size from another process's /proc/PID/status
 * @pid: the process
 * @field: such as VmPin or VmLck
 *
 * Return: its value in KiB, or -1 if there is none.
 */
int64_t test_process_kib(pid_t pid, const char *field)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	return number_after(path, field);
}

/**
 * test_meminfo_kib() - a size from /proc/meminfo
 * @field: such as SUnreclaim
 *
 * Return: its value in KiB, or -1 if there is none.
 */
int64_t test_meminfo_kib(const char *field)
{
	return number_after("/proc/meminfo", field);
}

/* Each CPU counts for itself, and adds to the sum only now and then unless it is asked to. */
static void refresh_vmstat(void)
{
	FILE *file = fopen("/proc/sys/vm/stat_refresh", "we");

	if (!file)
		return;
	fputs("1", file);
	fclose(file);
}

/**
 * test_pinned_pages() - how many page pins the whole machine holds
 *
 * Other activity on the machine shows too.
 *
 * Return: pins acquired and not released.
 */
int64_t test_pinned_pages(void)
{
	refresh_vmstat();
	return test_vmstat("nr_foll_pin_acquired") - test_vmstat("nr_foll_pin_released");
}
