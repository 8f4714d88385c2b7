// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's VGA arbiter.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "test_vga.h"

#define ARBITER "/dev/vga_arbiter"

/**
 * test_vga_arbiter_command() - tell the arbiter what to do
 * @arbiter: of test_vga_arbiter_open()
 * @command: "lock", "unlock", "decodes" and so on
 * @arg: "io+mem", for example
 *
 * Return: 0, or a negative errno.
 */
int test_vga_arbiter_command(int arbiter, const char *command, const char *arg)
{
	char text[64];
	int size = snprintf(text, sizeof(text), "%s %s", command, arg);

	return write(arbiter, text, size) < 0 ? -errno : 0;
}

/**
 * test_vga_arbiter_open() - become a user of the arbiter
 * @addr: the card that commands are about
 *
 * Return: a file descriptor, whose close gives back what is locked; or a negative errno.
 */
int test_vga_arbiter_open(const char *addr)
{
	int arbiter = open(ARBITER, O_RDWR | O_CLOEXEC), ret;
	char target[32];

	if (arbiter < 0)
		return -errno;
	snprintf(target, sizeof(target), "PCI:%s", addr);
	ret = test_vga_arbiter_command(arbiter, "target", target);
	if (!ret)
		return arbiter;
	close(arbiter);
	return ret;
}

/**
 * test_vga_arbiter_says() - whether something is in what the arbiter says of a card
 * @addr: the card
 * @what: part of a line
 */
bool test_vga_arbiter_says(const char *addr, const char *what)
{
	int arbiter = test_vga_arbiter_open(addr);
	char text[256] = "";

	if (arbiter < 0)
		return false;
	if (read(arbiter, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(arbiter);
	return strstr(text, what);
}
