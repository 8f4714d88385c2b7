/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Running a function in a child process, with less privilege than the test has.
 */
#ifndef TEST_PROCESS_H
#define TEST_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

/**
 * struct test_privilege - what a child may do
 * @drop_capabilities: clear all of its capabilities, staying user 0
 * @uid: become this user; 0 to stay
 * @limit_memlock: set RLIMIT_MEMLOCK to @memlock
 * @memlock: soft and hard limit in bytes
 */
struct test_privilege {
	bool drop_capabilities;
	uid_t uid;
	bool limit_memlock;
	rlim_t memlock;
};

int test_run_in_child(int (*function)(void *arg), void *arg,
		      const struct test_privilege *privilege);

int test_drop_capability(unsigned int capability);

int test_module_unload(const char *name);
int test_module_load(const char *name);
int test_module_reload(const char *name, const char *parameter);
int test_run_command(const char *const argv[]);

#endif
