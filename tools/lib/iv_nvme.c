// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Small userspace NVMe driver.
 *
 * Model: the host writes a 64-byte command into the submission queue and tells the controller the
 * new tail through a doorbell register; the controller writes a 16-byte completion whose phase tag
 * differs from the one of the previous round through the queue; the host consumes it and tells the
 * controller the new head. Data goes by PRP: the first two pages are named in the command, or the
 * first page and a list of the others.
 *
 * Section and figure names are those of the NVM Express Base Specification 2.0.
 */
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "iv_config.h"
#include "iv_device.h"
#include "iv_irq.h"
#include "iv_nvme.h"

#define PAGE 4096

/* Controller properties. */
#define REG_CAP 0x00
#define REG_INTMS 0x0c
#define REG_CC 0x14
#define REG_CSTS 0x1c
#define REG_AQA 0x24
#define REG_ASQ 0x28
#define REG_ACQ 0x30
#define REG_DOORBELLS 0x1000

#define CAP_MQES(cap) ((uint32_t)((cap) & 0xffff) + 1)
#define CAP_TO_MS(cap) ((int)((cap) >> 24 & 0xff) * 500)
#define CAP_DSTRD(cap) (4U << ((cap) >> 32 & 0xf))
#define CAP_MPSMIN(cap) ((cap) >> 48 & 0xf)

#define CC_EN 0x1
#define CC_IOSQES_64 0x60000
#define CC_IOCQES_16 0x400000

#define CSTS_RDY 0x1
#define CSTS_CFS 0x2

/* Commands. */
#define ADMIN_CREATE_IO_SQ 0x01
#define ADMIN_CREATE_IO_CQ 0x05
#define ADMIN_IDENTIFY 0x06
#define IO_READ 0x02

#define IDENTIFY_NAMESPACE 0
#define IDENTIFY_CONTROLLER 1

#define QUEUE_CONTIGUOUS 0x1
#define QUEUE_IRQ_ENABLED 0x2

#define IO_QUEUE_ID 1
#define NAMESPACE_ID 1
#define COMMAND_TIMEOUT_MS 5000

/* Pages of struct iv_nvme's @queues. */
enum {
	PAGE_ADMIN_SQ,
	PAGE_ADMIN_CQ,
	PAGE_IO_SQ,
	PAGE_IO_CQ,
	PAGE_IDENTIFY,
	PAGE_PRP_LIST,
};

struct nvme_command {
	uint8_t opcode;
	uint8_t flags;
	uint16_t cid;
	uint32_t nsid;
	uint32_t cdw2[2];
	uint64_t metadata;
	uint64_t prp1;
	uint64_t prp2;
	uint32_t cdw10;
	uint32_t cdw11;
	uint32_t cdw12;
	uint32_t cdw13[3];
};

struct nvme_completion {
	uint32_t result;
	uint32_t reserved;
	uint16_t sq_head;
	uint16_t sq_id;
	uint16_t cid;
	uint16_t status;
};

static_assert(sizeof(struct nvme_command) == 64, "a submission queue entry has 64 bytes");
static_assert(sizeof(struct nvme_completion) == 16, "a completion queue entry has 16 bytes");

static void *queue_page(struct iv_nvme *nvme, unsigned int page)
{
	return (char *)nvme->queues.va + page * PAGE;
}

