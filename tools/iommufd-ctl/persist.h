/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PERSIST_H
#define PERSIST_H

#include <stdbool.h>

/* Files in /etc that give a function to a driver whenever the machine starts */
int persist_add(const char *addr, const char *driver);
int persist_remove(const char *addr);
bool persist_has(const char *addr);
void persist_describe(const char *addr, const char *driver, const char *native);
void persist_describe_removed(void);

#endif
