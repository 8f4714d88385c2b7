// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owning PASIDs of a device that has its requester ID for itself.
 */
#include <errno.h>
#include <unistd.h>
#include "iommufd_ioctl.h"
#include "iommufd_pasid.h"
#include "iv.h"
#include "test_thread.h"
#include "kselftest_harness.h"

#define LAST_PASID ((1U << MOCK_PASID_WIDTH) - 1)
#define EXCLUSIVE IOMMU_PASID_SCOPE_EXCLUSIVE
#define JOIN_MS 20000

FIXTURE(pasid_alloc)
{
	int fd;
	uint32_t ioas_id;
	uint32_t hwpt_id;
	struct mock_device dev;
	unsigned int limit;
};

FIXTURE_SETUP(pasid_alloc)
{
	ASSERT_EQ(0, mock_module_load());
	self->fd = iv_iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &self->ioas_id));
	ASSERT_EQ(0, mock_device_create(&self->dev, self->fd, self->ioas_id,
					MOCK_FLAGS_DEVICE_PASID));
	ASSERT_EQ(0, iv_hwpt_alloc(self->fd, self->dev.devid, self->ioas_id,
				   IOMMU_HWPT_ALLOC_PASID, &self->hwpt_id));
	ASSERT_EQ(0, mock_device_attach(&self->dev, self->hwpt_id, NULL));
	ASSERT_EQ(0, iommufd_pasid_limit(4096, &self->limit));
}

FIXTURE_TEARDOWN(pasid_alloc)
{
	EXPECT_EQ(0, iommufd_pasid_limit(self->limit, NULL));
	EXPECT_EQ(0, close(self->fd));
	EXPECT_EQ(0, mock_module_unload());
}

static int alloc(const struct _test_data_pasid_alloc *self, struct iv_pasid *pasid)
{
	return iv_pasid_alloc(self->fd, self->dev.devid, EXCLUSIVE, pasid);
}

static int alloc_between(const struct _test_data_pasid_alloc *self, uint32_t min, uint32_t max,
			 struct iv_pasid *pasid)
{
	return iv_pasid_alloc_between(self->fd, self->dev.devid, min, max, pasid);
}

static int alloc_raw(const struct _test_data_pasid_alloc *self, struct iommu_pasid_alloc *cmd)
{
	cmd->size = sizeof(*cmd);
	if (!cmd->dev_id)
		cmd->dev_id = self->dev.devid;
	return iommufd_ioctl(self->fd, IOMMU_PASID_ALLOC, cmd);
}

TEST_F(pasid_alloc, numbers_are_different_and_never_0)
{
	struct iv_pasid a, b;

	ASSERT_EQ(0, alloc(self, &a));
	ASSERT_EQ(0, alloc(self, &b));
	EXPECT_NE(a.pasid, b.pasid);
	EXPECT_NE(a.id, b.id);
	EXPECT_LT(0, a.pasid);
	EXPECT_LT(0, b.pasid);
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, a.id));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, b.id));
	EXPECT_EQ(-ENOENT, iv_iommufd_destroy(self->fd, a.id));
}

TEST_F(pasid_alloc, range_is_heeded)
{
	struct iv_pasid pasid;

	ASSERT_EQ(0, alloc_between(self, 500, 501, &pasid));
	EXPECT_EQ(500, pasid.pasid);
	ASSERT_EQ(0, alloc_between(self, 500, 501, &pasid));
	EXPECT_EQ(501, pasid.pasid);
	EXPECT_EQ(-ENOSPC, alloc_between(self, 500, 501, &pasid));
	ASSERT_EQ(0, iv_iommufd_destroy(self->fd, pasid.id));
	EXPECT_EQ(0, alloc_between(self, 500, 501, &pasid));
	EXPECT_EQ(501, pasid.pasid);
	EXPECT_EQ(0, alloc_between(self, LAST_PASID, 0, &pasid));
	EXPECT_EQ(LAST_PASID, pasid.pasid);
	EXPECT_EQ(0, alloc_between(self, 0, 1, &pasid));
	EXPECT_EQ(1, pasid.pasid);
	EXPECT_EQ(-ENOSPC, alloc_between(self, 0, 1, &pasid));
}

