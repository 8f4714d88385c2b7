/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's VGA arbiter, as a process uses it (Documentation/gpu/vgaarbiter.rst in the kernel).
 */
#ifndef TEST_VGA_H
#define TEST_VGA_H

#include <stdbool.h>

int test_vga_arbiter_open(const char *addr);
int test_vga_arbiter_command(int arbiter, const char *command, const char *arg);
bool test_vga_arbiter_says(const char *addr, const char *what);

#endif
