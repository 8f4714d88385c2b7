// SPDX-License-Identifier: GPL-2.0-only
/*
 * Migration states: each way from one to another, of devices that can more and less; what steps
 * they are told to take, what happens if one fails, and resets.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "iommufd_state.h"
#include "iv.h"
#include "mock_migrate.h"
#include "mock_vfio.h"
#include "test_thread.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define RUNNING VFIO_DEVICE_STATE_RUNNING
#define STOP VFIO_DEVICE_STATE_STOP
#define STOP_COPY VFIO_DEVICE_STATE_STOP_COPY
#define RESUMING VFIO_DEVICE_STATE_RESUMING
#define RUNNING_P2P VFIO_DEVICE_STATE_RUNNING_P2P
#define PRE_COPY VFIO_DEVICE_STATE_PRE_COPY
#define PRE_COPY_P2P VFIO_DEVICE_STATE_PRE_COPY_P2P
#define ERROR VFIO_DEVICE_STATE_ERROR
#define NR VFIO_DEVICE_STATE_NR

/* A letter for each state, by its number. */
static const char letters[NR + 1] = "ESRCLPYZ";

/*
 * The states on the way, of a device that can all; those of a device that can less are the same
 * without the ones that it lacks.
 */
static const char *const ways[NR][NR] = {
	[RUNNING] = {
		[RUNNING] = "", [RUNNING_P2P] = "P", [STOP] = "PS", [STOP_COPY] = "PSC",
		[RESUMING] = "PSL", [PRE_COPY] = "Y", [PRE_COPY_P2P] = "PZ",
	},
	[RUNNING_P2P] = {
		[RUNNING] = "R", [RUNNING_P2P] = "", [STOP] = "S", [STOP_COPY] = "SC",
		[RESUMING] = "SL", [PRE_COPY] = "RY", [PRE_COPY_P2P] = "Z",
	},
	[STOP] = {
		[RUNNING] = "PR", [RUNNING_P2P] = "P", [STOP] = "", [STOP_COPY] = "C",
		[RESUMING] = "L", [PRE_COPY] = "PRY", [PRE_COPY_P2P] = "PZ",
	},
	[STOP_COPY] = {
		[RUNNING] = "SPR", [RUNNING_P2P] = "SP", [STOP] = "S", [STOP_COPY] = "",
		[RESUMING] = "SL",
	},
	[RESUMING] = {
		[RUNNING] = "SPR", [RUNNING_P2P] = "SP", [STOP] = "S", [STOP_COPY] = "SC",
		[RESUMING] = "", [PRE_COPY] = "SPRY", [PRE_COPY_P2P] = "SPZ",
	},
	[PRE_COPY] = {
		[RUNNING] = "R", [RUNNING_P2P] = "RP", [STOP] = "RPS", [STOP_COPY] = "ZC",
		[RESUMING] = "RPSL", [PRE_COPY] = "", [PRE_COPY_P2P] = "Z",
	},
	[PRE_COPY_P2P] = {
		[RUNNING] = "PR", [RUNNING_P2P] = "P", [STOP] = "PS", [STOP_COPY] = "C",
		[RESUMING] = "PSL", [PRE_COPY] = "Y", [PRE_COPY_P2P] = "",
	},
};

FIXTURE(mig_states)
{
	int iommufd;
	int fd;
	uint64_t flags;
	int data_fd;
};

FIXTURE_VARIANT(mig_states)
{
	uint64_t flags;
	const char *states;
};

FIXTURE_VARIANT_ADD(mig_states, least)
{
	.flags = VFIO_MIGRATION_STOP_COPY,
	.states = "RSCL",
};

FIXTURE_VARIANT_ADD(mig_states, p2p)
{
	.flags = VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P,
	.states = "RSCLP",
};

FIXTURE_VARIANT_ADD(mig_states, pre_copy)
{
	.flags = VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_PRE_COPY,
	.states = "RSCLY",
};