TEST_F(pasid_alloc, impossible_ranges_fail)
{
	struct iv_pasid pasid;

	EXPECT_EQ(-EINVAL, alloc_between(self, 5, 4, &pasid));
	EXPECT_EQ(-EINVAL, alloc_between(self, 1, LAST_PASID + 1, &pasid));
	EXPECT_EQ(-EINVAL, alloc_between(self, LAST_PASID + 1, 0, &pasid));
	EXPECT_EQ(-EINVAL, alloc_between(self, UINT32_MAX, UINT32_MAX, &pasid));
}

TEST_F(pasid_alloc, bad_arguments_fail)
{
	struct iommu_pasid_alloc flags = { .flags = 2 };
	struct iommu_pasid_alloc reserved = { .__reserved = 1 };
	struct iommu_pasid_alloc scope = { .scope = 2 };
	struct iommu_pasid_alloc shared = { .scope = IOMMU_PASID_SCOPE_SHARED };
	struct iommu_pasid_alloc no_guest = { .flags = IOMMU_PASID_ALLOC_GUEST };
	struct iommu_pasid_alloc guest = { .guest_pasid = 1 };
	struct iommu_pasid_alloc high = {
		.flags = IOMMU_PASID_ALLOC_GUEST, .guest_pasid = 1 << 20,
	};
	struct iommu_pasid_alloc ioas = { .dev_id = self->ioas_id };
	struct iommu_pasid_alloc none = { .dev_id = 9999 };

	EXPECT_EQ(-EOPNOTSUPP, alloc_raw(self, &flags));
	EXPECT_EQ(-EOPNOTSUPP, alloc_raw(self, &reserved));
	EXPECT_EQ(-EINVAL, alloc_raw(self, &scope));
	EXPECT_EQ(-EINVAL, alloc_raw(self, &shared));
	EXPECT_EQ(-EINVAL, alloc_raw(self, &no_guest));
	EXPECT_EQ(-EINVAL, alloc_raw(self, &guest));
	EXPECT_EQ(-EINVAL, alloc_raw(self, &high));
	EXPECT_EQ(-ENOENT, alloc_raw(self, &ioas));
	EXPECT_EQ(-ENOENT, alloc_raw(self, &none));
}

TEST_F(pasid_alloc, sizes_are_checked)
{
	struct {
		struct iommu_pasid_alloc cmd;
		uint32_t tail;
	} big = { .cmd = { .size = sizeof(big), .dev_id = self->dev.devid } };
	struct iommufd_guard guard;
	void *arg;

	EXPECT_EQ(0, iommufd_ioctl(self->fd, IOMMU_PASID_ALLOC, &big));
	big.tail = 1;
	EXPECT_EQ(-E2BIG, iommufd_ioctl(self->fd, IOMMU_PASID_ALLOC, &big));
	big.cmd.size = sizeof(big.cmd) - 1;
	EXPECT_EQ(-EINVAL, iommufd_ioctl(self->fd, IOMMU_PASID_ALLOC, &big));
	big.cmd.size = 0;
	EXPECT_EQ(-EINVAL, iommufd_ioctl(self->fd, IOMMU_PASID_ALLOC, &big));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->fd, IOMMU_PASID_ALLOC, NULL));
	/* What can't be answered leaves nothing allocated. */
	ASSERT_EQ(0, iommufd_guard_setup(&guard));
	big.cmd = (struct iommu_pasid_alloc){
		.size = sizeof(big.cmd), .dev_id = self->dev.devid,
		.min_pasid = 77, .max_pasid = 77,
	};
	arg = iommufd_guard_place(&guard, &big.cmd, sizeof(big.cmd));
	ASSERT_EQ(0, iommufd_guard_make_readonly(&guard));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->fd, IOMMU_PASID_ALLOC, arg));
	iommufd_guard_teardown(&guard);
	EXPECT_EQ(0, iommufd_ioctl(self->fd, IOMMU_PASID_ALLOC, &big.cmd));
}