static uint64_t queue_iova(struct iv_nvme *nvme, unsigned int page)
{
	return nvme->queues.iova + page * PAGE;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void short_sleep(void)
{
	struct timespec delay = { .tv_nsec = 200000 };

	nanosleep(&delay, NULL);
}

static int wait_ready(struct iv_nvme *nvme, uint32_t ready)
{
	int64_t end = now_ms() + nvme->ready_timeout_ms;

	do {
		uint32_t csts = iv_mmio_read32(&nvme->bar, REG_CSTS);

		if (csts == UINT32_MAX)
			return -ENODEV;
		if (csts & CSTS_CFS && ready)
			return -EIO;
		if ((csts & CSTS_RDY) == ready)
			return 0;
		short_sleep();
	} while (now_ms() < end);
	return -ETIMEDOUT;
}

static int controller_disable(struct iv_nvme *nvme)
{
	iv_mmio_write32(&nvme->bar, REG_CC, 0);
	return wait_ready(nvme, 0);
}

static int controller_enable(struct iv_nvme *nvme)
{
	uint32_t last = IV_NVME_QUEUE_DEPTH - 1;

	iv_mmio_write32(&nvme->bar, REG_AQA, last << 16 | last);
	iv_mmio_write64(&nvme->bar, REG_ASQ, queue_iova(nvme, PAGE_ADMIN_SQ));
	iv_mmio_write64(&nvme->bar, REG_ACQ, queue_iova(nvme, PAGE_ADMIN_CQ));
	/* Not to be touched with MSI-X. */
	if (nvme->eventfd < 0)
		iv_mmio_write32(&nvme->bar, REG_INTMS, UINT32_MAX);
	iv_mmio_write32(&nvme->bar, REG_CC, CC_IOSQES_64 | CC_IOCQES_16 | CC_EN);
	return wait_ready(nvme, CSTS_RDY);
}

static void queue_init(struct iv_nvme_queue *queue, uint16_t id, void *sq, void *cq)
{
	*queue = (struct iv_nvme_queue) {
		.id = id,
		.sq = sq,
		.cq = cq,
		.phase = 1,
	};
}

static void ring_doorbell(struct iv_nvme *nvme, unsigned int number, uint16_t value)
{
	atomic_thread_fence(memory_order_seq_cst);
	iv_mmio_write32(&nvme->bar, REG_DOORBELLS + number * nvme->doorbell_stride, value);
}

static void queue_submit(struct iv_nvme *nvme, struct iv_nvme_queue *queue,
			 const struct nvme_command *command)
{
	struct nvme_command *sq = queue->sq;

	sq[queue->sq_tail] = *command;
	queue->sq_tail = (queue->sq_tail + 1) % IV_NVME_QUEUE_DEPTH;
	ring_doorbell(nvme, 2 * queue->id, queue->sq_tail);
}

static int queue_consume(struct iv_nvme *nvme, struct iv_nvme_queue *queue, uint16_t cid)
{
	volatile struct nvme_completion *cqe = (struct nvme_completion *)queue->cq + queue->cq_head;
	uint16_t got = le16toh(cqe->cid);

	nvme->status = le16toh(cqe->status) >> 1;
	queue->cq_head = (queue->cq_head + 1) % IV_NVME_QUEUE_DEPTH;
	if (!queue->cq_head)
		queue->phase = !queue->phase;
	ring_doorbell(nvme, 2 * queue->id + 1, queue->cq_head);
	if (got != cid)
		return -EPROTO;
	return nvme->status ? -EREMOTEIO : 0;
}

static int queue_completed(struct iv_nvme_queue *queue)
{
	volatile struct nvme_completion *cqe = (struct nvme_completion *)queue->cq + queue->cq_head;
	int done = (le16toh(cqe->status) & 1) == queue->phase;

	atomic_thread_fence(memory_order_acquire);
	return done;
}

static int queue_wait(struct iv_nvme *nvme, struct iv_nvme_queue *queue, uint16_t cid)
{
	int eventfd = queue->id == IO_QUEUE_ID ? nvme->eventfd : -1;
	int64_t left, end = now_ms() + COMMAND_TIMEOUT_MS;

	while (!queue_completed(queue)) {
		left = end - now_ms();
		if (left <= 0)
			return -ETIMEDOUT;
		if (eventfd < 0) {
			short_sleep();
		} else {
			int64_t ret = iv_eventfd_wait(eventfd, left);

			if (ret < 0)
				return ret;
			if (!ret)
				return -ETIMEDOUT;
		}
	}
	return queue_consume(nvme, queue, cid);
}

static int queue_run(struct iv_nvme *nvme, struct iv_nvme_queue *queue,
		     struct nvme_command *command)
{
	uint16_t cid = nvme->next_cid++;

	command->cid = htole16(cid);
	queue_submit(nvme, queue, command);
	return queue_wait(nvme, queue, cid);
}

static int identify(struct iv_nvme *nvme, uint32_t what, uint32_t nsid)
{
	struct nvme_command command = {
		.opcode = ADMIN_IDENTIFY,
		.nsid = htole32(nsid),
		.prp1 = htole64(queue_iova(nvme, PAGE_IDENTIFY)),
		.cdw10 = htole32(what),
	};

	return queue_run(nvme, &nvme->admin, &command);
}

static void copy_trimmed(char *to, const char *from, size_t size)
{
	memcpy(to, from, size);
	while (size && to[size - 1] == ' ')
		size--;
	to[size] = 0;
}

static int identify_controller(struct iv_nvme *nvme)
{
	const char *data = queue_page(nvme, PAGE_IDENTIFY);
	int ret = identify(nvme, IDENTIFY_CONTROLLER, 0);

	if (ret)
		return ret;
	copy_trimmed(nvme->serial, data + 4, 20);
	copy_trimmed(nvme->model, data + 24, 40);
	return 0;
}

static int identify_namespace(struct iv_nvme *nvme)
{
	const uint8_t *data = queue_page(nvme, PAGE_IDENTIFY);
	uint64_t blocks;
	unsigned int shift;
	int ret = identify(nvme, IDENTIFY_NAMESPACE, NAMESPACE_ID);

	if (ret)
		return ret;
	memcpy(&blocks, data, sizeof(blocks));
	nvme->blocks = le64toh(blocks);
	/* FLBAS names the LBA format in use; LBADS is its block size as a power of two. */
	shift = data[128 + 4 * (data[26] & 0xf) + 2];
	if (shift < 9 || shift > 12)
		return -EOPNOTSUPP;
	nvme->block_size = 1U << shift;
	return 0;
}

static int create_io_queues(struct iv_nvme *nvme)
{
	uint32_t size_and_id = (IV_NVME_QUEUE_DEPTH - 1) << 16 | IO_QUEUE_ID;
	struct nvme_command create_cq = {
		.opcode = ADMIN_CREATE_IO_CQ,
		.prp1 = htole64(queue_iova(nvme, PAGE_IO_CQ)),
		.cdw10 = htole32(size_and_id),
		.cdw11 = htole32(QUEUE_CONTIGUOUS | QUEUE_IRQ_ENABLED),
	};
	struct nvme_command create_sq = {
		.opcode = ADMIN_CREATE_IO_SQ,
		.prp1 = htole64(queue_iova(nvme, PAGE_IO_SQ)),
		.cdw10 = htole32(size_and_id),
		.cdw11 = htole32(IO_QUEUE_ID << 16 | QUEUE_CONTIGUOUS),
	};
	int ret = queue_run(nvme, &nvme->admin, &create_cq);

	return ret ? ret : queue_run(nvme, &nvme->admin, &create_sq);
}

static int controller_init(struct iv_nvme *nvme)
{
	uint64_t cap = iv_mmio_read64(&nvme->bar, REG_CAP);
	int ret;

	if (cap == UINT64_MAX)
		return -ENODEV;
	if (CAP_MQES(cap) < IV_NVME_QUEUE_DEPTH || CAP_MPSMIN(cap) != 0)
		return -EOPNOTSUPP;
	nvme->doorbell_stride = CAP_DSTRD(cap);
	nvme->ready_timeout_ms = CAP_TO_MS(cap) + 500;
	queue_init(&nvme->admin, 0, queue_page(nvme, PAGE_ADMIN_SQ),
		   queue_page(nvme, PAGE_ADMIN_CQ));
	queue_init(&nvme->io, IO_QUEUE_ID, queue_page(nvme, PAGE_IO_SQ),
		   queue_page(nvme, PAGE_IO_CQ));
	ret = controller_disable(nvme);
	/* No completion of an earlier life may look like a new one. */
	memset(nvme->queues.va, 0, nvme->queues.size);
	if (!ret)
		ret = controller_enable(nvme);
	if (!ret)
		ret = identify_controller(nvme);
	if (!ret)
		ret = identify_namespace(nvme);
	return ret ? ret : create_io_queues(nvme);
}

/**
 * iv_nvme_open() - reset an NVMe controller and make it ready for reads
 * @nvme: to be filled; iv_nvme_close() it, also after a failure
 * @fd: an NVMe device that is attached to @ioas_id
 * @iommufd: the context
 * @ioas_id: the address space
 * @iova: where IV_NVME_QUEUES_SIZE bytes of queues may be mapped
 *
 * Return: 0, or a negative errno.
 */
int iv_nvme_open(struct iv_nvme *nvme, int fd, int iommufd, uint32_t ioas_id, uint64_t iova)
{
	int ret;

	*nvme = (struct iv_nvme) { .fd = fd, .eventfd = -1 };
	ret = iv_config_command(fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0);
	if (!ret)
		ret = iv_region_open(&nvme->bar, fd, VFIO_PCI_BAR0_REGION_INDEX);
	if (!ret)
		ret = iv_region_map(&nvme->bar);
	if (!ret)
		ret = iv_dma_alloc(&nvme->queues, iommufd, ioas_id, iova, IV_NVME_QUEUES_SIZE);
	return ret ? ret : controller_init(nvme);
}

/**
 * iv_nvme_close() - stop the controller and free the queues
 * @nvme: the controller; if the device is gone only the memory is freed
 */
void iv_nvme_close(struct iv_nvme *nvme)
{
	struct vfio_device_info info;

	if (nvme->bar.map && !iv_device_info(nvme->fd, &info))
		controller_disable(nvme);
	iv_region_close(&nvme->bar);
	iv_dma_free(&nvme->queues);
}

/**
 * iv_nvme_use_irq() - wait for I/O completions by MSI-X instead of polling
 * @nvme: the controller
 * @eventfd: what MSI-X vector 0 is to signal; belongs to the caller
 *
 * Starts the controller anew, since the kind of interrupt must be chosen before queues are made.
 *
 * Return: 0, or a negative errno; then the controller is not usable.
 */
int iv_nvme_use_irq(struct iv_nvme *nvme, int eventfd)
{
	int32_t vector = eventfd;
	int ret = iv_irq_set_eventfds(nvme->fd, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1, &vector);

	if (ret)
		return ret;
	nvme->eventfd = eventfd;
	return controller_init(nvme);
}

static int fill_prps(struct iv_nvme *nvme, struct nvme_command *command, uint64_t iova,
		     uint64_t size)
{
	uint64_t *list = queue_page(nvme, PAGE_PRP_LIST);
	uint64_t page = (iova & ~(PAGE - 1ULL)) + PAGE;
	unsigned int count = 0;

	command->prp1 = htole64(iova);
	for (; page < iova + size; page += PAGE) {
		if (count == PAGE / sizeof(*list))
			return -EINVAL;
		list[count++] = htole64(page);
	}
	if (count == 1)
		command->prp2 = list[0];
	else if (count)
		command->prp2 = htole64(queue_iova(nvme, PAGE_PRP_LIST));
	return 0;
}

/**
 * iv_nvme_read() - read blocks of namespace 1
 * @nvme: the controller
 * @block: the first block
 * @count: how many; up to 2 MiB of data, less if the controller says so
 * @iova: where the data goes, a multiple of 4
 *
 * Return: 0; -EINVAL if @count or @iova is not possible; -EREMOTEIO if the controller refused;
 * -ETIMEDOUT; or another negative errno.
 */
int iv_nvme_read(struct iv_nvme *nvme, uint64_t block, uint32_t count, uint64_t iova)
{
	struct nvme_command command = {
		.opcode = IO_READ,
		.nsid = htole32(NAMESPACE_ID),
		.cdw10 = htole32((uint32_t)block),
		.cdw11 = htole32(block >> 32),
		.cdw12 = htole32(count - 1),
	};
	int ret;

	if (!count || count > 0x10000 || iova & 3)
		return -EINVAL;
	ret = fill_prps(nvme, &command, iova, (uint64_t)count * nvme->block_size);
	return ret ? ret : queue_run(nvme, &nvme->io, &command);
}
