/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TERM_H
#define TERM_H

#include <stdbool.h>

/* The terminal that is written to */
void term_size(unsigned int *columns, unsigned int *rows);
bool term_has_utf8(void);

#endif
