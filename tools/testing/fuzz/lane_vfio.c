// SPDX-License-Identifier: GPL-2.0-only
/*
 * Users of vfio devices, and somebody who takes the devices away from them.
 *
 * A user opens a device, binds and attaches it, uses it, and closes it, in any order. Each also
 * knows what state its file may be in, and so what may come of a call: until a bind has succeeded
 * the file is parked (-EINVAL), once the device was taken away it is gone (-ENODEV) for good, and a
 * file that is gone never comes back. In the end the devices must work as if nothing had been.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "iv.h"
#include "test_device.h"
#include "test_fault.h"
#include "test_user.h"

#define USERS 2
#define MAX_VFIO 4

/* How long a device stays, at most */
#define STAY_MS 120

/**
 * struct vfio_lane - the lane
 * @options: of the run
 * @stats: counts
 * @claims: the devices
 * @nr: how many
 * @context: that all users have, beside their own
 * @ioas_id: in it
 */
struct vfio_lane {
	const struct fuzz_options *options;
	struct fuzz_stats *stats;
	struct iv_pci_claim claims[MAX_VFIO];
	unsigned int nr;
	int context;
	uint32_t ioas_id;
};

/**
 * struct vfio_user - a user
 * @lane: the lane
 * @thread: its thread
 * @random: its stream
 * @own: a context of its own
 * @own_ioas: an IOAS there
 * @fd: the device, or -1
 * @bound: a bind of it has succeeded
 * @context: to which
 * @gone: a call has said -ENODEV
 * @bar: a mapping, or NULL
 * @buffer: for data
 */
struct vfio_user {
	struct vfio_lane *lane;
	pthread_t thread;
	struct fuzz_random random;
	int own;
	uint32_t own_ioas;
	int fd;
	bool bound;
	int context;
	bool gone;
	void *bar;
	uint8_t buffer[512];
};

static void complain(struct vfio_lane *lane, const char *what, int rc)
{
	printf("# vfio: %s (%s); seed %lu\n", what, strerrorname_np(rc < 0 ? -rc : 0) ?: "0",
	       lane->options->seed);
	atomic_fetch_add(&lane->stats->failures, 1);
	atomic_store(&lane->stats->stop, true);
}

/* What may come of a call on a file that is parked, bound, or gone. */
static void expect(struct vfio_user *user, const char *what, int rc, const int allowed[])
{
	unsigned int i;
	bool fine = false;

	if (rc == -ENODEV) {
		user->gone = true;
		return;
	}
	if (user->gone) {
		complain(user->lane, "a file came back after its device was taken away", rc);
		return;
	}
	if (!user->bound)
		fine = rc == -EINVAL;
	else if (rc >= 0)
		fine = true;
	for (i = 0; user->bound && allowed && allowed[i]; i++)
		fine |= rc == -allowed[i];
	if (!fine)
		complain(user->lane, what, rc);
}

static int call(struct vfio_user *user, unsigned long request, void *arg)
{
	return ioctl(user->fd, request, arg) < 0 ? -errno : 0;
}

static void user_unmap(struct vfio_user *user)
{
	if (user->bar)
		munmap(user->bar, PAGE);
	user->bar = NULL;
}

static void user_close(struct vfio_user *user)
{
	/* A mapping outlives the file that it was made by, sometimes. */
	if (random_one_in(&user->random, 2))
		user_unmap(user);
	close(user->fd);
	user->fd = -1;
}

static void user_open(struct vfio_user *user)
{
	struct vfio_lane *lane = user->lane;

	user_unmap(user);
	user->bound = false;
	user->gone = false;
	user->fd = iv_device_open(lane->claims[random_below(&user->random, lane->nr)].addr);
}

static void user_bind(struct vfio_user *user)
{
	static const int allowed[] = { EINVAL, 0 };
	bool shared = random_one_in(&user->random, 2);
	struct vfio_device_bind_iommufd bind = {
		.argsz = sizeof(bind),
		.iommufd = shared ? user->lane->context : user->own,
	};
	int rc;

	if (random_one_in(&user->random, 20))
		bind.argsz = random_below(&user->random, sizeof(bind));
	else if (random_one_in(&user->random, 20))
		bind.iommufd = -1;
	rc = call(user, VFIO_DEVICE_BIND_IOMMUFD, &bind);
	if (!rc && user->bound)
		complain(user->lane, "a file was bound twice", rc);
	/*
	 * Somebody else has it, or another function of its group; or it is being taken away, and so
	 * can't be reset, which a bind does first.
	 */
	if ((rc == -EBUSY || rc == -EAGAIN) && !user->bound && !user->gone)
		return;
	if (!rc && !user->gone) {
		user->bound = true;
		user->context = bind.iommufd;
	}
	expect(user, "bind", rc, allowed);
}

