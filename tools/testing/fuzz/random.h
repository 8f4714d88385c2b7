/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stream of pseudo-random numbers (xorshift64*): the same seed gives the same stream everywhere.
 */
#ifndef FUZZ_RANDOM_H
#define FUZZ_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct fuzz_random {
	uint64_t state;
};

static inline uint64_t random_u64(struct fuzz_random *random)
{
	uint64_t x = random->state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	random->state = x;
	return x * 0x2545f4914f6cdd1dULL;
}

/* From 0 to @limit - 1 */
static inline uint32_t random_below(struct fuzz_random *random, uint32_t limit)
{
	return ((random_u64(random) >> 32) * limit) >> 32;
}

/* True once in @n times on average */
static inline bool random_one_in(struct fuzz_random *random, uint32_t n)
{
	return !random_below(random, n);
}

/* Streams of neighbouring @seed and @number have nothing in common. */
static inline void random_init(struct fuzz_random *random, uint64_t seed, uint64_t number)
{
	uint64_t x = seed * 0x9e3779b97f4a7c15ULL + number * 0xd1b54a32d192ed03ULL + 1;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	random->state = (x ^ (x >> 31)) | 1;
}

#endif