FIXTURE_VARIANT_ADD(mig_states, all)
{
	.flags = VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P | VFIO_MIGRATION_PRE_COPY,
	.states = "RSCLPYZ",
};

FIXTURE_SETUP(mig_states)
{
	ASSERT_EQ(0, mock_vfio_load());
	self->iommufd = iv_iommufd_open();
	ASSERT_LE(0, self->iommufd);
	self->fd = mock_migrate_open(variant->flags, self->iommufd);
	ASSERT_LE(0, self->fd);
	self->data_fd = -1;
}

FIXTURE_TEARDOWN(mig_states)
{
	if (self->data_fd >= 0)
		close(self->data_fd);
	close(self->fd);
	close(self->iommufd);
	EXPECT_EQ(0, mock_vfio_unload());
}

/* What begins with a change of state takes the place of what began before. */
static int set_state(struct _test_data_mig_states *self, uint32_t state)
{
	int data_fd, ret = iv_migration_set(self->fd, state, &data_fd);

	if (data_fd >= 0) {
		if (self->data_fd >= 0)
			close(self->data_fd);
		self->data_fd = data_fd;
	}
	return ret;
}

/* From wherever the device is, by way of a reset; a load is as good as complete. */
static int go_to(struct _test_data_mig_states *self, uint32_t state)
{
	int ret = iv_device_reset(self->fd) ?: set_state(self, state);

	return ret ?: state == RESUMING ? mock_migrate_load(self->data_fd, 1) : 0;
}

static int steps_taken(int fd)
{
	struct mock_migrate_regs regs;

	return mock_migrate_read_regs(fd, &regs) ?: (int)regs.steps;
}

/* The states on the way that the device took since @steps, as letters, the first one before. */
static int way_taken(int fd, unsigned int steps, char way[NR + 2])
{
	struct mock_migrate_regs regs;
	unsigned int n = 0;
	int ret = mock_migrate_read_regs(fd, &regs);

	if (ret || regs.steps - steps > NR)
		return ret ?: -EIO;
	for (unsigned int i = steps; i < regs.steps; i++) {
		uint8_t arc = regs.trace[i % MOCK_MIGRATE_TRACE_SIZE];

		if (i > steps && way[n - 1] != letters[arc >> 4])
			return -EPROTO;
		way[n++] = letters[arc & 15];
	}
	way[n] = 0;
	return 0;
}

static void expected_way(const char *all, const char *states, char way[NR + 2])
{
	unsigned int n = 0;

	for (; *all; all++)
		if (strchr(states, *all))
			way[n++] = *all;
	way[n] = 0;
}

static bool has(const char *states, uint32_t state)
{
	return state < NR && strchr(states, letters[state]);
}

static bool saves(uint32_t state)
{
	return state == STOP_COPY || state == PRE_COPY || state == PRE_COPY_P2P;
}

static void check_way(struct __test_metadata *_metadata, struct _test_data_mig_states *self,
		      const char *states, uint32_t from, uint32_t to)
{
	bool begins = from != to && (to == RESUMING || (saves(to) && !saves(from)));
	char expected[NR + 2], taken[NR + 2];
	int data_fd, steps;

	ASSERT_EQ(0, go_to(self, from));
	steps = steps_taken(self->fd);
	ASSERT_LE(0, steps);
	if (!has(states, to) || !ways[from][to]) {
		EXPECT_EQ(-EINVAL, iv_migration_set(self->fd, to, &data_fd));
		EXPECT_EQ(-1, data_fd);
		EXPECT_EQ((int)from, iv_migration_state(self->fd));
		EXPECT_EQ(steps, steps_taken(self->fd));
		return;
	}
	EXPECT_EQ(0, iv_migration_set(self->fd, to, &data_fd));
	EXPECT_EQ(begins, data_fd >= 0);
	if (data_fd >= 0)
		close(data_fd);
	EXPECT_EQ((int)to, iv_migration_state(self->fd));
	ASSERT_EQ(0, way_taken(self->fd, steps, taken));
	expected_way(ways[from][to], states, expected);
	EXPECT_STREQ(expected, taken)
		TH_LOG("from %c to %c", letters[from], letters[to]);
}

