// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arrays that grow.
 */
#include <stdlib.h>

#include "array.h"

#define FIRST_ROOM 64

/**
 * array_grow() - make sure that there is room for one more element
 * @array: the array, or NULL before the first
 * @count: how many elements it has
 * @room: for how many there is memory; 0 before the first
 * @size: of an element, in bytes
 *
 * Return: the array, which may have moved; or NULL without memory, with @array as it was.
 */
void *array_grow(void *array, unsigned long count, unsigned long *room, size_t size)
{
	const unsigned long more = *room ? 2 * *room : FIRST_ROOM;

	if (count < *room)
		return array;
	array = reallocarray(array, more, size);
	if (array)
		*room = more;
	return array;
}
