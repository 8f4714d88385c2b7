// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a device file while memory runs out: open, bind, attach, use, close.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "fail_nth.h"
#include "iommufd_bind.h"
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_device.h"
#include "test_memory.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define SIZE (16 * PAGE)
#define IOVA 0x1000000UL
#define OTHER_IOVA 0x2000000UL
#define BLOCK 64
#define SEED 5
#define LONG_READ 256

/* ---- From open to bind ---- */

/**
 * struct visitor - somebody who opens a device
 * @dev: the device; claimed
 * @path: of its file
 * @fd: the file
 * @iommufd: a context
 */
struct visitor {
	struct test_device dev;
	char path[IV_PATH_SIZE];
	int fd;
	int iommufd;
};

FIXTURE(fail_nth_cdev)
{
	struct visitor visitor;
};

FIXTURE_VARIANT(fail_nth_cdev)
{
	enum test_role role;
};

FIXTURE_VARIANT_ADD(fail_nth_cdev, edu) { .role = TEST_EDU };
FIXTURE_VARIANT_ADD(fail_nth_cdev, nvme) { .role = TEST_NVME };

FIXTURE_SETUP(fail_nth_cdev)
{
	struct visitor *visitor = &self->visitor;

	if (fail_nth_missing())
		SKIP(return, "%s", fail_nth_missing());
	if (!test_role_addr(variant->role))
		SKIP(return, "no %s device", test_role_name(variant->role));
	ASSERT_EQ(0, test_device_setup(&visitor->dev, variant->role, TEST_CLAIMED));
	ASSERT_EQ(0, iv_pci_cdev_path(visitor->dev.addr, visitor->path));
}

FIXTURE_TEARDOWN(fail_nth_cdev)
{
	test_device_teardown(&self->visitor.dev);
}

static int run_open(void *arg)
{
	struct visitor *visitor = arg;

	visitor->fd = iv_device_open_path(visitor->path);
	return visitor->fd < 0 ? visitor->fd : 0;
}

static bool is_parked(void *arg)
{
	struct visitor *visitor = arg;

	return iommufd_device_is_parked(visitor->fd);
}

static int close_file(void *arg)
{
	struct visitor *visitor = arg;

	return close(visitor->fd) ? -errno : 0;
}

TEST_F_TIMEOUT(fail_nth_cdev, open, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = { .run = run_open, .done = is_parked, .undo = close_file };

	EXPECT_EQ(0, fail_nth(&op, &self->visitor));
}

/* A context of its own each time: it could not bind what another one still had. */
static int open_both(void *arg)
{
	struct visitor *visitor = arg;

	visitor->iommufd = iv_iommufd_open();
	return visitor->iommufd < 0 ? visitor->iommufd : run_open(arg);
}

static int run_bind(void *arg)
{
	struct visitor *visitor = arg;

	return iv_device_bind(visitor->fd, visitor->iommufd, NULL);
}

static bool regions_are(int fd, const char *addr)
{
	struct iv_region bar;
	uint64_t start, size;
	uint32_t value;
	uint16_t vendor;

	if (iv_pci_resource(addr, 0, &start, &size) || iv_region_open(&bar, fd, 0) ||
	    bar.size != size || iv_config_command(fd, PCI_COMMAND_MEMORY, 0))
		return false;
	return iv_region_read(&bar, 0, &value, sizeof(value)) == sizeof(value) &&
	       bar.flags & VFIO_REGION_INFO_FLAG_MMAP &&
	       !iv_config_read16(fd, PCI_VENDOR_ID, &vendor) && vendor != 0xffff;
}

static bool is_bound(void *arg)
{
	struct visitor *visitor = arg;

	return iommufd_device_is_bound(visitor->fd) &&
	       regions_are(visitor->fd, visitor->dev.addr) && !iommufd_is_empty(visitor->iommufd);
}

static bool is_not_bound(void *arg)
{
	struct visitor *visitor = arg;

	return is_parked(arg) && iommufd_is_empty(visitor->iommufd);
}

