/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Configuration space of a vfio-pci device, as its user sees it.
 *
 * Register names are those of <linux/pci_regs.h>. Functions return 0 (or what they say) on success
 * and a negative errno otherwise; an access that moves fewer bytes than asked for is -EIO.
 */
#ifndef IV_CONFIG_H
#define IV_CONFIG_H

#include <stddef.h>
#include <stdint.h>
#include <linux/pci_regs.h>

#ifdef __cplusplus
extern "C" {
#endif

int iv_config_read(int fd, unsigned int offset, void *buf, size_t size);
int iv_config_write(int fd, unsigned int offset, const void *buf, size_t size);
int iv_config_read8(int fd, unsigned int offset, uint8_t *value);
int iv_config_read16(int fd, unsigned int offset, uint16_t *value);
int iv_config_read32(int fd, unsigned int offset, uint32_t *value);
int iv_config_write8(int fd, unsigned int offset, uint8_t value);
int iv_config_write16(int fd, unsigned int offset, uint16_t value);
int iv_config_write32(int fd, unsigned int offset, uint32_t value);
int iv_config_command(int fd, uint16_t set, uint16_t clear);
int iv_config_find_cap(int fd, uint8_t id);
int iv_config_find_ext_cap(int fd, uint16_t id);

#ifdef __cplusplus
}
#endif

#endif
