// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two users of one device with a thousand PASIDs each, which they own, attach, use and give back in
 * random order, so that numbers change hands all the time.
 *
 * Every page of memory belongs to one PASID of one user, and that PASID's address space maps
 * nothing else. All fill with their own value. So each page must hold, at the end, what its owner
 * filled it with last, and a single foreign access anywhere is found.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "adi_device.h"
#include "iommufd_pasid.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_memory.h"
#include "test_thread.h"
#include "kselftest_harness.h"

#define PAGE 4096UL
#define PASIDS 1000
#define STEPS 3000
#define SHARED IOMMU_PASID_SCOPE_SHARED
#define JOIN_MS 100000

/**
 * struct space - a PASID and its memory
 * @ioas_id: maps one page
 * @pasid: its number, while it is @owned
 * @owned: whether it is
 * @attached: whether it is, too
 * @value: what its page holds; 0: nothing was done yet
 */
struct space {
	uint32_t ioas_id;
	struct iv_pasid pasid;
	bool owned;
	bool attached;
	uint8_t value;
};

struct user {
	struct adi_device adi;
	char *memory;
	struct space *spaces;
	unsigned int seed;
	unsigned int foreign;
	unsigned int errors;
	int error;
	unsigned int fills;
	unsigned int frees;
};

FIXTURE(adi_storm)
{
	struct user users[2];
	int64_t pinned;
};

static int user_setup(struct user *user, unsigned int nr)
{
	unsigned int i;
	int rc;

	user->seed = 1 + nr;
	user->memory = test_memory_alloc(PASIDS * PAGE, PAGE);
	user->spaces = calloc(PASIDS, sizeof(*user->spaces));
	if (!user->memory || !user->spaces)
		return -ENOMEM;
	memset(user->memory, 0, PASIDS * PAGE);
	rc = adi_setup(&user->adi, nr);
	for (i = 0; i < PASIDS && !rc; i++)
		rc = adi_ioas(&user->adi, user->memory + i * PAGE, PAGE, &user->spaces[i].ioas_id);
	return rc;
}

FIXTURE_SETUP(adi_storm)
{
	ASSERT_EQ(0, adi_module_load());
	self->pinned = test_pinned_pages();
	ASSERT_EQ(0, user_setup(&self->users[0], 0));
	ASSERT_EQ(0, user_setup(&self->users[1], 1));
}

/* Unloading the driver warns if the device has a PASID attached still. */
FIXTURE_TEARDOWN(adi_storm)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		adi_teardown(&self->users[i].adi);
		test_memory_free(self->users[i].memory, PASIDS * PAGE);
		free(self->users[i].spaces);
	}
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
	EXPECT_EQ(0, adi_module_unload());
}

static int own(struct user *user, struct space *space)
{
	int rc = iv_pasid_alloc(user->adi.iommufd, user->adi.devid, SHARED, &space->pasid);

	space->owned = !rc;
	return rc;
}

static int attach(struct user *user, struct space *space)
{
	int rc = iv_device_attach_pasid(user->adi.fd, space->ioas_id, space->pasid.pasid);

	space->attached = !rc;
	return rc;
}

/* The user's values: the one has even ones, the other odd ones, and 0 is nobody's. */
static int fill(struct user *user, struct space *space, unsigned int parity)
{
	uint8_t value = 2 + (rand_r(&user->seed) % 120) * 2 + parity;
	int rc = adi_fill(&user->adi, 0, space->pasid.pasid, ADI_IOVA, PAGE, value);

	if (!rc) {
		space->value = value;
		user->fills++;
	}
	return rc;
}

static int give_back(struct user *user, struct space *space)
{
	int rc = 0;

	if (space->attached)
		rc = iv_device_detach_pasid(user->adi.fd, space->pasid.pasid);
	space->attached = false;
	rc = rc ?: iv_iommufd_destroy(user->adi.iommufd, space->pasid.id);
	space->owned = false;
	user->frees++;
	/* Somebody else may have the number by now. */
	if (!rc && adi_submit(&user->adi, 0, space->pasid.pasid, ADI_IOVA, PAGE, 1) != -EPERM)
		user->foreign++;
	return rc;
}

/* One step with a random PASID; it is attached and filled more often than given back. */
static int step(struct user *user, unsigned int parity)
{
	struct space *space = &user->spaces[rand_r(&user->seed) % PASIDS];

	if (!space->owned)
		return own(user, space) ?: attach(user, space);
	if (!space->attached)
		return attach(user, space);
	if (rand_r(&user->seed) % 4)
		return fill(user, space, parity);
	return give_back(user, space);
}

/* A number that isn't the user's is refused, whosever it is. */
static void trespass(struct user *user)
{
	uint32_t pasid = 1 + rand_r(&user->seed) % (2 * PASIDS + 2);
	unsigned int i;

	for (i = 0; i < PASIDS; i++)
		if (user->spaces[i].owned && user->spaces[i].pasid.pasid == pasid)
			return;
	/* The queue's own is the user's; it isn't attached, so it fails in the IOMMU. */
	if (adi_fill(&user->adi, 0, pasid, ADI_IOVA, PAGE, 1) != -EPERM)
		user->foreign++;
}

static void use(struct test_threads *threads, unsigned int index, void *arg)
{
	struct _test_data_adi_storm *self = arg;
	struct user *user = &self->users[index];
	unsigned int i;
	int rc;

	/* All of them exist at the same time once. */
	for (i = 0; i < PASIDS; i++)
		if (own(user, &user->spaces[i]) || attach(user, &user->spaces[i]) ||
		    fill(user, &user->spaces[i], index))
			user->errors++;
	for (i = 0; i < STEPS && !test_threads_stopping(threads); i++) {
		rc = step(user, index);
		if (rc) {
			user->errors++;
			user->error = rc;
		}
		if (i % 8 == 0)
			trespass(user);
	}
}

static unsigned int wrong_pages(const struct user *user)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < PASIDS; i++)
		wrong += !test_memory_is(user->memory + i * PAGE, PAGE, user->spaces[i].value);
	return wrong;
}

TEST_F_TIMEOUT(adi_storm, no_access_is_foreign_and_nothing_is_left, 110)
{
	struct test_threads threads = {};
	unsigned int i;

	ASSERT_EQ(0, test_threads_start(&threads, 2, use, self));
	ASSERT_EQ(0, test_threads_join(&threads, JOIN_MS));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, self->users[i].errors)
			TH_LOG("user %u: the last errno is %d", i, self->users[i].error);
		EXPECT_EQ(0, self->users[i].foreign);
		EXPECT_EQ(0, wrong_pages(&self->users[i]));
		EXPECT_LT(PASIDS + STEPS / 4, self->users[i].fills);
		EXPECT_LT(STEPS / 16, self->users[i].frees);
	}
	/* One ends with all that it has attached; the other doesn't notice. */
	adi_close(&self->users[0].adi);
	EXPECT_EQ(0, wrong_pages(&self->users[0]));
	EXPECT_EQ(0, wrong_pages(&self->users[1]));
}

TEST_HARNESS_MAIN
