/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REPLAY_H
#define REPLAY_H

#include "iv_netlink.h"

int replay_dump(uint8_t cmd, const struct iv_filter *filters, unsigned int count,
		iv_netlink_fn fn, void *data);
int replay_event(struct iv_attrs *attrs);
uint64_t replay_family(void);

#endif