static int close_both(void *arg)
{
	struct visitor *visitor = arg;

	return close_file(arg) ?: close(visitor->iommufd) ? -errno : 0;
}

TEST_F_TIMEOUT(fail_nth_cdev, bind, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = open_both, .run = run_bind, .done = is_bound, .intact = is_not_bound,
		.undo = close_both,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->visitor));
}

static int open_and_bind(void *arg)
{
	return open_both(arg) ?: run_bind(arg);
}

static int reset(void *arg)
{
	struct visitor *visitor = arg;

	return iv_device_reset(visitor->fd);
}

TEST_F_TIMEOUT(fail_nth_cdev, reset, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = reset, .done = is_bound, .intact = is_bound,
		.flags = FAIL_NTH_MAY_NEED_NOTHING,
	};
	struct vfio_device_info info;

	ASSERT_EQ(0, open_and_bind(&self->visitor));
	ASSERT_EQ(0, iv_device_info(self->visitor.fd, &info));
	if (info.flags & VFIO_DEVICE_FLAGS_RESET)
		EXPECT_EQ(0, fail_nth(&op, &self->visitor));
	EXPECT_EQ(0, close_both(&self->visitor));
}

static bool context_is_empty(void *arg)
{
	struct visitor *visitor = arg;

	return iommufd_is_empty(visitor->iommufd);
}

static int close_context(void *arg)
{
	struct visitor *visitor = arg;

	return close(visitor->iommufd) ? -errno : 0;
}

TEST_F_TIMEOUT(fail_nth_cdev, close_works, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = open_and_bind, .run = close_file, .done = context_is_empty,
		.undo = close_context, .flags = FAIL_NTH_ALWAYS_WORKS | FAIL_NTH_MAY_NEED_NOTHING,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->visitor));
}

/* ---- A bound device ---- */

/**
 * struct user - somebody who uses a device
 * @dev: the device, bound; @dev.ioas_id maps @memory
 * @edu: its registers
 * @other_id: another IOAS, which maps @memory elsewhere
 * @hwpt_id: a page table of @dev.ioas_id
 * @memory: of SIZE
 * @bytes: what was read
 * @next_id: the number that the next object got before the operation
 */
struct user {
	struct test_device dev;
	struct iv_edu edu;
	uint32_t other_id;
	uint32_t hwpt_id;
	char *memory;
	char bytes[LONG_READ];
	uint32_t next_id;
};

FIXTURE(fail_nth_bound)
{
	struct user user;
};

/* Lets the device have something to write. */
static int fill_device(struct user *user)
{
	test_memory_fill(user->memory, BLOCK, SEED);
	return iv_device_attach(user->dev.fd, user->dev.ioas_id) ?:
	       iv_edu_dma_read(&user->edu, IOVA, 0, BLOCK) ?: iv_device_detach(user->dev.fd);
}

FIXTURE_SETUP(fail_nth_bound)
{
	struct user *user = &self->user;
	struct test_device *dev = &user->dev;

	if (fail_nth_missing())
		SKIP(return, "%s", fail_nth_missing());
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	user->memory = test_memory_alloc(SIZE, PAGE);
	ASSERT_NE(NULL, user->memory);
	memset(user->memory, 1, SIZE);
	ASSERT_EQ(0, test_device_setup(dev, TEST_EDU, TEST_BOUND));
	ASSERT_EQ(0, iv_edu_open(&user->edu, dev->fd));
	ASSERT_EQ(0, iv_ioas_map(dev->iommufd, dev->ioas_id, user->memory, SIZE, IOVA, IV_DMA_RW));
	ASSERT_EQ(0, iv_ioas_alloc(dev->iommufd, &user->other_id));
	ASSERT_EQ(0, iv_ioas_map(dev->iommufd, user->other_id, user->memory, SIZE, OTHER_IOVA,
				 IV_DMA_RW));
	ASSERT_EQ(0, fill_device(user));
	user->next_id = iommufd_next_id(dev->iommufd);
	ASSERT_NE(0U, user->next_id);
}

