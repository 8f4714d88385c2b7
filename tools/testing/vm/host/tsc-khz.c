// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints the frequency of this machine's time stamp counter, which an emulated processor shows to
 * its kernel as it is. That kernel would measure it against an emulated timer, and on a busy
 * machine be wrong by a factor: all its clocks would then run too fast, and time-outs come too
 * early.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

struct moment {
	uint64_t ticks;
	int64_t ns;
};

/* Both clocks at once: of some tries the one that was interrupted least. */
static struct moment now(void)
{
	uint64_t shortest = UINT64_MAX, before, after;
	struct timespec time;
	struct moment best = { };

	for (int i = 0; i < 100; i++) {
		before = __rdtsc();
		clock_gettime(CLOCK_MONOTONIC_RAW, &time);
		after = __rdtsc();
		if (after - before >= shortest)
			continue;
		shortest = after - before;
		best.ticks = before + shortest / 2;
		best.ns = time.tv_sec * 1000000000LL + time.tv_nsec;
	}
	return best;
}

int main(void)
{
	const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
	struct moment start = now(), end;

	nanosleep(&pause, NULL);
	end = now();
	printf("%.0f\n", (end.ticks - start.ticks) * 1e6 / (end.ns - start.ns));
	return 0;
}