TEST_F(pasid_alloc, attached_pasid_is_busy)
{
	struct iv_pasid pasid;

	ASSERT_EQ(0, alloc(self, &pasid));
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, pasid.pasid, self->hwpt_id));
	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(self->fd, pasid.id));
	EXPECT_EQ(0, mock_pasid_is_at(&self->dev, pasid.pasid, self->hwpt_id));
	ASSERT_EQ(0, mock_pasid_detach(&self->dev, pasid.pasid));
	EXPECT_EQ(0, iv_iommufd_destroy(self->fd, pasid.id));
}

TEST_F(pasid_alloc, pasid_stays_owned_when_it_is_detached)
{
	struct iv_pasid pasid, other;

	ASSERT_EQ(0, alloc_between(self, 9, 9, &pasid));
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, 9, self->hwpt_id));
	ASSERT_EQ(0, mock_pasid_detach(&self->dev, 9));
	EXPECT_EQ(-ENOSPC, alloc_between(self, 9, 9, &other));
	ASSERT_EQ(0, iv_iommufd_destroy(self->fd, pasid.id));
	EXPECT_EQ(0, alloc_between(self, 9, 9, &other));
}

TEST_F(pasid_alloc, attached_number_is_reserved_until_detach)
{
	struct iv_pasid pasid;

	ASSERT_EQ(0, mock_pasid_attach(&self->dev, 9, self->hwpt_id));
	EXPECT_EQ(-ENOSPC, alloc_between(self, 9, 9, &pasid));
	ASSERT_EQ(0, alloc_between(self, 9, 10, &pasid));
	EXPECT_EQ(10, pasid.pasid);
	ASSERT_EQ(0, mock_pasid_detach(&self->dev, 9));
	EXPECT_EQ(0, alloc_between(self, 9, 9, &pasid));
}

TEST_F(pasid_alloc, guest_numbers_are_unique_for_a_device)
{
	struct iv_pasid a, b;
	struct mock_device dev;

	ASSERT_EQ(0, iv_pasid_alloc_guest(self->fd, self->dev.devid, EXCLUSIVE, 7, &a));
	EXPECT_EQ(-EEXIST, iv_pasid_alloc_guest(self->fd, self->dev.devid, EXCLUSIVE, 7, &b));
	EXPECT_EQ(0, iv_pasid_alloc_guest(self->fd, self->dev.devid, EXCLUSIVE, 8, &b));
	ASSERT_EQ(0, iv_iommufd_destroy(self->fd, a.id));
	EXPECT_EQ(0, iv_pasid_alloc_guest(self->fd, self->dev.devid, EXCLUSIVE, 7, &a));
	ASSERT_EQ(0, mock_device_create(&dev, self->fd, self->hwpt_id, MOCK_FLAGS_DEVICE_PASID));
	EXPECT_EQ(0, iv_pasid_alloc_guest(self->fd, dev.devid, EXCLUSIVE, 7, &b));
}

TEST_F(pasid_alloc, device_without_pasids_has_none_to_own)
{
	struct iv_pasid pasid;
	struct mock_device dev;

	ASSERT_EQ(0, mock_device_create(&dev, self->fd, self->hwpt_id, 0));
	EXPECT_EQ(-EOPNOTSUPP, iv_pasid_alloc(self->fd, dev.devid, EXCLUSIVE, &pasid));
}

TEST_F(pasid_alloc, pasids_end_with_their_device)
{
	struct iv_pasid pasid;

	ASSERT_EQ(0, alloc(self, &pasid));
	ASSERT_EQ(0, mock_device_destroy(&self->dev));
	EXPECT_EQ(-ENOENT, iv_iommufd_destroy(self->fd, pasid.id));
	EXPECT_EQ(-ENOENT, alloc(self, &pasid));
}

