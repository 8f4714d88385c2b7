/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vfio devices behind the mock IOMMU that migrate (part of iommufd_mock_vfio.ko).
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise.
 */
#ifndef MOCK_MIGRATE_H
#define MOCK_MIGRATE_H

#include <stddef.h>
#include <stdint.h>
#include <linux/iommufd_test.h>

#define MOCK_MIGRATE_DEVICE "iommufd_mock_migrate"

int mock_migrate_open(uint64_t flags, int iommufd);
int mock_migrate_read_regs(int fd, struct mock_migrate_regs *regs);
int mock_migrate_write_regs(int fd, const struct mock_migrate_regs *regs);
int mock_migrate_write_data(int fd, uint32_t seed);
int mock_migrate_has_data(int fd, uint32_t seed);
int mock_migrate_command(int fd, uint32_t command);
int mock_migrate_mark(int fd, uint64_t iova, uint64_t length);
int mock_migrate_load(int data_fd, uint32_t seed);

#endif
