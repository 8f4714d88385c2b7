/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Running iommufd-ctl.
 */
#ifndef CTL_TOOL_H
#define CTL_TOOL_H

#include <stdbool.h>
#include <stddef.h>

#define CTL_TOOL "iommufd-ctl"
#define CTL_TEXT_SIZE 65536

/* What the tool ends with, as its man page has it */
enum {
	ENDS_OK,
	ENDS_FAILED,
	ENDS_USAGE,
	ENDS_NO_MODULE,
	ENDS_NO_PERMISSION,
	ENDS_NO_OBJECT,
	ENDS_IN_USE,
	ENDS_FOUND,
};

bool ctl_tool_missing(void);
__attribute__((format(printf, 2, 3)))
int ctl_tool(char text[CTL_TEXT_SIZE], const char *format, ...);
__attribute__((format(printf, 2, 3)))
bool ctl_tool_said(const char *text, const char *format, ...);

#endif
