/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the demo's steps share.
 *
 * A step says what it is about to do, does it, and checks each promise. It ends with
 *	STEP_KEPT	all was as promised
 *	STEP_SKIPPED	the machine lacks what the step needs; said aloud
 *	STEP_BROKEN	something was not as promised; said what was expected and what came
 */
#ifndef DEMO_H
#define DEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iv.h"

#define DEMO_IOVA 0x1000000
#define DEMO_PAGE 4096

enum step_result {
	STEP_KEPT,
	STEP_SKIPPED,
	STEP_BROKEN,
};

/**
 * struct demo - the machine and how far the demo has come
 * @device_addr: the device that most steps are about
 * @nvme_addr: an NVMe disk; empty if there is none
 * @shared_addr: two functions of one IOMMU group; empty if there are none
 * @device_claim: how to give back the device
 * @nvme_claim: how to give back the disk
 * @shared_claim: how to give back the two functions
 * @fd: the device's open cdev
 * @iommufd: the context
 * @ioas_id: its address space
 * @memory: 16 pages, mapped at DEMO_IOVA once the device is attached
 * @edu: the device's driver, if it is an edu
 * @has_edu: whether it is
 * @bar: the first mappable BAR of the device, mapped; size 0 if it has none
 */
struct demo {
	char device_addr[IV_PCI_ADDR_SIZE];
	char nvme_addr[IV_PCI_ADDR_SIZE];
	char shared_addr[2][IV_PCI_ADDR_SIZE];
	struct iv_pci_claim device_claim;
	struct iv_pci_claim nvme_claim;
	struct iv_pci_claim shared_claim[2];
	int fd;
	int iommufd;
	uint32_t ioas_id;
	struct iv_dma memory;
	struct iv_edu edu;
	bool has_edu;
	struct iv_region bar;
};

/* report.c */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
enum step_result skip(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool kept(const char *promise, bool is_so, const char *otherwise);
bool kept_errno(const char *call, int expected, int ret);

/* step_take.c */
enum step_result step_take_device(struct demo *demo);
enum step_result step_give_back(struct demo *demo);

/* step_bind.c */
enum step_result step_parked(struct demo *demo);
enum step_result step_bind(struct demo *demo);
enum step_result step_attach(struct demo *demo);

/* step_dma.c */
enum step_result step_dma(struct demo *demo);
enum step_result step_interrupt(struct demo *demo);
enum step_result step_unmapped_dma(struct demo *demo);

/* step_nvme.c */
enum step_result step_nvme(struct demo *demo);

/* step_group.c */
enum step_result step_group(struct demo *demo);

/* step_revoke.c */
enum step_result step_unbind_driver(struct demo *demo);
enum step_result step_revoked(struct demo *demo);

#endif