FIXTURE_TEARDOWN(fail_nth_bound)
{
	struct user *user = &self->user;

	EXPECT_EQ(user->next_id, iommufd_next_id(user->dev.iommufd));
	iv_edu_close(&user->edu);
	close(user->dev.fd);
	user->dev.fd = -1;
	EXPECT_EQ(0, iv_iommufd_destroy(user->dev.iommufd, user->dev.ioas_id));
	EXPECT_EQ(0, iv_iommufd_destroy(user->dev.iommufd, user->other_id));
	EXPECT_TRUE(iommufd_is_empty(user->dev.iommufd));
	test_device_teardown(&user->dev);
	test_memory_free(user->memory, SIZE);
}

static bool no_object_is_left(void *arg)
{
	struct user *user = arg;

	return iommufd_next_id(user->dev.iommufd) == user->next_id;
}

static bool device_writes(struct user *user, uint64_t iova)
{
	memset(user->memory, 0, BLOCK);
	return !iv_edu_dma_write(&user->edu, iova, 0, BLOCK) &&
	       test_memory_matches(user->memory, BLOCK, SEED);
}

static bool reaches_ioas(void *arg)
{
	return device_writes(arg, IOVA) && !device_writes(arg, OTHER_IOVA);
}

static bool reaches_other(void *arg)
{
	return device_writes(arg, OTHER_IOVA) && !device_writes(arg, IOVA);
}

static bool is_blocked(void *arg)
{
	return !device_writes(arg, IOVA) && !device_writes(arg, OTHER_IOVA) &&
	       no_object_is_left(arg);
}

static int attach(void *arg)
{
	struct user *user = arg;

	return iv_device_attach(user->dev.fd, user->dev.ioas_id);
}

static int attach_other(void *arg)
{
	struct user *user = arg;

	return iv_device_attach(user->dev.fd, user->other_id);
}

static int detach(void *arg)
{
	struct user *user = arg;

	return iv_device_detach(user->dev.fd);
}

TEST_F_TIMEOUT(fail_nth_bound, attach, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = attach, .done = reaches_ioas, .intact = is_blocked, .undo = detach,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->user));
}

TEST_F_TIMEOUT(fail_nth_bound, replace, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = attach, .run = attach_other, .done = reaches_other,
		.intact = reaches_ioas, .undo = detach,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->user));
}

TEST_F_TIMEOUT(fail_nth_bound, detach_works, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = attach, .run = detach, .done = is_blocked, .intact = reaches_ioas,
		.flags = FAIL_NTH_ALWAYS_WORKS,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->user));
}

static int alloc_hwpt(void *arg)
{
	struct user *user = arg;

	return iv_hwpt_alloc(user->dev.iommufd, user->dev.devid, user->dev.ioas_id, 0,
			     &user->hwpt_id);
}

static int destroy_hwpt(void *arg)
{
	struct user *user = arg;

	return iv_iommufd_destroy(user->dev.iommufd, user->hwpt_id);
}

TEST_F_TIMEOUT(fail_nth_bound, page_table_alloc, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = alloc_hwpt, .intact = no_object_is_left, .undo = destroy_hwpt,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->user));
}

static int attach_hwpt(void *arg)
{
	struct user *user = arg;

	return iv_device_attach(user->dev.fd, user->hwpt_id);
}

static bool hwpt_is_unused(void *arg)
{
	return !device_writes(arg, IOVA);
}

static int detach_and_destroy(void *arg)
{
	return detach(arg) ?: destroy_hwpt(arg);
}

TEST_F_TIMEOUT(fail_nth_bound, attach_to_a_page_table, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = alloc_hwpt, .run = attach_hwpt, .done = reaches_ioas,
		.intact = hwpt_is_unused, .undo = detach_and_destroy,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->user));
}

