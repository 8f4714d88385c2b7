/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Small userspace NVMe driver: one admin queue, one I/O queue pair, reads by PRP.
 *
 * Written from the NVM Express Base Specification. One command is outstanding at a time.
 * Completions are polled for, or waited for on an eventfd once iv_nvme_use_irq() has been called.
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise. A command that
 * the controller refuses gives -EREMOTEIO, and its status is in struct iv_nvme.
 */
#ifndef IV_NVME_H
#define IV_NVME_H

#include <stdint.h>
#include "iv_dma.h"
#include "iv_region.h"

#define IV_NVME_QUEUE_DEPTH 16

/**
 * struct iv_nvme_queue - a submission queue and its completion queue
 * @id: 0 is the admin queue
 * @sq: submission entries
 * @cq: completion entries
 * @sq_tail: the next submission slot
 * @cq_head: the next completion slot
 * @phase: the phase tag that marks a new completion
 */
struct iv_nvme_queue {
	uint16_t id;
	void *sq;
	void *cq;
	uint16_t sq_tail;
	uint16_t cq_head;
	uint16_t phase;
};

/**
 * struct iv_nvme - an NVMe controller under our control
 * @fd: the vfio device; belongs to the caller
 * @eventfd: signalled for I/O completions; -1 to poll
 * @bar: BAR 0, mapped
 * @queues: memory for the queues and for identify data
 * @admin: the admin queue pair
 * @io: the I/O queue pair
 * @doorbell_stride: bytes between doorbell registers
 * @ready_timeout_ms: how long enabling and disabling may take
 * @next_cid: the next command identifier
 * @status: the status field of the last completion, without the phase tag
 * @model: model number, trimmed
 * @serial: serial number, trimmed
 * @block_size: bytes in a logical block of namespace 1
 * @blocks: logical blocks in namespace 1
 */
struct iv_nvme {
	int fd;
	int eventfd;
	struct iv_region bar;
	struct iv_dma queues;
	struct iv_nvme_queue admin;
	struct iv_nvme_queue io;
	uint32_t doorbell_stride;
	int ready_timeout_ms;
	uint16_t next_cid;
	uint16_t status;
	char model[41];
	char serial[21];
	uint32_t block_size;
	uint64_t blocks;
};

int iv_nvme_open(struct iv_nvme *nvme, int fd, int iommufd, uint32_t ioas_id, uint64_t iova);
void iv_nvme_close(struct iv_nvme *nvme);
int iv_nvme_use_irq(struct iv_nvme *nvme, int eventfd);
int iv_nvme_read(struct iv_nvme *nvme, uint64_t block, uint32_t count, uint64_t iova);

/* Memory that iv_nvme_open() maps at its @iova argument. */
#define IV_NVME_QUEUES_SIZE (6 * 4096)

#endif