static void user_attach(struct vfio_user *user)
{
	static const int allowed[] = { ENOENT, EINVAL, EADDRINUSE, EFAULT, 0 };
	bool shared = user->context == user->lane->context;
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = sizeof(attach),
		.pt_id = shared ? user->lane->ioas_id : user->own_ioas,
	};

	if (random_one_in(&user->random, 10))
		attach.pt_id = random_below(&user->random, 10);
	if (random_one_in(&user->random, 20))
		attach.argsz = random_below(&user->random, 12);
	expect(user, "attach", call(user, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach), allowed);
}

static void user_detach(struct vfio_user *user)
{
	struct vfio_device_detach_iommufd_pt detach = { .argsz = sizeof(detach) };

	expect(user, "detach", call(user, VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach), NULL);
}

static void user_info(struct vfio_user *user)
{
	static const int allowed[] = { EINVAL, 0 };
	struct vfio_region_info region = {
		.argsz = sizeof(region),
		.index = random_below(&user->random, 12),
	};
	struct vfio_device_info info = { .argsz = sizeof(info) };

	expect(user, "device info", call(user, VFIO_DEVICE_GET_INFO, &info), NULL);
	expect(user, "region info", call(user, VFIO_DEVICE_GET_REGION_INFO, &region), allowed);
}

static uint64_t region_offset(struct vfio_user *user)
{
	uint64_t index = random_one_in(&user->random, 3) ? VFIO_PCI_CONFIG_REGION_INDEX :
			 random_below(&user->random, 10);

	return (index << 40) + random_below(&user->random, 0x100);
}

/* What a region has and what it hasn't is for other tests to say. */
static void user_rw(struct vfio_user *user)
{
	static const int allowed[] = { EINVAL, EFAULT, EIO, EPERM, 0 };
	size_t length = 1 + random_below(&user->random, sizeof(user->buffer));
	uint64_t offset = region_offset(user);
	ssize_t rc;

	rc = pread(user->fd, user->buffer, length, offset);
	expect(user, "read", rc < 0 ? -errno : 0, allowed);
	/* What is written to edu's registers may be an order that ends QEMU. */
	offset = ((uint64_t)VFIO_PCI_CONFIG_REGION_INDEX << 40) + offset % 0x100;
	rc = pwrite(user->fd, user->buffer, length % 8, offset);
	/* Nothing is asked for: the driver is not. */
	if (length % 8 || !user->bound)
		expect(user, "write", rc < 0 ? -errno : 0, allowed);
}

static void user_mmap(struct vfio_user *user)
{
	static const int allowed[] = { EINVAL, 0 };
	void *bar;

	user_unmap(user);
	bar = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, user->fd, 0);
	expect(user, "mmap", bar == MAP_FAILED ? -errno : 0, allowed);
	if (bar != MAP_FAILED)
		user->bar = bar;
}

/* The device's registers, or SIGBUS; nothing else can come of it. */
static void user_touch(struct vfio_user *user)
{
	/* The handler of SIGBUS is the process'. */
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

	if (!user->bar)
		return;
	pthread_mutex_lock(&lock);
	test_load_gives_sigbus((uint8_t *)user->bar + 0x10);
	pthread_mutex_unlock(&lock);
}

static void user_reset(struct vfio_user *user)
{
	static const int allowed[] = { ENOTTY, EINVAL, EAGAIN, 0 };

	expect(user, "reset", call(user, VFIO_DEVICE_RESET, NULL), allowed);
}

static void user_odd(struct vfio_user *user)
{
	/* One of them is a reset. */
	static const int allowed[] = { ENOTTY, EINVAL, EFAULT, EAGAIN, 0 };
	unsigned long request = _IO(VFIO_TYPE, VFIO_BASE + random_below(&user->random, 40));

	/* A bind with nothing to read is not of interest here. */
	if (request != VFIO_DEVICE_BIND_IOMMUFD)
		expect(user, "odd ioctl", call(user, request, NULL), allowed);
}