static int map(void *arg)
{
	struct user *user = arg;

	return iv_ioas_map(user->dev.iommufd, user->dev.ioas_id, user->memory, SIZE, OTHER_IOVA,
			   IV_DMA_RW);
}

static int unmap(void *arg)
{
	struct user *user = arg;

	return iv_ioas_unmap(user->dev.iommufd, user->dev.ioas_id, OTHER_IOVA, SIZE, NULL);
}

static bool reaches_both(void *arg)
{
	return device_writes(arg, IOVA) && device_writes(arg, OTHER_IOVA);
}

TEST_F_TIMEOUT(fail_nth_bound, map_while_attached, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = map, .done = reaches_both, .intact = reaches_ioas, .undo = unmap,
	};

	ASSERT_EQ(0, attach(&self->user));
	self->user.next_id = iommufd_next_id(self->user.dev.iommufd);
	EXPECT_EQ(0, fail_nth(&op, &self->user));
	ASSERT_EQ(0, detach(&self->user));
	self->user.next_id = iommufd_next_id(self->user.dev.iommufd);
}

TEST_F_TIMEOUT(fail_nth_bound, unmap_while_attached_works, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = map, .run = unmap, .done = reaches_ioas, .intact = reaches_both,
		.flags = FAIL_NTH_ALWAYS_WORKS | FAIL_NTH_ANSWER_LAST,
	};

	ASSERT_EQ(0, attach(&self->user));
	EXPECT_EQ(0, fail_nth(&op, &self->user));
	ASSERT_EQ(0, detach(&self->user));
}

static int bind_again(void *arg)
{
	struct user *user = arg;

	return test_device_advance(&user->dev, TEST_PARKED) ?:
	       iv_device_bind(user->dev.fd, user->dev.iommufd, &user->dev.devid) ?:
	       iv_edu_open(&user->edu, user->dev.fd);
}

static int prepare_close(void *arg)
{
	struct user *user = arg;
	int rc = user->dev.fd < 0 ? bind_again(arg) : 0;

	/* The registers' mapping would keep the file open. */
	iv_edu_close(&user->edu);
	return rc ?: attach(arg);
}

static int close_device(void *arg)
{
	struct user *user = arg;
	int fd = user->dev.fd;

	user->dev.fd = -1;
	return close(fd) ? -errno : 0;
}

TEST_F_TIMEOUT(fail_nth_bound, close_while_attached_works, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = prepare_close, .run = close_device, .undo = bind_again,
		.flags = FAIL_NTH_ALWAYS_WORKS | FAIL_NTH_MAY_NEED_NOTHING,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->user));
}

/* ---- What a driver does all day ---- */

static int get_device_info(void *arg)
{
	struct vfio_device_info info;
	struct user *user = arg;

	return iv_device_info(user->dev.fd, &info) ?:
	       info.num_regions == VFIO_PCI_NUM_REGIONS ? 0 : -EIO;
}

static int get_region_info(void *arg)
{
	struct vfio_region_info info;
	struct user *user = arg;

	return iv_region_info(user->dev.fd, 0, &info) ?: info.size == IV_EDU_BAR_SIZE ? 0 : -EIO;
}

static int get_irq_info(void *arg)
{
	struct vfio_irq_info info;
	struct user *user = arg;

	return iv_irq_info(user->dev.fd, VFIO_PCI_MSI_IRQ_INDEX, &info) ?:
	       info.count == 1 ? 0 : -EIO;
}

/* Longer than what needs no buffer. */
static int read_config(void *arg)
{
	struct iv_region config;
	struct user *user = arg;
	ssize_t rc;

	rc = iv_region_open(&config, user->dev.fd, VFIO_PCI_CONFIG_REGION_INDEX);
	if (rc)
		return rc;
	rc = iv_region_read(&config, 0, user->bytes, LONG_READ);
	return rc < 0 ? rc : rc == LONG_READ ? 0 : -EIO;
}