TEST_F(mig_states, each_way_is_the_one_of_the_interface)
{
	for (uint32_t from = 0; from < NR; from++) {
		if (!has(variant->states, from))
			continue;
		for (uint32_t to = 0; to < NR + 3; to++)
			check_way(_metadata, self, variant->states, from,
				  to < NR ? to : to == NR ? NR : to == NR + 1 ? INT32_MAX :
				  UINT32_MAX);
	}
}

TEST_F(mig_states, begins_running)
{
	EXPECT_EQ(RUNNING, iv_migration_state(self->fd));
	ASSERT_EQ(0, set_state(self, STOP_COPY));
	close(self->fd);
	self->fd = mock_migrate_open(variant->flags, self->iommufd);
	ASSERT_LE(0, self->fd);
	EXPECT_EQ(RUNNING, iv_migration_state(self->fd));
}

TEST_F(mig_states, tells_what_it_can)
{
	uint64_t flags, size;

	ASSERT_EQ(0, iv_migration_flags(self->fd, &flags));
	EXPECT_EQ(variant->flags, flags);
	for (uint32_t state = 0; state < NR; state++) {
		if (!has(variant->states, state))
			continue;
		ASSERT_EQ(0, go_to(self, state));
		ASSERT_EQ(0, iv_migration_size(self->fd, &size));
		EXPECT_EQ(MOCK_MIGRATE_DATA_SIZE, size);
	}
	EXPECT_EQ(variant->flags & VFIO_MIGRATION_PRE_COPY ? 0 : -ENOTTY,
		  iv_feature_probe(self->fd, VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2,
				   VFIO_DEVICE_FEATURE_SET));
}

/* Of each way, let each of its steps fail. */
static void check_failures(struct __test_metadata *_metadata, struct _test_data_mig_states *self,
			   const char *states, uint32_t from, uint32_t to, bool breaks)
{
	struct mock_migrate_regs regs = { .fail_error = -EBUSY, .fail_breaks = breaks };
	char way[NR + 2];
	int data_fd;

	expected_way(ways[from][to], states, way);
	for (unsigned int i = 0; way[i]; i++) {
		uint32_t stays = i ? (uint32_t)(strchr(letters, way[i - 1]) - letters) : from;

		ASSERT_EQ(0, go_to(self, from));
		regs.fail_in = i + 1;
		ASSERT_EQ(0, mock_migrate_write_regs(self->fd, &regs));
		EXPECT_EQ(-EBUSY, iv_migration_set(self->fd, to, &data_fd));
		EXPECT_EQ(-1, data_fd);
		EXPECT_EQ(breaks ? ERROR : (int)stays, iv_migration_state(self->fd));
		if (breaks) {
			EXPECT_EQ(-EINVAL, iv_migration_set(self->fd, RUNNING, &data_fd));
			continue;
		}
		/* It can be tried again. */
		ASSERT_EQ(0, iv_migration_set(self->fd, to, &data_fd))
			TH_LOG("from %c to %c after %u steps", letters[from], letters[to], i);
		if (data_fd >= 0)
			close(data_fd);
	}
}

TEST_F(mig_states, failed_step_stays_where_it_was)
{
	for (uint32_t from = 0; from < NR; from++)
		for (uint32_t to = 0; has(variant->states, from) && to < NR; to++)
			if (has(variant->states, to) && ways[from][to])
				check_failures(_metadata, self, variant->states, from, to, false);
}

TEST_F(mig_states, broken_device_is_in_error_until_reset)
{
	for (uint32_t from = 0; from < NR; from++)
		for (uint32_t to = 0; has(variant->states, from) && to < NR; to++)
			if (has(variant->states, to) && ways[from][to])
				check_failures(_metadata, self, variant->states, from, to, true);
	ASSERT_EQ(0, iv_device_reset(self->fd));
	EXPECT_EQ(RUNNING, iv_migration_state(self->fd));
}

