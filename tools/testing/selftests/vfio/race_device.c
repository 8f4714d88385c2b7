// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything that can be done with a device, by several threads at the same time, while it is
 * opened and closed, bound to a context, and taken away with its driver.
 *
 * One thread opens and binds the device again and again, and publishes its descriptor. The others
 * take a duplicate each, under a lock that keeps the number from being another file's by then; so
 * they may use a device that is being closed, revoked, or not bound yet. Afterwards nothing may be
 * pinned, no object may be left, and the device must work.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_device.h"
#include "test_fault.h"
#include "test_memory.h"
#include "test_race.h"
#include "test_timeout.h"
#include "test_user.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define SIZE (16 * PAGE)
#define IOVA 0x1000000UL
#define RUN_MS 2500
#define USERS 7
#define ENOUGH 5
#define ENOUGH_IF_SLOW 2
#define USED_MS 50
#define BACK_MS 1000
#define TIMEOUT_S 120

/**
 * struct race - what the threads share
 * @dev: the device; its descriptor is not used
 * @ioas_ids: two IOASes
 * @memory: of SIZE
 * @lock: of @fd
 * @fd: the descriptor that is there to be used, or -1
 * @bound: how often the device was bound
 * @attached: how often it was attached
 * @touched: how often a page of a BAR was there
 * @armed: how often an interrupt was set up
 * @used_before: how often all of this together, before it was opened
 * @used_at_return: the same, before it came back from being taken away
 * @revoked: how often it was taken away
 * @revokes: whether it is taken away at all
 * @results: of their calls
 */
struct race {
	struct test_device dev;
	uint32_t ioas_ids[2];
	char *memory;
	pthread_mutex_t lock;
	int fd;
	atomic_ulong bound;
	atomic_ulong attached;
	atomic_ulong touched;
	atomic_ulong armed;
	unsigned long used_before;
	unsigned long used_at_return;
	atomic_ulong revoked;
	bool revokes;
	struct test_race results;
};

FIXTURE(race_device)
{
	struct race race;
	int64_t pinned;
};

FIXTURE_VARIANT(race_device)
{
	bool revoke;
};

FIXTURE_VARIANT_ADD(race_device, that_stays) { .revoke = false };
FIXTURE_VARIANT_ADD(race_device, that_is_taken_away) { .revoke = true };

FIXTURE_SETUP(race_device)
{
	struct race *race = &self->race;

	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	race->fd = -1;
	pthread_mutex_init(&race->lock, NULL);
	self->pinned = test_pinned_pages();
	race->memory = test_memory_alloc(SIZE, PAGE);
	ASSERT_NE(NULL, race->memory);
	memset(race->memory, 1, SIZE);
	ASSERT_EQ(0, test_device_setup(&race->dev, TEST_EDU, TEST_CLAIMED));
	race->dev.iommufd = test_context_open(&race->ioas_ids[0]);
	ASSERT_LE(0, race->dev.iommufd);
	ASSERT_EQ(0, iv_ioas_alloc(race->dev.iommufd, &race->ioas_ids[1]));
}

FIXTURE_TEARDOWN(race_device)
{
	test_device_teardown(&self->race.dev);
	test_memory_free(self->race.memory, SIZE);
}

static void publish(struct race *race, int fd)
{
	pthread_mutex_lock(&race->lock);
	race->fd = fd;
	pthread_mutex_unlock(&race->lock);
}

/* A descriptor of the caller's own, or a negative number. */
static int borrow(struct race *race)
{
	int fd;

	pthread_mutex_lock(&race->lock);
	fd = race->fd < 0 ? -1 : dup(race->fd);
	pthread_mutex_unlock(&race->lock);
	return fd;
}

/*
 * Besides 0, any call may find the device gone (ENODEV) or not bound yet (EINVAL). Returns whether
 * it was done.
 */
static bool judge(struct race *race, int rc)
{
	return !test_race_expect(&race->results, rc, -ENODEV, -EINVAL);
}

static unsigned long times_used(struct race *race)
{
	return race->attached + race->touched + race->armed + race->revoked;
}

/* Most rounds take that long: on a slow machine, others would come too late for less. */
static bool was_used(void *arg)
{
	struct race *race = arg;

	return times_used(race) > race->used_before;
}

static bool was_used_since_return(void *arg)
{
	struct race *race = arg;

	return times_used(race) > race->used_at_return;
}

static void come_and_go(struct race *race, unsigned int round)
{
	int rc, fd = iv_device_open(race->dev.addr);

	/* Without driver there is no file, nor the folder where it is looked for. */
	if (fd < 0) {
		if (fd != -ENXIO)
			test_race_expect(&race->results, fd, -ENODEV, -ENOENT);
		test_sleep_ms(1);
		return;
	}
	race->used_before = times_used(race);
	/* The others may see it before it is bound, and until all of them have closed it. */
	publish(race, fd);
	rc = iv_device_bind(fd, race->dev.iommufd, NULL);
	race->bound += judge(race, rc);
	if (!rc && round % 4)
		test_wait_until(was_used, race, USED_MS);
	publish(race, -1);
	close(fd);
}

