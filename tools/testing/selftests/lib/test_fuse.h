/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file whose contents never come (FUSE), and what that does to a process which maps it.
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise.
 */
#ifndef TEST_FUSE_H
#define TEST_FUSE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/**
 * struct test_fuse - the file, and who serves it
 * @file: the file, open for reading, or -1
 * @device: what it is served through, or -1
 * @server: the thread that does, if @serving
 * @serving: see there
 * @reads: how many reads of it wait for an answer
 * @path: where it is
 */
struct test_fuse {
	int file;
	int device;
	pthread_t server;
	bool serving;
	atomic_uint reads;
	char path[32];
};

int test_fuse_start(struct test_fuse *fuse);
void test_fuse_forget(struct test_fuse *fuse);
bool test_fuse_is_waited_for(struct test_fuse *fuse);
void test_fuse_stop(struct test_fuse *fuse);

void *test_fuse_map(const struct test_fuse *fuse);
int test_fuse_hold_memory(void *mapped);

#endif
