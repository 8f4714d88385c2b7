// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fuzzer as a test: short runs of seeds that stay the same, and of one that doesn't; and the
 * proof that the fuzzer notices when the model and the kernel disagree.
 */
#include <stdio.h>
#include <time.h>

#include "fuzz.h"
#include "mock_device.h"
#include "kselftest_harness.h"

/* Operations of a run with a model, and what a slow kernel may take for them. */
#define RUN_OPS 70000
#define RUN_SECONDS 40
#define BROKEN_OPS 30000

FIXTURE(fuzz)
{
	struct fuzz_options options;
};

FIXTURE_SETUP(fuzz)
{
	int rc = mock_module_load();

	if (rc)
		SKIP(return, "the module iommufd_mock can't be loaded (%d)", rc);
	self->options = (struct fuzz_options) {
		.seed = 1,
		.ops = RUN_OPS,
		.seconds = RUN_SECONDS,
		.threads = 2,
		.worker = -1,
		.lanes = LANE_EXACT,
	};
}

FIXTURE_TEARDOWN(fuzz)
{
	(void)self;
}

TEST_F_TIMEOUT(fuzz, threads_with_a_context_each_get_what_the_model_predicts, 180)
{
	EXPECT_EQ(0, fuzz_run(&self->options));
}

TEST_F_TIMEOUT(fuzz, so_they_do_beside_others_that_share_die_and_lose_devices, 180)
{
	self->options.seed = 2;
	self->options.lanes = LANE_ALL;
	EXPECT_EQ(0, fuzz_run(&self->options));
}

TEST_F_TIMEOUT(fuzz, a_seed_that_is_new_gives_the_same, 180)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	self->options.seed = now.tv_sec * 1000000000UL + now.tv_nsec;
	self->options.lanes = LANE_ALL;
	TH_LOG("the seed is %lu", self->options.seed);
	EXPECT_EQ(0, fuzz_run(&self->options)) {
		TH_LOG("the seed was %lu", self->options.seed);
	}
}

FIXTURE(broken)
{
	struct fuzz_options options;
};

FIXTURE_VARIANT(broken)
{
	enum fuzz_break broken;
};

FIXTURE_VARIANT_ADD(broken, errno) { .broken = BREAK_ERRNO };
FIXTURE_VARIANT_ADD(broken, memory) { .broken = BREAK_MEMORY };
FIXTURE_VARIANT_ADD(broken, area) { .broken = BREAK_AREA };
FIXTURE_VARIANT_ADD(broken, pin) { .broken = BREAK_PIN };

FIXTURE_SETUP(broken)
{
	int rc = mock_module_load();

	if (rc)
		SKIP(return, "the module iommufd_mock can't be loaded (%d)", rc);
	self->options = (struct fuzz_options) {
		.seed = 3,
		.ops = BROKEN_OPS,
		.threads = 1,
		.worker = -1,
		.lanes = LANE_EXACT,
		.broken = variant->broken,
		.quiet = true,
	};
}

FIXTURE_TEARDOWN(broken)
{
	(void)self;
}

/* Nothing is wrong but the model. */
TEST_F_TIMEOUT(broken, model_is_noticed, 180)
{
	EXPECT_LT(0, fuzz_run(&self->options));
}

TEST_HARNESS_MAIN
