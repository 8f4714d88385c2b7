/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ARRAY_H
#define ARRAY_H

#include <stddef.h>

/* Arrays that grow as elements are added */
void *array_grow(void *array, unsigned long count, unsigned long *room, size_t size);

#endif
