/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hardware's own configuration space, read past vfio: what did the user's accesses really do?
 */
#ifndef TEST_HARDWARE_H
#define TEST_HARDWARE_H

#include <stdbool.h>
#include <stdint.h>

#define TEST_BARS 6

int test_hw_read16(const char *addr, unsigned int offset);
int test_hw_find_cap(const char *addr, uint8_t id);
bool test_hw_bus_master(const char *addr);
bool test_hw_msi_enabled(const char *addr);
bool test_hw_msix_enabled(const char *addr);
int test_hw_bars(const char *addr, uint32_t bars[TEST_BARS]);
bool test_hw_bars_unmoved(const char *addr, const uint32_t before[TEST_BARS]);

#endif