static void attach(struct race *race, int fd, unsigned int round)
{
	if (round % 3 == 2)
		judge(race, iv_device_detach(fd));
	else
		race->attached += judge(race, iv_device_attach(fd, race->ioas_ids[round % 3]));
}

static void map(struct race *race, unsigned int round)
{
	const uint32_t ioas_id = race->ioas_ids[round & 1];
	const int iommufd = race->dev.iommufd;

	test_race_expect(&race->results, iv_ioas_map(iommufd, ioas_id, race->memory, SIZE, IOVA,
						     IV_DMA_RW), 0, 0);
	test_race_expect(&race->results, iv_ioas_unmap(iommufd, ioas_id, IOVA, SIZE, NULL), 0, 0);
}

static void ask(struct race *race, int fd, unsigned int round)
{
	struct vfio_region_info region;
	struct vfio_device_info info;
	struct vfio_irq_info irq;
	uint16_t vendor;

	switch (round % 4) {
	case 0:
		judge(race, iv_device_info(fd, &info));
		break;
	case 1:
		judge(race, iv_region_info(fd, 0, &region));
		break;
	case 2:
		judge(race, iv_irq_info(fd, VFIO_PCI_MSI_IRQ_INDEX, &irq));
		break;
	default:
		judge(race, iv_config_read16(fd, PCI_VENDOR_ID, &vendor));
	}
}

static void touch_bar(struct race *race, int fd)
{
	void *map;

	/* Off while nobody has turned it on: then the mapping gives SIGBUS, as when it is gone. */
	if (!judge(race, iv_config_command(fd, PCI_COMMAND_MEMORY, 0)))
		return;
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		judge(race, -errno);
		return;
	}
	race->touched += !test_load_gives_sigbus(map);
	munmap(map, PAGE);
}

/* Two threads do this: what one has set up, the other may have disabled (EINVAL). */
static void arm(struct race *race, int fd, unsigned int round)
{
	const uint32_t index = round & 1 ? VFIO_PCI_MSI_IRQ_INDEX : VFIO_PCI_INTX_IRQ_INDEX;
	int32_t eventfd = iv_eventfd_create();

	race->armed += judge(race, iv_irq_set_eventfds(fd, index, 0, 1, &eventfd));
	judge(race, iv_irq_trigger(fd, index, 0, 1));
	judge(race, iv_irq_disable(fd, index));
	close(eventfd);
}

static void use_device(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;
	unsigned int round;
	int fd;

	for (round = 0; !test_threads_stopping(threads); round++) {
		if (index == 0) {
			come_and_go(race, round);
			threads->rounds++;
			continue;
		}
		if (index == 1) {
			map(race, round);
			threads->rounds++;
			continue;
		}
		fd = borrow(race);
		if (fd < 0) {
			test_sleep_ms(1);
			continue;
		}
		if (index == 2)
			attach(race, fd, round);
		else if (index == 3)
			touch_bar(race, fd);
		else if (index == 4)
			ask(race, fd, round);
		else
			arm(race, fd, round);
		close(fd);
		threads->rounds++;
	}
}

static void use_and_take_away(struct test_threads *threads, unsigned int index, void *arg)
{
	struct race *race = arg;

	if (index) {
		use_device(threads, index - 1, arg);
		return;
	}
	while (!test_threads_stopping(threads)) {
		test_sleep_ms(test_timeout(50));
		/* On a slow machine nobody has come so far yet, which is right half the times. */
		if (race->revoked & 1)
			test_wait_until(was_used_since_return, race, BACK_MS);
		test_race_expect(&race->results, iv_pci_unbind_driver(race->dev.addr), 0, 0);
		test_race_expect(&race->results, iv_pci_bind_driver(race->dev.addr, "vfio-pci"),
				 0, 0);
		race->revoked++;
		race->used_at_return = times_used(race);
	}
}

static bool all_was_done(void *arg)
{
	const unsigned int enough = test_is_slow() ? ENOUGH_IF_SLOW : ENOUGH;
	struct race *race = arg;

	return race->bound >= enough && race->attached >= enough && race->touched >= enough &&
	       race->armed >= enough && (!race->revokes || race->revoked >= enough);
}

TEST_F_TIMEOUT(race_device, survives_everything_at_the_same_time, TIMEOUT_S)
{
	struct race *race = &self->race;
	const int iommufd = race->dev.iommufd;

	/* One thread more takes the device away. */
	race->revokes = variant->revoke;
	EXPECT_EQ(0, test_race_run_until(&race->results, USERS + variant->revoke,
					 variant->revoke ? use_and_take_away : use_device, race,
					 RUN_MS, all_was_done));
	printf("# %lu rounds: bound %lu times, attached %lu, BAR touched %lu, ",
	       race->results.rounds, race->bound, race->attached, race->touched);
	printf("interrupts %lu, taken away %lu\n", race->armed, race->revoked);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
	EXPECT_EQ(0, iv_iommufd_destroy(iommufd, race->ioas_ids[0]));
	EXPECT_EQ(0, iv_iommufd_destroy(iommufd, race->ioas_ids[1]));
	EXPECT_TRUE(iommufd_is_empty(iommufd));
	EXPECT_EQ(0, test_edu_works(race->dev.addr));
}

TEST_HARNESS_MAIN
