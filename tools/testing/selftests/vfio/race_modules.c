// SPDX-License-Identifier: GPL-2.0-only
/*
 * Modules come and go while their users do: vfio-pci, whose users don't keep it, and the mock
 * IOMMU, whose users do.
 */
#include <errno.h>
#include <unistd.h>
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "mock_device.h"
#include "test_device.h"
#include "test_memory.h"
#include "test_process.h"
#include "test_race.h"
#include "test_user.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define SIZE (4 * PAGE)
#define IOVA 0x1000000
#define DRIVER "vfio-pci"
#define MODULE "vfio_pci"
#define USERS 3
#define ENOUGH 3
#define RUN_MS 2500
#define TIMEOUT_S 120

/**
 * struct race - what the threads share
 * @addr: a device
 * @memory: of SIZE
 * @used: how often somebody had something of the module
 * @reloaded: how often the module was unloaded
 * @results: of their calls
 */
struct race {
	const char *addr;
	char *memory;
	atomic_ulong used;
	atomic_ulong reloaded;
	struct test_race results;
};

FIXTURE(race_modules)
{
	struct race race;
	int64_t pinned;
};

FIXTURE_SETUP(race_modules)
{
	self->pinned = test_pinned_pages();
	self->race.memory = test_memory_alloc(SIZE, PAGE);
	ASSERT_NE(NULL, self->race.memory);
	memset(self->race.memory, 1, SIZE);
}

FIXTURE_TEARDOWN(race_modules)
{
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
	test_memory_free(self->race.memory, SIZE);
}

static bool both_happened(void *arg)
{
	struct race *race = arg;

	return race->used >= ENOUGH && race->reloaded >= ENOUGH;
}

/* ---- vfio-pci ---- */

/* At every step the device may be gone already. */
static void use_device(struct race *race)
{
	struct vfio_device_info info;
	int fd = iv_device_open(race->addr), iommufd, rc;
	uint32_t ioas_id;

	if (fd < 0) {
		if (fd != -ENXIO)
			test_race_expect(&race->results, fd, -ENODEV, -ENOENT);
		test_sleep_ms(1);
		return;
	}
	iommufd = test_context_open(&ioas_id);
	test_race_expect(&race->results, iv_ioas_map(iommufd, ioas_id, race->memory, SIZE, IOVA,
						     IV_DMA_RW), 0, 0);
	/* Others have the device, or its group. */
	rc = iv_device_bind(fd, iommufd, NULL);
	if (rc != -EBUSY)
		test_race_expect(&race->results, rc, -ENODEV, -EINVAL);
	if (!rc) {
		race->used++;
		test_race_expect(&race->results, iv_device_attach(fd, ioas_id), -ENODEV, 0);
		test_race_expect(&race->results, iv_device_info(fd, &info), -ENODEV, 0);
	}
	close(fd);
	close(iommufd);
}

static int reload_driver(struct race *race)
{
	int rc;

	/* A process that opens one of its files, or is in one of its calls, keeps it a moment. */
	do {
		rc = test_module_unload(MODULE);
	} while (rc == -EAGAIN || rc == -EBUSY);
	return rc ?: test_module_load(MODULE) ?: iv_pci_bind_driver(race->addr, DRIVER);
}

static void use_or_reload_driver(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;

	while (!test_threads_stopping(threads)) {
		threads->rounds++;
		if (index) {
			use_device(race);
			continue;
		}
		test_sleep_ms(20);
		test_race_expect(&race->results, reload_driver(race), 0, 0);
		race->reloaded++;
	}
}

TEST_F_TIMEOUT(race_modules, driver_is_unloaded_under_its_users, TIMEOUT_S)
{
	struct race *race = &self->race;
	struct test_device dev;

	race->addr = test_role_addr(TEST_EDU);
	if (!race->addr)
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&dev, TEST_EDU, TEST_CLAIMED));
	EXPECT_EQ(0, test_race_run_until(&race->results, 1 + USERS, use_or_reload_driver,
					 race, RUN_MS, both_happened));
	printf("# %lu rounds: bound %lu times, module reloaded %lu\n", race->results.rounds,
	       race->used, race->reloaded);
	EXPECT_EQ(0, test_edu_works(race->addr));
	test_device_teardown(&dev);
}

/* ---- The mock IOMMU ---- */

/* Without the mock its ioctl is an unknown one. */
static void use_mock(struct race *race)
{
	struct mock_device dev;
	uint32_t ioas_id;
	char byte = 0;
	int rc, iommufd = test_context_open(&ioas_id);

	test_race_expect(&race->results, iv_ioas_map(iommufd, ioas_id, race->memory, SIZE,
						     MOCK_APERTURE_START, IV_DMA_RW), 0, 0);
	rc = mock_device_create(&dev, iommufd, ioas_id, 0);
	test_race_expect(&race->results, rc, -ENOTTY, 0);
	if (!rc) {
		race->used++;
		rc = mock_device_read(&dev, MOCK_APERTURE_START, &byte, 1);
		test_race_expect(&race->results, rc ?: byte == 1 ? 0 : -EIO, 0, 0);
	}
	/* The end of the context takes the device with it. */
	close(iommufd);
	test_sleep_ms(3);
}

static void use_or_reload_mock(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;
	int rc;

	while (!test_threads_stopping(threads)) {
		threads->rounds++;
		if (index) {
			use_mock(race);
			continue;
		}
		rc = mock_module_unload();
		test_race_expect(&race->results, rc, -EAGAIN, -EBUSY);
		if (rc)
			continue;
		race->reloaded++;
		test_race_expect(&race->results, mock_module_load(), 0, 0);
	}
}

TEST_F_TIMEOUT(race_modules, mock_is_unloaded_only_between_its_users, TIMEOUT_S)
{
	struct race *race = &self->race;

	ASSERT_EQ(0, mock_module_load());
	EXPECT_EQ(0, test_race_run_until(&race->results, 3, use_or_reload_mock, race, RUN_MS,
					 both_happened));
	printf("# %lu rounds: devices made %lu times, module reloaded %lu\n", race->results.rounds,
	       race->used, race->reloaded);
	EXPECT_EQ(0, mock_module_load());
	EXPECT_EQ(0, mock_module_unload());
}

TEST_HARNESS_MAIN