TEST_F(mig_states, broken_without_an_errno_fails)
{
	struct mock_migrate_regs regs = { .fail_in = 1, .fail_breaks = 1 };
	int data_fd;

	ASSERT_EQ(0, mock_migrate_write_regs(self->fd, &regs));
	EXPECT_EQ(-EIO, iv_migration_set(self->fd, STOP, &data_fd));
	EXPECT_EQ(ERROR, iv_migration_state(self->fd));
}

static int resets(int fd)
{
	struct mock_migrate_regs regs;

	return mock_migrate_read_regs(fd, &regs) ?: (int)regs.resets;
}

TEST_F(mig_states, reset_leads_to_running)
{
	int before;

	for (uint32_t state = 0; state < NR; state++) {
		if (!has(variant->states, state))
			continue;
		ASSERT_EQ(0, go_to(self, state));
		before = resets(self->fd);
		ASSERT_EQ(0, iv_device_reset(self->fd));
		EXPECT_EQ(RUNNING, iv_migration_state(self->fd));
		EXPECT_EQ(before + 1, resets(self->fd));
	}
}

TEST_F(mig_states, reset_by_others_leads_to_running)
{
	int before;

	for (uint32_t state = 0; state < NR; state++) {
		if (!has(variant->states, state))
			continue;
		ASSERT_EQ(0, go_to(self, state));
		before = resets(self->fd);
		ASSERT_EQ(0, mock_migrate_command(self->fd, MOCK_MIGRATE_RESET));
		EXPECT_EQ(before + 1, resets(self->fd));
		EXPECT_EQ(RUNNING, iv_migration_state(self->fd));
	}
}

static void reset_soon(struct test_threads *threads, unsigned int index, void *arg)
{
	(void)threads;
	(void)index;
	test_sleep_ms(100);
	mock_migrate_command(*(int *)arg, MOCK_MIGRATE_RESET);
}

/* The reset does not wait for the step, and what comes after it is of a device that runs. */
TEST_F(mig_states, reset_by_others_during_a_step)
{
	struct mock_migrate_regs regs = { .delay_ms = 400 };
	struct test_threads threads;
	int data_fd;

	ASSERT_EQ(0, mock_migrate_write_regs(self->fd, &regs));
	ASSERT_EQ(0, test_threads_start(&threads, 1, reset_soon, &self->fd));
	EXPECT_EQ(-EAGAIN, iv_migration_set(self->fd, STOP_COPY, &data_fd));
	EXPECT_EQ(-1, data_fd);
	ASSERT_EQ(0, test_threads_join(&threads, 5000));
	EXPECT_EQ(RUNNING, iv_migration_state(self->fd));
	EXPECT_EQ(1, resets(self->fd));
	EXPECT_EQ(1, steps_taken(self->fd));
}

static void reset_by_user_soon(struct test_threads *threads, unsigned int index, void *arg)
{
	(void)threads;
	(void)index;
	test_sleep_ms(100);
	iv_device_reset(*(int *)arg);
}

/* The user's own reset waits. */
TEST_F(mig_states, reset_during_steps_comes_after_them)
{
	struct mock_migrate_regs regs = { .delay_ms = 200 };
	struct test_threads threads;
	int data_fd;

	ASSERT_EQ(0, mock_migrate_write_regs(self->fd, &regs));
	ASSERT_EQ(0, test_threads_start(&threads, 1, reset_by_user_soon, &self->fd));
	EXPECT_EQ(0, iv_migration_set(self->fd, STOP, &data_fd));
	ASSERT_EQ(0, test_threads_join(&threads, 5000));
	EXPECT_EQ(RUNNING, iv_migration_state(self->fd));
}

TEST_HARNESS_MAIN