TEST_F(pasid_alloc, quota_counts_allocated_and_attached_ones)
{
	struct iv_pasid pasid, over;

	ASSERT_EQ(0, iommufd_pasid_limit(3, NULL));
	ASSERT_EQ(0, alloc(self, &pasid));
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, 100, self->hwpt_id));
	ASSERT_EQ(0, mock_pasid_attach(&self->dev, 101, self->hwpt_id));
	EXPECT_EQ(-EDQUOT, alloc(self, &over));
	EXPECT_EQ(-EDQUOT, mock_pasid_attach(&self->dev, 102, self->hwpt_id));
	EXPECT_EQ(0, mock_pasid_attach(&self->dev, pasid.pasid, self->hwpt_id));
	ASSERT_EQ(0, mock_pasid_detach(&self->dev, 101));
	EXPECT_EQ(0, alloc(self, &over));
	EXPECT_EQ(-EDQUOT, mock_pasid_attach(&self->dev, 102, self->hwpt_id));
	ASSERT_EQ(0, iv_iommufd_destroy(self->fd, over.id));
	EXPECT_EQ(0, mock_pasid_attach(&self->dev, 102, self->hwpt_id));
}

TEST_F(pasid_alloc, failures_do_not_use_up_the_quota)
{
	struct iv_pasid pasid;
	unsigned int i;

	ASSERT_EQ(0, iommufd_pasid_limit(1, NULL));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(-EINVAL, alloc_between(self, 5, 4, &pasid));
		EXPECT_EQ(-EINVAL, mock_pasid_attach(&self->dev, 0, self->hwpt_id));
		ASSERT_EQ(0, mock_fail(self->fd, self->dev.id, MOCK_FAIL_ATTACH, 0));
		EXPECT_EQ(-ENOMEM, mock_pasid_attach(&self->dev, 7, self->hwpt_id));
	}
	EXPECT_EQ(0, alloc(self, &pasid));
}

TEST_F(pasid_alloc, default_quota_is_4096)
{
	struct iv_pasid pasid;
	unsigned int i;

	ASSERT_EQ(4096, self->limit);
	for (i = 0; i < 4096; i++)
		ASSERT_EQ(0, alloc(self, &pasid)) TH_LOG("PASID %u", i);
	EXPECT_EQ(-EDQUOT, alloc(self, &pasid));
}

struct race {
	const struct _test_data_pasid_alloc *self;
	atomic_uint wrong;
};

/* Threads fight for the same few numbers by all that can be done with them. */
static void fight(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;
	const struct _test_data_pasid_alloc *self = race->self;
	struct iv_pasid pasid;
	unsigned int i;

	for (i = index; !test_threads_stopping(threads); i++) {
		uint32_t number = 100 + i % 3;

		if (i % 2) {
			if (alloc_between(self, number, number, &pasid))
				continue;
			if (pasid.pasid != number)
				atomic_fetch_add(&race->wrong, 1);
			mock_pasid_attach(&self->dev, number, self->hwpt_id);
			while (iv_iommufd_destroy(self->fd, pasid.id) == -EBUSY)
				mock_pasid_detach(&self->dev, number);
		} else {
			mock_pasid_attach(&self->dev, number, self->hwpt_id);
			mock_pasid_detach(&self->dev, number);
		}
		atomic_fetch_add(&threads->rounds, 1);
	}
}

TEST_F(pasid_alloc, threads_that_fight_for_a_number_leave_it_free)
{
	struct race race = { .self = self };
	struct test_threads threads = {};
	struct iv_pasid pasid;
	uint32_t number;

	ASSERT_EQ(0, test_threads_start(&threads, 4, fight, &race));
	usleep(1500 * 1000);
	test_threads_stop(&threads);
	ASSERT_EQ(0, test_threads_join(&threads, JOIN_MS));
	EXPECT_LT(10, threads.rounds);
	EXPECT_EQ(0, race.wrong);
	for (number = 100; number < 103; number++) {
		mock_pasid_detach(&self->dev, number);
		EXPECT_EQ(0, alloc_between(self, number, number, &pasid));
		EXPECT_EQ(0, mock_pasid_is_at(&self->dev, number, 0));
	}
}

TEST_HARNESS_MAIN
