/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A user of the sample driver adi: a work queue in a context of its own.
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise.
 */
#ifndef ADI_DEVICE_H
#define ADI_DEVICE_H

#include <stdbool.h>
#include <stdint.h>
#include "adi_regs.h"
#include "test_mdev.h"

#define ADI_IOVA 0x1000000UL

/**
 * struct adi_device - a queue and its user
 * @uuid: the instance
 * @iommufd: the context
 * @fd: the queue
 * @devid: its number
 */
struct adi_device {
	char uuid[TEST_UUID_SIZE];
	int iommufd;
	int fd;
	uint32_t devid;
};

int adi_module_load(void);
int adi_module_unload(void);
int adi_setup(struct adi_device *adi, unsigned int number);
void adi_close(struct adi_device *adi);
void adi_teardown(struct adi_device *adi);
int adi_ioas(const struct adi_device *adi, void *memory, uint64_t size, uint32_t *ioas_id);

int adi_submit(const struct adi_device *adi, uint32_t flags, uint32_t pasid, uint64_t iova,
	       uint32_t length, uint8_t value);
int64_t adi_completed(const struct adi_device *adi);
int64_t adi_dropped(const struct adi_device *adi);
int adi_result(const struct adi_device *adi);
bool adi_wait(const struct adi_device *adi, int64_t completed);
int adi_fill(const struct adi_device *adi, uint32_t flags, uint32_t pasid, uint64_t iova,
	     uint32_t length, uint8_t value);

#endif
