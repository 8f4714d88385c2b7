/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page faults: touching memory that may raise SIGBUS, and memory whose faults nobody serves.
 */
#ifndef TEST_FAULT_H
#define TEST_FAULT_H

#include <stdbool.h>
#include <stddef.h>

bool test_load_gives_sigbus(const volatile void *addr);
bool test_store_gives_sigbus(volatile void *addr);

int test_unserved_memory(size_t size, void **memory);
void test_unserved_release(int uffd, void *memory, size_t size);

#endif