static void user_map(struct vfio_user *user)
{
	bool shared = random_one_in(&user->random, 2);
	int context = shared ? user->lane->context : user->own;
	uint32_t ioas_id = shared ? user->lane->ioas_id : user->own_ioas;
	uint64_t iova = 0x1000000 + random_below(&user->random, 16) * PAGE;

	if (random_one_in(&user->random, 2))
		iv_ioas_unmap(context, ioas_id, iova, PAGE, NULL);
	else
		iv_ioas_map(context, ioas_id, (void *)((uintptr_t)user->buffer & ~(PAGE - 1)),
			    PAGE, iova, IV_DMA_RW);
}

static void user_step(struct vfio_user *user)
{
	static void (*const steps[])(struct vfio_user *user) = {
		user_bind, user_bind, user_attach, user_attach, user_detach, user_info, user_rw,
		user_mmap, user_touch, user_touch, user_reset, user_odd, user_map, user_close,
	};
	unsigned int nr = sizeof(steps) / sizeof(*steps);

	if (user->fd < 0)
		user_open(user);
	else
		steps[random_below(&user->random, nr)](user);
	atomic_fetch_add_explicit(&user->lane->stats->vfio, 1, memory_order_relaxed);
}

static void *user_main(void *arg)
{
	struct vfio_user *user = arg;

	while (!atomic_load(&user->lane->stats->stop))
		user_step(user);
	if (user->fd >= 0)
		close(user->fd);
	user_unmap(user);
	close(user->own);
	return NULL;
}

/* Takes devices away and gives them back. */
static void take_away(struct vfio_lane *lane, struct fuzz_random *random)
{
	const char *addr = lane->claims[random_below(random, lane->nr)].addr;
	int rc;

	usleep(1000 * (1 + random_below(random, STAY_MS)));
	rc = iv_pci_unbind_driver(addr);
	if (rc)
		complain(lane, "a device can't be unbound", rc);
	if (random_one_in(random, 2))
		usleep(1000 * random_below(random, 20));
	rc = iv_pci_bind_driver(addr, "vfio-pci");
	if (rc)
		complain(lane, "a device can't be bound again", rc);
	atomic_fetch_add(&lane->stats->unbinds, 1);
}

static void run_users(struct vfio_lane *lane)
{
	static struct vfio_user users[USERS];
	struct fuzz_random random;
	unsigned int i;

	random_init(&random, lane->options->seed, 3000);
	for (i = 0; i < USERS; i++) {
		users[i].lane = lane;
		users[i].fd = -1;
		random_init(&users[i].random, lane->options->seed, 3001 + i);
		users[i].own = test_context_open(&users[i].own_ioas);
		pthread_create(&users[i].thread, NULL, user_main, &users[i]);
	}
	while (!atomic_load(&lane->stats->stop))
		take_away(lane, &random);
	for (i = 0; i < USERS; i++)
		pthread_join(users[i].thread, NULL);
}

static void claim_devices(struct vfio_lane *lane)
{
	static const enum test_role roles[MAX_VFIO] = {
		TEST_EDU, TEST_HOTPLUG, TEST_SHARED_A, TEST_SHARED_B
	};
	unsigned int i;
	int rc;

	for (i = 0; i < MAX_VFIO; i++) {
		const char *addr = test_role_addr(roles[i]);

		if (!addr)
			continue;
		rc = iv_pci_claim(&lane->claims[lane->nr++], addr, "vfio-pci");
		if (rc)
			complain(lane, "a device can't be had", rc);
	}
}

/**
 * lane_vfio() - use vfio devices, until the run ends
 * @options: of the run
 * @stats: counts
 */
void lane_vfio(const struct fuzz_options *options, struct fuzz_stats *stats)
{
	struct vfio_lane lane = { .options = options, .stats = stats };
	unsigned int i;
	int rc;

	claim_devices(&lane);
	lane.context = test_context_open(&lane.ioas_id);
	if (lane.nr)
		run_users(&lane);
	close(lane.context);
	for (i = 0; i < lane.nr; i++) {
		rc = test_edu_works(lane.claims[i].addr);
		if (rc)
			complain(&lane, "a device doesn't work afterwards", rc);
		iv_pci_claim_release(&lane.claims[i]);
	}
}