static int write_bar(void *arg)
{
	struct user *user = arg;
	ssize_t rc;

	memset(user->bytes, SEED, LONG_READ);
	rc = iv_region_write(&user->edu.bar, IV_EDU_BUFFER_ADDR, user->bytes, LONG_READ);
	return rc < 0 ? rc : rc == LONG_READ ? 0 : -EIO;
}

FIXTURE(fail_nth_call)
{
	struct user user;
};

FIXTURE_VARIANT(fail_nth_call)
{
	int (*call)(void *arg);
};

FIXTURE_VARIANT_ADD(fail_nth_call, device_info) { .call = get_device_info };
FIXTURE_VARIANT_ADD(fail_nth_call, region_info) { .call = get_region_info };
FIXTURE_VARIANT_ADD(fail_nth_call, irq_info) { .call = get_irq_info };
FIXTURE_VARIANT_ADD(fail_nth_call, config_read) { .call = read_config };
FIXTURE_VARIANT_ADD(fail_nth_call, bar_write) { .call = write_bar };

FIXTURE_SETUP(fail_nth_call)
{
	if (fail_nth_missing())
		SKIP(return, "%s", fail_nth_missing());
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&self->user.dev, TEST_EDU, TEST_BOUND));
	ASSERT_EQ(0, iv_edu_open(&self->user.edu, self->user.dev.fd));
}

FIXTURE_TEARDOWN(fail_nth_call)
{
	iv_edu_close(&self->user.edu);
	test_device_teardown(&self->user.dev);
}

static bool still_works(void *arg)
{
	struct user *user = arg;

	return iommufd_device_is_bound(user->dev.fd) &&
	       !iv_config_command(user->dev.fd, PCI_COMMAND_MEMORY, 0) &&
	       !iv_edu_alive(&user->edu);
}

TEST_F_TIMEOUT(fail_nth_call, fails_cleanly, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = variant->call, .done = still_works, .intact = still_works,
		.flags = FAIL_NTH_MAY_NEED_NOTHING,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->user));
}

/* ---- Mapping a BAR ---- */

static int map_bar(void *arg)
{
	struct user *user = arg;

	user->memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, user->dev.fd,
			    user->edu.bar.offset);
	return user->memory == MAP_FAILED ? -errno : 0;
}

static int unmap_bar(void *arg)
{
	struct user *user = arg;

	return munmap(user->memory, 2 * PAGE) ? -errno : 0;
}

static int touch_bar(void *arg)
{
	struct user *user = arg;
	uint32_t id = *(volatile uint32_t *)user->memory;

	return id && id != UINT32_MAX ? 0 : -EIO;
}

static bool bar_is_mapped(void *arg)
{
	return !touch_bar(arg);
}

FIXTURE(fail_nth_bar)
{
	struct user user;
};

FIXTURE_SETUP(fail_nth_bar)
{
	if (fail_nth_missing())
		SKIP(return, "%s", fail_nth_missing());
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&self->user.dev, TEST_EDU, TEST_BOUND));
	ASSERT_EQ(0, iv_edu_open(&self->user.edu, self->user.dev.fd));
}

FIXTURE_TEARDOWN(fail_nth_bar)
{
	iv_edu_close(&self->user.edu);
	test_device_teardown(&self->user.dev);
}

TEST_F_TIMEOUT(fail_nth_bar, mmap, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = map_bar, .done = bar_is_mapped, .intact = still_works, .undo = unmap_bar,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->user));
}

/* The CPU repeats an access for whose page table there was no memory. */
TEST_F_TIMEOUT(fail_nth_bar, first_access_works, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = map_bar, .run = touch_bar, .undo = unmap_bar,
		.flags = FAIL_NTH_ALWAYS_WORKS | FAIL_NTH_MAY_NEED_NOTHING,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->user));
}

TEST_F_TIMEOUT(fail_nth_bar, munmap_works, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = map_bar, .run = unmap_bar, .done = still_works,
		.flags = FAIL_NTH_ALWAYS_WORKS | FAIL_NTH_MAY_NEED_NOTHING,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->user));
}

TEST_HARNESS_MAIN
